//! The whole source, driven by a camera that is a script: what it offers, what it sends, and when it is unplugged or taken.

#![allow(clippy::trivially_copy_pass_by_ref)] // What b"YUYV" is.

#[path = "script_tests.rs"]
mod script;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use script::{AUTO, Bench, FOCUS, Picture, Script, Shared, Step, interval, lock, picture};

use super::device::{ControlInfo, FourCc, MenuEntry, Sizes};
use super::*;
use crate::clock::Clock;
use crate::media::{FramePool, Plane, VideoFrame};
use crate::picture::colour::yuv_of_rgb;
use crate::source::outlet::Intake;
use crate::source::spec::{ControlRange, SourceContext, SourceControl, SourceReport};

/// Whether a program is there that a test needs; on CI it must be.
pub(super) fn is_here(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_here = std::env::split_paths(&path).any(|folder| folder.join(program).is_file());
    if !is_here {
        assert!(
            std::env::var_os("CI").is_none(),
            "{program} is missing: CI must have it"
        );
        eprintln!("SKIPPED: this test needs {program}; ./test installs it");
    }
    is_here
}

/// What ffmpeg makes of `input`; `None` where there is none.
pub(super) fn ffmpeg(args: &[&str], input: &[u8]) -> Option<Vec<u8>> {
    if !is_here("ffmpeg") {
        return None;
    }
    let mut child = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin"])
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    let _ = writer.join();
    assert!(output.status.success(), "ffmpeg {args:?}");
    Some(output.stdout)
}

/// A source at work, and what it tells.
struct Run {
    intake: Intake,
    reports: Receiver<SourceReport>,
    clock: Clock,
    thread: Option<std::thread::JoinHandle<Result<Outcome, String>>>,
}

const PATIENCE: Duration = Duration::from_secs(20);

impl Run {
    fn start(script: &Shared, spec: CameraSpec) -> Self {
        let (sender, reports) = channel();
        let clock = Clock::start();
        let context = SourceContext {
            clock,
            width: 64,
            height: 48,
            frame_rate: FrameRate::whole(30),
            pool: FramePool::new(),
        };
        let report = Arc::new(move |report| {
            let _ = sender.send(report);
        });
        let (mut outlet, intake) = Outlet::new(context, report);
        let machine = Bench(Arc::clone(script));
        let thread = std::thread::spawn(move || {
            let mut camera = Camera {
                spec: &spec,
                machine: &machine,
            };
            camera.run(&mut outlet).map_err(|error| error.to_string())
        });
        Self {
            intake,
            reports,
            clock,
            thread: Some(thread),
        }
    }

    fn wait_for<T>(&self, what: &str, mut probe: impl FnMut(&SourceReport) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let report = self.reports.recv_timeout(left);
            let report = report.unwrap_or_else(|_| panic!("waited in vain for {what}"));
            if let Some(found) = probe(&report) {
                return found;
            }
        }
    }

    fn live(&self) {
        self.wait_for("pictures", |report| {
            matches!(report, SourceReport::State(SourceState::Live)).then_some(())
        });
    }

    fn away(&self) -> String {
        self.wait_for("absence", |report| match report {
            SourceReport::State(SourceState::Away { reason }) => Some(reason.clone()),
            _ => None,
        })
    }

    fn notice(&self, part: &str) -> String {
        self.wait_for(part, |report| match report {
            SourceReport::Notice(text) if text.contains(part) => Some(text.clone()),
            _ => None,
        })
    }

    fn controls(&self) -> Vec<SourceControl> {
        self.wait_for("controls", |report| match report {
            SourceReport::Controls(controls) => Some(controls.clone()),
            _ => None,
        })
    }

    /// The newest picture.
    fn frame(&mut self) -> VideoFrame {
        let later = self.clock.now() + TimeDelta::from_millis(10_000);
        self.intake.video.frame_at(later).unwrap()
    }

    fn failure(&mut self) -> String {
        self.thread.take().unwrap().join().unwrap().unwrap_err()
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        self.intake.control.stop();
        if let Some(thread) = self.thread.take() {
            assert_eq!(thread.join().unwrap(), Ok(Outcome::Stopped));
        }
    }
}

