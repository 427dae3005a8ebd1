//! Analysis: what looks at pictures and listens to sound without being part of their way to air.
//!
//! ```text
//! settings ─▶ Registry: one Analyser each for black, frozen and silent program, faces, words, and what pictures must not show
//! picture ──▶   look   ─┬▶ findings: what the operator is told
//! blocks  ──▶  listen  ─┴▶ stamps: up to which PTS each analyser has seen, which clearances are made from
//! ```
//!
//! It runs in a process of its own (`rigcast worker analyse`), for models crash, hang and leak: [`RemoteAnalysis`] is the
//! studio's side of that, `child.rs` the worker's. The registry and its analysers know nothing of it, they are plain logic
//! over values. To add an analyser, implement [`Analyser`] and build it in [`Registry::new`] from settings of its own.

mod analyser;
mod checks;
mod child;
mod faces;
mod finding;
mod message;
mod program;
mod registry;
mod remote;
mod settings;
mod watches;
mod words;

pub use analyser::{Analyser, Wants};
pub(super) use child::serve;
pub use finding::{Condition, Finding, Opening, Stamp, Told};
pub use message::Reply;
pub use registry::Registry;
pub use remote::RemoteAnalysis;
pub use settings::AnalysisSettings;
