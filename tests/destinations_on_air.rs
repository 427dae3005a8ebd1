//! One show to three servers: one is killed, one freezes, one is fine, and none of them knows of the others.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod common;

use std::time::Duration;

use common::media::{Pull, Received, gaps};
use common::nginx::Nginx;
use common::pace::{Witness, in_real_time_beside};
use common::studio::Studio;
use common::{PATIENCE, peer};
use serde_json::Value;

const KILLED: usize = 0;
const FROZEN: usize = 1;
const FINE: usize = 2;

fn state(status: &Value, at: usize) -> &str {
    status["destinations"][at]["state"]["state"]
        .as_str()
        .unwrap_or_default()
}

fn figure(status: &Value, at: usize, name: &str) -> u64 {
    status["destinations"][at]["stats"][name].as_u64().unwrap()
}

#[test]
fn each_of_three_destinations_has_its_own_fate() {
    let (Some(_), Some(_), Some(_)) = (peer("nginx"), peer("ffmpeg"), peer("ffprobe")) else {
        return;
    };
    in_real_time_beside("three destinations", |witness| {
        let servers = [Nginx::start(), Nginx::start(), Nginx::start()];
        let [Some(killed), Some(frozen), Some(fine)] = servers else {
            return;
        };
        each_has_its_own_fate(killed, &frozen, &fine, witness);
    });
}

fn each_has_its_own_fate(mut killed: Nginx, frozen: &Nginx, fine: &Nginx, witness: &Witness) {
    let urls = [killed.url("killed"), frozen.url("frozen"), fine.url("fine")];
    let args: Vec<&str> = urls.iter().flat_map(|url| ["--publish", url]).collect();
    let studio = Studio::small(&args);
    for at in [KILLED, FROZEN, FINE] {
        studio.wait_live(at);
    }
    let pull = Pull::start(&fine.url("fine"), 90.0);

    killed.kill();
    frozen.freeze();
    let lost = studio.wait_until("the loss of the killed one", PATIENCE, |status| {
        state(status, KILLED) == "backoff"
    });
    assert_eq!(state(&lost, FINE), "live");
    killed.resume();
    studio.wait_live(KILLED);

    // Noticed by what it does not read: that takes ten seconds.
    // It is tried again at once, so what it was lost for is in the events and not for long in its state.
    let lost = studio.wait_until("the frozen one to be noticed", PATIENCE, |status| {
        let name = format!(
            "destination {}",
            status["destinations"][FROZEN]["name"].as_str().unwrap()
        );
        let mut events = status["events"].as_array().unwrap().iter();
        events.any(|event| {
            let text = event["text"].as_str().unwrap();
            event["subject"] == name.as_str() && text.contains("has taken nothing for 10 s")
        })
    });
    assert_eq!((state(&lost, KILLED), state(&lost, FINE)), ("live", "live"));
    frozen.thaw();
    let ended = studio.wait_until("the frozen one to come back", PATIENCE, |status| {
        state(status, FROZEN) == "live"
    });

    pull.stop();
    let received = Received::read(&pull.save(Duration::from_mins(1)).path);
    witness.hear(&studio.status());
    assert!(received.frames.len() > 250, "{} frames", received.frames.len());
    assert_eq!(
        gaps(&received.numbers()),
        [],
        "every frame reached the one that is fine"
    );
    assert_eq!(received.complaints, "");
    for (at, connects) in [(KILLED, 2), (FROZEN, 2), (FINE, 1)] {
        assert!(
            figure(&ended, at, "connects") >= connects,
            "{at}: {}",
            ended["destinations"]
        );
    }
    assert_eq!((figure(&ended, FINE, "connects"), fine.publishes()), (1, 1));
    assert_eq!(
        figure(&ended, FINE, "dropped_frames") + figure(&ended, FINE, "dropped_audio"),
        0
    );
    assert!(
        figure(&ended, FROZEN, "dropped_frames") > 0,
        "what it did not read was left out"
    );
}
