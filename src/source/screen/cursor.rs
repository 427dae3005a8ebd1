//! The pointer, drawn into what was read of the screen and taken out again: it is in the picture, but the rows as they were read stay
//! clean, so that those which did not change need not be read anew when it moves on.
//!
//! Pure: pixels in, pixels out. The server has the pointer as ARGB with alpha multiplied in (XFIXES 4 §6, `GetCursorImage`).

use std::ops::Range;

/// Sides of the largest pointer that is drawn. Larger ones are no pointers.
const LARGEST: u32 = 512;

/// What a pointer looks like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Shape {
    width: u32,
    height: u32,
    /// The pixel of it that points, from its left top.
    hot: (i32, i32),
    /// Rows of ARGB, alpha multiplied in.
    pixels: Vec<u32>,
}

/// The part of a picture that a pointer covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    columns: Range<u32>,
    rows: Range<u32>,
    /// Column and row of the shape that are drawn at the left top of it.
    from: (u32, u32),
}

impl Spot {
    /// The rows that it covers.
    pub(super) fn rows(&self) -> Range<u32> {
        self.rows.clone()
    }
}

impl Shape {
    /// A pointer of that size; `None` where it is none: its pixels are not as many as it says, or it is too large.
    pub(super) fn new(width: u32, height: u32, hot: (i32, i32), pixels: Vec<u32>) -> Option<Self> {
        let is_fit = width <= LARGEST && height <= LARGEST && pixels.len() == (width * height) as usize;
        is_fit.then_some(Self {
            width,
            height,
            hot,
            pixels,
        })
    }

    /// Where it lies in a picture of `size` when it points at `at`; `None` outside, or where nothing of it can be seen.
    pub(super) fn spot(&self, at: (i32, i32), size: (u32, u32)) -> Option<Spot> {
        let (columns, skipped_columns) = overlap(at.0.saturating_sub(self.hot.0), self.width, size.0)?;
        let (rows, skipped_rows) = overlap(at.1.saturating_sub(self.hot.1), self.height, size.1)?;
        self.pixels.iter().any(|pixel| *pixel != 0).then_some(Spot {
            columns,
            rows,
            from: (skipped_columns, skipped_rows),
        })
    }

    /// Draws it on `pixels`, rows of BGRX of `width` pixels. `under` is what was there.
    pub(super) fn draw(&self, spot: &Spot, pixels: &mut [u8], width: u32, under: &mut Vec<u8>) {
        under.clear();
        for (n, row) in spot.rows.clone().enumerate() {
            let own = (spot.from.1 as usize + n) * self.width as usize + spot.from.0 as usize;
            let row = &mut pixels[bytes_of(spot, row, width)];
            under.extend_from_slice(row);
            for (there, own) in row.chunks_exact_mut(4).zip(&self.pixels[own..]) {
                let [blue, green, red, alpha] = own.to_le_bytes();
                for (there, own) in there.iter_mut().zip([blue, green, red]) {
                    // As `over` of Porter and Duff; the sum is held, for a server's pixels need not be multiplied rightly.
                    let behind = (u16::from(*there) * u16::from(255 - alpha) + 127) / 255;
                    *there = (u16::from(own) + behind).min(255) as u8;
                }
            }
        }
    }
}

/// Puts back what was under a pointer.
pub(super) fn lift(spot: &Spot, pixels: &mut [u8], width: u32, under: &[u8]) {
    let len = spot.columns.len() * 4;
    for (row, kept) in spot.rows.clone().zip(under.chunks_exact(len.max(1))) {
        pixels[bytes_of(spot, row, width)].copy_from_slice(kept);
    }
}

fn bytes_of(spot: &Spot, row: u32, width: u32) -> Range<usize> {
    let first = (row as usize * width as usize + spot.columns.start as usize) * 4;
    first..first + spot.columns.len() * 4
}

/// The part of `0..size` that something `len` long covers from `start` on, and how much of it comes before that.
fn overlap(start: i32, len: u32, size: u32) -> Option<(Range<u32>, u32)> {
    let (start, len, size) = (i64::from(start), i64::from(len), i64::from(size));
    let (first, behind) = (start.max(0), (start + len).min(size));
    (first < behind).then(|| (first as u32..behind as u32, (first - start) as u32))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn it_is_drawn_with_its_alpha_and_lifted_again() {
        // Opaque red, half white, nothing, opaque blue.
        let shape = Shape::new(2, 2, (1, 0), vec![0xffff_0000, 0x8080_8080, 0, 0xff00_00ff]).unwrap();
        let mut pixels = [100, 100, 100, 7].repeat(12);
        let clean = pixels.clone();
        let spot = shape.spot((2, 1), (4, 3)).unwrap();
        assert_eq!(spot.rows(), 1..3);
        let mut under = Vec::new();
        shape.draw(&spot, &mut pixels, 4, &mut under);
        assert_eq!(pixels[4 * 5..][..8], [0, 0, 255, 7, 178, 178, 178, 7]);
        assert_eq!(pixels[4 * 9..][..8], [100, 100, 100, 7, 255, 0, 0, 7]);
        lift(&spot, &mut pixels, 4, &under);
        assert_eq!(pixels, clean);
    }

    #[test]
    fn what_is_no_pointer_is_not_drawn() {
        assert_eq!(Shape::new(2, 2, (0, 0), vec![0; 3]), None);
        assert_eq!(Shape::new(4000, 4000, (0, 0), vec![0; 16_000_000]), None);
        let hidden = Shape::new(1, 1, (0, 0), vec![0]).unwrap();
        assert_eq!(hidden.spot((0, 0), (8, 8)), None);
    }

    proptest! {
        #[test]
        fn at_any_place_only_the_picture_is_touched_and_all_comes_back(
            at in (-40i32..60, -40i32..60), hot in (-3i32..20, -3i32..20), size in (1u32..20, 1u32..20)
        ) {
            let shape = Shape::new(size.0, size.1, hot, vec![0xff00_ff00; (size.0 * size.1) as usize]).unwrap();
            let mut pixels = (0..20 * 16 * 4).map(|n| n as u8).collect::<Vec<u8>>();
            let clean = pixels.clone();
            if let Some(spot) = shape.spot(at, (20, 16)) {
                let mut under = Vec::new();
                shape.draw(&spot, &mut pixels, 20, &mut under);
                for y in 0..16_i32 {
                    for x in 0..20_i32 {
                        let (left, top) = (at.0 - hot.0, at.1 - hot.1);
                        let is_covered = (left..left + size.0 as i32).contains(&x) && (top..top + size.1 as i32).contains(&y);
                        let pixel = &pixels[((y * 20 + x) * 4) as usize..][..3];
                        prop_assert_eq!(pixel == [0, 255, 0], is_covered, "{},{}", x, y);
                    }
                }
                lift(&spot, &mut pixels, 20, &under);
            }
            prop_assert_eq!(pixels, clean);
        }

        #[test]
        fn far_away_is_nowhere(at in any::<(i32, i32)>(), hot in any::<(i32, i32)>()) {
            let shape = Shape::new(1, 1, hot, vec![0xffff_ffff]).unwrap();
            let _ = shape.spot(at, (20, 16));
        }
    }
}
