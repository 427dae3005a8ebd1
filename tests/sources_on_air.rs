//! The same show from a file, from a camera, and from both at once: as pulled from a real server.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use common::media::{Pull, Received, gaps};
use common::nginx::Nginx;
use common::pace::{Witness, in_real_time};
use common::rtsp::RtspServer;
use common::studio::Studio;
use common::{PATIENCE, peer};

/// A quarter of a minute of our own test pattern as an MP4 of somebody else's making: pulled from nginx, muxed by ffmpeg.
fn clip() -> Option<&'static Path> {
    static CLIP: OnceLock<Option<(tempfile::TempDir, PathBuf)>> = OnceLock::new();
    let clip = CLIP.get_or_init(|| {
        peer("ffmpeg")?;
        let nginx = Nginx::start()?;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clip.mp4");
        let pulled = in_real_time("the clip", |witness| {
            let studio = Studio::small(&["--publish", &nginx.url("clip")]);
            let pulled = Pull::start(&nginx.url("clip"), 20.0).save(Duration::from_mins(1));
            witness.hear(&studio.status());
            let numbers = Received::read(&pulled.path).numbers();
            assert_eq!(gaps(&numbers), [], "what the tests compare with is whole");
            pulled
        });
        // From an IDR on, so that sound and picture begin together.
        let status = Command::new("ffmpeg")
            .args(["-v", "error", "-nostdin", "-ss", "3", "-i"])
            .arg(&pulled.path)
            .args(["-t", "15", "-c", "copy", "-y"])
            .arg(&path)
            .stdin(Stdio::null())
            .status();
        assert!(status.unwrap().success());
        Some((folder, path))
    });
    clip.as_ref().map(|(_, path)| path.as_path())
}

fn scene(folder: &Path, text: &str) -> String {
    let path = folder.join("show.toml");
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Publishes a scene for `seconds`, as often as this machine is too slow for what `check` wants to see.
fn show(scene: &str, seconds: f64, check: impl Fn(&Received)) {
    let Some(nginx) = Nginx::start() else { return };
    in_real_time("the show", |witness| check(&shown(&nginx, scene, seconds, witness)));
}

fn shown(nginx: &Nginx, scene: &str, seconds: f64, witness: &Witness) -> Received {
    let studio = Studio::small(&[scene, "--publish", &nginx.url("show")]);
    studio.wait_until("its sources", PATIENCE, has_live_sources);
    pulled(&studio, nginx, seconds, witness)
}

fn has_live_sources(status: &serde_json::Value) -> bool {
    let mut sources = status["sources"].as_array().unwrap().iter();
    sources.all(|source| source["state"]["state"] == "live")
}

/// What a viewer gets of a show whose sources are live.
fn pulled(studio: &Studio, nginx: &Nginx, seconds: f64, witness: &Witness) -> Received {
    studio.wait_live(0);
    let pulled = Pull::start(&nginx.url("show"), seconds).save(Duration::from_mins(1));
    let status = studio.status();
    witness.hear(&status);
    assert_eq!(status["stats"]["skipped_frames"], 0, "{}", status["stats"]);
    Received::read(&pulled.path)
}

fn in_sync(received: &Received, at_least: usize) {
    let offsets = received.offsets_ms();
    assert!(offsets.len() >= at_least, "flashes with beeps: {offsets:?}");
    assert!(offsets.iter().all(|(_, offset)| offset.abs() < 20.0), "{offsets:?}");
}

#[test]
fn a_movie_goes_out_frame_by_frame_and_loops() {
    let Some(clip) = clip() else { return };
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "[source.movie]\nkind = \"file\"\npath = {:?}\nloop = true\n[scene.movie]\nitems = [{{ source = \"movie\" }}]\n",
        clip.display().to_string()
    );
    show(&scene(folder.path(), &text), 18.0, |received| {
        in_sync(received, 10);
        assert_eq!(received.complaints, "");
        let gaps = gaps(&received.numbers());
        let is_loop = |gap: &(u32, u32)| gap.0 > gap.1 + 250;
        // Sound may be longer than the pictures by part of a frame: then the last one stays for one more tick.
        let last = gaps.iter().find(|gap| is_loop(gap)).map(|gap| gap.0);
        let is_fair = |gap: &(u32, u32)| is_loop(gap) || (gap.0 == gap.1 && Some(gap.0) == last);
        // Each pass begins anew somewhere between two ticks. Where that is near the middle, one picture may be shown again or
        // left out until it is known on which side the file lies: once, and no judder.
        let loops = gaps.iter().filter(|gap| is_loop(gap)).count();
        let others = gaps.iter().filter(|gap| !is_fair(gap)).collect::<Vec<_>>();
        let is_one = |gap: &&&(u32, u32)| gap.0 == gap.1 || gap.0 + 2 == gap.1;
        assert!(
            last.is_some() && others.len() <= loops && others.iter().all(|gap| is_one(&gap)),
            "the only jumps are from end to start: {gaps:?}"
        );
    });
}

