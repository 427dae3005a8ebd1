//! What a show was read from, word for word: the show can be read from it once more, whatever has become of the files.
//!
//! A studio that crashed goes on with the show that was on air, not with a scene file that somebody was editing meanwhile.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use super::read::read_limited;
use crate::secret::Secret;

/// Everything that came from outside while a show was read. All of it may hold stream keys, so it prints as dots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// The scene file, from the root; none for a show that is inside the program.
    pub scene: Option<PathBuf>,
    /// The text of a show that is inside the program, where that was changed.
    pub inside: Option<Secret>,
    /// The folder that paths of `--set` start from.
    pub folder: PathBuf,
    /// `--set KEY=VALUE`, in their order.
    pub overrides: Vec<(String, Secret)>,
    /// The variables of the environment that were asked for and there.
    pub environment: BTreeMap<String, Secret>,
    /// The texts of the files that were read, by their path from the root: the scene, presets, secrets.
    pub texts: BTreeMap<PathBuf, Secret>,
    /// What files say on the disk where `texts` has changes that nobody has saved.
    pub on_disk: BTreeMap<PathBuf, Secret>,
    /// What those changes are, in words.
    pub unsaved: Vec<String>,
}

/// What is not any more as a [`Script`] has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The file has another content now.
    Differs(PathBuf),
    /// The file cannot be read now, and why.
    Unreadable(PathBuf, String),
    /// The variable has another value, or none.
    Variable(String),
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Differs(path) => write!(f, "{} has been changed", path.display()),
            Self::Unreadable(path, reason) => write!(f, "{}: {reason}", path.display()),
            Self::Variable(name) => write!(f, "environment variable {name} has another value"),
        }
    }
}

impl Script {
    /// What has changed on disk and in the environment since the show was read.
    #[must_use]
    pub fn changes(&self, env: &impl Fn(&str) -> Option<String>) -> Vec<Change> {
        let files = self.texts.iter().filter_map(|(path, text)| match read_limited(path) {
            Ok(bytes) => (bytes != self.on_disk.get(path).unwrap_or(text).expose().as_bytes())
                .then(|| Change::Differs(path.clone())),
            Err(reason) => Some(Change::Unreadable(path.clone(), reason)),
        });
        // A variable that is not set now may well have been set for that one start: no news.
        let differs = |(name, value): &(&String, &Secret)| env(name).is_some_and(|now| now != value.expose());
        let variables = self.environment.iter().filter(differs);
        files
            .chain(variables.map(|(name, _)| Change::Variable(name.clone())))
            .collect()
    }

    /// Whether this is the show of the scene file at `path`.
    #[must_use]
    pub fn is_of(&self, path: &Path) -> bool {
        let same = |known: &Path| std::path::absolute(path).is_ok_and(|path| path == known);
        let same_file = |known: &Path| matches!((path.canonicalize(), known.canonicalize()), (Ok(a), Ok(b)) if a == b);
        self.scene
            .as_deref()
            .is_some_and(|known| same(known) || same_file(known))
    }
}

/// What texts are taken from, and a copy of each that was.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    /// The folder that relative paths start from.
    pub folder: PathBuf,
    /// What there is instead of the disk.
    kept: Option<BTreeMap<PathBuf, Secret>>,
    /// Whether what is not kept is read from the disk all the same.
    is_open: bool,
    /// What has been read.
    pub taken: BTreeMap<PathBuf, Secret>,
}

impl Shelf {
    /// The disk, seen from the current folder.
    pub fn disk() -> Self {
        Self {
            // Without a current folder, relative paths lead nowhere, and the system says so.
            folder: std::env::current_dir().unwrap_or_default(),
            ..Self::default()
        }
    }

    /// What a script has kept.
    pub fn kept(script: &Script) -> Self {
        Self {
            folder: script.folder.clone(),
            kept: Some(script.texts.clone()),
            is_open: false,
            taken: BTreeMap::new(),
        }
    }

    /// The same, and what is named for the first time comes from the disk.
    pub fn kept_and_disk(script: &Script) -> Self {
        Self {
            is_open: true,
            ..Self::kept(script)
        }
    }

    /// Whether a show goes on with what it was read from, instead of being read from the disk.
    pub fn is_kept(&self) -> bool {
        self.kept.is_some()
    }

    /// `path` from the root.
    pub fn absolute(&self, path: &Path) -> PathBuf {
        let path = self.folder.join(path);
        std::path::absolute(&path).unwrap_or(path)
    }

    /// Whether there is such a file.
    pub fn has(&self, path: &Path) -> bool {
        match &self.kept {
            None => path.exists(),
            Some(kept) => kept.contains_key(&self.absolute(path)),
        }
    }

    /// What tells two ways to the same file from two files.
    ///
    /// # Errors
    /// Why there is no such file.
    pub fn identity(&self, path: &Path) -> std::io::Result<PathBuf> {
        match &self.kept {
            None => path.canonicalize(),
            Some(_) => Ok(self.absolute(path)),
        }
    }

    /// The content of a file.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn read(&mut self, path: &Path) -> Result<Vec<u8>, String> {
        let absolute = self.absolute(path);
        let bytes = match &self.kept {
            None => read_limited(path)?,
            Some(kept) => match kept.get(&absolute) {
                Some(text) => text.expose().as_bytes().to_vec(),
                None if self.is_open => read_limited(path)?,
                None => return Err("it was not part of the show".to_owned()),
            },
        };
        // What is no text is an error of the show: nothing goes on with it.
        if let Ok(text) = std::str::from_utf8(&bytes) {
            self.taken.insert(absolute, Secret::new(text));
        }
        Ok(bytes)
    }
}
