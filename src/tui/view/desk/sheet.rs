//! All parameters of something as a list: a heading for each stage with its lamp and what it does now, its parameters under
//! it. The same for strips, buses and pictures: everything comes from the table of parameters.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::meter;
use crate::studio::model::{Param, Stage, Value};
use crate::tui::app::is_stage_switch;
use crate::tui::view::text::Row;
use crate::tui::view::theme::Theme;

/// A column of the list is at least so wide where there are two.
const COLUMN: u16 = 40;

/// From this width of a column on, a slider shows where in its range a number is.
const WITH_SLIDER: u16 = 42;

/// What a list is made of.
pub struct Sheet<'a, S: 'static> {
    /// The rows.
    pub params: &'static [Param<S>],
    /// Their values.
    pub settings: &'a S,
    /// The selected row.
    pub selected: usize,
    /// What a stage does to the level now, in dB, where that is measured.
    pub change_db: &'a dyn Fn(Stage) -> Option<f32>,
    /// Whether a stage is not at work whatever its lamp says.
    pub is_left_out: &'a dyn Fn(Stage) -> bool,
}

/// A line of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    /// The heading of a stage, which is its switch if it has one.
    Heading(Stage, Option<usize>),
    /// A parameter.
    Param(usize),
}

impl<S: Default + 'static> Sheet<'_, S> {
    fn lines(&self) -> Vec<Line> {
        let mut lines = Vec::new();
        let mut before = None;
        for (at, param) in self.params.iter().enumerate() {
            let is_switch = is_stage_switch(param);
            if before != Some(param.stage) {
                lines.push(Line::Heading(param.stage, is_switch.then_some(at)));
            }
            if before == Some(param.stage) || !is_switch {
                lines.push(Line::Param(at));
            }
            before = Some(param.stage);
        }
        lines
    }

    /// Draws the list, in as many columns as there is room for; what does not fit is scrolled to.
    pub fn draw(&self, buf: &mut Buffer, area: Rect, theme: Theme) {
        let lines = self.lines();
        let columns = (area.width / COLUMN).clamp(1, lines.len().max(1) as u16);
        let columns = columns.min((lines.len() as u16).div_ceil(area.height.max(1)));
        let height = per_column(&lines, columns, area.height);
        let room = height * usize::from(columns.max(1));
        let is_selected = |line: &Line| match *line {
            Line::Param(at) | Line::Heading(_, Some(at)) => at == self.selected,
            Line::Heading(_, None) => false,
        };
        let here = lines.iter().position(is_selected).unwrap_or(0);
        let first = here.saturating_sub(room / 2).min(lines.len().saturating_sub(room));
        let width = area.width / columns.max(1);
        for (at, line) in lines.iter().enumerate().skip(first).take(room) {
            let (column, y) = ((at - first) / height, (at - first) % height);
            let place = Rect {
                x: area.x + column as u16 * width,
                y: area.y + y as u16,
                // A blank between columns.
                width: if column + 1 < usize::from(columns) {
                    width - 1
                } else {
                    width
                },
                height: 1,
            };
            if is_selected(line) {
                buf.set_style(place.intersection(buf.area), theme.selected());
            }
            match *line {
                Line::Heading(stage, switch) => self.heading(buf, place, stage, switch, theme),
                Line::Param(at) => self.param(buf, place, at, theme),
            }
        }
        arrows(buf, area, first > 0, first + room < lines.len(), theme);
    }

