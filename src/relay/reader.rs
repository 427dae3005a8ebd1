//! One viewer's place in a log, and what becomes of it when the network is late. Logic only: time comes in as a value.
//!
//! Lateness is how long the next message has waited since it could have been sent: since it came, or since the viewer
//! joined or last jumped. Whoever is late by more than [`LATE_MS`] loses pictures up to the next IDR and keeps the sound; whoever
//! is late once more before that IDR loses the sound as well.

use std::sync::Arc;

use bytes::Bytes;

use super::log::{Entries, Entry, Setup};
use crate::media::{TimeDelta, Timestamp, TrackKind};

/// What may wait for a viewer before pictures are dropped.
pub(super) const LATE_MS: i64 = 1000;

/// Messages taken at once at most.
const BATCH: usize = 16;

/// Bytes after which no more is taken at once.
const BATCH_BYTES: usize = 128 * 1024;

/// What one look into the log brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Taken {
    /// Pictures handed out.
    pub(super) frames: u64,
    /// Pictures that the viewer does not get.
    pub(super) dropped: u64,
    /// How long the oldest message had waited.
    pub(super) delay: TimeDelta,
    /// Whether nothing more can be taken before `stop_at`.
    pub(super) is_at_stop: bool,
}

/// A place in a log.
#[derive(Debug)]
pub(super) struct Reader {
    next: u64,
    /// Pictures before this entry are not sent: decoding begins here. `None`: there is no such entry yet.
    pictures_from: Option<u64>,
    /// Pictures that have been seen, sent or not.
    pictures: u64,
    /// No message has waited since before then.
    fresh_since: Timestamp,
    /// Whether pictures were being dropped when it last was late.
    is_dropping: bool,
}

/// What a viewer has been sent, over all logs that it has read.
#[derive(Debug, Default)]
pub(super) struct Sent {
    pub(super) video: Option<Timestamp>,
    pub(super) audio: Option<Timestamp>,
    pub(super) setup: Option<Arc<Setup>>,
}

impl Reader {
    /// A place at the last IDR, where one is kept; else the viewer waits for one.
    pub(super) fn join(entries: &Entries, now: Timestamp) -> Self {
        let join = entries.join();
        let next = join.unwrap_or_else(|| entries.end());
        Self {
            next,
            pictures_from: join,
            pictures: entries
                .get(next)
                .map_or(entries.pictures(), |entry| entry.pictures_before),
            fresh_since: now,
            is_dropping: false,
        }
    }

    /// A place for a viewer that comes from another log: pictures from entry `join` on, sound where it left off.
    pub(super) fn switch(entries: &Entries, join: u64, sent: &Sent, now: Timestamp) -> Self {
        let is_new = |entry: &Entry| entry.track == TrackKind::Audio && sent.audio.is_some_and(|last| entry.pts > last);
        let sound = entries.from(entries.first()).take_while(|(number, _)| *number < join);
        let next = sound
            .filter(|(_, entry)| is_new(entry))
            .map(|(number, _)| number)
            .next();
        Self {
            next: next.unwrap_or(join),
            pictures_from: Some(join),
            pictures: entries
                .get(join)
                .map_or(entries.pictures(), |entry| entry.pictures_before),
            fresh_since: now,
            is_dropping: false,
        }
    }

    /// Whether it waits for an IDR that has not come.
    pub(super) const fn is_waiting(&self) -> bool {
        self.pictures_from.is_none()
    }

    /// Hands out what is there, up to a decent batch. With `stop_at` nothing from that time on.
    pub(super) fn take(
        &mut self,
        entries: &Entries,
        now: Timestamp,
        stop_at: Option<Timestamp>,
        sent: &mut Sent,
        out: &mut impl Extend<Bytes>,
    ) -> Taken {
        let mut taken = Taken::default();
        if self.next < entries.first() {
            // The log has gone on without this viewer.
            self.next = entries.first();
            self.pictures_from = entries.join().filter(|join| *join >= self.next);
        }
        if let Some(entry) = entries.get(self.next) {
            taken.delay = now - entry.at.max(self.fresh_since);
            if taken.delay > TimeDelta::from_millis(LATE_MS) {
                self.drop_pictures(entries, now);
            }
        }
        let (mut count, mut bytes) = (0, 0);
        while let Some(entry) = entries.get(self.next) {
            if count >= BATCH || bytes >= BATCH_BYTES {
                break;
            }
            let is_due = match entry.track {
                TrackKind::Video => {
                    if stop_at.is_some_and(|stop| entry.pts >= stop) {
                        taken.is_at_stop = true;
                        break;
                    }
                    if self.pictures_from.is_none() && entry.is_join {
                        self.pictures_from = Some(self.next);
                    }
                    taken.dropped += entry.pictures_before.saturating_sub(self.pictures);
                    self.pictures = entry.pictures_before + 1;
                    let is_due = self.pictures_from.is_some_and(|from| self.next >= from);
                    taken.dropped += u64::from(!is_due);
                    taken.frames += u64::from(is_due);
                    is_due
                }
                TrackKind::Audio => {
                    if entry.is_join && stop_at.is_some_and(|stop| entry.pts >= stop) {
                        taken.is_at_stop = true;
                        break;
                    }
                    sent.audio.is_none_or(|last| entry.pts > last)
                }
            };
            self.next += 1;
            if !is_due {
                continue;
            }
            match entry.track {
                TrackKind::Video => {
                    self.is_dropping = false;
                    sent.video = Some(entry.pts);
                }
                TrackKind::Audio => sent.audio = Some(entry.pts),
            }
            if !sent
                .setup
                .as_ref()
                .is_some_and(|setup| Arc::ptr_eq(setup, &entry.setup))
            {
                sent.setup = Some(Arc::clone(&entry.setup));
                out.extend([entry.setup.message.clone()]);
            }
            out.extend([entry.message.clone()]);
            bytes += entry.message.len();
            count += 1;
        }
        taken
    }

    fn drop_pictures(&mut self, entries: &Entries, now: Timestamp) {
        let idr = entries.join().filter(|join| *join > self.next);
        self.pictures_from = idr;
        if self.is_dropping {
            // Even the sound was too much.
            self.next = idr.unwrap_or_else(|| entries.end());
        }
        self.is_dropping = true;
        self.fresh_since = now;
    }
}
