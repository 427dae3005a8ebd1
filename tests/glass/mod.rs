//! A terminal to look at: reads what was written to it and turns its screen into pixels.
//!
//! Each cell becomes 2×12 areas, so that halves, quarters, thirds and eighths of a cell all end at the edge of one. Which areas a
//! character inks is told here anew, from the charts of the Unicode standard, and not taken from what draws them.
#![allow(dead_code)]

use std::num::NonZeroU16;
use std::sync::LazyLock;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

/// Areas of a cell across.
pub const ACROSS: usize = 2;
/// Areas of a cell from top to bottom.
pub const DOWN: usize = 12;

/// Share of ink in each area of a cell, row by row.
pub type Ink = [f32; ACROSS * DOWN];

/// Red, green and blue, 0 to 255.
pub type Pixel = [f32; 3];

/// A terminal of 24-bit colour.
pub struct Glass {
    parser: vt100::Parser,
    columns: u16,
    rows: u16,
}

impl Glass {
    pub fn new(columns: u16, rows: u16) -> Self {
        let size = |cells| NonZeroU16::new(cells).unwrap();
        let mut parser = vt100::Parser::new(size(rows), size(columns), 0);
        // As the client sets it up.
        parser.process(b"\x1b[?7l");
        Self { parser, columns, rows }
    }

    pub fn write(&mut self, bytes: &[u8]) {
        self.parser.process(bytes);
    }

    /// What a cell looks like.
    pub fn look(&self, x: u16, y: u16) -> Look {
        let cell = self.parser.screen().cell(y, x).unwrap();
        let symbol = if cell.contents().is_empty() {
            " "
        } else {
            cell.contents()
        };
        let mut modifier = Modifier::empty();
        for (is_on, known) in [
            (cell.bold(), Modifier::BOLD),
            (cell.dim(), Modifier::DIM),
            (cell.italic(), Modifier::ITALIC),
            (cell.underline(), Modifier::UNDERLINED),
            (cell.inverse(), Modifier::REVERSED),
        ] {
            modifier.set(known, is_on);
        }
        Look::new(symbol, vt_color(cell.fgcolor()), vt_color(cell.bgcolor()), modifier)
    }

    /// Where the screen does not look like `buffer`.
    pub fn differences(&self, buffer: &Buffer) -> Vec<(u16, u16, Look, Look)> {
        let mut all = Vec::new();
        for y in 0..self.rows {
            for x in 0..self.columns {
                let (wanted, seen) = (Look::of(&buffer[(x, y)]), self.look(x, y));
                if wanted != seen {
                    all.push((x, y, wanted, seen));
                }
            }
        }
        all
    }

    /// The screen as areas, row by row.
    pub fn pixels(&self) -> Vec<Pixel> {
        self.part(self.columns, self.rows)
    }

    /// The upper left of the screen as areas.
    pub fn part(&self, columns: u16, rows: u16) -> Vec<Pixel> {
        let width = usize::from(columns) * ACROSS;
        let mut pixels = vec![[0.0; 3]; width * usize::from(rows) * DOWN];
        for y in 0..rows {
            for x in 0..columns {
                let look = self.look(x, y);
                for (at, pixel) in look.areas().into_iter().enumerate() {
                    let (sub_x, sub_y) = (at % ACROSS, at / ACROSS);
                    pixels[(usize::from(y) * DOWN + sub_y) * width + usize::from(x) * ACROSS + sub_x] = pixel;
                }
            }
        }
        pixels
    }

    /// How near the screen comes to `wanted`, which has as many pixels as the screen has areas; dB over all channels.
    pub fn psnr(&self, wanted: &[Pixel]) -> f64 {
        psnr(&self.pixels(), wanted)
    }
}

pub fn psnr(seen: &[Pixel], wanted: &[Pixel]) -> f64 {
    assert_eq!(seen.len(), wanted.len());
    let squares: f64 = seen
        .iter()
        .zip(wanted)
        .flat_map(|(a, b)| a.iter().zip(b).map(|(a, b)| f64::from((a - b) * (a - b))))
        .sum();
    10.0 * (255.0 * 255.0 * 3.0 * wanted.len() as f64 / squares.max(1e-9)).log10()
}

