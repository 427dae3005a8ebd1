//! The engine over time: what is chosen, when, and never too often.

use super::super::{Expression, Filling, Rule};
use super::*;
use proptest::prelude::*;
use serde_json::json;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(ms)
}

fn target(scene: &str, with: &[(&str, &str)]) -> Target {
    let with = with.iter();
    Target {
        scene: scene.to_owned(),
        with: with
            .map(|(name, text)| ((*name).to_owned(), Filling::parse(text).unwrap()))
            .collect(),
    }
}

fn rule(name: &str, when: &str, lasts_ms: i64, hold_ms: i64, priority: i32) -> Rule {
    Rule {
        name: name.to_owned(),
        when: Expression::parse(when).unwrap(),
        until: None,
        lasts: TimeDelta::from_millis(lasts_ms),
        hold: TimeDelta::from_millis(hold_ms),
        priority,
        target: target(name, &[]),
    }
}

fn data(value: serde_json::Value) -> Data {
    Data::new(value).unwrap()
}

fn shop() -> RuleSet {
    let mut product = rule("product", "product.stock > 0", 2000, 10_000, 0);
    product.target = target("product", &[("price", "{product.price:.2}")]);
    let mut few = rule("few", "product.stock < 3", 0, 1000, 5);
    few.until = Some(Expression::parse("product.stock >= 6").unwrap());
    RuleSet {
        rules: vec![product, few],
        default: Some(target("host", &[])),
        default_hold: TimeDelta::from_millis(1000),
        stale_after: Some(TimeDelta::from_millis(60_000)),
        changes_per_minute: 100,
        ..RuleSet::default()
    }
}

/// Steps, and gives the scene that is chosen then.
fn scene(engine: &mut Engine, data: &Data, came: i64, now: i64) -> String {
    engine.step(Some((data, at(came))), at(now), Mode::Active);
    engine.chosen().map_or_else(String::new, |chosen| chosen.scene.clone())
}

#[test]
fn a_rule_must_hold_for_its_time_and_stays_for_its_hold_down() {
    let mut engine = Engine::new(Arc::new(shop()));
    let stocked = data(json!({"product": {"stock": 9, "price": 9.9}}));
    let gone = data(json!({"product": {"stock": 9}, "other": 1}));
    let none = data(json!({}));
    assert_eq!(scene(&mut engine, &stocked, 0, 0), "host");
    assert_eq!(scene(&mut engine, &stocked, 0, 1999), "host");
    let step = engine.step(Some((&stocked, at(0))), at(1999), Mode::Active);
    assert_eq!(step.next, Some(at(2000)));
    assert_eq!(scene(&mut engine, &stocked, 0, 2000), "product");
    assert_eq!(engine.chosen().unwrap().with, [("price".to_owned(), "9.90".to_owned())]);
    // While it holds its values follow.
    let step = engine.step(Some((&gone, at(3000))), at(3000), Mode::Active);
    assert!(step.is_refill && !step.is_change);
    assert_eq!(engine.chosen().unwrap().with, [("price".to_owned(), String::new())]);
    // Held by the hold-down alone, it keeps its last values.
    engine.step(Some((&stocked, at(3500))), at(3500), Mode::Active);
    let step = engine.step(Some((&none, at(4000))), at(4000), Mode::Active);
    assert_eq!(
        (step.wish, step.wait),
        (Some(By::Default), Some(Wait::HoldDown(at(12_000))))
    );
    assert_eq!(step.next, Some(at(12_000)));
    assert_eq!(engine.chosen().unwrap().with, [("price".to_owned(), "9.90".to_owned())]);
    assert_eq!(scene(&mut engine, &none, 4000, 11_999), "product");
    assert_eq!(scene(&mut engine, &none, 4000, 12_000), "host");
    // A break in between starts the time anew.
    for (now, data) in [(20_000, &stocked), (21_000, &none), (21_500, &stocked)] {
        assert_eq!(scene(&mut engine, data, now, now), "host");
    }
    assert_eq!(scene(&mut engine, &stocked, 21_500, 23_400), "host");
    assert_eq!(scene(&mut engine, &stocked, 21_500, 23_500), "product");
}

