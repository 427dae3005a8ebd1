//! Meters and faders that stand upright, in eighths of a cell.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::meter::FLOOR_DBFS;
use crate::studio::model::{MAX_GAIN_DB, MIN_GAIN_DB, StripMeter};
use crate::tui::view::text::Row;
use crate::tui::view::theme::Theme;

/// What is written beside upright meters, in dBFS, the most important first.
const SCALE: [f32; 9] = [0.0, FLOOR_DBFS, -18.0, -6.0, -36.0, -12.0, -24.0, -48.0, -30.0];

/// So many eighths of a cell, from below.
const EIGHTHS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/// How many eighths of `height` cells a level lights. What is no number lights none.
fn lit(dbfs: f32, height: u16) -> u16 {
    let share = ((dbfs - FLOOR_DBFS) / -FLOOR_DBFS).clamp(0.0, 1.0);
    (share * f32::from(height) * 8.0).round() as u16
}

/// The row of a level, counted from the top of `height` rows.
fn row_of(dbfs: f32, height: u16) -> u16 {
    let share = (-dbfs / -FLOOR_DBFS).clamp(0.0, 1.0);
    (share * f32::from(height.saturating_sub(1))).round() as u16
}

/// One channel over all of `area`: bright up to RMS, dim up to the peak, a line where the peak is held.
pub fn level(buf: &mut Buffer, area: Rect, reading: &StripMeter, channel: usize, is_silenced: bool, theme: Theme) {
    let height = area.height;
    let peak = lit(reading.peak_dbfs[channel], height);
    let rms = lit(reading.rms_dbfs[channel], height);
    let hold = reading.hold_dbfs[channel];
    let held = (lit(hold, height) > 0).then(|| row_of(hold, height));
    for y in 0..height {
        let below = (height - 1 - y) * 8;
        let dbfs = FLOOR_DBFS * (1.0 - f32::from(height - y) / f32::from(height));
        let eighths = usize::from(peak.saturating_sub(below).min(8));
        let style = if is_silenced {
            theme.frame()
        } else if rms > below {
            theme.meter(dbfs)
        } else {
            theme.meter_dim(dbfs)
        };
        let (symbol, style) = match eighths {
            0 if held == Some(y) => ("▔", theme.strong()),
            0 => ("·", theme.frame()),
            _ => (EIGHTHS[eighths], style),
        };
        for x in 0..area.width {
            // The dots of what is not lit are a thin line in the middle.
            let is_blank = eighths == 0 && held != Some(y) && x != area.width / 2;
            if let Some(cell) = buf.cell_mut((area.x + x, area.y + y)) {
                cell.set_symbol(if is_blank { " " } else { symbol }).set_style(style);
            }
        }
    }
}

/// The numbers beside upright meters.
pub fn scale(buf: &mut Buffer, area: Rect, theme: Theme) {
    let mut taken: Vec<u16> = Vec::new();
    for dbfs in SCALE {
        let y = row_of(dbfs, area.height);
        if taken.iter().all(|other| other.abs_diff(y) >= 2) {
            taken.push(y);
            Row::new(buf, area, y).number(&format!("{dbfs:.0}"), area.width, theme.label());
        }
    }
}

/// The knob of a fader on its track, with a mark at 0 dB.
pub fn fader(buf: &mut Buffer, area: Rect, gain_db: f32, ink: Style, theme: Theme) {
    let last = f32::from(area.height.saturating_sub(1));
    let row = |db: f32| (((MAX_GAIN_DB - db) / (MAX_GAIN_DB - MIN_GAIN_DB)).clamp(0.0, 1.0) * last).round() as u16;
    let (zero, knob) = (row(0.0), row(gain_db));
    let middle = area.width / 2;
    for y in 0..area.height {
        for x in 0..area.width {
            let (symbol, style) = if y == knob {
                ("█", ink)
            } else if x == middle {
                (if y == zero { "┼" } else { "│" }, theme.frame())
            } else if y == zero {
                ("─", theme.frame())
            } else {
                continue;
            };
            if let Some(cell) = buf.cell_mut((area.x + x, area.y + y)) {
                cell.set_symbol(symbol).set_style(style);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(buf: &Buffer, x: u16) -> String {
        (0..buf.area.height).map(|y| buf[(x, y)].symbol()).collect()
    }

    #[test]
    fn levels_stand_upright() {
        let reading = StripMeter {
            peak_dbfs: [-30.0, -60.0],
            rms_dbfs: [-45.0, -60.0],
            hold_dbfs: [0.0, -90.0],
            ..StripMeter::default()
        };
        let theme = Theme::new(true);
        let mut buf = Buffer::empty(Rect::new(0, 0, 2, 8));
        for channel in 0..2 {
            let area = Rect::new(channel as u16, 0, 1, 8);
            level(&mut buf, area, &reading, channel, false, theme);
        }
        assert_eq!(
            (column(&buf, 0), column(&buf, 1)),
            ("▔···████".to_owned(), "········".to_owned())
        );
        assert_eq!(buf[(0, 7)].fg, theme.meter(-60.0).fg.unwrap());
        assert_eq!(buf[(0, 4)].fg, theme.meter_dim(-30.0).fg.unwrap());
        level(
            &mut buf,
            Rect::new(0, 0, 1, 8),
            &StripMeter {
                peak_dbfs: [f32::NAN; 2],
                ..reading
            },
            0,
            false,
            theme,
        );
        assert_eq!(column(&buf, 0), "▔·······");
    }

    #[test]
    fn a_fader_stands_where_its_gain_is() {
        let at = |gain_db| {
            let mut buf = Buffer::empty(Rect::new(0, 0, 1, 9));
            let area = buf.area;
            fader(&mut buf, area, gain_db, Style::new(), Theme::new(false));
            column(&buf, 0).chars().position(|c| c == '█').unwrap()
        };
        assert_eq!((at(MAX_GAIN_DB), at(MIN_GAIN_DB)), (0, 8));
        assert!(at(0.0) < at(-10.0));
    }
}
