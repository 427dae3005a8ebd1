//! RTSP cameras and servers: H.264 with AAC or PCMU, over TCP or UDP.
//!
//! The protocol is retina's. It runs on a runtime of its own, with one thread: the source's. Media is placed on the
//! studio clock by when it arrives ([`align`]) and shown [`LATENCY_MS`] later, which is what the network may jitter by.
//! Nothing is queued in between: what comes in is decoded and handed over. Whatever ends the session is an error; the
//! supervisor waits and calls [`run`] again.

mod align;
mod error;
mod session;
mod sound;

pub use error::{Fault, RtspError};

use super::outlet::Outlet;
use super::spec::RtspSpec;
use super::supervise::Outcome;

/// From the moment that something happened, as far as can be told, to when it is on the program.
pub const LATENCY_MS: i64 = 200;

/// Pulls the stream of `spec` until it ends or an order comes in.
///
/// # Errors
/// Why the stream is not there, or not any more. There always is a reason: a live stream has no end.
pub fn run(spec: &RtspSpec, outlet: &mut Outlet) -> Result<Outcome, RtspError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let result = match runtime {
        Ok(runtime) => {
            let result = runtime.block_on(session::pull(spec, outlet));
            // Name resolution may still hang in a helper thread.
            runtime.shutdown_background();
            result
        }
        Err(error) => Err(error.into()),
    };
    result.map_err(|fault| RtspError {
        peer: spec.url.peer(),
        fault,
    })
}
