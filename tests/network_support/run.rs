//! One publisher on one trace.

use std::path::Path as FilePath;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::competitor::Competitor;
use super::path::{Path, publish_url};
use super::pushers::{Pusher, Setup};
use super::reader::{Arrival, Reader};
use super::traces::{Capacity, Trace};
use super::wire::Slot;
use crate::common::{PATIENCE, wait_for};

/// How long the line stays good after the first picture has come to the viewer, before a trace begins.
pub const WARM_UP: Duration = Duration::from_secs(6);

/// What stays the same over runs.
pub struct Conditions<'a> {
    pub clip: &'a FilePath,
    /// The program under test.
    pub rigcast: &'a FilePath,
    /// More lines of its scene file.
    pub scene: &'a str,
    /// The kernel's congestion control for publishers that do not choose one.
    pub congestion: &'a str,
}

/// What was seen. Seconds count from the beginning of the trace; what was before is negative.
pub struct Observed {
    pub trace: Trace,
    pub pusher: &'static str,
    pub begun: Instant,
    pub arrivals: Vec<Arrival>,
    /// What passed the bottleneck, and when the first slot began.
    pub slots: Vec<Slot>,
    pub slots_begun: f64,
    /// Packets that found the bottleneck's queue full, and that the cable lost.
    pub queue_drops: u64,
    pub wire_losses: u64,
    /// How many times it began to publish.
    pub publishes: usize,
    /// What the publisher wrote to standard error, the last of it.
    pub log: String,
    /// What a studio said of itself.
    pub states: Vec<(f64, Value)>,
}

impl Observed {
    /// Seconds since the beginning of the trace.
    pub fn seconds(&self, at: Instant) -> f64 {
        seconds(self.begun, at)
    }
}

fn seconds(begun: Instant, at: Instant) -> f64 {
    at.checked_duration_since(begun)
        .map_or_else(|| -(begun - at).as_secs_f64(), |since| since.as_secs_f64())
}

/// Runs it; `None` where something that it needs is missing, which has been said then.
pub fn run(pusher: &Pusher, trace: &Trace, conditions: &Conditions<'_>) -> Option<Observed> {
    let path = Path::new(trace.warm_up_kbps, conditions.congestion, 7)?;
    path.set_wire(trace.delay, 0.0);
    let folder = tempfile::tempdir().unwrap();
    let url = publish_url();
    let running = (pusher.start)(&Setup {
        near: &path.near,
        clip: conditions.clip,
        url: &url,
        folder: folder.path(),
        rigcast: conditions.rigcast,
        scene: conditions.scene,
    })?;
    let log = || std::fs::read_to_string(folder.path().join("log")).unwrap_or_default();
    wait_for(&format!("{} on air", pusher.name), PATIENCE, || {
        (path.server.publishes() > 0).then_some(())
    });
    let reader = Reader::start(&path.far);
    let first = wait_for(&format!("a picture of {}", pusher.name), PATIENCE, || {
        reader.first_picture()
    });
    std::thread::sleep((first + WARM_UP).saturating_duration_since(Instant::now()));

    let begun = Instant::now();
    path.set_wire(trace.delay, trace.loss_percent);
    follow(&path, trace, begun);
    let states = running
        .watch
        .as_ref()
        .map(super::studio::Watch::states)
        .unwrap_or_default();
    let observed = Observed {
        pusher: pusher.name,
        begun,
        arrivals: reader.arrivals(),
        slots: path.wire.slots(),
        slots_begun: seconds(begun, path.wire.begun),
        queue_drops: path.queue_drops(),
        wire_losses: path.wire.lost(),
        publishes: path.server.publishes(),
        log: tail(&log()),
        states: states
            .into_iter()
            .map(|(at, state)| (seconds(begun, at), state))
            .collect(),
        trace: trace.clone(),
    };
    // The publisher ends before its network does.
    drop(running);
    drop(reader);
    Some(observed)
}

/// Lets the line do what the trace says, until its end.
fn follow(path: &Path, trace: &Trace, begun: Instant) {
    let mut competitor = None;
    let mut moments = trace.changes.iter().map(|change| change.0).collect::<Vec<_>>();
    moments.extend(trace.competitor.map(|(from, _)| from));
    moments.extend(trace.competitor.map(|(_, to)| to));
    moments.push(trace.seconds);
    moments.sort_by(f64::total_cmp);
    let mut capacity = Capacity::Kbps(trace.warm_up_kbps);
    for moment in moments {
        let at = begun + Duration::from_secs_f64(moment);
        std::thread::sleep(at.saturating_duration_since(Instant::now()));
        let next = trace.capacity(moment);
        if next != capacity && moment < trace.seconds {
            path.wire.cut(next == Capacity::Cut);
            if let Capacity::Kbps(kbps) = next {
                path.set_kbps(kbps);
            }
            capacity = next;
        }
        let is_shared = trace.competitor.is_some_and(|(from, to)| from <= moment && moment < to);
        if is_shared != competitor.is_some() {
            competitor = is_shared.then(|| Competitor::start(path));
        }
    }
}

/// The last lines of a log.
fn tail(log: &str) -> String {
    let lines = log.lines().collect::<Vec<_>>();
    lines[lines.len().saturating_sub(20)..].join("\n")
}
