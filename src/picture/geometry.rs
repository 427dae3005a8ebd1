//! Where a layer lands: from target rectangle, fit and crop to the pixels that are read and the pixels that are written.

use serde::{Deserialize, Serialize};

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

    /// Writes on even pixels, and only within the program.
    fn clip(mut self, source: u32, program: u32) -> Option<(f64, f64, u32, u32)> {
        let even = |at: f64| (at / 2.0).round() * 2.0;
        let limit = f64::from(program & !1);
        (self.start, self.end) = (even(self.start), even(self.end));
        let (start, end) = (self.start.clamp(0.0, limit), self.end.clamp(0.0, limit));
        if end - start < 2.0 {
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

/// Places a source of `source` size in a program of `program` size; `None` where nothing of it shows.
pub(super) fn place(source: (u32, u32), target: Rect, fit: Fit, crop: Crop, program: (u32, u32)) -> Option<Placement> {
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
    let (left, read_width, x, width) = x.clip(source.0, program.0)?;
    let (top, read_height, y, height) = y.clip(source.1, program.1)?;
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
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PROGRAM: (u32, u32) = (1280, 720);

    fn rect(x: i32, y: i32, width: i32, height: i32) -> Rect {
        Rect { x, y, width, height }
    }

    fn placed(source: (u32, u32), target: Rect, fit: Fit, crop: Crop) -> ([f64; 4], [u32; 4]) {
        let Placement { source, area } = place(source, target, fit, crop, PROGRAM).unwrap();
        (
            [source.left, source.top, source.width, source.height],
            [area.x, area.y, area.width, area.height],
        )
    }

    #[test]
    fn fits_and_crops() {
        let full = Rect::full(1280, 720);
        let none = Crop::default();
        let quarter = Crop {
            left: 0.25,
            right: 0.25,
            ..none
        };
        for (source, target, fit, crop, read, written) in [
            (
                (1280, 720),
                full,
                Fit::Contain,
                none,
                [0., 0., 1280., 720.],
                [0, 0, 1280, 720],
            ),
            (
                (1440, 1080),
                full,
                Fit::Contain,
                none,
                [0., 0., 1440., 1080.],
                [160, 0, 960, 720],
            ),
            (
                (1440, 1080),
                full,
                Fit::Cover,
                none,
                [0., 135., 1440., 810.],
                [0, 0, 1280, 720],
            ),
            (
                (1440, 1080),
                full,
                Fit::Stretch,
                none,
                [0., 0., 1440., 1080.],
                [0, 0, 1280, 720],
            ),
            (
                (1280, 720),
                full,
                Fit::Contain,
                quarter,
                [320., 0., 640., 720.],
                [320, 0, 640, 720],
            ),
            // Half outside at the left, and at the lower right.
            (
                (640, 360),
                rect(-320, 0, 640, 360),
                Fit::Contain,
                none,
                [320., 0., 320., 360.],
                [0, 0, 320, 360],
            ),
            (
                (640, 360),
                rect(960, 540, 640, 360),
                Fit::Contain,
                none,
                [0., 0., 320., 180.],
                [960, 540, 320, 180],
            ),
            // Odd targets move to even pixels.
            (
                (640, 360),
                rect(11, 7, 101, 51),
                Fit::Stretch,
                none,
                [0., 0., 640., 360.],
                [12, 8, 100, 50],
            ),
        ] {
            assert_eq!(
                placed(source, target, fit, crop),
                (read, written),
                "{source:?} {target:?} {fit:?}"
            );
        }
    }

    #[test]
    fn what_does_not_show_has_no_place() {
        let all = Crop {
            left: 0.5,
            right: 0.5,
            ..Crop::default()
        };
        for (target, crop) in [
            (rect(1280, 0, 100, 100), Crop::default()),
            (rect(-100, 0, 100, 100), Crop::default()),
            (rect(0, 0, 0, 100), Crop::default()),
            (rect(0, 0, 100, -5), Crop::default()),
            (rect(0, 0, 100, 100), all),
        ] {
            assert_eq!(
                place((640, 360), target, Fit::Stretch, crop, PROGRAM),
                None,
                "{target:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn every_place_lies_within_both_pictures(
            sw in 2u32..4096, sh in 2u32..4096, x in any::<i32>(), y in -4000i32..4000, w in -10i32..9000, h in any::<i32>(),
            near in any::<bool>(), fit in 0usize..3, crop in any::<[f32; 4]>(), small in any::<bool>()
        ) {
            let fit = [Fit::Contain, Fit::Cover, Fit::Stretch][fit];
            let target = Rect { x: if near { x % 2000 } else { x }, y, width: w, height: if near { h % 2000 } else { h } };
            let bound = |share: f32| if small { share.abs() % 0.4 } else { share };
            let crop = Crop { left: bound(crop[0]), top: bound(crop[1]), right: bound(crop[2]), bottom: bound(crop[3]) };
            if let Some(Placement { source, area }) = place((sw, sh), target, fit, crop, PROGRAM) {
                prop_assert!(source.left >= 0.0 && source.top >= 0.0 && source.width > 0.0 && source.height > 0.0);
                prop_assert!(source.left + source.width <= f64::from(sw), "{source:?}");
                prop_assert!(source.top + source.height <= f64::from(sh), "{source:?}");
                prop_assert!(area.x + area.width <= 1280 && area.y + area.height <= 720);
                prop_assert!([area.x, area.y, area.width, area.height].iter().all(|value| value % 2 == 0));
                prop_assert!(area.width >= 2 && area.height >= 2);
            }
        }
    }
}
