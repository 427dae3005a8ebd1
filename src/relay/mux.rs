//! A rendition as fragmented MP4: for browsers that play by Media Source Extensions, and for HLS. Made once for all of them,
//! and only while there are any.
//!
//! A task reads the rendition's log as a viewer does and writes fragments of a quarter of a second into a log of the same
//! kind, from which viewers are served as from any other, and into the playlist of HLS. Time in it is the studio clock, for all
//! renditions alike.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::hls::playlist::{Part, Playlist};
use super::log::{Entries, Entry, Log, Setup};
use super::message::{Kind, message};
use super::stream::{Seat, Stream};
use crate::clock::Clock;
use crate::media::{Packet, TimeDelta, Timestamp, TrackKind};
use crate::wire::fmp4::{Fragment, Muxer, TrackConfig};

/// A fragment is no longer, where pictures are no longer.
const FRAGMENT_MS: i64 = 250;

/// More than that does not wait for the end of a fragment.
const MAX_PENDING: usize = 8 * 1024 * 1024;

/// Without a player for so long, HLS is not made any more.
const HLS_LINGER_MS: i64 = 20_000;

/// How often a silent log is looked at: whether anybody still wants it.
const LOOK: Duration = Duration::from_secs(1);

/// Fragments of one rendition. It is made for as long as someone holds this.
pub(super) struct Mux {
    seat: Seat,
    clock: Clock,
    /// Fragments as messages for viewers.
    pub(super) log: Arc<Log>,
    playlist: Mutex<Playlist>,
    /// Rings when the playlist has changed.
    version: watch::Sender<u64>,
    /// When a player of HLS last asked for something, in milliseconds of the studio clock; negative before.
    asked_at: AtomicI64,
}

impl Mux {
    /// The muxer of a rendition, a new one where there is none. Needs a runtime.
    pub(super) fn of(stream: &Arc<Stream>, rendition: usize) -> Arc<Self> {
        let own = &stream.renditions[rendition].mux;
        let mut own = own.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(mux) = own.upgrade() {
            return mux;
        }
        let mux = Arc::new(Self {
            seat: stream.sit(rendition, false),
            clock: stream.clock(),
            log: Arc::new(Log::new()),
            playlist: Mutex::default(),
            version: watch::Sender::new(0),
            asked_at: AtomicI64::new(-1),
        });
        *own = Arc::downgrade(&mux);
        tokio::spawn(run(Arc::downgrade(&mux), Arc::clone(stream), rendition));
        mux
    }

    /// Held for a few instructions, never across an await.
    pub(super) fn playlist(&self) -> MutexGuard<'_, Playlist> {
        self.playlist.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes with the playlist.
    pub(super) fn version(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    /// Notes that a player of HLS is there: it does not stay between its requests, so something else must hold this.
    pub(super) fn note_player(self: &Arc<Self>) {
        let now = self.clock.now().to_millis();
        if self.asked_at.swap(now, Ordering::Relaxed) >= 0 {
            return;
        }
        let held = Arc::clone(self);
        tokio::spawn(async move {
            loop {
                let idle = held.clock.now().to_millis() - held.asked_at.load(Ordering::Relaxed);
                if idle >= HLS_LINGER_MS || held.seat.rendition().log.read().is_over() {
                    held.asked_at.store(-1, Ordering::Relaxed);
                    break;
                }
                sleep(LOOK).await;
            }
        });
    }
}

/// Where the task is in the rendition's log, and what it has begun.
struct Progress {
    next: Option<u64>,
    current: Option<Current>,
}

/// A muxer for as long as what decoders must know stays the same.
struct Current {
    source: Arc<Setup>,
    setup: Arc<Setup>,
    init: usize,
    muxer: Muxer,
    has_video: bool,
    /// When the fragment that is being made began, and the newest packet of the track that it is measured by.
    began: Option<Timestamp>,
    newest: Timestamp,
}

async fn run(mux: Weak<Mux>, stream: Arc<Stream>, rendition: usize) {
    let log = Arc::clone(&stream.renditions[rendition].log);
    let mut bell = log.bell();
    let mut progress = Progress {
        next: None,
        current: None,
    };
    loop {
        {
            let Some(mux) = mux.upgrade() else { break };
            bell.mark_unchanged();
            let (entries, is_over) = progress.collect(&log.read());
            for entry in entries {
                progress.take(&entry, &mux, &stream, rendition);
            }
            if is_over {
                mux.log.end();
                mux.version.send_modify(|version| *version += 1);
                break;
            }
        }
        // A silent log says nothing, and may have nobody left who waits.
        let _ = timeout(LOOK, bell.changed()).await;
    }
}

impl Progress {
    /// What is new, from the last IDR on in the beginning.
    fn collect(&mut self, entries: &Entries) -> (Vec<Entry>, bool) {
        if self.next.is_none_or(|next| next < entries.first()) {
            self.next = entries.join();
            // What was begun has a hole now.
            self.current = None;
        }
        let Some(next) = &mut self.next else {
            return (Vec::new(), entries.is_over());
        };
        let new = entries.from(*next).map(|(_, entry)| entry.clone()).collect();
        *next = entries.end();
        (new, entries.is_over())
    }

