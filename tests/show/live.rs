//! A scene file that is saved while the show is on air: what viewers receive follows it, without a gap and without a click.

use std::path::Path;
use std::time::Duration;

use crate::common::media::{Frame, Pull, Received, gaps};
use crate::common::nginx::Nginx;
use crate::common::pace::in_real_time_beside;
use crate::common::studio::Studio;
use crate::common::{PATIENCE, peer, wait_for};

/// The show: a pattern with numbers and a tone, and `more` in its scene.
fn scene_file(port: u16, more_sources: &str, more_items: &str, price: &str) -> String {
    format!(
        r#"[video]
width = 640
height = 360
bitrate_kbps = 1500
gop_seconds = 1

# A comment that nobody minds.
[source.base]
kind = "pattern"
style = "grid"
flash = false
tone_hz = 440
{more_sources}
[scene.host]
items = [{{ source = "base" }}{more_items}]
parameters = {{ price = "{price}" }}

[destination.main]
url = "rtmp://127.0.0.1:{port}/live"
key = "live-file"
"#
    )
}

/// A picture that is white all over.
fn white(folder: &Path) {
    let picture = image::RgbImage::from_pixel(64, 64, image::Rgb([255; 3]));
    picture.save(folder.join("white.png")).unwrap();
}

const WHITE: &str = "[source.white]\nkind = \"file\"\npath = \"white.png\"\n";

fn item(name: &str, across: u32) -> String {
    format!(
        ", {{ name = \"{name}\", source = \"white\", fit = \"stretch\", position = [\"{across}%\", \"10%\"], size = [\"10%\", \"20%\"] }}"
    )
}

/// Whether it is white at 10 % and at 70 % of the width.
fn seen(frame: &Frame) -> (bool, bool) {
    let is_white = |across: usize| {
        let rows = 12..24;
        let columns = across * 192 / 100 + 5..across * 192 / 100 + 14;
        let cells = rows.flat_map(|row| columns.clone().map(move |column| row * 192 + column));
        let values = cells.map(|at| u32::from(frame.grey[at])).collect::<Vec<_>>();
        values.iter().sum::<u32>() / values.len() as u32 > 220
    };
    (is_white(10), is_white(70))
}

/// What is seen, without how long.
fn course(frames: &[Frame]) -> Vec<(bool, bool)> {
    let mut course = frames.iter().map(seen).collect::<Vec<_>>();
    course.dedup();
    course
}

