//! The palette: a line to search with, and the commands that were found, each with its key and its sentence.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr as _;

use super::Scene;
use super::pane::{popup, popup_area};
use super::text::Row;
use crate::tui::app::{CommandPalette, Found};

const WIDTH: u16 = 110;

/// Commands shown at once, at most.
const SHOWN: u16 = 18;

/// From this width on there is room for the sentences beside the commands.
const WIDE: u16 = 76;

/// Where the palette stands.
pub fn area(body: Rect) -> Rect {
    // Of the same size whatever is found: a list that jumps is hard to read.
    popup_area(body, WIDTH, SHOWN + 4)
}

/// Draws it; returns where the cursor stands.
pub fn draw(buf: &mut Buffer, body: Rect, palette: &CommandPalette, scene: &Scene<'_>) -> Position {
    let theme = scene.theme;
    let title = "COMMANDS · enter runs · tab puts it into the prompt · esc closes";
    let inner = popup(buf, body, WIDTH, SHOWN + 4, title, theme.accent(), theme.strong());
    let query = &palette.query;
    let mut row = Row::new(buf, inner, 0);
    row.skip(1).put("> ", theme.accent()).put(query.text(), theme.strong());
    row.right(&format!("{} ", palette.found.len()), theme.label());
    let rows = usize::from(inner.height.saturating_sub(2));
    let first = (palette.chosen + 1).saturating_sub(rows.max(1));
    for (y, (at, found)) in palette.found.iter().enumerate().skip(first).take(rows).enumerate() {
        draw_found(buf, inner, y as u16 + 2, found, at == palette.chosen, scene);
    }
    if palette.found.is_empty() {
        Row::new(buf, inner, 2)
            .skip(3)
            .put("no command is called so", theme.label());
    }
    let x = (inner.x + 3).saturating_add(query.before_cursor().width() as u16);
    Position {
        x: x.min(inner.right().saturating_sub(1)),
        y: inner.y,
    }
}

fn draw_found(buf: &mut Buffer, inner: Rect, y: u16, found: &Found, is_chosen: bool, scene: &Scene<'_>) {
    let theme = scene.theme;
    let spec = found.spec();
    let mut row = Row::new(buf, inner, y);
    row.put(if is_chosen { " ▸ " } else { "   " }, theme.strong());
    let ink = if is_chosen { theme.strong() } else { theme.text() };
    let is_wide = inner.width >= WIDE;
    let width = if is_wide { 38 } else { inner.width.saturating_sub(16) };
    marked(&mut row, &spec.usage(), width, &found.marks, (ink, theme.accent()));
    row.skip(1).column(&found.keys, 12, theme.accent());
    if is_wide {
        row.skip(1).put(spec.doc, theme.label());
    }
}

/// A text in a column, some of its characters in another ink.
fn marked(row: &mut Row<'_>, text: &str, width: u16, marks: &[u32], (ink, mark): (Style, Style)) {
    let start = row.x();
    let end = start + width.min(row.left());
    if text.width() > usize::from(end - start) {
        // What is cut is shown plain: marks would stand beside their letters.
        row.column(text, width, ink);
        return;
    }
    for (at, character) in text.chars().enumerate() {
        let is_marked = marks.binary_search(&(at as u32)).is_ok();
        row.put(character.encode_utf8(&mut [0; 4]), if is_marked { mark } else { ink });
    }
    row.skip(end - row.x());
}
