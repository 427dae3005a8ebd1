//! Keys are data: a file binds each to a line of the command language, so that every key is also a command for scripts.
//!
//! The shipped file `presets/keymap.toml` is the default; a user's file is merged over it by the same loader. What is wrong
//! in a file is named with its line and column before anything starts: an unknown key or command, a key bound twice, a key
//! that can never be reached because it begins another.

use std::fmt;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use thiserror::Error;

use crate::studio::command;

/// The shipped keymap.
const DEFAULT: &str = include_str!("../../presets/keymap.toml");
const DEFAULT_NAME: &str = "presets/keymap.toml";

/// One key press.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    code: KeyCode,
    modifiers: KeyModifiers,
}

/// Names of keys that are no character.
const NAMED: [(&str, KeyCode); 16] = [
    ("space", KeyCode::Char(' ')),
    ("enter", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("tab", KeyCode::Tab),
    ("backtab", KeyCode::BackTab),
    ("backspace", KeyCode::Backspace),
    ("delete", KeyCode::Delete),
    ("insert", KeyCode::Insert),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("pageup", KeyCode::PageUp),
    ("pagedown", KeyCode::PageDown),
];

impl Key {
    /// The key of that name: `m`, `M`, `space`, `ctrl-l`, `alt-x`, `f5`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let mut modifiers = KeyModifiers::NONE;
        let mut rest = name;
        loop {
            let (modifier, after) = if let Some(after) = rest.strip_prefix("ctrl-") {
                (KeyModifiers::CONTROL, after)
            } else if let Some(after) = rest.strip_prefix("alt-") {
                (KeyModifiers::ALT, after)
            } else {
                break;
            };
            if after.is_empty() || modifiers.contains(modifier) {
                return None;
            }
            modifiers |= modifier;
            rest = after;
        }
        let mut characters = rest.chars();
        let code = match (characters.next(), characters.next()) {
            (Some(character), None) if !character.is_whitespace() && !character.is_control() => {
                KeyCode::Char(character)
            }
            _ => NAMED
                .iter()
                .find(|(known, _)| *known == rest)
                .map(|(_, code)| *code)
                .or_else(|| {
                    let number = rest.strip_prefix('f')?.parse().ok()?;
                    (1..=12).contains(&number).then_some(KeyCode::F(number))
                })?,
        };
        Some(Self { code, modifiers })
    }
}

impl From<KeyEvent> for Key {
    /// Shift is left out: it is in the character already, or in `backtab`.
    fn from(event: KeyEvent) -> Self {
        let kept = KeyModifiers::CONTROL | KeyModifiers::ALT;
        Self {
            code: event.code,
            modifiers: event.modifiers.intersection(kept),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.modifiers.contains(KeyModifiers::CONTROL) {
            f.write_str("ctrl-")?;
        }
        if self.modifiers.contains(KeyModifiers::ALT) {
            f.write_str("alt-")?;
        }
        if let Some((name, _)) = NAMED.iter().find(|(_, code)| *code == self.code) {
            return f.write_str(name);
        }
        match self.code {
            KeyCode::Char(character) => write!(f, "{character}"),
            KeyCode::F(number) => write!(f, "f{number}"),
            other => write!(f, "{other}"),
        }
    }
}

/// What a key does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// One key, or several to be pressed one after the other.
    pub keys: Vec<Key>,
    /// The command line, with its placeholders.
    pub line: String,
    /// The heading it stands under in the help.
    pub section: String,
}

impl Binding {
    /// The keys as the help shows them.
    #[must_use]
    pub fn keys_text(&self) -> String {
        let names: Vec<String> = self.keys.iter().map(Key::to_string).collect();
        names.join(" ")
    }
}

/// What pressed keys mean.
#[derive(Debug, PartialEq, Eq)]
pub enum Lookup<'a> {
    /// They are bound.
    Bound(&'a Binding),
    /// They begin a longer sequence; these are the ways on.
    Pending(Vec<&'a Binding>),
    /// They mean nothing.
    Unbound,
}

/// All bindings, in the order of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keymap {
    bindings: Vec<Binding>,
}

/// What is wrong in a keymap file, and where.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("{file}:{line}:{column}: {problem}")]
pub struct KeymapError {
    /// As it was named.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub problem: String,
}

/// The place that fills a placeholder: which of the selected things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placeholder {
    /// The selected strip.
    Strip,
    /// The selected source.
    Source,
    /// The scene on preview.
    Scene,
    /// The selected destination.
    Destination,
}

impl Placeholder {
    const ALL: [(&'static str, Self); 4] = [
        ("{strip}", Self::Strip),
        ("{source}", Self::Source),
        ("{scene}", Self::Scene),
        ("{destination}", Self::Destination),
    ];

    /// The placeholder that a word is.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|(text, _)| *text == word)
            .map(|(_, placeholder)| placeholder)
    }

