//! The picture chain in a running studio: what a scene, a preset and a command set is seen on program, at once, and told by
//! `status`; and the source beside it is left alone.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]

mod common;

use std::process::Command;

use common::monitor::Monitor;
use common::studio::{Studio, rigcast};
use common::{PATIENCE, wait_for};

/// Two sources side by side, of the same picture.
const SHOW: &str = "
[video]
width = 320
height = 180
[source.left]
kind = \"pattern\"
label = \"\"
flash = false
[source.right]
kind = \"pattern\"
label = \"\"
flash = false
[picture.left]
preset = \"flat-camera\"
saturation_percent = 40
[scene.both]
items = [
  { source = \"left\", size = [\"50%\", \"50%\"] },
  { source = \"right\", position = [\"50%\", 0], size = [\"50%\", \"50%\"] },
]
";

/// What program shows, small.
struct Program(Monitor);

impl Program {
    fn of(studio: &Studio) -> Self {
        Self(Monitor::of(studio.socket_folder(), "\"program\"", (32, 18)))
    }

    /// Mean red, green and blue of the left and of the right source, in the next picture.
    fn next(&mut self) -> [[f64; 3]; 2] {
        let ((width, height), rgb) = self.0.next();
        [0, width / 2].map(|left| {
            let mut mean = [0.0; 3];
            for y in 0..height / 2 {
                for x in left..left + width / 2 {
                    for (mean, part) in mean.iter_mut().zip(&rgb[(y * width + x) * 3..]) {
                        *mean += f64::from(*part) / (width * height / 4) as f64;
                    }
                }
            }
            mean
        })
    }

    fn until(&mut self, what: &str, is_so: impl Fn([[f64; 3]; 2]) -> bool) -> [[f64; 3]; 2] {
        wait_for(what, PATIENCE, || Some(self.next()).filter(|seen| is_so(*seen)))
    }
}

fn light(part: [f64; 3]) -> f64 {
    part.iter().sum::<f64>() / 3.0
}

/// How far the parts of a colour lie from each other.
fn colour(part: [f64; 3]) -> f64 {
    let (low, high) = part.iter().fold((f64::MAX, 0.0_f64), |(low, high), part| {
        (low.min(*part), high.max(*part))
    });
    high - low
}

#[test]
fn what_is_set_is_seen_on_program_and_nowhere_else() {
    let home = tempfile::tempdir().unwrap();
    let show = home.path().join("show.toml");
    std::fs::write(&show, SHOW).unwrap();
    let config = home.path().to_owned();
    let studio = Studio::start_in(&[show.to_str().unwrap()], |command| {
        command.env("XDG_CONFIG_HOME", config);
    });
    studio.wait_until("sources", PATIENCE, |status| {
        let sources = status["sources"].as_array().unwrap();
        sources.iter().all(|source| source["state"]["state"] == "live")
    });
    let status = studio.status();
    let picture = &status["sources"][0]["picture"];
    assert_eq!(picture["levels"]["is_on"], true, "{picture}");
    assert_eq!(picture["tone"]["contrast_percent"], 15.0, "of the preset");
    assert_eq!(picture["tone"]["saturation_percent"], 40.0, "the scene's own");

    studio.order("picture reset left");
    let mut program = Program::of(&studio);
    let alike = |[left, right]: [[f64; 3]; 2]| (light(left) - light(right)).abs() < 3.0 && light(right) > 30.0;
    let [_, before] = program.until("two pictures alike", alike);
    studio.order("picture set left brightness_percent 60");
    let [left, right] = program.until("light", |[left, right]| light(left) > light(right) + 15.0);
    assert!(light(left) > light(before) + 15.0 && (light(right) - light(before)).abs() < 3.0);
    studio.order("picture set left bypass on");
    program.until("as it came", alike);
    studio.order("picture set left bypass off");
    program.until("light again", |[left, right]| light(left) > light(right) + 15.0);
    studio.order("picture reset left tone");
    program.until("two pictures alike", alike);
    studio.order("picture set right saturation_percent -100");
    let [left, right] = program.until("grey", |[_, right]| colour(right) < 2.0);
    assert!(colour(left) > colour(right) + 2.0, "{left:?} {right:?}");
    studio.order("picture copy right left");
    program.until("grey on both sides", |both| {
        both.into_iter().all(|part| colour(part) < 2.0)
    });

    // A preset of one's own is found by name, and says what it would change.
    studio.order("picture set left denoise on");
    studio.order("picture save mine left");
    studio.order("picture reset right");
    let answer: serde_json::Value =
        serde_json::from_slice(&studio.ctl(&["preset", "diff", "mine", "right"]).stdout).unwrap();
    assert_eq!(answer["text"], "denoise off → on, saturation_percent 0% → -100%");
    studio.order("preset apply mine right");
    let status = studio.status();
    assert_eq!(status["sources"][0]["picture"], status["sources"][1]["picture"]);
    let saved = home.path().join("rigcast/presets/mine.toml");
    let check = Command::new(rigcast()).arg("check").arg(&saved).output().unwrap();
    assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stderr));
    for (line, said) in [
        ("preset apply mine", "preset mine is for a picture: say of which source"),
        ("preset apply mine nobody", "there is no source 'nobody'"),
        ("picture set left denoise_percent 140", "expected 0 to 100%"),
        ("picture set left sharpnes on", "did you mean \"sharpen\"?"),
        ("picture save webcam left", "\"webcam\" is a shipped preset"),
    ] {
        let output = studio.ctl(&line.split(' ').collect::<Vec<_>>());
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && words.contains(said), "{line}: {words}");
    }
}
