//! What the operator sees: the whole screen and its parts, as text. Review with `cargo insta review`, or set
//! `INSTA_UPDATE=always` and look at the diff.
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
use rigcast::media::{TimeDelta, Timestamp};
use rigcast::studio::command::MonitorMode;
use rigcast::studio::model::*;
use rigcast::tui::terminal::Colors;
use tui_fixture::*;

#[test]
fn screen_80x24() {
    assert_snapshot!(Screen::new(80, 24).with_pictures().text());
}

#[test]
fn screen_120x34() {
    assert_snapshot!(Screen::new(120, 34).with_pictures().text());
}

#[test]
fn screen_200x50() {
    assert_snapshot!(Screen::new(200, 50).with_pictures().text());
}

#[test]
fn screen_60x16_shows_one_pane_at_a_time() {
    let mut screen = Screen::new(60, 16).with_pictures();
    assert_snapshot!("screen_60x16_mixer", screen.text());
    screen.press("tab");
    assert_snapshot!("screen_60x16_sources", screen.text());
}

#[test]
fn help() {
    let mut screen = Screen::new(120, 34).with_pictures();
    screen.press("?");
    assert_snapshot!("help_top", screen.text());
    screen.press("end");
    assert_snapshot!("help_end", screen.text());
}

#[test]
fn help_80x24() {
    let mut screen = Screen::new(80, 24).with_pictures();
    screen.press("? pagedown");
    assert_snapshot!(screen.text());
}

#[test]
fn prompt_with_candidates() {
    let mut screen = Screen::new(80, 24).with_pictures();
    screen.press(":");
    screen.type_text("de");
    assert_snapshot!("prompt_commands", screen.text());
    screen.type_text("noise ");
    assert_snapshot!("prompt_arguments", screen.text());
}

#[test]
fn a_question_before_the_end() {
    let mut screen = Screen::new(80, 24).with_pictures();
    screen.press("Q");
    assert_snapshot!(screen.text());
}

#[test]
fn pending_keys_show_the_ways_on() {
    let mut screen = Screen::new(80, 24);
    screen.press("g");
    let text = screen.text();
    assert_eq!(text.lines().last().unwrap(), " g …");
    let way = "│ x        destination stop {destination}   stops publishing to a destination ";
    assert!(text.contains(way), "{text}");
}

#[test]
fn a_source_that_failed_and_one_that_is_away() {
    let mut studio = studio();
    studio.sources[0].state = SourceState::Away {
        reason: "10.0.0.7:554 closed the connection at packet 1841; next attempt in 4 s".into(),
    };
    studio.sources[2].state = SourceState::Failed {
        reason: "opening.mp4: no moov box in 0 bytes".into(),
    };
    studio.sources[2].format = None;
    studio.sources[1].format = Some(SourceFormat {
        video: None,
        audio: None,
    });
    studio.sources[3].dropped_frames = 12;
    assert_snapshot!(
        "source_failed_120x34",
        Screen::of(studio.clone(), 120, 34).with_pictures().text()
    );
    assert_snapshot!("source_failed_80x24", Screen::of(studio, 80, 24).with_pictures().text());
}

#[test]
fn a_destination_in_backoff_counts_down() {
    let mut studio = studio();
    studio.destinations[0].state = DestinationState::Backoff {
        reason: "live.example.org:1935: connection reset while publishing".into(),
        retry_in_ms: 8000,
        attempt: 3,
    };
    studio.destinations[1].state = DestinationState::Failed {
        reason: "b.example.org:443: rejected: bad stream key".into(),
    };
    let mut screen = Screen::of(studio, 120, 34).with_pictures();
    assert_snapshot!("backoff_now", screen.text());
    let later = screen.studio.now + TimeDelta::from_millis(5200);
    assert!(screen.ui.tick(later));
    let line = |screen: &Screen| {
        screen
            .text()
            .lines()
            .find(|line| line.contains("retry 3"))
            .unwrap()
            .to_owned()
    };
    assert!(line(&screen).contains("retry 3 in 3 s"), "{}", line(&screen));
}

#[test]
fn trouble_stands_in_the_status_line() {
    let mut studio = studio();
    studio.encoder.codec.has_nasm = false;
    studio.stats.skipped_frames = 31;
    studio.destinations[0].stats.dropped_frames = 7;
    studio.fade = Some(Fade {
        from: "clip".into(),
        start: studio.now - TimeDelta::from_millis(200),
        duration: TimeDelta::from_millis(500),
        occlusion_level: 0,
        kind: rigcast::studio::model::FadeKind::default(),
        since: rigcast::media::Timestamp::default(),
    });
    let text = Screen::of(studio, 120, 34).text();
    let top: Vec<&str> = text.lines().take(2).collect();
    assert_snapshot!(top.join("\n"));
}

#[test]
fn the_file_and_what_waits_to_be_confirmed_stand_in_the_status_line() {
    let top = |disk, left_ms: Option<i64>, width| {
        let mut studio = studio();
        studio.live.disk = disk;
        studio.live.confirm = left_ms.map(|ms| Confirm {
            until: studio.now + TimeDelta::from_millis(ms),
            within: TimeDelta::from_millis(30_000),
            changes: 2,
            told: TimeDelta::from_millis(30_000),
        });
        let text = Screen::of(studio, width, 34).text();
        text.lines().next().unwrap().to_owned()
    };
    assert!(top(DiskState::Differs, None, 120).contains("file differs"));
    assert!(top(DiskState::Invalid, None, 80).contains("FILE HAS ERRORS"));
    let waits = top(DiskState::Same, Some(11_200), 120);
    assert!(
        waits.contains("BACK IN 12 s: ctrl-y keeps, ctrl-r goes back"),
        "{waits}"
    );
    assert!(top(DiskState::Same, Some(4000), 80).contains("BACK IN 4 s"));
}

