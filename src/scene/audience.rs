//! The tables `[audience.NAME]`: servers that are asked how many watch.

use std::collections::HashMap;

use serde::Deserialize;

use super::check::Check;
use super::raw::RawSecret;
use super::schema::{Key, Kind, key};
use crate::audience::{StatsKind, StatsSpec};
use crate::media::TimeDelta;
use crate::secret::Secret;

/// The most servers that are asked.
const MAX_SERVERS: usize = 16;

/// Whose viewers are counted without a table.
const RELAY: &str = "relay";

/// The keys of each kind; the others belong to all.
const KIND_KEYS: &[(&str, &[&str])] = &[
    ("nginx-rtmp", &["application", "stream"]),
    ("srs", &["stream"]),
    ("mediamtx", &["path"]),
    ("json", &["pointer"]),
];

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum RawStatsKind {
    NginxRtmp,
    Srs,
    #[serde(rename = "mediamtx")]
    MediaMtx,
    Json,
}

impl RawStatsKind {
    const fn name(self) -> &'static str {
        match self {
            Self::NginxRtmp => "nginx-rtmp",
            Self::Srs => "srs",
            Self::MediaMtx => "mediamtx",
            Self::Json => "json",
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAudience {
    kind: Option<RawStatsKind>,
    url: Option<Secret>,
    application: Option<String>,
    stream: Option<String>,
    path: Option<String>,
    pointer: Option<String>,
    token: Option<RawSecret>,
    every_s: Option<f64>,
    ca_file: Option<String>,
}

impl Check<'_> {
    /// `[audience.NAME]`, in the order of the file.
    pub(super) fn audience(&mut self, mut raw: HashMap<String, RawAudience>) -> Vec<StatsSpec> {
        let names = self.layers.places.names("audience").to_vec();
        if names.len() > MAX_SERVERS {
            let message = format!("{} servers; {MAX_SERVERS} at most", names.len());
            self.error("audience", message);
        }
        let specs = names.into_iter().filter_map(|name| {
            let raw = raw.remove(&name)?;
            self.stats(name, raw)
        });
        specs.collect()
    }

    fn stats(&mut self, name: String, raw: RawAudience) -> Option<StatsSpec> {
        let key = format!("audience.{name}");
        if name == RELAY {
            self.error(
                &key,
                "\"relay\" is the relay of this rig, whose viewers are counted anyway",
            );
            return None;
        }
        let token = raw.token.and_then(|token| self.secret(&format!("{key}.token"), token));
        let ca_file = raw.ca_file.map(|path| self.file_at(&format!("{key}.ca_file"), &path));
        let url = self.required(raw.url, &key, "url");
        let url = url.and_then(|url| self.url(&format!("{key}.url"), url.expose(), &["http", "https"]));
        let kind = self.required(raw.kind, &key, "kind")?;
        self.no_keys_of_others(&key, kind);
        let kind = match kind {
            RawStatsKind::NginxRtmp => StatsKind::NginxRtmp {
                application: raw.application,
                stream: raw.stream,
            },
            RawStatsKind::Srs => StatsKind::Srs { stream: raw.stream },
            RawStatsKind::MediaMtx => StatsKind::MediaMtx { path: raw.path },
            RawStatsKind::Json => {
                let pointer = self.required(raw.pointer, &key, "pointer")?;
                if !is_pointer(&pointer) {
                    let message = "expected a JSON pointer as in /data/viewers, with ~1 for / and ~0 for ~ in a name";
                    self.error(&format!("{key}.pointer"), message);
                }
                StatsKind::Json { pointer }
            }
        };
        let every_s = raw.every_s.unwrap_or(StatsSpec::EVERY_SECONDS);
        Some(StatsSpec {
            token,
            every: TimeDelta::from_secs_f64(every_s),
            ca_file,
            ..StatsSpec::new(name, kind, url?)
        })
    }

    fn no_keys_of_others(&mut self, key: &str, kind: RawStatsKind) {
        let own = KIND_KEYS.iter().find(|(name, _)| *name == kind.name());
        let own = own.map_or(&[] as &[&str], |(_, keys)| keys);
        for (other, keys) in KIND_KEYS.iter().filter(|(name, _)| *name != kind.name()) {
            for name in keys.iter().filter(|name| !own.contains(name)) {
                let key = format!("{key}.{name}");
                if self.layers.places.has(&key) {
                    let message = format!("belongs to kind \"{other}\"; this server is a \"{}\"", kind.name());
                    self.error(&key, message);
                }
            }
        }
    }
}

/// RFC 6901, section 3.
fn is_pointer(text: &str) -> bool {
    let escapes_are_whole = text.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
    (text.is_empty() || text.starts_with('/')) && escapes_are_whole
}

/// The keys of `[audience.NAME]`.
pub(super) const AUDIENCE: &[Key] = &[
    key("kind", Kind::Choice(StatsKind::WORDS), "what answers there"),
    key(
        "url",
        Kind::Address,
        "http:// or https:// address; without a path, the usual one of that kind: /stat, /api/v1/streams/, /v3/paths/list",
    ),
    key(
        "application",
        Kind::Text,
        "nginx-rtmp: only this application (default all)",
    ),
    key("stream", Kind::Text, "nginx-rtmp, srs: only this stream (default all)"),
    key("path", Kind::Text, "mediamtx: only this path (default all)"),
    key(
        "pointer",
        Kind::Text,
        "json: where the count is in the answer (RFC 6901), as in /data/viewers",
    ),
    key(
        "token",
        Kind::Secret,
        "is sent as Authorization: Bearer; user and password belong into the url",
    ),
    key(
        "every_s",
        Kind::Number(0.2, 3600.0),
        "seconds from one question to the next (default 5)",
    ),
    key(
        "ca_file",
        Kind::Text,
        "PEM file with root certificates to trust besides the usual ones, relative to this file",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::{Show, from_text};

    fn read(text: &str) -> Result<Show, String> {
        let text =
            format!("{text}\n[source.cam]\nkind = \"pattern\"\n[scene.wide]\nitems = [{{ source = \"cam\" }}]\n");
        let token = |name: &str| (name == "TOKEN").then(|| "t0ken".to_owned());
        from_text("show.toml", &text, &[], &token).map_err(|errors| errors.to_string())
    }

    #[test]
    fn servers_are_asked_as_the_file_says() {
        let show = read(
            "[audience.edge]\nkind = \"nginx-rtmp\"\nurl = \"http://10.0.0.7:8080/stat\"\napplication = \"live\"\nstream = \"show\"\n\
             [audience.a]\nkind = \"srs\"\nurl = \"http://u:hunter2@h:1985\"\nevery_s = 0.5\n\
             [audience.b]\nkind = \"mediamtx\"\nurl = \"https://h:9997\"\npath = \"show\"\nca_file = \"/etc/ca.pem\"\n\
             [audience.c]\nkind = \"json\"\nurl = \"https://h/\"\npointer = \"/a/0\"\ntoken = { env = \"TOKEN\" }",
        );
        let show = show.unwrap();
        let names: Vec<&str> = show.audience.iter().map(|spec| spec.name.as_str()).collect();
        assert_eq!(names, ["edge", "a", "b", "c"]);
        let [edge, a, b, c] = &show.audience[..] else { panic!() };
        let named = |name: &str| Some(name.to_owned());
        assert_eq!(
            edge.kind,
            StatsKind::NginxRtmp {
                application: named("live"),
                stream: named("show")
            }
        );
        assert_eq!(
            (edge.every, a.every),
            (TimeDelta::from_millis(5000), TimeDelta::from_millis(500))
        );
        assert_eq!(b.kind, StatsKind::MediaMtx { path: named("show") });
        assert_eq!(b.ca_file.as_deref(), Some(std::path::Path::new("/etc/ca.pem")));
        assert_eq!(c.token.as_ref().map(Secret::expose), Some("t0ken"));
        let shown = format!("{show:?} {}", serde_json::to_string(&show).unwrap());
        assert!(!shown.contains("hunter2") && !shown.contains("t0ken"), "{shown}");
        assert!(shown.contains(r#""kind":"mediamtx","path":"show""#), "{shown}");
        assert!(read("").unwrap().audience.is_empty());
    }

    #[test]
    fn what_is_wrong_with_a_server_is_told_with_its_place() {
        for (text, expected) in [
            (
                "[audience.a]",
                "show.toml:1:11: audience.a: needs the key \"url\"\nshow.toml:1:11: audience.a: needs the key \"kind\"",
            ),
            (
                "[audience.a]\nkind = \"srs\"\nurl = \"rtmp://h/secret\"",
                "show.toml:3:7: audience.a.url: expected an address as in http://host/path; the scheme must be http:// or https://",
            ),
            (
                "[audience.a]\nkind = \"nginx\"\nurl = \"http://h\"",
                "show.toml:2:8: audience.a.kind: expected one of \"nginx-rtmp\", \"srs\", \"mediamtx\", \"json\"",
            ),
            (
                "[audience.a]\nkind = \"srs\"\nurl = \"http://h\"\nstream = \"s\"\npath = \"p\"",
                "show.toml:5:8: audience.a.path: belongs to kind \"mediamtx\"; this server is a \"srs\"",
            ),
            (
                "[audience.a]\nkind = \"json\"\nurl = \"http://h\"",
                "show.toml:1:11: audience.a: needs the key \"pointer\"",
            ),
            (
                "[audience.a]\nkind = \"json\"\nurl = \"http://h\"\npointer = \"a.b\"",
                "show.toml:4:11: audience.a.pointer: expected a JSON pointer as in /data/viewers",
            ),
            (
                "[audience.relay]\nkind = \"srs\"\nurl = \"http://h\"",
                "show.toml:1:11: audience.relay: \"relay\" is the relay of this rig",
            ),
            (
                "[audience.a]\nkind = \"srs\"\nurl = \"http://h\"\nevery_s = 0",
                "show.toml:4:11: audience.a.every_s: expected a number from 0.2 to 3600, found 0",
            ),
        ] {
            let found = read(text).map(drop).unwrap_err();
            assert!(found.starts_with(expected), "{text}\n{found}");
            assert!(!found.contains("secret"), "{found}");
        }
    }

    #[test]
    fn every_kind_has_its_word_and_its_keys() {
        for (word, (name, keys)) in StatsKind::WORDS.iter().zip(KIND_KEYS) {
            assert_eq!(word, name);
            let kind: RawStatsKind = serde_json::from_value((*word).into()).unwrap();
            assert_eq!(kind.name(), *word);
            for known in *keys {
                assert!(AUDIENCE.iter().any(|key| key.name == *known), "{known}");
            }
        }
        assert_eq!(StatsKind::WORDS.len(), KIND_KEYS.len());
    }

    #[test]
    fn pointers_are_those_of_the_standard() {
        // The examples of RFC 6901, section 5, and what is none.
        for good in ["", "/foo", "/foo/0", "/", "/a~1b", "/c%d", "/k\"l", "/ ", "/m~0n"] {
            assert!(is_pointer(good), "{good}");
        }
        for bad in ["foo", "#/foo", "/a~b", "/a~", "$.a"] {
            assert!(!is_pointer(bad), "{bad}");
        }
    }
}
