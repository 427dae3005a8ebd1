//! The whole source, driven by a camera that is a script: what it offers, what it sends, and when it is unplugged or taken.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use super::device::{
    Capability, ControlInfo, Device, Filled, FourCc, Interval, Intervals, MenuEntry, PictureFormat, Ready, Sizes,
    Wanted,
};
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

/// What a camera does next when it is waited for.
enum Step {
    /// Pictures are there.
    Pictures(Vec<Picture>),
    /// The kernel says this when a picture is fetched.
    Errno(i32),
    /// A control was set by somebody else.
    Event,
}

#[derive(Clone)]
struct Picture {
    bytes: Vec<u8>,
    is_damaged: bool,
}

fn picture(bytes: Vec<u8>) -> Picture {
    Picture {
        bytes,
        is_damaged: false,
    }
}

/// What a test and its camera share.
struct Script {
    is_there: bool,
    /// What opening it, asking for a format or starting its pictures meets with.
    opening: Option<i32>,
    format_errno: Option<i32>,
    start_errno: Option<i32>,
    capability: Capability,
    offers: Vec<(FourCc, Sizes, Vec<Intervals>)>,
    given: Option<FourCc>,
    controls: Vec<(ControlInfo, i32, Vec<MenuEntry>)>,
    set: Vec<(u32, i32)>,
    asked: Vec<Wanted>,
    steps: VecDeque<Step>,
    opened: u32,
}

type Shared = Arc<Mutex<Script>>;

fn interval(rate: u32) -> Intervals {
    Intervals::One(Interval {
        numerator: 1,
        denominator: rate,
    })
}

impl Script {
    fn new(letters: &[u8; 4]) -> Shared {
        let offer = (FourCc(*letters), Sizes::One(64, 48), vec![interval(30)]);
        Arc::new(Mutex::new(Self {
            is_there: true,
            opening: None,
            format_errno: None,
            start_errno: None,
            capability: Capability {
                driver: "script".into(),
                card: "Scripted Webcam 3000".into(),
                bus: "usb-0000:00:14.0-1".into(),
                is_capture: true,
                is_multi_planar: false,
                is_streaming: true,
            },
            offers: vec![offer],
            given: None,
            controls: Vec::new(),
            set: Vec::new(),
            asked: Vec::new(),
            steps: VecDeque::new(),
            opened: 0,
        }))
    }
}

fn lock(shared: &Shared) -> MutexGuard<'_, Script> {
    shared.lock().unwrap()
}

fn errno(number: i32) -> io::Error {
    io::Error::from_raw_os_error(number)
}

fn refused(number: Option<i32>) -> io::Result<()> {
    number.map_or(Ok(()), |number| Err(errno(number)))
}

struct Scripted {
    script: Shared,
    /// Whether it is the second node, which has the camera's name and no pictures.
    is_metadata: bool,
    /// What can be taken now.
    ready: VecDeque<Picture>,
    error: Option<i32>,
    has_event: bool,
    taken: Vec<u8>,
    sequence: u32,
}

impl Device for Scripted {
    fn capability(&mut self) -> io::Result<Capability> {
        let mut capability = lock(&self.script).capability.clone();
        capability.is_capture &= !self.is_metadata;
        Ok(capability)
    }

    fn format(&mut self, index: u32) -> io::Result<FourCc> {
        let script = lock(&self.script);
        let mut formats: Vec<FourCc> = script.offers.iter().map(|(format, ..)| *format).collect();
        formats.dedup();
        formats.get(index as usize).copied().ok_or_else(|| errno(libc::EINVAL))
    }

    fn sizes(&mut self, format: FourCc, index: u32) -> io::Result<Sizes> {
        let script = lock(&self.script);
        let mut sizes = script.offers.iter().filter(|(of, ..)| *of == format);
        let found = sizes.nth(index as usize).map(|(_, sizes, _)| *sizes);
        found.ok_or_else(|| errno(libc::EINVAL))
    }

    fn intervals(&mut self, wanted: Wanted, index: u32) -> io::Result<Intervals> {
        let script = lock(&self.script);
        let size = Sizes::One(wanted.width, wanted.height);
        let found = script
            .offers
            .iter()
            .find(|(format, sizes, _)| *format == wanted.format && *sizes == size);
        let intervals = found.and_then(|(_, _, intervals)| intervals.get(index as usize));
        intervals.copied().ok_or_else(|| errno(libc::EINVAL))
    }

    fn set_format(&mut self, wanted: Wanted) -> io::Result<PictureFormat> {
        let mut script = lock(&self.script);
        script.asked.push(wanted);
        refused(script.format_errno)?;
        Ok(PictureFormat {
            format: script.given.unwrap_or(wanted.format),
            width: wanted.width,
            height: wanted.height,
            stride: 0,
            colorspace: 8,
            encoding: 0,
            quantization: 0,
        })
    }

