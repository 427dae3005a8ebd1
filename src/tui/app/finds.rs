//! Which of the things that could be a source keys act on, and which source the page of sources shows.

use super::{UiAction, UiState, step};
use crate::studio::command::{Command, Page, SourcesCommand, Step};
use crate::studio::model::{Absent, Found, Studio};

/// What was chosen on the page of sources.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FindsView {
    /// In the list: what is here, then what is not.
    at: usize,
    /// Whether what is on trial was begun here: it goes with the page.
    has_tried: bool,
}

/// A row of the list of what could be a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FindRow<'a> {
    /// It is here, under that number.
    Here(usize, &'a Found),
    /// It is not.
    Absent(&'a Absent),
}

/// What is here, then what is not.
#[must_use]
pub fn find_rows(studio: &Studio) -> Vec<FindRow<'_>> {
    let inventory = &studio.choosing.inventory;
    let here = inventory.found.iter().enumerate();
    let here = here.map(|(at, found)| FindRow::Here(at + 1, found));
    here.chain(inventory.absent.iter().map(FindRow::Absent)).collect()
}

impl UiState {
    /// The selected row.
    #[must_use]
    pub fn find<'a>(&self, studio: &'a Studio) -> Option<FindRow<'a>> {
        find_rows(studio).get(self.find_at(studio)).copied()
    }

    /// Its position in the list.
    #[must_use]
    pub fn find_at(&self, studio: &Studio) -> usize {
        let inventory = &studio.choosing.inventory;
        let count = inventory.found.len() + inventory.absent.len();
        self.finds.at.min(count.saturating_sub(1))
    }

    /// The number of the selected one, where it is here.
    pub(super) fn find_number(&self, studio: &Studio) -> Option<String> {
        match self.find(studio)? {
            FindRow::Here(number, _) => Some(number.to_string()),
            FindRow::Absent(_) => None,
        }
    }

    /// Selects the row after or before the selected one, round the end.
    pub(super) fn step_find(&mut self, studio: &Studio, by: Step) {
        self.finds.at = step(self.find_at(studio), find_rows(studio).len(), by);
    }

    /// The position of the source that a page with one source's picture shows: on the page of sources the one on trial.
    #[must_use]
    pub fn source_of_page(&self, studio: &Studio) -> usize {
        let trial = studio
            .choosing
            .trial
            .as_ref()
            .filter(|_| self.page == Some(Page::Sources));
        let at = trial.and_then(|trial| studio.sources.iter().position(|source| source.name == trial.name));
        at.unwrap_or(self.selected.source)
    }

    /// Notes what this screen asks of sources.
    pub(super) fn note_sources(&mut self, command: &Command) {
        match command {
            Command::Sources(SourcesCommand::Try(_)) => self.finds.has_tried = true,
            Command::Sources(SourcesCommand::Keep(_) | SourcesCommand::Drop) => self.finds.has_tried = false,
            _ => {}
        }
    }

    /// What is to be asked of the studio when another page is opened, or this one is left.
    pub(super) fn turn_page(&mut self, studio: &Studio, to: Option<Page>) -> Vec<UiAction> {
        let was = self.page;
        self.zoom = None;
        self.page = to;
        let ask = |name: &str| UiAction::Command {
            name: name.to_owned(),
            args: Vec::new(),
            is_asked: false,
        };
        let choosing = &studio.choosing;
        if to == Some(Page::Sources) {
            let is_known = choosing.looked_at.is_some() || choosing.is_looking;
            return if is_known { Vec::new() } else { vec![ask("source find")] };
        }
        if was == Some(Page::Sources) {
            return self.leave_trial().into_iter().collect();
        }
        Vec::new()
    }

    /// Lets go what was only tried here, also where the studio has not yet said that it is there: orders are carried out in their order.
    pub(super) fn leave_trial(&mut self) -> Option<UiAction> {
        std::mem::take(&mut self.finds.has_tried).then(|| UiAction::Command {
            name: "source drop".to_owned(),
            args: Vec::new(),
            is_asked: false,
        })
    }
}
