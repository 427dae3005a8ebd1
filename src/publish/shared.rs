//! What a destination's handle and its task share: the queue of packets, and the wish to try again.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::queue::{DEFAULT_LIMIT_MS, SendQueue};
use crate::media::{Packet, TimeDelta};

/// What the handle and the task share.
#[derive(Debug)]
pub(super) struct Shared {
    queue: Mutex<SendQueue>,
    /// Told for every packet.
    pub(super) has_packets: Notify,
    pub(super) is_retry_wanted: AtomicBool,
    pub(super) retry: Notify,
}

impl Shared {
    pub(super) fn new(has_video: bool) -> Self {
        Self {
            queue: Mutex::new(SendQueue::new(has_video, TimeDelta::from_millis(DEFAULT_LIMIT_MS))),
            has_packets: Notify::new(),
            is_retry_wanted: AtomicBool::new(false),
            retry: Notify::new(),
        }
    }

    pub(super) fn offer(&self, packet: &Packet) {
        self.queue().push(packet.clone());
        self.has_packets.notify_one();
    }

    pub(super) fn retry_now(&self) {
        self.is_retry_wanted.store(true, Ordering::Release);
        self.retry.notify_one();
    }

    /// Held for a few instructions, never across an await. A panic elsewhere leaves the queue whole.
    pub(super) fn queue(&self) -> MutexGuard<'_, SendQueue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
