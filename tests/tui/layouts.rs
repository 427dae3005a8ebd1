//! Every layout at five sizes: its text once, since it is the same in every theme, and for each theme how many cells have
//! which style and, as a number, where they are. Monitors have no pictures here: how they are drawn is tested elsewhere.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::wildcard_imports,
    dead_code,
    missing_docs
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::network::adapting;
use crate::tui_fixture;
use insta::assert_snapshot;
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use rigcast::control::protocol::MonitorTarget;
use rigcast::studio::model::*;
use rigcast::tui::app::{Focus, Pane};
use rigcast::tui::terminal::Colors;
use rigcast::tui::view::layout::Arrangement;
use rigcast::tui::view::theme::{Part, Theme};
use tui_fixture::*;

const SIZES: [(u16, u16); 5] = [(60, 16), (80, 24), (120, 34), (200, 50), (300, 80)];

fn after(studio: Studio, (columns, rows): (u16, u16), line: &str) -> Screen {
    let mut screen = Screen::of(studio, columns, rows);
    let studio = screen.studio.clone();
    assert!(screen.ui.run_line(&studio, line).is_empty(), "{line}");
    screen.ui.toast = None;
    screen
}

/// The same with another theme, on a terminal that suits it.
fn themed(screen: &Screen, name: &str) -> (Buffer, Theme) {
    let mut ui = screen.ui.clone();
    ui.theme = Theme::shipped(name).unwrap();
    if name == "none" {
        ui.capabilities.colors = Colors::None;
    }
    let theme = ui.look();
    (screen.buffer_of(&ui), theme)
}

/// The style of a cell by its name: on a ground of the theme's own, on the row that keys act on, or as it is.
fn name(cell: &Cell, theme: Theme) -> String {
    let ground = theme.ground().map(|[r, g, b]| Color::Rgb(r, g, b));
    let mut style = (cell.fg, cell.bg, cell.modifier);
    if Some(style.1) == ground {
        style.1 = Color::Reset;
    }
    let find = |(fg, bg, modifier): (Color, Color, Modifier)| {
        let known = Part::ALL.into_iter().find(|(part, _)| {
            let of = theme.style(*part);
            let is_same = |ink: Option<Color>, cell: Color| ink.unwrap_or(Color::Reset) == cell;
            is_same(of.fg, fg) && is_same(of.bg, bg) && of.add_modifier == modifier
        });
        known.map(|(_, name)| name.to_owned())
    };
    let plain = (Color::Reset, Color::Reset, Modifier::empty());
    if style == plain
        || (cell.symbol() == " " && style.1 == Color::Reset && !cell.modifier.contains(Modifier::REVERSED))
    {
        return "nothing".to_owned();
    }
    let selected = theme.selected();
    find(style)
        .or_else(|| {
            let is_selected = selected.bg == Some(style.1);
            let without = |modifier: Modifier| find((style.0, Color::Reset, modifier));
            let on = || without(style.2).or_else(|| without(style.2 - selected.add_modifier));
            is_selected.then(|| format!("selected {}", on().unwrap_or_else(|| "?".to_owned())))
        })
        .or_else(|| find((style.0, style.1, style.2 - selected.add_modifier)).map(|name| format!("bold {name}")))
        .unwrap_or_else(|| format!("{style:?}"))
}

/// Which styles a screen has, how often, and a number for where.
fn digest(screen: &Screen) -> String {
    let mut lines = String::new();
    for theme_name in ["dark", "light", "high-contrast", "none"] {
        let (buffer, theme) = themed(screen, theme_name);
        assert_eq!(text_of(&buffer), screen.text(), "{theme_name} says the same");
        let mut counts: BTreeMap<String, u32> = BTreeMap::new();
        // FNV-1a over the names, cell by cell.
        let mut places: u32 = 0x811c_9dc5;
        for cell in buffer.content() {
            let name = name(cell, theme);
            for byte in name.bytes() {
                places = (places ^ u32::from(byte)).wrapping_mul(0x0100_0193);
            }
            *counts.entry(name).or_default() += 1;
        }
        let counts: Vec<String> = counts.iter().map(|(name, count)| format!("{name} {count}")).collect();
        let area = buffer.area;
        writeln!(
            lines,
            "{}×{} {theme_name} at {places:08x}: {}",
            area.width,
            area.height,
            counts.join(", ")
        )
        .unwrap();
    }
    lines
}

/// Compares a layout at every size, and its styles in every theme.
fn check(name: &str, studio: &Studio, line: &str) {
    let mut styles = String::new();
    for size in SIZES {
        let screen = after(studio.clone(), size, line);
        assert_snapshot!(format!("{name}_{}x{}", size.0, size.1), screen.text());
        styles += &digest(&screen);
    }
    assert_snapshot!(format!("{name}_styles"), styles.trim_end());
}

