//! What is seen on an X server: all of it, a part, a monitor, a window.
//!
//! ```text
//! display  a connection that gives up waiting          view     which part of which drawable
//! windows  titles, the topmost first                   grab     pixels, by shared memory
//! eye      what changed → rows → grab → cursor → convert → a picture for the next tick
//! ```
//!
//! Pure parts: `rows` (what changed), `cursor` (drawn and lifted), `convert` (smaller, and BGRX to I420), `pace` (when to look).
//! An attempt ends when the server goes, or the window, or the monitor; the supervisor tries again.

mod convert;
mod cursor;
mod display;
mod error;
mod eye;
mod grab;
mod look;
mod pace;
mod rows;
mod segment;
mod view;
mod windows;

pub use error::ScreenError;
pub(super) use look::look;

use super::attempt::{Outcome, Source};
use super::devices::ScreenSpec;
use super::outlet::Outlet;
use super::spec::{SourceFormat, SourceState, SourceVideo};
use super::{SourceError, screen::display::Display};
use eye::Eye;
use pace::Pace;

/// One attempt at it.
pub struct Screen<'a> {
    spec: &'a ScreenSpec,
}

impl<'a> Screen<'a> {
    /// What `spec` names. Nothing is opened yet.
    #[must_use]
    pub fn new(spec: &'a ScreenSpec) -> Self {
        Self { spec }
    }

    fn watch(&self, outlet: &mut Outlet) -> Result<Outcome, ScreenError> {
        let name = self.spec.display.clone().or_else(look::display_of_environment);
        let name = name.ok_or(ScreenError::Unnamed)?;
        let display = Display::open(&name, Box::new(outlet.order_watch()))?;
        let program = (outlet.context().width, outlet.context().height);
        let mut pace = Pace::new(outlet.context().frame_rate, self.spec.frame_rate);
        let mut eye = Eye::open(&display, self.spec, program)?;
        if !eye.is_shared() {
            outlet.notice("pixels come through the connection, without shared memory: this costs more");
        }
        loop {
            let now = outlet.now();
            outlet.report_drops(now);
            let (look_at, tick) = pace.next(now);
            if !outlet.wait_until(look_at) {
                return Ok(Outcome::Stopped);
            }
            if let Some(frame) = eye.look(tick, outlet.pool())? {
                let (width, height) = eye.size();
                outlet.set_format(SourceFormat {
                    video: Some(SourceVideo::new(width, height, pace.rate().as_f64())),
                    audio: None,
                });
                outlet.push_video(frame);
                outlet.set_state(SourceState::Live);
            }
        }
    }
}

impl Source for Screen<'_> {
    fn run(&mut self, outlet: &mut Outlet) -> Result<Outcome, SourceError> {
        match self.watch(outlet) {
            Err(_) if outlet.is_over() => Ok(Outcome::Stopped),
            watched => watched.map_err(|error| error.of(self.spec.location())),
        }
    }
}
