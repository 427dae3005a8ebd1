//! The audience of a running show: counts from a stat page become tiers, and tiers what viewers get.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::common::nginx::Nginx;
use crate::common::studio::Studio;
use crate::common::{PATIENCE, peer, wait_for};
use crate::stat_server::{Manner, StatServer};
use serde_json::Value;

/// What the policy says of each tier, and what that is of 1200 kbit/s.
const POLICY: &str = r#"
title = "as many bits as there are people to see them"
[audience]
rise_after_s = 0
fall_after_s = 0
[tier.normal]
ceiling_percent = 50
sound_kbps = 64
sample_rate = 44100
[tier.good]
ceiling_percent = 75
sound_kbps = 96
[tier.excellent]
ceiling_percent = 100
sound_kbps = 160
"#;

/// A moving picture with noise, which takes all the bits that it is given.
fn clip(folder: &Path) {
    let made = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-y", "-f", "lavfi", "-i"])
        .arg("testsrc2=s=640x360:r=30:d=4,noise=alls=24:allf=t")
        .args(["-f", "lavfi", "-i", "sine=f=440:r=48000:d=4"])
        .args([
            "-c:v",
            "libx264",
            "-preset",
            "ultrafast",
            "-qp",
            "16",
            "-pix_fmt",
            "yuv420p",
            "-c:a",
            "aac",
            "-shortest",
        ])
        .arg(folder.join("clip.mp4"))
        .status();
    assert!(made.unwrap().success());
}

/// What a viewer gets who pulls four seconds: kbit/s of pictures, kbit/s of sound, samples per second, and lines of the picture.
fn pulled(url: &str, folder: &Path) -> (f64, f64, u64, u64) {
    let file = folder.join("pulled.flv");
    let pull = Command::new("ffmpeg")
        .args([
            "-v",
            "error",
            "-nostdin",
            "-y",
            "-rw_timeout",
            "20000000",
            "-i",
            url,
            "-t",
            "4",
            "-c",
            "copy",
        ])
        .arg(&file)
        .status();
    assert!(pull.unwrap().success());
    let probe = Command::new("ffprobe")
        .args([
            "-v",
            "error",
            "-of",
            "json",
            "-show_entries",
            "stream=codec_type,sample_rate,height:packet=codec_type,pts_time,size",
        ])
        .arg(&file)
        .output()
        .unwrap();
    let probed: Value = serde_json::from_slice(&probe.stdout).unwrap();
    let packets = probed["packets"].as_array().unwrap();
    let kbps = |kind: &str| {
        let of_kind = packets.iter().filter(|packet| packet["codec_type"] == kind);
        let number = |packet: &Value, key: &str| packet[key].as_str().unwrap().parse::<f64>().unwrap();
        let sizes: Vec<(f64, f64)> = of_kind
            .map(|packet| (number(packet, "pts_time"), number(packet, "size")))
            .collect();
        let (first, last) = (sizes[0].0, sizes[sizes.len() - 1].0);
        sizes.iter().map(|(_, size)| size * 0.008).sum::<f64>() / (last - first)
    };
    let streams = probed["streams"].as_array().unwrap();
    let sound = streams.iter().find(|stream| stream["codec_type"] == "audio").unwrap();
    let rate = sound["sample_rate"].as_str().unwrap().parse().unwrap();
    let pictures = streams.iter().find(|stream| stream["codec_type"] == "video").unwrap();
    (kbps("video"), kbps("audio"), rate, pictures["height"].as_u64().unwrap())
}

