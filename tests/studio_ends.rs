//! What clients see when a studio goes: an end is told, a crash is noticed, and neither is taken for the other.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod common;

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use common::home::Home;
use common::studio::{Studio, output_within, rigcast};
use common::wait_for;
use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(20);

fn socket(studio: &Studio) -> PathBuf {
    studio.socket_folder().join("rigcast/studio.sock")
}

fn lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn error(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// `rigcast ctl watch`, and its output when `end` has ended the studio.
fn watched(studio: &Studio, end: impl FnOnce()) -> Output {
    let out = studio.socket_folder().join("watch.out");
    let mut watch = Command::new(rigcast());
    watch
        .args(["ctl", "--socket"])
        .arg(socket(studio))
        .arg("watch")
        .stdin(Stdio::null());
    watch.stdout(File::create(&out).unwrap()).stderr(Stdio::piped());
    let watch = watch.spawn().unwrap();
    // It watches when it has seen something.
    wait_for("an event", PATIENCE, || {
        studio.order("mute bars toggle");
        std::fs::read_to_string(&out).unwrap().contains('\n').then_some(())
    });
    end();
    let mut output = output_within(watch, PATIENCE);
    output.stdout = std::fs::read(&out).unwrap();
    output
}

#[test]
fn a_watching_script_tells_an_end_from_a_crash() {
    let mut studio = Studio::start(&[]);
    let output = watched(&studio, || studio.order("end"));
    assert_eq!(output.status.code(), Some(0), "{}", error(&output));
    let told = lines(&output);
    let [.., event, ended] = told.as_slice() else {
        panic!("{told:?}");
    };
    assert_eq!(event["params"]["text"], "the show ends");
    assert_eq!(
        (&ended["method"], &ended["params"]["reason"]),
        (&"ended".into(), &"the show ends".into())
    );
    assert_eq!(studio.wait_end(PATIENCE), Some(0));

    let studio = Studio::start(&[]);
    let output = watched(&studio, || studio.process.signal(rustix::process::Signal::KILL));
    assert_eq!(output.status.code(), Some(4), "{}", error(&output));
    assert!(
        error(&output).contains("died or the connection to it broke"),
        "{}",
        error(&output)
    );
    assert!(error(&output).contains("studio.sock"), "{}", error(&output));
    assert!(lines(&output).iter().all(|line| line["method"] == "event"));
}

#[test]
fn a_show_that_ends_as_it_should_has_nothing_to_complain_of() {
    let folder = tempfile::tempdir().unwrap();
    let record = folder.path().join("show.mp4");
    // All that a show can leave behind at once: a recording to be finished, faces that are looked for, text that is drawn.
    let scene = folder.path().join("show.toml");
    let text = "[video]\nwidth = 320\nheight = 180\n[occlusion]\narmed = true\nlevel = 0\n[source.bars]\nkind = \"pattern\"\n\
                [scene.a]\nitems = [{ source = \"bars\" }, { text = \"{uptime}\" }]\n";
    std::fs::write(&scene, text).unwrap();
    let mut studio = Studio::start(&[scene.to_str().unwrap(), "--record", record.to_str().unwrap()]);
    studio.wait_until("a second on the disk, and no cover", PATIENCE, |status| {
        status["recording"]["seconds"].as_f64() >= Some(1.0) && status["occlusion"]["cover"].is_null()
    });
    studio.order("end");
    assert_eq!(studio.wait_end(PATIENCE), Some(0));
    let log = studio.whole_log();
    let (_, ending) = log
        .split_once("the show ends")
        .unwrap_or_else(|| panic!("no end is told:\n{log}"));
    assert!(ending.contains("show.mp4: "), "what was recorded is told:\n{log}");
    assert!(!ending.contains("ERROR") && !ending.contains("WARN"), "{log}");
}

#[test]
fn every_control_connection_hears_of_the_end() {
    let mut studio = Studio::start(&[]);
    // One that asks nothing, one that is a monitor, one that has stopped reading in the middle of a flood.
    let idle = UnixStream::connect(socket(&studio)).unwrap();
    let mut tap = UnixStream::connect(socket(&studio)).unwrap();
    writeln!(
        tap,
        r#"{{"jsonrpc":"2.0","id":1,"method":"tap","params":{{"monitors":[]}}}}"#
    )
    .unwrap();
    let mut deaf = UnixStream::connect(socket(&studio)).unwrap();
    writeln!(
        deaf,
        r#"{{"jsonrpc":"2.0","id":1,"method":"watch","params":{{"meters":true,"state":true}}}}"#
    )
    .unwrap();
    deaf.set_write_timeout(Some(Duration::from_millis(200))).unwrap();
    // Answers pile up until the studio can write no more, and then it reads no more.
    let ask = concat!(r#"{"jsonrpc":"2.0","id":1,"method":"status"}"#, "\n").repeat(100);
    while deaf.write_all(ask.as_bytes()).is_ok() {}
    studio.process.signal(rustix::process::Signal::TERM);
    for stream in [&idle, &tap] {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
    }
    let told: Vec<_> = BufReader::new(idle).lines().map(Result::unwrap).collect();
    assert_eq!(
        told,
        [r#"{"jsonrpc":"2.0","method":"ended","params":{"reason":"told to end by a signal"}}"#]
    );
    let pictures = BufReader::new(tap).lines().count();
    assert_eq!(pictures, 0);
    assert_eq!(studio.wait_end(PATIENCE), Some(0), "the deaf one holds nothing up");
}

#[test]
fn clients_join_by_address() {
    let studio = Studio::start(&["--name", "elsewhere"]);
    let home = Home::new();
    let link = home.folder.path().join("forwarded.sock");
    std::os::unix::fs::symlink(studio.socket_folder().join("rigcast/elsewhere.sock"), &link).unwrap();
    let at = link.to_str().unwrap();
    let status = home.rigcast(&["ctl", "--socket", at, "status"]);
    assert_eq!(status.status.code(), Some(0), "{}", error(&status));
    let status: Value = serde_json::from_slice(&status.stdout).unwrap();
    assert_eq!(status["name"], "elsewhere");

    let nobody = home.folder.path().join("nobody.sock");
    for args in [
        &["ctl", "--socket", nobody.to_str().unwrap(), "status"][..],
        &["attach", "--socket", nobody.to_str().unwrap()],
    ] {
        let output = home.rigcast(args);
        assert_eq!(output.status.code(), Some(3), "{args:?}: {}", error(&output));
        assert!(error(&output).contains(nobody.to_str().unwrap()), "{}", error(&output));
        assert!(!error(&output).contains("--name"), "{}", error(&output));
    }
    let both = home.rigcast(&["ctl", "--name", "a", "--socket", at, "status"]);
    assert_eq!(both.status.code(), Some(2));

    let Some(tmux) = home.terminal(100, 30) else { return };
    tmux.run(&format!("rigcast attach --socket {at}; echo code=$?"));
    tmux.wait_for("MIXER");
    tmux.keys(&["q"]);
    tmux.wait_for(&format!("rigcast attach --socket {at}"));
    tmux.wait_for("code=0");
    assert!(tmux.is_given_back());

    tmux.run(&format!("clear; rigcast attach --socket {at}; echo code=$?"));
    tmux.wait_for("MIXER");
    studio.process.signal(rustix::process::Signal::KILL);
    tmux.wait_for("code=4");
    let screen = tmux.text();
    assert!(
        screen.contains("the studio 'elsewhere' died or the connection to it broke"),
        "{screen}"
    );
    assert!(screen.contains("rigcast studio --resume --name elsewhere"), "{screen}");
    assert!(tmux.is_given_back());
}

#[test]
fn an_attached_screen_tells_an_end_from_a_crash() {
    let home = Home::new();
    let Some(tmux) = home.terminal(100, 30) else { return };
    let before = tmux.stty();
    tmux.run("clear; rigcast; echo code=$?");
    tmux.wait_for("MIXER");
    assert!(home.ctl("end").status.success());
    tmux.wait_for("code=0");
    assert!(
        tmux.text().contains("The show has ended: the show ends"),
        "{}",
        tmux.text()
    );
    assert!(tmux.is_given_back());

    tmux.run("clear; rigcast; echo code=$?");
    tmux.wait_for("MIXER");
    home.kill_studio();
    tmux.wait_for("code=4");
    assert!(
        tmux.text()
            .contains("continue with: rigcast studio --resume --name studio"),
        "{}",
        tmux.text()
    );
    assert!(tmux.is_given_back());
    assert_eq!(tmux.stty(), before);
}
