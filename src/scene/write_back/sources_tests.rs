//! Texts before and after a change, as people write them; and that nothing else changes, whatever the text.

use std::fmt::Write;

use super::*;
use proptest::prelude::*;

const SHOW: &str = "\
# My show.
title = \"T\"

# The one at the door.
[source.cam] # left
kind = \"camera\"
# width = 1280

[source.cam.controls]
focus_absolute = 3

[source.bars]
kind = \"pattern\"

# The mixer.

[strip.cam]
gain_db = -3 # quiet

[scene.main]
items = [
    { source = \"bars\" }, # below
    { source = \"cam\", size = [\"50%\", \"50%\"] },
]

[scene.other]
strips.cam.mute = true

[[scene.other.items]]
source = \"cam\"
name = \"who\"

[scene.other.items.crop]
left = 0.1

[[scene.other.items]]
text = \"cam\"
";

fn done(text: &str, edit: &SourceEdit) -> Result<String, SourceEditError> {
    let mut texts = vec![text.to_owned()];
    edit.apply(&mut texts)?;
    Document::parse(texts[0].as_str()).expect("still TOML");
    Ok(texts.remove(0))
}

fn add(name: &str) -> SourceEdit {
    SourceEdit::Add {
        name: name.to_owned(),
        lines: Secret::new("kind = \"microphone\"\ndevice = \"a b\"\n"),
        strip: "mute = true".to_owned(),
    }
}

fn rename(name: &str, to: &str) -> SourceEdit {
    SourceEdit::Rename {
        name: name.to_owned(),
        to: to.to_owned(),
    }
}

fn remove(name: &str, has_items: bool) -> SourceEdit {
    SourceEdit::Remove {
        name: name.to_owned(),
        has_items,
    }
}

/// Lines that are in one and not in the other, and back.
fn difference(before: &str, after: &str) -> String {
    let mut said = String::new();
    for line in before.lines().filter(|line| !after.lines().any(|other| other == *line)) {
        writeln!(said, "- {line}").unwrap();
    }
    for line in after.lines().filter(|line| !before.lines().any(|other| other == *line)) {
        writeln!(said, "+ {line}").unwrap();
    }
    said
}

#[test]
fn a_new_source_comes_after_the_others() {
    let made = done(SHOW, &add("mic 1")).unwrap();
    let at = SHOW.find("\n\n# The mixer.").unwrap();
    let block = "\n\n[source.\"mic 1\"]\nkind = \"microphone\"\ndevice = \"a b\"\n\n[strip.\"mic 1\"]\nmute = true";
    assert_eq!(made, format!("{}{block}{}", &SHOW[..at], &SHOW[at..]));
    // The next comes after it and its strip, not between them.
    let twice = done(&made, &add("second")).unwrap();
    assert!(twice.contains("mute = true\n\n[source.second]\n"), "{twice}");
}

#[test]
fn the_first_source_of_all_comes_at_the_end() {
    let made = done("title = \"T\"\r\n", &add("mic")).unwrap();
    assert_eq!(
        made,
        "title = \"T\"\r\n\r\n[source.mic]\r\nkind = \"microphone\"\r\ndevice = \"a b\"\r\n\r\n[strip.mic]\r\nmute = true\r\n"
    );
    assert!(done("", &add("mic")).unwrap().starts_with("[source.mic]\n"));
    let odd = done("source.cam.kind = \"pattern\"\n", &add("mic"));
    assert_eq!(odd, Err(SourceEditError::Odd("source".to_owned())));
}

#[test]
fn a_new_name_is_followed_everywhere() {
    let made = done(SHOW, &rename("cam", "door cam")).unwrap();
    assert_eq!(
        difference(SHOW, &made),
        "\
- [source.cam] # left
- [source.cam.controls]
- [strip.cam]
-     { source = \"cam\", size = [\"50%\", \"50%\"] },
- strips.cam.mute = true
- source = \"cam\"
+ [source.\"door cam\"] # left
+ [source.\"door cam\".controls]
+ [strip.\"door cam\"]
+     { source = \"door cam\", size = [\"50%\", \"50%\"] },
+ strips.\"door cam\".mute = true
+ source = \"door cam\"
"
    );
    // And back: nothing is lost on the way.
    assert_eq!(done(&made, &rename("door cam", "cam")).unwrap(), SHOW);
}

#[test]
fn a_new_name_is_followed_in_stingers_groups_recordings_and_included_files() {
    let below = "[source]\nclip = { kind = \"file\", path = \"a.mp4\" }\n".to_owned();
    let above = "[transition]\nkind = \"stinger\"\nstinger = \"clip\"\n[recording]\nstrips = [\"mic\", \"clip\"]\n\
                 [scene.a]\nitems = [{ group = [{ source = \"clip\" }], name = \"clip\" }]\ntransition = { stinger = 'clip' }\n"
        .to_owned();
    let mut texts = vec![below, above];
    rename("clip", "bumper").apply(&mut texts).unwrap();
    assert_eq!(texts[0], "[source]\nbumper = { kind = \"file\", path = \"a.mp4\" }\n");
    assert_eq!(
        texts[1],
        "[transition]\nkind = \"stinger\"\nstinger = \"bumper\"\n[recording]\nstrips = [\"mic\", \"bumper\"]\n\
         [scene.a]\nitems = [{ group = [{ source = \"bumper\" }], name = \"clip\" }]\ntransition = { stinger = \"bumper\" }\n"
    );
}

#[test]
fn what_is_spread_over_dotted_keys_is_left_alone() {
    let text = "source.cam.kind = \"rtsp\"\nsource.cam.url = \"rtsp://a/b\"\n";
    let odd = Err(SourceEditError::Odd("source.cam".to_owned()));
    assert_eq!(done(text, &rename("cam", "b")), odd);
    assert_eq!(done(text, &remove("cam", false)).unwrap(), "");
    let single = "source.cam.kind = \"pattern\" # c\nstrip.cam.mute = true\n";
    assert_eq!(
        done(single, &rename("cam", "b")).unwrap(),
        "source.b.kind = \"pattern\" # c\nstrip.b.mute = true\n"
    );
    let missing = SourceEditError::NoSource("dog".to_owned());
    assert_eq!(done(SHOW, &rename("dog", "b")), Err(missing.clone()));
    assert_eq!(done(SHOW, &remove("dog", true)), Err(missing));
}

#[test]
fn two_sources_change_places_with_all_that_belongs_to_them() {
    let swap = SourceEdit::Swap("cam".to_owned(), "bars".to_owned());
    let made = done(SHOW, &swap).unwrap();
    let from = SHOW.find("# The one").unwrap();
    let until = SHOW.find("\n\n# The mixer").unwrap();
    let cam = "# The one at the door.\n[source.cam] # left\nkind = \"camera\"\n# width = 1280\n\n[source.cam.controls]\nfocus_absolute = 3";
    let wanted = format!("[source.bars]\nkind = \"pattern\"\n\n{cam}");
    assert_eq!(made, format!("{}{wanted}{}", &SHOW[..from], &SHOW[until..]));
    assert_eq!(done(&made, &swap).unwrap(), SHOW);
    let lines = "[source]\na = { kind = \"pattern\" } # one\nb = { kind = \"pattern\" }\n";
    let made = done(lines, &SourceEdit::Swap("a".to_owned(), "b".to_owned())).unwrap();
    assert_eq!(
        made,
        "[source]\nb = { kind = \"pattern\" }\na = { kind = \"pattern\" } # one\n"
    );
    let apart = "[source.a]\nkind = \"pattern\"\n[source]\nb = { kind = \"pattern\" }\n";
    let swap = SourceEdit::Swap("a".to_owned(), "b".to_owned());
    assert!(matches!(done(apart, &swap), Err(SourceEditError::Apart(..))));
}

#[test]
fn a_source_goes_with_all_that_is_set_on_it() {
    let made = done(SHOW, &remove("cam", false)).unwrap();
    assert_eq!(
        difference(SHOW, &made),
        "\
- # The one at the door.
- [source.cam] # left
- kind = \"camera\"
- # width = 1280
- [source.cam.controls]
- focus_absolute = 3
- [strip.cam]
- gain_db = -3 # quiet
- strips.cam.mute = true
"
    );
    assert!(
        made.starts_with("# My show.\ntitle = \"T\"\n\n[source.bars]\n"),
        "{made}"
    );
    assert!(made.contains("# The mixer.\n\n[scene.main]\n"), "{made}");
}

#[test]
fn the_items_of_a_source_go_with_it_where_that_is_wanted() {
    let made = done(SHOW, &remove("cam", true)).unwrap();
    assert!(
        made.contains("items = [\n    { source = \"bars\" }, # below\n]")
            || made.contains("items = [\n    { source = \"bars\" },\n]"),
        "{made}"
    );
    assert!(!made.contains("crop") && !made.contains("who"), "{made}");
    assert!(made.ends_with("[[scene.other.items]]\ntext = \"cam\"\n"), "{made}");
}

#[test]
fn an_item_comes_on_top_in_the_way_of_its_list() {
    let keys = vec![
        ("source".to_owned(), "\"mic\"".to_owned()),
        ("size".to_owned(), "[1, 2]".to_owned()),
    ];
    let item = |scene: &str| SourceEdit::AddItem {
        scene: scene.to_owned(),
        keys: keys.clone(),
    };
    let made = done(SHOW, &item("main")).unwrap();
    assert_eq!(difference(SHOW, &made), "+     { source = \"mic\", size = [1, 2] },\n");
    let made = done(SHOW, &item("other")).unwrap();
    assert!(
        made.ends_with("text = \"cam\"\n\n[[scene.other.items]]\nsource = \"mic\"\nsize = [1, 2]\n"),
        "{made}"
    );
    for (before, after) in [
        ("items = []", "items = [{ source = \"mic\", size = [1, 2] }]"),
        (
            "items = [{ text = \"a\" }]",
            "items = [{ text = \"a\" }, { source = \"mic\", size = [1, 2] }]",
        ),
        (
            "items = [\n  { text = \"a\" } # , no comma\n]",
            "items = [\n  { text = \"a\" }, # , no comma\n  { source = \"mic\", size = [1, 2] }\n]",
        ),
    ] {
        let made = done(&format!("[scene.a]\n{before}\n"), &item("a")).unwrap();
        assert_eq!(made, format!("[scene.a]\n{after}\n"));
    }
    let template = done("[scene.a]\ntemplate = \"b\"\n", &item("a"));
    let (scene, of) = ("a".to_owned(), "b".to_owned());
    assert_eq!(template, Err(SourceEditError::OfTemplate { scene, template: of }));
    assert_eq!(
        done(SHOW, &item("gone")),
        Err(SourceEditError::NoItems("gone".to_owned()))
    );
}

#[test]
fn an_item_goes_alone() {
    let item = |scene: &str, item: &str| SourceEdit::RemoveItem {
        scene: scene.to_owned(),
        item: item.to_owned(),
    };
    let made = done(SHOW, &item("other", "who")).unwrap();
    assert!(
        made.ends_with("strips.cam.mute = true\n\n[[scene.other.items]]\ntext = \"cam\"\n"),
        "{made}"
    );
    let made = done(SHOW, &item("other", "text")).unwrap();
    assert!(made.ends_with("left = 0.1\n"), "{made}");
    let made = done(SHOW, &item("main", "bars")).unwrap();
    assert!(made.contains("items = [\n    { source = \"cam\", size"), "{made}");
    let group = "[scene.a]\nitems = [{ name = \"g\", group = [{ text = \"x\" }, { source = \"y\" }] }]\n";
    assert_eq!(
        done(group, &item("a", "g/y")).unwrap(),
        "[scene.a]\nitems = [{ name = \"g\", group = [{ text = \"x\" }] }]\n"
    );
    assert!(matches!(
        done(SHOW, &item("main", "dog")),
        Err(SourceEditError::NoItem { .. })
    ));
    assert!(matches!(
        done(SHOW, &item("gone", "dog")),
        Err(SourceEditError::NoItems(_))
    ));
}

#[test]
fn what_a_value_says_is_no_comment() {
    let text = "[source.a]\nlabel = \"\"\"\n# not a comment\n# nor this\"\"\"\n[source.b]\nkind = \"pattern\"\n";
    let made = done(text, &remove("b", false)).unwrap();
    assert_eq!(made, "[source.a]\nlabel = \"\"\"\n# not a comment\n# nor this\"\"\"\n");
}

/// Texts with sources in all the ways that people write them.
fn any_show() -> impl Strategy<Value = String> {
    let line_end = prop_oneof![Just("\n"), Just("\r\n")];
    let source = (0..4_usize, any::<bool>(), 0..3_usize);
    let sources = prop::collection::vec(source, 1..6);
    (sources, line_end, any::<bool>()).prop_map(|(sources, end, has_scene)| {
        let mut text = String::from("# head\ntitle = \"x\"\n");
        for (at, (kind, has_comment, gap)) in sources.iter().enumerate() {
            text.push_str(&"\n".repeat(*gap));
            if *has_comment {
                writeln!(text, "# of {at}").unwrap();
            }
            match kind {
                0 => write!(text, "[source.s{at}]\nkind = \"pattern\"\n"),
                1 => write!(
                    text,
                    "[source.s{at}] # c\nkind = \"pattern\"\n# below\n[source.s{at}.controls]\na = 1\n"
                ),
                2 => write!(text, "[source.s{at}]\nkind = \"pattern\"\n[strip.s{at}]\nmute = true\n"),
                _ => write!(text, "[source.'s{at}']\nkind = \"pattern\"\n"),
            }
            .unwrap();
        }
        if has_scene {
            text.push_str("[scene.a]\nitems = [{ source = \"s0\" }]\n");
        }
        text.replace('\n', end)
    })
}

proptest! {
    #[test]
    fn sources_come_and_go_without_a_trace(show in any_show()) {
        let made = done(&show, &add("new")).unwrap();
        let back = done(&made, &remove("new", true)).unwrap();
        // An empty line may be left where it was.
        let said = |text: &str| text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect::<Vec<_>>();
        prop_assert_eq!(said(&back), said(&show));
    }

    #[test]
    fn names_and_places_change_there_and_back(show in any_show()) {
        let made = done(&show, &rename("s0", "other name")).unwrap();
        prop_assert!(!made.contains("s0"));
        let back = done(&made, &rename("other name", "s0")).unwrap();
        prop_assert_eq!(back.replace("'s0'", "s0"), show.replace("'s0'", "s0"));
        if show.contains("s1") {
            let swap = SourceEdit::Swap("s0".to_owned(), "s1".to_owned());
            let made = done(&show, &swap).unwrap();
            prop_assert!(made.find("s1").unwrap() < made.find("[source.s0").or(made.find("[source.'s0")).unwrap());
            prop_assert_eq!(done(&made, &swap).unwrap(), show);
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in "[a-z\\[\\]=\"{}#.,\n ]{0,80}", name in "[a-z]{1,3}") {
        for edit in [add(&name), rename(&name, "x"), remove(&name, true), SourceEdit::Swap(name.clone(), "b".into())] {
            let _ = edit.apply(&mut [text.clone()]);
        }
    }
}
