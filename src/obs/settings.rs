//! How controllers are let in, and what they may do.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use serde::Serialize;

use crate::secret::Secret;

/// Where controllers look for OBS: this machine only.
pub const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 4455);

/// A server for controllers as the operator wants it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ObsSettings {
    /// Address and port.
    pub listen: SocketAddr,
    /// What controllers must know. With none whoever is on this machine may drive the show; nobody else can connect then.
    pub password: Option<Secret>,
    /// What they may do beyond the usual.
    pub allow: Allowed,
}

/// What controllers may do that a screen asks about twice, or that reaches beyond the show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Allowed {
    /// Stop destinations and recordings, end the show.
    pub may_end: bool,
    /// Show what is hidden, let out what is held back.
    pub may_reveal: bool,
    /// Name files of the studio's machine.
    pub may_use_files: bool,
}

impl Allowed {
    /// As they are written.
    pub const WORDS: &'static [&'static str] = &["end", "reveal", "files"];

    /// The same and that.
    #[must_use]
    pub fn with(mut self, word: &str) -> Self {
        match word {
            "end" => self.may_end = true,
            "reveal" => self.may_reveal = true,
            "files" => self.may_use_files = true,
            _ => {}
        }
        self
    }
}
