//! What the rules choose, as data and time go on.
//!
//! ```text
//! data ─▶ holds? (when, until) ─▶ for long enough? ─▶ the highest priority: the wish
//!                                                          │
//!          as it is ◀── the same choice: new values ───────┤
//!          as it is ◀── hold-down of what is chosen ───────┤
//!          as it is ◀── budget of the minute is spent ─────┤
//!                                                          └▶ a change
//! ```
//! Whatever the data does, two changes are never nearer to each other than the hold-down of the first. What a rule shows keeps its
//! last values while nothing but the hold-down keeps it.

use std::collections::VecDeque;
use std::sync::Arc;

use serde_json::Map;

use super::data::Data;
use super::set::{RuleSet, Target};
use crate::media::{TimeDelta, Timestamp};

/// The stretch of the budget.
const MINUTE_MS: i64 = 60_000;

/// Who has chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The rule of that place in its file.
    Rule(usize),
    /// No rule: the default.
    Default,
}

/// What is to be on program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// Who chose it.
    pub by: By,
    /// The scene.
    pub scene: String,
    /// Its parameters and their values.
    pub with: Vec<(String, String)>,
    /// Since when.
    pub since: Timestamp,
}

/// Whether the rules may act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// What they wish is done.
    Active,
    /// They look on: an operator has the program, or they are off.
    Watching,
}

/// Why a wish is not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// What is chosen stays until then.
    HoldDown(Timestamp),
    /// There have been enough changes in this minute; there is room again at that time.
    Budget(Timestamp),
    /// The rules look on.
    Watching,
}

/// What a look at the data has brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// Another choice than before.
    pub is_change: bool,
    /// The same choice with other values.
    pub is_refill: bool,
    /// Who would be chosen if nothing was in the way.
    pub wish: Option<By>,
    /// What is in its way.
    pub wait: Option<Wait>,
    /// Whether the data is too old to say anything, or there is none.
    pub is_stale: bool,
    /// When to look again, if no data comes before.
    pub next: Option<Timestamp>,
}

/// Follows data by the rules of a file.
#[derive(Clone, Debug)]
pub struct Engine {
    set: Arc<RuleSet>,
    /// Since when each rule has held without a break.
    holding: Vec<Option<Timestamp>>,
    chosen: Option<Chosen>,
    /// When changes were, the newest last: those of the last minute.
    changes: VecDeque<Timestamp>,
}

impl Engine {
    /// Nothing is chosen yet.
    #[must_use]
    pub fn new(set: Arc<RuleSet>) -> Self {
        Self {
            holding: vec![None; set.rules.len()],
            set,
            chosen: None,
            changes: VecDeque::new(),
        }
    }

    /// As if `data` had been there for `lasted`, and nothing had been chosen before: for questions.
    #[must_use]
    pub fn as_if(set: Arc<RuleSet>, data: &Data, now: Timestamp, lasted: TimeDelta) -> Self {
        let mut engine = Self::new(set);
        engine.look(Some(data), now - lasted);
        engine
    }

    /// The rules.
    #[must_use]
    pub fn set(&self) -> &Arc<RuleSet> {
        &self.set
    }

    /// What is chosen.
    #[must_use]
    pub fn chosen(&self) -> Option<&Chosen> {
        self.chosen.as_ref()
    }

    /// Since when the rule of that place has held.
    #[must_use]
    pub fn holding(&self, rule: usize) -> Option<Timestamp> {
        self.holding.get(rule).copied().flatten()
    }

    /// From when on the rule of that place can be chosen, if it goes on to hold.
    #[must_use]
    pub fn ready(&self, rule: usize) -> Option<Timestamp> {
        let lasts = self.set.rules.get(rule)?.lasts;
        self.holding(rule).map(|since| since + lasts)
    }

    /// How many changes there have been in the minute before `now`.
    #[must_use]
    pub fn changes(&self, now: Timestamp) -> usize {
        let minute = TimeDelta::from_millis(MINUTE_MS);
        self.changes.iter().filter(|at| now - **at < minute).count()
    }

    /// The next look chooses anew, whatever the hold-down: what is on program is an operator's.
    pub fn forget_choice(&mut self) {
        self.chosen = None;
    }

    /// Looks at `data`, which came at the time beside it, at `now`. Time never goes back.
    pub fn step(&mut self, data: Option<(&Data, Timestamp)>, now: Timestamp, mode: Mode) -> Step {
        let stale_at = data.and_then(|(_, at)| Some(at + self.set.stale_after?));
        let data = data
            .filter(|_| stale_at.is_none_or(|stale_at| now < stale_at))
            .map(|(data, _)| data);
        self.look(data, now);
        let mut step = Step {
            is_stale: data.is_none(),
            wish: self.wish(now),
            ..Step::default()
        };
        let empty = Map::new();
        self.choose(data.map_or(&empty, Data::map), now, mode, &mut step);
        step.next = self.next(&step, stale_at, now);
        step
    }

