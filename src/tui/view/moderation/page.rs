//! The page of moderation: the hold as a strip, what is held as a list, who listens and looks, and what was seen.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{list, strip, tell};
use crate::studio::model::HoldPhase;
use crate::tui::app::Fate;
use crate::tui::view::Scene;
use crate::tui::view::desk::areas::Areas;
use crate::tui::view::pane::{framed, titled};
use crate::tui::view::text::Row;

/// A title takes so many cells that a legend has room beside it.
const LEGEND: u16 = 44;

/// Draws the page but for the picture on air.
pub fn draw(buf: &mut Buffer, areas: &Areas, scene: &Scene<'_>) {
    let theme = scene.theme;
    let (inner, edge) = framed(buf, areas.hold, theme.accent());
    let mut title = Row::new(buf, edge, 0);
    title.put(" HOLD ", theme.strong());
    if edge.width > LEGEND + 14 {
        let legend = Rect {
            x: edge.right() - LEGEND,
            width: LEGEND,
            ..edge
        };
        strip::legend(Row::new(buf, legend, 0).put(" ", theme.label()), theme);
    }
    hold(buf, inner, scene);
    let inner = titled(buf, areas.held, "WORDS AND SPANS", theme.accent(), theme.strong());
    list::draw(buf, inner, scene);
    let inner = titled(buf, areas.sheet, "WHO JUDGES", theme.frame(), theme.label());
    judges(buf, inner, scene);
    note(buf, areas.note, scene);
}

/// How full the hold is, what is alarming, and the strip.
fn hold(buf: &mut Buffer, area: Rect, scene: &Scene<'_>) {
    let (studio, theme) = (scene.studio, scene.theme);
    let moderation = &studio.moderation;
    fullness(buf, area, scene);
    let alarms = tell::alarms(studio);
    let mut below = 1;
    if !alarms.is_empty() {
        let text = alarms.join(" · ");
        let width = usize::from(area.width);
        Row::new(buf, area, 1).put(&format!("{text:^width$}"), theme.program_badge());
        below = 2;
    }
    let rest = Rect {
        y: area.y + below,
        height: area.height.saturating_sub(below),
        ..area
    };
    if tell::is_holding(moderation) {
        strip::draw(buf, rest, scene);
    } else {
        let text = "nothing is held: what is said goes out at once; + holds it";
        let indent = rest.width.saturating_sub(text.len() as u16) / 2;
        Row::new(buf, rest, rest.height / 2)
            .skip(indent)
            .put(text, theme.label());
    }
}

/// `5.0 s ▓▓▓▓▓▓▓▓ steady, 5.8 MB`, and how far judging has come.
fn fullness(buf: &mut Buffer, area: Rect, scene: &Scene<'_>) {
    let (studio, theme) = (scene.studio, scene.theme);
    let moderation = &studio.moderation;
    let hold = &moderation.hold;
    let mut row = Row::new(buf, area, 0);
    let (long, short, style) = tell::judged(studio, theme);
    if area.width < 74 || !row.right(&format!("{long} "), style) {
        row.right(&format!("{short} "), style);
    }
    row.put(" ", theme.text())
        .put(&tell::seconds(moderation), theme.strong())
        .put(" ", theme.text());
    let ink = match hold.phase {
        HoldPhase::Off => theme.label(),
        HoldPhase::Steady => theme.good(),
        HoldPhase::Filling | HoldPhase::Growing | HoldPhase::Shrinking => theme.warning(),
    };
    if tell::is_holding(moderation) {
        let bar = usize::from((area.width / 6).clamp(6, 30));
        row.put(&tell::bar(moderation, bar), ink).put(" ", ink);
    }
    let words = tell::phase(hold.phase);
    let first = words.split([' ', ',']).next().unwrap_or(words);
    let megabytes = hold.bytes as f64 / 1_000_000.0;
    let memory = if hold.bytes > 0 {
        format!("  {megabytes:.1} MB")
    } else {
        String::new()
    };
    let room = usize::from(row.left());
    row.put(if room > words.len() { words } else { first }, ink);
    if usize::from(row.left()) > memory.len() {
        row.put(&memory, theme.label());
    }
}

