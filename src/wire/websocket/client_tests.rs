//! Against tungstenite's own server in memory, and against servers that lie.

use super::super::UpgradeProblem;
use super::super::for_tests::{accept_of, frame, messages, upgrade as answer};
use super::*;
use crate::secret::Secret;
use proptest::prelude::*;

const PROTOCOL: &str = "rtp4571.rigcast.v1";

fn request() -> UpgradeRequest {
    UpgradeRequest {
        host: "h.example:8480".into(),
        path: Secret::new("/rtp/main"),
        subprotocol: PROTOCOL,
        may_be_unnamed: false,
        authorization: Some(Secret::new("Bearer tok-123")),
    }
}

/// What the client has asked, and the answer to its key.
fn asked(client: &mut Client) -> (String, String) {
    let text = String::from_utf8(client.output().to_vec()).unwrap();
    client.consume(text.len());
    let accept = accept_of(&text);
    (text, accept)
}

fn named() -> String {
    format!("Sec-WebSocket-Protocol: {PROTOCOL}\r\n")
}

/// An open client, with nothing to say.
fn open() -> Client {
    let mut client = Client::new(request());
    let (_, accept) = asked(&mut client);
    client.receive(answer(&accept, &named()).as_bytes()).unwrap();
    assert_eq!(client.poll(), Some(Incoming::Opened));
    client
}

/// All that the client has to say, as tungstenite's server reads it.
fn said(client: &mut Client) -> Vec<Message> {
    let bytes = client.output().to_vec();
    client.consume(bytes.len());
    messages(&bytes)
}

#[test]
fn asks_as_the_standard_says_and_shows_no_token() {
    let mut client = Client::new(request());
    assert!(!format!("{client:?}").contains("tok-123"));
    let (text, _) = asked(&mut client);
    assert!(
        text.starts_with("GET /rtp/main HTTP/1.1\r\nHost: h.example:8480\r\n"),
        "{text}"
    );
    for line in [
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Protocol: rtp4571.rigcast.v1",
        "Authorization: Bearer tok-123",
    ] {
        assert!(text.contains(&format!("\r\n{line}\r\n")), "{line} in {text}");
    }
    assert!(text.ends_with("\r\n\r\n"));
}

#[test]
fn an_answer_is_taken_in_any_pieces_with_messages_right_behind_it() {
    let mut client = Client::new(request());
    let (_, accept) = asked(&mut client);
    let mut bytes = answer(&accept, &named()).into_bytes();
    bytes.extend(frame(1, b"hello"));
    bytes.extend(frame(2, &[1, 2, 3]));
    for byte in bytes {
        client.receive(&[byte]).unwrap();
    }
    assert_eq!(client.poll(), Some(Incoming::Opened));
    assert_eq!(client.poll(), Some(Incoming::Text("hello".into())));
    assert_eq!(client.poll(), Some(Incoming::Binary(Bytes::from_static(&[1, 2, 3]))));
    assert_eq!(client.poll(), None);
}

#[test]
fn answers_that_do_not_fit_are_named() {
    use UpgradeProblem::{Extension, Key, NoSubprotocol, NoUpgrade, OtherSubprotocol};
    let refused = |status| WebSocketError::Refused { status };
    let fitting = answer("ACCEPT", &named());
    for (said, wanted) in [
        ("HTTP/1.1 401 Unauthorized\r\n\r\n".into(), refused(401)),
        ("HTTP/1.1 403 Forbidden\r\n\r\nno".into(), refused(403)),
        ("HTTP/1.1 404 Not Found\r\n\r\n".into(), refused(404)),
        ("HTTP/1.1 200 OK\r\n\r\n<html>".into(), refused(200)),
        (answer("wrong", &named()), Key.into()),
        (answer("ACCEPT", ""), NoSubprotocol(PROTOCOL).into()),
        (
            answer("ACCEPT", "Sec-WebSocket-Protocol: chat\r\n"),
            OtherSubprotocol(PROTOCOL).into(),
        ),
        (fitting.replace("Upgrade: WebSocket", "Upgrade: h2c"), NoUpgrade.into()),
        (fitting.replace("keep-alive, Upgrade", "keep-alive"), NoUpgrade.into()),
        (
            answer(
                "ACCEPT",
                &(named() + "Sec-WebSocket-Extensions: permessage-deflate\r\n"),
            ),
            Extension.into(),
        ),
    ] {
        let mut client = Client::new(request());
        let (_, accept) = asked(&mut client);
        let error = client.receive(said.replace("ACCEPT", &accept).as_bytes()).unwrap_err();
        assert_eq!(error, wanted);
        assert_eq!(
            error.is_final(),
            matches!(error, WebSocketError::Refused { status: 401 | 403 })
        );
    }
    let mut client = Client::new(request());
    let error = client.receive(b"RTSP/1.0 200 OK\r\n\r\n").unwrap_err();
    assert!(error.to_string().starts_with("not a web server"), "{error}");
    let mut client = Client::new(request());
    let endless = [&b"HTTP/1.1 200 OK\r\nX: "[..], &vec![b'y'; 20_000]].concat();
    assert!(matches!(client.receive(&endless), Err(WebSocketError::NotHttp { .. })));
}

