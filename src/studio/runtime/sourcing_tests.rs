//! Changes on top of a text: made, taken back, and carried to another text.

use super::*;
use crate::scene::load_again;
use std::collections::BTreeMap;

const SHOW: &str = "[source.a]\nkind = \"pattern\"\n[scene.s]\nitems = [{ source = \"a\" }]\n";

fn script(text: &str) -> Script {
    Script {
        scene: Some("/show.toml".into()),
        texts: BTreeMap::from([("/show.toml".into(), Secret::new(text))]),
        ..Script::default()
    }
}

fn files() -> Vec<PathBuf> {
    vec!["/show.toml".into()]
}

fn change(edit: SourceEdit, said: &str) -> SourceChange {
    SourceChange {
        edit,
        said: said.to_owned(),
        is_trial: false,
        about: String::new(),
    }
}

fn add(name: &str) -> SourceChange {
    let edit = SourceEdit::Add {
        name: name.to_owned(),
        lines: Secret::new("kind = \"pattern\""),
        strip: strip_of("pattern").to_owned(),
    };
    change(edit, &format!("added {name}"))
}

fn rename(name: &str, to: &str) -> SourceChange {
    let edit = SourceEdit::Rename {
        name: name.to_owned(),
        to: to.to_owned(),
    };
    change(edit, &format!("renamed {name} to {to}"))
}

#[test]
fn a_text_with_changes_is_a_show_with_them() {
    let changes = [add("b"), rename("a", "c")];
    let made = changed(&script(SHOW), &files(), &changes).unwrap();
    let show = load_again(&made).unwrap();
    let names: Vec<&str> = show.sources.iter().map(|source| source.name.as_str()).collect();
    assert_eq!(names, ["c", "b"]);
    assert!(show.strips[1].1.is_afv, "not heard before a scene shows it");
    assert_eq!(changed(&script(SHOW), &files(), &[]).unwrap(), script(SHOW));
    let gone = changed(&script(SHOW), &files(), &[add("b"), rename("x", "y")]).unwrap_err();
    assert_eq!(gone.0, 1);
}

#[test]
fn the_show_inside_the_program_can_be_changed() {
    let inside = Script::default();
    let made = changed(&inside, &[], &[add("third")]).unwrap();
    let show = load_again(&made).unwrap();
    assert!(show.source_index("third").is_some());
    assert_eq!(show.script.inside, made.inside);
    assert_eq!(changed(&inside, &[], &[]).unwrap(), inside);
}

#[test]
fn what_fits_another_text_stays() {
    let other = script(&SHOW.replace("source.a]", "source.z]").replace("\"a\"", "\"z\""));
    let (kept, lost) = changed_as_far(&other, &files(), &[add("b"), rename("a", "c"), rename("b", "d")]);
    assert_eq!(kept, [add("b"), rename("b", "d")]);
    assert!(lost[0].starts_with("renamed a to c: "), "{lost:?}");
}

#[test]
fn names_lead_back_to_those_on_the_disk() {
    let sourcing = Sourcing {
        changes: vec![
            rename("a", "b"),
            rename("x", "a"),
            rename("b", "c"),
            rename("p", "q"),
            rename("q", "p"),
        ],
        ..Sourcing::default()
    };
    let pairs: Vec<(String, String)> = [("c", "a"), ("a", "x")]
        .map(|(now, then)| (now.into(), then.into()))
        .into();
    assert_eq!(sourcing.renames_back(), pairs);
}

#[test]
fn finds_are_meant_by_number_name_or_a_part_of_the_title() {
    let found = |kind: &str, name: &str, title: &str| Found {
        kind: kind.into(),
        name: name.into(),
        title: title.into(),
        details: Vec::new(),
        scene: format!("kind = \"{kind}\""),
        is_default: false,
    };
    let inventory = Inventory {
        found: vec![
            found("camera", "webcam", "HD Webcam C920"),
            found("microphone", "mic", "HD Webcam C920 Mono"),
            found("screen", "desktop", "Screen :0"),
        ],
        absent: Vec::new(),
    };
    let title = |wanted: &str| meant(&inventory, wanted).map(|found| found.name.clone());
    assert_eq!(title("2").unwrap(), "mic");
    assert_eq!(title("desktop").unwrap(), "desktop");
    assert_eq!(
        title("HD Webcam C920").unwrap(),
        "webcam",
        "a whole title goes before a part of one"
    );
    assert_eq!(title("mono").unwrap(), "mic");
    assert!(title("webcam c").unwrap_err().contains("say its number"));
    assert!(title("9").unwrap_err().contains("there is webcam, mic, desktop"));
    assert!(meant(&Inventory::default(), "x").unwrap_err().contains("source find"));
}

#[test]
fn proposed_names_are_free_and_names() {
    let show = load_again(&script(SHOW)).unwrap();
    assert_eq!(free_name("a", &show), "a-2");
    assert_eq!(free_name("my cam (left)", &show), "my-cam--left-");
    assert_eq!(free_name("", &show), "source");
}

#[test]
fn a_show_that_is_resumed_knows_what_is_not_saved() {
    let changes = vec![add("b"), rename("a", "c")];
    let mut made = changed(&script(SHOW), &files(), &changes).unwrap();
    let sourcing = Sourcing {
        base: Some(script(SHOW)),
        changes,
        ..Sourcing::default()
    };
    sourcing.note(&mut made);
    let mut show = load_again(&made).unwrap();
    show.files = files();
    assert_eq!(show.script.unsaved, ["added b", "renamed a to c"]);
    let again = Sourcing::resumed(&show);
    assert_eq!(again.standing().unsaved, ["added b, renamed a to c"]);
    let base = again.base.clone().unwrap();
    assert_eq!(base, script(SHOW), "that is what is on the disk");
    assert_eq!(changed(&base, &files(), &again.changes).unwrap().texts, made.texts);
    // It is one change: a file that says something else now is not written over.
    let other = script(&format!("{SHOW}# more"));
    assert_eq!(changed_as_far(&other, &files(), &again.changes).0, []);
    // Saved, there is nothing of it left.
    Sourcing::default().note(&mut made);
    assert!(made.on_disk.is_empty() && Sourcing::resumed(&load_again(&made).unwrap()).changes.is_empty());
}
