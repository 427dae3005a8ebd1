//! What an operator sets on a strip.

use serde::{Deserialize, Serialize};

use super::stages::{Compressor, DeEsser, Denoise, Eq, Gate, HighPass, Ride};

/// The lowest gain of a strip, in dB. Silence is what mute is for.
pub const MIN_GAIN_DB: f32 = -60.0;

/// The highest gain of a strip, in dB.
pub const MAX_GAIN_DB: f32 = 24.0;

/// What a strip carries, for those stages that treat voices and music differently.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Neither: it ducks nothing and is not ducked.
    #[default]
    Other,
    /// Somebody who speaks: music ducks under it.
    Voice,
    /// Goes down while a voice is heard.
    Music,
}

/// The settings of one strip, in the order of the signal. The default changes nothing: 0 dB, everything off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own on the desk")]
pub struct StripSettings {
    /// What it carries.
    pub role: Role,
    /// All stages from high-pass to ride are left out, whatever they are set to.
    pub is_bypassed: bool,
    /// Rumble.
    pub high_pass: HighPass,
    /// Noise.
    pub denoise: Denoise,
    /// Pauses.
    pub gate: Gate,
    /// Tone.
    pub eq: Eq,
    /// Evenness.
    pub compressor: Compressor,
    /// Sharpness.
    pub de_esser: DeEsser,
    /// Loudness by itself.
    pub ride: Ride,
    /// Gain in dB, kept within [`MIN_GAIN_DB`] and [`MAX_GAIN_DB`]; what is no number counts as 0.
    pub gain_db: f32,
    /// Where between the channels: −100 is left, 100 right, 0 as it came.
    pub pan_percent: f32,
    /// Later by so much, for pictures that come late.
    pub delay_ms: f32,
    /// How much of it goes to aux bus A. `None` where nothing does.
    pub send_a_db: Option<f32>,
    /// How much of it goes to aux bus B.
    pub send_b_db: Option<f32>,
    /// Audio follows video: heard on program only while its source is seen there.
    pub is_afv: bool,
    /// Not heard on program. Still metered, and still heard on the monitor when solo.
    pub is_muted: bool,
    /// PFL: heard on the monitor bus instead of program, together with all other solo strips. Never changes program.
    pub is_solo: bool,
}
