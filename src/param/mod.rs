//! What a parameter is: a name, what may be set, and how to get at it.
//!
//! Each stage has its own list (`sound/settings/tables.rs`, `picture/enhance/tables.rs`). Scene files, presets, commands, the
//! pages on screen and the reference are made from these lists, so a parameter is said once.

#[cfg(test)]
mod list_tests;
mod row;

#[cfg(test)]
pub(crate) use list_tests::check_list;
pub(crate) use row::row;

use std::fmt;

use serde::{Deserialize, Serialize};

/// A parameter of `S`, which is the settings of a strip, of the buses or of a source's picture.
pub struct Param<S: 'static> {
    /// As files, commands and messages call it; unique in its list.
    pub name: &'static str,
    /// What it belongs to.
    pub stage: Stage,
    /// As the page of its stage calls it.
    pub label: &'static str,
    /// What may be set.
    pub kind: ParamKind,
    /// One line.
    pub doc: &'static str,
    /// Reads it.
    pub get: fn(&S) -> Value,
    /// Sets it to a value of its kind; a value of another kind changes nothing.
    pub set: fn(&mut S, Value),
}

/// The parts that parameters belong to, in the order of the signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// What is true of the whole strip.
    Strip,
    /// High-pass.
    HighPass,
    /// Denoise, of sound or of a picture.
    Denoise,
    /// Gate or expander.
    Gate,
    /// Four-band EQ.
    Eq,
    /// Compressor.
    Compressor,
    /// De-esser.
    DeEsser,
    /// Automatic gain riding.
    Ride,
    /// Gain, pan, delay, sends, mute, solo.
    Fader,
    /// Of the buses: loudness target.
    Loudness,
    /// Of the buses: true-peak limiter.
    Limiter,
    /// Of the buses: ducking.
    Ducking,
    /// What is true of a source's whole picture chain.
    Picture,
    /// Of a picture: sharpen.
    Sharpen,
    /// Of a picture: automatic levels.
    Levels,
    /// Of a picture: brightness, contrast, saturation.
    Tone,
}

impl Stage {
    /// As commands call it.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Strip => "strip",
            Self::HighPass => "high_pass",
            Self::Denoise => "denoise",
            Self::Gate => "gate",
            Self::Eq => "eq",
            Self::Compressor => "compressor",
            Self::DeEsser => "de_esser",
            Self::Ride => "ride",
            Self::Fader => "fader",
            Self::Loudness => "loudness",
            Self::Limiter => "limiter",
            Self::Ducking => "duck",
            Self::Picture => "picture",
            Self::Sharpen => "sharpen",
            Self::Levels => "levels",
            Self::Tone => "tone",
        }
    }

    /// Whether it treats the sound of a strip, rather than saying where and how much of it goes: what presets are about.
    #[must_use]
    pub const fn is_treatment(self) -> bool {
        matches!(
            self,
            Self::HighPass | Self::Denoise | Self::Gate | Self::Eq | Self::Compressor | Self::DeEsser | Self::Ride
        )
    }

    /// As the screen calls it.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Strip => "strip",
            Self::HighPass => "high-pass",
            Self::Denoise => "denoise",
            Self::Gate => "gate",
            Self::Eq => "EQ",
            Self::Compressor => "compressor",
            Self::DeEsser => "de-esser",
            Self::Ride => "ride",
            Self::Fader => "fader",
            Self::Loudness => "loudness",
            Self::Limiter => "limiter",
            Self::Ducking => "ducking",
            Self::Picture => "picture",
            Self::Sharpen => "sharpen",
            Self::Levels => "auto levels",
            Self::Tone => "tone",
        }
    }
}

/// What may be set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ParamKind {
    /// On or off.
    Switch,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A number in a range.
    Number {
        /// The lowest.
        low: f64,
        /// The highest.
        high: f64,
        /// What a key changes it by: so much, or by this factor where the scale is logarithmic.
        step: Step,
        /// What it counts.
        unit: Unit,
        /// Whether the lowest means that nothing is let through: shown as `off`.
        has_off: bool,
    },
}

/// What one step changes a number by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    /// So much is added.
    Add(f64),
    /// It is multiplied by so much.
    Times(f64),
}

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Decibels.
    Db,
    /// Decibels relative to full scale, true peak.
    Dbtp,
    /// Loudness units relative to full scale.
    Lufs,
    /// Hertz.
    Hz,
    /// Milliseconds.
    Ms,
    /// Seconds.
    Seconds,
    /// Per cent.
    Percent,
    /// So many to one.
    Ratio,
    /// Nothing: a Q, a step of brightness.
    Plain,
}

impl Unit {
    /// As it is written behind a number, without a blank.
    #[must_use]
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::Db => "dB",
            Self::Dbtp => "dBTP",
            Self::Lufs => "LUFS",
            Self::Hz => "Hz",
            Self::Ms => "ms",
            Self::Seconds => "s",
            Self::Percent => "%",
            Self::Ratio => ":1",
            Self::Plain => "",
        }
    }
}

