//! Rules files, and the tables `[rules]` and `[data]` of a scene file.
//!
//! ```toml
//! default = "host"
//! [[rule]]
//! name = "in stock"
//! when = "product.stock > 0 and room == 'live'"
//! for = "2s"
//! scene = "product"
//! with = { price = "{product.price:.2} €" }
//! ```
//! A rules file is a file of its own kind, since it is changed by others than those who build scenes. It is held against the
//! scenes of the show that it is for when it is loaded: a name that points nowhere is found before the show, not in it.

use std::collections::HashMap;
use std::fmt::Write;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::check::Check;
use super::error::{self, Diagnostic, Place, SceneErrors, Spot};
use super::layer;
use super::places::Places;
use super::raw::RawSecret;
use super::reference::section;
use super::schema::{Key, Kind, key};
use super::show::Scene;
use crate::media::TimeDelta;
use crate::rules::{Expression, Filling, Rule, RuleSet, Target};
use crate::secret::Secret;
use crate::suggest;

/// The most rules of a file.
pub const MAX_RULES: usize = 64;

/// Letters of a rule's name at most.
const LONGEST_NAME: usize = 48;

/// Where business data comes in when nobody says.
const DATA_PORT: u16 = 8470;

/// What a rules file may hold: a file of its own kind, no layer of a show.
pub(super) const RULES_FILE: &[Key] = &[
    key("title", Kind::Text, "what the rules are for, in a line"),
    key(
        "default",
        Kind::Text,
        "the scene that is shown where no rule holds (default: what is on program stays)",
    ),
    key("default_with", Kind::Values, "values for its parameters"),
    key(
        "default_hold",
        Kind::Text,
        "for how long it stays at least, as in \"10s\" (default \"5s\")",
    ),
    key(
        "stale_after",
        Kind::Text,
        "data that is older says nothing any more, as in \"1m\" (default never)",
    ),
    key(
        "changes_per_minute",
        Kind::Integer(1, 60),
        "how often rules change the program in any minute at most (default 12)",
    ),
    key("rule", Kind::List(RULE), "the rules: one table [[rule]] each"),
];

const RULE: &[Key] = &[
    key("name", Kind::Text, "what events and explanations call it; unique"),
    key(
        "when",
        Kind::Text,
        "what must be true of the data: \"product.stock > 0 and room == 'live'\"",
    ),
    key(
        "until",
        Kind::Text,
        "what ends it once it holds, where that is more than when being false no more: \"product.stock == 0\"",
    ),
    key(
        "for",
        Kind::Text,
        "for how long it must have held to be chosen, as in \"2s\" (default \"0s\")",
    ),
    key(
        "hold",
        Kind::Text,
        "for how long its choice stays at least, whatever the data says (default \"5s\")",
    ),
    key(
        "priority",
        Kind::Integer(-1000, 1000),
        "the highest one that holds is chosen, the first of equal ones (default 0)",
    ),
    key("scene", Kind::Text, "the scene that it shows"),
    key(
        "with",
        Kind::Values,
        "values for the parameters of that scene: \"{product.price:.2} €\"",
    ),
];

/// The keys of `[rules]`.
pub(super) const RULES: &[Key] = &[
    key(
        "file",
        Kind::Text,
        "the rules file, relative to this file: shop.rules.toml",
    ),
    key(
        "on",
        Kind::Flag,
        "whether they choose from the start (default true); rules on and rules off switch",
    ),
];

/// The keys of `[data]`.
pub(super) const DATA: &[Key] = &[
    key(
        "file",
        Kind::Text,
        "a JSON file that is read whenever it changes, relative to this file",
    ),
    key(
        "listen",
        Kind::Text,
        "address and port where data is posted to, as in 127.0.0.1:8470 (default nowhere)",
    ),
    key(
        "token",
        Kind::Secret,
        "what must be shown there as Authorization: Bearer TOKEN; without one only this machine can be listened to",
    ),
];

