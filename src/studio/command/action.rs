//! What an operator can do, as values.

use std::path::PathBuf;

use super::item::{ItemChange, ItemRef};
use super::monitor::{ColorMode, MonitorMode};
use super::sources::SourcesCommand;
use crate::media::TimeDelta;
use crate::secret::SecretUrl;
use crate::studio::model::{
    Adjust, AlarmKind, Data, EditKind, EventLevel, MaskKind, Pace, PinKind, ProgramFormat, Rect, Stage, Tier,
    TransitionKind, WipeDirection,
};

/// One operator action.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Puts preview (or the named scene) on program by the set transition.
    Take(Option<String>),
    /// The same from one frame to the next.
    Cut(Option<String>),
    /// The same by a fade of the given or the set duration.
    Fade(Option<TimeDelta>),
    /// The same by a wipe of the given or the set direction and duration.
    Wipe(Option<WipeDirection>, Option<TimeDelta>),
    /// The same by the stinger of the scene, or else that of the show.
    Stinger,
    /// Chooses the scene on preview.
    Preview(String),
    /// Sets what `take` does.
    Transition(TransitionKind, Option<TimeDelta>),
    /// Changes an item of a scene.
    Item(ItemRef, ItemChange),
    /// Sets a parameter of a scene.
    SceneSet(String, String, String),
    /// Brings everything in a scene back to what the scene file says.
    SceneReset(String),
    /// Writes what was changed by hand in a scene, or in all of them, into the scene file.
    SceneSave(Option<String>),
    /// Sets or changes a strip's gain.
    Gain(String, Gain),
    /// Mutes a strip on program.
    Mute(String, Switch),
    /// Hears a strip alone on the monitor bus.
    Solo(String, Switch),
    /// Voice denoise of a strip.
    Denoise(String, Switch),
    /// Sets or changes a parameter of a strip, called by its name in the table of parameters.
    Set(String, &'static str, Adjust),
    /// Brings a strip, or a part of it, back to the default.
    Reset(String, Reset),
    /// Gives one strip the sound of another: everything but mute, solo and AFV.
    CopyStrip(String, String),
    /// Sets or changes a parameter of the buses.
    BusSet(&'static str, Adjust),
    /// Brings the buses, or a part of them, back to the default.
    BusReset(Reset),
    /// Integrated loudness, loudness range and highest true peak start anew.
    LoudnessReset,
    /// Applies a preset to the named strip, to the buses, or both, as the preset has it.
    PresetApply(String, Option<String>),
    /// Tells what a preset would change.
    PresetDiff(String, Option<String>),
    /// Saves the sound of a strip, or without one the buses, as a preset; a preset that exists is replaced only if told so.
    PresetSave(String, Option<String>, bool),
    /// Writes what is at a point of the mixer into a new WAV file for so long.
    Record(RecordPoint, TimeDelta, PathBuf),
    /// Sets or changes a parameter of a source's picture, called by its name in the table of parameters.
    PictureSet(String, &'static str, Adjust),
    /// Brings the picture of a source, or a part of its chain, back to the default.
    PictureReset(String, Reset),
    /// Gives one source the picture settings of another.
    PictureCopy(String, String),
    /// Saves the picture settings of a source as a preset; one that exists is replaced only if told so.
    PictureSave(String, String, bool),
    /// Whether faces are looked for and hidden.
    OcclusionArm(bool),
    /// Sets the occlusion level.
    OcclusionLevel(u8),
    /// Records the show, into that file or where the scene file says.
    RecordStart(Option<PathBuf>),
    /// Ends the recording.
    RecordStop,
    /// Goes on recording in a new file.
    RecordSplit,
    /// Gives a rendition an occlusion level of its own; with none it goes with the show's.
    RenditionLevel(String, Option<u8>),
    /// Goes one occlusion level on: `true` hides more, `false` shows more.
    OcclusionStep(bool),
    /// Chooses what each level shows; begins with the level that hides everything.
    OcclusionPolicy(String),
    /// Chooses what hides faces.
    OcclusionMask(MaskKind),
    /// Chooses a set of stickers, and stickers to hide faces with.
    OcclusionSticker(String),
    /// Shows the face of a track until it is lost, or no longer.
    FaceExempt(u32, bool),
    /// Faces that were lost have left.
    FaceRelease,
    /// Hides a part of the picture for good; one of the same name is moved.
    ZoneAdd(String, Place),
    /// Shows that part again.
    ZoneRemove(String),
    /// How long everything is held, and how it comes to that; without a pace, as the scene file says.
    Hold(TimeDelta, Option<Pace>),
    /// Drops so much of what is held, or all of it.
    Dump(Option<TimeDelta>),
    /// Whether sound must have been judged to go out.
    Moderate(bool),
    /// Whether sound that nobody has judged in time goes out all the same.
    Unjudged(bool),
    /// Mutes program, on what is held as well.
    ModerateProgram(Switch),
    /// Mutes a strip, on what is held as well.
    ModerateStrip(String, Switch),
    /// Beeps or mutes a word that is still held.
    ModerateWord(u64, EditKind),
    /// The same with what was heard from so long ago until so long ago.
    ModerateSpan(TimeDelta, TimeDelta, EditKind),
    /// Lets a span out that would be muted or beeped.
    ModerateRestore(u64),
    /// Shows something that was seen and is hidden.
    ModerateReveal(u64),
    /// Pins the video bitrate of the source rendition.
    Bitrate(Kbps),
    /// Whether bitrate, frame rate and size follow the network and the audience.
    Adapt(Switch),
    /// Chooses how they do.
    AdaptPolicy(String),
    /// Holds one of them, whatever the network or the audience say.
    AdaptPin(Pinned),
    /// Gives one of them back, or all.
    AdaptRelease(Option<PinWord>),
    /// Writes what is seen of the network into a new file.
    TraceStart(PathBuf),
    /// Ends that file.
    TraceStop,
    /// Makes the next picture an IDR.
    Keyframe,
    /// Adds a destination and starts it.
    DestinationAdd(String, SecretUrl, Option<String>),
    /// Stops and forgets a destination.
    DestinationRemove(String),
    /// Starts a destination.
    DestinationStart(String),
    /// Stops a destination.
    DestinationStop(String),
    /// Tries a lost destination again at once; without a name, all of them.
    Retry(Option<String>),
    /// Opens a source anew.
    SourceRestart(String),
    /// Does something to the sources of the show, or to what shows them.
    Sources(SourcesCommand),
    /// Lists what can be set on a camera.
    CameraControls(String),
    /// Sets a control of a camera: source, control, and the value as it was typed.
    CameraSet(String, String, String),
    /// Sets a control of a camera, or all, to its default.
    CameraReset(String, Option<String>),
    /// An operator knows of an alarm, or of all: the bell is silent about it and the banner dim.
    AlarmAck(Option<AlarmKind>),
    /// Changes the running show to what that file says; for a time, if one is given, unless it is confirmed.
    Apply(PathBuf, Option<TimeDelta>),
    /// Tells what that would change.
    Plan(PathBuf),
    /// Reads the scene file again.
    Reload,
    /// Keeps what was applied for a time.
    Confirm,
    /// Takes it back at once.
    Rollback,
    /// Whether a save of the scene file is applied at once.
    WatchFile(Switch),
    /// Reads a cue file.
    CueLoad(PathBuf),
    /// Runs the cues from their beginning, or from that one on.
    CueRun(Option<String>),
    /// The clock of the cues stands.
    CueHold,
    /// It goes on; or the next cue comes that waits for a hand.
    CueGo,
    /// The next cue is left out.
    CueSkip,
    /// Does what a cue does.
    CueFire(String),
    /// Ends the run of the cues.
    CueStop,
    /// Takes the newest command back that can be taken back.
    Undo,
    /// Business data, as a whole.
    DataSet(Data),
    /// Changes business data by a JSON merge patch (RFC 7396).
    DataMerge(String),
    /// There is no business data.
    DataClear,
    /// Whether rules choose what is on program.
    Rules(Switch),
    /// Gives program back to the rules.
    RulesRelease,
    /// Reads rules from a file.
    RulesLoad(PathBuf),
    /// Tells why the rules choose what they choose, by the data of now or by this.
    RulesExplain(Option<Data>),
    /// Ends the show and the studio.
    End,
    /// Something that concerns only the client where it was typed.
    Client(ClientCommand),
}

/// A bitrate as it is set or changed, in kbit/s.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kbps {
    /// To this.
    Set(u32),
    /// By so much.
    Change(i32),
}

/// A value that the operator holds, as it is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pinned {
    /// Video bitrate.
    Bitrate(Kbps),
    /// Pictures per second, rounded to what the program's rate can be divided into.
    FrameRate(u32),
    /// Lines of the picture.
    Height(u32),
    /// Sound in kbit/s.
    Sound(u32),
    /// The audience's tier.
    Tier(Tier),
}