#[test]
fn desk() {
    check("desk", &studio(), "layout desk");
}

#[test]
fn program() {
    check("program", &studio(), "layout program");
}

#[test]
fn multiview() {
    check("multiview", &studio(), "layout multiview");
}

#[test]
fn mixer() {
    check("mixer", &studio(), "layout mixer");
}

#[test]
fn line() {
    check("line", &studio(), "layout line");
}

#[test]
fn moderation() {
    let mut studio = studio();
    held(&mut studio);
    check("moderation", &studio, "page moderation");
}

#[test]
fn network() {
    check("network", &adapting(), "page network");
}

/// Nine sources, each with its strip.
fn nine() -> Studio {
    let mut studio = studio();
    let (source, strip) = (studio.sources[1].clone(), studio.strips[1].clone());
    for at in 5..=9 {
        let name = format!("camera {at}");
        studio.sources.push(SourceModel {
            name: name.clone(),
            is_on_preview: false,
            ..source.clone()
        });
        studio.strips.push(Strip { name, ..strip.clone() });
    }
    studio
}

#[test]
fn nine_sources_are_a_multiview() {
    for size in [(80, 24), (120, 34), (300, 80)] {
        let screen = after(nine(), size, "layout multiview");
        assert_snapshot!(format!("nine_sources_{}x{}", size.0, size.1), screen.text());
    }
    let area = ratatui::layout::Rect::new(0, 0, 120, 34);
    let screen = after(nine(), (120, 34), "layout multiview");
    let arrangement = Arrangement::new(area, &screen.studio, &screen.ui).unwrap();
    assert_eq!(arrangement.monitors(&screen.studio).len(), 11);
}

#[test]
fn nine_strips_are_faders_as_far_as_they_fit() {
    for size in [(60, 16), (120, 34)] {
        let mut screen = after(nine(), size, "layout mixer");
        screen.press("left");
        assert_snapshot!(format!("nine_strips_{}x{}", size.0, size.1), screen.text());
    }
}

#[test]
fn more_sources_than_nine_are_counted() {
    let mut studio = nine();
    let source = studio.sources[8].clone();
    studio.sources.extend([source.clone(), source.clone(), source]);
    let screen = after(studio, (120, 34), "layout multiview");
    assert!(screen.text().contains(" +3 more sources "), "{}", screen.text());
}

#[test]
fn pictures_of_characters_stay_on_black_where_the_theme_is_light() {
    let mut screen = after(studio(), (80, 24), "zoom program").with_pictures();
    screen.ui.theme = Theme::shipped("light").unwrap();
    let buffer = screen.buffer();
    assert_eq!(buffer[(40, 12)].bg, Color::Indexed(16), "a picture");
    assert_eq!(buffer[(40, 0)].bg, Color::Rgb(255, 255, 255), "the status line");
}

#[test]
fn nothing_overlaps_and_nothing_stands_outside() {
    for line in ["layout desk", "layout program", "layout multiview", "layout mixer"] {
        let screen = after(nine(), (60, 16), line);
        for columns in (60..=300).step_by(12) {
            for rows in (16..=80).step_by(8) {
                let area = ratatui::layout::Rect::new(0, 0, columns, rows);
                let arrangement = Arrangement::new(area, &screen.studio, &screen.ui).unwrap();
                let mut places = vec![
                    arrangement.status,
                    arrangement.footer,
                    arrangement.program,
                    arrangement.preview,
                    arrangement.scenes,
                    arrangement.gauges,
                    arrangement.board,
                    arrangement.loudness,
                ];
                places.extend(arrangement.tiles.iter().map(|(_, place)| *place));
                places.extend(arrangement.panes.iter().map(|(_, place)| *place));
                places.retain(|place| !place.is_empty());
                for (at, place) in places.iter().enumerate() {
                    assert_eq!(place.intersection(area), *place, "{line} at {columns}×{rows}");
                    let covered = places[..at].iter().find(|other| other.intersects(*place));
                    assert_eq!(covered, None, "{line} at {columns}×{rows}: {place:?}");
                }
                let used: u32 = places.iter().map(|place| place.area()).sum();
                let all = u32::from(columns) * u32::from(rows);
                assert!(
                    used * 3 >= all * 2,
                    "{line} at {columns}×{rows} uses {used} of {all} cells"
                );
            }
        }
    }
}

