//! RTP without IO: encoded media to packets and back (RFC 3550), for streams of bytes that carry them (RFC 4571).
//!
//! ```text
//! media::Packet → Packetizer   ─ H.264 (RFC 6184, mode 1), AAC (RFC 3640, AAC-hbr), Opus (RFC 7587) → RFC 4571 frames
//! bytes → FrameReader → Depacketizer → Received::{Config, Unit}
//!                     ↘ parse_rtcp   → what the other side says of its clock (SR) and of what reached it (RR)
//! ```
//! One [`Packetizer`] or [`Depacketizer`] per track. All of this runs over streams that keep order and lose nothing, but
//! what comes in may have crossed a lossy network before: so loss is noticed, never trusted away, and a picture with a hole
//! in it ends what a decoder may see until the next IDR.

mod aac;
mod depacketizer;
mod error;
pub mod framing;
mod h264;
mod ntp;
mod packetizer;
mod reception;
pub mod rtcp;
mod track;

pub use depacketizer::{Depacketizer, Received};
pub use error::RtpError;
pub use framing::FrameReader;
pub use ntp::NtpTime;
pub use packetizer::Packetizer;
pub use reception::ReceiveStats;
pub use rtcp::{ReportBlock, Rtcp, SenderReport, is_rtcp, parse_rtcp, write_receiver_report};
pub use track::{RtpCodec, RtpTrack};

/// Bytes of a header without contributors and extensions (RFC 3550 §5.1): what we send.
pub const HEADER_LEN: usize = 12;

/// What one packet may carry where the way is a stream of bytes that others may later send on in datagrams: with all headers
/// of IPv6, UDP and RTP below an Ethernet frame, and room for a tunnel.
pub const DEFAULT_MAX_PAYLOAD: usize = 1400;

#[cfg(test)]
mod fuzz_tests;
#[cfg(test)]
mod tests;
