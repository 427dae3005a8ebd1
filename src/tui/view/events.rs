//! Events, the newest at the bottom.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Scene;
use super::text::{Row, clock};
use crate::studio::model::EventLevel;

pub fn draw(buf: &mut Buffer, area: Rect, scene: &Scene<'_>) {
    let theme = scene.theme;
    let events = &scene.studio.events;
    let shown = events.len().min(usize::from(area.height));
    for (y, event) in events.iter().skip(events.len() - shown).enumerate() {
        let (mark, style) = match event.level {
            EventLevel::Info => ("·", theme.label()),
            EventLevel::Warning => ("!", theme.warning()),
            EventLevel::Error => ("×", theme.error()),
        };
        let mut row = Row::new(buf, area, y as u16);
        row.skip(1)
            .put(&clock(event.at), theme.label())
            .skip(1)
            .put(mark, style)
            .skip(1)
            .put(
                &event.subject,
                if event.level == EventLevel::Info {
                    theme.label()
                } else {
                    style
                },
            )
            .skip(1)
            .put(&event.text, theme.text());
    }
}
