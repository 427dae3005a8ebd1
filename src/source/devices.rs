//! What the sources of this rig are asked to be: cameras, screens, sound inputs, and what is pushed or piped to it.
//! Plain values, no behaviour.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::media::FrameRate;
use crate::secret::{DOTS, Secret};

/// A camera of this machine (Video4Linux 2).
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CameraSpec {
    /// Its node (`/dev/video0`), a link to it (`/dev/v4l/by-id/…`), or a part of the name that it has for people. `None`: the first that
    /// gives pictures.
    pub device: Option<String>,
    /// Pixels to ask it for. `None`: what the program needs.
    pub size: Option<(u32, u32)>,
    /// How often to ask it for one. `None`: as often as the program has pictures.
    pub frame_rate: Option<FrameRate>,
    /// How its pictures come. `None`: what costs the least for that size and rate.
    pub format: Option<CameraFormat>,
    /// Controls by the names that [`crate::source::SourceControl`] has, set whenever it is opened.
    pub controls: BTreeMap<String, i64>,
}

/// How pictures come out of a camera.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CameraFormat {
    /// 4:2:2, packed, not compressed.
    Yuyv,
    /// 4:2:0 in two planes, not compressed.
    Nv12,
    /// A JPEG per picture.
    Mjpeg,
    /// H.264 in Annex B form.
    H264,
}

/// What is seen on an X server.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ScreenSpec {
    /// The display, as in `$DISPLAY` (`:0`). `None`: that of the studio's environment.
    pub display: Option<String>,
    /// What of it.
    pub area: ScreenArea,
    /// Whether the pointer is drawn.
    pub has_cursor: bool,
    /// How often it is looked at. `None`: as often as the program has pictures.
    pub frame_rate: Option<FrameRate>,
}

impl ScreenSpec {
    /// Which display, and what of it.
    #[must_use]
    pub fn location(&self) -> String {
        let display = self.display.as_deref().unwrap_or("the display");
        match &self.area {
            ScreenArea::Whole => display.to_owned(),
            ScreenArea::Region { x, y, width, height } => format!("{display} {width}x{height}+{x}+{y}"),
            ScreenArea::Window(title) => format!("{display} window {title}"),
            ScreenArea::Monitor(name) => format!("{display} {name}"),
        }
    }
}

/// What part of a screen is seen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ScreenArea {
    /// All of it.
    #[default]
    Whole,
    /// A rectangle of it, cut off where it leaves the screen.
    Region {
        /// Pixels from the left.
        x: u32,
        /// Pixels from the top.
        y: u32,
        /// Pixels.
        width: u32,
        /// Pixels.
        height: u32,
    },
    /// The window whose title contains this, in small letters or large; the topmost, if there are several.
    Window(String),
    /// One monitor by the name that `RandR` has for it.
    Monitor(String),
}

/// A sound input of this machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MicrophoneSpec {
    /// The name of an input, or a part of the name that it has for people; [`MicrophoneSpec::DESKTOP`] for what is played on this
    /// machine. `None`: the default input.
    pub device: Option<String>,
    /// Whose input it is.
    pub system: SoundSystem,
    /// Where the sound server listens, as in `$PULSE_SERVER`. `None`: where it usually does.
    pub server: Option<String>,
    /// Channels that are heard, counted from 1: one goes to both sides, two are left and right. Empty: all, mixed down.
    pub channels: Vec<u16>,
}

impl MicrophoneSpec {
    /// The device that is no input: what is played on this machine.
    pub const DESKTOP: &'static str = "desktop";
}

/// Who has sound inputs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SoundSystem {
    /// A sound server where there is one, else ALSA.
    #[default]
    Auto,
    /// A server that speaks PulseAudio's protocol; PipeWire does.
    Pulse,
    /// The system's own, through its library, which is loaded if it is there.
    Alsa,
}

/// A place to which somebody pushes RTMP.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct IngestSpec {
    /// Where connections are taken. Sources with the same address share it.
    pub listen: SocketAddr,
    /// The first part of the path in the address that is pushed to.
    pub app: String,
    /// The stream key: the last part of that path, by which the source is found.
    pub key: Secret,
}

impl IngestSpec {
    /// Where somebody pushes to, without the key.
    #[must_use]
    pub fn location(&self) -> String {
        format!("rtmp://{}/{}/{DOTS}", self.listen, self.app)
    }
}

/// What another program writes: MPEG-TS or FLV, told apart by their first bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PipeSpec {
    /// What the studio has as its standard input.
    Stdin,
    /// A named pipe.
    Path(PathBuf),
    /// The standard output of a program that the studio starts, and starts again when it ends.
    Command(Vec<String>),
}

impl PipeSpec {
    /// Where it comes from; of a program its name alone, for its arguments may be secrets.
    #[must_use]
    pub fn location(&self) -> String {
        match self {
            Self::Stdin => "standard input".to_owned(),
            Self::Path(path) => path.display().to_string(),
            Self::Command(command) => command.first().cloned().unwrap_or_default(),
        }
    }
}
