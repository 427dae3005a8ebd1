//! What can be done to an item of a scene, as it is typed.

use crate::studio::model::{Crop, Fit, ItemPatch};

/// An item: of which scene, and which one. Names or numbers, as typed; items in groups by the way to them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemRef {
    /// The scene's name, or its number from 1.
    pub scene: String,
    /// The item's name, or its number from 1, the lowest first.
    pub item: String,
}

/// What is done to an item.
#[derive(Clone, Debug, PartialEq)]
pub enum ItemChange {
    /// Its top left corner.
    Move(Shift, Shift),
    /// Width and height; without a height, that follows the width.
    Size(Shift, Option<Shift>),
    /// What is cut away at one side, or at all of them.
    Crop(Side, Shift),
    /// How much of it is seen.
    Opacity(Shift),
    /// How high it lies.
    Height(Height),
    /// How it fills its place; without one, the next way.
    Fit(Option<Fit>),
    /// Whether it is seen; `None` is the other one.
    Show(Option<bool>),
    /// What it says.
    Text(String),
    /// Everything as in the file.
    Reset,
    /// All of this: what takes another change back.
    Put(Box<ItemPatch>),
}

/// A length on the program, or a share of something.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Measure {
    /// A plain number: pixels, or a share from 0 to 1.
    Plain(f64),
    /// A share: 1 is all of it.
    Share(f64),
}

/// A measure as it is set or changed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shift {
    /// To this.
    Set(Measure),
    /// By so much.
    Change(Measure),
}

/// How high an item lies among the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Height {
    /// This `z`.
    Set(i32),
    /// So much higher.
    Change(i32),
    /// Over the next one.
    Raise,
    /// Under the next one.
    Lower,
}

/// Sides of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The left edge.
    Left,
    /// The top edge.
    Top,
    /// The right edge.
    Right,
    /// The bottom edge.
    Bottom,
    /// All four.
    All,
}

impl Side {
    /// All of them, as they are typed.
    pub const WORDS: &'static [&'static str] = &["left", "top", "right", "bottom", "all"];

    const ALL: [Self; 5] = [Self::Left, Self::Top, Self::Right, Self::Bottom, Self::All];

    /// The one that is typed so.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|side| side.word() == word)
    }

    /// As it is typed.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::WORDS[self as usize]
    }

    /// The shares of these sides.
    pub fn of_crop(self, crop: &mut Crop) -> impl Iterator<Item = &mut f32> {
        let Crop {
            left,
            top,
            right,
            bottom,
        } = crop;
        [
            (Self::Left, left),
            (Self::Top, top),
            (Self::Right, right),
            (Self::Bottom, bottom),
        ]
        .into_iter()
        .filter(move |(side, _)| self == Self::All || self == *side)
        .map(|(_, share)| share)
    }
}

/// The words of [`Fit`], as they are typed.
pub const FITS: &[&str] = &["contain", "cover", "stretch"];

/// The fit that is typed so.
#[must_use]
pub fn fit_of(word: &str) -> Option<Fit> {
    match word {
        "contain" => Some(Fit::Contain),
        "cover" => Some(Fit::Cover),
        "stretch" => Some(Fit::Stretch),
        _ => None,
    }
}

/// As it is typed.
#[must_use]
pub const fn fit_word(fit: Fit) -> &'static str {
    match fit {
        Fit::Contain => "contain",
        Fit::Cover => "cover",
        Fit::Stretch => "stretch",
    }
}

/// `10`, `-10`, `50%` set; `+10`, `-=10`, `+5%` change.
#[must_use]
pub fn shift(word: &str) -> Option<Shift> {
    let measure = |text: &str, factor: f64| {
        let (number, is_share) = match text.strip_suffix('%') {
            Some(number) => (number, true),
            None => (text.strip_suffix("px").unwrap_or(text), false),
        };
        let number = number.parse::<f64>().ok().filter(|number| number.is_finite())? * factor;
        Some(if is_share {
            Measure::Share(number / 100.0)
        } else {
            Measure::Plain(number)
        })
    };
    if let Some(less) = word.strip_prefix("-=") {
        measure(less, -1.0).map(Shift::Change)
    } else if let Some(more) = word.strip_prefix("+=").or_else(|| word.strip_prefix('+')) {
        measure(more, 1.0).map(Shift::Change)
    } else {
        measure(word, 1.0).map(Shift::Set)
    }
}

