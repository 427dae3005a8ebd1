//! Fewer or smaller pictures, where there are too few bits for each pixel: steps that do not flap.
//!
//! A ladder of steps is laid out once: which divisor and which height belong to each. It goes down one step when there have been
//! too few bits for some seconds, and up one step when there have been enough for the step above, with a third to spare, for
//! longer. So what gave way last comes back first.

use super::base::LineBase;
use super::policy::{Order, ShapePolicy};
use crate::media::Timestamp;

/// What a line's pictures are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub divisor: u32,
    pub width: u32,
    pub height: u32,
}

/// What there is for pictures.
#[derive(Clone, Copy, Debug)]
pub(super) struct Means {
    /// What they can have for some time, in kbit/s.
    pub kbps: f64,
    /// What their encoder is told now.
    pub told_kbps: f64,
    /// What it makes of that.
    pub made_kbps: f64,
    /// Whether this is a time to try more.
    pub may_rise: bool,
}

/// An encoder that makes so much more than it is told cannot go lower with pictures of this shape …
const OVERRUN: f64 = 1.35;
/// … if it does so for that long.
const OVERRUN_MS: i64 = 2000;
/// How long it is remembered what a shape needed at least.
const NEED_MS: i64 = 60_000;

/// How much more than the threshold there must be for the step above.
const SPARE: f64 = 1.35;

/// Sizes in sixths of the original: what scales well and keeps an even number of lines for the usual sizes.
const SIXTHS: [u32; 4] = [6, 4, 3, 2];

/// The shapes of a line, the original first.
#[derive(Clone, Debug)]
pub(super) struct Shaper {
    steps: Vec<Shape>,
    at: usize,
    below_since: Option<Timestamp>,
    above_since: Option<Timestamp>,
    over_since: Option<Timestamp>,
    /// What pictures of the shape above took although they were to have less, in kbit/s, and when.
    need: Option<(f64, Timestamp)>,
}

/// The size with `height` lines, or what comes close, both numbers even.
pub(super) fn size_of(line: &LineBase, height: u32) -> (u32, u32) {
    let height = (height.clamp(2, line.height.max(2)) / 2 * 2).max(2);
    if height + 1 >= line.height {
        return (line.width, line.height);
    }
    let width = (f64::from(line.width) * f64::from(height) / f64::from(line.height) / 2.0).round() as u32 * 2;
    (width.max(2), height)
}

impl Shaper {
    pub(super) fn new(line: &LineBase, policy: &ShapePolicy) -> Self {
        let fps = line.frame_rate.as_f64();
        // Half of a film's rate is a slide show; where there are 50 or 60, a half looks as others' whole.
        let divisors = (1..=policy.max_divisor).filter(|divisor| *divisor == 1 || fps / f64::from(*divisor) >= 11.9);
        let divisors: Vec<u32> = divisors.collect();
        let sizes: Vec<(u32, u32)> = SIXTHS
            .iter()
            .map(|sixths| size_of(line, line.height * sixths / 6))
            .filter(|(_, height)| *height == line.height || *height >= policy.min_height)
            .collect();
        let shape = |divisor: u32, (width, height): (u32, u32)| Shape { divisor, width, height };
        let (most, smallest) = (divisors[divisors.len() - 1], sizes[sizes.len() - 1]);
        let steps = match policy.order {
            Order::FrameRateFirst => divisors
                .iter()
                .map(|divisor| shape(*divisor, sizes[0]))
                .chain(sizes[1..].iter().map(|size| shape(most, *size)))
                .collect(),
            Order::SizeFirst => sizes
                .iter()
                .map(|size| shape(1, *size))
                .chain(divisors[1..].iter().map(|divisor| shape(*divisor, smallest)))
                .collect(),
        };
        Self {
            steps,
            at: 0,
            below_since: None,
            above_since: None,
            over_since: None,
            need: None,
        }
    }

    pub(super) fn shape(&self) -> Shape {
        self.steps[self.at]
    }

    fn bits_per_pixel(line: &LineBase, shape: Shape, kbps: f64) -> f64 {
        let pixels = f64::from(shape.width) * f64::from(shape.height) * line.frame_rate.as_f64();
        kbps * 1000.0 * f64::from(shape.divisor) / pixels.max(1.0)
    }

    /// Nothing is known just now: what was counted is void.
    pub(super) fn pause(&mut self) {
        (self.below_since, self.above_since, self.over_since) = (None, None, None);
    }

