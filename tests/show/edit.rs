//! Items that are moved by hand: seen on program at once, saved into the file to the byte, and there again after a crash.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;

use crate::common::home::Home;
use crate::common::monitor::Monitor;
use crate::common::studio::Studio;
use crate::common::{PATIENCE, wait_for};

const SHOW: &str = "# Evening show
[video]
width = 320
height = 180
[source.dark]
kind = \"pattern\"
style = \"grid\"
label = \"\"
flash = false
[source.red]
kind = \"file\"
path = \"red.png\"
[scene.one]\t# on air first
items = [
  { source = \"dark\" },
  { source = \"red\", position = [\"50%\", 0], size = [\"50%\", \"100%\"], fit = \"stretch\" },   # right
]
[scene.two]
items = [{ source = \"dark\" }]
strips.dark = { mute = true }";

/// The show in a folder, with its picture.
fn write_show(home: &Home) -> PathBuf {
    let red = image::RgbImage::from_pixel(64, 36, image::Rgb([255, 0, 0]));
    red.save(home.folder.path().join("red.png")).unwrap();
    let path = home.folder.path().join("show.toml");
    fs::write(&path, SHOW).unwrap();
    path
}

/// What program shows, small.
struct Program(Monitor);

impl Program {
    fn of(folder: &Path) -> Self {
        Self(Monitor::of(folder, "\"program\"", (32, 18)))
    }

    /// How red the left and the right half are in the next picture, 0 to 255.
    fn next(&mut self) -> [f64; 2] {
        let ((width, height), rgb) = self.0.next();
        [0, width / 2].map(|left| {
            let mut red = 0.0;
            for y in 0..height {
                for x in left..left + width / 2 {
                    let at = (y * width + x) * 3;
                    red += f64::from(rgb[at]) - f64::from(rgb[at + 1]);
                }
            }
            red / (width * height / 2) as f64
        })
    }

    fn until(&mut self, what: &str, is_so: impl Fn([f64; 2]) -> bool) {
        wait_for(what, PATIENCE, || Some(self.next()).filter(|seen| is_so(*seen)));
    }
}

fn start(home: &Home, args: &[&str]) -> Studio {
    Studio::start_in(args, |command| {
        command
            .env("XDG_RUNTIME_DIR", home.folder.path())
            .env("XDG_STATE_HOME", home.folder.path());
    })
}

fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

fn order(home: &Home, line: &str) -> String {
    let output = home.ctl(line);
    assert!(output.status.success(), "{line}: {}", said(&output));
    said(&output)
}

#[test]
fn what_is_moved_by_hand_is_seen_saved_and_survives() {
    let home = Home::new();
    let path = write_show(&home);
    let mut studio = start(&home, &[path.to_str().unwrap()]);
    let mut program = Program::of(home.folder.path());
    let is_red = |share: f64| share > 180.0;
    let is_dark = |share: f64| share.abs() < 20.0;
    program.until("red on the right", |[left, right]| is_dark(left) && is_red(right));

    order(&home, "item move one red 0 0");
    program.until("red on the left", |[left, right]| is_red(left) && is_dark(right));
    order(&home, "item size one red 100%");
    // Without a height the shape stays: what sticks out is cut.
    program.until("red everywhere", |[left, right]| is_red(left) && is_red(right));
    order(&home, "item hide one red");
    program.until("nothing red", |[left, right]| is_dark(left) && is_dark(right));
    order(&home, "undo");
    order(&home, "undo");
    program.until("red on the left again", |[left, right]| is_red(left) && is_dark(right));
    let status = home.status();
    assert_eq!(status["edits"]["changed"][0]["items"][0], "red");

    // Saved: one number is another one, and nothing else.
    let answer = order(&home, "scene save");
    assert!(answer.contains("saved scene one in "), "{answer}");
    let moved = SHOW.replace("position = [\"50%\", 0]", "position = [\"0%\", 0]");
    assert_eq!(fs::read_to_string(&path).unwrap(), moved);
    assert_eq!(home.status()["edits"]["changed"].as_array().map(Vec::len), Some(0));

    // A file that somebody has changed is left alone.
    order(&home, "item opacity one red 50%");
    let theirs = moved.replace("Evening", "Morning");
    fs::write(&path, &theirs).unwrap();
    let refused = home.ctl("scene save one");
    assert!(!refused.status.success());
    assert!(
        said(&refused).contains("has been changed since it was read"),
        "{}",
        said(&refused)
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), theirs);

    // What was not saved is there again after a crash, and what was saved is what the show is read from.
    fs::write(&path, &moved).unwrap();
    let is_half = |status: &Value| {
        let item = &status["scenes"][0]["items"][1];
        item["opacity"] == 0.5 && item["target"]["x"] == 0
    };
    wait_for("the state to be saved", PATIENCE, || {
        let state = fs::read_to_string(home.folder.path().join("rigcast/studio.state")).ok()?;
        (state.contains("\"opacity\":0.5") && state.contains("[\\\"0%\\\", 0]")).then_some(())
    });
    studio.process.kill();
    let _studio = start(&home, &["--resume"]);
    let status = home.wait_until("the scene as it was", is_half);
    assert_eq!(status["edits"]["changed"][0]["items"][0], "red");
    let mut program = Program::of(home.folder.path());
    program.until("half red on the left", |[left, right]| {
        (60.0..180.0).contains(&left) && is_dark(right)
    });
    order(&home, "scene save");
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        moved.replace("\"stretch\" }", "\"stretch\", opacity = 0.5 }")
    );
}

#[test]
fn what_a_scene_sets_on_strips_goes_with_it() {
    let home = Home::new();
    let path = write_show(&home);
    let _studio = start(&home, &[path.to_str().unwrap()]);
    let is_muted = |status: &Value| status["strips"][0]["is_muted"] == true;
    assert!(!is_muted(&home.status()));
    order(&home, "cut two");
    assert!(is_muted(&home.status()));
    order(&home, "cut one");
    assert!(!is_muted(&home.status()));
    order(&home, "cut two");
    order(&home, "mute dark off");
    order(&home, "cut one");
    assert!(!is_muted(&home.status()), "it was the operator's last word");
}
