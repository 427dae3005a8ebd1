//! Where the tables of a text of TOML stand: each header with the lines that belong to it, comments right above it included.
//!
//! Splices change values; a table that is to be taken out, moved or named otherwise needs to know where it begins and ends, which
//! the parser does not say. It says where headers are, and everything up to the next one belongs to a table.

use std::ops::Range;

use toml_edit::{Array, Document, InlineTable, Item, Table, Value};

/// A table with a header of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// The names in its header, from the outermost to the innermost.
    pub path: Vec<String>,
    /// Whether it is one of a list: `[[…]]`.
    pub is_entry: bool,
    /// The header, brackets included.
    pub header: Range<usize>,
    /// From the first line of the comment above the header to the end of the last line that belongs to it.
    pub body: Range<usize>,
}

impl Block {
    /// Whether it is the table of that path, or one within it.
    pub fn is_within(&self, path: &[&str]) -> bool {
        self.path.len() >= path.len() && self.path.iter().zip(path).all(|(one, other)| one == other)
    }
}

/// All tables with headers, in the order of the text.
pub(super) fn blocks(text: &str, document: &Document<&str>) -> Vec<Block> {
    let mut found = Vec::new();
    let mut ends = Vec::new();
    collect(document.as_table(), &mut Vec::new(), &mut found, &mut ends);
    found.sort_by_key(|(_, _, header)| header.start);
    ends.extend(found.iter().map(|(_, _, header)| header.end));
    ends.sort_unstable();
    let starts: Vec<usize> = found
        .iter()
        .map(|(_, _, header)| {
            // What a value says is no comment, whatever its last line looks like.
            let floor = ends.iter().rev().find(|end| **end <= header.start).copied();
            with_comment(text, header.start, floor.unwrap_or(0))
        })
        .collect();
    let until = starts.iter().skip(1).copied().chain([text.len()]);
    let blocks = found.into_iter().zip(starts.iter().copied().zip(until));
    blocks
        .map(|((path, is_entry, header), (start, until))| {
            let last = ends.iter().rev().find(|end| **end <= until).copied();
            let end = with_comments_below(text, last.unwrap_or(header.end).max(header.end), until);
            Block {
                path,
                is_entry,
                header,
                body: start..end,
            }
        })
        .collect()
}

/// The end of the line in which `at` is, or of the last of the comments that stand right below it. What comes after an empty line is
/// about something else.
fn with_comments_below(text: &str, at: usize, until: usize) -> usize {
    let mut end = line_of(text, at, until);
    loop {
        let Some(below) = text
            .get(end..until)
            .and_then(|rest| rest.strip_prefix("\r\n").or(rest.strip_prefix('\n')))
        else {
            return end;
        };
        if !below.trim_start_matches([' ', '\t']).starts_with('#') {
            return end;
        }
        end = line_of(text, until - below.len(), until);
    }
}

/// Where the line ends in which `at` is, its line end left out.
pub(super) fn line_of(text: &str, at: usize, until: usize) -> usize {
    let rest = text.get(at..until).unwrap_or_default();
    let line = rest.split('\n').next().unwrap_or_default();
    at + line.trim_end_matches('\r').len()
}

type Found = (Vec<String>, bool, Range<usize>);

fn collect(table: &Table, path: &mut Vec<String>, found: &mut Vec<Found>, ends: &mut Vec<usize>) {
    for (key, item) in table {
        path.push(key.to_owned());
        match item {
            Item::Table(inner) => {
                if !inner.is_implicit() && !inner.is_dotted() {
                    found.extend(inner.span().map(|span| (path.clone(), false, span)));
                }
                collect(inner, path, found, ends);
            }
            Item::ArrayOfTables(entries) => {
                for inner in entries {
                    found.extend(inner.span().map(|span| (path.clone(), true, span)));
                    collect(inner, path, found, ends);
                }
            }
            Item::Value(Value::InlineTable(inner)) if inner.is_dotted() => dotted(inner, ends),
            Item::Value(value) => ends.extend(value.span().map(|span| span.end)),
            Item::None => {}
        }
        path.pop();
    }
}

fn dotted(table: &InlineTable, ends: &mut Vec<usize>) {
    for (_, value) in table {
        match value {
            Value::InlineTable(inner) if inner.is_dotted() => dotted(inner, ends),
            value => ends.extend(value.span().map(|span| span.end)),
        }
    }
}

/// Where the comment begins that stands right above `at`, or else the line in which `at` is. The comment at the very beginning of a
/// text is about all of it.
fn with_comment(text: &str, at: usize, floor: usize) -> usize {
    let line_start = |at: usize| {
        text.get(..at)
            .and_then(|before| before.rfind('\n'))
            .map_or(0, |found| found + 1)
    };
    let own = line_start(at);
    let mut start = own;
    while start > floor {
        let above = line_start(start - 1);
        let is_comment = above >= floor
            && text
                .get(above..start)
                .is_some_and(|line| line.trim_start().starts_with('#'));
        if !is_comment {
            break;
        }
        start = above;
    }
    // A byte order mark goes before everything.
    if text
        .get(..start)
        .is_some_and(|before| before.trim_start_matches('\u{feff}').is_empty())
    {
        own
    } else {
        start
    }
}

/// The lines that are to go when `range` does: with the empty ones behind it, or before it where it is the last.
pub(super) fn with_gap(text: &str, range: &Range<usize>) -> Range<usize> {
    let rest = text.get(range.end..).unwrap_or_default();
    let blank = rest.len() - rest.trim_start().len();
    let is_last = blank == rest.len();
    if is_last {
        let before = text.get(..range.start).unwrap_or_default();
        // The text ends as it did before.
        return before.trim_end().len()..range.end;
    }
    // Not the indentation of what comes behind.
    let gap = rest
        .get(..blank)
        .and_then(|gap| gap.rfind('\n'))
        .map_or(0, |found| found + 1);
    range.start..range.end + gap
}

/// Where an entry of a list stands, the comma and the blanks that go with it included.
pub(super) fn entry_with_comma(text: &str, list: &Array, at: usize) -> Option<Range<usize>> {
    let span = |at: usize| list.get(at).and_then(Value::span);
    let own = span(at)?;
    if let Some(next) = span(at + 1) {
        return Some(own.start..next.start);
    }
    let Some(before) = at.checked_sub(1).and_then(span) else {
        // The only one: a comma behind it goes as well.
        let whole = list.span()?;
        return Some(whole.start + 1..whole.end.saturating_sub(1));
    };
    // The comma that stood between the two goes, one behind the last stays.
    let between = text.get(before.end..own.start)?;
    between.contains(',').then_some(before.end..own.end)
}

/// What comes before the first key of the line in which `at` is.
pub(super) fn indentation(text: &str, at: usize) -> &str {
    let before = text.get(..at).unwrap_or_default();
    let line = before.rfind('\n').map_or(0, |found| found + 1);
    let line = text.get(line..).unwrap_or_default();
    let blanks = line.len() - line.trim_start_matches([' ', '\t']).len();
    line.get(..blanks).unwrap_or_default()
}

/// How the lines of a text end.
pub(super) fn line_end(text: &str) -> &'static str {
    if text.contains("\r\n") { "\r\n" } else { "\n" }
}
