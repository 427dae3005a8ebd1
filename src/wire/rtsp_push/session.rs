//! One RTSP session that records, as its client has it.

use std::collections::VecDeque;
use std::fmt::Write as _;

use super::{Reader, RtspError, Said};
use crate::media::{Packet, TimeDelta, Timestamp};
use crate::secret::Secret;
use crate::wire::rtp::RtpTrack;
use crate::wire::rtp_push::RtpSender;
use crate::wire::sdp::{SessionDescription, Way};
use crate::wire::session::{Event, Moment, Session, SessionError, Stage, TrackChange};
use crate::wire::text::{scrub, secrets_of_path};
use crate::wire::websocket::{Client, Heartbeat, Incoming, UpgradeRequest};

/// What it is called on the upgrade.
pub const SUBPROTOCOL: &str = "rtsp.onvif.org";

/// A normal end (RFC 6455 §7.4.1).
const NORMAL: u16 = 1000;

/// After how long a server forgets a session that it does not hear of, where it does not say (RFC 2326 §12.37).
const DEFAULT_TIMEOUT_S: i64 = 60;

/// What is being waited for. Only one request is on its way at a time, but for those that keep the session alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waiting {
    Announce,
    Setup { track: usize },
    Record,
    Nothing,
}

impl Waiting {
    fn method(self) -> &'static str {
        match self {
            Self::Announce => "ANNOUNCE",
            Self::Setup { .. } => "SETUP",
            Self::Record => "RECORD",
            Self::Nothing => "OPTIONS",
        }
    }
}

/// One connection.
pub struct RtspPush {
    stage: Stage,
    waiting: Waiting,
    client: Client,
    heartbeat: Heartbeat,
    reader: Reader,
    sender: RtpSender,
    events: VecDeque<Event>,
    /// `rtsp://host/path`.
    url: Secret,
    authorization: Option<Secret>,
    /// Whether requests carry it: only where the server has asked.
    is_authorizing: bool,
    sequence: u32,
    session: Option<String>,
    /// The channel of each track's packets; that of its reports is one above.
    channels: Vec<u8>,
    keep_alive_every: TimeDelta,
    keep_alive_due: Option<Timestamp>,
}

/// Without URL, credentials and what waits to be written.
impl std::fmt::Debug for RtspPush {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RtspPush")
            .field("stage", &self.stage)
            .field("waiting", &self.waiting)
            .finish_non_exhaustive()
    }
}

impl RtspPush {
    /// A connection that has its upgrade ready and will announce these tracks at `url`, of scheme `rtsp` or `rtsps` and without
    /// credentials. `authorization` is shown to the RTSP server when it asks, not on the upgrade.
    #[must_use]
    pub fn new(
        upgrade: UpgradeRequest,
        url: Secret,
        authorization: Option<Secret>,
        tracks: Vec<RtpTrack>,
        seed: u64,
    ) -> Self {
        Self {
            stage: Stage::Opening("the upgrade to a WebSocket"),
            waiting: Waiting::Announce,
            client: Client::new(upgrade),
            heartbeat: Heartbeat::default(),
            reader: Reader::default(),
            sender: RtpSender::new(tracks, seed),
            events: VecDeque::new(),
            url,
            authorization,
            is_authorizing: false,
            sequence: 0,
            session: None,
            channels: Vec::new(),
            keep_alive_every: TimeDelta::from_millis(DEFAULT_TIMEOUT_S * 500),
            keep_alive_due: None,
        }
    }

    fn obey(&mut self, incoming: Incoming, now: Moment) -> Result<(), RtspError> {
        match incoming {
            Incoming::Opened => self.ask(Waiting::Announce),
            Incoming::Pong(content) => self.events.extend(self.heartbeat.read(&content)),
            Incoming::Text(text) => self.reader.push(text.as_bytes()),
            Incoming::Binary(bytes) => self.reader.push(&bytes),
        }
        while let Some(said) = self.reader.next_said()? {
            match &said {
                Said::Response { .. } => self.answered(&said)?,
                // There is nothing that a server could ask of a publisher.
                Said::Request { sequence } => {
                    let answer = format!("RTSP/1.0 501 Not Implemented\r\nCSeq: {sequence}\r\n\r\n");
                    self.say(&answer);
                }
                Said::Packet { channel, payload } => self.hear(*channel, payload, now),
            }
        }
        Ok(())
    }

