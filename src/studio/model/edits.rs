//! What operators have changed by hand in scenes: items that were moved, parameters that were set. The scene file says how it was,
//! [`Edits`] remembers that, so that a reset brings it back and a save writes what differs.
//!
//! Items are called by their names, those in groups by the way to them: `badge/logo`.

use serde::{Deserialize, Serialize};

use super::{Crop, Fit, Item, Rect, SceneModel, Shown};

/// What is between the names on the way to an item in a group.
pub const IN_GROUP: char = '/';

/// The largest distance from the program's edge and the largest size, in pixels: as scene files have it.
pub const MOST_PIXELS: i32 = 16_384;

/// How far below and above others an item can be put: as scene files have it.
pub const HEIGHTS: std::ops::RangeInclusive<i32> = -1000..=1000;

/// What is not as the scene file has it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Edits {
    /// The scenes that differ, in the order of the scenes.
    #[serde(default)]
    pub changed: Vec<ChangedScene>,
    /// Scenes as they were read. Clients do not know them.
    #[serde(skip)]
    read: Vec<SceneRead>,
    /// Parameters that were set by hand, by scene; others may be set by rules, and are not written into files.
    #[serde(skip)]
    by_hand: Vec<(String, String)>,
}

/// A scene that is not as its file has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedScene {
    /// Its name.
    pub name: String,
    /// Its items that differ, by the way to them.
    pub items: Vec<String>,
    /// Its parameters that were set by hand, and differ.
    pub parameters: Vec<String>,
}

/// A scene as it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct SceneRead {
    /// Its name.
    pub name: String,
    /// Its items, the lowest first.
    pub items: Vec<Item>,
    /// Its parameters and their values.
    pub parameters: Vec<(String, String)>,
}

impl Edits {
    /// Nothing is changed in `scenes`: they are as they were read.
    #[must_use]
    pub fn none(scenes: &[SceneModel]) -> Self {
        let mut edits = Self::default();
        for scene in scenes {
            edits.take(&scene.name, &scene.items, &scene.parameters);
        }
        edits
    }

    /// The scene of that name as it was read.
    #[must_use]
    pub fn read(&self, scene: &str) -> Option<&SceneRead> {
        self.read.iter().find(|read| read.name == scene)
    }

    /// The file has the scene of that name so from now on.
    pub fn take(&mut self, scene: &str, items: &[Item], parameters: &[(String, String)]) {
        let read = SceneRead {
            name: scene.to_owned(),
            items: items.to_vec(),
            parameters: parameters.to_vec(),
        };
        match self.read.iter_mut().find(|known| known.name == scene) {
            Some(known) => *known = read,
            None => self.read.push(read),
        }
    }

    /// The file has a scene so from now on; what nobody has changed in it since it was read before goes with the file.
    #[expect(clippy::needless_pass_by_value, reason = "it is kept where the file is new")]
    pub fn follow(&mut self, scene: &mut SceneModel, read: SceneRead) {
        if let Some(before) = self.read(&scene.name) {
            follow_items(&mut scene.items, &before.items, &read.items);
            for (name, value) in &mut scene.parameters {
                let of = |read: &SceneRead| {
                    let found = read.parameters.iter().find(|(known, _)| known == name);
                    found.map(|(_, value)| value.clone())
                };
                if of(before).as_ref() == Some(value)
                    && let Some(now) = of(&read)
                {
                    *value = now;
                }
            }
        }
        self.take(&read.name, &read.items, &read.parameters);
    }

    /// A parameter was set by hand.
    pub fn set_by_hand(&mut self, scene: &str, parameter: &str) {
        if !self.is_by_hand(scene, parameter) {
            self.by_hand.push((scene.to_owned(), parameter.to_owned()));
        }
    }

    fn is_by_hand(&self, scene: &str, parameter: &str) -> bool {
        let mut by_hand = self.by_hand.iter();
        by_hand.any(|(of, name)| of == scene && name == parameter)
    }

