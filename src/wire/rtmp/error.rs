//! What can go wrong with the other side of a connection, with the byte at which it did.

use thiserror::Error;

use crate::wire::amf0::Amf0Error;
use crate::wire::flv::UnfitCodec;

/// Why a connection cannot go on. Never contains a stream key: what servers say is scrubbed before it gets here.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum RtmpError {
    /// The peer's first byte is not RTMP version 3.
    #[error("not an RTMP server: its first byte is {version:#04x} instead of 0x03")]
    NotRtmp {
        /// That byte.
        version: u8,
    },
    /// The chunk stream makes no sense.
    #[error("RTMP byte {position}: {problem}")]
    Chunk {
        /// Counted from the peer's first byte after its handshake: where the chunk starts.
        position: u64,
        /// What is wrong with it.
        problem: ChunkProblem,
    },
    /// A command that cannot be read.
    #[error("RTMP command that ends at byte {position}: {source}")]
    Command {
        /// Counted from the peer's first byte after its handshake.
        position: u64,
        /// What is wrong inside.
        source: Amf0Error,
    },
    /// A control message of the wrong size, or with a senseless value.
    #[error("RTMP control message of type {kind} that ends at byte {position} makes no sense")]
    Control {
        /// Counted from the peer's first byte after its handshake.
        position: u64,
        /// Message type id (§5.4).
        kind: u8,
    },
    /// createStream was answered without a stream id.
    #[error("the server gave no stream id")]
    NoStreamId,
    /// The server said no.
    #[error(transparent)]
    Rejected(Rejection),
    /// What is to be sent is nothing that RTMP carries.
    #[error(transparent)]
    Unfit(#[from] UnfitCodec),
    /// The peer makes us answer more than it reads.
    #[error("the server asks more than it reads: {pending} bytes of answers wait")]
    Flood {
        /// Bytes that wait.
        pending: usize,
    },
}

/// What can be wrong with a chunk.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum ChunkProblem {
    /// A first chunk that leaves out what only an earlier one could supply (§5.3.1.2).
    #[error("chunk stream {chunk_stream} starts without a full header")]
    NoFullHeader {
        /// Its id.
        chunk_stream: u32,
    },
    /// A new header in the middle of a message.
    #[error("chunk stream {chunk_stream} starts a message with {missing} bytes of the last one missing")]
    Unfinished {
        /// Its id.
        chunk_stream: u32,
        /// Bytes that never came.
        missing: usize,
    },
    /// A message longer than we take.
    #[error("a message of {length} bytes, more than the {limit} that are taken")]
    TooLong {
        /// What the peer claims.
        length: usize,
        /// What we take.
        limit: usize,
    },
    /// More chunk streams at once than anyone needs.
    #[error("more than {limit} chunk streams")]
    TooManyStreams {
        /// How many are taken.
        limit: usize,
    },
    /// SetChunkSize with 0 or the top bit set (§5.4.1).
    #[error("chunk size {size}")]
    ChunkSize {
        /// The value.
        size: u32,
    },
}

/// A server's no, with its own words.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{}", rejection_text(.code, .description))]
pub struct Rejection {
    /// Whether to try again.
    pub kind: RejectionKind,
    /// Such as `NetStream.Publish.BadName`; empty where the server gave none.
    pub code: String,
    /// The server's description, scrubbed; may be empty.
    pub description: String,
}

/// Whether trying again can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RejectionKind {
    /// Key, password or permission refused: only a human can help.
    Credentials,
    /// Busy, already publishing, not found yet: may pass.
    Transient,
}

fn rejection_text(code: &str, description: &str) -> String {
    match (code, description) {
        ("", "") => "the server refused without a reason".to_owned(),
        (code, "") => format!("the server refused: {code}"),
        ("", description) => format!("the server refused: {description}"),
        (code, description) => format!("the server refused: {code} ({description})"),
    }
}

/// Words in a description that speak of who we are, not of how things are.
const CREDENTIAL_WORDS: [&str; 12] = [
    "auth",
    "denied",
    "permission",
    "forbidden",
    "credential",
    "password",
    "not allowed",
    "invalid key",
    "invalid stream key",
    "bad stream key",
    "code=401",
    "code=403",
];

impl RejectionKind {
    /// Sorts a status code and description. `BadName` is a busy name to some servers (nginx: "Already publishing", which
    /// is what one meets when coming back before the server has noticed the old connection's death) and a wrong key to
    /// others, so the description decides; without a hint we try again.
    #[must_use]
    pub fn of(code: &str, description: &str) -> Self {
        let description = description.to_lowercase();
        if description.contains("already") || description.contains("in use") {
            return Self::Transient;
        }
        let is_permission_code = matches!(
            code,
            "NetStream.Publish.Denied"
                | "NetStream.Publish.Unauthorized"
                | "NetStream.Publish.Rejected"
                | "NetStream.Authenticate.UsherFailed"
                | "NetStream.Record.NoAccess"
        );
        if is_permission_code || CREDENTIAL_WORDS.iter().any(|word| description.contains(word)) {
            Self::Credentials
        } else {
            Self::Transient
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RejectionKind::{Credentials, Transient};
    use super::*;

    #[test]
    fn refused_credentials_are_told_from_passing_trouble() {
        for (code, description, expected) in [
            ("NetStream.Publish.BadName", "Already publishing", Transient),
            ("NetStream.Publish.BadName", "", Transient),
            ("NetStream.Publish.BadName", "Authentication failed", Credentials),
            ("NetStream.Publish.Denied", "", Credentials),
            ("NetStream.Publish.Denied", "stream already in use", Transient),
            ("NetConnection.Connect.Rejected", "Server is full", Transient),
            (
                "NetConnection.Connect.Rejected",
                "[ AccessManager.Reject ] : [ code=403 need auth; authmod=adobe ]",
                Credentials,
            ),
            ("NetConnection.Connect.InvalidApp", "no such application", Transient),
            ("NetConnection.Connect.Rejected", "Invalid stream key", Credentials),
            ("", "", Transient),
        ] {
            assert_eq!(RejectionKind::of(code, description), expected, "{code} {description}");
        }
    }
}
