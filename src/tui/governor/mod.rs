//! The preview governor: what goes to the terminal, how much of it, and when.
//!
//! On a thin or long link pictures are what keys wait behind. [`Link`] measures what the link carries, [`Pace`] says how many bytes
//! may go out now, [`Ladder`] how good the pictures are that are made at all, by what [`Watch`] has seen. All are pure: time comes in as a value.

mod ladder;
mod link;
mod pace;
mod watch;

pub use ladder::{Ladder, Load, Step};
pub use link::Link;
pub use pace::Pace;
pub use watch::{Sent, Watch};
