//! What the core task does about sources that are chosen while the show runs.
//!
//! Each change is one of the scene file's text, in memory ([`Sourcing`]). What that text says is what the running show becomes, by the
//! way that a saved file goes (`live`); so undo, save and a file that somebody else saves meanwhile are all the same thing: another
//! text.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::super::errands::Brought;
use super::super::sourcing::{Sourcing, changed, changed_as_far, free_name, meant, strip_of, strip_said};
use super::Core;
use crate::control::desk::Reply;
use crate::scene::{
    SceneErrors, Show, SourceEdit, is_source_kind, is_source_name, load_changed, source_lines, with_sources_renamed,
};
use crate::secret::Secret;
use crate::source::{Inventory, look_around};
use crate::studio::command::{
    Answer, Command, ItemRef, SourceChange, SourcesBefore, SourcesCommand, Toward, item_of, reveals_or_ends, scene_at,
};
use crate::studio::model::{Cause, EventLevel, Trial};
use crate::studio::update::{Input, NewShow, SourcesNews, Why};

/// The part of the program that an item gets which comes into a scene with others, in percent: from left and top, and each side.
const CORNER: (u32, u32) = (66, 30);

/// A change that is to be made.
struct Wanted {
    changes: Vec<SourceChange>,
    renames: Vec<(String, String)>,
    said: String,
    trial: Option<Trial>,
    /// The line by which it can be taken back, if it can.
    did: Option<String>,
    is_asked: bool,
}

impl Core {
    /// Does something to sources, and says what came of it.
    pub(super) fn choose(&mut self, command: SourcesCommand, reply: Reply) {
        match command {
            SourcesCommand::Find => self.find_sources(reply),
            SourcesCommand::Save(file) => self.save_sources(file, reply),
            SourcesCommand::Back(before) => self.undo_sources(*before, reply),
            command => {
                let cause = reply.cause().clone();
                let is_asked = reveals_or_ends(&Command::Sources(command.clone()), &self.studio);
                let wanted = self.wanted(command);
                let done = wanted.and_then(|(wanted, answer)| {
                    let wanted = Wanted { is_asked, ..wanted };
                    self.make(wanted, Some(&cause)).map(|()| answer)
                });
                self.publish();
                reply.send(done);
            }
        }
    }

    /// What `undo` takes back, if that is something that was done to sources.
    pub(super) fn sources_to_undo(&self) -> Option<SourcesBefore> {
        match self.studio.undo.newest()?.by.as_slice() {
            [Command::Sources(SourcesCommand::Back(before))] => Some((**before).clone()),
            _ => None,
        }
    }

    pub(super) fn undo_sources(&mut self, before: SourcesBefore, reply: Reply) {
        let cause = reply.cause().clone();
        let done = if before.generation == self.sourcing.generation {
            let wanted = Wanted {
                changes: before.changes,
                renames: before.renames,
                said: "what was done before is there again".to_owned(),
                trial: None,
                did: None,
                is_asked: false,
            };
            self.make(wanted, Some(&cause))
        } else {
            Err("the scene file was saved or read since".to_owned())
        };
        let news = match done {
            Ok(()) => SourcesNews::Undone(self.sourcing.standing()),
            Err(reason) => SourcesNews::NotUndone(reason),
        };
        let did = self.studio.undo.next.as_ref().map(|note| note.did.clone());
        let said = did.map(|did| Answer::text(format!("undone: {did}")));
        self.obey(Input::Sources(news), said.unwrap_or_default(), reply);
    }

    fn find_sources(&mut self, reply: Reply) {
        self.feed(Input::Sources(SourcesNews::Looking));
        self.publish();
        let bring = self.errands.bringer();
        tokio::task::spawn_blocking(move || {
            let inventory = look_around();
            // The studio has ended where nobody takes it.
            drop(bring.blocking_send(Brought::Inventory(Box::new(inventory), reply)));
        });
    }

