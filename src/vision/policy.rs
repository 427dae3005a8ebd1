//! What an occlusion level shows: a policy says for levels 0, 1, 2 … which regions of a face are open, and how strong the
//! mask over the others is. Level 0 hides everything, and no level hides more than the one below it.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::face::{Region, Regions};

/// The most levels of a policy.
pub const MAX_LEVELS: usize = 32;

/// What hides a face.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MaskKind {
    /// One colour.
    #[default]
    Solid,
    /// A few large squares.
    Mosaic,
    /// A blur that cannot be undone.
    Blur,
    /// Drawings over one colour.
    Sticker,
}

impl MaskKind {
    /// As they are written, in the order of the kinds.
    pub const WORDS: &'static [&'static str] = &["solid", "mosaic", "blur", "sticker"];

    const ALL: [Self; 4] = [Self::Solid, Self::Mosaic, Self::Blur, Self::Sticker];

    /// The kind that is written so.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// As it is written.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::WORDS[self as usize]
    }
}

/// What is shown of a face at one level.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct OcclusionLevel {
    /// Regions without a mask.
    pub open: Regions,
    /// Of the mask over the others: 1 leaves nothing to recognise, 0 is no mask. Mosaic and blur have what lies between;
    /// a solid mask or a sticker is there at any strength above 0.
    pub strength: f32,
}

impl OcclusionLevel {
    /// Everything hidden.
    pub const HIDDEN: Self = Self {
        open: Regions::NONE,
        strength: 1.0,
    };

    /// Whether nothing of a face is hidden.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.strength <= 0.0 || self.open == Regions::ALL
    }
}

/// The levels of a show.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawPolicy")]
pub struct Policy {
    /// As it is asked for.
    pub name: String,
    /// What it is for.
    pub title: String,
    /// The kind of mask that it is made for, if it is made for one.
    pub mask: Option<MaskKind>,
    levels: Vec<OcclusionLevel>,
}

/// As it comes from elsewhere, and nobody has looked at it yet.
#[derive(Deserialize)]
struct RawPolicy {
    name: String,
    title: String,
    mask: Option<MaskKind>,
    levels: Vec<OcclusionLevel>,
}

impl TryFrom<RawPolicy> for Policy {
    type Error = PolicyError;

    fn try_from(raw: RawPolicy) -> Result<Self, PolicyError> {
        Self::new(raw.name, raw.title, raw.mask, raw.levels)
    }
}

/// Why levels make no policy.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum PolicyError {
    /// There are none, or too many.
    #[error("{0} levels; from 1 to {MAX_LEVELS} can be")]
    Count(usize),
    /// Level 0 shows something.
    #[error("level 0 must hide everything: no open region, and a strength of 100")]
    Bottom,
    /// A level hides a region that the one below it shows.
    #[error("level {level} hides the {region}, which level {} shows: a higher level shows more, never less", level - 1)]
    Closes {
        /// The higher one.
        level: usize,
        /// What it hides.
        region: &'static str,
    },
    /// A level is stronger than the one below it, or of no sensible strength.
    #[error("the strength of level {0} must be from 0 to that of the level below it")]
    Strength(usize),
}

impl PolicyError {
    /// The level that it is about, if it is about one.
    #[must_use]
    pub fn level(&self) -> Option<usize> {
        match self {
            Self::Count(_) => None,
            Self::Bottom => Some(0),
            Self::Closes { level, .. } | Self::Strength(level) => Some(*level),
        }
    }
}

