//! What the update makes of commands to the sound desk: strips, buses, presets, and sound that follows the picture.

use super::{Effect, GAIN_RANGE_DB, Refusal, Unit, unknown_strip};
use crate::media::TimeDelta;
use crate::scene::Preset;
use crate::studio::command::{Gain, Reset};
use crate::studio::model::{
    Adjust, BUS_PARAMS, BusSettings, EventLevel, Param, STRIP_PARAMS, StripSettings, bus_param, strip_param,
};

impl Unit<'_> {
    pub(super) fn gain(&mut self, strip: &str, gain: Gain) -> Result<(), Refusal> {
        if let Gain::Set(db) = gain
            && !GAIN_RANGE_DB.contains(&db)
        {
            return Err(Refusal::Gain(format!("{db:+.1}")));
        }
        self.strip(strip, |settings| {
            settings.gain_db = match gain {
                Gain::Set(db) => db,
                Gain::Change(db) => (settings.gain_db + db).clamp(*GAIN_RANGE_DB.start(), *GAIN_RANGE_DB.end()),
            };
            None
        })
    }

    /// Changes a strip and tells the mixer; `change` says what is worth an event.
    pub(super) fn strip(
        &mut self,
        name: &str,
        change: impl FnOnce(&mut StripSettings) -> Option<&'static str>,
    ) -> Result<(), Refusal> {
        let Some(at) = self.studio.strips.iter().position(|strip| strip.name == name) else {
            return Err(unknown_strip(self.studio, name));
        };
        let settings = &mut self.studio.strips[at].settings;
        let told = change(settings);
        let settings = self.studio.effective(&self.studio.strips[at]);
        self.effects.push(Effect::Strip(at, settings));
        if let Some(text) = told {
            self.event(EventLevel::Info, format!("strip {name}"), text);
        }
        Ok(())
    }

    pub(super) fn set(&mut self, strip: &str, name: &'static str, adjust: Adjust) -> Result<(), Refusal> {
        let Some(param) = strip_param(name) else {
            return Err(no_parameter(name));
        };
        // Tried on a copy: what is refused changes nothing.
        let mut tried = self.strip_settings(strip)?;
        adjusted(param, &mut tried, adjust)?;
        self.strip(strip, |settings| {
            *settings = tried;
            match name {
                "mute" => Some(if tried.is_muted { "muted" } else { "unmuted" }),
                _ => None,
            }
        })
    }

    pub(super) fn reset(&mut self, strip: &str, what: Reset) -> Result<(), Refusal> {
        self.strip(strip, |settings| {
            reset(settings, STRIP_PARAMS, what, is_heard_now);
            (what == Reset::All).then_some("back to the defaults")
        })
    }

    pub(super) fn copy_strip(&mut self, from: &str, to: &str) -> Result<(), Refusal> {
        let source = self.strip_settings(from)?;
        self.strip(to, |settings| {
            for param in STRIP_PARAMS.iter().filter(|param| !is_heard_now(param.name)) {
                (param.set)(settings, (param.get)(&source));
            }
            None
        })?;
        self.event(
            EventLevel::Info,
            format!("strip {to}"),
            format!("has the sound of {from}"),
        );
        Ok(())
    }

    pub(super) fn bus_set(&mut self, name: &'static str, adjust: Adjust) -> Result<(), Refusal> {
        let Some(param) = bus_param(name) else {
            return Err(no_parameter(name));
        };
        let mut tried = self.studio.buses;
        adjusted(param, &mut tried, adjust)?;
        self.set_buses(tried);
        Ok(())
    }

    pub(super) fn bus_reset(&mut self, what: Reset) {
        let mut buses = self.studio.buses;
        reset(&mut buses, BUS_PARAMS, what, |_| false);
        self.set_buses(buses);
    }

    /// Gives a preset to what it is for. Nothing changes where it does not fit.
    pub(super) fn apply_preset(&mut self, preset: &Preset, strip: Option<&str>) -> Result<(), Refusal> {
        let target = check_target(preset, strip)?;
        self.apply_settings(preset)?;
        if let Some(source) = target.filter(|_| preset.is_for_picture()) {
            // A source that may have sound has a strip: what is known as one is known as the other.
            self.picture(source, |settings| *settings = preset.on_picture(*settings))?;
            self.event(
                EventLevel::Info,
                format!("source {source}"),
                format!("preset {}", preset.name),
            );
        }
        if let Some(strip) = target.filter(|_| preset.is_for_strip()) {
            self.strip(strip, |settings| {
                *settings = preset.on_strip(*settings);
                None
            })?;
            self.event(
                EventLevel::Info,
                format!("strip {strip}"),
                format!("preset {}", preset.name),
            );
        }
        if preset.is_for_buses() {
            self.set_buses(preset.on_buses(self.studio.buses));
            self.event(EventLevel::Info, "buses", format!("preset {}", preset.name));
        }
        Ok(())
    }

    /// Tells the mixer which sources have come on program and which have left it, `last` being the scene before.
    pub(super) fn follow_video(&mut self, last: &str, over: TimeDelta) {
        for at in 0..self.studio.strips.len() {
            let studio = &*self.studio;
            let (was, is) = (
                studio.is_in_scene(last, &studio.strips[at].name),
                studio.is_in_scene(&studio.program, &studio.strips[at].name),
            );
            if was != is {
                self.effects.push(Effect::OnProgram(at, is, over));
            }
        }
    }

    fn set_buses(&mut self, buses: BusSettings) {
        self.studio.buses = buses;
        self.effects.push(Effect::Buses(buses));
    }

    fn strip_settings(&self, name: &str) -> Result<StripSettings, Refusal> {
        let strip = self.studio.strips.iter().find(|strip| strip.name == name);
        strip
            .map(|strip| strip.settings)
            .ok_or_else(|| unknown_strip(self.studio, name))
    }
}

/// The strip or the source that `preset` is to be applied to, if it is for one.
pub(in crate::studio) fn check_target<'a>(preset: &Preset, strip: Option<&'a str>) -> Result<Option<&'a str>, Refusal> {
    match (preset.is_for_strip() || preset.is_for_picture(), strip) {
        (true, None) if preset.is_for_strip() => Err(Refusal::NeedsStrip(preset.name.clone())),
        (true, None) => Err(Refusal::NeedsSource(preset.name.clone())),
        (false, Some(_)) => Err(Refusal::NotForStrip(preset.name.clone())),
        (_, strip) => Ok(strip),
    }
}

/// Whether a parameter says what is heard at this moment rather than how it sounds: resets and copies leave it alone.
fn is_heard_now(name: &str) -> bool {
    matches!(name, "mute" | "solo" | "afv")
}

pub(super) fn no_parameter(name: &'static str) -> Refusal {
    Refusal::Parameter {
        parameter: name,
        expected: "no parameter".to_owned(),
    }
}

pub(super) fn adjusted<S>(param: &Param<S>, settings: &mut S, adjust: Adjust) -> Result<(), Refusal> {
    param.adjust(settings, adjust).map_err(|misfit| Refusal::Parameter {
        parameter: param.name,
        expected: misfit.expected,
    })
}

/// Brings what `what` says back to its default, but for parameters that are `kept` where all are meant.
pub(super) fn reset<S: Default>(settings: &mut S, params: &[Param<S>], what: Reset, is_kept: impl Fn(&str) -> bool) {
    for param in params {
        let is_meant = match what {
            Reset::All => !is_kept(param.name),
            Reset::Stage(stage) => param.stage == stage && !is_kept(param.name),
            Reset::Param(name) => param.name == name,
        };
        if is_meant {
            (param.set)(settings, param.default_value());
        }
    }
}