    /// Takes over what was found.
    pub(super) fn sources_found(&mut self, inventory: Inventory, reply: Reply) {
        let here = inventory.found.iter().enumerate().map(|(at, found)| {
            let details = found.details.join(", ");
            let mark = if found.is_default { " (default)" } else { "" };
            format!(
                "{} {} {}: {}{mark} {details}",
                at + 1,
                found.kind,
                found.name,
                found.title
            )
        });
        let absent = inventory.absent.iter();
        let absent = absent.map(|absent| format!("- {}: {}", absent.kind, absent.reason));
        let lines: Vec<String> = here.chain(absent).map(|line| line.trim_end().to_owned()).collect();
        let answer = Answer::text(lines.join("\n"))
            .with("found", serde_json::to_value(&inventory.found).unwrap_or_default())
            .with("absent", serde_json::to_value(&inventory.absent).unwrap_or_default());
        self.obey(Input::Sources(SourcesNews::Found(Box::new(inventory))), answer, reply);
    }

    /// What a command comes to, and what is said when it is done.
    fn wanted(&self, command: SourcesCommand) -> Result<(Wanted, Answer), String> {
        let kept = self.sourcing.kept();
        let all = self.sourcing.changes.clone();
        let trial = self.sourcing.trial.clone();
        let with = |mut changes: Vec<SourceChange>, edit: SourceEdit, said: &str, about: &str| {
            changes.push(SourceChange {
                edit,
                said: said.to_owned(),
                is_trial: false,
                about: about.to_owned(),
            });
            changes
        };
        let make = |changes, said: String, did: String, trial| Wanted {
            changes,
            renames: Vec::new(),
            said,
            trial,
            did: Some(did),
            is_asked: false,
        };
        Ok(match command {
            SourcesCommand::Try(wanted) => self.to_try(&wanted, kept)?,
            SourcesCommand::Keep(name) => self.to_keep(name)?,
            SourcesCommand::Drop => {
                let trial = trial.ok_or("nothing is on trial")?;
                let said = format!("{} is let go", trial.name);
                let wanted = Wanted {
                    did: None,
                    ..make(kept, said.clone(), String::new(), None)
                };
                (wanted, Answer::text(said))
            }
            SourcesCommand::Add(name, what, settings) => {
                self.check_new(&name)?;
                let found = meant(&self.studio.choosing.inventory, &what).cloned();
                let (kind, lines) = if is_source_kind(&what) && (!settings.is_empty() || found.is_err()) {
                    let settings = settings.into_iter().map(|set| (set.key, set.value)).collect::<Vec<_>>();
                    let lines = source_lines(&what, &settings);
                    (what, lines)
                } else {
                    let found = found?;
                    if !settings.is_empty() {
                        return Err(format!(
                            "{} was found with its settings: add a kind to set others",
                            found.title
                        ));
                    }
                    (found.kind, Ok(Secret::new(found.scene)))
                };
                let edit = add(&name, &kind, lines?);
                let said = format!("added {name}");
                let text = format!(
                    "source {name} is added, and no scene shows it yet; {}",
                    strip_said(&kind)
                );
                let wanted = make(with(all, edit, &said, &name), said, format!("source add {name}"), trial);
                (wanted, Answer::text(text).with("source", name))
            }
            SourcesCommand::Rename(name, to) => {
                let name = self.source_called(&name)?;
                self.check_new(&to)?;
                if self.studio.is_on_trial(&name) {
                    return Err(format!(
                        "source {name} is on trial: source keep {to} keeps it under that name"
                    ));
                }
                let said = format!("renamed {name} to {to}");
                let edit = SourceEdit::Rename {
                    name: name.clone(),
                    to: to.clone(),
                };
                let did = format!("source rename {name} {to}");
                let wanted = Wanted {
                    renames: vec![(name, to.clone())],
                    ..make(with(all, edit, &said, &to), said.clone(), did, trial)
                };
                (wanted, Answer::text(said))
            }
            SourcesCommand::Move(name, toward) => {
                let name = self.source_called(&name)?;
                let at = self.show.source_index(&name).unwrap_or_default();
                let other = match toward {
                    Toward::First => at.checked_sub(1),
                    Toward::Last => Some(at + 1),
                };
                let other = other.and_then(|at| self.show.sources.get(at));
                // What is on trial may go at any time: nobody has changed places with it.
                let other = other.filter(|other| !self.studio.is_on_trial(&other.name));
                if self.studio.is_on_trial(&name) {
                    return Err(format!("source {name} is on trial: source keep keeps it"));
                }
                let (end, word) = match toward {
                    Toward::First => ("first", "raise"),
                    Toward::Last => ("last", "lower"),
                };
                let other = other
                    .ok_or_else(|| format!("source {name} is the {end} already"))?
                    .name
                    .clone();
                let said = format!("moved {name}");
                let edit = SourceEdit::Swap(name.clone(), other);
                let did = format!("source {word} {name}");
                let wanted = make(with(all, edit, &said, &name), said.clone(), did, trial);
                (wanted, Answer::text(said))
            }
            SourcesCommand::Remove(name) if self.studio.is_on_trial(&name) => {
                return self.wanted(SourcesCommand::Drop);
            }
            SourcesCommand::Remove(name) => {
                let name = self.source_called(&name)?;
                if self.studio.is_in_scene(&self.studio.program, &name) {
                    return Err(format!(
                        "source {name} is seen on program in scene {}; take another scene first",
                        self.studio.program
                    ));
                }
                let has_items = self.studio.scenes_with(&name).next().is_some();
                let scenes = self.studio.scenes_with(&name).collect::<Vec<_>>().join(", ");
                let said = format!("removed {name}");
                let text = if has_items {
                    format!("source {name} is removed, and the items that showed it in {scenes}")
                } else {
                    format!("source {name} is removed")
                };
                let edit = SourceEdit::Remove {
                    name: name.clone(),
                    has_items,
                };
                let changes = with(all, edit, &said, &name);
                let wanted = make(changes, said, format!("source remove {name}"), trial);
                (wanted, Answer::text(text))
            }
            SourcesCommand::Revert => {
                if all.is_empty() {
                    return Err("everything that was done to sources and items is saved".to_owned());
                }
                let count = kept.len();
                let plural = if count == 1 { "change is" } else { "changes are" };
                let said = format!("{count} {plural} taken back");
                let wanted = Wanted {
                    renames: self.sourcing.renames_back(),
                    ..make(Vec::new(), said.clone(), "source revert".to_owned(), None)
                };
                (wanted, Answer::text(said))
            }
            SourcesCommand::AddItem(scene, source, name) => {
                let at = scene_at(&self.studio, &scene).map_err(|misfit| misfit.to_string())?;
                let scene = self.studio.scenes[at].name.clone();
                let source = self.source_called(&source)?;
                if self.sourcing.trial.as_ref().is_some_and(|trial| trial.name == source) {
                    return Err(format!("source {source} is on trial: source keep keeps it"));
                }
                let keys = self.keys_of_item(&scene, &source, name.as_deref());
                let said = format!("added {source} to scene {scene}");
                let edit = SourceEdit::AddItem {
                    scene: scene.clone(),
                    keys,
                };
                let did = format!("item add {scene} {source}");
                let wanted = make(with(all, edit, &said, &source), said.clone(), did, trial);
                (wanted, Answer::text(said))
            }
            SourcesCommand::RemoveItem(scene, item) => {
                let wanted = ItemRef { scene, item };
                let (at, item) = item_of(&self.studio, &wanted).map_err(|misfit| misfit.to_string())?;
                let scene = self.studio.scenes[at].name.clone();
                let said = format!("removed item {item} of scene {scene}");
                let did = format!("item remove {scene} {item}");
                let edit = SourceEdit::RemoveItem { scene, item };
                let wanted = make(with(all, edit, &said, ""), said.clone(), did, trial);
                (wanted, Answer::text(said))
            }
            SourcesCommand::Find | SourcesCommand::Save(_) | SourcesCommand::Back(_) => {
                return Err("that is done elsewhere".to_owned());
            }
        })
    }

