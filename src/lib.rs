//! rigcast: a keyboard-driven stream studio for the terminal.

#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::print_stderr)
)]

pub mod cli;
pub mod clock;
pub mod control;
pub mod encode;
pub mod media;
pub mod picture;
pub mod publish;
pub mod scene;
pub mod secret;
pub mod sound;
pub mod source;
pub mod studio;
pub mod tui;
pub mod wire;
