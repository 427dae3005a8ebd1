//! Commands about the hold as tables: a line in, effects and model out.

use super::*;
use crate::studio::command::{parse, split_words};
use crate::studio::model::{Moderation, Studio};
use crate::studio::update::{Input, update};

fn ms(ms: i64) -> Timestamp {
    Timestamp::from_millis(ms)
}

/// The demo at 100 s, with five seconds held and a list of words.
fn studio() -> Studio {
    let show = crate::scene::demo(&[], &|_| None).unwrap();
    let mut studio = crate::studio::opening::studio("test", &show);
    studio.moderation = Moderation {
        lists: vec!["en".to_owned()],
        hold: HoldState {
            target: TimeDelta::from_millis(5000),
            now: TimeDelta::from_millis(5000),
            ..HoldState::default()
        },
        ..Moderation::default()
    };
    studio
}

fn run(studio: &mut Studio, line: &str) -> Result<Vec<Effect>, Refusal> {
    let command = parse(&split_words(line)).unwrap();
    update(studio, Input::Command(command), ms(100_000))
}

/// What is to be done, events apart; lines of the log as kind, action and reason.
fn acts(effects: Vec<Effect>) -> (Vec<Effect>, Vec<String>) {
    let mut lines = Vec::new();
    let mut acts = Vec::new();
    for effect in effects {
        match effect {
            Effect::Event(_) => {}
            Effect::Compliance(entry) => lines.push(format!("{} {} {}", entry.kind, entry.action, entry.why)),
            effect => acts.push(effect),
        }
    }
    (acts, lines)
}

#[test]
fn the_hold_goes_where_it_is_wanted_at_the_pace_of_the_scene_or_that_of_the_command() {
    let mut studio = studio();
    studio.moderation.pace = Pace::Slate;
    for (line, seconds, pace) in [("hold 8", 8000, Pace::Slate), ("hold 0 now", 0, Pace::Now)] {
        let (acts, lines) = acts(run(&mut studio, line).unwrap());
        assert_eq!(acts, [Effect::Hold(TimeDelta::from_millis(seconds), pace)], "{line}");
        assert_eq!(lines.len(), 1);
    }
    assert_eq!(studio.moderation.hold.target, TimeDelta::ZERO);
    // What the runtime says of where it is does not change what is wanted.
    let state = HoldState {
        target: TimeDelta::from_millis(8000),
        now: TimeDelta::from_millis(3000),
        ..HoldState::default()
    };
    let news = ModerationNews::Hold(Box::new(state));
    update(&mut studio, Input::Moderation(news), ms(100_100)).unwrap();
    let hold = &studio.moderation.hold;
    assert_eq!((hold.target.to_millis(), hold.now.to_millis()), (0, 3000));
}

#[test]
fn a_dump_drops_what_is_held_and_no_more_and_is_written_down() {
    let mut studio = studio();
    let (done, lines) = acts(run(&mut studio, "dump 2").unwrap());
    assert_eq!(done, [Effect::Dump(Some(TimeDelta::from_millis(2000)))]);
    assert_eq!(lines, ["dump dump dumped by the operator"]);
    run(&mut studio, "dump").unwrap();
    run(&mut studio, "dump 30").unwrap();
    let spans = studio.moderation.spans.iter().map(|span| span.from.to_millis());
    assert_eq!(spans.collect::<Vec<_>>(), [98_000, 95_000, 95_000]);
    let id = studio.moderation.spans[0].id;
    assert_eq!(
        run(&mut studio, &format!("moderate restore {id}")),
        Err(Refusal::Dumped)
    );
    studio.moderation.hold.now = TimeDelta::ZERO;
    assert_eq!(run(&mut studio, "dump"), Err(Refusal::NothingHeld));
}

