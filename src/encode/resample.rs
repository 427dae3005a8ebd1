//! The program's 48 kHz down to 44.1 kHz, to the sample.
//!
//! A fixed ratio, so the filter may work on the spectrum: 960 samples in, 882 out, that is 20 ms each. Its filter is a
//! windowed sinc of 960 taps, flat to 20 kHz and −100 dB where it would alias. The delay of such a filter is half its length,
//! 480 samples in, which is 441 samples out: a whole number, cut off at the start of a stretch and made up for at its end.

use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Resampler as _, WindowFunction};

use crate::media::SAMPLE_RATE;

/// Samples per channel that go in, and that come out, of one call of the filter.
const CHUNK_IN: usize = 960;
const CHUNK_OUT: usize = 882;

/// The filter's delay, in samples that come out.
const DELAY: usize = CHUNK_OUT / 2;

const RATE_OUT: usize = 44_100;

/// +36 dBFS, far above what an encoder can take.
const LOUDEST: f32 = 64.0;

/// The sample, as far as the filter can reckon with it: a spectrum with an infinity or no number in it makes the library panic.
fn usable(sample: f32) -> f32 {
    if sample.is_finite() {
        sample.clamp(-LOUDEST, LOUDEST)
    } else {
        0.0
    }
}

/// One stretch of sound after the other on its way to 44.1 kHz. Interleaved throughout.
pub(super) struct Resampler {
    filter: Fft<f32>,
    channels: usize,
    /// Input that does not fill a chunk yet.
    pending: Vec<f32>,
    output: Vec<f32>,
    /// Samples per channel still to be cut off at the start.
    skip: usize,
    /// Samples per channel of this stretch so far: what went in, and what came out.
    taken: u64,
    given: u64,
}

impl Resampler {
    /// For so many channels. `None` where the library refuses, which its documentation gives no reason for.
    pub fn new(channels: usize) -> Option<Self> {
        let filter = Fft::new_custom(
            SAMPLE_RATE as usize,
            RATE_OUT,
            CHUNK_IN,
            1,
            channels,
            WindowFunction::BlackmanHarris2,
            FixedSync::Both,
        )
        .ok()?;
        let is_as_planned = filter.input_frames_next() == CHUNK_IN
            && filter.output_frames_next() == CHUNK_OUT
            && filter.output_delay() == DELAY;
        is_as_planned.then(|| Self {
            filter,
            channels,
            pending: Vec::with_capacity(CHUNK_IN * channels),
            output: vec![0.0; CHUNK_OUT * channels],
            skip: DELAY,
            taken: 0,
            given: 0,
        })
    }

    /// Takes samples at 48 kHz and hands those at 44.1 kHz that are ready to `sink`.
    pub fn push(&mut self, samples: &[f32], sink: &mut impl FnMut(&[f32])) {
        let mut rest = samples;
        while !rest.is_empty() {
            let count = rest.len().min(CHUNK_IN * self.channels - self.pending.len());
            self.pending.extend(rest[..count].iter().map(|sample| usable(*sample)));
            rest = &rest[count..];
            self.taken += (count / self.channels) as u64;
            if self.pending.len() == CHUNK_IN * self.channels {
                self.convert(u64::MAX, sink);
            }
        }
    }

    /// Hands out what is still owed for what went in, and is then as new.
    pub fn finish(&mut self, sink: &mut impl FnMut(&[f32])) {
        // Rounded up: what lasted until here is heard until here.
        let wanted = (self.taken * CHUNK_OUT as u64).div_ceil(CHUNK_IN as u64);
        while self.given < wanted {
            self.pending.resize(CHUNK_IN * self.channels, 0.0);
            self.convert(wanted - self.given, sink);
        }
        self.filter.reset();
        self.pending.clear();
        (self.skip, self.taken, self.given) = (DELAY, 0, 0);
    }

