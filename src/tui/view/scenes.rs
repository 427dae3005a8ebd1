//! The list of scenes: the number is the key that puts it on preview.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Scene;
use super::pane::titled;
use super::text::Row;

pub fn draw(buf: &mut Buffer, area: Rect, scene: &Scene<'_>) {
    let (studio, theme) = (scene.studio, scene.theme);
    let inner = titled(buf, area, "SCENES", theme.frame(), theme.label());
    let room = usize::from(inner.height);
    let preview = studio.scenes.iter().position(|scene| scene.name == studio.preview);
    // Preview stays in sight when there are more scenes than rows.
    let first = (preview.unwrap_or(0) + 1).saturating_sub(room);
    for (row, (at, model)) in studio.scenes.iter().enumerate().skip(first).take(room).enumerate() {
        let is_program = model.name == studio.program;
        let is_preview = model.name == studio.preview;
        let mut row = Row::new(buf, inner, row as u16);
        if is_preview {
            row.right("PVW", theme.preview());
        }
        if is_program {
            row.right("PGM", theme.program());
        }
        let style = if is_program || is_preview {
            theme.strong()
        } else {
            theme.text()
        };
        row.number(&(at + 1).to_string(), 2, theme.accent())
            .skip(1)
            .put(&model.name, style);
    }
}
