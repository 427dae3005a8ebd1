//! Pictures in the terminal: small RGB pictures become cells or pixels, off the UI thread.
//!
//! The studio scales pictures to what a monitor needs (see [`Renderer::picture_size`]), so nothing here resamples in the
//! common case. What costs on a terminal is bytes, not arithmetic: see [`cells`] and [`pixels`].

pub mod cells;
pub mod marks;
pub mod pixels;
mod worker;

use std::sync::Arc;

use crate::studio::model::FaceMark;

pub use cells::{CellEncoder, CellPicture, Glyphs, Palette, PictureCell, Thrift, complement};
pub use pixels::{PixelPicture, PixelTerminal};
pub use worker::{Monitors, Slot};

/// The largest picture of pixels: more of them cost an SSH link more than they show.
pub const MAX_PIXELS: (u32, u32) = (640, 360);

/// How a monitor is drawn: what the operator asked for, made to fit the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Renderer {
    /// Character cells: which characters, in which colours.
    Cells(Glyphs, Palette),
    /// Real pixels, for terminals that know DEC sixel graphics.
    Sixel,
    /// Real pixels, by kitty's graphics protocol.
    Kitty,
    /// Real pixels, as iTerm2's inline images.
    Iterm,
    /// No pictures: for the thinnest of links.
    Off,
}

impl Renderer {
    /// The word for it on screen.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cells(glyphs, _) => glyphs.name(),
            Self::Sixel => "sixel",
            Self::Kitty => "kitty",
            Self::Iterm => "iterm",
            Self::Off => "off",
        }
    }

    /// Whether it shows real pixels, which are written past the cells.
    #[must_use]
    pub const fn is_pixels(self) -> bool {
        matches!(self, Self::Sixel | Self::Kitty | Self::Iterm)
    }

    /// Pixels that a monitor of `columns` × `rows` cells wants; `None` where it wants no picture at all.
    ///
    /// Cells show as many pixels as their [grid](Glyphs::grid) has; real pixels are as many as the cells measure, capped at
    /// [`MAX_PIXELS`], and per side the share `scale` of them.
    #[must_use]
    pub fn picture_size(self, columns: u16, rows: u16, cell: CellSize, scale: f32) -> Option<(u32, u32)> {
        if columns == 0 || rows == 0 {
            return None;
        }
        let (columns, rows) = (u32::from(columns), u32::from(rows));
        match self {
            Self::Off => None,
            Self::Cells(glyphs, _) => {
                let (across, down) = glyphs.grid();
                Some((columns * across as u32, rows * down as u32))
            }
            Self::Sixel | Self::Kitty | Self::Iterm => {
                let (width, height) = (columns * u32::from(cell.width), rows * u32::from(cell.height));
                let shrink = (f64::from(MAX_PIXELS.0) / f64::from(width))
                    .min(f64::from(MAX_PIXELS.1) / f64::from(height))
                    .min(1.0)
                    * f64::from(scale);
                let (width, height) = ((f64::from(width) * shrink) as u32, (f64::from(height) * shrink) as u32);
                if self != Self::Sixel {
                    // The terminal makes it fit the cells.
                    return Some((width.max(1), height.max(1)));
                }
                // Whole bands of six rows, so that the last band never paints below the monitor.
                Some((width.max(1), (height / 6 * 6).max(6)))
            }
        }
    }
}

/// Pixels of one character cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CellSize {
    /// Pixels.
    pub width: u16,
    /// Pixels.
    pub height: u16,
}

impl Default for CellSize {
    /// What most terminals have at their default font size.
    fn default() -> Self {
        Self { width: 10, height: 20 }
    }
}

/// A small picture as the studio sends it: packed RGB, 8 bits per channel, rows top to bottom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Picture {
    width: usize,
    height: usize,
    rgb: Vec<u8>,
}

impl Picture {
    /// Takes the bytes of a picture; `None` unless there are exactly `width × height × 3` of them and at least one pixel.
    #[must_use]
    pub fn new(width: usize, height: usize, rgb: Vec<u8>) -> Option<Self> {
        let is_whole = width > 0 && height > 0 && width.checked_mul(height)?.checked_mul(3)? == rgb.len();
        is_whole.then_some(Self { width, height, rgb })
    }

    /// Pixels.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Pixels.
    #[must_use]
    pub fn height(&self) -> usize {
        self.height
    }

    /// The bytes.
    #[must_use]
    pub fn rgb(&self) -> &[u8] {
        &self.rgb
    }

    /// The pixel at column `x` and row `y`, which must lie inside.
    fn pixel(&self, x: usize, y: usize) -> [u8; 3] {
        let at = (y * self.width + x) * 3;
        [self.rgb[at], self.rgb[at + 1], self.rgb[at + 2]]
    }

    /// The picture at another size, by nearest neighbour: only while the studio has not yet followed a change of layout.
    #[must_use]
    pub fn resized(&self, width: usize, height: usize) -> Self {
        let mut rgb = Vec::with_capacity(width * height * 3);
        for y in 0..height {
            for x in 0..width {
                rgb.extend_from_slice(&self.pixel(x * self.width / width, y * self.height / height));
            }
        }
        Self { width, height, rgb }
    }
}

/// A picture that is ready for the terminal.
#[derive(Clone, Debug)]
pub enum Prepared {
    /// Goes through the cell buffer, with the marks of the faces in it.
    Cells(Arc<CellPicture>, Arc<[FaceMark]>),
    /// Goes past it, after the cells. The marks are in its pixels.
    Pixels(Arc<PixelPicture>),
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_picture_must_be_whole() {
        assert!(Picture::new(2, 2, vec![0; 12]).is_some());
        assert!(Picture::new(2, 2, vec![0; 11]).is_none());
        assert!(Picture::new(0, 2, vec![]).is_none());
        assert!(Picture::new(usize::MAX, 2, vec![0; 6]).is_none());
    }

    proptest! {
        #[test]
        fn sixel_sizes_stay_inside_the_cells_and_the_cap(
            columns in 1u16..400, rows in 1u16..200, width in 1u16..64, height in 6u16..64,
        ) {
            let cell = CellSize { width, height };
            let (w, h) = Renderer::Sixel.picture_size(columns, rows, cell, 1.0).unwrap();
            prop_assert!(h % 6 == 0);
            prop_assert!(w <= MAX_PIXELS.0 && w <= u32::from(columns) * u32::from(width));
            prop_assert!(h <= MAX_PIXELS.1 && h <= u32::from(rows) * u32::from(height));
        }
    }
}
