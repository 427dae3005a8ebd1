//! A quick look at a picture before it is coded: how hard will it be, and how much of it has been seen before?
//!
//! After a cut, nothing that the last pictures have cost says what the next one will. So each picture is made small, and
//! every block of it is looked for in the one before, where its neighbours were found. What is found there costs what
//! pictures that move have cost; what is not costs as much as in an IDR. This takes a hundredth of the time of coding it.

use super::model::Hint;
use crate::media::{Plane, VideoFrame};

/// Pixels of the picture across one of the small one.
const SCALE: usize = 4;

/// Pixels of the small picture across a block.
const BLOCK: usize = 8;

/// Sums of differences to a block of the picture before, by where it was found.
type Vector = (i32, i32);

/// What is kept from picture to picture.
#[derive(Debug, Default)]
pub struct Look {
    width: usize,
    height: usize,
    now: Vec<u8>,
    before: Vec<u8>,
    /// Where each block was found last.
    vectors: Vec<Vector>,
    has_before: bool,
}

impl Look {
    /// For pictures of that size.
    pub fn new(width: u32, height: u32) -> Self {
        let (width, height) = (width as usize / SCALE, height as usize / SCALE);
        Self {
            width,
            height,
            now: vec![0; width * height],
            before: vec![0; width * height],
            vectors: vec![(0, 0); (width / BLOCK) * (height / BLOCK)],
            has_before: false,
        }
    }

    /// Looks at `frame`, which follows the one looked at last.
    pub fn at(&mut self, frame: &VideoFrame) -> Hint {
        let (across, down) = (self.width / BLOCK, self.height / BLOCK);
        if across == 0 || down == 0 {
            return Hint::NONE;
        }
        std::mem::swap(&mut self.now, &mut self.before);
        self.shrink(frame);
        let (mut intra, mut inter, mut fresh) = (0.0, 0.0, 0.0);
        for index in 0..across * down {
            let (column, row) = (index % across, index / across);
            let texture = texture(frame, column * BLOCK * SCALE, row * BLOCK * SCALE);
            intra += texture;
            let found = self.has_before.then(|| self.find(column, row, across));
            match found {
                Some(difference) if difference < self.gradient(column, row) => inter += difference,
                _ => fresh += texture,
            }
        }
        self.has_before = true;
        let blocks = (across * down) as f64;
        Hint {
            intra: intra / blocks,
            inter: inter / blocks,
            fresh: fresh / blocks,
        }
    }

    /// Makes the small picture: the mean of what lies in the two middle rows of each square.
    fn shrink(&mut self, frame: &VideoFrame) {
        let (luma, stride) = (frame.plane(Plane::Y), frame.stride(Plane::Y));
        for (y, out) in self.now.chunks_exact_mut(self.width).enumerate() {
            let first = (y * SCALE + 1) * stride;
            let upper = luma[first..first + self.width * SCALE].chunks_exact(SCALE);
            let lower = luma[first + stride..first + stride + self.width * SCALE].chunks_exact(SCALE);
            for ((out, upper), lower) in out.iter_mut().zip(upper).zip(lower) {
                let sum: u16 = upper.iter().chain(lower).map(|luma| u16::from(*luma)).sum();
                *out = (sum / (2 * SCALE as u16)) as u8;
            }
        }
    }

    /// The least difference of a block to what lies where it may have come from, by pixel, and one more: a picture that is
    /// exactly as foreseen is not free.
    fn find(&mut self, column: usize, row: usize, across: usize) -> f64 {
        let index = row * across + column;
        let left = if column > 0 { self.vectors[index - 1] } else { (0, 0) };
        let above = if row > 0 { self.vectors[index - across] } else { (0, 0) };
        let mut best = (u32::MAX, (0, 0));
        for vector in [(0, 0), self.vectors[index], left, above] {
            best = best.min((self.difference(column, row, vector), vector));
        }
        // Downhill from there, in steps that become smaller.
        for reach in [4, 2, 1, 1] {
            let (_, (x, y)) = best;
            for vector in [(x - reach, y), (x + reach, y), (x, y - reach), (x, y + reach)] {
                best = best.min((self.difference(column, row, vector), vector));
            }
        }
        self.vectors[index] = best.1;
        f64::from(best.0) / (BLOCK * BLOCK) as f64 + 1.0
    }

    /// The sum of differences to the block that lies at `vector` from here in the picture before.
    fn difference(&self, column: usize, row: usize, vector: Vector) -> u32 {
        let from = |block: usize, way: i32, length: usize| {
            let at = usize::try_from((block * BLOCK) as i32 + way).ok()?;
            (at + BLOCK <= length).then_some(at)
        };
        let (Some(x), Some(y)) = (from(column, vector.0, self.width), from(row, vector.1, self.height)) else {
            return u32::MAX;
        };
        let rows = |plane: &'_ [u8], x: usize, y: usize, row: usize| {
            let start = (y + row) * self.width + x;
            let mut pixels = [0; BLOCK];
            pixels.copy_from_slice(&plane[start..start + BLOCK]);
            pixels
        };
        (0..BLOCK)
            .map(|line| {
                let here = rows(&self.now, column * BLOCK, row * BLOCK, line);
                let there = rows(&self.before, x, y, line);
                here.iter()
                    .zip(&there)
                    .map(|(a, b)| u32::from(a.abs_diff(*b)))
                    .sum::<u32>()
            })
            .sum()
    }

    /// The mean difference between neighbours in a block of the small picture: what is harder than that to find is coded
    /// from nothing.
    fn gradient(&self, column: usize, row: usize) -> f64 {
        let mut sum = 0;
        for line in 0..BLOCK {
            let start = (row * BLOCK + line) * self.width + column * BLOCK;
            let pixels = &self.now[start..start + BLOCK];
            sum += pixels
                .windows(2)
                .map(|two| u32::from(two[0].abs_diff(two[1])))
                .sum::<u32>();
        }
        f64::from(sum) / (BLOCK * (BLOCK - 1)) as f64 + 2.0
    }
}

/// The mean difference between neighbours in a square of the picture, grain and all, from some of its rows.
fn texture(frame: &VideoFrame, x: usize, y: usize) -> f64 {
    const SIDE: usize = BLOCK * SCALE;
    let (luma, stride) = (frame.plane(Plane::Y), frame.stride(Plane::Y));
    let mut sum = 0;
    for line in [SIDE / 4, 3 * SIDE / 4] {
        let start = (y + line) * stride + x;
        let (here, below) = (&luma[start..start + SIDE], &luma[start + stride..start + stride + SIDE]);
        sum += here
            .iter()
            .zip(below)
            .map(|(a, b)| u32::from(a.abs_diff(*b)))
            .sum::<u32>();
        sum += here
            .windows(2)
            .map(|two| u32::from(two[0].abs_diff(two[1])))
            .sum::<u32>();
    }
    f64::from(sum) / (4 * SIDE - 2) as f64 + 0.1
}
