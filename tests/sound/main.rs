//! The sound desk, stage by stage and as a whole, without a clock.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    dead_code,
    missing_docs
)]

#[path = "../sound_common/mod.rs"]
mod sound_common;

mod buses;
mod clicks;
mod limiter;
mod loudness;
mod stages;
mod strip;
