//! Destinations by name: their specs, which hold secrets and so stay out of the model, and their lives in the outlet.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::outlet::Outlet;
use crate::clock::Clock;
use crate::publish::{self, DestinationHandle, DestinationReport, DestinationSpec, StreamConfig};
use crate::studio::update::Input;

/// How long all destinations together may take to say goodbye.
const GOODBYE: Duration = Duration::from_secs(3);

/// Knows and starts destinations.
pub struct Destinations {
    specs: Vec<DestinationSpec>,
    stream: StreamConfig,
    clock: Clock,
    outlet: Arc<Outlet>,
    inputs: mpsc::Sender<Input>,
}

impl Destinations {
    /// None yet; each will be sent `stream`.
    pub fn new(stream: StreamConfig, clock: Clock, outlet: Arc<Outlet>, inputs: mpsc::Sender<Input>) -> Self {
        Self {
            specs: Vec::new(),
            stream,
            clock,
            outlet,
            inputs,
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
        self.outlet.with(name, |_| {})
    }

    /// Starts a known destination that does not run; one that runs is tried again at once if it is lost.
    pub fn start(&self, name: &str) {
        if self.outlet.with(name, DestinationHandle::retry_now) {
            return;
        }
        let Some(spec) = self.specs.iter().find(|spec| spec.name == name) else {
            return;
        };
        let inputs = self.inputs.clone();
        let outlet = Arc::clone(&self.outlet);
        let subject = name.to_owned();
        let report = move |report| {
            let input = match report {
                DestinationReport::State(state) => Input::DestinationState(subject.clone(), state),
                DestinationReport::Stats(stats) => Input::DestinationStats(subject.clone(), stats),
                DestinationReport::KeyframeWanted => return outlet.want_idr(),
            };
            // Full only if the core task is stuck; the next report tells the same again.
            if inputs.try_send(input).is_err() {
                tracing::warn!(destination = subject, "a report was lost");
            }
        };
        let handle = publish::start(spec.clone(), self.stream.clone(), self.clock, report);
        self.outlet.add(name.to_owned(), handle);
    }

    /// Stops a destination; saying goodbye to its server goes on in the background, within bounds.
    pub fn stop(&self, name: &str) {
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
