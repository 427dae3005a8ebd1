//! The controller of a whole studio.

use std::collections::BTreeMap;

use super::base::Base;
use super::change::{Change, Pin, PinKind, What};
use super::connection::Connection;
use super::line::{Company, Line};
use super::phase::{Bounds, Phase, Seen};
use super::policy::Policy;
use super::quality::{Quality, Showing};
use super::sample::Sample;
use super::sound::Sound;
use super::state::{DestinationState, LineState, State};
use super::tier::{Tier, TierWatch};
use crate::media::{TimeDelta, Timestamp};

/// Bytes on the wire for each byte of TCP payload: what a known uplink is counted in.
const WIRE: f64 = 1.05;
/// Of a known uplink, what is used at most: others use it too.
const UPLINK_SHARE: f64 = 0.97;
/// Troubles of several destinations that begin within this are one trouble of the uplink …
const TOGETHER_MS: i64 = 700;
/// … which is then taken as shared for so long.
const SHARED_MS: i64 = 60_000;

/// The controller of a whole studio: plain logic, deterministic, asked every 50 ms.
#[derive(Clone, Debug)]
pub struct Director {
    base: Base,
    policy: Policy,
    is_on: bool,
    lines: Vec<Line>,
    connections: BTreeMap<String, Connection>,
    sound: Sound,
    watch: TierWatch,
    held_tier: Option<Tier>,
    pins: Vec<Pin>,
    shared_until: Option<Timestamp>,
    told_tier: Tier,
    told_ladder: usize,
    told_quality: Quality,
    /// Changes that are due with the next decision.
    due: Vec<Change>,
}

impl Director {
    /// A controller of what the scene file says. Whoever runs it has started everything so; what the policy wants otherwise
    /// comes with the first decision.
    #[must_use]
    pub fn new(base: Base, policy: Policy) -> Self {
        let audio = f64::from(base.sound.kbps) * 1000.0;
        Self {
            lines: base
                .lines
                .iter()
                .map(|line| Line::new(line.clone(), &policy, audio))
                .collect(),
            is_on: true,
            connections: BTreeMap::new(),
            sound: Sound::new(base.sound),
            watch: TierWatch::default(),
            held_tier: None,
            pins: Vec::new(),
            shared_until: None,
            told_tier: Tier::default(),
            told_ladder: base.lines.len().saturating_sub(1),
            told_quality: Quality::default(),
            due: Vec::new(),
            base,
            policy,
        }
    }

    /// Goes on by another policy.
    pub fn set_policy(&mut self, policy: Policy) {
        self.policy = policy;
        for line in &mut self.lines {
            line.set_policy(&self.policy);
        }
    }

    /// The scene file says something else of lines that stay: each goes on from where it is.
    pub fn rebase(&mut self, base: Base) {
        for (line, base) in self.lines.iter_mut().zip(&base.lines) {
            if line.base != *base {
                line.rebase(base.clone());
            }
        }
        self.sound.rebase(base.sound);
        self.base = base;
    }

    /// On, or off: everything as the scene file says, and as the operator holds it.
    pub fn set_on(&mut self, is_on: bool) {
        if self.is_on == is_on {
            return;
        }
        self.is_on = is_on;
        for line in &mut self.lines {
            let ceiling = line.ceiling();
            line.governor.reset(ceiling);
            line.because("adaptation is on");
        }
    }

    /// Holds a value until it is given back. Of a line that is not there, nothing.
    pub fn pin(&mut self, what: Pin) {
        self.pins.retain(|pin| pin.kind() != what.kind());
        self.pins.push(what);
        self.apply_pins();
    }

    /// Gives back one value, or all.
    pub fn release(&mut self, what: Option<PinKind>) {
        self.pins.retain(|pin| what.is_some_and(|kind| pin.kind() != kind));
        self.apply_pins();
        for line in &mut self.lines {
            line.because("given back by the operator");
        }
    }

    fn apply_pins(&mut self) {
        for line in &mut self.lines {
            line.held = super::line::Held::default();
        }
        (self.held_tier, self.sound.held) = (None, None);
        for pin in &self.pins {
            match *pin {
                Pin::SoundKbps(kbps) => self.sound.held = Some(kbps.max(8)),
                Pin::Tier(tier) => self.held_tier = Some(tier),
                Pin::Kbps(line, _) | Pin::FrameRate(line, _) | Pin::Height(line, _) => {
                    let Some(line) = self.lines.get_mut(line) else { continue };
                    match *pin {
                        Pin::Kbps(_, kbps) => line.held.kbps = Some(kbps.max(1)),
                        Pin::FrameRate(_, divisor) => line.held.divisor = Some(divisor),
                        Pin::Height(_, height) => line.held.height = Some(height),
                        Pin::SoundKbps(_) | Pin::Tier(_) => {}
                    }
                }
            }
        }
    }

