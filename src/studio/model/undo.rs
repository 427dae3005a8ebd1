//! What an operator can take back.
//!
//! Every command that changes a setting leaves the commands that would bring the setting back. Clients see of that only what
//! the newest one is called, and whether they have to ask before they take it back.

use serde::{Deserialize, Serialize};

use crate::studio::command::Command;

/// How many commands can be taken back.
pub const UNDO_KEPT: usize = 50;

/// What can be taken back, the newest last.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Undo {
    /// What `undo` would take back, if anything.
    #[serde(default)]
    pub next: Option<UndoNote>,
    #[serde(skip)]
    stack: Vec<Undoing>,
}

/// The newest command that can be taken back, as clients see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndoNote {
    /// What was done: `gain camera +1`.
    pub did: String,
    /// Whether to take it back would reveal or end something.
    pub is_asked: bool,
}

/// One command that can be taken back.
#[derive(Clone, Debug, PartialEq)]
pub struct Undoing {
    /// What was done.
    pub did: String,
    /// What takes it back, in this order.
    pub by: Vec<Command>,
}

impl Undo {
    /// Remembers a command; the oldest is forgotten beyond [`UNDO_KEPT`].
    pub fn push(&mut self, undoing: Undoing) {
        if self.stack.len() >= UNDO_KEPT {
            self.stack.remove(0);
        }
        self.stack.push(undoing);
    }

    /// The newest, which is no longer kept then.
    pub fn pop(&mut self) -> Option<Undoing> {
        self.stack.pop()
    }

    /// The newest.
    #[must_use]
    pub fn newest(&self) -> Option<&Undoing> {
        self.stack.last()
    }

    /// How many can be taken back.
    #[must_use]
    pub fn count(&self) -> usize {
        self.stack.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_is_forgotten() {
        let mut undo = Undo::default();
        for at in 0..UNDO_KEPT + 3 {
            undo.push(Undoing {
                did: at.to_string(),
                by: Vec::new(),
            });
        }
        assert_eq!(undo.count(), UNDO_KEPT);
        assert_eq!(undo.pop().unwrap().did, "52");
        assert_eq!(undo.stack[0].did, "3");
    }
}
