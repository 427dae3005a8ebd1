//! One screen on a terminal: draws the view, places pixels over it, and sends the bytes, never more than one frame ahead.
//!
//! What is wanted is drawn whole into a buffer; what the terminal shows is kept in another. Of the difference, what belongs to the
//! screen itself goes first, and of the pictures as many rows as the governor allows: the rest is sent with the next frames, the
//! rows that have waited longest first. So a key never waits behind more than one burst of pictures.

use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::Arc;

use ratatui::buffer::{Buffer, Cell, CellDiffOption};
use ratatui::layout::{Position, Rect, Size};
use unicode_width::UnicodeWidthStr as _;

use super::app::UiState;
use super::monitor::pixels::{Passage, Stage};
use super::monitor::{PixelPicture, Prepared};
use super::terminal::{FRAME_BEGIN, FRAME_END, Output, Paint, STATUS_QUERY};
use super::view::{render, uncovered_monitors};
use crate::control::protocol::MonitorTarget;
use crate::media::TimeDelta;
use crate::studio::model::Studio;
use ratatui::backend::Backend as _;

/// A cell that no view draws: what stands there is not known, so anything is a change.
const UNKNOWN: &str = "\u{10fffd}";

/// About so many bytes does a cell of a picture take, to begin with.
const BYTES_PER_CELL: usize = 12;

/// What may be sent with a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// The screen itself; without it, only pictures.
    pub has_screen: bool,
    /// Bytes of pictures, about.
    pub pictures: usize,
    /// Ask for the terminal's status before anything else.
    pub asks_before: bool,
    /// Ask for it after a frame of at least so many bytes.
    pub asks_after: Option<usize>,
}

impl Budget {
    /// Everything at once, and no questions.
    pub const ALL: Self = Self {
        has_screen: true,
        pictures: usize::MAX,
        asks_before: false,
        asks_after: None,
    };
}

/// What was sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drawn {
    /// Bytes of the screen itself.
    pub screen: usize,
    /// Bytes of pictures.
    pub pictures: usize,
    /// Bytes of the largest picture of pixels in it.
    pub largest: Option<usize>,
    /// What is not out yet.
    pub waits: Waits,
    /// The queries that went with it.
    pub asked: Asked,
}

/// What is not out yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waits {
    /// Something of the screen itself.
    pub screen: bool,
    /// Something of the pictures.
    pub pictures: bool,
}

/// The queries that went with a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// It begins with one.
    pub before: bool,
    /// It ends with one.
    pub after: bool,
}

