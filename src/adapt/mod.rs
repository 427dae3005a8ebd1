//! Bitrate that follows the network and the audience: samples and time in, targets and reasons out. Pure: no clock, no IO.

mod sample;

pub use sample::Sample;
