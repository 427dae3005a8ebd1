//! Looks at one view, tick by tick: what has changed is read and made a picture of; where nothing has, nothing is done.
//!
//! The server collects what is drawn (DAMAGE, reported once when there is any, then asked for as a region), so a screen that stands
//! still costs one question for the pointer per tick. What was drawn after the region was asked for and before the pixels were read is
//! in the picture already, and in the next region once more: nothing is ever missed.

use x11rb::connection::Connection;
use x11rb::cookie::Cookie;
use x11rb::errors::ReplyError;
use x11rb::protocol::damage::{ConnectionExt as _, Damage, ReportLevel};
use x11rb::protocol::xfixes::{ConnectionExt as _, CursorNotifyMask, Region};
use x11rb::protocol::xproto::{ConnectionExt as _, QueryPointerReply, Rectangle};

use super::convert::Converter;
use super::cursor::{Shape, Spot, lift};
use super::display::Display;
use super::error::ScreenError;
use super::grab::Grab;
use super::rows::Rows;
use super::view::View;
use crate::media::{FramePool, TimeDelta, Timestamp, VideoFrame};
use crate::source::{ScreenArea, ScreenSpec};

/// How often, in ms, a window is asked whether it is still shown.
const CHECK_MS: i64 = 500;

/// Ticks in a row at which the view may be another one when its pixels are read than it was when it was found. Somebody who drags
/// the edge of a window about makes a few.
const STALE_TICKS: u32 = 60;

/// What looks.
pub(super) struct Eye<'a> {
    display: &'a Display,
    spec: &'a ScreenSpec,
    program: (u32, u32),
    view: View,
    grab: Grab,
    converter: Converter,
    damage: Damage,
    region: Region,
    /// Rows that are to be read.
    stale: Rows,
    stale_ticks: u32,
    cursor: Option<Shape>,
    is_cursor_known: bool,
    spot: Option<Spot>,
    /// What is under the pointer while it is drawn.
    under: Vec<u8>,
    checked_at: Option<Timestamp>,
}

impl<'a> Eye<'a> {
    /// Opens it on what `spec` says, for a program of that size.
    ///
    /// # Errors
    /// It is not there, or not now.
    pub(super) fn open(display: &'a Display, spec: &'a ScreenSpec, program: (u32, u32)) -> Result<Self, ScreenError> {
        let view = View::find(display, &spec.area)?;
        let connection = &display.connection;
        let (damage, region) = (connection.generate_id()?, connection.generate_id()?);
        connection
            .damage_create(damage, view.window, ReportLevel::NON_EMPTY)?
            .check()?;
        connection.xfixes_create_region(region, &[])?.check()?;
        // All of a window counts as drawn at first. It will be read anyway.
        connection.damage_subtract(damage, x11rb::NONE, x11rb::NONE)?;
        if spec.has_cursor {
            connection.xfixes_select_cursor_input(display.root, CursorNotifyMask::DISPLAY_CURSOR)?;
        }
        Ok(Self {
            display,
            spec,
            program,
            view,
            grab: Grab::new(display, view.size)?,
            converter: Converter::new(view.size, program),
            damage,
            region,
            stale: Rows::all(view.size.1),
            stale_ticks: 0,
            cursor: None,
            is_cursor_known: false,
            spot: None,
            under: Vec::new(),
            checked_at: None,
        })
    }

    /// Pixels of what is seen.
    pub(super) fn size(&self) -> (u32, u32) {
        self.view.size
    }

    /// Whether pixels come through shared memory.
    pub(super) fn is_shared(&self) -> bool {
        self.grab.is_shared()
    }

    /// The picture for `tick`; `None` where it would be the one before.
    ///
    /// # Errors
    /// What is seen has gone.
    pub(super) fn look(&mut self, tick: Timestamp, pool: &FramePool) -> Result<Option<VideoFrame>, ScreenError> {
        let changes = self.display.changes(self.view.window)?;
        if changes.is_hidden {
            self.view.check_shown(self.display, &self.spec.area)?;
        }
        if changes.is_reshaped {
            self.reshape()?;
        }
        self.check_now_and_then(tick)?;
        let pointer = self.ask(changes.is_damaged)?;
        let is_new_cursor = self.spec.has_cursor && (changes.has_other_cursor || !self.is_cursor_known);
        if is_new_cursor {
            let image = self.display.connection.xfixes_get_cursor_image()?.reply()?;
            let hot = (i32::from(image.xhot), i32::from(image.yhot));
            self.cursor = Shape::new(image.width.into(), image.height.into(), hot, image.cursor_image);
            self.is_cursor_known = true;
        }
        let spot = pointer.and_then(|pointer| self.spot_of(&pointer));
        let is_moved = spot != self.spot || (is_new_cursor && spot.is_some());
        if self.stale.is_empty() && !is_moved {
            return Ok(None);
        }
        match self.grab.read(self.display, &self.view, &self.stale) {
            Ok(()) => self.stale_ticks = 0,
            Err(ScreenError::Stale(_)) if self.stale_ticks < STALE_TICKS => {
                self.stale_ticks += 1;
                self.reshape()?;
                self.stale = Rows::all(self.view.size.1);
                return Ok(None);
            }
            Err(error) => return Err(error),
        }
        if is_moved {
            for spot in [&self.spot, &spot].into_iter().flatten() {
                self.stale.add(spot.rows());
            }
        }
        self.spot = spot;
        let frame = self.develop(tick, pool);
        self.stale.clear();
        Ok(Some(frame))
    }

