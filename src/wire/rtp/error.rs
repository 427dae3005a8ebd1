//! What can be wrong with a packet that came in.

use rtcp_types::RtcpParseError;
use rtp_types::RtpParseError;
use thiserror::Error;

/// Why a packet was not understood. The stream goes on behind it.
#[derive(Debug, Error)]
pub enum RtpError {
    /// No RTP packet.
    #[error("no RTP packet: {0}")]
    Rtp(#[from] RtpParseError),
    /// No RTCP packet.
    #[error("no RTCP packet: {0}")]
    Rtcp(#[from] RtcpParseError),
    /// A packet of another track.
    #[error("RTP packet {sequence} has payload type {found}, not {expected}")]
    PayloadType {
        /// Of the packet.
        sequence: u16,
        /// What it says.
        found: u8,
        /// What the track has.
        expected: u8,
    },
    /// A payload that makes no sense, or that this crate cannot read.
    #[error("RTP packet {sequence}, byte {position} of its payload: {what}")]
    Payload {
        /// Of the packet.
        sequence: u16,
        /// Counted from the payload's first byte.
        position: usize,
        /// What is wrong, in words.
        what: &'static str,
    },
}
