//! The terminal client: keys in, screen out.
pub mod keymap;
pub mod monitor;
pub mod terminal;
