//! Where to publish, as RTMP wants it told: `rtmp://host[:port]/app[/instance]/STREAM[?query]`.

use thiserror::Error;

use crate::secret::{Secret, SecretUrl};
use crate::wire::text::scrub;

/// The parts of a publish URL. Everything in it that could be a credential is a [`Secret`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishTarget {
    /// `app` of the connect command: the path but for its last segment. Secret because some services put a token in it.
    pub app: Secret,
    /// `tcUrl` of the connect command: scheme, host, port and app.
    pub tc_url: Secret,
    /// The stream name: the last segment with its query. For most services this is the stream key.
    pub stream: Secret,
}

/// Why a URL is no publish target. Never repeats the URL.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum TargetError {
    /// Neither `rtmp` nor `rtmps`.
    #[error("the scheme is neither rtmp nor rtmps")]
    Scheme,
    /// No host.
    #[error("the URL has no host")]
    NoHost,
    /// The path has fewer than two segments.
    #[error("the URL has no stream key: rtmp://host/app/KEY is expected")]
    NoStreamKey,
}

impl PublishTarget {
    /// Takes the URL apart as ffmpeg and OBS do. Percent-encoding stays as it is, and user and password are left out:
    /// services that want credentials take them in the query.
    pub fn from_url(url: &SecretUrl) -> Result<Self, TargetError> {
        let url = url.expose();
        if !matches!(url.scheme(), "rtmp" | "rtmps") {
            return Err(TargetError::Scheme);
        }
        let host = url
            .host_str()
            .filter(|host| !host.is_empty())
            .ok_or(TargetError::NoHost)?;
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        // The query belongs to whatever it stands behind, so the split at the last slash must not look inside it unless
        // the path alone has no stream: `/app?token=x/STREAM` exists in the wild.
        let path = url.path().trim_matches('/');
        let (app, stream) = match (path.rsplit_once('/'), query.rsplit_once('/')) {
            (Some((app, stream)), _) => (app.to_owned(), format!("{stream}{query}")),
            (None, Some((token, stream))) => (format!("{path}{token}"), stream.to_owned()),
            (None, None) => return Err(TargetError::NoStreamKey),
        };
        if app.is_empty() || stream.is_empty() {
            return Err(TargetError::NoStreamKey);
        }
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        Ok(Self {
            tc_url: Secret::new(format!("{}://{host}{port}/{app}", url.scheme())),
            app: Secret::new(app),
            stream: Secret::new(stream),
        })
    }

    /// What a server said, fit for eyes: our secrets dotted out wherever it repeats them, control characters gone, and
    /// no longer than 200 characters.
    #[must_use]
    pub fn scrub(&self, text: &str) -> String {
        scrub(text, &self.secrets())
    }

    /// The whole name, the name without its query, each value in a query.
    fn secrets(&self) -> Vec<&str> {
        let mut secrets = Vec::new();
        let stream = self.stream.expose();
        let (name, query) = stream.split_once('?').unwrap_or((stream, ""));
        let app_query = self.app.expose().split_once('?').map_or("", |(_, query)| query);
        secrets.extend([stream, name, query, app_query]);
        for pair in query.split('&').chain(app_query.split('&')) {
            secrets.extend(pair.split_once('=').map(|(_, value)| value));
        }
        secrets
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::DOTS;

    fn target(url: &str) -> Result<PublishTarget, TargetError> {
        PublishTarget::from_url(&SecretUrl::parse(url).unwrap())
    }

    #[test]
    fn urls_come_apart_as_other_tools_take_them() {
        for (url, app, tc_url, stream) in [
            ("rtmp://h/live/key", "live", "rtmp://h/live", "key"),
            ("rtmp://h:1936/live/key", "live", "rtmp://h:1936/live", "key"),
            ("rtmp://h/app/inst/key", "app/inst", "rtmp://h/app/inst", "key"),
            (
                "rtmps://h:443/rtmp/FB-1?s_bl=1&t=x/y",
                "rtmp",
                "rtmps://h:443/rtmp",
                "FB-1?s_bl=1&t=x/y",
            ),
            ("rtmp://h/app?token=x/key", "app?token=x", "rtmp://h/app?token=x", "key"),
            ("rtmp://user:pw@h/live/key", "live", "rtmp://h/live", "key"),
        ] {
            let target = target(url).unwrap();
            assert_eq!(
                (target.app.expose(), target.tc_url.expose(), target.stream.expose()),
                (app, tc_url, stream),
                "{url}"
            );
        }
    }

    #[test]
    fn what_cannot_be_published_to_is_refused() {
        assert_eq!(target("rtmp://h/live"), Err(TargetError::NoStreamKey));
        assert_eq!(target("rtmp://h/live/"), Err(TargetError::NoStreamKey));
        assert_eq!(target("rtmp://h"), Err(TargetError::NoStreamKey));
        assert_eq!(target("http://h/live/key"), Err(TargetError::Scheme));
    }

    #[test]
    fn secrets_are_dotted_out_of_what_servers_say() {
        let target = target("rtmp://h/live/sk-secret?token=tok-123").unwrap();
        for said in [
            "no stream sk-secret?token=tok-123 here",
            "sk-secret",
            "bad token tok-123\r\n",
        ] {
            let shown = target.scrub(said);
            assert!(!shown.contains("sk-secret") && !shown.contains("tok-123"), "{shown}");
            assert!(shown.contains(DOTS) && !shown.contains('\n'));
        }
        assert!(!format!("{target:?}").contains("sk-secret"));
        assert_eq!(self::target("rtmp://h/live/k").unwrap().scrub("no such key"), DOTS);
        assert_eq!(target.scrub(&"é".repeat(500)).chars().count(), 201);
    }
}
