//! The page of moderation, its keys, and what is told of the hold everywhere else.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::wildcard_imports,
    dead_code,
    missing_docs
)]

use crate::tui_fixture;
use insta::assert_snapshot;
use rigcast::media::TimeDelta;
use rigcast::studio::model::*;
use rigcast::tui::app::{Fate, Held};
use rigcast::tui::terminal::Colors;
use tui_fixture::*;

fn ms(ms: i64) -> TimeDelta {
    TimeDelta::from_millis(ms)
}

fn moderated() -> Studio {
    let mut studio = studio();
    held(&mut studio);
    studio
}

fn page(studio: Studio, columns: u16, rows: u16, keys: &str) -> Screen {
    let mut screen = Screen::of(studio, columns, rows);
    screen.act(format!("W {keys}").trim_end());
    screen.ui.toast = None;
    screen.with_pictures()
}

#[test]
fn the_page_shows_what_goes_out_when() {
    assert_snapshot!("moderation_page_80x24", page(moderated(), 80, 24, "").text());
    assert_snapshot!("moderation_page_120x34", page(moderated(), 120, 34, "left").text());
    assert_snapshot!(
        "moderation_page_200x50",
        page(moderated(), 200, 50, "right right").text()
    );
    assert_snapshot!("moderation_page_60x16", page(moderated(), 60, 16, "left").text());
}

#[test]
fn it_reads_without_colour() {
    let mut screen = page(moderated(), 80, 24, "left r y right right right M");
    screen.ui.capabilities = capabilities(Colors::None);
    screen.ui.toast = None;
    assert_snapshot!("moderation_page_80x24_without_colour", marked_text(&screen.buffer()));
}

#[test]
fn a_hold_that_fills_and_one_that_is_off() {
    let mut studio = moderated();
    let now = studio.now;
    let moderation = &mut studio.moderation;
    moderation.hold.phase = HoldPhase::Filling;
    moderation.hold.now = ms(2500);
    moderation.hold.levels = levels(25);
    moderation.words.retain(|word| word.from > now - ms(2500));
    moderation.spans.clear();
    moderation.judged = Some(now - ms(900));
    moderation.is_unjudged_passed = true;
    assert_snapshot!("moderation_page_filling_80x24", page(studio, 80, 24, "").text());
    assert_snapshot!("moderation_page_off_80x24", page(self::studio(), 80, 24, "").text());
}

#[test]
fn the_selection_goes_through_time_and_takes_the_next_when_one_has_aired() {
    let mut screen = page(moderated(), 80, 24, "");
    // Of what airs within a second it is too late to begin with; "so" has gone out and cannot be reached.
    assert_eq!(screen.ui.selected.held, Some(Held::Word(14)));
    screen.press("h h");
    for (key, expected) in [
        ("right", 13),
        ("l", 14),
        ("j", 15),
        ("left", 14),
        ("h", 13),
        ("k", 12),
        ("up", 17),
    ] {
        screen.press(key);
        assert_eq!(screen.ui.selected.held, Some(Held::Word(expected)), "{key}");
    }
    screen.press("right right");
    assert_eq!(screen.ui.selected.held, Some(Held::Word(13)));
    // It begins to air, then it has aired; a late finger still finds it, and nothing else is hit.
    for (later_ms, expected) in [(700, 13), (1500, 13), (2400, 13), (2500, 17)] {
        screen.ui.tick(screen.studio.now + ms(later_ms));
        let studio = screen.studio.clone();
        screen.ui.follow(&studio);
        assert_eq!(
            screen.ui.selected.held,
            Some(Held::Word(expected)),
            "{later_ms} ms later"
        );
    }
}

#[test]
fn a_key_for_each_thing_that_can_be_done() {
    for (keys, expected) in [
        ("b", "moderate word 14 beep"),
        ("m", "moderate word 14 mute"),
        ("left r y", "moderate restore 2"),
        ("left y right right s", "moderate span 4.48 2.92 mute"),
        ("s", "moderate span 4.08 3.62 mute"),
        ("n", "moderate span 2 0 mute"),
        ("+", "hold 6"),
        ("- y", "hold 4"),
        ("d", "dump 2"),
        ("D", "dump"),
        ("M", "moderate program on"),
        ("x", "moderate strip camera on"),
        ("] x", "moderate strip guest on"),
        ("o", "moderate on"),
    ] {
        let mut screen = Screen::of(moderated(), 80, 24);
        screen.press("W");
        assert_eq!(screen.act(keys), [expected], "{keys}");
        assert!(
            !screen.ui.toast.as_ref().unwrap().is_error,
            "{keys}: {:?}",
            screen.ui.toast
        );
    }
    // What is let out or no longer listened for is asked first; what cannot be done is said.
    let mut screen = page(moderated(), 80, 24, "");
    assert!(screen.act("O").is_empty() && screen.text().contains("SURE?"));
    assert_eq!(screen.act("y"), ["moderate off"]);
    assert!(screen.act("r").is_empty());
    assert!(screen.text().contains("nothing is done here that could be taken back"));
    for (keys, text) in [("U", ":unjudged"), ("esc p", ":moderate span")] {
        screen.press(keys);
        assert!(screen.text().contains(text), "{keys}");
    }
}

