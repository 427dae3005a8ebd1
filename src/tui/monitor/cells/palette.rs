//! The colours that a terminal has, and the nearest of them to any colour.
//!
//! The first 16 of xterm's 256 are whatever the operator's theme says, so pictures in 256 colours use the other 240: a cube of
//! 6×6×6 and 24 greys. Where there are only 16, they are taken to be xterm's own, which most themes stay near to.

use ratatui::style::Color;

/// Which colours the terminal has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Palette {
    /// 24 bits.
    TrueColor,
    /// The 6×6×6 cube and the 24 greys of xterm.
    Xterm256,
    /// The eight colours of ECMA-48 and their bright sisters.
    Ansi16,
    /// Ink and paper only, taken to be light ink on dark paper.
    Mono,
}

impl Palette {
    /// From the most colours to none.
    pub const ALL: [Self; 4] = [Self::TrueColor, Self::Xterm256, Self::Ansi16, Self::Mono];

    /// The word for it on screen; 24 bits go without saying.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TrueColor => "",
            Self::Xterm256 => "256",
            Self::Ansi16 => "16",
            Self::Mono => "mono",
        }
    }
}

/// A colour as the terminal is told it, and as it looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Tone {
    pub color: Color,
    pub rgb: [f32; 3],
}

impl Tone {
    /// No colour at all: what the terminal's ink or paper is.
    pub const NONE: Self = Self {
        color: Color::Reset,
        rgb: [0.0; 3],
    };

    /// 24 bits, rounded.
    pub fn rgb(rgb: [f32; 3]) -> Self {
        let [r, g, b] = rgb.map(|value| (value + 0.5) as u8);
        Self {
            color: Color::Rgb(r, g, b),
            rgb: [f32::from(r), f32::from(g), f32::from(b)],
        }
    }

    /// The nearest of xterm's 240 fixed colours.
    pub fn xterm(rgb: [f32; 3]) -> Self {
        let (index, rgb) = nearest_256(rgb);
        Self {
            color: Color::Indexed(index),
            rgb,
        }
    }

    /// Bytes of its parameter of SGR.
    pub fn bytes(self) -> u32 {
        let digits = |value: u8| 1 + u32::from(value >= 10) + u32::from(value >= 100);
        match self.color {
            Color::Rgb(r, g, b) => 7 + digits(r) + digits(g) + digits(b),
            Color::Indexed(index) => 5 + digits(index),
            _ => 2,
        }
    }
}

/// Squared distance over the three channels.
pub(super) fn distance(a: [f32; 3], b: [f32; 3]) -> f32 {
    let (r, g, b) = (a[0] - b[0], a[1] - b[1], a[2] - b[2]);
    r * r + g * g + b * b
}

/// Levels of the colour cube of xterm.
const CUBE: [f32; 6] = [0.0, 95.0, 135.0, 175.0, 215.0, 255.0];

fn nearest_level(value: f32) -> usize {
    if value < 47.5 {
        0
    } else if value < 115.0 {
        1
    } else {
        (((value - 35.0) * (1.0 / 40.0)) as usize).min(5)
    }
}

/// The nearest of the 240 fixed colours: a cube entry or a grey, whichever is closer.
fn nearest_256(rgb: [f32; 3]) -> (u8, [f32; 3]) {
    let levels = rgb.map(nearest_level);
    let cube = levels.map(|level| CUBE[level]);
    let mean = (rgb[0] + rgb[1] + rgb[2]) * (1.0 / 3.0);
    let step = ((mean - 3.0).max(0.0) * 0.1).min(23.0) as u8;
    let grey = [f32::from(8 + step * 10); 3];
    if distance(rgb, grey) < distance(rgb, cube) {
        (232 + step, grey)
    } else {
        ((16 + 36 * levels[0] + 6 * levels[1] + levels[2]) as u8, cube)
    }
}

/// The 16 colours as xterm has them.
pub(super) const ANSI: [(Color, [f32; 3]); 16] = [
    (Color::Black, [0.0, 0.0, 0.0]),
    (Color::Red, [205.0, 0.0, 0.0]),
    (Color::Green, [0.0, 205.0, 0.0]),
    (Color::Yellow, [205.0, 205.0, 0.0]),
    (Color::Blue, [0.0, 0.0, 238.0]),
    (Color::Magenta, [205.0, 0.0, 205.0]),
    (Color::Cyan, [0.0, 205.0, 205.0]),
    (Color::Gray, [229.0, 229.0, 229.0]),
    (Color::DarkGray, [127.0, 127.0, 127.0]),
    (Color::LightRed, [255.0, 0.0, 0.0]),
    (Color::LightGreen, [0.0, 255.0, 0.0]),
    (Color::LightYellow, [255.0, 255.0, 0.0]),
    (Color::LightBlue, [92.0, 92.0, 255.0]),
    (Color::LightMagenta, [255.0, 0.0, 255.0]),
    (Color::LightCyan, [0.0, 255.0, 255.0]),
    (Color::White, [255.0, 255.0, 255.0]),
];

#[cfg(test)]
mod tests {
    use super::*;

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
            assert_eq!(nearest_256(pixel.map(|v: u8| f32::from(v))).0, expected, "{pixel:?}");
        }
    }

    #[test]
    fn level_borders_lie_halfway() {
        for value in 0..=255u8 {
            let value = f32::from(value);
            let chosen = (CUBE[nearest_level(value)] - value).abs();
            let best = CUBE.iter().map(|level| (level - value).abs()).fold(f32::MAX, f32::min);
            assert!((chosen - best).abs() < 0.01, "{value}");
        }
    }

    #[test]
    fn a_colour_costs_what_it_is_written_with() {
        for (color, text) in [
            (Color::Rgb(1, 20, 255), "38;2;1;20;255"),
            (Color::Indexed(16), "48;5;16"),
            (Color::Indexed(231), "48;5;231"),
        ] {
            let tone = Tone { color, rgb: [0.0; 3] };
            assert_eq!(tone.bytes() as usize, text.len(), "{text}");
        }
    }
}
