//! One encoder of pictures under control: from what its connections carry to what it is told.

use super::base::LineBase;
use super::change::{Change, What};
use super::governor::Governor;
use super::phase::Phase;
use super::policy::Policy;
use super::shape::{Means, Shape, Shaper, size_of};
use super::spend::{Allowed, allowed, most};
use super::tier::TierPolicy;
use crate::media::{Rate, TimeDelta, Timestamp};

/// Changes smaller than this share are not worth a message.
const WORTH: f64 = 0.03;
/// One step up at most in that time.
const RISE_EVERY_MS: i64 = 200;

/// What of a line the operator holds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Held {
    pub kbps: Option<u32>,
    pub divisor: Option<u32>,
    pub height: Option<u32>,
}

/// What goes with the pictures of a line over each of its connections.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Company {
    /// Sound in bit/s.
    pub audio: f64,
    /// Bytes on the connection for each of media: the protocol's, and FEC.
    pub overhead: f64,
}

impl Company {
    /// Bits on a connection where pictures have `kbps`.
    pub(super) fn with(self, kbps: f64) -> f64 {
        (kbps * 1000.0 + self.audio) * self.overhead
    }

    /// What is left for pictures, in kbit/s.
    pub(super) fn without(self, bits: f64) -> f64 {
        (bits / self.overhead - self.audio) / 1000.0
    }
}

/// One line.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub base: LineBase,
    pub governor: Governor,
    pub held: Held,
    pub allowed: Allowed,
    pub company: Company,
    /// What has been told last.
    pub rate: Rate,
    pub shape: Shape,
    why: String,
    /// What its encoder makes, in bit/s, smoothed.
    pub made: Option<f64>,
    /// The same over the last second alone.
    made_lately: Option<f64>,
    shaper: Shaper,
    full: Shape,
    risen: Timestamp,
    phase: Phase,
    mark: Option<(Timestamp, u64)>,
    /// Said with the next change, whatever the network thinks.
    cause: Option<String>,
}

impl Line {
    pub(super) fn new(base: LineBase, policy: &Policy, audio: f64) -> Self {
        let company = Company { audio, overhead: 1.0 };
        let allowed = allowed(&base, &TierPolicy::default());
        let shaper = Shaper::new(&base, &policy.shape);
        let full = Shape {
            divisor: 1,
            width: base.width,
            height: base.height,
        };
        Self {
            governor: Governor::new(company.with(f64::from(allowed.ceiling_kbps))),
            held: Held::default(),
            company,
            rate: base.rate,
            shape: full,
            why: "as the scene file says".to_owned(),
            made: None,
            made_lately: None,
            shaper,
            full,
            risen: Timestamp::ZERO,
            phase: Phase::Steady,
            mark: None,
            cause: None,
            allowed,
            base,
        }
    }

    /// Another policy: other steps.
    pub(super) fn set_policy(&mut self, policy: &Policy) {
        self.shaper = Shaper::new(&self.base, &policy.shape);
        self.cause = Some(format!("policy {}", policy.name));
    }

    /// The scene file says something else of its bitrate.
    pub(super) fn rebase(&mut self, base: LineBase) {
        self.base = base;
        self.allowed = allowed(&self.base, &TierPolicy::default());
        let ceiling = self.ceiling();
        self.governor.reset(ceiling);
        self.because("the scene file was changed");
    }

    /// Why the next change comes.
    pub(super) fn because(&mut self, cause: &str) {
        self.cause = Some(cause.to_owned());
    }

    /// What the tier leaves of it.
    pub(super) fn set_tier(&mut self, tier: &TierPolicy) {
        self.allowed = allowed(&self.base, tier);
    }

    /// The sum of what its encoder has made.
    pub(super) fn encoded(&mut self, bytes: u64, now: Timestamp) {
        let Some((at, before)) = self.mark else {
            self.mark = Some((now, bytes));
            return;
        };
        if now - at < TimeDelta::from_millis(1000) {
            return;
        }
        self.mark = Some((now, bytes));
        let seen = bytes.saturating_sub(before) as f64 * 8.0 / (now - at).as_secs_f64();
        self.made_lately = Some(seen);
        self.made = Some(self.made.map_or(seen, |made| made + (seen - made) * 0.5));
    }

    /// The ceiling of its budget in bits on each connection.
    pub(super) fn ceiling(&self) -> f64 {
        self.company.with(f64::from(self.allowed.ceiling_kbps))
    }

    /// The floor of its budget.
    pub(super) fn floor(&self, floor_kbps: u32) -> f64 {
        self.company.with(f64::from(floor_kbps.min(self.allowed.ceiling_kbps)))
    }

    /// What pictures can have for some time in kbit/s: a drain does not last.
    pub(super) fn lasting_kbps(&self, headroom: f64) -> f64 {
        let bits = match (self.governor.phase, self.governor.capacity) {
            (Phase::Draining, Some(capacity)) => capacity * (1.0 - headroom),
            _ => self.governor.budget,
        };
        self.company.without(bits).min(f64::from(self.allowed.ceiling_kbps))
    }

    /// The share of what was asked for that can go out.
    pub(super) fn share(&self, headroom: f64) -> f64 {
        let ceiling = f64::from(self.allowed.ceiling_kbps.min(self.allowed.rate.kbps.max(1)));
        // What the operator holds is no fault of the network's.
        (self.lasting_kbps(headroom) / ceiling).clamp(0.0, 1.0)
    }

