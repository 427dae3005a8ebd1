//! Presets: files with the sound of a strip, the settings of the buses, the picture chain of a source, those of other tables of a
//! show, or several of these.
//!
//! ```toml
//! title = "One voice, close to the microphone"
//! [strip]
//! high_pass = true
//! high_pass_hz = 90
//! ```
//! A preset for a strip says all of its treatment: stages that it does not name go back to their defaults, so that a preset
//! sounds the same whatever was set before. Where and how much of a strip is heard (gain, pan, delay, sends, mute, solo) it
//! changes only as far as it names it. A preset for a picture says all of its chain likewise, but for the bypass.

use std::fmt::Write as _;
use std::sync::Arc;

use super::error::{Diagnostic, Place, SceneErrors};
use super::layer::{self, Table};
use super::live_settings::LiveSettings;
use super::places::Places;
use super::raw::{RawParameters, RawValue};
use super::schema;
use crate::picture::{PICTURE_PARAMS, PictureSettings};
use crate::sound::{BUS_PARAMS, BusSettings, Param, ParamKind, STRIP_PARAMS, StripSettings, Value};

/// A preset that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Preset {
    /// As it is asked for.
    pub name: String,
    /// What it is for.
    pub title: Option<String>,
    strip: Option<Settings>,
    buses: Option<Settings>,
    picture: Option<Settings>,
    live: LiveSettings,
}

/// Parameters by name, in the order of their table.
type Settings = Vec<(&'static str, Value)>;

/// A parameter that a preset would change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Its name.
    pub parameter: &'static str,
    /// What it is now, as it would be typed.
    pub now: String,
    /// What it would be.
    pub preset: String,
}

impl Preset {
    /// Reads a preset from `text`, which errors call `label`.
    ///
    /// # Errors
    /// Everything that is wrong, each with its place.
    pub fn read(name: &str, label: &str, text: &str) -> Result<Self, SceneErrors> {
        let (mut places, mut errors) = (Places::default(), Vec::new());
        let file: Arc<str> = label.into();
        let table = layer::read_text(0, &file, text, schema::PRESET, &mut places, &mut errors).unwrap_or_default();
        let preset = Self {
            name: name.to_owned(),
            title: table.get("title").and_then(|title| title.clone().into_string().ok()),
            strip: section(&table, "strip").map(|raw| settings(STRIP_PARAMS, &raw)),
            buses: section(&table, "bus").map(|raw| settings(BUS_PARAMS, &raw)),
            picture: section(&table, "picture").map(|raw| settings(PICTURE_PARAMS, &raw)),
            live: LiveSettings::of(&table),
        };
        let has_any = schema::PRESET
            .iter()
            .any(|key| key.name != "title" && table.contains_key(key.name));
        if errors.is_empty() && !has_any {
            let message = "a preset needs a table [strip], [bus], [picture], [video], [audio], [destination], [occlusion], [moderation] or [adapt]";
            errors.push(Diagnostic::error(Place::file(0, &file), "", message));
        }
        if errors.is_empty() {
            Ok(preset)
        } else {
            Err(SceneErrors(errors))
        }
    }

    /// What it sets of encoder, occlusion, moderation and adaptation while a show is on.
    #[must_use]
    pub fn live(&self) -> &LiveSettings {
        &self.live
    }

    /// Whether it says how a strip sounds.
    #[must_use]
    pub fn is_for_strip(&self) -> bool {
        self.strip.is_some()
    }

    /// Whether it says how the buses are set.
    #[must_use]
    pub fn is_for_buses(&self) -> bool {
        self.buses.is_some()
    }

    /// Whether it says how a picture is treated.
    #[must_use]
    pub fn is_for_picture(&self) -> bool {
        self.picture.is_some()
    }

    /// `settings` as this preset has them: what it does not name is back at its default, but for the bypass.
    #[must_use]
    pub fn on_picture(&self, mut settings: PictureSettings) -> PictureSettings {
        let Some(named) = &self.picture else { return settings };
        for param in PICTURE_PARAMS {
            let value = named.iter().find(|(name, _)| *name == param.name);
            let value = value.map(|(_, value)| *value);
            if let Some(value) = value.or_else(|| (param.name != "bypass").then(|| param.default_value())) {
                (param.set)(&mut settings, value);
            }
        }
        settings
    }

    /// What it would change on a picture of `settings`.
    #[must_use]
    pub fn diff_picture(&self, settings: &PictureSettings) -> Vec<Difference> {
        differences(PICTURE_PARAMS, settings, &self.on_picture(*settings))
    }