/// The value of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// On or off.
    Switch(bool),
    /// One of the words of its kind, by number.
    Choice(usize),
    /// A number in the unit of its kind.
    Number(f32),
}

/// What is to become of a parameter, as somebody types it or a key does it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Adjust {
    /// To this.
    Set(Value),
    /// A number by so much, kept in its range.
    Change(f32),
    /// So many steps up (or down), kept in its range; a switch or a choice goes to the next word.
    Steps(i32),
    /// A switch to its other side.
    Toggle,
}

/// An [`Adjust`] that does not fit its parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// What can be set instead, in words.
    pub expected: String,
}

impl ParamKind {
    /// A number whose steps are all alike.
    #[must_use]
    pub const fn number(low: f64, high: f64, step: f64, unit: Unit) -> Self {
        Self::Number {
            low,
            high,
            step: Step::Add(step),
            unit,
            has_off: false,
        }
    }

    /// A number whose steps grow with it: frequencies, times, Qs.
    #[must_use]
    pub const fn scale(low: f64, high: f64, factor: f64, unit: Unit) -> Self {
        Self::Number {
            low,
            high,
            step: Step::Times(factor),
            unit,
            has_off: false,
        }
    }
}

impl<S> Param<S> {
    /// What can be typed, in words.
    #[must_use]
    pub fn expected(&self) -> String {
        match self.kind {
            ParamKind::Switch => "on, off, toggle".into(),
            ParamKind::Choice(words) => words.join(", "),
            ParamKind::Number {
                low,
                high,
                unit,
                has_off,
                ..
            } => {
                let suffix = unit.suffix();
                let off = if has_off { ", or off" } else { "" };
                let blank = if suffix.starts_with(|c: char| c.is_alphabetic()) {
                    " "
                } else {
                    ""
                };
                format!("{low} to {high}{blank}{suffix}{off}; +1 and -=1 change it")
            }
        }
    }

    /// Reads what somebody typed: `on`, `-45`, `2.5k`, `-45dB`, `+3`, `-=3`, `next`, `+10steps`. `None` where it is none of
    /// that.
    #[must_use]
    pub fn read(&self, word: &str) -> Option<Adjust> {
        if let Some(by) = steps(word) {
            return Some(Adjust::Steps(by));
        }
        match self.kind {
            ParamKind::Switch => match word {
                "on" | "true" => Some(Adjust::Set(Value::Switch(true))),
                "off" | "false" => Some(Adjust::Set(Value::Switch(false))),
                "toggle" => Some(Adjust::Toggle),
                _ => None,
            },
            ParamKind::Choice(words) => {
                let at = words.iter().position(|known| *known == word)?;
                Some(Adjust::Set(Value::Choice(at)))
            }
            ParamKind::Number { low, unit, has_off, .. } => {
                if has_off && word == "off" {
                    return Some(Adjust::Set(Value::Number(low as f32)));
                }
                if let Some(rest) = word.strip_prefix("-=") {
                    number(rest, unit).map(|by| Adjust::Change(-by))
                } else if let Some(rest) = word.strip_prefix("+=").or_else(|| word.strip_prefix('+')) {
                    number(rest, unit).map(Adjust::Change)
                } else {
                    number(word, unit).map(|to| Adjust::Set(Value::Number(to)))
                }
            }
        }
    }

    /// Carries `adjust` out on `settings`.
    ///
    /// # Errors
    /// The value is out of range or of another kind; the settings are then unchanged.
    pub fn adjust(&self, settings: &mut S, adjust: Adjust) -> Result<(), Misfit> {
        let misfit = || Misfit {
            expected: self.expected(),
        };
        let now = (self.get)(settings);
        let next = match (adjust, self.kind, now) {
            (Adjust::Set(value), _, _) if self.allows(value) => value,
            (Adjust::Toggle, _, Value::Switch(is_on)) => Value::Switch(!is_on),
            (Adjust::Steps(by), ParamKind::Switch, Value::Switch(_)) if by != 0 => Value::Switch(by > 0),
            (Adjust::Steps(by), ParamKind::Choice(words), Value::Choice(at)) => {
                let count = words.len().max(1) as i32;
                Value::Choice((at as i32 + by).rem_euclid(count) as usize)
            }
            (Adjust::Change(by), ParamKind::Number { low, high, .. }, Value::Number(now)) if by.is_finite() => {
                Value::Number((now + by).clamp(low as f32, high as f32))
            }
            (Adjust::Steps(by), ParamKind::Number { low, high, step, .. }, Value::Number(now)) => {
                let next = match step {
                    Step::Add(step) => rounded(f64::from(now) + step * f64::from(by), step),
                    Step::Times(factor) => three_digits(f64::from(now) * factor.powi(by)),
                };
                Value::Number(next.clamp(low, high) as f32)
            }
            _ => return Err(misfit()),
        };
        (self.set)(settings, next);
        Ok(())
    }

