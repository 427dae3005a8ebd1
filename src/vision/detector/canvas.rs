//! Where windows are cut from: the picture itself, halved copies of it, or an upright copy of a tilted part.

use super::merge::Proposal;
use super::simd::{Simd, Taps};
use super::{Area, Luma, plain};

/// A picture of our own.
#[derive(Debug, Default)]
pub(super) struct Plane {
    bytes: Vec<u8>,
    width: usize,
    height: usize,
}

impl Plane {
    /// Makes room. What the bytes are after it is of no meaning.
    fn reshape(&mut self, width: usize, height: usize) {
        (self.width, self.height) = (width, height);
        self.bytes.resize(width * height, 0);
    }

    pub(super) fn luma(&self) -> Luma<'_> {
        Luma {
            bytes: &self.bytes,
            width: self.width,
            height: self.height,
            stride: self.width,
        }
    }
}

impl Luma<'_> {
    /// The row `y`.
    pub(super) fn row(&self, y: usize) -> &[u8] {
        &self.bytes[y * self.stride..][..self.width]
    }

    /// The row nearest to `y`.
    fn row_near(&self, y: i32) -> &[u8] {
        self.row(y.clamp(0, self.height as i32 - 1) as usize)
    }
}

/// Copies of the picture, each half as wide and high as the one before, made when they are first asked for.
#[derive(Debug, Default)]
pub(super) struct Halves {
    planes: Vec<Plane>,
    /// How many of them belong to this picture.
    made: usize,
}

impl Halves {
    /// A new picture: there are none yet.
    pub(super) fn forget(&mut self) {
        self.made = 0;
    }

    /// The picture, halved `times`.
    pub(super) fn get<'a>(&'a mut self, simd: Simd, picture: &Luma<'a>, times: usize) -> Luma<'a> {
        while self.made < times {
            if self.planes.len() == self.made {
                self.planes.push(Plane::default());
            }
            let (done, rest) = self.planes.split_at_mut(self.made);
            let from = done.last().map_or(*picture, Plane::luma);
            halve(simd, &from, &mut rest[0]);
            self.made += 1;
        }
        match times {
            0 => *picture,
            _ => self.planes[times - 1].luma(),
        }
    }
}

fn halve(simd: Simd, from: &Luma<'_>, to: &mut Plane) {
    to.reshape(from.width / 2, from.height / 2);
    for (y, out) in to.bytes.chunks_exact_mut((from.width / 2).max(1)).enumerate() {
        simd.halve(from.row(2 * y), from.row(2 * y + 1), out);
    }
}

/// Copies `area` out of `from`, turned upright by `roll` about its centre, edge pixels repeated beyond the edges.
pub(super) fn upright(from: &Luma<'_>, area: &Area, roll: f32, to: &mut Plane) {
    const ONE: f32 = 65_536.0;
    to.reshape(area.width as usize, area.height as usize);
    let (width, height) = (to.width, to.height);
    let rows = to.bytes.chunks_exact_mut(width.max(1));
    if roll == 0.0 {
        let (left, top) = (area.x as i32, area.y as i32);
        // Columns before the left edge, within, and beyond the right edge.
        let before = (-left).clamp(0, width as i32) as usize;
        let within = (from.width as i32 - left.max(0)).clamp(0, (width - before) as i32) as usize;
        for (y, out) in rows.enumerate() {
            let row = from.row_near(top + y as i32);
            let (out_before, out) = out.split_at_mut(before);
            let (out_within, out_beyond) = out.split_at_mut(within);
            out_before.fill(row[0]);
            out_within.copy_from_slice(row.get(left.max(0) as usize..).map_or(&[], |row| &row[..within]));
            out_beyond.fill(row[from.width - 1]);
        }
        return;
    }
    let (sin, cos) = roll.sin_cos();
    let centre = (area.x + area.width / 2.0, area.y + area.height / 2.0);
    let (right, down) = ((cos * ONE) as i32, (sin * ONE) as i32);
    let last = ((from.width as i32 - 2).max(0), (from.height as i32 - 2).max(0));
    for (y, out) in rows.enumerate() {
        let (u, v) = (0.5 - width as f32 / 2.0, y as f32 + 0.5 - height as f32 / 2.0);
        let mut x = ((centre.0 + u * cos - v * sin - 0.5) * ONE) as i32;
        let mut y = ((centre.1 + u * sin + v * cos - 0.5) * ONE) as i32;
        for out in out {
            *out = between(from, x, y, last);
            (x, y) = (x.wrapping_add(right), y.wrapping_add(down));
        }
    }
}

