//! Theme files: read, checked and merged. Ours and the user's go through the same loader; what is wrong in one is named with
//! its line and column, and with what would be right.

use ratatui::style::{Color, Modifier, Style};
use thiserror::Error;
use toml_edit::{Document, Item, Key, TableLike, Value};

use super::color::{self, Depth, Paint};
use super::{MODIFIERS, Part, SHIPPED};
use crate::suggest;

/// What is wrong in a theme file, and where.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("{file}:{line}:{column}: {problem}")]
pub struct ThemeError {
    /// As it was named.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// What is wrong, and what would be right.
    pub problem: String,
}

/// What can be said of a style.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Entry {
    ink: Paint,
    ground: Paint,
    with: Modifier,
    plain: Option<Modifier>,
}

/// A theme file after reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// Of a shipped theme, or the name of a user's file.
    pub name: String,
    /// What letters stand on.
    pub ground: Paint,
    /// Whether the screen brings that ground along.
    pub is_painted: bool,
    entries: [Entry; Part::ALL.len()],
}

/// A problem at an offset of the text, before it is known in which file.
type Wrong = (usize, String);

const KEYS: [&str; 5] = ["about", "base", "ground", "is_painted", "styles"];
const STYLE_KEYS: [&str; 4] = ["ink", "ground", "with", "plain"];

impl Sheet {
    /// A shipped one.
    ///
    /// # Errors
    /// There is no such theme. Of those that there are, never in a tested build: a test loads them all.
    pub fn shipped(name: &str) -> Result<Self, ThemeError> {
        let Some((name, text)) = SHIPPED.iter().find(|(known, _)| *known == name) else {
            let known = SHIPPED.iter().map(|(name, _)| *name);
            return Err(ThemeError {
                file: "presets/themes".to_owned(),
                line: 1,
                column: 1,
                problem: format!("there is no theme \"{name}\"{}", suggest::hint(name, known)),
            });
        };
        let nothing = Self {
            name: (*name).to_owned(),
            ground: Paint::Default,
            is_painted: false,
            entries: [Entry::default(); Part::ALL.len()],
        };
        nothing.merged(&format!("presets/themes/{name}.toml"), text)
    }

    /// A user's file over the shipped theme that it names.
    ///
    /// # Errors
    /// The first thing that is wrong in it.
    pub fn read(file: &str, text: &str) -> Result<Self, ThemeError> {
        let document = Document::parse(text).map_err(|e| syntax(file, text, &e))?;
        let base = match document.get("base") {
            None => "dark",
            Some(item) => {
                let wrong = |problem| located(file, text, (start(item), problem));
                let name = item
                    .as_str()
                    .ok_or_else(|| wrong("base must be the name of a shipped theme".to_owned()))?;
                let mut names = SHIPPED.iter().map(|(name, _)| *name);
                names.clone().find(|known| *known == name).ok_or_else(|| {
                    let hint = suggest::hint(name, names.by_ref());
                    wrong(format!("there is no theme \"{name}\"{hint}"))
                })?
            }
        };
        let mut sheet = Self::shipped(base)?;
        file.clone_into(&mut sheet.name);
        sheet.merged(file, text)
    }

    fn merged(mut self, file: &str, text: &str) -> Result<Self, ThemeError> {
        let document = Document::parse(text).map_err(|e| syntax(file, text, &e))?;
        self.take(document.as_table())
            .map_err(|wrong| located(file, text, wrong))?;
        Ok(self)
    }

    fn take(&mut self, table: &dyn TableLike) -> Result<(), Wrong> {
        for (name, item) in table.iter() {
            let at = place(table, name);
            match name {
                // Read before the others.
                "base" => {}
                "about" => {
                    item.as_str()
                        .ok_or_else(|| (start(item), "about must be text".to_owned()))?;
                }
                "ground" => self.ground = paint(item)?,
                "is_painted" => {
                    self.is_painted = item
                        .as_bool()
                        .ok_or_else(|| (start(item), "is_painted must be true or false".to_owned()))?;
                }
                "styles" => {
                    let styles = item
                        .as_table_like()
                        .ok_or_else(|| (at, "styles must be a table".to_owned()))?;
                    self.take_styles(styles)?;
                }
                _ => {
                    let hint = suggest::hint(name, KEYS);
                    return Err((at, format!("there is no \"{name}\" in a theme{hint}")));
                }
            }
        }
        Ok(())
    }

