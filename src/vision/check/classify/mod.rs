//! Classifiers: whatever else knows what must not be seen, a model in an ONNX file or a program of the operator's.
//!
//! The picture is scaled to the size that it wants, to red, green and blue; labels whose scores reach the threshold are told. They
//! have no place: what is to be blurred is the whole picture.

#[cfg(feature = "onnx")]
mod onnx;

#[cfg(feature = "onnx")]
pub use onnx::Onnx;

use std::fmt;

use super::presence::Sighting;
use super::settings::{CheckAction, CheckError, ClassifierSettings, ClassifierSource, InputSettings};
use super::verdict::CheckKind;
use crate::media::{Plane, VideoFrame};

/// The most labels of a picture.
const MOST: usize = 8;

/// The largest side that a picture is scaled to.
pub const LARGEST_INPUT: u32 = 1024;

/// A label and its score, 0 to 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// What it is.
    pub label: String,
    /// How sure the classifier is.
    pub score: f32,
}

/// Something that knows pictures.
pub trait Classifier: Send {
    /// Scores of a picture: rows of red, green and blue of the size of its [`InputSettings`].
    ///
    /// # Errors
    /// It is of no more use.
    fn classify(&mut self, rgb: &[u8], scores: &mut Vec<Score>) -> Result<(), CheckError>;
}

impl fmt::Display for ClassifierSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Model(path) => write!(f, "{}", path.display()),
            // Its arguments may hold what is nobody's business.
            Self::Command(command) => f.write_str(command.first().map_or("(no program)", String::as_str)),
        }
    }
}

/// A classifier and what its answers mean.
pub(super) struct Eye {
    classifier: Box<dyn Classifier>,
    labels: Vec<String>,
    threshold: f32,
    action: CheckAction,
    input: InputSettings,
    rgb: Vec<u8>,
    scores: Vec<Score>,
}

impl Eye {
    pub(super) fn new(settings: &ClassifierSettings, classifier: Box<dyn Classifier>) -> Self {
        Self {
            classifier,
            labels: settings
                .labels
                .iter()
                .filter(|label| !label.is_empty())
                .cloned()
                .collect(),
            threshold: settings.threshold,
            action: settings.action,
            input: settings.input,
            rgb: Vec::new(),
            scores: Vec::new(),
        }
    }

    pub(super) fn look(&mut self, frame: &VideoFrame, sightings: &mut Vec<Sighting>) -> Result<(), CheckError> {
        scale(frame, &self.input, &mut self.rgb);
        self.scores.clear();
        self.classifier.classify(&self.rgb, &mut self.scores)?;
        // What is no number is no answer, and must not pass for a clean one.
        let counts = |score: &&Score| {
            let is_asked = self.labels.is_empty() || self.labels.contains(&score.label);
            is_asked && (score.score >= self.threshold || score.score.is_nan())
        };
        for score in self.scores.iter().filter(counts).take(MOST) {
            sightings.push(Sighting {
                kind: CheckKind::Classifier,
                what: score.label.clone(),
                place: None,
                action: self.action,
            });
        }
        Ok(())
    }
}

