//! A publisher against scripted servers, at any split of the bytes.

use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::media::AudioCodec;
use crate::secret::SecretUrl;

fn publisher() -> Publisher {
    let url = SecretUrl::parse("rtmp://127.0.0.1/live/sk-secret").unwrap();
    Publisher::new(PublishTarget::from_url(&url).unwrap(), 42)
}

/// The other side: writes what a server would say.
struct Server {
    writer: ChunkWriter,
    wire: Vec<u8>,
}

impl Server {
    fn new() -> Self {
        let mut wire = vec![3];
        wire.extend_from_slice(&[0x5A; 2 * BLOCK]);
        Self {
            writer: ChunkWriter::new(),
            wire,
        }
    }

    fn say(&mut self, chunk_stream: u32, kind: u8, body: &[u8]) -> &mut Self {
        let envelope = Envelope {
            chunk_stream,
            kind,
            stream_id: 0,
            timestamp: Timestamp::ZERO,
        };
        self.writer.write(envelope, &[], body, &mut self.wire);
        self
    }

    fn command(&mut self, name: &str, transaction: f64, rest: &[Value]) -> &mut Self {
        let mut body = command(name, transaction);
        Value::Null.encode(&mut body);
        for value in rest {
            value.encode(&mut body);
        }
        self.say(3, kind::COMMAND, &body)
    }

    fn status(&mut self, level: &str, code: &str, description: &str) -> &mut Self {
        let info = Value::object([
            ("level", Value::string(level)),
            ("code", Value::string(code)),
            ("description", Value::string(description)),
        ]);
        self.command("onStatus", 0.0, &[info])
    }

    fn accept(&mut self) -> &mut Self {
        self.say(2, kind::WINDOW_ACK_SIZE, &5_000_000_u32.to_be_bytes())
            .command("_result", 1.0, &[Value::Null])
            .command("_error", 2.0, &[])
            .command("_result", 4.0, &[Value::Number(7.0)])
            .status("status", "NetStream.Publish.Start", "")
    }
}

/// What the publisher wrote, without its handshake, as messages.
fn messages(written: &[u8]) -> Vec<Message> {
    let mut input = &written[1 + 2 * BLOCK..];
    let mut reader = ChunkReader::new(1 << 20);
    let mut messages = Vec::new();
    while let Some(message) = reader.read(&mut input).unwrap() {
        messages.push(message);
    }
    messages
}

