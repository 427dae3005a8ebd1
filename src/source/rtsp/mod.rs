//! RTSP cameras and servers: H.264 with AAC or PCMU, over TCP or UDP.
//!
//! The protocol is retina's. It runs on a runtime of its own, with one thread: the source's. Media is placed on the
//! studio clock by when it arrives (`align`) and shown [`LATENCY_MS`] later, which is what the network may jitter by.
//! Nothing is queued in between: what comes in is decoded and handed over. Whatever ends the session is an error; the
//! supervisor waits and tries again.

mod align;
mod error;
mod session;
mod sound;

pub use error::{Fault, RtspError};

use super::SourceError;
use super::attempt::{Outcome, Source};
use super::outlet::Outlet;
use super::spec::RtspSpec;

/// From the moment that something happened, as far as can be told, to when it is on the program.
pub const LATENCY_MS: i64 = 200;

/// A camera, to be connected to once.
pub struct Camera<'a> {
    spec: &'a RtspSpec,
}

impl<'a> Camera<'a> {
    /// The camera that `spec` names. Nothing is connected yet.
    #[must_use]
    pub fn new(spec: &'a RtspSpec) -> Self {
        Self { spec }
    }
}

impl Source for Camera<'_> {
    /// Pulls the stream. There always is a reason why it is not there, or not any more: a live stream has no end.
    fn run(&mut self, outlet: &mut Outlet) -> Result<Outcome, SourceError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let result = match runtime {
            Ok(runtime) => {
                let result = runtime.block_on(session::pull(self.spec, outlet));
                // Name resolution may still hang in a helper thread.
                runtime.shutdown_background();
                result
            }
            Err(error) => Err(error.into()),
        };
        let peer = self.spec.url.peer();
        result.map_err(|fault| RtspError { peer, fault }.into())
    }
}
