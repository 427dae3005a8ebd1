//! The frame of the selected item over the picture of its scene.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};

use crate::control::protocol::MonitorTarget;
use crate::studio::model::{Fit, ProgramFormat, Rect as Target, SceneModel, Shown, Studio};
use crate::tui::view::Scene;
use crate::tui::view::shape::picture_area;
use crate::tui::view::text::Row;

/// The monitor that shows the scene, if one does.
#[must_use]
pub fn canvas_target(studio: &Studio, scene: &str) -> Option<MonitorTarget> {
    if studio.program == scene {
        Some(MonitorTarget::Program)
    } else if studio.preview == scene {
        Some(MonitorTarget::Preview)
    } else {
        None
    }
}

/// Draws the frame of the item that `path` leads to over the picture within `framed`. Cells cannot be written over pixels: there the
/// numbers beside it say where it is.
pub fn frame(buf: &mut Buffer, framed: Rect, shown: &SceneModel, path: Option<&str>, scene: &Scene<'_>) {
    let has_picture =
        canvas_target(scene.studio, &shown.name).is_some_and(|target| scene.ui.pictures.contains_key(&target));
    if has_picture && scene.ui.renderer().is_pixels() {
        return;
    }
    let Some(path) = path else { return };
    let area = picture_area(framed, scene.studio.format).intersection(buf.area);
    let Some((target, is_hidden)) = seen_at(shown, path, scene.studio.format) else {
        return;
    };
    let Some(place) = cells(target, area, scene.studio.format) else {
        return;
    };
    let lines: [&str; 6] = if is_hidden {
        ["┌", "┐", "┘", "└", "┄", "┆"]
    } else {
        ["┏", "┓", "┛", "┗", "━", "┃"]
    };
    let style = scene.theme.accent().add_modifier(Modifier::BOLD);
    let mut put = |x: u16, y: u16, symbol: &str| {
        if let Some(cell) = buf.cell_mut((x, y)) {
            // What is behind a line stays the lower pixel of its cell.
            cell.set_symbol(symbol).set_fg(Color::Reset).set_style(style);
        }
    };
    let (left, top) = (place.x, place.y);
    let (right, bottom) = (place.right() - 1, place.bottom() - 1);
    for x in left..=right {
        put(x, top, lines[4]);
        put(x, bottom, lines[4]);
    }
    for y in top..=bottom {
        put(left, y, lines[5]);
        put(right, y, lines[5]);
    }
    for (at, (x, y)) in [(left, top), (right, top), (right, bottom), (left, bottom)]
        .into_iter()
        .enumerate()
    {
        put(x, y, lines[at]);
    }
    if place.width > 4 {
        let edge = Rect {
            x: left + 1,
            y: top,
            width: place.width - 2,
            height: 1,
        };
        Row::new(buf, edge, 0).put(path, style);
    }
}

/// Where an item is seen on the canvas of its scene, in pixels, and whether it is hidden, by itself or with its group.
fn seen_at(shown: &SceneModel, path: &str, format: ProgramFormat) -> Option<(Target, bool)> {
    let whole = Target::full(format.width, format.height);
    let mut items = shown.items.as_slice();
    let (mut around, mut is_hidden) = (whole, false);
    let mut names = path.split('/').peekable();
    while let Some(name) = names.next() {
        let item = items.iter().find(|item| item.name == name)?;
        is_hidden |= item.is_hidden;
        let place = within(around, item.target, format);
        if names.peek().is_none() {
            return Some((place, is_hidden));
        }
        let Shown::Group(inner) = &item.what else { return None };
        around = fitted(place, item.fit, format);
        items = inner;
    }
    None
}

