//! Both ways of sending RFC 4571, against the other side in memory.

use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;
use tungstenite::Message;

use super::*;
use crate::media::{AudioCodec, AudioConfig, FrameRate, Packet, Timestamp, TrackKind, VideoConfig};
use crate::secret::Secret;
use crate::wire::rtp::{Depacketizer, FrameReader, Received, RtpTrack, is_rtcp};
use crate::wire::sdp::SessionDescription;
use crate::wire::session::{Event, Moment, Session, SessionError, Stage};
use crate::wire::websocket::for_tests::{accept_of, frame, messages, upgrade};
use crate::wire::websocket::{UpgradeRequest, WebSocketError};

fn moment(ms: i64) -> Moment {
    Moment {
        studio: Timestamp::from_millis(ms),
        connection: Some(Timestamp::from_millis(ms)),
        wall: Duration::from_millis(ms as u64),
    }
}

fn some_tracks() -> Vec<RtpTrack> {
    let video = VideoConfig {
        width: 320,
        height: 180,
        frame_rate: FrameRate::whole(30),
        sps: Bytes::from_static(&[0x67, 0x42, 0xC0, 0x1E]),
        pps: Bytes::from_static(&[0x68, 0xCE]),
        bitrate_kbps: 500,
    };
    let audio = AudioConfig {
        codec: AudioCodec::Aac {
            asc: Bytes::from_static(&[0x11, 0x90]),
        },
        sample_rate: 48_000,
        channels: 2,
        bitrate_kbps: 96,
    };
    tracks(Some(&video), Some(&audio))
}

fn idr(len: usize) -> Packet {
    let mut data = (len as u32).to_be_bytes().to_vec();
    data.push(0x65);
    // A slice that begins at macroblock 0: the first of its picture.
    data.extend((1..len).map(|index| if index == 1 { 0x88 } else { index as u8 }));
    Packet {
        track: TrackKind::Video,
        pts: Timestamp::ZERO,
        dts: Timestamp::ZERO,
        is_idr: true,
        data: Bytes::from(data),
    }
}

fn opened() -> WebSocketPush {
    let request = UpgradeRequest {
        host: "h".into(),
        path: Secret::new("/rtp/main"),
        subprotocol: SUBPROTOCOL,
        may_be_unnamed: false,
        authorization: None,
    };
    let mut push = WebSocketPush::new(request, some_tracks(), 5);
    let asked = String::from_utf8(push.output().to_vec()).unwrap();
    push.consume(asked.len());
    let answer = upgrade(
        &accept_of(&asked),
        &format!("Sec-WebSocket-Protocol: {SUBPROTOCOL}\r\n"),
    );
    push.receive(answer.as_bytes(), moment(0)).unwrap();
    push
}

fn said(push: &mut dyn Session) -> Vec<Message> {
    let bytes = push.output().to_vec();
    push.consume(bytes.len());
    messages(&bytes)
}

fn offer(push: &mut WebSocketPush) -> SessionDescription {
    match &said(push)[..] {
        [Message::Text(offer)] => SessionDescription::parse(offer.as_str()).unwrap(),
        other => panic!("{other:?}"),
    }
}

fn live() -> WebSocketPush {
    let mut push = opened();
    let answer = offer(&mut push).answer();
    push.receive(&frame(1, answer.as_bytes()), moment(0)).unwrap();
    assert_eq!((push.stage(), push.poll_event()), (Stage::Live, Some(Event::Started)));
    push
}

/// The pictures of some RFC 4571 bytes, and how many reports were between them.
fn pictures(bytes: &[u8]) -> (Vec<Bytes>, usize) {
    let mut frames = FrameReader::new();
    frames.push(bytes);
    let mut depacketizer = Depacketizer::new(some_tracks().remove(0));
    let (mut units, mut reports) = (Vec::new(), 0);
    while let Some(frame) = frames.next_frame() {
        if is_rtcp(frame) {
            reports += 1;
        } else if frame[1] & 0x7F == 96 {
            depacketizer.receive(frame, Timestamp::ZERO).unwrap();
        }
    }
    depacketizer.flush();
    while let Some(received) = depacketizer.poll() {
        if let Received::Unit { data, .. } = received {
            units.push(data);
        }
    }
    assert_eq!(frames.pending(), 0, "whole frames only");
    (units, reports)
}

