//! Kitty's graphics protocol, which kitty, Ghostty, WezTerm and Konsole speak.
//!
//! Not all of them can change part of an image (animation frames), but all can show one image over another and forget one.
//! So a picture is a grid of tiles, each with three numbers in turns: the new image is shown before the old one is forgotten,
//! and nothing flickers. Inside tmux the images are virtual and shown by [placeholders](super::placeholder).
//! See the protocol's "Display images on screen", "Unicode placeholders" and "Deleting images".

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::Picture;
use super::Thrift;
use super::indexed::Tuning;
use super::painter::{Format, Painter};
use super::palette::MOST;
use super::patch::PixelPicture;
use super::placeholder::{LARGEST, Placeholders};
use super::tiles::Tiles;

/// Characters of base64 in one piece, at most.
const CHUNK: usize = 4096;
/// Numbers of a tile's images, used in turns.
const TURNS: u32 = 3;
/// Cells of a tile, at least.
const LEAST: (u16, u16) = (16, 4);

/// Writes the pictures of one monitor.
#[derive(Debug)]
pub struct KittyEncoder {
    painter: Painter,
    /// The number of the first image of the first tile.
    base: u32,
    is_virtual: bool,
    turns: Vec<u32>,
    base64: String,
}

impl KittyEncoder {
    /// An encoder for a monitor of so many cells. `process` and `monitor` (below 64) set its image numbers apart from those
    /// of others; with `is_virtual` the images are shown by placeholders.
    #[must_use]
    pub fn new(cells: (u16, u16), process: u8, monitor: u8, is_virtual: bool) -> Self {
        let cells = (cells.0.min(LARGEST * 16), cells.1.min(LARGEST * 16));
        let tiles = Tiles::new(cells, LEAST);
        Self {
            turns: vec![0; tiles.len()],
            painter: Painter::new(tiles),
            base: u32::from(process.max(1)) << 16 | u32::from(monitor % 64) << 10,
            is_virtual,
            base64: String::new(),
        }
    }

    /// The picture as images; `None` where it looks like the one before.
    pub fn encode(&mut self, picture: &Picture, thrift: Thrift) -> Option<PixelPicture> {
        let formats: &[Format] = match thrift.level() {
            0 => &[Format::Zlib, Format::Png],
            _ => &[Format::Indexed],
        };
        let Self {
            painter,
            base,
            is_virtual,
            turns,
            base64,
        } = self;
        let (full, update) = painter.paint(
            picture,
            thrift,
            Tuning::of(thrift, MOST),
            formats,
            |tile, format, data, out| {
                let turn = &mut turns[tile.at];
                *turn = (*turn + 1) % TURNS;
                let first = *base + tile.at as u32 * TURNS;
                let id = first + *turn;
                base64.clear();
                STANDARD.encode_string(data, base64);
                let mut chunks = base64.as_bytes().chunks(CHUNK).peekable();
                // Writing to a Vec cannot fail.
                let _ = write!(out, "\x1b_Ga=T,q=2,i={id},c={},r={}", tile.columns, tile.rows);
                let _ = match format {
                    Format::Zlib => write!(out, ",f=24,o=z,s={},v={}", tile.width, tile.height),
                    _ => write!(out, ",f=100"),
                };
                out.extend_from_slice(if *is_virtual { b",U=1" } else { b",p=1,C=1" });
                while let Some(chunk) = chunks.next() {
                    let _ = write!(out, ",m={};", u8::from(chunks.peek().is_some()));
                    out.extend_from_slice(chunk);
                    out.extend_from_slice(b"\x1b\\");
                    if chunks.peek().is_some() {
                        out.extend_from_slice(b"\x1b_Gq=2");
                    }
                }
                // The cells of a virtual image change only after this: the image they show now stays until the next time.
                for old in if *is_virtual { 1..2 } else { 1..TURNS } {
                    forget(first + (*turn + old) % TURNS, out);
                }
            },
        )?;
        let mut remove = Vec::new();
        for id in 0..self.turns.len() as u32 * TURNS {
            forget(self.base + id, &mut remove);
        }
        let size = (picture.width(), picture.height());
        let placeholders = self.is_virtual.then(|| {
            let mut placeholders = Placeholders::default();
            for tile in (0..self.turns.len()).filter_map(|at| self.painter.tiles.tile(at, size.0, size.1)) {
                placeholders.add(&tile, self.base + tile.at as u32 * TURNS + self.turns[tile.at]);
            }
            placeholders
        });
        let cells = Some(self.painter.tiles.cells());
        let picture = self.painter.progress.picture(size, cells, full, update);
        Some(picture.with_remove(remove).with_placeholders(placeholders))
    }
}

/// Makes the terminal forget an image and wherever it stands.
fn forget(id: u32, out: &mut Vec<u8>) {
    // Writing to a Vec cannot fail.
    let _ = write!(out, "\x1b_Ga=d,d=I,q=2,i={id}\x1b\\");
}
