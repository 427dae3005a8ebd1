//! Why RTP cannot go on to a peer.

use thiserror::Error;

use crate::wire::websocket::WebSocketError;

/// What ends a connection. Never contains a token.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum PushError {
    /// The WebSocket, or the server behind it.
    #[error(transparent)]
    WebSocket(#[from] WebSocketError),
    /// The answer to our offer cannot be read.
    #[error("the server's answer to our session description: {problem}")]
    Answer {
        /// What is wrong with it.
        problem: String,
    },
    /// The server does not take a track.
    #[error("the server takes no {codec}")]
    NotTaken {
        /// The codec, as people call it.
        codec: &'static str,
    },
}

impl PushError {
    /// Whether only a human can help.
    #[must_use]
    pub fn is_final(&self) -> bool {
        match self {
            Self::WebSocket(error) => error.is_final(),
            Self::NotTaken { .. } => true,
            Self::Answer { .. } => false,
        }
    }
}
