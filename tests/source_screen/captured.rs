//! What is captured: as a studio would show it, tick by tick.

use std::sync::{Mutex, mpsc};
use std::time::{Duration, Instant};

use crate::common::peer;
use crate::common::studio::rigcast;
use crate::told::wait_for_state;
use crate::xserver_support::{Painter, Server, colour_of, rectangle};
use rigcast::clock::Clock;
use rigcast::media::{FramePool, FrameRate, Plane, VideoFrame};
use rigcast::picture::colour::yuv_of_rgb;
use rigcast::source::pattern::number;
use rigcast::source::{
    ScreenArea, ScreenSpec, SourceContext, SourceHandle, SourceKind, SourceReport, SourceSpec, SourceState, start,
};

const PATIENCE: Duration = Duration::from_secs(30);

/// The program that most tests here capture for.
const PROGRAM: (u32, u32) = (1280, 720);

fn server(screen: &str, more: &[&str]) -> Option<Server> {
    Some(Server::start(&peer("Xvfb")?, screen, more))
}

/// A screen as a source, as a studio has it, and what it says.
struct Rig {
    handle: SourceHandle,
    context: SourceContext,
    reports: mpsc::Receiver<SourceReport>,
    seen: Vec<SourceReport>,
    tick: i64,
}

impl Rig {
    fn watch(display: &str, area: ScreenArea, has_cursor: bool) -> Self {
        let (sender, reports) = mpsc::channel();
        let sender = Mutex::new(sender);
        let context = SourceContext {
            clock: Clock::start(),
            width: PROGRAM.0,
            height: PROGRAM.1,
            frame_rate: FrameRate::whole(30),
            pool: FramePool::new(),
        };
        let spec = SourceSpec {
            name: "screen".to_owned(),
            kind: SourceKind::Screen(ScreenSpec {
                display: Some(display.to_owned()),
                area,
                has_cursor,
                frame_rate: None,
            }),
        };
        let handle = start(spec, context.clone(), move |report| {
            let _ = sender.lock().unwrap().send(report);
        });
        Self {
            handle,
            context,
            reports,
            seen: Vec::new(),
            tick: 0,
        }
    }

    fn wait_for(&mut self, is_wanted: impl Fn(&SourceState) -> bool) -> SourceState {
        wait_for_state(&self.reports, &mut self.seen, PATIENCE, is_wanted)
    }

    fn wait_until_live(&mut self) {
        self.wait_for(|state| *state == SourceState::Live);
    }

    /// Waits until it is not there, or cannot be used, and says why.
    fn wait_until_gone(&mut self) -> String {
        match self.wait_for(|state| matches!(state, SourceState::Away { .. } | SourceState::Failed { .. })) {
            SourceState::Away { reason } | SourceState::Failed { reason } => reason,
            _ => unreachable!(),
        }
    }

    /// Waits for the next program tick and gives what a studio would show.
    fn next_tick(&mut self) -> Option<VideoFrame> {
        let rate = self.context.frame_rate;
        self.tick = (self.tick + 1).max(rate.frame_at(self.context.clock.now()) + 1);
        let at = rate.frame_time(self.tick);
        self.context.clock.sleep_until(at);
        self.handle.video().frame_at(at)
    }

    /// Ticks until a picture is as it should be.
    fn until(&mut self, what: &str, is_so: impl Fn(&VideoFrame) -> bool) -> VideoFrame {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(frame) = self.next_tick()
                && is_so(&frame)
            {
                return frame;
            }
            assert!(
                Instant::now() < deadline,
                "never seen: {what}; {:?}",
                self.reports.try_iter().collect::<Vec<_>>()
            );
        }
    }

    fn until_number(&mut self, index: u32) -> VideoFrame {
        self.until(&format!("number {index}"), |frame| number::read(frame) == Some(index))
    }
}

fn rgb(colour: u32) -> [u8; 3] {
    let [_, red, green, blue] = colour.to_be_bytes();
    [red, green, blue]
}

