//! What data may be, and patches of it (RFC 7396).

use super::*;
use proptest::prelude::*;
use serde_json::json;

fn data(value: Value) -> Data {
    Data::new(value).unwrap()
}

#[test]
fn what_is_out_of_bounds_is_refused_and_not_quoted() {
    let deep = |depth: usize| format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
    let many = |count: usize| {
        let list: Vec<usize> = (0..count).collect();
        json!({ "list": list }).to_string()
    };
    let long = |bytes: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(bytes - 8));
    for (text, expected) in [
        (deep(MAX_DEPTH), Ok(())),
        (deep(MAX_DEPTH + 1), Err(DataError::Deep)),
        (many(MAX_VALUES - 2), Ok(())),
        (many(MAX_VALUES - 1), Err(DataError::Many)),
        (long(MAX_BYTES), Ok(())),
        (long(MAX_BYTES + 1), Err(DataError::Long)),
        ("[1]".to_owned(), Err(DataError::NoObject("a list"))),
        ("3".to_owned(), Err(DataError::NoObject("a number"))),
        (
            "{\"a\": s3cret}".to_owned(),
            Err(DataError::Json {
                line: 1,
                column: 7,
                reason: "it is not written as JSON is",
            }),
        ),
        (
            "{\"a\":".to_owned(),
            Err(DataError::Json {
                line: 1,
                column: 5,
                reason: "it ends in the middle",
            }),
        ),
    ] {
        let found = Data::parse(text.as_bytes()).map(drop);
        assert_eq!(found, expected, "{}", &text[..text.len().min(80)]);
        if let Err(error) = found {
            assert!(!error.to_string().contains("s3cret"));
        }
    }
    // A bomb of brackets is no reason to overflow the stack.
    assert!(Data::parse("[".repeat(MAX_BYTES).as_bytes()).is_err());
    assert!(Data::parse(&[0xff, 0xfe]).is_err());
}

#[test]
fn patches_are_those_of_the_standard() {
    // RFC 7396, appendix A, where target and patch are objects.
    for (target, patch, expected) in [
        (json!({"a":"b"}), json!({"a":"c"}), json!({"a":"c"})),
        (json!({"a":"b"}), json!({"b":"c"}), json!({"a":"b","b":"c"})),
        (json!({"a":"b"}), json!({"a":null}), json!({})),
        (json!({"a":"b","b":"c"}), json!({"a":null}), json!({"b":"c"})),
        (json!({"a":["b"]}), json!({"a":"c"}), json!({"a":"c"})),
        (json!({"a":"c"}), json!({"a":["b"]}), json!({"a":["b"]})),
        (
            json!({"a":{"b":"c"}}),
            json!({"a":{"b":"d","c":null}}),
            json!({"a":{"b":"d"}}),
        ),
        (json!({"a":[{"b":"c"}]}), json!({"a":[1]}), json!({"a":[1]})),
        (json!({"e":null}), json!({"a":1}), json!({"e":null,"a":1})),
        (json!({}), json!({"a":{"bb":{"ccc":null}}}), json!({"a":{"bb":{}}})),
    ] {
        let found = data(target.clone()).patched(patch.to_string().as_bytes()).unwrap();
        assert_eq!(found.value(), expected, "{target} {patch}");
    }
    assert_eq!(data(json!({})).patched(b"[1]"), Err(DataError::NoObject("a list")));
    let full = data(json!({ "list": vec![0; MAX_VALUES - 2] }));
    assert_eq!(full.patched(b"{\"b\":1}"), Err(DataError::Many));
}

#[test]
fn values_are_found_by_path_and_shown_as_people_read_them() {
    let data = data(json!({"product": {"price": 9.90, "tags": ["new", 2], "sold": true, "old": null}}));
    for (path, expected) in [
        ("product.price", Some("9.9")),
        ("product.tags", Some("new, 2")),
        ("product.tags.0", Some("new")),
        ("product.tags.2", None),
        ("product.tags.x", None),
        ("product.sold", Some("yes")),
        ("product.old", None),
        ("product", Some("")),
        ("product.price.x", None),
        ("", None),
        ("..", None),
    ] {
        assert_eq!(data.text(path).as_deref(), expected, "{path}");
    }
    assert_eq!(data.len(), 5);
    let again: Data = serde_json::from_str(&serde_json::to_string(&data).unwrap()).unwrap();
    assert_eq!(again, data);
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), patch in "\\PC{0,60}") {
        let _ = Data::parse(&bytes);
        let _ = Data::default().patched(patch.as_bytes());
    }
}
