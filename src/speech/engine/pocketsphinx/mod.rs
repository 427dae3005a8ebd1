//! PocketSphinx, spotting phrases: its library and its model are found at run time.
//!
//! The decoder gives each phrase a score: by how many powers of ten it is likelier than any other sounds. Above the phrase's
//! threshold that is enough. Its model is one for all voices, and of a voice that it does not know well it is sure of little: so the
//! span is then compared with examples from tuning (`examples.rs`), if there are any.

mod dictionary;
mod examples;
mod features;
mod raw;
mod spotter;
pub mod tuner;
pub mod tuning;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use self::dictionary::{Dictionary, inflected, read_say};
use self::examples::{Example, FAR, Scratch};
use self::features::{Features, Frame};
use self::raw::Library;
use self::spotter::{Candidate, Spotter, Way};
use self::tuning::Tuning;
use super::resample::{BLOCK, Resampler, to_i16};
use crate::media::{AudioBlock, TimeDelta, Timestamp};
use crate::speech::{EngineSettings, HeardWord, Keyword, Recogniser, RecogniserError};

/// What it is called everywhere.
pub(super) const NAME: &str = "pocketsphinx";
/// The command that installs it.
pub(super) const INSTALL: &str = "apt-get install libpocketsphinx3 pocketsphinx-en-us";
/// Where to look for a model, when none is named.
const MODELS: [&str; 2] = [
    "/usr/share/pocketsphinx/model/en-us",
    "/usr/local/share/pocketsphinx/model/en-us",
];
/// A variable of the environment that names the folder of the model.
const VARIABLE: &str = "RIGCAST_POCKETSPHINX_MODEL";

/// The lowest score that is looked at where there are examples.
const FLOOR: f32 = -80.0;
/// Frames to either side of what the decoder found in which an example may lie.
const AROUND: i64 = 12;
/// Frames by which something that was told is made longer at least.
const LONGER: i64 = 10;
/// Quieter than this (−60 dBFS) is silence.
const SILENCE: f32 = 0.001;
/// Blocks of silence after which the decoder rests.
const REST: u32 = 70;
/// From the first sample of a frame to the middle of its window.
const HALF_WINDOW_MS: i64 = 12;

fn unfit(what: impl Into<String>, reason: impl Into<String>) -> RecogniserError {
    RecogniserError::Unfit {
        engine: NAME.to_owned(),
        what: what.into(),
        reason: reason.into(),
    }
}

fn missing(what: impl Into<String>) -> RecogniserError {
    RecogniserError::Missing {
        engine: NAME.to_owned(),
        what: what.into(),
        remedy: INSTALL.to_owned(),
    }
}

fn failed(reason: String) -> RecogniserError {
    RecogniserError::Failed {
        engine: NAME.to_owned(),
        reason,
    }
}

/// The library of this process.
fn library() -> Result<&'static Library, RecogniserError> {
    static LIBRARY: OnceLock<Result<Option<Library>, String>> = OnceLock::new();
    match LIBRARY.get_or_init(Library::load) {
        Ok(Some(library)) => Ok(library),
        Ok(None) => Err(missing("libpocketsphinx.so.3")),
        Err(reason) => Err(unfit("libpocketsphinx", reason.clone())),
    }
}

/// The acoustic model and the dictionary.
#[derive(Clone, Debug)]
struct Model {
    acoustic: PathBuf,
    dictionary: PathBuf,
}

impl Model {
    /// The one of `folder`, or of where the system has it. A folder is either Debian's, with the acoustic model in a folder of its own and the
    /// dictionary beside it, or the two together.
    fn find(folder: Option<&Path>) -> Result<Self, RecogniserError> {
        let named = folder
            .map(Path::to_owned)
            .or_else(|| std::env::var_os(VARIABLE).map(PathBuf::from));
        let places = named
            .clone()
            .map_or_else(|| MODELS.map(PathBuf::from).to_vec(), |named| vec![named]);
        places
            .iter()
            .find_map(|place| Self::of(place))
            .ok_or_else(|| match named {
                Some(named) => unfit(
                    named.display().to_string(),
                    "no acoustic model (mdef) with a dictionary (*.dict) there",
                ),
                None => missing(format!("its model in {}", MODELS[0])),
            })
    }

