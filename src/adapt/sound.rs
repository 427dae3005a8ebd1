//! What sound may have: the tier's word, and less while pictures are at their floor.

use super::base::SoundBase;
use super::change::{Change, What};
use super::policy::Policy;
use super::state::SoundState;
use super::tier::{Tier, TierPolicy};
use crate::media::Timestamp;

/// Sound gives way when pictures have had less than this multiple of their floor for so long …
const SCARCE: (f64, i64) = (1.3, 3000);
/// … and comes back when they have had more than this for so long.
const PLENTY: (f64, i64) = (2.5, 8000);
/// What is measured of a new bitrate is not yet believed.
const NEW_MS: i64 = 5000;

/// The control of sound.
#[derive(Clone, Debug)]
pub(super) struct Sound {
    base: SoundBase,
    pub held: Option<u32>,
    /// What has been told last.
    pub kbps: u32,
    sample_rate: u32,
    why: String,
    is_scarce: bool,
    since: Option<Timestamp>,
    changed: Option<Timestamp>,
}

impl Sound {
    pub(super) fn new(base: SoundBase) -> Self {
        Self {
            base,
            held: None,
            kbps: base.kbps,
            sample_rate: base.sample_rate,
            why: "as the scene file says".to_owned(),
            is_scarce: false,
            since: None,
            changed: None,
        }
    }

    /// The scene file says something else.
    pub(super) fn rebase(&mut self, base: SoundBase) {
        self.base = base;
    }

    pub(super) fn is_new(&self, now: Timestamp) -> bool {
        self.changed.is_some_and(|at| (now - at).to_millis() < NEW_MS)
    }

    pub(super) fn state(&self) -> SoundState {
        SoundState {
            kbps: self.kbps,
            sample_rate: self.sample_rate,
            why: self.why.clone(),
        }
    }

    /// `poorest`: how many times their floor the pictures of the poorest line have.
    #[expect(clippy::too_many_arguments, reason = "everything that sound depends on, once")]
    pub(super) fn decide(
        &mut self,
        policy: &Policy,
        spent: &TierPolicy,
        tier: Tier,
        is_on: bool,
        poorest: Option<f64>,
        now: Timestamp,
        out: &mut Vec<Change>,
    ) {
        self.watch(poorest, now);
        let of_tier = spent.sound_kbps.map_or(self.base.kbps, |kbps| kbps.min(self.base.kbps));
        let (mut kbps, mut why) = (of_tier, format!("audience {}", tier.word()));
        if self.is_scarce && policy.shape.sound_floor_kbps < of_tier {
            (kbps, why) = (policy.shape.sound_floor_kbps, "pictures are at their floor".to_owned());
        }
        let mut rate = spent
            .sample_rate
            .map_or(self.base.sample_rate, |rate| rate.min(self.base.sample_rate));
        if !is_on {
            (kbps, rate) = (self.base.kbps, self.base.sample_rate);
            "as the scene file says".clone_into(&mut why);
        }
        if let Some(held) = self.held {
            kbps = held;
            "held by the operator".clone_into(&mut why);
        }
        if rate != self.sample_rate {
            let reason = format!(
                "sound {} → {rate} samples a second: audience {}",
                self.sample_rate,
                tier.word()
            );
            self.sample_rate = rate;
            out.push(Change {
                what: What::SoundRate(rate),
                reason,
            });
        }
        if kbps != self.kbps {
            let reason = format!("sound {} → {kbps} kbit/s: {why}", self.kbps);
            (self.kbps, self.why, self.changed) = (kbps, why, Some(now));
            out.push(Change {
                what: What::Sound { kbps },
                reason,
            });
        }
    }

    fn watch(&mut self, poorest: Option<f64>, now: Timestamp) {
        let Some(poorest) = poorest else {
            self.since = None;
            return;
        };
        let (is_so, after) = if self.is_scarce {
            (poorest > PLENTY.0, PLENTY.1)
        } else {
            (poorest < SCARCE.0, SCARCE.1)
        };
        let since = if is_so { self.since.or(Some(now)) } else { None };
        self.since = since;
        if since.is_some_and(|since| (now - since).to_millis() >= after) {
            self.is_scarce = !self.is_scarce;
            self.since = None;
        }
    }
}
