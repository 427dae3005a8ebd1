//! Filters that change while they sound: the high-pass and the EQ are chains of them, and the de-esser has two.
//!
//! **Why state variable filters.** A. Simper, "Linear Trapezoidal Integrated SVF" (Cytomic, 2013): the same responses as
//! the cookbook's biquads that [`curve`](super::curve) draws (a test compares them), but their state means the same
//! whatever they are set to, so frequency, gain and Q may move sample by sample. fundsp's `svf` nodes are the same
//! filters; they take new settings at once, which clicks, and a `tan` per sample where a setting is fed as sound.
//!
//! **Unheard** is a filter whose output is mixed from nothing but its input. Switching a filter moves its mix, and is on its
//! way as smoothly as any other change.

use super::curve::BUTTERWORTH_Q;
use super::ramp::{Factors, Ramp};
use super::settings::{Band, Eq, HighPass, Shelf};
use crate::media::{BLOCK_FRAMES, SAMPLE_RATE};

/// Whatever is set is there after 20 ms, a frequency after as much again for each octave it moves: a peak that sweeps past
/// a tone faster than that is heard as a chirp.
const STEP_FRAMES: usize = 2 * BLOCK_FRAMES;

/// What is left of a sound in a filter is nothing below this: numbers that fade out would end as subnormal ones, which
/// processors are slow with.
const INAUDIBLE: f64 = 1e-30;

/// What a filter is set to: how its two integrators move, and how much of input, first and second is in its output.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape {
    g: f32,
    k: f32,
    mix: [f32; 3],
}

impl Shape {
    /// As [`Biquad::high_pass`](super::curve::Biquad::high_pass).
    #[must_use]
    pub fn high_pass(settings: &HighPass) -> Self {
        let k = 1.0 / BUTTERWORTH_Q;
        Self::new(warped(settings.hz), k, [1.0, -k, -1.0])
    }

    /// As [`Biquad::bell`](super::curve::Biquad::bell).
    #[must_use]
    pub fn bell(band: &Band) -> Self {
        let a = root(band.gain_db);
        let k = 1.0 / (f64::from(band.q) * a);
        Self::new(warped(band.hz), k, [1.0, k * (a * a - 1.0), 0.0])
    }

    /// As [`Biquad::low_shelf`](super::curve::Biquad::low_shelf).
    #[must_use]
    pub fn low_shelf(shelf: Shelf) -> Self {
        let (a, k) = (root(shelf.gain_db), 1.0 / BUTTERWORTH_Q);
        Self::new(warped(shelf.hz) / a.sqrt(), k, [1.0, k * (a - 1.0), a * a - 1.0])
    }

    /// As [`Biquad::high_shelf`](super::curve::Biquad::high_shelf).
    #[must_use]
    pub fn high_shelf(shelf: Shelf) -> Self {
        Self::high_shelf_at(warped(shelf.hz), root(shelf.gain_db))
    }

    /// A high shelf of gain `a`² whose corner is given as [`warped`].
    #[must_use]
    pub fn high_shelf_at(corner: f64, a: f64) -> Self {
        let k = 1.0 / BUTTERWORTH_Q;
        Self::new(corner * a.sqrt(), k, [a * a, k * (1.0 - a) * a, 1.0 - a * a])
    }

    fn new(g: f64, k: f64, mix: [f64; 3]) -> Self {
        Self {
            g: g as f32,
            k: k as f32,
            mix: mix.map(|part| part as f32),
        }
    }

    /// The same filter unheard.
    #[must_use]
    pub const fn unheard(self) -> Self {
        Self {
            mix: [1.0, 0.0, 0.0],
            ..self
        }
    }

    /// The numbers of a shape between this one and `to`.
    #[must_use]
    pub fn towards(self, to: Self, share: f32) -> [f32; 5] {
        let (from, to) = (self.numbers(), to.numbers());
        std::array::from_fn(|n| from[n] + (to[n] - from[n]) * share)
    }

