//! Encoder workers that are killed, crash and hang while the show is on air: the viewer must not notice.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, missing_docs)]

mod common;

use std::collections::HashSet;
use std::time::{Duration, Instant};

use common::home::{Control, Home};
use common::media::{Pull, Received, gaps};
use common::nginx::Nginx;
use common::pace::{Turn, Witness, in_real_time};
use common::proc::Process;
use common::studio::{Studio, make_small};
use common::{PATIENCE, extent, peer, wait_for};
use rustix::process::Signal;
use serde_json::Value;

/// How often each way to lose a worker is tried.
fn rounds() -> usize {
    extent(4, 10)
}

/// From one loss to the next. A worker that lives for less than a second counts as one that dies in a loop.
const APART: Duration = Duration::from_millis(1500);

/// Ways to lose a worker, and what the event must say about each.
const WAYS: [(Signal, &str); 3] = [
    (Signal::KILL, "sigkill"),
    (Signal::SEGV, "sigsegv"),
    (Signal::STOP, "stopped"),
];

fn worker<'a>(status: &'a Value, name: &str) -> &'a Value {
    let workers = status["workers"].as_array().unwrap();
    let worker = workers.iter().find(|worker| worker["name"] == name);
    worker.unwrap_or_else(|| panic!("no worker {name} in {workers:?}"))
}

/// The process that encodes, once it does.
fn encoder(control: &mut Control, what: &str, is_so: impl Fn(&Value) -> bool) -> (Process, Value) {
    let status = control.wait_until(what, |status| {
        let worker = worker(status, "encode");
        worker["state"]["state"] == "running" && worker["pid"].is_u64() && is_so(worker)
    });
    let worker = worker(&status, "encode").clone();
    let pid = u32::try_from(worker["pid"].as_u64().unwrap()).unwrap();
    let process = Process::find(pid).unwrap_or_else(|| panic!("no process {pid}: {worker}"));
    (process, worker)
}

fn signal(process: &Process, signal: Signal) {
    let pid = rustix::process::Pid::from_raw(i32::try_from(process.pid).unwrap()).unwrap();
    rustix::process::kill_process(pid, signal).unwrap();
}

/// A show to a server, and the line to its studio.
struct Show {
    control: Control,
    studio: Studio,
    process: Process,
    // Last: what it holds is used by all above.
    _home: Home,
}

impl Show {
    fn start(url: &str) -> Self {
        let home = Home::new();
        let studio = Studio::start_in(&["--publish", url], |command| {
            make_small(command);
            command.env("XDG_RUNTIME_DIR", home.folder.path());
        });
        let mut control = Control::open(&home);
        control.wait_until("a live destination", |status| {
            status["destinations"][0]["state"]["state"] == "live"
        });
        let process = Process::find(studio.process.pid()).unwrap();
        Self {
            control,
            studio,
            process,
            _home: home,
        }
    }
}

/// The number in `replaced within 12 ms: …`.
fn replaced_within_ms(text: &str) -> Option<u64> {
    text.strip_prefix("replaced within ")?
        .split_once(" ms: ")?
        .0
        .parse()
        .ok()
}

#[test]
fn a_lost_encoder_worker_is_replaced_and_the_viewer_does_not_notice() {
    let (Some(mut nginx), Some(_)) = (Nginx::start(), peer("ffmpeg")) else {
        return;
    };
    in_real_time("lost encoder workers", |witness| lose_workers(&mut nginx, witness));
}