    fn take(&mut self, entry: &Entry, mux: &Mux, stream: &Stream, rendition: usize) {
        let is_same = self
            .current
            .as_ref()
            .is_some_and(|current| Arc::ptr_eq(&current.source, &entry.setup));
        if !is_same {
            if let Some(mut old) = self.current.take() {
                old.cut(entry.pts, mux, stream);
            }
            if !entry.is_join {
                return;
            }
            self.current = Some(Current::new(&entry.setup, mux, stream, rendition));
        }
        if let Some(current) = &mut self.current {
            current.push(entry, mux, stream);
        }
    }
}

impl Current {
    fn new(source: &Arc<Setup>, mux: &Mux, stream: &Stream, rendition: usize) -> Self {
        let mut tracks = Vec::new();
        tracks.extend(source.video.clone().map(TrackConfig::Video));
        tracks.extend(source.audio.clone().map(|config| TrackConfig::Audio {
            config,
            name: stream.renditions[rendition].info.name.clone(),
        }));
        let muxer = Muxer::with_origin(tracks, Timestamp::ZERO);
        let bytes = muxer.init_segment();
        // Codec strings for the source buffer first, then what goes into it.
        let (init, _) = message(Kind::Init, false, Timestamp::ZERO, stream.wall(), &bytes);
        let mut both = BytesMut::with_capacity(source.message.len() + init.len());
        both.put_slice(&source.message);
        both.put_slice(&init);
        Self {
            setup: Arc::new(Setup {
                message: both.freeze(),
                video: source.video.clone(),
                audio: source.audio.clone(),
            }),
            init: mux.playlist().push_init(bytes),
            has_video: source.video.is_some(),
            source: Arc::clone(source),
            muxer,
            began: None,
            newest: Timestamp::ZERO,
        }
    }

    fn push(&mut self, entry: &Entry, mux: &Mux, stream: &Stream) {
        let packet: Packet = entry.packet();
        let is_measure = self.has_video == (entry.track == TrackKind::Video);
        if is_measure {
            if let Some(began) = self.began {
                // The packet after this one would be too late if it comes as this one came after the one before.
                let next = packet.pts + (packet.pts - self.newest);
                let is_full = next - began > TimeDelta::from_millis(FRAGMENT_MS);
                let starts_anew = self.has_video && entry.is_join;
                if is_full || starts_anew || self.muxer.pending_bytes() > MAX_PENDING {
                    self.cut(packet.pts, mux, stream);
                }
            }
            self.began.get_or_insert(packet.pts);
            self.newest = packet.pts;
        }
        let track = usize::from(self.has_video && entry.track == TrackKind::Audio);
        self.muxer.push(track, &packet);
    }

    /// Ends the fragment: what comes next is due at `end`.
    fn cut(&mut self, end: Timestamp, mux: &Mux, stream: &Stream) {
        self.began = None;
        let Some(fragment) = self.muxer.fragment(end, None) else {
            return;
        };
        let Fragment {
            bytes,
            starts_with_idr,
            pts,
            duration,
            ..
        } = fragment;
        let (message, payload) = message(Kind::Fragment, starts_with_idr, pts, stream.wall(), &bytes);
        let bytes: Bytes = message.slice(payload..);
        mux.log.push(|pictures_before| Entry {
            message,
            payload,
            track: if self.has_video {
                TrackKind::Video
            } else {
                TrackKind::Audio
            },
            pts,
            is_join: starts_with_idr,
            at: mux.clock.now(),
            pictures_before,
            setup: Arc::clone(&self.setup),
        });
        mux.playlist().push(Part {
            bytes,
            pts,
            duration,
            is_join: starts_with_idr,
            init: self.init,
        });
        mux.version.send_modify(|version| *version += 1);
    }
}
