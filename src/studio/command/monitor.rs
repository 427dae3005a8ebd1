//! How a screen shows pictures and colours, as it is typed.

/// How monitors are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MonitorMode {
    /// What suits the terminal and the link best.
    #[default]
    Auto,
    /// Real pixels, by kitty's graphics protocol.
    Kitty,
    /// Real pixels, as DEC drew them.
    Sixel,
    /// Real pixels, as iTerm2's inline images.
    Iterm,
    /// Eight dots per cell of one colour on another (Unicode 16).
    Octants,
    /// Six of them (Unicode 13).
    Sextants,
    /// Four of them.
    Quadrants,
    /// Two pixels per cell, each of its own colour.
    HalfBlocks,
    /// Eight dots per cell of one colour.
    Braille,
    /// Characters by brightness; needs no colour.
    Ascii,
    /// No pictures.
    Off,
}

impl MonitorMode {
    /// All of them, as they are typed.
    pub const WORDS: &'static [&'static str] = &[
        "auto",
        "kitty",
        "sixel",
        "iterm",
        "octants",
        "sextants",
        "quadrants",
        "half-blocks",
        "braille",
        "ascii",
        "off",
    ];

    /// In the order of their [words](Self::WORDS).
    pub const ALL: [Self; 11] = [
        Self::Auto,
        Self::Kitty,
        Self::Sixel,
        Self::Iterm,
        Self::Octants,
        Self::Sextants,
        Self::Quadrants,
        Self::HalfBlocks,
        Self::Braille,
        Self::Ascii,
        Self::Off,
    ];

    /// The mode that is typed so.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.word() == word)
    }

    /// As it is typed.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::WORDS[self as usize]
    }
}

/// How many colours a screen uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColorMode {
    /// Those that the terminal has.
    #[default]
    Auto,
    /// 24 bits.
    TrueColor,
    /// The 256 of xterm.
    Xterm256,
    /// The eight of ECMA-48 and their bright twins.
    Ansi16,
    /// None.
    None,
}

impl ColorMode {
    /// All of them, as they are typed.
    pub const WORDS: &'static [&'static str] = &["auto", "truecolor", "256", "16", "none"];

    /// In the order of their [words](Self::WORDS).
    pub const ALL: [Self; 5] = [Self::Auto, Self::TrueColor, Self::Xterm256, Self::Ansi16, Self::None];

    /// The mode that is typed so.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.word() == word)
    }

    /// As it is typed.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::WORDS[self as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_means_what_it_says() {
        for (word, mode) in MonitorMode::WORDS.iter().zip(MonitorMode::ALL) {
            assert_eq!((MonitorMode::of(word), mode.word()), (Some(mode), *word));
        }
        for (word, mode) in ColorMode::WORDS.iter().zip(ColorMode::ALL) {
            assert_eq!((ColorMode::of(word), mode.word()), (Some(mode), *word));
        }
        assert!(MonitorMode::of("Sixel").is_none() && ColorMode::of("8").is_none());
    }
}
