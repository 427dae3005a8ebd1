//! What a captured screen costs, beside ffmpeg's x11grab in the same run: CPU of the thread of the source, and of the whole of ffmpeg.
//!
//! A screen of 1920×1080 for a program of 1280×720, on which a program draws all of it 30 times a second, and on which nothing
//! happens. Rounds take turns; medians are printed as shares of one core. What the X server itself does is nobody's share: it copies
//! the same pixels for both.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    missing_docs
)]

#[path = "../../tests/common/peers.rs"]
mod peers;
#[path = "../../tests/xserver_support/mod.rs"]
mod xserver_support;

use std::fs;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use rigcast::clock::Clock;
use rigcast::media::{FramePool, FrameRate, TimeDelta};
use rigcast::source::{ScreenArea, ScreenSpec, SourceContext, SourceKind, SourceSpec, start};
use xserver_support::{Painter, Server};

const SECONDS: i64 = 5;
const ROUNDS: usize = 3;
const SCREEN: &str = "1920x1080x24";

/// Nanoseconds that the threads of this process called `name` have run.
fn thread_cpu(name: &str) -> u64 {
    let threads = fs::read_dir("/proc/self/task").unwrap().flatten();
    let own =
        threads.filter(|thread| fs::read_to_string(thread.path().join("comm")).is_ok_and(|comm| comm.trim() == name));
    let spent = own.filter_map(|thread| fs::read_to_string(thread.path().join("schedstat")).ok());
    spent
        .filter_map(|spent| spent.split(' ').next()?.parse::<u64>().ok())
        .sum()
}

/// Share of a core, in per cent, that the source takes, and how many pictures it made.
fn ours(display: &str) -> (f64, usize) {
    let rate = FrameRate::whole(30);
    let context = SourceContext {
        clock: Clock::start(),
        width: 1280,
        height: 720,
        frame_rate: rate,
        pool: FramePool::new(),
    };
    let spec = SourceSpec {
        name: "screen".to_owned(),
        kind: SourceKind::Screen(ScreenSpec {
            display: Some(display.to_owned()),
            area: ScreenArea::Whole,
            has_cursor: true,
            frame_rate: None,
        }),
    };
    let clock = context.clock;
    let mut handle = start(spec, context, |_| {});
    let (mut begun, mut pictures, mut last) = (None, 0, None);
    for tick in 1.. {
        let at = rate.frame_time(tick);
        clock.sleep_until(at);
        let frame = handle.video().frame_at(at);
        if frame.is_some() && begun.is_none() {
            begun = Some((Instant::now(), thread_cpu("src-screen")));
        }
        if let Some(frame) = frame
            && last.replace(frame.pts) != Some(frame.pts)
        {
            pictures += 1;
        }
        if let Some((begun, cpu)) = begun
            && begun.elapsed().as_secs() >= SECONDS as u64
        {
            let spent = (thread_cpu("src-screen") - cpu) as f64 / 1e9;
            return (spent / begun.elapsed().as_secs_f64() * 100.0, pictures);
        }
    }
    unreachable!("ticks have no end")
}

/// The same for ffmpeg, and how many frames it says it had.
fn theirs(display: &str) -> f64 {
    let output = Command::new("ffmpeg")
        .args([
            "-hide_banner",
            "-nostdin",
            "-benchmark",
            "-f",
            "x11grab",
            "-framerate",
            "30",
        ])
        .args(["-video_size", "1920x1080", "-draw_mouse", "1", "-i", display])
        .args([
            "-t",
            &SECONDS.to_string(),
            "-vf",
            "scale=1280:720:flags=bilinear,format=yuv420p",
        ])
        .args(["-f", "null", "-"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let line = said
        .lines()
        .rev()
        .find(|line| line.starts_with("bench: utime="))
        .expect(&said);
    let field = |name: &str| {
        let rest = &line[line.find(name).unwrap() + name.len()..];
        rest[..rest.find('s').unwrap()].parse::<f64>().unwrap()
    };
    (field("utime=") + field("stime=")) / SECONDS as f64 * 100.0
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

pub fn main() {
    let (Some(xvfb), Some(_)) = (peers::peer("Xvfb"), peers::peer("ffmpeg")) else {
        return;
    };
    let server = Server::start(&xvfb, SCREEN, &[]);
    let painter = Painter::on_screen(&server.display);
    painter.draw(1);
    for is_moving in [true, false] {
        let is_over = Arc::new(AtomicBool::new(false));
        let film = is_moving.then(|| {
            let (display, over, clock) = (server.display.clone(), Arc::clone(&is_over), Clock::start());
            std::thread::spawn(move || {
                let painter = Painter::on_screen(&display);
                let mut next = clock.now();
                for index in 0.. {
                    next += TimeDelta::from_rate(1, 30);
                    clock.sleep_until(next);
                    painter.draw(index);
                    if over.load(Ordering::Relaxed) {
                        break;
                    }
                }
            })
        });
        let (mut own, mut other, mut pictures) = (Vec::new(), Vec::new(), 0);
        for _ in 0..ROUNDS {
            let (share, made) = ours(&server.display);
            own.push(share);
            pictures = made;
            other.push(theirs(&server.display));
        }
        is_over.store(true, Ordering::Relaxed);
        let _ = film.map(std::thread::JoinHandle::join);
        let (own, other) = (median(own), median(other));
        let what = if is_moving {
            "30 changed frames per second"
        } else {
            "nothing changes"
        };
        println!(
            "1920x1080 to 1280x720, {what}: {own:.2} % of a core ({pictures} pictures in {SECONDS} s); ffmpeg x11grab {other:.2} % ({:.2} of it)",
            own / other
        );
    }
}
