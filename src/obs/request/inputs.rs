//! Requests about inputs: the sources of the studio, and the strips of the mixer that carry their sound.

use serde_json::{Map, Value, json};

use super::super::code::Status;
use super::super::names::{INPUT_KINDS, Thing, input_kind, mul, uuid};
use super::{Fields, Handler, Outcome, Refusal, View, done, order, words};
use crate::studio::model::{MAX_GAIN_DB, MIN_GAIN_DB, SourceModel, Studio};

pub(super) const HANDLERS: &[(&str, Handler)] = &[
    ("GetInputList", list),
    ("GetInputKindList", kinds),
    ("GetSpecialInputs", special),
    ("GetInputSettings", settings),
    ("GetInputDefaultSettings", default_settings),
    ("GetInputMute", mute),
    ("SetInputMute", set_mute),
    ("ToggleInputMute", toggle_mute),
    ("GetInputVolume", volume),
    ("SetInputVolume", set_volume),
    ("GetSourceActive", active),
];

/// `OBS_SOURCE_VIDEO` and `OBS_SOURCE_AUDIO`.
const CAPS: (u32, u32) = (1, 2);

/// An input as lists and events have it.
#[must_use]
pub fn about(studio: &Studio, source: &SourceModel) -> Value {
    let has_sound = studio.strips.iter().any(|strip| strip.name == source.name);
    let kind = input_kind(source);
    json!({
        "inputName": source.name,
        "inputUuid": uuid(Thing::Input, &source.name),
        "inputKind": kind,
        "unversionedInputKind": kind,
        "inputKindCaps": CAPS.0 | if has_sound { CAPS.1 } else { 0 },
    })
}

fn list(view: View<'_>, fields: &Fields<'_>) -> Result<Outcome, Refusal> {
    let kind = fields.maybe_text("inputKind")?;
    let sources = view.studio.sources.iter();
    let sources = sources.filter(|source| kind.is_none_or(|kind| kind == input_kind(source)));
    let inputs: Vec<_> = sources.map(|source| about(view.studio, source)).collect();
    done(json!({ "inputs": inputs }))
}

fn kinds(_: View<'_>, _: &Fields<'_>) -> Result<Outcome, Refusal> {
    done(json!({ "inputKinds": INPUT_KINDS }))
}

/// There is no sound of the machine itself in a studio: all sources have names.
fn special(_: View<'_>, _: &Fields<'_>) -> Result<Outcome, Refusal> {
    let names = ["desktop1", "desktop2", "mic1", "mic2", "mic3", "mic4"];
    let none: Map<_, _> = names.into_iter().map(|name| (name.to_owned(), Value::Null)).collect();
    done(none.into())
}

/// Where a source comes from, as it may be shown: without its secrets.
fn settings(view: View<'_>, fields: &Fields<'_>) -> Result<Outcome, Refusal> {
    let source = fields.input(view.studio)?;
    let settings = json!({ "location": source.location });
    done(json!({ "inputSettings": settings, "inputKind": input_kind(source) }))
}

fn default_settings(_: View<'_>, fields: &Fields<'_>) -> Result<Outcome, Refusal> {
    let kind = fields.text("inputKind")?;
    if !INPUT_KINDS.contains(&kind) {
        return Err(Refusal::new(Status::ResourceNotFound, "there is no such kind of input"));
    }
    done(json!({ "defaultInputSettings": {} }))
}

fn mute(view: View<'_>, fields: &Fields<'_>) -> Result<Outcome, Refusal> {
    let strip = fields.strip(view.studio)?;
    done(json!({ "inputMuted": view.studio.effective(strip).is_muted }))
}

fn set_mute(view: View<'_>, fields: &Fields<'_>) -> Result<Outcome, Refusal> {
    let strip = fields.strip(view.studio)?;
    let switch = if fields.flag("inputMuted")? { "on" } else { "off" };
    order(["mute", &strip.name, switch])
}

fn toggle_mute(view: View<'_>, fields: &Fields<'_>) -> Result<Outcome, Refusal> {
    let strip = fields.strip(view.studio)?;
    let is_muted = !strip.settings.is_muted;
    let switch = if is_muted { "on" } else { "off" };
    let answer = json!({ "inputMuted": is_muted });
    Ok(Outcome::Order(vec![words(["mute", &strip.name, switch])], Some(answer)))
}

/// A gain as both kinds of figures.
#[must_use]
pub fn gain(gain_db: f32) -> (f64, f64) {
    // As it is typed: 0.1 is not to become 0.10000000149.
    let db = (f64::from(gain_db) * 1000.0).round() / 1000.0;
    (mul(db), db)
}

fn volume(view: View<'_>, fields: &Fields<'_>) -> Result<Outcome, Refusal> {
    let (mul, db) = gain(fields.strip(view.studio)?.settings.gain_db);
    done(json!({ "inputVolumeMul": mul, "inputVolumeDb": db }))
}

/// A fader of OBS goes down to nothing; one of a strip has an end, below which mute is the right tool.
fn set_volume(view: View<'_>, fields: &Fields<'_>) -> Result<Outcome, Refusal> {
    let strip = fields.strip(view.studio)?;
    let factor = fields.maybe_number("inputVolumeMul", 0.0..=20.0)?;
    let db = match (factor, fields.maybe_number("inputVolumeDb", -100.0..=26.0)?) {
        (Some(factor), None) => 20.0 * factor.log10(),
        (None, Some(db)) => db,
        (None, None) => return Err(fields.missing("inputVolumeDb")),
        (Some(_), Some(_)) => {
            let comment = "one of inputVolumeMul and inputVolumeDb, not both";
            return Err(Refusal::new(Status::TooManyRequestFields, comment));
        }
    };
    let db = db.clamp(MIN_GAIN_DB.into(), MAX_GAIN_DB.into());
    order(["gain", &strip.name, &format!("{db:.3}")])
}

fn active(view: View<'_>, fields: &Fields<'_>) -> Result<Outcome, Refusal> {
    let studio = view.studio;
    let (is_active, is_showing) = match fields.source(studio)? {
        (Thing::Scene, name) => (studio.program == name, studio.preview == name),
        (_, name) => {
            let source = studio.sources.iter().find(|source| source.name == name);
            source.map_or((false, false), |source| (source.is_on_program, source.is_on_preview))
        }
    };
    done(json!({ "videoActive": is_active, "videoShowing": is_active || is_showing }))
}