#[test]
fn between_when_and_until_nothing_changes() {
    let mut set = shop();
    set.rules.remove(0);
    let mut engine = Engine::new(Arc::new(set));
    for (now, stock, expected) in [
        (0, 9, "host"),
        (5000, 2, "few"),
        (10_000, 5, "few"),
        (15_000, 6, "host"),
        (20_000, 5, "host"),
        (25_000, 3, "host"),
        (30_000, 2, "few"),
    ] {
        let data = data(json!({"product": {"stock": stock}}));
        assert_eq!(scene(&mut engine, &data, now, now), expected, "{now}");
    }
    // Where nothing of what it is about is there any more it ends, too.
    assert_eq!(
        scene(&mut engine, &data(json!({"room": "live"})), 35_000, 35_000),
        "host"
    );
    let few = data(json!({"product": {"stock": 2}}));
    assert_eq!(scene(&mut engine, &few, 37_000, 37_000), "few");
    // Without data a rule ends, whatever ends it otherwise.
    engine.step(None, at(40_000), Mode::Active);
    assert_eq!(engine.chosen().unwrap().scene, "host");
}

#[test]
fn the_highest_priority_wins_and_the_first_of_equals() {
    let set = RuleSet {
        rules: vec![
            rule("a", "x >= 1", 0, 0, 1),
            rule("b", "x >= 2", 0, 0, 2),
            rule("c", "x >= 2", 0, 0, 2),
            rule("d", "x >= 3", 0, 0, 3),
        ],
        changes_per_minute: 100,
        ..RuleSet::default()
    };
    let mut engine = Engine::new(Arc::new(set));
    for (now, x, expected) in [
        (0, 0, ""),
        (1, 1, "a"),
        (2, 2, "b"),
        (3, 3, "d"),
        (4, 2, "b"),
        (5, 0, "b"),
    ] {
        assert_eq!(scene(&mut engine, &data(json!({ "x": x })), now, now), expected, "{x}");
    }
}

#[test]
fn old_data_says_nothing() {
    let mut engine = Engine::new(Arc::new(shop()));
    let stocked = data(json!({"product": {"stock": 9}}));
    scene(&mut engine, &stocked, 0, 0);
    assert_eq!(scene(&mut engine, &stocked, 0, 2000), "product");
    let step = engine.step(Some((&stocked, at(0))), at(59_999), Mode::Active);
    assert_eq!((step.is_stale, step.next), (false, Some(at(60_000))));
    assert_eq!(scene(&mut engine, &stocked, 0, 60_000), "host");
    let step = engine.step(Some((&stocked, at(0))), at(60_000), Mode::Active);
    assert!(step.is_stale);
}

#[test]
fn a_budget_bounds_what_no_hold_down_does() {
    let set = RuleSet {
        rules: vec![rule("odd", "x == 1", 0, 0, 0), rule("even", "x == 0", 0, 0, 0)],
        changes_per_minute: 4,
        ..RuleSet::default()
    };
    let mut engine = Engine::new(Arc::new(set));
    let changes = |engine: &mut Engine, from: i64| {
        let step = |now: i64| {
            engine.step(
                Some((&data(json!({"x": now / 100 % 2})), at(now))),
                at(now),
                Mode::Active,
            )
        };
        let steps: Vec<Step> = (0..100).map(|count| from + count * 100).map(step).collect();
        steps.iter().filter(|step| step.is_change).count()
    };
    assert_eq!(changes(&mut engine, 0), 4);
    let step = engine.step(Some((&data(json!({"x": 0})), at(20_000))), at(20_000), Mode::Active);
    assert_eq!(step.wait, Some(Wait::Budget(at(60_000))));
    assert_eq!(changes(&mut engine, 60_000), 4);
}

