//! Requests about scenes: which there are, and which are on program and on preview.

use serde_json::{Value, json};

use super::super::code::Status;
use super::super::names::{Thing, shows, uuid};
use super::{Fields, Handler, Outcome, Refusal, View, done, order};
use crate::studio::model::Studio;

pub(super) const HANDLERS: &[(&str, Handler)] = &[
    ("GetSceneList", scenes),
    ("GetGroupList", groups),
    ("GetCurrentProgramScene", program),
    ("SetCurrentProgramScene", set_program),
    ("GetCurrentPreviewScene", preview),
    ("SetCurrentPreviewScene", set_preview),
];

/// All scenes, the last one first: clients count from below, as items of a scene are counted, and show them the other way round.
#[must_use]
pub fn list(studio: &Studio) -> Value {
    let scenes = studio.scenes.iter().rev().enumerate();
    let scenes = scenes.map(|(index, scene)| {
        json!({ "sceneName": scene.name, "sceneUuid": uuid(Thing::Scene, &scene.name), "sceneIndex": index })
    });
    scenes.collect()
}

fn scenes(view: View<'_>, _: &Fields<'_>) -> Result<Outcome, Refusal> {
    let (program, preview) = (&view.studio.program, &view.studio.preview);
    let next = |value: String| if view.is_studio_mode { value.into() } else { Value::Null };
    done(json!({
        "currentProgramSceneName": program,
        "currentProgramSceneUuid": uuid(Thing::Scene, program),
        "currentPreviewSceneName": next(preview.clone()),
        "currentPreviewSceneUuid": next(uuid(Thing::Scene, preview)),
        "scenes": list(view.studio),
    }))
}

fn groups(view: View<'_>, _: &Fields<'_>) -> Result<Outcome, Refusal> {
    let items = view.studio.scenes.iter().flat_map(|scene| &scene.items);
    let groups = items.filter(|item| shows(view.studio, item).is_group == Some(true));
    let groups: Vec<_> = groups.map(|item| &item.name).collect();
    done(json!({ "groups": groups }))
}

fn program(view: View<'_>, _: &Fields<'_>) -> Result<Outcome, Refusal> {
    let name = &view.studio.program;
    let id = uuid(Thing::Scene, name);
    done(json!({
        "sceneName": name, "sceneUuid": id, "currentProgramSceneName": name, "currentProgramSceneUuid": id,
    }))
}

/// By the transition that is set, as everywhere.
fn set_program(view: View<'_>, fields: &Fields<'_>) -> Result<Outcome, Refusal> {
    order(["take", &fields.scene(view.studio)?.name])
}

fn preview(view: View<'_>, _: &Fields<'_>) -> Result<Outcome, Refusal> {
    needs_studio_mode(view)?;
    let name = &view.studio.preview;
    let id = uuid(Thing::Scene, name);
    done(json!({
        "sceneName": name, "sceneUuid": id, "currentPreviewSceneName": name, "currentPreviewSceneUuid": id,
    }))
}

fn set_preview(view: View<'_>, fields: &Fields<'_>) -> Result<Outcome, Refusal> {
    needs_studio_mode(view)?;
    order(["preview", &fields.scene(view.studio)?.name])
}

/// Refuses what is about preview, while controllers are told that there is none.
pub(super) fn needs_studio_mode(view: View<'_>) -> Result<(), Refusal> {
    if view.is_studio_mode {
        return Ok(());
    }
    Err(Refusal::new(Status::StudioModeNotActive, "studio mode is off"))
}
