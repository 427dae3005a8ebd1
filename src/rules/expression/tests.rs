//! Expressions: what they mean, and where they are wrong.

use super::*;
use proptest::prelude::*;
use serde_json::json;

fn shop() -> Value {
    json!({
        "room": "live",
        "product": { "title": "Tea", "price": 9.9, "stock": 3, "tags": ["new", "sale"], "sold": false, "old": null, "lots": [{"left": 2}] },
        "big": 9_007_199_254_740_993_u64,
        "lot-1": { "my name": true },
        "empty": "", "zero": 0, "none": [], "text": "3",
        "grüße": 1,
    })
}

fn holds(text: &str) -> bool {
    let expression = Expression::parse(text).unwrap_or_else(|error| panic!("{text}: {} {error}", error.at));
    expression.holds(shop().as_object().unwrap())
}

#[test]
fn conditions_say_what_they_look_like() {
    for (text, expected) in [
        ("product.stock > 0 and room == 'live'", true),
        ("product.stock > 3", false),
        ("product.stock >= 3 and product.stock <= 3", true),
        ("product.stock == 3.0", true),
        ("product.stock != 4", true),
        ("product.price < 10 and product.price > -1", true),
        ("room == \"live\"", true),
        ("room != 'live'", false),
        ("room < 'm'", true),
        ("room in ['live', 'break']", true),
        ("room not in ['break']", true),
        ("product.stock in [1, 2]", false),
        ("'sale' in product.tags", true),
        ("product.tags contains 'new'", true),
        ("product.tags not contains 'new'", false),
        ("product.title contains 'e'", true),
        ("product contains 'title'", true),
        ("product.lots.0.left == 2", true),
        ("product.lots.1.left == 2", false),
        ("product.sold", false),
        ("not product.sold", true),
        ("lot-1.'my name'", true),
        ("grüße == 1", true),
        ("empty or zero or none", false),
        ("not empty and not zero", true),
        ("exists product.sold", true),
        ("exists(product.price)", true),
        ("exists product.old", false),
        ("not exists product.old", true),
        // Whole numbers are exact where floating point is not.
        ("big == 9007199254740993", true),
        ("big == 9007199254740992", false),
        // And binds more tightly than or, not more tightly than both.
        ("true or false and false", true),
        ("(true or false) and false", false),
        ("not false and false", false),
        ("not (false and false)", true),
        ("not not true", true),
    ] {
        assert_eq!(holds(text), expected, "{text}");
    }
}

#[test]
fn what_is_not_there_is_false_and_no_error() {
    for text in [
        "nothing",
        "nothing == 1",
        "nothing != 1",
        "nothing < 1",
        "nothing in [1]",
        "nothing not in [1]",
        "1 in nothing",
        "nothing contains 1",
        "nothing not contains 1",
        "product.old == 1",
        "product.stock.deeper == 1",
        "room.0 == 'l'",
        "nothing == nothing",
        // Values of different kinds.
        "text == 3",
        "text > 2",
        "product.tags > 1",
        "true > false",
        "1 in 'text'",
    ] {
        assert!(!holds(text), "{text}");
    }
    assert!(holds("not nothing") && holds("text != 3"));
}

#[test]
fn every_mistake_has_its_place_and_its_remedy() {
    for (text, at, expected) in [
        ("", 0, "it ends here; expected a number"),
        ("room = 'live'", 5, "\"=\" is written \"==\""),
        ("a && b", 2, "is written \"and\""),
        ("a || b", 2, "is written \"or\""),
        ("!a", 0, "is written \"not\""),
        ("a ==", 4, "it ends here"),
        ("a == 'live", 5, "this ' is never closed"),
        ("(a and b", 0, "this ( is never closed"),
        ("a and b)", 7, "this ) has no ( before it"),
        ("1 < a < 3", 6, "one comparison at a time: 1 < x and x < 3"),
        ("a b", 2, "expected \"and\", \"or\" or the end"),
        ("a in [1, 2", 5, "this [ is never closed"),
        ("a in [1 2]", 8, "expected , or ]"),
        ("a not 3", 6, "expected \"in\" or \"contains\""),
        ("a.", 2, "expected a name after the dot"),
        ("a > 3%", 4, "expected a number"),
        ("a > 3 - 1", 6, "expected a number"),
        ("a == null", 5, "not exists"),
        ("exists 3", 7, "expected a path"),
        ("a == $b", 5, "\"$\" means nothing here"),
        ("a == 'x\\y'", 7, "after \\ comes"),
        ("grün == ß &", 10, "means nothing here"),
        ("1e999 > a", 0, "expected a number"),
    ] {
        let error = Expression::parse(text).unwrap_err();
        assert!(error.message.contains(expected), "{text}: {error}");
        assert_eq!(error.at, at, "{text}: {error}");
    }
    assert!(Expression::parse(&"(".repeat(900)).is_err());
    assert!(Expression::parse(&"not ".repeat(240)).is_err());
    assert!(Expression::parse(&"a".repeat(MAX_EXPRESSION + 1)).is_err());
    assert!(Expression::parse(&format!("{}1{}", "9".repeat(400), "9".repeat(400))).is_err());
}

