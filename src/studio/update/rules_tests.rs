//! What rules may do to a show, and what an operator does about it.

use serde_json::json;

use super::*;
use crate::media::Timestamp;
use crate::studio::command::{parse, split_words};
use crate::studio::model::{Cause, RulesModel, Studio};
use crate::studio::update::{Input, update, update_for};

fn ms(ms: i64) -> Timestamp {
    Timestamp::from_millis(ms)
}

/// The demo under other names: on program `wide`, on preview `talk`.
fn demo() -> Studio {
    let show = crate::scene::demo(&[], &|_| None).unwrap();
    let mut studio = crate::studio::opening::studio("test", &show);
    for (scene, name) in studio.scenes.iter_mut().zip(["wide", "talk", "both"]) {
        name.clone_into(&mut scene.name);
    }
    studio.program = "wide".to_owned();
    studio.preview = "talk".to_owned();
    studio
}

fn ruled_studio() -> Studio {
    let mut studio = demo();
    studio.rules = RulesModel {
        file: Some("shop.rules.toml".to_owned()),
        is_on: true,
        ..RulesModel::default()
    };
    studio.scenes[2].parameters = vec![
        ("price".to_owned(), "0".to_owned()),
        ("title".to_owned(), String::new()),
    ];
    studio
}

fn order(studio: &mut Studio, line: &str, at: i64) -> Result<Vec<Effect>, Refusal> {
    let cause = Cause {
        by: "screen 2".to_owned(),
        command: line.to_owned(),
    };
    let command = parse(&split_words(line)).unwrap();
    update_for(studio, Input::Command(command), ms(at), Some(&cause))
}

fn choose(studio: &mut Studio, scene: &str, price: &str, is_change: bool) -> Vec<Effect> {
    let choice = RuledChoice {
        called: "rule a".to_owned(),
        scene: scene.to_owned(),
        with: vec![
            ("price".to_owned(), price.to_owned()),
            ("gone".to_owned(), "x".to_owned()),
        ],
        is_change,
    };
    let ruled = Ruled {
        standing: RulesStanding::default(),
        choice: Some(choice),
        news: None,
    };
    update(studio, Input::Ruled(Box::new(ruled)), ms(10)).unwrap()
}

#[test]
fn data_comes_whole_in_parts_and_goes() {
    let mut studio = ruled_studio();
    let effects = order(
        &mut studio,
        "data set {\"product\": {\"price\": 9.5, \"title\": \"a \\\"b\\\" c\"}}",
        5,
    )
    .unwrap();
    assert!(effects.contains(&Effect::Rules { is_anew: false }));
    assert_eq!(studio.data.text("product.title").as_deref(), Some("a \"b\" c"));
    assert_eq!(
        (studio.data.at, studio.data.from.as_deref()),
        (Some(ms(5)), Some("screen 2"))
    );
    order(
        &mut studio,
        "data merge {\"product\": {\"title\": null, \"stock\": 2}}",
        6,
    )
    .unwrap();
    assert_eq!(
        studio.data.values.value(),
        json!({"product": {"price": 9.5, "stock": 2}})
    );
    assert_eq!(studio.data.rows()[0], ("product.price".to_owned(), "9.5".to_owned()));
    order(&mut studio, "data clear", 7).unwrap();
    assert_eq!((studio.data.at, studio.data.values.is_empty()), (None, true));
    // Data comes from outside: nothing of it is taken back.
    assert!(studio.undo.next.is_none());
}

#[test]
fn a_choice_sets_values_and_takes_the_scene() {
    let mut studio = ruled_studio();
    let effects = choose(&mut studio, "both", "9.50", true);
    assert_eq!(studio.program, "both");
    assert_eq!(studio.scenes[2].parameters[0].1, "9.50");
    assert!(effects.contains(&Effect::Picture));
    assert_eq!(studio.rules.overridden, None, "rules do not override themselves");
    // The same scene with other values changes in place.
    let effects = choose(&mut studio, "both", "8.50", false);
    assert_eq!(
        (effects, studio.scenes[2].parameters[0].1.as_str()),
        (vec![Effect::Picture], "8.50")
    );
    assert!(choose(&mut studio, "both", "8.50", false).is_empty());
    // A scene that has gone is told, and program stays.
    let effects = choose(&mut studio, "gone", "1", true);
    assert_eq!((effects.len(), studio.program.as_str()), (1, "both"));
}

#[test]
fn a_take_by_hand_holds_until_released() {
    let mut studio = ruled_studio();
    order(&mut studio, "preview both", 1).unwrap();
    order(&mut studio, "take wide", 1).unwrap();
    assert_eq!(studio.rules.overridden, None, "it was on program already");
    let effects = order(&mut studio, "take", 2).unwrap();
    let held = studio.rules.overridden.clone().unwrap();
    assert_eq!(
        (held.by.as_str(), held.scene.as_str(), held.at),
        ("screen 2", "both", ms(2))
    );
    assert!(effects.contains(&Effect::Rules { is_anew: false }) && !studio.rules.are_choosing());
    order(&mut studio, "cut talk", 3).unwrap();
    assert_eq!(
        studio.rules.overridden.as_ref().map(|held| held.scene.as_str()),
        Some("talk")
    );
    let effects = order(&mut studio, "rules release", 4).unwrap();
    assert!(effects.contains(&Effect::Rules { is_anew: true }) && studio.rules.are_choosing());
    assert_eq!(order(&mut studio, "rules release", 5), Err(Refusal::NoOverride));

    order(&mut studio, "rules off", 6).unwrap();
    order(&mut studio, "cut wide", 7).unwrap();
    assert_eq!(
        studio.rules.overridden, None,
        "rules that are off have nothing to hold against"
    );
    order(&mut studio, "undo", 8).unwrap();
    assert!(studio.rules.is_on);

    let mut without = demo();
    assert_eq!(order(&mut without, "rules on", 1), Err(Refusal::NoRules));
    order(&mut without, "take", 2).unwrap();
    assert_eq!(without.rules.overridden, None);
}