    fn set_interval(&mut self, interval: Interval) -> io::Result<Interval> {
        Ok(interval)
    }

    fn control_after(&mut self, id: u32) -> io::Result<ControlInfo> {
        let script = lock(&self.script);
        let found = script.controls.iter().find(|(info, ..)| info.id > id);
        found.map(|(info, ..)| info.clone()).ok_or_else(|| errno(libc::EINVAL))
    }

    fn menu_entry(&mut self, id: u32, index: u32, _is_number: bool) -> io::Result<MenuEntry> {
        let script = lock(&self.script);
        let found = script.controls.iter().find(|(info, ..)| info.id == id);
        let entry = found.and_then(|(_, _, entries)| entries.get(index as usize));
        entry.cloned().ok_or_else(|| errno(libc::EINVAL))
    }

    fn control(&mut self, id: u32) -> io::Result<i32> {
        let script = lock(&self.script);
        let found = script.controls.iter().find(|(info, ..)| info.id == id);
        found.map(|(_, value, _)| *value).ok_or_else(|| errno(libc::EINVAL))
    }

    fn set_control(&mut self, id: u32, value: i32) -> io::Result<()> {
        let mut script = lock(&self.script);
        let is_automatic = id == FOCUS
            && script
                .controls
                .iter()
                .any(|(info, value, _)| info.id == AUTO && *value == 1);
        if is_automatic {
            return Err(errno(libc::EACCES));
        }
        script.set.push((id, value));
        let found = script.controls.iter_mut().find(|(info, ..)| info.id == id);
        found
            .map(|(_, known, _)| *known = value)
            .ok_or_else(|| errno(libc::EINVAL))
    }

    fn watch_control(&mut self, _id: u32) -> io::Result<()> {
        Ok(())
    }

    fn event(&mut self) -> io::Result<bool> {
        Ok(std::mem::take(&mut self.has_event))
    }

    fn request_buffers(&mut self, count: u32) -> io::Result<u32> {
        Ok(count)
    }

    fn give_back(&mut self, _index: u32) -> io::Result<()> {
        Ok(())
    }

    fn take(&mut self) -> io::Result<Option<Filled>> {
        refused(self.error)?;
        let Some(picture) = self.ready.pop_front() else {
            return Ok(None);
        };
        self.taken = picture.bytes;
        self.sequence += 1;
        Ok(Some(Filled {
            index: 0,
            len: self.taken.len(),
            age: Some(TimeDelta::from_millis(5)),
            sequence: self.sequence,
            is_damaged: picture.is_damaged,
        }))
    }

    fn bytes(&self, _filled: &Filled) -> &[u8] {
        &self.taken
    }

    fn stream(&mut self, is_on: bool) -> io::Result<()> {
        refused(lock(&self.script).start_errno.filter(|_| is_on))
    }

    fn wait(&mut self, timeout: TimeDelta) -> io::Result<Ready> {
        let step = lock(&self.script).steps.pop_front();
        match step {
            Some(Step::Pictures(pictures)) => self.ready = pictures.into(),
            Some(Step::Errno(number)) => self.error = Some(number),
            Some(Step::Event) => self.has_event = true,
            // As poll does where nothing comes.
            None => std::thread::sleep(timeout.to_duration().min(Duration::from_millis(5))),
        }
        Ok(Ready {
            has_picture: !self.ready.is_empty(),
            has_event: self.has_event,
            is_broken: self.error.is_some(),
        })
    }
}

/// A machine with a camera, and the node beside it that cameras of today have.
struct Bench(Shared);

impl Machine for Bench {
    fn nodes(&self) -> Vec<Node> {
        let script = lock(&self.0);
        let node = |path: &str| Node {
            path: PathBuf::from(path),
            card: script.capability.card.clone(),
        };
        if script.is_there {
            vec![node("/dev/video1"), node("/dev/video2")]
        } else {
            Vec::new()
        }
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn Device>> {
        let mut script = lock(&self.0);
        if !script.is_there {
            return Err(errno(libc::ENOENT));
        }
        refused(script.opening)?;
        script.opened += 1;
        drop(script);
        let device = Scripted {
            script: Arc::clone(&self.0),
            is_metadata: path == Path::new("/dev/video1"),
            ready: VecDeque::new(),
            error: None,
            has_event: false,
            taken: Vec::new(),
            sequence: 0,
        };
        Ok(Box::new(device))
    }

    fn holder(&self, _path: &Path) -> Option<String> {
        Some("obs (pid 812)".into())
    }
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

const AUTO: u32 = 0x9a_090c;
const FOCUS: u32 = 0x9a_090a;

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
