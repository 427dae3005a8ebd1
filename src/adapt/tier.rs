//! Tiers of the audience: how many watch decides how much is spent on them.

use serde::{Deserialize, Serialize};

use super::error::PolicyError;
use crate::media::{TimeDelta, Timestamp};

/// How large the audience is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// Few.
    #[default]
    Normal,
    /// Many.
    Good,
    /// Very many.
    Excellent,
}

impl Tier {
    /// All, smallest first.
    pub const ALL: [Self; 3] = [Self::Normal, Self::Good, Self::Excellent];
    /// As they are written, in that order.
    pub const WORDS: &'static [&'static str] = &["normal", "good", "excellent"];

    /// The tier that is written so.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tier| tier.word() == word)
    }

    /// As it is written.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::WORDS[self as usize]
    }
}

/// How pictures spend their bits, in a word of a policy file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spending {
    /// [`RateControl::Constant`](crate::media::RateControl::Constant).
    Cbr,
    /// [`RateControl::Capped`](crate::media::RateControl::Capped): four fifths of the ceiling, and the ceiling as cap.
    Vbr,
    /// [`RateControl::Average`](crate::media::RateControl::Average).
    Abr,
}

impl Spending {
    /// As they are written.
    pub const WORDS: &'static [&'static str] = &["cbr", "vbr", "abr"];

    /// The one that is written so.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        match word {
            "cbr" => Some(Self::Cbr),
            "vbr" => Some(Self::Vbr),
            "abr" => Some(Self::Abr),
            _ => None,
        }
    }
}

/// What is spent on one tier. Nothing goes above the scene file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TierPolicy {
    /// Of the scene file's bitrate, 0..1.
    pub ceiling: f64,
    /// How many renditions are offered besides the source; all if `None`.
    pub ladder: Option<usize>,
    /// Sound in kbit/s; the scene file's if `None`.
    pub sound_kbps: Option<u32>,
    /// Samples of sound per second; the scene file's if `None`.
    pub sample_rate: Option<u32>,
    /// How bits are spent; the scene file's way if `None`.
    pub spending: Option<Spending>,
}

impl Default for TierPolicy {
    fn default() -> Self {
        Self {
            ceiling: 1.0,
            ladder: None,
            sound_kbps: None,
            sample_rate: None,
            spending: None,
        }
    }
}

/// The tiers, and where they begin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tiers {
    /// More viewers than this are [`Tier::Good`].
    pub good_above: u64,
    /// More viewers than this are [`Tier::Excellent`].
    pub excellent_above: u64,
    /// How long there are enough viewers before the tier rises.
    pub rise_after: TimeDelta,
    /// How long there are too few before it falls.
    pub fall_after: TimeDelta,
    /// For each of [`Tier::ALL`].
    pub spent: [TierPolicy; 3],
}

impl Default for Tiers {
    fn default() -> Self {
        Self {
            good_above: 100,
            excellent_above: 1000,
            rise_after: TimeDelta::from_millis(3000),
            fall_after: TimeDelta::from_millis(30_000),
            spent: Default::default(),
        }
    }
}

impl Tiers {
    /// What the tier says.
    #[must_use]
    pub fn of(&self, tier: Tier) -> &TierPolicy {
        &self.spent[tier as usize]
    }

    /// The tier of that many viewers.
    #[must_use]
    pub fn tier_of(&self, viewers: u64) -> Tier {
        match viewers {
            count if count > self.excellent_above => Tier::Excellent,
            count if count > self.good_above => Tier::Good,
            _ => Tier::Normal,
        }
    }

    pub(super) fn check(&self) -> Result<(), PolicyError> {
        let wrong = |key: &'static str, reason: String| Err(PolicyError { key, reason });
        if self.excellent_above <= self.good_above {
            let reason = format!("{} is not above good_above, {}", self.excellent_above, self.good_above);
            return wrong("audience.excellent_above", reason);
        }
        for (tier, spent) in ["tier.normal", "tier.good", "tier.excellent"]
            .into_iter()
            .zip(&self.spent)
        {
            if !(0.05..=1.0).contains(&spent.ceiling) {
                return wrong(
                    tier,
                    format!("a ceiling of {:.0} %: from 5 to 100 can be", spent.ceiling * 100.0),
                );
            }
            if spent.sound_kbps.is_some_and(|kbps| !(16..=512).contains(&kbps)) {
                return wrong(tier, "sound can have from 16 to 512 kbit/s".to_owned());
            }
            if spent.sample_rate.is_some_and(|rate| ![44_100, 48_000].contains(&rate)) {
                return wrong(tier, "sound is sampled 44100 or 48000 times a second".to_owned());
            }
        }
        for (key, value) in [
            ("audience.rise_after_s", self.rise_after),
            ("audience.fall_after_s", self.fall_after),
        ] {
            if value < TimeDelta::ZERO || value > TimeDelta::from_millis(3_600_000) {
                return wrong(key, "from 0 to 3600 seconds can be".to_owned());
            }
        }
        Ok(())
    }
}

