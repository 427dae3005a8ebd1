//! The table `[recording]`: the show onto a disk.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::check::Check;
use super::schema::{Key, Kind, key};
use crate::media::TimeDelta;
use crate::record::{KEEP_FREE_BYTES, RecordSettings};

/// The most strips that are recorded as tracks of their own.
pub const MAX_STRIP_TRACKS: usize = 8;

const MEGABYTE: u64 = 1_000_000;

/// How the show is recorded, and whether it is from the start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordingSettings {
    /// Where to and in which parts.
    pub record: RecordSettings,
    /// Whether it begins with the show.
    pub is_at_start: bool,
    /// Strips that get a track of their own beside the program.
    pub strips: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRecording {
    path: Option<String>,
    fallback: Option<String>,
    at_start: Option<bool>,
    split_minutes: Option<f64>,
    split_mb: Option<u64>,
    keep_free_mb: Option<u64>,
    #[serde(default)]
    strips: Vec<String>,
}

impl Check<'_> {
    /// `[recording]`.
    pub(super) fn recording(&mut self, raw: Option<RawRecording>, strips: &[String]) -> RecordingSettings {
        let raw = raw.unwrap_or_default();
        let usual = RecordSettings::default();
        for (at, name) in raw.strips.iter().enumerate() {
            if !self.is_preset && !strips.contains(name) {
                let hint = crate::suggest::hint(name, strips.iter().map(String::as_str));
                self.error(&format!("recording.strips[{at}]"), format!("no strip \"{name}\"{hint}"));
            }
        }
        if raw.strips.len() > MAX_STRIP_TRACKS {
            let message = format!("{} strips; {MAX_STRIP_TRACKS} at most", raw.strips.len());
            self.error("recording.strips", message);
        }
        let path = raw.path.map(|path| self.template_at("recording.path", &path));
        let fallback = raw.fallback.map(|path| self.template_at("recording.fallback", &path));
        RecordingSettings {
            record: RecordSettings {
                path: path.unwrap_or(usual.path),
                fallback,
                split_bytes: raw.split_mb.map(|mb| mb * MEGABYTE),
                split_every: raw
                    .split_minutes
                    .map(|minutes| TimeDelta::from_secs_f64(minutes * 60.0)),
                keep_free_bytes: raw.keep_free_mb.map_or(KEEP_FREE_BYTES, |mb| mb * MEGABYTE),
                has_strip_tracks: !raw.strips.is_empty(),
                ..usual
            },
            is_at_start: raw.at_start.unwrap_or(false),
            strips: raw.strips,
        }
    }

    /// A template for a file's name, relative to the file that it stands in.
    pub(super) fn template_at(&mut self, key: &str, written: &str) -> PathBuf {
        if let Err(error) = crate::record::check_template(Path::new(written)) {
            self.error(key, error.to_string());
        }
        self.file_at(key, written)
    }
}

/// The keys of `[recording]`.
pub(super) const RECORDING: &[Key] = &[
    key(
        "path",
        Kind::Text,
        "the file, relative to this one; {name}, {date}, {time} and {part} are filled in (default {name}-{date}-{time}.mp4 in your home)",
    ),
    key(
        "fallback",
        Kind::Text,
        "where to go on when that place fails: another disk",
    ),
    key(
        "at_start",
        Kind::Flag,
        "whether recording begins with the show (default false; record start does it later)",
    ),
    key(
        "split_minutes",
        Kind::Number(0.1, 1440.0),
        "a new file after so many minutes (default never)",
    ),
    key(
        "split_mb",
        Kind::Integer(10, 1_000_000),
        "a new file before it grows beyond so many megabytes (default never)",
    ),
    key(
        "keep_free_mb",
        Kind::Integer(0, 10_000_000),
        "recording stops rather than leave less free (default 1074)",
    ),
    key(
        "strips",
        Kind::Texts,
        "strips that get a track of their own beside the program's sound",
    ),
];
