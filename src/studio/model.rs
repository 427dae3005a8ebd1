//! The one model: everything that is true about a running studio, as plain data.
//!
//! [`Studio`] is what `update` changes, what `view` draws, what `rigcast ctl status` prints and what goes over the control
//! socket. It holds no handle, no lock, no clock and no secret: a URL is here only as it may be shown.

mod adapt;
mod air;
mod alarms;
mod choosing;
mod delivery;
mod edits;
mod event;
mod history;
mod lent;
mod live;
mod moderation;
mod obs;
mod occlusion;
mod rules;
mod undo;

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::media::{FrameRate, RateControl, Timestamp};

// The stages say what they do in plain types of their own. Clients know them as parts of the model and never the stages.
pub use adapt::{
    AdaptModel, AdaptPolicyModel, AdaptState, Adapted, CHANGES_KEPT, Pin, PinKind, Quality, SourceCount, Tier,
};
pub use air::{AirModel, Fade, FadeKind};
pub use alarms::{Alarm, AlarmKind, AlarmTurn, Alarms, Condition, ProgramWatch, Trouble, troubles};
pub use choosing::{Choosing, Trial};
pub use delivery::{RecordingModel, RelayModel, RelayStats};
pub use edits::{
    ChangedScene, Edits, HEIGHTS, IN_GROUP, ItemPatch, MOST_PIXELS, SceneEdits, SceneRead, item_at, item_paths,
    leaves_something, siblings, siblings_mut,
};
pub use event::{Cause, Event, EventLevel};
pub use history::{History, REACHES_KEPT, Reach, SAMPLES_KEPT, Sample};
pub use lent::Lent;
pub use live::{Confirm, DiskState, Live};
pub use moderation::{
    EditKind, HeldWord, HoldPhase, HoldState, Moderation, ModerationStanding, PROGRAM_SPAN, Pace, SPANS_KEPT,
    SeenPicture, Span, SpanKind, WORDS_KEPT, Who,
};
pub use obs::ObsModel;
pub use occlusion::{FaceMark, FaceModel, Occlusion};
pub use rules::{Data, DataModel, Override, RuleChoice, RuleModel, RulesKept, RulesModel, RulesStanding, RulesWait};
pub use undo::{UNDO_KEPT, Undo, UndoNote, Undoing};

pub use crate::cue::{
    Cue, CueList, CuePhase, CueState, Cues, Next as NextCue, Run as CueRun, RunPhase, Trigger, clock_text,
};
pub use crate::encode::{AudioRate, Channels};
pub use crate::picture::{
    Align, ChromaKey, Crop, Fit, PICTURE_PARAMS, PictureSettings, Rect, TextStyle, WipeDirection, picture_param,
};
pub use crate::publish::{DestinationState, DestinationStats};
pub use crate::scene::{ImageItem, Item, Matte, SceneStrip, Shown, Stinger, TextItem, Zone};
pub use crate::scene::{TransitionKind, TransitionSettings as Transition};
pub use crate::sound::settings::{bus_param, strip_param};
pub use crate::sound::{
    Adjust, BUS_PARAMS, BusSettings, Denoise, Ducking, Loudness, MAX_GAIN_DB, MIN_GAIN_DB, Meters, Param, ParamKind,
    Role, STRIP_PARAMS, Stage, StageMeters, StripMeter, StripSettings, Unit, Value, curve,
};
pub use crate::source::{
    Absent, ControlRange, Found, Inventory, SourceAudio, SourceControl, SourceFormat, SourceState, SourceVideo,
};
pub use crate::vision::{MaskKind, OcclusionLevel, Policy, Region, Regions, Sight};
pub use crate::worker::{Report as WorkerReport, WorkerState};

/// How many events the model remembers for clients that attach later.
pub const EVENTS_KEPT: usize = 500;

