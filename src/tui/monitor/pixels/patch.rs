//! A picture that is ready for a terminal that shows pixels: bytes, and the cell where each piece of them is written.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ratatui::layout::Rect;

use super::super::CellSize;
use super::placeholder::Placeholders;

/// Bytes, each piece written with the cursor at a cell of the picture.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patches {
    bytes: Vec<u8>,
    /// Column and row of the cell, and where the piece ends.
    pieces: Vec<(u16, u16, usize)>,
}

impl Patches {
    /// Adds a piece that `write` writes.
    pub fn add(&mut self, column: u16, row: u16, write: impl FnOnce(&mut Vec<u8>)) {
        write(&mut self.bytes);
        self.pieces.push((column, row, self.bytes.len()));
    }

    /// Column, row and bytes of each piece.
    pub fn iter(&self) -> impl Iterator<Item = (u16, u16, &[u8])> {
        let starts = std::iter::once(0).chain(self.pieces.iter().map(|piece| piece.2));
        self.pieces
            .iter()
            .zip(starts)
            .map(|((column, row, end), start)| (*column, *row, &self.bytes[start..*end]))
    }

    /// Bytes in all.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}

/// A picture for a terminal that shows pixels.
#[derive(Clone, Debug)]
pub struct PixelPicture {
    /// Pixels.
    pub width: usize,
    /// Pixels.
    pub height: usize,
    /// Columns and rows that it fills exactly, whatever a cell measures; `None` where its pixels are the terminal's.
    cells: Option<(u16, u16)>,
    serial: u64,
    full: Patches,
    /// Good on any picture from the one of this number on.
    update: Option<(u64, Patches)>,
    /// What makes the terminal forget it; empty where writing over its cells does.
    remove: Vec<u8>,
    placeholders: Option<Placeholders>,
    shown: Arc<AtomicU64>,
}

impl PixelPicture {
    /// The cells that the picture covers wholly when it stands in the middle of `area`.
    #[must_use]
    pub fn covered(&self, area: Rect, cell: CellSize) -> Rect {
        let (width, height) = self.cells.unwrap_or_else(|| {
            let whole =
                |pixels: usize, cell: u16| (pixels / usize::from(cell.max(1))).min(usize::from(u16::MAX)) as u16;
            (whole(self.width, cell.width), whole(self.height, cell.height))
        });
        let (width, height) = (width.min(area.width), height.min(area.height));
        Rect {
            x: area.x + (area.width - width) / 2,
            y: area.y + (area.height - height) / 2,
            width,
            height,
        }
    }

    /// What to write where the terminal shows the picture of number `on_screen` of the same monitor at the same place, or
    /// none of them. The caller then says so with [`mark_shown`](Self::mark_shown).
    #[must_use]
    pub fn patches(&self, on_screen: Option<u64>) -> &Patches {
        match (&self.update, on_screen) {
            (Some((since, update)), Some(on_screen)) if (*since..self.serial).contains(&on_screen) => update,
            _ => &self.full,
        }
    }

    /// Its number among the pictures of its monitor.
    #[must_use]
    pub fn serial(&self) -> u64 {
        self.serial
    }

    /// It stands on the screen now: updates may build on it.
    pub fn mark_shown(&self) {
        self.shown.store(self.serial, Ordering::Relaxed);
    }

    /// What makes the terminal forget it; empty where writing over its cells does.
    #[must_use]
    pub fn remove(&self) -> &[u8] {
        &self.remove
    }

    /// Cells that stand for the picture, where the terminal draws it wherever they are.
    #[must_use]
    pub fn placeholders(&self) -> Option<&Placeholders> {
        self.placeholders.as_ref()
    }

    /// With what removes it.
    pub(super) fn with_remove(mut self, remove: Vec<u8>) -> Self {
        self.remove = remove;
        self
    }

    /// With cells that stand for it.
    pub(super) fn with_placeholders(mut self, placeholders: Option<Placeholders>) -> Self {
        self.placeholders = placeholders;
        self
    }
}

/// Numbers the pictures of a monitor and knows which one the screen showed last.
#[derive(Debug, Default)]
pub struct Progress {
    last: u64,
    shown: Arc<AtomicU64>,
}

impl Progress {
    /// The number of the next picture.
    pub fn next(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// The picture that the screen showed last.
    pub fn shown(&self) -> Option<u64> {
        Some(self.shown.load(Ordering::Relaxed)).filter(|shown| *shown > 0)
    }

    /// The picture of the last number.
    pub fn picture(
        &self,
        (width, height): (usize, usize),
        cells: Option<(u16, u16)>,
        full: Patches,
        update: Option<(u64, Patches)>,
    ) -> PixelPicture {
        PixelPicture {
            width,
            height,
            cells,
            serial: self.last,
            full,
            update,
            remove: Vec::new(),
            placeholders: None,
            shown: Arc::clone(&self.shown),
        }
    }
}
