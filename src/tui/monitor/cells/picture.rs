//! A picture made of character cells.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Color;

/// One cell of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PictureCell {
    /// A block, a shade, braille, a blank or an ASCII character.
    pub symbol: char,
    /// Of the character. A cell of one colour is a blank with this colour for both.
    pub fg: Color,
    /// Behind it.
    pub bg: Color,
}

/// A picture made of character cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellPicture {
    pub(super) columns: u16,
    pub(super) cells: Vec<PictureCell>,
}

impl CellPicture {
    /// Width in cells.
    #[must_use]
    pub fn columns(&self) -> u16 {
        self.columns
    }

    /// Height in cells.
    #[must_use]
    pub fn rows(&self) -> u16 {
        (self.cells.len() / usize::from(self.columns.max(1))) as u16
    }

    /// The cells, row by row.
    #[must_use]
    pub fn cells(&self) -> &[PictureCell] {
        &self.cells
    }

    /// Draws the picture into the upper left of `area`, clipped to it and to the buffer.
    pub fn draw(&self, area: Rect, buf: &mut Buffer) {
        let area = area.intersection(buf.area);
        for (y, row) in self
            .cells
            .chunks_exact(usize::from(self.columns.max(1)))
            .take(usize::from(area.height))
            .enumerate()
        {
            for (x, cell) in row.iter().take(usize::from(area.width)).enumerate() {
                if let Some(target) = buf.cell_mut((area.x + x as u16, area.y + y as u16)) {
                    target.set_char(cell.symbol).set_fg(cell.fg).set_bg(cell.bg);
                }
            }
        }
    }
}
