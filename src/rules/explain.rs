//! Why the rules choose what they choose: the very step of the engine, told.

use std::fmt::Write;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::data::{Data, kind};
use super::engine::{By, Chosen, Engine, Mode, Step, Wait};
use super::expression::{Expression, Leaf};
use crate::media::{TimeDelta, Timestamp};

/// Letters of a value that is told at most.
const MAX_TOLD: usize = 40;

/// What is seen, and what comes of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    /// Seconds since the data came; none where there is none.
    pub data_age_s: Option<f64>,
    /// Whether the data is too old to say anything, or there is none.
    pub is_stale: bool,
    /// Each rule, in the order of the file.
    pub rules: Vec<Explained>,
    /// The scene that is chosen, if any is.
    pub scene: Option<String>,
    /// Parameters of the scene and their values.
    pub with: Vec<(String, String)>,
    /// The rule that chose it; none where the default did.
    pub rule: Option<String>,
    /// Why, in a line.
    pub because: String,
    /// Seconds for which what is chosen stays whatever the data says.
    pub held_s: Option<f64>,
    /// Changes within the last minute.
    pub changes: usize,
    /// How many there may be.
    pub changes_per_minute: u32,
}

/// A rule, told.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Explained {
    /// Its name.
    pub name: String,
    /// The scene that it shows.
    pub scene: String,
    /// Its priority.
    pub priority: i32,
    /// Whether it holds.
    pub is_true: bool,
    /// For how many seconds it has.
    pub holds_s: Option<f64>,
    /// How many seconds it still has to, to be chosen.
    pub waits_s: Option<f64>,
    /// The conditions of `when`.
    pub when: Vec<Condition>,
    /// The conditions of `until`.
    pub until: Vec<Condition>,
    /// What comes of it, in a line.
    pub verdict: String,
}

/// A condition, with what was seen.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Condition {
    /// As it is written.
    pub text: String,
    /// Whether it holds.
    pub is_true: bool,
    /// What stands at its paths.
    pub values: Vec<SeenValue>,
    /// What keeps it from ever holding with such values.
    pub note: Option<String>,
}

/// What stands at a path.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SeenValue {
    /// The path.
    pub path: String,
    /// Nothing where there is nothing.
    pub value: Option<Value>,
}

impl Engine {
    /// What [`step`](Engine::step) with the same data would do now, and why. Nothing changes.
    #[must_use]
    pub fn explain(&self, data: Option<(&Data, Timestamp)>, now: Timestamp, mode: Mode) -> Explanation {
        let mut engine = self.clone();
        let step = engine.step(data, now, mode);
        let nothing = Data::default();
        let seen = data.map_or(&nothing, |(data, _)| data);
        let rules = (0..self.set().rules.len()).map(|at| engine.explained(at, &step, seen, now));
        let chosen = engine.chosen();
        Explanation {
            data_age_s: data.map(|(_, at)| seconds(now - at)),
            is_stale: step.is_stale,
            rules: rules.collect(),
            scene: chosen.map(|chosen| chosen.scene.clone()),
            with: chosen.map(|chosen| chosen.with.clone()).unwrap_or_default(),
            rule: chosen.and_then(|chosen| engine.rule_name(chosen.by)),
            because: engine.because(&step, chosen, now),
            held_s: chosen
                .map(|chosen| chosen.since + engine.hold(chosen.by) - now)
                .filter(|left| *left > TimeDelta::ZERO)
                .map(seconds),
            changes: engine.changes(now),
            changes_per_minute: self.set().changes_per_minute,
        }
    }

    /// The name of a rule; none for the default.
    #[must_use]
    pub fn rule_name(&self, by: By) -> Option<String> {
        match by {
            By::Rule(at) => self.set().rules.get(at).map(|rule| rule.name.clone()),
            By::Default => None,
        }
    }

    /// `rule NAME`, `the default`.
    #[must_use]
    pub fn called(&self, by: By) -> String {
        self.rule_name(by)
            .map_or_else(|| "the default".to_owned(), |name| format!("rule {name}"))
    }

    fn because(&self, step: &Step, chosen: Option<&Chosen>, now: Timestamp) -> String {
        let wish = step.wish.map(|by| self.called(by));
        let now_is = chosen.map(|chosen| self.called(chosen.by));
        let of_data = if step.is_stale { " (no data that counts)" } else { "" };
        match (step.wait, wish, now_is) {
            (Some(Wait::Watching), Some(wish), _) => format!("{wish} would be chosen{of_data}; the rules look on"),
            (Some(Wait::HoldDown(until)), Some(wish), Some(now_is)) => format!(
                "{wish} is to be next{of_data}; {now_is} is held for {} more",
                told_time(until - now)
            ),
            (Some(Wait::Budget(at)), Some(wish), _) => format!(
                "{wish} is to be next{of_data}; {} changes in a minute are enough, room again in {}",
                self.set().changes_per_minute,
                told_time(at - now)
            ),
            (_, Some(wish), _) => format!("{wish} is chosen{of_data}"),
            (_, None, Some(now_is)) => format!("no rule holds and there is no default: {now_is} stays{of_data}"),
            (_, None, None) => format!("no rule holds and there is no default: program stays as it is{of_data}"),
        }
    }

