//! The ladder, the relay and the recording of a running show, as those at the other end get them.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]

mod common;

use std::io::ErrorKind;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use common::media::{Pull, Received, gaps};
use common::nginx::Nginx;
use common::pace::in_real_time_beside;
use common::studio::Studio;
use common::{PATIENCE, peer, wait_for};
use serde_json::Value;
use tungstenite::{Message, WebSocket};

/// A viewer of the relay: what its page would get.
struct Viewer {
    socket: WebSocket<TcpStream>,
}

/// The kinds of messages, as docs/relay.md has them.
const CONFIG: u8 = 1;
const PICTURE: u8 = 2;
const SOUND: u8 = 3;

impl Viewer {
    fn open(url: &str, rendition: &str) -> Self {
        let host = url.strip_prefix("http://").unwrap().trim_end_matches('/');
        let stream = TcpStream::connect(host).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let address = format!("ws://{host}/ws/studio?rendition={rendition}");
        let (socket, _) = tungstenite::client(address, stream).unwrap();
        Self { socket }
    }

    /// The next message: its kind, whether it is an IDR, its PTS in µs, and the rest.
    fn next(&mut self) -> (u8, bool, i64, Vec<u8>) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            assert!(Instant::now() < deadline, "no message");
            match self.socket.read() {
                Ok(Message::Binary(bytes)) => {
                    let pts = i64::from_le_bytes(bytes[4..12].try_into().unwrap());
                    return (bytes[0], bytes[1] & 1 != 0, pts, bytes[20..].to_vec());
                }
                Ok(_) => {}
                Err(tungstenite::Error::Io(error)) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// Reads until a message of `kind`.
    fn until(&mut self, kind: u8) -> (bool, i64, Vec<u8>) {
        loop {
            let (found, is_idr, pts, payload) = self.next();
            if found == kind {
                return (is_idr, pts, payload);
            }
        }
    }
}

fn relay_url(studio: &Studio) -> String {
    let status = studio.wait_until("the relay", PATIENCE, |status| {
        status["relay"]["url"].as_str().is_some_and(|url| !url.is_empty())
    });
    status["relay"]["url"].as_str().unwrap().to_owned()
}

fn workers(status: &Value) -> Vec<(String, String)> {
    let workers = status["workers"].as_array().unwrap().iter();
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    workers
        .map(|worker| (word(&worker["name"]), word(&worker["state"]["state"])))
        .collect()
}

#[test]
fn renditions_are_encoded_while_somebody_reads_them() {
    let studio = Studio::start(&["--relay", "127.0.0.1:0"]);
    let url = relay_url(&studio);
    let names = |status: &Value| workers(status).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    let status = studio.status();
    assert!(!names(&status).contains(&"encode 480p".to_owned()), "{status}");
    assert_eq!(status["stats"]["video_kbps"], 0, "nobody watches, nothing is encoded");

    let mut small = Viewer::open(&url, "480p");
    let (_, _, config) = small.until(CONFIG);
    let config: Value = serde_json::from_slice(&config).unwrap();
    assert_eq!(
        (&config["rendition"], &config["video"]["height"]),
        (&"480p".into(), &480.into()),
        "{config}"
    );
    let (is_idr, first, _) = small.until(PICTURE);
    assert!(is_idr, "a viewer begins with an IDR");
    let mut last = first;
    for _ in 0..30 {
        let (_, pts, _) = small.until(PICTURE);
        assert!(pts > last && pts - last < 200_000, "{last} then {pts}");
        last = pts;
    }
    small.until(SOUND);
    studio.wait_until("the encoder of 480p, and no other", PATIENCE, |status| {
        let rates = &status["renditions"];
        let is_on = workers(status).contains(&("encode 480p".to_owned(), "running".to_owned()));
        is_on && rates[0]["name"] == "480p" && rates[0]["measured_kbps"].as_u64() > Some(50)
    });
    assert_eq!(
        studio.status()["stats"]["video_kbps"],
        0,
        "the source is not encoded for it"
    );

    // The source for another viewer, at once; the first goes on.
    let mut large = Viewer::open(&url, "source");
    let (is_idr, ..) = large.until(PICTURE);
    assert!(is_idr);
    small.until(PICTURE);
    studio.wait_until("two viewers, on air", PATIENCE, |status| {
        status["relay"]["stats"]["viewers"] == 2 && status["stats"]["video_kbps"].as_u64() > Some(100)
    });
    drop((small, large));
    studio.wait_until("an encoder that rests when nobody watches", PATIENCE, |status| {
        workers(status).contains(&("encode 480p".to_owned(), "resting".to_owned()))
    });
}

#[test]
fn a_destination_takes_a_smaller_rendition_beside_one_that_takes_the_source() {
    let Some(nginx) = Nginx::start() else { return };
    if peer("ffmpeg").is_none() {
        return;
    }
    in_real_time_beside("two renditions at once", |witness| {
        let studio = Studio::start(&["--publish", &nginx.url("large")]);
        studio.order(&format!("destination add small {} 480p", nginx.url("small")));
        studio.wait_live(0);
        studio.wait_live(1);
        let pull = Pull::start(&nginx.url("small"), 5.0).save(Duration::from_mins(1));
        witness.hear(&studio.status());
        let received = Received::read(&pull.path);
        let video = received
            .streams
            .iter()
            .find(|stream| stream["codec_type"] == "video")
            .unwrap();
        assert_eq!((&video["width"], &video["height"]), (&854.into(), &480.into()));
        assert_eq!(gaps(&received.numbers()), [], "every picture, each once");
        assert_eq!(received.complaints, "");
        assert!(received.frames.len() > 60, "{} pictures", received.frames.len());
        let large = Pull::start(&nginx.url("large"), 5.0).save(Duration::from_mins(1));
        let received = Received::read(&large.path);
        let video = received
            .streams
            .iter()
            .find(|stream| stream["codec_type"] == "video")
            .unwrap();
        assert_eq!(&video["height"], &720);
    });
}

/// Streams of a file as ffprobe tells them: kind and number of frames that decode.
fn decoded(path: &Path) -> Vec<(String, u64)> {
    let output = Command::new("ffprobe")
        .args([
            "-v",
            "error",
            "-count_frames",
            "-show_entries",
            "stream=codec_type,nb_read_frames",
            "-of",
            "json",
        ])
        .arg(path)
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "",
        "it decodes without a complaint"
    );
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let streams = found["streams"].as_array().unwrap().iter();
    streams
        .map(|stream| {
            let count = stream["nb_read_frames"].as_str().unwrap().parse().unwrap();
            (stream["codec_type"].as_str().unwrap().to_owned(), count)
        })
        .collect()
}

