//! Two shows held against each other.

use super::super::merge::tests::show;
use super::*;

const BASE: &str = r#"
[source.one]
kind = "pattern"
[source.two]
kind = "file"
path = "/media/two.mp4"
[scene.host]
items = [{ source = "one", size = ["50%", "50%"] }, { source = "two", z = 1 }]
[destination.main]
url = "rtmp://host/live"
key = "sk-secret"
[rendition.small]
size = 240
"#;

fn said(from: &str, to: &str) -> Vec<String> {
    let new = show(&BASE.replace(from, to));
    diff(&show(BASE), &new).iter().map(ToString::to_string).collect()
}

#[test]
fn differences_are_said_as_people_say_them() {
    for (from, to, expected) in [
        (
            "size = [\"50%\", \"50%\"]",
            "size = [\"60%\", \"60%\"]",
            vec!["scene host item one size 50% → 60%"],
        ),
        (
            "{ source = \"one\"",
            "{ source = \"one\", opacity = 0.5",
            vec!["scene host item one opacity 1 → 0.5"],
        ),
        (
            "/media/two.mp4",
            "/media/other.mp4",
            vec!["source two path /media/two.mp4 → /media/other.mp4"],
        ),
        (
            "[scene.host]",
            "[strip.one]\ngain_db = -6\n[scene.host]",
            vec!["strip one gain_db 0dB → -6dB"],
        ),
        ("sk-secret", "sk-other", vec!["destination main •••• has changed"]),
        (
            "[rendition.small]\nsize = 240",
            "",
            vec!["rendition small removed", "rendition 480p added: 854x480"],
        ),
        (
            "[rendition.small]",
            "[video]\nbitrate_kbps = 1200\n[rendition.small]",
            vec!["video bitrate_kbps 2500 → 1200"],
        ),
    ] {
        let found = said(from, to);
        assert_eq!(found, expected, "{to}");
    }
}

#[test]
fn a_thing_that_comes_or_goes_is_one_difference() {
    let added = said("[scene.host]", "[source.three]\nkind = \"pattern\"\n[scene.host]");
    assert!(added.contains(&"source three added: pattern".to_owned()), "{added:?}");
    assert!(added.iter().all(|line| !line.contains("strip")), "{added:?}");
}

#[test]
fn what_cannot_be_done_on_air_waits_and_says_why() {
    for (path, is_live) in [
        (vec!["video", "width"], false),
        (vec!["video", "bitrate_kbps"], true),
        (vec!["audio", "channels"], false),
        (vec!["relay", "On", "listen"], false),
        (vec!["scene", "host", "item", "cam", "size"], true),
        (vec!["rendition", "small", "width"], false),
        (vec!["rendition", "small", "occlusion_level"], true),
        (vec!["destination", "main"], true),
        (vec!["something", "new"], false),
    ] {
        let when = When::of(&path);
        assert_eq!(when.is_live(), is_live, "{path:?}");
    }
    let waits = When::NextStart("an encoder is made for it".to_owned());
    assert_eq!(When::of(&["video", "width"]), waits);
}
