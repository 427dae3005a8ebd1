//! What a source is asked to be, and what it says about itself: plain values, no behaviour.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::devices::{CameraSpec, IngestSpec, MicrophoneSpec, PipeSpec, ScreenSpec};
use crate::clock::Clock;
use crate::media::{FramePool, FrameRate};
use crate::secret::{Secret, SecretUrl};

/// One source of a show.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SourceSpec {
    /// Unique within the show; names the thread, the strip, the tile and the events.
    pub name: String,
    /// Where picture and sound come from.
    pub kind: SourceKind,
}

/// Where picture and sound come from.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// The built-in test pattern.
    Pattern(PatternSpec),
    /// A media file, a still or a sound file.
    File(FileSpec),
    /// A camera or server that speaks RTSP.
    Rtsp(RtspSpec),
    /// A camera of this machine.
    Camera(CameraSpec),
    /// What is seen on an X server.
    Screen(ScreenSpec),
    /// A microphone, a line in, or what is played on this machine.
    Microphone(MicrophoneSpec),
    /// What somebody pushes here by RTMP.
    Rtmp(IngestSpec),
    /// What another program writes.
    Pipe(PipeSpec),
}

impl SourceKind {
    /// As the scene file calls it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Pattern(_) => "pattern",
            Self::File(_) => "file",
            Self::Rtsp(_) => "rtsp",
            Self::Camera(_) => "camera",
            Self::Screen(_) => "screen",
            Self::Microphone(_) => "microphone",
            Self::Rtmp(_) => "rtmp",
            Self::Pipe(_) => "pipe",
        }
    }

    /// Where it comes from, in a few words and without secrets.
    #[must_use]
    pub fn location(&self) -> String {
        match self {
            Self::Pattern(pattern) => format!("{:?}", pattern.style).to_lowercase(),
            Self::File(file) => file.path.display().to_string(),
            Self::Rtsp(rtsp) => rtsp.url.to_string(),
            Self::Camera(camera) => camera.device.clone().unwrap_or_else(|| "the first".to_owned()),
            Self::Screen(screen) => screen.location(),
            Self::Microphone(microphone) => microphone.device.clone().unwrap_or_else(|| "the default".to_owned()),
            Self::Rtmp(ingest) => ingest.location(),
            Self::Pipe(pipe) => pipe.location(),
        }
    }
}

/// The test pattern. Its frame number is the number of the program tick, always.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PatternSpec {
    /// What the picture looks like.
    pub style: PatternStyle,
    /// Words burnt into the picture, to tell patterns apart. `None`: the name of the source.
    pub label: Option<String>,
    /// The steady tone in Hz; `None` for no tone.
    pub tone_hz: Option<f32>,
    /// Level of the steady tone, as the peak of the sine.
    pub level_dbfs: f32,
    /// Whether each second starts with a white frame and a beep on the same sample.
    pub has_flash: bool,
}

impl Default for PatternSpec {
    fn default() -> Self {
        Self {
            style: PatternStyle::Bars,
            label: None,
            tone_hz: Some(440.0),
            level_dbfs: -20.0,
            has_flash: true,
        }
    }
}

/// Backgrounds of the test pattern.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PatternStyle {
    /// Colour bars after SMPTE EG 1.
    #[default]
    Bars,
    /// A luma ramp from black to white with bars of colour below: shows banding.
    Ramp,
    /// A grey grid with a circle: shows stretch and crop.
    Grid,
}

/// A file to play.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileSpec {
    /// MP4 or MOV (H.264, AAC), PNG, JPEG, WAV, FLAC, MP3 or OGG.
    pub path: PathBuf,
    /// Starts again at its end, without a gap. Otherwise the source is then [`SourceState::Ended`].
    pub is_looping: bool,
}

/// An RTSP stream to pull.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RtspSpec {
    /// `rtsp://host[:port]/path`. May carry user and password.
    pub url: SecretUrl,
    /// How RTP comes in.
    pub transport: RtspTransport,
    /// Overrides the user in the URL.
    pub user: Option<String>,
    /// Overrides the password in the URL.
    pub password: Option<Secret>,
}

