//! What viewers get: binary WebSocket messages (RFC 6455 §5.2) with a fixed header, made once for all of them.
//!
//! ```text
//! u8 kind   u8 flags (1: IDR)   u16 0   i64 pts, µs   i64 wall clock when it was made, µs since 1970   payload
//! ```
//! All little endian. Frames from a server are not masked, so the very bytes can be shared by every viewer of a rendition.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::{BufMut, Bytes, BytesMut};
use serde_json::{Value, json};

use crate::media::aac::AudioSpecificConfig;
use crate::media::h264::avc_decoder_configuration_record;
use crate::media::{AudioCodec, AudioConfig, Timestamp, VideoConfig};

/// Bytes before the payload.
pub(super) const HEADER: usize = 20;

/// The longest head of a WebSocket frame from a server.
const MAX_FRAME_HEAD: usize = 10;

/// Final fragment of a binary message.
const FIN_BINARY: u8 = 0x82;

/// What a message carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Config = 1,
    Video = 2,
    Audio = 3,
    Init = 4,
    Fragment = 5,
}

/// Microseconds since 1970 at time zero of the studio clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WallClock(pub(super) i64);

impl WallClock {
    /// When something with this PTS was made.
    pub(super) fn at(self, pts: Timestamp) -> i64 {
        self.0.saturating_add(micros(pts))
    }
}

/// In the unit of the page's clock.
pub(super) fn micros(at: Timestamp) -> i64 {
    at.to_rate(1_000_000)
}

/// A finished WebSocket frame, and where its payload begins.
pub(super) fn message(kind: Kind, is_idr: bool, pts: Timestamp, wall: WallClock, payload: &[u8]) -> (Bytes, usize) {
    let len = HEADER + payload.len();
    let mut frame = BytesMut::with_capacity(MAX_FRAME_HEAD + len);
    frame.put_u8(FIN_BINARY);
    match len {
        0..=125 => frame.put_u8(len as u8),
        126..=0xffff => {
            frame.put_u8(126);
            frame.put_u16(len as u16);
        }
        _ => {
            frame.put_u8(127);
            frame.put_u64(len as u64);
        }
    }
    frame.put_u8(kind as u8);
    frame.put_u8(u8::from(is_idr));
    frame.put_u16_le(0);
    frame.put_i64_le(micros(pts));
    frame.put_i64_le(wall.at(pts));
    let start = frame.len();
    frame.put_slice(payload);
    (frame.freeze(), start)
}

/// The message that goes before the first packet, and again whenever something in it changes.
pub(super) fn config(
    stream: &str,
    rendition: &str,
    renditions: &[String],
    video: Option<&VideoConfig>,
    audio: Option<&AudioConfig>,
    wall: WallClock,
) -> Bytes {
    let text = json!({
        "stream": stream,
        "rendition": rendition,
        "renditions": renditions,
        "video": video.map(video_json),
        "audio": audio.map(audio_json),
    });
    message(Kind::Config, false, Timestamp::ZERO, wall, text.to_string().as_bytes()).0
}

fn video_json(config: &VideoConfig) -> Value {
    json!({
        "codec": video_codec(config),
        "description": STANDARD.encode(avc_decoder_configuration_record(&config.sps, &config.pps)),
        "width": config.width,
        "height": config.height,
        "frame_rate": config.frame_rate.as_f64(),
    })
}

fn audio_json(config: &AudioConfig) -> Value {
    json!({
        "codec": audio_codec(config),
        "description": match &config.codec {
            AudioCodec::Aac { asc } => Some(STANDARD.encode(asc)),
            AudioCodec::Opus => None,
        },
        "sample_rate": config.sample_rate,
        "channels": config.channels,
    })
}

/// As browsers and playlists want it (RFC 6381 §3.3): `avc1.` and profile, constraints and level.
pub(super) fn video_codec(config: &VideoConfig) -> String {
    let byte = |at: usize| config.sps.get(at).copied().unwrap_or(0);
    format!("avc1.{:02x}{:02x}{:02x}", byte(1), byte(2), byte(3))
}

/// Likewise: `mp4a.40.` and the audio object type, or `opus`.
pub(super) fn audio_codec(config: &AudioConfig) -> String {
    match &config.codec {
        AudioCodec::Aac { asc } => {
            let object_type = AudioSpecificConfig::parse(asc).map_or(2, |asc| asc.object_type);
            format!("mp4a.40.{object_type}")
        }
        AudioCodec::Opus => "opus".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    use tungstenite::protocol::frame::FrameHeader;

    #[test]
    fn frames_are_read_by_someone_else() {
        for len in [0, 1, 105, 106, 400, 65_515, 65_516, 70_000] {
            let payload = vec![7; len];
            let pts = Timestamp::from_millis(1500);
            let (frame, start) = message(Kind::Video, true, pts, WallClock(1_000_000), &payload);
            let mut cursor = Cursor::new(&frame);
            let (header, read) = FrameHeader::parse(&mut cursor).unwrap().unwrap();
            assert!(header.is_final && header.mask.is_none());
            assert_eq!(read as usize, HEADER + len);
            let body = &frame[cursor.position() as usize..];
            assert_eq!(&body[..4], [2, 1, 0, 0]);
            assert_eq!(body[4..12], 1_500_000_i64.to_le_bytes());
            assert_eq!(body[12..20], 2_500_000_i64.to_le_bytes());
            assert_eq!(body[20..], payload);
            assert_eq!(frame[start..], payload);
        }
    }
}
