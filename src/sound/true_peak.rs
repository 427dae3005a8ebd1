//! True peak: how high the sound rises between its samples (ITU-R BS.1770-4, Annex 2).
//!
//! The recommendation asks for at least four times oversampling. Its example filter has 12 taps per phase and is 0.5 dB
//! off near the band's end; this one has 32 (a Kaiser-windowed sinc, flat to 20 kHz), because a limiter that trusts a
//! meter must trust it at all frequencies. The phase that falls on the samples themselves is the identity and costs
//! nothing, so three phases are computed.

use super::Stereo;
use super::level::peak;
use crate::media::BLOCK_FRAMES;

/// Taps of each phase.
const TAPS: usize = 32;

/// Points between two samples.
const PHASES: usize = 3;

/// Samples that one point looks ahead: the delay of the detector.
pub const DETECTOR_DELAY: usize = TAPS / 2;

/// Samples kept from before the block.
const TAIL: usize = TAPS - 1;

/// Points are computed in chunks of so many sample positions: their sums stay in registers, and chunks in which nothing
/// can pass the threshold are left out.
const CHUNK: usize = 32;
const CHUNKS: usize = BLOCK_FRAMES / CHUNK;

const _: () = assert!(CHUNK * CHUNKS == BLOCK_FRAMES && TAIL < CHUNK);

/// The window's shape: about 65 dB of stop band.
const KAISER_BETA: f64 = 6.2;

/// Finds true peaks of a stereo signal, both channels as one.
pub struct TruePeakDetector {
    phases: [[f32; TAPS]; PHASES],
    /// No point between samples exceeds the highest sample by more than this factor.
    overshoot_bound: f32,
    tail: [[f32; TAIL]; 2],
}

/// What the detector found in a block.
#[expect(
    clippy::large_enum_variant,
    reason = "lives on the stack for one block; a box would allocate"
)]
pub enum Peaks {
    /// Nothing, samples and points between them, exceeds the threshold.
    Below,
    /// For each sample position the highest magnitude from that sample up to the next one, either channel;
    /// [`DETECTOR_DELAY`] samples late. Where that cannot pass the threshold, zero.
    Found([f32; BLOCK_FRAMES]),
}

impl TruePeakDetector {
    /// A detector that has heard silence.
    #[must_use]
    pub fn new() -> Self {
        let phases = std::array::from_fn(|phase| interpolator((phase + 1) as f64 / (PHASES + 1) as f64));
        let bound = |taps: &[f32; TAPS]| taps.iter().map(|tap| tap.abs()).sum::<f32>();
        Self {
            overshoot_bound: phases.iter().map(bound).fold(1.0, f32::max),
            phases,
            tail: [[0.0; TAIL]; 2],
        }
    }

    /// Looks at the next block. Saves the work where not even the worst sequence of such samples could pass `threshold`.
    pub fn process(&mut self, block: &Stereo, threshold: f32) -> Peaks {
        let mut peaks = None;
        let Self {
            phases,
            overshoot_bound,
            tail,
        } = self;
        for (samples, tail) in block.iter().zip(tail) {
            // One more than needed: every chunk of points is made of two chunks of samples.
            let mut line = [0.0_f32; (CHUNKS + 1) * CHUNK];
            line[..TAIL].copy_from_slice(tail);
            line[TAIL..TAIL + BLOCK_FRAMES].copy_from_slice(samples);
            tail.copy_from_slice(&line[BLOCK_FRAMES..BLOCK_FRAMES + TAIL]);
            if peak(&line) * *overshoot_bound <= threshold {
                continue;
            }
            let (chunks, _) = line.as_chunks::<CHUNK>();
            let mut before = peak(&chunks[0]);
            for (index, chunk) in chunks[1..].iter().enumerate() {
                let highest = peak(chunk);
                if before.max(highest) * *overshoot_bound > threshold {
                    let peaks = peaks.get_or_insert([0.0; BLOCK_FRAMES]);
                    let at = index * CHUNK;
                    look(phases, &line[at..at + 2 * CHUNK], &mut peaks[at..at + CHUNK]);
                }
                before = highest;
            }
        }
        peaks.map_or(Peaks::Below, Peaks::Found)
    }
}

/// Raises `peaks` to what is at and between the samples in the middle of `line`.
fn look(phases: &[[f32; TAPS]; PHASES], line: &[f32], peaks: &mut [f32]) {
    for (peak, sample) in peaks.iter_mut().zip(&line[DETECTOR_DELAY - 1..]) {
        *peak = peak.max(sample.abs());
    }
    for taps in phases {
        // Tap by tap over the chunk rather than point by point: every inner step is then independent of the one before,
        // and the compiler makes SIMD of it.
        let mut points = [0.0_f32; CHUNK];
        for (tap, from) in taps.iter().zip(0..) {
            for (point, sample) in points.iter_mut().zip(&line[from..from + CHUNK]) {
                *point += tap * sample;
            }
        }
        for (peak, point) in peaks.iter_mut().zip(&points) {
            *peak = peak.max(point.abs());
        }
    }
}

