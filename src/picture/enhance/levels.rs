//! Automatic levels: where the darkest and the brightest parts of a source lie, followed slowly.
//!
//! What is measured moves the aim only where it is clearly elsewhere, and the aim is approached exponentially: what passes
//! through the picture moves nothing that anybody sees, and noise moves nothing at all.

use super::settings::AutoLevels;
use crate::media::{Plane, TimeDelta, Timestamp, VideoFrame};

/// Luma of the darkest and of the brightest part, as shares from black (0) to white (1).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Ends {
    pub black: f32,
    pub white: f32,
}

impl Ends {
    /// A picture as it is.
    pub const AS_IS: Self = Self { black: 0.0, white: 1.0 };

    fn is_about(self, other: Self, tolerance: f32) -> bool {
        (self.black - other.black).abs() <= tolerance && (self.white - other.white).abs() <= tolerance
    }

    fn towards(self, other: Self, share: f32) -> Self {
        let mix = |from: f32, to: f32| from + (to - from) * share;
        Self {
            black: mix(self.black, other.black),
            white: mix(self.white, other.white),
        }
    }
}

/// The share of a picture that may be darker than its black, or brighter than its white.
const OUTLIERS: f32 = 0.005;
/// Black is never taken for brighter than this …
const BRIGHTEST_BLACK: f32 = 0.2;
/// … and white never for darker: a dim room stays one, and its noise stays noise.
const DARKEST_WHITE: f32 = 0.55;
/// A picture whose ends are not this far apart shows nothing: the levels stay.
const NOTHING_SEEN: f32 = 0.12;
/// The aim stays while what is measured is no further away than this, about four steps of 256.
const TOLERANCE: f32 = 0.018;
/// So near the aim is reached.
const ARRIVED: f32 = 0.0005;
/// Every so many pixels of every so many rows are measured.
const EVERY: usize = 4;

/// The levels of one source.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Levels {
    track: Option<Track>,
}

#[derive(Clone, Copy, Debug)]
struct Track {
    now: Ends,
    aim: Ends,
    at: Timestamp,
}

impl Levels {
    /// Levels begin anew: from the picture as it is.
    pub fn forget(&mut self) {
        self.track = None;
    }

    /// Whether they are on their way.
    pub fn is_moving(&self) -> bool {
        self.track.is_some_and(|track| track.now != track.aim)
    }

    /// Measures `frame`, shown at `at`, and says where its ends are taken to be. `is_first`: nobody has seen this source yet,
    /// so there is nothing to glide from.
    pub fn follow(&mut self, frame: &VideoFrame, at: Timestamp, settings: &AutoLevels, is_first: bool) -> Ends {
        let measured = measure(frame);
        let track = self.track.get_or_insert_with(|| {
            let start = measured.filter(|_| is_first).unwrap_or(Ends::AS_IS);
            Track {
                now: start,
                aim: start,
                at,
            }
        });
        if let Some(measured) = measured
            && !measured.is_about(track.aim, TOLERANCE)
        {
            track.aim = measured;
        }
        let passed = (at - track.at).max(TimeDelta::ZERO).as_secs_f64() as f32;
        track.at = at;
        // 95 per cent of the way within the time that is set.
        track.now = track
            .now
            .towards(track.aim, 1.0 - (-3.0 * passed / settings.seconds).exp());
        if track.now.is_about(track.aim, ARRIVED) {
            track.now = track.aim;
        }
        Ends::AS_IS.towards(track.now, settings.percent / 100.0)
    }
}

/// Where the ends of a picture are; `None` where it shows nothing.
fn measure(frame: &VideoFrame) -> Option<Ends> {
    let mut histogram = [0_u32; 256];
    let width = frame.stride(Plane::Y);
    let mut count = 0;
    for row in frame.plane(Plane::Y).chunks_exact(width).step_by(EVERY) {
        for luma in row.iter().step_by(EVERY) {
            histogram[usize::from(*luma)] += 1;
        }
        count += width.div_ceil(EVERY);
    }
    let outliers = (count as f32 * OUTLIERS) as u32;
    let share = |luma: usize| ((luma as f32 - 16.0) / 219.0).clamp(0.0, 1.0);
    let black = share(beyond(0..256, &histogram, outliers)?);
    let white = share(beyond((0..256).rev(), &histogram, outliers)?);
    (white - black >= NOTHING_SEEN).then(|| Ends {
        black: black.min(BRIGHTEST_BLACK),
        white: white.max(DARKEST_WHITE),
    })
}

