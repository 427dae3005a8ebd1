//! Analysis of program in its own process: what it finds becomes events with the right times, and killing it harms nothing.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use common::media::{Pull, gaps};
use common::nginx::Nginx;
use common::pace::in_real_time_beside;
use common::peer;
use common::studio::Studio;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// Long enough for any machine: what is waited for comes within a few seconds.
const LIMIT: Duration = Duration::from_mins(1);

/// How much later than it was ordered something may be seen to begin, in ms: a machine that takes time away.
const LATE_MS: i64 = 5000;

/// A show of a moving picture with a tone, and a black still.
struct Scene {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

impl Scene {
    fn new(analysis: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        image::RgbImage::new(320, 180)
            .save(folder.path().join("black.png"))
            .unwrap();
        let path = folder.path().join("show.toml");
        let text = format!(
            r#"
[video]
width = 640
height = 360
frame_rate = 30
bitrate_kbps = 1000

[source.pattern]
kind = "pattern"

[source.still]
kind = "file"
path = "black.png"

[scene.moving]
items = [{{ source = "pattern" }}]

[scene.black]
items = [{{ source = "still" }}]

[analysis]
{analysis}
"#
        );
        fs::write(&path, text).unwrap();
        Self { _folder: folder, path }
    }

    fn path(&self) -> &str {
        self.path.to_str().unwrap()
    }
}

/// The events about `subject` whose text starts with `text`: when each was told, in ms, and the rest of its text.
fn events(status: &Value, subject: &str, text: &str) -> Vec<(i64, String)> {
    let events = status["events"].as_array().unwrap().iter();
    let about = events.filter(|event| event["subject"] == subject);
    let found = about.filter_map(|event| {
        let rest = event["text"].as_str().unwrap().strip_prefix(text)?;
        Some((event["at"].as_i64().unwrap(), rest.to_owned()))
    });
    found.collect()
}

/// Waits for the `count`th such event.
fn wait_for_event(studio: &Studio, subject: &str, text: &str, count: usize) -> (i64, String) {
    let what = format!("event {count} of {subject}: {text}");
    let status = studio.wait_until(&what, LIMIT, |status| events(status, subject, text).len() >= count);
    events(&status, subject, text).swap_remove(count - 1)
}

/// `H:MM:SS.mmm` in ms.
fn ms_of_clock(text: &str) -> i64 {
    let (clock, ms) = text.split_once('.').unwrap();
    let seconds = clock
        .split(':')
        .fold(0, |sum, part| sum * 60 + part.parse::<i64>().unwrap());
    seconds * 1000 + ms.parse::<i64>().unwrap()
}

/// `after 14.2 s` in ms.
fn ms_of_length(text: &str) -> i64 {
    let seconds = text.strip_suffix(" s").unwrap().parse::<f64>().unwrap();
    (seconds * 1000.0).round() as i64
}

fn now(studio: &Studio) -> i64 {
    studio.status()["now"].as_i64().unwrap()
}

/// Gives an order; the studio's clock before and after it.
fn order(studio: &Studio, line: &str) -> (i64, i64) {
    let before = now(studio);
    studio.order(line);
    (before, now(studio))
}

fn worker(status: &Value) -> Option<&Value> {
    let workers = status["workers"].as_array().unwrap();
    workers.iter().find(|worker| worker["name"] == "analyse")
}

fn pid(status: &Value) -> Option<i32> {
    let pid = worker(status)?["pid"].as_i64()?;
    i32::try_from(pid).ok()
}

fn is_running(status: &Value) -> bool {
    worker(status).is_some_and(|worker| worker["state"]["state"] == "running") && pid(status).is_some()
}

/// Signals the worker that serves now; gives its process.
fn signal(studio: &Studio, signal: Signal) -> i32 {
    let status = studio.wait_until("an analysis worker", LIMIT, is_running);
    let pid = pid(&status).unwrap();
    // It may have ended just now.
    let _ = kill_process(Pid::from_raw(pid).unwrap(), signal);
    pid
}

/// A condition from its order to its end: each event comes once, with the times at which it was so. A source that is slow
/// to start may have been in that condition before, so events are counted from when that is over.
fn assert_is_found(studio: &Studio, begin: (&str, &str), end: (&str, &str), needed_ms: i64, amid: impl FnOnce()) {
    let count = |status: &Value, text: &str| events(status, "program", text).len();
    let status = studio.wait_until("another condition", LIMIT, |status| {
        count(status, begin.1) == count(status, end.1)
    });
    let next = count(&status, begin.1) + 1;
    let (before, after) = order(studio, begin.0);
    let (told, since) = wait_for_event(studio, "program", begin.1, next);
    let since = ms_of_clock(&since);
    assert!(
        (before..after + LATE_MS).contains(&since),
        "ordered between {before} and {after}, found since {since}"
    );
    assert!(told >= since + needed_ms, "told at {told}, since {since}");
    amid();
    let (before, after) = order(studio, end.0);
    let (_, length) = wait_for_event(studio, "program", end.1, next);
    let ended = since + ms_of_length(&length);
    // The length is told to a tenth of a second.
    assert!(
        (before - 100..after + LATE_MS).contains(&ended),
        "ordered between {before} and {after}, ended {ended}"
    );
    assert_eq!(count(&studio.status(), begin.1), next, "told once");
}

#[test]
fn black_and_silent_program_is_told_with_its_times() {
    let scene = Scene::new("black_s = 1\nfrozen_s = 0\nsilence_s = 1");
    let studio = Studio::start(&[scene.path()]);
    studio.wait_until("an analysis worker", LIMIT, is_running);
    studio.wait_until("a moving picture", LIMIT, |status| {
        status["sources"]
            .as_array()
            .unwrap()
            .iter()
            .all(|source| source["state"]["state"] != "starting")
    });
    // The worker is killed amid: what it has told is not told again, and its end is told by the next.
    let kill = || {
        let killed = signal(&studio, Signal::KILL);
        studio.wait_until("another worker", LIMIT, |status| {
            is_running(status) && pid(status) != Some(killed)
        });
        wait_for_event(&studio, "worker analyse", "replaced within ", 1);
    };
    assert_is_found(
        &studio,
        ("cut black", "black since "),
        ("cut moving", "to be seen again after "),
        1000,
        kill,
    );
    assert_is_found(
        &studio,
        ("mute pattern on", "silent since "),
        ("mute pattern off", "to be heard again after "),
        1000,
        || {},
    );
}

#[test]
fn program_that_does_not_move_is_told_with_its_times() {
    let scene = Scene::new("black_s = 0\nfrozen_s = 2\nsilence_s = 0");
    let studio = Studio::start(&[scene.path()]);
    studio.wait_until("an analysis worker", LIMIT, is_running);
    assert_is_found(
        &studio,
        ("cut black", "frozen since "),
        ("cut moving", "moves again after "),
        2000,
        || {},
    );
}

#[test]
fn where_nothing_is_to_be_watched_there_is_no_worker() {
    let scene = Scene::new("black_s = 0\nfrozen_s = 0\nsilence_s = 0");
    let studio = Studio::start(&[scene.path()]);
    let status = studio.wait_until("a second of show", LIMIT, |status| {
        status["stats"]["frames"].as_i64().unwrap() > 30
    });
    assert!(worker(&status).is_none(), "{}", status["workers"]);
}

#[test]
fn an_analysis_worker_that_dies_in_a_loop_is_held_back_and_the_show_does_not_notice() {
    let (Some(nginx), Some(_)) = (Nginx::start(), peer("ffmpeg")) else {
        return;
    };
    in_real_time_beside("a show whose analysis is killed", |witness| {
        let scene = Scene::new("black_s = 1\nfrozen_s = 0\nsilence_s = 0");
        let url = nginx.url("watched");
        let studio = Studio::start(&[scene.path(), "--publish", &url]);
        studio.wait_live(0);
        let pull = Pull::start(&url, 10.0);
        kill_for(&studio, Duration::from_secs(12));
        // Stopped instead of killed, it is found out as well.
        let stopped = signal(&studio, Signal::STOP);
        studio.wait_until("another worker", LIMIT, |status| {
            is_running(status) && pid(status) != Some(stopped)
        });
        let received = pull.finish(LIMIT);
        let status = studio.status();
        witness.hear(&status);
        assert_eq!(
            status["destinations"][0]["stats"]["connects"], 1,
            "{}",
            status["destinations"]
        );
        assert_eq!(received.complaints, "", "it decodes without a complaint");
        assert!(received.video_dts.len() > 200, "{} pictures", received.video_dts.len());
        assert_eq!(gaps(&received.numbers()), [], "every frame of the program arrived");
        let steps = received.audio_pts.windows(2).map(|pair| pair[1] - pair[0]);
        let longest = steps.fold(0.0, f64::max);
        assert!(longest < 0.05, "a gap of {longest} s in the sound");
        // And after all that it still finds what it is there for.
        studio.order("cut black");
        wait_for_event(&studio, "program", "black since ", 1);
    });
}

/// Kills every analysis worker as soon as it is there. The pauses between them grow, and that is told.
fn kill_for(studio: &Studio, time: Duration) {
    let end = Instant::now() + time;
    let (mut kills, mut has_backed_off) = (0, false);
    while Instant::now() < end {
        let status = studio.status();
        has_backed_off |= worker(&status).is_some_and(|worker| worker["state"]["state"] == "backoff");
        if let Some(pid) = pid(&status) {
            kills += i32::from(kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).is_ok());
        }
        // Not to wait for anything: statuses are asked for at a decent rate.
        std::thread::sleep(Duration::from_millis(20));
    }
    let status = studio.status();
    let losses = worker(&status).unwrap()["losses"].as_u64().unwrap();
    assert!(has_backed_off, "{}", status["workers"]);
    // One is replaced at once, those after it after 0.1, 0.2, 0.4 … s: without pauses it would be fifty.
    assert!((3..=14).contains(&losses), "{losses} losses, {kills} kills");
    assert!(
        !events(&status, "worker analyse", "lost: killed by SIGKILL").is_empty(),
        "{}",
        status["events"]
    );
}
