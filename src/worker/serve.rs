//! What a worker process does: drop what it does not need, then serve its role until the studio is gone.

use std::fmt;
use std::os::fd::{AsFd, BorrowedFd};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::arena::View;
use super::channel::{Channel, ChannelError};
use super::fence;
use super::handshake::{self, Opening};
use super::message::Message;
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
    fn new(reason: impl fmt::Display) -> Self {
        Self(reason.to_string())
    }
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Opens a worker and serves until the studio closes the socket. `prepare` makes it from its settings and the pictures, and
/// says what it greets with; `answer` answers one request. The fence goes up between the two.
///
/// # Errors
/// Why it could not be opened, or that the studio talks nonsense.
pub(super) fn attend<F: AsFd, T: DeserializeOwned, W, G: Serialize>(
    mut channel: Channel<F>,
    memory: BorrowedFd<'_>,
    prepare: impl FnOnce(T, View) -> Result<(W, G), String>,
    mut answer: impl FnMut(&mut W, &Message, &mut Channel<F>) -> Result<(), ChannelError>,
) -> Result<(), ServeError> {
    let opening = match channel.receive() {
        Ok(opening) => opening,
        Err(error) => return at_end(error),
    };
    let opened = Opening::decode(&opening).and_then(|opening| {
        let view = View::open(memory, opening.layout).map_err(|error| format!("the pictures: {error}"))?;
        prepare(opening.settings, view)
    });
    let (mut worker, greeting) = match opened {
        Ok(opened) => opened,
        Err(reason) => {
            // The studio gets the answer as such, and the log gets it as this worker's last words.
            let _ = channel.send(handshake::REFUSED, &[reason.as_bytes()]);
            return Err(ServeError::new(reason));
        }
    };
    let greeting = serde_json::to_vec(&greeting).map_err(ServeError::new)?;
    fence::close();
    let mut serve = || -> Result<(), ChannelError> {
        channel.send(handshake::READY, &[&greeting])?;
        loop {
            let request = channel.receive()?;
            answer(&mut worker, &request, &mut channel)?;
        }
    };
    serve().or_else(at_end)
}

/// The studio going away is how a worker's life ends; anything else is an error.
fn at_end(error: ChannelError) -> Result<(), ServeError> {
    match error {
        ChannelError::Closed => Ok(()),
        error => Err(ServeError::new(error)),
    }
}
