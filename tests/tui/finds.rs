//! The page of sources: what is here and what is not, what is on trial, and what is not saved.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::wildcard_imports,
    dead_code,
    missing_docs
)]

use crate::tui_fixture;
use insta::assert_snapshot;
use rigcast::studio::model::*;
use rigcast::tui::app::UiAction;
use rigcast::tui::terminal::Colors;
use tui_fixture::*;

/// The show with a microphone on trial: what the core task makes of it.
fn trying() -> Studio {
    let mut studio = studio();
    let found = studio.choosing.inventory.found[2].clone();
    let mut source = studio.sources[0].clone();
    source.name = "desk".into();
    source.kind.clone_from(&found.kind);
    (source.is_on_program, source.is_on_preview) = (false, false);
    source.format = Some(SourceFormat {
        video: None,
        audio: Some(SourceAudio {
            sample_rate: 48_000,
            channels: 2,
        }),
    });
    studio.sources.push(source);
    studio.strips.push(Strip {
        name: "desk".into(),
        settings: StripSettings {
            is_muted: true,
            ..StripSettings::default()
        },
    });
    studio.choosing.trial = Some(Trial {
        name: "desk".into(),
        title: found.title,
        kind: found.kind,
    });
    studio.choosing.unsaved = vec!["renamed cam to camera".into()];
    studio.choosing.changed = vec!["camera".into()];
    studio
}

fn page(studio: Studio, columns: u16, rows: u16, keys: &str) -> Screen {
    let mut screen = Screen::of(studio, columns, rows);
    screen.press(format!("+ {keys}").trim_end());
    screen.ui.toast = None;
    screen.with_pictures()
}

fn asked(actions: Vec<UiAction>) -> Vec<String> {
    let line = |action| match action {
        UiAction::Command { name, args, .. } => [vec![name], args].concat().join(" "),
        other => format!("{other:?}"),
    };
    actions.into_iter().map(line).collect()
}

#[test]
fn the_page_lists_what_is_here_and_why_something_is_not() {
    for (columns, rows) in [(80, 24), (120, 34), (200, 50)] {
        assert_snapshot!(
            format!("finds_{columns}x{rows}"),
            page(studio(), columns, rows, "").text()
        );
    }
    assert_snapshot!("finds_60x16_absent", page(studio(), 60, 16, "k").text());
}

#[test]
fn what_is_on_trial_is_seen_and_metered_before_it_is_added() {
    let meter = |mut screen: Screen| {
        let mut meters = screen.ui.meters.clone();
        meters.strips.push(StripMeter {
            peak_dbfs: [-9.0, -12.0],
            hold_dbfs: [-6.0, -8.0],
            rms_dbfs: [-15.0, -18.0],
            ..StripMeter::default()
        });
        screen.ui.hear(meters);
        screen
    };
    for (columns, rows) in [(80, 24), (120, 34), (200, 50)] {
        assert_snapshot!(
            format!("finds_trial_{columns}x{rows}"),
            meter(page(trying(), columns, rows, "down down")).text()
        );
    }
    let mut screen = meter(page(trying(), 80, 24, "down down"));
    screen.ui.capabilities = capabilities(Colors::None);
    assert_snapshot!("finds_trial_no_color", screen.text());
}

#[test]
fn the_first_visit_looks_around_and_others_do_not() {
    let mut studio = studio();
    studio.choosing = Choosing::default();
    let mut screen = Screen::of(studio, 80, 24);
    assert_eq!(asked(screen.press("+")), ["source find"]);
    assert!(screen.text().contains("nobody has looked yet"));
    screen.studio.choosing.is_looking = true;
    screen.press("esc");
    assert!(screen.press("+").is_empty(), "somebody looks already");
    assert!(screen.text().contains("looking"));
    assert_eq!(asked(screen.press("f")), ["source find"], "but one can");
}

#[test]
fn keys_try_keep_and_drop() {
    let mut screen = Screen::new(120, 34);
    assert_eq!(asked(screen.press("+ down space")), ["source try 2"]);
    // The studio has not answered yet: it goes all the same.
    assert_eq!(asked(screen.press("esc")), ["source drop"]);
    screen.press("+");
    assert!(screen.press("esc").is_empty(), "once");

    let mut screen = Screen::of(trying(), 120, 34);
    screen.press("+");
    assert_eq!(asked(screen.press("backspace")), ["source drop"]);
    screen.press("enter");
    assert_eq!(screen.ui.prompt.as_ref().unwrap().text(), "source keep desk");
    screen.type_text("2");
    assert_eq!(asked(screen.press("enter")), ["source keep desk2"]);
    // What is absent cannot be tried; the last row is.
    screen.press("up");
    assert!(screen.press("space").is_empty());
    assert_eq!(
        screen.ui.toast.as_ref().unwrap().text,
        "nothing that is here is selected"
    );
}

#[test]
fn what_was_tried_here_goes_with_the_page() {
    let mut screen = Screen::new(120, 34);
    screen.press("+ space");
    screen.studio = trying();
    assert_eq!(asked(screen.press("esc")), ["source drop"]);
    // What another screen tries is its own.
    screen.press("+");
    assert!(screen.press("esc").is_empty());
    screen.press("+ space");
    assert_eq!(asked(screen.press("q")), ["source drop", "Detach"]);
}

#[test]
fn secrets_of_a_source_that_is_typed_are_not_seen() {
    let mut screen = Screen::new(120, 34);
    screen.press("+ a");
    screen.type_text("phone rtmp listen=0.0.0.0:1935 key=sesame");
    let text = screen.text();
    assert!(text.contains("key=••••••") && !text.contains("sesame"), "{text}");
    let actions = asked(screen.press("enter"));
    assert_eq!(actions, ["source add phone rtmp listen=0.0.0.0:1935 key=sesame"]);
    screen.press(":");
    assert!(screen.ui.history.lines().is_empty(), "nothing of it is kept");
}
