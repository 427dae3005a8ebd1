//! The table `[moderation.pictures]`: what pictures are looked at for before they go out, and what is done about it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::check::Check;
use super::schema::{Key, Kind, key};
use crate::media::TimeDelta;

/// The most images that are blocked.
const MOST_BLOCKED: usize = 256;

/// What is done about something that a picture shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PictureAction {
    /// It is not looked for.
    #[default]
    Off,
    /// It goes out, and the operator is told.
    Warn,
    /// Its place is blurred.
    Blur,
    /// A slate goes out instead, as long as it is there.
    Cover,
    /// All that is held is dropped.
    Dump,
}

impl PictureAction {
    /// Whether it is done to what was already encoded, so that there must be something held.
    #[must_use]
    pub fn needs_hold(self) -> bool {
        matches!(self, Self::Cover | Self::Dump)
    }
}

/// What pictures are looked at for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PictureCheckSettings {
    /// QR codes and barcodes.
    pub codes: PictureAction,
    /// Images that must not be seen.
    pub blocked: Vec<PathBuf>,
    /// What is done about those.
    pub blocked_action: PictureAction,
    /// How many of the 64 bits of a perceptual hash may differ for an image to be the same.
    pub distance: u32,
    /// Black pictures.
    pub black: PictureAction,
    /// How long they must have been black.
    #[serde(rename = "black_ms")]
    pub black_after: TimeDelta,
    /// Pictures that stand still.
    pub frozen: PictureAction,
    /// How long they must have stood still.
    #[serde(rename = "frozen_ms")]
    pub frozen_after: TimeDelta,
    /// What else tells pictures apart.
    pub classifier: Option<ClassifierChoice>,
    /// How many pictures are looked at in a second.
    pub looks_per_second: u32,
}

impl Default for PictureCheckSettings {
    fn default() -> Self {
        Self {
            codes: PictureAction::Off,
            blocked: Vec::new(),
            blocked_action: PictureAction::Cover,
            distance: 10,
            black: PictureAction::Off,
            black_after: TimeDelta::from_millis(2000),
            frozen: PictureAction::Off,
            frozen_after: TimeDelta::from_millis(5000),
            classifier: None,
            looks_per_second: 5,
        }
    }
}

impl PictureCheckSettings {
    /// What is done about each kind of thing that is looked for.
    fn actions(&self) -> impl Iterator<Item = PictureAction> {
        let blocked = (!self.blocked.is_empty()).then_some(self.blocked_action);
        let classified = self.classifier.as_ref().map(|classifier| classifier.action);
        let actions = [
            Some(self.codes),
            blocked,
            Some(self.black),
            Some(self.frozen),
            classified,
        ];
        actions.into_iter().flatten()
    }

    /// Whether anything is looked for.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.actions().any(|action| action != PictureAction::Off)
    }

    /// Whether something may be done to what was already encoded.
    #[must_use]
    pub fn needs_hold(&self) -> bool {
        self.actions().any(PictureAction::needs_hold)
    }
}

/// A classifier of pictures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassifierChoice {
    /// Who it is.
    pub kind: ClassifierKind,
    /// Of a model: what its outputs are called, in their order, those that are fine empty. Of a program: the labels that count, all where
    /// there are none.
    pub labels: Vec<String>,
    /// How sure it has to be, 0 to 1.
    pub threshold: f32,
    /// What is done about a picture with one of its labels.
    pub action: PictureAction,
    /// Columns and rows that a picture is scaled to.
    pub size: (u32, u32),
    /// What a model gets for red, green and blue from 0 to 1: less this
    pub mean: [f32; 3],
    /// and divided by this.
    pub deviation: [f32; 3],
    /// What the numbers are that a model gives.
    pub scores: ScoreKind,
}

/// What the numbers are that a model gives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScoreKind {
    /// From 0 to 1.
    #[default]
    Plain,
    /// Logits, of labels of which one is right.
    Softmax,
    /// Logits, of labels each of which may be right.
    Sigmoid,
}

