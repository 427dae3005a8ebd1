//! A show as text: scenes that are edited while it runs, cues, rules, and controllers of others, against the whole program.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    dead_code,
    missing_docs
)]

mod choose;
#[path = "../common/mod.rs"]
mod common;
mod cues;
mod edit;
mod live;
mod obs;
mod rules;
mod stage;
mod trial;
#[path = "../xserver_support/mod.rs"]
mod xserver_support;
