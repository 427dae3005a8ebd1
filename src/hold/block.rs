//! A held block of sound: 16 bits per sample with one scale per block, which is half of what floats take.
//!
//! The scale is that of the block's highest sample, so the error is 96 dB below it, however quiet the block.

use crate::media::{AudioBlock, BLOCK_FRAMES, Timestamp};

/// Silence, as a level.
pub const FLOOR_DBFS: i8 = -96;

/// 10 ms of held sound.
#[derive(Clone, Copy)]
pub struct HeldBlock {
    /// What the largest number stands for, divided by it.
    step: f32,
    samples: [[i16; BLOCK_FRAMES]; 2],
    /// Its highest sample in whole dBFS, [`FLOOR_DBFS`] at least.
    pub peak_dbfs: i8,
    /// The strips that could be heard in it, a bit each.
    pub strips: u64,
}

impl HeldBlock {
    /// Nothing.
    pub const SILENCE: Self = Self {
        step: 0.0,
        samples: [[0; BLOCK_FRAMES]; 2],
        peak_dbfs: FLOOR_DBFS,
        strips: 0,
    };

    /// Takes the place of what was there. What is not a number is silence.
    pub fn set(&mut self, block: &AudioBlock, strips: u64) {
        let samples = block.channels.as_flattened();
        let peak = samples.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
        if peak < f32::MIN_POSITIVE || !peak.is_finite() {
            *self = Self {
                strips,
                ..Self::SILENCE
            };
            return;
        }
        self.step = peak / f32::from(i16::MAX);
        let scale = f32::from(i16::MAX) / peak;
        for (held, sample) in self.samples.as_flattened_mut().iter_mut().zip(samples) {
            *held = (sample * scale).round() as i16;
        }
        self.peak_dbfs = (20.0 * peak.log10()).ceil().clamp(f32::from(FLOOR_DBFS), 127.0) as i8;
        self.strips = strips;
    }

    /// The sound as it came in, at `pts`.
    #[must_use]
    pub fn block(&self, pts: Timestamp) -> AudioBlock {
        let mut block = AudioBlock::silence(pts);
        for (sample, held) in block
            .channels
            .as_flattened_mut()
            .iter_mut()
            .zip(self.samples.as_flattened())
        {
            *sample = f32::from(*held) * self.step;
        }
        block
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_comes_back_is_within_90_db_of_the_peak(
            level in -110.0_f32..20.0,
            seeds in prop::collection::vec(-1.0_f32..1.0, 16),
        ) {
            let mut block = AudioBlock::silence(AudioBlock::time_of(3));
            let factor = 10.0_f32.powf(level / 20.0);
            for (at, sample) in block.channels.as_flattened_mut().iter_mut().enumerate() {
                *sample = factor * seeds[at % 16] * seeds[at / 16 % 16];
            }
            let mut held = HeldBlock::SILENCE;
            held.set(&block, 5);
            let back = held.block(block.pts);
            let peak = block.channels.as_flattened().iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
            let limit = peak * 10.0_f32.powf(-90.0 / 20.0);
            for (sample, back) in block.channels.as_flattened().iter().zip(back.channels.as_flattened()) {
                prop_assert!((sample - back).abs() <= limit);
            }
            prop_assert_eq!((back.pts, held.strips), (block.pts, 5));
            if peak > 1.6e-5 {
                prop_assert!((f32::from(held.peak_dbfs) - 20.0 * peak.log10()).abs() <= 1.01);
            }
        }
    }

    #[test]
    fn what_is_no_sound_is_silence() {
        for odd in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.0, 1e-42] {
            let mut block = AudioBlock::silence(AudioBlock::time_of(0));
            block.channels[0][7] = odd;
            let mut held = HeldBlock::SILENCE;
            held.set(&block, 1);
            assert_eq!(held.block(block.pts), AudioBlock::silence(block.pts), "{odd}");
            assert_eq!(held.peak_dbfs, FLOOR_DBFS);
        }
    }
}
