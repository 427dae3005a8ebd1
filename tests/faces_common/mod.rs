//! Clips with real faces in them, and what is true about every picture of them.
//!
//! The faces are those of a photograph that the `rustface` crate carries for its own tests; drawn ones would prove nothing
//! about a detector. They are cut out with their hair and shoulders and moved over backdrops, so that for each picture it is
//! known where every face, eye, nose and mouth is, and how much of it can be seen.
#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    clippy::missing_panics_doc,
    missing_docs
)]

pub mod clip;
pub mod draw;
pub mod opencv;
pub mod photo;
pub mod shots;
