//! The whole program against a real server: what viewers receive is what the scene says.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]

mod common;

use std::time::Duration;

use common::media::{Pull, Received, gaps};
use common::nginx::Nginx;
use common::pace::{Witness, in_real_time};
use common::studio::Studio;
use common::{PATIENCE, extent, peer, wait_for};

fn assert_is_a_clean_show(received: &Received) {
    let find = |kind: &str| {
        received
            .streams
            .iter()
            .find(|stream| stream["codec_type"] == kind)
            .unwrap()
    };
    let (video, audio) = (find("video"), find("audio"));
    assert_eq!(
        (&video["codec_name"], &video["width"], &video["height"]),
        (&"h264".into(), &1280.into(), &720.into())
    );
    assert_eq!(video["r_frame_rate"], "30/1");
    assert_eq!(
        (&audio["codec_name"], &audio["sample_rate"], &audio["channels"]),
        (&"aac".into(), &"48000".into(), &2.into())
    );
    let is_rising = |times: &[f64]| times.windows(2).all(|pair| pair[1] > pair[0]);
    assert!(is_rising(&received.video_dts), "video DTS rise");
    assert!(is_rising(&received.audio_pts), "audio PTS rise");
    assert_eq!(received.complaints, "", "it decodes without a complaint");
}

/// Flash and beep lie within 20 ms of each other, all along.
fn assert_is_in_sync(received: &Received, at_least: usize) {
    let offsets = received.offsets_ms();
    assert!(offsets.len() >= at_least, "flashes with beeps: {offsets:?}");
    for (flash, offset) in &offsets {
        assert!(
            offset.abs() < 20.0,
            "at {flash} s sound is {offset:.1} ms off: {offsets:?}"
        );
    }
}

#[test]
fn the_demo_reaches_nginx_in_sync_and_without_gaps() {
    let (Some(nginx), Some(_)) = (Nginx::start(), peer("ffmpeg")) else {
        return;
    };
    in_real_time("the demo", |witness| {
        let (lasts, seconds) = extent(("20s", 12), ("35s", 27));
        let mut studio = Studio::start(&["scenes/demo.toml", "--publish", &nginx.url("demo"), "--for", lasts]);
        let pulled = Pull::start(&nginx.url("demo"), f64::from(seconds)).save(Duration::from_mins(1));
        witness.hear(&studio.status());
        assert_eq!(studio.wait_end(Duration::from_mins(1)), Some(0));
        let received = Received::read(&pulled.path);
        assert_is_a_clean_show(&received);
        assert_is_in_sync(&received, seconds as usize - 5);
        let (first, flashes) = (received.video_pts[0], received.flashes());
        assert!(
            flashes[0] < first + 2.0 && *flashes.last().unwrap() > first + f64::from(seconds) - 4.0,
            "from {first} s to the end: {flashes:?}"
        );
        assert_eq!(gaps(&received.numbers()), [], "every frame of the program arrived");
        let log = studio.whole_log();
        assert!(log.contains("its time is up"), "{log}");
        assert!(!log.contains("/live/demo"), "the stream key is in the log: {log}");
    });
}

#[test]
fn a_killed_server_is_found_again_within_two_seconds() {
    let (Some(mut nginx), Some(_)) = (Nginx::start(), peer("ffmpeg")) else {
        return;
    };
    in_real_time("a killed server", |witness| killed_server(&mut nginx, witness));
}

fn killed_server(nginx: &mut Nginx, witness: &Witness) {
    let studio = Studio::small(&["--publish", &nginx.url("sk-secret-key")]);
    studio.wait_live(0);
    nginx.kill();
    let lost = studio.wait_until("the loss", PATIENCE, |status| state(status) == "backoff");
    let reason = lost["destinations"][0]["state"]["reason"].as_str().unwrap();
    assert!(
        reason.contains(&format!("127.0.0.1:{}", nginx.port)),
        "the peer is named: {reason}"
    );
    // An outage is an event that takes its time.
    std::thread::sleep(Duration::from_secs(extent(4, 10)));
    let before = nginx.publishes();
    nginx.resume();
    // The server's own account: somebody publishes to it again.
    wait_for("a new publisher", Duration::from_secs(2), || {
        (nginx.publishes() > before).then_some(())
    });
    let pulled = Pull::start(&nginx.url("sk-secret-key"), 5.0).save(Duration::from_mins(1));
    witness.hear(&studio.status());
    let received = Received::read(&pulled.path);
    assert_eq!(gaps(&received.numbers()), []);
    assert!(received.frames.len() > 30, "{} frames", received.frames.len());
    studio.wait_live(0);
    let connects = studio.status()["destinations"][0]["stats"]["connects"].as_u64();
    assert!(connects >= Some(2), "{connects:?} connections");
}

fn state(status: &serde_json::Value) -> &str {
    status["destinations"][0]["state"]["state"].as_str().unwrap_or_default()
}
