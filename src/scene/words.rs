//! Word lists: files that say what is not to be said (see [`WordList`]).
//!
//! ```toml
//! language = "en"
//! mute = ["son of a newt"]
//! allow = ["toad hall"]
//! [[word]]
//! phrase = "toad"
//! severity = "beep"
//! say = "T OW D"
//! ```
//! Own ones live in the folder `words` beside own sound presets and come before shipped ones, as those do.

use std::collections::HashSet;
use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;

use super::error::{Diagnostic, Place, SceneErrors};
use super::layer;
use super::library::Library;
use super::places::Places;
use super::reference::section;
use super::schema::{Key, Kind, key};
use super::script::Shelf;
use super::shipped;
use crate::speech::{ListedWord, Severity, WordList, fold};
use crate::suggest;

/// The folder of lists, under that of presets.
pub(super) const FOLDER: &str = "words";

/// Letters and spaces of a phrase at most.
const LONGEST: usize = 80;

/// The sounds of ARPAbet, as American English dictionaries write them.
const SOUNDS: &[&str] = &[
    "AA", "AE", "AH", "AO", "AW", "AY", "B", "CH", "D", "DH", "EH", "ER", "EY", "F", "G", "HH", "IH", "IY", "JH", "K",
    "L", "M", "N", "NG", "OW", "OY", "P", "R", "S", "SH", "T", "TH", "UH", "UW", "V", "W", "Y", "Z", "ZH",
];

/// What a word list may hold: a file of its own kind, no layer of a show.
pub(super) const WORD_LIST: &[Key] = &[
    key("title", Kind::Text, "what it is, in a line"),
    key(
        "language",
        Kind::Text,
        "two letters: the words of \"en\" are inflected by its rules",
    ),
    key("mute", Kind::Texts, "words and phrases that go out as silence"),
    key("beep", Kind::Texts, "words and phrases that go out as a tone"),
    key(
        "warn",
        Kind::Texts,
        "words and phrases that go out, and the operator is told",
    ),
    key(
        "word",
        Kind::List(WORD),
        "words of which there is more to say: one table [[word]] each",
    ),
    key(
        "allow",
        Kind::Texts,
        "whole words and phrases that are never a hit, of this list or another",
    ),
    key("fillers", Kind::Texts, "words that may stand anywhere inside a phrase"),
    key(
        "suffixes",
        Kind::Texts,
        "endings that words of this list take, beside those of its language",
    ),
];

const WORD: &[Key] = &[
    key("phrase", Kind::Text, "the word, or several"),
    key(
        "severity",
        Kind::Choice(Severity::WORDS),
        "what is done about it (default \"mute\")",
    ),
    key(
        "inflections",
        Kind::Flag,
        "whether its inflected forms count (default true)",
    ),
    key("forms", Kind::Texts, "further forms of it, one word each"),
    key(
        "inside",
        Kind::Flag,
        "whether longer words that hold it count (default false)",
    ),
    key(
        "between",
        Kind::Integer(0, 5),
        "how many other words may stand between two of the phrase (default 0)",
    ),
    key(
        "say",
        Kind::Text,
        "how it is said, for engines that spot: ARPAbet, alternatives with a bar between them (default as in the engine's dictionary)",
    ),
    key(
        "threshold",
        Kind::Number(-200.0, 0.0),
        "how sure such an engine has to be, as a power of ten (default as tuned)",
    ),
    key("allow", Kind::Texts, "phrases that hold it and are fine"),
];

