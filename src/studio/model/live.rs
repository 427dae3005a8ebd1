//! The scene file and the show that runs: whether they are the same, and what waits to be confirmed.

use serde::{Deserialize, Serialize};

use crate::media::{TimeDelta, Timestamp};

/// How the running show stands to its scene file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Live {
    /// The scene file that was read last; none for a show that is inside the program.
    pub file: Option<String>,
    /// Whether a save of it is applied at once.
    pub is_watched: bool,
    /// What is on the disk.
    pub disk: DiskState,
    /// What is wrong with what is on the disk, each with its place; empty unless it is invalid.
    pub errors: Vec<String>,
    /// Keys that have been applied and wait for the next start.
    pub waits: Vec<String>,
    /// What has been applied and goes back unless it is confirmed.
    pub confirm: Option<Confirm>,
    /// How often something was applied since the start.
    pub applied: u32,
}

/// What is on the disk, against what runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DiskState {
    /// What runs.
    #[default]
    Same,
    /// Something else that could run.
    Differs,
    /// Something that cannot run.
    Invalid,
}

/// Something that was applied for a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirm {
    /// When it goes back.
    pub until: Timestamp,
    /// How long there was to confirm it.
    #[serde(rename = "within_ms")]
    pub within: TimeDelta,
    /// How many values it has changed.
    pub changes: usize,
    /// The time that was told last; it is told at half of it and shortly before its end.
    #[serde(rename = "told_ms")]
    pub told: TimeDelta,
}

impl Confirm {
    /// Seconds that are left at `now`, rounded up.
    #[must_use]
    pub fn left_s(&self, now: Timestamp) -> i64 {
        let ms = (self.until - now).to_millis().max(0);
        ms / 1000 + i64::from(ms % 1000 > 0)
    }
}
