//! A stream that can be watched: its renditions, who reads them, and what is asked of whoever feeds it.

use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, Weak};
use std::time::Duration;

use bytes::Bytes;
use tokio::runtime::Handle;

use super::access::is_name;
use super::log::{Entry, Log, Setup};
use super::message::{self, Kind, WallClock, message};
use super::mux::Mux;
use super::offer::Offer;
use super::{Demand, IngestStats, RelayError, RenditionInfo, RenditionStats, StreamStats};
use crate::clock::Clock;
use crate::media::{AudioConfig, Packet, TimeDelta, Timestamp, TrackKind, VideoConfig};

/// A rendition that nobody reads any more is encoded for so long: viewers come back, and change their minds.
const LINGER: Duration = Duration::from_secs(5);

/// Between two wishes for an IDR of the same rendition.
const KEYFRAME_WISH_MS: i64 = 500;

/// What was made before then is no place to begin.
const STALE_MS: i64 = 5000;

/// Latencies kept for the median.
const LATENCIES: usize = 64;

type Ask = Box<dyn Fn(Demand) + Send + Sync>;

/// Who reads a rendition: viewers, and the muxer for HLS.
#[derive(Debug, Default)]
struct Readers {
    count: usize,
    /// Counts the times that someone came, so that an old timer knows that it is old.
    generation: u64,
    is_wanted: bool,
}

/// One quality of a stream.
pub(super) struct Rendition {
    pub(super) info: RenditionInfo,
    pub(super) log: Arc<Log>,
    /// Its fragments, while someone wants them.
    pub(super) mux: Mutex<Weak<Mux>>,
    readers: Mutex<Readers>,
    setup: RwLock<Arc<Setup>>,
    wished_at: AtomicI64,
    pub(super) viewers: AtomicUsize,
    pub(super) sent_bytes: AtomicU64,
    pub(super) sent_frames: AtomicU64,
    pub(super) dropped_frames: AtomicU64,
    pub(super) switches: AtomicU64,
    latencies: Mutex<Vec<u32>>,
}

/// A stream and everything of it.
pub(super) struct Stream {
    pub(super) name: String,
    pub(super) renditions: Vec<Rendition>,
    offer: RwLock<Offer>,
    pub(super) ingest: Option<Arc<Mutex<IngestStats>>>,
    ask: Ask,
    clock: Clock,
    wall: WallClock,
    runtime: Handle,
    names: Vec<String>,
}

/// Counts as a reader of a rendition for as long as it lives.
pub(super) struct Seat {
    stream: Arc<Stream>,
    rendition: usize,
    is_viewer: bool,
}

