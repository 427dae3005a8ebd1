//! Where everything stands, for any size of terminal.
//!
//! Monitors come first: program and preview side by side as large as half the screen allows, then live tiles of the sources
//! where there is room for pictures, then mixer, destinations and events. Where there is no room for these at once, one of
//! them is shown and a key moves between them.

use ratatui::layout::{Constraint, Layout, Rect, Size};

use super::desk::areas::Areas;
use super::shape::{columns_for, picture_area, rows_for};
use crate::control::protocol::MonitorTarget;
use crate::studio::command::Page;
use crate::studio::model::Stage;
use crate::studio::model::Studio;
use crate::tui::app::{Pane, UiState};

/// The smallest screen that shows a studio.
pub const SMALLEST: Size = Size { width: 60, height: 16 };

/// Rows of the mixer besides its strips: frame, header, program, loudness.
const MIXER_MORE: u16 = 5;

/// Where everything stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arrangement {
    /// On air, clock, measures.
    pub status: Rect,
    /// What must not be missed; empty while there is nothing.
    pub alarm: Rect,
    /// Keys, prompt, replies.
    pub footer: Rect,
    /// The page that is open, and its parts. It takes the place of all that follows but program.
    pub page: Option<(Page, Areas)>,
    /// With frame; empty where a page leaves no room for it.
    pub program: Rect,
    /// With frame.
    pub preview: Rect,
    /// The list of scenes.
    pub scenes: Rect,
    /// Sources by position in the studio's list, with frame; on the page of a source's picture, that one.
    pub tiles: Vec<(usize, Rect)>,
    /// What is left of the row of tiles, to say how many more there are.
    pub after_tiles: Rect,
    /// Panes on screen.
    pub panes: Vec<(Pane, Rect)>,
    /// Whether there is room for one pane only, which then has the others' names in its title.
    pub is_tabbed: bool,
}

impl Arrangement {
    /// Arranges the screen; `None` where it is too small.
    #[must_use]
    pub fn new(area: Rect, studio: &Studio, ui: &UiState) -> Option<Self> {
        if area.width < SMALLEST.width || area.height < SMALLEST.height {
            return None;
        }
        let alarm_rows = u16::from(super::alarms::is_any(studio));
        let rows = [1, alarm_rows].map(Constraint::Length).into_iter();
        let rows = rows.chain([Constraint::Fill(1), Constraint::Length(1)]);
        let [status, alarm, body, footer] = Layout::vertical(rows).areas(area);
        if let Some(page) = ui.page {
            let stage = ui.place.entry(page).map(|entry| entry.stage);
            let wants_dynamics = matches!(stage, Some(Stage::Gate | Stage::Compressor));
            let areas = Areas::new(body, page, wants_dynamics, studio.format);
            return Some(Self {
                status,
                alarm,
                footer,
                page: Some((page, areas)),
                program: areas.program,
                tiles: (!areas.source.is_empty())
                    .then_some((ui.selected.source, areas.source))
                    .into_iter()
                    .collect(),
                ..Self::default()
            });
        }
        let scenes_width = (body.width / 7).clamp(16, 28);
        let widest = (body.width - scenes_width) / 2;
        // What the panes below need comes off first: a monitor that hides the mixer is no help.
        let panes_need = if body.height >= 20 { 13 } else { 6 };
        let most = (body.height - panes_need).min(body.height * 11 / 20).max(7);
        let height = (rows_for(widest - 2, studio.format) + 2).min(most);
        let width = (columns_for(height - 2, studio.format) + 2).min(widest);
        let [top, rest] = Layout::vertical([Constraint::Length(height), Constraint::Fill(1)]).areas(body);
        let [program, preview, scenes] = Layout::horizontal([
            Constraint::Length(width),
            Constraint::Length(width),
            Constraint::Fill(1),
        ])
        .areas(top);

        let mut arrangement = Self {
            status,
            alarm,
            footer,
            program,
            preview,
            scenes,
            ..Self::default()
        };
        let panes_want = (studio.strips.len() as u16 + MIXER_MORE)
            .max(studio.destinations.len() as u16 * 2 + 7)
            .clamp(10, 15);
        let tile_height = rest.height.saturating_sub(panes_want).max(rest.height / 3).min(12);
        let rest = if tile_height >= 5 && !studio.sources.is_empty() {
            let [row, rest] = Layout::vertical([Constraint::Length(tile_height), Constraint::Fill(1)]).areas(rest);
            arrangement.place_tiles(row, studio, ui);
            rest
        } else {
            rest
        };
        arrangement.place_panes(rest, studio, ui);
        Some(arrangement)
    }

    /// A row of tiles in which the selected source is seen.
    fn place_tiles(&mut self, row: Rect, studio: &Studio, ui: &UiState) {
        let width = (columns_for(row.height - 2, studio.format) + 2).clamp(16, 40);
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

    fn place_panes(&mut self, rest: Rect, studio: &Studio, ui: &UiState) {
        let mixer_height = studio.strips.len() as u16 + MIXER_MORE;
        let destinations_height = (studio.destinations.len() as u16 * 2).max(1) + 2;
        let split = |area: Rect, parts: &[Constraint], is_wide: bool| -> Vec<Rect> {
            let layout = if is_wide {
                Layout::horizontal(parts)
            } else {
                Layout::vertical(parts)
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

    /// Every monitor and where its picture goes, in cells.
    #[must_use]
    pub fn monitors(&self, studio: &Studio) -> Vec<(MonitorTarget, Rect)> {
        let mut monitors = vec![
            (MonitorTarget::Program, picture_area(self.program, studio.format)),
            (MonitorTarget::Preview, picture_area(self.preview, studio.format)),
        ];
        monitors.retain(|(_, area)| !area.is_empty());
        monitors.extend(self.tiles.iter().filter_map(|(at, area)| {
            let source = studio.sources.get(*at)?;
            let target = MonitorTarget::Source(source.name.clone());
            Some((target, picture_area(*area, studio.format)))
        }));
        monitors
    }
}
