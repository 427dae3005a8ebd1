//! How a screen is set up: `console.toml` of the machine, that of the user over it, and what the command line says against both.
//!
//! The user's file is `$XDG_CONFIG_HOME/rigcast/console.toml` (else `~/.config/rigcast/console.toml`), the machine's is
//! `/etc/xdg/rigcast/console.toml` (else in each of `$XDG_CONFIG_DIRS`), of the machine where the screen is. Themes and keymaps
//! that are called by a bare name lie in the folders `themes` and `keymaps` beside them.
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
use crate::folders::Folders;
use crate::studio::command::{ColorMode, Layout, MonitorMode};
use crate::suggest;

/// What the file is called.
const CONSOLE: &str = "console.toml";

/// The folders of themes and keymaps that are called by a bare name.
const THEMES: &str = "themes";
const KEYMAPS: &str = "keymaps";

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

/// What one file says, held against what there is.
#[derive(Debug, Default)]
struct Said {
    monitor: Option<MonitorMode>,
    colors: Option<ColorMode>,
    layout: Option<Layout>,
    cap_kb: Option<u32>,
    bell: Option<bool>,
    keymap: Option<PathBuf>,
    theme: Option<Theme>,
}

impl Options {
    /// Options of the machine's files and the user's, where there are any, and of the command line. `variable` reads the environment.
    ///
    /// # Errors
    /// A file cannot be read, or something in it or on the command line is wrong.
    pub fn load(flags: &Flags<'_>, variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, OptionsError> {
        let folders = Folders::new(variable);
        let mut files = Vec::new();
        // The most important last.
        let all: Vec<&PathBuf> = folders.all().collect();
        for folder in all.into_iter().rev() {
            let path = folder.join(CONSOLE);
            match std::fs::read_to_string(&path) {
                Ok(text) => files.push((path.display().to_string(), text, folder.clone())),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(OptionsError::Unread { path, error }),
            }
        }
        Self::new(flags, &files, &folders, variable)
    }

