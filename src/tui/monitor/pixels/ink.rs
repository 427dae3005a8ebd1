//! Boxes of faces drawn into the pixels of a monitor, for terminals that show real pixels: cells cannot be written over them.

use super::super::Picture;
use super::super::marks::{self, Exposure};
use crate::studio::model::FaceMark;

/// Letters are three pixels wide and five high, each pixel a square of so many.
const SCALE: i32 = 2;
/// From one letter to the next.
const ADVANCE: i32 = 4 * SCALE;
/// A line of letters with its margins.
const LINE: i32 = 7 * SCALE;

const PAPER: [u8; 3] = [0, 0, 0];

/// What boxes can say, as rows of three bits, the left one the highest.
const GLYPHS: [(char, [u8; 5]); 32] = [
    ('0', [7, 5, 5, 5, 7]),
    ('1', [2, 6, 2, 2, 7]),
    ('2', [7, 1, 7, 4, 7]),
    ('3', [7, 1, 7, 1, 7]),
    ('4', [5, 5, 7, 1, 1]),
    ('5', [7, 4, 7, 1, 7]),
    ('6', [7, 4, 7, 5, 7]),
    ('7', [7, 1, 1, 1, 1]),
    ('8', [7, 5, 7, 5, 7]),
    ('9', [7, 5, 7, 1, 7]),
    ('/', [1, 1, 2, 4, 4]),
    ('+', [0, 2, 7, 2, 0]),
    ('-', [0, 0, 7, 0, 0]),
    ('a', [2, 5, 7, 5, 5]),
    ('b', [6, 5, 6, 5, 6]),
    ('c', [3, 4, 4, 4, 3]),
    ('d', [6, 5, 5, 5, 6]),
    ('e', [7, 4, 6, 4, 7]),
    ('f', [7, 4, 6, 4, 4]),
    ('h', [5, 5, 7, 5, 5]),
    ('i', [7, 2, 2, 2, 7]),
    ('k', [5, 5, 6, 5, 5]),
    ('l', [4, 4, 4, 4, 7]),
    ('m', [5, 7, 7, 5, 5]),
    ('n', [6, 5, 5, 5, 5]),
    ('o', [2, 5, 5, 5, 2]),
    ('r', [6, 5, 6, 5, 5]),
    ('s', [3, 4, 2, 1, 6]),
    ('t', [7, 2, 2, 2, 2]),
    ('u', [5, 5, 5, 5, 7]),
    ('w', [5, 5, 7, 7, 5]),
    ('y', [5, 5, 2, 2, 2]),
];

/// Draws the boxes of `faces` into the picture that they belong to.
pub fn draw(picture: &mut Picture, faces: &[FaceMark]) {
    for mark in faces {
        let ink = match marks::exposure(mark) {
            Exposure::Safe => [95, 215, 95],
            Exposure::Partly => [255, 215, 95],
            Exposure::Shown => [255, 95, 95],
        };
        outline(picture, mark, ink);
        let (width, height) = (picture.width as f32, picture.height as f32);
        let left = ((mark.x - mark.width / 2.0) * width) as i32;
        let (top, bottom) = (
            (mark.y - mark.height / 2.0) * height,
            (mark.y + mark.height / 2.0) * height,
        );
        // Above the box and below it, or inside where that is beyond the edge.
        let above = (top as i32 - LINE).clamp(0, (picture.height as i32 - LINE).max(0));
        text(picture, left, above, &marks::title(mark), ink);
        let room = ((mark.width * width) as i32 / ADVANCE).max(3);
        if let Some(regions) = marks::regions(mark, room as usize) {
            let below = (bottom as i32 + 1).clamp(0, (picture.height as i32 - LINE).max(0));
            text(picture, left, below, &regions, ink);
        }
    }
}

