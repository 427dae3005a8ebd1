//! The layers of a show, lowest first: the default preset, the machine's file, the user's file, included presets, the scene file,
//! the environment, `--set`.
//!
//! `config` merges their values; the places of all keys are kept beside it. A table that names a preset has the settings of that
//! preset as a layer of its own right below the text that names it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use config::{Config, ConfigError, Source};
use serde::Serialize;

use super::error::{Diagnostic, Place, Spot};
use super::layer::{self, Table};
use super::library::Library;
use super::places::Places;
use super::read::no_file;
use super::script::Shelf;
use super::{schema, shipped};
use crate::folders::Folders;
use crate::suggest;

/// Includes may include, but not without end.
const MOST_LAYERS: usize = 64;

/// What the file of the machine and that of the user are called, in the folders for such files.
pub(super) const CONFIG_FILE: &str = "config.toml";

/// The tables that may name a preset which is a layer, in the order of the reference; of `destination`, each one may.
const WITH_PRESET: &[&str] = &["video", "audio", "destination", "occlusion", "moderation", "adapt"];

/// What sort of layer it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rank {
    /// What every show starts from.
    #[default]
    Default,
    /// The file of the machine.
    System,
    /// The file of the user.
    User,
    /// A file or a shipped preset that is included.
    Include,
    /// A preset that a table names.
    Preset,
    /// The scene file.
    Show,
    /// A variable.
    Environment,
    /// An argument.
    Flag,
}

/// Looks up a variable of the environment.
pub(super) type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Everything that was read, before it is checked as a whole.
#[derive(Debug, Default)]
pub(super) struct Layers {
    /// Where texts come from.
    pub shelf: Shelf,
    /// Where each key was written.
    pub places: Places,
    /// What is wrong so far.
    pub errors: Vec<Diagnostic>,
    /// The files on disk that were read, the scene file last: what to watch for a reload.
    pub files: Vec<PathBuf>,
    /// By layer: the folder that relative paths start from.
    folders: Vec<Option<PathBuf>>,
    /// By layer.
    ranks: Vec<Rank>,
    /// Of what is read now.
    rank: Rank,
    /// Where presets are.
    library: Option<Library>,
    values: Vec<Table>,
    /// Files that are being read now, to notice one that includes itself.
    open: Vec<PathBuf>,
    is_unreadable: bool,
}

impl Layers {
    /// Reads the default preset, then what the machine and the user of this environment say for all shows; other texts will come
    /// from `shelf`. What is read next is the show.
    pub fn new(shelf: Shelf, environment: Environment<'_>) -> Self {
        let mut layers = Self {
            shelf,
            library: Some(Library::new(environment)),
            ..Self::default()
        };
        layers.read_preset(shipped::DEFAULT);
        let folders = Folders::new(environment);
        // The most important is read last.
        let system = folders.system.iter().rev().map(|folder| (Rank::System, folder));
        for (rank, folder) in system.chain(folders.user.iter().map(|folder| (Rank::User, folder))) {
            layers.rank = rank;
            let path = folder.join(CONFIG_FILE);
            if layers.shelf.has(&path)
                && let Err(message) = layers.read_file(&path)
            {
                let label: Arc<str> = path.display().to_string().into();
                let place = Place::file(layers.folders.len(), &label);
                layers.errors.push(Diagnostic::error(place, "", message));
            }
        }
        layers.rank = Rank::Show;
        layers
    }

    /// Begins a layer whose relative paths start from `folder`.
    fn begin(&mut self, folder: Option<&Path>) -> usize {
        self.folders.push(folder.map(Path::to_owned));
        self.ranks.push(self.rank);
        self.folders.len() - 1
    }

    /// What sort of layer `place` is in.
    pub fn rank_of(&self, place: &Place) -> Rank {
        self.ranks.get(place.layer).copied().unwrap_or_default()
    }

    /// Reads a shipped preset.
    fn read_preset(&mut self, name: &str) -> bool {
        let Some((label, text)) = shipped::preset(name) else {
            return false;
        };
        self.read_text(&label, text, None);
        true
    }

