//! A cue list as it was written, after it has been checked: names point at cues, and no cue waits for itself.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::clock::clock_text;
use super::watch::Watch;
use crate::media::TimeDelta;

/// The most cues of a list.
pub const MAX_CUES: usize = 500;

/// The most commands of a cue.
pub const MAX_LINES: usize = 50;

/// The longest time from the beginning of a run to a cue, and from one cue to the next, in hours.
pub const LONGEST_HOURS: i64 = 24;

/// What a cue file says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CueList {
    /// What it is called on screen.
    pub title: String,
    /// The file that it was read from, as it was given.
    pub file: String,
    /// In the order of the file.
    pub cues: Vec<Cue>,
}

/// Commands, and when they are to be carried out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cue {
    /// Unique in its list: what commands and events call it.
    pub name: String,
    /// What it is for, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// When it comes.
    pub trigger: Trigger,
    /// The key that fires it on every screen whose keymap has nothing on that key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Lines of the command table, in this order.
    #[serde(rename = "do")]
    pub lines: Vec<String>,
    /// What becomes of the run where one of them is refused.
    #[serde(rename = "errors")]
    pub on_error: OnError,
    /// Whether it comes once in a run, or as often as what it waits for happens.
    #[serde(rename = "once")]
    pub is_once: bool,
}

/// When a cue comes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// So long after the beginning of the run.
    #[serde(rename = "at_ms")]
    At(TimeDelta),
    /// At that time of the day, from midnight.
    #[serde(rename = "time_of_day_ms")]
    TimeOfDay(TimeDelta),
    /// So long after another cue.
    After {
        /// Its place in the list.
        cue: usize,
        /// So long.
        #[serde(rename = "offset_ms")]
        offset: TimeDelta,
    },
    /// So long after something has happened.
    On {
        /// What.
        watch: Watch,
        /// So long.
        #[serde(rename = "offset_ms")]
        offset: TimeDelta,
    },
    /// When somebody says so.
    Hand,
}

/// What becomes of a run where a command of a cue is refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnError {
    /// The rest of the cue is left out, and the run is held.
    #[default]
    Stop,
    /// It is told, and all goes on.
    Continue,
}

impl OnError {
    /// Both as they are written.
    pub const WORDS: &'static [&'static str] = &["stop", "continue"];

    /// The one that is written so.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        match word {
            "stop" => Some(Self::Stop),
            "continue" => Some(Self::Continue),
            _ => None,
        }
    }
}

impl CueList {
    /// The place of the cue of that name, or of that number counted from 1.
    #[must_use]
    pub fn find(&self, wanted: &str) -> Option<usize> {
        let by_name = self.cues.iter().position(|cue| cue.name == wanted);
        let by_number = || {
            let number: usize = wanted.parse().ok()?;
            number.checked_sub(1).filter(|at| *at < self.cues.len())
        };
        by_name.or_else(by_number)
    }

    /// The cue that this key fires.
    #[must_use]
    pub fn of_key(&self, key: &str) -> Option<&Cue> {
        self.cues.iter().find(|cue| cue.key.as_deref() == Some(key))
    }

    /// When a cue comes, in words.
    #[must_use]
    pub fn trigger_text(&self, cue: &Cue) -> String {
        match &cue.trigger {
            Trigger::At(at) => clock_text(*at),
            Trigger::TimeOfDay(at) => {
                let s = at.to_millis() / 1000;
                format!("{:02}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60)
            }
            Trigger::After { cue, offset } => {
                let name = self.cues.get(*cue).map_or("?", |cue| cue.name.as_str());
                format!("{} + {}", name, clock_text(*offset))
            }
            Trigger::On { watch, offset } if *offset == TimeDelta::ZERO => watch.to_string(),
            Trigger::On { watch, offset } => format!("{watch} + {}", clock_text(*offset)),
            Trigger::Hand => "by hand".to_owned(),
        }
    }
}

/// Whether this can be the name of a key in a keymap: `f5`, `G`, `ctrl-g`, `pageup`.
#[must_use]
pub fn is_key(name: &str) -> bool {
    const NAMED: [&str; 16] = [
        "space",
        "enter",
        "esc",
        "tab",
        "backtab",
        "backspace",
        "delete",
        "insert",
        "up",
        "down",
        "left",
        "right",
        "home",
        "end",
        "pageup",
        "pagedown",
    ];
    let rest = name.strip_prefix("ctrl-").unwrap_or(name);
    let rest = rest.strip_prefix("alt-").unwrap_or(rest);
    let mut characters = rest.chars();
    if let (Some(character), None) = (characters.next(), characters.next()) {
        return !character.is_whitespace() && !character.is_control();
    }
    let function = || rest.strip_prefix('f')?.parse::<u8>().ok();
    NAMED.contains(&rest) || function().is_some_and(|number| (1..=12).contains(&number))
}

impl fmt::Display for OnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::WORDS[*self as usize])
    }
}
