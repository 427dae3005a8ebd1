//! A monitor's picture in few colours: what changed gets new ones, the rest keeps what it has.
//!
//! Pixels are given the colour of their neighbour where that costs little and saves much. The palette stays as long as it
//! fits, so that still parts keep their bytes; a new one makes the whole picture fresh.

use super::super::Picture;
use super::Thrift;
use super::change::{BLOCK_HEIGHT, BLOCK_WIDTH, Changes};
use super::palette::{MOST, Palette};

/// How a picture is made of few colours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tuning {
    colors: usize,
    /// What a byte is worth, as squared distance of a pixel's colour.
    byte: i32,
    /// Amplitude of the dither, in shares of the palette's error.
    dither: f32,
}

impl Tuning {
    /// For so much thrift and a terminal with so many colour registers.
    pub fn of(thrift: Thrift, registers: usize) -> Self {
        let (colors, byte, dither) = match thrift.level() {
            0 => (MOST, 6, 0.6),
            1 => (128, 30, 0.0),
            2 => (64, 90, 0.0),
            _ => (32, 200, 0.0),
        };
        Self {
            colors: colors.min(registers),
            byte,
            dither,
        }
    }
}

/// The 8×8 Bayer matrix, centred, in 64ths.
const BAYER: [[i8; 8]; 8] = [
    [-32, 0, -24, 8, -30, 2, -22, 10],
    [16, -16, 24, -8, 18, -14, 26, -6],
    [-20, 12, -28, 4, -18, 14, -26, 6],
    [28, -4, 20, -12, 30, -2, 22, -10],
    [-29, 3, -21, 11, -31, 1, -23, 9],
    [19, -13, 27, -5, 17, -15, 25, -7],
    [-17, 15, -25, 7, -19, 13, -27, 5],
    [31, -1, 23, -9, 29, -3, 21, -11],
];

/// The picture as it was sent: the colour of each pixel, and which picture brought it.
#[derive(Debug, Default)]
pub struct Indexed {
    /// What changed, and when.
    pub changes: Changes,
    /// The colours.
    pub palette: Palette,
    /// The colour of each pixel.
    pub indices: Vec<u8>,
    thrift: Thrift,
    /// The picture that brought the palette.
    pub fitted: u64,
    /// What it did to that picture.
    fitted_error: f32,
    dithered: Vec<u8>,
}

impl Indexed {
    /// Takes the next picture, which gets its number from `next` unless it looks like the one before: then there is none.
    ///
    /// `round` says what a terminal makes of a colour.
    pub fn take(
        &mut self,
        picture: &Picture,
        thrift: Thrift,
        tuning: Tuning,
        round: fn([f32; 3]) -> [u8; 3],
        next: impl FnOnce() -> u64,
    ) -> Option<u64> {
        let width = picture.width();
        let fresh = self.changes.compare(picture, thrift);
        let is_better = std::mem::replace(&mut self.thrift, thrift) > thrift;
        let is_first = self.indices.len() != width * picture.height() || self.fitted == 0;
        if fresh == 0 && !is_better && !is_first {
            return None;
        }
        let serial = next();
        let all = self.changes.columns() * self.changes.rows();
        if is_first || is_better || self.is_palette_off(picture, fresh * 2 > all) {
            self.palette.fit(picture.rgb(), width, tuning.colors, round);
            self.fitted = serial;
            self.fitted_error = self.error(picture);
            self.indices.resize(width * picture.height(), 0);
            self.changes.send_all(picture, serial);
        }
        self.choose_colors(picture, tuning, serial);
        Some(serial)
    }

    /// Whether the palette no longer fits: a little worse is enough where most is sent anyway.
    fn is_palette_off(&mut self, picture: &Picture, is_mostly_fresh: bool) -> bool {
        let error = self.error(picture);
        error
            > if is_mostly_fresh {
                self.fitted_error * 1.08 + 0.3
            } else {
                self.fitted_error * 1.5 + 2.0
            }
    }

    /// Root of the mean squared distance of a pixel from its nearest colour, by some of them.
    fn error(&mut self, picture: &Picture) -> f32 {
        let (mut error, mut seen) = (0u64, 0u64);
        for pixel in picture.rgb().chunks_exact(3).step_by(31) {
            let pixel = [pixel[0], pixel[1], pixel[2]];
            let nearest = self.palette.nearest(pixel);
            error += u64::from(self.palette.distance(pixel, nearest).unsigned_abs());
            seen += 1;
        }
        (error as f32 / seen.max(1) as f32).sqrt()
    }

