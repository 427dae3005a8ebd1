//! What a stage does, for its meter.

use super::level::energy;
use crate::media::BLOCK_FRAMES;

/// The window of a change of level: 300 ms.
const LEVEL_BLOCKS: usize = 30;

/// The window of a gain: 60 ms, so that whoever looks every 50 ms misses nothing, and an end is seen at once.
const GAIN_BLOCKS: usize = 6;

/// −90 dBFS, as power: where nothing comes in, nothing is changed.
const FLOOR: f32 = 1e-9;

/// The energy of all channels of a block.
#[must_use]
pub fn energy_of(block: &[[f32; BLOCK_FRAMES]]) -> f32 {
    block.iter().map(|samples| energy(samples)).sum::<f32>() / block.len() as f32
}

/// By how much the RMS of a sound has been changed over the last 300 ms.
#[derive(Clone, Debug, Default)]
pub struct LevelChange {
    /// Energy before and after, of each of the last blocks.
    energies: [[f32; 2]; LEVEL_BLOCKS],
    at: usize,
    db: f32,
}

impl LevelChange {
    /// The next block had so much energy before the stage and so much after it.
    pub fn feed(&mut self, before: f32, after: f32) {
        self.energies[self.at] = [before, after];
        self.at = (self.at + 1) % LEVEL_BLOCKS;
        let floor = FLOOR * (LEVEL_BLOCKS * BLOCK_FRAMES) as f32;
        let [before, after] = [0, 1].map(|side| self.energies.iter().map(|energy| energy[side]).sum::<f32>());
        self.db = if before > floor {
            10.0 * (after.max(floor) / before).log10()
        } else {
            0.0
        };
    }

    /// The stage is off.
    pub fn rest(&mut self) {
        if self.energies[0][0] != 0.0 || self.at != 0 {
            *self = Self::default();
        }
    }

    /// In dB.
    #[must_use]
    pub const fn db(&self) -> f32 {
        self.db
    }
}

/// The lowest gain of the last 60 ms.
#[derive(Clone, Debug, Default)]
pub struct LowestGain {
    gains: [f32; GAIN_BLOCKS],
    at: usize,
}

impl LowestGain {
    /// The lowest gain in the next block, in dB: 0 or less.
    pub fn feed(&mut self, gain_db: f32) {
        self.gains[self.at] = gain_db;
        self.at = (self.at + 1) % GAIN_BLOCKS;
    }

    /// It has been this one for long.
    pub const fn settle(&mut self, gain_db: f32) {
        self.gains = [gain_db; GAIN_BLOCKS];
    }

    /// In dB.
    #[must_use]
    pub fn db(&self) -> f32 {
        self.gains.iter().copied().fold(0.0, f32::min)
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp)]
mod tests {
    use super::*;

    #[test]
    fn half_the_amplitude_is_minus_6_db() {
        let mut change = LevelChange::default();
        for _ in 0..100 {
            change.feed(4.0, 1.0);
        }
        assert!((change.db() + 6.02).abs() < 0.01);
        for _ in 0..LEVEL_BLOCKS {
            change.feed(1e-9, 0.0);
        }
        assert_eq!(change.db(), 0.0, "of silence nothing can be taken");
        change.feed(1.0, 0.0);
        assert!(change.db() < -30.0 && change.db().is_finite());
        change.rest();
        assert_eq!(change.db(), 0.0);
    }

    #[test]
    fn a_short_dip_is_seen_for_60_ms() {
        let mut lowest = LowestGain::default();
        lowest.feed(-9.0);
        for _ in 0..GAIN_BLOCKS - 1 {
            lowest.feed(-1.0);
            assert_eq!(lowest.db(), -9.0);
        }
        lowest.feed(-1.0);
        assert_eq!(lowest.db(), -1.0);
    }
}
