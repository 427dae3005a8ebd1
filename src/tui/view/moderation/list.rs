//! What is held as a list: when each word and span goes out, what is done about it, who wants that and why.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::tell;
use crate::studio::model::{PROGRAM_SPAN, Who};
use crate::tui::app::{Fate, Held, HeldRow, held_rows};
use crate::tui::view::Scene;
use crate::tui::view::text::Row;

/// From this width on it is said who wants something.
const NAMED: u16 = 56;

/// Draws the list inside its frame; the selected row is always seen.
pub fn draw(buf: &mut Buffer, area: Rect, scene: &Scene<'_>) {
    let (studio, theme) = (scene.studio, scene.theme);
    let moderation = &studio.moderation;
    let rows = held_rows(moderation, scene.ui.now, scene.ui.selected.held);
    if rows.is_empty() {
        let text = if moderation.is_armed {
            " no word is held that was understood"
        } else {
            " nobody listens for words"
        };
        Row::new(buf, area, 0).put(text, theme.label());
        return;
    }
    let room = usize::from(area.height);
    let here = rows.iter().position(|row| Some(row.what) == scene.ui.selected.held);
    // One row is seen behind the selected one, where there is one.
    let wanted = (here.unwrap_or(0) + 2).min(rows.len());
    let first = wanted.saturating_sub(room).min(here.unwrap_or(0));
    for (y, held) in (0..).zip(rows.iter().skip(first).take(room)) {
        let line = Rect {
            y: area.y + y,
            height: 1,
            ..area
        };
        row(buf, line, held, Some(held.what) == scene.ui.selected.held, scene);
    }
}

fn row(buf: &mut Buffer, area: Rect, held: &HeldRow<'_>, is_selected: bool, scene: &Scene<'_>) {
    let theme = scene.theme;
    let airing = scene.studio.moderation.airing(scene.ui.now);
    let airs = tell::airs(held, &scene.studio.moderation, scene.ui.now);
    let has_aired = held.until.is_some_and(|until| until <= airing);
    if is_selected {
        buf.set_style(area.intersection(buf.area), theme.selected());
    }
    let fate = held.fate();
    let alone = match held.what {
        Held::Span(PROGRAM_SPAN) => "program".to_owned(),
        Held::Span(id) => format!("span {id}"),
        Held::Word(_) => String::new(),
    };
    let (text, style) = match held.word {
        _ if has_aired => (held.word.map_or(alone.as_str(), |word| &word.text), theme.label()),
        Some(word) if is_selected => (word.text.as_str(), theme.strong()),
        Some(word) => (word.text.as_str(), theme.text()),
        None => (alone.as_str(), theme.label()),
    };
    let is_marked = scene.ui.marked_held.is_some_and(|(marked, _)| marked == held.what);
    let mut row = Row::new(buf, area, 0);
    row.put(if is_selected { "▸" } else { " " }, theme.strong())
        .number(&airs, 6, if has_aired { theme.label() } else { theme.text() })
        .put(if is_marked { "┤" } else { " " }, theme.accent())
        .skip(1)
        .column(text, (area.width / 5).clamp(8, 24), style)
        .skip(1);
    let ink = if has_aired {
        theme.label()
    } else if fate == Fate::Heard {
        theme.good()
    } else {
        tell::ink(fate, theme)
    };
    row.column(fate.word(), 9, ink);
    if let Some(span) = held.spans.first() {
        // Where there is little room, only an operator is named: what a list found says so by itself.
        if area.width >= NAMED || span.who == Who::Operator {
            row.put(span.who.word(), theme.text()).put(": ", theme.label());
        }
        row.put(&span.why, theme.label());
        if let Some(until) = span.until.filter(|_| held.word.is_none()) {
            let seconds = (until - span.from).as_secs_f64();
            row.put(&format!(", {seconds:.1} s"), theme.label());
        }
    }
}
