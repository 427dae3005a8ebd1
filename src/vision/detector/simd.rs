//! The inner loops for processors with AVX2. The only unsafe code of the detector: each function here checks the lengths that
//! its loads and stores rely on, and what is left over at the end of a row goes the plain way.
//!
//! Windows lie four pixels apart, so 32 bytes of the LAB map hold the codes of eight of them in the lowest byte of each word: a
//! mask makes indices of them, and one gather has the weights of all eight.

#![allow(unsafe_code)]

use super::model::{CODES, WINDOW};
use super::plain;
use super::surf::{CHANNELS, SLOPES};

/// Which loops this processor can run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Simd {
    /// Only `detect` sets it: it vouches that the processor has AVX2.
    has_avx2: bool,
}

/// Where a resampled row takes its columns from.
#[derive(Debug, Default)]
pub(super) struct Taps {
    at: Vec<u32>,
    /// The weight of the column itself in the lower half, of the next one in the upper half.
    weights: Vec<u32>,
    /// Columns that the row must have.
    reach: usize,
}

impl Taps {
    /// Taps of `wide` columns over `columns` columns, at least two, like SeetaFace's: the first lies on the first.
    pub(super) fn stretch(&mut self, columns: usize, wide: usize) {
        self.clear();
        let step = columns as f64 / wide as f64;
        for x in 0..wide {
            let place = step * x as f64;
            let at = (place as usize).min(columns - 2);
            self.push(at, place - at as f64);
        }
    }

    fn clear(&mut self) {
        self.at.clear();
        self.weights.clear();
        self.reach = 0;
    }

    fn push(&mut self, at: usize, weight: f64) {
        const ONE: u32 = 1 << plain::COLUMN_BITS;
        let next = ((weight * f64::from(ONE)) as u32).min(ONE);
        self.at.push(at as u32);
        self.weights.push((ONE - next) | (next << 16));
        self.reach = self.reach.max(at + 2);
    }

    /// Columns and weights.
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, u32)> {
        self.at.iter().map(|at| *at as usize).zip(self.weights.iter().copied())
    }
}

/// Calls the loop for this processor.
macro_rules! best {
    ($simd:expr, $name:ident($($argument:expr),*)) => {{
        #[cfg(target_arch = "x86_64")]
        if $simd.has_avx2 {
            // SAFETY: the processor has AVX2: `Simd::detect` asked it.
            return unsafe { avx2::$name($($argument),*) };
        }
        plain::$name($($argument),*)
    }};
}

