//! The controller in its studio: fed with what is seen of connections, encoders and the audience, and asked twenty times a second.
//!
//! [`Director`] decides and is pure; this keeps its inputs in order, and writes the trace. What it decides goes through the
//! model like everything else (`studio/update/adapt.rs`) and comes back as effects.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::mpsc;

use super::outlet::{LINES, Outlet};
use super::trace_file::TraceFile;
use crate::adapt::{Base, Change, Director, LineBase, Policy, Sample, SoundBase, State, TraceEntry, trace_header};
use crate::media::{TimeDelta, Timestamp};
use crate::scene::Show;
use crate::studio::update::AdaptOrder;

/// Samples that may wait for the core task, which fetches them every 50 ms: those of fifty destinations.
const SAMPLES_WAITING: usize = 256;

/// What a destination's task has seen: whose connection, and what.
pub type Seen = (Arc<str>, Sample);

/// Where destinations put what they see.
pub type Samples = mpsc::Sender<Seen>;

/// A way for samples.
#[must_use]
pub fn channel() -> (Samples, mpsc::Receiver<Seen>) {
    mpsc::channel(SAMPLES_WAITING)
}

/// The controller and what it is fed with.
pub struct Adapting {
    director: Director,
    base: Base,
    policies: Vec<Policy>,
    trace: Option<TraceFile>,
    samples: mpsc::Receiver<Seen>,
    /// What was told last, and when.
    state: State,
    told: Timestamp,
    viewers: Option<u64>,
}

/// How often figures alone are told; decisions are told at once.
const FIGURES_EVERY_MS: i64 = 1000;

/// What can be adapted in `show`.
fn base(show: &Show) -> Base {
    let line = |name: &str, video: &crate::encode::VideoSettings| LineBase {
        name: name.to_owned(),
        width: video.width,
        height: video.height,
        frame_rate: video.frame_rate,
        rate: video.rate(),
        gop: TimeDelta::from_secs_f64(video.gop_seconds),
    };
    let ladder = show.renditions.iter();
    Base {
        lines: std::iter::once(line("source", &show.video))
            .chain(ladder.map(|rendition| line(&rendition.name, &rendition.video(&show.video))))
            .collect(),
        sound: SoundBase {
            kbps: show.audio.bitrate_kbps,
            sample_rate: show.audio.sample_rate.hz(),
        },
        uplink_kbps: show.uplink_kbps,
    }
}

impl Adapting {
    /// A controller for `show` by its policy, or the one that the operator has chosen since; `policies` can be chosen by name.
    #[must_use]
    pub fn new(show: &Show, policies: Vec<Policy>, samples: mpsc::Receiver<Seen>) -> Self {
        let chosen = show.adapt.chosen.as_ref();
        let chosen = chosen.and_then(|chosen| policies.iter().find(|policy| policy.name == *chosen));
        let policy = chosen.unwrap_or(&show.adapt.policy).clone();
        let base = base(show);
        let mut director = Director::new(base.clone(), policy);
        director.set_on(show.adapt.is_on);
        for pin in &show.adapt.pins {
            director.pin(*pin);
        }
        Self {
            state: director.state(),
            director,
            base,
            policies,
            trace: None,
            samples,
            told: Timestamp::ZERO,
            viewers: None,
        }
    }

    /// Where control stands.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The policies that can be chosen by name.
    pub fn policies(&self) -> impl Iterator<Item = &Policy> {
        self.policies.iter()
    }

    /// Writes everything that the controller is told from now on into the first of `paths` that is not there yet, and what it
    /// decides. Gives the one it is.
    ///
    /// # Errors
    /// Why not, in words.
    pub fn trace(
        &mut self,
        paths: &[PathBuf],
        fail: impl Fn(String) + Send + Sync + 'static,
    ) -> Result<String, String> {
        let header = trace_header(&self.base, &self.state.policy);
        let fail = Arc::new(fail);
        let mut last = "no name is left for it".to_owned();
        for path in paths {
            let fail = Arc::clone(&fail);
            match TraceFile::create(path, &header, move |reason| fail(reason)) {
                Ok(trace) => {
                    self.trace = Some(trace);
                    return Ok(path.display().to_string());
                }
                Err(reason) => last = reason,
            }
            if !path.exists() {
                break;
            }
        }
        Err(last)
    }

    /// Ends that. Gives how much the disk was too late for.
    pub fn end_trace(&mut self) -> u64 {
        self.trace.take().map_or(0, |trace| trace.lost())
    }

    fn note(&mut self, entry: impl FnOnce() -> TraceEntry) {
        if let Some(trace) = &mut self.trace {
            trace.push(entry());
        }
    }

    /// The scene file says something else; of the policy only where that is `another_policy`, for an operator may have chosen one since.
    pub fn rebase(&mut self, show: &Show, another_policy: bool) {
        self.base = base(show);
        self.director.rebase(self.base.clone());
        if another_policy {
            self.director.set_policy(show.adapt.policy.clone());
        }
        self.director.set_on(show.adapt.is_on);
    }

    /// Does what the operator wants.
    pub fn obey(&mut self, order: AdaptOrder) {
        match order {
            AdaptOrder::On(is_on) => self.director.set_on(is_on),
            AdaptOrder::Policy(name) => {
                if let Some(policy) = self.policies.iter().find(|policy| policy.name == name) {
                    self.director.set_policy(policy.clone());
                }
            }
            AdaptOrder::Pin(pin) => self.director.pin(pin),
            AdaptOrder::Release(kind) => self.director.release(kind),
        }
    }

    /// A destination is reached, or is not any more.
    pub fn connection(&mut self, name: &str, line: usize, is_live: bool, now: Timestamp) {
        if is_live {
            self.director.connected(name, line, now);
            self.note(|| TraceEntry::Connected {
                at: now,
                destination: name.to_owned(),
                line,
            });
        } else {
            self.director.gone(name);
            self.note(|| TraceEntry::Gone {
                at: now,
                destination: name.to_owned(),
            });
        }
    }

    /// How many watch, if anybody knows.
    pub fn audience(&mut self, viewers: Option<u64>, now: Timestamp) {
        self.director.audience(viewers, now);
        if std::mem::replace(&mut self.viewers, viewers) != viewers {
            self.note(|| TraceEntry::Audience { at: now, viewers });
        }
    }

    /// Takes in what was seen since the last time, and decides. `None` where nothing has changed.
    pub fn tick(&mut self, outlet: &Outlet, now: Timestamp) -> Option<(Vec<Change>, State)> {
        while let Ok((name, sample)) = self.samples.try_recv() {
            self.director.sample(&name, &sample);
            self.note(|| TraceEntry::Sample {
                destination: name.to_string(),
                sample,
            });
        }
        for line in 0..self.state.lines.len().min(LINES) {
            let bytes = outlet.counters.video_bytes[line].load(Ordering::Relaxed);
            self.director.encoded(line, bytes, now);
            if outlet.is_wanted(line) {
                self.note(|| TraceEntry::Encoded { at: now, line, bytes });
            }
        }
        let changes = self.director.decide(now);
        if changes.is_empty() && now - self.told < TimeDelta::from_millis(FIGURES_EVERY_MS) {
            return None;
        }
        for change in &changes {
            let change = change.clone();
            self.note(|| TraceEntry::Change { at: now, change });
        }
        self.told = now;
        let state = self.director.state();
        if changes.is_empty() && state == self.state {
            return None;
        }
        self.state.clone_from(&state);
        Some((changes, state))
    }
}
