//! The controller in its studio: fed with what is seen of connections, encoders and the audience, and asked twenty times a second.
//!
//! [`Director`] decides and is pure; this keeps its inputs in order, and writes the trace. What it decides goes through the
//! model like everything else (`studio/update/adapt.rs`) and comes back as effects.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::mpsc;

use super::outlet::{LINES, Outlet};
use crate::adapt::{Base, Change, Director, LineBase, Policy, Sample, SoundBase, State};
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
    policies: Vec<Policy>,
    samples: mpsc::Receiver<Seen>,
    /// What was told last, and when.
    state: State,
    told: Timestamp,
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
    /// A controller for `show` by the policy it names, which is one of `policies`; with none of that name, it only looks on.
    #[must_use]
    pub fn new(show: &Show, policies: Vec<Policy>, samples: mpsc::Receiver<Seen>) -> Self {
        let policy = policies.iter().find(|policy| policy.name == show.adapt.policy);
        let mut director = Director::new(base(show), policy.cloned().unwrap_or_default());
        director.set_on(!show.adapt.is_off(), Timestamp::ZERO);
        Self {
            state: director.state(),
            director,
            policies,
            samples,
            told: Timestamp::ZERO,
        }
    }

    /// Where control stands.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Does what the operator wants.
    pub fn obey(&mut self, order: AdaptOrder, now: Timestamp) {
        match order {
            AdaptOrder::On(is_on) => self.director.set_on(is_on, now),
            AdaptOrder::Policy(name) => {
                if let Some(policy) = self.policies.iter().find(|policy| policy.name == name) {
                    self.director.set_policy(policy.clone(), now);
                }
            }
            AdaptOrder::Pin(pin) => self.director.pin(pin, now),
            AdaptOrder::Release(kind) => self.director.release(kind, now),
        }
    }

    /// A destination is reached, or is not any more.
    pub fn connection(&mut self, name: &str, line: usize, is_live: bool, now: Timestamp) {
        if is_live {
            self.director.connected(name, line, now);
        } else {
            self.director.gone(name, now);
        }
    }

    /// How many watch, if anybody knows.
    pub fn audience(&mut self, viewers: Option<u64>, now: Timestamp) {
        self.director.audience(viewers, now);
    }

    /// Takes in what was seen since the last time, and decides. `None` where nothing has changed.
    pub fn tick(&mut self, outlet: &Outlet, now: Timestamp) -> Option<(Vec<Change>, State)> {
        while let Ok((name, sample)) = self.samples.try_recv() {
            self.director.sample(&name, &sample);
        }
        for line in 0..self.state.lines.len().min(LINES) {
            let bytes = outlet.counters.video_bytes[line].load(Ordering::Relaxed);
            self.director.encoded(line, bytes, now);
        }
        let changes = self.director.decide(now);
        if changes.is_empty() && now - self.told < TimeDelta::from_millis(FIGURES_EVERY_MS) {
            return None;
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
