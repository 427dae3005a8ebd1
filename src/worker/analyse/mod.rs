//! Analysis: what looks at pictures and listens to sound without being part of their way to air.
//!
//! ```text
//! settings ─▶ Registry: one Analyser each for black, frozen and silent program
//! picture ──▶   look   ─┬▶ findings: what the operator is told
//! blocks  ──▶  listen  ─┴▶ stamps: up to which PTS each analyser has seen, which clearances are made from
//! ```
//!
//! It runs in a process of its own (`rigcast worker analyse`), for models crash, hang and leak. Nothing here knows of that:
//! the registry is plain logic over values, and so are its analysers. To add one, implement [`Analyser`] and build it in
//! [`Registry::new`] from settings of its own.

mod finding;
mod registry;
mod settings;
mod watches;

pub use finding::{Condition, Finding, Opening, Stamp, Told};
pub use registry::{Analyser, Registry, Wants};
pub use settings::AnalysisSettings;
