//! From scenes as they are seen back into the text that they were read from: items that were moved by hand, and parameters.
//!
//! Everything else stays as it is, byte for byte ([`splice`]): comments, order, inline tables, line ends. Where a key has a value it
//! is replaced; where it has none, it comes after the other keys of its item. Sources, and items that show them, come and go
//! ([`sources`]); nothing else is ever taken out.
//!
//! Who writes a file reads it again first, and compares: this room does not promise that a text means what it was made for.

mod blocks;
mod lengths;
mod names;
mod sources;
mod splice;

pub use sources::{SourceEdit, SourceEditError};

use thiserror::Error;
use toml_edit::{Document, Value};

use super::item::{Item, Shown};
use crate::picture::{Crop, Fit};
use lengths::{Number, Unit, Written, place};
use names::listed_names;
pub(super) use splice::quoted;
use splice::{Splices, Spot, key_text};

/// A scene that is to be written.
#[derive(Clone, Debug)]
pub struct SceneBack<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its items as they were read from the text.
    pub read: &'a [Item],
    /// Its items as they are now: the same ones, perhaps in another order.
    pub now: &'a [Item],
    /// Parameters that have another value now than the text gives them.
    pub parameters: &'a [(String, String)],
}

/// Why a scene cannot be written into a text. A sentence for a person.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum WriteBackError {
    /// The text is no TOML.
    #[error("it is no TOML any more; repair it first")]
    NoToml,
    /// The scene stands elsewhere.
    #[error("scene {0} does not stand in it")]
    NoScene(String),
    /// The items of the scene stand elsewhere.
    #[error("scene {scene} has the items of its template {template}: change those, and save that scene")]
    OfTemplate {
        /// The scene.
        scene: String,
        /// Whose items they are.
        template: String,
    },
    /// The items of the scene stand elsewhere.
    #[error("the items of scene {0} do not stand in it")]
    NoItems(String),
    /// An item stands elsewhere.
    #[error("item {item} of scene {scene} does not stand in it")]
    NoItem {
        /// The scene.
        scene: String,
        /// The item.
        item: String,
    },
    /// A key is written in a way that cannot be changed.
    #[error(
        "{key} of scene {scene} is written in a way that cannot be changed here: write it as docs/scenes.md has it"
    )]
    Odd {
        /// The scene.
        scene: String,
        /// The item and its key.
        key: String,
    },
}

