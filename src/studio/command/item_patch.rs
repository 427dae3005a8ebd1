//! From what is typed about an item to what it means now: which item of which scene, and what is set on it.

use thiserror::Error;

use super::item::{Height, ItemChange, ItemRef, Measure, Shift, fit_word};
use crate::studio::model::{
    Crop, Fit, HEIGHTS, Item, ItemPatch, MOST_PIXELS, Rect, SceneModel, Shown, Studio, item_paths, leaves_something,
    siblings,
};

/// What a change means.
#[derive(Clone, Debug, PartialEq)]
pub struct Meant {
    /// The scene's number in the model.
    pub scene: usize,
    /// The way to the item.
    pub path: String,
    /// What is set on it.
    pub patch: ItemPatch,
}

/// Why a change means nothing. A sentence for a person.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Misfit {
    /// No such scene.
    #[error("there is no scene '{0}'; there is {1}")]
    NoScene(String, String),
    /// No such item.
    #[error("there is no item '{item}' in scene {scene}; there is {known}")]
    NoItem {
        /// The scene.
        scene: String,
        /// What was asked for.
        item: String,
        /// What there is.
        known: String,
    },
    /// Another kind of item would be needed.
    #[error("item {0} shows no letters; its scene file says what it shows")]
    NoText(String),
    /// Likewise.
    #[error("item {0} is no picture: there is nothing to fit or to cut")]
    NoPicture(String),
    /// It would be too small to be seen, or larger than anything.
    #[error("{width} by {height} pixels cannot be had; each is 2 to {MOST_PIXELS}")]
    Size {
        /// Pixels.
        width: i64,
        /// Pixels.
        height: i64,
    },
    /// It would be nowhere.
    #[error("{0}, {1} is too far away; each is at most {MOST_PIXELS} pixels from the corner of the program")]
    Place(i64, i64),
    /// A share of nothing.
    #[error("a share is 0% to 100%, or 0 to 1")]
    Share,
    /// Nothing would be left.
    #[error("nothing would be left: opposite sides are cut by less than 100% together")]
    Crop,
    /// Too high or too low.
    #[error("z is {low} to {high}", low = HEIGHTS.start(), high = HEIGHTS.end())]
    Height,
}

/// The number of the scene that is called so, or has that number, counted from 1.
///
/// # Errors
/// What there is instead.
pub fn scene_at(studio: &Studio, wanted: &str) -> Result<usize, Misfit> {
    let by_name = studio.scenes.iter().position(|scene| scene.name == wanted);
    let by_number = || {
        let number: usize = wanted.parse().ok()?;
        let at = number.checked_sub(1)?;
        (at < studio.scenes.len()).then_some(at)
    };
    by_name.or_else(by_number).ok_or_else(|| {
        let names = studio.scenes.iter().map(|scene| scene.name.clone());
        Misfit::NoScene(wanted.to_owned(), listed(names))
    })
}

/// The scene's number and the way to the item.
///
/// # Errors
/// What there is instead.
pub fn item_of(studio: &Studio, wanted: &ItemRef) -> Result<(usize, String), Misfit> {
    let at = scene_at(studio, &wanted.scene)?;
    let scene = &studio.scenes[at];
    if siblings(&scene.items, &wanted.item).is_some() {
        return Ok((at, wanted.item.clone()));
    }
    let paths = item_paths(&scene.items);
    let number = wanted
        .item
        .parse::<usize>()
        .ok()
        .and_then(|number| number.checked_sub(1));
    match number.and_then(|number| paths.get(number)) {
        Some(path) => Ok((at, path.clone())),
        None => Err(no_item(scene, &wanted.item)),
    }
}

fn no_item(scene: &SceneModel, item: &str) -> Misfit {
    Misfit::NoItem {
        scene: scene.name.clone(),
        item: item.to_owned(),
        known: listed(item_paths(&scene.items).into_iter()),
    }
}

fn listed(names: impl Iterator<Item = String>) -> String {
    let names: Vec<String> = names.collect();
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}

