//! Cameras of this machine, by Video4Linux 2.

use super::SourceError;
use super::attempt::{Outcome, Source};
use super::devices::CameraSpec;
use super::inventory::Inventory;
use super::outlet::Outlet;

/// One attempt at it.
pub struct Camera<'a> {
    spec: &'a CameraSpec,
}

impl<'a> Camera<'a> {
    /// What `spec` names. Nothing is opened yet.
    #[must_use]
    pub fn new(spec: &'a CameraSpec) -> Self {
        Self { spec }
    }
}

impl Source for Camera<'_> {
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
    inventory.lacks("camera", "is still to be written");
}
