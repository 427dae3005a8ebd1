//! Several servers, one sum; and what is not known is said, once. Pure: reports and time come in.
//!
//! ```text
//!            count               3 × every without one,             60 s after the last
//!  Waiting ────────→ Fresh ───────or a failure────────→ Held ──────────────────────────→ Lost
//!     │                ↑ ←────────────count──────────────┘                                │
//!     │                └──────────────────────────────count───────────────────────────────┤
//!     └──────────────────3 × every without one, or a failure──────────────────────────────┘
//! ```
//! A server that fails keeps its last count for a while, since viewers do not leave because a page does not load. After that the
//! sum has a hole in it, and [`Tally::viewers`] is `None`: whoever acts on it then stays as they are.

use serde::{Deserialize, Serialize};

use super::AudienceReport;
use crate::media::{TimeDelta, Timestamp};

/// A count is late after so many times its server's pace.
const LATE_AFTER: i64 = 3;

/// How long a last count holds after it came; or twice as long as it takes to be late, if that is longer.
const HOLD_MS: i64 = 60_000;

/// How far a count can be relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// The server has only just been asked for the first time.
    Waiting,
    /// It says so, now.
    Fresh,
    /// It said so a while ago, and does not answer now.
    Held,
    /// It has not answered for too long, or never.
    Lost,
}

/// What one server says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceCount {
    /// As in its [`StatsSpec`](super::StatsSpec).
    pub name: String,
    /// The last count, whatever its standing.
    pub viewers: Option<u64>,
    /// Whether it can be relied on.
    pub standing: Standing,
    /// Why there is no newer one.
    pub problem: Option<String>,
}

/// Something to tell the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Whether it is trouble, or the end of some.
    pub is_warning: bool,
    /// In words.
    pub text: String,
}

/// All servers of a show.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    sources: Vec<Source>,
}

#[derive(Clone, Debug)]
struct Source {
    count: SourceCount,
    late_after: TimeDelta,
    hold: TimeDelta,
    /// When the last count came; before the first one, when the waiting began.
    since: Timestamp,
}

impl Tally {
    /// Nobody to ask: nobody watches, as far as anybody says.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins to wait for the server of that name, which is asked at that pace; the relay of this rig is one as well.
    /// One that is there already starts anew.
    pub fn add(&mut self, name: &str, every: TimeDelta, now: Timestamp) {
        self.remove(name);
        let late_after = every * LATE_AFTER;
        self.sources.push(Source {
            count: SourceCount {
                name: name.to_owned(),
                viewers: None,
                standing: Standing::Waiting,
                problem: None,
            },
            late_after,
            hold: (late_after * 2).max(TimeDelta::from_millis(HOLD_MS)),
            since: now,
        });
    }

    /// Waits for the server of that name no longer.
    pub fn remove(&mut self, name: &str) {
        self.sources.retain(|source| source.count.name != name);
    }

    /// Takes what the server of that name said. One that was not added is not listened to.
    pub fn report(&mut self, name: &str, report: &AudienceReport, now: Timestamp) -> Option<Note> {
        let source = self.sources.iter_mut().find(|source| source.count.name == name)?;
        match report {
            AudienceReport::Viewers(viewers) => source.counted(*viewers, now),
            AudienceReport::Failed(reason) => source.failed(reason, now),
        }
    }

    /// Lets time pass: to be called a few times a second. What is to be told is told once.
    pub fn tick(&mut self, now: Timestamp) -> Vec<Note> {
        self.sources.iter_mut().filter_map(|source| source.tick(now)).collect()
    }

    /// The sum over all servers. `None` while it has a hole in it, and where there are no servers.
    #[must_use]
    pub fn viewers(&self) -> Option<u64> {
        if self.sources.is_empty() {
            return None;
        }
        let known = self.sources.iter().map(|source| match source.count.standing {
            Standing::Fresh | Standing::Held => source.count.viewers,
            Standing::Waiting | Standing::Lost => None,
        });
        known.sum()
    }

