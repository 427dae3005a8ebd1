//! A rehearsal of cues: the real update on a real model, with a clock that is stepped and no media. What it says is what the show will do,
//! as far as the show does what it is told: nothing here decodes, encodes or connects.

use serde_json::{Value, json};

use super::command::{parse, split_words, told};
use super::model::{Cause, CuePhase, EventLevel, SourceState, Studio};
use super::update::{CueNews, Effect, Input, Refusal, update, update_for};
use crate::cue::{CueList, Firing, OnError, Watch, clock_text};
use crate::media::{TimeDelta, Timestamp};

/// A show that is rehearsed.
#[derive(Debug)]
pub struct Rehearsal {
    studio: Studio,
    now: Timestamp,
    is_over: bool,
}

/// A cue that has come, and what it did.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    /// From the beginning of the rehearsal.
    pub at: TimeDelta,
    /// Its name; none where a command was given by hand.
    pub cue: Option<String>,
    /// Whether somebody has to fire it.
    pub is_by_hand: bool,
    /// Its commands.
    pub deeds: Vec<Deed>,
    /// The scene on program from then on.
    pub program: String,
    /// The scene on preview.
    pub preview: String,
    /// How long the transition to it takes; 0 for a cut.
    pub transition: TimeDelta,
}

/// A command that was given.
#[derive(Clone, Debug, PartialEq)]
pub struct Deed {
    /// As it was given.
    pub line: String,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was done; what was told of it.
    Done(Vec<String>),
    /// It would be refused, and why.
    Refused(String),
    /// It reads or writes files, and was left out.
    NeedsFiles,
}

/// Something that is told to a rehearsal, since nothing happens by itself in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// So many watch.
    Viewers(u64),
    /// The source is at its end.
    Ended(String),
    /// The source has gone.
    Lost(String),
    /// Whether nothing is heard.
    Silence(bool),
}

impl Rehearsal {
    /// Begins a run of `list` in `studio` at `of_day` since midnight.
    ///
    /// # Errors
    /// Why the list cannot run.
    pub fn begin(mut studio: Studio, list: CueList, of_day: TimeDelta) -> Result<Self, Refusal> {
        let now = Timestamp::ZERO;
        update(&mut studio, Input::Cues(CueNews::Loaded(Box::new(list))), now)?;
        update(&mut studio, Input::Cues(CueNews::Day(of_day)), now)?;
        let run = super::command::Command::CueRun(None);
        update(&mut studio, Input::Command(run), now)?;
        Ok(Self {
            studio,
            now,
            is_over: false,
        })
    }

    /// The show as it stands.
    #[must_use]
    pub fn studio(&self) -> &Studio {
        &self.studio
    }

    /// How long it has been going on.
    #[must_use]
    pub fn elapsed(&self) -> TimeDelta {
        self.now.since_zero()
    }