    /// `settings` with the sound of this preset.
    #[must_use]
    pub fn on_strip(&self, mut settings: StripSettings) -> StripSettings {
        let Some(named) = &self.strip else { return settings };
        for param in STRIP_PARAMS {
            let named = named
                .iter()
                .find(|(name, _)| *name == param.name)
                .map(|(_, value)| *value);
            let value = named.or_else(|| param.stage.is_treatment().then(|| param.default_value()));
            if let Some(value) = value {
                (param.set)(&mut settings, value);
            }
        }
        settings
    }

    /// `settings` as this preset has them.
    #[must_use]
    pub fn on_buses(&self, mut settings: BusSettings) -> BusSettings {
        for param in BUS_PARAMS {
            let named = self.buses.iter().flatten().find(|(name, _)| *name == param.name);
            if let Some((_, value)) = named {
                (param.set)(&mut settings, *value);
            }
        }
        settings
    }

    /// What it would change on a strip of `settings`.
    #[must_use]
    pub fn diff_strip(&self, settings: &StripSettings) -> Vec<Difference> {
        differences(STRIP_PARAMS, settings, &self.on_strip(*settings))
    }

    /// What it would change on buses of `settings`.
    #[must_use]
    pub fn diff_buses(&self, settings: &BusSettings) -> Vec<Difference> {
        differences(BUS_PARAMS, settings, &self.on_buses(*settings))
    }
}

/// The text of a preset that gives a strip the sound of `settings`.
#[must_use]
pub fn strip_preset_text(settings: &StripSettings) -> String {
    // Stages that are off keep only what somebody has set.
    let is_kept = |param: &Param<StripSettings>| {
        let is_set = (param.get)(settings) != param.default_value();
        let is_on = STRIP_PARAMS
            .iter()
            .any(|other| other.stage == param.stage && (other.get)(settings) == Value::Switch(true));
        param.name == "role" && is_set || param.stage.is_treatment() && (is_on || is_set)
    };
    text_of("strip", STRIP_PARAMS, settings, is_kept)
}

/// The text of a preset that sets the buses as `settings` are.
#[must_use]
pub fn bus_preset_text(settings: &BusSettings) -> String {
    text_of("bus", BUS_PARAMS, settings, |_| true)
}

/// The text of a preset that treats a picture as `settings` do.
#[must_use]
pub fn picture_preset_text(settings: &PictureSettings) -> String {
    text_of("picture", PICTURE_PARAMS, settings, |param| param.name != "bypass")
}

fn text_of<S>(table: &str, params: &[Param<S>], settings: &S, is_kept: impl Fn(&Param<S>) -> bool) -> String {
    let mut text = format!("[{table}]\n");
    for param in params.iter().filter(|param| is_kept(param)) {
        let value = match ((param.get)(settings), param.kind) {
            (Value::Switch(is_on), _) => is_on.to_string(),
            (Value::Choice(at), ParamKind::Choice(words)) => format!("\"{}\"", words.get(at).unwrap_or(&"")),
            // As short as reads back the same.
            (Value::Number(number), _) => number.to_string(),
            _ => continue,
        };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{} = {value} # {}", param.name, param.doc);
    }
    text
}

fn differences<S>(params: &[Param<S>], now: &S, then: &S) -> Vec<Difference> {
    let differs = params.iter().filter(|param| (param.get)(now) != (param.get)(then));
    differs
        .map(|param| Difference {
            parameter: param.name,
            now: param.show((param.get)(now)).to_string(),
            preset: param.show((param.get)(then)).to_string(),
        })
        .collect()
}

/// The table `name`, already held against the schema.
fn section(table: &Table, name: &str) -> Option<RawParameters> {
    let value = table.get(name)?.clone();
    value.try_deserialize().ok()
}

/// What is written, as values of the parameters; the schema has seen to kinds and ranges.
pub(super) fn settings<S>(params: &'static [Param<S>], raw: &RawParameters) -> Settings {
    let value = |param: &Param<S>| match (raw.get(param.name)?, param.kind) {
        (RawValue::Flag(is_on), ParamKind::Switch) => Some(Value::Switch(*is_on)),
        (RawValue::Text(text), ParamKind::Choice(words)) => {
            words.iter().position(|word| word == text).map(Value::Choice)
        }
        (RawValue::Number(number), ParamKind::Number { .. }) => Some(Value::Number(*number as f32)),
        _ => None,
    };
    params
        .iter()
        .filter_map(|param| Some((param.name, value(param)?)))
        .collect()
}

