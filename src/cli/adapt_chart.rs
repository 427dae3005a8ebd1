//! Charts of a rehearsal: in the terminal, and as SVG without outside resources that reads on light and on dark paper.

use std::fmt::Write;

use crate::adapt::rehearsal::{Report, Tick};

/// Columns of the chart in the terminal.
const COLUMNS: usize = 72;
/// Eighths of a cell.
const BARS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// A chart in the terminal: what the network showed it could, what the encoder was told, and what was carried, one row each, all to the
/// same scale.
pub(super) struct Chart {
    rows: [(&'static str, Vec<f64>); 3],
    top: f64,
    seconds: f64,
}

/// Means of `value` over `count` stretches of the same length.
fn means(ticks: &[Tick], count: usize, value: impl Fn(&Tick) -> f64) -> Vec<f64> {
    (0..count)
        .map(|column| {
            let (from, to) = (column * ticks.len() / count, (column + 1) * ticks.len() / count);
            let within = &ticks[from..to.max(from + 1).min(ticks.len())];
            within.iter().map(&value).sum::<f64>() / (within.len() as f64).max(1.0)
        })
        .collect()
}

impl Chart {
    pub(super) fn of(report: &Report) -> Self {
        let ticks = &report.ticks;
        let columns = COLUMNS.min(ticks.len());
        let rows = [
            ("network", means(ticks, columns, |tick| tick.path_kbps)),
            ("told", means(ticks, columns, |tick| tick.target_kbps)),
            ("carried", means(ticks, columns, |tick| tick.carried_kbps)),
        ];
        // A network that could do ten times as much would press the rest flat.
        let most = |row: &Vec<f64>| row.iter().copied().fold(0.0, f64::max);
        let top = most(&rows[1].1).max(most(&rows[2].1)) * 1.15;
        Self {
            rows,
            top: top.max(1.0),
            seconds: ticks.last().map_or(0.0, |tick| tick.at),
        }
    }

    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (name, row) in &self.rows {
            // Two cells high: sixteen steps.
            let cell = |value: f64, is_upper: bool| {
                let eighths = (value / self.top * 16.0).round().clamp(0.0, 16.0) as usize;
                BARS[if is_upper {
                    eighths.saturating_sub(8)
                } else {
                    eighths.min(8)
                }]
            };
            for is_upper in [true, false] {
                let bars: String = row.iter().map(|value| cell(*value, is_upper)).collect();
                let label = if is_upper { "" } else { name };
                lines.push(format!("{label:<8} {bars}").trim_end().to_owned());
            }
        }
        let scale = format!("0 to {:.0} s, full height {:.0} kbit/s", self.seconds, self.top);
        lines.push(format!("{:<8} {scale}", ""));
        lines
    }
}

/// The drawing, in pixels.
const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 440.0;
/// What is left of the curves and above them.
const LEFT: f64 = 64.0;
const ABOVE: f64 = 48.0;
/// Where the rates end and the lag begins.
const MIDDLE: f64 = 280.0;
const LOW: f64 = 400.0;
/// Points of a curve.
const POINTS: usize = 600;

/// Text for XML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A round number above `value`.
fn round_up(value: f64) -> f64 {
    let power = 10f64.powf(value.max(1.0).log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0]
        .into_iter()
        .find(|step| step * power >= value);
    step.unwrap_or(10.0) * power
}

fn curve(page: &mut String, class: &str, values: &[f64], top: f64, low: f64, high: f64) {
    let points: Vec<String> = values
        .iter()
        .enumerate()
        .map(|(index, value)| {
            let x = LEFT + (WIDTH - LEFT - 16.0) * index as f64 / (values.len().max(2) - 1) as f64;
            let y = low - (low - high) * (value / top).clamp(0.0, 1.0);
            format!("{x:.1},{y:.1}")
        })
        .collect();
    let _ = writeln!(page, "<polyline class=\"{class}\" points=\"{}\"/>", points.join(" "));
}

/// The worst lag of each destination's pictures, in milliseconds, over `count` stretches.
fn lags(report: &Report, seconds: f64, count: usize) -> Vec<f64> {
    let mut worst = vec![0.0f64; count];
    for arrival in report.arrivals.iter().flatten() {
        let index = (arrival.at / seconds.max(0.001) * count as f64) as usize;
        if let Some(slot) = worst.get_mut(index) {
            *slot = slot.max(arrival.lag * 1000.0);
        }
    }
    worst
}

/// The same as SVG: rates above, the worst lag below, every change a tick between.
pub(super) fn svg(report: &Report, title: &str) -> String {
    let ticks = &report.ticks;
    let count = POINTS.min(ticks.len()).max(1);
    let seconds = ticks.last().map_or(1.0, |tick| tick.at);
    let told = means(ticks, count, |tick| tick.target_kbps);
    let carried = means(ticks, count, |tick| tick.carried_kbps);
    let network = means(ticks, count, |tick| tick.path_kbps);
    let lag = lags(report, seconds, count);
    let most = |values: &[f64]| values.iter().copied().fold(0.0, f64::max);
    let top = round_up(most(&told).max(most(&carried)) * 1.05);
    let late = round_up(most(&lag).max(100.0));
    let mut page = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" font-size=\"12\">\n\
<style>text{{fill:#555}}polyline{{fill:none;stroke-width:1.5}}.network{{stroke:#999;stroke-dasharray:4 3}}.told{{stroke:#d97706}}\
.carried{{stroke:#2563eb}}.lag{{stroke:#dc2626}}.grid{{stroke:#999;stroke-opacity:.3}}.mark{{stroke:#d97706}}\
@media(prefers-color-scheme:dark){{text{{fill:#bbb}}.carried{{stroke:#60a5fa}}.lag{{stroke:#f87171}}.told,.mark{{stroke:#fbbf24}}}}</style>\n\
<text x=\"{LEFT}\" y=\"18\" font-size=\"14\">{}</text>\n",
        escaped(title)
    );
    for (index, (class, name)) in [
        ("network", "network could"),
        ("told", "encoder told"),
        ("carried", "carried"),
        ("lag", "worst lag"),
    ]
    .into_iter()
    .enumerate()
    {
        let x = LEFT + index as f64 * 150.0;
        let end = x + 24.0;
        let text = x + 30.0;
        let _ = writeln!(
            page,
            "<polyline class=\"{class}\" points=\"{x},32 {end},32\"/><text x=\"{text}\" y=\"36\">{name}</text>"
        );
    }
    for part in 0..=4 {
        let share = f64::from(part) / 4.0;
        let y = MIDDLE - (MIDDLE - ABOVE) * share;
        let end = WIDTH - 16.0;
        let _ = writeln!(
            page,
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{end}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/><text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{:.0}</text>",
            LEFT - 6.0,
            y + 4.0,
            top * share
        );
        let x = LEFT + (WIDTH - LEFT - 16.0) * share;
        let _ = writeln!(
            page,
            "<text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{:.0} s</text>",
            HEIGHT - 18.0,
            seconds * share
        );
    }
    let _ = writeln!(
        page,
        "<text x=\"4\" y=\"{}\">kbit/s</text><text x=\"4\" y=\"{}\">ms</text>",
        ABOVE - 6.0,
        MIDDLE + 34.0
    );
    for (value, y) in [(0.0, LOW), (late, MIDDLE + 30.0)] {
        let end = WIDTH - 16.0;
        let _ = writeln!(
            page,
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{end}\" y1=\"{y}\" y2=\"{y}\"/><text x=\"{}\" y=\"{}\" text-anchor=\"end\">{value:.0}</text>",
            LEFT - 6.0,
            y + 4.0
        );
    }
    for (at, change) in &report.changes {
        let x = LEFT + (WIDTH - LEFT - 16.0) * (at.as_secs_f64() / seconds.max(0.001)).clamp(0.0, 1.0);
        let _ = writeln!(
            page,
            "<line class=\"mark\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{}\" y2=\"{}\"><title>{}</title></line>",
            MIDDLE + 4.0,
            MIDDLE + 14.0,
            escaped(&change.reason)
        );
    }
    curve(&mut page, "network", &network, top, MIDDLE, ABOVE);
    curve(&mut page, "carried", &carried, top, MIDDLE, ABOVE);
    curve(&mut page, "told", &told, top, MIDDLE, ABOVE);
    curve(&mut page, "lag", &lag, late, LOW, MIDDLE + 30.0);
    page.push_str("</svg>\n");
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let tick = |index: u32| Tick {
            at: f64::from(index) * 0.05,
            path_kbps: 50_000.0,
            target_kbps: if index < 500 { 4000.0 } else { 1000.0 },
            carried_kbps: 1000.0,
        };
        Report {
            ticks: (0..1000).map(tick).collect(),
            ..Report::default()
        }
    }

    #[test]
    fn the_rows_show_what_there_was() {
        let lines = Chart::of(&report()).lines();
        assert_eq!(lines.len(), 7);
        assert!(lines[1].starts_with("network  ████"), "{}", lines[1]);
        let told = |line: &str| line.chars().filter(|c| *c != ' ').count();
        assert_eq!(
            told(&lines[2]),
            COLUMNS / 2,
            "the upper half is full for half of the time"
        );
        assert!(lines[6].ends_with("0 to 50 s, full height 4600 kbit/s"), "{}", lines[6]);
    }

    #[test]
    fn nothing_at_all_is_drawn_too() {
        assert_eq!(Chart::of(&Report::default()).lines().len(), 7);
        assert!(svg(&Report::default(), "a < b").contains("a &lt; b"));
    }

    #[test]
    fn scales_end_at_round_numbers() {
        for (value, expected) in [(1.0, 1.0), (4600.0, 5000.0), (230.0, 250.0), (1001.0, 2000.0)] {
            assert!((round_up(value) - expected).abs() < 1e-6, "{value}");
        }
    }
}
