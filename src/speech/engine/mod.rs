//! Engines: what turns sound into words. Each is found at run time, and one that is not here is named with the command that installs it.

mod external;
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

/// What to do without whisper.cpp, which this build does not have.
const WHISPER: &str =
    "run whisper.cpp as a program of your own (engine \"external\"), which is told about in docs/moderation.md";

/// Opens the engine of `settings`.
///
/// # Errors
/// What is missing, with the remedy; what of the settings, the model or the tuning it cannot work with.
pub fn open(settings: &EngineSettings) -> Result<Box<dyn Recogniser>, RecogniserError> {
    match &settings.kind {
        // The one that a package gives, and that needs no more than that.
        EngineKind::Auto | EngineKind::PocketSphinx => Ok(Box::new(pocketsphinx::PocketSphinx::open(settings)?)),
        EngineKind::External { command } => Ok(Box::new(external::External::open(command)?)),
        EngineKind::Whisper => Err(RecogniserError::Missing {
            engine: "whisper".to_owned(),
            what: "whisper.cpp in this build".to_owned(),
            remedy: WHISPER.to_owned(),
        }),
    }
}

/// The engines, and which of them can be used here.
#[must_use]
pub fn usable() -> Vec<EngineReport> {
    let pocketsphinx = pocketsphinx::describe();
    vec![
        EngineReport {
            name: pocketsphinx::NAME,
            is_usable: pocketsphinx.is_ok(),
            text: pocketsphinx.unwrap_or_else(|error| match error {
                RecogniserError::Missing { what, remedy, .. } => format!("{what} is missing: {remedy}"),
                error => error.to_string(),
            }),
        },
        EngineReport {
            name: "whisper",
            is_usable: false,
            text: format!("not in this build: {WHISPER}"),
        },
        EngineReport {
            name: "external",
            is_usable: true,
            text: "any program that takes 16 kHz PCM and answers with words as JSON lines".to_owned(),
        },
    ]
}
