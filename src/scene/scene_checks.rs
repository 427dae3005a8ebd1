//! Scenes: from what is written to what is meant. Items show one thing each, names of scenes and parameters point somewhere, and
//! no scene is in itself.
//!
//! Scenes with items are made first, then those of templates from them, then all are looked at together.

use std::collections::HashMap;

use super::check::{Check, Purpose, target};
use super::item::{ImageItem, Item, SceneStrip, Shown, TextItem};
use super::layers::Rank;
use super::placeholder;
use super::preset;
use super::raw_scene::{RawItem, RawScene, RawValues};
use super::scene_keys::SHOWN;
use super::schema::is_name;
use super::show::{MAX_ITEMS, MAX_LAYERS, Scene, TransitionSettings};
use crate::encode::VideoSettings;
use crate::picture::Crop;
use crate::sound::STRIP_PARAMS;
use crate::suggest;
use crate::vision::Policy;

/// How deep scenes and groups may be in each other.
const MAX_DEPTH: usize = 8;

/// The longest value of a parameter, in bytes: a text on a picture, no document.
const MAX_VALUE: usize = 4096;

/// What an item may refer to.
pub(super) struct Surroundings<'a> {
    /// The parameters of the scene that it is in.
    parameters: Vec<String>,
    /// Those of all scenes.
    scenes: &'a HashMap<String, Vec<String>>,
    video: &'a VideoSettings,
    /// The scenes that are shown in it, each with the key of the item that does.
    nested: Vec<(String, String)>,
}

/// Why a word is no name.
const NO_NAME: &str = "not a name: letters, digits, \"-\" and \"_\", 32 at most";

/// By scene: the scenes that it shows, each with the key of the item that does.
type Nested = HashMap<String, Vec<(String, String)>>;

