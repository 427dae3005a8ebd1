//! What a controller would say of itself: for screens and scripts.

use serde::{Deserialize, Serialize};

use super::change::Pin;
use super::governor::Phase;
use super::quality::Quality;
use super::tier::Tier;
use crate::media::{Rate, TimeDelta};

/// The whole of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Whether anything is adapted at all.
    pub is_on: bool,
    /// The policy's name.
    pub policy: String,
    /// How well the network carries the show: the worst of the destinations that count.
    pub quality: Quality,
    /// How large the audience is.
    pub tier: Tier,
    /// How many watch, where that is known.
    pub viewers: Option<u64>,
    /// Every encoder of pictures.
    pub lines: Vec<LineState>,
    /// Sound.
    pub sound: SoundState,
    /// How many renditions are offered besides the source.
    pub ladder: usize,
    /// Every destination that has been heard of, by name.
    pub destinations: Vec<DestinationState>,
    /// What the operator holds.
    pub pins: Vec<Pin>,
}

/// One encoder of pictures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LineState {
    /// What it is called.
    pub name: String,
    /// What it is told to spend.
    pub rate: Rate,
    /// What the scene file asks for, in kbit/s.
    pub base_kbps: u32,
    /// What its encoder makes, in kbit/s.
    pub made_kbps: u32,
    /// Of its pictures.
    pub width: u32,
    /// Of its pictures.
    pub height: u32,
    /// The program's frame rate is divided by this.
    pub divisor: u32,
    /// Where its control is.
    pub phase: Phase,
    /// What a connection of it carries with everything, in kbit/s, where that has been measured.
    pub capacity_kbps: Option<u32>,
    /// Why its rate is what it is.
    pub why: String,
}

/// Sound.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SoundState {
    /// Its bitrate.
    pub kbps: u32,
    /// Samples per second.
    pub sample_rate: u32,
    /// Why.
    pub why: String,
}

/// One destination.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DestinationState {
    /// What it is called.
    pub name: String,
    /// The line that it takes.
    pub line: usize,
    /// How well it is reached.
    pub quality: Quality,
    /// What has arrived there over the last second, in kbit/s.
    pub carried_kbps: u32,
    /// For how long packets wait, beyond the round trip and the newest IDR.
    pub wait: TimeDelta,
    /// Whether the line no longer waits for it.
    pub is_left_behind: bool,
}
