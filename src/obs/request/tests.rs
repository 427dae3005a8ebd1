//! Requests as tables: what is asked of a studio, and what is to be done about it.

use proptest::prelude::*;
use serde_json::json;

use super::super::for_tests::studio;
use super::super::names::{Thing, item_id, uuid};
use super::*;
use crate::control::protocol::MonitorTarget;
use crate::studio::model::DestinationState;

fn view(studio: &Studio) -> View<'_> {
    View {
        studio,
        now: Timestamp::from_millis(61_500),
        is_studio_mode: true,
        live_since: Some(Timestamp::from_millis(1500)),
        messages: (3, 4),
    }
}

fn ask(studio: &Studio, kind: &str, data: Value) -> Result<Outcome, Refusal> {
    let kind = kind.to_owned();
    look(
        view(studio),
        &Request {
            kind,
            id: "1".into(),
            data,
        },
    )
}

fn data(studio: &Studio, kind: &str, given: Value) -> Value {
    match ask(studio, kind, given) {
        Ok(Outcome::Done(Some(data))) => data,
        other => panic!("{kind}: {other:?}"),
    }
}

/// The lines that a request becomes.
fn lines(outcome: &Outcome) -> Vec<String> {
    match outcome {
        Outcome::Order(lines, _) => lines.iter().map(|words| words.join(" ")).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_changes_something_becomes_lines_of_the_table() {
    let mut studio = studio();
    studio.strips[0].settings.is_muted = true;
    studio.recording.is_on = true;
    let inset = item_id("close", "inset");
    for (kind, given, line) in [
        ("SetCurrentProgramScene", json!({ "sceneName": "close" }), "take close"),
        (
            "SetCurrentProgramScene",
            json!({ "sceneUuid": uuid(Thing::Scene, "close") }),
            "take close",
        ),
        ("SetCurrentPreviewScene", json!({ "sceneName": "wide" }), "preview wide"),
        ("TriggerStudioModeTransition", Value::Null, "take"),
        (
            "SetInputMute",
            json!({ "inputName": "host", "inputMuted": true }),
            "mute host on",
        ),
        (
            "ToggleInputMute",
            json!({ "inputUuid": uuid(Thing::Input, "host") }),
            "mute host off",
        ),
        (
            "SetInputVolume",
            json!({ "inputName": "host", "inputVolumeDb": -6.5 }),
            "gain host -6.500",
        ),
        (
            "SetInputVolume",
            json!({ "inputName": "host", "inputVolumeMul": 0.5 }),
            "gain host -6.021",
        ),
        (
            "SetInputVolume",
            json!({ "inputName": "host", "inputVolumeMul": 0 }),
            "gain host -60.000",
        ),
        (
            "SetInputVolume",
            json!({ "inputName": "host", "inputVolumeDb": 26 }),
            "gain host 24.000",
        ),
        (
            "SetSceneItemEnabled",
            json!({ "sceneName": "close", "sceneItemId": inset, "sceneItemEnabled": false }),
            "item hide close inset",
        ),
        (
            "SetCurrentSceneTransition",
            json!({ "transitionName": "Fade" }),
            "transition fade",
        ),
        (
            "SetCurrentSceneTransitionDuration",
            json!({ "transitionDuration": 750 }),
            "transition fade 750ms",
        ),
        ("StartStream", Value::Null, "destination start main"),
        ("ToggleStream", Value::Null, "destination start main"),
        ("StartOutput", json!({ "outputName": "main" }), "destination start main"),
        ("StopOutput", json!({ "outputName": "recording" }), "record stop"),
        ("StopRecord", Value::Null, "record stop"),
        ("ToggleRecord", Value::Null, "record stop"),
        ("SplitRecordFile", Value::Null, "record split"),
        (
            "TriggerHotkeyByName",
            json!({ "hotkeyName": "record split" }),
            "record split",
        ),
    ] {
        let mut studio = studio.clone();
        studio.transition.kind = crate::studio::model::TransitionKind::Fade;
        let outcome = ask(&studio, kind, given).unwrap_or_else(|refusal| panic!("{kind}: {refusal:?}"));
        assert_eq!(lines(&outcome), [line], "{kind}");
        if !line.starts_with("item ") {
            let words: Vec<_> = line.split(' ').map(str::to_owned).collect();
            assert!(crate::studio::command::parse(&words).is_ok(), "{line}");
        }
    }
    let said = ask(
        &studio,
        "CallVendorRequest",
        json!({
            "vendorName": "rigcast", "requestType": "command", "requestData": { "line": "gain \"host\" -3" },
        }),
    );
    assert_eq!(
        said,
        Ok(Outcome::Vendor(vec!["gain".into(), "host".into(), "-3".into()]))
    );
}

#[test]
fn what_makes_no_sense_is_refused_with_its_number() {
    let studio = studio();
    for (kind, given, status) in [
        ("", Value::Null, 203),
        ("RemoveScene", json!({ "sceneName": "wide" }), 204),
        ("SetCurrentProgramScene", Value::Null, 301),
        ("SetCurrentProgramScene", json!([]), 301),
        ("SetCurrentProgramScene", json!({}), 300),
        ("SetCurrentProgramScene", json!({ "sceneName": null }), 300),
        ("SetCurrentProgramScene", json!({ "sceneName": "" }), 403),
        ("SetCurrentProgramScene", json!({ "sceneName": 4 }), 401),
        ("SetCurrentProgramScene", json!({ "sceneName": "nowhere" }), 600),
        (
            "SetCurrentProgramScene",
            json!({ "sceneUuid": uuid(Thing::Input, "host") }),
            600,
        ),
        ("SetInputMute", json!({ "inputName": "host" }), 300),
        ("SetInputMute", json!({ "inputName": "host", "inputMuted": 1 }), 401),
        (
            "SetInputMute",
            json!({ "inputName": "slides", "inputMuted": true }),
            604,
        ),
        ("SetInputVolume", json!({ "inputName": "host" }), 300),
        (
            "SetInputVolume",
            json!({ "inputName": "host", "inputVolumeDb": 27 }),
            402,
        ),
        (
            "SetInputVolume",
            json!({ "inputName": "host", "inputVolumeDb": 0, "inputVolumeMul": 1 }),
            404,
        ),
        (
            "GetSceneItemEnabled",
            json!({ "sceneName": "wide", "sceneItemId": 5 }),
            600,
        ),
        (
            "GetSceneItemId",
            json!({ "sceneName": "wide", "sourceName": "inset" }),
            600,
        ),
        ("GetSourceScreenshot", json!({ "sourceName": "wide" }), 300),
        (
            "GetSourceScreenshot",
            json!({ "sourceName": "wide", "imageFormat": "bmp" }),
            400,
        ),
        (
            "GetSourceScreenshot",
            json!({ "sourceName": "wide", "imageFormat": "png", "imageWidth": 4 }),
            402,
        ),
        ("SaveSourceScreenshot", json!({ "sourceName": "wide" }), 604),
        ("SetCurrentSceneTransition", json!({ "transitionName": "Swirl" }), 600),
        (
            "SetCurrentSceneTransitionDuration",
            json!({ "transitionDuration": 10 }),
            402,
        ),
        ("StopStream", Value::Null, 501),
        ("StopRecord", Value::Null, 501),
        ("StopOutput", json!({ "outputName": "main" }), 501),
        ("StartOutput", json!({ "outputName": "nowhere" }), 600),
        ("TriggerHotkeyByName", json!({ "hotkeyName": "gain" }), 600),
        ("TriggerHotkeyByName", json!({ "hotkeyName": "help" }), 600),
        (
            "CallVendorRequest",
            json!({ "vendorName": "x", "requestType": "y" }),
            600,
        ),
        (
            "CallVendorRequest",
            json!({ "vendorName": "rigcast", "requestType": "command" }),
            300,
        ),
        ("GetPersistentData", json!({ "realm": "x", "slotName": "y" }), 604),
        ("BroadcastCustomEvent", json!({ "eventData": 5 }), 401),
        ("Sleep", json!({ "sleepMillis": 60_000 }), 402),
    ] {
        let refusal = ask(&studio, kind, given.clone()).expect_err(kind);
        assert_eq!(refusal.status.number(), status, "{kind} {given}: {}", refusal.comment);
        assert!(!refusal.comment.is_empty());
    }
}

#[test]
fn without_studio_mode_there_is_no_preview() {
    let studio = studio();
    let view = View {
        is_studio_mode: false,
        ..view(&studio)
    };
    let ask = |kind: &str| {
        let request = Request {
            kind: kind.into(),
            id: Value::Null,
            data: json!({ "sceneName": "wide" }),
        };
        look(view, &request)
    };
    for kind in [
        "GetCurrentPreviewScene",
        "SetCurrentPreviewScene",
        "TriggerStudioModeTransition",
    ] {
        assert_eq!(
            ask(kind).map_err(|refusal| refusal.status),
            Err(Status::StudioModeNotActive)
        );
    }
    let Ok(Outcome::Done(Some(scenes))) = ask("GetSceneList") else {
        panic!("no list")
    };
    assert_eq!(scenes["currentPreviewSceneName"], Value::Null);
}

#[test]
fn scenes_and_their_items_are_listed_from_below() {
    let studio = studio();
    let scenes = data(&studio, "GetSceneList", Value::Null);
    assert_eq!(scenes["currentProgramSceneName"], "wide");
    assert_eq!(scenes["currentPreviewSceneName"], "close");
    // The first of the show is the uppermost in a list that clients turn round.
    assert_eq!(scenes["scenes"][0]["sceneName"], "close");
    assert_eq!(
        scenes["scenes"][1],
        json!({
            "sceneName": "wide", "sceneIndex": 1, "sceneUuid": uuid(Thing::Scene, "wide"),
        })
    );
    let items = data(&studio, "GetSceneItemList", json!({ "sceneName": "close" }));
    let items = items["sceneItems"].as_array().unwrap();
    assert_eq!(items[0]["sourceName"], "host");
    assert_eq!(items[0]["inputKind"], "rigcast_rtsp");
    assert_eq!(items[0]["sceneItemEnabled"], true);
    assert_eq!(
        (&items[1]["sourceName"], &items[1]["isGroup"]),
        (&json!("wide"), &json!(false))
    );
    assert_eq!(items[1]["sourceType"], "OBS_SOURCE_TYPE_SCENE");
    assert_eq!(items[1]["sceneItemIndex"], 1);
    let id = data(
        &studio,
        "GetSceneItemId",
        json!({ "sceneName": "close", "sourceName": "wide" }),
    );
    assert_eq!(id["sceneItemId"], items[1]["sceneItemId"]);
    let last = json!({ "sceneName": "close", "sourceName": "host", "searchOffset": -1 });
    assert_eq!(
        data(&studio, "GetSceneItemId", last)["sceneItemId"],
        items[0]["sceneItemId"]
    );
    let asked = json!({ "sceneName": "close", "sceneItemId": items[1]["sceneItemId"] });
    assert_eq!(data(&studio, "GetSceneItemSource", asked.clone())["sourceName"], "wide");
    assert_eq!(
        data(&studio, "GetSceneItemTransform", asked)["sceneItemTransform"]["boundsWidth"],
        1280
    );
}

#[test]
fn figures_are_those_of_the_model() {
    let mut studio = studio();
    studio.strips[0].settings.gain_db = -20.0;
    let volume = data(&studio, "GetInputVolume", json!({ "inputName": "host" }));
    assert_eq!(volume["inputVolumeDb"], -20.0);
    assert!((volume["inputVolumeMul"].as_f64().unwrap() - 0.1).abs() < 1e-9);
    assert_eq!(
        data(&studio, "GetInputMute", json!({ "inputName": "host" }))["inputMuted"],
        false
    );
    assert_eq!(data(&studio, "GetStreamStatus", Value::Null)["outputActive"], false);
    studio.destinations[0].state = DestinationState::Live;
    studio.destinations[0].stats.sent_bytes = 77;
    let status = data(&studio, "GetStreamStatus", Value::Null);
    assert_eq!(
        (&status["outputActive"], &status["outputBytes"]),
        (&json!(true), &json!(77))
    );
    assert_eq!(
        (&status["outputTimecode"], &status["outputDuration"]),
        (&json!("00:01:00.000"), &json!(60_000))
    );
    let outputs = data(&studio, "GetOutputList", Value::Null);
    assert_eq!(outputs["outputs"][0]["outputName"], "main");
    assert_eq!(outputs["outputs"][1]["outputKind"], "rigcast_recording");
    let active = |name: &str| data(&studio, "GetSourceActive", json!({ "sourceName": name }));
    assert_eq!(active("wide"), json!({ "videoActive": true, "videoShowing": true }));
    assert_eq!(active("close"), json!({ "videoActive": false, "videoShowing": true }));
    assert_eq!(active("slides"), json!({ "videoActive": true, "videoShowing": true }));
    let video = data(&studio, "GetVideoSettings", Value::Null);
    assert_eq!(
        (&video["baseWidth"], &video["fpsNumerator"]),
        (&json!(1280), &json!(30))
    );
    let kinds = data(&studio, "GetInputList", json!({ "inputKind": "rigcast_file" }));
    assert_eq!(kinds["inputs"][0]["inputName"], "slides");
    assert_eq!(kinds["inputs"].as_array().unwrap().len(), 1);
    let version = data(&studio, "GetVersion", Value::Null);
    let known = version["availableRequests"].as_array().unwrap();
    assert!(known.contains(&json!("GetVersion")) && known.contains(&json!("Sleep")));
}

#[test]
fn screenshots_are_of_what_is_meant() {
    let studio = studio();
    let target = |name: &str| {
        let given =
            json!({ "sourceName": name, "imageFormat": "jpg", "imageWidth": 320, "imageCompressionQuality": 50 });
        match ask(&studio, "GetSourceScreenshot", given) {
            Ok(Outcome::Screenshot(shot)) => shot,
            other => panic!("{other:?}"),
        }
    };
    let program = target("wide");
    assert_eq!(program.target, MonitorTarget::Program);
    assert_eq!(
        (program.width, program.height, program.format),
        (320, 180, Format::Jpeg(50))
    );
    assert_eq!(target("close").target, MonitorTarget::Preview);
    assert_eq!(target("host").target, MonitorTarget::Source("host".into()));
}

#[test]
fn the_stream_is_all_destinations_together() {
    let mut studio = studio();
    let mut lost = studio.destinations[0].clone();
    lost.loss = Some("reset".into());
    let backoff = DestinationState::Backoff {
        reason: "reset".into(),
        retry_in_ms: 500,
        attempt: 1,
    };
    for (states, phase) in [
        ([DestinationState::Idle, DestinationState::Idle], StreamPhase::Stopped),
        (
            [DestinationState::Connecting, DestinationState::Idle],
            StreamPhase::Starting,
        ),
        (
            [DestinationState::Idle, DestinationState::Connecting],
            StreamPhase::Reconnecting,
        ),
        (
            [DestinationState::Connecting, backoff.clone()],
            StreamPhase::Reconnecting,
        ),
        ([backoff, DestinationState::Live], StreamPhase::Live),
        (
            [
                DestinationState::Failed { reason: "key".into() },
                DestinationState::Idle,
            ],
            StreamPhase::Stopped,
        ),
    ] {
        studio.destinations.truncate(1);
        studio.destinations.push(lost.clone());
        for (destination, state) in studio.destinations.iter_mut().zip(states) {
            destination.state = state;
        }
        assert_eq!(stream_phase(&studio), phase);
    }
}

#[test]
fn names_of_requests_are_unique() {
    let mut names: Vec<_> = known().collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
}

fn field() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        prop_oneof![
            Just("wide"),
            Just("close"),
            Just("host"),
            Just("main"),
            Just("png"),
            Just("Fade"),
            Just("rigcast"),
            Just("")
        ]
        .prop_map(Value::from),
        ".{0,10}".prop_map(Value::from),
        Just(json!({})),
        Just(json!([1])),
    ]
}

