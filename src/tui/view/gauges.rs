//! The slim strip of the program layout: how loud, how fast, how safe, beside the picture or below it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::desk::{loudness, meter, upright};
use super::text::{Row, fitted};
use super::{Scene, faces, moderation};
use crate::studio::model::DestinationState;

/// Draws the strip, upright where it is narrow.
pub fn draw(buf: &mut Buffer, area: Rect, scene: &Scene<'_>) {
    if area.is_empty() {
        return;
    }
    if area.height > area.width / 4 {
        draw_upright(buf, area, scene);
    } else {
        draw_flat(buf, area, scene);
    }
}

/// A fact of the strip: what it is about, what it is, and how good that is.
struct Fact {
    label: String,
    text: String,
    style: Style,
}

/// What is told, the most important first.
fn facts(scene: &Scene<'_>) -> Vec<Fact> {
    let (studio, theme) = (scene.studio, scene.theme);
    let mut facts = Vec::new();
    let mut tell = |label: &str, text: String, style: Style| {
        facts.push(Fact {
            label: label.to_owned(),
            text,
            style,
        });
    };
    if let Some(reason) = &studio.occlusion.cover {
        tell("", format!("COVER ON: {reason}"), theme.alarm());
    }
    for alarm in moderation::tell::alarms(studio) {
        tell("", alarm.to_owned(), theme.alarm());
    }
    let loudness = scene.ui.meters.loudness;
    let target = studio.buses.target_lufs;
    let (_, style) = loudness::difference(loudness.short_term_lufs, target, theme);
    tell(
        "S",
        format!("{} LUFS", loudness::figure(loudness.short_term_lufs)),
        style,
    );
    let (_, style) = loudness::difference(loudness.integrated_lufs, target, theme);
    tell(
        "I",
        format!("{} LUFS", loudness::figure(loudness.integrated_lufs)),
        style,
    );
    for destination in &studio.destinations {
        let (text, style) = match &destination.state {
            DestinationState::Live => (format!("{} kb/s", destination.stats.bitrate_kbps), theme.good()),
            DestinationState::Idle => ("idle".to_owned(), theme.label()),
            DestinationState::Connecting => ("connecting".to_owned(), theme.warning()),
            DestinationState::Backoff { .. } => ("LOST".to_owned(), theme.warning()),
            DestinationState::Failed { .. } => ("FAILED".to_owned(), theme.error()),
        };
        tell(&destination.name, text, style);
    }
    if let Some(state) = faces::tell::state(studio) {
        let ink = faces::tell::ink(faces::tell::exposure(studio), theme);
        tell("", state, ink);
    }
    if moderation::tell::is_holding(&studio.moderation) {
        tell("hold", moderation::tell::seconds(&studio.moderation), theme.text());
    }
    if studio.recording.failure.is_some() {
        tell("", "NO RECORDING".to_owned(), theme.error());
    } else if studio.recording.is_on {
        tell(
            "REC",
            format!("{:.0} MB", studio.recording.bytes as f64 / 1e6),
            theme.text(),
        );
    }
    if studio.relay.is_some() {
        tell("viewers", studio.viewers().to_string(), theme.text());
    }
    tell("next", studio.preview.clone(), theme.preview());
    facts
}

fn draw_upright(buf: &mut Buffer, area: Rect, scene: &Scene<'_>) {
    let theme = scene.theme;
    let facts = facts(scene);
    let width = usize::from(area.width);
    // A fact takes one row where it fits, else two.
    let rows = |fact: &Fact| 1 + u16::from(!fact.label.is_empty() && fact.label.len() + fact.text.len() + 2 > width);
    let wanted: u16 = facts.iter().map(rows).sum();
    let figures = wanted.min(area.height * 3 / 5);
    let meter = area.height - figures;
    // Peak above the bars, a blank row below them.
    let bars = Rect {
        x: area.x + 5,
        y: area.y + 1,
        width: area.width.saturating_sub(6),
        height: meter.saturating_sub(2),
    };
    let reading = scene.ui.meters.program;
    meter::peak(Row::new(buf, area, 0).skip(5), &reading, 5.min(bars.width), theme);
    let scale = Rect {
        x: area.x + 1,
        width: 3,
        ..bars
    };
    upright::scale(buf, scale, theme);
    let channel = (bars.width / 2).min(8);
    for at in 0..2 {
        let bar = Rect {
            x: bars.x + at as u16 * channel,
            width: channel.saturating_sub(1),
            ..bars
        };
        let is_muted = scene.studio.moderation.is_program_muted;
        upright::level(buf, bar, &reading, at, is_muted, theme);
    }
    let mut y = meter;
    for fact in &facts {
        if y + rows(fact) > area.height {
            break;
        }
        let mut row = Row::new(buf, area, y);
        row.skip(1);
        if fact.label.is_empty() {
            row.put(&fact.text, fact.style);
        } else if rows(fact) == 1 {
            row.put(&fact.label, theme.label())
                .put(" ", theme.label())
                .put(&fact.text, fact.style);
        } else {
            row.put(&fact.label, theme.label());
            Row::new(buf, area, y + 1).skip(2).put(&fact.text, fact.style);
        }
        y += rows(fact);
    }
}

fn draw_flat(buf: &mut Buffer, area: Rect, scene: &Scene<'_>) {
    let theme = scene.theme;
    let reading = scene.ui.meters.program;
    let mut row = Row::new(buf, area, 0);
    row.put(" PGM ", theme.label());
    let place = Rect {
        x: row.x(),
        width: row.left().saturating_sub(7),
        height: 1,
        ..area
    };
    row.skip(place.width);
    meter::peak(&mut row, &reading, 6, theme);
    let is_muted = scene.studio.moderation.is_program_muted;
    meter::level(buf, place, &reading, meter::Channels::Both, is_muted, theme);
    // As many facts as fit whole, row by row.
    let mut facts = facts(scene).into_iter().peekable();
    for y in 1..area.height {
        let mut row = Row::new(buf, area, y);
        row.skip(1);
        while let Some(fact) = facts.peek() {
            let text = fitted(&fact.text, usize::from(area.width.saturating_sub(2))).into_owned();
            let blank = u16::from(!fact.label.is_empty());
            let width = (fact.label.chars().count() + text.chars().count()) as u16 + blank + 3;
            if width > row.left() + 2 && row.x() > area.x + 1 {
                break;
            }
            row.put(&fact.label, theme.label())
                .skip(blank)
                .put(&text, fact.style)
                .skip(3);
            facts.next();
        }
    }
}
