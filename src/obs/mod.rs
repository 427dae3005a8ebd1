//! obs-websocket 5: existing controllers drive a studio as if it were OBS.
//!
//! `obs-websocket` protocol 5.x, RPC version 1 (the document `protocol.md` of the project obs-websocket). A client of the desk like `control`:
//! what it asks for becomes commands of the one table.
//!
//! ```text
//! bytes → socket (upgrade, frames) → encoding (JSON, MessagePack) → session (who, which events) → request (against the model)
//!                                                                         → carry (orders to the desk, pictures, pauses) → response
//! model → events (what is new), meters → levels                                                                          → event
//! ```
//! Everything left of `carry` is pure. `connection` is one task per client, `server` lets them in; nobody ever waits for one.

mod auth;
mod carry;
pub mod code;
mod connection;
mod encoding;
mod events;
#[cfg(test)]
mod for_tests;
mod levels;
mod names;
mod permit;
pub mod request;
mod screenshot;
mod server;
mod session;
mod settings;
mod socket;

pub use server::{MAX_CONTROLLERS, Report, serve};
pub use settings::{Allowed, DEFAULT_LISTEN, ObsSettings};

/// The names of all requests that are known, in the order of the reference.
pub fn requests() -> impl Iterator<Item = &'static str> {
    request::known()
}
