//! Something that happened, and who wanted it to.

use serde::{Deserialize, Serialize};

use crate::media::Timestamp;

/// Something that happened, for the operator's eyes and for scripts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// On the studio clock.
    pub at: Timestamp,
    /// How much it matters.
    pub level: EventLevel,
    /// What it is about: `source camera`, `destination twitch`, `studio`.
    pub subject: String,
    /// What happened, in a sentence without secrets.
    pub text: String,
    /// Who asked for it: `screen 2`, `script`. `None`: nobody, it happened by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The command line that caused it, with dots for what is secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
}

/// How much an event matters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventLevel {
    /// Good to know.
    #[default]
    Info,
    /// Something is not as it should be, the show goes on.
    Warning,
    /// Something does not work.
    Error,
}

/// Who asked for something, and how. It goes into every event that comes of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cause {
    /// `screen 2`, `script`.
    pub by: String,
    /// The command line, with dots for what is secret.
    pub command: String,
}

impl EventLevel {
    /// All of them as they are typed, the least first.
    pub const WORDS: &'static [&'static str] = &["info", "warning", "error"];

    const ALL: [Self; 3] = [Self::Info, Self::Warning, Self::Error];

    /// The one that is typed so.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.word() == word)
    }

    /// As it is typed.
    #[must_use]
    pub const fn word(self) -> &'static str {
        Self::WORDS[self as usize]
    }

    /// The next one, round the end.
    #[must_use]
    pub const fn next(self) -> Self {
        Self::ALL[(self as usize + 1) % Self::ALL.len()]
    }
}

impl Event {
    /// One that happened by itself.
    #[must_use]
    pub fn new(at: Timestamp, level: EventLevel, subject: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            at,
            level,
            subject: subject.into(),
            text: text.into(),
            by: None,
            command: None,
        }
    }

    /// The same, because somebody asked for it.
    #[must_use]
    pub fn because(mut self, cause: Option<&Cause>) -> Self {
        self.by = cause.map(|cause| cause.by.clone());
        self.command = cause.map(|cause| cause.command.clone()).filter(|line| !line.is_empty());
        self
    }

    /// Whether each of the words is somewhere in it, whatever the case of the letters.
    #[must_use]
    pub fn has_words(&self, words: &[String]) -> bool {
        if words.is_empty() {
            return true;
        }
        let (by, command) = (self.by.as_deref(), self.command.as_deref());
        let parts = [
            self.subject.as_str(),
            &self.text,
            by.unwrap_or_default(),
            command.unwrap_or_default(),
        ];
        let all = parts.join("\n").to_lowercase();
        words.iter().all(|word| all.contains(&word.to_lowercase()))
    }
}