/// What `change` means on the item of that name, as things are.
///
/// # Errors
/// Why it cannot be done.
pub fn meant(studio: &Studio, wanted: &ItemRef, change: &ItemChange) -> Result<Meant, Misfit> {
    let (scene, path) = item_of(studio, wanted)?;
    let of = &studio.scenes[scene];
    let missing = || no_item(of, &path);
    let (siblings, at) = siblings(&of.items, &path).ok_or_else(missing)?;
    let item = siblings.get(at).ok_or_else(missing)?;
    let patch = match change {
        ItemChange::Move(x, y) => ItemPatch {
            target: Some(moved(item.target, *x, *y, studio)?),
            ..ItemPatch::default()
        },
        ItemChange::Size(width, height) => ItemPatch {
            target: Some(sized(item.target, *width, *height, studio)?),
            ..ItemPatch::default()
        },
        ItemChange::Crop(side, by) => {
            picture(item, &path)?;
            let mut crop = item.crop;
            for share in side.of_crop(&mut crop) {
                *share = shared(*share, *by)?;
            }
            if !leaves_something(crop) {
                return Err(Misfit::Crop);
            }
            ItemPatch {
                crop: Some(crop),
                ..ItemPatch::default()
            }
        }
        ItemChange::Opacity(by) => ItemPatch {
            opacity: Some(shared(item.opacity, *by)?),
            ..ItemPatch::default()
        },
        ItemChange::Height(height) => ItemPatch {
            order: Some(ordered(siblings, at, *height)?),
            ..ItemPatch::default()
        },
        ItemChange::Fit(fit) => {
            picture(item, &path)?;
            let next = match item.fit {
                Fit::Contain => Fit::Cover,
                Fit::Cover => Fit::Stretch,
                Fit::Stretch => Fit::Contain,
            };
            ItemPatch {
                fit: Some(fit.unwrap_or(next)),
                ..ItemPatch::default()
            }
        }
        ItemChange::Show(is_shown) => ItemPatch {
            is_hidden: Some(is_shown.map_or(!item.is_hidden, |is_shown| !is_shown)),
            ..ItemPatch::default()
        },
        ItemChange::Text(text) => match &item.what {
            Shown::Text(_) => ItemPatch {
                text: Some(text.clone()),
                ..ItemPatch::default()
            },
            _ => return Err(Misfit::NoText(path)),
        },
        ItemChange::Reset => as_read(studio, of, &path, siblings, at).ok_or_else(missing)?,
        ItemChange::Put(patch) => (**patch).clone(),
    };
    Ok(Meant { scene, path, patch })
}

/// Everything about an item as it was read from the scene file.
fn as_read(studio: &Studio, scene: &SceneModel, path: &str, now: &[Item], at: usize) -> Option<ItemPatch> {
    let read = &studio.edits.read(&scene.name)?.items;
    let (read, place) = siblings(read, path)?;
    let before = &read[place];
    // Among those of its height it lies as they were read.
    let listed = |name: &str| read.iter().position(|item| item.name == name);
    let mut order = ItemPatch::order(now);
    order.remove(at);
    let is_below = |(name, z): &(String, i32)| (*z, listed(name)) < (before.z, Some(place));
    let above = order.iter().position(|other| !is_below(other)).unwrap_or(order.len());
    order.insert(above, (before.name.clone(), before.z));
    Some(ItemPatch {
        order: Some(order),
        ..ItemPatch::all(before)
    })
}

fn picture(item: &Item, path: &str) -> Result<(), Misfit> {
    match item.what {
        Shown::Text(_) | Shown::Color(_) => Err(Misfit::NoPicture(path.to_owned())),
        _ => Ok(()),
    }
}

/// A length in pixels.
fn pixels(measure: Measure, whole: u32) -> f64 {
    match measure {
        Measure::Plain(pixels) => pixels,
        Measure::Share(share) => share * f64::from(whole),
    }
}

