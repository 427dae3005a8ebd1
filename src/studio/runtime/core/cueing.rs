//! Cues on air: the core task sleeps until the next one is due, not until its next tick, and does its commands as orders of their own.

use tokio::sync::oneshot::error::TryRecvError;
use tokio::time::Instant;

use super::Core;
use crate::control::desk::{Order, Reply};
use crate::cue::{Firing, OnError, Trigger, Watch};
use crate::media::TimeDelta;
use crate::studio::command::{parse, split_words, told};
use crate::studio::model::Cause;
use crate::studio::runtime::reporters::post;
use crate::studio::update::{CueNews, Input};

impl Core {
    /// When the next cue is due, if one is.
    pub(super) fn next_cue(&self) -> Option<Instant> {
        let due = self.studio.cues.next_due(self.clock.now())?;
        Some(Instant::from_std(self.clock.instant_of(due)))
    }

    /// Lets the cue go that is due.
    pub(super) fn cue(&mut self) {
        self.feed(Input::Cues(CueNews::Time));
    }

    /// Does the commands of a cue, as if it had typed them.
    pub(super) fn do_cue(&mut self, firing: Firing) {
        let by = format!("cue {}", firing.name);
        for line in firing.lines {
            let words = split_words(&line);
            let refusal = match parse(&words) {
                Ok(command) => {
                    let (reply, mut answer) = Reply::new(Cause {
                        by: by.clone(),
                        command: told(&words),
                    });
                    let order = Order {
                        command,
                        // Who wrote the cue has said what it shows and when, and rehearsed it.
                        is_unasked: false,
                        reply,
                    };
                    self.order(order);
                    match answer.try_recv() {
                        Ok(answer) => answer.err(),
                        Err(TryRecvError::Closed) => None,
                        // It needs a disk: what comes of it is told when it is there, and nothing waits for it.
                        Err(TryRecvError::Empty) => {
                            let (inputs, at) = (self.post.clone(), firing.at);
                            tokio::spawn(async move {
                                if let Ok(Err(reason)) = answer.await {
                                    post(&inputs, Input::Cues(CueNews::Refused(at, line, reason)));
                                }
                            });
                            continue;
                        }
                    }
                }
                // It was checked when it was read.
                Err(error) => Some(error.to_string()),
            };
            let Some(reason) = refusal else { continue };
            self.feed(Input::Cues(CueNews::Refused(firing.at, line, reason)));
            if firing.on_error == OnError::Stop {
                break;
            }
        }
    }

    /// What time of the day it is: cues may wait for one.
    pub(super) fn tell_cues_the_time(&mut self) {
        let time = jiff::Zoned::now().time();
        let since = time.duration_since(jiff::civil::Time::midnight());
        let of_day = TimeDelta::from_millis(i64::try_from(since.as_millis()).unwrap_or_default());
        self.feed(Input::Cues(CueNews::Day(of_day)));
    }

    /// Whether anything is heard on program, where a cue waits for silence.
    pub(super) fn listen_for_cues(&mut self) {
        let cues = &self.studio.cues;
        let is_silence = |trigger: &Trigger| {
            matches!(
                trigger,
                Trigger::On {
                    watch: Watch::Silence(_),
                    ..
                }
            )
        };
        let mut listed = cues.list.iter().flat_map(|list| &list.cues);
        if !cues.is_running() || !listed.any(|cue| is_silence(&cue.trigger)) {
            return;
        }
        let is_silent = self.newest_meters().silent_ms > 0;
        if is_silent != self.studio.cues.is_silent() {
            self.feed(Input::Cues(CueNews::Silent(is_silent)));
        }
    }
}
