//! What others are given to report with: each report becomes an input of the core task, and nobody waits for it.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::air::FaceReport;
use super::analysis::{Finder, Teller};
use super::gate::{self, Covering};
use crate::source::SourceReport;
use crate::studio::model::EventLevel;
use crate::studio::update::Input;
use crate::worker;

/// The way to the core task.
pub type Inputs = mpsc::Sender<Input>;

/// Of a source.
pub fn source_reporter(name: String, inputs: Inputs) -> impl Fn(SourceReport) + Send + Sync + 'static {
    move |report| {
        let name = name.clone();
        post(
            &inputs,
            match report {
                SourceReport::State(state) => Input::SourceState(name, state),
                SourceReport::Format(format) => Input::SourceFormat(name, format),
                SourceReport::Dropped { frames, blocks } => Input::SourceDropped(name, frames, blocks),
                SourceReport::Controls(controls) => Input::SourceControls(name, controls),
                SourceReport::Notice(text) => Input::Event(EventLevel::Warning, format!("source {name}"), text),
            },
        );
    }
}

/// Of the gate: what is covered or silenced.
pub fn cover_reporter(inputs: Inputs) -> gate::Report {
    Arc::new(move |covering, text| {
        let level = match covering {
            Covering::Began => EventLevel::Warning,
            Covering::Ended => EventLevel::Info,
        };
        post(&inputs, Input::Event(level, "program".to_owned(), text));
    })
}

/// Of the way out: the faces on program.
pub fn face_reporter(inputs: Inputs) -> FaceReport {
    Arc::new(move |faces, cover| post(&inputs, Input::Faces(faces, cover)))
}

/// Of the analysis: what program is that it should not be for long.
pub fn finder(inputs: Inputs) -> Finder {
    Arc::new(move |condition, turn| post(&inputs, Input::Program(condition, turn)))
}

/// Of the analysis: what else there is to tell.
pub fn teller(inputs: Inputs) -> Teller {
    Arc::new(move |level, subject, text| post(&inputs, Input::Event(level, subject, text)))
}

/// Of a worker's crew.
pub fn worker_reporter(name: impl Into<String>, inputs: Inputs) -> worker::Reporter {
    let name = name.into();
    Arc::new(move |report| post(&inputs, Input::Worker(name.clone(), report)))
}

/// Posts an input from a thread that must not wait.
pub fn post(inputs: &Inputs, input: Input) {
    if inputs.try_send(input).is_err() {
        tracing::warn!("a report was lost");
    }
}
