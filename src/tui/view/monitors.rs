//! Program, preview and the tiles of the sources: frames with tally, pictures inside.

use ratatui::buffer::{Buffer, CellDiffOption};
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::Scene;
use super::desk::meter::{self, Channels};
use super::faces;
use super::items::canvas_target;
use super::layout::Arrangement;
use super::moderation;
use super::pane::framed;
use super::shape::picture_area;
use super::text::{Row, wrapped};
use crate::control::protocol::MonitorTarget;
use crate::studio::command::Layout;
use crate::studio::model::{SceneModel, SourceModel, SourceState, TransitionKind};
use crate::tui::app::Focus;
use crate::tui::monitor::{Prepared, Renderer};

pub fn draw(buf: &mut Buffer, arrangement: &Arrangement, scene: &Scene<'_>) {
    let (studio, theme) = (scene.studio, scene.theme);
    if !arrangement.program.is_empty() {
        program(buf, arrangement.program, scene);
    }

    if !arrangement.preview.is_empty() {
        preview(buf, arrangement.preview, scene);
    }
    for (at, area) in &arrangement.tiles {
        if let Some(source) = studio.sources.get(*at) {
            tile(buf, *area, source, *at == scene.ui.selected.source, scene);
            if arrangement.has_tile_meters {
                tile_meter(buf, *area, source, scene);
            }
        }
    }
    let hidden = studio.sources.len() - arrangement.tiles.len().min(studio.sources.len());
    if arrangement.tiles.is_empty() || hidden == 0 {
        return;
    }
    let note = format!(" +{hidden} more");
    if arrangement.has_tile_meters {
        // There is no place beside the tiles: on the edge of the frame before them.
        let place = Rect {
            y: arrangement.preview.bottom().saturating_sub(1),
            height: 1,
            width: arrangement.preview.width.saturating_sub(1),
            ..arrangement.preview
        };
        Row::new(buf, place, 0).right(&format!("{note} sources "), theme.label());
    } else if !arrangement.after_tiles.is_empty() {
        Row::new(buf, arrangement.after_tiles, arrangement.after_tiles.height / 2).put(&note, theme.label());
    }
}

/// What take would put on air, in its frame.
fn preview(buf: &mut Buffer, area: Rect, scene: &Scene<'_>) {
    let (studio, theme) = (scene.studio, scene.theme);
    let (_, edge) = framed(buf, area, theme.preview());
    let mut row = Row::new(buf, edge, 0);
    focus_mark(&mut row, Focus::Preview, scene);
    row.put(" PVW ", theme.preview_badge())
        .put(" ", theme.text())
        .put(&studio.preview, theme.strong())
        .put(" ", theme.text());
    let transition = match studio.transition.kind {
        TransitionKind::Cut => " take: cut ".to_owned(),
        TransitionKind::Fade => {
            format!(" take: fade {:.1} s ", studio.transition.duration.as_secs_f64())
        }
        TransitionKind::Wipe => {
            format!(" take: wipe {:.1} s ", studio.transition.duration.as_secs_f64())
        }
        TransitionKind::Stinger => " take: stinger ".to_owned(),
    };
    row.right(&transition, theme.label());
    picture(buf, area, &MonitorTarget::Preview, scene);
}

/// A mark where the focus can be on monitors and is on this one.
fn focus_mark(row: &mut Row<'_>, focus: Focus, scene: &Scene<'_>) {
    let is_movable = scene.ui.page.is_none() && matches!(scene.ui.layout, Layout::Multiview | Layout::Mixer);
    if is_movable && scene.ui.focus == focus {
        row.put("▸", scene.theme.strong());
    }
}

