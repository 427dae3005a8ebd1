//! What scenes are made of besides sources, on program: texts with what they are filled with, images, groups, scenes in scenes, keys,
//! and the transitions between them.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::common::monitor::Monitor;
use crate::common::studio::Studio;
use crate::common::{PATIENCE, wait_for};

const WIDTH: usize = 320;
const HEIGHT: usize = 180;

const SHOW: &str = r##"
title = "Stage show"
[video]
width = 320
height = 180
[source.green]
kind = "file"
path = "green.png"
[source.sting]
kind = "file"
path = "sting.mp4"
loop = true
[source.bars]
kind = "pattern"
tone_hz = 440

[scene.lower]
parameters = { title = "WWWW" }
items = [
  { name = "bar", color = "#0000ff", position = [0, 120], size = [160, 40] },
  { name = "letters", text = "{title}", position = [0, 120], size = [160, 40], style = { size = 30, color = "#ffffff" } },
]
[scene.blue]
items = [
  { name = "paper", color = "#101030" },
  { name = "overlay", scene = "lower", with = { title = "MMMM" } },
  { name = "photo", image = "half.png", position = [200, 20], size = [80, 80], fit = "stretch" },
]
[scene.red]
items = [
  { name = "paper", color = "#802020" },
  { name = "small", scene = "lower", position = ["50%", "50%"], size = ["50%", "50%"] },
  { name = "faint", opacity = 0.5, position = [0, 0], size = ["50%", "50%"], fit = "stretch", group = [
      { name = "a", color = "#00ff00", size = [320, 180] },
      { name = "b", color = "#ffffff", size = [160, 180] },
  ] },
]
[scene.keyed]
items = [
  { name = "paper", color = "#e0e0e0" },
  { name = "actor", source = "green", key = { color = "#00b140" } },
  { name = "time", text = "{clock %S}", position = [240, 140], size = [80, 40], style = { size = 30, color = "#000000" } },
]
[start]
program = "blue"
preview = "red"
[transition]
kind = "cut"
duration_ms = 400
stinger = "sting"
cut_at_ms = 500
key = { color = "#00b140" }
"##;

/// One picture of program.
struct Picture(Vec<u8>);

impl Picture {
    fn at(&self, x: usize, y: usize) -> [u8; 3] {
        let at = (y * WIDTH + x) * 3;
        [self.0[at], self.0[at + 1], self.0[at + 2]]
    }

    fn is(&self, x: usize, y: usize, rgb: [u8; 3]) -> bool {
        self.at(x, y).into_iter().zip(rgb).all(|(a, b)| a.abs_diff(b) <= 12)
    }

    /// How many pixels of a rectangle are lighter than `over` in all three colours.
    fn light(&self, [x, y, width, height]: [usize; 4], over: u8) -> usize {
        let places = (y..y + height).flat_map(|y| (x..x + width).map(move |x| (x, y)));
        places
            .filter(|(x, y)| self.at(*x, *y).into_iter().all(|code| code > over))
            .count()
    }

    /// Leaves it in the folder LOOK of the environment, for a person to look at.
    fn keep(&self, name: &str) {
        if let Ok(folder) = std::env::var("LOOK") {
            let picture = image::RgbImage::from_raw(WIDTH as u32, HEIGHT as u32, self.0.clone()).unwrap();
            picture.save(Path::new(&folder).join(format!("{name}.png"))).unwrap();
        }
    }
}

/// A monitor of the program's size.
struct Screen(Monitor);

impl Screen {
    fn of(studio: &Studio, what: &str) -> Self {
        Self(Monitor::of(studio.socket_folder(), what, (WIDTH, HEIGHT)))
    }

    fn next(&mut self) -> Picture {
        let (size, rgb) = self.0.next();
        assert_eq!(size, (WIDTH, HEIGHT));
        Picture(rgb)
    }

    fn until(&mut self, what: &str, is_so: impl Fn(&Picture) -> bool) -> Picture {
        wait_for(what, PATIENCE, || Some(self.next()).filter(&is_so))
    }
}

