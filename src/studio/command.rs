//! Commands: what an operator can do, as values, and how typed words become one.
//!
//! Words are checked against the one [`TABLE`](super::table::TABLE), whoever typed them: a key, the prompt, `rigcast ctl`.

use std::fmt;

use thiserror::Error;

use super::model::TransitionKind;
use super::table::{self, ArgKind, ArgSpec, CommandSpec};
use crate::media::TimeDelta;
use crate::secret::SecretUrl;

/// One operator action.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Puts preview (or the named scene) on program by the set transition.
    Take(Option<String>),
    /// The same from one frame to the next.
    Cut(Option<String>),
    /// The same by a fade of the given or the set duration.
    Fade(Option<TimeDelta>),
    /// Chooses the scene on preview.
    Preview(String),
    /// Sets what `take` does.
    Transition(TransitionKind, Option<TimeDelta>),
    /// Sets or changes a strip's gain.
    Gain(String, Gain),
    /// Mutes a strip on program.
    Mute(String, Switch),
    /// Hears a strip alone on the monitor bus.
    Solo(String, Switch),
    /// Voice denoise of a strip.
    Denoise(String, Switch),
    /// Video bitrate in kbit/s.
    Bitrate(u32),
    /// Makes the next picture an IDR.
    Keyframe,
    /// Adds a destination and starts it.
    DestinationAdd(String, SecretUrl),
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
    /// Ends the show and the studio.
    End,
    /// Something that concerns only the client where it was typed.
    Client(ClientCommand),
}

/// What only the TUI that it is typed in can do. A script has no screen to do it to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientCommand {
    /// Shows or hides the help.
    Help,
    /// Opens the command prompt.
    Prompt,
    /// Leaves the TUI; the show goes on.
    Detach,
    /// How monitors are drawn; `None` goes to the next way.
    Monitor(Option<MonitorMode>),
    /// Moves the selection.
    Select(Selection, Step),
    /// Draws the screen anew.
    Redraw,
}

/// How monitors are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MonitorMode {
    /// What suits the terminal best.
    Auto,
    /// Two pixels per cell, coloured.
    HalfBlocks,
    /// Characters by brightness; needs no colour.
    Ascii,
    /// Real pixels.
    Sixel,
    /// No pictures.
    Off,
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

/// The words of a line: split at blanks, double quotes keep blanks together.
#[must_use]
pub fn split_words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = None::<String>;
    let mut is_quoted = false;
    for character in line.chars() {
        match character {
            '"' => {
                is_quoted = !is_quoted;
                word.get_or_insert_default();
            }
            blank if blank.is_whitespace() && !is_quoted => words.extend(word.take()),
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    words
}

/// Finds the command that `words` begin with, the longest name first, and returns it with the words that are left.
///
/// # Errors
/// [`UsageError::Unknown`], with the nearest name.
pub fn find(words: &[String]) -> Result<(&'static CommandSpec, &[String]), UsageError> {
    for take in (1..=words.len().min(2)).rev() {
        let name = words[..take].join(" ");
        if let Some(spec) = table::spec(&name) {
            return Ok((spec, &words[take..]));
        }
    }
    let typed = words.iter().take(2).map(String::as_str).collect::<Vec<_>>();
    let first = typed.first().copied().unwrap_or_default();
    // A secret may follow the name, so only the first word is repeated.
    Err(UsageError::Unknown(
        first.to_owned(),
        Suggestion(nearest(&typed.join(" "))),
    ))
}

/// Makes a command from a whole line or from words split by a shell.
///
/// # Errors
/// What does not fit the table, with the usage.
pub fn parse(words: &[String]) -> Result<Command, UsageError> {
    let (spec, args) = find(words)?;
    (spec.build)(&mut Words { spec, args, at: 0 })
}

fn nearest(typed: &str) -> Option<&'static str> {
    let first = typed.split(' ').next().unwrap_or_default();
    table::TABLE
        .iter()
        .map(|spec| (distance(typed, spec.name).min(distance(first, spec.name)), spec.name))
        .min()
        .filter(|(distance, name)| *distance <= name.len() / 3 + 1 && *distance < typed.len())
        .map(|(_, name)| name)
}

/// Levenshtein distance, for names of a few letters.
fn distance(a: &str, b: &str) -> usize {
    let b = b.chars().collect::<Vec<_>>();
    let mut row = (0..=b.len()).collect::<Vec<_>>();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

/// The arguments of a command, read one after the other in the order of its [`ArgSpec`]s.
pub struct Words<'a> {
    spec: &'static CommandSpec,
    args: &'a [String],
    at: usize,
}

