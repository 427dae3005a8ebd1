//! Cue files as tables: what is written, and what is meant or wrong.

use proptest::prelude::*;

use super::*;

fn names() -> CueNames {
    let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    CueNames {
        scenes: list(&["wide", "host", "two shot"]),
        sources: list(&["camera", "movie"]),
        strips: list(&["camera", "voice"]),
        destinations: list(&["main"]),
    }
}

fn read(text: &str) -> Result<CueList, String> {
    read_cues("show.cues.toml", text, Path::new("/home/me"), Some(&names())).map_err(|errors| errors.to_string())
}

const ALL: &str = r#"title = "Evening"
errors = "continue"

[[cue]]
name = "open"
title = "the doors"
at = "20s"
do = ["take wide", "gain voice +3"]

[[cue]]
name = "host"
after = "open"
offset = "5s"
do = ["take \"two shot\""]
errors = "stop"

[[cue]]
name = "eight"
at = "20:15:00"
do = ["record start show.mp4"]

[[cue]]
name = "crowd"
on = "viewers above 100"
offset = "1:30"
once = false
do = ["take 2"]

[[cue]]
name = "close"
key = "f5"
do = ["cut wide"]
"#;

#[test]
fn a_list_is_read() {
    let list = read(ALL).unwrap();
    let s = |seconds: i64| TimeDelta::from_millis(seconds * 1000);
    assert_eq!((list.title.as_str(), list.file.as_str()), ("Evening", "show.cues.toml"));
    let triggers: Vec<_> = list.cues.iter().map(|cue| cue.trigger.clone()).collect();
    assert_eq!(
        triggers,
        [
            Trigger::At(s(20)),
            Trigger::After { cue: 0, offset: s(5) },
            Trigger::TimeOfDay(s(20 * 3600 + 900)),
            Trigger::On {
                watch: Watch::ViewersAbove(100),
                offset: s(90)
            },
            Trigger::Hand,
        ]
    );
    assert_eq!(list.cues[0].on_error, OnError::Continue);
    assert_eq!(list.cues[1].on_error, OnError::Stop);
    assert_eq!(
        list.cues[2].lines,
        ["record start /home/me/show.mp4"],
        "from the folder of the file"
    );
    assert!(!list.cues[3].is_once);
    assert_eq!(list.of_key("f5").unwrap().name, "close");
    let shown: Vec<_> = list.cues.iter().map(|cue| list.trigger_text(cue)).collect();
    assert_eq!(
        shown,
        ["0:20", "open + 0:05", "20:15:00", "viewers above 100 + 1:30", "by hand"]
    );
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let cue = |rest: &str| format!("[[cue]]\nname = \"a\"\n{rest}");
    for (text, expected) in [
        (
            "title = \"x\"".to_owned(),
            "show.cues.toml: cue: a cue file needs one cue at least",
        ),
        (
            "[[cue]]\nat = \"1s\"".to_owned(),
            "show.cues.toml:1:1: cue[0]: needs the key \"name\"",
        ),
        (
            cue("att = \"1s\""),
            "show.cues.toml:3:1: cue[0].att: unknown key; did you mean \"at\"?",
        ),
        (
            cue("at = 20"),
            "show.cues.toml:3:6: cue[0].at: expected text, found a whole number",
        ),
        (
            cue("at = \"soon\""),
            "show.cues.toml:3:6: cue[0].at: expected a time: \"20s\" or",
        ),
        (
            cue("at = \"25:00:00\""),
            "show.cues.toml:3:6: cue[0].at: expected a time",
        ),
        (
            cue("at = \"1s\"\non = \"scene host\""),
            "show.cues.toml:4:6: cue[0].on: goes without \"at\"",
        ),
        (
            cue("after = \"b\""),
            "show.cues.toml:3:9: cue[0].after: no cue \"b\"; known: a",
        ),
        (
            cue("after = \"a\""),
            "show.cues.toml:3:9: cue[0].after: waits for itself: a after a; give one of them a time",
        ),
        (
            cue("offset = \"1s\""),
            "show.cues.toml:3:10: cue[0].offset: goes with \"after\" or \"on\" alone",
        ),
        (
            cue("on = \"scene hots\""),
            "show.cues.toml:3:6: cue[0].on: no scene \"hots\"; did you mean \"host\"?",
        ),
        (
            cue("on = \"ended film\""),
            "show.cues.toml:3:6: cue[0].on: no source \"film\"",
        ),
        (
            cue("on = \"lost mian\""),
            "show.cues.toml:3:6: cue[0].on: no source or destination \"mian\"; did you mean \"main\"?",
        ),
        (
            cue("on = \"rain\""),
            "show.cues.toml:3:6: cue[0].on: expected \"scene NAME\"",
        ),
        (cue("key = \"f13\""), "show.cues.toml:3:7: cue[0].key: not a key"),
        (
            cue("at = \"1s\"\nonce = false"),
            "show.cues.toml:4:8: cue[0].once: a time comes once in a run",
        ),
        (
            cue("do = [\"take host\", \"tkae wide\"]"),
            "show.cues.toml:3:20: cue[0].do[1]: there is no command 'tkae'; did you mean 'take'?",
        ),
        (
            cue("do = [\"take hots\"]"),
            "show.cues.toml:3:7: cue[0].do[0]: no scene \"hots\"; did you mean \"host\"?",
        ),
        (
            cue("do = [\"take 4\"]"),
            "show.cues.toml:3:7: cue[0].do[0]: no scene \"4\"",
        ),
        (
            cue("do = [\"gain camra +3\"]"),
            "show.cues.toml:3:7: cue[0].do[0]: no strip \"camra\"",
        ),
        (
            cue("do = [\"gain camera loud\"]"),
            "show.cues.toml:3:7: cue[0].do[0]: gain: DB is 'loud', expected dB",
        ),
        (
            cue("do = [\"destination stop man\"]"),
            "show.cues.toml:3:7: cue[0].do[0]: no destination \"man\"",
        ),
        (
            cue("do = [\"layout mixer\"]"),
            "show.cues.toml:3:7: cue[0].do[0]: 'layout' concerns the screen",
        ),
        (
            cue("do = [\"cue fire a\"]"),
            "show.cues.toml:3:7: cue[0].do[0]: a cue cannot do 'cue fire'",
        ),
        (
            cue("do = [\"take 'two\\\" shot'\"]"),
            "show.cues.toml:3:7: cue[0].do[0]: a quote is not closed",
        ),
        (
            cue("do = [\"\"]"),
            "show.cues.toml:3:7: cue[0].do[0]: there is no command",
        ),
        (
            cue("do = \"take host\""),
            "show.cues.toml:3:6: cue[0].do: expected a list of texts, found text",
        ),
        (
            cue("errors = \"ignore\""),
            "show.cues.toml:3:10: cue[0].errors: expected one of \"stop\", \"continue\"",
        ),
        (
            cue("[[cue]]\nname = \"a\""),
            "show.cues.toml:4:8: cue[1].name: there is a cue \"a\" already",
        ),
        (
            cue("key = \"f5\"\n[[cue]]\nname = \"b\"\nkey = \"f5\""),
            "show.cues.toml:6:7: cue[1].key: \"f5\" fires the cue \"a\" already",
        ),
        ("[[cue]".to_owned(), "show.cues.toml:1:"),
    ] {
        let found = read(&text).unwrap_err();
        assert!(found.starts_with(expected), "{text}\n{found}\nexpected {expected}");
        assert_eq!(found.lines().count(), 1, "{found}");
    }
}

