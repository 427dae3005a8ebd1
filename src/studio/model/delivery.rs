//! Where a show goes besides its destinations, as clients see it: the relay and the recording.

use serde::{Deserialize, Serialize};

pub use crate::relay::RelayStats;

/// The relay of this rig.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RelayModel {
    /// Where viewers find it: `http://127.0.0.1:8480/`. Empty while it cannot be had.
    pub url: String,
    /// Why it cannot be had, if so.
    pub failure: Option<String>,
    /// What it measures, once per second.
    pub stats: RelayStats,
}

/// The recording.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RecordingModel {
    /// Whether the show is being recorded, or is meant to be.
    pub is_on: bool,
    /// The file that is written now, or was last.
    pub path: String,
    /// Which part of the recording that is, from 1.
    pub part: u32,
    /// What of it is safe on the disk.
    pub bytes: u64,
    /// How much show that is, in seconds.
    pub seconds: f64,
    /// Pictures that are missing in it, because the disk was late or away.
    pub dropped_frames: u64,
    /// Why nothing is recorded now, if so.
    pub failure: Option<String>,
    /// Whether that is because the disk is full.
    #[serde(default)]
    pub is_disk_full: bool,
    /// Whether it soon will be.
    #[serde(default)]
    pub is_space_low: bool,
}
