//! A bad network in a box: two network namespaces, a cable between them that can be slow, late, lossy or cut, a server and
//! a viewer at the far end, and what came through as numbers.
//!
//! ```text
//!   near namespace                                             far namespace
//!   publisher ─ tun "up" ─ tc tbf (capacity) ─▶ wire (delay, loss, cut) ─▶ tun "down" ─ nginx-rtmp ─ ffmpeg -c copy ─▶ arrivals
//! ```
//!
//! The namespaces have no names, the devices live in them, and they are gone with the last process in them: nothing is left
//! behind by a test that panics or is killed, and any number can run beside each other.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    missing_docs
)]

pub mod border;
pub mod clip;
pub mod competitor;
pub mod figures;
pub mod namespace;
pub mod path;
pub mod pushers;
pub mod reader;
pub mod run;
pub mod server;
pub mod studio;
pub mod traces;
pub mod wire;
