//! Sound: one strip per source, buses, true-peak limiters, meters. Pure: no threads, no clock, no IO; a block of 10 ms goes
//! in for every strip and a block of each bus comes out.
//!
//! ```text
//! strip   input ─ DC block ─ high-pass ─ denoise ─ gate ─ EQ ─ compressor ─ de-esser ─ ride ─ gain ─ pan ─ delay ─ meter
//!
//! buses   strips ─┬─ solo ───────────────── PFL bus ───── limiter ─┬─ monitor
//!                 └─ duck ─ mute ─ AFV ─┬─ program bus ── limiter ─┴─ program ─ meter, loudness
//!                                       └─ sends ─ aux buses A and B
//! ```
//!
//! **Time.** Whatever is switched on or off, what comes out is exactly [`Mixer::LATENCY_BLOCKS`] older than what went
//! in: one block for the denoiser (its overlap-add; the dry path is delayed equally), one for the limiter's
//! look-ahead. So sound never moves against the picture.
//!
//! **No clicks.** Everything that is set moves along ramps without corners, and a stage with a memory listens before it is
//! heard (`tests/sound/clicks.rs` loops over the table of parameters); a source that vanishes fades out, one that returns
//! fades in.
//!
//! **Cost.** A stage that is off is left out, a strip that is silent sleeps, and two channels that are the same are one
//! until the pan.
//!
//! **Real time.** `process` takes no lock and does not allocate (`tests/sound_alloc.rs` counts): all state, that of the
//! denoiser too, is made when a strip is made.
//!
//! **fundsp** gives the high-pass that each strip shares with its denoiser. Where its nodes were not taken, the module says why: [`filter`],
//! [`envelope`], [`delay`], [`pan`], [`limiter`].

pub mod compressor;
pub mod curve;
pub mod de_esser;
pub mod delay;
pub mod denoise;
pub mod duck;
pub mod envelope;
pub mod fader;
pub mod filter;
pub mod gate;
pub mod input;
pub mod k_weighting;
pub mod level;
pub mod limiter;
pub mod loudness;
pub mod meter;
pub mod mixer;
pub mod pan;
pub mod ramp;
pub mod range;
pub mod ride;
mod rnnoise;
pub mod settings;
mod silence;
mod stage_meter;
pub mod strip;
pub mod tone;
pub mod true_peak;

pub use meter::{Loudness, Meters, StageMeters, StripMeter};
pub use mixer::{Mix, Mixer, Point, StripSet};
pub use settings::{
    Adjust, BUS_PARAMS, Band, BusSettings, Compressor, DeEsser, Denoise, Ducking, Eq, Gate, HighPass, MAX_GAIN_DB,
    MIN_GAIN_DB, Param, ParamKind, Ride, Role, STRIP_PARAMS, Shelf, Stage, StripSettings, Unit, Value,
};
pub use silence::SilenceWatch;

use crate::media::BLOCK_FRAMES;

/// The samples of one block, left and right.
pub type Stereo = [[f32; BLOCK_FRAMES]; 2];

/// A block without sound.
pub const SILENCE: Stereo = [[0.0; BLOCK_FRAMES]; 2];
