//! What can be wrong with a place to push to, and what helps.

use std::net::SocketAddr;

use crate::source::SourceError;

/// Why a source has no place.
#[derive(Debug, thiserror::Error)]
pub(super) enum IngestError {
    /// Somebody else listens there, or nobody may.
    #[error("nothing can be taken at {address}: {error}{}", remedy(.error))]
    Listen {
        /// Where.
        address: SocketAddr,
        /// What the system says.
        error: std::io::Error,
    },
    /// Two sources with one key could not both have what is pushed.
    #[error("another source has this application and this key already")]
    Taken,
    /// The listener's thread has died, which is a defect.
    #[error("the listener at {0} is gone")]
    Gone(SocketAddr),
}

fn remedy(error: &std::io::Error) -> &'static str {
    match error.kind() {
        std::io::ErrorKind::AddrInUse => "; another program has this port: end it, or set \"listen\" to another one",
        std::io::ErrorKind::AddrNotAvailable => "; \"listen\" must be an address of this machine, or 0.0.0.0 for all",
        std::io::ErrorKind::PermissionDenied => "; ports below 1024 are for root: set \"listen\" to another one",
        _ => "",
    }
}

impl IngestError {
    /// As the error of the source `what`.
    pub(super) fn of(self, what: &str) -> SourceError {
        SourceError::Device {
            what: what.to_owned(),
            reason: self.to_string(),
            is_away: false,
        }
    }
}