    fn hear(&mut self, channel: u8, payload: &[u8], now: Moment) {
        let is_report = self
            .channels
            .iter()
            .any(|of_packets| of_packets.wrapping_add(1) == channel);
        if is_report && let Some(reception) = self.sender.receive(payload, now) {
            self.events.retain(|event| !matches!(event, Event::Reception(_)));
            self.events.push_back(Event::Reception(reception));
        }
    }

    /// Sends the request for `waiting`.
    fn ask(&mut self, waiting: Waiting) {
        self.waiting = waiting;
        let slash = if self.url.expose().ends_with('/') { "" } else { "/" };
        let (url, headers, body) = match waiting {
            Waiting::Announce => {
                self.stage = Stage::Opening("the answer to ANNOUNCE");
                let tracks = self.sender.tracks().cloned().collect();
                let body = SessionDescription::new("rigcast", tracks).write(Way::Announce);
                (String::new(), "Content-Type: application/sdp\r\n".to_owned(), body)
            }
            Waiting::Setup { track } => {
                self.stage = Stage::Opening("the answer to SETUP");
                let channel = 2 * track;
                let transport = format!("RTP/AVP/TCP;unicast;interleaved={channel}-{};mode=record", channel + 1);
                let headers = format!("Transport: {transport}\r\n");
                (format!("{slash}streamid={track}"), headers, String::new())
            }
            Waiting::Record => {
                self.stage = Stage::Opening("the answer to RECORD");
                (String::new(), "Range: npt=0.000-\r\n".to_owned(), String::new())
            }
            Waiting::Nothing => (String::new(), String::new(), String::new()),
        };
        self.request(waiting.method(), &url, &headers, &body);
    }

    fn request(&mut self, method: &str, under: &str, headers: &str, body: &str) {
        self.sequence += 1;
        let mut text = format!(
            "{method} {}{under} RTSP/1.0\r\nCSeq: {}\r\nUser-Agent: {}\r\n{headers}",
            self.url.expose(),
            self.sequence,
            concat!("rigcast/", env!("CARGO_PKG_VERSION")),
        );
        if let Some(session) = &self.session {
            let _ = write!(text, "Session: {session}\r\n");
        }
        if let Some(value) = self.authorization.as_ref().filter(|_| self.is_authorizing) {
            let _ = write!(text, "Authorization: {}\r\n", value.expose());
        }
        if !body.is_empty() {
            let _ = write!(text, "Content-Length: {}\r\n", body.len());
        }
        text.push_str("\r\n");
        text.push_str(body);
        self.say(&text);
    }

    fn say(&mut self, text: &str) {
        self.client
            .send_binary(|out| out.extend_from_slice(text.as_bytes()), <[u8]>::len);
    }

    fn answered(&mut self, response: &Said) -> Result<(), RtspError> {
        let Said::Response { status, reason, .. } = response else {
            return Ok(());
        };
        let status = *status;
        if status == 401 && self.authorization.is_some() && !self.is_authorizing && self.waiting != Waiting::Nothing {
            if !response
                .headers("www-authenticate")
                .any(|challenge| challenge.to_ascii_lowercase().starts_with("basic"))
            {
                return Err(RtspError::NoBasic);
            }
            self.is_authorizing = true;
            self.ask(self.waiting);
            return Ok(());
        }
        // Signs of life are answered as the server likes; the goodbye likewise.
        if self.waiting == Waiting::Nothing {
            return Ok(());
        }
        if !(200..300).contains(&status) {
            return Err(RtspError::Refused {
                method: self.waiting.method(),
                status,
                reason: self.scrub(reason),
            });
        }
        if let Some(session) = response.header("session") {
            self.take_session(session);
        }
        match self.waiting {
            Waiting::Announce => self.ask(Waiting::Setup { track: 0 }),
            Waiting::Setup { track } => {
                self.channels.push(channel_of(response).unwrap_or(2 * track as u8));
                let next = track + 1;
                let is_last = next == self.sender.tracks().count();
                self.ask(if is_last {
                    Waiting::Record
                } else {
                    Waiting::Setup { track: next }
                });
            }
            Waiting::Record => {
                self.waiting = Waiting::Nothing;
                self.stage = Stage::Live;
                self.events.push_back(Event::Started);
            }
            Waiting::Nothing => {}
        }
        Ok(())
    }

