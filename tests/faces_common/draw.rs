//! Draws faces, backdrops and boards onto I420 pictures.

use image::GrayImage;
use rigcast::media::{FrameMut, Plane};

use super::clip::Pose;
use super::photo::{CutOut, Photo, REACH};

/// Chroma of a face: the photograph has none.
const SKIN: [f32; 2] = [114.0, 142.0];

/// What is behind the faces. Each drifts slowly, so that no two pictures are the same.
#[derive(Clone, Copy, Debug)]
pub enum Backdrop {
    /// One grey, 0 to 255.
    Plain(u8),
    /// From one grey at the left to another at the right, with a tint.
    Gradient(u8, u8),
    /// The photograph's ground, this many times enlarged.
    Leaves(f32),
    /// Checked cloth of this many cells across the picture's height: many edges, no face.
    Cloth(u8),
}

/// A backdrop that was drawn, larger than the picture so that it can drift.
pub struct Ground {
    width: usize,
    luma: Vec<u8>,
    tint: [u8; 2],
}

const DRIFT: usize = 64;

impl Ground {
    pub fn new(backdrop: Backdrop, photo: &Photo, width: u32, height: u32) -> Self {
        let (width, height) = (width as usize + DRIFT, height as usize);
        let at = |x: usize, y: usize| -> f32 {
            match backdrop {
                Backdrop::Plain(grey) => f32::from(grey),
                Backdrop::Gradient(from, to) => {
                    f32::from(from) + (f32::from(to) - f32::from(from)) * x as f32 / width as f32
                }
                Backdrop::Leaves(scale) => {
                    let (x, y) = (x as f32 / scale, y as f32 / scale);
                    sample(
                        &photo.ground,
                        mirrored(x, photo.ground.width()),
                        mirrored(y, photo.ground.height()),
                    )
                }
                Backdrop::Cloth(cells) => {
                    let cell = (height / usize::from(cells)).max(2);
                    let (u, v) = (x / cell % 2, y / cell % 2);
                    90.0 + 35.0 * (u + v) as f32
                }
            }
        };
        let luma = (0..width * height).map(|i| limited(at(i % width, i / width))).collect();
        let tint = match backdrop {
            Backdrop::Plain(_) | Backdrop::Leaves(_) => [128, 128],
            Backdrop::Gradient(..) => [138, 122],
            Backdrop::Cloth(_) => [120, 124],
        };
        Self { width, luma, tint }
    }

    /// Draws it as it is in picture `at` of the shot.
    pub fn draw(&self, at: u32, frame: &mut FrameMut) {
        let width = frame.width() as usize;
        // There and back again, a pixel every second picture.
        let step = at as usize / 2 % (2 * DRIFT);
        let shift = step.min(2 * DRIFT - step);
        let rows = self.luma.chunks_exact(self.width);
        for (out, row) in frame.plane_mut(Plane::Y).chunks_exact_mut(width).zip(rows) {
            out.copy_from_slice(&row[shift..shift + width]);
        }
        frame.plane_mut(Plane::U).fill(self.tint[0]);
        frame.plane_mut(Plane::V).fill(self.tint[1]);
    }
}

/// Back and forth between the edges of something that is `size` wide.
fn mirrored(at: f32, size: u32) -> f32 {
    let end = size as f32 - 2.0;
    let at = at % (2.0 * end);
    at.min(2.0 * end - at)
}

/// Full range to limited range.
fn limited(value: f32) -> u8 {
    (16.0 + value.clamp(0.0, 255.0) * (219.0 / 255.0)).round() as u8
}

/// Bilinear; at the edges what lies there.
fn sample(image: &GrayImage, x: f32, y: f32) -> f32 {
    let (width, height) = (image.width() as usize, image.height() as usize);
    let (x, y) = (x.clamp(0.0, width as f32 - 1.001), y.clamp(0.0, height as f32 - 1.001));
    let (left, top) = (x as usize, y as usize);
    let (u, v) = (x - left as f32, y - top as f32);
    let bytes = image.as_raw();
    let at = top * width + left;
    let [a, b, c, d] = [bytes[at], bytes[at + 1], bytes[at + width], bytes[at + width + 1]].map(f32::from);
    let (upper, lower) = (a + (b - a) * u, c + (d - c) * u);
    upper + (lower - upper) * v
}

/// How much of a point is the person and not what is behind: a head with its hair, and shoulders. From the centre of the face,
/// in its sizes.
fn matte(u: f32, v: f32) -> f32 {
    let oval = |x: f32, y: f32, rx: f32, ry: f32, feather: f32| {
        let distance = (((u - x) / rx).powi(2) + ((v - y) / ry).powi(2)).sqrt();
        ((1.0 - distance) / feather).clamp(0.0, 1.0)
    };
    let head = oval(0.0, -0.12, 0.80, 0.98, 0.14);
    let shoulders = oval(0.0, 1.15, 1.15, 0.62, 0.12) * ((REACH - 0.04 - v) / 0.06).clamp(0.0, 1.0);
    head.max(shoulders)
}

/// From a point of the picture to the face's own measure.
struct Placing {
    x: f32,
    y: f32,
    size: f32,
    squeeze: f32,
    sin: f32,
    cos: f32,
}

