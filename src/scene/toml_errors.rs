//! What the TOML parser complains about, said as somebody would who looks over one's shoulder: what to write instead.
//!
//! The parser knows what it expected; the text around the place often tells what was meant.

use std::ops::Range;

/// What is wrong at `span` of `text`, of which the parser says `message`, and what would be right.
pub(super) fn remedy(message: &str, text: &str, span: &Range<usize>) -> String {
    let rest = text.get(span.start..).unwrap_or_default();
    let line_start = text
        .get(..span.start)
        .unwrap_or_default()
        .rfind('\n')
        .map_or(0, |at| at + 1);
    let before = text.get(line_start..span.start).unwrap_or_default();
    let is_conflict = |line: &str| {
        ["<<<<<<<", ">>>>>>>", "======="]
            .iter()
            .any(|mark| line.starts_with(mark))
    };
    let line = text
        .get(line_start..)
        .unwrap_or_default()
        .lines()
        .next()
        .unwrap_or_default();
    if is_conflict(line) {
        return "a merge conflict that nobody has resolved: keep one side and take the marks out".to_owned();
    }
    if text.trim_start().starts_with('{') {
        return "this looks like JSON: a scene file is TOML, lines of key = value under [tables], without braces around them"
            .to_owned();
    }
    // What the parser says first is what is wrong; what it expected comes behind.
    let problem = message.split([',', '\n']).next().unwrap_or_default();
    match problem {
        "string values must be quoted" => unquoted(rest),
        "duplicate key" => format!(
            "\"{}\" is there already: a key or a table stands once in a file; put the two together",
            word(rest)
        ),
        "key with no value" => format!("write it as {} = value", before.trim_end().trim_end_matches(':')),
        "missing comma between array elements" => {
            "a comma is missing before this, or the ] of the list that begins above".to_owned()
        }
        "invalid inline table element" | "missing comma between inline table elements" => {
            "a comma is missing before this, or the } of the table that begins above".to_owned()
        }
        "unexpected key or value" if rest.starts_with(',') && before.ends_with(|c: char| c.is_ascii_digit()) => {
            "a decimal comma: write a point, as 2.5".to_owned()
        }
        "unexpected key or value" => {
            "there is more behind this value than belongs to it: one key in each line, comments behind a #".to_owned()
        }
        "unclosed table" => "the ] of this table is missing".to_owned(),
        "invalid basic string" | "invalid literal string" if rest.is_empty() || rest.starts_with(['\n', '\r']) => {
            let quote = if problem.contains("basic") { '"' } else { '\'' };
            format!("the text that begins in this line has no {quote} at its end")
        }
        "invalid basic string" | "invalid literal string" | "invalid multi-line basic string" => {
            "this character cannot stand in a text: take it out (it is often not to be seen)".to_owned()
        }
        "too few unicode value digits"
        | "missing escaped value"
        | "invalid escape sequence"
        | "too few hexadecimal digits" => {
            "a \\ in a text begins a special character: write / or \\\\ in paths, or put the text between single quotes"
                .to_owned()
        }
        "invalid unquoted key" | "invalid key" | "invalid key-value pair" | "invalid bare key" => {
            "not a key: letters a to z, digits, - and _; others need quotes, as \"größe\"".to_owned()
        }
        _ => message.replace('\n', "; "),
    }
}

/// The first word of `rest`.
fn word(rest: &str) -> &str {
    let end = rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_' | '.')));
    rest.get(..end.unwrap_or(rest.len())).unwrap_or_default()
}

/// A value that is neither a number, nor true or false, nor in quotes.
fn unquoted(rest: &str) -> String {
    let value = word(rest);
    let digits = value.trim_start_matches(['-', '+']);
    if matches!(value.to_lowercase().as_str(), "yes" | "on" | "true") {
        return "write true".to_owned();
    }
    if matches!(value.to_lowercase().as_str(), "no" | "off" | "false") {
        return "write false".to_owned();
    }
    if digits.starts_with(|c: char| c.is_ascii_digit()) {
        return "a number stands alone, without its unit, which the key says; text needs quotes".to_owned();
    }
    if rest.starts_with(['“', '”', '„', '«', '‘', '’']) {
        return "these are quotes of a text program: write straight ones, as \"text\"".to_owned();
    }
    "text needs quotes, as \"text\"".to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_text_panics(message in "(string values must be quoted|duplicate key|unexpected key or value|other)", text in ".{0,40}", start in 0..60_usize) {
            let said = super::remedy(&message, &text, &(start..start + 1));
            prop_assert!(!said.is_empty());
        }
    }
}
