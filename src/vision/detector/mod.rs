//! Finds faces in a picture: SeetaFace's funnel, evaluated anew so that it keeps up with a live picture.
//!
//! The method is the one of "Funnel-structured cascade for multi-view face detection with alignment awareness" (Wu, Kan, He,
//! Shan, Chen; Neurocomputing 2017), the model is SeetaFace's frontal one (BSD 2-Clause, VIPL, Chinese Academy of Sciences).
//! A window passes boosted cascades over LAB codes (`lab`), of which there is one for each view of a face, then perceptrons
//! over SURF features (`surf`, `mlp`) that also move its box; what overlaps is merged (`merge`). `funnel` puts them in a row.
//! The code is our own; where it is asked the same, it answers like the `rustface` crate, and a test holds it to that.
//!
//! What makes it fast: large faces are looked for in halved copies of the picture (`canvas`), the inner loops use AVX2
//! (`simd`, with the same results in `plain`), and a window that fails costs a fraction of what one costs that passes.

mod canvas;
mod funnel;
mod lab;
mod merge;
mod mlp;
mod model;
mod plain;
mod simd;
mod surf;

use std::ops::RangeInclusive;

use canvas::{Halves, Part, Plane};
use funnel::Funnel;
use merge::{Proposal, merge};
use model::WINDOW;
pub use model::{Model, ModelError};
use simd::Simd;

use super::{FaceBox, Found};

/// Each size of windows is this much larger than the one before.
const SIZE_STEP: f32 = 1.25;

/// The smallest face that is looked for, in pixels.
const LEAST_SIZE: f32 = 16.0;

/// Overlap from which two faces are one.
const SAME_FACE: f32 = 0.3;

/// Faces with less are none: about the sum of how sure (0.5 to 1) the windows are that were merged into one. SeetaFace's own
/// examples have 2; a single window that is quite sure is enough here.
const LEAST_SCORE: f32 = 0.9;

/// Brightness of a picture.
#[derive(Clone, Copy, Debug)]
pub struct Luma<'a> {
    /// Rows from the top down, each `stride` bytes behind the one before.
    pub bytes: &'a [u8],
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Bytes from one row to the next.
    pub stride: usize,
}

/// Where to look: pixels of the picture. It may reach beyond the edges: the edge pixels are repeated there, so that faces which
/// are partly outside are tried too.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Area {
    /// Left edge.
    pub x: f32,
    /// Top edge.
    pub y: f32,
    /// How wide.
    pub width: f32,
    /// How high.
    pub height: f32,
}

impl Area {
    /// The whole of a picture.
    #[must_use]
    pub fn whole(picture: &Luma<'_>) -> Self {
        Self {
            x: 0.0,
            y: 0.0,
            width: picture.width as f32,
            height: picture.height as f32,
        }
    }
}

/// Looks for faces. Holds the workspace: after the first pictures nothing is allocated.
#[derive(Debug)]
pub struct Detector {
    simd: Simd,
    halves: Halves,
    upright: Plane,
    funnel: Funnel,
    faces: Vec<Proposal>,
}

impl Default for Detector {
    fn default() -> Self {
        Self::new()
    }
}

impl Detector {
    /// With the model that is built in.
    #[must_use]
    pub fn new() -> Self {
        Self::with(Model::shipped(), Simd::detect())
    }

    fn with(model: &'static Model, simd: Simd) -> Self {
        Self {
            simd,
            halves: Halves::default(),
            upright: Plane::default(),
            funnel: Funnel::new(model, simd),
            faces: Vec::new(),
        }
    }

    /// A new picture: what was made of the last one is no longer valid.
    pub fn begin(&mut self) {
        self.halves.forget();
    }

