//! The wire format against bytes that real peers have sent (tests/data, named by origin).
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use rigcast::media::h264::parse_avc_decoder_configuration_record;
use rigcast::secret::SecretUrl;
use rigcast::wire::amf0::{self, Value};
use rigcast::wire::flv::{AudioBody, VideoBody, parse_audio, parse_video};
use rigcast::wire::rtmp::{
    ChunkReader, Event, Handshake, Message, PublishTarget, Publisher, RejectionKind, RtmpError, Stage, kind,
};

const ACCEPTED: &[u8] = include_bytes!("data/nginx-1.22-rtmp-1.2.2-publish.bin");
const TAKEN: &[u8] = include_bytes!("data/nginx-1.22-rtmp-1.2.2-already-publishing.bin");
const FFMPEG: &[u8] = include_bytes!("data/ffmpeg-5.1-publish.bin");

fn publisher() -> Publisher {
    let url = SecretUrl::parse("rtmp://127.0.0.1/live/golden").unwrap();
    Publisher::new(PublishTarget::from_url(&url).unwrap(), 1)
}

#[test]
fn nginx_lets_us_publish_at_any_split() {
    for step in [1, 2, 3, 100, 1460, ACCEPTED.len()] {
        let mut publisher = publisher();
        let mut stages = vec![publisher.stage()];
        let mut result = Ok(());
        for piece in ACCEPTED.chunks(step) {
            result = publisher.receive(piece);
            publisher.consume(publisher.output().len());
            if stages.last() != Some(&publisher.stage()) {
                stages.push(publisher.stage());
            }
            if result.is_err() {
                break;
            }
        }
        assert_eq!(
            *stages.last().unwrap(),
            Stage::Live,
            "in pieces of {step}: {stages:?} {result:?}"
        );
        assert_eq!(publisher.poll_event(), Some(Event::Started));
    }
}

#[test]
fn nginx_says_that_a_name_is_taken() {
    let mut publisher = publisher();
    let error = publisher.receive(TAKEN).unwrap_err();
    let RtmpError::Rejected(rejection) = error else {
        panic!("{error}")
    };
    assert_eq!(rejection.kind, RejectionKind::Transient);
    assert_eq!(rejection.code, "NetStream.Publish.BadName");
    assert_eq!(rejection.description, "Already publishing");
}

fn ffmpeg_messages() -> Vec<Message> {
    let mut input = FFMPEG;
    assert!(Handshake::new().read(&mut input).unwrap());
    let mut reader = ChunkReader::new(1 << 20);
    let mut messages = Vec::new();
    while let Some(message) = reader.read(&mut input).unwrap() {
        messages.push(message);
    }
    assert_eq!(reader.position(), FFMPEG.len() as u64 - 3073, "everything is read");
    messages
}

#[test]
fn ffmpeg_says_what_we_say_and_in_the_same_order() {
    let names: Vec<String> = ffmpeg_messages()
        .iter()
        .filter(|message| message.kind == kind::COMMAND)
        .map(|message| {
            amf0::decode_all(&message.payload).unwrap()[0]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    let expected = [
        "connect",
        "releaseStream",
        "FCPublish",
        "createStream",
        "publish",
        "FCUnpublish",
        "deleteStream",
    ];
    assert_eq!(names, expected);
}

#[test]
fn ffmpeg_media_comes_apart() {
    let messages = ffmpeg_messages();
    let data = messages.iter().find(|message| message.kind == kind::DATA).unwrap();
    let values = amf0::decode_all(&data.payload).unwrap();
    assert_eq!(
        (values[0].as_str(), values[1].as_str()),
        (Some("@setDataFrame"), Some("onMetaData"))
    );
    assert_eq!(values[2].get("width").and_then(Value::as_f64), Some(64.0));

    let of = |wanted| messages.iter().filter(move |message| message.kind == wanted);
    let (mut pictures, mut idrs, mut headers) = (0, 0, 0);
    for message in of(kind::VIDEO) {
        match parse_video(&message.payload).unwrap() {
            VideoBody::SequenceHeader(record) => {
                let sets = parse_avc_decoder_configuration_record(record).unwrap();
                assert_eq!((sets.sps[0][0] & 0x1F, sets.pps[0][0] & 0x1F), (7, 8));
                headers += 1;
            }
            VideoBody::AccessUnit { is_idr, data, .. } => {
                pictures += 1;
                idrs += u32::from(is_idr);
                let length = u32::from_be_bytes(*data.first_chunk().unwrap()) as usize;
                assert!(length + 4 <= data.len());
            }
            VideoBody::EndOfSequence => {}
        }
    }
    assert_eq!((headers, pictures, idrs), (1, 15, 2));
    let blocks = of(kind::AUDIO)
        .filter(|message| matches!(parse_audio(&message.payload).unwrap(), AudioBody::Block(_)))
        .count();
    assert!(blocks >= 70, "{blocks}");
    for track in [kind::AUDIO, kind::VIDEO] {
        let times: Vec<i64> = of(track).map(|message| message.timestamp.to_millis()).collect();
        assert!(times.is_sorted() && *times.last().unwrap() > 1300, "{times:?}");
    }
}