#[test]
fn a_circle_of_three_is_told_once() {
    let text = "[[cue]]\nname = \"a\"\nafter = \"c\"\n[[cue]]\nname = \"b\"\nafter = \"a\"\n[[cue]]\nname = \"c\"\nafter = \"b\"\n\
                [[cue]]\nname = \"d\"\nafter = \"c\"";
    let found = read(text).unwrap_err();
    assert_eq!(
        found,
        "show.cues.toml:3:9: cue[0].after: waits for itself: a after c after b after a; give one of them a time"
    );
}

#[test]
fn an_address_is_refused_and_not_repeated() {
    let found = read("[[cue]]\nname = \"a\"\ndo = [\"destination add x rtmp://host/app/sk-secret\"]").unwrap_err();
    assert!(
        found.contains("may hold a secret") && !found.contains("sk-secret"),
        "{found}"
    );
}

#[test]
fn without_a_show_names_may_be_anything() {
    let text = "[[cue]]\nname = \"a\"\non = \"scene any\"\ndo = [\"take other\", \"gain who +1\"]";
    assert!(read(text).is_err());
    assert!(read_cues("a.toml", text, Path::new(""), None).is_ok());
}

proptest! {
    #[test]
    fn no_text_panics(text in "(\\[\\[cue\\]\\]\n(name = \"[ab]\"\n)?((at|after|on|offset|key|do|once) = [\\[\"a-c0-9:.\\]]{0,9}\n){0,3}){0,4}.{0,20}") {
        let _ = read_cues("any", &text, Path::new(""), Some(&names()));
    }

    #[test]
    fn chains_of_any_form_end(parents in proptest::collection::vec(0_usize..8, 1..8)) {
        let count = parents.len();
        let cue = |(at, parent): (usize, &usize)| format!("[[cue]]\nname = \"{at}\"\nafter = \"{}\"\n", parent % count);
        let text: String = parents.iter().enumerate().map(cue).collect();
        // Each waits for one: somewhere it goes round.
        prop_assert!(read_cues("any", &text, Path::new(""), None).is_err());
    }
}

const BEGIN: &str = "<!-- made from the schema: UPDATE=1 ./test --lib cues -->\n";

fn page() -> (std::path::PathBuf, String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/cues.md");
    let page = std::fs::read_to_string(&path).unwrap();
    (path, page)
}

#[test]
fn the_reference_page_is_up_to_date() {
    let (path, page) = page();
    let (before, _) = page.split_once(BEGIN).unwrap();
    let fresh = format!("{before}{BEGIN}\n{}", cues_markdown());
    let is_update = std::env::var_os("UPDATE").is_some();
    if is_update {
        std::fs::write(&path, &fresh).unwrap();
    }
    assert!(page == fresh || is_update, "docs/cues.md is stale: UPDATE=1");
}

#[test]
fn the_example_of_the_page_can_be_read() {
    let (_, page) = page();
    let example = page
        .split("```toml\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .unwrap();
    let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let names = CueNames {
        scenes: list(&["wide", "talk"]),
        strips: list(&["voice"]),
        ..CueNames::default()
    };
    let list = read_cues("evening.cues.toml", example, Path::new("/show"), Some(&names)).unwrap();
    assert_eq!(list.cues.len(), 5);
}
