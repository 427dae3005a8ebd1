//! Screens: an X server that the test starts, a program that draws on it, what is captured of that, and what a viewer gets.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, missing_docs)]

mod captured;
#[path = "../common/mod.rs"]
mod common;
mod on_air;
#[path = "../source_support/told.rs"]
mod told;
#[path = "../xserver_support/mod.rs"]
mod xserver_support;