impl Default for TruePeakDetector {
    fn default() -> Self {
        Self::new()
    }
}

/// Taps that give the point at `fraction` between the samples 15 and 16 of 32.
fn interpolator(fraction: f64) -> [f32; TAPS] {
    let half = DETECTOR_DELAY as f64;
    let taps: [f64; TAPS] = std::array::from_fn(|k| {
        let x = k as f64 - (half - 1.0) - fraction;
        let sinc = if x == 0.0 {
            1.0
        } else {
            (std::f64::consts::PI * x).sin() / (std::f64::consts::PI * x)
        };
        let inside = (1.0 - (x / half).powi(2)).max(0.0);
        sinc * bessel_i0(KAISER_BETA * inside.sqrt()) / bessel_i0(KAISER_BETA)
    });
    let sum: f64 = taps.iter().sum();
    taps.map(|tap| (tap / sum) as f32)
}

/// The modified Bessel function of order zero, by its series.
fn bessel_i0(x: f64) -> f64 {
    let mut term = 1.0;
    let mut sum = 1.0;
    for k in 1..40 {
        term *= (x / (2.0 * f64::from(k))).powi(2);
        sum += term;
    }
    sum
}

#[cfg(test)]
#[allow(clippy::float_cmp)]
mod tests {
    use super::*;

    fn highest(frequency: f64, phase: f64) -> f32 {
        let mut detector = TruePeakDetector::new();
        let mut highest = 0.0_f32;
        for block in 0..20 {
            let channel = std::array::from_fn(|n| {
                let t = (block * BLOCK_FRAMES + n) as f64;
                (std::f64::consts::TAU * frequency / 48_000.0 * t + phase).sin() as f32
            });
            let found = detector.process(&[channel, [0.0; BLOCK_FRAMES]], 0.0);
            if let (Peaks::Found(peaks), 1..) = (found, block) {
                highest = peaks.iter().fold(highest, |high, peak| high.max(*peak));
            }
        }
        highest
    }

    #[test]
    fn a_full_scale_sine_reads_zero_whatever_its_frequency_and_phase() {
        for frequency in [50.0, 997.0, 5_000.0, 12_000.0, 15_000.0, 19_000.0, 20_000.0] {
            for eighth in 0..8 {
                let db = 20.0 * highest(frequency, f64::from(eighth) * std::f64::consts::PI / 8.0).log10();
                // Four points per sample can miss the top of a 20 kHz wave by 0.47 dB and of a 12 kHz one by 0.17 dB;
                // that is the recommendation's own error bound, not one of the filter.
                let miss = (std::f64::consts::PI * frequency / (4.0 * 48_000.0)).cos().log10() * 20.0;
                assert!(
                    f64::from(db) < 0.03 && f64::from(db) > miss - 0.03,
                    "{frequency} Hz: {db:.3} dB"
                );
            }
        }
    }

    #[test]
    fn a_quarter_rate_sine_between_its_samples_is_seen() {
        // Samples at ±0.707 only: a sample peak meter reads −3 dB.
        let db = 20.0 * highest(12_000.0, std::f64::consts::FRAC_PI_4).log10();
        assert!(db.abs() < 0.03, "{db:.3}");
    }

    #[test]
    fn what_is_left_out_could_not_have_passed() {
        let mut noise = 5_u32;
        let mut all = TruePeakDetector::new();
        let mut some = TruePeakDetector::new();
        let mut left_out = 0;
        for block in 0..100 {
            let input: Stereo = std::array::from_fn(|_| {
                std::array::from_fn(|n| {
                    noise ^= noise << 13;
                    noise ^= noise >> 17;
                    noise ^= noise << 5;
                    let is_loud = ((block * BLOCK_FRAMES + n) / 100).is_multiple_of(5);
                    (noise as f32 / u32::MAX as f32 - 0.5) * if is_loud { 2.0 } else { 0.2 }
                })
            });
            let Peaks::Found(expected) = all.process(&input, 0.0) else {
                panic!("nothing is below zero");
            };
            let found = match some.process(&input, 0.8) {
                Peaks::Found(found) => found,
                Peaks::Below => [0.0; BLOCK_FRAMES],
            };
            for (found, expected) in found.iter().zip(&expected) {
                left_out += usize::from(*found == 0.0);
                // Where only one channel is left out, the other one's may stand there.
                assert!(
                    found == expected || (*found <= *expected && *expected <= 0.8),
                    "{found} {expected}"
                );
            }
        }
        assert!(left_out > 100 * BLOCK_FRAMES / 4, "{left_out}");
    }

    #[test]
    fn what_cannot_pass_is_not_computed() {
        let mut detector = TruePeakDetector::new();
        let quiet = [[0.1; BLOCK_FRAMES]; 2];
        assert!(matches!(detector.process(&quiet, 0.89), Peaks::Below));
        assert!(matches!(
            detector.process(&[[0.8; BLOCK_FRAMES]; 2], 0.89),
            Peaks::Found(_)
        ));
    }
}
