//! All strips as faders: name, switches and stages above, fader and meters, then gain, reduction and peak. What there is no
//! room for is left out, the least important first.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::meter;
use super::mixer::{is_heard, silence_s, stages, switches};
use super::{loudness, upright};
use crate::studio::model::{Role, Strip, StripMeter};
use crate::tui::app::Focus;
use crate::tui::view::Scene;
use crate::tui::view::monitors;
use crate::tui::view::pane::framed;
use crate::tui::view::text::{Row, fitted_name};

/// The lowest frame that faders make sense in.
pub const LOWEST: u16 = 11;

/// Cells of a strip.
const NARROWEST: u16 = 8;
const WIDEST: u16 = 22;

/// Cells of the numbers at the left.
const SCALE: u16 = 4;

/// How wide the frame may be for so many strips and that height: wider ones would only be empty.
#[must_use]
pub fn widest(strips: u16, height: u16) -> u16 {
    let strip = (10 + height / 8).min(WIDEST);
    (strips + 1).saturating_mul(strip).saturating_add(SCALE + 2)
}

/// How wide the frame must be for all of so many strips.
#[must_use]
pub fn narrowest(strips: u16) -> u16 {
    (strips + 1).saturating_mul(NARROWEST).saturating_add(SCALE + 2)
}

/// The rows of a strip, counted from the top of the frame's inside.
struct Rows {
    switches: u16,
    stages: Option<u16>,
    role: Option<u16>,
    meter: u16,
    meter_height: u16,
    gain: u16,
    reduction: Option<u16>,
    peak: u16,
}

impl Rows {
    fn new(height: u16) -> Self {
        let (has_stages, has_role, has_reduction) = (height >= 12, height >= 16, height >= 13);
        let mut next = 2;
        let mut take = |is_taken: bool| {
            let at = next;
            next += u16::from(is_taken);
            is_taken.then_some(at)
        };
        let (stages, role) = (take(has_stages), take(has_role));
        let below = 2 + u16::from(has_reduction);
        let meter_height = height.saturating_sub(next + below);
        let gain = next + meter_height;
        Self {
            switches: 1,
            stages,
            role,
            meter: next,
            meter_height,
            gain,
            reduction: has_reduction.then_some(gain + 1),
            peak: gain + below - 1,
        }
    }
}

/// Draws all strips in a frame.
pub fn draw(buf: &mut Buffer, area: Rect, scene: &Scene<'_>) {
    let (theme, studio) = (scene.theme, scene.studio);
    let is_focused = scene.ui.focus == Focus::Pane;
    let frame = if is_focused { theme.accent() } else { theme.frame() };
    let ink = if is_focused { theme.strong() } else { theme.label() };
    let (inner, edge) = framed(buf, area, frame);
    let room = inner.width.saturating_sub(SCALE);
    let fit = (room / NARROWEST).saturating_sub(1).max(1);
    let shown = (studio.strips.len() as u16).min(fit);
    let width = (room / (shown + 1)).clamp(1, WIDEST);
    let first = (scene.ui.selected.strip + 1).saturating_sub(usize::from(shown));
    let hidden = studio.strips.len() - usize::from(shown);
    let mut title = Row::new(buf, edge, 0);
    if hidden > 0 {
        title.right(&format!(" +{hidden} more "), theme.label());
    }
    title.put(" MIXER ", ink);

    let rows = Rows::new(inner.height);
    let scale = Rect {
        y: inner.y + rows.meter,
        width: SCALE.min(inner.width).saturating_sub(1),
        height: rows.meter_height,
        ..inner
    };
    upright::scale(buf, scale, theme);
    for (column, at) in (first..first + usize::from(shown)).enumerate() {
        let place = Rect {
            x: inner.x + SCALE + column as u16 * width,
            width,
            ..inner
        };
        if let Some(strip) = studio.strips.get(at) {
            draw_strip(buf, place, strip, at, &rows, scene);
        }
    }
    let used = SCALE + shown * width;
    let master = Rect {
        x: inner.x + used,
        width: inner.width.saturating_sub(used).min(WIDEST),
        ..inner
    };
    draw_program(buf, master, &rows, scene);
}

