//! Who may bring data, and what is answered.

use super::*;
use axum::http::HeaderValue;

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let pairs = pairs.iter();
    pairs
        .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_str(value).unwrap()))
        .collect()
}

#[test]
fn without_a_token_only_programs_of_this_machine_are_let_in() {
    let here = Some("127.0.0.1:4000".parse().unwrap());
    let mapped = Some("[::ffff:127.0.0.1]:4000".parse().unwrap());
    let there = Some("192.0.2.7:4000".parse().unwrap());
    let host = ("host", "127.0.0.1:8470");
    for (peer, pairs, is_in) in [
        (here, vec![host], true),
        (mapped, vec![host], true),
        (here, vec![("host", "localhost:8470")], true),
        (there, vec![host], false),
        (None, vec![host], false),
        (here, vec![("host", "rebound.example:8470")], false),
        (here, vec![], false),
        (here, vec![host, ("origin", "http://127.0.0.1:8470")], false),
    ] {
        assert_eq!(is_let_in(None, &headers(&pairs), peer), is_in, "{peer:?} {pairs:?}");
    }
}

#[test]
fn with_a_token_only_who_shows_it_is_let_in_from_wherever() {
    let token = Secret::new("sesame");
    let there = Some("192.0.2.7:4000".parse().unwrap());
    for (authorization, is_in) in [
        ("Bearer sesame", true),
        ("bearer sesame", true),
        ("Bearer sesam", false),
        ("Bearer sesamee", false),
        ("Bearer ", false),
        ("Basic sesame", false),
        ("sesame", false),
    ] {
        let headers = headers(&[("authorization", authorization)]);
        assert_eq!(is_let_in(Some(&token), &headers, there), is_in, "{authorization}");
    }
    assert!(!is_let_in(
        Some(&token),
        &HeaderMap::new(),
        Some("127.0.0.1:1".parse().unwrap())
    ));
    assert!(!is_let_in(
        Some(&Secret::new("")),
        &headers(&[("authorization", "Bearer ")]),
        there
    ));
}

#[test]
fn bodies_are_json_by_their_type() {
    for (kind, is_it) in [
        ("application/json", true),
        ("Application/JSON; charset=utf-8", true),
        ("application/merge-patch+json", true),
        ("text/plain", false),
        ("application/x-www-form-urlencoded", false),
        ("", false),
    ] {
        assert_eq!(is_json(&headers(&[("content-type", kind)])), is_it, "{kind}");
    }
}
