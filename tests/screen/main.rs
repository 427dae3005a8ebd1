//! The program on real terminals, as its users run it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    dead_code,
    missing_docs
)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../glass/mod.rs"]
mod glass;

mod asked;
mod cells;
mod ctl;
mod desk;
mod hygiene;
mod link;
mod passthrough;
mod ssh;
mod tmux;
