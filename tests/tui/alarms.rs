//! Alarms, events and charts: the row that cannot be missed, the page of what has happened, the last ten minutes.
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
use ratatui::style::{Color, Modifier};
use rigcast::control::protocol::Notification;
use rigcast::media::{TimeDelta, Timestamp};
use rigcast::studio::model::*;
use rigcast::studio::update::{Input, update, update_for};
use rigcast::tui::app::UiAction;
use rigcast::tui::terminal::Colors;
use tui_fixture::*;

const SIZES: [(u16, u16); 4] = [(60, 16), (80, 24), (120, 34), (200, 50)];

/// A studio in which that is wrong for so many seconds.
fn wrong(troubles: &[(AlarmKind, &str)], seconds: i64) -> Studio {
    let mut studio = studio();
    let now = studio.now;
    let since = now - TimeDelta::from_millis(seconds * 1000);
    for at in [since, now] {
        let troubles = troubles.iter().map(|(kind, text)| Trouble {
            kind: *kind,
            since: Some(since),
            text: (*text).to_owned(),
        });
        studio.alarms.note(troubles.collect(), at);
    }
    studio
}

fn off_air() -> Studio {
    let mut studio = wrong(
        &[
            (AlarmKind::DiskFull, "space for the recording gets short"),
            (
                AlarmKind::OffAir,
                "main is lost: live.example.org:1935: connection reset while publishing",
            ),
            (AlarmKind::Silence, "nothing is to be heard on program"),
        ],
        42,
    );
    studio.destinations[0].state = DestinationState::Backoff {
        reason: "live.example.org:1935: connection reset while publishing".into(),
        retry_in_ms: 8000,
        attempt: 3,
    };
    studio
}

/// Ten minutes in which the network got worse, a minute was missing, and viewers came.
fn with_history(mut studio: Studio) -> Studio {
    let now = studio.now;
    for ago in (0..600).rev().filter(|ago| !(200..260).contains(ago)) {
        let wave = (f64::from(ago) / 23.0).sin();
        let is_poor = ago < 180;
        studio.history.push(Sample {
            at: now - TimeDelta::from_millis(i64::from(ago) * 1000),
            made_kbps: if is_poor { 1400 } else { 2480 },
            allowed_kbps: if is_poor { 1500 } else { 2500 },
            viewers: Some(u64::try_from((620 - ago) / 5).unwrap()),
            lufs: Some((-17.0 + 4.0 * wave) as f32),
            destinations: vec![Reach {
                name: "main".into(),
                sent_kbps: if is_poor { 1500 } else { (2600.0 + 60.0 * wave) as u32 },
                rtt_ms: Some(if is_poor { 180.0 } else { (24.0 + 6.0 * wave) as f32 }),
                queue_ms: if is_poor { 900 } else { 40 },
                dropped_frames: if is_poor {
                    u64::try_from(180 - ago).unwrap() / 10
                } else {
                    0
                },
            }],
        });
    }
    studio
}

/// Events of operators and scripts beside those that came by themselves.
fn with_causes(mut studio: Studio) -> Studio {
    for (at, by, command, subject, text) in [
        (1_120_000, "screen 2", "mute guest on", "strip guest", "muted"),
        (
            1_121_000,
            "script",
            "destination add spare rtmp://live.example.org/app/••••",
            "destination spare",
            "was added",
        ),
        (1_150_000, "screen 2", "take \"two shot\"", "program", "two shot"),
    ] {
        let cause = Cause {
            by: by.into(),
            command: command.into(),
        };
        let event = Event::new(Timestamp::from_millis(at), EventLevel::Info, subject, text);
        studio.remember(event.because(Some(&cause)));
    }
    studio
}

fn plain(mut screen: Screen) -> Screen {
    screen.ui.capabilities = capabilities(Colors::None);
    screen
}

#[test]
fn the_alarm_row_lies_over_everything() {
    for (width, height) in SIZES {
        let screen = Screen::of(off_air(), width, height).with_pictures();
        assert_snapshot!(format!("alarm_{width}x{height}"), screen.text());
        let screen = plain(Screen::of(off_air(), width, height));
        let marked = marked_text(&screen.buffer());
        assert_snapshot!(
            format!("alarm_{width}x{height}_without_colour"),
            marked.lines().take(3).collect::<Vec<_>>().join("\n")
        );
    }
}

