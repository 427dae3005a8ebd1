//! Sound as it moves through the studio: blocks of 10 ms, stereo, 48 kHz, 32-bit float.

use super::time::{TimeDelta, Timestamp};

/// The studio's one sample rate, in Hz. Sources resample to it.
pub const SAMPLE_RATE: u32 = 48_000;

/// Samples per channel in a block: 10 ms.
pub const BLOCK_FRAMES: usize = 480;

/// 10 ms of stereo sound. Full scale is ±1.0; values beyond it are legal until the limiter.
///
/// Planar, and plain data: it is copied into lock-free rings as it stands, so that no sound path allocates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AudioBlock {
    /// When the first sample sounds. Always a whole number of blocks since zero.
    pub pts: Timestamp,
    /// Left and right.
    pub channels: [[f32; BLOCK_FRAMES]; 2],
}

impl AudioBlock {
    /// A block without sound.
    #[must_use]
    pub const fn silence(pts: Timestamp) -> Self {
        Self {
            pts,
            channels: [[0.0; BLOCK_FRAMES]; 2],
        }
    }

    /// When block `index` starts: block 0 starts at zero.
    #[must_use]
    pub fn time_of(index: i64) -> Timestamp {
        Timestamp::from_48k(index.saturating_mul(BLOCK_FRAMES as i64))
    }

    /// The block in which `at` falls.
    #[must_use]
    pub fn index_at(at: Timestamp) -> i64 {
        at.to_48k().div_euclid(BLOCK_FRAMES as i64)
    }

    /// How long a block lasts.
    #[must_use]
    pub fn duration() -> TimeDelta {
        TimeDelta::from_rate(BLOCK_FRAMES as i64, SAMPLE_RATE)
    }
}
