//! Rules, as a file has them.

use super::expression::Expression;
use super::filling::Filling;
use crate::media::TimeDelta;

/// A file of rules that has been checked.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleSet {
    /// What it is for, in a line.
    pub title: String,
    /// In the order of the file.
    pub rules: Vec<Rule>,
    /// What is shown where no rule holds; without one, program stays as it is.
    pub default: Option<Target>,
    /// For how long the default stays at least.
    pub default_hold: TimeDelta,
    /// Data that is older says nothing any more.
    pub stale_after: Option<TimeDelta>,
    /// How often rules may change what is on program in any minute.
    pub changes_per_minute: u32,
}

/// One rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Unique in its file.
    pub name: String,
    /// What must be true of the data.
    pub when: Expression,
    /// What ends it, once it holds; without one, `when` being false does.
    pub until: Option<Expression>,
    /// For how long it must have held to be chosen.
    pub lasts: TimeDelta,
    /// For how long its choice stays at least.
    pub hold: TimeDelta,
    /// The highest one of those that hold is chosen, the first in the file of equal ones.
    pub priority: i32,
    /// What it shows.
    pub target: Target,
}

/// A scene, and values for its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The scene's name.
    pub scene: String,
    /// Parameters and what they are set to.
    pub with: Vec<(String, Filling)>,
}

impl RuleSet {
    /// The hold-down of a choice in milliseconds, where none is written.
    pub const HOLD_MS: i64 = 5000;

    /// Changes in a minute, where nothing is written.
    pub const CHANGES_PER_MINUTE: u32 = 12;
}

impl Default for RuleSet {
    fn default() -> Self {
        Self {
            title: String::new(),
            rules: Vec::new(),
            default: None,
            default_hold: TimeDelta::from_millis(Self::HOLD_MS),
            stale_after: None,
            changes_per_minute: Self::CHANGES_PER_MINUTE,
        }
    }
}
