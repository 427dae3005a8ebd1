//! Commands to cameras: what they ask of the device, what they refuse, and what takes them back.

use super::super::tests::studio;
use super::super::{Input, update};
use super::*;
use crate::media::Timestamp;
use crate::studio::command::{parse, split_words};

fn with_camera() -> Studio {
    let mut studio = studio();
    let control = SourceControl::for_tests;
    let number = |min, max, step| ControlRange::Number { min, max, step };
    let entries = vec![(1, "Manual Mode".into()), (3, "Aperture Priority".into())];
    let source = studio.source_mut("camera").unwrap();
    source.state = SourceState::Live;
    source.controls = vec![
        control("brightness", number(0, 255, 1), 128, 128),
        control("focus_absolute", number(0, 250, 5), 120, 0),
        control("focus_automatic_continuous", ControlRange::Switch, 0, 1),
        control("auto_exposure", ControlRange::Menu { entries }, 3, 3),
    ];
    studio
}

fn run(studio: &mut Studio, line: &str) -> Result<Vec<(String, Option<i64>)>, String> {
    let command = parse(&split_words(line)).map_err(|error| error.to_string())?;
    let effects = update(studio, Input::Command(command), Timestamp::ZERO).map_err(|refusal| refusal.to_string())?;
    let set = effects.into_iter().filter_map(|effect| match effect {
        Effect::SetControl(source, name, value) => {
            assert_eq!(source, "camera");
            Some((name, value))
        }
        _ => None,
    });
    Ok(set.collect())
}

fn one(name: &str, value: i64) -> Vec<(String, Option<i64>)> {
    vec![(name.to_owned(), Some(value))]
}

#[test]
fn values_are_numbers_names_switches_and_steps() {
    for (line, name, value) in [
        ("camera set camera brightness 7", "brightness", 7),
        ("camera set camera brightness +10", "brightness", 138),
        ("camera set camera brightness -=500", "brightness", 0),
        (
            "camera set camera focus_automatic_continuous on",
            "focus_automatic_continuous",
            1,
        ),
        (
            "camera set camera focus_automatic_continuous toggle",
            "focus_automatic_continuous",
            1,
        ),
        ("camera set camera auto_exposure 1", "auto_exposure", 1),
        ("camera set camera auto_exposure \"manual mode\"", "auto_exposure", 1),
    ] {
        assert_eq!(run(&mut with_camera(), line).unwrap(), one(name, value), "{line}");
    }
    let mut studio = with_camera();
    run(&mut studio, "camera set camera brightness +10").unwrap();
    let again = run(&mut studio, "camera set camera brightness +10").unwrap();
    assert_eq!(
        again,
        one("brightness", 148),
        "two steps before the camera has answered"
    );
}

#[test]
fn what_cannot_be_is_refused_with_what_can() {
    let mut studio = with_camera();
    for (line, said) in [
        (
            "camera set camera brightness 256",
            "brightness cannot be 256; it can be 0 to 255",
        ),
        (
            "camera set camera focus_absolute far",
            "focus_absolute cannot be far; it can be 0 to 250 by 5",
        ),
        (
            "camera set camera auto_exposure 2",
            "it can be one of 1 Manual Mode, 3 Aperture Priority",
        ),
        (
            "camera set camera zoom 1",
            "there is no control 'zoom'; there is brightness, focus_absolute",
        ),
        ("camera set nobody zoom 1", "there is no source 'nobody'"),
        ("camera reset slides", "slides has no controls"),
        ("camera controls camera", "files"),
    ] {
        let refusal = run(&mut studio, line).unwrap_err();
        assert!(refusal.contains(said), "{line}: {refusal}");
    }
    studio.source_mut("camera").unwrap().state = SourceState::Starting;
    let refusal = run(&mut studio, "camera set camera brightness 7").unwrap_err();
    assert!(refusal.contains("not there now"), "{refusal}");
}

#[test]
fn a_reset_sets_numbers_before_what_is_automatic_and_is_undone_the_other_way() {
    let mut studio = with_camera();
    let none = |name: &str| (name.to_owned(), None);
    assert_eq!(
        run(&mut studio, "camera reset camera").unwrap(),
        [none("focus_absolute"), none("focus_automatic_continuous")]
    );
    let back = run(&mut studio, "undo").unwrap();
    assert_eq!(
        back,
        [one("focus_automatic_continuous", 0), one("focus_absolute", 120)].concat()
    );
    assert_eq!(
        run(&mut studio, "camera reset camera brightness").unwrap(),
        [none("brightness")]
    );
}

#[test]
fn what_was_set_is_undone() {
    let mut studio = with_camera();
    run(&mut studio, "camera set camera brightness 7").unwrap();
    run(&mut studio, "camera set camera brightness 9").unwrap();
    assert_eq!(run(&mut studio, "undo").unwrap(), one("brightness", 7));
    assert_eq!(run(&mut studio, "undo").unwrap(), one("brightness", 128));
}

#[test]
fn the_answer_lists_them_for_people_and_for_scripts() {
    let answer = controls_of(&with_camera(), "camera").unwrap();
    assert_eq!(
        answer.said(),
        "brightness 128 of 0 to 255 (default 128)\n\
         focus_absolute 120 of 0 to 250 by 5 (default 0)\n\
         focus_automatic_continuous 0 of on or off (default 1)\n\
         auto_exposure 3 one of 1 Manual Mode, 3 Aperture Priority (default 3)"
    );
    let json = answer.into_json();
    assert_eq!(json["controls"][1]["name"], "focus_absolute");
    assert_eq!(json["controls"][1]["range"]["step"], 5);
}