/// What can be pinned, as it is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PinWord {
    /// Video bitrate.
    Bitrate,
    /// Pictures per second.
    FrameRate,
    /// Lines of the picture.
    Height,
    /// Bitrate of the sound.
    Sound,
    /// The audience's tier.
    Tier,
}

impl PinWord {
    /// All of them, in the order of the kinds.
    pub const WORDS: &'static [&'static str] = &["bitrate", "frame-rate", "height", "sound", "tier"];

    const ALL: [Self; 5] = [Self::Bitrate, Self::FrameRate, Self::Height, Self::Sound, Self::Tier];

    /// The one that is typed so.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|what| what.word() == word)
    }

    /// As it is typed.
    #[must_use]
    pub const fn word(self) -> &'static str {
        Self::WORDS[self as usize]
    }

    /// What its value can be, in words.
    #[must_use]
    pub const fn expected(self) -> &'static str {
        match self {
            Self::Bitrate => "kbit/s from 50 to 100000, or a step: 2500, 2.5M, +250, -=250",
            Self::FrameRate => "pictures per second: those of the program, or a half or a third of them",
            Self::Height => "lines of the picture, from 16 to 2160: 480",
            Self::Sound => "kbit/s from 16 to 512: 96",
            Self::Tier => "normal, good, excellent",
        }
    }

    /// What it holds of the source rendition.
    #[must_use]
    pub const fn kind(self) -> PinKind {
        match self {
            Self::Bitrate => PinKind::Kbps(0),
            Self::FrameRate => PinKind::FrameRate(0),
            Self::Height => PinKind::Height(0),
            Self::Sound => PinKind::SoundKbps,
            Self::Tier => PinKind::Tier,
        }
    }
}

