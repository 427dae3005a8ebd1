//! `rtp4571.rigcast.v1`: RTP framed by RFC 4571 in the messages of a WebSocket (docs/rtp.md).
//!
//! upgrade → our offer (text) → the answer (text) → RFC 4571 frames (binary), RTP and RTCP, whole ones, several per message.

use std::collections::VecDeque;

use super::sender::codec_name;
use super::{PushError, RtpSender};
use crate::media::{Packet, Timestamp};
use crate::wire::rtp::framing::{LENGTH_SIZE, push_frame};
use crate::wire::rtp::{FrameReader, RtpTrack, is_rtcp};
use crate::wire::sdp::SessionDescription;
use crate::wire::session::{Event, Moment, Session, SessionError, Stage, TrackChange};
use crate::wire::websocket::{Client, Heartbeat, Incoming, UpgradeRequest};

/// What it is called on the upgrade.
pub const SUBPROTOCOL: &str = "rtp4571.rigcast.v1";

/// A normal end (RFC 6455 §7.4.1).
const NORMAL: u16 = 1000;

/// One connection.
#[derive(Debug)]
pub struct WebSocketPush {
    stage: Stage,
    client: Client,
    heartbeat: Heartbeat,
    sender: RtpSender,
    frames: FrameReader,
    events: VecDeque<Event>,
}

impl WebSocketPush {
    /// A connection that has its request ready and will offer these tracks. `seed` should differ between connections.
    #[must_use]
    pub fn new(request: UpgradeRequest, tracks: Vec<RtpTrack>, seed: u64) -> Self {
        Self {
            stage: Stage::Opening("the upgrade to a WebSocket"),
            client: Client::new(request),
            heartbeat: Heartbeat::default(),
            sender: RtpSender::new(tracks, seed),
            frames: FrameReader::new(),
            events: VecDeque::new(),
        }
    }

    fn obey(&mut self, incoming: Incoming, now: Moment) -> Result<(), PushError> {
        match incoming {
            Incoming::Opened => {
                let tracks = self.sender.tracks().cloned().collect();
                self.client
                    .send_text(&SessionDescription::new("rigcast", tracks).offer());
                self.stage = Stage::Opening("the answer to the session description");
            }
            Incoming::Text(answer) if self.stage.is_opening() => self.agree(&answer)?,
            // Of a later version, perhaps.
            Incoming::Text(_) => {}
            Incoming::Binary(bytes) => self.hear(&bytes, now),
            Incoming::Pong(content) => self.events.extend(self.heartbeat.read(&content)),
        }
        Ok(())
    }

    /// The server must take every track: half a show is none.
    fn agree(&mut self, answer: &str) -> Result<(), PushError> {
        let answer = SessionDescription::parse(answer).map_err(|error| PushError::Answer {
            problem: error.to_string(),
        })?;
        for track in self.sender.tracks() {
            let is_taken = answer
                .track(track.payload_type)
                .is_some_and(|taken| taken.kind == track.kind);
            if !is_taken {
                let codec = codec_name(&track.codec);
                return Err(PushError::NotTaken { codec });
            }
        }
        self.stage = Stage::Live;
        self.events.push_back(Event::Started);
        Ok(())
    }

    fn hear(&mut self, bytes: &[u8], now: Moment) {
        self.frames.push(bytes);
        while let Some(frame) = self.frames.next_frame() {
            if is_rtcp(frame)
                && let Some(reception) = self.sender.receive(frame, now)
            {
                // Only the newest says something.
                self.events.retain(|event| !matches!(event, Event::Reception(_)));
                self.events.push_back(Event::Reception(reception));
            }
        }
    }
}

/// How long the first RFC 4571 frame of `bytes` is.
fn frame_len(bytes: &[u8]) -> usize {
    match bytes {
        [high, low, ..] => LENGTH_SIZE + usize::from(u16::from_be_bytes([*high, *low])),
        _ => bytes.len(),
    }
}

impl Session for WebSocketPush {
    fn stage(&self) -> Stage {
        self.stage
    }

    fn receive(&mut self, bytes: &[u8], now: Moment) -> Result<(), SessionError> {
        let received = self.client.receive(bytes);
        while let Some(incoming) = self.client.poll() {
            self.obey(incoming, now)?;
        }
        Ok(received.map_err(PushError::from)?)
    }

    fn output(&self) -> &[u8] {
        self.client.output()
    }

    fn consume(&mut self, len: usize) {
        self.client.consume(len);
    }

    fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    fn begin(&mut self) -> Result<(), SessionError> {
        Ok(())
    }

    fn reconfigure(&mut self, change: &TrackChange, _at: Timestamp) -> Result<(), SessionError> {
        self.sender.reconfigure(change)
    }

    fn send(&mut self, packet: &Packet, at: Timestamp) {
        if self.stage == Stage::Live
            && let Some((_, packetizer)) = self.sender.track_of(packet)
        {
            let write = |out: &mut Vec<u8>| {
                packetizer.packetize_framed(packet, at, out);
            };
            self.client.send_binary(write, frame_len);
        }
    }

    fn tick(&mut self, now: Moment) {
        if self.stage == Stage::Live {
            let Self { client, sender, .. } = self;
            sender.report(now, |_, report| send_frame(client, report));
            self.heartbeat.beat(&mut self.client, now.studio);
        }
    }

    fn close(&mut self) {
        let Self { client, sender, .. } = self;
        if self.stage == Stage::Live {
            sender.bye(|_, report| send_frame(client, report));
        }
        client.close(NORMAL, "the show is over");
        self.stage = Stage::Closed;
    }
}

fn send_frame(client: &mut Client, packet: &[u8]) {
    let write = |out: &mut Vec<u8>| {
        push_frame(out, |out| out.extend_from_slice(packet));
    };
    client.send_binary(write, frame_len);
}
