//! The terminal client: keys in, screen out.
pub mod monitor;
pub mod terminal;
