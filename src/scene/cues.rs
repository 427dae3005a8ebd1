//! Cue files: commands at their time (see [`crate::cue`]).
//!
//! ```toml
//! [[cue]]
//! name = "sale"
//! at = "1:30"
//! do = ["take product", "gain voice +3"]
//! ```
//! A cue file stands by itself, or is named by `[cues] file` of a scene file; then every scene, source, strip and destination in it is
//! held against that show. Every command is held against the command table, so that nothing is found to be a slip of the hand on air.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;

use super::check::Check;
use super::error::{Diagnostic, Place, SceneErrors};
use super::layer;
use super::places::Places;
use super::read::read_limited;
use super::schema::{Key, Kind, key};
use crate::cue::{
    Cue, CueList, LONGEST_HOURS, MAX_CUES, MAX_LINES, OnError, Trigger, Watch, is_key, parse_day, parse_time,
};
use crate::media::TimeDelta;
use crate::studio::command::{self, ArgKind, Scope, find, parse, split_words};
use crate::suggest;

/// The longest name of a cue.
const LONGEST_NAME: usize = 64;

/// What a cue can do to the cues themselves; the rest would make a run that turns in circles.
const CUE_COMMANDS: &[&str] = &["cue hold", "cue stop"];

/// `[cues]` of a scene file.
pub(super) const CUES: &[Key] = &[key(
    "file",
    Kind::Text,
    "the cue file that is loaded when the show starts, relative to this file",
)];

/// A cue file.
const CUE_FILE: &[Key] = &[
    key(
        "title",
        Kind::Text,
        "what the list is called on screen; else the name of the file",
    ),
    key(
        "errors",
        Kind::Choice(OnError::WORDS),
        "what becomes of the run where a command is refused, for cues that do not say it (default \"stop\")",
    ),
    key("cue", Kind::List(CUE), "the cues, in the order in which they are shown"),
];

const CUE: &[Key] = &[
    key(
        "name",
        Kind::Text,
        "what commands and events call it; unique in the file",
    ),
    key("title", Kind::Text, "what it is for"),
    key(
        "at",
        Kind::Text,
        "when it comes: \"20s\", \"1:30\" or \"1h30m\" after the beginning of the run, \"20:15:00\" at that time of the day",
    ),
    key("after", Kind::Text, "the cue that it comes after"),
    key(
        "on",
        Kind::Text,
        "what it waits for: \"scene host\", \"viewers above 100\", \"viewers below 10\", \"silence 5s\", \"ended movie\", \"lost main\", \"data room = live\"",
    ),
    key("offset", Kind::Text, "with after or on: how long after that"),
    key(
        "key",
        Kind::Text,
        "a key that fires it, where the keymap has nothing on it: \"f5\"",
    ),
    key("do", Kind::Texts, "the commands, as they would be typed, in this order"),
    key(
        "errors",
        Kind::Choice(OnError::WORDS),
        "where a command is refused: \"stop\" leaves the rest of the cue out and holds the run, \"continue\" tells it and goes on",
    ),
    key(
        "once",
        Kind::Flag,
        "false: it comes as often as what it waits for happens, or as it is fired (default true)",
    ),
];

/// What a show has names for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CueNames {
    /// Its scenes, in their order.
    pub scenes: Vec<String>,
    /// Its sources.
    pub sources: Vec<String>,
    /// Its strips.
    pub strips: Vec<String>,
    /// Its destinations.
    pub destinations: Vec<String>,
}

/// `[cues]` as it is written.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawCues {
    file: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawFile {
    title: Option<String>,
    errors: Option<String>,
    cue: Vec<RawCue>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawCue {
    name: Option<String>,
    title: Option<String>,
    at: Option<String>,
    after: Option<String>,
    on: Option<String>,
    offset: Option<String>,
    key: Option<String>,
    #[serde(rename = "do")]
    lines: Vec<String>,
    errors: Option<String>,
    once: Option<bool>,
}

/// Reads a cue list from `text`, which errors call `label`. Files that its commands name start from `folder`. Where the show is known, its
/// names are too.
///
/// # Errors
/// Everything that is wrong, each with its place.
pub fn read_cues(label: &str, text: &str, folder: &Path, names: Option<&CueNames>) -> Result<CueList, SceneErrors> {
    let (mut places, mut errors) = (Places::default(), Vec::new());
    let file: Arc<str> = label.into();
    let table = layer::read_text(0, &file, text, CUE_FILE, &mut places, &mut errors).unwrap_or_default();
    let whole = Place::file(0, &file);
    let raw = if errors.is_empty() {
        let raw = config::Value::from(table).try_deserialize::<RawFile>();
        raw.map_err(|error| errors.push(Diagnostic::error(whole.clone(), "", error.to_string())))
            .ok()
    } else {
        None
    };
    let list = raw.map(|raw| {
        let stem = Path::new(label)
            .file_stem()
            .map(|stem| stem.to_string_lossy().into_owned());
        let mut reader = Reader {
            places: &places,
            whole,
            errors: &mut errors,
            folder,
            names,
        };
        reader.list(raw, label, stem.as_deref().unwrap_or_default())
    });
    match list {
        Some(list) if errors.is_empty() => Ok(list),
        _ => {
            super::error::sort(&mut errors);
            Err(SceneErrors(errors))
        }
    }
}

/// Reads the cue file at `path`.
///
/// # Errors
/// It cannot be read, or everything that is wrong with it, each with its place.
pub fn read_cue_file(path: &Path, names: Option<&CueNames>) -> Result<CueList, SceneErrors> {
    let label = path.display().to_string();
    let unreadable = |message: String| {
        let place = Place::file(0, &label.as_str().into());
        SceneErrors(vec![Diagnostic::error(place, "", message)])
    };
    let bytes = read_limited(path).map_err(unreadable)?;
    let text = String::from_utf8(bytes).map_err(|_| unreadable("not UTF-8 text".to_owned()))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let folder = std::path::absolute(if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    });
    read_cues(&label, &text, &folder.unwrap_or_default(), names)
}

