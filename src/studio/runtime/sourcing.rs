//! What was done to sources and items and stands in no file yet: the texts that are on the disk, and the changes on top of them.
//!
//! A change is never made in the show itself. It is made in the text of its file, in memory; that text is read with all its checks, and
//! what comes of it is what runs, as if somebody had saved it. So what is saved later is what was seen, and what a file cannot say
//! cannot be done.

use std::path::PathBuf;

use crate::scene::{Script, Show, SourceEdit, demo_text};
use crate::secret::Secret;
use crate::studio::command::{SourceChange, SourcesBefore};
use crate::studio::model::{Found, Inventory, Trial};
use crate::studio::update::SourcesStanding;

/// Changes that are not saved.
#[derive(Clone, Debug, Default)]
pub struct Sourcing {
    /// What was read from the disk, while there are changes; else what runs is that.
    pub base: Option<Script>,
    /// The oldest first.
    pub changes: Vec<SourceChange>,
    /// How often the file was read or written: what was noted before is about another text.
    pub generation: u64,
    /// The changes are being written.
    pub is_saving: bool,
    /// What is tried, for display.
    pub trial: Option<Trial>,
}

impl Sourcing {
    /// What was not saved when the show was cut off that was read from `show`'s script.
    #[must_use]
    pub fn resumed(show: &Show) -> Self {
        let script = &show.script;
        if script.unsaved.is_empty() {
            return Self::default();
        }
        let mut base = script.clone();
        base.texts.extend(std::mem::take(&mut base.on_disk));
        base.unsaved.clear();
        base.inside = None;
        let hidden = |texts: Vec<String>| texts.into_iter().map(Secret::new).collect();
        let edit = SourceEdit::Whole {
            before: hidden(texts_of(&base, &paths_of(&base, &show.files))),
            after: hidden(texts_of(script, &paths_of(script, &show.files))),
        };
        let change = SourceChange {
            edit,
            said: script.unsaved.join(", "),
            is_trial: false,
            about: String::new(),
        };
        Self {
            base: Some(base),
            changes: vec![change],
            ..Self::default()
        }
    }

    /// Notes in `script`, which has the changes, what there is without them: it is what a show is resumed from.
    pub fn note(&self, script: &mut Script) {
        let base = self.base.as_ref().filter(|_| !self.changes.is_empty());
        let texts = base.into_iter().flat_map(|base| &base.texts);
        let differs = |(path, text): &(&PathBuf, &Secret)| script.texts.get(*path).is_some_and(|now| now != *text);
        let on_disk = texts.filter(differs).map(|(path, text)| (path.clone(), text.clone()));
        script.on_disk = on_disk.collect();
        script.unsaved = self.changes.iter().map(|change| change.said.clone()).collect();
    }

    /// How it stands, for clients.
    #[must_use]
    pub fn standing(&self) -> SourcesStanding {
        let kept = || self.changes.iter().filter(|change| !change.is_trial);
        SourcesStanding {
            trial: self.trial.clone(),
            unsaved: kept().map(|change| change.said.clone()).collect(),
            changed: kept().map(|change| change.about.clone()).collect(),
        }
    }

    /// The changes without the source that is tried.
    #[must_use]
    pub fn kept(&self) -> Vec<SourceChange> {
        self.changes.iter().filter(|change| !change.is_trial).cloned().collect()
    }

    /// What brings back how it is now, after a change that gives sources other names.
    #[must_use]
    pub fn before(&self, renames: &[(String, String)], is_asked: bool) -> SourcesBefore {
        SourcesBefore {
            generation: self.generation,
            changes: self.kept(),
            renames: renames.iter().map(|(old, new)| (new.clone(), old.clone())).collect(),
            is_asked,
        }
    }

    /// The names that sources have now, each with the one that it has on the disk, where that is another.
    #[must_use]
    pub fn renames_back(&self) -> Vec<(String, String)> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for change in &self.changes {
            let SourceEdit::Rename { name, to } = &change.edit else {
                continue;
            };
            match pairs.iter_mut().find(|(now, _)| now == name) {
                Some((now, _)) => now.clone_from(to),
                None => pairs.push((to.clone(), name.clone())),
            }
        }
        pairs.retain(|(now, then)| now != then);
        pairs
    }
}

