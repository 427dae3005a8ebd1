//! From HTTP to WebSocket (RFC 6455 §4.1): what we ask, and whether the answer fits.

use std::fmt::Write as _;

use tungstenite::handshake::client::{Response, generate_key};
use tungstenite::handshake::derive_accept_key;
use tungstenite::handshake::machine::TryParse;
use tungstenite::http::HeaderMap;
use tungstenite::http::header::{CONNECTION, UPGRADE};

use super::{UpgradeProblem, WebSocketError};
use crate::secret::Secret;
use crate::wire::text::{scrub, secrets_of_path};

/// The longest head of an answer. Usual ones have 200 bytes, those of refusals with cookies 2000.
const MAX_HEAD: usize = 16 * 1024;

/// Where to go and what to speak there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpgradeRequest {
    /// For the `Host` header: the port where it is not the usual one.
    pub host: String,
    /// Path and query, percent-encoded. Secret because stream keys stand in paths.
    pub path: Secret,
    /// The subprotocol.
    pub subprotocol: &'static str,
    /// Whether a server that names no subprotocol at all is one that speaks it (gortsplib's does not).
    pub may_be_unnamed: bool,
    /// The value of the `Authorization` header, scheme included.
    pub authorization: Option<Secret>,
}

impl UpgradeRequest {
    /// The request, and the key whose answer proves that it was read.
    pub(super) fn write(&self, out: &mut Vec<u8>) -> String {
        let key = generate_key();
        let mut text = format!(
            "GET {} HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Protocol: {}\r\nUser-Agent: {}\r\n",
            self.path.expose(),
            self.host,
            self.subprotocol,
            concat!("rigcast/", env!("CARGO_PKG_VERSION")),
        );
        if let Some(value) = &self.authorization {
            let _ = write!(text, "Authorization: {}\r\n", value.expose());
        }
        out.extend_from_slice(text.as_bytes());
        out.extend_from_slice(b"\r\n");
        key
    }

    /// What a server says of why it ends, fit for eyes.
    pub(super) fn scrub(&self, text: &str) -> String {
        let mut secrets = secrets_of_path(&self.path);
        let credentials = self
            .authorization
            .as_ref()
            .and_then(|value| value.expose().split_once(' '));
        secrets.extend(credentials.map(|(_, credentials)| credentials));
        scrub(text, &secrets)
    }

    fn check(&self, answer: &Response, key: &str) -> Result<(), WebSocketError> {
        let status = answer.status().as_u16();
        if status != 101 {
            return Err(WebSocketError::Refused { status });
        }
        let headers = answer.headers();
        if !has_token(headers, UPGRADE.as_str(), "websocket") || !has_token(headers, CONNECTION.as_str(), "upgrade") {
            return Err(UpgradeProblem::NoUpgrade.into());
        }
        if text(headers, "sec-websocket-accept") != Some(&derive_accept_key(key.as_bytes())) {
            return Err(UpgradeProblem::Key.into());
        }
        if headers.contains_key("sec-websocket-extensions") {
            return Err(UpgradeProblem::Extension.into());
        }
        match text(headers, "sec-websocket-protocol") {
            Some(named) if named == self.subprotocol => Ok(()),
            None if self.may_be_unnamed => Ok(()),
            None => Err(UpgradeProblem::NoSubprotocol(self.subprotocol).into()),
            Some(_) => Err(UpgradeProblem::OtherSubprotocol(self.subprotocol).into()),
        }
    }
}

/// An upgrade on its way.
#[derive(Debug)]
pub(super) struct Upgrade {
    key: String,
    head: Vec<u8>,
}

impl Upgrade {
    /// Starts one; the request is appended to `out`.
    pub(super) fn new(request: &UpgradeRequest, out: &mut Vec<u8>) -> Self {
        Self {
            key: request.write(out),
            head: Vec::new(),
        }
    }

    /// Takes bytes of the answer. `Some` is what came behind it: then the WebSocket is open.
    pub(super) fn receive(
        &mut self,
        request: &UpgradeRequest,
        bytes: &[u8],
    ) -> Result<Option<Vec<u8>>, WebSocketError> {
        let not_http = |problem: String| WebSocketError::NotHttp { problem };
        // What follows the head in the same bytes is not part of the bound.
        self.head.extend_from_slice(bytes);
        let parsed = Response::try_parse(&self.head).map_err(|error| not_http(error.to_string()))?;
        let Some((len, answer)) = parsed else {
            if self.head.len() > MAX_HEAD {
                return Err(not_http(format!("no end of its head within {MAX_HEAD} bytes")));
            }
            return Ok(None);
        };
        request.check(&answer, &self.key)?;
        Ok(Some(self.head.split_off(len)))
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

/// Whether a list header (RFC 9110 §5.6.1) has that token: proxies write `keep-alive, Upgrade`.
fn has_token(headers: &HeaderMap, name: &str, token: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|item| item.trim().eq_ignore_ascii_case(token))
}
