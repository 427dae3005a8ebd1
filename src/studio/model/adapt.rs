//! How bitrate, frame rate, size and sound follow the network and the audience, as clients see it.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

pub use crate::adapt::{Pin, PinKind, Quality, State as AdaptState, Tier};
pub use crate::audience::SourceCount;
use crate::media::Timestamp;

/// How many changes are kept with their reasons.
pub const CHANGES_KEPT: usize = 40;

/// What adapts the show, and what it has done.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AdaptModel {
    /// Where control stands.
    #[serde(flatten)]
    pub state: AdaptState,
    /// Policies that can be had by name.
    #[serde(default)]
    pub policies: Vec<AdaptPolicyModel>,
    /// Who is asked how many watch, in the order of the scene file.
    #[serde(default)]
    pub audience: Vec<SourceCount>,
    /// The newest changes, oldest first, at most [`CHANGES_KEPT`].
    #[serde(default)]
    pub changes: VecDeque<Adapted>,
    /// The file that what is seen of the network is written to, if so.
    #[serde(default)]
    pub trace: Option<String>,
}

/// A policy as clients see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdaptPolicyModel {
    /// As it is asked for.
    pub name: String,
    /// What it is for.
    pub title: String,
}

/// A change and its reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adapted {
    /// On the studio clock.
    pub at: Timestamp,
    /// One line.
    pub reason: String,
}

impl AdaptModel {
    /// Remembers a change; the oldest is forgotten beyond [`CHANGES_KEPT`].
    pub fn remember(&mut self, change: Adapted) {
        if self.changes.len() >= CHANGES_KEPT {
            self.changes.pop_front();
        }
        self.changes.push_back(change);
    }
}
