//! What texts become at given times, with given facts.

use super::*;
use proptest::prelude::*;

fn wall(text: &str) -> Zoned {
    text.parse().unwrap()
}

fn none(_: &str) -> Option<Vec<Piece>> {
    None
}

fn filled_at(text: &str, time: &str, now_ms: i64, since_ms: Option<i64>) -> Filled {
    let wall = wall(&format!("2026-11-22T{time}[+00:00]"));
    let data = serde_json::json!({ "price": 9.5, "name": "Mug {clock}", "list": [{ "a": "b" }], "none": null });
    let data = Data::new(data).unwrap();
    let facts = Facts {
        wall: &wall,
        now: Timestamp::from_millis(now_ms),
        since: since_ms.map(Timestamp::from_millis),
        title: "Show",
        scene: "host",
        viewers: Some(42),
        data: Some(&data),
        status: None,
    };
    fill(&pieces(text, &none), &facts)
}

fn text_at(text: &str, time: &str, now_ms: i64, since_ms: Option<i64>) -> String {
    filled_at(text, time, now_ms, since_ms).text
}

#[test]
fn names_stand_for_what_is_known() {
    for (text, expected) in [
        ("plain", "plain"),
        ("{{clock}", "{clock}"),
        ("a { b", "a { b"),
        ("{title}/{scene}", "Show/host"),
        ("{clock}", "20:14"),
        ("{clock %H:%M:%S}", "20:14:30"),
        ("{ clock  %d.%m. }", "22.11."),
        ("{clock %!}", "{clock %!}"),
        ("{viewers} watch", "42 watch"),
        ("{uptime}", "1:01:05"),
        ("{data price} {data name}", "9.5 Mug {clock}"),
        ("{data list.0.a}{data list.7}{data none}{data list}", "b"),
        ("{status a.b}|{nobody}|", "||"),
    ] {
        assert_eq!(text_at(text, "20:14:30+00:00", 3_665_400, None), expected, "{text}");
    }
}

#[test]
fn countdowns_go_to_zero_and_stay_there() {
    for (text, time, expected) in [
        ("{countdown 21:00}", "20:14:30+00:00", "45:30"),
        ("{countdown 23:59:59}", "20:14:30+00:00", "3:45:29"),
        ("{countdown 21:00}", "21:00:00+00:00", "0:00"),
        ("{countdown 21:00}", "23:00:00+00:00", "0:00"),
        ("{countdown 00:10}", "23:50:00+00:00", "20:00"),
    ] {
        assert_eq!(text_at(text, time, 0, None), expected, "{text} at {time}");
    }
    for (now, since, expected, changes_in) in [
        (90_000, None, "5:00", None),
        (90_000, Some(90_000), "5:00", Some(1000)),
        (90_400, Some(90_000), "5:00", Some(600)),
        (91_000, Some(90_000), "4:59", Some(1000)),
        (389_999, Some(90_000), "0:01", Some(1)),
        (390_000, Some(90_000), "0:00", None),
        (999_000, Some(90_000), "0:00", None),
    ] {
        let filled = filled_at("{countdown 5m}", "20:00:00+00:00", now, since);
        assert_eq!(filled.text, expected, "at {now}");
        assert_eq!(filled.changes_in, changes_in.map(TimeDelta::from_millis), "at {now}");
    }
    assert_eq!(text_at("{countdown 1h30m5s}", "20:00:00+00:00", 0, None), "1:30:05");
}

#[test]
fn the_next_change_is_the_nearest() {
    let filled = filled_at("{clock} {uptime}", "20:14:30.250+00:00", 3_665_400, None);
    assert_eq!(filled.changes_in, Some(TimeDelta::from_millis(600)));
    assert_eq!(filled_at("{viewers}", "20:14:30+00:00", 0, None).changes_in, None);
}

#[test]
fn parameters_come_first_and_are_letters() {
    let known = |name: &str| match name {
        "price" => Some(literal("{clock}")),
        "clock" => Some(literal("a clock")),
        "both" => Some(pieces("{uptime}!", &none)),
        _ => None,
    };
    let made = pieces("{price} {clock} {both}", &known);
    assert_eq!(
        made,
        [
            Piece::Text("{clock} a clock ".into()),
            Piece::Uptime,
            Piece::Text("!".into())
        ]
    );
    assert_eq!(letters(&made), "{clock} a clock !");
    assert_eq!(letters(&literal(&"x".repeat(9999))).len(), LONGEST);
    assert!(asks_state(&pieces("{data a}", &none)) && !asks_state(&made));
}

proptest! {
    #[test]
    fn any_text_is_read(text in "\\PC{0,80}", braces in "[{}a-z %:0-9hms]{0,80}") {
        for text in [text, braces] {
            let _ = text_at(&text, "12:00:00+00:00", 5, Some(1));
            // Doubled braces are what was written.
            let doubled = text.replace('{', "{{");
            prop_assert_eq!(text_at(&doubled, "12:00:00+00:00", 5, None), text);
        }
    }
}