/// How RTP travels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RtspTransport {
    /// Interleaved in the RTSP connection: passes every firewall, loses nothing.
    #[default]
    Tcp,
    /// One socket pair per track: for local networks.
    Udp,
}

/// Where a source stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum SourceState {
    /// Opening, connecting, waiting for the first picture or sound.
    Starting,
    /// Delivers.
    Live,
    /// Played to its end and does not loop. A restart plays it again.
    Ended,
    /// A live source that is not there now and is being tried again.
    Away {
        /// Why, naming the peer.
        reason: String,
    },
    /// Cannot be used as it is. Looked at again every few seconds, in case somebody repairs it.
    Failed {
        /// Why, naming the file and the position in it.
        reason: String,
    },
}

/// What comes in, for display.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SourceFormat {
    /// Pictures, where there are any.
    pub video: Option<SourceVideo>,
    /// Sound, where there is any.
    pub audio: Option<SourceAudio>,
}

/// The pictures of a source.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SourceVideo {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Frames per second, where the source says.
    pub fps: Option<f64>,
}

impl SourceVideo {
    /// Pictures of that size; a rate of zero, or none at all, is one that is not known.
    #[must_use]
    pub fn new(width: u32, height: u32, fps: f64) -> Self {
        Self {
            width,
            height,
            fps: (fps.is_finite() && fps > 0.0).then_some(fps),
        }
    }
}

/// The sound of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceAudio {
    /// In Hz, before resampling.
    pub sample_rate: u32,
    /// Channels before they are mixed to stereo.
    pub channels: u16,
}

impl SourceAudio {
    /// Sound of that rate in Hz with so many channels.
    #[must_use]
    pub fn new(sample_rate: u32, channels: u16) -> Self {
        Self { sample_rate, channels }
    }
}

/// Something that can be set on a device while it delivers: focus, exposure, white balance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceControl {
    /// In small letters with underscores, as `v4l2-ctl` has them: `focus_absolute`.
    pub name: String,
    /// As the device calls it.
    pub title: String,
    /// What it may be.
    pub range: ControlRange,
    /// What it is.
    pub value: i64,
    /// What it is unless somebody sets it.
    pub default: i64,
    /// Whether it has no effect now, because another one (automatic focus) sees to it.
    pub is_inactive: bool,
}

#[cfg(test)]
impl SourceControl {
    /// One that has an effect, and one name for everybody.
    pub fn for_tests(name: &str, range: ControlRange, value: i64, default: i64) -> Self {
        Self {
            name: name.to_owned(),
            title: name.to_owned(),
            range,
            value,
            default,
            is_inactive: false,
        }
    }
}

/// What a control may be set to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum ControlRange {
    /// 0 or 1.
    Switch,
    /// From the first to the last by steps.
    Number {
        /// The least.
        min: i64,
        /// The greatest.
        max: i64,
        /// From one to the next.
        step: i64,
    },
    /// One of these, each with what it means.
    Menu {
        /// Values and their names.
        entries: Vec<(i64, String)>,
    },
}

/// What a source tells its studio.
#[derive(Clone, Debug, PartialEq)]
pub enum SourceReport {
    /// The state changed.
    State(SourceState),
    /// What comes in is known, or has changed.
    Format(SourceFormat),
    /// Something that the operator should know but that stops nothing, such as a track that is skipped.
    Notice(String),
    /// What can be set on the device, with the values that it has now; told when it is opened and when one has changed.
    Controls(Vec<SourceControl>),
    /// All that was dropped since the source was started, because nobody fetched it in time.
    Dropped {
        /// Pictures.
        frames: u64,
        /// Blocks of sound.
        blocks: u64,
    },
}

/// What a source must know of the program that it serves.
#[derive(Clone, Debug)]
pub struct SourceContext {
    /// The studio clock, on which everything is stamped.
    pub clock: Clock,
    /// Luma width of the program in pixels. Generated pictures take this size.
    pub width: u32,
    /// Luma height of the program in pixels.
    pub height: u32,
    /// The ticks of the program.
    pub frame_rate: FrameRate,
    /// Where pictures come from. One that serves the compositor too lets pictures of the program's size pass through.
    pub pool: FramePool,
}