impl Words<'_> {
    fn arg(&self) -> Option<&'static ArgSpec> {
        self.spec.args.get(self.at)
    }

    fn bad(&self, arg: &'static ArgSpec, word: &str) -> UsageError {
        let word = if matches!(arg.kind, ArgKind::Url) {
            crate::secret::DOTS.to_owned()
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

/// Readers of single words, one per [`ArgKind`].
pub mod word {
    use super::{Gain, Step, Switch};
    use crate::media::TimeDelta;
    use crate::secret::SecretUrl;
    use crate::studio::model::TransitionKind;

    /// Any word that is not empty.
    pub fn name(word: &str) -> Option<String> {
        (!word.is_empty()).then(|| word.to_owned())
    }

    /// `on`, `off`, `toggle`.
    pub fn switch(word: &str) -> Option<Switch> {
        match word {
            "on" => Some(Switch::On),
            "off" => Some(Switch::Off),
            "toggle" => Some(Switch::Toggle),
            _ => None,
        }
    }

    /// `-6`, `0dB`: set; `+3`, `+=3`, `-=3`: change.
    pub fn gain(word: &str) -> Option<Gain> {
        let word = word.trim_end_matches("dB").trim_end_matches("db");
        let number = |text: &str| {
            text.parse::<f32>()
                .ok()
                .filter(|db| db.is_finite() && db.abs() <= 100.0)
        };
        if let Some(step) = word.strip_prefix("-=") {
            number(step).map(|db| Gain::Change(-db))
        } else if let Some(step) = word.strip_prefix("+=").or_else(|| word.strip_prefix('+')) {
            number(step).map(Gain::Change)
        } else {
            number(word).map(Gain::Set)
        }
    }

    /// `2500`, `2500k`, `2.5M`.
    pub fn kbps(word: &str) -> Option<u32> {
        let (digits, factor) = match word.strip_suffix(['M', 'm']) {
            Some(digits) => (digits, 1000.0),
            None => (word.strip_suffix(['k', 'K']).unwrap_or(word), 1.0),
        };
        let value = digits.parse::<f64>().ok()? * factor;
        (50.0..=100_000.0).contains(&value).then(|| value.round() as u32)
    }

    /// `500ms`, `2s`, `0.5`: seconds unless said otherwise, at most ten.
    pub fn duration(word: &str) -> Option<TimeDelta> {
        let (digits, seconds) = match word.strip_suffix("ms") {
            Some(digits) => (digits, 0.001),
            None => (word.strip_suffix('s').unwrap_or(word), 1.0),
        };
        let value = digits.parse::<f64>().ok()? * seconds;
        (0.0..=10.0).contains(&value).then(|| TimeDelta::from_secs_f64(value))
    }

    /// `cut`, `fade`.
    pub fn transition(word: &str) -> Option<TransitionKind> {
        match word {
            "cut" => Some(TransitionKind::Cut),
            "fade" => Some(TransitionKind::Fade),
            _ => None,
        }
    }

    /// `next`, `previous`.
    pub fn step(word: &str) -> Option<Step> {
        match word {
            "next" => Some(Step::Next),
            "previous" => Some(Step::Previous),
            _ => None,
        }
    }

    /// `rtmp://…` or `rtmps://…` with a host.
    pub fn url(word: &str) -> Option<SecretUrl> {
        SecretUrl::parse(word)
            .ok()
            .filter(|url| matches!(url.expose().scheme(), "rtmp" | "rtmps") && url.expose().has_host())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn command(line: &str) -> Result<Command, UsageError> {
        parse(&split_words(line))
    }

    #[test]
    fn words_become_commands() {
        let ms = TimeDelta::from_millis;
        for (line, expected) in [
            ("take", Command::Take(None)),
            ("take \"two shot\"", Command::Take(Some("two shot".into()))),
            ("fade 500ms", Command::Fade(Some(ms(500)))),
            (
                "transition fade 1.5",
                Command::Transition(TransitionKind::Fade, Some(ms(1500))),
            ),
            ("gain voice +3", Command::Gain("voice".into(), Gain::Change(3.0))),
            ("gain voice -=1.5", Command::Gain("voice".into(), Gain::Change(-1.5))),
            ("gain voice -6dB", Command::Gain("voice".into(), Gain::Set(-6.0))),
            ("mute voice", Command::Mute("voice".into(), Switch::Toggle)),
            ("mute voice on", Command::Mute("voice".into(), Switch::On)),
            ("bitrate 2.5M", Command::Bitrate(2500)),
            ("destination stop a", Command::DestinationStop("a".into())),
            ("retry", Command::Retry(None)),
            (
                "monitor sixel",
                Command::Client(ClientCommand::Monitor(Some(MonitorMode::Sixel))),
            ),
            (
                "select strip next",
                Command::Client(ClientCommand::Select(Selection::Strip, Step::Next)),
            ),
        ] {
            assert_eq!(command(line), Ok(expected), "{line}");
        }
    }

    #[test]
    fn wrong_words_are_explained() {
        for (line, expected) in [
            ("tkae", "there is no command 'tkae'; did you mean 'take'?"),
            ("gain", "gain: STRIP is missing; usage: gain STRIP DB"),
            (
                "gain voice loud",
                "gain: DB is 'loud', expected dB: -6 sets, +3 or -=3 changes",
            ),
            ("cut a b", "cut: 'b' is one word too many; usage: cut [SCENE]"),
            ("keyframe now", "keyframe: 'now' is one word too many; usage: keyframe"),
            (
                "bitrate 3",
                "bitrate: KBPS is '3', expected kbit/s from 50 to 100000: 2500, 2.5M",
            ),
        ] {
            assert_eq!(
                command(line).map_err(|error| error.to_string()),
                Err(expected.to_owned()),
                "{line}"
            );
        }
    }

    #[test]
    fn a_wrong_url_is_not_repeated() {
        let error = command("destination add live http://host/app/sk-secret")
            .unwrap_err()
            .to_string();
        assert!(!error.contains("sk-secret"), "{error}");
    }

    proptest! {
        #[test]
        fn no_line_panics(line in ".{0,80}") {
            let _ = command(&line);
        }

        #[test]
        fn no_arguments_panic(pick in 0..table::TABLE.len(), args in proptest::collection::vec(".{0,12}", 0..4)) {
            let mut words = split_words(table::TABLE[pick].name);
            words.extend(args);
            let _ = parse(&words);
        }
    }
}
