//! What the update makes of business data, and of what the rules choose by it.

use super::{Effect, Refusal, Unit};
use crate::rules::Data;
use crate::studio::command::{Command, Switch};
use crate::studio::model::{EventLevel, Override, RulesStanding, Studio};

/// What the rules have found.
#[derive(Debug)]
pub struct Ruled {
    /// How they stand.
    pub standing: RulesStanding,
    /// What is to be shown, where that is new.
    pub choice: Option<RuledChoice>,
    /// Something to tell.
    pub news: Option<(EventLevel, String)>,
}

/// What the rules want on program.
#[derive(Debug)]
pub struct RuledChoice {
    /// `rule NAME`, `the default`.
    pub called: String,
    /// The scene.
    pub scene: String,
    /// Values for its parameters.
    pub with: Vec<(String, String)>,
    /// Whether the choice is another one, and not the same with other values.
    pub is_change: bool,
}

/// Something happened to where data comes from.
#[derive(Debug)]
pub enum DataNews {
    /// It can be posted there.
    Listens(String),
    /// It is read from that file.
    File(String),
    /// What came was not taken, or nothing can come; why.
    Trouble(String),
}

/// Rules of a file that were read.
#[derive(Debug)]
pub struct RulesNews {
    /// The file.
    pub file: String,
    /// What they are for.
    pub title: String,
    /// The default scene.
    pub default: Option<String>,
    /// How many there are.
    pub count: usize,
}

impl Unit<'_> {
    pub(super) fn data_set(&mut self, data: Data) {
        let model = &mut self.studio.data;
        model.at = (!data.is_empty()).then_some(self.now);
        model.from = self.cause.map(|cause| cause.by.clone()).filter(|_| !data.is_empty());
        model.values = data;
        if model.trouble.take().is_some() {
            self.event(EventLevel::Info, "data", "comes in again");
        }
        self.effects.push(Effect::Rules { is_anew: false });
        // Texts may show it.
        self.effects.push(Effect::Picture);
    }

    pub(super) fn data_merge(&mut self, patch: &str) -> Result<(), Refusal> {
        let merged = self.studio.data.values.patched(patch.as_bytes());
        self.data_set(merged.map_err(Refusal::Data)?);
        Ok(())
    }

    pub(super) fn data_news(&mut self, news: DataNews) {
        match news {
            DataNews::Listens(address) => {
                self.event(EventLevel::Info, "data", format!("is taken at http://{address}/data"));
                self.studio.data.listens = Some(address);
            }
            DataNews::File(file) => self.studio.data.file = Some(file),
            DataNews::Trouble(reason) => {
                // The same again is no news.
                if self.studio.data.trouble.as_ref() != Some(&reason) {
                    self.event(EventLevel::Warning, "data", reason.clone());
                }
                self.studio.data.trouble = Some(reason);
            }
        }
    }

    pub(super) fn rules_switch(&mut self, switch: Switch) -> Result<(), Refusal> {
        if self.studio.rules.file.is_none() {
            return Err(Refusal::NoRules);
        }
        let is_on = switch.apply(self.studio.rules.is_on);
        if is_on != self.studio.rules.is_on {
            self.studio.rules.is_on = is_on;
            let told = if is_on { "choose what is on program" } else { "are off" };
            self.event(EventLevel::Info, "rules", told);
            self.effects.push(Effect::Rules { is_anew: true });
        }
        Ok(())
    }

    pub(super) fn rules_release(&mut self) -> Result<(), Refusal> {
        if self.studio.rules.file.is_none() {
            return Err(Refusal::NoRules);
        }
        if self.studio.rules.overridden.take().is_none() {
            return Err(Refusal::NoOverride);
        }
        self.event(EventLevel::Info, "rules", "choose again what is on program");
        self.effects.push(Effect::Rules { is_anew: true });
        Ok(())
    }

    /// Another file of rules is in force.
    pub(super) fn rules_loaded(&mut self, news: RulesNews) {
        let rules = &mut self.studio.rules;
        let told = format!("{} rules from {}", news.count, news.file);
        // Whoever loads rules into a show that had none means them to be used.
        rules.is_on |= rules.file.is_none();
        (rules.file, rules.title, rules.default) = (Some(news.file), news.title, news.default);
        self.event(EventLevel::Info, "rules", told);
    }

    /// After a command: whoever has changed what is on program holds it against the rules.
    pub(super) fn notice_override(&mut self, program_before: &str) {
        let rules = &self.studio.rules;
        if self.studio.program == program_before || rules.file.is_none() || !rules.is_on {
            return;
        }
        let scene = self.studio.program.clone();
        let by = self
            .cause
            .map_or_else(|| "somebody".to_owned(), |cause| cause.by.clone());
        let is_new = rules.overridden.is_none();
        self.studio.rules.overridden = Some(Override {
            by,
            scene: scene.clone(),
            at: self.now,
        });
        if is_new {
            let told = format!("look on while {scene} is held by hand; rules release gives program back");
            self.event(EventLevel::Warning, "rules", told);
        }
        self.effects.push(Effect::Rules { is_anew: false });
    }

    pub(super) fn ruled(&mut self, ruled: Ruled) {
        self.studio.rules.standing = ruled.standing;
        if let Some((level, text)) = ruled.news {
            self.event(level, "rules", text);
        }
        let Some(choice) = ruled.choice else { return };
        let Some(scene) = self.studio.scene(&choice.scene) else {
            if choice.is_change {
                let told = format!(
                    "{} wants scene {}, and there is none any more",
                    choice.called, choice.scene
                );
                self.event(EventLevel::Warning, "rules", told);
            }
            return;
        };
        let differs = |(name, value): &(String, String)| {
            let now = scene.parameters.iter().find(|(known, _)| known == name);
            now.is_some_and(|(_, now)| now != value)
        };
        if choice.with.iter().any(differs) {
            // Not as an operator changes them: nothing of it is written back to the scene file.
            self.reseen(|studio| fill(studio, &choice.scene, &choice.with));
        }
        if !choice.is_change {
            return;
        }
        let told = format!("{} chooses scene {}", choice.called, choice.scene);
        self.event(EventLevel::Info, "rules", told);
        // As an operator takes it: by the transition of the scene or the show.
        if let Err(refusal) = self.command(Command::Take(Some(choice.scene))) {
            self.event(EventLevel::Warning, "rules", refusal.to_string());
        }
    }
}

/// Gives the parameters of a scene other values.
fn fill(studio: &mut Studio, scene: &str, with: &[(String, String)]) {
    let scene = studio.scenes.iter_mut().find(|known| known.name == scene);
    let parameters = scene.into_iter().flat_map(|scene| &mut scene.parameters);
    for (name, now) in parameters {
        if let Some((_, value)) = with.iter().find(|(known, _)| known == name) {
            now.clone_from(value);
        }
    }
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