/// The whole state of a studio.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Studio {
    /// The session's name: `rigcast attach --name NAME`.
    pub name: String,
    /// The studio clock when this state was made.
    pub now: Timestamp,
    /// Size and rate of the program.
    pub format: ProgramFormat,
    /// Scenes in the order of the scene file; `preview 1` is the first.
    pub scenes: Vec<SceneModel>,
    /// The scene on program.
    pub program: String,
    /// The scene that `take` puts on program next.
    pub preview: String,
    /// What of the scenes is not as the scene file has it.
    #[serde(default)]
    pub edits: Edits,
    /// What the scene on program has set on strips.
    #[serde(default)]
    pub lent: Vec<Lent>,
    /// How `take` goes from one to the other.
    pub transition: Transition,
    /// A transition that is under way.
    pub fade: Option<Fade>,
    /// What is known of program beyond its name.
    #[serde(default)]
    pub air: AirModel,
    /// Sources in the order of the scene file.
    pub sources: Vec<SourceModel>,
    /// One strip per source that may have sound, in the same order.
    pub strips: Vec<Strip>,
    /// Loudness target, limiter, ducking.
    #[serde(default)]
    pub buses: BusSettings,
    /// Silence on program that lasts so many seconds is an alarm; 0 is never.
    #[serde(default)]
    pub silence_alarm_s: f64,
    /// Sound presets that can be applied by name.
    #[serde(default)]
    pub presets: Vec<PresetModel>,
    /// What hides faces.
    pub occlusion: Occlusion,
    /// What is done before air about words and pictures that must not go out.
    #[serde(default)]
    pub moderation: Moderation,
    /// Where the show goes.
    pub destinations: Vec<DestinationModel>,
    /// What the encoders are told.
    pub encoder: EncoderModel,
    /// How they follow the network and the audience.
    #[serde(default)]
    pub adapt: AdaptModel,
    /// The ladder: the program in smaller sizes, each encoded while somebody takes it.
    #[serde(default)]
    pub renditions: Vec<RenditionModel>,
    /// The relay, where this rig has one.
    #[serde(default)]
    pub relay: Option<RelayModel>,
    /// The server for controllers made for OBS, where this show has one.
    #[serde(default)]
    pub obs: Option<ObsModel>,
    /// The recording.
    #[serde(default)]
    pub recording: RecordingModel,
    /// The processes that do what may crash.
    #[serde(default)]
    pub workers: Vec<WorkerModel>,
    /// Business data.
    #[serde(default)]
    pub data: DataModel,
    /// What chooses scenes by it.
    #[serde(default)]
    pub rules: RulesModel,
    /// What operators can take back.
    #[serde(default)]
    pub undo: Undo,
    /// How it stands to its scene file.
    #[serde(default)]
    pub live: Live,
    /// Commands at their time.
    #[serde(default)]
    pub cues: Cues,
    /// Sources that are being chosen.
    #[serde(default)]
    pub choosing: Choosing,
    /// What the pipeline measures, once per second.
    pub stats: Stats,
    /// The alarms that hold, the worst first.
    #[serde(default)]
    pub alarms: Alarms,
    /// Since when program has been black, silent or still, where it has been for long.
    #[serde(default)]
    pub watch: ProgramWatch,
    /// The last ten minutes in figures. Within a state that goes over the control socket: those that are new.
    #[serde(default, skip_serializing_if = "History::is_empty")]
    pub history: History,
    /// The newest events, oldest first, at most [`EVENTS_KEPT`].
    pub events: VecDeque<Event>,
}

/// Size and rate of the program picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgramFormat {
    /// Pixels, even.
    pub width: u32,
    /// Pixels, even.
    pub height: u32,
    /// Ticks of the program.
    pub frame_rate: FrameRate,
}

/// A scene as clients see it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SceneModel {
    /// Unique among the scenes.
    pub name: String,
    /// Names of the sources that are seen in it, those of scenes in it included, bottom first. Follows from `items`.
    pub sources: Vec<String>,
    /// What is in it, and where: as the scene file has it, or as an operator has moved it since.
    #[serde(default)]
    pub items: Vec<Item>,
    /// The occlusion level that it sets when it comes on program.
    #[serde(default)]
    pub occlusion_level: Option<u8>,
    /// What it sets on strips while it is on program.
    #[serde(default)]
    pub strips: Vec<SceneStrip>,
    /// How it comes on program by `take`, where that is not left to the show.
    #[serde(default)]
    pub transition: Option<Transition>,
    /// What its texts may refer to, with the values of now.
    #[serde(default)]
    pub parameters: Vec<(String, String)>,
}

