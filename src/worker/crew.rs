//! The workers that do one job one after the other: the one that serves, a spare that is ready, and when the next may start.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::arena::Arena;
use super::handshake::{self, Opening};
use super::link::{Link, Loss, Request};
use super::message::Message;
use super::restarts::Restarts;
use super::spawn::Program;
use crate::clock::Clock;
use crate::media::{TimeDelta, Timestamp};

/// A worker that has served this long, in ms, is worth a spare: the start of a show has better things to do.
const SPARE_AFTER_MS: i64 = 300;

/// How often, in ms, it is looked whether the spare lives.
const SPARE_LOOK_MS: i64 = 500;

/// How many workers one request may cost.
const ATTEMPTS: u32 = 2;

/// What a worker does now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum WorkerState {
    /// Not ready yet.
    Starting,
    /// It answers.
    Running,
    /// It works on something for longer than it should, and gets on with it.
    Slow,
    /// Nobody wants what it makes, so there is none; one is started for whoever comes.
    Resting,
    /// It died too often, too soon: the next one is started then.
    Backoff {
        /// How long after the loss, in ms.
        retry_in_ms: u64,
    },
}

/// What there is to tell about the workers of one job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// What it does now, and which process it is.
    State(WorkerState, Option<u32>),
    /// It was lost for this reason; the next one may start after that long.
    Lost(String, TimeDelta),
    /// Another does its work, so long after the request that the lost one did not answer.
    Replaced(String, TimeDelta),
    /// The spare was lost: the show did not notice.
    SpareLost(String),
}

/// Where reports go. Called on the thread that works with the crew; must not wait.
pub type Reporter = Arc<dyn Fn(Report) + Send + Sync>;

/// What a crew is made of.
pub struct Parts {
    /// What workers are.
    pub program: Program,
    /// `encode`, `analyse`: the word after `rigcast worker`.
    pub role: &'static str,
    /// The pictures that they read.
    pub arena: Arc<Arena>,
    /// The studio clock.
    pub clock: Clock,
    /// Whether a second one waits beside the one that serves.
    pub has_spare: bool,
    /// Who is told.
    pub report: Reporter,
}

/// The worker of one job, and those after it.
pub struct Crew {
    parts: Parts,
    /// The first message to each.
    opening: Vec<u8>,
    serving: Option<Serving>,
    spare: Option<Spare>,
    spare_not_before: Timestamp,
    restarts: Restarts,
    /// What the first one answered to the opening. Those after it must say the same.
    greeting: Option<Bytes>,
    /// Memory of the request that is asked.
    payload: Vec<u8>,
    /// Why the last one was lost and since when its answer is due, until another has answered.
    gap: Option<(String, Timestamp)>,
}

struct Serving {
    link: Link,
    since: Timestamp,
    has_answered: bool,
}

struct Spare {
    link: Link,
    is_ready: bool,
    looked: Timestamp,
}

/// No worker answered: they died of this request, or the next may not start yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unanswered;

impl Crew {
    /// Starts the first worker with `settings`, and waits until it is ready. Also returns what it greets with.
    ///
    /// # Errors
    /// Why it does not come up.
    pub fn open<G: DeserializeOwned>(parts: Parts, settings: &impl Serialize) -> Result<(Self, G), Loss> {
        let layout = parts.arena.layout();
        let opening = serde_json::to_vec(&Opening { settings, layout }).map_err(|error| Loss(error.to_string()))?;
        let mut crew = Self {
            parts,
            opening,
            serving: None,
            spare: None,
            spare_not_before: Timestamp::ZERO,
            restarts: Restarts::default(),
            greeting: None,
            payload: Vec::new(),
            gap: None,
        };
        let mut link = crew.start()?;
        (crew.parts.report)(Report::State(WorkerState::Starting, Some(link.pid())));
        let message = link.wait(&mut || {})?;
        let greeting = handshake::greeting(&message).map_err(Loss)?;
        crew.greeting = Some(message.payload);
        crew.serve(link);
        Ok((crew, greeting))
    }

    /// Asks the worker that serves; where it is lost, asks the next one. `build` writes the request's payload and returns its
    /// kind; its first argument says that this worker has not answered anything yet, and so knows nothing of what was
    /// before. `read` makes sense of the answer; a worker whose answer makes none is lost.
    ///
    /// # Errors
    /// [`Unanswered`]; what happened was reported.
    pub fn ask<T>(
        &mut self,
        mut build: impl FnMut(bool, &mut Vec<u8>) -> u8,
        mut read: impl FnMut(Message) -> Result<T, String>,
    ) -> Result<T, Unanswered> {
        let asked = self.parts.clock.now();
        for _ in 0..ATTEMPTS {
            self.relieve(asked);
            let Some(serving) = &mut self.serving else {
                break;
            };
            self.payload.clear();
            let kind = build(!serving.has_answered, &mut self.payload);
            let report = &self.parts.report;
            let pid = Some(serving.link.pid());
            let mut is_slow = false;
            let request = Request {
                kind,
                parts: &[&self.payload],
            };
            let answer = serving.link.ask(request, &mut || {
                is_slow = true;
                report(Report::State(WorkerState::Slow, pid));
            });
            match answer.and_then(|message| read(message).map_err(Loss)) {
                Ok(answer) => {
                    serving.has_answered = true;
                    if is_slow {
                        report(Report::State(WorkerState::Running, pid));
                    }
                    if let Some((reason, since)) = self.gap.take() {
                        report(Report::Replaced(reason, self.parts.clock.now() - since));
                    }
                    self.mind_spare();
                    return Ok(answer);
                }
                Err(loss) => self.lose(loss, asked),
            }
        }
        Err(Unanswered)
    }

