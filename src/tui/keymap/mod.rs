//! Keys are data: a file binds each to a line of the command language, so that every key is also a command for scripts.
//!
//! The shipped file `presets/keymap.toml` is the default; a user's file is merged over it by the same loader. What is wrong
//! in a file is named with its line and column before anything starts: an unknown key or command, a key bound twice, a key
//! that can never be reached because it begins another.
//!
//! Most keys hold everywhere. Those in tables whose heading begins with `Page`, `Strip page`, `Buses page`, `Faces page`,
//! `Picture page`, `Network page` or `Moderation page` hold only while such a page is open, and go before the others there.

mod context;
mod key;
mod placeholder;

use thiserror::Error;

pub use context::Context;
pub use key::Key;
pub use placeholder::Placeholder;

/// The shipped keymap.
const DEFAULT: &str = include_str!("../../../presets/keymap.toml");
const DEFAULT_NAME: &str = "presets/keymap.toml";

/// What a key does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// One key, or several to be pressed one after the other.
    pub keys: Vec<Key>,
    /// The command line, with its placeholders.
    pub line: String,
    /// The heading it stands under in the help.
    pub section: String,
    /// Where it holds, which the heading says.
    pub context: Context,
}

impl Binding {
    /// Whether one of the two could never be reached for the other.
    fn clashes_with(&self, other: &Self) -> bool {
        self.keys.starts_with(&other.keys) || other.keys.starts_with(&self.keys)
    }

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
                placeholder::check_line(line).map_err(|problem| error(value_at, problem))?;
                let binding = Binding {
                    keys,
                    line: line.to_owned(),
                    section: section.to_owned(),
                    context: Context::of_section(section),
                };
                read.push((at, binding));
            }
        }
        read.sort_by_key(|(at, _)| *at);
        for (index, (at, binding)) in read.iter().enumerate() {
            let clash = read[..index]
                .iter()
                .find(|(_, other)| other.context == binding.context && other.clashes_with(binding));
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
            let is_same = |old: &Binding| old.context == binding.context;
            let place = self
                .bindings
                .iter()
                .position(|old| is_same(old) && old.keys == binding.keys);
            if place.is_none() {
                self.bindings.retain(|old| !is_same(old) || !old.clashes_with(&binding));
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

    /// What these keys, pressed one after the other, mean in `context`.
    #[must_use]
    pub fn lookup(&self, context: Context, keys: &[Key]) -> Lookup<'_> {
        let ways: Vec<&Binding> = self
            .active(context)
            .filter(|binding| binding.keys.starts_with(keys))
            .collect();
        match ways.as_slice() {
            [] => Lookup::Unbound,
            [binding] if binding.keys == keys => Lookup::Bound(binding),
            _ => Lookup::Pending(ways),
        }
    }

    /// The bindings that hold in `context`: of those that cannot both be reached, the one of the narrower context.
    pub fn active(&self, context: Context) -> impl Iterator<Item = &Binding> {
        let rank = move |binding: &Binding| context.rank(binding.context);
        let narrower: Vec<&Binding> = self
            .bindings
            .iter()
            .filter(|binding| rank(binding).is_some() && binding.context != Context::Everywhere)
            .collect();
        self.bindings.iter().filter(move |binding| {
            rank(binding).is_some_and(|own| {
                !narrower
                    .iter()
                    .any(|other| rank(other).is_some_and(|rank| rank < own) && other.clashes_with(binding))
            })
        })
    }

    /// All bindings, for the help.
    #[must_use]
    pub fn bindings(&self) -> &[Binding] {
        &self.bindings
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn keys(names: &str) -> Vec<Key> {
        names.split(' ').map(|name| Key::parse(name).unwrap()).collect()
    }

    fn line<'a>(keymap: &'a Keymap, context: Context, names: &str) -> &'a str {
        match keymap.lookup(context, &keys(names)) {
            Lookup::Bound(binding) => &binding.line,
            Lookup::Pending(_) => "…",
            Lookup::Unbound => "",
        }
    }

    #[test]
    fn the_shipped_file_loads() {
        let keymap = Keymap::shipped().unwrap();
        for context in [Context::Everywhere, Context::StripPage, Context::BusesPage] {
            assert_eq!(line(&keymap, context, "m"), "mute {strip} toggle");
            assert!(matches!(keymap.lookup(context, &keys("g")), Lookup::Pending(ways) if ways.len() == 2));
            assert_eq!(line(&keymap, context, "f12"), "");
        }
    }

    #[test]
    fn keys_of_a_page_hold_there_and_go_before_the_others() {
        let mut keymap = Keymap { bindings: Vec::new() };
        let text = "[any]\na = \"take\"\n\"g a\" = \"cut\"\n\"g b\" = \"help\"\nx = \"redraw\"\n\
                    [\"Page: all of them\"]\na = \"fade\"\n\"x y\" = \"detach\"\n\
                    [\"strip page\"]\na = \"retry\"\ng = \"keyframe\"";
        keymap.merge("k.toml", text).unwrap();
        for (names, everywhere, strip, buses) in [
            ("a", "take", "retry", "fade"),
            ("g", "…", "keyframe", "…"),
            ("g a", "cut", "", "cut"),
            ("x", "redraw", "…", "…"),
            ("x y", "", "detach", "detach"),
        ] {
            let found =
                [Context::Everywhere, Context::StripPage, Context::BusesPage].map(|it| line(&keymap, it, names));
            assert_eq!(found, [everywhere, strip, buses], "{names}");
        }
        let is_active = |context, line| keymap.active(context).any(|binding| binding.line == line);
        assert!(is_active(Context::Everywhere, "take") && !is_active(Context::StripPage, "take"));
        keymap.merge("mine", "[\"Strip page\"]\na = \"\"").unwrap();
        assert_eq!(
            line(&keymap, Context::StripPage, "a"),
            "fade",
            "what lay under it holds again"
        );
        assert_eq!(line(&keymap, Context::Everywhere, "a"), "take");
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
                "k.toml:2:5: there is no placeholder '{strp}'; there are {strip}, {source}, {scene}, {destination}, \
                 {parameter}, {stage}, {switch}, {marked}, {marked_source}, {face}, {next_policy}, {next_mask}, \
                 {next_sticker}, {word}, {span}, {from}, {until}, {hold_up}, {hold_down}",
            ),
            (
                "[\"Strip page\"]\nx = \"set {strip} {switch} loud\"",
                "k.toml:2:5: set: PARAMETER is 'name', expected a parameter; known: role, bypass, high_pass, high_pass_hz, \
                 denoise, denoise_percent, gate, gate_threshold_db, gate_ratio, gate_range_db, gate_attack_ms, gate_hold_ms, \
                 gate_release_ms, eq and 31 more",
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
        let found = ["space", "x", "Q", "g"].map(|names| line(&keymap, Context::Everywhere, names));
        assert_eq!(
            found,
            ["cut", "mute {strip}", "", "keyframe"],
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
