//! The controller against the courses of weather that are asked for by name.

use super::*;
use crate::adapt::{Base, Change, Phase, Policy, Quality, What};
use crate::media::{Rate, RateControl};

/// What a path has to carry for everything to go out: pictures, sound, protocol, in kbit/s.
pub(super) const DEMAND: f64 = (4500.0 + 128.0) * 1.012;
/// Bytes on the wire for each of TCP payload: links are named by the former.
const WIRE: f64 = 1.05;

pub(super) fn base(kbps: u32) -> Base {
    Base::for_tests(Rate {
        control: RateControl::Constant,
        kbps,
    })
}

pub(super) fn link(kbps: f64) -> Weather {
    Weather {
        kbps: kbps / WIRE,
        ..Weather::default()
    }
}

pub(super) fn cast(course: Course, seconds: f64) -> Cast {
    Cast {
        base: base(4500),
        policy: Policy::default(),
        courses: vec![course],
        players: vec![Player { path: 0, line: 0 }],
        content: Vec::new(),
        viewers: Vec::new(),
        seconds,
        seed: 1,
        is_on: true,
    }
}

fn rates(report: &Report) -> impl Iterator<Item = (f64, u32)> {
    report.changes.iter().filter_map(|(at, change)| match change.what {
        What::Rate(_, rate) => Some((at.as_secs_f64(), rate.kbps)),
        _ => None,
    })
}

/// How much was carried of what could have been, where neither more than the demand could.
pub(super) fn served(report: &Report, demand: f64, from: f64, to: f64) -> f64 {
    let within = report.ticks.iter().filter(|tick| (from..to).contains(&tick.at));
    let (carried, could) = within.fold((0.0, 0.0), |(carried, could), tick| {
        (carried + tick.carried_kbps, could + tick.path_kbps.min(demand))
    });
    carried / could.max(1.0)
}

#[test]
fn a_link_that_falls_to_a_fifth_and_comes_back() {
    // Wherever in a GOP it falls, but while an IDR waits: that takes at 1 Mbit/s as long as it takes.
    for offset in [0.6, 0.9, 1.2, 1.5, 1.7] {
        let fall = 20.0 + offset;
        let report = rehearse(cast(
            vec![(0.0, link(5000.0)), (fall, link(1000.0)), (60.0, link(5000.0))],
            90.0,
        ));
        let text = format!("{offset}: {:?}", rates(&report).collect::<Vec<_>>());
        let first = rates(&report).find(|(at, _)| *at >= fall).unwrap();
        assert!(first.0 - fall < 0.25 && first.1 < 1300, "{text}");
        assert!(
            report.worst_lag(0, fall - 0.3, fall + 2.0) <= 1.0,
            "{} {text}",
            report.worst_lag(0, fall - 0.3, fall + 2.0)
        );
        assert!(report.worst_lag(0, fall + 2.0, 90.0) <= 0.5, "{text}");
        assert!(
            report.used(fall + 5.0, 59.0) >= 0.9,
            "{} {text}",
            report.used(fall + 5.0, 59.0)
        );
        assert!(report.full_from(4500.0, 60.0).unwrap() <= 75.0, "{text}");
        assert_eq!(report.lost, [0], "{text}");
        let shapes = report
            .changes
            .iter()
            .filter(|(_, change)| matches!(change.what, What::FrameRate(..) | What::Size(..)));
        assert_eq!(shapes.count(), 0, "24 pictures a second and more: {text}");
    }
}

#[test]
fn a_link_that_carries_everything_is_left_alone() {
    for kbps in [5000.0, 5500.0, 20_000.0] {
        let report = rehearse(cast(vec![(0.0, link(kbps))], 120.0));
        assert_eq!(rates(&report).collect::<Vec<_>>(), [], "IDRs alarm nobody at {kbps}");
    }
}