    /// Which rules hold.
    fn look(&mut self, data: Option<&Data>, now: Timestamp) {
        for (rule, holding) in self.set.rules.iter().zip(&mut self.holding) {
            let holds = data.is_some_and(|data| match (&rule.until, &holding) {
                // What it is about may have gone, and with it what would end it.
                (Some(until), Some(_)) => {
                    let map = data.map();
                    let is_about_something = || rule.when.holds(map) || rule.when.sees(map) || until.sees(map);
                    !until.holds(map) && is_about_something()
                }
                (Some(until), None) => rule.when.holds(data.map()) && !until.holds(data.map()),
                (None, _) => rule.when.holds(data.map()),
            });
            *holding = holds.then(|| holding.unwrap_or(now));
        }
    }

    /// Who would be chosen.
    fn wish(&self, now: Timestamp) -> Option<By> {
        let rules = self.set.rules.iter().enumerate();
        let ready = rules.filter(|(at, _)| self.ready(*at).is_some_and(|ready| ready <= now));
        // Of equal ones the first in the file.
        let best = ready.rev().max_by_key(|(_, rule)| rule.priority);
        let default = self.set.default.as_ref().map(|_| By::Default);
        best.map(|(at, _)| By::Rule(at)).or(default)
    }

    fn choose(&mut self, data: &Map<String, serde_json::Value>, now: Timestamp, mode: Mode, step: &mut Step) {
        if mode == Mode::Watching {
            step.wait = step.wish.map(|_| Wait::Watching);
            return;
        }
        if let Some(mut chosen) = self.chosen.take() {
            // Its values follow while it holds by itself; in its hold-down there may be none to follow.
            let follows = match chosen.by {
                By::Rule(at) => self.holding(at).is_some(),
                By::Default => true,
            };
            if let Some(target) = self.target(chosen.by).filter(|_| follows) {
                let with = filled(target, data);
                step.is_refill = with != chosen.with;
                chosen.with = with;
            }
            self.chosen = Some(chosen);
        }
        let Some(wish) = step.wish else { return };
        let is_chosen = self.chosen.as_ref().is_some_and(|chosen| chosen.by == wish);
        if is_chosen {
            return;
        }
        step.wait = self.wait(now);
        if step.wait.is_some() {
            return;
        }
        let Some(target) = self.target(wish) else { return };
        let (scene, with) = (target.scene.clone(), filled(target, data));
        self.chosen = Some(Chosen {
            by: wish,
            scene,
            with,
            since: now,
        });
        self.changes.push_back(now);
        (step.is_change, step.is_refill) = (true, false);
    }

    /// What is in the way of any change.
    fn wait(&mut self, now: Timestamp) -> Option<Wait> {
        let held = self.chosen.as_ref().map(|chosen| chosen.since + self.hold(chosen.by));
        if let Some(until) = held.filter(|until| now < *until) {
            return Some(Wait::HoldDown(until));
        }
        let minute = TimeDelta::from_millis(MINUTE_MS);
        while self.changes.front().is_some_and(|at| now - *at >= minute) {
            self.changes.pop_front();
        }
        let budget = self.set.changes_per_minute.max(1) as usize;
        let over = self.changes.len().checked_sub(budget)?;
        self.changes.get(over).map(|at| Wait::Budget(*at + minute))
    }

    /// How long a choice stays at least.
    #[must_use]
    pub fn hold(&self, by: By) -> TimeDelta {
        match by {
            By::Rule(at) => self.set.rules.get(at).map_or(TimeDelta::ZERO, |rule| rule.hold),
            By::Default => self.set.default_hold,
        }
    }

    /// What the one who chooses shows.
    #[must_use]
    pub fn target(&self, by: By) -> Option<&Target> {
        match by {
            By::Rule(at) => self.set.rules.get(at).map(|rule| &rule.target),
            By::Default => self.set.default.as_ref(),
        }
    }

    /// When something may come of time alone.
    fn next(&self, step: &Step, stale_at: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
        let ready = (0..self.holding.len()).filter_map(|at| self.ready(at));
        let wait = match step.wait {
            Some(Wait::HoldDown(at) | Wait::Budget(at)) => Some(at),
            Some(Wait::Watching) | None => None,
        };
        ready.chain(stale_at).chain(wait).filter(|at| *at > now).min()
    }
}

fn filled(target: &Target, data: &Map<String, serde_json::Value>) -> Vec<(String, String)> {
    let with = target.with.iter();
    with.map(|(name, filling)| (name.clone(), filling.fill(data))).collect()
}

#[cfg(test)]
#[path = "engine_tests.rs"]
mod tests;
