//! The page of occlusion: what is set, what each level shows, which faces there are, and what becomes of them.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};

use super::tell;
use crate::studio::model::{MaskKind, OcclusionLevel, Region, Regions, Sight};
use crate::tui::monitor::marks::Exposure;
use crate::tui::view::Scene;
use crate::tui::view::desk::areas::Areas;
use crate::tui::view::pane::titled;
use crate::tui::view::text::Row;

/// Draws the page but for the picture on air.
pub fn draw(buf: &mut Buffer, areas: &Areas, scene: &Scene<'_>) {
    let theme = scene.theme;
    let inner = titled(buf, areas.sheet, "OCCLUSION", theme.accent(), theme.strong());
    protection(buf, inner, scene);
    let inner = titled(buf, areas.faces, "FACES", theme.accent(), theme.strong());
    faces(buf, inner, scene);
    let inner = titled(buf, areas.zones, "ZONES", theme.frame(), theme.label());
    zones(buf, inner, scene);
    note(buf, areas.note, scene);
}

/// What is set, and under it the levels and the regions.
fn protection(buf: &mut Buffer, area: Rect, scene: &Scene<'_>) {
    let (studio, theme) = (scene.studio, scene.theme);
    let occlusion = &studio.occlusion;
    let exposure = tell::exposure(studio);
    let mut row = Row::new(buf, area, 0);
    match (occlusion.is_armed, exposure) {
        (false, _) => row
            .put(" OFF ", theme.program_badge())
            .put(" faces are shown", theme.text()),
        (true, Exposure::Safe) => row
            .put(" ARMED ", tell::badge(exposure, theme))
            .put(" faces are hidden", theme.text()),
        (true, Exposure::Partly) => row
            .put(" ARMED ", tell::badge(exposure, theme))
            .put(" something is shown", theme.text()),
        (true, Exposure::Shown) => row
            .put(" ARMED ", tell::badge(exposure, theme))
            .put(" the level shows faces", theme.text()),
    };
    Row::new(buf, area, 1)
        .column(" policy", 9, theme.label())
        .put(&occlusion.policy.name, theme.strong())
        .put("  ", theme.text())
        .put(&occlusion.policy.title, theme.label());
    let mut row = Row::new(buf, area, 2);
    row.column(" mask", 9, theme.label())
        .put(occlusion.mask.word(), theme.strong());
    match (&occlusion.sticker, occlusion.mask) {
        (Some(sticker), _) => row.put("  stickers: ", theme.label()).put(sticker, theme.text()),
        (None, MaskKind::Sticker) => row.put("  no set is chosen: solid", theme.warning()),
        (None, _) => &mut row,
    };
    let rest = Rect {
        y: area.y + 4.min(area.height),
        height: area.height.saturating_sub(4),
        ..area
    };
    let [left, right] = Layout::horizontal([Constraint::Fill(1), Constraint::Length(18)]).areas(rest);
    levels(buf, left, scene);
    regions(buf, right, scene);
}

/// Each level and what it shows beyond the one below it.
fn levels(buf: &mut Buffer, area: Rect, scene: &Scene<'_>) {
    let (occlusion, theme) = (&scene.studio.occlusion, scene.theme);
    let (policy, now) = (&occlusion.policy, occlusion.level);
    let top = policy.top();
    Row::new(buf, area, 0)
        .put(" LEVEL ", theme.label())
        .put(&now.to_string(), theme.strong())
        .put(&format!(" of {top}"), theme.label());
    let room = area.height.saturating_sub(1);
    let count = u16::from(top) + 1;
    let first = u16::from(now).saturating_sub(room / 2).min(count.saturating_sub(room));
    for (y, level) in (first..count).take(usize::from(room)).enumerate() {
        let level = level as u8;
        let is_now = level == now;
        let line = Rect {
            y: area.y + 1 + y as u16,
            height: 1,
            ..area
        };
        if is_now {
            buf.set_style(line.intersection(buf.area), theme.selected());
        }
        let below = level.checked_sub(1).map(|below| policy.level(below));
        let style = if is_now { theme.strong() } else { theme.text() };
        Row::new(buf, line, 0)
            .put(if is_now { "▸" } else { " " }, theme.strong())
            .number(&level.to_string(), 2, style)
            .put("  ", style)
            .put(&what_it_adds(policy.level(level), below), style);
    }
}

/// What a level shows that the one below it does not.
fn what_it_adds(level: OcclusionLevel, below: Option<OcclusionLevel>) -> String {
    let Some(below) = below else {
        return "all hidden".to_owned();
    };
    if level.is_open() {
        return "all shown".to_owned();
    }
    let mut words: Vec<String> = level
        .open
        .iter()
        .filter(|region| !below.open.has(*region))
        .map(|region| format!("+{}", region.word()))
        .collect();
    if level.strength < below.strength {
        words.push(format!("at {:.0}%", level.strength * 100.0));
    }
    if words.is_empty() {
        words.push("the same".to_owned());
    }
    words.join(" ")
}

