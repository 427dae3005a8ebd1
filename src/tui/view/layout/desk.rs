//! The desk: program and preview side by side as large as half the screen allows, then live tiles of the sources where there
//! is room for pictures, then mixer, destinations and events. Where there is no room for these at once, one of them is shown
//! and a key moves between them.

use ratatui::layout::{Constraint, Layout as Split, Rect};

use super::Arrangement;
use crate::studio::model::Studio;
use crate::tui::app::{Pane, UiState};
use crate::tui::view::shape::{columns_for, rows_for};

/// Rows of the mixer besides its strips: frame, header, program, loudness.
const MIXER_MORE: u16 = 5;

impl Arrangement {
    pub(super) fn place_desk(&mut self, body: Rect, studio: &Studio, ui: &UiState) {
        let scenes_width = (body.width / 7).clamp(16, 28);
        let widest = (body.width - scenes_width) / 2;
        // What the panes below need comes off first: a monitor that hides the mixer is no help.
        let panes_need = if body.height >= 20 { 13 } else { 6 };
        let most = (body.height - panes_need).min(body.height * 11 / 20).max(7);
        let height = (rows_for(widest - 2, studio.format) + 2).min(most);
        let width = (columns_for(height - 2, studio.format) + 2).min(widest);
        let [top, rest] = Split::vertical([Constraint::Length(height), Constraint::Fill(1)]).areas(body);
        let [program, preview, scenes] = Split::horizontal([
            Constraint::Length(width),
            Constraint::Length(width),
            Constraint::Fill(1),
        ])
        .areas(top);

        (self.program, self.preview, self.scenes) = (program, preview, scenes);
        let panes_want = (studio.strips.len() as u16 + MIXER_MORE)
            .max(studio.destinations.len() as u16 * 2 + 7)
            .clamp(10, 15);
        // On a large screen tiles grow with it, for panes would only be empty there.
        let highest = if rest.height > 30 { rest.height } else { 12 };
        let tile_height = rest.height.saturating_sub(panes_want).max(rest.height / 3).min(highest);
        let rest = if tile_height >= 5 && !studio.sources.is_empty() {
            let [row, rest] = Split::vertical([Constraint::Length(tile_height), Constraint::Fill(1)]).areas(rest);
            self.place_tiles(row, studio, ui);
            rest
        } else {
            rest
        };
        self.place_panes(rest, studio, ui);
    }

    /// A row of tiles in which the selected source is seen.
    fn place_tiles(&mut self, row: Rect, studio: &Studio, ui: &UiState) {
        let widest = (row.width / (studio.sources.len() as u16).max(1)).max(40);
        let width =
            (columns_for(row.height - 2, studio.format) + 2).clamp(16, if row.height > 12 { widest } else { 40 });
        let fit = usize::from(row.width / width).max(1);
        let first = (ui.selected.source + 1).saturating_sub(fit);
        let shown = studio.sources.len().saturating_sub(first).min(fit);
        self.tiles = (0..shown)
            .map(|at| {
                let x = row.x + at as u16 * width;
                (first + at, Rect { x, width, ..row })
            })
            .collect();
        let used = shown as u16 * width;
        self.after_tiles = Rect {
            x: row.x + used,
            width: row.width - used,
            ..row
        };
    }

    pub(super) fn place_panes(&mut self, rest: Rect, studio: &Studio, ui: &UiState) {
        let mixer_height = studio.strips.len() as u16 + MIXER_MORE;
        let destinations_height = (studio.destinations.len() as u16 * 2).max(1) + 2;
        let split = |area: Rect, parts: &[Constraint], is_wide: bool| -> Vec<Rect> {
            let layout = if is_wide {
                Split::horizontal(parts)
            } else {
                Split::vertical(parts)
            };
            layout.split(area).to_vec()
        };
        let fill = Constraint::Fill;
        self.panes = if rest.height < 9 {
            self.is_tabbed = true;
            vec![(ui.pane, rest)]
        } else if rest.width >= 150 {
            let areas = split(rest, &[fill(4), fill(3), fill(3)], true);
            vec![
                (Pane::Mixer, areas[0]),
                (Pane::Destinations, areas[1]),
                (Pane::Events, areas[2]),
            ]
        } else if rest.width >= 100 {
            let halves = split(rest, &[fill(1), fill(1)], true);
            let height = destinations_height.min(rest.height.saturating_sub(5)).max(3);
            let right = split(halves[1], &[Constraint::Length(height), fill(1)], false);
            vec![
                (Pane::Mixer, halves[0]),
                (Pane::Destinations, right[0]),
                (Pane::Events, right[1]),
            ]
        } else {
            let upper = mixer_height.min(rest.height - 4).max(5);
            let rows = split(rest, &[Constraint::Length(upper), fill(1)], false);
            let lower = split(rows[1], &[fill(1), fill(1)], true);
            if self.tiles.is_empty() {
                let upper = split(rows[0], &[fill(3), fill(2)], true);
                vec![
                    (Pane::Mixer, upper[0]),
                    (Pane::Sources, upper[1]),
                    (Pane::Destinations, lower[0]),
                    (Pane::Events, lower[1]),
                ]
            } else {
                vec![
                    (Pane::Mixer, rows[0]),
                    (Pane::Destinations, lower[0]),
                    (Pane::Events, lower[1]),
                ]
            }
        };
    }
}
