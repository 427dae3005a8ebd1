//! Streaming for a model that only knows whole recordings: windows of [`WINDOW`] samples, one each [`STEP`].
//!
//! The model is not asked about silence, of which such models make up words. A gap in the sound ends the window: what was heard before
//! it is told, and the next window begins behind it.

use super::resample::{RATE, Resampler};
use super::stitch::Stitcher;
use crate::media::{AudioBlock, TimeDelta, Timestamp};
use crate::speech::HeardWord;

/// Samples of a whole window: 6 s.
pub(super) const WINDOW: usize = 6 * RATE as usize;
/// Samples from one window to the next: 1 s.
pub(super) const STEP: usize = RATE as usize;
/// Samples of silence that are kept before what follows it: 300 ms.
const LEAD: usize = RATE as usize * 3 / 10;
/// Quieter than this (−60 dBFS) is silence.
const SILENCE: f32 = 0.001;
/// A word is never shorter than this, in samples: 40 ms.
const SHORTEST: i64 = RATE as i64 / 25;

/// A word in a window; times are samples of 16 kHz from its beginning.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Written {
    pub(super) text: String,
    pub(super) from: i64,
    pub(super) until: i64,
    pub(super) confidence: f32,
}

/// A model that writes down what is said in a recording.
pub(super) trait Scribe: Send {
    /// Writes down `sound`: 16 kHz, mono, full scale ±1.
    ///
    /// # Errors
    /// Why it cannot.
    fn write(&mut self, sound: &[f32]) -> Result<Vec<Written>, String>;
}

/// See the head of this file.
pub(super) struct Windows<S> {
    scribe: S,
    resampler: Resampler,
    stitcher: Stitcher,
    /// The window, as far as it is there, and when its first sample sounds.
    sound: Vec<f32>,
    first: Timestamp,
    /// Samples since the model was last asked.
    fresh: usize,
    /// Where the last sound ends that is no silence.
    loud_until: Option<Timestamp>,
    /// When the next block begins, unless there is a gap.
    expected: Option<Timestamp>,
}

fn length(samples: usize) -> TimeDelta {
    TimeDelta::from_rate(samples as i64, RATE)
}

impl<S: Scribe> Windows<S> {
    pub(super) fn new(scribe: S) -> Self {
        Self {
            scribe,
            resampler: Resampler::new(),
            stitcher: Stitcher::default(),
            sound: Vec::with_capacity(WINDOW + STEP),
            first: Timestamp::ZERO,
            fresh: 0,
            loud_until: None,
            expected: None,
        }
    }

    /// As [`Recogniser::hear`](crate::speech::Recogniser::hear).
    pub(super) fn hear(&mut self, block: &AudioBlock, words: &mut Vec<HeardWord>) -> Result<Option<Timestamp>, String> {
        let before = self.stitcher.settled();
        match self.expected {
            // Time does not go back: what comes twice is heard once.
            Some(expected) if block.pts < expected => return Ok(None),
            Some(expected) if block.pts == expected => {}
            Some(_) => {
                if !self.is_silent() {
                    self.ask(true, words)?;
                }
                self.begin(block.pts);
            }
            None => self.begin(block.pts),
        }
        self.expected = Some(block.pts + AudioBlock::duration());
        let samples = self.resampler.feed(block);
        self.sound.extend_from_slice(&samples);
        self.fresh += samples.len();
        if samples.iter().any(|sample| sample.abs() > SILENCE) {
            self.loud_until = Some(self.end());
        }
        if self.is_silent() {
            self.stitcher.pass(self.end());
            self.keep(LEAD);
            self.fresh = 0;
        } else if self.fresh >= STEP {
            self.keep(WINDOW);
            self.ask(false, words)?;
            self.fresh = 0;
        }
        let settled = self.stitcher.settled();
        Ok(settled.filter(|_| settled > before))
    }

    /// Forgets the sound; what comes begins at `at`.
    fn begin(&mut self, at: Timestamp) {
        self.resampler.reset();
        self.sound.clear();
        self.fresh = 0;
        self.loud_until = None;
        self.first = at - length(Resampler::DELAY);
        self.stitcher.begin(self.first);
    }

    fn end(&self) -> Timestamp {
        self.first + length(self.sound.len())
    }

    /// Whether there is nothing to hear behind what is settled.
    fn is_silent(&self) -> bool {
        self.loud_until
            .is_none_or(|until| Some(until) <= self.stitcher.settled())
    }

    /// Drops all but the last `samples` of the sound.
    fn keep(&mut self, samples: usize) {
        let surplus = self.sound.len().saturating_sub(samples);
        self.sound.drain(..surplus);
        self.first += length(surplus);
    }

