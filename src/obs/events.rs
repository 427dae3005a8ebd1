//! What has happened, as events of the protocol: found by holding the state of now against the one before.
//!
//! Pure. States may be left out in between: then what came and went meanwhile is not told, and what is told is still so.

use serde_json::{Value, json};

use super::code::intent;
use super::names::{Thing, Way, input_kind, item_id, shows, uuid, way, way_of_fade};
use super::request::{StreamPhase, about_input, gain, place, scene_list, stream_phase};
use crate::studio::model::{SceneModel, SourceModel, Studio};

/// Something that has happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// `CurrentProgramSceneChanged`.
    pub kind: &'static str,
    /// Who gets it.
    pub intent: u64,
    /// More about it.
    pub data: Option<Value>,
}

/// What has happened from `before` to `now`, in the order in which it is told.
#[must_use]
pub fn events(before: &Studio, now: &Studio) -> Vec<Event> {
    let mut told = Told(Vec::new());
    told.inputs(before, now);
    told.scene_list(before, now);
    told.items(before, now);
    told.transition(before, now);
    told.program(before, now);
    told.stream(before, now);
    told.recording(before, now);
    told.0
}

struct Told(Vec<Event>);

fn scene(name: &str) -> Value {
    json!({ "sceneName": name, "sceneUuid": uuid(Thing::Scene, name) })
}

fn input(name: &str) -> Value {
    json!({ "inputName": name, "inputUuid": uuid(Thing::Input, name) })
}

fn transition(way: Way) -> Value {
    json!({ "transitionName": way.name, "transitionUuid": uuid(Thing::Transition, way.name) })
}

/// `data` with more in it.
fn with<const N: usize>(mut data: Value, more: [(&str, Value); N]) -> Value {
    for (key, value) in more {
        data[key] = value;
    }
    data
}

impl Told {
    fn tell(&mut self, kind: &'static str, intent: u64, data: Value) {
        self.0.push(Event {
            kind,
            intent,
            data: Some(data),
        });
    }

    fn inputs(&mut self, before: &Studio, now: &Studio) {
        let has = |studio: &Studio, name: &str| studio.sources.iter().any(|source| source.name == name);
        for gone in before.sources.iter().filter(|source| !has(now, &source.name)) {
            self.tell("InputRemoved", intent::INPUTS, input(&gone.name));
        }
        for source in &now.sources {
            let Some(old) = before.sources.iter().find(|old| old.name == source.name) else {
                let more = [
                    ("inputSettings", json!({ "location": source.location })),
                    ("defaultInputSettings", json!({})),
                ];
                self.tell("InputCreated", intent::INPUTS, with(about_input(now, source), more));
                continue;
            };
            if (&old.kind, &old.location) != (&source.kind, &source.location) {
                let more = [(
                    "inputSettings",
                    json!({ "location": source.location, "kind": input_kind(source) }),
                )];
                self.tell("InputSettingsChanged", intent::INPUTS, with(input(&source.name), more));
            }
            self.sight(old, source);
        }
        for strip in &now.strips {
            let Some(old) = before.strips.iter().find(|old| old.name == strip.name) else {
                continue;
            };
            let is_muted = now.effective(strip).is_muted;
            if before.effective(old).is_muted != is_muted {
                let data = with(input(&strip.name), [("inputMuted", is_muted.into())]);
                self.tell("InputMuteStateChanged", intent::INPUTS, data);
            }
            if old.settings.gain_db.to_bits() != strip.settings.gain_db.to_bits() {
                let (mul, db) = gain(strip.settings.gain_db);
                let more = [("inputVolumeMul", mul.into()), ("inputVolumeDb", db.into())];
                self.tell("InputVolumeChanged", intent::INPUTS, with(input(&strip.name), more));
            }
        }
    }

