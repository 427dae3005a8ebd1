//! Where to push RTP, as a URL has it: `ws://[user:password@|:TOKEN@]host[:port]/path[?token=…&audio=…&…]`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;
use url::Url;

use crate::secret::{Secret, SecretUrl};

/// The parts of such a URL. What is ours (`token`, `audio`, `sdp`) is taken out of the query; the rest of it goes to the
/// server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushTarget {
    /// Host, and the port where one is given, as `Host` headers and request URLs have it.
    pub host: String,
    /// Path and query, percent-encoded, with a slash in front. Secret because stream keys stand in paths.
    pub path: Secret,
    /// Who we are.
    pub credentials: Credentials,
    /// The sound that is wanted.
    pub audio: AudioChoice,
    /// A file to write the session description to.
    pub sdp_file: Option<String>,
}

/// Who we are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// Anyone.
    None,
    /// Whoever bears this (RFC 6750).
    Token(Secret),
    /// A user and password, joined by a colon (RFC 7617).
    Password(Secret),
}

/// How sound is to be coded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AudioChoice {
    /// What most servers and players take.
    #[default]
    Aac,
    /// What browsers take without a detour.
    Opus,
}

/// Why a URL is no target. Never repeats the URL.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum PushTargetError {
    /// No host.
    #[error("the URL has no host")]
    NoHost,
    /// Bare TCP has no usual port.
    #[error("the URL has no port: rtp+tcp://host:PORT is expected")]
    NoPort,
    /// `?audio=` with something else.
    #[error("?audio= is aac or opus")]
    Audio,
    /// A token that no header can carry.
    #[error("the token has characters that no HTTP header can carry")]
    Token,
}

impl AudioChoice {
    /// What the query of a URL asks for.
    ///
    /// # Errors
    /// For values that name no codec.
    pub fn from_url(url: &SecretUrl) -> Result<Self, PushTargetError> {
        match query_value(url.expose(), "audio").as_deref() {
            None | Some("aac") => Ok(Self::Aac),
            Some("opus") => Ok(Self::Opus),
            Some(_) => Err(PushTargetError::Audio),
        }
    }
}

impl Credentials {
    /// A token.
    ///
    /// # Errors
    /// [`PushTargetError::Token`] where it would break out of its header.
    pub fn token(token: &Secret) -> Result<Self, PushTargetError> {
        let is_fit = token.expose().bytes().all(|byte| (0x20..0x7F).contains(&byte));
        is_fit.then(|| Self::Token(token.clone())).ok_or(PushTargetError::Token)
    }

    /// The value of an `Authorization` header.
    #[must_use]
    pub fn header(&self) -> Option<Secret> {
        match self {
            Self::None => None,
            Self::Token(token) => Some(Secret::new(format!("Bearer {}", token.expose()))),
            Self::Password(pair) => Some(Secret::new(format!("Basic {}", STANDARD.encode(pair.expose())))),
        }
    }

    /// A token stands where a password does, or in the query; with a user it is a password.
    fn from_url(url: &Url) -> Result<Self, PushTargetError> {
        let password = url.password().map(decode).unwrap_or_default();
        if !url.username().is_empty() {
            return Ok(Self::Password(Secret::new(format!(
                "{}:{password}",
                decode(url.username())
            ))));
        }
        let token = if password.is_empty() {
            query_value(url, "token")
        } else {
            Some(password)
        };
        match token {
            Some(token) if !token.is_empty() => Self::token(&Secret::new(token)),
            _ => Ok(Self::None),
        }
    }
}

