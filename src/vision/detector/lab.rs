//! The first hurdle: boosted cascades over LAB codes (locally assembled binary features), for every window of a level.
//!
//! A code compares nine sums of three by three pixels. All windows pass the first ten features side by side; who is left
//! goes through the others in a list that gets shorter with every group.

use super::model::{CODES, Cascade, GROUP, WINDOW};
use super::simd::Simd;

/// Pixels between windows.
pub(super) const STEP: usize = 4;

/// Windows whose brightness deviates less (standard deviation, in steps of a byte) are empty. SeetaFace has 10 here, and is
/// blind in the dusk: LAB codes and SURF features do not depend on contrast.
const LEAST_DEVIATION: u64 = 4;

/// Blocks of `STEP` by `STEP` pixels that a window is wide.
const BLOCKS: usize = WINDOW / STEP;

/// Rows of sums that are kept: a code reaches over seven.
const RING: usize = 8;

/// A picture at one scale, for windows to be looked at.
#[derive(Debug, Default)]
pub(super) struct Level {
    pub(super) pixels: Vec<u8>,
    pub(super) width: usize,
    pub(super) height: usize,
}

/// A window that passed, by its place in steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Passed {
    pub(super) column: usize,
    pub(super) row: usize,
    pub(super) score: f32,
}

/// The codes of a level and all that is needed to judge its windows.
#[derive(Debug, Default)]
pub(super) struct Lab {
    codes: Vec<u8>,
    stride: usize,
    columns: usize,
    rows: usize,
    ring: [Vec<u16>; RING],
    block_sums: Vec<u32>,
    block_squares: Vec<u32>,
    column_sums: Vec<(u32, u32)>,
    /// For each window, whether it is worth a look.
    is_textured: Vec<bool>,
    offsets: Vec<u32>,
    scores: Vec<f32>,
    places: Vec<u32>,
    place_scores: Vec<f32>,
}

impl Lab {
    /// Makes codes of a level. Its sides must not be shorter than a window.
    pub(super) fn look(&mut self, simd: Simd, level: &Level) {
        let (width, height) = (level.width, level.height);
        assert!(width >= WINDOW && height >= WINDOW && level.pixels.len() >= width * height);
        self.stride = width - 8;
        self.columns = (width - WINDOW) / STEP + 1;
        self.rows = (height - WINDOW) / STEP + 1;
        // Windows are judged eight at a time: the last ones may reach beyond the row.
        self.codes
            .resize(self.stride * (height - 8) + 8 * STEP + Simd::SLACK, 0);
        for sums in &mut self.ring {
            sums.resize(width - 2, 0);
        }
        let row = |y: usize| &level.pixels[y * width..][..width];
        for y in 0..height - 2 {
            simd.sum3([row(y), row(y + 1), row(y + 2)], &mut self.ring[y % RING]);
            if let Some(top) = y.checked_sub(6) {
                let out = &mut self.codes[top * self.stride..][..self.stride];
                simd.codes([top, top + 3, y].map(|y| self.ring[y % RING].as_slice()), out);
            }
        }
        self.find_texture(simd, level);
    }

