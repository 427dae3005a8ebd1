//! Which server is asked, for what, and how often: what an `[audience.NAME]` table of a scene file comes down to.

use std::path::PathBuf;

use serde::Serialize;
use url::Url;

use crate::media::TimeDelta;
use crate::secret::{Secret, SecretUrl};

/// One server that is asked how many watch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StatsSpec {
    /// What the operator calls it.
    pub name: String,
    /// What answers there.
    pub kind: StatsKind,
    /// `http://` or `https://`. Without a path it gets the one that servers of this kind answer at; user and password become
    /// an `Authorization: Basic` header.
    pub url: SecretUrl,
    /// Sent as `Authorization: Bearer`; goes before user and password of the URL.
    pub token: Option<Secret>,
    /// From one question to the next.
    #[serde(rename = "every_ms")]
    pub every: TimeDelta,
    /// For https: a PEM file with root certificates to trust besides the usual ones.
    pub ca_file: Option<PathBuf>,
}

/// What kind of answer is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum StatsKind {
    /// The page of `rtmp_stat` of nginx-rtmp (XML).
    NginxRtmp {
        /// Only this application.
        application: Option<String>,
        /// Only this stream.
        stream: Option<String>,
    },
    /// `/api/v1/streams/` or `/api/v1/clients/` of SRS.
    Srs {
        /// Only this stream.
        stream: Option<String>,
    },
    /// `/v3/paths/list` or `/v3/paths/get/NAME` of MediaMTX.
    #[serde(rename = "mediamtx")]
    MediaMtx {
        /// Only this path.
        path: Option<String>,
    },
    /// Any JSON.
    Json {
        /// Where the count is in it (RFC 6901): `/data/viewers`.
        pointer: String,
    },
}

impl StatsKind {
    /// As scene files write them.
    pub const WORDS: &[&str] = &["nginx-rtmp", "srs", "mediamtx", "json"];
}

impl StatsSpec {
    /// From one question to the next, unless said otherwise.
    pub const EVERY_SECONDS: f64 = 5.0;

    /// A server of that kind, asked every five seconds.
    #[must_use]
    pub fn new(name: impl Into<String>, kind: StatsKind, url: SecretUrl) -> Self {
        Self {
            name: name.into(),
            kind,
            url,
            token: None,
            every: TimeDelta::from_secs_f64(Self::EVERY_SECONDS),
            ca_file: None,
        }
    }

    /// Path and query to ask for. Lists that these servers hand out in pages are asked for in one large one.
    pub(super) fn target(&self) -> String {
        let url = self.url.expose();
        let usual = match self.kind {
            StatsKind::NginxRtmp { .. } => "/stat",
            StatsKind::Srs { .. } => "/api/v1/streams/",
            StatsKind::MediaMtx { .. } => "/v3/paths/list",
            StatsKind::Json { .. } => "/",
        };
        let path = if is_bare(url) { usual } else { url.path() };
        let whole_list = match self.kind {
            StatsKind::Srs { .. } => Some("count=10000"),
            StatsKind::MediaMtx { .. } if path.trim_end_matches('/').ends_with("/list") => Some("itemsPerPage=10000"),
            _ => None,
        };
        match url.query().or(whole_list) {
            Some(query) => format!("{path}?{query}"),
            None => path.to_owned(),
        }
    }
}

fn is_bare(url: &Url) -> bool {
    url.path().trim_matches('/').is_empty() && url.query().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for() {
        let nginx = || StatsKind::NginxRtmp {
            application: None,
            stream: None,
        };
        let srs = || StatsKind::Srs { stream: None };
        let mtx = || StatsKind::MediaMtx { path: None };
        let json = || StatsKind::Json { pointer: String::new() };
        for (kind, url, target) in [
            (nginx(), "http://h:8080", "/stat"),
            (nginx(), "http://h/status.xml?x=1", "/status.xml?x=1"),
            (srs(), "http://h:1985/", "/api/v1/streams/?count=10000"),
            (srs(), "http://h:1985/api/v1/clients/", "/api/v1/clients/?count=10000"),
            (
                srs(),
                "http://h:1985/api/v1/streams/?count=5",
                "/api/v1/streams/?count=5",
            ),
            (mtx(), "http://h:9997", "/v3/paths/list?itemsPerPage=10000"),
            (mtx(), "http://h:9997/v3/paths/get/show", "/v3/paths/get/show"),
            (json(), "https://h/", "/"),
            (json(), "https://h/a/b?key=k#part", "/a/b?key=k"),
        ] {
            let spec = StatsSpec::new("x", kind, SecretUrl::parse(url).unwrap());
            assert_eq!(spec.target(), target, "{url}");
        }
    }
}
