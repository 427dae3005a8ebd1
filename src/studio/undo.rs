//! What takes a command back: other commands, so that they go the same way and have the same effects.
//!
//! Taken back can be what is a setting. What has gone out, ended or been written cannot: a take, a dump, a recording.

mod line;
mod settings;

pub use line::line;

use self::settings::{buses, picture, strip};
use super::command::{Command, ItemChange, ItemRef, Kbps, PinWord, Pinned, Place, Reset, Switch, scene_at};
use super::model::{ItemPatch, Pin, PinKind, ProgramFormat, Rect, Studio, item_paths, siblings};
use super::update::controls_as_they_are;
use super::update::inverse_of_item;
use super::update::settings_preset;
use crate::scene::Preset;

/// What brings the settings back that `command` is about to change: nothing where it changes none, `None` where it cannot be
/// taken back.
#[must_use]
pub fn inverse(before: &Studio, command: &Command) -> Option<Vec<Command>> {
    let (occlusion, moderation) = (&before.occlusion, &before.moderation);
    let strip_of = |name: &str| before.strips.iter().find(|strip| strip.name == name);
    let source_of = |name: &str| before.sources.iter().find(|source| source.name == name);
    let by = match command {
        Command::Preview(_) => vec![Command::Preview(before.preview.clone())],
        Command::Transition(..) => vec![Command::Transition(
            before.transition.kind,
            Some(before.transition.duration),
        )],
        Command::Item(item, change) => vec![inverse_of_item(before, item, change)?],
        Command::SceneSet(scene, name, _) => vec![parameter(before, scene, name)?],
        Command::SceneReset(scene) => scene_as_it_is(before, scene)?,
        Command::Gain(name, _) => strip::param(strip_of(name)?, "gain_db"),
        Command::Mute(name, _) => strip::param(strip_of(name)?, "mute"),
        Command::Solo(name, _) => strip::param(strip_of(name)?, "solo"),
        Command::Denoise(name, _) => strip::param(strip_of(name)?, "denoise"),
        Command::Set(name, param, _) => strip::param(strip_of(name)?, param),
        Command::Reset(name, what) => strip::part(strip_of(name)?, *what),
        Command::CopyStrip(_, name) => strip::part(strip_of(name)?, Reset::All),
        Command::BusSet(param, _) => buses::part(&before.buses, Reset::Param(param)),
        Command::BusReset(what) => buses::part(&before.buses, *what),
        Command::PictureSet(name, param, _) => picture::part(source_of(name)?, Reset::Param(param)),
        Command::PictureReset(name, what) => picture::part(source_of(name)?, *what),
        Command::CameraSet(name, control, _) => controls_as_they_are(before, name, Some(control))?,
        Command::CameraReset(name, control) => controls_as_they_are(before, name, control.as_deref())?,
        Command::PictureCopy(_, name) => picture::part(source_of(name)?, Reset::All),
        Command::OcclusionArm(_) => vec![Command::OcclusionArm(occlusion.is_armed)],
        Command::OcclusionLevel(_) | Command::OcclusionStep(_) => vec![Command::OcclusionLevel(occlusion.level)],
        Command::RenditionLevel(name, _) => {
            let rendition = before.renditions.iter().find(|rendition| rendition.name == *name)?;
            vec![Command::RenditionLevel(name.clone(), rendition.occlusion_level)]
        }
        Command::OcclusionPolicy(_) => policy(before)?,
        Command::OcclusionMask(_) => vec![Command::OcclusionMask(occlusion.mask)],
        Command::OcclusionSticker(_) => {
            let before = Command::OcclusionSticker(occlusion.sticker.clone()?);
            vec![before, Command::OcclusionMask(occlusion.mask)]
        }
        Command::FaceExempt(track, _) => vec![Command::FaceExempt(*track, occlusion.is_exempt(*track))],
        Command::ZoneAdd(name, _) => vec![match occlusion.zones.iter().find(|zone| zone.name == *name) {
            Some(zone) => Command::ZoneAdd(name.clone(), place(zone.rect, before.format)),
            None => Command::ZoneRemove(name.clone()),
        }],
        Command::ZoneRemove(name) => {
            let zone = occlusion.zones.iter().find(|zone| zone.name == *name)?;
            vec![Command::ZoneAdd(name.clone(), place(zone.rect, before.format))]
        }
        Command::Hold(..) => vec![Command::Hold(moderation.hold.target, None)],
        Command::Moderate(_) => vec![Command::Moderate(moderation.is_armed)],
        Command::Unjudged(_) => vec![Command::Unjudged(moderation.is_unjudged_passed)],
        Command::ModerateProgram(_) => vec![Command::ModerateProgram(switch(moderation.is_program_muted))],
        Command::ModerateStrip(name, _) => {
            vec![Command::ModerateStrip(name.clone(), switch(before.is_moderated(name)))]
        }
        Command::ModerateWord(..) | Command::ModerateSpan(..) => {
            vec![Command::ModerateRestore(moderation.span_to_come())]
        }
        Command::Bitrate(_) | Command::AdaptPin(_) => pin(before, command),
        Command::Adapt(_) => vec![Command::Adapt(switch(before.adapt.state.is_on))],
        Command::AdaptPolicy(_) => {
            let name = &before.adapt.state.policy;
            before.adapt.policies.iter().find(|policy| policy.name == *name)?;
            vec![Command::AdaptPolicy(name.clone())]
        }
        Command::AdaptRelease(what) => {
            let kind = what.map(PinWord::kind);
            let pins = before.adapt.state.pins.iter();
            let released = pins.filter(|pin| kind.is_none_or(|kind| pin.kind() == kind));
            released
                .filter_map(|pin| pinned(*pin, before.format))
                .map(Command::AdaptPin)
                .collect()
        }
        Command::DestinationAdd(name, ..) => vec![Command::DestinationRemove(name.clone())],
        Command::WatchFile(_) => vec![Command::WatchFile(switch(before.live.is_watched))],
        Command::Rules(_) => vec![Command::Rules(switch(before.rules.is_on))],
        // They went out, ended, or changed what lies outside. Data comes from outside.
        Command::Take(_)
        | Command::Cut(_)
        | Command::Fade(_)
        | Command::Wipe(..)
        | Command::Stinger
        | Command::SceneSave(_)
        | Command::LoudnessReset
        | Command::PresetApply(..)
        | Command::PresetDiff(..)
        | Command::PresetSave(..)
        | Command::Record(..)
        | Command::PictureSave(..)
        | Command::RecordStart(_)
        | Command::RecordStop
        | Command::RecordSplit
        | Command::FaceRelease
        | Command::Dump(_)
        | Command::ModerateRestore(_)
        | Command::ModerateReveal(_)
        | Command::TraceStart(_)
        | Command::TraceStop
        | Command::Keyframe
        | Command::DestinationRemove(_)
        | Command::DestinationStart(_)
        | Command::DestinationStop(_)
        | Command::AlarmAck(_)
        // What was applied has a way back of its own.
        | Command::Apply(..)
        | Command::Plan(_)
        | Command::Reload
        | Command::Confirm
        | Command::Rollback
        | Command::CueLoad(_)
        | Command::CueRun(_)
        | Command::CueHold
        | Command::CueGo
        | Command::CueSkip
        | Command::CueFire(_)
        | Command::CueStop
        | Command::Retry(_)
        | Command::SourceRestart(_)
        // What was there before is noted by who does it: it is read anew.
        | Command::Sources(_)
        | Command::CameraControls(_)
        | Command::DataSet(_)
        | Command::DataMerge(_)
        | Command::DataClear
        | Command::RulesRelease
        | Command::RulesLoad(_)
        | Command::RulesExplain(_)
        | Command::End
        | Command::Undo
        | Command::Client(_) => return None,
    };
    Some(by)
}

