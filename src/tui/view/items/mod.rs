//! The page of items: what is in a scene, and where; the selected item is framed on the scene's picture.

mod frame;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::studio::command::item::fit_word;
use crate::studio::model::{Item, SceneModel, Shown, item_at};
use crate::tui::app::{ItemRow, item_rows};
use crate::tui::view::Scene;
use crate::tui::view::desk::areas::Areas;
use crate::tui::view::monitors;
use crate::tui::view::pane::{framed, titled};
use crate::tui::view::text::{Row, fitted_name};

pub use frame::{canvas_target, frame};

/// From this width of the list on, places stand in it.
const WITH_PLACES: u16 = 62;

/// Draws the page but for the picture on air.
pub fn draw(buf: &mut Buffer, areas: &Areas, scene: &Scene<'_>) {
    let Some(shown) = scene.ui.items_scene(scene.studio) else {
        return;
    };
    let selected = scene.ui.item(scene.studio);
    list(buf, areas.sheet, shown, selected.as_deref(), scene);
    if !areas.canvas.is_empty() {
        monitors::canvas(buf, areas.canvas, shown, scene);
        frame(buf, areas.canvas, shown, selected.as_deref(), scene);
    }
    if !areas.detail.is_empty() {
        detail(buf, areas.detail, shown, selected.as_deref(), scene);
    }
    note(buf, areas.note, shown, selected.as_deref(), scene);
}

/// Which scene, where it is seen, and whether it differs from its file.
fn title(row: &mut Row<'_>, shown: &SceneModel, scene: &Scene<'_>) {
    let (studio, theme) = (scene.studio, scene.theme);
    let at = studio.scenes.iter().position(|known| known.name == shown.name);
    let count = studio.scenes.len();
    row.right(&format!(" {}/{count} ", at.unwrap_or(0) + 1), theme.label());
    row.put(" ITEMS ", theme.label())
        .put(&shown.name, theme.strong())
        .put(" ", theme.text());
    if studio.edits.of(&shown.name).is_some() {
        row.put("* ", theme.warning());
    }
    if studio.program == shown.name {
        row.put(" PGM ", theme.program_badge()).put(" ", theme.text());
    }
    if studio.preview == shown.name {
        row.put(" PVW ", theme.preview_badge()).put(" ", theme.text());
    }
}

fn list(buf: &mut Buffer, area: Rect, shown: &SceneModel, selected: Option<&str>, scene: &Scene<'_>) {
    let theme = scene.theme;
    let (inner, edge) = framed(buf, area, theme.accent());
    title(&mut Row::new(buf, edge, 0), shown, scene);
    let rows = item_rows(shown);
    // As many rows as parameters need stay free for them below.
    let parameters = (shown.parameters.len() as u16).min(inner.height / 3);
    let room = inner.height - if parameters > 0 { parameters + 1 } else { 0 };
    let at = rows
        .iter()
        .position(|row| Some(row.path.as_str()) == selected)
        .unwrap_or(0);
    let first = (at + 1).saturating_sub(usize::from(room));
    for (y, item) in rows.iter().enumerate().skip(first).take(usize::from(room)) {
        let line = Rect {
            y: inner.y + (y - first) as u16,
            height: 1,
            ..inner
        };
        item_line(buf, line, item, y == at, &shown.name, scene);
    }
    if parameters == 0 {
        return;
    }
    let below = Rect {
        y: inner.y + room,
        height: parameters + 1,
        ..inner
    };
    Row::new(buf, below, 0).put(" PARAMETERS", theme.label());
    let changed = scene.studio.edits.of(&shown.name);
    for (y, (name, value)) in (1..).zip(shown.parameters.iter().take(usize::from(parameters))) {
        let is_changed = changed.is_some_and(|changed| changed.parameters.contains(name));
        let mut row = Row::new(buf, below, y);
        row.right(if is_changed { "* " } else { "  " }, theme.warning());
        row.put("   ", theme.text())
            .column(&fitted_name(name, 12), 13, theme.label())
            .put(&value.replace('\n', " "), theme.text());
    }
}

fn item_line(buf: &mut Buffer, line: Rect, row: &ItemRow<'_>, is_selected: bool, of: &str, scene: &Scene<'_>) {
    let theme = scene.theme;
    if is_selected {
        buf.set_style(line.intersection(buf.area), theme.selected());
    }
    let item = row.item;
    let ink = match (is_selected, item.is_hidden) {
        (true, _) => theme.strong(),
        (false, true) => theme.label(),
        (false, false) => theme.text(),
    };
    let has_places = line.width >= WITH_PLACES;
    let mut text = Row::new(buf, line, 0);
    let is_changed = scene.studio.edits.has_item(of, &row.path);
    text.right(if is_changed { "* " } else { "  " }, theme.warning());
    text.put(if is_selected { "▸" } else { " " }, theme.strong())
        .put(if item.is_hidden { "○ " } else { "● " }, ink)
        .skip(2 * row.depth);
    let name = 16_u16.saturating_sub(2 * row.depth);
    text.column(&fitted_name(&item.name, usize::from(name.saturating_sub(1))), name, ink);
    if has_places {
        let [x, y, width, height] = shares(item, scene);
        text.number(&x, 6, ink)
            .number(&y, 7, ink)
            .put("  ", ink)
            .number(&width, 6, ink)
            .put(" ×", theme.label())
            .number(&height, 6, ink)
            .put("  ", ink);
    }
    text.put(&what(item), if is_selected { theme.strong() } else { theme.label() });
}

