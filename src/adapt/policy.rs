//! How network and audience combine into what is sent: a policy, as plain values that have been checked.
//!
//! The values here are those of `steady`, the default: the network may lower what the scene file asks for, the audience
//! changes nothing, and nothing ever goes above the scene file.

use serde::{Deserialize, Serialize};

use super::error::PolicyError;
use super::tier::{Tier, Tiers};
use crate::media::TimeDelta;

/// What gives way first when there are too few bits for a picture, after the bitrate itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// Fewer pictures, each as large as before: for what is read.
    #[default]
    FrameRateFirst,
    /// Smaller pictures, as many as before: for what moves.
    SizeFirst,
}

impl Order {
    /// As they are written, in the order of the kinds.
    pub const WORDS: &'static [&'static str] = &["frame-rate-first", "size-first"];

    /// The one that is written so.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        match word {
            "frame-rate-first" => Some(Self::FrameRateFirst),
            "size-first" => Some(Self::SizeFirst),
            _ => None,
        }
    }
}

/// How the network is followed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NetworkPolicy {
    /// Whether it is followed at all.
    pub is_followed: bool,
    /// Pictures get at least that many kbit/s, whatever the network says.
    pub floor_kbps: u32,
    /// Share of the capacity that is left unused, 0..0.5.
    pub headroom: f64,
    /// How much more than expected may wait, in time, before the rate is cut.
    pub patience: TimeDelta,
    /// In what time a backlog is to be gone after a cut.
    pub drain: TimeDelta,
    /// How long the rate stays where it is after a cut.
    pub hold: TimeDelta,
    /// The largest step of a climb, as a share of the rate.
    pub climb: f64,
    /// By how much a probe goes beyond what is known to be carried, as a share.
    pub probe: f64,
    /// From one probe to the next.
    pub probe_every: TimeDelta,
    /// A destination that carries less than this share of what all others on its line carry is left behind; 0: never.
    pub left_behind: f64,
}

/// When frame rate, size and sound give way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShapePolicy {
    /// What gives way first.
    pub order: Order,
    /// The most that the program's frame rate is divided by: 1 (never) to 3.
    pub max_divisor: u32,
    /// No picture is made lower than this, in lines.
    pub min_height: u32,
    /// Bits for each pixel below which a step is taken.
    pub min_bits_per_pixel: f64,
    /// How long there are too few bits before a step down.
    pub down_after: TimeDelta,
    /// How long there are enough for the step above before it is taken back.
    pub up_after: TimeDelta,
    /// What sound is lowered to while pictures are at their floor, in kbit/s.
    pub sound_floor_kbps: u32,
}

/// How network and audience combine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// What it is called.
    pub name: String,
    /// What it is for, in a line.
    pub title: String,
    /// The network's part.
    pub network: NetworkPolicy,
    /// What the pictures become.
    pub shape: ShapePolicy,
    /// The audience's part.
    pub tiers: Tiers,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            name: "steady".to_owned(),
            title: "follow the network, never above the scene file".to_owned(),
            network: NetworkPolicy {
                is_followed: true,
                floor_kbps: 150,
                headroom: 0.05,
                patience: TimeDelta::from_millis(80),
                drain: TimeDelta::from_millis(900),
                hold: TimeDelta::from_millis(1000),
                climb: 0.2,
                probe: 0.08,
                probe_every: TimeDelta::from_millis(4000),
                left_behind: 0.5,
            },
            shape: ShapePolicy {
                order: Order::FrameRateFirst,
                max_divisor: 2,
                min_height: 360,
                min_bits_per_pixel: 0.02,
                down_after: TimeDelta::from_millis(3000),
                up_after: TimeDelta::from_millis(8000),
                sound_floor_kbps: 64,
            },
            tiers: Tiers::default(),
        }
    }
}

impl Policy {
    /// Checks what belongs together; ranges of single values are checked as well, since not every policy comes from a file.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self) -> Result<(), PolicyError> {
        let wrong = |key: &'static str, reason: String| Err(PolicyError { key, reason });
        let (network, shape) = (&self.network, &self.shape);
        let shares = [
            ("network.headroom_percent", network.headroom, 0.0, 0.5),
            ("network.climb_percent", network.climb, 0.01, 1.0),
            ("network.probe_percent", network.probe, 0.01, 0.1),
            ("network.left_behind_percent", network.left_behind, 0.0, 0.95),
            ("picture.min_bits_per_pixel", shape.min_bits_per_pixel, 0.0, 1.0),
        ];
        for (key, value, low, high) in shares {
            if !(low..=high).contains(&value) {
                return wrong(key, format!("{value} is not from {low} to {high}"));
            }
        }
        let times = [
            ("network.patience_ms", network.patience, 20, 2000),
            ("network.drain_ms", network.drain, 200, 10_000),
            ("network.hold_ms", network.hold, 0, 60_000),
            ("network.probe_every_s", network.probe_every, 1000, 60_000),
            ("picture.down_after_s", shape.down_after, 0, 600_000),
            ("picture.up_after_s", shape.up_after, 0, 600_000),
        ];
        for (key, value, low, high) in times {
            if !(low..=high).contains(&value.to_millis()) {
                return wrong(key, format!("{} ms is not from {low} to {high} ms", value.to_millis()));
            }
        }
        if network.floor_kbps == 0 {
            return wrong("network.floor_kbps", "pictures cannot have 0 kbit/s".to_owned());
        }
        if !(1..=3).contains(&shape.max_divisor) {
            return wrong(
                "picture.max_divisor",
                format!("{} is not from 1 to 3", shape.max_divisor),
            );
        }
        self.tiers.check()
    }

    /// What the tier says.
    #[must_use]
    pub fn tier(&self, tier: Tier) -> &super::tier::TierPolicy {
        self.tiers.of(tier)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_right_and_changes_nothing_for_the_audience() {
        let policy = Policy::default();
        policy.check().unwrap();
        for tier in Tier::ALL {
            assert_eq!(policy.tier(tier), &super::super::tier::TierPolicy::default());
        }
    }

    #[test]
    fn what_is_wrong_names_its_key() {
        type Spoil = fn(&mut Policy);
        let table: [(&str, Spoil); 6] = [
            ("network.headroom_percent", |policy| policy.network.headroom = 0.9),
            ("network.probe_percent", |policy| policy.network.probe = f64::NAN),
            ("network.drain_ms", |policy| policy.network.drain = TimeDelta::ZERO),
            ("network.floor_kbps", |policy| policy.network.floor_kbps = 0),
            ("picture.max_divisor", |policy| policy.shape.max_divisor = 4),
            ("audience.excellent_above", |policy| policy.tiers.excellent_above = 100),
        ];
        for (key, spoil) in table {
            let mut policy = Policy::default();
            spoil(&mut policy);
            assert_eq!(policy.check().unwrap_err().key, key);
        }
    }
}