/// The picture that is on air, in its frame.
pub fn program(buf: &mut Buffer, area: Rect, scene: &Scene<'_>) {
    let (studio, theme) = (scene.studio, scene.theme);
    let (_, edge) = framed(buf, area, theme.program());
    let mut row = Row::new(buf, edge, 0);
    focus_mark(&mut row, Focus::Program, scene);
    row.put(" PGM ", theme.program_badge())
        .put(" ", theme.text())
        .put(&studio.program, theme.strong());
    if let Some(fade) = &studio.fade {
        let done = (scene.ui.now - fade.start).ratio(fade.duration).clamp(0.0, 1.0);
        row.put(&format!(" ← {} {:.0}%", fade.from, done * 100.0), theme.warning());
    }
    row.put(" ", theme.text());
    moderation::tell::title(&mut row, scene);
    let format = studio.format;
    row.right(
        &format!(
            " {}×{} {} fps ",
            format.width,
            format.height,
            fps(format.frame_rate.as_f64())
        ),
        theme.label(),
    );
    picture(buf, area, &MonitorTarget::Program, scene);
    faces::tell::edge(buf, area, scene);
    // Cells cannot be written over pixels: there the edge says it.
    if !scene.ui.renderer().is_pixels() {
        faces::tell::banner(buf, picture_area(area, studio.format), scene);
    }
}

/// A scene that is worked on, in its frame.
pub fn canvas(buf: &mut Buffer, area: Rect, shown: &SceneModel, scene: &Scene<'_>) {
    let (studio, theme) = (scene.studio, scene.theme);
    let target = canvas_target(studio, &shown.name);
    let frame = match target {
        Some(MonitorTarget::Program) => theme.program(),
        Some(MonitorTarget::Preview) => theme.preview(),
        _ => theme.frame(),
    };
    let (_, edge) = framed(buf, area, frame);
    let mut row = Row::new(buf, edge, 0);
    match target {
        Some(MonitorTarget::Program) => row.put(" PGM ", theme.program_badge()),
        Some(MonitorTarget::Preview) => row.put(" PVW ", theme.preview_badge()),
        _ => &mut row,
    };
    row.put(" ", theme.text())
        .put(&shown.name, theme.strong())
        .put(" ", theme.text());
    row.right(
        &format!(" {}×{} ", studio.format.width, studio.format.height),
        theme.label(),
    );
    match target {
        Some(target) => picture(buf, area, &target, scene),
        None => {
            let inner = picture_area(area, studio.format);
            let note = "neither on program nor on preview";
            let indent = inner.width.saturating_sub(note.len() as u16) / 2;
            Row::new(buf, inner, inner.height / 2)
                .skip(indent)
                .put(note, theme.label());
        }
    }
}

/// `30`, `29.97`.
pub fn fps(rate: f64) -> String {
    if (rate - rate.round()).abs() < 0.005 {
        format!("{rate:.0}")
    } else {
        format!("{rate:.2}")
    }
}

/// Tally of a source: its frame, and a word for those who see no colour.
pub fn tally(source: &SourceModel, scene: &Scene<'_>) -> (Style, Option<(&'static str, Style)>) {
    let theme = scene.theme;
    if source.is_on_program {
        (theme.program(), Some((" PGM ", theme.program_badge())))
    } else if source.is_on_preview {
        (theme.preview(), Some((" PVW ", theme.preview_badge())))
    } else {
        (theme.frame(), None)
    }
}

/// A source in its frame.
pub fn tile(buf: &mut Buffer, area: Rect, source: &SourceModel, is_selected: bool, scene: &Scene<'_>) {
    let theme = scene.theme;
    let (frame, badge) = tally(source, scene);
    let (inner, edge) = framed(buf, area, frame);
    let mut row = Row::new(buf, edge, 0);
    if let Some((word, style)) = badge {
        row.right(word, style);
    }
    row.put(if is_selected { "▸" } else { " " }, theme.strong())
        .put(&source.name, if is_selected { theme.strong() } else { theme.text() })
        .put(" ", theme.text());

    let has_pictures = source.format.is_none_or(|format| format.video.is_some());
    let target = MonitorTarget::Source(source.name.clone());
    if has_pictures && (reason(&source.state).is_none() || !scene.ui.renderer().is_pixels()) {
        picture(buf, area, &target, scene);
    } else {
        Row::new(buf, inner, inner.height / 2).put(" sound only", theme.label());
    }

    let bottom = Rect {
        y: area.bottom() - 1,
        ..edge
    };
    if let Some(reason) = reason(&source.state) {
        // The reason matters more than the slate under it.
        let lines = wrapped(reason, usize::from(inner.width), usize::from(inner.height));
        let top = inner.height.saturating_sub(lines.len() as u16);
        for (at, line) in lines.iter().enumerate() {
            let mut row = Row::new(buf, inner, top + at as u16);
            row.put(
                &format!("{line:<width$}", width = usize::from(inner.width)),
                theme.warning(),
            );
        }
    }
    let (word, style) = state_word(&source.state, scene);
    let mut row = Row::new(buf, bottom, 0);
    row.put(" ", style).put(word, style).put(" ", style);
    if source.dropped_frames > 0 {
        row.right(&format!(" -{} ", source.dropped_frames), theme.warning());
    } else if let Some(video) = source.format.and_then(|format| format.video) {
        row.right(&format!(" {}×{} ", video.width, video.height), theme.label());
    }
}