#[test]
fn workers_that_are_lost_stand_in_the_status_line() {
    let top = |state, width| {
        let mut studio = studio();
        studio.workers = vec![WorkerModel {
            name: "encode".into(),
            state,
            pid: None,
            losses: 3,
            last_loss: Some("killed by SIGKILL".into()),
        }];
        let text = Screen::of(studio, width, 34).text();
        text.lines().next().unwrap().to_owned()
    };
    let backoff = WorkerState::Backoff { retry_in_ms: 400 };
    assert_snapshot!(
        [
            top(WorkerState::Running, 120),
            top(WorkerState::Slow, 120),
            top(backoff.clone(), 120),
            top(backoff, 80),
        ]
        .join("\n")
    );
}

#[test]
fn nothing_at_all_is_still_a_screen() {
    let mut studio = studio();
    studio.sources.clear();
    studio.strips.clear();
    studio.destinations.clear();
    studio.scenes.clear();
    studio.events.clear();
    let mut screen = Screen::of(studio, 80, 24);
    screen.press("m");
    assert_snapshot!(screen.text());
}

#[test]
fn without_colour_there_is_none_and_shapes_tell() {
    let mut screen = Screen::new(80, 24);
    screen.ui.capabilities = capabilities(Colors::None);
    screen.ui.monitor_mode = MonitorMode::Auto;
    let screen = screen.with_pictures();
    let buffer = screen.buffer();
    for cell in buffer.content() {
        assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset), "{:?}", cell.symbol());
    }
    assert_snapshot!(marked_text(&buffer));
}

#[test]
fn time_alone_redraws_once_per_second() {
    let mut screen = Screen::new(80, 24);
    let start = screen.studio.now;
    assert!(!screen.ui.tick(start + TimeDelta::from_millis(400)));
    assert!(screen.ui.tick(start + TimeDelta::from_millis(1010)));
    assert_eq!(Timestamp::from_millis(1_155_010), screen.ui.now);
}

/// A studio with lists of any length and names of any kind.
fn any_studio() -> impl Strategy<Value = Studio> {
    let name = "[a-zé世🎥 ]{0,24}";
    (
        proptest::collection::vec(name, 0..9),
        proptest::collection::vec(name, 0..5),
        (0u32..5000, 0u32..5000),
        ".{0,60}",
    )
        .prop_map(|(names, destinations, (width, height), reason)| {
            let mut studio = studio();
            let (source, strip, scene) = (
                studio.sources[0].clone(),
                studio.strips[0].clone(),
                studio.scenes[0].clone(),
            );
            let destination = studio.destinations[0].clone();
            studio.format.width = width;
            studio.format.height = height;
            studio.sources = names
                .iter()
                .map(|name| SourceModel {
                    name: name.clone(),
                    ..source.clone()
                })
                .collect();
            if let Some(first) = studio.sources.first_mut() {
                first.state = SourceState::Failed { reason: reason.clone() };
            }
            studio.strips = names
                .iter()
                .map(|name| Strip {
                    name: name.clone(),
                    ..strip.clone()
                })
                .collect();
            studio.scenes = names
                .iter()
                .map(|name| SceneModel {
                    name: name.clone(),
                    ..scene.clone()
                })
                .collect();
            studio.destinations = destinations
                .iter()
                .map(|name| DestinationModel {
                    name: name.clone(),
                    state: DestinationState::Backoff {
                        reason: reason.clone(),
                        retry_in_ms: 9,
                        attempt: 1,
                    },
                    ..destination.clone()
                })
                .collect();
            studio
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn no_size_and_no_studio_panics(
        columns in 1u16..300, rows in 1u16..300, studio in any_studio(), keys in "[a-zA-Z0-9?:]{0,6}",
    ) {
        let mut screen = Screen::of(studio, columns, rows).with_pictures();
        screen.text();
        for key in keys.chars() {
            screen.type_text(&key.to_string());
            screen.text();
        }
    }
}

/// A show that is served and recorded as well.
fn delivered(columns: u16, rows: u16) -> Screen {
    let mut screen = Screen::new(columns, rows).with_pictures();
    screen.studio.relay = Some(RelayModel {
        url: "http://127.0.0.1:8480/".into(),
        failure: None,
        stats: RelayStats {
            streams: vec![rigcast::relay::StreamStats {
                viewers: 3,
                ..Default::default()
            }],
            viewers: 3,
            sent_kbps: 7412,
            ..RelayStats::default()
        },
    });
    screen.studio.recording = RecordingModel {
        is_on: true,
        path: "/srv/show/demo-2026-11-21-20-00-00.mp4".into(),
        part: 1,
        bytes: 381_200_000,
        seconds: 1154.2,
        ..RecordingModel::default()
    };
    screen
}

#[test]
fn viewers_and_the_recording_have_a_row_each() {
    assert_snapshot!("delivered_80x24", delivered(80, 24).text());
    assert_snapshot!("delivered_120x34", delivered(120, 34).text());
    assert_snapshot!("delivered_200x50", delivered(200, 50).text());
    let mut screen = delivered(120, 34);
    screen.studio.recording.failure = Some("/srv/show: no space left on the device".into());
    let relay = screen.studio.relay.as_mut().unwrap();
    relay.failure = Some("relay: cannot listen on 0.0.0.0:8480: address in use".into());
    assert_snapshot!("delivery_failed_120x34", screen.text());
}
