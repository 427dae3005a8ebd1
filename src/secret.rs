//! Values that must never be seen: stream keys, passwords, tokens. They print as dots wherever they turn up.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::Url;

/// What stands in for a secret on screen and in logs.
pub const DOTS: &str = "••••";

/// Text that prints and serialises as dots. [`expose`](Self::expose) is the one way to the value.
#[derive(Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Wraps `value`.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value itself. For the wire only.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is nothing to hide.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(DOTS)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(DOTS)
    }
}

impl Serialize for Secret {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(DOTS)
    }
}

/// A URL that may carry secrets. Displays with user, password, query and everything after the first path segment as dots:
/// in `rtmp://host/app/KEY` and `rtsp://user:password@camera/stream` only what helps an operator stays readable.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretUrl(Url);

impl SecretUrl {
    /// Parses `text`. The error never repeats the text, since that is where the secret is.
    ///
    /// # Errors
    /// What is wrong with the URL, in words.
    pub fn parse(text: &str) -> Result<Self, url::ParseError> {
        Url::parse(text).map(Self)
    }

    /// The URL with its secrets. For the wire only.
    #[must_use]
    pub fn expose(&self) -> &Url {
        &self.0
    }

    /// The host as resolvers want it: a v6 literal stands in brackets in a URL and without them everywhere else.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        let host = self.0.host_str()?;
        Some(host.trim_start_matches('[').trim_end_matches(']'))
    }

    /// `host:port` (the port where one is given): names the peer in errors.
    #[must_use]
    pub fn peer(&self) -> String {
        let host = self.0.host_str().unwrap_or("?");
        self.0
            .port()
            .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }
}

impl fmt::Display for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let user = if self.0.username().is_empty() && self.0.password().is_none() {
            ""
        } else {
            "••••@"
        };
        write!(f, "{}://{user}{}", self.0.scheme(), self.peer())?;
        let mut segments = self
            .0
            .path_segments()
            .into_iter()
            .flatten()
            .filter(|segment| !segment.is_empty());
        if let Some(first) = segments.next() {
            write!(f, "/{first}")?;
        }
        if segments.next().is_some() || self.0.query().is_some() {
            write!(f, "/{DOTS}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for SecretUrl {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_print_as_dots() {
        for (given, shown) in [
            ("rtmp://127.0.0.1:1935/live/sk-123", "rtmp://127.0.0.1:1935/live/••••"),
            ("rtmps://a.example/app/key?token=x", "rtmps://a.example/app/••••"),
            (
                "rtsp://admin:hunter2@cam.local:554/stream1",
                "rtsp://••••@cam.local:554/stream1",
            ),
            ("rtmp://host/live", "rtmp://host/live"),
            ("rtmp://host/live?key=1", "rtmp://host/live/••••"),
        ] {
            let url = SecretUrl::parse(given).unwrap_or_else(|error| panic!("{given}: {error}"));
            assert_eq!(url.to_string(), shown);
            assert_eq!(format!("{url:?}"), shown);
            assert_eq!(serde_json::to_string(&url).ok(), Some(format!("\"{shown}\"")));
        }
        assert_eq!(format!("{:?} {}", Secret::new("k"), Secret::new("k")), "•••• ••••");
    }
}
