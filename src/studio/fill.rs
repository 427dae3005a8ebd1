//! Texts with places to fill in: `{price}` for a parameter of the scene, `{clock}` and others for what is known of the show.
//!
//! A text is read once, and its parameters put in as they are: what a value contains is letters and nothing else, so data can never ask
//! for more data. What changes by itself is filled in again and again, by [`fill`], which says when it will have changed. Pure: time and
//! facts are passed in.

use std::fmt::Write as _;

use jiff::Zoned;

use crate::media::{TimeDelta, Timestamp};

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
    /// How many watch, if anybody knows.
    pub viewers: Option<u64>,
    /// The business data.
    pub data: Option<&'a serde_json::Value>,
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

/// The parts of `text`. `known` gives what a name stands for in the scene: its parameters, before everything else.
#[must_use]
pub fn pieces(text: &str, known: &dyn Fn(&str) -> Option<Vec<Piece>>) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        push_text(&mut pieces, &rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('{') {
            push_text(&mut pieces, "{");
            rest = after;
        } else if let Some(end) = rest.find('}') {
            for piece in named(&rest[..end], known) {
                match piece {
                    Piece::Text(text) => push_text(&mut pieces, &text),
                    other => pieces.push(other),
                }
            }
            rest = &rest[end + 1..];
        } else {
            // Never closed: it is a brace.
            push_text(&mut pieces, "{");
        }
    }
    push_text(&mut pieces, rest);
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
    let asks = |piece: &Piece| matches!(piece, Piece::Viewers | Piece::Data(_) | Piece::Status(_));
    pieces.iter().any(asks)
}

fn push_text(pieces: &mut Vec<Piece>, text: &str) {
    if text.is_empty() {
        return;
    }
    if let Some(Piece::Text(last)) = pieces.last_mut() {
        last.push_str(text);
    } else {
        pieces.push(Piece::Text(text.to_owned()));
    }
}

/// What a name in braces stands for.
fn named(inside: &str, known: &dyn Fn(&str) -> Option<Vec<Piece>>) -> Vec<Piece> {
    let inside = inside.trim();
    if let Some(pieces) = known(inside) {
        return pieces;
    }
    let (name, rest) = inside.split_once(char::is_whitespace).unwrap_or((inside, ""));
    let rest = rest.trim();
    let unknown = || Piece::Unknown(inside.to_owned());
    let piece = match (name, rest) {
        ("clock", "") => Piece::Clock("%H:%M".to_owned()),
        ("clock", form) => Piece::Clock(form.to_owned()),
        ("countdown", end) => until(end).map_or_else(unknown, Piece::Countdown),
        ("viewers", "") => Piece::Viewers,
        ("uptime", "") => Piece::Uptime,
        ("data", path) if !path.is_empty() => Piece::Data(path.to_owned()),
        ("status", path) if !path.is_empty() => Piece::Status(path.to_owned()),
        _ => unknown(),
    };
    vec![piece]
}

/// `21:00`, `21:00:30`: a time of day. `5m`, `90s`, `1h30m`: from the moment that the scene came on program.
fn until(text: &str) -> Option<Until> {
    if text.contains(':') {
        let mut parts = text.split(':').map(str::parse::<u32>);
        let (hour, minute) = (parts.next()?.ok()?, parts.next()?.ok()?);
        let second = parts.next().map_or(Some(0), Result::ok)?;
        let is_time = parts.next().is_none() && hour < 24 && minute < 60 && second < 60;
        return is_time.then_some(Until::TimeOfDay(hour * 3600 + minute * 60 + second));
    }
    let mut total = 0_u32;
    let mut digits = String::new();
    for character in text.chars() {
        let factor = match character {
            '0'..='9' => {
                digits.push(character);
                continue;
            }
            'h' => 3600,
            'm' => 60,
            's' => 1,
            _ => return None,
        };
        total = total.checked_add(digits.parse::<u32>().ok()?.checked_mul(factor)?)?;
        digits.clear();
    }
    (total > 0 && digits.is_empty()).then_some(Until::OnProgram(total))
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
        Piece::Uptime => {
            let gone = facts.now - Timestamp::ZERO;
            let seconds = gone.as_secs_f64().max(0.0).floor() as i64;
            put_length(text, seconds);
            Some(TimeDelta::from_millis(seconds * 1000 + 1000) - gone)
        }
        Piece::Data(path) => {
            put_value(text, facts.data, path);
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
