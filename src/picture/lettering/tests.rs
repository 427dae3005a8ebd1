//! What is drawn is looked at: where there is ink, that characters differ, that what has colour keeps it.

use super::*;
use crate::media::Plane;
use proptest::prelude::*;

fn own() -> Letterer {
    Letterer::new(own_fonts(), "en-US")
}

/// With the fonts of the system, where those that are asked for are there.
fn with_system(families: &[&str]) -> Option<Letterer> {
    let mut fonts = own_fonts();
    fonts.load_system_fonts();
    let letterer = Letterer::new(fonts, "en-US");
    let is_there = families.iter().all(|family| letterer.has_family(family));
    if !is_there {
        eprintln!("SKIPPED: {families:?} are not installed");
    }
    is_there.then_some(letterer)
}

fn white(size: f32) -> TextStyle {
    TextStyle {
        size,
        ..TextStyle::default()
    }
}

fn alpha(lettered: &Lettered) -> Vec<u8> {
    let (luma, alpha) = lettered.graphic.plane(Plane::Y);
    alpha.map_or_else(|| vec![255; luma.len()], <[u8]>::to_vec)
}

/// Left, top, right, bottom of what has ink, exclusive.
fn bounds(lettered: &Lettered) -> Option<[usize; 4]> {
    let width = lettered.graphic.frame.width() as usize;
    let alpha = alpha(lettered);
    let inked = || {
        (0..alpha.len())
            .filter(|at| alpha[*at] > 40)
            .map(|at| (at % width, at / width))
    };
    Some([
        inked().map(|(x, _)| x).min()?,
        inked().map(|(_, y)| y).min()?,
        inked().map(|(x, _)| x).max()? + 1,
        inked().map(|(_, y)| y).max()? + 1,
    ])
}

#[test]
fn letters_stand_where_they_are_put() {
    let pool = FramePool::new();
    let mut letterer = own();
    for (align, vertical, left, top) in [
        (Align::Start, Align::Start, 0..20, 0..40),
        (Align::Center, Align::Center, 120..170, 60..100),
        (Align::End, Align::End, 240..310, 130..180),
    ] {
        let style = TextStyle {
            align,
            vertical_align: vertical,
            padding: 4.0,
            ..white(32.0)
        };
        let drawn = letterer.letter("Hi", &style, (320, 200), &pool);
        let [x, y, right, bottom] = bounds(&drawn).unwrap();
        assert!(left.contains(&x) && top.contains(&y), "{align:?}: {x} {y}");
        assert!(
            (20..60).contains(&(right - x)) && (18..32).contains(&(bottom - y)),
            "{right} {bottom}"
        );
        assert!(drawn.missing.is_empty());
    }
}

#[test]
fn every_character_has_a_shape_of_its_own() {
    let pool = FramePool::new();
    let mut letterer = own();
    let text = "ABCDEFGHabcdefgh0123456789ÄéñßЖЩΩψשלمع€";
    let drawn: Vec<_> = text
        .chars()
        .map(|character| {
            let drawn = letterer.letter(&character.to_string(), &white(40.0), (80, 64), &pool);
            assert!(drawn.missing.is_empty(), "{character}");
            assert!(bounds(&drawn).is_some(), "{character}");
            alpha(&drawn)
        })
        .collect();
    for (at, one) in drawn.iter().enumerate() {
        assert!(
            drawn[..at].iter().all(|other| other != one),
            "number {at} looks like another"
        );
    }
    let bold = TextStyle {
        is_bold: true,
        ..white(40.0)
    };
    let italic = TextStyle {
        is_italic: true,
        ..white(40.0)
    };
    let plain = alpha(&letterer.letter("H", &white(40.0), (80, 64), &pool));
    let sum = |alpha: &[u8]| alpha.iter().map(|alpha| u32::from(*alpha)).sum::<u32>();
    assert!(sum(&alpha(&letterer.letter("H", &bold, (80, 64), &pool))) > sum(&plain) * 5 / 4);
    assert_ne!(alpha(&letterer.letter("H", &italic, (80, 64), &pool)), plain);
}

#[test]
fn lines_are_broken_and_made_smaller() {
    let pool = FramePool::new();
    let mut letterer = own();
    let text = "A line that is broken where words end";
    let wrapped = letterer.letter(text, &white(30.0), (240, 200), &pool);
    let [_, top, right, bottom] = bounds(&wrapped).unwrap();
    assert!(bottom - top > 60 && right <= 240, "{top} {bottom} {right}");
    let single = TextStyle {
        is_wrapped: false,
        ..white(30.0)
    };
    let shrunk = letterer.letter(text, &single, (400, 60), &pool);
    let [_, top, right, bottom] = bounds(&shrunk).unwrap();
    assert!(
        bottom - top < 26 && right <= 400 && right > 330,
        "{top} {bottom} {right}"
    );
    // Half the size is the least: the rest is cut.
    let cut = letterer.letter(text, &single, (100, 60), &pool);
    let [_, top, right, bottom] = bounds(&cut).unwrap();
    assert!(
        (9..22).contains(&(bottom - top)) && right > 88,
        "{top} {bottom} {right}"
    );
}

#[test]
fn right_to_left_begins_at_the_right() {
    let pool = FramePool::new();
    let mut letterer = own();
    let mut shape = |text: &str| {
        let drawn = letterer.letter(text, &white(40.0), (200, 60), &pool);
        let [left, _, right, _] = bounds(&drawn).unwrap();
        let alpha = alpha(&drawn);
        // The ink by columns.
        let column = |x: usize| (0..60).map(|y| u32::from(alpha[y * 200 + x])).sum::<u32>();
        (left..right).map(column).collect::<Vec<_>>()
    };
    let (first, second, both) = (shape("ש"), shape("ן"), shape("שן"));
    let close = |a: &[u32], b: &[u32]| a.iter().zip(b).filter(|(a, b)| a.abs_diff(**b) > 900).count() <= a.len() / 4;
    assert!(
        close(&first, &both[both.len() - first.len()..]),
        "the first letter is the rightmost"
    );
    assert!(close(&second, &both[..second.len()]));
}