/// Where a length comes to. A step that is less than half a pixel is one.
fn shifted(now: i32, by: Shift, whole: u32) -> i64 {
    match by {
        Shift::Set(to) => pixels(to, whole).round() as i64,
        Shift::Change(by) => {
            let by = pixels(by, whole);
            let step = by.round() as i64;
            let least = if by > 0.0 { 1 } else { -i64::from(by < 0.0) };
            i64::from(now).saturating_add(if step == 0 { least } else { step })
        }
    }
}

/// A step goes no further than the bounds, what is set must lie within.
fn within(value: i64, by: Shift, range: std::ops::RangeInclusive<i64>) -> Option<i32> {
    let value = match by {
        Shift::Set(_) => range.contains(&value).then_some(value)?,
        Shift::Change(_) => value.clamp(*range.start(), *range.end()),
    };
    i32::try_from(value).ok()
}

fn moved(target: Rect, x: Shift, y: Shift, studio: &Studio) -> Result<Rect, Misfit> {
    let most = i64::from(MOST_PIXELS);
    let (to_x, to_y) = (
        shifted(target.x, x, studio.format.width),
        shifted(target.y, y, studio.format.height),
    );
    match (within(to_x, x, -most..=most), within(to_y, y, -most..=most)) {
        (Some(x), Some(y)) => Ok(Rect { x, y, ..target }),
        _ => Err(Misfit::Place(to_x, to_y)),
    }
}

fn sized(target: Rect, width: Shift, height: Option<Shift>, studio: &Studio) -> Result<Rect, Misfit> {
    let range = || 2..=i64::from(MOST_PIXELS);
    let to_width = shifted(target.width, width, studio.format.width);
    let (to_height, by) = if let Some(height) = height {
        (shifted(target.height, height, studio.format.height), height)
    } else {
        let shape = f64::from(target.height) / f64::from(target.width.max(1));
        // Of the width that it comes to, so that a step beyond the bounds does not change the shape.
        let wide = within(to_width, width, range()).map_or(to_width, i64::from);
        ((wide as f64 * shape).round() as i64, width)
    };
    match (within(to_width, width, range()), within(to_height, by, range())) {
        (Some(width), Some(height)) => Ok(Rect {
            width,
            height,
            ..target
        }),
        _ => Err(Misfit::Size {
            width: to_width,
            height: to_height,
        }),
    }
}

/// A share from 0 to 1.
fn shared(now: f32, by: Shift) -> Result<f32, Misfit> {
    let share = |measure| match measure {
        Measure::Plain(share) | Measure::Share(share) => share,
    };
    match by {
        Shift::Set(to) if (0.0..=1.0).contains(&share(to)) => Ok(share(to) as f32),
        Shift::Set(_) => Err(Misfit::Share),
        // Steps of a percent add up to what they look like.
        Shift::Change(by) => Ok((((f64::from(now) + share(by)) * 1e4).round() / 1e4).clamp(0.0, 1.0) as f32),
    }
}

/// The order of items in which the one at `at` lies so high.
fn ordered(siblings: &[Item], at: usize, height: Height) -> Result<Vec<(String, i32)>, Misfit> {
    let mut order = ItemPatch::order(siblings);
    match height {
        Height::Raise if at + 1 < order.len() => {
            order.swap(at, at + 1);
            lift(&mut order, at + 1);
        }
        Height::Lower if at > 0 => {
            // Mirrored: what is lowered is what is raised, seen from the other side.
            order.swap(at - 1, at);
            let last = order.len() - 1;
            order.reverse();
            for (_, z) in &mut order {
                *z = -*z;
            }
            lift(&mut order, last - (at - 1));
            for (_, z) in &mut order {
                *z = -*z;
            }
            order.reverse();
        }
        Height::Raise | Height::Lower => {}
        Height::Set(z) => put_at(&mut order, at, z),
        Height::Change(by) => {
            let z = order[at].1.saturating_add(by).clamp(*HEIGHTS.start(), *HEIGHTS.end());
            put_at(&mut order, at, z);
        }
    }
    if order.iter().all(|(_, z)| HEIGHTS.contains(z)) {
        Ok(order)
    } else {
        Err(Misfit::Height)
    }
}

