//! Which rendition suits a viewer's network, from nothing but how late its messages are. Logic only: time comes in as a value.
//!
//! Down at once, as far as it takes; up by one, after a while without trouble. A step up that had to be taken back makes
//! the next one wait twice as long.

use crate::media::{TimeDelta, Timestamp};

/// Messages that have waited for so long are a reason to go down.
const LATE_MS: i64 = 500;

/// Less than that is no trouble at all.
const CLEAR_MS: i64 = 150;

/// Between two moves down: the last one must have had its effect.
const SETTLE_MS: i64 = 2500;

/// Without trouble for so long: up.
const UP_AFTER_MS: i64 = 8000;

/// The longest wait for a step up.
const MAX_UP_AFTER_MS: i64 = 120_000;

/// A step up that goes wrong within this was a mistake.
const TRIAL_MS: i64 = 10_000;

/// What of the measured rate may be filled.
const SHARE: f64 = 0.8;

/// Chooses for one viewer.
#[derive(Debug)]
pub(super) struct Chooser {
    /// Places of the renditions and what they take, the best first.
    ladder: Vec<(usize, u32)>,
    rung: usize,
    clear_since: Timestamp,
    moved_at: Option<Timestamp>,
    climbed_at: Option<Timestamp>,
    up_after: TimeDelta,
}

impl Chooser {
    /// Begins with rendition `current` of `renditions`, which are given by their places and kbit/s.
    pub(super) fn new(renditions: impl IntoIterator<Item = (usize, u32)>, current: usize, now: Timestamp) -> Self {
        let mut ladder = renditions.into_iter().collect::<Vec<_>>();
        ladder.sort_by_key(|(_, kbps)| std::cmp::Reverse(*kbps));
        let rung = ladder.iter().position(|(at, _)| *at == current).unwrap_or(0);
        Self {
            ladder,
            rung,
            clear_since: now,
            moved_at: None,
            climbed_at: None,
            up_after: TimeDelta::from_millis(UP_AFTER_MS),
        }
    }

    /// Says where to go, if anywhere. `delay` is how long the next message has waited, `sent_kbps` what got through of late.
    pub(super) fn look(
        &mut self,
        now: Timestamp,
        delay: TimeDelta,
        has_dropped: bool,
        sent_kbps: f64,
    ) -> Option<usize> {
        let ms = TimeDelta::from_millis;
        if has_dropped || delay > ms(CLEAR_MS) {
            self.clear_since = now;
        }
        let has_settled = self.moved_at.is_none_or(|moved| now - moved > ms(SETTLE_MS));
        if has_dropped || delay > ms(LATE_MS) {
            if !has_settled || self.rung + 1 == self.ladder.len() {
                return None;
            }
            if self.climbed_at.is_some_and(|climbed| now - climbed < ms(TRIAL_MS)) {
                self.up_after = (self.up_after * 2).min(ms(MAX_UP_AFTER_MS));
            }
            self.climbed_at = None;
            let fits = |(_, kbps): &(usize, u32)| f64::from(*kbps) < sent_kbps * SHARE;
            let below = &self.ladder[self.rung + 1..];
            let steps = below.iter().position(fits).unwrap_or(below.len() - 1);
            return Some(self.move_to(self.rung + 1 + steps, now));
        }
        if self.climbed_at.is_some_and(|climbed| now - climbed >= ms(TRIAL_MS)) {
            self.climbed_at = None;
            self.up_after = ms(UP_AFTER_MS);
        }
        if self.rung > 0 && now - self.clear_since >= self.up_after {
            self.climbed_at = Some(now);
            self.clear_since = now;
            return Some(self.move_to(self.rung - 1, now));
        }
        None
    }

    fn move_to(&mut self, rung: usize, now: Timestamp) -> usize {
        self.rung = rung;
        self.moved_at = Some(now);
        self.ladder[rung].0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// source, 720p, 480p, sound; deliberately not in order.
    const RENDITIONS: [u32; 4] = [1200, 4000, 2200, 128];

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(ms)
    }

    #[test]
    fn a_late_viewer_goes_down_to_what_fits() {
        for (sent_kbps, to) in [(3900.0, 2), (2000.0, 0), (900.0, 3), (10.0, 3)] {
            let mut chooser = Chooser::new(RENDITIONS.into_iter().enumerate(), 1, at(0));
            assert_eq!(
                chooser.look(at(1000), TimeDelta::from_millis(400), false, sent_kbps),
                None
            );
            assert_eq!(
                chooser.look(at(1100), TimeDelta::from_millis(600), false, sent_kbps),
                Some(to)
            );
            assert_eq!(
                chooser.look(at(1200), TimeDelta::from_millis(700), true, sent_kbps),
                None,
                "settles"
            );
        }
    }

    #[test]
    fn a_clear_viewer_goes_up_and_learns() {
        let mut chooser = Chooser::new(RENDITIONS.into_iter().enumerate(), 2, at(0));
        let calm = TimeDelta::from_millis(20);
        let climbs = |chooser: &mut Chooser, from: i64, until: i64| {
            (from..until)
                .step_by(100)
                .find(|ms| chooser.look(at(*ms), calm, false, 2200.0).is_some())
        };
        let first = climbs(&mut chooser, 0, 60_000).unwrap();
        assert_eq!(first, UP_AFTER_MS);
        // That was too much: the next attempt takes twice as long.
        assert_eq!(chooser.look(at(first + 4000), TimeDelta::ZERO, true, 2900.0), Some(2));
        let second = climbs(&mut chooser, first + 4100, 120_000).unwrap();
        assert_eq!(second - (first + 4000), 2 * UP_AFTER_MS);
        // This one lasts; at the top there is nowhere to go.
        assert_eq!(climbs(&mut chooser, second + 100, second + 200_000), None);
    }
}