/// What brings back what `preset` is about to change.
#[must_use]
pub fn inverse_of_preset(before: &Studio, preset: &Preset, target: Option<&str>) -> Vec<Command> {
    let mut by = Vec::new();
    if preset.is_for_picture()
        && let Some(source) = before
            .sources
            .iter()
            .find(|source| Some(source.name.as_str()) == target)
    {
        let after = preset.on_picture(source.picture);
        by.extend(picture::difference(source, &after));
    }
    if preset.is_for_strip()
        && let Some(found) = before.strips.iter().find(|strip| Some(strip.name.as_str()) == target)
    {
        let after = preset.on_strip(found.settings);
        by.extend(strip::difference(found, &after));
    }
    if preset.is_for_buses() {
        by.extend(buses::difference(&before.buses, &preset.on_buses(before.buses)));
    }
    let (done, _) = settings_preset::commands(before, preset);
    by.extend(done.iter().filter_map(|command| inverse(before, command)).flatten());
    by
}

fn switch(is_on: bool) -> Switch {
    if is_on { Switch::On } else { Switch::Off }
}

/// The place of a rectangle in shares of the program.
fn place(rect: Rect, format: ProgramFormat) -> Place {
    let share = |at: i32, all: u32| at as f32 / all.max(1) as f32;
    let Rect { x, y, width, height } = rect;
    let (w, h) = (format.width, format.height);
    Place([share(x, w), share(y, h), share(width, w), share(height, h)])
}