/// `text` with `scenes` as they are now, on a program of that width and height.
///
/// # Errors
/// The first thing that cannot be written.
pub fn write_back(text: &str, scenes: &[SceneBack<'_>], program: (u32, u32)) -> Result<String, WriteBackError> {
    let document = Document::parse(text).map_err(|_| WriteBackError::NoToml)?;
    let root = Spot::root(document.as_table());
    let all = root.table("scene");
    let mut splices = Splices::new(text);
    for scene in scenes {
        let found = all.as_ref().and_then(|all| all.table(scene.name));
        let found = found.ok_or_else(|| WriteBackError::NoScene(scene.name.to_owned()))?;
        let mut writer = Writer {
            splices: &mut splices,
            scene: scene.name,
            program: [f64::from(program.0), f64::from(program.1)],
        };
        writer.parameters(&found, scene.parameters)?;
        if scene.read != scene.now {
            let items = found.list("items").ok_or_else(|| match found.text("template") {
                Some(template) => WriteBackError::OfTemplate {
                    scene: scene.name.to_owned(),
                    template: template.to_owned(),
                },
                None => WriteBackError::NoItems(scene.name.to_owned()),
            })?;
            writer.items("", &items, scene.read, scene.now)?;
        }
    }
    Ok(splices.done())
}

/// Whether `text` has one of these keys of the scene of that name.
#[must_use]
pub fn has_of_scene(text: &str, name: &str, keys: &[&str]) -> bool {
    let Ok(document) = Document::parse(text) else {
        return false;
    };
    let scene = Spot::root(document.as_table())
        .table("scene")
        .and_then(|all| all.table(name));
    scene.is_some_and(|scene| keys.iter().any(|key| scene.has(key)))
}

struct Writer<'w, 't> {
    splices: &'w mut Splices<'t>,
    scene: &'w str,
    program: [f64; 2],
}

impl Writer<'_, '_> {
    fn odd(&self, key: impl Into<String>) -> WriteBackError {
        WriteBackError::Odd {
            scene: self.scene.to_owned(),
            key: key.into(),
        }
    }

    /// Values of parameters: those of a template where they stand, those that a scene gives to its template beside the others.
    fn parameters(&mut self, scene: &Spot<'_>, values: &[(String, String)]) -> Result<(), WriteBackError> {
        if values.is_empty() {
            return Ok(());
        }
        let key = if scene.has("template") { "with" } else { "parameters" };
        let is_empty_or_missing = match scene.table(key) {
            Some(table) => table.is_empty(),
            None => true,
        };
        if is_empty_or_missing {
            let all = values
                .iter()
                .map(|(name, value)| format!("{} = {}", key_text(name), quoted(value)))
                .collect::<Vec<_>>();
            let text = format!("{{ {} }}", all.join(", "));
            return self.set(scene, "", key, &text);
        }
        let table = scene.table(key).ok_or_else(|| self.odd(key))?;
        for (name, value) in values {
            self.set(&table, key, name, &quoted(value))?;
        }
        Ok(())
    }

    fn set(&mut self, table: &Spot<'_>, path: &str, key: &str, value: &str) -> Result<(), WriteBackError> {
        if self.splices.set(table, key, value) {
            return Ok(());
        }
        Err(self.odd(format!("{path} {key}").trim().to_owned()))
    }

    /// The items of a scene or a group.
    fn items(&mut self, path: &str, listed: &[Spot<'_>], read: &[Item], now: &[Item]) -> Result<(), WriteBackError> {
        let names = listed_names(listed);
        let position = |item: &Item| names.iter().position(|name| *name == item.name);
        let mut heights = heights(now, &position);
        if read.iter().map(order).eq(now.iter().map(order)) {
            // What lies on what is as it was.
            heights.clear();
        }
        for item in now {
            let path = if path.is_empty() {
                item.name.clone()
            } else {
                format!("{path}/{}", item.name)
            };
            let missing = || WriteBackError::NoItem {
                scene: self.scene.to_owned(),
                item: path.clone(),
            };
            let spot = position(item).and_then(|at| listed.get(at)).ok_or_else(missing)?;
            let before = read.iter().find(|known| known.name == item.name).ok_or_else(missing)?;
            self.item(&path, spot, before, item)?;
            if let Some((_, z)) = heights.iter().find(|(name, _)| *name == item.name)
                && *z != before.z
            {
                self.set(spot, &path, "z", &z.to_string())?;
            }
            if let (Shown::Group(before), Shown::Group(now)) = (&before.what, &item.what)
                && before != now
            {
                let listed = spot.list("group").ok_or_else(|| self.odd(format!("{path} group")))?;
                self.items(&path, &listed, before, now)?;
            }
        }
        Ok(())
    }

    fn item(&mut self, path: &str, spot: &Spot<'_>, before: &Item, now: &Item) -> Result<(), WriteBackError> {
        if before.target != now.target {
            self.place(path, spot, now)?;
        }
        if before.fit != now.fit {
            let word = match now.fit {
                Fit::Contain => "\"contain\"",
                Fit::Cover => "\"cover\"",
                Fit::Stretch => "\"stretch\"",
            };
            self.set(spot, path, "fit", word)?;
        }
        if before.crop != now.crop {
            self.crop(path, spot, before.crop, now.crop)?;
        }
        if before.opacity.to_bits() != now.opacity.to_bits() {
            self.set(spot, path, "opacity", &format!("{:?}", now.opacity))?;
        }
        if before.is_hidden != now.is_hidden {
            self.set(spot, path, "hidden", if now.is_hidden { "true" } else { "false" })?;
        }
        if let (Shown::Text(before), Shown::Text(now)) = (&before.what, &now.what)
            && before.text != now.text
        {
            self.set(spot, path, "text", &quoted(&now.text))?;
        }
        Ok(())
    }

    /// Position and size, each as far as it has to be written.
    fn place(&mut self, path: &str, spot: &Spot<'_>, item: &Item) -> Result<(), WriteBackError> {
        let target = item.target;
        let wanted = [(target.x, target.width), (target.y, target.height)];
        let position = self.lengths(path, spot, "position")?;
        let size = self.lengths(path, spot, "size")?;
        let mut texts = [const { (String::new(), String::new()) }; 2];
        let mut is_new = (false, false);
        for axis in 0..2 {
            let whole = self.program[axis];
            // What is not written yet is written like the other one, and where neither is, in percent: it then fits every program.
            let unit = |lengths: &Option<[Length; 2]>| lengths.as_ref().map(|lengths| lengths[axis].written.unit);
            let other = |one, two: &Option<[Length; 2]>| unit(one).or(unit(two)).unwrap_or(Unit::Percent);
            let missing = |pixels, unit| Written { pixels, unit };
            let (from, long) = (
                position.as_ref().map_or_else(
                    || missing(0.0, other(&position, &size)),
                    |lengths| lengths[axis].written,
                ),
                size.as_ref().map_or_else(
                    || missing(whole, other(&size, &position)),
                    |lengths| lengths[axis].written,
                ),
            );
            let (new_from, new_long) =
                place(from, long, whole, wanted[axis]).ok_or_else(|| self.odd(format!("{path} position")))?;
            is_new.0 |= new_from.is_some();
            is_new.1 |= new_long.is_some();
            texts[axis] = (
                self.number(
                    new_from,
                    from.unit,
                    position.as_ref().map(|lengths| &lengths[axis]),
                    "0",
                ),
                self.number(
                    new_long,
                    long.unit,
                    size.as_ref().map(|lengths| &lengths[axis]),
                    "\"100%\"",
                ),
            );
        }
        let [(x, y), (width, height)] = {
            let [(x, width), (y, height)] = texts;
            [(x, y), (width, height)]
        };
        if position.is_none() && is_new.0 {
            self.set(spot, path, "position", &format!("[{x}, {y}]"))?;
        }
        if size.is_none() && is_new.1 {
            self.set(spot, path, "size", &format!("[{width}, {height}]"))?;
        }
        Ok(())
    }

    /// Writes a number in the place of the length that `was` there, and returns it as TOML has it, for where none was: `usual` says
    /// what is meant then by what is not written.
    fn number(&mut self, number: Option<Number>, unit: Unit, was: Option<&Length>, usual: &str) -> String {
        let quote = was.map_or("\"", |was| was.quote);
        let Some(number) = number else {
            return usual.to_owned();
        };
        let is_quoted = unit == Unit::Percent || was.is_some_and(|was| !was.quote.is_empty());
        let text = if is_quoted {
            let quote = if quote.is_empty() { "\"" } else { quote };
            format!("{quote}{}{quote}", number.text)
        } else {
            number.text
        };
        if let Some(was) = was {
            self.splices.put(was.span.clone(), text.clone());
        }
        text
    }

    /// The two lengths at `key`, if it is written.
    fn lengths(&self, path: &str, spot: &Spot<'_>, key: &str) -> Result<Option<[Length; 2]>, WriteBackError> {
        if !spot.has(key) {
            return Ok(None);
        }
        let array = spot
            .value(key)
            .and_then(Value::as_array)
            .filter(|array| array.len() == 2);
        let read = |axis: usize| self.length(array?.get(axis)?, self.program[axis]);
        match (read(0), read(1)) {
            (Some(across), Some(down)) => Ok(Some([across, down])),
            _ => Err(self.odd(format!("{path} {key}"))),
        }
    }

    fn length(&self, value: &Value, whole: f64) -> Option<Length> {
        let span = value.span()?;
        let (text, quote) = match value {
            Value::String(text) => {
                let quote = if self.splices.at(span.clone()).starts_with('\'') {
                    "'"
                } else {
                    "\""
                };
                (text.value().clone(), quote)
            }
            Value::Integer(number) => (number.value().to_string(), ""),
            Value::Float(number) => (number.value().to_string(), ""),
            _ => return None,
        };
        let written = Written::read(&text, whole)?;
        Some(Length { written, quote, span })
    }

    fn crop(&mut self, path: &str, spot: &Spot<'_>, before: Crop, now: Crop) -> Result<(), WriteBackError> {
        let sides = |crop: Crop| [crop.left, crop.top, crop.right, crop.bottom];
        let sides = ["left", "top", "right", "bottom"]
            .into_iter()
            .zip(sides(before).into_iter().zip(sides(now)));
        let changed: Vec<(&str, f32)> = sides
            .filter(|(_, (before, now))| before.to_bits() != now.to_bits())
            .map(|(side, (_, now))| (side, now))
            .collect();
        if let Some(table) = spot.table("crop").filter(|table| !table.is_empty()) {
            for (side, share) in changed {
                self.set(&table, &format!("{path} crop"), side, &format!("{share:?}"))?;
            }
            return Ok(());
        }
        let all: Vec<String> = changed
            .iter()
            .map(|(side, share)| format!("{side} = {share:?}"))
            .collect();
        self.set(spot, path, "crop", &format!("{{ {} }}", all.join(", ")))
    }
}

/// A length and where it stands.
struct Length {
    written: Written,
    /// None around a number.
    quote: &'static str,
    span: std::ops::Range<usize>,
}

fn order(item: &Item) -> (&str, i32) {
    (&item.name, item.z)
}

/// The `z` that each item needs so that they lie on each other as they do now: those that they have, but where two have the same one
/// and stand in the other order in the file.
fn heights<'i>(now: &'i [Item], position: &dyn Fn(&Item) -> Option<usize>) -> Vec<(&'i str, i32)> {
    let mut heights: Vec<(&str, i32)> = Vec::new();
    let mut below: Option<(i32, Option<usize>)> = None;
    for item in now {
        let at = position(item);
        let z = match below {
            Some((z, listed)) if listed < at => item.z.max(z),
            Some((z, _)) => item.z.max(z.saturating_add(1)),
            None => item.z,
        };
        heights.push((&item.name, z));
        below = Some((z, at));
    }
    heights
}

#[cfg(test)]
mod tests;
