//! A show from one cue file: rehearsed, run, published to nginx, and pulled by a viewer. What the viewer saw, picture by picture, is what
//! the rehearsal said.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::common::extent;
use crate::common::home::Home;
use crate::common::media::{Frame, Pull, Received, gaps};
use crate::common::nginx::Nginx;
use crate::common::pace::in_real_time_beside;
use crate::common::peer;
use crate::common::studio::{Studio, rigcast};

const FPS: f64 = 30.0;

/// Three scenes that a viewer tells by where they are bright, and one that is two of them side by side.
const SHOW: &str = r#"
title = "cues"
[cues]
file = "show.cues.toml"
[video]
width = 640
height = 360
frame_rate = 30
[source.bars]
kind = "pattern"
style = "bars"
flash = false
[source.ramp]
kind = "pattern"
style = "ramp"
flash = false
[source.grid]
kind = "pattern"
style = "grid"
flash = false
[scene.grid]
items = [{ source = "grid" }]
[scene.bars]
items = [{ source = "bars" }]
[scene.ramp]
items = [{ source = "ramp" }]
[scene.duo]
items = [
  { source = "bars", size = ["50%", "100%"], crop = { right = 0.5 } },
  { source = "ramp", position = ["50%", 0], size = ["50%", "100%"], crop = { left = 0.5 } },
]
[transition]
kind = "fade"
duration_ms = 400
"#;

/// The scenes that come one after the other, again and again. A fade has grid on one side: halfway it is half as bright.
const ROUND: [(&str, &str); 6] = [
    ("cut", "bars"),
    ("take", "grid"),
    ("cut", "ramp"),
    ("cut", "duo"),
    ("cut", "grid"),
    ("take", "ramp"),
];

/// `count` cues, `step` seconds from each to the next, by all the ways in which a cue comes by itself.
fn cue_file(count: usize, step: f64) -> String {
    let mut text = "title = \"a whole show\"\n".to_owned();
    for at in 0..count {
        let (how, scene) = ROUND[at % ROUND.len()];
        let _ = write!(text, "\n[[cue]]\nname = \"{at}\"\ndo = [\"{how} {scene}\"]\n");
        let before = at.checked_sub(1).map(|at| ROUND[at % ROUND.len()].1);
        let _ = match (at % 4, before) {
            (1, _) => write!(text, "after = \"{}\"\noffset = \"{step}\"\n", at - 1),
            // Only once in a round is duo taken, but again in the next: so it waits for the cue before it as well.
            (3, Some("duo")) if at < ROUND.len() => write!(text, "on = \"scene duo\"\noffset = \"{step}\"\n"),
            _ => writeln!(text, "at = \"{:.3}\"", (at as f64 + 1.0) * step),
        };
    }
    let end = (count as f64 + 1.0) * step;
    let _ = write!(
        text,
        "\n[[cue]]\nname = \"end\"\nat = \"{end:.3}\"\ndo = [\"gain bars -3\", \"end\"]\n"
    );
    text
}

/// How bright a picture is on its left and on its right.
fn sides(frame: &Frame) -> [f64; 2] {
    [8..40, 152..184].map(|columns| {
        let rows = (8..40).map(|row| &frame.grey[row * 192..][..192]);
        let sum: u32 = rows
            .flat_map(|row| &row[columns.clone()])
            .map(|value| u32::from(*value))
            .sum();
        f64::from(sum) / (32 * columns.len()) as f64
    })
}

/// The scene that it shows.
fn scene_of(frame: &Frame) -> &'static str {
    match sides(frame).map(|side| side > 90.0) {
        [true, true] => "duo",
        [true, false] => "bars",
        [false, true] => "ramp",
        [false, false] => "grid",
    }
}

/// Where the show changes in what a viewer received: the number of the first picture that is more the new scene than the old one, on the
/// studio's clock.
fn changes(received: &Received, zero: f64) -> Vec<(i64, &'static str)> {
    // More than half of a fade, less than a scene.
    const AROUND: usize = 14;
    let frames = &received.frames;
    let number = |at: usize| ((frames[at].pts - zero) * FPS).round() as i64;
    let mut changes = vec![(number(0), scene_of(&frames[0]))];
    for at in 1..frames.len() {
        let scene = scene_of(&frames[at]);
        if changes.last().is_some_and(|(_, last)| *last == scene) {
            continue;
        }
        let (first, last) = (at.saturating_sub(AROUND), (at + AROUND).min(frames.len() - 1));
        let (before, after) = (sides(&frames[first]), sides(&frames[last]));
        let far = |from: [f64; 2], to: [f64; 2]| (from[0] - to[0]).abs() + (from[1] - to[1]).abs();
        let is_new = |at: &usize| far(sides(&frames[*at]), after) < far(sides(&frames[*at]), before);
        changes.push((number((first..=last).find(is_new).unwrap_or(at)), scene));
    }
    changes
}

fn rehearse(folder: &Path, args: &[&str]) -> (Value, Option<i32>) {
    let output = Command::new(rigcast())
        .args(["cues", "rehearse", "--json", "--scene"])
        .arg(folder.join("show.toml"))
        .args(args)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let plan = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"));
    (plan, output.status.code())
}