#[test]
fn who_looks_on_changes_nothing_and_knows_what_it_would_do() {
    let mut engine = Engine::new(Arc::new(shop()));
    let stocked = data(json!({"product": {"stock": 9}}));
    for now in [0, 1000, 2000] {
        let step = engine.step(Some((&stocked, at(0))), at(now), Mode::Watching);
        assert!(!step.is_change && step.wait == Some(Wait::Watching));
    }
    assert_eq!(engine.chosen(), None);
    // What was seen meanwhile counts.
    engine.forget_choice();
    assert_eq!(scene(&mut engine, &stocked, 0, 2001), "product");
}

#[test]
fn an_explanation_names_what_was_seen() {
    let mut engine = Engine::new(Arc::new(shop()));
    let seen = data(json!({"product": {"stock": 9, "price": 9.9}}));
    engine.step(Some((&seen, at(0))), at(0), Mode::Active);
    let told = engine.explain(Some((&seen, at(0))), at(1500), Mode::Active);
    assert_eq!(
        told.text(),
        "scene host: the default is chosen\n\
         + rule product → product (priority 0): holds; must do so for 0.5 s more\n\
         \x20   true:  product.stock > 0   with product.stock = 9\n\
         - rule few → few (priority 5): does not hold\n\
         \x20   false: product.stock < 3   with product.stock = 9\n\
         \x20   until true:  product.stock >= 6   with product.stock = 9\n\
         1 of 100 changes in the last minute"
    );
    let asked = Engine::as_if(Arc::new(shop()), &seen, at(0), TimeDelta::from_millis(2000));
    let told = asked.explain(Some((&seen, at(0))), at(0), Mode::Active);
    assert_eq!(
        (told.scene.as_deref(), told.rule.as_deref()),
        (Some("product"), Some("product"))
    );
    assert_eq!(told.because, "rule product is chosen");
    assert_eq!(told.held_s, Some(10.0));
}

/// A set of rules on a few numbers, and what is told of these numbers when.
fn course() -> impl Strategy<Value = (RuleSet, Vec<(i64, Option<serde_json::Value>)>)> {
    let one = (0usize..3, 0i64..4, 0i64..3000, 0i64..8000, -2i32..3, any::<bool>());
    let rules = proptest::collection::vec(one, 0..5).prop_map(|rules| {
        let rules = rules.into_iter().enumerate();
        rules
            .map(|(index, (name, bound, lasts, hold, priority, has_until))| {
                let name = ["a", "b", "c"][name];
                let mut rule = rule(
                    &format!("r{index}"),
                    &format!("{name} > {bound}"),
                    lasts,
                    hold,
                    priority,
                );
                rule.until = has_until.then(|| Expression::parse(&format!("{name} < 1")).unwrap());
                rule.target = target(&format!("s{}", index % 3), &[("v", "{a}")]);
                rule
            })
            .collect::<Vec<_>>()
    });
    let set = (
        rules,
        any::<bool>(),
        0i64..5000,
        proptest::option::of(500i64..20_000),
        1u32..20,
    )
        .prop_map(|(rules, has_default, hold, stale, budget)| RuleSet {
            rules,
            default: has_default.then(|| target("host", &[])),
            default_hold: TimeDelta::from_millis(hold),
            stale_after: stale.map(TimeDelta::from_millis),
            changes_per_minute: budget,
            ..RuleSet::default()
        });
    let value = proptest::option::weighted(
        0.9,
        (0i64..5, 0i64..5, 0i64..5).prop_map(|(a, b, c)| json!({"a": a, "b": b, "c": c})),
    );
    (set, proptest::collection::vec((0i64..2500, value), 1..80))
}

