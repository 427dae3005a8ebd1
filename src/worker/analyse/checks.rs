//! The analyser that checks pictures for what must not be seen besides faces: codes, images of the block list, what a classifier knows.

use std::fs;
use std::io::Read;

use super::analyser::{Analyser, Wants};
use super::finding::Finding;
use super::program::Program;
use crate::media::{Timestamp, VideoFrame};
use crate::vision::check::{
    CheckError, CheckSettings, Classifier, ClassifierSettings, ClassifierSource, PictureChecker, PictureVerdict,
};

/// The largest model file: with what it takes to run it fits into a worker's memory.
const LARGEST_MODEL: u64 = 256 << 20;

/// How often pictures are looked at, at most.
const MOST_LOOKS: u32 = 30;

/// Checks pictures.
pub(super) struct Checks {
    /// `None` once the classifier has failed: nothing more is cleared.
    checker: Option<PictureChecker>,
    pictures_per_second: u32,
    verdicts: Vec<PictureVerdict>,
}

impl Checks {
    /// As `settings` ask for it. Reads a model and starts a program, so it must be made before the worker shuts itself in.
    ///
    /// # Errors
    /// Why it cannot check what it is asked to.
    pub fn boxed(settings: &CheckSettings) -> Result<Box<dyn Analyser>, CheckError> {
        let wanted = settings.classifier.as_ref();
        let classifier = wanted.filter(|wanted| wanted.action.is_on()).map(open).transpose()?;
        Ok(Box::new(Self {
            checker: Some(PictureChecker::new(settings, classifier)?),
            pictures_per_second: settings.pictures_per_second.clamp(1, MOST_LOOKS),
            verdicts: Vec::new(),
        }))
    }
}

/// Opens what `settings` name.
fn open(settings: &ClassifierSettings) -> Result<Box<dyn Classifier>, CheckError> {
    match &settings.source {
        ClassifierSource::Command(command) => Ok(Box::new(Program::start(command)?)),
        ClassifierSource::Model(path) => {
            let wrong = |reason: String| CheckError::Classifier {
                classifier: settings.source.to_string(),
                reason,
            };
            let mut bytes = Vec::new();
            let file = fs::File::open(path).map_err(|error| wrong(error.to_string()))?;
            let read = file.take(LARGEST_MODEL + 1).read_to_end(&mut bytes);
            read.map_err(|error| wrong(error.to_string()))?;
            if bytes.len() as u64 > LARGEST_MODEL {
                return Err(wrong(format!("larger than {} MB", LARGEST_MODEL >> 20)));
            }
            model(bytes, settings)
        }
    }
}

#[cfg(feature = "onnx")]
fn model(bytes: Vec<u8>, settings: &ClassifierSettings) -> Result<Box<dyn Classifier>, CheckError> {
    Ok(Box::new(crate::vision::check::classify::Onnx::load(bytes, settings)?))
}

#[cfg(not(feature = "onnx"))]
fn model(_: Vec<u8>, settings: &ClassifierSettings) -> Result<Box<dyn Classifier>, CheckError> {
    Err(CheckError::Classifier {
        classifier: settings.source.to_string(),
        reason: "this rigcast runs no models; build it with: cargo build --release --features onnx".to_owned(),
    })
}

impl Analyser for Checks {
    fn name(&self) -> &'static str {
        "pictures"
    }

    fn wants(&self) -> Wants {
        Wants {
            pictures_per_second: self.pictures_per_second,
            sound: false,
        }
    }

    fn look(&mut self, frame: &VideoFrame, found: &mut Vec<Finding>) -> Option<Timestamp> {
        let outcome = self.checker.as_mut()?.look(frame, &mut self.verdicts);
        found.extend(self.verdicts.drain(..).map(Finding::Picture));
        outcome.unwrap_or_else(|error| {
            // What it has cleared stays so; from now on it clears nothing.
            self.checker = None;
            found.push(Finding::AnalyserLost {
                analyser: self.name().to_owned(),
                reason: error.to_string(),
            });
            None
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::registry::Registry;
    use super::*;
    use crate::media::{FramePool, FrameRate};
    use crate::vision::check::CheckAction;

    fn settings(command: &str) -> CheckSettings {
        let command = serde_json::json!({ "command": ["/bin/sh", "-c", command], "action": "cover" });
        CheckSettings {
            codes: CheckAction::Warn,
            classifier: serde_json::from_value(command).unwrap(),
            ..CheckSettings::default()
        }
    }

    fn look(registry: &mut Registry, look: i64) -> Vec<Finding> {
        let mut frame = FramePool::new().frame(64, 36);
        frame.fill([90, 128, 128]);
        let mut found = Vec::new();
        registry.look(&frame.freeze(FrameRate::whole(5).frame_time(look)), &mut found);
        found
    }

    #[test]
    fn what_a_program_sees_is_a_verdict() {
        let script = r#"while head -c 8 >/dev/null && [ $(head -c 150528 | wc -c) -gt 0 ]; do echo '{"label":"a","score":0.9}'; done"#;
        let mut registry = Registry::of(vec![Checks::boxed(&settings(script)).unwrap()]);
        let verdict = (0..200)
            .flat_map(|at| look(&mut registry, at))
            .find_map(|finding| match finding {
                Finding::Picture(verdict) => Some(verdict),
                _ => None,
            });
        let verdict = verdict.unwrap();
        assert_eq!((verdict.what.as_str(), verdict.action), ("a", CheckAction::Cover));
        assert_eq!(registry.stamps().count(), 1);
    }

    #[test]
    fn a_program_that_ends_clears_nothing_more_and_that_is_told_once() {
        let mut registry = Registry::of(vec![Checks::boxed(&settings("exit 3")).unwrap()]);
        let lost: Vec<Finding> = (0..50).flat_map(|at| look(&mut registry, at)).collect();
        assert!(
            matches!(&lost[..], [Finding::AnalyserLost { analyser, .. }] if analyser == "pictures"),
            "{lost:?}"
        );
        assert_eq!(registry.stamps().count(), 0);
    }

    #[test]
    fn what_cannot_be_opened_is_said() {
        let mut settings = settings("true");
        settings.classifier.as_mut().unwrap().source = ClassifierSource::Model("/nowhere/model.onnx".into());
        let error = Checks::boxed(&settings).err().unwrap().to_string();
        assert!(error.contains("/nowhere/model.onnx"), "{error}");
    }
}