    /// Runs a full chunk through the filter; `limit` samples per channel at most go out.
    fn convert(&mut self, limit: u64, sink: &mut impl FnMut(&[f32])) {
        let is_done = InterleavedSlice::new(&self.pending, self.channels, CHUNK_IN)
            .and_then(|input| {
                let mut output = InterleavedSlice::new_mut(&mut self.output, self.channels, CHUNK_OUT)?;
                Ok(self.filter.process_into_buffer(&input, &mut output, None))
            })
            .is_ok_and(|result| result.is_ok());
        self.pending.clear();
        if !is_done {
            // Both buffers have the sizes that the filter asked for, so it has nothing to refuse. Should it, silence keeps
            // the time.
            self.output.fill(0.0);
        }
        let skip = self.skip.min(CHUNK_OUT);
        self.skip -= skip;
        let count = limit.min((CHUNK_OUT - skip) as u64) as usize;
        self.given += count as u64;
        sink(&self.output[skip * self.channels..][..count * self.channels]);
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::*;

    fn sine(hz: f64, rate: f64, samples: usize) -> Vec<f32> {
        (0..samples)
            .map(|n| (TAU * hz * n as f64 / rate).sin() as f32)
            .collect()
    }

    #[test]
    fn numbers_that_are_none_and_those_beyond_all_sense_stop_nothing() {
        let mut resampler = Resampler::new(1).unwrap();
        let mut samples = sine(1000.0, 48_000.0, 9600);
        for (at, wild) in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, -3.5e35]
            .into_iter()
            .enumerate()
        {
            samples[at * 7] = wild;
        }
        let out = run(&mut resampler, &samples, 480);
        assert!(out.iter().all(|sample| sample.is_finite()));
        let quiet = out[out.len() - 1000..]
            .iter()
            .fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
        assert!((quiet - 1.0).abs() < 0.01, "what comes after it is as it was: {quiet}");
    }

    fn run(resampler: &mut Resampler, samples: &[f32], piece: usize) -> Vec<f32> {
        let mut out = Vec::new();
        let mut sink = |samples: &[f32]| out.extend_from_slice(samples);
        for piece in samples.chunks(piece) {
            resampler.push(piece, &mut sink);
        }
        resampler.finish(&mut sink);
        out
    }

    #[test]
    fn every_tone_comes_out_in_its_place_and_at_its_level() {
        let mut resampler = Resampler::new(1).unwrap();
        // The last is above what 44.1 kHz can carry.
        for (hz, floor_db) in [(50.0, -90.0), (1000.0, -90.0), (10_000.0, -90.0), (20_000.0, -60.0)] {
            let out = run(&mut resampler, &sine(hz, 48_000.0, 48_000), 480);
            assert_eq!(out.len(), 44_100);
            let wanted = sine(hz, 44_100.0, 44_100);
            let worst = (1000..43_100).map(|n| (out[n] - wanted[n]).abs()).fold(0.0, f32::max);
            let worst_db = 20.0 * worst.log10();
            eprintln!("{hz} Hz: {worst_db:.1} dB off");
            assert!(worst_db < floor_db, "{hz} Hz: {worst_db:.1} dB");
        }
        let out = run(&mut resampler, &sine(23_500.0, 48_000.0, 48_000), 480);
        let peak = out[1000..43_100].iter().fold(0.0_f32, |peak, x| peak.max(x.abs()));
        eprintln!("23.5 kHz: {:.1} dB left", 20.0 * peak.log10());
        assert!(peak < 1e-4, "an alias of {:.1} dB", 20.0 * peak.log10());
    }

    #[test]
    fn as_much_comes_out_as_went_in_whatever_the_pieces() {
        let mut resampler = Resampler::new(2).unwrap();
        for (frames, wanted) in [(480, 441), (1, 1), (0, 0), (960, 882), (961, 883), (4800, 4410)] {
            let samples = vec![0.25; frames * 2];
            for piece in [2, 34, 960] {
                assert_eq!(
                    run(&mut resampler, &samples, piece).len(),
                    wanted * 2,
                    "{frames} in {piece}s"
                );
            }
        }
    }
}
