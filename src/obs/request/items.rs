//! Requests about the items of scenes: which there are, where they are, and whether they are seen.

use serde_json::{Value, json};

use super::super::code::Status;
use super::super::names::{Thing, item_id, item_of, shows, uuid};
use super::{Fields, Handler, Outcome, Refusal, View, done, order, words};
use crate::studio::model::{Fit, Item, SceneModel, Shown, Studio};

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
    ("SetSceneItemTransform", set_transform),
    ("GetGroupSceneItemList", group_list),
];

fn list(view: View<'_>, fields: Fields<'_>) -> Result<Outcome, Refusal> {
    let scene = fields.scene(view.studio)?;
    let items = scene.items.iter().enumerate();
    let items: Vec<_> = items
        .map(|(index, item)| about(view.studio, &scene.name, index, item))
        .collect();
    done(json!({ "sceneItems": items }))
}

/// The item of a scene, or of a group in it, as lists have it.
fn about(studio: &Studio, scene: &str, index: usize, item: &Item) -> Value {
    let shown = shows(studio, item);
    json!({
        "sceneItemId": item_id(scene, &item.name),
        "sceneItemIndex": index,
        "sceneItemEnabled": !item.is_hidden,
        "sceneItemLocked": false,
        "sceneItemTransform": place(studio, item),
        "sceneItemBlendMode": "OBS_BLEND_NORMAL",
        "sourceName": shown.name,
        "sourceUuid": source_uuid(studio, item),
        "sourceType": shown.kind,
        "inputKind": shown.input_kind,
        "isGroup": shown.is_group,
    })
}

