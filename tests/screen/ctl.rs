//! What scripts rely on: exit codes, JSON on standard output, who may start.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, missing_docs)]

use crate::common;
use std::io::{BufRead, BufReader};
use std::process::{Output, Stdio};
use std::time::Duration;

use common::home::Home;
use common::studio::Studio;
use common::{Guard, PATIENCE, wait_for};
use serde_json::Value;

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn error(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn exit_codes_and_json_are_kept() {
    let nobody = Home::new();
    assert_eq!(code(&nobody.ctl("take")), 3, "no studio");
    assert_eq!(code(&nobody.ctl("tkae")), 2, "a typo is one without a studio as well");
    assert_eq!(code(&nobody.rigcast(&["attach"])), 3);

    let studio = Studio::start(&[]);
    let ok = studio.ctl(&["mute", "grid", "off"]);
    assert_eq!(code(&ok), 0, "{}", error(&ok));
    let answer: Value = serde_json::from_slice(&ok.stdout).unwrap();
    assert!(answer.is_object() || answer == true, "{answer}");

    let refused = studio.ctl(&["mute", "nobody"]);
    assert_eq!(code(&refused), 1);
    assert!(
        error(&refused).contains("there is no strip 'nobody'; there is bars, grid"),
        "{}",
        error(&refused)
    );
    let answer: Value = serde_json::from_slice(&refused.stdout).unwrap();
    assert_eq!(answer["ok"], false);

    for (words, expected) in [
        (&["tkae"][..], "did you mean 'take'?"),
        (&["gain", "bars"], "DB is missing; usage: gain STRIP DB"),
        (&["mute", "bars", "perhaps"], "expected on, off, toggle"),
        (&["keyframe", "now"], "one word too many"),
    ] {
        let usage = studio.ctl(words);
        assert_eq!(code(&usage), 2, "{words:?}");
        assert!(error(&usage).contains(expected), "{words:?}: {}", error(&usage));
        assert!(usage.stdout.is_empty(), "{words:?}");
    }
    // What concerns a screen cannot be done by a script.
    assert_eq!(code(&studio.ctl(&["detach"])), 1);

    let status = studio.status();
    assert_eq!(
        (&status["name"], &status["program"]),
        (&"studio".into(), &"bars".into())
    );
    assert_eq!(status["strips"][1]["is_muted"], false);
}

#[test]
fn watch_tells_what_happens_line_by_line() {
    let studio = Studio::start(&[]);
    let mut command = std::process::Command::new(common::studio::rigcast());
    command
        .args(["ctl", "watch"])
        .env("XDG_RUNTIME_DIR", studio.socket_folder());
    let mut watch = Guard::spawn(command.stdin(Stdio::null()).stdout(Stdio::piped()));
    let (sender, lines) = std::sync::mpsc::channel();
    let stdout = BufReader::new(watch.0.stdout.take().unwrap());
    std::thread::spawn(move || {
        stdout
            .lines()
            .map_while(Result::ok)
            .try_for_each(|line| sender.send(line))
    });
    // It is not known when it has begun to watch, so there is something to see until it has been seen.
    wait_for("an event", PATIENCE, || {
        studio.order("mute bars toggle");
        let line = lines.recv_timeout(Duration::from_millis(200)).ok()?;
        let event: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(event["method"], "event", "{event}");
        assert!(
            event["params"]["at"].is_i64() && event["params"]["level"].is_string(),
            "{event}"
        );
        (event["params"]["subject"] == "strip bars" && event["params"]["text"] == "muted").then_some(())
    });
}

#[test]
fn one_studio_per_name_and_a_dead_one_is_replaced() {
    let mut first = Studio::start(&[]);
    let second = || {
        let mut command = std::process::Command::new(common::studio::rigcast());
        command.args(["studio"]).env("XDG_RUNTIME_DIR", first.socket_folder());
        command.env("XDG_STATE_HOME", first.socket_folder()).output().unwrap()
    };
    let refused = second();
    assert_eq!(code(&refused), 1);
    assert!(
        error(&refused).contains("a studio named 'studio' is already running; join it with: rigcast attach"),
        "{}",
        error(&refused)
    );
    assert_eq!(code(&first.ctl(&["keyframe"])), 0, "the first is as it was");

    // SIGKILL leaves the socket behind; the next one takes its place.
    let folder = first.socket_folder().to_owned();
    first.process.kill();
    assert!(folder.join("rigcast/studio.sock").exists());
    assert_eq!(code(&first.ctl(&["keyframe"])), 3, "a dead studio is none");
    let next = Studio::start_in(&[], |command| {
        command.env("XDG_RUNTIME_DIR", &folder);
    });
    assert_eq!(code(&first.ctl(&["keyframe"])), 0);
    drop(next);
}

#[test]
fn a_typo_in_a_scene_starts_nothing() {
    let home = Home::new();
    let scene = home.folder.path().join("show.toml");
    std::fs::write(
        &scene,
        "[source.a]\nkind = \"pattern\"\n\n[strip.a]\ngian_db = 3\n\n[scene.a]\nitems = [{ source = \"a\" }]\n",
    )
    .unwrap();
    let scene = scene.to_str().unwrap();
    for args in [&["studio", scene][..], &[scene]] {
        let output = home.rigcast(args);
        assert_eq!(code(&output), 2, "{args:?}: {}", error(&output));
        assert!(error(&output).contains("show.toml:5:1"), "{args:?}: {}", error(&output));
        assert!(error(&output).contains("gian_db"), "{args:?}: {}", error(&output));
        assert!(home.studio_pid().is_none(), "{args:?}");
    }
    assert_eq!(code(&home.rigcast(&["check", scene])), 1);
}
