//! Why a screen is not seen, and what helps.

use x11rb::errors::{ConnectError, ConnectionError, ReplyError, ReplyOrIdError};

use crate::source::SourceError;

/// Why a screen is not seen.
#[derive(Debug, thiserror::Error)]
pub enum ScreenError {
    /// Nobody said which display.
    #[error(
        "no display is named and DISPLAY is not set; write display = \":0\" in the scene file, or start one: Xvfb :7 -screen 0 1280x720x24"
    )]
    Unnamed,
    /// That is no name of a display.
    #[error("\"{0}\" names no display; it should look like \":0\" or \"host:0\"")]
    Name(String),
    /// Nobody listens there.
    #[error("no X server answers at {display} ({error}); start one: Xvfb {display} -screen 0 1280x720x24")]
    Unreachable {
        /// As it was asked for.
        display: String,
        /// What the system says.
        error: std::io::Error,
    },
    /// The server does not let us in.
    #[error(
        "the X server does not let this user in ({0}); set XAUTHORITY to its owner's file, or have the owner run: xhost +local:"
    )]
    Refused(String),
    /// It was there and is not any more.
    #[error("the X server has gone ({0})")]
    Gone(String),
    /// It has accepted the connection and says nothing.
    #[error("the X server does not answer")]
    Silent,
    /// An extension is missing without which it does not go.
    #[error("the X server lacks the extension {0}, which capturing needs")]
    Lacks(&'static str),
    /// Its pixels are of another kind.
    #[error(
        "its pixels have a depth of {depth} in {bits} bits, and only 24 in 32, red first, can be read; start the server with 24: Xvfb :7 -screen 0 1280x720x24"
    )]
    Depth {
        /// Bits that are colour.
        depth: u8,
        /// Bits from one pixel to the next.
        bits: u8,
    },
    /// No window of that title can be seen.
    #[error("no window has \"{0}\" in its title now")]
    NoWindow(String),
    /// There is one, and it is not shown.
    #[error("the window \"{0}\" is minimised or hidden")]
    Hidden(String),
    /// No monitor of that name is there.
    #[error("no monitor is called \"{name}\"; there is {there}")]
    NoMonitor {
        /// The one that was asked for.
        name: String,
        /// Those that are there.
        there: String,
    },
    /// The region lies outside.
    #[error("the region lies outside of the screen, which has {width}x{height} pixels")]
    Outside {
        /// Pixels of the screen.
        width: u32,
        /// Likewise.
        height: u32,
    },
    /// It is larger than anything that is shown on a screen.
    #[error("{width}x{height} pixels are too many; choose a region or a monitor")]
    TooLarge {
        /// Pixels.
        width: u32,
        /// Likewise.
        height: u32,
    },
    /// What is to be seen changes or goes while it is being asked for. Trying again helps.
    #[error("the X server takes back what it says: {0}")]
    Stale(String),
    /// The system has no memory to share.
    #[error("no shared memory: {0}")]
    Memory(std::io::Error),
}

impl ScreenError {
    /// Whether it may come by itself.
    pub(super) fn is_away(&self) -> bool {
        !matches!(
            self,
            Self::Unnamed | Self::Name(_) | Self::Refused(_) | Self::Lacks(_) | Self::Depth { .. }
        )
    }

    /// As the failure of a source that looks at `what`.
    pub(super) fn of(self, what: String) -> SourceError {
        SourceError::Device {
            what,
            is_away: self.is_away(),
            reason: self.to_string(),
        }
    }

    /// Why `display` could not be opened.
    pub(super) fn opening(display: &str, error: ConnectError) -> Self {
        let words = |reason: &[u8]| String::from_utf8_lossy(reason).trim().to_owned();
        match error {
            ConnectError::IoError(error) if error.kind() == std::io::ErrorKind::TimedOut => Self::Silent,
            ConnectError::IoError(error) => Self::Unreachable {
                display: display.to_owned(),
                error,
            },
            ConnectError::DisplayParsingError(_) => Self::Name(display.to_owned()),
            ConnectError::SetupFailed(refusal) => Self::Refused(words(&refusal.reason)),
            ConnectError::SetupAuthenticate(refusal) => Self::Refused(words(&refusal.reason)),
            other => Self::Gone(other.to_string()),
        }
    }
}

impl From<ConnectionError> for ScreenError {
    fn from(error: ConnectionError) -> Self {
        match error {
            ConnectionError::IoError(error) if error.kind() == std::io::ErrorKind::TimedOut => Self::Silent,
            ConnectionError::IoError(error) => Self::Gone(error.to_string()),
            other => Self::Gone(other.to_string()),
        }
    }
}

impl From<ReplyError> for ScreenError {
    fn from(error: ReplyError) -> Self {
        match error {
            ReplyError::ConnectionError(error) => error.into(),
            ReplyError::X11Error(error) => Self::Stale(format!("{:?}", error.error_kind)),
        }
    }
}

impl From<ReplyOrIdError> for ScreenError {
    fn from(error: ReplyOrIdError) -> Self {
        match error {
            ReplyOrIdError::IdsExhausted => Self::Gone("it has no numbers left".to_owned()),
            ReplyOrIdError::ConnectionError(error) => error.into(),
            ReplyOrIdError::X11Error(error) => Self::Stale(format!("{:?}", error.error_kind)),
        }
    }
}
