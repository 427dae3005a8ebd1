//! Stereo at any sample rate to stereo at 48 kHz, exactly where it belongs in time.
//!
//! A windowed sinc with 64 taps and linear interpolation between 256 phases: transparent for the rates of the real
//! world, adjustable while it runs (that is what holds live sources on the clock), about 0.5 % of a core. Its own delay
//! is cut off at the start and made up for at the end, so that as much comes out as went in, at the same place.

use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{
    Adjustable, Async, FixedAsync, Resampler, SincInterpolationParameters, SincInterpolationType, WindowFunction,
};

use super::drift::MAX_CORRECTION;
use crate::media::SAMPLE_RATE;

/// Input frames per call of the resampler.
const CHUNK: usize = 240;

/// Taps of the filter.
const SINC_LEN: usize = 64;

/// Input frames that may wait in a converter for those that follow: not a full chunk yet, and half a filter.
pub const HELD_BACK: usize = CHUNK + SINC_LEN / 2;

/// Lowest and highest sample rates that are taken, in Hz.
pub const RATES: std::ops::RangeInclusive<u32> = 4_000..=384_000;

/// One uninterrupted stretch of sound on its way to 48 kHz.
pub struct Converter {
    rate: u32,
    /// `None` where the rate is ours already and need not be corrected.
    resampler: Option<Sinc>,
}

struct Sinc {
    resampler: Async<f32>,
    ratio: f64,
    /// Interleaved input that does not fill a chunk yet.
    pending: Vec<f32>,
    output: Vec<f32>,
    /// Frames of filter delay still to be cut off at the start.
    skip: usize,
    /// Frames that should have come out for all chunks so far, less those that have.
    balance: f64,
}

impl Converter {
    /// A converter from `rate`, which must be in [`RATES`] (`None` otherwise). With `is_adjustable`,
    /// [`set_correction`](Self::set_correction) works; without, 48 kHz passes through untouched.
    #[must_use]
    pub fn new(rate: u32, is_adjustable: bool) -> Option<Self> {
        if !RATES.contains(&rate) {
            return None;
        }
        let resampler = if rate == SAMPLE_RATE && !is_adjustable {
            None
        } else {
            Some(Sinc::new(rate)?)
        };
        Some(Self { rate, resampler })
    }

    /// The sample rate that goes in, in Hz.
    #[must_use]
    pub fn rate(&self) -> u32 {
        self.rate
    }

    /// Takes interleaved stereo and hands what is ready, interleaved at 48 kHz, to `sink`.
    pub fn push(&mut self, stereo: &[f32], mut sink: impl FnMut(&[f32])) {
        let Some(sinc) = &mut self.resampler else {
            sink(stereo);
            return;
        };
        let mut rest = stereo;
        // The buffer holds less than a chunk between calls, so this never grows beyond one.
        while !rest.is_empty() {
            let take = rest.len().min(CHUNK * 2 - sinc.pending.len());
            sinc.pending.extend_from_slice(&rest[..take]);
            rest = &rest[take..];
            if sinc.pending.len() == CHUNK * 2 {
                sinc.convert(None, &mut sink);
            }
        }
    }

    /// Frames at 48 kHz that are still to come out for what went in.
    #[must_use]
    pub fn owed(&self) -> f64 {
        self.resampler.as_ref().map_or(0.0, Sinc::owed)
    }

    /// Makes what follows longer by `share` (shorter where negative), within [`MAX_CORRECTION`].
    pub fn set_correction(&mut self, share: f64) {
        let Some(sinc) = &mut self.resampler else { return };
        let relative = 1.0 + share.clamp(-MAX_CORRECTION, MAX_CORRECTION);
        if sinc.resampler.set_resample_ratio_relative(relative, true).is_ok() {
            sinc.ratio = f64::from(SAMPLE_RATE) / f64::from(self.rate) * relative;
        }
    }

    /// Lets out what is still owed. The converter is then empty and must not be pushed to again.
    pub fn finish(&mut self, mut sink: impl FnMut(&[f32])) {
        let Some(sinc) = &mut self.resampler else { return };
        let mut left = sinc.owed().round().max(0.0) as usize;
        // The filter's tail is far shorter than a chunk; three are enough for anything.
        for _ in 0..3 {
            if left > 0 {
                sinc.pending.resize(CHUNK * 2, 0.0);
                sinc.convert(Some(left), &mut |frames: &[f32]| {
                    left -= (frames.len() / 2).min(left);
                    sink(frames);
                });
            }
        }
    }
}