/// A place on program: left, top, width and height in shares of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place(pub [f32; 4]);

impl Place {
    /// In pixels of a program.
    #[must_use]
    pub fn on(self, format: ProgramFormat) -> Rect {
        let Self([x, y, width, height]) = self;
        let at = |share: f32, all: u32| (share * all as f32).round() as i32;
        Rect {
            x: at(x, format.width),
            y: at(y, format.height),
            width: at(x + width, format.width) - at(x, format.width),
            height: at(y + height, format.height) - at(y, format.height),
        }
    }
}

/// What a reset is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reset {
    /// Everything but what is heard now: mute, solo and AFV stay.
    All,
    /// All parameters of a stage.
    Stage(Stage),
    /// One parameter, by its name.
    Param(&'static str),
}

/// Where a recording is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordPoint {
    /// What leaves a strip, muted or not.
    Strip(String),
    /// A bus.
    Bus(Bus),
}

/// The buses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bus {
    /// What goes on air.
    Program,
    /// What the operator hears.
    Monitor,
    /// Aux A.
    AuxA,
    /// Aux B.
    AuxB,
}

impl Bus {
    /// All of them, as they are typed.
    pub const WORDS: &'static [&'static str] = &["program", "monitor", "aux-a", "aux-b"];

    /// In the order of their [words](Self::WORDS).
    const ALL: [Self; 4] = [Self::Program, Self::Monitor, Self::AuxA, Self::AuxB];

    /// The bus that is typed so.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|bus| bus.word() == word)
    }

    /// As it is typed.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::WORDS[self as usize]
    }
}