    fn ask(&mut self, is_last: bool, words: &mut Vec<HeardWord>) -> Result<(), String> {
        let written = self.scribe.write(&self.sound)?;
        let most = self.sound.len() as i64;
        let heard = written
            .into_iter()
            .map(|word| {
                let from = word.from.clamp(0, most);
                let until = word.until.clamp(from, most).max(from + SHORTEST);
                HeardWord {
                    text: word.text,
                    from: self.first + TimeDelta::from_rate(from, RATE),
                    until: self.first + TimeDelta::from_rate(until, RATE),
                    confidence: word.confidence.clamp(0.0, 1.0),
                    is_keyword: false,
                }
            })
            .collect();
        self.stitcher.stitch(self.end(), is_last, heard, words);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::BLOCK_FRAMES;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Hears each sound between silences as a word, spelled by how loud it is.
    struct Ear {
        asked: Arc<AtomicUsize>,
    }

    impl Scribe for Ear {
        fn write(&mut self, sound: &[f32]) -> Result<Vec<Written>, String> {
            self.asked.fetch_add(1, Ordering::Relaxed);
            assert!(sound.len() <= WINDOW);
            let mut words: Vec<Written> = Vec::new();
            for (at, sample) in sound.iter().enumerate().filter(|(_, sample)| sample.abs() > 0.05) {
                let at = at as i64;
                match words.last_mut() {
                    Some(word) if at - word.until < 800 => {
                        word.until = at;
                        word.confidence = word.confidence.max(sample.abs());
                    }
                    _ => words.push(Written {
                        text: String::new(),
                        from: at,
                        until: at,
                        confidence: sample.abs(),
                    }),
                }
            }
            for word in &mut words {
                word.text = format!("w{:.0}", word.confidence * 10.0);
            }
            Ok(words)
        }
    }

    struct Rig {
        windows: Windows<Ear>,
        asked: Arc<AtomicUsize>,
        words: Vec<HeardWord>,
        /// The settled time as it was given, checked to grow.
        settled: Option<Timestamp>,
    }

    impl Rig {
        fn new() -> Self {
            let asked = Arc::new(AtomicUsize::new(0));
            Self {
                windows: Windows::new(Ear {
                    asked: Arc::clone(&asked),
                }),
                asked,
                words: Vec::new(),
                settled: None,
            }
        }

        /// From `from` to `until`, in ms: a tone of `level`.
        fn play(&mut self, from: i64, until: i64, level: f32) {
            for index in from / 10..until / 10 {
                let mut block = AudioBlock::silence(AudioBlock::time_of(index));
                for (at, place) in block.channels[0].iter_mut().enumerate() {
                    let turn = (index * BLOCK_FRAMES as i64 + at as i64) as f32 / 48_000.0 * 1000.0;
                    *place = level * (turn.fract() * std::f32::consts::TAU).sin();
                }
                block.channels[1] = block.channels[0];
                let told = self.words.len();
                if let Some(settled) = self.windows.hear(&block, &mut self.words).unwrap() {
                    assert!(self.settled < Some(settled));
                    assert!(self.words[told..].iter().all(|word| Some(word.from) >= self.settled));
                    self.settled = Some(settled);
                }
            }
        }

        fn asked(&self) -> usize {
            self.asked.load(Ordering::Relaxed)
        }

        fn told(&self) -> Vec<(&str, i64)> {
            let round = |time: Timestamp| (time.to_millis() + 25) / 50 * 50;
            self.words
                .iter()
                .map(|word| (word.text.as_str(), round(word.from)))
                .collect()
        }
    }

    #[test]
    fn each_word_is_told_once_where_it_is() {
        let mut rig = Rig::new();
        let mut truth = Vec::new();
        for index in 0..40 {
            let (from, tenths) = (index * 500, [3, 5, 9][index as usize % 3]);
            rig.play(from, from + 200, 0.0);
            rig.play(from + 200, from + 500, tenths as f32 / 10.0);
            truth.push((format!("w{tenths}"), from + 200));
        }
        rig.play(20_000, 22_500, 0.0);
        let truth: Vec<_> = truth.iter().map(|(text, from)| (text.as_str(), *from)).collect();
        assert_eq!(rig.told(), truth);
        assert!((20..=22).contains(&rig.asked()), "{}", rig.asked());
    }

    #[test]
    fn silence_is_judged_at_once_and_without_the_model() {
        let mut rig = Rig::new();
        rig.play(0, 60_000, 0.0);
        assert_eq!((rig.asked(), rig.told()), (0, vec![]));
        assert_eq!(rig.settled.unwrap().to_millis(), 59_999);
        rig.play(60_000, 60_400, 0.5);
        rig.play(60_400, 70_000, 0.0);
        assert_eq!(rig.told(), [("w5", 60_000)]);
        assert!(rig.asked() <= 3, "{}", rig.asked());
        assert_eq!(rig.settled.unwrap().to_millis(), 69_999);
        // Not a window grows meanwhile.
        assert!(rig.windows.sound.len() <= LEAD);
    }

    #[test]
    fn a_gap_ends_the_window_and_keeps_its_words() {
        let mut rig = Rig::new();
        rig.play(0, 200, 0.0);
        rig.play(200, 500, 0.5);
        // The gap: 9.5 s, in the middle of what may have been a word.
        rig.play(10_000, 10_300, 0.9);
        assert_eq!(rig.told(), [("w5", 200)]);
        rig.play(10_300, 13_000, 0.0);
        assert_eq!(rig.told(), [("w5", 200), ("w9", 10_000)]);
        // What comes again is not heard again.
        rig.play(10_000, 12_000, 0.9);
        assert_eq!(rig.told().len(), 2);
    }

    #[test]
    fn a_verdict_comes_in_time() {
        let mut rig = Rig::new();
        for at in (0..12_000).step_by(10) {
            // Noise all the time, so that no silence helps; a word each 1.5 s.
            let level = if at % 1500 < 400 { 0.5 } else { 0.01 };
            rig.play(at, at + 10, level);
            let late = at + 10 - rig.settled.map_or(0, Timestamp::to_millis);
            assert!(late <= 2300, "{late} ms at {at}");
        }
        let truth: Vec<_> = (0..8).map(|index| ("w5", index * 1500)).collect();
        assert_eq!(rig.told(), truth);
    }
}
