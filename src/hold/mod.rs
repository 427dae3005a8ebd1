//! The hold: the broadcast delay between the studio and the air, in which an operator still can take something back.
//!
//! Pure: blocks, packets and time come in as values. `docs/hold.md` follows one block and one packet through it.
//!
//! - [`Course`] says which moment of the show leaves when. Sound and picture both read it, and nothing else: that is what
//!   keeps them together, however the hold grows and shrinks. [`Plan`] draws it, a tenth of a second ahead.
//! - [`SoundHold`] keeps blocks in 16 bits, and on the way out mutes, bleeps and stretches them.
//! - [`PictureHold`] keeps the packets of one line, and puts a slate of the same encoder ([`Reel`]) where they may not be seen.

mod block;
mod course;
mod edit;
mod picture;
mod plan;
mod reel;
mod ring;
mod sound;
mod stretch;

use serde::{Deserialize, Serialize};

pub use course::{Course, Passage, Place, Tempo};
pub use edit::{Edit, EditKind, EditList};
pub use picture::{Leaving, PictureHold};
pub use plan::{LEAD_BLOCKS, Pace, Plan};
pub use reel::Reel;
pub use sound::SoundHold;

use crate::media::{TimeDelta, Timestamp};

/// The longest hold, in seconds.
pub const LONGEST_SECONDS: i64 = 30;

/// The longest hold.
#[must_use]
pub fn longest() -> TimeDelta {
    TimeDelta::from_millis(LONGEST_SECONDS * 1000)
}

/// How the hold stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldPhase {
    /// Nothing is held.
    #[default]
    Off,
    /// It is as long as it is to be.
    Steady,
    /// It grows under a slate.
    Filling,
    /// It grows by slower playback.
    Growing,
    /// It shrinks.
    Shrinking,
}

/// What is held now, for whoever shows it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HoldState {
    /// How long it is to be.
    #[serde(rename = "target_ms")]
    pub target: TimeDelta,
    /// How long it is.
    #[serde(rename = "now_ms")]
    pub now: TimeDelta,
    /// What it does.
    pub phase: HoldPhase,
    /// Memory that the held sound and packets take.
    pub bytes: u64,
    /// The moment of the show that leaves now.
    pub airing: Timestamp,
    /// The moment of the show that came in last.
    pub newest: Timestamp,
    /// Highest sample of each 100 ms of held sound in dBFS, oldest first; −96 is silence.
    pub levels: Vec<i8>,
    /// Where the last of `levels` ends.
    pub levels_until: Timestamp,
    /// Pictures that were replaced by a slate since the start of the show.
    pub slates: u64,
    /// Blocks of sound that were silenced or bleeped since then.
    pub silenced: u64,
}