    /// What each server says, in the order in which they were added.
    pub fn sources(&self) -> impl Iterator<Item = &SourceCount> {
        self.sources.iter().map(|source| &source.count)
    }
}

impl Source {
    fn counted(&mut self, viewers: u64, now: Timestamp) -> Option<Note> {
        let before = self.count.standing;
        self.count.viewers = Some(viewers);
        self.count.standing = Standing::Fresh;
        self.count.problem = None;
        self.since = now;
        matches!(before, Standing::Held | Standing::Lost).then(|| Note {
            is_warning: false,
            text: format!("viewers of {}: {viewers}, counted again", self.count.name),
        })
    }

    fn failed(&mut self, reason: &str, now: Timestamp) -> Option<Note> {
        self.count.problem = Some(reason.to_owned());
        match self.count.standing {
            Standing::Waiting => Some(self.lose()),
            Standing::Fresh => Some(self.hold(now)),
            Standing::Held | Standing::Lost => self.tick(now),
        }
    }

    fn tick(&mut self, now: Timestamp) -> Option<Note> {
        let silent = now - self.since;
        let is_late = silent > self.late_after;
        match self.count.standing {
            Standing::Waiting if is_late => Some(self.lose()),
            Standing::Fresh if is_late => Some(self.hold(now)),
            Standing::Held if silent > self.hold => Some(self.lose()),
            _ => None,
        }
    }

    fn hold(&mut self, now: Timestamp) -> Note {
        self.count.standing = Standing::Held;
        let left = (self.hold - (now - self.since)).max(TimeDelta::ZERO);
        Note {
            is_warning: true,
            text: format!(
                "viewers of {}: {}; {} are taken for true for another {} s",
                self.count.name,
                self.reason(),
                self.count.viewers.unwrap_or_default(),
                (left.to_millis() + 500) / 1000
            ),
        }
    }

    fn lose(&mut self) -> Note {
        self.count.standing = Standing::Lost;
        Note {
            is_warning: true,
            text: format!(
                "viewers of {}: {}; how many watch is not known, and the tier stays as it is",
                self.count.name,
                self.reason()
            ),
        }
    }