proptest! {
    #[test]
    fn no_request_panics_and_every_line_can_be_told(
        pick in 0..known().count(),
        fields in prop::collection::vec(field(), 24),
        is_studio_mode: bool,
    ) {
        const NAMES: [&str; 24] = [
            "sceneName", "sceneUuid", "inputName", "inputUuid", "sourceName", "sourceUuid", "sceneItemId", "sceneItemEnabled",
            "inputMuted", "inputVolumeMul", "inputVolumeDb", "imageFormat", "imageWidth", "imageHeight", "imageCompressionQuality",
            "transitionName", "transitionDuration", "outputName", "hotkeyName", "vendorName", "requestType", "requestData",
            "eventData", "searchOffset",
        ];
        let data: serde_json::Map<_, _> = NAMES.into_iter().map(str::to_owned).zip(fields).collect();
        let request = Request { kind: known().nth(pick).unwrap().to_owned(), id: 1.into(), data: data.into() };
        let studio = studio();
        match look(View { is_studio_mode, ..view(&studio) }, &request) {
            Ok(Outcome::Order(lines, _)) => prop_assert!(lines.iter().all(|words| !words.is_empty())),
            Ok(Outcome::Vendor(words)) => prop_assert!(!words.is_empty()),
            Ok(_) => {}
            Err(refusal) => prop_assert!(!refusal.comment.is_empty()),
        }
    }
}
