//! Large figures: digits of three by five dots, two dots to a cell, for numbers that are read from across the room.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::tui::view::text::Row;

/// Rows that a figure takes.
pub const HEIGHT: u16 = 3;

/// The dots of a character, row by row; the highest of three bits is left.
const fn dots(character: char) -> [u8; 5] {
    match character {
        '0' => [0b111, 0b101, 0b101, 0b101, 0b111],
        '1' => [0b010, 0b110, 0b010, 0b010, 0b111],
        '2' => [0b111, 0b001, 0b111, 0b100, 0b111],
        '3' => [0b111, 0b001, 0b111, 0b001, 0b111],
        '4' => [0b101, 0b101, 0b111, 0b001, 0b001],
        '5' => [0b111, 0b100, 0b111, 0b001, 0b111],
        '6' => [0b111, 0b100, 0b111, 0b101, 0b111],
        '7' => [0b111, 0b001, 0b010, 0b010, 0b010],
        '8' => [0b111, 0b101, 0b111, 0b101, 0b111],
        '9' => [0b111, 0b101, 0b111, 0b001, 0b111],
        '-' => [0b000, 0b000, 0b111, 0b000, 0b000],
        '.' => [0b0, 0b0, 0b0, 0b0, 0b1],
        _ => [0; 5],
    }
}

/// Cells that a character takes, the gap behind it left out.
const fn width_of(character: char) -> u16 {
    if character == '.' { 1 } else { 3 }
}

/// Cells that a figure takes.
#[must_use]
pub fn width(text: &str) -> u16 {
    let cells: u16 = text.chars().map(|c| width_of(c) + 1).sum();
    cells.saturating_sub(1)
}

/// Draws a figure at the upper left of `area`; what does not fit is left out.
pub fn draw(buf: &mut Buffer, area: Rect, text: &str, style: Style) {
    for y in 0..HEIGHT.min(area.height) {
        let mut row = Row::new(buf, area, y);
        for character in text.chars() {
            let dots = dots(character);
            let of = |line: u16| dots.get(usize::from(line)).copied().unwrap_or(0);
            let (upper, lower) = (of(2 * y), of(2 * y + 1));
            for column in (0..width_of(character)).rev() {
                let symbol = match (upper >> column & 1, lower >> column & 1) {
                    (1, 1) => "█",
                    (1, _) => "▀",
                    (_, 1) => "▄",
                    _ => " ",
                };
                row.put(symbol, style);
            }
            row.skip(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_drawn_as_wide_as_they_say() {
        let text = "-16.4";
        assert_eq!(width(text), 17);
        let area = Rect::new(0, 0, 18, 3);
        let mut buf = Buffer::empty(area);
        draw(&mut buf, area, text, Style::new());
        let rows: Vec<String> = buf
            .content()
            .chunks(18)
            .map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect())
            .collect();
        assert_eq!(rows, ["    ▄█  █▀▀   █ █ ", "▀▀▀  █  █▀█   ▀▀█ ", "    ▀▀▀ ▀▀▀ ▀   ▀ "]);
    }
}
