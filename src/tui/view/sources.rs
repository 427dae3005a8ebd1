//! Sources as a list, where there is no room for tiles.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Scene;
use super::monitors::{fps, reason, state_word, tally};
use super::text::Row;

pub fn draw(buf: &mut Buffer, area: Rect, scene: &Scene<'_>) {
    let (studio, theme) = (scene.studio, scene.theme);
    let room = usize::from(area.height);
    let selected = scene.ui.selected.source;
    let first = (selected + 1).saturating_sub(room);
    for (y, (at, source)) in studio.sources.iter().enumerate().skip(first).take(room).enumerate() {
        let mut row = Row::new(buf, area, y as u16);
        if let (_, Some((word, style))) = tally(source, scene) {
            row.right(word.trim(), style);
        }
        let (word, style) = state_word(&source.state, scene);
        let is_selected = at == selected;
        row.put(if is_selected { "▸" } else { " " }, theme.strong())
            .column(
                &source.name,
                name_width(area),
                if is_selected { theme.strong() } else { theme.text() },
            )
            .skip(1)
            .column(word, 8, style)
            .skip(1);
        if let Some(reason) = reason(&source.state) {
            row.put(reason, theme.text());
            continue;
        }
        let format = source.format.unwrap_or_default();
        if let Some(video) = format.video {
            row.put(&format!("{}×{} ", video.width, video.height), theme.label());
            if let Some(rate) = video.fps {
                row.put(&format!("{} fps ", fps(rate)), theme.label());
            }
        }
        if let Some(audio) = format.audio {
            row.put(&format!("{} kHz", f64::from(audio.sample_rate) / 1000.0), theme.label());
        }
        if row.left() > 14 {
            row.put("  ", theme.label())
                .put(&source.kind, theme.label())
                .put(" ", theme.label());
            row.put(&source.location, theme.label());
        }
    }
}

fn name_width(area: Rect) -> u16 {
    (area.width / 3).clamp(6, 16)
}