fn lose_workers(nginx: &mut Nginx, witness: &Witness) {
    let published = nginx.publishes();
    let mut show = Show::start(&nginx.url("lost"));
    let pull = Pull::start(&nginx.url("lost"), 600.0);
    wait_for("the viewer's first bytes", PATIENCE, || {
        std::fs::metadata(&pull.path).ok().filter(|file| file.len() > 50_000)
    });

    let (mut serving, _) = encoder(&mut show.control, "an encoder", |_| true);
    let (mut seen, mut family, mut took) = (HashSet::from([serving.clone()]), HashSet::new(), Vec::new());
    for round in 0..rounds() * WAYS.len() {
        let (way, reason) = WAYS[round % WAYS.len()];
        std::thread::sleep(APART);
        family.extend(show.process.children());
        let losses = worker(&show.control.status(), "encode")["losses"].as_u64().unwrap();
        signal(&serving, way);
        let (next, worker) = encoder(&mut show.control, &format!("a worker after {way:?}"), |worker| {
            worker["losses"].as_u64() > Some(losses)
        });
        let last = worker["last_loss"].as_str().unwrap().to_lowercase();
        assert!(last.contains(reason), "round {round}, {way:?}: {worker}");
        assert_eq!(worker["losses"], losses + 1, "one loss is counted as one: {worker}");
        assert!(seen.insert(next.clone()), "round {round}: {next:?} again: {worker}");
        wait_for("the end of the lost worker", PATIENCE, || {
            serving.is_gone().then_some(())
        });
        took.push(told(&mut show.control, reason, round));
        serving = next;
    }
    std::thread::sleep(APART);

    let status = show.control.status();
    witness.hear_clocks(&status);
    assert_eq!(nginx.publishes(), published + 1, "one RTMP connection throughout");
    assert_eq!(
        status["destinations"][0]["stats"]["connects"], 1,
        "{}",
        status["destinations"]
    );
    took.sort_unstable();
    eprintln!("replaced within, ms: {took:?}");
    assert!(
        took[took.len() / 2] <= 300 && took[took.len() - 1] < 1000,
        "replaced within ms: {took:?}"
    );
    // Nothing that ended waits to be buried; of those that serve there are few.
    let children = show.process.children();
    assert!(
        children.iter().all(|child| child.state() != Some('Z')) && children.len() <= 4,
        "{children:?}"
    );
    family.extend(children);

    pull.stop();
    let pulled = pull.save(PATIENCE);
    show.control.order("end");
    assert_eq!(show.studio.wait_end(PATIENCE), Some(0));
    for process in seen.iter().chain(&family) {
        wait_for("the end of every worker", PATIENCE, || {
            process.has_ended().then_some(())
        });
    }
    assert_shows_no_loss(&Received::read(&pulled.path), &status);
}

/// Waits until the newest replacement that is told of is one for `reason`, which the one before was not; gives the ms in it.
fn told(control: &mut Control, reason: &str, round: usize) -> u64 {
    let what = format!("the event of replacement {round} ({reason})");
    let status = control.wait_until(&what, |status| {
        replacement(status).is_some_and(|text| text.to_lowercase().contains(reason))
    });
    replacement(&status).and_then(replaced_within_ms).unwrap()
}

/// The newest event of a replacement.
fn replacement(status: &Value) -> Option<&str> {
    let events = status["events"].as_array().unwrap().iter();
    events
        .filter(|event| event["subject"] == "worker encode" && event["level"] == "warning")
        .filter_map(|event| event["text"].as_str())
        .rfind(|text| replaced_within_ms(text).is_some())
}

fn assert_shows_no_loss(received: &Received, status: &Value) {
    assert_eq!(received.complaints, "", "it decodes without a complaint");
    let longest = |times: &[f64]| times.windows(2).map(|pair| pair[1] - pair[0]).fold(0.0, f64::max);
    let gap = longest(&received.video_pts);
    let numbers = received.numbers();
    let missing = gaps(&numbers)
        .iter()
        .map(|(before, after)| after.saturating_sub(before + 1))
        .sum::<u32>();
    let sound = longest(&received.audio_pts);
    eprintln!(
        "{} pictures pulled, {missing} missing, {} skipped by the studio's account, longest gap {:.0} ms; sound {:.0} ms",
        numbers.len(),
        status["stats"]["skipped_frames"],
        gap * 1000.0,
        sound * 1000.0
    );
    assert!(numbers.len() > 100 * rounds(), "{} pictures", numbers.len());
    assert!(gap < 1.0, "no picture for {gap:.2} s");
    assert!(
        numbers.windows(2).all(|pair| pair[0] < pair[1]),
        "pictures come in order, each once"
    );
    // A loss may cost a picture or two where the machine is busy, not a tenth of a second.
    assert!(
        missing as usize <= 2 * rounds() * WAYS.len(),
        "{missing} pictures are missing: {:?}",
        gaps(&numbers)
    );
    // AAC packets are 21.3 ms apart, and FLV counts in whole ms.
    assert!(sound < 0.0235, "the sound has a gap of {:.1} ms", sound * 1000.0);
    assert!(
        received.audio_pts.windows(2).all(|pair| pair[1] > pair[0]),
        "sound goes on"
    );
}

