//! The sound desk on screen: mixer pane, page of a strip, page of the buses. Keys in, commands and screen out.
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
use rigcast::control::protocol::MonitorTarget;
use rigcast::media::TimeDelta;
use rigcast::studio::command::{MonitorMode, Page};
use rigcast::studio::model::*;
use rigcast::tui::terminal::Colors;
use rigcast::tui::view::layout::Arrangement;
use tui_fixture::*;

/// The line that holds `part`.
fn line(screen: &Screen, part: &str) -> String {
    let text = screen.text();
    let found = text.lines().find(|line| line.contains(part));
    found.unwrap_or_else(|| panic!("no {part:?} in\n{text}")).to_owned()
}

/// A screen with these keys pressed.
fn after(columns: u16, rows: u16, keys: &str) -> Screen {
    let mut screen = Screen::new(columns, rows);
    screen.act(keys);
    screen.with_pictures()
}

#[test]
fn strip_page_80x24() {
    assert_snapshot!(after(80, 24, "enter tab tab tab tab down down down").text());
}

#[test]
fn strip_page_120x34() {
    assert_snapshot!(after(120, 34, "enter tab tab tab tab tab down").text());
}

#[test]
fn strip_page_200x50() {
    assert_snapshot!(after(200, 50, "enter tab").text());
}

#[test]
fn strip_page_60x16_shows_the_curve_of_the_selected_stage() {
    let mut screen = after(60, 16, "enter tab tab tab down");
    assert_snapshot!("strip_page_60x16_gate", screen.text());
    screen.act("tab down");
    assert_snapshot!("strip_page_60x16_eq", screen.text());
}

#[test]
fn strip_page_without_colour() {
    let mut screen = Screen::new(80, 24);
    screen.ui.capabilities = capabilities(Colors::None);
    screen.ui.monitor_mode = MonitorMode::Auto;
    screen.act("enter tab tab tab");
    let buffer = screen.with_pictures().buffer();
    for cell in buffer.content() {
        assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset), "{:?}", cell.symbol());
    }
    assert_snapshot!(marked_text(&buffer));
}

#[test]
fn buses_page() {
    assert_snapshot!("buses_page_60x16", after(60, 16, "B").text());
    assert_snapshot!("buses_page_80x24", after(80, 24, "B tab tab down").text());
    let mut screen = Screen::new(120, 34);
    let start = screen.ui.now;
    // Two minutes of a voice that comes and goes.
    for second in 0..120 {
        screen.ui.tick(start + TimeDelta::from_millis(second * 1000));
        let mut meters = screen.ui.meters.clone();
        let swing = (second as f32 / 9.0).sin() * 4.0;
        meters.loudness.short_term_lufs = (second % 50 != 0).then_some(-17.4 + swing);
        screen.ui.hear(meters);
    }
    screen.act("B");
    assert_snapshot!("buses_page_120x34", screen.with_pictures().text());
}

#[test]
fn help_of_a_page_begins_with_its_keys() {
    let mut screen = Screen::new(120, 34).with_pictures();
    screen.press("enter ?");
    assert_snapshot!(screen.text());
    assert!(
        !screen.text().contains("space        take"),
        "it does something else here"
    );
}

#[test]
fn silence_and_clipping_are_alarms() {
    let mut screen = Screen::new(80, 24);
    let mut meters = screen.ui.meters.clone();
    meters.silent_ms = 12_400;
    meters.program = StripMeter::default();
    meters.strips[0].is_clipping = true;
    meters.strips[1].is_input_clipping = true;
    meters.strips[1].is_clipping = true;
    screen.ui.hear(meters);
    let screen = screen.with_pictures();
    assert_snapshot!(marked_text(&screen.buffer()));

    let mut quiet = Screen::new(80, 24);
    quiet.ui.meters = screen.ui.meters.clone();
    quiet.studio.silence_alarm_s = 0.0;
    assert!(!quiet.text().contains("SILENCE"), "0 is never");
    quiet.studio.silence_alarm_s = 12.5;
    assert!(!quiet.text().contains("SILENCE"), "not yet");
    quiet.studio.silence_alarm_s = 12.0;
    quiet.studio.destinations[0].state = DestinationState::Idle;
    assert!(!quiet.text().lines().next().unwrap().contains("SILENCE"), "off air");
    assert!(line(&quiet, "PROGRAM").contains("SILENCE 12 s"));
    quiet.act("B");
    assert!(line(&quiet, "LOUDNESS").contains("SILENCE 12 s"));
}

