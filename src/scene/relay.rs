//! The table `[relay]`: whether this rig serves viewers itself, where, and whom.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use super::check::Check;
use super::raw::RawSecret;
use super::schema::{Key, Kind, key};
use crate::relay::{RelaySettings, TlsFiles};
use crate::secret::Secret;

/// Whether a show has a relay.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub enum RelayChoice {
    /// Nobody has said. It has one, for this machine, as long as the show goes nowhere else.
    #[default]
    Unsaid,
    /// It has none.
    Off,
    /// It has one.
    On(Box<RelaySettings>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRelay {
    on: Option<bool>,
    listen: Option<String>,
    read_token: Option<RawSecret>,
    publish_token: Option<RawSecret>,
    public: Option<bool>,
    certificate: Option<String>,
    key: Option<String>,
    max_viewers: Option<usize>,
    max_viewers_kbps: Option<u32>,
    #[serde(default)]
    origins: Vec<String>,
    hls: Option<bool>,
}

impl Check<'_> {
    /// `[relay]`.
    pub(super) fn relay(&mut self, raw: Option<RawRelay>) -> RelayChoice {
        let Some(raw) = raw else { return RelayChoice::Unsaid };
        let usual = RelaySettings::default();
        let listen = raw.listen.map(|text| self.listen(&text));
        let tokens = |check: &mut Self, key, secret: Option<RawSecret>| {
            let found = secret.and_then(|secret| check.secret(key, secret));
            found.into_iter().collect::<Vec<Secret>>()
        };
        let read_tokens = tokens(self, "relay.read_token", raw.read_token);
        let publish_tokens = tokens(self, "relay.publish_token", raw.publish_token);
        let is_public = raw.public.unwrap_or(false);
        if is_public && !read_tokens.is_empty() {
            self.error(
                "relay.public",
                "everybody may watch, so the read_token beside it locks nobody out",
            );
        }
        let tls = match (raw.certificate, raw.key) {
            (Some(certificate), Some(key)) => Some(TlsFiles {
                certificate: self.file_at("relay.certificate", &certificate),
                key: self.file_at("relay.key", &key),
            }),
            (None, None) => None,
            (Some(_), None) => {
                self.error("relay.certificate", "needs its private key beside it: key = \"FILE\"");
                None
            }
            (None, Some(_)) => {
                self.error("relay.key", "needs the certificate beside it: certificate = \"FILE\"");
                None
            }
        };
        for (at, origin) in raw.origins.iter().enumerate() {
            let is_origin = origin == "*" || (origin.starts_with("http://") || origin.starts_with("https://"));
            if !is_origin || origin.ends_with('/') {
                let message = "expected an origin as in https://example.org, without a path, or *";
                self.error(&format!("relay.origins[{at}]"), message);
            }
        }
        if raw.on == Some(false) {
            return RelayChoice::Off;
        }
        RelayChoice::On(Box::new(RelaySettings {
            listen: listen.flatten().unwrap_or(usual.listen),
            read_tokens,
            publish_tokens,
            is_public,
            tls,
            max_viewers: raw.max_viewers.unwrap_or(usual.max_viewers),
            max_viewer_kbps: raw.max_viewers_kbps,
            origins: raw.origins,
            hls: raw.hls.unwrap_or(usual.hls),
        }))
    }

    fn listen(&mut self, text: &str) -> Option<SocketAddr> {
        let address = text.parse().ok();
        if address.is_none() {
            let message = "expected an address and a port as in 127.0.0.1:8480, 0.0.0.0:8480 or [::]:8480";
            self.error("relay.listen", message);
        }
        address
    }
}

/// The keys of `[relay]`.
pub(super) const RELAY: &[Key] = &[
    key(
        "on",
        Kind::Flag,
        "whether this rig serves viewers itself (default: yes where this table is, and where the show goes nowhere else)",
    ),
    key(
        "listen",
        Kind::Text,
        "address and port (default 127.0.0.1:8480: this machine only)",
    ),
    key(
        "read_token",
        Kind::Secret,
        "what viewers must show; without one only this machine may watch",
    ),
    key(
        "publish_token",
        Kind::Secret,
        "what other rigs must show to hand a show in; without one only this machine may",
    ),
    key(
        "public",
        Kind::Flag,
        "everybody may watch, without a token (default false)",
    ),
    key(
        "certificate",
        Kind::Text,
        "PEM file with the certificate, for https and wss; relative to this file",
    ),
    key("key", Kind::Text, "PEM file with its private key"),
    key(
        "max_viewers",
        Kind::Integer(1, 100_000),
        "viewers at the same time; one more is told to come back later (default 1000)",
    ),
    key(
        "max_viewers_kbps",
        Kind::Integer(100, 100_000_000),
        "kilobits per second for all viewers together (default no limit)",
    ),
    key(
        "origins",
        Kind::Texts,
        "web pages that may use the relay besides its own: https://example.org, or * for all",
    ),
    key("hls", Kind::Flag, "whether players get HLS as well (default true)"),
];
