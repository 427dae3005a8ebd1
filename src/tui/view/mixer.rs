//! The mixer: a row per strip. The meter's upper half is left, its lower half right; the bright part is RMS, the dim part
//! reaches to the peak, and a bar stands where the peak is held.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Scene;
use super::text::Row;
use crate::studio::model::{Strip, StripMeter};

/// The lowest level that a meter shows, in dBFS.
const FLOOR: f32 = -60.0;

/// Widths of the columns.
struct Columns {
    name: u16,
    meter: u16,
}

impl Columns {
    /// Mark 1, name, flags 6, gain 6, blank 1, meter, blank 1, peak 5.
    fn new(area: Rect, scene: &Scene<'_>) -> Self {
        let longest = scene
            .studio
            .strips
            .iter()
            .map(|strip| strip.name.chars().count())
            .max()
            .unwrap_or(0);
        let name = (longest.max(7) as u16).min(area.width / 4).max(4);
        Self {
            name,
            meter: area.width.saturating_sub(1 + name + 6 + 6 + 1 + 1 + 5),
        }
    }
}

pub fn draw(buf: &mut Buffer, area: Rect, scene: &Scene<'_>) {
    if area.height < 2 {
        return;
    }
    let columns = Columns::new(area, scene);
    header(buf, area, &columns, scene);
    let room = usize::from(area.height - 2);
    let selected = scene.ui.selected.strip;
    let first = (selected + 1).saturating_sub(room);
    for (y, (at, strip)) in scene
        .studio
        .strips
        .iter()
        .enumerate()
        .skip(first)
        .take(room)
        .enumerate()
    {
        strip_row(buf, area, y as u16 + 1, strip, at, &columns, scene);
    }
    program_row(buf, area, &columns, scene);
}

fn header(buf: &mut Buffer, area: Rect, columns: &Columns, scene: &Scene<'_>) {
    let label = scene.theme.label();
    let mut row = Row::new(buf, area, 0);
    let hidden = scene.studio.strips.len().saturating_sub(usize::from(area.height - 2));
    let title = if hidden > 0 {
        format!("+{hidden} more")
    } else {
        "strip".to_owned()
    };
    row.skip(1)
        .column(&title, columns.name, label)
        .put(" M S D", label)
        .number("gain", 6, label);
    let start = row.skip(1).x();
    row.skip(columns.meter).number("peak", 6, label);
    let scale = Rect {
        x: start,
        width: columns.meter,
        ..area
    };
    let mut free = 0;
    for dbfs in [FLOOR, -48.0, -36.0, -24.0, -18.0, -12.0, -6.0, 0.0] {
        let text = format!("{dbfs:.0}");
        let at = lit(dbfs, columns.meter).saturating_sub(if dbfs > FLOOR { text.len() as u16 } else { 0 });
        if at >= free {
            free = at + text.len() as u16 + 1;
            Row::new(buf, scale, 0).skip(at).put(&text, label);
        }
    }
}

fn strip_row(buf: &mut Buffer, area: Rect, y: u16, strip: &Strip, at: usize, columns: &Columns, scene: &Scene<'_>) {
    let theme = scene.theme;
    let is_selected = at == scene.ui.selected.strip;
    if is_selected {
        let line = Rect {
            y: area.y + y,
            height: 1,
            ..area
        };
        buf.set_style(line.intersection(buf.area), theme.selected());
    }
    let settings = strip.settings;
    let mut row = Row::new(buf, area, y);
    row.put(if is_selected { "▸" } else { " " }, theme.strong()).column(
        &strip.name,
        columns.name,
        if is_selected { theme.strong() } else { theme.text() },
    );
    for (letter, is_on, style) in [
        ("M", settings.is_muted, theme.program_badge()),
        ("S", settings.is_solo, theme.on_badge()),
        ("D", settings.denoise.is_on, theme.preview_badge()),
    ] {
        row.skip(1).put(
            if is_on { letter } else { "·" },
            if is_on { style } else { theme.frame() },
        );
    }
    row.number(&gain(settings.gain_db), 6, theme.text()).skip(1);
    let reading = scene.ui.meters.strips.get(at).copied().unwrap_or_default();
    let x = row.x();
    meter(buf, x, area.y + y, columns.meter, &reading, settings.is_muted, scene);
    peak(&mut Row::new(buf, area, y), x - area.x + columns.meter, &reading, scene);
}

fn program_row(buf: &mut Buffer, area: Rect, columns: &Columns, scene: &Scene<'_>) {
    let theme = scene.theme;
    let y = (scene.studio.strips.len() as u16 + 1).min(area.height - 1);
    let mut row = Row::new(buf, area, y);
    row.skip(1).column("PROGRAM", columns.name, theme.program());
    let reduction = scene.ui.meters.limiter_reduction_db;
    // What would be rounded to -0.0 is nothing.
    let (shown, style) = if reduction > 0.05 {
        (-reduction, theme.warning())
    } else {
        (0.0, theme.label())
    };
    row.number(&format!("lim {shown:.1}"), 12, style).skip(1);
    let x = row.x();
    let reading = scene.ui.meters.program;
    meter(buf, x, area.y + y, columns.meter, &reading, false, scene);
    peak(&mut Row::new(buf, area, y), x - area.x + columns.meter, &reading, scene);
}

/// `+3.0`, `-6.0`, ` 0.0`.
fn gain(db: f32) -> String {
    if db.abs() < 0.05 {
        "0.0".to_owned()
    } else {
        format!("{db:+.1}")
    }
}

/// How many cells of `width` a level lights.
fn lit(dbfs: f32, width: u16) -> u16 {
    let share = ((dbfs - FLOOR) / -FLOOR).clamp(0.0, 1.0);
    // NaN becomes 0.
    (share * f32::from(width)).round() as u16
}

fn meter(buf: &mut Buffer, x: u16, y: u16, width: u16, reading: &StripMeter, is_muted: bool, scene: &Scene<'_>) {
    let theme = scene.theme;
    let [left, right] = reading.peak_dbfs.map(|db| lit(db, width));
    let rms = reading.rms_dbfs.map(|db| lit(db, width));
    let rms = rms[0].max(rms[1]);
    let held = lit(reading.hold_dbfs[0].max(reading.hold_dbfs[1]), width);
    for at in 0..width {
        let Some(cell) = buf.cell_mut((x + at, y)) else { return };
        let dbfs = FLOOR * (1.0 - f32::from(at + 1) / f32::from(width));
        let (symbol, style) = match (at < left, at < right) {
            _ if held > 0 && at + 1 == held => ("│", theme.strong()),
            (false, false) => (" ", theme.frame()),
            (is_left, is_right) => {
                let symbol = match (is_left, is_right) {
                    (true, true) => "█",
                    (true, false) => "▀",
                    _ => "▄",
                };
                let style = if is_muted {
                    theme.frame()
                } else if at < rms {
                    theme.meter(dbfs)
                } else {
                    theme.meter_dim(dbfs)
                };
                (symbol, style)
            }
        };
        cell.set_symbol(symbol).set_style(style);
    }
}

fn peak(row: &mut Row<'_>, at: u16, reading: &StripMeter, scene: &Scene<'_>) {
    let theme = scene.theme;
    let held = reading.hold_dbfs[0].max(reading.hold_dbfs[1]);
    row.skip(at + 1);
    if reading.is_clipping {
        row.number("CLIP", 5, theme.program_badge());
    } else if held <= -89.5 || held.is_nan() {
        row.number("-∞", 5, theme.label());
    } else {
        row.number(&format!("{held:.1}"), 5, theme.text());
    }
}
