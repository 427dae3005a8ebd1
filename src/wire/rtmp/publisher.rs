//! The publishing side of one connection (§7.2): a state machine with bytes on both ends.
//!
//! `connect` → `releaseStream`, `FCPublish`, `createStream` → `publish` → `NetStream.Publish.Start` → media. The middle
//! two are not in the standard but in every encoder since Adobe's, and some services wait for them.

use std::collections::VecDeque;
use std::fmt;

use super::chunk_writer::Envelope;
use super::error::{Rejection, RejectionKind, RtmpError};
use super::handshake::{self, BLOCK};
use super::{ChunkReader, ChunkWriter, Handshake, Message, PublishTarget, kind};
use crate::media::{AudioConfig, Packet, Timestamp, TrackKind, VideoConfig};
use crate::wire::amf0::{self, Value};
use crate::wire::flv;

/// The longest message that a server may send us: commands are hundreds of bytes.
const MAX_MESSAGE: usize = 256 * 1024;

/// Our chunks. What OBS uses, so every service has met it; the header overhead is 0.03 %.
const CHUNK_SIZE: u32 = 4096;

/// How often we ask to be told what has arrived: about once a second at usual bitrates.
const ACK_WINDOW: u32 = 256 * 1024;

/// Answers that may wait before a peer counts as hostile. Media is not counted.
const MAX_ANSWERS: usize = 64 * 1024;

/// Some servers change their manners by this name; it says "a live encoder" to all of them.
const FLASH_VERSION: &str = concat!("FMLE/3.0 (compatible; rigcast/", env!("CARGO_PKG_VERSION"), ")");

/// Chunk streams, by what goes on them.
mod lane {
    pub(super) const CONTROL: u32 = 2;
    pub(super) const COMMAND: u32 = 3;
    pub(super) const AUDIO: u32 = 4;
    pub(super) const DATA: u32 = 5;
    pub(super) const VIDEO: u32 = 6;
}

/// Transaction ids of the commands that are answered.
mod transaction {
    pub(super) const CONNECT: f64 = 1.0;
    pub(super) const RELEASE_STREAM: f64 = 2.0;
    pub(super) const FC_PUBLISH: f64 = 3.0;
    pub(super) const CREATE_STREAM: f64 = 4.0;
    pub(super) const PUBLISH: f64 = 5.0;
    pub(super) const CLOSE: f64 = 6.0;
}

/// How far a connection has come: names what is being waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Waiting for S0 S1 S2.
    Handshake,
    /// Waiting for the answer to `connect`.
    Connect,
    /// Waiting for a stream id.
    CreateStream,
    /// Waiting for `NetStream.Publish.Start`.
    Publish,
    /// Media may be sent.
    Live,
    /// [`Publisher::close`] was called.
    Closed,
}

impl Stage {
    /// What is being waited for.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Handshake => "the handshake",
            Self::Connect => "the answer to connect",
            Self::CreateStream => "a stream id",
            Self::Publish => "the permission to publish",
            Self::Live => "the end of the show",
            Self::Closed => "the end of the connection",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a driver needs to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// `NetStream.Publish.Start`: media may be sent. Not yet a promise: nginx says so even to those it will refuse.
    Started,
    /// The server has received this many of our bytes in all, unrolled past 32 bits.
    Acknowledged {
        /// Bytes since the start of the connection.
        total: u64,
    },
}

/// A client that publishes one stream.
pub struct Publisher {
    target: PublishTarget,
    stage: Stage,
    handshake: Handshake,
    reader: ChunkReader,
    writer: ChunkWriter,
    /// What waits to be written, and how much of its front already is.
    out: Vec<u8>,
    written: usize,
    /// Bytes of control answers in `out`; reset when it runs empty.
    answers: usize,
    events: VecDeque<Event>,
    stream_id: u32,
    /// Acknowledge after so many bytes: the server's window.
    ack_window: u64,
    acknowledged: u64,
    handshake_bytes: u64,
    window_told: u32,
    server_acknowledged: u64,
}

/// Without what waits to be written: the stream key is in there.
impl fmt::Debug for Publisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Publisher")
            .field("stage", &self.stage)
            .field("stream_id", &self.stream_id)
            .field("output_len", &self.output().len())
            .finish_non_exhaustive()
    }
}

impl Publisher {
    /// A connection that has its first bytes (C0, C1) ready. `seed` should differ between connections.
    #[must_use]
    pub fn new(target: PublishTarget, seed: u64) -> Self {
        Self {
            target,
            stage: Stage::Handshake,
            handshake: Handshake::new(),
            reader: ChunkReader::new(MAX_MESSAGE),
            writer: ChunkWriter::new(),
            out: handshake::client_hello(seed),
            written: 0,
            answers: 0,
            events: VecDeque::new(),
            stream_id: 0,
            ack_window: u64::MAX,
            acknowledged: 0,
            handshake_bytes: 0,
            window_told: 0,
            server_acknowledged: 0,
        }
    }

