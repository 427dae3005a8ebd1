//! The multiview: program and preview, and up to nine sources in a grid below or beside them, whichever shows more picture.

use ratatui::layout::Rect;

use super::Arrangement;
use crate::studio::model::{ProgramFormat, Studio};
use crate::tui::app::{MULTIVIEW, UiState};
use crate::tui::view::shape::picture_area;

/// The smallest tile, with its frame.
const TILE: (u16, u16) = (14, 4);

/// The smallest frames of program and preview.
const MONITOR: (u16, u16) = (20, 6);

/// Where program and preview go, and the grid of sources.
#[derive(Clone, Copy)]
struct Plan {
    program: Rect,
    preview: Rect,
    grid: Rect,
    columns: u16,
    rows: u16,
}

impl Plan {
    /// Program and preview above (`is_stacked` false) or at the left, taking so many rows or columns.
    fn new(body: Rect, taken: u16, is_stacked: bool, columns: u16, sources: u16) -> Self {
        let half = |whole: u16| (whole / 2, whole - whole / 2);
        let (program, preview, grid) = if is_stacked {
            let (upper, lower) = half(body.height);
            (
                Rect {
                    width: taken,
                    height: upper,
                    ..body
                },
                Rect {
                    y: body.y + upper,
                    width: taken,
                    height: lower,
                    ..body
                },
                Rect {
                    x: body.x + taken,
                    width: body.width - taken,
                    ..body
                },
            )
        } else {
            let (left, right) = half(body.width);
            (
                Rect {
                    width: left,
                    height: taken,
                    ..body
                },
                Rect {
                    x: body.x + left,
                    width: right,
                    height: taken,
                    ..body
                },
                Rect {
                    y: body.y + taken,
                    height: body.height - taken,
                    ..body
                },
            )
        };
        Self {
            program,
            preview,
            grid,
            columns,
            rows: sources.div_ceil(columns.max(1)),
        }
    }

    /// The place of a tile, counted row by row.
    fn tile(&self, at: u16) -> Rect {
        let (column, row) = (at % self.columns, at / self.columns);
        let cut = |whole: u16, part: u16, of: u16| (u32::from(whole) * u32::from(part) / u32::from(of)) as u16;
        let (left, right) = (
            cut(self.grid.width, column, self.columns),
            cut(self.grid.width, column + 1, self.columns),
        );
        let (top, bottom) = (
            cut(self.grid.height, row, self.rows),
            cut(self.grid.height, row + 1, self.rows),
        );
        Rect {
            x: self.grid.x + left,
            y: self.grid.y + top,
            width: right - left,
            height: bottom - top,
        }
    }

    /// How much picture is seen; `None` where something would be too small to be one.
    fn score(&self, sources: u16, format: ProgramFormat) -> Option<u32> {
        let seen = |frame: Rect| {
            let picture = picture_area(frame, format);
            u32::from(picture.width) * u32::from(picture.height)
        };
        let fits = |rect: Rect, (width, height): (u16, u16)| rect.width >= width && rect.height >= height;
        if !fits(self.program, MONITOR) {
            return None;
        }
        // What is on air and what is next count more than what might be.
        let monitors = seen(self.program) * 5;
        if sources == 0 {
            return Some(monitors);
        }
        let tile = self.tile(0);
        // What is on air is never smaller than what might be.
        let is_first = seen(self.program) >= seen(tile);
        (fits(tile, TILE) && is_first).then(|| monitors + 2 * seen(tile) * u32::from(sources))
    }
}

/// The best plan for so many sources, if they fit.
fn best(body: Rect, sources: u16, format: ProgramFormat) -> Option<Plan> {
    let mut found: Option<(u32, Plan)> = None;
    for is_stacked in [false, true] {
        let whole = if is_stacked { body.width } else { body.height };
        // Fine enough to waste nothing, coarse enough to be quick on a large screen.
        let step = usize::from((whole / 40).max(1));
        let shares: Vec<u16> = if sources == 0 {
            vec![whole]
        } else {
            (1..whole).rev().step_by(step).collect()
        };
        for taken in shares {
            for columns in 1..=sources.max(1) {
                let plan = Plan::new(body, taken, is_stacked, columns, sources);
                let score = plan.score(sources, format);
                if let Some(score) = score.filter(|score| found.is_none_or(|(best, _)| *score > best)) {
                    found = Some((score, plan));
                }
            }
        }
    }
    found.map(|(_, plan)| plan)
}

impl Arrangement {
    pub(super) fn place_multiview(&mut self, body: Rect, studio: &Studio, ui: &UiState) {
        let wanted = studio.sources.len().min(MULTIVIEW) as u16;
        let fitting = (0..=wanted)
            .rev()
            .find_map(|shown| Some((shown, best(body, shown, studio.format)?)));
        let Some((shown, plan)) = fitting else {
            self.program = body;
            return;
        };
        (self.program, self.preview) = (plan.program, plan.preview);
        self.has_tile_meters = true;
        // The selected source is always among those that are seen.
        let first = (ui.selected.source + 1).saturating_sub(usize::from(shown));
        self.tiles = (0..shown).map(|at| (first + usize::from(at), plan.tile(at))).collect();
        let Some((_, last)) = self.tiles.last().copied() else {
            return;
        };
        let after = Rect {
            x: last.right(),
            width: plan.grid.right().saturating_sub(last.right()),
            ..last
        };
        if after.width >= 16 && last.height >= 4 {
            self.scenes = after;
        }
    }
}
