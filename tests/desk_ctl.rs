//! The sound desk from a script: parameters, presets and hearing checks through `rigcast ctl`, with the exit codes and the
//! words that scripts rely on.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]

mod common;

use std::path::Path;
use std::process::{Command, Output};

use common::studio::{Studio, rigcast};
use serde_json::Value;

/// Two tones that can be told apart, each seen in a scene of its own.
const SHOW: &str = "
[video]
width = 320
height = 180
[source.low]
kind = \"pattern\"
tone_hz = 500
level_dbfs = -20
flash = false
[source.high]
kind = \"pattern\"
tone_hz = 2000
level_dbfs = -20
flash = false
[scene.low]
items = [{ source = \"low\" }]
[scene.high]
items = [{ source = \"high\" }]
[transition]
kind = \"cut\"
";

struct Desk {
    studio: Studio,
    home: tempfile::TempDir,
}

impl Desk {
    fn start(text: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let show = home.path().join("show.toml");
        std::fs::write(&show, text).unwrap();
        let config = home.path().to_owned();
        let studio = Studio::start_in(&[show.to_str().unwrap()], |command| {
            command.env("XDG_CONFIG_HOME", config);
        });
        studio.wait_until("sources", common::PATIENCE, |status| {
            let sources = status["sources"].as_array().unwrap();
            sources.iter().all(|source| source["state"]["state"] == "live")
        });
        Self { studio, home }
    }

    /// `rigcast ctl LINE` in a folder of the test's own.
    fn ctl(&self, line: &str) -> Output {
        Command::new(rigcast())
            .arg("ctl")
            .args(line.split(' '))
            .env("XDG_RUNTIME_DIR", self.studio.socket_folder())
            .current_dir(self.home.path())
            .output()
            .unwrap()
    }

    /// What it answers, which must be that it is done.
    fn done(&self, line: &str) -> Value {
        let output = self.ctl(line);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{line}: {error}");
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(answer["ok"], true, "{line}: {answer}");
        answer
    }

    /// What it says when it does not do it, and with which exit code.
    fn refused(&self, line: &str) -> (i32, String) {
        let output = self.ctl(line);
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        (output.status.code().unwrap(), said)
    }

    fn strip(&self, at: usize) -> Value {
        self.studio.status()["strips"][at].clone()
    }

    /// Waits until something leaves a strip: a source's sound may begin a moment after its picture.
    fn until_it_sounds(&self, strip: &str) {
        let mut tries = 0;
        common::wait_for("sound", common::PATIENCE, || {
            tries += 1;
            self.done(&format!("strip {strip} record 100ms try-{tries}.wav"));
            let [low, high] = tones(&self.path(&format!("try-{tries}.wav")));
            (low.max(high) > -40.0).then_some(())
        });
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.home.path().join(name)
    }
}

/// The levels of the low and the high tone in a recording, in dBFS of peak.
fn tones(path: &Path) -> [f64; 2] {
    let samples: Vec<f32> = hound::WavReader::open(path)
        .unwrap()
        .samples::<f32>()
        .step_by(2)
        .map(Result::unwrap)
        .collect();
    [500.0, 2000.0].map(|hz| {
        let (mut re, mut im) = (0.0, 0.0);
        for (n, sample) in samples.iter().enumerate() {
            let (sin, cos) = (std::f64::consts::TAU * hz * n as f64 / 48_000.0).sin_cos();
            re += f64::from(*sample) * cos;
            im += f64::from(*sample) * sin;
        }
        20.0 * (2.0 * f64::hypot(re, im) / samples.len() as f64).max(1e-6).log10()
    })
}

fn near(level: f64, expected: f64) {
    assert!(
        (level - expected).abs() < 0.2,
        "{level:.2} dBFS, expected {expected} dBFS"
    );
}

#[test]
fn parameters_are_set_by_name_and_what_is_wrong_is_told_before_anything_changes() {
    let desk = Desk::start(SHOW);
    desk.done("set low gate_threshold_db -38");
    desk.done("set low gate_threshold_db +3");
    desk.done("set low gate on");
    desk.done("set low eq_mid2_hz 2.5k");
    desk.done("bus set target_lufs -23LUFS");
    let status = desk.studio.status();
    assert_eq!(status["strips"][0]["gate"]["threshold_db"], -35.0);
    assert_eq!(status["strips"][0]["gate"]["is_on"], true);
    assert_eq!(status["strips"][0]["eq"]["mid2"]["hz"], 2500.0);
    assert_eq!(status["buses"]["target_lufs"], -23.0);

    let before = desk.strip(0);
    for (line, code, said) in [
        ("set low gate_treshold_db -40", 2, "did you mean \"gate_threshold_db\"?"),
        ("set low gate_threshold_db loud", 2, "expected -80 to 0 dB"),
        ("set low gate_threshold_db 3", 2, "expected -80 to 0 dB"),
        (
            "set nobody gate on",
            1,
            "there is no strip 'nobody'; there is low, high",
        ),
        ("reset low gaet", 2, "did you mean \"gate\"?"),
        ("copy strip low nobody", 1, "there is no strip 'nobody'"),
    ] {
        let (found, words) = desk.refused(line);
        assert!(found == code && words.contains(said), "{line}: {found}, {words}");
    }
    assert_eq!(desk.strip(0), before);

    desk.done("copy strip low high");
    assert_eq!(desk.strip(1)["gate"], before["gate"]);
    desk.done("reset low");
    assert_eq!(desk.strip(0)["gate"]["threshold_db"], -45.0);
    desk.done("loudness reset");
}

#[test]
fn a_hearing_check_writes_what_leaves_a_strip_even_if_it_is_muted() {
    let desk = Desk::start(&format!("{SHOW}[strip.low]\ngain_db = -6\nmute = true\n"));
    desk.until_it_sounds("low");
    let answer = desk.done("strip low record 1s check.wav");
    let path = desk.path("check.wav");
    assert_eq!(answer["file"], path.to_str().unwrap(), "relative to whoever asked");
    assert_eq!(answer["seconds"], 1.0);
    let [low, high] = tones(&path);
    near(low, -26.0);
    assert!(high < -80.0, "only this strip: {high:.1} dBFS");
    let peak = answer["peak_dbfs"].as_f64().unwrap();
    near(peak, -26.0);
    // A sine is 3 dB below its peak, and both channels have it.
    let loudness = answer["integrated_lufs"].as_f64().unwrap();
    assert!((loudness + 26.0).abs() < 0.7, "{loudness:.2} LUFS");

    let tells = |status: &Value, begins: &str| {
        let events = status["events"].as_array().unwrap().iter();
        let mut texts = events.filter_map(|event| event["text"].as_str());
        texts.any(|text| text.starts_with(begins) && text.contains("check.wav"))
    };
    desk.studio
        .wait_until("both ends of it told", common::PATIENCE, |status| {
            tells(status, "is recorded for 1.0 s to /") && tells(status, "recorded 1.0 s in /")
        });
    let (code, words) = desk.refused("strip low record 1s check.wav");
    assert!(code == 1 && words.contains("exists already"), "{code} {words}");
    let (code, words) = desk.refused("strip low record 1s nowhere/check.wav");
    assert!(code == 1 && words.contains("nowhere/check.wav"), "{code} {words}");
    let (code, words) = desk.refused("strip nobody record 1s other.wav");
    assert!(
        code == 1 && words.contains("there is no strip 'nobody'"),
        "{code} {words}"
    );
    assert!(!desk.path("other.wav").exists(), "nothing is left of what was refused");

    desk.done("set high send_a_db -6");
    desk.done("set low send_a_db 0");
    desk.done("bus aux-a record 500ms on-the-way.wav");
    desk.done("bus aux-a record 1s aux.wav");
    let [low, high] = tones(&desk.path("aux.wav"));
    near(high, -26.0);
    assert!(low < -80.0, "muted, so not sent: {low:.1} dBFS");
}

#[test]
fn sound_follows_the_picture_where_it_is_told_to() {
    let desk = Desk::start(&format!("{SHOW}[strip.low]\nafv = true\n[strip.high]\nafv = true\n"));
    desk.until_it_sounds("low");
    desk.done("bus program record 500ms first.wav");
    desk.done("cut high");
    desk.done("bus program record 500ms on-the-way.wav");
    desk.done("bus program record 500ms second.wav");
    let [low, high] = tones(&desk.path("first.wav"));
    near(low, -20.0);
    assert!(high < -80.0, "not seen, not heard: {high:.1} dBFS");
    let [low, high] = tones(&desk.path("second.wav"));
    near(high, -20.0);
    assert!(low < -80.0, "{low:.1} dBFS");
}

#[test]
fn presets_are_applied_compared_and_saved() {
    let desk = Desk::start(SHOW);
    desk.done("mute low on");
    desk.done("gain low -6");
    let diff = desk.done("preset diff podcast-voice low");
    let changes = diff["differences"].as_array().unwrap();
    assert!(
        changes
            .iter()
            .any(|change| change["parameter"] == "compressor" && change["now"] == "off"),
        "{diff}"
    );
    assert!(diff["text"].as_str().unwrap().contains("compressor off → on"), "{diff}");
    desk.done("preset apply podcast-voice low");
    let strip = desk.strip(0);
    assert_eq!(strip["compressor"]["is_on"], true);
    assert_eq!(
        (&strip["gain_db"], &strip["is_muted"]),
        (&(-6.0).into(), &true.into()),
        "what is heard stays"
    );
    let nothing = desk.done("preset diff podcast-voice low");
    assert_eq!(nothing["text"], "preset podcast-voice changes nothing");

    desk.done("set low gate_threshold_db -33");
    desk.done("preset save mine low");
    let saved = desk.path("rigcast/presets/mine.toml");
    let text = std::fs::read_to_string(&saved).unwrap();
    assert!(text.contains("gate_threshold_db = -33 # "), "{text}");
    let known = |status: &Value| {
        status["presets"]
            .as_array()
            .unwrap()
            .iter()
            .any(|preset| preset["name"] == "mine")
    };
    desk.studio
        .wait_until("the preset in the list", common::PATIENCE, known);
    desk.done("preset apply mine high");
    assert_eq!(desk.strip(1)["gate"], desk.strip(0)["gate"]);
    // What somebody has made is right by the program's own word.
    let check = Command::new(rigcast()).arg("check").arg(&saved).output().unwrap();
    assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stderr));

    for (line, said) in [
        ("preset save mine low", "there is a preset \"mine\" already"),
        ("preset save music low", "\"music\" is a shipped preset"),
        ("preset apply musik low", "did you mean \"music\"?"),
        ("preset apply music", "preset music is for a strip: say which one"),
        ("preset apply loudness-podcast low", "is for the buses, not for a strip"),
        ("preset apply ./nothing.toml low", "nothing.toml: no such file"),
    ] {
        let (code, words) = desk.refused(line);
        assert!(code == 1 && words.contains(said), "{line}: {code} {words}");
    }
    desk.done("preset replace mine high");
    assert!(desk.path("rigcast/presets/mine.toml~").exists(), "a way back");
    desk.done("preset apply loudness-broadcast");
    assert_eq!(desk.studio.status()["buses"]["target_lufs"], -23.0);
    std::fs::write(
        desk.path("own.toml"),
        "[strip]\nhigh_pass = true\nhigh_pass_hz = 9000\n",
    )
    .unwrap();
    let (_, words) = desk.refused("preset apply ./own.toml low");
    assert!(
        words.contains("own.toml:3:16: strip.high_pass_hz: expected a number from 20 to 400"),
        "{words}"
    );
}

#[test]
fn a_scene_begins_with_presets_and_its_own_keys_come_after() {
    let desk = Desk::start(&format!(
        "{SHOW}[strip.low]\npreset = \"noisy-street\"\ngate_threshold_db = -30\n[bus]\ntarget_lufs = -14\n"
    ));
    let strip = desk.strip(0);
    assert_eq!(strip["role"], "voice");
    assert_eq!(strip["denoise"]["is_on"], true);
    assert_eq!(strip["gate"]["threshold_db"], -30.0);
    assert_eq!(desk.studio.status()["buses"]["target_lufs"], -14.0);
}
