//! What all connections of a relay share: the streams, the settings, the limits and the figures.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::SystemTime;

use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::message::{WallClock, micros};
use super::stream::Stream;
use super::{Demand, IngestStats, RelayError, RelayReport, RelaySettings, RelayStats, RenditionInfo};
use crate::clock::Clock;
use crate::media::AudioConfig;

/// Rigs that may hand their shows in at the same time.
const MAX_SENDERS: usize = 16;

/// A relay without its sockets.
pub(super) struct Hub {
    pub(super) settings: RelaySettings,
    pub(super) clock: Clock,
    wall: WallClock,
    runtime: Handle,
    report: Box<dyn Fn(RelayReport) + Send + Sync>,
    pub(super) stopped: watch::Receiver<bool>,
    streams: RwLock<BTreeMap<String, Arc<Stream>>>,
    senders: Arc<Semaphore>,
    viewers: AtomicUsize,
    viewer_kbps: AtomicU64,
    /// Those that speak HTTP; viewers have left it behind.
    pub(super) connections: AtomicUsize,
    pub(super) sent_bytes: Arc<AtomicU64>,
    pub(super) sent_kbps: AtomicU32,
    pub(super) hls_bytes: AtomicU64,
    pub(super) refused_tokens: AtomicU64,
    pub(super) refused_viewers: AtomicU64,
}

/// Counts as a viewer for as long as it lives.
pub(super) struct Admission {
    hub: Arc<Hub>,
    kbps: u64,
}

impl Hub {
    pub(super) fn new(
        settings: RelaySettings,
        clock: Clock,
        report: Box<dyn Fn(RelayReport) + Send + Sync>,
        stopped: watch::Receiver<bool>,
    ) -> Self {
        let since_1970 = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        let now = i64::try_from(since_1970.as_micros()).unwrap_or(0);
        Self {
            settings,
            clock,
            wall: WallClock(now - micros(clock.now())),
            runtime: Handle::current(),
            report,
            stopped,
            streams: RwLock::default(),
            senders: Arc::new(Semaphore::new(MAX_SENDERS)),
            viewers: AtomicUsize::new(0),
            viewer_kbps: AtomicU64::new(0),
            connections: AtomicUsize::new(0),
            sent_bytes: Arc::default(),
            sent_kbps: AtomicU32::new(0),
            hls_bytes: AtomicU64::new(0),
            refused_tokens: AtomicU64::new(0),
            refused_viewers: AtomicU64::new(0),
        }
    }

    pub(super) const fn wall(&self) -> WallClock {
        self.wall
    }

    pub(super) fn event(&self, is_warning: bool, text: String) {
        (self.report)(RelayReport::Event { is_warning, text });
    }

    pub(super) fn report_stats(&self) {
        (self.report)(RelayReport::Stats(self.stats()));
    }

    pub(super) fn add(
        &self,
        name: &str,
        renditions: Vec<RenditionInfo>,
        audio: Option<&AudioConfig>,
        ingest: Option<Arc<Mutex<IngestStats>>>,
        ask: Box<dyn Fn(Demand) + Send + Sync>,
    ) -> Result<Arc<Stream>, RelayError> {
        let time = (self.clock, self.wall, self.runtime.clone());
        let stream = Arc::new(Stream::new(name, renditions, audio, ingest, ask, time)?);
        let mut streams = self.streams.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(old) = streams.get(name) {
            // A sender that comes back is faster than the end of its dead connection.
            if old.ingest.is_none() || stream.ingest.is_none() {
                return Err(RelayError::NameTaken { name: name.to_owned() });
            }
            old.end();
        }
        streams.insert(name.to_owned(), Arc::clone(&stream));
        Ok(stream)
    }

    pub(super) fn remove(&self, stream: &Arc<Stream>) {
        let mut streams = self.streams.write().unwrap_or_else(PoisonError::into_inner);
        if streams.get(&stream.name).is_some_and(|own| Arc::ptr_eq(own, stream)) {
            streams.remove(&stream.name);
        }
        drop(streams);
        stream.end();
    }

    /// Ends all streams.
    pub(super) fn end(&self) {
        let streams = std::mem::take(&mut *self.streams.write().unwrap_or_else(PoisonError::into_inner));
        for stream in streams.values() {
            stream.end();
        }
    }

    pub(super) fn find(&self, name: &str) -> Option<Arc<Stream>> {
        let streams = self.streams.read().unwrap_or_else(PoisonError::into_inner);
        streams.get(name).cloned()
    }

    /// Lets one more viewer in, where the limits allow it.
    pub(super) fn admit(self: &Arc<Self>, kbps: u32) -> Option<Admission> {
        let kbps = u64::from(kbps);
        let max_kbps = self.settings.max_viewer_kbps.map_or(u64::MAX, u64::from);
        let one_more = |count: usize| (count < self.settings.max_viewers).then_some(count + 1);
        let more = |sum: u64| (sum + kbps <= max_kbps).then_some(sum + kbps);
        let order = Ordering::Relaxed;
        if self.viewers.fetch_update(order, order, one_more).is_ok() {
            if self.viewer_kbps.fetch_update(order, order, more).is_ok() {
                return Some(Admission {
                    hub: Arc::clone(self),
                    kbps,
                });
            }
            self.viewers.fetch_sub(1, order);
        }
        self.refused_viewers.fetch_add(1, order);
        None
    }

    /// Lets one more sender in.
    pub(super) fn seat_sender(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.senders).try_acquire_owned().ok()
    }

    pub(super) fn stats(&self) -> RelayStats {
        let streams = self.streams.read().unwrap_or_else(PoisonError::into_inner);
        let streams = streams.values().cloned().collect::<Vec<_>>();
        let viewers = self.viewers.load(Ordering::Relaxed);
        RelayStats {
            streams: streams.iter().map(|stream| stream.stats()).collect(),
            viewers,
            connections: self.connections.load(Ordering::Relaxed) + viewers,
            sent_bytes: self.sent_bytes.load(Ordering::Relaxed),
            sent_kbps: self.sent_kbps.load(Ordering::Relaxed),
            hls_bytes: self.hls_bytes.load(Ordering::Relaxed),
            refused_tokens: self.refused_tokens.load(Ordering::Relaxed),
            refused_viewers: self.refused_viewers.load(Ordering::Relaxed),
        }
    }
}

impl std::fmt::Debug for Hub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hub")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        self.hub.viewers.fetch_sub(1, Ordering::Relaxed);
        self.hub.viewer_kbps.fetch_sub(self.kbps, Ordering::Relaxed);
    }
}
