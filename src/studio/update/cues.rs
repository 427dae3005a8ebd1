//! What the update makes of cues: the commands about them, what happens in the show, and what is due.
//!
//! A cue that is due leaves the update as [`Effect::Cue`]: whoever carries effects out does its commands one after the other, each as an
//! order of its own, so that a cue can do what an operator can and its events say who wanted it.

use super::{Effect, Refusal, Unit, unknown};
use crate::cue::{CueList, Facts, OnError, Run, RunPhase, clock_text};
use crate::media::TimeDelta;
use crate::studio::model::{DestinationState, EventLevel, SourceState, Studio};

/// What happens to the cues from outside.
#[derive(Debug)]
pub enum CueNews {
    /// A list was read.
    Loaded(Box<CueList>),
    /// It is so late: since midnight.
    Day(TimeDelta),
    /// Whether nothing is heard on program.
    Silent(bool),
    /// A command of the cue at that place was refused: the line, and why.
    Refused(usize, String, String),
    /// Time has come to see what is due.
    Time,
}

impl Unit<'_> {
    pub(super) fn cues(&mut self, news: CueNews) -> Result<(), Refusal> {
        match news {
            CueNews::Loaded(list) => self.load_cues(*list)?,
            CueNews::Day(of_day) => self.studio.cues.set_day(self.now, of_day),
            CueNews::Silent(is_silent) => self.studio.cues.hear(is_silent),
            CueNews::Refused(at, line, reason) => self.cue_refused(at, &line, &reason),
            CueNews::Time => self.due_cue(),
        }
        Ok(())
    }

    fn load_cues(&mut self, list: CueList) -> Result<(), Refusal> {
        if self.studio.cues.active().is_some() {
            return Err(Refusal::CuesRun);
        }
        let text = format!("{}: {} are loaded", list.title, count(list.cues.len()));
        self.studio.cues.load(Some(list));
        self.event(EventLevel::Info, "cues", text);
        Ok(())
    }

    pub(super) fn cue_run(&mut self, first: Option<String>) -> Result<(), Refusal> {
        let list = self.studio.cues.list.as_ref().ok_or(Refusal::NoCues)?;
        let first = first.map(|wanted| find(list, &wanted)).transpose()?;
        if first.is_none() && self.studio.cues.active().is_some() {
            return Err(Refusal::CuesRun);
        }
        let text = match first.and_then(|at| list.cues.get(at)) {
            Some(cue) => format!("{} runs from {} on", list.title, cue.name),
            None => format!("{} runs", list.title),
        };
        self.studio.cues.begin(first, self.now);
        self.event(EventLevel::Info, "cues", text);
        Ok(())
    }

    pub(super) fn cue_hold(&mut self) -> Result<(), Refusal> {
        if !self.studio.cues.hold(self.now) {
            return Err(self.not_running());
        }
        let text = format!("held at {}", self.cue_position());
        self.event(EventLevel::Info, "cues", text);
        Ok(())
    }

    pub(super) fn cue_go(&mut self) -> Result<(), Refusal> {
        if self.studio.cues.go_on(self.now) {
            let text = format!("go on at {}", self.cue_position());
            self.event(EventLevel::Info, "cues", text);
            return Ok(());
        }
        let cues = &self.studio.cues;
        let (Some(run), Some(list)) = (cues.active(), &cues.list) else {
            return Err(self.not_running());
        };
        let Some(at) = run.first_by_hand(list) else {
            let next = cues.next.as_ref().map_or_else(String::new, |next| next.name.clone());
            return Err(Refusal::NotByHand(next));
        };
        self.fire(at)
    }

    pub(super) fn cue_skip(&mut self) -> Result<(), Refusal> {
        let Some(name) = self.studio.cues.skip(self.now) else {
            return Err(self.not_running());
        };
        self.event(EventLevel::Info, format!("cue {name}"), "is left out");
        self.tell_through();
        Ok(())
    }

    pub(super) fn cue_fire(&mut self, wanted: &str) -> Result<(), Refusal> {
        let list = self.studio.cues.list.as_ref().ok_or(Refusal::NoCues)?;
        let at = find(list, wanted)?;
        self.fire(at)
    }

    pub(super) fn cue_stop(&mut self) -> Result<(), Refusal> {
        let position = self.cue_position();
        if !self.studio.cues.stop(self.now) {
            return Err(self.not_running());
        }
        self.event(EventLevel::Info, "cues", format!("stopped at {position}"));
        Ok(())
    }

    fn fire(&mut self, at: usize) -> Result<(), Refusal> {
        if self.studio.cues.fire(at) {
            Ok(())
        } else {
            Err(Refusal::CuesBusy)
        }
    }

    /// Lets the next cue go that is due.
    fn due_cue(&mut self) {
        let Some(firing) = self.studio.cues.take_due(self.now) else {
            return;
        };
        let when = firing
            .position
            .map_or_else(String::new, |position| format!("at {}: ", clock_text(position)));
        let what = if firing.lines.is_empty() {
            "nothing to do".to_owned()
        } else {
            firing.lines.join("; ")
        };
        self.event(EventLevel::Info, format!("cue {}", firing.name), when + &what);
        self.effects.push(Effect::Cue(firing));
        self.tell_through();
    }

    fn cue_refused(&mut self, at: usize, line: &str, reason: &str) {
        let cue = self.studio.cues.list.as_ref().and_then(|list| list.cues.get(at));
        let Some((name, on_error)) = cue.map(|cue| (cue.name.clone(), cue.on_error)) else {
            return;
        };
        let held = if on_error == OnError::Stop && self.studio.cues.hold(self.now) {
            "; the rest of it is left out, and the cues are held: cue go goes on"
        } else {
            ""
        };
        let text = format!("{line}: {reason}{held}");
        self.studio.cues.fail(at, format!("{line}: {reason}"));
        self.event(EventLevel::Warning, format!("cue {name}"), text);
    }

    /// Looks at what holds in the show now: a cue may have waited for it.
    pub(super) fn see_for_cues(&mut self) {
        if !self.studio.cues.is_running() {
            return;
        }
        let mut cues = std::mem::take(&mut self.studio.cues);
        cues.see(&facts(self.studio), self.now);
        self.studio.cues = cues;
    }

    fn tell_through(&mut self) {
        let is_through = |run: &Run| run.phase == RunPhase::Over;
        if self.studio.cues.run.as_ref().is_some_and(is_through) {
            self.event(EventLevel::Info, "cues", "all have come");
        }
    }

    /// What the run's clock reads.
    fn cue_position(&self) -> String {
        let run = self.studio.cues.run.as_ref();
        run.map_or_else(String::new, |run| clock_text(run.position(self.now)))
    }

    fn not_running(&self) -> Refusal {
        match (&self.studio.cues.list, self.studio.cues.active()) {
            (None, _) => Refusal::NoCues,
            (_, None) => Refusal::NoCueRun,
            (_, Some(_)) => Refusal::CuesHeld,
        }
    }
}

