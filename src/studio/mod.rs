//! The main process: the model, the command table, the pure update, and the runtime that carries its effects out.

pub mod clearance;
pub mod command;
pub mod compliance;
pub mod fill;
pub mod model;
pub mod opening;
pub mod reference;
pub mod rehearsal;
pub mod runtime;
pub mod saved;
pub mod undo;
pub mod update;