#[test]
fn a_recording_survives_the_studio_and_has_a_track_for_each_strip_that_is_wanted() {
    if peer("ffmpeg").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("show.mp4");
    let path_text = path.to_str().unwrap();
    let mut studio = Studio::start(&[
        "--record",
        path_text,
        "--set",
        "recording.strips=[\"bars\"]",
        "--set",
        "video.gop_seconds=1",
    ]);
    let is_safe = |seconds: f64| move |status: &Value| status["recording"]["seconds"].as_f64() >= Some(seconds);
    studio.wait_until("three seconds on the disk", PATIENCE, is_safe(3.0));
    studio.order("record split");
    let status = studio.wait_until("a second part", PATIENCE, |status| {
        status["recording"]["part"] == 2 && status["recording"]["seconds"].as_f64() >= Some(2.0)
    });
    let second = status["recording"]["path"].as_str().unwrap().to_owned();
    assert_ne!(second, path_text);
    studio.process.kill();
    for (path, seconds) in [(path_text, 3.0), (second.as_str(), 2.0)] {
        let streams = decoded(Path::new(path));
        let kinds = streams.iter().map(|(kind, _)| kind.as_str()).collect::<Vec<_>>();
        assert_eq!(kinds, ["video", "audio", "audio"], "{path}: program and strip");
        for (kind, count) in &streams {
            let rate = if kind == "video" { 30.0 } else { 48_000.0 / 1024.0 };
            assert!(*count as f64 >= (seconds - 0.2) * rate, "{path}: {count} of {kind}");
        }
    }
}

#[test]
fn a_recording_is_stopped_and_started_while_live() {
    let folder = tempfile::tempdir().unwrap();
    let studio = Studio::start(&[]);
    assert!(!studio.ctl(&["record", "stop"]).status.success(), "there is none");
    let path = folder.path().join("one.mp4");
    studio.order(&format!("record start {}", path.display()));
    studio.wait_until("a second on the disk", PATIENCE, |status| {
        status["recording"]["seconds"].as_f64() >= Some(1.0)
    });
    assert!(!studio.ctl(&["record", "start"]).status.success(), "one at a time");
    studio.order("record stop");
    studio.wait_until("its end", PATIENCE, |status| status["recording"]["is_on"] == false);
    wait_for("an encoder that is not wanted any more", PATIENCE, || {
        (studio.status()["stats"]["video_kbps"] == 0).then_some(())
    });
    if peer("ffmpeg").is_some() {
        assert_eq!(decoded(&path).len(), 2);
    }
    // A folder that is not there: told, and the show goes on.
    studio.order("record start /nowhere/at/all/show.mp4");
    let status = studio.wait_until("the failure", PATIENCE, |status| {
        !status["recording"]["failure"].is_null()
    });
    let failure = status["recording"]["failure"].as_str().unwrap();
    assert!(failure.contains("/nowhere/at/all"), "{failure}");
}
