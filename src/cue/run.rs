//! A run of a cue list: a clock that can stand, and what has become of each cue.
//!
//! The clock counts positions from the beginning. While the run is held it stands, so that everything that was still to come comes later by
//! exactly as long; only times of the day stay where they are, and what they missed comes when the run goes on. A cue that comes by itself counts
//! as done at the position at which it was due, and cues after it count from there.
//!
//! What happens in the show is an edge: a cue that waits for a scene comes when that scene goes on program, not because it is there. While the
//! run is held nothing that happens brings a cue.

use serde::{Deserialize, Serialize};

use super::list::{CueList, Trigger};
use super::watch::{Facts, Watch};
use crate::media::{TimeDelta, Timestamp};

/// How long a cue that may come again rests after it came, in ms: two cues that bring each other do not turn in a circle faster than an
/// operator can stop them.
pub const REST: i64 = 1000;

/// In ms.
const DAY: i64 = 86_400_000;

/// A time of the day that is no longer past than this when a run begins is past, in ms; any other is to come.
const PAST: i64 = 6 * 3_600_000;

/// A run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// What its clock does.
    pub phase: RunPhase,
    /// The studio clock when the run's clock read [`position`](Self::position_ms).
    anchor: Timestamp,
    /// What the run's clock read then; now, where it stands.
    #[serde(rename = "position_ms")]
    position: TimeDelta,
    /// What has become of each cue, in the order of the list.
    pub cues: Vec<CueState>,
}

/// What a run's clock does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunPhase {
    /// It goes.
    Running,
    /// It stands until it is told to go on.
    Held,
    /// There is nothing left to come, or somebody has ended it.
    Over,
}

/// What has become of a cue in this run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CueState {
    /// Whether it is still to come.
    pub phase: CuePhase,
    /// The position at which it comes by itself, as far as that is known.
    #[serde(rename = "due_ms", default, skip_serializing_if = "Option::is_none")]
    pub due: Option<TimeDelta>,
    /// The position at which it came the last time.
    #[serde(rename = "came_ms", default, skip_serializing_if = "Option::is_none")]
    pub came: Option<TimeDelta>,
    /// How often it has come.
    #[serde(default)]
    pub times: u32,
    /// What was refused when it came the last time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// Whether what it waits for was so when it was last looked at.
    #[serde(skip)]
    is_so: Option<bool>,
}

/// Whether a cue is still to come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CuePhase {
    /// It is.
    #[default]
    Waiting,
    /// It has come.
    Done,
    /// It was left out.
    Skipped,
}

impl Run {
    /// A run of `list` that begins at `now`, when it is `of_day` since midnight. Times of the day that are past are left out.
    #[must_use]
    pub fn begin(list: &CueList, now: Timestamp, of_day: Option<TimeDelta>) -> Self {
        let cues = list.cues.iter().map(|cue| CueState {
            due: match cue.trigger {
                Trigger::At(at) => Some(at),
                _ => None,
            },
            ..CueState::default()
        });
        let mut run = Self {
            phase: RunPhase::Running,
            anchor: now,
            position: TimeDelta::ZERO,
            cues: cues.collect(),
        };
        run.find_day(list, now, of_day);
        for state in &mut run.cues {
            if state.due.is_some_and(|due| due < TimeDelta::ZERO) {
                (state.phase, state.due) = (CuePhase::Skipped, None);
            }
        }
        run
    }

    /// A run that begins with the cue at `first`, which comes at once: what lies before it in the plan, or in the file where the plan says no
    /// time, is left out.
    #[must_use]
    pub fn begin_with(list: &CueList, first: usize, now: Timestamp, of_day: Option<TimeDelta>) -> Self {
        let mut run = Self::begin(list, now, of_day);
        let planned = plan(list);
        let before = planned.iter().take(first).flatten().max().copied();
        let start = planned.get(first).copied().flatten().or(before).unwrap_or_default();
        run.position = start;
        let is_before = |at: usize| match (planned[at], planned.get(first).copied().flatten()) {
            (Some(this), Some(of_first)) => (this, at) < (of_first, first),
            (Some(this), None) => this < start || at < first,
            (None, _) => at < first,
        };
        for (at, (state, cue)) in run.cues.iter_mut().zip(&list.cues).enumerate() {
            // A time of the day is no matter of the plan.
            if at != first && is_before(at) && !matches!(cue.trigger, Trigger::TimeOfDay(_)) {
                (state.phase, state.due) = (CuePhase::Skipped, None);
            }
        }
        for (at, planned) in planned.iter().enumerate() {
            if run.cues.get(at).is_some_and(|state| state.phase == CuePhase::Skipped) {
                run.schedule_after(list, at, planned.unwrap_or(start));
            }
        }
        // What was scheduled into the past of a run that begins here comes now.
        for state in &mut run.cues {
            state.due = state.due.map(|due| due.max(start));
        }
        run.find_day(list, now, of_day);
        if let Some(state) = run.cues.get_mut(first) {
            (state.phase, state.due) = (CuePhase::Waiting, Some(start));
        }
        run
    }

