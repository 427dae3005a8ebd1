//! What the update makes of reports: from sources, destinations, workers, and the pipeline's measurements.

use super::Unit;
use crate::media::TimeDelta;
use crate::studio::model::{DestinationState, EventLevel, SourceState, Stats, WorkerModel, WorkerReport, WorkerState};

/// Seconds above target that are worth a word: a cut or a GOP's IDR is over sooner.
const OVER_TARGET_SECONDS: u32 = 3;

impl Unit<'_> {
    pub(super) fn source_state(&mut self, name: &str, state: SourceState) {
        let Some(source) = self.studio.source_mut(name) else {
            return;
        };
        if source.state == state {
            return;
        }
        source.state = state.clone();
        let (level, text) = match state {
            SourceState::Starting => return,
            SourceState::Live => (EventLevel::Info, "is live".to_owned()),
            SourceState::Ended => (EventLevel::Info, "has ended".to_owned()),
            SourceState::Away { reason } => (EventLevel::Warning, format!("is away: {reason}")),
            SourceState::Failed { reason } => (EventLevel::Error, format!("has failed: {reason}")),
        };
        self.event(level, format!("source {name}"), text);
    }

    pub(super) fn destination_state(&mut self, name: &str, state: &DestinationState) {
        let Some(destination) = self.studio.destination_mut(name) else {
            return;
        };
        let last = std::mem::replace(&mut destination.state, state.clone());
        let (loss, level, text) = match state {
            DestinationState::Connecting => return,
            DestinationState::Idle => (None, EventLevel::Info, "is idle".to_owned()),
            DestinationState::Live => (None, EventLevel::Info, "is live".to_owned()),
            DestinationState::Backoff { reason, .. } => {
                (Some(reason.clone()), EventLevel::Warning, format!("is lost: {reason}"))
            }
            DestinationState::Failed { reason } => (None, EventLevel::Error, format!("has failed: {reason}")),
        };
        // Attempts that fail for the same reason are one outage; a new reason is news.
        let is_news = if loss.is_some() {
            destination.loss != loss
        } else {
            last != *state
        };
        destination.loss = loss;
        if is_news {
            self.event(level, format!("destination {name}"), text);
        }
    }

    pub(super) fn worker(&mut self, name: &str, report: WorkerReport) {
        let at = self.studio.workers.iter().position(|worker| worker.name == name);
        let at = at.unwrap_or_else(|| {
            self.studio.workers.push(WorkerModel {
                name: name.to_owned(),
                state: WorkerState::Starting,
                pid: None,
                losses: 0,
                last_loss: None,
            });
            self.studio.workers.len() - 1
        });
        let worker = &mut self.studio.workers[at];
        let (level, text) = match report {
            WorkerReport::State(state, pid) => {
                let is_news = state == WorkerState::Slow && worker.state != state;
                worker.state = state;
                worker.pid = pid;
                if !is_news {
                    return;
                }
                (EventLevel::Warning, "is slow, and gets on with it".to_owned())
            }
            WorkerReport::Lost(reason, pause) => {
                // One that never came up is told once, however often it is tried in vain.
                let is_told = worker.pid.is_none() && worker.last_loss.as_ref() == Some(&reason);
                worker.losses += 1;
                worker.pid = None;
                worker.last_loss = Some(reason.clone());
                // One that is replaced at once is told when it has been.
                if pause == TimeDelta::ZERO || is_told {
                    return;
                }
                let text = format!("lost: {reason}; the next one starts in {:.1} s", pause.as_secs_f64());
                (EventLevel::Error, text)
            }
            WorkerReport::Replaced(reason, after) => {
                let text = format!("replaced within {} ms: {reason}", after.to_millis());
                (EventLevel::Warning, text)
            }
            WorkerReport::SpareLost(reason) => (EventLevel::Info, format!("the spare was lost: {reason}")),
        };
        self.event(level, format!("worker {name}"), text);
    }

    pub(super) fn stats(&mut self, stats: Stats) {
        let last = std::mem::replace(&mut self.studio.stats, stats);
        let skipped = stats.skipped_frames.saturating_sub(last.skipped_frames);
        if skipped > 0 {
            self.event(
                EventLevel::Warning,
                "encoder",
                format!("late: {skipped} frames skipped"),
            );
        }
        let skipped = stats.skipped_in_renditions.saturating_sub(last.skipped_in_renditions);
        if skipped > 0 {
            let text = format!("late: {skipped} frames of smaller renditions skipped");
            self.event(EventLevel::Warning, "encoder", text);
        }
        self.watch_bitrate(stats.video_kbps);
        let late = stats.late_ticks.saturating_sub(last.late_ticks);
        if late > 0 {
            self.event(EventLevel::Warning, "program", format!("late: {late} ticks missed"));
        }
        let late = stats.late_blocks.saturating_sub(last.late_blocks);
        if late > 0 {
            self.event(
                EventLevel::Warning,
                "sound",
                format!("late: {late} blocks of 10 ms missed"),
            );
        }
    }

    /// Tells once when the content is too hard for the bitrate: the encoder then spends more, and the network may not have it.
    fn watch_bitrate(&mut self, measured: u32) {
        let encoder = &mut self.studio.encoder;
        let target = encoder.video_kbps;
        let is_over = measured > target + target / 5;
        encoder.seconds_over = if is_over { encoder.seconds_over + 1 } else { 0 };
        if encoder.seconds_over == OVER_TARGET_SECONDS {
            let text = format!("the picture is too hard for {target} kbit/s: {measured} are sent");
            self.event(EventLevel::Warning, "encoder", text);
        }
    }
}