    /// Reads the file at `path` and what it includes.
    ///
    /// # Errors
    /// Why it cannot be read; errors inside it are collected.
    pub fn read_file(&mut self, path: &Path) -> Result<(), String> {
        let identity = self.shelf.identity(path).map_err(|error| no_file(&error))?;
        if self.open.contains(&identity) {
            return Err("includes itself".to_owned());
        }
        let bytes = self.shelf.read(path)?;
        let label = path.display().to_string();
        match std::str::from_utf8(&bytes) {
            Ok(text) => {
                self.open.push(identity);
                self.read_text(&label, text, path.parent());
                self.open.pop();
            }
            Err(error) => {
                let (line, column) = line_and_column(&bytes[..error.valid_up_to()]);
                let is_wide = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
                let found = if is_wide { "UTF-16 text" } else { "not UTF-8 text" };
                return Err(format!("{found} at line {line}, column {column}: save it as UTF-8"));
            }
        }
        if !self.files.iter().any(|file| file == path) {
            self.files.push(path.to_owned());
        }
        Ok(())
    }

    /// Reads `text`, which people know as `label`, after what it includes.
    pub fn read_text(&mut self, label: &str, text: &str, folder: Option<&Path>) {
        let mut failed = Vec::new();
        let rank = std::mem::replace(&mut self.rank, Rank::Include);
        for (index, name) in includes(text).into_iter().enumerate() {
            if let Err(message) = self.include(&name, folder) {
                failed.push((format!("include[{index}]"), message));
            }
        }
        self.rank = rank;
        for (table, name) in named_presets(text) {
            if let Err(message) = self.settings_of(&table, &name, folder) {
                failed.push((format!("{table}.preset"), message));
            }
        }
        let file: Arc<str> = label.into();
        let layer = self.begin(folder);
        match layer::read_text(layer, &file, text, schema::ROOT, &mut self.places, &mut self.errors) {
            Some(table) => self.values.push(table),
            None => self.is_unreadable = true,
        }
        for (key, message) in failed {
            let place = self.places.of(&key, &Place::file(layer, &file));
            self.errors.push(Diagnostic::error(place, key, message));
        }
    }

    fn include(&mut self, name: &str, folder: Option<&Path>) -> Result<(), String> {
        if self.folders.len() >= MOST_LAYERS {
            return Err(format!("more than {MOST_LAYERS} files are included"));
        }
        let path = folder.unwrap_or(Path::new("")).join(name);
        if self.shelf.has(&path) && (folder.is_some() || name.contains('/')) {
            return self.read_file(&path);
        }
        let own = self
            .library
            .as_ref()
            .and_then(|library| library.path_in(&self.shelf, "", name));
        if let Some(path) = own {
            return self.read_file(&path);
        }
        if self.read_preset(name) {
            return Ok(());
        }
        let hint = suggest::hint(name.trim_end_matches(".toml"), shipped::preset_names());
        Err(format!("no such file, and no shipped preset of this name{hint}"))
    }

    /// Reads the settings that the preset `name` has for the table at `path`, as a layer of their own.
    fn settings_of(&mut self, path: &str, name: &str, folder: Option<&Path>) -> Result<(), String> {
        let section = path.split('.').next().unwrap_or_default();
        let Some(library) = self.library.clone() else {
            return Ok(());
        };
        let folder = folder.unwrap_or(Path::new(""));
        let (label, text, file) = library.text_of(&mut self.shelf, name, folder)?;
        let rank = std::mem::replace(&mut self.rank, Rank::Preset);
        let layer = self.begin(file.as_deref().and_then(Path::parent));
        self.rank = rank;
        let read = layer::read_section(
            layer,
            &label.as_str().into(),
            &text,
            (section, path),
            &mut self.places,
            &mut self.errors,
        );
        match read {
            Some(table) => self.values.push(table),
            None => {
                return Err(format!(
                    "preset \"{name}\" says nothing for [{section}]: it has no such table"
                ));
            }
        }
        Ok(())
    }

    /// Reads the variables `RIGCAST_…` that the schema knows.
    pub fn read_environment(&mut self, environment: Environment<'_>) {
        self.rank = Rank::Environment;
        for (variable, path, _) in schema::variables() {
            if let Some(text) = environment(&variable) {
                self.read_typed(Spot::Environment(variable), &path, &text);
            }
        }
    }

    /// Reads the arguments of `--set KEY=VALUE`.
    pub fn read_overrides(&mut self, overrides: &[(String, String)]) {
        self.rank = Rank::Flag;
        for (key, text) in overrides {
            self.read_typed(Spot::Override(key.clone()), key, text);
        }
    }

