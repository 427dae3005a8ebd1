//! What the compositor is to show, with every name already turned into a number.
//!
//! Scenes in scenes and groups become layers of the scene around them, each with the view of the canvas that it lies on, wherever that
//! is exact. Where a canvas as a whole is translucent or keyed it stays one: a layer of its own, composited apart.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;

use super::air::{self, Levels};
use crate::media::{TimeDelta, Timestamp};
use crate::picture::WipeDirection;
use crate::picture::{ChromaKey, Crop, Fit, Rect, TextStyle, View};
use crate::scene::{Item, MAX_LAYERS, Matte, Shown};
use crate::studio::fill::{self, Piece};
use crate::studio::model::{FadeKind, Studio};

/// Deeper than any scene that was checked.
const DEEPEST: usize = 16;

/// Items that are looked at for one scene, whatever becomes of them: scenes in scenes multiply.
const MOST_VISITS: usize = 4 * MAX_LAYERS;

/// All scenes, and which of them are on program and preview.
#[derive(Clone, Debug)]
pub struct Plan {
    /// In the model's order.
    pub scenes: Vec<PlannedScene>,
    /// What is to be drawn for them.
    pub graphics: Vec<Wanted>,
    /// The scene on program.
    pub program: usize,
    /// Since when.
    pub since: Timestamp,
    /// The scene on preview.
    pub preview: usize,
    /// The transition that is under way.
    pub fade: Option<PlannedFade>,
    /// The occlusion levels of the pictures that are made by this plan.
    pub levels: Levels,
}

/// A scene.
#[derive(Clone, Debug)]
pub struct PlannedScene {
    /// Its name.
    pub name: String,
    /// Bottom first.
    pub layers: Vec<PlannedLayer>,
}

/// One layer of a scene.
#[derive(Clone, Debug)]
pub struct PlannedLayer {
    /// What is seen.
    pub what: Planned,
    /// The colour that is taken out of it.
    pub key: Option<ChromaKey>,
    /// Where it is, in pixels of its canvas.
    pub target: Rect,
    /// How it fills that.
    pub fit: Fit,
    /// What is cut off.
    pub crop: Crop,
    /// 0 to 1.
    pub opacity: f32,
    /// How its canvas lies in the program.
    pub view: View,
}

/// What a layer shows.
#[derive(Clone, Debug)]
pub enum Planned {
    /// The source of that number.
    Source(usize),
    /// A graphic, by its [id](Wanted::id).
    Graphic(u64),
    /// Layers that are composited apart.
    Canvas(Vec<PlannedLayer>),
}

/// A graphic that a scene shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// Says which item of which scene it is, through all plans: what was drawn for it is shown until it is drawn anew.
    pub id: u64,
    /// Another one where something else is to be drawn.
    pub version: u64,
    /// The scene, by its number.
    pub scene: usize,
    /// What is to be drawn.
    pub drawing: Drawing,
}

/// What is drawn off the picture thread.
#[derive(Clone, Debug, PartialEq)]
pub enum Drawing {
    /// Letters.
    Text {
        /// To be filled in.
        pieces: Vec<Piece>,
        /// What they look like.
        style: Box<TextStyle>,
        /// Pixels across and down.
        size: (u32, u32),
    },
    /// A picture from a file; `None` where the path is none that may be opened.
    Image(Option<PathBuf>),
    /// Red, green, blue, opacity.
    Color([u8; 4]),
}

/// A transition.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedFade {
    /// The scene that goes.
    pub from: usize,
    /// Since when it was on program.
    pub since: Timestamp,
    /// When the transition began.
    pub start: Timestamp,
    /// How long it takes.
    pub duration: TimeDelta,
    /// How one becomes the other.
    pub kind: PlannedKind,
}

/// How one scene becomes the other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PlannedKind {
    /// One picture into the other.
    Fade,
    /// An edge that goes there.
    Wipe(WipeDirection),
    /// A clip over both: its source, when the scenes change behind it, what of it is seen.
    Stinger(Option<usize>, TimeDelta, Matte),
}