#[test]
fn it_is_there_on_every_page_and_under_every_overlay() {
    for keys in ["", "enter", "B", "F", "i", "N", "W", "E", "C", "?", "Q", ":"] {
        for (width, height) in SIZES {
            let mut screen = Screen::of(off_air(), width, height);
            if !keys.is_empty() {
                screen.press(keys);
            }
            let text = screen.text();
            let row = text.lines().nth(1).unwrap();
            assert!(
                row.contains("▲ OFF AIR 0:42") && row.ends_with("+2 more"),
                "{keys} {text}"
            );
        }
    }
    let text = Screen::of(off_air(), 50, 5).text();
    assert!(text.contains("OFF AIR"), "{text}");
}

#[test]
fn it_blinks_by_itself_with_colour_and_without() {
    for has_color in [true, false] {
        let mut screen = Screen::of(off_air(), 80, 24);
        if !has_color {
            screen = plain(screen);
        }
        let look = |screen: &Screen| {
            let buffer = screen.buffer();
            let row: Vec<_> = (0..80).map(|x| buffer[(x, 1)].clone()).collect();
            let first = (row[0].fg, row[0].bg, row[0].modifier);
            assert!(row.iter().all(|cell| (cell.fg, cell.bg, cell.modifier) == first));
            first
        };
        let now = screen.studio.now;
        let even = look(&screen);
        assert!(
            screen.ui.tick(now + TimeDelta::from_millis(1000)),
            "a second is a reason to draw"
        );
        let odd = look(&screen);
        assert_ne!(even.2.contains(Modifier::REVERSED), odd.2.contains(Modifier::REVERSED));
        assert!(even.2.contains(Modifier::BOLD) && !even.2.contains(Modifier::SLOW_BLINK));
        assert_eq!(even.1 == Color::Reset, !has_color);
    }
}

#[test]
fn one_that_is_known_holds_still_and_makes_way_for_one_that_is_not() {
    let mut screen = Screen::of(off_air(), 120, 34);
    assert_eq!(screen.act("!"), ["alarm ack"]);
    assert_eq!(screen.studio.events.back().unwrap().text, "acknowledged");
    let row = |screen: &Screen| screen.text().lines().nth(1).unwrap().to_owned();
    assert!(row(&screen).starts_with(" · OFF AIR 0:42"), "{}", row(&screen));
    let still = screen.buffer()[(2, 1)].clone();
    screen.ui.tick(screen.studio.now + TimeDelta::from_millis(1000));
    assert_eq!(still.modifier, screen.buffer()[(2, 1)].modifier);
    let mut troubles = troubles_of(&screen.studio);
    troubles.push(Trouble {
        kind: AlarmKind::Frozen,
        since: None,
        text: "nothing moves on program".into(),
    });
    screen.studio.alarms.note(troubles, screen.ui.now);
    assert!(
        row(&screen).starts_with(" ▲ FROZEN 0:00  nothing moves"),
        "{}",
        row(&screen)
    );
    assert!(row(&screen).ends_with("+3 more"), "{}", row(&screen));
}

fn troubles_of(studio: &Studio) -> Vec<Trouble> {
    let raised = studio.alarms.raised().iter();
    raised
        .map(|alarm| Trouble {
            kind: alarm.kind,
            since: Some(alarm.since),
            text: alarm.text.clone(),
        })
        .collect()
}

#[test]
fn the_bell_rings_once_for_each_if_it_is_wanted() {
    let mut screen = Screen::of(studio(), 80, 24);
    let alarmed = off_air();
    screen.ui.follow(&alarmed);
    assert_eq!(screen.ui.ring(), None, "nobody wants it");
    assert_eq!(screen.press("g b"), []);
    assert!(screen.text().contains("the bell rings when an alarm begins"));
    screen.ui.follow(&alarmed);
    assert_eq!(screen.ui.ring(), None, "it is known");
    screen.ui.follow(&studio());
    screen.ui.follow(&alarmed);
    assert_eq!(screen.ui.ring(), Some(UiAction::Bell));
    assert_eq!(screen.ui.ring(), None);
    screen.ui.follow(&studio());
    let mut known = off_air();
    known.alarms.acknowledge(None);
    screen.ui.follow(&known);
    assert_eq!(screen.ui.ring(), None, "somebody else has acknowledged it");
}

#[test]
fn the_page_of_events() {
    for (width, height) in SIZES {
        let mut screen = Screen::of(with_causes(studio()), width, height);
        screen.press("E");
        assert_snapshot!(format!("events_{width}x{height}"), screen.text());
    }
    let mut screen = plain(Screen::of(with_causes(studio()), 80, 24));
    screen.press("E up");
    assert_snapshot!("events_80x24_without_colour", marked_text(&screen.buffer()));
}

