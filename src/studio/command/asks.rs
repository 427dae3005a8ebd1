//! Which commands reveal something or end it: those a screen asks about before it sends them. What hides more never waits
//! for an answer.

use super::action::{Command, Switch};
use super::item::ItemChange;
use super::item_patch::{item_of, leaves_a_zone, may_leave_a_zone, meant, scene_at};
use super::parse::{parse, split_words};
use super::sources::SourcesCommand;
use crate::studio::model::{CueList, Studio};

/// Whether `command`, carried out now, would show what is hidden, let out what is held back, or end something for good.
#[must_use]
pub fn reveals_or_ends(command: &Command, studio: &Studio) -> bool {
    let (occlusion, moderation) = (&studio.occlusion, &studio.moderation);
    match command {
        Command::Sources(command) => sources_reveal(command, studio),
        Command::OcclusionArm(is_armed) | Command::Moderate(is_armed) => !is_armed,
        Command::OcclusionLevel(level) => *level > occlusion.level,
        Command::OcclusionStep(is_more_hidden) => !is_more_hidden,
        Command::RenditionLevel(name, level) => {
            let of = studio.renditions.iter().find(|rendition| rendition.name == *name);
            // One that is not there shows nothing; the studio says so.
            of.is_none_or(|now| {
                level.unwrap_or(occlusion.level) > now.occlusion_level.unwrap_or(occlusion.level)
            })
        }
        Command::FaceExempt(_, is_exempt) => *is_exempt,
        // One of that name is moved: what it hid is shown.
        Command::ZoneAdd(name, place) => {
            let rect = place.on(studio.format);
            occlusion.zones.iter().any(|zone| zone.name == *name && zone.rect != rect)
        }
        Command::Hold(hold, _) => *hold < moderation.hold.target,
        Command::Unjudged(is_passed) => *is_passed,
        Command::ModerateProgram(switch) => moderation.is_program_muted && !switch.apply(true),
        Command::ModerateStrip(name, switch) => studio.is_moderated(name) && !switch.apply(true),
        Command::PresetSave(_, _, is_replacing) | Command::PictureSave(_, _, is_replacing) => *is_replacing,
        // Screens do not know how the file has it: where anything differs, a reset may show anything.
        Command::Item(item, ItemChange::Reset) => item_of(studio, item).is_ok_and(|(scene, path)| {
            let scene = &studio.scenes[scene].name;
            studio.edits.has_item(scene, &path) && may_leave_a_zone(studio, scene)
        }),
        Command::SceneReset(scene) => scene_at(studio, scene).is_ok_and(|scene| {
            let scene = &studio.scenes[scene].name;
            let changed = studio.edits.of(scene);
            changed.is_some_and(|changed| !changed.items.is_empty()) && may_leave_a_zone(studio, scene)
        }),
        Command::Item(item, change) => meant(studio, item, change).is_ok_and(|meant| leaves_a_zone(studio, &meant)),
        Command::FaceRelease
        | Command::ZoneRemove(_)
        | Command::ModerateRestore(_)
        | Command::ModerateReveal(_)
        | Command::DestinationRemove(_)
        | Command::DestinationStop(_)
        | Command::RecordStop
        | Command::CueStop
        | Command::End => true,
        Command::CueFire(name) => cue_reveals(studio, |list| list.find(name)),
        // A run that is held goes on as it was planned.
        Command::CueGo => {
            let run = studio.cues.active().filter(|_| studio.cues.is_running());
            run.is_some_and(|run| cue_reveals(studio, |list| run.first_by_hand(list)))
        }
        Command::Undo => studio.undo.next.as_ref().is_some_and(|note| note.is_asked),
        Command::Take(_)
        | Command::Cut(_)
        | Command::Fade(_)
        | Command::Wipe(..)
        | Command::Stinger
        | Command::Preview(_)
        | Command::Transition(..)
        | Command::SceneSet(..)
        | Command::SceneSave(_)
        | Command::Gain(..)
        | Command::Mute(..)
        | Command::Solo(..)
        | Command::Denoise(..)
        | Command::Set(..)
        | Command::Reset(..)
        | Command::CopyStrip(..)
        | Command::BusSet(..)
        | Command::BusReset(_)
        | Command::LoudnessReset
        | Command::PresetApply(..)
        | Command::PresetDiff(..)
        | Command::Record(..)
        | Command::PictureSet(..)
        | Command::PictureReset(..)
        | Command::PictureCopy(..)
        | Command::RecordStart(_)
        | Command::RecordSplit
        // Another policy begins with the level that hides everything.
        | Command::OcclusionPolicy(_)
        | Command::OcclusionMask(_)
        | Command::OcclusionSticker(_)
        | Command::Dump(_)
        | Command::ModerateWord(..)
        | Command::ModerateSpan(..)
        | Command::Bitrate(_)
        | Command::Adapt(_)
        | Command::AdaptPolicy(_)
        | Command::AdaptPin(_)
        | Command::AdaptRelease(_)
        | Command::TraceStart(_)
        | Command::TraceStop
        | Command::Keyframe
        | Command::DestinationAdd(..)
        | Command::DestinationStart(_)
        | Command::AlarmAck(_)
        | Command::Apply(..)
        | Command::Plan(_)
        | Command::Reload
        | Command::Confirm
        | Command::Rollback
        | Command::WatchFile(_)
        | Command::CueLoad(_)
        | Command::CueRun(_)
        | Command::CueHold
        | Command::CueSkip
        | Command::Retry(_)
        | Command::SourceRestart(_)
        | Command::CameraControls(_)
        | Command::CameraSet(..)
        | Command::CameraReset(..)
        | Command::DataSet(_)
        | Command::DataMerge(_)
        | Command::DataClear
        | Command::Rules(_)
        | Command::RulesRelease
        | Command::RulesLoad(_)
        | Command::RulesExplain(_)
        | Command::Client(_) => false,
    }
}

