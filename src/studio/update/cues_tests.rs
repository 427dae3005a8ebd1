//! Cues in the update as tables: a line or a report in, what is due and what is told out.

use super::super::tests::studio;
use super::super::{Input, update, update_for};
use super::*;
use crate::cue::{CuePhase, RunPhase};
use crate::media::Timestamp;
use crate::scene::{CueNames, read_cues};
use crate::studio::command::{parse, split_words};
use crate::studio::model::Cause;

const LIST: &str = r#"
[[cue]]
name = "talk"
at = "2s"
do = ["take talk", "gain camera -6"]

[[cue]]
name = "both"
after = "talk"
offset = "3s"
do = ["take both"]
errors = "stop"

[[cue]]
name = "back"
on = "scene both"
offset = "1s"
do = ["occlusion less"]

[[cue]]
name = "close"
key = "f5"
do = ["cut wide"]
"#;

fn at(seconds: f64) -> Timestamp {
    Timestamp::ZERO + TimeDelta::from_secs_f64(seconds)
}

fn loaded() -> Studio {
    let mut studio = studio();
    let names = CueNames {
        scenes: vec!["wide".into(), "talk".into(), "both".into()],
        strips: vec!["camera".into(), "slides".into()],
        ..CueNames::default()
    };
    let list = read_cues("evening.toml", LIST, std::path::Path::new("/"), Some(&names)).unwrap();
    update(&mut studio, Input::Cues(CueNews::Loaded(Box::new(list))), at(0.0)).unwrap();
    studio
}

fn command(studio: &mut Studio, line: &str, now: f64) -> Result<Vec<Effect>, Refusal> {
    update(studio, Input::Command(parse(&split_words(line)).unwrap()), at(now))
}

/// Does what is due at `now`, as the runtime does, and names the cues.
fn play(studio: &mut Studio, now: f64) -> Vec<String> {
    let mut came = Vec::new();
    while studio.cues.next_due(at(now)).is_some_and(|due| due <= at(now)) {
        for effect in update(studio, Input::Cues(CueNews::Time), at(now)).unwrap() {
            let Effect::Cue(firing) = effect else { continue };
            came.push(firing.name.clone());
            for line in firing.lines {
                let cause = Cause {
                    by: format!("cue {}", firing.name),
                    command: line.clone(),
                };
                let command = parse(&split_words(&line)).unwrap();
                if let Err(refusal) = update_for(studio, Input::Command(command), at(now), Some(&cause)) {
                    let news = CueNews::Refused(firing.at, line, refusal.to_string());
                    update(studio, Input::Cues(news), at(now)).unwrap();
                }
            }
        }
    }
    came
}

#[test]
fn a_run_changes_the_show_and_its_events_name_the_cue() {
    let mut studio = loaded();
    command(&mut studio, "cue run", 10.0).unwrap();
    assert_eq!(studio.cues.next.as_ref().unwrap().at, Some(at(12.0)));
    assert_eq!(play(&mut studio, 11.9), Vec::<String>::new());
    assert_eq!(play(&mut studio, 12.0), ["talk"]);
    assert_eq!(studio.program, "talk");
    assert_eq!(studio.strips[0].settings.gain_db.to_bits(), (-6.0_f32).to_bits());
    let taken = studio.events.iter().find(|event| event.subject == "program").unwrap();
    assert_eq!(taken.by.as_deref(), Some("cue talk"));
    assert_eq!(taken.command.as_deref(), Some("take talk"));
    // What a cue does brings the next one.
    assert_eq!(play(&mut studio, 15.0), ["both"]);
    assert_eq!(play(&mut studio, 15.9), Vec::<String>::new());
    assert_eq!(play(&mut studio, 16.0), ["back"]);
}