/// Sets what is written.
pub(super) fn set_all<S>(params: &'static [Param<S>], raw: &RawParameters, settings: &mut S) {
    for (name, value) in self::settings(params, raw) {
        if let Some(param) = params.iter().find(|param| param.name == name) {
            (param.set)(settings, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sound::settings::Adjust;
    use proptest::prelude::*;

    fn errors(text: &str) -> String {
        Preset::read("mine", "mine.toml", text).unwrap_err().to_string()
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (text, expected) in [
            (
                "",
                "mine.toml: a preset needs a table [strip], [bus], [picture], [video], [audio], [destination], [occlusion], [moderation] or [adapt]",
            ),
            (
                "[strip]\ngate_treshold_db = -40",
                "mine.toml:2:1: strip.gate_treshold_db: unknown key; did you mean \"gate_threshold_db\"?",
            ),
            (
                "[strip]\n\ngate_ratio = 40",
                "mine.toml:3:14: strip.gate_ratio: expected a number from 1 to 20, found 40",
            ),
            (
                "[bus]\nduck = 1",
                "mine.toml:2:8: bus.duck: expected true or false, found a whole number",
            ),
            (
                "[strip]\npreset = \"music\"",
                "mine.toml:2:1: strip.preset: unknown key; known: role, …",
            ),
        ] {
            let found = errors(text);
            // Which near name is suggested is not the point of the last one.
            let (found, expected) = (found.split(';').next(), expected.split(';').next());
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn a_difference_is_what_would_be_typed() {
        let preset = Preset::read(
            "a",
            "a",
            "[strip]\ngate = true\ngate_threshold_db = -38\n[bus]\nduck = false",
        )
        .unwrap();
        let shown = |found: Vec<Difference>| {
            let show = |d: Difference| format!("{} {} {}", d.parameter, d.now, d.preset);
            found.into_iter().map(show).collect::<Vec<_>>()
        };
        let mut settings = StripSettings::default();
        settings.eq.is_on = true;
        assert_eq!(
            shown(preset.diff_strip(&settings)),
            ["gate off on", "gate_threshold_db -45dB -38dB", "eq on off"]
        );
        assert_eq!(shown(preset.diff_buses(&BusSettings::default())), ["duck on off"]);
        assert_eq!(
            shown(preset.diff_strip(&preset.on_strip(settings))),
            Vec::<String>::new()
        );
    }

    proptest! {
        #[test]
        fn what_is_saved_sounds_the_same_when_it_is_read(
            changes in proptest::collection::vec((0..STRIP_PARAMS.len(), -30..30), 0..20),
            picture_changes in proptest::collection::vec((0..PICTURE_PARAMS.len(), -30..30), 0..8),
            bus_changes in proptest::collection::vec((0..BUS_PARAMS.len(), -30..30), 0..8),
        ) {
            let mut settings = StripSettings::default();
            for (at, steps) in changes {
                let _ = STRIP_PARAMS[at].adjust(&mut settings, Adjust::Steps(steps));
            }
            let read = Preset::read("mine", "mine", &strip_preset_text(&settings)).unwrap();
            let again = read.on_strip(StripSettings::default());
            for param in STRIP_PARAMS.iter().filter(|param| param.stage.is_treatment() || param.name == "role") {
                prop_assert_eq!((param.get)(&again), (param.get)(&settings), "{}", param.name);
            }
            let mut buses = BusSettings::default();
            for (at, steps) in bus_changes {
                let _ = BUS_PARAMS[at].adjust(&mut buses, Adjust::Steps(steps));
            }
            let read = Preset::read("mine", "mine", &bus_preset_text(&buses)).unwrap();
            prop_assert_eq!(read.on_buses(BusSettings::default()), buses);
            let mut picture = PictureSettings::default();
            for (at, steps) in picture_changes {
                let _ = PICTURE_PARAMS[at].adjust(&mut picture, Adjust::Steps(steps));
            }
            let read = Preset::read("mine", "mine", &picture_preset_text(&picture)).unwrap();
            picture.is_bypassed = false;
            prop_assert_eq!(read.on_picture(PictureSettings::default()), picture);
            prop_assert!(read.is_for_picture() && !read.is_for_strip() && !read.is_for_buses());
        }

        #[test]
        fn no_text_panics(text in "(\\[(strip|bus|picture)\\]\n)?([a-z_]{1,9} = [a-z0-9\".-]{0,9}\n){0,3}.{0,20}") {
            let _ = Preset::read("any", "any", &text);
        }
    }
}
