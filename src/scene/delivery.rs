//! The tables about where a show goes and in which sizes: `[rendition.NAME]`, `[destination.NAME]`.

use serde::Deserialize;

use super::check::Check;
use super::raw::{RawDestination, RawSecret};
use super::schema;
use crate::encode::{MAX_RENDITIONS, RenditionSettings, VideoSettings, usual_ladder};
use crate::publish::{DestinationSpec, Scheme};
use crate::secret::{Secret, SecretUrl};
use crate::vision::Policy;

/// Kbit/s per pixel of shorter side that a rendition gets where its file names none: 700 at 480, 1050 at 720.
const KBPS_PER_LINE: f64 = 700.0 / 480.0;

/// What the source rendition is called, wherever one is chosen.
const SOURCE: &str = "source";

/// The name of the rendition without pictures.
const AUDIO: &str = "audio";

/// What destinations are spoken to by.
const SCHEMES: &[&str] = &["rtmp", "rtmps", "ws", "wss", "rtsp+ws", "rtsp+wss", "rtp+tcp"];

fn is_rtmp(url: &SecretUrl) -> bool {
    matches!(Scheme::of(url), Some(Scheme::Rtmp | Scheme::Rtmps))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRendition {
    size: Option<u32>,
    bitrate_kbps: Option<u32>,
    occlusion_level: Option<u8>,
}

impl Check<'_> {
    /// `[rendition.NAME]`, or the usual ladder where there is none.
    pub(super) fn renditions(
        &mut self,
        mut raw: std::collections::HashMap<String, RawRendition>,
        video: &VideoSettings,
        policy: &Policy,
    ) -> Vec<RenditionSettings> {
        let names = self.layers.places.names("rendition").to_vec();
        if names.is_empty() {
            return usual_ladder(video);
        }
        if names.len() > MAX_RENDITIONS {
            let message = format!("{} renditions beside the source; {MAX_RENDITIONS} at most", names.len());
            self.error("rendition", message);
        }
        let mut renditions = Vec::new();
        for name in names {
            let Some(raw) = raw.remove(&name) else { continue };
            renditions.extend(self.rendition(name, &raw, video, policy));
        }
        // A viewer whose network is too slow goes one down.
        renditions.sort_by_key(|rendition: &RenditionSettings| std::cmp::Reverse(rendition.bitrate_kbps));
        renditions
    }

    fn rendition(
        &mut self,
        name: String,
        raw: &RawRendition,
        video: &VideoSettings,
        policy: &Policy,
    ) -> Option<RenditionSettings> {
        let key = format!("rendition.{name}");
        if [SOURCE, AUDIO].contains(&name.as_str()) {
            let what = if name == SOURCE {
                "the program as it is; its encoder is set in [video]"
            } else {
                "the sound alone, and always there"
            };
            self.error(&key, format!("\"{name}\" is {what}"));
            return None;
        }
        let size = self.required(raw.size, &key, "size")?;
        let shorter = video.width.min(video.height);
        if size > shorter {
            let message = format!("{size} is more than the {shorter} of the program: a rendition is never larger");
            self.error(&format!("{key}.size"), message);
        }
        if let Some(level) = raw.occlusion_level {
            self.check_level(&format!("{key}.occlusion_level"), level, policy);
        }
        let kbps = raw.bitrate_kbps.unwrap_or_else(|| {
            let usual = (f64::from(size) * KBPS_PER_LINE).round() as u32;
            usual.min(video.bitrate_kbps).max(100)
        });
        Some(RenditionSettings {
            occlusion_level: raw.occlusion_level,
            ..RenditionSettings::scaled(name, size, kbps, video)
        })
    }

    /// `[destination.NAME]`, which may take one of `renditions`.
    pub(super) fn destination(
        &mut self,
        name: &str,
        raw: RawDestination,
        renditions: &[RenditionSettings],
    ) -> Option<DestinationSpec> {
        let key = format!("destination.{name}");
        let rendition = raw.rendition.filter(|wanted| wanted != SOURCE);
        if let Some(wanted) = &rendition
            && !renditions.iter().any(|known| known.name == *wanted)
        {
            let known = renditions.iter().map(|known| known.name.as_str());
            let known = std::iter::once(SOURCE).chain(known).collect::<Vec<_>>();
            let hint = crate::suggest::hint(wanted, known.iter().copied());
            let message = format!("no rendition \"{wanted}\"{hint}");
            self.error(&format!("{key}.rendition"), message);
        }
        let token_key = format!("{key}.token");
        let token = raw.token.and_then(|token| self.secret(&token_key, token));
        let ca_file = raw.ca_file.map(|path| self.file_at(&format!("{key}.ca_file"), &path));
        let url = self.destination_url(&key, raw.url, raw.key)?;
        if token.is_some() && is_rtmp(&url) {
            self.error(
                &token_key,
                "only RTP over WebSocket shows a token; RTMP has its stream key",
            );
        }
        Some(DestinationSpec {
            rendition,
            token,
            ca_file,
            ..DestinationSpec::new(name, url)
        })
    }

    fn destination_url(&mut self, key: &str, url: Option<Secret>, stream_key: Option<RawSecret>) -> Option<SecretUrl> {
        let url = self.required(url, key, "url")?;
        let url_key = format!("{key}.url");
        let base = self.url(&url_key, url.expose(), SCHEMES)?;
        let is_rtmp = is_rtmp(&base);
        if is_rtmp && base.expose().path().trim_matches('/').is_empty() {
            self.error(&url_key, "needs the application after the host, as in rtmp://host/live");
        } else if !DestinationSpec::accepts(&base) {
            self.error(
                &url_key,
                "cannot be published to: a port is missing, or audio is neither aac nor opus",
            );
        }
        let Some(stream_key) = stream_key else {
            return Some(base);
        };
        let key = format!("{key}.key");
        if !is_rtmp {
            self.error(
                &key,
                "is the stream key of RTMP; what RTP over WebSocket shows is its token",
            );
            return None;
        }
        self.with_stream_key(&key, &base, stream_key)
    }

    /// `base` with the stream key as the last part of its path.
    fn with_stream_key(&mut self, key: &str, base: &SecretUrl, stream_key: RawSecret) -> Option<SecretUrl> {
        let stream_key = self.secret(key, stream_key)?;
        if base.expose().query().is_some() || base.expose().fragment().is_some() {
            self.error(
                key,
                "the address ends in a query, so no key fits behind it; write it into the url",
            );
            return None;
        }
        let text = stream_key.expose();
        if text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '#') {
            self.error(
                key,
                "blanks, control characters and \"#\" cannot be part of a stream key",
            );
            return None;
        }
        let joined = format!(
            "{}/{}",
            base.expose().as_str().trim_end_matches('/'),
            text.trim_start_matches('/')
        );
        self.url(key, &joined, &["rtmp", "rtmps"])
    }
}

/// The keys of `[rendition.NAME]`.
pub(super) const RENDITION: &[schema::Key] = &[
    schema::key(
        "size",
        schema::Kind::Integer(64, 2160),
        "pixels of the shorter side: 480 of a 16:9 program is 854x480",
    ),
    schema::key(
        "bitrate_kbps",
        schema::Kind::Integer(100, 50_000),
        "kilobits per second of H.264 (default 1.5 for each pixel of size, the program's at most)",
    ),
    schema::key(
        "occlusion_level",
        schema::Kind::Integer(0, 31),
        "an occlusion level of its own (default: that of the show)",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scheme_is_one_that_is_spoken() {
        for scheme in SCHEMES {
            let url = SecretUrl::parse(&format!("{scheme}://127.0.0.1:9/a/b")).unwrap();
            assert!(DestinationSpec::accepts(&url), "{scheme}");
        }
    }
}
