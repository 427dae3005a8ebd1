//! Faces in pictures, without a clock: the clips that tests are made of, what is found in them, and what is still seen of it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    dead_code,
    missing_docs
)]

#[path = "../common/extent.rs"]
mod extent;
#[path = "../faces_common/mod.rs"]
mod faces_common;
#[path = "../common/peers.rs"]
mod peers;

mod clip;
mod found;
mod hidden;