/// The first of `lumas` by which more than `outliers` pixels have been seen.
fn beyond(mut lumas: impl Iterator<Item = usize>, histogram: &[u32; 256], outliers: u32) -> Option<usize> {
    let mut seen = 0;
    lumas.find(|luma| {
        seen += histogram[*luma];
        seen > outliers
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::FramePool;
    use proptest::prelude::*;

    const SLOW: AutoLevels = AutoLevels {
        is_on: true,
        percent: 100.0,
        seconds: 4.0,
    };

    /// A ramp from `low` to `high`, with a share of the rows all white.
    fn picture(low: u8, high: u8, white_rows: usize) -> VideoFrame {
        let mut frame = FramePool::new().frame(256, 64);
        frame.fill([16, 128, 128]);
        let (y, _, _) = frame.planes_mut();
        for (at, row) in y.chunks_exact_mut(256).enumerate() {
            for (x, luma) in row.iter_mut().enumerate() {
                let ramp = u32::from(low) + u32::from(high.saturating_sub(low)) * x as u32 / 255;
                *luma = if at < white_rows { 235 } else { ramp as u8 };
            }
        }
        frame.freeze(Timestamp::ZERO)
    }

    /// What the levels are at 30 pictures per second.
    fn run(levels: &mut Levels, from: i64, seconds: f64, frame: &VideoFrame) -> (i64, Vec<Ends>) {
        let until = from + (seconds * 30.0) as i64;
        let at = |tick: i64| Timestamp::from_millis(tick * 1000 / 30);
        let ends = (from..until).map(|tick| levels.follow(frame, at(tick), &SLOW, false));
        (until, ends.collect())
    }

    #[test]
    fn the_first_picture_of_a_source_is_right_at_once_and_a_later_start_glides() {
        let flat = picture(60, 180, 0);
        let first = Levels::default().follow(&flat, Timestamp::ZERO, &SLOW, true);
        assert!(
            first.is_about(
                Ends {
                    black: 0.2,
                    white: 0.742
                },
                0.01
            ),
            "{first:?}"
        );
        let mut levels = Levels::default();
        let (_, ends) = run(&mut levels, 0, 6.0, &flat);
        assert_eq!(ends[0], Ends::AS_IS);
        // No jump from one picture to the next that anybody sees: under two steps of 256.
        for pair in ends.windows(2) {
            assert!(pair[0].is_about(pair[1], 2.0 / 219.0), "{pair:?}");
        }
        // 95 per cent of the way in the time that is set.
        let way = (1.0 - ends[120].white) / (1.0 - first.white);
        assert!((0.93..0.97).contains(&way), "{way}");
        assert!(ends[179].is_about(first, 0.005));
    }

    #[test]
    fn what_passes_through_does_not_pump() {
        let mut levels = Levels::default();
        let (room, lamp) = (picture(40, 170, 0), picture(40, 170, 20));
        let (tick, settled) = run(&mut levels, 0, 20.0, &room);
        let settled = *settled.last().unwrap();
        // A lamp is carried through the picture for half a second, five times in ten seconds.
        let mut tick = tick;
        let mut worst = 0.0_f32;
        for _ in 0..5 {
            for (seconds, frame) in [(0.5, &lamp), (1.5, &room)] {
                let (next, ends) = run(&mut levels, tick, seconds, frame);
                tick = next;
                worst = ends
                    .iter()
                    .map(|ends| (ends.white - settled.white).abs())
                    .fold(worst, f32::max);
            }
        }
        let whole = 1.0 - settled.white;
        assert!(worst < whole * 0.45, "{worst} of {whole}");
        // Noise of a few steps moves nothing at all.
        let (_, still) = run(&mut levels, tick, 20.0, &room);
        let still = *still.last().unwrap();
        let (_, noisy) = run(&mut levels, tick + 600, 1.0, &picture(42, 167, 0));
        assert!(noisy.iter().all(|ends| *ends == still));
    }

    #[test]
    fn a_picture_of_nothing_moves_nothing() {
        let mut levels = Levels::default();
        let (tick, before) = run(&mut levels, 0, 30.0, &picture(30, 150, 0));
        let (_, black) = run(&mut levels, tick, 10.0, &picture(16, 20, 0));
        assert_eq!(before.last(), black.last());
        assert!(!levels.is_moving());
    }

    #[test]
    fn a_dim_room_stays_one() {
        let dim = Levels::default().follow(&picture(16, 60, 0), Timestamp::ZERO, &SLOW, true);
        assert_eq!(dim.white.to_bits(), DARKEST_WHITE.to_bits());
    }

    proptest! {
        #[test]
        fn levels_stay_in_their_limits(
            pictures in proptest::collection::vec((any::<u8>(), any::<u8>(), 0usize..64, -1_000i64..100_000), 1..12),
            percent in 0.0f32..=100.0, seconds in 0.5f32..=30.0, is_first in any::<bool>(),
        ) {
            let mut levels = Levels::default();
            let settings = AutoLevels { is_on: true, percent, seconds };
            for (low, high, rows, ms) in pictures {
                let ends = levels.follow(&picture(low, high, rows), Timestamp::from_millis(ms), &settings, is_first);
                prop_assert!((0.0..=BRIGHTEST_BLACK).contains(&ends.black), "{ends:?}");
                prop_assert!((DARKEST_WHITE..=1.0).contains(&ends.white), "{ends:?}");
            }
        }
    }
}
