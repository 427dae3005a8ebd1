//! What somebody pushes to this rig by RTMP.

use super::SourceError;
use super::attempt::{Outcome, Source};
use super::devices::IngestSpec;
use super::inventory::Inventory;
use super::outlet::Outlet;

/// One attempt at it.
pub struct Ingest<'a> {
    spec: &'a IngestSpec,
}

impl<'a> Ingest<'a> {
    /// What `spec` names. Nothing is opened yet.
    #[must_use]
    pub fn new(spec: &'a IngestSpec) -> Self {
        Self { spec }
    }
}

impl Source for Ingest<'_> {
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
    inventory.lacks("rtmp", "is still to be written");
}