/// A source as clients see it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SourceModel {
    /// Unique among the sources.
    pub name: String,
    /// `pattern`, `file`, `rtsp`, and where it comes from, without secrets.
    pub kind: String,
    /// The part of `kind` that says where: a file name, a camera's address.
    pub location: String,
    /// What it does now.
    pub state: SourceState,
    /// What comes in, once known.
    pub format: Option<SourceFormat>,
    /// Frames and sound blocks that came too late or too many.
    pub dropped_frames: u64,
    /// Likewise for sound, in blocks of 10 ms.
    pub dropped_blocks: u64,
    /// Whether it is seen on program now.
    pub is_on_program: bool,
    /// Whether it is seen on preview now.
    pub is_on_preview: bool,
    /// What can be set on the device, as it last said.
    #[serde(default)]
    pub controls: Vec<SourceControl>,
    /// What the operator set on its picture.
    #[serde(default)]
    pub picture: PictureSettings,
}

/// One channel of the mixer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Strip {
    /// The source whose sound it carries.
    pub name: String,
    /// What the operator set.
    #[serde(flatten)]
    pub settings: StripSettings,
}

/// A sound preset as clients see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PresetModel {
    /// As it is asked for.
    pub name: String,
    /// What it is for.
    pub title: String,
    /// Says how a strip sounds.
    pub is_for_strip: bool,
    /// Says how the buses are set.
    pub is_for_buses: bool,
    /// Says how a source's picture is treated.
    #[serde(default)]
    pub is_for_picture: bool,
}

/// A destination as clients see it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DestinationModel {
    /// Unique among the destinations.
    pub name: String,
    /// The address with its secrets as dots.
    pub url: String,
    /// The rendition that it is sent; none is the source.
    #[serde(default)]
    pub rendition: Option<String>,
    /// What it does now.
    pub state: DestinationState,
    /// Why it was lost, from then until it is live again: told once, however often it is tried in vain.
    #[serde(default)]
    pub loss: Option<String>,
    /// What its connection measures.
    pub stats: DestinationStats,
}

/// What the encoders are told.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct EncoderModel {
    /// Video target in kbit/s.
    pub video_kbps: u32,
    /// Pixels of the source rendition now; those of the program unless the network wants less.
    #[serde(default)]
    pub width: u32,
    /// Likewise.
    #[serde(default)]
    pub height: u32,
    /// One of so many program pictures is encoded.
    #[serde(default)]
    pub divisor: u32,
    /// How bits are spent.
    #[serde(default)]
    pub control: RateControl,
    /// Sound target in kbit/s.
    pub audio_kbps: u32,
    /// Samples per second of the encoded sound.
    #[serde(default)]
    pub audio_rate: AudioRate,
    /// Whether the encoded sound is mono or stereo.
    #[serde(default)]
    pub audio_channels: Channels,
    /// IDR interval in seconds.
    pub gop_seconds: f64,
    /// For how many seconds in a row the encoder has been a fifth above its target: content too hard for it.
    #[serde(default)]
    pub seconds_over: u32,
    /// Which build is at work.
    pub codec: EncoderKind,
}

/// A rendition of the program beside the source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenditionModel {
    /// As viewers and destinations ask for it.
    pub name: String,
    /// Pixels, even.
    pub width: u32,
    /// Pixels, even.
    pub height: u32,
    /// Video target in kbit/s.
    pub video_kbps: u32,
    /// Its own occlusion level; `None` goes with the show's.
    pub occlusion_level: Option<u8>,
    /// Encoded video over the last second; 0 while nobody takes it.
    #[serde(default)]
    pub measured_kbps: u32,
}

/// Which encoder build is at work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EncoderKind {
    /// Whether the build found nasm. Without it the encoder is more than twice as slow.
    pub has_nasm: bool,
}

/// A worker process as clients see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerModel {
    /// What it does: `encode`, `analyse`.
    pub name: String,
    /// What it does now.
    pub state: WorkerState,
    /// Its process; none while it waits to be started again.
    pub pid: Option<u32>,
    /// How many have been replaced since the show began.
    pub losses: u32,
    /// Why the last one was.
    pub last_loss: Option<String>,
}

/// What the pipeline measures, once per second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Stats {
    /// Program frames made over the last second.
    pub fps: f64,
    /// Frames since the start.
    pub frames: u64,
    /// Frames that were not encoded because the encoder was late, since the start.
    pub skipped_frames: u64,
    /// Likewise of the smaller renditions, all of them together.
    #[serde(default)]
    pub skipped_in_renditions: u64,
    /// Program ticks that the compositor missed, since the start.
    pub late_ticks: u64,
    /// Sound blocks that the mixer missed, since the start.
    pub late_blocks: u64,
    /// Pictures that went out covered, for an armed check had not seen them, since the start.
    #[serde(default)]
    pub covered_frames: u64,
    /// Sound blocks that went out silent, likewise.
    #[serde(default)]
    pub silenced_blocks: u64,
    /// Pictures and blocks that were meant for analysis and found it busy or away, since the start.
    #[serde(default)]
    pub unseen: u64,
    /// Encoded video over the last second.
    pub video_kbps: u32,
    /// Mean time to encode a frame over the last second, in ms.
    pub encode_ms: f64,
    /// Of one core, in percent, over the last second: the studio with its workers.
    pub cpu_percent: f64,
    /// Resident memory in MB, likewise; what they share is counted once.
    pub memory_mb: u32,
    /// Screens attached. A script that asks or watches is none.
    pub clients: u32,
}