    /// What the run's clock reads.
    #[must_use]
    pub fn position(&self, now: Timestamp) -> TimeDelta {
        match self.phase {
            RunPhase::Running => self.position + (now - self.anchor),
            RunPhase::Held | RunPhase::Over => self.position,
        }
    }

    /// When the run's clock reads `position`, while it goes.
    #[must_use]
    pub fn time_of(&self, position: TimeDelta) -> Option<Timestamp> {
        (self.phase == RunPhase::Running).then(|| self.anchor + (position - self.position))
    }

    /// When the next cue comes by itself.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        let due = self.earliest()?.0;
        self.time_of(due)
    }

    /// The cue that comes next: by itself, by hand where that stands before it in the list, or else the first that waits for something.
    #[must_use]
    pub fn next(&self, list: &CueList) -> Option<usize> {
        if self.phase == RunPhase::Over {
            return None;
        }
        let timed = self.earliest().map(|(_, at)| at);
        let by_hand = self.first_by_hand(list);
        match (timed, by_hand) {
            (Some(timed), Some(hand)) => Some(if hand < timed { hand } else { timed }),
            (timed, hand) => timed.or(hand).or_else(|| {
                let is_watching =
                    |at: &usize| matches!(list.cues.get(*at), Some(cue) if matches!(cue.trigger, Trigger::On { .. }));
                self.waiting().find(is_watching)
            }),
        }
    }

    /// The first cue in the list that waits for a hand, and comes once.
    #[must_use]
    pub fn first_by_hand(&self, list: &CueList) -> Option<usize> {
        let is_by_hand = |at: &usize| {
            let cue = list.cues.get(*at);
            cue.is_some_and(|cue| cue.trigger == Trigger::Hand && cue.is_once)
        };
        self.waiting().find(is_by_hand)
    }

    /// The next cue that is due at `now`, with the position at which it is; it has come then. To be called until there is none.
    pub fn take_due(&mut self, list: &CueList, now: Timestamp) -> Option<(usize, TimeDelta)> {
        if self.phase != RunPhase::Running {
            return None;
        }
        let position = self.position(now);
        let (due, at) = self.earliest().filter(|(due, _)| *due <= position)?;
        self.came(list, at, due);
        self.end_if_through(list, now);
        Some((at, due))
    }

    /// The cue at `at` has come by hand.
    pub fn fire(&mut self, list: &CueList, at: usize, now: Timestamp) {
        if self.phase == RunPhase::Over {
            return;
        }
        let position = self.position(now);
        self.came(list, at, position);
        self.end_if_through(list, now);
    }

    /// The clock stands. `false` where it did not go.
    pub fn hold(&mut self, now: Timestamp) -> bool {
        if self.phase != RunPhase::Running {
            return false;
        }
        self.position = self.position(now);
        self.phase = RunPhase::Held;
        true
    }

    /// The clock goes on. `false` where it did not stand.
    pub fn go(&mut self, list: &CueList, now: Timestamp, of_day: Option<TimeDelta>) -> bool {
        if self.phase != RunPhase::Held {
            return false;
        }
        self.phase = RunPhase::Running;
        self.anchor = now;
        // What was so while the clock stood is nothing that happens now.
        for (state, cue) in self.cues.iter_mut().zip(&list.cues) {
            state.is_so = None;
            if matches!(
                cue.trigger,
                Trigger::On {
                    watch: Watch::Silence(_),
                    ..
                }
            ) {
                state.due = None;
            }
        }
        self.find_day(list, now, of_day);
        true
    }

    /// The next cue is left out; those after it come when they would have come. Which one it was.
    pub fn skip(&mut self, list: &CueList, now: Timestamp) -> Option<usize> {
        let at = self.next(list)?;
        let position = self.position(now);
        let state = self.cues.get_mut(at)?;
        let due = state.due.take().unwrap_or(position);
        state.phase = CuePhase::Skipped;
        self.schedule_after(list, at, due);
        self.end_if_through(list, now);
        Some(at)
    }

    /// Nothing comes any more.
    pub fn stop(&mut self, now: Timestamp) {
        self.position = self.position(now);
        self.phase = RunPhase::Over;
    }

    /// What holds of the show now, and whether nothing is heard of it. A cue that waits for something comes where it holds and did not when it was last looked at.
    pub fn see(&mut self, list: &CueList, facts: &Facts<'_>, is_silent: bool, now: Timestamp) {
        if self.phase != RunPhase::Running {
            return;
        }
        let position = self.position(now);
        for (state, cue) in self.cues.iter_mut().zip(&list.cues) {
            let Trigger::On { watch, offset } = &cue.trigger else {
                continue;
            };
            let Some(is_so) = watch.holds(facts, is_silent) else {
                continue;
            };
            let was_so = state.is_so.replace(is_so);
            if state.phase != CuePhase::Waiting {
                continue;
            }
            let is_rested = state
                .came
                .is_none_or(|came| position - came >= TimeDelta::from_millis(REST));
            if let Watch::Silence(length) = watch {
                // Silence that was there at the beginning counts from there.
                match (is_so, was_so) {
                    (true, None | Some(false)) => state.due = Some(position + *length + *offset),
                    (false, Some(true)) => state.due = None,
                    _ => {}
                }
            } else if is_so && was_so == Some(false) && state.due.is_none() && is_rested {
                state.due = Some(position + *offset);
            }
        }
    }

    /// It is `of_day` since midnight now: times of the day follow the clock on the wall, which somebody may have set.
    pub fn set_day(&mut self, list: &CueList, now: Timestamp, of_day: TimeDelta) {
        if self.phase == RunPhase::Running {
            self.find_day(list, now, Some(of_day));
        }
    }

    /// What was refused when the cue at `at` came.
    pub fn fail(&mut self, at: usize, failure: String) {
        if let Some(state) = self.cues.get_mut(at) {
            state.failure = Some(failure);
        }
    }

    /// The same run where its clock stands at `now`, at the last whole second if it goes: what is kept for a show that is cut off.
    #[must_use]
    pub fn kept(&self, now: Timestamp) -> Self {
        let mut run = self.clone();
        if run.hold(now) {
            run.position = TimeDelta::from_millis(run.position.to_millis() / 1000 * 1000);
        }
        run.anchor = Timestamp::ZERO;
        run
    }

    /// Whether this can be a run of `list`.
    #[must_use]
    pub fn fits(&self, list: &CueList) -> bool {
        self.cues.len() == list.cues.len()
    }

    fn waiting(&self) -> impl Iterator<Item = usize> {
        let cues = self.cues.iter().enumerate();
        cues.filter(|(_, state)| state.phase == CuePhase::Waiting)
            .map(|(at, _)| at)
    }

    fn earliest(&self) -> Option<(TimeDelta, usize)> {
        let due = |at: usize| Some((self.cues[at].due?, at));
        self.waiting().filter_map(due).min()
    }

    fn came(&mut self, list: &CueList, at: usize, position: TimeDelta) {
        let Some(state) = self.cues.get_mut(at) else { return };
        let is_once = list.cues.get(at).is_none_or(|cue| cue.is_once);
        state.phase = if is_once { CuePhase::Done } else { CuePhase::Waiting };
        state.due = None;
        state.came = Some(position);
        state.times += 1;
        state.failure = None;
        self.schedule_after(list, at, position);
    }

    /// Those that come after the cue at `parent` are due from `position` on.
    fn schedule_after(&mut self, list: &CueList, parent: usize, position: TimeDelta) {
        for (state, cue) in self.cues.iter_mut().zip(&list.cues) {
            if let Trigger::After { cue, offset } = cue.trigger
                && cue == parent
                && state.phase == CuePhase::Waiting
                && state.due.is_none()
            {
                state.due = Some(position + offset);
            }
        }
    }

    fn find_day(&mut self, list: &CueList, now: Timestamp, of_day: Option<TimeDelta>) {
        let Some(of_day) = of_day else { return };
        let position = self.position(now);
        for (state, cue) in self.cues.iter_mut().zip(&list.cues) {
            if let Trigger::TimeOfDay(at) = cue.trigger
                && state.phase == CuePhase::Waiting
            {
                let ahead = (at - of_day).to_millis() + PAST;
                let ahead = ahead.rem_euclid(DAY) - PAST;
                let due = position + TimeDelta::from_millis(ahead);
                // A wall clock that was read a moment earlier or later is no news.
                let is_news = state
                    .due
                    .is_none_or(|known| (known - due).abs() > TimeDelta::from_millis(20));
                if is_news {
                    state.due = Some(due);
                }
            }
        }
    }

    /// Ends the run where nothing that comes once is left.
    fn end_if_through(&mut self, list: &CueList, now: Timestamp) {
        if self.phase != RunPhase::Running && self.phase != RunPhase::Held {
            return;
        }
        let is_left = |at: usize| {
            let (Some(cue), Some(state)) = (list.cues.get(at), self.cues.get(at)) else {
                return false;
            };
            // Those that wait for a cue which comes again and again may still come.
            cue.is_once || state.due.is_some()
        };
        if !self.waiting().any(is_left) {
            self.stop(now);
        }
    }
}

/// The position of each cue in the plan, as far as the list alone says it.
fn plan(list: &CueList) -> Vec<Option<TimeDelta>> {
    let mut planned: Vec<Option<TimeDelta>> = list
        .cues
        .iter()
        .map(|cue| match cue.trigger {
            Trigger::At(at) => Some(at),
            _ => None,
        })
        .collect();
    // No chain is longer than the list.
    for _ in 0..list.cues.len() {
        let mut is_news = false;
        for (at, cue) in list.cues.iter().enumerate() {
            if let Trigger::After { cue: parent, offset } = cue.trigger
                && planned[at].is_none()
                && let Some(of_parent) = planned.get(parent).copied().flatten()
            {
                planned[at] = Some(of_parent + offset);
                is_news = true;
            }
        }
        if !is_news {
            break;
        }
    }
    planned
}
