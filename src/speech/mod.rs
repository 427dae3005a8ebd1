//! Speech: what was said, and what of it may not go out. Pure but for the engines.
//!
//! ```text
//! sound → Recogniser (engine/) → HeardWord → Judge (over the word lists) → WordVerdict → the hold mutes or beeps the span
//!                              └ "final up to here" → the stamp without which no sound leaves
//! ```
//!
//! A word keeps its time on the studio clock from the engine to the verdict, so what is silenced is what was said: text is
//! folded and compared word by word, and no step joins or splits words without keeping whose time is whose. Lists are plain
//! data ([`list`]); reading them from files, with places for mistakes, is the scene room's work.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::media::{AudioBlock, Timestamp, exact};

mod book;
pub mod engine;
pub mod fold;
pub mod inflect;
pub mod judge;
pub mod list;
pub mod mask;
pub mod sounds;

pub use judge::Judge;
pub use list::{JudgeSettings, ListedWord, MatchKind, Severity, WordList, WordVerdict};
pub use mask::masked;

/// A word that an engine heard.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HeardWord {
    /// As the engine writes it. A keyword: the phrase of the list, letter by letter.
    pub text: String,
    /// Where it begins, on the clock of the blocks it was heard in.
    #[serde(with = "exact")]
    pub from: Timestamp,
    /// Where it ends.
    #[serde(with = "exact")]
    pub until: Timestamp,
    /// How sure the engine is, 0 to 1; 1 where the engine does not say.
    pub confidence: f32,
    /// Spotted as one of the keywords it was asked for; `text` is then that [`Keyword::phrase`].
    #[serde(default)]
    pub is_keyword: bool,
}

/// Something that turns sound into words with times, as the sound comes in.
pub trait Recogniser: Send {
    /// Which engine it is, as on screen: `pocketsphinx`, `whisper`, the name of a program.
    fn name(&self) -> &str;

    /// Hears one block and appends the words that are final by now, in order of their beginning. Gives the content time up to which
    /// nothing more will be reported, where that moved: what is before it is judged.
    ///
    /// # Errors
    /// The engine failed. What was not reported as final before never will be.
    fn hear(&mut self, block: &AudioBlock, words: &mut Vec<HeardWord>) -> Result<Option<Timestamp>, RecogniserError>;
}

/// Why an engine cannot be had, or stopped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecogniserError {
    /// A library, program or model it needs is not here.
    #[error("{engine}: {what} is missing; {remedy}")]
    Missing {
        /// Which engine.
        engine: String,
        /// What is missing, by name or path.
        what: String,
        /// What to do, with the exact command where there is one.
        remedy: String,
    },
    /// A setting, model, tuning or dictionary that it cannot work with.
    #[error("{engine}: {what}: {reason}")]
    Unfit {
        /// Which engine.
        engine: String,
        /// The setting or file.
        what: String,
        /// Why it does not do.
        reason: String,
    },
    /// It ran, and stopped.
    #[error("{engine} failed: {reason}")]
    Failed {
        /// Which engine.
        engine: String,
        /// What it said, or how it ended.
        reason: String,
    },
}

/// Which engine is to listen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EngineKind {
    /// The first that is usable here.
    #[default]
    Auto,
    /// PocketSphinx, spotting keywords.
    #[serde(rename = "pocketsphinx")]
    PocketSphinx,
    /// whisper.cpp, writing down everything.
    Whisper,
    /// A program of the operator's: PCM on its standard input, words as JSON lines on its standard output.
    External {
        /// Program and arguments.
        command: Vec<String>,
    },
}

/// What an engine is told. Crosses the process border.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EngineSettings {
    /// Which one.
    pub kind: EngineKind,
    /// Its model: a folder for PocketSphinx, a file for whisper. `None`: where the system's packages put it.
    pub model: Option<PathBuf>,
    /// Thresholds found by tuning, one for each keyword.
    pub tuning: Option<PathBuf>,
    /// What to listen for, where the engine spots; ignored by one that writes down everything.
    pub keywords: Vec<Keyword>,
}

/// A phrase to spot.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Keyword {
    /// The phrase as the list writes it: words separated by single spaces.
    pub phrase: String,
    /// How it is said: ARPAbet, the sounds of all its words one after the other, alternatives separated by `|`. `None`: as the engine's dictionary has it.
    pub say: Option<String>,
    /// How sure the engine has to be, as a power of ten: −40 is 1e-40. `None`: as tuned, or the engine's own.
    pub threshold: Option<f32>,
}

/// Listening and judging together: what the worker is told.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WordsSettings {
    /// Who listens.
    pub engine: EngineSettings,
    /// What is not to be said.
    pub judge: JudgeSettings,
}