    fn to_try(&self, wanted: &str, kept: Vec<SourceChange>) -> Result<(Wanted, Answer), String> {
        let found = meant(&self.studio.choosing.inventory, wanted)?;
        let mut without = self.show.clone();
        if let Some(trial) = &self.sourcing.trial {
            without.sources.retain(|source| source.name != trial.name);
        }
        let name = free_name(&found.name, &without);
        let said = format!("{} is tried as {name}", found.title);
        let mut changes = kept;
        changes.push(SourceChange {
            edit: add(&name, &found.kind, Secret::new(found.scene.as_str())),
            said: said.clone(),
            is_trial: true,
            about: name.clone(),
        });
        let trial = Trial {
            name: name.clone(),
            title: found.title.clone(),
            kind: found.kind.clone(),
        };
        let wanted = Wanted {
            changes,
            renames: Vec::new(),
            said: said.clone(),
            trial: Some(trial),
            did: None,
            is_asked: false,
        };
        Ok((wanted, Answer::text(said).with("source", name)))
    }

    fn to_keep(&self, name: Option<String>) -> Result<(Wanted, Answer), String> {
        let trial = self.sourcing.trial.clone();
        let trial = trial.ok_or("nothing is on trial: source try FIND tries what source find lists")?;
        let name = name.unwrap_or_else(|| trial.name.clone());
        let mut renames = Vec::new();
        if name != trial.name {
            self.check_new(&name)?;
            renames.push((trial.name.clone(), name.clone()));
        }
        let mut changes = self.sourcing.changes.clone();
        for change in changes.iter_mut().filter(|change| change.is_trial) {
            change.is_trial = false;
            change.said = format!("added {name}");
            change.about.clone_from(&name);
            if let SourceEdit::Add { name: known, .. } = &mut change.edit {
                known.clone_from(&name);
            }
        }
        let text = format!(
            "source {name} is added, and no scene shows it yet; {}",
            strip_said(&trial.kind)
        );
        let wanted = Wanted {
            changes,
            renames,
            said: format!("added {name}"),
            trial: None,
            did: Some(format!("source add {name}")),
            is_asked: false,
        };
        Ok((wanted, Answer::text(text).with("source", name)))
    }

