//! What both sides of a track must agree on before its first packet: the facts that SDP carries.

use bytes::Bytes;

use crate::media::{AudioCodec, AudioConfig, TrackKind, VideoConfig};

/// The clock of RTP video (RFC 6184 §8.2.1).
const VIDEO_CLOCK: u32 = 90_000;

/// The clock of Opus whatever rate it codes (RFC 7587 §4.1).
const OPUS_CLOCK: u32 = 48_000;

/// A stream of packets of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RtpTrack {
    /// Picture or sound.
    pub kind: TrackKind,
    /// 96 to 127: the number that SDP gives to the codec (RFC 3551 §3).
    pub payload_type: u8,
    /// Ticks of its timestamps in a second.
    pub clock_rate: u32,
    /// How it is coded.
    pub codec: RtpCodec,
}

/// How a track is coded, with what a decoder is told outside the packets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RtpCodec {
    /// RFC 6184.
    H264 {
        /// Sequence parameter set, NAL header byte first; empty where it comes in the stream.
        sps: Bytes,
        /// Picture parameter set, likewise.
        pps: Bytes,
    },
    /// RFC 3640, mode AAC-hbr.
    Aac {
        /// AudioSpecificConfig.
        asc: Bytes,
        /// As SDP states it.
        channels: u8,
    },
    /// RFC 7587.
    Opus {
        /// What is worth decoding; SDP always says 2 (§7).
        channels: u8,
    },
}

impl RtpTrack {
    /// The track for an encoder's pictures.
    #[must_use]
    pub fn video(config: &VideoConfig, payload_type: u8) -> Self {
        Self {
            kind: TrackKind::Video,
            payload_type,
            clock_rate: VIDEO_CLOCK,
            codec: RtpCodec::H264 {
                sps: config.sps.clone(),
                pps: config.pps.clone(),
            },
        }
    }

    /// The track for an encoder's sound.
    #[must_use]
    pub fn audio(config: &AudioConfig, payload_type: u8) -> Self {
        let (clock_rate, codec) = match &config.codec {
            AudioCodec::Aac { asc } => {
                let (asc, channels) = (asc.clone(), config.channels);
                (config.sample_rate, RtpCodec::Aac { asc, channels })
            }
            AudioCodec::Opus => (
                OPUS_CLOCK,
                RtpCodec::Opus {
                    channels: config.channels,
                },
            ),
        };
        Self {
            kind: TrackKind::Audio,
            payload_type,
            clock_rate,
            codec,
        }
    }
}
