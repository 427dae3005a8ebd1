//! What demultiplexers give.

use std::sync::Arc;

use crate::media::TimeDelta;

/// One of the two tracks that are played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::source) enum Kind {
    /// Pictures.
    Video,
    /// Sound.
    Sound,
}

/// What a stream says that it has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::source) struct Tracks {
    /// Pictures that can be played.
    pub(in crate::source) has_video: bool,
    /// Sound that can be played.
    pub(in crate::source) has_sound: bool,
    /// What cannot be played, by name.
    pub(in crate::source) left_out: Vec<String>,
}

/// A piece of a stream.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::source) enum Unit {
    /// What there is, when it is known or changes.
    Tracks(Tracks),
    /// One access unit of H.264.
    Picture {
        /// When it is shown, on the stream's clock.
        pts: TimeDelta,
        /// When it is decoded.
        dts: TimeDelta,
        /// Annex B, with parameter sets before what can be decoded without anything before it.
        data: Vec<u8>,
    },
    /// One frame of AAC.
    Sound {
        /// When it sounds, on the stream's clock.
        pts: TimeDelta,
        /// The AudioSpecificConfig that it was made with.
        config: Arc<[u8]>,
        /// The raw data block.
        data: Vec<u8>,
    },
}
