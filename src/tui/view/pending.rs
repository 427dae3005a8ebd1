//! What may follow the keys that were pressed: each way on, what it does, and what that means.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Clear, Widget as _};

use super::Scene;
use super::pane::titled;
use super::text::Row;
use crate::studio::command::{self, split_words};
use crate::tui::app::UiState;
use crate::tui::keymap::{Binding, Key, Lookup};

const WIDTH: u16 = 100;

/// The ways on, while a sequence is begun.
fn ways(ui: &UiState) -> Vec<&Binding> {
    if ui.pending.is_empty() || ui.prompt.is_some() {
        return Vec::new();
    }
    match ui.keymap.lookup(ui.context(), &ui.pending) {
        Lookup::Pending(ways) => ways,
        Lookup::Bound(_) | Lookup::Unbound => Vec::new(),
    }
}

/// Where the list stands, if there is one: at the foot of the screen, above the keys that were pressed.
pub fn area(screen: Rect, ui: &UiState) -> Option<Rect> {
    let rows = ways(ui).len() as u16;
    // One row each, and the frame; the status line stays in sight.
    let height = (rows + 2).min(screen.height.saturating_sub(2));
    (rows > 0 && height > 2).then(|| Rect {
        x: screen.x,
        y: screen.bottom() - 1 - height,
        width: screen.width.min(WIDTH),
        height,
    })
}

/// Draws the list where there is one.
pub fn draw(buf: &mut Buffer, screen: Rect, scene: &Scene<'_>) {
    let (ui, theme) = (scene.ui, scene.theme);
    let Some(area) = area(screen, ui) else { return };
    Clear.render(area, buf);
    let pressed: Vec<String> = ui.pending.iter().map(Key::to_string).collect();
    let title = format!("{} … · esc leaves", pressed.join(" "));
    let inner = titled(buf, area, &title, theme.accent(), theme.strong());
    for (y, way) in ways(ui).into_iter().enumerate() {
        let rest: Vec<String> = way.keys[ui.pending.len()..].iter().map(Key::to_string).collect();
        let mut row = Row::new(buf, inner, y as u16);
        row.skip(1).column(&rest.join(" "), 8, theme.accent()).skip(1);
        row.column(&what(way), 32, theme.text())
            .skip(1)
            .put(doc(way), theme.label());
    }
}

/// What a binding does, as it is shown: its line, or the beginning of the one that it opens the prompt with.
pub fn what(binding: &Binding) -> String {
    match split_words(&binding.line).as_slice() {
        [prompt, line] if prompt == "prompt" => format!("{line}…"),
        _ => binding.line.clone(),
    }
}

/// The sentence of a binding's command; of the command that the prompt is opened for.
pub fn doc(binding: &Binding) -> &'static str {
    let words = split_words(&binding.line);
    let doc = |words: &[String]| command::find(words).ok().map(|(spec, _)| spec.doc);
    let begun = match words.as_slice() {
        [prompt, line] if prompt == "prompt" => doc(&split_words(line)),
        _ => None,
    };
    begun.or_else(|| doc(&words)).unwrap_or_default()
}
