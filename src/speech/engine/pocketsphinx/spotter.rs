//! The decoder as a stream: sound in without end, what may be one of the phrases out, with its place.
//!
//! The library keeps all that it has spotted until it is started over, so it is started over every few seconds. What was last heard is then
//! heard again, so that no phrase falls between two utterances. In silence it is not run at all.

use std::collections::VecDeque;
use std::path::Path;

use super::features::HOP;
use super::raw::{Decoder, Library, Spotted};

/// Frames of sound that are handed over together.
const CHUNK: usize = 10;
/// Frames after which the decoder is started over.
const UTTERANCE: i64 = 1_000;
/// Frames that a better place for something spotted is waited for.
pub(super) const SETTLE: i64 = 40;
/// Frames heard again when silence ends.
const BEFORE_SOUND: usize = 30;
/// Frames of the longest phrase, by its sounds: spoken slowly.
const FRAMES_PER_SOUND: i64 = 10;
const FRAMES_AROUND: i64 = 30;
const LONGEST: i64 = 250;

/// One way to say one phrase.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Way {
    /// Which of the phrases.
    pub phrase: usize,
    /// ARPAbet, separated by spaces.
    pub sounds: String,
    /// The score from which it is worth telling.
    pub floor: f32,
}

impl Way {
    /// How many frames it may take.
    fn longest(&self) -> i64 {
        (self.sounds.split(' ').count() as i64 * FRAMES_PER_SOUND + FRAMES_AROUND).min(LONGEST)
    }
}

/// What may be one of the phrases.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Candidate {
    /// Which way to say which phrase.
    pub way: usize,
    /// Its first frame, counted from the first sample that the spotter was given.
    pub first: i64,
    /// Its last frame.
    pub last: i64,
    /// By how many powers of ten it is likelier than any other sounds.
    pub score: f32,
}

/// See the head of this file.
pub(super) struct Spotter {
    decoder: Decoder,
    ways: Vec<Way>,
    /// The last frame told of each way.
    told: Vec<i64>,
    /// The newest frames, for hearing them again.
    recent: VecDeque<[i16; HOP]>,
    /// How many of the newest the decoder has not been given yet.
    waiting: usize,
    /// Frames so far.
    now: i64,
    /// The frame with which the decoder was started; `None` in silence.
    started: Option<i64>,
    spotted: Vec<Spotted>,
    /// Frames of the longest way.
    longest: i64,
}

impl Spotter {
    /// One that listens for `ways`, with the acoustic model of the folder `model`.
    pub(super) fn new(library: &'static Library, model: &Path, ways: Vec<Way>) -> Result<Self, String> {
        let model = model.to_str().ok_or("the model's path is no text")?;
        // Silence is found here and not by the library, so that its frames are those of the sound. The beam must be wider than the
        // lowest score that is of interest.
        let options = [
            ("-hmm", model),
            ("-samprate", "16000"),
            ("-remove_silence", "no"),
            ("-remove_noise", "yes"),
            ("-cmn", "live"),
            ("-kws_plp", "1e-4"),
            ("-beam", "1e-100"),
        ];
        let mut decoder = Decoder::open(library, &options)?;
        for (index, way) in ways.iter().enumerate() {
            // One word for the whole phrase: its sounds are then those of fluent speech at its inner borders too.
            decoder.add_word(&word_of(index), &way.sounds)?;
        }
        let words: Vec<String> = (0..ways.len()).map(word_of).collect();
        decoder.listen_for(words.iter().zip(&ways).map(|(word, way)| (word.as_str(), way.floor)))?;
        Ok(Self {
            decoder,
            told: vec![-1; ways.len()],
            recent: VecDeque::new(),
            waiting: 0,
            now: 0,
            started: None,
            spotted: Vec::new(),
            longest: ways.iter().map(Way::longest).max().unwrap_or(0),
            ways,
        })
    }

    /// The first frame of which something may still be told.
    pub(super) fn settled(&self) -> i64 {
        match self.started {
            None => self.now,
            Some(_) => (self.now - self.waiting as i64 - SETTLE - self.longest).max(0),
        }
    }

    /// Frames so far.
    pub(super) fn now(&self) -> i64 {
        self.now
    }

    /// The next 10 ms, and whether there is anything in them. What is found is appended to `found`.
    pub(super) fn feed(
        &mut self,
        samples: &[i16; HOP],
        is_sound: bool,
        found: &mut Vec<Candidate>,
    ) -> Result<(), String> {
        if self.recent.len() as i64 > self.longest + SETTLE + CHUNK as i64 {
            self.recent.pop_front();
        }
        self.recent.push_back(*samples);
        self.now += 1;
        if self.started.is_none() {
            if !is_sound {
                return Ok(());
            }
            self.start(BEFORE_SOUND)?;
            return Ok(());
        }
        self.waiting += 1;
        if self.waiting < CHUNK {
            return Ok(());
        }
        let chunk = self.recent.len() - self.waiting;
        let samples: Vec<i16> = self.recent.range(chunk..).flatten().copied().collect();
        self.waiting = 0;
        self.decoder.feed(&samples)?;
        self.collect(SETTLE, found);
        if self.started.is_some_and(|started| self.now - started >= UTTERANCE) {
            self.start(self.recent.len())?;
        }
        Ok(())
    }

    /// Silence has come, or the sound breaks off: tells what is left, and rests.
    pub(super) fn rest(&mut self, found: &mut Vec<Candidate>) -> Result<(), String> {
        if self.started.is_none() {
            return Ok(());
        }
        let chunk = self.recent.len() - self.waiting;
        let mut samples: Vec<i16> = self.recent.range(chunk..).flatten().copied().collect();
        // The library tells of a phrase only some frames after its end.
        samples.resize(samples.len() + SETTLE as usize * HOP, 0);
        self.waiting = 0;
        self.decoder.feed(&samples)?;
        self.decoder.stop();
        self.collect(i64::MIN / 2, found);
        self.started = None;
        Ok(())
    }

    /// What follows does not follow on what was heard: [`Self::rest`], and nothing of it is heard again.
    pub(super) fn part(&mut self, found: &mut Vec<Candidate>) -> Result<(), String> {
        self.rest(found)?;
        self.recent.clear();
        Ok(())
    }

    /// Starts over, and hears the last `again` frames again.
    fn start(&mut self, again: usize) -> Result<(), String> {
        let again = again.min(self.recent.len());
        self.decoder.start()?;
        self.started = Some(self.now - again as i64);
        let samples: Vec<i16> = self
            .recent
            .range(self.recent.len() - again..)
            .flatten()
            .copied()
            .collect();
        self.decoder.feed(&samples)
    }

    /// Takes what ends at least `settle` frames ago and was not told.
    fn collect(&mut self, settle: i64, found: &mut Vec<Candidate>) {
        let Some(started) = self.started else { return };
        self.spotted.clear();
        self.decoder.spotted(&mut self.spotted);
        // The latest is the first.
        for spotted in self.spotted.iter().rev() {
            let Some(way) = spotted.phrase[1..]
                .parse::<usize>()
                .ok()
                .filter(|way| *way < self.ways.len())
            else {
                continue;
            };
            let last = (started + i64::from(spotted.last)).min(self.now - 1);
            let first = (started + i64::from(spotted.first)).clamp(last - self.ways[way].longest(), last);
            if last <= self.told[way] || last > self.now - settle {
                continue;
            }
            self.told[way] = last;
            found.push(Candidate {
                way,
                first,
                last,
                score: spotted.score,
            });
        }
    }
}

/// The name of a way in the decoder's dictionary.
fn word_of(way: usize) -> String {
    format!("w{way}")
}
