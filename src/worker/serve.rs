//! What a worker process does: drop what it does not need, then serve its role until the studio is gone.

use std::fmt;
use std::os::fd::AsFd;

use super::channel::{Channel, ChannelError};
use super::fence;
use super::words::complain;

/// What a worker can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Pictures into access units.
    Encode,
    /// Pictures and sound into findings.
    Analyse,
}

/// Runs a worker in this process, which has just been started for that: descriptor 0 is the socket to the studio, 1 the
/// memory of the pictures, 2 where its last words go. Returns when the studio has closed the socket.
///
/// # Errors
/// Why it could not serve.
pub fn serve(role: Role) -> Result<(), ServeError> {
    std::panic::set_hook(Box::new(|panic| {
        let at = panic.location().map_or_else(String::new, ToString::to_string);
        let what = panic.payload_as_str().unwrap_or("?");
        complain(&format!("panicked at {at}: {what}"));
    }));
    // For `top` and the kernel's log: the path that it was started from ends in "exe". Nothing depends on it.
    let _ = rustix::thread::set_name(c"rigcast-worker");
    fence::lower();
    let channel = Channel::new(std::io::stdin());
    let memory = std::io::stdout();
    match role {
        Role::Encode => super::encode::serve(channel, memory.as_fd()),
        Role::Analyse => super::analyse::serve(channel, memory.as_fd()),
    }
}

/// Why a worker could not serve.
#[derive(Debug)]
pub struct ServeError(String);

impl ServeError {
    /// With what went wrong.
    pub(super) fn new(reason: impl fmt::Display) -> Self {
        Self(reason.to_string())
    }
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The studio going away is how a worker's life ends; anything else is an error.
pub(super) fn at_end(error: ChannelError) -> Result<(), ServeError> {
    match error {
        ChannelError::Closed => Ok(()),
        error => Err(ServeError::new(error)),
    }
}
