//! What the update makes of commands to the controls of cameras.
//!
//! The model holds what the camera said last, so what is asked for can be checked here, and a refusal can say what would do. What the camera makes
//! of it comes back as a report: some round, and a control that an automatic one sees to stays as it is.

use super::{Effect, Refusal, Unit, unknown, unknown_source};
use crate::source::{ControlRange, SourceControl, SourceState};
use crate::studio::command::{Answer, Command};
use crate::studio::model::{SourceModel, Studio};

impl Unit<'_> {
    pub(super) fn camera_set(&mut self, source: &str, name: &str, word: &str) -> Result<(), Refusal> {
        let value = {
            let control = control(camera(self.studio, source)?, name)?;
            value_of(control, word).ok_or_else(|| Refusal::Control {
                control: name.to_owned(),
                word: word.to_owned(),
                expected: expected(&control.range),
            })?
        };
        self.set_control(source, name, Some(value));
        Ok(())
    }

    pub(super) fn camera_reset(&mut self, source: &str, name: Option<&str>) -> Result<(), Refusal> {
        let camera = camera(self.studio, source)?;
        let names: Vec<String> = match name {
            Some(name) => vec![control(camera, name)?.name.clone()],
            None => changed(camera).map(|control| control.name.clone()).collect(),
        };
        for name in names {
            self.set_control(source, &name, None);
        }
        Ok(())
    }

    /// Orders it, and takes it as done, so that two steps in a row are two steps. The camera's own report follows.
    fn set_control(&mut self, source: &str, name: &str, value: Option<i64>) {
        if let Some(model) = self.studio.source_mut(source)
            && let Some(control) = model.controls.iter_mut().find(|control| control.name == name)
        {
            control.value = value.unwrap_or(control.default);
        }
        self.effects
            .push(Effect::SetControl(source.to_owned(), name.to_owned(), value));
    }
}

/// What sets those controls to what they are that `camera reset` would change. What is automatic goes first: it must be off before its
/// number can be set.
pub(in crate::studio) fn controls_as_they_are(
    before: &Studio,
    source: &str,
    name: Option<&str>,
) -> Option<Vec<Command>> {
    let camera = before.sources.iter().find(|known| known.name == source)?;
    let is_meant = |control: &&SourceControl| name.is_none_or(|name| control.name == name);
    let mut controls: Vec<&SourceControl> = match name {
        Some(_) => camera.controls.iter().filter(is_meant).collect(),
        None => changed(camera).collect(),
    };
    controls.sort_by_key(|control| is_number(control));
    let set = |control: &SourceControl| {
        let (name, value) = (control.name.clone(), control.value.to_string());
        Command::CameraSet(source.to_owned(), name, value)
    };
    Some(controls.into_iter().map(set).collect())
}

/// The answer to `camera controls`: a line each for people, all of them for scripts.
pub(in crate::studio) fn controls_of(studio: &Studio, source: &str) -> Result<Answer, Refusal> {
    let camera = camera(studio, source)?;
    let lines: Vec<String> = camera.controls.iter().map(line).collect();
    let controls = serde_json::to_value(&camera.controls).unwrap_or_default();
    Ok(Answer::text(lines.join("\n")).with("controls", controls))
}

/// `focus_absolute 120 of 0 to 250 by 5 (default 0), not now`.
fn line(control: &SourceControl) -> String {
    let SourceControl {
        name,
        range,
        value,
        default,
        is_inactive,
        ..
    } = control;
    let of = match range {
        ControlRange::Menu { .. } => expected(range),
        _ => format!("of {}", expected(range)),
    };
    let state = if *is_inactive {
        ", set by an automatic control now"
    } else {
        ""
    };
    format!("{name} {value} {of} (default {default}){state}")
}

/// The source, where it is a camera that is there.
fn camera<'a>(studio: &'a Studio, name: &str) -> Result<&'a SourceModel, Refusal> {
    let source = studio.sources.iter().find(|source| source.name == name);
    let source = source.ok_or_else(|| unknown_source(studio, name))?;
    if source.controls.is_empty() {
        return Err(Refusal::NoControls(name.to_owned()));
    }
    // What is not there would not hear of it, and come back as it is.
    if source.state != SourceState::Live {
        return Err(Refusal::NotLive(name.to_owned()));
    }
    Ok(source)
}

fn control<'a>(camera: &'a SourceModel, name: &str) -> Result<&'a SourceControl, Refusal> {
    let found = camera.controls.iter().find(|control| control.name == name);
    found.ok_or_else(|| {
        let known = camera.controls.iter().map(|control| &control.name);
        unknown("control", name.to_owned(), known)
    })
}

/// The controls that are not at their default, in the order in which they can be reset: numbers while what is automatic is still off.
fn changed(camera: &SourceModel) -> impl Iterator<Item = &SourceControl> {
    let is_changed = |control: &&SourceControl| control.value != control.default && !control.is_inactive;
    let numbers = camera
        .controls
        .iter()
        .filter(is_changed)
        .filter(|control| is_number(control));
    let modes = camera
        .controls
        .iter()
        .filter(is_changed)
        .filter(|control| !is_number(control));
    numbers.chain(modes)
}

fn is_number(control: &SourceControl) -> bool {
    matches!(control.range, ControlRange::Number { .. })
}

/// What `word` means for a control; `None` where it cannot be that.
fn value_of(control: &SourceControl, word: &str) -> Option<i64> {
    let (min, max) = match &control.range {
        ControlRange::Switch => (0, 1),
        ControlRange::Number { min, max, .. } => (*min, *max),
        ControlRange::Menu { entries } => {
            let is_meant =
                |(value, name): &&(i64, String)| word.parse() == Ok(*value) || name.eq_ignore_ascii_case(word);
            return entries.iter().find(is_meant).map(|(value, _)| *value);
        }
    };
    let by = |text: &str| text.parse::<i64>().ok();
    let value = if let Some(more) = word.strip_prefix('+') {
        // As with every other command: as far as it goes.
        control.value.saturating_add(by(more)?).clamp(min, max)
    } else if let Some(less) = word.strip_prefix("-=") {
        control.value.saturating_sub(by(less)?).clamp(min, max)
    } else {
        match word {
            "on" => 1,
            "off" => 0,
            "toggle" if control.range == ControlRange::Switch => 1 - control.value,
            _ => by(word)?,
        }
    };
    (min..=max).contains(&value).then_some(value)
}

fn expected(range: &ControlRange) -> String {
    match range {
        ControlRange::Switch => "on or off".to_owned(),
        ControlRange::Number { min, max, step: 1 } => format!("{min} to {max}"),
        ControlRange::Number { min, max, step } => format!("{min} to {max} by {step}"),
        ControlRange::Menu { entries } => {
            let entries: Vec<String> = entries.iter().map(|(value, name)| format!("{value} {name}")).collect();
            format!("one of {}", entries.join(", "))
        }
    }
}

#[cfg(test)]
#[path = "camera_tests.rs"]
mod tests;
