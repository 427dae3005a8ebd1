//! Which commands reveal something or end it: those a screen asks about before it sends them. What hides more never waits
//! for an answer.

use super::action::Command;
use crate::studio::model::Studio;

/// Whether `command`, carried out now, would show what is hidden, let out what is held back, or end something for good.
#[must_use]
pub fn reveals_or_ends(command: &Command, studio: &Studio) -> bool {
    let (occlusion, moderation) = (&studio.occlusion, &studio.moderation);
    match command {
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
        Command::FaceRelease
        | Command::ZoneRemove(_)
        | Command::ModerateRestore(_)
        | Command::ModerateReveal(_)
        | Command::DestinationRemove(_)
        | Command::DestinationStop(_)
        | Command::RecordStop
        | Command::End => true,
        Command::Undo => studio.undo.next.as_ref().is_some_and(|note| note.is_asked),
        Command::Take(_)
        | Command::Cut(_)
        | Command::Fade(_)
        | Command::Preview(_)
        | Command::Transition(..)
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
        | Command::Retry(_)
        | Command::SourceRestart(_)
        | Command::Client(_) => false,
    }
}
