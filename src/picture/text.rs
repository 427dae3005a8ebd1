//! Text and rectangles painted straight into I420 pictures.

use super::colour::{Yuv, yuv_of_rgb};
use super::font::{GLYPH_HEIGHT, GLYPH_WIDTH, glyph_of};
use crate::media::{FrameMut, Plane};

/// Columns from one character to the next, at scale 1.
pub const CELL_WIDTH: u32 = GLYPH_WIDTH + 1;

/// Rows from one line to the next, at scale 1.
pub const CELL_HEIGHT: u32 = GLYPH_HEIGHT + 1;

/// Writes `text` with the upper left corner of its first character at (`x`, `y`), in pixels, each font pixel as a
/// square of `scale` pixels. `\n` starts a new line at `x`. What lies outside the picture is clipped.
///
/// `ink` and `paper` are RGB. With paper, the whole cell of every character is painted, a border of one font pixel to
/// the left and above included; without it, the picture shows through. Chroma has half the resolution: where the edges
/// of a letter fall on odd pixels, its colour reaches one pixel further. Draw at even positions with an even scale where
/// that matters.
pub fn draw_text(frame: &mut FrameMut, x: i32, y: i32, scale: u32, text: &str, ink: [u8; 3], paper: Option<[u8; 3]>) {
    let ink = yuv_of_rgb(ink);
    let paper = paper.map(yuv_of_rgb);
    let step = i64::from(scale.clamp(1, 1024));
    let (left, mut top) = (i64::from(x), i64::from(y));
    for line in text.split('\n') {
        if let Some(paper) = paper {
            let columns = i64::from(CELL_WIDTH) * line.chars().count() as i64;
            let rows = i64::from(CELL_HEIGHT);
            fill_clipped(
                frame,
                [left - step, top - step, left + columns * step, top + rows * step],
                paper,
            );
        }
        let mut at = left;
        for character in line.chars() {
            if at >= i64::from(frame.width()) {
                break;
            }
            for (row, bits) in glyph_of(character).iter().enumerate() {
                draw_row(frame, at, top + row as i64 * step, step, *bits, ink);
            }
            at += i64::from(CELL_WIDTH) * step;
        }
        top += i64::from(CELL_HEIGHT) * step;
    }
}

/// Pixels that `text` covers: the widest line by all lines, each cell with its gap.
#[must_use]
pub fn text_size(text: &str, scale: u32) -> (u32, u32) {
    let columns = text.split('\n').map(|line| line.chars().count()).max().unwrap_or(0) as u32;
    let rows = text.split('\n').count() as u32;
    (
        columns.saturating_mul(CELL_WIDTH).saturating_mul(scale),
        rows.saturating_mul(CELL_HEIGHT).saturating_mul(scale),
    )
}

/// Paints a rectangle in one colour, given as Y, U, V. What lies outside the picture is clipped.
pub fn fill_rect(frame: &mut FrameMut, x: i32, y: i32, width: u32, height: u32, yuv: Yuv) {
    let (x, y) = (i64::from(x), i64::from(y));
    fill_clipped(frame, [x, y, x + i64::from(width), y + i64::from(height)], yuv);
}

/// One row of a glyph: each run of set bits is one rectangle.
fn draw_row(frame: &mut FrameMut, x: i64, y: i64, step: i64, bits: u8, ink: Yuv) {
    let mut column = 0;
    while column < GLYPH_WIDTH {
        let start = column;
        while column < GLYPH_WIDTH && bits & (0b1_0000 >> column) != 0 {
            column += 1;
        }
        if column > start {
            let (from, to) = (x + i64::from(start) * step, x + i64::from(column) * step);
            fill_clipped(frame, [from, y, to, y + step], ink);
        }
        column += 1;
    }
}

/// Fills left, top, right, bottom (the latter two exclusive), clipped; the chroma of every touched 2×2 block is set.
fn fill_clipped(frame: &mut FrameMut, [left, top, right, bottom]: [i64; 4], yuv: Yuv) {
    let (width, height) = (i64::from(frame.width()), i64::from(frame.height()));
    let (left, right) = (left.clamp(0, width) as usize, right.clamp(0, width) as usize);
    let (top, bottom) = (top.clamp(0, height) as usize, bottom.clamp(0, height) as usize);
    if left >= right || top >= bottom {
        return;
    }
    let stride = frame.stride(Plane::Y);
    for row in frame
        .plane_mut(Plane::Y)
        .chunks_exact_mut(stride)
        .take(bottom)
        .skip(top)
    {
        row[left..right].fill(yuv[0]);
    }
    for (plane, code) in [(Plane::U, yuv[1]), (Plane::V, yuv[2])] {
        let stride = frame.stride(plane);
        let rows = frame.plane_mut(plane).chunks_exact_mut(stride);
        for row in rows.take(bottom.div_ceil(2)).skip(top / 2) {
            row[left / 2..right.div_ceil(2)].fill(code);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::colour::BLACK;
    use super::*;
    use crate::media::FramePool;
    use proptest::prelude::*;

    fn black(width: u32, height: u32) -> FrameMut {
        let mut frame = FramePool::new().frame(width, height);
        frame.fill(BLACK);
        frame
    }

    #[test]
    fn a_letter_looks_like_itself() {
        let mut frame = black(8, 10);
        draw_text(&mut frame, 1, 1, 1, "F", [255, 255, 255], None);
        let drawn: Vec<String> = frame
            .plane(Plane::Y)
            .chunks(8)
            .map(|row| row.iter().map(|y| if *y == 235 { '#' } else { '.' }).collect())
            .collect();
        let want = [
            "........", ".#####..", ".#......", ".#......", ".####...", ".#......", ".#......", ".#......", "........",
            "........",
        ];
        assert_eq!(drawn, want);
    }

    #[test]
    fn coloured_ink_colours_the_chroma_and_paper_covers_the_cell() {
        let mut frame = black(32, 32);
        draw_text(&mut frame, 4, 4, 2, "I", [255, 0, 0], Some([0, 0, 255]));
        let (red, blue) = (yuv_of_rgb([255, 0, 0]), yuv_of_rgb([0, 0, 255]));
        let at = |plane, x: usize, y: usize| frame.plane(plane)[y * frame.stride(plane) + x];
        // The stem of the I is font column 2: pixels 8 and 9.
        assert_eq!([at(Plane::Y, 8, 8), at(Plane::U, 4, 4), at(Plane::V, 4, 4)], red);
        assert_eq!([at(Plane::Y, 4, 8), at(Plane::U, 2, 4), at(Plane::V, 2, 4)], blue);
        assert_eq!([at(Plane::Y, 2, 2), at(Plane::U, 1, 1), at(Plane::V, 1, 1)], blue);
        assert_eq!([at(Plane::Y, 0, 0), at(Plane::U, 0, 0), at(Plane::V, 0, 0)], BLACK);
        assert_eq!(text_size("ab\nc", 2), (24, 32));
    }

    proptest! {
        #[test]
        fn anything_anywhere_is_clipped(x in any::<i32>(), y in any::<i32>(), dx in -60i32..60, dy in -60i32..60,
                                        scale in any::<u32>(), text in "\\PC{0,12}", w in any::<u32>()) {
            let mut frame = black(48, 32);
            draw_text(&mut frame, x, y, scale, &text, [255; 3], Some([9; 3]));
            draw_text(&mut frame, dx, dy, scale % 9, &text, [255; 3], None);
            fill_rect(&mut frame, x, dy, w, w, BLACK);
            let _ = text_size(&text, scale);
        }
    }
}
