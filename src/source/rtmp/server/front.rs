//! What a peer sends, read before the crate's session sees it: whole messages, within limits, and only those that a publisher
//! has to say.

use crate::media::Timestamp;
use crate::secret::Secret;
use crate::wire::amf0::{Value, decode_all};
use crate::wire::rtmp::chunk_writer::Envelope;
use crate::wire::rtmp::handshake::BLOCK;
use crate::wire::rtmp::{ChunkReader, ChunkWriter, Message, RtmpError, kind};

/// A message may have so many bytes: a large IDR has one or two million.
const MAX_MESSAGE: usize = 8 << 20;

/// Bytes of messages that are read before the key has been seen. Real peers send less than two thousand.
const MAX_BEFORE: usize = 32 << 10;

/// Chunks to the session are of this size.
const CHUNK: usize = 64 << 10;

/// Chunks to the peer are of this size: what the session tells it right after the handshake.
const PEER_CHUNK: usize = 4_096;

/// The message stream that the session creates.
const STREAM: u32 = 1;

/// What a peer wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Request {
    /// To push. Nothing of it is read on before it is [admitted](Front::admit).
    Publish {
        /// The application.
        app: String,
        /// What it has for a key.
        key: Secret,
    },
    /// To end what it pushes.
    End,
}

/// Why a peer is not listened to any longer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(super) enum FrontError {
    /// It speaks something else, or badly.
    #[error(transparent)]
    Rtmp(#[from] RtmpError),
    /// It wants what is not given here.
    #[error("wants to play; here one can only push")]
    Play,
    /// It says too much before it says what for.
    #[error("sent {MAX_BEFORE} bytes without a key")]
    Endless,
    /// A command that cannot be read.
    #[error("sent a command that makes no sense")]
    Command,
}

/// The first to read what a peer sends.
pub(super) struct Front {
    hello: Vec<u8>,
    /// Bytes of the handshake that are still to come.
    missing: usize,
    reader: ChunkReader,
    writer: ChunkWriter,
    app: String,
    /// The publish command, until it is decided on.
    publish: Option<Message>,
    is_admitted: bool,
    taken: usize,
}

impl Front {
    pub(super) fn new() -> Self {
        Self {
            hello: Vec::new(),
            missing: 1 + 2 * BLOCK,
            reader: ChunkReader::new(MAX_MESSAGE),
            writer: ChunkWriter::new(),
            app: String::new(),
            publish: None,
            is_admitted: false,
            taken: 0,
        }
    }

    /// Takes bytes off the front of `input`; what the session is to get is appended to `out`. Stops at what the peer wants.
    ///
    /// # Errors
    /// Why the connection is to be closed.
    pub(super) fn read(&mut self, input: &mut &[u8], out: &mut Vec<u8>) -> Result<Option<Request>, FrontError> {
        self.shake(input, out)?;
        let before = input.len();
        while self.missing == 0 && !input.is_empty() {
            let Some(message) = self.reader.read(input)? else { break };
            if let Some(request) = self.message(message, out)? {
                return Ok(Some(request));
            }
        }
        self.taken += before - input.len();
        if !self.is_admitted && self.taken > MAX_BEFORE {
            return Err(FrontError::Endless);
        }
        Ok(None)
    }

    /// The handshake is the session's, but gets to it in whole pieces: it does not bear others.
    fn shake(&mut self, input: &mut &[u8], out: &mut Vec<u8>) -> Result<(), FrontError> {
        while self.missing > 0 && !input.is_empty() {
            if self.missing == 1 + 2 * BLOCK && self.hello.is_empty() && input[0] != 3 {
                return Err(RtmpError::NotRtmp { version: input[0] }.into());
            }
            let wanted = if self.missing > BLOCK { 1 + BLOCK } else { BLOCK };
            let (now, later) = input.split_at((wanted - self.hello.len()).min(input.len()));
            self.hello.extend_from_slice(now);
            *input = later;
            if self.hello.len() == wanted {
                out.append(&mut self.hello);
                self.missing -= wanted;
                if self.missing == 0 {
                    self.keep_alive(out);
                    self.writer.set_chunk_size(CHUNK);
                }
            }
        }
        Ok(())
    }

    /// What makes the session know that the peer is still there, though it sends little: it gives up after two seconds.
    pub(super) fn keep_alive(&mut self, out: &mut Vec<u8>) {
        if self.missing > 0 {
            return;
        }
        let size = (CHUNK as u32).to_be_bytes();
        self.forward(2, kind::SET_CHUNK_SIZE, 0, Timestamp::ZERO, &size, out);
    }

    fn forward(&mut self, chunk_stream: u32, kind: u8, stream_id: u32, at: Timestamp, body: &[u8], out: &mut Vec<u8>) {
        let envelope = Envelope {
            chunk_stream,
            kind,
            stream_id,
            timestamp: at,
        };
        self.writer.write(envelope, &[], body, out);
    }

