//! Bad scenes, and exactly what is said about them: file, line, column, key, and what would be right.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::fs;
use std::path::{Path, PathBuf};

use rigcast::encode::{AudioSettings, Channels};
use rigcast::media::RateControl;
use rigcast::scene::{self, Show};

/// A show that is good, for tables that make one thing wrong.
const GOOD: &str = r#"
[source.cam]
kind = "pattern"

[scene.wide]
items = [{ source = "cam" }]
"#;

fn no_env(_: &str) -> Option<String> {
    None
}

fn errors(text: &str) -> String {
    match scene::from_text("show.toml", text, &[], &no_env) {
        Ok(_) => "good".to_owned(),
        Err(errors) => errors.to_string(),
    }
}

fn set(pairs: &[(&str, &str)]) -> Result<Show, String> {
    let pairs: Vec<(String, String)> = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    scene::from_text("show.toml", GOOD, &pairs, &no_env).map_err(|errors| errors.to_string())
}

#[test]
fn the_good_one_is_good() {
    assert_eq!(errors(GOOD), "good");
}

#[test]
fn text_that_is_no_toml_says_where() {
    insta::assert_snapshot!(errors("[video\nwidth = 1280"), @"show.toml:1:7: the ] of this table is missing");
    insta::assert_snapshot!(errors("title = \"x\ny = 1"), @r#"show.toml:1:11: the text that begins in this line has no " at its end"#);
    insta::assert_snapshot!(errors("a = 1\na = 2"), @r#"show.toml:2:1: "a" is there already: a key or a table stands once in a file; put the two together"#);
    insta::assert_snapshot!(errors("[video]\nwidth = 1280\n\n[video]\nheight = 720"), @r#"show.toml:4:2: "video" is there already: a key or a table stands once in a file; put the two together"#);
    insta::assert_snapshot!(errors("width 1280"), @"show.toml:1:7: write it as width = value");
}

#[test]
fn a_rate_control_takes_what_goes_with_it() {
    let control = |text: &str| {
        let text = format!("[video]\nbitrate_kbps = 2000\n{text}\n{GOOD}");
        scene::from_text("show.toml", &text, &[], &no_env)
            .unwrap()
            .video
            .rate_control
    };
    assert_eq!(control(""), RateControl::Constant);
    assert_eq!(control("rate_control = \"abr\""), RateControl::Average);
    let capped = |max_kbps| RateControl::Capped { max_kbps };
    assert_eq!(control("rate_control = \"vbr\""), capped(3000));
    assert_eq!(control("rate_control = \"vbr\"\nmax_bitrate_kbps = 2500"), capped(2500));
    let quality = |quantiser| RateControl::Quality { quantiser };
    assert_eq!(control("rate_control = \"quality\""), quality(26));
    assert_eq!(control("rate_control = \"quality\"\nquality = 30"), quality(30));

    let video = |text: &str| errors(&format!("[video]\nbitrate_kbps = 2000\n{text}\n{GOOD}"));
    insta::assert_snapshot!(video("rate_control = \"vbr\"\nmax_bitrate_kbps = 1500"), @"show.toml:4:20: video.max_bitrate_kbps: 1500 is less than the 2000 of bitrate_kbps, which it caps");
    insta::assert_snapshot!(video("max_bitrate_kbps = 3000\nquality = 20"), @r#"
    show.toml:3:20: video.max_bitrate_kbps: goes with rate_control = "vbr" alone
    show.toml:4:11: video.quality: goes with rate_control = "quality" alone
    "#);
    insta::assert_snapshot!(video("rate_control = \"crf\""), @r#"show.toml:3:16: video.rate_control: expected one of "cbr", "vbr", "abr", "quality""#);
    insta::assert_snapshot!(video("rate_control = \"quality\"\nquality = 9"), @"show.toml:4:11: video.quality: expected a whole number from 10 to 51, found 9");
}

#[test]
fn unknown_keys_are_refused_with_a_guess() {
    insta::assert_snapshot!(errors(&format!("[vidoe]\nwidth = 1280\n[video]\n  widht = 1280\nbitrate = 3000\nzzz = 1\n{GOOD}")), @r#"
show.toml:1:2: vidoe: unknown key; did you mean "video"?
show.toml:4:3: video.widht: unknown key; did you mean "width"?
show.toml:5:1: video.bitrate: unknown key; did you mean "bitrate_kbps"?
show.toml:6:1: video.zzz: unknown key; known: preset, width, height, aspect, frame_rate, bitrate_kbps, rate_control, max_bitrate_kbps, quality, gop_seconds, threads
"#);
    insta::assert_snapshot!(errors(&format!("[source.b]\nkind = \"file\"\npath = \"a.mp4\"\nlopp = true\n[strip.b]\ngain_bd = 3\nvolume = 1\n{GOOD}")), @r#"
show.toml:4:1: source.b.lopp: unknown key; did you mean "loop"?
show.toml:6:1: strip.b.gain_bd: unknown key; did you mean "gain_db"?
show.toml:7:1: strip.b.volume: unknown key; known: preset, role, bypass, high_pass, high_pass_hz, denoise, denoise_percent, gate, gate_threshold_db, gate_ratio, gate_range_db, gate_attack_ms, gate_hold_ms, gate_release_ms and 32 more
"#);
    insta::assert_snapshot!(errors(&format!("{GOOD}\n[scene.b]\nitems = [\n  {{ source = \"cam\", pos = [0, 0], opactiy = 0.5 }},\n]")), @r#"
show.toml:10:21: scene.b.items[0].pos: unknown key; known: source, scene, group, text, image, color, name, with, style, position, size, fit, crop, key and 3 more
show.toml:10:35: scene.b.items[0].opactiy: unknown key; did you mean "opacity"?
"#);
}

#[test]
fn sound_is_encoded_at_two_rates_and_at_what_its_channels_take() {
    insta::assert_snapshot!(errors(&format!("[audio]\nsample_rate = 22050\nchannels = \"surround\"\n{GOOD}")), @r#"
show.toml:2:15: audio.sample_rate: expected 44100 or 48000, found 22050
show.toml:3:12: audio.channels: expected one of "mono", "stereo"
"#);
    insta::assert_snapshot!(errors(&format!("[audio]\nbitrate_kbps = 24\n{GOOD}")), @"show.toml:2:16: audio.bitrate_kbps: 24 is not from 32 to 512, which is what stereo takes");
    insta::assert_snapshot!(errors(&format!("[audio]\nbitrate_kbps = 300\nchannels = \"mono\"\n{GOOD}")), @"show.toml:2:16: audio.bitrate_kbps: 300 is not from 16 to 256, which is what mono takes");
    let show = set(&[
        ("audio.sample_rate", "44100"),
        ("audio.channels", "mono"),
        ("audio.bitrate_kbps", "24"),
    ])
    .unwrap();
    assert_eq!(show.audio.sample_rate.hz(), 44_100);
    assert_eq!((show.audio.channels, show.audio.bitrate_kbps), (Channels::Mono, 24));
    let default = set(&[]).unwrap();
    assert_eq!(default.audio, AudioSettings::default());
}

#[test]
fn types_and_ranges_are_named() {
    insta::assert_snapshot!(errors(&format!(
        "title = 3\n[video]\nwidth = \"wide\"\nheight = 8000\nframe_rate = 0\nbitrate_kbps = 3.5\ngop_seconds = 60\n[audio]\nbitrate_kbps = 9\n{GOOD}"
    )), @r#"
show.toml:1:9: title: expected text, found a whole number; write it in quotes
show.toml:3:9: video.width: expected a whole number from 16 to 3840, found text
show.toml:4:10: video.height: expected a whole number from 16 to 2160, found 8000
show.toml:5:14: video.frame_rate: expected frames per second from 1 to 120, as 30 or "30000/1001", found 0
show.toml:6:16: video.bitrate_kbps: expected a whole number from 100 to 50000, found a number; whole numbers have no point
show.toml:7:15: video.gop_seconds: expected a number from 0.5 to 10, found 60
show.toml:9:16: audio.bitrate_kbps: expected a whole number from 16 to 512, found 9
"#);
    insta::assert_snapshot!(errors(&format!(
        "[strip.cam]\ngain_db = 24.5\nmute = \"yes\"\nsolo = 1\n[transition]\nkind = \"fede\"\nduration_ms = -1\n{GOOD}"
    )), @r#"
show.toml:2:11: strip.cam.gain_db: expected a number from -60 to 24, found 24.5
show.toml:3:8: strip.cam.mute: expected true or false, found text; write true, without quotes
show.toml:4:8: strip.cam.solo: expected true or false, found a whole number; write true
show.toml:6:8: transition.kind: expected one of "cut", "fade", "wipe", "stinger"; did you mean "fade"?
show.toml:7:15: transition.duration_ms: expected a whole number from 0 to 10000, found -1
"#);
    insta::assert_snapshot!(errors(&format!(
        "{GOOD}\n[scene.b]\nitems = [{{ source = \"cam\", position = [0], size = [\"50%\", \"50px\"], fit = \"fill\", z = 1.5, opacity = 1.1 }}, 3]"
    )), @r#"
show.toml:9:39: scene.b.items[0].position: expected two lengths, each in pixels or as "50%" of the program, found a list
show.toml:9:59: scene.b.items[0].size: expected two lengths, each in pixels or as "50%" of the program, found 50px
show.toml:9:74: scene.b.items[0].fit: expected one of "contain", "cover", "stretch"
show.toml:9:86: scene.b.items[0].z: expected a whole number from -1000 to 1000, found a number; whole numbers have no point
show.toml:9:101: scene.b.items[0].opacity: expected a number from 0 to 1, found 1.1
show.toml:9:108: scene.b.items[1]: expected a table, found a whole number
"#);
    insta::assert_snapshot!(errors("source = 1\nscene = []\nstrip.cam = 3\n"), @r#"
show.toml:1:10: source: expected tables with names, found a whole number
show.toml:2:1: scene: a show needs one scene at least: [scene.NAME] with items
show.toml:2:9: scene: expected tables with names, found a list
show.toml:3:13: strip.cam: expected a table [strip.cam], found a whole number
"#);
    insta::assert_snapshot!(errors(&format!("{GOOD}\n[source.\"my cam\"]\nkind = \"pattern\"\n[scene.\"a.b\"]\n[destination.\"\"]\n")), @r#"
show.toml:8:9: source.my cam: not a name: letters, digits, "-" and "_", 32 at most
show.toml:10:8: scene.a.b: not a name: letters, digits, "-" and "_", 32 at most
show.toml:11:14: destination.: not a name: letters, digits, "-" and "_", 32 at most
"#);
    insta::assert_snapshot!(errors(&format!("[video]\nwidth = 1281\nheight = 719\n{GOOD}")), @r"
show.toml:2:9: video.width: 1281 is odd; pictures in 4:2:0 need an even size, as 1282
show.toml:3:10: video.height: 719 is odd; pictures in 4:2:0 need an even size, as 720
");
}

#[test]
fn what_is_judged_is_held_long_enough() {
    let moderation = |text: &str| errors(&format!("[moderation]\n{text}\n{GOOD}"));
    insta::assert_snapshot!(moderation("words = [\"en\"]\nhold_s = 1.5"), @"show.toml:3:10: moderation.hold_s: what is said is judged 2 s later: set hold_s to 3 or more");
    insta::assert_snapshot!(moderation("hold_s = 45\nhead_ms = 2000\nunjudged = \"hide\""), @r#"
    show.toml:2:10: moderation.hold_s: expected a number from 0 to 30, found 45
    show.toml:3:11: moderation.head_ms: expected a whole number from 0 to 1000, found 2000
    show.toml:4:12: moderation.unjudged: expected one of "mute", "pass"
    "#);
    insta::assert_snapshot!(moderation("words = [\"english\"]\nengin = \"auto\""), @r#"
    show.toml:2:10: moderation.words[0]: there is no word list "english"; known: en
    show.toml:3:1: moderation.engin: unknown key; did you mean "engine"?
    "#);
    insta::assert_snapshot!(moderation("hold_s = 0.5\n[moderation.pictures]\ncodes = \"cover\"\nfrozn = \"warn\""), @r#"
    show.toml:2:10: moderation.hold_s: a picture is covered or dropped up to a second after it was seen: set hold_s to 1 or more, or choose "blur" or "warn"
    show.toml:5:1: moderation.pictures.frozn: unknown key; did you mean "frozen"?
    "#);
    let show = set(&[("moderation.words", "[\"en\"]"), ("moderation.pictures.codes", "blur")]).unwrap();
    assert_eq!(show.moderation.hold.to_millis(), 5000);
    assert!(show.moderation.words.is_some() && show.moderation.pictures.is_on());
}

#[test]
fn names_must_point_somewhere() {
    insta::assert_snapshot!(errors(
        "[source.host]\nkind = \"pattern\"\n[strip.hots]\nmute = true\n[picture.hst]\nlevels_s = 3\n[scene.a]\nitems = [{ source = \"gast\" }, {}]\n[scene.b]\n[scene.c]\nitems = []\n[start]\nprogram = \"d\"\npreview = \"a\""
    ), @r#"
show.toml:3:8: strip.hots: no source "hots"; did you mean "host"?
show.toml:5:10: picture.hst: no source "hst"; did you mean "host"?
show.toml:8:21: scene.a.items[0].source: no source "gast"; known: host
show.toml:8:31: scene.a.items[1]: shows nothing: needs one of the keys "source", "scene", "group", "text", "image", "color"
show.toml:9:8: scene.b: has no items; it would be black
show.toml:10:8: scene.c: has no items; it would be black
show.toml:13:11: start.program: no scene "d"; known: a, b, c
"#);
    insta::assert_snapshot!(errors("[source.host]\nkind = \"pattern\""), @"show.toml: scene: a show needs one scene at least: [scene.NAME] with items");
    insta::assert_snapshot!(errors(""), @"show.toml: scene: a show needs one scene at least: [scene.NAME] with items");
}

#[test]
fn sources_have_the_keys_of_their_kind() {
    insta::assert_snapshot!(errors(&format!(
        "[source.a]\npath = \"x.mp4\"\n[source.b]\nkind = \"file\"\n[source.c]\nkind = \"rtsp\"\n[source.d]\nkind = \"pattern\"\npath = \"x.mp4\"\nurl = \"rtsp://h/p\"\n[source.e]\nkind = \"kamera\"\n{GOOD}"
    )), @r#"
show.toml:1:9: source.a: needs the key "kind"
show.toml:3:9: source.b: needs the key "path"
show.toml:5:9: source.c: needs the key "url"
show.toml:9:8: source.d.path: belongs to kind "file" or "pipe"; this source is a "pattern"
show.toml:10:7: source.d.url: belongs to kind "rtsp"; this source is a "pattern"
show.toml:12:8: source.e.kind: expected one of "pattern", "file", "rtsp", "camera", "screen", "microphone", "rtmp", "pipe"; did you mean "camera"?
"#);
}

#[test]
fn addresses_must_be_addresses_and_are_never_repeated() {
    let text = format!(
        r#"
[source.a]
kind = "rtsp"
url = "http://user:hunter2@camera/1"
[source.b]
kind = "rtsp"
url = "hunter2"
[source.c]
kind = "rtsp"
url = "rtsp://camera/1"
password = "hunter2"
[destination.a]
url = "rtmp://host:99999/live/hunter2"
[destination.b]
url = "rtmp://host"
key = "hunter2"
[destination.c]
url = "srt://host/live"
[destination.d]
key = "hunter2"
[destination.e]
url = "rtmp://host/live?token=hunter2"
key = "hunter2"
[destination.f]
url = "rtmp://host/live"
key = "hunter2 #1"
[destination.g]
url = "rtmp://host/live"
key = {{ env = "STREAM_KEY" }}
[destination.h]
url = "rtmp://host/live"
key = {{ file = "/nowhere/hunter.key" }}
[destination.i]
url = "rtmp://host/live"
key = {{ enf = "hunter2" }}
[destination.j]
url = "rtmp://host/live"
key = ["hunter2"]
{GOOD}"#
    );
    let said = errors(&text);
    assert!(!said.contains("hunter2"), "a secret was repeated:\n{said}");
    insta::assert_snapshot!(said, @r##"
show.toml:4:7: source.a.url: expected an address as in rtsp://host/path; the scheme must be rtsp://
show.toml:7:7: source.b.url: expected an address as in rtsp://host/path; begin it with rtsp://
show.toml:11:12: source.c.password: a password needs a "user" beside it
show.toml:13:7: destination.a.url: expected an address as in rtmp://host/path; invalid port number
show.toml:15:7: destination.b.url: needs the application after the host, as in rtmp://host/live
show.toml:18:7: destination.c.url: expected an address as in rtmp://host/path; the scheme must be rtmp:// or rtmps:// or ws:// or wss:// or rtsp+ws:// or rtsp+wss:// or rtp+tcp://
show.toml:19:14: destination.d: needs the key "url"
show.toml:23:7: destination.e.key: the address ends in a query, so no key fits behind it; write it into the url
show.toml:26:7: destination.f.key: blanks, control characters and "#" cannot be part of a stream key
show.toml:29:7: destination.g.key: environment variable STREAM_KEY is not set
show.toml:32:7: destination.h.key: file /nowhere/hunter.key: no such file
show.toml:35:7: destination.i.key: expected text, { env = "VARIABLE" } or { file = "path" }, found a table
show.toml:38:7: destination.j.key: expected text, { env = "VARIABLE" } or { file = "path" }, found a list
"##);
}

#[test]
fn arguments_and_variables_are_places_too() {
    let wrong = set(&[
        ("video.widht", "640"),
        ("video.width", "641"),
        ("strip.cam.gain_db", "99"),
        ("strip.nobody.mute", "true"),
        ("scene.wide.items.source", "cam"),
        ("destination.main.url", "hunter2"),
        ("include", "fade"),
        ("", "1"),
        ("video", "1"),
    ])
    .unwrap_err();
    assert!(!wrong.contains("hunter2"), "{wrong}");
    insta::assert_snapshot!(wrong, @r#"
--set video.widht: video.widht: unknown key; did you mean "width"?
--set video.width: video.width: 641 is odd; pictures in 4:2:0 need an even size, as 642
--set strip.cam.gain_db: strip.cam.gain_db: expected a number from -60 to 24, found 99
--set strip.nobody.mute: strip.nobody: no source "nobody"; known: cam
--set scene.wide.items.source: scene.wide.items: expected a list of tables, found a table; write [[scene.wide.items]] with two brackets, or [{ … }]
--set destination.main.url: destination.main.url: expected an address as in rtmp://host/path; begin it with rtmp://
--set include: include: only a file can include presets
--set : unknown key; known: title, include, video, audio, source, strip, picture, bus, scene, start, transition, analysis, occlusion, moderation and 12 more
--set video: video: expected a table, found text
"#);
    let env = |name: &str| (name == "RIGCAST_VIDEO_FRAME_RATE").then(|| "fast".to_owned());
    insta::assert_snapshot!(scene::from_text("show.toml", GOOD, &[], &env).unwrap_err(), @r#"environment RIGCAST_VIDEO_FRAME_RATE: video.frame_rate: expected frames per second from 1 to 120, as 30 or "30000/1001", found fast"#);
}

#[test]
fn includes_that_are_not_there_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("main.toml"), format!("include = [\n  \"fads\",\n  \"loop.toml\",\n  7,\n  \"bad.toml\",\n  \"folder.toml\",\n  \"bytes.toml\",\n]\n{GOOD}")).unwrap();
    fs::write(at("loop.toml"), "include = [\"main.toml\"]").unwrap();
    fs::write(at("bad.toml"), "[video]\nwidth = 0").unwrap();
    fs::write(at("bytes.toml"), b"title = \"a\"\n# \xff").unwrap();
    fs::create_dir(at("folder.toml")).unwrap();
    let said = scene::load(&at("main.toml"), &[], &no_env).unwrap_err().to_string();
    insta::assert_snapshot!(said.replace(&format!("{}/", folder.path().display()), ""), @r#"
loop.toml:1:12: include[0]: includes itself
bad.toml:2:9: video.width: expected a whole number from 16 to 3840, found 0
main.toml:2:3: include[0]: no such file, and no shipped preset of this name; did you mean "fade"?
main.toml:4:3: include[2]: expected text, found a whole number; write it in quotes
main.toml:6:3: include[4]: is a folder, not a file
main.toml:7:3: include[5]: not UTF-8 text at line 2, column 3: save it as UTF-8
"#);
}

#[test]
fn files_that_are_no_scene_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let long = folder.path().join("long.toml");
    fs::write(&long, vec![b'#'; 2 << 20]).unwrap();
    fs::write(folder.path().join("empty.toml"), "").unwrap();
    let said = |name: &str| {
        let error = scene::load(&folder.path().join(name), &[], &no_env)
            .unwrap_err()
            .to_string();
        error.replace(&format!("{}/", folder.path().display()), "")
    };
    insta::assert_snapshot!(said("missing.toml"), @"missing.toml: no such file");
    insta::assert_snapshot!(said("long.toml"), @"long.toml: longer than 1024 KiB: not a scene file");
    insta::assert_snapshot!(said("empty.toml"), @"empty.toml: scene: a show needs one scene at least: [scene.NAME] with items");
    let folder = scene::load(folder.path(), &[], &no_env).unwrap_err().to_string();
    assert!(folder.ends_with(": is a folder, not a file"), "{folder}");
}

#[test]
fn where_a_show_goes_is_checked_before_it_starts() {
    insta::assert_snapshot!(errors(&format!(
        "[rendition.480p]\nsize = 480\noclusion_level = 1\n[rendition.source]\nsize = 360\n[rendition.big]\nsize = 1080\n[rendition.none]\n{GOOD}"
    )));
    insta::assert_snapshot!(errors(&format!(
        "[rendition.480p]\nsize = 480\nocclusion_level = 30\n[destination.a]\nurl = \"rtmp://h/live/k\"\nrendition = \"480\"\n[destination.b]\nurl = \"rtp+tcp://h/\"\n[destination.c]\nurl = \"rtmp://h/live/k\"\ntoken = \"t\"\n[destination.d]\nurl = \"wss://h/live\"\nkey = \"k\"\n{GOOD}"
    )));
    insta::assert_snapshot!(errors(&format!(
        "[relay]\nlisten = \"localhost\"\ncertificate = \"a.pem\"\npublic = true\nread_token = \"t\"\norigins = [\"example.org\"]\n{GOOD}"
    )));
    insta::assert_snapshot!(errors(&format!(
        "[recording]\npath = \"{{when}}.mp4\"\nstrips = [\"cma\"]\nsplit_minutes = 0\n[uplink]\nkbps = 10\n{GOOD}"
    )));
}

#[test]
fn where_a_show_goes_is_understood() {
    let show = set(&[
        ("relay.listen", "0.0.0.0:9000"),
        ("relay.read_token", "t"),
        ("recording.split_minutes", "30"),
        ("recording.strips", "[\"cam\"]"),
        ("rendition.low.size", "360"),
        ("rendition.mid.size", "480"),
        ("rendition.mid.occlusion_level", "0"),
        ("uplink.kbps", "6000"),
        ("destination.a.url", "wss://h/live?audio=opus"),
        ("destination.a.rendition", "mid"),
    ])
    .unwrap();
    let scene::RelayChoice::On(relay) = &show.relay else {
        panic!("{:?}", show.relay);
    };
    assert_eq!(
        (relay.listen.to_string(), relay.read_tokens.len()),
        ("0.0.0.0:9000".into(), 1)
    );
    assert_eq!(show.recording.strips, ["cam"]);
    assert!(!show.recording.is_at_start);
    let ladder = show
        .renditions
        .iter()
        .map(|it| (it.name.as_str(), it.width, it.height, it.bitrate_kbps));
    assert_eq!(
        ladder.collect::<Vec<_>>(),
        [("mid", 854, 480, 700), ("low", 640, 360, 525)]
    );
    let destination = &show.destinations[0];
    assert!(destination.wants_opus() && destination.rendition.as_deref() == Some("mid"));
    // Nothing said: the usual ladder, no relay of its own will, and one where nothing else is.
    let show = set(&[]).unwrap();
    assert_eq!(show.relay, scene::RelayChoice::Unsaid);
    assert_eq!(show.renditions.len(), 1);
    assert_eq!(set(&[("relay.on", "false")]).unwrap().relay, scene::RelayChoice::Off);
}

/// Files of `tests/corpus/FOLDER`, and the lines that `rigcast check` prints about each.
fn corpus(folder: &str) -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(folder);
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    files.sort();
    let said = |file: PathBuf| {
        let found = scene::check(std::slice::from_ref(&file), &no_env);
        let mut lines = found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        if !lines.is_empty() {
            lines.push('\n');
        }
        (file, lines.replace(&format!("{}/", folder.display()), ""))
    };
    files.into_iter().map(said).collect()
}

#[test]
fn nothing_is_said_about_a_valid_file() {
    let corpus = corpus("valid");
    assert!(corpus.len() >= 30, "{}", corpus.len());
    for (file, said) in corpus {
        assert_eq!(said, "", "{}", file.display());
    }
}

/// `UPDATE=1` writes what is said; look at it as somebody would who has a show in ten minutes.
#[test]
fn each_mistake_is_named_with_its_place_and_the_remedy() {
    let corpus = corpus("invalid");
    assert!(corpus.len() >= 40, "{}", corpus.len());
    let mut wrong = Vec::new();
    for (file, said) in corpus {
        let expected = file.with_extension("expected");
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&expected, &said).unwrap();
        }
        let expected = fs::read_to_string(&expected).unwrap_or_default();
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        // Each line has its place: this file, at least.
        if said != expected || said.is_empty() || !said.lines().all(|line| line.starts_with(&name)) {
            wrong.push(format!("{name}: expected\n{expected}found\n{said}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
