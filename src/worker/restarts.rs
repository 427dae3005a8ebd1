//! When the next worker may start: at once, unless they die in a loop.

use crate::media::{TimeDelta, Timestamp};

/// A worker that served for less, in ms, did not really come up.
const SHORT_LIFE_MS: i64 = 1000;

/// The first pause, in ms; each further short life doubles it …
const FIRST_PAUSE_MS: i64 = 100;

/// … up to this, in ms.
const LONGEST_PAUSE_MS: i64 = 5000;

/// The lives of workers that replaced each other.
#[derive(Clone, Copy, Debug, Default)]
pub struct Restarts {
    short_lives: u32,
    not_before: Timestamp,
}

impl Restarts {
    /// A worker that served since `since` was lost at `now`. Returns how long to wait before the next one.
    pub fn lost(&mut self, since: Timestamp, now: Timestamp) -> TimeDelta {
        let is_short = now - since < TimeDelta::from_millis(SHORT_LIFE_MS);
        self.short_lives = if is_short { self.short_lives + 1 } else { 0 };
        // The first short life may be bad luck: a kill that hits the replacement as well.
        let doublings = self.short_lives.saturating_sub(2).min(16);
        let pause = if self.short_lives < 2 {
            0
        } else {
            FIRST_PAUSE_MS << doublings
        };
        let pause = TimeDelta::from_millis(pause.min(LONGEST_PAUSE_MS));
        self.not_before = now + pause;
        pause
    }

    /// Whether the next one may start now.
    #[must_use]
    pub fn may_start(&self, now: Timestamp) -> bool {
        now >= self.not_before
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pauses(lives_ms: &[i64]) -> Vec<i64> {
        let mut restarts = Restarts::default();
        let mut now = Timestamp::ZERO;
        let mut pauses = Vec::new();
        for life in lives_ms {
            let since = now;
            now += TimeDelta::from_millis(*life);
            let pause = restarts.lost(since, now);
            now += pause;
            pauses.push(pause.to_millis());
        }
        pauses
    }

    #[test]
    fn one_that_dies_now_and_then_is_replaced_at_once() {
        assert_eq!(pauses(&[1500; 30]), [0; 30]);
        assert_eq!(pauses(&[5, 60_000, 5, 60_000]), [0; 4]);
    }

    #[test]
    fn a_loop_is_slowed_down_and_forgiven() {
        assert_eq!(
            pauses(&[5, 5, 5, 5, 5, 5, 5, 5, 5, 2000, 5]),
            [0, 100, 200, 400, 800, 1600, 3200, 5000, 5000, 0, 0]
        );
    }

    proptest! {
        #[test]
        fn the_pause_is_bounded_and_kept(lives in proptest::collection::vec(0i64..3000, 1..200)) {
            let mut restarts = Restarts::default();
            let mut now = Timestamp::ZERO;
            for life in lives {
                prop_assert!(restarts.may_start(now));
                let since = now;
                now += TimeDelta::from_millis(life);
                let pause = restarts.lost(since, now);
                prop_assert!(pause <= TimeDelta::from_millis(LONGEST_PAUSE_MS));
                prop_assert_eq!(restarts.may_start(now), pause == TimeDelta::ZERO);
                now += pause;
            }
        }
    }
}
