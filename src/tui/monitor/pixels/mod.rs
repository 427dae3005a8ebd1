//! Pictures as pixels: sixels, kitty graphics and iTerm2 images, straight or through tmux and screen.
//!
//! Each monitor has an encoder that knows what its terminal shows, and makes of each picture the bytes that draw it from
//! nothing and, where the screen shows an earlier one, those that draw what has changed since. What has changed is what can be seen
//! to have changed: see [`Thrift`].

mod bands;
mod change;
mod indexed;
pub mod ink;
mod iterm;
mod kitty;
mod painter;
mod palette;
mod passthrough;
mod patch;
mod placeholder;
mod png;
mod sixel;
mod stage;
mod tiles;

use super::{CellSize, Picture, Thrift};

pub use iterm::ItermEncoder;
pub use kitty::KittyEncoder;
pub use passthrough::{Passage, pass_through, place};
pub use patch::{Patches, PixelPicture};
pub use placeholder::Placeholders;
pub use sixel::{Keeps, SixelEncoder};
pub use stage::Stage;

/// What a terminal makes of pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PixelTerminal {
    /// What it does with a sixel picture under another one.
    pub keeps: Keeps,
    /// Colour registers for sixels.
    pub registers: usize,
    /// Pixels of a cell.
    pub cell: CellSize,
    /// Kitty's images are shown by placeholders: a multiplexer is between.
    pub has_placeholders: bool,
    /// Sets the numbers of our images apart from those of others on the same terminal.
    pub process: u8,
}

impl Default for PixelTerminal {
    fn default() -> Self {
        Self {
            keeps: Keeps::Nothing,
            registers: 256,
            cell: CellSize { width: 10, height: 20 },
            has_placeholders: false,
            process: std::process::id() as u8,
        }
    }
}

/// What writes the pictures of one monitor.
#[derive(Debug)]
pub enum PixelEncoder {
    /// Sixels.
    Sixel(Box<SixelEncoder>),
    /// Kitty graphics.
    Kitty(Box<KittyEncoder>),
    /// iTerm2 images.
    Iterm(Box<ItermEncoder>),
}

impl PixelEncoder {
    /// For sixels.
    #[must_use]
    pub fn sixel(terminal: &PixelTerminal) -> Self {
        Self::Sixel(Box::new(SixelEncoder::new(
            terminal.keeps,
            terminal.registers,
            terminal.cell.height,
        )))
    }

    /// For kitty graphics on a monitor of so many cells; `monitor` tells those of a screen apart.
    #[must_use]
    pub fn kitty(terminal: &PixelTerminal, cells: (u16, u16), monitor: u8) -> Self {
        Self::Kitty(Box::new(KittyEncoder::new(
            cells,
            terminal.process,
            monitor,
            terminal.has_placeholders,
        )))
    }

    /// For iTerm2 images on a monitor of so many cells.
    #[must_use]
    pub fn iterm(cells: (u16, u16)) -> Self {
        Self::Iterm(Box::new(ItermEncoder::new(cells)))
    }

    /// The picture for the terminal; `None` where it looks like the one before.
    pub fn encode(&mut self, picture: &Picture, thrift: Thrift) -> Option<PixelPicture> {
        match self {
            Self::Sixel(encoder) => encoder.encode(picture, thrift),
            Self::Kitty(encoder) => encoder.encode(picture, thrift),
            Self::Iterm(encoder) => encoder.encode(picture, thrift),
        }
    }
}

#[cfg(test)]
mod tests;
