//! What can be wrong with a pipe, and what helps.

use crate::source::SourceError;
use crate::source::stream::{DemuxError, StreamFault};

/// Why a pipe does not deliver.
#[derive(Debug, thiserror::Error)]
pub(super) enum PipeError {
    /// Nobody can pipe into it.
    #[error("is a terminal: pipe something into it, as in ffmpeg … -f mpegts - | rigcast studio SCENE")]
    Terminal,
    /// `/dev/null` or another device without media.
    #[error(
        "is {0}, and no pipe: start the studio itself with something piped into it, as in ffmpeg … -f mpegts - | rigcast studio SCENE"
    )]
    NoPipe(&'static str),
    /// Two readers would each get a part of it.
    #[error("is read by another source already; use a named pipe for each (mkfifo)")]
    Taken,
    /// It was closed before there was anything to be played.
    #[error(
        "ended before anything came; the studio is to be started with rigcast studio, since rigcast starts one apart from its own standard input"
    )]
    Nothing,
    /// There is no such file.
    #[error("is not there: mkfifo {0} makes it")]
    Missing(String),
    /// It is something else.
    #[error("is {0}; a named pipe is wanted here (mkfifo makes one)")]
    NotPipe(&'static str),
    /// The system refuses.
    #[error("cannot be {doing}: {error}")]
    System {
        /// What was tried.
        doing: &'static str,
        /// What the system says.
        error: std::io::Error,
    },
    /// The program to be started is not here.
    #[error("is not installed, or not in $PATH")]
    NoProgram,
    /// The program has ended, which it should not.
    #[error("{0}")]
    Ended(String),
    /// What comes is no stream that is read here.
    #[error("what comes {0}")]
    Format(DemuxError),
    /// What comes cannot be played.
    #[error("what comes cannot be played: {0}")]
    Stream(StreamFault),
}

impl PipeError {
    /// As the error of the source `what`.
    pub(super) fn of(self, what: &str) -> SourceError {
        // Programs come and go. All else wants somebody's hand.
        let is_away = matches!(self, Self::Ended(_));
        SourceError::Device {
            what: what.to_owned(),
            reason: self.to_string(),
            is_away,
        }
    }

    pub(super) fn system(doing: &'static str, error: impl Into<std::io::Error>) -> Self {
        let error = error.into();
        Self::System { doing, error }
    }
}
