//! Rows of one picture over rows of another.

use super::super::blend::{ONE, blend};
use super::super::chroma_key::product;
use super::super::geometry::Area;

/// One plane of a picture that is laid over another, from its corner (`x`, `y`) on.
#[derive(Clone, Copy)]
pub(super) struct Over<'a> {
    pub bytes: &'a [u8],
    pub stride: usize,
    pub x: usize,
    pub y: usize,
}

impl<'a> Over<'a> {
    /// A stretch of a row, counted from the corner.
    fn row(&self, y: usize, from: usize, to: usize) -> &'a [u8] {
        let start = (self.y + y) * self.stride + self.x;
        &self.bytes[start + from..start + to]
    }
}

/// Puts `over` at `area` of a plane whose rows are `stride` bytes.
pub(super) fn lay_solid(out: &mut [u8], stride: usize, over: Over<'_>, area: Area, opacity: u16) {
    let (x, width) = (area.x as usize, area.width as usize);
    let rows = out
        .chunks_exact_mut(stride)
        .skip(area.y as usize)
        .take(area.height as usize);
    for (y, under) in rows.enumerate() {
        let (under, over) = (&mut under[x..x + width], over.row(y, 0, width));
        if opacity == ONE {
            under.copy_from_slice(over);
        } else {
            blend(under, over, opacity);
        }
    }
}

/// The same with colours that are multiplied by `alpha`. `ink` says from where to where each row has anything to show.
pub(super) fn lay_multiplied(
    out: &mut [u8],
    stride: usize,
    (over, alpha): (Over<'_>, Over<'_>),
    area: Area,
    opacity: u16,
    ink: impl Fn(usize) -> (usize, usize),
) {
    let x = area.x as usize;
    let rows = out
        .chunks_exact_mut(stride)
        .skip(area.y as usize)
        .take(area.height as usize);
    for (y, under) in rows.enumerate() {
        let (from, to) = ink(y);
        if from >= to {
            continue;
        }
        let under = &mut under[x + from..x + to];
        let (over, alpha) = (over.row(y, from, to), alpha.row(y, from, to));
        if opacity == ONE {
            for ((under, over), alpha) in under.iter_mut().zip(over).zip(alpha) {
                *under = product(*under, u8::MAX - *alpha).saturating_add(*over);
            }
        } else {
            let share = |code: u8| ((u16::from(code) * opacity.min(ONE) + 128) >> 8) as u8;
            for ((under, over), alpha) in under.iter_mut().zip(over).zip(alpha) {
                *under = product(*under, u8::MAX - share(*alpha)).saturating_add(share(*over));
            }
        }
    }
}

/// Makes alpha opaque under something solid, as far as that is.
pub(super) fn cover(out: &mut [u8], stride: usize, area: Area, opacity: u16) {
    let (x, width) = (area.x as usize, area.width as usize);
    let rows = out
        .chunks_exact_mut(stride)
        .skip(area.y as usize)
        .take(area.height as usize);
    for under in rows {
        let under = &mut under[x..x + width];
        if opacity == ONE {
            under.fill(u8::MAX);
        } else {
            let rest = ONE - opacity.min(ONE);
            for under in under {
                *under = ((u16::from(*under) * rest + 255 * (ONE - rest) + 128) >> 8) as u8;
            }
        }
    }
}
