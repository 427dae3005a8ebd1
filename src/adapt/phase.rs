//! The phases of a line's control (see `governor` for what leads from one to another), and what its decisions rest on.

use serde::{Deserialize, Serialize};

use super::estimator::Finding;
use super::policy::NetworkPolicy;

/// Where the control of a line is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Everything that was asked for goes out.
    #[default]
    Steady,
    /// Less is sent than is carried, until what waits is gone.
    Draining,
    /// A little less is sent than is carried.
    Holding,
    /// A little more is sent, for about a second, to see whether it is carried.
    Probing,
    /// More is sent step by step.
    Climbing,
    /// Nothing is confirmed.
    Out,
}

/// A destination that counts, and what is found of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen<'a> {
    pub name: &'a str,
    pub finding: Finding,
}

/// What a decision of the governor rests on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds<'a> {
    /// What the scene file, the tier and the uplink allow.
    pub ceiling: f64,
    /// The least that is sent.
    pub floor: f64,
    /// How.
    pub policy: &'a NetworkPolicy,
    /// Whether nobody else probes the same uplink just now.
    pub may_probe: bool,
    /// What the encoder makes, with sound and protocol, where that is known.
    pub made: Option<f64>,
}
