//! Occlusion and the picture chain on screen: boxes and alarms wherever program is seen, the page of faces, the page of a
//! source's picture.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::wildcard_imports,
    dead_code,
    missing_docs
)]

use crate::tui_fixture;
use insta::assert_snapshot;
use proptest::prelude::*;
use ratatui::style::Color;
use rigcast::studio::command::MonitorMode;
use rigcast::studio::model::*;
use rigcast::tui::app::Overlay;
use rigcast::tui::terminal::Colors;
use tui_fixture::*;

/// A studio that is armed at a level of its policy, with faces on program.
fn at_level(level: u8) -> Studio {
    let mut studio = studio();
    armed(&mut studio);
    studio.occlusion.level = level;
    studio
}

fn after(studio: Studio, columns: u16, rows: u16, keys: &str) -> Screen {
    let mut screen = Screen::of(studio, columns, rows);
    if !keys.is_empty() {
        screen.act(keys);
    }
    screen.with_pictures()
}

/// The line that holds `part`.
fn line(screen: &Screen, part: &str) -> String {
    let text = screen.text();
    let found = text.lines().find(|line| line.contains(part));
    found.unwrap_or_else(|| panic!("no {part:?} in\n{text}")).to_owned()
}

fn policy(screen: &mut Screen, name: &str) {
    let policies = &screen.studio.occlusion.policies;
    let found = policies.iter().find(|policy| policy.name == name);
    screen.studio.occlusion.policy = found.unwrap_or_else(|| panic!("{policies:?}")).clone();
}

#[test]
fn boxes_stand_over_program_and_nowhere_else() {
    let screen = after(at_level(0), 80, 24, "");
    assert_snapshot!("boxes_80x24", screen.text());
    assert_snapshot!("boxes_120x34", after(at_level(2), 120, 34, "").text());
    assert_snapshot!("boxes_200x50", after(at_level(8), 200, 50, "").text());
}

#[test]
fn without_colour_lines_and_words_tell() {
    for (name, level, keys) in [("boxes_without_colour", 2, ""), ("faces_page_without_colour", 2, "F")] {
        let mut screen = Screen::of(at_level(level), 80, 24);
        screen.ui.capabilities = capabilities(Colors::None);
        screen.ui.monitor_mode = MonitorMode::Auto;
        if !keys.is_empty() {
            screen.act(keys);
        }
        let buffer = screen.with_pictures().buffer();
        for cell in buffer.content() {
            assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset), "{:?}", cell.symbol());
        }
        assert_snapshot!(name, marked_text(&buffer));
    }
}

#[test]
fn the_cover_is_an_alarm_wherever_one_looks() {
    let mut studio = at_level(0);
    studio.occlusion.cover = Some("face 12 was lost".into());
    let screen = after(studio.clone(), 80, 24, "");
    assert_snapshot!("cover_80x24", marked_text(&screen.buffer()));
    for (columns, rows, keys) in [
        (80, 24, ""),
        (80, 24, "F"),
        (80, 24, "enter"),
        (60, 16, "B"),
        (200, 50, "i"),
    ] {
        let screen = after(studio.clone(), columns, rows, keys);
        let status = screen.text().lines().next().unwrap().to_owned();
        assert!(status.contains("COVER ON"), "{columns}×{rows} {keys}: {status}");
        let buffer = screen.buffer();
        let at = (0..columns).find(|x| buffer[(*x, 0)].symbol() == "C" && buffer[(*x + 1, 0)].symbol() == "O");
        assert_eq!(buffer[(at.unwrap(), 0)].bg, Color::Indexed(160), "a red ground");
    }
    studio.occlusion.cover = None;
    assert!(!after(studio, 80, 24, "F").text().contains("COVER"));
}

#[test]
fn the_status_line_says_what_is_seen() {
    let top = |screen: &Screen| screen.text().lines().next().unwrap().to_owned();
    let badge = |screen: &Screen| {
        let buffer = screen.buffer();
        let at = (0..80).find(|x| buffer[(*x, 0)].symbol() == "O" && buffer[(*x + 2, 0)].symbol() == "C");
        at.map(|at| buffer[(at, 0)].bg)
    };
    let (green, yellow, red) = (Color::Indexed(71), Color::Indexed(180), Color::Indexed(160));
    let mut screen = Screen::new(80, 24);
    assert!(!top(&screen).contains("OCC"), "off");
    armed(&mut screen.studio);
    for (level, is_exempt, expected, ground) in [
        (0, false, " OCC 0/9 regions ", green),
        (0, true, " OCC 0/9 regions +1 exempt ", yellow),
        (3, false, " OCC 3/9 regions ", yellow),
        (9, false, " OCC FACES SHOWN ", red),
    ] {
        screen.studio.occlusion.level = level;
        screen.studio.occlusion.exempt = if is_exempt { vec![5] } else { Vec::new() };
        assert!(top(&screen).contains(expected.trim_end()), "{}", top(&screen));
        assert_eq!(badge(&screen), Some(ground), "{expected}");
    }
    policy(&mut screen, "blur");
    screen.studio.occlusion.level = 3;
    assert!(top(&screen).contains(" OCC 0/9 regions at 70%"), "{}", top(&screen));
    assert_eq!(badge(&screen), Some(yellow));
}

