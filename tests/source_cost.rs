//! What a source costs: CPU of its own thread per 720p picture, printed, and held below a generous limit.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, missing_docs)]

mod source_support;

use std::sync::Arc;

use rigcast::media::{FrameRate, Timestamp};
use rigcast::source::file::Player;
use rigcast::source::pattern::Pattern;
use rigcast::source::{FileSpec, Intake, Outlet, Paced, PatternSpec};
use rustix::time::{ClockId, clock_gettime};
use source_support::{context, ffmpeg, has_peer};

fn cpu_ms() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6
}

/// CPU milliseconds per picture over `seconds` of studio time, fetched tick by tick.
fn cost(source: &mut impl Paced, outlet: &mut Outlet, intake: Intake, seconds: i64) -> f64 {
    let Intake {
        mut video, mut sound, ..
    } = intake;
    let mut ring = sound.take().unwrap();
    let rate = FrameRate::whole(30);
    let (mut spent, mut pictures, mut tick) = (0.0, 0, 0);
    for ms in (0..seconds * 1_000).step_by(20) {
        let now = Timestamp::from_millis(ms);
        let before = cpu_ms();
        source.advance(now, outlet).unwrap();
        spent += cpu_ms() - before;
        while ring.pop().is_ok() {}
        while rate.frame_time(tick) <= now {
            pictures += usize::from(video.frame_at(rate.frame_time(tick)).is_some());
            tick += 1;
        }
    }
    spent / pictures as f64
}

#[test]
fn the_pattern_costs_little() {
    let context = context(FrameRate::whole(30));
    let (mut outlet, intake) = Outlet::new(context.clone(), Arc::new(|_| ()));
    let mut pattern = Pattern::new(&PatternSpec::default(), "cost", &context);
    let cost = cost(&mut pattern, &mut outlet, intake, 20);
    eprintln!("pattern, 720p with tone: {cost:.2} ms of CPU per picture");
    assert!(cost < 5.0, "{cost}");
}

#[test]
fn a_movie_costs_its_decoding() {
    if !has_peer("ffmpeg") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let input = "-f lavfi -i testsrc2=s=1280x720:r=30 -f lavfi -i sine=440:r=44100 -t 10";
    let codec = "-c:v libx264 -preset veryfast -b:v 2500k -pix_fmt yuv420p -c:a aac";
    let path = ffmpeg(folder.path(), &format!("{input} {codec}"), "clip.mp4");
    let (mut outlet, intake) = Outlet::new(context(FrameRate::whole(30)), Arc::new(|_| ()));
    let mut player = Player::open(&FileSpec { path, is_looping: true }, &outlet).unwrap();
    let cost = cost(&mut player, &mut outlet, intake, 20);
    eprintln!("movie, 720p H.264 with AAC at 44.1 kHz: {cost:.2} ms of CPU per picture");
    assert!(cost < 30.0, "{cost}");
}
