//! Sources that are chosen while the show runs: there at once, heard and seen by nobody before somebody wants that, and in the file
//! when they are saved, to the byte.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use crate::common::home::Home;
use crate::common::media::{Pull, Received, gaps};
use crate::common::nginx::Nginx;
use crate::common::pace::in_real_time;
use crate::common::studio::{Studio, rigcast};
use crate::common::{PATIENCE, peer, wait_for};

const SHOW: &str = "\
# Evening show
[video]
width = 320
height = 180

# The one at the door.
[source.door]
kind = \"pattern\"
style = \"grid\"
flash = false

[source.bars]\t# never seen
kind = \"pattern\"

[strip.door]
gain_db = -6

[scene.main]
items = [
  { source = \"door\" },   # all of it
]

[scene.other]
items = [{ source = \"bars\", fit = \"cover\" }]
";

struct Show {
    studio: Studio,
    path: PathBuf,
    _folder: tempfile::TempDir,
}

impl Show {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("show.toml");
        fs::write(&path, SHOW).unwrap();
        Self {
            studio: Studio::start(&[path.to_str().unwrap()]),
            path,
            _folder: folder,
        }
    }

    fn text(&self) -> String {
        fs::read_to_string(&self.path).unwrap()
    }

    fn order(&self, line: &str) {
        self.studio.order(line);
    }

    /// Why an order is refused.
    fn refused(&self, line: &str) -> String {
        let output = self.studio.ctl(&line.split(' ').collect::<Vec<_>>());
        assert!(!output.status.success(), "{line} is done");
        String::from_utf8(output.stderr).unwrap()
    }

    fn status(&self) -> Value {
        self.studio.status()
    }

    fn sources(&self) -> Vec<String> {
        names(&self.status()["sources"])
    }
}

fn names(list: &Value) -> Vec<String> {
    let list = list.as_array().unwrap().iter();
    list.map(|entry| entry["name"].as_str().unwrap_or_default().to_owned())
        .collect()
}

fn texts(list: &Value) -> Vec<String> {
    let list = list.as_array().unwrap().iter();
    list.map(|entry| entry.as_str().unwrap_or_default().to_owned())
        .collect()
}

/// How often the source of that name has begun to live, as the events have it.
fn begun(status: &Value, source: &str) -> usize {
    let subject = format!("source {source}");
    let events = status["events"].as_array().unwrap().iter();
    events
        .filter(|event| event["subject"] == subject.as_str() && event["text"] == "is live")
        .count()
}

#[test]
fn what_is_added_is_there_at_once_and_in_the_file_when_it_is_saved() {
    let show = Show::start();
    show.studio.wait_until("live sources", PATIENCE, |status| {
        status["sources"]
            .as_array()
            .unwrap()
            .iter()
            .all(|source| source["state"]["state"] == "live")
    });
    let applied = show.status()["live"]["applied"].clone();
    show.order("source add extra pattern tone_hz=880 style=ramp");
    let status = show.studio.wait_until("the new source", PATIENCE, |status| {
        status["sources"][2]["name"] == "extra" && status["sources"][2]["state"]["state"] == "live"
    });
    assert_eq!(texts(&status["choosing"]["unsaved"]), ["added extra"]);
    assert_eq!(
        status["strips"][2]["is_afv"], true,
        "nobody hears it: {}",
        status["strips"][2]
    );
    assert_eq!(show.text(), SHOW, "nothing is written");
    for scene in status["scenes"].as_array().unwrap() {
        assert!(!texts(&scene["sources"]).contains(&"extra".to_owned()), "{scene}");
    }

    // Another name, while it is on program: the same source plays on.
    let before = begun(&status, "door");
    show.order("gain door -3");
    show.order("source rename door front");
    let status = show.status();
    assert_eq!(names(&status["sources"]), ["front", "bars", "extra"]);
    assert_eq!(texts(&status["scenes"][0]["sources"]), ["front"]);
    assert_eq!(status["sources"][0]["state"]["state"], "live", "not begun anew");
    assert_eq!(begun(&status, "front") + begun(&status, "door"), before);
    assert_eq!(status["strips"][0]["name"], "front");
    assert!(
        status["strips"][0]["gain_db"].as_f64().unwrap() < -2.9,
        "what was set stays: {}",
        status["strips"][0]
    );
    // And what it reports is taken for its own.
    show.order("source restart front");
    show.studio
        .wait_until("the source once more", PATIENCE, |status| begun(status, "front") > 0);

    show.order("item add other extra");
    show.order("source lower front");
    let status = show.status();
    assert_eq!(names(&status["sources"]), ["bars", "front", "extra"]);
    assert_eq!(texts(&status["scenes"][1]["sources"]), ["bars", "extra"]);
    assert_eq!(show.text(), SHOW);

    show.order("source save");
    let wanted = SHOW
        .replace(
            "# The one at the door.\n[source.door]\nkind = \"pattern\"\nstyle = \"grid\"\nflash = false\n\n[source.bars]\t# never seen\nkind = \"pattern\"\n",
            "[source.bars]\t# never seen\nkind = \"pattern\"\n\n# The one at the door.\n[source.front]\nkind = \"pattern\"\nstyle = \"grid\"\nflash = false\n\n\
             [source.extra]\nkind = \"pattern\"\ntone_hz = 880\nstyle = \"ramp\"\n\n[strip.extra]\nafv = true\n",
        )
        .replace("[strip.door]", "[strip.front]")
        .replace("source = \"door\"", "source = \"front\"")
        .replace(
            "fit = \"cover\" }]",
            "fit = \"cover\" }, { source = \"extra\", position = [\"66%\", \"66%\"], size = [\"30%\", \"30%\"] }]",
        );
    assert_eq!(show.text(), wanted);
    let status = show.status();
    assert_eq!(status["choosing"]["unsaved"], Value::Array(Vec::new()));
    assert_eq!(status["live"]["disk"], "same");
    assert!(show.refused("source save").contains("is saved"), "twice");

    // Somebody saves the file: that is the first thing that is applied. Our own save was not.
    show.order("source add more pattern");
    fs::write(&show.path, show.text().replace("gain_db = -6", "gain_db = -9")).unwrap();
    let status = show.studio.wait_until("the editor's save", PATIENCE, |status| {
        status["live"]["applied"] != applied
    });
    assert_eq!(
        status["live"]["applied"].as_u64(),
        applied.as_u64().map(|count| count + 1)
    );
    assert_eq!(
        names(&status["sources"]),
        ["bars", "front", "extra", "more"],
        "what is not saved stays on top"
    );
    assert_eq!(texts(&status["choosing"]["unsaved"]), ["added more"]);
    // Now the file has a source of that name itself.
    let text = show.text();
    fs::write(
        &show.path,
        format!("{text}\n[source.more]\nkind = \"pattern\"\nstyle = \"grid\"\n"),
    )
    .unwrap();
    let status = show.studio.wait_until("the other source", PATIENCE, |status| {
        status["choosing"]["unsaved"].as_array().unwrap().is_empty()
    });
    let events = status["events"].as_array().unwrap();
    let is_told = |event: &Value| {
        event["text"]
            .as_str()
            .unwrap()
            .contains("does not fit the file any more")
    };
    assert!(events.iter().any(is_told), "{events:?}");
    assert_eq!(names(&status["sources"]).len(), 4);
}

#[test]
fn what_was_done_is_taken_back_one_by_one_or_all_at_once() {
    let show = Show::start();
    show.order("source add extra pattern");
    show.order("source rename extra third");
    show.order("item add other third badge");
    show.order("item remove other bars");
    assert_eq!(texts(&show.status()["scenes"][1]["sources"]), ["third"]);
    show.order("undo");
    assert_eq!(texts(&show.status()["scenes"][1]["sources"]), ["bars", "third"]);
    show.order("undo");
    show.order("undo");
    assert_eq!(show.sources(), ["door", "bars", "extra"]);
    show.order("undo");
    assert_eq!(show.sources(), ["door", "bars"]);
    assert_eq!(show.status()["choosing"]["unsaved"], Value::Array(Vec::new()));

    let why = show.refused("source remove door");
    assert!(why.contains("is seen on program in scene main"), "{why}");
    let why = show.refused("source remove bars");
    assert!(why.contains("other"), "a scene without items is none: {why}");
    show.order("item add other door");
    show.order("source remove bars");
    let status = show.status();
    assert_eq!(names(&status["sources"]), ["door"]);
    assert_eq!(texts(&status["scenes"][1]["sources"]), ["door"]);
    show.order("source rename door entrance");
    show.order("source revert");
    let status = show.status();
    assert_eq!(names(&status["sources"]), ["door", "bars"]);
    assert_eq!(texts(&status["scenes"][1]["sources"]), ["bars"]);
    assert_eq!(show.text(), SHOW);
    // A name that is free again is that of another source.
    show.order("source rename door front");
    show.order("source add door pattern");
    let status = show.studio.wait_until("both", PATIENCE, |status| {
        status["sources"][2]["state"]["state"] == "live"
    });
    assert_eq!(names(&status["sources"]), ["front", "bars", "door"]);
    for (line, why) in [
        ("source add bars pattern", "already"),
        ("source add a/b pattern", "is no name"),
        ("source add x camera url=a", "has no \"url\""),
        ("source add x screen region=7", "WIDTHxHEIGHT+X+Y"),
        ("source add x nothing", "nothing is known of 'nothing'"),
        ("source rename gone x", "there is no source 'gone'"),
        ("source raise front", "is the first already"),
        ("source keep", "nothing is on trial"),
        ("source save /tmp/x.toml", "without a file"),
        ("item add other gone", "there is no source 'gone'"),
    ] {
        let said = show.refused(line);
        assert!(said.contains(why), "{line}: {said}");
    }
    assert_eq!(show.text(), SHOW);
}

#[test]
fn scenes_that_are_saved_take_no_unsaved_source_with_them() {
    let show = Show::start();
    show.order("source add extra pattern");
    show.order("item move other bars 10% 10%");
    show.order("scene save other");
    let text = show.text();
    assert!(
        text.contains("position = [\"10%\"") && !text.contains("extra"),
        "{text}"
    );
    assert_eq!(texts(&show.status()["choosing"]["unsaved"]), ["added extra"]);
    show.order("source save");
    let text = show.text();
    assert!(
        text.contains("position = [\"10%\"") && text.contains("[source.extra]"),
        "{text}"
    );
    assert_eq!(show.sources(), ["door", "bars", "extra"]);
}

#[test]
fn a_show_inside_the_program_is_saved_into_a_new_file() {
    let studio = Studio::start(&[]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.toml");
    studio.order("source add third pattern");
    let output = studio.ctl(&["source", "save"]);
    let why = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && why.contains("source save FILE"), "{why}");
    studio.order(&format!("source save {}", path.display()));
    let status = studio.status();
    assert_eq!(status["live"]["file"], path.to_str().unwrap());
    assert_eq!(status["choosing"]["unsaved"], Value::Array(Vec::new()));
    let checked = std::process::Command::new(rigcast())
        .arg("check")
        .arg(&path)
        .output()
        .unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    assert!(
        fs::read_to_string(&path)
            .unwrap()
            .contains("\n[source.third]\nkind = \"pattern\"\n")
    );
    // From now on it is a show like any other.
    studio.order("source add fourth pattern");
    studio.order("source save");
    assert!(fs::read_to_string(&path).unwrap().contains("[source.fourth]"));
}

#[test]
fn what_is_not_saved_is_there_again_after_a_crash() {
    let home = Home::new();
    let path = home.folder.path().join("show.toml");
    fs::write(&path, SHOW).unwrap();
    let file = path.to_str().unwrap();
    let start = |args: &[&str]| {
        Studio::start_in(args, |command| {
            command
                .env("XDG_RUNTIME_DIR", home.folder.path())
                .env("XDG_STATE_HOME", home.folder.path());
        })
    };
    let mut studio = start(&[file]);
    let order = |line: &str| {
        let output = std::process::Command::new(rigcast())
            .arg("ctl")
            .args(line.split(' '))
            .env("XDG_RUNTIME_DIR", home.folder.path())
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{line}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    };
    let status = || -> Value { serde_json::from_str(&order("status")).unwrap() };
    order("source add extra pattern");
    order("source rename door front");
    wait_for("the state on the disk", PATIENCE, || {
        let kept = states(home.folder.path());
        kept.iter()
            .any(|text| text.contains("renamed door to front"))
            .then_some(())
    });
    studio.process.0.kill().unwrap();
    studio.process.0.wait().unwrap();
    drop(studio);
    let _again = start(&[file, "--resume"]);
    let resumed = status();
    assert_eq!(names(&resumed["sources"]), ["front", "bars", "extra"]);
    assert_eq!(
        texts(&resumed["choosing"]["unsaved"]),
        ["added extra, renamed door to front"]
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), SHOW);
    order("source lower front");
    order("source save");
    let saved = fs::read_to_string(&path).unwrap();
    assert!(
        saved.contains("[source.front]") && saved.contains("[source.extra]"),
        "{saved}"
    );
}

/// The states of shows in a folder and those in it.
fn states(folder: &std::path::Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let read = entries.flat_map(|entry| {
        let path = entry.path();
        if path.is_dir() {
            return states(&path);
        }
        let is_state = path.extension().is_some_and(|extension| extension == "state");
        is_state
            .then(|| fs::read_to_string(&path).ok())
            .flatten()
            .into_iter()
            .collect()
    });
    read.collect()
}

#[test]
fn a_bare_machine_gets_a_useful_page() {
    let probe = |args: &[&str]| {
        let mut command = std::process::Command::new(rigcast());
        let output = command
            .arg("probe")
            .args(args)
            .env_clear()
            .stdin(std::process::Stdio::null())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let page = probe(&[]);
    for part in [
        "video encoder",
        "sources          ",
        "pattern",
        "What is not, and what would change that:",
        "microphone",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let json: Value = serde_json::from_str(&probe(&["--json"])).unwrap();
    assert_eq!(json["is_usable"], true);
    for absent in json["absent"].as_array().unwrap() {
        assert!(!absent["reason"].as_str().unwrap().is_empty(), "{absent}");
    }
    // What is here can be pasted into a scene file.
    for found in json["found"].as_array().unwrap() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("show.toml");
        let text = format!(
            "{}\n[scene.a]\nitems = [{{ source = \"{}\" }}]\n",
            found["scene"].as_str().unwrap(),
            found["name"].as_str().unwrap()
        );
        fs::write(&path, &text).unwrap();
        let checked = std::process::Command::new(rigcast())
            .arg("check")
            .arg(&path)
            .output()
            .unwrap();
        assert!(
            checked.status.success(),
            "{text}: {}",
            String::from_utf8_lossy(&checked.stderr)
        );
    }
}

/// A pattern with numbers and a tone is on air while everything is done that can be done to sources.
#[test]
fn viewers_notice_nothing_of_what_is_chosen() {
    let (Some(nginx), Some(_)) = (Nginx::start(), peer("ffmpeg")) else {
        return;
    };
    in_real_time("sources chosen on air", |witness| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("show.toml");
        let text = format!(
            r#"[video]
width = 640
height = 360
bitrate_kbps = 1500
gop_seconds = 1

[source.base]
kind = "pattern"
style = "grid"
flash = false
tone_hz = 440

[scene.host]
items = [{{ source = "base" }}]

[destination.main]
url = "rtmp://127.0.0.1:{}/live"
key = "live-chosen"
"#,
            nginx.port
        );
        fs::write(&path, &text).unwrap();
        let studio = Studio::start(&[path.to_str().unwrap()]);
        studio.wait_live(0);
        let pull = Pull::start(&nginx.url("live-chosen"), 60.0);
        wait_for("the viewer's first bytes", PATIENCE, || {
            fs::metadata(&pull.path).ok().filter(|file| file.len() > 10_000)
        });
        // So that each state is heard and seen for a while.
        let look = || std::thread::sleep(Duration::from_millis(500));
        for line in [
            "source add loud pattern tone_hz=880 level_dbfs=-3",
            "source rename base main",
            "source lower main",
            "source add third pattern tone_hz=660 level_dbfs=-3",
            "source rename loud louder",
            "source raise third",
            "source remove louder",
            "undo",
            "source save",
            "source remove third",
            "source revert",
        ] {
            studio.order(line);
            look();
        }
        assert!(fs::read_to_string(&path).unwrap().contains("[source.louder]"));
        witness.hear(&studio.status());
        studio.order("end");
        let pulled = pull.save(Duration::from_mins(1));
        let received = Received::read(&pulled.path);
        assert_eq!(gaps(&received.numbers()), [], "every frame of the program arrived");
        let (from, to) = (received.audio_pts[0] + 0.5, *received.audio_pts.last().unwrap() - 0.5);
        let levels = received.levels(from, to);
        let (quietest, loudest) = (levels[0], levels[levels.len() - 1]);
        assert!(
            loudest - quietest < 1.0,
            "nothing but the one tone: {quietest:.1} to {loudest:.1} dBFS"
        );
    });
}
