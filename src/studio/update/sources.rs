//! What the update makes of sources that are found, tried, changed and saved while the show runs. The show itself changes as it does
//! when its file is saved (`apply`); here is what clients see of it, and what can be taken back.

use super::{Refusal, Unit};
use crate::studio::command::{Command, SourcesBefore, SourcesCommand};
use crate::studio::model::{EventLevel, Inventory, Trial};

/// As events call what is done to sources.
const SUBJECT: &str = "sources";

/// What happened to sources.
#[derive(Clone, Debug, PartialEq)]
pub enum SourcesNews {
    /// Somebody looks around.
    Looking,
    /// This is here.
    Found(Box<Inventory>),
    /// The show has other sources or items than its file; what was done, and what takes it back.
    Changed(Standing, Option<(String, SourcesBefore)>),
    /// The newest change was taken back.
    Undone(Standing),
    /// That was refused: it is not tried again.
    NotUndone(String),
    /// All of it was written into these files.
    Saved(Standing, Vec<String>),
}

/// What is not in the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Standing {
    /// The source that is tried.
    pub trial: Option<Trial>,
    /// What was done, the oldest first.
    pub unsaved: Vec<String>,
    /// Sources that it was done to.
    pub changed: Vec<String>,
}

impl Unit<'_> {
    pub(super) fn sources_news(&mut self, news: SourcesNews) -> Result<(), Refusal> {
        match news {
            SourcesNews::Looking => self.studio.choosing.is_looking = true,
            SourcesNews::Found(inventory) => {
                let choosing = &mut self.studio.choosing;
                choosing.is_looking = false;
                choosing.looked_at = Some(self.now);
                choosing.inventory = *inventory;
            }
            SourcesNews::Changed(standing, before) => {
                self.stand(standing);
                if let Some((did, before)) = before {
                    let back = SourcesCommand::Back(Box::new(before));
                    self.undoable_by(did, vec![Command::Sources(back)]);
                }
            }
            SourcesNews::Undone(standing) => {
                self.stand(standing);
                let undoing = self.studio.undo.pop().ok_or(Refusal::NothingToUndo)?;
                self.note_undo();
                self.event(EventLevel::Info, "studio", format!("undone: {}", undoing.did));
            }
            SourcesNews::NotUndone(reason) => {
                let undoing = self.studio.undo.pop().ok_or(Refusal::NothingToUndo)?;
                self.note_undo();
                return Err(Refusal::NotUndone(undoing.did, Box::new(Refusal::Unfit(reason))));
            }
            SourcesNews::Saved(standing, files) => {
                self.stand(standing);
                let text = format!("saved in {}", files.join(", "));
                self.event(EventLevel::Info, SUBJECT, text);
            }
        }
        Ok(())
    }

    fn stand(&mut self, standing: Standing) {
        let choosing = &mut self.studio.choosing;
        let Standing {
            trial,
            unsaved,
            changed,
        } = standing;
        (choosing.trial, choosing.unsaved, choosing.changed) = (trial, unsaved, changed);
    }
}

#[cfg(test)]
#[path = "sources_tests.rs"]
mod tests;
