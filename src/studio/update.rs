//! The pure heart of the studio: `update` takes the model, one input and the time, and says what is to be done.
//!
//! It reads no clock, does no IO and starts no thread; so a whole evening can be replayed in a test in milliseconds. The
//! runtime carries the effects out and feeds what comes of them back in as inputs.

mod adapt;
mod air;
mod alarms;
mod apply;
mod camera;
mod cues;
mod delivery;
mod desk;
mod moderation;
mod obs;
mod occlusion;
mod picture;
mod reports;
mod rules;
mod scenes;
pub(in crate::studio) mod settings_preset;
mod undo;

pub use adapt::AdaptOrder;
pub use air::STINGER_WAITS_MS;
pub use apply::{NewShow, Recasting, Why, live_show};
pub(in crate::studio) use camera::{controls_as_they_are, controls_of};
pub use cues::CueNews;
pub use delivery::{RecordingNews, RelayNews};
pub(in crate::studio) use desk::check_target;
pub use moderation::ModerationNews;
pub use obs::ObsNews;
pub use rules::{DataNews, Ruled, RuledChoice, RulesNews};
pub(in crate::studio) use scenes::inverse_of_item;

use std::path::PathBuf;

use thiserror::Error;

use super::command::{Command, Misfit};
use super::compliance::Entry;
use super::model::{
    AudioRate, BusSettings, Cause, Condition, DestinationModel, DestinationState, DestinationStats, DiskState, Event,
    EventLevel, FaceModel, MAX_GAIN_DB, MIN_GAIN_DB, Pace, PictureSettings, PresetModel, SceneRead, SourceControl,
    SourceCount, SourceFormat, SourceState, Stats, StripSettings, Studio, Transition, TransitionKind, WorkerReport,
};
use crate::adapt::{Change, State};
use crate::cue::Firing;
use crate::hold::Edit;
use crate::media::{Rate, TimeDelta, Timestamp, Turn};
use crate::rules::DataError;
use crate::scene::Preset;
use crate::secret::SecretUrl;
use crate::studio::undo::inverse_of_preset;

/// The range of a strip's gain in dB. Below it, mute is the right tool; above it, the source is.
pub const GAIN_RANGE_DB: std::ops::RangeInclusive<f32> = MIN_GAIN_DB..=MAX_GAIN_DB;

/// How long, in ms, sound that follows video takes over a cut: too short to be noticed, long enough not to click.
const CUT_SOUND_MS: i64 = 20;

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
    /// A command that reads or writes files: the runtime carries it out.
    #[error("that needs files, and there are none here")]
    NeedsFiles,
}

struct Unit<'a> {
    studio: &'a mut Studio,
    now: Timestamp,
    /// Who asked, and how.
    cause: Option<&'a Cause>,
    effects: Vec<Effect>,
}

/// Applies `input` at `now` and returns what is to be done about it.
///
/// # Errors
/// A command that cannot be carried out; the model is then unchanged.
pub fn update(studio: &mut Studio, input: Input, now: Timestamp) -> Result<Vec<Effect>, Refusal> {
    update_for(studio, input, now, None)
}

