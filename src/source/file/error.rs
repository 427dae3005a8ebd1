//! What can be wrong with a file. Each error names the file, and where in it.

use std::path::{Path, PathBuf};

/// Why a file cannot be played, or not any further.
#[derive(Debug, thiserror::Error)]
#[error("{}: {fault}", path.display())]
pub struct FileError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it, and where.
    pub fault: Fault,
}

/// What is wrong.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The system does not let us read it.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// It is a directory, a socket or a device.
    #[error("is not a regular file")]
    NotAFile,
    /// There is nothing in it.
    #[error("is empty (0 bytes)")]
    Empty,
    /// No reader recognises it.
    #[error("is not a picture, sound or movie that can be read: {0}")]
    Unrecognised(String),
    /// The structure is broken at a byte.
    #[error("broken at byte {position}: {what}")]
    Broken {
        /// Offset from the start of the file.
        position: u64,
        /// What is wrong there.
        what: String,
    },
    /// The format is known, but this part of it is not played.
    #[error("unsupported at byte {position}: {what}")]
    Unsupported {
        /// Offset from the start of the file.
        position: u64,
        /// What it is.
        what: String,
    },
    /// A sample (an access unit, a packet) cannot be decoded, and neither can those after it.
    #[error("{track} sample {sample} at byte {position}: {what}")]
    Sample {
        /// `video` or `sound`.
        track: &'static str,
        /// Counted from 0.
        sample: u64,
        /// Offset from the start of the file.
        position: u64,
        /// What is wrong with it.
        what: String,
    },
    /// There is neither picture nor sound in it.
    #[error("contains neither pictures nor sound")]
    NothingToPlay,
}

impl Fault {
    /// Broken at `position`.
    pub(super) fn broken(position: u64, what: impl Into<String>) -> Self {
        Self::Broken {
            position,
            what: what.into(),
        }
    }

    /// Unsupported at `position`.
    pub(super) fn unsupported(position: u64, what: impl Into<String>) -> Self {
        Self::Unsupported {
            position,
            what: what.into(),
        }
    }

    /// The same, in `path`.
    pub(super) fn of(self, path: &Path) -> FileError {
        FileError {
            path: path.to_owned(),
            fault: self,
        }
    }
}
