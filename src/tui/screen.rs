//! One screen on a terminal: draws the view, places sixels over it, and sends the bytes, never more than one frame ahead.

use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::Arc;

use ratatui::Terminal;
use ratatui::layout::{Rect, Size};

use super::app::UiState;
use super::monitor::{Prepared, SixelPicture};
use super::terminal::{FRAME_BEGIN, FRAME_END, Output, Paint};
use super::view::{uncovered_monitors, view};
use crate::control::protocol::MonitorTarget;
use crate::studio::model::Studio;

/// A terminal that is drawn on.
pub struct Screen {
    terminal: Terminal<Paint>,
    output: Output,
    /// Pixels that stand on the terminal now, and where.
    sixels: HashMap<MonitorTarget, (Rect, Arc<SixelPicture>)>,
    /// What goes to the terminal before the next frame, and is no part of any.
    aside: Vec<u8>,
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
            sixels: HashMap::new(),
            aside: Vec::new(),
        })
    }

    /// The terminal has another size now.
    pub fn resize(&mut self, size: Size) {
        self.terminal.backend_mut().set_size(size);
        self.sixels.clear();
    }

    /// The terminal's content is not to be relied on: the next frame draws everything.
    pub fn clear(&mut self) {
        let Ok(()) = self.terminal.clear();
        self.sixels.clear();
    }

    /// Tells the terminal something besides the frames, with the next one: the bell, a text for its clipboard.
    pub fn tell(&mut self, bytes: &[u8]) {
        self.aside.extend_from_slice(bytes);
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
        let Ok(_) = self.terminal.draw(|frame| view(frame, studio, ui));
        self.place_sixels(studio, ui);
        let paint = self.terminal.backend_mut();
        paint.raw(&self.aside);
        self.aside.clear();
        if paint.len() == begun {
            paint.discard();
            return Ok(true);
        }
        paint.raw(FRAME_END);
        let frame = paint.take(self.output.spare());
        self.output.send(frame)?;
        Ok(true)
    }

    /// Writes pixels where they are new or were covered since.
    fn place_sixels(&mut self, studio: &Studio, ui: &UiState) {
        let mut shown = HashMap::new();
        for (target, area) in uncovered_monitors(self.area(), studio, ui) {
            let Some(Prepared::Sixel(sixel)) = ui.pictures.get(&target) else {
                continue;
            };
            let place = sixel.covered(area, ui.cell_size());
            let is_shown = self
                .sixels
                .get(&target)
                .is_some_and(|(was, before)| *was == place && Arc::ptr_eq(before, sixel));
            if !is_shown {
                let paint = self.terminal.backend_mut();
                paint.move_to(place.x, place.y);
                paint.raw(&sixel.bytes);
                // The prompt's cursor was drawn before the pixels.
                paint.restore_cursor();
            }
            shown.insert(target, (place, Arc::clone(sixel)));
        }
        self.sixels = shown;
    }
}
