//! How much of each pixel a mask covers: from shape and holes to a row of shares.

use super::super::blend::ONE;
use super::super::geometry::Rect;
use super::{Ellipse, Mask, Shape};

/// Width of the soft edge of an ellipse, as a share of its radius.
const FEATHER: f32 = 0.15;

/// Width of the soft edge of a rectangle, in pixels: this share of its smaller side, within these bounds.
const BOX_FEATHER: (f32, f32, f32) = (0.06, 2.0, 16.0);

/// Beyond any picture; keeps the arithmetic within numbers.
const FAR: f32 = 1e6;

/// Pixels of the picture, all values even: whole samples of chroma.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Touched {
    pub left: i32,
    pub top: i32,
    pub right: i32,
    pub bottom: i32,
}

impl Touched {
    /// What of these lengths lies in a picture of `size`, rounded outwards; `None` where nothing does.
    pub(super) fn within([left, top, right, bottom]: [f32; 4], size: (u32, u32)) -> Option<Self> {
        let down = |at: f32, end: u32| (at.floor() as i32 & !1).clamp(0, end as i32);
        let up = |at: f32, end: u32| ((at.ceil() as i32).saturating_add(1) & !1).clamp(0, end as i32);
        let touched = Self {
            left: down(left, size.0),
            top: down(top, size.1),
            right: up(right, size.0),
            bottom: up(bottom, size.1),
        };
        (touched.left < touched.right && touched.top < touched.bottom).then_some(touched)
    }

    pub(super) fn width(self) -> usize {
        (self.right - self.left) as usize
    }
}

/// A shape, ready to be asked row by row.
#[derive(Clone, Copy, Debug)]
pub(super) enum Outline {
    Ellipse(Curve),
    Box { edges: [f32; 4], feather: f32 },
    Whole,
}

impl Outline {
    /// `None` where there is nothing to cover. What is no number covers everything: better too much than a face.
    pub(super) fn of(shape: Shape) -> Option<Self> {
        match shape {
            Shape::Ellipse(ellipse) => Some(Curve::of(&ellipse).map_or(Self::Whole, Self::Ellipse)),
            Shape::Rect(Rect { x, y, width, height }) => {
                let (left, top, width, height) = (x as f32, y as f32, width as f32, height as f32);
                let (share, least, most) = BOX_FEATHER;
                let edges = [left, top, left + width, top + height].map(|edge| edge.clamp(-FAR, FAR));
                let feather = (width.min(height) * share).clamp(least, most);
                (width > 0.0 && height > 0.0).then_some(Self::Box { edges, feather })
            }
            Shape::Whole => Some(Self::Whole),
        }
    }

    /// Where it covers anything of a picture of `size`.
    pub(super) fn touched(&self, size: (u32, u32)) -> Option<Touched> {
        let bounds = match self {
            Self::Ellipse(curve) => {
                let (across, down) = (curve.across * (1.0 + FEATHER), curve.down * (1.0 + FEATHER));
                [curve.x - across, curve.y - down, curve.x + across, curve.y + down]
            }
            Self::Box { edges, feather } => {
                let [left, top, right, bottom] = *edges;
                [left - feather, top - feather, right + feather, bottom + feather]
            }
            Self::Whole => [0.0, 0.0, size.0 as f32, size.1 as f32],
        };
        Touched::within(bounds, size)
    }

    /// Its centre and the length of its smaller side, in a picture of `size`.
    pub(super) fn middle(&self, size: (u32, u32)) -> (f32, f32, f32) {
        let (width, height) = (size.0 as f32, size.1 as f32);
        match self {
            Self::Ellipse(curve) => (curve.x, curve.y, curve.smaller),
            Self::Box { edges, .. } => {
                let [left, top, right, bottom] = *edges;
                let smaller = (right - left).min(bottom - top);
                (f32::midpoint(left, right), f32::midpoint(top, bottom), smaller)
            }
            Self::Whole => (width / 2.0, height / 2.0, width.min(height)),
        }
    }

    /// The share of each pixel of row `y` that it covers, from column `left` on, in 256ths.
    pub(super) fn cover(&self, y: i32, left: i32, shares: &mut [u16]) {
        match self {
            Self::Whole => shares.fill(ONE),
            Self::Ellipse(curve) => curve.cover(y, left, shares),
            Self::Box { edges, feather } => {
                let share = |at: i32, from: f32, to: f32| {
                    let at = at as f32 + 0.5;
                    let beyond = (from - at).max(at - to).max(0.0);
                    (1.0 - beyond / feather).max(0.0)
                };
                let of_row = share(y, edges[1], edges[3]) * f32::from(ONE);
                for (x, out) in (left..).zip(shares) {
                    *out = (share(x, edges[0], edges[2]) * of_row) as u16;
                }
            }
        }
    }
}

