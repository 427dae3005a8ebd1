//! `[source.NAME]`: keys that belong to its kind, addresses, devices, sizes.

use std::collections::{BTreeMap, BTreeSet};

use super::check::{Check, Purpose};
use super::raw::{RawKind, RawSource};
use super::source_keys::SOURCE_KINDS;
use crate::source::{
    CameraSpec, FileSpec, IngestSpec, MicrophoneSpec, PatternSpec, PipeSpec, RtspSpec, ScreenArea, ScreenSpec,
    SourceKind,
};

/// Where RTMP is taken unless the file says otherwise: from this machine only.
const LISTEN: &str = "127.0.0.1:1935";

/// The application that RTMP is pushed to unless the file says otherwise.
const APP: &str = "live";

/// Channels of a sound device that can be picked.
const CHANNELS: std::ops::RangeInclusive<u16> = 1..=32;

impl Check<'_> {
    pub(super) fn source(&mut self, key: &str, raw: RawSource) -> Option<SourceKind> {
        let kind = self.required(raw.kind, key, "kind")?;
        let kind_name = match kind {
            RawKind::Pattern => "pattern",
            RawKind::File => "file",
            RawKind::Rtsp => "rtsp",
            RawKind::Camera => "camera",
            RawKind::Screen => "screen",
            RawKind::Microphone => "microphone",
            RawKind::Rtmp => "rtmp",
            RawKind::Pipe => "pipe",
        };
        self.kinds
            .insert(key.trim_start_matches("source.").to_owned(), kind_name);
        let names = SOURCE_KINDS.iter().flat_map(|(_, keys)| *keys).collect::<BTreeSet<_>>();
        for name in names {
            let key = format!("{key}.{name}");
            let kinds = SOURCE_KINDS.iter().filter(|(_, keys)| keys.contains(name));
            let kinds = kinds.map(|(kind, _)| *kind).collect::<Vec<_>>();
            if self.layers.places.has(&key) && !kinds.contains(&kind_name) {
                let kinds = kinds.join("\" or \"");
                self.error(
                    &key,
                    format!("belongs to kind \"{kinds}\"; this source is a \"{kind_name}\""),
                );
            }
        }
        match kind {
            RawKind::Pattern => Some(SourceKind::Pattern(pattern(raw))),
            RawKind::File => {
                let written = self.required(raw.path, key, "path")?;
                let key = format!("{key}.path");
                let path = self.layers.resolve(&self.layers.places.of(&key, &self.whole), &written);
                if self.purpose == Purpose::Review && !path.is_file() {
                    self.missing_here(&key, format!("no such file: {}", path.display()));
                }
                let is_looping = raw.is_looping.unwrap_or(true);
                Some(SourceKind::File(FileSpec { path, is_looping }))
            }
            RawKind::Rtsp => {
                let url = self.required(raw.url, key, "url")?;
                let url = self.url(&format!("{key}.url"), url.expose(), &["rtsp"]);
                let password_key = format!("{key}.password");
                if raw.password.is_some() && raw.user.is_none() {
                    self.error(&password_key, "a password needs a \"user\" beside it");
                }
                let password = raw.password.and_then(|secret| self.secret(&password_key, secret));
                Some(SourceKind::Rtsp(RtspSpec {
                    url: url?,
                    transport: raw.transport.unwrap_or_default(),
                    user: raw.user,
                    password,
                }))
            }
            RawKind::Camera => Some(SourceKind::Camera(self.camera(key, raw))),
            RawKind::Screen => self.screen(key, raw).map(SourceKind::Screen),
            RawKind::Microphone => self.microphone(key, raw).map(SourceKind::Microphone),
            RawKind::Rtmp => self.ingest(key, raw).map(SourceKind::Rtmp),
            RawKind::Pipe => self.pipe(key, raw).map(SourceKind::Pipe),
        }
    }

    fn camera(&mut self, key: &str, raw: RawSource) -> CameraSpec {
        let size = match (raw.width, raw.height) {
            (Some(width), Some(height)) => Some((width, height)),
            (None, None) => None,
            (width, _) => {
                let (has, lacks) = if width.is_some() {
                    ("width", "height")
                } else {
                    ("height", "width")
                };
                self.error(&format!("{key}.{has}"), format!("needs \"{lacks}\" beside it"));
                None
            }
        };
        let mut controls = BTreeMap::new();
        for (name, written) in raw.controls {
            match written.parse() {
                Ok(value) => {
                    controls.insert(name, value);
                }
                Err(_) => self.error(
                    &format!("{key}.controls.{name}"),
                    "expected a whole number, as camera controls lists them",
                ),
            }
        }
        CameraSpec {
            device: raw.device,
            size,
            frame_rate: raw.frame_rate,
            format: raw.format,
            controls,
        }
    }

    fn screen(&mut self, key: &str, raw: RawSource) -> Option<ScreenSpec> {
        let chosen = [
            ("region", raw.region.is_some()),
            ("window", raw.window.is_some()),
            ("monitor", raw.monitor.is_some()),
        ];
        let chosen = chosen.iter().filter(|(_, is_there)| *is_there).map(|(name, _)| *name);
        let chosen = chosen.collect::<Vec<_>>();
        if let [first, second, ..] = chosen.as_slice() {
            self.error(
                &format!("{key}.{second}"),
                format!("a source shows one part of a screen: \"{first}\" or \"{second}\", not both"),
            );
            return None;
        }
        let area = if let Some(written) = raw.region {
            let region = region(&written);
            if region.is_none() {
                self.error(
                    &format!("{key}.region"),
                    "expected WIDTHxHEIGHT+X+Y in pixels, as \"1280x720+0+40\", with an even width and height of 16 at least",
                );
            }
            region?
        } else if let Some(title) = raw.window {
            ScreenArea::Window(title)
        } else {
            raw.monitor.map_or(ScreenArea::Whole, ScreenArea::Monitor)
        };
        Some(ScreenSpec {
            display: raw.display,
            area,
            has_cursor: raw.cursor.unwrap_or(true),
            frame_rate: raw.frame_rate,
        })
    }

    fn microphone(&mut self, key: &str, raw: RawSource) -> Option<MicrophoneSpec> {
        let channels = match raw.channels.as_deref().map(channels) {
            None => Vec::new(),
            Some(Some(channels)) => channels,
            Some(None) => {
                self.error(
                    &format!("{key}.channels"),
                    "expected one channel or two from 1 to 32, as \"2\" or \"3,4\"",
                );
                return None;
            }
        };
        Some(MicrophoneSpec {
            device: raw.device,
            system: raw.system,
            server: raw.server,
            channels,
        })
    }

    fn ingest(&mut self, key: &str, raw: RawSource) -> Option<IngestSpec> {
        if !cfg!(feature = "rtmp-ingest") {
            self.missing_here(
                &format!("{key}.kind"),
                "this build takes no RTMP; build it with cargo build --release --features rtmp-ingest",
            );
        }
        let secret = self.required(raw.key, key, "key")?;
        let listen = raw.listen.as_deref().unwrap_or(LISTEN);
        let Ok(listen) = listen.parse() else {
            self.error(
                &format!("{key}.listen"),
                "expected an address and a port, as \"127.0.0.1:1935\" or \"0.0.0.0:1935\"",
            );
            return None;
        };
        let app = raw.app.unwrap_or_else(|| APP.to_owned());
        if !is_segment(&app) {
            self.error(
                &format!("{key}.app"),
                "expected one part of a path, without / ? or spaces",
            );
            return None;
        }
        let secret_key = format!("{key}.key");
        let stream = self.secret(&secret_key, secret)?;
        if !is_segment(stream.expose()) {
            self.error(
                &secret_key,
                "a stream key is one part of a path: it has no / ? or spaces, and is not empty",
            );
            return None;
        }
        Some(IngestSpec {
            listen,
            app,
            key: stream,
        })
    }

    fn pipe(&mut self, key: &str, raw: RawSource) -> Option<PipeSpec> {
        match (raw.path, raw.command) {
            (Some(_), Some(_)) => {
                self.error(
                    &format!("{key}.command"),
                    "a pipe is read from a \"path\" or from a \"command\", not from both",
                );
                None
            }
            (Some(path), None) if path == "-" => Some(PipeSpec::Stdin),
            (Some(path), None) => {
                let path = self.file_at(&format!("{key}.path"), &path);
                Some(PipeSpec::Path(path))
            }
            (None, Some(command)) if command.first().is_some_and(|program| !program.is_empty()) => {
                Some(PipeSpec::Command(command))
            }
            (None, Some(_)) => {
                self.error(&format!("{key}.command"), "names no program");
                None
            }
            (None, None) => {
                if !self.layers.places.has(&format!("{key}.path")) && !self.layers.places.has(&format!("{key}.command"))
                {
                    self.error(key, "needs the key \"path\" or \"command\"");
                }
                None
            }
        }
    }
}

