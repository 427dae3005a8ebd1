//! Every key that is said for a show, with its value and where it was said: what `rigcast config show` prints.
//!
//! Values are those that the show would be read from, after all layers; secrets are dots, as everywhere.

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::Value;

use super::error::{self, Diagnostic, Place, Spot};
use super::layers::{CONFIG_FILE, Environment, Layers, Rank};
use super::schema::{Key, Kind, ROOT};
use super::script::Shelf;
use crate::folders::Folders;
use crate::secret::{Secret, SecretUrl};

/// One key.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Setting {
    /// Dotted, entries of lists as `[0]`.
    pub key: String,
    /// What it is set to; dots for what is secret.
    pub value: Value,
    /// Which layer said it last.
    pub layer: Rank,
    /// Where: `file:line:column`, a variable, an argument.
    pub origin: String,
}

impl Setting {
    /// The value as it is written in a file.
    #[must_use]
    pub fn written(&self) -> String {
        written(&self.value)
    }

    /// Where it was said, with what sort of place that is where the place does not tell.
    #[must_use]
    pub fn said(&self) -> String {
        match self.layer {
            Rank::Default => format!("shipped default ({})", self.origin),
            _ => self.origin.clone(),
        }
    }
}

/// Every key that is said for the show in the file at `path`, or without one for all shows, in the order of the reference; and what
/// is wrong with the texts by themselves. Names may still point nowhere: that is for `check`.
#[must_use]
pub fn settings(
    path: Option<&Path>,
    overrides: &[(String, String)],
    env: &impl Fn(&str) -> Option<String>,
) -> (Vec<Setting>, Vec<Diagnostic>) {
    let mut layers = Layers::new(Shelf::disk(), env);
    if let Some(path) = path
        && let Err(message) = layers.read_file(path)
    {
        let place = Place::file(usize::MAX, &path.display().to_string().as_str().into());
        return (Vec::new(), vec![Diagnostic::error(place, "", message)]);
    }
    if !layers.is_unreadable() {
        layers.read_environment(env);
        layers.read_overrides(overrides);
    }
    // What the schema has let through always merges.
    let merged = layers.merge().and_then(config::Config::try_deserialize::<Value>);
    let mut found = Vec::new();
    flatten(&layers, "", &merged.unwrap_or_default(), ROOT, &mut found);
    let mut diagnostics = std::mem::take(&mut layers.errors);
    error::sort(&mut diagnostics);
    (found, diagnostics)
}

/// The files that are looked for before any show is read, the most important first, and whether each is there.
#[must_use]
pub fn config_files(env: Environment<'_>) -> Vec<(Rank, PathBuf, bool)> {
    let folders = Folders::new(env);
    let user = folders.user.iter().map(|folder| (Rank::User, folder));
    let system = folders.system.iter().map(|folder| (Rank::System, folder));
    let files = user.chain(system).map(|(rank, folder)| {
        let path = folder.join(CONFIG_FILE);
        let is_there = path.is_file();
        (rank, path, is_there)
    });
    files.collect()
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

/// What is set of `keys` in `table`, which is at `path`.
fn flatten(layers: &Layers, path: &str, table: &Value, keys: &'static [Key], found: &mut Vec<Setting>) {
    for key in keys {
        let Some(value) = table.get(key.name) else { continue };
        let path = join(path, key.name);
        match key.kind {
            Kind::Table(inner) => flatten(layers, &path, value, inner, found),
            Kind::Named(inner) => {
                for name in layers.places.names(&path) {
                    if let Some(value) = value.get(name) {
                        flatten(layers, &join(&path, name), value, inner, found);
                    }
                }
            }
            Kind::List(inner) => {
                for (at, value) in value.as_array().into_iter().flatten().enumerate() {
                    flatten(layers, &format!("{path}[{at}]"), value, inner, found);
                }
            }
            Kind::Values => {
                for name in layers.places.names(&path) {
                    if let Some(value) = value.get(name) {
                        found.push(setting(layers, join(&path, name), value.clone()));
                    }
                }
            }
            _ => found.push(setting(layers, path, shown(&key.kind, value))),
        }
    }
}

fn setting(layers: &Layers, key: String, value: Value) -> Setting {
    let whole = Place {
        layer: 0,
        spot: Spot::Override(String::new()),
    };
    let place = layers.places.of(&key, &whole);
    Setting {
        layer: layers.rank_of(&place),
        origin: place.to_string(),
        key,
        value,
    }
}

/// The value of a key as it may be shown: numbers that layers carry as text are numbers again.
fn shown(kind: &Kind, value: &Value) -> Value {
    let number = |value: &Value| {
        let number = value.as_str().and_then(|text| text.parse::<serde_json::Number>().ok());
        number.map_or_else(|| value.clone(), Value::Number)
    };
    match kind {
        Kind::Secret => {
            let part = |at: usize| value.get(at).and_then(Value::as_str).unwrap_or_default();
            match part(0) {
                from @ ("env" | "file") => serde_json::json!({ from: part(1) }),
                _ => Value::String(Secret::default().to_string()),
            }
        }
        Kind::Address => {
            let text = value.as_str().unwrap_or_default();
            let address = SecretUrl::parse(text).map_or_else(|_| Secret::default().to_string(), |url| url.to_string());
            Value::String(address)
        }
        Kind::Lengths => Value::Array(value.as_array().into_iter().flatten().map(number).collect()),
        Kind::Length | Kind::Rate => number(value),
        _ => value.clone(),
    }
}

fn written(value: &Value) -> String {
    match value {
        Value::String(text) => toml::Value::String(text.clone()).to_string(),
        Value::Array(values) => format!("[{}]", values.iter().map(written).collect::<Vec<_>>().join(", ")),
        Value::Object(table) => {
            let entries = table.iter().map(|(key, value)| format!("{key} = {}", written(value)));
            format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}
