//! What the update makes of commands to what is in scenes: items, parameters; and of scenes that set strips.

use super::{CUT_SOUND_MS, Effect, Refusal, Unit, unknown};
use crate::media::TimeDelta;
use crate::studio::command::{ItemChange, ItemRef, item_told, meant, scene_at};
use crate::studio::model::{EventLevel, ItemPatch, Studio, siblings, siblings_mut};

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

    /// These scenes have been written into their files as they were then.
    pub(super) fn scenes_saved(&mut self, saved: &[SavedScene]) {
        for scene in saved {
            self.studio.edits.take(&scene.name, &scene.items, &scene.parameters);
            // How items lie on each other is as it was; the numbers that say so may have had to be others in the file.
            let items = self.studio.scenes.iter_mut().find(|known| known.name == scene.name);
            if let Some(now) = items.filter(|now| same_order(&now.items, &scene.items)) {
                take_heights(&mut now.items, &scene.items);
            }
            self.event(EventLevel::Info, format!("scene {}", scene.name), "saved");
        }
        self.studio.find_edits();
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

/// A scene as it stands in its file after a save.
#[derive(Clone, Debug, PartialEq)]
pub struct SavedScene {
    /// Its name.
    pub name: String,
    /// Its items as they are read from there.
    pub items: Vec<crate::studio::model::Item>,
    /// Its parameters.
    pub parameters: Vec<(String, String)>,
}

fn same_order(now: &[crate::studio::model::Item], read: &[crate::studio::model::Item]) -> bool {
    now.iter().map(|item| &item.name).eq(read.iter().map(|item| &item.name))
}

fn take_heights(now: &mut [crate::studio::model::Item], read: &[crate::studio::model::Item]) {
    use crate::studio::model::Shown;
    for (item, read) in now.iter_mut().zip(read) {
        item.z = read.z;
        if let (Shown::Group(now), Shown::Group(read)) = (&mut item.what, &read.what)
            && same_order(now, read)
        {
            take_heights(now, read);
        }
    }
}

/// What brings back what `change` is about to do to an item.
pub(in crate::studio) fn inverse_of_item(before: &Studio, wanted: &ItemRef, change: &ItemChange) -> Option<ItemPatch> {
    let meant = meant(before, wanted, change).ok()?;
    let (siblings, at) = siblings(&before.scenes[meant.scene].items, &meant.path)?;
    meant.patch.inverse(siblings, at)
}