    fn of(folder: &Path) -> Option<Self> {
        let entries = || {
            std::fs::read_dir(folder)
                .ok()
                .into_iter()
                .flatten()
                .flatten()
                .map(|entry| entry.path())
        };
        let has_model = |folder: &PathBuf| folder.join("mdef").is_file();
        let acoustic = std::iter::once(folder.to_owned()).chain(entries()).find(has_model)?;
        let is_dictionary = |path: &PathBuf| path.extension().is_some_and(|end| end == "dict");
        Some(Self {
            acoustic,
            dictionary: entries().find(is_dictionary)?,
        })
    }
}

/// Whether it can be used here, and what it is.
pub(super) fn describe() -> Result<String, RecogniserError> {
    library()?;
    let model = Model::find(None)?;
    Ok(format!("libpocketsphinx, model {}", model.acoustic.display()))
}

/// One phrase as it is listened for.
#[derive(Clone, Debug, Default)]
struct Phrase {
    text: String,
    /// Examples, and how near to one it has to be.
    examples: Vec<Example>,
    distance: f32,
}

/// What is listened for: the phrases, and the ways to say them with their thresholds.
#[derive(Clone, Debug, Default)]
struct Vocabulary {
    phrases: Vec<Phrase>,
    ways: Vec<Way>,
    /// For each way: from which score on it needs no example.
    thresholds: Vec<f32>,
}

/// The threshold of a phrase that was not tuned: the more sounds, the less sure of each the decoder has to be.
fn untuned(sounds: &str) -> f32 {
    let count = sounds.split(' ').count() as f32;
    (10.0 - 4.0 * count).clamp(-40.0, 0.0)
}

impl Vocabulary {
    /// From the list's phrases, the dictionary and what tuning found.
    fn new(keywords: &[Keyword], model: &Model, tuning: &Tuning, floor: Option<f32>) -> Result<Self, RecogniserError> {
        let wanted: BTreeSet<String> = keywords
            .iter()
            .flat_map(|keyword| {
                keyword
                    .phrase
                    .to_lowercase()
                    .split_whitespace()
                    .map(str::to_owned)
                    .collect::<Vec<_>>()
            })
            .flat_map(|word| [inflected(&word), vec![word]].concat())
            .collect();
        let path = model.dictionary.display().to_string();
        let read = File::open(&model.dictionary).and_then(|file| Dictionary::read(BufReader::new(file), &wanted));
        let dictionary = read.map_err(|error| unfit(path.clone(), error.to_string()))?;
        let mut vocabulary = Self::default();
        for keyword in keywords {
            let text = keyword.phrase.clone();
            let tuned = tuning.of(&text).filter(|_| keyword.say.is_none());
            let plain: Vec<(String, f32)> = match (&keyword.say, tuned) {
                (Some(say), _) => {
                    let ways = read_say(say).map_err(|reason| unfit(format!("\"{text}\": say"), reason))?;
                    ways.into_iter()
                        .map(|sounds| (sounds.clone(), untuned(&sounds)))
                        .collect()
                }
                (None, Some(tuned)) => tuned
                    .say
                    .iter()
                    .map(|way| (way.sounds.clone(), way.threshold))
                    .collect(),
                (None, None) => {
                    let ways = dictionary.ways_of_phrase(&text).map_err(|word| {
                        let remedy = format!(
                            "the word \"{word}\" is not in {path}; give its sounds: say = \"HH AH L OW\", as ARPAbet, which that file is written in"
                        );
                        unfit(format!("\"{text}\""), remedy)
                    })?;
                    ways.into_iter()
                        .map(|sounds| (sounds.clone(), untuned(&sounds)))
                        .collect()
                }
            };
            // Inflected forms of its last word, where it is said as the dictionary has it: as likely as the shortest plain one.
            let mut ways = plain;
            if keyword.say.is_none() {
                let sure = ways.iter().map(|(_, threshold)| *threshold).fold(f32::MIN, f32::max);
                let lower = text.to_lowercase();
                let (start, last) = lower
                    .rsplit_once(' ')
                    .map_or(("", lower.as_str()), |(start, last)| (start, last));
                for form in inflected(last) {
                    let phrase = format!("{start} {form}");
                    for sounds in dictionary.ways_of_phrase(&phrase).unwrap_or_default() {
                        if ways.iter().all(|(known, _)| *known != sounds) {
                            ways.push((sounds, sure));
                        }
                    }
                }
            }
            let index = vocabulary.phrases.len();
            let examples = tuned.map(|tuned| tuned.examples.clone()).unwrap_or_default();
            for (sounds, threshold) in ways {
                let threshold = keyword.threshold.unwrap_or(threshold);
                let lowest = if examples.is_empty() {
                    threshold
                } else {
                    threshold.min(FLOOR)
                };
                let floor = floor.unwrap_or(lowest);
                vocabulary.ways.push(Way {
                    phrase: index,
                    sounds,
                    floor,
                });
                vocabulary.thresholds.push(threshold);
            }
            let distance = tuned.map_or(0.0, |tuned| tuned.distance);
            vocabulary.phrases.push(Phrase {
                text,
                examples,
                distance,
            });
        }
        Ok(vocabulary)
    }
}