impl Policy {
    /// A policy of these levels, the most protective first.
    ///
    /// # Errors
    /// Level 0 shows something, or a level shows less than the one below it.
    pub fn new(
        name: String,
        title: String,
        mask: Option<MaskKind>,
        levels: Vec<OcclusionLevel>,
    ) -> Result<Self, PolicyError> {
        if levels.is_empty() || levels.len() > MAX_LEVELS {
            return Err(PolicyError::Count(levels.len()));
        }
        if levels[0] != OcclusionLevel::HIDDEN {
            return Err(PolicyError::Bottom);
        }
        for (at, pair) in levels.windows(2).enumerate() {
            let (below, level) = (pair[0], at + 1);
            let closed = below.open.iter().find(|region| !pair[1].open.has(*region));
            if let Some(region) = closed.map(Region::word) {
                return Err(PolicyError::Closes { level, region });
            }
            if !(0.0..=below.strength).contains(&pair[1].strength) {
                return Err(PolicyError::Strength(level));
            }
        }
        Ok(Self {
            name,
            title,
            mask,
            levels,
        })
    }

    /// One level that hides everything: for where no other policy can be had.
    #[must_use]
    pub fn hidden() -> Self {
        Self {
            name: String::new(),
            title: String::new(),
            mask: None,
            levels: vec![OcclusionLevel::HIDDEN],
        }
    }

    /// What `level` shows; one above the highest is the highest.
    #[must_use]
    pub fn level(&self, level: u8) -> OcclusionLevel {
        self.levels[usize::from(level).min(self.levels.len() - 1)]
    }

    /// The highest level.
    #[must_use]
    pub fn top(&self) -> u8 {
        // At most MAX_LEVELS.
        (self.levels.len() - 1) as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn level(open: &[Region], strength: f32) -> OcclusionLevel {
        OcclusionLevel {
            open: open.iter().copied().collect(),
            strength,
        }
    }

    fn policy(levels: Vec<OcclusionLevel>) -> Result<Policy, PolicyError> {
        Policy::new("mine".into(), String::new(), None, levels)
    }

    #[test]
    fn a_higher_level_never_hides_more() {
        let hidden = OcclusionLevel::HIDDEN;
        let eyes = level(&[Region::Eyes], 1.0);
        assert!(policy(vec![hidden, eyes, level(&[Region::Eyes, Region::Nose], 0.5)]).is_ok());
        for (levels, expected) in [
            (vec![], "0 levels; from 1 to 32 can be"),
            (
                vec![eyes],
                "level 0 must hide everything: no open region, and a strength of 100",
            ),
            (
                vec![hidden, eyes, hidden],
                "level 2 hides the eyes, which level 1 shows: a higher level shows more, never less",
            ),
            (
                vec![hidden, level(&[], 0.4), level(&[], 0.5)],
                "the strength of level 2 must be from 0 to that of the level below it",
            ),
            (
                vec![hidden, level(&[], f32::NAN)],
                "the strength of level 1 must be from 0 to that of the level below it",
            ),
        ] {
            assert_eq!(policy(levels).unwrap_err().to_string(), expected);
        }
    }

    #[test]
    fn what_comes_from_elsewhere_is_held_against_the_same_rules() {
        let good = policy(vec![OcclusionLevel::HIDDEN, level(&[Region::Nose], 1.0)]).unwrap();
        let json = serde_json::to_string(&good).unwrap();
        assert_eq!(serde_json::from_str::<Policy>(&json).unwrap(), good);
        let bad = json.replacen("\"open\":[]", "\"open\":[\"eyes\"]", 1);
        assert!(serde_json::from_str::<Policy>(&bad).is_err());
    }

    proptest! {
        #[test]
        fn every_level_of_a_policy_is_within_the_next(
            raw in prop::collection::vec((0u16..512, 0.0f32..=1.0), 0..6), asked: u8,
        ) {
            let mut levels = vec![OcclusionLevel::HIDDEN];
            levels.extend(raw.iter().map(|(bits, strength)| OcclusionLevel {
                open: Region::ALL.into_iter().enumerate().filter(|(at, _)| bits >> at & 1 == 1).map(|(_, region)| region).collect(),
                strength: *strength,
            }));
            if let Ok(policy) = policy(levels) {
                let (low, high) = (policy.level(asked), policy.level(asked.saturating_add(1)));
                prop_assert!(high.open.contains(low.open) && high.strength <= low.strength);
                prop_assert_eq!(policy.level(0), OcclusionLevel::HIDDEN);
            }
        }
    }
}
