//! The page of sources: what could be one here, with a live picture and a meter of what is tried; and the sources of the show.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Scene;
use super::desk::areas::Areas;
use super::desk::meter;
use super::monitors;
use super::pane::{framed, titled};
use super::text::{Row, fitted, fitted_name, wrapped};
use crate::studio::model::{Found, SourceModel};
use crate::tui::app::{FindRow, find_rows};

/// Draws the page but for the picture on air.
pub fn page(buf: &mut Buffer, areas: &Areas, scene: &Scene<'_>) {
    list(buf, areas.sheet, scene);
    if !areas.held.is_empty() {
        sources(buf, areas.held, scene);
    }
    let shown = scene.studio.sources.get(scene.ui.source_of_page(scene.studio));
    if let Some(source) = shown {
        if !areas.source.is_empty() {
            monitors::tile(buf, areas.source, source, false, scene);
            on_trial(buf, areas.source, source, scene);
        }
        if !areas.levels.is_empty() {
            levels(buf, areas.levels, source, scene);
        }
    }
    if !areas.detail.is_empty() {
        detail(buf, areas.detail, scene);
    }
    note(buf, areas.note, scene);
}

/// What is here, then what is not, and why.
fn list(buf: &mut Buffer, area: Rect, scene: &Scene<'_>) {
    let (theme, choosing) = (scene.theme, &scene.studio.choosing);
    let (inner, edge) = framed(buf, area, theme.accent());
    let mut title = Row::new(buf, edge, 0);
    title.put(" HERE ", theme.strong());
    let here = choosing.inventory.found.len();
    let said = if choosing.is_looking {
        " looking … ".to_owned()
    } else if choosing.looked_at.is_none() {
        " nobody has looked yet ".to_owned()
    } else {
        format!(" {here} found ")
    };
    title.right(&said, theme.label());
    let rows = find_rows(scene.studio);
    let selected = scene.ui.find_at(scene.studio);
    let room = usize::from(inner.height);
    let first = (selected + 1).saturating_sub(room);
    for (y, (at, row)) in (0..inner.height).zip(rows.iter().enumerate().skip(first)) {
        let line = Rect {
            y: inner.y + y,
            height: 1,
            ..inner
        };
        find_line(buf, line, row, at == selected, scene);
    }
}

fn find_line(buf: &mut Buffer, line: Rect, row: &FindRow<'_>, is_selected: bool, scene: &Scene<'_>) {
    let theme = scene.theme;
    if is_selected {
        buf.set_style(line.intersection(buf.area), theme.selected());
    }
    let mark = if is_selected { "▸" } else { " " };
    let kind = if line.width >= 44 { 11 } else { 9 };
    let mut text = Row::new(buf, line, 0);
    match row {
        FindRow::Here(number, found) => {
            if is_tried(found, scene) {
                text.right(" TRIAL ", theme.on_badge());
            } else if let Some(name) = used_by(found, scene) {
                text.right(&format!(" as {name} "), theme.good());
            } else if found.is_default {
                text.right(" default ", theme.label());
            }
            text.put(mark, theme.strong())
                .number(&number.to_string(), 2, theme.label())
                .skip(1)
                .column(&short(&found.kind, kind), kind, theme.label())
                .put(&found.title, if is_selected { theme.strong() } else { theme.text() });
        }
        FindRow::Absent(absent) => {
            text.put(mark, theme.strong())
                .put(" - ", theme.label())
                .column(&short(&absent.kind, kind), kind, theme.label())
                .put(&absent.reason, theme.label());
        }
    }
}

/// A kind as it fits into a column of that width: sound inputs have the longest.
fn short(kind: &str, column: u16) -> String {
    let room = usize::from(column.saturating_sub(1));
    if kind.chars().count() <= room {
        return kind.to_owned();
    }
    let plain = kind.replace("microphone", "mic").replace(['(', ')'], "");
    fitted(&plain, room).into_owned()
}

fn is_tried(found: &Found, scene: &Scene<'_>) -> bool {
    let trial = scene.studio.choosing.trial.as_ref();
    trial.is_some_and(|trial| trial.title == found.title && trial.kind == found.kind)
}

/// The source of the show that this is already, as far as its location tells.
fn used_by<'a>(found: &Found, scene: &'a Scene<'_>) -> Option<&'a str> {
    let is_it =
        |source: &&SourceModel| source.kind == found.kind && found.scene.contains(&format!("\"{}\"", source.location));
    let mut sources = scene
        .studio
        .sources
        .iter()
        .filter(|source| !scene.studio.is_on_trial(&source.name));
    sources.find(is_it).map(|source| source.name.as_str())
}

