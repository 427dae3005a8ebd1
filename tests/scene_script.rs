//! A show that was read can be read once more, whatever has become of its files and variables since.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::fs;
use std::path::Path;

use rigcast::scene::{self, Change, Script};

const SCENE: &str = r#"
include = ["presets/size.toml", "fade"]

[source.film]
kind = "file"
path = "film.mp4"

[strip.film]
gain_db = -3

[scene.film]
items = [{ source = "film" }]

[destination.main]
url = "rtmp://127.0.0.1/live"
key = { env = "SHOW_KEY" }

[destination.spare]
url = "rtmp://127.0.0.1/live"
key = { file = "spare.key" }
"#;

fn written(folder: &Path) -> std::path::PathBuf {
    fs::create_dir(folder.join("presets")).unwrap();
    fs::write(folder.join("presets/size.toml"), "[video]\nwidth = 640\nheight = 360\n").unwrap();
    fs::write(folder.join("spare.key"), "sk-spare\n").unwrap();
    let scene = folder.join("show.toml");
    fs::write(&scene, SCENE).unwrap();
    scene
}

fn env(name: &str) -> Option<String> {
    match name {
        "SHOW_KEY" => Some("sk-main".to_owned()),
        "RIGCAST_VIDEO_BITRATE_KBPS" => Some("1234".to_owned()),
        _ => None,
    }
}

fn nothing(_: &str) -> Option<String> {
    None
}

fn changes(script: &Script, env: &impl Fn(&str) -> Option<String>) -> Vec<String> {
    script.changes(env).iter().map(ToString::to_string).collect()
}

#[test]
fn a_show_is_read_again_without_its_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path());
    let overrides = [("audio.bitrate_kbps".to_owned(), "96".to_owned())];
    let first = scene::load(&path, &overrides, &env).unwrap();
    assert_eq!((first.video.width, first.video.bitrate_kbps), (640, 1234));
    assert_eq!(scene::load_again(&first.script).unwrap(), first);
    assert_eq!(changes(&first.script, &env), [] as [String; 0]);
    assert_eq!(changes(&first.script, &nothing), [] as [String; 0]);

    // Broken, changed, gone: what was read stays what it was.
    fs::write(&path, "[source.film\n").unwrap();
    fs::write(folder.path().join("presets/size.toml"), "[video]\nwidth = 1920\n").unwrap();
    fs::remove_file(folder.path().join("spare.key")).unwrap();
    assert!(scene::load(&path, &overrides, &env).is_err());
    let again = scene::load_again(&first.script).unwrap();
    assert_eq!(again, first);
    let keys: Vec<_> = again
        .destinations
        .iter()
        .map(|it| it.url.expose().path().to_owned())
        .collect();
    assert_eq!(keys, ["/live/sk-main", "/live/sk-spare"]);

    let other = |name: &str| (name == "SHOW_KEY").then(|| "sk-other".to_owned());
    let found = first.script.changes(&other);
    assert_eq!(
        found,
        [
            Change::Differs(folder.path().join("presets/size.toml")),
            Change::Differs(path.clone()),
            Change::Unreadable(folder.path().join("spare.key"), "no such file".to_owned()),
            Change::Variable("SHOW_KEY".to_owned()),
        ]
    );
    let told = changes(&first.script, &other).join("\n");
    assert!(!told.contains("sk-"), "{told}");
    assert!(!format!("{:?}", first.script).contains("sk-"), "{:?}", first.script);
}

#[test]
fn a_script_knows_its_scene_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path());
    let show = scene::load(&path, &[], &env).unwrap();
    assert!(show.script.is_of(&path));
    assert!(show.script.is_of(&folder.path().join("presets/../show.toml")));
    assert!(!show.script.is_of(&folder.path().join("other.toml")));
    fs::remove_file(&path).unwrap();
    assert!(show.script.is_of(&path), "a file that is gone has its name still");

    let demo = scene::demo(&[], &nothing).unwrap();
    assert!(!demo.script.is_of(&path));
    assert_eq!(scene::load_again(&demo.script).unwrap(), demo);
}

#[test]
fn a_sound_preset_of_ones_own_is_part_of_the_show() {
    let folder = tempfile::tempdir().unwrap();
    let presets = folder.path().join("config/rigcast/presets");
    fs::create_dir_all(&presets).unwrap();
    let own = presets.join("kitchen.toml");
    fs::write(&own, "[strip]\ngate = true\ngate_threshold_db = -33\n").unwrap();
    let path = folder.path().join("show.toml");
    let text = "[source.host]\nkind = \"pattern\"\n[strip.host]\npreset = \"kitchen\"\ngate_ratio = 2\n\
                [scene.host]\nitems = [{ source = \"host\" }]\n";
    fs::write(&path, text).unwrap();
    let config = folder.path().join("config").to_str().unwrap().to_owned();
    let env = |name: &str| (name == "XDG_CONFIG_HOME").then(|| config.clone());
    let show = scene::load(&path, &[], &env).unwrap();
    let gate = show.strips[0].1.gate;
    assert!(
        gate.is_on && (gate.threshold_db, gate.ratio) == (-33.0, 2.0),
        "{gate:?}"
    );
    assert_eq!(changes(&show.script, &env), [] as [&str; 0]);

    // Somebody saves another sound under that name while the show is on: a show that goes on has the one it began with.
    fs::write(&own, "[strip]\n").unwrap();
    assert_eq!(changes(&show.script, &env).len(), 1);
    assert_eq!(scene::load_again(&show.script).unwrap().strips, show.strips);

    let without = scene::load(&path, &[], &nothing).unwrap_err().to_string();
    assert!(
        without.contains("show.toml:4:10: strip.host.preset: there is no preset \"kitchen\""),
        "{without}"
    );
}
