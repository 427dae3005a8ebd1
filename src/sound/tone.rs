//! The stages that are made of filters: the high-pass of one, the EQ of four.
//!
//! A filter that starts in the middle of a sound rings; so a stage that is switched on runs unheard for [`LEAD_BLOCKS`]
//! before it is faded in. Switched off, it is faded out and then left out.

use super::filter::{Filter, Shape, run};
use crate::media::BLOCK_FRAMES;

/// Blocks that a stage with a memory hears before it is heard.
pub const LEAD_BLOCKS: u32 = 8;

/// A stage made of `N` filters: 1 (the high-pass) or 4 (the EQ).
#[derive(Clone, Debug)]
pub struct Tone<const N: usize> {
    shapes: [Shape; N],
    filters: [Filter; N],
    is_on: bool,
    /// For how many blocks it has been running. `None`: not at all.
    ran: Option<u32>,
}

impl<const N: usize> Tone<N> {
    /// A stage that has heard silence.
    #[must_use]
    pub fn new(is_on: bool, shapes: [Shape; N]) -> Self {
        Self {
            shapes,
            filters: shapes.map(Filter::new),
            is_on,
            ran: is_on.then_some(LEAD_BLOCKS),
        }
    }

    /// What it does is what is set 20 ms later, and 100 ms later where it was off.
    pub const fn set(&mut self, is_on: bool, shapes: [Shape; N]) {
        self.is_on = is_on;
        self.shapes = shapes;
    }

    /// Whether it does anything, if only to end smoothly.
    #[must_use]
    pub const fn is_running(&self) -> bool {
        self.is_on || self.ran.is_some()
    }

    /// The next block, of one channel or two.
    pub fn process(&mut self, block: &mut [[f32; BLOCK_FRAMES]]) {
        if !self.is_running() {
            return;
        }
        let ran = *self.ran.get_or_insert_with(|| {
            self.filters = self.shapes.map(|shape| Filter::new(shape.unheard()));
            0
        });
        let is_heard = self.is_on && ran >= LEAD_BLOCKS;
        for (filter, shape) in self.filters.iter_mut().zip(self.shapes) {
            filter.aim(if is_heard { shape } else { shape.unheard() });
        }
        run(&mut self.filters, block);
        self.ran = Some(ran.saturating_add(1));
        if !self.is_on && self.filters.iter().all(Filter::is_unheard) {
            self.ran = None;
        }
    }

    /// The second channel, which was like the first until now, goes on from there.
    pub fn widen(&mut self) {
        self.filters.iter_mut().for_each(Filter::widen);
    }

    /// Nothing is heard: it forgets, and is at once what is set.
    pub fn sleep(&mut self) {
        *self = Self::new(self.is_on, self.shapes);
    }
}

#[cfg(test)]
mod tests {
    use super::super::filter::eq_shapes;
    use super::super::settings::{Band, Eq, HighPass, Shelf};
    use super::*;

    #[test]
    fn one_pass_over_four_filters_is_four_passes() {
        let shapes = eq_shapes(&Eq {
            mid1: Band {
                hz: 400.0,
                gain_db: 6.0,
                q: 1.0,
            },
            high: Shelf {
                hz: 8000.0,
                gain_db: -6.0,
            },
            ..Eq::default()
        });
        let mut together = Tone::new(true, shapes);
        let mut apart = shapes.map(Filter::new);
        for block in 0..20 {
            let sound: [f32; BLOCK_FRAMES] = std::array::from_fn(|n| ((block * n) as f32 * 0.37).sin());
            let mut a = [sound, sound.map(|x| -x)];
            let mut b = [sound];
            together.process(&mut a);
            for filter in &mut apart {
                filter.process(&mut b);
            }
            for n in 0..BLOCK_FRAMES {
                assert!((a[0][n] - b[0][n]).abs() < 1e-5, "block {block}");
                assert!((a[1][n] + b[0][n]).abs() < 1e-5, "block {block}");
            }
        }
    }

    #[test]
    fn a_stage_that_is_off_touches_nothing_and_stops_after_its_fade() {
        let shape = Shape::high_pass(&HighPass { is_on: true, hz: 200.0 });
        let mut tone = Tone::new(false, [shape]);
        let sound = [std::array::from_fn(|n| (n as f32 * 0.1).sin())];
        let mut block = sound;
        tone.process(&mut block);
        assert!(block == sound && !tone.is_running());
        tone.set(true, [shape]);
        for led in 0..20 {
            let mut block = sound;
            tone.process(&mut block);
            assert_eq!(block == sound, led < LEAD_BLOCKS, "block {led}");
        }
        tone.set(false, [shape]);
        for _ in 0..3 {
            tone.process(&mut sound.clone());
        }
        assert!(!tone.is_running());
    }
}
