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
use crate::media::{Plane, Timestamp, VideoFrame};

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

/// Something that knows pictures. It may take its time: nobody waits for it, but nothing is cleared that it has not seen.
pub trait Classifier: Send {
    /// Whether it takes a picture now.
    fn is_idle(&self) -> bool {
        true
    }

    /// Shows it a picture, if it is idle: its time, and rows of red, green and blue of the size of its [`InputSettings`]. Gives
    /// the time of the picture that it is done with now, whose scores are added.
    ///
    /// # Errors
    /// It is of no more use.
    fn look(
        &mut self,
        now: Timestamp,
        picture: Option<&[u8]>,
        scores: &mut Vec<Score>,
    ) -> Result<Option<Timestamp>, CheckError>;
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
    /// What was seen in the last picture that it was done with.
    seen: Vec<Sighting>,
    done: Option<Timestamp>,
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
            seen: Vec::new(),
            done: None,
        }
    }

    /// Adds what is seen to `sightings`, and gives up to where it is done.
    pub(super) fn look(
        &mut self,
        frame: &VideoFrame,
        sightings: &mut Vec<Sighting>,
    ) -> Result<Option<Timestamp>, CheckError> {
        let is_idle = self.classifier.is_idle();
        if is_idle {
            scale(frame, &self.input, &mut self.rgb);
        }
        self.scores.clear();
        let picture = is_idle.then_some(self.rgb.as_slice());
        if let Some(done) = self.classifier.look(frame.pts, picture, &mut self.scores)? {
            let before = self.done.replace(done);
            self.judge(before);
        }
        // While it has not answered, what it said last holds.
        sightings.extend(self.seen.iter().cloned());
        Ok(self.done)
    }

    fn judge(&mut self, before: Option<Timestamp>) {
        let (labels, threshold) = (&self.labels, self.threshold);
        // What is no number is no answer, and must not pass for a clean one.
        let counts = |score: &&Score| {
            let is_asked = labels.is_empty() || labels.contains(&score.label);
            is_asked && (score.score >= threshold || score.score.is_nan())
        };
        self.seen.clear();
        self.seen
            .extend(self.scores.iter().filter(counts).take(MOST).map(|score| Sighting {
                kind: CheckKind::Classifier,
                what: score.label.clone(),
                place: None,
                action: self.action,
                since: before,
            }));
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
    use super::super::settings::Scores;
    use super::*;
    use crate::media::FramePool;

    struct Canned(Vec<Score>);

    impl Classifier for Canned {
        fn look(
            &mut self,
            now: Timestamp,
            picture: Option<&[u8]>,
            scores: &mut Vec<Score>,
        ) -> Result<Option<Timestamp>, CheckError> {
            assert_eq!(picture.unwrap().len(), 4 * 2 * 3);
            scores.extend(self.0.iter().cloned());
            Ok(Some(now))
        }
    }

    /// Answers the picture that it was shown two looks ago.
    #[derive(Default)]
    struct Slow {
        busy: Option<Timestamp>,
        looks: u32,
    }

    impl Classifier for Slow {
        fn is_idle(&self) -> bool {
            self.busy.is_none()
        }

        fn look(
            &mut self,
            now: Timestamp,
            picture: Option<&[u8]>,
            scores: &mut Vec<Score>,
        ) -> Result<Option<Timestamp>, CheckError> {
            if picture.is_some() {
                (self.busy, self.looks) = (Some(now), 0);
            }
            self.looks += 1;
            if self.looks < 3 {
                return Ok(None);
            }
            scores.push(Score {
                label: "a".into(),
                score: 1.0,
            });
            Ok(self.busy.take())
        }
    }

    #[test]
    fn who_is_slow_clears_only_what_it_has_seen() {
        let mut eye = Eye::new(&settings(&[]), Box::new(Slow::default()));
        let mut told = Vec::new();
        for look in 0..7 {
            let mut sightings = Vec::new();
            let picture = frame([80, 128, 128], 32, 18).at(Timestamp::from_millis(look * 200));
            let done = eye.look(&picture, &mut sightings).unwrap();
            let since = sightings
                .first()
                .map(|sighting| sighting.since.map(Timestamp::to_millis));
            told.push((done.map(Timestamp::to_millis), since));
        }
        let first = (Some(0), Some(None));
        assert_eq!(
            told,
            [
                (None, None),
                (None, None),
                first,
                first,
                first,
                (Some(600), Some(Some(0))),
                (Some(600), Some(Some(0)))
            ]
        );
    }

    fn settings(labels: &[&str]) -> ClassifierSettings {
        ClassifierSettings {
            source: ClassifierSource::Command(vec!["x".into(), "--key=secret".into()]),
            labels: labels.iter().map(|label| (*label).to_owned()).collect(),
            threshold: 0.7,
            action: CheckAction::Cover,
            input: InputSettings {
                width: 4,
                height: 2,
                ..InputSettings::default()
            },
            scores: Scores::default(),
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
        let settings = settings(&["a", "c", "d", "e"]);
        assert_eq!(settings.source.to_string(), "x");
        let mut eye = Eye::new(&settings, Box::new(Canned(scores)));
        let mut sightings = Vec::new();
        eye.look(&frame([80, 128, 128], 32, 18), &mut sightings).unwrap();
        let labels: Vec<&str> = sightings.iter().map(|sighting| sighting.what.as_str()).collect();
        assert_eq!(labels, ["a", "d", "e"]);
    }
}
