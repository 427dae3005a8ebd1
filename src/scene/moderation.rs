//! The table `[moderation]`: how long what is made is held, and what is looked for in it before it goes out.

use std::collections::HashSet;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::check::{Check, Purpose};
use super::library::Library;
use super::picture_checks::{PICTURES, PictureCheckSettings, RawPictures};
use super::schema::{Key, Kind, PRESET_OF_TABLE, key};
use crate::hold::{LONGEST_SECONDS, Pace};
use crate::media::TimeDelta;
use crate::speech::{EngineKind, EngineSettings, JudgeSettings, Severity, WordList, WordsSettings, fold};

/// The longest hold.
const LONGEST_S: f64 = LONGEST_SECONDS as f64;

/// The hold of a show that has something judged and does not say how long.
const USUAL_S: f64 = 5.0;

/// No verdict on a word comes sooner than this after it was said: from an engine that spots, and from one that writes everything down.
const SPOTTED_S: f64 = 3.0;
const WRITTEN_S: f64 = 4.0;

/// What becomes of sound that nobody has judged when it is due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unjudged {
    /// It goes out silent.
    #[default]
    Mute,
    /// It goes out.
    Pass,
}

/// What is done before air about what must not go out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModerationSettings {
    /// How long everything is held before it goes out, at the start.
    #[serde(rename = "hold_ms")]
    pub hold: TimeDelta,
    /// How a change of the hold comes about where nothing is said.
    pub pace: Pace,
    /// What is listened for; `None`: nobody listens.
    pub words: Option<WordsSettings>,
    /// What becomes of sound that nobody has judged in time.
    pub unjudged: Unjudged,
    /// Where everything moderated is logged to: a file, with placeholders as recordings have them.
    pub log: Option<PathBuf>,
    /// What the slate says that goes out in the place of something else.
    pub slate: String,
    /// What pictures are looked at for.
    pub pictures: PictureCheckSettings,
}

