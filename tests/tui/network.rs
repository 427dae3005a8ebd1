//! The page of the network: what is sent and why, how destinations are reached, who watches.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::wildcard_imports,
    dead_code,
    missing_docs
)]

use crate::tui_fixture;
use insta::assert_snapshot;
use rigcast::adapt;
use rigcast::audience::Standing;
use rigcast::media::{Rate, RateControl, TimeDelta, Timestamp};
use rigcast::studio::model::*;
use tui_fixture::*;

/// A show whose network has become poor for one of its destinations, with a bitrate that the operator holds.
pub fn adapting() -> Studio {
    let mut studio = studio();
    let names: Vec<String> = studio.destinations.iter().map(|known| known.name.clone()).collect();
    let reached = |name: &String, quality, carried_kbps, wait_ms, is_left_behind| adapt::DestinationState {
        name: name.clone(),
        line: 0,
        quality,
        carried_kbps,
        wait: TimeDelta::from_millis(wait_ms),
        is_left_behind,
    };
    studio.encoder.video_kbps = 870;
    studio.encoder.divisor = 2;
    studio.adapt.state = AdaptState {
        is_on: true,
        policy: "steady".to_owned(),
        quality: Quality::Fair,
        tier: Tier::Good,
        viewers: Some(312),
        lines: vec![adapt::LineState {
            name: "source".to_owned(),
            rate: Rate {
                control: RateControl::Constant,
                kbps: 870,
            },
            base_kbps: 2500,
            made_kbps: 861,
            width: 1280,
            height: 720,
            divisor: 2,
            phase: adapt::Phase::Holding,
            capacity_kbps: Some(1010),
            why: "2500 → 870 kbit/s: twitch carries 980 and 310 ms wait".to_owned(),
        }],
        sound: adapt::SoundState::default(),
        ladder: 2,
        destinations: vec![
            reached(&names[0], Quality::Fair, 982, 31, false),
            reached(&names[1], Quality::Poor, 210, 2150, true),
        ],
        pins: vec![Pin::FrameRate(0, 2)],
    };
    studio.adapt.audience = vec![
        SourceCount {
            name: "relay".to_owned(),
            viewers: Some(12),
            standing: Standing::Fresh,
            problem: None,
        },
        SourceCount {
            name: "stat".to_owned(),
            viewers: Some(300),
            standing: Standing::Held,
            problem: Some("stat.example.org: 500 Internal Server Error".to_owned()),
        },
    ];
    for (at, reason) in [
        (1_140_000, "audience good: 312 viewers"),
        (1_152_150, "2500 → 870 kbit/s: twitch carries 980 and 310 ms wait"),
        (1_152_650, "network fair: twitch 39 %, 310 ms wait"),
    ] {
        studio.adapt.remember(Adapted {
            at: Timestamp::from_millis(at),
            reason: reason.to_owned(),
        });
    }
    studio
}

fn after(studio: Studio, columns: u16, rows: u16, keys: &str) -> Screen {
    let mut screen = Screen::of(studio, columns, rows);
    if !keys.is_empty() {
        screen.act(keys);
    }
    screen.with_pictures()
}

#[test]
fn the_page_tells_what_is_sent_and_why() {
    assert_snapshot!("network_page_80x24", after(adapting(), 80, 24, "N").text());
    assert_snapshot!("network_page_120x34", after(adapting(), 120, 34, "N").text());
    assert_snapshot!("network_page_200x50", after(adapting(), 200, 50, "N").text());
    assert_snapshot!("network_page_60x16", after(adapting(), 60, 16, "N").text());
}

#[test]
fn a_show_that_does_not_adapt_says_so() {
    let text = after(studio(), 120, 34, "N").text();
    assert!(
        text.contains("OFF") && text.contains("nobody says how many watch"),
        "{text}"
    );
    assert!(text.contains("nothing was changed yet"), "{text}");
}

#[test]
fn a_network_that_is_not_good_is_told_everywhere() {
    let mut studio = adapting();
    studio.destinations[0].state = DestinationState::Live;
    let text = after(studio, 120, 34, "").text();
    let status = text.lines().next().unwrap();
    assert!(status.contains("network fair"), "{text}");
    assert!(
        text.lines().any(|line| line.contains("live") && line.contains("fair")),
        "{text}"
    );
}
