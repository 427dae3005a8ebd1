//! What can go wrong with a server behind a WebSocket.

use thiserror::Error;

use super::MAX_INCOMING;

/// Why a WebSocket cannot go on. What a server says of itself is cut and free of control characters.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum WebSocketError {
    /// What answers does not speak HTTP.
    #[error("not a web server: its answer is no HTTP ({problem})")]
    NotHttp {
        /// What the parser stumbled over.
        problem: String,
    },
    /// The server will not upgrade.
    #[error("the server refused: HTTP {status}{}", status_hint(*.status))]
    Refused {
        /// Of HTTP (RFC 9110 §15).
        status: u16,
    },
    /// The server upgrades, but not to what was asked for.
    #[error("the server's upgrade does not fit: {0}")]
    Upgrade(#[from] UpgradeProblem),
    /// The server ended it (§7).
    #[error("the server closed the WebSocket: {code}{}", reason_text(.reason))]
    Closed {
        /// §7.4, or 1005 where it gave none.
        code: u16,
        /// In its own words; may be empty.
        reason: String,
    },
    /// The server sends more at once than anyone needs.
    #[error("WebSocket byte {position}: a message of more than the {MAX_INCOMING} bytes that are taken")]
    TooLong {
        /// Counted from the peer's first byte: not before this one.
        position: u64,
    },
    /// Frames that make no sense.
    #[error("WebSocket byte {position}: {problem}")]
    Protocol {
        /// Counted from the peer's first byte: not before this one.
        position: u64,
        /// What is wrong.
        problem: String,
    },
    /// The peer makes us answer more than it reads.
    #[error("the server asks more than it reads: {pending} bytes of answers wait")]
    Flood {
        /// Bytes that wait.
        pending: usize,
    },
}

/// How an answer with status 101 can miss (§4.1).
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum UpgradeProblem {
    /// No `Upgrade: websocket`, or no `Connection: Upgrade`.
    #[error("it is none to a WebSocket")]
    NoUpgrade,
    /// `Sec-WebSocket-Accept` does not answer our key: something between us and the server repeats old answers.
    #[error("its key does not answer ours")]
    Key,
    /// The server does not speak what is spoken here.
    #[error("it does not name the subprotocol {0}")]
    NoSubprotocol(&'static str),
    /// The server speaks something else.
    #[error("it names another subprotocol than {0}")]
    OtherSubprotocol(&'static str),
    /// An extension that nobody asked for.
    #[error("it has an extension that nobody asked for")]
    Extension,
}

/// The server cannot take what we have (§7.4.1). 1008, "policy", says too little: a name that is taken is free again soon.
const UNSUPPORTED: u16 = 1003;

/// From 4000 on codes are of the subprotocol (§7.4.2); those that forbid echo HTTP.
const OF_SUBPROTOCOL: u16 = 4000;

impl WebSocketError {
    /// Whether only a human can help: the server says that we may not.
    #[must_use]
    pub fn is_final(&self) -> bool {
        match self {
            Self::Refused { status } => is_forbidding(*status),
            Self::Closed { code, .. } => {
                *code == UNSUPPORTED || code.checked_sub(OF_SUBPROTOCOL).is_some_and(is_forbidding)
            }
            _ => false,
        }
    }
}

fn is_forbidding(status: u16) -> bool {
    matches!(status, 401 | 403 | 407)
}

fn status_hint(status: u16) -> &'static str {
    match status {
        401 => " (it wants another token)",
        403 => " (this token may not publish here)",
        404 => " (nothing is at this path)",
        407 => " (a proxy wants credentials)",
        400 | 405 | 426 => " (it may not speak WebSocket at this path)",
        503 => " (it is busy)",
        300..400 => " (it is elsewhere; redirections are not followed)",
        _ => "",
    }
}

fn reason_text(reason: &str) -> String {
    if reason.is_empty() {
        String::new()
    } else {
        format!(" ({reason})")
    }
}