/// How far the colour of a pixel is from `colour`, in codes.
fn off(frame: &VideoFrame, (x, y): (usize, usize), colour: u32) -> u8 {
    let wanted = yuv_of_rgb(rgb(colour));
    let code = |plane: Plane| {
        let shift = usize::from(plane != Plane::Y);
        frame.plane(plane)[(y >> shift) * frame.stride(plane) + (x >> shift)]
    };
    let codes = [Plane::Y, Plane::U, Plane::V].map(code);
    codes
        .into_iter()
        .zip(wanted)
        .map(|(code, wanted)| code.abs_diff(wanted))
        .max()
        .unwrap()
}

fn is_colour(frame: &VideoFrame, at: (usize, usize), colour: u32) -> bool {
    off(frame, at, colour) <= 3
}

#[test]
fn what_is_drawn_is_seen_picture_by_picture() {
    for (screen, size) in [
        ("1280x720x24", (1280, 720)),
        ("1920x1080x24", (1280, 720)),
        ("801x601x24", (800, 600)),
    ] {
        let Some(server) = server(screen, &[]) else { return };
        let painter = Painter::on_screen(&server.display);
        painter.draw(1);
        let mut rig = Rig::watch(&server.display, ScreenArea::Whole, false);
        rig.wait_until_live();
        let mut latencies = Vec::new();
        for index in 2..40 {
            let drawn = Instant::now();
            painter.draw(index);
            let frame = rig.until_number(index);
            latencies.push(drawn.elapsed().as_secs_f64() * 1e3);
            assert_eq!((frame.width(), frame.height()), size);
            for at in [
                (4, 4),
                (size.0 as usize / 2, size.1 as usize / 2),
                (size.0 as usize - 4, 9),
            ] {
                assert!(is_colour(&frame, at, colour_of(index)), "{index} at {at:?}");
            }
        }
        latencies.sort_by(f64::total_cmp);
        let (median, most) = (latencies[latencies.len() / 2], latencies[latencies.len() - 1]);
        eprintln!("{screen}: from draw to tick {median:.1} ms in the median, {most:.1} ms at most");
        // Drawn right after a tick, it is seen at the next one; at the one after that where the machine has others to serve. How long it
        // is until it is encoded is measured on air, where a machine that is too slow is told from one that is not.
        assert!(median < 100.0, "{latencies:?}");
    }
}

#[test]
fn a_still_screen_makes_no_pictures_and_a_changed_row_makes_one() {
    let Some(server) = server("1920x1080x24", &[]) else {
        return;
    };
    let painter = Painter::on_screen(&server.display);
    painter.draw(7);
    let mut rig = Rig::watch(&server.display, ScreenArea::Whole, true);
    rig.wait_until_live();
    let first = rig.until_number(7);
    for _ in 0..45 {
        let frame = rig.next_tick().unwrap();
        assert!(
            frame.is_same_picture(&first),
            "nothing was drawn, and there is a new picture"
        );
    }
    // A part changes: the picture is another one, there and nowhere else.
    painter.fill(0x00ff_0000, &[rectangle(900, 300, 60, 60)]);
    painter.settle();
    let second = rig.until("a red square", |frame| is_colour(frame, (620, 220), 0x00ff_0000));
    assert_eq!(number::read(&second), Some(7));
    for at in [(100, 220), (620, 150), (620, 300), (1200, 220)] {
        assert!(is_colour(&second, at, colour_of(7)), "{at:?}");
    }
    let third = rig.next_tick().unwrap();
    assert!(third.is_same_picture(&second));
}

