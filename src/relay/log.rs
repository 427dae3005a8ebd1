//! The last seconds of one rendition, as finished messages. There is one for all viewers; each of them has no more than a
//! place in it (see [`reader`](super::reader)). So a viewer costs no queue of its own, and a slow one holds nobody up: what
//! it does not take in time goes from under it.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use bytes::Bytes;
use tokio::sync::watch;

use crate::media::{AudioConfig, Packet, TimeDelta, Timestamp, TrackKind, VideoConfig};

/// What is kept behind the newest message, besides everything since the last IDR.
const KEEP_MS: i64 = 2000;

/// No more bytes than these are kept, even of a stream that has no IDR for minutes. Who joins then waits for one.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// Sound alone wakes viewers of pictures only after so long without a picture; else it goes with the next one.
const SOUND_WAITS_MS: i64 = 100;

/// What decoders must know for the messages that carry it.
#[derive(Debug)]
pub(super) struct Setup {
    /// The finished message with all of it.
    pub(super) message: Bytes,
    /// Of the pictures.
    pub(super) video: Option<VideoConfig>,
    /// Of the sound.
    pub(super) audio: Option<AudioConfig>,
}

/// One message.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// The finished WebSocket frame.
    pub(super) message: Bytes,
    /// Where the payload begins in it.
    pub(super) payload: usize,
    pub(super) track: TrackKind,
    pub(super) pts: Timestamp,
    /// Whether decoding can begin here: an IDR, or any sound where there are no pictures.
    pub(super) is_join: bool,
    /// When it came.
    pub(super) at: Timestamp,
    /// How many pictures came before it.
    pub(super) pictures_before: u64,
    pub(super) setup: Arc<Setup>,
}

impl Entry {
    /// The access unit inside, sharing its bytes.
    pub(super) fn packet(&self) -> Packet {
        Packet {
            track: self.track,
            pts: self.pts,
            dts: self.pts,
            is_idr: self.is_join || self.track == TrackKind::Audio,
            data: self.message.slice(self.payload..),
        }
    }
}

/// What there is right now. Entries have numbers that never come again.
#[derive(Debug, Default)]
pub(super) struct Entries {
    first: u64,
    kept: VecDeque<Entry>,
    bytes: usize,
    /// The newest entry at which decoding can begin.
    join: Option<u64>,
    pictures: u64,
    is_over: bool,
}

impl Entries {
    /// The number of the oldest entry.
    pub(super) const fn first(&self) -> u64 {
        self.first
    }

    /// The number that the next entry will have.
    pub(super) fn end(&self) -> u64 {
        self.first + self.kept.len() as u64
    }

    pub(super) fn get(&self, number: u64) -> Option<&Entry> {
        self.kept.get(usize::try_from(number.checked_sub(self.first)?).ok()?)
    }

    /// The newest entry at which decoding can begin.
    pub(super) const fn join(&self) -> Option<u64> {
        self.join
    }

    /// Pictures so far, those that are gone included.
    pub(super) const fn pictures(&self) -> u64 {
        self.pictures
    }

    /// Whether nothing will come any more.
    pub(super) const fn is_over(&self) -> bool {
        self.is_over
    }

    /// When the newest entry came.
    pub(super) fn newest_at(&self) -> Option<Timestamp> {
        self.kept.back().map(|entry| entry.at)
    }

    /// Entries from `number` on with their numbers.
    pub(super) fn from(&self, number: u64) -> impl DoubleEndedIterator<Item = (u64, &Entry)> {
        let skip = usize::try_from(number.saturating_sub(self.first)).unwrap_or(usize::MAX);
        let skip = skip.min(self.kept.len());
        self.kept
            .range(skip..)
            .enumerate()
            .map(move |(at, entry)| (self.first + (skip + at) as u64, entry))
    }

    /// The first entry at which decoding can begin and that is later than `after`.
    pub(super) fn join_after(&self, after: Timestamp) -> Option<(u64, Timestamp)> {
        let newest = self.join?;
        let joins = self
            .from(self.first)
            .filter(|(_, entry)| entry.is_join && entry.pts > after);
        joins
            .take_while(|(number, _)| *number <= newest)
            .map(|(number, entry)| (number, entry.pts))
            .next()
    }

    fn push(&mut self, entry: Entry) {
        if entry.is_join {
            self.join = Some(self.end());
        }
        if entry.track == TrackKind::Video {
            self.pictures += 1;
        }
        self.bytes += entry.message.len();
        let oldest = entry.at - TimeDelta::from_millis(KEEP_MS);
        self.kept.push_back(entry);
        while let Some(front) = self.kept.front() {
            let is_needed = self.join.is_some_and(|join| self.first >= join) || front.at >= oldest;
            if is_needed && self.bytes <= MAX_BYTES {
                break;
            }
            self.bytes -= front.message.len();
            self.kept.pop_front();
            self.first += 1;
        }
        if self.join.is_some_and(|join| join < self.first) {
            self.join = None;
        }
    }

    fn clear(&mut self) {
        self.first = self.end();
        self.kept.clear();
        self.bytes = 0;
        self.join = None;
    }
}

/// The log of a rendition, and the bell that rings when something new is in it.
#[derive(Debug)]
pub(super) struct Log {
    entries: RwLock<Entries>,
    bell: watch::Sender<Timestamp>,
}

impl Log {
    pub(super) fn new() -> Self {
        Self {
            entries: RwLock::default(),
            bell: watch::Sender::new(Timestamp::ZERO),
        }
    }

    /// To look at, for a few instructions and never across an await.
    pub(super) fn read(&self) -> RwLockReadGuard<'_, Entries> {
        self.entries.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Entries> {
        self.entries.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes whenever there is something to be sent.
    pub(super) fn bell(&self) -> watch::Receiver<Timestamp> {
        self.bell.subscribe()
    }

    /// Appends what `entry` makes of the number of pictures so far.
    pub(super) fn push(&self, entry: impl FnOnce(u64) -> Entry) {
        let mut entries = self.write();
        let entry = entry(entries.pictures);
        let (at, is_urgent) = (entry.at, entry.is_join || entry.track == TrackKind::Video);
        entries.push(entry);
        drop(entries);
        if is_urgent || at - *self.bell.borrow() > TimeDelta::from_millis(SOUND_WAITS_MS) {
            self.bell.send_replace(at);
        }
    }

    /// Forgets everything: what is there is too old to begin with.
    pub(super) fn clear(&self) {
        self.write().clear();
    }

    /// Nothing will come any more.
    pub(super) fn end(&self) {
        self.write().is_over = true;
        self.bell.send_modify(|_| {});
    }
}