    fn keys_of_item(&self, scene: &str, source: &str, name: Option<&str>) -> Vec<(String, String)> {
        let pair = |key: &str, value: String| (key.to_owned(), value);
        let mut keys = vec![pair("source", format!("\"{source}\""))];
        keys.extend(name.map(|name| pair("name", format!("\"{name}\""))));
        let items = self.studio.scene(scene).map_or(&[][..], |scene| &scene.items);
        if !items.is_empty() {
            let (from, long) = CORNER;
            keys.push(pair("position", format!("[\"{from}%\", \"{from}%\"]")));
            keys.push(pair("size", format!("[\"{long}%\", \"{long}%\"]")));
        }
        let top = items.iter().map(|item| item.z).max().unwrap_or(0);
        if top > 0 {
            keys.push(pair("z", top.to_string()));
        }
        keys
    }

    fn source_called(&self, name: &str) -> Result<String, String> {
        let known = self.show.sources.iter().map(|source| source.name.as_str());
        let known: Vec<&str> = known.collect();
        if known.contains(&name) {
            return Ok(name.to_owned());
        }
        Err(format!("there is no source '{name}'; there is {}", known.join(", ")))
    }

    fn check_new(&self, name: &str) -> Result<(), String> {
        if !is_source_name(name) {
            return Err(format!(
                "'{name}' is no name: letters, digits, \"-\" and \"_\", 32 at most"
            ));
        }
        if self.show.source_index(name).is_some() {
            return Err(format!("there is a source '{name}' already; take another name"));
        }
        Ok(())
    }

