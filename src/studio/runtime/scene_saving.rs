//! `scene save`: what was changed by hand in scenes, written into the files that the show was read from.
//!
//! Nothing is written that is not known to be right: the new texts are read as a show first, and that show must have the scenes as
//! they are seen. Nothing is overwritten that was not read: a file that has changed on disk stays as it is. And nothing is half
//! written: the new file is on the disk before it takes the place of the old one.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::scene::{SceneBack, SceneErrors, Script, Show, has_of_scene, load_again, shipped_scene, write_back};
use crate::secret::Secret;
use crate::studio::command::scene_at;
use crate::studio::model::{Item, SceneRead, Shown, Studio};

/// What is to be saved.
#[derive(Clone, Debug)]
pub struct Saving {
    script: Script,
    /// The lowest first, the scene file last.
    files: Vec<PathBuf>,
    program: (u32, u32),
    scenes: Vec<Changed>,
}

#[derive(Clone, Debug)]
struct Changed {
    name: String,
    read: Vec<Item>,
    now: Vec<Item>,
    /// Those that were set by hand.
    parameters: Vec<(String, String)>,
}

/// What was saved.
#[derive(Debug)]
pub struct Saved {
    /// The scenes that were asked for.
    pub scenes: Vec<String>,
    /// The files that were written, from the root, with their new texts.
    pub texts: BTreeMap<PathBuf, Secret>,
    /// The scenes that are read otherwise than before.
    pub read: Vec<SceneRead>,
    /// The whole show as it is read now.
    pub show: Box<Show>,
}

impl Saving {
    /// What is changed by hand in the scene called `wanted`, or in all; `None` where nothing is.
    ///
    /// # Errors
    /// There is no such scene, or the show is in no file.
    pub fn new(studio: &Studio, show: &Show, wanted: Option<&str>) -> Result<Option<Self>, String> {
        let wanted = match wanted {
            Some(wanted) => {
                let at = scene_at(studio, wanted).map_err(|misfit| misfit.to_string())?;
                Some(studio.scenes[at].name.clone())
            }
            None => None,
        };
        let changed = studio.edits.changed.iter();
        let changed = changed.filter(|changed| wanted.as_ref().is_none_or(|wanted| *wanted == changed.name));
        let scenes = changed.filter_map(|changed| {
            let scene = studio.scene(&changed.name)?;
            let parameters = scene.parameters.iter();
            Some(Changed {
                name: scene.name.clone(),
                read: studio.edits.read(&scene.name)?.items.clone(),
                now: scene.items.clone(),
                parameters: parameters
                    .filter(|(name, _)| changed.parameters.contains(name))
                    .cloned()
                    .collect(),
            })
        });
        let scenes: Vec<Changed> = scenes.collect();
        if scenes.is_empty() {
            return Ok(None);
        }
        if show.script.scene.is_none() {
            return Err("this show is inside the program, and has no file to be written into".to_owned());
        }
        Ok(Some(Self {
            script: show.script.clone(),
            files: show.files.clone(),
            program: (studio.format.width, studio.format.height),
            scenes,
        }))
    }

    /// Writes it.
    ///
    /// # Errors
    /// Why nothing was written, or what was.
    pub fn run(self) -> Result<Saved, String> {
        let mut texts: BTreeMap<PathBuf, Secret> = BTreeMap::new();
        for scene in &self.scenes {
            let is_moved = scene.read != scene.now;
            let items = SceneBack {
                name: &scene.name,
                read: &scene.read,
                now: &scene.now,
                parameters: &[],
            };
            let parameters = SceneBack {
                name: &scene.name,
                read: &[],
                now: &[],
                parameters: &scene.parameters,
            };
            let parts = [
                (is_moved, items, ["items", "template"]),
                (!scene.parameters.is_empty(), parameters, ["parameters", "template"]),
            ];
            for (_, part, keys) in parts.into_iter().filter(|(is_any, ..)| *is_any) {
                let path = self.owner(&scene.name, &keys)?;
                let before = texts.get(&path).or_else(|| self.script.texts.get(&path));
                let before = before.map_or("", Secret::expose);
                let made = write_back(before, &[part], self.program)
                    .map_err(|error| format!("{}: {error}; nothing was written", path.display()))?;
                texts.insert(path, Secret::new(made.as_str()));
            }
        }
        let show = self.tried(&texts)?;
        let before = load_again(&self.script).map_err(|errors| unreadable(&errors))?;
        for (path, text) in &texts {
            let known = self.script.texts.get(path).map_or("", Secret::expose);
            replace(path, known, text.expose())?;
        }
        let read = show.scenes.iter().filter(|scene| {
            let was = before.scene(&scene.name);
            was.is_none_or(|was| was.items != scene.items || was.parameters != scene.parameters)
        });
        let read = read.map(|scene| SceneRead {
            name: scene.name.clone(),
            items: scene.items.clone(),
            parameters: scene.parameters.clone(),
        });
        Ok(Saved {
            scenes: self.scenes.iter().map(|scene| scene.name.clone()).collect(),
            read: read.collect(),
            texts,
            show: Box::new(show),
        })
    }

