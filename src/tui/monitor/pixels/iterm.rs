//! iTerm2's inline images (OSC 1337), which WezTerm, mintty, Konsole and others show too.
//!
//! An image stands in the cells that it was written to; writing another one there replaces it. So a picture is a grid of
//! tiles, and those that changed are written again. JPEG is what makes them small; PNG where that is smaller still.
//! See iTerm2's documentation, "Images", and "Multipart" there for long ones.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::Picture;
use super::Thrift;
use super::indexed::Tuning;
use super::painter::{Format, Painter};
use super::palette::MOST;
use super::patch::PixelPicture;
use super::tiles::Tiles;

/// Cells of a tile, at least: larger than kitty's, because each JPEG brings its tables.
const LEAST: (u16, u16) = (20, 5);
/// Characters of base64 that go into one sequence; more than that is sent in parts.
const LONGEST: usize = 128 * 1024;

/// Writes the pictures of one monitor.
#[derive(Debug)]
pub struct ItermEncoder {
    painter: Painter,
    base64: String,
}

impl ItermEncoder {
    /// An encoder for a monitor of so many cells.
    #[must_use]
    pub fn new(cells: (u16, u16)) -> Self {
        Self {
            painter: Painter::new(Tiles::new(cells, LEAST)),
            base64: String::new(),
        }
    }

    /// The picture as images; `None` where it looks like the one before.
    pub fn encode(&mut self, picture: &Picture, thrift: Thrift) -> Option<PixelPicture> {
        let formats = match thrift.level() {
            0 => [Format::Jpeg(88), Format::Png],
            1 => [Format::Jpeg(75), Format::Indexed],
            2 => [Format::Jpeg(55), Format::Indexed],
            _ => [Format::Jpeg(35), Format::Indexed],
        };
        let Self { painter, base64 } = self;
        let (full, update) = painter.paint(
            picture,
            thrift,
            Tuning::of(thrift, MOST),
            &formats,
            |tile, _, data, out| {
                base64.clear();
                STANDARD.encode_string(data, base64);
                let is_long = base64.len() > LONGEST;
                // Writing to a Vec cannot fail.
                let _ = write!(
                    out,
                    "\x1b]1337;{}=inline=1;size={};width={};height={};preserveAspectRatio=0;doNotMoveCursor=1",
                    if is_long { "MultipartFile" } else { "File" },
                    data.len(),
                    tile.columns,
                    tile.rows,
                );
                if is_long {
                    for part in base64.as_bytes().chunks(LONGEST) {
                        out.extend_from_slice(b"\x07\x1b]1337;FilePart=");
                        out.extend_from_slice(part);
                    }
                    out.extend_from_slice(b"\x07\x1b]1337;FileEnd\x07");
                } else {
                    out.push(b':');
                    out.extend_from_slice(base64.as_bytes());
                    out.push(b'\x07');
                }
            },
        )?;
        let cells = Some(self.painter.tiles.cells());
        Some(
            self.painter
                .progress
                .picture((picture.width(), picture.height()), cells, full, update),
        )
    }
}