impl Plan {
    /// The plan of `studio`. Names are checked when a scene file is loaded; one that is unknown all the same shows nothing.
    #[must_use]
    pub fn new(studio: &Studio) -> Self {
        let scene = |name: &str| {
            let mut scenes = studio.scenes.iter();
            scenes.position(|scene| scene.name == name).unwrap_or_default()
        };
        let source = |name: &str| studio.sources.iter().position(|source| source.name == name);
        let mut graphics = Vec::new();
        let scenes = studio.scenes.iter().enumerate().map(|(number, model)| {
            let mut planner = Planner {
                studio,
                scene: number,
                graphics: &mut graphics,
                layers: 0,
                visits: 0,
            };
            let values = planner.values(&model.name, &[], &Vec::new());
            PlannedScene {
                name: model.name.clone(),
                layers: planner.layers(&model.items, &values, hash_of(&[&model.name]), 0),
            }
        });
        let scenes = scenes.collect();
        Self {
            scenes,
            graphics,
            program: scene(&studio.program),
            since: studio.air.since,
            preview: scene(&studio.preview),
            fade: studio.fade.as_ref().map(|fade| PlannedFade {
                from: scene(&fade.from),
                since: fade.since,
                start: fade.start,
                duration: fade.duration,
                kind: match &fade.kind {
                    FadeKind::Fade => PlannedKind::Fade,
                    FadeKind::Wipe(direction) => PlannedKind::Wipe(*direction),
                    FadeKind::Stinger {
                        source: name,
                        cut_at,
                        matte,
                        ..
                    } => PlannedKind::Stinger(source(name), *cut_at, *matte),
                },
            }),
            levels: air::levels(studio, studio.occlusion_level()),
        }
    }

    /// The transition that is under way at `at` and how far it has come, 0 to 1.
    #[must_use]
    pub fn fade_at(&self, at: Timestamp) -> Option<(&PlannedFade, f32)> {
        let fade = self.fade.as_ref()?;
        let share = (at - fade.start).ratio(fade.duration) as f32;
        (share < 1.0).then(|| (fade, share.max(0.0)))
    }

    /// The graphics that are on program, or go from there.
    pub fn on_program(&self) -> impl Iterator<Item = &Wanted> {
        let from = self.fade.as_ref().map(|fade| fade.from);
        let is_seen = move |wanted: &&Wanted| wanted.scene == self.program || Some(wanted.scene) == from;
        self.graphics.iter().filter(is_seen)
    }

    /// Since when the scene of that number has been on program, if it is or goes from there.
    #[must_use]
    pub fn since(&self, scene: usize) -> Option<Timestamp> {
        if scene == self.program {
            return Some(self.since);
        }
        let fade = self.fade.as_ref().filter(|fade| fade.from == scene)?;
        Some(fade.since)
    }
}

/// What the parameters of a scene stand for.
type Values = Vec<(String, Vec<Piece>)>;

/// Finds the layers of one scene.
struct Planner<'a> {
    studio: &'a Studio,
    scene: usize,
    graphics: &'a mut Vec<Wanted>,
    /// Of the whole scene, those of canvases in it included.
    layers: usize,
    visits: usize,
}