    fn take_session(&mut self, header: &str) {
        let mut parts = header.split(';').map(str::trim);
        let id = parts.next().unwrap_or_default();
        // It goes back into headers.
        if !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_graphic()) {
            self.session = Some(id.to_owned());
        }
        // Said once, with the first SETUP, or every time.
        if let Some(seconds) = parts.find_map(|part| part.strip_prefix("timeout=")?.parse::<i64>().ok()) {
            self.keep_alive_every = TimeDelta::from_millis(seconds.clamp(2, 3600) * 500);
        }
    }

    fn scrub(&self, text: &str) -> String {
        let path = self.url.expose().splitn(4, '/').nth(3).unwrap_or_default();
        let path = Secret::new(path);
        scrub(text, &secrets_of_path(&path))
    }
}

/// The channel that the server gave to a track's packets.
fn channel_of(response: &Said) -> Option<u8> {
    let transport = response.header("transport")?;
    let channels = transport
        .split(';')
        .find_map(|part| part.trim().strip_prefix("interleaved="))?;
    channels.split('-').next()?.parse().ok()
}

/// `$`, channel, length (RFC 2326 §10.12). Packets are far below the 64 KiB that the length can say.
fn write_interleaved(out: &mut Vec<u8>, channel: u8, packet: &[u8]) {
    out.extend_from_slice(&[b'$', channel]);
    out.extend_from_slice(&(packet.len() as u16).to_be_bytes());
    out.extend_from_slice(packet);
}

/// How long the first interleaved packet of `bytes` is.
fn interleaved_len(bytes: &[u8]) -> usize {
    match bytes {
        [_, _, high, low, ..] => 4 + usize::from(u16::from_be_bytes([*high, *low])),
        _ => bytes.len(),
    }
}

impl Session for RtspPush {
    fn stage(&self) -> Stage {
        self.stage
    }

    fn receive(&mut self, bytes: &[u8], now: Moment) -> Result<(), SessionError> {
        let received = self.client.receive(bytes);
        while let Some(incoming) = self.client.poll() {
            self.obey(incoming, now)?;
        }
        Ok(received.map_err(RtspError::from)?)
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
        let Self {
            sender,
            channels,
            client,
            ..
        } = self;
        if self.stage == Stage::Live
            && let Some((index, packetizer)) = sender.track_of(packet)
            && let Some(channel) = channels.get(index)
        {
            let write = |out: &mut Vec<u8>| {
                packetizer.packetize(packet, at, &mut |rtp| write_interleaved(out, *channel, rtp));
            };
            client.send_binary(write, interleaved_len);
        }
    }

    fn tick(&mut self, now: Moment) {
        if self.stage != Stage::Live {
            return;
        }
        let Self {
            sender,
            channels,
            client,
            ..
        } = self;
        sender.report(now, |index, report| send_report(client, channels, index, report));
        self.heartbeat.beat(&mut self.client, now.studio);
        let due = *self.keep_alive_due.get_or_insert(now.studio + self.keep_alive_every);
        if now.studio >= due {
            self.keep_alive_due = Some(now.studio + self.keep_alive_every);
            self.ask(Waiting::Nothing);
        }
    }

    fn close(&mut self) {
        if self.stage == Stage::Live {
            let Self {
                sender,
                channels,
                client,
                ..
            } = self;
            sender.bye(|index, report| send_report(client, channels, index, report));
        }
        if self.session.is_some() && self.stage != Stage::Closed {
            self.waiting = Waiting::Nothing;
            self.request("TEARDOWN", "", "", "");
        }
        self.client.close(NORMAL, "the show is over");
        self.stage = Stage::Closed;
    }
}

fn send_report(client: &mut Client, channels: &[u8], index: usize, report: &[u8]) {
    if let Some(channel) = channels.get(index) {
        client.send_binary(
            |out| write_interleaved(out, channel.wrapping_add(1), report),
            interleaved_len,
        );
    }
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