    /// Finds out anew what differs.
    pub fn find(&mut self, scenes: &[SceneModel]) {
        self.read
            .retain(|read| scenes.iter().any(|scene| scene.name == read.name));
        let changed = scenes.iter().filter_map(|scene| {
            let read = self.read(&scene.name)?;
            let mut items = Vec::new();
            differing("", &read.items, &scene.items, &mut items);
            let parameters = scene.parameters.iter().filter(|(name, value)| {
                let before = read.parameters.iter().find(|(known, _)| known == name);
                self.is_by_hand(&scene.name, name) && before.is_none_or(|(_, before)| before != value)
            });
            let parameters: Vec<String> = parameters.map(|(name, _)| name.clone()).collect();
            let is_changed = !items.is_empty() || !parameters.is_empty();
            is_changed.then(|| ChangedScene {
                name: scene.name.clone(),
                items,
                parameters,
            })
        });
        self.changed = changed.collect();
    }

    /// What differs in the scene of that name, if anything does.
    #[must_use]
    pub fn of(&self, scene: &str) -> Option<&ChangedScene> {
        self.changed.iter().find(|changed| changed.name == scene)
    }

    /// Whether that item of that scene differs from the file.
    #[must_use]
    pub fn has_item(&self, scene: &str, path: &str) -> bool {
        self.of(scene)
            .is_some_and(|changed| changed.items.iter().any(|item| item == path))
    }
}

/// The items of `now` that are not as in `read`. A group differs in itself or where what is in it does.
fn differing(around: &str, read: &[Item], now: &[Item], found: &mut Vec<String>) {
    for item in now {
        let path = within(around, &item.name);
        let Some(before) = read.iter().find(|known| known.name == item.name) else {
            continue;
        };
        if before == item {
            continue;
        }
        if ItemPatch::all(before) != ItemPatch::all(item) || before.z != item.z {
            found.push(path.clone());
        }
        if let (Shown::Group(before), Shown::Group(now)) = (&before.what, &item.what) {
            differing(&path, before, now, found);
        }
    }
}

/// Brings items that are as they were read `before` to what is read `after`; those that were changed stay.
fn follow_items(now: &mut [Item], before: &[Item], after: &[Item]) {
    let (was, is) = (ItemPatch::order(before), ItemPatch::order(after));
    let lies = ItemPatch::order(now);
    let mut order = (lies == was).then_some(is.clone());
    if lies.iter().map(|(name, _)| name).eq(is.iter().map(|(name, _)| name)) {
        // They lie as they do in the file, which may need other numbers to say so.
        order = Some(is);
    }
    for item in now.iter_mut() {
        let of = |items: &[Item]| items.iter().find(|known| known.name == item.name).cloned();
        let (Some(before), Some(after)) = (of(before), of(after)) else {
            continue;
        };
        if ItemPatch::all(item) == ItemPatch::all(&before) {
            ItemPatch::all(&after).apply(std::slice::from_mut(item), 0);
        }
        if let (Shown::Group(now), Shown::Group(before), Shown::Group(after)) =
            (&mut item.what, &before.what, &after.what)
        {
            follow_items(now, before, after);
        }
    }
    let order = ItemPatch {
        order,
        ..ItemPatch::default()
    };
    order.apply(now, 0);
}

/// The way to an item within another.
fn within(around: &str, name: &str) -> String {
    if around.is_empty() {
        name.to_owned()
    } else {
        format!("{around}{IN_GROUP}{name}")
    }
}

/// The ways to all items of a scene, the lowest first, each group before what is in it.
#[must_use]
pub fn item_paths(items: &[Item]) -> Vec<String> {
    fn collect(around: &str, items: &[Item], paths: &mut Vec<String>) {
        for item in items {
            let path = within(around, &item.name);
            paths.push(path.clone());
            if let Shown::Group(items) = &item.what {
                collect(&path, items, paths);
            }
        }
    }
    let mut paths = Vec::new();
    collect("", items, &mut paths);
    paths
}

