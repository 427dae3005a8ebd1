//! What an operator must hear of at once, and hear when it is over.

use crate::studio::model::{DestinationState, Meters, Studio, WorkerState};

/// Everything that is wrong now, each in words that stay the same while it lasts.
#[must_use]
pub fn all(studio: &Studio, meters: &Meters, has_been_on_air: bool) -> Vec<String> {
    let mut found = Vec::new();
    let mut note = |is_so: bool, text: &str| {
        if is_so {
            found.push(text.to_owned());
        }
    };
    let is_on_air = studio.is_on_air();
    note(has_been_on_air && !is_on_air, "the show is off air");
    let silent_s = meters.silent_ms as f64 / 1000.0;
    let is_silent = studio.silence_alarm_s > 0.0 && silent_s >= studio.silence_alarm_s;
    note(is_on_air && is_silent, "program is silent");
    note(studio.occlusion.cover.is_some(), "the whole picture is covered");
    let moderation = &studio.moderation;
    note(moderation.is_program_muted, "program is muted by moderation");
    note(
        moderation.is_armed && moderation.is_unjudged_passed,
        "sound that nobody has judged goes out",
    );
    note(
        !moderation.is_armed && !moderation.lists.is_empty(),
        "moderation is off: every word goes out",
    );
    note(studio.recording.failure.is_some(), "there is no recording");
    for worker in &studio.workers {
        let is_gone = matches!(worker.state, WorkerState::Backoff { .. });
        note(is_gone, &format!("there is no {} worker", worker.name));
    }
    for destination in &studio.destinations {
        let is_lost = matches!(destination.state, DestinationState::Backoff { .. });
        let has_failed = matches!(destination.state, DestinationState::Failed { .. });
        note(is_lost, &format!("destination {} is lost", destination.name));
        note(has_failed, &format!("destination {} has failed", destination.name));
    }
    found
}
