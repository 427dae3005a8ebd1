//! What is known of the faces in a picture: where they are, how sure that is, and which parts a face has.
//!
//! Lengths are pixels of the picture, with the origin in its top left corner; angles are radians, clockwise as seen.

use serde::{Deserialize, Serialize};

use crate::media::{Timestamp, exact};

/// Where a face is: a square from the forehead to the chin, turned by `roll` about its centre.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FaceBox {
    /// Centre, from the left edge.
    pub x: f32,
    /// Centre, from the top edge.
    pub y: f32,
    /// Side of the square.
    pub size: f32,
    /// How far the head is tilted: 0 is upright, positive has the forehead to the right of the chin.
    pub roll: f32,
}

/// What a detector found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Found {
    /// Where.
    pub face: FaceBox,
    /// How sure the detector is; only to be compared with other scores of its own.
    pub score: f32,
}

/// How a tracked face is known in one picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sight {
    /// A detector found it in this picture.
    Seen,
    /// Between or before detections: where its motion puts it.
    Predicted,
    /// Lost for less than 300 ms: the last place, grown along its motion.
    Held,
    /// Lost for less than 1.5 s: the band of the picture where it was.
    Band,
}

/// A face in one picture.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrackedFace {
    /// The same number in every picture until the face is lost. Never used again within a show.
    pub track: u32,
    /// Where it is, grown already as far as its place is uncertain.
    pub face: FaceBox,
    /// How that is known.
    pub sight: Sight,
}

/// Why a whole picture must be covered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CoverReason {
    /// The face of this track was lost and has been neither found again nor seen to leave.
    Lost {
        /// Which one.
        track: u32,
    },
    /// The picture has not been looked through entirely since the show, or this shot, began.
    NotSeen,
}

/// What is known of the faces of one picture, and final: nothing that comes later changes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FaceVerdict {
    /// The picture.
    #[serde(with = "exact")]
    pub pts: Timestamp,
    /// Its faces, in the order of their tracks.
    pub faces: Vec<TrackedFace>,
    /// Whether masks are not enough.
    pub cover: Option<CoverReason>,
    /// Whether it is the first of a new shot.
    pub is_cut: bool,
}

/// A part of a face that can be shown or hidden by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Region {
    /// Above the eyebrows.
    Forehead,
    /// Both eyebrows.
    Eyebrows,
    /// Both eyes.
    Eyes,
    /// The nose.
    Nose,
    /// Both cheeks.
    Cheeks,
    /// The mouth.
    Mouth,
    /// The chin.
    Chin,
    /// Both ears.
    Ears,
    /// The neck.
    Neck,
}

impl Region {
    /// All of them, from the top down.
    pub const ALL: [Self; 9] = [
        Self::Forehead,
        Self::Eyebrows,
        Self::Eyes,
        Self::Nose,
        Self::Cheeks,
        Self::Mouth,
        Self::Chin,
        Self::Ears,
        Self::Neck,
    ];

    /// As it is written in policies and on screen.
    pub const WORDS: [&'static str; 9] = [
        "forehead", "eyebrows", "eyes", "nose", "cheeks", "mouth", "chin", "ears", "neck",
    ];

    /// As it is written.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::WORDS[self as usize]
    }

    /// The region that is written so.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|region| region.word() == word)
    }
}

/// Some of the regions of a face.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<Region>", into = "Vec<Region>")]
pub struct Regions(u16);

impl Regions {
    /// None.
    pub const NONE: Self = Self(0);
    /// Every one.
    pub const ALL: Self = Self((1 << Region::ALL.len()) - 1);

    /// With `region` too.
    #[must_use]
    pub const fn with(self, region: Region) -> Self {
        Self(self.0 | 1 << region as u16)
    }

    /// Whether `region` is among them.
    #[must_use]
    pub const fn has(self, region: Region) -> bool {
        self.0 >> region as u16 & 1 == 1
    }

    /// Whether all of `others` are among them.
    #[must_use]
    pub const fn contains(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    /// The others.
    #[must_use]
    pub const fn complement(self) -> Self {
        Self(!self.0 & Self::ALL.0)
    }

    /// Each of them, from the top down.
    pub fn iter(self) -> impl Iterator<Item = Region> {
        Region::ALL.into_iter().filter(move |region| self.has(*region))
    }
}

impl FromIterator<Region> for Regions {
    fn from_iter<I: IntoIterator<Item = Region>>(regions: I) -> Self {
        regions.into_iter().fold(Self::NONE, Self::with)
    }
}

impl From<Vec<Region>> for Regions {
    fn from(regions: Vec<Region>) -> Self {
        regions.into_iter().collect()
    }
}

impl From<Regions> for Vec<Region> {
    fn from(regions: Regions) -> Self {
        regions.iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_are_a_set() {
        let set: Regions = [Region::Eyes, Region::Mouth].into_iter().collect();
        assert!(set.has(Region::Eyes) && !set.has(Region::Nose));
        assert_eq!(set.iter().collect::<Vec<_>>(), [Region::Eyes, Region::Mouth]);
        assert_eq!(set.complement().iter().count(), 7);
        assert!(Regions::ALL.contains(set) && !set.contains(Regions::ALL));
        assert_eq!(Regions::ALL.complement(), Regions::NONE);
        assert_eq!(serde_json::to_string(&set).unwrap(), r#"["eyes","mouth"]"#);
        assert_eq!(serde_json::from_str::<Regions>(r#"["eyes","mouth"]"#).unwrap(), set);
    }

    #[test]
    fn every_region_has_its_word() {
        for region in Region::ALL {
            assert_eq!(Region::of(region.word()), Some(region));
            assert_eq!(serde_json::to_string(&region).unwrap(), format!("{:?}", region.word()));
        }
        assert_eq!(Region::of("hat"), None);
    }
}
