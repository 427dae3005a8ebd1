//! Requests about the items of scenes: which there are, where they are, and whether they are seen.

use serde_json::{Value, json};

use super::super::code::Status;
use super::super::names::{Thing, item_id, item_of, shows, uuid};
use super::{Fields, Handler, Outcome, Refusal, View, done, order};
use crate::studio::model::{Fit, Item, SceneModel, Studio};

pub(super) const HANDLERS: &[(&str, Handler)] = &[
    ("GetSceneItemList", list),
    ("GetSceneItemId", id),
    ("GetSceneItemSource", source),
    ("GetSceneItemEnabled", enabled),
    ("SetSceneItemEnabled", enable),
    ("GetSceneItemIndex", index),
    ("GetSceneItemLocked", locked),
    ("GetSceneItemBlendMode", blend_mode),
    ("GetSceneItemTransform", transform),
];

fn list(view: View<'_>, fields: &Fields<'_>) -> Result<Outcome, Refusal> {
    let scene = fields.scene(view.studio)?;
    let items = scene.items.iter().enumerate();
    let items = items.map(|(index, item)| {
        let shown = shows(view.studio, item);
        json!({
            "sceneItemId": item_id(&scene.name, &item.name),
            "sceneItemIndex": index,
            "sceneItemEnabled": !item.is_hidden,
            "sceneItemLocked": false,
            "sceneItemTransform": place(view.studio, item),
            "sceneItemBlendMode": "OBS_BLEND_NORMAL",
            "sourceName": shown.name,
            "sourceUuid": source_uuid(view.studio, item),
            "sourceType": shown.kind,
            "inputKind": shown.input_kind,
            "isGroup": shown.is_group,
        })
    });
    let items: Vec<_> = items.collect();
    done(json!({ "sceneItems": items }))
}

fn source_uuid(studio: &Studio, item: &Item) -> String {
    let shown = shows(studio, item);
    let thing = if shown.is_group == Some(false) {
        Thing::Scene
    } else {
        Thing::Input
    };
    uuid(thing, shown.name)
}

/// Where an item is, in pixels of the program. It fills a box from its top left corner, in one of three ways.
#[must_use]
pub fn place(studio: &Studio, item: &Item) -> Value {
    let (target, crop) = (item.target, item.crop);
    let shown = shows(studio, item);
    let source = studio.sources.iter().find(|source| source.name == shown.name);
    let video = source.and_then(|source| source.format).and_then(|format| format.video);
    let (width, height) = video.map_or((studio.format.width, studio.format.height), |video| {
        (video.width, video.height)
    });
    let (bounds, is_cropped) = match item.fit {
        Fit::Contain => ("OBS_BOUNDS_SCALE_INNER", false),
        Fit::Cover => ("OBS_BOUNDS_SCALE_OUTER", true),
        Fit::Stretch => ("OBS_BOUNDS_STRETCH", false),
    };
    let pixels = |share: f64, all: u32| (share * f64::from(all)).round();
    json!({
        "sourceWidth": width,
        "sourceHeight": height,
        "positionX": target.x,
        "positionY": target.y,
        "rotation": 0,
        "scaleX": f64::from(target.width) / f64::from(width.max(1)),
        "scaleY": f64::from(target.height) / f64::from(height.max(1)),
        "width": target.width,
        "height": target.height,
        // Left and top.
        "alignment": 5,
        "boundsType": bounds,
        "boundsAlignment": 0,
        "boundsWidth": target.width,
        "boundsHeight": target.height,
        "cropToBounds": is_cropped,
        "cropLeft": pixels(crop.left.into(), width),
        "cropTop": pixels(crop.top.into(), height),
        "cropRight": pixels(crop.right.into(), width),
        "cropBottom": pixels(crop.bottom.into(), height),
    })
}

fn id(view: View<'_>, fields: &Fields<'_>) -> Result<Outcome, Refusal> {
    let scene = fields.scene(view.studio)?;
    let name = fields.text("sourceName")?;
    let offset = fields.maybe_number("searchOffset", -1.0..=1000.0)?.unwrap_or(0.0);
    let mut found = scene.items.iter().filter(|item| shows(view.studio, item).name == name);
    let item = if offset < 0.0 {
        found.next_back()
    } else {
        found.nth(offset as usize)
    };
    let item = item.ok_or_else(|| {
        let comment = format!("no item of the scene \"{}\" shows that source", scene.name);
        Refusal::new(Status::ResourceNotFound, comment)
    })?;
    done(json!({ "sceneItemId": item_id(&scene.name, &item.name) }))
}

/// The item that is meant, with its scene and its place from below.
fn meant<'a>(view: View<'a>, fields: &Fields<'a>) -> Result<(&'a SceneModel, usize, &'a Item), Refusal> {
    let scene = fields.scene(view.studio)?;
    let id = fields.number("sceneItemId", 0.0..=f64::from(u32::MAX))?;
    let (index, item) = item_of(scene, id as u32).ok_or_else(|| {
        let comment = format!("the scene \"{}\" has no item of that number", scene.name);
        Refusal::new(Status::ResourceNotFound, comment)
    })?;
    Ok((scene, index, item))
}

fn source(view: View<'_>, fields: &Fields<'_>) -> Result<Outcome, Refusal> {
    let (_, _, item) = meant(view, fields)?;
    let name = shows(view.studio, item).name.to_owned();
    done(json!({ "sourceName": name, "sourceUuid": source_uuid(view.studio, item) }))
}

fn enabled(view: View<'_>, fields: &Fields<'_>) -> Result<Outcome, Refusal> {
    done(json!({ "sceneItemEnabled": !meant(view, fields)?.2.is_hidden }))
}

fn enable(view: View<'_>, fields: &Fields<'_>) -> Result<Outcome, Refusal> {
    let (scene, _, item) = meant(view, fields)?;
    let verb = if fields.flag("sceneItemEnabled")? {
        "show"
    } else {
        "hide"
    };
    order(["item", verb, &scene.name, &item.name])
}

fn index(view: View<'_>, fields: &Fields<'_>) -> Result<Outcome, Refusal> {
    done(json!({ "sceneItemIndex": meant(view, fields)?.1 }))
}

fn locked(view: View<'_>, fields: &Fields<'_>) -> Result<Outcome, Refusal> {
    meant(view, fields)?;
    done(json!({ "sceneItemLocked": false }))
}

fn blend_mode(view: View<'_>, fields: &Fields<'_>) -> Result<Outcome, Refusal> {
    meant(view, fields)?;
    done(json!({ "sceneItemBlendMode": "OBS_BLEND_NORMAL" }))
}

fn transform(view: View<'_>, fields: &Fields<'_>) -> Result<Outcome, Refusal> {
    let (_, _, item) = meant(view, fields)?;
    done(json!({ "sceneItemTransform": place(view.studio, item) }))
}
