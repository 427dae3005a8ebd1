//! The screen as it is drawn: keys in, screen out, compared with what was agreed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    dead_code,
    missing_docs
)]

#[path = "../glass/mod.rs"]
mod glass;
#[path = "../tui_fixture/mod.rs"]
mod tui_fixture;

mod alarms;
mod cells;
mod commands;
mod cues;
mod desk;
mod every_command;
mod faces;
mod finds;
mod items;
mod keys;
mod layouts;
mod moderation;
mod network;
mod plain;
mod rules;
mod screens;
