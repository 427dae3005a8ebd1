//! Pictures of character cells: blocks, braille and ASCII, in as many colours as there are.
//!
//! Glyph and colours of a cell are chosen together, by the least squared error over the subpixels of the cell, and against
//! what they cost on the link: see `choose.rs`. Without colour, dots are diffused (`dots.rs`); letters are chosen by where their
//! ink lies (`letters.rs`).

mod ansi;
mod choose;
mod dots;
mod glyphs;
mod letters;
mod letters_ink;
mod palette;
mod picture;
mod planes;
mod split;
mod thrift;

use super::Picture;
use choose::{Chooser, Shown};
use dots::Dots;
use planes::Planes;

pub use glyphs::{Glyphs, complement};
pub use palette::Palette;
pub use picture::{CellPicture, PictureCell};
pub use thrift::Thrift;

/// Makes cells of the pictures of one monitor, and remembers what it shows.
#[derive(Debug)]
pub struct CellEncoder {
    glyphs: Glyphs,
    palette: Palette,
    columns: usize,
    shown: Vec<Shown>,
    planes: Planes,
    dots: Dots,
    /// Whether `shown` is what the monitor shows.
    is_known: bool,
}

impl CellEncoder {
    /// An encoder for a monitor that shows nothing yet.
    #[must_use]
    pub fn new(glyphs: Glyphs, palette: Palette) -> Self {
        Self {
            glyphs,
            palette,
            columns: 0,
            shown: Vec::new(),
            planes: Planes::default(),
            dots: Dots::default(),
            is_known: false,
        }
    }

    /// What it was made for.
    #[must_use]
    pub fn kind(&self) -> (Glyphs, Palette) {
        (self.glyphs, self.palette)
    }

    /// Forgets what the monitor shows: the next picture is drawn whole.
    pub fn forget(&mut self) {
        self.is_known = false;
    }

    /// The cells of `picture`, which has [`Glyphs::grid`] pixels per cell; `None` where the monitor would look as it does.
    pub fn encode(&mut self, picture: &Picture, thrift: Thrift) -> Option<CellPicture> {
        let (across, down) = self.glyphs.grid();
        let (columns, rows) = (picture.width().div_ceil(across), picture.height().div_ceil(down));
        if columns != self.columns || columns * rows != self.shown.len() {
            self.is_known = false;
        }
        if !self.is_known {
            self.columns = columns;
            self.shown.clear();
            self.shown.resize(columns * rows, Shown::default());
        }
        let has_changed = match (self.glyphs, self.palette) {
            (Glyphs::Ascii, palette) => letters::draw(picture, palette, thrift, &mut self.shown, self.is_known),
            (glyphs, Palette::Mono) => self.dots.draw(picture, glyphs, thrift, &mut self.shown, self.is_known),
            (Glyphs::HalfBlocks, _) => self.choose::<2>(picture, thrift),
            (Glyphs::Quadrants, _) => self.choose::<4>(picture, thrift),
            (Glyphs::Sextants, _) => self.choose::<6>(picture, thrift),
            (Glyphs::Octants | Glyphs::Braille, _) => self.choose::<8>(picture, thrift),
        };
        self.is_known = true;
        has_changed.then(|| CellPicture {
            columns: columns as u16,
            cells: self.shown.iter().map(|shown| shown.cell).collect(),
        })
    }

    fn choose<const N: usize>(&mut self, picture: &Picture, thrift: Thrift) -> bool {
        let mut chooser = Chooser::new(self.glyphs, self.palette, thrift);
        let mut has_changed = false;
        for (row, shown) in self.shown.chunks_exact_mut(self.columns).enumerate() {
            self.planes.read(picture, row, self.glyphs.grid());
            has_changed |= chooser.row::<N>(&self.planes, shown, self.is_known);
        }
        has_changed
    }
}
