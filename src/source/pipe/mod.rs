//! What another program writes: MPEG-TS or FLV, on a pipe.

use super::SourceError;
use super::attempt::{Outcome, Source};
use super::devices::PipeSpec;
use super::inventory::Inventory;
use super::outlet::Outlet;

/// One attempt at it.
pub struct Pipe<'a> {
    spec: &'a PipeSpec,
}

impl<'a> Pipe<'a> {
    /// What `spec` names. Nothing is opened yet.
    #[must_use]
    pub fn new(spec: &'a PipeSpec) -> Self {
        Self { spec }
    }
}

impl Source for Pipe<'_> {
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
    inventory.lacks("pipe", "is still to be written");
}
