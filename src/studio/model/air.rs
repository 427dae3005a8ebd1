//! What is on program beyond its name: since when, and the transition that is under way.

use serde::{Deserialize, Serialize};

use crate::media::{TimeDelta, Timestamp};
use crate::picture::WipeDirection;
use crate::scene::Matte;

/// What clients and texts may want to know of program.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AirModel {
    /// What the show is called.
    pub title: String,
    /// Since when the scene on program has been there.
    pub since: Timestamp,
}

/// A transition under way: program is already the new scene, the old one is still seen in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fade {
    /// The scene that goes.
    pub from: String,
    /// When the transition began.
    pub start: Timestamp,
    /// How long it takes; a stinger: at the longest.
    #[serde(rename = "duration_ms")]
    pub duration: TimeDelta,
    /// The occlusion level of pictures in which both scenes are seen.
    #[serde(default)]
    pub occlusion_level: u8,
    /// How one becomes the other.
    #[serde(default)]
    pub kind: FadeKind,
    /// Since when the scene that goes was on program.
    #[serde(default)]
    pub since: Timestamp,
}

/// How one scene becomes the other.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FadeKind {
    /// One picture into the other.
    #[default]
    Fade,
    /// An edge that goes there.
    Wipe(WipeDirection),
    /// A clip over both.
    Stinger {
        /// The source that plays it.
        source: String,
        /// From its first picture until the scenes change behind it.
        #[serde(rename = "cut_at_ms")]
        cut_at: TimeDelta,
        /// What of it is seen.
        matte: Matte,
        /// Its source has been opened anew for it, and delivers.
        has_begun: bool,
    },
}
