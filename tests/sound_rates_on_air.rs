//! Sound at 44.1 kHz mono on its way through a real server: what arrives says so, and is in time with the picture.
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

use common::media::{Pull, Received};
use common::nginx::Nginx;
use common::pace::in_real_time;
use common::peer;
use common::studio::Studio;

#[test]
fn a_mono_show_at_44_1_khz_arrives_as_that_and_in_sync() {
    let (Some(nginx), Some(_)) = (Nginx::start(), peer("ffmpeg")) else {
        return;
    };
    in_real_time("44.1 kHz mono", |witness| {
        let url = nginx.url("mono");
        let settings = [
            "audio.sample_rate=44100",
            "audio.channels=mono",
            "audio.bitrate_kbps=96",
        ];
        let mut arguments = vec!["scenes/demo.toml", "--publish", &url];
        arguments.extend(settings.iter().flat_map(|setting| ["--set", *setting]));
        let mut studio = Studio::small(&arguments);
        let pulled = Pull::start(&url, 8.0).save(Duration::from_mins(1));
        let status = studio.status();
        witness.hear(&status);
        let encoder = &status["encoder"];
        assert_eq!(
            (
                &encoder["audio_kbps"],
                &encoder["audio_rate"],
                &encoder["audio_channels"]
            ),
            (&96.into(), &44_100.into(), &"mono".into())
        );
        studio.order("end");
        assert_eq!(studio.wait_end(Duration::from_mins(1)), Some(0));
        let received = Received::read(&pulled.path);
        let audio = received.streams.iter().find(|stream| stream["codec_type"] == "audio");
        let audio = audio.expect("a track of sound");
        assert_eq!(
            (&audio["codec_name"], &audio["sample_rate"], &audio["channels"]),
            (&"aac".into(), &"44100".into(), &1.into())
        );
        assert_eq!(received.complaints, "", "it decodes without a complaint");
        let offsets = received.offsets_ms();
        assert!(offsets.len() >= 5, "flashes with beeps: {offsets:?}");
        assert!(offsets.iter().all(|(_, offset)| offset.abs() < 20.0), "{offsets:?}");
    });
}