/// Over all others of its height, as what was put there last.
fn put_at(order: &mut Vec<(String, i32)>, at: usize, z: i32) {
    if order[at].1 == z {
        return;
    }
    let (name, _) = order.remove(at);
    let above = order.iter().position(|(_, other)| *other > z).unwrap_or(order.len());
    order.insert(above, (name, z));
}

/// Gives the item at `at`, which has changed places with the one below it, a height over that; those above are lifted as far as
/// they must be. Which of two of the same height stands first in the file nobody here knows, so none is made.
fn lift(order: &mut [(String, i32)], at: usize) {
    let Some(below) = at.checked_sub(1) else { return };
    let mut last = (order[at].1, order[below].1.saturating_add(1));
    order[at].1 = last.1;
    let mut is_first = true;
    for (_, z) in &mut order[at + 1..] {
        let before = *z;
        let is_level = !is_first && before == last.0;
        *z = if is_level {
            last.1
        } else {
            before.max(last.1.saturating_add(1))
        };
        last = (before, *z);
        is_first = false;
    }
}

/// Says what a patch has done, where that is worth an event.
#[must_use]
pub fn told(path: &str, change: &ItemChange, patch: &ItemPatch) -> Option<String> {
    Some(match change {
        ItemChange::Show(_) if patch.is_hidden == Some(true) => format!("item {path} is hidden"),
        ItemChange::Show(_) => format!("item {path} is shown"),
        ItemChange::Fit(_) => format!("item {path} fits by {}", fit_word(patch.fit?)),
        ItemChange::Text(text) => format!("item {path} says \"{}\"", text.replace('\n', " ")),
        ItemChange::Reset => format!("item {path} is as in its file"),
        _ => return None,
    })
}

/// Whether `meant` would show a part of a picture that a zone may hide now: what is seen on program goes to another place there, or
/// comes to be seen.
#[must_use]
pub fn leaves_a_zone(studio: &Studio, meant: &Meant) -> bool {
    let scene = &studio.scenes[meant.scene];
    if !may_leave_a_zone(studio, &scene.name) {
        return false;
    }
    let Some((siblings, at)) = siblings(&scene.items, &meant.path) else {
        return false;
    };
    let item = &siblings[at];
    let patch = &meant.patch;
    let is_shown = item.is_hidden && patch.is_hidden == Some(false);
    let is_moved = !item.is_hidden
        && (patch.target.is_some_and(|target| target != item.target)
            || patch.fit.is_some_and(|fit| fit != item.fit)
            || patch.crop.is_some_and(|crop: Crop| crop != item.crop));
    is_shown || is_moved
}

/// Whether anything in a scene can be hidden by a zone: there is one, and the scene is seen.
#[must_use]
pub fn may_leave_a_zone(studio: &Studio, scene: &str) -> bool {
    !studio.occlusion.zones.is_empty() && is_seen(studio, scene)
}

/// Whether the scene is on program, or in one that is.
fn is_seen(studio: &Studio, scene: &str) -> bool {
    fn shows(studio: &Studio, around: &str, wanted: &str, depth: usize) -> bool {
        // Deeper than any scene that was checked.
        const DEEPEST: usize = 16;
        if around == wanted {
            return true;
        }
        let mut inner = Vec::new();
        for item in studio.scene(around).map_or(&[][..], |scene| &scene.items) {
            item.visit(&mut |_| {}, &mut |scene| inner.push(scene.to_owned()));
        }
        depth < DEEPEST && inner.iter().any(|scene| shows(studio, scene, wanted, depth + 1))
    }
    let from = studio.fade.as_ref().map(|fade| fade.from.as_str());
    [Some(studio.program.as_str()), from]
        .into_iter()
        .flatten()
        .any(|around| shows(studio, around, scene, 0))
}