/// As it is written; the schema has seen to kinds and ranges.
#[derive(Default, Deserialize)]
#[serde(default)]
struct RawList {
    title: Option<String>,
    language: Option<String>,
    mute: Vec<String>,
    beep: Vec<String>,
    warn: Vec<String>,
    word: Vec<RawWord>,
    allow: Vec<String>,
    fillers: Vec<String>,
    suffixes: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawWord {
    phrase: Option<String>,
    severity: Option<Severity>,
    inflections: Option<bool>,
    forms: Vec<String>,
    inside: bool,
    between: u32,
    say: Option<String>,
    threshold: Option<f32>,
    allow: Vec<String>,
}

/// Reads a list from `text`, which errors call `label`.
///
/// # Errors
/// Everything that is wrong, each with its place.
pub fn read_word_list(name: &str, label: &str, text: &str) -> Result<WordList, SceneErrors> {
    let (mut places, mut errors) = (Places::default(), Vec::new());
    let file: Arc<str> = label.into();
    let table = layer::read_text(0, &file, text, WORD_LIST, &mut places, &mut errors).unwrap_or_default();
    if !errors.is_empty() {
        return Err(SceneErrors(errors));
    }
    let whole = Place::file(0, &file);
    let raw = match config::Value::from(table).try_deserialize::<RawList>() {
        Ok(raw) => raw,
        Err(error) => return Err(SceneErrors(vec![Diagnostic::error(whole, "", error.to_string())])),
    };
    let mut reader = Reader {
        places,
        whole,
        errors,
        known: HashSet::new(),
    };
    let list = reader.list(name, raw);
    if reader.errors.is_empty() {
        Ok(list)
    } else {
        super::error::sort(&mut reader.errors);
        Err(SceneErrors(reader.errors))
    }
}

/// The reference of a list's keys and the shipped lists, in Markdown, for `docs/moderation.md`.
#[must_use]
pub fn word_list_markdown() -> String {
    let mut page = String::new();
    section(&mut page, "Word lists", "", WORD_LIST);
    page.push_str("### Shipped word lists\n\n");
    for (name, text) in shipped::WORD_LISTS {
        let title = read_word_list(name, name, text).map(|list| list.title);
        let _ = writeln!(
            page,
            "- [`{name}`](../presets/words/{name}.toml): {}",
            title.unwrap_or_default()
        );
    }
    page
}

/// Whether the file with these keys at its top is a word list and no show, however many mistakes are in it.
pub(super) fn is_word_list(table: &toml::Table) -> bool {
    let is_told = |key: &str| matches!(key, "language" | "mute" | "beep" | "warn" | "word");
    table.keys().any(|key| is_told(key))
}

/// Checks a list.
struct Reader {
    places: Places,
    whole: Place,
    errors: Vec<Diagnostic>,
    /// The phrases so far, folded.
    known: HashSet<String>,
}

/// One spelling for what is one phrase.
fn folded(phrase: &str) -> String {
    let pieces = fold::pieces(phrase).into_iter().map(|piece| piece.plain);
    pieces.collect::<Vec<_>>().join(" ")
}

impl Reader {
    fn error(&mut self, key: &str, message: impl Into<String>) {
        let place = self.places.of(key, &self.whole);
        self.errors.push(Diagnostic::error(place, key, message));
    }

    fn list(&mut self, name: &str, raw: RawList) -> WordList {
        let language = raw.language.unwrap_or_default();
        if !self.places.has("language") {
            self.error("", "needs the key \"language\": two letters, as in language = \"en\"");
        } else if !(language.len() == 2 && language.bytes().all(|c| c.is_ascii_lowercase())) {
            self.error("language", "expected two small letters, as in \"en\" or \"de\"");
        }
        let mut words = Vec::new();
        let short = [
            (Severity::Mute, "mute", raw.mute),
            (Severity::Beep, "beep", raw.beep),
            (Severity::Warn, "warn", raw.warn),
        ];
        for (severity, key, phrases) in short {
            for (at, phrase) in phrases.into_iter().enumerate() {
                if self.phrase(&format!("{key}[{at}]"), &phrase) {
                    words.push(ListedWord {
                        severity,
                        ..ListedWord::new(&phrase)
                    });
                }
            }
        }
        for (at, word) in raw.word.into_iter().enumerate() {
            words.extend(self.word(&format!("word[{at}]"), word));
        }
        if words.is_empty() && raw.allow.is_empty() && self.errors.is_empty() {
            self.error("", "has no words: mute = [\"…\"], beep, warn, or tables [[word]]");
        }
        for (at, phrase) in raw.allow.iter().enumerate() {
            let key = format!("allow[{at}]");
            if self.known.contains(&folded(phrase)) {
                self.error(
                    &key,
                    format!("\"{phrase}\" is listed in this file, too: it is one or the other"),
                );
            } else {
                self.some_words(&key, phrase);
            }
        }
        for (key, entries) in [("fillers", &raw.fillers), ("suffixes", &raw.suffixes)] {
            for (at, entry) in entries.iter().enumerate() {
                self.one_word(&format!("{key}[{at}]"), entry);
            }
        }
        let suffixes = raw
            .suffixes
            .iter()
            .map(|suffix| fold::plain(suffix.trim_start_matches('-')));
        WordList {
            name: name.to_owned(),
            language,
            title: raw.title.unwrap_or_default(),
            words,
            allow: raw.allow,
            fillers: raw.fillers,
            suffixes: suffixes.collect(),
        }
    }

