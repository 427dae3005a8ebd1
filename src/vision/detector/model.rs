//! The model: what the funnel has learned, read from SeetaFace's file and checked once, so that nothing has to be checked again
//! while a picture waits.
//!
//! The file is little-endian 32-bit words. It holds hierarchies: the first has several views (frontal, half left, half right),
//! each a boosted cascade over LAB codes; the later ones have one member each, a row of perceptrons over SURF features.

use std::sync::LazyLock;

use thiserror::Error;

use super::mlp::{Layer, Perceptron};
use super::surf::{self, Layout, PATCH_VALUES, Patch};
use crate::vision::MODEL;

/// Features that are added up before a cascade may give a window up.
pub(super) const GROUP: usize = 10;

/// Different LAB codes.
pub(super) const CODES: usize = 256;

/// The side of the window that everything was trained on, in pixels.
pub(super) const WINDOW: usize = 40;

/// Where a LAB code may lie in a window: it looks at nine pixels in either direction.
const LAST_OFFSET: i32 = (WINDOW - 9) as i32;

/// Overlap (intersection over union) from which proposals are one, between two stages.
const SAME_WINDOW: f32 = 0.8;

/// Why bytes are not a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ModelError {
    /// The bytes end within the model.
    #[error("the model of faces ends at byte {at}, in the middle of a value")]
    Truncated {
        /// Where more was expected.
        at: usize,
    },
    /// The bytes go on behind the model.
    #[error("the model of faces ends at byte {at}, but bytes follow")]
    Trailing {
        /// Where the model ends.
        at: usize,
    },
    /// A value that no model has.
    #[error("the model of faces has {value} as {what} before byte {at}")]
    Unusual {
        /// What the value is.
        what: &'static str,
        /// Itself.
        value: i64,
        /// Where it ends.
        at: usize,
    },
}

/// A boosted cascade over LAB codes: one view of a face.
#[derive(Debug)]
pub(super) struct Cascade {
    /// Where each feature lies in the window.
    pub(super) offsets: Vec<(u8, u8)>,
    /// What each code adds to the score: `CODES` values for each feature.
    pub(super) weights: Vec<f32>,
    /// The least score after each group.
    pub(super) thresholds: Vec<f32>,
}

/// A perceptron and how its windows are merged before the next one looks.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) net: Perceptron,
    /// The overlap from which its windows are one. The last stage is merged by the detector.
    pub(super) merge: Option<f32>,
}

/// What the funnel has learned.
#[derive(Debug)]
pub struct Model {
    pub(super) views: Vec<Cascade>,
    pub(super) stages: Vec<Stage>,
}

impl Model {
    /// Reads a SeetaFace frontal model (version 1.0).
    ///
    /// # Errors
    /// The bytes are too few, too many, or describe a funnel of another make.
    pub fn read(bytes: &[u8]) -> Result<Self, ModelError> {
        let mut reader = Reader { bytes, at: 0 };
        let hierarchies = reader.count("the number of hierarchies", 2..=8)?;
        let mut views = Vec::new();
        for _ in 0..reader.count("the number of views", 1..=8)? {
            reader.count("the number of stages of a view", 1..=1)?;
            reader.count("the kind of a view", 0..=0)?;
            views.push(reader.cascade()?);
            reader.sources()?;
        }
        let mut stages = Vec::new();
        for _ in 1..hierarchies {
            reader.count("the members of a hierarchy", 1..=1)?;
            let count = reader.count("the number of stages", 1..=8)?;
            for stage in 0..count {
                reader.count("the kind of a stage", 1..=1)?;
                let merge = (stage + 1 < count).then_some(SAME_WINDOW);
                let net = reader.perceptron()?;
                stages.push(Stage { net, merge });
            }
            reader.sources()?;
        }
        if reader.at == bytes.len() {
            Ok(Self { views, stages })
        } else {
            Err(ModelError::Trailing { at: reader.at })
        }
    }

