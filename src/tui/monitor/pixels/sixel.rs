//! Sixels: pictures as DEC's VT240 and VT340 drew them, which xterm, foot, WezTerm, mlterm, tmux and others still do.
//!
//! Only what changed is sent again: pixels that are not painted keep what they showed (P2 = 1). A register must mean the same
//! in all that stands on the screen, because xterm, like the VT340, colours what was painted before anew when one is
//! redefined: so a new palette comes with a whole picture.
//! See DEC STD 070, section 9, and the VT330/VT340 manual, chapter 14.

use std::io::Write as _;

use super::super::Picture;
use super::Thrift;
use super::bands::{Bands, Used};
use super::change::BLOCK_HEIGHT;
use super::indexed::{Indexed, Tuning};
use super::palette::MOST;
use super::patch::{Patches, PixelPicture, Progress};

/// What a terminal does with a picture over which another one is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Keeps {
    /// It may lose all of it (tmux): whole pictures only.
    #[default]
    Nothing,
    /// It loses the cells that the new one touches (WezTerm, iTerm2): whole rows of cells are sent again.
    Cells,
    /// It keeps each pixel that is not painted (xterm, foot, Windows Terminal, mlterm, contour).
    Pixels,
}

impl Keeps {
    /// By the name that the terminal gives itself (XTVERSION).
    #[must_use]
    pub fn by(name: &str) -> Self {
        let name = name.to_ascii_lowercase();
        let is_any = |names: &[&str]| names.iter().any(|known| name.starts_with(known));
        if is_any(&["xterm", "foot", "mlterm", "contour", "windows terminal"]) {
            Self::Pixels
        } else if is_any(&["wezterm", "iterm2"]) {
            Self::Cells
        } else {
            Self::Nothing
        }
    }
}

/// Writes the pictures of one monitor.
#[derive(Debug)]
pub struct SixelEncoder {
    keeps: Keeps,
    registers: usize,
    cell_height: usize,
    indexed: Indexed,
    bands: Bands,
    progress: Progress,
}

impl SixelEncoder {
    /// An encoder for a terminal with so many colour registers and cells so many pixels high.
    #[must_use]
    pub fn new(keeps: Keeps, registers: usize, cell_height: u16) -> Self {
        Self {
            keeps,
            registers: registers.clamp(2, MOST),
            cell_height: usize::from(cell_height.max(1)),
            indexed: Indexed::default(),
            bands: Bands::default(),
            progress: Progress::default(),
        }
    }

    /// The picture as sixels; `None` where it looks like the one before.
    pub fn encode(&mut self, picture: &Picture, thrift: Thrift) -> Option<PixelPicture> {
        let (width, height) = (picture.width(), picture.height());
        let tuning = Tuning::of(thrift, self.registers);
        let serial = self
            .indexed
            .take(picture, thrift, tuning, percents, || self.progress.next())?;
        if self.indexed.fitted == serial {
            self.bands.resize(width, height.div_ceil(BLOCK_HEIGHT));
        }
        let changes = &self.indexed.changes;
        for band in 0..changes.rows() {
            if (0..changes.columns()).any(|column| changes.is_fresh(column, band)) {
                self.bands.keep(band, &self.indexed.indices, width, height);
            }
        }
        let full = self.whole(width, height);
        let update = self.update(width, height, serial);
        Some(self.progress.picture((width, height), None, full, update))
    }

    fn whole(&mut self, width: usize, height: usize) -> Patches {
        let mut patches = Patches::default();
        patches.add(0, 0, |bytes| {
            self.begin(bytes, width, height, &Used::ALL);
            for band in 0..height.div_ceil(BLOCK_HEIGHT) {
                if band > 0 {
                    bytes.push(b'-');
                }
                bytes.extend_from_slice(self.bands.kept(band));
            }
            bytes.extend_from_slice(b"\x1b\\");
        });
        patches
    }