/// Whether the file with these keys at its top is a cue file: it has a list of cues, and nothing that a show has.
pub(super) fn is_cue_file(table: &toml::Table) -> bool {
    let is_ours = |name: &String| CUE_FILE.iter().any(|key| key.name == name);
    table.contains_key("cue") && table.keys().all(is_ours)
}

/// The tables of `docs/cues.md`.
#[must_use]
pub fn cues_markdown() -> String {
    let mut page = String::new();
    super::reference::section(&mut page, "The file", "", CUE_FILE);
    super::reference::section(&mut page, "`[[cue]]`", "one cue", CUE);
    page
}

struct Reader<'a> {
    places: &'a Places,
    whole: Place,
    errors: &'a mut Vec<Diagnostic>,
    folder: &'a Path,
    names: Option<&'a CueNames>,
}

impl Reader<'_> {
    fn error(&mut self, key: &str, message: impl Into<String>) {
        let place = self.places.of(key, &self.whole);
        self.errors.push(Diagnostic::error(place, key, message));
    }

    fn list(&mut self, raw: RawFile, label: &str, stem: &str) -> CueList {
        if raw.cue.is_empty() {
            self.error(
                "cue",
                "a cue file needs one cue at least: [[cue]] with a name and commands to do",
            );
        }
        if raw.cue.len() > MAX_CUES {
            self.error("cue", format!("{} cues; {MAX_CUES} at most", raw.cue.len()));
        }
        let names: Vec<String> = raw.cue.iter().map(|cue| cue.name.clone().unwrap_or_default()).collect();
        let of_file = raw.errors.as_deref().and_then(OnError::of).unwrap_or_default();
        let mut cues = Vec::new();
        for (at, cue) in raw.cue.into_iter().enumerate() {
            cues.push(self.cue(at, cue, &names, of_file));
        }
        self.find_circles(&cues);
        self.find_equal_keys(&cues);
        let stem = stem.strip_suffix(".cues").unwrap_or(stem).to_owned();
        CueList {
            title: raw.title.unwrap_or(stem),
            file: label.to_owned(),
            cues,
        }
    }

    fn cue(&mut self, at: usize, raw: RawCue, names: &[String], of_file: OnError) -> Cue {
        let path = format!("cue[{at}]");
        let name = self.name(&path, at, raw.name.as_deref(), names);
        let trigger = self.trigger(&path, &raw, names);
        if raw.key.as_deref().is_some_and(|key| !is_key(key)) {
            let message = "not a key: a character, f1 to f12, enter, space, up …; ctrl- and alt- go before";
            self.error(&format!("{path}.key"), message);
        }
        let is_once = raw.once.unwrap_or(true);
        if !is_once && matches!(trigger, Trigger::At(_) | Trigger::TimeOfDay(_)) {
            let message = "a time comes once in a run: leave it out, or use on, after or a key";
            self.error(&format!("{path}.once"), message);
        }
        if raw.lines.len() > MAX_LINES {
            self.error(
                &format!("{path}.do"),
                format!("{} commands; {MAX_LINES} at most", raw.lines.len()),
            );
        }
        let lines = raw.lines.iter().enumerate().map(|(number, line)| {
            let checked = self.line(line);
            checked.unwrap_or_else(|message| {
                self.error(&format!("{path}.do[{number}]"), message);
                String::new()
            })
        });
        Cue {
            lines: lines.collect(),
            name,
            title: raw.title,
            trigger,
            key: raw.key,
            on_error: raw.errors.as_deref().and_then(OnError::of).unwrap_or(of_file),
            is_once,
        }
    }

    fn name(&mut self, path: &str, at: usize, name: Option<&str>, names: &[String]) -> String {
        let Some(name) = name else {
            self.error(path, "needs the key \"name\"");
            return String::new();
        };
        let path = format!("{path}.name");
        let is_wrong = |character: char| character.is_control() || character == '"';
        if name.trim().is_empty() || name.chars().count() > LONGEST_NAME || name.contains(is_wrong) {
            self.error(
                &path,
                format!("not a name: any text without quotes, {LONGEST_NAME} characters at most"),
            );
        } else if names[..at].iter().any(|known| known == name) {
            self.error(
                &path,
                format!("there is a cue \"{name}\" already: names are unique in a file"),
            );
        }
        name.to_owned()
    }

    fn trigger(&mut self, path: &str, raw: &RawCue, names: &[String]) -> Trigger {
        let given = [
            ("at", raw.at.is_some()),
            ("after", raw.after.is_some()),
            ("on", raw.on.is_some()),
        ];
        let mut given = given.iter().filter(|(_, is_given)| *is_given).map(|(key, _)| *key);
        if let (Some(first), Some(second)) = (given.next(), given.next()) {
            let message =
                format!("goes without \"{first}\": a cue comes at a time, after a cue, or on something that happens");
            self.error(&format!("{path}.{second}"), message);
            return Trigger::Hand;
        }
        let longest = TimeDelta::from_millis(LONGEST_HOURS * 3_600_000);
        let offset = raw.offset.as_deref().map(|text| parse_time(text, longest));
        if offset == Some(None) {
            let message = format!("expected a time up to {LONGEST_HOURS} h: \"5s\", \"1:30\", \"2m\"");
            self.error(&format!("{path}.offset"), message);
        }
        let offset = offset.flatten().unwrap_or_default();
        if raw.offset.is_some() && raw.after.is_none() && raw.on.is_none() {
            self.error(&format!("{path}.offset"), "goes with \"after\" or \"on\" alone");
        }
        if let Some(text) = &raw.at {
            return self.at(&format!("{path}.at"), text.trim(), longest);
        }
        if let Some(name) = &raw.after {
            let path = format!("{path}.after");
            let Some(cue) = names.iter().position(|known| known == name) else {
                let hint = suggest::hint(name, names.iter().map(String::as_str));
                self.error(&path, format!("no cue \"{name}\"{hint}"));
                return Trigger::Hand;
            };
            return Trigger::After { cue, offset };
        }
        if let Some(text) = &raw.on {
            let path = format!("{path}.on");
            let Some(watch) = Watch::parse(text) else {
                self.error(&path, format!("expected {}", Watch::EXPECTED));
                return Trigger::Hand;
            };
            self.check_watch(&path, &watch);
            return Trigger::On { watch, offset };
        }
        Trigger::Hand
    }

    fn at(&mut self, path: &str, text: &str, longest: TimeDelta) -> Trigger {
        if let Some(day) = parse_day(text) {
            return Trigger::TimeOfDay(day);
        }
        if let Some(at) = parse_time(text, longest) {
            return Trigger::At(at);
        }
        let message = format!(
            "expected a time: \"20s\" or \"1:30\" after the beginning (up to {LONGEST_HOURS} h), or \"20:15:00\" for a time of the day, with its seconds"
        );
        self.error(path, message);
        Trigger::Hand
    }

    fn check_watch(&mut self, path: &str, watch: &Watch) {
        let Some(names) = self.names else { return };
        let (what, name, mut known) = match watch {
            Watch::Scene(name) => ("scene", name, names.scenes.clone()),
            Watch::Ended(name) => ("source", name, names.sources.clone()),
            Watch::Lost(name) => ("source or destination", name, names.sources.clone()),
            Watch::ViewersAbove(_) | Watch::ViewersBelow(_) | Watch::Silence(_) | Watch::Data(..) => return,
        };
        if matches!(watch, Watch::Lost(_)) {
            known.extend(names.destinations.iter().cloned());
        }
        if !known.contains(name) {
            let hint = suggest::hint(name, known.iter().map(String::as_str));
            self.error(path, format!("no {what} \"{name}\"{hint}"));
        }
    }

    /// A command as it will be carried out: the files in it are whole paths.
    fn line(&self, line: &str) -> Result<String, String> {
        let words = split_words(line);
        if line.chars().filter(|character| *character == '"').count() % 2 != 0 {
            return Err("a quote is not closed".to_owned());
        }
        if words.is_empty() {
            return Err("there is no command: leave it out".to_owned());
        }
        parse(&words).map_err(|error| error.to_string())?;
        let (spec, args) = find(&words).map_err(|error| error.to_string())?;
        if spec.scope == Scope::Client {
            return Err(format!(
                "'{}' concerns the screen where it is typed; a cue has none",
                spec.name
            ));
        }
        if spec.name.starts_with("cue ") && !CUE_COMMANDS.contains(&spec.name) {
            return Err(format!(
                "a cue cannot do '{}': say when cues come by after, on or at",
                spec.name
            ));
        }
        for (arg, word) in spec.args.iter().zip(args) {
            if arg.kind == ArgKind::Url {
                return Err(
                    "an address may hold a secret, and cues are seen by everybody: put the destination into the scene file, and let the cue do 'destination start NAME'"
                        .to_owned(),
                );
            }
            self.known(arg.kind, word)?;
        }
        let whole = command::with_whole_paths(words.clone(), self.folder);
        if whole == words {
            return Ok(line.trim().to_owned());
        }
        Ok(command::told(&whole))
    }

    /// Whether the show has what `word` names, as far as it is known.
    fn known(&self, kind: ArgKind, word: &str) -> Result<(), String> {
        let Some(names) = self.names else { return Ok(()) };
        let (what, known) = match kind {
            ArgKind::Scene => ("scene", &names.scenes),
            ArgKind::Strip => ("strip", &names.strips),
            ArgKind::Source => ("source", &names.sources),
            ArgKind::Destination => ("destination", &names.destinations),
            _ => return Ok(()),
        };
        let by_number = kind == ArgKind::Scene
            && word
                .parse::<usize>()
                .is_ok_and(|number| (1..=known.len()).contains(&number));
        if by_number || known.iter().any(|name| name == word) {
            return Ok(());
        }
        let hint = suggest::hint(word, known.iter().map(String::as_str));
        Err(format!("no {what} \"{word}\"{hint}"))
    }

    /// Cues that would wait for each other for ever.
    fn find_circles(&mut self, cues: &[Cue]) {
        let parent = |at: usize| match cues.get(at)?.trigger {
            Trigger::After { cue, .. } => Some(cue),
            _ => None,
        };
        let mut told = vec![false; cues.len()];
        for first in 0..cues.len() {
            let mut chain = vec![first];
            while let Some(next) = parent(chain[chain.len() - 1]) {
                if next == first {
                    if !chain.iter().any(|at| told[*at]) {
                        let names: Vec<&str> = chain.iter().chain([&first]).map(|at| cues[*at].name.as_str()).collect();
                        let message = format!("waits for itself: {}; give one of them a time", names.join(" after "));
                        self.error(&format!("cue[{first}].after"), message);
                    }
                    for at in &chain {
                        told[*at] = true;
                    }
                    break;
                }
                if chain.contains(&next) {
                    // A circle further on, told there.
                    break;
                }
                chain.push(next);
            }
        }
    }

    fn find_equal_keys(&mut self, cues: &[Cue]) {
        for (at, cue) in cues.iter().enumerate() {
            let Some(key) = &cue.key else { continue };
            if let Some(other) = cues[..at].iter().find(|other| other.key.as_ref() == Some(key)) {
                let message = format!("\"{key}\" fires the cue \"{}\" already", other.name);
                self.error(&format!("cue[{at}].key"), message);
            }
        }
    }
}

