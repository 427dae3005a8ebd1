//! What part of which drawable is seen: the screen or a part of it, a monitor, a window.
//!
//! A window is read from memory of its own, into which the server draws it for whoever asks (Composite 0.2, `RedirectWindow` with
//! automatic update, `NameWindowPixmap`), so it is seen where others cover it. Its memory is another one after each change of its size.

use x11rb::connection::Connection;
use x11rb::protocol::composite::{ConnectionExt as _, Redirect};
use x11rb::protocol::randr::{ConnectionExt as _, NotifyMask};
use x11rb::protocol::xproto::{
    ChangeWindowAttributesAux, ConnectionExt as _, Drawable, EventMask, MapState, Pixmap, Window,
};

use super::display::Display;
use super::error::ScreenError;
use super::windows;
use crate::source::ScreenArea;

/// Sides of the largest view in pixels, and as many pixels as four screens of 4096×4096: what a server claims decides about no memory.
const LONGEST: u32 = 16_384;
const MOST_PIXELS: u32 = 1 << 26;

/// A part of a drawable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct View {
    /// What pixels are read from.
    pub drawable: Drawable,
    /// The pixel of the drawable that is the left top of the picture.
    pub from: (u32, u32),
    /// The window in which that lies: its damage and the pointer over it count.
    pub window: Window,
    /// The same pixel as the window counts them.
    pub origin: (i32, i32),
    /// Even.
    pub size: (u32, u32),
    /// Memory of the window, to be given back.
    pixmap: Option<Pixmap>,
}

/// A rectangle: left, top, width, height.
type Part = (u32, u32, u32, u32);

impl View {
    /// Finds `area` on `display`, and has the server tell what becomes of it.
    ///
    /// # Errors
    /// It is not there, or not now.
    pub(super) fn find(display: &Display, area: &ScreenArea) -> Result<Self, ScreenError> {
        let connection = &display.connection;
        let tell = ChangeWindowAttributesAux::new().event_mask(EventMask::STRUCTURE_NOTIFY);
        connection.change_window_attributes(display.root, &tell)?;
        if display.has_monitors {
            let mask = NotifyMask::SCREEN_CHANGE | NotifyMask::CRTC_CHANGE | NotifyMask::OUTPUT_CHANGE;
            connection.randr_select_input(display.root, mask)?;
        }
        let geometry = connection.get_geometry(display.root)?.reply()?;
        display.check_pixels(geometry.depth, display.root_visual)?;
        let screen = (u32::from(geometry.width), u32::from(geometry.height));
        let part = match area {
            ScreenArea::Window(title) => {
                let window = windows::choose(&windows::list(display)?, title)?.id;
                return Self::of_window(display, window, title);
            }
            ScreenArea::Whole => (0, 0, screen.0, screen.1),
            ScreenArea::Region { x, y, width, height } => (*x, *y, *width, *height),
            ScreenArea::Monitor(name) => monitor(display, name)?,
        };
        let (x, y, width, height) = cut(part, screen).ok_or(ScreenError::Outside {
            width: screen.0,
            height: screen.1,
        })?;
        check_size((width, height))?;
        Ok(Self {
            drawable: display.root,
            from: (x, y),
            window: display.root,
            origin: (x as i32, y as i32),
            size: (width, height),
            pixmap: None,
        })
    }

    /// The same window again, which may have another size now.
    ///
    /// # Errors
    /// It is not shown any more.
    pub(super) fn of_window(display: &Display, window: Window, title: &str) -> Result<Self, ScreenError> {
        if !display.has_composite {
            return Err(ScreenError::Lacks("Composite"));
        }
        let connection = &display.connection;
        let tell = ChangeWindowAttributesAux::new().event_mask(EventMask::STRUCTURE_NOTIFY);
        connection.change_window_attributes(window, &tell)?;
        // Once is enough, and again does no harm.
        connection.composite_redirect_window(window, Redirect::AUTOMATIC)?;
        let pixmap = connection.generate_id()?;
        let named = connection.composite_name_window_pixmap(window, pixmap)?;
        let hidden = || ScreenError::Hidden(title.to_owned());
        let geometry = connection.get_geometry(window)?;
        let attributes = connection.get_window_attributes(window)?;
        named.check().map_err(|_| hidden())?;
        let geometry = geometry.reply().map_err(|_| hidden())?;
        let attributes = attributes.reply().map_err(|_| hidden())?;
        let size = (u32::from(geometry.width) & !1, u32::from(geometry.height) & !1);
        if attributes.map_state != MapState::VIEWABLE || size.0 < 2 || size.1 < 2 {
            return Err(hidden());
        }
        display.check_pixels(geometry.depth, attributes.visual)?;
        check_size(size)?;
        let border = u32::from(geometry.border_width);
        Ok(Self {
            drawable: pixmap,
            from: (border, border),
            window,
            origin: (0, 0),
            size,
            pixmap: Some(pixmap),
        })
    }

