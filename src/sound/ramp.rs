//! A factor that moves to where it is told within a set time, so that no change is heard as a click.
//!
//! **Shape.** A cubic that starts with the slope it has and arrives with none: a corner in a fader's way is a faint click,
//! and a fader that gets a new target every 10 ms must not stop at each. It never overshoots (the slope at the start is
//! kept within what F. Fritsch and R. Carlson, "Monotone Piecewise Cubic Interpolation", 1980, allow).

use super::Stereo;
use crate::media::BLOCK_FRAMES;

/// A moving factor.
#[derive(Clone, Debug)]
pub struct Ramp {
    value: f32,
    target: f32,
    /// The way as a polynomial of the share of time that is left: `target + u (way[0] + u (way[1] + u way[2]))`.
    way: [f32; 3],
    frames: usize,
    frames_left: usize,
}

/// The factors of one block.
#[derive(Clone, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "lives on the stack for one block; a box would allocate"
)]
pub enum Factors {
    /// The same for every sample.
    Steady(f32),
    /// One for each sample.
    Moving([f32; BLOCK_FRAMES]),
}

impl Ramp {
    /// Rests at `value`.
    #[must_use]
    pub const fn new(value: f32) -> Self {
        Self {
            value,
            target: value,
            way: [0.0; 3],
            frames: 1,
            frames_left: 0,
        }
    }

    /// Sets out for `target`, to be there after `frames` samples. The same target again changes nothing.
    #[expect(clippy::float_cmp, reason = "a repeated target is bit for bit the same")]
    pub fn aim(&mut self, target: f32, frames: usize) {
        if target == self.target {
            return;
        }
        let distance = target - self.value;
        let slope = self.slope() * frames.max(1) as f32;
        let (low, high) = (distance.min(0.0) * 3.0, distance.max(0.0) * 3.0);
        let slope = slope.clamp(low, high);
        self.set_out(target, frames, [0.0, slope - 3.0 * distance, 2.0 * distance - slope]);
    }

    /// Sets out for `target` in a straight line: for targets that follow each other block by block and are smooth in
    /// themselves.
    #[expect(clippy::float_cmp, reason = "a repeated target is bit for bit the same")]
    pub fn aim_straight(&mut self, target: f32, frames: usize) {
        if target != self.target {
            self.set_out(target, frames, [self.value - target, 0.0, 0.0]);
        }
    }

    fn set_out(&mut self, target: f32, frames: usize, way: [f32; 3]) {
        self.target = target;
        self.way = way;
        self.frames = frames.max(1);
        self.frames_left = self.frames;
    }

    /// By how much the factor changes from one sample to the next, where it is now.
    fn slope(&self) -> f32 {
        let u = self.frames_left as f32 / self.frames as f32;
        let [linear, square, cube] = self.way;
        match self.frames_left {
            0 => 0.0,
            _ => -(linear + u * (2.0 * square + u * 3.0 * cube)) / self.frames as f32,
        }
    }

    /// Goes to the target at once: for when nothing is heard.
    pub fn settle(&mut self) {
        self.value = self.target;
        self.frames_left = 0;
    }

    /// Whether it rests at `value`.
    #[must_use]
    #[expect(clippy::float_cmp, reason = "a ramp at rest is exactly where it was sent")]
    pub fn rests_at(&self, value: f32) -> bool {
        self.frames_left == 0 && self.value == value
    }

    /// Whether it has arrived.
    #[must_use]
    pub const fn is_at_rest(&self) -> bool {
        self.frames_left == 0
    }

    /// Where it is now.
    #[must_use]
    pub const fn value(&self) -> f32 {
        self.value
    }

    /// The factors of the next block.
    pub fn next_block(&mut self) -> Factors {
        if self.frames_left == 0 {
            return Factors::Steady(self.value);
        }
        let mut factors = [self.target; BLOCK_FRAMES];
        let moving = self.frames_left.min(BLOCK_FRAMES);
        let [linear, square, cube] = self.way;
        let share = 1.0 / self.frames as f32;
        for (n, factor) in factors[..moving].iter_mut().enumerate() {
            // Counted back from the target: nothing adds up, and it is met exactly.
            let u = (self.frames_left - 1 - n) as f32 * share;
            *factor = self.target + u * (linear + u * (square + u * cube));
        }
        self.frames_left -= moving;
        self.value = factors[moving - 1];
        Factors::Moving(factors)
    }
}