    /// How far we are.
    #[must_use]
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// Bytes that wait to be written.
    #[must_use]
    pub fn output(&self) -> &[u8] {
        &self.out[self.written..]
    }

    /// Says that the first `len` bytes of [`output`](Self::output) have been written.
    pub fn consume(&mut self, len: usize) {
        self.written = (self.written + len).min(self.out.len());
        if self.written == self.out.len() {
            self.out.clear();
            // One huge IDR should not hold its memory for the rest of the show.
            self.out.shrink_to(1 << 20);
            self.written = 0;
            self.answers = 0;
        }
    }

    /// What has happened, oldest first.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Takes what the server sent, in any pieces.
    ///
    /// # Errors
    /// Any [`RtmpError`] ends the connection.
    pub fn receive(&mut self, bytes: &[u8]) -> Result<(), RtmpError> {
        let mut input = bytes;
        if self.stage == Stage::Handshake {
            if !self.handshake.read(&mut input)? {
                return Ok(());
            }
            self.handshake_bytes = 1 + 2 * BLOCK as u64;
            if let Some(echo) = self.handshake.echo() {
                self.out.extend_from_slice(echo);
            }
            self.connect();
        }
        while let Some(message) = self.reader.read(&mut input)? {
            self.obey(&message)?;
        }
        let received = self.handshake_bytes + self.reader.position();
        if received - self.acknowledged >= self.ack_window {
            self.acknowledged = received;
            self.answer(kind::ACKNOWLEDGEMENT, &(received as u32).to_be_bytes())?;
        }
        Ok(())
    }

    /// Sends the metadata and the sequence headers: once [`Event::Started`] has come, before any packet.
    ///
    /// # Errors
    /// [`RtmpError::Unfit`] where the sound is no AAC; then nothing is sent.
    pub fn send_headers(&mut self, video: Option<&VideoConfig>, audio: Option<&AudioConfig>) -> Result<(), RtmpError> {
        let audio_header = audio.map(flv::audio_sequence_header).transpose()?;
        self.send_metadata(video, audio, Timestamp::ZERO);
        if let Some(video) = video {
            self.send_video_header(video, Timestamp::ZERO);
        }
        if let Some(header) = audio_header {
            self.media(lane::AUDIO, kind::AUDIO, Timestamp::ZERO, &[], &header);
        }
        Ok(())
    }

    /// Sends the metadata, for whoever shows it: again when it has changed.
    pub fn send_metadata(&mut self, video: Option<&VideoConfig>, audio: Option<&AudioConfig>, timestamp: Timestamp) {
        let mut data = Vec::new();
        Value::string("@setDataFrame").encode(&mut data);
        Value::string("onMetaData").encode(&mut data);
        flv::metadata(video, audio).encode(&mut data);
        self.media(lane::DATA, kind::DATA, timestamp, &[], &data);
    }

    /// Sends the sequence header of the pictures that follow, the first of which must be an IDR.
    pub fn send_video_header(&mut self, video: &VideoConfig, timestamp: Timestamp) {
        let header = flv::video_sequence_header(video);
        self.media(lane::VIDEO, kind::VIDEO, timestamp, &[], &header);
    }

    /// Sends the sequence header of the sound that follows.
    ///
    /// # Errors
    /// [`RtmpError::Unfit`] where it is no AAC; then nothing is sent.
    pub fn send_audio_header(&mut self, audio: &AudioConfig, timestamp: Timestamp) -> Result<(), RtmpError> {
        let header = flv::audio_sequence_header(audio)?;
        self.media(lane::AUDIO, kind::AUDIO, timestamp, &[], &header);
        Ok(())
    }

    /// Sends one packet, stamped with `timestamp` on the connection's own clock. Gives the bytes that it will take on the
    /// wire; nothing and 0 unless live.
    pub fn send(&mut self, packet: &Packet, timestamp: Timestamp) -> usize {
        match packet.track {
            TrackKind::Video => {
                let head = flv::video_header(packet);
                self.media(lane::VIDEO, kind::VIDEO, timestamp, &head, &packet.data)
            }
            TrackKind::Audio => self.media(lane::AUDIO, kind::AUDIO, timestamp, &flv::AUDIO_HEADER, &packet.data),
        }
    }