fn pattern(raw: RawSource) -> PatternSpec {
    let default = PatternSpec::default();
    PatternSpec {
        style: raw.style.unwrap_or_default(),
        label: raw.label,
        tone_hz: raw.tone_hz.map_or(default.tone_hz, |hz| (hz > 0.0).then_some(hz)),
        level_dbfs: raw.level_dbfs.unwrap_or(default.level_dbfs),
        has_flash: raw.flash.unwrap_or(default.has_flash),
    }
}

/// `1280x720+0+40`, as X programs take it.
fn region(written: &str) -> Option<ScreenArea> {
    let (size, place) = written.split_once('+')?;
    let (width, height) = size.split_once('x')?;
    let (x, y) = place.split_once('+')?;
    let [width, height, x, y] = [width, height, x, y].map(|number| number.parse::<u32>().ok());
    let (width, height, x, y) = (width?, height?, x?, y?);
    let is_side = |side: u32| (16..=16_384).contains(&side) && side.is_multiple_of(2);
    (is_side(width) && is_side(height) && x <= 32_767 && y <= 32_767).then_some(ScreenArea::Region {
        x,
        y,
        width,
        height,
    })
}

/// `2` or `3,4`.
fn channels(written: &str) -> Option<Vec<u16>> {
    let channels = written.split(',').map(|number| number.trim().parse().ok());
    let channels = channels.collect::<Option<Vec<u16>>>()?;
    let is_known = channels.iter().all(|channel| CHANNELS.contains(channel));
    (is_known && channels.len() <= 2).then_some(channels)
}