/// A picture of one colour as a camera of limited-range BT.601 has it.
fn plain(letters: &[u8; 4], rgb: [u8; 3]) -> Vec<u8> {
    let [r, g, b] = rgb.map(|share| f64::from(share) / 255.0);
    let luma = 0.299 * r + 0.587 * g + 0.114 * b;
    let codes = [
        16.0 + 219.0 * luma,
        128.0 + 224.0 * (b - luma) / 1.772,
        128.0 + 224.0 * (r - luma) / 1.402,
    ];
    let [y, u, v] = codes.map(|code| (code + 0.5) as u8);
    let pixels = 64 * 48;
    match letters {
        b"YUYV" => [y, u, y, v].repeat(pixels / 2),
        b"UYVY" => [u, y, v, y].repeat(pixels / 2),
        b"NV12" => [vec![y; pixels], [u, v].repeat(pixels / 4)].concat(),
        b"YU12" => [vec![y; pixels], vec![u; pixels / 4], vec![v; pixels / 4]].concat(),
        _ => panic!("no such form"),
    }
}

fn push(script: &Shared, pictures: Vec<Picture>) {
    lock(script).steps.push_back(Step::Pictures(pictures));
}

#[test]
fn pictures_of_every_form_keep_their_colours() {
    for letters in [b"YUYV", b"UYVY", b"NV12", b"YU12"] {
        let script = Script::new(letters);
        let rgb = [200, 80, 40];
        push(&script, vec![picture(plain(letters, rgb))]);
        let mut run = Run::start(&script, CameraSpec::default());
        let notice = run.notice("not compressed");
        assert!(notice.contains("64×48 at 30/s"), "{notice}");
        run.live();
        let frame = run.frame();
        assert_eq!((frame.width(), frame.height()), (64, 48));
        for (plane, expected) in [Plane::Y, Plane::U, Plane::V].into_iter().zip(yuv_of_rgb(rgb)) {
            let codes = frame.plane(plane);
            assert!(
                codes.iter().all(|code| code.abs_diff(expected) <= 2),
                "{letters:?} {plane:?}"
            );
        }
    }
}

#[test]
fn jpegs_are_decoded_and_damaged_ones_left_out() {
    let source = ["-f", "lavfi", "-i", "color=red:size=64x48", "-frames:v", "1"];
    let Some(jpeg) = ffmpeg(
        &[&source[..], &["-pix_fmt", "yuvj422p", "-f", "mjpeg", "-"]].concat(),
        &[],
    ) else {
        return;
    };
    let script = Script::new(b"MJPG");
    let mut marked = picture(jpeg.clone());
    marked.is_damaged = true;
    push(&script, vec![picture(jpeg[..jpeg.len() / 2].to_vec())]);
    push(&script, vec![marked]);
    push(&script, vec![picture(jpeg)]);
    let mut run = Run::start(&script, CameraSpec::default());
    let notice = run.notice("damaged");
    assert!(notice.contains("a JPEG cut off"), "{notice}");
    run.live();
    let (frame, expected) = (run.frame(), yuv_of_rgb([255, 0, 0]));
    for (plane, expected) in [Plane::Y, Plane::U, Plane::V].into_iter().zip(expected) {
        let code = frame.plane(plane)[100];
        assert!(code.abs_diff(expected) <= 4, "{plane:?}: {code} is not {expected}");
    }
}

#[test]
fn a_short_buffer_is_no_picture() {
    let script = Script::new(b"YUYV");
    let whole = plain(b"YUYV", [10, 20, 30]);
    push(&script, vec![picture(whole[..whole.len() - 1].to_vec())]);
    push(&script, vec![picture(whole)]);
    let run = Run::start(&script, CameraSpec::default());
    let notice = run.notice("damaged");
    assert!(notice.contains("6143 bytes where a picture has 6144"), "{notice}");
    run.live();
}

#[test]
fn unplugged_and_plugged_in_again_it_comes_back_by_itself() {
    let script = Script::new(b"YUYV");
    push(&script, vec![picture(plain(b"YUYV", [10, 20, 30]))]);
    let run = Run::start(&script, CameraSpec::default());
    run.live();
    {
        let mut script = lock(&script);
        script.is_there = false;
        script.steps.push_back(Step::Errno(libc::ENODEV));
    }
    assert_eq!(
        run.away(),
        "camera /dev/video2: was unplugged; plugged in again, it is taken up by itself"
    );
    assert_eq!(
        run.away(),
        "camera: there is none on this machine; plugged in, it is taken up by itself"
    );
    push(&script, vec![picture(plain(b"YUYV", [10, 20, 30]))]);
    let plugged_in = Instant::now();
    lock(&script).is_there = true;
    run.live();
    assert!(
        plugged_in.elapsed() < Duration::from_secs(5),
        "{:?}",
        plugged_in.elapsed()
    );
}

