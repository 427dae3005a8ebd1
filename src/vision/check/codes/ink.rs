//! What is dark and what is light in a picture, by thresholds that follow its lighting.
//!
//! The threshold of a pixel is the mean around it. Two sizes of "around" are kept, since neither fits all codes: a small
//! window keeps a small code apart from what is beside it, but within the large dark square of a large code it sees nothing
//! but dark; a large one is the other way round. Sums over blocks of 8 × 8 pixels make both cheap.

use crate::vision::Luma;

/// Pixels along the side of a block.
const BLOCK: usize = 8;

/// Half the side of the windows, in blocks: 56 and 168 pixels wide.
const REACH: [usize; 2] = [3, 10];

/// Around a pixel that differs from its surroundings by less than this there is nothing to read, only noise.
const NOISE: u8 = 4;

/// Which window a threshold is taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Window {
    /// For what is small.
    Near,
    /// For what is large.
    Wide,
}

/// Thresholds of a picture.
#[derive(Debug, Default)]
pub(super) struct Ink {
    columns: usize,
    rows: usize,
    /// Sums of all blocks above and to the left, one row and one column more than there are blocks.
    sums: Vec<u32>,
    /// Where a block of a row begins, while the row is summed.
    row: Vec<u32>,
    thresholds: [Vec<u8>; 2],
}

impl Ink {
    /// Measures `picture`. Its memory is kept from one to the next.
    pub(super) fn measure(&mut self, picture: &Luma<'_>) {
        (self.columns, self.rows) = (picture.width.div_ceil(BLOCK), picture.height.div_ceil(BLOCK));
        let stride = self.columns + 1;
        self.sums.clear();
        self.sums.resize(stride * (self.rows + 1), 0);
        for block in 0..self.rows {
            self.row.clear();
            self.row.resize(self.columns, 0);
            for y in block * BLOCK..((block + 1) * BLOCK).min(picture.height) {
                let pixels = row(picture, y).chunks(BLOCK);
                for (sum, pixels) in self.row.iter_mut().zip(pixels) {
                    *sum += pixels.iter().map(|pixel| u32::from(*pixel)).sum::<u32>();
                }
            }
            let (above, below) = self.sums.split_at_mut((block + 1) * stride);
            let above = &above[block * stride..];
            let mut left = 0;
            for ((sum, out), above) in self.row.iter().zip(&mut below[1..]).zip(&above[1..]) {
                left += sum;
                *out = above + left;
            }
        }
        for (reach, thresholds) in REACH.into_iter().zip(&mut self.thresholds) {
            thresholds.clear();
            for row in 0..self.rows {
                let (top, bottom) = (row.saturating_sub(reach), (row + reach + 1).min(self.rows));
                let height = (bottom * BLOCK).min(picture.height) - top * BLOCK;
                for column in 0..self.columns {
                    let (left, right) = (column.saturating_sub(reach), (column + reach + 1).min(self.columns));
                    let width = (right * BLOCK).min(picture.width) - left * BLOCK;
                    let at = |row: usize, column: usize| self.sums[row * stride + column];
                    let sum = at(bottom, right) + at(top, left) - at(top, right) - at(bottom, left);
                    let mean = sum / (width * height).max(1) as u32;
                    thresholds.push((mean as u8).saturating_sub(NOISE));
                }
            }
        }
    }

    /// The threshold at a pixel of the picture that was measured.
    pub(super) fn at(&self, window: Window, x: usize, y: usize) -> u8 {
        self.thresholds[window as usize][y / BLOCK * self.columns + x / BLOCK]
    }

    /// Whether a pixel is dark.
    pub(super) fn is_dark(&self, picture: &Luma<'_>, window: Window, x: usize, y: usize) -> bool {
        picture.bytes[y * picture.stride + x] < self.at(window, x, y)
    }

    /// The columns at which row `y` turns from dark to light or back, in `turns`. Gives whether it begins dark.
    pub(super) fn turns(&self, picture: &Luma<'_>, window: Window, y: usize, turns: &mut Vec<u32>) -> bool {
        turns.clear();
        let thresholds = &self.thresholds[window as usize][y / BLOCK * self.columns..][..self.columns];
        let pixels = row(picture, y);
        let mut is_dark = pixels[0] < thresholds[0];
        let begins_dark = is_dark;
        for (block, (pixels, threshold)) in pixels.chunks(BLOCK).zip(thresholds).enumerate() {
            let mut bits = 0_u32;
            for (at, pixel) in pixels.iter().enumerate() {
                bits |= u32::from(pixel < threshold) << at;
            }
            // A bit for each pixel that is not as the one before it.
            let mut changes = (bits ^ (bits << 1 | u32::from(is_dark))) & ((1 << pixels.len()) - 1);
            is_dark = bits >> (pixels.len() - 1) & 1 == 1;
            while changes != 0 {
                turns.push((block * BLOCK) as u32 + changes.trailing_zeros());
                changes &= changes - 1;
            }
        }
        begins_dark
    }
}

/// The pixels of row `y`.
pub(super) fn row<'a>(picture: &Luma<'a>, y: usize) -> &'a [u8] {
    &picture.bytes[y * picture.stride..][..picture.width]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn turns_are_where_pixels_change(width in 1_usize..90, height in 1_usize..40, seed in any::<u64>()) {
            let mut state = seed | 1;
            let bytes: Vec<u8> = (0..width * height).map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 56) as u8
            }).collect();
            let picture = Luma { bytes: &bytes, width, height, stride: width };
            let mut ink = Ink::default();
            ink.measure(&picture);
            let mut turns = Vec::new();
            for window in [Window::Near, Window::Wide] {
                for y in 0..height {
                    let begins_dark = ink.turns(&picture, window, y, &mut turns);
                    let dark: Vec<bool> = (0..width).map(|x| ink.is_dark(&picture, window, x, y)).collect();
                    prop_assert_eq!(begins_dark, dark[0]);
                    let plain: Vec<u32> = (1..width).filter(|x| dark[*x] != dark[x - 1]).map(|x| x as u32).collect();
                    prop_assert_eq!(&turns, &plain);
                }
            }
        }
    }

    #[test]
    fn the_threshold_is_the_mean_of_the_window() {
        // Left half dark, right half light.
        let bytes: Vec<u8> = (0..640 * 400).map(|at| if at % 640 < 320 { 40 } else { 200 }).collect();
        let picture = Luma {
            bytes: &bytes,
            width: 640,
            height: 400,
            stride: 640,
        };
        let mut ink = Ink::default();
        ink.measure(&picture);
        for window in [Window::Near, Window::Wide] {
            assert_eq!(ink.at(window, 8, 200), 40 - NOISE, "far from the edge it is all dark");
            assert_eq!(ink.at(window, 630, 200), 200 - NOISE);
            assert!(
                (100..130).contains(&ink.at(window, 318, 200)),
                "{}",
                ink.at(window, 318, 200)
            );
        }
    }
}