    /// A destination has a connection, and takes that line.
    pub fn connected(&mut self, destination: &str, line: usize, now: Timestamp) {
        let connection = Connection::new(line, now);
        if let Some(before) = self.connections.insert(destination.to_owned(), connection)
            && before.line == line
            && let Some(connection) = self.connections.get_mut(destination)
        {
            connection.quality = before.quality;
            connection.is_left_behind = before.is_left_behind;
        }
    }

    /// A destination has no connection.
    pub fn gone(&mut self, destination: &str) {
        let Some(connection) = self.connections.remove(destination) else {
            return;
        };
        if let Some(line) = self.lines.get_mut(connection.line)
            && self.connections.values().any(|other| other.line == connection.line)
        {
            line.governor.forget_limit();
        }
    }

    /// What is seen of a destination's connection. Of one that nobody has called connected, nothing.
    pub fn sample(&mut self, destination: &str, sample: &Sample) {
        let Some(connection) = self.connections.get_mut(destination) else {
            return;
        };
        let Some(line) = self.lines.get(connection.line) else {
            return;
        };
        connection.estimator.observe(sample, line.governor.belief());
    }

    /// How many bytes the line's encoder has made in all: the real throughput.
    pub fn encoded(&mut self, line: usize, bytes: u64, now: Timestamp) {
        if let Some(line) = self.lines.get_mut(line) {
            line.encoded(bytes, now);
        }
    }

    /// How many watch; `None` while that is unknown or stale: the last tier is kept.
    pub fn audience(&mut self, viewers: Option<u64>, now: Timestamp) {
        self.watch.count(viewers, &self.policy.tiers, now);
    }

    fn tier(&self) -> Tier {
        self.held_tier.unwrap_or(self.watch.tier)
    }

    /// What is to change now; mostly nothing.
    pub fn decide(&mut self, now: Timestamp) -> Vec<Change> {
        let mut changes = std::mem::take(&mut self.due);
        self.decide_tier(now, &mut changes);
        self.judge(now, &mut changes);
        self.govern(now);
        for (index, line) in self.lines.iter_mut().enumerate() {
            line.tell(index, &self.policy, self.is_on, now, &mut changes);
        }
        self.decide_sound(now, &mut changes);
        self.decide_quality(now, &mut changes);
        changes
    }

    fn decide_tier(&mut self, now: Timestamp, changes: &mut Vec<Change>) {
        self.watch.settle(&self.policy.tiers, now);
        let tier = self.tier();
        let counted = (self.held_tier, self.watch.viewers);
        let viewers = || match counted {
            (Some(_), _) => "held by the operator".to_owned(),
            (None, Some(1)) => "1 viewer".to_owned(),
            (None, Some(viewers)) => format!("{viewers} viewers"),
            (None, None) => "viewers unknown".to_owned(),
        };
        if tier != self.told_tier {
            self.told_tier = tier;
            changes.push(Change {
                what: What::Tier(tier),
                reason: format!("audience {}: {}", tier.word(), viewers()),
            });
        }
        let spent = self.policy.tier(tier).clone();
        for line in &mut self.lines {
            let before = line.allowed;
            line.set_tier(&spent);
            if before != line.allowed {
                line.because(&format!("audience {}, {}", tier.word(), viewers()));
            }
        }
        let all = self.lines.len().saturating_sub(1);
        let ladder = match spent.ladder {
            Some(ladder) if self.is_on => ladder.min(all),
            _ => all,
        };
        if ladder != self.told_ladder {
            self.told_ladder = ladder;
            changes.push(Change {
                what: What::Ladder(ladder),
                reason: format!(
                    "{ladder} of {all} renditions offered: audience {}, {}",
                    tier.word(),
                    viewers()
                ),
            });
        }
    }

