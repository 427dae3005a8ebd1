//! The help, made of the keymap and the command table: what it says is what is done.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Scene;
use super::pane::{popup, popup_area};
use super::text::Row;
use crate::studio::command::table::TABLE;
use crate::studio::command::{self, split_words};
use crate::tui::app::UiState;
use crate::tui::keymap::{Binding, Context, Keymap};

const WIDTH: u16 = 118;

/// From this width on there is room for the command and its sentence; below it the sentence alone is shown, which is what
/// somebody who looks for help needs.
const WIDE: u16 = 100;

enum Line<'a> {
    Blank,
    Heading(&'a str),
    Entry {
        keys: String,
        what: String,
        doc: &'static str,
    },
}

/// Where the help stands.
pub fn area(body: Rect, ui: &UiState) -> Rect {
    popup_area(body, WIDTH, lines(&ui.keymap, ui.context()).len() as u16 + 2)
}

pub fn draw(buf: &mut Buffer, body: Rect, scroll: u16, scene: &Scene<'_>) {
    let theme = scene.theme;
    let lines = lines(&scene.ui.keymap, scene.ui.context());
    let height = lines.len() as u16 + 2;
    let title = "HELP · every key is a command, every command can be scripted: rigcast ctl COMMAND";
    let inner = popup(buf, body, WIDTH, height, title, theme.accent(), theme.strong());
    let room = usize::from(inner.height);
    let first = usize::from(scroll).min(lines.len().saturating_sub(room));
    for (y, line) in lines.iter().skip(first).take(room).enumerate() {
        let mut row = Row::new(buf, inner, y as u16);
        row.skip(1);
        match line {
            Line::Blank => {}
            Line::Heading(text) => {
                row.put(text, theme.strong());
            }
            Line::Entry { keys, what, doc } => {
                row.skip(1).column(keys, 12, theme.accent()).skip(1);
                if inner.width > WIDE {
                    row.column(what, 34, theme.text()).skip(1).put(doc, theme.label());
                } else if is_said_twice(&lines, doc) {
                    row.put(&without_placeholders(what), theme.text());
                } else {
                    row.put(doc, theme.label());
                }
            }
        }
    }
    if lines.len() > room {
        let edge = Rect {
            y: inner.bottom(),
            height: 1,
            ..inner
        };
        let last = (first + room).min(lines.len());
        Row::new(buf, edge, 0).put(
            &format!(" ↑ ↓ {}-{last} of {} · esc closes ", first + 1, lines.len()),
            theme.label(),
        );
    }
}

/// Whether several lines have the same sentence: then only their commands tell them apart.
fn is_said_twice(lines: &[Line<'_>], sentence: &str) -> bool {
    let says = |line: &&Line<'_>| matches!(line, Line::Entry { doc, .. } if *doc == sentence);
    lines.iter().filter(says).nth(1).is_some()
}

/// `gain {strip} +1` as `gain +1`.
fn without_placeholders(line: &str) -> String {
    line.split(' ')
        .filter(|word| !word.starts_with('{'))
        .collect::<Vec<_>>()
        .join(" ")
}

/// All lines: the keys under their headings, then the commands that have no key. On a page, its own keys come first, and
/// those that do something else there are left out.
fn lines(keymap: &Keymap, context: Context) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    let mut shown: Vec<&Binding> = match context {
        Context::Everywhere => keymap.bindings().iter().collect(),
        _ => keymap.active(context).collect(),
    };
    if context != Context::Everywhere {
        shown.sort_by_key(|binding| context.rank(binding.context));
    }
    let mut sections: Vec<&str> = Vec::new();
    for binding in &shown {
        if !sections.contains(&binding.section.as_str()) {
            sections.push(&binding.section);
        }
    }
    let bound: Vec<&'static str> = keymap
        .bindings()
        .iter()
        .filter_map(|binding| Some(command::find(&split_words(&binding.line)).ok()?.0.name))
        .collect();
    for section in sections {
        if !lines.is_empty() {
            lines.push(Line::Blank);
        }
        lines.push(Line::Heading(section));
        let mut entries: Vec<(String, &str, &'static str)> = Vec::new();
        for binding in shown.iter().filter(|binding| binding.section == section) {
            let Ok((spec, _)) = command::find(&split_words(&binding.line)).map(|(spec, args)| (spec, args.len()))
            else {
                continue;
            };
            // Keys that do the same stand together.
            match entries.iter_mut().find(|(_, line, _)| *line == binding.line) {
                Some((keys, ..)) => *keys = format!("{keys}, {}", binding.keys_text()),
                None => entries.push((binding.keys_text(), &binding.line, spec.doc)),
            }
        }
        lines.extend(folded(entries));
    }
    lines.push(Line::Blank);
    lines.push(Line::Heading("Commands without a key, typed after :"));
    lines.extend(
        TABLE
            .iter()
            .filter(|spec| !bound.contains(&spec.name))
            .map(|spec| Line::Entry {
                keys: ":".to_owned(),
                what: spec.usage(),
                doc: spec.doc,
            }),
    );
    lines
}

/// Entries as lines; the row `1` to `9` of the same command with its own number becomes one.
fn folded(entries: Vec<(String, &str, &'static str)>) -> Vec<Line<'static>> {
    let mut lines: Vec<Line<'static>> = Vec::new();
    let mut run: Option<(String, String)> = None;
    for (keys, line, doc) in entries {
        let stem = line
            .strip_suffix(keys.as_str())
            .filter(|_| keys.len() == 1 && keys.as_bytes()[0].is_ascii_digit());
        if let (Some(stem), Some((first, before))) = (stem, &run)
            && stem == before
            && let Some(Line::Entry { keys: shown, what, .. }) = lines.last_mut()
        {
            *shown = format!("{first} … {keys}");
            *what = format!("{stem}{first} … {keys}");
            continue;
        }
        run = stem.map(|stem| (keys.clone(), stem.to_owned()));
        lines.push(Line::Entry {
            keys,
            what: line.to_owned(),
            doc,
        });
    }
    lines
}