/// Whether this is one part of a path.
fn is_segment(text: &str) -> bool {
    !text.is_empty() && !text.contains(|c: char| c == '/' || c == '?' || c.is_whitespace() || c.is_control())
}

#[cfg(test)]
mod tests {
    //! Geometry and channels as people write them.

    use super::*;

    #[test]
    fn regions_are_read_as_x_programs_take_them() {
        let is = |x, y, width, height| Some(ScreenArea::Region { x, y, width, height });
        for (written, wanted) in [
            ("1280x720+0+40", is(0, 40, 1280, 720)),
            ("16x16+0+0", is(0, 0, 16, 16)),
            ("1280x720", None),
            ("1280x720+0", None),
            ("1281x720+0+0", None),
            ("14x720+0+0", None),
            ("1280x720-1+0", None),
            ("1280x720+0+40+1", None),
            ("99999999999x720+0+0", None),
        ] {
            assert_eq!(region(written), wanted, "{written}");
        }
    }

    #[test]
    fn one_channel_or_two_are_picked() {
        for (written, wanted) in [
            ("1", Some(vec![1])),
            ("3, 4", Some(vec![3, 4])),
            ("2,1", Some(vec![2, 1])),
            ("0", None),
            ("33", None),
            ("1,2,3", None),
            ("", None),
            ("left", None),
        ] {
            assert_eq!(channels(written), wanted, "{written}");
        }
    }
}