/// The item that `path` leads to.
#[must_use]
pub fn item_at<'a>(items: &'a [Item], path: &str) -> Option<&'a Item> {
    let (siblings, at) = siblings(items, path)?;
    siblings.get(at)
}

/// The items among which that is to which `path` leads, and its place there.
#[must_use]
pub fn siblings<'a>(items: &'a [Item], path: &str) -> Option<(&'a [Item], usize)> {
    let mut items = items;
    let mut names = path.split(IN_GROUP).peekable();
    while let Some(name) = names.next() {
        let at = items.iter().position(|item| item.name == name)?;
        if names.peek().is_none() {
            return Some((items, at));
        }
        let Shown::Group(inner) = &items[at].what else {
            return None;
        };
        items = inner;
    }
    None
}

/// The same, to be changed.
pub fn siblings_mut<'a>(items: &'a mut Vec<Item>, path: &str) -> Option<(&'a mut Vec<Item>, usize)> {
    let mut items = items;
    let mut names = path.split(IN_GROUP).peekable();
    while let Some(name) = names.next() {
        let at = items.iter().position(|item| item.name == name)?;
        if names.peek().is_none() {
            return Some((items, at));
        }
        let Shown::Group(inner) = &mut items[at].what else {
            return None;
        };
        items = inner;
    }
    None
}

/// What can be set on an item by hand, as far as it is set. How items lie on each other is set for all that are together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ItemPatch {
    /// Where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Rect>,
    /// How it fills that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fit: Option<Fit>,
    /// What is cut away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crop: Option<Crop>,
    /// How much of it is seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opacity: Option<f32>,
    /// Whether it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_hidden: Option<bool>,
    /// What it says, where it is a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The names of the items among which it is and their `z`, the lowest first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<Vec<(String, i32)>>,
}

impl ItemPatch {
    /// Everything about an item, but how it lies on others.
    #[must_use]
    pub fn all(item: &Item) -> Self {
        Self {
            target: Some(item.target),
            fit: Some(item.fit),
            crop: Some(item.crop),
            opacity: Some(item.opacity),
            is_hidden: Some(item.is_hidden),
            text: match &item.what {
                Shown::Text(shown) => Some(shown.text.clone()),
                _ => None,
            },
            order: None,
        }
    }

    /// How these items lie on each other.
    #[must_use]
    pub fn order(siblings: &[Item]) -> Vec<(String, i32)> {
        siblings.iter().map(|item| (item.name.clone(), item.z)).collect()
    }

    /// What would bring back what this is about to change on the item at `at` of these.
    #[must_use]
    pub fn inverse(&self, siblings: &[Item], at: usize) -> Option<Self> {
        let all = Self::all(siblings.get(at)?);
        Some(Self {
            target: all.target.filter(|_| self.target.is_some()),
            fit: all.fit.filter(|_| self.fit.is_some()),
            crop: all.crop.filter(|_| self.crop.is_some()),
            opacity: all.opacity.filter(|_| self.opacity.is_some()),
            is_hidden: all.is_hidden.filter(|_| self.is_hidden.is_some()),
            text: all.text.filter(|_| self.text.is_some()),
            order: self.order.is_some().then(|| Self::order(siblings)),
        })
    }

