//! Presets of settings on a show that is on: their commands, as if they had been typed, but for those that would reveal something.
//!
//! Whoever applies a preset knows its name and not every line of it. What is hidden or held back stays so until somebody says
//! the very command.

use super::Unit;
use crate::scene::{LiveSettings, Preset};

use crate::studio::command::{Command, Kbps, Switch, reveals_or_ends};
use crate::studio::model::{EventLevel, Studio};
use crate::studio::update::{Input, Refusal, update};

/// The words behind `preset save NAME` that mean settings instead of a strip.
pub const PARTS: [&str; 4] = ["video", "occlusion", "moderation", "adapt"];

/// The commands that do what `preset` says: those that are done, and those that are not because they would reveal something.
pub(in crate::studio) fn commands(studio: &Studio, preset: &Preset) -> (Vec<Command>, Vec<Command>) {
    let live = preset.live();
    let mut all = Vec::new();
    all.extend(live.occlusion_policy.clone().map(Command::OcclusionPolicy));
    all.extend(live.mask.map(Command::OcclusionMask));
    all.extend(live.occlusion_level.map(Command::OcclusionLevel));
    all.extend(live.is_armed.map(Command::OcclusionArm));
    all.extend(live.hold.map(|hold| Command::Hold(hold, None)));
    all.extend(live.is_unjudged_passed.map(Command::Unjudged));
    match live.adapt_policy.as_deref() {
        Some("off") => all.push(Command::Adapt(Switch::Off)),
        Some(name) => all.extend([Command::AdaptPolicy(name.to_owned()), Command::Adapt(Switch::On)]),
        None => {}
    }
    all.extend(live.bitrate_kbps.map(|kbps| Command::Bitrate(Kbps::Set(kbps))));
    all.into_iter().partition(|command| !reveals_or_ends(command, studio))
}

/// What is set now of `part`, one of [`PARTS`], as a preset would have it.
pub(in crate::studio) fn settings_of(studio: &Studio, part: &str) -> Option<LiveSettings> {
    let (occlusion, moderation, adapt) = (&studio.occlusion, &studio.moderation, &studio.adapt.state);
    let usual = LiveSettings::default();
    Some(match part {
        "video" => LiveSettings {
            bitrate_kbps: Some(studio.encoder.video_kbps),
            ..usual
        },
        "occlusion" => LiveSettings {
            occlusion_policy: Some(occlusion.policy.name.clone()),
            mask: Some(occlusion.mask),
            occlusion_level: Some(occlusion.level),
            is_armed: Some(occlusion.is_armed),
            ..usual
        },
        "moderation" => LiveSettings {
            hold: Some(moderation.hold.target),
            is_unjudged_passed: Some(moderation.is_unjudged_passed),
            ..usual
        },
        "adapt" => LiveSettings {
            adapt_policy: Some(if adapt.is_on {
                adapt.policy.clone()
            } else {
                "off".to_owned()
            }),
            ..usual
        },
        _ => return None,
    })
}

/// What `preset` would change, each as its key, the value of now and that of the preset, as they would be written.
pub(in crate::studio) fn differences(studio: &Studio, preset: &Preset) -> Vec<(String, String, String)> {
    let mut now = LiveSettings::default();
    for part in PARTS {
        let Some(found) = settings_of(studio, part) else {
            continue;
        };
        now = LiveSettings {
            bitrate_kbps: now.bitrate_kbps.or(found.bitrate_kbps),
            occlusion_policy: now.occlusion_policy.or(found.occlusion_policy),
            mask: now.mask.or(found.mask),
            occlusion_level: now.occlusion_level.or(found.occlusion_level),
            is_armed: now.is_armed.or(found.is_armed),
            hold: now.hold.or(found.hold),
            is_unjudged_passed: now.is_unjudged_passed.or(found.is_unjudged_passed),
            adapt_policy: now.adapt_policy.or(found.adapt_policy),
            waiting: Vec::new(),
        };
    }
    let (now, then) = (now.preset_text(), preset.live().preset_text());
    let value = |text: &str, wanted: &str| {
        let lines = keys(text);
        lines
            .into_iter()
            .find_map(|(key, value)| (key == wanted).then_some(value))
    };
    let changed = keys(&then).into_iter().filter_map(|(key, then)| {
        let now = value(&now, &key)?;
        (now != then).then_some((key, now, then))
    });
    changed.collect()
}

/// The keys of a preset's text, dotted, with their values as written.
fn keys(text: &str) -> Vec<(String, String)> {
    let mut table = "";
    let mut found = Vec::new();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            table = name;
        } else if let Some((key, value)) = line.split_once(" = ") {
            found.push((format!("{table}.{key}"), value.to_owned()));
        }
    }
    found
}

impl Unit<'_> {
    /// Sets what `preset` says of encoder, occlusion, moderation and adaptation. Nothing changes where one of its commands is refused.
    pub(super) fn apply_settings(&mut self, preset: &Preset) -> Result<(), Refusal> {
        let (done, left) = commands(self.studio, preset);
        let mut trial = self.studio.clone();
        for command in &done {
            update(&mut trial, Input::Command(command.clone()), self.now)?;
        }
        for command in done {
            self.command(command)?;
        }
        let subject = format!("preset {}", preset.name);
        for command in left {
            let line = crate::studio::undo::line(&command).unwrap_or_default();
            let text = format!("\"{line}\" was left out: it would reveal something; give the command itself");
            self.event(EventLevel::Warning, subject.clone(), text);
        }
        let waiting = &preset.live().waiting;
        if !waiting.is_empty() {
            let text = format!("for the next start: {}", waiting.join(", "));
            self.event(EventLevel::Info, subject, text);
        }
        Ok(())
    }
}
