//! How loud sound is heard: the K-weighting of ITU-R BS.1770-4 (Annex 1), a shelf for the head and a high-pass, and the
//! level in LUFS that follows from it.
//!
//! Both channels are filtered in one pass, as the two lanes of a SIMD register: equal channels would save nothing.

use crate::media::BLOCK_FRAMES;

/// The two filters of tables 1 and 2, which are given for 48 kHz: `b0 b1 b2 a1 a2`.
const SHELF: [f64; 5] = [
    1.535_124_859_586_97,
    -2.691_696_189_406_38,
    1.198_392_810_852_85,
    -1.690_659_293_182_41,
    0.732_480_774_215_85,
];
const HIGH_PASS: [f64; 5] = [1.0, -2.0, 1.0, -1.990_047_454_833_98, 0.990_072_250_366_21];

/// What is left of a sound in a filter is nothing below this: numbers that fade out would end as subnormal ones, which
/// processors are slow with.
const INAUDIBLE: f64 = 1e-30;

/// The same for both channels.
type Lanes = [f64; 2];

/// The filters of one stereo signal.
#[derive(Clone, Debug, Default)]
pub struct KWeighting {
    shelf: [Lanes; 2],
    high_pass: [Lanes; 2],
}

impl KWeighting {
    /// The K-weighted power of the next block: the mean squares of both channels, added. [`lufs`] makes a level of it.
    pub fn power(&mut self, left: &[f32; BLOCK_FRAMES], right: &[f32; BLOCK_FRAMES]) -> f64 {
        let mut sum = [0.0; 2];
        let (mut shelf, mut high_pass) = (self.shelf, self.high_pass);
        for (left, right) in left.iter().zip(right) {
            let input = [f64::from(*left), f64::from(*right)];
            let heard = filter(&HIGH_PASS, &mut high_pass, filter(&SHELF, &mut shelf, input));
            for (sum, heard) in sum.iter_mut().zip(heard) {
                *sum += heard * heard;
            }
        }
        for state in shelf.iter_mut().chain(&mut high_pass).flatten() {
            if state.abs() < INAUDIBLE {
                *state = 0.0;
            }
        }
        (self.shelf, self.high_pass) = (shelf, high_pass);
        (sum[0] + sum[1]) / BLOCK_FRAMES as f64
    }
}

/// One sample of each channel through a filter of second order (transposed direct form II).
#[inline]
fn filter(c: &[f64; 5], state: &mut [Lanes; 2], input: Lanes) -> Lanes {
    let mut out = [0.0; 2];
    for lane in 0..2 {
        let x = input[lane];
        let y = c[0] * x + state[0][lane];
        state[0][lane] = c[1] * x - c[3] * y + state[1][lane];
        state[1][lane] = c[2] * x - c[4] * y;
        out[lane] = y;
    }
    out
}

/// The level of a K-weighted power in LUFS. Of no power it is −∞.
#[must_use]
pub fn lufs(power: f64) -> f64 {
    -0.691 + 10.0 * power.log10()
}

/// The K-weighted power of a level in LUFS.
#[must_use]
pub fn power_of(lufs: f64) -> f64 {
    10.0_f64.powf((lufs + 0.691) / 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sound::SILENCE;

    /// The level of a sine on both channels after a second.
    fn level(hz: f64, amplitude: f64) -> f64 {
        let mut weighting = KWeighting::default();
        let mut sum = 0.0;
        for block in 0..200 {
            let channel = std::array::from_fn(|n| {
                let t = (block * BLOCK_FRAMES + n) as f64 / 48_000.0;
                (amplitude * (std::f64::consts::TAU * hz * t).sin()) as f32
            });
            let power = weighting.power(&channel, &channel);
            if block >= 100 {
                sum += power / 100.0;
            }
        }
        lufs(sum)
    }

    #[test]
    fn sines_read_what_the_recommendation_says() {
        // BS.1770-4: a 0 dBFS sine at 997 Hz on one channel reads −3.01 LKFS, so on two it reads 0.0.
        assert!(level(997.0, 1.0).abs() < 0.01, "{}", level(997.0, 1.0));
        // EBU Tech 3341, case 1: a stereo sine at 1 kHz and −23 dBFS reads −23 LUFS.
        let case_1 = level(1000.0, 10.0_f64.powf(-23.0 / 20.0));
        assert!((case_1 + 23.0).abs() < 0.1, "{case_1}");
        // The head's shelf, and the low end that is not heard.
        assert!((level(10_000.0, 1.0) - level(997.0, 1.0) - 3.3).abs() < 0.2);
        assert!(level(20.0, 1.0) < -13.0);
        assert!((power_of(-23.0) / power_of(-33.0) - 10.0).abs() < 1e-9);
        assert!((lufs(power_of(-16.0)) + 16.0).abs() < 1e-9);
    }

    #[test]
    fn silence_rings_out_to_nothing() {
        let mut weighting = KWeighting::default();
        weighting.power(&[1.0; BLOCK_FRAMES], &[1.0; BLOCK_FRAMES]);
        let mut blocks = 0;
        while weighting.power(&SILENCE[0], &SILENCE[1]) > 0.0 {
            blocks += 1;
            assert!(blocks < 200, "{weighting:?}");
        }
        assert!(lufs(0.0) == f64::NEG_INFINITY);
    }
}
