//! Themes: what is shipped can be read, by the loader and by the eye; what is wrong in a file is named.

use super::color::{Depth, contrast, seen, xterm};
use super::*;
use proptest::prelude::*;

/// Styles that draw lines and bars: WCAG 2.1 asks 3 to 1 of what is no text.
const GRAPHICS: [Part; 7] = [
    Part::Frame,
    Part::MeterLow,
    Part::MeterMiddle,
    Part::MeterHigh,
    Part::MeterDimLow,
    Part::MeterDimMiddle,
    Part::MeterDimHigh,
];

/// Letters that stand on a row that keys act on.
const ON_SELECTED: [Part; 4] = [Part::Text, Part::Strong, Part::Good, Part::Warning];

fn colored() -> impl Iterator<Item = (&'static str, Theme, Depth)> {
    let themes = ["dark", "light", "high-contrast"];
    let depths = [Depth::TrueColor, Depth::Xterm256];
    themes
        .into_iter()
        .flat_map(move |name| depths.map(|depth| (name, Theme::shipped(name).unwrap().at(depth), depth)))
}

/// How far letters of a part stand out from what they stand on.
fn ratio(theme: Theme, part: Part, ground: [u8; 3]) -> f64 {
    let style = theme.style(part);
    let ink = style
        .fg
        .and_then(seen)
        .unwrap_or_else(|| theme.text().fg.and_then(seen).unwrap());
    contrast(ink, style.bg.and_then(seen).unwrap_or(ground))
}

#[test]
fn letters_stand_out_from_their_ground() {
    for (name, theme, depth) in colored() {
        let ground = theme.ground().unwrap();
        let selected = theme.selected().bg.and_then(seen).unwrap();
        for (part, called) in Part::ALL {
            let least = match (name, GRAPHICS.contains(&part)) {
                ("high-contrast", _) => 7.0,
                // The frames of the dark theme are what they always were, 2.96.
                ("dark", true) => 2.9,
                (_, true) => 3.0,
                (_, false) => 4.5,
            };
            let found = ratio(theme, part, ground);
            assert!(
                found >= least,
                "{name} at {depth:?}: {called} has {found:.2}, {least} wanted"
            );
        }
        let least = if name == "high-contrast" { 7.0 } else { 4.5 };
        for part in ON_SELECTED {
            let found = ratio(theme, part, selected);
            assert!(
                found >= least,
                "{name} at {depth:?}: {part:?} on a selected row has {found:.2}"
            );
        }
    }
}

#[test]
fn the_dark_theme_looks_as_it_did() {
    let theme = Theme::shipped("dark").unwrap();
    let ink = |style: Style| match style.fg {
        Some(Color::Indexed(index)) => index,
        other => panic!("{other:?}"),
    };
    assert_eq!(ink(theme.text()), 252);
    assert_eq!(
        theme.strong(),
        Style::new().fg(Color::Indexed(255)).add_modifier(Modifier::BOLD)
    );
    assert_eq!(
        [ink(theme.label()), ink(theme.frame()), ink(theme.accent())],
        [245, 240, 110]
    );
    assert_eq!([-3.0, -12.0, -30.0].map(|db| ink(theme.meter(db))), [203, 221, 71]);
    assert_eq!([-3.0, -12.0, -30.0].map(|db| ink(theme.meter_dim(db))), [131, 136, 65]);
    let badge = theme.program_badge();
    assert_eq!(
        (badge.fg, badge.bg),
        (Some(Color::Indexed(231)), Some(Color::Indexed(160)))
    );
}

#[test]
fn without_colour_there_is_none() {
    for name in Theme::names() {
        let theme = Theme::shipped(name).unwrap();
        for (part, called) in Part::ALL {
            let style = theme.at(Depth::None).style(part);
            assert_eq!((style.fg, style.bg), (None, None), "{name}: {called}");
            if name == "none" {
                assert_eq!(theme.style(part), style, "{called} is the same wherever it is shown");
            }
        }
        let alarm = theme.at(Depth::None).alarm();
        assert!(
            alarm.add_modifier.contains(Modifier::REVERSED | Modifier::BOLD),
            "{name}"
        );
    }
}

