//! The lowest line: the prompt, keys of a sequence, the last reply, or which keys there are. And what stands above it while
//! a line is typed or a question is open.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::widgets::{Clear, Widget as _};
use unicode_width::UnicodeWidthStr;

use super::Scene;
use super::pane::{popup, popup_area, titled};
use super::pending;
use super::text::Row;
use crate::studio::command;
use crate::studio::command::{ArgKind, Page, table};
use crate::studio::model::Studio;
use crate::tui::app::{Completion, Overlay, Prompt, UiState, complete};
use crate::tui::keymap::{Binding, Key};

/// Candidates shown at once.
const CANDIDATES: usize = 8;

/// Draws the line; returns where the cursor stands while the prompt is open.
pub fn draw(buf: &mut Buffer, area: Rect, screen: Rect, scene: &Scene<'_>) -> Option<Position> {
    let (ui, theme) = (scene.ui, scene.theme);
    let mut row = Row::new(buf, area, 0);
    if let Some(prompt) = &ui.prompt {
        let shown = masked(prompt.text());
        let before = masked(prompt.before_cursor());
        // A line longer than the screen shows its end.
        let room = usize::from(area.width.saturating_sub(2));
        let hidden: usize = before.width().saturating_sub(room);
        let mut cut = 0;
        let visible: String = shown
            .chars()
            .skip_while(|c| {
                let is_hidden = cut < hidden;
                cut += unicode_width::UnicodeWidthChar::width(*c).unwrap_or(0);
                is_hidden
            })
            .collect();
        let searched = prompt
            .searched()
            .map_or_else(|| ":".to_owned(), |wanted| format!("history '{wanted}': "));
        row.put(&searched, theme.accent()).put(&visible, theme.text());
        let x = area.x + searched.width() as u16 + (before.width() - hidden).min(room) as u16;
        draw_candidates(buf, screen, prompt, scene);
        return Some(Position { x, y: area.y });
    }
    if let Some(count) = ui.count {
        row.put(&format!(" {count} ×"), theme.strong());
    }
    if !ui.pending.is_empty() {
        let typed: Vec<String> = ui.pending.iter().map(Key::to_string).collect();
        row.put(&format!(" {} … ", typed.join(" ")), theme.strong());
        pending::draw(buf, screen, scene);
        return None;
    }
    let [long, short] = ui.corner();
    if !row.right(&format!("{long} "), theme.label()) {
        row.right(&format!("{short} "), theme.label());
    }
    if let Some(toast) = &ui.toast {
        let (mark, style) = if toast.is_error {
            (" × ", theme.error())
        } else {
            (" ✓ ", theme.good())
        };
        // An answer of many lines says what matters in its first.
        let text = toast.text.lines().next().unwrap_or_default();
        row.put(mark, style)
            .put(text, if toast.is_error { style } else { theme.text() });
        return None;
    }
    hints(&mut row, scene);
    None
}

/// The keys that matter most, and a word for each.
const HINTS: &[(&str, &str)] = &[
    ("help", "help"),
    ("prompt", "command"),
    ("take", "take"),
    ("mute {strip} toggle", "mute"),
    ("solo {strip} toggle", "solo"),
    ("denoise {strip} toggle", "denoise"),
    ("select strip next", "strip"),
    ("gain {strip} +1", "gain"),
    ("page strip", "strip page"),
    ("page buses", "buses"),
    ("page faces", "faces"),
    ("page picture", "picture"),
    ("page network", "network"),
    ("page moderation", "hold"),
    ("select pane next", "pane"),
    ("retry {destination}", "retry"),
    ("monitor", "pictures"),
    ("detach", "detach"),
    ("palette", "find"),
    ("undo", "undo"),
];

/// The same on a page.
const PAGE_HINTS: &[(&str, &str)] = &[
    ("page close", "close"),
    ("set {strip} {parameter} next", "adjust"),
    ("bus set {parameter} next", "adjust"),
    ("picture set {source} {parameter} next", "adjust"),
    ("type", "type"),
    ("set {strip} {switch} toggle", "on/off"),
    ("bus set {switch} toggle", "on/off"),
    ("picture set {source} {switch} toggle", "on/off"),
    ("set {strip} bypass toggle", "bypass"),
    ("picture set {source} bypass toggle", "bypass"),
    ("loudness reset", "loudness anew"),
    ("help", "help"),
    ("reset {strip} {parameter}", "reset"),
    ("bus reset {parameter}", "reset"),
    ("picture reset {source} {parameter}", "reset"),
    ("select stage next", "stage"),
    ("select strip next", "strip"),
    ("prompt \"preset apply \"", "preset"),
    ("mark", "mark"),
    ("copy strip {marked} {strip}", "paste"),
    ("picture copy {marked_source} {source}", "paste"),
    ("page buses", "buses"),
];

