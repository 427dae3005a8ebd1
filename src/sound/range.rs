//! The loudness range of a programme, EBU Tech 3342 (version 3, 2016): how far apart its quiet and loud parts are.
//!
//! Short-term loudness, ten times a second (the `ebur128` crate takes it once a second, as the version of 2011 allowed; of
//! half a minute that is 0.7 LU off), gated at −70 LUFS and at 20 LU below the mean of what is left; then the distance between
//! the 10th and the 95th percentile. A histogram of 0.05 LU holds hours in as much memory as a second.

use super::k_weighting::lufs;

/// The absolute gate, and where the histogram begins. 12 LUFS is louder than full scale can be.
const LOWEST_LUFS: f64 = -70.0;
const BINS_PER_LU: f64 = 20.0;
const BINS: usize = 82 * 20;

/// The relative gate: 20 LU.
const RELATIVE_GATE: f64 = 0.01;

/// The quiet and the loud end.
const LOW_SHARE: f64 = 0.10;
const HIGH_SHARE: f64 = 0.95;

/// Collects short-term loudness.
#[derive(Clone, Debug)]
pub struct LoudnessRange {
    counts: Box<[u32; BINS]>,
    /// Of all that is above the absolute gate: the power, and how many.
    power: f64,
    count: u64,
}

impl LoudnessRange {
    /// Nothing collected.
    #[must_use]
    pub fn new() -> Self {
        Self {
            counts: Box::new([0; BINS]),
            power: 0.0,
            count: 0,
        }
    }

    /// Forgets everything.
    pub fn reset(&mut self) {
        self.counts.fill(0);
        self.power = 0.0;
        self.count = 0;
    }

    /// Takes the K-weighted power of the last three seconds; to be called every 100 ms.
    pub fn add(&mut self, power: f64) {
        let level = lufs(power);
        if level >= LOWEST_LUFS {
            let counter = &mut self.counts[bin(level)];
            *counter = counter.saturating_add(1);
            self.power += power;
            self.count += 1;
        }
    }

    /// The range in LU. `None` before there was anything above the gate.
    #[must_use]
    pub fn range_lu(&self) -> Option<f64> {
        if self.count == 0 {
            return None;
        }
        let gate = lufs(self.power / self.count as f64 * RELATIVE_GATE);
        let first = bin(gate.max(LOWEST_LUFS));
        let total: u64 = self.counts[first..].iter().map(|count| u64::from(*count)).sum();
        let percentile = |share: f64| {
            let wanted = ((total as f64 - 1.0) * share + 0.5) as u64;
            let mut passed = 0;
            let at = self.counts[first..].iter().position(|count| {
                passed += u64::from(*count);
                passed > wanted
            });
            at.unwrap_or(0) as f64 / BINS_PER_LU
        };
        Some(percentile(HIGH_SHARE) - percentile(LOW_SHARE))
    }
}

impl Default for LoudnessRange {
    fn default() -> Self {
        Self::new()
    }
}

/// Where a level not below the lowest is counted.
fn bin(level: f64) -> usize {
    (((level - LOWEST_LUFS) * BINS_PER_LU) as usize).min(BINS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sound::k_weighting::power_of;

    fn range(levels: impl IntoIterator<Item = f64>) -> Option<f64> {
        let mut range = LoudnessRange::new();
        levels.into_iter().for_each(|level| range.add(power_of(level)));
        range.range_lu()
    }

    #[test]
    fn the_cases_of_the_recommendation() {
        // Tech 3342, table 1: tones of 20 s each; the steps between them are what is left out here.
        let tones = |levels: &[f64]| {
            let levels = levels.to_vec();
            range(levels.into_iter().flat_map(|level| [level; 200]))
        };
        for (levels, expected) in [
            (&[-20.0, -30.0][..], 10.0),
            (&[-20.0, -15.0], 5.0),
            (&[-40.0, -20.0], 20.0),
            (&[-50.0, -35.0, -20.0, -35.0, -50.0], 15.0),
        ] {
            let found = tones(levels).unwrap();
            assert!((found - expected).abs() < 0.1, "{levels:?}: {found}");
        }
    }

    #[test]
    fn percentiles_are_those_of_a_sorted_list() {
        let levels: Vec<f64> = (0..1000)
            .map(|n| -30.0 + 10.0 * (f64::from(n) * 0.618).fract())
            .collect();
        let found = range(levels).unwrap();
        assert!((found - 8.5).abs() < 0.1, "{found}");
    }

    #[test]
    fn silence_has_no_range_and_one_level_has_none_to_speak_of() {
        assert_eq!(range([-80.0; 100]), None);
        assert_eq!(range([f64::NEG_INFINITY; 100]), None);
        assert!(range([-23.0]).unwrap() < 1e-9);
        assert!(
            range([5.0, 100.0]).unwrap() < 100.0,
            "louder than anything is still counted"
        );
        let mut used = LoudnessRange::new();
        used.add(power_of(-20.0));
        used.reset();
        assert_eq!(used.range_lu(), None);
    }
}