#[test]
fn sixteen_colours_never_hide_letters() {
    for name in Theme::names() {
        let theme = Theme::shipped(name).unwrap().at(Depth::Ansi16);
        for (part, called) in Part::ALL {
            let style = theme.style(part);
            assert!(style.fg.is_none() || style.fg != style.bg, "{name}: {called} {style:?}");
            let is_of_sixteen = |color| !matches!(color, Color::Indexed(_) | Color::Rgb(..));
            assert!(
                style.fg.is_none_or(is_of_sixteen) && style.bg.is_none_or(is_of_sixteen),
                "{name}: {called}"
            );
        }
    }
}

#[test]
fn a_users_file_changes_what_it_names() {
    let light = Theme::shipped("light").unwrap();
    let mine = Theme::read(
        "mine.toml",
        "base = \"light\"\n[styles]\nerror = { ink = \"#800000\" }\nlabel = { with = [\"italic\", \"bold\"] }",
    )
    .unwrap();
    assert_eq!(mine.name(), "mine.toml");
    assert_eq!(mine.error(), light.error().fg(Color::Rgb(0x80, 0, 0)));
    assert_eq!(
        mine.label(),
        light.label().add_modifier(Modifier::ITALIC | Modifier::BOLD)
    );
    assert_eq!(mine.text(), light.text());
    assert!(mine.is_light());
    assert_eq!(
        Theme::read("mine.toml", "").unwrap().text(),
        Theme::shipped("dark").unwrap().text()
    );
}

#[test]
fn what_is_wrong_is_named_with_its_place_and_what_would_be_right() {
    for (text, expected) in [
        (
            "grund = 3",
            "t.toml:1:1: there is no \"grund\" in a theme; did you mean \"ground\"?",
        ),
        (
            "base = \"drak\"",
            "t.toml:1:8: there is no theme \"drak\"; did you mean \"dark\"?",
        ),
        ("base = 3", "t.toml:1:8: base must be the name of a shipped theme"),
        (
            "[styles]\ntxt = { ink = 3 }",
            "t.toml:2:1: there is no style \"txt\"; did you mean \"text\"?",
        ),
        (
            "[styles]\ntext = 3",
            "t.toml:2:8: text must be a table such as { ink = 252 }",
        ),
        (
            "[styles]\n  text = { inc = 3 }",
            "t.toml:2:12: there is no \"inc\" in a style; did you mean \"ink\"?",
        ),
        (
            "[styles.text]\nink = 256",
            "t.toml:2:7: a colour is a number from 0 to 255, \"#rrggbb\", a name such as \"bright-red\", or \"default\"",
        ),
        (
            "[styles.text]\nink = \"rde\"",
            "t.toml:2:7: a colour is a number from 0 to 255, \"#rrggbb\", a name such as \"bright-red\", or \"default\"; \
             did you mean \"red\"?",
        ),
        (
            "[styles]\ntext = { with = [\"bold\", \"loud\"] }",
            "t.toml:2:26: a list of bold, dim, italic, underlined, reversed is wanted, such as [\"bold\"]",
        ),
        ("is_painted = 1", "t.toml:1:14: is_painted must be true or false"),
        ("about = [", "t.toml:1:10: "),
    ] {
        let error = Theme::read("t.toml", text).unwrap_err().to_string();
        if expected.ends_with(": ") {
            assert!(error.starts_with(expected), "{error}");
        } else {
            assert_eq!(error, expected);
        }
    }
}

#[test]
fn a_painted_ground_lies_under_everything() {
    let theme = Theme::shipped("light").unwrap();
    let mut buf = Buffer::with_lines(["ab"]);
    buf[(1, 0)].set_bg(Color::Red);
    theme.lay_ground(&mut buf);
    assert_eq!(
        (buf[(0, 0)].bg, buf[(1, 0)].bg),
        (Color::Rgb(255, 255, 255), Color::Red)
    );
    assert_eq!(buf[(0, 0)].fg, theme.text().fg.unwrap());
    let mut plain = Buffer::with_lines(["ab"]);
    theme.at(Depth::None).lay_ground(&mut plain);
    Theme::shipped("dark").unwrap().lay_ground(&mut plain);
    assert_eq!(plain, Buffer::with_lines(["ab"]));
    assert_eq!(xterm(16), [0; 3]);
}

proptest! {
    #[test]
    fn no_file_panics(text in "(base = \"[a-z]{0,5}\"\n)?(\\[styles\\]\n)?([a-z_]{0,8} ?= ?[\\{\\[\"a-z0-9= #\\]\\}]{0,24}\n){0,3}.{0,10}") {
        let _ = Theme::read("any", &text);
    }
}
