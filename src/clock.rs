//! The one monotonic clock of a studio. Only shells (threads, tasks, drivers) read it; logic gets time as a value.

use std::time::Instant;

use crate::media::{TimeDelta, Timestamp};

/// A clock that started at [`Timestamp::ZERO`]. Copies agree with each other.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    origin: Instant,
}

impl Clock {
    /// A clock that reads zero now.
    #[must_use]
    pub fn start() -> Self {
        Self { origin: Instant::now() }
    }

    /// The time since the start.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        Timestamp::ZERO + TimeDelta::from_duration(self.origin.elapsed())
    }

    /// The instant at which this clock reads `at`: what timers take. Times before the start give the start.
    #[must_use]
    pub fn instant_of(&self, at: Timestamp) -> Instant {
        self.origin + at.since_zero().to_duration()
    }

    /// Blocks the calling thread until the clock reads `at`.
    pub fn sleep_until(&self, at: Timestamp) {
        let wait = at - self.now();
        if wait > TimeDelta::ZERO {
            std::thread::sleep(wait.to_duration());
        }
    }
}
