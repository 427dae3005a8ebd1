//! Paints masks and stickers on pictures.

use super::super::blend::blend_each;
use super::super::colour::{Yuv, yuv_of_rgb};
use super::cells::Cells;
use super::outline::{Outline, Touched, cover};
use super::{CELLS_ACROSS, Mask, Paint, Placed, sticker};
use crate::media::{FrameMut, FramePool, Plane, VideoFrame};

/// Paints what must not be seen. What it needs it keeps: after the first picture of a size nothing is allocated, whatever the
/// masks, but a picture where the pool has none.
#[derive(Debug)]
pub struct Occluder {
    pool: FramePool,
    cells: Cells,
    /// Of two rows of luma, and of the row of chroma that belongs to both.
    shares: [Vec<u16>; 3],
    /// What is painted on a row.
    row: Vec<u8>,
}

/// How a mask is painted.
enum Brush {
    Solid(Yuv),
    Mosaic,
    Blur,
}

impl Occluder {
    /// Takes new pictures from `pool`.
    #[must_use]
    pub fn new(pool: FramePool) -> Self {
        Self {
            pool,
            cells: Cells::default(),
            shares: Default::default(),
            row: Vec::new(),
        }
    }

    /// `frame` with `masks` on it, the first lowest, and `stickers` on those. Where none of them shows, it is the same picture;
    /// one that nobody else refers to is painted on in place; of another there is a copy.
    pub fn apply(&mut self, frame: VideoFrame, masks: &[Mask<'_>], stickers: &[Placed<'_>]) -> VideoFrame {
        let size = (frame.width(), frame.height());
        let is_masked = masks.iter().any(|mask| touched(mask, size).is_some());
        if !is_masked && stickers.iter().all(|placed| sticker::touched(placed, size).is_none()) {
            return frame;
        }
        let pts = frame.pts;
        let mut out = frame.into_mut().unwrap_or_else(|shared| {
            let mut copy = self.pool.frame(size.0, size.1);
            copy.copy_from(&shared);
            copy
        });
        for mask in masks {
            if let Some((outline, touched)) = touched(mask, size) {
                self.paint(&mut out, mask, &outline, touched);
            }
        }
        for placed in stickers {
            if let Some(touched) = sticker::touched(placed, size) {
                sticker::draw(&mut out, placed, touched);
            }
        }
        out.freeze(pts)
    }

    fn paint(&mut self, out: &mut FrameMut, mask: &Mask<'_>, outline: &Outline, touched: Touched) {
        let (x, y, smaller) = outline.middle((out.width(), out.height()));
        let mut measure = |strength: f32| {
            let side = smaller / f32::from(CELLS_ACROSS) * strength.min(1.0);
            self.cells.measure(out, touched, (x, y), side.ceil() as i32);
        };
        let brush = match mask.paint {
            Paint::Solid(rgb) => Brush::Solid(yuv_of_rgb(rgb)),
            Paint::Mosaic { strength } => {
                measure(strength);
                Brush::Mosaic
            }
            Paint::Blur { strength } => {
                measure(strength);
                Brush::Blur
            }
        };
        let (left, width) = (touched.left, touched.width());
        for row in &mut self.shares {
            row.clear();
            row.reserve(out.width() as usize);
        }
        self.row.clear();
        self.row.reserve(out.width() as usize);
        self.shares[..2].iter_mut().for_each(|row| row.resize(width, 0));
        self.row.resize(width, 0);
        for y in (touched.top..touched.bottom).step_by(2) {
            let [upper, lower, both] = &mut self.shares;
            cover(outline, mask, y, left, upper);
            cover(outline, mask, y + 1, left, lower);
            // A sample of chroma is hidden as far as the most hidden of its four pixels.
            both.clear();
            let pairs = upper.as_chunks::<2>().0.iter().zip(lower.as_chunks::<2>().0);
            both.extend(pairs.map(|(upper, lower)| upper[0].max(upper[1]).max(lower[0]).max(lower[1])));
            self.paint_row(out, Plane::Y, (left, y), &brush, 0);
            self.paint_row(out, Plane::Y, (left, y + 1), &brush, 1);
            self.paint_row(out, Plane::U, (left / 2, y / 2), &brush, 2);
            self.paint_row(out, Plane::V, (left / 2, y / 2), &brush, 2);
        }
    }

    /// Paints one row of `plane` from (`x`, `y`) on, with the shares of `row`.
    fn paint_row(&mut self, out: &mut FrameMut, plane: Plane, (x, y): (i32, i32), brush: &Brush, row: usize) {
        let shares = &self.shares[row];
        let over = &mut self.row[..shares.len()];
        match (brush, plane) {
            (Brush::Solid(yuv), Plane::Y) => over.fill(yuv[0]),
            (Brush::Solid(yuv), Plane::U) => over.fill(yuv[1]),
            (Brush::Solid(yuv), Plane::V) => over.fill(yuv[2]),
            (Brush::Mosaic, _) => self.cells.mosaic(plane, y, x, over),
            (Brush::Blur, _) => self.cells.blur(plane, y, x, over),
        }
        let stride = out.stride(plane);
        let under = &mut out.plane_mut(plane)[y as usize * stride + x as usize..][..shares.len()];
        blend_each(under, over, shares);
    }
}

/// What of `mask` lies in a picture of `size`; `None` where it leaves the picture as it is.
fn touched(mask: &Mask<'_>, size: (u32, u32)) -> Option<(Outline, Touched)> {
    let is_seen = match mask.paint {
        Paint::Solid(_) => true,
        // What is no number counts as 1.
        Paint::Mosaic { strength } | Paint::Blur { strength } => strength.is_nan() || strength > 0.0,
    };
    let outline = Outline::of(mask.shape).filter(|_| is_seen)?;
    let touched = outline.touched(size)?;
    Some((outline, touched))
}
