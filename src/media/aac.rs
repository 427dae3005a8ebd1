//! AAC bitstream headers: the AudioSpecificConfig (ISO/IEC 14496-3 §1.6.2.1, with GASpecificConfig §4.4.1), which MP4,
//! FLV and RTP carry out of band, and the ADTS header (§1.A.2.2.1), which stands before each frame in a plain stream.
//!
//! Parsers read network bytes: they never panic and never allocate.

use thiserror::Error;

mod adts;
mod bits;

pub use adts::{ADTS_HEADER_LEN, AdtsHeader, adts_frames};
use bits::{BitWriter, Bits};

/// Sampling rates by index, table 1.18. Index 15 escapes to 24 explicit bits; 13 and 14 are reserved.
const SAMPLE_RATES: [u32; 13] = [
    96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350,
];

/// Audio object types, table 1.17.
const SBR: u8 = 5;
const PARAMETRIC_STEREO: u8 = 29;

/// AAC low complexity.
pub const AAC_LC: u8 = 2;

/// Why bytes are no header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AacError {
    /// The bytes end inside a field.
    #[error("AAC header ends early, at bit {at_bit}")]
    Truncated {
        /// Where reading stopped.
        at_bit: usize,
    },
    /// A value that the standard reserves.
    #[error("AAC header: {field} {value} is reserved")]
    Reserved {
        /// The field's name in the standard.
        field: &'static str,
        /// Its value.
        value: u32,
    },
    /// A value that the standard allows and that is not supported here.
    #[error("AAC header: {field} {value} is not supported")]
    Unsupported {
        /// The field's name in the standard.
        field: &'static str,
        /// Its value.
        value: u32,
    },
    /// No ADTS sync word where one must be.
    #[error("no ADTS sync word")]
    NoSync,
}

/// Spectral band replication as an AudioSpecificConfig signals it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sbr {
    /// The rate that the decoder puts out, in Hz; usually twice that of the core.
    pub sample_rate: u32,
    /// Parametric stereo as well: one core channel, two come out.
    pub has_parametric_stereo: bool,
}

/// What a decoder needs to know about an AAC stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AudioSpecificConfig {
    /// The audio object type of the core: 2 is AAC-LC. 1 to 4, 6 and 7 are read; error resilient and newer types, which
    /// say more in other ways, are refused.
    pub object_type: u8,
    /// The rate of the core, in Hz.
    pub sample_rate: u32,
    /// 1 to 6, or 8.
    pub channels: u8,
    /// 960 samples per frame instead of 1024.
    pub has_short_frames: bool,
    /// HE-AAC, where it is signalled.
    pub sbr: Option<Sbr>,
}

impl AudioSpecificConfig {
    /// AAC-LC with frames of 1024 samples.
    #[must_use]
    pub const fn aac_lc(sample_rate: u32, channels: u8) -> Self {
        Self {
            object_type: AAC_LC,
            sample_rate,
            channels,
            has_short_frames: false,
            sbr: None,
        }
    }

    /// Samples per channel in one access unit of the core.
    #[must_use]
    pub const fn frame_samples(&self) -> u32 {
        if self.has_short_frames { 960 } else { 1024 }
    }

    /// Reads the configuration. Bytes behind it are ignored.
    pub fn parse(bytes: &[u8]) -> Result<Self, AacError> {
        let mut bits = Bits::new(bytes);
        let mut object_type = bits.object_type()?;
        let sample_rate = bits.sample_rate()?;
        let channel_config = bits.read(4)?;
        let mut sbr = None;
        if object_type == SBR || object_type == PARAMETRIC_STEREO {
            sbr = Some(Sbr {
                sample_rate: bits.sample_rate()?,
                has_parametric_stereo: object_type == PARAMETRIC_STEREO,
            });
            object_type = bits.object_type()?;
        }
        if !matches!(object_type, 1..=4 | 6 | 7) {
            return Err(AacError::Unsupported {
                field: "audioObjectType",
                value: object_type.into(),
            });
        }
        let channels = channels_of(channel_config)?;
        // GASpecificConfig
        let has_short_frames = bits.read(1)? == 1;
        if bits.read(1)? == 1 {
            bits.read(14)?; // coreCoderDelay
        }
        let has_extension = bits.read(1)? == 1;
        if object_type == 6 {
            bits.read(3)?; // layerNr
        }
        if has_extension {
            bits.read(1)?; // extensionFlag3: only error resilient types say more here
        }
        if sbr.is_none() {
            sbr = bits.sync_extension();
        }
        Ok(Self {
            object_type,
            sample_rate,
            channels,
            has_short_frames,
            sbr,
        })
    }

    /// Writes the configuration; SBR is signalled explicitly (hierarchically).
    ///
    /// Channel counts that no configuration has (0, 7, over 8) are written as configuration 0, "see the stream".
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = BitWriter::default();
        match self.sbr {
            None => out.object_type(self.object_type),
            Some(sbr) => out.object_type(if sbr.has_parametric_stereo {
                PARAMETRIC_STEREO
            } else {
                SBR
            }),
        }
        out.sample_rate(self.sample_rate);
        out.write(channel_config_of(self.channels), 4);
        if let Some(sbr) = self.sbr {
            out.sample_rate(sbr.sample_rate);
            out.object_type(self.object_type);
        }
        out.write(u32::from(self.has_short_frames), 1);
        out.write(0, 2); // no core coder, no extension
        if self.object_type == 6 {
            out.write(0, 3); // layerNr
        }
        out.bytes
    }
}

