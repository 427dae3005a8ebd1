//! The page of cues: what has come, what comes next and in how long; and the word about them in the status line.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::Scene;
use super::desk::areas::Areas;
use super::pane::{framed, titled};
use super::text::{Row, wrapped};
use crate::media::TimeDelta;
use crate::studio::model::{Cue, CueList, CuePhase, CueState, RunPhase, clock_text};

/// Draws the page.
pub fn page(buf: &mut Buffer, areas: &Areas, scene: &Scene<'_>) {
    let (theme, cues) = (scene.theme, &scene.studio.cues);
    let (inner, edge) = framed(buf, areas.sheet, theme.accent());
    let mut title = Row::new(buf, edge, 0);
    title.put(" CUES ", theme.strong());
    let Some(list) = &cues.list else {
        Row::new(buf, inner, 0).put(
            " none are loaded: cue load FILE, or [cues] file in the scene file",
            theme.label(),
        );
        note(buf, areas, scene);
        return;
    };
    title.put(&format!("{} ", list.title), theme.text());
    let (state, style) = standing(scene);
    title.right(&format!(" {state} "), style);
    let name_width = list.cues.iter().map(|cue| cue.name.chars().count()).max().unwrap_or(0);
    let widths = Widths {
        name: name_width.clamp(4, 18) as u16,
        // The form of the longest, where there is room.
        when: if inner.width >= 110 { 24 } else { 16 },
    };
    let room = usize::from(inner.height);
    let selected = scene.ui.selected.cue.min(list.cues.len().saturating_sub(1));
    let first = selected
        .saturating_sub(room / 2)
        .min(list.cues.len().saturating_sub(room));
    for (y, (at, cue)) in (0..inner.height).zip(list.cues.iter().enumerate().skip(first)) {
        let row = Rect {
            y: inner.y + y,
            height: 1,
            ..inner
        };
        line(buf, row, (at, cue), list, &widths, scene);
        if at == selected {
            buf.set_style(row, theme.selected());
        }
    }
    if let Some(cue) = list.cues.get(selected) {
        detail(buf, areas.detail, cue, selected, list, scene);
    }
    note(buf, areas, scene);
}

struct Widths {
    name: u16,
    when: u16,
}

fn note(buf: &mut Buffer, areas: &Areas, scene: &Scene<'_>) {
    let hint = "a cue that waits for a hand comes by cue go; while the run is held its clock stands";
    Row::new(buf, areas.note, 0).put(&format!(" {hint}"), scene.theme.label());
}

/// What the run does, and what its clock reads.
fn standing(scene: &Scene<'_>) -> (String, Style) {
    let theme = scene.theme;
    let Some(run) = &scene.studio.cues.run else {
        return ("not running".to_owned(), theme.label());
    };
    let position = clock_text(whole(run.position(scene.ui.now)));
    match run.phase {
        RunPhase::Running => (format!("RUNNING {position}"), theme.good()),
        RunPhase::Held => (format!("HELD {position}"), theme.warning()),
        RunPhase::Over => (format!("over at {position}"), theme.label()),
    }
}

fn line(buf: &mut Buffer, area: Rect, (at, cue): (usize, &Cue), list: &CueList, widths: &Widths, scene: &Scene<'_>) {
    let theme = scene.theme;
    let state = scene.studio.cues.run.as_ref().and_then(|run| run.cues.get(at));
    let is_next = scene
        .studio
        .cues
        .next
        .as_ref()
        .is_some_and(|next| next.name == cue.name);
    let (mark, text, style) = fate(state, is_next, scene);
    let mut row = Row::new(buf, area, 0);
    row.put(if is_next { "▸" } else { " " }, theme.strong())
        .put(mark, style)
        .skip(1)
        .column(
            &cue.name,
            widths.name,
            if is_next { theme.strong() } else { theme.text() },
        )
        .skip(1)
        .column(&list.trigger_text(cue), widths.when, theme.label())
        .skip(1)
        .column(&text, 11, style)
        .skip(1);
    if let Some(key) = &cue.key {
        row.put(&format!("[{key}] "), theme.accent());
    }
    row.put(&cue.lines.join("; "), theme.text());
}