#[test]
fn a_refusal_holds_the_run_and_says_why() {
    let mut studio = loaded();
    command(&mut studio, "cue run", 0.0).unwrap();
    play(&mut studio, 2.0);
    studio.scenes.retain(|scene| scene.name != "both");
    play(&mut studio, 5.0);
    let run = studio.cues.active().unwrap();
    assert_eq!(run.phase, RunPhase::Held);
    assert!(
        run.cues[1]
            .failure
            .as_ref()
            .unwrap()
            .starts_with("take both: there is no scene")
    );
    let told = studio.events.back().unwrap();
    assert_eq!((told.level, told.subject.as_str()), (EventLevel::Warning, "cue both"));
    assert!(told.text.contains("cue go goes on"), "{}", told.text);
}

#[test]
fn what_cannot_be_done_now_is_refused_with_the_way_out() {
    let mut empty = studio();
    for line in ["cue run", "cue hold", "cue go", "cue skip", "cue stop", "cue fire x"] {
        assert_eq!(command(&mut empty, line, 0.0), Err(Refusal::NoCues), "{line}");
    }
    let mut studio = loaded();
    for line in ["cue hold", "cue go", "cue skip", "cue stop"] {
        assert_eq!(command(&mut studio, line, 0.0), Err(Refusal::NoCueRun), "{line}");
    }
    let unknown = command(&mut studio, "cue fire x", 0.0).unwrap_err().to_string();
    assert_eq!(unknown, "there is no cue 'x'; there is talk, both, back, close");
    command(&mut studio, "cue run", 0.0).unwrap();
    assert_eq!(command(&mut studio, "cue run", 1.0), Err(Refusal::CuesRun));
    command(&mut studio, "cue hold", 1.0).unwrap();
    assert_eq!(command(&mut studio, "cue hold", 1.0), Err(Refusal::CuesHeld));
    command(&mut studio, "cue go", 2.0).unwrap();
    assert_eq!(studio.cues.next.as_ref().unwrap().at, Some(at(3.0)));
    let list = studio.cues.list.clone().unwrap();
    let again = update(&mut studio, Input::Cues(CueNews::Loaded(Box::new(list))), at(3.0));
    assert_eq!(again, Err(Refusal::CuesRun));
    assert!(matches!(
        command(&mut studio, "cue load /x.toml", 3.0),
        Err(Refusal::NeedsFiles)
    ));
}

#[test]
fn go_fires_what_waits_for_a_hand() {
    let mut studio = loaded();
    command(&mut studio, "cue run", 0.0).unwrap();
    play(&mut studio, 2.0);
    command(&mut studio, "cue go", 2.5).unwrap();
    assert_eq!(play(&mut studio, 2.5), ["close"]);
    assert_eq!(studio.program, "wide");
    let refused = command(&mut studio, "cue go", 3.0).unwrap_err().to_string();
    assert!(refused.contains("next is both"), "{refused}");
    command(&mut studio, "cue skip", 3.0).unwrap();
    assert_eq!(studio.cues.run.as_ref().unwrap().cues[1].phase, CuePhase::Skipped);
    command(&mut studio, "cue stop", 4.0).unwrap();
    assert!(studio.cues.active().is_none());
    // Without a run a cue can be fired all the same.
    command(&mut studio, "cue fire 1", 5.0).unwrap();
    assert_eq!(play(&mut studio, 5.0), ["talk"]);
}

#[test]
fn a_screen_asks_before_a_cue_reveals_something() {
    let mut studio = loaded();
    let asks = |studio: &Studio, line: &str| {
        crate::studio::command::reveals_or_ends(&parse(&split_words(line)).unwrap(), studio)
    };
    assert!(asks(&studio, "cue fire back") && !asks(&studio, "cue fire talk") && asks(&studio, "cue stop"));
    command(&mut studio, "cue run", 0.0).unwrap();
    assert!(!asks(&studio, "cue go"));
    let list = studio.cues.list.as_mut().unwrap();
    list.cues[3].lines.push("end".into());
    assert!(asks(&studio, "cue go"));
}

#[test]
fn nothing_of_a_cue_is_taken_back_by_hand() {
    let mut studio = loaded();
    command(&mut studio, "cue run", 0.0).unwrap();
    assert_eq!(command(&mut studio, "undo", 0.0), Err(Refusal::NothingToUndo));
}