    /// Whether a command has ended the show, or nothing can come any more.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.is_over || self.studio.cues.active().is_none()
    }

    /// Goes to the next cue that comes by itself; where there is none, fires the next that waits for a hand. Nothing comes where all
    /// that is left waits for something else.
    pub fn next_cue(&mut self) -> Vec<Moment> {
        if self.is_over {
            return Vec::new();
        }
        self.go_on();
        if let Some(due) = self.studio.cues.next_due(self.now) {
            self.now = due.max(self.now);
            return self.due(false);
        }
        let cues = &self.studio.cues;
        let (run, list) = (cues.active(), cues.list.as_ref());
        let by_hand = run.zip(list).and_then(|(run, list)| run.first_by_hand(list));
        let Some(at) = by_hand else { return Vec::new() };
        self.studio.cues.fire(at);
        self.due(true)
    }

    /// Lets so much time pass, with all that comes in it.
    pub fn forward(&mut self, time: TimeDelta) -> Vec<Moment> {
        let until = self.now + time;
        let mut moments = Vec::new();
        while !self.is_over {
            self.go_on();
            let due = self.studio.cues.next_due(self.now).filter(|due| *due <= until);
            let Some(due) = due else { break };
            self.now = due.max(self.now);
            moments.extend(self.due(false));
        }
        self.now = until.max(self.now);
        moments
    }

    /// Does a command as an operator would at this moment, and what comes of it.
    pub fn command(&mut self, line: &str) -> Vec<Moment> {
        let deed = self.deed(line, None);
        let mut moments = vec![self.moment(None, false, vec![deed])];
        moments.extend(self.due(true));
        moments
    }

    /// Something happens in the show.
    pub fn happen(&mut self, happening: &Happening) -> Vec<Moment> {
        let source = |name: &str, state| Input::SourceState(name.to_owned(), state);
        let input = match happening {
            Happening::Ended(name) => source(name, SourceState::Ended),
            Happening::Lost(name) => {
                let reason = "rehearsed".to_owned();
                source(name, SourceState::Away { reason })
            }
            Happening::Silence(is_silent) => Input::Cues(CueNews::Silent(*is_silent)),
            Happening::Viewers(count) => Input::Audience(vec![super::model::SourceCount {
                name: "rehearsal".to_owned(),
                viewers: Some(*count),
                standing: crate::audience::Standing::Fresh,
                problem: None,
            }]),
        };
        self.input(input);
        self.due(false)
    }

    /// What has not come, each with what it waits for.
    #[must_use]
    pub fn left(&self) -> Vec<(String, String)> {
        let cues = &self.studio.cues;
        let (Some(run), Some(list)) = (&cues.run, &cues.list) else {
            return Vec::new();
        };
        let left = list.cues.iter().zip(&run.cues);
        let left = left.filter(|(_, state)| state.phase == CuePhase::Waiting && state.times == 0);
        left.map(|(cue, _)| (cue.name.clone(), list.trigger_text(cue)))
            .collect()
    }

    fn input(&mut self, input: Input) -> Vec<Effect> {
        // Nothing but commands is refused.
        update(&mut self.studio, input, self.now).unwrap_or_default()
    }

    /// A run that a refusal holds goes on: a rehearsal shows what comes after it, too.
    fn go_on(&mut self) {
        if self.studio.cues.active().is_some() && !self.studio.cues.is_running() {
            self.studio.cues.go_on(self.now);
        }
    }

    /// Does all that is due now.
    fn due(&mut self, is_by_hand: bool) -> Vec<Moment> {
        let mut moments = Vec::new();
        while self.studio.cues.next_due(self.now).is_some_and(|due| due <= self.now) && !self.is_over {
            for effect in self.input(Input::Cues(CueNews::Time)) {
                if let Effect::Cue(firing) = effect {
                    moments.push(self.fire(firing, is_by_hand && moments.is_empty()));
                }
            }
        }
        moments
    }

    fn fire(&mut self, firing: Firing, is_by_hand: bool) -> Moment {
        let mut deeds = Vec::new();
        for line in &firing.lines {
            let deed = self.deed(line, Some(&firing.name));
            let refused = match &deed.outcome {
                Outcome::Refused(reason) => Some(reason.clone()),
                _ => None,
            };
            deeds.push(deed);
            if let Some(reason) = refused {
                self.input(Input::Cues(CueNews::Refused(firing.at, line.clone(), reason)));
                if firing.on_error == OnError::Stop {
                    break;
                }
            }
        }
        self.moment(Some(firing.name), is_by_hand, deeds)
    }

    fn deed(&mut self, line: &str, cue: Option<&str>) -> Deed {
        let words = split_words(line);
        let cause = Cause {
            by: cue.map_or_else(|| "rehearsal".to_owned(), |name| format!("cue {name}")),
            command: told(&words),
        };
        let outcome = match parse(&words) {
            Err(error) => Outcome::Refused(error.to_string()),
            Ok(command) => match update_for(&mut self.studio, Input::Command(command), self.now, Some(&cause)) {
                Err(Refusal::NeedsFiles) => Outcome::NeedsFiles,
                Err(refusal) => Outcome::Refused(refusal.to_string()),
                Ok(effects) => Outcome::Done(self.told(effects)),
            },
        };
        Deed {
            line: line.to_owned(),
            outcome,
        }
    }

    fn told(&mut self, effects: Vec<Effect>) -> Vec<String> {
        let mut told = Vec::new();
        for effect in effects {
            match effect {
                Effect::Event(event) => {
                    let mark = if event.level == EventLevel::Info { "" } else { "! " };
                    told.push(format!("{mark}{}: {}", event.subject, event.text));
                }
                Effect::End => self.is_over = true,
                _ => {}
            }
        }
        told
    }

    fn moment(&self, cue: Option<String>, is_by_hand: bool, deeds: Vec<Deed>) -> Moment {
        let fade = self.studio.fade.as_ref();
        let began = fade.filter(|fade| fade.start == self.now);
        Moment {
            at: self.elapsed(),
            cue,
            is_by_hand,
            deeds,
            program: self.studio.program.clone(),
            preview: self.studio.preview.clone(),
            transition: began.map_or(TimeDelta::ZERO, |fade| fade.duration),
        }
    }
}

