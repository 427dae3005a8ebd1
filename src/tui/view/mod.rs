//! The screen as a function of the studio and of the client's own state. It draws on any ratatui backend, asks no clock
//! and changes nothing, so a test sees exactly what an operator sees.

mod desk;
mod destinations;
mod events;
mod faces;
mod footer;
mod help;
pub mod layout;
mod moderation;
mod monitors;
mod network;
mod palette;
mod pane;
mod pending;
mod scenes;
mod shape;
mod sources;
mod status;
mod text;
mod theme;

use ratatui::Frame;
use ratatui::layout::{Position, Rect};

use crate::control::protocol::MonitorTarget;
use crate::studio::model::{SourceModel, Studio};
use crate::tui::app::{Overlay, Pane, UiState};
use layout::{Arrangement, SMALLEST};
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
    let area = frame.area();
    let scene = Scene {
        studio,
        ui,
        theme: Theme::new(ui.has_color()),
    };
    let cursor = draw(frame.buffer_mut(), area, &scene);
    if let Some(cursor) = cursor {
        frame.set_cursor_position(cursor);
    }
}

/// Draws everything and returns where the cursor stands, if it is shown.
fn draw(buf: &mut ratatui::buffer::Buffer, area: Rect, scene: &Scene<'_>) -> Option<Position> {
    let Some(arrangement) = Arrangement::new(area, scene.studio, scene.ui) else {
        too_small(buf, area, scene);
        return None;
    };
    let mut cursor = None;
    status::draw(buf, arrangement.status, scene);
    if let Some((page, areas)) = &arrangement.page {
        desk::page::draw(buf, areas, *page, scene);
    } else {
        draw_desktop(buf, &arrangement, scene);
    }
    match &scene.ui.overlay {
        Overlay::None => {}
        Overlay::Help { scroll } => help::draw(buf, body(area), *scroll, scene),
        Overlay::Palette(found) => cursor = Some(palette::draw(buf, body(area), found, scene)),
        Overlay::Confirm { name, args } => footer::draw_question(buf, body(area), name, args, scene),
    }
    footer::draw(buf, arrangement.footer, area, scene).or(cursor)
}

/// Monitors and panes: the screen while no page is open.
fn draw_desktop(buf: &mut ratatui::buffer::Buffer, arrangement: &Arrangement, scene: &Scene<'_>) {
    monitors::draw(buf, arrangement, scene);
    scenes::draw(buf, arrangement.scenes, scene);
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

/// The part of the screen that lies under no overlay ever: all but status and footer.
fn body(area: Rect) -> Rect {
    Rect {
        y: area.y + 1,
        height: area.height.saturating_sub(2),
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
        Overlay::Help { .. } => covers.push(help::area(body(area), ui)),
        Overlay::Palette(_) => covers.push(palette::area(body(area))),
        Overlay::Confirm { name, args } => covers.push(footer::question_area(body(area), name, args, studio)),
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
    let is_focused = scene.ui.pane == pane;
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

fn too_small(buf: &mut ratatui::buffer::Buffer, area: Rect, scene: &Scene<'_>) {
    let theme = scene.theme;
    let middle = area.height.saturating_sub(1) / 2;
    let on_air = if scene.studio.is_on_air() { "ON AIR" } else { "off air" };
    Row::new(buf, area, middle).put(on_air, theme.strong()).put(
        &format!(
            " · terminal too small: {}×{}, {}×{} needed",
            area.width, area.height, SMALLEST.width, SMALLEST.height
        ),
        theme.text(),
    );
}
