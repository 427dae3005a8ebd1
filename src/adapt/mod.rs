//! Bitrate that follows the network and the audience: samples and time in, targets and reasons out. Pure: no clock, no IO.
//!
//! A [`Director`] serves the whole studio. It knows every **line** (an encoder of pictures) and every destination that takes one;
//! it is told what is seen of each connection ([`Sample`]) and how many watch, and is asked twenty times a second what is to change
//! ([`Director::decide`]). The parts, from the wire to the words:
//!
//! * `estimator`: what one connection carries, from samples (a shadow queue finds out when that is less than believed);
//! * `governor`: the state machine of a line, from what is carried to a budget in bits; its diagram is at its head;
//! * `line`: from the budget to what the encoder is told, sound and the protocol's bytes taken off; `shape`: fewer or smaller pictures;
//! * `connection`: who is left behind; `tier`: the audience; `quality`: good, fair, poor;
//! * `policy`: how all of this combines, as plain values.
//!
//! `docs/adapt.md` says the same for those who run a show.

mod base;
mod change;
mod connection;
mod director;
mod error;
mod estimator;
mod governor;
mod history;
mod line;
mod phase;
mod policy;
mod quality;
pub mod rehearsal;
mod sample;
mod shape;
mod sound;
mod spend;
mod state;
#[cfg(test)]
mod tests;
mod tier;
mod trace;

pub use base::{Base, LineBase, SoundBase};
pub use change::{Change, Pin, PinKind, What};
pub use director::Director;
pub use error::PolicyError;
pub use phase::Phase;
pub use policy::{NetworkPolicy, Order, Policy, ShapePolicy};
pub use quality::Quality;
pub use sample::Sample;
pub use state::{DestinationState, LineState, SoundState, State};
pub use tier::{Spending, Tier, TierPolicy, Tiers};
pub use trace::{Trace, TraceEntry, TraceError, trace_header};
