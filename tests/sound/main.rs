//! The sound desk, stage by stage and as a whole, without a clock.

#[path = "../sound_common/mod.rs"]
mod sound_common;

mod buses;
mod clicks;
mod limiter;
mod loudness;
mod stages;
mod strip;
