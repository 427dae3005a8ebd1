//! What a row of the command table is, and how the words of an argument list are read along it.

use std::fmt;

use thiserror::Error;

use super::action::{Bus, Command};
use super::sources::told_setting;
use crate::secret::DOTS;

/// One row of the table.
#[derive(Clone, Copy)]
pub struct CommandSpec {
    /// One or two words.
    pub name: &'static str,
    /// What follows the name.
    pub args: &'static [ArgSpec],
    /// Who carries it out.
    pub scope: Scope,
    /// Whether the TUI asks before it sends it, where it would reveal or end something.
    pub is_confirmed: bool,
    /// Whether a key of the shipped keymap does it.
    pub key: KeyNeed,
    /// One line for help and reference.
    pub doc: &'static str,
    /// Makes the command from words.
    pub build: fn(&mut Words<'_>) -> Result<Command, UsageError>,
}

/// Whether a command has a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyNeed {
    /// One of the shipped keymap does it, or opens the prompt with its beginning.
    Key,
    /// It is typed; why.
    PromptOnly(&'static str),
}

/// Who carries a command out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The studio: keys and scripts alike.
    Studio,
    /// The client where it is typed: it concerns that screen only.
    Client,
}

/// One argument.
#[derive(Clone, Copy)]
pub struct ArgSpec {
    /// As the usage shows it.
    pub name: &'static str,
    /// What it must be, which also says how the prompt completes it.
    pub kind: ArgKind,
    /// Whether it may be left out.
    pub is_optional: bool,
}

/// What an argument is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgKind {
    /// A scene's name or number.
    Scene,
    /// An item of the scene before it, by name or number.
    Item,
    /// A parameter of the scene before it.
    SceneParameter,
    /// A length on the program, set or changed.
    Shift,
    /// A share, set or changed.
    Share,
    /// How high an item lies.
    Height,
    /// A strip's name.
    Strip,
    /// A source's name.
    Source,
    /// A destination's name.
    Destination,
    /// A name that is new.
    NewName,
    /// One of a few words.
    Choice(&'static [&'static str]),
    /// A gain.
    Gain,
    /// A bitrate.
    Kbps,
    /// The name of an adapt policy.
    AdaptPolicy,
    /// What a pin holds.
    PinValue,
    /// A duration.
    Duration,
    /// A destination's address; may hold a secret.
    Url,
    /// The beginning of what will be typed.
    Text,
    /// A parameter of a strip.
    Parameter,
    /// A parameter or a stage of a strip.
    Part,
    /// A parameter of the buses.
    BusParameter,
    /// A parameter or a stage of the buses.
    BusPart,
    /// A parameter of a source's picture.
    PictureParameter,
    /// A parameter or a stage of a source's picture.
    PicturePart,
    /// What the parameter before it is set to.
    Value,
    /// A preset's name, or the path of its file.
    Preset,
    /// A bus.
    Bus,
    /// An occlusion level.
    Level,
    /// The name of a rendition beside the source.
    Rendition,
    /// The occlusion level of a rendition.
    RenditionLevel,
    /// An occlusion policy's name.
    Policy,
    /// The name of a set of stickers.
    Stickers,
    /// The number of a face on program.
    Face,
    /// The name of a zone that is hidden.
    Zone,
    /// A share of the program's width or height.
    Percent,
    /// How long something is recorded.
    Length,
    /// Seconds of the hold.
    Hold,
    /// The number of a word that was heard.
    HeardWord,
    /// The number of a span that is moderated.
    Span,
    /// The number of something on program that is acted upon.
    Seen,
    /// A file to be written, on the machine of the studio.
    File,
    /// Business data.
    Json,
    /// A rules file, on the machine of the studio.
    RulesFile,
    /// How often something is done.
    Count,
    /// kB per second, or `off`.
    Cap,
    /// The name or the number of a cue.
    Cue,
    /// A cue file, on the machine of the studio.
    CueFile,
    /// Something that was found and could be a source, or a kind of source.
    Find,
    /// A key of a source and its value; may be a secret.
    SourceSetting,
    /// A control of the camera before it.
    CameraControl,
    /// What the control before it is set to.
    ControlValue,
}

