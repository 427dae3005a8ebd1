//! Who watches, asked of servers over real connections, and what becomes of it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    dead_code,
    missing_docs
)]

#[path = "../common/mod.rs"]
mod common;

mod http;
mod on_air;
mod stat_server;