    fn develop(&mut self, tick: Timestamp, pool: &FramePool) -> VideoFrame {
        let width = self.view.size.0;
        let pixels = self.grab.pixels();
        let drawn = self.cursor.as_ref().zip(self.spot.as_ref());
        if let Some((cursor, spot)) = drawn {
            cursor.draw(spot, pixels, width, &mut self.under);
        }
        let frame = self.converter.picture(pixels, &self.stale, pool, tick);
        if let Some((_, spot)) = drawn {
            lift(spot, pixels, width, &self.under);
        }
        frame
    }

    /// Asks for what was drawn and where the pointer is, in one go.
    fn ask(&mut self, is_damaged: bool) -> Result<Option<QueryPointerReply>, ScreenError> {
        let connection = &self.display.connection;
        let drawn = if is_damaged {
            connection.damage_subtract(self.damage, x11rb::NONE, self.region)?;
            Some(connection.xfixes_fetch_region(self.region)?)
        } else {
            None
        };
        let pointer = if self.spec.has_cursor {
            Some(connection.query_pointer(self.view.window)?)
        } else {
            None
        };
        if let Some(drawn) = drawn {
            for rectangle in drawn.reply()?.rectangles {
                self.note(rectangle);
            }
        }
        match pointer.map(Cookie::reply) {
            Some(Ok(pointer)) => Ok(Some(pointer)),
            // A window that has gone is found out by its check.
            None | Some(Err(ReplyError::X11Error(_))) => Ok(None),
            Some(Err(error)) => Err(error.into()),
        }
    }

    /// Notes that something was drawn in `rectangle` of the window.
    fn note(&mut self, rectangle: Rectangle) {
        let (left, top) = (
            i32::from(rectangle.x) - self.view.origin.0,
            i32::from(rectangle.y) - self.view.origin.1,
        );
        let (right, bottom) = (left + i32::from(rectangle.width), top + i32::from(rectangle.height));
        let (width, height) = (self.view.size.0 as i32, self.view.size.1 as i32);
        if left < width && right > 0 && top < height && bottom > 0 {
            self.stale.add(top.max(0) as u32..bottom.min(height) as u32);
        }
    }

    fn spot_of(&self, pointer: &QueryPointerReply) -> Option<Spot> {
        let at = (
            i32::from(pointer.win_x) - self.view.origin.0,
            i32::from(pointer.win_y) - self.view.origin.1,
        );
        let (width, height) = (self.view.size.0 as i32, self.view.size.1 as i32);
        let is_within = (0..width).contains(&at.0) && (0..height).contains(&at.1);
        // On a screen it may reach in from beside; a window has it only while it points at the window.
        let is_seen = pointer.same_screen && (is_within || !matches!(self.spec.area, ScreenArea::Window(_)));
        let cursor = self.cursor.as_ref().filter(|_| is_seen)?;
        cursor.spot(at, self.view.size)
    }

    /// What is seen may have another size now, or be elsewhere.
    fn reshape(&mut self) -> Result<(), ScreenError> {
        let view = match &self.spec.area {
            ScreenArea::Window(title) => View::of_window(self.display, self.view.window, title)?,
            area => View::find(self.display, area)?,
        };
        self.view.free(self.display)?;
        let before = std::mem::replace(&mut self.view, view);
        if before.size != view.size {
            self.grab.free(self.display)?;
            self.grab = Grab::new(self.display, view.size)?;
            self.converter = Converter::new(view.size, self.program);
            self.spot = None;
        }
        if (before.size, before.from, before.origin) != (view.size, view.from, view.origin) {
            self.stale = Rows::all(view.size.1);
        }
        Ok(())
    }

    fn check_now_and_then(&mut self, tick: Timestamp) -> Result<(), ScreenError> {
        let is_due = self
            .checked_at
            .is_none_or(|at| tick - at >= TimeDelta::from_millis(CHECK_MS));
        if is_due {
            self.checked_at = Some(tick);
            self.view.check_shown(self.display, &self.spec.area)?;
        }
        Ok(())
    }
}