/// The place of a cue that was named.
fn find(list: &CueList, wanted: &str) -> Result<usize, Refusal> {
    let names = || list.cues.iter().map(|cue| &cue.name);
    list.find(wanted)
        .ok_or_else(|| unknown("cue", wanted.to_owned(), names()))
}

fn count(cues: usize) -> String {
    if cues == 1 {
        "1 cue".to_owned()
    } else {
        format!("{cues} cues")
    }
}

/// What cues can wait for, as the model knows it.
fn facts(studio: &Studio) -> Facts<'_> {
    Facts {
        program: &studio.program,
        viewers: viewers(studio),
        has_ended: Box::new(|name| {
            let mut sources = studio.sources.iter();
            sources.any(|source| source.name == name && source.state == SourceState::Ended)
        }),
        is_lost: Box::new(|name| {
            let is_away = |state: &SourceState| matches!(state, SourceState::Away { .. } | SourceState::Failed { .. });
            let is_down = |state: &DestinationState| {
                matches!(
                    state,
                    DestinationState::Backoff { .. } | DestinationState::Failed { .. }
                )
            };
            let (mut sources, mut destinations) = (studio.sources.iter(), studio.destinations.iter());
            sources.any(|source| source.name == name && is_away(&source.state))
                || destinations.any(|to| to.name == name && is_down(&to.state))
        }),
        data: Box::new(|path| studio.data.text(path)),
    }
}

/// How many watch, as far as anybody says.
fn viewers(studio: &Studio) -> Option<u64> {
    let counts = studio.adapt.audience.iter().filter_map(|count| count.viewers);
    let counted: Vec<u64> = counts.collect();
    if counted.is_empty() {
        return studio.relay.is_some().then(|| studio.viewers() as u64);
    }
    Some(counted.iter().sum())
}

#[cfg(test)]
#[path = "cues_tests.rs"]
mod tests;
