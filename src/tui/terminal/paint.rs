//! A ratatui backend that writes as few bytes as it can.
//!
//! On an SSH link the bytes of the pictures are what lags. So a colour is written only when it changes, all changes of a
//! cell go into one `CSI … m`, and a half-block is drawn whichever way round suits the pen: `▀`, `▄`, `█` or a blank.
//! Frames are collected in memory; the caller decides when to send them. See ECMA-48, 8.3.117 (SGR) and 8.3.20 (CUF).

use std::convert::Infallible;
use std::io::Write as _;

use ratatui::backend::{Backend, ClearType, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use ratatui::style::{Color, Modifier};

/// What the next character will look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pen {
    fg: Color,
    bg: Color,
    modifier: Modifier,
}

const PLAIN: Pen = Pen {
    fg: Color::Reset,
    bg: Color::Reset,
    modifier: Modifier::empty(),
};

/// The backend.
#[derive(Debug)]
pub struct Paint {
    out: Vec<u8>,
    pen: Pen,
    size: Size,
    has_color: bool,
    cursor: Position,
    is_cursor_shown: bool,
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
        }
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
        self.command(format_args!("\x1b[{};{}H", y + 1, x + 1));
    }

    fn command(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a Vec cannot fail.
        let _ = self.out.write_fmt(text);
    }

    /// Which of the four ways of drawing two pixels costs the fewest colour changes, and its colours.
    fn half_block(&self, upper: Color, lower: Color) -> (&'static str, Color, Color) {
        let pen = self.pen;
        if upper == lower {
            return if pen.fg == upper && pen.bg != upper {
                ("█", upper, pen.bg)
            } else {
                (" ", pen.fg, upper)
            };
        }
        let changes = |fg: Color, bg: Color| usize::from(pen.fg != fg) + usize::from(pen.bg != bg);
        if changes(lower, upper) < changes(upper, lower) {
            ("▄", lower, upper)
        } else {
            ("▀", upper, lower)
        }
    }

    /// Makes the pen look like `to`, in one sequence or none.
    fn dip(&mut self, to: Pen) {
        if to == self.pen {
            return;
        }
        let mut parameters = Parameters::default();
        let mut from = self.pen;
        if !from.modifier.difference(to.modifier).is_empty() {
            // There are "off" codes, but 22 ends bold and dim alike; starting over is as short.
            parameters.push(&[0]);
            from = PLAIN;
        }
        for (modifier, code) in [
            (Modifier::BOLD, 1),
            (Modifier::DIM, 2),
            (Modifier::ITALIC, 3),
            (Modifier::UNDERLINED, 4),
            (Modifier::SLOW_BLINK, 5),
            (Modifier::REVERSED, 7),
            (Modifier::CROSSED_OUT, 9),
        ] {
            if to.modifier.contains(modifier) && !from.modifier.contains(modifier) {
                parameters.push(&[code]);
            }
        }
        if to.fg != from.fg {
            parameters.color(to.fg, 30);
        }
        if to.bg != from.bg {
            parameters.color(to.bg, 40);
        }
        self.pen = to;
        self.out.extend_from_slice(b"\x1b[");
        self.out.extend_from_slice(&parameters.bytes[..parameters.len]);
        self.out.push(b'm');
    }
}

/// The parameters of one SGR sequence, at most: a reset, seven modifiers and two 24-bit colours.
struct Parameters {
    bytes: [u8; 64],
    len: usize,
}

impl Default for Parameters {
    fn default() -> Self {
        Self { bytes: [0; 64], len: 0 }
    }
}

impl Parameters {
    fn push(&mut self, values: &[u8]) {
        for value in values {
            if self.len > 0 {
                self.byte(b';');
            }
            if *value >= 100 {
                self.byte(b'0' + value / 100);
            }
            if *value >= 10 {
                self.byte(b'0' + value / 10 % 10);
            }
            self.byte(b'0' + value % 10);
        }
    }

    fn byte(&mut self, byte: u8) {
        self.bytes[self.len] = byte;
        self.len += 1;
    }

