//! From what is written to what is meant: names must point somewhere, sizes must fit, addresses must be addresses.
//!
//! Goes on after each error, so that one reading shows everything that is wrong.

use std::collections::HashMap;

use super::cues::CueNames;
use super::error::{Diagnostic, Place};
use super::layers::{Environment, Layers};
use super::library::Library;
use super::preset::{self, Preset};
use super::raw::{RawAnalysis, RawAudio, RawLength, RawParameters, RawSecret, RawShow, RawValue};
use super::script::Script;
use super::secrets;
use super::show::{Scene, Show, Start, TransitionSettings};
use super::value::Length;
use crate::encode::{AudioSettings, Channels, VideoSettings};
use crate::media::TimeDelta;
use crate::picture::{PICTURE_PARAMS, PictureSettings, Rect};
use crate::secret::{Secret, SecretUrl};
use crate::sound::{BUS_PARAMS, BusSettings, STRIP_PARAMS, StripSettings};
use crate::source::SourceSpec;
use crate::suggest;
use crate::worker::analyse::AnalysisSettings;

/// The most sources that a show can have: each is a thread and a tile.
const MAX_SOURCES: usize = 64;

/// What a check is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To start the show now: what is missing on this machine is an error.
    Start,
    /// To review the file, perhaps on another machine: what is missing on this one is a warning.
    Review,
}

/// A check under way.
pub(super) struct Check<'a> {
    pub layers: &'a mut Layers,
    pub environment: Environment<'a>,
    pub purpose: Purpose,
    /// Where errors go that are about the show as a whole.
    pub whole: Place,
    /// Whether the text is a preset: no show by itself, so it may name sources that it does not have.
    pub is_preset: bool,
    /// The kind of each source that has been read, by its name.
    pub kinds: HashMap<String, &'static str>,
}

