//! Ducking: music goes down while somebody speaks and comes back when nobody does.
//!
//! What makes it go down is a voice as it is heard on program: behind gain, mute and AFV. A muted microphone may pick up
//! whatever it likes. Music moves along straight lines in decibels, so that it sinks as evenly to the ear as a hand
//! would take it down; the strips move from block to block between the points that are given here.

use super::settings::Ducking;
use crate::media::{BLOCK_FRAMES, SAMPLE_RATE};

/// How long a block lasts.
const BLOCK_MS: f32 = BLOCK_FRAMES as f32 * 1000.0 / SAMPLE_RATE as f32;

/// One ducking for all music strips.
#[derive(Clone, Debug)]
pub struct Ducker {
    settings: Ducking,
    /// By how many dB music is down. Not negative.
    depth_db: f32,
    /// The lowest it has been since it was last up: what a release comes back from.
    deepest_db: f32,
    /// For how many more ms music stays down without a voice.
    hold_left_ms: f32,
}

impl Ducker {
    /// Nobody speaks. The settings are sanitised ones.
    #[must_use]
    pub const fn new(settings: Ducking) -> Self {
        Self {
            settings,
            depth_db: 0.0,
            deepest_db: 0.0,
            hold_left_ms: 0.0,
        }
    }

    /// Changes the settings (sanitised ones). What is down moves from where it is.
    pub const fn set(&mut self, settings: Ducking) {
        self.settings = settings;
    }

    /// By how much music is down at the end of the next block: 0 dB or less. `voice_db` is the level of the loudest voice on
    /// program in that block.
    pub fn next_block(&mut self, voice_db: f32) -> f32 {
        let settings = &self.settings;
        let is_heard = voice_db > settings.threshold_db;
        let is_down = settings.is_on && (is_heard || self.hold_left_ms > 0.0);
        self.hold_left_ms = if is_heard {
            settings.hold_ms
        } else {
            (self.hold_left_ms - BLOCK_MS).max(0.0)
        };
        let goal = if is_down { settings.by_db } else { 0.0 };
        self.depth_db = if self.depth_db < goal {
            (self.depth_db + goal * BLOCK_MS / settings.attack_ms).min(goal)
        } else {
            (self.depth_db - self.deepest_db * BLOCK_MS / settings.release_ms).max(goal)
        };
        self.deepest_db = if self.depth_db > 0.0 {
            self.deepest_db.max(self.depth_db)
        } else {
            0.0
        };
        0.0 - self.depth_db
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The gain at the end of each block while a voice of `levels` is heard.
    fn gains(ducker: &mut Ducker, levels: impl IntoIterator<Item = f32>) -> Vec<f32> {
        levels.into_iter().map(|level| ducker.next_block(level)).collect()
    }

    #[test]
    fn down_in_the_attack_held_and_back_in_the_release() {
        let mut ducker = Ducker::new(Ducking::default());
        let down = gains(&mut ducker, [-20.0; 20]);
        assert_eq!(down[..3], [-1.5, -3.0, -4.5], "in straight lines");
        assert!(
            down[6] > -12.0 && down[7..].iter().all(|gain| *gain == -12.0),
            "{down:?}"
        );
        let back = gains(&mut ducker, [-60.0; 140]);
        assert!(back[..60].iter().all(|gain| *gain == -12.0), "600 ms of hold: {back:?}");
        assert!(
            back[60] > -12.0 && back[128] < 0.0 && back[130..].iter().all(|gain| *gain == 0.0),
            "{back:?}"
        );
    }

    #[test]
    fn pauses_between_words_do_not_let_it_up() {
        let mut ducker = Ducker::new(Ducking::default());
        gains(&mut ducker, [-20.0; 20]);
        let words = (0..500).map(|block| if block % 60 < 10 { -20.0 } else { -70.0 });
        assert!(gains(&mut ducker, words).iter().all(|gain| *gain == -12.0));
    }

    #[test]
    fn what_is_below_the_threshold_or_switched_off_does_nothing() {
        let quiet = Ducking {
            threshold_db: -30.0,
            ..Ducking::default()
        };
        assert!(
            gains(&mut Ducker::new(quiet), [-30.0; 50])
                .iter()
                .all(|gain| *gain == 0.0)
        );
        let off = Ducking {
            is_on: false,
            ..Ducking::default()
        };
        assert!(
            gains(&mut Ducker::new(off), [-10.0; 50])
                .iter()
                .all(|gain| *gain == 0.0)
        );
    }

    #[test]
    fn it_comes_back_when_it_is_switched_off_or_made_less_while_down() {
        for settings in [
            Ducking {
                is_on: false,
                ..Ducking::default()
            },
            Ducking {
                by_db: 0.0,
                ..Ducking::default()
            },
        ] {
            let mut ducker = Ducker::new(Ducking::default());
            gains(&mut ducker, [-10.0; 20]);
            ducker.set(settings);
            let back = gains(&mut ducker, [-10.0; 72]);
            assert!(back[0] > -12.0 && back[68] < 0.0 && back[71] == 0.0, "{back:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_set_it_stays_between_up_and_the_deepest_set(
            steps in prop::collection::vec((0.0f32..60.0, 5.0f32..500.0, 0.0f32..5000.0, 50.0f32..5000.0, -90.0f32..0.0), 1..100)
        ) {
            let mut ducker = Ducker::new(Ducking::default());
            let mut deepest = 12.0_f32;
            for (by_db, attack_ms, hold_ms, release_ms, voice) in steps {
                deepest = deepest.max(by_db);
                ducker.set(Ducking { by_db, attack_ms, hold_ms, release_ms, ..Ducking::default() });
                prop_assert!((-deepest..=0.0).contains(&ducker.next_block(voice)));
            }
        }
    }
}