/// What is in a group. Groups are called by their names alone there: of two that have the same, it is the first.
fn group_list(view: View<'_>, fields: Fields<'_>) -> Result<Outcome, Refusal> {
    let name = fields.text("sceneName")?;
    let items = view.studio.scenes.iter().flat_map(|scene| &scene.items);
    let mut groups = items.filter_map(|item| match &item.what {
        Shown::Group(items) if item.name == name => Some(items),
        _ => None,
    });
    let Some(group) = groups.next() else {
        return Err(Refusal::new(
            Status::ResourceNotFound,
            "there is no such group; GetGroupList has them",
        ));
    };
    let items = group.iter().enumerate();
    let items: Vec<_> = items
        .map(|(index, item)| about(view.studio, name, index, item))
        .collect();
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

/// The pixels of what an item shows; those of the program where it is no source, or one that has not come yet.
fn full_size(studio: &Studio, item: &Item) -> (u32, u32) {
    let shown = shows(studio, item);
    let source = studio.sources.iter().find(|source| source.name == shown.name);
    let video = source.and_then(|source| source.format).and_then(|format| format.video);
    let size = video.map_or((studio.format.width, studio.format.height), |video| {
        (video.width, video.height)
    });
    (size.0.max(1), size.1.max(1))
}

/// Where an item is, in pixels of the program. It fills a box from its top left corner, in one of three ways.
#[must_use]
pub fn place(studio: &Studio, item: &Item) -> Value {
    let (target, crop) = (item.target, item.crop);
    let (width, height) = full_size(studio, item);
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

fn id(view: View<'_>, fields: Fields<'_>) -> Result<Outcome, Refusal> {
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
fn meant<'a>(view: View<'a>, fields: Fields<'a>) -> Result<(&'a SceneModel, usize, &'a Item), Refusal> {
    let scene = fields.scene(view.studio)?;
    let id = fields.number("sceneItemId", 0.0..=f64::from(u32::MAX))?;
    let (index, item) = item_of(scene, id as u32).ok_or_else(|| {
        let comment = format!("the scene \"{}\" has no item of that number", scene.name);
        Refusal::new(Status::ResourceNotFound, comment)
    })?;
    Ok((scene, index, item))
}

fn source(view: View<'_>, fields: Fields<'_>) -> Result<Outcome, Refusal> {
    let (_, _, item) = meant(view, fields)?;
    let name = shows(view.studio, item).name.to_owned();
    done(json!({ "sourceName": name, "sourceUuid": source_uuid(view.studio, item) }))
}

fn enabled(view: View<'_>, fields: Fields<'_>) -> Result<Outcome, Refusal> {
    done(json!({ "sceneItemEnabled": !meant(view, fields)?.2.is_hidden }))
}

fn enable(view: View<'_>, fields: Fields<'_>) -> Result<Outcome, Refusal> {
    let (scene, _, item) = meant(view, fields)?;
    let verb = if fields.flag("sceneItemEnabled")? {
        "show"
    } else {
        "hide"
    };
    order(["item", verb, &scene.name, &item.name])
}

fn index(view: View<'_>, fields: Fields<'_>) -> Result<Outcome, Refusal> {
    done(json!({ "sceneItemIndex": meant(view, fields)?.1 }))
}

fn locked(view: View<'_>, fields: Fields<'_>) -> Result<Outcome, Refusal> {
    meant(view, fields)?;
    done(json!({ "sceneItemLocked": false }))
}

fn blend_mode(view: View<'_>, fields: Fields<'_>) -> Result<Outcome, Refusal> {
    meant(view, fields)?;
    done(json!({ "sceneItemBlendMode": "OBS_BLEND_NORMAL" }))
}

fn transform(view: View<'_>, fields: Fields<'_>) -> Result<Outcome, Refusal> {
    let (_, _, item) = meant(view, fields)?;
    done(json!({ "sceneItemTransform": place(view.studio, item) }))
}

/// The furthest that an item is moved.
const FURTHEST: f64 = 90_001.0;

/// What of a transform a studio has: a place, a size, a fit, and what is cut away. The rest cannot be set.
fn set_transform(view: View<'_>, fields: Fields<'_>) -> Result<Outcome, Refusal> {
    let (scene, _, item) = meant(view, fields)?;
    let given = Fields::new(fields.object("sceneItemTransform")?);
    let (full, target) = (full_size(view.studio, item), item.target);
    let mut lines = Vec::new();
    let pixels = |value: f64| format!("{value:.0}");
    let position = |name| given.maybe_number(name, -FURTHEST..=FURTHEST);
    let (x, y) = (position("positionX")?, position("positionY")?);
    if x.is_some() || y.is_some() {
        let (x, y) = (x.unwrap_or(target.x.into()), y.unwrap_or(target.y.into()));
        lines.push(words(["item", "move", &scene.name, &item.name, &pixels(x), &pixels(y)]));
    }
    let side = |bounds, scale, full: u32| -> Result<Option<f64>, Refusal> {
        let scaled = given
            .maybe_number(scale, 0.0..=1000.0)?
            .map(|scale| scale * f64::from(full));
        Ok(given.maybe_number(bounds, 1.0..=FURTHEST)?.or(scaled))
    };
    let width = side("boundsWidth", "scaleX", full.0)?;
    let height = side("boundsHeight", "scaleY", full.1)?;
    if width.is_some() || height.is_some() {
        let (width, height) = (
            width.unwrap_or(target.width.into()),
            height.unwrap_or(target.height.into()),
        );
        lines.push(words([
            "item",
            "size",
            &scene.name,
            &item.name,
            &pixels(width),
            &pixels(height),
        ]));
    }
    let fit = match given.maybe_text("boundsType")? {
        None | Some("OBS_BOUNDS_NONE") => None,
        Some("OBS_BOUNDS_SCALE_INNER") => Some("contain"),
        Some("OBS_BOUNDS_SCALE_OUTER") => Some("cover"),
        Some("OBS_BOUNDS_STRETCH") => Some("stretch"),
        Some(_) => {
            let comment = "boundsType can be OBS_BOUNDS_SCALE_INNER, OBS_BOUNDS_SCALE_OUTER or OBS_BOUNDS_STRETCH";
            return Err(Refusal::new(Status::InvalidRequestField, comment));
        }
    };
    if let Some(fit) = fit {
        lines.push(words(["item", "fit", &scene.name, &item.name, fit]));
    }
    for (name, side, full) in [
        ("cropLeft", "left", full.0),
        ("cropTop", "top", full.1),
        ("cropRight", "right", full.0),
        ("cropBottom", "bottom", full.1),
    ] {
        if let Some(cut) = given.maybe_number(name, 0.0..=100_000.0)? {
            let share = format!("{:.4}", (cut / f64::from(full)).min(1.0));
            lines.push(words(["item", "crop", &scene.name, &item.name, side, &share]));
        }
    }
    if given
        .maybe_number("rotation", -360.0..=360.0)?
        .is_some_and(|angle| angle != 0.0)
    {
        return Err(Refusal::new(Status::CannotAct, "items are not turned here"));
    }
    if lines.is_empty() {
        return Err(Refusal::new(
            Status::CannotAct,
            "nothing in the transform can be set here",
        ));
    }
    Ok(Outcome::Order(lines, None))
}