impl ArgKind {
    /// What can be typed, in words.
    #[must_use]
    pub fn expected(self) -> String {
        match self {
            Self::Scene => "the name or the number of a scene".into(),
            Self::Item => "the name or the number of an item of that scene: camera, badge/logo".into(),
            Self::SceneParameter => "the name of a parameter of that scene".into(),
            Self::Shift => "pixels or percent of the program: 40 or 50% sets, +10, -=10 or +1% changes".into(),
            Self::Share => "a share: 50% or 0.5 sets, +5% or -=5% changes".into(),
            Self::Height => "a whole number from -1000 to 1000; +1 and -=1 change".into(),
            Self::Strip => "the name of a strip".into(),
            Self::Source => "the name of a source".into(),
            Self::Destination => "the name of a destination".into(),
            Self::NewName => "a name".into(),
            Self::Choice(words) => words.join(", "),
            Self::Gain => "dB: -6 sets, +3 or -=3 changes".into(),
            Self::Kbps => "kbit/s from 50 to 100000: 2500, 2.5M; +250 and -=250 change".into(),
            Self::AdaptPolicy => "the name of an adapt policy: steady".into(),
            Self::PinValue => "the value to hold: 2500 for bitrate, 15 for frame-rate, 480 for height".into(),
            Self::Duration => "a duration up to 10 s: 500ms, 1.5s".into(),
            Self::Text => "a text, quoted where it has blanks".into(),
            Self::Url => {
                "an address: rtmp://HOST/APP/KEY, rtmps://…, wss://:TOKEN@HOST/PATH, rtsp+wss://…, rtp+tcp://HOST:PORT"
                    .into()
            }
            Self::Parameter => "a key of `[strip.NAME]`: gate_threshold_db".into(),
            Self::Part => "a key of `[strip.NAME]`, or a stage for all of its keys: eq".into(),
            Self::BusParameter => "a key of `[bus]`: target_lufs".into(),
            Self::BusPart => "a key of `[bus]`, or a stage for all of its keys: duck".into(),
            Self::PictureParameter => "a key of `[picture.NAME]`: denoise_percent".into(),
            Self::PicturePart => "a key of `[picture.NAME]`, or a stage for all of its keys: tone".into(),
            Self::Value => "a value: -45 or on sets, +3 or -=3 changes, toggle, next and previous go a step".into(),
            Self::Preset => "the name of a preset, or the path of its file".into(),
            Self::Bus => Bus::WORDS.join(", "),
            Self::Level => "an occlusion level: 0 hides everything".into(),
            Self::Rendition => "the name of a rendition: 480p".into(),
            Self::RenditionLevel => "an occlusion level, or show for that of the show".into(),
            Self::Policy => "the name of an occlusion policy".into(),
            Self::Stickers => "the name of a set of stickers".into(),
            Self::Face => "the number of a face on program".into(),
            Self::Zone => "the name of a zone".into(),
            Self::Percent => "percent of the program: 0 to 100".into(),
            Self::Length => "a duration up to 10 minutes: 5s, 2m".into(),
            Self::Hold => "seconds from 0 to 30: 5, 2.5s, 500ms".into(),
            Self::HeardWord => "the number of a word that is held".into(),
            Self::Seen => "the number of something that was seen".into(),
            Self::Span => "the number of a span that is held".into(),
            Self::Count => "a digit, or a number up to 99".into(),
            Self::Cap => "kB per second, or off".into(),
            Self::Json => "a JSON object: {\"product\": {\"stock\": 3}}".into(),
            Self::RulesFile => "a rules file, on the machine of the studio".into(),
            Self::Cue => "the name or the number of a cue".into(),
            Self::CueFile => "a cue file, on the machine of the studio".into(),
            Self::Find => "the number or the name of something that source find lists, or a kind of source".into(),
            Self::SourceSetting => "a key of `[source.NAME]` and its value: device=desktop".into(),
            Self::CameraControl => "a control as camera controls lists it: focus_absolute".into(),
            Self::ControlValue => "a value: 120, on or the name of an entry sets, +5 or -=5 changes".into(),
            Self::File => "a file that does not exist yet, on the machine of the studio".into(),
        }
    }
}

impl CommandSpec {
    /// Name and arguments, optional ones in brackets.
    #[must_use]
    pub fn usage(&self) -> String {
        let args = self.args.iter().map(|arg| match arg.kind {
            // There is no choice: this very word is typed.
            ArgKind::Choice([word]) => format!(" {word}"),
            _ if arg.is_optional => format!(" [{}]", arg.name),
            _ => format!(" {}", arg.name),
        });
        std::iter::once(self.name.to_owned()).chain(args).collect()
    }
}

