//! Readers of single words, one per kind of argument. `None`: the word is none of that kind.

use std::path::PathBuf;

use super::action::{Gain, Kbps, PinWord, Pinned, Reset, Step, Switch};
use crate::hold;
use crate::media::TimeDelta;
use crate::publish::DestinationSpec;
use crate::secret::SecretUrl;
use crate::studio::model::{Adjust, Data, EditKind, Pace, Param, Stage, Tier, TransitionKind, WipeDirection};
use crate::suggest;

/// Any word that is not empty.
pub fn name(word: &str) -> Option<String> {
    (!word.is_empty()).then(|| word.to_owned())
}

/// `on`, `off`, `toggle`.
pub fn switch(word: &str) -> Option<Switch> {
    match word {
        "on" => Some(Switch::On),
        "off" => Some(Switch::Off),
        "toggle" => Some(Switch::Toggle),
        _ => None,
    }
}

/// `-6`, `0dB`: set; `+3`, `+=3`, `-=3`: change.
pub fn gain(word: &str) -> Option<Gain> {
    let word = word.trim_end_matches("dB").trim_end_matches("db");
    let number = |text: &str| {
        text.parse::<f32>()
            .ok()
            .filter(|db| db.is_finite() && db.abs() <= 100.0)
    };
    if let Some(step) = word.strip_prefix("-=") {
        number(step).map(|db| Gain::Change(-db))
    } else if let Some(step) = word.strip_prefix("+=").or_else(|| word.strip_prefix('+')) {
        number(step).map(Gain::Change)
    } else {
        number(word).map(Gain::Set)
    }
}

/// `2500`, `2500k`, `2.5M`: no less than `least`.
fn kbps(word: &str, least: f64) -> Option<u32> {
    let (digits, factor) = match word.strip_suffix(['M', 'm']) {
        Some(digits) => (digits, 1000.0),
        None => (word.strip_suffix(['k', 'K']).unwrap_or(word), 1.0),
    };
    let value = digits.parse::<f64>().ok()? * factor;
    (least..=100_000.0).contains(&value).then(|| value.round() as u32)
}

/// The same to be set, or a step: `+250`, `-=250`.
pub fn kbps_change(word: &str) -> Option<Kbps> {
    let step = |text: &str| kbps(text, 1.0).and_then(|kbps| i32::try_from(kbps).ok());
    if let Some(less) = word.strip_prefix("-=") {
        step(less).map(|kbps| Kbps::Change(-kbps))
    } else if let Some(more) = word.strip_prefix("+=").or_else(|| word.strip_prefix('+')) {
        step(more).map(Kbps::Change)
    } else {
        kbps(word, 50.0).map(Kbps::Set)
    }
}

/// The value of a pin. What can be typed instead, where it is none.
pub fn pinned(what: PinWord, word: &str) -> Result<Pinned, String> {
    let whole = |range: std::ops::RangeInclusive<u32>| word.parse().ok().filter(|value| range.contains(value));
    let found = match what {
        PinWord::Bitrate => kbps_change(word).map(Pinned::Bitrate),
        PinWord::FrameRate => whole(1..=120).map(Pinned::FrameRate),
        PinWord::Height => whole(16..=2160).map(Pinned::Height),
        PinWord::Sound => whole(16..=512).map(Pinned::Sound),
        PinWord::Tier => Tier::of(word).map(Pinned::Tier),
    };
    found.ok_or_else(|| what.expected().to_owned())
}

/// `500ms`, `2s`, `0.5`: seconds unless said otherwise, at most ten.
pub fn duration(word: &str) -> Option<TimeDelta> {
    seconds(word, 10.0)
}

/// Seconds of the hold, from 0 to 30: `5`, `2.5s`, `500ms`.
pub fn hold(word: &str) -> Option<TimeDelta> {
    seconds(word, hold::LONGEST_SECONDS as f64)
}

fn seconds(word: &str, most: f64) -> Option<TimeDelta> {
    let (digits, seconds) = match word.strip_suffix("ms") {
        Some(digits) => (digits, 0.001),
        None => (word.strip_suffix('s').unwrap_or(word), 1.0),
    };
    let value = digits.parse::<f64>().ok()? * seconds;
    (0.0..=most).contains(&value).then(|| TimeDelta::from_secs_f64(value))
}

/// `slow`, `slate`, `now`.
pub fn pace(word: &str) -> Option<Pace> {
    match word {
        "slow" => Some(Pace::Slow),
        "slate" => Some(Pace::Slate),
        "now" => Some(Pace::Now),
        _ => None,
    }
}

/// How often: `0` to `99`.
pub fn count(word: &str) -> Option<u8> {
    word.parse().ok().filter(|count| *count <= 99)
}

/// `beep`, `mute`.
pub fn edit(word: &str) -> Option<EditKind> {
    match word {
        "beep" => Some(EditKind::Beep),
        "mute" => Some(EditKind::Mute),
        _ => None,
    }
}

/// The number of a word or a span.
pub fn number(word: &str) -> Option<u64> {
    word.parse().ok()
}