#[test]
fn another_resolution_is_followed() {
    let Some(server) = server("1920x1080x24", &[]) else {
        return;
    };
    let mut painter = Painter::on_screen(&server.display);
    painter.draw(1);
    let mut rig = Rig::watch(&server.display, ScreenArea::Whole, true);
    rig.until_number(1);
    for (index, size, shown) in [
        (2, (800, 600), (800, 600)),
        (3, (1280, 1024), (1280, 1024)),
        (4, (640, 480), (640, 480)),
        (5, (1920, 1080), (1280, 720)),
    ] {
        painter.set_resolution(size.0, size.1);
        painter.draw(index);
        let frame = rig.until_number(index);
        assert_eq!((frame.width(), frame.height()), shown);
        assert!(is_colour(&frame, (9, 9), colour_of(index)));
    }
    let states = rig
        .reports
        .try_iter()
        .filter(|report| matches!(report, SourceReport::State(_)));
    assert_eq!(
        states.collect::<Vec<_>>(),
        [SourceReport::State(SourceState::Live)],
        "it was never away"
    );
}

#[test]
fn a_server_that_was_killed_is_away_and_then_back() {
    let Some(mut server) = server("640x480x24", &[]) else {
        return;
    };
    let painter = Painter::on_screen(&server.display);
    painter.draw(11);
    let mut rig = Rig::watch(&server.display, ScreenArea::Whole, true);
    rig.wait_until_live();
    rig.until_number(11);
    server.kill();
    let reason = rig.wait_until_gone();
    assert!(reason.contains(&server.display) && reason.contains("gone"), "{reason}");
    let reason = rig.wait_until_gone();
    assert!(
        reason.contains("no X server answers") && reason.contains("Xvfb"),
        "{reason}"
    );
    server.resume();
    let back = Instant::now();
    let painter = Painter::on_screen(&server.display);
    painter.draw(12);
    rig.wait_until_live();
    rig.until_number(12);
    eprintln!("back {:.1} s after the server", back.elapsed().as_secs_f64());
    assert!(back.elapsed() < Duration::from_secs(3), "{:?}", back.elapsed());
}

#[test]
fn what_killed_servers_leave_is_told_once_and_hides_no_other() {
    let (Some(mut first), Some(mut second), Some(alive)) = (
        server("640x480x24", &[]),
        server("640x480x24", &[]),
        server("800x600x24", &[]),
    ) else {
        return;
    };
    first.kill();
    second.kill();
    let output = std::process::Command::new(rigcast())
        .args(["probe", "--json"])
        .env_remove("DISPLAY")
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let names = |row: &serde_json::Value, display: &str| {
        let reason = row["reason"].as_str().unwrap();
        let mut words = reason.split([' ', ',']).map(|word| word.trim_end_matches(':'));
        words.any(|word| word == display)
    };
    let rows = told["absent"].as_array().unwrap();
    let rows: Vec<_> = rows.iter().filter(|row| names(row, &first.display)).collect();
    assert_eq!(rows.len(), 1, "{told:#}");
    assert!(
        names(rows[0], &second.display) && !names(rows[0], &alive.display),
        "{rows:?}"
    );
    let title = format!("Screen {}", alive.display);
    let found = told["found"].as_array().unwrap();
    assert!(found.iter().any(|found| found["title"] == title), "{told:#}");
}

#[test]
fn a_window_is_seen_under_others_and_wherever_it_goes() {
    let Some(server) = server("1280x720x24", &[]) else {
        return;
    };
    let mut painter = Painter::in_window(&server.display, "Notes: a Draft", (100, 80), (640, 360));
    painter.draw(1);
    let mut rig = Rig::watch(&server.display, ScreenArea::Window("notes".to_owned()), true);
    rig.wait_until_live();
    let frame = rig.until_number(1);
    assert_eq!((frame.width(), frame.height()), (640, 360));
    // Another one over it.
    let mut other = Painter::in_window(&server.display, "over it", (0, 0), (1280, 720));
    other.draw(99);
    painter.draw(2);
    let frame = rig.until_number(2);
    assert!(is_colour(&frame, (320, 100), colour_of(2)));
    // Moved, larger, partly off the screen, smaller and of odd size.
    for (index, place, size, seen) in [
        (3, (300, 200), (640, 360), (640, 360)),
        (4, (300, 200), (900, 500), (900, 500)),
        (5, (1000, 600), (640, 360), (640, 360)),
        (6, (-200, -100), (641, 363), (640, 362)),
    ] {
        painter.place(place, size);
        other.place((0, 0), (1280, 720));
        painter.draw(index);
        let frame = rig.until(&format!("window {index}"), |frame| {
            (frame.width(), frame.height()) == seen && is_colour(frame, (20, 20), colour_of(index))
        });
        assert!(is_colour(&frame, (seen.0 as usize - 9, 100), colour_of(index)));
    }
    painter.set_title("renamed meanwhile");
    painter.place((100, 100), (640, 360));
    painter.draw(7);
    rig.until_number(7);
    painter.show(false);
    let reason = rig.wait_until_gone();
    assert!(reason.contains("minimised or hidden"), "{reason}");
    painter.set_title("NOTES again");
    painter.show(true);
    painter.draw(8);
    rig.wait_until_live();
    rig.until_number(8);
    drop(painter);
    let reason = rig.wait_until_gone();
    assert!(reason.contains("notes"), "{reason}");
}