fn draw_strip(buf: &mut Buffer, area: Rect, strip: &Strip, at: usize, rows: &Rows, scene: &Scene<'_>) {
    let theme = scene.theme;
    let is_selected = at == scene.ui.selected.strip;
    let reading = scene.ui.meters.strips.get(at).copied().unwrap_or_default();
    let settings = &strip.settings;
    let is_shut = !is_heard(strip, scene.studio);
    let is_moderated = scene.studio.is_moderated(&strip.name);
    // A blank between strips.
    let area = Rect {
        width: area.width.saturating_sub(1),
        ..area
    };
    if is_selected {
        let name = Rect { height: 1, ..area };
        buf.set_style(name.intersection(buf.area), theme.selected());
    }
    let ink = if is_selected { theme.strong() } else { theme.text() };
    Row::new(buf, area, 0)
        .put(if is_selected { "▸" } else { " " }, theme.strong())
        .put(
            &fitted_name(&strip.name, usize::from(area.width.saturating_sub(1))),
            ink,
        );
    let mut row = Row::new(buf, area, rows.switches);
    row.skip(1);
    switches(&mut row, settings, is_moderated, is_shut, theme);
    let source = scene.studio.sources.iter().find(|source| source.name == strip.name);
    if let Some((word, style)) = source.and_then(|source| monitors::tally(source, scene).1) {
        // The frame of the switches is kept where the word is cut.
        row.right(word.trim(), style);
    }
    if let Some(y) = rows.stages {
        let mut row = Row::new(buf, area, y);
        row.skip(u16::from(area.width > 7));
        if area.width >= 7 {
            stages(&mut row, settings, !is_shut, theme);
        }
    }
    if let Some(y) = rows.role {
        let word = match settings.role {
            _ if reading.stages.duck_db < -0.5 => "ducked",
            Role::Other => "",
            Role::Voice => "voice",
            Role::Music => "music",
        };
        Row::new(buf, area, y).skip(1).put(word, theme.label());
    }
    let is_silenced = settings.is_muted || is_moderated || is_shut;
    draw_meters(
        buf,
        area,
        &reading,
        Some(settings.gain_db),
        is_selected,
        is_silenced,
        rows,
        scene,
    );
    Row::new(buf, area, rows.gain)
        .skip(1)
        .put(&meter::gain(settings.gain_db), ink)
        .put(if area.width >= 10 { " dB" } else { "" }, theme.label());
    draw_reduction(buf, area, meter::reduction_db(&reading.stages), rows, scene);
    meter::peak(
        Row::new(buf, area, rows.peak).skip(1),
        &reading,
        5.min(area.width),
        theme,
    );
}

/// Fader and both channels.
#[expect(
    clippy::too_many_arguments,
    reason = "what is drawn, where, and how: nothing of it belongs together"
)]
fn draw_meters(
    buf: &mut Buffer,
    area: Rect,
    reading: &StripMeter,
    gain_db: Option<f32>,
    is_selected: bool,
    is_silenced: bool,
    rows: &Rows,
    scene: &Scene<'_>,
) {
    let theme = scene.theme;
    let place = Rect {
        x: area.x + 1,
        y: area.y + rows.meter,
        width: area.width.saturating_sub(1),
        height: rows.meter_height,
    };
    let fader = if gain_db.is_some() { 3.min(place.width) } else { 0 };
    if let Some(gain_db) = gain_db {
        let knob = if is_selected { theme.accent() } else { theme.text() };
        let track = Rect { width: fader, ..place };
        upright::fader(buf, track.intersection(buf.area), gain_db, knob, theme);
    }
    let left = place.width.saturating_sub(fader + u16::from(fader > 0));
    let channel = (left / 2).min(6);
    for at in 0..2 {
        let bar = Rect {
            x: place.right() - left + at as u16 * channel,
            width: channel.saturating_sub(u16::from(channel > 2)),
            ..place
        };
        upright::level(buf, bar, reading, at, is_silenced, theme);
    }
}

fn draw_reduction(buf: &mut Buffer, area: Rect, db: f32, rows: &Rows, scene: &Scene<'_>) {
    let Some(y) = rows.reduction else {
        return;
    };
    let mut row = Row::new(buf, area, y);
    row.skip(1).put("GR ", scene.theme.label());
    if db < -0.5 {
        row.put(&format!("{:.0}", db.max(-99.0)), scene.theme.reduction());
    } else {
        row.put("·", scene.theme.frame());
    }
}

fn draw_program(buf: &mut Buffer, area: Rect, rows: &Rows, scene: &Scene<'_>) {
    let (theme, ui) = (scene.theme, scene.ui);
    let reading = ui.meters.program;
    Row::new(buf, area, 0).skip(1).put("PROGRAM", theme.program());
    let target = scene.studio.buses.target_lufs;
    let loudness = ui.meters.loudness;
    let (_, style) = loudness::difference(loudness.short_term_lufs, target, theme);
    Row::new(buf, area, rows.switches)
        .skip(1)
        .put("S ", theme.label())
        .put(&loudness::figure(loudness.short_term_lufs), style);
    if let Some(y) = rows.stages {
        let (_, style) = loudness::difference(loudness.integrated_lufs, target, theme);
        Row::new(buf, area, y)
            .skip(1)
            .put("I ", theme.label())
            .put(&loudness::figure(loudness.integrated_lufs), style);
    }
    if let Some(y) = rows.role {
        Row::new(buf, area, y)
            .skip(1)
            .put("TP ", theme.label())
            .put(&loudness::figure(loudness.true_peak_dbtp), theme.text());
    }
    let is_muted = scene.studio.moderation.is_program_muted;
    draw_meters(buf, area, &reading, None, false, is_muted, rows, scene);
    let alarm = match (is_muted, silence_s(scene)) {
        (true, _) => Some("MUTED".to_owned()),
        (false, Some(seconds)) => Some(format!("SILENT {seconds} s")),
        (false, None) => None,
    };
    let mut row = Row::new(buf, area, rows.gain);
    match alarm {
        Some(alarm) => {
            row.skip(1).put(&alarm, theme.alarm());
        }
        None => super::mixer::limiter(&mut row, 9.min(area.width), scene),
    }
    draw_reduction(buf, area, -ui.meters.limiter_reduction_db, rows, scene);
    meter::peak(
        Row::new(buf, area, rows.peak).skip(1),
        &reading,
        5.min(area.width),
        theme,
    );
}
