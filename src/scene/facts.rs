//! A show as a list of facts: what [`super::diff`] compares, and says in words.

use serde::Serialize;
use serde_json::Value as Json;

use crate::param::Param;
use crate::picture::{Crop, PICTURE_PARAMS, Rect};
use crate::scene::{Item, Scene, Show, Shown, TransitionSettings};
use crate::sound::{BUS_PARAMS, STRIP_PARAMS};
use crate::source::{SourceKind, SourceSpec};

/// Something that is so in a show.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fact {
    /// Names from the outermost to the innermost.
    pub path: Vec<String>,
    /// As people read it: without secrets.
    pub shown: String,
    /// What must be the same for it to be the same. Never shown, for it may hold more than may be.
    pub real: String,
    /// It says that there is a thing of that name; what the thing is like is said by facts of longer paths.
    pub is_whole: bool,
}

/// Collects facts.
#[derive(Default)]
struct Facts(Vec<Fact>);

/// All that is so in `show`.
pub(super) fn facts(show: &Show) -> Vec<Fact> {
    let mut facts = Facts::default();
    facts.put(&["title"], show.title.clone());
    facts.json(&["video"], &show.video);
    facts.json(&["audio"], &show.audio);
    for source in &show.sources {
        facts.source(source);
    }
    for (name, settings) in &show.strips {
        facts.parameters(&["strip", name], STRIP_PARAMS, settings);
    }
    for (name, settings) in &show.pictures {
        facts.parameters(&["picture", name], PICTURE_PARAMS, settings);
    }
    facts.parameters(&["bus"], BUS_PARAMS, &show.buses);
    for scene in &show.scenes {
        facts.scene(scene, (show.video.width, show.video.height));
    }
    facts.json(&["start"], &show.start);
    facts.transition(&["transition"], &show.transition);
    facts.json(&["analysis"], &show.analysis);
    facts.occlusion(show);
    facts.moderation(show);
    facts.json(&["relay"], &show.relay);
    facts.json(&["obs"], &show.obs);
    facts.json(&["recording"], &show.recording);
    facts.put(
        &["uplink", "kbps"],
        show.uplink_kbps
            .map_or_else(|| "none".to_owned(), |kbps| kbps.to_string()),
    );
    let adapt = &show.adapt;
    facts.put(&["adapt", "is_on"], adapt.is_on.to_string());
    facts.known_by_name(&["adapt", "policy"], &adapt.policy.name, &adapt.policy);
    facts.json(&["adapt", "trace"], &adapt.trace);
    facts.put(&["live", "watch"], show.is_watched.to_string());
    for spec in &show.audience {
        facts.whole(&["audience", &spec.name], spec.url.to_string());
        facts.json(&["audience", &spec.name], spec);
    }
    for rendition in &show.renditions {
        let shown = format!("{}x{}", rendition.width, rendition.height);
        facts.whole(&["rendition", &rendition.name], shown);
        facts.json(&["rendition", &rendition.name], rendition);
    }
    for destination in &show.destinations {
        facts.whole(&["destination", &destination.name], destination.url.to_string());
        facts.json(&["destination", &destination.name], destination);
    }
    facts.0
}

/// In which order things come that have one: of equal `z`, the later item lies on top, and scenes are called by number.
pub(super) fn orders(show: &Show) -> Vec<(Vec<String>, Vec<String>)> {
    let mut orders = vec![
        order(&["source", "order"], show.sources.iter().map(|it| &it.name)),
        order(&["scene", "order"], show.scenes.iter().map(|it| &it.name)),
        order(&["audience", "order"], show.audience.iter().map(|it| &it.name)),
        order(&["rendition", "order"], show.renditions.iter().map(|it| &it.name)),
        order(&["destination", "order"], show.destinations.iter().map(|it| &it.name)),
    ];
    for scene in &show.scenes {
        items_order(&["scene", &scene.name], &scene.items, &mut orders);
        let parameters = scene.parameters.iter().map(|(name, _)| name);
        orders.push(order(&["scene", &scene.name, "parameters", "order"], parameters));
    }
    orders
}

fn order<'a>(path: &[&str], names: impl Iterator<Item = &'a String>) -> (Vec<String>, Vec<String>) {
    (owned(path), names.cloned().collect())
}

fn items_order(path: &[&str], items: &[Item], orders: &mut Vec<(Vec<String>, Vec<String>)>) {
    orders.push(order(&[path, &["order"]].concat(), items.iter().map(|item| &item.name)));
    for item in items {
        if let Shown::Group(items) = &item.what {
            items_order(&[path, &["item", &item.name]].concat(), items, orders);
        }
    }
}