/// Looks, and notes a change.
fn look(
    engine: &mut Engine,
    held: Option<&(Data, Timestamp)>,
    clock: Timestamp,
    log: &mut Vec<(Timestamp, String)>,
) -> Step {
    let step = engine.step(held.map(|(data, at)| (data, *at)), clock, Mode::Active);
    if step.is_change {
        log.push((clock, engine.chosen().unwrap().scene.clone()));
    }
    step
}

proptest! {
    #[test]
    fn nothing_flaps_whatever_the_data_does((set, course) in course()) {
        let mut engine = Engine::new(Arc::new(set.clone()));
        let (mut now, mut before, mut known): (i64, Option<Chosen>, Option<(Data, Timestamp)>) = (0, None, None);
        let mut changes = Vec::new();
        for (after, value) in course {
            now += after;
            known = value.map(|value| (data(value), at(now)));
            let held = known.as_ref().map(|(data, at)| (data, *at));
            let told = engine.explain(held, at(now), Mode::Active);
            let step = engine.step(held, at(now), Mode::Active);
            let chosen = engine.chosen().cloned();
            // What is told is what happens.
            prop_assert_eq!(told.scene.as_ref(), chosen.as_ref().map(|chosen| &chosen.scene));
            prop_assert_eq!(told.with, chosen.as_ref().map(|chosen| chosen.with.clone()).unwrap_or_default());
            prop_assert_eq!(told.rule, chosen.as_ref().and_then(|chosen| engine.rule_name(chosen.by)));
            if step.is_change {
                if let Some(before) = &before {
                    prop_assert!(at(now) - before.since >= engine.hold(before.by));
                }
                changes.push(now);
                prop_assert_eq!(chosen.as_ref().map(|chosen| chosen.since), Some(at(now)));
            } else {
                prop_assert_eq!(chosen.as_ref().map(|chosen| chosen.by), before.as_ref().map(|before| before.by));
            }
            let in_minute = changes.iter().filter(|change| now - **change < 60_000).count();
            prop_assert!(in_minute <= set.changes_per_minute as usize);
            prop_assert!(step.next.is_none_or(|next| next > at(now)));
            before = chosen;
        }
        // Left alone, it comes to rest at what it wishes, by looking only when it said it would.
        let held = known.as_ref().map(|(data, at)| (data, *at));
        let mut clock = at(now);
        for _ in 0..200 {
            let step = engine.step(held, clock, Mode::Active);
            let Some(next) = step.next else { break };
            clock = next;
        }
        let step = engine.step(held, clock, Mode::Active);
        prop_assert_eq!(step.next, None);
        prop_assert!(step.wish.is_none() || step.wish == engine.chosen().map(|chosen| chosen.by));
    }

    #[test]
    fn looking_more_often_changes_nothing((set, course) in course(), gap in 50i64..400) {
        // One looks when data comes and when it said it would; the other all the time as well.
        let mut rare = Engine::new(Arc::new(set.clone()));
        let mut often = Engine::new(Arc::new(set));
        let mut now = 0;
        let (mut held, mut next): (Option<(Data, Timestamp)>, Option<Timestamp>) = (None, None);
        let (mut rare_log, mut often_log) = (Vec::new(), Vec::new());
        for (after, value) in course {
            let until = now + after;
            while let Some(wake) = next.filter(|wake| *wake < at(until)) {
                look(&mut often, held.as_ref(), wake, &mut often_log);
                next = look(&mut rare, held.as_ref(), wake, &mut rare_log).next;
                let early = wake + TimeDelta::from_millis(gap);
                if early < at(until) && next.is_none_or(|next| early < next) {
                    look(&mut often, held.as_ref(), early, &mut often_log);
                }
            }
            now = until;
            held = value.map(|value| (data(value), at(now)));
            look(&mut often, held.as_ref(), at(now), &mut often_log);
            next = look(&mut rare, held.as_ref(), at(now), &mut rare_log).next;
        }
        prop_assert_eq!(rare_log, often_log);
    }
}
