//! Occlusion: what must not be seen is painted over, in I420, in place.
//!
//! A [`Mask`] hides everything within its shape, right up to the edge; what is soft about it lies outside. A hole in it shows
//! the picture again, and is soft to its inside. So a place that is to be hidden is hidden wholly, whatever the feather.
//!
//! Mosaic and blur begin alike: the picture under the mask becomes a few averages, one per cell of a grid that hangs on the
//! mask's centre. All that is painted is made from those numbers and nothing else, so no sharpening can bring back more than they
//! say. In the sizes and places of shapes, what is no number hides the whole picture.
//!
//! Pictures are shared: only one that nobody else refers to is painted on. Of any other a copy is made, so that renditions at
//! different levels come from one composite, and one without masks stays that composite.

mod art;
mod cells;
mod occluder;
mod outline;
mod sticker;
#[cfg(test)]
mod tests;

pub use art::{Art, ArtError, MAX_ART};
pub use occluder::Occluder;

use serde::{Deserialize, Serialize};

use super::geometry::Rect;

/// An ellipse in pixels of the picture; may lie partly or wholly outside it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ellipse {
    /// Centre, from the left edge.
    pub x: f32,
    /// Centre, from the top edge.
    pub y: f32,
    /// Half its width, before it is turned.
    pub rx: f32,
    /// Half its height, before it is turned.
    pub ry: f32,
    /// Turned about its centre by this, in radians, clockwise as seen.
    pub roll: f32,
}

/// What a mask covers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shape {
    /// A face, or a part of one.
    Ellipse(Ellipse),
    /// A band, or a fixed zone.
    Rect(Rect),
    /// The whole picture.
    Whole,
}

/// What is seen instead.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Paint {
    /// One colour, in RGB.
    Solid([u8; 3]),
    /// Square cells of one colour each.
    Mosaic {
        /// Size of the cells: 1 leaves [`CELLS_ACROSS`] of them across the shape's smaller side, 0 the picture as it is.
        strength: f32,
    },
    /// A soft picture, made from the cells of the mosaic of the same strength.
    Blur {
        /// As for the mosaic: 1 leaves nothing to recognise, 0 the picture as it is.
        strength: f32,
    },
}

/// Cells of a mosaic at full strength across a shape's smaller side. A face's mask is 1.3 times as wide as its face, so three
/// cells cross a face: of eight, detectors of faces still see one in twenty, of six now and then one.
pub const CELLS_ACROSS: u8 = 4;

/// One thing to hide.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mask<'a> {
    /// Where.
    pub shape: Shape,
    /// Where the picture shows through after all.
    pub holes: &'a [Ellipse],
    /// What stays hidden all the same: where a hole reaches into one of these, it is closed.
    pub kept: &'a [Ellipse],
    /// What is seen instead.
    pub paint: Paint,
}

/// A sticker on a picture. It hides nothing for sure: what lies beneath it and must not be seen has a mask of its own.
#[derive(Clone, Copy, Debug)]
pub struct Placed<'a> {
    /// What is drawn.
    pub art: &'a Art,
    /// Its centre, from the left edge of the picture.
    pub x: f32,
    /// Its centre, from the top edge of the picture.
    pub y: f32,
    /// How wide it is drawn; its height follows.
    pub width: f32,
    /// Turned about its centre by this, in radians, clockwise as seen.
    pub roll: f32,
}