#[test]
fn a_camera_that_is_taken_is_named_with_who_has_it() {
    let script = Script::new(b"YUYV");
    lock(&script).format_errno = Some(libc::EBUSY);
    let run = Run::start(&script, CameraSpec::default());
    assert_eq!(run.away(), "camera /dev/video2: is in use by obs (pid 812)");
    push(&script, vec![picture(plain(b"YUYV", [10, 20, 30]))]);
    lock(&script).format_errno = None;
    run.live();
}

#[test]
fn what_somebody_has_to_repair_is_a_failure_with_the_remedy() {
    let script = Script::new(b"YUYV");
    lock(&script).opening = Some(libc::EACCES);
    let failure = Run::start(&script, CameraSpec::default()).failure();
    assert!(failure.contains("usermod -aG video"), "{failure}");

    let script = Script::new(b"YUYV");
    lock(&script).start_errno = Some(libc::ENOSPC);
    let failure = Run::start(&script, CameraSpec::default()).failure();
    assert!(failure.contains("the USB bus has no room"), "{failure}");

    let script = Script::new(b"YUYV");
    lock(&script).given = Some(FourCc(*b"MJPG"));
    let failure = Run::start(&script, CameraSpec::default()).failure();
    assert!(
        failure.ends_with("was asked for YUYV 64×48 and gives MJPG 64×48"),
        "{failure}"
    );

    let script = Script::new(b"YUYV");
    lock(&script).capability.is_capture = false;
    lock(&script).capability.is_multi_planar = true;
    let failure = Run::start(&script, CameraSpec::default()).failure();
    assert!(failure.contains("several planes"), "{failure}");
}

#[test]
fn a_camera_that_falls_silent_is_opened_anew() {
    let script = Script::new(b"YUYV");
    push(&script, vec![picture(plain(b"YUYV", [10, 20, 30]))]);
    let run = Run::start(&script, CameraSpec::default());
    run.live();
    let opened = lock(&script).opened;
    assert_eq!(run.away(), "camera /dev/video2: has given no picture for 2 s");
    push(&script, vec![picture(plain(b"YUYV", [10, 20, 30]))]);
    run.live();
    assert!(lock(&script).opened > opened);
}

#[test]
fn of_pictures_that_wait_the_newest_is_shown() {
    let script = Script::new(b"YUYV");
    let colours = [[10, 20, 30], [60, 70, 80], [200, 210, 220]];
    push(&script, colours.map(|rgb| picture(plain(b"YUYV", rgb))).to_vec());
    let mut run = Run::start(&script, CameraSpec::default());
    run.live();
    let notice = run.notice("passed over");
    assert!(notice.starts_with("2 pictures"), "{notice}");
    let luma = run.frame().plane(Plane::Y)[0];
    assert!(luma.abs_diff(yuv_of_rgb(colours[2])[0]) <= 2, "{luma}");
}

/// Focus, as webcams have it: automatic, or a number; and a menu with a gap.
fn with_controls(script: &Shared) {
    let control = |id, kind, title: &str, max, default| ControlInfo {
        id,
        kind,
        title: title.into(),
        min: 0,
        max,
        step: 1,
        default,
        flags: 0,
    };
    let entries = vec![MenuEntry::Name("Manual".into()), MenuEntry::Name("Auto".into())];
    lock(script).controls = vec![
        (control(0x98_0001, 6, "User Controls", 0, 0), 0, Vec::new()),
        (control(0x98_0900, 1, "Brightness", 255, 128), 100, Vec::new()),
        (control(0x98_0901, 3, "Power Line Frequency", 1, 1), 0, entries),
        (control(FOCUS, 1, "Focus, Absolute", 250, 0), 30, Vec::new()),
        (control(AUTO, 2, "Focus, Automatic Continuous", 1, 1), 1, Vec::new()),
    ];
}

