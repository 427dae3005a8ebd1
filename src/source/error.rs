//! Why a source does not deliver. Each reason names the file or the peer, and the position in it.

use super::file::FileError;
use super::rtsp::RtspError;

/// What ended an attempt to run a source.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The file cannot be played, or not any further.
    #[error(transparent)]
    File(#[from] FileError),
    /// The RTSP peer is not there, not willing, or not understandable.
    #[error(transparent)]
    Rtsp(#[from] RtspError),
    /// A device of this machine, or somebody who brings media here, is not there, not willing, or not understandable.
    #[error("{what}: {reason}")]
    Device {
        /// The device, the peer or the program, and where in what it sent.
        what: String,
        /// What is wrong with it, and what helps.
        reason: String,
        /// Whether it may come by itself. Otherwise somebody has to repair something.
        is_away: bool,
    },
    /// A defect of ours; the source is started again.
    #[error("internal fault: {0}")]
    Panic(String),
}

impl SourceError {
    /// Whether the source comes and goes by nature, so that its absence is nothing that has to be repaired.
    #[must_use]
    pub fn is_away(&self) -> bool {
        matches!(
            self,
            Self::Rtsp(_) | Self::Panic(_) | Self::Device { is_away: true, .. }
        )
    }
}
