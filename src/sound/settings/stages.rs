//! The settings of the stages of a strip. Every default is what one would begin with after switching the stage on; all
//! stages are off.

use serde::{Deserialize, Serialize};

/// Takes out rumble: a Butterworth high-pass of second order, 12 dB per octave.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct HighPass {
    /// At work.
    pub is_on: bool,
    /// Where it is 3 dB down.
    pub hz: f32,
}

impl Default for HighPass {
    fn default() -> Self {
        Self { is_on: false, hz: 80.0 }
    }
}

/// Takes noise out of speech (RNNoise).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Denoise {
    /// At work.
    pub is_on: bool,
    /// How much of what is heard is denoised; the rest is as it came.
    pub percent: f32,
}

impl Default for Denoise {
    fn default() -> Self {
        Self {
            is_on: false,
            percent: 100.0,
        }
    }
}

/// Turns down what is quiet: a downward expander; at a high ratio a gate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Gate {
    /// At work.
    pub is_on: bool,
    /// Below this level it turns down.
    pub threshold_db: f32,
    /// For each dB below the threshold the output is so many dB below it.
    pub ratio: f32,
    /// It never turns down by more.
    pub range_db: f32,
    /// How fast it opens.
    pub attack_ms: f32,
    /// How long it stays open after the level has fallen.
    pub hold_ms: f32,
    /// How fast it closes then.
    pub release_ms: f32,
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            is_on: false,
            threshold_db: -45.0,
            ratio: 4.0,
            range_db: 20.0,
            attack_ms: 2.0,
            hold_ms: 150.0,
            release_ms: 250.0,
        }
    }
}

/// A shelf: raises or lowers everything on one side of a frequency.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shelf {
    /// Where half of the gain (in dB) is reached.
    pub hz: f32,
    /// Of the far side.
    pub gain_db: f32,
}

/// A bell: raises or lowers around a frequency.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Band {
    /// Its middle.
    pub hz: f32,
    /// In the middle.
    pub gain_db: f32,
    /// How narrow it is: middle over width.
    pub q: f32,
}

/// Four bands: a shelf at either end, two bells between.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Eq {
    /// At work.
    pub is_on: bool,
    /// Below.
    pub low: Shelf,
    /// The lower bell.
    pub mid1: Band,
    /// The upper bell.
    pub mid2: Band,
    /// Above.
    pub high: Shelf,
}

impl Default for Eq {
    fn default() -> Self {
        let bell = |hz| Band {
            hz,
            gain_db: 0.0,
            q: 1.0,
        };
        Self {
            is_on: false,
            low: Shelf {
                hz: 120.0,
                gain_db: 0.0,
            },
            mid1: bell(400.0),
            mid2: bell(3_000.0),
            high: Shelf {
                hz: 8_000.0,
                gain_db: 0.0,
            },
        }
    }
}

/// Turns down what is loud, so that all of it can be louder.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Compressor {
    /// At work.
    pub is_on: bool,
    /// Above this level it turns down.
    pub threshold_db: f32,
    /// So many dB more going in are one dB more coming out.
    pub ratio: f32,
    /// Over so many dB around the threshold the curve bends.
    pub knee_db: f32,
    /// How fast it turns down.
    pub attack_ms: f32,
    /// How fast it lets go.
    pub release_ms: f32,
    /// Added to everything behind it.
    pub makeup_db: f32,
}

impl Default for Compressor {
    fn default() -> Self {
        Self {
            is_on: false,
            threshold_db: -20.0,
            ratio: 3.0,
            knee_db: 6.0,
            attack_ms: 8.0,
            release_ms: 150.0,
            makeup_db: 0.0,
        }
    }
}

/// Turns sharp s-sounds down, and only them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DeEsser {
    /// At work.
    pub is_on: bool,
    /// Above this frequency it listens and turns down.
    pub hz: f32,
    /// Above this level up there it turns down.
    pub threshold_db: f32,
    /// It never turns down by more.
    pub range_db: f32,
}

impl Default for DeEsser {
    fn default() -> Self {
        Self {
            is_on: false,
            hz: 6_000.0,
            threshold_db: -32.0,
            range_db: 8.0,
        }
    }
}

/// Rides the gain by itself, so that a voice is as loud as the buses' loudness target.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ride {
    /// At work.
    pub is_on: bool,
    /// It never goes further from the set gain than this, up or down.
    pub range_db: f32,
}

impl Default for Ride {
    fn default() -> Self {
        Self {
            is_on: false,
            range_db: 9.0,
        }
    }
}
