//! The inner loops as they are meant, for every processor. `simd` has the same ones for processors with AVX2, and tests
//! that both give the same bits.

use super::mlp::LANES;
use super::model::{CODES, WINDOW};
use super::simd::Taps;
use super::surf::{CHANNELS, SLOPES};

/// Bits of the weights between two rows.
pub(super) const ROW_BITS: u32 = 7;

/// Bits of the weights between two columns.
pub(super) const COLUMN_BITS: u32 = 14;

/// The mean of each two by two pixels.
pub(super) fn halve(upper: &[u8], lower: &[u8], out: &mut [u8]) {
    for ((out, a), b) in out
        .iter_mut()
        .zip(upper.as_chunks::<2>().0)
        .zip(lower.as_chunks::<2>().0)
    {
        let sum = u16::from(a[0]) + u16::from(a[1]) + u16::from(b[0]) + u16::from(b[1]);
        *out = ((sum + 2) >> 2) as u8;
    }
}

/// Between two rows: `weight` of `1 << ROW_BITS` parts are the lower one's.
pub(super) fn blend(upper: &[u8], lower: &[u8], weight: u16, out: &mut [u16]) {
    let rest = (1 << ROW_BITS) - weight;
    for ((out, a), b) in out.iter_mut().zip(upper).zip(lower) {
        *out = u16::from(*a) * rest + u16::from(*b) * weight;
    }
}

/// Between columns of a blended row.
pub(super) fn sample(row: &[u16], taps: &Taps, from: usize, out: &mut [u8]) {
    for (out, (at, weights)) in out.iter_mut().zip(taps.iter().skip(from)) {
        let sum = u32::from(row[at]) * (weights & 0xffff) + u32::from(row[at + 1]) * (weights >> 16);
        *out = (sum >> (ROW_BITS + COLUMN_BITS)) as u8;
    }
}

/// The sum of the three by three pixels to the right of and below each.
pub(super) fn sum3(rows: [&[u8]; 3], out: &mut [u16]) {
    let column = |x: usize| u16::from(rows[0][x]) + u16::from(rows[1][x]) + u16::from(rows[2][x]);
    for (x, out) in out.iter_mut().enumerate() {
        *out = column(x) + column(x + 1) + column(x + 2);
    }
}

/// LAB codes out of three rows of sums that lie three pixels apart: which of the eight around are not brighter than the
/// one in the middle.
pub(super) fn codes(rows: [&[u16]; 3], out: &mut [u8]) {
    let [top, mid, bottom] = rows;
    for (x, out) in out.iter_mut().enumerate() {
        let centre = mid[x + 3];
        let bit = |neighbour: u16, weight: u8| if neighbour <= centre { weight } else { 0 };
        *out = bit(top[x], 0x80)
            | bit(top[x + 3], 0x40)
            | bit(top[x + 6], 0x20)
            | bit(mid[x], 0x10)
            | bit(mid[x + 6], 0x08)
            | bit(bottom[x], 0x04)
            | bit(bottom[x + 3], 0x02)
            | bit(bottom[x + 6], 0x01);
    }
}

/// Sums, and sums of the squares, of four by four pixels.
pub(super) fn blocks(rows: [&[u8]; 4], sums: &mut [u32], squares: &mut [u32]) {
    for (index, (sum, square)) in sums.iter_mut().zip(squares).enumerate() {
        (*sum, *square) = (0, 0);
        for row in rows {
            for pixel in &row[index * 4..][..4] {
                *sum += u32::from(*pixel);
                *square += u32::from(*pixel) * u32::from(*pixel);
            }
        }
    }
}

/// What the first features add up to for windows that lie four pixels apart.
pub(super) fn first_group(codes: &[u8], start: usize, offsets: &[u32], weights: &[f32], scores: &mut [f32]) {
    for (index, score) in scores.iter_mut().enumerate() {
        *score = 0.0;
        for (offset, weights) in offsets.iter().zip(weights.as_chunks::<CODES>().0) {
            *score += weights[usize::from(codes[start + index * 4 + *offset as usize])];
        }
    }
}

/// What further features add, for windows anywhere.
pub(super) fn next_group(codes: &[u8], places: &[u32], offsets: &[u32], weights: &[f32], scores: &mut [f32]) {
    for (score, place) in scores.iter_mut().zip(places) {
        for (offset, weights) in offsets.iter().zip(weights.as_chunks::<CODES>().0) {
            *score += weights[usize::from(codes[(*place + *offset) as usize])];
        }
    }
}

/// How brightness changes to the right and downward of each pixel of a window. At its edges the difference is half as wide
/// and counts twice.
pub(super) fn slopes(pixels: &[u8], stride: usize, slopes: &mut [i16; SLOPES]) {
    const LAST: usize = WINDOW - 1;
    let pixel = |x: usize, y: usize| i16::from(pixels[y * stride + x]);
    let weight = |at: usize| if at == 0 || at == LAST { 2 } else { 1 };
    for (index, slope) in slopes.as_chunks_mut::<2>().0.iter_mut().enumerate() {
        let (x, y) = (index % WINDOW, index / WINDOW);
        let right = pixel((x + 1).min(LAST), y) - pixel(x.saturating_sub(1), y);
        let down = pixel(x, (y + 1).min(LAST)) - pixel(x, y.saturating_sub(1));
        *slope = [right * weight(x), down * weight(y)];
    }
}

/// For each of `rows`, and for so many columns, the sums of the eight channels of all that lies above it. A line of them is as
/// long as the window is wide.
pub(super) fn columns(slopes: &[i16; SLOPES], rows: &[usize], columns: usize, out: &mut [[i16; CHANNELS]]) {
    for x in 0..columns {
        let mut sums = [0; CHANNELS];
        let mut y = 0;
        for (index, row) in rows.iter().enumerate() {
            while y < *row {
                let (right, down) = (slopes[(y * WINDOW + x) * 2], slopes[(y * WINDOW + x) * 2 + 1]);
                let (falling, rising) = if down < 0 { (right, 0) } else { (0, right) };
                let (left, forth) = if right < 0 { (down, 0) } else { (0, down) };
                let values = [
                    rising,
                    rising.abs(),
                    falling,
                    falling.abs(),
                    forth,
                    forth.abs(),
                    left,
                    left.abs(),
                ];
                for (sum, value) in sums.iter_mut().zip(values) {
                    *sum += value;
                }
                y += 1;
            }
            out[index * WINDOW + x] = sums;
        }
    }
}

/// The sums of all columns up to each.
pub(super) fn run_up(columns: &[[i16; CHANNELS]], out: &mut [[i32; CHANNELS]]) {
    let mut sums = [0; CHANNELS];
    for (out, column) in out.iter_mut().zip(columns) {
        for (sum, value) in sums.iter_mut().zip(column) {
            *sum += i32::from(*value);
        }
        *out = sums;
    }
}

/// A matrix, whose rows are `stride` apart, times a vector of `stride` values.
pub(super) fn multiply(matrix: &[f32], stride: usize, vector: &[f32], out: &mut [f32]) {
    for (out, row) in out.iter_mut().zip(matrix.chunks_exact(stride)) {
        let mut sums = [0.0; LANES];
        for (row, vector) in row.as_chunks::<LANES>().0.iter().zip(vector.as_chunks::<LANES>().0) {
            for ((sum, a), b) in sums.iter_mut().zip(row).zip(vector) {
                *sum += a * b;
            }
        }
        let [a, b, c, d, e, f, g, h] = sums;
        *out = ((a + e) + (c + g)) + ((b + f) + (d + h));
    }
}
