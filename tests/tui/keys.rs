//! Keys in, actions and screen out: (before, keys, after).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::wildcard_imports,
    dead_code,
    missing_docs
)]

use crate::tui_fixture;
use rigcast::studio::command::{MonitorMode, Page};
use rigcast::tui::app::{Overlay, Pane, UiAction};
use rigcast::tui::keymap::Context;
use rigcast::tui::monitor::{Glyphs, Palette, Renderer};
use rigcast::tui::terminal::Colors;
use tui_fixture::*;

/// Presses keys on a fresh screen and writes down what the studio is asked.
fn asked(keys: &str) -> Vec<String> {
    said(&Screen::new(80, 24).press(keys))
}

fn said(actions: &[UiAction]) -> Vec<String> {
    actions
        .iter()
        .map(|action| match action {
            UiAction::Command { name, args, .. } => {
                let mut words = vec![name.clone()];
                words.extend(args.iter().cloned());
                words.join("|")
            }
            other => format!("{other:?}"),
        })
        .collect()
}

#[test]
fn keys_become_commands() {
    for (keys, expected) in [
        ("space", vec!["take"]),
        ("c", vec!["cut"]),
        ("2", vec!["preview|2"]),
        ("m", vec!["mute|camera|toggle"]),
        ("right m", vec!["mute|guest|toggle"]),
        ("left m", vec!["mute|bars|toggle"]),
        ("l l l l d", vec!["denoise|camera|toggle"]),
        (
            "up pagedown 0",
            vec!["gain|camera|+1", "gain|camera|-=6", "gain|camera|0"],
        ),
        ("] o", vec!["source restart|guest"]),
        ("r } r R", vec!["retry|main", "retry|backup", "retry"]),
        ("t f", vec!["transition|fade"]),
        ("g s", vec!["destination start|main"]),
        ("g esc s", vec!["solo|camera|toggle"]),
        ("g q s", vec!["solo|camera|toggle"]),
        ("q", vec!["Detach"]),
        ("ctrl-c", vec!["Detach"]),
        ("ctrl-l", vec!["Redraw"]),
        ("~ ö", vec![]),
    ] {
        assert_eq!(asked(keys), expected, "{keys}");
    }
}

#[test]
fn a_source_and_its_strip_are_selected_together() {
    let mut screen = Screen::new(80, 24);
    screen.press("right right");
    assert_eq!((screen.ui.selected.strip, screen.ui.selected.source), (2, 2));
    screen.press("[");
    assert_eq!((screen.ui.selected.strip, screen.ui.selected.source), (1, 1));
    screen.studio.strips.retain(|strip| strip.name != "clip");
    screen.press("]");
    assert_eq!((screen.ui.selected.strip, screen.ui.selected.source), (1, 2));
}

#[test]
fn what_cannot_be_undone_is_asked_first() {
    for (keys, expected) in [
        ("Q", vec![]),
        ("Q y", vec!["end"]),
        ("Q n", vec![]),
        ("Q esc", vec![]),
        ("Q enter", vec![]),
        ("Q n space", vec!["take"]),
        ("g x y", vec!["destination stop|main"]),
    ] {
        assert_eq!(asked(keys), expected, "{keys}");
    }
}

#[test]
fn the_prompt_runs_lines_and_remembers_them_but_no_stream_key() {
    let mut screen = Screen::new(80, 24);
    let mut run = |line: &str| {
        screen.press(":");
        screen.type_text(line);
        said(&screen.press("enter"))
    };
    assert_eq!(run("gain guest -3"), ["gain|guest|-3"]);
    assert_eq!(run("take \"two shot\""), ["take|two shot"]);
    assert_eq!(run("mute {strip}"), ["mute|camera"]);
    assert_eq!(
        run("destination add x rtmp://host/app/secret"),
        ["destination add|x|rtmp://host/app/secret"]
    );
    assert_eq!(run("tkae"), Vec::<String>::new());
    assert!(
        screen
            .text()
            .contains("× there is no command 'tkae'; did you mean 'take'?"),
        "{}",
        screen.text()
    );
    assert!(!format!("{:?}", screen.ui.history).contains("secret"));
    assert_eq!(said(&screen.press(": up up up enter")), ["take|two shot"]);
    assert_eq!(said(&screen.press(": esc")), Vec::<String>::new());
    assert!(screen.ui.prompt.is_none());
}

#[test]
fn tab_completes_commands_and_names() {
    for (typed, tabs, expected) in [
        ("ta", 1, "take "),
        ("take t", 1, "take \"two shot\" "),
        ("dest", 1, "destination "),
        ("destination re", 1, "destination remove "),
        ("destination remove b", 1, "destination remove backup "),
        ("mute g", 1, "mute guest "),
        ("mute guest o", 1, "mute guest on"),
        ("mute guest o", 2, "mute guest off"),
        ("mute ", 1, "mute camera"),
        ("mute ", 3, "mute clip"),
        ("mute ", 5, "mute camera"),
        ("take \"tw", 1, "take \"two shot\" "),
        ("de", 1, "denoise"),
        ("den", 1, "denoise "),
        ("gain camera ", 1, "gain camera "),
        ("zzz", 1, "zzz"),
    ] {
        let mut screen = Screen::new(80, 24);
        screen.press(":");
        screen.type_text(typed);
        for _ in 0..tabs {
            screen.press("tab");
        }
        assert_eq!(
            screen.ui.prompt.as_ref().unwrap().text(),
            expected,
            "{typed} + {tabs} tabs"
        );
    }
}

