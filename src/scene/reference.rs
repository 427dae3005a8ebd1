//! The tables of `docs/scenes.md`, made from the schema: the page cannot disagree with the program.

use std::fmt::Write;

use super::preset::Preset;
use super::schema::{self, Key, Kind, ROOT};
use super::shipped;
use crate::picture::PICTURE_PARAMS;
use crate::sound::{BUS_PARAMS, Param, ParamKind, STRIP_PARAMS, Value};

/// The reference of all keys, shipped presets and environment variables, in Markdown.
#[must_use]
pub fn reference_markdown() -> String {
    let mut page = String::new();
    section(&mut page, "Top level", "", ROOT);
    for key in ROOT {
        match key.kind {
            Kind::Table(keys) => tables(&mut page, key.name, key.doc, keys),
            Kind::Named(keys) => section(&mut page, &format!("`[{}.NAME]`", key.name), key.doc, keys),
            _ => {}
        }
    }
    page.push_str("### Shipped presets\n\n");
    for name in preset_names() {
        let _ = writeln!(page, "- [`{name}`](../presets/{name}.toml)");
    }
    page.push_str("\n### Shipped sound presets\n\n");
    stage_presets(&mut page, "sound", shipped::SOUND_PRESETS);
    page.push_str("\n### Shipped picture presets\n\n");
    stage_presets(&mut page, "picture", shipped::PICTURE_PRESETS);
    page.push_str("\n### Environment variables\n\n| variable | key |\n| --- | --- |\n");
    for (variable, path, _) in schema::variables() {
        let _ = writeln!(page, "| `{variable}` | `{path}` |");
    }
    page
}

/// A table and those in it, each under its heading.
fn tables(page: &mut String, path: &str, doc: &str, keys: &'static [Key]) {
    section(page, &format!("`[{path}]`"), doc, keys);
    for key in keys {
        if let Kind::Table(inner) = key.kind {
            tables(page, &format!("{path}.{}", key.name), key.doc, inner);
        }
    }
}

fn stage_presets(page: &mut String, folder: &str, presets: &[(&str, &str)]) {
    for (name, text) in presets {
        let title = Preset::read(name, name, text).ok().and_then(|preset| preset.title);
        let _ = writeln!(
            page,
            "- [`{name}`](../presets/{folder}/{name}.toml): {}",
            title.unwrap_or_default()
        );
    }
}

fn preset_names() -> impl Iterator<Item = &'static str> {
    std::iter::once(shipped::DEFAULT).chain(shipped::preset_names())
}

/// A table of keys under its heading.
pub(super) fn section(page: &mut String, title: &str, doc: &str, keys: &'static [Key]) {
    let _ = writeln!(page, "### {title}\n");
    if !doc.is_empty() {
        let _ = writeln!(page, "{}{}.\n", doc[..1].to_uppercase(), &doc[1..]);
    }
    page.push_str("| key | value | meaning |\n| --- | --- | --- |\n");
    for key in keys {
        row(page, key.name, key);
        // Tables inside lists have no header of their own: their keys follow here.
        if let Kind::List(inner) = key.kind {
            for key in inner {
                row(page, &format!("items[].{}", key.name), key);
                // What is in a group has the keys of items again.
                if let Kind::Table(inner) = key.kind {
                    for side in inner {
                        row(page, &format!("items[].{}.{}", key.name, side.name), side);
                    }
                }
            }
        }
    }
    page.push('\n');
}

fn row(page: &mut String, name: &str, key: &Key) {
    let default = default_of(key).map_or_else(String::new, |value| format!(" (default {value})"));
    let _ = writeln!(page, "| `{name}` | {} | {}{default} |", value(&key.kind), key.doc);
}

/// The default of a key that is a parameter of sound or picture: the others say it in their sentence.
fn default_of(key: &Key) -> Option<String> {
    fn shown<S: Default>(params: &[Param<S>], key: &Key) -> Option<String> {
        // The same name may be a key of something else: only the very sentence tells.
        let param = params
            .iter()
            .find(|param| param.name == key.name && param.doc == key.doc)?;
        Some(match (param.default_value(), param.kind) {
            (Value::Switch(is_on), _) => is_on.to_string(),
            (Value::Choice(at), ParamKind::Choice(words)) => format!("\"{}\"", words.get(at).unwrap_or(&"")),
            (value, ParamKind::Number { has_off: true, .. }) if param.show(value).to_string() == "off" => {
                "the lowest, which is off".to_owned()
            }
            (Value::Number(number), _) => number.to_string(),
            _ => return None,
        })
    }
    shown(STRIP_PARAMS, key)
        .or_else(|| shown(BUS_PARAMS, key))
        .or_else(|| shown(PICTURE_PARAMS, key))
}

fn value(kind: &Kind) -> String {
    match kind {
        Kind::Text => "text".to_owned(),
        Kind::Flag => "`true` or `false`".to_owned(),
        Kind::Integer(low, high) => format!("whole number, {low} to {high}"),
        Kind::OneOf(numbers) => {
            let numbers: Vec<String> = numbers.iter().map(|number| format!("`{number}`")).collect();
            numbers.join(", ")
        }
        Kind::Number(low, high) => format!("number, {low} to {high}"),
        Kind::Choice(words) => format!("`\"{}\"`", words.join("\"`, `\"")),
        Kind::Rate => "`30` or `\"30000/1001\"`".to_owned(),
        Kind::Lengths => "`[ACROSS, DOWN]`, each in pixels or as `\"50%\"`".to_owned(),
        Kind::Length => "a length in pixels or as `\"5%\"` of the height".to_owned(),
        Kind::Color => "`\"#rrggbb\"` or `\"#rrggbbaa\"`".to_owned(),
        Kind::Address => "address".to_owned(),
        Kind::Values => "table of texts".to_owned(),
        Kind::Secret => "text, `{ env = \"VARIABLE\" }` or `{ file = \"path\" }`".to_owned(),
        Kind::Texts => "list of texts".to_owned(),
        Kind::Table(_) => "table".to_owned(),
        Kind::Named(_) => "tables with names".to_owned(),
        Kind::List(_) => "list of tables".to_owned(),
    }
}
