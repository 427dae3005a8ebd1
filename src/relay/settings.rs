//! How a relay is set up, and what it tells.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::media::FrameRate;
use crate::secret::Secret;

/// Where the relay listens unless it is told otherwise: this machine only.
pub const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8480);

/// A relay as the operator wants it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RelaySettings {
    /// Address and port. Port 0 takes a free one: see [`Relay::address`](super::Relay::address).
    pub listen: SocketAddr,
    /// Any of these lets a viewer in. With none, whoever comes from this machine may watch, and nobody else.
    pub read_tokens: Vec<Secret>,
    /// Any of these lets another rig hand its show in. With none, only rigs on this machine may.
    pub publish_tokens: Vec<Secret>,
    /// Everyone may watch, from everywhere, without a token.
    pub is_public: bool,
    /// HTTPS and WSS instead of HTTP and WS.
    pub tls: Option<TlsFiles>,
    /// Viewers at the same time. One more is told to come back later.
    pub max_viewers: usize,
    /// What all viewers together may be sent, in kbit/s by the nominal rates of what they watch; `None` for no limit.
    pub max_viewer_kbps: Option<u32>,
    /// Web pages of these origins (`https://example.org`) may use the relay besides its own page; `*` for all.
    pub origins: Vec<String>,
    /// Whether players get HLS as well.
    pub hls: bool,
}

impl Default for RelaySettings {
    fn default() -> Self {
        Self {
            listen: DEFAULT_LISTEN,
            read_tokens: Vec::new(),
            publish_tokens: Vec::new(),
            is_public: false,
            tls: None,
            max_viewers: 1000,
            max_viewer_kbps: None,
            origins: Vec::new(),
            hls: true,
        }
    }
}

/// A certificate and its key, both PEM.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsFiles {
    /// The certificate first, then those between it and the root.
    pub certificate: PathBuf,
    /// Its private key: PKCS #8, PKCS #1 or SEC 1.
    pub key: PathBuf,
}

/// One of the qualities in which a stream is offered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenditionInfo {
    /// `source`, `720p`, `480p`, `audio`: unique in its stream, of letters, digits, `.`, `-` and `_`.
    pub name: String,
    /// Of the picture, in pixels; 0 for a rendition of sound alone.
    pub width: u32,
    /// Likewise.
    pub height: u32,
    /// Pictures per second; `None` without pictures.
    pub frame_rate: Option<FrameRate>,
    /// What the pictures take, nominally.
    pub video_kbps: u32,
    /// What the sound takes, nominally.
    pub audio_kbps: u32,
}

impl RenditionInfo {
    /// Whether there are pictures in it.
    #[must_use]
    pub const fn has_video(&self) -> bool {
        self.width > 0
    }

    /// Pictures and sound together.
    #[must_use]
    pub const fn kbps(&self) -> u32 {
        self.video_kbps.saturating_add(self.audio_kbps)
    }
}

/// What a stream asks of whoever feeds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    /// Someone reads the rendition, or for some seconds nobody has.
    Wanted {
        /// Its place in the list given to [`Relay::publish`](super::Relay::publish).
        rendition: usize,
        /// Whether it must be encoded.
        is_wanted: bool,
    },
    /// Someone waits for an IDR of the rendition.
    Keyframe {
        /// Its place likewise.
        rendition: usize,
    },
}

/// What a relay tells its studio.
#[derive(Clone, Debug, PartialEq)]
pub enum RelayReport {
    /// Something an operator may want to know.
    Event {
        /// Whether it is trouble.
        is_warning: bool,
        /// In words.
        text: String,
    },
    /// Once a second.
    Stats(RelayStats),
}

/// The relay in figures. Counters run from its start.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RelayStats {
    /// Everything that can be watched, by name.
    pub streams: Vec<StreamStats>,
    /// Viewers over WebSocket right now. Those of HLS come and go with each request and are not among them.
    pub viewers: usize,
    /// TCP connections right now, viewers among them.
    pub connections: usize,
    /// Bytes that went to viewers over WebSocket.
    pub sent_bytes: u64,
    /// The same over the last second.
    pub sent_kbps: u32,
    /// Bytes of HLS that were asked for.
    pub hls_bytes: u64,
    /// Requests without a token that counts.
    pub refused_tokens: u64,
    /// Viewers that were told to come back later.
    pub refused_viewers: u64,
}

/// One stream in figures.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StreamStats {
    /// As in its address.
    pub name: String,
    /// Whether another rig hands it in; `false` for the show of this studio.
    pub is_ingest: bool,
    /// Viewers over WebSocket, of all renditions.
    pub viewers: usize,
    /// In the order of their making.
    pub renditions: Vec<RenditionStats>,
    /// Of a stream that another rig hands in.
    pub ingest: Option<IngestStats>,
}

/// One rendition in figures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RenditionStats {
    /// What it is.
    #[serde(flatten)]
    pub info: RenditionInfo,
    /// Viewers over WebSocket that get it now.
    pub viewers: usize,
    /// Whether someone reads it, HLS included, or did a moment ago.
    pub is_wanted: bool,
    /// Bytes that went to its viewers.
    pub sent_bytes: u64,
    /// Pictures that went to its viewers.
    pub sent_frames: u64,
    /// Pictures that its viewers did not get because their networks were late.
    pub dropped_frames: u64,
    /// Viewers that came here from another rendition.
    pub switches: u64,
    /// The median of what its viewers' pages say of the way from the camera to their screens.
    pub latency_ms: Option<u32>,
}

/// What comes from another rig.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IngestStats {
    /// Bytes of RTP and RTCP.
    pub received_bytes: u64,
    /// Access units made of them.
    pub units: u64,
    /// Packets that never came or made no sense.
    pub lost_packets: u64,
}
