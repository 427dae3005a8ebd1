//! The controller against a thousand courses of weather by chance: nothing panics, nobody starves, and the target turns no more often
//! than the weather gives reason for.

use super::tests::{DEMAND, cast, served};
use super::*;
use crate::adapt::Phase;

/// Turns of the target by more than a fifth.
fn turns(report: &Report) -> usize {
    let (mut turns, mut is_up, mut extreme) = (0, true, 0.0f64);
    for tick in &report.ticks {
        let target = tick.target_kbps;
        if (is_up && target < extreme * 0.8) || (!is_up && target > extreme * 1.25) {
            (turns, is_up, extreme) = (turns + 1, !is_up, target);
        }
        extreme = if is_up {
            extreme.max(target)
        } else {
            extreme.min(target)
        };
    }
    turns
}

/// A course by chance.
fn chance(seed: u64) -> (&'static str, Cast) {
    let mut dice = Dice::new(seed);
    let seconds = 45.0;
    let (rtt_ms, buffer_ms) = (dice.between(5.0, 120.0), dice.between(80.0, 500.0));
    let weather = |kbps: f64| Weather {
        kbps,
        rtt_ms,
        buffer_ms,
        ..Weather::default()
    };
    let steps = |dice: &mut Dice, low: f64, high: f64| {
        let (mut course, mut at) = (Vec::new(), 0.0);
        while at < seconds {
            course.push((at, weather(dice.between(low, high))));
            at += dice.between(6.0, 20.0);
        }
        course
    };
    let plain = cast(Vec::new(), seconds);
    let (kind, cast) = match seed % 7 {
        0 => (
            "steps",
            Cast {
                courses: vec![steps(&mut dice, 500.0, 8000.0)],
                ..plain
            },
        ),
        1 => {
            let (mut course, mut kbps) = (Vec::new(), 3000.0f64);
            for half in 0..90 {
                course.push((f64::from(half) / 2.0, weather(kbps)));
                kbps = (kbps * dice.between(0.75, 1.33)).clamp(500.0, 8000.0);
            }
            (
                "walk",
                Cast {
                    courses: vec![course],
                    ..plain
                },
            )
        }
        2 => {
            let (kbps, from) = (dice.between(1000.0, 8000.0), dice.between(8.0, 20.0));
            let course = vec![
                (0.0, weather(kbps)),
                (from, weather(0.0)),
                (from + dice.between(0.3, 11.0), weather(kbps)),
            ];
            (
                "outage",
                Cast {
                    courses: vec![course],
                    ..plain
                },
            )
        }
        3 => {
            let loss = dice.between(0.001, 0.03);
            let course = vec![(
                0.0,
                Weather {
                    loss,
                    ..weather(dice.between(1500.0, 6000.0))
                },
            )];
            (
                "loss",
                Cast {
                    courses: vec![course],
                    ..plain
                },
            )
        }
        4 => {
            let kbps = dice.between(2000.0, 8000.0);
            let course = vec![
                (0.0, weather(kbps)),
                (
                    8.0,
                    Weather {
                        rivals: 1,
                        ..weather(kbps)
                    },
                ),
            ];
            (
                "rival",
                Cast {
                    courses: vec![course],
                    ..plain
                },
            )
        }
        5 => {
            let courses = vec![steps(&mut dice, 2000.0, 12_000.0), steps(&mut dice, 300.0, 8000.0)];
            let players = [0, 0, 1].map(|path| Player { path, line: 0 }).to_vec();
            (
                "several",
                Cast {
                    courses,
                    players,
                    ..plain
                },
            )
        }
        _ => {
            let (mut content, mut at) = (Vec::new(), 0.0);
            while at < seconds {
                content.push((
                    at,
                    if dice.share() < 0.5 {
                        dice.between(200.0, 1000.0)
                    } else {
                        f64::MAX
                    },
                ));
                at += dice.between(3.0, 12.0);
            }
            (
                "still",
                Cast {
                    courses: vec![steps(&mut dice, 500.0, 8000.0)],
                    content,
                    ..plain
                },
            )
        }
    };
    (kind, Cast { seed, ..cast })
}

/// Turns by more than a fifth that a minute may have, by kind: what wavers itself makes the target waver.
fn most_turns(kind: &str) -> usize {
    match kind {
        "loss" | "rival" | "walk" | "several" => 40,
        _ => 20,
    }
}

fn endure(seeds: impl Iterator<Item = u64>) {
    for seed in seeds {
        let (kind, cast) = chance(seed);
        let floor = f64::from(cast.policy.network.floor_kbps);
        let mut rehearsal = Rehearsal::new(cast.clone());
        while rehearsal.step() {
            if rehearsal.looks().is_empty() {
                continue;
            }
            let state = rehearsal.director().state();
            let line = &state.lines[0];
            assert!(
                line.rate.kbps <= 4500 && f64::from(line.rate.kbps) >= floor,
                "{kind} {seed}: {line:?}"
            );
            assert!(
                line.phase != Phase::Steady || line.rate.kbps == 4500,
                "{kind} {seed}: {line:?}"
            );
        }
        let report = rehearsal.report();
        let turns = turns(report);
        assert!(turns <= most_turns(kind), "{kind} {seed}: {turns} turns");
        starve(kind, seed, &cast, report);
    }
}

/// Nobody starves: once the weather has been the same for ten seconds, most of what is carried is used until it changes.
fn starve(kind: &str, seed: u64, cast: &Cast, report: &Report) {
    if ["walk", "still", "several"].contains(&kind) {
        return;
    }
    let course = &cast.courses[0];
    let ends = course.iter().skip(1).map(|(from, _)| *from).chain([cast.seconds]);
    for ((from, weather), to) in course.iter().zip(ends) {
        if to - from < 15.0 || weather.kbps < 600.0 {
            continue;
        }
        let demand = if kind == "rival" {
            DEMAND.min(weather.kbps / 2.0)
        } else {
            DEMAND
        };
        let used = served(report, demand, from + 10.0, to);
        let least = match kind {
            "loss" => 0.2,
            "rival" => 0.25,
            "outage" => 0.6,
            _ => 0.85,
        };
        assert!(
            used >= least,
            "{kind} {seed}: {used:.2} from {from:.1} to {to:.1} of {weather:?}"
        );
    }
}

#[test]
fn a_thousand_courses_first_quarter() {
    endure(0..250);
}

#[test]
fn a_thousand_courses_second_quarter() {
    endure(250..500);
}

#[test]
fn a_thousand_courses_third_quarter() {
    endure(500..750);
}

#[test]
fn a_thousand_courses_last_quarter() {
    endure(750..1000);
}