/// The level of a source's strip, on the lower edge of its tile, between what it does and its size.
fn tile_meter(buf: &mut Buffer, area: Rect, source: &SourceModel, scene: &Scene<'_>) {
    let strips = &scene.studio.strips;
    let Some(at) = strips.iter().position(|strip| strip.name == source.name) else {
        return;
    };
    let (word, _) = state_word(&source.state, scene);
    let before = word.len() as u16 + 4;
    let room = |after: u16| area.width.saturating_sub(before + after);
    // Where it is narrow, the level matters more than the size; losses matter more than both.
    let width = match (room(13), room(2)) {
        (wide, _) if wide >= 8 => wide,
        (_, narrow) if narrow >= 4 && source.dropped_frames == 0 => narrow,
        _ => return,
    };
    let place = Rect {
        x: area.x + before,
        y: area.bottom() - 1,
        width,
        height: 1,
    };
    let reading = scene.ui.meters.strips.get(at).copied().unwrap_or_default();
    let settings = &strips[at].settings;
    let is_silenced = settings.is_muted || scene.studio.is_moderated(&source.name);
    meter::level(buf, place, &reading, Channels::Both, is_silenced, scene.theme);
}

/// The word for what a source does.
pub fn state_word(state: &SourceState, scene: &Scene<'_>) -> (&'static str, Style) {
    let theme = scene.theme;
    match state {
        SourceState::Starting => ("starting", theme.label()),
        SourceState::Live => ("live", theme.good()),
        SourceState::Ended => ("ended", theme.label()),
        SourceState::Away { .. } => ("AWAY", theme.warning()),
        SourceState::Failed { .. } => ("FAILED", theme.error()),
    }
}

/// Why a source is not live.
pub fn reason(state: &SourceState) -> Option<&str> {
    match state {
        SourceState::Away { reason } | SourceState::Failed { reason } => Some(reason),
        SourceState::Starting | SourceState::Live | SourceState::Ended => None,
    }
}

/// The picture of a monitor, or what is there instead.
fn picture(buf: &mut Buffer, framed: Rect, target: &MonitorTarget, scene: &Scene<'_>) {
    let area = picture_area(framed, scene.studio.format);
    match scene.ui.pictures.get(target) {
        Some(Prepared::Cells(cells, marks)) => {
            cells.draw(area, buf);
            scene.theme.darken(buf, area);
            faces::boxes(buf, area, marks, scene);
        }
        Some(Prepared::Pixels(pixels)) => {
            let covered = pixels.covered(area, scene.ui.cell_size());
            if let Some(placeholders) = pixels.placeholders() {
                placeholders.draw(covered, buf);
                return;
            }
            // Pixels are there; the cells must not be written over them.
            for position in covered.intersection(buf.area).positions() {
                buf[position].set_diff_option(CellDiffOption::Skip);
            }
        }
        None => {
            let note = if scene.ui.renderer() == Renderer::Off {
                "pictures are off"
            } else {
                "no picture yet"
            };
            let indent = area.width.saturating_sub(note.len() as u16) / 2;
            Row::new(buf, area, area.height / 2)
                .skip(indent)
                .put(note, scene.theme.label());
        }
    }
}