impl Check<'_> {
    /// Reads `key`'s place and adds an error.
    pub fn error(&mut self, key: &str, message: impl Into<String>) {
        let place = self.layers.places.of(key, &self.whole);
        self.layers.errors.push(Diagnostic::error(place, key, message));
    }

    /// An error where a show is to start, a warning where a file is reviewed.
    pub fn missing_here(&mut self, key: &str, message: impl Into<String>) {
        let place = self.layers.places.of(key, &self.whole);
        self.layers.errors.push(match self.purpose {
            Purpose::Start => Diagnostic::error(place, key, message),
            Purpose::Review => Diagnostic::warning(place, key, message),
        });
    }

    /// The value of a key that must be there. Silent where it was written but is wrong: that has been said.
    pub(super) fn required<T>(&mut self, value: Option<T>, table: &str, key: &str) -> Option<T> {
        if value.is_none() && !self.layers.places.has(&format!("{table}.{key}")) {
            self.error(table, format!("needs the key \"{key}\""));
        }
        value
    }

    /// `name`, if `section` has it; an error at `key` otherwise.
    pub(super) fn known(&mut self, section: &str, name: Option<String>, key: &str) -> Option<String> {
        let name = name?;
        let names = self.layers.places.names(section);
        if self.is_preset || names.contains(&name) {
            return Some(name);
        }
        let hint = suggest::hint(&name, names.iter().map(String::as_str));
        self.error(key, format!("no {section} \"{name}\"{hint}"));
        None
    }

    /// The whole show. What could not be made is left out, and then there are errors.
    pub fn show(&mut self, mut raw: RawShow, title: &str) -> Show {
        let names = |layers: &Layers, section: &str| layers.places.names(section).to_vec();
        let video = self.video(&raw);
        let (mut sources, mut strips, mut pictures) = (Vec::new(), Vec::new(), Vec::new());
        for name in names(self.layers, "source") {
            let Some(source) = raw.source.remove(&name) else {
                continue;
            };
            let kind = self.source(&format!("source.{name}"), source);
            let strip = raw.strip.remove(&name).unwrap_or_default();
            strips.push((name.clone(), self.strip(&format!("strip.{name}"), &strip)));
            let picture = raw.picture.remove(&name).unwrap_or_default();
            pictures.push((name.clone(), self.picture(&format!("picture.{name}"), &picture)));
            sources.extend(kind.map(|kind| SourceSpec { name, kind }));
        }
        if sources.len() > MAX_SOURCES {
            self.error("source", format!("{} sources; {MAX_SOURCES} at most", sources.len()));
        }
        for section in ["strip", "picture"] {
            for name in names(self.layers, section) {
                let key = format!("{section}.{name}");
                self.known("source", Some(name), &key);
            }
        }
        let mut occlusion = self.occlusion(raw.occlusion, &video);
        let transition = self.transition("transition", &raw.transition, &TransitionSettings::default());
        let scenes = self.scenes(std::mem::take(&mut raw.scene), &video, &occlusion.policy, &transition);
        if scenes.is_empty() && !self.is_preset {
            self.error("scene", "a show needs one scene at least: [scene.NAME] with items");
        }
        let moderation = self.moderation(raw.moderation);
        let relay = self.relay(raw.relay);
        let obs = self.obs(raw.obs);
        let strip_names = strips
            .iter()
            .map(|(name, _): &(String, _)| name.clone())
            .collect::<Vec<_>>();
        let recording = self.recording(raw.recording, &strip_names);
        let adapt = self.adapt(raw.adapt);
        let audience = self.audience(raw.audience);
        let renditions = self.renditions(raw.rendition, &video, &occlusion.policy);
        let mut destinations = Vec::new();
        for name in names(self.layers, "destination") {
            let Some(destination) = raw.destination.remove(&name) else {
                continue;
            };
            destinations.extend(self.destination(&name, destination, &renditions));
        }
        let mut buses = BusSettings::default();
        preset::set_all(BUS_PARAMS, &raw.bus, &mut buses);
        let cues = self.cues(
            std::mem::take(&mut raw.cues),
            &CueNames {
                scenes: names(self.layers, "scene"),
                sources: names(self.layers, "source"),
                strips: strip_names,
                destinations: names(self.layers, "destination"),
            },
        );
        let start = self.start(raw.start.program, raw.start.preview, &scenes);
        // As if the scene on air had been taken.
        let first = scenes.iter().find(|scene| scene.name == start.program);
        if let Some(level) = first.and_then(|scene| scene.occlusion_level) {
            occlusion.level = level.min(occlusion.policy.top());
        }
        let rules = self.rules(raw.rules, &scenes);
        let data = self.data(raw.data);
        Show {
            title: raw.title.unwrap_or_else(|| title.to_owned()),
            video,
            audio: self.audio(&raw.audio),
            sources,
            strips,
            pictures,
            buses,
            scenes,
            start,
            transition,
            analysis: analysis(&raw.analysis),
            occlusion,
            moderation,
            relay,
            obs,
            recording,
            uplink_kbps: raw.uplink.kbps,
            adapt,
            audience,
            renditions,
            destinations,
            rules,
            data,
            cues,
            is_watched: raw.live.watch.unwrap_or(true),
            files: std::mem::take(&mut self.layers.files),
            script: Script::default(),
        }
    }

    fn audio(&mut self, raw: &RawAudio) -> AudioSettings {
        let range = AudioSettings::bitrate_range(raw.channels);
        if !range.contains(&raw.bitrate_kbps) {
            let channels = match raw.channels {
                Channels::Mono => "mono",
                Channels::Stereo => "stereo",
            };
            let (low, high) = range.into_inner();
            self.error(
                "audio.bitrate_kbps",
                format!(
                    "{} is not from {low} to {high}, which is what {channels} takes",
                    raw.bitrate_kbps
                ),
            );
        }
        AudioSettings {
            bitrate_kbps: raw.bitrate_kbps,
            sample_rate: raw.sample_rate,
            channels: raw.channels,
        }
    }

    /// A strip: its preset, and what is written beside that.
    fn strip(&mut self, key: &str, raw: &RawParameters) -> StripSettings {
        let mut settings = StripSettings::default();
        if let Some(preset) = self.preset(key, raw, "strip", Preset::is_for_strip) {
            settings = preset.on_strip(settings);
        }
        preset::set_all(STRIP_PARAMS, raw, &mut settings);
        settings
    }

    /// The picture chain of a source, likewise.
    fn picture(&mut self, key: &str, raw: &RawParameters) -> PictureSettings {
        let mut settings = PictureSettings::default();
        if let Some(preset) = self.preset(key, raw, "picture", Preset::is_for_picture) {
            settings = preset.on_picture(settings);
        }
        preset::set_all(PICTURE_PARAMS, raw, &mut settings);
        settings
    }

    /// The preset that is named among the parameters `raw`, if it is for what they are about.
    fn preset(&mut self, key: &str, raw: &RawParameters, what: &str, is_for: fn(&Preset) -> bool) -> Option<Preset> {
        let RawValue::Text(name) = raw.get("preset")? else {
            return None;
        };
        let key = format!("{key}.preset");
        let place = self.layers.places.of(&key, &self.whole);
        let folder = self.layers.resolve(&place, "");
        match Library::new(self.environment).read_from(&mut self.layers.shelf, name, &folder) {
            Ok(preset) if is_for(&preset) => return Some(preset),
            Ok(preset) => {
                let others = [
                    (preset.is_for_strip(), "a strip"),
                    (preset.is_for_picture(), "a picture"),
                    (preset.is_for_buses(), "the buses"),
                ];
                let other = others
                    .iter()
                    .find(|(is_for, _)| *is_for)
                    .map_or("something else", |(_, other)| other);
                self.error(&key, format!("preset \"{name}\" is for {other}, not for a {what}"));
            }
            Err(error) => self.error(&key, error),
        }
        None
    }

    fn start(&mut self, program: Option<String>, preview: Option<String>, scenes: &[Scene]) -> Start {
        let nth = |index: usize| scenes.get(index).or(scenes.first()).map(|scene| scene.name.clone());
        let program = self.known("scene", program, "start.program").or_else(|| nth(0));
        let preview = self.known("scene", preview, "start.preview").or_else(|| {
            let other = scenes
                .iter()
                .map(|scene| &scene.name)
                .find(|name| Some(*name) != program.as_ref());
            other.cloned().or_else(|| nth(0))
        });
        Start {
            program: program.unwrap_or_default(),
            preview: preview.unwrap_or_default(),
        }
    }

    /// The value of the secret at `key`, if it can be had.
    pub(super) fn secret(&mut self, key: &str, secret: RawSecret) -> Option<Secret> {
        let place = self.layers.places.of(key, &self.whole);
        let layers = &mut *self.layers;
        let found = secrets::resolve(secret, self.environment, |written| {
            let path = layers.resolve(&place, written);
            let bytes = layers.shelf.read(&path);
            (path, bytes)
        });
        found.map_err(|reason| self.missing_here(key, reason)).ok()
    }

    /// A path as written at `key`, seen from the file that it stands in.
    pub(super) fn file_at(&mut self, key: &str, written: &str) -> std::path::PathBuf {
        let place = self.layers.places.of(key, &self.whole);
        self.layers.resolve(&place, written)
    }

    /// `text` as an address with a host. The errors never repeat it: it may carry a password.
    pub(super) fn url(&mut self, key: &str, text: &str, schemes: &[&str]) -> Option<SecretUrl> {
        let wanted = format!("expected an address as in {}://host/path", schemes[0]);
        let url = match SecretUrl::parse(text) {
            Ok(url) => url,
            Err(error) => {
                let problem = error.to_string();
                let remedy = match problem.as_str() {
                    "relative URL without a base" => format!("begin it with {}://", schemes[0]),
                    _ => problem,
                };
                self.error(key, format!("{wanted}; {remedy}"));
                return None;
            }
        };
        if !schemes.contains(&url.expose().scheme()) {
            let schemes = schemes.join(":// or ");
            self.error(key, format!("{wanted}; the scheme must be {schemes}://"));
            return None;
        }
        if url.expose().host_str().is_none_or(str::is_empty) {
            self.error(key, format!("{wanted}; there is no host in it"));
            return None;
        }
        Some(url)
    }
}

fn analysis(raw: &RawAnalysis) -> AnalysisSettings {
    AnalysisSettings {
        black: TimeDelta::from_secs_f64(raw.black),
        frozen: TimeDelta::from_secs_f64(raw.frozen),
        silence: TimeDelta::from_secs_f64(raw.silence),
        // Switched on and off live.
        ..AnalysisSettings::default()
    }
}

/// Rounds edges, not sizes, so that two halves meet without a gap.
pub(super) fn target(
    position: Option<(RawLength, RawLength)>,
    size: Option<(RawLength, RawLength)>,
    video: &VideoSettings,
) -> Rect {
    let whole = RawLength(Length::Share(1.0));
    let (left, top) = position.unwrap_or((RawLength(Length::Pixels(0.0)), RawLength(Length::Pixels(0.0))));
    let (width, height) = size.unwrap_or((whole, whole));
    let span = |from: RawLength, length: RawLength, all: u32| {
        let (from, length) = (from.0.of(all), length.0.of(all));
        (from.round() as i32, (from + length).round() as i32)
    };
    let (x, right) = span(left, width, video.width);
    let (y, bottom) = span(top, height, video.height);
    Rect {
        x,
        y,
        width: right - x,
        height: bottom - y,
    }
}