#[test]
fn the_pointer_is_drawn_where_it_is_and_moves_alone() {
    let Some(server) = server("640x480x24", &[]) else {
        return;
    };
    let painter = Painter::on_screen(&server.display);
    let ground = 0x0030_6090;
    painter.ground(ground);
    painter.point(320, 240);
    let mut rig = Rig::watch(&server.display, ScreenArea::Whole, true);
    rig.wait_until_live();
    let other_pixels = |frame: &VideoFrame, (x, y): (usize, usize)| {
        let around = (y - 12..y + 12).flat_map(|y| (x - 12..x + 12).map(move |x| (x, y)));
        around.filter(|at| !is_colour(frame, *at, ground)).count()
    };
    let is_at = |frame: &VideoFrame, at| other_pixels(frame, at) > 20;
    let frame = rig.until("the pointer", |frame| is_at(frame, (320, 240)));
    assert!(!is_at(&frame, (100, 100)));
    painter.point(100, 100);
    let frame = rig.until("the pointer elsewhere", |frame| is_at(frame, (100, 100)));
    assert_eq!(
        other_pixels(&frame, (320, 240)),
        0,
        "nothing is left of it where it was"
    );
    let pixels = frame.width() * frame.height();
    let all = (0..480).flat_map(|y| (0..640).map(move |x| (x, y)));
    let covered = all.filter(|at| !is_colour(&frame, *at, ground)).count();
    assert!(covered < 800, "{covered} of {pixels} pixels are not the ground");
    // Off, it is not drawn at all.
    let mut plain = Rig::watch(&server.display, ScreenArea::Whole, false);
    plain.wait_until_live();
    let frame = plain.until("a picture", |_| true);
    assert_eq!(other_pixels(&frame, (100, 100)), 0);
    painter.point(200, 200);
    let moved = rig.until("the pointer at its third place", |frame| is_at(frame, (200, 200)));
    assert_eq!(other_pixels(&moved, (100, 100)), 0);
    assert!(plain.next_tick().unwrap().is_same_picture(&frame));
}

