//! Tag bodies out of packets and configurations (annex E.4).

use crate::media::h264::avc_decoder_configuration_record;
use crate::media::{AudioConfig, Packet, TimeDelta, VideoConfig};
use crate::wire::amf0::Value;

/// What stands before a raw AAC block: format 10, and the "44 kHz, 16 bit, stereo" that E.4.2.1 demands of every AAC tag.
pub const AUDIO_HEADER: [u8; 2] = [0xAF, 1];

/// H.264 in the low half of a video tag's first byte.
const AVC: u8 = 7;
const KEYFRAME: u8 = 0x10;
const INTER: u8 = 0x20;

/// What stands before the AVCC bytes of `packet` in its tag (E.4.3.1, AVC NALU): frame type, codec, composition time.
#[must_use]
pub fn video_header(packet: &Packet) -> [u8; 5] {
    let frame_type = if packet.is_idr { KEYFRAME } else { INTER };
    let [_, high, mid, low] = composition_ms(packet.pts - packet.dts).to_be_bytes();
    [frame_type | AVC, 1, high, mid, low]
}

/// The composition time in whole milliseconds, held within its 24 signed bits.
fn composition_ms(offset: TimeDelta) -> i32 {
    offset.to_millis().clamp(-0x80_0000, 0x7F_FFFF) as i32
}

/// The tag body that carries SPS and PPS (AVC sequence header).
#[must_use]
pub fn video_sequence_header(config: &VideoConfig) -> Vec<u8> {
    let mut body = vec![KEYFRAME | AVC, 0, 0, 0, 0];
    body.extend_from_slice(&avc_decoder_configuration_record(&config.sps, &config.pps));
    body
}

/// The tag body that says that no more video comes (AVC end of sequence).
#[must_use]
pub const fn video_end_of_sequence() -> [u8; 5] {
    [KEYFRAME | AVC, 2, 0, 0, 0]
}

/// The tag body that carries the AudioSpecificConfig (AAC sequence header).
#[must_use]
pub fn audio_sequence_header(config: &AudioConfig) -> Vec<u8> {
    let mut body = vec![AUDIO_HEADER[0], 0];
    body.extend_from_slice(&config.asc);
    body
}

/// `onMetaData` for the tracks that there are (E.5): what players and servers show before they have decoded anything.
#[must_use]
pub fn metadata(video: Option<&VideoConfig>, audio: Option<&AudioConfig>) -> Value {
    let mut properties = Vec::new();
    let mut put = |name: &str, value: Value| properties.push((name.to_owned(), value));
    put("duration", Value::Number(0.0));
    if let Some(video) = video {
        put("width", Value::Number(f64::from(video.width)));
        put("height", Value::Number(f64::from(video.height)));
        put("framerate", Value::Number(video.frame_rate.as_f64()));
        put("videocodecid", Value::Number(f64::from(AVC)));
        put("videodatarate", Value::Number(f64::from(video.bitrate_kbps)));
    }
    if let Some(audio) = audio {
        put("audiocodecid", Value::Number(10.0));
        put("audiodatarate", Value::Number(f64::from(audio.bitrate_kbps)));
        put("audiosamplerate", Value::Number(f64::from(audio.sample_rate)));
        put("audiosamplesize", Value::Number(16.0));
        put("audiochannels", Value::Number(f64::from(audio.channels)));
        put("stereo", Value::Boolean(audio.channels > 1));
    }
    put("encoder", Value::string(concat!("rigcast/", env!("CARGO_PKG_VERSION"))));
    Value::EcmaArray(properties)
}
