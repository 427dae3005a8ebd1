//! Tiles as image files, each in the smallest of the formats that may be used.

use image::ExtendedColorType;
use image::codecs::jpeg::JpegEncoder;

use super::super::Picture;
use super::Thrift;
use super::change::Changes;
use super::indexed::{Indexed, Tuning};
use super::patch::{Patches, Progress};
use super::png::Squeezer;
use super::tiles::{Tile, Tiles};

/// After so many pictures of a tile all formats are tried again.
const TRY_AGAIN: u64 = 16;

/// How the pixels of a tile are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Packed RGB in a zlib stream.
    Zlib,
    /// A PNG of all colours.
    Png,
    /// A PNG of few colours.
    Indexed,
    /// A JPEG of this quality (1 to 100).
    Jpeg(u8),
}

/// What a tile was last made of.
#[derive(Clone, Copy, Debug, Default)]
struct Choice {
    format: usize,
    /// Pictures since all formats were tried.
    age: u64,
}

/// The tiles of one monitor and what makes them.
#[derive(Debug)]
pub struct Painter {
    /// The tiles.
    pub tiles: Tiles,
    /// Numbers of pictures.
    pub progress: Progress,
    indexed: Indexed,
    changes: Changes,
    choices: Vec<Choice>,
    thrift: Option<Thrift>,
    /// Whether the tiles have few colours.
    is_few: bool,
    squeezer: Squeezer,
    rgb: Vec<u8>,
    numbers: Vec<u8>,
    data: Vec<u8>,
    other: Vec<u8>,
}

impl Painter {
    /// One with nothing painted.
    pub fn new(tiles: Tiles) -> Self {
        Self {
            choices: vec![Choice::default(); tiles.len()],
            tiles,
            progress: Progress::default(),
            indexed: Indexed::default(),
            changes: Changes::default(),
            thrift: None,
            is_few: false,
            squeezer: Squeezer::default(),
            rgb: Vec::new(),
            numbers: Vec::new(),
            data: Vec::new(),
            other: Vec::new(),
        }
    }

    /// Makes the tiles that changed and writes each with `write`; returns the whole picture and, where the screen shows an
    /// earlier one, what has changed since that one. `None` where nothing can be seen to have changed.
    pub fn paint(
        &mut self,
        picture: &Picture,
        thrift: Thrift,
        tuning: Tuning,
        formats: &[Format],
        mut write: impl FnMut(&Tile, Format, &[u8], &mut Vec<u8>),
    ) -> Option<(Patches, Option<(u64, Patches)>)> {
        let (width, height) = (picture.width(), picture.height());
        let is_few = formats.contains(&Format::Indexed);
        let before = self.thrift.replace(thrift);
        let is_other = before.is_none_or(|_| self.is_few != is_few);
        self.is_few = is_few;
        if is_other {
            // What the other way of painting sent is not what stands there now.
            self.indexed = Indexed::default();
            self.changes = Changes::default();
        }
        let is_better = is_other || before.is_none_or(|before| before > thrift);
        let serial = if is_few {
            let whole = |color: [f32; 3]| color.map(|value| value.round() as u8);
            self.indexed
                .take(picture, thrift, tuning, whole, || self.progress.next())?
        } else {
            let fresh = self.changes.compare(picture, thrift);
            if fresh == 0 && !is_better {
                return None;
            }
            let serial = self.progress.next();
            if is_better {
                self.changes.send_all(picture, serial);
            }
            serial
        };
        for at in 0..self.tiles.len() {
            let Some(tile) = self.tiles.tile(at, width, height) else {
                continue;
            };
            let changes = if is_few { &self.indexed.changes } else { &self.changes };
            if !Tiles::is_fresh(&tile, changes) && !is_better {
                continue;
            }
            let format = self.make(picture, &tile, formats);
            let data = &self.data;
            self.tiles.make(at, serial, |out| write(&tile, format, data, out));
        }
        if !is_few {
            self.changes.send_fresh(picture, serial);
        }
        let full = self.tiles.patches(None, width, height);
        let update = self.progress.shown().filter(|since| *since < serial);
        let update = update.map(|since| (since, self.tiles.patches(Some(since), width, height)));
        Some((full, update))
    }

    /// Makes a tile in its format, or in all of them to find the smallest.
    fn make(&mut self, picture: &Picture, tile: &Tile, formats: &[Format]) -> Format {
        self.rgb.clear();
        for y in tile.y..tile.y + tile.height {
            let from = (y * picture.width() + tile.x) * 3;
            self.rgb.extend_from_slice(&picture.rgb()[from..from + tile.width * 3]);
        }
        let choice = &mut self.choices[tile.at];
        choice.age += 1;
        let is_trial = choice.age >= TRY_AGAIN || choice.age == 1 || choice.format >= formats.len();
        if !is_trial {
            let format = formats[choice.format];
            let mut data = std::mem::take(&mut self.data);
            self.write(picture, tile, format, &mut data);
            self.data = data;
            return format;
        }
        choice.age = 1;
        let mut best = 0;
        for (at, format) in formats.iter().enumerate() {
            let mut other = std::mem::take(&mut self.other);
            self.write(picture, tile, *format, &mut other);
            self.other = other;
            // Few colours look worse than what they stand in for: they must be worth it.
            let most = if *format == Format::Indexed {
                self.data.len() * 3 / 4
            } else {
                self.data.len()
            };
            if at == 0 || self.other.len() < most {
                std::mem::swap(&mut self.data, &mut self.other);
                best = at;
            }
        }
        self.choices[tile.at].format = best;
        formats[best]
    }

    fn write(&mut self, picture: &Picture, tile: &Tile, format: Format, out: &mut Vec<u8>) {
        out.clear();
        match format {
            Format::Zlib => self.squeezer.zlib(&self.rgb, out),
            Format::Png => self.squeezer.rgb(tile.width, tile.height, &self.rgb, out),
            Format::Jpeg(quality) => {
                let mut encoder = JpegEncoder::new_with_quality(&mut *out, quality);
                // A Vec takes everything, and a tile is neither empty nor larger than a JPEG may be.
                let _ = encoder.encode(
                    &self.rgb,
                    tile.width as u32,
                    tile.height as u32,
                    ExtendedColorType::Rgb8,
                );
            }
            Format::Indexed => {
                // Only the colours of this tile, in the order in which they come.
                let mut numbers = [None::<u8>; 256];
                let mut colors = Vec::with_capacity(256);
                self.numbers.clear();
                for y in tile.y..tile.y + tile.height {
                    let from = y * picture.width() + tile.x;
                    for index in &self.indexed.indices[from..from + tile.width] {
                        let number = *numbers[usize::from(*index)].get_or_insert_with(|| {
                            colors.push(self.indexed.palette.colors()[usize::from(*index)]);
                            (colors.len() - 1) as u8
                        });
                        self.numbers.push(number);
                    }
                }
                let numbers = std::mem::take(&mut self.numbers);
                self.squeezer.indexed(tile.width, tile.height, &numbers, &colors, out);
                self.numbers = numbers;
            }
        }
    }
}