impl Vocabulary {
    /// Adds how each way may be said in other accents: tuning picks among them.
    fn add_accents(&mut self) {
        for index in 0..self.ways.len() {
            let Way { phrase, sounds, floor } = self.ways[index].clone();
            for sounds in dictionary::accents(&sounds) {
                if self.ways.iter().all(|way| way.phrase != phrase || way.sounds != sounds) {
                    self.thresholds.push(untuned(&sounds));
                    self.ways.push(Way { phrase, sounds, floor });
                }
            }
        }
    }
}

/// A phrase that was found.
#[derive(Clone, Copy, Debug)]
struct Found {
    phrase: usize,
    first: i64,
    last: i64,
    confidence: f32,
}

impl Vocabulary {
    /// What a candidate is, if it is sure enough.
    fn find(&self, candidate: &Candidate, features: &Features, room: &mut Room) -> Option<Found> {
        let Candidate {
            way,
            first,
            last,
            score,
        } = *candidate;
        let phrase = self.ways[way].phrase;
        let above = score - self.thresholds[way];
        if above >= 0.0 {
            let confidence = (0.6 + above / 50.0).min(1.0);
            return Some(Found {
                phrase,
                first,
                last,
                confidence,
            });
        }
        let Phrase {
            examples,
            distance: limit,
            ..
        } = &self.phrases[phrase];
        if examples.is_empty() {
            return None;
        }
        let begin = (first - AROUND).max(features.oldest());
        features.span(begin, last + 1 + AROUND, &mut room.span);
        let mut nearest = (FAR, 0, 0);
        for example in examples {
            let distance = example.distance(&room.span, &mut room.scratch);
            if distance.0 < nearest.0 {
                nearest = distance;
            }
        }
        let (distance, from, until) = nearest;
        (distance <= *limit).then(|| Found {
            phrase,
            // Where the example lies is more exact than where the decoder stopped to wonder.
            first: begin + from as i64,
            last: begin + until as i64,
            confidence: (1.0 - 0.5 * distance / limit.max(0.01)).clamp(0.5, 1.0),
        })
    }
}

/// Memory for comparing.
#[derive(Default)]
struct Room {
    span: Vec<Frame>,
    scratch: Scratch,
}

/// The engine.
pub(super) struct PocketSphinx {
    vocabulary: Vocabulary,
    spotter: Spotter,
    features: Features,
    resampler: Resampler,
    room: Room,
    candidates: Vec<Candidate>,
    /// Until which frame each phrase has been reported.
    reported: Vec<i64>,
    /// When frame 0 of the spotter would have been.
    origin: Timestamp,
    /// When the next block should begin; `None` before the first.
    expected: Option<Timestamp>,
    /// What was last given as final.
    last: Timestamp,
    silent: u32,
}