    /// What turns the picture that stands on the screen into the last one, where that is less than the whole.
    fn update(&mut self, width: usize, height: usize, serial: u64) -> Option<(u64, Patches)> {
        let since = self.progress.shown()?;
        if since < self.indexed.fitted || since >= serial || self.keeps == Keeps::Nothing {
            return None;
        }
        let changes = &self.indexed.changes;
        let (columns, rows) = (changes.columns(), changes.rows());
        let is_news = |column: usize, row: usize| changes.serial(column, row) > since;
        let news = (0..rows)
            .map(|row| (0..columns).filter(|column| is_news(*column, row)).count())
            .sum::<usize>();
        if news * 10 > columns * rows * 7 {
            return None;
        }
        let mut patches = Patches::default();
        if self.keeps == Keeps::Pixels {
            let mut painted = std::mem::take(&mut self.bands.painted);
            let mut used = Used::default();
            let mut body = std::mem::take(&mut self.bands.body);
            body.clear();
            let mut skipped = 0;
            for row in 0..rows {
                painted.clear();
                painted.extend((0..columns).map(|column| is_news(column, row)));
                if painted.contains(&true) {
                    body.extend(std::iter::repeat_n(b'-', skipped));
                    skipped = 0;
                    let top = row * BLOCK_HEIGHT;
                    let lines = top..(top + BLOCK_HEIGHT).min(height);
                    self.bands.write(
                        &self.indexed.indices,
                        width,
                        lines,
                        Some(&painted),
                        &mut used,
                        &mut body,
                    );
                }
                skipped += 1;
            }
            patches.add(0, 0, |bytes| {
                self.begin(bytes, width, height, &used);
                bytes.extend_from_slice(&body);
                bytes.extend_from_slice(b"\x1b\\");
            });
            (self.bands.painted, self.bands.body) = (painted, body);
        } else {
            // Groups of rows of cells that end where a band ends: no pixel of a cell beyond is touched.
            let group = lcm(self.cell_height, BLOCK_HEIGHT);
            let mut top = 0;
            while top < height {
                let end = (top + group).min(height);
                if (top / BLOCK_HEIGHT..end.div_ceil(BLOCK_HEIGHT))
                    .any(|row| (0..columns).any(|column| is_news(column, row)))
                {
                    let mut used = Used::default();
                    for band in top / BLOCK_HEIGHT..end.div_ceil(BLOCK_HEIGHT) {
                        used.join(self.bands.used(band));
                    }
                    patches.add(0, (top / self.cell_height) as u16, |bytes| {
                        self.begin(bytes, width, end - top, &used);
                        for band in top / BLOCK_HEIGHT..end.div_ceil(BLOCK_HEIGHT) {
                            if band * BLOCK_HEIGHT > top {
                                bytes.push(b'-');
                            }
                            bytes.extend_from_slice(self.bands.kept(band));
                        }
                        bytes.extend_from_slice(b"\x1b\\");
                    });
                }
                top = end;
            }
        }
        Some((since, patches))
    }

    /// From `DCS` to the colours. Aspect 1:1, pixels that are not painted stay (P2 = 1), then the raster's size.
    fn begin(&self, bytes: &mut Vec<u8>, width: usize, height: usize, used: &Used) {
        bytes.extend_from_slice(b"\x1bP0;1q");
        // Writing to a Vec cannot fail.
        let _ = write!(bytes, "\"1;1;{width};{height}");
        for (at, [r, g, b]) in self
            .indexed
            .palette
            .colors()
            .iter()
            .enumerate()
            .filter(|(at, _)| used.has(*at as u8))
        {
            let percent = |value: &u8| (u32::from(*value) * 100 + 127) / 255;
            let _ = write!(bytes, "#{at};2;{};{};{}", percent(r), percent(g), percent(b));
        }
    }
}

/// A colour as terminals will show it: sixels give colours in percent.
fn percents(color: [f32; 3]) -> [u8; 3] {
    color.map(|value| {
        let percent = (value * 100.0 / 255.0).round().clamp(0.0, 100.0) as u32;
        ((percent * 255 + 50) / 100) as u8
    })
}

fn lcm(a: usize, b: usize) -> usize {
    let (mut x, mut y) = (a, b);
    while y > 0 {
        (x, y) = (y, x % y);
    }
    a / x * b
}