    fn reason(&self) -> String {
        let silence = || format!("no count for {} s", self.late_after.to_millis() / 1000);
        self.count.problem.clone().unwrap_or_else(silence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    fn failed() -> AudienceReport {
        AudienceReport::Failed("h:1: answers 500 Internal Server Error".to_owned())
    }

    /// A tally of one server, asked every 5 s from time 0 on.
    fn one() -> Tally {
        let mut tally = Tally::new();
        tally.add("edge", TimeDelta::from_millis(5000), at(0));
        tally
    }

    #[test]
    fn a_server_goes_through_its_states_and_each_is_told_once() {
        use AudienceReport::Viewers;
        use Standing::{Fresh, Held, Lost, Waiting};
        /// At that second: the report, if any; then the sum, the standing, and how the note begins.
        type Row = (i64, Option<AudienceReport>, Option<u64>, Standing, Option<&'static str>);
        let late: &[Row] = &[
            (0, None, None, Waiting, None),
            (5, Some(Viewers(50)), Some(50), Fresh, None),
            (20, None, Some(50), Fresh, None),
            (
                21,
                None,
                Some(50),
                Held,
                Some("viewers of edge: no count for 15 s; 50 are taken for true for another 44 s"),
            ),
            (22, None, Some(50), Held, None),
            (65, None, Some(50), Held, None),
            (
                66,
                None,
                None,
                Lost,
                Some("viewers of edge: no count for 15 s; how many watch is not known"),
            ),
            (67, None, None, Lost, None),
            (90, Some(failed()), None, Lost, None),
            (
                95,
                Some(Viewers(7)),
                Some(7),
                Fresh,
                Some("viewers of edge: 7, counted again"),
            ),
            (96, Some(Viewers(8)), Some(8), Fresh, None),
        ];
        let failing: &[Row] = &[
            (5, Some(Viewers(0)), Some(0), Fresh, None),
            (
                10,
                Some(failed()),
                Some(0),
                Held,
                Some("viewers of edge: h:1: answers 500 Internal Server Error; 0 are taken"),
            ),
            (15, Some(failed()), Some(0), Held, None),
            (40, Some(failed()), Some(0), Held, None),
            (
                66,
                Some(failed()),
                None,
                Lost,
                Some("viewers of edge: h:1: answers 500 Internal Server Error; how many"),
            ),
        ];
        let recovering: &[Row] = &[
            (5, Some(Viewers(9)), Some(9), Fresh, None),
            (10, Some(failed()), Some(9), Held, Some("viewers of edge: h:1: answers")),
            (
                20,
                Some(Viewers(10)),
                Some(10),
                Fresh,
                Some("viewers of edge: 10, counted again"),
            ),
        ];
        let never: &[Row] = &[
            (15, None, None, Waiting, None),
            (
                16,
                None,
                None,
                Lost,
                Some("viewers of edge: no count for 15 s; how many"),
            ),
        ];
        let refused: &[Row] = &[(1, Some(failed()), None, Lost, Some("viewers of edge: h:1: answers 500"))];
        for rows in [late, failing, recovering, never, refused] {
            let mut tally = one();
            for (second, report, viewers, standing, note) in rows {
                let mut notes = tally.tick(at(*second));
                if let Some(report) = report {
                    notes.extend(tally.report("edge", report, at(*second)));
                }
                let told: Vec<&str> = notes.iter().map(|note| note.text.as_str()).collect();
                let source = tally.sources().next().unwrap();
                assert_eq!(source.standing, *standing, "at {second} s: {told:?}");
                assert_eq!(tally.viewers(), *viewers, "at {second} s");
                assert_eq!(told.len(), usize::from(note.is_some()), "at {second} s: {told:?}");
                if let Some(expected) = note {
                    assert!(told[0].starts_with(expected), "at {second} s: {told:?}");
                    assert_eq!(notes[0].is_warning, *standing != Fresh);
                }
            }
        }
    }

    #[test]
    fn a_sum_with_a_hole_is_none() {
        let mut tally = Tally::new();
        assert_eq!(tally.viewers(), None, "nobody to ask");
        for name in ["relay", "edge"] {
            tally.add(name, TimeDelta::from_millis(1000), at(0));
        }
        tally.report("relay", &AudienceReport::Viewers(3), at(1));
        assert_eq!(tally.viewers(), None, "the other has not answered yet");
        tally.report("edge", &AudienceReport::Viewers(40), at(1));
        assert_eq!(tally.viewers(), Some(43));
        tally.report("edge", &failed(), at(2));
        tally.report("relay", &AudienceReport::Viewers(5), at(60));
        assert_eq!(tally.viewers(), Some(45), "the last count holds");
        tally.tick(at(62));
        assert_eq!(tally.viewers(), None);
        tally.remove("edge");
        assert_eq!(tally.viewers(), Some(5));
        assert_eq!(tally.report("edge", &AudienceReport::Viewers(1), at(63)), None);
    }

    proptest! {
        #[test]
        fn whatever_comes_a_state_is_told_at_most_once(steps in prop::collection::vec((0i64..40, 0u8..3, any::<u64>()), 0..200)) {
            let mut tally = one();
            let mut now = 0;
            let mut before = Standing::Waiting;
            for (pass, what, viewers) in steps {
                now += pass;
                let mut notes = tally.tick(at(now));
                match what {
                    0 => notes.extend(tally.report("edge", &AudienceReport::Viewers(viewers), at(now))),
                    1 => notes.extend(tally.report("edge", &failed(), at(now))),
                    _ => {}
                }
                let after = tally.sources().next().unwrap().standing;
                // A tick and a report can each bring one change.
                prop_assert!(notes.len() <= 2);
                prop_assert!(before != after || notes.is_empty() || notes.len() == 2);
                prop_assert_eq!(tally.viewers().is_some(), matches!(after, Standing::Fresh | Standing::Held));
                before = after;
            }
        }
    }
}
