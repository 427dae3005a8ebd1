//! Sources that are being chosen: what this rig has, which one is on trial, and what is not saved yet.

use serde::{Deserialize, Serialize};

use super::{Inventory, Studio};
use crate::media::Timestamp;

/// What clients see of choosing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Choosing {
    /// What was found when somebody looked around last.
    pub inventory: Inventory,
    /// When that was; none before the first time.
    pub looked_at: Option<Timestamp>,
    /// Whether somebody looks around now.
    pub is_looking: bool,
    /// The source that is tried.
    pub trial: Option<Trial>,
    /// What was done to sources and items and is not in the scene file yet, the oldest first: `added mic`.
    pub unsaved: Vec<String>,
    /// The sources of these names are not in the scene file yet, or otherwise.
    pub changed: Vec<String>,
}

/// A source that is seen and metered before it is added for good.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trial {
    /// Its name among the sources.
    pub name: String,
    /// Which of what was found it is, as its title.
    pub title: String,
    /// The kind of source.
    pub kind: String,
}

impl Studio {
    /// Whether the source of that name is on trial.
    #[must_use]
    pub fn is_on_trial(&self, source: &str) -> bool {
        self.choosing.trial.as_ref().is_some_and(|trial| trial.name == source)
    }

    /// The scenes that show the source of that name, scenes within scenes included.
    pub fn scenes_with<'a>(&'a self, source: &'a str) -> impl Iterator<Item = &'a str> {
        let scenes = self.scenes.iter();
        let shown = scenes.filter(move |scene| scene.sources.iter().any(|name| name == source));
        shown.map(|scene| scene.name.as_str())
    }
}