#[test]
fn a_server_that_names_no_subprotocol_may_still_speak_it() {
    let mut client = Client::new(UpgradeRequest {
        may_be_unnamed: true,
        ..request()
    });
    let (_, accept) = asked(&mut client);
    client.receive(answer(&accept, "").as_bytes()).unwrap();
    assert!(client.is_open());
}

#[test]
fn what_is_said_arrives_masked_and_in_order() {
    let mut client = open();
    client.send_text("v=0\r\n");
    client.send_binary(|out| out.extend_from_slice(&[7; 300]), <[u8]>::len);
    client.receive(&frame(9, b"are you there")).unwrap();
    client.ping(b"1");
    client.close(1000, "the show is over");
    client.send_text("nothing after the goodbye");
    let said = said(&mut client);
    assert_eq!(said[0], Message::Text("v=0\r\n".into()));
    assert_eq!(said[1], Message::Binary(Bytes::from(vec![7; 300])));
    assert_eq!(said[2], Message::Pong(Bytes::from_static(b"are you there")));
    assert_eq!(said[3], Message::Ping(Bytes::from_static(b"1")));
    let Message::Close(Some(close)) = &said[4] else {
        panic!("{said:?}")
    };
    assert_eq!(
        (u16::from(close.code), close.reason.as_str()),
        (1000, "the show is over")
    );
    assert_eq!(said.len(), 5);
    // The server's own goodbye after ours is no error.
    client.receive(&frame(8, &[3, 232])).unwrap();
}

#[test]
fn a_close_is_told_with_code_and_reason() {
    for (payload, code, reason, is_final) in [
        (&b"\x03\xf0the name is taken\r\n"[..], 1008, "the name is taken", false),
        (b"\x03\xebno such codec", 1003, "no such codec", true),
        (b"\x03\xf1", 1009, "", false),
        (b"\x11\x31", 4401, "", true),
        (b"\x11\x39taken", 4409, "taken", false),
        (b"", 1005, "", false),
    ] {
        let error = open().receive(&frame(8, payload)).unwrap_err();
        let reason = reason.to_owned();
        assert_eq!(error.is_final(), is_final, "{error}");
        assert_eq!(error, WebSocketError::Closed { code, reason });
    }
}

#[test]
fn a_frame_that_claims_too_much_is_refused_before_it_is_kept() {
    for claim in [65_537_u64, u64::MAX >> 1, u64::MAX] {
        let mut head = vec![0x82, 127];
        head.extend_from_slice(&claim.to_be_bytes());
        let error = open().receive(&head).unwrap_err();
        assert!(matches!(error, WebSocketError::TooLong { .. }), "{error}");
    }
    // Nor by fragments that are each within the limit.
    let mut client = open();
    let mut fragment = vec![0x02, 126];
    fragment.extend_from_slice(&40_000_u16.to_be_bytes());
    fragment.resize(fragment.len() + 40_000, 0);
    client.receive(&fragment).unwrap();
    fragment[0] = 0;
    assert!(matches!(client.receive(&fragment), Err(WebSocketError::TooLong { .. })));
}

#[test]
fn a_server_that_pings_and_never_reads_is_left() {
    let mut client = open();
    let pings = frame(9, &[0; 100]).repeat(100);
    let outcome = (0..20).find_map(|_| client.receive(&pings).err());
    assert!(matches!(outcome, Some(WebSocketError::Flood { .. })));
    assert!(client.output().len() < 2 * MAX_ANSWERS);
}

proptest! {
    #[test]
    fn nothing_that_a_server_sends_makes_it_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..600), is_open in any::<bool>(), cut in 1_usize..50,
    ) {
        let mut client = if is_open { open() } else { Client::new(request()) };
        for piece in bytes.chunks(cut) {
            if client.receive(piece).is_err() {
                break;
            }
        }
        while client.poll().is_some() {}
    }
}