fn owned(path: &[&str]) -> Vec<String> {
    path.iter().map(|name| (*name).to_owned()).collect()
}

impl Facts {
    fn put(&mut self, path: &[&str], shown: String) {
        self.0.push(Fact {
            path: owned(path),
            real: shown.clone(),
            shown,
            is_whole: false,
        });
    }

    fn whole(&mut self, path: &[&str], shown: String) {
        self.0.push(Fact {
            path: owned(path),
            real: String::new(),
            shown,
            is_whole: true,
        });
    }

    /// Something of which the name is enough for people.
    fn known_by_name(&mut self, path: &[&str], name: &str, what: &impl Serialize) {
        self.0.push(Fact {
            path: owned(path),
            shown: name.to_owned(),
            real: serde_json::to_string(what).unwrap_or_default(),
            is_whole: false,
        });
    }

    /// Plain data, a fact for each of its values. What serialises has no secrets in it.
    fn json(&mut self, path: &[&str], what: &impl Serialize) {
        // What does not serialise has no facts; it is in the net all the same.
        if let Ok(json) = serde_json::to_value(what) {
            self.flatten(path, &json);
        }
    }

    fn flatten(&mut self, path: &[&str], json: &Json) {
        match json {
            Json::Object(map) => {
                for (key, value) in map {
                    // The name of a thing is in its path already.
                    if key != "name" {
                        self.flatten(&[path, &[key.as_str()]].concat(), value);
                    }
                }
            }
            other => self.put(path, spoken(other)),
        }
    }

    fn parameters<S>(&mut self, path: &[&str], params: &'static [Param<S>], settings: &S) {
        for param in params {
            let value = (param.get)(settings);
            self.0.push(Fact {
                path: owned(&[path, &[param.name]].concat()),
                shown: param.show(value).to_string(),
                real: format!("{value:?}"),
                is_whole: false,
            });
        }
    }

    fn source(&mut self, source: &SourceSpec) {
        let path = ["source", source.name.as_str()];
        let shown = match &source.kind {
            SourceKind::Pattern(_) => "pattern".to_owned(),
            SourceKind::Rtsp(rtsp) => rtsp.url.to_string(),
            kind => format!("{} {}", kind.name(), kind.location()),
        };
        self.whole(&path, shown);
        match &source.kind {
            SourceKind::Pattern(pattern) => self.json(&path, pattern),
            SourceKind::File(file) => self.json(&path, file),
            SourceKind::Rtsp(rtsp) => self.json(&path, rtsp),
            SourceKind::Camera(camera) => self.json(&path, camera),
            SourceKind::Screen(screen) => self.json(&path, screen),
            SourceKind::Microphone(microphone) => self.json(&path, microphone),
            SourceKind::Rtmp(ingest) => self.json(&path, ingest),
            SourceKind::Pipe(pipe) => self.json(&path, pipe),
        }
        self.put(&["source", &source.name, "kind"], source.kind.name().to_owned());
    }

    fn scene(&mut self, scene: &Scene, canvas: (u32, u32)) {
        let path = ["scene", scene.name.as_str()];
        let items = scene.items.iter().map(|item| item.name.as_str());
        self.whole(&path, items.collect::<Vec<_>>().join(", "));
        for item in &scene.items {
            self.item(&path, item, canvas);
        }
        self.json(&[path[0], path[1], "occlusion_level"], &scene.occlusion_level);
        for strip in &scene.strips {
            for (parameter, value) in &strip.set {
                let shown = serde_json::to_value(value).map_or_else(|_| String::new(), |value| spoken(&value));
                self.put(&[path[0], path[1], "strip", &strip.strip, parameter], shown);
            }
        }
        match &scene.transition {
            Some(transition) => self.transition(&[path[0], path[1], "transition"], transition),
            None => self.put(&[path[0], path[1], "transition", "kind"], "that of the show".to_owned()),
        }
        for (name, value) in &scene.parameters {
            self.put(&[path[0], path[1], "parameters", name], format!("\"{value}\""));
        }
    }