/// Follows the count of viewers, slowly downwards: a page that is reloaded must not cost quality.
#[derive(Clone, Debug, Default)]
pub(super) struct TierWatch {
    pub tier: Tier,
    pub viewers: Option<u64>,
    /// Where the count points since when, if not to `tier`.
    pending: Option<(Tier, Timestamp)>,
    has_counted: bool,
}

impl TierWatch {
    /// The newest count. An unknown one keeps the tier.
    pub(super) fn count(&mut self, viewers: Option<u64>, tiers: &Tiers, now: Timestamp) {
        self.viewers = viewers;
        let Some(viewers) = viewers else {
            self.pending = None;
            return;
        };
        let meant = tiers.tier_of(viewers);
        if !self.has_counted {
            // There is nothing yet that would flap.
            (self.has_counted, self.tier) = (true, meant);
        }
        if meant == self.tier {
            self.pending = None;
        } else if self
            .pending
            .is_none_or(|(pending, _)| (pending > self.tier) != (meant > self.tier))
        {
            self.pending = Some((meant, now));
        } else if let Some((pending, _)) = &mut self.pending {
            *pending = meant;
        }
    }

    /// Moves when it is time. The old tier where it has moved.
    pub(super) fn settle(&mut self, tiers: &Tiers, now: Timestamp) -> Option<Tier> {
        let (meant, since) = self.pending?;
        let after = if meant > self.tier {
            tiers.rise_after
        } else {
            tiers.fall_after
        };
        if now - since < after {
            return None;
        }
        self.pending = None;
        Some(std::mem::replace(&mut self.tier, meant))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    #[test]
    fn the_thresholds_are_those_that_were_asked_for() {
        let tiers = Tiers::default();
        for (viewers, tier) in [
            (0, Tier::Normal),
            (100, Tier::Normal),
            (101, Tier::Good),
            (1000, Tier::Good),
            (1001, Tier::Excellent),
            (u64::MAX, Tier::Excellent),
        ] {
            assert_eq!(tiers.tier_of(viewers), tier, "{viewers}");
        }
    }

    #[test]
    fn a_tier_rises_soon_and_falls_late() {
        let tiers = Tiers::default();
        let mut watch = TierWatch::default();
        watch.count(Some(50), &tiers, at(0));
        watch.count(Some(500), &tiers, at(10));
        assert_eq!(watch.settle(&tiers, at(12)), None);
        assert_eq!(watch.settle(&tiers, at(13)), Some(Tier::Normal));
        assert_eq!(watch.tier, Tier::Good);
        watch.count(Some(5000), &tiers, at(20));
        watch.settle(&tiers, at(23));
        assert_eq!(watch.tier, Tier::Excellent);
        watch.count(Some(10), &tiers, at(30));
        assert_eq!(watch.settle(&tiers, at(59)), None);
        watch.settle(&tiers, at(60));
        assert_eq!(watch.tier, Tier::Normal);
    }

    #[test]
    fn a_count_that_wavers_or_is_unknown_keeps_the_tier() {
        let tiers = Tiers::default();
        let mut watch = TierWatch::default();
        watch.count(Some(1500), &tiers, at(0));
        assert_eq!(watch.tier, Tier::Excellent, "the first count is taken as it is");
        watch.count(Some(900), &tiers, at(10));
        watch.count(Some(1100), &tiers, at(30));
        watch.count(Some(900), &tiers, at(31));
        assert_eq!(watch.settle(&tiers, at(60)), None);
        watch.count(None, &tiers, at(60));
        assert_eq!(watch.settle(&tiers, at(1000)), None);
        assert_eq!((watch.tier, watch.viewers), (Tier::Excellent, None));
    }
}
