//! Face marks as they go over a tap connection: a fixed number of bytes each, between the header and the picture that they
//! belong to, so that a box never lies over another picture than its own.

use super::protocol::MAX_MARKS;
use crate::studio::model::{FaceMark, Region, Regions, Sight};

/// Bytes of a mark, all big-endian: track (4), centre x and y, width, height and roll (2 each, signed, in parts of
/// `ONE`), sight (1), whether it is hidden (1), open regions (2, the lowest bit is the forehead).
pub const MARK_LEN: usize = 18;

/// What one whole is in the numbers of a mark: the picture's width or height, or a radian.
const ONE: f32 = 8192.0;

/// The sights by their numbers.
const SIGHTS: [Sight; 4] = [Sight::Seen, Sight::Predicted, Sight::Held, Sight::Band];

/// The marks as they follow a header that tells how many they are; those beyond [`MAX_MARKS`] are left out.
#[must_use]
pub fn encode(marks: &[FaceMark]) -> Vec<u8> {
    let marks = &marks[..marks.len().min(MAX_MARKS)];
    let mut bytes = Vec::with_capacity(marks.len() * MARK_LEN);
    for mark in marks {
        bytes.extend_from_slice(&mark.track.to_be_bytes());
        for number in [mark.x, mark.y, mark.width, mark.height, mark.roll] {
            // A cast to an integer ends at its ends, and makes nothing of what is no number.
            bytes.extend_from_slice(&((number * ONE).round() as i16).to_be_bytes());
        }
        let sight = SIGHTS.iter().position(|sight| *sight == mark.sight).unwrap_or(0);
        bytes.push(sight as u8);
        bytes.push(u8::from(mark.is_hidden));
        let regions = Region::ALL.into_iter().enumerate();
        let open = regions.filter(|(_, region)| mark.open.has(*region));
        let open = open.fold(0_u16, |open, (at, _)| open | 1 << at);
        bytes.extend_from_slice(&open.to_be_bytes());
    }
    bytes
}

/// Reads marks; `None` where a byte says what no mark can say.
#[must_use]
pub fn decode(bytes: &[u8]) -> Option<Vec<FaceMark>> {
    let (marks, rest) = bytes.as_chunks::<MARK_LEN>();
    if !rest.is_empty() || marks.len() > MAX_MARKS {
        return None;
    }
    marks.iter().map(decode_one).collect()
}

fn decode_one(bytes: &[u8; MARK_LEN]) -> Option<FaceMark> {
    let number = |at: usize| f32::from(i16::from_be_bytes([bytes[at], bytes[at + 1]])) / ONE;
    let open = u16::from_be_bytes([bytes[16], bytes[17]]);
    if open >> Region::ALL.len() != 0 {
        return None;
    }
    let regions = Region::ALL.into_iter().enumerate();
    let open: Regions = regions
        .filter(|(at, _)| open >> at & 1 == 1)
        .map(|(_, region)| region)
        .collect();
    Some(FaceMark {
        track: u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]),
        x: number(4),
        y: number(6),
        width: number(8).max(0.0),
        height: number(10).max(0.0),
        roll: number(12),
        sight: *SIGHTS.get(usize::from(bytes[14]))?,
        is_hidden: match bytes[15] {
            0 => false,
            1 => true,
            _ => return None,
        },
        open,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_mark() -> impl Strategy<Value = FaceMark> {
        let place = (-4.0f32..3.99, -4.0f32..3.99, 0.0f32..3.99, 0.0f32..3.99, -3.2f32..3.2);
        (any::<u32>(), place, 0..SIGHTS.len(), any::<bool>(), 0u16..512).prop_map(
            |(track, (x, y, width, height, roll), sight, is_hidden, open)| FaceMark {
                track,
                x,
                y,
                width,
                height,
                roll,
                sight: SIGHTS[sight],
                is_hidden,
                open: Region::ALL
                    .into_iter()
                    .enumerate()
                    .filter(|(at, _)| open >> at & 1 == 1)
                    .map(|(_, region)| region)
                    .collect(),
            },
        )
    }

    proptest! {
        #[test]
        fn marks_come_back_within_a_pixel(marks in prop::collection::vec(any_mark(), 0..40)) {
            let back = decode(&encode(&marks)).unwrap();
            prop_assert_eq!(back.len(), marks.len().min(MAX_MARKS));
            for (mark, back) in marks.iter().zip(back) {
                for (a, b) in [(mark.x, back.x), (mark.y, back.y), (mark.width, back.width), (mark.roll, back.roll)] {
                    prop_assert!((a - b).abs() <= 0.5 / ONE + 1e-6, "{a} {b}");
                }
                let same = FaceMark { x: back.x, y: back.y, width: back.width, height: back.height, roll: back.roll, ..*mark };
                prop_assert_eq!(same, back);
            }
        }

        #[test]
        fn any_bytes_are_marks_or_none(bytes in prop::collection::vec(any::<u8>(), 0..700)) {
            if let Some(marks) = decode(&bytes) {
                prop_assert_eq!(marks.len() * MARK_LEN, bytes.len());
                prop_assert!(marks.iter().all(|mark| mark.x.is_finite() && mark.width >= 0.0));
            }
        }
    }

    #[test]
    fn what_is_no_number_is_nothing() {
        let mark = FaceMark {
            track: 1,
            x: f32::NAN,
            y: f32::INFINITY,
            width: f32::NEG_INFINITY,
            height: 1e30,
            roll: 0.0,
            sight: Sight::Band,
            is_hidden: true,
            open: Regions::NONE,
        };
        let back = decode(&encode(&[mark])).unwrap()[0];
        assert!(
            [back.x, back.y, back.width, back.height]
                .iter()
                .all(|number| (0.0..4.0).contains(number))
        );
    }
}
