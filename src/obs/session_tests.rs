//! Connections as tables: what a client says, and what comes of it.

use proptest::prelude::*;

use super::super::auth::answer;
use super::*;
use crate::secret::Secret;

fn asking() -> Session {
    let challenge = Challenge::new(&Secret::new("pw"), "salt".into(), "challenge".into());
    Session::new(Some(challenge))
}

fn known() -> Session {
    let mut session = Session::new(None);
    session.take(json!({ "op": 1, "d": { "rpcVersion": 1 } }));
    assert!(session.is_identified());
    session
}

fn code(step: &Step) -> Option<u16> {
    match step {
        Step::Close(code, reason) => {
            assert!(!reason.is_empty() && reason.len() <= 123, "{reason}");
            Some(code.number())
        }
        _ => None,
    }
}

#[test]
fn a_client_says_who_it_is() {
    let right = answer("pw", "salt", "challenge");
    for (given, expected) in [
        (json!({ "rpcVersion": 1, "authentication": right }), None),
        (
            json!({ "rpcVersion": 1.0, "authentication": right, "eventSubscriptions": 33 }),
            None,
        ),
        (
            json!({ "rpcVersion": 1, "authentication": answer("pW", "salt", "challenge") }),
            Some(4009),
        ),
        (json!({ "rpcVersion": 1, "authentication": "pw" }), Some(4009)),
        (json!({ "rpcVersion": 1, "authentication": 1 }), Some(4009)),
        (json!({ "rpcVersion": 1, "authentication": null }), Some(4009)),
        (json!({ "rpcVersion": 1 }), Some(4009)),
        (json!({ "rpcVersion": 2, "authentication": right }), Some(4010)),
        (json!({ "rpcVersion": -1, "authentication": right }), Some(4004)),
        (json!({ "authentication": right }), Some(4003)),
        (
            json!({ "rpcVersion": 1, "authentication": right, "eventSubscriptions": "all" }),
            Some(4004),
        ),
    ] {
        let mut session = asking();
        let hello = session.hello();
        assert_eq!(
            hello["d"]["authentication"],
            json!({ "salt": "salt", "challenge": "challenge" })
        );
        let step = session.take(json!({ "op": 1, "d": given }));
        assert_eq!(code(&step), expected, "{given}");
        assert_eq!(session.is_identified(), expected.is_none());
        if expected.is_none() {
            assert_eq!(
                step,
                Step::Identified(json!({ "op": 2, "d": { "negotiatedRpcVersion": 1 } }))
            );
        }
    }
    assert_eq!(Session::new(None).hello()["d"].get("authentication"), None);
}

#[test]
fn what_is_no_message_closes_the_connection() {
    let request = |data: Value| json!({ "op": 6, "d": data });
    let batch = |data: Value| json!({ "op": 8, "d": data });
    for (message, expected) in [
        (json!([]), 4002),
        (json!("hello"), 4002),
        (json!({}), 4006),
        (json!({ "op": "6", "d": {} }), 4006),
        (json!({ "op": 6 }), 4003),
        (json!({ "op": 6, "d": null }), 4003),
        (json!({ "op": 6, "d": [] }), 4004),
        (json!({ "op": 4, "d": {} }), 4006),
        (json!({ "op": 2, "d": {} }), 4006),
        (json!({ "op": 1, "d": { "rpcVersion": 1 } }), 4008),
        (json!({ "op": 3, "d": { "eventSubscriptions": -1 } }), 4004),
        (request(json!({ "requestType": "GetVersion" })), 4003),
        (request(json!({ "requestId": "1" })), 4003),
        (request(json!({ "requestId": "1", "requestType": 7 })), 4004),
        (batch(json!({ "requests": [] })), 4003),
        (batch(json!({ "requestId": "1" })), 4003),
        (batch(json!({ "requestId": "1", "requests": {} })), 4004),
        (
            batch(json!({ "requestId": "1", "requests": [], "haltOnFailure": 1 })),
            4004,
        ),
        (
            batch(json!({ "requestId": "1", "requests": [], "executionType": 2 })),
            4012,
        ),
        (
            batch(json!({ "requestId": "1", "requests": [], "executionType": 9 })),
            4005,
        ),
        (
            batch(json!({ "requestId": "1", "requests": [], "executionType": -1 })),
            4004,
        ),
        (
            batch(json!({ "requestId": "1", "requests": [], "variables": {} })),
            4012,
        ),
        (
            batch(json!({ "requestId": "1", "requests": vec![0; MAX_BATCH + 1] })),
            4005,
        ),
    ] {
        assert_eq!(code(&known().take(message.clone())), Some(expected), "{message}");
        if expected != 4008 {
            // Who has not said who it is learns nothing but that.
            let stranger = code(&asking().take(message)).unwrap();
            assert!([4002, 4003, 4004, 4006, 4007].contains(&stranger));
        }
    }
    assert_eq!(
        code(&asking().take(request(json!({ "requestId": "1", "requestType": "GetVersion" })))),
        Some(4007)
    );
}

#[test]
fn requests_are_read() {
    let Step::Request(request) =
        known().take(json!({ "op": 6, "d": { "requestId": 7, "requestType": "X", "requestData": { "a": 1 } } }))
    else {
        panic!("no request");
    };
    assert_eq!(
        (request.kind.as_str(), &request.id, &request.data),
        ("X", &json!(7), &json!({ "a": 1 }))
    );
    let requests = json!([{ "requestType": "A" }, { "requestId": "b", "requestType": 5 }, 6]);
    let Step::Batch(batch) = known().take(
        json!({ "op": 8, "d": { "requestId": "x", "haltOnFailure": true, "executionType": 1, "requests": requests } }),
    ) else {
        panic!("no batch");
    };
    assert!(batch.is_halted);
    let kinds: Vec<_> = batch.requests.iter().map(|request| request.kind.as_str()).collect();
    assert_eq!(kinds, ["A", "", ""]);
}

#[test]
fn events_are_those_that_were_wanted() {
    let mut session = Session::new(None);
    assert!(!session.wants(intent::SCENES), "nobody is there yet");
    session.take(json!({ "op": 1, "d": { "rpcVersion": 1 } }));
    assert!(session.wants(intent::SCENES) && session.wants(intent::UI));
    assert!(!session.wants(intent::INPUT_VOLUME_METERS));
    let step = session.take(json!({ "op": 3, "d": { "eventSubscriptions": intent::INPUT_VOLUME_METERS } }));
    assert_eq!(step, Step::Send(json!({ "op": 2, "d": { "negotiatedRpcVersion": 1 } })));
    assert!(!session.wants(intent::SCENES) && session.wants(intent::INPUT_VOLUME_METERS));
    session.take(json!({ "op": 3, "d": {} }));
    assert!(session.wants(intent::INPUT_VOLUME_METERS), "what is not said stays");
}

fn value() -> impl Strategy<Value = Value> {
    let keys = prop_oneof![
        Just("op"),
        Just("d"),
        Just("requestId"),
        Just("requestType"),
        Just("requestData"),
        Just("requests"),
        Just("rpcVersion"),
        Just("authentication"),
        Just("eventSubscriptions"),
        Just("executionType"),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-2..12_i64).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-z]{0,5}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(keys.clone(), inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_messages_panic_or_let_a_stranger_in(messages in prop::collection::vec(value(), 1..6)) {
        let (mut stranger, mut friend) = (asking(), known());
        for message in messages {
            let step = stranger.take(message.clone());
            prop_assert!(matches!(step, Step::Close(..)) && !stranger.is_identified());
            friend.take(message);
        }
    }
}
