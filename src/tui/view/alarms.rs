//! The alarm row: over everything but the status line, on every layout and page, as long as an alarm holds.
//!
//! It blinks by its own hand, letters and ground changing places each second: a terminal that does not blink shows it, one
//! that blinks too much does not disturb, and without colour it is as plain. One that somebody has acknowledged is still
//! there and holds still.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use super::Scene;
use super::text::Row;
use crate::media::TimeDelta;
use crate::studio::model::{Alarm, Studio};
use crate::tui::keymap::{Context, Key, Keymap};

/// The command that the row tells the key of.
const ACK: &str = "alarm ack";

/// Whether the row is needed.
#[must_use]
pub fn is_any(studio: &Studio) -> bool {
    studio.alarms.is_any()
}

/// Draws the row.
pub fn draw(buf: &mut Buffer, area: Rect, scene: &Scene<'_>) {
    let raised = scene.studio.alarms.raised();
    // What nobody knows of yet comes before what is worse.
    let Some(first) = raised.iter().find(|alarm| !alarm.is_acked).or(raised.first()) else {
        return;
    };
    let area = Rect { height: 1, ..area }.intersection(buf.area);
    let style = style(first, scene);
    buf.set_style(area, Style::reset());
    for x in area.left()..area.right() {
        if let Some(cell) = buf.cell_mut((x, area.y)) {
            cell.set_symbol(" ").set_style(style);
        }
    }
    let mut row = Row::new(buf, area, 0);
    row.skip(1);
    let others = raised.len() - 1;
    if others > 0 {
        row.right(&format!("+{others} more "), style);
    }
    if !first.is_acked
        && let Some(key) = key(&scene.ui.keymap)
        && row.left() > 60
    {
        row.right(&format!("{key} acknowledges "), style);
    }
    let mark = if first.is_acked { "·" } else { "▲" };
    row.put(&format!("{mark} {} ", first.kind.title()), style)
        .put(&lasting(scene.ui.now - first.since), style)
        .put("  ", style)
        .put(&first.text, style);
}

fn style(alarm: &Alarm, scene: &Scene<'_>) -> Style {
    let lit = scene.theme.alarm();
    let is_even = scene.ui.now.to_millis().div_euclid(1000) % 2 == 0;
    if alarm.is_acked {
        scene.theme.error()
    } else if is_even {
        lit
    } else if lit.add_modifier.contains(Modifier::REVERSED) {
        lit.remove_modifier(Modifier::REVERSED)
    } else {
        lit.add_modifier(Modifier::REVERSED)
    }
}

/// `0:42`, `12:05`, `1:02:03`.
fn lasting(time: TimeDelta) -> String {
    let seconds = time.to_millis().max(0) / 1000;
    if seconds < 3600 {
        format!("{}:{:02}", seconds / 60, seconds % 60)
    } else {
        format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
    }
}

/// The key that acknowledges, everywhere.
fn key(keymap: &Keymap) -> Option<String> {
    let bindings = keymap.bindings();
    let binding = bindings
        .into_iter()
        .find(|binding| binding.line == ACK && binding.context == Context::Everywhere)?;
    Some(binding.keys.iter().map(Key::to_string).collect::<Vec<_>>().join(" "))
}
