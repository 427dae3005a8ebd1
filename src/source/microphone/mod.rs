//! Sound inputs: of a sound server (PulseAudio, PipeWire), or of ALSA.

mod alsa;
mod clock;
mod error;
mod feed;
mod look;
mod mix;
mod pulse;
mod troubles;

pub use error::MicrophoneError;
pub(super) use look::look;

use super::SourceError;
use super::attempt::{Outcome, Source};
use super::devices::{MicrophoneSpec, SoundSystem};
use super::outlet::Outlet;

/// One attempt at it.
pub struct Microphone<'a> {
    spec: &'a MicrophoneSpec,
}

impl<'a> Microphone<'a> {
    /// What `spec` names. Nothing is opened yet.
    #[must_use]
    pub fn new(spec: &'a MicrophoneSpec) -> Self {
        Self { spec }
    }

    fn record(&self, outlet: &mut Outlet) -> Result<Outcome, MicrophoneError> {
        if self.spec.system == SoundSystem::Alsa {
            return alsa::run(self.spec, outlet, || false);
        }
        let places = pulse::places(self.spec)?;
        // A server whose socket is there may be away for a moment: to take its device then would keep it from coming back.
        let is_server_due =
            self.spec.system == SoundSystem::Pulse || self.spec.server.is_some() || pulse::is_there(&places);
        if is_server_due || self.spec.device.as_deref() == Some(MicrophoneSpec::DESKTOP) {
            return pulse::run(&places, self.spec, outlet);
        }
        alsa::run(self.spec, outlet, || pulse::is_there(&places)).map_err(|error| match error {
            MicrophoneError::NoLibrary(_) | MicrophoneError::Alsa { .. } => MicrophoneError::Neither {
                looked: places.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
                alsa: error.to_string(),
            },
            other => other,
        })
    }
}

impl Source for Microphone<'_> {
    fn run(&mut self, outlet: &mut Outlet) -> Result<Outcome, SourceError> {
        self.record(outlet).map_err(|error| SourceError::Device {
            what: match self.spec.device.as_deref() {
                Some(MicrophoneSpec::DESKTOP) => "desktop sound".to_owned(),
                Some(device) => format!("sound input {device}"),
                None => "sound input".to_owned(),
            },
            is_away: error.is_away(),
            reason: error.to_string(),
        })
    }
}