#[test]
fn program_is_muted_at_once_and_what_was_said_meanwhile_is_never_heard() {
    let mut studio = studio();
    let (done, _) = acts(run(&mut studio, "moderate program").unwrap());
    let [Effect::Edit(edit)] = &done[..] else {
        panic!("{done:?}")
    };
    assert!(edit.from < ms(95_000) && edit.until > ms(10_000_000) && edit.strips.is_none());
    assert!(acts(run(&mut studio, "moderate program on").unwrap()).0.is_empty());
    let (done, _) = acts(run(&mut studio, "moderate program").unwrap());
    assert_eq!(done, [Effect::CloseEdit(PROGRAM_SPAN, ms(100_000))]);
    let span = studio.moderation.span_mut(PROGRAM_SPAN).unwrap();
    assert_eq!((span.until, span.is_restored), (Some(ms(100_000)), false));
    // Muted again it is the same span, open.
    run(&mut studio, "moderate program on").unwrap();
    assert_eq!(studio.moderation.spans.len(), 1);
    assert_eq!(studio.moderation.span_mut(PROGRAM_SPAN).unwrap().until, None);
    // And a restore lets all of it out.
    let (done, _) = acts(run(&mut studio, "moderate restore 1").unwrap());
    assert!(done.contains(&Effect::RestoreEdit(PROGRAM_SPAN)));
    assert!(!studio.moderation.is_program_muted);
}

#[test]
fn a_strip_is_muted_in_the_mixer_and_where_it_could_be_heard_in_the_hold() {
    let mut studio = studio();
    let (name, at) = (studio.strips[1].name.clone(), 1);
    studio.strips[at].settings.is_muted = false;
    let (done, _) = acts(run(&mut studio, &format!("moderate strip {name}")).unwrap());
    let [Effect::Edit(edit), Effect::Strip(strip, settings)] = &done[..] else {
        panic!("{done:?}")
    };
    assert_eq!((edit.strips, *strip), (Some(1 << at), at));
    assert!(edit.until > ms(100_000) && edit.until < ms(100_200));
    assert!(settings.is_muted && !studio.strips[at].settings.is_muted);
    // Whatever is set on it meanwhile, it stays muted.
    let (done, _) = acts(run(&mut studio, &format!("mute {name} off")).unwrap());
    assert!(matches!(&done[..], [Effect::Strip(1, settings)] if settings.is_muted));
    let (done, _) = acts(run(&mut studio, &format!("moderate strip {name} off")).unwrap());
    assert!(matches!(&done[..], [Effect::Strip(1, settings)] if !settings.is_muted));
    assert!(run(&mut studio, "moderate strip nobody").is_err());
}

#[test]
fn a_word_is_beeped_while_it_is_held_and_a_span_must_end_after_it_begins() {
    let mut studio = studio();
    let word = |id, from: i64| HeldWord {
        id,
        text: "cat".to_owned(),
        from: ms(from),
        until: ms(from + 300),
    };
    let news = ModerationNews::Heard {
        words: vec![word(7, 94_000), word(8, 97_000)],
        spans: Vec::new(),
    };
    update(&mut studio, Input::Moderation(news), ms(100_000)).unwrap();
    let (done, _) = acts(run(&mut studio, "moderate word 8").unwrap());
    let [Effect::Edit(edit)] = &done[..] else {
        panic!("{done:?}")
    };
    assert_eq!(
        (edit.from, edit.until, edit.kind),
        (ms(96_920), ms(97_380), EditKind::Beep)
    );
    let held = TimeDelta::from_millis(5000);
    assert_eq!(run(&mut studio, "moderate word 7"), Err(Refusal::Aired(held)));
    assert_eq!(run(&mut studio, "moderate word 9"), Err(Refusal::NoWord(9)));
    let (done, _) = acts(run(&mut studio, "moderate span 3.2 2.5").unwrap());
    assert!(
        matches!(&done[..], [Effect::Edit(edit)] if (edit.from, edit.until, edit.kind) == (ms(96_800), ms(97_500), EditKind::Mute))
    );
    assert_eq!(run(&mut studio, "moderate span 2 3"), Err(Refusal::BackwardSpan));
    assert_eq!(run(&mut studio, "moderate span 9 8"), Err(Refusal::Aired(held)));
    // What the operator made and what the recogniser did never share a number.
    assert!(studio.moderation.spans.iter().all(|span| span.id % 2 == 1));
    let id = studio.moderation.spans[0].id;
    let (done, lines) = acts(run(&mut studio, &format!("moderate restore {id}")).unwrap());
    assert_eq!(done, [Effect::RestoreEdit(id)]);
    assert!(lines[0].starts_with("restore pass"), "{lines:?}");
    assert_eq!(
        run(&mut studio, &format!("moderate restore {id}")),
        Err(Refusal::NoSpan(id))
    );
}

