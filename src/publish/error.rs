//! Why a destination has no connection, by peer. The peer is `host:port`; no stream key gets in here.

use std::io;
use std::path::PathBuf;

use thiserror::Error;
use tokio_rustls::rustls::{self, CertificateError as Certificate};

use super::life::FailureKind;
use crate::trust::TrustError;
use crate::wire::rtmp::TargetError;
use crate::wire::rtp_push::PushTargetError;
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
    /// The URL of a destination for RTP cannot be published to.
    #[error("{peer}: {source}")]
    PushTarget {
        /// Host and port.
        peer: String,
        /// What is wrong with it.
        source: PushTargetError,
    },
    /// Nothing here speaks what the URL asks for.
    #[error("{peer}: nothing here publishes by that scheme")]
    Scheme {
        /// Host and port.
        peer: String,
    },
    /// The show has sound, but not the one that the URL asks for.
    #[error("{peer}: the show has no sound of the kind that ?audio= asks for")]
    NoSuchSound {
        /// Host and port.
        peer: String,
    },
    /// The session description for the reader cannot be written.
    #[error("{}: {source}", path.display())]
    SdpFile {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
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
    #[error("{peer}: TLS: {}", tls_problem(source))]
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

/// What is wrong, in words: rustls knows it best, and names it for those who know rustls.
fn tls_problem(error: &io::Error) -> String {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let Some(rustls::Error::InvalidCertificate(problem)) = inner else {
        return error.to_string();
    };
    let problem = match problem {
        Certificate::Expired | Certificate::ExpiredContext { .. } => "has expired",
        Certificate::NotValidYet | Certificate::NotValidYetContext { .. } => {
            "is not valid yet: is this machine's clock right?"
        }
        Certificate::NotValidForName | Certificate::NotValidForNameContext { .. } => "is for another name",
        Certificate::UnknownIssuer => "is signed by nobody who is trusted here: ca_file can name whom to trust",
        Certificate::Revoked => "has been revoked",
        _ => return error.to_string(),
    };
    format!("the server's certificate {problem}")
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
            Self::Target { .. }
            | Self::PushTarget { .. }
            | Self::Scheme { .. }
            | Self::NoSuchSound { .. }
            | Self::SdpFile { .. }
            | Self::Trust(_) => FailureKind::Final,
            Self::Protocol { source, .. } if source.is_final() => FailureKind::Final,
            Self::Connect { source, .. } if source.kind() == io::ErrorKind::ConnectionRefused => FailureKind::Refused,
            _ => FailureKind::Passing,
        }
    }
}