#[test]
fn without_a_hold_keys_say_that_there_is_nothing_to_act_on() {
    for (keys, text) in [
        ("b", "no word is selected"),
        ("m", "no word is selected"),
        ("r", "nothing is done here that could be taken back"),
        ("s", "nothing is selected of what is held"),
        ("y", "nothing is selected of what is held"),
    ] {
        let mut screen = Screen::new(80, 24);
        screen.press("W");
        assert!(screen.act(keys).is_empty());
        assert!(screen.text().contains(text), "{keys}: {}", screen.text());
    }
    let mut screen = Screen::new(80, 24);
    assert_eq!(screen.act("D"), ["dump"], "at once, everywhere");
    assert!(screen.ui.toast.as_ref().unwrap().is_error);
}

#[test]
fn a_beeped_word_is_beeped_and_let_out_again() {
    let mut screen = page(moderated(), 120, 34, "b");
    let fate = |screen: &Screen| screen.ui.held(&screen.studio).unwrap().fate();
    assert_eq!(fate(&screen), Fate::Beeped);
    screen.act("r y");
    assert_eq!(fate(&screen), Fate::LetOut);
    screen.act("m");
    assert_eq!(
        fate(&screen),
        Fate::Muted,
        "what is done last goes before what was let out"
    );
    // Muting program is seen on each word, and a word's restore does not take it back.
    screen.act("right right M r");
    assert!(screen.studio.moderation.is_program_muted);
    assert_eq!(fate(&screen), Fate::Muted);
}

#[test]
fn program_is_let_out_by_the_same_key_as_a_word() {
    for (studio, is_held) in [(studio(), false), (moderated(), true)] {
        let mut screen = page(studio, 80, 24, "M");
        assert!(screen.studio.moderation.is_program_muted);
        // It is the row before all that has not aired.
        screen.ui.selected.held = Some(Held::Span(PROGRAM_SPAN));
        assert_eq!(screen.act("r y"), ["moderate restore 1"]);
        assert!(
            !screen.ui.toast.as_ref().unwrap().is_error,
            "held: {is_held}: {:?}",
            screen.ui.toast
        );
        assert!(!screen.studio.moderation.is_program_muted, "held: {is_held}");
    }
}

#[test]
fn alarms_are_told_on_the_page_and_everywhere() {
    let alarmed = |change: &dyn Fn(&mut Moderation), on_page: &str, in_status: &str| {
        let mut studio = moderated();
        change(&mut studio.moderation);
        let text = page(studio.clone(), 120, 34, "").text();
        assert!(text.contains(on_page), "{on_page}: {text}");
        let text = Screen::of(studio, 80, 24).text();
        assert!(text.lines().next().unwrap().contains(in_status), "{in_status}: {text}");
    };
    alarmed(
        &|it| it.is_unjudged_passed = true,
        "UNJUDGED SOUND GOES OUT",
        " UNJUDGED PASS",
    );
    alarmed(&|it| it.is_armed = false, "MODERATION OFF", " MODERATION OFF");
    alarmed(&|it| it.is_program_muted = true, "PROGRAM MUTED", " MUTED");
    alarmed(
        &|it| it.judged = None,
        "NOT JUDGED IN TIME: SILENCE",
        " UNJUDGED: SILENCE",
    );
    alarmed(
        &|it| (it.hold.now, it.hold.target) = (ms(1500), ms(1500)),
        "HOLD TOO SHORT TO JUDGE",
        "hold 1.5 s",
    );
    let calm = page(moderated(), 120, 34, "").text();
    assert!(!calm.contains("PROGRAM MUTED") && !calm.contains("MODERATION OFF"));
}

#[test]
fn the_hold_is_told_everywhere() {
    let mut studio = moderated();
    let now = studio.now;
    let text = Screen::of(studio.clone(), 120, 34).text();
    let status = text.lines().next().unwrap();
    assert!(
        status.contains("hold 5.0 s ▓▓▓▓▓") && !status.contains("SLATE"),
        "{status}"
    );
    assert!(text.contains("airs in 5.0 s"), "{text}");
    // A strip that moderation mutes has a mark that is not the mixer's own.
    studio.moderation.muted_strips = vec!["camera".into()];
    studio.moderation.is_program_muted = true;
    studio.moderation.hold.target = ms(8000);
    studio.moderation.add(Span {
        id: 9,
        from: now - ms(5100),
        until: Some(now - ms(4000)),
        kind: SpanKind::Dump,
        who: Who::Operator,
        why: "dumped by the operator".into(),
        masked: None,
        is_restored: false,
    });
    assert_snapshot!(
        "moderation_everywhere_120x34",
        Screen::of(studio, 120, 34).with_pictures().text()
    );
}