#[test]
fn a_show_from_one_cue_file_is_what_was_rehearsed() {
    let (Some(nginx), Some(_)) = (Nginx::start(), peer("ffmpeg")) else {
        return;
    };
    in_real_time_beside("a show of cues", |witness| {
        let (count, step) = extent((9, 1.7), (29, 6.0));
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("show.toml"), SHOW).unwrap();
        std::fs::write(folder.path().join("show.cues.toml"), cue_file(count, step)).unwrap();
        let (plan, code) = rehearse(folder.path(), &[]);
        assert_eq!(code, Some(0), "{plan}");
        let planned = plan["cues"].as_array().unwrap();
        assert_eq!(planned.len(), count + 1, "{plan}");
        assert_eq!(planned[0]["at_ms"], (step * 1000.0).round());

        let path = folder.path().join("show.toml");
        let mut studio = Studio::start(&[path.to_str().unwrap(), "--publish", &nginx.url("cues")]);
        studio.wait_live(0);
        let lasts = (count as f64 + 1.0) * step;
        // It ends with the last change in sight, before the show does.
        let pull = Pull::start(&nginx.url("cues"), lasts + 2.0 - step * 0.4);
        // A viewer who has joined sees it from its beginning.
        std::thread::sleep(Duration::from_secs(2));
        studio.order("cue run");
        let status = studio.status();
        let events = status["events"].as_array().unwrap();
        let began = events
            .iter()
            .rfind(|event| event["subject"] == "cues" && event["text"] == "a whole show runs");
        let began = began.unwrap_or_else(|| panic!("{events:?}"))["at"].as_f64().unwrap() / 1000.0;
        std::thread::sleep(Duration::from_secs_f64(lasts - 1.5));
        witness.hear(&studio.status());
        assert_eq!(
            studio.wait_end(Duration::from_secs(30)),
            Some(0),
            "the last cue ends the show"
        );
        let received = pull.finish(Duration::from_mins(1));
        assert_eq!(gaps(&received.numbers()), [], "no picture is missing");

        let zero = received.studio_zero(FPS);
        let seen = changes(&received, zero);
        let mut wanted = vec![plan["start"]["program"].as_str().unwrap()];
        wanted.extend(planned.iter().take(count).map(|cue| cue["program"].as_str().unwrap()));
        let scenes: Vec<&str> = seen.iter().map(|(_, scene)| *scene).collect();
        assert_eq!(scenes, wanted, "{seen:?}");
        let mut worst = 0.0_f64;
        for (cue, (frame, scene)) in planned.iter().zip(&seen[1..]) {
            let halfway = cue["at_ms"].as_f64().unwrap() + cue["transition_ms"].as_f64().unwrap() / 2.0;
            let planned = (began + halfway / 1000.0) * FPS;
            let off = *frame as f64 - planned;
            worst = worst.max(off.abs());
            assert!(off.abs() <= 2.0, "{scene} comes {off:.2} frames off its plan: {cue}");
        }
        eprintln!("{count} changes in {lasts:.0} s, at most {worst:.2} frames off their plan");
    });
}

/// A studio of this user.
fn start(home: &Home, args: &[&str]) -> Studio {
    Studio::start_in(args, |command| {
        let folder = home.folder.path();
        command.env("XDG_RUNTIME_DIR", folder).env("XDG_STATE_HOME", folder);
    })
}

#[test]
fn a_run_that_is_cut_off_is_held_and_goes_on() {
    let home = Home::new();
    let write = |name: &str, text: &str| std::fs::write(home.folder.path().join(name), text).unwrap();
    write("show.toml", SHOW);
    write(
        "show.cues.toml",
        "[[cue]]\nname = \"a\"\nat = \"0s\"\ndo = [\"cut bars\"]\n[[cue]]\nname = \"b\"\nat = \"1h\"\ndo = [\"cut duo\"]\n",
    );
    let show = home.folder.path().join("show.toml");
    let mut studio = start(&home, &[show.to_str().unwrap()]);
    assert!(home.rigcast(&["ctl", "cue", "run"]).status.success());
    let status = |what: &str, is_so: &dyn Fn(&Value) -> bool| {
        crate::common::wait_for(what, crate::common::PATIENCE, || {
            let output = home.rigcast(&["ctl", "status"]);
            let status: Value = serde_json::from_slice(&output.stdout).ok()?;
            is_so(&status).then_some(status)
        })
    };
    status("the first cue", &|status| status["program"] == "bars");
    // The position is kept by whole seconds.
    std::thread::sleep(Duration::from_millis(2500));
    studio.process.kill();
    let _again = start(&home, &["--resume"]);
    let held = status("the run", &|status| status["cues"]["run"]["phase"] == "held");
    let position = held["cues"]["run"]["position_ms"].as_i64().unwrap();
    assert!((1000..4000).contains(&position), "{position}");
    assert_eq!(held["cues"]["next"]["name"], "b");
    let told = held["events"].as_array().unwrap().iter();
    assert!(
        told.clone()
            .any(|event| event["text"].as_str().unwrap().contains("cue go goes on"))
    );
    assert!(home.rigcast(&["ctl", "cue", "skip"]).status.success());
    assert!(home.rigcast(&["ctl", "cue", "fire", "b"]).status.success());
    status("what was fired", &|status| status["program"] == "duo");
}