    const fn numbers(self) -> [f32; 5] {
        let [input, first, second] = self.mix;
        [self.g, self.k, input, first, second]
    }
}

/// The shapes of an EQ's bands.
#[must_use]
pub fn eq_shapes(eq: &Eq) -> [Shape; 4] {
    [
        Shape::low_shelf(eq.low),
        Shape::bell(&eq.mid1),
        Shape::bell(&eq.mid2),
        Shape::high_shelf(eq.high),
    ]
}

/// A frequency as the bilinear transform bends it.
#[must_use]
pub fn warped(hz: f32) -> f64 {
    (std::f64::consts::PI * f64::from(hz) / f64::from(SAMPLE_RATE)).tan()
}

/// The root of a gain in dB as a factor.
#[must_use]
pub fn root(gain_db: f32) -> f64 {
    10_f64.powf(f64::from(gain_db) / 40.0)
}

/// What a filter remembers of one channel.
pub type State = [f64; 2];

/// A shape as it is computed with: the next state and the output are sums of state and input.
#[derive(Clone, Copy, Debug)]
pub struct Kernel {
    state: [[f64; 3]; 2],
    out: [f64; 3],
}

impl Kernel {
    /// From a shape's numbers: `g`, `k`, the mix of input, first and second.
    #[must_use]
    pub fn new([g, k, input, first, second]: [f32; 5]) -> Self {
        let [g, k, input, first, second] = [g, k, input, first, second].map(f64::from);
        let a1 = 1.0 / (1.0 + g * (g + k));
        let a2 = g * a1;
        let a3 = g * a2;
        Self {
            state: [
                [2.0 * a1 - 1.0, -2.0 * a2, 2.0 * a2],
                [2.0 * a2, 1.0 - 2.0 * a3, 2.0 * a3],
            ],
            out: [
                first * a1 + second * a2,
                second * (1.0 - a3) - first * a2,
                input + first * a2 + second * a3,
            ],
        }
    }

    /// The next sample.
    #[inline]
    pub fn tick(&self, [first, second]: &mut State, x: f64) -> f64 {
        let sum = |c: &[f64; 3]| c[2] * x + (c[0] * *first + c[1] * *second);
        let out = sum(&self.out);
        let next = [sum(&self.state[0]), sum(&self.state[1])];
        [*first, *second] = next;
        out
    }
}

/// One filter, of both channels.
#[derive(Clone, Debug)]
pub struct Filter {
    /// The numbers of its shape, the first as its logarithm: frequencies move in octaves.
    ramps: [Ramp; 5],
    states: [State; 2],
}

impl Filter {
    /// A filter of this shape that has heard silence.
    #[must_use]
    pub fn new(shape: Shape) -> Self {
        Self {
            ramps: logarithmic(shape).map(Ramp::new),
            states: [[0.0; 2]; 2],
        }
    }

    /// Sets out for another shape.
    pub fn aim(&mut self, shape: Shape) {
        let numbers = logarithmic(shape);
        let octaves = (numbers[0] - self.ramps[0].value()).abs() / std::f32::consts::LN_2;
        let frames = STEP_FRAMES + (octaves * STEP_FRAMES as f32) as usize;
        for (ramp, number) in self.ramps.iter_mut().zip(numbers) {
            ramp.aim(number, frames);
        }
    }

    /// Whether it has arrived at letting everything through.
    #[must_use]
    pub fn is_unheard(&self) -> bool {
        let [_, _, input, first, second] = &self.ramps;
        input.rests_at(1.0) && first.rests_at(0.0) && second.rests_at(0.0)
    }

    /// Its kernel, where nothing moves.
    fn kernel(&self) -> Option<Kernel> {
        self.ramps
            .iter()
            .all(Ramp::is_at_rest)
            .then(|| kernel_of(self.ramps.each_ref().map(Ramp::value)))
    }