impl Default for ModerationSettings {
    fn default() -> Self {
        Self {
            hold: TimeDelta::ZERO,
            pace: Pace::default(),
            words: None,
            unjudged: Unjudged::default(),
            log: None,
            slate: "Back in a moment".to_owned(),
            pictures: PictureCheckSettings::default(),
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawModeration {
    #[serde(rename = "preset")]
    _preset: Option<String>,
    #[serde(rename = "hold_s")]
    hold: Option<f64>,
    grow: Option<Pace>,
    words: Vec<String>,
    engine: Option<RawEngine>,
    command: Vec<String>,
    model: Option<String>,
    tuning: Option<String>,
    unjudged: Unjudged,
    head_ms: Option<i64>,
    tail_ms: Option<i64>,
    near_misses: bool,
    replace: Option<Severity>,
    log: Option<String>,
    slate: Option<String>,
    pictures: RawPictures,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum RawEngine {
    Auto,
    PocketSphinx,
    Whisper,
    External,
    Off,
}

impl Check<'_> {
    /// `[moderation]`.
    pub(super) fn moderation(&mut self, raw: Option<RawModeration>) -> ModerationSettings {
        let Some(mut raw) = raw else {
            return ModerationSettings::default();
        };
        let usual = ModerationSettings::default();
        let words = self.words(&mut raw);
        let pictures = self.picture_checks(raw.pictures);
        let is_judged = words.is_some() || pictures.needs_hold();
        let hold_s = raw.hold.unwrap_or(if is_judged { USUAL_S } else { 0.0 });
        if let Some(words) = &words {
            self.check_hold(hold_s, words, raw.unjudged);
        }
        if pictures.needs_hold() && hold_s < 1.0 {
            self.error(
                "moderation.hold_s",
                "a picture is covered or dropped up to a second after it was seen: set hold_s to 1 or more, or choose \"blur\" or \"warn\"",
            );
        }
        ModerationSettings {
            hold: TimeDelta::from_secs_f64(hold_s),
            pace: raw.grow.unwrap_or_default(),
            words,
            unjudged: raw.unjudged,
            log: raw.log.map(|path| self.template_at("moderation.log", &path)),
            slate: raw.slate.unwrap_or(usual.slate),
            pictures,
        }
    }

    /// An error where words would have left before they are judged.
    fn check_hold(&mut self, hold_s: f64, words: &WordsSettings, unjudged: Unjudged) {
        let lists = &words.judge.lists;
        let acts = lists
            .iter()
            .flat_map(|list| &list.words)
            .any(|word| word.severity != Severity::Warn);
        if !acts && unjudged == Unjudged::Pass {
            return;
        }
        let (least, advice) = match words.engine.kind {
            EngineKind::Whisper => (
                WRITTEN_S,
                "by whisper what is said is judged up to 3 s later: set hold_s to 5 or more",
            ),
            _ => (SPOTTED_S, "what is said is judged 2 s later: set hold_s to 3 or more"),
        };
        if hold_s < least {
            self.error("moderation.hold_s", advice);
        }
    }

    /// Who listens, and for what. What was written amiss is left out, and then there are errors.
    fn words(&mut self, raw: &mut RawModeration) -> Option<WordsSettings> {
        let folder = self.file_at("moderation.words", "");
        let mut lists = Vec::new();
        for (at, name) in raw.words.iter().enumerate() {
            let library = Library::new(self.environment);
            match library.read_words_from(&mut self.layers.shelf, name, &folder) {
                Ok(list) => lists.push(list),
                Err(error) => self.error(&format!("moderation.words[{at}]"), error),
            }
        }
        if let Some(replace) = raw.replace {
            let words = lists.iter_mut().flat_map(|list| &mut list.words);
            for word in words.filter(|word| word.severity != Severity::Warn) {
                word.severity = replace;
            }
        }
        let engine = self.engine(raw);
        let margin = |ms: Option<i64>| TimeDelta::from_millis(ms.unwrap_or(JudgeSettings::MARGIN_MS));
        let mut engine = engine.filter(|_| !lists.is_empty())?;
        let mut known = HashSet::new();
        let keywords = lists.iter().flat_map(WordList::keywords);
        engine.keywords = keywords
            .filter(|keyword| known.insert(fold::plain(&keyword.phrase)))
            .collect();
        Some(WordsSettings {
            engine,
            judge: JudgeSettings {
                lists,
                head: margin(raw.head_ms),
                tail: margin(raw.tail_ms),
                near_misses: raw.near_misses,
            },
        })
    }

    /// The engine without its keywords; `None` where it is off.
    fn engine(&mut self, raw: &mut RawModeration) -> Option<EngineSettings> {
        let kind = raw.engine.unwrap_or(RawEngine::Auto);
        let command = std::mem::take(&mut raw.command);
        let mut goes_with = |key: &str, is_written: bool, is_fit: bool, engines: &str| {
            if is_written && !is_fit && kind != RawEngine::Off {
                self.error(
                    &format!("moderation.{key}"),
                    format!("goes with engine = {engines} alone"),
                );
            }
        };
        let is_external = kind == RawEngine::External;
        goes_with("command", !command.is_empty(), is_external, "\"external\"");
        goes_with(
            "model",
            raw.model.is_some(),
            !is_external,
            "\"pocketsphinx\" or \"whisper\"",
        );
        let spots = matches!(kind, RawEngine::Auto | RawEngine::PocketSphinx);
        goes_with("tuning", raw.tuning.is_some(), spots, "\"pocketsphinx\"");
        if is_external && command.is_empty() {
            self.error(
                "moderation.engine",
                "needs the program beside it: command = [\"PROGRAM\", \"ARGUMENT\"]",
            );
        }
        if kind == RawEngine::Whisper && raw.model.is_none() {
            self.error(
                "moderation.engine",
                "needs its model beside it: model = \"ggml-tiny.en.bin\"",
            );
        }
        let kind = match kind {
            RawEngine::Off => return None,
            RawEngine::Auto => EngineKind::Auto,
            RawEngine::PocketSphinx => EngineKind::PocketSphinx,
            RawEngine::Whisper => EngineKind::Whisper,
            RawEngine::External => EngineKind::External { command },
        };
        let model = raw.model.take().map(|path| self.there("moderation.model", &path));
        let tuning = raw.tuning.take().map(|path| self.there("moderation.tuning", &path));
        Some(EngineSettings {
            kind,
            model,
            tuning,
            keywords: Vec::new(),
        })
    }

    /// A path as written at `key`, and a warning in a review where there is nothing: at a start, who opens it says so.
    pub(super) fn there(&mut self, key: &str, written: &str) -> PathBuf {
        let path = self.file_at(key, written);
        if self.purpose == Purpose::Review && !path.exists() {
            self.missing_here(key, format!("no such file: {}", path.display()));
        }
        path
    }
}

/// The keys of `[moderation]`.
pub(super) const MODERATION: &[Key] = &[
    PRESET_OF_TABLE,
    key(
        "hold_s",
        Kind::Number(0.0, LONGEST_S),
        "seconds for which sound and picture are held before they go out (default 5 where something in them is judged, else 0)",
    ),
    key(
        "grow",
        Kind::Choice(&["slow", "slate"]),
        "how the hold grows on air: by slightly slower playback, or at once under a slate (default slow)",
    ),
    key(
        "words",
        Kind::Texts,
        "word lists: names, or paths of their files relative to this one; with any, sound that has not been judged does not go out",
    ),
    key(
        "engine",
        Kind::Choice(&["auto", "pocketsphinx", "whisper", "external", "off"]),
        "who listens; rigcast probe says which are usable here (default auto: the first that is)",
    ),
    key(
        "command",
        Kind::Texts,
        "external: the program and its arguments; PCM on its standard input, words as JSON on its standard output",
    ),
    key(
        "model",
        Kind::Text,
        "whisper: the model's file; pocketsphinx: its folder (default where the system's package has it)",
    ),
    key(
        "tuning",
        Kind::Text,
        "pocketsphinx: the thresholds that rigcast words tune has written",
    ),
    key(
        "unjudged",
        Kind::Choice(&["mute", "pass"]),
        "what becomes of sound that is due before it has been judged; pass lets out what nobody has heard (default mute)",
    ),
    key(
        "head_ms",
        Kind::Integer(0, 1000),
        "how much before a word goes with it, in milliseconds (default 80)",
    ),
    key(
        "tail_ms",
        Kind::Integer(0, 1000),
        "how much after a word goes with it, in milliseconds (default 80)",
    ),
    key(
        "near_misses",
        Kind::Flag,
        "whether words that sound like a listed one are told, as warnings (default false)",
    ),
    key(
        "replace",
        Kind::Choice(&["mute", "beep"]),
        "what listed words are replaced by, whatever their list says, but for those that only warn (default as listed)",
    ),
    key(
        "log",
        Kind::Text,
        "everything moderated is logged to this file, relative to this one; {name}, {date}, {time} and {part} are filled in",
    ),
    key(
        "slate",
        Kind::Text,
        "what the slate says that goes out in the place of what was dropped (default Back in a moment)",
    ),
    key(
        "pictures",
        Kind::Table(PICTURES),
        "what pictures are looked at for before they go out",
    ),
];

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::scene::{Show, from_text};
    use crate::vision::check::CheckAction;

    fn read(text: &str) -> Result<ModerationSettings, String> {
        let text =
            format!("{text}\n[source.cam]\nkind = \"pattern\"\n[scene.wide]\nitems = [{{ source = \"cam\" }}]\n");
        let show: Result<Show, _> = from_text("/shows/show.toml", &text, &[], &|_| None);
        show.map(|show| show.moderation).map_err(|errors| errors.to_string())
    }

    #[test]
    fn without_the_table_nothing_is_held_or_judged() {
        assert_eq!(read("").unwrap(), ModerationSettings::default());
        let empty = read("[moderation]").unwrap();
        assert_eq!(empty, ModerationSettings::default());
        assert_eq!(empty.hold, TimeDelta::ZERO);
    }

    #[test]
    fn words_are_listened_for_with_the_usual_hold_and_margins() {
        let settings = read("[moderation]\nwords = [\"en\"]").unwrap();
        assert_eq!(
            (settings.hold, settings.unjudged),
            (TimeDelta::from_millis(5000), Unjudged::Mute)
        );
        let words = settings.words.unwrap();
        assert_eq!(words.engine.kind, EngineKind::Auto);
        assert_eq!(words.judge.lists[0].name, "en");
        assert_eq!(words.judge.head, TimeDelta::from_millis(80));
        let damn = words
            .engine
            .keywords
            .iter()
            .find(|keyword| keyword.phrase == "damn")
            .unwrap();
        assert_eq!((&damn.say, damn.threshold), (&None, None), "as the dictionary says it");
        assert_eq!(words.engine.keywords.len(), words.judge.lists[0].words.len());

        let off = read("[moderation]\nwords = [\"en\"]\nengine = \"off\"").unwrap();
        assert_eq!((off.words, off.hold), (None, TimeDelta::ZERO));
    }

    #[test]
    fn everything_can_be_chosen() {
        let text = "[moderation]\nhold_s = 12.5\ngrow = \"slate\"\nwords = [\"en\"]\nengine = \"external\"\ncommand = [\"listen\", \"-v\"]\nunjudged = \"pass\"\nhead_ms = 0\ntail_ms = 200\nnear_misses = true\nreplace = \"beep\"\nlog = \"/logs/{name}-{date}.ndjson\"\nslate = \"Hold on\"";
        let settings = read(text).unwrap();
        assert_eq!(
            (settings.hold, settings.pace),
            (TimeDelta::from_millis(12_500), Pace::Slate)
        );
        assert_eq!(
            (settings.unjudged, settings.slate.as_str()),
            (Unjudged::Pass, "Hold on")
        );
        assert_eq!(settings.log.as_deref(), Some(Path::new("/logs/{name}-{date}.ndjson")));
        let words = settings.words.unwrap();
        let command = ["listen", "-v"].map(str::to_owned).to_vec();
        assert_eq!(words.engine.kind, EngineKind::External { command });
        assert_eq!((words.judge.head.to_millis(), words.judge.tail.to_millis()), (0, 200));
        assert!(words.judge.near_misses);
        let severities = words.judge.lists[0]
            .words
            .iter()
            .map(|word| word.severity)
            .collect::<HashSet<_>>();
        assert_eq!(severities, HashSet::from([Severity::Beep, Severity::Warn]));
    }

    #[test]
    fn what_only_warns_needs_no_hold() {
        let folder = tempfile::tempdir().unwrap();
        let list = folder.path().join("mild.toml");
        std::fs::write(&list, "language = \"en\"\nwarn = [\"toad\"]").unwrap();
        let text = format!("[moderation]\nhold_s = 0\nwords = [\"{}\"]\n", list.display());
        assert!(read(&text).unwrap_err().contains("hold_s"));
        let settings = read(&format!("{text}unjudged = \"pass\"")).unwrap();
        assert_eq!(settings.words.unwrap().judge.lists[0].name, "mild");
    }

    #[test]
    fn what_does_not_go_together_is_refused_with_a_remedy() {
        for (text, expected) in [
            (
                "hold_s = 1\nwords = [\"en\"]",
                "2:10: moderation.hold_s: what is said is judged 2 s later: set hold_s to 3 or more",
            ),
            (
                "hold_s = 3\nwords = [\"en\"]\nengine = \"whisper\"\nmodel = \"/tiny.bin\"",
                "2:10: moderation.hold_s: by whisper what is said is judged up to 3 s later: set hold_s to 5 or more",
            ),
            (
                "hold_s = 31",
                "2:10: moderation.hold_s: expected a number from 0 to 30, found 31",
            ),
            (
                "words = [\"en\", \"em\"]",
                "2:16: moderation.words[1]: there is no word list \"em\"; did you mean \"en\"?",
            ),
            (
                "engine = \"whisper\"",
                "2:10: moderation.engine: needs its model beside it: model = \"ggml-tiny.en.bin\"",
            ),
            (
                "engine = \"external\"",
                "2:10: moderation.engine: needs the program beside it: command = [\"PROGRAM\", \"ARGUMENT\"]",
            ),
            (
                "command = [\"x\"]",
                "2:11: moderation.command: goes with engine = \"external\" alone",
            ),
            (
                "engine = \"whisper\"\nmodel = \"m\"\ntuning = \"t\"",
                "4:10: moderation.tuning: goes with engine = \"pocketsphinx\" alone",
            ),
            (
                "engine = \"pocketsphnx\"",
                "2:10: moderation.engine: expected one of \"auto\", \"pocketsphinx\", \"whisper\", \"external\", \"off\"; did you mean \"pocketsphinx\"?",
            ),
            (
                "log = \"{nmae}.ndjson\"",
                "2:7: moderation.log: {nmae}.ndjson: {nmae} is not known",
            ),
            (
                "hold_s = 0\npictures = { black = \"dump\" }",
                "2:10: moderation.hold_s: a picture is covered or dropped up to a second after it was seen: set hold_s to 1 or more",
            ),
        ] {
            let found = read(&format!("[moderation]\n{text}")).unwrap_err();
            assert!(found.starts_with(&format!("/shows/show.toml:{expected}")), "{found}");
        }
    }

    #[test]
    fn pictures_that_are_covered_are_held_unless_said_otherwise() {
        let settings = read("[moderation.pictures]\ncodes = \"cover\"").unwrap();
        assert_eq!(
            (settings.hold, settings.pictures.checks.codes),
            (TimeDelta::from_millis(5000), CheckAction::Cover)
        );
        let settings = read("[moderation.pictures]\ncodes = \"blur\"\nblack = \"warn\"").unwrap();
        assert_eq!(settings.hold, TimeDelta::ZERO);
    }
}