    /// Sets it on the item at `at` of these. Values that no item can have are brought into bounds: a patch may come from a file.
    pub fn apply(&self, siblings: &mut [Item], at: usize) {
        if let Some(item) = siblings.get_mut(at) {
            if let Some(target) = self.target {
                item.target = bounded(target);
            }
            item.fit = self.fit.unwrap_or(item.fit);
            if let Some(crop) = self.crop.filter(|crop| leaves_something(*crop)) {
                item.crop = crop;
            }
            if let Some(opacity) = self.opacity.filter(|opacity| opacity.is_finite()) {
                item.opacity = opacity.clamp(0.0, 1.0);
            }
            item.is_hidden = self.is_hidden.unwrap_or(item.is_hidden);
            if let (Some(text), Shown::Text(shown)) = (&self.text, &mut item.what) {
                shown.text.clone_from(text);
            }
        }
        if let Some(order) = &self.order {
            let place = |item: &Item| order.iter().position(|(name, _)| *name == item.name);
            for item in siblings.iter_mut() {
                if let Some((_, z)) = place(item).and_then(|at| order.get(at)) {
                    item.z = (*z).clamp(*HEIGHTS.start(), *HEIGHTS.end());
                }
            }
            // What the order does not know stays among those of its height, above.
            siblings.sort_by_key(|item| (item.z, place(item).unwrap_or(usize::MAX)));
        }
    }
}

/// Whether anything of a picture is left.
#[must_use]
pub fn leaves_something(crop: Crop) -> bool {
    let Crop {
        left,
        top,
        right,
        bottom,
    } = crop;
    [left, top, right, bottom]
        .iter()
        .all(|share| (0.0..=1.0).contains(share))
        && left + right < 1.0
        && top + bottom < 1.0
}

fn bounded(target: Rect) -> Rect {
    let place = |at: i32| at.clamp(-MOST_PIXELS, MOST_PIXELS);
    let length = |pixels: i32| pixels.clamp(2, MOST_PIXELS);
    Rect {
        x: place(target.x),
        y: place(target.y),
        width: length(target.width),
        height: length(target.height),
    }
}

/// What was changed by hand in a scene, as it is kept of a show that goes on after a crash.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SceneEdits {
    /// The scene.
    pub name: String,
    /// Ways to items, and what they were set to.
    pub items: Vec<(String, ItemPatch)>,
    /// Parameters that were set by hand, and all others that had another value.
    pub parameters: Vec<(String, String)>,
    /// The names of those that were set by hand.
    pub by_hand: Vec<String>,
}

impl SceneEdits {
    /// What is kept of `scenes`.
    #[must_use]
    pub fn of(edits: &Edits, scenes: &[SceneModel]) -> Vec<Self> {
        let kept = scenes.iter().filter_map(|scene| {
            let read = edits.read(&scene.name)?;
            let mut paths = Vec::new();
            differing("", &read.items, &scene.items, &mut paths);
            let items = paths.into_iter().filter_map(|path| {
                let (siblings, at) = siblings(&scene.items, &path)?;
                let order = Some(ItemPatch::order(siblings));
                let patch = ItemPatch {
                    order,
                    ..ItemPatch::all(&siblings[at])
                };
                Some((path, patch))
            });
            let items: Vec<_> = items.collect();
            let parameters = scene
                .parameters
                .iter()
                .filter(|parameter| !read.parameters.contains(parameter));
            let parameters: Vec<_> = parameters.cloned().collect();
            let by_hand = parameters.iter().map(|(name, _)| name.clone());
            let by_hand = by_hand.filter(|name| edits.is_by_hand(&scene.name, name)).collect();
            let is_any = !items.is_empty() || !parameters.is_empty();
            is_any.then(|| Self {
                name: scene.name.clone(),
                items,
                parameters,
                by_hand,
            })
        });
        kept.collect()
    }

    /// Sets it on `scene`; what is not there any more is left out.
    pub fn apply(&self, edits: &mut Edits, scene: &mut SceneModel) {
        for (path, patch) in &self.items {
            if let Some((siblings, at)) = siblings_mut(&mut scene.items, path) {
                patch.apply(siblings, at);
            }
        }
        for (name, value) in &self.parameters {
            if let Some((_, now)) = scene.parameters.iter_mut().find(|(known, _)| known == name) {
                now.clone_from(value);
            }
        }
        for name in &self.by_hand {
            edits.set_by_hand(&self.name, name);
        }
    }
}
