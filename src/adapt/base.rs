//! What the scene file asks for: the ceiling of everything that a policy does.

use serde::{Deserialize, Serialize};

use crate::media::{FrameRate, Rate, RateControl, TimeDelta};

/// What the scene file says of everything that can be adapted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Base {
    /// Every encoder of pictures; the first is the source's own size.
    pub lines: Vec<LineBase>,
    /// Sound.
    pub sound: SoundBase,
    /// What all destinations together may take of the uplink, where it is known.
    pub uplink_kbps: Option<u32>,
}

/// One encoder of pictures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LineBase {
    /// What it is called.
    pub name: String,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Of the program.
    pub frame_rate: FrameRate,
    /// What the encoder is told.
    pub rate: Rate,
    /// From one IDR to the next.
    pub gop: TimeDelta,
}

/// The encoder of sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoundBase {
    /// Its bitrate.
    pub kbps: u32,
    /// Samples per second.
    pub sample_rate: u32,
}

impl LineBase {
    /// The most that the pictures may cost over a second or so, in kbit/s: what a network must carry to limit nothing. Constant
    /// quality promises no such thing, so there it is far away.
    pub(super) fn ceiling_kbps(&self) -> u32 {
        match self.rate.control {
            RateControl::Constant => self.rate.kbps,
            RateControl::Capped { max_kbps } => max_kbps.max(self.rate.kbps),
            RateControl::Average => self.rate.kbps.saturating_mul(3) / 2,
            RateControl::Quality { .. } => self.rate.kbps.saturating_mul(4),
        }
    }
}

#[cfg(test)]
impl Base {
    /// A show of one line: 1280×720 at 30 pictures per second, and sound at 128 kbit/s.
    pub(crate) fn for_tests(rate: Rate) -> Self {
        Self {
            lines: vec![LineBase::for_tests(rate)],
            sound: SoundBase {
                kbps: 128,
                sample_rate: 48_000,
            },
            uplink_kbps: None,
        }
    }
}

#[cfg(test)]
impl LineBase {
    /// 1280×720 at 30 pictures per second, an IDR every two seconds.
    pub(crate) fn for_tests(rate: Rate) -> Self {
        Self {
            name: "source".to_owned(),
            width: 1280,
            height: 720,
            frame_rate: FrameRate::whole(30),
            rate,
            gop: TimeDelta::from_millis(2000),
        }
    }
}