    /// The reason of a step that was taken, if one was.
    pub(super) fn decide(
        &mut self,
        line: &LineBase,
        policy: &ShapePolicy,
        means: Means,
        now: Timestamp,
    ) -> Option<String> {
        let kbps = means.kbps;
        self.need = self.need.filter(|(_, at)| (now - *at).to_millis() < NEED_MS);
        let needed = self.need.map_or(0.0, |(needed, _)| needed);
        let here = Self::bits_per_pixel(line, self.shape(), kbps);
        let least = policy.min_bits_per_pixel;
        let mark = |since: &mut Option<Timestamp>, is_so: bool| {
            *since = if is_so { since.or(Some(now)) } else { None };
            since.map(|since| now - since)
        };
        let below = mark(&mut self.below_since, here < least && self.at + 1 < self.steps.len());
        let above = self
            .at
            .checked_sub(1)
            .map(|up| Self::bits_per_pixel(line, self.steps[up], kbps));
        let is_enough = above.is_some_and(|above| above > least * SPARE) && kbps > needed && means.may_rise;
        let above = mark(&mut self.above_since, is_enough);
        let is_over = means.made_kbps > means.told_kbps * OVERRUN && self.at + 1 < self.steps.len();
        let over = mark(&mut self.over_since, is_over);
        if over.is_some_and(|time| time.to_millis() >= OVERRUN_MS) {
            self.at += 1;
            (self.below_since, self.over_since) = (None, None);
            self.need = Some((means.made_kbps, now));
            let (made, told) = (means.made_kbps, means.told_kbps);
            return Some(format!("such pictures take {made:.0} kbit/s where {told:.0} are meant"));
        }
        if below.is_some_and(|time| time >= policy.down_after) {
            self.at += 1;
            self.below_since = None;
            return Some(format!(
                "{kbps:.0} kbit/s are {here:.3} bits for each pixel, fewer than {least}"
            ));
        }
        if above.is_some_and(|time| time >= policy.up_after) {
            self.at -= 1;
            self.above_since = None;
            return Some(format!("{kbps:.0} kbit/s are enough again"));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapt::Policy;
    use crate::media::{Rate, RateControl};

    fn line() -> LineBase {
        LineBase::for_tests(Rate {
            control: RateControl::Constant,
            kbps: 4500,
        })
    }

    fn means(kbps: f64, made_kbps: f64) -> Means {
        Means {
            kbps,
            told_kbps: kbps,
            made_kbps,
            may_rise: true,
        }
    }

    #[test]
    fn pictures_that_take_more_than_is_meant_become_fewer_and_stay_so() {
        let policy = Policy::default().shape;
        let mut shaper = Shaper::new(&line(), &policy);
        let mut seen = Vec::new();
        for step in 0..1600 {
            let now = step * 50;
            // Whole pictures need 1500 kbit/s whatever is meant; half of them do with 800.
            let needs = if shaper.shape().divisor == 1 { 1500.0 } else { 800.0 };
            let means = Means {
                may_rise: step < 1500,
                ..means(900.0, needs)
            };
            if let Some(reason) = shaper.decide(&line(), &policy, means, Timestamp::from_millis(now)) {
                seen.push((now, shaper.shape().divisor, reason));
            }
        }
        let reason = "such pictures take 1500 kbit/s where 900 are meant".to_owned();
        assert_eq!(seen[0], (2000, 2, reason));
        // A minute later it is tried again, once.
        let times: Vec<(i64, u32)> = seen[1..].iter().map(|(at, divisor, _)| (*at, *divisor)).collect();
        assert_eq!(times, [(70_000, 1), (72_050, 2)]);
    }

    #[test]
    fn nothing_rises_while_something_drains() {
        let policy = Policy::default().shape;
        let mut shaper = Shaper::new(&line(), &policy);
        let mut run = |kbps, may_rise, from: i64| {
            (from..from + 20_000).step_by(50).any(|now| {
                let means = Means {
                    may_rise,
                    ..means(kbps, kbps)
                };
                shaper
                    .decide(&line(), &policy, means, Timestamp::from_millis(now))
                    .is_some()
            })
        };
        assert!(run(300.0, true, 0));
        assert!(!run(4500.0, false, 20_000));
        assert!(run(4500.0, true, 40_000));
    }

    /// The shapes that come when there are `kbps` for `seconds` each, as (divisor, height).
    fn walk(order: Order, course: &[(f64, i64)]) -> Vec<(u32, u32)> {
        let policy = ShapePolicy {
            order,
            ..Policy::default().shape
        };
        let mut shaper = Shaper::new(&line(), &policy);
        let (mut shapes, mut now) = (Vec::new(), 0);
        for (kbps, seconds) in course {
            for _ in 0..seconds * 20 {
                now += 50;
                if shaper
                    .decide(&line(), &policy, means(*kbps, *kbps), Timestamp::from_millis(now))
                    .is_some()
                {
                    shapes.push((shaper.shape().divisor, shaper.shape().height));
                }
            }
        }
        shapes
    }

    #[test]
    fn the_bitrate_alone_gives_way_first() {
        assert_eq!(walk(Order::FrameRateFirst, &[(870.0, 60)]), []);
    }

    #[test]
    fn what_gave_way_last_comes_back_first() {
        let course = [(100.0, 20), (4500.0, 40)];
        let by_rate = walk(Order::FrameRateFirst, &course);
        assert_eq!(by_rate, [(2, 720), (2, 480), (2, 360), (2, 480), (2, 720), (1, 720)]);
        let by_size = walk(Order::SizeFirst, &course);
        assert_eq!(by_size, [(1, 480), (1, 360), (2, 360), (1, 360), (1, 480), (1, 720)]);
    }

    #[test]
    fn a_rate_on_the_edge_moves_nothing_twice() {
        let course: Vec<(f64, i64)> = (0..40).map(|at| (if at % 2 == 0 { 530.0 } else { 600.0 }, 7)).collect();
        assert_eq!(walk(Order::FrameRateFirst, &course), [(2, 720)]);
        let brief: Vec<(f64, i64)> = (0..40).map(|at| (if at % 4 == 0 { 150.0 } else { 900.0 }, 1)).collect();
        assert_eq!(walk(Order::FrameRateFirst, &brief), [], "a drain is no reason");
    }

    #[test]
    fn sizes_are_even_and_keep_the_aspect() {
        assert_eq!(size_of(&line(), 480), (854, 480));
        assert_eq!(size_of(&line(), 361), (640, 360));
        assert_eq!(size_of(&line(), 720), (1280, 720));
        assert_eq!(size_of(&line(), 9999), (1280, 720));
        assert_eq!(size_of(&line(), 0), (4, 2));
    }
}
