//! The client's side of a WebSocket without IO (RFC 6455): an upgrade request, then messages both ways.
//!
//! ```text
//! bytes from the socket → upgrade (§4.1: status, key, subprotocol) → tungstenite over a Pipe → Incoming
//! bytes to the socket   ←  GET, then text and control frames by tungstenite, media framed and masked in place
//! ```
//! tungstenite reads frames and keeps the rules of closing and answering; it is given a stream of memory that says
//! `WouldBlock` when it runs dry. Media does not pass through it: a message is written once into the output, behind the
//! room for its header, and masked there. What a server may send us is small (answers, reports), and bounded so.

mod client;
mod error;
#[cfg(test)]
pub(in crate::wire) mod for_tests;
mod frame;
mod heartbeat;
mod pipe;
mod upgrade;

pub use client::{Client, Incoming};
pub use error::{UpgradeProblem, WebSocketError};
pub use heartbeat::Heartbeat;
pub use pipe::Pipe;
pub use upgrade::UpgradeRequest;

/// The longest message that is taken from a server.
pub const MAX_INCOMING: usize = 64 * 1024;

/// The longest message that is sent where its content can be cut: what every server takes.
pub const MAX_OUTGOING: usize = 65_535;
