//! Models in ONNX files, run by `rten` on one thread: the worker has its own work beside it.

use std::sync::Arc;

use rten::{Model, NodeId, RunOptions, ThreadPool, Value};
use rten_tensor::prelude::*;
use rten_tensor::{NdTensor, Tensor};

use super::super::settings::{CheckError, ClassifierSettings, InputSettings, Scores};
use super::{Classifier, LARGEST_INPUT, Score};
use crate::media::Timestamp;

/// A model that has been loaded.
pub struct Onnx {
    name: String,
    model: Model,
    input: NodeId,
    output: NodeId,
    labels: Vec<String>,
    scores: Scores,
    settings: InputSettings,
    pool: Arc<ThreadPool>,
}

impl Onnx {
    /// Loads the ONNX file with these bytes, and runs it once on a black picture: what cannot be run is said now and not on air.
    ///
    /// # Errors
    /// It cannot be read, has operators that are not known, or its input or output are of other shapes than the settings say.
    pub fn load(bytes: Vec<u8>, settings: &ClassifierSettings) -> Result<Self, CheckError> {
        let name = settings.source.to_string();
        let wrong = |reason: &dyn std::fmt::Display| CheckError::Classifier {
            classifier: name.clone(),
            reason: reason.to_string(),
        };
        let model = Model::load(bytes).map_err(|error| wrong(&error))?;
        let ([input], [output, ..]) = (model.input_ids(), model.output_ids()) else {
            return Err(wrong(&"it must have one input and an output"));
        };
        let (input, output) = (*input, *output);
        let size = settings.input;
        if !(1..=LARGEST_INPUT).contains(&size.width) || !(1..=LARGEST_INPUT).contains(&size.height) {
            return Err(wrong(&format!("an input of {}×{}", size.width, size.height)));
        }
        let mut onnx = Self {
            name: name.clone(),
            model,
            input,
            output,
            labels: settings.labels.clone(),
            scores: settings.scores,
            settings: size,
            pool: Arc::new(ThreadPool::with_num_threads(1)),
        };
        let values = onnx.run(&vec![0; size.width as usize * size.height as usize * 3])?;
        if values.len() != onnx.labels.len() {
            return Err(wrong(&format!(
                "{} scores for {} labels",
                values.len(),
                onnx.labels.len()
            )));
        }
        Ok(onnx)
    }

    fn wrong(&self, reason: &dyn ToString) -> CheckError {
        CheckError::Classifier {
            classifier: self.name.clone(),
            reason: reason.to_string(),
        }
    }

    fn run(&mut self, rgb: &[u8]) -> Result<Vec<f32>, CheckError> {
        let InputSettings {
            width,
            height,
            mean,
            deviation,
        } = self.settings;
        let area = width as usize * height as usize;
        if rgb.len() != area * 3 {
            return Err(self.wrong(&format!("a picture of {} bytes", rgb.len())));
        }
        // Channel by channel.
        let mut values = Vec::with_capacity(area * 3);
        for channel in 0..3 {
            let pixels = rgb[channel..].iter().step_by(3);
            values.extend(pixels.map(|value| (f32::from(*value) / 255.0 - mean[channel]) / deviation[channel]));
        }
        let input = NdTensor::from_data([1, 3, height as usize, width as usize], values);
        let options = RunOptions::default().with_thread_pool(Some(Arc::clone(&self.pool)));
        let outputs = self
            .model
            .run(vec![(self.input, input.view().into())], &[self.output], Some(options));
        let output = outputs.map_err(|error| self.wrong(&error))?.into_iter().next();
        let output = output.ok_or_else(|| self.wrong(&"it gave no output"))?;
        let output: Tensor<f32> = Value::try_into(output).map_err(|_| self.wrong(&"its output is not of floats"))?;
        Ok(output.iter().copied().collect())
    }
}

