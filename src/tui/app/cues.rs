//! Which cue keys act on, and keys that are cues' own.

use super::complete::quoted;
use super::{UiState, step};
use crate::studio::command::Step;
use crate::studio::model::{CueList, Studio};
use crate::tui::keymap::Key;

impl UiState {
    /// The name of the selected cue.
    #[must_use]
    pub fn cue<'a>(&self, studio: &'a Studio) -> Option<&'a str> {
        let cue = studio.cues.list.as_ref()?.cues.get(self.selected.cue)?;
        Some(&cue.name)
    }

    /// Selects the cue after or before the selected one, round the end.
    pub(super) fn step_cue(&mut self, studio: &Studio, by: Step) {
        let count = studio.cues.list.as_ref().map_or(0, |list| list.cues.len());
        self.selected.cue = step(self.selected.cue, count, by);
    }

    /// The line that a key does which the keymap has nothing on: it may be that of a cue.
    pub(super) fn line_of_cue_key(studio: &Studio, key: Key) -> Option<String> {
        let list: &CueList = studio.cues.list.as_ref()?;
        let cue = list.of_key(&key.to_string())?;
        Some(format!("cue fire {}", quoted(&cue.name)))
    }
}
