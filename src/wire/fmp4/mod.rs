//! Fragmented MP4 (ISO/IEC 14496-12 §8.8, with avc1 from -15, mp4a from -14, Opus from its ISOBMFF mapping): an
//! initialisation segment once, then fragments that each stand for themselves. The recording writes it to disk, browsers
//! get it for Media Source Extensions, HLS players as segments and parts.
//!
//! Boxes that mp4-atom describes fully are written by it. By hand is written what it cannot say: `default-base-is-moof`, which
//! Media Source Extensions demand; runs whose samples share one duration, without memory for each sample; the whole
//! AudioSpecificConfig.

mod boxes;
mod fragment;
mod init;
mod muxer;
mod read;
#[cfg(test)]
mod tests;
mod track;
mod wall;

pub use fragment::{Fragment, Run};
pub use muxer::Muxer;
pub use read::{ListedFragment, ListedRun, ListedTrack, Listing, ReadError, read};
pub use track::TrackConfig;
pub use wall::WallClock;
