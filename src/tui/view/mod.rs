//! The screen as a function of the studio and of the client's own state. It draws on any ratatui backend, asks no clock
//! and changes nothing, so a test sees exactly what an operator sees.

mod alarms;
mod charts;
mod cues;
mod desk;
mod destinations;
mod events;
mod faces;
mod finds;
mod footer;
mod gauges;
mod help;
mod items;
pub mod layout;
mod line;
mod moderation;
mod monitors;
mod network;
mod palette;
mod pane;
mod pending;
mod rules;
mod scenes;
mod shape;
mod sources;
mod status;
mod text;
pub mod theme;

use ratatui::Frame;
use ratatui::layout::{Position, Rect};

use crate::control::protocol::MonitorTarget;
use crate::studio::model::{SourceModel, Studio};
use crate::tui::app::{Focus, Overlay, Pane, UiState};
use layout::Arrangement;
use text::Row;
use theme::Theme;

/// What every part of the screen draws from.
struct Scene<'a> {
    studio: &'a Studio,
    ui: &'a UiState,
    theme: Theme,
}

/// Draws the screen.
pub fn view(frame: &mut Frame<'_>, studio: &Studio, ui: &UiState) {
    if let Some(cursor) = render(frame.buffer_mut(), studio, ui) {
        frame.set_cursor_position(cursor);
    }
}

/// Draws the screen into a buffer and returns where the cursor stands, if it is shown.
pub fn render(buf: &mut ratatui::buffer::Buffer, studio: &Studio, ui: &UiState) -> Option<Position> {
    let scene = Scene {
        studio,
        ui,
        theme: ui.look(),
    };
    let cursor = draw(buf, buf.area, &scene);
    scene.theme.lay_ground(buf);
    cursor
}

/// Draws everything and returns where the cursor stands, if it is shown.
fn draw(buf: &mut ratatui::buffer::Buffer, area: Rect, scene: &Scene<'_>) -> Option<Position> {
    let Some(arrangement) = Arrangement::new(area, scene.studio, scene.ui) else {
        return line::draw(buf, area, scene);
    };
    let mut cursor = None;
    status::draw(buf, arrangement.status, scene);
    if !arrangement.alarms.is_empty() {
        alarms::draw(buf, arrangement.alarms, scene);
    }
    if let Some((page, areas)) = &arrangement.page {
        desk::page::draw(buf, areas, *page, scene);
    } else {
        draw_desktop(buf, &arrangement, scene);
    }
    let body = body(area, scene.studio);
    match &scene.ui.overlay {
        Overlay::None => {}
        Overlay::Help { scroll } => help::draw(buf, body, *scroll, scene),
        Overlay::Palette(found) => cursor = Some(palette::draw(buf, body, found, scene)),
        Overlay::Confirm { name, args } => footer::draw_question(buf, body, name, args, scene),
    }
    footer::draw(buf, arrangement.footer, area, scene).or(cursor)
}

/// Monitors and panes: the screen while no page is open.
fn draw_desktop(buf: &mut ratatui::buffer::Buffer, arrangement: &Arrangement, scene: &Scene<'_>) {
    monitors::draw(buf, arrangement, scene);
    if !arrangement.scenes.is_empty() {
        scenes::draw(buf, arrangement.scenes, scene);
    }
    if !arrangement.board.is_empty() {
        desk::board::draw(buf, arrangement.board, scene);
    }
    if !arrangement.loudness.is_empty() {
        desk::buses::loudness(buf, arrangement.loudness, scene);
    }
    gauges::draw(buf, arrangement.gauges, scene);
    for (pane, area) in &arrangement.panes {
        let inner = draw_pane_frame(buf, *area, *pane, arrangement.is_tabbed, scene);
        match pane {
            Pane::Mixer => desk::mixer::draw(buf, inner, scene),
            Pane::Sources => sources::draw(buf, inner, scene),
            Pane::Destinations => destinations::draw(buf, inner, scene),
            Pane::Events => events::draw(buf, inner, scene),
        }
    }
}

/// The part of the screen that overlays may lie over: all but status, alarm and footer.
fn body(area: Rect, studio: &Studio) -> Rect {
    let above = 1 + u16::from(alarms::is_any(studio));
    Rect {
        y: area.y + above,
        height: area.height.saturating_sub(above + 1),
        ..area
    }
}

/// Monitors whose picture is covered by nothing: only there may pixels be drawn past the cells.
#[must_use]
pub fn uncovered_monitors(area: Rect, studio: &Studio, ui: &UiState) -> Vec<(MonitorTarget, Rect)> {
    let Some(arrangement) = Arrangement::new(area, studio, ui) else {
        return Vec::new();
    };
    let mut covers = Vec::new();
    match &ui.overlay {
        Overlay::None => {}
        Overlay::Help { .. } => covers.push(help::area(body(area, studio), ui)),
        Overlay::Palette(_) => covers.push(palette::area(body(area, studio))),
        Overlay::Confirm { name, args } => covers.push(footer::question_area(body(area, studio), name, args, studio)),
    }
    covers.extend(pending::area(area, ui));
    covers.extend(footer::candidates_area(area, studio, ui));
    let mut monitors = arrangement.monitors(studio);
    monitors.retain(|(target, picture)| {
        // A source's reason is written where its picture would be.
        let has_reason = studio
            .sources
            .iter()
            .any(|source| is_shown_by(target, source) && monitors::reason(&source.state).is_some());
        !has_reason && covers.iter().all(|cover| !cover.intersects(*picture))
    });
    monitors
}

fn is_shown_by(target: &MonitorTarget, source: &SourceModel) -> bool {
    matches!(target, MonitorTarget::Source(name) if *name == source.name)
}

/// The frame of a pane; where only one is shown, its title names the others too.
fn draw_pane_frame(
    buf: &mut ratatui::buffer::Buffer,
    area: Rect,
    pane: Pane,
    is_tabbed: bool,
    scene: &Scene<'_>,
) -> Rect {
    let theme = scene.theme;
    let is_focused = scene.ui.focus == Focus::Pane && scene.ui.pane == pane;
    let frame = if is_focused { theme.accent() } else { theme.frame() };
    if !is_tabbed {
        let ink = if is_focused { theme.strong() } else { theme.label() };
        return pane::titled(buf, area, pane.title(), frame, ink);
    }
    let (inner, edge) = pane::framed(buf, area, frame);
    let mut row = Row::new(buf, edge, 0);
    for other in Pane::ALL {
        if other == pane {
            row.put(&format!(" [{}] ", other.title()), theme.strong());
        } else {
            row.put(&format!("  {}  ", other.title()), theme.label());
        }
    }
    inner
}
