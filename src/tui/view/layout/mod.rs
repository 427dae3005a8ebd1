//! Where everything stands, for any size of terminal: one file per layout, all of them filling the same [`Arrangement`].
//! Status line and footer stay where they are, and a row for alarms is taken off the body whatever stands there.

mod desk;
mod mixer;
mod multiview;
mod program;
mod zoom;

use ratatui::layout::{Constraint, Layout as Split, Rect, Size};

use super::alarms;
use super::desk::areas::Areas;
use super::items::canvas_target;
use super::shape::picture_area;
use crate::control::protocol::MonitorTarget;
use crate::studio::command::{Layout, Page};
use crate::studio::model::Stage;
use crate::studio::model::Studio;
use crate::tui::app::{Pane, UiState};

/// The smallest screen that shows a studio.
pub const SMALLEST: Size = Size { width: 60, height: 16 };

/// Where everything stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arrangement {
    /// On air, clock, measures.
    pub status: Rect,
    /// Keys, prompt, replies.
    pub footer: Rect,
    /// What cannot be missed; empty while nothing is wrong.
    pub alarms: Rect,
    /// The page that is open, and its parts. It takes the place of all that follows but program.
    pub page: Option<(Page, Areas)>,
    /// With frame; empty where a page leaves no room for it.
    pub program: Rect,
    /// With frame.
    pub preview: Rect,
    /// The scene that a page is about, with frame.
    pub canvas: Option<(MonitorTarget, Rect)>,
    /// The list of scenes.
    pub scenes: Rect,
    /// Sources by position in the studio's list, with frame; on the pages of a source's picture and of sources, that one.
    pub tiles: Vec<(usize, Rect)>,
    /// What is left of the row of tiles, to say how many more there are.
    pub after_tiles: Rect,
    /// Whether tiles have a level meter on their lower edge.
    pub has_tile_meters: bool,
    /// A slim strip of meters and figures beside or below program.
    pub gauges: Rect,
    /// All strips as faders, with frame.
    pub board: Rect,
    /// How loud program is, with frame.
    pub loudness: Rect,
    /// Panes on screen.
    pub panes: Vec<(Pane, Rect)>,
    /// Whether there is room for one pane only, which then has the others' names in its title.
    pub is_tabbed: bool,
}

impl Arrangement {
    /// Arranges the screen; `None` where one line is all that is shown: because it is wanted, or for want of room.
    #[must_use]
    pub fn new(area: Rect, studio: &Studio, ui: &UiState) -> Option<Self> {
        let is_line = ui.layout == Layout::Line && ui.page.is_none() && ui.zoom.is_none();
        if is_line || area.width < SMALLEST.width || area.height < SMALLEST.height {
            return None;
        }
        let [status, alarms, body, footer] = Split::vertical([
            Constraint::Length(1),
            Constraint::Length(u16::from(alarms::is_any(studio))),
            Constraint::Fill(1),
            Constraint::Length(1),
        ])
        .areas(area);
        let mut arrangement = Self {
            status,
            footer,
            alarms,
            ..Self::default()
        };
        match (ui.page, ui.zoom, ui.layout) {
            (Some(page), ..) => arrangement.place_page(body, page, studio, ui),
            (None, Some(zoom), _) => arrangement.place_zoomed(body, zoom, ui),
            (None, None, Layout::Desk | Layout::Line) => arrangement.place_desk(body, studio, ui),
            (None, None, Layout::Program) => arrangement.place_program(body, studio),
            (None, None, Layout::Multiview) => arrangement.place_multiview(body, studio, ui),
            (None, None, Layout::Mixer) => arrangement.place_mixer(body, studio),
        }
        Some(arrangement)
    }

    fn place_page(&mut self, body: Rect, page: Page, studio: &Studio, ui: &UiState) {
        let stage = ui.place.entry(page).map(|entry| entry.stage);
        let wants_dynamics = matches!(stage, Some(Stage::Gate | Stage::Compressor));
        let mut areas = Areas::new(body, page, wants_dynamics, studio.format);
        if ui.zoom.is_some() {
            areas = zoom::part(body, page, areas);
        }
        self.page = Some((page, areas));
        if !areas.canvas.is_empty() {
            let target = ui.items_scene(studio).map(|scene| canvas_target(studio, &scene.name));
            if target == Some(MonitorTarget::Program) {
                // Once is enough.
                areas.program = Rect::default();
                self.page = Some((page, areas));
            }
            self.canvas = target.map(|target| (target, areas.canvas));
        }
        self.program = areas.program;
        if !areas.source.is_empty() {
            self.tiles = vec![(ui.source_of_page(studio), areas.source)];
        }
    }

    /// Every monitor and where its picture goes, in cells.
    #[must_use]
    pub fn monitors(&self, studio: &Studio) -> Vec<(MonitorTarget, Rect)> {
        let mut monitors = vec![
            (MonitorTarget::Program, picture_area(self.program, studio.format)),
            (MonitorTarget::Preview, picture_area(self.preview, studio.format)),
        ];
        monitors.extend(
            self.canvas
                .iter()
                .map(|(target, area)| (target.clone(), picture_area(*area, studio.format))),
        );
        monitors.retain(|(_, area)| !area.is_empty());
        monitors.extend(self.tiles.iter().filter_map(|(at, area)| {
            let source = studio.sources.get(*at)?;
            let target = MonitorTarget::Source(source.name.clone());
            Some((target, picture_area(*area, studio.format)))
        }));
        monitors
    }
}
