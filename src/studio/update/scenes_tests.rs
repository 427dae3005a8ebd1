//! Items and parameters of scenes by command: what they mean, what is heard and marked then, what takes them back.

#![allow(clippy::float_cmp, reason = "what is set is compared with what was written")]

use proptest::prelude::*;

use super::super::*;
use crate::scene::Zone;
use crate::studio::command::{parse, reveals_or_ends, split_words};
use crate::studio::model::{
    Crop, Edits, Fit, ImageItem, Item, ItemPatch, Lent, Rect, SceneEdits, SceneStrip, Shown, TextItem, TextStyle,
    Value, item_at, item_paths,
};

const NOW: Timestamp = Timestamp::from_flicks(705_600_000);

fn item(name: &str, what: Shown) -> Item {
    Item {
        name: name.into(),
        what,
        target: Rect::full(1280, 720),
        fit: Fit::Contain,
        crop: Crop::default(),
        key: None,
        z: 0,
        opacity: 1.0,
        is_hidden: false,
    }
}

fn source(name: &str) -> Item {
    item(name, Shown::Source(name.into()))
}

/// The demo with a scene that has one of everything on program.
fn studio() -> Studio {
    let show = crate::scene::demo(&[], &|_| None).unwrap();
    let mut studio = crate::studio::opening::studio("test", &show);
    let text = Shown::Text(TextItem {
        text: "{price}".into(),
        style: TextStyle::default(),
    });
    let badge = vec![
        item("back", Shown::Color([0; 4])),
        item("logo", Shown::Image(ImageItem { path: "a.png".into() })),
    ];
    let names: Vec<String> = studio.sources.iter().map(|source| source.name.clone()).collect();
    let scene = &mut studio.scenes[0];
    scene.items = vec![
        source(&names[0]),
        item("price", text),
        item("badge", Shown::Group(badge)),
        source(&names[1]),
    ];
    scene.parameters = vec![("price".into(), "9.90".into()), ("title".into(), "Mug".into())];
    studio.program.clone_from(&studio.scenes[0].name.clone());
    studio.edits = Edits::none(&studio.scenes);
    studio.find_sources();
    studio
}

fn run(studio: &mut Studio, line: &str) -> Result<Vec<Effect>, Refusal> {
    let line = line.replace('S', &studio.scenes[0].name);
    let command = parse(&split_words(&line)).unwrap_or_else(|error| panic!("{line}: {error}"));
    update(studio, Input::Command(command), NOW)
}

fn refused(studio: &mut Studio, line: &str) -> String {
    let before = studio.clone();
    let refusal = run(studio, line).unwrap_err();
    assert_eq!(studio.scenes, before.scenes);
    refusal.to_string()
}

fn place(studio: &Studio, path: &str) -> (i32, i32, i32, i32) {
    let target = item_at(&studio.scenes[0].items, path).unwrap().target;
    (target.x, target.y, target.width, target.height)
}

#[test]
fn places_are_set_and_changed_in_pixels_and_shares() {
    let mut studio = studio();
    for (line, expected) in [
        ("item move S price 40 25%", (40, 180, 1280, 720)),
        ("item move S price +10 -=20", (50, 160, 1280, 720)),
        ("item move S price -=1% +0.1%", (37, 161, 1280, 720)),
        ("item move S price -30 0", (-30, 0, 1280, 720)),
        ("item size S price 50% 90", (-30, 0, 640, 90)),
        ("item size S price 320", (-30, 0, 320, 45)),
        ("item size S price +10%", (-30, 0, 448, 63)),
        ("item size S price -=100% -=1000", (-30, 0, 2, 2)),
    ] {
        run(&mut studio, line).unwrap();
        assert_eq!(place(&studio, "price"), expected, "{line}");
    }
    run(&mut studio, "item move S badge/logo 7 9").unwrap();
    assert_eq!(place(&studio, "badge/logo"), (7, 9, 1280, 720));
    run(&mut studio, "item move 1 5 8 9").unwrap();
    assert_eq!(
        place(&studio, "badge/logo"),
        (8, 9, 1280, 720),
        "number 5 is the second one in the group"
    );
    assert_eq!(studio.edits.changed.len(), 1);
    assert_eq!(studio.edits.changed[0].items, ["price", "badge/logo"]);
    run(&mut studio, "scene reset S").unwrap();
    assert!(studio.edits.changed.is_empty());
}

