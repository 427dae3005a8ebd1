//! A trace as a picture: above what the line could carry and what came of it, below how late it was. Plain SVG without
//! anything from outside; its colours follow those of the reader's system.

use std::fmt::Write as _;

use crate::network_support::figures::delivered_kbps;
use crate::network_support::reader::Kind;
use crate::network_support::traces::Trace;
use crate::report::Shown;

const WIDTH: f64 = 960.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 16.0;
/// Where the two fields lie: their top and their height.
const BITS: (f64, f64) = (72.0, 210.0);
const LAG: (f64, f64) = (320.0, 210.0);
const HEIGHT: f64 = 560.0;

/// Lag is drawn on a logarithmic axis from here to here, in ms: what matters lies between a picture and half a minute.
const LAG_LEAST: f64 = 10.0;
const LAG_MOST: f64 = 40_000.0;

/// Bits are those of as many seconds before.
const WINDOW: f64 = 1.0;

/// Lines are told apart by colour, and for those who see no colours by dashes.
const LINES: &[(&str, &str)] = &[("a", ""), ("b", "7 3"), ("c", "2 2"), ("d", "9 3 2 3"), ("e", "1 3")];

const STYLE: &str = "\
svg{font:12px system-ui,sans-serif;background:#fff;color-scheme:light dark}\
text{fill:#333}.small{font-size:11px}.grid{stroke:#ddd;stroke-width:1}.line{fill:none;stroke-width:1.6}\
.capacity{fill:#e8edf3;stroke:#9aa7b5;stroke-width:1}.shared{fill:#f3e3c0;opacity:.5}.limit{stroke:#c33;stroke-width:1;stroke-dasharray:3 3}\
.a{stroke:#0b62c4}.b{stroke:#c2410c}.c{stroke:#15803d}.d{stroke:#7e22ce}.e{stroke:#555}\
@media(prefers-color-scheme:dark){svg{background:#14171b}text{fill:#cfd5dc}.grid{stroke:#2c3239}\
.capacity{fill:#232b35;stroke:#55606d}.shared{fill:#55471f}.limit{stroke:#f87171}\
.a{stroke:#6cb0ff}.b{stroke:#ff9d66}.c{stroke:#6fdc8c}.d{stroke:#cf9bff}.e{stroke:#aaa}}";

/// The whole picture.
pub fn draw(trace: &Trace, shown: &[Shown]) -> String {
    let chart = Chart {
        seconds: trace.seconds,
        most_kbps: most_kbps(trace, shown),
    };
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{title}\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n\
         <text x=\"{LEFT}\" y=\"20\" font-weight=\"600\">{title}</text>\n",
        title = escape(&format!("{}: {}", trace.name, trace.title)),
    );
    legend(&mut svg, shown);
    chart.capacity(&mut svg, trace);
    chart.axes(&mut svg);
    for (number, shown) in shown.iter().enumerate() {
        let (class, dashes) = LINES[number % LINES.len()];
        Chart::line(&mut svg, class, dashes, chart.bits(shown));
        for part in chart.lag(shown) {
            Chart::line(&mut svg, class, dashes, part);
        }
    }
    svg += "</svg>\n";
    svg
}

fn most_kbps(trace: &Trace, shown: &[Shown]) -> f64 {
    let capacity = trace
        .changes
        .iter()
        .map(|change| change.1.kbps())
        .max()
        .unwrap_or_default();
    let came = shown.iter().flat_map(|shown| {
        (0..trace.seconds as u32)
            .map(|second| delivered_kbps(&shown.points, f64::from(second), f64::from(second) + 1.0))
    });
    // What was stuck comes in a burst that no line could be read beside: it is cut off at one and a half times the capacity.
    came.fold(f64::from(capacity), f64::max).min(f64::from(capacity) * 1.5)
}

fn legend(svg: &mut String, shown: &[Shown]) {
    let mut x = LEFT;
    let names = shown
        .iter()
        .enumerate()
        .map(|(number, shown)| (LINES[number % LINES.len()], shown.figures.pusher));
    for ((class, dashes), name) in names {
        let _ = writeln!(
            svg,
            "<line x1=\"{x}\" y1=\"36\" x2=\"{}\" y2=\"36\" class=\"line {class}\" stroke-dasharray=\"{dashes}\"/>\
             <text x=\"{}\" y=\"40\">{}</text>",
            x + 28.0,
            x + 34.0,
            escape(name)
        );
        x += 130.0;
    }
    let _ = writeln!(
        svg,
        "<rect x=\"{x}\" y=\"30\" width=\"28\" height=\"12\" class=\"capacity\"/><text x=\"{}\" y=\"40\">what the line carries</text>",
        x + 34.0
    );
}

/// From seconds, kbit/s and ms to places.
struct Chart {
    seconds: f64,
    most_kbps: f64,
}

impl Chart {
    fn x(&self, second: f64) -> f64 {
        LEFT + (WIDTH - LEFT - RIGHT) * (second / self.seconds).clamp(0.0, 1.0)
    }

    fn y_kbps(&self, kbps: f64) -> f64 {
        BITS.0 + BITS.1 * (1.0 - (kbps / self.most_kbps).clamp(0.0, 1.0))
    }

    fn y_lag(lag_ms: f64) -> f64 {
        let share = (lag_ms.clamp(LAG_LEAST, LAG_MOST) / LAG_LEAST).ln() / (LAG_MOST / LAG_LEAST).ln();
        LAG.0 + LAG.1 * (1.0 - share)
    }

