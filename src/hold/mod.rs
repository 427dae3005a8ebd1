//! The hold: the broadcast delay between what is made and what goes out.

use serde::{Deserialize, Serialize};

use crate::media::{TimeDelta, Timestamp};

/// How a change of the hold comes about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pace {
    /// By slightly slower playback, or faster playback where nobody speaks.
    #[default]
    Slow,
    /// It grows at once, under a slate.
    Slate,
    /// By a jump.
    Now,
}

/// What the hold is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldPhase {
    /// Nothing is held.
    #[default]
    Off,
    /// As much as is wanted.
    Steady,
    /// A slate goes out until it is full.
    Filling,
    /// It grows by slower playback.
    Growing,
    /// It shrinks by faster playback.
    Shrinking,
}

/// What the hold holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldState {
    /// How long things are to be held.
    #[serde(rename = "target_ms")]
    pub target: TimeDelta,
    /// How long they are.
    #[serde(rename = "now_ms")]
    pub now: TimeDelta,
    /// What it is doing.
    pub phase: HoldPhase,
    /// Memory taken.
    pub bytes: u64,
    /// The content time that leaves now.
    pub airing: Timestamp,
    /// The content time that was mixed last.
    pub newest: Timestamp,
    /// Peaks of the held sound in dBFS, one for each 100 ms, oldest first; -96 is silence.
    pub levels: Vec<i8>,
    /// Where the last of them ends.
    pub levels_until: Timestamp,
    /// Pictures that a slate has gone out for, since the start.
    pub slates: u64,
    /// Blocks of sound that have gone out silent or beeped, likewise.
    pub silenced: u64,
}

/// What is done to held sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EditKind {
    /// It goes out silent.
    Mute,
    /// A tone goes out in its place.
    Beep,
}

/// A stretch of held sound that is changed before it leaves. Both ends are content time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// Unlike that of any other edit.
    pub id: u64,
    /// The beginning.
    pub from: Timestamp,
    /// The end; far in the future while it is open.
    pub until: Timestamp,
    /// What is done.
    pub kind: EditKind,
    /// Only in blocks in which one of these strips could be heard: bit 0 is the first strip.
    pub strips: Option<u64>,
}