/// `right`, `left`, `down`, `up`: where the edge of a wipe goes.
pub fn wipe(word: &str) -> Option<WipeDirection> {
    match word {
        "right" => Some(WipeDirection::Right),
        "left" => Some(WipeDirection::Left),
        "down" => Some(WipeDirection::Down),
        "up" => Some(WipeDirection::Up),
        _ => None,
    }
}

/// `cut`, `fade`, `wipe`, `stinger`.
pub fn transition(word: &str) -> Option<TransitionKind> {
    match word {
        "cut" => Some(TransitionKind::Cut),
        "fade" => Some(TransitionKind::Fade),
        "wipe" => Some(TransitionKind::Wipe),
        "stinger" => Some(TransitionKind::Stinger),
        _ => None,
    }
}

/// `next`, `previous`.
pub fn step(word: &str) -> Option<Step> {
    match word {
        "next" => Some(Step::Next),
        "previous" => Some(Step::Previous),
        _ => None,
    }
}

/// `0` to `31`.
pub fn level(word: &str) -> Option<u8> {
    word.parse().ok().filter(|level| *level < 32)
}

/// The occlusion level of a rendition: a number, or `show` for that of the show.
pub fn rendition_level(word: &str) -> Option<Option<u8>> {
    if word == "show" {
        return Some(None);
    }
    level(word).map(Some)
}

/// The number of a face.
pub fn track(word: &str) -> Option<u32> {
    word.parse().ok()
}

/// A share of the program from 0 to 100: `50%`, `50`.
pub fn percent(word: &str) -> Option<f32> {
    let digits = word.strip_suffix('%').unwrap_or(word);
    let value = digits.parse::<f32>().ok()?;
    (0.0..=100.0).contains(&value).then_some(value / 100.0)
}

/// `rtmp://…` or `rtmps://…` with a host.
pub fn url(word: &str) -> Option<SecretUrl> {
    SecretUrl::parse(word).ok().filter(DestinationSpec::accepts)
}

/// kB per second, or `off`.
pub fn cap(word: &str) -> Option<Option<u32>> {
    if word == "off" {
        return Some(None);
    }
    word.parse().ok().filter(|kb| (1..=1_000_000).contains(kb)).map(Some)
}

/// A parameter of `params`, by its name.
///
/// # Errors
/// What was perhaps meant, or which ones there are.
pub fn parameter<S>(params: &'static [Param<S>], word: &str) -> Result<&'static Param<S>, String> {
    let names = || params.iter().map(|param| param.name);
    let found = params.iter().find(|param| param.name == word);
    found.ok_or_else(|| format!("a parameter{}", suggest::hint(word, names())))
}

/// What `param` is set to.
///
/// # Errors
/// What can be typed instead.
pub fn value<S>(param: &'static Param<S>, word: &str) -> Result<Adjust, String> {
    let adjust = param.read(word).ok_or_else(|| param.expected())?;
    match adjust {
        Adjust::Set(value) if !param.allows(value) => Err(param.expected()),
        adjust => Ok(adjust),
    }
}

/// A stage that has parameters among `params`, or one of these by its name.
///
/// # Errors
/// What was perhaps meant.
pub fn part<S>(params: &'static [Param<S>], word: &str) -> Result<Reset, String> {
    let stage = params.iter().map(|param| param.stage).find(|stage| stage.key() == word);
    if let Some(stage) = stage {
        return Ok(Reset::Stage(stage));
    }
    if let Some(param) = params.iter().find(|param| param.name == word) {
        return Ok(Reset::Param(param.name));
    }
    let mut known: Vec<&str> = params.iter().map(|param| param.stage).map(Stage::key).collect();
    known.dedup();
    known.extend(params.iter().map(|param| param.name));
    let nearest = suggest::nearest(word, known).map_or_else(String::new, |word| format!("; did you mean \"{word}\"?"));
    Err(format!("a parameter or a stage{nearest}"))
}

/// `5s`, `500ms`, `2m`: seconds unless said otherwise, from a tenth to ten minutes.
pub fn length(word: &str) -> Option<TimeDelta> {
    let (digits, seconds) = if let Some(digits) = word.strip_suffix("ms") {
        (digits, 0.001)
    } else if let Some(digits) = word.strip_suffix('m') {
        (digits, 60.0)
    } else {
        (word.strip_suffix('s').unwrap_or(word), 1.0)
    };
    let value = digits.parse::<f64>().ok()? * seconds;
    (0.1..=600.0).contains(&value).then(|| TimeDelta::from_secs_f64(value))
}

/// A path.
pub fn file(word: &str) -> Option<PathBuf> {
    (!word.is_empty() && !word.contains('\0')).then(|| PathBuf::from(word))
}

/// Business data.
///
/// # Errors
/// Why it is none.
pub fn data(word: &str) -> Result<Data, String> {
    Data::parse(word.as_bytes()).map_err(|error| object(&error.to_string()))
}

/// A merge patch for business data, as it is.
///
/// # Errors
/// Why it is none.
pub fn patch(word: &str) -> Result<String, String> {
    let patched = Data::default().patched(word.as_bytes());
    patched
        .map(|_| word.to_owned())
        .map_err(|error| object(&error.to_string()))
}

fn object(why: &str) -> String {
    format!("a JSON object as {{\"product\": {{\"stock\": 3}}}} ({why})")
}