/// What only the TUI that it is typed in can do. A script has no screen to do it to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientCommand {
    /// Shows or hides the help.
    Help,
    /// Opens the command prompt, with the beginning of a line in it.
    Prompt(Option<String>),
    /// Opens the prompt to type a value for the selected parameter, which begins so.
    Type(Option<String>),
    /// Opens a page; `None` closes the one that is open.
    Page(Option<Page>),
    /// Remembers the selected strip, to copy from.
    Mark,
    /// Leaves the TUI; the show goes on.
    Detach,
    /// How monitors are drawn; `None` goes to the next way.
    Monitor(Option<MonitorMode>),
    /// How many colours the screen uses; without one, the next fewer.
    Colors(Option<ColorMode>),
    /// Bytes of pictures that go to the terminal at most, in kB per second; none: as many as the link carries.
    Cap(Option<u32>),
    /// How the screen is laid out; `None` goes to the next layout.
    Layout(Option<Layout>),
    /// One thing over the whole body; `None`: what has the focus, or back.
    Zoom(Option<Zoom>),
    /// The look of the screen; `None` goes to the next theme.
    Theme(Option<ThemeName>),
    /// Moves the selection.
    Select(Selection, Step),
    /// Draws the screen anew.
    Redraw,
    /// Whether the terminal's bell rings when an alarm begins.
    Bell(Switch),
    /// What is done with the list of events.
    Events(EventsCommand),
    /// Adds a digit to how often the next command is done, or says how often.
    Count(u8),
    /// Does the last line again.
    Repeat,
    /// Opens the list of all commands, to search in it.
    Palette,
}

/// How the screen is laid out while no page is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    /// Program and preview, tiles, mixer, destinations, events.
    #[default]
    Desk,
    /// Program as large as it can be.
    Program,
    /// Program, preview and up to nine sources.
    Multiview,
    /// All strips as faders.
    Mixer,
    /// One line, as on terminals too small for anything else.
    Line,
}

impl Layout {
    /// All of them, as they are typed.
    pub const WORDS: &'static [&'static str] = &["desk", "program", "multiview", "mixer", "line"];

    /// In the order of their [words](Self::WORDS).
    pub const ALL: [Self; 5] = [Self::Desk, Self::Program, Self::Multiview, Self::Mixer, Self::Line];

    /// The layout that is typed so.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|layout| layout.word() == word)
    }

    /// As it is typed.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::WORDS[self as usize]
    }
}

/// What can be shown over the whole body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zoom {
    /// The picture on air.
    Program,
    /// What take would put there.
    Preview,
    /// The selected source.
    Source,
    /// The pane that has the focus.
    Pane,
    /// The part of the open page that it is about.
    Part,
    /// Nothing: back to the layout.
    Off,
}

impl Zoom {
    /// Those that can be typed.
    pub const WORDS: &'static [&'static str] = &["program", "preview", "source", "pane", "off"];

    /// What is typed so.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        match word {
            "program" => Some(Self::Program),
            "preview" => Some(Self::Preview),
            "source" => Some(Self::Source),
            "pane" => Some(Self::Pane),
            "off" => Some(Self::Off),
            _ => None,
        }
    }
}

