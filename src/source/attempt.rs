//! One attempt of a source: what every source can do, and what those have in common that the studio clock paces.

use super::SourceError;
use super::outlet::Outlet;
use crate::media::{TimeDelta, Timestamp};

/// How an attempt ended that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// As ordered.
    Stopped,
    /// There is no more to play.
    Ended,
}

/// What delivers pictures and sound, for as long as one attempt lasts. The supervisor makes one anew for each attempt.
pub trait Source {
    /// Delivers into `outlet` until there is no more, or an order to stop comes in.
    ///
    /// # Errors
    /// What ended the attempt.
    fn run(&mut self, outlet: &mut Outlet) -> Result<Outcome, SourceError>;
}

/// A source that is paced by the studio clock and makes what is due soon.
pub trait Paced {
    /// Delivers everything that should be queued when the clock reads `now`.
    ///
    /// # Errors
    /// What makes it impossible to go on.
    fn advance(&mut self, now: Timestamp, outlet: &mut Outlet) -> Result<Progress, SourceError>;
}

/// Whether there is more to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Call again soon.
    More,
    /// All is delivered; it has been shown at the given time.
    EndsAt(Timestamp),
}

/// Pause between two calls of [`Paced::advance`]. Sources are further ahead than that.
const STEP_MS: i64 = 20;

/// Runs in real time until it ends or an order comes in.
impl<T: Paced> Source for T {
    fn run(&mut self, outlet: &mut Outlet) -> Result<Outcome, SourceError> {
        loop {
            let now = outlet.now();
            let progress = self.advance(now, outlet)?;
            outlet.report_drops(now);
            let (until, is_last) = match progress {
                Progress::More => (now + TimeDelta::from_millis(STEP_MS), false),
                Progress::EndsAt(end) => (end, true),
            };
            if !outlet.wait_until(until) {
                return Ok(Outcome::Stopped);
            }
            if is_last {
                return Ok(Outcome::Ended);
            }
        }
    }
}