    /// Filters the next block, of one channel or two.
    pub fn process(&mut self, block: &mut [[f32; BLOCK_FRAMES]]) {
        run(std::slice::from_mut(self), block);
    }

    fn process_moving(&mut self, block: &mut [[f32; BLOCK_FRAMES]]) {
        let factors = self.ramps.each_mut().map(Ramp::next_block);
        for n in 0..BLOCK_FRAMES {
            let kernel = kernel_of(factors.each_ref().map(|factors| match factors {
                Factors::Steady(value) => *value,
                Factors::Moving(values) => values[n],
            }));
            for (samples, state) in block.iter_mut().zip(&mut self.states) {
                samples[n] = kernel.tick(state, f64::from(samples[n])) as f32;
            }
        }
    }

    /// The second channel, which was like the first until now, goes on from there.
    pub const fn widen(&mut self) {
        self.states[1] = self.states[0];
    }

    /// Forgets what it heard and goes at once to where it was sent.
    pub fn reset(&mut self) {
        self.ramps.iter_mut().for_each(Ramp::settle);
        self.states = [[0.0; 2]; 2];
    }
}

fn logarithmic(shape: Shape) -> [f32; 5] {
    let [g, k, input, first, second] = shape.numbers();
    [g.ln(), k, input, first, second]
}

fn kernel_of([g, k, input, first, second]: [f32; 5]) -> Kernel {
    Kernel::new([g.exp(), k, input, first, second])
}

/// Runs a block through filters one after the other.
pub fn run(filters: &mut [Filter], block: &mut [[f32; BLOCK_FRAMES]]) {
    let mut kernels = [Kernel::new([0.0, 1.0, 1.0, 0.0, 0.0]); 4];
    let is_steady = kernels.iter_mut().zip(&*filters).all(|(kernel, filter)| {
        filter.kernel().is_some_and(|steady| {
            *kernel = steady;
            true
        })
    });
    match (is_steady, filters) {
        (true, [a]) => run_steady(&kernels, [a], block),
        (true, [a, b, c, d]) => run_steady(&kernels, [a, b, c, d], block),
        (_, filters) => filters.iter_mut().for_each(|filter| filter.process_moving(block)),
    }
}

/// All filters in one pass over the samples: while one of them waits for its own last sample, the processor works on the
/// others.
fn run_steady<const N: usize>(kernels: &[Kernel; 4], filters: [&mut Filter; N], block: &mut [[f32; BLOCK_FRAMES]]) {
    let mut filters = filters;
    match block {
        [left, right] => {
            let mut states = filters.each_ref().map(|filter| filter.states);
            for (left, right) in left.iter_mut().zip(right) {
                let mut x = [f64::from(*left), f64::from(*right)];
                for (kernel, states) in kernels.iter().zip(&mut states) {
                    for (x, state) in x.iter_mut().zip(states) {
                        *x = kernel.tick(state, *x);
                    }
                }
                (*left, *right) = (x[0] as f32, x[1] as f32);
            }
            for (filter, states) in filters.iter_mut().zip(states) {
                filter.states = states.map(flushed);
            }
        }
        block => {
            for (channel, samples) in block.iter_mut().enumerate() {
                let mut states = filters.each_ref().map(|filter| filter.states[channel]);
                for sample in samples {
                    let mut x = f64::from(*sample);
                    for (kernel, state) in kernels.iter().zip(&mut states) {
                        x = kernel.tick(state, x);
                    }
                    *sample = x as f32;
                }
                for (filter, state) in filters.iter_mut().zip(states) {
                    filter.states[channel] = flushed(state);
                }
            }
        }
    }
}

fn flushed(state: State) -> State {
    state.map(|x| if x.abs() < INAUDIBLE { 0.0 } else { x })
}

#[cfg(test)]
mod tests {
    use super::super::curve::{Biquad, eq_bands};
    use super::*;
    use proptest::prelude::*;