impl Classifier for Onnx {
    fn look(
        &mut self,
        now: Timestamp,
        picture: Option<&[u8]>,
        scores: &mut Vec<Score>,
    ) -> Result<Option<Timestamp>, CheckError> {
        let Some(rgb) = picture else { return Ok(None) };
        let mut values = self.run(rgb)?;
        match self.scores {
            Scores::Plain => {}
            Scores::Sigmoid => values
                .iter_mut()
                .for_each(|value| *value = 1.0 / (1.0 + (-*value).exp())),
            Scores::Softmax => {
                let most = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                let powers: Vec<f32> = values.iter().map(|value| (value - most).exp()).collect();
                let sum: f32 = powers.iter().sum();
                values = powers.into_iter().map(|power| power / sum).collect();
            }
        }
        let named = self.labels.iter().zip(values).filter(|(label, _)| !label.is_empty());
        scores.extend(named.map(|(label, score)| Score {
            label: label.clone(),
            score,
        }));
        Ok(Some(now))
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::settings::{CheckAction, ClassifierSource};
    use super::*;

    /// A field of bytes, as protocol buffers have it.
    fn bytes(field: u8, value: &[u8]) -> Vec<u8> {
        let mut out = vec![field << 3 | 2];
        out.extend(varint(value.len() as u64));
        out.extend(value);
        out
    }

    fn number(field: u64, value: u64) -> Vec<u8> {
        let mut out = varint(field << 3);
        out.extend(varint(value));
        out
    }

    fn varint(mut value: u64) -> Vec<u8> {
        let mut out = Vec::new();
        while value > 127 {
            out.push(value as u8 | 128);
            value >>= 7;
        }
        out.push(value as u8);
        out
    }

    fn node(inputs: &[&str], output: &str, operator: &str) -> Vec<u8> {
        let inputs = inputs.iter().flat_map(|input| bytes(1, input.as_bytes()));
        let rest = [bytes(2, output.as_bytes()), bytes(4, operator.as_bytes())].concat();
        bytes(1, &inputs.chain(rest).collect::<Vec<u8>>())
    }

    fn value(field: u8, name: &str, shape: &[u64]) -> Vec<u8> {
        let shape: Vec<u8> = shape.iter().flat_map(|size| bytes(1, &number(1, *size))).collect();
        let kind = bytes(1, &[number(1, 1), bytes(2, &shape)].concat());
        bytes(field, &[bytes(1, name.as_bytes()), bytes(2, &kind)].concat())
    }

    /// A model of four operators: the mean of each channel, times weights, through softmax. It tells red from what is not.
    pub(crate) fn red_or_not(width: u64, height: u64) -> Vec<u8> {
        let weights: [f32; 6] = [8.0, -8.0, -8.0, 8.0, -8.0, 8.0];
        let raw: Vec<u8> = weights.iter().flat_map(|weight| weight.to_le_bytes()).collect();
        let tensor = [
            number(1, 3),
            number(1, 2),
            number(2, 1),
            bytes(8, b"weights"),
            bytes(9, &raw),
        ]
        .concat();
        let graph = [
            node(&["picture"], "means", "GlobalAveragePool"),
            node(&["means"], "flat", "Flatten"),
            node(&["flat", "weights"], "logits", "MatMul"),
            node(&["logits"], "scores", "Softmax"),
            bytes(2, b"red"),
            bytes(5, &tensor),
            value(11, "picture", &[1, 3, height, width]),
            value(12, "scores", &[1, 2]),
        ]
        .concat();
        let operators = bytes(8, &[bytes(1, b""), number(2, 13)].concat());
        [number(1, 8), operators, bytes(7, &graph)].concat()
    }

    fn settings(labels: &[&str]) -> ClassifierSettings {
        ClassifierSettings {
            source: ClassifierSource::Model("red.onnx".into()),
            labels: labels.iter().map(|label| (*label).to_owned()).collect(),
            threshold: 0.8,
            action: CheckAction::Blur,
            input: InputSettings {
                width: 32,
                height: 24,
                ..InputSettings::default()
            },
            scores: Scores::Plain,
        }
    }

    #[test]
    fn a_model_tells_red_from_what_is_not() {
        let mut onnx = Onnx::load(red_or_not(32, 24), &settings(&["red", ""])).unwrap();
        for (colour, is_red) in [([230, 20, 20], true), ([20, 230, 20], false), ([120, 120, 120], false)] {
            let rgb: Vec<u8> = colour.into_iter().cycle().take(32 * 24 * 3).collect();
            let mut scores = Vec::new();
            onnx.look(Timestamp::ZERO, Some(&rgb), &mut scores).unwrap();
            assert_eq!(scores.len(), 1);
            assert_eq!(scores[0].label, "red");
            assert_eq!(scores[0].score > 0.8, is_red, "{colour:?}: {scores:?}");
        }
    }

    #[test]
    fn what_cannot_be_run_is_said_at_once() {
        for (model, labels, expected) in [
            (b"no model at all".to_vec(), &["red", ""][..], "red.onnx"),
            (red_or_not(32, 24), &["red"], "2 scores for 1 labels"),
            (red_or_not(9, 24), &["red", ""], "red.onnx"),
        ] {
            let error = Onnx::load(model, &settings(labels)).err().unwrap().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