/// What runs a classifier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClassifierKind {
    /// An ONNX model.
    Model(PathBuf),
    /// A program and its arguments.
    Command(Vec<String>),
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawPictures {
    codes: PictureAction,
    blocked: Vec<String>,
    blocked_action: Option<PictureAction>,
    distance: Option<u32>,
    black: PictureAction,
    black_s: Option<f64>,
    frozen: PictureAction,
    frozen_s: Option<f64>,
    classifier: Option<RawClassifier>,
    looks_per_second: Option<u32>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawClassifier {
    model: Option<String>,
    command: Vec<String>,
    labels: Vec<String>,
    threshold: Option<f64>,
    action: Option<PictureAction>,
    width: Option<u32>,
    height: Option<u32>,
    pixels: RawPixels,
    scores: ScoreKind,
}

/// How a model wants its pixels.
#[derive(Clone, Copy, Default, Deserialize)]
enum RawPixels {
    #[default]
    #[serde(rename = "imagenet")]
    ImageNet,
    #[serde(rename = "0..1")]
    Share,
    #[serde(rename = "-1..1")]
    Signed,
}

impl RawPixels {
    /// Mean and deviation of red, green and blue.
    fn normal(self) -> ([f32; 3], [f32; 3]) {
        match self {
            Self::ImageNet => ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
            Self::Share => ([0.0; 3], [1.0; 3]),
            Self::Signed => ([0.5; 3], [0.5; 3]),
        }
    }
}

impl Check<'_> {
    /// `[moderation.pictures]`.
    pub(super) fn picture_checks(&mut self, raw: RawPictures) -> PictureCheckSettings {
        const KEY: &str = "moderation.pictures";
        let usual = PictureCheckSettings::default();
        let blocked_key = format!("{KEY}.blocked");
        if raw.blocked.len() > MOST_BLOCKED {
            self.error(
                &blocked_key,
                format!("{} images; {MOST_BLOCKED} at most", raw.blocked.len()),
            );
        }
        let mut blocked = Vec::new();
        for (at, image) in raw.blocked.iter().enumerate() {
            let path = self.file_at(&blocked_key, image);
            // A show that goes on after a crash finds them, or its check says so.
            if !self.layers.shelf.is_kept() && !path.is_file() {
                self.missing_here(
                    &format!("{blocked_key}[{at}]"),
                    format!("no such file: {}", path.display()),
                );
            }
            blocked.push(path);
        }
        if raw.blocked.is_empty() {
            for (name, is_written) in [
                ("blocked_action", raw.blocked_action.is_some()),
                ("distance", raw.distance.is_some()),
            ] {
                if is_written {
                    self.error(
                        &format!("{KEY}.{name}"),
                        "is about blocked images, and there are none: blocked = [\"FILE.png\"]",
                    );
                }
            }
        }
        let classifier = raw
            .classifier
            .and_then(|raw| self.classifier(&format!("{KEY}.classifier"), raw));
        PictureCheckSettings {
            codes: raw.codes,
            blocked,
            blocked_action: raw.blocked_action.unwrap_or(usual.blocked_action),
            distance: raw.distance.unwrap_or(usual.distance),
            black: raw.black,
            black_after: raw.black_s.map_or(usual.black_after, TimeDelta::from_secs_f64),
            frozen: raw.frozen,
            frozen_after: raw.frozen_s.map_or(usual.frozen_after, TimeDelta::from_secs_f64),
            classifier,
            looks_per_second: raw.looks_per_second.unwrap_or(usual.looks_per_second),
        }
    }

    fn classifier(&mut self, key: &str, raw: RawClassifier) -> Option<ClassifierChoice> {
        let kind = match (raw.model, raw.command.is_empty()) {
            (Some(model), true) => ClassifierKind::Model(self.there(&format!("{key}.model"), &model)),
            (None, false) => ClassifierKind::Command(raw.command),
            (None, true) => {
                self.error(key, "needs a model = \"FILE.onnx\" or a command = [\"PROGRAM\"]");
                return None;
            }
            (Some(_), false) => {
                self.error(&format!("{key}.command"), "it is either a model or a command");
                return None;
            }
        };
        if matches!(kind, ClassifierKind::Model(_)) && raw.labels.iter().all(String::is_empty) {
            self.error(
                key,
                "needs labels = [\"…\"]: what the model's outputs mean, in their order",
            );
        }
        let (mean, deviation) = raw.pixels.normal();
        Some(ClassifierChoice {
            kind,
            labels: raw.labels,
            threshold: raw.threshold.unwrap_or(0.8) as f32,
            action: raw.action.unwrap_or(PictureAction::Warn),
            size: (raw.width.unwrap_or(224), raw.height.unwrap_or(224)),
            mean,
            deviation,
            scores: raw.scores,
        })
    }
}

/// What is done about what has a place in the picture, and what has none.
const PLACED: Kind = Kind::Choice(&["off", "warn", "blur", "cover", "dump"]);
const WHOLE: Kind = Kind::Choice(&["off", "warn", "cover", "dump"]);

/// The keys of `[moderation.pictures]`.
pub(super) const PICTURES: &[Key] = &[
    key("codes", PLACED, "QR codes and barcodes (default off)"),
    key(
        "blocked",
        Kind::Texts,
        "images that must not be seen: PNG or JPEG files, relative to this one",
    ),
    key(
        "blocked_action",
        PLACED,
        "what is done where one of them is (default cover)",
    ),
    key(
        "distance",
        Kind::Integer(0, 20),
        "how far a picture may be from a blocked one, in bits of 64 of its perceptual hash: more finds more, and more that is not it (default 10)",
    ),
    key("black", WHOLE, "pictures without anything on them (default off)"),
    key(
        "black_s",
        Kind::Number(0.0, 60.0),
        "seconds for which they must have been black (default 2)",
    ),
    key("frozen", WHOLE, "pictures that stand still (default off)"),
    key(
        "frozen_s",
        Kind::Number(0.2, 60.0),
        "seconds for which they must have stood still (default 5)",
    ),
    key(
        "classifier",
        Kind::Table(CLASSIFIER),
        "a model or a program that tells pictures apart",
    ),
    key(
        "looks_per_second",
        Kind::Integer(1, 15),
        "how many pictures are looked at in a second; what is between two of them is judged with the second (default 5)",
    ),
];

