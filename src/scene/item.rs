//! What a scene is made of, after it has been checked: sources, other scenes, groups, texts, images and plain colours.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::param::Value;
use crate::picture::{ChromaKey, Crop, Fit, Rect, TextStyle};

/// One thing in a scene.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// Unique within its scene or group: what commands call it.
    pub name: String,
    /// What is seen.
    pub what: Shown,
    /// Where, in pixels of the canvas, which has the program's size. May stick out of it.
    pub target: Rect,
    /// How the picture fills that place.
    pub fit: Fit,
    /// What is cut away first.
    pub crop: Crop,
    /// The colour that is taken out of it.
    #[serde(default)]
    pub key: Option<ChromaKey>,
    /// Higher lies on top.
    pub z: i32,
    /// 0 is invisible, 1 hides what lies below.
    pub opacity: f32,
    /// Left out until it is shown again.
    #[serde(default)]
    pub is_hidden: bool,
}

/// What an item shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shown {
    /// The source of that name.
    Source(String),
    /// Another scene as it would be on program, placed and fitted as a picture of the program's size is. Scenes are checked: none contains
    /// itself.
    Scene {
        /// Its name.
        name: String,
        /// Values for its parameters; they may refer to those of the scene around it.
        with: Vec<(String, String)>,
    },
    /// Items that are placed, faded and hidden together, on a canvas of the program's size.
    Group(Vec<Item>),
    /// Letters.
    Text(TextItem),
    /// A picture from a file.
    Image(ImageItem),
    /// Nothing but red, green, blue and opacity.
    Color([u8; 4]),
}

/// Letters in a scene.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TextItem {
    /// As written: `{price}` stands for a parameter of the scene, `{clock}` and others for what is known of the show.
    pub text: String,
    /// What it looks like.
    pub style: TextStyle,
}

/// A picture from a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImageItem {
    /// PNG or JPEG. May have `{photo}` in it, for a parameter of the scene.
    pub path: PathBuf,
}

/// What a scene sets on one strip while it is on program. When it leaves, what an operator has not changed meanwhile goes back to
/// what it was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SceneStrip {
    /// The strip.
    pub strip: String,
    /// Names of parameters of strips, and what they are set to.
    pub set: Vec<(String, Value)>,
}

impl Item {
    /// Calls `found` with the name of every source that is seen in this item by itself, and with that of every scene in it.
    pub fn visit(&self, source: &mut dyn FnMut(&str), scene: &mut dyn FnMut(&str)) {
        if self.is_hidden {
            return;
        }
        match &self.what {
            Shown::Source(name) => source(name),
            Shown::Scene { name, .. } => scene(name),
            Shown::Group(items) => items.iter().for_each(|item| item.visit(source, scene)),
            Shown::Text(_) | Shown::Image(_) | Shown::Color(_) => {}
        }
    }
}

/// Names of the sources that are seen in the scene `name`, those of scenes in it included, bottom first, each once. `items_of` knows
/// the items of a scene.
#[must_use]
pub fn sources_seen<'a>(name: &str, items_of: &dyn Fn(&str) -> Option<&'a [Item]>) -> Vec<String> {
    /// Deeper than any scene that was checked.
    const DEEPEST: usize = 16;
    fn collect<'a>(name: &str, items_of: &dyn Fn(&str) -> Option<&'a [Item]>, depth: usize, seen: &mut Vec<String>) {
        if depth > DEEPEST {
            return;
        }
        for item in items_of(name).unwrap_or_default() {
            let mut scenes = Vec::new();
            let mut found = Vec::new();
            item.visit(&mut |source| found.push(source.to_owned()), &mut |scene| {
                scenes.push(scene.to_owned());
            });
            for source in found {
                if !seen.contains(&source) {
                    seen.push(source);
                }
            }
            for scene in scenes {
                collect(&scene, items_of, depth + 1, seen);
            }
        }
    }
    let mut seen = Vec::new();
    collect(name, items_of, 0, &mut seen);
    seen
}