    /// Looks for faces whose sides are within `sizes` (pixels of the picture) and whose box lies within `area`, tilted by about
    /// `roll`: with a tilt, it is `area` turned by it about its centre that is looked through. Appends them to `found`,
    /// surest first. Faces that overlap are one.
    ///
    /// The picture must be the same in all calls since [`begin`](Self::begin).
    pub fn scan(
        &mut self,
        picture: &Luma<'_>,
        area: Area,
        sizes: RangeInclusive<f32>,
        roll: f32,
        found: &mut Vec<Found>,
    ) {
        self.faces.clear();
        let Some(area) = sensible(picture, area) else { return };
        let window = WINDOW as f32;
        let mut size = sizes.start().max(LEAST_SIZE);
        let last = sizes.end().min(area.width.min(area.height));
        while size <= last {
            // In the copy that was halved this often the windows are one to two times as large as the trained one.
            let times = (size / window).log2().max(0.0) as usize;
            let end = window * (2 << times) as f32;
            let from = size;
            while size < end && size <= last {
                size *= SIZE_STEP;
            }
            let until = size;
            let scale = (1 << times) as f32;
            let sizes = std::iter::successors(Some(from / scale), |size| Some(size * SIZE_STEP));
            let sizes = sizes.take_while(|size| size * scale < until * 0.999);
            self.scan_copy(picture, &area, times, sizes, roll);
        }
        merge(&mut self.faces, SAME_FACE);
        let faces = self.faces.iter().filter(|face| face.score >= LEAST_SCORE);
        found.extend(faces.map(|face| Found {
            face: FaceBox {
                x: face.x + face.size / 2.0,
                y: face.y + face.size / 2.0,
                size: face.size,
                roll,
            },
            score: face.score,
        }));
    }

    /// Looks through the copy of the picture that was halved so many `times`; adds what it finds to the faces.
    fn scan_copy(
        &mut self,
        picture: &Luma<'_>,
        area: &Area,
        times: usize,
        sizes: impl Iterator<Item = f32>,
        roll: f32,
    ) {
        let scale = (1 << times) as f32;
        let canvas = self.halves.get(self.simd, picture, times);
        if canvas.width < 2 || canvas.height < 2 {
            return;
        }
        let (left, top) = ((area.x / scale).floor(), (area.y / scale).floor());
        let (right, bottom) = (
            ((area.x + area.width) / scale).ceil(),
            ((area.y + area.height) / scale).ceil(),
        );
        // A picture with odd sides has lost its last column.
        let is_within =
            left >= 0.0 && top >= 0.0 && right <= canvas.width as f32 + 1.0 && bottom <= canvas.height as f32 + 1.0;
        if roll == 0.0 && is_within {
            let part = Part {
                x: left as usize,
                y: top as usize,
                width: (right as usize).min(canvas.width).saturating_sub(left as usize),
                height: (bottom as usize).min(canvas.height).saturating_sub(top as usize),
            };
            let proposals = self.funnel.run(&canvas, &part, sizes);
            self.faces.extend(proposals.iter().map(|face| Proposal {
                x: face.x * scale,
                y: face.y * scale,
                size: face.size * scale,
                score: face.score,
            }));
            return;
        }
        let around = Area {
            x: left,
            y: top,
            width: right - left,
            height: bottom - top,
        };
        canvas::upright(&canvas, &around, roll, &mut self.upright);
        let part = Part {
            x: 0,
            y: 0,
            width: around.width as usize,
            height: around.height as usize,
        };
        let proposals = self.funnel.run(&self.upright.luma(), &part, sizes);
        let (sin, cos) = roll.sin_cos();
        self.faces.extend(proposals.iter().map(|face| {
            let half = face.size / 2.0;
            let (u, v) = (face.x + half - around.width / 2.0, face.y + half - around.height / 2.0);
            let x = around.x + around.width / 2.0 + u * cos - v * sin;
            let y = around.y + around.height / 2.0 + u * sin + v * cos;
            Proposal {
                x: (x - half) * scale,
                y: (y - half) * scale,
                size: face.size * scale,
                score: face.score,
            }
        }));
    }
}

/// What of `area` can have a face in it: not further out than the picture is large. `None` if there is nothing to look through.
fn sensible(picture: &Luma<'_>, area: Area) -> Option<Area> {
    let is_whole = picture.stride >= picture.width
        && picture.width >= 2
        && picture.height >= 2
        && picture.bytes.len() >= picture.stride * (picture.height - 1) + picture.width;
    let limit = |at: f32, length: f32, side: usize| {
        let side = side as f32;
        let (from, to) = (at.max(-side), (at + length).min(side * 2.0));
        (to > from).then_some((from, to - from))
    };
    if !is_whole {
        return None;
    }
    let (x, width) = limit(area.x, area.width, picture.width)?;
    let (y, height) = limit(area.y, area.height, picture.height)?;
    Some(Area { x, y, width, height })
}

#[cfg(test)]
mod tests;