/// `3`, `-3` set; `+1`, `-=1` change.
#[must_use]
pub fn height(word: &str) -> Option<Height> {
    let step = |text: &str| text.parse::<u16>().ok().map(i32::from);
    if let Some(less) = word.strip_prefix("-=") {
        step(less).map(|by| Height::Change(-by))
    } else if let Some(more) = word.strip_prefix("+=").or_else(|| word.strip_prefix('+')) {
        step(more).map(Height::Change)
    } else {
        word.parse().ok().map(Height::Set)
    }
}

/// What is to be shown as letters; `\n` begins a new line.
#[must_use]
pub fn text(word: &str) -> Option<String> {
    /// Longer than any text that can be read on a picture.
    const MOST: usize = 4096;
    (word.len() <= MOST).then(|| word.replace("\\n", "\n"))
}

impl Shift {
    /// As it is typed.
    #[must_use]
    pub fn word(self) -> String {
        let word = |number: f64, unit: &str, is_change: bool| match (is_change, number < 0.0) {
            (false, _) => format!("{number}{unit}"),
            (true, true) => format!("-={}{unit}", -number),
            (true, false) => format!("+{number}{unit}"),
        };
        // Shares are typed as percent: their last digits are none that anybody typed.
        let percent = |share: f64| (share * 1e8).round() / 1e6;
        match self {
            Self::Set(Measure::Plain(number)) => word(number, "", false),
            Self::Set(Measure::Share(share)) => word(percent(share), "%", false),
            Self::Change(Measure::Plain(number)) => word(number, "", true),
            Self::Change(Measure::Share(share)) => word(percent(share), "%", true),
        }
    }
}

impl ItemChange {
    /// The words that make it, with that between the name of the command and the rest; `None` for what nobody types.
    #[must_use]
    pub fn line(&self, of: &str) -> Option<String> {
        Some(match self {
            Self::Move(x, y) => format!("item move {of} {} {}", x.word(), y.word()),
            Self::Size(width, None) => format!("item size {of} {}", width.word()),
            Self::Size(width, Some(height)) => format!("item size {of} {} {}", width.word(), height.word()),
            Self::Crop(side, share) => format!("item crop {of} {} {}", side.word(), share.word()),
            Self::Opacity(share) => format!("item opacity {of} {}", share.word()),
            Self::Height(Height::Set(z)) => format!("item z {of} {z}"),
            Self::Height(Height::Change(by)) if *by < 0 => format!("item z {of} -={}", by.unsigned_abs()),
            Self::Height(Height::Change(by)) => format!("item z {of} +{by}"),
            Self::Height(Height::Raise) => format!("item raise {of}"),
            Self::Height(Height::Lower) => format!("item lower {of}"),
            Self::Fit(None) => format!("item fit {of}"),
            Self::Fit(Some(fit)) => format!("item fit {of} {}", fit_word(*fit)),
            Self::Show(Some(true)) => format!("item show {of}"),
            Self::Show(Some(false)) => format!("item hide {of}"),
            Self::Show(None) => format!("item toggle {of}"),
            Self::Text(text) => format!("item text {of} \"{}\"", text.replace('\n', "\\n")),
            Self::Reset => format!("item reset {of}"),
            Self::Put(_) => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lengths_are_set_or_changed_in_pixels_or_shares() {
        for (word, meant) in [
            ("40", Some(Shift::Set(Measure::Plain(40.0)))),
            ("-40px", Some(Shift::Set(Measure::Plain(-40.0)))),
            ("12.5%", Some(Shift::Set(Measure::Share(0.125)))),
            ("+10", Some(Shift::Change(Measure::Plain(10.0)))),
            ("+=1%", Some(Shift::Change(Measure::Share(0.01)))),
            ("-=10", Some(Shift::Change(Measure::Plain(-10.0)))),
            ("", None),
            ("%", None),
            ("NaN", None),
            ("1e999", None),
            ("ten", None),
        ] {
            assert_eq!(shift(word), meant, "{word}");
        }
        assert_eq!(height("-3"), Some(Height::Set(-3)));
        assert_eq!(height("-=3"), Some(Height::Change(-3)));
        assert_eq!(height("+99999"), None);
        assert_eq!(text("a\\nb").as_deref(), Some("a\nb"));
        assert_eq!(text(&"a".repeat(4097)), None);
    }

    proptest! {
        #[test]
        fn a_word_is_read_again(word in "([+]|-=|-)?[0-9]{1,5}([.][0-9]{1,3})?%?", other in ".{0,8}") {
            let meant = shift(&word).unwrap();
            prop_assert_eq!(shift(&meant.word()), Some(meant), "{} is {}", word, meant.word());
            if let Some(meant) = shift(&other) {
                prop_assert!(shift(&meant.word()).is_some(), "{other}");
            }
            let _ = (height(&other), text(&other));
        }
    }
}