/// The same on the page of faces, whose keys hold everywhere in part.
const FACES_HINTS: &[(&str, &str)] = &[
    ("page close", "close"),
    ("occlusion on", "arm"),
    ("occlusion more", "hide more"),
    ("occlusion less", "show more"),
    ("select face next", "face"),
    ("face exempt {face}", "exempt"),
    ("face hide {face}", "hide"),
    ("face release", "release"),
    ("occlusion policy {next_policy}", "policy"),
    ("occlusion mask {next_mask}", "mask"),
    ("help", "help"),
    ("prompt \"zone add \"", "zone"),
    ("occlusion off", "off"),
    ("occlusion sticker {next_sticker}", "stickers"),
];

/// The same on the page of the network.
const NETWORK_HINTS: &[(&str, &str)] = &[
    ("page close", "close"),
    ("adapt toggle", "adapt on/off"),
    ("bitrate +250", "more"),
    ("bitrate -=250", "less"),
    ("adapt release", "give back"),
    ("prompt \"adapt pin \"", "pin"),
    ("prompt \"adapt policy \"", "policy"),
    ("help", "help"),
    ("retry {destination}", "retry"),
];

/// The same on the page of moderation.
const MODERATION_HINTS: &[(&str, &str)] = &[
    ("page close", "close"),
    ("dump", "DUMP"),
    ("moderate program", "mute all"),
    ("select word next", "next"),
    ("moderate word {word} beep", "beep"),
    ("moderate word {word} mute", "mute"),
    ("moderate restore {span}", "let out"),
    ("hold {hold_up}", "hold"),
    ("help", "help"),
    ("dump 2", "dump 2 s"),
    ("moderate span 2 0 mute", "mute 2 s"),
    ("mark", "mark"),
    ("moderate span {from} {until} mute", "mute from mark"),
    ("moderate strip {strip}", "mute strip"),
    ("moderate on", "on"),
    ("moderate off", "off"),
];

/// The same on the page of events.
const EVENTS_HINTS: &[(&str, &str)] = &[
    ("page close", "close"),
    ("select event previous", "older"),
    ("prompt \"events filter \"", "filter"),
    ("events level", "level"),
    ("events copy", "copy command"),
    ("events edit", "to the prompt"),
    ("help", "help"),
    ("alarm ack", "acknowledge"),
    ("events go first", "first"),
    ("events go last", "newest"),
];

/// The same on the page of charts.
const CHARTS_HINTS: &[(&str, &str)] = &[
    ("page close", "close"),
    ("select destination next", "destination"),
    ("page network", "network"),
    ("help", "help"),
    ("zoom", "zoom"),
    ("alarm ack", "acknowledge"),
];

/// The same on the page of rules.
const RULES_HINTS: &[(&str, &str)] = &[
    ("page close", "close"),
    ("rules toggle", "on, off"),
    ("rules release", "release"),
    ("rules explain", "explain"),
    ("prompt \"data set \"", "data"),
    ("help", "help"),
    ("prompt \"data merge \"", "change"),
    ("prompt \"rules load \"", "load"),
    ("data clear", "clear"),
];
/// The same on the page of cues.
const CUES_HINTS: &[(&str, &str)] = &[
    ("page close", "close"),
    ("cue go", "GO"),
    ("cue hold", "hold"),
    ("cue skip", "skip"),
    ("cue run", "run"),
    ("cue fire {cue}", "fire"),
    ("cue run {cue}", "run from here"),
    ("help", "help"),
    ("cue stop", "stop"),
];

/// The same on the page of items.
const ITEMS_HINTS: &[(&str, &str)] = &[
    ("page close", "close"),
    ("select item next", "next"),
    ("item move {scene} {item} +1% +0", "move"),
    ("item size {scene} {item} +2%", "larger"),
    ("item toggle {scene} {item}", "hide/show"),
    ("item raise {scene} {item}", "raise"),
    ("scene save {scene}", "save"),
    ("type", "type"),
    ("help", "help"),
    ("select scene next", "scene"),
    ("item fit {scene} {item}", "fit"),
    ("item reset {scene} {item}", "as in the file"),
    ("undo", "undo"),
];

