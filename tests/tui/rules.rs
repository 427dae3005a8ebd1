//! The page of rules: who has program, what each rule makes of the data, and the data itself.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::wildcard_imports,
    dead_code,
    missing_docs
)]

use crate::tui_fixture;
use insta::assert_snapshot;
use rigcast::media::TimeDelta;
use rigcast::studio::model::*;
use serde_json::json;
use tui_fixture::*;

/// A shop that sells tea, with a lottery that is about to begin.
pub fn ruled(studio: &mut Studio) {
    let now = studio.now;
    let ago = |ms: i64| now - TimeDelta::from_millis(ms);
    let rule = |name: &str, when: &str, scene: &str, priority, holds: Option<i64>, lasts_ms: i64| RuleModel {
        name: name.to_owned(),
        when: when.to_owned(),
        scene: scene.to_owned(),
        priority,
        holds_since: holds.map(ago),
        ready_at: holds.map(|holds| ago(holds) + TimeDelta::from_millis(lasts_ms)),
    };
    studio.data = DataModel {
        values: Data::new(json!({
            "room": "live",
            "product": { "title": "Tea from the mountains", "price": 9.9, "stock": 2, "tags": ["new", "sale"] },
            "lottery": { "entries": 12, "prize": "a pot" },
        }))
        .unwrap(),
        at: Some(ago(3200)),
        from: Some("http 127.0.0.1".to_owned()),
        listens: Some("127.0.0.1:8470".to_owned()),
        ..DataModel::default()
    };
    studio.rules = RulesModel {
        file: Some("/shows/shop.rules.toml".to_owned()),
        title: "a shop that is open".to_owned(),
        default: Some("host".to_owned()),
        is_on: true,
        overridden: None,
        standing: RulesStanding {
            rules: vec![
                rule("break", "room == 'break'", "break", 100, None, 0),
                rule(
                    "lottery",
                    "lottery.entries >= 10 and lottery.prize",
                    "lottery",
                    40,
                    Some(1200),
                    3000,
                ),
                rule(
                    "last ones",
                    "product.stock > 0 and product.stock < 3",
                    "product",
                    20,
                    Some(3200),
                    0,
                ),
                rule("in stock", "product.stock > 0", "product", 10, Some(95_000), 500),
            ],
            chosen: Some(RuleChoice {
                rule: Some("in stock".to_owned()),
                scene: "product".to_owned(),
                with: vec![
                    ("title".to_owned(), "Tea from the mountains".to_owned()),
                    ("price".to_owned(), "9.90 €".to_owned()),
                ],
                since: ago(5000),
                until: ago(5000) + TimeDelta::from_millis(10_000),
            }),
            wish: Some("rule last ones".to_owned()),
            wait: Some(RulesWait::HoldDown(ago(5000) + TimeDelta::from_millis(10_000))),
            is_stale: false,
            changes: 3,
            changes_per_minute: 12,
        },
    };
}

fn shown(width: u16, height: u16, change: impl FnOnce(&mut Studio)) -> String {
    let mut screen = Screen::new(width, height).with_pictures();
    ruled(&mut screen.studio);
    change(&mut screen.studio);
    let studio = screen.studio.clone();
    screen.ui.follow(&studio);
    screen.press("O");
    screen.text()
}

#[test]
fn rules_80x24() {
    assert_snapshot!(shown(80, 24, |_| {}));
}

#[test]
fn rules_120x34() {
    assert_snapshot!(shown(120, 34, |_| {}));
}

#[test]
fn rules_200x50() {
    assert_snapshot!(shown(200, 50, |_| {}));
}

#[test]
fn rules_that_look_on() {
    let text = shown(120, 34, |studio| {
        studio.rules.overridden = Some(Override {
            by: "screen 2".to_owned(),
            scene: "host".to_owned(),
            at: studio.now - TimeDelta::from_millis(32_000),
        });
        studio.rules.standing.wait = Some(RulesWait::Watching);
        studio.data.trouble = Some("/shows/room.json: 3:7: no JSON: it ends in the middle".to_owned());
    });
    assert_snapshot!(text);
}

#[test]
fn no_rules_and_no_data() {
    let text = shown(80, 24, |studio| {
        studio.rules = RulesModel::default();
        studio.data = DataModel::default();
    });
    assert!(
        text.contains("there are no rules") && text.contains("nothing yet"),
        "{text}"
    );
}

#[test]
fn more_rules_and_values_than_there_is_room_for() {
    let text = shown(80, 24, |studio| {
        let rules = &mut studio.rules.standing.rules;
        let more = (0..60).map(|number| RuleModel {
            name: format!("rule number {number}"),
            ..rules[0].clone()
        });
        let more: Vec<_> = more.collect();
        rules.extend(more);
        let values: serde_json::Map<_, _> = (0..200)
            .map(|number| (format!("value{number}"), json!(number)))
            .collect();
        studio.data.values = Data::new(values.into()).unwrap();
    });
    assert!(text.contains("… ") && text.contains(" more values"), "{text}");
}
