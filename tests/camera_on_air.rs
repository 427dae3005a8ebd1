//! A camera of this machine in a running studio: what it shows goes out picture by picture, what is set reaches it, and it comes back when it
//! was unplugged or taken.
//!
//! The camera is a file with a few lines of C in front of the C library (`tests/peers/camera`), written against the kernel's header: everything
//! of ours is as with a real one, down to the requests to the kernel.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]

mod common;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use rigcast::clock::Clock;
use rigcast::media::{FramePool, FrameRate, Plane};
use rigcast::source::pattern::Pattern;
use rigcast::source::{Outlet, Paced, PatternSpec, SourceContext};

use common::media::{Pull, Received, gaps};
use common::nginx::Nginx;
use common::pace::in_real_time_beside;
use common::studio::Studio;
use common::{Guard, PATIENCE, peer};
use serde_json::Value;

const RATE: u32 = 30;
/// Pictures of the test pattern that the camera shows over and over, numbered from 0.
const PICTURES: u32 = 90;

/// The camera as a library to be loaded, made once.
fn library() -> Option<&'static Path> {
    static LIBRARY: OnceLock<Option<(tempfile::TempDir, PathBuf)>> = OnceLock::new();
    let library = LIBRARY.get_or_init(|| {
        let cc = peer("cc")?;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("camera.so");
        let status = Command::new(cc)
            .args(["-O1", "-shared", "-fPIC", "-o"])
            .arg(&path)
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/camera/camera.c"))
            .arg("-ldl")
            .status();
        assert!(status.unwrap().success(), "the camera does not compile");
        Some((folder, path))
    });
    library.as_ref().map(|(_, path)| path.as_path())
}

/// A camera, and the scene file of a show with it.
struct Camera {
    folder: tempfile::TempDir,
    format: &'static str,
    size: (u32, u32),
}