    /// What it stands for, in words.
    #[must_use]
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Strip => "strip",
            Self::Source => "source",
            Self::Scene => "scene",
            Self::Destination => "destination",
        }
    }
}

impl Keymap {
    /// The shipped keymap.
    ///
    /// # Errors
    /// Never in a tested build: a test loads it.
    pub fn shipped() -> Result<Self, KeymapError> {
        let mut keymap = Self { bindings: Vec::new() };
        keymap.merge(DEFAULT_NAME, DEFAULT)?;
        Ok(keymap)
    }

    /// Merges a file over this keymap.
    ///
    /// # Errors
    /// The first thing that is wrong in it, with its position; the keymap is then as it was.
    pub fn merge(&mut self, file: &str, text: &str) -> Result<(), KeymapError> {
        let error = |offset: usize, problem: String| {
            let before = text.get(..offset).unwrap_or(text);
            let line_start = before.rfind('\n').map_or(0, |at| at + 1);
            KeymapError {
                file: file.to_owned(),
                line: before.matches('\n').count() + 1,
                column: before[line_start..].chars().count() + 1,
                problem,
            }
        };
        let document = toml_edit::Document::parse(text)
            .map_err(|e| error(e.span().map_or(0, |span| span.start), e.message().to_owned()))?;
        let mut read: Vec<(usize, Binding)> = Vec::new();
        for (section, item) in document.iter() {
            let section_at = document
                .key(section)
                .and_then(toml_edit::Key::span)
                .map_or(0, |span| span.start);
            let Some(table) = item.as_table() else {
                return Err(error(section_at, format!("'{section}' must be a table of keys")));
            };
            for (name, item) in table {
                let at = table
                    .key(name)
                    .and_then(toml_edit::Key::span)
                    .map_or(0, |span| span.start);
                let value_at = item.span().map_or(at, |span| span.start);
                let Some(line) = item.as_str() else {
                    return Err(error(value_at, format!("key '{name}' must be bound to a line of text")));
                };
                let keys: Option<Vec<Key>> = name.split(' ').map(Key::parse).collect();
                let Some(keys) = keys else {
                    return Err(error(at, format!("there is no key '{name}'")));
                };
                check_line(line).map_err(|problem| error(value_at, problem))?;
                let (line, section) = (line.to_owned(), section.to_owned());
                read.push((at, Binding { keys, line, section }));
            }
        }
        read.sort_by_key(|(at, _)| *at);
        for (index, (at, binding)) in read.iter().enumerate() {
            let clash = read[..index]
                .iter()
                .find(|(_, other)| is_clash(&other.keys, &binding.keys));
            if let Some((_, other)) = clash {
                let (this, other) = (binding.keys_text(), other.keys_text());
                return Err(error(
                    *at,
                    if this == other {
                        format!("key '{this}' is bound twice")
                    } else {
                        format!("keys '{this}' and '{other}' begin alike: one of them could never be reached")
                    },
                ));
            }
        }
        for (_, binding) in read {
            let place = self.bindings.iter().position(|old| old.keys == binding.keys);
            if place.is_none() {
                self.bindings.retain(|old| !is_clash(&old.keys, &binding.keys));
            }
            match (place, binding.line.is_empty()) {
                (Some(place), true) => drop(self.bindings.remove(place)),
                (Some(place), false) => self.bindings[place] = binding,
                (None, true) => {}
                (None, false) => self.bindings.push(binding),
            }
        }
        Ok(())
    }

    /// What these keys, pressed one after the other, mean.
    #[must_use]
    pub fn lookup(&self, keys: &[Key]) -> Lookup<'_> {
        if let Some(binding) = self.bindings.iter().find(|binding| binding.keys == keys) {
            return Lookup::Bound(binding);
        }
        let ways: Vec<&Binding> = self
            .bindings
            .iter()
            .filter(|binding| binding.keys.starts_with(keys))
            .collect();
        if ways.is_empty() {
            Lookup::Unbound
        } else {
            Lookup::Pending(ways)
        }
    }

    /// All bindings, for the help.
    #[must_use]
    pub fn bindings(&self) -> &[Binding] {
        &self.bindings
    }

    /// The first keys bound to exactly this line, for hints.
    #[must_use]
    pub fn keys_for(&self, line: &str) -> Option<String> {
        self.bindings
            .iter()
            .find(|binding| binding.line == line)
            .map(Binding::keys_text)
    }
}

/// Whether one of the two begins with the other.
fn is_clash(a: &[Key], b: &[Key]) -> bool {
    a.starts_with(b) || b.starts_with(a)
}