/// What is seen of a cell, however it was written: `▀` in red on blue is `▄` in blue on red.
#[derive(Clone, Debug, PartialEq)]
pub enum Look {
    Areas(Vec<(u8, u8, u8)>),
    Text(String, Color, Color, Modifier),
}

impl Look {
    pub fn of(cell: &Cell) -> Self {
        // What vt100 does not keep cannot be compared.
        let kept = Modifier::BOLD | Modifier::DIM | Modifier::ITALIC | Modifier::UNDERLINED | Modifier::REVERSED;
        Self::new(
            cell.symbol(),
            numbered(cell.fg),
            numbered(cell.bg),
            cell.modifier & kept,
        )
    }

    fn new(symbol: &str, fg: Color, bg: Color, modifier: Modifier) -> Self {
        let mut characters = symbol.chars();
        let character = characters.next().unwrap_or(' ');
        if let Some(ink) = ink(character)
            && modifier.is_empty()
            // A blank shows no foreground, a full block no background.
            && (fg != Color::Reset || character == ' ')
            && (bg != Color::Reset || character == '█')
        {
            let (fg, bg) = (rgb(fg, true), rgb(bg, false));
            let mix =
                |share: f32| std::array::from_fn::<u8, 3, _>(|at| (bg[at] + (fg[at] - bg[at]) * share).round() as u8);
            let areas = ink.iter().map(|share| mix(*share));
            return Self::Areas(areas.map(|[r, g, b]| (r, g, b)).collect());
        }
        // A blank shows no foreground.
        let is_blank = symbol == " " && !modifier.intersects(Modifier::UNDERLINED | Modifier::REVERSED);
        let (fg, modifier) = if is_blank {
            (Color::Reset, Modifier::empty())
        } else {
            (fg, modifier)
        };
        Self::Text(symbol.to_owned(), fg, bg, modifier)
    }

    fn areas(&self) -> Vec<Pixel> {
        match self {
            Self::Areas(areas) => areas.iter().map(|(r, g, b)| [*r, *g, *b].map(f32::from)).collect(),
            Self::Text(symbol, fg, bg, _) => {
                let ink = symbol.chars().next().and_then(ink).unwrap_or([0.0; ACROSS * DOWN]);
                let (fg, bg) = (rgb(*fg, true), rgb(*bg, false));
                ink.iter()
                    .map(|share| std::array::from_fn(|at| bg[at] + (fg[at] - bg[at]) * share))
                    .collect()
            }
        }
    }
}

/// The 16 colours by number: that is how vt100 keeps them.
fn numbered(color: Color) -> Color {
    let number = match color {
        Color::Black => 0,
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => 8,
        Color::LightRed => 9,
        Color::LightGreen => 10,
        Color::LightYellow => 11,
        Color::LightBlue => 12,
        Color::LightMagenta => 13,
        Color::LightCyan => 14,
        Color::White => 15,
        other => return other,
    };
    Color::Indexed(number)
}

fn vt_color(color: vt100::Color) -> Color {
    match color {
        vt100::Color::Default => Color::Reset,
        vt100::Color::Idx(index) => Color::Indexed(index),
        vt100::Color::Rgb(r, g, b) => Color::Rgb(r, g, b),
    }
}

/// As xterm shows it: light ink on dark paper.
fn rgb(color: Color, is_ink: bool) -> Pixel {
    const SYSTEM: [[u8; 3]; 16] = [
        [0, 0, 0],
        [205, 0, 0],
        [0, 205, 0],
        [205, 205, 0],
        [0, 0, 238],
        [205, 0, 205],
        [0, 205, 205],
        [229, 229, 229],
        [127, 127, 127],
        [255, 0, 0],
        [0, 255, 0],
        [255, 255, 0],
        [92, 92, 255],
        [255, 0, 255],
        [0, 255, 255],
        [255, 255, 255],
    ];
    let level = |step: u8| if step == 0 { 0.0 } else { f32::from(step) * 40.0 + 55.0 };
    match color {
        Color::Rgb(r, g, b) => [r, g, b].map(f32::from),
        Color::Indexed(index @ 0..16) => SYSTEM[usize::from(index)].map(f32::from),
        Color::Indexed(index @ 16..232) => {
            let cube = index - 16;
            [level(cube / 36), level(cube / 6 % 6), level(cube % 6)]
        }
        Color::Indexed(grey) => [f32::from(grey - 232) * 10.0 + 8.0; 3],
        _ => [if is_ink { 255.0 } else { 0.0 }; 3],
    }
}

