//! NAL units: what they are, how they are framed by start codes (H.264 Annex B) or by lengths (ISO/IEC 14496-15
//! §5.3.4.2), and where one access unit ends and the next begins.

use super::BitstreamError;
use super::bits::BitReader;

/// What a NAL unit holds (H.264 table 7-1). Only what this crate has to tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NalType {
    /// A slice of a picture that is no IDR (types 1 to 4).
    Slice,
    /// A slice of an IDR picture (type 5).
    Idr,
    /// Supplemental enhancement information (type 6).
    Sei,
    /// Sequence parameter set (type 7).
    Sps,
    /// Picture parameter set (type 8).
    Pps,
    /// Access unit delimiter (type 9).
    Aud,
    /// Everything else: end of sequence, filler, extensions, reserved.
    Other(u8),
}

impl NalType {
    /// Whether it carries picture data (VCL, H.264 §7.4.1).
    #[must_use]
    pub fn is_slice(self) -> bool {
        matches!(self, Self::Slice | Self::Idr)
    }
}

/// The type of a NAL unit, header byte first. `None` for no bytes at all.
#[must_use]
pub fn nal_type(nal: &[u8]) -> Option<NalType> {
    Some(match nal.first()? & 0x1f {
        1..=4 => NalType::Slice,
        5 => NalType::Idr,
        6 => NalType::Sei,
        7 => NalType::Sps,
        8 => NalType::Pps,
        9 => NalType::Aud,
        other => NalType::Other(other),
    })
}

/// The address of the first macroblock of a slice: zero for the first slice of a picture. `None` for what is no slice
/// or is cut short.
#[must_use]
pub fn first_mb_in_slice(nal: &[u8]) -> Option<u32> {
    if nal_type(nal)?.is_slice() {
        BitReader::new(nal, 1).ue().ok()
    } else {
        None
    }
}

/// The NAL units between start codes of three or four bytes, header byte first, without trailing zero bytes. Bytes
/// before the first start code are passed over; empty units are left out.
pub fn annex_b_nals(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = after_start_code(bytes);
    std::iter::from_fn(move || {
        loop {
            let current = rest?;
            let end = find_start_code(current).unwrap_or(current.len());
            rest = after_start_code(&current[end..]);
            let nal = trim_zeros(&current[..end]);
            if !nal.is_empty() {
                return Some(nal);
            }
        }
    })
}

/// Where the next `00 00 01` starts.
#[must_use]
pub fn find_start_code(bytes: &[u8]) -> Option<usize> {
    // The third byte tells most: anything above one rules out three starting points at once.
    let mut at = 2;
    while let Some(&byte) = bytes.get(at) {
        if byte > 1 {
            at += 3;
        } else if byte == 1 && bytes[at - 2] == 0 && bytes[at - 1] == 0 {
            return Some(at - 2);
        } else {
            at += 1;
        }
    }
    None
}

fn after_start_code(bytes: &[u8]) -> Option<&[u8]> {
    find_start_code(bytes).map(|at| &bytes[at + 3..])
}

/// A NAL unit never ends in zero (H.264 §7.4.1): such bytes are padding or belong to a four-byte start code.
fn trim_zeros(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    &bytes[..end]
}

/// The NAL units behind big-endian lengths of `length_size` bytes (1 to 4). Empty units are left out. After an error
/// the iterator ends.
pub fn avcc_nals(bytes: &[u8], length_size: usize) -> impl Iterator<Item = Result<&[u8], BitstreamError>> {
    let mut at = 0;
    let mut is_broken = false;
    std::iter::from_fn(move || {
        while !is_broken && at < bytes.len() {
            match avcc_nal(bytes, at, length_size) {
                Ok((nal, next)) => {
                    at = next;
                    if !nal.is_empty() {
                        return Some(Ok(nal));
                    }
                }
                Err(error) => {
                    is_broken = true;
                    return Some(Err(error));
                }
            }
        }
        None
    })
}

fn avcc_nal(bytes: &[u8], at: usize, length_size: usize) -> Result<(&[u8], usize), BitstreamError> {
    let error = |what| BitstreamError { what, position: at };
    if !(1..=4).contains(&length_size) {
        return Err(error("NAL unit lengths must have 1 to 4 bytes"));
    }
    let (length, rest) = bytes[at..]
        .split_at_checked(length_size)
        .ok_or_else(|| error("NAL unit length is cut short"))?;
    let length = length.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
    let nal = rest
        .get(..length)
        .ok_or_else(|| error("NAL unit is longer than what is there"))?;
    Ok((nal, at + length_size + length))
}

/// Start codes into 4-byte lengths.
#[must_use]
pub fn annex_b_to_avcc(bytes: &[u8]) -> Vec<u8> {
    let mut avcc = Vec::with_capacity(bytes.len() + 8);
    for nal in annex_b_nals(bytes) {
        // Longer than 4 GiB cannot happen: no slice of memory that a peer sends us is.
        avcc.extend_from_slice(&(nal.len() as u32).to_be_bytes());
        avcc.extend_from_slice(nal);
    }
    avcc
}

