//! The page of a source's picture: every parameter of its chain, the source as it comes out of it, and the curve of its tones.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::areas::Areas;
use super::braille::Canvas;
use super::sheet::{self, Sheet};
use crate::studio::command::Page;
use crate::studio::model::{PICTURE_PARAMS, PictureSettings, SourceModel, Stage};
use crate::tui::view::Scene;
use crate::tui::view::monitors;
use crate::tui::view::pane::{framed, titled};
use crate::tui::view::text::Row;

/// Draws the page but for the picture on air.
pub fn draw(buf: &mut Buffer, areas: &Areas, scene: &Scene<'_>) {
    let (theme, ui) = (scene.theme, scene.ui);
    let at = ui.selected.source;
    let Some(source) = scene.studio.sources.get(at) else {
        return;
    };
    let (inner, edge) = framed(buf, areas.sheet, theme.accent());
    title(&mut Row::new(buf, edge, 0), source, at, scene);
    let selected = ui.place.on(Page::Picture);
    Sheet {
        params: PICTURE_PARAMS,
        settings: &source.picture,
        selected,
        change_db: &|_| None,
        is_left_out: &|stage| source.picture.is_bypassed && stage != Stage::Picture,
    }
    .draw(buf, inner, theme);
    if let Some(param) = PICTURE_PARAMS.get(selected) {
        sheet::note(buf, areas.note, param, theme);
    }
    if !areas.source.is_empty() {
        monitors::tile(buf, areas.source, source, false, scene);
    }
    if !areas.tone.is_empty() {
        curve(buf, areas.tone, &source.picture, scene);
    }
}

/// Which source, and whether it is seen.
fn title(row: &mut Row<'_>, source: &SourceModel, at: usize, scene: &Scene<'_>) {
    let theme = scene.theme;
    row.right(&format!(" {}/{} ", at + 1, scene.studio.sources.len()), theme.label());
    row.put(" PICTURE ", theme.label())
        .put(&source.name, theme.strong())
        .put(" ", theme.text());
    if let Some((word, style)) = monitors::tally(source, scene).1 {
        row.put(word, style).put(" ", theme.text());
    }
    if source.picture.is_bypassed {
        row.put("BYPASS", theme.on_badge()).put(" ", theme.text());
    }
    if scene.ui.marked_source.as_ref() == Some(&source.name) {
        row.put("marked ", theme.accent());
    }
}

/// What becomes of each shade from black to white, over the line on which nothing changes. Automatic levels move with the
/// picture and are not in it.
fn curve(buf: &mut Buffer, area: Rect, settings: &PictureSettings, scene: &Scene<'_>) {
    let theme = scene.theme;
    let heading = if settings.is_bypassed { "TONE bypassed" } else { "TONE" };
    let inner = titled(buf, area, heading, theme.frame(), theme.label());
    let shares = |canvas: &Canvas| ((canvas.width() - 1).max(1) as f32, (canvas.height() - 1).max(1) as f32);
    let mut straight = Canvas::new(inner);
    let (last_x, last_y) = shares(&straight);
    for x in (0..straight.width()).step_by(4) {
        straight.dot(x, ((1.0 - x as f32 / last_x) * last_y).round() as i32);
    }
    straight.draw(buf, theme.frame());
    let mut tone = Canvas::new(inner);
    tone.curve(|x| (1.0 - settings.tone.curve(x as f32 / last_x)) * last_y);
    tone.draw(
        buf,
        if settings.is_bypassed {
            theme.label()
        } else {
            theme.curve()
        },
    );
}
