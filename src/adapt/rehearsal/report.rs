//! What came of a rehearsal.

use super::super::change::Change;
use crate::media::Timestamp;

/// One picture that has arrived at a destination.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arrival {
    /// When it was taken, in seconds.
    pub at: f64,
    /// How long it took to arrive, in seconds.
    pub lag: f64,
}

/// What is seen every 50 ms, for charts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tick {
    /// In seconds.
    pub at: f64,
    /// What the path carries, in kbit/s.
    pub path_kbps: f64,
    /// What the first line's encoder is told, in kbit/s.
    pub target_kbps: f64,
    /// What has been carried for all destinations since the tick before, in kbit/s.
    pub carried_kbps: f64,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// Every change, and when.
    pub changes: Vec<(Timestamp, Change)>,
    /// Every 50 ms.
    pub ticks: Vec<Tick>,
    /// For each destination, the pictures that have arrived, in their order.
    pub arrivals: Vec<Vec<Arrival>>,
    /// For each destination, how many pictures its queue has dropped.
    pub lost: Vec<u64>,
    /// Pictures that were encoded.
    pub encoded: u64,
}

impl Report {
    /// The lag below which that share of a destination's pictures arrives, in seconds; 0 if none has.
    #[must_use]
    pub fn lag(&self, destination: usize, share: f64) -> f64 {
        let Some(arrivals) = self.arrivals.get(destination) else {
            return 0.0;
        };
        let mut lags: Vec<f64> = arrivals.iter().map(|arrival| arrival.lag).collect();
        lags.sort_by(f64::total_cmp);
        let at = (lags.len() as f64 * share) as usize;
        lags.get(at.min(lags.len().saturating_sub(1))).copied().unwrap_or(0.0)
    }

    /// The worst lag of pictures taken in a stretch of time, in seconds.
    #[must_use]
    pub fn worst_lag(&self, destination: usize, from: f64, to: f64) -> f64 {
        let Some(arrivals) = self.arrivals.get(destination) else {
            return 0.0;
        };
        let within = arrivals.iter().filter(|arrival| (from..to).contains(&arrival.at));
        within.map(|arrival| arrival.lag).fold(0.0, f64::max)
    }

    /// What was carried in a stretch of time, as a share of what the path could have carried.
    #[must_use]
    pub fn used(&self, from: f64, to: f64) -> f64 {
        let within = || self.ticks.iter().filter(|tick| (from..to).contains(&tick.at));
        let (carried, could) = within().fold((0.0, 0.0), |(carried, could), tick| {
            (carried + tick.carried_kbps, could + tick.path_kbps)
        });
        if could > 0.0 { carried / could } else { 0.0 }
    }

    /// The mean of what the first line's encoder was told in a stretch of time, in kbit/s.
    #[must_use]
    pub fn mean_target(&self, from: f64, to: f64) -> f64 {
        let within: Vec<f64> = self
            .ticks
            .iter()
            .filter(|tick| (from..to).contains(&tick.at))
            .map(|tick| tick.target_kbps)
            .collect();
        within.iter().sum::<f64>() / (within.len() as f64).max(1.0)
    }

    /// From when on the first line's encoder has been told at least `kbps` until the end, after `from`.
    #[must_use]
    pub fn full_from(&self, kbps: f64, from: f64) -> Option<f64> {
        let tick = self
            .ticks
            .iter()
            .find(|tick| tick.at >= from && tick.target_kbps >= kbps)?;
        Some(tick.at)
    }
}