/// What an item shows, in a few words.
fn what(item: &Item) -> String {
    match &item.what {
        Shown::Source(name) if *name == item.name => "source".to_owned(),
        Shown::Source(name) => format!("source {name}"),
        Shown::Scene { name, .. } if *name == item.name => "scene".to_owned(),
        Shown::Scene { name, .. } => format!("scene {name}"),
        Shown::Group(items) => format!("group of {}", items.len()),
        Shown::Text(shown) => format!("\"{}\"", shown.text.replace('\n', " ")),
        Shown::Image(image) => {
            let name = image.path.file_name().unwrap_or_default().to_string_lossy();
            format!("image {name}")
        }
        Shown::Color([red, green, blue, _]) => format!("#{red:02x}{green:02x}{blue:02x}"),
    }
}

/// Left, top, width and height in percent of the program.
fn shares(item: &Item, scene: &Scene<'_>) -> [String; 4] {
    let format = scene.studio.format;
    let percent = |at: i32, all: u32| {
        let share = f64::from(at) / f64::from(all.max(1)) * 100.0;
        let tenths = (share * 10.0).round() / 10.0;
        // Without a sign before zero.
        format!("{}%", if tenths == 0.0 { 0.0 } else { tenths })
    };
    let target = item.target;
    [
        percent(target.x, format.width),
        percent(target.y, format.height),
        percent(target.width, format.width),
        percent(target.height, format.height),
    ]
}

/// Everything about the selected item.
fn detail(buf: &mut Buffer, area: Rect, shown: &SceneModel, selected: Option<&str>, scene: &Scene<'_>) {
    let theme = scene.theme;
    let inner = titled(buf, area, selected.unwrap_or("NO ITEM"), theme.frame(), theme.label());
    let Some(item) = selected.and_then(|path| item_at(&shown.items, path)) else {
        return;
    };
    let [x, y, width, height] = shares(item, scene);
    let target = item.target;
    Row::new(buf, inner, 0)
        .column(" at", 9, theme.label())
        .column(&format!("{x}, {y}"), 17, theme.strong())
        .put(&format!("{}, {}", target.x, target.y), theme.label());
    Row::new(buf, inner, 1)
        .column(" size", 9, theme.label())
        .column(&format!("{width} × {height}"), 17, theme.strong())
        .put(&format!("{} × {}", target.width, target.height), theme.label());
    Row::new(buf, inner, 2)
        .column(" opacity", 9, theme.label())
        .column(&percent(item.opacity), 7, theme.strong())
        .put("z ", theme.label())
        .column(&item.z.to_string(), 8, theme.strong())
        .put(if item.is_hidden { "hidden" } else { "" }, theme.warning());
    let mut row = Row::new(buf, inner, 3);
    row.column(" fit", 9, theme.label());
    if matches!(item.what, Shown::Text(_) | Shown::Color(_)) {
        row.column("–", 17, theme.label());
    } else {
        row.column(fit_word(item.fit), 17, theme.strong());
    }
    let crop = item.crop;
    let sides = [
        ("left", crop.left),
        ("top", crop.top),
        ("right", crop.right),
        ("bottom", crop.bottom),
    ];
    let cut: Vec<String> = sides
        .into_iter()
        .filter(|(_, share)| *share > 0.0)
        .map(|(side, share)| format!("{side} {}", percent(share)))
        .collect();
    if !cut.is_empty() {
        row.put("cut ", theme.label()).put(&cut.join(", "), theme.text());
    }
    if inner.height > 4 {
        Row::new(buf, inner, 4)
            .column(" shows", 9, theme.label())
            .put(&what(item), theme.text());
    }
}

fn percent(share: f32) -> String {
    format!("{}%", (f64::from(share) * 1000.0).round() / 10.0)
}

/// What the marks mean, and what becomes of them.
fn note(buf: &mut Buffer, area: Rect, shown: &SceneModel, selected: Option<&str>, scene: &Scene<'_>) {
    let theme = scene.theme;
    let mut row = Row::new(buf, area, 0);
    row.put(" ", theme.text());
    let edits = &scene.studio.edits;
    match edits.of(&shown.name) {
        Some(changed) => {
            let is_selected = selected.is_some_and(|path| changed.items.iter().any(|item| item == path));
            let count = changed.items.len() + changed.parameters.len();
            let text = match (is_selected, count) {
                (true, 1) => "* this item is not as in the scene file".to_owned(),
                (_, 1) => "* one thing is not as in the scene file".to_owned(),
                (_, count) => format!("* {count} things are not as in the scene file"),
            };
            row.put(&text, theme.warning())
                .put("; scene save writes them there", theme.label());
        }
        None => {
            row.put("all as in the scene file", theme.label());
        }
    }
}
