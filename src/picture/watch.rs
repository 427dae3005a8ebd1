//! Whether a picture is black, and whether pictures move: the ideas of ffmpeg's blackdetect and freezedetect.
//!
//! A look reads some ninety of the luma rows and half as many of each chroma plane, whole ones, since memory and SIMD like
//! them best: twenty microseconds of a 720p picture. What is smaller than eight of its rows can be missed, and is missed by
//! an operator's eye as well.

use crate::media::{Plane, Spell, TimeDelta, Timestamp, Turn, VideoFrame};

/// Rows of luma that a look reads, about.
const ROWS: usize = 90;

/// Luma up to this is dark. 6 % of the way from black to white: the noise of a covered lens is below it, the paper of
/// a slate above, for a slate says something.
const DARK: u8 = 29;

/// How many of a thousand pixels are dark in a black picture: a logo or a burnt-in clock may be left.
const DARK_PER_MILLE: usize = 980;

/// By how many thousandths of a level samples of a picture that stands still may differ in the mean. 256, a thousandth of
/// the range, are freezedetect's -60 dB: coding noise is below it, a breathing face above.
const STILL: u64 = 256;

/// Looks further apart than this have had pictures between them that were not seen here.
const LONGEST_STEP_MS: i64 = 1000;

/// Tells when pictures have been black for long, and when they no longer are.
#[derive(Clone, Debug)]
pub struct BlackWatch {
    spell: Spell,
}

impl BlackWatch {
    /// Tells black that lasts `needed`.
    #[must_use]
    pub fn new(needed: TimeDelta) -> Self {
        Self { spell: spell(needed) }
    }

    /// Goes on with black that has been told: its end will be.
    #[must_use]
    pub fn resume(mut self, since: Timestamp) -> Self {
        self.spell = self.spell.resume(since);
        self
    }

    /// The next picture, at its PTS.
    pub fn look(&mut self, frame: &VideoFrame) -> Option<Turn> {
        self.spell.note(frame.pts, is_black(frame))
    }
}

/// Tells when pictures have not moved for long, and when they move again.
///
/// Each is compared with the one at which it came to a stand, not with the one before: what creeps is no still.
#[derive(Clone, Debug)]
pub struct FrozenWatch {
    spell: Spell,
    size: (u32, u32),
    /// The rows of the first picture of this stand, one after the other.
    reference: Vec<u8>,
}

impl FrozenWatch {
    /// Tells a stand that lasts `needed`.
    #[must_use]
    pub fn new(needed: TimeDelta) -> Self {
        Self {
            spell: spell(needed),
            size: (0, 0),
            reference: Vec::new(),
        }
    }

    /// Goes on with a stand that has been told: its end will be. The picture itself is not known here, so the next
    /// one is taken for it.
    #[must_use]
    pub fn resume(mut self, since: Timestamp) -> Self {
        self.spell = self.spell.resume(since);
        self
    }

    /// The next picture, at its PTS.
    pub fn look(&mut self, frame: &VideoFrame) -> Option<Turn> {
        let is_first = self.reference.is_empty();
        if !is_first && self.is_still(frame) {
            return self.spell.note(frame.pts, true);
        }
        self.size = (frame.width(), frame.height());
        self.reference.clear();
        for row in all_rows(frame) {
            self.reference.extend_from_slice(row);
        }
        let ended = if is_first {
            None
        } else {
            self.spell.note(frame.pts, false)
        };
        // The picture that moved is the first of the next stand.
        ended.or(self.spell.note(frame.pts, true))
    }

    fn is_still(&self, frame: &VideoFrame) -> bool {
        if self.size != (frame.width(), frame.height()) {
            return false;
        }
        let allowed = self.reference.len() as u64 * STILL / 1000;
        let mut reference = self.reference.as_slice();
        let mut difference = 0;
        for row in all_rows(frame) {
            let (old, rest) = reference.split_at(row.len());
            reference = rest;
            difference += sum_of_differences(old, row);
            if difference > allowed {
                return false;
            }
        }
        true
    }
}

fn spell(needed: TimeDelta) -> Spell {
    Spell::new(needed, TimeDelta::from_millis(LONGEST_STEP_MS))
}

/// Whether nearly all of the picture is dark.
fn is_black(frame: &VideoFrame) -> bool {
    let (mut dark, mut all) = (0, 0);
    for row in rows(frame, Plane::Y) {
        // In runs that a byte can count, so that the compiler counts a vector of them at once.
        for run in row.chunks(255) {
            dark += usize::from(run.iter().map(|luma| u8::from(*luma <= DARK)).sum::<u8>());
        }
        all += row.len();
    }
    dark * 1000 >= all * DARK_PER_MILLE
}

