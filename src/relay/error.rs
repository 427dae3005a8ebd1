//! Why a relay cannot do what it was asked.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use thiserror::Error;

/// What kept a relay from starting, or a stream from being offered.
#[derive(Debug, Error)]
pub enum RelayError {
    /// The address cannot be listened on.
    #[error("relay: cannot listen on {address}: {source}")]
    Listen {
        /// What was asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// A file of the certificate cannot be used.
    #[error("relay: {}: {problem}", path.display())]
    Tls {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A stream of that name is there already.
    #[error("relay: a stream named {name} is being shown already")]
    NameTaken {
        /// The name.
        name: String,
    },
    /// A name that cannot be part of an address.
    #[error("relay: {name:?} is no name: 1 to {max} letters, digits, '.', '-' or '_', not a dot first", max = super::access::MAX_NAME)]
    BadName {
        /// The name.
        name: String,
    },
    /// A stream without renditions, or with two of one name.
    #[error("relay: stream {stream}: {problem}")]
    Renditions {
        /// Its name.
        stream: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// Something else of that kind: the system has no more sockets, threads, memory.
    #[error("relay: {0}")]
    Io(#[from] io::Error),
}
