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
use common::peer;
use common::studio::Studio;

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
    let mut studio = Studio::start(&["scenes/demo.toml", "--publish", &nginx.url("demo"), "--for", "30s"]);
    let received = Pull::start(&nginx.url("demo"), 27.0).finish(Duration::from_secs(40));
    assert_is_a_clean_show(&received);
    assert_is_in_sync(&received, 22);
    let flashes = received.flashes();
    assert!(
        flashes[0] < 5.0 && *flashes.last().unwrap() > 24.5,
        "from the first seconds to the end: {flashes:?}"
    );
    assert_eq!(gaps(&received.numbers()), [], "every frame of the program arrived");
    assert_eq!(studio.wait_end(Duration::from_secs(15)), Some(0));
    let log = studio.whole_log();
    assert!(log.contains("its time is up"), "{log}");
    assert!(!log.contains("/live/demo"), "the stream key is in the log: {log}");
}
