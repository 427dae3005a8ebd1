//! What the tests of the relay share: a relay with a show on it, and viewers that read what they get.
#![allow(dead_code)]

#[path = "../common/peers.rs"]
pub mod peers;
#[path = "../common/waiting.rs"]
mod waiting;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use rigcast::clock::Clock;
use rigcast::media::{AudioCodec, AudioConfig, FrameRate, Packet, Timestamp, TrackKind, VideoConfig};
use rigcast::relay::{Demand, Feed, Relay, RelaySettings, RenditionInfo};
use tungstenite::protocol::{Role, WebSocketConfig};
use tungstenite::{Message, WebSocket};

pub use waiting::PATIENCE;

/// Waits until `probe` gives something.
pub fn wait_for<T>(what: &str, probe: impl FnMut() -> Option<T>) -> T {
    waiting::wait_for(what, PATIENCE, probe)
}

/// A rendition of `name` with pictures of `height` lines, or of sound alone for 0.
pub fn rendition(name: &str, height: u32, video_kbps: u32) -> RenditionInfo {
    RenditionInfo {
        name: name.to_owned(),
        width: height * 16 / 9,
        height,
        frame_rate: (height > 0).then(|| FrameRate::whole(30)),
        video_kbps,
        audio_kbps: 128,
    }
}

/// Parameter sets of x264, 720p.
pub fn video_config(height: u32) -> VideoConfig {
    VideoConfig {
        width: height * 16 / 9,
        height,
        frame_rate: FrameRate::whole(30),
        sps: Bytes::from_static(&[
            0x67, 0x64, 0x00, 0x1f, 0xac, 0xd9, 0x40, 0x50, 0x05, 0xbb, 0x01, 0x10, 0x00, 0x00, 0x03, 0x00, 0x10, 0x00,
            0x00, 0x03, 0x03, 0xc0, 0xf1, 0x83, 0x19, 0x60,
        ]),
        pps: Bytes::from_static(&[0x68, 0xeb, 0xec, 0xb2, 0x2c]),
        bitrate_kbps: 2500,
    }
}

pub fn audio_config() -> AudioConfig {
    AudioConfig {
        codec: AudioCodec::Aac {
            asc: Bytes::from_static(&[0x11, 0x90]),
        },
        sample_rate: 48_000,
        channels: 2,
        bitrate_kbps: 128,
    }
}

/// A picture whose bytes tell its number and its rendition.
pub fn picture(number: u32, is_idr: bool, rendition: u8, size: usize) -> Packet {
    let mut data = vec![rendition; size.max(8)];
    data[..4].copy_from_slice(&number.to_be_bytes());
    let pts = FrameRate::whole(30).frame_time(i64::from(number));
    Packet {
        track: TrackKind::Video,
        pts,
        dts: pts,
        is_idr,
        data: data.into(),
    }
}

/// The AAC packet of that number.
pub fn sound(number: u32) -> Packet {
    let pts = Timestamp::from_48k(i64::from(number) * 1024);
    Packet {
        track: TrackKind::Audio,
        pts,
        dts: pts,
        is_idr: true,
        data: Bytes::copy_from_slice(&[&number.to_be_bytes()[..], &[0; 60]].concat()),
    }
}

/// A relay with a runtime of its own.
pub struct Rig {
    pub runtime: tokio::runtime::Runtime,
    pub relay: Option<Relay>,
    pub address: SocketAddr,
    pub demands: Arc<Mutex<Vec<Demand>>>,
}

