//! What somebody pushes to this rig by RTMP: ffmpeg, OBS, a phone, a hardware encoder.
//!
//! The protocol is spoken by the crates `rtmp` and `streamhub` of the xiu server, which are built in where the cargo
//! feature `rtmp-ingest` is on. Without it everything here says so; a scene with such a source is refused before that.
//! What comes is played as any stream that comes by itself (`source/stream`).

#[cfg(feature = "rtmp-ingest")]
mod server;

#[cfg(not(feature = "rtmp-ingest"))]
mod server {
    //! What stands in for the server where it is not built in.

    use super::{IngestSpec, Outcome, Outlet, SourceError};
    use crate::source::Found;

    /// How it is had.
    pub(super) const HOW: &str = "this build takes no RTMP; build it with cargo build --release --features rtmp-ingest";

    pub(super) fn run(spec: &IngestSpec, _outlet: &mut Outlet) -> Result<Outcome, SourceError> {
        Err(SourceError::Device {
            what: spec.location(),
            reason: HOW.to_owned(),
            is_away: false,
        })
    }

    pub(super) fn found() -> Result<Found, &'static str> {
        Err(HOW)
    }
}

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
    fn run(&mut self, outlet: &mut Outlet) -> Result<Outcome, SourceError> {
        server::run(self.spec, outlet)
    }
}

/// Notes what is here.
pub(super) fn look(inventory: &mut Inventory) {
    match server::found() {
        Ok(found) => inventory.has(found),
        Err(why) => inventory.lacks("rtmp", why),
    }
}
