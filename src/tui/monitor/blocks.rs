//! Half-blocks: `▀` with the upper pixel as its colour and the lower one behind it.

use ratatui::style::Color;

use super::{CellPicture, Picture, PictureCell};

/// A pixel keeps the step that it shows while it is within this distance of it, per channel.
const KEEP: u8 = 7;

/// Which colours the terminal has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Palette {
    /// 24 bits, used in steps of 8 per channel: the eye does not miss them in a small picture, the link does.
    TrueColor,
    /// The 6×6×6 cube and the 24 greys of xterm.
    Xterm256,
}

/// The picture as half-blocks, two of its rows per row of cells.
///
/// `before` is what the monitor shows now. Where it has the same size, a pixel that has hardly changed keeps its colour, so
/// that noise costs nothing on the link.
#[must_use]
pub fn half_blocks(picture: &Picture, palette: Palette, before: Option<&CellPicture>) -> CellPicture {
    let (columns, rows) = (picture.width(), picture.height().div_ceil(2));
    let before = before.filter(|b| usize::from(b.columns) == columns && b.cells.len() == columns * rows);
    let mut cells = Vec::with_capacity(columns * rows);
    for row in 0..rows {
        let lower_row = (row * 2 + 1).min(picture.height() - 1);
        for column in 0..columns {
            let kept = before.map(|b| &b.cells[row * columns + column]);
            let upper = color(picture.pixel(column, row * 2), palette, kept.map(|cell| cell.fg));
            let lower = color(picture.pixel(column, lower_row), palette, kept.map(|cell| cell.bg));
            cells.push(PictureCell {
                symbol: '▀',
                fg: upper,
                bg: lower,
            });
        }
    }
    CellPicture {
        columns: columns as u16,
        cells,
    }
}

fn color(pixel: [u8; 3], palette: Palette, kept: Option<Color>) -> Color {
    match palette {
        Palette::TrueColor => {
            if let Some(kept @ Color::Rgb(r, g, b)) = kept
                && pixel.iter().zip([r, g, b]).all(|(now, was)| now.abs_diff(was) <= KEEP)
            {
                return kept;
            }
            let [r, g, b] = pixel.map(step);
            Color::Rgb(r, g, b)
        }
        Palette::Xterm256 => Color::Indexed(nearest_256(pixel)),
    }
}

/// The nearest of 32 steps that reach both black and white.
fn step(value: u8) -> u8 {
    let five = value >> 3;
    five << 3 | five >> 2
}

/// Levels of the colour cube of xterm.
const CUBE: [u8; 6] = [0, 95, 135, 175, 215, 255];

fn nearest_level(value: u8) -> usize {
    match value {
        0..48 => 0,
        48..115 => 1,
        _ => (usize::from(value) - 35) / 40,
    }
}

/// The nearest of the 240 fixed colours: a cube entry or a grey, whichever is closer.
fn nearest_256(pixel: [u8; 3]) -> u8 {
    let levels = pixel.map(nearest_level);
    let cube = levels.map(|level| CUBE[level]);
    let mean = (u32::from(pixel[0]) + u32::from(pixel[1]) + u32::from(pixel[2])) / 3;
    let grey_index = (mean.saturating_sub(3) / 10).min(23);
    let grey = (8 + grey_index * 10) as u8;
    let distance = |to: [u8; 3]| -> u32 {
        pixel
            .iter()
            .zip(to)
            .map(|(a, b)| {
                let d = u32::from(a.abs_diff(b));
                d * d
            })
            .sum()
    };
    if distance([grey; 3]) < distance(cube) {
        232 + grey_index as u8
    } else {
        (16 + 36 * levels[0] + 6 * levels[1] + levels[2]) as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(pixels: &[[u8; 3]], width: usize) -> Picture {
        Picture::new(width, pixels.len() / width, pixels.concat()).unwrap()
    }

    #[test]
    fn two_rows_become_one() {
        let cells = half_blocks(
            &picture(&[[255, 255, 255], [0, 0, 0], [255, 0, 0], [0, 0, 255]], 2),
            Palette::TrueColor,
            None,
        );
        assert_eq!((cells.columns(), cells.rows()), (2, 1));
        assert_eq!(
            cells.cells[0],
            PictureCell {
                symbol: '▀',
                fg: Color::Rgb(255, 255, 255),
                bg: Color::Rgb(255, 0, 0)
            }
        );
        assert_eq!(cells.cells[1].bg, Color::Rgb(0, 0, 255));
    }

    #[test]
    fn an_odd_last_row_is_doubled() {
        let cells = half_blocks(&picture(&[[0; 3], [0; 3], [248; 3]], 1), Palette::TrueColor, None);
        assert_eq!(cells.rows(), 2);
        assert_eq!(cells.cells[1].fg, cells.cells[1].bg);
    }

    #[test]
    fn noise_keeps_the_colour_and_change_does_not() {
        let first = half_blocks(&picture(&[[100; 3], [100; 3]], 1), Palette::TrueColor, None);
        let noisy = half_blocks(&picture(&[[105; 3], [97; 3]], 1), Palette::TrueColor, Some(&first));
        assert_eq!(first, noisy);
        let moved = half_blocks(&picture(&[[120; 3], [100; 3]], 1), Palette::TrueColor, Some(&first));
        assert_ne!(first.cells[0].fg, moved.cells[0].fg);
        assert_eq!(first.cells[0].bg, moved.cells[0].bg);
    }

    #[test]
    fn the_256_colours_are_the_nearest_ones() {
        for (pixel, expected) in [
            ([0, 0, 0], 16),
            ([255, 255, 255], 231),
            ([255, 0, 0], 196),
            ([0, 255, 0], 46),
            ([0, 0, 255], 21),
            ([128, 128, 128], 244),
            ([8, 8, 8], 232),
            ([95, 135, 175], 67),
        ] {
            assert_eq!(nearest_256(pixel), expected, "{pixel:?}");
        }
    }

    #[test]
    fn level_borders_lie_halfway() {
        for value in 0..=255u8 {
            let chosen = CUBE[nearest_level(value)].abs_diff(value);
            let best = CUBE.iter().map(|level| level.abs_diff(value)).min().unwrap();
            assert_eq!(chosen, best, "{value}");
        }
    }
}
