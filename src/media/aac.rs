//! AAC bitstream headers: the AudioSpecificConfig (ISO/IEC 14496-3 §1.6.2.1, with GASpecificConfig §4.4.1), which MP4,
//! FLV and RTP carry out of band, and the ADTS header (§1.A.2.2.1), which stands before each frame in a plain stream.
//!
//! Parsers read network bytes: they never panic and never allocate.

use thiserror::Error;

/// Sampling rates by index, table 1.18. Index 15 escapes to 24 explicit bits; 13 and 14 are reserved.
const SAMPLE_RATES: [u32; 13] = [
    96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350,
];

const ESCAPED_RATE: u32 = 15;

/// Audio object types, table 1.17.
const SBR: u8 = 5;
const PARAMETRIC_STEREO: u8 = 29;
const ESCAPED_OBJECT_TYPE: u8 = 31;

/// AAC low complexity.
pub const AAC_LC: u8 = 2;

/// Marks backward compatible SBR signalling at the end of an AudioSpecificConfig.
const SYNC_EXTENSION: u32 = 0x2b7;

/// Bytes of an ADTS header without CRC.
pub const ADTS_HEADER_LEN: usize = 7;

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
    /// The audio object type of the core: 2 is AAC-LC. 1 to 4, 6 and 7 and the error resilient types are told apart
    /// by the decoder, not here.
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

/// The header of one ADTS frame with one raw data block: what every encoder in use writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdtsHeader {
    /// Audio object type, 1 to 4: 2 is AAC-LC.
    pub object_type: u8,
    /// In Hz; one of the 13 rates of table 1.18.
    pub sample_rate: u32,
    /// 1 to 6, or 8.
    pub channels: u8,
    /// Whether two bytes of CRC follow the header.
    pub has_crc: bool,
    /// Bytes of the frame, header and CRC included; 13 bits.
    pub frame_len: usize,
}

impl AdtsHeader {
    /// The header for a raw data block of `payload_len` bytes, without CRC. `None` where ADTS cannot say it: another
    /// rate, channel count or object type, or a payload beyond 8184 bytes.
    #[must_use]
    pub fn for_payload(config: &AudioSpecificConfig, payload_len: usize) -> Option<Self> {
        let header = Self {
            object_type: config.object_type,
            sample_rate: config.sample_rate,
            channels: config.channels,
            has_crc: false,
            frame_len: payload_len.checked_add(ADTS_HEADER_LEN)?,
        };
        header.to_bytes().map(|_| header)
    }

    /// Bytes before the raw data block.
    #[must_use]
    pub const fn header_len(&self) -> usize {
        if self.has_crc {
            ADTS_HEADER_LEN + 2
        } else {
            ADTS_HEADER_LEN
        }
    }

    /// Reads the header at the start of `bytes`. The frame itself need not be there yet.
    pub fn parse(bytes: &[u8]) -> Result<Self, AacError> {
        let mut bits = Bits::new(bytes);
        if bits.read(12)? != 0xfff {
            return Err(AacError::NoSync);
        }
        bits.read(1)?; // ID: MPEG-4 or MPEG-2
        if bits.read(2)? != 0 {
            return Err(AacError::NoSync); // layer is always 0: a false sync, or MPEG audio layer I to III
        }
        let has_crc = bits.read(1)? == 0;
        let object_type = bits.read(2)? as u8 + 1;
        let rate_index = bits.read(4)?;
        bits.read(1)?; // private bit
        let channel_config = bits.read(3)?;
        bits.read(4)?; // original/copy, home, copyright identification
        let frame_len = bits.read(13)? as usize;
        bits.read(11)?; // buffer fullness
        let blocks = bits.read(2)?;
        let header = Self {
            object_type,
            sample_rate: rate_of(rate_index)?,
            channels: channels_of(channel_config)?,
            has_crc,
            frame_len,
        };
        if blocks != 0 {
            return Err(AacError::Unsupported {
                field: "number_of_raw_data_blocks_in_frame",
                value: blocks,
            });
        }
        if frame_len < header.header_len() {
            return Err(AacError::Reserved {
                field: "aac_frame_length",
                value: frame_len as u32,
            });
        }
        Ok(header)
    }

