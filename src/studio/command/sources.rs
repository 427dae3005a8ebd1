//! What is done to the sources of a show while it runs, as values.

use std::path::PathBuf;

use crate::scene::SourceEdit;
use crate::secret::{DOTS, Secret};

/// Something that is done to sources, or to what shows them.
#[derive(Clone, Debug, PartialEq)]
pub enum SourcesCommand {
    /// Looks around for what could be a source.
    Find,
    /// Makes what was found a source for a try: by its number, its name or a part of its title.
    Try(String),
    /// Keeps the source that is tried, under that name or the one it has.
    Keep(Option<String>),
    /// Lets the source go that is tried.
    Drop,
    /// Adds a source of that name: something that was found, or a kind with settings.
    Add(String, String, Vec<SourceSetting>),
    /// Gives a source another name.
    Rename(String, String),
    /// Puts a source before the one that comes before it, or after the one that comes after it.
    Move(String, Toward),
    /// Takes a source out, with everything that is set on it.
    Remove(String),
    /// Writes what is not saved into the scene file; a show that has none into a new one.
    Save(Option<PathBuf>),
    /// Takes everything back that is not saved.
    Revert,
    /// Shows a source in a scene, by an item of that name.
    AddItem(String, String, Option<String>),
    /// Takes an item out of a scene.
    RemoveItem(String, String),
    /// Brings back what was there before a change: what `undo` does.
    Back(Box<SourcesBefore>),
}

/// Which way a source moves among the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Toward {
    /// To the first.
    First,
    /// To the last.
    Last,
}

/// A key of a source and what it is set to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceSetting {
    /// As scene files call it.
    pub key: String,
    /// It may be a stream key or a password.
    pub value: Secret,
}

/// One thing that was done to sources and is not saved.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceChange {
    /// What it does to the scene file.
    pub edit: SourceEdit,
    /// What was done, in words: `added mic`.
    pub said: String,
    /// Whether it is only tried.
    pub is_trial: bool,
    /// The source or the scene that it is about.
    pub about: String,
}

/// What was not saved before a change.
#[derive(Clone, Debug, PartialEq)]
pub struct SourcesBefore {
    /// How often the scene file had been read or written by then: what stands in it now says something else.
    pub generation: u64,
    /// All changes of then.
    pub changes: Vec<SourceChange>,
    /// Sources that have got another name since: that of now and that of then.
    pub renames: Vec<(String, String)>,
    /// Whether it may change what is on program.
    pub is_asked: bool,
}

/// `key=value`.
///
/// # Errors
/// What can be typed instead.
pub fn setting(word: &str) -> Result<SourceSetting, String> {
    let (key, value) = word.split_once('=').ok_or("a key and its value: device=desktop")?;
    let is_key = !key.is_empty() && key.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    if !is_key {
        return Err("a key of `[source.NAME]` before the =".to_owned());
    }
    Ok(SourceSetting {
        key: key.to_owned(),
        value: Secret::new(value),
    })
}

/// A setting as it may be told: what may be a secret, or hold one, as dots.
#[must_use]
pub fn told_setting(word: &str) -> String {
    match word.split_once('=') {
        Some((key, _)) if matches!(key, "key" | "password" | "url" | "command") => format!("{key}={DOTS}"),
        Some(_) => word.to_owned(),
        // Perhaps a mistyped one.
        None => DOTS.to_owned(),
    }
}

/// What a source can be, as scene files call it.
pub fn source_kinds() -> impl Iterator<Item = &'static str> {
    crate::scene::source_kinds()
}

/// The keys that a source of that kind has.
#[must_use]
pub fn setting_keys(kind: &str) -> &'static [&'static str] {
    crate::scene::source_keys_of(kind)
}
