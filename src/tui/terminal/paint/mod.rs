//! A ratatui backend that writes as few bytes as it can.
//!
//! On an SSH link the bytes of the pictures are what lags. So a colour is written only when it changes, all changes of a
//! cell go into one `CSI … m`, the cursor takes the shortest way, and a block is drawn whichever way round suits the pen: `▀`
//! or `▄`, `▛` or `▗`, a blank or `█`. Frames are collected in memory; the caller decides when to send them.
//!
//! Pictures come through ratatui's buffer and its diff like all else, so that whatever lies over them is right without further
//! ado. That costs little: 0.05 ms to fill 120×34 cells, 0.04 to 0.2 ms to compare them.

mod moves;
mod pen;

use std::convert::Infallible;
use std::io::Write as _;

use ratatui::backend::{Backend, ClearType, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use ratatui::style::Color;

use crate::tui::monitor::complement;
use pen::{PLAIN, Pen};

/// The backend.
#[derive(Debug)]
pub struct Paint {
    out: Vec<u8>,
    pen: Pen,
    size: Size,
    has_color: bool,
    cursor: Position,
    is_cursor_shown: bool,
    /// Whether the terminal is known to understand `REP`.
    has_repeats: bool,
    /// The last character, and how often it still has to be repeated.
    run: (Vec<u8>, usize),
}

impl Paint {
    /// A backend for a terminal of `size` cells whose cursor is hidden. Without colour, only bold, dim, reverse and the like are written.
    #[must_use]
    pub fn new(size: Size, has_color: bool) -> Self {
        Self {
            out: Vec::new(),
            pen: PLAIN,
            size,
            has_color,
            cursor: Position::ORIGIN,
            is_cursor_shown: false,
            has_repeats: false,
            run: (Vec::new(), 0),
        }
    }

    /// Says whether the terminal understands `CSI n b`, which repeats a character. Not all do, so nothing is repeated unless
    /// this was called.
    pub fn set_repeats(&mut self, has_repeats: bool) {
        self.has_repeats = has_repeats;
    }

    /// Writes colours from now on, or none; returns whether that is a change.
    pub fn set_color(&mut self, has_color: bool) -> bool {
        std::mem::replace(&mut self.has_color, has_color) != has_color
    }

    /// Follows a change of the terminal's size.
    pub fn set_size(&mut self, size: Size) {
        self.size = size;
    }

    /// What has been drawn since the last call, as bytes for the terminal. `spare` becomes the next buffer.
    #[must_use]
    pub fn take(&mut self, mut spare: Vec<u8>) -> Vec<u8> {
        spare.clear();
        std::mem::replace(&mut self.out, spare)
    }

    /// Begins a frame with these bytes, before what a clear may have written already.
    pub fn begin(&mut self, bytes: &[u8]) {
        self.out.splice(..0, bytes.iter().copied());
    }

    /// Forgets a frame in which nothing was drawn.
    pub fn discard(&mut self) {
        self.out.clear();
    }

    /// Puts the cursor back where it is shown, if it is.
    pub fn restore_cursor(&mut self) {
        if self.is_cursor_shown {
            self.move_to(self.cursor.x, self.cursor.y);
        }
    }

    /// Bytes that go to the terminal as they are.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    /// Bytes drawn since the last [`take`](Self::take).
    #[must_use]
    pub fn len(&self) -> usize {
        self.out.len()
    }

    /// Whether nothing was drawn since the last [`take`](Self::take).
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.out.is_empty()
    }

    /// Moves the cursor.
    pub fn move_to(&mut self, x: u16, y: u16) {
        moves::absolute(Position { x, y }, &mut self.out);
    }

    /// How a cell is written so that the pen changes least: a block in its two colours, or its complement with the colours
    /// changed round; a cell of one colour as a blank or as a full block. `None` leaves the symbol as it is.
    fn turn(&self, symbol: &str, fg: Color, bg: Color) -> (Option<char>, Color, Color) {
        let pen = self.pen;
        if symbol == " " {
            // A blank shows no foreground. A full block does for it where both its colours are the same, as in pictures.
            return if fg == bg && bg != Color::Reset && pen.fg == bg && pen.bg != bg {
                (Some('█'), fg, pen.bg)
            } else {
                (None, pen.fg, bg)
            };
        }
        if fg == Color::Reset || bg == Color::Reset || (pen.fg != bg && pen.bg != fg) || symbol.len() < 3 {
            return (None, fg, bg);
        }
        let changes = |fg: Color, bg: Color| usize::from(pen.fg != fg) + usize::from(pen.bg != bg);
        let mut characters = symbol.chars();
        if changes(bg, fg) < changes(fg, bg)
            && let (Some(character), None) = (characters.next(), characters.next())
            && let Some(turned) = complement(character)
        {
            return (Some(turned), bg, fg);
        }
        (None, fg, bg)
    }

    /// Writes a character or repeats the last one.
    fn put(&mut self, symbol: &[u8]) {
        if self.has_repeats && self.run.0 == symbol {
            self.run.1 += 1;
            return;
        }
        self.end_run();
        self.out.extend_from_slice(symbol);
        if self.has_repeats {
            self.run.0.clear();
            self.run.0.extend_from_slice(symbol);
        }
    }

    /// Writes what still has to be repeated: with `REP` (ECMA-48, 8.3.103) where that is shorter.
    fn end_run(&mut self) {
        let (symbol, count) = (&self.run.0, std::mem::take(&mut self.run.1));
        let digits = 1 + count.checked_ilog10().unwrap_or(0) as usize;
        if symbol.len() * count > 3 + digits {
            let _ = write!(self.out, "\x1b[{count}b");
        } else {
            for _ in 0..count {
                self.out.extend_from_slice(symbol);
            }
        }
        self.run.0.clear();
    }

    fn dip(&mut self, to: Pen) {
        if to == self.pen {
            return;
        }
        self.end_run();
        self.pen.dip(to, &mut self.out);
        self.pen = to;
    }
}

