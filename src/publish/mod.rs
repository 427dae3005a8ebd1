//! Destinations: each one is a task with its own connection, queue and fate. One that fails leaves the others alone.
//!
//! ```text
//! encoder → offer() → SendQueue (bounded in time) → Session (wire: RTMP, RTP, RTSP) → socket
//!                         life: idle → connecting → live → backoff → … → failed
//! ```
//! [`life`] and [`queue`] are logic without clock or socket, and so are the sessions; one `driver` runs them all.

mod budget;
mod change;
mod connect;
mod driver;
pub mod error;
pub mod life;
mod marks;
mod progress;
pub mod queue;
mod scheme;
mod shared;
mod sight;
mod sockinfo;
mod timeline;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::adapt::Sample;
use crate::clock::Clock;
use crate::media::{AudioConfig, Packet, VideoConfig};
use crate::secret::{Secret, SecretUrl};
use crate::wire::rtp_push::AudioChoice;

pub use budget::{Budget, Uplink, budget};
pub use change::TrackChange;
pub use connect::describe_network;
pub use error::PublishError;
pub use scheme::Scheme;

/// How long [`DestinationHandle::stop`] takes at most.
const STOP_WITHIN: Duration = Duration::from_secs(2);

/// Where to publish.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DestinationSpec {
    /// What the operator calls it.
    pub name: String,
    /// `rtmp://` or `rtmps://` with the stream key as its last segment; `ws://` or `wss://` for RTP as docs/rtp.md has it;
    /// `rtsp+ws://` or `rtsp+wss://`; `rtp+tcp://`. See [`Scheme`].
    pub url: SecretUrl,
    /// The rendition that it is sent; `None` is the source.
    pub rendition: Option<String>,
    /// For RTP over WebSockets: who may publish. Goes before one in the URL.
    pub token: Option<Secret>,
    /// Inside TLS: a PEM file with root certificates to trust besides the usual ones.
    pub ca_file: Option<PathBuf>,
}

impl DestinationSpec {
    /// Whether `url` is one that can be published to: of a scheme that is spoken here, with a host, and a port where the
    /// scheme has no usual one.
    #[must_use]
    pub fn accepts(url: &SecretUrl) -> bool {
        let has_host = url.expose().host_str().is_some_and(|host| !host.is_empty());
        let has_port = |scheme: Scheme| scheme.default_port().or(url.expose().port()).is_some();
        Scheme::of(url).is_some_and(|scheme| has_host && has_port(scheme) && AudioChoice::from_url(url).is_ok())
    }

    /// Whether its sound is to be Opus: `?audio=opus`, where the protocol can carry it. AAC otherwise.
    #[must_use]
    pub fn wants_opus(&self) -> bool {
        Scheme::of(&self.url).is_some_and(Scheme::has_opus) && AudioChoice::from_url(&self.url) == Ok(AudioChoice::Opus)
    }

    /// A destination that trusts the usual root certificates.
    #[must_use]
    pub fn new(name: impl Into<String>, url: SecretUrl) -> Self {
        Self {
            name: name.into(),
            url,
            rendition: None,
            token: None,
            ca_file: None,
        }
    }
}

/// What will be offered: told to the server before the first packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamConfig {
    /// Pictures, if any.
    pub video: Option<VideoConfig>,
    /// Sound as AAC, if any.
    pub audio: Option<AudioConfig>,
    /// The same sound as Opus, if it is coded so as well: for destinations whose [`wants_opus`](DestinationSpec::wants_opus) is
    /// true. A destination is offered packets of one of the two.
    pub opus: Option<AudioConfig>,
}

/// A destination's life, as operators and scripts see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum DestinationState {
    /// Not started, or stopped.
    Idle,
    /// On the way: until the server has taken media for long enough to mean it.
    Connecting,
    /// The server takes media.
    Live,
    /// Waiting to try again.
    Backoff {
        /// What went wrong.
        reason: String,
        /// Milliseconds from now to the next attempt.
        retry_in_ms: u64,
        /// Which attempt that will be, counted from the last time that all was well.
        attempt: u32,
    },
    /// Given up: only the operator can help.
    Failed {
        /// What went wrong.
        reason: String,
    },
}

