//! What is seen of one connection at one moment: all that a controller is told about the network.

use serde::{Deserialize, Serialize};

use crate::media::{TimeDelta, Timestamp};

/// One look at the connection of one destination. Sums run from the start of the connection, and start anew with the next.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// When.
    pub at: Timestamp,
    /// Which connection of the destination this is, from 1.
    pub connection: u32,
    /// Bytes that the socket has taken.
    pub written_bytes: u64,
    /// How many of them the peer's system has confirmed, in their order or behind something that was lost.
    pub confirmed_bytes: u64,
    /// Of `written_bytes`, what is media: the rest is the protocol's, TLS's.
    pub media_bytes: u64,
    /// Of `media_bytes`, what is sound.
    pub audio_bytes: u64,
    /// Bytes that the peer's program has acknowledged, where the protocol has it do so.
    pub acknowledged_bytes: Option<u64>,
    /// Bytes that wait in our own queue, pictures and sound.
    pub queued_bytes: u64,
    /// Of the kernel's buffer, what has not been sent even once.
    pub unsent_bytes: u64,
    /// For how long the oldest packet has waited that is not wholly given to the socket; zero if there is none.
    pub queue_age: TimeDelta,
    /// For how long the oldest packet has been under way that the peer's system has not wholly confirmed: queue, kernel and network
    /// together; zero if all is confirmed.
    pub lag: TimeDelta,
    /// Smoothed round trip of the connection.
    pub rtt: Option<TimeDelta>,
    /// The shortest round trip that the system has seen of late.
    pub min_rtt: Option<TimeDelta>,
    /// The system's own estimate of the rate at which bytes arrive, in bit/s.
    pub delivery_bps: Option<u64>,
    /// Whether that estimate was made while there was too little to send: a lower bound then.
    pub is_app_limited: bool,
    /// Segments sent anew.
    pub retransmits: u64,
    /// Share of packets that the peer has missed, 0..1, by its own report (RTCP), while that is fresh.
    pub loss: Option<f64>,
    /// Mean deviation of the time between packets, by the peer's own report, while that is fresh.
    pub jitter: Option<TimeDelta>,
    /// Bytes of the IDR that was queued last, and when it was: a burst that says nothing about the rate.
    pub idr_bytes: u64,
    /// When it was queued.
    pub idr_at: Option<Timestamp>,
    /// Pictures dropped for the network was late, from the start of the destination.
    pub dropped_frames: u64,
}
