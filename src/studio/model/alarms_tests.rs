//! Alarms as tables: what is wrong, second by second, and what begins and ends.

use proptest::prelude::*;

use super::*;
use crate::scene::demo;
use crate::studio::model::{
    DestinationModel, DestinationStats, HoldPhase, SourceFormat, SourceState, SourceVideo, WorkerModel,
};
use crate::studio::opening;

fn at(second: i64) -> Timestamp {
    Timestamp::from_millis(second * 1000)
}

/// A show with a pattern on program and one live destination.
fn studio() -> Studio {
    let show = demo(&[], &|_| None).unwrap();
    let mut studio = opening::studio("test", &show);
    studio.destinations.push(destination(DestinationState::Live));
    for source in &mut studio.sources {
        source.state = SourceState::Live;
        source.format = Some(SourceFormat {
            video: Some(SourceVideo::new(1280, 720, 30.0)),
            audio: None,
        });
    }
    studio
}

fn destination(state: DestinationState) -> DestinationModel {
    DestinationModel {
        name: "main".into(),
        url: "rtmp://host/live/••••".into(),
        rendition: None,
        state,
        loss: None,
        stats: DestinationStats::default(),
    }
}

fn backoff() -> DestinationState {
    DestinationState::Backoff {
        reason: "host:1935: connection reset".into(),
        retry_in_ms: 1000,
        attempt: 2,
    }
}

fn kinds(studio: &Studio) -> Vec<&'static str> {
    let mut kinds: Vec<AlarmKind> = troubles(studio).into_iter().map(|trouble| trouble.kind).collect();
    kinds.sort();
    kinds.into_iter().map(AlarmKind::word).collect()
}

