//! The focus on program: as large as it can be, with a slim strip of meters and figures where that costs it least. On a
//! screen much wider or higher than the picture, panes stand in the rest.

use ratatui::layout::{Constraint, Layout as Split, Rect};

use super::Arrangement;
use crate::studio::model::Studio;
use crate::tui::app::Pane;
use crate::tui::view::shape::{columns_for, rows_for};

/// The narrowest strip beside the picture that still says something.
const NARROWEST: u16 = 14;

/// The lowest strip below it.
const LOWEST: u16 = 2;

/// From these sizes on, panes stand where the strip would be.
const WIDE_ENOUGH: u16 = 60;
const HIGH_ENOUGH: u16 = 9;

impl Arrangement {
    pub(super) fn place_program(&mut self, body: Rect, studio: &Studio) {
        let format = studio.format;
        let (width, height) = (body.width, body.height);
        let beside = columns_for(height - 2, format).min(width.saturating_sub(NARROWEST + 2));
        let below = rows_for(width - 2, format).min(height.saturating_sub(LOWEST + 2));
        let area_beside = u32::from(beside) * u32::from(rows_for(beside, format).min(height - 2));
        let area_below = u32::from(below) * u32::from(columns_for(below, format).min(width - 2));
        // Of two that are nearly as large, the one whose meters stand upright.
        if area_beside * 20 >= area_below * 19 {
            let [program, rest] = Split::horizontal([Constraint::Length(beside + 2), Constraint::Fill(1)]).areas(body);
            self.program = program;
            if rest.width < WIDE_ENOUGH || rest.height < 24 {
                self.gauges = rest;
                return;
            }
            let mixer = studio.strips.len() as u16 + 7;
            let parts = [Constraint::Length(mixer), Constraint::Fill(1), Constraint::Fill(1)];
            let [mixer, destinations, events] = Split::vertical(parts).areas(rest);
            self.panes = vec![
                (Pane::Mixer, mixer),
                (Pane::Destinations, destinations),
                (Pane::Events, events),
            ];
        } else {
            let [program, rest] = Split::vertical([Constraint::Length(below + 2), Constraint::Fill(1)]).areas(body);
            self.program = program;
            if rest.height < HIGH_ENOUGH {
                self.gauges = rest;
                return;
            }
            let parts = [Constraint::Fill(4), Constraint::Fill(3), Constraint::Fill(3)];
            let [mixer, destinations, events] = Split::horizontal(parts).areas(rest);
            self.panes = vec![
                (Pane::Mixer, mixer),
                (Pane::Destinations, destinations),
                (Pane::Events, events),
            ];
        }
    }
}
