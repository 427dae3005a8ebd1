//! Where a layer lands: from target rectangle, fit and crop to the pixels that are read and the pixels that are written.

use serde::{Deserialize, Serialize};

use crate::media::MAX_DIMENSION;

/// A rectangle in pixels of the program; may lie partly or wholly outside it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rect {
    /// Left edge.
    pub x: i32,
    /// Top edge.
    pub y: i32,
    /// Nothing is drawn where it is not positive.
    pub width: i32,
    /// Nothing is drawn where it is not positive.
    pub height: i32,
}

impl Rect {
    /// The whole of a picture of `width` × `height`.
    #[must_use]
    pub fn full(width: u32, height: u32) -> Self {
        Self {
            x: 0,
            y: 0,
            width: i32::try_from(width).unwrap_or(i32::MAX),
            height: i32::try_from(height).unwrap_or(i32::MAX),
        }
    }
}

impl Rect {
    /// Pixels across and down that are written where this is: edges are moved to even pixels. What is drawn in that size needs no
    /// scaling.
    #[must_use]
    pub fn even_size(&self) -> (u32, u32) {
        let side = |start: i32, length: i32| {
            let even = |at: f64| (at / 2.0).round() * 2.0;
            let (start, length) = (f64::from(start), f64::from(length));
            (even(start + length) - even(start)).clamp(2.0, f64::from(MAX_DIMENSION)) as u32
        };
        (side(self.x, self.width), side(self.y, self.height))
    }
}

/// How a picture of one shape fills a rectangle of another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fit {
    /// All of the picture, centred, with room left at two sides.
    #[default]
    Contain,
    /// All of the rectangle, the picture cut at two sides.
    Cover,
    /// All of both, the shape of the picture given up.
    Stretch,
}

/// Shares of the source, 0 to 1, that are cut off at each side before it is fitted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Crop {
    /// From the left edge.
    pub left: f32,
    /// From the top edge.
    pub top: f32,
    /// From the right edge.
    pub right: f32,
    /// From the bottom edge.
    pub bottom: f32,
}

/// Pixels to write: within the program, all values even, so that chroma has whole samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Area {
    pub x: u32,
    pub y: u32,
    pub width: u32,
    pub height: u32,
}

impl Area {
    /// Whether `other` lies wholly inside.
    pub(super) fn contains(&self, other: &Self) -> bool {
        self.x <= other.x
            && self.y <= other.y
            && self.x + self.width >= other.x + other.width
            && self.y + self.height >= other.y + other.height
    }
}

/// Pixels to read, in luma pixels of the source. On a grid of 1/64 pixel: sums and halves of such values are exact, so
/// that no rounding can place a box outside its picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct SourceBox {
    pub left: f64,
    pub top: f64,
    pub width: f64,
    pub height: f64,
}

/// What to read and where to write it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Placement {
    pub source: SourceBox,
    pub area: Area,
}

/// How a canvas lies in the program: moved, scaled, and seen as far as the place reaches that it was put into. Canvases have the size
/// of the program; one may lie in another.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct View {
    x: Axis,
    y: Axis,
}

/// One direction of a view.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Axis {
    scale: f64,
    offset: f64,
    /// In pixels of the program.
    from: f64,
    to: f64,
}

impl Default for Axis {
    fn default() -> Self {
        Self {
            scale: 1.0,
            offset: 0.0,
            from: f64::NEG_INFINITY,
            to: f64::INFINITY,
        }
    }
}

impl Axis {
    fn at(&self, on_canvas: f64) -> f64 {
        on_canvas * self.scale + self.offset
    }

    /// The view of a canvas of which `span` was found to be seen in this one.
    fn inside(&self, span: &Span) -> Self {
        let scale = span.write() / span.read();
        Self {
            scale: self.scale * scale,
            offset: self.at(span.start - span.from * scale),
            from: self.from.max(self.at(span.start)),
            to: self.to.min(self.at(span.end)),
        }
    }
}

impl View {
    /// All of a canvas on one of another size, `x` and `y` times as large.
    #[must_use]
    pub fn scaled(x: f64, y: f64) -> Self {
        let axis = |scale| Axis {
            scale,
            ..Axis::default()
        };
        Self { x: axis(x), y: axis(y) }
    }

    /// The same canvas, seen through this view.
    #[must_use]
    pub fn of(&self, inner: &Self) -> Self {
        let axis = |outer: &Axis, inner: &Axis| Axis {
            scale: outer.scale * inner.scale,
            offset: outer.at(inner.offset),
            from: outer.from.max(outer.at(inner.from)),
            to: outer.to.min(outer.at(inner.to)),
        };
        Self {
            x: axis(&self.x, &inner.x),
            y: axis(&self.y, &inner.y),
        }
    }

