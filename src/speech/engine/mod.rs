//! Engines: what turns sound into words. Each is found at run time, and one that is not here is named with the command that installs it.

pub mod pocketsphinx;
mod resample;

use super::{EngineKind, EngineSettings, Recogniser, RecogniserError};

/// Whether an engine can be used here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineReport {
    /// Which one.
    pub name: &'static str,
    /// Whether it can.
    pub is_usable: bool,
    /// What it is, or what is missing, with the exact command that installs it.
    pub text: String,
}

/// Opens the engine of `settings`.
///
/// # Errors
/// What is missing, with the remedy; what of the settings, the model or the tuning it cannot work with.
pub fn open(settings: &EngineSettings) -> Result<Box<dyn Recogniser>, RecogniserError> {
    match &settings.kind {
        EngineKind::Auto | EngineKind::PocketSphinx => Ok(Box::new(pocketsphinx::PocketSphinx::open(settings)?)),
        EngineKind::Whisper | EngineKind::External { .. } => unreachable!(),
    }
}
