//! What of a picture looks different from what was sent before: the eye's noise gate.
//!
//! The picture is cut into blocks of 8 × 6 pixels (six rows are one band of sixels). Each block is compared with the pixels
//! it was last sent with, not with the last picture: so grain never adds up to bytes, and a slow fade is followed as soon as
//! it can be seen.

use super::super::Picture;
use super::Thrift;

/// Pixels.
pub const BLOCK_WIDTH: usize = 8;
/// Pixels.
pub const BLOCK_HEIGHT: usize = 6;

/// What was sent, and when each of its blocks was.
#[derive(Debug, Default)]
pub struct Changes {
    width: usize,
    height: usize,
    columns: usize,
    rows: usize,
    /// The pixels of each block as they were when it was sent.
    sent: Vec<u8>,
    /// The picture that brought each block.
    serials: Vec<u64>,
    fresh: Vec<bool>,
}

impl Changes {
    /// Compares the picture with what was sent; [`is_fresh`](Self::is_fresh) tells of each block. Returns how many are fresh.
    ///
    /// A picture of another size is fresh all over.
    pub fn compare(&mut self, picture: &Picture, thrift: Thrift) -> usize {
        if (self.width, self.height) != (picture.width(), picture.height()) {
            (self.width, self.height) = (picture.width(), picture.height());
            self.columns = self.width.div_ceil(BLOCK_WIDTH);
            self.rows = self.height.div_ceil(BLOCK_HEIGHT);
            self.sent.clear();
            self.sent.extend_from_slice(picture.rgb());
            self.serials.clear();
            self.serials.resize(self.columns * self.rows, 0);
            self.fresh.clear();
            self.fresh.resize(self.columns * self.rows, true);
            return self.fresh.len();
        }
        let gate = Gate::of(thrift);
        let mut fresh = 0;
        for row in 0..self.rows {
            for column in 0..self.columns {
                let is_fresh = self.is_seen(picture, column, row, gate);
                self.fresh[row * self.columns + column] = is_fresh;
                fresh += usize::from(is_fresh);
            }
        }
        fresh
    }

    /// Whether the difference of a block can be seen: its mean square, or that of its mean (a shift of a flat colour).
    fn is_seen(&self, picture: &Picture, column: usize, row: usize, gate: Gate) -> bool {
        let from = column * BLOCK_WIDTH * 3;
        let to = (from + BLOCK_WIDTH * 3).min(self.width * 3);
        let (mut squares, mut sums) = (0i32, [0i32; 3]);
        let top = row * BLOCK_HEIGHT;
        let bottom = (top + BLOCK_HEIGHT).min(self.height);
        let values = ((bottom - top) * (to - from)) as i32;
        for y in top..bottom {
            if squares > gate.mean_square * values {
                return true;
            }
            let at = y * self.width * 3;
            let (now, sent) = (&picture.rgb()[at + from..at + to], &self.sent[at + from..at + to]);
            if let (Ok(now), Ok(sent)) = (<&[u8; 24]>::try_from(now), <&[u8; 24]>::try_from(sent)) {
                if now == sent {
                    continue;
                }
                let mut differences = [0i16; 24];
                for ((difference, now), sent) in differences.iter_mut().zip(now).zip(sent) {
                    *difference = i16::from(*now) - i16::from(*sent);
                }
                squares += differences.iter().map(|d| i32::from(*d) * i32::from(*d)).sum::<i32>();
                for pixel in differences.chunks_exact(3) {
                    for (sum, difference) in sums.iter_mut().zip(pixel) {
                        *sum += i32::from(*difference);
                    }
                }
            } else {
                for (at, (now, sent)) in now.iter().zip(sent).enumerate() {
                    let difference = i32::from(*now) - i32::from(*sent);
                    squares += difference * difference;
                    sums[at % 3] += difference;
                }
            }
        }
        let shift = sums.iter().map(|sum| sum.abs()).max().unwrap_or(0) * 3;
        squares > gate.mean_square * values || shift * 10 > gate.shift_tenths * values
    }

