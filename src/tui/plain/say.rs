//! Sentences: what a studio is, in words that can be read aloud.

use crate::media::TimeDelta;
use crate::studio::model::{
    Alarm, DestinationState, Event, EventLevel, HoldPhase, Meters, SourceState, Studio, TransitionKind,
};

/// A sentence out of what somebody else wrote: one line, no control character, a capital first and a full stop last.
#[must_use]
pub fn sentence(text: &str) -> String {
    let clean = |character: char| if character.is_control() { ' ' } else { character };
    let text: String = text.chars().map(clean).collect();
    let mut words = text.split_whitespace();
    let mut said = String::new();
    if let Some(first) = words.next() {
        let mut letters = first.chars();
        said.extend(letters.next().into_iter().flat_map(char::to_uppercase));
        said.push_str(letters.as_str());
    }
    for word in words {
        said.push(' ');
        said.push_str(word);
    }
    if !said.is_empty() && !said.ends_with(['.', '!', '?']) {
        said.push('.');
    }
    said
}

/// What happened.
#[must_use]
pub fn event(event: &Event) -> String {
    let level = match event.level {
        EventLevel::Info => "",
        EventLevel::Warning => "warning, ",
        EventLevel::Error => "error, ",
    };
    sentence(&format!("{level}{}: {}", event.subject, event.text))
}

/// An alarm that holds.
#[must_use]
pub fn alarm(alarm: &Alarm) -> String {
    // Not by its title: capitals are spelled out by some who read aloud.
    sentence(&format!(
        "alarm, {}: {}",
        alarm.kind.word().replace('-', " "),
        alarm.text
    ))
}

/// The same when it is over.
#[must_use]
pub fn alarm_over(alarm: &Alarm) -> String {
    sentence(&format!("alarm over: {}", alarm.kind.word().replace('-', " ")))
}

/// What became of a command.
#[must_use]
pub fn answer(name: &str, result: Result<Option<String>, String>) -> String {
    sentence(&match result {
        Ok(None) => format!("done: {name}"),
        Ok(Some(text)) => format!("done: {text}"),
        Err(reason) => format!("refused: {reason}"),
    })
}

/// The state of everything, in a few lines.
#[must_use]
pub fn status(studio: &Studio) -> Vec<String> {
    let on_air = if studio.is_on_air() { "on air" } else { "off air" };
    let since = span(TimeDelta::from_millis(studio.now.to_millis()));
    let take = match studio.transition.kind {
        TransitionKind::Cut => "a cut".to_owned(),
        TransitionKind::Wipe => format!("a wipe of {:.1} seconds", studio.transition.duration.as_secs_f64()),
        TransitionKind::Stinger => "a stinger".to_owned(),
        TransitionKind::Fade => format!("a fade of {:.1} seconds", studio.transition.duration.as_secs_f64()),
    };
    let mut lines = vec![
        format!("Show {} is {on_air}; it began {since} ago", studio.name),
        format!(
            "On program is {}, on preview {}; take is {take}",
            named(&studio.program),
            named(&studio.preview)
        ),
        list(
            "Destinations",
            studio.destinations.iter().map(|it| {
                let state = match &it.state {
                    DestinationState::Idle => "idle".to_owned(),
                    DestinationState::Connecting => "connecting".to_owned(),
                    DestinationState::Live => format!("live at {} kilobits per second", it.stats.bitrate_kbps),
                    DestinationState::Backoff { reason, .. } => format!("lost, {reason}"),
                    DestinationState::Failed { reason } => format!("failed, {reason}"),
                };
                format!("{} {state}", it.name)
            }),
        ),
        list(
            "Sources",
            studio.sources.iter().map(|it| {
                let state = match &it.state {
                    SourceState::Starting => "starting".to_owned(),
                    SourceState::Live => "live".to_owned(),
                    SourceState::Ended => "ended".to_owned(),
                    SourceState::Away { reason } => format!("away, {reason}"),
                    SourceState::Failed { reason } => format!("failed, {reason}"),
                };
                let tally = match (it.is_on_program, it.is_on_preview) {
                    (true, _) => ", on program",
                    (false, true) => ", on preview",
                    (false, false) => "",
                };
                format!("{} {state}{tally}", it.name)
            }),
        ),
        list(
            "Strips",
            studio.strips.iter().map(|it| {
                let mut said = format!("{} at {:+.1} decibels", it.name, it.settings.gain_db);
                for (is_so, word) in [
                    (studio.is_moderated(&it.name), ", muted by moderation"),
                    (it.settings.is_muted, ", muted"),
                    (it.settings.is_solo, ", solo"),
                    (it.settings.denoise.is_on, ", denoised"),
                ] {
                    said += if is_so { word } else { "" };
                }
                said
            }),
        ),
        faces(studio),
        hold(studio),
    ];
    if studio.recording.is_on {
        let megabytes = studio.recording.bytes as f64 / 1e6;
        lines.push(format!("The recording has {megabytes:.0} megabytes"));
    }
    if studio.relay.is_some() {
        lines.push(format!("{} viewers watch", studio.viewers()));
    }
    lines.iter().map(|line| sentence(line)).collect()
}

