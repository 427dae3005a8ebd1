//! What is done to pictures, held against what it should be.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    dead_code,
    missing_docs
)]

#[path = "../enhance_common/mod.rs"]
mod enhance_common;
#[path = "../common/peers.rs"]
mod peers;

mod checks;
mod compositor;
mod enhance;
mod thumbnail;