#[test]
fn offers_and_is_live_with_the_answer() {
    let mut push = opened();
    assert_eq!(push.stage().to_string(), "the answer to the session description");
    assert_eq!(offer(&mut push).tracks, some_tracks());
    push.send(&idr(10), Timestamp::ZERO);
    assert!(push.output().is_empty(), "not before the answer");
    live();
}

#[test]
fn a_server_that_takes_half_a_show_is_told_from_one_that_takes_it() {
    let mut push = opened();
    let mut taken = offer(&mut push);
    taken.tracks.pop();
    let error = push
        .receive(&frame(1, taken.answer().as_bytes()), moment(0))
        .unwrap_err();
    assert_eq!(error, SessionError::Push(PushError::NotTaken { codec: "AAC" }));
    assert!(error.is_final());
    let error = opened().receive(&frame(1, b"no, thanks"), moment(0)).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("the server's answer to our session description: "),
        "{error}"
    );
    let error = opened()
        .receive(&frame(8, b"\x11\x39the name is taken"), moment(0))
        .unwrap_err();
    let (code, reason) = (4409, "the name is taken".to_owned());
    let closed = WebSocketError::Closed { code, reason };
    assert_eq!(error, SessionError::Push(PushError::WebSocket(closed)));
}

#[test]
fn messages_hold_whole_frames_and_none_is_longer_than_64_kib() {
    let mut push = live();
    let units = [idr(300), idr(200_000), idr(1)];
    for unit in &units {
        push.send(unit, Timestamp::ZERO);
    }
    push.tick(moment(1));
    push.close();
    let mut all = Vec::new();
    let mut binaries = 0;
    let said = said(&mut push);
    for message in &said {
        if let Message::Binary(bytes) = message {
            assert!(bytes.len() <= 65_535);
            pictures(bytes);
            all.extend_from_slice(bytes);
            binaries += 1;
        }
    }
    let (found, reports) = pictures(&all);
    assert!(found == units.map(|unit| unit.data), "pictures differ");
    assert_eq!(reports, 4, "a report of each track, and its last words");
    assert!((6..20).contains(&binaries), "{binaries}");
    assert!(matches!(said.last(), Some(Message::Close(Some(_)))));
}

#[test]
fn an_echoed_ping_acknowledges_what_was_sent_before_it() {
    let mut push = live();
    push.send(&idr(5000), Timestamp::ZERO);
    let before_ping = push.output().len();
    push.tick(moment(10));
    let content = said(&mut push).into_iter().find_map(|message| match message {
        Message::Ping(content) => Some(content),
        _ => None,
    });
    push.receive(&frame(10, &content.unwrap()), moment(20)).unwrap();
    let Some(Event::Acknowledged { total }) = push.poll_event() else {
        panic!()
    };
    // The upgrade and the offer went before, the reports come between.
    assert!(total as usize > before_ping);
    push.receive(&frame(10, &u64::MAX.to_be_bytes()), moment(20)).unwrap();
    push.receive(&frame(10, b"hello"), moment(20)).unwrap();
    assert_eq!(push.poll_event(), None, "what nobody asked");
}

#[test]
fn a_bare_connection_starts_at_once() {
    let mut push = PlainPush::new(some_tracks(), 1);
    assert_eq!((push.stage(), push.poll_event()), (Stage::Live, Some(Event::Started)));
    push.send(&idr(4000), Timestamp::ZERO);
    push.tick(moment(5));
    push.close();
    push.send(&idr(4000), Timestamp::ZERO);
    assert!(pictures(push.output()) == (vec![idr(4000).data], 4));
}

proptest! {
    #[test]
    fn nothing_that_a_peer_says_makes_it_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..400), opcode in 1_u8..3, is_live in any::<bool>(),
    ) {
        let mut push = if is_live { live() } else { opened() };
        let _ = push.receive(&frame(opcode, &bytes), moment(1));
        let mut plain = PlainPush::new(some_tracks(), 1);
        let _ = plain.receive(&bytes, moment(1));
    }
}