#[test]
fn what_cannot_be_is_refused_in_words() {
    let mut studio = studio();
    for (line, expected) in [
        ("item move nowhere price 0 0", "there is no scene 'nowhere'; there is "),
        ("item move S prize 0 0", "there is no item 'prize' in scene "),
        (
            "item move S price 20000 0",
            "20000, 0 is too far away; each is at most 16384 pixels from the corner of the program",
        ),
        ("item size S price 1", "1 by 1 pixels cannot be had; each is 2 to 16384"),
        ("item opacity S price 50", "a share is 0% to 100%, or 0 to 1"),
        (
            "item crop S badge all 50%",
            "nothing would be left: opposite sides are cut by less than 100% together",
        ),
        (
            "item crop S price left 5%",
            "item price is no picture: there is nothing to fit or to cut",
        ),
        (
            "item fit S badge/back",
            "item badge/back is no picture: there is nothing to fit or to cut",
        ),
        (
            "item text S badge Hi",
            "item badge shows no letters; its scene file says what it shows",
        ),
        ("item z S price 1001", "z is -1000 to 1000"),
        (
            "scene set S prize 1",
            "there is no parameter 'prize'; there is price, title",
        ),
    ] {
        let said = refused(&mut studio, line);
        assert!(said.starts_with(expected), "{line}: {said}");
    }
}

#[test]
fn what_lies_on_what_changes_by_steps() {
    let mut studio = studio();
    let names: Vec<String> = studio.scenes[0].items.iter().map(|item| item.name.clone()).collect();
    let [a, b, c, d] = [0, 1, 2, 3].map(|at| names[at].as_str());
    for (line, expected) in [
        (format!("item raise S {b}"), [a, c, b, d]),
        (format!("item raise S {b}"), [a, c, d, b]),
        (format!("item raise S {b}"), [a, c, d, b]),
        (format!("item lower S {a}"), [a, c, d, b]),
        (format!("item lower S {c}"), [c, a, d, b]),
        (format!("item z S {d} -5"), [d, c, a, b]),
        (format!("item z S {d} +100"), [c, a, b, d]),
        (format!("item reset S {d}"), [c, a, d, b]),
    ] {
        run(&mut studio, &line).unwrap();
        let items = &studio.scenes[0].items;
        let now: Vec<&str> = items.iter().map(|item| item.name.as_str()).collect();
        assert_eq!(now, expected, "{line}");
        assert!(items.is_sorted_by_key(|item| item.z), "{line}: {items:?}");
    }
    run(&mut studio, "item raise S badge/back").unwrap();
    let Shown::Group(inner) = &item_at(&studio.scenes[0].items, "badge").unwrap().what else {
        panic!()
    };
    assert_eq!((inner[1].name.as_str(), inner[1].z), ("back", 1));
}

#[test]
fn what_is_hidden_is_neither_heard_nor_marked() {
    let mut studio = studio();
    let name = studio.sources[0].name.clone();
    let at = studio.strips.iter().position(|strip| strip.name == name).unwrap();
    let is_heard = |effects: &[Effect], is: bool| {
        effects
            .iter()
            .any(|effect| matches!(effect, Effect::OnProgram(strip, on, _) if *strip == at && *on == is))
    };
    let effects = run(&mut studio, &format!("item hide S {name}")).unwrap();
    assert!(
        is_heard(&effects, false) && effects.contains(&Effect::Picture),
        "{effects:?}"
    );
    assert!(!studio.sources[0].is_on_program);
    assert_eq!(studio.events.back().unwrap().text, format!("item {name} is hidden"));
    let effects = run(&mut studio, "undo").unwrap();
    assert!(is_heard(&effects, true));
    assert!(studio.sources[0].is_on_program && studio.edits.changed.is_empty());
}

#[test]
fn only_what_an_operator_set_counts_as_set_by_hand() {
    let mut studio = studio();
    // As rules do it.
    studio.scenes[0].parameters[1].1 = "Cap".into();
    studio.find_edits();
    assert!(studio.edits.changed.is_empty());
    run(&mut studio, "scene set S price \"8.50 €\"").unwrap();
    assert_eq!(studio.edits.changed[0].parameters, ["price"]);
    assert_eq!(studio.scenes[0].parameters[0].1, "8.50 €");
    run(&mut studio, "undo").unwrap();
    assert_eq!(studio.scenes[0].parameters[0].1, "9.90");
    assert!(studio.edits.changed.is_empty());
}

