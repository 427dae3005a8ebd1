//! Why a sound input does not deliver, with what helps.

use std::io;

/// What ended an attempt at a sound input, or keeps one from beginning.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MicrophoneError {
    /// Nobody listens where sound servers do.
    #[error(
        "no sound server answers ({looked}): start one (pulseaudio --start, or systemctl --user start pipewire-pulse), \
             install one (apt-get install pulseaudio), or name it with server"
    )]
    NoServer {
        /// Where it was looked for, and what was found there.
        looked: String,
    },
    /// Neither a server nor ALSA.
    #[error(
        "no sound server is here ({looked}), and ALSA has no input either ({alsa}): apt-get install pulseaudio, or plug one in"
    )]
    Neither {
        /// Where the server was looked for.
        looked: String,
        /// What ALSA says.
        alsa: String,
    },
    /// The address of the server is none.
    #[error("{0} is no address of a sound server: write unix:/PATH or tcp:HOST:PORT")]
    BadAddress(String),
    /// The server is there and does not want this client.
    #[error(
        "the sound server does not let this user in: run the studio as the user whose server it is, or give it that user's cookie \
             (~/.config/pulse/cookie)"
    )]
    NotAllowed,
    /// The connection broke.
    #[error("the sound server has gone ({0})")]
    ServerGone(String),
    /// What came from the server cannot be understood.
    #[error("the sound server sent what is no message: {0}")]
    BadMessage(String),
    /// Nothing came for too long.
    #[error("the sound server does not answer")]
    Silent,
    /// The server refused something.
    #[error("the sound server refused {what}: {why}")]
    Refused {
        /// What was asked.
        what: &'static str,
        /// In the server's words.
        why: String,
    },
    /// The input that is named is not there.
    #[error("no input is called {name}; {here}")]
    NoDevice {
        /// As the scene file has it.
        name: String,
        /// What there is instead.
        here: String,
    },
    /// There is no default input.
    #[error("this machine has no sound input; plug one in, or make one (pactl load-module module-null-sink)")]
    NoDefault,
    /// There is no default output, so nothing is played.
    #[error(
        "this machine has no sound output whose sound could be taken; make one: pactl load-module module-null-sink"
    )]
    NoDesktop,
    /// A channel that the device does not have.
    #[error("channel {channel} is asked for, and the input has {channels}")]
    NoChannel {
        /// Counted from 1.
        channel: u16,
        /// As many as there are.
        channels: usize,
    },
    /// A sample rate or a number of channels that nothing real has.
    #[error("the input has {rate} Hz and {channels} channels, which cannot be used")]
    BadFormat {
        /// In Hz.
        rate: u32,
        /// Channels.
        channels: usize,
    },
    /// ALSA knows nothing of what is played.
    #[error("what is played here can be heard through a sound server only: apt-get install pulseaudio")]
    DesktopNeedsServer,
    /// ALSA's library is not there.
    #[error("{0}: apt-get install libasound2")]
    NoLibrary(String),
    /// A device of ALSA's is in use.
    #[error("{device} is in use{by}")]
    Busy {
        /// ALSA's name of it.
        device: String,
        /// By whom, with the word before it, or nothing.
        by: String,
    },
    /// The devices may not be opened.
    #[error("{device} may not be opened: add this user to the group audio (adduser USER audio) and log in again")]
    NoPermission {
        /// ALSA's name of it.
        device: String,
    },
    /// A device of ALSA's failed.
    #[error("{device}: {what}: {why}")]
    Alsa {
        /// ALSA's name of it.
        device: String,
        /// What was tried.
        what: &'static str,
        /// In ALSA's words.
        why: String,
    },
    /// A sound server has come, and it has the devices from now on.
    #[error("a sound server has come: the input is taken from it")]
    ServerCame,
}

impl MicrophoneError {
    /// Whether it may come by itself. Otherwise somebody has to change something.
    #[must_use]
    pub fn is_away(&self) -> bool {
        !matches!(
            self,
            Self::BadAddress(_) | Self::NoChannel { .. } | Self::BadFormat { .. } | Self::DesktopNeedsServer
        )
    }
}

impl From<io::Error> for MicrophoneError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Self::Silent,
            io::ErrorKind::UnexpectedEof => Self::ServerGone("it closed the connection".to_owned()),
            _ => Self::ServerGone(error.to_string()),
        }
    }
}