impl PushTarget {
    /// Takes the URL apart. Its scheme is not looked at.
    ///
    /// # Errors
    /// What is missing, or makes no sense.
    pub fn from_url(secret: &SecretUrl) -> Result<Self, PushTargetError> {
        let url = secret.expose();
        let host = url
            .host_str()
            .filter(|host| !host.is_empty())
            .ok_or(PushTargetError::NoHost)?;
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let path = match url.path() {
            "" => "/",
            path => path,
        };
        let query: Vec<&str> = url.query().into_iter().flat_map(|query| query.split('&')).collect();
        let theirs: Vec<&str> = query.into_iter().filter(|pair| !is_ours(pair)).collect();
        let query = if theirs.is_empty() {
            String::new()
        } else {
            format!("?{}", theirs.join("&"))
        };
        Ok(Self {
            host: format!("{host}{port}"),
            path: Secret::new(format!("{path}{query}")),
            credentials: Credentials::from_url(url)?,
            audio: AudioChoice::from_url(secret)?,
            sdp_file: query_value(url, "sdp").filter(|file| !file.is_empty()),
        })
    }
}

fn is_ours(pair: &str) -> bool {
    let name = pair.split_once('=').map_or(pair, |(name, _)| name);
    matches!(name, "token" | "audio" | "sdp")
}

fn query_value(url: &Url, name: &str) -> Option<String> {
    url.query_pairs()
        .find(|(found, _)| found == name)
        .map(|(_, value)| value.into_owned())
}

/// Percent-encoding undone (RFC 3986 §2.1); what is none stays. Bytes that are no UTF-8 become replacement characters, which no
/// header takes.
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let digit = |at: usize| tail.get(at).and_then(|digit| char::from(*digit).to_digit(16));
        if let (b'%', Some(high), Some(low)) = (first, digit(0), digit(1)) {
            bytes.push((high << 4 | low) as u8);
            rest = &tail[2..];
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(url: &str) -> Result<PushTarget, PushTargetError> {
        PushTarget::from_url(&SecretUrl::parse(url).unwrap())
    }

    #[test]
    fn urls_come_apart() {
        for (url, host, path, header) in [
            ("ws://h:8480/rtp/main", "h:8480", "/rtp/main", None),
            ("wss://:tok@h/rtp/main", "h", "/rtp/main", Some("Bearer tok")),
            (
                "wss://h/rtp/main?token=a%20b&x=1",
                "h",
                "/rtp/main?x=1",
                Some("Bearer a b"),
            ),
            ("wss://:t%2Fk@h/p?token=other", "h", "/p", Some("Bearer t/k")),
            ("ws://joe:p%40ss@h/p", "h", "/p", Some("Basic am9lOnBAc3M=")),
            ("rtsp+ws://h:8554/live/key?audio=opus", "h:8554", "/live/key", None),
            ("rtsp+wss://[::1]:443", "[::1]:443", "/", None),
            ("rtp+tcp://10.0.0.7:5004?sdp=/tmp/a.sdp", "10.0.0.7:5004", "/", None),
            ("ws://h/p?audio=aac&tokens=x&a=b", "h", "/p?tokens=x&a=b", None),
        ] {
            let target = target(url).unwrap_or_else(|error| panic!("{url}: {error}"));
            let given = target.credentials.header();
            assert_eq!(given.as_ref().map(Secret::expose), header, "{url}");
            assert_eq!((target.host.as_str(), target.path.expose()), (host, path), "{url}");
        }
        let target = target("rtp+tcp://h:1?sdp=show.sdp&audio=opus").unwrap();
        assert_eq!(target.sdp_file.as_deref(), Some("show.sdp"));
        assert_eq!(target.audio, AudioChoice::Opus);
    }

    #[test]
    fn what_would_break_out_of_a_header_is_refused() {
        for url in [
            "wss://:a%0d%0aX:y@h/p",
            "wss://h/p?token=a%0Ab",
            "wss://:%ff@h/p",
            "wss://:%C3%A9@h/",
        ] {
            assert_eq!(target(url), Err(PushTargetError::Token), "{url}");
        }
        assert_eq!(target("wss://h/p?audio=mp3"), Err(PushTargetError::Audio));
    }
}
