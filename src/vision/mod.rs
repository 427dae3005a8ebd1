//! Faces in pictures: found, followed, and told to whoever hides them; and in `check` what else must not be seen. Knows
//! pictures and nothing of masks.
//!
//! Pure: a picture goes in, verdicts come out. The process that this runs in is the analysis worker's.

pub mod check;
mod cut;
mod detector;
mod face;
mod finder;
mod policy;
pub mod regions;
mod schedule;
mod tracker;
mod working;

pub use detector::{Area, Detector, Luma, Model, ModelError};
pub use face::{CoverReason, FaceBox, FaceVerdict, Found, Region, Regions, Sight, TrackedFace};
pub use finder::{FaceFinder, FinderSettings};
pub use policy::{MAX_LEVELS, MaskKind, OcclusionLevel, Policy, PolicyError};
pub use tracker::LOOK_AHEAD;

/// The SeetaFace frontal model (BSD 2-Clause, VIPL, Chinese Academy of Sciences), as the build found it in the package of
/// the `rustface` crate.
pub static MODEL: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/face_model.bin"));
