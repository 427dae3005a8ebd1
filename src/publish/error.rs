//! Why a destination has no connection, by peer. The peer is `host:port`; no stream key gets in here.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::life::FailureKind;
use crate::wire::rtmp::TargetError;
use crate::wire::session::{SessionError, Stage};

/// What ended an attempt or a connection.
#[derive(Debug, Error)]
pub enum PublishError {
    /// The URL cannot be published to.
    #[error("{peer}: {source}")]
    Target {
        /// Host and port.
        peer: String,
        /// What is wrong with it.
        source: TargetError,
    },
    /// The file with root certificates cannot be used.
    #[error("{}: {problem}", path.display())]
    CaFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
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
    /// Something took too long.
    #[error("{peer}: no answer for {seconds} s while waiting for {what}")]
    Timeout {
        /// Host and port.
        peer: String,
        /// What was waited for.
        what: String,
        /// How long.
        seconds: u64,
    },
    /// The server speaks nonsense or refuses.
    #[error("{peer}: {source}")]
    Protocol {
        /// Host and port.
        peer: String,
        /// What, with the byte where.
        source: SessionError,
    },
    /// The server closed the connection.
    #[error("{peer}: closed the connection {}", closed_when(*.stage, *.is_early))]
    Closed {
        /// Host and port.
        peer: String,
        /// How far it had come.
        stage: Stage,
        /// Live, but not for long enough to mean it: the way in which nginx refuses a stream.
        is_early: bool,
    },
    /// The connection broke.
    #[error("{peer}: {source}")]
    Io {
        /// Host and port.
        peer: String,
        /// What the system said.
        source: io::Error,
    },
    /// The server has stopped reading.
    #[error("{peer}: has taken nothing for {seconds} s")]
    Stalled {
        /// Host and port.
        peer: String,
        /// How long.
        seconds: u64,
    },
}

fn closed_when(stage: Stage, is_early: bool) -> String {
    match stage {
        Stage::Live if is_early => "as soon as the stream began: it may not accept this stream key".to_owned(),
        Stage::Live => "while live".to_owned(),
        stage => format!("while we waited for {stage}"),
    }
}

impl PublishError {
    /// What it means for the next attempt.
    #[must_use]
    pub fn failure(&self) -> FailureKind {
        match self {
            Self::Target { .. } | Self::CaFile { .. } => FailureKind::Final,
            Self::Protocol { source, .. } if source.is_final() => FailureKind::Final,
            Self::Connect { source, .. } if source.kind() == io::ErrorKind::ConnectionRefused => FailureKind::Refused,
            _ => FailureKind::Passing,
        }
    }
}