/// A change of a state, and what is wrong after it.
type Case = (&'static str, fn(&mut Studio), &'static [&'static str]);

#[test]
fn what_is_wrong() {
    let cases: &[Case] = &[
        ("all is well", |_| (), &[]),
        ("nobody wants it on air", |it| it.destinations.clear(), &[]),
        (
            "stopped by hand",
            |it| it.destinations[0].state = DestinationState::Idle,
            &[],
        ),
        (
            "connecting",
            |it| it.destinations[0].state = DestinationState::Connecting,
            &["off-air"],
        ),
        ("lost", |it| it.destinations[0].state = backoff(), &["off-air"]),
        (
            "one of two lost",
            |it| it.destinations.push(destination(backoff())),
            &[],
        ),
        ("black", |it| it.watch.black = Some(at(3)), &["black"]),
        (
            "black before the show",
            |it| {
                it.watch.black = Some(at(3));
                it.destinations[0].state = DestinationState::Idle;
            },
            &[],
        ),
        (
            "black on the recording",
            |it| {
                it.watch.black = Some(at(3));
                it.destinations.clear();
                it.recording.is_on = true;
            },
            &["black"],
        ),
        (
            "black does not move either",
            |it| (it.watch.black, it.watch.frozen) = (Some(at(3)), Some(at(3))),
            &["black"],
        ),
        ("silent", |it| it.watch.silent = Some(at(3)), &["silence"]),
        ("a pattern that stands", |it| it.watch.frozen = Some(at(3)), &["frozen"]),
        (
            "a still on purpose",
            |it| {
                it.watch.frozen = Some(at(3));
                for source in &mut it.sources {
                    source.kind = "file".into();
                    source.format = Some(SourceFormat {
                        video: Some(SourceVideo::new(1280, 720, 0.0)),
                        audio: None,
                    });
                }
            },
            &[],
        ),
        (
            "a film that has ended",
            |it| {
                it.watch.frozen = Some(at(3));
                it.sources
                    .iter_mut()
                    .for_each(|source| source.state = SourceState::Ended);
            },
            &[],
        ),
        (
            "the slate of a camera that is away",
            |it| {
                it.watch.frozen = Some(at(3));
                let away = SourceState::Away {
                    reason: "no packets".into(),
                };
                it.sources.iter_mut().for_each(|source| source.state = away.clone());
            },
            &[],
        ),
        (
            "a camera that says no rate and stands",
            |it| {
                it.watch.frozen = Some(at(3));
                for source in &mut it.sources {
                    source.kind = "rtsp".into();
                    source.format = Some(SourceFormat {
                        video: Some(SourceVideo::new(1280, 720, 0.0)),
                        audio: None,
                    });
                }
            },
            &["frozen"],
        ),
        (
            "the cover is on",
            |it| {
                it.occlusion.is_armed = true;
                it.occlusion.cover = Some("no verdict for 400 ms".into());
            },
            &["no-mask"],
        ),
        ("never armed", |it| it.occlusion.is_armed = false, &[]),
        (
            "armed before and off now",
            |it| (it.occlusion.is_armed, it.occlusion.is_wanted) = (false, true),
            &["no-mask"],
        ),
        (
            "nothing judged",
            |it| {
                it.moderation.is_armed = true;
                it.moderation.hold.now = TimeDelta::from_millis(5000);
                it.moderation.hold.phase = HoldPhase::Steady;
            },
            &["no-verdict"],
        ),
        (
            "judged in time",
            |it| {
                it.moderation.is_armed = true;
                it.moderation.hold.now = TimeDelta::from_millis(5000);
                it.moderation.judged = Some(it.now - TimeDelta::from_millis(1300));
            },
            &[],
        ),
        (
            "a worker that does not come back",
            |it| {
                it.workers.push(WorkerModel {
                    name: "encode".into(),
                    state: WorkerState::Backoff { retry_in_ms: 5000 },
                    pid: None,
                    losses: 7,
                    last_loss: Some("killed by SIGKILL".into()),
                });
            },
            &["worker-lost"],
        ),
        (
            "a disk that is full",
            |it| {
                it.recording.is_on = true;
                it.recording.is_disk_full = true;
                it.recording.failure = Some("/rec: 12 MB are free".into());
            },
            &["disk-full"],
        ),
        (
            "a disk that soon will be",
            |it| (it.recording.is_on, it.recording.is_space_low) = (true, true),
            &["disk-full"],
        ),
        (
            "a recording that failed",
            |it| {
                it.recording.is_on = true;
                it.recording.failure = Some("/rec: gone".into());
            },
            &["no-recording"],
        ),
    ];
    for (name, change, expected) in cases {
        let mut studio = studio();
        studio.now = at(20);
        change(&mut studio);
        assert_eq!(kinds(&studio), *expected, "{name}");
    }
}

/// For each second whether there is trouble of a kind; what begins and ends, and when.
fn turns(kind: AlarmKind, seconds: &str) -> Vec<String> {
    let mut alarms = Alarms::default();
    let mut said = Vec::new();
    for (second, letter) in (0..).zip(seconds.chars()) {
        let trouble = Trouble {
            kind,
            since: None,
            text: "so it is".into(),
        };
        let troubles = if letter == '#' { vec![trouble] } else { Vec::new() };
        for turn in alarms.note(troubles, at(second)) {
            said.push(match turn {
                AlarmTurn::Began(alarm) => format!("{second}: since {}", alarm.since.to_millis() / 1000),
                AlarmTurn::Ended(_, after) => format!("{second}: after {}", after.to_millis() / 1000),
            });
        }
    }
    said
}

#[test]
fn what_begins_and_ends_does_not_chatter() {
    for (kind, seconds, expected) in [
        // A destination that is back within five seconds is none.
        (AlarmKind::OffAir, "..####....", vec![]),
        (AlarmKind::OffAir, "..#######...", vec!["7: since 2", "11: after 7"]),
        (AlarmKind::OffAir, "######.#.#.#...", vec!["5: since 0", "14: after 12"]),
        // What is found in program has lasted already; its end is waited for.
        (AlarmKind::Black, ".#.#.#....", vec!["1: since 1", "9: after 5"]),
        (AlarmKind::NoVerdict, "#.#.#.#.#", vec![]),
        (AlarmKind::NoVerdict, "###...", vec!["2: since 0", "5: after 3"]),
        (AlarmKind::WorkerLost, "##########", vec![]),
        (AlarmKind::WorkerLost, "###########", vec!["10: since 0"]),
    ] {
        assert_eq!(turns(kind, seconds), expected, "{kind:?} {seconds}");
    }
}

#[test]
fn the_worst_is_first_and_one_that_is_known_stays_so_until_it_ends() {
    let mut alarms = Alarms::default();
    let troubles = |kinds: &[AlarmKind]| {
        let trouble = |kind: &AlarmKind| Trouble {
            kind: *kind,
            since: Some(at(1)),
            text: kind.title().into(),
        };
        kinds.iter().map(trouble).collect::<Vec<_>>()
    };
    let raised = |alarms: &Alarms| {
        let raised = alarms.raised().iter();
        raised.map(|alarm| (alarm.kind, alarm.is_acked)).collect::<Vec<_>>()
    };
    let both = [AlarmKind::Silence, AlarmKind::Black];
    alarms.note(troubles(&both), at(3));
    assert_eq!(alarms.acknowledge(Some(AlarmKind::Silence)), 1);
    assert_eq!(alarms.acknowledge(Some(AlarmKind::Silence)), 0);
    assert_eq!(raised(&alarms), [(AlarmKind::Black, false), (AlarmKind::Silence, true)]);
    alarms.note(troubles(&both), at(4));
    assert_eq!(raised(&alarms), [(AlarmKind::Black, false), (AlarmKind::Silence, true)]);
    assert_eq!(alarms.acknowledge(None), 1);
    for second in 5..9 {
        alarms.note(troubles(&both[1..]), at(second));
    }
    assert_eq!(raised(&alarms), [(AlarmKind::Black, true)]);
    alarms.note(troubles(&both), at(9));
    assert_eq!(raised(&alarms), [(AlarmKind::Black, true), (AlarmKind::Silence, false)]);
    let json = serde_json::to_value(&alarms).unwrap();
    assert_eq!(json[0]["kind"], "black", "{json}");
    assert_eq!(
        serde_json::from_value::<Alarms>(json).unwrap().raised(),
        alarms.raised()
    );
}

#[test]
fn kinds_are_typed_and_stand_as_they_are_called() {
    for (kind, word) in AlarmKind::ALL.into_iter().zip(AlarmKind::WORDS) {
        assert_eq!(AlarmKind::of(word), Some(kind));
        assert_eq!(serde_json::to_value(kind).unwrap(), *word);
    }
    assert_eq!(AlarmKind::WORDS.len(), AlarmKind::ALL.len());
}

proptest! {
    #[test]
    fn turns_alternate_and_what_holds_is_what_has_begun(
        seconds in prop::collection::vec((prop::collection::vec(0usize..9, 0..5), -3i64..20), 0..200),
    ) {
        let mut alarms = Alarms::default();
        let mut held = std::collections::BTreeSet::new();
        let mut now = 0;
        for (kinds, step) in seconds {
            now += step;
            let troubles = kinds.iter().map(|kind| Trouble {
                kind: AlarmKind::ALL[*kind],
                since: None,
                text: String::new(),
            });
            for turn in alarms.note(troubles.collect(), at(now)) {
                match turn {
                    AlarmTurn::Began(alarm) => prop_assert!(held.insert(alarm.kind)),
                    AlarmTurn::Ended(kind, _) => prop_assert!(held.remove(&kind)),
                }
            }
            let raised: Vec<AlarmKind> = alarms.raised().iter().map(|alarm| alarm.kind).collect();
            prop_assert_eq!(raised, held.iter().copied().collect::<Vec<_>>());
            prop_assert!(alarms.coming.len() + alarms.going.len() <= 2 * AlarmKind::ALL.len());
        }
    }
}
