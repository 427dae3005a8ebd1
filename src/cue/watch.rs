//! What a cue can wait for besides the time, and what has to be known of the show for that.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::clock::{clock_text, parse_time};
use crate::media::TimeDelta;

/// The longest name, path or value in it.
const LONGEST_WORD: usize = 200;

/// Something that happens in a show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Watch {
    /// The scene comes on program.
    Scene(String),
    /// More watch than this.
    ViewersAbove(u64),
    /// Fewer watch than this.
    ViewersBelow(u64),
    /// Nothing is heard on program for so long.
    #[serde(rename = "silence_ms")]
    Silence(TimeDelta),
    /// The source is at its end.
    Ended(String),
    /// The source has gone, or the destination has lost its connection.
    Lost(String),
    /// Business data have that value there.
    Data(String, String),
}

/// Finds a value by its path.
type Lookup<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// What is known of a show at one moment.
pub struct Facts<'a> {
    /// The scene on program.
    pub program: &'a str,
    /// How many watch, where that is known.
    pub viewers: Option<u64>,
    /// Whether the source of that name is at its end.
    pub has_ended: Box<dyn Fn(&str) -> bool + 'a>,
    /// Whether the source or the destination of that name is lost.
    pub is_lost: Box<dyn Fn(&str) -> bool + 'a>,
    /// What business data have at that path, as a person would write it.
    pub data: Box<Lookup<'a>>,
}

impl Watch {
    /// What can be written, for errors.
    pub const EXPECTED: &'static str = "\"scene NAME\", \"viewers above 100\", \"viewers below 10\", \"silence 5s\", \"ended SOURCE\", \
                                        \"lost SOURCE\" or \"data PATH = VALUE\"";

    /// Reads what is written behind `on`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (word, rest) = text.split_once(char::is_whitespace)?;
        let rest = rest.trim();
        if rest.is_empty() || rest.len() > LONGEST_WORD {
            return None;
        }
        match word {
            "scene" => Some(Self::Scene(rest.to_owned())),
            "ended" => Some(Self::Ended(rest.to_owned())),
            "lost" => Some(Self::Lost(rest.to_owned())),
            "silence" => parse_time(rest, TimeDelta::from_millis(3_600_000))
                .filter(|time| *time > TimeDelta::ZERO)
                .map(Self::Silence),
            "viewers" => {
                let (way, count) = rest.split_once(char::is_whitespace)?;
                let count = count.trim().parse().ok()?;
                match way {
                    "above" => Some(Self::ViewersAbove(count)),
                    "below" => Some(Self::ViewersBelow(count)),
                    _ => None,
                }
            }
            "data" => {
                let (path, value) = rest.split_once('=')?;
                let (path, value) = (
                    path.trim().trim_end_matches('=').trim(),
                    value.trim_start_matches('=').trim(),
                );
                let value = value.trim_matches(['"', '\'']);
                (!path.is_empty()).then(|| Self::Data(path.to_owned(), value.to_owned()))
            }
            _ => None,
        }
    }

    /// Whether it holds. Of silence: whether it is silent at all; for how long is for the run to count. `None`: nobody knows.
    #[must_use]
    pub(super) fn holds(&self, facts: &Facts<'_>, is_silent: bool) -> Option<bool> {
        match self {
            Self::Scene(name) => Some(facts.program == name),
            Self::ViewersAbove(count) => facts.viewers.map(|viewers| viewers > *count),
            Self::ViewersBelow(count) => facts.viewers.map(|viewers| viewers < *count),
            Self::Silence(_) => Some(is_silent),
            Self::Ended(name) => Some((facts.has_ended)(name)),
            Self::Lost(name) => Some((facts.is_lost)(name)),
            Self::Data(path, value) => Some((facts.data)(path).is_some_and(|found| found == *value)),
        }
    }
}

impl fmt::Display for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scene(name) => write!(f, "scene {name}"),
            Self::ViewersAbove(count) => write!(f, "viewers above {count}"),
            Self::ViewersBelow(count) => write!(f, "viewers below {count}"),
            Self::Silence(time) => write!(f, "silence {}", clock_text(*time)),
            Self::Ended(name) => write!(f, "ended {name}"),
            Self::Lost(name) => write!(f, "lost {name}"),
            Self::Data(path, value) => write!(f, "data {path} = {value}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_written_is_understood() {
        let s = TimeDelta::from_millis;
        for (text, watch) in [
            ("scene host", Some(Watch::Scene("host".into()))),
            ("scene  two shot ", Some(Watch::Scene("two shot".into()))),
            ("viewers above 100", Some(Watch::ViewersAbove(100))),
            ("viewers below  10", Some(Watch::ViewersBelow(10))),
            ("silence 5s", Some(Watch::Silence(s(5000)))),
            ("silence 1:30", Some(Watch::Silence(s(90_000)))),
            ("ended movie", Some(Watch::Ended("movie".into()))),
            ("lost main", Some(Watch::Lost("main".into()))),
            (
                "data product.stock = 0",
                Some(Watch::Data("product.stock".into(), "0".into())),
            ),
            ("data room == 'live'", Some(Watch::Data("room".into(), "live".into()))),
            ("scene", None),
            ("scene ", None),
            ("silence 0s", None),
            ("silence long", None),
            ("viewers 100", None),
            ("viewers over 100", None),
            ("viewers above many", None),
            ("data stock", None),
            ("data = 3", None),
            ("taken host", None),
            ("", None),
        ] {
            assert_eq!(Watch::parse(text), watch, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "(scene|viewers|silence|ended|lost|data)? {0,2}.{0,20}") {
            if let Some(watch) = Watch::parse(&text) {
                // What is shown can be written again, and means the same.
                let shown = watch.to_string();
                let again = Watch::parse(&shown);
                if !matches!(watch, Watch::Silence(_) | Watch::Data(..)) {
                    prop_assert_eq!(again, Some(watch));
                }
            }
        }
    }
}