    fn explained(&self, at: usize, step: &Step, data: &Data, now: Timestamp) -> Explained {
        let Some(rule) = self.set().rules.get(at) else {
            return Explained::default();
        };
        let conditions =
            |expression: &Expression| expression.leaves(data.map()).into_iter().map(Condition::from).collect();
        let holding = self.holding(at);
        let waits = self
            .ready(at)
            .map(|ready| ready - now)
            .filter(|left| *left > TimeDelta::ZERO);
        let is_chosen = self.chosen().is_some_and(|chosen| chosen.by == By::Rule(at));
        let verdict = match (holding, waits, step.wish) {
            (None, ..) if is_chosen => "holds no longer; stays for its hold-down".to_owned(),
            (None, ..) if step.is_stale => "there is no data that counts".to_owned(),
            (None, ..) => "does not hold".to_owned(),
            (Some(_), Some(left), _) => format!("holds; must do so for {} more", told_time(left)),
            (Some(_), None, Some(By::Rule(wish))) if wish == at && is_chosen => "chosen".to_owned(),
            (Some(_), None, Some(By::Rule(wish))) if wish == at => "is to be next".to_owned(),
            (Some(_), None, Some(by)) => format!("holds; {} goes before it", self.called(by)),
            (Some(_), None, None) => "holds".to_owned(),
        };
        Explained {
            name: rule.name.clone(),
            scene: rule.target.scene.clone(),
            priority: rule.priority,
            is_true: holding.is_some(),
            holds_s: holding.map(|since| seconds(now - since)),
            waits_s: waits.map(seconds),
            when: conditions(&rule.when),
            until: rule.until.as_ref().map(conditions).unwrap_or_default(),
            verdict,
        }
    }
}

impl Explanation {
    /// For people: a line for what is chosen, one for each rule, and one for each of its conditions.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = match &self.scene {
            Some(scene) => format!("scene {scene}: {}\n", self.because),
            None => format!("no scene: {}\n", self.because),
        };
        for (name, value) in &self.with {
            let _ = writeln!(text, "  {name} = \"{}\"", told_text(value));
        }
        for rule in &self.rules {
            let mark = if rule.is_true { '+' } else { '-' };
            let _ = writeln!(
                text,
                "{mark} rule {} → {} (priority {}): {}",
                rule.name, rule.scene, rule.priority, rule.verdict
            );
            for condition in &rule.when {
                let _ = writeln!(text, "    {}", condition.told());
            }
            for condition in &rule.until {
                let _ = writeln!(text, "    until {}", condition.told());
            }
        }
        if let Some(held_s) = self.held_s {
            let _ = writeln!(text, "held for {held_s:.1} s whatever the data says");
        }
        let _ = write!(
            text,
            "{} of {} changes in the last minute",
            self.changes, self.changes_per_minute
        );
        text
    }
}

impl Condition {
    /// In a line.
    #[must_use]
    pub fn told(&self) -> String {
        let mut line = format!("{} {}", if self.is_true { "true: " } else { "false:" }, self.text);
        for (at, SeenValue { path, value }) in self.values.iter().enumerate() {
            let before = if at == 0 { "   with" } else { "," };
            let _ = match value {
                Some(value) => write!(line, "{before} {path} = {}", told_value(value)),
                None => write!(line, "{before} no {path}"),
            };
        }
        if let Some(note) = &self.note {
            let _ = write!(line, " ({note})");
        }
        line
    }
}

impl From<Leaf> for Condition {
    fn from(leaf: Leaf) -> Self {
        let values = leaf.values.into_iter();
        Self {
            text: leaf.text,
            is_true: leaf.is_true,
            values: values.map(|(path, value)| SeenValue { path, value }).collect(),
            note: leaf.note,
        }
    }
}

fn seconds(delta: TimeDelta) -> f64 {
    (delta.as_secs_f64() * 1000.0).round() / 1000.0
}

fn told_time(delta: TimeDelta) -> String {
    format!("{:.1} s", delta.as_secs_f64())
}

fn told_value(value: &Value) -> String {
    match value {
        Value::Array(_) | Value::Object(_) => kind(value).to_owned(),
        Value::String(text) => format!("'{}'", told_text(text)),
        value => value.to_string(),
    }
}

/// In a line of its own, and not endless.
fn told_text(text: &str) -> String {
    let plain = |letter: char| if letter.is_control() { ' ' } else { letter };
    let short: String = text.chars().take(MAX_TOLD).map(plain).collect();
    if text.chars().count() > MAX_TOLD {
        format!("{short}…")
    } else {
        short
    }
}