    fn heading(&self, buf: &mut Buffer, place: Rect, stage: Stage, switch: Option<usize>, theme: Theme) {
        let is_selected = switch == Some(self.selected);
        let mut row = Row::new(buf, place, 0);
        row.put(if is_selected { "▸" } else { " " }, theme.strong())
            .column(stage.title(), 11, theme.strong());
        let mut is_at_work = true;
        if let Some(param) = switch.and_then(|at| self.params.get(at)) {
            let is_on = (param.get)(self.settings) == Value::Switch(true);
            is_at_work = is_on && !(self.is_left_out)(stage);
            match (is_on, is_at_work) {
                (false, _) => row.put(" off ", theme.label()),
                (true, true) => row.put(" on ", theme.preview_badge()).skip(1),
                (true, false) => row.put("(on) ", theme.warning()),
            };
            row.put(if self.is_default(param) { " " } else { "*" }, theme.accent());
        } else {
            row.skip(6);
        }
        if let Some(db) = (self.change_db)(stage).filter(|_| is_at_work) {
            let text = if db.abs() < meter::WORTH_SHOWING_DB {
                "0.0".to_owned()
            } else {
                format!("{db:+.1}")
            };
            row.skip(1);
            let bar = row.left().saturating_sub(7).min(12);
            meter::change_bar(&mut row, db, bar, theme);
            row.number(
                &text,
                7,
                if db.abs() < meter::WORTH_SHOWING_DB {
                    theme.label()
                } else {
                    theme.text()
                },
            );
        }
    }

    fn is_default(&self, param: &Param<S>) -> bool {
        (param.get)(self.settings) == param.default_value()
    }

    fn param(&self, buf: &mut Buffer, place: Rect, at: usize, theme: Theme) {
        let Some(param) = self.params.get(at) else { return };
        let is_selected = at == self.selected;
        let is_default = self.is_default(param);
        let value = (param.get)(self.settings);
        let ink = if is_selected { theme.strong() } else { theme.text() };
        let mut row = Row::new(buf, place, 0);
        row.put(if is_selected { "▸" } else { " " }, theme.strong())
            .skip(2)
            .column(param.label, 16, ink)
            .put(if is_default { " " } else { "*" }, theme.accent());
        let style = match value {
            Value::Switch(true) => theme.good(),
            _ if is_default && !is_selected => theme.label(),
            _ => theme.strong(),
        };
        row.number(&param.show(value).to_string(), 9, style);
        if place.width >= WITH_SLIDER
            && let Some(share) = param.share(value)
        {
            row.skip(2);
            let width = row.left().saturating_sub(1).min(12);
            let at = (share * f32::from(width.saturating_sub(1))).round() as u16;
            for x in 0..width {
                if x == at {
                    row.put("●", ink);
                } else {
                    row.put("─", theme.frame());
                }
            }
        }
    }
}

/// Lines in each column: all there is room for, unless everything fits; then the first column ends where a stage does.
fn per_column(lines: &[Line], columns: u16, height: u16) -> usize {
    let (columns, height) = (usize::from(columns.max(1)), usize::from(height));
    let even = lines.len().div_ceil(columns);
    if columns == 1 || even >= height {
        return height;
    }
    (even..height)
        .find(|at| matches!(lines.get(*at), Some(Line::Heading(..))))
        .unwrap_or(even)
}

/// On the frame at the right: whether there is more above or below.
fn arrows(buf: &mut Buffer, area: Rect, is_above: bool, is_below: bool, theme: Theme) {
    let last = area.height.saturating_sub(1);
    for (is_more, y, text) in [(is_above, 0, "▴"), (is_below, last, "▾")] {
        if is_more {
            let edge = Rect {
                x: area.right(),
                y: area.y + y,
                width: 1,
                height: 1,
            };
            Row::new(buf, edge, 0).put(text, theme.accent());
        }
    }
}

/// A parameter in a line: name, what it is for, what can be set.
pub fn note<S: Default>(buf: &mut Buffer, area: Rect, param: &Param<S>, theme: Theme) {
    let expected = param.expected();
    let range = expected.split(';').next().unwrap_or_default().trim();
    let mut row = Row::new(buf, area, 0);
    let default = param.show(param.default_value());
    let range = format!(" {range}, default {default} ");
    row.skip(1).put(param.name, theme.accent()).skip(1);
    // The range is what somebody who types a value needs; where there is room, the sentence stands before it.
    row.right(&range, theme.label());
    row.skip(1).put(param.doc, theme.text());
}
