//! What this screen has heard of program: how loud it was, second by second.

use std::collections::VecDeque;

use crate::media::Timestamp;
use crate::studio::model::History;

/// Ten minutes.
const SECONDS_KEPT: usize = 600;

/// Short-term loudness, one value per second.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Heard {
    newest_first: VecDeque<Option<f32>>,
    /// The second of the newest value.
    second: Option<i64>,
}

impl Heard {
    /// Takes note of a loudness; of several within a second the last counts. Seconds without any are gaps.
    pub fn note(&mut self, now: Timestamp, short_term_lufs: Option<f32>) {
        let second = now.to_millis().div_euclid(1000);
        let gap = self
            .second
            .map_or(1, |before| (second - before).clamp(0, SECONDS_KEPT as i64));
        for _ in 0..gap {
            self.newest_first.push_front(None);
        }
        self.newest_first.truncate(SECONDS_KEPT);
        if let Some(newest) = self.newest_first.front_mut() {
            *newest = short_term_lufs;
        }
        self.second = self.second.max(Some(second));
    }

    /// Begins with what the studio has heard before this screen was there.
    pub fn recall(&mut self, history: &History) {
        if self.second.is_none() {
            for sample in history.iter() {
                self.note(sample.at, sample.lufs);
            }
        }
    }

    /// The loudness of so many seconds ago.
    #[must_use]
    pub fn ago(&self, seconds: usize) -> Option<f32> {
        self.newest_first.get(seconds).copied().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_per_second_and_gaps_between() {
        let mut heard = Heard::default();
        let mut note = |ms, lufs: f32| heard.note(Timestamp::from_millis(ms), Some(lufs));
        note(10, -20.0);
        note(60, -21.0);
        note(1_020, -22.0);
        note(3_000, -23.0);
        note(2_990, -24.0);
        let seen: Vec<Option<f32>> = (0..5).map(|ago| heard.ago(ago)).collect();
        assert_eq!(seen, [Some(-24.0), None, Some(-22.0), Some(-21.0), None]);
        heard.note(Timestamp::from_millis(90_000_000), None);
        assert_eq!(heard.newest_first.len(), SECONDS_KEPT);
        assert!(heard.newest_first.iter().all(Option::is_none));
    }
}
