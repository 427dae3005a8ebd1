//! The audience of a running show: the servers that the scene file names, and this rig's own relay, in one sum.

use tokio::sync::mpsc;

use crate::audience::{self, AudienceHandle, AudienceReport, Note, SourceCount, StatsSpec, Tally};
use crate::clock::Clock;
use crate::media::{TimeDelta, Timestamp};

/// How the relay of this rig is called among those who count.
const RELAY: &str = "relay";

/// How often the relay counts.
const RELAY_EVERY_MS: i64 = 1000;

/// Counts that may wait for the core task.
const WAITING: usize = 64;

/// Asks, adds up, and says what it does not know.
pub struct Counting {
    tally: Tally,
    reports: mpsc::Receiver<(usize, AudienceReport)>,
    names: Vec<String>,
    has_relay: bool,
    /// Each asks for as long as it is held.
    _handles: Vec<AudienceHandle>,
}

impl Counting {
    /// Begins to ask all of `specs`.
    pub fn start(specs: &[StatsSpec], clock: Clock) -> Self {
        let (sender, reports) = mpsc::channel(WAITING);
        let mut tally = Tally::new();
        let ask = |(at, spec): (usize, &StatsSpec)| {
            tally.add(&spec.name, spec.every, clock.now());
            let sender = sender.clone();
            audience::start(spec.clone(), clock, move |report| {
                // Full only if the core task is stuck; the next count says it again.
                let _ = sender.try_send((at, report));
            })
        };
        let handles = specs.iter().enumerate().map(ask).collect();
        Self {
            tally,
            reports,
            names: specs.iter().map(|spec| spec.name.clone()).collect(),
            has_relay: false,
            _handles: handles,
        }
    }

    /// The relay of this rig has that many viewers.
    pub fn relay(&mut self, viewers: usize, now: Timestamp) {
        if !std::mem::replace(&mut self.has_relay, true) {
            self.tally.add(RELAY, TimeDelta::from_millis(RELAY_EVERY_MS), now);
        }
        let viewers = AudienceReport::Viewers(viewers as u64);
        // A relay in this process has no trouble to tell of.
        let _ = self.tally.report(RELAY, &viewers, now);
    }

    /// Takes in what has come, and gives what is to be told.
    pub fn tick(&mut self, now: Timestamp) -> Vec<Note> {
        let mut notes = Vec::new();
        while let Ok((at, report)) = self.reports.try_recv() {
            notes.extend(self.tally.report(&self.names[at], &report, now));
        }
        notes.extend(self.tally.tick(now));
        notes
    }

    /// The sum, while it has no hole.
    #[must_use]
    pub fn viewers(&self) -> Option<u64> {
        self.tally.viewers()
    }

    /// What each says.
    #[must_use]
    pub fn counts(&self) -> Vec<SourceCount> {
        self.tally.sources().cloned().collect()
    }
}