impl Placing {
    fn new(pose: Pose, height: f32) -> Self {
        let (sin, cos) = pose.roll.sin_cos();
        Self {
            x: pose.x * height,
            y: pose.y * height,
            size: pose.size * height,
            squeeze: pose.squeeze,
            sin,
            cos,
        }
    }

    fn own(&self, x: f32, y: f32) -> (f32, f32) {
        let (x, y) = ((x - self.x) / self.size, (y - self.y) / self.size);
        (
            (x * self.cos + y * self.sin) / self.squeeze,
            y * self.cos - x * self.sin,
        )
    }

    /// Pixels that it can touch of a side that is `end` long, about `centre`.
    fn span(&self, centre: f32, end: u32) -> std::ops::Range<usize> {
        let reach = self.size * REACH * 1.45;
        let within = |at: f32| at.clamp(0.0, end as f32) as usize;
        within(centre - reach)..within(centre + reach)
    }
}

/// [`matte`] at a point of a picture of this height.
pub fn matte_at(pose: Pose, height: f32, x: f32, y: f32) -> f32 {
    let (u, v) = Placing::new(pose, height).own(x, y);
    matte(u, v)
}

/// Draws one face.
pub fn face(frame: &mut FrameMut, cut_out: &CutOut, pose: Pose) {
    let placing = Placing::new(pose, frame.height() as f32);
    let (copy, scale) = cut_out.copy_for(placing.size);
    let middle = copy.width() as f32 / 2.0;
    let (columns, rows) = (
        placing.span(placing.x, frame.width()),
        placing.span(placing.y, frame.height()),
    );
    let stride = frame.stride(Plane::Y);
    let luma = frame.plane_mut(Plane::Y);
    for y in rows.clone() {
        for x in columns.clone() {
            let (u, v) = placing.own(x as f32 + 0.5, y as f32 + 0.5);
            if u.abs() >= REACH || v.abs() >= REACH {
                continue;
            }
            let share = matte(u, v);
            if share > 0.0 {
                let value = sample(copy, u * scale + middle - 0.5, v * scale + middle - 0.5) * pose.light;
                let out = &mut luma[y * stride + x];
                *out = mix(*out, f32::from(limited(value)), share);
            }
        }
    }
    for (plane, tint) in [(Plane::U, SKIN[0]), (Plane::V, SKIN[1])] {
        let stride = frame.stride(plane);
        let chroma = frame.plane_mut(plane);
        for y in rows.start / 2..rows.end / 2 {
            for x in columns.start / 2..columns.end / 2 {
                let (u, v) = placing.own(x as f32 * 2.0 + 1.0, y as f32 * 2.0 + 1.0);
                if u.abs() < REACH && v.abs() < REACH {
                    let out = &mut chroma[y * stride + x];
                    *out = mix(*out, tint, matte(u, v));
                }
            }
        }
    }
}

fn mix(under: u8, over: f32, share: f32) -> u8 {
    (f32::from(under) + (over - f32::from(under)) * share).round() as u8
}

/// A board as it is in one picture, in pixels.
#[derive(Clone, Copy, Debug)]
pub struct Slab {
    pub left: f32,
    pub top: f32,
    pub width: f32,
    pub height: f32,
}

impl Slab {
    pub fn holds(self, x: f32, y: f32) -> bool {
        (self.left..self.left + self.width).contains(&x) && (self.top..self.top + self.height).contains(&y)
    }

    /// Planks.
    pub fn draw(self, frame: &mut FrameMut) {
        for (plane, step) in [(Plane::Y, 1.0), (Plane::U, 2.0), (Plane::V, 2.0)] {
            let stride = frame.stride(plane);
            for (y, row) in frame.plane_mut(plane).chunks_exact_mut(stride).enumerate() {
                for (x, out) in row.iter_mut().enumerate() {
                    let (x, y) = (x as f32 * step + 0.5, y as f32 * step + 0.5);
                    if self.holds(x, y) {
                        let plank = ((y - self.top) / 24.0) as u32 % 2;
                        *out = if plane == Plane::Y { 96 + 14 * plank as u8 } else { 126 };
                    }
                }
            }
        }
    }
}

/// Cells of a burnt-in number, the highest bit first: as those of the test pattern.
const CELLS: usize = 24;

/// Rows of a picture that its number takes.
pub fn number_rows(height: u32) -> u32 {
    height / 45
}

/// Set in every number: without it a black row would be number 0.
const SIGN: u32 = 1 << (CELLS - 1);

/// The number of a picture, of what was read from its row; `None` where that was something else.
pub fn number_of(row: u32) -> Option<u32> {
    (row & SIGN != 0).then_some(row & !SIGN)
}

/// Burns a number in along the lower edge.
pub fn number(frame: &mut FrameMut, number: u32) {
    let number = number | SIGN;
    let rows = number_rows(frame.height()) as usize;
    for (plane, rows) in [(Plane::Y, rows), (Plane::U, rows / 2), (Plane::V, rows / 2)] {
        let stride = frame.stride(plane);
        let bytes = frame.plane_mut(plane);
        let first = bytes.len() - rows * stride;
        for row in bytes[first..].chunks_exact_mut(stride) {
            for (x, out) in row.iter_mut().enumerate() {
                let bit = CELLS - 1 - x * CELLS / stride;
                let ink = if number >> bit & 1 == 1 { 235 } else { 16 };
                *out = if plane == Plane::Y { ink } else { 128 };
            }
        }
    }
}