    /// Sees to it that somebody serves: the spare, or a new worker if one may start.
    fn relieve(&mut self, asked: Timestamp) {
        if self.serving.is_some() || !self.restarts.may_start(self.parts.clock.now()) {
            return;
        }
        let link = match self.spare.take() {
            Some(spare) => self.greeted(spare.link, spare.is_ready),
            None => self.start().and_then(|link| self.greeted(link, false)),
        };
        match link {
            Ok(link) => self.serve(link),
            Err(loss) => self.lose(loss, asked),
        }
    }

    fn start(&self) -> Result<Link, Loss> {
        let opening = Request {
            kind: handshake::OPEN,
            parts: &[&self.opening],
        };
        let Parts {
            program,
            role,
            arena,
            clock,
            ..
        } = &self.parts;
        Link::start(program, role, arena, *clock, opening)
    }

    /// `link` once it is ready and has said what the first one said.
    fn greeted(&self, mut link: Link, is_ready: bool) -> Result<Link, Loss> {
        if !is_ready {
            let greeting = link.wait(&mut || {})?;
            self.check(&greeting)?;
        }
        Ok(link)
    }

    fn check(&self, greeting: &Message) -> Result<(), Loss> {
        if greeting.kind == handshake::REFUSED {
            return Err(Loss(greeting.text()));
        }
        if self.greeting.as_ref() == Some(&greeting.payload) {
            Ok(())
        } else {
            Err(Loss("it came up with other parameters than the one before".to_owned()))
        }
    }

    fn serve(&mut self, link: Link) {
        (self.parts.report)(Report::State(WorkerState::Running, Some(link.pid())));
        self.serving = Some(Serving {
            link,
            since: self.parts.clock.now(),
            has_answered: false,
        });
    }

    fn lose(&mut self, loss: Loss, asked: Timestamp) {
        let now = self.parts.clock.now();
        // One that never served has lived for no time at all.
        let since = self.serving.take().map_or(now, |serving| serving.since);
        let pause = self.restarts.lost(since, now);
        let report = &self.parts.report;
        report(Report::Lost(loss.0.clone(), pause));
        if pause > TimeDelta::ZERO {
            let retry_in_ms = u64::try_from(pause.to_millis()).unwrap_or(0);
            report(Report::State(WorkerState::Backoff { retry_in_ms }, None));
        }
        let since = self.gap.take().map_or(asked, |(_, since)| since);
        self.gap = Some((loss.0, since));
    }

    /// Starts a spare when there is none, and notices when it is ready, and when it is gone.
    fn mind_spare(&mut self) {
        let now = self.parts.clock.now();
        let apart = |ms| TimeDelta::from_millis(ms);
        if let Some(spare) = &mut self.spare {
            if spare.is_ready && now - spare.looked < apart(SPARE_LOOK_MS) {
                return;
            }
            spare.looked = now;
            let looked = match spare.link.look() {
                Ok(Some(greeting)) => {
                    spare.is_ready = true;
                    self.check(&greeting)
                }
                Ok(None) => Ok(()),
                Err(loss) => Err(loss),
            };
            if let Err(loss) = looked {
                self.lose_spare(&loss, now);
            }
            return;
        }
        let has_settled = self
            .serving
            .as_ref()
            .is_some_and(|serving| now - serving.since >= apart(SPARE_AFTER_MS));
        if self.parts.has_spare && has_settled && now >= self.spare_not_before {
            match self.start() {
                Ok(link) => {
                    self.spare = Some(Spare {
                        link,
                        is_ready: false,
                        looked: now,
                    });
                }
                Err(loss) => self.lose_spare(&loss, now),
            }
        }
    }

    fn lose_spare(&mut self, loss: &Loss, now: Timestamp) {
        self.spare = None;
        self.spare_not_before = now + TimeDelta::from_millis(SPARE_AFTER_MS);
        (self.parts.report)(Report::SpareLost(loss.0.clone()));
    }
}

impl fmt::Debug for Crew {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Crew")
            .field("role", &self.parts.role)
            .finish_non_exhaustive()
    }
}
