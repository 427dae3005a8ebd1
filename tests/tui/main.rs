//! The screen as it is drawn: keys in, screen out, compared with what was agreed.

#[path = "../tui_fixture/mod.rs"]
mod tui_fixture;

mod desk;
mod faces;
mod keys;
mod screens;