/// Which areas a character of pictures inks; `None` for all others.
fn ink(character: char) -> Option<Ink> {
    // Rows of parts, each two areas wide, from the upper left: bit 0 first.
    let parts = |pattern: u32, rows: usize, share: f32| -> Ink {
        std::array::from_fn(|at| {
            let (x, row) = (at % ACROSS, at / ACROSS * rows / DOWN);
            if pattern >> (row * ACROSS + x) & 1 == 1 {
                share
            } else {
                0.0
            }
        })
    };
    let code = u32::from(character);
    Some(match character {
        ' ' => [0.0; ACROSS * DOWN],
        '█' => [1.0; ACROSS * DOWN],
        '░' => [0.25; ACROSS * DOWN],
        '▒' => [0.5; ACROSS * DOWN],
        '▓' => [0.75; ACROSS * DOWN],
        '▀' => parts(0b0011, 2, 1.0),
        '▄' => parts(0b1100, 2, 1.0),
        '▌' => parts(0b0101, 2, 1.0),
        '▐' => parts(0b1010, 2, 1.0),
        '▂' => parts(0b1100_0000, 4, 1.0),
        '▆' => parts(0b1111_1100, 4, 1.0),
        // U+2596 on: lower left, lower right, upper left, all but upper right, and so on.
        '\u{2596}'..='\u{259f}' => {
            let patterns = [
                0b0100, 0b1000, 0b0001, 0b1101, 0b1001, 0b0111, 0b1011, 0b0010, 0b0110, 0b1110,
            ];
            parts(patterns[code as usize - 0x2596], 2, 1.0)
        }
        '\u{2800}'..='\u{28ff}' => {
            // Dots 1, 2, 3 and 7 go down the left, 4, 5, 6 and 8 down the right.
            let dots = [0, 2, 4, 1, 3, 5, 6, 7];
            let pattern = (0..8)
                .filter(|dot| code >> dot & 1 == 1)
                .map(|dot| 1 << dots[dot])
                .sum();
            parts(pattern, 4, 0.25)
        }
        '\u{1fb00}'..='\u{1fb3b}' => {
            let mut patterns = (1u32..63).filter(|pattern| *pattern != 0b01_0101 && *pattern != 0b10_1010);
            parts(patterns.nth(code as usize - 0x1fb00)?, 3, 1.0)
        }
        '\u{1fb82}' => parts(0b0000_0011, 4, 1.0),
        '\u{1fb85}' => parts(0b0011_1111, 4, 1.0),
        '\u{1fbe6}' => parts(0b0001_0100, 4, 1.0),
        '\u{1fbe7}' => parts(0b0010_1000, 4, 1.0),
        '\u{1cea8}' => parts(0b0000_0001, 4, 1.0),
        '\u{1ceab}' => parts(0b0000_0010, 4, 1.0),
        '\u{1cea3}' => parts(0b0100_0000, 4, 1.0),
        '\u{1cea0}' => parts(0b1000_0000, 4, 1.0),
        '\u{1cd00}'..='\u{1cde5}' => parts(*OCTANTS.get(code as usize - 0x1cd00)?, 4, 1.0),
        _ => return None,
    })
}

/// All patterns that are none of the older characters, in order.
static OCTANTS: LazyLock<Vec<u32>> =
    LazyLock::new(|| (0..256).filter(|pattern| !has_older_character(*pattern)).collect());

fn has_older_character(octant: u32) -> bool {
    // Quadrants: rows in pairs.
    let is_quadrants = octant & 0b11 == octant >> 2 & 0b11 && octant >> 4 & 0b11 == octant >> 6;
    // Quarters from the top and from the bottom, the eighths in the corners and the middle of either side.
    is_quadrants || [0x03, 0x3f, 0xc0, 0xfc, 0x01, 0x02, 0x40, 0x80, 0x14, 0x28].contains(&octant)
}
