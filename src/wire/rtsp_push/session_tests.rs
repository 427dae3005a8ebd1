//! Against a server that answers as gortsplib's does (server_conn_reader.go, server_session.go): no subprotocol in its
//! upgrade, binary messages that need not be whole, Basic after 401, channels of its own choice.

use std::time::Duration;

use bytes::Bytes;
use tungstenite::Message;

use super::*;
use crate::media::{AudioCodec, AudioConfig, FrameRate, TrackKind, VideoConfig};
use crate::wire::rtp_push::tracks;
use crate::wire::websocket::for_tests::{accept_of, frame, messages, upgrade};

fn moment(ms: i64) -> Moment {
    Moment {
        studio: Timestamp::from_millis(ms),
        connection: Some(Timestamp::from_millis(ms)),
        wall: Duration::from_millis(ms as u64),
    }
}

fn push(authorization: Option<&str>) -> RtspPush {
    let video = VideoConfig {
        width: 320,
        height: 180,
        frame_rate: FrameRate::whole(30),
        sps: Bytes::from_static(&[0x67, 66, 0, 30]),
        pps: Bytes::from_static(&[0x68, 1]),
        bitrate_kbps: 500,
    };
    let audio = AudioConfig {
        codec: AudioCodec::Opus,
        sample_rate: 48_000,
        channels: 2,
        bitrate_kbps: 96,
    };
    let upgrade = UpgradeRequest {
        host: "h:8554".into(),
        path: Secret::new("/"),
        subprotocol: SUBPROTOCOL,
        may_be_unnamed: true,
        authorization: None,
    };
    let url = Secret::new("rtsp://h:8554/live/sk-123?x=1");
    let tracks = tracks(Some(&video), Some(&audio));
    let mut push = RtspPush::new(upgrade, url, authorization.map(Secret::new), tracks, 3);
    let request = String::from_utf8(push.output().to_vec()).unwrap();
    push.consume(request.len());
    assert!(request.contains("\r\nSec-WebSocket-Protocol: rtsp.onvif.org\r\n"));
    let answer = upgrade_answer(&request);
    push.receive(answer.as_bytes(), moment(0)).unwrap();
    push
}

fn upgrade_answer(request: &str) -> String {
    upgrade(&accept_of(request), "")
}

/// All bytes that it says inside of binary messages.
fn said(push: &mut RtspPush) -> Vec<u8> {
    let bytes = push.output().to_vec();
    push.consume(bytes.len());
    let mut stream = Vec::new();
    for message in messages(&bytes) {
        if let Message::Binary(bytes) = message {
            stream.extend_from_slice(&bytes);
        }
    }
    stream
}

fn request(push: &mut RtspPush) -> String {
    String::from_utf8(said(push)).unwrap()
}

fn answer(push: &mut RtspPush, text: &str) -> Result<(), SessionError> {
    push.receive(&frame(2, text.as_bytes()), moment(100))
}

fn live(push: &mut RtspPush) {
    request(push);
    answer(push, "RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n").unwrap();
    for (sequence, channel) in [(2, "10-11"), (3, "2-3")] {
        request(push);
        let text = format!(
            "RTSP/1.0 200 OK\r\nCSeq: {sequence}\r\nSession: ab12;timeout=30\r\n\
             Transport: RTP/AVP/TCP;unicast;interleaved={channel}\r\n\r\n"
        );
        answer(push, &text).unwrap();
    }
    request(push);
    answer(push, "RTSP/1.0 200 OK\r\nCSeq: 4\r\nSession: ab12\r\n\r\n").unwrap();
    assert_eq!((push.stage(), push.poll_event()), (Stage::Live, Some(Event::Started)));
}

#[test]
fn announces_sets_up_and_records() {
    let mut push = push(None);
    let announce = request(&mut push);
    assert!(
        announce.starts_with("ANNOUNCE rtsp://h:8554/live/sk-123?x=1 RTSP/1.0\r\nCSeq: 1\r\n"),
        "{announce}"
    );
    assert!(
        announce.contains("\r\nContent-Type: application/sdp\r\n") && announce.contains("a=control:streamid=1\r\n")
    );
    let body = announce.split_once("\r\n\r\n").unwrap().1;
    assert!(announce.contains(&format!("\r\nContent-Length: {}\r\n", body.len())));
    assert!(!body.contains("TCP/RTP/AVP"));
    answer(&mut push, "RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n").unwrap();
    let setup = request(&mut push);
    assert!(
        setup.starts_with("SETUP rtsp://h:8554/live/sk-123?x=1/streamid=0 RTSP/1.0\r\nCSeq: 2\r\n"),
        "{setup}"
    );
    assert!(setup.contains("\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1;mode=record\r\n"));
    answer(&mut push, "RTSP/1.0 200 OK\r\nCSeq: 2\r\nSession: ab12\r\n\r\n").unwrap();
    let setup = request(&mut push);
    assert!(
        setup.contains("/streamid=1 ") && setup.contains("\r\nSession: ab12\r\n"),
        "{setup}"
    );
    answer(&mut push, "RTSP/1.0 200 OK\r\nCSeq: 3\r\nSession: ab12\r\n\r\n").unwrap();
    assert!(request(&mut push).starts_with("RECORD rtsp://h:8554/live/sk-123?x=1 RTSP/1.0\r\nCSeq: 4\r\n"));
    assert!(push.stage().is_opening());
    answer(&mut push, "RTSP/1.0 200 OK\r\nCSeq: 4\r\n\r\n").unwrap();
    assert_eq!(push.stage(), Stage::Live);
}