/// The arguments of `command` as whoever sees `studio` means them: who switches a mute of moderation wants the other of what the
/// screen shows. Somebody else may do so at the same moment, and two who mute must not end in what is heard.
#[must_use]
pub fn meant_args(command: &Command, args: Vec<String>, studio: &Studio) -> Vec<String> {
    let other = |is_on: bool| if is_on { "off" } else { "on" }.to_owned();
    match command {
        Command::ModerateProgram(Switch::Toggle) => vec![other(studio.moderation.is_program_muted)],
        Command::ModerateStrip(name, Switch::Toggle) => vec![name.clone(), other(studio.is_moderated(name))],
        _ => args,
    }
}

/// Whether something that is done to sources changes what is seen on program, or takes something out.
fn sources_reveal(command: &SourcesCommand, studio: &Studio) -> bool {
    let is_seen = |scene: &str| {
        let at = scene_at(studio, scene);
        at.is_ok_and(|at| studio.scenes[at].name == studio.program)
    };
    match command {
        SourcesCommand::Remove(name) => studio.scenes_with(name).next().is_some(),
        SourcesCommand::Revert => !studio.choosing.unsaved.is_empty(),
        SourcesCommand::AddItem(scene, ..) => is_seen(scene),
        SourcesCommand::RemoveItem(..) => true,
        SourcesCommand::Back(before) => before.is_asked,
        SourcesCommand::Find
        | SourcesCommand::Try(_)
        | SourcesCommand::Keep(_)
        | SourcesCommand::Drop
        | SourcesCommand::Add(..)
        | SourcesCommand::Rename(..)
        | SourcesCommand::Move(..)
        | SourcesCommand::Save(_) => false,
    }
}

/// Whether a command of the cue that `find` finds reveals or ends something now.
fn cue_reveals(studio: &Studio, find: impl FnOnce(&CueList) -> Option<usize>) -> bool {
    let Some(list) = &studio.cues.list else { return false };
    let cue = find(list).and_then(|at| list.cues.get(at));
    let lines = cue.into_iter().flat_map(|cue| &cue.lines);
    let mut commands = lines.filter_map(|line| parse(&split_words(line)).ok());
    // No cue fires cues: this ends.
    commands.any(|command| reveals_or_ends(&command, studio))
}
