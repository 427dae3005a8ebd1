//! What an operator is told of occlusion on every screen: what a viewer can see of faces, and that the cover is on.

use std::fmt::Write as _;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::studio::model::{OcclusionLevel, Region, Regions, Studio};
use crate::tui::monitor::marks::Exposure;
use crate::tui::view::Scene;
use crate::tui::view::text::{Row, wrapped};
use crate::tui::view::theme::Theme;

/// What the level of the pictures that are made now shows.
pub fn level(studio: &Studio) -> OcclusionLevel {
    studio.occlusion.policy.level(studio.occlusion_level())
}

/// How much a viewer can see of the faces on program, at most.
pub fn exposure(studio: &Studio) -> Exposure {
    let level = level(studio);
    if !studio.occlusion.is_armed || level.is_open() {
        Exposure::Shown
    } else if level == OcclusionLevel::HIDDEN && studio.occlusion.exempt.is_empty() {
        Exposure::Safe
    } else {
        Exposure::Partly
    }
}

/// Letters on the colour of the tally: green, yellow, red.
pub fn badge(exposure: Exposure, theme: Theme) -> Style {
    match exposure {
        Exposure::Safe => theme.preview_badge(),
        Exposure::Partly => theme.on_badge(),
        Exposure::Shown => theme.program_badge(),
    }
}

/// The same as ink.
pub fn ink(exposure: Exposure, theme: Theme) -> Style {
    match exposure {
        Exposure::Safe => theme.good(),
        Exposure::Partly => theme.warning(),
        Exposure::Shown => theme.error(),
    }
}

/// The state of occlusion in a few words for the status line; none while it is off.
pub fn state(studio: &Studio) -> Option<String> {
    let occlusion = &studio.occlusion;
    if !occlusion.is_armed {
        return None;
    }
    let level = level(studio);
    let mut text = if level.is_open() {
        "OCC FACES SHOWN".to_owned()
    } else {
        format!("OCC {}/{} regions", level.open.iter().count(), Region::ALL.len())
    };
    if level.strength < 1.0 && !level.is_open() {
        // Writing to a String cannot fail.
        let _ = write!(text, " at {:.0}%", level.strength * 100.0);
    }
    if !occlusion.exempt.is_empty() {
        let _ = write!(text, " +{} exempt", occlusion.exempt.len());
    }
    Some(text)
}

/// Which regions are seen, in a sentence if that takes at most `width` letters, else in two words.
pub fn regions(level: OcclusionLevel, width: usize) -> String {
    let names = |regions: Regions| regions.iter().map(Region::word).collect::<Vec<_>>().join(" ");
    let (open, hidden) = (level.open, level.open.complement());
    let long = if level.is_open() {
        "all of each face is shown".to_owned()
    } else if level.strength < 1.0 && open == Regions::NONE {
        format!("all of each face under {:.0}%", level.strength * 100.0)
    } else if open == Regions::NONE {
        "all of each face is hidden".to_owned()
    } else if open.iter().count() <= hidden.iter().count() {
        format!("shown: {}", names(open))
    } else {
        format!("hidden: {}", names(hidden))
    };
    if long.len() <= width {
        return long;
    }
    match level {
        OcclusionLevel::HIDDEN => "all hidden".to_owned(),
        _ if level.is_open() => "ALL SHOWN".to_owned(),
        _ if open == Regions::NONE => format!("all {:.0}%", level.strength * 100.0),
        _ => format!("{}/{} shown", open.iter().count(), Region::ALL.len()),
    }
}

/// On the lower edge of program's frame: the alarm of the cover, or which regions are seen.
pub fn edge(buf: &mut Buffer, frame: Rect, scene: &Scene<'_>) {
    let (studio, theme) = (scene.studio, scene.theme);
    if !studio.occlusion.is_armed || frame.height < 2 {
        return;
    }
    let place = Rect {
        x: frame.x + 1,
        y: frame.bottom() - 1,
        width: frame.width.saturating_sub(2),
        height: 1,
    };
    let mut row = Row::new(buf, place, 0);
    if let Some(reason) = &studio.occlusion.cover {
        row.put(&format!(" COVER ON: {reason} "), theme.program_badge());
        return;
    }
    let count = studio.occlusion.faces.len();
    let faces = format!(" {count} face{} ", if count == 1 { "" } else { "s" });
    row.right(&faces, theme.label());
    let room = usize::from(row.left()).saturating_sub(3);
    let style = ink(exposure(studio), theme);
    row.put(&format!(" {} ", regions(level(studio), room)), style);
}

/// Over the picture on air while the cover is on: that it is, and why.
pub fn banner(buf: &mut Buffer, picture: Rect, scene: &Scene<'_>) {
    let Some(reason) = &scene.studio.occlusion.cover else {
        return;
    };
    let style = scene.theme.program_badge();
    let width = usize::from(picture.width);
    let room = usize::from(picture.height.saturating_sub(1)).min(3);
    let mut lines = vec!["COVER ON".to_owned()];
    lines.extend(wrapped(reason, width.saturating_sub(2), room));
    let top = picture.height.saturating_sub(lines.len() as u16) / 2;
    for (at, line) in lines.iter().enumerate() {
        Row::new(buf, picture, top + at as u16).put(&format!("{line:^width$}"), style);
    }
}
