//! Places in the unit that the file has them in: a share stays a share, pixels stay pixels, and what is written means the very
//! rectangle that is seen.
//!
//! A file says where a rectangle begins and how large it is; its edges are rounded to pixels (`check::target`). So the number that
//! is written is chosen from all those that round to the right edges: the shortest one, nearest to the exact share.

use crate::scene::value::Length;

/// A length as the file has it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Written {
    /// In pixels of the program, not rounded.
    pub pixels: f64,
    /// What it is written in.
    pub unit: Unit,
}

/// What a length is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// Pixels.
    Pixels,
    /// Percent of the program.
    Percent,
}

/// How far from the middle between two pixels a number stays, so that no rounding on the way turns it to the other side.
const MARGIN: f64 = 0.01;

/// The most decimals that are tried.
const DECIMALS: i32 = 8;

impl Written {
    /// Reads a length of a program that has `whole` pixels in that direction, as the reader of scenes does: to the last bit, and
    /// within its bounds.
    pub fn read(text: &str, whole: f64) -> Option<Self> {
        let (pixels, unit) = match Length::parse(text)? {
            Length::Pixels(pixels) => (pixels, Unit::Pixels),
            Length::Share(share) => (share * whole, Unit::Percent),
        };
        Some(Self { pixels, unit })
    }
}

/// The number that stands for a length: `"37.5%"` without its quotes, or `480`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Number {
    /// As it is written.
    pub text: String,
    /// What it means in pixels.
    pub pixels: f64,
}

/// The shortest number of that unit that is `from` to `until` pixels of `whole`, `ideal` if that is one of them. Shares end sooner
/// than pixels do: what lies beyond ten programs is written in pixels.
fn shortest(unit: Unit, whole: f64, ideal: f64, from: f64, until: f64) -> Option<Number> {
    shortest_in(unit, whole, ideal, from, until).or_else(|| match unit {
        Unit::Percent => shortest_in(Unit::Pixels, whole, ideal, from, until),
        Unit::Pixels => None,
    })
}

fn shortest_in(unit: Unit, whole: f64, ideal: f64, from: f64, until: f64) -> Option<Number> {
    let is_within = |pixels: f64| (from..=until).contains(&pixels);
    let middle = f64::midpoint(from, until);
    [ideal, middle].into_iter().find_map(|wanted| {
        let wanted = match unit {
            Unit::Pixels => wanted,
            Unit::Percent => wanted / whole * 100.0,
        };
        (0..=DECIMALS).find_map(|decimals| {
            let scale = 10_f64.powi(decimals);
            let number = (wanted * scale).round() / scale;
            // Minus zero is nothing that a person would write.
            let number = if number == 0.0 { 0.0 } else { number };
            let text = match unit {
                Unit::Pixels => number.to_string(),
                Unit::Percent => format!("{number}%"),
            };
            let pixels = Written::read(&text, whole)?.pixels;
            is_within(pixels).then_some(Number { text, pixels })
        })
    })
}

/// What is to be written anew, so that a rectangle begins at the pixel `start` and has `length` pixels in this direction: where it
/// begins, and how long it is. The one that can stay as it is, does.
pub(super) fn place(
    position: Written,
    size: Written,
    whole: f64,
    (start, length): (i32, i32),
) -> Option<(Option<Number>, Option<Number>)> {
    let begins = f64::from(start);
    let ends = begins + f64::from(length);
    let is_begin = |pixels: f64| rounds_to(pixels, start);
    let is_end = |position: f64, size: f64| rounds_to(position + size, start.saturating_add(length));
    let half = 0.5 - MARGIN;
    if is_begin(position.pixels) {
        if is_end(position.pixels, size.pixels) {
            return Some((None, None));
        }
        let from = ends - half - position.pixels;
        let size = shortest(size.unit, whole, f64::from(length), from, from + 2.0 * half)?;
        return Some((None, Some(size)));
    }
    // The size stays, if there is a beginning with which both edges are right.
    let from = (begins - half).max(ends - half - size.pixels);
    let until = (begins + half).min(ends + half - size.pixels);
    if from <= until
        && let Some(found) = shortest(position.unit, whole, begins, from, until)
    {
        return Some((Some(found), None));
    }
    let position = shortest(position.unit, whole, begins, begins - half, begins + half)?;
    let from = ends - half - position.pixels;
    let size = shortest(size.unit, whole, f64::from(length), from, from + 2.0 * half)?;
    Some((Some(position), Some(size)))
}

fn rounds_to(pixels: f64, wanted: i32) -> bool {
    // Between two pixels exactly is written by somebody who meant it: the reader's own rounding decides.
    pixels.round() as i32 == wanted
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Written {
        Written::read(text, 1280.0).unwrap()
    }

    fn texts(position: &str, size: &str, wanted: (i32, i32)) -> (Option<String>, Option<String>) {
        let (position, size) = place(read(position), read(size), 1280.0, wanted).unwrap();
        (position.map(|number| number.text), size.map(|number| number.text))
    }

    #[test]
    fn what_is_right_stays_and_units_are_kept() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(texts("50%", "50%", (640, 640)), (None, None));
        assert_eq!(texts("50%", "50%", (480, 640)), (some("37.5%"), None));
        assert_eq!(texts("0", "50%", (480, 640)), (some("480"), None));
        assert_eq!(texts("10%", "25%", (128, 480)), (None, some("37.5%")));
        assert_eq!(texts("10%", "320", (100, 200)), (some("7.8%"), some("200")));
        assert_eq!(texts("0", "33.3%", (-100, 426)), (some("-100"), None));
        assert_eq!(texts("5", "100%", (0, 1280)), (some("0"), None));
        // The reader takes 1000% at most.
        assert_eq!(texts("0%", "25%", (12_800, 320)), (some("1000%"), None));
        assert_eq!(texts("0%", "25%", (14_874, 320)), (some("14874"), None));
    }

    proptest! {
        #[test]
        fn what_is_written_means_what_is_seen(
            position in -4000.0f64..4000.0, size in 2.0f64..4000.0, shares in any::<[bool; 2]>(), whole in 64u32..8000,
            start in -16_000i32..16_000, length in 2i32..16_000,
        ) {
            let whole = f64::from(whole);
            let unit = |is_share| if is_share { Unit::Percent } else { Unit::Pixels };
            let position = Written { pixels: position, unit: unit(shares[0]) };
            let size = Written { pixels: size, unit: unit(shares[1]) };
            let (new_position, new_size) = place(position, size, whole, (start, length)).unwrap();
            let meant = |number: &Option<Number>, before: Written| {
                number.as_ref().map_or(before.pixels, |number| Written::read(&number.text, whole).unwrap().pixels)
            };
            let (from, long) = (meant(&new_position, position), meant(&new_size, size));
            prop_assert_eq!(from.round() as i32, start);
            prop_assert_eq!((from + long).round() as i32, start + length);
            for number in [new_position, new_size].into_iter().flatten() {
                prop_assert!(number.text.len() <= 16, "{}", number.text);
            }
        }
    }
}