impl Backend for Paint {
    type Error = Infallible;

    fn draw<'a, I>(&mut self, content: I) -> Result<(), Infallible>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let mut at = None::<Position>;
        for (x, y, cell) in content {
            let to = Position { x, y };
            if at != Some(to) {
                self.end_run();
                moves::move_cursor(at, to, &mut self.out);
            }
            let (fg, bg) = if self.has_color {
                (cell.fg, cell.bg)
            } else {
                (Color::Reset, Color::Reset)
            };
            let symbol = cell.symbol();
            let modifier = cell.modifier;
            // Underlined or turned over, a blank does show its foreground, and a block is not what it seems.
            let (turned, fg, bg) = if modifier.is_empty() {
                self.turn(symbol, fg, bg)
            } else {
                (None, fg, bg)
            };
            self.dip(Pen { fg, bg, modifier });
            match turned {
                None => self.put(symbol.as_bytes()),
                Some(turned) => self.put(turned.encode_utf8(&mut [0; 4]).as_bytes()),
            }
            // Where the cursor is after a wide character, or past the last column, is the terminal's opinion: say it anew.
            at = (symbol_is_narrow(symbol) && x + 1 < self.size.width).then_some(Position { x: x + 1, y });
        }
        self.end_run();
        self.dip(PLAIN);
        Ok(())
    }

    fn hide_cursor(&mut self) -> Result<(), Infallible> {
        if std::mem::replace(&mut self.is_cursor_shown, false) {
            self.raw(b"\x1b[?25l");
        }
        Ok(())
    }

    fn show_cursor(&mut self) -> Result<(), Infallible> {
        if !std::mem::replace(&mut self.is_cursor_shown, true) {
            self.raw(b"\x1b[?25h");
        }
        Ok(())
    }

    fn get_cursor_position(&mut self) -> Result<Position, Infallible> {
        Ok(self.cursor)
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> Result<(), Infallible> {
        self.cursor = position.into();
        self.move_to(self.cursor.x, self.cursor.y);
        Ok(())
    }

    fn clear(&mut self) -> Result<(), Infallible> {
        self.clear_region(ClearType::All)
    }

    fn clear_region(&mut self, region: ClearType) -> Result<(), Infallible> {
        self.raw(match region {
            ClearType::All => b"\x1b[2J",
            ClearType::AfterCursor => b"\x1b[0J",
            ClearType::BeforeCursor => b"\x1b[1J",
            ClearType::CurrentLine => b"\x1b[2K",
            ClearType::UntilNewLine => b"\x1b[0K",
        });
        Ok(())
    }

    fn size(&self) -> Result<Size, Infallible> {
        Ok(self.size)
    }

    fn window_size(&mut self) -> Result<WindowSize, Infallible> {
        Ok(WindowSize {
            columns_rows: self.size,
            pixels: Size::ZERO,
        })
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

/// Whether every terminal agrees that the symbol takes one cell.
fn symbol_is_narrow(symbol: &str) -> bool {
    symbol.len() == 1 || matches!(symbol, "▀" | "▄" | "█") || {
        let mut characters = symbol.chars();
        // Latin letters, box drawing, block elements, braille, sextants and octants.
        let is_narrow = matches!(
            characters.next(),
            Some(
                '\u{a1}'..='\u{2ff}'
                | '\u{2500}'..='\u{259f}'
                | '\u{2800}'..='\u{28ff}'
                | '\u{1cc00}'..='\u{1cebf}'
                | '\u{1fb00}'..='\u{1fbff}',
            )
        );
        is_narrow && characters.next().is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::style::Modifier;

    fn drawn(cells: &[(u16, u16, Cell)], has_color: bool) -> String {
        let mut paint = Paint::new(Size::new(80, 24), has_color);
        paint.draw(cells.iter().map(|(x, y, cell)| (*x, *y, cell))).unwrap();
        String::from_utf8(paint.take(Vec::new())).unwrap()
    }

    fn cell(symbol: &str, fg: Color, bg: Color) -> Cell {
        let mut cell = Cell::default();
        cell.set_symbol(symbol).set_fg(fg).set_bg(bg);
        cell
    }

    const RED: Color = Color::Rgb(255, 0, 0);
    const BLUE: Color = Color::Rgb(0, 0, 255);

    #[test]
    fn only_changes_are_written() {
        let text = drawn(
            &[
                (0, 0, cell("a", Color::Red, Color::Reset)),
                (1, 0, cell("b", Color::Red, Color::Reset)),
                (2, 0, cell("c", Color::Red, Color::Indexed(17))),
                (5, 0, cell("d", Color::Red, Color::Indexed(17))),
                (0, 2, cell("e", Color::Reset, Color::Reset)),
            ],
            true,
        );
        assert_eq!(text, "\x1b[H\x1b[31mab\x1b[48;5;17mc\x1b[2Cd\r\n\n\x1b[me");
    }

    #[test]
    fn blocks_turn_round_to_keep_the_pen() {
        let text = drawn(
            &[
                (0, 0, cell("▀", RED, BLUE)),
                (1, 0, cell("▀", BLUE, RED)),
                (2, 0, cell(" ", RED, RED)),
                (3, 0, cell(" ", BLUE, BLUE)),
                (4, 0, cell("▛", BLUE, RED)),
            ],
            true,
        );
        assert_eq!(text, "\x1b[H\x1b[38;2;255;0;0;48;2;0;0;255m▀▄█ ▗\x1b[m");
    }

    #[test]
    fn without_colour_no_colour_is_written() {
        let mut bold = cell("x", RED, BLUE);
        bold.modifier = Modifier::BOLD;
        assert_eq!(drawn(&[(0, 0, bold)], false), "\x1b[H\x1b[1mx\x1b[m");
    }

    #[test]
    fn modifiers_go_and_colours_stay() {
        let mut bold = cell("x", Color::Red, Color::Reset);
        bold.modifier = Modifier::BOLD;
        let text = drawn(&[(0, 0, bold), (1, 0, cell("y", Color::Red, Color::Reset))], true);
        assert_eq!(text, "\x1b[H\x1b[1;31mx\x1b[22my\x1b[m");
    }

    #[test]
    fn what_repeats_is_repeated_only_where_that_is_known_and_shorter() {
        let line: Vec<_> = (0..9).map(|x| (x, 0, cell("▀", RED, BLUE))).collect();
        assert_eq!(drawn(&line, true).matches('▀').count(), 9);
        let mut paint = Paint::new(Size::new(80, 24), false);
        paint.set_repeats(true);
        let short = [(0, 1, cell("a", RED, BLUE)), (1, 1, cell("a", RED, BLUE))];
        let cells = line.iter().chain(&short).map(|(x, y, cell)| (*x, *y, cell));
        paint.draw(cells).unwrap();
        assert_eq!(
            String::from_utf8(paint.take(Vec::new())).unwrap(),
            "\x1b[H▀\x1b[8b\r\naa"
        );
    }
}
