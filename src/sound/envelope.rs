//! What gate, compressor and de-esser share: how loud it is, how a gain moves, and how it reaches the samples.
//!
//! **Steps.** Levels are taken and gains computed every 8 samples (0.17 ms); between these points the factor goes in
//! straight lines. A logarithm for each sample would cost more than all the rest of these stages. As a step's gain is
//! reached at the end of the very step it was computed from, a stage is never late.
//!
//! **Ballistics** are those of D. Giannoulis, M. Massberg, J. Reiss, "Digital Dynamic Range Compressor Design" (JAES 60,
//! 2012), the decoupled and smooth detector in the logarithmic domain: behind the static curve, so that times are the
//! same at every level. (fundsp's followers are linear, and stand before it.)

use crate::media::{BLOCK_FRAMES, SAMPLE_RATE};

/// Samples in a step.
pub const STEP: usize = 8;

/// Steps in a block.
pub const STEPS: usize = BLOCK_FRAMES / STEP;

/// −120 dBFS: nothing is quieter.
const FLOOR: f32 = 1e-6;

/// Time constant of each of the two poles that a moving parameter goes through: it is there after about 20 ms.
const GLIDE_MS: f32 = 3.5;

/// The largest amplitude of all channels in each step.
#[must_use]
pub fn step_peaks(block: &[[f32; BLOCK_FRAMES]]) -> [f32; STEPS] {
    let mut peaks = [0.0; STEPS];
    for samples in block {
        for (peak, step) in peaks.iter_mut().zip(samples.as_chunks::<STEP>().0) {
            let mut lanes = step.map(f32::abs);
            for half in [4, 2, 1] {
                for lane in 0..half {
                    let other = lanes[lane + half];
                    lanes[lane] = if other > lanes[lane] { other } else { lanes[lane] };
                }
            }
            *peak = f32::max(*peak, lanes[0]);
        }
    }
    peaks
}

/// The level of an amplitude in dBFS, not below −120.
#[must_use]
pub fn level_db(amplitude: f32) -> f32 {
    // 20 log10(2)
    6.020_6 * amplitude.max(FLOOR).log2()
}

/// The factor of a gain. Of 0 dB it is exactly one.
#[must_use]
pub fn factor_of(gain_db: f32) -> f32 {
    // log2(10) / 20
    (gain_db * 0.166_096_4).exp2()
}

/// By which share of what is left something moves in one step that moves with time constant `ms`.
#[must_use]
pub fn share_per_step(ms: f32) -> f32 {
    let steps = ms * SAMPLE_RATE as f32 / (1000.0 * STEP as f32);
    -(-1.0 / steps).exp_m1()
}

/// The maximum over the last 10 ms, step by step: the level of a tone from 50 Hz up without its waves.
///
/// A block is the window, so it is what was highest from the same step of the last block to its end, or from the start of
/// this block until now (M. van Herk, 1992).
#[derive(Clone, Debug)]
pub struct SlidingPeak {
    /// For each step of the last block the highest from there to its end.
    since: [f32; STEPS],
}

impl SlidingPeak {
    /// It has heard silence.
    #[must_use]
    pub const fn new() -> Self {
        Self { since: [0.0; STEPS] }
    }

    /// Makes sliding maxima of a block's step peaks.
    pub fn slide(&mut self, peaks: &mut [f32; STEPS]) {
        let last = self.since;
        self.since = *peaks;
        for step in (0..STEPS - 1).rev() {
            self.since[step] = self.since[step].max(self.since[step + 1]);
        }
        let mut highest = 0.0_f32;
        for (step, peak) in peaks.iter_mut().enumerate() {
            highest = highest.max(*peak);
            *peak = highest.max(last.get(step + 1).copied().unwrap_or(0.0));
        }
    }
}

impl Default for SlidingPeak {
    fn default() -> Self {
        Self::new()
    }
}

/// How a gain of 0 dB or less goes down and comes back.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ballistics {
    /// Goes down at once and comes back slowly.
    held: f32,
    /// Follows it.
    gain_db: f32,
}

impl Ballistics {
    /// So near to nothing, in dB, it is nothing.
    const NEARLY: f32 = 1e-4;

    /// The gain after a step in which the static curve wants `wanted_db`.
    #[inline]
    pub fn step(&mut self, wanted_db: f32, attack: f32, release: f32) -> f32 {
        let released = self.held + (wanted_db - self.held) * release;
        self.held = wanted_db.min(released);
        self.gain_db += (self.held - self.gain_db) * attack;
        if self.gain_db > -Self::NEARLY && self.held > -Self::NEARLY {
            *self = Self::default();
        }
        self.gain_db
    }
}

/// Parameters that change live: each moves to where it is set within about 20 ms, without a corner.
#[derive(Clone, Debug)]
pub struct Glide<const N: usize> {
    targets: [f32; N],
    first: [f32; N],
    now: [f32; N],
    share: f32,
    is_moving: bool,
}

impl<const N: usize> Glide<N> {
    /// They rest at `values`.
    #[must_use]
    pub fn new(values: [f32; N]) -> Self {
        Self {
            targets: values,
            first: values,
            now: values,
            share: share_per_step(GLIDE_MS),
            is_moving: false,
        }
    }

    /// They set out for `targets`.
    pub fn aim(&mut self, targets: [f32; N]) {
        self.targets = targets;
        self.is_moving = true;
    }

    /// They are at once where they were sent.
    pub fn settle(&mut self) {
        *self = Self::new(self.targets);
    }

    /// What they are.
    #[must_use]
    pub const fn now(&self) -> &[f32; N] {
        &self.now
    }

