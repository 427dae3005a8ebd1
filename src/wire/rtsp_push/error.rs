//! Why an RTSP server does not take a stream.

use thiserror::Error;

use crate::wire::websocket::WebSocketError;

/// What ends a connection. Never contains a credential: what servers say is scrubbed before it gets here.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum RtspError {
    /// The WebSocket, or what is behind it.
    #[error(transparent)]
    WebSocket(#[from] WebSocketError),
    /// The server said no.
    #[error("the server refused {method}: {status}{}", reason_text(.reason))]
    Refused {
        /// What it said no to.
        method: &'static str,
        /// RFC 2326 §7.1.1.
        status: u16,
        /// Its own words; may be empty.
        reason: String,
    },
    /// The server wants to know who we are in a way that is not spoken here.
    #[error("the server wants credentials by another way than Basic")]
    NoBasic,
    /// Bytes that are no RTSP.
    #[error("RTSP byte {position}: {problem}")]
    Syntax {
        /// Counted from the server's first byte: where the message starts.
        position: u64,
        /// What is wrong with it.
        problem: &'static str,
    },
}

impl RtspError {
    /// Whether only a human can help: the server does not let us, or cannot take what we have.
    #[must_use]
    pub fn is_final(&self) -> bool {
        match self {
            Self::WebSocket(error) => error.is_final(),
            // Unauthorized, forbidden, no such media type, no such transport.
            Self::Refused { status, .. } => matches!(status, 401 | 403 | 415 | 461),
            Self::NoBasic => true,
            Self::Syntax { .. } => false,
        }
    }
}

fn reason_text(reason: &str) -> String {
    if reason.is_empty() {
        String::new()
    } else {
        format!(" ({reason})")
    }
}