#[test]
fn a_script_from_standard_input_stops_where_it_is_told() {
    let home = Home::new();
    let _studio = start(&home, &["scenes/demo.toml"]);
    let script = |args: &[&str], text: &str| {
        let args = [&["ctl"], args].concat();
        let mut child = home
            .command(&args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (
            output.status.code(),
            said,
            String::from_utf8_lossy(&output.stdout).lines().count(),
        )
    };
    let (code, said, _) = script(&[], "# a show\npreview 2\nwait 50ms\n\ntransition cut  # at once\n");
    assert_eq!((code, said.as_str()), (Some(0), ""));
    let (code, said, answers) = script(&["-"], "preview 2\ntake nowhere\npreview 1\n");
    assert_eq!((code, answers), (Some(1), 2), "{said}");
    assert!(
        said.contains("line 2: take nowhere: there is no scene 'nowhere'"),
        "{said}"
    );
    let (code, said, answers) = script(&["--keep-going", "-"], "take nowhere\npreview 1\n");
    assert_eq!((code, answers), (Some(1), 2), "{said}");
    let (code, said, _) = script(&["-"], "preview 1\ntkae\n");
    assert_eq!(code, Some(2), "nothing is done where a line is no command: {said}");
    assert!(said.contains("line 2: there is no command 'tkae'"), "{said}");
    let (code, said, _) = script(&["--within", "200ms", "-"], "wait until scene nowhere\n");
    assert_eq!(code, Some(1));
    assert!(
        said.contains("line 1: wait until scene nowhere: not within 0.2 s"),
        "{said}"
    );
}

/// What bash makes of a line that is being typed, with the script that is printed for it.
fn completed_by_bash(home: &Home, line: &str) -> Vec<String> {
    let script = r#"
        source <(rigcast completions bash)
        COMP_WORDS=($1); [[ $1 == *" " ]] && COMP_WORDS+=("")
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMP_LINE=$1; COMP_POINT=${#1}
        _rigcast_words rigcast "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
        printf '%s\n' "${COMPREPLY[@]}"
    "#;
    let program = Path::new(rigcast()).parent().unwrap().display().to_string();
    let output = Command::new("bash")
        .args(["--norc", "-c", script, "bash", line])
        .env("PATH", format!("{program}:/usr/bin:/bin"))
        .env("XDG_RUNTIME_DIR", home.folder.path())
        .output()
        .unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let found = String::from_utf8(output.stdout).unwrap();
    found.lines().map(str::to_owned).collect()
}

#[test]
fn shells_complete_arguments_commands_and_names() {
    let home = Home::new();
    for (shell, check) in [("bash", "-n"), ("zsh", "-n"), ("fish", "--no-execute")] {
        let script = home.rigcast(&["completions", shell]);
        assert!(script.status.success());
        let path = home.folder.path().join(shell);
        std::fs::write(&path, script.stdout).unwrap();
        if peer(shell).is_some() {
            let read = Command::new(shell).arg(check).arg(&path).output().unwrap();
            let said = String::from_utf8_lossy(&read.stderr);
            assert!(read.status.success() && said.is_empty(), "{shell}: {said}");
        }
    }
    assert_eq!(completed_by_bash(&home, "rigcast cues reh"), ["rehearse"]);
    assert_eq!(completed_by_bash(&home, "rigcast ctl cue s"), ["skip", "stop"]);
    assert_eq!(completed_by_bash(&home, "rigcast ctl mute voice o"), ["on", "off"]);
    let path = home.folder.path().join("show.toml");
    std::fs::write(&path, SHOW.replace("[cues]\nfile = \"show.cues.toml\"\n", "")).unwrap();
    let _studio = start(&home, &[path.to_str().unwrap()]);
    assert_eq!(
        completed_by_bash(&home, "rigcast ctl take "),
        ["grid", "bars", "ramp", "duo"]
    );
    assert_eq!(completed_by_bash(&home, "rigcast ctl --name studio take d"), ["duo"]);
}

#[test]
fn the_manual_page_is_one() {
    let home = Home::new();
    let page = home.rigcast(&["man"]);
    assert!(page.status.success());
    if peer("man").is_none() {
        return;
    }
    let path = home.folder.path().join("rigcast.1");
    std::fs::write(&path, page.stdout).unwrap();
    let shown = Command::new("man")
        .args(["--warnings", "-E", "UTF-8", "-l", "-P", "cat"])
        .arg(&path)
        .env("MANWIDTH", "120")
        .output()
        .unwrap();
    let (text, said) = (
        String::from_utf8_lossy(&shown.stdout),
        String::from_utf8_lossy(&shown.stderr),
    );
    assert_eq!(said, "");
    for wanted in [
        "RIGCAST CUES REHEARSE",
        "cue fire CUE",
        "does at once what CUE does",
        "--keep-going",
    ] {
        assert!(text.contains(wanted), "{wanted}\n{text}");
    }
}
