//! What cannot be missed, in a row of its own above everything else.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Scene;
use super::text::Row;
use crate::studio::model::{DestinationState, Studio};

/// Whether there is anything to say: then the row is there.
pub fn is_any(studio: &Studio) -> bool {
    let has_failed = |state: &DestinationState| matches!(state, DestinationState::Failed { .. });
    !studio.destinations.is_empty() && studio.destinations.iter().all(|it| has_failed(&it.state))
}

/// Draws the row.
pub fn draw(buf: &mut Buffer, area: Rect, scene: &Scene<'_>) {
    let width = usize::from(area.width);
    let text = " OFF AIR: every destination has failed";
    Row::new(buf, area, 0).put(&format!("{text:<width$}"), scene.theme.alarm());
}
