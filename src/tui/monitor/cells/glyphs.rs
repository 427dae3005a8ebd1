//! The characters that pictures are made of: which parts of a cell each one inks.
//!
//! A cell is a grid of subpixels, and a pattern is a bit per subpixel, row by row from the upper left: bit 0 is the upper left
//! one. Sextants and octants stand in Unicode's Symbols for Legacy Computing (U+1FB00, Unicode 13) and its Supplement
//! (U+1CD00, Unicode 16) in this very order, but for patterns that older blocks had already. Braille is U+2800, in the order
//! that the dots grew in: the fourth row was added to the six dots later.

use std::sync::LazyLock;

/// Which characters a terminal's font is trusted with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Glyphs {
    /// `▀` and its like: 1×2 subpixels. Every font has them.
    HalfBlocks,
    /// `▚` and its like: 2×2 subpixels. Nearly every font has them.
    Quadrants,
    /// 2×3 subpixels, of Unicode 13: terminals that draw blocks themselves.
    Sextants,
    /// 2×4 subpixels, of Unicode 16: few terminals yet.
    Octants,
    /// 2×4 dots that do not touch: nearly every font, and the finest lines without colour.
    Braille,
    /// Letters and signs of ASCII, for what knows nothing else.
    Ascii,
}

impl Glyphs {
    /// From the coarsest to the finest, as they are tried by hand.
    pub const ALL: [Self; 6] = [
        Self::HalfBlocks,
        Self::Quadrants,
        Self::Sextants,
        Self::Octants,
        Self::Braille,
        Self::Ascii,
    ];

    /// Subpixels of a cell: across and down.
    #[must_use]
    pub const fn grid(self) -> (usize, usize) {
        match self {
            Self::HalfBlocks => (1, 2),
            Self::Quadrants => (2, 2),
            Self::Sextants => (2, 3),
            Self::Octants | Self::Braille | Self::Ascii => (2, 4),
        }
    }

    /// The word for them on screen.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::HalfBlocks => "half-blocks",
            Self::Quadrants => "quadrants",
            Self::Sextants => "sextants",
            Self::Octants => "octants",
            Self::Braille => "braille",
            Self::Ascii => "ascii",
        }
    }

    /// The character that inks the subpixels of `pattern`; ASCII has none, its characters are chosen by their ink.
    #[must_use]
    pub(super) fn symbol(self, pattern: u8) -> char {
        match self {
            Self::HalfBlocks => HALVES[usize::from(pattern & 3)],
            Self::Quadrants => QUADRANTS[usize::from(pattern & 15)],
            Self::Sextants => sextant(pattern & 63),
            Self::Octants => OCTANTS[usize::from(pattern)],
            Self::Braille => braille(pattern),
            Self::Ascii => ' ',
        }
    }
}

const HALVES: [char; 4] = [' ', '▀', '▄', '█'];

const QUADRANTS: [char; 16] = [
    ' ', '▘', '▝', '▀', '▖', '▌', '▞', '▛', '▗', '▚', '▐', '▜', '▄', '▙', '▟', '█',
];

/// U+1FB00 on, without the patterns that are a blank, the left half, the right half and a full block.
fn sextant(pattern: u8) -> char {
    match pattern {
        0 => ' ',
        0b01_0101 => '▌',
        0b10_1010 => '▐',
        0b11_1111 => '█',
        _ => {
            let skipped = 1 + u32::from(pattern > 0b01_0101) + u32::from(pattern > 0b10_1010);
            char::from_u32(0x1_fb00 + u32::from(pattern) - skipped).unwrap_or(' ')
        }
    }
}

/// Octant patterns that have their character elsewhere and so none in U+1CD00 to U+1CDE5, in ascending order.
const OLD_OCTANTS: [(u8, char); 26] = [
    (0x00, ' '),
    (0x01, '\u{1cea8}'),
    (0x02, '\u{1ceab}'),
    (0x03, '\u{1fb82}'),
    (0x05, '▘'),
    (0x0a, '▝'),
    (0x0f, '▀'),
    (0x14, '\u{1fbe6}'),
    (0x28, '\u{1fbe7}'),
    (0x3f, '\u{1fb85}'),
    (0x40, '\u{1cea3}'),
    (0x50, '▖'),
    (0x55, '▌'),
    (0x5a, '▞'),
    (0x5f, '▛'),
    (0x80, '\u{1cea0}'),
    (0xa0, '▗'),
    (0xa5, '▚'),
    (0xaa, '▐'),
    (0xaf, '▜'),
    (0xc0, '▂'),
    (0xf0, '▄'),
    (0xf5, '▙'),
    (0xfa, '▟'),
    (0xfc, '▆'),
    (0xff, '█'),
];