    /// What every connection carries, who chokes together, and who is left behind.
    fn judge(&mut self, now: Timestamp, changes: &mut Vec<Change>) {
        let patience = self.policy.network.patience.to_millis();
        for connection in self.connections.values_mut() {
            let Some(line) = self.lines.get(connection.line) else {
                continue;
            };
            connection.judge(line.governor.belief(), patience, now);
        }
        let recent = |connection: &&Connection| {
            connection
                .trouble
                .is_some_and(|since| (now - since).to_millis() <= TOGETHER_MS)
        };
        if self.connections.values().filter(recent).count() >= 2 {
            self.shared_until = Some(now + TimeDelta::from_millis(SHARED_MS));
        }
        let is_shared = self.is_shared(now);
        let share = if is_shared {
            0.0
        } else {
            self.policy.network.left_behind
        };
        let names: Vec<String> = self.connections.keys().cloned().collect();
        for name in names {
            let others = self.others_carry(&name, now);
            let is_alone = !self.has_company(&name, now);
            let Some(connection) = self.connections.get_mut(&name) else {
                continue;
            };
            if !connection.is_fresh(now) || !connection.compare(others, is_alone, share, now) {
                continue;
            }
            let is_left = connection.is_left_behind;
            let carried = (connection.finding.carried / 1000.0).round();
            let reason = match (is_left, others) {
                (true, Some(others)) => format!(
                    "{name} carries {carried} kbit/s where the others carry {:.0}: the show goes on without waiting for it",
                    others / 1000.0
                ),
                (true, None) => format!("{name} carries {carried} kbit/s"),
                (false, _) => format!("{name} takes everything again"),
            };
            changes.push(Change {
                what: What::LeftBehind(name, is_left),
                reason,
            });
        }
    }

    /// Whether the line has another destination to go by.
    fn has_company(&self, name: &str, now: Timestamp) -> bool {
        let line = self.connections.get(name).map(|connection| connection.line);
        let mut others = self.connections.iter().filter(|(other, _)| *other != name);
        others.any(|(_, other)| Some(other.line) == line && other.counts(now))
    }

    /// What the slowest of the other destinations on the same line has carried without trouble; `None` if there is none.
    fn others_carry(&self, name: &str, now: Timestamp) -> Option<f64> {
        let line = self.connections.get(name)?.line;
        self.connections
            .iter()
            .filter(|(other, connection)| *other != name && connection.line == line && connection.counts(now))
            .filter(|(_, connection)| connection.is_clear())
            .map(|(_, connection)| connection.finding.proven.max(connection.finding.offered * 0.9))
            .min_by(f64::total_cmp)
    }

    fn is_shared(&self, now: Timestamp) -> bool {
        self.shared_until.is_some_and(|until| now < until)
    }

    fn govern(&mut self, now: Timestamp) {
        let uplink = self
            .base
            .uplink_kbps
            .map(|kbps| f64::from(kbps) * 1000.0 / WIRE * UPLINK_SHARE);
        self.measure_company(now);
        let share = self.uplink_share(uplink);
        let is_shared = uplink.is_some() || self.is_shared(now);
        for index in 0..self.lines.len() {
            let is_other_trying =
                self.lines.iter().enumerate().any(|(other, line)| {
                    other != index && matches!(line.governor.phase, Phase::Probing | Phase::Climbing)
                });
            let line = &mut self.lines[index];
            let ceiling = line.ceiling() * share;
            if !self.is_on || !self.policy.network.is_followed {
                line.governor.reset(ceiling);
                continue;
            }
            let bounds = Bounds {
                ceiling,
                floor: line.floor(self.policy.network.floor_kbps),
                policy: &self.policy.network,
                may_probe: !is_shared || !is_other_trying,
                made: line
                    .made
                    .map(|made| (made + line.company.audio) * line.company.overhead),
            };
            let seen: Vec<Seen<'_>> = self
                .connections
                .iter()
                .filter(|(_, connection)| connection.line == index && connection.counts(now))
                .map(|(name, connection)| Seen {
                    name,
                    finding: connection.finding,
                })
                .collect();
            if line.governor.decide(now, &seen, &bounds) {
                for connection in self
                    .connections
                    .values_mut()
                    .filter(|connection| connection.line == index)
                {
                    connection.estimator.accept_path(now);
                }
            }
        }
    }