    fn take_styles(&mut self, styles: &dyn TableLike) -> Result<(), Wrong> {
        for (name, item) in styles.iter() {
            let at = place(styles, name);
            let Some((part, _)) = Part::ALL.iter().find(|(_, known)| *known == name) else {
                let hint = suggest::hint(name, Part::ALL.iter().map(|(_, name)| *name));
                return Err((at, format!("there is no style \"{name}\"{hint}")));
            };
            let table = item
                .as_table_like()
                .ok_or_else(|| (start(item), format!("{name} must be a table such as {{ ink = 252 }}")))?;
            self.entries[*part as usize].take(table)?;
        }
        Ok(())
    }

    /// The style of a part on a terminal with so many colours.
    #[must_use]
    pub fn style(&self, part: Part, depth: Depth) -> Style {
        let entry = self.entries[part as usize];
        if depth == Depth::None {
            return Style::new().add_modifier(entry.plain.unwrap_or(entry.with));
        }
        let (ink, ground) = (entry.ink.at(depth), entry.ground.at(depth));
        let mut style = Style::new().add_modifier(entry.with);
        if entry.ground != Paint::Default {
            style = style.bg(ground);
        }
        if entry.ink != Paint::Default {
            let below = if entry.ground == Paint::Default {
                self.ground.at(depth)
            } else {
                ground
            };
            style = style.fg(if ink == below { apart(below, depth) } else { ink });
        }
        style
    }
}

/// Black or white, whichever stands out from the ground: two colours may become the same where there are few.
fn apart(ground: Color, depth: Depth) -> Color {
    let rgb = color::seen(ground).unwrap_or_default();
    let is_dark = color::contrast(rgb, [255; 3]) > color::contrast(rgb, [0; 3]);
    Paint::Index(if is_dark { 15 } else { 0 }).at(depth)
}

impl Entry {
    fn take(&mut self, table: &dyn TableLike) -> Result<(), Wrong> {
        for (name, item) in table.iter() {
            match name {
                "ink" => self.ink = paint(item)?,
                "ground" => self.ground = paint(item)?,
                "with" => self.with = modifiers(item)?,
                "plain" => self.plain = Some(modifiers(item)?),
                _ => {
                    let hint = suggest::hint(name, STYLE_KEYS);
                    return Err((place(table, name), format!("there is no \"{name}\" in a style{hint}")));
                }
            }
        }
        Ok(())
    }
}

fn paint(item: &Item) -> Result<Paint, Wrong> {
    let found = match (item.as_integer(), item.as_str()) {
        (Some(index), _) => u8::try_from(index).ok().map(Paint::Index),
        (_, Some(word)) => Paint::of(word),
        _ => None,
    };
    found.ok_or_else(|| {
        let hint = item.as_str().filter(|word| !word.starts_with('#'));
        let hint = hint.and_then(|word| suggest::nearest(word, color::NAMES));
        let hint = hint.map_or_else(String::new, |word| format!("; did you mean \"{word}\"?"));
        let problem = "a colour is a number from 0 to 255, \"#rrggbb\", a name such as \"bright-red\", or \"default\"";
        (start(item), format!("{problem}{hint}"))
    })
}

fn modifiers(item: &Item) -> Result<Modifier, Wrong> {
    let problem = || {
        let names = MODIFIERS.map(|(name, _)| name);
        format!("a list of {} is wanted, such as [\"bold\"]", names.join(", "))
    };
    let list = item.as_array().ok_or_else(|| (start(item), problem()))?;
    let mut all = Modifier::empty();
    for value in list {
        let word = value.as_str().unwrap_or_default();
        let found = MODIFIERS.iter().find(|(name, _)| *name == word);
        let (_, modifier) = found.ok_or_else(|| (value_start(value), problem()))?;
        all |= *modifier;
    }
    Ok(all)
}

fn start(item: &Item) -> usize {
    item.span().map_or(0, |span| span.start)
}

fn value_start(value: &Value) -> usize {
    value.span().map_or(0, |span| span.start)
}

/// Where a key of a table stands.
fn place(table: &dyn TableLike, name: &str) -> usize {
    table.key(name).and_then(Key::span).map_or(0, |span| span.start)
}

fn syntax(file: &str, text: &str, error: &toml_edit::TomlError) -> ThemeError {
    let at = error.span().map_or(0, |span| span.start);
    located(file, text, (at, error.message().to_owned()))
}

fn located(file: &str, text: &str, (at, problem): Wrong) -> ThemeError {
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    ThemeError {
        file: file.to_owned(),
        line: before.matches('\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
        problem,
    }
}