    /// `files`: of each its name, its text, and the folder that its paths start from.
    fn new(
        flags: &Flags<'_>,
        files: &[(String, String, PathBuf)],
        folders: &Folders,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, OptionsError> {
        let mut keymap = Keymap::shipped()?;
        let mut keymaps = Vec::new();
        let mut said = Said::default();
        for (file, text, folder) in files {
            let own = Said::read(file, text, folder, folders)?;
            keymaps.extend(own.keymap);
            said = Said {
                monitor: own.monitor.or(said.monitor),
                colors: own.colors.or(said.colors),
                layout: own.layout.or(said.layout),
                cap_kb: own.cap_kb.or(said.cap_kb),
                bell: own.bell.or(said.bell),
                theme: own.theme.or(said.theme),
                keymap: None,
            };
        }
        // Keymaps change each other, those of the machine first; one of the command line stands in for all of them.
        if let Some(path) = flags.keymap {
            keymaps = vec![path.to_owned()];
        }
        for path in keymaps {
            let text = std::fs::read_to_string(&path).map_err(|error| OptionsError::Unread {
                path: path.clone(),
                error,
            })?;
            keymap.merge(&path.display().to_string(), &text)?;
        }
        let flag = |problem| OptionsError::wrong("", "", None, problem);
        let monitor = flags.monitor.map(|word| monitor(word).map_err(flag)).transpose()?;
        let colors = flags.colors.map(|word| colors(word).map_err(flag)).transpose()?;
        let look = flags
            .theme
            .map(|name| theme(name, Path::new(""), folders))
            .transpose()?;
        Ok(Self {
            monitor: monitor.or(said.monitor).unwrap_or_default(),
            colors: colors.or(said.colors).unwrap_or_default(),
            layout: said.layout.unwrap_or_default(),
            cap_kb: flags.cap_kb.or(said.cap_kb),
            bell: said.bell.unwrap_or(false),
            keymap,
            theme: look.or(said.theme),
            history: history_file::path(&|name: &str| variable(name)),
        })
    }
}

impl Said {
    /// Reads `text`, the content of `file`, whose paths start from `folder`.
    fn read(file: &str, text: &str, folder: &Path, folders: &Folders) -> Result<Self, OptionsError> {
        let at = |span: Option<Range<usize>>, problem: String| OptionsError::wrong(file, text, span, problem);
        let raw: Raw = toml::from_str(text).map_err(|error| at(error.span(), remedy(error.message())))?;
        if let Some(cap) = &raw.cap
            && !(1..=1_000_000).contains(cap.as_ref())
        {
            return Err(at(
                Some(cap.span()),
                "cap is kB per second, from 1 to 1000000; leave it out for none".to_owned(),
            ));
        }
        let place = |said: &Spanned<String>| Some(said.span());
        let theme = raw.theme.map(|name| theme(&name, folder, folders)).transpose()?;
        Ok(Self {
            monitor: in_file(raw.monitor, monitor, |said, problem| at(place(said), problem))?,
            colors: in_file(raw.colors, colors, |said, problem| at(place(said), problem))?,
            layout: in_file(raw.layout, layout, |said, problem| at(place(said), problem))?,
            cap_kb: raw.cap.map(Spanned::into_inner),
            bell: raw.bell,
            keymap: raw
                .keymap
                .map(|path| named(&path, KEYMAPS, folders).unwrap_or_else(|| folder.join(&path))),
            theme,
        })
    }
}

/// A word of a file as what it means.
fn in_file<T>(
    said: Option<Spanned<String>>,
    meant: fn(&str) -> Result<T, String>,
    wrong: impl Fn(&Spanned<String>, String) -> OptionsError,
) -> Result<Option<T>, OptionsError> {
    let Some(said) = said else { return Ok(None) };
    match meant(said.as_ref()) {
        Ok(meant) => Ok(Some(meant)),
        Err(problem) => Err(wrong(&said, problem)),
    }
}

fn monitor(word: &str) -> Result<MonitorMode, String> {
    MonitorMode::of(word).ok_or_else(|| unknown("monitor", word, MonitorMode::WORDS))
}

fn colors(word: &str) -> Result<ColorMode, String> {
    ColorMode::of(word).ok_or_else(|| unknown("colors", word, ColorMode::WORDS))
}

fn layout(word: &str) -> Result<Layout, String> {
    Layout::of(word).ok_or_else(|| unknown("layout", word, Layout::WORDS))
}

/// The file that is meant by the bare name `name`, in the folder `kind` of the user or of the machine.
fn named(name: &Path, kind: &str, folders: &Folders) -> Option<PathBuf> {
    let name = name.to_str().filter(|name| !name.contains(['/', '.']))?;
    let paths = folders
        .all()
        .map(|folder| folder.join(kind).join(name).with_extension("toml"));
    paths.into_iter().find(|path| path.is_file())
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

/// The theme that is meant by `name`: the user's, the machine's, a shipped one, or a file.
fn theme(name: &str, folder: &Path, folders: &Folders) -> Result<Theme, OptionsError> {
    let own = named(Path::new(name), THEMES, folders);
    if let Some(shipped) = Theme::shipped(name).filter(|_| own.is_none()) {
        return Ok(shipped);
    }
    let path = own.unwrap_or_else(|| folder.join(name));
    let text = std::fs::read_to_string(&path).map_err(|error| OptionsError::ThemeFile {
        path: path.clone(),
        known: Theme::names().collect::<Vec<_>>().join(", "),
        error,
    })?;
    Ok(Theme::read(&path.display().to_string(), &text)?)
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
        let file = ("console.toml".to_owned(), text.to_owned(), PathBuf::from("/nowhere"));
        Options::new(flags, &[file], &Folders::default(), &|_| None).map_err(|error| error.to_string())
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
    fn the_machine_says_what_the_user_does_not() {
        let home = tempfile::tempdir().unwrap();
        let (user, system) = (home.path().join("user"), home.path().join("system"));
        let write = |path: &Path, text: &str| {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        let variable = |name: &str| match name {
            "XDG_CONFIG_HOME" => Some(user.display().to_string()),
            "XDG_CONFIG_DIRS" => Some(system.display().to_string()),
            _ => None,
        };
        write(
            &system.join("rigcast/console.toml"),
            "cap = 300\nbell = true\ntheme = \"house\"\nlayout = \"multiview\"\n",
        );
        write(&system.join("rigcast/themes/house.toml"), "base = \"light\"\n");
        write(&user.join("rigcast/console.toml"), "bell = false\n");
        let options = Options::load(&Flags::default(), &variable).unwrap();
        assert_eq!(
            (options.cap_kb, options.bell, options.layout),
            (Some(300), false, Layout::Multiview)
        );
        assert!(options.theme.is_some() && options.theme != Theme::shipped("light"));

        write(
            &user.join("rigcast/console.toml"),
            "theme = \"dark\"\nlayout = \"wide\"\n",
        );
        let error = Options::load(&Flags::default(), &variable).unwrap_err().to_string();
        assert!(
            error.contains("user/rigcast/console.toml:2:10: layout is 'wide'"),
            "{error}"
        );
        write(&user.join("rigcast/console.toml"), "theme = \"dark\"\n");
        let options = Options::load(&Flags::default(), &variable).unwrap();
        assert_eq!(options.theme, Theme::shipped("dark"));
    }
}
