//! What hides faces, as operators set it and as clients see it.

use serde::{Deserialize, Serialize};

use crate::scene::{OcclusionSettings, Zone};
use crate::vision::{MaskKind, OcclusionLevel, Policy, Regions, Sight};

/// What hides faces on program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Occlusion {
    /// Whether faces are looked for and hidden. What has not been looked at is covered then.
    pub is_armed: bool,
    /// Whether it has been armed at any time of this show: then faces that go out as they are, are an alarm.
    #[serde(default)]
    pub is_wanted: bool,
    /// What each level shows.
    pub policy: Policy,
    /// 0 hides everything.
    pub level: u8,
    /// What hides them.
    pub mask: MaskKind,
    /// The set of stickers, for masks of that kind.
    pub sticker: Option<String>,
    /// Parts of the picture that are hidden for good, armed or not.
    pub zones: Vec<Zone>,
    /// Faces that are shown all the same, by their tracks, each until it is lost.
    #[serde(default)]
    pub exempt: Vec<u32>,
    /// Faces on program while it is armed, in the order of their tracks.
    #[serde(default)]
    pub faces: Vec<FaceModel>,
    /// Why the whole picture is covered now, if it is.
    #[serde(default)]
    pub cover: Option<String>,
    /// Policies that can be had by name.
    #[serde(default)]
    pub policies: Vec<Policy>,
    /// Sets of stickers that can be had by name.
    #[serde(default)]
    pub stickers: Vec<String>,
}

/// A face on program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaceModel {
    /// Its number until it is lost.
    pub track: u32,
    /// How its place is known.
    pub sight: Sight,
}

impl Occlusion {
    /// As a show starts with it.
    #[must_use]
    pub fn new(settings: &OcclusionSettings) -> Self {
        Self {
            is_armed: settings.is_armed,
            is_wanted: settings.is_armed,
            policy: settings.policy.clone(),
            level: settings.level,
            mask: settings.mask,
            sticker: settings.sticker.clone(),
            zones: settings.zones.clone(),
            exempt: Vec::new(),
            faces: Vec::new(),
            cover: None,
            policies: Vec::new(),
            stickers: Vec::new(),
        }
    }

    /// What is kept of it for a show that goes on after a crash.
    #[must_use]
    pub fn settings(&self) -> OcclusionSettings {
        OcclusionSettings {
            is_armed: self.is_armed,
            policy: self.policy.clone(),
            level: self.level,
            mask: self.mask,
            sticker: self.sticker.clone(),
            zones: self.zones.clone(),
        }
    }

    /// What the level shows.
    #[must_use]
    pub fn shown(&self) -> OcclusionLevel {
        self.policy.level(self.level)
    }

    /// Whether the face of that track is shown by an exemption.
    #[must_use]
    pub fn is_exempt(&self, track: u32) -> bool {
        self.exempt.contains(&track)
    }
}

/// Where a face is in a picture, for the monitors of operators. Lengths are shares of the picture's width or height.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FaceMark {
    /// Its number.
    pub track: u32,
    /// Centre of its box.
    pub x: f32,
    /// Centre of its box.
    pub y: f32,
    /// Width of its box.
    pub width: f32,
    /// Height of its box.
    pub height: f32,
    /// How far it is tilted, in radians, clockwise as seen.
    pub roll: f32,
    /// How its place is known.
    pub sight: Sight,
    /// Whether anything of it is hidden.
    pub is_hidden: bool,
    /// The regions that are shown.
    pub open: Regions,
}
