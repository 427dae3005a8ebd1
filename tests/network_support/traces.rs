//! The weather: what a line does over time, as data.

use std::time::Duration;

/// What the bottleneck lets through from some moment on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capacity {
    /// Kilobits of IP per second.
    Kbps(u32),
    /// Nothing arrives, in neither direction, and nobody is told.
    Cut,
}

impl Capacity {
    /// Zero while it is cut.
    pub const fn kbps(self) -> u32 {
        match self {
            Self::Kbps(kbps) => kbps,
            Self::Cut => 0,
        }
    }
}

/// A line over time. Times are seconds from its beginning, before which it has `warm_up_kbps` and loses nothing, so that
/// every publisher gets on air and shows how quick it is when nothing is wrong.
#[derive(Clone, Debug)]
pub struct Trace {
    pub name: &'static str,
    /// One line for people.
    pub title: &'static str,
    pub warm_up_kbps: u32,
    /// When it changes to what, ascending, the first at zero.
    pub changes: Vec<(f64, Capacity)>,
    pub seconds: f64,
    /// Of one direction.
    pub delay: Duration,
    /// Packets of a hundred towards the server.
    pub loss_percent: f64,
    /// While another TCP connection sends what it can.
    pub competitor: Option<(f64, f64)>,
    /// When the line gets worse, and when it has recovered; for figures that ask about it.
    pub drop_at: Option<f64>,
    pub recovery_at: Option<f64>,
    /// When a publisher that follows the line has had the time to do so: what it uses of the line is measured here.
    pub steady: (f64, f64),
}

impl Trace {
    /// What the line carries at `second`.
    pub fn capacity(&self, second: f64) -> Capacity {
        let last = self.changes.iter().rev().find(|change| change.0 <= second);
        last.map_or(Capacity::Kbps(self.warm_up_kbps), |change| change.1)
    }

    /// Kilobits that it could carry between two moments.
    pub fn kilobits(&self, from: f64, to: f64) -> f64 {
        let steps = ((to - from) * 100.0).round().max(0.0) as usize;
        let at = |step: usize| self.capacity(from + (step as f64 + 0.5) / 100.0).kbps();
        (0..steps).map(|step| f64::from(at(step)) / 100.0).sum()
    }
}

/// All of them, `scale` times as long as they are meant to be.
pub fn all(scale: f64) -> Vec<Trace> {
    vec![step(scale), loss(scale), walk(scale), outage(scale), competing(scale)]
}

/// 5 Mbit/s, then 1 for 40 s, then 5 again: a neighbour's upload, or the next room.
pub fn step(scale: f64) -> Trace {
    let (drop, recovery) = (10.0 * scale, 50.0 * scale);
    Trace {
        name: "step",
        title: "5 Mbit/s, from then on 1, then 5 again",
        changes: vec![
            (0.0, Capacity::Kbps(5000)),
            (drop, Capacity::Kbps(1000)),
            (recovery, Capacity::Kbps(5000)),
        ],
        seconds: 80.0 * scale,
        drop_at: Some(drop),
        recovery_at: Some(recovery),
        steady: (drop + 6.0 * scale, recovery),
        ..plain()
    }
}

/// A long way that loses packets whatever is sent.
pub fn loss(scale: f64) -> Trace {
    Trace {
        name: "loss",
        title: "3 Mbit/s, 80 ms there and back, 2 % of packets lost",
        changes: vec![(0.0, Capacity::Kbps(3000))],
        seconds: 60.0 * scale,
        delay: Duration::from_millis(40),
        loss_percent: 2.0,
        steady: (10.0 * scale, 60.0 * scale),
        ..plain()
    }
}

/// What a modem in a train sees: a random walk between 0.6 and 6 Mbit/s in steps of half a second, the same in each run.
pub fn walk(scale: f64) -> Trace {
    let seconds = 60.0 * scale;
    let mut random = 0x5eed_u64;
    let mut kbps = 3000.0_f64;
    let mut speed = 0.0_f64;
    let change = |step: u32| {
        // Numerical Recipes' generator; its upper bits are good.
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let throw = (random >> 33) as f64 / f64::from(1_u32 << 31) * 2.0 - 1.0;
        // The walk is one of the logarithm, with some memory of where it went.
        speed = 0.7 * speed + 0.3 * throw;
        kbps = (kbps * speed.exp()).clamp(600.0, 6000.0);
        (f64::from(step) * 0.5, Capacity::Kbps(kbps.round() as u32))
    };
    Trace {
        name: "walk",
        title: "a walk between 0.6 and 6 Mbit/s, as LTE does on the move, 50 ms there and back",
        changes: (0..(seconds * 2.0).ceil() as u32).map(change).collect(),
        seconds,
        delay: Duration::from_millis(25),
        steady: (5.0 * scale, seconds),
        ..plain()
    }
}

/// A tunnel: for 10 s nothing arrives.
pub fn outage(scale: f64) -> Trace {
    let (drop, recovery) = (10.0 * scale, 20.0 * scale);
    Trace {
        name: "outage",
        title: "5 Mbit/s with nothing at all for a while",
        changes: vec![
            (0.0, Capacity::Kbps(5000)),
            (drop, Capacity::Cut),
            (recovery, Capacity::Kbps(5000)),
        ],
        seconds: 50.0 * scale,
        drop_at: Some(drop),
        recovery_at: Some(recovery),
        steady: (recovery + 15.0 * scale, 50.0 * scale),
        ..plain()
    }
}

/// Somebody uploads a film over the same line.
pub fn competing(scale: f64) -> Trace {
    let (from, to) = (10.0 * scale, 40.0 * scale);
    Trace {
        name: "competing",
        title: "5 Mbit/s, shared with a TCP upload for a while",
        changes: vec![(0.0, Capacity::Kbps(5000))],
        seconds: 60.0 * scale,
        competitor: Some((from, to)),
        drop_at: Some(from),
        recovery_at: Some(to),
        steady: (from + 6.0 * scale, to),
        ..plain()
    }
}

/// What the traces have in common: 20 ms there and back, nothing lost.
fn plain() -> Trace {
    Trace {
        name: "",
        title: "",
        warm_up_kbps: 5000,
        changes: Vec::new(),
        seconds: 0.0,
        delay: Duration::from_millis(10),
        loss_percent: 0.0,
        competitor: None,
        drop_at: None,
        recovery_at: None,
        steady: (0.0, 0.0),
    }
}