/// A terminal that is drawn on.
pub struct Screen {
    paint: Paint,
    output: Output,
    wanted: Buffer,
    shown: Buffer,
    /// The terminal must be wiped before anything is drawn.
    is_wiped: bool,
    /// Frames are framed by mode 2026.
    is_synchronized: bool,
    cursor: Option<Position>,
    /// The row of pictures that comes next.
    turn: u16,
    /// Pixels that stand on the terminal now, and where.
    stage: Stage<MonitorTarget>,
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
        let area = Rect::from((Position::ORIGIN, size));
        Ok(Self {
            paint: Paint::new(size, has_color),
            output: Output::start(to, wake)?,
            wanted: Buffer::empty(area),
            shown: unknown(area),
            is_wiped: true,
            is_synchronized: true,
            cursor: None,
            turn: 0,
            stage: Stage::new(Passage::None),
            aside: Vec::new(),
        })
    }

    /// Whether the terminal makes a frame appear at once when it is told where it begins and ends.
    pub fn synchronize(&mut self, is_known: bool) {
        self.is_synchronized = is_known;
    }

    /// Colours are written from now on, or none.
    pub fn set_color(&mut self, has_color: bool) {
        if self.paint.set_color(has_color) {
            self.clear();
        }
    }

    /// Pixels go to the terminal behind this from now on.
    pub fn set_passage(&mut self, passage: Passage) {
        self.stage.set_passage(passage);
    }

    /// The terminal has another size now.
    pub fn resize(&mut self, size: Size) {
        self.paint.set_size(size);
        self.wanted = Buffer::empty(Rect::from((Position::ORIGIN, size)));
        self.clear();
    }

    /// The terminal's content is not to be relied on: the next frame draws everything.
    pub fn clear(&mut self) {
        self.shown = unknown(self.wanted.area);
        self.is_wiped = false;
        self.paint.raw(self.stage.clear());
    }

    /// Tells the terminal something besides the frames, with the next one: the bell, a text for its clipboard.
    pub fn tell(&mut self, bytes: &[u8]) {
        self.aside.extend_from_slice(bytes);
    }

    /// Its size.
    #[must_use]
    pub fn area(&self) -> Rect {
        self.wanted.area
    }

    /// Bytes sent since the start.
    #[must_use]
    pub fn sent_bytes(&self) -> u64 {
        self.output.sent_bytes()
    }

    /// How long the writing of the last frame took, and its bytes; once.
    pub fn written(&mut self) -> Option<(u64, TimeDelta)> {
        self.output.written()
    }

    /// Draws and sends what has changed and may go; `None` where the last frame is still on its way: draw later.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn draw(&mut self, studio: &Studio, ui: &UiState, budget: Budget) -> io::Result<Option<Drawn>> {
        if !self.output.is_free()? {
            return Ok(None);
        }
        self.wanted.reset();
        let cursor = render(&mut self.wanted, studio, ui);
        let mut drawn = Drawn::default();
        if !self.is_wiped {
            self.paint.raw(b"\x1b[2J");
            self.is_wiped = true;
        }
        self.paint.raw(&self.aside);
        drawn.screen += self.aside.len();
        self.aside.clear();
        let monitors = uncovered_monitors(self.area(), studio, ui);
        let has_room = budget.pictures > 0;
        let before = self.paint.len();
        if has_room {
            self.paint.raw(self.stage.before_cells(pixels(ui)));
            drawn.largest = Some(self.stage.largest()).filter(|bytes| *bytes > 0);
        }
        let sent = self.paint.len() - before;
        self.paint_cells(&monitors, budget, &mut drawn);
        let before = self.paint.len();
        self.place_pixels(monitors, ui, has_room, &mut drawn);
        drawn.pictures += sent + self.paint.len() - before;
        self.place_cursor(cursor, budget);
        self.send(budget, &mut drawn)?;
        Ok(Some(drawn))
    }

    /// Paints changed cells: of the screen all or none, of pictures as many rows as there are bytes for.
    fn paint_cells(&mut self, monitors: &[(MonitorTarget, Rect)], budget: Budget, drawn: &mut Drawn) {
        let (area, turn) = (self.wanted.area, self.turn);
        let is_picture = |x: u16, y: u16| monitors.iter().any(|(_, area)| area.contains(Position { x, y }));
        let changes = self.shown.diff(&self.wanted);
        let (mut rows, screen): (Vec<_>, Vec<_>) = changes.into_iter().partition(|(x, y, _)| is_picture(*x, *y));
        let begun = self.paint.len();
        let mut painted = Vec::with_capacity(screen.len() + rows.len());
        if budget.has_screen {
            paint(&mut self.paint, &screen);
            painted.extend(screen.iter().map(|(x, y, _)| (*x, *y)));
        } else {
            drawn.waits.screen = !screen.is_empty();
        }
        drawn.screen += self.paint.len() - begun;

        // The rows from the one whose turn it is.
        let height = area.height.max(1);
        rows.sort_by_key(|(x, y, _)| ((y + height - turn % height) % height, *x));
        let begun = self.paint.len();
        let mut rest = rows.as_slice();
        let mut per_cell = BYTES_PER_CELL;
        while !rest.is_empty() {
            let spent = self.paint.len() - begun;
            let left = budget.pictures.saturating_sub(spent);
            if left < per_cell {
                break;
            }
            let count = (left / per_cell).clamp(1, rest.len());
            let (now, later) = rest.split_at(count);
            paint(&mut self.paint, now);
            painted.extend(now.iter().map(|(x, y, _)| (*x, *y)));
            rest = later;
            let cells = rows.len() - rest.len();
            per_cell = ((self.paint.len() - begun) / cells).max(1);
        }
        drawn.pictures = self.paint.len() - begun;
        drawn.waits.pictures = !rest.is_empty();
        self.turn = rest.first().map_or(0, |(_, y, _)| *y);

        for (x, y) in painted {
            self.take_over(x, y);
        }
        self.forget_skipped();
    }

    /// The terminal shows this cell as it is wanted, with those that a wide character covers.
    fn take_over(&mut self, x: u16, y: u16) {
        let at = self.wanted.index_of(x, y);
        let width = self.wanted.content[at].symbol().width().max(1);
        let until = (at + width).min(self.wanted.index_of(self.wanted.area.right() - 1, y) + 1);
        self.shown.content[at..until].clone_from_slice(&self.wanted.content[at..until]);
    }

    /// Where pixels stand, no cell is known: whatever comes there next is a change.
    fn forget_skipped(&mut self) {
        for (shown, wanted) in self.shown.content.iter_mut().zip(&self.wanted.content) {
            if wanted.diff_option == CellDiffOption::Skip {
                shown.set_symbol(UNKNOWN);
            }
        }
    }

    fn place_cursor(&mut self, cursor: Option<Position>, budget: Budget) {
        let Some(cursor) = cursor else {
            let Ok(()) = self.paint.hide_cursor();
            self.cursor = None;
            return;
        };
        // While the screen waits, the cursor waits with it.
        let cursor = if budget.has_screen {
            cursor
        } else {
            self.cursor.unwrap_or(cursor)
        };
        if self.cursor != Some(cursor) || !self.paint.is_empty() {
            let Ok(()) = self.paint.show_cursor();
            let Ok(()) = self.paint.set_cursor_position(cursor);
        }
        self.cursor = Some(cursor);
    }

    fn send(&mut self, budget: Budget, drawn: &mut Drawn) -> io::Result<()> {
        let is_empty = self.paint.is_empty();
        if is_empty && !budget.asks_before {
            return Ok(());
        }
        if self.is_synchronized && !is_empty {
            self.paint.begin(FRAME_BEGIN);
            self.paint.raw(FRAME_END);
        }
        if budget.asks_before {
            self.paint.begin(STATUS_QUERY);
            drawn.asked.before = true;
        }
        if budget
            .asks_after
            .is_some_and(|least| drawn.screen + drawn.pictures >= least)
        {
            self.paint.raw(STATUS_QUERY);
            drawn.asked.after = true;
        }
        let frame = self.paint.take(self.output.spare());
        // What frames a frame is paid for by what is in it.
        let more = frame.len() - drawn.screen - drawn.pictures;
        if drawn.screen > 0 {
            drawn.screen += more;
        } else {
            drawn.pictures += more;
        }
        self.output.send(frame)
    }

    /// Writes pixels where they are new or were covered since, and takes away those that have no place now. Without room for
    /// pictures, those that stand where they may stay as they are.
    fn place_pixels(&mut self, monitors: Vec<(MonitorTarget, Rect)>, ui: &UiState, has_room: bool, drawn: &mut Drawn) {
        let mut places: HashMap<MonitorTarget, Rect> = monitors.into_iter().collect();
        let mut placed = Vec::with_capacity(places.len());
        for (target, picture) in pixels(ui) {
            // What is shown by placeholders goes with the cells, and under what covers them.
            let Some(area) = places.remove(target).or(picture.placeholders().map(|_| Rect::ZERO)) else {
                continue;
            };
            let picture = if has_room {
                picture
            } else {
                let standing = self.stage.standing(target);
                drawn.waits.pictures |= !standing.is_some_and(|standing| Arc::ptr_eq(standing, picture));
                let Some(standing) = standing else { continue };
                standing
            };
            placed.push((
                target.clone(),
                picture.covered(area, ui.cell_size()),
                Arc::clone(picture),
            ));
        }
        self.paint.raw(self.stage.after_cells(placed));
        drawn.largest = drawn.largest.max(Some(self.stage.largest()).filter(|bytes| *bytes > 0));
    }
}

/// Pictures that are pixels.
fn pixels(ui: &UiState) -> impl Iterator<Item = (&MonitorTarget, &Arc<PixelPicture>)> {
    ui.pictures.iter().filter_map(|(target, prepared)| match prepared {
        Prepared::Pixels(picture) => Some((target, picture)),
        Prepared::Cells(..) => None,
    })
}

/// Paints cells one after the other.
fn paint(to: &mut Paint, cells: &[(u16, u16, &Cell)]) {
    let Ok(()) = to.draw(cells.iter().map(|(x, y, cell)| (*x, *y, *cell)));
}

/// A buffer of which nothing is known.
fn unknown(area: Rect) -> Buffer {
    let mut cell = Cell::default();
    cell.set_symbol(UNKNOWN);
    Buffer::filled(area, cell)
}
