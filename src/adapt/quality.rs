//! Good, fair, poor: what the network makes of the show, in a word that does not flicker.

use serde::{Deserialize, Serialize};

use crate::media::{TimeDelta, Timestamp};

/// How well a network carries the show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quality {
    /// Hardly: far less than was asked for, or late.
    Poor,
    /// With less than was asked for.
    Fair,
    /// As it was asked for, or nearly.
    #[default]
    Good,
}

impl Quality {
    /// As they are written, worst first.
    pub const WORDS: &'static [&'static str] = &["poor", "fair", "good"];

    /// As it is written.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::WORDS[self as usize]
    }
}

/// How long it must be better before it is called better.
const UP_AFTER_MS: i64 = 3000;
/// How long it must be worse before it is called worse.
const DOWN_AFTER_MS: i64 = 500;

/// What is judged: the share of what was asked for that goes out, and how long packets wait.
#[derive(Clone, Copy, Debug)]
pub(super) struct Showing {
    pub share: f64,
    pub wait: TimeDelta,
    pub is_out: bool,
}

impl Showing {
    /// Thresholds lie further apart on the way up than on the way down.
    fn quality(self, present: Quality) -> Quality {
        let wait = self.wait.to_millis();
        let (poor_share, poor_wait) = if present == Quality::Poor {
            (0.45, 500)
        } else {
            (0.35, 900)
        };
        let (fair_share, fair_wait) = if present == Quality::Good {
            (0.75, 400)
        } else {
            (0.85, 250)
        };
        if self.is_out || self.share < poor_share || wait > poor_wait {
            Quality::Poor
        } else if self.share < fair_share || wait > fair_wait {
            Quality::Fair
        } else {
            Quality::Good
        }
    }
}

/// Follows one destination.
#[derive(Clone, Debug, Default)]
pub(super) struct QualityWatch {
    pub quality: Quality,
    pending: Option<(Quality, Timestamp)>,
}

impl QualityWatch {
    pub(super) fn judge(&mut self, showing: Showing, now: Timestamp) {
        let meant = showing.quality(self.quality);
        if meant == self.quality {
            self.pending = None;
            return;
        }
        let since = match self.pending {
            Some((pending, since)) if (pending > self.quality) == (meant > self.quality) => since,
            _ => now,
        };
        self.pending = Some((meant, since));
        let after = if meant > self.quality {
            UP_AFTER_MS
        } else {
            DOWN_AFTER_MS
        };
        if (now - since).to_millis() >= after {
            self.quality = meant;
            self.pending = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(ms)
    }

    fn showing(share: f64, wait_ms: i64) -> Showing {
        Showing {
            share,
            wait: TimeDelta::from_millis(wait_ms),
            is_out: false,
        }
    }

    #[test]
    fn it_falls_soon_and_rises_late() {
        let mut watch = QualityWatch::default();
        for ms in (0..=500).step_by(50) {
            watch.judge(showing(0.2, 100), at(ms));
        }
        assert_eq!(watch.quality, Quality::Poor);
        for ms in (550..3500).step_by(50) {
            watch.judge(showing(1.0, 20), at(ms));
        }
        assert_eq!(watch.quality, Quality::Poor);
        watch.judge(showing(1.0, 20), at(3550));
        assert_eq!(watch.quality, Quality::Good);
    }

    #[test]
    fn a_share_on_the_edge_does_not_flicker() {
        let mut watch = QualityWatch::default();
        let mut changes = 0;
        for step in 0..2000 {
            let before = watch.quality;
            watch.judge(
                showing(if step / 40 % 2 == 0 { 0.73 } else { 0.82 }, 100),
                at(step * 50),
            );
            changes += u32::from(before != watch.quality);
        }
        assert_eq!((changes, watch.quality), (1, Quality::Fair));
    }
}
