//! A keymap file as it is read: every binding with its place, and what is wrong with the place of that.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::node::Node;
use super::{Binding, Context, Key, KeymapError, Origin, placeholder};

/// Reads a file into one trie per context.
///
/// # Errors
/// The first thing that is wrong in it.
pub fn read(file: &str, text: &str, first: usize) -> Result<Vec<(Context, Node)>, KeymapError> {
    let name: Arc<str> = file.into();
    let origin = |offset: usize| origin(&name, text, offset);
    let error = |offset: usize, problem: String| KeymapError {
        at: origin(offset),
        problem,
    };
    let document = toml_edit::Document::parse(text).map_err(|e| {
        let span = e.span().unwrap_or(0..0);
        let problem = e.message().to_owned();
        match first_of(text, &span).filter(|_| problem == "duplicate key") {
            Some((word, before)) => error(span.start, bound_twice(&word, &origin(before))),
            None => error(span.start, problem),
        }
    })?;
    let mut found: Vec<(usize, Binding)> = Vec::new();
    for (section, item) in document.iter() {
        let at = |key: Option<&toml_edit::Key>| key.and_then(toml_edit::Key::span).map_or(0, |span| span.start);
        let Some(table) = item.as_table() else {
            let problem = format!("'{section}' must be a table of keys");
            return Err(error(at(document.key(section)), problem));
        };
        for (name, item) in table {
            let at = at(table.key(name));
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
                origin: origin(at),
                order: 0,
            };
            found.push((at, binding));
        }
    }
    found.sort_by_key(|(at, _)| *at);
    let mut tries: HashMap<Context, Node> = HashMap::new();
    for (number, (at, mut binding)) in found.into_iter().enumerate() {
        binding.order = first + number;
        let trie = tries.entry(binding.context).or_default();
        let binding = Arc::new(binding);
        if let Err(other) = trie.insert(&binding.keys, Arc::clone(&binding)) {
            let (this, that) = (binding.keys_text(), other.keys_text());
            let problem = if this == that {
                bound_twice(&this, &other.origin)
            } else {
                format!(
                    "keys '{this}' and '{that}' ({}) begin alike: one of them could never be reached",
                    other.origin
                )
            };
            return Err(error(at, problem));
        }
    }
    Ok(tries.into_iter().collect())
}

fn bound_twice(key: &str, before: &Origin) -> String {
    format!("key '{key}' is bound twice: here and at {before}")
}

/// The place of a byte of the file.
fn origin(file: &Arc<str>, text: &str, offset: usize) -> Origin {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    Origin {
        file: Arc::clone(file),
        line: before.matches('\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
    }
}

/// Where what stands at `span` a second time stood for the first time: a heading among the headings, a key in its table. A
/// parser says only where the second one is.
fn first_of(text: &str, span: &Range<usize>) -> Option<(String, usize)> {
    let line_of = |offset: usize| text[..offset].rfind('\n').map_or(0, |at| at + 1);
    let this = line_of(span.start.min(text.len()));
    let lines = || {
        let mut at = 0;
        text.split_inclusive('\n').map(move |line| {
            let start = at;
            at += line.len();
            (start, line)
        })
    };
    let is_heading = |line: &str| line.trim_start().starts_with('[');
    let word = |line: &str| {
        let line = line.trim();
        let word = match line.strip_prefix('[') {
            Some(heading) => heading.split(']').next()?,
            None => match line.chars().next()? {
                quote @ ('"' | '\'') => line[1..].split(quote).next()?,
                _ => line.split('=').next()?,
            },
        };
        Some(word.trim().trim_matches(['"', '\'']).to_owned())
    };
    let (_, second) = lines().find(|(start, _)| *start == this)?;
    let wanted = word(second)?;
    let table = lines()
        .take_while(|(start, _)| *start < this)
        .fold(None, |last, it| if is_heading(it.1) { Some(it) } else { last });
    let from = table
        .filter(|_| !is_heading(second))
        .map_or(0, |(start, line)| start + line.len());
    let (start, line) = lines()
        .filter(|(start, line)| (from..this).contains(start) && is_heading(line) == is_heading(second))
        .find(|(_, line)| word(line).as_ref() == Some(&wanted))?;
    Some((wanted, start + line.len() - line.trim_start().len()))
}
