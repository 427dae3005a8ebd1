//! The border of the update: what can come in, what is to be done about it, and why it is not.

use std::path::PathBuf;

use thiserror::Error;

use super::adapt::AdaptOrder;
use super::{
    CueNews, DataNews, ModerationNews, NewShow, ObsNews, Recasting, RecordingNews, RelayNews, Ruled, RulesNews,
    SourcesNews,
};
use crate::adapt::{Change, State};
use crate::cue::Firing;
use crate::hold::Edit;
use crate::media::{Rate, TimeDelta, Timestamp, Turn};
use crate::rules::DataError;
use crate::scene::Preset;
use crate::secret::SecretUrl;
use crate::studio::command::{Command, Misfit};
use crate::studio::compliance::Entry;
use crate::studio::model::{
    AudioRate, BusSettings, Condition, DestinationState, DestinationStats, DiskState, Event, EventLevel, FaceModel,
    Pace, PictureSettings, PresetModel, SceneRead, SourceControl, SourceCount, SourceFormat, SourceState, Stats,
    StripSettings, WorkerReport,
};

/// What can happen to a studio.
#[derive(Debug)]
pub enum Input {
    /// An operator or a script wants something.
    Command(Command),
    /// A preset that was read is to be applied, to the named strip and to the buses, as far as it is for them.
    Preset(Box<Preset>, Option<String>),
    /// These presets can be had now.
    Presets(Vec<PresetModel>),
    /// These scenes were written into their files, as somebody asked; these are read from them otherwise than before.
    ScenesSaved(Vec<String>, Vec<SceneRead>),
    /// A source reports what it does.
    SourceState(String, SourceState),
    /// A source reports what comes in.
    SourceFormat(String, SourceFormat),
    /// A source reports what can be set on its device.
    SourceControls(String, Vec<SourceControl>),
    /// A source reports what it had to drop since it was started.
    SourceDropped(String, u64, u64),
    /// A destination reports what it does.
    DestinationState(String, DestinationState),
    /// A destination reports what its connection measures.
    DestinationStats(String, DestinationStats),
    /// The faces on program, and why the whole picture is covered, if it is.
    Faces(Vec<FaceModel>, Option<String>),
    /// Something happened to the recording.
    Recording(RecordingNews),
    /// Something happened to the relay.
    Relay(RelayNews),
    /// Something happened to the server for controllers.
    Obs(ObsNews),
    /// A worker's supervisor reports: its name and what there is to tell.
    Worker(String, WorkerReport),
    /// The pipeline's measurements of the last second, and what each rendition beside the source was encoded at, in kbit/s.
    Stats(Stats, Vec<u32>),
    /// The running show is to become another.
    Show(Box<NewShow>),
    /// What is on the disk in the place of the scene file: how it compares, and what is wrong with it.
    Disk(DiskState, Vec<String>),
    /// Something is heard, seen or held.
    Moderation(ModerationNews),
    /// The controller has decided, and stands so.
    Adapted(Vec<Change>, Box<State>),
    /// What those say who know how many watch.
    Audience(Vec<SourceCount>),
    /// The trace is written to that file from now on, or to none; or why it cannot be.
    Trace(Result<Option<String>, String>),
    /// Something that only the runtime could see happened.
    Event(EventLevel, String, String),
    /// Program is in a condition for long, or no longer.
    Program(Condition, Turn),
    /// A second has passed, in which program was so loud, in LUFS, as far as that is known.
    Second(Option<f32>),
    /// Something happened to where business data comes from.
    Data(DataNews),
    /// Rules are in force.
    Rules(RulesNews),
    /// The rules have looked at the data.
    Ruled(Box<Ruled>),
    /// Something happens to the cues.
    Cues(CueNews),
    /// Something happens to the sources of the show.
    Sources(SourcesNews),
    /// Time has passed.
    Tick,
}