/// What `[rules]` says.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RulesChoice {
    /// The file.
    pub file: Option<PathBuf>,
    /// What is in it.
    #[serde(skip)]
    pub set: Option<Arc<RuleSet>>,
    /// Whether they choose from the start.
    pub is_on: bool,
}

/// What `[data]` says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DataChoice {
    /// A file that is read whenever it changes.
    pub file: Option<PathBuf>,
    /// Where data is posted to.
    pub listen: Option<SocketAddr>,
    /// What must be shown there.
    pub token: Option<Secret>,
}

/// A rules file that has been read, but not yet held against a show.
#[derive(Debug)]
pub struct RulesFile {
    set: RuleSet,
    places: Places,
    whole: Place,
}

/// As it is written; the schema has seen to kinds and ranges.
#[derive(Default, Deserialize)]
#[serde(default)]
struct RawRules {
    title: Option<String>,
    default: Option<String>,
    default_with: HashMap<String, String>,
    default_hold: Option<String>,
    stale_after: Option<String>,
    changes_per_minute: Option<u32>,
    rule: Vec<RawRule>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawRule {
    name: Option<String>,
    when: Option<String>,
    until: Option<String>,
    #[serde(rename = "for")]
    lasts: Option<String>,
    hold: Option<String>,
    priority: i32,
    scene: Option<String>,
    with: HashMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRulesTable {
    file: Option<String>,
    on: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawData {
    file: Option<String>,
    listen: Option<String>,
    token: Option<RawSecret>,
}

/// Reads rules from `text`, which errors call `label`.
///
/// # Errors
/// Everything that is wrong, each with its place.
pub fn read_rules(label: &str, text: &str) -> Result<RulesFile, SceneErrors> {
    let (mut places, mut errors) = (Places::default(), Vec::new());
    let file: Arc<str> = label.into();
    let table = layer::read_text(0, &file, text, RULES_FILE, &mut places, &mut errors).unwrap_or_default();
    if !errors.is_empty() {
        return Err(SceneErrors(errors));
    }
    let whole = Place::file(0, &file);
    let raw = match config::Value::from(table).try_deserialize::<RawRules>() {
        Ok(raw) => raw,
        Err(error) => return Err(SceneErrors(vec![Diagnostic::error(whole, "", error.to_string())])),
    };
    let mut reader = Reader {
        text,
        places,
        whole,
        errors,
    };
    let set = reader.rules(raw);
    if reader.errors.is_empty() {
        return Ok(RulesFile {
            set,
            places: reader.places,
            whole: reader.whole,
        });
    }
    error::sort(&mut reader.errors);
    Err(SceneErrors(reader.errors))
}

/// Whether the file with these keys at its top has rules and no show, however many mistakes are in it.
pub(super) fn is_rules(table: &toml::Table) -> bool {
    table.contains_key("rule") && !table.contains_key("scene")
}

/// The reference of a rules file's keys in Markdown, for `docs/rules.md`.
#[must_use]
pub fn rules_markdown() -> String {
    let mut page = String::new();
    section(&mut page, "A rules file", "", RULES_FILE);
    let _ = writeln!(page, "`items[].KEY` above is a key of a table `[[rule]]`.\n");
    section(&mut page, "`[rules]` in a scene file", "", RULES);
    section(&mut page, "`[data]` in a scene file", "", DATA);
    page
}

impl RulesFile {
    /// The rules by themselves, for questions without a show.
    #[must_use]
    pub fn alone(self) -> RuleSet {
        self.set
    }

    /// The rules for a show with these scenes and their parameters. A parameter that one rule sets on a scene and another one does
    /// not is as in the scene file for the other.
    ///
    /// # Errors
    /// Scenes and parameters that there are not, each with its place.
    pub fn settle<'s, S>(mut self, scenes: S) -> Result<RuleSet, SceneErrors>
    where
        S: IntoIterator<Item = (&'s str, &'s [(String, String)])>,
    {
        let scenes: Vec<_> = scenes.into_iter().collect();
        let mut errors = Vec::new();
        let rules = self.set.rules.iter().enumerate();
        let targets = rules.map(|(at, rule)| (format!("rule[{at}]"), &rule.target));
        let default = self.set.default.iter().map(|target| (String::new(), target));
        for (prefix, target) in targets.chain(default) {
            let (scene_key, with_key) = if prefix.is_empty() {
                ("default".to_owned(), "default_with".to_owned())
            } else {
                (format!("{prefix}.scene"), format!("{prefix}.with"))
            };
            let mut wrong = |key: String, message: String| {
                errors.push(Diagnostic::error(self.places.of(&key, &self.whole), key, message));
            };
            let Some((_, parameters)) = scenes.iter().find(|(name, _)| *name == target.scene) else {
                let hint = suggest::hint(&target.scene, scenes.iter().map(|(name, _)| *name));
                wrong(scene_key, format!("no scene \"{}\"{hint}", target.scene));
                continue;
            };
            for (name, _) in &target.with {
                if parameters.iter().all(|(known, _)| known != name) {
                    let known = parameters.iter().map(|(known, _)| known.as_str());
                    let hint = suggest::hint(name, known);
                    let hint = if parameters.is_empty() {
                        format!(": give it parameters = {{ {name} = \"…\" }}, or take this out")
                    } else {
                        hint
                    };
                    wrong(
                        format!("{with_key}.{name}"),
                        format!("scene \"{}\" has no parameter \"{name}\"{hint}", target.scene),
                    );
                }
            }
        }
        if !errors.is_empty() {
            error::sort(&mut errors);
            return Err(SceneErrors(errors));
        }
        complete(&mut self.set, &scenes);
        Ok(self.set)
    }
}

/// Gives each target those parameters of its scene that others set, as the scene file has them.
fn complete(set: &mut RuleSet, scenes: &[(&str, &[(String, String)])]) {
    let targets = || set.rules.iter().map(|rule| &rule.target).chain(&set.default);
    let set_by_rules: Vec<(String, String)> = targets()
        .flat_map(|target| target.with.iter().map(|(name, _)| (target.scene.clone(), name.clone())))
        .collect();
    let all = set.rules.iter_mut().map(|rule| &mut rule.target);
    for target in all.chain(set.default.iter_mut()) {
        let Some((_, parameters)) = scenes.iter().find(|(name, _)| *name == target.scene) else {
            continue;
        };
        for (name, value) in *parameters {
            let is_given = target.with.iter().any(|(known, _)| known == name);
            let is_set = set_by_rules
                .iter()
                .any(|(scene, known)| *scene == target.scene && known == name);
            if is_set && !is_given {
                target.with.push((name.clone(), Filling::plain(value)));
            }
        }
    }
}

/// Checks a file.
struct Reader<'a> {
    text: &'a str,
    places: Places,
    whole: Place,
    errors: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn error(&mut self, key: &str, message: impl Into<String>) {
        let place = self.places.of(key, &self.whole);
        self.errors.push(Diagnostic::error(place, key, message));
    }

    /// An error so many letters into the text that stands at `key`.
    fn error_inside(&mut self, key: &str, at: usize, message: impl Into<String>) {
        let mut place = self.places.of(key, &self.whole);
        if let Spot::Text { line, column, .. } = &mut place.spot {
            (*line, *column) = inside(self.text, (*line, *column), at);
        }
        self.errors.push(Diagnostic::error(place, key, message));
    }

    fn rules(&mut self, raw: RawRules) -> RuleSet {
        if raw.rule.len() > MAX_RULES {
            self.error("rule", format!("{} rules; {MAX_RULES} at most", raw.rule.len()));
        }
        if raw.default.is_none() {
            for key in ["default_with", "default_hold"] {
                if self.places.has(key) {
                    self.error(key, "goes with a default scene: default = \"SCENE\"");
                }
            }
        }
        let default_with = self.with("default_with", &raw.default_with);
        let default_hold = self.duration("default_hold", raw.default_hold.as_deref(), RuleSet::HOLD_MS, 0);
        let stale_after = raw
            .stale_after
            .as_deref()
            .map(|text| self.duration("stale_after", Some(text), 0, 1000));
        let mut rules: Vec<Rule> = Vec::new();
        for (at, raw) in raw.rule.into_iter().enumerate() {
            let rule = self.rule(&format!("rule[{at}]"), raw);
            if rules.iter().any(|known| known.name == rule.name) && !rule.name.is_empty() {
                let message = format!("there is a rule \"{}\" already", rule.name);
                self.error(&format!("rule[{at}].name"), message);
            }
            rules.push(rule);
        }
        RuleSet {
            title: raw.title.unwrap_or_default(),
            rules,
            default: raw.default.map(|scene| Target {
                scene,
                with: default_with,
            }),
            default_hold,
            stale_after,
            changes_per_minute: raw.changes_per_minute.unwrap_or(RuleSet::CHANGES_PER_MINUTE),
        }
    }

    fn rule(&mut self, key: &str, raw: RawRule) -> Rule {
        for (name, is_there) in [
            ("name", raw.name.is_some()),
            ("when", raw.when.is_some()),
            ("scene", raw.scene.is_some()),
        ] {
            if !is_there {
                self.error(key, format!("needs the key \"{name}\""));
            }
        }
        let name = raw.name.unwrap_or_default();
        let length = name.chars().count();
        if length > LONGEST_NAME || name.chars().any(char::is_control) {
            let message = format!("a name has {LONGEST_NAME} letters at most, in one line");
            self.error(&format!("{key}.name"), message);
        }
        let when = raw.when.and_then(|text| self.expression(&format!("{key}.when"), &text));
        let until = raw
            .until
            .and_then(|text| self.expression(&format!("{key}.until"), &text));
        Rule {
            when: when.unwrap_or_else(Expression::never),
            until,
            lasts: self.duration(&format!("{key}.for"), raw.lasts.as_deref(), 0, 0),
            hold: self.duration(&format!("{key}.hold"), raw.hold.as_deref(), RuleSet::HOLD_MS, 0),
            priority: raw.priority,
            target: Target {
                scene: raw.scene.unwrap_or_default(),
                with: self.with(&format!("{key}.with"), &raw.with),
            },
            name,
        }
    }

    fn expression(&mut self, key: &str, text: &str) -> Option<Expression> {
        let read = Expression::parse(text);
        read.map_err(|error| self.error_inside(key, error.at, error.message))
            .ok()
    }

    /// In the order of the text.
    fn with(&mut self, key: &str, raw: &HashMap<String, String>) -> Vec<(String, Filling)> {
        let names = self.places.names(key).to_vec();
        let mut found = Vec::new();
        for name in names {
            let Some(text) = raw.get(&name) else { continue };
            match Filling::parse(text) {
                Ok(filling) => found.push((name, filling)),
                Err(error) => self.error_inside(&format!("{key}.{name}"), error.at, error.message),
            }
        }
        found
    }

    fn duration(&mut self, key: &str, text: Option<&str>, usual_ms: i64, least_ms: i64) -> TimeDelta {
        let usual = TimeDelta::from_millis(usual_ms);
        let Some(text) = text else { return usual };
        let least = TimeDelta::from_millis(least_ms);
        let read = duration(text).filter(|found| *found >= least);
        read.unwrap_or_else(|| {
            let from = if least_ms > 0 { " from 1s" } else { "" };
            self.error(
                key,
                format!("expected a duration{from} up to 24h, as in \"500ms\", \"2s\", \"1m\""),
            );
            usual
        })
    }
}

/// `500ms`, `2s`, `1.5m`, `24h` at most.
fn duration(text: &str) -> Option<TimeDelta> {
    let units = [("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3600.0)];
    let (digits, scale) = units
        .iter()
        .find_map(|(unit, scale)| Some((text.strip_suffix(unit)?, *scale)))?;
    let is_plain = digits.chars().all(|letter| letter.is_ascii_digit() || letter == '.');
    let seconds = digits.trim().parse::<f64>().ok().filter(|_| is_plain)? * scale;
    (0.0..=86_400.0)
        .contains(&seconds)
        .then(|| TimeDelta::from_secs_f64(seconds))
}

/// Line and column of the letter that comes `at` letters into the TOML text which begins at `from`.
fn inside(text: &str, from: (usize, usize), at: usize) -> (usize, usize) {
    let line = text.split_inclusive('\n').skip(from.0.saturating_sub(1));
    let rest: String = line.collect();
    let mut letters = rest.chars().skip(from.1.saturating_sub(1)).peekable();
    let (mut line, mut column) = from;
    let Some(quote) = letters.peek().copied().filter(|letter| matches!(letter, '"' | '\'')) else {
        return from;
    };
    let rest: Vec<char> = letters.collect();
    let is_long = rest.starts_with(&[quote; 3]);
    let mut index = if is_long { 3 } else { 1 };
    column += index;
    // A line end right behind the quotes of a long text is no part of it.
    if is_long && rest.get(index) == Some(&'\n') {
        index += 1;
        (line, column) = (line + 1, 1);
    }
    for _ in 0..at {
        let length = match (rest.get(index), rest.get(index + 1)) {
            (Some('\\'), Some('u')) if quote == '"' => 6,
            (Some('\\'), Some('U')) if quote == '"' => 10,
            (Some('\\'), Some('x')) if quote == '"' => 4,
            (Some('\\'), Some(_)) if quote == '"' => 2,
            (Some('\n'), _) => {
                index += 1;
                (line, column) = (line + 1, 1);
                continue;
            }
            (Some(_), _) => 1,
            (None, _) => break,
        };
        index += length;
        column += length;
    }
    (line, column)
}

impl Check<'_> {
    /// `[rules]`, held against the scenes of the show.
    pub(super) fn rules(&mut self, raw: Option<RawRulesTable>, scenes: &[Scene]) -> RulesChoice {
        let Some(raw) = raw else { return RulesChoice::default() };
        let Some(file) = self.required(raw.file, "rules", "file") else {
            return RulesChoice::default();
        };
        let file = self.file_at("rules.file", &file);
        let label = file.display().to_string();
        let read = self
            .layers
            .shelf
            .read(&file)
            .map_err(|reason| format!("{label}: {reason}"));
        let text = read.and_then(|bytes| String::from_utf8(bytes).map_err(|_| format!("{label}: not UTF-8 text")));
        let set = match text {
            Ok(text) => {
                if !self.layers.files.contains(&file) {
                    self.layers.files.insert(0, file.clone());
                }
                let read = read_rules(&label, &text);
                let settled = read.and_then(|read| {
                    if self.is_preset {
                        Ok(read.alone())
                    } else {
                        let scenes = scenes
                            .iter()
                            .map(|scene| (scene.name.as_str(), scene.parameters.as_slice()));
                        read.settle(scenes)
                    }
                });
                settled.map_err(|errors| self.layers.errors.extend(errors.0)).ok()
            }
            Err(message) => {
                self.missing_here("rules.file", message);
                None
            }
        };
        RulesChoice {
            file: Some(file),
            set: set.map(Arc::new),
            is_on: raw.on.unwrap_or(true),
        }
    }

    /// `[data]`.
    pub(super) fn data(&mut self, raw: Option<RawData>) -> DataChoice {
        let Some(raw) = raw else { return DataChoice::default() };
        let file = raw.file.map(|file| self.file_at("data.file", &file));
        let listen = raw.listen.and_then(|text| {
            let address = text.parse::<SocketAddr>().ok();
            if address.is_none() {
                let message =
                    format!("expected an address and a port as in 127.0.0.1:{DATA_PORT} or [::1]:{DATA_PORT}");
                self.error("data.listen", message);
            }
            address
        });
        let has_token = raw.token.is_some();
        let token = raw.token.and_then(|secret| self.secret("data.token", secret));
        let is_here = |address: IpAddr| address.to_canonical().is_loopback();
        if !has_token && listen.is_some_and(|address| !is_here(address.ip())) {
            let message = "everybody who reaches this address could choose the scenes: give [data] a token = { env = \"VARIABLE\" }, or listen on 127.0.0.1";
            self.error("data.listen", message);
        }
        DataChoice { file, listen, token }
    }
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
