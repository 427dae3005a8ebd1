//! One screen on a terminal: draws the view, places pixels over it, and sends the bytes, never more than one frame ahead.

use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::Arc;

use ratatui::Terminal;
use ratatui::layout::{Rect, Size};

use super::app::UiState;
use super::monitor::Prepared;
use super::monitor::pixels::{Multiplexer, Stage};
use super::terminal::{FRAME_BEGIN, FRAME_END, Output, Paint};
use super::view::{uncovered_monitors, view};
use crate::control::protocol::MonitorTarget;
use crate::studio::model::Studio;

/// A terminal that is drawn on.
pub struct Screen {
    terminal: Terminal<Paint>,
    output: Output,
    /// Pixels that stand on the terminal now, and where.
    stage: Stage<MonitorTarget>,
}

impl Screen {
    /// A screen of `size` cells that writes to `to`. `wake` is called when a frame is out and the next one can be drawn.
    ///
    /// # Errors
    /// The writing thread cannot be started.
    pub fn new(
        size: Size,
        has_color: bool,
        to: impl Write + Send + 'static,
        wake: impl Fn() + Send + 'static,
    ) -> io::Result<Self> {
        let Ok(terminal) = Terminal::new(Paint::new(size, has_color));
        Ok(Self {
            terminal,
            output: Output::start(to, wake)?,
            stage: Stage::new(Multiplexer::None),
        })
    }

    /// Pixels go to the terminal behind this from now on.
    pub fn set_multiplexer(&mut self, multiplexer: Multiplexer) {
        self.stage.set_multiplexer(multiplexer);
    }

    /// The terminal has another size now.
    pub fn resize(&mut self, size: Size) {
        self.terminal.backend_mut().set_size(size);
        self.terminal.backend_mut().raw(self.stage.clear());
    }

    /// The terminal's content is not to be relied on: the next frame draws everything.
    pub fn clear(&mut self) {
        let Ok(()) = self.terminal.clear();
        self.terminal.backend_mut().raw(self.stage.clear());
    }

    /// Its size.
    #[must_use]
    pub fn area(&self) -> Rect {
        let Ok(size) = self.terminal.size();
        Rect::from((ratatui::layout::Position::ORIGIN, size))
    }

    /// Bytes sent since the start.
    #[must_use]
    pub fn sent_bytes(&self) -> u64 {
        self.output.sent_bytes()
    }

    /// Draws and sends what has changed; returns `false` where the last frame is still on its way: draw later.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn draw(&mut self, studio: &Studio, ui: &UiState) -> io::Result<bool> {
        if !self.output.is_free()? {
            return Ok(false);
        }
        self.terminal.backend_mut().begin(FRAME_BEGIN);
        let begun = self.terminal.backend().len();
        let pixels = ui.pictures.iter().filter_map(|(target, prepared)| match prepared {
            Prepared::Pixels(picture) => Some((target, picture)),
            Prepared::Cells(..) => None,
        });
        self.terminal.backend_mut().raw(self.stage.before_cells(pixels));
        let Ok(_) = self.terminal.draw(|frame| view(frame, studio, ui));
        self.place_pixels(studio, ui);
        let paint = self.terminal.backend_mut();
        if paint.len() == begun {
            paint.discard();
            return Ok(true);
        }
        paint.raw(FRAME_END);
        let frame = paint.take(self.output.spare());
        self.output.send(frame)?;
        Ok(true)
    }

    /// Writes pixels where they are new or were covered since, and takes away those that have no place now.
    fn place_pixels(&mut self, studio: &Studio, ui: &UiState) {
        let mut places: HashMap<MonitorTarget, Rect> =
            uncovered_monitors(self.area(), studio, ui).into_iter().collect();
        let pixels = ui.pictures.iter().filter_map(|(target, prepared)| {
            let Prepared::Pixels(picture) = prepared else {
                return None;
            };
            // What is shown by placeholders goes with the cells, and under what covers them.
            let area = places.remove(target).or(picture.placeholders().map(|_| Rect::ZERO))?;
            Some((
                target.clone(),
                picture.covered(area, ui.cell_size()),
                Arc::clone(picture),
            ))
        });
        let written = self.stage.after_cells(pixels);
        if !written.is_empty() {
            let paint = self.terminal.backend_mut();
            paint.raw(written);
            // The prompt's cursor was drawn before the pixels.
            paint.restore_cursor();
        }
    }
}