    /// Gives each pixel of each fresh block its colour.
    fn choose_colors(&mut self, picture: &Picture, tuning: Tuning, serial: u64) {
        let (width, columns) = (picture.width(), self.changes.columns());
        let amplitude = tuning.dither * self.fitted_error;
        let dither = (amplitude > 0.0)
            .then(|| BAYER.map(|row| row.map(|place| (f32::from(place) * amplitude / 32.0).round() as i16)));
        self.changes.send_fresh(picture, serial);
        for row in 0..self.changes.rows() {
            let top = row * BLOCK_HEIGHT;
            let mut column = 0;
            while column < columns {
                // Blocks side by side are one stretch.
                let end = (column..columns)
                    .find(|at| !self.changes.is_fresh(*at, row))
                    .unwrap_or(columns);
                if end == column {
                    column += 1;
                    continue;
                }
                let stretch = column * BLOCK_WIDTH..(end * BLOCK_WIDTH).min(width);
                column = end;
                for y in top..(top + BLOCK_HEIGHT).min(picture.height()) {
                    let (before, line) = self.indices.split_at_mut(y * width);
                    let above = (y > top).then(|| &before[(y - 1) * width..][stretch.clone()]);
                    let left = stretch.start.checked_sub(1).map(|at| line[at]);
                    let pixels = &picture.rgb()[(y * width + stretch.start) * 3..(y * width + stretch.end) * 3];
                    let dither = dither.as_ref().map(|rows| &rows[y % 8]);
                    let line = &mut line[stretch.clone()];
                    match (above, dither) {
                        (Some(above), None) => choose_below(&mut self.palette, pixels, above, left, tuning, line),
                        (None, None) => choose_first(&mut self.palette, pixels, left, tuning, line),
                        (above, Some(dither)) => {
                            // A stretch begins where a block does: the dither is in step with the picture.
                            self.dithered.clear();
                            for (eight, place) in pixels.chunks(24).zip(std::iter::repeat(dither)) {
                                for (pixel, off) in eight.chunks_exact(3).zip(place) {
                                    let moved = |value: u8| (i16::from(value) + off).clamp(0, 255) as u8;
                                    self.dithered
                                        .extend([moved(pixel[0]), moved(pixel[1]), moved(pixel[2])]);
                                }
                            }
                            match above {
                                Some(above) => {
                                    choose_below(&mut self.palette, &self.dithered, above, left, tuning, line);
                                }
                                None => choose_first(&mut self.palette, &self.dithered, left, tuning, line),
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Colours of the upper row of a band: the nearest, or that of the pixel at the left where that costs less.
fn choose_first(palette: &mut Palette, pixels: &[u8], left: Option<u8>, tuning: Tuning, line: &mut [u8]) {
    let saved = tuning.byte * 2;
    let mut left = left;
    for (pixel, chosen) in pixels.chunks_exact(3).zip(line) {
        let pixel = [pixel[0], pixel[1], pixel[2]];
        let nearest = palette.nearest(pixel);
        *chosen = match left {
            Some(left)
                if left != nearest && palette.distance(pixel, left) < palette.distance(pixel, nearest) + saved =>
            {
                left
            }
            _ => nearest,
        };
        left = Some(*chosen);
    }
}

/// Colours of another row: the nearest, or that of the pixel above or at the left where that costs less.
///
/// A pixel of the same colour as the one above it in the band costs nothing, one of the same as at the left half a byte.
fn choose_below(palette: &mut Palette, pixels: &[u8], above: &[u8], left: Option<u8>, tuning: Tuning, line: &mut [u8]) {
    let (alone, beside) = (tuning.byte * 5 / 2, tuning.byte / 2);
    let mut left = left.unwrap_or(above[0]);
    for ((pixel, above), chosen) in pixels.chunks_exact(3).zip(above).zip(line) {
        let pixel = [pixel[0], pixel[1], pixel[2]];
        let nearest = palette.nearest(pixel);
        *chosen = nearest;
        if *above != nearest {
            let mut least = palette.distance(pixel, nearest) + if left == nearest { beside } else { alone };
            let over = palette.distance(pixel, *above);
            if over < least {
                (least, *chosen) = (over, *above);
            }
            if left != nearest && palette.distance(pixel, left) + beside < least {
                *chosen = left;
            }
        }
        left = *chosen;
    }
}