    /// Ends the stream: FCUnpublish and deleteStream go out where there is a stream, and nothing after them.
    pub fn close(&mut self) {
        if self.stage >= Stage::Publish && self.stage != Stage::Closed {
            self.named_command("FCUnpublish", transaction::CLOSE, lane::COMMAND, 0, &[]);
            let mut body = command("deleteStream", transaction::CLOSE + 1.0);
            Value::Null.encode(&mut body);
            Value::Number(f64::from(self.stream_id)).encode(&mut body);
            self.write(lane::COMMAND, kind::COMMAND, 0, &body);
        }
        self.stage = Stage::Closed;
    }

    fn media(&mut self, chunk_stream: u32, kind: u8, timestamp: Timestamp, head: &[u8], body: &[u8]) -> usize {
        if self.stage != Stage::Live {
            return 0;
        }
        let before = self.out.len();
        let envelope = Envelope {
            chunk_stream,
            kind,
            stream_id: self.stream_id,
            timestamp,
        };
        self.writer.write(envelope, head, body, &mut self.out);
        self.out.len() - before
    }

    fn write(&mut self, chunk_stream: u32, kind: u8, stream_id: u32, body: &[u8]) {
        let envelope = Envelope {
            chunk_stream,
            kind,
            stream_id,
            timestamp: Timestamp::ZERO,
        };
        self.writer.write(envelope, &[], body, &mut self.out);
    }

    /// Writes what the server made us say, as long as it also reads.
    fn answer(&mut self, kind: u8, body: &[u8]) -> Result<(), RtmpError> {
        let before = self.out.len();
        self.write(lane::CONTROL, kind, 0, body);
        self.answers += self.out.len() - before;
        if self.answers > MAX_ANSWERS {
            return Err(RtmpError::Flood { pending: self.answers });
        }
        Ok(())
    }

    /// A command whose argument is the stream's name: it goes from the secret to the wire and nowhere else.
    fn named_command(&mut self, name: &str, transaction: f64, chunk_stream: u32, stream_id: u32, rest: &[Value]) {
        let mut body = command(name, transaction);
        Value::Null.encode(&mut body);
        amf0::encode_string(self.target.stream.expose(), &mut body);
        for value in rest {
            value.encode(&mut body);
        }
        self.write(chunk_stream, kind::COMMAND, stream_id, &body);
    }

    fn connect(&mut self) {
        self.stage = Stage::Connect;
        let mut body = command("connect", transaction::CONNECT);
        Value::object([
            ("app", Value::string(self.target.app.expose())),
            ("type", Value::string("nonprivate")),
            ("flashVer", Value::string(FLASH_VERSION)),
            ("tcUrl", Value::string(self.target.tc_url.expose())),
        ])
        .encode(&mut body);
        self.write(lane::COMMAND, kind::COMMAND, 0, &body);
    }

    fn create_stream(&mut self) {
        self.stage = Stage::CreateStream;
        self.write(lane::CONTROL, kind::WINDOW_ACK_SIZE, 0, &ACK_WINDOW.to_be_bytes());
        self.window_told = ACK_WINDOW;
        self.write(lane::CONTROL, kind::SET_CHUNK_SIZE, 0, &CHUNK_SIZE.to_be_bytes());
        self.writer.set_chunk_size(CHUNK_SIZE as usize);
        self.named_command("releaseStream", transaction::RELEASE_STREAM, lane::COMMAND, 0, &[]);
        self.named_command("FCPublish", transaction::FC_PUBLISH, lane::COMMAND, 0, &[]);
        let mut body = command("createStream", transaction::CREATE_STREAM);
        Value::Null.encode(&mut body);
        self.write(lane::COMMAND, kind::COMMAND, 0, &body);
    }

    fn publish(&mut self, stream_id: u32) {
        self.stage = Stage::Publish;
        self.stream_id = stream_id;
        let live = [Value::string("live")];
        self.named_command("publish", transaction::PUBLISH, lane::AUDIO, stream_id, &live);
    }

    fn obey(&mut self, message: &Message) -> Result<(), RtmpError> {
        match message.kind {
            kind::ACKNOWLEDGEMENT => {
                let wire = self.control_number(message)?;
                let step = wire.wrapping_sub(self.server_acknowledged as u32);
                // Half the range back is a server that counts oddly (some do not count the handshake): not news.
                if step < u32::MAX / 2 {
                    self.server_acknowledged += u64::from(step);
                    self.announce(Event::Acknowledged {
                        total: self.server_acknowledged,
                    });
                }
                Ok(())
            }
            kind::WINDOW_ACK_SIZE => {
                self.ack_window = u64::from(self.control_number(message)?).max(1024);
                Ok(())
            }
            kind::SET_PEER_BANDWIDTH => {
                let window = self.control_number(message)?;
                if window == self.window_told {
                    return Ok(());
                }
                // §5.4.5 asks for an answer where the size is new. It states our sending window, and the server goes by
                // the smaller of the two when it acknowledges, so ours stays the one that we want acks for.
                self.window_told = window;
                self.answer(kind::WINDOW_ACK_SIZE, &window.min(ACK_WINDOW).to_be_bytes())
            }
            kind::USER_CONTROL => self.user_control(message),
            kind::COMMAND => self.command(&message.payload),
            kind::COMMAND_AMF3 => self.command(message.payload.get(1..).unwrap_or_default()),
            _ => Ok(()),
        }
    }

