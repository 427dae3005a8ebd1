//! What an operator sets on the buses.

use serde::{Deserialize, Serialize};

/// Music goes down while a voice is heard.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ducking {
    /// At work. Without strips of role voice and music it does nothing either way.
    pub is_on: bool,
    /// By how much music goes down.
    pub by_db: f32,
    /// A voice above this level, as it leaves its strip, is heard.
    pub threshold_db: f32,
    /// How long music takes to go down.
    pub attack_ms: f32,
    /// How long it stays down after the last word.
    pub hold_ms: f32,
    /// How long it takes to come back.
    pub release_ms: f32,
}

impl Default for Ducking {
    fn default() -> Self {
        Self {
            is_on: true,
            by_db: 12.0,
            threshold_db: -40.0,
            attack_ms: 80.0,
            hold_ms: 600.0,
            release_ms: 700.0,
        }
    }
}

/// The settings of the buses.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct BusSettings {
    /// How loud the show is meant to be, in LUFS: what the loudness meter is held against, and what rides aim for.
    pub target_lufs: f32,
    /// What program does not exceed, in dBTP.
    pub ceiling_dbtp: f32,
    /// Music under voices.
    pub ducking: Ducking,
}

impl Default for BusSettings {
    fn default() -> Self {
        Self {
            target_lufs: -16.0,
            ceiling_dbtp: -1.0,
            ducking: Ducking::default(),
        }
    }
}
