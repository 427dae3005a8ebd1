//! What the next character will look like, and the shortest sequence that makes it so: ECMA-48, 8.3.117 (SGR).

use ratatui::style::{Color, Modifier};

/// Colours and attributes that the terminal writes with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pen {
    pub fg: Color,
    pub bg: Color,
    pub modifier: Modifier,
}

/// As after a reset.
pub(super) const PLAIN: Pen = Pen {
    fg: Color::Reset,
    bg: Color::Reset,
    modifier: Modifier::empty(),
};

/// Attributes with the codes that turn them on and off. 22 ends bold and dim alike.
const ATTRIBUTES: [(Modifier, u8, u8); 7] = [
    (Modifier::BOLD, 1, 22),
    (Modifier::DIM, 2, 22),
    (Modifier::ITALIC, 3, 23),
    (Modifier::UNDERLINED, 4, 24),
    (Modifier::SLOW_BLINK, 5, 25),
    (Modifier::REVERSED, 7, 27),
    (Modifier::CROSSED_OUT, 9, 29),
];

const WEIGHT: Modifier = Modifier::BOLD.union(Modifier::DIM);

impl Pen {
    /// Writes what makes a pen that looks like `self` look like `to`: one sequence or none.
    pub fn dip(self, to: Self, out: &mut Vec<u8>) {
        if self == to {
            return;
        }
        let mut shortest = self.changes(to);
        if self.modifier != to.modifier || to.fg == Color::Reset || to.bg == Color::Reset {
            // Starting over may be shorter than taking back.
            let anew = Parameters::after_reset(to);
            if anew.len < shortest.len {
                shortest = anew;
            }
        }
        out.extend_from_slice(b"\x1b[");
        out.extend_from_slice(&shortest.bytes[..shortest.len]);
        out.push(b'm');
    }

    fn changes(self, to: Self) -> Parameters {
        let mut parameters = Parameters::default();
        let (mut now, gone) = (self.modifier, self.modifier.difference(to.modifier));
        if !gone.is_empty() {
            let mut ended = 0;
            for (modifier, _, off) in ATTRIBUTES {
                if gone.contains(modifier) && ended != off {
                    parameters.number(off);
                    ended = off;
                }
            }
            now.remove(gone);
            if gone.intersects(WEIGHT) {
                now.remove(WEIGHT);
            }
        }
        parameters.attributes(to.modifier.difference(now));
        if to.fg != self.fg {
            parameters.color(to.fg, 30);
        }
        if to.bg != self.bg {
            parameters.color(to.bg, 40);
        }
        parameters
    }
}

/// The parameters of one SGR sequence, at most: attributes off and on, and two 24-bit colours.
struct Parameters {
    bytes: [u8; 96],
    len: usize,
}

impl Default for Parameters {
    fn default() -> Self {
        Self { bytes: [0; 96], len: 0 }
    }
}

impl Parameters {
    /// From a reset, which is no parameter at all if nothing follows it.
    fn after_reset(to: Pen) -> Self {
        let mut parameters = Self::default();
        if to != PLAIN {
            parameters.byte(b'0');
        }
        parameters.attributes(to.modifier);
        if to.fg != Color::Reset {
            parameters.color(to.fg, 30);
        }
        if to.bg != Color::Reset {
            parameters.color(to.bg, 40);
        }
        parameters
    }

    fn attributes(&mut self, modifier: Modifier) {
        if modifier.is_empty() {
            return;
        }
        for (known, on, _) in ATTRIBUTES {
            if modifier.contains(known) {
                self.number(on);
            }
        }
    }

    fn byte(&mut self, byte: u8) {
        self.bytes[self.len] = byte;
        self.len += 1;
    }

    fn number(&mut self, value: u8) {
        if self.len > 0 {
            self.byte(b';');
        }
        if value >= 100 {
            self.byte(b'0' + value / 100);
        }
        if value >= 10 {
            self.byte(b'0' + value / 10 % 10);
        }
        self.byte(b'0' + value % 10);
    }

    /// `base` is 30 for the foreground, 40 for the background.
    fn color(&mut self, color: Color, base: u8) {
        let bright = base + 60;
        let number = match color {
            Color::Rgb(r, g, b) => {
                for value in [base + 8, 2, r, g, b] {
                    self.number(value);
                }
                return;
            }
            Color::Indexed(index) => {
                for value in [base + 8, 5, index] {
                    self.number(value);
                }
                return;
            }
            Color::Reset => base + 9,
            Color::Black => base,
            Color::Red => base + 1,
            Color::Green => base + 2,
            Color::Yellow => base + 3,
            Color::Blue => base + 4,
            Color::Magenta => base + 5,
            Color::Cyan => base + 6,
            Color::Gray => base + 7,
            Color::DarkGray => bright,
            Color::LightRed => bright + 1,
            Color::LightGreen => bright + 2,
            Color::LightYellow => bright + 3,
            Color::LightBlue => bright + 4,
            Color::LightMagenta => bright + 5,
            Color::LightCyan => bright + 6,
            Color::White => bright + 7,
        };
        self.number(number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dipped(from: Pen, to: Pen) -> String {
        let mut out = Vec::new();
        from.dip(to, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_shorter_way_is_taken() {
        let pen = |fg, bg, modifier| Pen { fg, bg, modifier };
        let rgb = Color::Rgb(10, 200, 255);
        let bold = Modifier::BOLD;
        let none = Modifier::empty();
        for (from, to, expected) in [
            (PLAIN, PLAIN, ""),
            (pen(rgb, rgb, bold), PLAIN, "\x1b[m"),
            (PLAIN, pen(Color::Red, rgb, bold), "\x1b[1;31;48;2;10;200;255m"),
            // Taking bold back is shorter than naming the colours again.
            (pen(rgb, rgb, bold), pen(rgb, rgb, none), "\x1b[22m"),
            (
                pen(rgb, rgb, bold | Modifier::DIM),
                pen(rgb, rgb, Modifier::DIM),
                "\x1b[22;2m",
            ),
            (
                pen(rgb, rgb, bold | Modifier::DIM),
                pen(rgb, rgb, Modifier::ITALIC),
                "\x1b[22;3m",
            ),
            (
                pen(Color::Red, rgb, none),
                pen(Color::Red, Color::Reset, none),
                "\x1b[49m",
            ),
            (pen(rgb, rgb, none), pen(Color::Red, Color::Reset, none), "\x1b[0;31m"),
        ] {
            assert_eq!(dipped(from, to), expected, "{from:?} to {to:?}");
        }
    }

    #[test]
    fn the_longest_sequence_fits() {
        let white = Color::Rgb(255, 255, 255);
        let all = Pen {
            fg: white,
            bg: white,
            modifier: Modifier::all(),
        };
        assert!(dipped(PLAIN, all).ends_with("38;2;255;255;255;48;2;255;255;255m"));
        let other = Pen {
            fg: Color::Rgb(254, 254, 254),
            bg: Color::Rgb(254, 254, 254),
            modifier: Modifier::empty(),
        };
        assert!(dipped(all, other).len() < 96);
    }
}
