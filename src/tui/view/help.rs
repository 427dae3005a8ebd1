//! The help, made of the keymap and the command table: what it says is what is done.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Scene;
use super::pane::{popup, popup_area};
use super::pending;
use super::text::Row;
use crate::studio::command::table::TABLE;
use crate::studio::command::{self, CommandSpec, split_words};
use crate::tui::app::UiState;
use crate::tui::keymap::{Binding, Context, Keymap};

const WIDTH: u16 = 118;

/// From this width on there is room for the command and its sentence; below it the sentence alone is shown, which is what
/// somebody who looks for help needs.
const WIDE: u16 = 100;

enum Line {
    Blank,
    Heading(String),
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
fn is_said_twice(lines: &[Line], sentence: &str) -> bool {
    let says = |line: &&Line| matches!(line, Line::Entry { doc, .. } if *doc == sentence);
    lines.iter().filter(says).nth(1).is_some()
}

/// `gain {strip} +1` as `gain +1`.
fn without_placeholders(line: &str) -> String {
    line.split(' ')
        .filter(|word| !word.starts_with('{'))
        .collect::<Vec<_>>()
        .join(" ")
}

/// All lines: the keys that do something here, under their headings, those of this very place first; then the keys that do
/// nothing here, with where they hold; then the commands that have no key.
fn lines(keymap: &Keymap, context: Context) -> Vec<Line> {
    let mut here: Vec<&Binding> = keymap.active(context).collect();
    let layers = context.layers();
    let nearness = |binding: &Binding| layers.iter().rev().position(|layer| *layer == binding.context);
    here.sort_by_key(|binding| nearness(binding));
    let mut lines = sections(&here, |section, _| section.to_owned());
    let elsewhere: Vec<&Binding> = keymap.bindings().into_iter().filter(|it| !here.contains(it)).collect();
    if !elsewhere.is_empty() {
        lines.push(Line::Blank);
        lines.push(Line::Heading("NOT HERE, BUT".to_owned()));
        lines.extend(sections(&elsewhere, |section, context| {
            format!("{section} · {}", context.holds())
        }));
    }
    let bound = keymap.bindings();
    lines.push(Line::Blank);
    lines.push(Line::Heading("Commands without a key, typed after :".to_owned()));
    lines.extend(
        TABLE
            .iter()
            .filter(|spec| !bound.iter().any(|binding| leads_to(binding, spec)))
            .map(|spec| Line::Entry {
                keys: ":".to_owned(),
                what: spec.usage(),
                doc: spec.doc,
            }),
    );
    lines
}

/// Whether a key does a command, or opens the prompt with the beginning of it.
fn leads_to(binding: &Binding, spec: &CommandSpec) -> bool {
    let words = split_words(&binding.line);
    if let [prompt, begun] = words.as_slice()
        && prompt == "prompt"
    {
        return spec.name.starts_with(begun.trim_end()) || begun.starts_with(spec.name);
    }
    command::find(&words).is_ok_and(|(found, _)| found.name == spec.name)
}

/// Keys under the headings of their tables, in the order in which these come first.
fn sections(shown: &[&Binding], heading: impl Fn(&str, Context) -> String) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut sections: Vec<(&str, Context)> = Vec::new();
    for binding in shown {
        let section = (binding.section.as_str(), binding.context);
        if !sections.contains(&section) {
            sections.push(section);
        }
    }
    for (section, context) in sections {
        if !lines.is_empty() {
            lines.push(Line::Blank);
        }
        lines.push(Line::Heading(heading(section, context)));
        let mut entries: Vec<(String, String, &'static str)> = Vec::new();
        let own = |binding: &&&Binding| (binding.section.as_str(), binding.context) == (section, context);
        for binding in shown.iter().filter(own) {
            // Keys that do the same stand together.
            let what = pending::what(binding);
            match entries.iter_mut().find(|(_, line, _)| *line == what) {
                Some((keys, ..)) => *keys = format!("{keys}, {}", binding.keys_text()),
                None => entries.push((binding.keys_text(), what, pending::doc(binding))),
            }
        }
        lines.extend(folded(entries));
    }
    lines
}

/// Entries as lines; the row `1` to `9` of the same command with its own number becomes one.
fn folded(entries: Vec<(String, String, &'static str)>) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let mut run: Option<(String, String)> = None;
    for (keys, line, doc) in entries {
        let stem = line
            .strip_suffix(keys.as_str())
            .filter(|_| keys.len() == 1 && keys.as_bytes()[0].is_ascii_digit());
        if let (Some(stem), Some((first, before))) = (stem, &run)
            && stem == before.as_str()
            && let Some(Line::Entry { keys: shown, what, .. }) = lines.last_mut()
        {
            *shown = format!("{first} … {keys}");
            *what = format!("{stem}{first} … {keys}");
            continue;
        }
        run = stem.map(|stem| (keys.clone(), stem.to_owned()));
        lines.push(Line::Entry { keys, what: line, doc });
    }
    lines
}