/// Every region, hidden or shown now.
fn regions(buf: &mut Buffer, area: Rect, scene: &Scene<'_>) {
    let (studio, theme) = (scene.studio, scene.theme);
    let level = tell::level(studio);
    let is_all_seen = !studio.occlusion.is_armed || level.is_open();
    Row::new(buf, area, 0).put("REGIONS NOW", theme.label());
    for (y, region) in (1..).zip(Region::ALL) {
        let is_seen = is_all_seen || level.open.has(region);
        let (mark, word) = match (is_seen, level.strength < 1.0) {
            (true, _) => ("□", "shown"),
            (false, true) => ("▒", "weak"),
            (false, false) => ("■", "hidden"),
        };
        let style = tell::ink(
            match mark {
                "□" => Exposure::Shown,
                "▒" => Exposure::Partly,
                _ => Exposure::Safe,
            },
            theme,
        );
        Row::new(buf, area, y)
            .put(mark, style)
            .put(" ", style)
            .column(region.word(), 10, theme.text())
            .put(word, style);
    }
}

/// The faces on program.
fn faces(buf: &mut Buffer, area: Rect, scene: &Scene<'_>) {
    let (studio, theme) = (scene.studio, scene.theme);
    let occlusion = &studio.occlusion;
    if occlusion.faces.is_empty() {
        let (text, style) = if occlusion.is_armed {
            (" none on program", theme.label())
        } else {
            (" not looked for", theme.warning())
        };
        Row::new(buf, area, 0).put(text, style);
        return;
    }
    let selected = scene.ui.face(studio);
    let room = usize::from(area.height);
    let here = occlusion.faces.iter().position(|face| Some(face.track) == selected);
    let first = (here.unwrap_or(0) + 1).saturating_sub(room);
    let level = tell::level(studio);
    for (y, face) in (0..).zip(occlusion.faces.iter().skip(first).take(room)) {
        let is_selected = Some(face.track) == selected;
        let is_exempt = occlusion.is_exempt(face.track);
        let is_lost = matches!(face.sight, Sight::Held | Sight::Band);
        let sight = match face.sight {
            Sight::Seen | Sight::Predicted => ("seen", theme.text()),
            Sight::Held => ("held", theme.warning()),
            Sight::Band => ("lost", theme.warning()),
        };
        let (word, exposure) = if is_exempt {
            ("SHOWN exempt", Exposure::Shown)
        } else if level.is_open() {
            ("SHOWN by level", Exposure::Shown)
        } else if is_lost || level == OcclusionLevel::HIDDEN {
            ("hidden", Exposure::Safe)
        } else {
            ("partly shown", Exposure::Partly)
        };
        let line = Rect {
            y: area.y + y,
            height: 1,
            ..area
        };
        if is_selected {
            buf.set_style(line.intersection(buf.area), theme.selected());
        }
        Row::new(buf, line, 0)
            .put(if is_selected { "▸" } else { " " }, theme.strong())
            .number(&face.track.to_string(), 4, theme.strong())
            .skip(1)
            .column(sight.0, 5, sight.1)
            .put(word, tell::ink(exposure, theme));
    }
}

/// Parts of the picture that are hidden for good.
fn zones(buf: &mut Buffer, area: Rect, scene: &Scene<'_>) {
    let (zones, theme) = (&scene.studio.occlusion.zones, scene.theme);
    if zones.is_empty() {
        Row::new(buf, area, 0).put(" none", theme.label());
    }
    for (y, zone) in (0..).zip(zones) {
        let rect = zone.rect;
        let mut row = Row::new(buf, area, y);
        row.put(" ", theme.text()).put(&zone.name, theme.text());
        let place = format!(" {}×{} at {},{} ", rect.width, rect.height, rect.x, rect.y);
        row.right(&place, theme.label());
    }
}

/// Why the cover is on, or what the next key that shows more would show.
fn note(buf: &mut Buffer, area: Rect, scene: &Scene<'_>) {
    let (occlusion, theme) = (&scene.studio.occlusion, scene.theme);
    let mut row = Row::new(buf, area, 0);
    row.skip(1);
    if let Some(reason) = &occlusion.cover {
        row.put(&format!(" COVER ON: {reason} "), theme.program_badge());
        if reason.ends_with("was lost") {
            row.put("  if it has left: release", theme.text());
        }
        return;
    }
    if !occlusion.is_armed {
        row.put("faces are looked for and hidden once this is armed", theme.text());
        return;
    }
    let (level, policy) = (occlusion.level, &occlusion.policy);
    if level >= policy.top() {
        row.put("this is the highest level", theme.text());
        return;
    }
    let (now, above) = (policy.level(level), policy.level(level + 1));
    let what = if above.is_open() && now.open != Regions::ALL {
        "everything".to_owned()
    } else {
        what_it_adds(above, Some(now))
    };
    row.put(&format!("one level less protection would show: {what}"), theme.text());
}