fn names(messages: &[Message]) -> Vec<String> {
    messages
        .iter()
        .filter(|message| message.kind == kind::COMMAND)
        .map(|message| {
            amf0::decode_all(&message.payload).unwrap()[0]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect()
}

fn drain(publisher: &mut Publisher) -> Vec<u8> {
    let bytes = publisher.output().to_vec();
    publisher.consume(bytes.len());
    bytes
}

proptest! {
    #[test]
    fn comes_to_publish_at_any_split(step in 1_usize..4000) {
        let mut server = Server::new();
        server.accept();
        let mut publisher = publisher();
        let mut written = Vec::new();
        for piece in server.wire.chunks(step) {
            publisher.receive(piece).unwrap();
            written.extend(drain(&mut publisher));
        }
        prop_assert_eq!(publisher.stage(), Stage::Live);
        prop_assert_eq!(publisher.poll_event(), Some(Event::Started));
        publisher.close();
        written.extend(drain(&mut publisher));
        prop_assert_eq!(
            names(&messages(&written)),
            ["connect", "releaseStream", "FCPublish", "createStream", "publish", "FCUnpublish", "deleteStream"]
        );
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..3000), past_handshake in any::<bool>()) {
        let mut publisher = publisher();
        if past_handshake {
            publisher.receive(&Server::new().wire).unwrap();
        }
        if let Err(error) = publisher.receive(&bytes) {
            prop_assert!(!error.to_string().contains("sk-secret"));
        }
        prop_assert!(publisher.output().len() < 200_000);
    }
}

#[test]
fn connect_says_who_we_are_and_where_to() {
    let mut publisher = publisher();
    publisher.receive(&Server::new().wire).unwrap();
    let written = drain(&mut publisher);
    assert_eq!(written[1 + BLOCK..=2 * BLOCK], [0x5A; BLOCK], "C2 repeats S1");
    let values = amf0::decode_all(&messages(&written)[0].payload).unwrap();
    let object = &values[2];
    assert_eq!(object.get("app").unwrap().as_str(), Some("live"));
    assert_eq!(object.get("type").unwrap().as_str(), Some("nonprivate"));
    assert_eq!(object.get("tcUrl").unwrap().as_str(), Some("rtmp://127.0.0.1/live"));
}

#[test]
fn media_goes_on_the_stream_that_was_given() {
    let mut server = Server::new();
    server.accept();
    let mut publisher = publisher();
    let packet = Packet {
        track: TrackKind::Video,
        pts: Timestamp::from_millis(73),
        dts: Timestamp::from_millis(40),
        is_idr: true,
        data: Bytes::from(vec![9; 10_000]),
    };
    assert_eq!(publisher.send(&packet, packet.dts), 0, "not live yet");
    publisher.receive(&server.wire).unwrap();
    assert!(publisher.send(&packet, packet.dts) > 10_000);
    let written = drain(&mut publisher);
    let sent = messages(&written).pop().unwrap();
    assert_eq!(
        (sent.kind, sent.stream_id, sent.timestamp),
        (kind::VIDEO, 7, packet.dts)
    );
    assert_eq!(sent.payload[..5], [0x17, 1, 0, 0, 33]);
    assert_eq!(sent.payload[5..], packet.data[..]);
}

#[test]
fn sound_that_is_no_aac_is_refused_before_anything_is_sent() {
    let mut server = Server::new();
    server.accept();
    let mut publisher = publisher();
    publisher.receive(&server.wire).unwrap();
    drain(&mut publisher);
    let opus = AudioConfig {
        codec: AudioCodec::Opus,
        sample_rate: 48_000,
        channels: 2,
        bitrate_kbps: 96,
    };
    let error = publisher.send_headers(None, Some(&opus)).unwrap_err();
    assert_eq!(error.to_string(), "FLV and RTMP carry AAC, not Opus");
    assert!(publisher.output().is_empty());
}

#[test]
fn refusals_are_typed_and_keep_the_key_to_themselves() {
    for (code, description, kind) in [
        (
            "NetStream.Publish.BadName",
            "sk-secret: already publishing",
            RejectionKind::Transient,
        ),
        ("NetStream.Publish.Denied", "sk-secret", RejectionKind::Credentials),
    ] {
        let mut server = Server::new();
        server
            .command("_result", 1.0, &[])
            .command("_result", 4.0, &[Value::Number(1.0)])
            .status("error", code, description);
        let error = publisher().receive(&server.wire).unwrap_err();
        let RtmpError::Rejected(rejection) = &error else {
            panic!("{error}")
        };
        assert_eq!((rejection.kind, rejection.code.as_str()), (kind, code));
        assert!(!format!("{error} {error:?}").contains("sk-secret"), "{error:?}");
    }
    let mut server = Server::new();
    let info = Value::object([("code", Value::string("NetConnection.Connect.Rejected"))]);
    server.command("_error", 1.0, &[info]);
    let error = publisher().receive(&server.wire).unwrap_err();
    assert_eq!(error.to_string(), "the server refused: NetConnection.Connect.Rejected");
}

#[test]
fn pings_windows_and_bandwidth_are_answered() {
    let mut server = Server::new();
    server
        .say(2, kind::WINDOW_ACK_SIZE, &4000_u32.to_be_bytes())
        .say(2, kind::SET_PEER_BANDWIDTH, &[0, 0, 0x10, 0, 2])
        .say(2, kind::USER_CONTROL, &[0, 6, 1, 2, 3, 4])
        .say(2, kind::ACKNOWLEDGEMENT, &900_u32.to_be_bytes())
        .say(2, kind::ACKNOWLEDGEMENT, &1900_u32.to_be_bytes())
        .say(5, kind::DATA, &[0; 1000]);
    let mut publisher = publisher();
    publisher.receive(&server.wire).unwrap();
    assert_eq!(publisher.poll_event(), Some(Event::Acknowledged { total: 1900 }));
    assert_eq!(publisher.poll_event(), None);
    let answers: Vec<(u8, Vec<u8>)> = messages(&drain(&mut publisher))
        .into_iter()
        .filter(|message| message.chunk_stream == lane::CONTROL)
        .map(|message| (message.kind, message.payload.to_vec()))
        .collect();
    let received = (server.wire.len() as u32).to_be_bytes().to_vec();
    assert_eq!(
        answers,
        [
            (kind::WINDOW_ACK_SIZE, vec![0, 0, 0x10, 0]),
            (kind::USER_CONTROL, vec![0, 7, 1, 2, 3, 4]),
            (kind::ACKNOWLEDGEMENT, received),
        ]
    );
}

#[test]
fn a_server_that_asks_and_does_not_read_is_left() {
    let mut server = Server::new();
    for _ in 0..20_000 {
        server.say(2, kind::USER_CONTROL, &[0, 6, 0, 0, 0, 0]);
    }
    let mut publisher = publisher();
    let error = publisher.receive(&server.wire).unwrap_err();
    assert!(matches!(error, RtmpError::Flood { .. }));
    assert!(publisher.output().len() < 100_000);
}

#[test]
fn acknowledgements_go_on_past_four_gigabytes() {
    let mut server = Server::new();
    let mut publisher = publisher();
    for wire in [0x7000_0000_u32, 0xE000_0000, 0x5000_0000] {
        server.say(2, kind::ACKNOWLEDGEMENT, &wire.to_be_bytes());
    }
    publisher.receive(&server.wire).unwrap();
    assert_eq!(
        publisher.poll_event(),
        Some(Event::Acknowledged { total: 0x1_5000_0000 })
    );
}

#[test]
fn another_size_and_another_rate_are_told_where_they_begin() {
    use crate::media::FrameRate;
    use crate::wire::session::{Moment, Session, TrackChange};

    let video = |height: u8| VideoConfig {
        width: 16,
        height: u32::from(height),
        frame_rate: FrameRate::whole(30),
        sps: Bytes::copy_from_slice(&[0x67, 66, 0, height]),
        pps: Bytes::from_static(&[0x68, 1]),
        bitrate_kbps: 500,
    };
    let aac = |sample_rate, asc: [u8; 2]| AudioConfig {
        codec: AudioCodec::Aac {
            asc: Bytes::copy_from_slice(&asc),
        },
        sample_rate,
        channels: 2,
        bitrate_kbps: 96,
    };
    let mut server = Server::new();
    server.accept();
    let mut session = super::super::RtmpSession::new(publisher(), Some(video(36)), Some(aac(44_100, [0x12, 0x10])));
    let now = Moment {
        studio: Timestamp::ZERO,
        connection: None,
        wall: std::time::Duration::ZERO,
    };
    session.receive(&server.wire, now).unwrap();
    let mut written = session.output().to_vec();
    session.consume(written.len());
    // Known before anything was said: it is said in the first place.
    session
        .reconfigure(&TrackChange::Video(video(72)), Timestamp::ZERO)
        .unwrap();
    assert!(session.output().is_empty());
    session.begin().unwrap();
    let later = Timestamp::from_millis(2000);
    session.reconfigure(&TrackChange::Video(video(48)), later).unwrap();
    session
        .reconfigure(&TrackChange::Audio(aac(48_000, [0x11, 0x90])), later)
        .unwrap();
    written.extend(session.output());
    let told: Vec<(u8, i64, Vec<u8>)> = messages(&written)
        .into_iter()
        .filter(|message| [kind::VIDEO, kind::AUDIO, kind::DATA].contains(&message.kind))
        .map(|message| {
            let payload = match message.kind {
                kind::DATA => Vec::new(),
                kind::AUDIO => message.payload[2..].to_vec(),
                // The level, which tells ours apart.
                _ => vec![message.payload[5 + 3]],
            };
            (message.kind, message.timestamp.to_millis(), payload)
        })
        .collect();
    assert_eq!(
        told,
        [
            (kind::DATA, 0, vec![]),
            (kind::VIDEO, 0, vec![72]),
            (kind::AUDIO, 0, vec![0x12, 0x10]),
            (kind::DATA, 2000, vec![]),
            (kind::VIDEO, 2000, vec![48]),
            (kind::DATA, 2000, vec![]),
            (kind::AUDIO, 2000, vec![0x11, 0x90]),
        ]
    );
}