#[test]
fn media_goes_out_on_the_servers_channels_with_reports_beside_it_and_a_goodbye() {
    let mut push = push(None);
    live(&mut push);
    let packet = |track, len| Packet {
        track,
        pts: Timestamp::ZERO,
        dts: Timestamp::ZERO,
        is_idr: false,
        data: Bytes::from([&(len as u32).to_be_bytes()[..], &vec![0x41; len]].concat()),
    };
    push.send(&packet(TrackKind::Video, 5000), Timestamp::ZERO);
    push.send(&packet(TrackKind::Audio, 100), Timestamp::ZERO);
    push.tick(moment(200));
    push.tick(moment(20_000));
    push.close();
    let mut reader = Reader::default();
    reader.push(&said(&mut push));
    let mut channels = Vec::new();
    let mut requests = 0;
    while let Some(said) = reader.next_said().unwrap() {
        match said {
            Said::Packet { channel, payload } => {
                assert_eq!(payload[0] >> 6, 2, "RTP or RTCP");
                channels.push(channel);
            }
            Said::Request { .. } => requests += 1,
            Said::Response { .. } => panic!("{said:?}"),
        }
    }
    // Four packets of a picture, one of sound, then reports, again reports, and the last words.
    assert_eq!(channels, [10, 10, 10, 10, 2, 11, 3, 11, 3, 11, 3]);
    assert_eq!(
        requests, 2,
        "OPTIONS as a sign of life after half of the timeout, and TEARDOWN"
    );
    assert_eq!(push.stage(), Stage::Closed);
}

#[test]
fn credentials_are_shown_once_they_are_asked_for() {
    let mut push = push(Some("Basic dTpw"));
    assert!(!request(&mut push).contains("Authorization"));
    let challenge = "RTSP/1.0 401 Unauthorized\r\nCSeq: 1\r\nWWW-Authenticate: Basic realm=\"ipcam\"\r\n\r\n";
    answer(&mut push, challenge).unwrap();
    let again = request(&mut push);
    assert!(
        again.starts_with("ANNOUNCE ") && again.contains("\r\nAuthorization: Basic dTpw\r\n"),
        "{again}"
    );
    let error = answer(&mut push, challenge).unwrap_err();
    assert_eq!(error.to_string(), "the server refused ANNOUNCE: 401 (Unauthorized)");
    assert!(error.is_final());

    let mut push = self::push(Some("Basic dTpw"));
    let digest = "RTSP/1.0 401 Unauthorized\r\nCSeq: 1\r\nWWW-Authenticate: Digest realm=\"x\", nonce=\"y\"\r\n\r\n";
    let error = answer(&mut push, digest).unwrap_err();
    assert!(error.is_final() && error.to_string().contains("another way than Basic"));
}

#[test]
fn refusals_name_the_request_and_hide_the_key() {
    let mut push = push(None);
    let error = answer(
        &mut push,
        "RTSP/1.0 404 path live/sk-123 is not configured\r\nCSeq: 1\r\n\r\n",
    )
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the server refused ANNOUNCE: 404 (path live/•••• is not configured)"
    );
    assert!(!error.is_final());
    assert!(!format!("{push:?}").contains("sk-123"));
    let mut push = self::push(None);
    answer(&mut push, "RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n").unwrap();
    let error = answer(&mut push, "RTSP/1.0 461 Unsupported Transport\r\nCSeq: 2\r\n\r\n").unwrap_err();
    assert!(error.is_final() && error.to_string().contains("SETUP: 461"), "{error}");
}

#[test]
fn reports_of_the_server_are_heard_on_its_channels() {
    let mut push = push(None);
    live(&mut push);
    let ssrc = 0x1122_3344_u32;
    let mut report = vec![b'$', 11, 0, 8, 0x80, 201, 0, 1];
    report.extend_from_slice(&ssrc.to_be_bytes());
    push.receive(&frame(2, &report), moment(1)).unwrap();
    assert_eq!(push.poll_event(), None, "a report without a word on us");
    let request = "OPTIONS rtsp://h/ RTSP/1.0\r\nCSeq: 9\r\n\r\n";
    push.receive(&frame(2, request.as_bytes()), moment(2)).unwrap();
    assert_eq!(
        self::request(&mut push),
        "RTSP/1.0 501 Not Implemented\r\nCSeq: 9\r\n\r\n"
    );
}
