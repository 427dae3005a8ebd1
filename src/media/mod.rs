//! The nouns that every stage shares: time, pictures, sound, encoded packets and the bitstreams inside them.
//!
//! This module does no IO and knows no other module of the crate (the dependency rule is kept by `tests/repo_rules.rs`).

pub mod aac;
pub mod audio;
pub mod exact;
pub mod h264;
pub mod opus;
pub mod packet;
pub mod rate;
pub mod spell;
pub mod time;
pub mod video;

pub use audio::{AudioBlock, BLOCK_FRAMES, SAMPLE_RATE};
pub use packet::{AudioCodec, AudioConfig, Packet, TrackKind, VideoConfig};
pub use rate::{Rate, RateControl};
pub use spell::{Spell, Turn};
pub use time::{FrameRate, TimeDelta, Timestamp};
pub use video::{FrameMut, FramePool, MAX_DIMENSION, Plane, SlotId, SlotMemory, VideoFrame, i420_len};