/// The sources of the show, in the order of their tiles.
fn sources(buf: &mut Buffer, area: Rect, scene: &Scene<'_>) {
    let (studio, theme) = (scene.studio, scene.theme);
    let (inner, edge) = framed(buf, area, theme.frame());
    let mut title = Row::new(buf, edge, 0);
    title.put(" IN THE SHOW ", theme.label());
    let unsaved = studio.choosing.unsaved.len();
    if unsaved > 0 {
        let plural = if unsaved == 1 { "change" } else { "changes" };
        title.right(&format!(" * {unsaved} {plural} not saved "), theme.warning());
    }
    let selected = scene.ui.selected.source;
    let room = usize::from(inner.height);
    let first = (selected + 1).saturating_sub(room);
    for (y, (at, source)) in (0..inner.height).zip(studio.sources.iter().enumerate().skip(first)) {
        let is_selected = at == selected;
        let mut row = Row::new(buf, inner, y);
        if let (_, Some((word, style))) = monitors::tally(source, scene) {
            row.right(word, style);
        }
        let (word, style) = if studio.is_on_trial(&source.name) {
            ("on trial", theme.warning())
        } else {
            monitors::state_word(&source.state, scene)
        };
        let is_changed = studio.choosing.changed.contains(&source.name);
        let ink = if is_selected { theme.strong() } else { theme.text() };
        row.put(if is_selected { "▸" } else { " " }, theme.strong())
            .put(if is_changed { "* " } else { "  " }, theme.warning())
            .column(&fitted_name(&source.name, 13), 14, ink)
            .column(word, 9, style)
            .put(&source.kind, theme.label());
    }
}

/// Says on the tile that it is only tried.
fn on_trial(buf: &mut Buffer, area: Rect, source: &SourceModel, scene: &Scene<'_>) {
    if scene.studio.is_on_trial(&source.name) {
        let edge = Rect {
            x: area.x + 1,
            width: area.width.saturating_sub(2),
            height: 1,
            ..area
        };
        Row::new(buf, edge, 0).right(" ON TRIAL ", scene.theme.on_badge());
    }
}

/// How loud it is, heard or not.
fn levels(buf: &mut Buffer, area: Rect, source: &SourceModel, scene: &Scene<'_>) {
    let (studio, theme) = (scene.studio, scene.theme);
    let at = studio.strips.iter().position(|strip| strip.name == source.name);
    let reading = at
        .and_then(|at| scene.ui.meters.strips.get(at))
        .copied()
        .unwrap_or_default();
    let settings = at.map(|at| studio.strips[at].settings).unwrap_or_default();
    let title = match (settings.is_muted, settings.is_afv && !source.is_on_program) {
        (true, _) => "SOUND muted",
        (_, true) => "SOUND silent until its source is on program",
        _ => "SOUND",
    };
    let inner = titled(buf, area, title, theme.frame(), theme.label());
    let is_silenced = settings.is_muted || studio.is_moderated(&source.name);
    meter::stereo(buf, inner, &reading, false, is_silenced, theme);
}

/// Everything about what is selected.
fn detail(buf: &mut Buffer, area: Rect, scene: &Scene<'_>) {
    let theme = scene.theme;
    let Some(row) = scene.ui.find(scene.studio) else {
        let inner = titled(buf, area, "NOTHING HERE", theme.frame(), theme.label());
        let said = "source add NAME KIND KEY=VALUE adds any source, whether it is here now or not";
        let lines = wrapped(
            said,
            usize::from(inner.width.saturating_sub(2)),
            usize::from(inner.height),
        );
        for (y, line) in (0..).zip(&lines) {
            Row::new(buf, inner, y).skip(1).put(line, theme.label());
        }
        return;
    };
    let (title, text) = match row {
        FindRow::Here(_, found) => {
            let details = found.details.iter().cloned();
            let scene_lines = found.scene.lines().map(str::trim).filter(|line| !line.is_empty());
            let scene_lines = scene_lines.collect::<Vec<_>>().join("; ");
            let all = details.chain([scene_lines]).collect::<Vec<_>>().join(" · ");
            (found.title.clone(), all)
        }
        FindRow::Absent(absent) => (format!("{}: not here", absent.kind), absent.reason.clone()),
    };
    let room = usize::from(area.width.saturating_sub(4));
    let inner = titled(buf, area, &fitted(&title, room), theme.frame(), theme.label());
    let lines = wrapped(
        &text,
        usize::from(inner.width.saturating_sub(2)),
        usize::from(inner.height),
    );
    for (y, line) in (0..).zip(&lines) {
        Row::new(buf, inner, y).skip(1).put(line, theme.text());
    }
}

fn note(buf: &mut Buffer, area: Rect, scene: &Scene<'_>) {
    let said = match &scene.studio.choosing.trial {
        Some(trial) => format!(
            "{} is on trial: in no scene, not heard; it goes with this page",
            trial.name
        ),
        None if scene.studio.choosing.unsaved.is_empty() => {
            "what is tried or added plays at once; no scene shows it before you say so".to_owned()
        }
        None => "what is not saved is lost when the show ends".to_owned(),
    };
    Row::new(buf, area, 0).put(&format!(" {said}"), scene.theme.label());
}
