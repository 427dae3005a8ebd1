//! The runtime: starts the threads of a studio, carries effects out, and feeds what comes of them back into `update`.
//!
//! ```text
//! source threads ─ frames ─▶ picture thread ─ program ─▶ video encoder thread ─┐
//!        └─ blocks ─▶ sound thread ─ program ─▶ sound encoder thread ──────────┴▶ Outlet ─▶ destinations (tokio tasks)
//! graphics thread ─ letters, images ─▶ picture thread
//!                              picture thread ─ references ─▶ tap thread ─ small pictures ─▶ clients
//! control socket ─ orders ─▶ core task: update(model) ─ effects ─▶ all of the above
//! ```
//!
//! Every arrow is bounded. The core task alone owns the model.

mod adapting;
mod air;
mod analysis;
mod applying;
mod cast;
mod compliance_file;
mod core;
mod counting;
mod data;
mod data_file;
mod data_server;
mod destinations;
mod easel;
mod encoding;
mod errands;
mod error;
pub mod gate;
mod graphics;
mod holding;
mod ladder;
mod line;
mod measure;
mod moderating;
mod obs;
mod outlet;
mod picture_loop;
mod plan;
mod process;
mod raise;
mod recording;
mod regroup;
mod relaying;
mod reporters;
mod saver;
mod scene_saving;
mod screen;
mod service;
mod sound_loop;
mod sourcing;
mod stage;
mod tap_loop;
mod taping;
mod trace_file;
mod watching;

pub use core::{Options, run};
pub use error::RunError;
pub use saver::{Leftover, find, set_aside, state_folder, state_path};