impl Factors {
    /// Whether all of them are zero.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        matches!(self, Self::Steady(factor) if *factor == 0.0)
    }

    /// Multiplies every channel.
    #[expect(clippy::float_cmp, reason = "a factor of exactly one changes nothing")]
    pub fn apply(&self, block: &mut [[f32; BLOCK_FRAMES]]) {
        for channel in block {
            match self {
                Self::Steady(factor) if *factor == 1.0 => {}
                Self::Steady(factor) => channel.iter_mut().for_each(|sample| *sample *= factor),
                Self::Moving(factors) => {
                    for (sample, factor) in channel.iter_mut().zip(factors) {
                        *sample *= factor;
                    }
                }
            }
        }
    }

    /// Adds `from`, multiplied, to `to`.
    pub fn add(&self, from: &Stereo, to: &mut Stereo) {
        for (from, to) in from.iter().zip(to) {
            match self {
                Self::Steady(factor) if *factor == 0.0 => {}
                Self::Steady(factor) => {
                    for (sum, sample) in to.iter_mut().zip(from) {
                        *sum += sample * factor;
                    }
                }
                Self::Moving(factors) => {
                    for ((sum, sample), factor) in to.iter_mut().zip(from).zip(factors) {
                        *sum += sample * factor;
                    }
                }
            }
        }
    }

    /// Fades `from` towards `to` in place: factor 0 leaves `from`, factor 1 makes it `to`.
    #[expect(clippy::float_cmp, reason = "the ends of a fade are exact")]
    pub fn blend(&self, from: &mut [[f32; BLOCK_FRAMES]], to: &[[f32; BLOCK_FRAMES]]) {
        for (from, to) in from.iter_mut().zip(to) {
            match self {
                Self::Steady(factor) if *factor == 0.0 => {}
                Self::Steady(factor) if *factor == 1.0 => *from = *to,
                Self::Steady(factor) => {
                    for (a, b) in from.iter_mut().zip(to) {
                        *a += (b - *a) * factor;
                    }
                }
                Self::Moving(factors) => {
                    for ((a, b), factor) in from.iter_mut().zip(to).zip(factors) {
                        *a += (b - *a) * factor;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn values(ramp: &mut Ramp) -> Vec<f32> {
        match ramp.next_block() {
            Factors::Steady(value) => vec![value; BLOCK_FRAMES],
            Factors::Moving(values) => values.to_vec(),
        }
    }

    proptest! {
        #[test]
        fn arrives_exactly_and_never_jumps(start in 0.0f32..16.0, target in 0.0f32..16.0, frames in 1usize..2000) {
            let mut ramp = Ramp::new(start);
            ramp.aim(target, frames);
            let path: Vec<f32> = (0..5).flat_map(|_| values(&mut ramp)).collect();
            // The middle of the curve is half as steep again as a straight line.
            let largest = 1.5 * (target - start).abs() / frames as f32;
            let mut last = start;
            for &value in &path {
                prop_assert!((value - last).abs() <= largest + 1e-4);
                last = value;
            }
            prop_assert_eq!(path[frames - 1], target);
            prop_assert!(ramp.rests_at(target));
        }
    }

    proptest! {
        #[test]
        fn new_targets_on_the_way_never_overshoot(targets in proptest::collection::vec((0.0f32..4.0, 1usize..2000), 1..20)) {
            let mut ramp = Ramp::new(1.0);
            for (target, frames) in targets {
                let from = ramp.value();
                ramp.aim(target, frames);
                let (low, high) = (from.min(target) - 1e-4, from.max(target) + 1e-4);
                for value in values(&mut ramp) {
                    prop_assert!((low..=high).contains(&value), "{} between {} and {}", value, low, high);
                }
            }
        }
    }

    #[test]
    fn a_fader_that_is_dragged_does_not_stop_at_every_block() {
        let mut ramp = Ramp::new(0.0);
        let mut path = Vec::new();
        for step in 1..=40 {
            ramp.aim(step as f32 / 40.0, 2 * BLOCK_FRAMES);
            path.extend(values(&mut ramp));
        }
        let slopes: Vec<f32> = path.windows(2).map(|x| x[1] - x[0]).collect();
        let mean = 1.0 / (40.0 * BLOCK_FRAMES as f32);
        for slope in &slopes[5 * BLOCK_FRAMES..] {
            assert!((0.5 * mean..1.5 * mean).contains(slope), "{slope} around {mean}");
        }
    }

    #[test]
    fn a_straight_line_is_straight() {
        let mut ramp = Ramp::new(0.0);
        ramp.aim_straight(1.0, 2 * BLOCK_FRAMES);
        assert!((values(&mut ramp)[239] - 0.25).abs() < 1e-4);
        assert!((values(&mut ramp)[239] - 0.75).abs() < 1e-4);
        assert!(ramp.rests_at(1.0));
    }

    #[test]
    fn a_new_target_on_the_way_starts_from_where_it_is() {
        let mut ramp = Ramp::new(0.0);
        ramp.aim(1.0, 2 * BLOCK_FRAMES);
        assert!((values(&mut ramp)[BLOCK_FRAMES - 1] - 0.5).abs() < 1e-4);
        ramp.aim(0.0, BLOCK_FRAMES);
        let back = values(&mut ramp);
        assert!(back[0] < 0.5 && back[0] > 0.49);
        assert!(ramp.rests_at(0.0));
    }
}
