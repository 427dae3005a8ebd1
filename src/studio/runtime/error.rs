//! Why a studio ends before its show does.

use thiserror::Error;

use crate::control::socket::SocketError;
use crate::encode::EncodeError;

/// Why a studio does not start, or cannot go on.
#[derive(Debug, Error)]
pub enum RunError {
    /// Its socket cannot be had.
    #[error(transparent)]
    Socket(#[from] SocketError),
    /// An encoder cannot be opened.
    #[error(transparent)]
    Encoder(#[from] EncodeError),
    /// There is no memory for pictures.
    #[error("no memory for the pictures: {0}")]
    Memory(std::io::Error),
    /// A thread cannot be started.
    #[error("no thread for '{name}': {error}")]
    Thread {
        /// What it was for.
        name: String,
        /// What the system says.
        error: std::io::Error,
    },
    /// Signals cannot be listened for.
    #[error("cannot listen for signals: {0}")]
    Signals(std::io::Error),
    /// A thread that the show cannot do without has ended by itself.
    #[error("the {0} thread has died")]
    Lost(String),
}
