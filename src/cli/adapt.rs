//! `rigcast adapt replay`: what a policy would have done with the network and the audience of a recorded show.
//!
//! The trace gives the weather; the network and the encoders are models, the controller is the one that is on air. So this says how
//! policies compare on such a network, not to the last kilobit what would have been.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::json;

use super::adapt_chart::{Chart, svg};
use super::{complain, exit, say};
use crate::adapt::rehearsal::{Report, cast_of, rehearse};
use crate::adapt::{Trace, TraceEntry, What};
use crate::scene::Library;

/// `rigcast adapt COMMAND`.
#[derive(Debug, Subcommand)]
pub(super) enum AdaptCommand {
    /// Play a trace through a policy: every change with its reason, what was carried, and how late it arrived
    #[command(after_help = "\
Examples:
  rigcast adapt replay show.trace --policy frugal
  rigcast adapt replay show.trace --policy mine.toml --svg mine.svg

A show writes its trace where the scene file says: [adapt] trace = \"FILE\". See docs/adapt.md.
Exit codes: 0 done, 1 the trace or the policy cannot be read, 2 usage.")]
    Replay {
        /// The trace
        trace: PathBuf,
        /// A policy's name, or the path of its file; else the one that was on air
        #[arg(long, value_name = "NAME|FILE")]
        policy: Option<String>,
        /// Draw a chart into FILE
        #[arg(long, value_name = "FILE")]
        svg: Option<PathBuf>,
        /// One JSON object instead of text
        #[arg(long)]
        json: bool,
    },
}

/// Runs it.
pub(super) fn run(command: &AdaptCommand) -> u8 {
    let AdaptCommand::Replay {
        trace,
        policy,
        svg,
        json,
    } = command;
    match replay(trace, policy.as_deref(), svg.as_deref(), *json) {
        Ok(()) => exit::OK,
        Err(error) => {
            complain(&error);
            exit::REFUSED
        }
    }
}

fn replay(path: &Path, policy: Option<&str>, chart: Option<&Path>, is_json: bool) -> Result<(), String> {
    let file = File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let trace = Trace::read(BufReader::new(file)).map_err(|error| format!("{}: {error}", path.display()))?;
    let library = Library::new(&|key: &str| std::env::var(key).ok());
    let name = policy.unwrap_or(&trace.policy);
    let policy = library.read_adapt_policy(name, Path::new(""))?;
    let cast = cast_of(&trace, policy).ok_or_else(|| format!("{}: there is no sample in it", path.display()))?;
    let destinations = destinations(&trace);
    let report = rehearse(cast);
    if let Some(chart) = chart {
        let text = svg(&report, &format!("{} by {name}", path.display()));
        std::fs::write(chart, text).map_err(|error| format!("{}: {error}", chart.display()))?;
    }
    if is_json {
        say(&as_json(&report, name, &destinations).to_string());
        return Ok(());
    }
    for line in as_text(&trace, &report, name, &destinations) {
        if !say(&line) {
            break;
        }
    }
    Ok(())
}

/// The names of the destinations, in the order of the report.
fn destinations(trace: &Trace) -> Vec<String> {
    let names = trace.entries.iter().filter_map(|entry| match entry {
        TraceEntry::Sample { destination, .. } => Some(destination.clone()),
        _ => None,
    });
    names.collect::<std::collections::BTreeSet<_>>().into_iter().collect()
}

/// A reason with the real names of the destinations.
fn named(reason: &str, destinations: &[String]) -> String {
    // From the last, so that "destination 1" is not found in "destination 12".
    let numbered = destinations.iter().enumerate().rev();
    numbered.fold(reason.to_owned(), |reason, (index, name)| {
        reason.replace(&format!("destination {}", index + 1), name)
    })
}

fn as_text(trace: &Trace, report: &Report, policy: &str, destinations: &[String]) -> Vec<String> {
    let mut lines = vec![format!("{:>9}  change", "time")];
    for (at, change) in &report.changes {
        let seconds = at.as_secs_f64();
        let (minutes, seconds) = ((seconds / 60.0).floor(), seconds % 60.0);
        lines.push(format!(
            "{minutes:>4.0}:{seconds:04.1}  {}",
            named(&change.reason, destinations)
        ));
    }
    lines.push(String::new());
    lines.extend(Chart::of(report).lines());
    lines.push(String::new());
    let summary = Summary::of(report);
    lines.push(format!("policy      {policy} (on air: {})", trace.policy));
    lines.push(format!(
        "carried     {:.1} MB in {:.0} s, {:.0} kbit/s; {:.0} % of what the network showed it could",
        summary.megabytes,
        summary.seconds,
        summary.kbps,
        summary.used * 100.0
    ));
    for (index, name) in destinations.iter().enumerate() {
        let lost = report.lost.get(index).copied().unwrap_or(0);
        let share = lost as f64 / (report.encoded.max(1) as f64) * 100.0;
        lines.push(format!(
            "{name:<11} lag p50 {:.0} ms, p95 {:.0} ms; {lost} pictures lost, {share:.1} %",
            report.lag(index, 0.5) * 1000.0,
            report.lag(index, 0.95) * 1000.0,
        ));
    }
    let rates = |changes: usize| format!("{changes} changes of bitrate");
    let here = report
        .changes
        .iter()
        .filter(|(_, change)| matches!(change.what, What::Rate(..)));
    let then = trace
        .entries
        .iter()
        .filter(|entry| matches!(entry, TraceEntry::Change { change, .. } if matches!(change.what, What::Rate(..))));
    lines.push(format!("steadiness  {}; on air {}", rates(here.count()), then.count()));
    lines
}