impl Simd {
    /// The best that this processor can do.
    pub(super) fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        let has_avx2 = std::arch::is_x86_feature_detected!("avx2");
        #[cfg(not(target_arch = "x86_64"))]
        let has_avx2 = false;
        Self { has_avx2 }
    }

    /// What every processor can do.
    #[cfg(test)]
    pub(super) const PLAIN: Self = Self { has_avx2: false };

    /// See [`plain::halve`].
    pub(super) fn halve(self, upper: &[u8], lower: &[u8], out: &mut [u8]) {
        let (upper, lower) = (&upper[..out.len() * 2], &lower[..out.len() * 2]);
        best!(self, halve(upper, lower, out));
    }

    /// See [`plain::blend`].
    pub(super) fn blend(self, upper: &[u8], lower: &[u8], weight: u16, out: &mut [u16]) {
        assert!(weight <= 1 << plain::ROW_BITS);
        let (upper, lower) = (&upper[..out.len()], &lower[..out.len()]);
        best!(self, blend(upper, lower, weight, out));
    }

    /// See [`plain::sample`]. `out` has a place for every tap.
    pub(super) fn sample(self, row: &[u16], taps: &Taps, out: &mut [u8]) {
        assert!(taps.reach <= row.len() && out.len() == taps.at.len() && taps.weights.len() == taps.at.len());
        best!(self, sample(row, taps, 0, out));
    }

    /// See [`plain::sum3`]. The rows are two pixels longer than `out`.
    pub(super) fn sum3(self, rows: [&[u8]; 3], out: &mut [u16]) {
        let rows = rows.map(|row| &row[..out.len() + 2]);
        best!(self, sum3(rows, out));
    }

    /// See [`plain::codes`]. The rows are six sums longer than `out`.
    pub(super) fn codes(self, rows: [&[u16]; 3], out: &mut [u8]) {
        let rows = rows.map(|row| &row[..out.len() + 6]);
        best!(self, codes(rows, out));
    }

    /// See [`plain::blocks`]. The rows are four times as long as both results.
    pub(super) fn blocks(self, rows: [&[u8]; 4], sums: &mut [u32], squares: &mut [u32]) {
        assert_eq!(sums.len(), squares.len());
        let rows = rows.map(|row| &row[..sums.len() * 4]);
        best!(self, blocks(rows, sums, squares));
    }

    /// See [`plain::first_group`]. Behind the last code that is asked for there must be [`Self::SLACK`] bytes.
    pub(super) fn first_group(self, codes: &[u8], start: usize, offsets: &[u32], weights: &[f32], scores: &mut [f32]) {
        let furthest = offsets.iter().max().map_or(0, |offset| *offset as usize);
        assert!(start + furthest + scores.len() * 4 + Self::SLACK <= codes.len());
        assert!(offsets.len() * CODES <= weights.len());
        best!(self, first_group(codes, start, offsets, weights, scores));
    }

    /// See [`plain::next_group`]. Behind the last code that is asked for there must be [`Self::SLACK`] bytes.
    pub(super) fn next_group(self, codes: &[u8], places: &[u32], offsets: &[u32], weights: &[f32], scores: &mut [f32]) {
        let furthest = offsets.iter().max().map_or(0, |offset| *offset as usize);
        let last = places.iter().fold(0, |last, place| last.max(*place)) as usize;
        assert!(last + furthest + Self::SLACK <= codes.len() && codes.len() < i32::MAX as usize);
        assert!(offsets.len() * CODES <= weights.len() && places.len() == scores.len());
        best!(self, next_group(codes, places, offsets, weights, scores));
    }

    /// See [`plain::slopes`].
    pub(super) fn slopes(self, pixels: &[u8], stride: usize, slopes: &mut [i16; SLOPES]) {
        assert!(stride >= WINDOW && pixels.len() >= (WINDOW - 1) * stride + WINDOW);
        best!(self, slopes(pixels, stride, slopes));
    }

    /// See [`plain::columns`]. `rows` ascend, `columns` are even.
    pub(super) fn columns(self, slopes: &[i16; SLOPES], rows: &[usize], columns: usize, out: &mut [[i16; CHANNELS]]) {
        assert!(rows.is_sorted() && rows.last().is_none_or(|row| *row <= WINDOW) && rows.len() * WINDOW <= out.len());
        assert!(columns <= WINDOW && columns.is_multiple_of(2));
        best!(self, columns(slopes, rows, columns, out));
    }

    /// See [`plain::run_up`].
    pub(super) fn run_up(self, columns: &[[i16; CHANNELS]], out: &mut [[i32; CHANNELS]]) {
        best!(self, run_up(columns, out));
    }

    /// See [`plain::multiply`]. `stride` is a multiple of [`LANES`](super::mlp::LANES).
    pub(super) fn multiply(self, matrix: &[f32], stride: usize, vector: &[f32], out: &mut [f32]) {
        assert!(stride.is_multiple_of(8) && stride * out.len() <= matrix.len() && stride == vector.len());
        best!(self, multiply(matrix, stride, vector, out));
    }

    /// Bytes that must lie behind the last code of a map.
    pub(super) const SLACK: usize = 32;
}

#[cfg(target_arch = "x86_64")]
#[allow(
    clippy::wildcard_imports,
    reason = "sixty instructions, whose names are all their own; tests are not told"
)]
mod avx2 {
    use std::arch::x86_64::*;

    use super::super::plain;
    use super::{CHANNELS, CODES, SLOPES, Taps, WINDOW};