    /// `base` is 30 for the foreground, 40 for the background.
    fn color(&mut self, color: Color, base: u8) {
        let bright = base + 60;
        match color {
            Color::Reset => self.push(&[base + 9]),
            Color::Black => self.push(&[base]),
            Color::Red => self.push(&[base + 1]),
            Color::Green => self.push(&[base + 2]),
            Color::Yellow => self.push(&[base + 3]),
            Color::Blue => self.push(&[base + 4]),
            Color::Magenta => self.push(&[base + 5]),
            Color::Cyan => self.push(&[base + 6]),
            Color::Gray => self.push(&[base + 7]),
            Color::DarkGray => self.push(&[bright]),
            Color::LightRed => self.push(&[bright + 1]),
            Color::LightGreen => self.push(&[bright + 2]),
            Color::LightYellow => self.push(&[bright + 3]),
            Color::LightBlue => self.push(&[bright + 4]),
            Color::LightMagenta => self.push(&[bright + 5]),
            Color::LightCyan => self.push(&[bright + 6]),
            Color::White => self.push(&[bright + 7]),
            Color::Indexed(index) => self.push(&[base + 8, 5, index]),
            Color::Rgb(r, g, b) => self.push(&[base + 8, 2, r, g, b]),
        }
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
            match at {
                Some(at) if at.y == y && at.x == x => {}
                Some(at) if at.y == y && at.x < x => match x - at.x {
                    1 => self.out.extend_from_slice(b"\x1b[C"),
                    gap => self.command(format_args!("\x1b[{gap}C")),
                },
                _ => self.move_to(x, y),
            }
            let (fg, bg) = if self.has_color {
                (cell.fg, cell.bg)
            } else {
                (Color::Reset, Color::Reset)
            };
            let (symbol, fg, bg) = match cell.symbol() {
                "▀" if fg != Color::Reset && bg != Color::Reset => self.half_block(fg, bg),
                // A blank shows no foreground, unless it is underlined or turned over.
                " " if cell.modifier.is_empty() => (" ", self.pen.fg, bg),
                symbol => (symbol, fg, bg),
            };
            self.dip(Pen {
                fg,
                bg,
                modifier: cell.modifier,
            });
            self.out.extend_from_slice(symbol.as_bytes());
            // Where the cursor is after a wide character is the terminal's opinion: say it anew.
            at = symbol_is_narrow(symbol).then_some(Position { x: x + 1, y });
            if x + 1 >= self.size.width {
                at = None;
            }
        }
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
        // Box drawing, block elements and Latin letters.
        matches!(characters.next(), Some('\u{a1}'..='\u{2ff}' | '\u{2500}'..='\u{259f}')) && characters.next().is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(text, "\x1b[1;1H\x1b[31mab\x1b[48;5;17mc\x1b[2Cd\x1b[3;1H\x1b[39;49me");
    }

    #[test]
    fn half_blocks_turn_round_to_keep_the_pen() {
        let text = drawn(
            &[
                (0, 0, cell("▀", RED, BLUE)),
                (1, 0, cell("▀", BLUE, RED)),
                (2, 0, cell("▀", RED, RED)),
                (3, 0, cell("▀", BLUE, BLUE)),
            ],
            true,
        );
        assert_eq!(text, "\x1b[1;1H\x1b[38;2;255;0;0;48;2;0;0;255m▀▄█ \x1b[39;49m");
    }

    #[test]
    fn without_colour_no_colour_is_written() {
        let mut bold = cell("x", RED, BLUE);
        bold.modifier = Modifier::BOLD;
        assert_eq!(drawn(&[(0, 0, bold)], false), "\x1b[1;1H\x1b[1mx\x1b[0m");
    }

    #[test]
    fn modifiers_go_and_colours_stay() {
        let mut bold = cell("x", Color::Red, Color::Reset);
        bold.modifier = Modifier::BOLD;
        let text = drawn(&[(0, 0, bold), (1, 0, cell("y", Color::Red, Color::Reset))], true);
        assert_eq!(text, "\x1b[1;1H\x1b[1;31mx\x1b[0;31my\x1b[39m");
    }

    #[test]
    fn the_longest_sequence_fits() {
        let mut all = cell("x", Color::Rgb(255, 255, 255), Color::Rgb(255, 255, 255));
        all.modifier = Modifier::all();
        assert!(drawn(&[(79, 0, all)], true).contains("38;2;255;255;255;48;2;255;255;255m"));
    }
}
