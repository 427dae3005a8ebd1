//! Boxes of faces over a monitor that is made of cells.
//!
//! Lines tell what colour tells: single where all or part of the face is hidden, dashed where the face was lost and the mask is
//! a guess, double where it is shown. The track stands in the upper edge, what is special about it beside it, and in the
//! lower edge which regions are seen.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};

use super::tell;
use crate::studio::model::FaceMark;
use crate::tui::monitor::marks::{self, Exposure};
use crate::tui::view::Scene;
use crate::tui::view::text::Row;

/// Corners from the upper left clockwise, then the lines across and down.
type Lines = [&'static str; 6];

const SINGLE: Lines = ["┌", "┐", "┘", "└", "─", "│"];
const DASHED: Lines = ["┌", "┐", "┘", "└", "┄", "┆"];
const DOUBLE: Lines = ["╔", "╗", "╝", "╚", "═", "║"];

/// Draws the boxes of `faces` over the picture at `area`, the least protected last.
pub fn boxes(buf: &mut Buffer, area: Rect, faces: &[FaceMark], scene: &Scene<'_>) {
    let area = area.intersection(buf.area);
    let placed = faces.iter().filter_map(|mark| Some((mark, place(mark, area)?)));
    let mut placed: Vec<(&FaceMark, Rect)> = placed.collect();
    placed.sort_by_key(|(mark, _)| marks::exposure(mark));
    for (at, (mark, place)) in placed.iter().enumerate() {
        let is_taken = |text: Rect| {
            let mut others = placed.iter().enumerate().filter(|(other, _)| *other != at);
            others.any(|(_, (_, other))| other.intersects(text))
        };
        draw(buf, area, *place, mark, &is_taken, scene);
    }
}

/// The cells of a box, cut at the picture's edge; none where all of it is outside.
fn place(mark: &FaceMark, area: Rect) -> Option<Rect> {
    let (columns, rows) = (i32::from(area.width), i32::from(area.height));
    let span = |middle: f32, side: f32, cells: i32, least: i32| {
        let from = ((middle - side / 2.0) * cells as f32).floor() as i32;
        let to = (((middle + side / 2.0) * cells as f32).ceil() as i32).max(from.saturating_add(least));
        let (from, to) = (from.clamp(0, cells), to.clamp(0, cells));
        (from < to).then_some((from as u16, (to - from) as u16))
    };
    let (x, width) = span(mark.x, mark.width, columns, 3)?;
    let (y, height) = span(mark.y, mark.height, rows, 2)?;
    Some(Rect {
        x: area.x + x,
        y: area.y + y,
        width,
        height,
    })
}

fn draw(
    buf: &mut Buffer,
    area: Rect,
    place: Rect,
    mark: &FaceMark,
    is_taken: &dyn Fn(Rect) -> bool,
    scene: &Scene<'_>,
) {
    let theme = scene.theme;
    let exposure = marks::exposure(mark);
    let lines = match exposure {
        _ if marks::is_guess(mark) && mark.is_hidden => DASHED,
        Exposure::Shown => DOUBLE,
        Exposure::Safe | Exposure::Partly => SINGLE,
    };
    let style = tell::ink(exposure, theme).add_modifier(Modifier::BOLD);
    let (left, top) = (place.x, place.y);
    let (right, bottom) = (place.right() - 1, place.bottom() - 1);
    let mut put = |x: u16, y: u16, symbol: &str| {
        if let Some(cell) = buf.cell_mut((x, y)) {
            // What is behind a line stays the lower pixel of its cell.
            cell.set_symbol(symbol).set_fg(Color::Reset).set_style(style);
        }
    };
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
    let badge = tell::badge(exposure, theme);
    // Beside the corner where there is room, else as far to the left as it takes.
    let edge = |title: &str| {
        let x = (left + 1)
            .min(area.right().saturating_sub(title.len() as u16))
            .max(area.x);
        Rect {
            x,
            y: top,
            width: (title.len() as u16).min(area.right() - x),
            height: 1,
        }
    };
    let mut title = marks::title(mark);
    // Where words would lie over the box of another face, the lines must tell alone.
    let wanted = edge(&title);
    if wanted.union(place) != place && is_taken(wanted) {
        title = mark.track.to_string();
    }
    let edge = edge(&title);
    Row::new(buf, edge, 0).put(&title, badge);
    if place.height > 1
        && let Some(regions) = marks::regions(mark, usize::from(place.width))
    {
        let edge = Rect {
            y: bottom,
            height: 1,
            ..place
        };
        Row::new(buf, edge, 0).put(&regions, style);
    }
}
