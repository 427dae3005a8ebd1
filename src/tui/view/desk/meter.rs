//! Meters in cells: levels, gain reduction, numbers. The upper half of a level meter is left, its lower half right; the
//! bright part is RMS, the dim part reaches to the peak, and a bar stands where the peak is held.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::studio::model::{StageMeters, StripMeter};
use crate::tui::view::text::Row;
use crate::tui::view::theme::Theme;

/// The lowest level that a meter shows, in dBFS.
pub const FLOOR_DBFS: f32 = -60.0;

/// Levels below this, in dBFS, are none.
const NOTHING_DBFS: f32 = -89.5;

/// What is written along a meter, in dBFS.
const SCALE: [f32; 8] = [FLOOR_DBFS, -48.0, -36.0, -24.0, -18.0, -12.0, -6.0, 0.0];

/// Gain reduction that fills its bar, in dB.
const FULL_REDUCTION_DB: f32 = 20.0;

/// Reduction that is worth showing, in dB: what would be rounded to -0.0 is nothing.
pub const WORTH_SHOWING_DB: f32 = 0.05;

/// Left, right, or both in one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channels {
    /// Left above right.
    Both,
    /// Only this one.
    One(usize),
}

/// How many cells of `width` a level lights. What is no number lights none.
pub fn lit(dbfs: f32, width: u16) -> u16 {
    let share = ((dbfs - FLOOR_DBFS) / -FLOOR_DBFS).clamp(0.0, 1.0);
    (share * f32::from(width)).round() as u16
}

/// A level meter along the first row of `area`.
pub fn level(buf: &mut Buffer, area: Rect, reading: &StripMeter, channels: Channels, is_silenced: bool, theme: Theme) {
    let width = area.width;
    let of = |levels: [f32; 2]| match channels {
        Channels::Both => levels,
        Channels::One(channel) => [levels[channel.min(1)]; 2],
    };
    let [left, right] = of(reading.peak_dbfs).map(|db| lit(db, width));
    let rms = of(reading.rms_dbfs).map(|db| lit(db, width));
    let rms = rms[0].max(rms[1]);
    let hold = of(reading.hold_dbfs);
    let held = lit(hold[0].max(hold[1]), width);
    for at in 0..width {
        let Some(cell) = buf.cell_mut((area.x + at, area.y)) else {
            return;
        };
        let dbfs = FLOOR_DBFS * (1.0 - f32::from(at + 1) / f32::from(width));
        let (symbol, style) = match (at < left, at < right) {
            _ if held > 0 && at + 1 == held => ("│", theme.strong()),
            (false, false) => (" ", theme.frame()),
            (is_left, is_right) => {
                let symbol = match (is_left, is_right) {
                    (true, true) => "█",
                    (true, false) => "▀",
                    _ => "▄",
                };
                let style = if is_silenced {
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

/// The numbers along a level meter, each with its last digit where its level is.
pub fn scale(buf: &mut Buffer, area: Rect, theme: Theme) {
    let mut free = 0;
    for dbfs in SCALE {
        let text = format!("{dbfs:.0}");
        let length = text.len() as u16;
        let at = lit(dbfs, area.width).saturating_sub(if dbfs > FLOOR_DBFS { length } else { 0 });
        if at >= free {
            free = at + length + 1;
            Row::new(buf, area, 0).skip(at).put(&text, theme.label());
        }
    }
}

/// The held peak, or what matters more: that the strip clips, or that its source sends it clipped already, which no stage can
/// mend.
pub fn peak(row: &mut Row<'_>, reading: &StripMeter, width: u16, theme: Theme) {
    let held = reading.hold_dbfs[0].max(reading.hold_dbfs[1]);
    if reading.is_input_clipping {
        row.number("IN!", width, theme.program_badge());
    } else if reading.is_clipping {
        row.number("CLIP", width, theme.program_badge());
    } else {
        row.number(
            &dbfs(held),
            width,
            if held > NOTHING_DBFS {
                theme.text()
            } else {
                theme.label()
            },
        );
    }
}

/// A level: `-12.5`, `-∞`.
pub fn dbfs(level: f32) -> String {
    if level > NOTHING_DBFS {
        format!("{level:.1}")
    } else {
        "-∞".to_owned()
    }
}

/// A gain: `+3.0`, `-6.0`, `0.0`.
pub fn gain(db: f32) -> String {
    if db.abs() < WORTH_SHOWING_DB {
        "0.0".to_owned()
    } else {
        format!("{db:+.1}")
    }
}

/// By how much the stages of a strip turn down together, in dB: what an engineer calls gain reduction. 0 or less.
pub fn reduction_db(stages: &StageMeters) -> f32 {
    let sum =
        stages.gate_db.min(0.0) + stages.compressor_db.min(0.0) + stages.de_esser_db.min(0.0) + stages.duck_db.min(0.0);
    if sum.is_finite() { sum } else { 0.0 }
}

/// So many eighths of a cell.
const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// A bar in eighths of a cell that is `share` of `width` long.
pub fn bar(row: &mut Row<'_>, share: f32, width: u16, style: Style) {
    let eighths = (share.clamp(0.0, 1.0) * f32::from(width) * 8.0).round() as usize;
    let mut text = "█".repeat(eighths / 8);
    text.push_str(EIGHTHS[eighths % 8]);
    row.column(&text, width, style);
}

/// A bar of how far something turns down (or up).
pub fn change_bar(row: &mut Row<'_>, db: f32, width: u16, theme: Theme) {
    let style = if db < 0.0 { theme.reduction() } else { theme.good() };
    bar(row, db.abs() / FULL_REDUCTION_DB, width, style);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_light_cells() {
        for (dbfs, cells) in [(-60.0, 0), (-90.0, 0), (-30.0, 10), (0.0, 20), (6.0, 20), (f32::NAN, 0)] {
            assert_eq!(lit(dbfs, 20), cells, "{dbfs}");
        }
    }

    #[test]
    fn reduction_is_what_turns_down() {
        let stages = StageMeters {
            gate_db: -4.0,
            compressor_db: -3.0,
            de_esser_db: -1.0,
            duck_db: -2.0,
            eq_db: -6.0,
            ride_db: -6.0,
            ..StageMeters::default()
        };
        assert!((reduction_db(&stages) + 10.0).abs() < 1e-6);
        let broken = StageMeters {
            gate_db: f32::NEG_INFINITY,
            ..stages
        };
        assert_eq!(reduction_db(&broken).to_bits(), 0.0_f32.to_bits());
    }
}