#[test]
fn parameters_are_moved_to_and_adjusted() {
    let mut screen = Screen::new(80, 24);
    for (keys, expected, shown) in [
        ("enter", vec![], "▸  role"),
        ("tab", vec![], "▸high-pass"),
        (
            "down right",
            vec!["set camera high_pass_hz next"],
            "▸  frequency       *    101Hz",
        ),
        (
            "left left",
            vec!["set camera high_pass_hz previous"; 2],
            "▸  frequency       *   80.2Hz",
        ),
        ("tab tab j", vec![], "▸  threshold            -45dB"),
        (
            "l l h",
            vec![
                "set camera gate_threshold_db next",
                "set camera gate_threshold_db next",
                "set camera gate_threshold_db previous",
            ],
            "▸  threshold       *    -44dB",
        ),
        (
            "pageup",
            vec!["set camera gate_threshold_db +10steps"],
            "▸  threshold       *    -34dB",
        ),
        (
            "< <",
            vec!["set camera gate_threshold_db -=10steps"; 2],
            "▸  threshold       *    -54dB",
        ),
        (
            "backspace",
            vec!["reset camera gate_threshold_db"],
            "▸  threshold            -45dB",
        ),
        ("space", vec!["set camera gate toggle"], " gate        off"),
        ("k space", vec!["set camera gate toggle"], "▸gate        on  *"),
        ("backtab backtab backtab", vec![], "▸  role"),
        ("right", vec!["set camera role next"], "▸  role            *    music"),
        ("b", vec!["set camera bypass toggle"], "BYPASS"),
        (
            "b m s d",
            vec![
                "set camera bypass toggle",
                "mute camera toggle",
                "solo camera toggle",
                "denoise camera toggle",
            ],
            "STRIP camera MS·",
        ),
        ("backtab backtab", vec![], "▸ride        on"),
        ("X", vec!["reset camera ride"], "▸ride        off"),
        ("]", vec![], "STRIP guest"),
        ("[ [", vec![], "STRIP bars"),
    ] {
        assert_eq!(screen.act(keys), expected, "{keys}");
        let text = screen.text();
        assert!(text.contains(shown), "{keys}: no {shown:?} in\n{text}");
    }
    assert!(screen.act("esc").is_empty());
    assert_eq!(screen.ui.page, None);
    assert!(
        line(&screen, " -12.0 ").starts_with("│▸bars"),
        "the strip stays selected"
    );
    screen.act("[ enter");
    assert!(screen.text().contains("STRIP clip"));
    assert!(screen.text().contains("▸ride"), "and so does the parameter");
}

#[test]
fn a_value_is_typed_at_the_prompt() {
    let mut screen = Screen::new(80, 24);
    screen.act("enter tab tab tab down");
    for (key, begun) in [
        ("enter", "set camera gate_threshold_db "),
        ("-", "set camera gate_threshold_db -"),
        ("+", "set camera gate_threshold_db +"),
        ("5", "set camera gate_threshold_db 5"),
    ] {
        screen.act(key);
        assert_eq!(screen.ui.prompt.as_ref().unwrap().text(), begun);
        screen.act("esc");
        assert_eq!((screen.ui.prompt.is_some(), screen.ui.page), (false, Some(Page::Strip)));
    }
    screen.act("-");
    screen.type_text("3");
    assert_snapshot!("a_value_is_typed", screen.text());
    screen.type_text("8");
    assert_eq!(screen.act("enter"), ["set camera gate_threshold_db -38"]);
    assert!(line(&screen, "▸").contains("-38dB"));
    screen.act("9 9 enter");
    let refused = line(&screen, "×");
    assert!(refused.contains("-80 to 0 dB"), "{refused}");
    screen.act("backtab backtab backtab enter");
    screen.type_text("vo");
    screen.press("tab");
    assert_eq!(screen.act("enter"), ["set camera role voice"]);
}

#[test]
fn a_strip_with_a_blank_in_its_name_is_one_word() {
    let mut screen = Screen::new(80, 24);
    screen.studio.strips[0].name = "desk mic".into();
    screen.act("enter enter");
    assert_eq!(screen.ui.prompt.as_ref().unwrap().text(), "set \"desk mic\" role ");
    screen.type_text("music");
    assert_eq!(screen.act("enter").len(), 1);
    assert_eq!(screen.studio.strips[0].settings.role, Role::Music);
}

#[test]
fn one_strip_is_copied_onto_others() {
    let mut screen = Screen::new(80, 24);
    screen.act("enter");
    assert!(screen.act("p").is_empty());
    assert!(screen.text().contains("× no strip is marked to copy from"));
    assert!(screen.act("y").is_empty());
    assert!(screen.text().contains("marked"));
    assert_eq!(screen.act("] p"), ["copy strip camera guest"]);
    let [camera, guest, ..] = screen.studio.strips.as_slice() else {
        panic!("strips")
    };
    assert_eq!(guest.settings.eq, camera.settings.eq);
    assert!(guest.settings.is_solo, "what is heard now stays");
    screen.studio.strips.remove(0);
    screen.ui.follow(&screen.studio);
    assert!(screen.act("p").is_empty(), "the strip is gone");
}