    fn sight(&mut self, old: &SourceModel, source: &SourceModel) {
        if old.is_on_program != source.is_on_program {
            let data = with(input(&source.name), [("videoActive", source.is_on_program.into())]);
            self.tell("InputActiveStateChanged", intent::INPUT_ACTIVE_STATE_CHANGED, data);
        }
        let is_seen = |source: &SourceModel| source.is_on_program || source.is_on_preview;
        if is_seen(old) != is_seen(source) {
            let data = with(input(&source.name), [("videoShowing", is_seen(source).into())]);
            self.tell("InputShowStateChanged", intent::INPUT_SHOW_STATE_CHANGED, data);
        }
    }

    fn scene_list(&mut self, before: &Studio, now: &Studio) {
        let names = |studio: &Studio| studio.scenes.iter().map(|scene| scene.name.clone()).collect::<Vec<_>>();
        let (old, new) = (names(before), names(now));
        if old == new {
            return;
        }
        let about = |name: &String| with(scene(name), [("isGroup", false.into())]);
        for gone in old.iter().filter(|name| !new.contains(name)) {
            self.tell("SceneRemoved", intent::SCENES, about(gone));
        }
        for come in new.iter().filter(|name| !old.contains(name)) {
            self.tell("SceneCreated", intent::SCENES, about(come));
        }
        self.tell("SceneListChanged", intent::SCENES, json!({ "scenes": scene_list(now) }));
    }

    fn items(&mut self, before: &Studio, now: &Studio) {
        for scene in &now.scenes {
            let Some(old) = before.scenes.iter().find(|old| old.name == scene.name) else {
                continue;
            };
            if old.items != scene.items {
                self.items_of((before, old), (now, scene));
            }
        }
    }

    fn items_of(&mut self, (before, old): (&Studio, &SceneModel), (now, new): (&Studio, &SceneModel)) {
        let about = |name: &str| with(scene(&new.name), [("sceneItemId", item_id(&new.name, name).into())]);
        let named = |studio: &Studio, item| {
            let shown = shows(studio, item);
            let thing = if shown.is_group == Some(false) {
                Thing::Scene
            } else {
                Thing::Input
            };
            [
                ("sourceName", shown.name.into()),
                ("sourceUuid", uuid(thing, shown.name).into()),
            ]
        };
        let find = |scene: &SceneModel, name: &str| scene.items.iter().position(|item| item.name == name);
        for item in old.items.iter().filter(|item| find(new, &item.name).is_none()) {
            let data = with(about(&item.name), named(before, item));
            self.tell("SceneItemRemoved", intent::SCENE_ITEMS, data);
        }
        for (index, item) in new.items.iter().enumerate() {
            let Some(was) = find(old, &item.name).map(|at| &old.items[at]) else {
                let data = with(
                    with(about(&item.name), named(now, item)),
                    [("sceneItemIndex", index.into())],
                );
                self.tell("SceneItemCreated", intent::SCENE_ITEMS, data);
                continue;
            };
            if was.is_hidden != item.is_hidden {
                let data = with(about(&item.name), [("sceneItemEnabled", (!item.is_hidden).into())]);
                self.tell("SceneItemEnableStateChanged", intent::SCENE_ITEMS, data);
            }
            if (was.target, was.fit, was.crop) != (item.target, item.fit, item.crop) {
                let data = with(about(&item.name), [("sceneItemTransform", place(now, item))]);
                self.tell("SceneItemTransformChanged", intent::SCENE_ITEM_TRANSFORM_CHANGED, data);
            }
        }
        let order = |scene: &SceneModel| scene.items.iter().map(|item| item.name.clone()).collect::<Vec<_>>();
        if order(old) != order(new) {
            let items = new.items.iter().enumerate();
            let items = items
                .map(|(index, item)| json!({ "sceneItemId": item_id(&new.name, &item.name), "sceneItemIndex": index }));
            let data = with(scene(&new.name), [("sceneItems", items.collect())]);
            self.tell("SceneItemListReindexed", intent::SCENE_ITEMS, data);
        }
    }

