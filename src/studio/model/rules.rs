//! Business data and the rules that choose scenes by it, as clients see them.
//!
//! Moments are on the studio clock, so that a screen can count down without a new state ten times a second.

use serde::{Deserialize, Serialize};

use crate::media::Timestamp;
use crate::rules;
pub use crate::rules::Data;

/// What is known of the room: business data, and where it comes from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DataModel {
    /// The values.
    #[serde(default)]
    pub values: Data,
    /// When they came; none where there are none.
    #[serde(default)]
    pub at: Option<Timestamp>,
    /// Who brought them.
    #[serde(default)]
    pub from: Option<String>,
    /// The address that they can be posted to.
    #[serde(default)]
    pub listens: Option<String>,
    /// The file that is read whenever it changes.
    #[serde(default)]
    pub file: Option<String>,
    /// Why what came last was not taken, until something is.
    #[serde(default)]
    pub trouble: Option<String>,
}

/// The rules, and what they make of the data.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RulesModel {
    /// The file that they are from; none where there are no rules.
    #[serde(default)]
    pub file: Option<String>,
    /// What they are for.
    #[serde(default)]
    pub title: String,
    /// The scene that is shown where none holds.
    #[serde(default)]
    pub default: Option<String>,
    /// Whether they may choose.
    #[serde(default)]
    pub is_on: bool,
    /// An operator has taken a scene: they look on until they are released.
    #[serde(default)]
    pub overridden: Option<Override>,
    /// What they make of the data.
    #[serde(default)]
    pub standing: RulesStanding,
}

/// What is kept of data and rules, so that a show can go on after a crash.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RulesKept {
    /// Whether they may choose.
    pub is_on: bool,
    /// Who holds program against them, and the scene.
    pub overridden: Option<(String, String)>,
    /// The data. It counts as come when the show goes on: nobody knows how long it was away for.
    pub data: Data,
    /// Who brought it.
    pub from: Option<String>,
}

/// Who holds program against the rules.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    /// Who: `screen 2`, `script`.
    pub by: String,
    /// The scene that was taken.
    pub scene: String,
    /// When.
    pub at: Timestamp,
}

/// What the rules make of the data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RulesStanding {
    /// In the order of their file.
    pub rules: Vec<RuleModel>,
    /// What they have chosen.
    pub chosen: Option<RuleChoice>,
    /// What they would choose if nothing was in the way: `rule NAME`, `the default`.
    pub wish: Option<String>,
    /// What is in the way.
    pub wait: Option<RulesWait>,
    /// Whether the data is too old to say anything, or there is none.
    pub is_stale: bool,
    /// Changes in the last minute, when this was found.
    pub changes: usize,
    /// How many there may be.
    pub changes_per_minute: u32,
}

/// A rule as clients see it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleModel {
    /// Its name.
    pub name: String,
    /// Its condition, as it is written.
    pub when: String,
    /// The scene that it shows.
    pub scene: String,
    /// The highest one that holds is chosen.
    pub priority: i32,
    /// Since when it has held.
    pub holds_since: Option<Timestamp>,
    /// From when on it can be chosen, if it goes on to hold.
    pub ready_at: Option<Timestamp>,
}

/// What the rules have chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleChoice {
    /// The rule; none for the default.
    pub rule: Option<String>,
    /// The scene.
    pub scene: String,
    /// Its parameters and their values.
    pub with: Vec<(String, String)>,
    /// Since when.
    pub since: Timestamp,
    /// It stays at least until then.
    pub until: Timestamp,
}

/// What is in the way of a wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RulesWait {
    /// What is chosen stays until then.
    HoldDown(Timestamp),
    /// There have been enough changes in this minute; there is room again at that time.
    Budget(Timestamp),
    /// They look on.
    Watching,
}

impl DataModel {
    /// What stands at a dotted path: `product.price`, `lots.0.left`.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<&serde_json::Value> {
        self.values.find(path)
    }

    /// The same as viewers read it.
    #[must_use]
    pub fn text(&self, path: &str) -> Option<String> {
        self.values.text(path)
    }

    /// All values that are neither objects nor lists, each with its path, in the order of the data, as an operator reads them.
    #[must_use]
    pub fn rows(&self) -> Vec<(String, String)> {
        fn collect(path: &str, value: &serde_json::Value, rows: &mut Vec<(String, String)>) {
            let inner = |name: &str| {
                if path.is_empty() {
                    name.to_owned()
                } else {
                    format!("{path}.{name}")
                }
            };
            match value {
                serde_json::Value::Object(map) => {
                    map.iter().for_each(|(name, value)| collect(&inner(name), value, rows));
                }
                serde_json::Value::Array(list) => {
                    let list = list.iter().enumerate();
                    list.for_each(|(at, value)| collect(&inner(&at.to_string()), value, rows));
                }
                serde_json::Value::String(text) => rows.push((path.to_owned(), format!("\"{text}\""))),
                value => rows.push((path.to_owned(), value.to_string())),
            }
        }
        let mut rows = Vec::new();
        for (name, value) in self.values.map() {
            collect(name, value, &mut rows);
        }
        rows
    }
}

impl RulesModel {
    /// Whether what the rules wish is done.
    #[must_use]
    pub fn are_choosing(&self) -> bool {
        self.file.is_some() && self.is_on && self.overridden.is_none()
    }
}

impl RulesKept {
    /// What there is to keep.
    #[must_use]
    pub fn of(rules: &RulesModel, data: &DataModel) -> Self {
        let held = rules.overridden.as_ref();
        Self {
            is_on: rules.is_on,
            overridden: held.map(|held| (held.by.clone(), held.scene.clone())),
            data: data.values.clone(),
            from: data.from.clone(),
        }
    }

    /// Puts it back, at the beginning of the show that goes on.
    pub fn apply(&self, rules: &mut RulesModel, data: &mut DataModel) {
        if rules.file.is_some() {
            rules.is_on = self.is_on;
            rules.overridden = self.overridden.as_ref().map(|(by, scene)| Override {
                by: by.clone(),
                scene: scene.clone(),
                at: Timestamp::ZERO,
            });
        }
        data.at = (!self.data.is_empty()).then_some(Timestamp::ZERO);
        data.values = self.data.clone();
        data.from.clone_from(&self.from);
    }
}

impl From<rules::Wait> for RulesWait {
    fn from(wait: rules::Wait) -> Self {
        match wait {
            rules::Wait::HoldDown(until) => Self::HoldDown(until),
            rules::Wait::Budget(at) => Self::Budget(at),
            rules::Wait::Watching => Self::Watching,
        }
    }
}
