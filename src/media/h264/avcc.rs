//! The AVCDecoderConfigurationRecord, `avcC` for short: the parameter sets as MP4 and FLV carry them (ISO/IEC 14496-15
//! §5.3.3.1).

use super::BitstreamError;
use super::sps::{Sps, is_high_profile};

/// A parsed record; borrows from its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AvcDecoderConfigurationRecord<'a> {
    /// As in the sequence parameter set.
    pub profile_idc: u8,
    /// As in the sequence parameter set: the byte between profile and level.
    pub constraint_flags: u8,
    /// As in the sequence parameter set.
    pub level_idc: u8,
    /// Bytes of each NAL unit length in the samples: 1, 2 or 4.
    pub length_size: usize,
    /// Sequence parameter sets, NAL header byte first. At least one.
    pub sps: Vec<&'a [u8]>,
    /// Picture parameter sets, NAL header byte first. At least one.
    pub pps: Vec<&'a [u8]>,
}

/// Writes the record for one pair of parameter sets (NAL units without start code), with 4-byte lengths. For the high
/// profiles it ends with the sample format, as the standard asks. A set beyond the 65 535 bytes that its length field
/// holds, which no encoder makes, is cut there.
#[must_use]
pub fn avc_decoder_configuration_record(sps: &[u8], pps: &[u8]) -> Vec<u8> {
    let mut record = Vec::with_capacity(15 + sps.len() + pps.len());
    let at = |index: usize| sps.get(index).copied().unwrap_or(0);
    // Version 1; profile, constraints, level; six reserved ones and 4-byte lengths; three reserved ones and one SPS.
    record.extend_from_slice(&[1, at(1), at(2), at(3), 0xff, 0xe1]);
    push_set(&mut record, sps);
    record.push(1);
    push_set(&mut record, pps);
    if is_high_profile(at(1)) {
        let (chroma, luma_depth, chroma_depth) = Sps::parse(sps).map_or((1, 8, 8), |sps| {
            (sps.chroma_format_idc, sps.bit_depth_luma, sps.bit_depth_chroma)
        });
        record.extend_from_slice(&[0xfc | chroma, 0xf8 | (luma_depth - 8), 0xf8 | (chroma_depth - 8), 0]);
    }
    record
}

fn push_set(record: &mut Vec<u8>, set: &[u8]) {
    let length = u16::try_from(set.len()).unwrap_or(u16::MAX);
    record.extend_from_slice(&length.to_be_bytes());
    record.extend_from_slice(&set[..usize::from(length)]);
}

/// Reads a record. What follows the picture parameter sets (sample format, extensions) is passed over: the sequence
/// parameter set says the same.
///
/// # Errors
/// An unknown version, a length size that does not exist, sets that reach beyond the bytes or are missing.
pub fn parse_avc_decoder_configuration_record(
    bytes: &[u8],
) -> Result<AvcDecoderConfigurationRecord<'_>, BitstreamError> {
    let error = |what, position| BitstreamError { what, position };
    let &[
        version,
        profile_idc,
        constraint_flags,
        level_idc,
        lengths,
        sps_count,
        ..,
    ] = bytes
    else {
        return Err(error("decoder configuration is cut short", bytes.len()));
    };
    if version != 1 {
        return Err(error("unknown version of decoder configuration", 0));
    }
    let length_size = usize::from(lengths & 3) + 1;
    if length_size == 3 {
        return Err(error("NAL unit lengths of 3 bytes do not exist", 4));
    }
    let mut at = 6;
    let sps = read_sets(bytes, &mut at, sps_count & 0x1f)?;
    let pps_count = *bytes
        .get(at)
        .ok_or_else(|| error("decoder configuration is cut short", at))?;
    at += 1;
    let pps = read_sets(bytes, &mut at, pps_count)?;
    if sps.is_empty() || pps.is_empty() {
        return Err(error("decoder configuration without parameter sets", at));
    }
    Ok(AvcDecoderConfigurationRecord {
        profile_idc,
        constraint_flags,
        level_idc,
        length_size,
        sps,
        pps,
    })
}

fn read_sets<'a>(bytes: &'a [u8], at: &mut usize, count: u8) -> Result<Vec<&'a [u8]>, BitstreamError> {
    let mut sets = Vec::new();
    for _ in 0..count {
        let error = |what| BitstreamError { what, position: *at };
        let rest = &bytes[*at..];
        let (length, rest) = rest
            .split_first_chunk()
            .ok_or_else(|| error("parameter set length is cut short"))?;
        let length = usize::from(u16::from_be_bytes(*length));
        let set = rest
            .get(..length)
            .filter(|set| !set.is_empty())
            .ok_or_else(|| error("parameter set is empty or longer than what is there"))?;
        sets.push(set);
        *at += 2 + length;
    }
    Ok(sets)
}

#[cfg(test)]
mod tests {
    use super::super::testdata::*;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ffmpeg_writes_the_same_record() {
        for ((sps, pps), record) in [
            (X264_720P_HIGH_HRD, FFMPEG_AVCC_720P_HIGH_HRD),
            (X264_1080P_MAIN, FFMPEG_AVCC_1080P_MAIN),
            (X264_HIGH422_10BIT, FFMPEG_AVCC_HIGH422_10BIT),
        ] {
            assert_eq!(avc_decoder_configuration_record(sps, pps), record);
            let parsed = parse_avc_decoder_configuration_record(record).unwrap();
            assert_eq!((parsed.sps, parsed.pps, parsed.length_size), (vec![sps], vec![pps], 4));
            assert_eq!(
                [parsed.profile_idc, parsed.constraint_flags, parsed.level_idc],
                sps[1..4]
            );
        }
    }

    #[test]
    fn broken_records_are_refused_with_their_position() {
        let record = FFMPEG_AVCC_1080P_MAIN;
        let refused_at = |bytes: &[u8]| parse_avc_decoder_configuration_record(bytes).unwrap_err().position;
        assert_eq!(refused_at(&[]), 0);
        assert_eq!(refused_at(&record[..9]), 6);
        assert_eq!(
            refused_at(&record[..8 + X264_1080P_MAIN.0.len()]),
            8 + X264_1080P_MAIN.0.len()
        );
        assert_eq!(refused_at(&[0, 77, 0, 31, 0xff, 0xe1, 0, 0]), 0);
        assert_eq!(refused_at(&[1, 77, 0, 31, 0xfe, 0xe1, 0, 0]), 4);
        assert_eq!(refused_at(&[1, 77, 0, 31, 0xff, 0xe0, 0]), 7);
        assert_eq!(refused_at(&[1, 77, 0, 31, 0xff, 0xe1, 0xff, 0xff, 0x67]), 6);
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(mut bytes in proptest::collection::vec(any::<u8>(), 0..120), valid in any::<bool>()) {
            if valid && bytes.len() > 8 {
                bytes[0] = 1;
                bytes[5] = 1;
                bytes[6] = 0;
                bytes[7] = bytes.len() as u8 / 2;
            }
            let _ = parse_avc_decoder_configuration_record(&bytes);
        }

        #[test]
        fn records_are_read_as_written(sps in proptest::collection::vec(any::<u8>(), 4..60),
                                       pps in proptest::collection::vec(any::<u8>(), 1..60)) {
            let record = avc_decoder_configuration_record(&sps, &pps);
            let parsed = parse_avc_decoder_configuration_record(&record).unwrap();
            prop_assert_eq!((parsed.sps, parsed.pps), (vec![&sps[..]], vec![&pps[..]]));
        }
    }
}
