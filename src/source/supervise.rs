//! One thread per source, and what happens when it does not go well.
//!
//! An attempt ends by an order, at the end of a file, by an error or by a panic of a decoder. None of these goes
//! beyond the source: the reason is reported, and after a while the next attempt is made. A live source is tried again
//! with growing pauses up to ten seconds, for ever; a broken file is looked at every five. Looking for a device of this
//! machine bothers nobody: it is tried each second, and so is back within about one of its return.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::attempt::{Outcome, Source};
use super::outlet::Outlet;
use super::spec::{SourceKind, SourceSpec, SourceState};
use super::{SourceError, camera, file, microphone, pattern, pipe, rtmp, rtsp, screen};
use crate::media::TimeDelta;

/// How long to wait before the next attempt.
#[derive(Clone, Copy, Debug, Default)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// Half a second, one, two, four, eight, then always ten.
    pub fn next_pause(&mut self) -> TimeDelta {
        let pause = TimeDelta::from_millis((500_i64 << self.failures.min(5)).min(10_000));
        self.failures = self.failures.saturating_add(1);
        pause
    }

    /// The same, but never longer than `most`.
    pub fn next_pause_below(&mut self, most: TimeDelta) -> TimeDelta {
        self.next_pause().min(most)
    }

    /// It went well: the next failure is the first one again.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

/// Pause before a file that failed is looked at again.
const FILE_PAUSE_MS: i64 = 5_000;

/// The longest pause before a device of this machine is tried again.
const DEVICE_PAUSE_MS: i64 = 1_000;

/// The longest pause before a source that is away is tried again.
fn longest_pause(kind: &SourceKind) -> TimeDelta {
    TimeDelta::from_millis(match kind {
        SourceKind::Camera(_) | SourceKind::Screen(_) | SourceKind::Microphone(_) => DEVICE_PAUSE_MS,
        _ => i64::from(u16::MAX),
    })
}

/// There is nothing to play until somebody says so.
pub(super) fn wait_for_order(outlet: &mut Outlet) {
    outlet.set_state(SourceState::Ended);
    // A year is for ever: only an order wakes this thread.
    let year = TimeDelta::from_millis(365 * 86_400_000);
    outlet.wait_until(outlet.now() + year);
}

/// The body of a source's thread.
pub(super) fn supervise(spec: &SourceSpec, outlet: &mut Outlet) {
    let mut backoff = Backoff::default();
    while let Some(is_restarted) = outlet.take_restart() {
        if is_restarted {
            backoff.reset();
            outlet.set_state(SourceState::Starting);
        }
        let result = catch_unwind(AssertUnwindSafe(|| attempt(spec, outlet)))
            .unwrap_or_else(|panic| Err(SourceError::Panic(text_of(panic.as_ref()))));
        outlet.sound().finish();
        let now = outlet.now();
        match result {
            Ok(Outcome::Stopped) => {}
            Ok(Outcome::Ended) => {
                wait_for_order(outlet);
            }
            Err(error) => {
                if *outlet.state() == SourceState::Live {
                    backoff.reset();
                }
                let reason = error.to_string();
                let (state, pause) = if error.is_away() {
                    let pause = backoff.next_pause_below(longest_pause(&spec.kind));
                    (SourceState::Away { reason }, pause)
                } else {
                    (SourceState::Failed { reason }, TimeDelta::from_millis(FILE_PAUSE_MS))
                };
                // The same again and again is worth one line of the log.
                if *outlet.state() == state {
                    tracing::debug!(source = spec.name, %error, "source failed again");
                } else {
                    tracing::warn!(source = spec.name, %error, "source failed");
                }
                outlet.set_state(state);
                outlet.wait_until(now + pause);
            }
        }
    }
}

fn attempt(spec: &SourceSpec, outlet: &mut Outlet) -> Result<Outcome, SourceError> {
    let mut source: Box<dyn Source> = match &spec.kind {
        SourceKind::Pattern(pattern) => Box::new(pattern::Pattern::new(pattern, &spec.name, outlet.context())),
        SourceKind::File(file) => Box::new(file::Player::open(file, outlet)?),
        SourceKind::Rtsp(camera) => Box::new(rtsp::Camera::new(camera)),
        SourceKind::Camera(camera) => Box::new(camera::Camera::new(camera)),
        SourceKind::Screen(screen) => Box::new(screen::Screen::new(screen)),
        SourceKind::Microphone(microphone) => Box::new(microphone::Microphone::new(microphone)),
        SourceKind::Rtmp(ingest) => Box::new(rtmp::Ingest::new(ingest)),
        SourceKind::Pipe(pipe) => Box::new(pipe::Pipe::new(pipe)),
    };
    source.run(outlet)
}

fn text_of(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "panic without a message".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::devices::{MicrophoneSpec, PipeSpec};

    #[test]
    fn pauses_grow_to_ten_seconds_and_start_over() {
        let mut backoff = Backoff::default();
        let pauses: Vec<i64> = (0..8).map(|_| backoff.next_pause().to_millis()).collect();
        assert_eq!(pauses, [500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000, 10_000]);
        backoff.reset();
        assert_eq!(backoff.next_pause().to_millis(), 500);
    }

    #[test]
    fn devices_are_tried_each_second() {
        let mut backoff = Backoff::default();
        let most = longest_pause(&SourceKind::Microphone(MicrophoneSpec::default()));
        let pauses: Vec<i64> = (0..5).map(|_| backoff.next_pause_below(most).to_millis()).collect();
        assert_eq!(pauses, [500, 1_000, 1_000, 1_000, 1_000]);
        let most = longest_pause(&SourceKind::Pipe(PipeSpec::Stdin));
        assert_eq!(backoff.next_pause_below(most).to_millis(), 10_000);
    }
}
