//! Events, the newest at the bottom: as a pane, and as a page with what is known of the selected one.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Scene;
use super::desk::areas::Areas;
use super::pane::{framed, titled};
use super::text::{Row, clock, wrapped};
use crate::studio::model::{Event, EventLevel};

/// The pane: as many as there is room for. Where some are left out, its first row says how many.
pub fn draw(buf: &mut Buffer, area: Rect, scene: &Scene<'_>) {
    let shown = scene.ui.events.shown(scene.studio);
    let left_out = left_out(scene, shown.len());
    let list = match left_out {
        Some(text) if area.height > 1 => {
            Row::new(buf, area, 0).skip(1).put(&text, scene.theme.warning());
            below(area, 1)
        }
        _ => area,
    };
    let first = shown.len().saturating_sub(usize::from(list.height));
    for (y, (_, event)) in (0..list.height).zip(&shown[first..]) {
        let mut row = Row::new(buf, list, y);
        row.skip(1);
        line(&mut row, event, false, scene);
    }
}

/// The page: all events, and everything about the selected one.
pub fn page(buf: &mut Buffer, areas: &Areas, scene: &Scene<'_>) {
    let theme = scene.theme;
    let shown = scene.ui.events.shown(scene.studio);
    let at = scene.ui.events.at(&shown);
    let (inner, edge) = framed(buf, areas.sheet, theme.accent());
    let mut title = Row::new(buf, edge, 0);
    if let Some(at) = at {
        title.right(&format!(" {}/{} ", at + 1, shown.len()), theme.label());
    }
    title.put(" EVENTS ", theme.strong());
    if let Some(text) = left_out(scene, shown.len()) {
        title.put(&format!("{text} "), theme.warning());
    }
    if shown.is_empty() {
        let text = if scene.studio.events.is_empty() {
            " nothing has happened yet"
        } else {
            " none is like that"
        };
        Row::new(buf, inner, 0).put(text, theme.label());
    }
    // The selected one stands as low as it can while the newest are in sight, and in the middle further up.
    let room = usize::from(inner.height);
    let first = at.map_or(0, |at| {
        let lowest = shown.len().saturating_sub(room);
        at.saturating_sub(room / 2).min(lowest)
    });
    for (y, (index, (_, event))) in (0..inner.height).zip(shown.iter().enumerate().skip(first)) {
        let is_selected = at == Some(index);
        let mut row = Row::new(buf, inner, y);
        row.put(if is_selected { "▸" } else { " " }, theme.strong());
        line(&mut row, event, is_selected, scene);
        if is_selected {
            let whole = Rect {
                y: inner.y + y,
                height: 1,
                ..inner
            };
            buf.set_style(whole, theme.selected());
        }
    }
    if let Some((_, event)) = at.and_then(|at| shown.get(at)) {
        detail(buf, areas.detail, event, scene);
    }
    let hint = "newest at the bottom; what came of a command says who gave it";
    Row::new(buf, areas.note, 0).put(&format!(" {hint}"), theme.label());
}

/// That some are left out, how many, and why.
fn left_out(scene: &Scene<'_>, shown: usize) -> Option<String> {
    let view = &scene.ui.events;
    let hidden = scene.studio.events.len() - shown;
    view.is_filtered()
        .then(|| format!("{hidden} hidden; shown: {}", view.filter()))
}

fn line(row: &mut Row<'_>, event: &Event, is_selected: bool, scene: &Scene<'_>) {
    let theme = scene.theme;
    let (mark, style) = match event.level {
        EventLevel::Info => ("·", theme.label()),
        EventLevel::Warning => ("!", theme.warning()),
        EventLevel::Error => ("×", theme.error()),
    };
    row.put(&clock(event.at), theme.label())
        .skip(1)
        .put(mark, style)
        .skip(1);
    // Who asked gives way before what happened does.
    if let Some(by) = &event.by {
        let needed = event.subject.len() + event.text.len() + by.len() + 4;
        if usize::from(row.left()) > needed {
            row.right(&format!("{by} "), theme.label());
        }
    }
    let subject = if event.level == EventLevel::Info {
        theme.label()
    } else {
        style
    };
    let text = if is_selected { theme.strong() } else { theme.text() };
    row.put(&event.subject, subject).skip(1).put(&event.text, text);
}

/// Everything about one event: all of its text, who asked, the command.
fn detail(buf: &mut Buffer, area: Rect, event: &Event, scene: &Scene<'_>) {
    let theme = scene.theme;
    let inner = titled(buf, area, &event.subject, theme.frame(), theme.label());
    if inner.is_empty() {
        return;
    }
    // The last row is for who asked; the text has the others.
    let room = usize::from(inner.height.saturating_sub(1)).max(1);
    let lines = wrapped(&event.text, usize::from(inner.width.saturating_sub(2)), room);
    for (y, text) in (0..).zip(&lines) {
        Row::new(buf, inner, y).skip(1).put(text, theme.text());
    }
    if inner.height < 2 {
        return;
    }
    let mut row = Row::new(buf, inner, inner.height - 1);
    row.skip(1);
    match (&event.by, &event.command) {
        (Some(by), Some(command)) => row
            .put("by ", theme.label())
            .put(by, theme.accent())
            .put(": ", theme.label())
            .put(command, theme.strong()),
        (Some(by), None) => row.put("by ", theme.label()).put(by, theme.accent()),
        (None, _) => row.put("by itself", theme.label()),
    };
}

fn below(area: Rect, rows: u16) -> Rect {
    Rect {
        y: area.y + rows,
        height: area.height.saturating_sub(rows),
        ..area
    }
}
