//! What the update makes of `undo`, and of commands that can be taken back later.

use super::{Effect, Refusal, Unit};
use crate::studio::command::{Command, reveals_or_ends};
use crate::studio::model::{EventLevel, Studio, UndoNote, Undoing};
use crate::studio::undo::{inverse, line};

impl Unit<'_> {
    /// Carries a command out and remembers what takes it back.
    pub(super) fn undoable(&mut self, command: Command) -> Result<(), Refusal> {
        let by = inverse(self.studio, &command);
        let did = line(&command).unwrap_or_default();
        self.command(command)?;
        self.undoable_by(did, by.unwrap_or_default());
        Ok(())
    }

    /// Remembers what takes back that which has just been done; nothing where nothing was changed.
    pub(super) fn undoable_by(&mut self, did: String, mut by: Vec<Command>) {
        let is_setter = |command: &Command| {
            matches!(
                command,
                Command::Set(..)
                    | Command::BusSet(..)
                    | Command::PictureSet(..)
                    | Command::Item(..)
                    | Command::SceneSet(..)
            )
        };
        // What would bring back what is there already brings back nothing.
        let is_single = by.len() == 1;
        by.retain(|back| {
            let is_alone = is_single || is_setter(back);
            !is_alone || inverse(self.studio, back).as_deref() != Some(std::slice::from_ref(back))
        });
        if !by.is_empty() {
            self.studio.undo.push(Undoing { did, by });
        }
        self.note_undo();
    }

    /// Takes the newest command back that can be.
    pub(super) fn undo(&mut self) -> Result<(), Refusal> {
        let undoing = self.studio.undo.pop().ok_or(Refusal::NothingToUndo)?;
        let before = self.studio.clone();
        let done = self.effects.len();
        for command in undoing.by {
            if let Err(refusal) = self.command(command) {
                // All of it or nothing; and it is not tried again, or what is older could never be reached.
                *self.studio = before;
                self.effects.truncate(done);
                self.note_undo();
                return Err(Refusal::NotUndone(undoing.did, Box::new(refusal)));
            }
        }
        self.note_undo();
        self.event(EventLevel::Info, "studio", format!("undone: {}", undoing.did));
        Ok(())
    }

    /// Says what would be taken back next, and whether that would reveal or end something.
    pub(super) fn note_undo(&mut self) {
        let newest = self.studio.undo.newest();
        let next = newest.map(|undoing| UndoNote {
            did: undoing.did.clone(),
            is_asked: would_ask(self.studio, &undoing.by),
        });
        self.studio.undo.next = next;
    }
}

/// Whether one of the commands, carried out one after the other, reveals or ends something.
fn would_ask(studio: &Studio, commands: &[Command]) -> bool {
    let Some((last, first)) = commands.split_last() else {
        return false;
    };
    if first.is_empty() {
        return reveals_or_ends(last, studio);
    }
    let mut trial = studio.clone();
    let mut unit = Unit {
        now: studio.now,
        studio: &mut trial,
        cause: None,
        effects: Vec::<Effect>::new(),
    };
    commands.iter().any(|command| {
        let is_asked = reveals_or_ends(command, unit.studio);
        // What is refused will change nothing either.
        let _ = unit.command(command.clone());
        is_asked
    })
}

#[cfg(test)]
#[path = "undo_tests.rs"]
mod tests;
