//! Changes of a studio as tables, and the events that are told of them.

use proptest::prelude::*;

use super::super::for_tests::{item, studio};
use super::*;
use crate::media::{TimeDelta, Timestamp};
use crate::studio::model::{DestinationState, Fade, Shown, TransitionKind};

fn fade(from: &str, start_ms: i64) -> Fade {
    // Whatever else a take under way has is at its default.
    let start = Timestamp::from_millis(start_ms);
    let text = json!({ "from": from, "start": start, "duration_ms": TimeDelta::from_millis(500) });
    serde_json::from_value(text).unwrap()
}

fn told(before: &Studio, now: &Studio) -> Vec<&'static str> {
    events(before, now).into_iter().map(|event| event.kind).collect()
}

type Change = fn(&mut Studio);

#[test]
fn each_change_is_told() {
    let cases: &[(&str, Change, &[&str])] = &[
        ("nothing", |_| (), &[]),
        ("time", |it| it.now = Timestamp::from_millis(5), &[]),
        (
            "a cut",
            |it| it.program = "close".into(),
            &[
                "SceneTransitionStarted",
                "CurrentProgramSceneChanged",
                "SceneTransitionVideoEnded",
                "SceneTransitionEnded",
            ],
        ),
        (
            "a fade begins",
            |it| (it.program, it.fade) = ("close".into(), Some(fade("wide", 10))),
            &["SceneTransitionStarted", "CurrentProgramSceneChanged"],
        ),
        (
            "preview",
            |it| it.preview = "wide".into(),
            &["CurrentPreviewSceneChanged"],
        ),
        (
            "mute",
            |it| it.strips[0].settings.is_muted = true,
            &["InputMuteStateChanged"],
        ),
        (
            "muted before air",
            |it| it.moderation.muted_strips.push("host".into()),
            &["InputMuteStateChanged"],
        ),
        (
            "gain",
            |it| it.strips[0].settings.gain_db = 3.0,
            &["InputVolumeChanged"],
        ),
        (
            "a source leaves program and is seen no more",
            |it| it.sources[1].is_on_program = false,
            &["InputActiveStateChanged", "InputShowStateChanged"],
        ),
        ("a source goes", |it| drop(it.sources.pop()), &["InputRemoved"]),
        (
            "a source comes",
            |it| {
                let mut new = it.sources[0].clone();
                new.name = "guest".into();
                it.sources.push(new);
            },
            &["InputCreated"],
        ),
        (
            "a source is another file",
            |it| it.sources[1].location = "b.mp4".into(),
            &["InputSettingsChanged"],
        ),
        (
            "an item is hidden",
            |it| it.scenes[0].items[0].is_hidden = true,
            &["SceneItemEnableStateChanged"],
        ),
        (
            "an item is moved",
            |it| it.scenes[0].items[0].target.x = 5,
            &["SceneItemTransformChanged"],
        ),
        (
            "two items change places",
            |it| it.scenes[0].items.swap(0, 1),
            &["SceneItemListReindexed"],
        ),
        (
            "an item comes",
            |it| it.scenes[0].items.push(item("logo", Shown::Color([0; 4]))),
            &["SceneItemCreated", "SceneItemListReindexed"],
        ),
        (
            "an item goes",
            |it| drop(it.scenes[0].items.remove(0)),
            &["SceneItemRemoved", "SceneItemListReindexed"],
        ),
        (
            "a scene goes",
            |it| drop(it.scenes.remove(1)),
            &["SceneRemoved", "SceneListChanged"],
        ),
        ("scenes change places", |it| it.scenes.swap(0, 1), &["SceneListChanged"]),
        (
            "another transition",
            |it| it.transition.kind = TransitionKind::Cut,
            &["CurrentSceneTransitionChanged"],
        ),
        (
            "a longer one",
            |it| it.transition.duration = TimeDelta::from_millis(1234),
            &["CurrentSceneTransitionDurationChanged"],
        ),
        (
            "on the way to be live",
            |it| it.destinations[0].state = DestinationState::Connecting,
            &["StreamStateChanged"],
        ),
        (
            "live at once",
            |it| it.destinations[0].state = DestinationState::Live,
            &["StreamStateChanged", "StreamStateChanged"],
        ),
        (
            "recorded",
            |it| it.recording.is_on = true,
            &["RecordStateChanged", "RecordStateChanged"],
        ),
    ];
    let mut before = studio();
    before.transition.kind = TransitionKind::Fade;
    for (name, change, expected) in cases {
        let mut now = before.clone();
        change(&mut now);
        assert_eq!(told(&before, &now), *expected, "{name}");
    }
}

#[test]
fn a_fade_ends_unless_another_take_cuts_it_short() {
    let mut before = studio();
    (before.program, before.fade) = ("close".into(), Some(fade("wide", 10)));
    let mut now = before.clone();
    now.fade = None;
    assert_eq!(
        told(&before, &now),
        ["SceneTransitionVideoEnded", "SceneTransitionEnded"]
    );
    (now.program, now.fade) = ("wide".into(), Some(fade("close", 300)));
    assert_eq!(
        told(&before, &now),
        ["SceneTransitionStarted", "CurrentProgramSceneChanged"]
    );
}

#[test]
fn the_stream_is_told_of_as_it_goes() {
    let states = |before: DestinationState, now: DestinationState| {
        let (mut old, mut new) = (studio(), studio());
        old.destinations[0].state = before;
        new.destinations[0].state = now;
        let events = events(&old, &new).into_iter();
        let states = events.map(|event| event.data.unwrap()["outputState"].as_str().unwrap().to_owned());
        states
            .map(|state| state.replace("OBS_WEBSOCKET_OUTPUT_", ""))
            .collect::<Vec<_>>()
    };
    let lost = || DestinationState::Backoff {
        reason: "reset".into(),
        retry_in_ms: 5,
        attempt: 1,
    };
    assert_eq!(
        states(DestinationState::Connecting, DestinationState::Live),
        ["STARTED"]
    );
    assert_eq!(states(DestinationState::Live, lost()), ["RECONNECTING"]);
    assert_eq!(states(lost(), DestinationState::Live), ["RECONNECTED"]);
    assert_eq!(
        states(DestinationState::Live, DestinationState::Idle),
        ["STOPPING", "STOPPED"]
    );
}

proptest! {
    /// Whatever happens between two looks: what is told last of program and preview is so.
    #[test]
    fn what_is_told_last_is_so(programs in prop::collection::vec(0..2_usize, 2..8), previews in prop::collection::vec(0..2_usize, 2..8)) {
        let mut known = studio();
        let names = ["wide", "close"];
        let mut heard = (known.program.clone(), known.preview.clone());
        for (program, preview) in programs.into_iter().zip(previews) {
            let mut now = known.clone();
            (now.program, now.preview) = (names[program].into(), names[preview].into());
            for event in events(&known, &now) {
                let name = || event.data.as_ref().unwrap()["sceneName"].as_str().unwrap().to_owned();
                match event.kind {
                    "CurrentProgramSceneChanged" => heard.0 = name(),
                    "CurrentPreviewSceneChanged" => heard.1 = name(),
                    _ => {}
                }
            }
            prop_assert_eq!(&heard, &(now.program.clone(), now.preview.clone()));
            known = now;
        }
    }
}