#[test]
fn the_smaller_the_screen_the_less_the_line_says_but_never_the_wrong_thing() {
    let line = |studio: &Studio, columns: u16| Screen::of(studio.clone(), columns, 1).text();
    let mut said = String::new();
    let mut troubled = studio();
    held(&mut troubled);
    armed(&mut troubled);
    troubled.recording.failure = Some("no space left".into());
    troubled.destinations[1].state = DestinationState::Failed {
        reason: "bad stream key".into(),
    };
    for (studio, columns) in [
        (&studio(), [20, 30, 40, 60, 80, 120]),
        (&troubled, [20, 30, 40, 60, 80, 160]),
    ] {
        for columns in columns {
            writeln!(said, "{columns:>3}│{}", line(studio, columns)).unwrap();
        }
    }
    assert_snapshot!("line_by_width", said.trim_end());
    assert_snapshot!("line_50x5", Screen::of(troubled.clone(), 50, 5).text());
    assert_snapshot!("line_58x14", Screen::of(troubled, 58, 14).text());
}

#[test]
fn keys_work_in_one_line() {
    let mut screen = Screen::new(40, 1);
    assert_eq!(screen.act("m"), ["mute camera toggle"]);
    assert!(screen.studio.strips[0].settings.is_muted);
    screen.ui.toast = None;
    screen.press(":");
    screen.type_text("take");
    assert_eq!(screen.text(), ":take");
    screen.press("esc Q");
    assert_eq!(screen.text(), "SURE? y yes  any other no  end");
    screen.press("n");
    assert!(screen.text().starts_with("● ON AIR 00:19:14"), "{}", screen.text());
}

#[test]
fn layouts_are_chosen_by_key_and_kept_behind_pages() {
    let mut screen = Screen::new(120, 34);
    for (keys, seen) in [
        ("L v", "▸ PGM  wide"),
        ("tab", "▸ PVW  two shot"),
        ("tab", "▸camera"),
        ("tab", "▸guest"),
        ("backtab backtab backtab", "▸ PGM  wide"),
        ("W", "╭ HOLD "),
        ("esc", "▸ PGM  wide"),
        ("L m", " MIXER "),
        ("L d", " SCENES "),
        ("L l", "● ON AIR"),
        ("L L", " SCENES "),
        ("L L", "LUFS"),
    ] {
        screen.press(keys);
        assert!(screen.text().contains(seen), "{keys}: {seen}\n{}", screen.text());
    }
}

#[test]
fn what_has_the_focus_is_zoomed_and_makes_room_again() {
    let shown = |screen: &Screen| {
        let area = ratatui::layout::Rect::new(0, 0, 120, 34);
        let arrangement = Arrangement::new(area, &screen.studio, &screen.ui).unwrap();
        let monitors: Vec<MonitorTarget> = arrangement
            .monitors(&screen.studio)
            .into_iter()
            .map(|it| it.0)
            .collect();
        let panes: Vec<Pane> = arrangement.panes.iter().map(|pane| pane.0).collect();
        (monitors, panes, !arrangement.board.is_empty())
    };
    let mut screen = Screen::new(120, 34);
    let desk = shown(&screen);
    let source = |name: &str| vec![MonitorTarget::Source(name.to_owned())];
    for (keys, expected) in [
        ("z", (vec![], vec![], true)),
        ("tab tab", (vec![], vec![Pane::Destinations], false)),
        ("z", desk.clone()),
        ("Z p", (vec![MonitorTarget::Program], vec![], false)),
        ("Z v", (vec![MonitorTarget::Preview], vec![], false)),
        ("Z s", (source("camera"), vec![], false)),
        ("]", (source("guest"), vec![], false)),
        ("Z s", desk.clone()),
        ("L v tab tab z", (source("camera"), vec![], false)),
        ("tab", (source("guest"), vec![], false)),
    ] {
        screen.press(keys);
        assert_eq!(shown(&screen), expected, "{keys}");
    }
    assert_eq!(screen.ui.focus, Focus::Source);
    screen.press("L d i z");
    assert_eq!(shown(&screen).0, source("guest"), "of a page, what it is about");
    screen.press("z esc");
    assert!(screen.ui.zoom.is_none());
}

#[test]
fn themes_are_gone_through() {
    let mut screen = Screen::new(80, 24);
    let mut names = Vec::new();
    for _ in 0..5 {
        screen.press("T");
        names.push(screen.ui.theme.name());
    }
    assert_eq!(names, ["light", "high-contrast", "none", "dark", "light"]);
    let studio = screen.studio.clone();
    screen.ui.run_line(&studio, "theme own");
    assert!(screen.text().contains("× there is no own theme"), "{}", screen.text());
    screen.ui.own_theme = Some(Theme::read("mine.toml", "base = \"light\"\n[styles]\ntext = { ink = 3 }").unwrap());
    screen.ui.run_line(&studio, "theme own");
    assert_eq!(screen.ui.theme.name(), "mine.toml");
    screen.press("T");
    assert_eq!(screen.ui.theme.name(), "dark");
}