#[test]
fn faces_page() {
    assert_snapshot!("faces_page_80x24", after(at_level(2), 80, 24, "F down down").text());
    assert_snapshot!("faces_page_120x34", after(at_level(0), 120, 34, "F").text());
    assert_snapshot!("faces_page_200x50", after(at_level(7), 200, 50, "F up").text());
    assert_snapshot!("faces_page_60x16", after(at_level(2), 60, 16, "F").text());
    assert_snapshot!("faces_page_off_80x24", after(studio(), 80, 24, "F").text());
}

#[test]
fn more_protection_is_one_key_and_less_is_asked() {
    let mut screen = Screen::of(at_level(2), 80, 24);
    assert_eq!(screen.act("H"), ["occlusion more"]);
    assert_eq!(screen.studio.occlusion.level, 1);
    assert!(screen.act("S").is_empty(), "it is asked");
    assert!(screen.text().contains("SURE?"));
    assert!(screen.act("n").is_empty());
    assert_eq!(screen.studio.occlusion.level, 1);
    screen.press("S");
    assert_eq!(screen.act("y"), ["occlusion less"]);
    assert_eq!(screen.studio.occlusion.level, 2);
    // The same on every page.
    for page in ["enter", "B", "F", "i"] {
        screen.act(page);
        assert_eq!(screen.act("H"), ["occlusion more"], "{page}");
        screen.press("S");
        assert_eq!(screen.act("y"), ["occlusion less"], "{page}");
        screen.act("esc");
    }
    screen.studio.occlusion.is_armed = false;
    assert_eq!(screen.act("A"), ["occlusion on"]);
    assert!(screen.studio.occlusion.is_armed);
}

#[test]
fn keys_of_the_faces_page() {
    let mut screen = Screen::of(at_level(2), 80, 24);
    for (keys, expected, shown) in [
        ("F", vec![], "▸ 2  +ears"),
        ("left", vec!["occlusion more"], "▸ 1  +neck"),
        ("right y", vec!["occlusion less"], "▸ 2  +ears"),
        ("e", vec![], "× no face is selected"),
        ("down", vec![], "▸   3 seen partly shown"),
        ("e y", vec!["face exempt 3"], "▸   3 seen SHOWN exempt"),
        ("h", vec!["face hide 3"], "▸   3 seen partly shown"),
        ("up", vec![], "▸  12 lost hidden"),
        ("e y", vec!["face exempt 12"], "× face 12 is lost"),
        ("tab", vec![], "▸   3"),
        ("m", vec!["occlusion mask mosaic"], "mask    mosaic"),
        (
            "m m m",
            vec!["occlusion mask blur", "occlusion mask sticker", "occlusion mask solid"],
            "mask    solid",
        ),
        ("r y", vec!["face release"], "✓ face release"),
        ("X y", vec!["occlusion off"], " OFF  faces are shown"),
        ("A", vec!["occlusion on"], " ARMED "),
        ("s", vec![], "× there is no set of stickers"),
    ] {
        assert_eq!(screen.act(keys), expected, "{keys}");
        let text = screen.text();
        assert!(text.contains(shown), "{keys}: no {shown:?} in\n{text}");
    }
    let before = screen.studio.occlusion.policy.name.clone();
    assert_eq!(screen.act("p").len(), 1);
    assert_ne!(screen.studio.occlusion.policy.name, before);
    assert_eq!(
        screen.studio.occlusion.level, 0,
        "another policy hides everything at first"
    );
    screen.studio.occlusion.stickers = vec!["cat".into(), "robot".into()];
    assert_eq!(
        screen.act("s s s"),
        ["cat", "robot", "cat"].map(|set| format!("occlusion sticker {set}"))
    );
    screen.press("z");
    assert_eq!(screen.ui.prompt.as_ref().unwrap().text(), "zone add ");
    screen.type_text("corner 0 0 25 25");
    assert_eq!(screen.act("enter"), ["zone add corner 0 0 25 25"]);
    let corner = screen.studio.occlusion.zones.last().unwrap();
    assert_eq!(
        (corner.name.as_str(), corner.rect.width, corner.rect.height),
        ("corner", 320, 180)
    );
    line(&screen, "corner");
    screen.press("Z");
    screen.type_text("corner");
    screen.press("enter");
    assert_eq!(screen.act("y"), ["zone remove corner"]);
    screen.act("5");
    assert!(screen.text().contains("× there is no parameter"), "{}", screen.text());
}