#[test]
fn losses_are_not_taken_for_a_limit() {
    let weather = |kbps| Weather {
        rtt_ms: 80.0,
        loss: 0.02,
        ..link(kbps)
    };
    let (mut on, mut off) = (0.0, 0.0);
    for seed in 0..4 {
        let play = |is_on| {
            rehearse(Cast {
                seed,
                is_on,
                ..cast(vec![(0.0, weather(3000.0))], 60.0)
            })
        };
        let carried = |report: &Report| report.ticks.iter().map(|tick| tick.carried_kbps).sum::<f64>();
        let report = play(true);
        on += carried(&report);
        off += carried(&play(false));
        assert!(report.lag(0, 0.95) < 0.5, "{}", report.lag(0, 0.95));
    }
    assert!(on / off > 0.85, "of what TCP itself gets through: {}", on / off);
}

#[test]
fn an_outage_ends_at_the_floor_and_in_a_climb() {
    let mut rehearsal = Rehearsal::new(cast(
        vec![(0.0, link(5000.0)), (20.0, link(0.0)), (30.0, link(5000.0))],
        60.0,
    ));
    let mut whys = Vec::new();
    while rehearsal.step() {
        let state = rehearsal.director().state();
        whys.extend((state.lines[0].phase == Phase::Out).then(|| state.lines[0].why.clone()));
    }
    let report = rehearsal.report();
    let lowest = rates(report).map(|(_, kbps)| kbps).min();
    assert_eq!(lowest, Some(Policy::default().network.floor_kbps));
    assert!(
        whys.iter()
            .all(|why| why.starts_with("destination 1 has confirmed nothing for")),
        "{whys:?}"
    );
    assert!((8..12).contains(&(whys.len() / 200)), "{} s", whys.len() / 200);
    assert!(report.full_from(4500.0, 30.0).unwrap() <= 45.0);
    assert!(report.worst_lag(0, 33.0, 60.0) <= 0.5);
}

#[test]
fn a_competitor_gets_its_share_and_no_more() {
    let weather = |rivals| Weather { rivals, ..link(5000.0) };
    let report = rehearse(cast(
        vec![(0.0, weather(0)), (20.0, weather(1)), (60.0, weather(0))],
        90.0,
    ));
    assert!(
        served(&report, DEMAND, 25.0, 60.0) > 0.3,
        "{}",
        served(&report, DEMAND, 25.0, 60.0)
    );
    assert!(report.lag(0, 0.95) < 0.5);
    assert!(report.full_from(4500.0, 60.0).unwrap() <= 75.0);
}

#[test]
fn easy_pictures_prove_nothing() {
    // From 1 to 5 Mbit/s while the pictures cost 300 kbit/s: nothing shows that more would be carried, so nothing is promised.
    let course = vec![(0.0, link(5000.0)), (10.0, link(1000.0)), (30.0, link(5000.0))];
    let still = Cast {
        content: vec![(0.0, f64::MAX), (25.0, 300.0), (60.0, f64::MAX)],
        ..cast(course.clone(), 90.0)
    };
    let report = rehearse(still);
    assert!(
        report.mean_target(40.0, 59.0) < 1500.0,
        "{}",
        report.mean_target(40.0, 59.0)
    );
    assert!(report.full_from(4500.0, 60.0).unwrap() <= 75.0);
    // And where it falls meanwhile, that costs nobody anything.
    let falls = Cast {
        content: vec![(0.0, 300.0), (40.0, f64::MAX)],
        ..cast(vec![(0.0, link(5000.0)), (10.0, link(1000.0))], 60.0)
    };
    let report = rehearse(falls);
    assert!(report.worst_lag(0, 0.0, 39.0) < 0.5);
    assert!(report.worst_lag(0, 44.0, 60.0) < 0.5);
}