    /// Lets the running show become what its texts say with these changes.
    fn make(&mut self, wanted: Wanted, cause: Option<&Cause>) -> Result<(), String> {
        if self.sourcing.is_saving {
            return Err("sources are being saved: again in a moment".to_owned());
        }
        let before = self.sourcing.before(&wanted.renames, wanted.is_asked);
        let base = self.sourcing.base.clone().unwrap_or_else(|| self.read.script.clone());
        let script = changed(&base, &self.read.files, &wanted.changes).map_err(|(_, reason)| reason)?;
        let show = load_changed(&script, &environment).map_err(|errors| first(&errors))?;
        let from = with_sources_renamed(&self.read, &wanted.renames, &show);
        let live = with_sources_renamed(&self.live_show(), &wanted.renames, &show);
        let mut new = self.becoming(&from, &show, &live, Why::Chosen(wanted.said));
        new.source_renames.clone_from(&wanted.renames);
        self.become_new_called(new, &wanted.renames, cause)?;
        self.read = show;
        self.of_scene.clone_from(&self.read.destinations);
        self.sourcing.base = (!wanted.changes.is_empty()).then_some(base);
        self.sourcing.changes = wanted.changes;
        self.sourcing.trial = wanted.trial;
        self.sourcing.note(&mut self.read.script);
        self.keep_script();
        let undoable = wanted.did.map(|did| (did, before));
        let news = SourcesNews::Changed(self.sourcing.standing(), undoable);
        self.feed(Input::Sources(news));
        Ok(())
    }

    fn become_new_called(
        &mut self,
        new: NewShow,
        renames: &[(String, String)],
        cause: Option<&Cause>,
    ) -> Result<(), String> {
        let before = self.called.clone();
        // Before others are opened, which may have the names that are free now.
        self.call(renames);
        self.become_new(new, cause).inspect_err(|_| self.called = before)
    }

    /// What stands on the disk, as far as this studio knows.
    pub(super) fn texts_on_disk(&self) -> &BTreeMap<PathBuf, Secret> {
        let base = self.sourcing.base.as_ref().unwrap_or(&self.read.script);
        &base.texts
    }

    /// A show that was read from the disk, with what is not saved on top of it as far as that still fits.
    pub(super) fn rebased(&mut self, show: Show) -> (Show, Sourcing) {
        let mut sourcing = self.sourcing.clone();
        sourcing.generation += 1;
        if sourcing.changes.is_empty() {
            return (show, sourcing);
        }
        let (kept, mut lost) = changed_as_far(&show.script, &show.files, &sourcing.changes);
        let script = changed(&show.script, &show.files, &kept).ok();
        let again = script.and_then(|script| load_changed(&script, &environment).ok());
        let (kept, show) = if let Some(again) = again.filter(|_| !kept.is_empty()) {
            sourcing.base = Some(show.script);
            (kept, again)
        } else {
            lost = sourcing.changes.iter().map(|change| change.said.clone()).collect();
            sourcing.base = None;
            (Vec::new(), show)
        };
        if !kept.iter().any(|change| change.is_trial) {
            sourcing.trial = None;
        }
        sourcing.changes = kept;
        let mut show = show;
        sourcing.note(&mut show.script);
        if !lost.is_empty() {
            let text = format!("not saved, and it does not fit the file any more: {}", lost.join("; "));
            self.feed(Input::Event(EventLevel::Warning, "sources".to_owned(), text));
        }
        (show, sourcing)
    }

    /// What is not saved is that from now on.
    pub(super) fn stand_sources(&mut self, sourcing: Sourcing) {
        let is_news = self.sourcing.standing() != sourcing.standing();
        self.sourcing = sourcing;
        if is_news {
            let news = SourcesNews::Changed(self.sourcing.standing(), None);
            self.feed(Input::Sources(news));
        }
    }
}

fn add(name: &str, kind: &str, lines: Secret) -> SourceEdit {
    SourceEdit::Add {
        name: name.to_owned(),
        lines,
        strip: strip_of(kind).to_owned(),
    }
}

/// Variables that a source names for the first time.
pub(super) fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The first error, for one line: what comes after it follows from it more often than not.
pub(super) fn first(errors: &SceneErrors) -> String {
    let mut errors = errors.diagnostics().iter().filter(|diagnostic| diagnostic.is_error());
    errors
        .next()
        .map_or_else(|| "it could not be read".to_owned(), ToString::to_string)
}
