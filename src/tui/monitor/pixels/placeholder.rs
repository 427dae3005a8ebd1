//! Cells that stand for pixels: kitty's Unicode placeholders.
//!
//! A program between us and the terminal (tmux) moves, clips and redraws cells as it likes; the terminal shows the image
//! wherever its placeholders are. Each cell is U+10EEEE with a diacritic for its row and one for its column in the image, in
//! the colour that is the image's number. See "Unicode placeholders" of kitty's graphics protocol.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};

use super::tiles::Tile;

/// The first of kitty's row and column diacritics (rowcolumn-diacritics.txt): characters of class 230 without a decomposition.
const DIACRITICS: [char; 64] = [
    '\u{305}', '\u{30d}', '\u{30e}', '\u{310}', '\u{312}', '\u{33d}', '\u{33e}', '\u{33f}', '\u{346}', '\u{34a}',
    '\u{34b}', '\u{34c}', '\u{350}', '\u{351}', '\u{352}', '\u{357}', '\u{35b}', '\u{363}', '\u{364}', '\u{365}',
    '\u{366}', '\u{367}', '\u{368}', '\u{369}', '\u{36a}', '\u{36b}', '\u{36c}', '\u{36d}', '\u{36e}', '\u{36f}',
    '\u{483}', '\u{484}', '\u{485}', '\u{486}', '\u{487}', '\u{592}', '\u{593}', '\u{594}', '\u{595}', '\u{597}',
    '\u{598}', '\u{599}', '\u{59c}', '\u{59d}', '\u{59e}', '\u{59f}', '\u{5a0}', '\u{5a1}', '\u{5a8}', '\u{5a9}',
    '\u{5ab}', '\u{5ac}', '\u{5af}', '\u{5c4}', '\u{610}', '\u{611}', '\u{612}', '\u{613}', '\u{614}', '\u{615}',
    '\u{616}', '\u{617}', '\u{657}', '\u{658}',
];

/// The largest tile that has placeholders, in columns or rows.
pub const LARGEST: u16 = DIACRITICS.len() as u16;

/// Cells that stand for a picture made of tiles.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Placeholders {
    /// Each tile with the number of its image.
    tiles: Vec<(Rect, u32)>,
}

impl Placeholders {
    /// Adds a tile that shows the image of number `id` (24 bits).
    pub fn add(&mut self, tile: &Tile, id: u32) {
        self.tiles
            .push((Rect::new(tile.column, tile.row, tile.columns, tile.rows), id));
    }

    /// Draws the cells into `area`, clipped to it and to the buffer.
    pub fn draw(&self, area: Rect, buf: &mut Buffer) {
        let clip = area.intersection(buf.area);
        for (tile, id) in &self.tiles {
            let [_, r, g, b] = id.to_be_bytes();
            for row in 0..tile.height {
                for column in 0..tile.width {
                    let at = (area.x + tile.x + column, area.y + tile.y + row);
                    if !clip.contains(at.into()) {
                        continue;
                    }
                    let (Some(of_row), Some(of_column)) =
                        (DIACRITICS.get(usize::from(row)), DIACRITICS.get(usize::from(column)))
                    else {
                        continue;
                    };
                    let mut symbol = [0; 12];
                    let mut length = 0;
                    for character in ['\u{10eeee}', *of_row, *of_column] {
                        length += character.encode_utf8(&mut symbol[length..]).len();
                    }
                    if let (Some(cell), Ok(symbol)) = (buf.cell_mut(at), std::str::from_utf8(&symbol[..length])) {
                        cell.set_symbol(symbol).set_fg(Color::Rgb(r, g, b)).set_bg(Color::Reset);
                        cell.modifier = Modifier::empty();
                    }
                }
            }
        }
    }
}