/// Words that do not fit the table.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum UsageError {
    /// The first words name no command.
    #[error("there is no command '{0}'{1}")]
    Unknown(String, Suggestion),
    /// Too few words.
    #[error("{command}: {argument} is missing; usage: {usage}")]
    Missing {
        /// The command.
        command: &'static str,
        /// What is missing.
        argument: &'static str,
        /// The whole usage.
        usage: String,
    },
    /// Too many words.
    #[error("{command}: '{word}' is one word too many; usage: {usage}")]
    TooMany {
        /// The command.
        command: &'static str,
        /// The first of them.
        word: String,
        /// The whole usage.
        usage: String,
    },
    /// A word that is not what it should be.
    #[error("{command}: {argument} is '{word}', expected {expected}")]
    Bad {
        /// The command.
        command: &'static str,
        /// Which argument.
        argument: &'static str,
        /// What was typed; dots where it may hold a secret.
        word: String,
        /// What can be typed.
        expected: String,
    },
}

/// The command that was perhaps meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion(pub Option<&'static str>);

impl fmt::Display for Suggestion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |name| write!(f, "; did you mean '{name}'?"))
    }
}

/// The arguments of a command, read one after the other in the order of its [`ArgSpec`]s.
pub struct Words<'a> {
    spec: &'static CommandSpec,
    args: &'a [String],
    at: usize,
}

impl<'a> Words<'a> {
    /// The arguments `args` of the command that `spec` describes.
    pub(super) fn new(spec: &'static CommandSpec, args: &'a [String]) -> Self {
        Self { spec, args, at: 0 }
    }

    fn arg(&self) -> Option<&'static ArgSpec> {
        self.spec.args.get(self.at)
    }

    fn bad(&self, arg: &'static ArgSpec, word: &str) -> UsageError {
        let word = if matches!(arg.kind, ArgKind::Url) {
            DOTS.to_owned()
        } else if matches!(arg.kind, ArgKind::SourceSetting) {
            told_setting(word)
        } else if matches!(arg.kind, ArgKind::Json) && word.len() > 80 {
            "{…}".to_owned()
        } else {
            word.to_owned()
        };
        let (command, argument, expected) = (self.spec.name, arg.name, arg.kind.expected());
        UsageError::Bad {
            command,
            argument,
            word,
            expected,
        }
    }

    fn next<T>(&mut self, parse: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>, UsageError> {
        let Some(arg) = self.arg() else { return Ok(None) };
        let Some(word) = self.args.get(self.at) else {
            if arg.is_optional {
                return Ok(None);
            }
            let (command, argument, usage) = (self.spec.name, arg.name, self.spec.usage());
            return Err(UsageError::Missing {
                command,
                argument,
                usage,
            });
        };
        let value = parse(word).ok_or_else(|| self.bad(arg, word))?;
        self.at += 1;
        Ok(Some(value))
    }

    /// An argument that may be left out.
    pub fn optional<T>(&mut self, parse: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>, UsageError> {
        self.next(parse)
    }

    /// An argument that must be there. (`next` reports it missing unless the table calls it optional.)
    pub fn required<T>(&mut self, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, UsageError> {
        let at = self.at;
        self.next(parse)?.ok_or_else(|| UsageError::Missing {
            command: self.spec.name,
            argument: self.spec.args.get(at).map_or("argument", |arg| arg.name),
            usage: self.spec.usage(),
        })
    }

    /// An argument whose reader knows better what is expected than the table does.
    pub fn required_or<T>(&mut self, parse: impl FnOnce(&str) -> Result<T, String>) -> Result<T, UsageError> {
        let mut expected = None;
        let at = self.at;
        let found = self.required(|word| parse(word).map_err(|better| expected = Some(better)).ok());
        match (found, expected) {
            (
                Err(UsageError::Bad {
                    command,
                    argument,
                    word,
                    ..
                }),
                Some(expected),
            ) if self.at == at => Err(UsageError::Bad {
                command,
                argument,
                word,
                expected,
            }),
            (found, _) => found,
        }
    }

    /// The same for one that may be left out.
    pub fn optional_or<T>(&mut self, parse: impl FnOnce(&str) -> Result<T, String>) -> Result<Option<T>, UsageError> {
        if self.args.get(self.at).is_none() {
            return Ok(None);
        }
        self.required_or(parse).map(Some)
    }

    /// No more words may follow.
    pub fn end(&self) -> Result<(), UsageError> {
        self.args.get(self.at).map_or(Ok(()), |word| {
            let (command, usage) = (self.spec.name, self.spec.usage());
            Err(UsageError::TooMany {
                command,
                word: word.clone(),
                usage,
            })
        })
    }
}
