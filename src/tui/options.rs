//! How a screen is set up: `console.toml` of the user, and what the command line says against it.
//!
//! The file is `$XDG_CONFIG_HOME/rigcast/console.toml` (else `~/.config/rigcast/console.toml`), of the machine where the screen is.
//! Each of its keys is the name of a client command or of an option, with the same words. What is wrong in it is named with its
//! place, and nothing starts.

use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use thiserror::Error;
use toml::Spanned;

use super::history_file;
use super::keymap::{Keymap, KeymapError};
use super::view::theme::{Theme, ThemeError};
use crate::studio::command::{ColorMode, Layout, MonitorMode};
use crate::suggest;

/// What the command line says of a screen; what it does not say is as in the file.
#[derive(Clone, Debug, Default)]
pub struct Flags<'a> {
    /// A mode of the `monitor` command.
    pub monitor: Option<&'a str>,
    /// A mode of the `colors` command.
    pub colors: Option<&'a str>,
    /// Bytes of pictures at most, in kB per second.
    pub cap_kb: Option<u32>,
    /// A keymap to merge over the shipped one.
    pub keymap: Option<&'a Path>,
    /// A shipped theme, or a file.
    pub theme: Option<&'a str>,
}

/// How a client is set up.
#[derive(Clone, Debug)]
pub struct Options {
    /// How monitors are drawn.
    pub monitor: MonitorMode,
    /// How many colours are used.
    pub colors: ColorMode,
    /// Bytes of pictures at most, in kB per second.
    pub cap_kb: Option<u32>,
    /// How the screen is laid out.
    pub layout: Layout,
    /// Whether the bell rings for alarms.
    pub bell: bool,
    /// What keys do.
    pub keymap: Keymap,
    /// The look that was chosen; none: what suits the terminal.
    pub theme: Option<Theme>,
    /// The file that the lines of the prompt are kept in, if they are.
    pub history: Option<PathBuf>,
}

/// The file as it is read.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    monitor: Option<Spanned<String>>,
    colors: Option<Spanned<String>>,
    cap: Option<Spanned<u32>>,
    layout: Option<Spanned<String>>,
    bell: Option<bool>,
    keymap: Option<PathBuf>,
    theme: Option<String>,
}

impl Options {
    /// Options of the user's file, where there is one, and of the command line. `variable` reads the environment.
    ///
    /// # Errors
    /// A file cannot be read, or something in it or on the command line is wrong.
    pub fn load(flags: &Flags<'_>, variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, OptionsError> {
        let path = console_path(variable);
        let text = match path.as_ref().map(std::fs::read_to_string) {
            None => String::new(),
            Some(Ok(text)) => text,
            Some(Err(error)) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Some(Err(error)) => {
                let path = path.unwrap_or_default();
                return Err(OptionsError::Unread { path, error });
            }
        };
        let file = path.unwrap_or_default();
        let folder = file.parent().map(Path::to_owned).unwrap_or_default();
        Self::new(flags, &file.display().to_string(), &text, &folder, variable)
    }