    /// Writes the seven bytes of the header (a CRC is the caller's). `None` where a field does not fit, see
    /// [`for_payload`](Self::for_payload).
    #[must_use]
    pub fn to_bytes(&self) -> Option<[u8; ADTS_HEADER_LEN]> {
        let rate_index = SAMPLE_RATES.iter().position(|rate| *rate == self.sample_rate)?;
        let channel_config = channel_config_of(self.channels);
        let fits = matches!(self.object_type, 1..=4)
            && channel_config != 0
            && (self.header_len()..1 << 13).contains(&self.frame_len);
        if !fits {
            return None;
        }
        let profile = u64::from(self.object_type) - 1;
        // 56 bits in the order of the standard.
        let mut word = 0xfff_u64; // sync word
        let mut put = |value: u64, width: u32| word = word << width | value;
        put(0, 1); // MPEG-4
        put(0, 2); // layer
        put(u64::from(!self.has_crc), 1);
        put(profile, 2);
        put(rate_index as u64, 4);
        put(0, 1); // private bit
        put(u64::from(channel_config), 3);
        put(0, 4);
        put(self.frame_len as u64, 13);
        put(0x7ff, 11); // buffer fullness: variable rate
        put(0, 2); // one raw data block
        let mut out = [0; ADTS_HEADER_LEN];
        out.copy_from_slice(&word.to_be_bytes()[1..]);
        Some(out)
    }
}

/// Splits an ADTS stream into headers and raw data blocks. Ends at the first error, and with
/// [`AacError::Truncated`] where the last frame is not whole.
pub fn adts_frames(bytes: &[u8]) -> impl Iterator<Item = Result<(AdtsHeader, &[u8]), AacError>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let frame = AdtsHeader::parse(rest).and_then(|header| {
            let whole = rest.split_at_checked(header.frame_len);
            let (frame, behind) = whole.ok_or(AacError::Truncated { at_bit: rest.len() * 8 })?;
            rest = behind;
            Ok((header, &frame[header.header_len()..]))
        });
        if frame.is_err() {
            rest = &[];
        }
        Some(frame)
    })
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

/// Reads bits, highest first.
struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Bits<'a> {
    const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    fn read(&mut self, width: usize) -> Result<u32, AacError> {
        let mut value = 0;
        for _ in 0..width {
            let byte = self
                .bytes
                .get(self.at / 8)
                .ok_or(AacError::Truncated { at_bit: self.at })?;
            value = value << 1 | u32::from(byte >> (7 - self.at % 8) & 1);
            self.at += 1;
        }
        Ok(value)
    }

    fn object_type(&mut self) -> Result<u8, AacError> {
        match self.read(5)? as u8 {
            ESCAPED_OBJECT_TYPE => Ok(32 + self.read(6)? as u8),
            object_type => Ok(object_type),
        }
    }

    fn sample_rate(&mut self) -> Result<u32, AacError> {
        match self.read(4)? {
            ESCAPED_RATE => match self.read(24)? {
                0 => Err(AacError::Reserved {
                    field: "samplingFrequency",
                    value: 0,
                }),
                sample_rate => Ok(sample_rate),
            },
            index => rate_of(index),
        }
    }

    /// Backward compatible signalling (§1.6.5.1): looked for behind the configuration, absent without being wrong.
    fn sync_extension(&mut self) -> Option<Sbr> {
        if self.read(11).ok()? != SYNC_EXTENSION || self.object_type().ok()? != SBR || self.read(1).ok()? != 1 {
            return None;
        }
        let sample_rate = self.sample_rate().ok()?;
        let has_parametric_stereo = self.read(11) == Ok(0x548) && self.read(1) == Ok(1);
        Some(Sbr {
            sample_rate,
            has_parametric_stereo,
        })
    }
}

/// Writes bits, highest first.
#[derive(Default)]
struct BitWriter {
    bytes: Vec<u8>,
    used: usize,
}

impl BitWriter {
    fn write(&mut self, value: u32, width: usize) {
        for bit in (0..width).rev() {
            if self.used.is_multiple_of(8) {
                self.bytes.push(0);
            }
            if let Some(last) = self.bytes.last_mut() {
                *last |= ((value >> bit & 1) as u8) << (7 - self.used % 8);
            }
            self.used += 1;
        }
    }

