//! The frame number as machines read it: 24 cells along the bottom edge.
//!
//! Cell *i* covers the columns from `i * width / 24` to `(i + 1) * width / 24`; the row is `16 * height / 720` luma rows
//! high, even, at least 2. White is 1, black is 0, the most significant bit comes first: the number modulo 2²⁴, which
//! at 30 frames per second wraps after six days. Chroma is neutral. Cells are large enough for any encoder and scaler;
//! what is neither black nor white is no number.

use crate::media::{FrameMut, Plane, VideoFrame};

/// Cells in the row.
pub const CELLS: usize = 24;

/// Luma rows of the cells in a picture of `height` rows.
#[must_use]
pub fn row_height(height: u32) -> u32 {
    (16 * height / 720).max(2) & !1
}

/// Draws the cells of `index` on `frame`.
pub fn draw(frame: &mut FrameMut, index: i64) {
    let (width, height) = (frame.width() as usize, frame.height() as usize);
    let rows = row_height(frame.height()) as usize;
    let luma = frame.plane_mut(Plane::Y);
    let first = (height - rows) * width;
    for cell in 0..CELLS {
        let is_set = index >> (CELLS - 1 - cell) & 1 == 1;
        let columns = cell * width / CELLS..(cell + 1) * width / CELLS;
        luma[first..first + width][columns].fill(if is_set { 235 } else { 16 });
    }
    let (done, rest) = luma[first..].split_at_mut(width);
    for row in rest.chunks_exact_mut(width) {
        row.copy_from_slice(done);
    }
    for plane in [Plane::U, Plane::V] {
        let stride = frame.stride(plane);
        let first = (height - rows) / 2 * stride;
        frame.plane_mut(plane)[first..].fill(128);
    }
}

/// Reads the number back from a picture of any size that shows the whole pattern. `None` where the cells are not
/// clearly black or white: that is no pattern.
#[must_use]
pub fn read(frame: &VideoFrame) -> Option<u32> {
    read_luma(frame.plane(Plane::Y), frame.width() as usize, frame.height() as usize)
}

/// The same for a bare luma plane without padding, as a decoder of another program may give it.
#[must_use]
pub fn read_luma(luma: &[u8], width: usize, height: usize) -> Option<u32> {
    if width < CELLS * 2 || height < 4 || luma.len() < width * height {
        return None;
    }
    let rows = row_height(height as u32) as usize;
    // The middle of each cell, away from edges that an encoder smears.
    let (top, bottom) = (height - rows + rows / 4, height - rows / 4);
    let mut number = 0;
    for cell in 0..CELLS {
        let (left, right) = (cell * width / CELLS, (cell + 1) * width / CELLS);
        let quarter = (right - left) / 4;
        let columns = left + quarter..right - quarter;
        let (mut sum, mut count) = (0_u64, 0_u64);
        for row in top..bottom.max(top + 1) {
            let cells = &luma[row * width..][columns.clone()];
            sum += cells.iter().map(|value| u64::from(*value)).sum::<u64>();
            count += cells.len() as u64;
        }
        let bit = match sum / count.max(1) {
            0..=80 => 0,
            170..=255 => 1,
            _ => return None,
        };
        number = number << 1 | bit;
    }
    Some(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::{FramePool, Timestamp};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_are_read_back_in_every_size(number in 0u32..1 << 24, width in 48u32..2000, height in 8u32..1200) {
            let mut frame = FramePool::new().frame(width, height);
            frame.fill([126, 90, 200]);
            draw(&mut frame, i64::from(number));
            prop_assert_eq!(read(&frame.freeze(Timestamp::ZERO)), Some(number));
        }

        #[test]
        fn noise_never_panics(luma in proptest::collection::vec(any::<u8>(), 0..20_000), width in 0usize..300, height in 0usize..300) {
            let _ = read_luma(&luma, width, height);
        }
    }

    #[test]
    fn a_grey_picture_has_no_number() {
        let mut frame = FramePool::new().frame(640, 360);
        frame.fill([126, 128, 128]);
        assert_eq!(read(&frame.freeze(Timestamp::ZERO)), None);
    }
}
