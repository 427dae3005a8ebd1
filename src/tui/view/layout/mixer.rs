//! The focus on sound: all strips as faders, how loud program is, and what is on air.

use ratatui::layout::{Constraint, Layout as Split, Rect};

use super::Arrangement;
use crate::studio::model::Studio;
use crate::tui::app::Pane;
use crate::tui::view::desk::board;
use crate::tui::view::shape::{columns_for, rows_for};

/// Loudness with large figures, bar, words and meters.
const LOUDNESS: u16 = 13;

/// The least for picture and loudness beside the faders.
const NARROW: u16 = 26;

/// From this width on, destinations and events stand beside the picture.
const WIDE: u16 = 110;

impl Arrangement {
    pub(super) fn place_mixer(&mut self, body: Rect, studio: &Studio) {
        let strips = studio.strips.len() as u16;
        let beside = match body.width {
            0..76 => 0,
            76..110 => NARROW,
            // Rather narrow figures than strips out of sight.
            width => (width * 2 / 5).min(width.saturating_sub(board::narrowest(strips)).max(NARROW)),
        };
        let most = (body.width - beside).min(board::widest(strips, body.height));
        let wanted = if beside == 0 { body.width } else { most };
        let [board, rest] = Split::horizontal([Constraint::Length(wanted), Constraint::Fill(1)]).areas(body);
        self.board = board;
        if rest.is_empty() {
            return;
        }
        let [left, right] = if rest.width >= WIDE {
            Split::horizontal([Constraint::Fill(3), Constraint::Fill(2)]).areas(rest)
        } else {
            [rest, Rect::default()]
        };
        let picture = (rows_for(left.width.saturating_sub(2), studio.format) + 2)
            .min(left.height.saturating_sub(LOUDNESS))
            .max(left.height * 2 / 5);
        let [program, loudness] = Split::vertical([Constraint::Length(picture), Constraint::Fill(1)]).areas(left);
        self.loudness = loudness;
        self.program = program;
        if !right.is_empty() {
            let height = (studio.destinations.len() as u16 * 2 + 4).clamp(6, right.height / 2);
            let [destinations, events] =
                Split::vertical([Constraint::Length(height), Constraint::Fill(1)]).areas(right);
            self.panes = vec![(Pane::Destinations, destinations), (Pane::Events, events)];
        } else if columns_for(picture.saturating_sub(2), studio.format) * 2 < left.width {
            // A picture that is low is narrow: destinations fill its row.
            let width = columns_for(picture.saturating_sub(2), studio.format) + 2;
            let [program, destinations] =
                Split::horizontal([Constraint::Length(width), Constraint::Fill(1)]).areas(program);
            self.program = program;
            self.panes = vec![(Pane::Destinations, destinations)];
        }
    }
}