    /// Acknowledgements may come by the thousand; only the newest says something.
    fn announce(&mut self, event: Event) {
        if let (Event::Acknowledged { .. }, Some(last @ Event::Acknowledged { .. })) = (event, self.events.back_mut()) {
            *last = event;
        } else {
            self.events.push_back(event);
        }
    }

    fn control_number(&self, message: &Message) -> Result<u32, RtmpError> {
        message.number().ok_or(RtmpError::Control {
            position: self.reader.position(),
            kind: message.kind,
        })
    }

    /// Ping request (6) is answered with the same time (7); the rest of §7.1.7 is news for players.
    fn user_control(&mut self, message: &Message) -> Result<(), RtmpError> {
        match message.payload[..] {
            [0, 6, a, b, c, d, ..] => self.answer(kind::USER_CONTROL, &[0, 7, a, b, c, d]),
            [_, _, ..] => Ok(()),
            _ => Err(RtmpError::Control {
                position: self.reader.position(),
                kind: message.kind,
            }),
        }
    }

    fn command(&mut self, payload: &[u8]) -> Result<(), RtmpError> {
        let values = amf0::decode_all(payload).map_err(|source| RtmpError::Command {
            position: self.reader.position(),
            source,
        })?;
        let name = values.first().and_then(Value::as_str).unwrap_or_default();
        let transaction = values.get(1).and_then(Value::as_f64).unwrap_or_default();
        let info = values.get(3);
        match name {
            "_result" => self.result(transaction, info),
            "_error" => self.error(transaction, info),
            "onStatus" => self.status(info),
            "close" => Err(self.rejection(info)),
            // onBWDone, onFCPublish, _checkbw and their kin: nobody waits for an answer.
            _ => Ok(()),
        }
    }

    fn result(&mut self, transaction: f64, info: Option<&Value>) -> Result<(), RtmpError> {
        if transaction == transaction::CONNECT && self.stage == Stage::Connect {
            self.create_stream();
        } else if transaction == transaction::CREATE_STREAM && self.stage == Stage::CreateStream {
            let id = info.and_then(Value::as_f64).ok_or(RtmpError::NoStreamId)?;
            self.publish(id as u32);
        }
        Ok(())
    }

    /// releaseStream and FCPublish fail on servers that do not know them, and on those where nothing is to be released.
    fn error(&self, transaction: f64, info: Option<&Value>) -> Result<(), RtmpError> {
        if transaction == transaction::RELEASE_STREAM || transaction == transaction::FC_PUBLISH {
            Ok(())
        } else {
            Err(self.rejection(info))
        }
    }

    fn status(&mut self, info: Option<&Value>) -> Result<(), RtmpError> {
        let text = |name| info.and_then(|info| info.get(name)).and_then(Value::as_str);
        let code = text("code").unwrap_or_default();
        if code == "NetStream.Publish.Start" {
            if self.stage == Stage::Publish {
                self.stage = Stage::Live;
                self.announce(Event::Started);
            }
            return Ok(());
        }
        let is_end = matches!(
            code,
            "NetStream.Unpublish.Success" | "NetConnection.Connect.Closed" | "NetStream.Publish.BadName"
        );
        if text("level") == Some("error") || (is_end && self.stage != Stage::Closed) {
            return Err(self.rejection(info));
        }
        Ok(())
    }

    fn rejection(&self, info: Option<&Value>) -> RtmpError {
        let text = |name| {
            let said = info.and_then(|info| info.get(name)).and_then(Value::as_str);
            self.target.scrub(said.unwrap_or_default())
        };
        let (code, description) = (text("code"), text("description"));
        RtmpError::Rejected(Rejection {
            kind: RejectionKind::of(&code, &description),
            code,
            description,
        })
    }
}

fn command(name: &str, transaction: f64) -> Vec<u8> {
    let mut body = Vec::with_capacity(256);
    Value::string(name).encode(&mut body);
    Value::Number(transaction).encode(&mut body);
    body
}

#[cfg(test)]
#[path = "publisher_tests.rs"]
mod tests;