impl Studio {
    /// Whether any destination is live, or anybody watches at the relay: the show is on air.
    #[must_use]
    pub fn is_on_air(&self) -> bool {
        let is_live = |destination: &DestinationModel| destination.state == DestinationState::Live;
        self.destinations.iter().any(is_live) || self.viewers() > 0
    }

    /// Viewers of this show at the relay.
    #[must_use]
    pub fn viewers(&self) -> usize {
        let streams = self.relay.iter().flat_map(|relay| &relay.stats.streams);
        let own = streams.filter(|stream| !stream.is_ingest);
        own.map(|stream| stream.viewers).sum()
    }

    /// The occlusion level of the pictures that are made now.
    #[must_use]
    pub fn occlusion_level(&self) -> u8 {
        let fade = self.fade.as_ref().map_or(u8::MAX, |fade| fade.occlusion_level);
        self.occlusion.level.min(fade)
    }

    /// The scene of that name.
    #[must_use]
    pub fn scene(&self, name: &str) -> Option<&SceneModel> {
        self.scenes.iter().find(|scene| scene.name == name)
    }

    /// Finds out anew which sources each scene shows: after items have changed.
    pub fn find_sources(&mut self) {
        let sources = self.scenes.iter().map(|scene| {
            let items = |name: &str| self.scene(name).map(|scene| scene.items.as_slice());
            crate::scene::sources_seen(&scene.name, &items)
        });
        let sources: Vec<_> = sources.collect();
        for (scene, sources) in self.scenes.iter_mut().zip(sources) {
            scene.sources = sources;
        }
    }

    /// Finds out anew what in scenes is not as the scene file has it.
    pub fn find_edits(&mut self) {
        let mut edits = std::mem::take(&mut self.edits);
        edits.find(&self.scenes);
        self.edits = edits;
    }

    /// Whether the scene of that name shows the source of that name.
    #[must_use]
    pub fn is_in_scene(&self, scene: &str, source: &str) -> bool {
        self.scene(scene)
            .is_some_and(|scene| scene.sources.iter().any(|name| name == source))
    }

    /// The strip of that name.
    pub fn strip_mut(&mut self, name: &str) -> Option<&mut Strip> {
        self.strips.iter_mut().find(|strip| strip.name == name)
    }

    /// The source of that name.
    pub fn source_mut(&mut self, name: &str) -> Option<&mut SourceModel> {
        self.sources.iter_mut().find(|source| source.name == name)
    }

    /// The destination of that name.
    pub fn destination_mut(&mut self, name: &str) -> Option<&mut DestinationModel> {
        self.destinations
            .iter_mut()
            .find(|destination| destination.name == name)
    }

    /// The settings of a strip as the mixer has them: moderation mutes it whatever else is set.
    #[must_use]
    pub fn effective(&self, strip: &Strip) -> StripSettings {
        StripSettings {
            is_muted: strip.settings.is_muted || self.is_moderated(&strip.name),
            ..strip.settings
        }
    }

    /// Whether moderation mutes the strip of that name.
    #[must_use]
    pub fn is_moderated(&self, strip: &str) -> bool {
        self.moderation.muted_strips.iter().any(|name| name == strip)
    }

    /// Takes over what a state does not say again that follows on `before`: events, of which each has come by itself since, and
    /// what was measured before.
    pub fn go_on_from(&mut self, before: Self) {
        if self.events.is_empty() {
            self.events = before.events;
        }
        self.history.go_on_from(before.history);
    }

    /// Remembers an event; the oldest is forgotten beyond [`EVENTS_KEPT`].
    pub fn remember(&mut self, event: Event) {
        if self.events.len() >= EVENTS_KEPT {
            self.events.pop_front();
        }
        self.events.push_back(event);
    }
}
