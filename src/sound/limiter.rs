//! The limiter: nothing leaves above the ceiling, however hot the sum of the strips is.
//!
//! **How.** [`TruePeakDetector`] says how high the sound rises at and between samples; from that follows the gain that
//! each sample needs. The lowest of the next 5 ms is taken, released with a time constant of 100 ms, and averaged
//! twice (two moving averages: a smooth curve without corners). Each averaged value is at most as large as each of the
//! values it is made of, so the gain has arrived where it must be before the peak does: nothing overshoots, nothing is
//! clipped. Both channels get the same gain, so the stereo picture stays.
//!
//! **Numbers.** Gains are fixed-point integers: a moving average of integers has no rounding error that grows over
//! hours, and a limiter at rest multiplies by exactly one, in fact passes the samples untouched.
//!
//! **The ceiling moves live.** A new one is simply what gains are reckoned from, from the next sample that comes in on; they
//! move to it as they move to a peak. What came in under the old ceiling leaves under it, what came in under the new one
//! leaves under that: nothing overshoots on the way.
//!
//! **Latency** is exactly one block. Detector (16 samples) and attack (239) need less; the rest is padding.
//!
//! **Why not fundsp's `limiter`.** It looks at sample peaks, not true peaks; its follower approaches the needed gain
//! asymptotically, which it covers with 10 % of constant headroom (−0.8 dB for all that is limited) and still overshoots
//! on sudden peaks; and its first buffer is filled by `Vec::push` while it runs.

use super::level::db_to_factor;
use super::true_peak::{DETECTOR_DELAY, Peaks, TruePeakDetector};
use super::{SILENCE, Stereo};
use crate::media::{BLOCK_FRAMES, SAMPLE_RATE};

/// Kept below the ceiling for what meters with other oversampling filters see differently.
const MARGIN_DB: f32 = 0.05;

/// The lengths of the two averages.
const FIRST_MEAN: usize = 120;
const SECOND_MEAN: usize = 121;

/// Samples over which the gain moves before a peak: 5 ms.
const ATTACK: usize = FIRST_MEAN + SECOND_MEAN - 1;

/// How long a needed gain is held: over the attack, and one more because a peak between two samples concerns both.
const HOLD: usize = ATTACK + 1;

/// Makes the latency one block.
const PADDING: usize = BLOCK_FRAMES - DETECTOR_DELAY - (ATTACK - 1);

/// Time constant of the release, in seconds.
const RELEASE_SECONDS: f32 = 0.1;

/// Gain 1 in fixed point.
const UNITY: u32 = 1 << 30;

/// From here (0.0001 dB below unity) the release snaps to unity: it would take seconds for the rest.
const NEARLY_UNITY: u32 = UNITY - (UNITY >> 16);

/// After so many samples without a need to turn down, every memory holds unity.
const SETTLE: usize = HOLD + ATTACK + PADDING;

/// A stereo true-peak limiter.
pub struct Limiter {
    detector: TruePeakDetector,
    ceiling: f32,
    held: SlidingMin<HOLD>,
    released: u32,
    release_step: f32,
    first: MovingMean<FIRST_MEAN>,
    second: MovingMean<SECOND_MEAN>,
    padding: Delay<PADDING>,
    delayed: Stereo,
    unity_run: usize,
    reduction_db: f32,
}

impl Limiter {
    /// A limiter that has heard silence. The ceiling is in dBTP.
    #[must_use]
    pub fn new(ceiling_dbtp: f32) -> Self {
        Self {
            detector: TruePeakDetector::new(),
            ceiling: db_to_factor(ceiling_dbtp - MARGIN_DB),
            held: SlidingMin::new(),
            released: UNITY,
            release_step: 1.0 - (-1.0 / (RELEASE_SECONDS * SAMPLE_RATE as f32)).exp(),
            first: MovingMean::new(),
            second: MovingMean::new(),
            padding: Delay::new(),
            delayed: SILENCE,
            unity_run: SETTLE,
            reduction_db: 0.0,
        }
    }

    /// What comes in from now on does not leave above this, in dBTP.
    pub fn set_ceiling(&mut self, ceiling_dbtp: f32) {
        self.ceiling = db_to_factor(ceiling_dbtp - MARGIN_DB);
    }

    /// Takes the next block and gives the block before it, limited.
    pub fn process(&mut self, block: &Stereo) -> Stereo {
        let mut out = std::mem::replace(&mut self.delayed, *block);
        self.reduction_db = 0.0;
        match self.detector.process(block, self.ceiling) {
            Peaks::Below if self.unity_run >= SETTLE => {}
            Peaks::Below => self.turn_down(&mut out, &[0.0; BLOCK_FRAMES]),
            Peaks::Found(peaks) => self.turn_down(&mut out, &peaks),
        }
        out
    }