    fn message(&mut self, message: Message, out: &mut Vec<u8>) -> Result<Option<Request>, FrontError> {
        match message.kind {
            kind::AUDIO if self.is_admitted => {
                self.forward(4, kind::AUDIO, STREAM, message.timestamp, &message.payload, out);
            }
            kind::VIDEO if self.is_admitted => {
                self.forward(6, kind::VIDEO, STREAM, message.timestamp, &message.payload, out);
            }
            kind::COMMAND => return self.command(message, out),
            kind::COMMAND_AMF3 if !message.payload.is_empty() => {
                let payload = message.payload.slice(1..);
                let kind = kind::COMMAND;
                return self.command(
                    Message {
                        kind,
                        payload,
                        ..message
                    },
                    out,
                );
            }
            // Metadata and acknowledgements: of no use here.
            _ => {}
        }
        Ok(None)
    }

    fn command(&mut self, message: Message, out: &mut Vec<u8>) -> Result<Option<Request>, FrontError> {
        let values = decode_all(&message.payload).map_err(|_| FrontError::Command)?;
        let name = values.first().and_then(Value::as_str).ok_or(FrontError::Command)?;
        match name {
            "connect" => {
                let app = values
                    .get(2)
                    .and_then(|object| object.get("app"))
                    .and_then(Value::as_str);
                let app = app.unwrap_or_default().split(['/', '?']).next().unwrap_or_default();
                app.clone_into(&mut self.app);
            }
            "createStream" => {}
            "publish" => {
                if self.publish.is_some() || self.is_admitted {
                    return Err(FrontError::Command);
                }
                let key = values.get(3).and_then(Value::as_str).ok_or(FrontError::Command)?;
                // What follows a question mark is for servers that want more than a key.
                let key = Secret::new(key.split('?').next().unwrap_or_default());
                let app = self.app.clone();
                self.publish = Some(message);
                return Ok(Some(Request::Publish { app, key }));
            }
            "deleteStream" | "closeStream" | "FCUnpublish" => return Ok(Some(Request::End)),
            "play" | "play2" => return Err(FrontError::Play),
            // releaseStream, FCPublish and what else clients say without waiting for an answer.
            _ => return Ok(None),
        }
        self.forward(
            3,
            kind::COMMAND,
            message.stream_id,
            Timestamp::ZERO,
            &message.payload,
            out,
        );
        Ok(None)
    }

    /// The peer may push: the session gets its command, and from now on its media.
    pub(super) fn admit(&mut self, out: &mut Vec<u8>) {
        if let Some(publish) = self.publish.take() {
            self.is_admitted = true;
            self.forward(
                3,
                kind::COMMAND,
                publish.stream_id,
                Timestamp::ZERO,
                &publish.payload,
                out,
            );
        }
    }
}