impl Check<'_> {
    /// `[cues]`: the list that is loaded when the show starts.
    pub(super) fn cues(&mut self, raw: RawCues, names: &CueNames) -> Option<CueList> {
        let written = raw.file?;
        let path = self.file_at("cues.file", &written);
        let label = self.shown(&path);
        let bytes = match self.layers.shelf.read(&path) {
            Ok(bytes) => bytes,
            Err(error) => {
                self.missing_here("cues.file", format!("{label}: {error}"));
                return None;
            }
        };
        // Before the scene file, which stays the last.
        self.layers.files.insert(0, path.clone());
        let Ok(text) = String::from_utf8(bytes) else {
            self.error("cues.file", format!("{label}: not UTF-8 text"));
            return None;
        };
        let folder = path.parent().unwrap_or(Path::new("/")).to_owned();
        let names = (!self.is_preset).then_some(names);
        match read_cues(&label, &text, &folder, names) {
            Ok(list) => Some(list),
            Err(SceneErrors(errors)) => {
                let place = self.layers.places.of("cues.file", &self.whole);
                // Where the scene file is: it is read after whatever it names.
                self.layers.errors.extend(errors.into_iter().map(|mut error| {
                    error.place.layer = place.layer;
                    error
                }));
                None
            }
        }
    }

    /// `path` as a person in the current folder would write it.
    fn shown(&self, path: &Path) -> String {
        let short = path.strip_prefix(&self.layers.shelf.folder).map(PathBuf::from);
        short.unwrap_or_else(|_| path.to_owned()).display().to_string()
    }
}

#[cfg(test)]
#[path = "cues_tests.rs"]
mod tests;
