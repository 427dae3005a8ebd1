//! Pixels of a drawable, read band by band into memory that keeps what was read before.
//!
//! Through shared memory (MIT-SHM 1.2, `AttachFd`) the server copies once and nothing goes through a socket. Without it, on a server of
//! another machine, pixels come in answers (`GetImage`) and are copied from there: the same picture for more work.

use memmap2::MmapMut;
use x11rb::connection::Connection;
use x11rb::protocol::shm::{ConnectionExt as _, Seg};
use x11rb::protocol::xproto::{ConnectionExt as _, ImageFormat};

use super::display::Display;
use super::error::ScreenError;
use super::rows::Rows;
use super::segment;
use super::view::View;

/// All planes of a pixel.
const ALL_PLANES: u32 = u32::MAX;

enum Memory {
    Shared(Seg, MmapMut),
    Own(Vec<u8>),
}

/// The pixels of a view: rows of BGRX, without gaps.
pub(super) struct Grab {
    memory: Memory,
}

impl Grab {
    /// Room for pictures of `size`.
    ///
    /// # Errors
    /// No memory, or the server has gone.
    pub(super) fn new(display: &Display, size: (u32, u32)) -> Result<Self, ScreenError> {
        let len = size.0 as usize * size.1 as usize * 4;
        if display.has_shared_memory {
            let (map, descriptor) = segment::share(len).map_err(ScreenError::Memory)?;
            let number = display.connection.generate_id()?;
            let attached = display.connection.shm_attach_fd(number, descriptor, false)?.check();
            // A server that cannot map it can still answer.
            if attached.is_ok() {
                return Ok(Self {
                    memory: Memory::Shared(number, map),
                });
            }
        }
        Ok(Self {
            memory: Memory::Own(vec![0; len]),
        })
    }

    /// Whether the server writes here itself.
    pub(super) fn is_shared(&self) -> bool {
        matches!(self.memory, Memory::Shared(..))
    }

    /// Reads `rows` of `view`.
    ///
    /// # Errors
    /// [`ScreenError::Stale`] where the view is not any more what it was; the server has gone.
    pub(super) fn read(&mut self, display: &Display, view: &View, rows: &Rows) -> Result<(), ScreenError> {
        let connection = &display.connection;
        let width = view.size.0 as u16;
        let (x, y) = (view.from.0 as i16, view.from.1 as i16);
        let stride = view.size.0 as usize * 4;
        let planes = ALL_PLANES;
        match &mut self.memory {
            Memory::Shared(number, _) => {
                let ask = |band: &std::ops::Range<u32>| {
                    let (top, tall) = (y + band.start as i16, (band.end - band.start) as u16);
                    let (format, offset) = (ImageFormat::Z_PIXMAP.into(), band.start * stride as u32);
                    connection.shm_get_image(view.drawable, x, top, width, tall, planes, format, *number, offset)
                };
                let asked = rows.bands().iter().map(ask).collect::<Result<Vec<_>, _>>()?;
                for answer in asked {
                    answer.reply()?;
                }
            }
            Memory::Own(pixels) => {
                for band in rows.bands() {
                    let (top, tall) = (y + band.start as i16, (band.end - band.start) as u16);
                    let format = ImageFormat::Z_PIXMAP;
                    let answer = connection
                        .get_image(format, view.drawable, x, top, width, tall, planes)?
                        .reply()?;
                    let there = pixels.get_mut(band.start as usize * stride..band.end as usize * stride);
                    match there {
                        Some(there) if there.len() == answer.data.len() => there.copy_from_slice(&answer.data),
                        _ => return Err(ScreenError::Stale(format!("{} bytes of pixels", answer.data.len()))),
                    }
                }
            }
        }
        Ok(())
    }

    /// The pixels as last read.
    pub(super) fn pixels(&mut self) -> &mut [u8] {
        match &mut self.memory {
            Memory::Shared(_, map) => map,
            Memory::Own(pixels) => pixels,
        }
    }

    /// Gives back what it holds of the server.
    ///
    /// # Errors
    /// The server has gone.
    pub(super) fn free(&self, display: &Display) -> Result<(), ScreenError> {
        if let Memory::Shared(number, _) = self.memory {
            display.connection.shm_detach(number)?;
        }
        Ok(())
    }
}
