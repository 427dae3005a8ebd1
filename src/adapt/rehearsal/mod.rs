//! What a policy would do: a closed loop of a model of the network, a model of encoders, and the very controller that is on air.
//!
//! This is behind `rigcast adapt replay` and behind the tests of the controller: a course of weather goes in, and out comes what was
//! carried, how late it arrived, and every change with its reason. Everything is deterministic.

mod dice;
mod encoder;
mod path;
mod play;
mod rebuild;
mod report;
#[cfg(test)]
mod tests;

pub use dice::Dice;
pub use path::Weather;
pub use play::{Cast, Course, Player, Rehearsal, rehearse};
pub use rebuild::cast_of;
pub use report::{Arrival, Report, Tick};