    /// The view of a canvas of `size` that is put into this one as a picture of that size would be; `None` where nothing of it shows.
    #[must_use]
    pub fn inside(&self, size: (u32, u32), target: Rect, fit: Fit, crop: Crop) -> Option<Self> {
        let (x, y) = spans(size, target, fit, crop)?;
        let view = Self {
            x: self.x.inside(&x),
            y: self.y.inside(&y),
        };
        (view.x.to > view.x.from && view.y.to > view.y.from).then_some(view)
    }
}

/// One axis of a placement: what is read from `from` to `to` is written from `start` to `end`.
#[derive(Clone, Copy)]
struct Span {
    from: f64,
    to: f64,
    start: f64,
    end: f64,
}

impl Span {
    fn read(&self) -> f64 {
        self.to - self.from
    }

    fn write(&self) -> f64 {
        self.end - self.start
    }

    fn cropped(source: u32, before: f32, after: f32, start: i32, length: i32) -> Self {
        let share = |share: f32| {
            if share.is_nan() {
                0.0
            } else {
                f64::from(share.clamp(0.0, 1.0))
            }
        };
        let source = f64::from(source);
        Self {
            from: source * share(before),
            to: source - source * share(after),
            start: f64::from(start),
            end: f64::from(start) + f64::from(length),
        }
    }

    /// Writes only the middle: the picture keeps its shape.
    fn contain(&mut self, scale: f64) {
        let spare = self.write() - self.read() * scale;
        self.start += spare / 2.0;
        self.end -= spare / 2.0;
    }

    /// Reads only the middle.
    fn cover(&mut self, scale: f64) {
        let spare = self.read() - self.write() / scale;
        self.from += spare / 2.0;
        self.to -= spare / 2.0;
    }

    /// Writes where the canvas lies, on even pixels, and only within the program.
    fn clip(mut self, source: u32, program: u32, axis: &Axis) -> Option<(f64, f64, u32, u32)> {
        let even = |at: f64| (at / 2.0).round() * 2.0;
        let limit = f64::from(program & !1);
        (self.start, self.end) = (even(axis.at(self.start)), even(axis.at(self.end)));
        let (low, high) = (even(axis.from).clamp(0.0, limit), even(axis.to).clamp(0.0, limit));
        if low >= high {
            return None;
        }
        let (start, end) = (self.start.clamp(low, high), self.end.clamp(low, high));
        // Also where a number was so large that there is none.
        let is_seen = end - start >= 2.0;
        if !is_seen {
            return None;
        }
        let ratio = self.read() / self.write();
        let grid = |at: f64| (at * 64.0).round() / 64.0;
        let from = grid(self.from + (start - self.start) * ratio);
        let to = grid(self.to - (self.end - end) * ratio);
        // An enormous picture of which a sliver shows: some pixel has to be read.
        let length = (to - from).max(1.0 / 16.0);
        let from = from.clamp(0.0, f64::from(source) - length);
        Some((from, length, start as u32, (end - start) as u32))
    }
}

/// What is read of a picture of `source` size, and where on its canvas it is written.
fn spans(source: (u32, u32), target: Rect, fit: Fit, crop: Crop) -> Option<(Span, Span)> {
    let mut x = Span::cropped(source.0, crop.left, crop.right, target.x, target.width);
    let mut y = Span::cropped(source.1, crop.top, crop.bottom, target.y, target.height);
    if x.read() < 1.0 || y.read() < 1.0 || target.width <= 0 || target.height <= 0 {
        return None;
    }
    let scales = (x.write() / x.read(), y.write() / y.read());
    match fit {
        Fit::Stretch => {}
        Fit::Contain => {
            let scale = scales.0.min(scales.1);
            x.contain(scale);
            y.contain(scale);
        }
        Fit::Cover => {
            let scale = scales.0.max(scales.1);
            x.cover(scale);
            y.cover(scale);
        }
    }
    Some((x, y))
}

/// Places a source of `source` size on the canvas of `view` in a program of `program` size; `None` where nothing of it shows.
pub(super) fn place(
    source: (u32, u32),
    target: Rect,
    fit: Fit,
    crop: Crop,
    view: &View,
    program: (u32, u32),
) -> Option<Placement> {
    let (x, y) = spans(source, target, fit, crop)?;
    let (left, read_width, x, width) = x.clip(source.0, program.0, &view.x)?;
    let (top, read_height, y, height) = y.clip(source.1, program.1, &view.y)?;
    Some(Placement {
        source: SourceBox {
            left,
            top,
            width: read_width,
            height: read_height,
        },
        area: Area { x, y, width, height },
    })
}

#[cfg(test)]
#[path = "geometry_tests.rs"]
mod tests;