impl Stream {
    pub(super) fn new(
        name: &str,
        infos: Vec<RenditionInfo>,
        audio: Option<&AudioConfig>,
        ingest: Option<Arc<Mutex<IngestStats>>>,
        ask: Ask,
        (clock, wall, runtime): (Clock, WallClock, Handle),
    ) -> Result<Self, RelayError> {
        let problem = |problem| RelayError::Renditions {
            stream: name.to_owned(),
            problem,
        };
        if !is_name(name) {
            return Err(RelayError::BadName { name: name.to_owned() });
        }
        if let Some(bad) = infos.iter().find(|info| !is_name(&info.name) || info.name == "auto") {
            return Err(RelayError::BadName { name: bad.name.clone() });
        }
        if infos.is_empty() {
            return Err(problem("there is no rendition"));
        }
        let names = infos.iter().map(|info| info.name.clone()).collect::<Vec<_>>();
        if (1..names.len()).any(|at| names[..at].contains(&names[at])) {
            return Err(problem("two renditions have one name"));
        }
        let rendition = |info: RenditionInfo| {
            // With sound alone there is nothing more to be known; with pictures, their parameter sets.
            let message = message::config(name, &info.name, &names, None, audio, wall);
            let setup = Setup {
                message,
                video: None,
                audio: audio.cloned(),
            };
            Rendition {
                log: Arc::new(Log::new()),
                mux: Mutex::default(),
                readers: Mutex::default(),
                setup: RwLock::new(Arc::new(setup)),
                wished_at: AtomicI64::new(i64::MIN),
                viewers: AtomicUsize::new(0),
                sent_bytes: AtomicU64::new(0),
                sent_frames: AtomicU64::new(0),
                dropped_frames: AtomicU64::new(0),
                switches: AtomicU64::new(0),
                latencies: Mutex::default(),
                info,
            }
        };
        Ok(Self {
            name: name.to_owned(),
            offer: RwLock::new(Offer::new(infos.iter().map(RenditionInfo::kbps).collect())),
            renditions: infos.into_iter().map(rendition).collect(),
            ingest,
            ask,
            clock,
            wall,
            runtime,
            names,
        })
    }

    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|own| own == name)
    }

    pub(super) const fn clock(&self) -> Clock {
        self.clock
    }

    pub(super) const fn wall(&self) -> WallClock {
        self.wall
    }

    /// The parameter sets of a rendition, from its next picture on.
    pub(super) fn set_video(&self, rendition: usize, config: VideoConfig) {
        let Some(rendition) = self.renditions.get(rendition).filter(|it| it.info.has_video()) else {
            return;
        };
        let audio = rendition.setup().audio.clone();
        self.set_up(rendition, Some(config), audio);
    }

    /// What decoders must know of the sound, from its next packet on. Not for a stream that has none.
    pub(super) fn set_audio(&self, config: &AudioConfig) {
        for (at, rendition) in self.renditions.iter().enumerate() {
            let setup = rendition.setup();
            let has_changed =
                setup.audio.is_some() && self.set_up(rendition, setup.video.clone(), Some(config.clone()));
            // Fragments begin anew with it, and that takes an IDR.
            let is_muxed = || {
                let mux = rendition.mux.lock().unwrap_or_else(PoisonError::into_inner);
                mux.strong_count() > 0
            };
            if has_changed && rendition.info.has_video() && is_muxed() {
                (self.ask)(Demand::Keyframe { rendition: at });
            }
        }
    }

    /// True if that is anything new.
    fn set_up(&self, rendition: &Rendition, video: Option<VideoConfig>, audio: Option<AudioConfig>) -> bool {
        let mut setup = rendition.setup.write().unwrap_or_else(PoisonError::into_inner);
        if setup.video == video && setup.audio == audio {
            return false;
        }
        let name = &rendition.info.name;
        let message = self.config_message(name, video.as_ref(), audio.as_ref());
        *setup = Arc::new(Setup { message, video, audio });
        true
    }

    /// What is told before the packets of a rendition, with the names of those that can be had.
    pub(super) fn config_message(
        &self,
        rendition: &str,
        video: Option<&VideoConfig>,
        audio: Option<&AudioConfig>,
    ) -> Bytes {
        let offer = self.offer();
        let names = offer.all().map(|(at, _)| self.names[at].clone());
        let names = names.collect::<Vec<_>>();
        drop(offer);
        message::config(&self.name, rendition, &names, video, audio, self.wall)
    }

    /// Held for a few instructions.
    pub(super) fn offer(&self) -> RwLockReadGuard<'_, Offer> {
        self.offer.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// These renditions can be had from now on.
    pub(super) fn offer_only(&self, is_offered: &[bool]) {
        self.offer
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .set(is_offered);
    }

    /// A picture of one rendition. Without parameter sets it is of no use to anyone.
    pub(super) fn push_video(&self, rendition: usize, packet: &Packet) {
        let Some(rendition) = self.renditions.get(rendition) else {
            return;
        };
        let setup = rendition.setup();
        if packet.track != TrackKind::Video || setup.video.is_none() {
            return;
        }
        let (message, payload) = message(Kind::Video, packet.is_idr, packet.pts, self.wall, &packet.data);
        rendition.log.push(|pictures_before| Entry {
            message,
            payload,
            track: TrackKind::Video,
            pts: packet.pts,
            is_join: packet.is_idr,
            at: self.clock.now(),
            pictures_before,
            setup,
        });
    }

    /// Sound, for every rendition: made into a message once.
    pub(super) fn push_audio(&self, packet: &Packet) {
        if packet.track != TrackKind::Audio {
            return;
        }
        let (message, payload) = message(Kind::Audio, true, packet.pts, self.wall, &packet.data);
        let at = self.clock.now();
        for rendition in &self.renditions {
            let setup = rendition.setup();
            if setup.audio.is_none() {
                return;
            }
            rendition.log.push(|pictures_before| Entry {
                message: message.clone(),
                payload,
                track: TrackKind::Audio,
                pts: packet.pts,
                is_join: !rendition.info.has_video(),
                at,
                pictures_before,
                setup,
            });
        }
    }

    /// Takes a reader's seat: from now on the rendition is wanted.
    pub(super) fn sit(self: &Arc<Self>, rendition: usize, is_viewer: bool) -> Seat {
        let seat = &self.renditions[rendition];
        let mut readers = seat.readers();
        readers.count += 1;
        readers.generation += 1;
        if !readers.is_wanted {
            readers.is_wanted = true;
            (self.ask)(Demand::Wanted {
                rendition,
                is_wanted: true,
            });
        }
        drop(readers);
        if is_viewer {
            seat.viewers.fetch_add(1, Ordering::Relaxed);
        }
        seat.forget_if_stale(self.clock.now());
        if seat.info.has_video() && seat.log.read().join().is_none() {
            self.wish_keyframe(rendition);
        }
        Seat {
            stream: Arc::clone(self),
            rendition,
            is_viewer,
        }
    }

    /// Asks for an IDR soon; not more often than an encoder can be asked.
    pub(super) fn wish_keyframe(&self, rendition: usize) {
        let now = self.clock.now().to_millis();
        let wished_at = &self.renditions[rendition].wished_at;
        let is_due = |last: i64| (last.saturating_add(KEYFRAME_WISH_MS) <= now).then_some(now);
        if wished_at
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, is_due)
            .is_ok()
        {
            (self.ask)(Demand::Keyframe { rendition });
        }
    }

    fn stand(self: &Arc<Self>, rendition: usize, is_viewer: bool) {
        let seat = &self.renditions[rendition];
        if is_viewer {
            seat.viewers.fetch_sub(1, Ordering::Relaxed);
        }
        let mut readers = seat.readers();
        readers.count -= 1;
        if readers.count > 0 {
            return;
        }
        let generation = readers.generation;
        drop(readers);
        let stream = Arc::downgrade(self);
        self.runtime.spawn(async move {
            tokio::time::sleep(LINGER).await;
            let Some(stream) = stream.upgrade() else { return };
            let seat = &stream.renditions[rendition];
            let mut readers = seat.readers();
            if readers.count > 0 || readers.generation != generation {
                return;
            }
            readers.is_wanted = false;
            (stream.ask)(Demand::Wanted {
                rendition,
                is_wanted: false,
            });
        });
    }

    /// Whether it was ended.
    pub(super) fn is_over(&self) -> bool {
        self.renditions.iter().any(|rendition| rendition.log.read().is_over())
    }

    /// Ends it: viewers get what is there and are told.
    pub(super) fn end(&self) {
        for rendition in &self.renditions {
            rendition.log.end();
        }
    }

    pub(super) fn stats(&self) -> StreamStats {
        let renditions = self.renditions.iter().map(Rendition::stats).collect::<Vec<_>>();
        StreamStats {
            name: self.name.clone(),
            is_ingest: self.ingest.is_some(),
            viewers: renditions.iter().map(|rendition| rendition.viewers).sum(),
            renditions,
            ingest: self
                .ingest
                .as_ref()
                .map(|stats| *stats.lock().unwrap_or_else(PoisonError::into_inner)),
        }
    }
}