#[test]
fn a_pasted_text_never_acts_as_keys() {
    let mut screen = Screen::new(80, 24);
    screen.ui.on_paste("m Q y\n");
    assert!(screen.ui.prompt.is_none() && screen.ui.overlay == Overlay::None);
    screen.press(":");
    screen.ui.on_paste("take\nend\n");
    assert_eq!(screen.ui.prompt.as_ref().unwrap().text(), "takeend");
}

#[test]
fn help_scrolls_and_closes_and_swallows_keys() {
    let mut screen = Screen::new(80, 24);
    screen.press("? j j k");
    assert_eq!(screen.ui.overlay, Overlay::Help { scroll: 1 });
    assert_eq!(screen.press("m"), []);
    assert_eq!(screen.ui.overlay, Overlay::None);
    screen.press("f1");
    assert_eq!(said(&screen.press("ctrl-c")), ["Detach"]);
}

#[test]
fn panes_go_round() {
    let mut screen = Screen::new(60, 16);
    for pane in [Pane::Sources, Pane::Destinations, Pane::Events, Pane::Mixer] {
        screen.press("tab");
        assert_eq!(screen.ui.pane, pane);
    }
    screen.press("backtab");
    assert_eq!(screen.ui.pane, Pane::Events);
}

#[test]
fn monitors_are_drawn_as_the_terminal_can_and_as_the_key_says() {
    use Glyphs::{Ascii, Braille, HalfBlocks, Quadrants};
    let cells = |palette| move |glyphs| Renderer::Cells(glyphs, palette);
    let (true_color, xterm, mono) = (
        cells(Palette::TrueColor),
        cells(Palette::Xterm256),
        cells(Palette::Mono),
    );
    for (colors, has_sixel, expected) in [
        (
            Colors::TrueColor,
            false,
            [Quadrants, Quadrants, HalfBlocks, Braille].map(true_color),
        ),
        (
            Colors::Xterm256,
            false,
            [Quadrants, Quadrants, HalfBlocks, Braille].map(xterm),
        ),
        (
            Colors::TrueColor,
            true,
            [
                Renderer::Sixel,
                Renderer::Sixel,
                true_color(Quadrants),
                true_color(HalfBlocks),
            ],
        ),
        (Colors::None, false, [Ascii, Quadrants, HalfBlocks, Braille].map(mono)),
    ] {
        let mut screen = Screen::new(80, 24);
        screen.ui.capabilities = capabilities(colors);
        screen.ui.capabilities.has_sixel = has_sixel;
        screen.ui.monitor_mode = MonitorMode::Auto;
        let mut seen = Vec::new();
        for _ in 0..4 {
            seen.push(screen.ui.renderer());
            screen.press("v");
        }
        assert_eq!(seen, expected, "{colors:?} {has_sixel}");
    }
}

#[test]
fn every_key_of_the_help_does_what_its_line_says() {
    let keymap = Screen::new(80, 24).ui.keymap;
    for binding in keymap.bindings() {
        let mut screen = Screen::new(80, 24);
        armed(&mut screen.studio);
        held(&mut screen.studio);
        screen.ui.follow(&screen.studio);
        // What marks a strip comes before what copies from it; a face is selected before something is done about it.
        screen.press(match binding.context {
            Context::Everywhere => "[",
            Context::AnyPage | Context::Page(Page::Strip) => "enter ] y [",
            Context::Page(Page::Buses) => "B tab tab",
            Context::Page(Page::Faces) => "F down",
            Context::Page(Page::Picture) => "i ] y [",
            Context::Page(Page::Network) => "N",
            Context::Page(Page::Moderation) => "W left",
            Context::Page(Page::Events) => "E up",
            Context::Page(Page::Charts) => "C",
            Context::Page(Page::Items) => "I",
            Context::Page(Page::Rules) => "O",
            Context::Page(Page::Cues) => "U",
            Context::Page(Page::Sources) => "+",
            Context::Pane(Pane::Mixer) => "right y left",
            Context::Pane(Pane::Sources) => "tab",
            Context::Pane(Pane::Destinations) => "tab tab",
            Context::Pane(Pane::Events) => "tab tab tab",
        });
        // Something has been done that can be done again and taken back.
        screen.ui.last_line = Some("keyframe".to_owned());
        if binding.line == "count 0" {
            screen.press("alt-1");
        }
        screen.ui.toast = None;
        let before = format!("{:?}", screen.ui);
        let mut actions = screen.press(&binding.keys_text());
        if let Overlay::Confirm { .. } = screen.ui.overlay {
            actions = screen.press("y");
        }
        let has_effect = !actions.is_empty() || format!("{:?}", screen.ui) != before;
        assert!(has_effect, "{} ({}) does nothing", binding.keys_text(), binding.line);
        if let Some(UiAction::Command { name, .. }) = actions.first() {
            let line = if binding.line == "repeat" {
                "keyframe"
            } else {
                &binding.line
            };
            assert!(line.starts_with(name.as_str()), "{} asks for {name}", binding.line);
        }
    }
}
