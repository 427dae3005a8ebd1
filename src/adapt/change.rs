//! What a controller decides: changes, each with its reason; and what an operator may hold against it.

use serde::{Deserialize, Serialize};

use super::quality::Quality;
use super::tier::Tier;
use crate::media::Rate;

/// One decision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// What is to be done, or told.
    pub what: What,
    /// Why, in one line.
    pub reason: String,
}

/// What changes. A `usize` is the index of a line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "to", rename_all = "snake_case")]
pub enum What {
    /// The line's encoder spends this.
    Rate(usize, Rate),
    /// The line takes every picture of the program (1), every other (2), every third (3).
    FrameRate(usize, u32),
    /// The line's pictures have this width and height.
    Size(usize, u32, u32),
    /// Sound has this bitrate.
    Sound {
        /// In kbit/s.
        kbps: u32,
    },
    /// Sound is sampled this often in a second.
    SoundRate(u32),
    /// That many renditions are offered, the source among them.
    Ladder(usize),
    /// To be told: how well the network carries the show.
    Quality(Quality),
    /// To be told: how large the audience is.
    Tier(Tier),
    /// To be told: the line no longer waits for this destination, or does again.
    LeftBehind(String, bool),
}

/// A value that the operator holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pin {
    /// The bitrate of a line, in kbit/s.
    Kbps(usize, u32),
    /// The divisor of a line's frame rate.
    FrameRate(usize, u32),
    /// The height of a line's pictures; the width follows.
    Height(usize, u32),
    /// The bitrate of sound.
    SoundKbps(u32),
    /// The tier.
    Tier(Tier),
}

/// What kind of value is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PinKind {
    /// See [`Pin::Kbps`].
    Kbps(usize),
    /// See [`Pin::FrameRate`].
    FrameRate(usize),
    /// See [`Pin::Height`].
    Height(usize),
    /// See [`Pin::SoundKbps`].
    SoundKbps,
    /// See [`Pin::Tier`].
    Tier,
}

impl Pin {
    /// What it holds.
    #[must_use]
    pub fn kind(&self) -> PinKind {
        match *self {
            Self::Kbps(line, _) => PinKind::Kbps(line),
            Self::FrameRate(line, _) => PinKind::FrameRate(line),
            Self::Height(line, _) => PinKind::Height(line),
            Self::SoundKbps(_) => PinKind::SoundKbps,
            Self::Tier(_) => PinKind::Tier,
        }
    }
}