#[test]
fn what_the_recogniser_finds_is_told_and_written_down_with_the_word_masked() {
    let mut studio = studio();
    let span = |kind, from: i64| Span {
        id: 2,
        from: ms(from),
        until: Some(ms(from + 500)),
        kind,
        who: Who::Recogniser,
        why: "list en: as listed".to_owned(),
        masked: Some("d**n".to_owned()),
        is_restored: false,
    };
    for (kind, from, expected) in [
        (SpanKind::Beep, 97_000, "d**n: beep in 2.0 s (list en: as listed)"),
        (
            SpanKind::Warn,
            97_000,
            "d**n was heard (list en: as listed); it goes out in 2.0 s",
        ),
        (
            SpanKind::Mute,
            94_000,
            "d**n was heard too late, 1.0 s after it aired (list en: as listed)",
        ),
    ] {
        let news = ModerationNews::Heard {
            words: Vec::new(),
            spans: vec![span(kind, from)],
        };
        let effects = update(&mut studio, Input::Moderation(news), ms(100_000)).unwrap();
        assert_eq!(studio.events.back().unwrap().text, expected);
        let (_, lines) = acts(effects);
        assert_eq!(lines, [format!("word {} list en: as listed", kind.word())]);
    }
    let news = ModerationNews::Judged(Some(ms(98_000)));
    update(&mut studio, Input::Moderation(news), ms(100_000)).unwrap();
    assert_eq!(studio.moderation.judged, Some(ms(98_000)));
}

#[test]
fn nothing_is_armed_that_nobody_could_judge() {
    let mut studio = studio();
    let (done, lines) = acts(run(&mut studio, "moderate on").unwrap());
    assert_eq!((done, lines.len()), (vec![Effect::Checks], 1));
    assert!(acts(run(&mut studio, "moderate on").unwrap()).0.is_empty());
    assert_eq!(acts(run(&mut studio, "unjudged pass").unwrap()).0, [Effect::Checks]);
    assert!(studio.moderation.is_unjudged_passed);
    run(&mut studio, "moderate off").unwrap();
    studio.moderation.lists.clear();
    assert_eq!(run(&mut studio, "moderate on"), Err(Refusal::NoLists));
    // A show that goes on where it was armed, and whose scene file names no lists any more.
    let mut standing = studio.moderation.standing();
    standing.is_armed = true;
    studio.moderation.resume(&standing);
    assert!(!studio.moderation.is_armed && studio.moderation.is_unjudged_passed);
}

#[test]
fn what_has_long_been_on_air_is_forgotten_and_what_is_open_is_not() {
    let mut studio = studio();
    run(&mut studio, "moderate program").unwrap();
    run(&mut studio, "moderate span 3 2").unwrap();
    let state = studio.moderation.hold.clone();
    let news = ModerationNews::Hold(Box::new(state));
    update(&mut studio, Input::Moderation(news), ms(200_000)).unwrap();
    let ids = studio.moderation.spans.iter().map(|span| span.id);
    assert_eq!(ids.collect::<Vec<_>>(), [PROGRAM_SPAN]);
}
