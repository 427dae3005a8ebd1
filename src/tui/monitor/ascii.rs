//! ASCII: one character per cell that looks like the two pixels under it. No colour needed.
//!
//! A usual ramp knows only how bright a cell is. Here each character is known by the ink in its upper and in its lower half
//! (measured from the DejaVu Sans Mono face), so an edge that runs through a cell is seen: `"` and `^` are bright above,
//! `_` and `,` below. Characters that read as words or that sit alone among their neighbours are left out.

use std::sync::LazyLock;

use ratatui::style::Color;

use super::{CellPicture, Picture, PictureCell};

/// Character, and ink of its upper and lower half in thousandths.
const INK: [(char, u16, u16); 44] = [
    (' ', 0, 0),
    ('.', 0, 51),
    ('_', 0, 65),
    (',', 0, 86),
    ('\'', 64, 0),
    (':', 51, 51),
    (';', 51, 86),
    ('~', 15, 103),
    ('"', 128, 0),
    ('^', 138, 0),
    ('!', 105, 60),
    ('+', 79, 139),
    ('|', 98, 136),
    ('/', 100, 113),
    ('=', 119, 121),
    ('r', 122, 86),
    ('<', 104, 126),
    ('c', 107, 145),
    ('v', 104, 163),
    ('u', 101, 216),
    ('a', 109, 264),
    ('L', 107, 175),
    ('*', 177, 10),
    ('?', 172, 72),
    ('7', 188, 94),
    ('Y', 209, 95),
    ('F', 249, 96),
    ('P', 285, 124),
    ('x', 112, 173),
    ('t', 157, 117),
    ('C', 167, 154),
    ('o', 136, 212),
    ('p', 151, 272),
    ('4', 179, 205),
    ('%', 184, 176),
    ('X', 198, 192),
    ('V', 209, 160),
    ('b', 204, 220),
    ('U', 214, 217),
    ('O', 244, 218),
    ('8', 258, 230),
    ('@', 236, 302),
    ('N', 284, 250),
    ('M', 339, 250),
];

/// Ink that a white pixel asks for, in thousandths: near the densest characters, so that white is not a single letter.
const WHITE: u32 = 290;
/// Steps of brightness per half.
const STEPS: usize = 32;

/// The character for each pair of upper and lower brightness.
static TABLE: LazyLock<[[char; STEPS]; STEPS]> = LazyLock::new(|| {
    let ink = |step: usize| (step as u32 * WHITE / (STEPS as u32 - 1)) as i32;
    std::array::from_fn(|upper| std::array::from_fn(|lower| nearest(ink(upper), ink(lower))))
});

fn nearest(upper: i32, lower: i32) -> char {
    INK.iter()
        .min_by_key(|(_, top, bottom)| {
            let (dt, db) = (upper - i32::from(*top), lower - i32::from(*bottom));
            // The sum (how bright the cell is) counts more than where in the cell the ink lies.
            let (sum, tilt) = (dt + db, dt - db);
            3 * sum * sum + tilt * tilt
        })
        .map_or(' ', |(character, ..)| *character)
}

/// Luma of BT.709 in eighths of a step.
fn step(pixel: [u8; 3]) -> usize {
    let [r, g, b] = pixel.map(usize::from);
    (r * 54 + g * 183 + b * 19) >> 11
}

/// The picture as ASCII, two of its rows per row of characters.
#[must_use]
pub fn ascii(picture: &Picture) -> CellPicture {
    let (columns, rows) = (picture.width(), picture.height().div_ceil(2));
    let mut cells = Vec::with_capacity(columns * rows);
    for row in 0..rows {
        let lower_row = (row * 2 + 1).min(picture.height() - 1);
        for column in 0..columns {
            let upper = step(picture.pixel(column, row * 2));
            let lower = step(picture.pixel(column, lower_row));
            cells.push(PictureCell {
                symbol: TABLE[upper][lower],
                fg: Color::Reset,
                bg: Color::Reset,
            });
        }
    }
    CellPicture {
        columns: columns as u16,
        cells,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one_cell(upper: u8, lower: u8) -> char {
        let rgb = [[upper; 3], [lower; 3]].concat();
        ascii(&Picture::new(1, 2, rgb).unwrap()).cells[0].symbol
    }

    #[test]
    fn black_is_blank_and_edges_lean_to_their_side() {
        assert_eq!(one_cell(0, 0), ' ');
        assert!("\"^*".contains(one_cell(120, 0)), "{}", one_cell(120, 0));
        assert!("_,.".contains(one_cell(0, 70)), "{}", one_cell(0, 70));
        assert!("8@NMO".contains(one_cell(255, 255)));
    }

    #[test]
    fn brighter_never_takes_less_ink() {
        let ink = |c: char| INK.iter().find(|(i, ..)| *i == c).map(|(_, a, b)| a + b).unwrap();
        let ramp: Vec<u16> = (0..=255).map(|value| ink(one_cell(value, value))).collect();
        assert!(ramp.is_sorted(), "{ramp:?}");
        assert!(ramp.iter().collect::<std::collections::BTreeSet<_>>().len() >= 10);
    }

    #[test]
    fn only_printable_ascii_comes_out() {
        for upper in 0..STEPS {
            for lower in 0..STEPS {
                assert!(TABLE[upper][lower] == ' ' || TABLE[upper][lower].is_ascii_graphic());
            }
        }
    }
}
