//! Destinations: what each does, how well, and when a lost one is tried again.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Scene;
use super::charts;
use super::network::quality_style;
use super::text::Row;
use crate::studio::model::{DestinationModel, DestinationState, Quality, Studio};

/// Cells of the course of what is sent, at most.
const SPARK: u16 = 20;

/// How far back it goes.
const SPARK_SECONDS: usize = 60;

pub fn draw(buf: &mut Buffer, area: Rect, scene: &Scene<'_>) {
    let area = others(buf, area, scene);
    let destinations = &scene.studio.destinations;
    if destinations.is_empty() {
        Row::new(buf, area, 0).put(" none; :destination add NAME URL", scene.theme.label());
        return;
    }
    // Two rows each where there is room; else one, with the reason or the figures.
    let rows: u16 = if usize::from(area.height) >= destinations.len() * 2 {
        2
    } else {
        1
    };
    let room = usize::from(area.height / rows).max(1);
    let selected = scene.ui.selected.destination;
    let first = (selected + 1).saturating_sub(room);
    for (at, destination) in destinations.iter().enumerate().skip(first).take(room) {
        let y = (at - first) as u16 * rows;
        let is_selected = at == selected;
        let mut row = Row::new(buf, area, y);
        head(&mut row, destination, is_selected, area, scene);
        if rows == 1 && !matches!(destination.state, DestinationState::Live) {
            row.skip(1);
            detail(&mut row, destination, scene);
        }
        if rows == 2 {
            let mut row = Row::new(buf, area, y + 1);
            row.skip(3);
            detail(&mut row, destination, scene);
        }
    }
}

/// The recording and the relay, a row each at the lower end; gives what is left for destinations.
fn others(buf: &mut Buffer, area: Rect, scene: &Scene<'_>) -> Rect {
    let (studio, theme) = (scene.studio, scene.theme);
    let rows = u16::from(recording_is_told(studio)) + u16::from(studio.relay.is_some());
    // Destinations come first: a row for each at least.
    let needed = u16::try_from(studio.destinations.len().max(1)).unwrap_or(u16::MAX);
    if rows == 0 || area.height < needed.saturating_add(rows) {
        return area;
    }
    let left = Rect {
        height: area.height - rows,
        ..area
    };
    let mut y = left.height;
    if recording_is_told(studio) {
        recording(&mut Row::new(buf, area, y), scene);
        y += 1;
    }
    if let Some(relay) = &studio.relay {
        let mut row = Row::new(buf, area, y);
        if let Some(reason) = &relay.failure {
            row.put(" × ", theme.error())
                .put("relay ", theme.text())
                .put(reason, theme.error());
        } else {
            let viewers = studio.viewers();
            let (mark, style) = if viewers > 0 {
                ("●", theme.good())
            } else {
                ("○", theme.label())
            };
            row.put(" ", theme.text()).put(mark, style).put(" relay ", theme.text());
            let plural = if viewers == 1 { "" } else { "s" };
            row.right(&format!("{viewers} viewer{plural}"), style);
            if relay.stats.sent_kbps > 0 {
                row.right(&format!("{} kb/s ", relay.stats.sent_kbps), theme.text());
            }
            row.put(&relay.url, theme.label());
        }
    }
    left
}

fn recording_is_told(studio: &Studio) -> bool {
    studio.recording.is_on || studio.recording.failure.is_some()
}

fn recording(row: &mut Row<'_>, scene: &Scene<'_>) {
    let (recording, theme) = (&scene.studio.recording, scene.theme);
    if let Some(reason) = &recording.failure {
        row.put(" × ", theme.error())
            .put("NO RECORDING ", theme.error())
            .put(reason, theme.text());
        return;
    }
    row.put(" ● ", theme.error()).put("REC ", theme.strong());
    row.right(&format!("{:.0} MB", recording.bytes as f64 / 1e6), theme.text());
    if recording.dropped_frames > 0 {
        row.right(&format!("missing {} ", recording.dropped_frames), theme.warning());
    }
    let seconds = recording.seconds as u64;
    row.put(
        &format!("{}:{:02}:{:02} ", seconds / 3600, seconds / 60 % 60, seconds % 60),
        theme.text(),
    );
    let file = recording.path.rsplit('/').next().unwrap_or_default();
    row.put(file, theme.label());
}

fn head(row: &mut Row<'_>, destination: &DestinationModel, is_selected: bool, area: Rect, scene: &Scene<'_>) {
    let theme = scene.theme;
    let (mark, word, style) = match destination.state {
        DestinationState::Idle => ("○", "idle", theme.label()),
        DestinationState::Connecting => ("◌", "connecting", theme.warning()),
        DestinationState::Live => ("●", "live", theme.good()),
        DestinationState::Backoff { .. } => ("◌", "LOST", theme.warning()),
        DestinationState::Failed { .. } => ("×", "FAILED", theme.error()),
    };
    row.put(if is_selected { "▸" } else { " " }, theme.strong())
        .put(mark, style)
        .skip(1)
        .column(
            &destination.name,
            (area.width / 4).clamp(6, 16),
            if is_selected { theme.strong() } else { theme.text() },
        )
        .skip(1)
        .put(word, style)
        .skip(1);
    match &destination.state {
        DestinationState::Live => {
            let stats = &destination.stats;
            row.right(&format!("{} kb/s", stats.bitrate_kbps), theme.text());
            let mut seen = scene.studio.adapt.state.destinations.iter();
            let seen = seen.find(|seen| seen.name == destination.name);
            if let Some(seen) = seen.filter(|seen| seen.quality != Quality::Good) {
                row.put(seen.quality.word(), quality_style(seen.quality, theme)).skip(1);
            }
            if let Some(rtt) = stats.rtt_ms {
                row.right(&format!("rtt {rtt:.0} ms"), theme.label());
            }
            let sent = charts::series(&scene.studio.history, SPARK_SECONDS, |sample| {
                sample.reach(&destination.name).map(|reach| reach.sent_kbps as f32)
            });
            let cells = row.left().saturating_sub(1).min(SPARK);
            if cells >= SPARK / 2 {
                row.right(&charts::spark(&sent, usize::from(cells)), theme.accent());
            }
        }
        DestinationState::Backoff {
            retry_in_ms, attempt, ..
        } => {
            let since = scene
                .ui
                .backoffs
                .get(&destination.name)
                .map_or(scene.ui.now, |(_, since)| *since);
            let waited = (scene.ui.now - since).as_secs_f64();
            let left = (*retry_in_ms as f64 / 1000.0 - waited).max(0.0);
            row.put(&format!("retry {attempt} in {left:.0} s"), theme.warning());
        }
        DestinationState::Idle | DestinationState::Connecting | DestinationState::Failed { .. } => {}
    }
}

fn detail(row: &mut Row<'_>, destination: &DestinationModel, scene: &Scene<'_>) {
    let theme = scene.theme;
    match &destination.state {
        DestinationState::Backoff { reason, .. } | DestinationState::Failed { reason } => {
            row.put(reason, theme.text());
        }
        DestinationState::Live => {
            let stats = &destination.stats;
            let dropped = stats.dropped_frames;
            row.right(
                &format!("dropped {dropped}"),
                if dropped > 0 { theme.warning() } else { theme.label() },
            );
            row.right(
                &format!("queue {} ms", stats.queue_ms),
                if stats.queue_ms > 1000 {
                    theme.warning()
                } else {
                    theme.label()
                },
            );
            row.put(&destination.url, theme.label());
        }
        DestinationState::Idle | DestinationState::Connecting => {
            row.put(&destination.url, theme.label());
        }
    }
}
