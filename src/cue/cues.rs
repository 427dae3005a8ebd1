//! All that a studio knows of its cues: the list, the run, and what was asked for by hand.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::list::{CueList, OnError};
use super::run::{CuePhase, Run, RunPhase};
use super::watch::Facts;
use crate::media::{TimeDelta, Timestamp};

/// Cues that were fired by hand and have not been carried out: no operator is faster.
const MOST_FIRED: usize = 16;

/// In ms.
const DAY: i64 = 86_400_000;

/// The cues of a studio.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cues {
    /// The list that is loaded.
    #[serde(default)]
    pub list: Option<CueList>,
    /// The run of it that is under way, or the last one.
    #[serde(default)]
    pub run: Option<Run>,
    /// The cue that comes next.
    #[serde(default)]
    pub next: Option<Next>,
    /// The time of the day when the studio clock read zero.
    #[serde(skip)]
    day: Option<TimeDelta>,
    /// Those that were fired by hand and have not been carried out yet.
    #[serde(skip)]
    fired: VecDeque<usize>,
    /// Whether nothing is heard on program.
    #[serde(skip)]
    is_silent: bool,
}

/// The cue that comes next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Next {
    /// Its name.
    pub name: String,
    /// The studio clock when it comes by itself; none while it waits for something else, or the run is held.
    pub at: Option<Timestamp>,
}

/// A cue whose commands are to be carried out now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Firing {
    /// Its place in the list.
    pub at: usize,
    /// Its name.
    pub name: String,
    /// The position at which it was due; where no run is under way, none.
    pub position: Option<TimeDelta>,
    /// Its commands.
    pub lines: Vec<String>,
    /// What becomes of the run where one is refused.
    pub on_error: OnError,
}

impl Cues {
    /// Takes another list, or none. A run of the one before is over.
    pub fn load(&mut self, list: Option<CueList>) {
        self.list = list;
        self.run = None;
        self.fired.clear();
        self.note_next();
    }

    /// Goes on with a run that was cut off; it is held. `false` where it is none of this list.
    pub fn resume(&mut self, run: Run) -> bool {
        let fits = self.list.as_ref().is_some_and(|list| run.fits(list));
        if fits {
            self.run = Some(run);
            self.note_next();
        }
        fits
    }

    /// The run, while it is under way.
    #[must_use]
    pub fn active(&self) -> Option<&Run> {
        self.run.as_ref().filter(|run| run.phase != RunPhase::Over)
    }