impl Rig {
    pub fn start(settings: RelaySettings) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let settings = RelaySettings {
            listen: "127.0.0.1:0".parse().unwrap(),
            ..settings
        };
        let relay = runtime
            .block_on(Relay::start(settings, Clock::start(), |_| {}))
            .unwrap();
        Self {
            address: relay.address(),
            runtime,
            relay: Some(relay),
            demands: Arc::default(),
        }
    }

    pub fn relay(&self) -> &Relay {
        self.relay.as_ref().unwrap()
    }

    /// Offers `main` with these renditions; what it is asked for is kept.
    pub fn publish(&self, renditions: Vec<RenditionInfo>) -> Feed {
        let demands = Arc::clone(&self.demands);
        let heights = renditions.iter().map(|rendition| rendition.height).collect::<Vec<_>>();
        let feed = self
            .relay()
            .publish("main", renditions, audio_config(), move |demand| {
                demands.lock().unwrap().push(demand);
            })
            .unwrap();
        for (at, height) in heights.into_iter().enumerate().filter(|(_, height)| *height > 0) {
            feed.set_video(at, video_config(height));
        }
        feed
    }

    pub fn viewer(&self, path: &str) -> Viewer {
        Viewer::connect(self.address, path).unwrap()
    }

    /// A request without a body: status and what follows the head.
    pub fn get(&self, path: &str, headers: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{headers}\r\n",
            self.address
        )
        .unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8_lossy(&answer).into_owned();
        (status(&answer), answer)
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        if let Some(relay) = self.relay.take() {
            self.runtime.block_on(relay.stop());
        }
    }
}

/// The status of an answer.
pub fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0)
}

/// A message of the relay.
#[derive(Clone, Debug)]
pub struct Seen {
    pub kind: u8,
    pub is_idr: bool,
    pub pts_us: i64,
    pub made_us: i64,
    pub payload: Bytes,
}

impl Seen {
    /// The number inside of a picture or of sound.
    pub fn number(&self) -> u32 {
        u32::from_be_bytes(self.payload[..4].try_into().unwrap())
    }

    /// The rendition that a picture was made for.
    pub fn rendition(&self) -> u8 {
        self.payload[4]
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.payload).unwrap()
    }
}

/// A viewer that reads when it is told to.
#[derive(Debug)]
pub struct Viewer {
    pub socket: WebSocket<TcpStream>,
}

impl Viewer {
    /// Connects; gives the answer where it is a refusal.
    pub fn connect(address: SocketAddr, path: &str) -> Result<Self, String> {
        Self::connect_with(address, path, "")
    }

    pub fn connect_with(address: SocketAddr, path: &str, headers: &str) -> Result<Self, String> {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n"
        )
        .unwrap();
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() > 0 {
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).unwrap();
        if status(&head) != 101 {
            return Err(head);
        }
        // RFC 6455 §1.3 gives this answer to this key.
        assert!(head.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{head}");
        let config = WebSocketConfig::default().max_frame_size(None).max_message_size(None);
        Ok(Self {
            socket: WebSocket::from_raw_socket(stream, Role::Client, Some(config)),
        })
    }

    /// The next message that is not for the protocol alone.
    pub fn next(&mut self) -> Seen {
        loop {
            let bytes = match self.socket.read().unwrap() {
                Message::Binary(bytes) => bytes,
                Message::Close(frame) => panic!("closed: {frame:?}"),
                _ => continue,
            };
            return Seen {
                kind: bytes[0],
                is_idr: bytes[1] & 1 == 1,
                pts_us: i64::from_le_bytes(bytes[4..12].try_into().unwrap()),
                made_us: i64::from_le_bytes(bytes[12..20].try_into().unwrap()),
                payload: bytes.slice(20..),
            };
        }
    }

    /// The next message of one kind.
    pub fn next_of(&mut self, kind: u8) -> Seen {
        loop {
            let seen = self.next();
            if seen.kind == kind {
                return seen;
            }
        }
    }

    pub fn say(&mut self, text: &str) {
        self.socket.send(Message::text(text)).unwrap();
    }

    /// Reads up to the goodbye: its code and its reason.
    pub fn goodbye(&mut self) -> (u16, String) {
        loop {
            match self.socket.read() {
                Ok(Message::Close(Some(frame))) => return (frame.code.into(), frame.reason.to_string()),
                Ok(Message::Close(None)) => return (1005, String::new()),
                Ok(_) => {}
                Err(error) => panic!("ended without a goodbye: {error}"),
            }
        }
    }
}
