//! Pictures without colour: light dots on dark, in the share that a place is bright.
//!
//! Errors are diffused to the neighbours that are still to come (Floyd and Steinberg, 1976), every other line backwards, so
//! that a grey comes out as its share of dots. Diffusion alone makes a still but noisy picture swarm, as each dot depends on
//! all before it. So a dot that is lit stays lit a little below the middle, and a dark one stays dark a little above it; what
//! that does wrong, its neighbours make up for.

use super::super::Picture;
use super::choose::Shown;
use super::glyphs::Glyphs;
use super::thrift::Thrift;

/// How far past the middle a value must be to turn a dot, by thrift.
const HOLD: [f32; 4] = [16.0, 40.0, 64.0, 88.0];

/// Draws with dots; keeps its lines of errors from picture to picture.
#[derive(Debug, Default)]
pub(super) struct Dots {
    /// What the line takes over from the one above, and what it leaves to the one below; one more on either side.
    above: Vec<f32>,
    below: Vec<f32>,
    patterns: Vec<u8>,
}

/// Luma of BT.709.
pub(super) fn luma(pixel: [u8; 3]) -> f32 {
    let [r, g, b] = pixel.map(f32::from);
    r * 0.2126 + g * 0.7152 + b * 0.0722
}

impl Dots {
    /// Draws `picture` into `shown`, a cell each. Returns whether a cell has changed.
    pub fn draw(
        &mut self,
        picture: &Picture,
        glyphs: Glyphs,
        thrift: Thrift,
        shown: &mut [Shown],
        is_known: bool,
    ) -> bool {
        let (across, down) = glyphs.grid();
        let (width, height) = (picture.width(), picture.height());
        let columns = width.div_ceil(across);
        let hold = if is_known {
            HOLD[usize::from(thrift.level())]
        } else {
            0.0
        };
        self.patterns.clear();
        self.patterns.resize(shown.len(), 0);
        self.above.clear();
        self.above.resize(width + 2, 0.0);
        for y in 0..height {
            self.below.clear();
            self.below.resize(width + 2, 0.0);
            let pixels = picture.rgb()[y * width * 3..(y + 1) * width * 3].as_chunks::<3>().0;
            let cells = y / down * columns;
            let bit = y % down * across;
            let is_backwards = y % 2 == 1;
            let mut carried = 0.0;
            for step in 0..width {
                let x = if is_backwards { width - 1 - step } else { step };
                let at = cells + x / across;
                let bit = 1 << (bit + x % across);
                let was_lit = shown[at].pattern & bit != 0;
                let value = luma(pixels[x]) + self.above[x + 1] + carried;
                let is_lit = value > if was_lit { 127.5 - hold } else { 127.5 + hold };
                // Past black and white there is nothing to make up for: what is clipped is not carried along.
                let error = (value - if is_lit { 255.0 } else { 0.0 }).clamp(-192.0, 192.0);
                self.patterns[at] |= if is_lit { bit } else { 0 };
                carried = error * (7.0 / 16.0);
                let (behind, ahead) = if is_backwards { (x + 2, x) } else { (x, x + 2) };
                self.below[behind] += error * (3.0 / 16.0);
                self.below[x + 1] += error * (5.0 / 16.0);
                self.below[ahead] += error * (1.0 / 16.0);
            }
            std::mem::swap(&mut self.above, &mut self.below);
        }
        let mut has_changed = false;
        for (shown, pattern) in shown.iter_mut().zip(&self.patterns) {
            if shown.pattern != *pattern || !is_known {
                shown.pattern = *pattern;
                shown.cell.symbol = glyphs.symbol(*pattern);
                has_changed = true;
            }
        }
        has_changed
    }
}
