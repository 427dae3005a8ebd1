//! Sound inputs: of a sound server (PulseAudio, PipeWire), or of ALSA.

mod clock;
mod error;
mod feed;
mod mix;
mod pulse;
mod troubles;

pub use error::MicrophoneError;

use super::SourceError;
use super::attempt::{Outcome, Source};
use super::devices::MicrophoneSpec;
use super::inventory::Inventory;
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
        let places = pulse::places(self.spec)?;
        pulse::run(&places, self.spec, outlet)
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

/// Notes what is here.
pub(super) fn look(inventory: &mut Inventory) {
    inventory.lacks("microphone", "is still to be written");
}
