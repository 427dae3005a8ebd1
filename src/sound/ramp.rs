//! A factor that moves to where it is told in a straight line over a set time, so that no change is heard as a click.

use super::Stereo;
use crate::media::BLOCK_FRAMES;

/// A moving factor.
#[derive(Clone, Debug)]
pub struct Ramp {
    value: f32,
    target: f32,
    step: f32,
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
            step: 0.0,
            frames_left: 0,
        }
    }

    /// Sets out for `target`, to be there after `frames` samples. The same target again changes nothing.
    #[expect(clippy::float_cmp, reason = "a repeated target is bit for bit the same")]
    pub fn aim(&mut self, target: f32, frames: usize) {
        if target != self.target {
            self.target = target;
            self.frames_left = frames.max(1);
            self.step = (target - self.value) / self.frames_left as f32;
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

    /// The factors of the next block.
    pub fn next_block(&mut self) -> Factors {
        if self.frames_left == 0 {
            return Factors::Steady(self.value);
        }
        let mut factors = [self.target; BLOCK_FRAMES];
        let moving = self.frames_left.min(BLOCK_FRAMES);
        for factor in &mut factors[..moving] {
            self.frames_left -= 1;
            // Counted back from the target: nothing adds up, and it is met exactly.
            *factor = self.target - self.step * self.frames_left as f32;
        }
        self.value = factors[moving - 1];
        Factors::Moving(factors)
    }
}

impl Factors {
    /// Multiplies both channels.
    #[expect(clippy::float_cmp, reason = "a factor of exactly one changes nothing")]
    pub fn apply(&self, block: &mut Stereo) {
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
    pub fn blend(&self, from: &mut Stereo, to: &Stereo) {
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
            let largest = (target - start).abs() / frames as f32;
            let mut last = start;
            for &value in &path {
                prop_assert!((value - last).abs() <= largest + 1e-4);
                last = value;
            }
            prop_assert_eq!(path[frames - 1], target);
            prop_assert!(ramp.rests_at(target));
        }
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
