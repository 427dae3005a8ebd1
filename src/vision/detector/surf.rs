//! SURF features of a window: how strongly brightness rises and falls, cell by cell.
//!
//! Every pixel has eight values: the horizontal difference and its size, apart for rows where brightness rises downward and
//! where it falls; and the same the other way about. A patch is two by two cells, each the sum over its pixels, and the 32
//! numbers are scaled to length 1 so that light and contrast do not count.

use super::model::WINDOW;
use super::simd::Simd;

/// Values of a patch: two by two cells of eight.
pub(super) const PATCH_VALUES: usize = 4 * CHANNELS;

/// Values of a pixel.
pub(super) const CHANNELS: usize = 8;

/// A row of the sums: one more than the window, as they begin with nothing.
const SIDE: usize = WINDOW + 1;

/// Two by two cells in a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Patch {
    x: usize,
    y: usize,
    cell_width: usize,
    cell_height: usize,
}

/// The patches that a model names by number, in their order: of five shapes, 16 pixels or more either way, every 16 pixels.
pub(super) fn pool() -> impl Iterator<Item = Patch> {
    const LEAST: usize = 16;
    let shapes = [(1, 1), (1, 2), (2, 1), (2, 3), (3, 2)];
    let sizes = shapes.into_iter().flat_map(|(across, down)| {
        let heights = (LEAST..=WINDOW).filter(move |height| height % 2 == 0 && height % down == 0);
        heights.map(move |height| (height / down * across, height))
    });
    let sizes = sizes.filter(|(width, _)| width % 2 == 0 && (LEAST..=WINDOW).contains(width));
    sizes.flat_map(|(width, height)| {
        let ys = (0..=WINDOW - height).step_by(LEAST);
        ys.flat_map(move |y| {
            (0..=WINDOW - width).step_by(LEAST).map(move |x| Patch {
                x,
                y,
                cell_width: width / 2,
                cell_height: height / 2,
            })
        })
    })
}

/// The sums over a window, from which every patch is read.
#[derive(Debug)]
pub(super) struct Surf {
    /// For every corner of pixels, each channel's sum over what lies above and to the left of it.
    sums: Vec<[i32; CHANNELS]>,
}

impl Surf {
    pub(super) fn new() -> Self {
        Self {
            sums: vec![[0; CHANNELS]; SIDE * SIDE],
        }
    }

    /// Takes a window in.
    pub(super) fn look(&mut self, _simd: Simd, window: &[u8; WINDOW * WINDOW]) {
        const LAST: usize = WINDOW - 1;
        for y in 0..WINDOW {
            let row = &window[y * WINDOW..][..WINDOW];
            let above = &window[y.saturating_sub(1) * WINDOW..][..WINDOW];
            let below = &window[(y + 1).min(LAST) * WINDOW..][..WINDOW];
            // At an edge the difference is half as wide and counts twice.
            let vertical = if y == 0 || y == LAST { 2 } else { 1 };
            let (done, rest) = self.sums.split_at_mut((y + 1) * SIDE);
            let upper = &done[y * SIDE..];
            let lower = &mut rest[..SIDE];
            let mut sum = [0; CHANNELS];
            for x in 0..WINDOW {
                let horizontal = if x == 0 || x == LAST { 2 } else { 1 };
                let dx = horizontal * (i32::from(row[(x + 1).min(LAST)]) - i32::from(row[x.saturating_sub(1)]));
                let dy = vertical * (i32::from(below[x]) - i32::from(above[x]));
                let (down, up) = if dy < 0 { (0, dx) } else { (dx, 0) };
                let (right, left) = if dx < 0 { (0, dy) } else { (dy, 0) };
                let values = [down, down.abs(), up, up.abs(), right, right.abs(), left, left.abs()];
                for (sum, value) in sum.iter_mut().zip(values) {
                    *sum += value;
                }
                for ((lower, upper), sum) in lower[x + 1].iter_mut().zip(upper[x + 1]).zip(sum) {
                    *lower = upper + sum;
                }
            }
        }
    }

    /// The features of a patch of the window that was taken in last.
    pub(super) fn features(&self, patch: &Patch, out: &mut [f32; PATCH_VALUES]) {
        let mut values = [[0; CHANNELS]; 4];
        for (index, cell) in values.iter_mut().enumerate() {
            let top = (patch.y + index / 2 * patch.cell_height) * SIDE + patch.x + index % 2 * patch.cell_width;
            let bottom = top + patch.cell_height * SIDE;
            let corners = [
                &self.sums[top],
                &self.sums[top + patch.cell_width],
                &self.sums[bottom],
                &self.sums[bottom + patch.cell_width],
            ];
            for (channel, value) in cell.iter_mut().enumerate() {
                *value = corners[3][channel] + corners[0][channel] - corners[1][channel] - corners[2][channel];
            }
        }
        let square: i64 = values
            .as_flattened()
            .iter()
            .map(|value| i64::from(*value) * i64::from(*value))
            .sum();
        let norm = (square as f64).sqrt() as f32;
        let norm = if norm == 0.0 { 1.0 } else { norm };
        for (out, value) in out.iter_mut().zip(values.as_flattened()) {
            *out = *value as f32 / norm;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pool_is_the_one_that_the_model_was_trained_on() {
        let pool: Vec<Patch> = pool().collect();
        assert!(pool.len() >= 54);
        assert_eq!(
            pool[0],
            Patch {
                x: 0,
                y: 0,
                cell_width: 8,
                cell_height: 8
            }
        );
        for patch in pool {
            assert!(patch.x + 2 * patch.cell_width <= WINDOW && patch.y + 2 * patch.cell_height <= WINDOW);
        }
    }

    #[test]
    fn an_even_slope_has_only_its_own_channels() {
        let mut window = [0; WINDOW * WINDOW];
        for (index, pixel) in window.iter_mut().enumerate() {
            *pixel = (index % WINDOW * 3) as u8;
        }
        let mut surf = Surf::new();
        surf.look(Simd::detect(), &window);
        let mut values = [0.0; PATCH_VALUES];
        surf.features(&pool().next().unwrap(), &mut values);
        for cell in values.chunks(CHANNELS) {
            assert!((cell[0] - 8.0_f32.sqrt().recip()).abs() < 1e-6 && (cell[1] - cell[0]).abs() < 1e-6);
            assert!(cell[2..].iter().all(|value| *value == 0.0));
        }
    }
}