    /// Whether it is still shown; asked now and then, for a window can go with one that it lies in, of which nobody tells.
    ///
    /// # Errors
    /// It is not, or the server has gone.
    pub(super) fn check_shown(&self, display: &Display, area: &ScreenArea) -> Result<(), ScreenError> {
        let ScreenArea::Window(title) = area else { return Ok(()) };
        let attributes = display.connection.get_window_attributes(self.window)?.reply();
        match attributes {
            Ok(attributes) if attributes.map_state == MapState::VIEWABLE => Ok(()),
            Ok(_) | Err(x11rb::errors::ReplyError::X11Error(_)) => Err(ScreenError::Hidden(title.clone())),
            Err(error) => Err(error.into()),
        }
    }

    /// Gives back what it holds of the server.
    ///
    /// # Errors
    /// The server has gone.
    pub(super) fn free(&self, display: &Display) -> Result<(), ScreenError> {
        if let Some(pixmap) = self.pixmap {
            display.connection.free_pixmap(pixmap)?;
        }
        Ok(())
    }
}

/// A monitor of a screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Monitor {
    /// `HDMI-1`.
    pub name: String,
    /// Where it is on the screen.
    pub part: Part,
    /// Whether it is the main one.
    pub is_primary: bool,
}

/// The monitors of a screen, as its server lists them; none where it knows of none.
///
/// # Errors
/// The server has gone.
pub(super) fn monitors(display: &Display) -> Result<Vec<Monitor>, ScreenError> {
    if !display.has_monitors {
        return Ok(Vec::new());
    }
    let connection = &display.connection;
    let all = connection.randr_get_monitors(display.root, true)?.reply()?.monitors;
    all.into_iter()
        .map(|monitor| {
            let name = connection.get_atom_name(monitor.name)?.reply()?.name;
            let side = |side: i16| u32::try_from(side).unwrap_or(0);
            let (width, height) = (u32::from(monitor.width), u32::from(monitor.height));
            Ok(Monitor {
                name: String::from_utf8_lossy(&name).into_owned(),
                part: (side(monitor.x), side(monitor.y), width, height),
                is_primary: monitor.primary,
            })
        })
        .collect()
}

fn monitor(display: &Display, name: &str) -> Result<Part, ScreenError> {
    let all = monitors(display)?;
    let exact = all.iter().find(|monitor| monitor.name == name);
    let found = exact.or_else(|| all.iter().find(|monitor| monitor.name.eq_ignore_ascii_case(name)));
    found.map(|monitor| monitor.part).ok_or_else(|| {
        let names = all.iter().map(|monitor| monitor.name.as_str()).collect::<Vec<_>>();
        ScreenError::NoMonitor {
            name: name.to_owned(),
            there: if names.is_empty() {
                "none".to_owned()
            } else {
                names.join(", ")
            },
        }
    })
}

fn check_size((width, height): (u32, u32)) -> Result<(), ScreenError> {
    let is_fit = width <= LONGEST && height <= LONGEST && width * height <= MOST_PIXELS;
    is_fit.then_some(()).ok_or(ScreenError::TooLarge { width, height })
}

/// The part of a screen that `part` covers, even in size; `None` where there is hardly anything.
fn cut((x, y, width, height): Part, screen: (u32, u32)) -> Option<Part> {
    let width = width.min(screen.0.saturating_sub(x)) & !1;
    let height = height.min(screen.1.saturating_sub(y)) & !1;
    (width >= 2 && height >= 2).then_some((x, y, width, height))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_is_cut_off_at_the_edge_of_the_screen() {
        assert_eq!(cut((0, 0, 1281, 721), (1281, 721)), Some((0, 0, 1280, 720)));
        assert_eq!(cut((1000, 700, 640, 360), (1280, 720)), Some((1000, 700, 280, 20)));
        assert_eq!(cut((1280, 0, 640, 360), (1280, 720)), None);
        assert!(check_size((7680, 4320)).is_ok());
        assert!(check_size((65_534, 2)).is_err() && check_size((16_384, 16_384)).is_err());
        assert_eq!(cut((u32::MAX, 5, 640, 360), (1280, 720)), None);
    }
}
