//! Times as they are written in cue files.

use crate::media::TimeDelta;

/// The units of a time in seconds, the largest first.
const UNITS: [(&str, f64); 4] = [("h", 3600.0), ("m", 60.0), ("s", 1.0), ("ms", 0.001)];

/// Seconds of a day.
const DAY_S: f64 = 86_400.0;

/// A time from the beginning, or a distance: `20s`, `1m30s`, `500ms`, `2h`, `1:30` (minutes and seconds), `20` (seconds). `None` where it
/// is none, or longer than `longest`.
#[must_use]
pub fn parse_time(text: &str, longest: TimeDelta) -> Option<TimeDelta> {
    let seconds = match text.split_once(':') {
        Some((minutes, seconds)) => {
            let minutes: u32 = whole(minutes)?;
            let seconds = below_sixty(seconds)?;
            f64::from(minutes) * 60.0 + seconds
        }
        None => with_units(text)?,
    };
    let time = (0.0..=DAY_S * 2.0).contains(&seconds).then(|| rounded(seconds))?;
    (time <= longest).then_some(time)
}

/// A time of the day, with its seconds: `20:15:00`, `7:00:30.5`.
#[must_use]
pub fn parse_day(text: &str) -> Option<TimeDelta> {
    let mut parts = text.splitn(3, ':');
    let hours: u32 = whole(parts.next()?)?;
    let minutes: u32 = whole(parts.next()?)?;
    let seconds = below_sixty(parts.next()?)?;
    (hours < 24 && minutes < 60).then(|| rounded(f64::from(hours * 3600 + minutes * 60) + seconds))
}

/// A time as people read it: `1:30`, `0:05.5`, `2:01:30`.
#[must_use]
pub fn clock_text(time: TimeDelta) -> String {
    let ms = time.to_millis();
    let (sign, ms) = if ms < 0 { ("-", -ms) } else { ("", ms) };
    let (hours, minutes, seconds, tenths) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60, ms % 1000 / 100);
    let tenths = if tenths == 0 {
        String::new()
    } else {
        format!(".{tenths}")
    };
    if hours == 0 {
        format!("{sign}{minutes}:{seconds:02}{tenths}")
    } else {
        format!("{sign}{hours}:{minutes:02}:{seconds:02}{tenths}")
    }
}

/// To the millisecond: that is what is written into the state and read from it again.
fn rounded(seconds: f64) -> TimeDelta {
    TimeDelta::from_millis((seconds * 1000.0).round() as i64)
}

/// Digits and nothing else.
fn whole(text: &str) -> Option<u32> {
    let is_plain = !text.is_empty() && text.len() <= 5 && text.bytes().all(|byte| byte.is_ascii_digit());
    is_plain.then(|| text.parse().ok()).flatten()
}

/// Digits, perhaps with a fraction.
fn number(text: &str) -> Option<f64> {
    let is_plain = text.starts_with(|first: char| first.is_ascii_digit())
        && text.len() <= 12
        && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    is_plain.then(|| text.parse().ok()).flatten()
}

fn below_sixty(text: &str) -> Option<f64> {
    number(text).filter(|seconds| *seconds < 60.0)
}

/// `1h30m`, `20s`, `500ms`, `20`: the larger unit first, each once.
fn with_units(text: &str) -> Option<f64> {
    if let Some(seconds) = number(text) {
        return Some(seconds);
    }
    let (mut rest, mut from, mut sum) = (text, 0, 0.0);
    while !rest.is_empty() {
        let digits = rest.find(|character: char| !character.is_ascii_digit() && character != '.')?;
        let value = number(&rest[..digits])?;
        let after = &rest[digits..];
        let letters = after
            .find(|character: char| character.is_ascii_digit())
            .unwrap_or(after.len());
        let at = UNITS[from..].iter().position(|(unit, _)| *unit == &after[..letters])? + from;
        sum += value * UNITS[at].1;
        (rest, from) = (&after[letters..], at + 1);
    }
    (from > 0).then_some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HOUR: i64 = 3_600_000;

    #[test]
    fn times_are_read_as_they_are_written() {
        let longest = TimeDelta::from_millis(24 * HOUR);
        for (text, ms) in [
            ("20s", Some(20_000)),
            ("20", Some(20_000)),
            ("0", Some(0)),
            ("1.5", Some(1500)),
            ("500ms", Some(500)),
            ("2m", Some(120_000)),
            ("1m30s", Some(90_000)),
            ("1h30m", Some(5_400_000)),
            ("1:30", Some(90_000)),
            ("90:00.25", Some(5_400_250)),
            ("24h", Some(24 * HOUR)),
            ("24h1s", None),
            ("1:60", None),
            ("30s1m", None),
            ("1s1s", None),
            ("-5s", None),
            ("+5", None),
            ("", None),
            (":", None),
            ("s", None),
            ("20:15:00", None),
            ("1e3", None),
            ("inf", None),
            ("½s", None),
        ] {
            assert_eq!(parse_time(text, longest), ms.map(TimeDelta::from_millis), "{text}");
        }
    }

    #[test]
    fn times_of_the_day_have_seconds() {
        for (text, ms) in [
            ("20:15:00", Some(20 * HOUR + 900_000)),
            ("0:00:00", Some(0)),
            ("07:00:30.5", Some(7 * HOUR + 30_500)),
            ("24:00:00", None),
            ("20:15", None),
            ("20:60:00", None),
            ("1:2:3:4", None),
        ] {
            assert_eq!(parse_day(text), ms.map(TimeDelta::from_millis), "{text}");
        }
    }

    #[test]
    fn times_are_shown_as_clocks() {
        for (ms, text) in [
            (0, "0:00"),
            (90_000, "1:30"),
            (5500, "0:05.5"),
            (-1000, "-0:01"),
            (2 * HOUR + 61_000, "2:01:01"),
        ] {
            assert_eq!(clock_text(TimeDelta::from_millis(ms)), text);
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "([0-9]{0,7}[hms:.]{0,2}){0,4}|.{0,12}") {
            let _ = (parse_time(&text, TimeDelta::from_millis(HOUR)), parse_day(&text));
        }

        #[test]
        fn what_is_shown_can_be_written(s in 0_i64..3600) {
            let time = TimeDelta::from_millis(s * 1000);
            prop_assert_eq!(parse_time(&clock_text(time), TimeDelta::from_millis(HOUR)), Some(time));
        }
    }
}