    fn read_typed(&mut self, spot: Spot, path: &str, text: &str) {
        let named = path.strip_suffix(".preset").filter(|table| has_preset(table));
        let failed = named.and_then(|table| self.settings_of(table, text, None).err());
        let layer = self.begin(None);
        if let Some(message) = failed {
            let place = Place {
                layer,
                spot: spot.clone(),
            };
            self.errors.push(Diagnostic::error(place, path, message));
        }
        if path == "include" {
            let place = Place { layer, spot };
            self.errors
                .push(Diagnostic::error(place, path, "only a file can include presets"));
            return;
        }
        let table = layer::read_typed(layer, spot, path, text, &mut self.places, &mut self.errors);
        self.values.extend(table);
    }

    /// Whether a text was no TOML, so that its keys are unknown and nothing more can be said.
    pub fn is_unreadable(&self) -> bool {
        self.is_unreadable
    }

    /// The layers laid over each other. Call once, at the end.
    ///
    /// # Errors
    /// Where `config` refuses, which the schema rules out.
    pub fn merge(&mut self) -> Result<Config, ConfigError> {
        let mut builder = Config::builder();
        for table in std::mem::take(&mut self.values) {
            builder = builder.add_source(Values(table));
        }
        builder.build()
    }

    /// `path` as written at `place`: relative ones start from the folder of their file.
    pub fn resolve(&self, place: &Place, path: &str) -> PathBuf {
        let folder = self.folders.get(place.layer).and_then(Option::as_deref);
        self.shelf.absolute(&folder.unwrap_or(Path::new("")).join(path))
    }
}

/// Whether the table at `path` may name a preset that is a layer.
fn has_preset(path: &str) -> bool {
    match path.split_once('.') {
        Some((section, name)) => section == "destination" && schema::is_name(name),
        None => path != "destination" && WITH_PRESET.contains(&path),
    }
}

/// The tables of a text that name a preset, each with its name.
fn named_presets(text: &str) -> Vec<(String, String)> {
    use toml::de::{DeTable, DeValue};
    let Ok(root) = DeTable::parse(text) else {
        return Vec::new();
    };
    let preset_of = |value: &DeValue<'_>| match value {
        DeValue::Table(table) => match table.get("preset").map(toml::Spanned::get_ref) {
            Some(DeValue::String(name)) => Some(name.to_string()),
            _ => None,
        },
        _ => None,
    };
    let mut found = Vec::new();
    for section in WITH_PRESET {
        let Some(value) = root.get_ref().get(*section) else {
            continue;
        };
        match value.get_ref() {
            DeValue::Table(tables) if *section == "destination" => {
                let named = tables.iter().filter(|(name, _)| schema::is_name(name.get_ref()));
                found.extend(named.filter_map(|(name, value)| {
                    Some((format!("{section}.{}", name.get_ref()), preset_of(value.get_ref())?))
                }));
            }
            value => found.extend(preset_of(value).map(|name| ((*section).to_owned(), name))),
        }
    }
    found
}

/// What a text includes, whatever else may be wrong with it.
fn includes(text: &str) -> Vec<String> {
    use toml::de::{DeTable, DeValue};
    let Ok(root) = DeTable::parse(text) else {
        return Vec::new();
    };
    let Some(DeValue::Array(entries)) = root.get_ref().get("include").map(toml::Spanned::get_ref) else {
        return Vec::new();
    };
    // An entry of another type keeps its index; the reader complains about it.
    let names = entries.iter().map(|entry| match entry.get_ref() {
        DeValue::String(name) => name.to_string(),
        _ => shipped::DEFAULT.to_owned(),
    });
    names.collect()
}

/// The line and column of the character after `before`, both from 1.
fn line_and_column(before: &[u8]) -> (usize, usize) {
    let before = String::from_utf8_lossy(before);
    let (above, line) = before.rsplit_once('\n').unwrap_or(("", &before));
    let lines = if line.len() == before.len() {
        0
    } else {
        above.split('\n').count()
    };
    (lines + 1, line.chars().count() + 1)
}

/// One layer as `config` sees it.
#[derive(Clone)]
struct Values(Table);

impl fmt::Debug for Values {
    /// Without the values: stream keys are among them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Values").field(&self.0.len()).finish()
    }
}

impl Source for Values {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Table, ConfigError> {
        Ok(self.0.clone())
    }
}
