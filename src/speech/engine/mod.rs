//! Engines: what turns sound into words. Each is found at run time, and one that is not here is named with the command that installs it.

mod external;
// What whisper needs beside itself is tested in every build.
#[cfg(any(test, feature = "whisper"))]
mod ggml;
pub mod pocketsphinx;
mod resample;
#[cfg(any(test, feature = "whisper"))]
mod stitch;
#[cfg(feature = "whisper")]
mod whisper;
#[cfg(any(test, feature = "whisper"))]
mod window;

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
#[cfg(not(feature = "whisper"))]
const WHISPER: &str = "apt-get install g++ cmake libclang-dev && cargo build --release --features whisper";

/// Opens the engine of `settings`.
///
/// # Errors
/// What is missing, with the remedy; what of the settings, the model or the tuning it cannot work with.
pub fn open(settings: &EngineSettings) -> Result<Box<dyn Recogniser>, RecogniserError> {
    match &settings.kind {
        // The one that a package gives, and that needs no more than that.
        EngineKind::Auto | EngineKind::PocketSphinx => Ok(Box::new(pocketsphinx::PocketSphinx::open(settings)?)),
        EngineKind::External { command } => Ok(Box::new(external::External::open(command)?)),
        #[cfg(feature = "whisper")]
        EngineKind::Whisper => Ok(Box::new(whisper::Whisper::open(settings)?)),
        #[cfg(not(feature = "whisper"))]
        EngineKind::Whisper => Err(RecogniserError::Missing {
            engine: "whisper".to_owned(),
            what: "whisper.cpp in this build".to_owned(),
            remedy: WHISPER.to_owned(),
        }),
    }
}

/// Whether this build has whisper.cpp.
#[cfg(feature = "whisper")]
fn whisper() -> EngineReport {
    EngineReport {
        name: whisper::NAME,
        is_usable: true,
        text: whisper::describe(),
    }
}

/// Whether this build has whisper.cpp.
#[cfg(not(feature = "whisper"))]
fn whisper() -> EngineReport {
    EngineReport {
        name: "whisper",
        is_usable: false,
        text: format!("not in this build: {WHISPER}"),
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
        whisper(),
        EngineReport {
            name: "external",
            is_usable: true,
            text: "any program that takes 16 kHz PCM and answers with words as JSON lines".to_owned(),
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whisper_says_what_it_lacks() {
        let settings = EngineSettings {
            kind: EngineKind::Whisper,
            ..EngineSettings::default()
        };
        let error = open(&settings).err().unwrap().to_string();
        let report = usable().into_iter().find(|report| report.name == "whisper").unwrap();
        assert_eq!(report.is_usable, cfg!(feature = "whisper"));
        let remedy = if report.is_usable {
            "model = \"ggml-tiny.en.bin\""
        } else {
            "cargo build --release --features whisper"
        };
        assert!(
            error.contains(remedy) && report.text.contains(remedy),
            "{error}; {}",
            report.text
        );
    }
}