impl Planner<'_> {
    /// What the parameters of the scene `name` stand for: the values `with` are given by an item of a scene in which names stand for `around`.
    fn values(&self, name: &str, with: &[(String, String)], around: &Values) -> Values {
        let given = with
            .iter()
            .map(|(name, value)| (name.clone(), fill::pieces(value, &known(around))));
        let mut values: Values = given.collect();
        let own = self.studio.scene(name).map(|scene| scene.parameters.as_slice());
        for (name, value) in own.unwrap_or_default() {
            if !values.iter().any(|(known, _)| known == name) {
                values.push((name.clone(), fill::literal(value)));
            }
        }
        values
    }

    /// The layers of `items`, in which names stand for `values`. `path` says whose they are.
    fn layers(&mut self, items: &[Item], values: &Values, path: u64, depth: usize) -> Vec<PlannedLayer> {
        let mut layers = Vec::new();
        for item in items.iter().filter(|item| !item.is_hidden && item.opacity > 0.0) {
            if self.layers >= MAX_LAYERS || self.visits >= MOST_VISITS || depth > DEEPEST {
                break;
            }
            self.visits += 1;
            let path = hash_of(&[&path, &item.name]);
            match &item.what {
                Shown::Source(name) => {
                    let number = self.studio.sources.iter().position(|source| source.name == *name);
                    if let Some(number) = number {
                        self.push(&mut layers, item, item.fit, Planned::Source(number));
                    }
                }
                Shown::Scene { name, with } => {
                    let studio = self.studio;
                    if let Some(inner) = studio.scene(name) {
                        let values = self.values(name, with, values);
                        let inner = self.layers(&inner.items, &values, path, depth + 1);
                        self.canvas(&mut layers, item, inner);
                    }
                }
                Shown::Group(items) => {
                    let inner = self.layers(items, values, path, depth + 1);
                    self.canvas(&mut layers, item, inner);
                }
                Shown::Text(text) => {
                    let drawing = Drawing::Text {
                        pieces: fill::pieces(&text.text, &known(values)),
                        style: Box::new(text.style.clone()),
                        size: item.target.even_size(),
                    };
                    let what = self.wanted(path, drawing);
                    self.push(&mut layers, item, Fit::Stretch, what);
                }
                Shown::Image(image) => {
                    let what = self.wanted(path, Drawing::Image(image_path(&image.path, values)));
                    self.push(&mut layers, item, item.fit, what);
                }
                Shown::Color(rgba) => {
                    let what = self.wanted(path, Drawing::Color(*rgba));
                    self.push(&mut layers, item, Fit::Stretch, what);
                }
            }
        }
        layers
    }

    fn push(&mut self, layers: &mut Vec<PlannedLayer>, item: &Item, fit: Fit, what: Planned) {
        self.layers += 1;
        layers.push(PlannedLayer {
            what,
            key: item.key,
            target: item.target,
            fit,
            crop: item.crop,
            opacity: item.opacity,
            view: View::default(),
        });
    }

    /// Puts the layers of a canvas where `item` has it.
    fn canvas(&mut self, layers: &mut Vec<PlannedLayer>, item: &Item, inner: Vec<PlannedLayer>) {
        let format = self.studio.format;
        let size = (format.width, format.height);
        let Some(view) = View::default().inside(size, item.target, item.fit, item.crop) else {
            return;
        };
        // The opacity of a whole is that of its layer where it has one alone.
        let is_exact = item.key.is_none() && (item.opacity >= 1.0 || inner.len() <= 1);
        if is_exact {
            layers.extend(inner.into_iter().map(|layer| PlannedLayer {
                view: view.of(&layer.view),
                opacity: layer.opacity * item.opacity.min(1.0),
                ..layer
            }));
        } else {
            self.push(layers, item, item.fit, Planned::Canvas(inner));
        }
    }

    fn wanted(&mut self, id: u64, drawing: Drawing) -> Planned {
        // Names of items are unique where they were checked; otherwise they share what is drawn last.
        let version = hash_of(&[&format!("{drawing:?}")]);
        self.graphics.push(Wanted {
            id,
            version,
            scene: self.scene,
            drawing,
        });
        Planned::Graphic(id)
    }
}

fn known(values: &Values) -> impl Fn(&str) -> Option<Vec<Piece>> + '_ {
    |name| {
        let mut values = values.iter();
        values
            .find(|(known, _)| known == name)
            .map(|(_, pieces)| pieces.clone())
    }
}

/// The path with its parameters. Values are data: one that would lead out of the folder is refused.
fn image_path(path: &std::path::Path, values: &Values) -> Option<PathBuf> {
    let Some(written) = path.to_str().filter(|written| written.contains('{')) else {
        return Some(path.to_owned());
    };
    let safe = |name: &str| {
        let value = fill::letters(&known(values)(name)?);
        let is_safe = !value.contains(['/', '\\', '\0']) && value != ".." && !value.is_empty();
        is_safe.then(|| fill::literal(&value))
    };
    let pieces = fill::pieces(written, &safe);
    let is_whole = pieces.iter().all(|piece| matches!(piece, Piece::Text(_)));
    is_whole.then(|| fill::letters(&pieces).into())
}

fn hash_of(parts: &[&dyn HashPart]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for part in parts {
        part.add_to(&mut hasher);
    }
    hasher.finish()
}

/// [`Hash`] of parts of different kinds.
trait HashPart {
    fn add_to(&self, hasher: &mut DefaultHasher);
}

impl<T: Hash> HashPart for T {
    fn add_to(&self, hasher: &mut DefaultHasher) {
        self.hash(hasher);
    }
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
