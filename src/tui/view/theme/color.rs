//! Colours of a theme, and the nearest ones of terminals that have fewer: 24 bits, the 256 of xterm, sixteen, none.
//!
//! What the sixteen look like is the terminal's affair; xterm's are reckoned with. Nearness is distance weighed by how the
//! eye weighs red, green and blue (the "redmean" of CompuPhase), which keeps hues where plain distance turns them grey.

use ratatui::style::Color;

/// How many colours there are to draw with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// None: bold, dim and reversed tell.
    None,
    /// The sixteen that every terminal has.
    Ansi16,
    /// The 256 of xterm.
    Xterm256,
    /// 24 bits.
    TrueColor,
}

impl Depth {
    /// All of them, from the poorest.
    pub const ALL: [Self; 4] = [Self::None, Self::Ansi16, Self::Xterm256, Self::TrueColor];
}

/// A colour as a theme names it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Paint {
    /// The terminal's own.
    #[default]
    Default,
    /// One of the 256 of xterm.
    Index(u8),
    /// Red, green, blue.
    Rgb([u8; 3]),
}

/// The sixteen, as they are named in a file.
pub const NAMES: [&str; 16] = [
    "black",
    "red",
    "green",
    "yellow",
    "blue",
    "magenta",
    "cyan",
    "white",
    "bright-black",
    "bright-red",
    "bright-green",
    "bright-yellow",
    "bright-blue",
    "bright-magenta",
    "bright-cyan",
    "bright-white",
];

/// What xterm makes of the sixteen.
const SIXTEEN: [[u8; 3]; 16] = [
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

/// The sixteen as a backend knows them.
const ANSI: [Color; 16] = [
    Color::Black,
    Color::Red,
    Color::Green,
    Color::Yellow,
    Color::Blue,
    Color::Magenta,
    Color::Cyan,
    Color::Gray,
    Color::DarkGray,
    Color::LightRed,
    Color::LightGreen,
    Color::LightYellow,
    Color::LightBlue,
    Color::LightMagenta,
    Color::LightCyan,
    Color::White,
];

impl Paint {
    /// A colour by its name or as `#rrggbb`.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        if word == "default" {
            return Some(Self::Default);
        }
        if let Some(at) = NAMES.iter().position(|name| *name == word) {
            return u8::try_from(at).ok().map(Self::Index);
        }
        let digits = word.strip_prefix('#').filter(|digits| digits.len() == 6)?;
        let part = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
        // A sign is no digit, though numbers may be read with one.
        let are_digits = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        are_digits.then_some(Self::Rgb([part(0)?, part(2)?, part(4)?]))
    }

    /// Red, green and blue; `None` where the terminal chooses.
    #[must_use]
    pub fn rgb(self) -> Option<[u8; 3]> {
        match self {
            Self::Default => None,
            Self::Index(index) => Some(xterm(index)),
            Self::Rgb(rgb) => Some(rgb),
        }
    }

    /// The nearest colour at that depth.
    #[must_use]
    pub fn at(self, depth: Depth) -> Color {
        match (self, depth) {
            (Self::Default, _) | (_, Depth::None) => Color::Reset,
            (Self::Index(index), Depth::Xterm256 | Depth::TrueColor) => Color::Indexed(index),
            (Self::Rgb([r, g, b]), Depth::TrueColor) => Color::Rgb(r, g, b),
            // The sixteen are the terminal's to choose: what is to be sure of its colour takes one of the others.
            (Self::Rgb(rgb), Depth::Xterm256) => Color::Indexed(nearest(rgb, (16..=255).map(|at| (at, xterm(at))))),
            (Self::Index(index @ 0..16), Depth::Ansi16) => ANSI[usize::from(index)],
            (Self::Index(index), Depth::Ansi16) => ANSI[usize::from(nearest_of_sixteen(xterm(index)))],
            (Self::Rgb(rgb), Depth::Ansi16) => ANSI[usize::from(nearest_of_sixteen(rgb))],
        }
    }
}

