//! The control socket: JSON-RPC 2.0 in lines over a unix socket, and pictures for monitors on connections of their own.
//!
//! Server and client know the studio only through its model, its commands and the channels of a [`Desk`](desk::Desk).

pub mod client;
pub mod desk;
pub mod lines;
pub mod marks;
pub mod protocol;
pub mod server;
pub mod socket;
pub mod taps;