impl Check<'_> {
    /// `[scene.NAME]`, in the order of the text.
    pub(super) fn scenes(
        &mut self,
        mut raw: HashMap<String, RawScene>,
        video: &VideoSettings,
        policy: &Policy,
        usual: &TransitionSettings,
    ) -> Vec<Scene> {
        let mut names = self.layers.places.names("scene").to_vec();
        // Templates that a file brings with it are laid over scenes: they come behind those that the show itself has.
        names.sort_by_key(|name| {
            let place = self.layers.places.of(&format!("scene.{name}"), &self.whole);
            let is_brought = !matches!(self.layers.rank_of(&place), Rank::Show | Rank::Environment | Rank::Flag);
            is_brought && raw.get(name).is_some_and(|raw| !raw.parameters.is_empty())
        });
        let parameters = self.parameter_names(&names, &raw);
        let mut scenes: Vec<Scene> = Vec::new();
        let mut instances = Vec::new();
        let mut nested = Nested::new();
        for name in &names {
            let Some(raw) = raw.remove(name) else { continue };
            let key = format!("scene.{name}");
            let mut scene = Scene {
                name: name.clone(),
                occlusion_level: self.scene_level(name, raw.occlusion_level, policy),
                strips: self.scene_strips(&key, &raw),
                ..Scene::default()
            };
            if let Some(raw) = &raw.transition {
                scene.transition = Some(self.transition(&format!("{key}.transition"), raw, usual));
            }
            if raw.template.is_some() {
                instances.push((scenes.len(), raw));
            } else {
                if !raw.with.is_empty() {
                    let message = "goes with \"template\" alone: this scene has items of its own; its own values are its \"parameters\"";
                    self.error(&format!("{key}.with"), message);
                }
                scene.parameters = self.values(&format!("{key}.parameters"), &raw.parameters, None);
                let mut around = Surroundings {
                    parameters: parameters.get(name).cloned().unwrap_or_default(),
                    scenes: &parameters,
                    video,
                    nested: Vec::new(),
                };
                scene.items = self.scene_items(&key, raw.items, &mut around);
                nested.insert(name.clone(), around.nested);
            }
            scenes.push(scene);
        }
        for (at, raw) in instances {
            self.instance(&mut scenes, at, raw);
        }
        self.nesting(&scenes, &nested);
        scenes
    }

    /// The names of the parameters of each scene: those of a template are those of every scene that is made from it.
    fn parameter_names(&self, names: &[String], raw: &HashMap<String, RawScene>) -> HashMap<String, Vec<String>> {
        let places = &self.layers.places;
        let of = |name: &String| {
            let template = raw.get(name).and_then(|raw| raw.template.as_ref());
            let owner = template.unwrap_or(name);
            (
                name.clone(),
                places.names(&format!("scene.{owner}.parameters")).to_vec(),
            )
        };
        names.iter().map(of).collect()
    }

    /// Texts with names, in the order of the text. What is given to a nested scene may refer to the parameters `around`; other
    /// values are shown as they are.
    fn values(&mut self, key: &str, raw: &RawValues, around: Option<&[String]>) -> Vec<(String, String)> {
        let mut values = Vec::new();
        for name in self.layers.places.names(key).to_vec() {
            let Some(value) = raw.get(&name) else { continue };
            let key = format!("{key}.{name}");
            if value.len() > MAX_VALUE {
                self.error(&key, format!("{} bytes; {MAX_VALUE} at most", value.len()));
            }
            match around {
                Some(around) => {
                    if let Some(error) = placeholder::wrong(value, around) {
                        self.error(&key, error.to_string());
                    }
                }
                None => {
                    if let Some(field) = placeholder::first(value) {
                        let message = format!(
                            "a value is shown as it is, and {{{field}}} would be too: put it into the text of an item"
                        );
                        self.error(&key, message);
                    }
                }
            }
            values.push((name, value.clone()));
        }
        values
    }

    /// `scene.NAME.strips`: what a scene sets on strips.
    fn scene_strips(&mut self, key: &str, raw: &RawScene) -> Vec<SceneStrip> {
        let key = format!("{key}.strips");
        let mut strips = Vec::new();
        for name in self.layers.places.names(&key).to_vec() {
            let Some(parameters) = raw.strips.get(&name) else {
                continue;
            };
            let Some(strip) = self.known("source", Some(name.clone()), &format!("{key}.{name}")) else {
                continue;
            };
            let set = preset::settings(STRIP_PARAMS, parameters);
            let set: Vec<_> = set.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            if !set.is_empty() {
                strips.push(SceneStrip { strip, set });
            }
        }
        strips
    }

    /// Gives the scene at `at` the items of its template.
    fn instance(&mut self, scenes: &mut [Scene], at: usize, raw: RawScene) {
        let Some(name) = scenes.get(at).map(|scene| scene.name.clone()) else {
            return;
        };
        let key = format!("scene.{name}");
        for (other, remedy) in [
            ("items", "take one of the two out"),
            ("parameters", "give other values by \"with\""),
        ] {
            let other_key = format!("{key}.{other}");
            if self.layers.places.has(&other_key) {
                let message = format!("a scene with \"template\" has the {other} of that: {remedy}");
                self.error(&other_key, message);
            }
        }
        let template_key = format!("{key}.template");
        let Some(template) = self.known("scene", raw.template, &template_key) else {
            return;
        };
        let Some(found) = scenes.iter().find(|scene| scene.name == template) else {
            return;
        };
        let found = found.clone();
        if self.layers.places.has(&format!("scene.{template}.template")) {
            let message = format!("scene \"{template}\" is itself made from a template: name that one here");
            self.error(&template_key, message);
            return;
        }
        if found.parameters.is_empty() {
            let message = format!(
                "scene \"{template}\" is no template: it has no \"parameters\"; to show the same, nest it: items = [{{ scene = \"{template}\" }}]"
            );
            self.error(&template_key, message);
            return;
        }
        let known: Vec<String> = found.parameters.iter().map(|(name, _)| name.clone()).collect();
        let with = self.values(&format!("{key}.with"), &raw.with, None);
        for (name, _) in &with {
            self.parameter_of(&template, &known, name, &format!("{key}.with.{name}"));
        }
        let value = |(name, usual): (String, String)| {
            let given = with.iter().find(|(known, _)| *known == name);
            let value = given.map_or(usual, |(_, value)| value.clone());
            (name, value)
        };
        let parameters = found.parameters.into_iter().map(value).collect();
        let Some(scene) = scenes.get_mut(at) else { return };
        scene.items = found.items;
        scene.parameters = parameters;
        scene.occlusion_level = scene.occlusion_level.or(found.occlusion_level);
        scene.transition = scene.transition.take().or(found.transition);
        // Strips of its own come on top of the template's.
        for mut theirs in found.strips {
            match scene.strips.iter_mut().find(|own| own.strip == theirs.strip) {
                Some(own) => {
                    theirs
                        .set
                        .retain(|(name, _)| !own.set.iter().any(|(known, _)| known == name));
                    own.set.append(&mut theirs.set);
                }
                None => scene.strips.push(theirs),
            }
        }
    }

    /// An error at `key` unless the scene `scene`, which has the parameters `known`, has one called `name`.
    fn parameter_of(&mut self, scene: &str, known: &[String], name: &str, key: &str) {
        if known.iter().any(|known| known == name) {
            return;
        }
        let message = if known.is_empty() {
            format!("scene \"{scene}\" has no parameters: give it parameters = {{ {name} = \"…\" }}, or take this out")
        } else {
            let hint = suggest::hint(name, known.iter().map(String::as_str));
            format!("scene \"{scene}\" has no parameter \"{name}\"{hint}")
        };
        self.error(key, message);
    }

    fn scene_items(&mut self, key: &str, raw: Vec<RawItem>, around: &mut Surroundings<'_>) -> Vec<Item> {
        let items_key = format!("{key}.items");
        if raw.is_empty() && !self.layers.places.has(&format!("{items_key}[0]")) {
            self.error(key, "has no items; it would be black");
        }
        let count = count(&raw);
        if count > MAX_ITEMS {
            let message = format!("{count} items, those of groups included; {MAX_ITEMS} at most");
            self.error(&items_key, message);
        }
        self.items(&items_key, raw, around, 1)
    }

    /// The items of a scene or a group, the lowest first, each with a name of its own.
    fn items(&mut self, key: &str, raw: Vec<RawItem>, around: &mut Surroundings<'_>, depth: usize) -> Vec<Item> {
        if depth > MAX_DEPTH {
            self.error(key, format!("groups are {depth} deep; {MAX_DEPTH} at most"));
            return Vec::new();
        }
        let mut items: Vec<Item> = Vec::new();
        let mut given: Vec<bool> = Vec::new();
        for (index, mut raw) in raw.into_iter().enumerate() {
            let key = format!("{key}[{index}]");
            let name = raw.name.take();
            let Some(mut item) = self.item(&key, raw, around, depth) else {
                continue;
            };
            given.push(name.is_some());
            if let Some(name) = name {
                let mut named = items.iter().zip(&given).filter(|(_, is_given)| **is_given);
                if !is_name(&name) {
                    self.error(&format!("{key}.name"), NO_NAME);
                } else if named.any(|(known, _)| known.name == name) {
                    let message = format!("there is an item \"{name}\" here already: take another name");
                    self.error(&format!("{key}.name"), message);
                }
                item.name = name;
            }
            items.push(item);
        }
        name_apart(&mut items, &given);
        items.sort_by_key(|item| item.z);
        items
    }

    fn item(&mut self, key: &str, raw: RawItem, around: &mut Surroundings<'_>, depth: usize) -> Option<Item> {
        let target = target(raw.position, raw.size, around.video);
        if target.width < 2 || target.height < 2 {
            let message = format!(
                "{} by {} pixels is too small to see: 2 by 2 at least",
                target.width, target.height
            );
            self.error(&format!("{key}.size"), message);
        }
        let Crop {
            left,
            top,
            right,
            bottom,
        } = raw.crop;
        if left + right >= 1.0 || top + bottom >= 1.0 {
            self.error(
                &format!("{key}.crop"),
                "nothing is left: opposite sides must add up to less than 1",
            );
        }
        let kind = self.kind_of_item(key)?;
        let chroma_key = raw.key.as_ref().map(super::transition_checks::chroma_key);
        let mut item = Item {
            name: kind.to_owned(),
            what: Shown::Color([0; 4]),
            target,
            fit: raw.fit.unwrap_or_default(),
            crop: raw.crop,
            key: chroma_key,
            z: raw.z,
            opacity: raw.opacity.unwrap_or(1.0),
            is_hidden: raw.hidden,
        };
        let own_key = format!("{key}.{kind}");
        item.what = match kind {
            "source" => {
                let source = self.known("source", raw.source, &own_key)?;
                item.name.clone_from(&source);
                Shown::Source(source)
            }
            "scene" => {
                let name = self.known("scene", raw.scene, &own_key)?;
                item.name.clone_from(&name);
                around.nested.push((name.clone(), own_key.clone()));
                let with = self.values(&format!("{key}.with"), &raw.with, Some(&around.parameters));
                if !self.is_preset || around.scenes.contains_key(&name) {
                    let known = around.scenes.get(&name).map_or(&[][..], Vec::as_slice);
                    for (parameter, _) in &with {
                        self.parameter_of(&name, known, parameter, &format!("{key}.with.{parameter}"));
                    }
                }
                Shown::Scene { name, with }
            }
            "group" => {
                let raw = raw.group?;
                if raw.is_empty() && !self.layers.places.has(&format!("{own_key}[0]")) {
                    self.error(&own_key, "has no items; take it out, or put some in");
                }
                Shown::Group(self.items(&own_key, raw, around, depth + 1))
            }
            "text" => {
                let text = raw.text?;
                if let Some(error) = placeholder::wrong(&text, &around.parameters) {
                    self.error(&own_key, error.to_string());
                }
                let style = self.text_style(&format!("{key}.style"), &raw.style, around.video);
                Shown::Text(TextItem { text, style })
            }
            "image" => {
                let written = raw.image?;
                if let Some(error) = placeholder::wrong(&written, &around.parameters) {
                    self.error(&own_key, error.to_string());
                }
                let path = self.file_at(&own_key, &written);
                if self.purpose == Purpose::Review && !written.contains('{') && !path.is_file() {
                    self.missing_here(&own_key, format!("no such file: {}", path.display()));
                }
                Shown::Image(ImageItem { path })
            }
            _ => Shown::Color(raw.color?.0),
        };
        Some(item)
    }

    /// Which of the keys that say what an item shows it has: one, or there is an error. With it go only the keys that it knows.
    fn kind_of_item(&mut self, key: &str) -> Option<&'static str> {
        let has = |check: &Self, name: &str| check.layers.places.has(&format!("{key}.{name}"));
        let mut kinds = SHOWN.iter().copied().filter(|name| has(self, name)).collect::<Vec<_>>();
        // In the order of the text, as a reader finds them.
        kinds.sort_by_key(|name| self.layers.places.of(&format!("{key}.{name}"), &self.whole).order());
        let Some(kind) = kinds.first().copied() else {
            let message =
                "shows nothing: needs one of the keys \"source\", \"scene\", \"group\", \"text\", \"image\", \"color\"";
            self.error(key, message);
            return None;
        };
        for other in kinds.iter().skip(1) {
            let message = format!("an item shows one thing, and this one has \"{kind}\" already: make two items of it");
            self.error(&format!("{key}.{other}"), message);
        }
        if kinds.len() > 1 {
            return None;
        }
        let is_picture = !matches!(kind, "text" | "color");
        for (name, is_known, of) in [
            ("with", kind == "scene", "\"scene\""),
            ("style", kind == "text", "\"text\""),
            ("fit", is_picture, "pictures"),
            ("crop", is_picture, "pictures"),
            ("key", is_picture, "pictures"),
        ] {
            if !is_known && has(self, name) {
                let message = format!("belongs to {of}; this item is a \"{kind}\"");
                self.error(&format!("{key}.{name}"), message);
            }
        }
        Some(kind)
    }

    /// Looks for scenes that are in themselves, and for those that are too much once everything in them is laid out.
    fn nesting(&mut self, scenes: &[Scene], nested: &Nested) {
        let mut told: Vec<Vec<String>> = Vec::new();
        for scene in scenes {
            let mut way = vec![scene.name.clone()];
            let mut found = Nesting::default();
            walk(scenes, &scene.items, &mut way, 1, &mut found);
            let items_key = format!("scene.{}.items", scene.name);
            let key_of = |other: Option<&String>| {
                let shown = nested.get(&scene.name).into_iter().flatten();
                let found = shown.into_iter().find(|(name, _)| Some(name) == other);
                found.map_or_else(|| items_key.clone(), |(_, key)| key.clone())
            };
            if let Some(circle) = found.circle {
                // The same circle is found from each scene in it.
                let mut members = circle.clone();
                members.pop();
                members.sort();
                if !told.contains(&members) && members.contains(&scene.name) {
                    let way = circle.join(" → ");
                    let message = format!(
                        "scene \"{}\" would be in itself: {way}; take one of these out",
                        scene.name
                    );
                    self.error(&key_of(circle.get(1)), message);
                    told.push(members);
                }
            } else if let Some(deep) = found.too_deep {
                let way = deep.join(" → ");
                let message = format!("scenes and groups are more than {MAX_DEPTH} deep in each other: {way}");
                self.error(&key_of(deep.get(1)), message);
            } else if found.layers > MAX_LAYERS {
                let message = format!(
                    "shows {} pictures, those of the scenes in it included; {MAX_LAYERS} at most",
                    found.layers
                );
                self.error(&items_key, message);
            }
        }
    }
}

