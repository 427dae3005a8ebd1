//! Later by a set time, for pictures that come late.
//!
//! A ring of 500 ms, made with the strip. A change fades from the old place in the ring to the new one, so that it
//! neither clicks nor bends the pitch. (fundsp's `Delay` has a fixed length and its `Tap` glides, which bends the pitch.)

use super::Stereo;
use super::ramp::Ramp;
use crate::media::{BLOCK_FRAMES, SAMPLE_RATE};

/// The longest delay, in blocks: 500 ms.
pub const MAX_DELAY_BLOCKS: usize = 50;

/// The longest delay and the block that is being written.
const RING_FRAMES: usize = (MAX_DELAY_BLOCKS + 1) * BLOCK_FRAMES;

/// From the old time to the new one.
const FADE_FRAMES: usize = 2 * BLOCK_FRAMES;

/// The delay of one strip.
pub struct Delay {
    rings: [Box<[f32]>; 2],
    /// Where the next block goes: always a whole number of blocks.
    at: usize,
    /// What is heard.
    frames: usize,
    /// What is faded to; the same where nothing moves.
    next: usize,
    /// What was set last.
    wanted: usize,
    fade: Ramp,
}

impl Delay {
    /// A delay by `ms` that has heard silence.
    #[must_use]
    pub fn new(ms: f32) -> Self {
        let ring = || vec![0.0; RING_FRAMES].into_boxed_slice();
        let frames = frames(ms);
        Self {
            rings: [ring(), ring()],
            at: 0,
            frames,
            next: frames,
            wanted: frames,
            fade: Ramp::new(0.0),
        }
    }

    /// Changes the delay; what is heard follows within 20 ms, or 40 ms where another change is still under way.
    pub fn set(&mut self, ms: f32) {
        self.wanted = frames(ms);
    }

    /// Goes to what is set at once: for when the ring holds silence.
    pub fn settle(&mut self) {
        (self.frames, self.next) = (self.wanted, self.wanted);
        self.fade = Ramp::new(0.0);
    }

    /// Takes `block` and puts in its place what was heard so much earlier.
    pub fn process(&mut self, block: &mut Stereo) {
        for (ring, samples) in self.rings.iter_mut().zip(&*block) {
            ring[self.at..self.at + BLOCK_FRAMES].copy_from_slice(samples);
        }
        if self.next == self.frames && self.wanted != self.frames {
            self.next = self.wanted;
            self.fade = Ramp::new(0.0);
            self.fade.aim(1.0, FADE_FRAMES);
        }
        if self.frames > 0 {
            self.read(self.frames, block);
        }
        if self.next != self.frames {
            let mut later = *block;
            self.read(self.next, &mut later);
            self.fade.next_block().blend(block, &later);
            if self.fade.rests_at(1.0) {
                self.frames = self.next;
            }
        }
        self.at = (self.at + BLOCK_FRAMES) % RING_FRAMES;
    }

    fn read(&self, frames: usize, out: &mut Stereo) {
        let from = (self.at + RING_FRAMES - frames) % RING_FRAMES;
        let straight = (RING_FRAMES - from).min(BLOCK_FRAMES);
        for (ring, samples) in self.rings.iter().zip(out) {
            samples[..straight].copy_from_slice(&ring[from..from + straight]);
            samples[straight..].copy_from_slice(&ring[..BLOCK_FRAMES - straight]);
        }
    }
}

fn frames(ms: f32) -> usize {
    let frames = (ms * SAMPLE_RATE as f32 / 1000.0).round() as usize;
    frames.min(MAX_DELAY_BLOCKS * BLOCK_FRAMES)
}

#[cfg(test)]
#[allow(clippy::float_cmp)]
mod tests {
    use super::*;

    /// Feeds a count of samples and tells by how many the output is late.
    fn lateness(delay: &mut Delay, block: &mut usize) -> i64 {
        let mut samples = [[0.0; BLOCK_FRAMES]; 2];
        for channel in &mut samples {
            for (n, sample) in channel.iter_mut().enumerate() {
                *sample = (*block * BLOCK_FRAMES + n) as f32;
            }
        }
        let expected = samples[1][100] as i64;
        delay.process(&mut samples);
        *block += 1;
        expected - samples[1][100] as i64
    }

    #[test]
    fn late_by_exactly_what_is_set_and_changes_one_after_the_other() {
        let mut delay = Delay::new(0.0);
        let mut block = 0;
        for _ in 0..60 {
            assert_eq!(lateness(&mut delay, &mut block), 0);
        }
        for (ms, frames) in [(0.5, 24), (123.0, 5904), (500.0, 24_000), (10.0, 480), (0.0, 0)] {
            delay.set(3.0 * ms);
            lateness(&mut delay, &mut block);
            delay.set(ms);
            for _ in 0..4 {
                lateness(&mut delay, &mut block);
            }
            for _ in 0..60 {
                assert_eq!(lateness(&mut delay, &mut block), frames, "{ms} ms");
            }
        }
    }

    #[test]
    fn too_long_is_as_long_as_can_be() {
        assert_eq!(frames(1e9), 24_000);
        assert_eq!(frames(f32::NAN), 0);
        assert_eq!(frames(-3.0), 0);
    }
}