/// The box, turned as the head is. Dashed where the face was lost, twice as bold where it is shown.
fn outline(picture: &mut Picture, mark: &FaceMark, ink: [u8; 3]) {
    let (width, height) = (picture.width as f32, picture.height as f32);
    let (half_x, half_y) = (mark.width / 2.0 * width, mark.height / 2.0 * height);
    let (sin, cos) = mark.roll.sin_cos();
    let corner = |x: f32, y: f32| {
        let (dx, dy) = (x * half_x, y * half_y);
        (
            mark.x * width + dx * cos - dy * sin,
            mark.y * height + dx * sin + dy * cos,
        )
    };
    let corners = [
        corner(-1.0, -1.0),
        corner(1.0, -1.0),
        corner(1.0, 1.0),
        corner(-1.0, 1.0),
    ];
    let bold = if mark.is_hidden { 0..1 } else { -1..2 };
    for (at, from) in corners.iter().enumerate() {
        let to = corners[(at + 1) % 4];
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        // A mark reaches at most a few pictures beyond its own.
        let steps = dx.abs().max(dy.abs()).clamp(1.0, 8.0 * width.max(height)) as i32;
        for step in 0..=steps {
            if marks::is_guess(mark) && step / 4 % 2 == 1 {
                continue;
            }
            let share = step as f32 / steps as f32;
            let (x, y) = ((from.0 + dx * share) as i32, (from.1 + dy * share) as i32);
            for off in bold.clone() {
                let (ox, oy) = if dx.abs() > dy.abs() { (0, off) } else { (off, 0) };
                dot(picture, x + ox, y + oy, ink);
            }
        }
    }
}

fn text(picture: &mut Picture, left: i32, top: i32, text: &str, ink: [u8; 3]) {
    let width = text.len() as i32 * ADVANCE + SCALE;
    let left = left.clamp(0, (picture.width as i32 - width).max(0));
    for y in 0..LINE {
        for x in 0..width {
            dot(picture, left + x, top + y, PAPER);
        }
    }
    for (at, letter) in text.chars().enumerate() {
        let glyph = GLYPHS.iter().find(|(known, _)| *known == letter);
        let glyph = glyph.map_or([0; 5], |(_, rows)| *rows);
        for (row, bits) in glyph.iter().enumerate() {
            for column in (0..3).filter(|column| bits >> (2 - column) & 1 == 1) {
                let (x, y) = (
                    left + SCALE + at as i32 * ADVANCE + column * SCALE,
                    top + SCALE + row as i32 * SCALE,
                );
                for (dx, dy) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
                    dot(picture, x + dx, y + dy, ink);
                }
            }
        }
    }
}

fn dot(picture: &mut Picture, x: i32, y: i32, ink: [u8; 3]) {
    let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else {
        return;
    };
    if x < picture.width && y < picture.height {
        let at = (y * picture.width + x) * 3;
        picture.rgb[at..at + 3].copy_from_slice(&ink);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::studio::model::{Region, Regions, Sight};
    use proptest::prelude::*;

    fn mark(x: f32, y: f32, size: f32) -> FaceMark {
        FaceMark {
            track: 3,
            x,
            y,
            width: size,
            height: size,
            roll: 0.3,
            sight: Sight::Held,
            is_hidden: true,
            open: Regions::NONE,
        }
    }

    #[test]
    fn every_letter_that_a_box_can_say_has_its_shape() {
        let mut words: String = Region::WORDS.concat();
        words.push_str("heldlostshown0123456789+-/");
        for letter in words.chars() {
            assert!(GLYPHS.iter().any(|(known, _)| *known == letter), "{letter}");
        }
    }

    #[test]
    fn a_box_changes_its_edge_and_not_its_middle() {
        let mut picture = Picture::new(100, 100, vec![50; 30_000]).unwrap();
        let face = FaceMark {
            roll: 0.0,
            sight: Sight::Seen,
            ..mark(0.5, 0.5, 0.4)
        };
        draw(&mut picture, &[face]);
        assert_eq!(picture.pixel(50, 50), [50; 3]);
        assert_eq!(picture.pixel(50, 30), [95, 215, 95]);
        assert_eq!(picture.pixel(70, 50), [95, 215, 95]);
        assert_eq!(picture.pixel(5, 95), [50; 3]);
    }

    proptest! {
        #[test]
        fn no_mark_is_drawn_outside(
            width in 1usize..80, height in 1usize..80,
            x in -4.0f32..4.0, y in -4.0f32..4.0, size in 0.0f32..4.0, track in any::<u32>(),
        ) {
            let mut picture = Picture::new(width, height, vec![0; width * height * 3]).unwrap();
            draw(&mut picture, &[FaceMark { track, ..mark(x, y, size) }]);
        }
    }
}