/// Checks a line against the command table, with a name in place of each placeholder.
fn check_line(line: &str) -> Result<(), String> {
    let mut words = command::split_words(line);
    if words.is_empty() {
        return Ok(());
    }
    for word in &mut words {
        if Placeholder::of(word).is_some() {
            *word = "name".into();
        } else if word.starts_with('{') && word.ends_with('}') {
            return Err(format!(
                "there is no placeholder '{word}'; there are {{strip}}, {{source}}, {{scene}}, {{destination}}"
            ));
        }
    }
    command::parse(&words).map(drop).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn keys(names: &str) -> Vec<Key> {
        names.split(' ').map(|name| Key::parse(name).unwrap()).collect()
    }

    #[test]
    fn the_shipped_file_loads() {
        let keymap = Keymap::shipped().unwrap();
        assert!(matches!(keymap.lookup(&keys("space")), Lookup::Bound(binding) if binding.line == "take"));
        assert!(matches!(keymap.lookup(&keys("g")), Lookup::Pending(ways) if ways.len() == 2));
        assert_eq!(keymap.lookup(&keys("f12")), Lookup::Unbound);
    }

    #[test]
    fn key_names_round_trip() {
        for name in [
            "m",
            "M",
            "space",
            "ctrl-l",
            "alt-x",
            "ctrl-alt-f5",
            "backtab",
            "?",
            ":",
            "-",
            "ctrl--",
            "pageup",
        ] {
            assert_eq!(Key::parse(name).unwrap().to_string(), name);
        }
        for name in ["", "spce", "f13", "ctrl-", "ctrl-ctrl-x", "f0"] {
            assert_eq!(Key::parse(name), None, "{name}");
        }
        let shifted = KeyEvent::new(KeyCode::Char('M'), KeyModifiers::SHIFT);
        assert_eq!(Key::from(shifted), Key::parse("M").unwrap());
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        for (text, expected) in [
            (
                "[a]\nx = \"tkae\"",
                "k.toml:2:5: there is no command 'tkae'; did you mean 'take'?",
            ),
            ("[a]\nx = \"take\"\nx = \"cut\"", "k.toml:3:1: duplicate key"),
            (
                "[a]\nx = \"take\"\n[b]\n  x = \"cut\"",
                "k.toml:4:3: key 'x' is bound twice",
            ),
            (
                "[a]\n\"ä ü\" = \"take\"\n\"ä\" = \"cut\"",
                "k.toml:3:1: keys 'ä' and 'ä ü' begin alike: one of them could never be reached",
            ),
            ("[a]\nhyper-x = \"take\"", "k.toml:2:1: there is no key 'hyper-x'"),
            ("[a]\nx = 3", "k.toml:2:5: key 'x' must be bound to a line of text"),
            ("x = \"take\"", "k.toml:1:1: 'x' must be a table of keys"),
            (
                "[a]\nx = \"mute {strp}\"",
                "k.toml:2:5: there is no placeholder '{strp}'; there are {strip}, {source}, {scene}, {destination}",
            ),
            (
                "[a]\nx = \"gain {strip} loud\"",
                "k.toml:2:5: gain: DB is 'loud', expected dB: -6 sets, +3 or -=3 changes",
            ),
        ] {
            let mut keymap = Keymap::shipped().unwrap();
            assert_eq!(keymap.merge("k.toml", text).unwrap_err().to_string(), expected);
            assert_eq!(keymap, Keymap::shipped().unwrap());
        }
    }

    #[test]
    fn a_users_file_replaces_adds_and_takes_away() {
        let mut keymap = Keymap::shipped().unwrap();
        keymap
            .merge(
                "mine",
                "[mine]\nspace = \"cut\"\nx = \"mute {strip}\"\nQ = \"\"\ng = \"keyframe\"",
            )
            .unwrap();
        assert!(matches!(keymap.lookup(&keys("space")), Lookup::Bound(binding) if binding.line == "cut"));
        assert!(matches!(keymap.lookup(&keys("x")), Lookup::Bound(_)));
        assert_eq!(keymap.lookup(&keys("Q")), Lookup::Unbound);
        assert!(
            matches!(keymap.lookup(&keys("g")), Lookup::Bound(_)),
            "a sequence gives way to the user's key"
        );
    }

    proptest! {
        #[test]
        fn no_file_panics(text in "(\\[[a-z]\\]\n)?(\"?[a-z{} -]{0,6}\"? ?= ?\"?[a-z{} -]{0,12}\"?\n?){0,3}.{0,20}") {
            let _ = Keymap::shipped().unwrap().merge("any", &text);
        }
    }
}
