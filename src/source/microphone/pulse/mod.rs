//! Inputs of a sound server that speaks PulseAudio's protocol, as PipeWire does. Nothing of either is needed to build or to run.

mod address;
mod choose;
mod link;
mod message;
mod session;

use std::time::{Duration, Instant};

use pulseaudio::protocol::{Command, ServerInfo, SourceInfo, SourceInfoList};

pub(super) use address::Address;
use link::Link;

use super::MicrophoneError;
use crate::source::attempt::Outcome;
use crate::source::devices::MicrophoneSpec;
use crate::source::outlet::Outlet;

/// Where the server of `spec` is to be looked for.
///
/// # Errors
/// What is named is no address.
pub(super) fn places(spec: &MicrophoneSpec) -> Result<Vec<Address>, MicrophoneError> {
    match &spec.server {
        Some(server) => address::parse(server),
        None => Ok(address::usual(
            |name| std::env::var_os(name),
            rustix::process::getuid().as_raw(),
        )),
    }
}

/// Whether there is a server at one of `addresses`, or was one that may come back: its socket is there.
pub(super) fn is_there(addresses: &[Address]) -> bool {
    addresses.iter().any(|address| match address {
        Address::Unix(path) => path.exists(),
        Address::Tcp(..) => true,
    })
}

/// One attempt at an input of the server at one of `addresses`.
///
/// # Errors
/// What ended it.
pub(super) fn run(
    addresses: &[Address],
    spec: &MicrophoneSpec,
    outlet: &mut Outlet,
) -> Result<Outcome, MicrophoneError> {
    session::record(Link::open(addresses)?, spec, outlet)
}

/// What a server has.
pub(super) struct Here {
    /// Where it listens.
    pub(super) address: Address,
    /// What it is, and its defaults.
    pub(super) server: ServerInfo,
    /// Its inputs, monitors among them.
    pub(super) sources: Vec<SourceInfo>,
}

impl Here {
    /// Asks the server at one of `addresses`, for `limit` at most.
    ///
    /// # Errors
    /// Nobody is there, or does not answer.
    pub(super) fn ask(addresses: &[Address], limit: Duration) -> Result<Self, MicrophoneError> {
        let deadline = Instant::now() + limit;
        let mut link = Link::open(addresses)?;
        let server = link.converse("to say what it is", &Command::GetServerInfo, deadline)?;
        let sources: SourceInfoList = link.converse("to say what it has", &Command::GetSourceInfoList, deadline)?;
        Ok(Self {
            address: link.address().clone(),
            server,
            sources,
        })
    }

    /// Each input with what people call it, whether it is the default, and whether it is what is played here.
    pub(super) fn inputs(&self) -> impl Iterator<Item = (&SourceInfo, String, bool, bool)> {
        self.sources.iter().map(|source| {
            (
                source,
                choose::title(source),
                choose::is_default(source, &self.server),
                choose::is_desktop(source, &self.server),
            )
        })
    }
}
