//! Why a server did not say how many watch, by peer. The peer is `host:port`: no path, no query, no token gets in here.

use std::io;

use thiserror::Error;

use super::count::CountError;
use crate::trust::TrustError;

/// What became of one question.
#[derive(Debug, Error)]
pub enum AudienceError {
    /// The address is none that can be asked.
    #[error("{peer}: {problem}")]
    Address {
        /// Host and port.
        peer: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// Nobody can be trusted: the file with root certificates cannot be used.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// The host's name has no address.
    #[error("{peer}: cannot be found: {source}")]
    Resolve {
        /// Host and port.
        peer: String,
        /// What the resolver said.
        source: io::Error,
    },
    /// No TCP connection.
    #[error("{peer}: {source}")]
    Connect {
        /// Host and port.
        peer: String,
        /// What the system said.
        source: io::Error,
    },
    /// No TLS session inside the connection.
    #[error("{peer}: TLS: {source}")]
    Tls {
        /// Host and port.
        peer: String,
        /// What the TLS library said.
        source: io::Error,
    },
    /// It took too long, from the first packet to the last byte.
    #[error("{peer}: no whole answer within {} s", within.as_secs_f64())]
    Timeout {
        /// Host and port.
        peer: String,
        /// How long was waited.
        within: std::time::Duration,
    },
    /// The connection broke, or what came is no HTTP.
    #[error("{peer}: {source}")]
    Http {
        /// Host and port.
        peer: String,
        /// What the HTTP library said: about the protocol, never its content.
        source: hyper::Error,
    },
    /// An answer, but not the page.
    #[error("{peer}: answers {status}{}", hint(*.status))]
    Status {
        /// Host and port.
        peer: String,
        /// What it answers.
        status: hyper::StatusCode,
    },
    /// A page larger than any that is read.
    #[error("{peer}: the answer is longer than {limit} bytes{}", if *.is_nginx { "; \"rtmp_stat live\" leaves its clients out" } else { "" })]
    TooLong {
        /// Host and port.
        peer: String,
        /// The most that is read.
        limit: usize,
        /// Whether the page is one that can be made shorter.
        is_nginx: bool,
    },
    /// A page without a count.
    #[error("{peer}: {source}")]
    Count {
        /// Host and port.
        peer: String,
        /// What is wrong with it.
        source: CountError,
    },
    /// The answer was not read to its end, for the program ends.
    #[error("{peer}: reading its answer was broken off")]
    Broken {
        /// Host and port.
        peer: String,
    },
}

/// What to do about it.
fn hint(status: hyper::StatusCode) -> &'static str {
    match status.as_u16() {
        300..=399 => ", which is not followed: the url must be the one that it leads to",
        401 | 403 => ": token or password are missing or wrong",
        404 => ": is the path of the url right?",
        _ => "",
    }
}