/// What xterm shows for a number: sixteen, a cube of 6×6×6, and 24 greys.
#[must_use]
pub fn xterm(index: u8) -> [u8; 3] {
    let step = |at: u8| if at == 0 { 0 } else { 55 + 40 * at };
    match index {
        0..16 => SIXTEEN[usize::from(index)],
        16..232 => {
            let at = index - 16;
            [step(at / 36), step(at / 6 % 6), step(at % 6)]
        }
        232.. => [8 + 10 * (index - 232); 3],
    }
}

/// What a colour of a buffer looks like; `None` where the terminal chooses.
#[must_use]
pub fn seen(color: Color) -> Option<[u8; 3]> {
    match color {
        Color::Reset => None,
        Color::Indexed(index) => Some(xterm(index)),
        Color::Rgb(r, g, b) => Some([r, g, b]),
        named => ANSI.iter().position(|ansi| *ansi == named).map(|at| SIXTEEN[at]),
    }
}

fn nearest_of_sixteen(rgb: [u8; 3]) -> u8 {
    nearest(rgb, (0..16).map(|at| (at, xterm(at))))
}

fn nearest(rgb: [u8; 3], known: impl Iterator<Item = (u8, [u8; 3])>) -> u8 {
    known
        .min_by_key(|(_, other)| distance(rgb, *other))
        .map_or(0, |(at, _)| at)
}

/// How different two colours look, squared.
fn distance(a: [u8; 3], b: [u8; 3]) -> i64 {
    let [red, green, blue] = [0, 1, 2].map(|at| i64::from(a[at]) - i64::from(b[at]));
    let mean = i64::midpoint(i64::from(a[0]), i64::from(b[0]));
    (512 + mean) * red * red + 1024 * green * green + (767 - mean) * blue * blue
}

/// How far two colours stand out from each other, from 1 to 21 (WCAG 2.1, "contrast ratio" and "relative luminance").
#[must_use]
pub fn contrast(a: [u8; 3], b: [u8; 3]) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

fn luminance(rgb: [u8; 3]) -> f64 {
    let [red, green, blue] = rgb.map(|part| {
        let share = f64::from(part) / 255.0;
        if share <= 0.04045 {
            share / 12.92
        } else {
            ((share + 0.055) / 1.055).powf(2.4)
        }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn colours_are_read_and_brought_down() {
        for (word, paint, xterm, ansi) in [
            ("red", Paint::Index(1), Color::Indexed(1), Color::Red),
            ("bright-white", Paint::Index(15), Color::Indexed(15), Color::White),
            ("#ff0000", Paint::Rgb([255, 0, 0]), Color::Indexed(196), Color::LightRed),
            ("#000000", Paint::Rgb([0; 3]), Color::Indexed(16), Color::Black),
            ("#303030", Paint::Rgb([48; 3]), Color::Indexed(236), Color::Black),
            ("default", Paint::Default, Color::Reset, Color::Reset),
        ] {
            let found = Paint::of(word).unwrap();
            assert_eq!(found, paint, "{word}");
            assert_eq!(found.at(Depth::Xterm256), xterm, "{word}");
            assert_eq!(found.at(Depth::Ansi16), ansi, "{word}");
            assert_eq!(found.at(Depth::None), Color::Reset, "{word}");
        }
        for word in ["", "crimson", "#fff", "#+1+1+1", "#12345g", "ff0000", "#äöü"] {
            assert_eq!(Paint::of(word), None, "{word}");
        }
    }

    #[test]
    fn contrast_is_that_of_the_standard() {
        for (a, b, ratio) in [
            ([0; 3], [255; 3], 21.0),
            ([255; 3], [0; 3], 21.0),
            ([119; 3], [255; 3], 4.48),
            ([255, 0, 0], [255; 3], 4.0),
            ([9; 3], [9; 3], 1.0),
        ] {
            assert!((contrast(a, b) - ratio).abs() < 0.01, "{a:?} {b:?} {}", contrast(a, b));
        }
    }

    proptest! {
        #[test]
        fn a_colour_that_a_terminal_has_stays_what_it_is(index in 16u8..=255) {
            let Color::Indexed(found) = Paint::Rgb(xterm(index)).at(Depth::Xterm256) else { panic!("no index") };
            // Some greys are in the cube and in the ramp.
            prop_assert_eq!(xterm(found), xterm(index));
        }
    }
}
