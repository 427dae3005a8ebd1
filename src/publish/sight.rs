//! What is seen of one connection: the kernel's view of it, the peer's own words, and the packets under way.

use std::os::fd::{AsFd, OwnedFd};

use super::marks::Marks;
use super::progress::Progress;
use super::queue::SendQueue;
use super::sockinfo::{self, SocketInfo};
use crate::adapt::Sample;
use crate::media::{TimeDelta, Timestamp};
use crate::wire::session::Reception;

/// For how long the peer's own word goes.
const REPORT_LIFETIME_MS: i64 = 10_000;

/// Nothing confirmed for so long, with something under way, and pictures are given up until bytes move again: longer than what
/// a lost packet or two cost, and what is that late is not live.
const CHOKED_AFTER_MS: i64 = 1000;

/// While what is under way is no older than that, beyond two round trips, an IDR made now arrives in time.
const CLEAR_MS: i64 = 300;

/// One connection, looked at from time to time.
#[derive(Debug)]
pub(super) struct Sight {
    pub(super) progress: Progress,
    pub(super) marks: Marks,
    pub(super) info: Option<SocketInfo>,
    /// Bytes that have arrived there, in their order or behind something that was lost: what the path carries.
    arrived: u64,
    /// The peer's report of how media arrives, and when it came.
    reception: Option<(Timestamp, Reception)>,
    /// Bytes that the peer's program has acknowledged.
    acknowledged: Option<u64>,
}

impl Sight {
    /// A connection that opens now.
    pub(super) fn new(now: Timestamp) -> Self {
        Self {
            progress: Progress::new(now),
            marks: Marks::new(),
            info: None,
            arrived: 0,
            reception: None,
            acknowledged: None,
        }
    }

    /// The socket has taken `len` more bytes.
    pub(super) fn wrote(&mut self, len: usize) {
        self.progress.written += len as u64;
        self.marks.written(self.progress.written);
    }

    /// The peer's program has had so many bytes.
    pub(super) fn acknowledge(&mut self, total: u64, now: Timestamp) {
        self.acknowledged = Some(total);
        self.progress.acknowledge(total, now);
    }

    /// The peer's program tells how media arrives: so it has come at least near to what was written.
    pub(super) fn receive(&mut self, reception: Reception, now: Timestamp) {
        self.progress.acknowledge(self.progress.written, now);
        // A report without a round trip does not undo the one before.
        let rtt_ms = reception
            .rtt_ms
            .or(self.reception(now).and_then(|before| before.rtt_ms));
        self.reception = Some((now, Reception { rtt_ms, ..reception }));
    }

    /// Takes a look; `has_output` if there is more to be written.
    pub(super) fn look(&mut self, socket: &OwnedFd, has_output: bool, now: Timestamp) {
        self.info = sockinfo::probe(socket.as_fd());
        let unconfirmed = self.info.map_or(0, |info| u64::from(info.unconfirmed));
        self.progress.look(unconfirmed, has_output, now);
        if let Some(info) = self.info {
            self.progress.answered(now - info.silence);
        }
        self.marks.confirmed(self.progress.confirmed);
        let behind_loss = self.info.map_or(0, |info| u64::from(info.behind_loss));
        // Counted in segments, which are not all full: it does not go back for that.
        self.arrived = self
            .arrived
            .max(self.progress.confirmed + behind_loss)
            .min(self.progress.written);
    }

    /// The peer's report, while that is fresh.
    pub(super) fn reception(&self, now: Timestamp) -> Option<Reception> {
        let fresh = now - TimeDelta::from_millis(REPORT_LIFETIME_MS);
        self.reception
            .filter(|(at, _)| *at > fresh)
            .map(|(_, reception)| reception)
    }

    /// Whether nothing arrives any more.
    pub(super) fn is_choked(&self, now: Timestamp) -> bool {
        self.progress.silence(now) > TimeDelta::from_millis(CHOKED_AFTER_MS)
    }

    /// Whether something sent now would arrive in time.
    pub(super) fn is_clear(&self, now: Timestamp) -> bool {
        let round_trip = self.info.and_then(|info| info.min_rtt).unwrap_or(TimeDelta::ZERO);
        let patience = TimeDelta::from_millis(CLEAR_MS) + round_trip * 2;
        self.marks
            .oldest_unconfirmed()
            .is_none_or(|oldest| now - oldest <= patience)
    }

    /// All of it, for the controller.
    pub(super) fn sample(&self, connection: u32, queue: &SendQueue, now: Timestamp) -> Sample {
        let info = self.info.unwrap_or_default();
        let reception = self.reception(now);
        let (media_bytes, audio_bytes) = self.marks.media_bytes();
        let idr = queue.newest_idr();
        // What is under way came before what waits.
        let age = |under_way: Option<Timestamp>| {
            let oldest = under_way.or(queue.oldest_offered());
            oldest.map_or(TimeDelta::ZERO, |oldest| (now - oldest).max(TimeDelta::ZERO))
        };
        Sample {
            at: now,
            connection,
            written_bytes: self.progress.written,
            confirmed_bytes: self.arrived,
            media_bytes,
            audio_bytes,
            acknowledged_bytes: self.acknowledged,
            queued_bytes: queue.bytes() as u64,
            unsent_bytes: u64::from(info.unsent),
            queue_age: age(self.marks.oldest_unwritten()),
            lag: age(self.marks.oldest_unconfirmed()),
            rtt: self.info.map(|info| info.rtt),
            min_rtt: info.min_rtt,
            delivery_bps: info.delivery_bps,
            is_app_limited: info.is_app_limited,
            retransmits: u64::from(info.retransmits),
            loss: reception.map(|reception| reception.loss),
            jitter: reception.map(|reception| TimeDelta::from_secs_f64(reception.jitter_ms / 1000.0)),
            idr_bytes: idr.map_or(0, |idr| idr.bytes),
            idr_at: idr.map(|idr| idr.offered),
            dropped_frames: queue.counts().video,
        }
    }
}
