//! What moderation hears: the engines against real voices.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, missing_docs)]

#[path = "../common/peers.rs"]
mod peers;
mod recordings;
mod sentences;
mod spotting;
mod tuning;
