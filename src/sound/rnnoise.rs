//! RNNoise through `nnnoiseless`, one state per channel.
//!
//! **Latency** is exactly one block: RNNoise works on windows of two frames and adds their halves, so what comes out
//! with frame *n* is frame *n − 1*.
//!
//! **When the channels part.** Microphones and most cameras arrive as two equal channels; one state then does the work for
//! both. The second state, which has heard nothing of late, hears [`LEAD_BLOCKS`] before it is heard; until then the
//! right channel is the denoised left one and the difference as it came. So no block ever costs more than two frames.
//!
//! **No allocation.** Both states are made with the strip, switched on or not. What remains is the FFT plan that
//! `easyfft` keeps per thread: [`warm_up_this_thread`] makes it.

use std::cell::Cell;

use nnnoiseless::DenoiseState;

use super::ramp::Ramp;
use super::{SILENCE, Stereo};
use crate::media::BLOCK_FRAMES;

/// RNNoise was trained on, and expects, the range of 16-bit samples.
const SCALE: f32 = 32_768.0;

/// Blocks that a state hears before it is heard. RNNoise looks back over 8 frames of cepstra and 1728 samples; the rest is
/// for its recurrent layers to settle.
pub const LEAD_BLOCKS: u32 = 12;

/// The second state fades in over 20 ms.
const FADE_FRAMES: usize = 2 * BLOCK_FRAMES;

const _: () = assert!(DenoiseState::FRAME_SIZE == BLOCK_FRAMES);

thread_local! {
    static IS_WARM: Cell<bool> = const { Cell::new(false) };
}

/// Makes what `nnnoiseless` keeps per thread, once per thread; later calls cost nothing. After it, denoising on this
/// thread does not allocate.
pub fn warm_up_this_thread() {
    if !IS_WARM.replace(true) {
        // The plan is made by the first frame, sounding or not.
        let mut out = [0.0; BLOCK_FRAMES];
        DenoiseState::new().process_frame(&mut out, &[1.0; BLOCK_FRAMES]);
    }
}

/// The denoiser of one strip.
pub struct Denoiser {
    states: [Box<DenoiseState<'static>>; 2],
    /// For how many blocks the second state has run without a break.
    second_heard: u32,
    /// 1 = the right channel is what the second state makes of it.
    parted: Ramp,
}

impl Denoiser {
    /// A denoiser that has heard nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            states: [DenoiseState::new(), DenoiseState::new()],
            second_heard: 0,
            parted: Ramp::new(0.0),
        }
    }

    /// Feeds the `channels` channels (one: both are the same) of `block` and gives the denoised block before it, which in
    /// `delayed` is as it came. Only the channels that are fed are given.
    pub fn process(&mut self, block: &Stereo, delayed: &Stereo, channels: usize) -> Stereo {
        let mut out = SILENCE;
        run(&mut self.states[0], &block[0], &mut out[0]);
        if channels == 1 {
            self.second_heard = 0;
            self.parted = Ramp::new(0.0);
            return out;
        }
        run(&mut self.states[1], &block[1], &mut out[1]);
        self.second_heard = self.second_heard.saturating_add(1);
        if self.second_heard > LEAD_BLOCKS {
            self.parted.aim(1.0, FADE_FRAMES);
        }
        if !self.parted.rests_at(1.0) {
            let mut right = out[0];
            for ((right, left), own) in right.iter_mut().zip(&delayed[0]).zip(&delayed[1]) {
                *right += own - left;
            }
            let parted = self.parted.next_block();
            parted.blend(std::slice::from_mut(&mut right), &out[1..]);
            out[1] = right;
        }
        out
    }

    /// Blocks are about to be left out.
    pub const fn pause(&mut self) {
        self.second_heard = 0;
        self.parted = Ramp::new(0.0);
    }
}

impl Default for Denoiser {
    fn default() -> Self {
        Self::new()
    }
}

fn run(state: &mut DenoiseState<'static>, input: &[f32; BLOCK_FRAMES], out: &mut [f32; BLOCK_FRAMES]) {
    let mut scaled = *input;
    for sample in &mut scaled {
        *sample *= SCALE;
    }
    state.process_frame(out, &scaled);
    for sample in out {
        *sample /= SCALE;
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp)]
mod tests {
    use super::*;

    /// A buzz with noise under it, different for each seed.
    fn buzz(block: usize, seed: u32) -> [f32; BLOCK_FRAMES] {
        let mut noise = seed.wrapping_add(block as u32).wrapping_mul(0x9E37_79B9) | 1;
        std::array::from_fn(|n| {
            noise ^= noise << 13;
            noise ^= noise >> 17;
            noise ^= noise << 5;
            let t = (block * BLOCK_FRAMES + n) as f32 / 48_000.0;
            let voice: f32 = (1..12)
                .map(|h| (std::f32::consts::TAU * 140.0 * h as f32 * t).sin() / h as f32)
                .sum();
            let is_speaking = (t * 3.0).fract() < 0.6;
            0.1 * voice * f32::from(u8::from(is_speaking)) + 0.01 * (noise as f32 / u32::MAX as f32 - 0.5)
        })
    }

    #[test]
    fn one_channel_is_what_one_state_gives() {
        let (mut both, mut alone) = (Denoiser::new(), DenoiseState::new());
        let mut delayed = SILENCE;
        for block in 0..100 {
            let input = buzz(block, 1);
            let out = both.process(&[input, input], &delayed, 1);
            let mut expected = [0.0; BLOCK_FRAMES];
            run(&mut alone, &input, &mut expected);
            assert_eq!(out[0], expected);
            delayed = [input, input];
        }
    }

    #[test]
    fn when_the_channels_part_the_second_one_continues_without_a_seam() {
        let mut denoiser = Denoiser::new();
        let mut reference = [DenoiseState::new(), DenoiseState::new()];
        let (mut wrong, mut right) = (0.0_f64, 0.0_f64);
        let (mut delayed, mut last) = (SILENCE, SILENCE);
        let mut steepest = 0.0_f32;
        for block in 0..300 {
            let left = buzz(block, 1);
            let other = if block < 200 { left } else { buzz(block, 77) };
            let channels = if block < 200 { 1 } else { 2 };
            let mut out = denoiser.process(&[left, other], &delayed, channels);
            if channels == 1 {
                out[1] = out[0];
            }
            let mut expected = SILENCE;
            run(&mut reference[0], &left, &mut expected[0]);
            run(&mut reference[1], &other, &mut expected[1]);
            assert_eq!(out[0], expected[0], "block {block}");
            if block >= 200 + LEAD_BLOCKS as usize + 2 {
                for (a, b) in out[1].iter().zip(&expected[1]) {
                    wrong += f64::from(a - b).powi(2);
                    right += f64::from(*b).powi(2);
                }
            }
            // No block begins far from where the one before it ended.
            if block > 0 {
                let seam = (out[1][0] - last[1][479]).abs();
                let inside = out[1].windows(2).map(|x| (x[1] - x[0]).abs()).fold(0.0, f32::max);
                steepest = steepest.max(seam / (inside + 0.01));
            }
            (delayed, last) = ([left, other], out);
        }
        let error_db = 10.0 * (wrong / right).log10();
        assert!(error_db < -25.0, "{error_db:.1} dB");
        assert!(steepest < 1.5, "{steepest}");
    }
}