    /// By how many dB the last block was turned down at most. Not negative.
    #[must_use]
    pub const fn reduction_db(&self) -> f32 {
        self.reduction_db
    }

    fn turn_down(&mut self, out: &mut Stereo, peaks: &[f32; BLOCK_FRAMES]) {
        let mut lowest = UNITY;
        let [left, right] = out;
        for ((left, right), peak) in left.iter_mut().zip(right).zip(peaks) {
            let gain = self.next_gain(*peak);
            lowest = lowest.min(gain);
            let factor = gain as f32 / UNITY as f32;
            *left *= factor;
            *right *= factor;
        }
        self.reduction_db = -20.0 * (lowest.max(1) as f32 / UNITY as f32).log10();
    }

    fn next_gain(&mut self, peak: f32) -> u32 {
        let needed = if peak > self.ceiling {
            (self.ceiling / peak * UNITY as f32) as u32
        } else {
            UNITY
        };
        let held = self.held.push(needed);
        let rising = self.released + ((UNITY - self.released) as f32 * self.release_step) as u32;
        self.released = if rising >= NEARLY_UNITY { UNITY } else { rising }.min(held);
        self.unity_run = if self.released == UNITY {
            self.unity_run.saturating_add(1)
        } else {
            0
        };
        let smooth = self.second.push(self.first.push(self.released));
        self.padding.push(smooth)
    }
}

/// The lowest of the last `N` values; before there were any, unity. Constant time on average: a queue of the values
/// that may still become the lowest, in ascending order.
struct SlidingMin<const N: usize> {
    queue: [(u32, u32); N],
    head: usize,
    len: usize,
    now: u32,
}

impl<const N: usize> SlidingMin<N> {
    const fn new() -> Self {
        Self {
            queue: [(0, 0); N],
            head: 0,
            len: 0,
            now: 0,
        }
    }

    fn push(&mut self, value: u32) -> u32 {
        self.now = self.now.wrapping_add(1);
        while self.len > 0 && self.queue[(self.head + self.len - 1) % N].1 >= value {
            self.len -= 1;
        }
        if self.len > 0 && self.now.wrapping_sub(self.queue[self.head].0) as usize >= N {
            self.head = (self.head + 1) % N;
            self.len -= 1;
        }
        // Unity needs no place: an empty queue means it.
        if value < UNITY {
            self.queue[(self.head + self.len) % N] = (self.now, value);
            self.len += 1;
        }
        if self.len == 0 { UNITY } else { self.queue[self.head].1 }
    }
}

/// The mean of the last `N` values, rounded down; before there were any, unity.
struct MovingMean<const N: usize> {
    values: [u32; N],
    at: usize,
    sum: u64,
}

impl<const N: usize> MovingMean<N> {
    const fn new() -> Self {
        Self {
            values: [UNITY; N],
            at: 0,
            sum: N as u64 * UNITY as u64,
        }
    }

    fn push(&mut self, value: u32) -> u32 {
        self.sum = self.sum - u64::from(self.values[self.at]) + u64::from(value);
        self.values[self.at] = value;
        self.at = if self.at + 1 == N { 0 } else { self.at + 1 };
        (self.sum / N as u64) as u32
    }
}

/// Gives each value `N` pushes later.
struct Delay<const N: usize> {
    values: [u32; N],
    at: usize,
}

impl<const N: usize> Delay<N> {
    const fn new() -> Self {
        Self {
            values: [UNITY; N],
            at: 0,
        }
    }

    fn push(&mut self, value: u32) -> u32 {
        let out = std::mem::replace(&mut self.values[self.at], value);
        self.at = if self.at + 1 == N { 0 } else { self.at + 1 };
        out
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_sliding_minimum_is_that_of_a_plain_search(values in prop::collection::vec(0u32..=UNITY, 1..200)) {
            let mut sliding = SlidingMin::<7>::new();
            for (n, value) in values.iter().enumerate() {
                let plain = values[n.saturating_sub(6)..=n].iter().min().copied().unwrap();
                prop_assert_eq!(sliding.push(*value), plain);
            }
        }

        #[test]
        fn no_sample_passes_the_ceiling(seed in any::<u32>(), gain in 0.0f32..60.0) {
            let mut limiter = Limiter::new(-1.0);
            let mut noise = seed | 1;
            for block in 0..30 {
                let loud = if (seed >> (block % 32)) & 1 == 1 { gain } else { 0.3 };
                let input: Stereo = std::array::from_fn(|_| std::array::from_fn(|_| {
                    noise ^= noise << 13;
                    noise ^= noise >> 17;
                    noise ^= noise << 5;
                    (noise as f32 / u32::MAX as f32 * 2.0 - 1.0) * loud
                }));
                for sample in limiter.process(&input).iter().flatten() {
                    prop_assert!(sample.abs() <= limiter.ceiling * 1.000_001);
                }
            }
        }
    }