#[test]
fn the_buses_have_a_page_of_their_own() {
    let mut screen = Screen::new(80, 24);
    for (keys, expected, shown) in [
        ("B", vec![], "▸  target             -16LUFS"),
        (
            "left",
            vec!["bus set target_lufs previous"],
            "▸  target          *  -17LUFS",
        ),
        ("tab tab space", vec!["bus set duck toggle"], "▸ducking     off *"),
        ("X", vec!["bus reset duck"], "▸ducking     on"),
        (
            "down right backspace",
            vec!["bus set duck_by_db next", "bus reset duck_by_db"],
            "▸  by                    12dB",
        ),
        ("L", vec!["loudness reset"], "✓ loudness reset"),
    ] {
        assert_eq!(screen.act(keys), expected, "{keys}");
        let text = screen.text();
        assert!(text.contains(shown), "{keys}: no {shown:?} in\n{text}");
    }
    screen.act("2");
    assert_eq!(screen.ui.prompt.as_ref().unwrap().text(), "bus set duck_by_db 2");
    screen.act("esc esc enter");
    assert!(screen.text().contains("STRIP camera"));
}

#[test]
fn a_page_keeps_the_picture_on_air_where_there_is_room() {
    let monitors = |screen: &Screen, width, height| {
        let area = ratatui::layout::Rect::new(0, 0, width, height);
        Arrangement::new(area, &screen.studio, &screen.ui)
            .unwrap()
            .monitors(&screen.studio)
    };
    for (width, height, keys, has_program) in [
        (80, 24, "enter", true),
        (120, 34, "enter", true),
        (200, 50, "enter", true),
        (60, 16, "enter", false),
        (80, 24, "B", true),
        (60, 16, "B", false),
    ] {
        let screen = after(width, height, keys);
        let shown: Vec<MonitorTarget> = monitors(&screen, width, height)
            .into_iter()
            .map(|(target, _)| target)
            .collect();
        let expected = if has_program {
            vec![MonitorTarget::Program]
        } else {
            vec![]
        };
        assert_eq!(shown, expected, "{width}×{height} {keys}");
        assert!(screen.text().contains("ON AIR"));
    }
}

#[test]
fn a_page_of_a_strip_needs_one() {
    let mut screen = Screen::new(80, 24);
    screen.act("enter");
    screen.studio.strips.clear();
    screen.ui.follow(&screen.studio);
    assert_eq!(screen.ui.page, None);
    screen.act("enter");
    assert!(screen.text().contains("× there is no strip to do that to"));
}

#[test]
fn words_of_parameters_are_completed() {
    for (typed, tabs, expected) in [
        ("set camera gate_th", 1, "set camera gate_threshold_db "),
        ("set camera gate t", 1, "set camera gate toggle "),
        ("set camera role ", 2, "set camera role voice"),
        ("bus set duck_b", 1, "bus set duck_by_db "),
        ("reset camera e", 1, "reset camera eq"),
        ("reset camera com", 1, "reset camera compressor"),
        ("bus aux", 1, "bus aux-"),
        ("bus reset lo", 1, "bus reset loudness "),
        ("preset apply pod", 1, "preset apply podcast-voice "),
        ("copy strip camera g", 1, "copy strip camera guest "),
    ] {
        let mut screen = Screen::new(80, 24);
        screen.studio.presets = vec![PresetModel {
            name: "podcast-voice".into(),
            title: "a voice close to its microphone".into(),
            is_for_strip: true,
            is_for_buses: false,
            is_for_picture: false,
        }];
        screen.press(":");
        screen.type_text(typed);
        for _ in 0..tabs {
            screen.press("tab");
        }
        assert_eq!(screen.ui.prompt.as_ref().unwrap().text(), expected, "{typed}");
    }
    let mut screen = Screen::new(120, 34);
    screen.press(":");
    screen.type_text("set camera eq_mid");
    assert!(screen.text().contains("the lower bell's middle"), "{}", screen.text());
    screen.type_text("1_hz ");
    assert!(line(&screen, "VALUE (").contains("60 to 8000 Hz"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn no_size_no_settings_and_no_meters_panic(
        columns in 1u16..260, rows in 1u16..80,
        numbers in proptest::collection::vec(any::<f32>(), 64),
        page in prop_oneof![Just("enter"), Just("B")],
        keys in "[a-zA-Z0-9<>\\[\\]-]{0,6}",
    ) {
        let mut screen = Screen::new(columns, rows);
        let mut next = numbers.into_iter().cycle();
        for param in STRIP_PARAMS {
            (param.set)(&mut screen.studio.strips[0].settings, Value::Number(next.next().unwrap()));
        }
        let meters = &mut screen.ui.meters;
        let levels = [next.next().unwrap(), next.next().unwrap()];
        meters.strips[0].peak_dbfs = levels;
        meters.strips[0].hold_dbfs = levels;
        meters.strips[0].stages.compressor_db = next.next().unwrap();
        meters.strips[0].stages.gate_db = next.next().unwrap();
        meters.loudness.momentary_lufs = next.next();
        meters.loudness.short_term_lufs = next.next();
        meters.loudness.integrated_lufs = next.next();
        screen.press(page);
        screen.text();
        for key in keys.chars() {
            screen.type_text(&key.to_string());
            screen.text();
        }
    }
}
