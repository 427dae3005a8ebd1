//! The state machine of one line: how much one connection of it may be given.
//!
//! ```text
//!            excess: cut at once to what is carried, less what has to drain
//!   Steady ───────────────────────────────▶ Draining ◀───────────────┐
//!     ▲                                         │ caught up          │ excess
//!     │ all of it is carried                    ▼                    │
//!     │                                      Holding ──▶ Probing ────┤
//!     │                                         │ no limit  │ carried│
//!     │                                         ▼ is near   ▼        │
//!     └───────────────────────────────────── Climbing ───────────────┘
//!
//!   any ── nothing confirmed for a second ──▶ Out ── confirmed again ──▶ Draining
//! ```
//!
//! The budget is in bit/s of TCP payload, with everything: pictures, sound, the protocol. A line has one budget however many
//! destinations it has, for it has one encoder: whoever has the largest excess makes the cut, and a climb needs all to be clear.

use super::estimator::Finding;
use super::phase::{Bounds, Phase, Seen};
use crate::media::{TimeDelta, Timestamp};

/// Below this an excess is noise.
const CLEAR_MS: i64 = 30;
/// What may wait, round trip and IDR aside, without anything being less than believed: the encoder has made too much.
const LATE_MS: i64 = 350;
/// How long a line without any destination remembers.
const MEMORY_MS: i64 = 30_000;
/// A cut that follows another within this, though nothing more was tried, may be somebody else's doing …
const AGAIN_MS: i64 = 10_000;
/// … for which that much more may wait in the network …
const MOST_TOLERANCE_MS: i64 = 240;
/// … until there has been no cut for so long.
const FORGIVE_MS: i64 = 20_000;
/// What came in pieces is no reason to go below this share at once.
const PATCHY: f64 = 0.6;
/// Of what a probe tries beyond the known, so much has to have been seen to arrive.
const SHOWN: f64 = 0.3;
/// How long a failed climb is believed.
const LIMIT_MS: i64 = 20_000;

/// The control of one line.
#[derive(Clone, Debug)]
pub(super) struct Governor {
    pub phase: Phase,
    pub budget: f64,
    /// What is carried, where it has been measured.
    pub capacity: Option<f64>,
    /// The last line of reason.
    pub why: String,
    since: Timestamp,
    /// Where more was not carried, and when.
    limit: Option<(f64, Timestamp)>,
    step: f64,
    stepped: Timestamp,
    probed: Timestamp,
    /// What was believed when the present trouble began.
    before: f64,
    /// Whether the present trouble has been a matter of too little capacity for certain.
    is_measured: bool,
    /// Bursts have promised what was not kept: not believed until then, and for how long the next time.
    doubt: (Timestamp, TimeDelta),
    is_by_burst: bool,
    lost: Timestamp,
    seen: Timestamp,
    /// When there was a cut last, and how much more may wait in the network since: others fill it too.
    cut: Timestamp,
    tolerance: TimeDelta,
}

fn kbps(bits: f64) -> u64 {
    (bits / 1000.0).round().max(0.0) as u64
}

impl Governor {
    pub(super) fn new(ceiling: f64) -> Self {
        Self {
            phase: Phase::Steady,
            budget: ceiling,
            capacity: None,
            why: String::new(),
            since: Timestamp::ZERO,
            limit: None,
            step: 0.0,
            stepped: Timestamp::ZERO,
            probed: Timestamp::ZERO,
            before: ceiling,
            is_measured: false,
            doubt: (Timestamp::ZERO, TimeDelta::from_millis(10_000)),
            is_by_burst: false,
            lost: Timestamp::ZERO,
            seen: Timestamp::ZERO,
            cut: Timestamp::ZERO,
            tolerance: TimeDelta::ZERO,
        }
    }

    /// What every connection of the line should carry.
    pub(super) fn belief(&self) -> f64 {
        self.capacity.unwrap_or(0.0).max(self.budget * 1.03)
    }

    fn enter(&mut self, phase: Phase, now: Timestamp, why: String) {
        self.phase = phase;
        self.since = now;
        self.why = why;
    }

    /// Whoever set the limit is no longer there.
    pub(super) fn forget_limit(&mut self) {
        self.limit = None;
    }

    /// Back to the start.
    pub(super) fn reset(&mut self, ceiling: f64) {
        *self = Self::new(ceiling);
    }

