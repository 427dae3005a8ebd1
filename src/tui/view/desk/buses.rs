//! Loudness, large: what a compliance sheet asks for, and how it has gone over the last minutes.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::braille::Canvas;
use super::meter::stereo;
use super::{figures, loudness, mixer};
use crate::tui::view::Scene;
use crate::tui::view::pane::framed;
use crate::tui::view::text::Row;

/// The history reaches so far above and below the target, in LU.
const HISTORY_LU: f32 = 12.0;

/// Rows that figures, bar and words take.
const FIGURES: u16 = 8;

/// Draws the pane with its frame.
pub fn loudness(buf: &mut Buffer, area: Rect, scene: &Scene<'_>) {
    let theme = scene.theme;
    let target = scene.studio.buses.target_lufs;
    let (inner, edge) = framed(buf, area, theme.frame());
    let mut row = Row::new(buf, edge, 0);
    if let Some(seconds) = mixer::silence_s(scene) {
        row.right(&format!(" SILENCE {seconds} s "), theme.program_badge());
    }
    row.put(" LOUDNESS", theme.label())
        .put(&format!(" to {target:.1} LUFS "), theme.text());

    let values = scene.ui.meters.loudness;
    let half = inner.width / 2;
    let is_narrow = half < 20;
    for (at, (title, short, value)) in [
        ("INTEGRATED  ", "I ", values.integrated_lufs),
        ("SHORT-TERM  ", "S ", values.short_term_lufs),
    ]
    .into_iter()
    .enumerate()
    {
        let place = Rect {
            x: inner.x + 1 + at as u16 * half,
            width: half.saturating_sub(1),
            ..inner
        };
        let (off, style) = loudness::difference(value, target, theme);
        Row::new(buf, place, 0)
            .put(if is_narrow { short } else { title }, theme.label())
            .put(&off, style);
        let figure = loudness::figure(value);
        let below = |y: u16| Rect {
            y: place.y + y,
            height: place.height.saturating_sub(y),
            ..place
        };
        if figures::width(&figure) <= place.width {
            figures::draw(buf, below(1), &figure, style);
        } else {
            Row::new(buf, below(2), 0).put(&figure, style);
        }
    }
    let mut row = Row::new(buf, inner, 5);
    row.put(" M ", theme.label())
        .column(&loudness::figure(values.momentary_lufs), 6, theme.text());
    let place = Rect {
        x: row.x(),
        y: inner.y + 5,
        width: row.left().saturating_sub(1),
        height: 1,
    };
    if inner.height > 5 {
        loudness::bar(buf, place, scene);
    }
    let ceiling = scene.studio.buses.ceiling_dbtp;
    let mut row = Row::new(buf, inner, 6);
    row.put(" range ", theme.label())
        .put(&loudness::figure(values.range_lu), theme.text())
        .put(" LU  TP ", theme.label())
        .put(
            &loudness::figure(values.true_peak_dbtp),
            loudness::true_peak_style(values.true_peak_dbtp, ceiling, theme),
        );
    let of = format!(" of {ceiling:.1}");
    if usize::from(row.left()) >= of.len() {
        row.put(&of, theme.label());
    }
    let mut row = Row::new(buf, inner, 7);
    row.skip(1);
    mixer::limiter(&mut row, 9, scene);
    rest(buf, inner, scene);
}

/// What is below the figures: program's meters, and the history where there is room for it.
fn rest(buf: &mut Buffer, inner: Rect, scene: &Scene<'_>) {
    let theme = scene.theme;
    let below = Rect {
        y: inner.y + FIGURES,
        height: inner.height.saturating_sub(FIGURES),
        ..inner
    };
    if below.height < 2 {
        return;
    }
    let meters = if below.height >= 3 + 3 { 3 } else { 2 };
    let (history, meters) = (
        Rect {
            height: below.height - meters,
            ..below
        },
        Rect {
            y: below.bottom() - meters,
            height: meters,
            ..below
        },
    );
    stereo(buf, meters, &scene.ui.meters.program, meters.height >= 3, false, theme);
    if history.height >= 3 {
        draw_history(buf, history, scene);
    }
}

/// Short-term loudness over time, the newest at the right, with a line at the target.
fn draw_history(buf: &mut Buffer, area: Rect, scene: &Scene<'_>) {
    let theme = scene.theme;
    let target = scene.studio.buses.target_lufs;
    let numbers = 4.min(area.width);
    let plot = Rect {
        x: area.x + numbers,
        width: area.width - numbers,
        ..area
    };
    let share = |lufs: f32| (target + HISTORY_LU - lufs) / (2.0 * HISTORY_LU);
    let mut grid = Canvas::new(plot);
    let last = (grid.height() - 1) as f32;
    grid.across((share(target) * last).round() as i32, 2);
    let seconds = grid.width();
    for minute in 1..=seconds / 60 {
        grid.down(seconds - minute * 60, 4);
    }
    grid.draw(buf, theme.frame());
    Row::new(buf, area, 0).number(&format!("+{HISTORY_LU:.0}"), numbers - 1, theme.label());
    Row::new(buf, area, area.height / 2).number("0", numbers - 1, theme.label());
    Row::new(buf, area, area.height - 1).number(&format!("-{HISTORY_LU:.0}"), numbers - 1, theme.label());
    let mut line = Canvas::new(plot);
    let heard = &scene.ui.heard;
    line.curve(|x| {
        // One dot per second.
        let ago = (seconds - 1 - x) as usize;
        heard.ago(ago).map_or(f32::NAN, |lufs| share(lufs) * last)
    });
    line.draw(buf, theme.curve());
}
