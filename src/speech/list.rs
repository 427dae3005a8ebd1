//! Word lists and verdicts: the plain data of judging. `serde` here is for the process border and the control socket; the files
//! that operators write are read by the scene room, which knows where in them a mistake is.

use serde::{Deserialize, Serialize};

use super::Keyword;
use crate::media::{TimeDelta, Timestamp, exact};

/// What is done about a word, hardest first, so that of two that overlap the smaller wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Silence.
    Mute,
    /// A tone.
    Beep,
    /// It goes out; the operator is told.
    Warn,
}

impl Severity {
    /// All, as lists write them.
    pub const WORDS: &[&str] = &["mute", "beep", "warn"];

    /// The one that a list means by `word`.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Some(match word {
            "mute" => Self::Mute,
            "beep" => Self::Beep,
            "warn" => Self::Warn,
            _ => return None,
        })
    }
}

/// One entry of a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ListedWord {
    /// One word or several, separated by single spaces.
    pub phrase: String,
    /// What is done about it.
    pub severity: Severity,
    /// Whether its inflected forms count: plural, possessive, -ed, -ing and so on, by the list's language.
    pub has_inflections: bool,
    /// Further forms: irregular ones, usual misspellings. One word each.
    pub forms: Vec<String>,
    /// Whether longer words that hold this one count, too: only for a phrase of one word.
    pub is_inside: bool,
    /// How many words of any kind may stand between two words of the phrase (fillers of the list always may).
    pub between: u32,
    /// How it is said, for engines that spot ([`Keyword::say`]).
    pub say: Option<String>,
    /// Its threshold ([`Keyword::threshold`]).
    pub threshold: Option<f32>,
    /// Phrases that hold this one and are fine: `damn fine`.
    pub allow: Vec<String>,
}

impl ListedWord {
    /// `phrase` is muted, in its inflected forms too where the list's language has rules.
    #[must_use]
    pub fn new(phrase: &str) -> Self {
        Self {
            phrase: phrase.to_owned(),
            severity: Severity::Mute,
            has_inflections: true,
            forms: Vec::new(),
            is_inside: false,
            between: 0,
            say: None,
            threshold: None,
            allow: Vec::new(),
        }
    }
}

/// A list of prohibited words.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WordList {
    /// What verdicts call it: the name or the file's name without its ending.
    pub name: String,
    /// Two letters: `en`. Chooses the rules of inflection.
    pub language: String,
    /// What it is, for people.
    pub title: String,
    /// The words.
    pub words: Vec<ListedWord>,
    /// Whole words and phrases that are never a hit, whichever list a hit is of: `scunthorpe`.
    pub allow: Vec<String>,
    /// Words that may stand anywhere inside a phrase: `uh`, `like`.
    pub fillers: Vec<String>,
    /// Endings that count as inflections beside the language's own; all there are for a language without rules here.
    pub suffixes: Vec<String>,
}

impl WordList {
    /// What an engine that spots has to listen for: every phrase once. Inflected forms hold their word's sounds, so they are not listed.
    pub fn keywords(&self) -> impl Iterator<Item = Keyword> {
        self.words.iter().map(|word| Keyword {
            phrase: word.phrase.clone(),
            say: word.say.clone(),
            threshold: word.threshold,
        })
    }
}

/// What a [`Judge`](super::Judge) is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JudgeSettings {
    /// The lists, the more important first: where two have the same phrase, the harder severity counts.
    pub lists: Vec<WordList>,
    /// How much before a word goes with it.
    pub head: TimeDelta,
    /// How much after a word goes with it.
    pub tail: TimeDelta,
    /// Whether words that sound like a listed one are reported, as warnings.
    pub near_misses: bool,
}

impl JudgeSettings {
    /// How much before and after a word goes with it unless set.
    pub const MARGIN_MS: i64 = 80;
}

impl Default for JudgeSettings {
    fn default() -> Self {
        let margin = TimeDelta::from_millis(Self::MARGIN_MS);
        Self {
            lists: Vec::new(),
            head: margin,
            tail: margin,
            near_misses: false,
        }
    }
}

/// How a word was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MatchKind {
    /// Spotted as a keyword by the engine.
    Keyword,
    /// As the list has it.
    Exact,
    /// An inflected form of it.
    Inflected,
    /// After undoing disguises: figures for letters, repeated letters, separators.
    Folded,
    /// Several words.
    Phrase,
    /// Inside a longer word.
    Inside,
    /// Something that sounds like it.
    Near,
}

impl MatchKind {
    /// As a reason in a log: `damn (inflected)`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Keyword => "spotted",
            Self::Exact => "as listed",
            Self::Inflected => "inflected",
            Self::Folded => "disguised",
            Self::Phrase => "phrase",
            Self::Inside => "inside a word",
            Self::Near => "sounds like it",
        }
    }
}

/// A span of sound that holds a listed word.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WordVerdict {
    /// Where it begins, margin included, in content time.
    #[serde(with = "exact")]
    pub from: Timestamp,
    /// Where it ends, margin included.
    #[serde(with = "exact")]
    pub until: Timestamp,
    /// What is to be done.
    pub severity: Severity,
    /// The phrase of the list.
    pub word: String,
    /// The same for logs and screens: `d**n`.
    pub masked: String,
    /// Which list.
    pub list: String,
    /// How it was found.
    pub match_kind: MatchKind,
}