const CLASSIFIER: &[Key] = &[
    key("model", Kind::Text, "an ONNX model, relative to this file"),
    key("command", Kind::Texts, "or a program and its arguments"),
    key(
        "labels",
        Kind::Texts,
        "model: what its outputs are called, in their order, those that are fine as \"\"; command: the labels that count (default all)",
    ),
    key(
        "threshold",
        Kind::Number(0.0, 1.0),
        "from which score on a label counts (default 0.8)",
    ),
    key("action", WHOLE, "what is done then (default warn)"),
    key(
        "width",
        Kind::Integer(1, 1024),
        "pixels across that a picture is scaled to (default 224)",
    ),
    key(
        "height",
        Kind::Integer(1, 1024),
        "pixels down, whatever its shape (default 224)",
    ),
    key(
        "pixels",
        Kind::Choice(&["imagenet", "0..1", "-1..1"]),
        "model: how it wants red, green and blue: as models trained on ImageNet do, or in that range (default imagenet)",
    ),
    key(
        "scores",
        Kind::Choice(&["plain", "softmax", "sigmoid"]),
        "model: what it gives: scores from 0 to 1, or logits of which one or each may be right (default plain)",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::from_text;

    fn read(text: &str) -> Result<PictureCheckSettings, String> {
        let text = format!(
            "[moderation.pictures]\n{text}\n[source.cam]\nkind = \"pattern\"\n[scene.wide]\nitems = [{{ source = \"cam\" }}]\n"
        );
        let show = from_text("/shows/show.toml", &text, &[], &|_| None);
        show.map(|show| show.moderation.pictures)
            .map_err(|errors| errors.to_string())
    }

    #[test]
    fn everything_can_be_chosen() {
        let usual = read("").unwrap();
        assert!(usual == PictureCheckSettings::default() && !usual.is_on());
        let folder = tempfile::tempdir().unwrap();
        let logo = folder.path().join("logo.png");
        std::fs::write(&logo, b"").unwrap();
        let text = format!(
            "codes = \"blur\"\nblocked = [\"{}\"]\nblocked_action = \"warn\"\ndistance = 4\nblack = \"warn\"\nlooks_per_second = 2\nfrozen_s = 2.5\nclassifier = {{ command = [\"tell\"], labels = [\"\", \"weapon\"], threshold = 0.5, action = \"warn\", width = 96, pixels = \"-1..1\" }}",
            logo.display()
        );
        let settings = read(&text).unwrap();
        assert_eq!(
            (settings.codes, settings.blocked_action),
            (PictureAction::Blur, PictureAction::Warn)
        );
        assert_eq!(
            (settings.blocked.clone(), settings.distance, settings.looks_per_second),
            (vec![logo], 4, 2)
        );
        assert!(settings.is_on() && !settings.needs_hold());
        assert_eq!(
            (settings.black_after.to_millis(), settings.frozen_after.to_millis()),
            (2000, 2500)
        );
        let classifier = settings.classifier.unwrap();
        assert_eq!(
            (classifier.size, classifier.mean.map(|mean| (mean * 10.0) as u32)),
            ((96, 224), [5; 3])
        );
        assert_eq!(classifier.kind, ClassifierKind::Command(vec!["tell".to_owned()]));
        assert_eq!(
            (classifier.labels[1].as_str(), classifier.action),
            ("weapon", PictureAction::Warn)
        );
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (text, expected) in [
            (
                "black = \"blur\"",
                "2:9: moderation.pictures.black: expected one of \"off\", \"warn\", \"cover\", \"dump\"",
            ),
            (
                "blokced = []",
                "2:1: moderation.pictures.blokced: unknown key; did you mean \"blocked\"?",
            ),
            (
                "blocked = [\"/nowhere/logo.png\"]",
                "2:12: moderation.pictures.blocked[0]: no such file: /nowhere/logo.png",
            ),
            (
                "distance = 4",
                "2:12: moderation.pictures.distance: is about blocked images, and there are none",
            ),
            (
                "distance = 40",
                "2:12: moderation.pictures.distance: expected a whole number from 0 to 20, found 40",
            ),
            (
                "[moderation.pictures.classifier]",
                "2:22: moderation.pictures.classifier: needs a model = \"FILE.onnx\" or a command",
            ),
            (
                "[moderation.pictures.classifier]\nmodel = \"m.onnx\"",
                "2:22: moderation.pictures.classifier: needs labels",
            ),
            (
                "[moderation.pictures.classifier]\nmodel = \"m.onnx\"\ncommand = [\"x\"]",
                "4:11: moderation.pictures.classifier.command: it is either a model or a command",
            ),
        ] {
            let found = read(text).unwrap_err();
            assert!(found.starts_with(&format!("/shows/show.toml:{expected}")), "{found}");
        }
    }
}