    fn object_type(&mut self, object_type: u8) {
        if object_type < ESCAPED_OBJECT_TYPE {
            self.write(object_type.into(), 5);
        } else {
            self.write(ESCAPED_OBJECT_TYPE.into(), 5);
            self.write(u32::from(object_type) - 32, 6);
        }
    }

    fn sample_rate(&mut self, sample_rate: u32) {
        if let Some(index) = SAMPLE_RATES.iter().position(|rate| *rate == sample_rate) {
            self.write(index as u32, 4);
        } else {
            self.write(ESCAPED_RATE, 4);
            self.write(sample_rate, 24);
        }
    }
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
        fn adts_headers_survive(
            object_type in 1u8..=4,
            sample_rate in prop::sample::select(SAMPLE_RATES.to_vec()),
            channels in prop::sample::select(vec![1u8, 2, 3, 4, 5, 6, 8]),
            has_crc in any::<bool>(),
            frame_len in 9usize..8192,
        ) {
            let header = AdtsHeader { object_type, sample_rate, channels, has_crc, frame_len };
            prop_assert_eq!(AdtsHeader::parse(&header.to_bytes().unwrap()), Ok(header));
        }

        #[test]
        fn no_bytes_upset_the_parsers(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = AudioSpecificConfig::parse(&bytes).map(|config| AudioSpecificConfig::parse(&config.to_bytes()));
            let _ = AdtsHeader::parse(&bytes).map(|header| header.to_bytes());
            prop_assert!(adts_frames(&bytes).count() <= bytes.len());
        }

        #[test]
        fn no_bytes_behind_a_sync_word_upset_the_parser(mut bytes in prop::collection::vec(any::<u8>(), 2..64)) {
            bytes[0] = 0xff;
            bytes[1] |= 0xf0;
            prop_assert!(adts_frames(&bytes).count() <= bytes.len());
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
        assert_eq!(
            AudioSpecificConfig::parse(&[0x11]),
            Err(AacError::Truncated { at_bit: 8 })
        );
        assert_eq!(AdtsHeader::parse(b"ID3\x04\0\0\0"), Err(AacError::NoSync));
    }

    #[test]
    fn an_adts_stream_of_ffmpeg() {
        // `ffmpeg -f lavfi -i anullsrc=r=48000:cl=stereo -t 0.04 -c:a aac -f adts`, ffmpeg 5.1. The first frame carries
        // the name of the encoder, the others are silence.
        let silence = [
            0xff, 0xf1, 0x4c, 0x80, 0x01, 0xbf, 0xfc, 0x21, 0x10, 0x04, 0x60, 0x8c, 0x1c,
        ];
        let mut stream = vec![0xff, 0xf1, 0x4c, 0x80, 0x03, 0xdf, 0xfc, 0xde, 0x02, 0x00];
        stream.extend(b"Lavc59.37.100\0");
        stream.extend([0x42, 0x20, 0x08, 0xc1, 0x18, 0x38]);
        stream.extend([silence, silence].concat());

        let frames: Vec<_> = adts_frames(&stream).map(Result::unwrap).collect();
        assert_eq!(
            frames.iter().map(|(_, data)| data.len()).collect::<Vec<_>>(),
            [23, 6, 6]
        );
        let config = AudioSpecificConfig::aac_lc(48_000, 2);
        for (header, data) in frames {
            assert_eq!(Some(header), AdtsHeader::for_payload(&config, data.len()));
        }
        let header = AdtsHeader::parse(&silence).unwrap();
        assert_eq!(header.to_bytes().unwrap(), silence[..7]);
        assert!(matches!(
            adts_frames(&silence[..12]).next(),
            Some(Err(AacError::Truncated { .. }))
        ));
    }

    #[test]
    fn what_adts_cannot_say_is_refused() {
        let config = AudioSpecificConfig::aac_lc(48_000, 2);
        assert!(AdtsHeader::for_payload(&config, 8184).is_some());
        assert_eq!(AdtsHeader::for_payload(&config, 8185), None);
        assert_eq!(
            AdtsHeader::for_payload(&AudioSpecificConfig::aac_lc(47_999, 2), 16),
            None
        );
    }
}
