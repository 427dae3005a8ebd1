//! SURF features of a window: how strongly brightness rises and falls, cell by cell.
//!
//! Every pixel has eight values: the horizontal difference and its size, apart for rows where brightness rises downward and
//! where it falls; and the same the other way about. A patch is two by two cells, each the sum over its pixels, and the 32
//! numbers are scaled to length 1 so that light and contrast do not count.

use std::collections::BTreeSet;

use super::model::WINDOW;
use super::simd::Simd;

/// Values of a patch: two by two cells of eight.
pub(super) const PATCH_VALUES: usize = 4 * CHANNELS;

/// Values of a pixel.
pub(super) const CHANNELS: usize = 8;

/// A row of sums: one more than the window, as they begin with nothing.
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

/// What of a window some patches need, and where they find it.
#[derive(Debug)]
pub(super) struct Layout {
    /// Rows above which sums end, from the top down: none above the first row, which would be nothing.
    rows: Vec<usize>,
    /// Columns that are summed up.
    columns: usize,
    /// The corners of the cells of each patch among the sums, three by three.
    corners: Vec<[usize; 9]>,
}

impl Layout {
    pub(super) fn new(patches: &[Patch]) -> Self {
        let ys = |patch: &Patch| [0, 1, 2].map(|cell| patch.y + cell * patch.cell_height);
        let xs = |patch: &Patch| [0, 1, 2].map(|cell| patch.x + cell * patch.cell_width);
        let rows: BTreeSet<usize> = patches.iter().flat_map(ys).filter(|y| *y > 0).collect();
        let columns = patches.iter().flat_map(xs).max().unwrap_or_default();
        // The sums begin with a row of nothing.
        let place = |y: usize| rows.iter().filter(|row| **row <= y).count();
        let corners = patches.iter().map(|patch| {
            let (xs, ys) = (xs(patch), ys(patch));
            std::array::from_fn(|corner| place(ys[corner / 3]) * SIDE + xs[corner % 3])
        });
        Self {
            columns: columns.next_multiple_of(2),
            corners: corners.collect(),
            rows: rows.into_iter().collect(),
        }
    }

    /// How many values there are.
    pub(super) fn len(&self) -> usize {
        self.corners.len() * PATCH_VALUES
    }
}

/// The sums over a window, from which every patch is read.
#[derive(Debug)]
pub(super) struct Surf {
    /// Differences to the right and downward of each pixel, in turns.
    slopes: Box<[i16; SLOPES]>,
    /// For each row of a layout and every column, each channel's sum over what lies above.
    columns: Vec<[i16; CHANNELS]>,
    /// For each row of a layout and every corner, each channel's sum over what lies above and to the left.
    sums: Vec<[i32; CHANNELS]>,
}

/// Numbers of slopes: two for every pixel.
pub(super) const SLOPES: usize = 2 * WINDOW * WINDOW;

impl Surf {
    pub(super) fn new() -> Self {
        Self {
            slopes: Box::new([0; SLOPES]),
            columns: vec![[0; CHANNELS]; WINDOW * WINDOW],
            sums: vec![[0; CHANNELS]; SIDE * SIDE],
        }
    }

    /// Takes in the window at the beginning of `pixels`, whose rows are `stride` apart: as much of it as `layout` asks for.
    pub(super) fn look(&mut self, simd: Simd, pixels: &[u8], stride: usize, layout: &Layout) {
        simd.slopes(pixels, stride, &mut self.slopes);
        simd.columns(&self.slopes, &layout.rows, layout.columns, &mut self.columns);
        for index in 0..layout.rows.len() {
            let columns = &self.columns[index * WINDOW..][..layout.columns];
            let sums = &mut self.sums[(index + 1) * SIDE + 1..][..layout.columns];
            simd.run_up(columns, sums);
        }
    }

    /// The features of all patches in the window that was taken in last.
    pub(super) fn features(&self, layout: &Layout, out: &mut [f32]) {
        for (corners, out) in layout.corners.iter().zip(out.as_chunks_mut::<PATCH_VALUES>().0) {
            let mut values = [[0; CHANNELS]; 4];
            for (cell, values) in values.iter_mut().enumerate() {
                let first = cell / 2 * 3 + cell % 2;
                let corners = [first, first + 1, first + 3, first + 4].map(|corner| &self.sums[corners[corner]]);
                for (channel, value) in values.iter_mut().enumerate() {
                    *value = corners[3][channel] + corners[0][channel] - corners[1][channel] - corners[2][channel];
                }
            }
            let values = values.as_flattened();
            let square: i64 = values.iter().map(|value| i64::from(*value) * i64::from(*value)).sum();
            let norm = (square as f64).sqrt() as f32;
            let norm = if norm == 0.0 { 1.0 } else { norm };
            for (out, value) in out.iter_mut().zip(values) {
                *out = *value as f32 / norm;
            }
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
        let layout = Layout::new(&[pool().next().unwrap()]);
        surf.look(Simd::detect(), &window, WINDOW, &layout);
        let mut values = [0.0; PATCH_VALUES];
        surf.features(&layout, &mut values);
        for cell in values.chunks(CHANNELS) {
            assert!((cell[0] - 8.0_f32.sqrt().recip()).abs() < 1e-6 && (cell[1] - cell[0]).abs() < 1e-6);
            assert!(cell[2..].iter().all(|value| *value == 0.0));
        }
    }
}
