//! The ADTS header (ISO/IEC 14496-3 §1.A.2.2.1): seven bytes before each frame of a plain AAC stream.

use super::bits::Bits;
use super::{AacError, AudioSpecificConfig, SAMPLE_RATES, channel_config_of, channels_of, rate_of};

/// Bytes of an ADTS header without CRC.
pub const ADTS_HEADER_LEN: usize = 7;

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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
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
        fn no_bytes_upset_the_parser(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
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

    #[test]
    fn another_format_is_not_taken_for_adts() {
        assert_eq!(AdtsHeader::parse(b"ID3\x04\0\0\0"), Err(AacError::NoSync));
        // MPEG audio layer III has the same sync word and another layer.
        assert_eq!(
            AdtsHeader::parse(&[0xff, 0xfb, 0x90, 0, 0, 0, 0]),
            Err(AacError::NoSync)
        );
    }
}
