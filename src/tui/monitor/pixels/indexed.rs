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
        let (colors, byte, dither) = match thrift.0 {
            0 => (MOST, 6, 1.0),
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
            self.indices.resize(width * picture.height(), 0);
            self.changes.send_all(picture, serial);
        }
        self.choose_colors(picture, tuning, serial);
        Some(serial)
    }

    /// Whether the palette no longer fits: a little worse is enough where most is sent anyway.
    fn is_palette_off(&mut self, picture: &Picture, is_mostly_fresh: bool) -> bool {
        let (mut error, mut seen) = (0u64, 0u64);
        for pixel in picture.rgb().chunks_exact(3).step_by(31) {
            let pixel = [pixel[0], pixel[1], pixel[2]];
            let nearest = usize::from(self.palette.nearest(pixel));
            let color = self.palette.colors()[nearest];
            error += u64::from(distance(pixel, color).unsigned_abs());
            seen += 1;
        }
        let error = (error as f32 / seen.max(1) as f32).sqrt();
        let fitted = self.palette.error();
        error
            > if is_mostly_fresh {
                fitted * 1.08 + 0.3
            } else {
                fitted * 1.5 + 2.0
            }
    }

    /// Gives each pixel of each fresh block its colour: the nearest, or that of the pixel beside or above it, whatever costs least.
    fn choose_colors(&mut self, picture: &Picture, tuning: Tuning, serial: u64) {
        let width = picture.width();
        let amplitude = tuning.dither * self.palette.error() / 32.0;
        // A byte is saved by the same colour as above it in the band, most of one by the same as at the left.
        let (alone, beside, above) = (tuning.byte * 5 / 2, tuning.byte / 2, 0);
        self.changes.send_fresh(picture, serial);
        for row in 0..self.changes.rows() {
            let top = row * BLOCK_HEIGHT;
            for y in top..(top + BLOCK_HEIGHT).min(picture.height()) {
                let pixels = &picture.rgb()[y * width * 3..(y + 1) * width * 3];
                let (before, line) = self.indices.split_at_mut(y * width);
                let up = (y > top).then(|| &before[(y - 1) * width..]);
                for column in 0..self.changes.columns() {
                    if !self.changes.is_fresh(column, row) {
                        continue;
                    }
                    for x in column * BLOCK_WIDTH..(column * BLOCK_WIDTH + BLOCK_WIDTH).min(width) {
                        let mut pixel = [pixels[x * 3], pixels[x * 3 + 1], pixels[x * 3 + 2]];
                        if amplitude > 0.0 {
                            let off = (f32::from(BAYER[y % 8][x % 8]) * amplitude) as i16;
                            pixel = pixel.map(|value| (i16::from(value) + off).clamp(0, 255) as u8);
                        }
                        let nearest = self.palette.nearest(pixel);
                        let left = if x > 0 { line[x - 1] } else { nearest };
                        let over = up.map_or(nearest, |up| up[x]);
                        let mut chosen = nearest;
                        if over != nearest || up.is_none() {
                            let colors = self.palette.colors();
                            let cost = |color: u8, price: i32| distance(pixel, colors[usize::from(color)]) + price;
                            let mut least = cost(nearest, if left == nearest { beside } else { alone });
                            if left != nearest {
                                let cost = cost(left, beside);
                                if cost < least {
                                    (least, chosen) = (cost, left);
                                }
                            }
                            if over != nearest && cost(over, above) < least {
                                chosen = over;
                            }
                        }
                        line[x] = chosen;
                    }
                }
            }
        }
    }
}

#[inline]
fn distance(a: [u8; 3], b: [u8; 3]) -> i32 {
    let square = |channel: usize| {
        let difference = i32::from(a[channel]) - i32::from(b[channel]);
        difference * difference
    };
    square(0) + square(1) + square(2)
}
