//! What leaves an encoder and what a destination needs to know to make sense of it.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::time::{FrameRate, Timestamp};

/// Which elementary stream a packet belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrackKind {
    /// H.264 access units.
    Video,
    /// AAC raw data blocks, or Opus packets.
    Audio,
}

/// One encoded access unit. Cheap to clone: the bytes are shared.
#[derive(Clone, Debug, PartialEq)]
pub struct Packet {
    /// The stream that it belongs to.
    pub track: TrackKind,
    /// When it is shown or heard, on the studio clock.
    pub pts: Timestamp,
    /// When it is decoded. Equal to `pts` for all that we encode (no B-frames).
    pub dts: Timestamp,
    /// For video: starts with an IDR, so that a decoder may join here. Always true for sound.
    pub is_idr: bool,
    /// Video: NAL units, each behind a 4-byte big-endian length (AVCC, ISO/IEC 14496-15 §5.3), without SPS and PPS.
    /// Sound: one AAC raw data block without ADTS header, or one Opus packet (RFC 6716 §3).
    pub data: Bytes,
}

/// What a decoder must know before the first video packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VideoConfig {
    /// Luma width in pixels.
    pub width: u32,
    /// Luma height in pixels.
    pub height: u32,
    /// The constant rate of the program.
    pub frame_rate: FrameRate,
    /// The sequence parameter set as a NAL unit, header byte first, without start code.
    pub sps: Bytes,
    /// The picture parameter set, likewise.
    pub pps: Bytes,
    /// Target in kbit/s, for metadata.
    pub bitrate_kbps: u32,
}

/// What a decoder must know before the first packet of sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AudioConfig {
    /// How the sound is coded.
    pub codec: AudioCodec,
    /// In Hz.
    pub sample_rate: u32,
    /// 1 or 2.
    pub channels: u8,
    /// Target in kbit/s, for metadata.
    pub bitrate_kbps: u32,
}

/// How sound is coded, with what that codec's decoders want to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AudioCodec {
    /// AAC-LC.
    Aac {
        /// AudioSpecificConfig (ISO/IEC 14496-3 §1.6.2.1).
        asc: Bytes,
    },
    /// Opus in frames of 20 ms: a packet says all about itself.
    ///
    /// There is no pre-skip to be told: the encoder's look-ahead is taken off each PTS, so what a decoder makes of the first
    /// packet is already sound that belongs to the show.
    Opus,
}

impl AudioCodec {
    /// As people call it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Aac { .. } => "AAC",
            Self::Opus => "Opus",
        }
    }
}
