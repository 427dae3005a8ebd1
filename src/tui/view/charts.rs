//! The last ten minutes as charts: what was sent and might be, round trip, queue, drops, viewers, loudness. Beside each name
//! stand its unit, what it is now, and the least and the most of what is drawn.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::Scene;
use super::desk::areas::Areas;
use super::desk::braille::Canvas;
use super::text::Row;
use crate::studio::model::{History, Sample};

/// Seconds that a chart shows.
const SECONDS: usize = 600;

/// Loudness below this, in LUFS, is silence as far as a chart is concerned.
const LOWEST_LUFS: f32 = -50.0;

/// Cells for the numbers at the left edge.
const SCALE: u16 = 6;

/// A chart lower than this has no room for a ruler of time.
const WITH_RULER: u16 = 7;

/// From this width on three charts stand side by side.
const THREE_COLUMNS: u16 = 150;

/// How the figures of one second become one of a longer time.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fold {
    /// The mean: what flows.
    Mean,
    /// The most: what must not be missed.
    Most,
}

/// A figure, second by second, the newest first; none where it was not known.
type Series = Vec<Option<f32>>;

/// One chart.
struct Chart {
    title: String,
    unit: &'static str,
    decimals: usize,
    fold: Fold,
    /// The figure itself.
    figure: Series,
    /// What it is held against.
    limit: Option<Series>,
    /// The scale, where it is not from nothing to the most.
    range: Option<(f32, f32)>,
}

/// Draws the page.
pub fn page(buf: &mut Buffer, areas: &Areas, scene: &Scene<'_>) {
    let charts = charts(scene);
    let columns = if areas.sheet.width >= THREE_COLUMNS { 3 } else { 2 };
    let rows = charts.len().div_ceil(columns);
    for (at, chart) in charts.iter().enumerate() {
        let place = cell(areas.sheet, (at % columns, at / columns), (columns, rows));
        chart.draw(buf, place, scene);
    }
    let hint = match scene.studio.destinations.len() {
        0 | 1 => "the last ten minutes, one figure a second".to_owned(),
        _ => "the last ten minutes; up and down go to another destination".to_owned(),
    };
    Row::new(buf, areas.note, 0).put(&format!(" {hint}"), scene.theme.label());
}

/// One of several equal parts, with a free column between neighbours.
fn cell(area: Rect, (column, row): (usize, usize), (columns, rows): (usize, usize)) -> Rect {
    let part = |length: u16, at: usize, of: usize| (usize::from(length) * at / of) as u16;
    let (left, right) = (part(area.width, column, columns), part(area.width, column + 1, columns));
    let (top, bottom) = (part(area.height, row, rows), part(area.height, row + 1, rows));
    let gap = u16::from(column + 1 < columns);
    Rect {
        x: area.x + left,
        y: area.y + top,
        width: (right - left).saturating_sub(gap),
        height: bottom - top,
    }
}

/// A figure of each of the last seconds; those without a sample are gaps.
pub fn series(history: &History, seconds: usize, figure: impl Fn(&Sample) -> Option<f32>) -> Series {
    let mut series = vec![None; seconds];
    let Some(newest) = history.newest() else {
        return series;
    };
    for sample in history.newest_first() {
        let ago = ((newest.at - sample.at).to_millis() as f64 / 1000.0).round();
        // Rounded, and not below zero: the newest is no older than itself.
        match series.get_mut(ago.max(0.0) as usize) {
            Some(place) => *place = figure(sample).filter(|figure| figure.is_finite()),
            None => break,
        }
    }
    series
}

fn charts(scene: &Scene<'_>) -> Vec<Chart> {
    let (studio, ui) = (scene.studio, scene.ui);
    let history = &studio.history;
    let of = |figure: &dyn Fn(&Sample) -> Option<f32>| series(history, SECONDS, figure);
    let selected = studio.destinations.get(ui.selected.destination);
    let name = selected
        .map(|destination| destination.name.as_str())
        .unwrap_or_default();
    let reach = |figure: &dyn Fn(&crate::studio::model::Reach) -> f32| of(&|sample| sample.reach(name).map(figure));
    let titled = |title: &str| {
        if studio.destinations.len() > 1 {
            format!("{title} {name}")
        } else {
            title.to_owned()
        }
    };
    // Without a destination there is what is made for the relay or the disk.
    let sent = if selected.is_some() {
        reach(&|reach| reach.sent_kbps as f32)
    } else {
        of(&|sample| Some(sample.made_kbps as f32))
    };
    let chart = |title: String, unit, figure| Chart {
        title,
        unit,
        decimals: 0,
        fold: Fold::Most,
        figure,
        limit: None,
        range: None,
    };
    vec![
        Chart {
            fold: Fold::Mean,
            limit: Some(of(&|sample| Some(sample.allowed_kbps as f32))),
            ..chart(titled("SENT"), "kb/s", sent)
        },
        chart(
            titled("RTT"),
            "ms",
            of(&|sample| sample.reach(name).and_then(|reach| reach.rtt_ms)),
        ),
        chart(titled("QUEUE"), "ms", reach(&|reach| reach.queue_ms as f32)),
        chart(titled("DROPS"), "/s", drops(history, name)),
        chart(
            "VIEWERS".to_owned(),
            "",
            of(&|sample| sample.viewers.map(|viewers| viewers as f32)),
        ),
        Chart {
            decimals: 1,
            fold: Fold::Mean,
            limit: Some(vec![Some(studio.buses.target_lufs); SECONDS]),
            range: Some((LOWEST_LUFS, 0.0)),
            ..chart("LOUDNESS".to_owned(), "LUFS", of(&|sample| sample.lufs))
        },
    ]
}