    #[target_feature(enable = "avx2")]
    pub(super) fn halve(upper: &[u8], lower: &[u8], out: &mut [u8]) {
        let ones = _mm256_set1_epi8(1);
        let two = _mm256_set1_epi16(2);
        let (whole, rest) = out.as_chunks_mut::<16>();
        for ((out, a), b) in whole
            .iter_mut()
            .zip(upper.as_chunks::<32>().0)
            .zip(lower.as_chunks::<32>().0)
        {
            // SAFETY: 32 bytes are read from arrays of 32, 16 written to an array of 16.
            unsafe {
                let a = _mm256_maddubs_epi16(_mm256_loadu_si256(a.as_ptr().cast()), ones);
                let b = _mm256_maddubs_epi16(_mm256_loadu_si256(b.as_ptr().cast()), ones);
                let mean = _mm256_srli_epi16::<2>(_mm256_add_epi16(_mm256_add_epi16(a, b), two));
                _mm_storeu_si128(out.as_mut_ptr().cast(), narrow(mean));
            }
        }
        let done = whole.len() * 32;
        plain::halve(&upper[done..], &lower[done..], rest);
    }

    /// Sixteen values below 256 as bytes.
    #[target_feature(enable = "avx2")]
    fn narrow(values: __m256i) -> __m128i {
        _mm_packus_epi16(_mm256_castsi256_si128(values), _mm256_extracti128_si256::<1>(values))
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn blend(upper: &[u8], lower: &[u8], weight: u16, out: &mut [u16]) {
        let below = _mm256_set1_epi16(weight as i16);
        let above = _mm256_set1_epi16((1 << plain::ROW_BITS) - weight as i16);
        let (whole, rest) = out.as_chunks_mut::<16>();
        for ((out, a), b) in whole
            .iter_mut()
            .zip(upper.as_chunks::<16>().0)
            .zip(lower.as_chunks::<16>().0)
        {
            // SAFETY: 16 bytes are read from arrays of 16, 16 words written to an array of 16.
            unsafe {
                let a = _mm256_cvtepu8_epi16(_mm_loadu_si128(a.as_ptr().cast()));
                let b = _mm256_cvtepu8_epi16(_mm_loadu_si128(b.as_ptr().cast()));
                let sum = _mm256_add_epi16(_mm256_mullo_epi16(a, above), _mm256_mullo_epi16(b, below));
                _mm256_storeu_si256(out.as_mut_ptr().cast(), sum);
            }
        }
        let done = whole.len() * 16;
        plain::blend(&upper[done..], &lower[done..], weight, rest);
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn sample(row: &[u16], taps: &Taps, _from: usize, out: &mut [u8]) {
        let (whole, rest) = out.as_chunks_mut::<8>();
        for ((out, at), weights) in whole
            .iter_mut()
            .zip(taps.at.as_chunks::<8>().0)
            .zip(taps.weights.as_chunks::<8>().0)
        {
            // SAFETY: the arrays have eight words each. A gathered word is the column of the tap and the next one: the
            // caller has made sure that the row reaches as far as the taps do.
            unsafe {
                let at = _mm256_loadu_si256(at.as_ptr().cast());
                let weights = _mm256_loadu_si256(weights.as_ptr().cast());
                let pairs = _mm256_i32gather_epi32::<2>(row.as_ptr().cast(), at);
                let sums = _mm256_madd_epi16(pairs, weights);
                let values = _mm256_srli_epi32::<21>(sums);
                let low = _mm256_castsi256_si128(values);
                let words = _mm_packus_epi32(low, _mm256_extracti128_si256::<1>(values));
                _mm_storel_epi64(out.as_mut_ptr().cast(), _mm_packus_epi16(words, words));
            }
        }
        plain::sample(row, taps, whole.len() * 8, rest);
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn sum3(rows: [&[u8]; 3], out: &mut [u16]) {
        let (whole, rest) = out.as_chunks_mut::<16>();
        for (index, out) in whole.iter_mut().enumerate() {
            let mut sum = _mm256_setzero_si256();
            for row in rows {
                // SAFETY: the rows are two bytes longer than `out`, of which 16 lie behind `index * 16`; `out` has 16 words.
                unsafe {
                    let at = row.as_ptr().add(index * 16);
                    let a = _mm256_cvtepu8_epi16(_mm_loadu_si128(at.cast()));
                    let b = _mm256_cvtepu8_epi16(_mm_loadu_si128(at.add(1).cast()));
                    let c = _mm256_cvtepu8_epi16(_mm_loadu_si128(at.add(2).cast()));
                    sum = _mm256_add_epi16(sum, _mm256_add_epi16(a, _mm256_add_epi16(b, c)));
                }
            }
            // SAFETY: as above.
            unsafe { _mm256_storeu_si256(out.as_mut_ptr().cast(), sum) };
        }
        let done = whole.len() * 16;
        plain::sum3(rows.map(|row| &row[done..]), rest);
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn codes(rows: [&[u16]; 3], out: &mut [u8]) {
        let [top, mid, bottom] = rows;
        let neighbours = [
            (top, 0, 0x80),
            (top, 3, 0x40),
            (top, 6, 0x20),
            (mid, 0, 0x10),
            (mid, 6, 0x08),
            (bottom, 0, 0x04),
            (bottom, 3, 0x02),
            (bottom, 6, 0x01),
        ];
        let (whole, rest) = out.as_chunks_mut::<16>();
        for (index, out) in whole.iter_mut().enumerate() {
            // SAFETY: the rows are six words longer than `out`, of which 16 lie behind `index * 16`; `out` has 16 bytes.
            unsafe {
                let load = |row: &[u16], shift: usize| _mm256_loadu_si256(row.as_ptr().add(index * 16 + shift).cast());
                let centre = load(mid, 3);
                let mut brighter = _mm256_setzero_si256();
                for (row, shift, bit) in neighbours {
                    // Sums of nine bytes are small enough for a comparison with signs.
                    let is_brighter = _mm256_cmpgt_epi16(load(row, shift), centre);
                    brighter = _mm256_or_si256(brighter, _mm256_and_si256(is_brighter, _mm256_set1_epi16(bit)));
                }
                let codes = _mm256_xor_si256(brighter, _mm256_set1_epi16(0xff));
                _mm_storeu_si128(out.as_mut_ptr().cast(), narrow(codes));
            }
        }
        let done = whole.len() * 16;
        plain::codes(rows.map(|row| &row[done..]), rest);
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn blocks(rows: [&[u8]; 4], sums: &mut [u32], squares: &mut [u32]) {
        let (whole, rest) = sums.as_chunks_mut::<4>();
        let (whole_squares, rest_squares) = squares.as_chunks_mut::<4>();
        for (index, (sums, squares)) in whole.iter_mut().zip(whole_squares).enumerate() {
            let (mut sum, mut square) = (_mm_setzero_si128(), _mm256_setzero_si256());
            for row in rows {
                // SAFETY: the rows have 16 bytes for every four sums.
                let pixels = unsafe { _mm_loadu_si128(row.as_ptr().add(index * 16).cast()) };
                sum = _mm_add_epi16(sum, _mm_maddubs_epi16(pixels, _mm_set1_epi8(1)));
                let wide = _mm256_cvtepu8_epi16(pixels);
                square = _mm256_add_epi32(square, _mm256_madd_epi16(wide, wide));
            }
            let sum = _mm_madd_epi16(sum, _mm_set1_epi16(1));
            let square = _mm_hadd_epi32(_mm256_castsi256_si128(square), _mm256_extracti128_si256::<1>(square));
            // SAFETY: four words are written to arrays of four.
            unsafe {
                _mm_storeu_si128(sums.as_mut_ptr().cast(), sum);
                _mm_storeu_si128(squares.as_mut_ptr().cast(), square);
            }
        }
        let done = whole.len() * 16;
        plain::blocks(rows.map(|row| &row[done..]), rest, rest_squares);
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn first_group(codes: &[u8], start: usize, offsets: &[u32], weights: &[f32], scores: &mut [f32]) {
        let (whole, rest) = scores.as_chunks_mut::<8>();
        let byte = _mm256_set1_epi32(0xff);
        for (index, scores) in whole.iter_mut().enumerate() {
            let mut sum = _mm256_setzero_ps();
            for (offset, weights) in offsets.iter().zip(weights.as_chunks::<CODES>().0) {
                // SAFETY: the caller has made sure that 32 bytes follow the last offset of the last window; an index is a
                // byte, and there are 256 weights.
                unsafe {
                    let at = codes.as_ptr().add(start + index * 32 + *offset as usize);
                    let indices = _mm256_and_si256(_mm256_loadu_si256(at.cast()), byte);
                    sum = _mm256_add_ps(sum, _mm256_i32gather_ps::<4>(weights.as_ptr(), indices));
                }
            }
            // SAFETY: eight values are written to an array of eight.
            unsafe { _mm256_storeu_ps(scores.as_mut_ptr(), sum) };
        }
        plain::first_group(codes, start + whole.len() * 32, offsets, weights, rest);
    }

    /// Two dependent gathers would be slower than single loads here: the windows lie anywhere. Four windows at a time keep
    /// the loads coming.
    #[target_feature(enable = "avx2")]
    pub(super) fn next_group(codes: &[u8], places: &[u32], offsets: &[u32], weights: &[f32], scores: &mut [f32]) {
        let (whole, rest) = scores.as_chunks_mut::<4>();
        let (whole_places, rest_places) = places.as_chunks::<4>();
        for (scores, places) in whole.iter_mut().zip(whole_places) {
            let mut sums = *scores;
            for (offset, weights) in offsets.iter().zip(weights.as_chunks::<CODES>().0) {
                for (sum, place) in sums.iter_mut().zip(places) {
                    // SAFETY: the caller has made sure that there is a code at each place and offset.
                    let code = unsafe { *codes.get_unchecked(*place as usize + *offset as usize) };
                    *sum += weights[usize::from(code)];
                }
            }
            *scores = sums;
        }
        plain::next_group(codes, rest_places, offsets, weights, rest);
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn slopes(pixels: &[u8], stride: usize, slopes: &mut [i16; SLOPES]) {
        const LAST: usize = WINDOW - 1;
        for (y, out) in slopes.as_chunks_mut::<{ 2 * WINDOW }>().0.iter_mut().enumerate() {
            let row = |y: usize| &pixels[y * stride..][..WINDOW];
            let (here, above, below) = (row(y), row(y.saturating_sub(1)), row((y + 1).min(LAST)));
            for x in (0..WINDOW).step_by(8) {
                // SAFETY: `x + 8` is at most the window's width, the length of the rows and, doubled, of `out`; at the two
                // edges, where a pixel beyond it would be wanted, the eight within are shifted instead.
                unsafe {
                    let load = |row: &[u8], x: usize| _mm_loadl_epi64(row.as_ptr().add(x).cast());
                    let before = if x == 0 {
                        _mm_slli_si128::<1>(load(here, 0))
                    } else {
                        load(here, x - 1)
                    };
                    let behind = if x + 8 == WINDOW {
                        _mm_srli_si128::<1>(load(here, x))
                    } else {
                        load(here, x + 1)
                    };
                    let right = _mm_sub_epi16(_mm_cvtepu8_epi16(behind), _mm_cvtepu8_epi16(before));
                    let upper = _mm_cvtepu8_epi16(load(above, x));
                    let down = _mm_sub_epi16(_mm_cvtepu8_epi16(load(below, x)), upper);
                    let down = if y == 0 || y == LAST {
                        _mm_slli_epi16::<1>(down)
                    } else {
                        down
                    };
                    let at = out.as_mut_ptr().add(2 * x);
                    _mm_storeu_si128(at.cast(), _mm_unpacklo_epi16(right, down));
                    _mm_storeu_si128(at.add(8).cast(), _mm_unpackhi_epi16(right, down));
                }
            }
            out[0] = 2 * (i16::from(here[1]) - i16::from(here[0]));
            out[2 * LAST] = 2 * (i16::from(here[LAST]) - i16::from(here[LAST - 1]));
        }
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn columns(slopes: &[i16; SLOPES], rows: &[usize], columns: usize, out: &mut [[i16; CHANNELS]]) {
        // Two pixels side by side: of each, its slope to the right four times, then its slope downward four times.
        let both = _mm256_setr_epi8(
            0, 1, 0, 1, 0, 1, 0, 1, 2, 3, 2, 3, 2, 3, 2, 3, 4, 5, 4, 5, 4, 5, 4, 5, 6, 7, 6, 7, 6, 7, 6, 7,
        );
        // The other way about: the one whose sign decides which channel counts.
        let other = _mm256_setr_epi8(
            2, 3, 2, 3, 2, 3, 2, 3, 0, 1, 0, 1, 0, 1, 0, 1, 6, 7, 6, 7, 6, 7, 6, 7, 4, 5, 4, 5, 4, 5, 4, 5,
        );
        let is_for_falling = _mm256_set1_epi64x(0xffff_ffff_0000_0000_u64 as i64);
        for x in (0..columns).step_by(2) {
            let mut sums = _mm256_setzero_si256();
            let mut y = 0;
            for (index, row) in rows.iter().enumerate() {
                while y < *row {
                    // SAFETY: the caller has made sure that `x` is even and below the window's width, and `y` below its
                    // height: there are four slopes at two pixels, and room for two columns of sums.
                    let four = unsafe { slopes.as_ptr().add((y * WINDOW + x) * 2).cast::<i64>().read_unaligned() };
                    let four = _mm256_set1_epi64x(four);
                    let values = _mm256_shuffle_epi8(four, both);
                    let values = _mm256_blend_epi16::<0b1010_1010>(values, _mm256_abs_epi16(values));
                    let signs = _mm256_srai_epi16::<15>(_mm256_shuffle_epi8(four, other));
                    let values = _mm256_andnot_si256(_mm256_xor_si256(signs, is_for_falling), values);
                    sums = _mm256_add_epi16(sums, values);
                    y += 1;
                }
                // SAFETY: as above.
                unsafe { _mm256_storeu_si256(out.as_mut_ptr().add(index * WINDOW + x).cast(), sums) };
            }
        }
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn run_up(columns: &[[i16; CHANNELS]], out: &mut [[i32; CHANNELS]]) {
        let mut sums = _mm256_setzero_si256();
        for (out, column) in out.iter_mut().zip(columns) {
            // SAFETY: eight values are read from an array of eight, and written to one.
            unsafe {
                sums = _mm256_add_epi32(sums, _mm256_cvtepi16_epi32(_mm_loadu_si128(column.as_ptr().cast())));
                _mm256_storeu_si256(out.as_mut_ptr().cast(), sums);
            }
        }
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn multiply(matrix: &[f32], stride: usize, vector: &[f32], out: &mut [f32]) {
        let (whole, rest) = out.as_chunks_mut::<4>();
        for (index, out) in whole.iter_mut().enumerate() {
            let rows = &matrix[index * 4 * stride..][..4 * stride];
            let mut sums = [_mm256_setzero_ps(); 4];
            for at in (0..stride).step_by(8) {
                // SAFETY: `stride` is a multiple of eight, the vector has as many values and the rows four times as many.
                unsafe {
                    let vector = _mm256_loadu_ps(vector.as_ptr().add(at));
                    for (row, sum) in sums.iter_mut().enumerate() {
                        let row = _mm256_loadu_ps(rows.as_ptr().add(row * stride + at));
                        *sum = _mm256_add_ps(*sum, _mm256_mul_ps(row, vector));
                    }
                }
            }
            for (out, sum) in out.iter_mut().zip(sums) {
                let four = _mm_add_ps(_mm256_castps256_ps128(sum), _mm256_extractf128_ps::<1>(sum));
                let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
                *out = _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
            }
        }
        plain::multiply(&matrix[whole.len() * 4 * stride..], stride, vector, rest);
    }
}