#[test]
fn a_camera_goes_out_in_sync() {
    let Some(clip) = clip() else { return };
    let (Some(nginx), Some(_)) = (Nginx::start(), peer("gst-inspect-1.0")) else {
        return;
    };
    in_real_time("the show of a camera", |witness| {
        // A camera of its own for each attempt: it plays the clip once, and this must be over before the clip is. One that
        // cannot be had at all says nothing about us, if the next one can: it is told.
        let shown = (0..3).find_map(|_| {
            let camera = RtspServer::start(&["--file", clip.to_str().unwrap()])?;
            let folder = tempfile::tempdir().unwrap();
            let text = format!(
                "[source.camera]\nkind = \"rtsp\"\nurl = \"{}\"\n[scene.camera]\nitems = [{{ source = \"camera\" }}]\n",
                camera.url()
            );
            let scene = scene(folder.path(), &text);
            let studio = Studio::small(&[&scene, "--publish", &nginx.url("show")]);
            let deadline = Instant::now() + Duration::from_secs(15);
            while !has_live_sources(&studio.status()) {
                if Instant::now() > deadline {
                    eprintln!("NOTE: no camera: {}", studio.status());
                    return None;
                }
                std::thread::sleep(Duration::from_millis(20));
            }
            Some(pulled(&studio, &nginx, 7.0, witness))
        });
        let received = &shown.expect("a camera");
        in_sync(received, 3);
        let numbers = received.numbers();
        let gaps = gaps(&numbers);
        // The camera's clock is learnt by a millisecond per second at first: that may move it over the edge of a tick, once.
        let is_one = |gap: &(u32, u32)| gap.0 == gap.1 || gap.0 + 2 == gap.1;
        assert!(
            gaps.len() <= 1 && gaps.iter().all(is_one),
            "every frame of the camera, once: {numbers:?}"
        );
    });
}

#[test]
fn a_movie_and_a_camera_share_a_scene() {
    let Some(clip) = clip() else { return };
    let Some(camera) = RtspServer::start(&["--sound", "pcmu"]) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "[source.movie]\nkind = \"file\"\npath = {:?}\nloop = true\n[source.camera]\nkind = \"rtsp\"\nurl = \"{}\"\n\
         [strip.camera]\ngain_db = -20\n\
         [scene.both]\nitems = [{{ source = \"movie\" }},\n  \
           {{ source = \"camera\", position = [\"60%\", \"5%\"], size = [\"35%\", \"35%\"] }}]\n",
        clip.display().to_string(),
        camera.url()
    );
    show(&scene(folder.path(), &text), 8.0, |received| {
        in_sync(received, 4);
        assert_eq!(received.complaints, "");
        // The camera's ball moves in the inset while the movie's bars stand still beside it.
        let inset = |grey: &[u8]| {
            (12..30)
                .map(|row| grey[row * 192 + 120..row * 192 + 175].to_vec())
                .collect::<Vec<_>>()
        };
        let pictures = received
            .frames
            .iter()
            .map(|frame| inset(&frame.grey))
            .collect::<Vec<_>>();
        let changes = pictures.windows(2).filter(|pair| pair[0] != pair[1]).count();
        assert!(
            changes > pictures.len() / 2,
            "the inset moves: {changes} of {}",
            pictures.len()
        );
    });
}