#[test]
fn a_key_never_acts_on_another_face_than_the_one_that_was_chosen() {
    let mut screen = Screen::of(at_level(0), 80, 24);
    screen.act("F down down");
    assert_eq!(screen.ui.face(&screen.studio), Some(5));
    screen.studio.occlusion.faces.remove(1);
    screen.ui.follow(&screen.studio);
    assert!(screen.act("e").is_empty());
    assert_eq!(screen.ui.overlay, Overlay::None, "nothing is asked about another face");
    assert!(screen.text().contains("× no face is selected"));
    screen.act("down");
    assert_eq!(screen.ui.face(&screen.studio), Some(8), "on from where it was");
    screen.studio.occlusion.faces.clear();
    screen.ui.follow(&screen.studio);
    screen.act("up down");
    assert_eq!(screen.ui.face(&screen.studio), None);
    // The only face there is needs no choice.
    let mut screen = Screen::of(at_level(0), 80, 24);
    screen.studio.occlusion.faces.truncate(1);
    screen.press("F");
    screen.press("e");
    assert_eq!(screen.act("y"), ["face exempt 3"]);
}

#[test]
fn picture_page() {
    let mut studio = studio();
    studio.sources[0].picture.tone.brightness_percent = 20.0;
    studio.sources[0].picture.tone.contrast_percent = 40.0;
    studio.sources[0].picture.denoise.is_on = true;
    assert_snapshot!("picture_page_80x24", after(studio.clone(), 80, 24, "i tab down").text());
    assert_snapshot!(
        "picture_page_120x34",
        after(studio.clone(), 120, 34, "i backtab").text()
    );
    assert_snapshot!("picture_page_200x50", after(studio.clone(), 200, 50, "i").text());
    assert_snapshot!("picture_page_60x16", after(studio.clone(), 60, 16, "i").text());
    let mut screen = Screen::of(studio, 80, 24);
    screen.ui.capabilities = capabilities(Colors::None);
    screen.ui.monitor_mode = MonitorMode::Auto;
    screen.act("i tab");
    assert_snapshot!(
        "picture_page_without_colour",
        marked_text(&screen.with_pictures().buffer())
    );
}

#[test]
fn keys_of_the_picture_page() {
    let mut screen = Screen::new(80, 24);
    for (keys, expected, shown) in [
        ("i", vec![], "PICTURE camera"),
        (
            "tab space",
            vec!["picture set camera denoise toggle"],
            "▸denoise     on  *",
        ),
        (
            "down right l",
            vec!["picture set camera denoise_percent next"; 2],
            "▸  strength        *      60%",
        ),
        (
            "X",
            vec!["picture reset camera denoise"],
            "▸  strength               50%",
        ),
        ("backtab b", vec!["picture set camera bypass toggle"], "BYPASS"),
        (
            "b y ] p",
            vec!["picture set camera bypass toggle", "picture copy camera guest"],
            "PICTURE guest",
        ),
        (
            "backtab pageup < backspace",
            vec![
                "picture set guest brightness_percent +10steps",
                "picture set guest brightness_percent -=10steps",
                "picture reset guest brightness_percent",
            ],
            "▸  brightness              0%",
        ),
    ] {
        assert_eq!(screen.act(keys), expected, "{keys}");
        let text = screen.text();
        assert!(text.contains(shown), "{keys}: no {shown:?} in\n{text}");
    }
    screen.act("-");
    assert_eq!(
        screen.ui.prompt.as_ref().unwrap().text(),
        "picture set guest brightness_percent -"
    );
    screen.type_text("30");
    assert_eq!(screen.act("enter"), ["picture set guest brightness_percent -30"]);
    screen.studio.sources.clear();
    screen.ui.follow(&screen.studio);
    assert_eq!(screen.ui.page, None);
    screen.act("i");
    assert!(screen.text().contains("× there is no source to do that to"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn no_size_no_faces_and_no_marks_panic(
        columns in 1u16..260, rows in 1u16..80, level in any::<u8>(), count in 0usize..40,
        places in proptest::collection::vec((-4.0f32..4.0, -4.0f32..4.0, 0.0f32..4.0), 40),
        page in prop_oneof![Just("F"), Just("i"), Just("v")],
        keys in "[a-zA-Z0-9<>\\[\\]-]{0,6}", reason in proptest::option::of(".{0,80}"),
    ) {
        let mut studio = at_level(level);
        studio.occlusion.cover = reason;
        studio.occlusion.faces = (0..count).map(|at| FaceModel { track: u32::MAX - at as u32, sight: Sight::Seen }).collect();
        let mut screen = Screen::of(studio, columns, rows).with_pictures();
        let face = marks(&at_level(0))[0];
        let faces = places.into_iter().map(|(x, y, size)| FaceMark { x, y, width: size, height: size, ..face });
        screen.put_marks(faces.collect());
        screen.text();
        screen.press(page);
        for key in keys.chars() {
            screen.type_text(&key.to_string());
            screen.text();
        }
    }
}