#[test]
fn events_are_left_out_and_counted() {
    let mut screen = Screen::of(with_causes(studio()), 80, 24);
    screen.press("E /");
    screen.type_text("screen 2");
    screen.press("enter");
    assert_snapshot!("events_filtered_80x24", screen.text());
    screen.press("esc");
    let text = screen.text();
    assert!(text.contains("7 hidden; shown: with \"screen 2\""), "{text}");
    screen.press("E x w");
    let text = screen.text();
    assert!(text.contains("7 hidden; shown: warning and worse"), "{text}");
    assert!(
        text.contains("source guest") && text.contains("destination backup"),
        "{text}"
    );
    screen.press("w");
    assert!(screen.text().contains("8 hidden; shown: errors"));
    screen.press("w");
    assert!(!screen.text().contains("hidden"));
    screen.press("/");
    screen.type_text("nothing like that");
    screen.press("enter");
    assert!(screen.text().contains("none is like that"));
}

#[test]
fn a_selected_event_stays_selected_while_others_come() {
    let mut screen = Screen::of(with_causes(studio()), 80, 24);
    let selected = |screen: &Screen| {
        let text = screen.text();
        text.lines().find(|line| line.contains('▸')).unwrap().trim().to_owned()
    };
    screen.press("E");
    assert!(selected(&screen).contains("program two shot"));
    screen.press("up up");
    assert!(selected(&screen).contains("strip guest muted"));
    for at in 0..5 {
        let at = Timestamp::from_millis(1_160_000 + at);
        screen
            .studio
            .remember(Event::new(at, EventLevel::Info, "studio", "something else"));
    }
    assert!(selected(&screen).contains("strip guest muted"));
    screen.press("home");
    assert!(selected(&screen).contains("the show begins"));
    screen.press("pagedown pagedown");
    assert!(selected(&screen).contains("something else"));
    screen
        .studio
        .remember(Event::new(screen.ui.now, EventLevel::Info, "studio", "the newest"));
    assert!(selected(&screen).contains("the newest"), "at the end it follows");
}

#[test]
fn the_command_of_an_event_is_copied_and_typed_but_no_secret() {
    let mut screen = Screen::of(with_causes(studio()), 80, 24);
    screen.press("E");
    assert_eq!(screen.press("y"), [UiAction::Copy("take \"two shot\"".into())]);
    screen.press("enter");
    assert_eq!(screen.ui.prompt.as_ref().unwrap().text(), "take \"two shot\"");
    screen.press("esc up");
    assert_eq!(screen.press("y"), []);
    assert!(screen.text().contains("that command had a secret, which is not kept"));
    screen.press("home");
    assert_eq!(screen.press("enter"), []);
    assert!(screen.text().contains("no command has caused that"));
}

