//! The page of the network: what is sent and why, how each destination is reached, who watches, and what was changed last.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::Scene;
use super::desk::areas::Areas;
use super::pane::titled;
use super::text::{Row, clock};
use super::theme::Theme;
use crate::studio::model::{Pin, PinKind, Quality, Studio};

/// Draws the page but for the picture on air.
pub fn draw(buf: &mut Buffer, areas: &Areas, scene: &Scene<'_>) {
    let theme = scene.theme;
    let inner = titled(buf, areas.sheet, "NETWORK AND AUDIENCE", theme.accent(), theme.strong());
    sending(buf, inner, scene);
    let inner = titled(buf, areas.network, "DESTINATIONS", theme.frame(), theme.label());
    destinations(buf, inner, scene);
    let inner = titled(buf, areas.changes, "CHANGES, AND WHY", theme.frame(), theme.label());
    changes(buf, inner, scene);
    let hint = "a pin holds a value until it is released; a policy says how network and audience combine";
    Row::new(buf, areas.note, 0).put(&format!(" {hint}"), theme.label());
}

/// How a quality is written where there is little room.
#[must_use]
pub fn quality_style(quality: Quality, theme: Theme) -> Style {
    match quality {
        Quality::Good => theme.good(),
        Quality::Fair => theme.warning(),
        Quality::Poor => theme.error(),
    }
}

/// What is sent, by which policy, and what is held.
fn sending(buf: &mut Buffer, area: Rect, scene: &Scene<'_>) {
    let (studio, theme) = (scene.studio, scene.theme);
    let (adapt, encoder) = (&studio.adapt, &studio.encoder);
    let state = &adapt.state;
    let mut row = Row::new(buf, area, 0);
    if state.is_on {
        row.put(" ADAPTS ", theme.good()).put("by policy ", theme.label());
        row.put(&state.policy, theme.strong());
    } else {
        row.put(" OFF ", theme.warning())
            .put("everything is as the scene file says", theme.text());
    }
    let mut row = Row::new(buf, area, 1);
    row.column(" network", 11, theme.label())
        .put(state.quality.word(), quality_style(state.quality, theme));
    if let Some(kbps) = state.lines.first().and_then(|line| line.capacity_kbps) {
        row.put(&format!("  carries {kbps} kb/s"), theme.text());
    }
    let mut row = Row::new(buf, area, 2);
    row.column(" audience", 11, theme.label())
        .put(state.tier.word(), theme.text());
    if let Some(viewers) = state.viewers {
        row.put(&format!("  {viewers} watch"), theme.text());
    } else {
        row.put("  nobody says how many watch", theme.label());
    }
    held(&mut row, studio, PinKind::Tier, theme);

    let mut row = Row::new(buf, area, 4);
    row.column(" bitrate", 11, theme.label())
        .put(&format!("{} kb/s", encoder.video_kbps), theme.strong());
    if let Some(line) = state.lines.first() {
        row.put(&format!("  of {}", line.base_kbps), theme.label());
    }
    held(&mut row, studio, PinKind::Kbps(0), theme);
    let mut row = Row::new(buf, area, 5);
    row.column(" pictures", 11, theme.label());
    let rate = studio.format.frame_rate.as_f64() / f64::from(encoder.divisor.max(1));
    let decimals = if rate.fract() < 0.001 { 0 } else { 2 };
    row.put(
        &format!("{}x{} at {rate:.decimals$}", encoder.width, encoder.height),
        theme.text(),
    );
    held(&mut row, studio, PinKind::FrameRate(0), theme);
    held(&mut row, studio, PinKind::Height(0), theme);
    let mut row = Row::new(buf, area, 6);
    row.column(" sound", 11, theme.label()).put(
        &format!("{} kb/s, {} Hz", encoder.audio_kbps, encoder.audio_rate.hz()),
        theme.text(),
    );
    held(&mut row, studio, PinKind::SoundKbps, theme);
    let mut y = 8;
    if let Some(line) = state.lines.first().filter(|line| !line.why.is_empty()) {
        Row::new(buf, area, 7)
            .column(" why", 11, theme.label())
            .put(&line.why, theme.text());
        y += 1;
    }
    for source in &adapt.audience {
        let mut row = Row::new(buf, area, y);
        row.put(" ", theme.text()).put(&source.name, theme.label());
        match (&source.problem, source.viewers) {
            (Some(problem), _) => row.put(": ", theme.label()).put(problem, theme.warning()),
            (None, Some(viewers)) => row.put(&format!(": {viewers} watch"), theme.text()),
            (None, None) => row.put(": asked", theme.label()),
        };
        y += 1;
    }
    if let Some(trace) = &adapt.trace {
        Row::new(buf, area, y)
            .put(" ● trace ", theme.warning())
            .put(trace, theme.label());
    }
}

/// That the operator holds this value.
fn held(row: &mut Row<'_>, studio: &Studio, kind: PinKind, theme: Theme) {
    let pin = studio.adapt.state.pins.iter().find(|pin| pin.kind() == kind);
    match pin {
        Some(Pin::FrameRate(..)) => row.put("  rate held", theme.accent()),
        Some(Pin::Height(..)) => row.put("  size held", theme.accent()),
        Some(_) => row.put("  held", theme.accent()),
        None => row,
    };
}

/// How each is reached.
fn destinations(buf: &mut Buffer, area: Rect, scene: &Scene<'_>) {
    let (studio, theme) = (scene.studio, scene.theme);
    if studio.destinations.is_empty() {
        Row::new(buf, area, 0).put(" none; :destination add NAME URL", theme.label());
        return;
    }
    for (y, destination) in (0..area.height).zip(&studio.destinations) {
        let stats = &destination.stats;
        let mut row = Row::new(buf, area, y);
        row.put(" ", theme.text())
            .column(&destination.name, (area.width / 4).clamp(6, 16), theme.text())
            .skip(1);
        let seen = studio
            .adapt
            .state
            .destinations
            .iter()
            .find(|seen| seen.name == destination.name);
        let Some(seen) = seen else {
            row.put("not reached", theme.label());
            continue;
        };
        if seen.is_left_behind {
            row.right("left behind ", theme.error());
        }
        row.column(seen.quality.word(), 5, quality_style(seen.quality, theme))
            .number(&format!("{} kb/s", seen.carried_kbps), 11, theme.text())
            .number(&format!("{} ms wait", seen.wait.to_millis()), 13, theme.text());
        if let Some(rtt) = stats.rtt_ms {
            row.right(&format!("rtt {rtt:.0} ms "), theme.label());
        }
        if stats.dropped_frames > 0 {
            row.put(&format!("  dropped {}", stats.dropped_frames), theme.warning());
        }
    }
}

/// The newest first.
fn changes(buf: &mut Buffer, area: Rect, scene: &Scene<'_>) {
    let theme = scene.theme;
    let changes = &scene.studio.adapt.changes;
    if changes.is_empty() {
        Row::new(buf, area, 0).put(" nothing was changed yet", theme.label());
    }
    for (y, change) in (0..area.height).zip(changes.iter().rev()) {
        Row::new(buf, area, y)
            .put(" ", theme.text())
            .put(&clock(change.at), theme.label())
            .put(" ", theme.text())
            .put(&change.reason, theme.text());
    }
}
