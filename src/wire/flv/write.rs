//! Tag bodies out of packets and configurations (annex E.4).

use crate::media::h264::avc_decoder_configuration_record;
use crate::media::{AudioCodec, AudioConfig, Packet, TimeDelta, VideoConfig};
use crate::wire::amf0::Value;

/// What stands before a raw AAC block: format 10, and the "44 kHz, 16 bit, stereo" that E.4.2.1 demands of every AAC tag,
/// whatever its rate and channels are. Those are in the AudioSpecificConfig, and players look there.
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

/// Sound that FLV, and RTMP with it, has no tag for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("FLV and RTMP carry AAC, not {0}")]
pub struct UnfitCodec(pub &'static str);

/// The tag body that carries the AudioSpecificConfig (AAC sequence header).
///
/// # Errors
/// [`UnfitCodec`] for anything but AAC.
pub fn audio_sequence_header(config: &AudioConfig) -> Result<Vec<u8>, UnfitCodec> {
    let AudioCodec::Aac { asc } = &config.codec else {
        return Err(UnfitCodec(config.codec.name()));
    };
    let mut body = vec![AUDIO_HEADER[0], 0];
    body.extend_from_slice(asc);
    Ok(body)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::aac::AudioSpecificConfig;
    use crate::wire::flv::{AudioBody, parse_audio};

    fn config(codec: AudioCodec, sample_rate: u32, channels: u8) -> AudioConfig {
        AudioConfig {
            codec,
            sample_rate,
            channels,
            bitrate_kbps: 96,
        }
    }

    #[test]
    fn the_tag_says_44_khz_stereo_and_the_config_the_truth() {
        for (rate, channels) in [(44_100, 1), (44_100, 2), (48_000, 1), (48_000, 2)] {
            let asc = AudioSpecificConfig::aac_lc(rate, channels);
            let codec = AudioCodec::Aac {
                asc: asc.to_bytes().into(),
            };
            let config = config(codec, rate, channels);
            let body = audio_sequence_header(&config).unwrap();
            assert_eq!(body[..2], [0xAF, 0]);
            let Ok(AudioBody::SequenceHeader(bytes)) = parse_audio(&body) else {
                panic!("no sequence header");
            };
            assert_eq!(AudioSpecificConfig::parse(bytes), Ok(asc));
            let metadata = metadata(None, Some(&config));
            assert_eq!(metadata.get("audiosamplerate"), Some(&Value::Number(f64::from(rate))));
            assert_eq!(metadata.get("stereo"), Some(&Value::Boolean(channels == 2)));
        }
    }

    #[test]
    fn opus_is_refused_by_name() {
        let error = audio_sequence_header(&config(AudioCodec::Opus, 48_000, 2)).unwrap_err();
        assert_eq!(error.to_string(), "FLV and RTMP carry AAC, not Opus");
    }
}