/// What is to be done.
#[derive(Debug, PartialEq)]
pub enum Effect {
    /// Scenes, program, preview or fade changed: the compositor needs to know.
    Picture,
    /// A strip's settings changed.
    Strip(usize, StripSettings),
    /// The settings of a source's picture changed.
    Enhance(usize, PictureSettings),
    /// The settings of the buses changed.
    Buses(BusSettings),
    /// The source of a strip is seen on program from now on, or is not; audio that follows it does so within that time.
    OnProgram(usize, bool, TimeDelta),
    /// Loudness is to be measured anew.
    ResetLoudness,
    /// So long everything is to be held from now on.
    Hold(TimeDelta, Pace),
    /// So much of what is held is to be dropped, or all.
    Dump(Option<TimeDelta>),
    /// This is to be done to held sound.
    Edit(Edit),
    /// That edit ends there.
    CloseEdit(u64, Timestamp),
    /// That edit is not to be made.
    RestoreEdit(u64),
    /// That, which was seen, is no longer to be hidden.
    Reveal(u64),
    /// Which checks are armed has changed.
    Checks,
    /// Something was moderated: for the log that others may want to read.
    Compliance(Entry),
    /// What hides faces changed.
    Occlusion,
    /// Faces that were lost have left: nothing is covered for them any more.
    ReleaseFaces,
    /// A line's encoder is to spend that.
    Rate(usize, Rate),
    /// A line is to take one of so many pictures.
    FrameRate(usize, u32),
    /// A line's pictures are to have that width and height.
    Size(usize, u32, u32),
    /// The sound encoders are to spend that, in kbit/s.
    SoundKbps(u32),
    /// AAC is to have that many samples per second.
    SoundRate(AudioRate),
    /// So many renditions are offered to viewers besides the source.
    Ladder(usize),
    /// The controller is to be told.
    Adapt(AdaptOrder),
    /// What is seen of the network is to be written there.
    TraceStart(PathBuf),
    /// That file is to be ended.
    TraceStop,
    /// The next picture is to be an IDR.
    Keyframe,
    /// A destination is to be known and started.
    AddDestination(String, SecretUrl, Option<String>),
    /// A known destination is to be started.
    StartDestination(String),
    /// A destination is to be stopped.
    StopDestination(String),
    /// A destination is to be stopped and forgotten.
    RemoveDestination(String),
    /// A destination is to be tried at once.
    RetryDestination(String),
    /// The show is to be recorded, into that file or where the scene file says.
    RecordStart(Option<PathBuf>),
    /// The recording is to be ended.
    RecordStop,
    /// The recording is to go on in a new file.
    RecordSplit,
    /// Other sources take over.
    Sources(Recasting),
    /// A destination is to be known as the show says, and started if it is so.
    KnowDestination(String, bool),
    /// What was applied for a time is to go back.
    Rollback,
    /// What was applied for a time stays.
    Confirmed,
    /// Whether the scene file is watched has changed.
    Watch(bool),
    /// A source is to be opened anew.
    RestartSource(String),
    /// A control of a source's device is to be set; without a value, to its default.
    SetControl(String, String, Option<i64>),
    /// Business data or what rules may do has changed; anew: whatever they had chosen.
    Rules {
        /// Program is an operator's, or nobody's.
        is_anew: bool,
    },
    /// The commands of a cue are to be carried out.
    Cue(Firing),
    /// Clients and the log are to be told.
    Event(Event),
    /// The show is over.
    End,
}

