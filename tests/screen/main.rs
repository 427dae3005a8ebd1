//! The program on real terminals, as its users run it.

#[path = "../common/mod.rs"]
mod common;

mod ctl;
mod desk;
mod ssh;
mod tmux;
