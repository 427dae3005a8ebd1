//! Publishing RTP without IO: over a WebSocket as `rtp4571.rigcast.v1`, or over a bare TCP connection (RFC 4571).
//!
//! ```text
//! Packet → RtpSender (a Packetizer per track, reports) → RFC 4571 frames → binary messages  (WebSocketPush)
//!                                                                        → the bare socket  (PlainPush)
//! ```
//! Over a WebSocket the tracks are agreed on first: an offer goes out as text, the answer comes back as text
//! (docs/rtp.md has the protocol for those who build the other side). A bare connection agrees on nothing; its reader is
//! given the session description by other means.

mod error;
mod plain;
mod sender;
mod target;
mod websocket;

pub use error::PushError;
pub use plain::PlainPush;
pub use sender::{RtpSender, tracks};
pub use target::{AudioChoice, Credentials, PushTarget, PushTargetError};
pub use websocket::{SUBPROTOCOL, WebSocketPush};

#[cfg(test)]
mod session_tests;
