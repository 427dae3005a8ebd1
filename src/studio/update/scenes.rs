//! What the update makes of commands to what is in scenes: items, parameters; and of scenes that set strips.

use super::{CUT_SOUND_MS, Effect, Refusal, Unit, unknown};
use crate::media::TimeDelta;
use crate::studio::command::{Command, ItemChange, ItemRef, item_told, meant, scene_at};
use crate::studio::model::{EventLevel, SceneRead, Studio, siblings, siblings_mut};

impl Unit<'_> {
    /// Changes an item.
    pub(super) fn item(&mut self, wanted: &ItemRef, change: &ItemChange) -> Result<(), Refusal> {
        let meant = meant(self.studio, wanted, change)?;
        let scene = self.studio.scenes[meant.scene].name.clone();
        self.reseen(|studio| {
            if let Some((siblings, at)) = siblings_mut(&mut studio.scenes[meant.scene].items, &meant.path) {
                meant.patch.apply(siblings, at);
            }
        });
        if let Some(text) = item_told(&meant.path, change, &meant.patch) {
            self.event(EventLevel::Info, format!("scene {scene}"), text);
        }
        Ok(())
    }

    /// Sets a parameter of a scene by hand.
    pub(super) fn scene_set(&mut self, scene: &str, parameter: &str, value: String) -> Result<(), Refusal> {
        let at = scene_at(self.studio, scene)?;
        let scene = &mut self.studio.scenes[at];
        let Some((_, now)) = scene.parameters.iter_mut().find(|(name, _)| name == parameter) else {
            let names = scene.parameters.iter().map(|(name, _)| name);
            return Err(unknown("parameter", parameter.to_owned(), names));
        };
        let text = format!("{parameter} is \"{}\"", value.replace('\n', " "));
        *now = value;
        let name = scene.name.clone();
        self.studio.edits.set_by_hand(&name, parameter);
        self.reseen(|_| {});
        self.event(EventLevel::Info, format!("scene {name}"), text);
        Ok(())
    }

    /// Brings everything in a scene back to what its file says.
    pub(super) fn scene_reset(&mut self, scene: &str) -> Result<(), Refusal> {
        let at = scene_at(self.studio, scene)?;
        let name = self.studio.scenes[at].name.clone();
        self.reseen(|studio| {
            if let Some(read) = studio.edits.read(&name) {
                studio.scenes[at].items.clone_from(&read.items);
                studio.scenes[at].parameters.clone_from(&read.parameters);
            }
        });
        self.event(EventLevel::Info, format!("scene {name}"), "is as in its file");
        Ok(())
    }

    /// Scenes have been written into their files: those that were `asked` for, and others that are made from them. What nobody has
    /// changed by hand is as the files have it now.
    pub(super) fn scenes_saved(&mut self, asked: &[String], read: Vec<SceneRead>) {
        self.reseen(|studio| {
            for read in read {
                if let Some(scene) = studio.scenes.iter_mut().find(|scene| scene.name == read.name) {
                    studio.edits.follow(scene, read);
                }
            }
        });
        for scene in asked {
            self.event(EventLevel::Info, format!("scene {scene}"), "is saved");
        }
    }

    /// Changes what is in scenes, and tells those who show, hear and mark it.
    pub(super) fn reseen(&mut self, change: impl FnOnce(&mut Studio)) {
        let heard = |studio: &Studio| {
            let is_seen = |name: &str| studio.is_in_scene(&studio.program, name);
            studio
                .strips
                .iter()
                .map(|strip| is_seen(&strip.name))
                .collect::<Vec<_>>()
        };
        let before = heard(self.studio);
        change(self.studio);
        self.studio.find_sources();
        self.studio.find_edits();
        let changed = before.into_iter().zip(heard(self.studio)).enumerate();
        for (at, (_, is)) in changed.filter(|(_, (was, is))| was != is) {
            let over = TimeDelta::from_millis(CUT_SOUND_MS);
            self.effects.push(Effect::OnProgram(at, is, over));
        }
        self.tally();
        self.effects.push(Effect::Picture);
    }

    /// The scene on program is another one: strips are as that one wants them.
    pub(super) fn change_scene_strips(&mut self) {
        for at in self.studio.change_scene_strips() {
            let settings = self.studio.effective(&self.studio.strips[at]);
            self.effects.push(Effect::Strip(at, settings));
        }
    }
}

/// What brings back what `change` is about to do to an item.
/// Calls the item by its name: its number may be
/// another one then.
pub(in crate::studio) fn inverse_of_item(before: &Studio, wanted: &ItemRef, change: &ItemChange) -> Option<Command> {
    let meant = meant(before, wanted, change).ok()?;
    let scene = &before.scenes[meant.scene];
    let (siblings, at) = siblings(&scene.items, &meant.path)?;
    let inverse = meant.patch.inverse(siblings, at)?;
    let item = ItemRef {
        scene: scene.name.clone(),
        item: meant.path,
    };
    Some(Command::Item(item, ItemChange::Put(Box::new(inverse))))
}

#[cfg(test)]
#[path = "scenes_tests.rs"]
mod tests;