/// The policy with the level, the mask and the levels of renditions that another one changes.
fn policy(before: &Studio) -> Option<Vec<Command>> {
    let occlusion = &before.occlusion;
    // One that the scene file alone has cannot be had by its name.
    occlusion.policies.iter().find(|known| **known == occlusion.policy)?;
    let own = before
        .renditions
        .iter()
        .filter(|rendition| rendition.occlusion_level.is_some());
    let levels = own.map(|rendition| Command::RenditionLevel(rendition.name.clone(), rendition.occlusion_level));
    let first = [
        Command::OcclusionPolicy(occlusion.policy.name.clone()),
        Command::OcclusionMask(occlusion.mask),
        Command::OcclusionLevel(occlusion.level),
    ];
    Some(first.into_iter().chain(levels).collect())
}

/// The pin that was there, or none.
fn pin(before: &Studio, command: &Command) -> Vec<Command> {
    let word = match command {
        Command::AdaptPin(Pinned::FrameRate(_)) => PinWord::FrameRate,
        Command::AdaptPin(Pinned::Height(_)) => PinWord::Height,
        Command::AdaptPin(Pinned::Sound(_)) => PinWord::Sound,
        Command::AdaptPin(Pinned::Tier(_)) => PinWord::Tier,
        _ => PinWord::Bitrate,
    };
    let mut pins = before.adapt.state.pins.iter();
    let held = pins.find(|pin| pin.kind() == word.kind());
    if let Some(pinned) = held.and_then(|pin| pinned(*pin, before.format)) {
        return vec![Command::AdaptPin(pinned)];
    }
    let release = Command::AdaptRelease(Some(word));
    if word == PinWord::Bitrate {
        // At once, whatever the controller does with it afterwards.
        return vec![Command::Bitrate(Kbps::Set(before.encoder.video_kbps)), release];
    }
    vec![release]
}

/// A pin of the source rendition as it is typed; those of others nobody types.
fn pinned(pin: Pin, format: ProgramFormat) -> Option<Pinned> {
    const SOURCE: usize = 0;
    match (pin.kind(), pin) {
        (PinKind::Kbps(SOURCE), Pin::Kbps(_, kbps)) => Some(Pinned::Bitrate(Kbps::Set(kbps))),
        (PinKind::FrameRate(SOURCE), Pin::FrameRate(_, divisor)) => {
            let rate = format.frame_rate.as_f64() / f64::from(divisor.max(1));
            Some(Pinned::FrameRate(rate.round() as u32))
        }
        (PinKind::Height(SOURCE), Pin::Height(_, height)) => Some(Pinned::Height(height)),
        (PinKind::SoundKbps, Pin::SoundKbps(kbps)) => Some(Pinned::Sound(kbps)),
        (PinKind::Tier, Pin::Tier(tier)) => Some(Pinned::Tier(tier)),
        _ => None,
    }
}

fn put(item: &ItemRef, patch: ItemPatch) -> Command {
    Command::Item(item.clone(), ItemChange::Put(Box::new(patch)))
}

/// What sets a parameter of a scene to what it is.
fn parameter(before: &Studio, scene: &str, name: &str) -> Option<Command> {
    let scene = &before.scenes[scene_at(before, scene).ok()?];
    let (name, value) = scene.parameters.iter().find(|(known, _)| known == name)?;
    Some(Command::SceneSet(scene.name.clone(), name.clone(), value.clone()))
}

/// What sets all items and parameters of a scene to what they are.
fn scene_as_it_is(before: &Studio, scene: &str) -> Option<Vec<Command>> {
    let scene = &before.scenes[scene_at(before, scene).ok()?];
    let items = item_paths(&scene.items).into_iter().filter_map(|path| {
        let (siblings, at) = siblings(&scene.items, &path)?;
        let patch = ItemPatch {
            order: Some(ItemPatch::order(siblings)),
            ..ItemPatch::all(siblings.get(at)?)
        };
        let item = ItemRef {
            scene: scene.name.clone(),
            item: path,
        };
        Some(put(&item, patch))
    });
    let parameters = scene
        .parameters
        .iter()
        .map(|(name, value)| Command::SceneSet(scene.name.clone(), name.clone(), value.clone()));
    Some(items.chain(parameters).collect())
}
