//! Perceptrons over SURF features: how sure a window is a face, and how its box should be moved.

use super::simd::Simd;
use super::surf::{Layout, Surf};

/// Values that are added side by side. Rows of weights are filled up to a multiple of it.
pub(super) const LANES: usize = 8;

/// What a perceptron says of a window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Opinion {
    /// How sure it is a face: 0 to 1.
    pub(super) score: f32,
    /// How far the box should move, in its own sizes.
    pub(super) right: f32,
    /// The same, downward.
    pub(super) down: f32,
    /// How much it should grow, in its own sizes.
    pub(super) grow: f32,
}

/// A layer: weights and what is added.
#[derive(Debug)]
pub(super) struct Layer {
    #[cfg(test)]
    inputs: usize,
    stride: usize,
    weights: Vec<f32>,
    biases: Vec<f32>,
}

impl Layer {
    /// Of `inputs` values for each of the outputs, row by row.
    pub(super) fn new(inputs: usize, weights: &[f32], biases: Vec<f32>) -> Self {
        let stride = inputs.next_multiple_of(LANES);
        let mut padded = vec![0.0; stride * biases.len()];
        for (to, from) in padded.chunks_mut(stride).zip(weights.chunks(inputs)) {
            to[..inputs].copy_from_slice(from);
        }
        Self {
            #[cfg(test)]
            inputs,
            stride,
            weights: padded,
            biases,
        }
    }
}

/// A row of layers over some patches of a window.
#[derive(Debug)]
pub(super) struct Perceptron {
    pub(super) layout: Layout,
    /// Windows whose score is not above it are no faces.
    pub(super) threshold: f32,
    pub(super) layers: Vec<Layer>,
}

/// Where the values between layers lie.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    now: Vec<f32>,
    next: Vec<f32>,
}

impl Perceptron {
    /// What it makes of the window that `surf` has taken in: `None` if that is no face.
    pub(super) fn judge(&self, simd: Simd, surf: &Surf, scratch: &mut Scratch) -> Option<Opinion> {
        let Scratch { now, next } = scratch;
        now.clear();
        now.resize(self.layout.len(), 0.0);
        surf.features(&self.layout, now);
        let (last, hidden) = self.layers.split_last()?;
        for layer in hidden {
            next.clear();
            next.resize(layer.biases.len().next_multiple_of(LANES), 0.0);
            simd.multiply(&layer.weights, layer.stride, now, &mut next[..layer.biases.len()]);
            for (value, bias) in next.iter_mut().zip(&layer.biases) {
                *value = (*value + bias).max(0.0);
            }
            std::mem::swap(now, next);
        }
        let mut out = [0.0; 4];
        simd.multiply(&last.weights, last.stride, now, &mut out);
        for (value, bias) in out.iter_mut().zip(&last.biases) {
            *value = 1.0 / (1.0 + (-(*value + bias)).exp());
        }
        let [score, right, down, grow] = out;
        (score > self.threshold).then_some(Opinion {
            score,
            right: right * 2.0 - 1.0,
            down: down * 2.0 - 1.0,
            grow: grow * 2.0 - 1.0,
        })
    }

    /// Values that go in and come out of each layer.
    #[cfg(test)]
    pub(super) fn widths(&self) -> Vec<usize> {
        let first = self.layers.first().map(|layer| layer.inputs);
        let others = self.layers.iter().map(|layer| layer.biases.len());
        first.into_iter().chain(others).collect()
    }
}