/// Pictures dropped in each second: what the count has grown by.
fn drops(history: &History, name: &str) -> Series {
    let totals = series(history, SECONDS + 1, |sample| {
        sample.reach(name).map(|reach| reach.dropped_frames as f32)
    });
    let pairs = totals.iter().zip(totals.iter().skip(1));
    pairs
        .map(|(now, before)| (*now).map(|now| (now - before.unwrap_or(now)).max(0.0)))
        .collect()
}

impl Chart {
    fn draw(&self, buf: &mut Buffer, area: Rect, scene: &Scene<'_>) {
        let theme = scene.theme;
        self.head(buf, area, scene);
        let has_ruler = area.height >= WITH_RULER;
        let plot = Rect {
            x: area.x + SCALE.min(area.width),
            y: area.y + 1.min(area.height),
            width: area.width.saturating_sub(SCALE),
            height: area.height.saturating_sub(1 + u16::from(has_ruler)),
        };
        if plot.is_empty() {
            return;
        }
        let (low, high) = self.range.unwrap_or_else(|| (0.0, self.ceiling()));
        let scale = Rect {
            x: area.x,
            width: SCALE - 1,
            ..plot
        };
        let mut label = |y: u16, value: f32| {
            Row::new(buf, scale, y).number(&short(value), SCALE - 1, theme.label());
        };
        label(0, high);
        if plot.height > 2 {
            label(plot.height - 1, low);
        }
        // Halves of small numbers would read as wholes.
        if plot.height > 6 && high - low >= 4.0 {
            label(plot.height / 2, f32::midpoint(low, high));
        }
        let mut grid = Canvas::new(plot);
        for share in [0.0, 0.5, 1.0] {
            grid.across((f64::from(grid.height() - 1) * share) as i32, 6);
        }
        grid.draw(buf, theme.frame());
        if let Some(limit) = &self.limit {
            curve(buf, plot, limit, (low, high, Fold::Mean), theme.warning(), true);
        }
        curve(buf, plot, &self.figure, (low, high, self.fold), theme.curve(), false);
        if has_ruler {
            let ruler = Rect {
                y: plot.bottom(),
                height: 1,
                ..plot
            };
            let mut row = Row::new(buf, ruler, 0);
            row.right("now", theme.label());
            row.put("-10 min", theme.label());
            if plot.width > 30 {
                let middle = Rect {
                    x: plot.x + plot.width / 2,
                    width: plot.width / 2,
                    ..ruler
                };
                Row::new(buf, middle, 0).put("-5", theme.label());
            }
        }
    }

    /// Name and figures; where there is little room, the newest alone.
    fn head(&self, buf: &mut Buffer, area: Rect, scene: &Scene<'_>) {
        let theme = scene.theme;
        let mut row = Row::new(buf, area, 0);
        row.skip(1);
        let number = |value: f32| format!("{value:.*}", self.decimals);
        let known = self.figure.iter().flatten().copied();
        let (least, most) = known.fold((f32::INFINITY, f32::NEG_INFINITY), |(least, most), value| {
            (least.min(value), most.max(value))
        });
        if least > most {
            row.right("no figures ", theme.label());
        } else {
            let now = self
                .figure
                .first()
                .copied()
                .flatten()
                .map_or_else(|| "-".to_owned(), number);
            let range = format!("{}…{} ", number(least), number(most));
            let named = format!("min {} max {} ", number(least), number(most));
            let needed = self.title.len() + self.unit.len() + now.len() + 4;
            let room = usize::from(row.left());
            if room > needed + named.len() + 4 {
                row.right(&named, theme.label());
                row.right(&format!("now {now} "), theme.strong());
            } else {
                // What does not fit is left out, the newest last.
                if room > needed + range.len() {
                    row.right(&range, theme.label());
                }
                row.right(&now, theme.strong());
            }
        }
        row.put(&self.title, theme.label())
            .skip(1)
            .put(self.unit, theme.label());
    }

    /// The top of the scale: a round number above all that is drawn.
    fn ceiling(&self) -> f32 {
        let limit = self.limit.iter().flatten();
        let most = self
            .figure
            .iter()
            .chain(limit)
            .flatten()
            .fold(0.0, |most: f32, value| most.max(*value));
        round_up(most)
    }
}