#[test]
fn a_killed_studio_leaves_no_process() {
    let Some(nginx) = Nginx::start() else { return };
    in_real_time("the end of a killed studio's processes", |_| {
        let mut show = Show::start(&nginx.url("killed"));
        let (serving, _) = encoder(&mut show.control, "an encoder", |_| true);
        // A spare comes when the first one has proven itself.
        let family = wait_for("a second worker", PATIENCE, || {
            let children = show.process.children();
            show.control.status();
            (children.len() > 1).then_some(children)
        });
        assert!(family.contains(&serving), "{serving:?} in {family:?}");
        // One that is stopped cannot even notice; the kernel must end it.
        signal(&family[0], Signal::STOP);
        let killed = Instant::now();
        show.studio.process.kill();
        while !family.iter().all(Process::has_ended) {
            assert!(killed.elapsed() < Duration::from_secs(2), "of {family:?} some are left");
            std::thread::sleep(Duration::from_millis(10));
        }
        eprintln!("{} workers gone {:?} after the studio", family.len(), killed.elapsed());
    });
}

#[test]
fn a_worker_has_nothing_that_it_does_not_need() {
    let Some(nginx) = Nginx::start() else { return };
    let _turn = Turn::take();
    let mut show = Show::start(&nginx.url("fenced"));
    let (_, _) = encoder(&mut show.control, "an encoder", |_| true);
    let workers = show.process.children();
    assert!(!workers.is_empty());
    for worker in workers {
        // Its fence goes up while it starts.
        wait_for("the worker's fence", PATIENCE, || {
            (worker.status("Seccomp") == "2").then_some(())
        });
        assert_eq!(
            (worker.status("NoNewPrivs"), worker.status("Name")),
            ("1".into(), "rigcast-worker".into())
        );
        let arguments = worker.text("cmdline");
        let mut words = arguments.split_whitespace();
        assert_eq!(
            (words.next(), words.next()),
            (Some("rigcast"), Some("worker")),
            "{arguments}"
        );
        let allowed = ["RIGCAST_LOG="];
        let environment = worker.text("environ");
        assert!(
            environment
                .split_whitespace()
                .all(|word| allowed.iter().any(|name| word.starts_with(name))),
            "{environment}"
        );
        let descriptors = worker.descriptors();
        let is_needed = |(number, target): &(u32, String)| {
            let kinds = ["socket:", "pipe:", "/memfd:", "/dev/null"];
            *number < 4 && kinds.iter().any(|kind| target.starts_with(kind))
        };
        assert!(descriptors.iter().all(is_needed), "{descriptors:?}");
        let count = |kind: &str| {
            descriptors
                .iter()
                .filter(|(_, target)| target.starts_with(kind))
                .count()
        };
        assert_eq!(
            (count("socket:"), count("/memfd:"), count("pipe:")),
            (1, 1, 1),
            "{descriptors:?}"
        );
    }
}

#[test]
fn workers_that_die_in_a_loop_are_not_started_in_a_loop() {
    let Some(nginx) = Nginx::start() else { return };
    let _turn = Turn::take();
    let mut show = Show::start(&nginx.url("loop"));
    let mut killed = HashSet::new();
    // Everybody who comes is killed at once, until the pause before the next is felt.
    let deadline = Instant::now() + PATIENCE;
    let started = Instant::now();
    loop {
        let encoders = show.process.children().into_iter();
        for worker in encoders.filter(|child| child.text("cmdline").contains("worker encode")) {
            // It may have ended meanwhile.
            let pid = rustix::process::Pid::from_raw(i32::try_from(worker.pid).unwrap()).unwrap();
            let _ = rustix::process::kill_process(pid, Signal::KILL);
            killed.insert(worker);
        }
        let status = show.control.status();
        let state = &worker(&status, "encode")["state"];
        if state["state"] == "backoff" && state["retry_in_ms"].as_u64() >= Some(800) {
            break;
        }
        assert!(Instant::now() < deadline, "no backoff: {}", status["workers"]);
        std::thread::sleep(Duration::from_millis(10));
    }
    let took = started.elapsed();
    // Without the pauses it would be one with every picture.
    let limit = 12 + 4 * took.as_secs() as usize;
    assert!(killed.len() <= limit, "{} workers within {took:?}", killed.len());

    // Once they live, the show has pictures again, on the same connection.
    encoder(&mut show.control, "an encoder that stays", |_| true);
    let skipped = |status: &Value| status["stats"]["skipped_frames"].as_u64().unwrap();
    let before = show.control.status();
    show.control.wait_until("pictures again", |status| {
        let frames = |status: &Value| status["stats"]["frames"].as_u64().unwrap();
        frames(status) > frames(&before) + 30 && status["stats"]["video_kbps"].as_u64() > Some(0)
    });
    let status = show.control.status();
    eprintln!(
        "{} workers killed within {took:?}, {} pictures skipped",
        killed.len(),
        skipped(&status)
    );
    assert_eq!(nginx.publishes(), 1);
    assert_eq!(
        status["destinations"][0]["stats"]["connects"], 1,
        "{}",
        status["destinations"]
    );
}