    /// What sound and the protocol take on the line's connections: the most of any, as it has been measured.
    fn measure_company(&mut self, now: Timestamp) {
        let nominal = f64::from(self.sound.kbps) * 1000.0;
        let is_new = self.sound.is_new(now);
        for (index, line) in self.lines.iter_mut().enumerate() {
            let of_line = || self.connections.values().filter(|connection| connection.line == index);
            let overhead = of_line()
                .map(|connection| connection.estimator.overhead())
                .fold(1.0, f64::max);
            let audio = of_line()
                .filter_map(|connection| connection.estimator.audio())
                .max_by(f64::total_cmp);
            line.company = Company {
                // Measured sound lags behind a change of it.
                audio: if is_new { nominal } else { audio.unwrap_or(nominal) },
                overhead,
            };
        }
    }

    /// By how much everything must be smaller for the known uplink to carry it; 1 if it does, or nobody knows.
    fn uplink_share(&self, uplink: Option<f64>) -> f64 {
        let Some(uplink) = uplink else { return 1.0 };
        let asked: f64 = self
            .connections
            .values()
            .filter_map(|connection| self.lines.get(connection.line))
            .map(Line::ceiling)
            .sum();
        (uplink / asked.max(1.0)).min(1.0)
    }

    fn decide_sound(&mut self, now: Timestamp, changes: &mut Vec<Change>) {
        let tier = self.tier();
        let headroom = self.policy.network.headroom;
        let floor = f64::from(self.policy.network.floor_kbps);
        let poorest = self
            .lines
            .iter()
            .filter(|line| line.governor.phase != Phase::Out)
            .map(|line| line.lasting_kbps(headroom) / floor.min(f64::from(line.allowed.ceiling_kbps)).max(1.0))
            .min_by(f64::total_cmp);
        self.sound.decide(
            &self.policy,
            self.policy.tier(tier),
            tier,
            self.is_on,
            poorest,
            now,
            changes,
        );
    }

    fn decide_quality(&mut self, now: Timestamp, changes: &mut Vec<Change>) {
        let headroom = self.policy.network.headroom;
        let mut worst: Option<(Quality, String)> = None;
        for (name, connection) in &mut self.connections {
            let Some(line) = self.lines.get(connection.line) else {
                continue;
            };
            let finding = &connection.finding;
            let mut share = line.share(headroom);
            if connection.is_left_behind {
                share = share.min(finding.carried / line.ceiling().max(1.0));
            }
            let is_out = finding.silence.to_millis() > 1000;
            connection.quality.judge(
                Showing {
                    share,
                    wait: finding.wait,
                    is_out,
                },
                now,
            );
            let quality = connection.quality.quality;
            if connection.is_left_behind || worst.as_ref().is_some_and(|(worst, _)| *worst <= quality) {
                continue;
            }
            let (percent, wait) = (share * 100.0, finding.wait.to_millis());
            let what = if is_out {
                "confirms nothing".to_owned()
            } else {
                format!("{percent:.0} %, {wait} ms wait")
            };
            worst = Some((quality, format!("{name} {what}")));
        }
        let (quality, why) = worst.unwrap_or((Quality::Good, "nobody to reach".to_owned()));
        if quality != self.told_quality {
            let reason = format!("network {}: {why}", quality.word());
            self.told_quality = quality;
            changes.push(Change {
                what: What::Quality(quality),
                reason,
            });
        }
    }

    /// All of it, for screens and scripts.
    #[must_use]
    pub fn state(&self) -> State {
        let kbps = |bits: f64| (bits / 1000.0).round().max(0.0) as u32;
        let lines = self.lines.iter().map(|line| LineState {
            name: line.base.name.clone(),
            rate: line.rate,
            base_kbps: line.base.rate.kbps,
            made_kbps: line.made.map_or(0, kbps),
            width: line.shape.width,
            height: line.shape.height,
            divisor: line.shape.divisor,
            phase: line.governor.phase,
            capacity_kbps: line.governor.capacity.map(kbps),
            why: line.why().to_owned(),
        });
        let destinations = self.connections.iter().map(|(name, connection)| DestinationState {
            name: name.clone(),
            line: connection.line,
            quality: connection.quality.quality,
            carried_kbps: kbps(connection.estimator.arriving()),
            wait: connection.finding.wait,
            is_left_behind: connection.is_left_behind,
        });
        State {
            is_on: self.is_on,
            policy: self.policy.name.clone(),
            quality: self.told_quality,
            tier: self.tier(),
            viewers: self.watch.viewers,
            lines: lines.collect(),
            sound: self.sound.state(),
            ladder: self.told_ladder,
            destinations: destinations.collect(),
            pins: self.pins.clone(),
        }
    }
}