/// The rows of a plane that a look reads.
fn rows(frame: &VideoFrame, plane: Plane) -> impl Iterator<Item = &[u8]> {
    // The same share of each plane, so that colour counts as much as it does in the picture.
    let step = (frame.height() as usize / ROWS).max(1);
    let first = step.min(frame.rows(plane)).saturating_sub(1) / 2;
    frame
        .plane(plane)
        .chunks_exact(frame.stride(plane))
        .skip(first)
        .step_by(step)
}

fn all_rows(frame: &VideoFrame) -> impl Iterator<Item = &[u8]> {
    [Plane::Y, Plane::U, Plane::V]
        .into_iter()
        .flat_map(|plane| rows(frame, plane))
}

fn sum_of_differences(a: &[u8], b: &[u8]) -> u64 {
    let pairs = a.iter().zip(b);
    u64::from(pairs.map(|(a, b)| u32::from(a.abs_diff(*b))).sum::<u32>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::{FramePool, FrameRate};
    use crate::picture::slate;
    use proptest::prelude::*;

    const LOOKS: FrameRate = FrameRate::whole(5);

    /// A picture of one colour in which `share` of the rows, from the top, have another luma.
    fn picture(index: i64, luma: u8, share: f64, other: u8) -> VideoFrame {
        let mut frame = FramePool::new().frame(1280, 720);
        frame.fill([luma, 128, 128]);
        let bytes = frame.plane(Plane::Y).len();
        frame.plane_mut(Plane::Y)[..(bytes as f64 * share) as usize].fill(other);
        frame.freeze(LOOKS.frame_time(index))
    }

    /// Noise of up to `amplitude` around mid-grey.
    fn noise(index: i64, amplitude: u8) -> VideoFrame {
        let mut frame = FramePool::new().frame(320, 180);
        let mut state = 0x9e37_79b9_7f4a_7c15_u64 ^ (index as u64 + 1).wrapping_mul(0x2545_f491_4f6c_dd1d);
        let (y, u, v) = frame.planes_mut();
        for byte in y.iter_mut().chain(u).chain(v) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            *byte = 120 + (state % (u64::from(amplitude) + 1)) as u8;
        }
        frame.freeze(LOOKS.frame_time(index))
    }

    #[test]
    fn what_is_black() {
        for (luma, share, other, expected) in [
            (16, 0.0, 0, true),
            (0, 0.0, 0, true),
            (DARK, 0.0, 0, true),
            (DARK + 1, 0.0, 0, false),
            (16, 0.01, 235, true),
            (16, 0.05, 235, false),
            (235, 0.95, 16, false),
        ] {
            assert_eq!(
                is_black(&picture(0, luma, share, other)),
                expected,
                "{luma} {share} {other}"
            );
        }
    }

    #[test]
    fn a_slate_is_not_black_for_it_says_something() {
        for (width, height) in [(1280, 720), (640, 360), (320, 180), (1920, 1080)] {
            let slate = slate(&FramePool::new(), width, height, "a", "b", Timestamp::ZERO);
            assert!(!is_black(&slate), "{width}×{height}");
        }
    }

    #[test]
    fn black_is_told_after_its_time_and_its_end_at_once() {
        let mut watch = BlackWatch::new(TimeDelta::from_millis(2000));
        let mut told = Vec::new();
        for index in 0..40 {
            let luma = if (10..30).contains(&index) { 16 } else { 90 };
            told.extend(watch.look(&picture(index, luma, 0.0, 0)).map(|turn| (index, turn)));
        }
        let (since, until) = (Timestamp::from_millis(2000), Timestamp::from_millis(6000));
        assert_eq!(told, [(20, Turn::Began { since }), (30, Turn::Ended { since, until })]);
    }

    fn frozen(pictures: impl IntoIterator<Item = VideoFrame>) -> Vec<Turn> {
        let mut watch = FrozenWatch::new(TimeDelta::from_millis(2000));
        pictures.into_iter().filter_map(|frame| watch.look(&frame)).collect()
    }

    #[test]
    fn a_stand_is_told_after_its_time_and_its_end_at_once() {
        let moving = (0..10).map(|index| picture(index, 16, index as f64 / 40.0, 200));
        let still = (10..30).map(|index| picture(index, 16, 0.5, 200));
        let again = (30..40).map(|index| picture(index, 16, index as f64 / 40.0, 200));
        let (since, until) = (Timestamp::from_millis(2000), Timestamp::from_millis(6000));
        assert_eq!(
            frozen(moving.chain(still).chain(again)),
            [Turn::Began { since }, Turn::Ended { since, until }]
        );
    }

    #[test]
    fn noise_below_the_tolerance_is_no_movement() {
        // One sample in eight is one level off: an eighth of a level in the mean.
        let faint = (0..20).map(|index| if index % 2 == 0 { noise(0, 0) } else { speckled(index) });
        let began = frozen(
            faint
                .enumerate()
                .map(|(index, frame)| frame.at(LOOKS.frame_time(index as i64))),
        );
        assert!(matches!(began[..], [Turn::Began { .. }]), "{began:?}");
        assert_eq!(frozen((0..30).map(|index| noise(index, 6))), []);
    }

    /// Flat, but for one sample in eight, which is one level off.
    fn speckled(index: i64) -> VideoFrame {
        let mut frame = FramePool::new().frame(320, 180);
        let (y, u, v) = frame.planes_mut();
        for (at, byte) in y.iter_mut().chain(u).chain(v).enumerate() {
            *byte = 120 + u8::from((at as i64 + index) % 8 == 0);
        }
        frame.freeze(Timestamp::ZERO)
    }

    #[test]
    fn what_creeps_is_no_stand() {
        // A level per second: no look differs from the one before by enough.
        let creeping = (0..60).map(|index| picture(index, 60 + (index / 5) as u8, 0.0, 0));
        assert_eq!(frozen(creeping), []);
    }

    #[test]
    fn another_size_is_another_picture() {
        let small = (0..20).map(|index| noise(0, 0).at(LOOKS.frame_time(index)));
        let large = (20..22).map(|index| picture(index, 120, 0.0, 0));
        assert!(matches!(
            frozen(small.chain(large))[..],
            [Turn::Began { .. }, Turn::Ended { .. }]
        ));
    }

    #[test]
    fn a_resumed_stand_ends_when_pictures_move() {
        let mut watch = FrozenWatch::new(TimeDelta::from_millis(2000)).resume(Timestamp::from_millis(-9000));
        let told = (0..8).filter_map(|index| {
            let frame = picture(index, if index < 6 { 90 } else { 120 }, 0.0, 0);
            watch.look(&frame).map(|turn| (index, turn))
        });
        let (since, until) = (Timestamp::from_millis(-9000), Timestamp::from_millis(1200));
        assert_eq!(told.collect::<Vec<_>>(), [(6, Turn::Ended { since, until })]);
    }

    #[test]
    fn the_memory_of_a_watch_stays() {
        let mut watch = FrozenWatch::new(TimeDelta::from_millis(2000));
        watch.look(&picture(0, 20, 0.0, 0));
        let (address, capacity) = (watch.reference.as_ptr(), watch.reference.capacity());
        for index in 1..20 {
            watch.look(&picture(index, 20 + 10 * index as u8, 0.0, 0));
        }
        assert_eq!(
            (watch.reference.as_ptr(), watch.reference.capacity()),
            (address, capacity)
        );
    }

    proptest! {
        #[test]
        fn any_picture_can_be_looked_at(width in 2u32..300, height in 2u32..300, luma in any::<u8>()) {
            let mut frame = FramePool::new().frame(width, height);
            frame.fill([luma, 128, 128]);
            let frame = frame.freeze(Timestamp::ZERO);
            prop_assert_eq!(is_black(&frame), luma <= DARK);
            let mut watch = FrozenWatch::new(TimeDelta::from_millis(100));
            prop_assert_eq!(watch.look(&frame), None);
            let later = frame.at(Timestamp::from_millis(100));
            prop_assert_eq!(watch.look(&later), Some(Turn::Began { since: Timestamp::ZERO }));
        }

        #[test]
        fn differences_are_those_of_plain_arithmetic(a in prop::collection::vec(any::<u8>(), 0..700), shift in any::<u8>()) {
            let b: Vec<u8> = a.iter().map(|byte| byte.wrapping_add(shift)).collect();
            let plain: u64 = a.iter().zip(&b).map(|(a, b)| (i64::from(*a) - i64::from(*b)).unsigned_abs()).sum();
            prop_assert_eq!(sum_of_differences(&a, &b), plain);
        }
    }
}
