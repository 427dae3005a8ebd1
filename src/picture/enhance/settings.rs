//! What an operator sets on the picture of a source: plain data.

use serde::{Deserialize, Serialize};

/// The picture chain of a source, in the order of the signal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PictureSettings {
    /// Leaves out the whole chain.
    pub is_bypassed: bool,
    /// Noise.
    pub denoise: TemporalDenoise,
    /// Edges.
    pub sharpen: Sharpen,
    /// Black and white.
    pub levels: AutoLevels,
    /// Brightness, contrast, saturation.
    pub tone: Tone,
}

/// Takes out noise that comes and goes from picture to picture.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TemporalDenoise {
    /// At work.
    pub is_on: bool,
    /// What is taken for noise: 0 is nothing, 100 what is seen in a dark room.
    pub percent: f32,
}

impl Default for TemporalDenoise {
    fn default() -> Self {
        Self {
            is_on: false,
            percent: 50.0,
        }
    }
}

/// Raises edges of luma.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sharpen {
    /// At work.
    pub is_on: bool,
    /// By how much: 100 adds twice what a pixel stands out by from those around it.
    pub percent: f32,
    /// What stands out by fewer steps of 256 is left alone.
    pub floor: f32,
}

impl Default for Sharpen {
    fn default() -> Self {
        Self {
            is_on: false,
            percent: 50.0,
            floor: 2.0,
        }
    }
}

/// Moves the darkest and the brightest parts towards black and white.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AutoLevels {
    /// At work.
    pub is_on: bool,
    /// How far of the way.
    pub percent: f32,
    /// Within how many seconds most of a change of light is followed.
    pub seconds: f32,
}

impl Default for AutoLevels {
    fn default() -> Self {
        Self {
            is_on: false,
            percent: 80.0,
            seconds: 4.0,
        }
    }
}

/// How light, how hard, how coloured. All zero: as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tone {
    /// Lifts or lowers the middle tones, from −100 to 100.
    pub brightness_percent: f32,
    /// Steeper or flatter around middle grey, from −100 to 100.
    pub contrast_percent: f32,
    /// Less or more colour, from −100 (none) to 100 (twice as much).
    pub saturation_percent: f32,
}

impl Tone {
    /// Nothing is changed.
    pub const AS_IS: Self = Self {
        brightness_percent: 0.0,
        contrast_percent: 0.0,
        saturation_percent: 0.0,
    };
}

impl PictureSettings {
    /// Whether pictures pass as they are.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        let is_off = !self.denoise.is_on && !self.sharpen.is_on && !self.levels.is_on && self.tone == Tone::AS_IS;
        self.is_bypassed || is_off
    }
}