    /// Whether `value` is of its kind and in its range.
    #[must_use]
    pub fn allows(&self, value: Value) -> bool {
        match (self.kind, value) {
            (ParamKind::Switch, Value::Switch(_)) => true,
            (ParamKind::Choice(words), Value::Choice(at)) => at < words.len(),
            (ParamKind::Number { low, high, .. }, Value::Number(number)) => {
                (low as f32..=high as f32).contains(&number)
            }
            _ => false,
        }
    }

    /// Where in its range a number is, from 0 to 1, as a slider shows it. `None` for what is no number.
    #[must_use]
    pub fn share(&self, value: Value) -> Option<f32> {
        let (ParamKind::Number { low, high, step, .. }, Value::Number(number)) = (self.kind, value) else {
            return None;
        };
        let place = |number: f64| match step {
            Step::Add(_) => number,
            Step::Times(_) => number.ln(),
        };
        let share = (place(number.into()) - place(low)) / (place(high) - place(low));
        share.is_finite().then_some(share.clamp(0.0, 1.0) as f32)
    }

    /// `value` as it is typed and shown: `on`, `-45dB`, `2500Hz`.
    #[must_use]
    pub fn show(&self, value: Value) -> Shown {
        Shown { kind: self.kind, value }
    }
}

impl<S: Default> Param<S> {
    /// The value of the default settings.
    #[must_use]
    pub fn default_value(&self) -> Value {
        (self.get)(&S::default())
    }

    /// Brings a value that is out of range to the end of it, and what is no number to its default.
    pub fn sanitise(&self, settings: &mut S) {
        if let (ParamKind::Number { low, high, .. }, Value::Number(now)) = (self.kind, (self.get)(settings)) {
            let value = if now.is_nan() {
                self.default_value()
            } else {
                Value::Number(now.clamp(low as f32, high as f32))
            };
            (self.set)(settings, value);
        }
    }
}

/// A value that can be printed.
#[derive(Clone, Copy, Debug)]
pub struct Shown {
    kind: ParamKind,
    value: Value,
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.kind, self.value) {
            (_, Value::Switch(is_on)) => f.pad(if is_on { "on" } else { "off" }),
            (ParamKind::Choice(words), Value::Choice(at)) => f.pad(words.get(at).copied().unwrap_or("?")),
            (ParamKind::Number { low, unit, has_off, .. }, Value::Number(number)) => {
                if has_off && number <= low as f32 {
                    return f.pad("off");
                }
                // Never more digits than anybody hears.
                let digits = match number.abs() {
                    size if size >= 1000.0 => 0,
                    size if size >= 100.0 => 1,
                    _ => 2,
                };
                let text = format!("{number:.digits$}");
                let text = if text.contains('.') {
                    text.trim_end_matches('0').trim_end_matches('.')
                } else {
                    &text
                };
                let text = if text == "-0" { "0" } else { text };
                f.pad(&format!("{text}{}", unit.suffix()))
            }
            _ => f.pad("?"),
        }
    }
}

/// `next`, `previous`, `+10steps`, `-=10steps`.
fn steps(word: &str) -> Option<i32> {
    let count = |digits: &str| digits.parse().ok().filter(|count| (0..=1000).contains(count));
    match (word, word.strip_suffix("steps")) {
        ("next", _) => Some(1),
        ("previous", _) => Some(-1),
        (_, None) => None,
        (_, Some(change)) => match change.strip_prefix("-=") {
            Some(digits) => count(digits).map(|count: i32| -count),
            None => count(change.strip_prefix("+=").or_else(|| change.strip_prefix('+'))?),
        },
    }
}

/// A number with or without its unit; thousands as `2.5k`.
fn number(word: &str, unit: Unit) -> Option<f32> {
    let lower = word.to_ascii_lowercase();
    let digits = lower
        .strip_suffix(&unit.suffix().to_ascii_lowercase())
        .unwrap_or(&lower);
    // Decibels are called dB whatever they are relative to.
    let digits = digits.strip_suffix("db").unwrap_or(digits);
    let (digits, factor) = match digits.strip_suffix('k') {
        Some(digits) if unit == Unit::Hz => (digits, 1000.0),
        _ => (digits, 1.0),
    };
    let number = digits.trim_end().parse::<f32>().ok()? * factor;
    number.is_finite().then_some(number)
}

/// To a whole number of `step`s, so that steps do not add up errors.
fn rounded(value: f64, step: f64) -> f64 {
    (value / step).round() * step
}

/// To three significant digits.
fn three_digits(value: f64) -> f64 {
    if value <= 0.0 {
        return value;
    }
    let scale = 10_f64.powi(2 - value.log10().floor() as i32);
    (value * scale).round() / scale
}
