//! How loud program is, held against the target: by ITU-R BS.1770, on the scale of EBU Tech 3341 (EBU +9: from 18 LU below
//! the target to 9 above).

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::tui::view::Scene;
use crate::tui::view::text::Row;
use crate::tui::view::theme::Theme;

/// The ends of the scale, in LU relative to the target.
const SCALE_LU: (f32, f32) = (-18.0, 9.0);

/// Nothing further from the target than this, in LU, is off it.
const ON_TARGET_LU: f32 = 1.0;

/// Further than this, in LU, is far off.
const FAR_OFF_LU: f32 = 3.0;

/// A loudness or a peak: `-16.4`, `--.-` where not enough has been heard.
pub fn figure(value: Option<f32>) -> String {
    match value {
        Some(value) if value.is_finite() => format!("{value:.1}"),
        _ => "--.-".to_owned(),
    }
}

/// How far from the target, with a mark and a colour that say the same: `-0.4 ✓`, `+1.8 ▲`, `-6.2 ▼▼`.
pub fn difference(lufs: Option<f32>, target: f32, theme: Theme) -> (String, Style) {
    // Judged as it is shown: +1.04 reads as +1.0, and that is on target. And what would be rounded to -0.0 is nothing.
    let shown = |lufs: f32| ((lufs - target) * 10.0).round() / 10.0 + 0.0;
    let Some(off) = lufs.map(shown).filter(|off| off.is_finite()) else {
        return (String::new(), theme.label());
    };
    let (mark, style) = match off {
        off if off.abs() <= ON_TARGET_LU => ("✓", theme.good()),
        off if off > FAR_OFF_LU => ("▲▲", theme.error()),
        off if off > 0.0 => ("▲", theme.warning()),
        off if off < -FAR_OFF_LU => ("▼▼", theme.error()),
        _ => ("▼", theme.warning()),
    };
    (format!("{off:+.1} {mark}"), style)
}

/// How a true peak stands against the ceiling of the limiter.
pub fn true_peak_style(true_peak: Option<f32>, ceiling: f32, theme: Theme) -> Style {
    match true_peak {
        // What the limiter promises, and a rounding of it.
        Some(peak) if peak > ceiling + 0.1 => theme.error(),
        Some(_) => theme.text(),
        None => theme.label(),
    }
}

/// Where a loudness is on a scale of `width` cells.
fn place(lufs: f32, target: f32, width: u16) -> u16 {
    let (low, high) = SCALE_LU;
    let share = ((lufs - target - low) / (high - low)).clamp(0.0, 1.0);
    (share * f32::from(width)).round() as u16
}

/// A bar up to the momentary loudness, a mark at the short-term one, and a line at the target. Above the target the bar
/// changes its colour and its shape.
pub fn bar(buf: &mut Buffer, area: Rect, scene: &Scene<'_>) {
    let (theme, loudness) = (scene.theme, scene.ui.meters.loudness);
    let target = scene.studio.buses.target_lufs;
    let at = |lufs: Option<f32>| lufs.map_or(0, |lufs| place(lufs, target, area.width));
    let (momentary, short_term) = (at(loudness.momentary_lufs), at(loudness.short_term_lufs));
    let aim = place(target, target, area.width);
    for x in 0..area.width {
        let Some(cell) = buf.cell_mut((area.x + x, area.y)) else {
            return;
        };
        let is_lit = x < momentary;
        let (symbol, style) = if short_term > 0 && x + 1 == short_term {
            ("┃", theme.strong())
        } else if x == aim {
            (if is_lit { "╫" } else { "│" }, theme.accent())
        } else if is_lit && x > aim {
            ("▓", theme.warning())
        } else if is_lit {
            ("█", theme.good())
        } else {
            ("─", theme.frame())
        };
        cell.set_symbol(symbol).set_style(style);
    }
}