    fn transition(&mut self, before: &Studio, now: &Studio) {
        let (old, new) = (way(before.transition.kind), way(now.transition.kind));
        if old != new {
            self.tell("CurrentSceneTransitionChanged", intent::TRANSITIONS, transition(new));
        }
        if before.transition.duration != now.transition.duration {
            let data = json!({ "transitionDuration": now.transition.duration.to_millis() });
            self.tell("CurrentSceneTransitionDurationChanged", intent::TRANSITIONS, data);
        }
    }

    /// The scene on program is the new one as soon as it is taken, however long the transition takes then.
    fn program(&mut self, before: &Studio, now: &Studio) {
        let starts = |studio: &Studio| studio.fade.as_ref().map(|fade| fade.start);
        if let Some(old) = before.fade.as_ref().filter(|_| starts(before) != starts(now)) {
            let data = transition(way_of_fade(before, old));
            // One that another has cut short has not come to its end.
            if now.fade.is_none() {
                self.tell("SceneTransitionVideoEnded", intent::TRANSITIONS, data.clone());
                self.tell("SceneTransitionEnded", intent::TRANSITIONS, data);
            }
        }
        if let Some(fade) = now.fade.as_ref().filter(|_| starts(before) != starts(now)) {
            self.tell(
                "SceneTransitionStarted",
                intent::TRANSITIONS,
                transition(way_of_fade(now, fade)),
            );
        }
        if before.program != now.program {
            let is_cut = now.fade.is_none();
            let cut = || transition(way(crate::studio::model::TransitionKind::Cut));
            if is_cut {
                self.tell("SceneTransitionStarted", intent::TRANSITIONS, cut());
            }
            self.tell("CurrentProgramSceneChanged", intent::SCENES, scene(&now.program));
            if is_cut {
                self.tell("SceneTransitionVideoEnded", intent::TRANSITIONS, cut());
                self.tell("SceneTransitionEnded", intent::TRANSITIONS, cut());
            }
        }
        if before.preview != now.preview {
            self.tell("CurrentPreviewSceneChanged", intent::SCENES, scene(&now.preview));
        }
    }

    fn stream(&mut self, before: &Studio, now: &Studio) {
        let (old, new) = (stream_phase(before), stream_phase(now));
        let mut tell = |is_active: bool, state: &str| {
            let data = json!({ "outputActive": is_active, "outputState": format!("OBS_WEBSOCKET_OUTPUT_{state}") });
            self.tell("StreamStateChanged", intent::OUTPUTS, data);
        };
        match (old, new) {
            (old, new) if old == new => {}
            (_, StreamPhase::Starting) => tell(false, "STARTING"),
            (StreamPhase::Reconnecting, StreamPhase::Live) => tell(true, "RECONNECTED"),
            (StreamPhase::Stopped, StreamPhase::Live) => {
                tell(false, "STARTING");
                tell(true, "STARTED");
            }
            (_, StreamPhase::Live) => tell(true, "STARTED"),
            (_, StreamPhase::Reconnecting) => tell(true, "RECONNECTING"),
            (_, StreamPhase::Stopped) => {
                tell(true, "STOPPING");
                tell(false, "STOPPED");
            }
        }
    }

    fn recording(&mut self, before: &Studio, now: &Studio) {
        let (old, new) = (&before.recording, &now.recording);
        let mut tell = |is_active: bool, state: &str, path: Value| {
            let state = format!("OBS_WEBSOCKET_OUTPUT_{state}");
            let data = json!({ "outputActive": is_active, "outputState": state, "outputPath": path });
            self.tell("RecordStateChanged", intent::OUTPUTS, data);
        };
        match (old.is_on, new.is_on) {
            (false, true) => {
                tell(false, "STARTING", Value::Null);
                tell(true, "STARTED", Value::Null);
            }
            (true, false) => {
                tell(true, "STOPPING", Value::Null);
                tell(false, "STOPPED", new.path.clone().into());
            }
            (true, true) if old.path != new.path && !new.path.is_empty() => {
                let data = json!({ "newOutputPath": new.path });
                self.tell("RecordFileChanged", intent::OUTPUTS, data);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
#[path = "events_tests.rs"]
mod tests;