/// The same on the page of sources.
const SOURCES_HINTS: &[(&str, &str)] = &[
    ("source try {find}", "try"),
    ("prompt \"source keep {trial}\"", "keep"),
    ("source drop", "drop"),
    ("prompt \"source rename {source} \"", "rename"),
    ("source remove {source}", "remove"),
    ("source save", "save"),
    ("prompt \"item add {scene} {source} \"", "into a scene"),
    ("source raise {source}", "order"),
    ("source find", "look again"),
    ("undo", "undo"),
];

/// As many hints as fit whole.
fn hints(row: &mut Row<'_>, scene: &Scene<'_>) {
    let theme = scene.theme;
    row.skip(1);
    let bindings: Vec<&Binding> = scene.ui.keymap.active(scene.ui.context()).collect();
    let shown = match scene.ui.page {
        None => HINTS,
        Some(Page::Faces) => FACES_HINTS,
        Some(Page::Network) => NETWORK_HINTS,
        Some(Page::Moderation) => MODERATION_HINTS,
        Some(Page::Events) => EVENTS_HINTS,
        Some(Page::Charts) => CHARTS_HINTS,
        Some(Page::Items) => ITEMS_HINTS,
        Some(Page::Rules) => RULES_HINTS,
        Some(Page::Cues) => CUES_HINTS,
        Some(Page::Sources) => SOURCES_HINTS,
        Some(Page::Strip | Page::Buses | Page::Picture) => PAGE_HINTS,
    };
    for (line, word) in shown {
        let Some(binding) = bindings.iter().find(|binding| binding.line == *line) else {
            continue;
        };
        let keys = binding.keys_text();
        if usize::from(row.left()) < keys.width() + word.width() + 4 {
            break;
        }
        row.put(&keys, theme.accent())
            .put(&format!(" {word}   "), theme.label());
    }
}

/// The line with the values of settings as dots that may be secrets: what follows `key=`, `password=` or `url=`.
fn with_settings_masked(line: &str) -> String {
    if !line.trim_start().starts_with("source add ") {
        return line.to_owned();
    }
    let mut hidden = false;
    let mut made = String::with_capacity(line.len());
    for word in line.split_inclusive(char::is_whitespace) {
        let start = ["key=", "password=", "url=", "command="]
            .iter()
            .find(|key| word.starts_with(**key));
        // A value in quotes may have blanks: then the rest of the line is hidden.
        let shown = start.map_or(if hidden { 0 } else { word.len() }, |key| key.len());
        hidden |= start.is_some() && word.contains('"');
        made.push_str(&word[..shown]);
        made.extend(word[shown..].chars().map(|c| if c.is_whitespace() { c } else { '•' }));
    }
    made
}

/// The line with the secret part of an address as dots: a screen may be on air itself.
fn masked(line: &str) -> String {
    let line = &with_settings_masked(line);
    let words = command::split_words(line);
    let has_url = command::find(&words).is_ok_and(|(spec, _)| spec.args.iter().any(|arg| arg.kind == ArgKind::Url));
    let Some(scheme) = line.find("://").filter(|_| has_url) else {
        return line.to_owned();
    };
    let after_scheme = scheme + 3;
    // Host and application may be read, credentials and what follows the application not.
    let host_end = line[after_scheme..]
        .find('/')
        .map_or(line.len(), |at| after_scheme + at);
    let host_start = line[after_scheme..host_end]
        .rfind('@')
        .map_or(after_scheme, |at| after_scheme + at);
    let key_start = line[host_end..]
        .match_indices('/')
        .nth(1)
        .map_or(line.len(), |(at, _)| host_end + at + 1);
    line.char_indices()
        .map(|(at, c)| {
            let is_secret = (after_scheme..host_start).contains(&at) || at >= key_start;
            if is_secret && !c.is_whitespace() { '•' } else { c }
        })
        .collect()
}

/// What stands above the prompt.
fn candidates(prompt: &Prompt, studio: &Studio) -> Completion {
    complete(prompt.typed(), studio)
}

