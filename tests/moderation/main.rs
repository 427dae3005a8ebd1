//! Moderation as a viewer gets it: the real program, with a recogniser and a hold, published to nginx and pulled by ffmpeg.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]

#[path = "../common/mod.rs"]
mod common;

mod heard;
mod hold;
mod lost;
#[path = "../words/sentences.rs"]
mod sentences;
mod spoken;
mod words;