static OCTANTS: LazyLock<[char; 256]> = LazyLock::new(|| {
    let mut old = OLD_OCTANTS.iter().peekable();
    let mut new = '\u{1cd00}'..;
    std::array::from_fn(|pattern| {
        let known = old.next_if(|(known, _)| usize::from(*known) == pattern);
        known.map(|(_, symbol)| *symbol).or_else(|| new.next()).unwrap_or(' ')
    })
});

/// The bit in U+2800 of each dot, row by row.
const DOTS: [u8; 8] = [0x01, 0x08, 0x02, 0x10, 0x04, 0x20, 0x40, 0x80];

fn braille(pattern: u8) -> char {
    if pattern == 0 {
        // A blank is a byte where an empty braille cell is three.
        return ' ';
    }
    let bits = DOTS
        .iter()
        .enumerate()
        .filter(|(at, _)| pattern >> at & 1 == 1)
        .map(|(_, bit)| u32::from(*bit))
        .sum::<u32>();
    char::from_u32(0x2800 + bits).unwrap_or(' ')
}

/// The symbol that shows the same as `symbol` does once its two colours change places, if there is one.
///
/// Half-blocks, quadrants, sextants and octants come in such pairs. Braille and letters do not.
#[must_use]
pub fn complement(symbol: char) -> Option<char> {
    static PAIRS: LazyLock<std::collections::HashMap<char, char>> = LazyLock::new(|| {
        let mut pairs = std::collections::HashMap::new();
        for (glyphs, count) in [(Glyphs::Octants, 256), (Glyphs::Sextants, 64)] {
            for pattern in 0..count {
                let other = (count - 1 - pattern) as u8;
                pairs.insert(glyphs.symbol(pattern as u8), glyphs.symbol(other));
            }
        }
        pairs
    });
    match symbol {
        '▀' => Some('▄'),
        '▄' => Some('▀'),
        ' ' => Some('█'),
        '█' => Some(' '),
        '\u{2582}'..='\u{259f}' | '\u{1cd00}'..='\u{1fbff}' => PAIRS.get(&symbol).copied(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_has_a_symbol_of_its_own() {
        for glyphs in Glyphs::ALL {
            if glyphs == Glyphs::Ascii {
                continue;
            }
            let (columns, rows) = glyphs.grid();
            let count = 1usize << (columns * rows);
            let symbols: std::collections::BTreeSet<char> = (0..count).map(|p| glyphs.symbol(p as u8)).collect();
            assert_eq!(symbols.len(), count, "{glyphs:?}");
        }
    }

    #[test]
    fn symbols_are_those_of_the_standard() {
        // Names from the Unicode Character Database.
        assert_eq!(Glyphs::Sextants.symbol(0b00_0001), '\u{1fb00}', "sextant-1");
        assert_eq!(Glyphs::Sextants.symbol(0b01_0110), '\u{1fb14}', "sextant-235");
        assert_eq!(Glyphs::Sextants.symbol(0b11_1110), '\u{1fb3b}', "sextant-23456");
        assert_eq!(Glyphs::Octants.symbol(0b0000_0100), '\u{1cd00}', "octant-3");
        assert_eq!(Glyphs::Octants.symbol(0b0000_0110), '\u{1cd01}', "octant-23");
        assert_eq!(Glyphs::Octants.symbol(0b1111_1110), '\u{1cde5}', "octant-2345678");
        assert_eq!(Glyphs::Braille.symbol(0b0100_0001), '⡁', "dots-17");
        assert_eq!(Glyphs::Quadrants.symbol(0b0110), '▞');
    }

    #[test]
    fn complements_come_in_pairs() {
        for glyphs in [Glyphs::HalfBlocks, Glyphs::Quadrants, Glyphs::Sextants, Glyphs::Octants] {
            let (columns, rows) = glyphs.grid();
            let full = ((1u16 << (columns * rows)) - 1) as u8;
            for pattern in 0..=full {
                let (symbol, other) = (glyphs.symbol(pattern), glyphs.symbol(full - pattern));
                assert_eq!(complement(symbol), Some(other), "{glyphs:?} {pattern:08b}");
            }
        }
        assert_eq!(complement('a'), None);
        assert_eq!(complement('⡁'), None);
    }
}