fn candidates_rect(screen: Rect, completion: &Completion) -> Option<Rect> {
    let rows = completion.candidates.len().min(CANDIDATES);
    let hint = usize::from(!completion.hint.is_empty());
    if rows + hint == 0 {
        return None;
    }
    let height = ((rows + hint) as u16 + 2).min(screen.height.saturating_sub(1));
    Some(Rect {
        x: screen.x,
        y: (screen.bottom() - 1).saturating_sub(height),
        width: screen.width.min(84),
        height,
    })
}

/// Where candidates are shown now, for pixels that must not cover them.
pub fn candidates_area(screen: Rect, studio: &Studio, ui: &UiState) -> Option<Rect> {
    candidates_rect(screen, &candidates(ui.prompt.as_ref()?, studio))
}

fn draw_candidates(buf: &mut Buffer, screen: Rect, prompt: &Prompt, scene: &Scene<'_>) {
    let theme = scene.theme;
    let completion = candidates(prompt, scene.studio);
    let Some(area) = candidates_rect(screen, &completion) else {
        return;
    };
    Clear.render(area, buf);
    let count = completion.candidates.len();
    let title = if count > CANDIDATES {
        format!("{count} commands · tab completes")
    } else {
        "tab completes".to_owned()
    };
    let inner = titled(buf, area, &title, theme.accent(), theme.label());
    let first = (prompt.chosen().unwrap_or(0) + 1).saturating_sub(CANDIDATES);
    for (y, (at, candidate)) in completion
        .candidates
        .iter()
        .enumerate()
        .skip(first)
        .take(CANDIDATES)
        .enumerate()
    {
        let is_chosen = prompt.chosen() == Some(at);
        Row::new(buf, inner, y as u16)
            .put(if is_chosen { "▸" } else { " " }, theme.strong())
            .column(
                &candidate.word,
                20,
                if is_chosen { theme.strong() } else { theme.text() },
            )
            .skip(1)
            .put(candidate.doc, theme.label());
    }
    if !completion.hint.is_empty() {
        Row::new(buf, inner, inner.height.saturating_sub(1))
            .skip(1)
            .put(&completion.hint, theme.label());
    }
}

fn question(name: &str, args: &[String], studio: &Studio) -> String {
    if let Some(note) = studio.undo.next.as_ref().filter(|_| name == "undo") {
        return format!("undo: {}", note.did);
    }
    let mut line = name.to_owned();
    for arg in args {
        line.push(' ');
        line.push_str(arg);
    }
    line
}

/// Where a question stands.
pub fn question_area(body: Rect, name: &str, args: &[String], studio: &Studio) -> Rect {
    popup_area(body, question_width(name, args, studio), 6)
}

fn question_width(name: &str, args: &[String], studio: &Studio) -> u16 {
    let doc = table::spec(name).map_or(0, |spec| spec.doc.width());
    (question(name, args, studio).width().max(doc).max(30) as u16 + 6).min(76)
}

/// Draws a question before something that cannot be undone.
pub fn draw_question(buf: &mut Buffer, body: Rect, name: &str, args: &[String], scene: &Scene<'_>) {
    debug_assert!(matches!(scene.ui.overlay, Overlay::Confirm { .. }));
    let theme = scene.theme;
    let width = question_width(name, args, scene.studio);
    let inner = popup(buf, body, width, 6, "SURE?", theme.error(), theme.error());
    Row::new(buf, inner, 0)
        .skip(2)
        .put(&question(name, args, scene.studio), theme.strong());
    Row::new(buf, inner, 1)
        .skip(2)
        .put(table::spec(name).map_or("", |spec| spec.doc), theme.text());
    Row::new(buf, inner, 3)
        .skip(2)
        .put("y", theme.accent())
        .put(" yes   ", theme.text())
        .put("any other key", theme.accent())
        .put(" no", theme.text());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_stream_key_is_dots_while_it_is_typed() {
        for (typed, shown) in [
            (
                "destination add a rtmp://host/live/sk-1",
                "destination add a rtmp://host/live/••••",
            ),
            (
                "destination add a rtmp://me:pw@host/live/",
                "destination add a rtmp://•••••@host/live/",
            ),
            ("destination add a rtmp://ho", "destination add a rtmp://ho"),
            ("take", "take"),
        ] {
            assert_eq!(masked(typed), shown);
        }
    }

    proptest! {
        #[test]
        fn masking_keeps_the_width(tail in ".{0,30}") {
            let line = format!("destination add a rtmp://{tail}");
            prop_assert_eq!(masked(&line).chars().count(), line.chars().count());
        }
    }
}
