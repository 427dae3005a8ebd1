//! What a destination's handle and its task share: the queue of packets, what they are, and the wish to try again.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::StreamConfig;
use super::queue::{DEFAULT_LIMIT_MS, SendQueue};
use crate::clock::Clock;
use crate::media::{AudioCodec, Packet, TimeDelta};
use crate::wire::session::TrackChange;

/// Packets, and the stream as it is offered now. Together, so that a new connection begins with what its first packets need.
#[derive(Debug)]
pub(super) struct Offered {
    pub(super) queue: SendQueue,
    pub(super) stream: StreamConfig,
}

/// What the handle and the task share.
#[derive(Debug)]
pub(super) struct Shared {
    offered: Mutex<Offered>,
    clock: Clock,
    wants_opus: bool,
    /// Told for every packet.
    pub(super) has_packets: Notify,
    pub(super) is_retry_wanted: AtomicBool,
    pub(super) retry: Notify,
}

impl Shared {
    pub(super) fn new(stream: StreamConfig, wants_opus: bool, clock: Clock) -> Self {
        let limit = TimeDelta::from_millis(DEFAULT_LIMIT_MS);
        Self {
            offered: Mutex::new(Offered {
                queue: SendQueue::new(stream.video.is_some(), limit),
                stream,
            }),
            clock,
            wants_opus,
            has_packets: Notify::new(),
            is_retry_wanted: AtomicBool::new(false),
            retry: Notify::new(),
        }
    }

    pub(super) fn offer(&self, packet: &Packet) {
        self.offered().queue.push(packet.clone(), self.clock.now());
        self.has_packets.notify_one();
    }

    pub(super) fn configure(&self, change: &TrackChange) {
        let mut offered = self.offered();
        let is_sent = match change {
            TrackChange::Video(_) => true,
            TrackChange::Audio(config) => (config.codec == AudioCodec::Opus) == self.wants_opus,
        };
        if offered.stream.apply(change) && is_sent {
            offered.queue.change(change.clone());
        }
    }

    pub(super) fn retry_now(&self) {
        self.is_retry_wanted.store(true, Ordering::Release);
        self.retry.notify_one();
    }

    /// Held for a few instructions, never across an await. A panic elsewhere leaves what is in it whole.
    pub(super) fn offered(&self) -> MutexGuard<'_, Offered> {
        self.offered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