/// Who listens for what, who looks for what, and what of it is there.
fn judges(buf: &mut Buffer, area: Rect, scene: &Scene<'_>) {
    let (studio, theme) = (scene.studio, scene.theme);
    let moderation = &studio.moderation;
    let listed = |names: &[String]| {
        if names.is_empty() {
            "none".to_owned()
        } else {
            names.join(", ")
        }
    };
    let mut row = Row::new(buf, area, 0);
    row.column(" words", 10, theme.label());
    if moderation.is_armed {
        row.put(" ON ", theme.preview_badge()).put(" ", theme.text());
        row.put(moderation.engine.as_deref().unwrap_or("starting"), theme.text());
    } else if moderation.lists.is_empty() {
        row.put("no list", theme.label());
    } else {
        row.put(" OFF ", theme.program_badge());
    }
    Row::new(buf, area, 1)
        .column(" lists", 10, theme.label())
        .put(&listed(&moderation.lists), theme.text());
    let mut row = Row::new(buf, area, 2);
    row.column(" unjudged", 10, theme.label());
    if moderation.is_unjudged_passed {
        row.put(" GOES OUT ", theme.program_badge());
    } else {
        row.put("goes out silent", theme.text());
    }
    let mut row = Row::new(buf, area, 3);
    row.column(" muted", 10, theme.label());
    if moderation.is_program_muted {
        row.put("program", theme.error());
    } else if moderation.muted_strips.is_empty() {
        row.put("none", theme.text());
    } else {
        row.put(&moderation.muted_strips.join(", "), theme.error());
    }
    if let Some(strip) = studio.strips.get(scene.ui.selected.strip) {
        row.right(&format!("▸{} ", strip.name), theme.label());
    }
    let mut row = Row::new(buf, area, 4);
    row.column(" pictures", 10, theme.label());
    if moderation.are_pictures_armed {
        row.put(" ON ", theme.preview_badge()).put(" ", theme.text());
    }
    row.put(&listed(&moderation.checks), theme.text());
    let mut y = 5;
    for seen in &moderation.seen {
        let since = (scene.ui.now - seen.since).as_secs_f64().max(0.0);
        Row::new(buf, area, y)
            .put(" ● ", theme.error())
            .put(&seen.action, theme.warning())
            .put(" ", theme.text())
            .put(&seen.kind, theme.text())
            .put(" ", theme.text())
            .put(&seen.what, theme.strong())
            .put(&format!("  {since:.0} s"), theme.label());
        y += 1;
    }
    let hold = &moderation.hold;
    if hold.slates + hold.silenced > 0 {
        let silenced = hold.silenced as f64 / 100.0;
        let text = format!("{silenced:.1} s silenced, {} pictures of slate", hold.slates);
        Row::new(buf, area, y)
            .column(" so far", 10, theme.label())
            .put(&text, theme.text());
        y += 1;
    }
    Row::new(buf, area, y)
        .column(" log", 10, theme.label())
        .put(moderation.log.as_deref().unwrap_or("none"), theme.text());
}

/// What is selected, and what keys do with it.
fn note(buf: &mut Buffer, area: Rect, scene: &Scene<'_>) {
    let theme = scene.theme;
    let mut row = Row::new(buf, area, 0);
    row.put(" ", theme.text());
    let Some(held) = scene.ui.held(scene.studio) else {
        let text = "words come here when they are understood; what is done about them is written to the log";
        row.put(text, theme.label());
        return;
    };
    let what = held
        .word
        .map_or_else(|| "span".to_owned(), |word| format!("\"{}\"", word.text));
    let airing = scene.studio.moderation.airing(scene.ui.now);
    let has_aired = held.until.is_some_and(|until| until <= airing);
    let text = match held.fate() {
        _ if has_aired => "has gone out; nothing can be changed any more",
        Fate::Heard => "goes out as it was said",
        Fate::LetOut => "goes out after all",
        Fate::Warned => "goes out, though a list warns of it",
        Fate::Beeped => "goes out as a tone",
        Fate::Muted => "goes out silent",
        Fate::Dumped => "is dropped, a slate goes out in its place",
    };
    row.put(&what, theme.strong())
        .put(" ", theme.text())
        .put(text, tell::ink(held.fate(), theme));
    if let Some(masked) = held.spans.iter().find_map(|span| span.masked.as_deref()) {
        row.put("; logged as ", theme.label()).put(masked, theme.label());
    }
}