    /// Decides; whether the path is to be taken as it is (see [`Estimator::accept_path`](super::estimator::Estimator::accept_path)).
    pub(super) fn decide(&mut self, now: Timestamp, seen: &[Seen<'_>], bounds: &Bounds<'_>) -> bool {
        let Some(worst) = seen.iter().max_by_key(|seen| seen.finding.excess) else {
            if (now - self.seen).to_millis() > MEMORY_MS && self.phase != Phase::Steady {
                self.reset(bounds.ceiling);
                "there is no destination to wait for".clone_into(&mut self.why);
            }
            self.budget = if self.phase == Phase::Steady {
                bounds.ceiling
            } else {
                self.budget.min(bounds.ceiling)
            };
            return false;
        };
        self.seen = now;
        if self.go_out(now, seen, bounds) {
            return false;
        }
        self.lose(now, seen, bounds);
        let accepts = match self.phase {
            Phase::Draining => self.drain(now, worst, bounds),
            _ if self.is_trouble(now, seen, worst, bounds) => {
                self.cut(now, worst, bounds);
                false
            }
            Phase::Steady => {
                self.stay(now, bounds);
                false
            }
            Phase::Holding => {
                self.hold(now, seen, bounds);
                false
            }
            Phase::Probing => {
                self.probe(now, seen, bounds);
                false
            }
            Phase::Climbing => {
                self.climb(now, seen, bounds);
                false
            }
            Phase::Out => {
                let carried = worst.finding.carried.max(bounds.floor);
                self.before = carried;
                self.is_measured = true;
                (self.capacity, self.limit) = (Some(carried), None);
                self.enter(Phase::Draining, now, format!("{} confirms again", worst.name));
                self.drain(now, worst, bounds)
            }
        };
        self.budget = self.budget.clamp(bounds.floor.min(bounds.ceiling), bounds.ceiling);
        accepts
    }

    /// Nothing is confirmed: the least, until something is.
    fn go_out(&mut self, now: Timestamp, seen: &[Seen<'_>], bounds: &Bounds<'_>) -> bool {
        let Some(silent) = seen.iter().max_by_key(|seen| seen.finding.silence) else {
            return false;
        };
        let finding = &silent.finding;
        let patience = TimeDelta::from_millis(1000).max(finding.rtt * 5);
        if finding.silence <= patience {
            return false;
        }
        if self.phase != Phase::Out {
            (self.capacity, self.limit) = (None, None);
            let seconds = finding.silence.as_secs_f64();
            self.enter(
                Phase::Out,
                now,
                format!("{} has confirmed nothing for {seconds:.1} s", silent.name),
            );
        }
        self.budget = bounds.floor.min(bounds.ceiling);
        true
    }

    /// Packets that the peer misses, where nothing is confirmed that could be measured (UDP).
    fn lose(&mut self, now: Timestamp, seen: &[Seen<'_>], bounds: &Bounds<'_>) {
        let Some(lossy) = seen.iter().max_by(|a, b| a.finding.loss.total_cmp(&b.finding.loss)) else {
            return;
        };
        if lossy.finding.loss < 0.1 || (now - self.lost).to_millis() < 1000 {
            return;
        }
        self.lost = now;
        let rate = self.budget * (1.0 - lossy.finding.loss / 2.0);
        self.capacity = Some(rate / (1.0 - bounds.policy.headroom));
        self.limit = self.capacity.map(|capacity| (capacity, now));
        self.budget = rate;
        self.probed = now;
        let percent = lossy.finding.loss * 100.0;
        self.enter(
            Phase::Holding,
            now,
            format!("{} misses {percent:.0} % of the packets", lossy.name),
        );
    }

    fn is_trouble(&self, now: Timestamp, seen: &[Seen<'_>], worst: &Seen<'_>, bounds: &Bounds<'_>) -> bool {
        let patience = bounds.policy.patience;
        // Who tries more looks closer.
        let patience = match self.phase {
            Phase::Probing | Phase::Climbing => patience * 7 / 10,
            _ => patience,
        };
        // What waits in the network may be somebody else's.
        let patience = if worst.finding.is_limited {
            patience
        } else {
            patience + self.tolerance
        };
        let is_late = || seen.iter().any(|seen| seen.finding.wait.to_millis() > LATE_MS);
        worst.finding.excess > patience || (is_late() && (now - self.since).to_millis() > 500)
    }

    fn cut(&mut self, now: Timestamp, worst: &Seen<'_>, bounds: &Bounds<'_>) {
        let belief = self.belief();
        let finding = &worst.finding;
        let is_small = finding.excess <= bounds.policy.patience;
        self.tolerate(now, finding);
        let measured = if finding.is_measure {
            finding.carried
        } else {
            finding.carried.max(belief * 0.9)
        };
        let least = if finding.is_patchy { PATCHY } else { 0.2 };
        let mut capacity = measured.clamp(belief * least, belief * 0.98);
        if self.phase == Phase::Probing && is_small {
            // A probe that failed says that the present rate is right, and hardly anything new of the capacity.
            capacity = capacity.max(self.before * 0.97);
        }
        if self.is_by_burst && matches!(self.phase, Phase::Probing | Phase::Climbing) {
            self.doubt = (
                now + self.doubt.1,
                (self.doubt.1 * 2).min(TimeDelta::from_millis(120_000)),
            );
        }
        self.before = belief;
        self.is_measured = finding.is_limited || (finding.is_measure && capacity < belief * 0.7);
        self.is_by_burst = false;
        self.capacity = Some(capacity);
        self.limit = Some((capacity, now));
        self.step = 0.0;
        self.probed = now;
        self.enter(Phase::Draining, now, String::new());
        self.drain(now, worst, bounds);
    }

    /// Trouble again and again, without having tried more, in the network and not here: somebody else fills the path. Who gives way
    /// each time starves, so the more often the more may wait.
    fn tolerate(&mut self, now: Timestamp, finding: &Finding) {
        let since = (now - self.cut).to_millis();
        self.cut = now;
        if since > FORGIVE_MS {
            self.tolerance = TimeDelta::ZERO;
        } else if self.phase == Phase::Holding && !finding.is_limited && since < AGAIN_MS {
            self.tolerance =
                (self.tolerance * 2 + TimeDelta::from_millis(60)).min(TimeDelta::from_millis(MOST_TOLERANCE_MS));
        }
    }

    fn drain(&mut self, now: Timestamp, worst: &Seen<'_>, bounds: &Bounds<'_>) -> bool {
        let finding = &worst.finding;
        let policy = bounds.policy;
        let mut capacity = self.capacity.unwrap_or(bounds.floor);
        self.is_measured |= finding.is_limited && finding.is_measure;
        if finding.is_measure && finding.excess > policy.patience {
            // A moment without any confirmation is no measure; half a second is.
            let is_brief = (now - self.since).to_millis() < 500;
            let least = match (is_brief, finding.is_patchy) {
                (true, true) => self.before * PATCHY,
                (true, false) => self.before * 0.15,
                (false, _) => bounds.floor * 0.5,
            };
            capacity = finding.carried.max(least);
        } else {
            capacity = capacity.max(finding.carried);
        }
        self.capacity = Some(capacity);
        if let Some((limit, _)) = &mut self.limit {
            *limit = capacity;
        }
        let target = capacity * (1.0 - policy.headroom);
        let late = (finding.wait - TimeDelta::from_millis(LATE_MS / 2)).max(TimeDelta::ZERO);
        let owed = finding.excess_bits.max(late.as_secs_f64() * capacity);
        let least = if self.is_measured { bounds.floor } else { capacity * 0.7 };
        self.budget = (target - owed / policy.drain.as_secs_f64()).max(least);
        if finding.excess.to_millis() < CLEAR_MS && finding.wait.to_millis() < LATE_MS / 2 {
            self.budget = target;
            let why = format!("{} has caught up and carries {}", worst.name, kbps(capacity));
            self.enter(Phase::Holding, now, why);
            return false;
        }
        let wait = finding.wait.max(finding.excess).to_millis();
        self.why = format!("{} carries {} and {wait} ms wait", worst.name, kbps(capacity));
        // What does not drain although less is sent than is carried is not ours.
        let is_foreign = !finding.is_measure && finding.carried > finding.offered * 0.95;
        is_foreign && (now - self.since).to_millis() > 2500
    }

    fn stay(&mut self, now: Timestamp, bounds: &Bounds<'_>) {
        self.capacity = None;
        if self.budget < bounds.ceiling * 0.99 {
            self.step = bounds.policy.climb;
            self.stepped = now;
            self.enter(Phase::Climbing, now, "more is allowed than before".to_owned());
        } else {
            self.budget = bounds.ceiling;
        }
    }

    /// Whether all that is sent gets through as it should.
    fn is_clear(seen: &[Seen<'_>]) -> bool {
        seen.iter().all(|seen| {
            let finding = &seen.finding;
            finding.excess.to_millis() <= CLEAR_MS && finding.wait.to_millis() < LATE_MS / 2 && finding.loss < 0.02
        })
    }

    /// What goes out of the line: encoders that make less than they may prove nothing.
    fn made(seen: &[Seen<'_>], bounds: &Bounds<'_>) -> f64 {
        let offered = seen.iter().map(|seen| seen.finding.offered).fold(f64::MAX, f64::min);
        bounds.made.map_or(offered, |made| made.max(offered))
    }

    /// What bursts have shown, unless they have been found to lie.
    fn burst(&self, now: Timestamp, seen: &[Seen<'_>]) -> f64 {
        if now < self.doubt.0 {
            return 0.0;
        }
        seen.iter().map(|seen| seen.finding.burst).fold(f64::MAX, f64::min)
    }

    fn hold(&mut self, now: Timestamp, seen: &[Seen<'_>], bounds: &Bounds<'_>) {
        let policy = bounds.policy;
        let capacity = self.capacity.unwrap_or(self.budget);
        self.budget = capacity * (1.0 - policy.headroom);
        if self.budget >= bounds.ceiling {
            self.reach(now, bounds);
            return;
        }
        if now - self.since < policy.hold || !Self::is_clear(seen) {
            return;
        }
        let is_far = self.limit.is_none_or(|(limit, at)| {
            self.budget < limit * 0.85 || (now - at).to_millis() > LIMIT_MS && self.budget < limit * 0.9
        });
        let burst = self.burst(now, seen);
        let is_promised = burst > capacity * 1.35;
        let is_tried = Self::made(seen, bounds) > self.budget * 0.7;
        if is_promised || (is_far && is_tried) {
            self.before = capacity;
            self.is_by_burst = !is_far;
            self.step = policy.climb / 2.0;
            self.stepped = now;
            let why = if is_promised {
                format!("a burst went through at {}", kbps(burst))
            } else {
                format!("nothing waits at {}", kbps(self.budget))
            };
            self.budget = capacity;
            self.enter(Phase::Climbing, now, why);
        } else if bounds.may_probe && is_tried && now - self.probed >= policy.probe_every {
            self.before = capacity;
            self.is_by_burst = false;
            self.probed = now;
            self.budget = capacity * (1.0 + policy.probe);
            self.enter(
                Phase::Probing,
                now,
                format!("trying a little more than {}", kbps(capacity)),
            );
        }
    }

    fn probe(&mut self, now: Timestamp, seen: &[Seen<'_>], bounds: &Bounds<'_>) {
        let rtt = seen.iter().map(|seen| seen.finding.rtt).max().unwrap_or_default();
        self.budget = self.before * (1.0 + bounds.policy.probe);
        if self.budget >= bounds.ceiling {
            self.budget = bounds.ceiling;
        }
        if now - self.since < TimeDelta::from_millis(1200) + rtt * 2 {
            return;
        }
        self.probed = now;
        // More than before has to have arrived: an encoder that makes less than it may, or a backlog that only begins, shows nothing.
        let carried = seen.iter().map(|seen| seen.finding.carried).fold(f64::MAX, f64::min);
        let is_more = carried > self.before * (1.0 + bounds.policy.probe * SHOWN);
        if Self::is_clear(seen) && is_more && Self::made(seen, bounds) > self.before * 0.92 {
            self.limit = None;
            self.capacity = Some(self.budget);
            if self.budget >= bounds.ceiling {
                self.reach(now, bounds);
                return;
            }
            self.step = bounds.policy.climb / 2.0;
            self.stepped = now;
            self.enter(Phase::Climbing, now, format!("{} is carried", kbps(self.budget)));
        } else {
            self.capacity = Some(self.before);
            self.budget = self.before * (1.0 - bounds.policy.headroom);
            self.enter(
                Phase::Holding,
                now,
                format!("more than {} could not be shown", kbps(self.before)),
            );
        }
    }

    fn climb(&mut self, now: Timestamp, seen: &[Seen<'_>], bounds: &Bounds<'_>) {
        let rtt = seen.iter().map(|seen| seen.finding.rtt).max().unwrap_or_default();
        if now - self.stepped < TimeDelta::from_millis(300) + rtt * 2 || !Self::is_clear(seen) {
            return;
        }
        let proven = seen.iter().map(|seen| seen.finding.proven).fold(f64::MAX, f64::min);
        let burst = self.burst(now, seen);
        let known = (proven * 1.5).max(burst * 0.8);
        if Self::made(seen, bounds) < self.budget * 0.7 && burst * 0.8 < self.budget {
            return;
        }
        self.capacity = Some(self.budget);
        let next = (self.budget * (1.0 + self.step)).min(known.max(self.budget));
        if next <= self.budget {
            return;
        }
        self.step = (self.step * 1.4).min(bounds.policy.climb);
        self.stepped = now;
        if let (Some((limit, at)), false) = (self.limit, self.is_by_burst)
            && (now - at).to_millis() < LIMIT_MS
            && next > limit * (1.0 - bounds.policy.headroom)
        {
            self.capacity = Some(limit);
            self.probed = now;
            self.enter(Phase::Holding, now, format!("{} was the limit before", kbps(limit)));
            return;
        }
        self.why = format!("{} is carried", kbps(self.budget));
        self.budget = next;
        if self.budget >= bounds.ceiling {
            self.reach(now, bounds);
        }
    }

    /// Nothing is missing any more.
    fn reach(&mut self, now: Timestamp, bounds: &Bounds<'_>) {
        self.budget = bounds.ceiling;
        self.capacity = None;
        self.enter(Phase::Steady, now, "all that was asked for is carried".to_owned());
    }
}