fn named(name: &str) -> &str {
    if name.is_empty() { "nothing" } else { name }
}

fn list(what: &str, parts: impl Iterator<Item = String>) -> String {
    let parts: Vec<String> = parts.collect();
    if parts.is_empty() {
        format!("{what}: none")
    } else {
        format!("{what}: {}", parts.join("; "))
    }
}

fn faces(studio: &Studio) -> String {
    let occlusion = &studio.occlusion;
    if !occlusion.is_armed {
        return "Faces are not hidden: occlusion is off".to_owned();
    }
    let level = occlusion.policy.level(studio.occlusion_level());
    let shown = level.open.iter().count();
    let count = occlusion.faces.len();
    let plural = if count == 1 { "face is" } else { "faces are" };
    let what = if level.is_open() {
        "all of each is shown".to_owned()
    } else if shown == 0 {
        "all of each is hidden".to_owned()
    } else {
        format!("{shown} regions of each are shown")
    };
    format!("{count} {plural} known; {what}")
}

fn hold(studio: &Studio) -> String {
    let hold = &studio.moderation.hold;
    if hold.now <= TimeDelta::ZERO && hold.target <= TimeDelta::ZERO {
        return "Nothing is held before air".to_owned();
    }
    let phase = match hold.phase {
        HoldPhase::Off | HoldPhase::Steady => "",
        HoldPhase::Filling => ", filling behind a slate",
        HoldPhase::Growing => ", growing",
        HoldPhase::Shrinking => ", shrinking",
    };
    format!("Held before air: {:.1} seconds{phase}", hold.now.as_secs_f64())
}

/// How loud everything is now.
#[must_use]
pub fn levels(studio: &Studio, meters: &Meters) -> Vec<String> {
    let figure = |value: Option<f32>, unit: &str| match value.filter(|value| value.is_finite()) {
        Some(value) => format!("{value:.1} {unit}"),
        None => "not known yet".to_owned(),
    };
    let peak = |peaks: [f32; 2]| match peaks[0].max(peaks[1]) {
        peak if peak > -89.5 => format!("{peak:.1} decibels"),
        _ => "silent".to_owned(),
    };
    let loudness = &meters.loudness;
    let mut lines = vec![format!(
        "Program: short-term {}, integrated {}, target {:.1}; peak {}",
        figure(loudness.short_term_lufs, "LUFS"),
        figure(loudness.integrated_lufs, "LUFS"),
        studio.buses.target_lufs,
        peak(meters.program.hold_dbfs)
    )];
    for (strip, reading) in studio.strips.iter().zip(&meters.strips) {
        let clips = if reading.is_clipping || reading.is_input_clipping {
            ", clipping"
        } else {
            ""
        };
        lines.push(format!("Strip {}: peak {}{clips}", strip.name, peak(reading.hold_dbfs)));
    }
    lines.iter().map(|line| sentence(line)).collect()
}

/// A length of time in words.
fn span(time: TimeDelta) -> String {
    let seconds = time.to_millis().max(0) / 1000;
    let part = |count: i64, unit: &str| format!("{count} {unit}{}", if count == 1 { "" } else { "s" });
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{} {}", part(hours, "hour"), part(minutes, "minute"))
    } else if minutes > 0 {
        format!("{} {}", part(minutes, "minute"), part(seconds, "second"))
    } else {
        part(seconds, "second")
    }
}