#[test]
fn what_a_tier_says_is_what_viewers_get() {
    let (Some(_), Some(_), Some(nginx)) = (peer("ffmpeg"), peer("ffprobe"), Nginx::start()) else {
        return;
    };
    let stats = StatServer::start();
    stats.set_viewers(50);
    let folder = tempfile::tempdir().unwrap();
    clip(folder.path());
    fs::write(folder.path().join("tiers.toml"), POLICY).unwrap();
    let scene = folder.path().join("show.toml");
    let text = format!(
        "[video]\nwidth = 640\nheight = 360\nframe_rate = 30\nbitrate_kbps = 1200\n[audio]\nbitrate_kbps = 128\n\
         [adapt]\npolicy = \"./tiers.toml\"\n[audience.stat]\nkind = \"nginx-rtmp\"\nurl = \"{}\"\nevery_s = 1\n\
         [source.clip]\nkind = \"file\"\npath = \"clip.mp4\"\nloop = true\n[scene.clip]\nitems = [{{ source = \"clip\" }}]\n",
        stats.url("/stat")
    );
    fs::write(&scene, text).unwrap();
    let url = nginx.url("show");
    let mut studio = Studio::start(&[scene.to_str().unwrap(), "--publish", &url]);
    let table = [
        (50, "normal", 600, 64, 44_100),
        (500, "good", 900, 96, 48_000),
        (5000, "excellent", 1200, 128, 48_000),
    ];
    for (viewers, tier, video_kbps, sound_kbps, sample_rate) in table {
        stats.set_viewers(viewers);
        let status = studio.wait_until(&format!("tier {tier}"), PATIENCE, |status| {
            let encoder = &status["encoder"];
            status["adapt"]["tier"] == tier
                && status["adapt"]["viewers"] == viewers
                && encoder["video_kbps"] == video_kbps
                && encoder["audio_kbps"] == sound_kbps
                && encoder["audio_rate"] == sample_rate
                && status["destinations"][0]["state"]["state"] == "live"
        });
        assert_eq!(status["adapt"]["policy"], "tiers", "{status}");
        // What is on its way when the encoder changes, and what the server kept of the tier before, is of another rate.
        let (video, sound) = wait_for("sound at the rate of the tier", PATIENCE, || {
            let (video, sound, rate, _) = pulled(&url, folder.path());
            eprintln!("{viewers} viewers: {video:.0} and {sound:.0} kbit/s, {rate} Hz");
            (rate == sample_rate).then_some((video, sound))
        });
        let (wanted, wanted_sound) = (f64::from(video_kbps), f64::from(sound_kbps));
        // A machine that is late leaves pictures out, and the server may begin with what it kept of the tier before.
        assert!(
            (0.7 * wanted..1.25 * wanted).contains(&video),
            "{tier}: {video:.0} of {wanted} kbit/s"
        );
        assert!(
            (0.8 * wanted_sound..1.25 * wanted_sound).contains(&sound),
            "{tier}: {sound:.0} of {wanted_sound}"
        );
    }
    // Another size is another encoder, in the same connection; and no worker is lost for it.
    for (order, lines) in [("adapt pin height 240", 240), ("adapt release", 360)] {
        studio.order(order);
        wait_for("pictures of the other size", PATIENCE, || {
            (pulled(&url, folder.path()).3 == lines).then_some(())
        });
    }
    let status = studio.status();
    assert_eq!(
        status["destinations"][0]["stats"]["connects"], 1,
        "all of it in one connection"
    );
    let workers = status["workers"].as_array().unwrap();
    assert!(workers.iter().all(|worker| worker["losses"] == 0), "{workers:?}");
    let changes = status["adapt"]["changes"].as_array().unwrap();
    assert!(
        changes
            .iter()
            .any(|change| change["reason"].as_str().unwrap().contains("5000 viewers")),
        "each change says why: {changes:?}"
    );

    // A page that does not answer changes nothing, and that is said.
    stats.set_manner(Manner::Answer(500, String::new(), "no".to_owned()));
    studio.wait_until("the failing page told", PATIENCE, |status| {
        let source = &status["adapt"]["audience"][0];
        source["name"] == "stat"
            && source["problem"]
                .as_str()
                .is_some_and(|problem| problem.contains("500"))
    });
    assert_eq!(studio.status()["adapt"]["tier"], "excellent");
    studio.wait_for_log("audience", PATIENCE);
    // A held tier holds whatever is counted, until it is given back.
    stats.set_manner(Manner::Page);
    studio.order("adapt pin tier normal");
    studio.wait_until("the held tier", PATIENCE, |status| {
        status["encoder"]["video_kbps"] == 600
    });
    studio.order("adapt release");
    studio.wait_until("the tier of the count", PATIENCE, |status| {
        status["encoder"]["video_kbps"] == 1200
    });
}
