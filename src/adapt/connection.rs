//! One destination as the controller knows it, and whether the others go on without it.
//!
//! One destination that carries far less than all the others on its line would make everybody's picture worse. So where it has
//! carried less than a share of what they carry for two seconds, the line goes on without it: its own queue drops what it cannot
//! take, until it takes everything again. Where all choke at once it is the uplink that they share, and nobody is left behind.

use super::estimator::{Estimator, Finding};
use super::quality::QualityWatch;
use crate::media::Timestamp;

/// For how long a destination that is far behind does not count before that is told.
const GRACE_MS: i64 = 2000;
/// For how long everything must get through before it counts again.
const BACK_MS: i64 = 5000;
/// An excess below this is none.
const CLEAR_MS: i64 = 30;
/// A destination that has not been heard of for that long says nothing.
const STALE_MS: i64 = 1500;

/// One destination.
#[derive(Clone, Debug)]
pub(super) struct Connection {
    pub line: usize,
    pub estimator: Estimator,
    pub quality: QualityWatch,
    pub finding: Finding,
    pub is_left_behind: bool,
    /// When its present trouble began.
    pub trouble: Option<Timestamp>,
    far_since: Option<Timestamp>,
    clear_since: Option<(Timestamp, u64)>,
}

impl Connection {
    pub(super) fn new(line: usize, now: Timestamp) -> Self {
        Self {
            line,
            estimator: Estimator::new(now),
            quality: QualityWatch::default(),
            finding: Finding::default(),
            is_left_behind: false,
            trouble: None,
            far_since: None,
            clear_since: None,
        }
    }

    /// Whether there is anything new to go by.
    pub(super) fn is_fresh(&self, now: Timestamp) -> bool {
        self.estimator
            .seen()
            .is_some_and(|seen| (now - seen).to_millis() < STALE_MS)
    }

    /// Whether the line waits for it.
    pub(super) fn counts(&self, now: Timestamp) -> bool {
        self.is_fresh(now) && !self.is_left_behind && self.far_since.is_none()
    }

    /// Whether all that it is given gets through.
    pub(super) fn is_clear(&self) -> bool {
        self.finding.excess.to_millis() < CLEAR_MS
            && self.finding.silence.to_millis() < 500
            && self.finding.wait.to_millis() < 300
    }

    /// The newest judgement.
    pub(super) fn judge(&mut self, belief: f64, patience_ms: i64, now: Timestamp) {
        self.finding = self.estimator.finding(now, belief);
        let is_troubled = self.finding.excess.to_millis() > patience_ms || self.finding.silence.to_millis() > 700;
        if is_troubled {
            self.trouble = self.trouble.or(Some(now));
        } else if self.is_clear() {
            self.trouble = None;
        }
    }

    /// What it carries, if that has been measured and is less than it is given.
    fn shortfall(&self) -> Option<f64> {
        match &self.finding {
            finding if finding.silence.to_millis() > 700 => Some(0.0),
            finding if self.trouble.is_some() && finding.is_measure => Some(finding.carried),
            _ => None,
        }
    }

    /// Compares it with what all others carry; whether it has been left behind or taken back.
    pub(super) fn compare(&mut self, others: Option<f64>, share: f64, now: Timestamp) -> bool {
        if self.is_left_behind {
            let dropped = self.estimator.newest().map_or(0, |sample| sample.dropped_frames);
            let is_back = match (self.is_clear(), self.clear_since) {
                (false, _) => {
                    self.clear_since = None;
                    false
                }
                (true, Some((since, known))) if known == dropped => (now - since).to_millis() >= BACK_MS,
                (true, _) => {
                    self.clear_since = Some((now, dropped));
                    false
                }
            };
            let is_alone = others.is_none() && share <= 0.0;
            if is_back || is_alone {
                self.is_left_behind = false;
                self.far_since = None;
                return true;
            }
            return false;
        }
        let is_far = match (self.shortfall(), others) {
            (Some(carried), Some(others)) => carried < others * share,
            // Too little is known just now: as before.
            (None, Some(_)) => self.far_since.is_some() && self.trouble.is_some(),
            (_, None) => false,
        };
        self.far_since = if is_far { self.far_since.or(Some(now)) } else { None };
        if self
            .far_since
            .is_some_and(|since| (now - since).to_millis() >= GRACE_MS)
        {
            self.is_left_behind = true;
            self.clear_since = None;
            return true;
        }
        false
    }
}
