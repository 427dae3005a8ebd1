//! The page of cues, the word about them in the status line, and keys that are cues' own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::wildcard_imports,
    dead_code,
    missing_docs
)]

use crate::tui_fixture;
use insta::assert_snapshot;
use rigcast::media::{TimeDelta, Timestamp};
use rigcast::studio::model::*;
use rigcast::studio::update::{CueNews, Input, update};
use tui_fixture::*;

/// A show whose cues have been running for a minute and a half.
fn running() -> Studio {
    let mut studio = studio();
    let now = studio.now;
    let began = now - TimeDelta::from_millis(90_000);
    studio.cues.set_day(began, TimeDelta::from_millis(20 * 3_600_000));
    assert!(studio.cues.begin(None, began));
    come(&mut studio, began + TimeDelta::from_millis(20_000));
    studio.now = now;
    studio
}

/// Does what is due at `at`, but for its commands.
fn come(studio: &mut Studio, at: Timestamp) {
    while studio.cues.take_due(at).is_some() {}
}

#[test]
fn the_page_says_what_has_come_and_what_comes_next() {
    for (columns, rows) in [(80, 24), (120, 34), (200, 50)] {
        let mut screen = Screen::of(running(), columns, rows);
        screen.press("U");
        assert_snapshot!(format!("cues_running_{columns}"), screen.text());
    }
}

#[test]
fn before_a_run_the_list_is_seen() {
    let mut screen = Screen::new(120, 34);
    screen.press("U down");
    assert_snapshot!("cues_loaded", screen.text());
}

#[test]
fn without_a_list_it_says_how_to_have_one() {
    let mut studio = studio();
    studio.cues = Cues::default();
    let mut screen = Screen::of(studio, 80, 24);
    screen.press("U");
    let text = screen.text();
    assert!(text.contains("none are loaded: cue load FILE"), "{text}");
    assert!(screen.press("enter").is_empty(), "no cue is selected");
}

#[test]
fn a_refusal_and_a_hold_are_seen() {
    let mut studio = running();
    let now = studio.now;
    let news = CueNews::Refused(0, "gain camera +3".into(), "a gain of 63 dB is out of range".into());
    update(&mut studio, Input::Cues(news), now).unwrap();
    let mut screen = Screen::of(studio, 120, 34);
    let desk = screen.text();
    assert!(desk.lines().next().unwrap().contains("CUES HELD, next talk"), "{desk}");
    screen.press("U");
    assert_snapshot!("cues_held", screen.text());
}

#[test]
fn on_the_desk_the_next_cue_counts_down() {
    let screen = Screen::of(running(), 120, 34);
    let text = screen.text();
    assert!(text.lines().next().unwrap().contains("next talk 0:20"), "{text}");
    let quiet = Screen::new(120, 34).text();
    assert!(!quiet.lines().next().unwrap().contains("next"), "{quiet}");
}

#[test]
fn a_key_that_means_nothing_else_fires_its_cue() {
    let mut screen = Screen::new(120, 34);
    // It ends the show: it is asked for.
    assert!(screen.press("f5").is_empty());
    let actions = screen.act("y");
    assert_eq!(actions, ["cue fire close"]);
    assert!(screen.press("f6").is_empty());
}

#[test]
fn a_key_of_the_keymap_stays_what_it_is() {
    let mut studio = studio();
    if let Some(list) = &mut studio.cues.list {
        list.cues[4].key = Some("K".into());
    }
    let mut screen = Screen::of(studio, 120, 34);
    assert_eq!(screen.act("K"), ["keyframe"]);
}
