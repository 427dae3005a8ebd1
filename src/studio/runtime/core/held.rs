//! What the core task has to do with the hold: how it stands, what was moderated in it, and what is put up again when a show
//! goes on.

use super::super::compliance_file::ComplianceFile;
use super::super::reporters::post;
use super::Core;
use crate::record;
use crate::studio::command::{Command, Switch};
use crate::studio::compliance::Entry;
use crate::studio::model::{EventLevel, HoldPhase, Undo};
use crate::studio::update::{Input, ModerationNews};

/// How many ticks of the core task there are between two looks at the hold.
const TICKS: u32 = 5;

impl Core {
    /// Writes down what was moderated.
    pub(super) fn comply(&mut self, entry: &Entry) {
        if let Some(lost) = self.compliance.as_mut().and_then(|file| file.put(entry)) {
            let text = format!("the disk was late: {lost} lines of what was moderated are missing");
            post(
                &self.post,
                Input::Event(EventLevel::Error, "moderation".to_owned(), text),
            );
        }
    }

    /// Opens the file of what is moderated where the scene file names one. Without it the show goes on: what must not go out
    /// is held back all the same.
    pub(super) fn open_compliance(&mut self) {
        let Some(path) = &self.show.moderation.log else { return };
        let opened = record::names(path, &self.studio.name).map_err(|error| error.to_string());
        let inputs = self.post.clone();
        let fail = move |text| post(&inputs, Input::Event(EventLevel::Error, "moderation".to_owned(), text));
        let opened = opened.and_then(|names| {
            let path = names.first().cloned().unwrap_or_default();
            ComplianceFile::open(&path, fail).map(|file| (file, path.display().to_string()))
        });
        match opened {
            Ok((file, name)) => {
                self.compliance = Some(file);
                self.feed(Input::Moderation(ModerationNews::Log(Some(name))));
            }
            Err(reason) => self.feed(Input::Event(EventLevel::Error, "moderation".to_owned(), reason)),
        }
    }

    /// Puts up what was muted when the show was cut off.
    pub(super) fn resume_moderation(&mut self) {
        let moderation = &mut self.studio.moderation;
        if std::mem::take(&mut moderation.is_program_muted) {
            self.feed(Input::Command(Command::ModerateProgram(Switch::On)));
            // No operator has done that now.
            self.studio.undo = Undo::default();
        }
        self.moderator.arm(&self.studio.moderation, self.clock.now());
    }

    /// Four times a second: how the hold stands.
    pub(super) fn look_at_hold(&mut self) {
        self.ticks += 1;
        if !self.ticks.is_multiple_of(TICKS) {
            return;
        }
        let state = self.moderator.holding().state();
        self.moderator.arm_pictures(state.now);
        let judged = self.moderator.judged();
        let moderation = &self.studio.moderation;
        if judged != moderation.judged {
            self.feed(Input::Moderation(ModerationNews::Judged(judged)));
        }
        let hold = &self.studio.moderation.hold;
        // While nothing is held there is nothing new, and nobody need be told.
        if (state.phase, state.now, state.slates) != (hold.phase, hold.now, hold.slates)
            || state.phase != HoldPhase::Off
        {
            self.feed(Input::Moderation(ModerationNews::Hold(Box::new(state))));
        }
    }
}