/// A place on a canvas, where that canvas is seen.
fn within(canvas: Target, place: Target, format: ProgramFormat) -> Target {
    let scale = |at: i32, length: i32, all: u32| (i64::from(at) * i64::from(length) / i64::from(all.max(1))) as i32;
    Target {
        x: canvas.x.saturating_add(scale(place.x, canvas.width, format.width)),
        y: canvas.y.saturating_add(scale(place.y, canvas.height, format.height)),
        width: scale(place.width, canvas.width, format.width),
        height: scale(place.height, canvas.height, format.height),
    }
}

/// Where a picture of the program's shape comes to lie in a place. What cropping does to it is left out.
fn fitted(place: Target, fit: Fit, format: ProgramFormat) -> Target {
    let (across, down) = (
        f64::from(place.width) / f64::from(format.width.max(1)),
        f64::from(place.height) / f64::from(format.height.max(1)),
    );
    let scale = match fit {
        Fit::Stretch => return place,
        Fit::Contain => across.min(down),
        Fit::Cover => across.max(down),
    };
    let (width, height) = (
        (scale * f64::from(format.width)).round() as i32,
        (scale * f64::from(format.height)).round() as i32,
    );
    Target {
        x: place.x + (place.width - width) / 2,
        y: place.y + (place.height - height) / 2,
        width,
        height,
    }
}

/// The cells of a place, cut at the picture's edge; none where all of it is outside.
fn cells(target: Target, area: Rect, format: ProgramFormat) -> Option<Rect> {
    let span = |at: i32, length: i32, all: u32, cells: u16| {
        let cell = |pixel: i64| pixel as f64 / f64::from(all.max(1)) * f64::from(cells);
        let from = cell(i64::from(at)).floor().clamp(0.0, f64::from(cells)) as u16;
        let to = cell(i64::from(at) + i64::from(length))
            .ceil()
            .clamp(0.0, f64::from(cells)) as u16;
        (from < to).then_some((from, to - from))
    };
    let (x, width) = span(target.x, target.width, format.width, area.width)?;
    let (y, height) = span(target.y, target.height, format.height, area.height)?;
    Some(Rect {
        x: area.x + x,
        y: area.y + y,
        width,
        height,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::FrameRate;
    use crate::studio::model::{Crop, Item};
    use proptest::prelude::*;

    const FORMAT: ProgramFormat = ProgramFormat {
        width: 1280,
        height: 720,
        frame_rate: FrameRate::whole(30),
    };

    fn item(name: &str, what: Shown, target: Target) -> Item {
        Item {
            name: name.into(),
            what,
            target,
            fit: Fit::Contain,
            crop: Crop::default(),
            key: None,
            z: 0,
            opacity: 1.0,
            is_hidden: false,
        }
    }

    #[test]
    fn what_is_in_a_group_is_seen_where_the_group_is() {
        let rect = |x, y, width, height| Target { x, y, width, height };
        let inner = item("logo", Shown::Color([0; 4]), rect(640, 0, 640, 360));
        let group = item("badge", Shown::Group(vec![inner]), rect(0, 0, 640, 720));
        let scene = SceneModel {
            items: vec![group],
            ..SceneModel::default()
        };
        assert_eq!(seen_at(&scene, "badge", FORMAT), Some((rect(0, 0, 640, 720), false)));
        // Half as large, with room left above.
        assert_eq!(
            seen_at(&scene, "badge/logo", FORMAT),
            Some((rect(320, 180, 320, 180), false))
        );
        assert_eq!(seen_at(&scene, "logo", FORMAT), None);
    }

    proptest! {
        #[test]
        fn a_frame_lies_on_the_picture(
            x in -20_000i32..20_000, y in -20_000i32..20_000, width in 0i32..20_000, height in 0i32..20_000,
            columns in 1u16..300, rows in 1u16..100,
        ) {
            let area = Rect { x: 7, y: 3, width: columns, height: rows };
            if let Some(place) = cells(Target { x, y, width, height }, area, FORMAT) {
                prop_assert!(!place.is_empty() && place.intersection(area) == place);
            }
        }
    }
}
