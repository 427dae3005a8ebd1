//! One screen on a terminal: draws the view, places pixels over it, and sends the bytes, never more than one frame ahead.

use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::Arc;

use ratatui::Terminal;
use ratatui::layout::{Rect, Size};

use super::app::UiState;
use super::monitor::pixels::{Multiplexer, pass_through, place};
use super::monitor::{PixelPicture, Prepared};
use super::terminal::{FRAME_BEGIN, FRAME_END, Output, Paint};
use super::view::{uncovered_monitors, view};
use crate::control::protocol::MonitorTarget;
use crate::studio::model::Studio;

/// A terminal that is drawn on.
pub struct Screen {
    terminal: Terminal<Paint>,
    output: Output,
    /// Pixels that stand on the terminal now, and where.
    pixels: HashMap<MonitorTarget, (Rect, Arc<PixelPicture>)>,
    multiplexer: Multiplexer,
    /// Pixels on their way through the multiplexer.
    passing: Vec<u8>,
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
            pixels: HashMap::new(),
            multiplexer: Multiplexer::None,
            passing: Vec::new(),
        })
    }

    /// Pixels go to the terminal behind this from now on.
    pub fn set_multiplexer(&mut self, multiplexer: Multiplexer) {
        self.multiplexer = multiplexer;
    }

    /// The terminal has another size now.
    pub fn resize(&mut self, size: Size) {
        self.terminal.backend_mut().set_size(size);
        self.forget_pixels();
    }

    /// The terminal's content is not to be relied on: the next frame draws everything.
    pub fn clear(&mut self) {
        let Ok(()) = self.terminal.clear();
        self.forget_pixels();
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
        self.send_virtual(ui);
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

    /// Sends pictures that the terminal shows wherever their placeholders are: before the cells that name them.
    fn send_virtual(&mut self, ui: &UiState) {
        for (target, prepared) in &ui.pictures {
            let Prepared::Pixels(picture) = prepared else {
                continue;
            };
            if picture.placeholders().is_none() {
                continue;
            }
            let before = self.pixels.get(target).map(|(_, before)| before);
            if before.is_some_and(|before| Arc::ptr_eq(before, picture)) {
                continue;
            }
            for (_, _, bytes) in picture.patches(before.map(|before| before.serial())).iter() {
                self.passing.clear();
                pass_through(bytes, self.multiplexer, &mut self.passing);
                self.terminal.backend_mut().raw(&self.passing);
            }
            picture.mark_shown();
            self.pixels.insert(target.clone(), (Rect::ZERO, Arc::clone(picture)));
        }
    }

    /// Writes pixels where they are new or were covered since, and removes those that no longer have a place.
    fn place_pixels(&mut self, studio: &Studio, ui: &UiState) {
        let mut shown = HashMap::new();
        for (target, area) in uncovered_monitors(self.area(), studio, ui) {
            let Some(Prepared::Pixels(picture)) = ui.pictures.get(&target) else {
                continue;
            };
            if picture.placeholders().is_some() {
                continue;
            }
            let place_at = picture.covered(area, ui.cell_size());
            let before = self.pixels.remove(&target);
            let before = match before {
                Some((was, before)) if was == place_at => Some(before),
                Some((_, before)) => {
                    self.remove(&before);
                    None
                }
                None => None,
            };
            if !before.as_ref().is_some_and(|before| Arc::ptr_eq(before, picture)) {
                for (column, row, bytes) in picture.patches(before.map(|before| before.serial())).iter() {
                    let at = (place_at.x + column, place_at.y + row);
                    self.passing.clear();
                    place(bytes, at, self.multiplexer, &mut self.passing);
                    self.terminal.backend_mut().raw(&self.passing);
                }
                picture.mark_shown();
                // The prompt's cursor was drawn before the pixels.
                self.terminal.backend_mut().restore_cursor();
            }
            shown.insert(target, (place_at, Arc::clone(picture)));
        }
        for (target, (place_at, picture)) in std::mem::take(&mut self.pixels) {
            if picture.placeholders().is_some() && ui.pictures.contains_key(&target) {
                shown.insert(target, (place_at, picture));
            } else {
                self.remove(&picture);
            }
        }
        self.pixels = shown;
    }

    /// Nothing that was drawn stands for certain.
    fn forget_pixels(&mut self) {
        for (_, (_, picture)) in std::mem::take(&mut self.pixels) {
            self.remove(&picture);
        }
    }

    fn remove(&mut self, picture: &PixelPicture) {
        if !picture.remove().is_empty() {
            self.passing.clear();
            pass_through(picture.remove(), self.multiplexer, &mut self.passing);
            self.terminal.backend_mut().raw(&self.passing);
        }
    }
}