    fn new(
        flags: &Flags<'_>,
        file: &str,
        text: &str,
        folder: &Path,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, OptionsError> {
        let at = |span: Option<Range<usize>>, problem: String| OptionsError::wrong(file, text, span, problem);
        let raw: Raw = toml::from_str(text).map_err(|error| at(error.span(), remedy(error.message())))?;
        let (monitor, monitor_at) = said(flags.monitor, raw.monitor);
        let (colors, colors_at) = said(flags.colors, raw.colors);
        let (layout, layout_at) = said(None, raw.layout);
        if let Some(cap) = &raw.cap
            && !(1..=1_000_000).contains(cap.as_ref())
        {
            return Err(at(
                Some(cap.span()),
                "cap is kB per second, from 1 to 1000000; leave it out for none".to_owned(),
            ));
        }
        let cap_kb = flags.cap_kb.or(raw.cap.map(Spanned::into_inner));
        let word = |name, known| move |word: &str| unknown(name, word, known);
        let mut keymap = Keymap::shipped()?;
        let own_keys = flags
            .keymap
            .map(Path::to_owned)
            .or(raw.keymap.map(|path| folder.join(path)));
        if let Some(path) = own_keys {
            let text = std::fs::read_to_string(&path).map_err(|error| OptionsError::Unread {
                path: path.clone(),
                error,
            })?;
            keymap.merge(&path.display().to_string(), &text)?;
        }
        let theme = match (flags.theme, raw.theme) {
            (Some(name), _) => Some(theme(name, Path::new(""))?),
            (None, Some(name)) => Some(theme(&name, folder)?),
            (None, None) => None,
        };
        let pick = |found: Option<String>, span, of: &dyn Fn(&str) -> bool, wrong: &dyn Fn(&str) -> String| match found
        {
            Some(said) if !of(&said) => Err(at(span, wrong(&said))),
            found => Ok(found),
        };
        let monitor = pick(
            monitor,
            monitor_at,
            &|said| MonitorMode::of(said).is_some(),
            &word("monitor", MonitorMode::WORDS),
        )?;
        let colors = pick(
            colors,
            colors_at,
            &|said| ColorMode::of(said).is_some(),
            &word("colors", ColorMode::WORDS),
        )?;
        let layout = pick(
            layout,
            layout_at,
            &|said| Layout::of(said).is_some(),
            &word("layout", Layout::WORDS),
        )?;
        Ok(Self {
            monitor: monitor.and_then(|said| MonitorMode::of(&said)).unwrap_or_default(),
            colors: colors.and_then(|said| ColorMode::of(&said)).unwrap_or_default(),
            layout: layout.and_then(|said| Layout::of(&said)).unwrap_or_default(),
            cap_kb,
            bell: raw.bell.unwrap_or(false),
            keymap,
            theme,
            history: history_file::path(&|name: &str| variable(name)),
        })
    }
}

/// What was said last, and where if that was in the file.
fn said(flag: Option<&str>, file: Option<Spanned<String>>) -> (Option<String>, Option<Range<usize>>) {
    match (flag, file) {
        (Some(flag), _) => (Some(flag.to_owned()), None),
        (None, Some(said)) => {
            let span = said.span();
            (Some(said.into_inner()), Some(span))
        }
        (None, None) => (None, None),
    }
}

/// That a word is none of the known ones.
fn unknown(name: &str, word: &str, known: &'static [&'static str]) -> String {
    let hint = suggest::hint(word, known.iter().copied());
    format!("{name} is '{word}'{hint}; there are {}", known.join(", "))
}

/// serde's message, which says what is expected, with what the file is for where it says nothing.
fn remedy(message: &str) -> String {
    message.trim_end().replace('`', "'")
}

fn theme(name: &str, folder: &Path) -> Result<Theme, OptionsError> {
    if let Some(shipped) = Theme::shipped(name) {
        return Ok(shipped);
    }
    let path = folder.join(name);
    let text = std::fs::read_to_string(&path).map_err(|error| OptionsError::ThemeFile {
        path: path.clone(),
        known: Theme::names().collect::<Vec<_>>().join(", "),
        error,
    })?;
    Ok(Theme::read(&path.display().to_string(), &text)?)
}

/// Where the user's file would be.
fn console_path(variable: &dyn Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let folder = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let config = folder("XDG_CONFIG_HOME").or_else(|| folder("HOME").map(|home| home.join(".config")))?;
    Some(config.join("rigcast").join("console.toml"))
}