/// Why the studio does not do what it was told. A sentence for a person.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum Refusal {
    /// A name that nothing has; what there is instead.
    #[error("there is no {kind} '{name}'; there is {known}")]
    Unknown {
        /// scene, strip, source, destination.
        kind: &'static str,
        /// What was asked for.
        name: String,
        /// The names that exist.
        known: String,
    },
    /// A destination of that name exists.
    #[error("there is a destination '{0}' already; remove it first or take another name")]
    Exists(String),
    /// A command that only a client can carry out.
    #[error("that concerns the screen where it is typed; a script has none")]
    ClientOnly,
    /// A gain beyond the range, as typed.
    #[error("a gain of {0} dB is out of range; from -60 to +24 dB can be set")]
    Gain(String),
    /// A parameter cannot be set so.
    #[error("{parameter} can be {expected}")]
    Parameter {
        /// Its name.
        parameter: &'static str,
        /// What can be set.
        expected: String,
    },
    /// A preset for a strip, and no strip to apply it to.
    #[error("preset {0} is for a strip: say which one")]
    NeedsStrip(String),
    /// A preset for a picture, and no source to apply it to.
    #[error("preset {0} is for a picture: say of which source")]
    NeedsSource(String),
    /// A preset for the buses, and a strip to apply it to.
    #[error("preset {0} is for the buses, not for a strip")]
    NotForStrip(String),
    /// A level that the policy does not have.
    #[error("level {level} is above {top}, the highest of this policy")]
    Level {
        /// What was asked for.
        level: u8,
        /// The highest.
        top: u8,
    },
    /// A face that is not seen now cannot be shown.
    #[error("face {0} is lost: nothing would say where it is")]
    LostFace(u32),
    /// Too many zones.
    #[error("there are {max} zones, and no more can be", max = crate::scene::MAX_ZONES)]
    Zones,
    /// A second recording.
    #[error("the show is being recorded already; record split begins a new file")]
    RecordingRuns,
    /// No recording to stop or to split.
    #[error("nothing is being recorded; record start does it")]
    NoRecording,
    /// A path that would be looked for in a folder that nobody thinks of.
    #[error("{0} is no whole path: the studio runs in a folder of its own")]
    RelativePath(String),
    /// A frame rate that the program's cannot be divided into.
    #[error("{wanted} pictures per second cannot be had; the program's can be {known}")]
    FrameRate {
        /// What was asked for.
        wanted: u32,
        /// What there is.
        known: String,
    },
    /// More lines than the program has.
    #[error("{height} lines are more than the program's {most}")]
    Height {
        /// What was asked for.
        height: u32,
        /// The program's.
        most: u32,
    },
    /// Too late: it has been heard.
    #[error("that is on air already: what is held begins {:.1} s ago", .0.as_secs_f64())]
    Aired(TimeDelta),
    /// A stretch that ends before it begins.
    #[error("a span begins longer ago than it ends: moderate span 3.2 2.5")]
    BackwardSpan,
    /// No word of that number.
    #[error("no word of the number {0} is held")]
    NoWord(u64),
    /// No span of that number.
    #[error("nothing of the number {0} is muted or beeped")]
    NoSpan(u64),
    /// Nothing of that number is hidden.
    #[error("nothing of the number {0} is seen now")]
    NotSeen(u64),
    /// What was dropped is gone.
    #[error("what was dumped is gone; only what is muted or beeped can be let out")]
    Dumped,
    /// Nobody would judge.
    #[error("there are no lists of words: [moderation] words in the scene file names them")]
    NoLists,
    /// Nothing is held that could be dropped.
    #[error("nothing is held; hold 5 holds everything for 5 seconds from now on")]
    NothingHeld,
    /// Nothing of that kind is held.
    #[error("nothing of the kind is pinned")]
    NothingPinned,
    /// A scene that is needed would be gone.
    #[error("scene {0} is on {1}; take another first")]
    SceneOnAir(String, &'static str),
    /// Two changes that do not fit together.
    #[error("that does not fit what is set now: {0}")]
    Unfit(String),
    /// Two things that would both go back.
    #[error("something waits to be confirmed; confirm or rollback first")]
    Unconfirmed,
    /// Nothing that could go back.
    #[error("nothing waits to be confirmed")]
    NothingWaits,
    /// No trace to end.
    #[error("no trace is being written; trace start does it")]
    NoTrace,
    /// No clip to play.
    #[error("no stinger is set: [transition] stinger in the scene file names a source")]
    NoStinger,
    /// Nothing to acknowledge.
    #[error("there is no such alarm")]
    NoAlarm,
    /// No list of cues.
    #[error("no cues are loaded; cue load FILE does it")]
    NoCues,
    /// No run of them.
    #[error("no cues run; cue run begins")]
    NoCueRun,
    /// A run is under way.
    #[error("the cues run already; cue run CUE goes to one of them, cue stop ends the run")]
    CuesRun,
    /// The run is held.
    #[error("the cues are held; cue go goes on")]
    CuesHeld,
    /// Nothing waits for a hand; what comes next.
    #[error("no cue waits for a hand; next is {0}: cue fire does it now, cue skip leaves it out")]
    NotByHand(String),
    /// More was fired than can be carried out.
    #[error("too many cues were fired at once")]
    CuesBusy,
    /// Nothing that could be taken back.
    #[error("there is nothing to undo")]
    NothingToUndo,
    /// What brings it back is refused; why.
    #[error("{0} cannot be undone: {1}")]
    NotUndone(String, Box<Refusal>),
    /// No rules to switch.
    #[error("there are no rules: rules load FILE, or [rules] in the scene file")]
    NoRules,
    /// No override to end.
    #[error("nobody holds program against the rules")]
    NoOverride,
    /// Data that cannot be taken.
    #[error("no data: {0}")]
    Data(DataError),
    /// An item or a scene that cannot be changed so.
    #[error(transparent)]
    Item(#[from] Misfit),
    /// Nothing can be set on that source.
    #[error("source {0} has no controls that can be set: it is no camera, or has not been there yet")]
    NoControls(String),
    /// A camera that is away.
    #[error("source {0} is not there now; what its controls are is in the scene file, or set when it is back")]
    NotLive(String),
    /// A control cannot be set so.
    #[error("{control} cannot be {word}; it can be {expected}")]
    Control {
        /// Its name.
        control: String,
        /// What was asked for.
        word: String,
        /// What can be set.
        expected: String,
    },
    /// A command that reads or writes files: the runtime carries it out.
    #[error("that needs files, and there are none here")]
    NeedsFiles,
}
