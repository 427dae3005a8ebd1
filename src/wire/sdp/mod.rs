//! Session descriptions (RFC 8866) of what a connection carries, offered and answered (RFC 3264).
//!
//! An offer names each track with all that a decoder needs: RFC 6184 §8 for H.264, RFC 3640 §4 for AAC, RFC 7587 §7 for Opus,
//! over a connection that the offering side opens (RFC 4145, RFC 4571 §3). The answer repeats what is taken, and gives port 0
//! to what is not. Reading is tolerant: senders differ in order, case and spaces, and in what they leave out.

mod format;
mod read;
mod write;

use thiserror::Error;

pub use write::Way;

use crate::wire::rtp::RtpTrack;

/// More than any description of a few tracks has; a longer one is not looked at.
pub const MAX_BYTES: usize = 64 * 1024;

/// More tracks than anyone sends at once.
pub const MAX_MEDIA: usize = 16;

/// What one side sends, or takes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionDescription {
    /// What people call it.
    pub name: String,
    /// The tracks that this crate can send and read, in order.
    pub tracks: Vec<RtpTrack>,
    /// Media that it cannot: place among all media, and the words of its line (kind, protocol, formats).
    refused: Vec<(usize, [String; 3])>,
}

/// Why a text describes no session.
#[derive(Debug, Error, PartialEq)]
pub enum SdpError {
    /// Longer than is looked at.
    #[error("a session description of {0} bytes, more than the {MAX_BYTES} that are read")]
    TooLong(usize),
    /// More media than is looked at.
    #[error("a session description with {0} media, more than the {MAX_MEDIA} that are read")]
    TooManyMedia(usize),
    /// Not SDP.
    #[error("no session description: {0}")]
    Syntax(#[from] sdp_types::ParserError),
}

impl SessionDescription {
    /// A session of these tracks. Line breaks in the name, which would end its line, become spaces.
    #[must_use]
    pub fn new(name: &str, tracks: Vec<RtpTrack>) -> Self {
        Self {
            name: name.replace(['\r', '\n', '\0'], " "),
            tracks,
            refused: Vec::new(),
        }
    }

    /// What the sending side says first: it opened the connection and sends.
    #[must_use]
    pub fn offer(&self) -> String {
        self.write(Way::Offer)
    }

    /// What the receiving side says to this offer: it takes each track that it can read.
    #[must_use]
    pub fn answer(&self) -> String {
        self.write(Way::Answer)
    }

    /// The track with that payload type.
    #[must_use]
    pub fn track(&self, payload_type: u8) -> Option<&RtpTrack> {
        self.tracks.iter().find(|track| track.payload_type == payload_type)
    }

    /// Media of an offer that were not understood, or of an answer that were not taken.
    #[must_use]
    pub fn refused(&self) -> usize {
        self.refused.len()
    }
}

#[cfg(test)]
mod tests;
