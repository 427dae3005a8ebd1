//! Stream keys, wherever they came from, are seen nowhere: by nobody who looks at processes, logs, state or answers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, missing_docs)]

mod common;

use common::nginx::Nginx;
use common::proc::{self, Process};
use common::studio::Studio;
use common::{PATIENCE, wait_for};

/// One key per way in. None is part of another, so that a leak tells where it came from.
const IN_SCENE: &str = "sk-scene-9f8e7d";
const IN_ENVIRONMENT: &str = "sk-environment-5c4b3a";
const IN_FILE: &str = "sk-file-2e1d0c";
const IN_ARGUMENTS: &str = "sk-argument-b7a695";
const TYPED: &str = "sk-typed-483726";
const KEYS: [&str; 5] = [IN_SCENE, IN_ENVIRONMENT, IN_FILE, IN_ARGUMENTS, TYPED];

fn assert_has_no_key(what: &str, text: &str) {
    for key in KEYS {
        // Nor is it printed by the test.
        assert!(!text.contains(key), "{what} has {key}: {}", text.replace(key, "<KEY>"));
    }
}

#[test]
fn a_stream_key_is_seen_nowhere() {
    let Some(nginx) = Nginx::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let scene = folder.path().join("show.toml");
    std::fs::write(folder.path().join("key"), IN_FILE).unwrap();
    let live = format!("rtmp://127.0.0.1:{}/live", nginx.port);
    let text = format!(
        "[source.bars]\nkind = \"pattern\"\n[scene.bars]\nitems = [{{ source = \"bars\" }}]\n\
         [destination.scene]\nurl = \"{live}\"\nkey = \"{IN_SCENE}\"\n\
         [destination.environment]\nurl = \"{live}\"\nkey = {{ env = \"SHOW_KEY\" }}\n\
         [destination.file]\nurl = \"{live}\"\nkey = {{ file = \"key\" }}\n\
         [destination.gone]\nurl = \"rtmp://127.0.0.1:1/live\"\nkey = {{ env = \"SHOW_KEY\" }}\n"
    );
    std::fs::write(&scene, text).unwrap();
    let publish = format!("{live}/{IN_ARGUMENTS}");
    let arguments = [scene.to_str().unwrap(), "--publish", &publish];
    let mut studio = Studio::start_in(&arguments, |command| {
        command.env("SHOW_KEY", IN_ENVIRONMENT).env("RIGCAST_LOG", "trace");
    });
    studio.wait_until("its destinations", PATIENCE, |status| {
        let destinations = status["destinations"].as_array().unwrap();
        let states = destinations.iter().map(|destination| &destination["state"]["state"]);
        let is_as_it_should = |(at, state): (usize, &serde_json::Value)| {
            let is_gone = destinations[at]["name"] == "gone";
            *state == if is_gone { "backoff" } else { "live" }
        };
        destinations.len() == 5 && states.enumerate().all(is_as_it_should)
    });

    let process = Process::find(studio.process.pid()).unwrap();
    wait_for("a worker", PATIENCE, || (!process.children().is_empty()).then_some(()));
    for worker in process.children() {
        assert_has_no_key("a worker's arguments", &worker.text("cmdline"));
        assert_has_no_key("a worker's environment", &worker.text("environ"));
    }

    let typed = format!("rtmp://127.0.0.1/live/{TYPED}");
    let refused = studio.ctl(&["destination", "add", "scene", &typed]);
    let mistyped = studio.ctl(&["destination", "add", "more", &typed.replace("rtmp", "rmtp")]);
    assert_eq!((refused.status.code(), mistyped.status.code()), (Some(1), Some(2)));
    for (what, bytes) in [
        ("a refusal's answer", refused.stdout),
        ("a refusal", refused.stderr),
        ("a typo's answer", mistyped.stdout),
        ("a typo's message", mistyped.stderr),
    ] {
        assert_has_no_key(what, &String::from_utf8_lossy(&bytes));
    }
    // A worker that is lost has its story told.
    if let Some(worker) = process.children().first() {
        let pid = rustix::process::Pid::from_raw(i32::try_from(worker.pid).unwrap()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::SEGV).unwrap();
        wait_for("the end of a worker", PATIENCE, || worker.is_gone().then_some(()));
    }
    assert_has_no_key("status with its events", &studio.status().to_string());

    // What `ps axww` shows of anybody, and what a user's other programs can read of the studio.
    for any in proc::all() {
        assert_has_no_key(&format!("the arguments of {}", any.pid), &any.text("cmdline"));
    }
    assert_has_no_key("the studio's environment", &process.text("environ"));

    studio.order("end");
    assert_eq!(studio.wait_end(PATIENCE), Some(0));
    let log = studio.whole_log();
    assert!(log.contains("destination publish-1: is live"), "{log}");
    assert_has_no_key("the log", &log);
}