/// `frame` as red, green and blue of the size that is wanted: each pixel the mean of up to 4 × 4 samples of its part.
fn scale(frame: &VideoFrame, input: &InputSettings, rgb: &mut Vec<u8>) {
    let (width, height) = (
        input.width.clamp(1, LARGEST_INPUT) as usize,
        input.height.clamp(1, LARGEST_INPUT) as usize,
    );
    let (columns, rows) = (frame.width() as usize, frame.height() as usize);
    let samples = |from: usize, to: usize| from.div_ceil(to).clamp(1, 4);
    let (across, down) = (samples(columns, width), samples(rows, height));
    let count = (across * down) as f32;
    rgb.clear();
    rgb.reserve(width * height * 3);
    let planes = [Plane::Y, Plane::U, Plane::V].map(|plane| (frame.plane(plane), frame.stride(plane)));
    for y in 0..height {
        for x in 0..width {
            let mut sums = [0_u32; 3];
            for sub in 0..across * down {
                let column = ((x * across + sub % across) * columns / (width * across)).min(columns - 1);
                let row = ((y * down + sub / across) * rows / (height * down)).min(rows - 1);
                sums[0] += u32::from(planes[0].0[row * planes[0].1 + column]);
                sums[1] += u32::from(planes[1].0[row / 2 * planes[1].1 + column / 2]);
                sums[2] += u32::from(planes[2].0[row / 2 * planes[2].1 + column / 2]);
            }
            let [luma, u, v] = sums.map(|sum| sum as f32 / count);
            // BT.709, limited range.
            let (luma, u, v) = (
                (luma - 16.0) * (255.0 / 219.0),
                (u - 128.0) * (255.0 / 224.0),
                (v - 128.0) * (255.0 / 224.0),
            );
            let colour = [luma + 1.5748 * v, luma - 0.1873 * u - 0.4681 * v, luma + 1.8556 * u];
            rgb.extend(colour.map(|value| value.round().clamp(0.0, 255.0) as u8));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::{FramePool, Timestamp};

    struct Canned(Vec<Score>);

    impl Classifier for Canned {
        fn classify(&mut self, rgb: &[u8], scores: &mut Vec<Score>) -> Result<(), CheckError> {
            assert_eq!(rgb.len(), 4 * 2 * 3);
            scores.extend(self.0.iter().cloned());
            Ok(())
        }
    }

    fn frame(yuv: [u8; 3], width: u32, height: u32) -> VideoFrame {
        let mut frame = FramePool::new().frame(width, height);
        frame.fill(yuv);
        frame.freeze(Timestamp::ZERO)
    }

    #[test]
    fn colours_are_those_of_the_standard() {
        let input = InputSettings {
            width: 5,
            height: 3,
            ..InputSettings::default()
        };
        for (yuv, expected) in [
            ([235, 128, 128], [255, 255, 255]),
            ([16, 128, 128], [0, 0, 0]),
            ([63, 102, 240], [255, 0, 0]),
            ([173, 42, 26], [0, 255, 0]),
            ([32, 240, 118], [0, 0, 255]),
        ] {
            for (width, height) in [(2, 2), (16, 10), (64, 36)] {
                let mut rgb = Vec::new();
                scale(&frame(yuv, width, height), &input, &mut rgb);
                assert_eq!(rgb.len(), 45);
                for pixel in rgb.chunks(3) {
                    assert!(
                        pixel
                            .iter()
                            .zip(&expected)
                            .all(|(is, want): (&u8, &i32)| (i32::from(*is) - want).abs() <= 3),
                        "{yuv:?}: {pixel:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn labels_count_from_the_threshold_on_and_what_is_no_number_always() {
        let score = |label: &str, score| Score {
            label: label.to_owned(),
            score,
        };
        let scores = vec![
            score("a", 0.7),
            score("b", 0.9),
            score("c", 0.69),
            score("d", f32::NAN),
            score("e", 1.0),
        ];
        let settings = ClassifierSettings {
            source: ClassifierSource::Command(vec!["x".into(), "--key=secret".into()]),
            labels: ["a", "c", "d", "e"].map(str::to_owned).to_vec(),
            threshold: 0.7,
            action: CheckAction::Cover,
            input: InputSettings {
                width: 4,
                height: 2,
                ..InputSettings::default()
            },
            scores: Default::default(),
        };
        assert_eq!(settings.source.to_string(), "x");
        let mut eye = Eye::new(&settings, Box::new(Canned(scores)));
        let mut sightings = Vec::new();
        eye.look(&frame([80, 128, 128], 32, 18), &mut sightings).unwrap();
        let labels: Vec<&str> = sightings.iter().map(|sighting| sighting.what.as_str()).collect();
        assert_eq!(labels, ["a", "d", "e"]);
    }
}
