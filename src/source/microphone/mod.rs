//! Sound inputs: of a sound server (PulseAudio, PipeWire), or of ALSA.

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
}

impl Source for Microphone<'_> {
    fn run(&mut self, _outlet: &mut Outlet) -> Result<Outcome, SourceError> {
        Err(SourceError::Device {
            what: format!("{:?}", self.spec),
            reason: "is still to be written".to_owned(),
            is_away: false,
        })
    }
}

/// Notes what is here.
pub(super) fn look(inventory: &mut Inventory) {
    inventory.lacks("microphone", "is still to be written");
}