/// An ellipse as the inequality `a·dx² + b·dx·dy + c·dy² ≤ 1` around its centre.
#[derive(Clone, Copy, Debug)]
pub(super) struct Curve {
    x: f32,
    y: f32,
    a: f32,
    b: f32,
    c: f32,
    /// Half its extent as it lies.
    across: f32,
    down: f32,
    /// Its smaller diameter.
    smaller: f32,
}

impl Curve {
    /// `None` where something is no number.
    pub(super) fn of(ellipse: &Ellipse) -> Option<Self> {
        let Ellipse { x, y, rx, ry, roll } = *ellipse;
        if ![x, y, rx, ry, roll].into_iter().all(f32::is_finite) {
            return None;
        }
        let (rx, ry) = (rx.abs().clamp(0.5, FAR), ry.abs().clamp(0.5, FAR));
        let (sin, cos) = roll.sin_cos();
        let (u, v) = (1.0 / (rx * rx), 1.0 / (ry * ry));
        Some(Self {
            x: x.clamp(-FAR, FAR),
            y: y.clamp(-FAR, FAR),
            a: cos * cos * u + sin * sin * v,
            b: 2.0 * sin * cos * (u - v),
            c: sin * sin * u + cos * cos * v,
            across: (rx * cos).hypot(ry * sin),
            down: (rx * sin).hypot(ry * cos),
            smaller: 2.0 * rx.min(ry),
        })
    }

    /// The pixels of a row, counted from `left`, whose centres lie within the ellipse made larger: `level` is the square
    /// of by how much.
    fn chord(&self, dy: f32, level: f32, left: i32, length: usize) -> std::ops::Range<usize> {
        let half = self.b * dy / 2.0;
        let root = (half * half - self.a * (self.c * dy * dy - level)).sqrt();
        // Outside of all rows the root is no number; so is the range then, which comes to 0..0.
        let pixel = |dx: f32| {
            (self.x + dx / self.a - 0.5 - left as f32)
                .ceil()
                .clamp(0.0, length as f32) as usize
        };
        let (from, to) = (pixel(-half - root), pixel(-half + root));
        from..to.max(from)
    }

    fn square(&self, left: i32, dy: f32) -> impl Fn(usize) -> f32 {
        let (start, a, b, c) = (left as f32 + 0.5 - self.x, self.a, self.b * dy, self.c * dy * dy);
        move |at: usize| {
            let dx = start + at as f32;
            (a * dx + b) * dx + c
        }
    }

    fn cover(&self, y: i32, left: i32, shares: &mut [u16]) {
        shares.fill(0);
        self.keep(y, left, shares);
    }

    /// Covers with this ellipse what `shares` leaves open of it.
    fn keep(&self, y: i32, left: i32, shares: &mut [u16]) {
        const OUTER: f32 = (1.0 + FEATHER) * (1.0 + FEATHER);
        let dy = y as f32 + 0.5 - self.y;
        let soft = self.chord(dy, OUTER, left, shares.len());
        let full = self.chord(dy, 1.0, left, shares.len());
        let full = if full.is_empty() { soft.end..soft.end } else { full };
        let square = self.square(left, dy);
        for at in (soft.start..full.start).chain(full.end..soft.end) {
            let share = (OUTER - square(at)) / (OUTER - 1.0);
            shares[at] = shares[at].max((share.clamp(0.0, 1.0) * f32::from(ONE)) as u16);
        }
        shares[full].fill(ONE);
    }

    /// Takes this hole out of `shares`.
    fn open(&self, y: i32, left: i32, shares: &mut [u16]) {
        const INNER: f32 = (1.0 - FEATHER) * (1.0 - FEATHER);
        let dy = y as f32 + 0.5 - self.y;
        let square = self.square(left, dy);
        for at in self.chord(dy, 1.0, left, shares.len()) {
            let kept = (square(at) - INNER) / (1.0 - INNER);
            let kept = (kept.clamp(0.0, 1.0) * f32::from(ONE)).ceil();
            shares[at] = (f32::from(shares[at]) * kept / f32::from(ONE)).ceil() as u16;
        }
    }
}

/// The shares of row `y` that `mask` covers, its holes left open but for what is kept.
pub(super) fn cover(outline: &Outline, mask: &Mask<'_>, y: i32, left: i32, shares: &mut [u16]) {
    outline.cover(y, left, shares);
    for hole in mask.holes.iter().filter_map(Curve::of) {
        hole.open(y, left, shares);
    }
    for kept in mask.kept {
        match Curve::of(kept) {
            Some(kept) => kept.keep(y, left, shares),
            // Nobody knows where it is: then no hole is one.
            None => outline.cover(y, left, shares),
        }
    }
}
