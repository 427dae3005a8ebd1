//! Rehearsals of the demo's scenes: what is told is what the model then holds.

use super::*;
use crate::scene::{self, CueNames, Show, read_cues};
use crate::studio::opening;

fn show() -> Show {
    let none = |_: &str| None;
    let text = "[source.a]\nkind = \"pattern\"\n[source.b]\nkind = \"pattern\"\n[scene.one]\nitems = [{ source = \"a\" }]\n\
                [scene.two]\nitems = [{ source = \"b\" }]\n[transition]\nkind = \"fade\"\nduration_ms = 400\n";
    scene::from_text("show.toml", text, &[], &none).unwrap()
}

fn rehearsal(cues: &str) -> Rehearsal {
    let show = show();
    let names = CueNames {
        scenes: vec!["one".into(), "two".into()],
        sources: vec!["a".into(), "b".into()],
        strips: vec!["a".into(), "b".into()],
        destinations: Vec::new(),
    };
    let list = read_cues("show.cues.toml", cues, std::path::Path::new("/"), Some(&names)).unwrap();
    Rehearsal::begin(opening::studio("rehearsal", &show), list, TimeDelta::ZERO).unwrap()
}

const CUES: &str = r#"
[[cue]]
name = "second"
at = "10s"
do = ["take two", "gain a -6"]

[[cue]]
name = "first"
after = "second"
offset = "5s"
do = ["cut one"]

[[cue]]
name = "crowd"
on = "viewers above 100"
do = ["cut two"]

[[cue]]
name = "bad"
at = "20s"
do = ["gain a 60", "cut two"]

[[cue]]
name = "end"
do = ["preset apply music a", "end"]
"#;

#[test]
fn a_rehearsal_goes_from_cue_to_cue() {
    let mut rehearsal = rehearsal(CUES);
    let moment = rehearsal.next_cue().remove(0);
    assert_eq!(
        (moment.at.to_millis(), moment.cue.as_deref(), moment.program.as_str()),
        (10_000, Some("second"), "two")
    );
    assert_eq!(moment.transition.to_millis(), 400);
    assert_eq!(moment.as_text()[0], "    0:10  second  → program two, in 400 ms");
    assert!(matches!(&moment.deeds[0].outcome, Outcome::Done(told) if told[0] == "program: scene two is on program"));

    let moment = rehearsal.next_cue().remove(0);
    assert_eq!((moment.at.to_millis(), moment.program.as_str()), (15_000, "one"));
    let moment = rehearsal.next_cue().remove(0);
    assert!(
        moment.is_refused() && moment.deeds.len() == 1,
        "the rest is left out: {moment:?}"
    );
    assert_eq!(moment.as_json()["commands"][0]["ok"], false);

    assert!(rehearsal.forward(TimeDelta::from_millis(5000)).is_empty());
    assert_eq!(rehearsal.elapsed().to_millis(), 25_000);
    assert!(rehearsal.happen(&Happening::Viewers(3)).is_empty());
    let moment = rehearsal.happen(&Happening::Viewers(101)).remove(0);
    assert_eq!((moment.cue.as_deref(), moment.program.as_str()), (Some("crowd"), "two"));

    assert_eq!(rehearsal.left(), [("end".to_owned(), "by hand".to_owned())]);
    let moment = rehearsal.next_cue().remove(0);
    assert!(moment.is_by_hand && !moment.is_refused());
    assert_eq!(moment.deeds[0].outcome, Outcome::NeedsFiles);
    assert!(rehearsal.is_over());
    assert!(rehearsal.next_cue().is_empty());
}

#[test]
fn time_can_be_let_pass_and_commands_be_given() {
    let mut rehearsal = rehearsal(CUES);
    let moments = rehearsal.forward(TimeDelta::from_millis(16_000));
    let names: Vec<_> = moments.iter().filter_map(|moment| moment.cue.as_deref()).collect();
    assert_eq!(names, ["second", "first"]);
    let moments = rehearsal.command("cue fire end");
    assert_eq!(moments[1].cue.as_deref(), Some("end"));
    assert!(rehearsal.command("tkae two")[0].is_refused());
}

#[test]
fn what_can_happen_is_read() {
    for (line, expected) in [
        ("viewers 12", Some(Happening::Viewers(12))),
        ("ended movie", Some(Happening::Ended("movie".into()))),
        ("lost camera", Some(Happening::Lost("camera".into()))),
        ("silence on", Some(Happening::Silence(true))),
        ("viewers many", None),
        ("silence", None),
        ("take two", None),
    ] {
        assert_eq!(Happening::parse(line), expected, "{line}");
    }
}
