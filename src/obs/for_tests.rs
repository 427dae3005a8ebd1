//! A studio for tests: two scenes with a pattern, a nested one, and a destination.

use serde_json::json;

use crate::media::FrameRate;
use crate::scene::demo;
use crate::studio::model::{
    DestinationModel, DestinationState, DestinationStats, Fit, Item, ProgramFormat, Rect, SceneModel, Shown, Strip,
    Studio,
};
use crate::studio::opening;

/// A source's picture over all of program.
pub fn item(name: &str, what: Shown) -> Item {
    let all = json!({ "name": name, "what": { "color": [0, 0, 0, 255] }, "target": Rect { x: 0, y: 0, width: 1280, height: 720 },
        "fit": Fit::Contain, "crop": crate::studio::model::Crop::default(), "z": 0, "opacity": 1.0 });
    let item = serde_json::from_value::<Item>(all).unwrap();
    Item { what, ..item }
}

/// The scenes `wide` (sources `host` and `slides`, on program) and `close` (source `host`, and the scene `wide` in small, on preview), and the
/// destination `main`, which is off.
pub fn studio() -> Studio {
    let scene = |name: &str, items| SceneModel {
        name: name.to_owned(),
        items,
        ..SceneModel::default()
    };
    let source = |name: &str, kind: &str| {
        json!({ "name": name, "kind": kind, "location": "bars", "state": { "state": "live" }, "format": null,
            "dropped_frames": 0, "dropped_blocks": 0, "is_on_program": true, "is_on_preview": false })
    };
    let shows = |name: &str| item(name, Shown::Source(name.to_owned()));
    let nested = Shown::Scene {
        name: "wide".to_owned(),
        with: Vec::new(),
    };
    let strip = |name: &str| Strip {
        name: name.to_owned(),
        settings: crate::studio::model::StripSettings::default(),
    };
    let destination = DestinationModel {
        name: "main".to_owned(),
        url: "rtmp://host/live/••••".to_owned(),
        rendition: None,
        state: DestinationState::Idle,
        loss: None,
        stats: DestinationStats::default(),
    };
    let mut studio = opening::studio("test", &demo(&[], &|_| None).unwrap());
    studio.format = ProgramFormat {
        width: 1280,
        height: 720,
        frame_rate: FrameRate::whole(30),
    };
    studio.sources = [source("host", "rtsp"), source("slides", "file")]
        .map(|source| serde_json::from_value(source).unwrap())
        .to_vec();
    studio.strips = vec![strip("host")];
    studio.scenes = vec![
        scene("wide", vec![shows("host"), shows("slides")]),
        scene("close", vec![shows("host"), item("inset", nested)]),
    ];
    studio.find_sources();
    studio.program = "wide".to_owned();
    studio.preview = "close".to_owned();
    studio.destinations = vec![destination];
    studio
}
