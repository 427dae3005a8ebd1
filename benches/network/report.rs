//! Tables for people, lines of JSON for programs.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use serde_json::json;

use crate::network_support::figures::{Figures, Point};
use crate::network_support::reader::Kind;
use crate::network_support::run::Observed;
use crate::network_support::traces::Trace;
use crate::network_support::wire::SLOT;

/// A run, as far as tables and charts need it.
pub struct Shown {
    pub points: Vec<Point>,
    pub figures: Figures,
}

/// Columns: what they are called, and what stands in them.
type Column = (&'static str, fn(&Figures) -> String);

const COLUMNS: &[Column] = &[
    ("publisher", |f| f.pusher.to_owned()),
    ("worst lag in the 2 s after the drop, ms", |f| {
        whole(f.worst_after_drop_ms)
    }),
    ("later, ms", |f| whole(f.worst_later_ms.or(Some(f.worst_ms)))),
    ("lag p50 / p95, ms", |f| {
        format!("{:.0} / {:.0}", f.lag_p50_ms, f.lag_p95_ms)
    }),
    ("longest wait for a picture, ms", |f| whole(Some(f.longest_wait_ms))),
    ("Mbit in time / in all", |f| {
        format!("{:.0} / {:.0}", f.in_time_mbit.max(0.0), f.delivered_mbit)
    }),
    ("of the line used, %", |f| whole(Some(f.used_percent))),
    ("pictures lost, %", |f| format!("{:.1}", f.lost_percent)),
    ("fewest pictures/s", |f| format!("{:.0}", f.least_fps)),
    ("breaks in the sound", |f| match f.sound_gaps {
        0 => "none".to_owned(),
        gaps => format!("{gaps}, {:.1} s", f.sound_gap_ms / 1000.0),
    }),
    ("reconnects", |f| f.reconnects.to_string()),
    ("full rate after, s", |f| tenths(f.full_rate_after_s)),
    ("lag below 0.5 s after, s", |f| tenths(f.caught_up_after_s)),
];

fn whole(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.0}"))
}

fn tenths(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.1}"))
}

/// One trace as a table in Markdown, a row for each publisher.
pub fn table<'a>(trace: &Trace, figures: impl Iterator<Item = &'a Figures>) -> String {
    let mut text = format!("## {}: {}\n\n", trace.name, trace.title);
    let row = |cells: &mut dyn Iterator<Item = String>| format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "));
    text += &row(&mut COLUMNS.iter().map(|column| column.0.to_owned()));
    text += &row(&mut COLUMNS.iter().map(|_| "---".to_owned()));
    for figures in figures {
        text += &row(&mut COLUMNS.iter().map(|column| column.1(figures)));
    }
    text
}

/// All tables, and all figures as NDJSON.
pub fn write(folder: &Path, traces: &[Trace], all: &[Figures]) {
    let mut text = String::new();
    for trace in traces {
        let of_trace = all.iter().filter(|figures| figures.trace == trace.name);
        let _ = writeln!(
            text,
            "{}\n![{}]({}.svg)\n",
            table(trace, of_trace),
            trace.title,
            trace.name
        );
    }
    fs::write(folder.join("tables.md"), text).unwrap();
    let mut lines = fs::File::create(folder.join("figures.ndjson")).unwrap();
    for figures in all {
        writeln!(lines, "{}", serde_json::to_string(figures).unwrap()).unwrap();
    }
}

/// What came, a line for each slot of the wire, and what a studio said meanwhile.
pub fn write_details(folder: &Path, observed: &Observed, points: &[Point]) {
    let name = format!("{}-{}.ndjson", observed.trace.name, observed.pusher);
    let mut lines = std::io::BufWriter::new(fs::File::create(folder.join(name)).unwrap());
    for (at, slot) in observed.slots.iter().enumerate() {
        let from = observed.slots_begun + at as f64 * SLOT.as_secs_f64();
        let to = from + SLOT.as_secs_f64();
        let within = points.iter().filter(|point| point.at >= from && point.at < to);
        let pictures = within.clone().filter(|point| point.kind != Kind::Sound);
        let lag = pictures
            .clone()
            .map(|point| point.lag_ms.round())
            .max_by(f64::total_cmp);
        let line = json!({
            "s": (from * 1000.0).round() / 1000.0,
            "capacity_kbps": observed.trace.capacity(from).kbps(),
            "wire_kbps": slot.published * 8 / SLOT.as_millis() as u64,
            "other_kbps": slot.other * 8 / SLOT.as_millis() as u64,
            "viewer_kbps": within.map(|point| point.bytes * 8).sum::<usize>() / SLOT.as_millis() as usize,
            "pictures": pictures.clone().count(),
            "idr_bytes": pictures.filter(|point| point.kind == Kind::Picture { is_idr: true }).map(|point| point.bytes).max(),
            "lag_ms": lag,
        });
        writeln!(lines, "{line}").unwrap();
    }
    for (at, state) in &observed.states {
        let line = json!({
            "s": (at * 1000.0).round() / 1000.0,
            "destination": state["destinations"][0],
            "adapt": state["adapt"],
            "stats": state["stats"],
        });
        writeln!(lines, "{line}").unwrap();
    }
    writeln!(lines, "{}", json!({ "log": observed.log })).unwrap();
}