    /// The capacity as a filled shape, and the time that it is shared in.
    fn capacity(&self, svg: &mut String, trace: &Trace) {
        let bottom = self.y_kbps(0.0);
        let mut shape = format!("M{:.1} {bottom:.1}", self.x(0.0));
        for (at, (from, capacity)) in trace.changes.iter().enumerate() {
            let to = trace.changes.get(at + 1).map_or(trace.seconds, |next| next.0);
            let y = self.y_kbps(f64::from(capacity.kbps()));
            let _ = write!(shape, "L{:.1} {y:.1}L{:.1} {y:.1}", self.x(*from), self.x(to));
        }
        let _ = writeln!(
            svg,
            "<path d=\"{shape}L{:.1} {bottom:.1}Z\" class=\"capacity\"/>",
            self.x(self.seconds)
        );
        if let Some((from, to)) = trace.competitor {
            let (x, end) = (self.x(from), self.x(to));
            let _ = writeln!(
                svg,
                "<rect x=\"{x:.1}\" y=\"{}\" width=\"{:.1}\" height=\"{}\" class=\"shared\"/>\
                 <text x=\"{:.1}\" y=\"{}\" class=\"small\">somebody uploads</text>",
                BITS.0,
                end - x,
                BITS.1,
                x + 6.0,
                BITS.0 + 14.0
            );
        }
    }

    fn axes(&self, svg: &mut String) {
        let step = if self.most_kbps > 4000.0 { 1000 } else { 500 };
        for kbps in (0..=self.most_kbps as u32).step_by(step) {
            Self::grid(
                svg,
                self.y_kbps(f64::from(kbps)),
                &format!("{:.1}", f64::from(kbps) / 1000.0),
            );
        }
        for (lag_ms, words) in [(10.0, "10 ms"), (100.0, "0.1 s"), (1000.0, "1 s"), (10_000.0, "10 s")] {
            Self::grid(svg, Self::y_lag(lag_ms), words);
        }
        let _ = writeln!(
            svg,
            "<line x1=\"{LEFT}\" x2=\"{}\" y1=\"{y:.1}\" y2=\"{y:.1}\" class=\"limit\"/>\
             <text x=\"{}\" y=\"{:.1}\" class=\"small\">0.5 s</text>",
            WIDTH - RIGHT,
            LEFT + 4.0,
            Self::y_lag(500.0) - 4.0,
            y = Self::y_lag(500.0)
        );
        let every = if self.seconds > 40.0 { 10 } else { 5 };
        for second in (0..=self.seconds as u32).step_by(every) {
            let _ = writeln!(
                svg,
                "<text x=\"{:.1}\" y=\"{}\" class=\"small\" text-anchor=\"middle\">{second} s</text>",
                self.x(f64::from(second)),
                LAG.0 + LAG.1 + 18.0
            );
        }
        for (top, words) in [
            (BITS.0, "Mbit/s that came to the viewer"),
            (LAG.0, "lag of the pictures at the viewer"),
        ] {
            let _ = writeln!(
                svg,
                "<text x=\"{LEFT}\" y=\"{}\" class=\"small\">{words}</text>",
                top - 6.0
            );
        }
    }

    fn grid(svg: &mut String, y: f64, words: &str) {
        let _ = writeln!(
            svg,
            "<line x1=\"{LEFT}\" x2=\"{}\" y1=\"{y:.1}\" y2=\"{y:.1}\" class=\"grid\"/>\
             <text x=\"{}\" y=\"{:.1}\" class=\"small\" text-anchor=\"end\">{words}</text>",
            WIDTH - RIGHT,
            LEFT - 6.0,
            y + 4.0
        );
    }

    fn line(svg: &mut String, class: &str, dashes: &str, places: Vec<(f64, f64)>) {
        let mut places = places.into_iter();
        let Some((x, y)) = places.next() else { return };
        let mut shape = format!("M{x:.1} {y:.1}");
        for (x, y) in places {
            let _ = write!(shape, "L{x:.1} {y:.1}");
        }
        let _ = writeln!(
            svg,
            "<path d=\"{shape}\" class=\"line {class}\" stroke-dasharray=\"{dashes}\"/>"
        );
    }

    /// What came, four times a second.
    fn bits(&self, shown: &Shown) -> Vec<(f64, f64)> {
        let quarters = 0..=(self.seconds * 4.0) as u32;
        let ends = quarters.map(|quarter| f64::from(quarter) / 4.0);
        let place = |end: f64| {
            (
                self.x(end),
                self.y_kbps(delivered_kbps(&shown.points, end - WINDOW, end)),
            )
        };
        ends.map(place).collect()
    }

    /// The worst lag of each fifth of a second; while nothing comes there is no line.
    fn lag(&self, shown: &Shown) -> Vec<Vec<(f64, f64)>> {
        let mut parts = vec![Vec::new()];
        let pictures = shown.points.iter().filter(|point| point.kind != Kind::Sound);
        let pictures = pictures.filter(|point| point.at >= 0.0 && point.at <= self.seconds);
        let mut worst = None::<(u32, f64)>;
        for picture in pictures {
            let fifth = (picture.at * 5.0) as u32;
            match worst {
                Some((at, lag)) if at == fifth => worst = Some((at, lag.max(picture.lag_ms))),
                _ => {
                    self.put(&mut parts, worst);
                    if worst.is_some_and(|(at, _)| fifth > at + 5) {
                        parts.push(Vec::new());
                    }
                    worst = Some((fifth, picture.lag_ms));
                }
            }
        }
        self.put(&mut parts, worst);
        parts
    }

    fn put(&self, parts: &mut [Vec<(f64, f64)>], worst: Option<(u32, f64)>) {
        if let (Some(part), Some((fifth, lag))) = (parts.last_mut(), worst) {
            part.push((self.x(f64::from(fifth) / 5.0 + 0.1), Self::y_lag(lag)));
        }
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
