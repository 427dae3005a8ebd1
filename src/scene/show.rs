//! A show that has been checked: every name points somewhere, every number is in its range. Nobody checks it again.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::adapt::AdaptChoice;
use super::item::{Item, SceneStrip};
use super::moderation::ModerationSettings;
use super::occlusion::OcclusionSettings;
use super::recording::RecordingSettings;
use super::relay::RelayChoice;
use super::rules::{DataChoice, RulesChoice};
use super::script::Script;
use crate::audience::StatsSpec;
use crate::cue::CueList;
use crate::encode::{AudioSettings, RenditionSettings, VideoSettings};
use crate::media::TimeDelta;
use crate::obs::ObsSettings;
use crate::picture::{ChromaKey, PictureSettings, WipeDirection};
use crate::publish::DestinationSpec;
use crate::sound::{BusSettings, StripSettings};
use crate::source::SourceSpec;
use crate::worker::analyse::AnalysisSettings;

/// The most items that a scene can have.
pub const MAX_ITEMS: usize = 64;

/// The most pictures that a scene can be made of, those of the scenes in it included.
pub const MAX_LAYERS: usize = 4 * MAX_ITEMS;

/// A whole show, ready to start. Serialises without its secrets.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Show {
    /// What it is called on screen.
    pub title: String,
    /// The program's picture and its encoding.
    pub video: VideoSettings,
    /// The encoding of the program's sound.
    pub audio: AudioSettings,
    /// In the order of the file.
    pub sources: Vec<SourceSpec>,
    /// One strip for each source, in the same order.
    pub strips: Vec<(String, StripSettings)>,
    /// The picture chain of each source, in the same order.
    pub pictures: Vec<(String, PictureSettings)>,
    /// Loudness target, limiter, ducking.
    pub buses: BusSettings,
    /// In the order of the file; never empty.
    pub scenes: Vec<Scene>,
    /// What is on air and what is next when the show starts.
    pub start: Start,
    /// How a take changes the program.
    pub transition: TransitionSettings,
    /// What is watched on program.
    pub analysis: AnalysisSettings,
    /// What hides faces.
    pub occlusion: OcclusionSettings,
    /// What is held back, and looked for in it, before it goes out.
    pub moderation: ModerationSettings,
    /// Whether this rig serves viewers itself.
    pub relay: RelayChoice,
    /// Who may drive it besides screens and scripts.
    pub obs: Option<ObsSettings>,
    /// How it is recorded.
    pub recording: RecordingSettings,
    /// What the way out of this rig carries, in kbit/s, if anybody has said.
    pub uplink_kbps: Option<u32>,
    /// How it follows the network and its audience.
    pub adapt: AdaptChoice,
    /// Who is asked how many watch, in the order of the file.
    pub audience: Vec<StatsSpec>,
    /// The ladder below the program, that of the highest bitrate first.
    pub renditions: Vec<RenditionSettings>,
    /// In the order of the file.
    pub destinations: Vec<DestinationSpec>,
    /// What chooses scenes by business data.
    pub rules: RulesChoice,
    /// Where business data comes from.
    pub data: DataChoice,
    /// Commands at their time, loaded when the show starts.
    pub cues: Option<CueList>,
    /// Whether a save of those files is applied at once.
    pub is_watched: bool,
    /// The files on disk that the show was read from, the scene file last: what to watch for a reload.
    pub files: Vec<PathBuf>,
    /// What it was read from, to read it once more.
    #[serde(skip)]
    pub script: Script,
}

/// What is seen together: items on a canvas of program size.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Scene {
    /// Unique among the scenes.
    pub name: String,
    /// The lowest first: sorted by `z`, equal ones as listed. One at least, [`MAX_ITEMS`] at most, those of groups included.
    pub items: Vec<Item>,
    /// The occlusion level that this scene sets when it comes on program.
    pub occlusion_level: Option<u8>,
    /// What it sets on strips while it is on program.
    pub strips: Vec<SceneStrip>,
    /// How it comes on program by `take`, where that is not left to the show.
    pub transition: Option<TransitionSettings>,
    /// What its texts and pictures may refer to as `{name}`, each with its value: a scene with parameters is a template.
    pub parameters: Vec<(String, String)>,
}

/// The two buses at the start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Start {
    /// Name of the scene on air.
    pub program: String,
    /// Name of the scene that is next.
    pub preview: String,
}

/// How a take changes the program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TransitionSettings {
    /// At once or by and by.
    pub kind: TransitionKind,
    /// How long a fade or a wipe takes.
    #[serde(rename = "duration_ms")]
    pub duration: TimeDelta,
    /// Where a wipe goes.
    #[serde(default)]
    pub direction: WipeDirection,
    /// What a stinger plays.
    #[serde(default)]
    pub stinger: Option<Stinger>,
}

/// The kinds of transition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransitionKind {
    /// From one frame to the next.
    #[default]
    Cut,
    /// One picture into the other.
    Fade,
    /// An edge that moves over the picture.
    Wipe,
    /// A clip that is played over both, behind which one becomes the other.
    Stinger,
}

/// The clip of a stinger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stinger {
    /// Name of the source that is played from its beginning; its strip is its sound.
    pub source: String,
    /// From its first picture until the scenes change behind it.
    #[serde(rename = "cut_at_ms")]
    pub cut_at: TimeDelta,
    /// What of it is seen.
    pub matte: Matte,
}

/// What of a clip is seen: clips of H.264 have no transparency of their own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Matte {
    /// All of it.
    #[default]
    None,
    /// What does not have that colour.
    Key(ChromaKey),
    /// The left half, as far as the right half is white.
    Side,
    /// The upper half, as far as the lower half is white.
    Below,
}

impl Show {
    /// The scene of that name.
    #[must_use]
    pub fn scene(&self, name: &str) -> Option<&Scene> {
        self.scenes.iter().find(|scene| scene.name == name)
    }

    /// Whether the source of that name is the clip of a stinger: it is played when a take wants it, and not before.
    #[must_use]
    pub fn is_stinger(&self, source: &str) -> bool {
        let own = self.scenes.iter().filter_map(|scene| scene.transition.as_ref());
        let stingers = own.chain([&self.transition]).filter_map(|set| set.stinger.as_ref());
        stingers.into_iter().any(|stinger| stinger.source == source)
    }

    /// What is set on the picture of the source of that name.
    #[must_use]
    pub fn picture(&self, name: &str) -> PictureSettings {
        let found = self.pictures.iter().find(|(known, _)| known == name);
        found.map_or_else(PictureSettings::default, |(_, settings)| *settings)
    }

    /// The place of the source of that name in [`sources`](Self::sources) and [`strips`](Self::strips).
    #[must_use]
    pub fn source_index(&self, name: &str) -> Option<usize> {
        self.sources.iter().position(|source| source.name == name)
    }
}