/// A destination in figures. Counters run from the start of the destination and over all its connections.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DestinationStats {
    /// What went to the socket in the last second, headers included.
    pub bitrate_kbps: u32,
    /// Round-trip time in milliseconds: through the peer's program where it reports one, else that of the connection, where the
    /// system tells.
    pub rtt_ms: Option<f64>,
    /// Share of packets that the peer has missed since its report before, 0..1; where it reports.
    #[serde(default)]
    pub loss: Option<f64>,
    /// Mean deviation of the time between packets as the peer sees them, in milliseconds; where it reports.
    #[serde(default)]
    pub jitter_ms: Option<f64>,
    /// How much media waits to be sent.
    pub queue_ms: u32,
    /// Bytes that the system has taken and the peer has not yet confirmed, where the system tells.
    pub socket_bytes: Option<u32>,
    /// The congestion control of the connection, by the name that the system gives it, where it tells.
    #[serde(default)]
    pub congestion: Option<String>,
    /// Bytes that went to sockets.
    pub sent_bytes: u64,
    /// Pictures dropped because the network was late.
    pub dropped_frames: u64,
    /// AAC packets dropped because the network was very late.
    pub dropped_audio: u64,
    /// Pictures that passed while there was no connection to send them on, or before its first IDR.
    pub missed_frames: u64,
    /// AAC packets that passed likewise.
    pub missed_audio: u64,
    /// Connections that came as far as publishing.
    pub connects: u32,
}

/// What a destination tells its studio.
#[derive(Clone, Debug, PartialEq)]
pub enum DestinationReport {
    /// Its life has taken a turn. In backoff also once a second, for the countdown.
    State(DestinationState),
    /// Once a second.
    Stats(DestinationStats),
    /// While media may be sent, 20 times a second: what is seen of the connection.
    Sample(Sample),
    /// Nothing can be sent before the next IDR: make one soon.
    KeyframeWanted,
}

/// A running destination. Dropping it ends it in its own time; [`stop`](Self::stop) waits until it has ended.
#[derive(Debug)]
pub struct DestinationHandle {
    shared: Arc<shared::Shared>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// Starts a destination on the current tokio runtime. It connects at once and keeps trying.
///
/// `report` is called from the destination's task and must return quickly.
///
/// # Panics
/// Outside of a tokio runtime.
pub fn start(
    spec: DestinationSpec,
    stream: StreamConfig,
    clock: Clock,
    report: impl Fn(DestinationReport) + Send + Sync + 'static,
) -> DestinationHandle {
    let shared = Arc::new(shared::Shared::new(stream, spec.wants_opus(), clock));
    let (stop, stopped) = watch::channel(false);
    let driver = driver::Driver::new(spec, clock, Box::new(report), Arc::clone(&shared), stopped);
    DestinationHandle {
        shared,
        stop,
        task: tokio::spawn(driver.run()),
    }
}

impl DestinationHandle {
    /// Queues a packet. Never blocks: what does not fit pushes out what is oldest, and that is counted.
    pub fn offer(&self, packet: &Packet) {
        self.shared.offer(packet);
    }

    /// The packets offered from now on are of another configuration: other parameter sets or another size of pictures, another
    /// sample rate of sound. Decoders are told before the first of them, in the same connection where the protocol can
    /// (RTMP always, RTP for pictures), else in a new one; later connections begin with it. Where decoders can go on as
    /// they are, nothing is sent. The first picture after it must be an IDR; those that come before that are dropped.
    pub fn configure(&self, change: &TrackChange) {
        self.shared.configure(change);
    }

    /// Ends a backoff, or tries again after failure. Nothing while connecting or live.
    pub fn retry_now(&self) {
        self.shared.retry_now();
    }

    /// Tells the server that the stream is over and closes the connection; within two seconds, whatever the server does.
    pub async fn stop(mut self) {
        // The task may have ended by itself only after a panic; then nobody listens.
        let _ = self.stop.send(true);
        if tokio::time::timeout(STOP_WITHIN, &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}