/// What has become of a cue, or when it comes.
fn fate(state: Option<&CueState>, is_next: bool, scene: &Scene<'_>) -> (&'static str, String, Style) {
    let theme = scene.theme;
    let Some(state) = state else {
        return ("·", String::new(), theme.label());
    };
    let came = state.came.map_or_else(String::new, |came| clock_text(whole(came)));
    if state.failure.is_some() {
        return ("×", format!("failed {came}"), theme.error());
    }
    match state.phase {
        CuePhase::Done => ("✓", format!("done {came}"), theme.label()),
        CuePhase::Skipped => ("-", "left out".to_owned(), theme.label()),
        CuePhase::Waiting => {
            let style = if is_next { theme.accent() } else { theme.text() };
            let run = scene.studio.cues.active();
            let text = match (state.due, run) {
                (Some(due), Some(run)) => format!("in {}", clock_text(ahead(due - run.position(scene.ui.now)))),
                (None, Some(_)) if state.times > 0 => format!("{} times", state.times),
                _ => String::new(),
            };
            ("·", text, style)
        }
    }
}

/// Everything about the selected cue.
fn detail(buf: &mut Buffer, area: Rect, cue: &Cue, at: usize, list: &CueList, scene: &Scene<'_>) {
    let theme = scene.theme;
    let name = cue
        .title
        .as_ref()
        .map_or_else(|| cue.name.clone(), |title| format!("{}: {title}", cue.name));
    let inner = titled(buf, area, &name, theme.frame(), theme.label());
    if inner.is_empty() {
        return;
    }
    let mut row = Row::new(buf, inner, 0);
    row.skip(1).put(&list.trigger_text(cue), theme.text());
    let rest = [
        cue.key.as_ref().map(|key| format!("key {key}")),
        (!cue.is_once).then(|| "again and again".to_owned()),
        Some(format!("errors: {}", cue.on_error)),
    ];
    for text in rest.into_iter().flatten() {
        row.put(&format!(" · {text}"), theme.label());
    }
    let state = scene.studio.cues.run.as_ref().and_then(|run| run.cues.get(at));
    let failure = state.and_then(|state| state.failure.as_ref());
    let (text, style) = failure.map_or_else(
        || (cue.lines.join("; "), theme.strong()),
        |failure| (failure.clone(), theme.error()),
    );
    let room = usize::from(inner.height.saturating_sub(1));
    let lines = wrapped(&text, usize::from(inner.width.saturating_sub(2)), room);
    for (y, text) in (1..).zip(&lines) {
        Row::new(buf, inner, y).skip(1).put(text, style);
    }
}

/// While a run is under way: the next cue, and in how long it comes.
pub fn status(row: &mut Row<'_>, scene: &Scene<'_>) {
    let (theme, cues) = (scene.theme, &scene.studio.cues);
    let Some(run) = cues.active() else { return };
    let held = run.phase == RunPhase::Held;
    let Some(next) = &cues.next else { return };
    let text = match next.at {
        Some(at) => format!(" next {} {} ", next.name, clock_text(ahead(at - scene.ui.now))),
        None if held => format!(" CUES HELD, next {} ", next.name),
        None => format!(" next {} ", next.name),
    };
    let style = if held { theme.warning() } else { theme.accent() };
    if !row.right(&text, style) && held {
        row.right(" CUES HELD ", style);
    }
}

/// Whole seconds that are left, as countdowns show them: 0 is when it comes.
fn ahead(left: TimeDelta) -> TimeDelta {
    let ms = left.to_millis().max(0);
    TimeDelta::from_millis((ms + 999) / 1000 * 1000)
}

fn whole(time: TimeDelta) -> TimeDelta {
    TimeDelta::from_millis(time.to_millis() / 1000 * 1000)
}
