//! The terminal client: keys in, screen out.
pub mod app;
pub mod keymap;
pub mod monitor;
pub mod terminal;
pub mod view;
