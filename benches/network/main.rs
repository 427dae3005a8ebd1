//! What a viewer gets of a show whose line gets worse: this program and its peers, on the same lines.
//!
//! `cargo bench --bench network -- --help` says how; `docs/network/README.md` has what came out.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    missing_docs
)]

mod arguments;
mod chart;
#[path = "../../tests/common/mod.rs"]
mod common;
#[path = "../../tests/network_support/mod.rs"]
mod network_support;
mod obs;
mod report;

use arguments::Arguments;
use network_support::figures::{figures, points};
use network_support::pushers::{self, Pusher};
use network_support::run::{Conditions, run};
use network_support::{clip, traces};
use report::Shown;

fn main() {
    let Some(arguments) = Arguments::parse() else { return };
    let Some(ffmpeg) = common::peer("ffmpeg") else { return };
    let traces = traces::all(arguments.scale)
        .into_iter()
        .filter(|trace| arguments.wants_trace(trace.name));
    let traces = traces.collect::<Vec<_>>();
    let longest = traces.iter().map(|trace| trace.seconds).fold(0.0, f64::max);
    let clip = clip::make(&ffmpeg, longest + 60.0);
    let conditions = Conditions {
        clip: &clip,
        rigcast: &arguments.rigcast,
        scene: &arguments.scene,
        congestion: &arguments.congestion,
    };
    std::fs::create_dir_all(&arguments.out).unwrap();
    let pushers = pushers::ALL.iter().chain([&obs::PUSHER]);
    let pushers = pushers
        .filter(|pusher| arguments.wants_pusher(pusher.name))
        .collect::<Vec<&Pusher>>();
    let mut all = Vec::new();
    for trace in &traces {
        let mut shown = Vec::new();
        for pusher in &pushers {
            eprintln!("{} on {}: {:.0} s ...", pusher.name, trace.name, trace.seconds);
            let Some(observed) = run(pusher, trace, &conditions) else {
                continue;
            };
            let points = points(&observed);
            let figures = figures(&observed, &points);
            report::write_details(&arguments.out, &observed, &points);
            if figures.delivered_mbit == 0.0 {
                eprintln!("{}: {}", pusher.name, observed.log);
            }
            shown.push(Shown { points, figures });
        }
        if shown.is_empty() {
            continue;
        }
        println!("{}", report::table(trace, shown.iter().map(|shown| &shown.figures)));
        let path = arguments.out.join(format!("{}.svg", trace.name));
        std::fs::write(path, chart::draw(trace, &shown)).unwrap();
        all.extend(shown.into_iter().map(|shown| shown.figures));
    }
    report::write(&arguments.out, &traces, &all);
    eprintln!("written to {}", arguments.out.display());
}