/// The next of 1, 2, 5, 10, 20, 50 … that is larger or equal.
fn round_up(value: f32) -> f32 {
    if !value.is_finite() || value <= 1.0 {
        return 1.0;
    }
    let power = 10.0_f32.powf(value.log10().floor());
    let steps = [1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0];
    let step = steps.into_iter().find(|step| step * power >= value).unwrap_or(10.0);
    step * power
}

/// `950`, `2500`, `15k`, `1.2M`: at most five cells.
fn short(value: f32) -> String {
    match value.abs() {
        large if large >= 999_500.0 => format!("{:.1}M", value / 1e6),
        large if large >= 9_999.5 => format!("{:.0}k", value / 1e3),
        _ => format!("{value:.0}"),
    }
}

/// Draws a series from the right edge to the left, dashed where it is what another is held against.
fn curve(
    buf: &mut Buffer,
    plot: Rect,
    series: &[Option<f32>],
    (low, high, fold): (f32, f32, Fold),
    style: Style,
    is_dashed: bool,
) {
    let mut canvas = Canvas::new(plot);
    let (width, height) = (canvas.width(), canvas.height());
    let at = |x: i32| {
        if is_dashed && x % 4 > 1 {
            return f32::NAN;
        }
        folded(series, (width - 1 - x) as usize, width as usize, fold).map_or(f32::NAN, |value| {
            (high - value.clamp(low, high)) / (high - low) * (height - 1) as f32
        })
    };
    canvas.curve(at);
    canvas.draw(buf, style);
}

/// The figure of one of `parts` equal parts of a series, the first being the newest.
fn folded(series: &[Option<f32>], part: usize, parts: usize, fold: Fold) -> Option<f32> {
    let from = series.len() * part / parts;
    let until = (series.len() * (part + 1) / parts).max(from + 1);
    let known = series.get(from..until.min(series.len()))?.iter().flatten().copied();
    match fold {
        Fold::Most => known.reduce(f32::max),
        Fold::Mean => {
            let (sum, count) = known.fold((0.0, 0_u32), |(sum, count), value| (sum + value, count + 1));
            (count > 0).then(|| sum / count as f32)
        }
    }
}

/// The last seconds in one row of bars, `seconds` of them for each cell, the newest at the right; empty without figures.
pub fn spark(series: &[Option<f32>], cells: usize) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let most = series.iter().flatten().fold(0.0, |most: f32, value| most.max(*value));
    if most <= 0.0 || cells == 0 {
        return String::new();
    }
    let bar = |part: usize| {
        folded(series, part, cells, Fold::Mean).map_or(' ', |value| {
            let step = (value.max(0.0) / most * BARS.len() as f32) as usize;
            BARS[step.min(BARS.len() - 1)]
        })
    };
    (0..cells).rev().map(bar).collect::<String>().trim_start().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::Timestamp;
    use proptest::prelude::*;

    #[test]
    fn scales_end_at_round_numbers() {
        for (most, top) in [
            (0.0, 1.0),
            (0.4, 1.0),
            (7.0, 8.0),
            (23.4, 30.0),
            (2631.0, 3000.0),
            (9500.0, 10_000.0),
        ] {
            assert!((round_up(most) - top).abs() < 1e-3 * top, "{most}: {}", round_up(most));
        }
        for (value, text) in [
            (0.0, "0"),
            (-50.0, "-50"),
            (3000.0, "3000"),
            (15_000.0, "15k"),
            (2e6, "2.0M"),
        ] {
            assert_eq!(short(value), text);
        }
    }

    #[test]
    fn a_spark_has_the_newest_at_its_right_end() {
        let series: Vec<Option<f32>> = [8.0, 4.0, 1.0].into_iter().map(Some).chain([None]).collect();
        assert_eq!(spark(&series, 4), "▂▅█");
        assert_eq!(spark(&[None, Some(0.0)], 2), "");
        assert_eq!(spark(&[], 3), "");
    }

    #[test]
    fn seconds_without_a_sample_are_gaps() {
        let mut history = History::default();
        for ms in [1000, 2010, 5000] {
            history.push(Sample {
                at: Timestamp::from_millis(ms),
                made_kbps: ms as u32,
                ..Sample::default()
            });
        }
        let seen = series(&history, 6, |sample| Some(sample.made_kbps as f32));
        assert_eq!(seen, [Some(5000.0), None, None, Some(2010.0), Some(1000.0), None]);
    }

    proptest! {
        #[test]
        fn any_series_is_drawn(
            figure in prop::collection::vec(prop::option::of(any::<f32>()), 0..700),
            width in 0u16..80, height in 0u16..20, cells in 0usize..40,
        ) {
            spark(&figure, cells);
            let plot = Rect::new(0, 0, width, height);
            let mut buf = Buffer::empty(plot);
            if !plot.is_empty() {
                curve(&mut buf, plot, &figure, (0.0, 10.0, Fold::Most), Style::new(), true);
                curve(&mut buf, plot, &figure, (0.0, 10.0, Fold::Mean), Style::new(), false);
            }
            prop_assert!(round_up(figure.first().copied().flatten().unwrap_or_default()) > 0.0);
        }
    }
}