    proptest! {
        #[test]
        fn no_sample_passes_the_ceiling_that_it_came_in_under(
            seed in any::<u32>(),
            ceilings in prop::collection::vec(-12.0f32..=-0.1, 40),
        ) {
            let mut limiter = Limiter::new(ceilings[0]);
            let mut noise = seed | 1;
            let mut before = limiter.ceiling;
            for (block, ceiling) in ceilings.iter().enumerate() {
                // Some ceilings stay for a while.
                if (seed >> (block % 32)) & 1 == 1 {
                    limiter.set_ceiling(*ceiling);
                }
                let input: Stereo = std::array::from_fn(|_| std::array::from_fn(|_| {
                    noise ^= noise << 13;
                    noise ^= noise >> 17;
                    noise ^= noise << 5;
                    noise as f32 / u32::MAX as f32 * 2.0 - 1.0
                }));
                for sample in limiter.process(&input).iter().flatten() {
                    prop_assert!(sample.abs() <= before * 1.000_001, "block {}", block);
                }
                before = limiter.ceiling;
            }
        }
    }

    #[test]
    fn a_steady_tone_walks_to_a_new_ceiling_without_a_corner() {
        let mut limiter = Limiter::new(-1.0);
        let mut out = Vec::new();
        for block in 0..60 {
            if block == 20 {
                limiter.set_ceiling(-9.0);
            } else if block == 40 {
                limiter.set_ceiling(-3.0);
            }
            let channel = std::array::from_fn(|n| {
                2.0 * (std::f32::consts::TAU * 1000.0 / 48_000.0 * (block * BLOCK_FRAMES + n) as f32).sin()
            });
            out.extend(limiter.process(&[channel, channel])[0]);
        }
        let highest = |blocks: std::ops::Range<usize>| {
            let samples = &out[blocks.start * BLOCK_FRAMES..blocks.end * BLOCK_FRAMES];
            let peak = samples.iter().fold(0.0_f32, |peak, x| peak.max(x.abs()));
            20.0 * peak.log10()
        };
        for (blocks, ceiling) in [(10..20, -1.0), (21..40, -9.0), (58..60, -3.0)] {
            let found = highest(blocks.clone());
            assert!((found - ceiling + 0.05).abs() < 0.05, "{blocks:?}: {found} dB");
        }
        // The sharpest bend of a sine of that level is where it is highest: nowhere is one much sharper.
        let bend = |x: &[f32]| (x[2] - 2.0 * x[1] + x[0]).abs();
        let sharpest = |samples: &[f32]| samples.windows(3).map(bend).fold(0.0, f32::max);
        assert!(sharpest(&out[12 * BLOCK_FRAMES..]) < 1.02 * sharpest(&out[12 * BLOCK_FRAMES..18 * BLOCK_FRAMES]));
    }

    #[test]
    fn what_stays_below_the_ceiling_comes_out_bit_for_bit_one_block_later() {
        let mut limiter = Limiter::new(-1.0);
        let mut before = SILENCE;
        for block in 0..50 {
            let input: Stereo = std::array::from_fn(|channel| {
                std::array::from_fn(|n| 0.85 * ((block * 480 + n) as f32 * 0.01 * (channel + 1) as f32).sin())
            });
            assert_eq!(limiter.process(&input), before);
            assert_eq!(limiter.reduction_db(), 0.0);
            before = input;
        }
    }

    #[test]
    fn after_a_peak_it_lets_go_and_is_untouched_again() {
        let mut limiter = Limiter::new(-1.0);
        let mut loud = SILENCE;
        loud[0][200] = 4.0;
        limiter.process(&loud);
        limiter.process(&SILENCE);
        assert!(
            (limiter.reduction_db() - 13.09).abs() < 0.1,
            "{}",
            limiter.reduction_db()
        );
        let quiet = [[0.1; BLOCK_FRAMES]; 2];
        for _ in 0..130 {
            limiter.process(&quiet);
        }
        assert_eq!(limiter.process(&quiet), quiet);
        assert_eq!(limiter.reduction_db(), 0.0);
    }
}