/// What a peer is told that may not push, as servers do: an error that its user gets to see.
pub(super) fn refusal(description: &str) -> Vec<u8> {
    let mut body = Vec::new();
    Value::string("onStatus").encode(&mut body);
    Value::Number(0.0).encode(&mut body);
    Value::Null.encode(&mut body);
    let text = Value::string;
    Value::object([
        ("level", text("error")),
        ("code", text("NetStream.Publish.BadName")),
        ("description", text(description)),
    ])
    .encode(&mut body);
    let mut writer = ChunkWriter::new();
    writer.set_chunk_size(PEER_CHUNK);
    let envelope = Envelope {
        chunk_stream: 5,
        kind: kind::COMMAND,
        stream_id: STREAM,
        timestamp: Timestamp::ZERO,
    };
    let mut out = Vec::new();
    writer.write(envelope, &[], &body, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn command(writer: &mut ChunkWriter, values: &[Value], out: &mut Vec<u8>) {
        let mut body = Vec::new();
        for value in values {
            value.encode(&mut body);
        }
        message(writer, kind::COMMAND, &body, out);
    }

    fn message(writer: &mut ChunkWriter, kind: u8, body: &[u8], out: &mut Vec<u8>) {
        let envelope = Envelope {
            chunk_stream: 3,
            kind,
            stream_id: 1,
            timestamp: Timestamp::ZERO,
        };
        writer.write(envelope, &[], body, out);
    }

    fn hello() -> Vec<u8> {
        let mut hello = vec![3];
        hello.resize(1 + 2 * BLOCK, 7);
        hello
    }

    fn text(value: &str) -> Value {
        Value::string(value)
    }

    /// What a publisher says until it pushes.
    fn publisher(app: &str, key: &str) -> Vec<u8> {
        let (mut writer, mut out) = (ChunkWriter::new(), hello());
        let connect = [text("connect"), Value::Number(1.0), Value::object([("app", text(app))])];
        command(&mut writer, &connect, &mut out);
        for name in ["releaseStream", "FCPublish", "createStream"] {
            command(
                &mut writer,
                &[text(name), Value::Number(2.0), Value::Null, text(key)],
                &mut out,
            );
        }
        let publish = [
            text("publish"),
            Value::Number(5.0),
            Value::Null,
            text(key),
            text("live"),
        ];
        command(&mut writer, &publish, &mut out);
        out
    }

    /// All requests, and what the session gets as messages.
    fn read(front: &mut Front, bytes: &[u8], piece: usize) -> (Vec<Request>, Vec<u8>) {
        let (mut requests, mut out) = (Vec::new(), Vec::new());
        for mut input in bytes.chunks(piece) {
            while !input.is_empty() {
                if let Some(request) = front.read(&mut input, &mut out).unwrap() {
                    requests.push(request);
                }
            }
        }
        (requests, out)
    }

    fn kinds(out: &[u8]) -> Vec<(u8, usize)> {
        let mut reader = ChunkReader::new(1 << 20);
        let mut rest = &out[1 + 2 * BLOCK..];
        let mut kinds = Vec::new();
        while let Some(message) = reader.read(&mut rest).unwrap() {
            kinds.push((message.kind, message.payload.len()));
        }
        kinds
    }

    #[test]
    fn a_publisher_is_asked_for_its_key_before_the_session_hears_of_it() {
        for piece in [1, 100, 1_537, 100_000] {
            let mut front = Front::new();
            let (requests, mut out) = read(&mut front, &publisher("live/x?y", "k3y?token=1"), piece);
            let wanted = Request::Publish {
                app: "live".to_owned(),
                key: Secret::new("k3y"),
            };
            assert_eq!(requests, [wanted]);
            let before: Vec<u8> = kinds(&out).iter().map(|(kind, _)| *kind).collect();
            assert_eq!(before, [kind::COMMAND, kind::COMMAND], "connect, createStream");
            front.admit(&mut out);
            assert_eq!(kinds(&out).len(), 3);
        }
    }

    #[test]
    fn media_passes_only_once_it_is_admitted() {
        let mut front = Front::new();
        let mut bytes = publisher("live", "k");
        let mut writer = ChunkWriter::new();
        message(&mut writer, kind::VIDEO, &[1; 300], &mut bytes);
        let (_, mut out) = read(&mut front, &bytes, 1_000);
        assert!(kinds(&out).iter().all(|(kind, _)| *kind != kind::VIDEO));
        front.admit(&mut out);
        let mut media = Vec::new();
        message(&mut writer, kind::AUDIO, &[2; 200], &mut media);
        message(&mut writer, kind::DATA, &[2; 20], &mut media);
        message(&mut writer, kind::VIDEO, &[3; 400], &mut media);
        command(
            &mut writer,
            &[text("deleteStream"), Value::Number(0.0), Value::Null],
            &mut media,
        );
        let (requests, more) = read(&mut front, &media, 77);
        assert_eq!(requests, [Request::End]);
        out.extend_from_slice(&more);
        assert_eq!(kinds(&out)[3..], [(kind::AUDIO, 200), (kind::VIDEO, 400)]);
    }

    #[test]
    fn others_are_sent_away() {
        let refused = |bytes: &[u8]| {
            let (mut front, mut out) = (Front::new(), Vec::new());
            let mut input = bytes;
            while !input.is_empty() {
                if let Err(error) = front.read(&mut input, &mut out) {
                    return Some(error.to_string());
                }
            }
            None
        };
        assert!(refused(b"GET / HTTP/1.1").unwrap().contains("RTMP"));
        let mut player = hello();
        let play = [text("play"), Value::Number(5.0), Value::Null, text("k")];
        command(&mut ChunkWriter::new(), &play, &mut player);
        assert!(refused(&player).unwrap().contains("only push"));
        let mut talker = hello();
        message(
            &mut ChunkWriter::new(),
            kind::DATA,
            &vec![0; MAX_BEFORE + 1],
            &mut talker,
        );
        assert!(refused(&talker).unwrap().contains("without a key"));
        let mut deep = hello();
        message(
            &mut ChunkWriter::new(),
            kind::COMMAND,
            &b"\x03\0\x01a".repeat(1_000),
            &mut deep,
        );
        assert!(refused(&deep).unwrap().contains("no sense"));
    }

    #[test]
    fn a_refusal_is_what_clients_understand() {
        let bytes = refusal("no such key");
        let mut reader = ChunkReader::new(10_000);
        // The session has told the peer the size of chunks.
        let mut size = vec![2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0];
        size.extend_from_slice(&(PEER_CHUNK as u32).to_be_bytes());
        assert!(reader.read(&mut &size[..]).is_ok());
        let message = reader.read(&mut &bytes[..]).unwrap().unwrap();
        let values = decode_all(&message.payload).unwrap();
        assert_eq!(
            values[3].get("code").and_then(Value::as_str),
            Some("NetStream.Publish.BadName")
        );
    }

    proptest! {
        #[test]
        fn anything_is_survived(bytes in prop::collection::vec(any::<u8>(), 0..2_000), has_hello in any::<bool>(), piece in 1_usize..700) {
            let mut all = if has_hello { hello() } else { Vec::new() };
            all.extend_from_slice(&bytes);
            let (mut front, mut out) = (Front::new(), Vec::new());
            'all: for mut input in all.chunks(piece) {
                while !input.is_empty() {
                    if front.read(&mut input, &mut out).is_err() {
                        break 'all;
                    }
                    front.admit(&mut out);
                }
            }
        }
    }
}