/// Everything in one row: integrated and how far that is from the target, short-term, bar, range and true peak.
pub fn line(buf: &mut Buffer, area: Rect, scene: &Scene<'_>) {
    let (theme, loudness) = (scene.theme, scene.ui.meters.loudness);
    let buses = &scene.studio.buses;
    let mut row = Row::new(buf, area, 0);
    let peak = format!("TP {}", figure(loudness.true_peak_dbtp));
    row.right(
        &peak,
        true_peak_style(loudness.true_peak_dbtp, buses.ceiling_dbtp, theme),
    );
    let (off, style) = difference(
        loudness.integrated_lufs.or(loudness.short_term_lufs),
        buses.target_lufs,
        theme,
    );
    row.put(" I ", theme.label())
        .column(&figure(loudness.integrated_lufs), 6, theme.strong())
        .column(&off, 8, style)
        .put("S ", theme.label())
        .column(&figure(loudness.short_term_lufs), 6, theme.text());
    if row.left() > 30
        && let Some(range) = loudness.range_lu
    {
        row.right(&format!("LRA {range:.1} "), theme.text());
    }
    let place = Rect {
        x: row.x(),
        width: row.left(),
        ..area
    };
    bar(buf, place, scene);
}

/// Of two rows the upper: momentary, short-term, and the bar under the meters.
pub fn upper_line(buf: &mut Buffer, area: Rect, before_meter: u16, meter: u16, scene: &Scene<'_>) {
    let (theme, loudness) = (scene.theme, scene.ui.meters.loudness);
    let mut row = Row::new(buf, area, 0);
    row.put(" LUFS", theme.label());
    if before_meter >= 30 {
        row.put("  M ", theme.label())
            .column(&figure(loudness.momentary_lufs), 5, theme.text());
    }
    row.put("  S ", theme.label())
        .column(&figure(loudness.short_term_lufs), 5, theme.strong());
    let place = Rect {
        x: area.x + before_meter,
        width: meter,
        ..area
    };
    bar(buf, place, scene);
    let (off, style) = difference(loudness.short_term_lufs, scene.studio.buses.target_lufs, theme);
    Row::new(
        buf,
        Rect {
            x: place.right() + 1,
            width: area.right().saturating_sub(place.right() + 1),
            ..area
        },
        0,
    )
    .put(&off, style);
}

/// Of two rows the lower: integrated, how far from the target, range, true peak.
pub fn lower_line(buf: &mut Buffer, area: Rect, scene: &Scene<'_>) {
    let (theme, loudness) = (scene.theme, scene.ui.meters.loudness);
    let buses = &scene.studio.buses;
    let (off, style) = difference(loudness.integrated_lufs, buses.target_lufs, theme);
    let mut row = Row::new(buf, area, 0);
    row.put(" I ", theme.label())
        .column(&figure(loudness.integrated_lufs), 6, theme.strong())
        .column(&off, 8, style)
        .put("to ", theme.label())
        .column(&format!("{:.0}", buses.target_lufs), 4, theme.label())
        .put("  range ", theme.label())
        .column(&figure(loudness.range_lu), 6, theme.text())
        .put("TP ", theme.label())
        .put(
            &figure(loudness.true_peak_dbtp),
            true_peak_style(loudness.true_peak_dbtp, buses.ceiling_dbtp, theme),
        );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_far_from_the_target_reads_without_colour() {
        let theme = Theme::new(false);
        for (lufs, text) in [
            (Some(-16.4), "-0.4 ✓"),
            (Some(-16.0), "+0.0 ✓"),
            (Some(-14.96), "+1.0 ✓"),
            (Some(-16.03), "+0.0 ✓"),
            (Some(-14.2), "+1.8 ▲"),
            (Some(-12.9), "+3.1 ▲▲"),
            (Some(-18.5), "-2.5 ▼"),
            (Some(-24.0), "-8.0 ▼▼"),
            (Some(f32::NEG_INFINITY), ""),
            (None, ""),
        ] {
            assert_eq!(difference(lufs, -16.0, theme).0, text);
        }
        assert_eq!(figure(Some(f32::NAN)), "--.-");
    }

    #[test]
    fn the_target_is_two_thirds_up_the_scale() {
        assert_eq!(place(-23.0, -23.0, 27), 18);
        assert_eq!(place(-41.0, -23.0, 27), 0);
        assert_eq!(place(-90.0, -23.0, 27), 0);
        assert_eq!(place(0.0, -23.0, 27), 27);
    }
}