#[test]
fn colours_background_and_outline_are_those_of_the_style() {
    let pool = FramePool::new();
    let mut letterer = own();
    let style = TextStyle {
        color: [255, 255, 0, 255],
        background: Some([0, 0, 255, 128]),
        outline: Some((3.0, [255, 0, 0, 255])),
        align: Align::Center,
        ..white(60.0)
    };
    let drawn = letterer.letter("I", &style, (120, 90), &pool);
    let (luma, shares) = drawn.graphic.plane(Plane::Y);
    let shares = shares.unwrap();
    assert_eq!((luma[0], shares[0]), (16, 128), "half of the blue of the background");
    // Through the stem: background, line, letter, line, background.
    let row = 45 * 120;
    let codes = (0..120).map(|x| luma[row + x]).collect::<Vec<_>>();
    let (yellow, red) = (219, 63);
    let first = |code: u8| codes.iter().position(|y| y.abs_diff(code) <= 3);
    let (line, letter) = (first(red).unwrap(), first(yellow).unwrap());
    assert!(line < letter && letter - line <= 5, "{line} {letter}");
    assert_eq!(shares[row + letter], 255);
    let thin = TextStyle { outline: None, ..style };
    let thin = letterer.letter("I", &thin, (120, 90), &pool);
    assert!(
        thin.graphic
            .plane(Plane::Y)
            .0
            .iter()
            .all(|y| y.abs_diff(red) > 3 || *y < 63)
    );
}

#[test]
fn what_no_font_has_is_a_box_and_told() {
    let pool = FramePool::new();
    let drawn = own().letter("a漢漢字", &white(40.0), (300, 60), &pool);
    assert_eq!(drawn.missing, ['漢', '字']);
    assert!(bounds(&drawn).unwrap()[2] > 60);
}

#[test]
fn chinese_and_japanese_have_their_characters() {
    let Some(mut letterer) = with_system(&["Droid Sans Fallback"]) else {
        return;
    };
    let pool = FramePool::new();
    let mut drawn = Vec::new();
    for text in ["漢", "字", "か", "カ", "价"] {
        for is_bold in [false, true] {
            let style = TextStyle { is_bold, ..white(40.0) };
            let lettered = letterer.letter(text, &style, (60, 60), &pool);
            assert!(lettered.missing.is_empty(), "{text}");
            drawn.push(alpha(&lettered));
        }
    }
    for pair in drawn.chunks(2).collect::<Vec<_>>().windows(2) {
        assert_ne!(pair[0][0], pair[1][0]);
    }
}

#[test]
fn emoji_have_their_colours() {
    let Some(mut letterer) = with_system(&["Noto Color Emoji"]) else {
        return;
    };
    let pool = FramePool::new();
    let drawn = letterer.letter("🍎", &white(60.0), (100, 80), &pool);
    assert!(drawn.missing.is_empty());
    let (red, shares) = drawn.graphic.plane(Plane::V);
    let shares = shares.unwrap();
    // Red of an apple, where it is opaque.
    let strong = red
        .iter()
        .zip(shares)
        .filter(|(v, alpha)| **alpha == 255 && **v > 180)
        .count();
    assert!(strong > 150, "{strong}");
}

#[test]
fn every_separator_of_paragraphs_begins_a_line() {
    let pool = FramePool::new();
    let mut letterer = own();
    let mut letter = |separator: &str| {
        let drawn = letterer.letter(&format!("ש{separator}Σ"), &white(20.0), (60, 60), &pool);
        assert!(drawn.missing.is_empty(), "{separator:?}: {:?}", drawn.missing);
        alpha(&drawn)
    };
    let expected = letter("\n");
    for separator in [
        "\r\n", "\u{b}", "\u{c}", "\u{1c}", "\u{1d}", "\u{1e}", "\u{85}", "\u{2028}", "\u{2029}",
    ] {
        assert_eq!(letter(separator), expected, "{separator:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn any_text_in_any_style(text in "\\PC{0,60}", numbers in any::<[f32; 3]>(), small in any::<bool>(), w in 0u32..200, h in 0u32..120,
                             flags in any::<[bool; 3]>(), aligns in any::<[u8; 2]>()) {
        let bound = |number: f32| if small { number.abs() % 60.0 } else { number };
        let align = |at: u8| [Align::Start, Align::Center, Align::End][at as usize % 3];
        let style = TextStyle {
            size: bound(numbers[0]), padding: bound(numbers[1]), outline: flags[2].then_some((bound(numbers[2]), [1, 2, 3, 200])),
            is_bold: flags[0], is_wrapped: flags[1], align: align(aligns[0]), vertical_align: align(aligns[1]),
            ..TextStyle::default()
        };
        let drawn = own().letter(&text, &style, (w, h), &FramePool::new());
        prop_assert_eq!((drawn.graphic.frame.width(), drawn.graphic.frame.height()), ((w & !1).max(2), (h & !1).max(2)));
        // Never more colour than alpha.
        if let (luma, Some(alpha)) = drawn.graphic.plane(Plane::Y) {
            prop_assert!(luma.iter().zip(alpha).all(|(y, alpha)| *y <= alpha.saturating_add(1)));
        }
    }
}