/// `base` with the changes made in its texts. `files` are those of the show, the lowest first.
///
/// # Errors
/// Which of them could not be made, and why.
pub fn changed(base: &Script, files: &[PathBuf], changes: &[SourceChange]) -> Result<Script, (usize, String)> {
    let paths = paths_of(base, files);
    let mut texts = texts_of(base, &paths);
    for (at, change) in changes.iter().enumerate() {
        change.edit.apply(&mut texts).map_err(|error| (at, error.to_string()))?;
    }
    let mut script = base.clone();
    if base.scene.is_none() {
        script.inside = texts
            .pop()
            .map(Secret::new)
            .filter(|_| !changes.is_empty() || base.inside.is_some());
    }
    script
        .texts
        .extend(paths.into_iter().zip(texts.into_iter().map(Secret::new)));
    Ok(script)
}

/// The same, but what cannot be made any more is left out and comes back in words.
#[must_use]
pub fn changed_as_far(base: &Script, files: &[PathBuf], changes: &[SourceChange]) -> (Vec<SourceChange>, Vec<String>) {
    let (mut kept, mut lost) = (Vec::new(), Vec::new());
    for change in changes {
        kept.push(change.clone());
        if let Err((_, reason)) = changed(base, files, &kept) {
            kept.pop();
            lost.push(format!("{}: {reason}", change.said));
        }
    }
    (kept, lost)
}

/// What changes are made in: the texts of files, and that of a show which is in none.
fn texts_of(script: &Script, paths: &[PathBuf]) -> Vec<String> {
    let texts = paths
        .iter()
        .map(|path| script.texts.get(path).map_or("", Secret::expose));
    let inside = script
        .scene
        .is_none()
        .then(|| script.inside.as_ref().map_or(demo_text(), Secret::expose));
    texts.chain(inside).map(str::to_owned).collect()
}

/// The files that may be written, from the root, the lowest first.
fn paths_of(script: &Script, files: &[PathBuf]) -> Vec<PathBuf> {
    let paths = files.iter().map(|file| {
        let path = script.folder.join(file);
        std::path::absolute(&path).unwrap_or(path)
    });
    paths.filter(|path| script.texts.contains_key(path)).collect()
}

/// The one that is meant by a number, a name, a title or a part of one.
///
/// # Errors
/// What there is instead.
pub fn meant<'a>(inventory: &'a Inventory, wanted: &str) -> Result<&'a Found, String> {
    let all = &inventory.found;
    let number = wanted.parse::<usize>().ok();
    if let Some(found) = number.and_then(|number| all.get(number.checked_sub(1)?)) {
        return Ok(found);
    }
    let small = wanted.to_lowercase();
    let is_called = |found: &&Found| found.name == wanted || found.title == wanted;
    if let Some(found) = all.iter().find(is_called) {
        return Ok(found);
    }
    // A number is none of the digits in a title.
    let is_meant = |found: &&Found| number.is_none() && found.title.to_lowercase().contains(&small);
    let mut parts = all.iter().filter(is_meant);
    match (parts.next(), parts.next()) {
        (Some(found), None) => return Ok(found),
        (Some(one), Some(other)) => {
            return Err(format!(
                "'{wanted}' may be {} or {}: say its number",
                one.title, other.title
            ));
        }
        (None, _) => {}
    }
    let names: Vec<&str> = all.iter().map(|found| found.name.as_str()).collect();
    Err(if names.is_empty() {
        format!("nothing is known of '{wanted}': source find looks around, and says why something is not here")
    } else {
        format!(
            "nothing that is here is called '{wanted}'; there is {}",
            names.join(", ")
        )
    })
}

/// `wanted` as the name of a source, another one where that is taken.
#[must_use]
pub fn free_name(wanted: &str, show: &Show) -> String {
    let fits = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    let mut stem: String = wanted.chars().map(|c| if fits(c) { c } else { '-' }).take(28).collect();
    if stem.is_empty() {
        "source".clone_into(&mut stem);
    }
    let is_free = |name: &String| show.source_index(name).is_none();
    let numbered = (2..).map(|number| format!("{stem}-{number}"));
    let mut names = std::iter::once(stem.clone()).chain(numbered);
    names.find(is_free).unwrap_or_default()
}

/// What is set on the strip of a source of that kind when it is added: nothing of it must be heard before somebody wants it to be.
#[must_use]
pub fn strip_of(kind: &str) -> &'static str {
    if kind == "microphone" {
        "mute = true"
    } else {
        "afv = true"
    }
}

/// The same in words.
#[must_use]
pub fn strip_said(kind: &str) -> &'static str {
    if kind == "microphone" {
        "it is muted until you unmute it"
    } else {
        "it is heard where a scene shows it"
    }
}

#[cfg(test)]
#[path = "sourcing_tests.rs"]
mod tests;