    /// Why the rate is what it is: of what has changed nothing yet, too.
    pub(super) fn why(&self) -> &str {
        if self.held.kbps.is_none() && self.governor.phase != Phase::Steady {
            &self.governor.why
        } else {
            &self.why
        }
    }

    /// Tells what has changed enough.
    pub(super) fn tell(&mut self, index: usize, policy: &Policy, is_on: bool, now: Timestamp, out: &mut Vec<Change>) {
        self.tell_rate(index, policy, is_on, now, out);
        self.tell_shape(index, policy, is_on, now, out);
    }

    fn wanted(&self, policy: &Policy, is_on: bool) -> Rate {
        if let Some(kbps) = self.held.kbps {
            return self.allowed.pinned(kbps);
        }
        if !is_on {
            return self.base.rate;
        }
        let floor = policy.network.floor_kbps.min(self.allowed.ceiling_kbps);
        let kbps = self.company.without(self.governor.budget).round().max(0.0) as u32;
        // Nobody reads the last digit.
        let kbps = if kbps + 5 >= self.allowed.ceiling_kbps {
            kbps
        } else {
            kbps / 10 * 10
        };
        self.allowed.within(kbps.max(floor))
    }

    fn tell_rate(&mut self, index: usize, policy: &Policy, is_on: bool, now: Timestamp, out: &mut Vec<Change>) {
        let wanted = self.wanted(policy, is_on);
        let is_new_phase = self.phase != self.governor.phase;
        if wanted == self.rate {
            self.cause = None;
            self.phase = self.governor.phase;
            return;
        }
        let (before, after) = (self.rate, wanted);
        let amount = |rate: Rate| f64::from(most(rate).unwrap_or(u32::MAX));
        let growth = amount(after) / amount(before).max(1.0) - 1.0;
        let is_final = self.held.kbps.is_some() || !is_on || wanted == self.allowed.rate;
        let is_other_kind = std::mem::discriminant(&before.control) != std::mem::discriminant(&after.control);
        let is_draining = self.governor.phase == Phase::Draining && !is_new_phase;
        // A drain moves all the time: only what is worth a word is said.
        let (worth, every) = if is_draining {
            (WORTH * 5.0, RISE_EVERY_MS * 2)
        } else {
            (WORTH, RISE_EVERY_MS)
        };
        let may_rise = is_new_phase || (now - self.risen).to_millis() >= every;
        let is_worth = is_final || is_other_kind || growth < -worth || (growth > worth && may_rise);
        if !is_worth {
            return;
        }
        self.phase = self.governor.phase;
        self.risen = now;
        self.rate = wanted;
        let cause = self.cause.take();
        self.why = if self.held.kbps.is_some() {
            "held by the operator".to_owned()
        } else if !is_on {
            "as the scene file says".to_owned()
        } else {
            cause.unwrap_or_else(|| self.governor.why.clone())
        };
        let shown = |rate: Rate| most(rate).map_or_else(|| "constant quality".to_owned(), |kbps| kbps.to_string());
        let reason = format!("{} → {} kbit/s: {}", shown(before), shown(after), self.why);
        out.push(Change {
            what: What::Rate(index, wanted),
            reason,
        });
    }

    fn tell_shape(&mut self, index: usize, policy: &Policy, is_on: bool, now: Timestamp, out: &mut Vec<Change>) {
        let mut reason = None;
        if self.governor.phase == Phase::Out {
            self.shaper.pause();
        }
        if is_on && self.governor.phase != Phase::Out {
            let kbps = self
                .held
                .kbps
                .map_or_else(|| self.lasting_kbps(policy.network.headroom), f64::from);
            let means = Means {
                kbps,
                told_kbps: f64::from(self.rate.kbps),
                made_kbps: self.made_lately.map_or(0.0, |made| made / 1000.0),
                may_rise: self.governor.phase != Phase::Draining,
            };
            reason = self.shaper.decide(&self.base, &policy.shape, means, now);
        }
        let mut wanted = if is_on { self.shaper.shape() } else { self.full };
        if let Some(divisor) = self.held.divisor {
            wanted.divisor = divisor.clamp(1, 3);
        }
        if let Some(height) = self.held.height {
            (wanted.width, wanted.height) = size_of(&self.base, height);
        }
        let said = |is_held: bool| match (&reason, is_held) {
            (_, true) => "held by the operator".to_owned(),
            (Some(reason), _) => reason.clone(),
            _ if !is_on => "as the scene file says".to_owned(),
            _ => "given back by the operator".to_owned(),
        };
        if wanted.divisor != self.shape.divisor {
            let fps = |divisor: u32| self.base.frame_rate.as_f64() / f64::from(divisor);
            let (before, after) = (fps(self.shape.divisor), fps(wanted.divisor));
            let reason = format!(
                "{before:.0} → {after:.0} pictures a second: {}",
                said(self.held.divisor.is_some())
            );
            out.push(Change {
                what: What::FrameRate(index, wanted.divisor),
                reason,
            });
        }
        if (wanted.width, wanted.height) != (self.shape.width, self.shape.height) {
            let (before, after) = (self.shape.height, wanted.height);
            let reason = format!("{before} → {after} lines: {}", said(self.held.height.is_some()));
            out.push(Change {
                what: What::Size(index, wanted.width, wanted.height),
                reason,
            });
        }
        self.shape = wanted;
    }
}
