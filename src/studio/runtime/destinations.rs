//! Destinations by name: their specs, which hold secrets and so stay out of the model, and their lives in the outlet.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::adapting::Samples;
use super::outlet::{Outlet, SOURCE, Sound};
use crate::clock::Clock;
use crate::media::AudioConfig;
use crate::publish::{self, DestinationHandle, DestinationReport, DestinationSpec, StreamConfig};
use crate::studio::update::Input;

/// How long all destinations together may take to say goodbye.
const GOODBYE: Duration = Duration::from_secs(3);

/// Knows and starts destinations.
pub struct Destinations {
    specs: Vec<DestinationSpec>,
    /// Names of the renditions, line 1 first.
    lines: Vec<String>,
    /// AAC, Opus.
    sound: [AudioConfig; 2],
    /// Started as soon as the encoder of their rendition is open.
    pending: Vec<String>,
    clock: Clock,
    outlet: Arc<Outlet>,
    inputs: mpsc::Sender<Input>,
    samples: Samples,
}

impl Destinations {
    /// None yet; each will be sent one of the renditions `lines`, or the source, and one kind of `sound`.
    pub fn new(
        lines: Vec<String>,
        sound: [AudioConfig; 2],
        clock: Clock,
        outlet: Arc<Outlet>,
        inputs: mpsc::Sender<Input>,
        samples: Samples,
    ) -> Self {
        Self {
            specs: Vec::new(),
            lines,
            sound,
            pending: Vec::new(),
            clock,
            outlet,
            inputs,
            samples,
        }
    }

    /// Remembers a destination without starting it.
    pub fn know(&mut self, spec: DestinationSpec) {
        self.specs.push(spec);
    }

    /// All that are known, in the model's order.
    pub fn specs(&self) -> &[DestinationSpec] {
        &self.specs
    }

    /// Whether a destination has been started and not been stopped since, however it fares.
    pub fn is_started(&self, name: &str) -> bool {
        self.outlet.with(name, |_| {}) || self.pending.iter().any(|pending| pending == name)
    }

    /// The line that the destination of that name takes.
    pub fn line(&self, name: &str) -> usize {
        let spec = self.specs.iter().find(|spec| spec.name == name);
        spec.map_or(SOURCE, |spec| self.line_of(spec))
    }

    /// The line that a destination takes.
    fn line_of(&self, spec: &DestinationSpec) -> usize {
        let wanted = spec.rendition.as_ref();
        let at = wanted.and_then(|wanted| self.lines.iter().position(|line| line == wanted));
        at.map_or(SOURCE, |at| at + 1)
    }

    /// Starts those whose rendition has an encoder by now.
    pub fn tick(&mut self) {
        for name in std::mem::take(&mut self.pending) {
            self.start(&name);
        }
    }

    /// Starts a known destination that does not run; one that runs is tried again at once if it is lost.
    pub fn start(&mut self, name: &str) {
        if self.outlet.with(name, DestinationHandle::retry_now) {
            return;
        }
        let Some(spec) = self.specs.iter().find(|spec| spec.name == name) else {
            return;
        };
        let line = self.line_of(spec);
        let Some(video) = self.outlet.config(line) else {
            self.outlet.await_line(line, true);
            if !self.pending.iter().any(|pending| pending == name) {
                self.pending.push(name.to_owned());
            }
            return;
        };
        let sound = if spec.wants_opus() { Sound::Opus } else { Sound::Aac };
        let stream = StreamConfig {
            video: Some(video),
            audio: self
                .outlet
                .sound_config()
                .or_else(|| Some(self.sound[Sound::Aac as usize].clone())),
            opus: Some(self.sound[Sound::Opus as usize].clone()),
        };
        let inputs = self.inputs.clone();
        let outlet = Arc::clone(&self.outlet);
        let subject = name.to_owned();
        let (seen_by, samples) = (Arc::<str>::from(name), self.samples.clone());
        let report = move |report| {
            let input = match report {
                DestinationReport::State(state) => Input::DestinationState(subject.clone(), state),
                DestinationReport::Stats(stats) => Input::DestinationStats(subject.clone(), stats),
                DestinationReport::KeyframeWanted => return outlet.want_idr(line),
                DestinationReport::Sample(sample) => {
                    // Full only if the core task is stuck; twenty more come every second.
                    let _ = samples.try_send((Arc::clone(&seen_by), sample));
                    return;
                }
            };
            // Full only if the core task is stuck; the next report tells the same again.
            if inputs.try_send(input).is_err() {
                tracing::warn!(destination = subject, "a report was lost");
            }
        };
        let handle = publish::start(spec.clone(), stream, self.clock, report);
        self.outlet.add(name.to_owned(), line, sound, handle);
    }

    /// Stops a destination; saying goodbye to its server goes on in the background, within bounds.
    pub fn stop(&mut self, name: &str) {
        if let Some(spec) = self.specs.iter().find(|spec| spec.name == name) {
            self.outlet.await_line(self.line_of(spec), false);
        }
        self.pending.retain(|pending| pending != name);
        if let Some(handle) = self.outlet.remove(name) {
            tokio::spawn(handle.stop());
        }
    }

    /// Stops a destination and forgets it.
    pub fn forget(&mut self, name: &str) {
        self.stop(name);
        self.specs.retain(|spec| spec.name != name);
    }

    /// Stops all and waits until each has said goodbye, or for as long as is decent.
    pub async fn stop_all(&self) {
        let goodbyes = self
            .outlet
            .remove_all()
            .into_iter()
            .map(|handle| tokio::spawn(handle.stop()));
        let all = futures::future::join_all(goodbyes.collect::<Vec<_>>());
        if tokio::time::timeout(GOODBYE, all).await.is_err() {
            tracing::warn!("a destination did not answer the goodbye in time");
        }
    }
}
