//! What pictures are checked for, and what happens when something is found: plain values, from the scene file to the worker.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::blocked::BlockedImage;
use crate::media::TimeDelta;

/// What is done when a check finds something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckAction {
    /// It is not looked for.
    #[default]
    Off,
    /// The operator is told.
    Warn,
    /// Its place is blurred; where that is not known, the whole picture.
    Blur,
    /// The picture is covered.
    Cover,
    /// What is held is dropped, and the picture covered.
    Dump,
}

impl CheckAction {
    /// Whether it is looked for at all.
    #[must_use]
    pub fn is_on(self) -> bool {
        self != Self::Off
    }
}

/// What pictures of program are checked for. The default is nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CheckSettings {
    /// QR codes and barcodes.
    pub codes: CheckAction,
    /// Images that must not be seen.
    pub blocked: Vec<BlockedImage>,
    /// What is done when one of them is seen.
    pub blocked_action: CheckAction,
    /// How many of 64 signs of an image may differ: 0 finds it only as it is, 10 also cut and compressed, 20 much that is not it.
    pub distance: u32,
    /// Black program.
    pub black: CheckAction,
    /// How long it must have been black.
    #[serde(rename = "black_ms")]
    pub black_after: TimeDelta,
    /// Program that does not move.
    pub frozen: CheckAction,
    /// How long it must not have moved.
    #[serde(rename = "frozen_ms")]
    pub frozen_after: TimeDelta,
    /// A model or program that knows what else must not be seen.
    pub classifier: Option<ClassifierSettings>,
    /// How often program is looked at.
    pub pictures_per_second: u32,
}

impl Default for CheckSettings {
    fn default() -> Self {
        Self {
            codes: CheckAction::Off,
            blocked: Vec::new(),
            blocked_action: CheckAction::Off,
            distance: 10,
            black: CheckAction::Off,
            black_after: TimeDelta::from_millis(2000),
            frozen: CheckAction::Off,
            frozen_after: TimeDelta::from_millis(5000),
            classifier: None,
            pictures_per_second: 5,
        }
    }
}

impl CheckSettings {
    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_off(&self) -> bool {
        let is_classifier_on = self
            .classifier
            .as_ref()
            .is_some_and(|classifier| classifier.action.is_on());
        let is_blocked_on = self.blocked_action.is_on() && !self.blocked.is_empty();
        !(self.codes.is_on() || is_blocked_on || self.black.is_on() || self.frozen.is_on() || is_classifier_on)
    }
}

/// A classifier: what it is, and which of its answers count.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassifierSettings {
    /// What it is.
    #[serde(flatten)]
    pub source: ClassifierSource,
    /// For a model: what its outputs are called, in their order, those that do not count empty. For a program: the labels
    /// that count, all of them where there are none.
    #[serde(default)]
    pub labels: Vec<String>,
    /// From which score on a label counts, 0 to 1.
    #[serde(default = "default_threshold")]
    pub threshold: f32,
    /// What is done then.
    pub action: CheckAction,
    /// What it is shown.
    #[serde(default)]
    pub input: InputSettings,
    /// What a model's outputs are.
    #[serde(default)]
    pub scores: Scores,
}

fn default_threshold() -> f32 {
    0.8
}

/// What a classifier is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClassifierSource {
    /// A model, in an ONNX file: one input of 1 × 3 × height × width, one output of a score per label.
    Model(PathBuf),
    /// A program and its arguments: see `worker::analyse::program`.
    Command(Vec<String>),
}

/// How a picture is put to a classifier: scaled to this size whatever its shape. A model gets (value / 255 − mean) / deviation of red, green
/// and blue, a program the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct InputSettings {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Of red, green and blue.
    pub mean: [f32; 3],
    /// Of red, green and blue.
    pub deviation: [f32; 3],
}

impl Default for InputSettings {
    /// As models trained on ImageNet want it.
    fn default() -> Self {
        Self {
            width: 224,
            height: 224,
            mean: [0.485, 0.456, 0.406],
            deviation: [0.229, 0.224, 0.225],
        }
    }
}

/// What the numbers that a model gives are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scores {
    /// Scores from 0 to 1.
    #[default]
    Plain,
    /// Logits of labels of which one is right.
    Softmax,
    /// Logits of labels each of which may be right.
    Sigmoid,
}

/// Why checks cannot be made as they were asked for, or no longer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckError {
    /// An image that says too little to be known by.
    #[error("{name}: an image with so little in it cannot be told from others")]
    Plain {
        /// Its name.
        name: String,
    },
    /// An image that is none.
    #[error("{name}: {bytes} bytes are no image of {width}×{height} pixels")]
    NoImage {
        /// Its name.
        name: String,
        /// What it has.
        bytes: usize,
        /// Columns that it should have.
        width: u32,
        /// Rows that it should have.
        height: u32,
    },
    /// A classifier that cannot be opened.
    #[error("{classifier}: {reason}")]
    Classifier {
        /// Which.
        classifier: String,
        /// Why not.
        reason: String,
    },
}