#[test]
fn controls_are_told_and_set_with_what_is_automatic_first() {
    let script = Script::new(b"YUYV");
    with_controls(&script);
    let values = [
        ("focus_absolute", 120),
        ("focus_automatic_continuous", 0),
        ("zoom", 3),
        ("brightness", 999),
    ];
    let spec = CameraSpec {
        controls: values.map(|(name, value)| (name.to_owned(), value)).into(),
        ..CameraSpec::default()
    };
    let run = Run::start(&script, spec);
    let notice = run.notice("zoom");
    assert!(
        notice.contains("it has brightness, power_line_frequency, focus_absolute"),
        "{notice}"
    );
    assert_eq!(run.notice("999"), "brightness cannot be 999; it can be 0 to 255");
    let controls = run.controls();
    assert_eq!(lock(&script).set, [(AUTO, 0), (FOCUS, 120)]);
    let names: BTreeMap<&str, i64> = controls
        .iter()
        .map(|control| (control.name.as_str(), control.value))
        .collect();
    let expected = [
        ("brightness", 100),
        ("focus_absolute", 120),
        ("focus_automatic_continuous", 0),
        ("power_line_frequency", 0),
    ];
    assert_eq!(names, expected.into());
    assert_eq!(
        controls[1].range,
        ControlRange::Menu {
            entries: vec![(0, "Manual".into()), (1, "Auto".into())]
        }
    );
}

#[test]
fn orders_set_controls_and_what_others_set_is_told() {
    let script = Script::new(b"YUYV");
    with_controls(&script);
    let run = Run::start(&script, CameraSpec::default());
    assert_eq!(run.controls()[0].value, 100);
    let of = |controls: Vec<SourceControl>, name: &str| {
        let found = controls.into_iter().find(|control| control.name == name);
        found.unwrap().value
    };
    run.intake.control.set("brightness", Some(7));
    assert_eq!(of(run.controls(), "brightness"), 7);
    run.intake.control.set("brightness", None);
    assert_eq!(of(run.controls(), "brightness"), 128);
    run.intake.control.set("focus_absolute", Some(5));
    assert!(run.notice("focus_absolute").contains("automatic"));
    lock(&script).controls[1].1 = 33;
    lock(&script).steps.push_back(Step::Event);
    run.wait_for("the new value", |report| match report {
        SourceReport::Controls(controls) => (controls[0].value == 33).then_some(()),
        _ => None,
    });
}

#[test]
fn the_camera_is_found_by_path_or_by_a_part_of_its_name() {
    for device in ["/dev/video2", "webcam", "SCRIPTED"] {
        let script = Script::new(b"YUYV");
        push(&script, vec![picture(plain(b"YUYV", [10, 20, 30]))]);
        let spec = CameraSpec {
            device: Some(device.to_owned()),
            ..CameraSpec::default()
        };
        Run::start(&script, spec).live();
    }
    let named = |device: &str| CameraSpec {
        device: Some(device.to_owned()),
        ..CameraSpec::default()
    };
    let script = Script::new(b"YUYV");
    let run = Run::start(&script, named("Brio"));
    assert_eq!(
        run.away(),
        "camera Brio: no camera is called so; there is Scripted Webcam 3000"
    );
    lock(&script).is_there = false;
    let run = Run::start(&script, named("/dev/video2"));
    assert!(run.away().starts_with("camera /dev/video2: is not there"));
    lock(&script).is_there = true;
    let failure = Run::start(&script, named("/dev/video1")).failure();
    assert!(failure.contains("gives no pictures"), "{failure}");
}

#[test]
fn what_is_here_is_listed_with_the_text_for_a_scene() {
    let script = Script::new(b"YUYV");
    lock(&script).offers = vec![
        (FourCc(*b"YUYV"), Sizes::One(640, 480), vec![interval(30)]),
        (FourCc(*b"MJPG"), Sizes::One(640, 480), vec![interval(30)]),
        (
            FourCc(*b"MJPG"),
            Sizes::One(1920, 1080),
            vec![interval(30), interval(15)],
        ),
    ];
    let mut inventory = Inventory::default();
    look_at(&Bench(Arc::clone(&script)), &mut inventory);
    let [found] = &inventory.found[..] else {
        panic!("{:?}", inventory.found)
    };
    assert_eq!(found.title, "Scripted Webcam 3000");
    assert_eq!(
        found.details,
        [
            "YUYV 640×480@30",
            "MJPEG 1920×1080@30",
            "/dev/video2, usb-0000:00:14.0-1"
        ]
    );
    assert_eq!(found.scene, "kind = \"camera\"\ndevice = \"Scripted Webcam 3000\"\n");
    assert!(inventory.absent.is_empty() && found.is_default);

    lock(&script).opening = Some(libc::EACCES);
    let mut inventory = Inventory::default();
    look_at(&Bench(Arc::clone(&script)), &mut inventory);
    assert!(inventory.absent[0].reason.contains("usermod -aG video"));

    lock(&script).is_there = false;
    let mut inventory = Inventory::default();
    look_at(&Bench(script), &mut inventory);
    assert!(inventory.absent[0].reason.starts_with("no /dev/video*"));
}
