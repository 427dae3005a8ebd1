//! A screen is found, tried, seen before it is added, kept and saved, while a show runs that knows nothing of it.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Stdio};

use rigcast::control::protocol::PictureHeader;
use serde_json::Value;
use x11rb::connection::Connection;
use x11rb::protocol::xproto::{ChangeWindowAttributesAux, ConnectionExt};

use crate::common::studio::Studio;
use crate::common::{Guard, PATIENCE, peer, wait_for};

const SHOW: &str = "[video]\nwidth = 320\nheight = 180\n[source.dark]\nkind = \"pattern\"\nstyle = \"grid\"\nflash = false\n\
                    [scene.one]\nitems = [{ source = \"dark\" }]\n";

/// An X server whose screen is red all over, and its display.
fn red_screen() -> Option<(Guard, String)> {
    let xvfb = peer("Xvfb")?;
    let mut command = Command::new(xvfb);
    command.args(["-displayfd", "1", "-screen", "0", "640x360x24", "-nolisten", "tcp"]);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut server = Guard::spawn(&mut command);
    let mut number = String::new();
    let out = server.0.stdout.take().unwrap();
    BufReader::new(out).read_line(&mut number).unwrap();
    let display = format!(":{}", number.trim());
    let (connection, at) = x11rb::connect(Some(&display)).unwrap();
    let root = connection.setup().roots[at].root;
    let red = ChangeWindowAttributesAux::new().background_pixel(0x00ff_0000);
    connection.change_window_attributes(root, &red).unwrap();
    connection.clear_area(false, root, 0, 0, 0, 0).unwrap();
    connection.flush().unwrap();
    // What nobody is connected to is made black again.
    std::mem::forget(connection);
    Some((server, display))
}

/// What a monitor shows, small.
struct Tap(UnixStream);

impl Tap {
    fn of(folder: &Path, what: &str) -> Self {
        let mut tap = UnixStream::connect(folder.join("rigcast/studio.sock")).unwrap();
        tap.set_read_timeout(Some(PATIENCE)).unwrap();
        let wanted = format!(r#"{{"what":{what},"width":32,"height":18,"per_second":30}}"#);
        writeln!(
            tap,
            r#"{{"jsonrpc":"2.0","id":1,"method":"tap","params":{{"monitors":[{wanted}]}}}}"#
        )
        .unwrap();
        Self(tap)
    }

    /// How red the next picture is, 0 to 255.
    fn next(&mut self) -> f64 {
        let mut header = [0; PictureHeader::LEN];
        self.0.read_exact(&mut header).unwrap();
        let header = PictureHeader::decode(header).unwrap();
        let mut rgb = vec![0; usize::from(header.width) * usize::from(header.height) * 3];
        self.0.read_exact(&mut rgb).unwrap();
        let pixels = rgb.chunks_exact(3);
        let count = pixels.len() as f64;
        pixels.map(|rgb| f64::from(rgb[0]) - f64::from(rgb[1])).sum::<f64>() / count
    }
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
    let Some((_server, display)) = red_screen() else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("show.toml");
    fs::write(&path, SHOW).unwrap();
    let studio = Studio::start_in(&[path.to_str().unwrap()], |command| {
        command.env("DISPLAY", &display);
    });
    let mut program = Tap::of(studio.folder.path(), r#""program""#);
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
    let mut tap = Tap::of(studio.folder.path(), &format!(r#"{{"source":"{name}"}}"#));
    wait_for("its picture", PATIENCE, || Some(tap.next()).filter(|red| *red > 150.0));
    assert!(program.next() < 20.0, "nothing of it is on program");
    let refused = studio.ctl(&["source", "save"]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("is on trial"));
    assert_eq!(fs::read_to_string(&path).unwrap(), SHOW);

    studio.order("source keep shot");
    let status = studio.status();
    assert_eq!(names(&status), ["dark", "shot"]);
    assert_eq!(status["sources"][1]["state"]["state"], "live", "it plays on");
    let mut tap = Tap::of(studio.folder.path(), r#"{"source":"shot"}"#);
    wait_for("its picture under its name", PATIENCE, || {
        Some(tap.next()).filter(|red| *red > 150.0)
    });

    // A second one on trial goes when another is tried, and when it is let go.
    studio.order(&format!("source try {number}"));
    studio.order(&format!("source try {number}"));
    assert_eq!(names(&studio.status()).len(), 3);
    studio.order("source drop");
    assert_eq!(names(&studio.status()), ["dark", "shot"]);

    studio.order("item add one shot");
    wait_for("it on program", PATIENCE, || {
        Some(program.next()).filter(|red| *red > 10.0)
    });
    studio.order("source save");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains("[source.shot]\nkind = \"screen\"\n"), "{text}");
    assert!(
        text.contains("{ source = \"shot\", position = [\"66%\", \"66%\"]"),
        "{text}"
    );
}
