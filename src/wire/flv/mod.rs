//! FLV: what the audio and video messages of RTMP carry, and the file that ffmpeg writes from the same tags.
//!
//! Follows Adobe's "Video File Format Specification 10.1", annex E. Only what a live H.264 + AAC stream needs: codec 7
//! with packet types 0 to 2, and sound format 10; read are also the same two codecs in the form of enhanced RTMP. [`write`](mod@write)
//! makes tag bodies, [`read`] takes them apart again, and [`stream`] finds the tags in a file that is still being written.

#[cfg(test)]
pub(crate) mod for_tests;
pub mod read;
pub mod stream;
pub mod write;

pub use read::{AudioBody, FlvError, FlvProblem, Tag, TagKind, VideoBody, parse_audio, parse_video, tags};
pub use stream::{OwnedTag, TagReader};
pub use write::{
    AUDIO_HEADER, UnfitCodec, audio_sequence_header, metadata, video_end_of_sequence, video_header,
    video_sequence_header,
};