    /// Whether a run is under way and its clock goes.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.active().is_some_and(|run| run.phase == RunPhase::Running)
    }

    /// Begins a run, with the cue at `first` if there is one. `false` where there is no such cue.
    pub fn begin(&mut self, first: Option<usize>, now: Timestamp) -> bool {
        let of_day = self.of_day(now);
        let Some(list) = &self.list else { return false };
        if first.is_some_and(|at| at >= list.cues.len()) {
            return false;
        }
        self.run = Some(match first {
            Some(first) => Run::begin_with(list, first, now, of_day),
            None => Run::begin(list, now, of_day),
        });
        self.note_next();
        true
    }

    /// The clock stands. `false` where it did not go.
    pub fn hold(&mut self, now: Timestamp) -> bool {
        let is_held = self.run.as_mut().is_some_and(|run| run.hold(now));
        self.note_next();
        is_held
    }

    /// The clock goes on. `false` where it did not stand.
    pub fn go_on(&mut self, now: Timestamp) -> bool {
        let of_day = self.of_day(now);
        let goes = match (&mut self.run, &self.list) {
            (Some(run), Some(list)) => run.go(list, now, of_day),
            _ => false,
        };
        self.note_next();
        goes
    }

    /// Leaves the next cue out. Its name.
    pub fn skip(&mut self, now: Timestamp) -> Option<String> {
        let (run, list) = (self.run.as_mut()?, self.list.as_ref()?);
        let at = run.skip(list, now)?;
        let name = list.cues.get(at).map(|cue| cue.name.clone());
        self.note_next();
        name
    }

    /// The cue at `at` is to be carried out now, whatever its time. `false` where too many are.
    pub fn fire(&mut self, at: usize) -> bool {
        let is_there = self.list.as_ref().is_some_and(|list| at < list.cues.len());
        let has_room = self.fired.len() < MOST_FIRED;
        if is_there && has_room {
            self.fired.push_back(at);
        }
        is_there && has_room
    }

    /// Ends the run. `false` where there was none.
    pub fn stop(&mut self, now: Timestamp) -> bool {
        let is_active = self.active().is_some();
        if let Some(run) = &mut self.run {
            run.stop(now);
        }
        self.fired.clear();
        self.note_next();
        is_active
    }

    /// The next cue whose commands are to be carried out at `now`. To be called until there is none.
    pub fn take_due(&mut self, now: Timestamp) -> Option<Firing> {
        let list = self.list.as_ref()?;
        let (at, position) = if let Some(at) = self.fired.pop_front() {
            let position = self.run.as_ref().filter(|run| run.phase != RunPhase::Over);
            let position = position.map(|run| run.position(now));
            if let Some(run) = &mut self.run {
                run.fire(list, at, now);
            }
            (at, position)
        } else {
            let (at, position) = self.run.as_mut()?.take_due(list, now)?;
            (at, Some(position))
        };
        let cue = list.cues.get(at)?;
        let firing = Firing {
            at,
            name: cue.name.clone(),
            position,
            lines: cue.lines.clone(),
            on_error: cue.on_error,
        };
        self.note_next();
        Some(firing)
    }

    /// When [`take_due`](Self::take_due) has to be asked again, if nothing happens before.
    #[must_use]
    pub fn next_due(&self, now: Timestamp) -> Option<Timestamp> {
        if !self.fired.is_empty() {
            return Some(now);
        }
        self.run.as_ref()?.next_due()
    }

    /// What holds of the show now. Silence is [heard](Self::hear).
    pub fn see(&mut self, facts: &Facts<'_>, now: Timestamp) {
        if let (Some(run), Some(list)) = (&mut self.run, &self.list) {
            run.see(list, facts, self.is_silent, now);
        }
        self.note_next();
    }

    /// Whether nothing is heard on program, as far as anybody has [said](Self::hear).
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.is_silent
    }

    /// Whether nothing is heard on program.
    pub fn hear(&mut self, is_silent: bool) {
        self.is_silent = is_silent;
    }

    /// It is `of_day` since midnight now.
    pub fn set_day(&mut self, now: Timestamp, of_day: TimeDelta) {
        let at_zero = (of_day - now.since_zero()).to_millis().rem_euclid(DAY);
        self.day = Some(TimeDelta::from_millis(at_zero));
        if let (Some(run), Some(list)) = (&mut self.run, &self.list) {
            run.set_day(list, now, of_day);
        }
        self.note_next();
    }

    /// What was refused when the cue at `at` came.
    pub fn fail(&mut self, at: usize, failure: String) {
        if let Some(run) = &mut self.run {
            run.fail(at, failure);
        }
    }

    /// How many of the list's cues are still to come in this run.
    #[must_use]
    pub fn left(&self) -> usize {
        let cues = self.active().into_iter().flat_map(|run| &run.cues);
        cues.filter(|state| state.phase == CuePhase::Waiting).count()
    }

    fn of_day(&self, now: Timestamp) -> Option<TimeDelta> {
        let ms = (self.day? + now.since_zero()).to_millis().rem_euclid(DAY);
        Some(TimeDelta::from_millis(ms))
    }

    fn note_next(&mut self) {
        self.next = self.find_next();
    }

    fn find_next(&self) -> Option<Next> {
        let (run, list) = (self.run.as_ref()?, self.list.as_ref()?);
        let at = run.next(list)?;
        Some(Next {
            name: list.cues.get(at)?.name.clone(),
            at: run.cues.get(at)?.due.and_then(|due| run.time_of(due)),
        })
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