/// The same because somebody asked for it: every event that comes of it says who, and how.
///
/// # Errors
/// As [`update`].
pub fn update_for(
    studio: &mut Studio,
    input: Input,
    now: Timestamp,
    cause: Option<&Cause>,
) -> Result<Vec<Effect>, Refusal> {
    studio.now = now;
    let mut unit = Unit {
        studio,
        now,
        cause,
        effects: Vec::new(),
    };
    unit.end_fade();
    match input {
        Input::Command(Command::Undo) => unit.undo()?,
        Input::Command(command) => {
            let program = unit.studio.program.clone();
            unit.undoable(command)?;
            unit.notice_override(&program);
        }
        Input::Presets(presets) => unit.studio.presets = presets,
        Input::Preset(preset, strip) => {
            let by = inverse_of_preset(unit.studio, &preset, strip.as_deref());
            unit.apply_preset(&preset, strip.as_deref())?;
            unit.undoable_by(format!("preset apply {}", preset.name), by);
        }
        Input::ScenesSaved(asked, read) => unit.scenes_saved(&asked, read),
        Input::SourceState(name, state) => {
            unit.stinger_state(&name, &state);
            unit.source_state(&name, state);
        }
        Input::SourceFormat(name, format) => {
            if let Some(source) = unit.studio.source_mut(&name) {
                source.format = Some(format);
            }
        }
        Input::SourceControls(name, controls) => {
            if let Some(source) = unit.studio.source_mut(&name) {
                source.controls = controls;
            }
        }
        Input::SourceDropped(name, frames, blocks) => {
            if let Some(source) = unit.studio.source_mut(&name) {
                source.dropped_frames = frames;
                source.dropped_blocks = blocks;
            }
        }
        Input::DestinationState(name, state) => unit.destination_state(&name, &state),
        Input::DestinationStats(name, stats) => {
            if let Some(destination) = unit.studio.destination_mut(&name) {
                destination.stats = stats;
            }
        }
        Input::Faces(faces, cover) => unit.faces(faces, cover),
        Input::Recording(news) => unit.recording(news),
        Input::Relay(news) => unit.relay(news),
        Input::Obs(news) => unit.obs(news),
        Input::Worker(name, report) => unit.worker(&name, report),
        Input::Stats(stats, kbps) => {
            for (rendition, kbps) in unit.studio.renditions.iter_mut().zip(kbps) {
                rendition.measured_kbps = kbps;
            }
            unit.stats(stats);
        }
        Input::Show(new) => unit.become_show(&new)?,
        Input::Disk(disk, errors) => unit.disk(disk, errors),
        Input::Moderation(news) => unit.moderation(news),
        Input::Adapted(changes, state) => unit.adapted(changes, *state),
        Input::Audience(counts) => unit.studio.adapt.audience = counts,
        Input::Trace(path) => unit.trace(path),
        Input::Event(level, subject, text) => unit.event(level, subject, text),
        Input::Program(condition, turn) => unit.program(condition, turn),
        Input::Second(lufs) => unit.second(lufs),
        Input::Data(news) => unit.data_news(news),
        Input::Rules(news) => unit.rules_loaded(news),
        Input::Ruled(ruled) => unit.ruled(*ruled),
        Input::Cues(news) => unit.cues(news)?,
        // With nothing that could be refused: what comes of it must not be lost.
        Input::Tick => unit.watch_confirm(),
    }
    unit.see_for_cues();
    Ok(unit.effects)
}

