//! A picture in tiles of whole cells, each an image of its own: a terminal that cannot change part of an image replaces a tile.

use super::change::{BLOCK_HEIGHT, BLOCK_WIDTH, Changes};
use super::patch::Patches;

/// A tile of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tile {
    /// Its number.
    pub at: usize,
    /// In cells.
    pub column: u16,
    /// In cells.
    pub row: u16,
    /// In cells.
    pub columns: u16,
    /// In cells.
    pub rows: u16,
    /// In pixels.
    pub x: usize,
    /// In pixels.
    pub y: usize,
    /// In pixels.
    pub width: usize,
    /// In pixels.
    pub height: usize,
}

/// The bytes of a tile as they were last made.
#[derive(Clone, Debug, Default)]
struct Made {
    serial: u64,
    bytes: Vec<u8>,
}

/// The tiles of a picture, and what was made of them.
#[derive(Debug)]
pub struct Tiles {
    cells: (u16, u16),
    /// Cells of a tile.
    each: (u16, u16),
    made: Vec<Made>,
}

impl Tiles {
    /// Tiles of at least `least` cells for a picture of so many; there are never more than 256.
    pub fn new(cells: (u16, u16), least: (u16, u16)) -> Self {
        let cells = (cells.0.max(1), cells.1.max(1));
        let each = (least.0.max(cells.0.div_ceil(16)), least.1.max(cells.1.div_ceil(16)));
        let count = usize::from(cells.0.div_ceil(each.0)) * usize::from(cells.1.div_ceil(each.1));
        Self {
            cells,
            each,
            made: vec![Made::default(); count],
        }
    }

    /// The cells of the picture.
    pub fn cells(&self) -> (u16, u16) {
        self.cells
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.made.len()
    }

    /// A tile of a picture of so many pixels. `None` where the picture has fewer pixels than cells, and this tile none of them.
    pub fn tile(&self, at: usize, width: usize, height: usize) -> Option<Tile> {
        let across = usize::from(self.cells.0.div_ceil(self.each.0));
        let (column, row) = ((at % across) as u16 * self.each.0, (at / across) as u16 * self.each.1);
        let columns = self.each.0.min(self.cells.0 - column);
        let rows = self.each.1.min(self.cells.1 - row);
        let edge = |cell: u16, cells: u16, pixels: usize| usize::from(cell) * pixels / usize::from(cells);
        let (x, y) = (edge(column, self.cells.0, width), edge(row, self.cells.1, height));
        let tile = Tile {
            at,
            column,
            row,
            columns,
            rows,
            x,
            y,
            width: edge(column + columns, self.cells.0, width) - x,
            height: edge(row + rows, self.cells.1, height) - y,
        };
        (tile.width > 0 && tile.height > 0).then_some(tile)
    }

    /// Whether any of its pixels changed.
    pub fn is_fresh(tile: &Tile, changes: &Changes) -> bool {
        (tile.y / BLOCK_HEIGHT..(tile.y + tile.height).div_ceil(BLOCK_HEIGHT)).any(|row| {
            (tile.x / BLOCK_WIDTH..(tile.x + tile.width).div_ceil(BLOCK_WIDTH))
                .any(|column| changes.is_fresh(column, row))
        })
    }

    /// Makes the bytes of a tile anew.
    pub fn make(&mut self, at: usize, serial: u64, write: impl FnOnce(&mut Vec<u8>)) {
        let made = &mut self.made[at];
        made.serial = serial;
        made.bytes.clear();
        write(&mut made.bytes);
    }

    /// The tiles that came after the picture `since`, or all of them.
    pub fn patches(&self, since: Option<u64>, width: usize, height: usize) -> Patches {
        let mut patches = Patches::default();
        for (at, made) in self.made.iter().enumerate() {
            if since.is_some_and(|since| made.serial <= since) {
                continue;
            }
            if let Some(tile) = self.tile(at, width, height) {
                patches.add(tile.column, tile.row, |bytes| bytes.extend_from_slice(&made.bytes));
            }
        }
        patches
    }
}