/// Lengths into 4-byte start codes.
///
/// # Errors
/// A length that reaches beyond the bytes.
pub fn avcc_to_annex_b(bytes: &[u8], length_size: usize) -> Result<Vec<u8>, BitstreamError> {
    let mut annex_b = Vec::with_capacity(bytes.len() + 8);
    for nal in avcc_nals(bytes, length_size) {
        annex_b.extend_from_slice(&[0, 0, 0, 1]);
        annex_b.extend_from_slice(nal?);
    }
    Ok(annex_b)
}

/// An Annex B stream cut into access units, each the list of its NAL units (H.264 §7.4.1.2.3): after a slice, the next
/// one begins with a delimiter, a parameter set, SEI, or the first slice of a picture. Arbitrary slice order is not
/// supported; nothing outside the extended profile uses it.
pub fn access_units(bytes: &[u8]) -> impl Iterator<Item = Vec<&[u8]>> {
    let mut nals = annex_b_nals(bytes).peekable();
    std::iter::from_fn(move || {
        let mut unit = vec![nals.next()?];
        let mut has_slice = is_slice(unit[0]);
        while let Some(nal) = nals.next_if(|nal| !(has_slice && begins_access_unit(nal))) {
            has_slice |= is_slice(nal);
            unit.push(nal);
        }
        Some(unit)
    })
}

fn is_slice(nal: &[u8]) -> bool {
    nal_type(nal).is_some_and(NalType::is_slice)
}

fn begins_access_unit(nal: &[u8]) -> bool {
    match nal_type(nal) {
        Some(NalType::Aud | NalType::Sps | NalType::Pps | NalType::Sei | NalType::Other(14..=18)) => true,
        Some(NalType::Slice | NalType::Idr) => first_mb_in_slice(nal) == Some(0),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn start_codes_of_both_lengths() {
        let bytes = [
            9, 9, 0, 0, 0, 1, 0x67, 1, 0, 0, 1, 0x68, 2, 3, 0, 0, 0, 0, 1, 0x65, 0, 0, 3, 1, 0, 0, 1, 0, 0, 1, 0x41,
        ];
        let nals: Vec<&[u8]> = annex_b_nals(&bytes).collect();
        assert_eq!(nals, [&[0x67, 1][..], &[0x68, 2, 3], &[0x65, 0, 0, 3, 1], &[0x41]]);
        assert_eq!(annex_b_nals(&[1, 2, 0, 0]).count(), 0);
        assert_eq!(annex_b_nals(&[]).count(), 0);
    }

    #[test]
    fn lengths_that_lie_are_refused_where_they_stand() {
        let bytes = [0, 2, 0x67, 1, 0, 9, 0x68];
        let nals: Vec<_> = avcc_nals(&bytes, 2).collect();
        assert_eq!(nals[0], Ok(&[0x67, 1][..]));
        assert_eq!(nals[1].as_ref().unwrap_err().position, 4);
        assert_eq!(nals.len(), 2);
        assert_eq!(avcc_nals(&[0, 0, 1], 4).collect::<Vec<_>>().len(), 1);
        assert!(avcc_nals(&[1, 2], 0).next().unwrap().is_err());
        assert!(avcc_nals(&[255; 16], 4).next().unwrap().is_err());
    }

    #[test]
    fn an_access_unit_ends_where_the_next_picture_begins() {
        // SPS, PPS, two slices of an IDR (first_mb 0 and 2); a slice with first_mb 0; AUD and a slice.
        let bytes = [
            0, 0, 1, 0x67, 1, 0, 0, 1, 0x68, 1, 0, 0, 1, 0x65, 0x80, 0, 0, 1, 0x65, 0x60, 0, 0, 1, 0x41, 0x80, 0, 0, 1,
            0x09, 0x10, 0, 0, 1, 0x41, 0x80,
        ];
        let sizes: Vec<usize> = access_units(&bytes).map(|unit| unit.len()).collect();
        assert_eq!(sizes, [4, 1, 2]);
        assert_eq!(first_mb_in_slice(&[0x65, 0x60]), Some(2));
        assert_eq!(first_mb_in_slice(&[0x67, 0x60]), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(prop_oneof![Just(0u8), Just(1), any::<u8>()], 0..200),
                                  size in 0usize..6) {
            let total: usize = annex_b_nals(&bytes).map(<[u8]>::len).sum();
            prop_assert!(total <= bytes.len());
            prop_assert_eq!(access_units(&bytes).flatten().map(<[u8]>::len).sum::<usize>(), total);
            let _ = avcc_to_annex_b(&bytes, size);
        }

        #[test]
        fn framings_convert_there_and_back(
            nals in proptest::collection::vec(proptest::collection::vec(2u8..=255, 1..40), 0..8)
        ) {
            let mut annex_b = Vec::new();
            for nal in &nals {
                annex_b.extend_from_slice(&[0, 0, 0, 1]);
                annex_b.extend_from_slice(nal);
            }
            let avcc = annex_b_to_avcc(&annex_b);
            let split: Result<Vec<&[u8]>, _> = avcc_nals(&avcc, 4).collect();
            prop_assert_eq!(split.unwrap(), nals.iter().map(Vec::as_slice).collect::<Vec<_>>());
            prop_assert_eq!(avcc_to_annex_b(&avcc, 4).unwrap(), annex_b);
        }
    }
}