    /// The gain of a filter at `hz` in dB, measured with a sine after it has settled.
    fn measured(shape: Shape, hz: f64) -> f64 {
        let mut filter = Filter::new(shape);
        let (mut sine, mut cosine, mut count) = (0.0, 0.0, 0.0);
        for block in 0..150 {
            let angle = |n: usize| std::f64::consts::TAU * hz * (block * BLOCK_FRAMES + n) as f64 / 48_000.0;
            let mut samples = [std::array::from_fn(|n| angle(n).sin() as f32)];
            filter.process(&mut samples);
            if block >= 50 {
                for (n, sample) in samples[0].iter().enumerate() {
                    sine += f64::from(*sample) * angle(n).sin();
                    cosine += f64::from(*sample) * angle(n).cos();
                    count += 0.5;
                }
            }
        }
        20.0 * (f64::hypot(sine, cosine) / count).log10()
    }

    #[test]
    fn each_filter_does_what_is_drawn() {
        let (up, down) = (
            Shelf {
                hz: 300.0,
                gain_db: 9.0,
            },
            Shelf {
                hz: 6000.0,
                gain_db: -12.0,
            },
        );
        let eq = Eq {
            is_on: true,
            low: up,
            mid1: Band {
                hz: 500.0,
                gain_db: -18.0,
                q: 4.0,
            },
            mid2: Band {
                hz: 9000.0,
                gain_db: 18.0,
                q: 0.5,
            },
            high: down,
        };
        let high_pass = HighPass { is_on: true, hz: 120.0 };
        let mut pairs: Vec<_> = eq_shapes(&eq).into_iter().zip(eq_bands(&eq)).collect();
        pairs.push((Shape::high_pass(&high_pass), Biquad::high_pass(&high_pass)));
        pairs.push((Shape::high_shelf(up), Biquad::high_shelf(up)));
        pairs.push((Shape::low_shelf(down), Biquad::low_shelf(down)));
        for (shape, biquad) in pairs {
            for hz in [
                40.0_f32, 100.0, 120.0, 300.0, 500.0, 1000.0, 3000.0, 9000.0, 15_000.0, 20_000.0,
            ] {
                let (found, drawn) = (measured(shape, f64::from(hz)), f64::from(biquad.response_db(hz)));
                assert!(
                    (found - drawn).abs() < 0.02,
                    "{shape:?} at {hz} Hz: {found:.3} dB, drawn {drawn:.3} dB"
                );
            }
        }
    }

    proptest! {
        #[test]
        fn whatever_moves_where_it_stays_finite_and_settles(
            moves in proptest::collection::vec((20.0f32..18_000.0, -18.0f32..18.0, 0.3f32..10.0, 0_usize..4), 1..30),
        ) {
            let mut filter = Filter::new(Shape::bell(&Band { hz: 1000.0, gain_db: 0.0, q: 1.0 }));
            let mut seed = 1_u32;
            for (hz, gain_db, q, kind) in moves {
                let shelf = Shelf { hz, gain_db };
                filter.aim(match kind {
                    0 => Shape::bell(&Band { hz, gain_db, q }),
                    1 => Shape::low_shelf(shelf),
                    2 => Shape::high_shelf(shelf),
                    _ => Shape::high_pass(&HighPass { is_on: true, hz }),
                });
                let mut block = [std::array::from_fn(|_| {
                    seed ^= seed << 13;
                    seed ^= seed >> 17;
                    seed ^= seed << 5;
                    seed as f32 / u32::MAX as f32 - 0.5
                })];
                filter.process(&mut block);
                prop_assert!(block[0].iter().all(|x| x.abs() < 1000.0));
            }
            for _ in 0..400 {
                filter.process(&mut [[0.0; BLOCK_FRAMES]]);
            }
            let mut rest = [[0.0; BLOCK_FRAMES]];
            filter.process(&mut rest);
            prop_assert!(rest[0].iter().all(|x| x.abs() < 1e-6));
        }
    }
}
