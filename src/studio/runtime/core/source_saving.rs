//! What was done to sources, written into the scene file; a show that has none gets one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::super::errands::Brought;
use super::super::scene_saving::{replace, write_new};
use super::super::sourcing::{Sourcing, changed};
use super::Core;
use super::sourcing::{environment, first};
use crate::control::desk::Reply;
use crate::scene::{Script, demo_text, load_changed};
use crate::secret::Secret;
use crate::studio::command::Answer;
use crate::studio::update::{Input, SourcesNews};

/// How sources are written into files.
pub struct SourcesSaved {
    /// What is on the disk now.
    script: Script,
    files: Vec<String>,
    reply: Reply,
}

impl Core {
    pub(super) fn save_sources(&mut self, file: Option<PathBuf>, reply: Reply) {
        if let Err(reason) = self.check_saving(file.as_ref()) {
            return reply.send(Err(reason));
        }
        let base = self.sourcing.base.clone().unwrap_or_else(|| self.read.script.clone());
        let script = match changed(&base, &self.read.files, &self.sourcing.changes) {
            Ok(script) => script,
            Err((_, reason)) => return reply.send(Err(reason)),
        };
        if let Some(file) = file {
            return self.save_anew(&file, &script, reply);
        }
        self.sourcing.is_saving = true;
        let bring = self.errands.bringer();
        tokio::task::spawn_blocking(move || {
            let mut files = Vec::new();
            let mut result = Ok(());
            for (path, text) in &script.texts {
                let known = base.texts.get(path);
                if known == Some(text) {
                    continue;
                }
                result = replace(path, known.map_or("", Secret::expose), text.expose());
                if result.is_err() {
                    break;
                }
                files.push(path.display().to_string());
            }
            let saved = SourcesSaved { script, files, reply };
            // The studio has ended where nobody takes it.
            drop(bring.blocking_send(Brought::SourcesSaved(Box::new(saved), result)));
        });
    }

    fn check_saving(&self, file: Option<&PathBuf>) -> Result<(), String> {
        if let Some(trial) = &self.sourcing.trial {
            return Err(format!("{} is on trial: keep it or drop it first", trial.name));
        }
        if self.sourcing.is_saving {
            return Err("sources are being saved".to_owned());
        }
        if self.studio.live.confirm.is_some() {
            return Err("something waits to be confirmed; confirm or rollback first".to_owned());
        }
        match (&self.read.script.scene, file) {
            (Some(scene), Some(_)) => Err(format!(
                "this show is read from {}: source save without a file writes it",
                scene.display()
            )),
            (None, None) => Err(
                "this show is inside the program: source save FILE writes it into a new file, which is its scene file then"
                    .to_owned(),
            ),
            (Some(_), None) if self.sourcing.changes.is_empty() => {
                Err("everything that was done to sources and items is saved".to_owned())
            }
            (None, Some(file)) if !file.is_absolute() => Err(format!(
                "{} is no whole path: the studio runs in a folder of its own",
                file.display()
            )),
            _ => Ok(()),
        }
    }

    /// A show that was inside the program gets a file, and is read from that from now on.
    fn save_anew(&mut self, file: &Path, script: &Script, reply: Reply) {
        let text = script.inside.as_ref().map_or(demo_text(), Secret::expose);
        let mut with_file = script.clone();
        with_file.texts.insert(file.to_owned(), Secret::new(text));
        with_file.scene = Some(file.to_owned());
        with_file.inside = None;
        let done = load_changed(&with_file, &environment)
            .map_err(|errors| first(&errors))
            .and_then(|show| tokio::task::block_in_place(|| write_new(file, text)).map(|()| show));
        let show = match done {
            Ok(show) => show,
            Err(reason) => return reply.send(Err(reason)),
        };
        self.show.script.clone_from(&show.script);
        self.show.files.clone_from(&show.files);
        self.read = show;
        self.sourcing = Sourcing {
            generation: self.sourcing.generation + 1,
            ..Sourcing::default()
        };
        self.sourcing.note(&mut self.read.script);
        self.keep_script();
        self.watch_files(self.studio.live.is_watched);
        let name = file.display().to_string();
        let answer = Answer::text(format!(
            "saved in {name}, which is the scene file of this show from now on"
        ));
        self.studio.live.file = Some(name.clone());
        let news = SourcesNews::Saved(self.sourcing.standing(), vec![name.clone()]);
        self.obey(Input::Sources(news), answer.with("files", vec![name]), reply);
    }

    /// Sources were written, or why they were not.
    pub(super) fn sources_saved(&mut self, saved: SourcesSaved, result: Result<(), String>) {
        self.sourcing.is_saving = false;
        let SourcesSaved { script, files, reply } = saved;
        if let Err(reason) = result {
            return reply.send(Err(reason));
        }
        self.read.script.texts.extend(script.texts);
        self.sourcing = Sourcing {
            generation: self.sourcing.generation + 1,
            ..Sourcing::default()
        };
        self.sourcing.note(&mut self.read.script);
        self.keep_script();
        let answer = Answer::text(format!("saved in {}", files.join(", "))).with("files", files.clone());
        let news = SourcesNews::Saved(self.sourcing.standing(), files);
        self.obey(Input::Sources(news), answer, reply);
    }

    /// Scenes were written into texts without what is not saved of sources: what runs has both.
    pub(super) fn texts_saved(&mut self, texts: BTreeMap<PathBuf, Secret>) {
        let Some(base) = &mut self.sourcing.base else {
            self.read.script.texts.extend(texts);
            return;
        };
        base.texts.extend(texts);
        self.sourcing.generation += 1;
        match changed(base, &self.read.files, &self.sourcing.changes) {
            Ok(script) => {
                self.read.script.texts = script.texts;
                self.sourcing.note(&mut self.read.script);
            }
            Err((_, reason)) => {
                tracing::error!(%reason, "what is not saved does not fit the file that was just written");
            }
        }
    }
}
