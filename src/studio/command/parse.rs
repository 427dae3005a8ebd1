//! From typed words to a command: every word is held against the table.

use super::action::Command;
use super::spec::{ArgKind, CommandSpec, Suggestion, UsageError, Words};
use super::table;
use crate::scene::is_preset_path;
use crate::suggest;

/// The words of a line: split at blanks, double quotes keep blanks together. A word that begins with `{` is JSON, or a text with a
/// placeholder: it is taken as it is, quotes and all, up to the brace that closes it.
#[must_use]
pub fn split_words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = None::<String>;
    let mut is_quoted = false;
    let mut braces = None::<Braces>;
    for character in line.chars() {
        if let Some(open) = &mut braces {
            word.get_or_insert_default().push(character);
            if open.is_closed_by(character) {
                braces = None;
            }
            continue;
        }
        match character {
            '{' if word.is_none() => {
                word = Some("{".to_owned());
                braces = Some(Braces {
                    depth: 1,
                    ..Braces::default()
                });
            }
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

/// How deep in braces a word is, and whether in a text of JSON.
#[derive(Default)]
struct Braces {
    depth: u32,
    is_text: bool,
    is_escaped: bool,
}

impl Braces {
    /// Goes on by one character, and says whether the outermost brace is closed by it.
    fn is_closed_by(&mut self, character: char) -> bool {
        match character {
            _ if self.is_escaped => self.is_escaped = false,
            '\\' if self.is_text => self.is_escaped = true,
            '"' => self.is_text = !self.is_text,
            '{' if !self.is_text => self.depth += 1,
            '}' if !self.is_text => self.depth -= 1,
            _ => {}
        }
        self.depth == 0
    }
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
    (spec.build)(&mut Words::new(spec, args))
}

/// The same words with the paths of files whole, relative ones starting from `folder`: the studio that will write them runs
/// somewhere else.
#[must_use]
pub fn with_whole_paths(mut words: Vec<String>, folder: &std::path::Path) -> Vec<String> {
    let Ok((spec, args)) = find(&words) else { return words };
    let first = words.len() - args.len();
    for (at, arg) in spec.args.iter().enumerate() {
        let is_path = |word: &str| match arg.kind {
            ArgKind::File | ArgKind::RulesFile | ArgKind::CueFile => true,
            ArgKind::Preset => is_preset_path(word),
            _ => false,
        };
        if let Some(word) = words.get_mut(first + at).filter(|word| is_path(word)) {
            // A path that is no UTF-8 was none before either: words are text.
            *word = folder.join(&word).to_string_lossy().into_owned();
        }
    }
    words
}

/// The command whose whole name, or whose first word, is nearest to what was typed.
fn nearest(typed: &str) -> Option<&'static str> {
    let first = typed.split(' ').next().unwrap_or_default();
    let names = || table::TABLE.iter().map(|spec| spec.name);
    suggest::nearest(typed, names()).or_else(|| suggest::nearest(first, names()))
}

#[cfg(test)]
mod tests {
    use super::super::action::{
        Bus, ClientCommand, Gain, Kbps, PinWord, Pinned, RecordPoint, Reset, Selection, Step, Switch,
    };
    use super::super::monitor::MonitorMode;
    use super::*;
    use crate::media::TimeDelta;
    use crate::studio::model::{Adjust, Stage, Tier, TransitionKind};
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
            ("bitrate 2.5M", Command::Bitrate(Kbps::Set(2500))),
            ("bitrate +250", Command::Bitrate(Kbps::Change(250))),
            ("bitrate -=0.5M", Command::Bitrate(Kbps::Change(-500))),
            (
                "adapt pin bitrate 900",
                Command::AdaptPin(Pinned::Bitrate(Kbps::Set(900))),
            ),
            ("adapt pin frame-rate 15", Command::AdaptPin(Pinned::FrameRate(15))),
            ("adapt pin tier good", Command::AdaptPin(Pinned::Tier(Tier::Good))),
            ("adapt release", Command::AdaptRelease(None)),
            ("adapt release sound", Command::AdaptRelease(Some(PinWord::Sound))),
            ("adapt off", Command::Adapt(Switch::Off)),
            ("adapt", Command::Adapt(Switch::Toggle)),
            ("destination stop a", Command::DestinationStop("a".into())),
            ("retry", Command::Retry(None)),
            (
                "set voice gate toggle",
                Command::Set("voice".into(), "gate", Adjust::Toggle),
            ),
            (
                "reset voice eq",
                Command::Reset("voice".into(), Reset::Stage(Stage::Eq)),
            ),
            (
                "strip voice record 5s a.wav",
                Command::Record(RecordPoint::Strip("voice".into()), ms(5000), "a.wav".into()),
            ),
            (
                "bus aux-a record 2m a.wav",
                Command::Record(RecordPoint::Bus(Bus::AuxA), ms(120_000), "a.wav".into()),
            ),
            ("preset apply music", Command::PresetApply("music".into(), None)),
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
                "set voice gate_treshold_db -40",
                "set: PARAMETER is 'gate_treshold_db', expected a parameter; did you mean \"gate_threshold_db\"?",
            ),
            (
                "set voice gate_ratio 40",
                "set: VALUE is '40', expected 1 to 20:1; +1 and -=1 change it",
            ),
            (
                "reset voice gates",
                "reset: PART is 'gates', expected a parameter or a stage; did you mean \"gate\"?",
            ),
            (
                "strip voice record 5h /tmp/a.wav",
                "strip: LENGTH is '5h', expected a duration up to 10 minutes: 5s, 2m",
            ),
            (
                "bitrate 3",
                "bitrate: KBPS is '3', expected kbit/s from 50 to 100000: 2500, 2.5M; +250 and -=250 change",
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
    fn paths_of_files_become_whole_and_nothing_else_does() {
        let whole = |line: &str| with_whole_paths(split_words(line), std::path::Path::new("/home/me")).join(" ");
        for (line, expected) in [
            ("strip voice record 5s a.wav", "strip voice record 5s /home/me/a.wav"),
            ("bus program record 5s /tmp/a.wav", "bus program record 5s /tmp/a.wav"),
            ("preset apply music", "preset apply music"),
            (
                "preset apply ./mine.toml voice",
                "preset apply /home/me/./mine.toml voice",
            ),
            ("preset save mine voice", "preset save mine voice"),
            ("take a.wav", "take a.wav"),
            ("nothing a.wav", "nothing a.wav"),
        ] {
            assert_eq!(whole(line), expected);
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
