//! Where a source's sound enters its strip: made finite, and looked at: is there anything, and are both channels the same?

use super::level::peak;
use super::{SILENCE, Stereo};

/// -160 dBFS: below what 24 bits can say. Tails that decay towards nothing count as silence, before their numbers get
/// so small that arithmetic slows down.
const INAUDIBLE: f32 = 1e-8;

/// +36 dBFS: no source sends more on purpose, and filters stay finite.
const INPUT_LIMIT: f32 = 64.0;

/// Blocks with equal channels after which one of them is worked on for both: 5 s, by when all memories are the same.
const STEREO_HOLD_BLOCKS: u32 = 500;

/// What came in with a block.
#[derive(Clone, Copy, Debug)]
pub struct Arrival {
    /// The largest amplitude, before anything is done about it.
    pub peak: f32,
    /// Whether anything can be heard.
    pub is_sounding: bool,
    /// How many channels are to be worked on: one while both are the same.
    pub channels: usize,
    /// The channels part with this block.
    pub is_parting: bool,
}

/// The input of one strip.
pub struct Input {
    /// Blocks for which both channels are still worked on. Zero: one.
    stereo_left: u32,
}

impl Input {
    /// An input that has heard nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self { stereo_left: 0 }
    }

    /// Looks at the next block (`None`: the source has none).
    pub fn look(&mut self, block: Option<&Stereo>) -> Arrival {
        let peak = block.map_or(0.0, |block| peak(block.as_flattened()));
        #[expect(clippy::float_cmp, reason = "equal channels are bit for bit the same")]
        let is_mono = block.is_none_or(|block| block[0] == block[1]);
        let was_one = self.stereo_left == 0;
        self.stereo_left = if is_mono {
            self.stereo_left.saturating_sub(1)
        } else {
            STEREO_HOLD_BLOCKS
        };
        let is_parting = was_one && !is_mono;
        Arrival {
            peak,
            is_sounding: peak > INAUDIBLE,
            channels: if self.stereo_left == 0 { 1 } else { 2 },
            is_parting,
        }
    }

    /// The block as the strip works on it; only the channels that count.
    pub fn clean(block: Option<&Stereo>, channels: usize) -> Stereo {
        let Some(input) = block else { return SILENCE };
        let mut block = *input;
        for sample in block[..channels].as_flattened_mut() {
            *sample = if sample.is_finite() {
                sample.clamp(-INPUT_LIMIT, INPUT_LIMIT)
            } else {
                0.0
            };
        }
        block
    }

    /// Nothing comes in, and nothing still rings.
    pub fn sleep(&mut self) {
        self.stereo_left = 0;
    }
}

impl Default for Input {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::BLOCK_FRAMES;

    #[test]
    fn one_channel_suffices_again_after_five_equal_seconds() {
        let mut input = Input::new();
        let equal = [[0.5; BLOCK_FRAMES]; 2];
        let apart = [[0.5; BLOCK_FRAMES], [0.4; BLOCK_FRAMES]];
        assert_eq!(input.look(Some(&equal)).channels, 1);
        let parting = input.look(Some(&apart));
        assert!(parting.is_parting && parting.channels == 2);
        assert!(!input.look(Some(&apart)).is_parting);
        for _ in 1..STEREO_HOLD_BLOCKS {
            assert_eq!(input.look(Some(&equal)).channels, 2);
        }
        assert_eq!(input.look(Some(&equal)).channels, 1);
    }

    #[test]
    fn whatever_comes_in_is_made_finite() {
        let mut input = Input::new();
        let mut block = SILENCE;
        block[0][..4].copy_from_slice(&[f32::NAN, f32::INFINITY, -1e30, 1e-40]);
        let arrival = input.look(Some(&block));
        assert!(arrival.is_sounding && arrival.channels == 2);
        let clean = Input::clean(Some(&block), 2);
        assert!(clean.as_flattened().iter().all(|x| x.abs() <= INPUT_LIMIT));
    }
}
