//! What all protocols that publish have in common: a session without IO, which one driver can run whatever is spoken.
//!
//! A session starts with bytes to say, or waiting for the peer; it is *opening* until the peer has agreed to take media,
//! then *live*, and *closed* once it has said goodbye. It holds no socket and asks no clock: what arrives is given to
//! [`receive`](Session::receive), what [`output`](Session::output) shows is to be written, and time comes with
//! [`tick`](Session::tick).

use std::fmt;
use std::time::Duration;

use thiserror::Error;

use super::rtmp::RtmpError;
use super::rtp_push::PushError;
use super::rtsp_push::RtspError;
use crate::media::{AudioConfig, Packet, Timestamp, VideoConfig};

/// How far a connection has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Before media may be sent; names what is being waited for.
    Opening(&'static str),
    /// Media may be sent.
    Live,
    /// [`Session::close`] was called.
    Closed,
}

impl Stage {
    /// Whether the peer has yet to agree.
    #[must_use]
    pub fn is_opening(self) -> bool {
        matches!(self, Self::Opening(_))
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Opening(what) => what,
            Self::Live => "the end of the show",
            Self::Closed => "the end of the connection",
        })
    }
}

/// What a driver needs to know.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Event {
    /// Media may be sent. Not yet a promise: some servers say so even to those they will refuse.
    Started,
    /// The peer has received this many of our bytes in all.
    Acknowledged {
        /// Bytes since the start of the connection.
        total: u64,
    },
    /// The peer tells how media arrives, and thereby that it does.
    Reception(Reception),
}

/// How media arrives, by the peer's own measurement since its last report (RFC 3550 §6.4.1). The worst of all tracks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reception {
    /// Share of packets that did not arrive, 0..1.
    pub loss: f64,
    /// Mean deviation of the time between packets, in milliseconds.
    pub jitter_ms: f64,
    /// From our report to the peer's program and back, in milliseconds, where it has had one of ours to answer.
    pub rtt_ms: Option<f64>,
}

/// The present, on every clock that a session may have to speak of.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// The studio's monotonic clock.
    pub studio: Timestamp,
    /// The connection's own clock, that of the packets it is given; `None` before the first of them.
    pub connection: Option<Timestamp>,
    /// The wall clock: since the Unix epoch.
    pub wall: Duration,
}

/// What decoders have to be told before the packets that follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrackChange {
    /// Other pictures: of another size, or by another encoder. The next one is an IDR.
    Video(VideoConfig),
    /// Other sound, of the same codec: at another sample rate.
    Audio(AudioConfig),
}

/// Why a connection cannot go on. Never contains a credential: what servers say is scrubbed before it gets here.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum SessionError {
    /// RTMP.
    #[error(transparent)]
    Rtmp(#[from] RtmpError),
    /// RTP, over a WebSocket or bare.
    #[error(transparent)]
    Push(#[from] PushError),
    /// RTSP over a WebSocket.
    #[error(transparent)]
    Rtsp(#[from] RtspError),
    /// The sound has changed in a way that was settled when the connection began.
    #[error("the sound is {codec} of {sample_rate} Hz from now on, which only a new connection can say")]
    Unannounced {
        /// The codec, as people call it.
        codec: &'static str,
        /// In Hz.
        sample_rate: u32,
    },
}

impl SessionError {
    /// Whether the peer, or what is to be sent, leaves no hope for another attempt without a human.
    #[must_use]
    pub fn is_final(&self) -> bool {
        match self {
            Self::Rtmp(error) => error.is_final(),
            Self::Push(error) => error.is_final(),
            Self::Rtsp(error) => error.is_final(),
            Self::Unannounced { .. } => false,
        }
    }
}

/// The publishing side of one connection.
pub trait Session: Send {
    /// How far it has come.
    fn stage(&self) -> Stage;

    /// Takes what the peer sent, in any pieces. What was understood before an error still counts.
    ///
    /// # Errors
    /// Any error ends the connection.
    fn receive(&mut self, bytes: &[u8], now: Moment) -> Result<(), SessionError>;

    /// Bytes that wait to be written.
    fn output(&self) -> &[u8];

    /// Says that the first `len` bytes of [`output`](Self::output) have been written.
    fn consume(&mut self, len: usize);

    /// What has happened, oldest first.
    fn poll_event(&mut self) -> Option<Event>;

    /// Says what has to be said before the first packet: once [`Event::Started`] has come.
    ///
    /// # Errors
    /// Where the stream is nothing that the protocol carries.
    fn begin(&mut self) -> Result<(), SessionError>;

    /// Says what decoders must know of the packets that follow, the first of which is stamped with `at`. Before
    /// [`begin`](Self::begin) it is that which will be said.
    ///
    /// # Errors
    /// Where this connection cannot say it. Another one can, made with the new configuration.
    fn reconfigure(&mut self, change: &TrackChange, at: Timestamp) -> Result<(), SessionError>;

    /// Sends one packet, stamped with `at` on the connection's own clock; nothing unless live.
    fn send(&mut self, packet: &Packet, at: Timestamp);

    /// Time passes: called a few times a second, for reports and signs of life.
    fn tick(&mut self, now: Moment);

    /// Ends the stream: the goodbye goes out, and nothing after it.
    fn close(&mut self);
}

/// Bytes on their way to a socket, some of them already written.
#[derive(Debug, Default)]
pub(super) struct Output {
    bytes: Vec<u8>,
    written: usize,
}

/// What is kept of the buffer between bursts: one huge IDR should not hold its memory for the rest of the show.
const KEPT: usize = 1 << 20;

impl Output {
    pub(super) fn waiting(&self) -> &[u8] {
        &self.bytes[self.written..]
    }

    /// True if all is written now.
    pub(super) fn consume(&mut self, len: usize) -> bool {
        self.written = (self.written + len).min(self.bytes.len());
        let is_empty = self.written == self.bytes.len();
        if is_empty {
            self.bytes.clear();
            self.bytes.shrink_to(KEPT);
            self.written = 0;
        }
        is_empty
    }

    /// Where to append.
    pub(super) fn end(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_forgets_what_is_written_and_gives_back_what_was_huge() {
        let mut output = Output::default();
        output.end().extend_from_slice(b"abc");
        assert!(!output.consume(2));
        output.end().extend_from_slice(b"d");
        assert_eq!(output.waiting(), b"cd");
        assert!(output.consume(10));
        output.end().resize(5 << 20, 0);
        assert!(output.consume(5 << 20));
        assert!(output.end().capacity() <= KEPT && output.waiting().is_empty());
    }
}
