//! A screen is found, tried, seen before it is added, kept and saved, while a show runs that knows nothing of it.

use std::fs;

use serde_json::Value;

use crate::common::monitor::Monitor;
use crate::common::studio::Studio;
use crate::common::{PATIENCE, peer, wait_for};
use crate::xserver_support::{Painter, Server, rectangle};

const SHOW: &str = "[video]\nwidth = 320\nheight = 180\n[source.dark]\nkind = \"pattern\"\nstyle = \"grid\"\nflash = false\n\
                    [scene.one]\nitems = [{ source = \"dark\" }]\n";

/// An X server whose screen is red all over.
fn red_screen() -> Option<Server> {
    let server = Server::start(&peer("Xvfb")?, "640x360x24", &[]);
    let painter = Painter::on_screen(&server.display);
    painter.fill(0x00ff_0000, &[rectangle(0, 0, 640, 360)]);
    painter.settle();
    Some(server)
}

/// A monitor of that, small.
fn monitor(studio: &Studio, what: &str) -> Monitor {
    Monitor::of(studio.socket_folder(), what, (32, 18))
}

/// How red its next picture is, 0 to 255.
fn red(monitor: &mut Monitor) -> f64 {
    let (_, rgb) = monitor.next();
    let pixels = rgb.chunks_exact(3);
    let count = pixels.len() as f64;
    pixels.map(|rgb| f64::from(rgb[0]) - f64::from(rgb[1])).sum::<f64>() / count
}

fn found(status: &Value, kind: &str) -> Option<usize> {
    let found = status["choosing"]["inventory"]["found"].as_array()?;
    found.iter().position(|found| found["kind"] == kind).map(|at| at + 1)
}

fn names(status: &Value) -> Vec<&str> {
    let sources = status["sources"].as_array().unwrap().iter();
    sources.map(|source| source["name"].as_str().unwrap()).collect()
}

#[test]
fn a_screen_is_seen_before_it_is_added() {
    let Some(server) = red_screen() else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("show.toml");
    fs::write(&path, SHOW).unwrap();
    let studio = Studio::start_in(&[path.to_str().unwrap()], |command| {
        command.env("DISPLAY", &server.display);
    });
    let mut program = monitor(&studio, r#""program""#);
    studio.order("source find");
    let status = studio.status();
    let number = found(&status, "screen").unwrap_or_else(|| panic!("{}", status["choosing"]));

    studio.order(&format!("source try {number}"));
    let status = studio.wait_until("the screen on trial", PATIENCE, |status| {
        status["sources"][1]["state"]["state"] == "live"
    });
    let name = status["choosing"]["trial"]["name"].as_str().unwrap().to_owned();
    assert_eq!(names(&status), ["dark", &name]);
    assert_eq!(
        status["choosing"]["unsaved"],
        Value::Array(Vec::new()),
        "a trial is nothing to save"
    );
    let mut tap = monitor(&studio, &format!(r#"{{"source":"{name}"}}"#));
    wait_for("its picture", PATIENCE, || {
        Some(red(&mut tap)).filter(|red| *red > 150.0)
    });
    assert!(red(&mut program) < 20.0, "nothing of it is on program");
    let refused = studio.ctl(&["source", "save"]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("is on trial"));
    assert_eq!(fs::read_to_string(&path).unwrap(), SHOW);

    studio.order("source keep shot");
    let status = studio.status();
    assert_eq!(names(&status), ["dark", "shot"]);
    assert_eq!(status["sources"][1]["state"]["state"], "live", "it plays on");
    let mut tap = monitor(&studio, r#"{"source":"shot"}"#);
    wait_for("its picture under its name", PATIENCE, || {
        Some(red(&mut tap)).filter(|red| *red > 150.0)
    });

    // A second one on trial goes when another is tried, and when it is let go.
    studio.order(&format!("source try {number}"));
    studio.order(&format!("source try {number}"));
    assert_eq!(names(&studio.status()).len(), 3);
    studio.order("source drop");
    assert_eq!(names(&studio.status()), ["dark", "shot"]);

    studio.order("item add one shot");
    wait_for("it on program", PATIENCE, || {
        Some(red(&mut program)).filter(|red| *red > 10.0)
    });
    studio.order("source save");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains("[source.shot]\nkind = \"screen\"\n"), "{text}");
    assert!(
        text.contains("{ source = \"shot\", position = [\"66%\", \"66%\"]"),
        "{text}"
    );
}
