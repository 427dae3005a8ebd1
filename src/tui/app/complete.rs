//! Completion of a command line, from the command table and the names in the studio.

use crate::studio::command::split_words;
use crate::studio::command::{ArgKind, CommandSpec, table};
use crate::studio::model::Studio;

/// What could stand at the end of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// Byte position in the line from which a candidate replaces it.
    pub start: usize,
    /// In the order of the table or of the studio.
    pub candidates: Vec<Candidate>,
    /// What is expected there, in words.
    pub hint: String,
}

/// One thing that could be meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// As it is put into the line, quoted where it must be.
    pub word: String,
    /// What it is, in a few words; empty for names.
    pub doc: &'static str,
}

impl Completion {
    /// As far as all candidates agree.
    #[must_use]
    pub fn common(&self) -> &str {
        let Some((first, rest)) = self.candidates.split_first() else {
            return "";
        };
        let mut end = first.word.len();
        for other in rest {
            let same = first
                .word
                .bytes()
                .zip(other.word.bytes())
                .take_while(|(a, b)| a == b)
                .count();
            end = end.min(same);
        }
        while !first.word.is_char_boundary(end) {
            end -= 1;
        }
        &first.word[..end]
    }
}

/// What could stand at the end of `line`.
#[must_use]
pub fn complete(line: &str, studio: &Studio) -> Completion {
    let words = split_words(line);
    let is_open_quote = line.matches('"').count() % 2 == 1;
    let is_between = line.is_empty() || (line.ends_with(char::is_whitespace) && !is_open_quote);
    for take in [2, 1] {
        let is_complete = words.len() > take || (words.len() == take && is_between);
        if !is_complete {
            continue;
        }
        if let Some(spec) = table::spec(&words[..take].join(" ")) {
            let partial = if is_between { None } else { words.last() };
            let at = words.len() - take - usize::from(partial.is_some());
            return complete_argument(line, spec, at, partial.map_or("", String::as_str), studio);
        }
    }
    let typed = words.join(" ");
    let start = line.len() - line.trim_start().len();
    let typed = if is_between && !typed.is_empty() {
        typed + " "
    } else {
        typed
    };
    Completion {
        start,
        candidates: table::TABLE
            .iter()
            .filter(|spec| spec.name.starts_with(&typed))
            .map(|spec| Candidate {
                word: spec.name.to_owned(),
                doc: spec.doc,
            })
            .collect(),
        hint: String::new(),
    }
}

fn complete_argument(line: &str, spec: &'static CommandSpec, at: usize, partial: &str, studio: &Studio) -> Completion {
    let names = |names: Vec<&str>| -> Vec<Candidate> {
        names
            .into_iter()
            .filter(|name| name.starts_with(partial))
            .map(|name| Candidate {
                word: quoted(name),
                doc: "",
            })
            .collect()
    };
    let candidates = match spec.args.get(at).map(|arg| arg.kind) {
        Some(ArgKind::Scene) => names(studio.scenes.iter().map(|scene| scene.name.as_str()).collect()),
        Some(ArgKind::Strip) => names(studio.strips.iter().map(|strip| strip.name.as_str()).collect()),
        Some(ArgKind::Source) => names(studio.sources.iter().map(|source| source.name.as_str()).collect()),
        Some(ArgKind::Destination) => names(studio.destinations.iter().map(|to| to.name.as_str()).collect()),
        Some(ArgKind::Choice(words)) => names(words.to_vec()),
        _ => Vec::new(),
    };
    Completion {
        start: word_start(line, partial),
        candidates,
        hint: spec.args.get(at).map_or_else(
            || spec.doc.to_owned(),
            |arg| format!("{}: {} ({})", spec.usage(), arg.name, arg.kind.expected()),
        ),
    }
}

/// Where the last word of the line begins, its opening quote included.
fn word_start(line: &str, partial: &str) -> usize {
    if let Some(quote) = line.rfind('"').filter(|_| line.matches('"').count() % 2 == 1) {
        return quote;
    }
    if partial.is_empty() {
        return line.len();
    }
    line.rfind(char::is_whitespace)
        .map_or(0, |at| at + line[at..].chars().next().map_or(1, char::len_utf8))
}

fn quoted(name: &str) -> String {
    if name.contains(char::is_whitespace) {
        format!("\"{name}\"")
    } else {
        name.to_owned()
    }
}
