//! From the encoders to every destination: the fan-out that no destination can hold up.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

use crate::media::{Packet, TrackKind};
use crate::publish::DestinationHandle;

/// Where packets go now, and what the encoders are asked for.
#[derive(Default)]
pub struct Outlet {
    destinations: RwLock<Vec<(String, DestinationHandle)>>,
    is_wanted: AtomicBool,
    is_idr_wanted: AtomicBool,
    video_kbps: AtomicU32,
    /// Measured by the encoder thread, read once per second.
    pub counters: Counters,
}

/// Sums since the start; whoever wants rates takes differences.
#[derive(Default)]
pub struct Counters {
    /// Program ticks composited.
    pub frames: AtomicU64,
    /// Sound blocks mixed.
    pub blocks: AtomicU64,
    /// Turns of the core task, 20 per second.
    pub turns: AtomicU64,
    /// Frames that found the encoder's queue full, or that its rate control left out.
    pub skipped_frames: AtomicU64,
    /// Ticks that the compositor missed.
    pub late_ticks: AtomicU64,
    /// Blocks that the mixer missed.
    pub late_blocks: AtomicU64,
    /// Pictures that the gate covered.
    pub covered_frames: AtomicU64,
    /// Blocks that the gate silenced.
    pub silenced_blocks: AtomicU64,
    /// Pictures and blocks that analysis had no time for.
    pub unseen: AtomicU64,
    /// Frames encoded.
    pub encoded_frames: AtomicU64,
    /// Time spent in the video encoder, in microseconds.
    pub encode_us: AtomicU64,
    /// Encoded video, in bytes.
    pub video_bytes: AtomicU64,
}

impl Outlet {
    /// An outlet without destinations, with the video target in kbit/s.
    #[must_use]
    pub fn new(video_kbps: u32) -> Self {
        let outlet = Self::default();
        outlet.set_video_kbps(video_kbps);
        outlet
    }

    /// As if there were a destination.
    #[cfg(test)]
    pub fn want_for_test(&self) {
        self.is_wanted.store(true, Ordering::Relaxed);
    }

    /// Whether anything is to be encoded: without a destination nothing is, and a rehearsal costs no encoder.
    #[must_use]
    pub fn is_wanted(&self) -> bool {
        self.is_wanted.load(Ordering::Relaxed)
    }

    /// Hands a packet to every destination. Never blocks on one of them.
    pub fn offer(&self, packet: &Packet) {
        if packet.track == TrackKind::Video {
            self.counters
                .video_bytes
                .fetch_add(packet.data.len() as u64, Ordering::Relaxed);
        }
        for (_, destination) in &*self.destinations.read().unwrap_or_else(PoisonError::into_inner) {
            destination.offer(packet);
        }
    }

    /// Adds a running destination. It starts with an IDR at once rather than with the next GOP.
    pub fn add(&self, name: String, handle: DestinationHandle) {
        self.destinations
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .push((name, handle));
        self.is_wanted.store(true, Ordering::Relaxed);
        self.want_idr();
    }

    /// Takes a destination out, for its owner to stop.
    pub fn remove(&self, name: &str) -> Option<DestinationHandle> {
        let mut destinations = self.destinations.write().unwrap_or_else(PoisonError::into_inner);
        let at = destinations.iter().position(|(known, _)| known == name)?;
        let (_, handle) = destinations.remove(at);
        self.is_wanted.store(!destinations.is_empty(), Ordering::Relaxed);
        Some(handle)
    }

    /// All of them, for the end of the show.
    pub fn remove_all(&self) -> Vec<DestinationHandle> {
        self.is_wanted.store(false, Ordering::Relaxed);
        let mut destinations = self.destinations.write().unwrap_or_else(PoisonError::into_inner);
        destinations.drain(..).map(|(_, handle)| handle).collect()
    }

    /// Runs `act` on a running destination; `false` where there is none of that name.
    pub fn with(&self, name: &str, act: impl FnOnce(&DestinationHandle)) -> bool {
        let destinations = self.destinations.read().unwrap_or_else(PoisonError::into_inner);
        let found = destinations.iter().find(|(known, _)| known == name);
        found.map(|(_, handle)| act(handle)).is_some()
    }

    /// The next picture is to be an IDR.
    pub fn want_idr(&self) {
        self.is_idr_wanted.store(true, Ordering::Relaxed);
    }

    /// Whether an IDR was asked for since the last call.
    #[must_use]
    pub fn take_idr_wish(&self) -> bool {
        self.is_idr_wanted.swap(false, Ordering::Relaxed)
    }

    /// Sets the video target.
    pub fn set_video_kbps(&self, kbps: u32) {
        self.video_kbps.store(kbps, Ordering::Relaxed);
    }

    /// The video target in kbit/s.
    #[must_use]
    pub fn video_kbps(&self) -> u32 {
        self.video_kbps.load(Ordering::Relaxed)
    }
}
