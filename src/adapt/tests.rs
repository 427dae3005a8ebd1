//! The controller as a studio meets it: tiers, pins, on and off, and what is told when.

use super::*;
use crate::media::{FrameRate, Rate, RateControl, TimeDelta, Timestamp};

fn line(name: &str, width: u32, height: u32, kbps: u32) -> LineBase {
    LineBase {
        name: name.to_owned(),
        width,
        height,
        frame_rate: FrameRate::whole(30),
        rate: Rate {
            control: RateControl::Constant,
            kbps,
        },
        gop: TimeDelta::from_millis(2000),
    }
}

fn base() -> Base {
    Base {
        lines: vec![
            line("source", 1280, 720, 4000),
            line("480p", 854, 480, 1200),
            line("360p", 640, 360, 700),
        ],
        sound: SoundBase {
            kbps: 160,
            sample_rate: 48_000,
        },
        uplink_kbps: None,
    }
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(ms)
}

fn frugal() -> Policy {
    let mut policy = Policy {
        name: "frugal".to_owned(),
        ..Policy::default()
    };
    let shares = [
        (0.6, Some(1), 96, Some(44_100)),
        (0.8, Some(2), 128, None),
        (1.0, None, 200, None),
    ];
    policy.tiers.spent = shares.map(|(ceiling, ladder, sound_kbps, sample_rate)| TierPolicy {
        ceiling,
        ladder,
        sound_kbps: Some(sound_kbps),
        sample_rate,
        spending: None,
    });
    policy
}

/// Every change until `to`, asked for every 50 ms.
fn run(director: &mut Director, from: i64, to: i64) -> Vec<Change> {
    (from / 50..to / 50)
        .flat_map(|step| director.decide(at(step * 50)))
        .collect()
}

fn whats(changes: &[Change]) -> Vec<What> {
    changes.iter().map(|change| change.what.clone()).collect()
}

fn constant(line: usize, kbps: u32) -> What {
    What::Rate(
        line,
        Rate {
            control: RateControl::Constant,
            kbps,
        },
    )
}

#[test]
fn the_default_changes_nothing_for_any_audience() {
    let mut director = Director::new(base(), Policy::default());
    for (second, viewers) in [(0, Some(5)), (10, Some(50_000)), (20, None), (30, Some(0))] {
        director.audience(viewers, at(second * 1000));
        let changes = run(&mut director, second * 1000, (second + 10) * 1000);
        assert!(
            whats(&changes).iter().all(|what| matches!(what, What::Tier(_))),
            "{changes:?}"
        );
    }
}

#[test]
fn tiers_change_ceiling_ladder_and_sound() {
    let mut director = Director::new(base(), frugal());
    director.audience(Some(50), at(0));
    let changes = run(&mut director, 0, 1000);
    let expected = [
        What::Ladder(1),
        constant(0, 2400),
        constant(1, 720),
        constant(2, 420),
        What::SoundRate(44_100),
        What::Sound { kbps: 96 },
    ];
    assert_eq!(whats(&changes), expected);
    assert_eq!(changes[1].reason, "4000 → 2400 kbit/s: audience normal, 50 viewers");

    director.audience(Some(500), at(1000));
    let changes = run(&mut director, 1000, 10_000);
    assert!(
        whats(&changes).starts_with(&[What::Tier(Tier::Good), What::Ladder(2)]),
        "{changes:?}"
    );
    assert_eq!(director.state().lines[0].rate.kbps, 3200, "no network says otherwise");
    director.audience(Some(5000), at(10_000));
    run(&mut director, 10_000, 20_000);
    let state = director.state();
    assert_eq!(
        (state.tier, state.viewers, state.ladder),
        (Tier::Excellent, Some(5000), 2)
    );
    assert_eq!(
        state.lines.iter().map(|line| line.rate.kbps).collect::<Vec<_>>(),
        [4000, 1200, 700]
    );
    assert_eq!(
        (state.sound.kbps, state.sound.sample_rate),
        (160, 48_000),
        "never above the scene file"
    );

    // Statistics that are stale or fail keep the last tier.
    director.audience(None, at(20_000));
    assert_eq!(run(&mut director, 20_000, 200_000), []);
    assert_eq!(
        (director.state().tier, director.state().viewers),
        (Tier::Excellent, None)
    );
}

#[test]
fn what_is_pinned_holds_until_it_is_given_back() {
    let mut director = Director::new(base(), frugal());
    run(&mut director, 0, 1000);
    for pin in [
        Pin::Kbps(0, 5000),
        Pin::FrameRate(0, 2),
        Pin::Height(0, 480),
        Pin::SoundKbps(320),
        Pin::Tier(Tier::Good),
        Pin::Kbps(77, 1),
    ] {
        director.pin(pin);
    }
    let changes = run(&mut director, 1000, 2000);
    for what in [
        What::Tier(Tier::Good),
        constant(0, 5000),
        What::FrameRate(0, 2),
        What::Size(0, 854, 480),
        What::Sound { kbps: 320 },
    ] {
        let change = changes
            .iter()
            .find(|change| change.what == what)
            .unwrap_or_else(|| panic!("{what:?} {changes:?}"));
        assert!(change.reason.contains("held by the operator"), "{change:?}");
    }
    director.audience(Some(1_000_000), at(2000));
    assert_eq!(run(&mut director, 2000, 60_000), []);
    director.release(Some(PinKind::Kbps(0)));
    let changes = run(&mut director, 60_000, 61_000);
    assert_eq!(whats(&changes), [constant(0, 3200)]);
    assert!(changes[0].reason.ends_with("given back by the operator"), "{changes:?}");
    director.release(None);
    run(&mut director, 61_000, 70_000);
    let state = director.state();
    assert_eq!(
        (state.pins.len(), state.tier, state.sound.kbps),
        (0, Tier::Excellent, 160)
    );
    assert_eq!(
        (state.lines[0].divisor, state.lines[0].height, state.lines[0].rate.kbps),
        (1, 720, 4000)
    );
}

