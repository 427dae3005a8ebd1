//! A show as it is written: every value has its type and range (the schema saw to that), but names may point nowhere.
//!
//! Everything may be missing here; what is required is said in `check`.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

use super::adapt::RawAdapt;
use super::audience::RawAudience;
use super::cues::RawCues;
use super::delivery::RawRendition;
use super::moderation::RawModeration;
use super::obs::RawObs;
use super::occlusion::RawOcclusion;
use super::raw_scene::{RawScene, RawTransition};
use super::recording::RawRecording;
use super::relay::RawRelay;
use super::rules::{RawData, RawRulesTable};
use super::value::{Length, parse_rate};
use crate::encode::{AudioRate, Channels};
use crate::media::FrameRate;
use crate::secret::Secret;
use crate::source::{CameraFormat, PatternStyle, RtspTransport, SoundSystem};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawShow {
    pub title: Option<String>,
    #[serde(default, rename = "include")]
    pub _include: Vec<String>,
    pub video: RawVideo,
    pub audio: RawAudio,
    #[serde(default)]
    pub source: HashMap<String, RawSource>,
    #[serde(default)]
    pub strip: HashMap<String, RawParameters>,
    #[serde(default)]
    pub picture: HashMap<String, RawParameters>,
    #[serde(default)]
    pub bus: RawParameters,
    #[serde(default)]
    pub scene: HashMap<String, RawScene>,
    #[serde(default)]
    pub start: RawStart,
    pub transition: RawTransition,
    pub analysis: RawAnalysis,
    pub occlusion: RawOcclusion,
    pub moderation: Option<RawModeration>,
    pub relay: Option<RawRelay>,
    pub obs: Option<RawObs>,
    pub recording: Option<RawRecording>,
    #[serde(default)]
    pub uplink: RawUplink,
    pub adapt: RawAdapt,
    #[serde(default)]
    pub audience: HashMap<String, RawAudience>,
    #[serde(default)]
    pub rendition: HashMap<String, RawRendition>,
    #[serde(default)]
    pub destination: HashMap<String, RawDestination>,
    pub rules: Option<RawRulesTable>,
    pub data: Option<RawData>,
    #[serde(default)]
    pub cues: RawCues,
    #[serde(default)]
    pub live: RawLive,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLive {
    pub watch: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawVideo {
    #[serde(rename = "preset")]
    pub _preset: Option<String>,
    pub width: u32,
    pub height: u32,
    pub aspect: Option<String>,
    #[serde(deserialize_with = "rate")]
    pub frame_rate: FrameRate,
    pub bitrate_kbps: u32,
    #[serde(default)]
    pub rate_control: RawRateControl,
    pub max_bitrate_kbps: Option<u32>,
    pub quality: Option<u8>,
    pub gop_seconds: f64,
    pub threads: u16,
}

/// By the names that encoders go by elsewhere.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RawRateControl {
    #[default]
    Cbr,
    Vbr,
    Abr,
    Quality,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAudio {
    #[serde(rename = "preset")]
    pub _preset: Option<String>,
    pub bitrate_kbps: u32,
    pub sample_rate: AudioRate,
    pub channels: Channels,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RawKind {
    Pattern,
    File,
    Rtsp,
    Camera,
    Screen,
    Microphone,
    Rtmp,
    Pipe,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSource {
    pub kind: Option<RawKind>,
    pub style: Option<PatternStyle>,
    pub label: Option<String>,
    pub tone_hz: Option<f32>,
    pub level_dbfs: Option<f32>,
    pub flash: Option<bool>,
    pub path: Option<String>,
    #[serde(rename = "loop")]
    pub is_looping: Option<bool>,
    pub url: Option<Secret>,
    pub transport: Option<RtspTransport>,
    pub user: Option<String>,
    pub password: Option<RawSecret>,
    pub device: Option<String>,
    pub width: Option<u32>,
    pub height: Option<u32>,
    #[serde(default, deserialize_with = "some_rate")]
    pub frame_rate: Option<FrameRate>,
    pub format: Option<CameraFormat>,
    #[serde(default)]
    pub controls: BTreeMap<String, String>,
    pub display: Option<String>,
    pub region: Option<String>,
    pub window: Option<String>,
    pub monitor: Option<String>,
    pub cursor: Option<bool>,
    #[serde(default)]
    pub system: SoundSystem,
    pub server: Option<String>,
    pub channels: Option<String>,
    pub listen: Option<String>,
    pub app: Option<String>,
    pub key: Option<RawSecret>,
    pub command: Option<Vec<String>>,
}

/// Parameters by name, each of its kind, and the preset that they change.
pub(super) type RawParameters = HashMap<String, RawValue>;

/// The value of a parameter, or the name of a preset.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum RawValue {
    Flag(bool),
    Number(f64),
    Text(String),
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct RawStart {
    pub program: Option<String>,
    pub preview: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAnalysis {
    #[serde(rename = "black_s")]
    pub black: f64,
    #[serde(rename = "frozen_s")]
    pub frozen: f64,
    #[serde(rename = "silence_s")]
    pub silence: f64,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawUplink {
    pub kbps: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawDestination {
    #[serde(rename = "preset")]
    pub _preset: Option<String>,
    pub url: Option<Secret>,
    pub key: Option<RawSecret>,
    pub rendition: Option<String>,
    pub token: Option<RawSecret>,
    pub ca_file: Option<String>,
}

/// A secret, or where it is to be had.
#[derive(Deserialize)]
#[serde(try_from = "(String, String)")]
pub(super) enum RawSecret {
    Text(Secret),
    Environment(String),
    File(String),
}

impl TryFrom<(String, String)> for RawSecret {
    type Error = &'static str;

    fn try_from((from, text): (String, String)) -> Result<Self, Self::Error> {
        match from.as_str() {
            "text" => Ok(Self::Text(Secret::new(text))),
            "env" => Ok(Self::Environment(text)),
            "file" => Ok(Self::File(text)),
            _ => Err("neither text, env nor file"),
        }
    }
}

/// A length, as text until here.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct RawLength(pub Length);

impl TryFrom<String> for RawLength {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Length::parse(&text).map(Self).ok_or("not a length")
    }
}

fn rate<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<FrameRate, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_rate(&text).ok_or_else(|| serde::de::Error::custom("not a frame rate"))
}

fn some_rate<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<FrameRate>, D::Error> {
    rate(deserializer).map(Some)
}