/// What it comes to.
struct Summary {
    seconds: f64,
    megabytes: f64,
    kbps: f64,
    used: f64,
}

impl Summary {
    fn of(report: &Report) -> Self {
        let ticks = report.ticks.len().max(1) as f64;
        let kbps = report.ticks.iter().map(|tick| tick.carried_kbps).sum::<f64>() / ticks;
        let seconds = report.ticks.last().map_or(0.0, |tick| tick.at);
        Self {
            seconds,
            megabytes: kbps * seconds / 8000.0,
            kbps,
            used: report.used(0.0, f64::MAX),
        }
    }
}

fn as_json(report: &Report, policy: &str, destinations: &[String]) -> serde_json::Value {
    let summary = Summary::of(report);
    let changes: Vec<_> = report
        .changes
        .iter()
        .map(|(at, change)| {
            let reason = named(&change.reason, destinations);
            json!({ "at_ms": at.to_millis(), "what": change.what, "reason": reason })
        })
        .collect();
    let reached: Vec<_> = destinations
        .iter()
        .enumerate()
        .map(|(index, name)| {
            json!({
                "name": name,
                "lag_p50_ms": (report.lag(index, 0.5) * 1000.0).round(),
                "lag_p95_ms": (report.lag(index, 0.95) * 1000.0).round(),
                "lost_pictures": report.lost.get(index),
            })
        })
        .collect();
    json!({
        "policy": policy,
        "seconds": summary.seconds,
        "carried_kbps": summary.kbps.round(),
        "used": (summary.used * 1000.0).round() / 1000.0,
        "encoded_pictures": report.encoded,
        "destinations": reached,
        "changes": changes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapt::rehearsal::{Cast, Player, Rehearsal, Weather};
    use crate::adapt::{Base, Policy, trace_header};
    use crate::media::{Rate, RateControl};

    /// A trace of a link that falls from 5 to 1 Mbit/s, as a studio would write it.
    fn trace() -> String {
        let base = Base::for_tests(Rate {
            control: RateControl::Constant,
            kbps: 3000,
        });
        let weather = |kbps| Weather {
            kbps,
            ..Weather::default()
        };
        let mut rehearsal = Rehearsal::new(Cast {
            base: base.clone(),
            policy: Policy::default(),
            courses: vec![vec![(0.0, weather(5000.0)), (6.0, weather(1000.0))]],
            players: vec![Player { path: 0, line: 0 }],
            content: Vec::new(),
            viewers: Vec::new(),
            seconds: 15.0,
            seed: 1,
            is_on: true,
        });
        let mut lines = vec![trace_header(&base, "steady")];
        while rehearsal.step() {
            for (_, sample) in rehearsal.looks() {
                let destination = "twitch".to_owned();
                lines.push(TraceEntry::Sample { destination, sample }.to_line());
            }
        }
        lines.join("\n") + "\n"
    }

    #[test]
    fn a_replay_says_what_and_why() {
        let folder = tempfile::tempdir().unwrap();
        let (path, chart) = (folder.path().join("show.trace"), folder.path().join("show.svg"));
        std::fs::write(&path, trace()).unwrap();
        replay(&path, Some("sharp"), Some(&chart), true).unwrap();
        let drawn = std::fs::read_to_string(&chart).unwrap();
        assert!(drawn.starts_with("<svg ") && drawn.trim_end().ends_with("</svg>"));
        roxmltree::Document::parse(&drawn).unwrap();

        let trace = Trace::read(trace().as_bytes()).unwrap();
        let names = destinations(&trace);
        let report = rehearse(cast_of(&trace, Policy::default()).unwrap());
        let text = as_text(&trace, &report, "steady", &names).join("\n");
        assert!(text.contains("kbit/s: twitch carries"), "{text}");
        assert!(text.contains("twitch      lag p50 "), "{text}");
        let json = as_json(&report, "steady", &names);
        assert!(
            json["changes"][0]["reason"].as_str().unwrap().starts_with("3000 → "),
            "{json}"
        );
        assert!(json["destinations"][0]["lag_p95_ms"].as_f64().unwrap() > 0.0);
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("show.trace");
        let said = |policy| replay(&path, policy, None, true).unwrap_err();
        assert!(said(None).contains("show.trace: No such file"), "{}", said(None));
        std::fs::write(&path, "{}\n").unwrap();
        assert!(
            said(None).contains("show.trace: line 1: not the header of a trace"),
            "{}",
            said(None)
        );
        std::fs::write(&path, trace()).unwrap();
        assert!(
            said(Some("stedy")).contains("did you mean \"steady\"?"),
            "{}",
            said(Some("stedy"))
        );
    }
}
