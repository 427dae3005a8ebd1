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

#[cfg(test)]
mod tests {
    use super::super::log::Log;
    use super::*;
    use proptest::prelude::*;

    fn setup() -> Arc<Setup> {
        Arc::new(Setup {
            message: Bytes::from_static(b"setup"),
            video: None,
            audio: None,
        })
    }

    /// A message of eight bytes: the number, and whether an IDR, a picture or sound.
    fn entry(track: TrackKind, number: u32, is_join: bool, at_ms: i64, before: u64, setup: &Arc<Setup>) -> Entry {
        let mut message = number.to_be_bytes().to_vec();
        message.extend([u8::from(track == TrackKind::Video), u8::from(is_join), 0, 0]);
        Entry {
            message: message.into(),
            payload: 0,
            track,
            pts: Timestamp::from_millis(i64::from(number) * 33),
            is_join,
            at: Timestamp::from_millis(at_ms),
            pictures_before: before,
            setup: Arc::clone(setup),
        }
    }

    fn feed(log: &Log, number: u32, gop: u32, at_ms: i64, setup: &Arc<Setup>) {
        let is_idr = number.is_multiple_of(gop);
        log.push(|before| entry(TrackKind::Video, number, is_idr, at_ms, before, setup));
        log.push(|before| entry(TrackKind::Audio, number, false, at_ms, before, setup));
    }

    #[test]
    fn without_an_idr_a_viewer_waits_for_one() {
        let (log, setup) = (Log::new(), setup());
        feed(&log, 1, 30, 0, &setup);
        let at = Timestamp::from_millis;
        let mut reader = Reader::join(&log.read(), at(10));
        let mut sent = Sent::default();
        assert!(reader.is_waiting());
        for number in 2..=30 {
            feed(&log, number, 30, i64::from(number) * 33, &setup);
        }
        let mut out = Vec::new();
        let mut frames = 0;
        let mut dropped = 0;
        loop {
            let taken = reader.take(&log.read(), at(1000), None, &mut sent, &mut out);
            (frames, dropped) = (frames + taken.frames, dropped + taken.dropped);
            if reader.next == log.read().end() {
                break;
            }
        }
        assert_eq!((frames, dropped), (1, 28));
        assert!(!reader.is_waiting());
        assert_eq!(out.iter().filter(|message| ***message == b"setup"[..]).count(), 1);
    }

    proptest! {
        /// Whatever the pauses of a viewer: pictures ascend, after a hole comes an IDR, sound is never repeated, and every
        /// picture since it joined is either sent or counted.
        #[test]
        fn a_hole_ends_with_an_idr(
            gop in 1_u32..60,
            joins_at in 0_u32..100,
            pauses in prop::collection::vec((1_u32..120, 1_usize..6), 1..30),
        ) {
            let (log, setup) = (Log::new(), setup());
            let mut number = 0;
            let mut play = |count: u32| {
                for _ in 0..count {
                    feed(&log, number, gop, i64::from(number) * 33, &setup);
                    number += 1;
                }
                Timestamp::from_millis(i64::from(number) * 33)
            };
            let now = play(joins_at);
            let mut reader = Reader::join(&log.read(), now);
            let seen_before = reader.pictures;
            let (mut sent, mut out, mut frames, mut dropped) = (Sent::default(), Vec::new(), 0, 0);
            for (pause, looks) in pauses {
                let now = play(pause);
                for _ in 0..looks {
                    let taken = reader.take(&log.read(), now, None, &mut sent, &mut out);
                    frames += taken.frames;
                    dropped += taken.dropped;
                }
            }
            let messages = out.iter().filter(|message| message.len() == 8);
            let field = |message: &Bytes| u32::from_be_bytes([message[0], message[1], message[2], message[3]]);
            let (mut video, mut audio) = (None, None);
            for message in messages {
                let number = field(message);
                let last = if message[4] == 1 { &mut video } else { &mut audio };
                prop_assert!(last.is_none_or(|last| number > last));
                if message[4] == 1 {
                    prop_assert!(last.is_some_and(|last| number == last + 1) || message[5] == 1, "{number} after {last:?}");
                }
                *last = Some(number);
            }
            prop_assert_eq!(reader.pictures - seen_before, frames + dropped);
        }
    }
}
