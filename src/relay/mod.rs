//! The relay: a small media server inside the studio. Whoever is allowed to watches in a browser or a player; other rigs may
//! hand their shows in.
//!
//! ```text
//! Feed::offer ─ message.rs: a finished WebSocket frame ─ log.rs: the last seconds, one for all viewers
//!                    viewer.rs: one task each, a place in the log (reader.rs), writes straight to the socket
//!                    chooser.rs: which rendition its network carries
//! mux.rs: the same as fragmented MP4, while someone wants it ─ hls/
//! ingest/: RFC 4571 over WebSocket from another rig ─ a stream like our own
//! server.rs: TCP, TLS, slow peers ─ routes.rs: addresses ─ access.rs: tokens ─ metrics.rs, page.rs
//! ```
//! A viewer costs a place in a log and a socket, no queue and no copy; so one that is slow harms nobody, and the cost of the
//! thousandth is that of the tenth.

mod access;
mod chooser;
mod connection;
mod error;
mod hls;
mod hub;
mod ingest;
mod log;
mod message;
mod metrics;
mod mux;
mod offer;
mod page;
mod reader;
mod routes;
mod server;
mod settings;
mod stream;
mod tls;
mod viewer;
mod websocket;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::clock::Clock;
use crate::media::{AudioConfig, Packet, VideoConfig};

use hub::Hub;
use stream::Stream;

pub use error::RelayError;
pub use settings::{
    DEFAULT_LISTEN, Demand, IngestStats, RelayReport, RelaySettings, RelayStats, RenditionInfo, RenditionStats,
    StreamStats, TlsFiles,
};

/// How long [`Relay::stop`] takes at most.
const STOP_WITHIN: Duration = Duration::from_secs(2);

/// A running relay. Dropping it ends it in its own time; [`stop`](Self::stop) waits until it has ended.
#[derive(Debug)]
pub struct Relay {
    hub: Arc<Hub>,
    address: SocketAddr,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Relay {
    /// Listens, and serves from tasks of the current tokio runtime. `clock` is the one on which packets are stamped.
    ///
    /// `report` is called from tasks and must return quickly.
    ///
    /// # Errors
    /// The address cannot be listened on, or the certificate cannot be used.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub async fn start(
        settings: RelaySettings,
        clock: Clock,
        report: impl Fn(RelayReport) + Send + Sync + 'static,
    ) -> Result<Self, RelayError> {
        let tls = match &settings.tls {
            Some(files) => Some(tls::acceptor(files).await?),
            None => None,
        };
        let listener = server::listen(settings.listen)?;
        let address = listener.local_addr()?;
        let (stop, stopped) = watch::channel(false);
        let hub = Arc::new(Hub::new(settings, clock, Box::new(report), stopped.clone()));
        let task = tokio::spawn(server::run(listener, tls, Arc::clone(&hub), stopped));
        Ok(Self {
            hub,
            address,
            stop,
            task,
        })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Offers a stream under a name, in these renditions. It can be watched until the feed is dropped.
    ///
    /// `demand` is called from any thread, must return quickly and must not call back.
    ///
    /// # Errors
    /// The name is taken or no name, or the renditions are not distinct.
    pub fn publish(
        &self,
        stream: &str,
        renditions: Vec<RenditionInfo>,
        audio: AudioConfig,
        demand: impl Fn(Demand) + Send + Sync + 'static,
    ) -> Result<Feed, RelayError> {
        let stream = self
            .hub
            .add(stream, renditions, Some(audio).as_ref(), None, Box::new(demand))?;
        Ok(Feed {
            hub: Arc::clone(&self.hub),
            stream,
        })
    }

    /// All figures as they are now.
    #[must_use]
    pub fn stats(&self) -> RelayStats {
        self.hub.stats()
    }

    /// Ends every stream, tells the viewers and closes; within two seconds, whatever they do.
    pub async fn stop(mut self) {
        // Nobody listens any more only after a panic.
        let _ = self.stop.send(true);
        self.hub.end();
        if tokio::time::timeout(STOP_WITHIN, &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.stop.send(true);
        self.hub.end();
    }
}

/// The way in for the packets of one stream. Dropping it ends the stream.
#[derive(Debug)]
pub struct Feed {
    hub: Arc<Hub>,
    stream: Arc<Stream>,
}

impl Feed {
    /// The parameter sets of a rendition, before its first packet and whenever they change: also to another size. The next
    /// picture must be an IDR.
    pub fn set_video(&self, rendition: usize, config: VideoConfig) {
        self.stream.set_video(rendition, config);
    }

    /// What decoders must know of the sound that follows, when that changes: another sample rate.
    pub fn set_audio(&self, config: &AudioConfig) {
        self.stream.set_audio(config);
    }

    /// Which renditions can be had from now on, in the order of [`Relay::publish`]; at least one, else nothing changes. Within a
    /// second viewers move to what is left: those that chose to what is nearest below, and back when it is offered again. Those
    /// that are left are no longer wanted a little later.
    pub fn offer_only(&self, is_offered: &[bool]) {
        self.stream.offer_only(is_offered);
    }

    /// A picture of a rendition. Never blocks.
    pub fn offer(&self, rendition: usize, packet: &Packet) {
        self.stream.push_video(rendition, packet);
    }

    /// Sound, which all renditions share. Never blocks.
    pub fn offer_audio(&self, packet: &Packet) {
        self.stream.push_audio(packet);
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.hub.remove(&self.stream);
    }
}