fn start(folder: &Path) -> Studio {
    let picture = |name: &str, pixel: &dyn Fn(u32, u32) -> [u8; 4]| {
        let picture = image::RgbaImage::from_fn(320, 180, |x, y| image::Rgba(pixel(x, y)));
        picture.save(folder.join(name)).unwrap();
    };
    let is_box = |x: u32, y: u32| (100..220).contains(&x) && (60..120).contains(&y);
    picture("green.png", &|x, y| {
        if is_box(x, y) {
            [200, 60, 60, 255]
        } else {
            [0, 177, 64, 255]
        }
    });
    picture("half.png", &|x, _| {
        if x < 160 { [255, 255, 0, 255] } else { [255, 255, 0, 0] }
    });
    let clip = Command::new("ffmpeg")
        .args(["-nostdin", "-loglevel", "error", "-f", "lavfi", "-i"])
        .arg("color=c=0x00b140:s=320x180:r=30:d=1,drawbox=x=40:y=40:w=60:h=60:color=0xff00ff:t=fill")
        .args([
            "-c:v",
            "libx264",
            "-pix_fmt",
            "yuv420p",
            "-colorspace",
            "bt709",
            "-color_range",
            "tv",
        ])
        .arg(folder.join("sting.mp4"))
        .status()
        .unwrap();
    assert!(clip.success());
    let show = folder.join("show.toml");
    std::fs::write(&show, SHOW).unwrap();
    let config = folder.to_owned();
    let studio = Studio::start_in(&[show.to_str().unwrap()], |command| {
        command.env("XDG_CONFIG_HOME", config);
    });
    studio.wait_until("sources", PATIENCE, |status| {
        let states = status["sources"].as_array().unwrap().iter();
        let states: Vec<&Value> = states.map(|source| &source["state"]["state"]).collect();
        states == ["live", "ended", "live"] || states == ["ended", "ended", "live"]
    });
    studio
}

const DARK: [u8; 3] = [16, 16, 48];
const BLUE: [u8; 3] = [0, 0, 255];
const RED: [u8; 3] = [128, 32, 32];
const LIGHT: [u8; 3] = [224, 224, 224];