#[test]
fn what_leaves_a_zone_on_program_is_asked() {
    let mut studio = studio();
    let asks = |studio: &Studio, line: &str| {
        let line = line.replace('S', &studio.scenes[0].name);
        reveals_or_ends(&parse(&split_words(&line)).unwrap(), studio)
    };
    assert!(!asks(&studio, "item move S badge 9 9"));
    studio.occlusion.zones.push(Zone {
        name: "door".into(),
        rect: Rect::full(100, 100),
    });
    for line in [
        "item move S badge 9 9",
        "item size S badge 50%",
        "item fit S badge",
        "item crop S badge left 5%",
    ] {
        assert!(asks(&studio, line), "{line}");
    }
    for line in [
        "item move S badge 0 0",
        "item raise S badge",
        "item hide S badge",
        "item toggle S badge",
        "scene reset S",
    ] {
        assert!(!asks(&studio, line), "{line}");
    }
    run(&mut studio, "item hide S badge").unwrap();
    assert!(
        asks(&studio, "item toggle S badge")
            && asks(&studio, "item show S badge")
            && asks(&studio, "item reset S badge")
    );
    assert!(asks(&studio, "scene reset S") && asks(&studio, "undo"));
    assert!(
        !asks(&studio, "item move S badge 9 9"),
        "what is hidden is moved unseen"
    );
    studio.program = studio.scenes[1].name.clone();
    assert!(!asks(&studio, "item show S badge"));
}

#[test]
fn strips_of_a_scene_go_back_but_not_what_was_changed_meanwhile() {
    let mut studio = studio();
    let strip = studio.strips[0].name.clone();
    let (first, second) = (studio.scenes[0].name.clone(), studio.scenes[1].name.clone());
    let set = |of: &str, set: &[(&str, Value)]| SceneStrip {
        strip: of.to_owned(),
        set: set.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect(),
    };
    studio.scenes[1].strips = vec![set(
        &strip,
        &[("mute", Value::Switch(true)), ("gain_db", Value::Number(-6.0))],
    )];
    studio.scenes[0].strips = vec![set(&strip, &[("gain_db", Value::Number(3.0))])];
    studio.strips[0].settings.gain_db = -1.0;
    studio.change_scene_strips();
    assert_eq!(studio.strips[0].settings.gain_db, 3.0);
    let effects = run(&mut studio, &format!("cut {second}")).unwrap();
    let strips = effects
        .iter()
        .filter(|effect| matches!(effect, Effect::Strip(0, _)))
        .count();
    assert_eq!(strips, 1, "one message per strip: {effects:?}");
    assert!(studio.strips[0].settings.is_muted);
    assert_eq!(studio.strips[0].settings.gain_db, -6.0);
    assert_eq!(
        studio.lent[1],
        Lent {
            strip: strip.clone(),
            parameter: "gain_db".into(),
            was: Value::Number(-1.0),
            set: Value::Number(-6.0)
        }
    );
    run(&mut studio, &format!("gain {strip} -12")).unwrap();
    run(&mut studio, &format!("cut {first}")).unwrap();
    assert!(
        !studio.strips[0].settings.is_muted,
        "nobody has touched it: it goes back"
    );
    // The operator's -12 stayed; the first scene sets its own on top, and gives that back.
    assert_eq!(studio.strips[0].settings.gain_db, 3.0);
    assert_eq!(studio.lent[0].was, Value::Number(-12.0));
    studio.scenes[1].strips.clear();
    run(&mut studio, &format!("cut {second}")).unwrap();
    assert_eq!(studio.strips[0].settings.gain_db, -12.0);
    assert!(studio.lent.is_empty());
}

