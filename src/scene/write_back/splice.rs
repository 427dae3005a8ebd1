//! Changes to a text of TOML that leave everything else as it is, to the byte: the parser says where each value stands, and only
//! those places are cut out and filled anew.
//!
//! A document that is changed in the parser's own tree and printed again would lose what the tree does not keep, line ends above
//! all. What was not cut out here cannot change.

use std::fmt::Write as _;

use std::ops::Range;

use toml_edit::{Item, Key, TableLike, Value};

/// A text, and what is to be changed in it.
pub(super) struct Splices<'t> {
    text: &'t str,
    /// Ranges do not overlap. At the same place, in the order in which they came.
    cuts: Vec<(Range<usize>, String)>,
}

/// A table within the text, whatever way it is written.
#[derive(Clone)]
pub(super) struct Spot<'d> {
    like: &'d dyn TableLike,
    is_inline: bool,
    /// The header of a table, or all of an inline one. A table that is only a part of other tables' names has none.
    head: Option<Range<usize>>,
    /// What keys begin with that are added: the table was written as a part of dotted keys.
    prefix: String,
}

impl<'d> Spot<'d> {
    /// The whole document.
    pub fn root(table: &'d toml_edit::Table) -> Self {
        Self {
            like: table,
            is_inline: false,
            head: None,
            prefix: String::new(),
        }
    }

    /// The table called `key` in this one.
    pub fn table(&self, key: &str) -> Option<Self> {
        let dotted = |like| Self {
            like,
            is_inline: self.is_inline,
            head: self.head.clone(),
            prefix: format!("{}{}.", self.prefix, key_text(key)),
        };
        match self.like.get(key)? {
            Item::Table(table) if table.is_dotted() => Some(dotted(table)),
            Item::Table(table) => Some(Self {
                like: table,
                is_inline: false,
                head: table.span().filter(|_| !table.is_implicit()),
                prefix: String::new(),
            }),
            Item::Value(Value::InlineTable(table)) if table.is_dotted() => Some(dotted(table)),
            Item::Value(Value::InlineTable(table)) => Some(Self::inline(table)),
            _ => None,
        }
    }

    fn inline(table: &'d toml_edit::InlineTable) -> Self {
        Self {
            like: table,
            is_inline: true,
            head: table.span(),
            prefix: String::new(),
        }
    }

    /// The tables in the list called `key`, if it is one.
    pub fn list(&self, key: &str) -> Option<Vec<Self>> {
        match self.like.get(key)? {
            Item::ArrayOfTables(tables) => Some(
                tables
                    .iter()
                    .map(|table| Self {
                        like: table,
                        is_inline: false,
                        head: table.span(),
                        prefix: String::new(),
                    })
                    .collect(),
            ),
            Item::Value(Value::Array(entries)) => {
                let table = |entry: &'d Value| entry.as_inline_table().map(Self::inline);
                entries.iter().map(table).collect()
            }
            _ => None,
        }
    }

    /// Whether anything is called `key`.
    pub fn has(&self, key: &str) -> bool {
        self.like.get(key).is_some()
    }

    /// The value called `key`.
    pub fn value(&self, key: &str) -> Option<&'d Value> {
        self.like.get(key)?.as_value()
    }

    /// The text called `key`.
    pub fn text(&self, key: &str) -> Option<&'d str> {
        self.value(key)?.as_str()
    }

    /// What is called `key`, and the key as it is written.
    pub fn entry(&self, key: &str) -> Option<(&'d Key, &'d Item)> {
        Some((self.like.key(key)?, self.like.get(key)?))
    }

    /// The names in it, in the order of the text.
    pub fn names(&self) -> Vec<String> {
        self.like.iter().map(|(name, _)| name.to_owned()).collect()
    }

    /// Whether it stands between braces.
    pub fn is_inline(&self) -> bool {
        self.is_inline
    }

    /// Its header, or all of it between braces.
    pub fn header(&self) -> Option<Range<usize>> {
        self.head.clone()
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.like.is_empty()
    }

    /// Where the last value ends that stands in this very table.
    fn end(&self) -> Option<usize> {
        end_of(self.like)
    }
}