#[test]
fn what_was_seen_is_told() {
    let expression =
        Expression::parse("product.stock > 5 and (room == 'live' or text > 2) and not exists gone").unwrap();
    let leaves = expression.leaves(shop().as_object().unwrap());
    let told: Vec<_> = leaves.iter().map(|leaf| (leaf.text.as_str(), leaf.is_true)).collect();
    assert_eq!(
        told,
        [
            ("product.stock > 5", false),
            ("room == 'live'", true),
            ("text > 2", false),
            ("exists gone", false)
        ]
    );
    assert_eq!(leaves[0].values, [("product.stock".to_owned(), Some(json!(3)))]);
    assert_eq!(
        leaves[2].note.as_deref(),
        Some("a text and a number cannot be compared so")
    );
    assert_eq!(leaves[3].values, [("gone".to_owned(), None)]);
}

/// An expression whose truth is known without the parser: built together with it.
fn built() -> impl Strategy<Value = (String, bool)> {
    let leaf = prop_oneof![
        (-9i64..9, 0usize..6, -9i64..9).prop_map(|(a, sign, b)| {
            let (sign, is_true) = [
                ("==", a == b),
                ("!=", a != b),
                ("<", a < b),
                ("<=", a <= b),
                (">", a > b),
                (">=", a >= b),
            ][sign];
            (format!("{a} {sign} {b}"), is_true)
        }),
        (0i64..5).prop_map(|a| (format!("stock == {a}"), a == 3)),
        (0i64..5, proptest::collection::vec(0i64..5, 0..4))
            .prop_map(|(a, list)| { (format!("{a} in {list:?}"), list.contains(&a)) }),
        any::<bool>().prop_map(|is_true| (is_true.to_string(), is_true)),
        Just(("exists stock".to_owned(), true)),
        Just(("gone".to_owned(), false)),
    ];
    leaf.prop_recursive(5, 32, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 1..4).prop_map(|nodes| {
                let text: Vec<_> = nodes.iter().map(|(text, _)| format!("({text})")).collect();
                (text.join(" and "), nodes.iter().all(|(_, is_true)| *is_true))
            }),
            proptest::collection::vec(inner.clone(), 1..4).prop_map(|nodes| {
                let text: Vec<_> = nodes.iter().map(|(text, _)| format!("({text})")).collect();
                (text.join(" or "), nodes.iter().any(|(_, is_true)| *is_true))
            }),
            inner.prop_map(|(text, is_true)| (format!("not ({text})"), !is_true)),
        ]
    })
}

proptest! {
    #[test]
    fn expressions_mean_what_they_were_built_of((text, is_true) in built()) {
        prop_assume!(text.chars().count() <= MAX_EXPRESSION);
        let data = json!({ "stock": 3 });
        let expression = Expression::parse(&text).unwrap();
        prop_assert_eq!(expression.holds(data.as_object().unwrap()), is_true, "{}", text);
    }

    #[test]
    fn no_text_panics_and_errors_are_inside(text in "\\PC{0,60}") {
        if let Err(error) = Expression::parse(&text) {
            prop_assert!(error.at <= text.chars().count());
        }
    }

    #[test]
    fn no_words_panic(words in proptest::collection::vec(
        prop::sample::select(vec!["a", "and", "or", "not", "(", ")", "[", "]", ",", ".", "==", "<", "in", "contains", "exists", "1", "'x'", "true", "-"]), 0..20)
    ) {
        let text = words.join(" ");
        if let Ok(expression) = Expression::parse(&text) {
            let data = json!({ "a": { "b": 1 } });
            let leaves = expression.leaves(data.as_object().unwrap());
            prop_assert!(!leaves.is_empty());
            let _ = expression.holds(data.as_object().unwrap());
        }
    }
}