    /// Whether the last comparison found this block fresh.
    pub fn is_fresh(&self, column: usize, row: usize) -> bool {
        self.fresh[row * self.columns + column]
    }

    /// Blocks across.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Blocks down.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Takes this block as sent by the picture of this number.
    pub fn send(&mut self, picture: &Picture, column: usize, row: usize, serial: u64) {
        self.serials[row * self.columns + column] = serial;
        let from = column * BLOCK_WIDTH * 3;
        let to = (from + BLOCK_WIDTH * 3).min(self.width * 3);
        let top = row * BLOCK_HEIGHT;
        for y in top..(top + BLOCK_HEIGHT).min(self.height) {
            let at = y * self.width * 3;
            self.sent[at + from..at + to].copy_from_slice(&picture.rgb()[at + from..at + to]);
        }
    }

    /// Takes the whole picture as sent.
    pub fn send_all(&mut self, picture: &Picture, serial: u64) {
        self.sent.clear();
        self.sent.extend_from_slice(picture.rgb());
        self.serials.fill(serial);
        self.fresh.fill(true);
    }

    /// Takes each fresh block as sent by the picture of this number.
    pub fn send_fresh(&mut self, picture: &Picture, serial: u64) {
        for row in 0..self.rows {
            for column in 0..self.columns {
                if self.is_fresh(column, row) {
                    self.send(picture, column, row, serial);
                }
            }
        }
    }

    /// The picture that brought this block.
    pub fn serial(&self, column: usize, row: usize) -> u64 {
        self.serials[row * self.columns + column]
    }
}

/// Differences that are let pass.
#[derive(Clone, Copy, Debug)]
pub struct Gate {
    /// Of the values of a block.
    pub mean_square: i32,
    /// Of the mean of a block, in tenths of a value.
    pub shift_tenths: i32,
}

impl Gate {
    fn of(thrift: Thrift) -> Self {
        let (mean_square, shift_tenths) = match thrift.level() {
            0 => (10, 20),
            1 => (18, 25),
            2 => (36, 40),
            _ => (80, 60),
        };
        Self {
            mean_square,
            shift_tenths,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grey(width: usize, height: usize, value: u8) -> Picture {
        Picture::new(width, height, vec![value; width * height * 3]).unwrap()
    }

    #[test]
    fn only_the_block_that_changed_is_fresh() {
        let mut changes = Changes::default();
        assert_eq!(changes.compare(&grey(20, 13, 90), Thrift::new(0)), 9);
        assert_eq!(changes.compare(&grey(20, 13, 90), Thrift::new(0)), 0);
        let mut picture = grey(20, 13, 90);
        let at = (12 * 20 + 19) * 3;
        picture.rgb[at..at + 3].fill(250);
        assert_eq!(changes.compare(&picture, Thrift::new(3)), 1);
        assert!(changes.is_fresh(2, 2));
        changes.send(&picture, 2, 2, 7);
        assert_eq!(changes.serial(2, 2), 7);
        assert_eq!(changes.compare(&picture, Thrift::new(0)), 0);
    }

    #[test]
    fn grain_is_let_pass_and_a_slow_fade_is_not() {
        let mut changes = Changes::default();
        changes.compare(&grey(16, 12, 100), Thrift::new(0));
        let mut grainy = grey(16, 12, 100);
        for (at, value) in grainy.rgb.iter_mut().enumerate() {
            *value = [98, 102, 101, 99, 100, 103, 97][at * 5 % 7];
        }
        assert_eq!(changes.compare(&grainy, Thrift::new(0)), 0);
        let first = (101..110u8).find(|value| changes.compare(&grey(16, 12, *value), Thrift::new(0)) > 0);
        assert_eq!(first, Some(103));
        let first = (101..120u8).find(|value| changes.compare(&grey(16, 12, *value), Thrift::new(3)) > 0);
        assert_eq!(first, Some(107));
    }
}