#[test]
fn one_slow_destination_is_left_behind() {
    let two = Cast {
        courses: vec![
            vec![(0.0, link(8000.0))],
            vec![(0.0, link(8000.0)), (10.0, link(600.0)), (50.0, link(8000.0))],
        ],
        players: vec![Player { path: 0, line: 0 }, Player { path: 1, line: 0 }],
        ..cast(Vec::new(), 80.0)
    };
    let report = rehearse(two);
    let told: Vec<(i64, bool)> = report
        .changes
        .iter()
        .filter_map(|(at, change)| match &change.what {
            What::LeftBehind(name, is_left) if name == "destination 2" => Some((at.to_millis() / 1000, *is_left)),
            _ => None,
        })
        .collect();
    assert!(matches!(told[..], [(10..=15, true), (50..=75, false)]), "{told:?}");
    assert!(
        report.mean_target(15.0, 50.0) > 4400.0,
        "the show goes on: {}",
        report.mean_target(15.0, 50.0)
    );
    assert!(report.worst_lag(0, 0.0, 80.0) < 0.5);
    assert_eq!(report.lost[0], 0);
}

#[test]
fn who_is_left_alone_is_not_left_behind() {
    let two = Cast {
        courses: vec![vec![(0.0, link(8000.0))], vec![(0.0, link(1000.0))]],
        players: vec![Player { path: 0, line: 0 }, Player { path: 1, line: 0 }],
        ..cast(Vec::new(), 40.0)
    };
    let mut rehearsal = Rehearsal::new(two);
    let mut has_gone = false;
    while rehearsal.step() {
        let now = rehearsal.report().ticks.last().map_or(0.0, |tick| tick.at);
        if now > 15.0 && !has_gone {
            has_gone = true;
            assert!(rehearsal.director().state().destinations[1].is_left_behind);
            rehearsal.director().gone("destination 1");
        }
    }
    assert!(!rehearsal.director().state().destinations[0].is_left_behind);
    let target = rehearsal.report().mean_target(25.0, 40.0);
    assert!((600.0..1000.0).contains(&target), "{target}");
}

#[test]
fn a_slower_destination_that_is_not_far_behind_sets_the_rate() {
    let two = Cast {
        courses: vec![
            vec![(0.0, link(8000.0))],
            vec![(0.0, link(8000.0)), (10.0, link(3500.0))],
        ],
        players: vec![Player { path: 0, line: 0 }, Player { path: 1, line: 0 }],
        ..cast(Vec::new(), 40.0)
    };
    let report = rehearse(two);
    assert!(
        !report
            .changes
            .iter()
            .any(|(_, change)| matches!(change.what, What::LeftBehind(..)))
    );
    let target = report.mean_target(20.0, 40.0);
    assert!((2600.0..3400.0).contains(&target), "{target}");
    assert!(report.worst_lag(1, 14.0, 40.0) < 0.5);
}

#[test]
fn one_uplink_is_shared() {
    let players = vec![Player { path: 0, line: 0 }, Player { path: 0, line: 0 }];
    // Felt: all choke at once.
    let felt = rehearse(Cast {
        players: players.clone(),
        ..cast(vec![(0.0, link(12_000.0)), (10.0, link(4000.0))], 50.0)
    });
    assert!(
        !felt
            .changes
            .iter()
            .any(|(_, change)| matches!(change.what, What::LeftBehind(..)))
    );
    assert!(felt.used(20.0, 50.0) > 0.9, "{}", felt.used(20.0, 50.0));
    for destination in 0..2 {
        assert!(felt.worst_lag(destination, 14.0, 50.0) < 0.5);
    }
    // Known: nobody ever chokes.
    let known = rehearse(Cast {
        players,
        base: Base {
            uplink_kbps: Some(4000),
            ..base(4500)
        },
        ..cast(vec![(0.0, link(4000.0))], 50.0)
    });
    assert!(known.worst_lag(0, 5.0, 50.0) < 0.6, "{}", known.worst_lag(0, 5.0, 50.0));
    assert!(known.used(10.0, 50.0) > 0.85, "{}", known.used(10.0, 50.0));
}

