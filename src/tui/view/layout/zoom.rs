//! One thing over the whole body.

use ratatui::layout::Rect;

use super::Arrangement;
use crate::studio::command::{Page, Zoom};
use crate::tui::app::{Pane, UiState};
use crate::tui::view::desk::areas::Areas;
use crate::tui::view::desk::board;

impl Arrangement {
    pub(super) fn place_zoomed(&mut self, body: Rect, zoom: Zoom, ui: &UiState) {
        match zoom {
            Zoom::Preview => self.preview = body,
            Zoom::Source => self.tiles = vec![(ui.selected.source, body)],
            Zoom::Pane if ui.pane == Pane::Mixer && body.height >= board::LOWEST => self.board = body,
            Zoom::Pane => self.panes = vec![(ui.pane, body)],
            // A page that was closed since leaves nothing of itself.
            Zoom::Program | Zoom::Part | Zoom::Off => self.program = body,
        }
    }
}

/// The part that a page is about, over all of it. The row that says what a parameter is for stays.
pub(super) fn part(body: Rect, page: Page, areas: Areas) -> Areas {
    let note = areas.note;
    let whole = Rect {
        height: body.height.saturating_sub(note.height),
        ..body
    };
    let mut zoomed = Areas {
        note,
        ..Areas::default()
    };
    let part = match page {
        Page::Strip | Page::Buses | Page::Events | Page::Charts | Page::Rules | Page::Cues => &mut zoomed.sheet,
        Page::Faces => &mut zoomed.program,
        Page::Picture | Page::Sources => &mut zoomed.source,
        Page::Network => &mut zoomed.changes,
        Page::Items => &mut zoomed.canvas,
        Page::Moderation => &mut zoomed.hold,
    };
    *part = whole;
    zoomed
}