#[test]
fn what_comes_of_a_command_says_who_gave_it() {
    let mut studio = studio();
    let cause = Cause {
        by: "screen 1".into(),
        command: "mute guest on".into(),
    };
    let command = rigcast::studio::command::parse(&["mute", "guest", "on"].map(String::from)).unwrap();
    update_for(
        &mut studio,
        Input::Command(command.clone()),
        Timestamp::ZERO,
        Some(&cause),
    )
    .unwrap();
    let event = studio.events.back().unwrap();
    let asked = (event.by.as_deref(), event.command.as_deref());
    assert_eq!(asked, (Some("screen 1"), Some("mute guest on")));
    let json = serde_json::to_value(event).unwrap();
    assert_eq!(json["by"], "screen 1");
    update(&mut studio, Input::Command(command), Timestamp::ZERO).unwrap();
    let json = serde_json::to_string(studio.events.back().unwrap()).unwrap();
    assert!(!json.contains("by"), "{json}");
    let old: Event = serde_json::from_str(r#"{"at":1,"level":"info","subject":"a","text":"b"}"#).unwrap();
    assert_eq!(old, Event::new(Timestamp::from_millis(1), EventLevel::Info, "a", "b"));
}

#[test]
fn the_last_ten_minutes() {
    for (width, height) in SIZES {
        let mut screen = Screen::of(with_history(studio()), width, height);
        screen.press("C");
        assert_snapshot!(format!("charts_{width}x{height}"), screen.text());
    }
    let mut screen = plain(Screen::of(with_history(studio()), 80, 24));
    screen.press("C");
    assert_snapshot!("charts_80x24_without_colour", marked_text(&screen.buffer()));
    screen.press("}");
    let text = screen.text();
    assert!(text.contains("RTT backup") && text.contains("no figures"), "{text}");
}

#[test]
fn the_course_of_the_last_minute_stands_where_there_is_room() {
    let screen = Screen::of(with_history(studio()), 200, 50);
    let text = screen.text();
    let live = text.lines().find(|line| line.contains("● main")).unwrap();
    assert!(live.contains('▇') || live.contains('█'), "{live}");
    assert!(text.lines().next().unwrap().contains("█ 2487/2500 kb/s"), "{text}");
    let narrow = Screen::of(with_history(studio()), 60, 16).text();
    assert!(!narrow.lines().next().unwrap().contains('█'), "{narrow}");
}

#[test]
fn a_state_that_follows_brings_what_is_new() {
    let mut studio = with_history(studio());
    let mut known = studio.clone();
    let at = studio.now + TimeDelta::from_millis(1000);
    update(&mut studio, Input::Second(Some(-18.0)), at).unwrap();
    assert_eq!(studio.history.newest().unwrap().at, at);
    let mut sent = studio.clone();
    sent.events.clear();
    sent.history.forget_until(known.history.newest().unwrap().at);
    let line = serde_json::to_string(&Notification::State(Box::new(sent))).unwrap();
    let Notification::State(mut got) = serde_json::from_str(&line).unwrap() else {
        panic!("{line}");
    };
    assert_eq!(got.history.len(), 1);
    std::mem::swap(&mut known, &mut *got);
    known.go_on_from(*got);
    assert_eq!(known.events, studio.events);
    assert_eq!(known.history.len(), studio.history.len());
    assert_eq!(known.history.newest().unwrap().lufs, Some(-18.0));
}

#[test]
fn alarms_begin_and_end_as_events() {
    let mut studio = studio();
    let start = studio.now;
    studio.destinations[0].state = DestinationState::Connecting;
    let mut told = Vec::new();
    for second in 0..20 {
        if second == 9 {
            studio.destinations[0].state = DestinationState::Live;
        }
        let before = studio.events.len();
        let now = start + TimeDelta::from_millis(second * 1000);
        update(&mut studio, Input::Second(None), now).unwrap();
        told.extend(studio.events.iter().skip(before).map(|event| {
            assert_eq!(event.subject, "alarm");
            format!("{second} {} {}", event.level.word(), event.text)
        }));
    }
    assert_eq!(
        told,
        [
            "5 error OFF AIR: main is not reached",
            "11 info OFF AIR: over after 9 s"
        ]
    );
}

fn any_kind() -> impl Strategy<Value = AlarmKind> {
    (0..AlarmKind::ALL.len()).prop_map(|at| AlarmKind::ALL[at])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_alarm_and_no_page_panics(
        alarms in prop::collection::vec((any_kind(), ".{0,40}", any::<bool>()), 0..9),
        words in prop::collection::vec("\\PC{0,12}", 0..3),
        level in 0usize..3,
        figures in prop::collection::vec((any::<u32>(), any::<f32>(), any::<u64>(), 0i64..20), 0..30),
        keys in prop::sample::select(vec!["E", "C", "E up", "E home", "tab"]),
        (width, height) in (0u16..220, 0u16..60),
    ) {
        let mut studio = studio();
        let now = studio.now;
        let troubles = alarms.iter().map(|(kind, text, _)| Trouble { kind: *kind, since: Some(now), text: text.clone() });
        studio.alarms.note(troubles.clone().collect(), now - TimeDelta::from_millis(60_000));
        studio.alarms.note(troubles.collect(), now);
        for (kind, _, is_acked) in &alarms {
            if *is_acked {
                studio.alarms.acknowledge(Some(*kind));
            }
        }
        let mut at = now - TimeDelta::from_millis(100_000);
        for (count, figure, total, step) in figures {
            at += TimeDelta::from_millis(step * 1000 + 1);
            studio.history.push(Sample {
                at,
                made_kbps: count,
                allowed_kbps: count / 2,
                viewers: Some(total),
                lufs: Some(figure),
                destinations: vec![Reach {
                    name: "main".into(),
                    sent_kbps: count,
                    rtt_ms: Some(figure),
                    queue_ms: count,
                    dropped_frames: total,
                }],
            });
        }
        let mut screen = Screen::of(studio, width, height);
        screen.ui.events.words = words;
        screen.ui.events.level = [EventLevel::Info, EventLevel::Warning, EventLevel::Error][level];
        screen.press(keys);
        screen.buffer();
    }
}
