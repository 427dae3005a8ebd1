//! What is done to pictures, held against what it should be.

#[path = "../enhance_common/mod.rs"]
mod enhance_common;

mod compositor;
mod enhance;
mod thumbnail;