impl Sinc {
    fn new(rate: u32) -> Option<Self> {
        let parameters = SincInterpolationParameters {
            sinc_len: SINC_LEN,
            f_cutoff: None,
            oversampling_factor: 256,
            interpolation: SincInterpolationType::Linear,
            window: WindowFunction::BlackmanHarris2,
        };
        let ratio = f64::from(SAMPLE_RATE) / f64::from(rate);
        let resampler = Async::new_sinc(ratio, 1.01, &parameters, CHUNK, 2, FixedAsync::Input).ok()?;
        // The first frame that comes out is centred half a filter, less one frame, before the first that goes in.
        let skip = ((SINC_LEN / 2) as f64 * ratio).round() as usize;
        let skip = skip.saturating_sub(1);
        Some(Self {
            output: vec![0.0; resampler.output_frames_max() * 2],
            pending: Vec::with_capacity(CHUNK * 2),
            skip,
            balance: 0.0,
            ratio,
            resampler,
        })
    }

    fn owed(&self) -> f64 {
        (self.pending.len() / 2) as f64 * self.ratio + self.balance
    }

    /// Runs one full chunk through; of the output, at most `limit` frames go to `sink`.
    fn convert(&mut self, limit: Option<usize>, sink: &mut impl FnMut(&[f32])) {
        let room = self.output.len() / 2;
        let made = InterleavedSlice::new(&self.pending, 2, CHUNK).and_then(|input| {
            let mut output = InterleavedSlice::new_mut(&mut self.output, 2, room)?;
            Ok(self.resampler.process_into_buffer(&input, &mut output, None))
        });
        self.pending.clear();
        // Both buffers have the sizes that the resampler asked for, so it has nothing to refuse; should it, the chunk is
        // lost and the grid fills its place with silence.
        let Ok(Ok((_, frames))) = made else {
            self.balance += CHUNK as f64 * self.ratio;
            return;
        };
        let skip = self.skip.min(frames);
        self.skip -= skip;
        self.balance += CHUNK as f64 * self.ratio - (frames - skip) as f64;
        let end = limit.map_or(frames, |limit| frames.min(skip + limit));
        if skip < end {
            sink(&self.output[skip * 2..end * 2]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    fn sine(rate: u32, frames: usize) -> Vec<f32> {
        (0..frames)
            .flat_map(|n| {
                let value = (TAU * 1000.0 * n as f64 / f64::from(rate)).sin() as f32;
                [value, -value]
            })
            .collect()
    }

    #[test]
    fn a_sine_comes_out_in_place_and_in_full_from_every_rate() {
        for rate in [8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 96_000, 192_000] {
            let input = sine(rate, rate as usize / 2);
            let mut output = Vec::new();
            let mut converter = Converter::new(rate, false).unwrap();
            for piece in input.chunks(2 * 333) {
                converter.push(piece, |frames| output.extend_from_slice(frames));
            }
            converter.finish(|frames| output.extend_from_slice(frames));
            let ideal = (input.len() / 2) as f64 * 48_000.0 / f64::from(rate);
            assert!(
                (output.len() as f64 / 2.0 - ideal).abs() <= 1.0,
                "{rate}: {}",
                output.len() / 2
            );
            let wanted = sine(48_000, 24_000);
            // Away from the edges, where the filter sees the silence around the stretch.
            let worst = (2_000..46_000.min(output.len()))
                .map(|at| (output[at] - wanted[at]).abs())
                .fold(0.0_f32, f32::max);
            // Half a frame of 48 kHz, at the steepest point of this sine.
            assert!(worst < 0.068, "{rate} Hz: off by {worst}");
        }
    }

    #[test]
    fn what_is_owed_is_told_exactly() {
        let mut converter = Converter::new(44_100, true).unwrap();
        let (mut pushed, mut got) = (0_usize, 0_usize);
        for n in 0..400 {
            let piece = sine(44_100, 100 + n % 37);
            pushed += piece.len() / 2;
            converter.push(&piece, |frames| got += frames.len() / 2);
            let ideal = pushed as f64 * 48_000.0 / 44_100.0;
            assert!((got as f64 + converter.owed() - ideal).abs() < 2.0, "{n}");
        }
    }

    #[test]
    fn a_correction_makes_it_longer() {
        let mut got = 0;
        let mut converter = Converter::new(48_000, true).unwrap();
        converter.set_correction(0.001);
        converter.push(&sine(48_000, 480_000), |frames| got += frames.len() / 2);
        let total = got as f64 + converter.owed();
        assert!((total - 480_480.0).abs() < 3.0, "{total}");
    }

    #[test]
    fn absurd_rates_are_refused() {
        assert!(Converter::new(0, false).is_none());
        assert!(Converter::new(u32::MAX, true).is_none());
    }
}