    /// Whether they are anywhere else than where they were sent.
    #[must_use]
    pub const fn is_moving(&self) -> bool {
        self.is_moving
    }

    /// What they are after the next step.
    #[inline]
    pub fn step(&mut self) -> &[f32; N] {
        if self.is_moving {
            self.is_moving = false;
            for ((target, first), now) in self.targets.iter().zip(&mut self.first).zip(&mut self.now) {
                *first += (target - *first) * self.share;
                *now += (*first - *now) * self.share;
                if (target - *first).abs() + (target - *now).abs() <= 1e-4 * (1.0 + target.abs()) {
                    (*first, *now) = (*target, *target);
                } else {
                    self.is_moving = true;
                }
            }
        }
        &self.now
    }
}

/// Brings factors that are known for the end of each step to the samples.
#[derive(Clone, Debug)]
pub struct StepGain {
    last: f32,
}

impl StepGain {
    /// The factor before the first step.
    #[must_use]
    pub const fn new(factor: f32) -> Self {
        Self { last: factor }
    }

    /// Multiplies a block. Where all factors are one, it stays as it is.
    #[expect(clippy::float_cmp, reason = "a factor of exactly one changes nothing")]
    pub fn apply(&mut self, factors: &[f32; STEPS], block: &mut [[f32; BLOCK_FRAMES]]) {
        if self.last == 1.0 && factors.iter().all(|factor| *factor == 1.0) {
            return;
        }
        for samples in block {
            let mut last = self.last;
            for (step, factor) in samples.as_chunks_mut::<STEP>().0.iter_mut().zip(factors) {
                let slope = (factor - last) / STEP as f32;
                for (n, sample) in step.iter_mut().enumerate() {
                    *sample *= last + slope * (n + 1) as f32;
                }
                last = *factor;
            }
        }
        self.last = factors[STEPS - 1];
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn levels_and_factors() {
        for (amplitude, db) in [
            (1.0, 0.0),
            (0.5, -6.0206),
            (0.001, -60.0),
            (0.0, -120.0),
            (f32::NAN, -120.0),
        ] {
            assert!((level_db(amplitude) - db).abs() < 1e-3, "{amplitude}");
        }
        assert_eq!(factor_of(0.0), 1.0);
        assert!((factor_of(-20.0) - 0.1).abs() < 1e-6);
        assert!((factor_of(24.0) - 15.8489).abs() < 1e-3);
    }

    #[test]
    fn a_step_has_the_peak_of_the_louder_channel() {
        let mut block = [[0.0; BLOCK_FRAMES]; 2];
        block[0][0] = 0.1;
        block[1][7] = -0.4;
        block[0][15] = 0.3;
        block[1][479] = 0.2;
        let peaks = step_peaks(&block);
        assert_eq!((peaks[0], peaks[1], peaks[2], peaks[59]), (0.4, 0.3, 0.0, 0.2));
        assert_eq!(step_peaks(&block[..1])[0], 0.1);
    }

    proptest! {
        #[test]
        fn sliding_peaks_are_the_highest_of_the_last_10_ms(all in proptest::collection::vec(0.0f32..1.0, STEPS * 4)) {
            let mut sliding = SlidingPeak::new();
            let mut found = Vec::new();
            for block in all.as_chunks::<STEPS>().0 {
                let mut peaks = *block;
                sliding.slide(&mut peaks);
                found.extend(peaks);
            }
            for (at, found) in found.iter().enumerate() {
                let from = (at + 1).saturating_sub(STEPS);
                let highest = all[from..=at].iter().copied().fold(0.0, f32::max);
                prop_assert_eq!(*found, highest);
            }
        }
    }

    #[test]
    fn ballistics_take_their_times() {
        let mut ballistics = Ballistics::default();
        let (attack, release) = (share_per_step(10.0), share_per_step(100.0));
        // 10 ms are 60 steps: one time constant.
        let gains: Vec<f32> = (0..600).map(|_| ballistics.step(-10.0, attack, release)).collect();
        assert!((gains[59] + 6.32).abs() < 0.05, "{}", gains[59]);
        assert!((gains[599] + 10.0).abs() < 0.01);
        let back: Vec<f32> = (0..12_000).map(|_| ballistics.step(0.0, attack, release)).collect();
        assert!((back[599] + 4.0).abs() < 0.2, "{}", back[599]);
        assert_eq!(back[11_999], 0.0);
    }

    #[test]
    fn a_glide_arrives_in_20_ms_without_a_corner() {
        let mut glide = Glide::new([0.0, 100.0]);
        glide.aim([-20.0, 100.0]);
        let path: Vec<f32> = (0..300).map(|_| glide.step()[0]).collect();
        assert!(path[0] > -0.1, "{}", path[0]);
        assert!((path[119] + 20.0).abs() < 0.6, "{}", path[119]);
        assert!(path.is_sorted_by(|a, b| a >= b));
        assert_eq!((path[299], glide.is_moving()), (-20.0, false));
    }

    #[test]
    fn gains_go_straight_from_step_to_step() {
        let mut gain = StepGain::new(1.0);
        let mut block = [[1.0; BLOCK_FRAMES]];
        let mut factors = [1.0; STEPS];
        gain.apply(&factors, &mut block);
        assert_eq!(block, [[1.0; BLOCK_FRAMES]]);
        factors[1..].fill(0.5);
        gain.apply(&factors, &mut block);
        assert_eq!(
            (block[0][7], block[0][11], block[0][15], block[0][479]),
            (1.0, 0.75, 0.5, 0.5)
        );
    }
}
