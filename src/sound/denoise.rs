//! Takes noise out of speech: RNNoise through `nnnoiseless`, one state per channel.
//!
//! **Latency** is exactly one block: RNNoise works on windows of two frames and adds their halves, so what comes out
//! with frame *n* is frame *n − 1*. The strip delays its dry path by the same block.
//!
//! **Mono in stereo.** Microphones and most cameras arrive as two equal channels. While they are equal, one state does
//! the work for both: half the cost. When they part, the second state is fed the last blocks (which were the same for
//! both), so that it continues where the first one is; only after five equal seconds does one state suffice again.
//!
//! **No allocation.** Both states are made with the strip, switched on or not. What remains is the FFT plan that
//! `easyfft` keeps per thread: [`warm_up_this_thread`] makes it.

use std::cell::Cell;

use nnnoiseless::DenoiseState;

use super::{SILENCE, Stereo};
use crate::media::BLOCK_FRAMES;

/// RNNoise was trained on, and expects, the range of 16-bit samples.
const SCALE: f32 = 32_768.0;

/// Blocks that the second channel is fed when the channels part. RNNoise looks back over 8 frames of cepstra and 1728
/// samples; the rest is for its recurrent layers to settle. One state takes about 0.1 ms for each.
const HISTORY_BLOCKS: usize = 12;

/// Equal blocks after which one state serves both channels again: 5 s.
const STEREO_HOLD_BLOCKS: u32 = 500;

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
    /// The last blocks of the one channel while both were equal, a ring.
    history: Box<[[f32; BLOCK_FRAMES]]>,
    /// Where the next block goes.
    at: usize,
    /// How many blocks of `history` are true.
    filled: usize,
    /// Blocks for which both states still run. Zero: mono.
    stereo_left: u32,
}

impl Denoiser {
    /// A denoiser that has heard nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            states: [DenoiseState::new(), DenoiseState::new()],
            history: vec![[0.0; BLOCK_FRAMES]; HISTORY_BLOCKS].into_boxed_slice(),
            at: 0,
            filled: 0,
            stereo_left: 0,
        }
    }

    /// Forgets what was kept for the second channel: call it when blocks are about to be left out.
    pub fn pause(&mut self) {
        self.filled = 0;
        self.stereo_left = 0;
    }

    /// Feeds `block` and gives the denoised block before it. `is_mono` says that both channels of `block` are equal.
    pub fn process(&mut self, block: &Stereo, is_mono: bool) -> Stereo {
        let mut out = SILENCE;
        if is_mono && self.stereo_left == 0 {
            self.history[self.at] = block[0];
            self.at = (self.at + 1) % HISTORY_BLOCKS;
            self.filled = (self.filled + 1).min(HISTORY_BLOCKS);
            run(&mut self.states[0], &block[0], &mut out[0]);
            out[1] = out[0];
            return out;
        }
        if is_mono {
            self.stereo_left -= 1;
        } else {
            if self.stereo_left == 0 {
                self.part();
            }
            self.stereo_left = STEREO_HOLD_BLOCKS;
        }
        for channel in 0..2 {
            run(&mut self.states[channel], &block[channel], &mut out[channel]);
        }
        out
    }

    /// Brings the second state to where the first one is.
    fn part(&mut self) {
        let mut discarded = [0.0; BLOCK_FRAMES];
        for back in (1..=self.filled).rev() {
            let index = (self.at + HISTORY_BLOCKS - back) % HISTORY_BLOCKS;
            run(&mut self.states[1], &self.history[index], &mut discarded);
        }
        self.filled = 0;
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
    fn equal_channels_give_what_two_states_would_give() {
        let (mut both, mut alone) = (Denoiser::new(), DenoiseState::new());
        for block in 0..100 {
            let input = buzz(block, 1);
            let out = both.process(&[input, input], true);
            let mut expected = [0.0; BLOCK_FRAMES];
            run(&mut alone, &input, &mut expected);
            assert_eq!(out, [expected, expected]);
        }
    }

    #[test]
    fn when_the_channels_part_the_second_one_continues_without_a_seam() {
        let mut denoiser = Denoiser::new();
        let mut reference = [DenoiseState::new(), DenoiseState::new()];
        let (mut wrong, mut right) = (0.0_f64, 0.0_f64);
        for block in 0..300 {
            let left = buzz(block, 1);
            let other = if block < 200 { left } else { buzz(block, 77) };
            let out = denoiser.process(&[left, other], block < 200);
            let mut expected = SILENCE;
            run(&mut reference[0], &left, &mut expected[0]);
            run(&mut reference[1], &other, &mut expected[1]);
            assert_eq!(out[0], expected[0], "block {block}");
            if block >= 200 {
                for (a, b) in out[1].iter().zip(&expected[1]) {
                    wrong += f64::from(a - b).powi(2);
                    right += f64::from(*b).powi(2);
                }
            }
        }
        let error_db = 10.0 * (wrong / right).log10();
        assert!(error_db < -25.0, "{error_db:.1} dB");
    }

    #[test]
    fn mono_returns_after_five_equal_seconds() {
        let mut denoiser = Denoiser::new();
        denoiser.process(&[buzz(0, 1), buzz(0, 2)], false);
        for block in 0..STEREO_HOLD_BLOCKS as usize {
            assert!(denoiser.stereo_left > 0);
            denoiser.process(&[buzz(block, 1), buzz(block, 1)], true);
        }
        assert_eq!(denoiser.stereo_left, 0);
    }
}