impl Unit<'_> {
    fn event(&mut self, level: EventLevel, subject: impl Into<String>, text: impl Into<String>) {
        let event = Event::new(self.now, level, subject, text).because(self.cause);
        self.studio.remember(event.clone());
        self.effects.push(Effect::Event(event));
    }

    fn command(&mut self, command: Command) -> Result<(), Refusal> {
        match command {
            Command::Take(scene) => self.take_as_set(scene.as_deref()),
            Command::Cut(scene) => self.take(scene, &self.as_kind(TransitionKind::Cut)),
            Command::Fade(duration) => {
                let set = self.as_kind(TransitionKind::Fade);
                let duration = duration.unwrap_or(set.duration);
                self.take(None, &Transition { duration, ..set })
            }
            Command::Wipe(direction, duration) => {
                let set = self.as_kind(TransitionKind::Wipe);
                let duration = duration.unwrap_or(set.duration);
                let direction = direction.unwrap_or(set.direction);
                let wipe = Transition {
                    duration,
                    direction,
                    ..set
                };
                self.take(None, &wipe)
            }
            Command::Stinger => self.take_by_stinger(),
            Command::Preview(scene) => {
                self.studio.preview = self.scene(&scene)?;
                self.tally();
                self.effects.push(Effect::Picture);
                Ok(())
            }
            Command::Transition(kind, duration) => self.set_transition(kind, duration),
            Command::Item(item, change) => self.item(&item, &change),
            Command::SceneSet(scene, parameter, value) => self.scene_set(&scene, &parameter, value),
            Command::SceneReset(scene) => self.scene_reset(&scene),
            Command::Gain(strip, gain) => self.gain(&strip, gain),
            Command::Mute(strip, switch) => self.strip(&strip, |settings| {
                settings.is_muted = switch.apply(settings.is_muted);
                Some(if settings.is_muted { "muted" } else { "unmuted" })
            }),
            Command::Solo(strip, switch) => self.strip(&strip, |settings| {
                settings.is_solo = switch.apply(settings.is_solo);
                None
            }),
            Command::Denoise(strip, switch) => self.strip(&strip, |settings| {
                settings.denoise.is_on = switch.apply(settings.denoise.is_on);
                Some(if settings.denoise.is_on {
                    "denoise on"
                } else {
                    "denoise off"
                })
            }),
            Command::Set(strip, param, adjust) => self.set(&strip, param, adjust),
            Command::Reset(strip, what) => self.reset(&strip, what),
            Command::CopyStrip(from, to) => self.copy_strip(&from, &to),
            Command::BusSet(param, adjust) => self.bus_set(param, adjust),
            Command::BusReset(what) => {
                self.bus_reset(what);
                Ok(())
            }
            Command::AlarmAck(kind) => self.alarm_ack(kind),
            Command::LoudnessReset => {
                self.effects.push(Effect::ResetLoudness);
                self.event(EventLevel::Info, "program", "loudness is measured anew");
                Ok(())
            }
            Command::SceneSave(_)
            | Command::PresetApply(..)
            | Command::PresetDiff(..)
            | Command::PresetSave(..)
            | Command::PictureSave(..)
            | Command::Apply(..)
            | Command::Plan(_)
            | Command::Reload
            | Command::CueLoad(_)
            | Command::RulesLoad(_)
            | Command::RulesExplain(_)
            | Command::CameraControls(_)
            | Command::Record(..) => Err(Refusal::NeedsFiles),
            Command::Confirm => self.confirm(),
            Command::Rollback => self.rollback(),
            Command::WatchFile(switch) => {
                self.watch_file(switch);
                Ok(())
            }
            Command::CueRun(first) => self.cue_run(first),
            Command::CueHold => self.cue_hold(),
            Command::CueGo => self.cue_go(),
            Command::CueSkip => self.cue_skip(),
            Command::CueFire(name) => self.cue_fire(&name),
            Command::CueStop => self.cue_stop(),
            Command::PictureSet(source, param, adjust) => self.picture_set(&source, param, adjust),
            Command::PictureReset(source, what) => self.picture_reset(&source, what),
            Command::PictureCopy(from, to) => self.picture_copy(&from, &to),
            Command::CameraSet(source, control, value) => self.camera_set(&source, &control, &value),
            Command::CameraReset(source, control) => self.camera_reset(&source, control.as_deref()),
            Command::OcclusionArm(is_armed) => {
                self.arm(is_armed);
                Ok(())
            }
            Command::OcclusionLevel(level) => self.level(level),
            Command::RecordStart(path) => self.record_start(path),
            Command::RecordStop => self.record_stop(),
            Command::RecordSplit => self.record_split(),
            Command::RenditionLevel(name, level) => self.rendition_level(&name, level),
            Command::OcclusionStep(is_more_hidden) => self.step_level(is_more_hidden),
            Command::OcclusionPolicy(name) => self.policy(name),
            Command::OcclusionMask(mask) => {
                self.mask(mask);
                Ok(())
            }
            Command::OcclusionSticker(name) => self.sticker(name),
            Command::FaceExempt(track, is_exempt) => self.exempt(track, is_exempt),
            Command::FaceRelease => {
                self.effects.push(Effect::ReleaseFaces);
                self.event(EventLevel::Warning, "occlusion", "lost faces count as gone");
                Ok(())
            }
            Command::ZoneAdd(name, place) => {
                let rect = place.on(self.studio.format);
                self.add_zone(crate::scene::Zone { name, rect })
            }
            Command::ZoneRemove(name) => self.remove_zone(name),
            Command::Hold(hold, pace) => {
                self.hold(hold, pace);
                Ok(())
            }
            Command::Dump(last) => self.dump(last),
            Command::Moderate(is_armed) => self.moderate(is_armed),
            Command::Unjudged(is_passed) => {
                self.unjudged(is_passed);
                Ok(())
            }
            Command::ModerateProgram(switch) => {
                self.moderate_program(switch);
                Ok(())
            }
            Command::ModerateStrip(strip, switch) => self.moderate_strip(&strip, switch),
            Command::ModerateWord(word, kind) => self.moderate_word(word, kind),
            Command::ModerateSpan(from, until, kind) => self.moderate_span(from, until, kind),
            Command::ModerateRestore(span) => self.restore(span),
            Command::ModerateReveal(seen) => self.reveal(seen),
            Command::Bitrate(kbps) => {
                self.bitrate(kbps);
                Ok(())
            }
            Command::Adapt(switch) => {
                self.adapt(switch);
                Ok(())
            }
            Command::AdaptPolicy(name) => self.adapt_policy(name),
            Command::AdaptPin(pinned) => self.pin(pinned),
            Command::AdaptRelease(what) => self.release(what),
            Command::TraceStart(path) => {
                if !path.is_absolute() {
                    return Err(Refusal::RelativePath(path.display().to_string()));
                }
                self.effects.push(Effect::TraceStart(path));
                Ok(())
            }
            Command::TraceStop if self.studio.adapt.trace.is_none() => Err(Refusal::NoTrace),
            Command::TraceStop => {
                self.effects.push(Effect::TraceStop);
                Ok(())
            }
            Command::Keyframe => {
                self.effects.push(Effect::Keyframe);
                Ok(())
            }
            Command::DestinationAdd(name, url, rendition) => self.add_destination(name, url, rendition),
            Command::DestinationRemove(name) => {
                self.destination(&name)?;
                self.studio.destinations.retain(|destination| destination.name != name);
                self.effects.push(Effect::RemoveDestination(name.clone()));
                self.event(EventLevel::Info, format!("destination {name}"), "removed");
                Ok(())
            }
            Command::DestinationStart(name) => {
                self.destination(&name)?;
                self.effects.push(Effect::StartDestination(name));
                Ok(())
            }
            Command::DestinationStop(name) => {
                self.destination(&name)?;
                self.effects.push(Effect::StopDestination(name));
                Ok(())
            }
            Command::Retry(Some(name)) => {
                self.destination(&name)?;
                self.effects.push(Effect::RetryDestination(name));
                Ok(())
            }
            Command::Retry(None) => {
                let waiting = self.studio.destinations.iter().filter(|destination| {
                    matches!(
                        destination.state,
                        DestinationState::Backoff { .. } | DestinationState::Failed { .. }
                    )
                });
                self.effects
                    .extend(waiting.map(|destination| Effect::RetryDestination(destination.name.clone())));
                Ok(())
            }
            Command::SourceRestart(name) => {
                if self.studio.source_mut(&name).is_none() {
                    return Err(unknown_source(self.studio, &name));
                }
                self.effects.push(Effect::RestartSource(name));
                Ok(())
            }
            command @ (Command::DataSet(_)
            | Command::DataMerge(_)
            | Command::DataClear
            | Command::Rules(_)
            | Command::RulesRelease) => self.data_and_rules(command),
            Command::End => {
                self.event(EventLevel::Info, "studio", "the show ends");
                self.effects.push(Effect::End);
                Ok(())
            }
            // Only what was done by an operator is taken back, and that only as a whole.
            Command::Undo => Err(Refusal::NothingToUndo),
            Command::Client(_) => Err(Refusal::ClientOnly),
        }
    }

    fn destination(&self, name: &str) -> Result<(), Refusal> {
        let mut names = self.studio.destinations.iter().map(|destination| &destination.name);
        if names.clone().any(|known| known == name) {
            Ok(())
        } else {
            Err(unknown("destination", name.to_owned(), &mut names))
        }
    }

    fn add_destination(&mut self, name: String, url: SecretUrl, rendition: Option<String>) -> Result<(), Refusal> {
        if self.destination(&name).is_ok() {
            return Err(Refusal::Exists(name));
        }
        let rendition = rendition.filter(|wanted| wanted != "source");
        if let Some(wanted) = &rendition {
            self.check_rendition(wanted)?;
        }
        self.studio.destinations.push(DestinationModel {
            name: name.clone(),
            url: url.to_string(),
            rendition: rendition.clone(),
            state: DestinationState::Idle,
            loss: None,
            stats: DestinationStats::default(),
        });
        self.effects.push(Effect::AddDestination(name.clone(), url, rendition));
        self.effects.push(Effect::StartDestination(name));
        Ok(())
    }
}

/// There is no source of that name.
pub(in crate::studio) fn unknown_source(studio: &Studio, name: &str) -> Refusal {
    unknown(
        "source",
        name.to_owned(),
        studio.sources.iter().map(|source| &source.name),
    )
}

/// That there is no strip of that name.
pub(in crate::studio) fn unknown_strip(studio: &Studio, name: &str) -> Refusal {
    let names = studio.strips.iter().map(|strip| &strip.name);
    unknown("strip", name.to_owned(), names)
}

fn unknown<'a>(kind: &'static str, name: String, known: impl Iterator<Item = &'a String>) -> Refusal {
    let known = known.map(String::as_str).collect::<Vec<_>>().join(", ");
    let known = if known.is_empty() { "none".to_owned() } else { known };
    Refusal::Unknown { kind, name, known }
}

#[cfg(test)]
#[path = "update_tests.rs"]
mod tests;
