//! The table `[moderation.pictures]`: what pictures are looked at for before they go out, and what is done about it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::check::Check;
use super::schema::{Key, Kind, key};
use crate::media::TimeDelta;
use crate::vision::check::{CheckAction, CheckSettings, ClassifierSettings, ClassifierSource, InputSettings, Scores};

/// The most images that are blocked.
const MOST_BLOCKED: usize = 256;

/// What pictures are looked at for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PictureCheckSettings {
    /// Images that must not be seen; they are read when the show starts.
    pub blocked: Vec<PathBuf>,
    /// Everything else, without these images.
    pub checks: CheckSettings,
}

impl Default for PictureCheckSettings {
    fn default() -> Self {
        Self {
            blocked: Vec::new(),
            checks: CheckSettings {
                blocked_action: CheckAction::Cover,
                ..CheckSettings::default()
            },
        }
    }
}

impl PictureCheckSettings {
    /// What is done about each kind of thing that is looked for.
    fn actions(&self) -> impl Iterator<Item = CheckAction> {
        let checks = &self.checks;
        let blocked = (!self.blocked.is_empty()).then_some(checks.blocked_action);
        let classified = checks.classifier.as_ref().map(|classifier| classifier.action);
        let actions = [
            Some(checks.codes),
            blocked,
            Some(checks.black),
            Some(checks.frozen),
            classified,
        ];
        actions.into_iter().flatten()
    }

    /// Whether anything is looked for.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.actions().any(CheckAction::is_on)
    }

    /// Whether something may be hidden that was seen.
    #[must_use]
    pub fn hides(&self) -> bool {
        self.actions()
            .any(|action| !matches!(action, CheckAction::Off | CheckAction::Warn))
    }

    /// Whether something may be done to what was already encoded, so that there must be something held.
    #[must_use]
    pub fn needs_hold(&self) -> bool {
        self.actions()
            .any(|action| matches!(action, CheckAction::Cover | CheckAction::Dump))
    }
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawPictures {
    codes: CheckAction,
    blocked: Vec<String>,
    blocked_action: Option<CheckAction>,
    distance: Option<u32>,
    black: CheckAction,
    black_s: Option<f64>,
    frozen: CheckAction,
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
    action: Option<CheckAction>,
    width: Option<u32>,
    height: Option<u32>,
    pixels: RawPixels,
    scores: Scores,
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
        let usual = usual.checks;
        PictureCheckSettings {
            blocked,
            checks: CheckSettings {
                codes: raw.codes,
                blocked: Vec::new(),
                blocked_action: raw.blocked_action.unwrap_or(usual.blocked_action),
                distance: raw.distance.unwrap_or(usual.distance),
                black: raw.black,
                black_after: raw.black_s.map_or(usual.black_after, TimeDelta::from_secs_f64),
                frozen: raw.frozen,
                frozen_after: raw.frozen_s.map_or(usual.frozen_after, TimeDelta::from_secs_f64),
                classifier,
                pictures_per_second: raw.looks_per_second.unwrap_or(usual.pictures_per_second),
            },
        }
    }

    fn classifier(&mut self, key: &str, raw: RawClassifier) -> Option<ClassifierSettings> {
        let source = match (raw.model, raw.command.is_empty()) {
            (Some(model), true) => ClassifierSource::Model(self.there(&format!("{key}.model"), &model)),
            (None, false) => ClassifierSource::Command(raw.command),
            (None, true) => {
                self.error(key, "needs a model = \"FILE.onnx\" or a command = [\"PROGRAM\"]");
                return None;
            }
            (Some(_), false) => {
                self.error(&format!("{key}.command"), "it is either a model or a command");
                return None;
            }
        };
        if matches!(source, ClassifierSource::Model(_)) && raw.labels.iter().all(String::is_empty) {
            self.error(
                key,
                "needs labels = [\"…\"]: what the model's outputs mean, in their order",
            );
        }
        let (mean, deviation) = raw.pixels.normal();
        Some(ClassifierSettings {
            source,
            labels: raw.labels,
            threshold: raw.threshold.unwrap_or(0.8) as f32,
            action: raw.action.unwrap_or(CheckAction::Warn),
            input: InputSettings {
                width: raw.width.unwrap_or(224),
                height: raw.height.unwrap_or(224),
                mean,
                deviation,
            },
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
            (settings.checks.codes, settings.checks.blocked_action),
            (CheckAction::Blur, CheckAction::Warn)
        );
        assert_eq!(
            (
                settings.blocked.clone(),
                settings.checks.distance,
                settings.checks.pictures_per_second
            ),
            (vec![logo], 4, 2)
        );
        assert!(settings.is_on() && !settings.needs_hold());
        assert_eq!(
            (
                settings.checks.black_after.to_millis(),
                settings.checks.frozen_after.to_millis()
            ),
            (2000, 2500)
        );
        let classifier = settings.checks.classifier.unwrap();
        assert_eq!(
            (
                (classifier.input.width, classifier.input.height),
                classifier.input.mean.map(|mean| (mean * 10.0) as u32)
            ),
            ((96, 224), [5; 3])
        );
        assert_eq!(classifier.source, ClassifierSource::Command(vec!["tell".to_owned()]));
        assert_eq!(
            (classifier.labels[1].as_str(), classifier.action),
            ("weapon", CheckAction::Warn)
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