impl Moment {
    /// Whether a command of it was refused.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.deeds
            .iter()
            .any(|deed| matches!(deed.outcome, Outcome::Refused(_)))
    }

    /// For scripts.
    #[must_use]
    pub fn as_json(&self) -> Value {
        let deeds = self.deeds.iter().map(|deed| match &deed.outcome {
            Outcome::Done(told) => json!({ "line": deed.line, "ok": true, "told": told }),
            Outcome::Refused(reason) => json!({ "line": deed.line, "ok": false, "refused": reason }),
            Outcome::NeedsFiles => json!({ "line": deed.line, "ok": true, "left_out": "needs files" }),
        });
        json!({
            "at_ms": self.at.to_millis(),
            "cue": self.cue,
            "by_hand": self.is_by_hand,
            "commands": deeds.collect::<Vec<_>>(),
            "program": self.program,
            "preview": self.preview,
            "transition_ms": self.transition.to_millis(),
        })
    }

    /// For people: when and which cue, each command with what came of it, and what is on program then.
    #[must_use]
    pub fn as_text(&self) -> Vec<String> {
        let name = self.cue.as_deref().unwrap_or("(by hand)");
        let hand = if self.is_by_hand && self.cue.is_some() {
            "  by hand"
        } else {
            ""
        };
        let way = if self.transition > TimeDelta::ZERO {
            format!(", in {} ms", self.transition.to_millis())
        } else {
            String::new()
        };
        let mut lines = vec![format!(
            "{:>8}  {name}{hand}  → program {}{way}",
            clock_text(self.at),
            self.program
        )];
        for deed in &self.deeds {
            lines.push(format!("          {}", deed.line));
            match &deed.outcome {
                Outcome::Done(told) => lines.extend(told.iter().map(|told| format!("            {told}"))),
                Outcome::Refused(reason) => lines.push(format!("            REFUSED: {reason}")),
                Outcome::NeedsFiles => lines.push("            needs files: not rehearsed".to_owned()),
            }
        }
        lines
    }
}

impl Happening {
    /// `viewers 120`, `ended movie`, `lost camera`, `silence on`, `silence off`.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        let words = split_words(line);
        let [what, value] = words.as_slice() else { return None };
        match (what.as_str(), value.as_str()) {
            ("viewers", count) => count.parse().ok().map(Self::Viewers),
            ("silence", "on") => Some(Self::Silence(true)),
            ("silence", "off") => Some(Self::Silence(false)),
            ("ended" | "lost", _) => match Watch::parse(line)? {
                Watch::Ended(name) => Some(Self::Ended(name)),
                Watch::Lost(name) => Some(Self::Lost(name)),
                _ => None,
            },
            _ => None,
        }
    }
}

#[cfg(test)]
#[path = "rehearsal_tests.rs"]
mod tests;
