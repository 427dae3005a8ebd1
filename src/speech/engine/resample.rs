//! From the studio's blocks (48 kHz, stereo) to what recognisers take: 16 kHz, mono, 16 bits.
//!
//! A low-pass of a windowed sinc, run only for every third sample. Models were trained on sound up to 6.8 kHz; the filter is flat to 7 kHz and
//! 60 dB down where 16 kHz would fold it back below that. Its delay is whole samples, and taken off: sample `n` of the output lies exactly at
//! sample `3 n` of the input.

use crate::media::{AudioBlock, BLOCK_FRAMES};

/// Hz of the output.
pub(super) const RATE: u32 = 16_000;
/// Samples of a block of 10 ms in the output.
pub(super) const BLOCK: usize = BLOCK_FRAMES / 3;
/// Input samples to either side that an output sample is made of.
const REACH: usize = 48;
const TAPS: usize = 2 * REACH + 1;
/// Middle of the flank, as a share of the input rate: 7.9 kHz.
const CUT: f64 = 7_900.0 / 48_000.0;

/// Takes blocks, gives samples, [`Self::DELAY`] later.
pub(super) struct Resampler {
    taps: [f32; TAPS],
    /// The last `2 × REACH` samples of the input, then the block's.
    line: [f32; 2 * REACH + BLOCK_FRAMES],
}

impl Resampler {
    /// How many samples of the output lie before the block that gave them.
    pub(super) const DELAY: usize = REACH / 3;

    pub(super) fn new() -> Self {
        let mut taps = [0.0; TAPS];
        let mut sum = 0.0;
        for (index, tap) in taps.iter_mut().enumerate() {
            let at = index as f64 - REACH as f64;
            let sinc = if at == 0.0 {
                2.0 * CUT
            } else {
                (2.0 * std::f64::consts::PI * CUT * at).sin() / (std::f64::consts::PI * at)
            };
            // Blackman's window.
            let turn = std::f64::consts::PI * (index as f64 + 1.0) / (REACH as f64 + 1.0);
            let window = 0.42 - 0.5 * turn.cos() + 0.08 * (2.0 * turn).cos();
            *tap = (sinc * window) as f32;
            sum += sinc * window;
        }
        for tap in &mut taps {
            *tap /= sum as f32;
        }
        Self {
            taps,
            line: [0.0; 2 * REACH + BLOCK_FRAMES],
        }
    }

    /// Forgets what came before, as after a gap.
    pub(super) fn reset(&mut self) {
        self.line = [0.0; 2 * REACH + BLOCK_FRAMES];
    }

    /// The next 10 ms, full scale being ±1.
    pub(super) fn feed(&mut self, block: &AudioBlock) -> [f32; BLOCK] {
        self.line.copy_within(BLOCK_FRAMES.., 0);
        let [left, right] = &block.channels;
        for (place, (left, right)) in self.line[2 * REACH..].iter_mut().zip(left.iter().zip(right)) {
            let mono = (left + right) * 0.5;
            // What is no number would stay in the filter, and in the decoder after it.
            *place = if mono.is_finite() { mono } else { 0.0 };
        }
        let mut out = [0.0; BLOCK];
        for (index, sample) in out.iter_mut().enumerate() {
            let window = &self.line[index * 3..index * 3 + TAPS];
            *sample = window.iter().zip(&self.taps).map(|(sample, tap)| sample * tap).sum();
        }
        out
    }
}

/// As 16-bit samples, clipped.
pub(super) fn to_i16(samples: &[f32; BLOCK], gain: f32) -> [i16; BLOCK] {
    samples.map(|sample| (sample * gain * 32_768.0).clamp(-32_768.0, 32_767.0) as i16)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::Timestamp;

    fn tone(hz: f64, blocks: usize) -> Vec<f32> {
        let mut resampler = Resampler::new();
        (0..blocks)
            .flat_map(|index| {
                let mut block = AudioBlock::silence(Timestamp::ZERO);
                for (at, place) in block.channels[0].iter_mut().enumerate() {
                    let time = (index * BLOCK_FRAMES + at) as f64 / 48_000.0;
                    *place = (2.0 * std::f64::consts::PI * hz * time).sin() as f32;
                }
                block.channels[1] = block.channels[0];
                resampler.feed(&block)
            })
            .collect()
    }

    fn peak(samples: &[f32]) -> f32 {
        samples[BLOCK..].iter().fold(0.0, |peak, sample| peak.max(sample.abs()))
    }

    #[test]
    fn speech_passes_and_what_would_fold_does_not() {
        for hz in [100.0, 1_000.0, 4_000.0, 6_800.0] {
            assert!(
                (peak(&tone(hz, 10)) - 1.0).abs() < 0.02,
                "{hz} Hz: {}",
                peak(&tone(hz, 10))
            );
        }
        for hz in [9_300.0, 12_000.0, 20_000.0] {
            assert!(peak(&tone(hz, 10)) < 0.001, "{hz} Hz: {}", peak(&tone(hz, 10)));
        }
    }

    #[test]
    fn a_click_stays_where_it_is() {
        let mut resampler = Resampler::new();
        let mut block = AudioBlock::silence(Timestamp::ZERO);
        block.channels = [[0.0; BLOCK_FRAMES]; 2];
        block.channels[0][300] = 1.0;
        block.channels[1][300] = 1.0;
        let out = [
            resampler.feed(&block),
            resampler.feed(&AudioBlock::silence(Timestamp::ZERO)),
        ]
        .concat();
        let loudest = (0..out.len())
            .max_by(|a, b| out[*a].abs().total_cmp(&out[*b].abs()))
            .unwrap();
        assert_eq!(loudest, 100 + Resampler::DELAY);
    }

    #[test]
    fn nothing_odd_gets_through() {
        let mut resampler = Resampler::new();
        let mut block = AudioBlock::silence(Timestamp::ZERO);
        block.channels[0] = [f32::NAN; BLOCK_FRAMES];
        block.channels[1] = [f32::INFINITY; BLOCK_FRAMES];
        assert_eq!(to_i16(&resampler.feed(&block), 1.0), [0; BLOCK]);
        assert_eq!(to_i16(&[2.0; BLOCK], 1.0), [i16::MAX; BLOCK]);
        assert_eq!(to_i16(&[-2.0; BLOCK], 1.0), [i16::MIN; BLOCK]);
    }
}