/// Why options cannot be used.
#[derive(Debug, Error)]
pub enum OptionsError {
    /// Something on the command line is wrong.
    #[error("{0}")]
    Flag(String),
    /// Something in the user's file is wrong.
    #[error("{file}:{line}:{column}: {problem}")]
    File {
        /// Its path.
        file: String,
        /// From 1.
        line: usize,
        /// In characters, from 1.
        column: usize,
        /// What is wrong, and what would be right.
        problem: String,
    },
    /// A file cannot be read.
    #[error("{path}: {error}")]
    Unread {
        /// As it was given.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The keymap is wrong.
    #[error("keymap {0}")]
    Keymap(#[from] KeymapError),
    /// There is neither a shipped theme nor a file of that name.
    #[error("theme {path}: {error}; shipped are {known}")]
    ThemeFile {
        /// As it was given.
        path: PathBuf,
        /// The themes that there are.
        known: String,
        /// What the system says.
        error: io::Error,
    },
    /// The theme is wrong.
    #[error("theme {0}")]
    Theme(#[from] ThemeError),
}

impl OptionsError {
    fn wrong(file: &str, text: &str, span: Option<Range<usize>>, problem: String) -> Self {
        let Some(span) = span else {
            return Self::Flag(problem);
        };
        let before = text.get(..span.start).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Self::File {
            file: file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            problem,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(flags: &Flags<'_>, text: &str) -> Result<Options, String> {
        Options::new(flags, "console.toml", text, Path::new("/nowhere"), &|_| None).map_err(|error| error.to_string())
    }

    #[test]
    fn the_file_says_and_the_command_line_says_more() {
        let text = "monitor = \"sextants\"\ncolors = \"256\"\ncap = 300\nlayout = \"multiview\"\nbell = true\ntheme = \"light\"\n";
        let file = options(&Flags::default(), text).unwrap();
        assert_eq!(
            (file.monitor, file.colors, file.cap_kb, file.layout, file.bell),
            (
                MonitorMode::Sextants,
                ColorMode::Xterm256,
                Some(300),
                Layout::Multiview,
                true
            )
        );
        assert_eq!(file.theme, Theme::shipped("light"));
        let flags = Flags {
            monitor: Some("ascii"),
            cap_kb: Some(20),
            theme: Some("dark"),
            ..Flags::default()
        };
        let both = options(&flags, text).unwrap();
        assert_eq!(
            (both.monitor, both.cap_kb, both.colors),
            (MonitorMode::Ascii, Some(20), ColorMode::Xterm256)
        );
        assert_eq!(both.theme, Theme::shipped("dark"));
        let usual = options(&Flags::default(), "").unwrap();
        assert_eq!(
            (usual.monitor, usual.cap_kb, usual.bell),
            (MonitorMode::Auto, None, false)
        );
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        for (text, expected) in [
            (
                "monitor = \"sixels\"",
                "console.toml:1:11: monitor is 'sixels'; did you mean \"sixel\"?; there are auto, kitty, sixel, iterm, octants, \
                 sextants, quadrants, half-blocks, braille, ascii, off",
            ),
            (
                "\ncap = 0",
                "console.toml:2:7: cap is kB per second, from 1 to 1000000; leave it out for none",
            ),
            (
                "bell = 3",
                "console.toml:1:8: invalid type: integer '3', expected a boolean",
            ),
            (
                "bel = true",
                "console.toml:1:1: unknown field 'bel', expected one of 'monitor', 'colors', 'cap', 'layout', 'bell', 'keymap', \
                 'theme'",
            ),
        ] {
            assert_eq!(options(&Flags::default(), text).unwrap_err(), expected);
        }
        let flags = Flags {
            colors: Some("17"),
            ..Flags::default()
        };
        assert_eq!(
            options(&flags, "").unwrap_err(),
            "colors is '17'; did you mean \"16\"?; there are auto, truecolor, 256, 16, none"
        );
        let missing = options(&Flags::default(), "keymap = \"mine.toml\"").unwrap_err();
        assert!(missing.starts_with("/nowhere/mine.toml: "), "{missing}");
    }

    #[test]
    fn the_file_is_where_such_files_are() {
        let find = |variables: &'static [(&str, &str)]| {
            console_path(&move |name: &str| {
                let found = variables.iter().find(|(key, _)| *key == name);
                found.map(|(_, value)| (*value).to_owned())
            })
        };
        assert_eq!(
            find(&[("XDG_CONFIG_HOME", "/c")]),
            Some("/c/rigcast/console.toml".into())
        );
        assert_eq!(find(&[("HOME", "/h")]), Some("/h/.config/rigcast/console.toml".into()));
        assert_eq!(find(&[]), None);
    }
}
