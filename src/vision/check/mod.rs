//! Checks of pictures before air: what must not be seen besides faces.
//!
//! ```text
//! picture ─┬▶ codes/       QR codes and barcodes ─────────┐
//!          ├▶ blocked/     images of the block list ──────┤
//!          ├▶ black, frozen (picture::watch) ─────────────┼▶ presence ─▶ verdicts: new, moved, gone
//!          └▶ classify/    a model's or a program's labels ┘
//! ```
//!
//! Pure: pictures go in, verdicts come out, each look costs a few milliseconds. What a verdict leads to is the studio's business: see
//! its `air::areas` for what is painted before the encoder.

pub mod blocked;
mod checker;
pub mod classify;
pub mod codes;
mod presence;
mod settings;
mod verdict;

pub use blocked::BlockedImage;
pub use checker::PictureChecker;
pub use classify::{Classifier, Score};
pub use settings::{
    CheckAction, CheckError, CheckSettings, ClassifierSettings, ClassifierSource, InputSettings, Scores,
};
pub use verdict::{CheckKind, PictureVerdict};