    /// The one that is built in, read when it is first asked for.
    #[expect(
        clippy::expect_used,
        reason = "the bytes are part of the program, and a test reads them"
    )]
    pub fn shipped() -> &'static Self {
        static SHIPPED: LazyLock<Model> = LazyLock::new(|| Model::read(MODEL).expect("the model that is built in"));
        &SHIPPED
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn word(&mut self) -> Result<[u8; 4], ModelError> {
        let word = self.bytes.get(self.at..).and_then(|rest| rest.first_chunk());
        let word = *word.ok_or(ModelError::Truncated { at: self.bytes.len() })?;
        self.at += 4;
        Ok(word)
    }

    fn integer(&mut self) -> Result<i32, ModelError> {
        self.word().map(i32::from_le_bytes)
    }

    fn real(&mut self) -> Result<f32, ModelError> {
        let value = self.word().map(f32::from_le_bytes)?;
        if value.is_finite() {
            Ok(value)
        } else {
            Err(self.unusual("a weight", i64::from(value.to_bits())))
        }
    }

    fn unusual(&self, what: &'static str, value: i64) -> ModelError {
        ModelError::Unusual {
            what,
            value,
            at: self.at,
        }
    }

    /// A number that decides how much is read next, and so has limits.
    fn count(&mut self, what: &'static str, limits: std::ops::RangeInclusive<i32>) -> Result<usize, ModelError> {
        let value = self.integer()?;
        if limits.contains(&value) {
            Ok(value as usize)
        } else {
            Err(self.unusual(what, i64::from(value)))
        }
    }

    fn cascade(&mut self) -> Result<Cascade, ModelError> {
        let features = self.count("the number of features", GROUP as i32..=4_000)?;
        if !features.is_multiple_of(GROUP) {
            return Err(self.unusual("the number of features", features as i64));
        }
        self.count("the last code", CODES as i32 - 1..=CODES as i32 - 1)?;
        let mut offsets = Vec::new();
        for _ in 0..features {
            let x = self.count("the place of a feature", 0..=LAST_OFFSET)?;
            let y = self.count("the place of a feature", 0..=LAST_OFFSET)?;
            offsets.push((x as u8, y as u8));
        }
        let mut thresholds = Vec::new();
        for feature in 1..=features {
            let threshold = self.real()?;
            if feature.is_multiple_of(GROUP) {
                thresholds.push(threshold);
            }
        }
        let mut weights = Vec::new();
        for _ in 0..features * CODES {
            weights.push(self.real()?);
        }
        Ok(Cascade {
            offsets,
            weights,
            thresholds,
        })
    }

    fn perceptron(&mut self) -> Result<Perceptron, ModelError> {
        let pool: Vec<Patch> = surf::pool().collect();
        let layers = self.count("the number of layers", 2..=8)?;
        let features = self.count("the number of features", 1..=64)?;
        let mut patches = Vec::new();
        for _ in 0..features {
            let number = self.count("the number of a feature", 1..=pool.len() as i32)?;
            patches.push(pool[number - 1]);
        }
        let threshold = self.real()?;
        let wanted = (features * PATCH_VALUES) as i32;
        let mut inputs = self.count("the width of the first layer", wanted..=wanted)?;
        let mut read = Vec::new();
        for layer in 1..layers {
            // The last layer says how sure it is, and how the box is to be moved (x, y) and grown.
            let limits = if layer + 1 == layers { 4..=4 } else { 1..=1_024 };
            let outputs = self.count("the width of a layer", limits)?;
            let mut weights = Vec::new();
            for _ in 0..inputs * outputs {
                weights.push(self.real()?);
            }
            let mut biases = Vec::new();
            for _ in 0..outputs {
                biases.push(self.real()?);
            }
            read.push(Layer::new(inputs, &weights, biases));
            inputs = outputs;
        }
        Ok(Perceptron {
            layout: Layout::new(&patches),
            threshold,
            layers: read,
        })
    }

    /// Which members of the last hierarchy hand their windows over; none (-1 or 0) in the first. With one member in the
    /// others, all of them do.
    fn sources(&mut self) -> Result<(), ModelError> {
        let count = self.integer()?;
        if !(-1..=8).contains(&count) {
            return Err(self.unusual("the number of sources", i64::from(count)));
        }
        for _ in 0..count {
            self.count("the number of a source", 0..=7)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_model_is_the_funnel_of_the_paper() {
        let model = Model::shipped();
        assert_eq!(model.views.len(), 3);
        assert!(
            model
                .views
                .iter()
                .all(|view| view.offsets.len() == 150 && view.thresholds.len() == 15)
        );
        let shapes: Vec<Vec<usize>> = model.stages.iter().map(|stage| stage.net.widths()).collect();
        assert_eq!(shapes, [vec![128, 20, 4], vec![256, 40, 4], vec![512, 256, 128, 64, 4]]);
        let merges: Vec<bool> = model.stages.iter().map(|stage| stage.merge.is_some()).collect();
        assert_eq!(merges, [true, false, false]);
    }

    #[test]
    fn a_model_that_ends_early_or_late_is_refused() {
        for length in [0, 3, 4, 100, MODEL.len() / 2, MODEL.len() - 1] {
            assert_eq!(
                Model::read(&MODEL[..length]).unwrap_err(),
                ModelError::Truncated { at: length }
            );
        }
        let longer = [MODEL, &[0]].concat();
        assert_eq!(
            Model::read(&longer).unwrap_err(),
            ModelError::Trailing { at: MODEL.len() }
        );
    }

    #[test]
    fn a_claimed_length_is_not_believed() {
        for word in 0..8 {
            for value in [-1, 0x7fff_ffff] {
                let mut bytes = MODEL.to_vec();
                bytes[word * 4..word * 4 + 4].copy_from_slice(&i32::to_le_bytes(value));
                assert!(Model::read(&bytes).is_err(), "word {word} = {value}");
            }
        }
    }
}
