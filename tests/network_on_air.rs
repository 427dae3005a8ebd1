//! The show on a line that gets worse: what a viewer gets then, in the same namespaces and on the same traces as in the
//! `network` benchmark. Brief forms of two of them always; with `RIGCAST_TESTS=full` all of them at full length.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]

mod common;
mod network_support;

use std::path::Path;

use common::pace::in_real_time_beside;
use common::{extent, peer};
use network_support::figures::{Figures, figures, points};
use network_support::run::{Conditions, run};
use network_support::traces::{self, Capacity, Trace};
use network_support::{clip, pushers};

/// What is promised of full length, with what a shared machine may add to a brief run, and to a debug build.
struct Slack {
    ms: f64,
    percent: f64,
}

fn slack() -> Slack {
    extent(
        Slack {
            ms: 300.0,
            percent: 10.0,
        },
        Slack { ms: 0.0, percent: 0.0 },
    )
}

/// Publishes the clip over a line that follows `trace`, as often as this machine is too slow for what `check` wants to see.
fn show(trace: &Trace, check: impl Fn(&Figures)) {
    let Some(ffmpeg) = peer("ffmpeg") else { return };
    let clip = clip::make(&ffmpeg, 20.0);
    let conditions = Conditions {
        clip: &clip,
        rigcast: Path::new(common::studio::rigcast()),
        scene: "",
        congestion: "cubic",
    };
    in_real_time_beside(trace.name, |witness| {
        let Some(observed) = run(&pushers::ALL[0], trace, &conditions) else {
            return;
        };
        let (_, last) = observed.states.last().expect("a studio that says how it is");
        witness.hear(last);
        let figures = figures(&observed, &points(&observed));
        eprintln!("{figures:#?}");
        check(&figures);
    });
}

/// `trace` with its moments moved: quick enough for every run of the tests.
fn brief(trace: &Trace, drop: f64, recovery: f64, seconds: f64, steady: (f64, f64)) -> Trace {
    let moment = |at: f64| match at {
        at if Some(at) == trace.drop_at => drop,
        at if Some(at) == trace.recovery_at => recovery,
        at => at,
    };
    let changes = trace.changes.iter().map(|(at, capacity)| (moment(*at), *capacity));
    Trace {
        changes: changes.collect::<Vec<(f64, Capacity)>>(),
        drop_at: Some(drop),
        recovery_at: Some(recovery),
        steady,
        seconds,
        ..trace.clone()
    }
}

fn unbroken(figures: &Figures) {
    assert_eq!(figures.reconnects, 0, "the connection held");
    assert_eq!(
        figures.sound_gaps, 0,
        "sound never breaks: {} ms are missing",
        figures.sound_gap_ms
    );
}

#[test]
fn a_line_that_drops_to_a_fifth_is_followed_and_so_is_its_recovery() {
    let trace = extent(
        brief(&traces::step(1.0), 3.0, 13.0, 29.0, (7.0, 13.0)),
        traces::step(1.0),
    );
    show(&trace, |figures| {
        let slack = slack();
        unbroken(figures);
        assert!(figures.worst_after_drop_ms.unwrap() <= 1000.0 + slack.ms, "{figures:?}");
        assert!(figures.worst_later_ms.unwrap() <= 500.0 + slack.ms, "{figures:?}");
        assert!(figures.least_fps >= 24.0 - slack.percent / 5.0, "{figures:?}");
        assert!(figures.lost_percent <= 3.0 + slack.percent / 5.0, "{figures:?}");
        assert!(figures.used_percent >= 90.0 - slack.percent, "{figures:?}");
        assert!(
            figures.full_rate_after_s.is_some_and(|after| after <= 15.0),
            "{figures:?}"
        );
    });
}

#[test]
fn ten_seconds_of_nothing_are_survived_and_nothing_stale_comes_afterwards() {
    let trace = extent(
        brief(&traces::outage(1.0), 2.0, 12.0, 29.0, (26.0, 29.0)),
        traces::outage(1.0),
    );
    show(&trace, |figures| {
        let slack = slack();
        assert_eq!(figures.reconnects, 0, "the connection held");
        // Of what was on the way when the line was cut, some was in the kernel's hands.
        assert!(
            figures.caught_up_after_s.is_some_and(|after| after <= 6.0),
            "{figures:?}"
        );
        assert!(figures.longest_wait_ms <= 13_000.0 + slack.ms, "{figures:?}");
        assert!(
            figures
                .full_rate_after_s
                .is_some_and(|after| after <= 15.0 + slack.ms / 100.0),
            "{figures:?}"
        );
    });
}
