//! Why a recording cannot be made, by file.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::wire::fmp4::ReadError;

/// What ended a part, or kept one from being started.
#[derive(Debug, Error)]
pub enum RecordError {
    /// The template for the file's name cannot be used.
    #[error("{}: {problem}", path.display())]
    Template {
        /// The template.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// There is nothing to record.
    #[error("a recording needs at least one track")]
    NoTracks,
    /// The system has no thread to spare.
    #[error("no thread for the recording: {0}")]
    Thread(io::Error),
    /// The file cannot be made.
    #[error("{}: cannot be created: {source}", path.display())]
    Create {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file cannot be written on.
    #[error("{}: cannot be written at byte {position}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Where the fragment starts that could not be written.
        position: u64,
        /// What the system said.
        source: io::Error,
    },
    /// The disk is nearly full.
    #[error("{}: {} MB are free, and {} MB are to stay free", path.display(), free_bytes / 1_000_000, keep_free_bytes / 1_000_000)]
    NoSpace {
        /// The file.
        path: PathBuf,
        /// What is free.
        free_bytes: u64,
        /// What must be.
        keep_free_bytes: u64,
    },
    /// The file cannot be mended.
    #[error("{}: {source}", path.display())]
    Mend {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and where.
        source: ReadError,
    },
    /// The disk did not take the end of the recording in time.
    #[error("the disk has not taken the end of the recording within {seconds} s; it goes on being written")]
    StillWriting {
        /// How long was waited.
        seconds: u64,
    },
}

impl RecordError {
    /// Whether the disk has no room left.
    #[must_use]
    pub fn is_full(&self) -> bool {
        match self {
            Self::NoSpace { .. } => true,
            Self::Create { source, .. } | Self::Write { source, .. } => {
                matches!(
                    source.kind(),
                    io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
                )
            }
            Self::Template { .. }
            | Self::NoTracks
            | Self::Thread(_)
            | Self::Mend { .. }
            | Self::StillWriting { .. } => false,
        }
    }
}