#[test]
fn what_scenes_are_made_of_is_seen_on_program_and_preview() {
    let home = tempfile::tempdir().unwrap();
    let studio = start(home.path());
    let mut program = Screen::of(&studio, r#""program""#);
    let shown = program.until("letters and image", |picture| {
        picture.is(10, 10, DARK) && picture.light([0, 120, 160, 40], 200) > 200
    });
    shown.keep("blue");
    assert!(shown.is(150, 123, BLUE), "the bar: {:?}", shown.at(150, 123));
    assert!(
        shown.is(220, 60, [255, 255, 0]) && shown.is(260, 60, DARK),
        "the half of the image that is there"
    );
    let ems = shown.light([0, 120, 160, 40], 128);
    assert_eq!(shown.light([0, 0, 190, 118], 128), 0, "nothing is written elsewhere");

    // On preview the same template lies in a quarter, with its own word.
    let mut preview = Screen::of(&studio, r#""preview""#);
    let shown = preview.until("the small one", |picture| {
        picture.is(10, 170, RED) && picture.light([160, 150, 80, 20], 150) > 40
    });
    shown.keep("red");
    assert!(shown.is(236, 152, BLUE), "{:?}", shown.at(236, 152));
    assert!(
        shown.is(260, 160, RED),
        "what a scene leaves empty lets through: {:?}",
        shown.at(260, 160)
    );
    // Half of the group over the paper: white where it is white, though green lies below that.
    assert!(shown.is(40, 40, [192, 144, 144]), "{:?}", shown.at(40, 40));
    assert!(shown.is(120, 40, [64, 144, 16]), "{:?}", shown.at(120, 40));

    // Any scene can be looked at by its name.
    let mut named = Screen::of(&studio, r#"{"scene":"keyed"}"#);
    let shown = named.until("what is left of the green", |picture| {
        picture.is(160, 90, [200, 60, 60])
    });
    shown.keep("keyed");
    assert!(
        shown.is(20, 20, LIGHT) && shown.is(90, 90, LIGHT),
        "{:?}",
        shown.at(20, 20)
    );
    assert_eq!(
        shown.at(20, 20)[0].abs_diff(shown.at(20, 20)[1]) / 4,
        0,
        "nothing green is left"
    );

    // A clock goes on.
    let first = named.next();
    let time = [240, 140, 80, 40];
    named.until("the next second", |picture| {
        let changed = |x: usize, y: usize| picture.at(x, y)[0].abs_diff(first.at(x, y)[0]) > 60;
        let [x, y, width, height] = time;
        (y..y + height)
            .flat_map(|y| (x..x + width).map(move |x| (x, y)))
            .filter(|(x, y)| changed(*x, *y))
            .count()
            > 10
    });
    assert!(ems > 200);
}

#[test]
fn a_parameter_changes_letters_in_place_and_takes_bring_theirs_along() {
    let home = tempfile::tempdir().unwrap();
    let studio = start(home.path());
    let mut program = Screen::of(&studio, r#""program""#);
    program.until("letters", |picture| picture.light([0, 120, 160, 40], 128) > 200);
    studio.order("preview lower");
    studio.order("cut");
    let wide = program.until("the template by itself", |picture| {
        picture.is(200, 150, [0, 0, 0]) && picture.light([0, 120, 160, 40], 128) > 100
    });
    let wide = wide.light([0, 120, 160, 40], 128);
    studio.order("scene set lower title I");
    program.until("one thin letter", |picture| {
        let light = picture.light([0, 120, 160, 40], 128);
        light > 10 && light < wide / 3
    });
    studio.order("scene set lower title MM");
    program.until("two wide ones", |picture| {
        picture.light([0, 120, 160, 40], 128) > wide / 3
    });
}

#[test]
fn wipes_and_stingers_take_what_is_on_preview() {
    let home = tempfile::tempdir().unwrap();
    let studio = start(home.path());
    let mut program = Screen::of(&studio, r#""program""#);
    program.until("the first scene", |picture| {
        picture.is(300, 170, DARK) && picture.is(10, 10, DARK)
    });
    studio.order("wipe right 1500ms");
    let half = program.until("an edge", |picture| {
        picture.is(150, 90, RED) && picture.is(310, 170, DARK)
    });
    assert!(half.is(10, 175, RED), "the new one is behind the edge");
    // Taken again on the way: back, from what is seen, without a flash.
    let status = studio.status();
    assert_eq!(
        status["fade"]["kind"],
        serde_json::json!({ "wipe": "right" }),
        "{}",
        status["fade"]
    );
    studio.order("fade 300ms");
    let after = program.next();
    assert!(after.at(10, 175)[0] > 60, "no flash: {:?}", after.at(10, 175));
    program.until("back", |picture| picture.is(150, 90, DARK) && picture.is(10, 175, DARK));
    studio.wait_until("the end of the fade", PATIENCE, |status| status["fade"].is_null());

    // Whatever matrix ffmpeg has made it with.
    let is_magenta = |picture: &Picture| {
        let [r, g, b] = picture.at(70, 70);
        r > 180 && b > 180 && g < 90
    };
    studio.order("stinger");
    let clip = program.until("the clip over the old scene", is_magenta);
    assert!(
        clip.is(10, 170, DARK),
        "behind it the old scene, first: {:?}",
        clip.at(10, 170)
    );
    let status = studio.status();
    let sting = &status["sources"][1];
    assert_eq!(
        (sting["name"].as_str(), sting["is_on_program"].as_bool()),
        (Some("sting"), Some(true))
    );
    let clip = program.until("the new scene behind it", |picture| picture.is(10, 170, RED));
    assert!(is_magenta(&clip), "while the clip is there: {:?}", clip.at(70, 70));
    let end = program.until("the end of it", |picture| !is_magenta(picture));
    assert!(end.is(10, 170, RED));
    studio.wait_until("no transition", PATIENCE, |status| status["fade"].is_null());

    // One that is gone is a cut, and told.
    std::fs::remove_file(home.path().join("sting.mp4")).unwrap();
    let began = Instant::now();
    studio.order("stinger");
    program.until("the first scene again", |picture| picture.is(10, 170, DARK));
    assert!(began.elapsed() < Duration::from_secs(5));
    let status = studio.wait_until("no transition", PATIENCE, |status| status["fade"].is_null());
    assert_eq!(status["program"], "blue");
}