impl Camera {
    /// One that shows `pictures`, plugged in.
    fn new(format: &'static str, size: (u32, u32), pictures: &[u8]) -> Self {
        let camera = Self {
            folder: tempfile::tempdir().unwrap(),
            format,
            size,
        };
        fs::write(camera.path("pictures"), pictures).unwrap();
        fs::write(camera.path("video0"), "").unwrap();
        camera
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn scene(&self, more: &str) -> String {
        let path = self.path("show.toml");
        let device = self.path("video0").display().to_string();
        let text = format!(
            "[source.cam]\nkind = \"camera\"\ndevice = {device:?}\n{more}\n[scene.main]\nitems = [{{ source = \"cam\" }}]\n"
        );
        fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    /// A studio on the machine that has this camera.
    fn studio(&self, library: &Path, args: &[&str]) -> Studio {
        Studio::start_in(args, |command| {
            command
                .env("LD_PRELOAD", library)
                .env("CAMERA_NODE", self.path("video0"))
                .env("CAMERA_PICTURES", self.path("pictures"))
                .env("CAMERA_FORMAT", self.format)
                .env("CAMERA_WIDTH", self.size.0.to_string())
                .env("CAMERA_HEIGHT", self.size.1.to_string())
                .env("CAMERA_RATE", RATE.to_string());
        })
    }

    /// What was set on it, a line each.
    fn log(&self) -> Vec<String> {
        let log = fs::read_to_string(self.path("video0.log")).unwrap_or_default();
        log.lines().map(str::to_owned).collect()
    }
}

/// JPEGs, as webcams have their colours.
const JPEGS: [&str; 8] = [
    "-pix_fmt", "yuvj422p", "-q:v", "4", "-huffman", "default", "-f", "mjpeg",
];

/// H.264 in which one picture refers to others, with an IDR twice a second.
const H264: [&str; 12] = [
    "-c:v",
    "libx264",
    "-profile:v",
    "main",
    "-bf",
    "0",
    "-g",
    "15",
    "-x264-params",
    "aud=1",
    "-f",
    "h264",
];

/// The test pattern in a size, as ffmpeg encodes it by these words.
fn pattern(width: u32, height: u32, encoding: &[&str]) -> Vec<u8> {
    let clock = Clock::start();
    let context = SourceContext {
        clock,
        width,
        height,
        frame_rate: FrameRate::whole(RATE),
        pool: FramePool::new(),
    };
    let spec = PatternSpec {
        has_flash: false,
        ..PatternSpec::default()
    };
    let mut pattern = Pattern::new(&spec, "camera", &context);
    let (mut outlet, mut intake) = Outlet::new(context, Arc::new(|_| {}));
    let mut child = Command::new("ffmpeg")
        .args(["-v", "error", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-s"])
        .arg(format!("{width}x{height}"))
        .args(["-i", "-", "-vf"])
        .arg("scale=in_color_matrix=bt709:in_range=limited:out_color_matrix=bt601:out_range=full")
        .args(encoding)
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let output = std::thread::spawn(move || child.wait_with_output().unwrap());
    let rate = FrameRate::whole(RATE);
    // What is made lies ahead of the clock; the pictures before it are of the start.
    let mut first = None;
    for tick in 0.. {
        let at = rate.frame_time(tick);
        pattern.advance(at, &mut outlet).unwrap();
        let Some(frame) = intake.video.frame_at(at) else {
            continue;
        };
        let first = *first.get_or_insert(tick);
        if tick - first == i64::from(PICTURES) {
            break;
        }
        for plane in [Plane::Y, Plane::U, Plane::V] {
            stdin.write_all(frame.plane(plane)).unwrap();
        }
    }
    drop(stdin);
    let output = output.join().unwrap();
    assert!(output.status.success());
    output.stdout
}

fn source(status: &Value) -> &Value {
    &status["sources"][0]
}

fn is_live(status: &Value) -> bool {
    source(status)["state"]["state"] == "live"
}

fn control(status: &Value, name: &str) -> i64 {
    let controls = source(status)["controls"].as_array().unwrap();
    let found = controls.iter().find(|control| control["name"] == name);
    found.unwrap_or_else(|| panic!("no {name}: {controls:?}"))["value"]
        .as_i64()
        .unwrap()
}

#[test]
fn a_camera_with_jpegs_goes_out_picture_by_picture() {
    goes_out("MJPG", &JPEGS);
}

#[test]
fn a_camera_with_h264_goes_out_picture_by_picture() {
    goes_out("H264", &H264);
}

fn goes_out(format: &'static str, encoding: &[&str]) {
    let (Some(library), Some(_), Some(nginx)) = (library(), peer("ffmpeg"), Nginx::start()) else {
        return;
    };
    let camera = Camera::new(format, (640, 360), &pattern(640, 360, encoding));
    let scene = camera.scene("[video]\nwidth = 640\nheight = 360");
    in_real_time_beside("a camera on air", |witness| {
        let studio = camera.studio(library, &[&scene, "--publish", &nginx.url("camera")]);
        studio.wait_until("the camera", PATIENCE, is_live);
        studio.wait_live(0);
        let pulled = Pull::start(&nginx.url("camera"), 8.0).save(Duration::from_mins(1));
        let status = studio.status();
        witness.hear(&status);
        assert_eq!(source(&status)["format"]["video"]["width"], 640);
        let received = Received::read(&pulled.path);
        assert_eq!(received.complaints, "");
        let numbers = received.numbers();
        assert!(numbers.len() > 150, "{} pictures", numbers.len());
        let (least, most) = (numbers.iter().min().unwrap(), numbers.iter().max().unwrap());
        assert_eq!(most - least + 1, PICTURES, "all of them, and no others");
        let is_round = |gap: &&(u32, u32)| gap.0 == *most && gap.1 == *least;
        let gaps = gaps(&numbers);
        let others = gaps.iter().filter(|gap| !is_round(gap)).count();
        // The camera's clock is another than the studio's: one picture may be shown twice or left out where they meet.
        assert!(others <= 2, "{gaps:?}");
    });
}

/// A picture of one grey.
fn grey(width: u32, height: u32) -> Vec<u8> {
    [120, 128].repeat((width * height) as usize)
}

#[test]
fn controls_reach_the_camera_and_are_taken_back() {
    let Some(library) = library() else { return };
    let camera = Camera::new("YUYV", (320, 240), &grey(320, 240));
    let scene = camera.scene("controls = { focus_absolute = 40, focus_automatic_continuous = 0 }");
    let studio = camera.studio(library, &[&scene]);
    let status = studio.wait_until("the camera", PATIENCE, is_live);
    // What is automatic is switched off first, though the scene file names it second.
    assert_eq!(camera.log(), ["Focus, Automatic Continuous 0", "Focus, Absolute 40"]);
    assert_eq!(control(&status, "focus_absolute"), 40);
    assert_eq!(control(&status, "brightness"), 128);

    studio.order("camera set cam brightness +20");
    studio.order("camera set cam power_line_frequency 2");
    common::wait_for("both to be set", PATIENCE, || (camera.log().len() == 4).then_some(()));
    assert_eq!(camera.log()[2..], ["Brightness 148", "Power Line Frequency 2"]);
    studio.wait_until("the camera's report", PATIENCE, |status| {
        control(status, "brightness") == 148 && control(status, "power_line_frequency") == 2
    });
    let answer = studio.ctl(&["camera", "controls", "cam"]);
    let said = String::from_utf8_lossy(&answer.stdout).into_owned();
    assert!(said.contains("brightness 148 of 0 to 255 (default 128)"), "{said}");
    assert!(said.contains("one of 0 Disabled, 1 50 Hz, 2 60 Hz"), "{said}");

    studio.order("undo");
    studio.order("camera reset cam brightness");
    common::wait_for("both to go back", PATIENCE, || (camera.log().len() == 6).then_some(()));
    assert_eq!(camera.log()[4..], ["Power Line Frequency 1", "Brightness 128"]);

    let refused = studio.ctl(&["camera", "set", "cam", "brightness", "300"]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        !refused.status.success() && said.contains("it can be 0 to 255"),
        "{said}"
    );
}

#[test]
fn unplugged_or_taken_it_is_away_with_the_reason_and_comes_back() {
    let Some(library) = library() else { return };
    let camera = Camera::new("YUYV", (320, 240), &grey(320, 240));
    let studio = camera.studio(library, &[&camera.scene("")]);
    studio.wait_until("the camera", PATIENCE, is_live);
    let reason = |status: &Value| {
        source(status)["state"]["reason"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    let away = |part: &str| {
        let status = studio.wait_until(part, PATIENCE, |status| reason(status).contains(part));
        assert_eq!(source(&status)["state"]["state"], "away");
        reason(&status)
    };

    fs::remove_file(camera.path("video0")).unwrap();
    away("is not there");
    // Meanwhile somebody else has taken it.
    let node = camera.path("video0");
    fs::write(camera.path("video0.busy"), "").unwrap();
    fs::write(&node, "").unwrap();
    let mut holder = Guard::spawn(Command::new("tail").arg("-f").arg(&node).stdout(Stdio::null()));
    let said = away(&format!("is in use by tail (pid {})", holder.pid()));
    assert!(said.starts_with(&format!("camera {}", node.display())), "{said}");

    holder.kill();
    let freed = Instant::now();
    fs::remove_file(camera.path("video0.busy")).unwrap();
    studio.wait_until("the camera again", PATIENCE, is_live);
    let took = freed.elapsed();
    eprintln!("back after {took:?}");
    assert!(took < Duration::from_secs(5), "{took:?}");
}