/// The pixel at a place in 65,536ths of a pixel. `last` is the last column and row that has another behind it.
fn between(from: &Luma<'_>, x: i32, y: i32, last: (i32, i32)) -> u8 {
    let (column, row) = ((x >> 16).clamp(0, last.0), (y >> 16).clamp(0, last.1));
    // Beyond an edge the weight is all on the edge's own pixel.
    let weight = |place: i32, at: i32| (place.saturating_sub(at << 16).clamp(0, 65_536) >> 8) as u32;
    let (across, down) = (weight(x, column), weight(y, row));
    let at = row as usize * from.stride + column as usize;
    let pixel = |at: usize| u32::from(from.bytes.get(at).copied().unwrap_or_default());
    let upper = pixel(at) * (256 - across) + pixel(at + 1) * across;
    let lower = pixel(at + from.stride) * (256 - across) + pixel(at + from.stride + 1) * across;
    ((upper * (256 - down) + lower * down) >> 16) as u8
}

/// Part of a canvas, in whole pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) x: usize,
    pub(super) y: usize,
    pub(super) width: usize,
    pub(super) height: usize,
}

/// Stretches parts of pictures, bilinearly.
#[derive(Debug, Default)]
pub(super) struct Stretch {
    taps: Taps,
    blended: Vec<u16>,
    patch: Plane,
}

impl Stretch {
    /// Fills `out` with `part` of `from`, stretched to `wide` by as many rows as there are. Both sides of the part are two or more.
    pub(super) fn stretch(&mut self, simd: Simd, from: &Luma<'_>, part: &Part, wide: usize, out: &mut [u8]) {
        let rows = out.len() / wide;
        let step = part.height as f64 / rows as f64;
        self.taps.stretch(part.width, wide);
        self.blended.resize(part.width, 0);
        for (y, out) in out.chunks_exact_mut(wide).enumerate() {
            let place = step * y as f64;
            let at = (place as usize).min(part.height - 2);
            // Where a part grows, the last rows lie beyond the last one.
            let weight = (place - at as f64).min(1.0) * f64::from(1 << plain::ROW_BITS) + 0.5;
            let upper = &from.row(part.y + at)[part.x..][..part.width];
            let lower = &from.row(part.y + at + 1)[part.x..][..part.width];
            simd.blend(upper, lower, weight as u16, &mut self.blended);
            simd.sample(&self.blended, &self.taps, out);
        }
    }

    /// Fills `out` with the square of a proposal, of which parts may lie outside of the picture.
    pub(super) fn cut(&mut self, simd: Simd, from: &Luma<'_>, square: &Proposal, wide: usize, out: &mut [u8]) {
        let &Proposal { x, y, size, .. } = square;
        let part = |x: f32, y: f32| Part {
            x: x as usize,
            y: y as usize,
            width: size as usize,
            height: size as usize,
        };
        if x >= 0.0 && y >= 0.0 && x + size <= from.width as f32 && y + size <= from.height as f32 {
            self.stretch(simd, from, &part(x, y), wide, out);
            return;
        }
        let area = Area {
            x,
            y,
            width: size,
            height: size,
        };
        let mut patch = std::mem::take(&mut self.patch);
        upright(from, &area, 0.0, &mut patch);
        self.stretch(simd, &patch.luma(), &part(0.0, 0.0), wide, out);
        self.patch = patch;
    }
}