/// Where the last value of a table ends, those of tables with headers of their own left out.
fn end_of(table: &dyn TableLike) -> Option<usize> {
    let ends = table.iter().filter_map(|(_, item)| match item {
        Item::Value(Value::InlineTable(inner)) if inner.is_dotted() => end_of(inner),
        Item::Value(value) => value.span().map(|span| span.end),
        Item::Table(inner) if inner.is_dotted() => end_of(inner),
        _ => None,
    });
    ends.max()
}

impl<'t> Splices<'t> {
    /// Nothing is to be changed yet.
    pub fn new(text: &'t str) -> Self {
        Self { text, cuts: Vec::new() }
    }

    /// The text as it stands at `range`.
    pub fn at(&self, range: Range<usize>) -> &'t str {
        self.text.get(range).unwrap_or_default()
    }

    /// Puts `with` in the place of `range`.
    pub fn put(&mut self, range: Range<usize>, with: String) {
        self.cuts.push((range, with));
    }

    /// Sets `key` in a table to what `value` says in TOML: in its place, or after everything else that the table has. Whether that
    /// could be done: a key that is no value, and a table without a place of its own, are left alone.
    pub fn set(&mut self, table: &Spot<'_>, key: &str, value: &str) -> bool {
        match table.like.get(key) {
            Some(item) => match item.as_value().and_then(Value::span) {
                Some(span) => {
                    self.put(span, value.to_owned());
                    true
                }
                None => false,
            },
            None => self.add(table, &format!("{}{} = {value}", table.prefix, key_text(key))),
        }
    }

    fn add(&mut self, table: &Spot<'_>, assignment: &str) -> bool {
        match (table.is_inline, table.end(), &table.head) {
            (true, Some(end), _) => self.put(end..end, format!(", {assignment}")),
            (true, None, Some(all)) => self.put(all.clone(), format!("{{ {assignment} }}")),
            (false, Some(end), _) => self.add_line(end, self.indentation(end), assignment),
            (false, None, Some(head)) => self.add_line(head.end, self.indentation(head.end), assignment),
            (_, None, None) => return false,
        }
        true
    }

    /// A line after that in which `at` is.
    fn add_line(&mut self, at: usize, indentation: &'t str, assignment: &str) {
        let rest = self.text.get(at..).unwrap_or_default();
        let (end, line_end) = match rest.find('\n') {
            Some(found) if rest[..found].ends_with('\r') => (at + found - 1, "\r\n"),
            Some(found) => (at + found, "\n"),
            // The last line: a new one ends as the others do, and the text as before.
            None if self.text.contains("\r\n") => (self.text.len(), "\r\n"),
            None => (self.text.len(), "\n"),
        };
        self.put(end..end, format!("{line_end}{indentation}{assignment}"));
    }

    /// The blanks before the first key of the line in which `at` is. A value of several lines ends in another line than it began
    /// in, but that line says more often than not how deep its table stands.
    fn indentation(&self, at: usize) -> &'t str {
        let before = self.text.get(..at).unwrap_or_default();
        let line = before.rfind('\n').map_or(0, |found| found + 1);
        let line = &self.text[line..];
        let blanks = line.len() - line.trim_start_matches([' ', '\t']).len();
        &line[..blanks]
    }

    /// The changed text.
    pub fn done(mut self) -> String {
        self.cuts.sort_by_key(|(range, _)| range.start);
        let mut made = String::with_capacity(self.text.len());
        let mut from = 0;
        for (range, with) in &self.cuts {
            made.push_str(self.text.get(from..range.start).unwrap_or_default());
            made.push_str(with);
            from = range.end;
        }
        made.push_str(self.text.get(from..).unwrap_or_default());
        made
    }
}

/// `text` as TOML has it in one line.
pub(in crate::scene) fn quoted(text: &str) -> String {
    let mut made = String::with_capacity(text.len() + 2);
    made.push('"');
    for character in text.chars() {
        match character {
            '"' => made.push_str("\\\""),
            '\\' => made.push_str("\\\\"),
            '\n' => made.push_str("\\n"),
            '\t' => made.push_str("\\t"),
            control if control.is_control() => {
                // Writing into a text cannot fail.
                let _ = write!(made, "\\u{:04X}", u32::from(control));
            }
            other => made.push(other),
        }
    }
    made.push('"');
    made
}

/// A key as TOML has it.
pub(super) fn key_text(key: &str) -> String {
    let is_bare = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_');
    if !key.is_empty() && key.chars().all(is_bare) {
        key.to_owned()
    } else {
        quoted(key)
    }
}