#[test]
fn a_narrow_link_costs_frame_rate_then_size_then_sound() {
    let report = rehearse(cast(
        vec![(0.0, link(5000.0)), (10.0, link(300.0)), (60.0, link(5000.0))],
        140.0,
    ));
    let kind = |change: &Change| match change.what {
        What::FrameRate(_, divisor) => Some(format!("1/{divisor}")),
        What::Size(_, _, height) => Some(height.to_string()),
        What::Sound { kbps } => Some(format!("sound {kbps}")),
        _ => None,
    };
    let order: Vec<String> = report.changes.iter().filter_map(|(_, change)| kind(change)).collect();
    let position = |word: &str| {
        order
            .iter()
            .position(|known| known == word)
            .unwrap_or_else(|| panic!("{order:?}"))
    };
    assert!(position("1/2") < position("480"), "{order:?}");
    assert!(order.contains(&"sound 64".to_owned()), "{order:?}");
    assert_eq!(order.last().map(String::as_str), Some("1/1"), "{order:?}");
    assert!(order.contains(&"sound 128".to_owned()), "{order:?}");
    let worst = report
        .changes
        .iter()
        .filter_map(|(_, change)| match change.what {
            What::Quality(quality) => Some(quality),
            _ => None,
        })
        .collect::<Vec<_>>();
    assert!(
        worst.contains(&Quality::Poor) && worst.last() == Some(&Quality::Good),
        "{worst:?}"
    );
}

#[test]
fn every_change_has_a_reason_that_names_both_ends() {
    let report = rehearse(cast(vec![(0.0, link(5000.0)), (20.0, link(1000.0))], 40.0));
    for (_, change) in &report.changes {
        assert!(!change.reason.is_empty() && !change.reason.contains('\n'));
        if let What::Rate(_, rate) = change.what {
            assert!(
                change.reason.contains(&format!("→ {} kbit/s: ", rate.kbps)),
                "{}",
                change.reason
            );
        }
    }
    let (_, first) = &report.changes[0];
    assert!(
        first.reason.starts_with("4500 → ") && first.reason.contains("destination 1 carries"),
        "{}",
        first.reason
    );
}

#[test]
fn a_trace_of_a_fall_rebuilds_the_fall() {
    use crate::adapt::{Trace, TraceEntry, trace_header};
    let course = vec![(0.0, link(5000.0)), (10.0, link(1000.0)), (30.0, link(5000.0))];
    let mut rehearsal = Rehearsal::new(cast(course.clone(), 50.0));
    let mut text = trace_header(&base(4500), "steady") + "\n";
    while rehearsal.step() {
        for (destination, sample) in rehearsal.looks() {
            text += &(TraceEntry::Sample { destination, sample }.to_line() + "\n");
        }
    }
    let trace = Trace::read(text.as_bytes()).unwrap();
    let again = cast_of(&trace, Policy::default()).unwrap();
    assert_eq!((again.players.len(), again.courses.len()), (1, 1));
    let kbps = |from: f64, to: f64| {
        let within: Vec<f64> = again.courses[0]
            .iter()
            .filter(|(at, _)| (from..to).contains(at))
            .map(|(_, weather)| weather.kbps)
            .collect();
        within.iter().sum::<f64>() / within.len() as f64
    };
    assert!((900.0..1100.0).contains(&kbps(12.0, 29.0)), "{}", kbps(12.0, 29.0));
    assert!(
        kbps(3.0, 9.0) > 4500.0 && kbps(42.0, 50.0) > 4500.0,
        "{} {}",
        kbps(3.0, 9.0),
        kbps(42.0, 50.0)
    );
    let report = rehearse(again);
    assert!(report.mean_target(13.0, 29.0) < 1000.0);
    assert!(
        report.worst_lag(0, 13.0, 29.0) < 0.6,
        "{}",
        report.worst_lag(0, 13.0, 29.0)
    );
}