#[test]
fn off_is_as_the_scene_file_says() {
    let mut director = Director::new(base(), frugal());
    run(&mut director, 0, 1000);
    director.pin(Pin::Kbps(1, 300));
    director.set_on(false);
    let changes = run(&mut director, 1000, 2000);
    let state = director.state();
    assert!(!state.is_on);
    assert_eq!(
        state.lines.iter().map(|line| line.rate.kbps).collect::<Vec<_>>(),
        [4000, 300, 700]
    );
    assert_eq!(
        (state.sound.kbps, state.sound.sample_rate, state.ladder),
        (160, 48_000, 2)
    );
    let told = changes
        .iter()
        .filter(|change| change.reason.contains("as the scene file says"));
    assert!(told.count() >= 3, "{changes:?}");
    director.set_on(true);
    run(&mut director, 2000, 3000);
    assert_eq!(director.state().lines[0].rate.kbps, 2400);
}

#[test]
fn another_policy_takes_over_at_once() {
    let mut director = Director::new(base(), Policy::default());
    assert_eq!(run(&mut director, 0, 1000), []);
    director.set_policy(frugal());
    let changes = run(&mut director, 1000, 1100);
    assert!(whats(&changes).contains(&constant(0, 2400)), "{changes:?}");
    assert_eq!(director.state().policy, "frugal");
    director.set_policy(Policy::default());
    run(&mut director, 2000, 5000);
    assert_eq!(director.state().lines[0].rate.kbps, 4000);
}

#[test]
fn a_state_survives_its_journey_as_json() {
    let mut director = Director::new(base(), frugal());
    director.connected("twitch", 0, at(0));
    director.sample(
        "twitch",
        &Sample {
            at: at(50),
            ..Sample::default()
        },
    );
    director.pin(Pin::Height(0, 480));
    run(&mut director, 0, 1000);
    let state = director.state();
    let text = serde_json::to_string(&state).unwrap();
    assert_eq!(serde_json::from_str::<State>(&text).unwrap(), state);
}

#[test]
fn the_same_twice_is_the_same() {
    let play = || {
        let mut director = Director::new(base(), Policy::default());
        director.connected("twitch", 0, at(0));
        let mut changes = Vec::new();
        for step in 1..2000i64 {
            let written = step as u64 * 26_000;
            let sample = Sample {
                at: at(step * 50),
                connection: 1,
                written_bytes: written,
                confirmed_bytes: if step < 200 {
                    written - 2000
                } else {
                    200 * 26_000 + (step as u64 - 200) * 6000
                },
                ..Sample::default()
            };
            director.sample("twitch", &sample);
            changes.extend(director.decide(at(step * 50)));
        }
        changes
    };
    assert_eq!(play(), play());
    assert!(!play().is_empty());
}

proptest::proptest! {
    /// Whatever destinations claim, nothing panics, and nothing goes above the scene file or below the floor.
    #[test]
    fn no_samples_lead_astray(
        steps in proptest::collection::vec((0i64..400, 0u64..1 << 40, 0u64..1 << 40, 0u64..1 << 34, 0u32..3, 0u64..5), 1..120),
    ) {
        let mut director = Director::new(base(), Policy::default());
        let mut now = 0;
        for (passed, written, confirmed, queued, connection, dropped) in steps {
            now += passed;
            if connection == 0 {
                director.gone("a");
            } else {
                director.connected("b", connection as usize, at(now));
            }
            director.connected("a", 0, at(now));
            let sample = Sample {
                at: at(now),
                connection,
                written_bytes: written,
                confirmed_bytes: confirmed,
                media_bytes: written / 2,
                queued_bytes: queued,
                unsent_bytes: queued / 3,
                retransmits: confirmed % 50,
                rtt: (dropped > 2).then(|| TimeDelta::from_millis(passed * 7)),
                loss: (dropped > 3).then_some(1.0),
                idr_bytes: written,
                idr_at: Some(at(now - 40)),
                dropped_frames: dropped,
                ..Sample::default()
            };
            director.sample("a", &sample);
            director.sample("b", &sample);
            director.encoded(0, written, at(now));
            director.decide(at(now));
            for (line, asked) in director.state().lines.iter().zip(base().lines) {
                proptest::prop_assert!(line.rate.kbps <= asked.rate.kbps && line.rate.kbps >= 150);
            }
        }
    }
}