/// Nobody counts further how much is in a scene.
const MAX_VISITS: usize = 4 * MAX_LAYERS;

/// What is found by following all scenes in a scene.
#[derive(Default)]
struct Nesting {
    layers: usize,
    circle: Option<Vec<String>>,
    too_deep: Option<Vec<String>>,
}

fn walk(scenes: &[Scene], items: &[Item], way: &mut Vec<String>, depth: usize, found: &mut Nesting) {
    if depth > MAX_DEPTH {
        found.too_deep.get_or_insert_with(|| way.clone());
        return;
    }
    for item in items {
        // Enough is known.
        if found.circle.is_some() || found.too_deep.is_some() || found.layers > MAX_VISITS {
            return;
        }
        found.layers += usize::from(!matches!(item.what, Shown::Group(_)));
        match &item.what {
            Shown::Scene { name, .. } => {
                let is_circle = way.contains(name);
                let from = way.iter().position(|known| known == name).unwrap_or(0);
                way.push(name.clone());
                if is_circle {
                    found.circle = way.get(from..).map(<[String]>::to_vec);
                } else if let Some(scene) = scenes.iter().find(|scene| scene.name == *name) {
                    walk(scenes, &scene.items, way, depth + 1, found);
                }
                way.pop();
            }
            Shown::Group(items) => walk(scenes, items, way, depth + 1, found),
            _ => {}
        }
    }
}

/// How many items there are, those of groups included.
fn count(items: &[RawItem]) -> usize {
    let inside = |item: &RawItem| item.group.as_deref().map_or(0, count);
    items.iter().map(|item| 1 + inside(item)).sum()
}

/// Gives items that nobody has `given` a name a number, where another item is called so.
fn name_apart(items: &mut [Item], given: &[bool]) {
    let named = items.iter().zip(given).filter(|(_, is_given)| **is_given);
    let mut taken: Vec<String> = named.map(|(item, _)| item.name.clone()).collect();
    for (item, _) in items.iter_mut().zip(given).filter(|(_, is_given)| !**is_given) {
        let base = std::mem::take(&mut item.name);
        // Room for the number in the longest names.
        let stem: String = base.chars().take(28).collect();
        let numbered = (2..).map(|number| format!("{stem}-{number}"));
        let free = std::iter::once(base).chain(numbered).find(|name| !taken.contains(name));
        item.name = free.unwrap_or_default();
        taken.push(item.name.clone());
    }
}
