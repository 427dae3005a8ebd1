//! Texts with places to fill in: `{price}` for a parameter of the scene, `{clock}` and others for what is known of the show.
//!
//! A text is read once, and its parameters put in as they are: what a value contains is letters and nothing else, so data can never ask
//! for more data. What changes by itself is filled in again and again, by [`fill`], which says when it will have changed. Pure: time and
//! facts are passed in.

use std::fmt::Write as _;

use jiff::Zoned;

use crate::media::{TimeDelta, Timestamp};
use crate::rules::Data;
use crate::scene::{self, Placeholder};

/// The longest value that is put into a text, in characters.
const LONGEST: usize = 500;

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Piece {
    /// Letters.
    Text(String),
    /// The local time, in that form.
    Clock(String),
    /// What is left until that moment.
    Countdown(Until),
    /// How many watch.
    Viewers,
    /// What the show is called.
    Title,
    /// The name of the scene on program.
    Scene,
    /// How long the show has been running.
    Uptime,
    /// A value of the business data, by its dotted path.
    Data(String),
    /// A value of the studio's state, likewise.
    Status(String),
    /// Something that nothing is known of.
    Unknown(String),
}

/// The end of a countdown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Until {
    /// A time of day, in seconds after midnight.
    TimeOfDay(u32),
    /// So many seconds after the scene came on program.
    OnProgram(u32),
}

/// What is known of the show.
pub struct Facts<'a> {
    /// The local time.
    pub wall: &'a Zoned,
    /// The studio clock.
    pub now: Timestamp,
    /// Since when the scene has been on program, if it is.
    pub since: Option<Timestamp>,
    /// What the show is called.
    pub title: &'a str,
    /// The scene on program.
    pub scene: &'a str,
    /// How many watch, if anybody knows.
    pub viewers: Option<u64>,
    /// The business data.
    pub data: Option<&'a Data>,
    /// The studio's state.
    pub status: Option<&'a serde_json::Value>,
}

/// A text that has been filled in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filled {
    /// The letters.
    pub text: String,
    /// After so long it may be another one; `None`: not by itself.
    pub changes_in: Option<TimeDelta>,
}

/// The parts of `text`. `known` gives what a name stands for in the scene: its parameters, before everything else. A text that cannot be
/// read (checked ones can) stands for itself.
#[must_use]
pub fn pieces(text: &str, known: &dyn Fn(&str) -> Option<Vec<Piece>>) -> Vec<Piece> {
    let Ok(read) = scene::pieces(text, &|name| known(name).is_some()) else {
        return vec![Piece::Text(text.to_owned())];
    };
    let mut pieces = Vec::new();
    for part in read {
        let piece = match part {
            scene::Piece::Text(text) => Piece::Text(text),
            scene::Piece::Field(Placeholder::Parameter(name)) => {
                for piece in known(&name).unwrap_or_else(|| vec![Piece::Unknown(name)]) {
                    push(&mut pieces, piece);
                }
                continue;
            }
            scene::Piece::Field(Placeholder::Clock(form)) => Piece::Clock(form),
            scene::Piece::Field(Placeholder::CountdownTo(hour, minute, second)) => {
                let seconds = u32::from(hour) * 3600 + u32::from(minute) * 60 + u32::from(second);
                Piece::Countdown(Until::TimeOfDay(seconds))
            }
            scene::Piece::Field(Placeholder::CountdownFor(length)) => {
                Piece::Countdown(Until::OnProgram(length.as_secs_f64().round() as u32))
            }
            scene::Piece::Field(Placeholder::Viewers) => Piece::Viewers,
            scene::Piece::Field(Placeholder::Title) => Piece::Title,
            scene::Piece::Field(Placeholder::Scene) => Piece::Scene,
            scene::Piece::Field(Placeholder::Uptime) => Piece::Uptime,
            scene::Piece::Field(Placeholder::Data(path)) => Piece::Data(path),
            scene::Piece::Field(Placeholder::Status(path)) => Piece::Status(path),
        };
        push(&mut pieces, piece);
    }
    pieces
}

/// A value as letters, whatever is in it.
#[must_use]
pub fn literal(value: &str) -> Vec<Piece> {
    vec![Piece::Text(value.chars().take(LONGEST).collect())]
}

/// The letters of `pieces`, where they are nothing else.
#[must_use]
pub fn letters(pieces: &[Piece]) -> String {
    let texts = pieces.iter().filter_map(|piece| match piece {
        Piece::Text(text) => Some(text.as_str()),
        _ => None,
    });
    texts.collect()
}

/// Whether `pieces` show what the studio's state or the business data say.
#[must_use]
pub fn asks_state(pieces: &[Piece]) -> bool {
    let asks = |piece: &Piece| matches!(piece, Piece::Viewers | Piece::Scene | Piece::Data(_) | Piece::Status(_));
    pieces.iter().any(asks)
}