impl Rendition {
    /// Held for a few instructions and one call of `ask`, so that what it is told keeps its order.
    fn readers(&self) -> MutexGuard<'_, Readers> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn setup(&self) -> Arc<Setup> {
        Arc::clone(&self.setup.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// As its encoder makes it now: not always as large as it is meant to be.
    pub(super) fn info_now(&self) -> RenditionInfo {
        let mut info = self.info.clone();
        if let Some(video) = &self.setup().video {
            (info.width, info.height) = (video.width, video.height);
            info.frame_rate = Some(video.frame_rate);
        }
        info
    }

    /// Drops what is left of the last time that it was encoded.
    fn forget_if_stale(&self, now: Timestamp) {
        let newest = self.log.read().newest_at();
        let is_stale = |at: Timestamp| now - at > TimeDelta::from_millis(STALE_MS);
        let newest_picture = || {
            let entries = self.log.read();
            let mut newest_first = entries.from(entries.first()).rev().map(|(_, entry)| entry);
            newest_first
                .find(|entry| entry.track == TrackKind::Video)
                .map(|entry| entry.at)
        };
        // Sound goes on where pictures are not encoded.
        let newest = if self.info.has_video() {
            newest_picture()
        } else {
            newest
        };
        if newest.is_some_and(is_stale) {
            self.log.clear();
        }
    }

    /// Notes what a viewer's page says of its latency.
    pub(super) fn note_latency(&self, ms: u32) {
        let mut latencies = self.latencies.lock().unwrap_or_else(PoisonError::into_inner);
        if latencies.len() == LATENCIES {
            latencies.remove(0);
        }
        latencies.push(ms);
    }

    fn stats(&self) -> RenditionStats {
        let mut latencies = self.latencies.lock().unwrap_or_else(PoisonError::into_inner).clone();
        latencies.sort_unstable();
        let viewers = self.viewers.load(Ordering::Relaxed);
        RenditionStats {
            info: self.info_now(),
            viewers,
            is_wanted: self.readers().is_wanted,
            sent_bytes: self.sent_bytes.load(Ordering::Relaxed),
            sent_frames: self.sent_frames.load(Ordering::Relaxed),
            dropped_frames: self.dropped_frames.load(Ordering::Relaxed),
            switches: self.switches.load(Ordering::Relaxed),
            latency_ms: latencies.get(latencies.len() / 2).copied().filter(|_| viewers > 0),
        }
    }
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stream")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Seat {
    pub(super) const fn index(&self) -> usize {
        self.rendition
    }

    pub(super) fn rendition(&self) -> &Rendition {
        &self.stream.renditions[self.rendition]
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.stream.stand(self.rendition, self.is_viewer);
    }
}