    fn item(&mut self, around: &[&str], item: &Item, canvas: (u32, u32)) {
        let path = &[around, &["item", item.name.as_str()]].concat();
        let at = |key: &'static str| [path.as_slice(), &[key]].concat();
        let shows = match &item.what {
            Shown::Source(name) => format!("source {name}"),
            Shown::Scene { name, .. } => format!("scene {name}"),
            Shown::Group(_) => "group".to_owned(),
            Shown::Text(_) => "text".to_owned(),
            Shown::Image(image) => format!("image {}", image.path.display()),
            Shown::Color([red, green, blue, alpha]) => format!("color #{red:02x}{green:02x}{blue:02x}{alpha:02x}"),
        };
        self.whole(path, shows.clone());
        self.put(&at("shows"), shows);
        let Rect { x, y, width, height } = item.target;
        self.put(&at("position"), pair((x, y), canvas));
        self.put(&at("size"), pair((width, height), canvas));
        self.json(&at("fit"), &item.fit);
        self.put(&at("crop"), crop(item.crop));
        self.json(&at("key"), &item.key);
        self.put(&at("z"), item.z.to_string());
        self.put(&at("opacity"), item.opacity.to_string());
        self.put(&at("hidden"), item.is_hidden.to_string());
        match &item.what {
            Shown::Text(text) => {
                self.put(&at("text"), format!("{:?}", text.text));
                self.json(&at("style"), &text.style);
            }
            Shown::Scene { with, .. } => {
                for (name, value) in with {
                    self.put(
                        &[path.as_slice(), &["with", name.as_str()]].concat(),
                        format!("\"{value}\""),
                    );
                }
            }
            Shown::Group(items) => items.iter().for_each(|item| self.item(path, item, canvas)),
            Shown::Source(_) | Shown::Image(_) | Shown::Color(_) => {}
        }
    }

    fn transition(&mut self, path: &[&str], transition: &TransitionSettings) {
        self.json(path, transition);
    }

    fn occlusion(&mut self, show: &Show) {
        let occlusion = &show.occlusion;
        self.put(&["occlusion", "armed"], occlusion.is_armed.to_string());
        self.known_by_name(&["occlusion", "policy"], &occlusion.policy.name, &occlusion.policy);
        self.put(&["occlusion", "level"], occlusion.level.to_string());
        self.json(&["occlusion", "mask"], &occlusion.mask);
        self.json(&["occlusion", "sticker"], &occlusion.sticker);
        for zone in &occlusion.zones {
            let Rect { x, y, width, height } = zone.rect;
            let canvas = (show.video.width, show.video.height);
            let shown = format!("{} of {}", pair((x, y), canvas), pair((width, height), canvas));
            self.put(&["occlusion", "zone", &zone.name], shown);
        }
    }

    fn moderation(&mut self, show: &Show) {
        let moderation = &show.moderation;
        self.json(&["moderation", "hold_ms"], &moderation.hold);
        self.json(&["moderation", "pace"], &moderation.pace);
        self.json(&["moderation", "unjudged"], &moderation.unjudged);
        self.json(&["moderation", "log"], &moderation.log);
        self.json(&["moderation", "slate"], &moderation.slate);
        let lists = moderation.words.iter().flat_map(|words| &words.judge.lists);
        let lists = lists.map(|list| list.name.as_str()).collect::<Vec<_>>().join(", ");
        self.known_by_name(&["moderation", "words"], &lists, &moderation.words);
        self.json(&["moderation", "pictures"], &moderation.pictures);
    }
}

/// A value as people read it.
fn spoken(json: &Json) -> String {
    match json {
        Json::Null => "none".to_owned(),
        Json::String(text) => text.clone(),
        // A number of single precision is written as short as it was typed.
        Json::Number(number) => match number.as_f64() {
            Some(double) if number.is_f64() && f64::from(double as f32).to_bits() == double.to_bits() => {
                (double as f32).to_string()
            }
            _ => number.to_string(),
        },
        Json::Array(values) => values.iter().map(spoken).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// A place or a size as it may have been typed: in shares of the canvas where those are whole.
fn pair((across, down): (i32, i32), canvas: (u32, u32)) -> String {
    let (x, y) = (length(across, canvas.0), length(down, canvas.1));
    if x == y { x } else { format!("{x} {y}") }
}

fn length(pixels: i32, of: u32) -> String {
    if pixels == 0 {
        return "0".to_owned();
    }
    let percent = (f64::from(pixels) * 100.0 / f64::from(of.max(1))).round();
    let back = (percent * f64::from(of) / 100.0).round();
    if (back - f64::from(pixels)).abs() < 0.5 {
        format!("{percent}%")
    } else {
        pixels.to_string()
    }
}

fn crop(crop: Crop) -> String {
    let shares = [crop.left, crop.top, crop.right, crop.bottom];
    let shares = shares.map(|share| share.to_string());
    shares.join(" ")
}