    fn find_texture(&mut self, simd: Simd, level: &Level) {
        const AREA: u64 = (WINDOW * WINDOW) as u64;
        let (across, down) = (level.width / STEP, level.height / STEP);
        self.block_sums.resize(across * down, 0);
        self.block_squares.resize(across * down, 0);
        for y in 0..down {
            let rows = [0, 1, 2, 3].map(|row| &level.pixels[(y * STEP + row) * level.width..][..level.width]);
            let blocks = y * across..(y + 1) * across;
            simd.blocks(
                rows,
                &mut self.block_sums[blocks.clone()],
                &mut self.block_squares[blocks],
            );
        }
        self.is_textured.clear();
        self.column_sums.clear();
        self.column_sums.resize(across, (0, 0));
        for y in 0..down {
            let blocks = y * across..(y + 1) * across;
            let now = self.block_sums[blocks.clone()].iter().zip(&self.block_squares[blocks]);
            for (column, (sum, square)) in self.column_sums.iter_mut().zip(now) {
                column.0 += sum;
                column.1 += square;
            }
            if y + 1 < BLOCKS {
                continue;
            }
            let (mut sum, mut square) = (0_u64, 0_u64);
            for x in 0..across {
                sum += u64::from(self.column_sums[x].0);
                square += u64::from(self.column_sums[x].1);
                if x + 1 >= BLOCKS {
                    let variance = AREA * square - sum * sum;
                    self.is_textured
                        .push(variance > LEAST_DEVIATION * LEAST_DEVIATION * AREA * AREA);
                    let first = self.column_sums[x + 1 - BLOCKS];
                    sum -= u64::from(first.0);
                    square -= u64::from(first.1);
                }
            }
            let old = (y + 1 - BLOCKS) * across..(y + 2 - BLOCKS) * across;
            let old = self.block_sums[old.clone()].iter().zip(&self.block_squares[old]);
            for (column, (sum, square)) in self.column_sums.iter_mut().zip(old) {
                column.0 -= sum;
                column.1 -= square;
            }
        }
        debug_assert_eq!(self.is_textured.len(), self.columns * self.rows);
    }

    /// How many windows lie side by side, and how many rows of them there are.
    pub(super) fn windows(&self) -> (usize, usize) {
        (self.columns, self.rows)
    }

    /// Appends the windows that `view` takes for a face, row by row; each of its thresholds is lowered by `leniency`.
    pub(super) fn pass(&mut self, simd: Simd, view: &Cascade, leniency: f32, passed: &mut Vec<Passed>) {
        let stride = self.stride;
        let offset = |(x, y): &(u8, u8)| (usize::from(*y) * stride + usize::from(*x)) as u32;
        self.offsets.clear();
        self.offsets.extend(view.offsets.iter().map(offset));
        self.places.clear();
        self.place_scores.clear();
        self.scores.resize(self.columns.next_multiple_of(8), 0.0);
        let Some(first) = view.thresholds.first() else { return };
        let first = first - leniency;
        for row in 0..self.rows {
            let start = row * STEP * stride;
            let is_textured = &self.is_textured[row * self.columns..][..self.columns];
            for (index, is_textured) in is_textured.chunks(8).enumerate() {
                if !is_textured.contains(&true) {
                    continue;
                }
                let scores = &mut self.scores[..8];
                let start = start + index * 8 * STEP;
                simd.first_group(
                    &self.codes,
                    start,
                    &self.offsets[..GROUP],
                    &view.weights[..GROUP * CODES],
                    scores,
                );
                for (window, (score, is_textured)) in scores.iter().zip(is_textured).enumerate() {
                    if *score >= first && *is_textured {
                        self.places.push((start + window * STEP) as u32);
                        self.place_scores.push(*score);
                    }
                }
            }
        }
        let groups = self.offsets.chunks(GROUP).zip(view.weights.chunks(GROUP * CODES));
        for ((offsets, weights), threshold) in groups.zip(&view.thresholds).skip(1) {
            simd.next_group(&self.codes, &self.places, offsets, weights, &mut self.place_scores);
            let threshold = threshold - leniency;
            let mut kept = 0;
            for index in 0..self.places.len() {
                let score = self.place_scores[index];
                self.places[kept] = self.places[index];
                self.place_scores[kept] = score;
                kept += usize::from(score >= threshold);
            }
            self.places.truncate(kept);
            self.place_scores.truncate(kept);
        }
        passed.extend(self.places.iter().zip(&self.place_scores).map(|(place, score)| {
            let place = *place as usize;
            Passed {
                column: place % stride / STEP,
                row: place / stride / STEP,
                score: *score,
            }
        }));
    }
}
