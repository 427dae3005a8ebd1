//! What is seen on an X server: all of it, a part, a monitor, a window.

use super::SourceError;
use super::attempt::{Outcome, Source};
use super::devices::ScreenSpec;
use super::inventory::Inventory;
use super::outlet::Outlet;

/// One attempt at it.
pub struct Screen<'a> {
    spec: &'a ScreenSpec,
}

impl<'a> Screen<'a> {
    /// What `spec` names. Nothing is opened yet.
    #[must_use]
    pub fn new(spec: &'a ScreenSpec) -> Self {
        Self { spec }
    }
}

impl Source for Screen<'_> {
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
    inventory.lacks("screen", "is still to be written");
}