#[test]
fn viewers_see_what_is_saved_and_nothing_of_how() {
    let (Some(nginx), Some(_)) = (Nginx::start(), peer("ffmpeg")) else {
        return;
    };
    in_real_time_beside("a file that is saved on air", |witness| {
        let folder = tempfile::tempdir().unwrap();
        white(folder.path());
        let file = folder.path().join("show.toml");
        let save = |text: &str| {
            // As editors do: another file that takes the place.
            let new = folder.path().join("show.toml.new");
            std::fs::write(&new, text).unwrap();
            std::fs::rename(&new, &file).unwrap();
        };
        let text = |sources: &str, items: &str, price: &str| scene_file(nginx.port, sources, items, price);
        save(&text("", "", "9.90"));
        let studio = Studio::start(&[file.to_str().unwrap()]);
        studio.wait_live(0);
        let pull = Pull::start(&nginx.url("live-file"), 60.0);
        wait_for("the viewer's first bytes", PATIENCE, || {
            std::fs::metadata(&pull.path).ok().filter(|file| file.len() > 10_000)
        });
        let applied = |count: u64| {
            studio.wait_until("what was saved", PATIENCE, |status| {
                status["live"]["applied"].as_u64() >= Some(count)
            });
        };
        // So that each state is seen for a while.
        let look = || std::thread::sleep(Duration::from_millis(700));
        look();

        save(&text(WHITE, &item("box", 10), "9.90"));
        applied(1);
        studio.wait_until("the new source", PATIENCE, |status| {
            status["sources"][1]["name"] == "white" && status["sources"][1]["state"]["state"] == "live"
        });
        look();
        save(&text(WHITE, &item("box", 70), "8.80"));
        applied(2);
        assert_eq!(studio.status()["scenes"][0]["parameters"][0][1], "8.80");
        look();

        save(&text(WHITE, &item("box", 10), "7.70").replace("kind = \"file\"", "kind = \"fiel\""));
        let status = studio.wait_until("the error", PATIENCE, |status| status["live"]["disk"] == "invalid");
        let errors = status["live"]["errors"][0].as_str().unwrap();
        assert!(
            errors.contains("show.toml:") && errors.contains("source.white.kind"),
            "{errors}"
        );
        assert_eq!(status["live"]["applied"], 2);
        look();
        save(&text(WHITE, &item("box", 70), "8.80"));
        studio.wait_until("what runs", PATIENCE, |status| status["live"]["disk"] == "same");

        let other = folder.path().join("other.toml");
        let both = item("box", 70) + &item("second", 10);
        std::fs::write(&other, text(WHITE, &both, "6.60")).unwrap();
        let planned = studio.ctl(&["plan", other.to_str().unwrap()]);
        let planned = String::from_utf8_lossy(&planned.stdout).into_owned();
        assert!(
            planned.contains("scene.host.item.second") && planned.contains("\"refused\":null"),
            "{planned}"
        );
        studio.order(&format!("apply {} --confirm-within 2s", other.display()));
        applied(3);
        assert!(!studio.status()["live"]["confirm"].is_null());
        studio.wait_until("the way back", PATIENCE, |status| status["live"]["confirm"].is_null());
        assert_eq!(studio.status()["scenes"][0]["parameters"][0][1], "8.80");
        look();

        save(&text("", "", "8.80"));
        studio.wait_until("the source to be gone", PATIENCE, |status| {
            status["sources"].as_array().is_some_and(|sources| sources.len() == 1)
        });
        look();
        witness.hear(&studio.status());
        studio.order("end");
        let pulled = pull.save(Duration::from_mins(1));
        let received = Received::read(&pulled.path);
        assert_eq!(
            course(&received.frames),
            [
                (false, false),
                (true, false),
                (false, true),
                (true, true),
                (false, true),
                (false, false)
            ]
        );
        assert_eq!(gaps(&received.numbers()), [], "every frame of the program arrived");
        let (from, to) = (received.audio_pts[0] + 0.5, *received.audio_pts.last().unwrap() - 0.5);
        let levels = received.levels(from, to);
        let (quietest, loudest) = (levels[0], levels[levels.len() - 1]);
        assert!(
            loudest - quietest < 1.0,
            "the tone goes on: {quietest:.1} to {loudest:.1} dBFS"
        );
    });
}

#[test]
fn what_was_not_confirmed_goes_back_when_a_killed_studio_is_resumed_later() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("show.toml");
    let text = |gain: i32| {
        format!(
            "[source.one]\nkind = \"pattern\"\n[strip.one]\ngain_db = {gain}\n[scene.only]\nitems = [{{ source = \"one\" }}]\n"
        )
    };
    std::fs::write(&file, text(-3)).unwrap();
    let other = folder.path().join("other.toml");
    std::fs::write(&other, text(-9)).unwrap();
    let home = tempfile::tempdir().unwrap();
    let start = |args: &[&str]| {
        Studio::start_in(args, |command| {
            command.env("XDG_STATE_HOME", home.path());
        })
    };
    let gain = |status: &serde_json::Value| status["strips"][0]["gain_db"].as_f64().unwrap();
    // Killed once more while it waits, it goes on waiting.
    for (within, wait, crashes, expected) in [("600s", 0, 2, -9.0), ("2s", 2500, 1, -3.0)] {
        let mut studio = start(&[file.to_str().unwrap()]);
        studio.order(&format!("apply {} {within}", other.display()));
        assert!((gain(&studio.status()) + 9.0).abs() < 0.01);
        // What was saved is on the disk once the file has it.
        let state = home.path().join("rigcast/studio.state");
        wait_for("the saved state", PATIENCE, || {
            std::fs::read_to_string(&state)
                .ok()
                .filter(|text| text.contains("\"waiting\":{"))
        });
        for _ in 1..crashes {
            studio.process.0.kill().unwrap();
            studio.process.0.wait().unwrap();
            studio = start(&["--resume"]);
        }
        studio.process.0.kill().unwrap();
        studio.process.0.wait().unwrap();
        std::thread::sleep(Duration::from_millis(wait));
        let studio = start(&["--resume"]);
        let status = studio.status();
        assert!((gain(&status) - expected).abs() < 0.01, "{within}: {}", gain(&status));
        assert_eq!(status["live"]["confirm"].is_null(), wait > 0);
        if wait == 0 {
            studio.order("rollback");
            studio.wait_until("the way back", PATIENCE, |status| (gain(status) + 3.0).abs() < 0.01);
        }
        studio.order("end");
    }
}
