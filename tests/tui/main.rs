//! The screen as it is drawn: keys in, screen out, compared with what was agreed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    dead_code,
    missing_docs
)]

#[path = "../tui_fixture/mod.rs"]
mod tui_fixture;

mod alarms;
mod desk;
mod faces;
mod keys;
mod moderation;
mod network;
mod screens;