    fn word(&mut self, key: &str, raw: RawWord) -> Option<ListedWord> {
        let Some(phrase) = raw.phrase else {
            self.error(key, "needs the key \"phrase\"");
            return None;
        };
        let is_new = self.phrase(&format!("{key}.phrase"), &phrase);
        let is_phrase = folded(&phrase).contains(' ');
        if is_phrase && raw.inside {
            self.error(&format!("{key}.inside"), "goes with a single word");
        }
        if !is_phrase && raw.between > 0 {
            self.error(&format!("{key}.between"), "goes with a phrase of several words");
        }
        for (at, form) in raw.forms.iter().enumerate() {
            self.one_word(&format!("{key}.forms[{at}]"), form);
        }
        for (at, allowed) in raw.allow.iter().enumerate() {
            self.some_words(&format!("{key}.allow[{at}]"), allowed);
        }
        if let Some(say) = &raw.say {
            self.sounds(&format!("{key}.say"), say);
        }
        is_new.then(|| ListedWord {
            severity: raw.severity.unwrap_or(Severity::Mute),
            has_inflections: raw.inflections.unwrap_or(true),
            forms: raw.forms,
            is_inside: raw.inside,
            between: raw.between,
            say: raw.say,
            threshold: raw.threshold,
            allow: raw.allow,
            ..ListedWord::new(&phrase)
        })
    }

    /// Whether `phrase` is one, and not listed before.
    fn phrase(&mut self, key: &str, phrase: &str) -> bool {
        if !self.some_words(key, phrase) {
            return false;
        }
        let is_new = self.known.insert(folded(phrase));
        if !is_new {
            self.error(key, format!("\"{phrase}\" is listed already"));
        }
        is_new
    }

    fn some_words(&mut self, key: &str, phrase: &str) -> bool {
        let is_some = phrase.chars().any(char::is_alphanumeric) && phrase.chars().count() <= LONGEST;
        if !is_some {
            self.error(key, format!("expected a word or a phrase of {LONGEST} letters at most"));
        }
        is_some
    }

    fn one_word(&mut self, key: &str, word: &str) {
        if word.is_empty() || word.chars().any(char::is_whitespace) || !word.chars().any(char::is_alphanumeric) {
            self.error(key, "expected one word");
        }
    }

    fn sounds(&mut self, key: &str, say: &str) {
        for alternative in say.split('|') {
            if alternative.trim().is_empty() {
                self.error(key, "expected sounds, as in \"D AE M\", alternatives separated by |");
            }
            for sound in alternative.split_whitespace().filter(|sound| !SOUNDS.contains(sound)) {
                let plain = sound.trim_end_matches(|c: char| c.is_ascii_digit()).to_uppercase();
                let hint = if SOUNDS.contains(&plain.as_str()) {
                    format!("; write {plain}: in capitals, without figures for stress")
                } else {
                    format!("; known: {}", SOUNDS.join(" "))
                };
                self.error(key, format!("{sound} is no sound of ARPAbet{hint}"));
            }
        }
    }
}

impl Library {
    /// Reads the word list `name`: one's own, a shipped one, or where it has a `/` or a `.`, the file of that path, which starts
    /// from `folder` where it is relative.
    ///
    /// # Errors
    /// There is none, with the nearest name; or everything that is wrong with it, each with its place.
    pub fn read_words(&self, name: &str, folder: &Path) -> Result<WordList, String> {
        self.read_words_from(&mut Shelf::disk(), name, folder)
    }

    /// The same with files from `shelf`.
    pub(super) fn read_words_from(&self, shelf: &mut Shelf, name: &str, folder: &Path) -> Result<WordList, String> {
        let found = self.find(shelf, FOLDER, name, folder, shipped::WORD_LISTS)?;
        let Some((label, text)) = found else {
            let names = self.word_list_names();
            let hint = suggest::hint(name, names.iter().map(String::as_str));
            return Err(format!("there is no word list \"{name}\"{hint}"));
        };
        read_word_list(&Self::short(name), &label, &text).map_err(|errors| errors.to_string())
    }

    /// The names of all word lists that can be had by name: one's own, then the shipped ones.
    #[must_use]
    pub fn word_list_names(&self) -> Vec<String> {
        self.names_in(FOLDER, shipped::WORD_LISTS)
    }
}

#[cfg(test)]
mod tests;