/// Appends a part; letters become one with the letters before.
fn push(pieces: &mut Vec<Piece>, piece: Piece) {
    match (pieces.last_mut(), piece) {
        (Some(Piece::Text(last)), Piece::Text(text)) => last.push_str(&text),
        (_, piece) => pieces.push(piece),
    }
}

/// Fills in what `pieces` stand for now. What nothing is known of shows nothing.
#[must_use]
pub fn fill(pieces: &[Piece], facts: &Facts<'_>) -> Filled {
    let mut filled = Filled::default();
    for piece in pieces {
        let soon = put(&mut filled.text, piece, facts);
        filled.changes_in = match (filled.changes_in, soon) {
            (Some(one), Some(two)) => Some(one.min(two)),
            (one, two) => one.or(two),
        };
    }
    filled
}

/// Appends what `piece` stands for, and says when that changes.
fn put(text: &mut String, piece: &Piece, facts: &Facts<'_>) -> Option<TimeDelta> {
    match piece {
        Piece::Text(letters) => {
            text.push_str(letters);
            None
        }
        Piece::Clock(form) => {
            // A form that is none shows nothing.
            text.push_str(&jiff::fmt::strtime::format(form, facts.wall).unwrap_or_default());
            Some(to_next_second(facts.wall))
        }
        Piece::Countdown(Until::TimeOfDay(end)) => {
            let time = facts.wall.time();
            let now = i64::from(time.hour()) * 3600 + i64::from(time.minute()) * 60 + i64::from(time.second());
            let left = (i64::from(*end) - now).rem_euclid(24 * 3600);
            // What is more than half a day ahead is over.
            let left = if left > 12 * 3600 { 0 } else { left };
            put_length(text, left);
            Some(to_next_second(facts.wall))
        }
        Piece::Countdown(Until::OnProgram(length)) => {
            let length = TimeDelta::from_millis(i64::from(*length) * 1000);
            let gone = facts.since.map_or(TimeDelta::ZERO, |since| facts.now - since);
            let left = (length - gone).max(TimeDelta::ZERO);
            let seconds = left.as_secs_f64().ceil();
            put_length(text, seconds as i64);
            let is_running = facts.since.is_some() && left > TimeDelta::ZERO;
            is_running.then(|| left - TimeDelta::from_millis(seconds as i64 * 1000 - 1000))
        }
        Piece::Viewers => {
            if let Some(viewers) = facts.viewers {
                let _ = write!(text, "{viewers}");
            }
            None
        }
        Piece::Title => {
            text.push_str(facts.title);
            None
        }
        Piece::Scene => {
            text.push_str(facts.scene);
            None
        }
        Piece::Uptime => {
            let gone = facts.now - Timestamp::ZERO;
            let seconds = gone.as_secs_f64().max(0.0).floor() as i64;
            put_length(text, seconds);
            Some(TimeDelta::from_millis(seconds * 1000 + 1000) - gone)
        }
        Piece::Data(path) => {
            let value = facts.data.and_then(|data| data.text(path));
            text.extend(value.unwrap_or_default().chars().take(LONGEST));
            None
        }
        Piece::Status(path) => {
            put_value(text, facts.status, path);
            None
        }
        Piece::Unknown(_) => None,
    }
}

fn to_next_second(wall: &Zoned) -> TimeDelta {
    let gone = i64::from(wall.subsec_nanosecond()) / 1_000_000;
    TimeDelta::from_millis(1000 - gone.clamp(0, 999))
}

/// `5:00`, `1:05:00`.
fn put_length(text: &mut String, seconds: i64) {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let _ = if hours > 0 {
        write!(text, "{hours}:{minutes:02}:{seconds:02}")
    } else {
        write!(text, "{minutes}:{seconds:02}")
    };
}

/// The value at a dotted path, in which a number counts the elements of a list from 0.
#[must_use]
pub fn value_at<'a>(value: &'a serde_json::Value, path: &str) -> Option<&'a serde_json::Value> {
    path.split('.').try_fold(value, |value, step| match value {
        serde_json::Value::Object(map) => map.get(step),
        serde_json::Value::Array(list) => list.get(step.parse::<usize>().ok()?),
        _ => None,
    })
}

fn put_value(text: &mut String, value: Option<&serde_json::Value>, path: &str) {
    let Some(value) = value.and_then(|value| value_at(value, path)) else {
        return;
    };
    match value {
        serde_json::Value::String(letters) => text.extend(letters.chars().take(LONGEST)),
        serde_json::Value::Number(_) | serde_json::Value::Bool(_) => {
            let _ = write!(text, "{value}");
        }
        // Nothing, a list or a table is no text.
        serde_json::Value::Null | serde_json::Value::Array(_) | serde_json::Value::Object(_) => {}
    }
}

#[cfg(test)]
#[path = "fill_tests.rs"]
mod tests;