#[test]
fn what_is_kept_of_edits_makes_them_again() {
    let mut before = studio();
    for line in [
        "item move S badge/logo 7 9",
        "item raise S price",
        "item text S price Hi",
        "scene set S title Cap",
        "item hide S 1",
    ] {
        run(&mut before, line).unwrap();
    }
    before.scenes[0].parameters[0].1 = "set by rules".into();
    let kept = SceneEdits::of(&before.edits, &before.scenes);
    let json = serde_json::to_string(&kept).unwrap();
    let kept: Vec<SceneEdits> = serde_json::from_str(&json).unwrap();
    let mut again = studio();
    for edits in &kept {
        let mut of = std::mem::take(&mut again.edits);
        edits.apply(&mut of, &mut again.scenes[0]);
        again.edits = of;
    }
    again.find_edits();
    assert_eq!(again.scenes[0].items, before.scenes[0].items);
    assert_eq!(again.scenes[0].parameters, before.scenes[0].parameters);
    before.find_edits();
    assert_eq!(again.edits.changed, before.edits.changed);
}

fn lines() -> impl Strategy<Value = String> {
    let shift = || {
        prop_oneof![
            "-?[0-9]{1,4}",
            "[+][0-9]{1,3}",
            "-=[0-9]{1,3}",
            "-?[0-9]{1,2}%",
            "[+][0-9]{1,2}%",
            "-=[0-9]{1,2}%"
        ]
    };
    let item = "[1-6]";
    prop_oneof![
        (item, shift(), shift()).prop_map(|(item, x, y)| format!("item move S {item} {x} {y}")),
        (item, shift(), proptest::option::of(shift()))
            .prop_map(|(item, w, h)| format!("item size S {item} {w} {}", h.unwrap_or_default())),
        (item, "(left|top|right|bottom|all)", shift())
            .prop_map(|(item, side, by)| format!("item crop S {item} {side} {by}")),
        (item, shift()).prop_map(|(item, by)| format!("item opacity S {item} {by}")),
        (item, "(-?[0-9]{1,3}|[+][0-9]|-=[0-9])").prop_map(|(item, z)| format!("item z S {item} {z}")),
        (item, "(raise|lower|fit|hide|show|toggle|reset)").prop_map(|(item, what)| format!("item {what} S {item}")),
        "[a-z]{0,4}".prop_map(|text| format!("item text S price \"{text}\"")),
        "[a-z]{0,4}".prop_map(|text| format!("scene set S price \"{text}\"")),
        Just("scene reset S".to_owned()),
    ]
}

proptest! {
    #[test]
    fn everything_is_taken_back_in_turn(lines in proptest::collection::vec(lines(), 1..30)) {
        let mut studio = studio();
        let mut states = Vec::new();
        for line in &lines {
            let before = (studio.scenes.clone(), studio.undo.count());
            let _ = run(&mut studio, line);
            if studio.undo.count() > before.1 {
                states.push(before.0);
            } else {
                prop_assert_eq!(&studio.scenes, &before.0, "{} was not remembered", line);
            }
            prop_assert!(studio.scenes[0].items.is_sorted_by_key(|item| item.z), "{}", line);
            for path in item_paths(&studio.scenes[0].items) {
                let item = item_at(&studio.scenes[0].items, &path).unwrap();
                prop_assert!(item.target.width >= 2 && item.target.height >= 2 && (0.0..=1.0).contains(&item.opacity));
                prop_assert!(crate::studio::model::leaves_something(item.crop));
            }
        }
        for state in states.into_iter().rev() {
            run(&mut studio, "undo").unwrap();
            prop_assert_eq!(&studio.scenes, &state);
        }
        prop_assert!(studio.edits.changed.is_empty());
    }

    #[test]
    fn a_patch_is_taken_back_by_its_inverse(order in any::<bool>(), opacity in proptest::option::of(0.0f32..1.0), x in proptest::option::of(-99i32..99)) {
        let studio = studio();
        let mut items = studio.scenes[0].items.clone();
        let mut turned = ItemPatch::order(&items);
        turned.reverse();
        let patch = ItemPatch {
            opacity,
            target: x.map(|x| Rect { x, y: 1, width: 3, height: 4 }),
            order: order.then(|| turned.into_iter().enumerate().map(|(z, (name, _))| (name, z as i32)).collect()),
            ..ItemPatch::default()
        };
        let inverse = patch.inverse(&items, 1).unwrap();
        patch.apply(&mut items, 1);
        let at = items.iter().position(|item| item.name == studio.scenes[0].items[1].name).unwrap();
        inverse.apply(&mut items, at);
        prop_assert_eq!(&items, &studio.scenes[0].items);
    }
}