impl PocketSphinx {
    /// One that listens for what `settings` say.
    pub(super) fn open(settings: &EngineSettings) -> Result<Self, RecogniserError> {
        let library = library()?;
        let model = Model::find(settings.model.as_deref())?;
        let tuning = match &settings.tuning {
            None => Tuning::default(),
            Some(path) => {
                let shown = path.display().to_string();
                let text = std::fs::read_to_string(path).map_err(|error| unfit(shown.clone(), error.to_string()))?;
                Tuning::read(&text).map_err(|reason| unfit(shown, reason))?
            }
        };
        let vocabulary = Vocabulary::new(&settings.keywords, &model, &tuning, None)?;
        let spotter = Spotter::new(library, &model.acoustic, vocabulary.ways.clone()).map_err(failed)?;
        Ok(Self {
            reported: vec![i64::MIN; vocabulary.phrases.len()],
            vocabulary,
            spotter,
            features: Features::new(),
            resampler: Resampler::new(),
            room: Room::default(),
            candidates: Vec::new(),
            origin: Timestamp::ZERO,
            expected: None,
            last: Timestamp::from_flicks(i64::MIN),
            silent: 0,
        })
    }

    /// When `frame` begins.
    fn time_of(&self, frame: i64) -> Timestamp {
        self.origin + TimeDelta::from_millis(frame * 10)
            - TimeDelta::from_rate(Resampler::DELAY as i64, super::resample::RATE)
    }

    /// Reports the candidates that are sure enough.
    fn report(&mut self, words: &mut Vec<HeardWord>) {
        self.candidates
            .sort_by_key(|candidate| (candidate.first, candidate.last));
        let half = TimeDelta::from_millis(HALF_WINDOW_MS);
        for candidate in std::mem::take(&mut self.candidates) {
            let Some(found) = self.vocabulary.find(&candidate, &self.features, &mut self.room) else {
                continue;
            };
            let reported = &mut self.reported[found.phrase];
            // What was told already, and was found again in another way, is only made longer, if that is worth a word.
            if found.last < *reported + if found.first <= *reported { LONGER } else { 1 } {
                continue;
            }
            let first = found.first.max(*reported);
            *reported = found.last;
            let until = self.time_of(found.last + 1) + half;
            let from = (self.time_of(first) + half).max(self.last);
            if from < until {
                let text = self.vocabulary.phrases[found.phrase].text.clone();
                let confidence = found.confidence;
                words.push(HeardWord {
                    text,
                    from,
                    until,
                    confidence,
                    is_keyword: true,
                });
            }
        }
        words.sort_by_key(|word| word.from);
    }

    /// Silence, or a gap: what is left is told.
    fn rest(&mut self, is_gap: bool) -> Result<(), RecogniserError> {
        let rested = if is_gap {
            self.spotter.part(&mut self.candidates)
        } else {
            self.spotter.rest(&mut self.candidates)
        };
        rested.map_err(failed)
    }

    /// What follows has nothing to do with what was heard.
    fn restart_features(&mut self) {
        self.features.reset(self.spotter.now());
    }

    /// What is new as final.
    fn advance(&mut self, to: Timestamp) -> Option<Timestamp> {
        (to > self.last).then(|| {
            self.last = to;
            to
        })
    }
}

impl Recogniser for PocketSphinx {
    fn name(&self) -> &str {
        NAME
    }

    fn hear(&mut self, block: &AudioBlock, words: &mut Vec<HeardWord>) -> Result<Option<Timestamp>, RecogniserError> {
        if self.expected != Some(block.pts) {
            // A gap, or the beginning. What came before it is complete.
            self.rest(true)?;
            self.report(words);
            self.resampler.reset();
            self.restart_features();
            self.origin = block.pts - TimeDelta::from_millis(self.spotter.now() * 10);
            self.last = self.last.max(block.pts);
        }
        self.expected = Some(block.pts + AudioBlock::duration());
        let samples = self.resampler.feed(block);
        let is_sound = samples.iter().any(|sample| sample.abs() >= SILENCE);
        self.silent = if is_sound { 0 } else { self.silent.saturating_add(1) };
        let samples: [i16; BLOCK] = to_i16(&samples, 1.0);
        self.features.feed(&samples);
        self.spotter
            .feed(&samples, is_sound, &mut self.candidates)
            .map_err(failed)?;
        if self.silent == REST {
            self.rest(false)?;
        }
        if !self.candidates.is_empty() {
            self.report(words);
        }
        if self.silent == REST {
            self.restart_features();
        }
        let settled = self.time_of(self.spotter.settled());
        Ok(self.advance(settled))
    }
}