    /// The file in which one of these keys of a scene stands; the one that is laid over the others, if there are several.
    fn owner(&self, scene: &str, keys: &[&str]) -> Result<PathBuf, String> {
        let paths = self.files.iter().rev().map(|file| {
            let path = self.script.folder.join(file);
            std::path::absolute(&path).unwrap_or(path)
        });
        let has = |path: &PathBuf| {
            let text = self.script.texts.get(path);
            text.is_some_and(|text| has_of_scene(text.expose(), scene, keys))
        };
        paths.into_iter().find(has).ok_or_else(|| match shipped_scene(scene) {
            Some(preset) => format!(
                "scene {scene} comes from the shipped preset {preset}, which is not written: copy [scene.{scene}] into your scene file first"
            ),
            None => format!("scene {scene} stands in no file of this show"),
        })
    }

    /// The show as it is read from the new texts, which must be what is seen.
    fn tried(&self, texts: &BTreeMap<PathBuf, Secret>) -> Result<Show, String> {
        let mut script = self.script.clone();
        script.texts.extend(texts.clone());
        let show = load_again(&script).map_err(|errors| unreadable(&errors))?;
        for scene in &self.scenes {
            let read = show.scene(&scene.name);
            let is_same = read.is_some_and(|read| {
                // One that is made from a template which is saved as well goes with that.
                (scene.read == scene.now || are_seen_alike(&read.items, &scene.now))
                    && scene
                        .parameters
                        .iter()
                        .all(|parameter| read.parameters.contains(parameter))
            });
            if !is_same {
                let name = &scene.name;
                return Err(format!(
                    "scene {name} would not be read as it is seen: a variable or --set may say otherwise; nothing was written"
                ));
            }
        }
        Ok(show)
    }
}

/// Whether two lists of items look the same: the numbers that say how they lie on each other may differ.
fn are_seen_alike(read: &[Item], now: &[Item]) -> bool {
    read.len() == now.len()
        && read.iter().zip(now).all(|(read, now)| match (&read.what, &now.what) {
            (Shown::Group(one), Shown::Group(other)) => {
                let plain = |item: &Item| Item {
                    z: 0,
                    what: Shown::Group(Vec::new()),
                    ..item.clone()
                };
                plain(read) == plain(now) && are_seen_alike(one, other)
            }
            _ => {
                Item {
                    z: now.z,
                    ..read.clone()
                } == *now
            }
        })
}

fn unreadable(errors: &SceneErrors) -> String {
    format!("that could not be read again, so nothing was written: {errors}")
}

/// Puts `text` in the place of the file at `path`, which must still say `known`. Whatever happens, the old or the new one is there.
pub(super) fn replace(path: &Path, known: &str, text: &str) -> Result<(), String> {
    let told = |error: io::Error| format!("{}: {error}", path.display());
    // What a link leads to is written, the link stays.
    let path = path.canonicalize().map_err(told)?;
    if fs::read(&path).map_err(told)? != known.as_bytes() {
        return Err(format!(
            "{} has been changed since it was read: apply or reload it first, then save again",
            path.display()
        ));
    }
    let mode = fs::metadata(&path).map_err(told)?.permissions();
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let new = path.with_file_name(format!(".{name}.{}.new", std::process::id()));
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&new)
        .and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.set_permissions(mode)?;
            file.sync_all()
        })
        .and_then(|()| fs::rename(&new, &path));
    if let Err(error) = written {
        // It may not even have been made.
        let _ = fs::remove_file(&new);
        return Err(told(error));
    }
    // The name is part of the folder, which has to reach the disk as well.
    let folder = path.parent().unwrap_or(Path::new("/"));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(told)
}

/// Writes `text` into a file that is not there yet.
pub(super) fn write_new(path: &Path, text: &str) -> Result<(), String> {
    let told = |error: io::Error| match error.kind() {
        io::ErrorKind::AlreadyExists => format!("{} is there already: take another name", path.display()),
        _ => format!("{}: {error}", path.display()),
    };
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)
        .map_err(told)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    written.map_err(|error| {
        // Half a file helps nobody.
        let _ = fs::remove_file(path);
        told(error)
    })
}

#[cfg(test)]
#[path = "scene_saving_tests.rs"]
mod tests;