/// A theme that can be chosen while the screen is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThemeName {
    /// For a dark ground.
    Dark,
    /// For a white ground.
    Light,
    /// Strong colours on black.
    HighContrast,
    /// Without colour.
    None,
    /// That of the operator's own file.
    Own,
}

impl ThemeName {
    /// All of them, as they are typed.
    pub const WORDS: &'static [&'static str] = &["dark", "light", "high-contrast", "none", "own"];

    /// In the order of their [words](Self::WORDS).
    pub const ALL: [Self; 5] = [Self::Dark, Self::Light, Self::HighContrast, Self::None, Self::Own];

    /// The theme that is typed so.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.word() == word)
    }

    /// As it is typed.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::WORDS[self as usize]
    }
}

/// What is selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selection {
    /// A strip of the mixer.
    Strip,
    /// A source.
    Source,
    /// A destination.
    Destination,
    /// The focused pane.
    Pane,
    /// A parameter of the open page.
    Parameter,
    /// A stage of the open page.
    Stage,
    /// A face on program.
    Face,
    /// A word or a span of what is held.
    Word,
    /// An event.
    Event,
    /// An item of the scene of the page of items.
    Item,
    /// The scene of that page.
    Scene,
    /// A cue.
    Cue,
    /// Something that could be a source.
    Find,
}

/// What takes the whole screen, but for status line and footer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Page {
    /// Everything about the selected strip.
    Strip,
    /// Everything about the buses.
    Buses,
    /// Everything that hides faces.
    Faces,
    /// Everything about the picture of the selected source.
    Picture,
    /// What follows the network and the audience, and why.
    Network,
    /// What is held, heard and seen before it goes out.
    Moderation,
    /// What has happened, and who wanted it.
    Events,
    /// The last ten minutes in figures.
    Charts,
    /// What is in a scene, and where.
    Items,
    /// Business data, and the rules that choose scenes by it.
    Rules,
    /// Commands at their time: what has come, and what is to come.
    Cues,
    /// What could be a source here, and the sources that there are.
    Sources,
}

/// What is done with the list of events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventsCommand {
    /// Shows those only that have all of these words; without any, all of them.
    Filter(Vec<String>),
    /// Shows those only that matter so much; without a level, one step less is shown, round the end.
    Level(Option<EventLevel>),
    /// Goes through them by so many: a page, or to an end.
    Go(Leap),
    /// Gives the terminal the command line of the selected one, to be pasted elsewhere.
    Copy,
    /// Puts it into the prompt.
    Edit,
}

/// How far a selection leaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leap {
    /// A screenful up.
    PageUp,
    /// A screenful down.
    PageDown,
    /// To the first.
    First,
    /// To the last.
    Last,
}

impl Leap {
    /// All of them, as they are typed.
    pub const WORDS: &'static [&'static str] = &["up", "down", "first", "last"];

    /// The one that is typed so.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        let all = [Self::PageUp, Self::PageDown, Self::First, Self::Last];
        let at = Self::WORDS.iter().position(|known| *known == word)?;
        all.get(at).copied()
    }
}

impl Page {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Strip,
        Self::Buses,
        Self::Faces,
        Self::Picture,
        Self::Network,
        Self::Moderation,
        Self::Events,
        Self::Charts,
        Self::Items,
        Self::Rules,
        Self::Cues,
        Self::Sources,
    ];
}

/// Which way a selection moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Forth.
    Next,
    /// Back.
    Previous,
}

/// `on`, `off`, or the other one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    /// Switch on.
    On,
    /// Switch off.
    Off,
    /// Change over.
    Toggle,
}

impl Switch {
    /// What becomes of `now`.
    #[must_use]
    pub fn apply(self, now: bool) -> bool {
        match self {
            Self::On => true,
            Self::Off => false,
            Self::Toggle => !now,
        }
    }
}

/// A gain in dB, absolute (`-6`, `0`) or by a step (`+3dB`, `-=3`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Gain {
    /// To this.
    Set(f32),
    /// By this.
    Change(f32),
}