/// Channels of a channel configuration, table 1.19. Configuration 0 describes them inside the stream.
fn channels_of(config: u32) -> Result<u8, AacError> {
    match config {
        1..=6 => Ok(config as u8),
        7 => Ok(8),
        0 => Err(AacError::Unsupported {
            field: "channelConfiguration",
            value: 0,
        }),
        value => Err(AacError::Reserved {
            field: "channelConfiguration",
            value,
        }),
    }
}

const fn channel_config_of(channels: u8) -> u32 {
    match channels {
        1..=6 => channels as u32,
        8 => 7,
        _ => 0,
    }
}

fn rate_of(index: u32) -> Result<u32, AacError> {
    SAMPLE_RATES.get(index as usize).copied().ok_or(AacError::Reserved {
        field: "samplingFrequencyIndex",
        value: index,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rates() -> impl Strategy<Value = u32> {
        prop_oneof![prop::sample::select(SAMPLE_RATES.to_vec()), 1u32..1 << 24]
    }

    fn configs() -> impl Strategy<Value = AudioSpecificConfig> {
        let sbr = prop::option::of(
            (rates(), any::<bool>()).prop_map(|(sample_rate, has_parametric_stereo)| Sbr {
                sample_rate,
                has_parametric_stereo,
            }),
        );
        let kind = prop::sample::select(vec![1u8, 2, 3, 4, 6, 7]);
        let channels = prop::sample::select(vec![1u8, 2, 3, 4, 5, 6, 8]);
        (kind, rates(), channels, any::<bool>(), sbr).prop_map(
            |(object_type, sample_rate, channels, has_short_frames, sbr)| AudioSpecificConfig {
                object_type,
                sample_rate,
                channels,
                has_short_frames,
                sbr,
            },
        )
    }

    proptest! {
        #[test]
        fn configs_survive_writing_and_reading(config in configs(), behind in prop::collection::vec(Just(0u8), 0..4)) {
            let mut bytes = config.to_bytes();
            bytes.extend(behind);
            prop_assert_eq!(AudioSpecificConfig::parse(&bytes), Ok(config));
        }

        #[test]
        fn a_config_cut_short_is_an_error(config in configs()) {
            let bytes = config.to_bytes();
            prop_assert!(AudioSpecificConfig::parse(&bytes[..bytes.len() - 1]).is_err());
        }

        #[test]
        fn no_bytes_upset_the_parser(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = AudioSpecificConfig::parse(&bytes).map(|config| AudioSpecificConfig::parse(&config.to_bytes()));
        }

    }

    #[test]
    fn configs_of_real_encoders() {
        // ffmpeg 5.1 (native AAC encoder), 48 kHz stereo: LC followed by a sync extension that says "no SBR".
        let ffmpeg = [0x11, 0x90, 0x56, 0xe5, 0x00];
        assert_eq!(
            AudioSpecificConfig::parse(&ffmpeg),
            Ok(AudioSpecificConfig::aac_lc(48_000, 2))
        );
        // 44.1 kHz stereo and 16 kHz mono, as RTSP cameras announce them in `config=`.
        let plain = [([0x12, 0x10], 44_100, 2), ([0x14, 0x08], 16_000, 1)];
        for (bytes, rate, channels) in plain {
            assert_eq!(
                AudioSpecificConfig::parse(&bytes),
                Ok(AudioSpecificConfig::aac_lc(rate, channels))
            );
            assert_eq!(AudioSpecificConfig::aac_lc(rate, channels).to_bytes(), bytes);
        }
        assert_eq!(AudioSpecificConfig::aac_lc(48_000, 2).to_bytes(), [0x11, 0x90]);
    }

    #[test]
    fn both_ways_of_signalling_sbr() {
        let sbr = Some(Sbr {
            sample_rate: 48_000,
            has_parametric_stereo: false,
        });
        let expected = AudioSpecificConfig {
            sbr,
            ..AudioSpecificConfig::aac_lc(24_000, 2)
        };
        // Explicit: object type 5, core 24 kHz, output 48 kHz, then object type 2.
        assert_eq!(AudioSpecificConfig::parse(&[0x2b, 0x11, 0x88, 0x00]), Ok(expected));
        // Backward compatible: LC 24 kHz, then 0x2b7, object type 5, SBR present, 48 kHz.
        assert_eq!(
            AudioSpecificConfig::parse(&[0x13, 0x10, 0x56, 0xe5, 0x98]),
            Ok(expected)
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        let reserved_rate = AudioSpecificConfig::parse(&[0x16, 0x90]).unwrap_err();
        assert_eq!(
            reserved_rate.to_string(),
            "AAC header: samplingFrequencyIndex 13 is reserved"
        );
        let no_channels = AudioSpecificConfig::parse(&[0x11, 0x80]).unwrap_err();
        assert_eq!(
            no_channels.to_string(),
            "AAC header: channelConfiguration 0 is not supported"
        );
        // Object type 2, escaped rate 0.
        let no_rate = AudioSpecificConfig::parse(&[0x17, 0x80, 0, 0, 0x10]).unwrap_err();
        assert_eq!(no_rate.to_string(), "AAC header: samplingFrequency 0 is reserved");
        assert_eq!(
            AudioSpecificConfig::parse(&[0x11]),
            Err(AacError::Truncated { at_bit: 8 })
        );
    }
}