#[test]
fn a_region_and_a_monitor_are_parts_of_the_screen() {
    let Some(server) = server("1280x720x24", &[]) else {
        return;
    };
    let painter = Painter::on_screen(&server.display);
    painter.ground(0);
    painter.fill(0x0000_ff00, &[rectangle(641, 301, 320, 180)]);
    painter.settle();
    let region = ScreenArea::Region {
        x: 641,
        y: 301,
        width: 320,
        height: 180,
    };
    let mut rig = Rig::watch(&server.display, region, false);
    let frame = rig.until("the region", |frame| is_colour(frame, (0, 0), 0x0000_ff00));
    assert_eq!((frame.width(), frame.height()), (320, 180));
    assert!(is_colour(&frame, (319, 179), 0x0000_ff00));
    // What is drawn beside it is nothing to it.
    // One by one: servers take several rectangles of a request for the one around them.
    painter.fill(0x00ff_ffff, &[rectangle(0, 0, 1280, 300)]);
    painter.fill(0x00ff_ffff, &[rectangle(0, 301, 600, 180)]);
    painter.settle();
    for _ in 0..5 {
        assert!(rig.next_tick().unwrap().is_same_picture(&frame));
    }
    let outside = ScreenArea::Region {
        x: 1300,
        y: 0,
        width: 320,
        height: 180,
    };
    let reason = Rig::watch(&server.display, outside, false).wait_until_gone();
    assert!(reason.contains("1280x720"), "{reason}");
    let mut rig = Rig::watch(&server.display, ScreenArea::Monitor("SCREEN".to_owned()), false);
    let frame = rig.until("the monitor", |frame| is_colour(frame, (700, 400), 0x0000_ff00));
    assert_eq!((frame.width(), frame.height()), (1280, 720));
    let reason = Rig::watch(&server.display, ScreenArea::Monitor("HDMI-9".to_owned()), false).wait_until_gone();
    assert!(
        reason.contains("HDMI-9") && reason.contains("there is screen"),
        "{reason}"
    );
}

#[test]
fn without_shared_memory_it_is_the_same_picture() {
    let Some(server) = server("640x480x24", &["-extension", "MIT-SHM"]) else {
        return;
    };
    let painter = Painter::on_screen(&server.display);
    painter.draw(5);
    let mut rig = Rig::watch(&server.display, ScreenArea::Whole, true);
    rig.until_number(5);
    painter.draw(6);
    let frame = rig.until_number(6);
    assert!(is_colour(&frame, (33, 44), colour_of(6)));
    let told = rig
        .reports
        .try_iter()
        .any(|report| matches!(report, SourceReport::Notice(text) if text.contains("shared")));
    assert!(told);
}

#[test]
fn what_cannot_be_captured_says_why_and_what_helps() {
    let Some(sixteen) = server("640x480x16", &[]) else {
        return;
    };
    let reason = Rig::watch(&sixteen.display, ScreenArea::Whole, true).wait_until_gone();
    assert!(reason.contains("depth of 16") && reason.contains("x24"), "{reason}");
    let reason = Rig::watch("nonsense", ScreenArea::Whole, true).wait_until_gone();
    assert!(reason.contains("names no display"), "{reason}");
    let Some(bare) = server("640x480x24", &["-extension", "Composite", "-extension", "RANDR"]) else {
        return;
    };
    let painter = Painter::in_window(&bare.display, "something", (0, 0), (320, 180));
    painter.draw(3);
    let window = ScreenArea::Window("something".to_owned());
    let reason = Rig::watch(&bare.display, window, true).wait_until_gone();
    assert!(reason.contains("Composite"), "{reason}");
    let missing = ScreenArea::Window("nothing like it".to_owned());
    let reason = Rig::watch(&bare.display, missing, true).wait_until_gone();
    assert!(reason.contains("\"nothing like it\""), "{reason}");
    let mut rig = Rig::watch(&bare.display, ScreenArea::Whole, true);
    rig.until("the window on the screen", |frame| {
        is_colour(frame, (20, 20), colour_of(3))
    });
}

#[test]
fn a_server_that_hangs_holds_nobody_up() {
    let Some(server) = server("640x480x24", &[]) else {
        return;
    };
    let painter = Painter::on_screen(&server.display);
    painter.draw(5);
    let mut rig = Rig::watch(&server.display, ScreenArea::Whole, true);
    rig.until_number(5);
    let pid = rustix::process::Pid::from_raw(server.pid() as i32).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::STOP).unwrap();
    let frozen = rig.until("the last picture", |_| true);
    assert_eq!(number::read(&frozen), Some(5), "what was seen last stays");
    let reason = rig.wait_until_gone();
    assert!(reason.contains("does not answer"), "{reason}");
    rustix::process::kill_process(pid, rustix::process::Signal::CONT).unwrap();
    rig.wait_until_live();
    painter.draw(6);
    rig.until_number(6);
}
