//! The last stretch before the encoders: pictures and sound are held for as long as it takes to look for faces, then leave
//! with what must not be seen painted over.
//!
//! ```text
//! picture thread ─▶ Hold ─▶ gate ─▶ verdict for this very PTS? ─┬ yes ▶ masks ─▶ encoder
//!                                   ▲                            └ no  ▶ cover ─▶ encoder
//! analysis thread ─ verdicts ───────┘   FaceWatch: plan, verdicts, delay
//!                  checks: Areas, until they are over
//! sound thread ───▶ Hold ─▶ (holding.rs: the broadcast delay) ─▶ gate ─▶ sound encoder
//! ```

mod areas;
mod hold;
mod masks;
mod occlusion;
mod pictures;
mod sound;

pub use areas::Areas;
pub use occlusion::{FaceWatch, HELD_PICTURES, Levels, MaskPlan, levels};
pub use pictures::{Aired, FaceReport, Outgoing, PictureAir};
pub use sound::{Mixed, SoundAir};
