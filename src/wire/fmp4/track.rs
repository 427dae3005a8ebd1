//! What a track is made of, and the clock it counts in.

use crate::media::aac::AudioSpecificConfig;
use crate::media::opus::OpusHead;
use crate::media::{AudioCodec, AudioConfig, FrameRate, TrackKind, VideoConfig};

/// Ticks per second of pictures: a frame of every usual rate is a whole number of them.
const VIDEO_TIMESCALE: u32 = 90_000;

/// Samples per channel of the Opus packets that rigcast's encoder makes; others say it themselves.
const OPUS_SAMPLES: u32 = 960;

/// One track of a file or stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrackConfig {
    /// H.264 as `avc1`.
    Video(VideoConfig),
    /// AAC as `mp4a`, or Opus.
    Audio {
        /// How it is coded.
        config: AudioConfig,
        /// What players call it: "program", "mic".
        name: String,
    },
}

impl TrackConfig {
    /// Pictures or sound.
    #[must_use]
    pub const fn kind(&self) -> TrackKind {
        match self {
            Self::Video(_) => TrackKind::Video,
            Self::Audio { .. } => TrackKind::Audio,
        }
    }

    /// The codec as browsers and HLS name it (RFC 6381): `avc1.64001f`, `mp4a.40.2`, `opus`.
    #[must_use]
    pub fn codec_string(&self) -> String {
        match self {
            Self::Video(config) => {
                let at = |index: usize| config.sps.get(index).copied().unwrap_or(0);
                format!("avc1.{:02x}{:02x}{:02x}", at(1), at(2), at(3))
            }
            Self::Audio { config, .. } => match &config.codec {
                AudioCodec::Aac { asc } => {
                    let object_type = AudioSpecificConfig::parse(asc).map_or(crate::media::aac::AAC_LC, |asc| {
                        // HE-AAC is named by its outer type.
                        match asc.sbr {
                            None => asc.object_type,
                            Some(sbr) if sbr.has_parametric_stereo => 29,
                            Some(_) => 5,
                        }
                    });
                    format!("mp4a.40.{object_type}")
                }
                AudioCodec::Opus => "opus".to_owned(),
            },
        }
    }

    /// Ticks per second of the track's clock: 90 000 for pictures, the sample rate for sound.
    #[must_use]
    pub fn timescale(&self) -> u32 {
        match self {
            Self::Video(_) => VIDEO_TIMESCALE,
            Self::Audio { config, .. } => match config.codec {
                // RFC 7587 §4.1 and the ISOBMFF mapping alike: always 48 kHz, whatever went in.
                AudioCodec::Opus => 48_000,
                AudioCodec::Aac { .. } => config.sample_rate.max(1),
            },
        }
    }

    /// How many ticks a sample lasts where nothing else tells.
    pub(super) fn nominal_duration(&self) -> u32 {
        match self {
            Self::Video(config) => frame_ticks(config.frame_rate),
            Self::Audio { config, .. } => match &config.codec {
                AudioCodec::Opus => OPUS_SAMPLES,
                AudioCodec::Aac { asc } => AudioSpecificConfig::parse(asc).map_or(1024, |asc| {
                    // With SBR a frame of 1024 core samples lasts 2048 of the rate that comes out.
                    let ratio = u64::from(config.sample_rate) * u64::from(asc.frame_samples());
                    (ratio / u64::from(asc.sample_rate.max(1))).clamp(1, 1 << 20) as u32
                }),
            },
        }
    }

    /// How many ticks the packet `data` lasts by its own account; `None` where it says nothing of it.
    pub(super) fn own_duration(&self, data: &[u8]) -> Option<u32> {
        match self {
            Self::Audio { config, .. } if config.codec == AudioCodec::Opus => {
                let head = OpusHead::parse(data).ok()?;
                u32::try_from(head.duration().to_rate(self.timescale())).ok()
            }
            _ => None,
        }
    }
}

fn frame_ticks(rate: FrameRate) -> u32 {
    let ticks = u64::from(VIDEO_TIMESCALE) * u64::from(rate.den) / u64::from(rate.num.max(1));
    ticks.clamp(1, u64::from(u32::MAX)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn audio(codec: AudioCodec, sample_rate: u32) -> TrackConfig {
        let config = AudioConfig {
            codec,
            sample_rate,
            channels: 2,
            bitrate_kbps: 128,
        };
        TrackConfig::Audio {
            config,
            name: "program".to_owned(),
        }
    }

    fn aac(asc: &'static [u8], sample_rate: u32) -> TrackConfig {
        let asc = Bytes::from_static(asc);
        audio(AudioCodec::Aac { asc }, sample_rate)
    }

    #[test]
    fn each_codec_has_its_name_and_its_clock() {
        // LC 48 kHz; HE-AAC explicit, core 24 kHz; HE-AAC backward compatible.
        let tracks = [
            (aac(&[0x11, 0x90], 48_000), "mp4a.40.2", 48_000, 1024),
            (aac(&[0x2b, 0x11, 0x88, 0x00], 48_000), "mp4a.40.5", 48_000, 2048),
            (aac(&[0x13, 0x10, 0x56, 0xe5, 0x98], 48_000), "mp4a.40.5", 48_000, 2048),
            (aac(&[0x12, 0x10], 44_100), "mp4a.40.2", 44_100, 1024),
            (audio(AudioCodec::Opus, 48_000), "opus", 48_000, 960),
        ];
        for (track, name, timescale, nominal) in tracks {
            assert_eq!(
                (
                    track.codec_string().as_str(),
                    track.timescale(),
                    track.nominal_duration()
                ),
                (name, timescale, nominal)
            );
        }
        assert_eq!(frame_ticks(FrameRate::whole(30)), 3000);
        assert_eq!(frame_ticks(FrameRate { num: 30_000, den: 1001 }), 3003);
    }

    #[test]
    fn opus_says_itself_how_long_it_lasts() {
        let opus = audio(AudioCodec::Opus, 48_000);
        // CELT, one frame of 20 ms; hybrid, two frames of 10 ms each; no packet at all.
        assert_eq!(opus.own_duration(&[31 << 3, 0]), Some(960));
        assert_eq!(opus.own_duration(&[12 << 3 | 1, 0, 0]), Some(960));
        assert_eq!(opus.own_duration(&[]), None);
        assert_eq!(aac(&[0x11, 0x90], 48_000).own_duration(&[1]), None);
    }
}
