//! What an image is known by: whether it gets brighter or darker from each part to the next, what those parts look like beside
//! each other, and their colours.

use serde::{Deserialize, Serialize};

use super::super::settings::CheckError;

/// Parts along a side, of which the steps between neighbours are signs.
pub(super) const PARTS: usize = 9;

/// Signs along rows and along columns each: 8 × 8.
const SIGNS: usize = 8;

/// Points along a side of the likeness.
pub(super) const POINTS: usize = 16;

/// Colours along a side.
pub(super) const COLOURS: usize = 4;

/// A step smaller than this many levels is a sign of nothing: noise turns it round.
const STEP: f32 = 2.0;

/// Of 128 signs, an image must have so many.
const FEWEST: u32 = 40;

/// The size that images are measured at.
const SIDE: usize = 144;

/// What one image, or a cut of it, is known by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Print {
    /// Width by height.
    pub aspect: f32,
    /// Steps along rows and along columns: a bit for each that goes up.
    pub signs: [u64; 2],
    /// Which of them count.
    pub steady: [u64; 2],
    /// Luma of [`POINTS`] by as many parts.
    pub likeness: Vec<u8>,
    /// Mean U and V of [`COLOURS`] by as many parts.
    pub colours: Vec<[u8; 2]>,
}

/// An image that must not be seen, as it is known by. The image itself is not kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BlockedImage {
    /// What it is called.
    pub name: String,
    /// Of the whole image, and of the cuts of it that fill a program.
    pub(super) prints: Vec<Print>,
}

/// Shapes that an image is cut to where it fills a program that has another shape.
const CUTS: [f32; 3] = [16.0 / 9.0, 9.0 / 16.0, 1.0];

impl BlockedImage {
    /// The image `name`: rows of red, green and blue, `width` × `height`.
    ///
    /// # Errors
    /// It is not of that size, or has so little in it that half of all pictures would be it.
    pub fn of(name: &str, rgb: &[u8], width: u32, height: u32) -> Result<Self, CheckError> {
        let (columns, rows) = (width as usize, height as usize);
        if columns < 8 || rows < 8 || columns.checked_mul(rows).and_then(|area| area.checked_mul(3)) != Some(rgb.len())
        {
            return Err(CheckError::NoImage {
                name: name.to_owned(),
                bytes: rgb.len(),
                width,
                height,
            });
        }
        let aspect = columns as f32 / rows as f32;
        let mut prints = Vec::new();
        for cut in [aspect].into_iter().chain(CUTS) {
            // What is cut off must be worth a print, and not nearly all.
            let lost = (aspect / cut).max(cut / aspect);
            if !prints.is_empty() && !(1.1..2.5).contains(&lost) {
                continue;
            }
            let (wide, high) = if cut < aspect {
                (rows as f32 * cut, rows as f32)
            } else {
                (columns as f32, columns as f32 / cut)
            };
            let (left, top) = ((columns as f32 - wide) / 2.0, (rows as f32 - high) / 2.0);
            let print = Print::of(
                cut,
                |u, v| {
                    let x = ((left + u * wide).max(0.0) as usize).min(columns - 1);
                    let y = ((top + v * high).max(0.0) as usize).min(rows - 1);
                    let at = (y * columns + x) * 3;
                    [rgb[at], rgb[at + 1], rgb[at + 2]]
                },
                (wide, high),
            );
            if print.count() >= FEWEST {
                prints.push(print);
            } else if prints.is_empty() {
                return Err(CheckError::Plain { name: name.to_owned() });
            }
        }
        Ok(Self {
            name: name.to_owned(),
            prints,
        })
    }
}

impl Print {
    /// Of what `pixel` gives for points from 0 to 1 along and down, of `size` pixels.
    fn of(aspect: f32, pixel: impl Fn(f32, f32) -> [u8; 3], size: (f32, f32)) -> Self {
        // Each sample is the mean of as many pixels as fall to it, of no more than 8 by 8.
        let samples = |length: f32| ((length / SIDE as f32).ceil() as usize).clamp(1, 8);
        let (across, down) = (samples(size.0), samples(size.1));
        let mut planes: [Vec<f32>; 3] = Default::default();
        for at in 0..SIDE * SIDE {
            let mut sum = [0.0; 3];
            for sub in 0..across * down {
                let u = ((at % SIDE) as f32 + ((sub % across) as f32 + 0.5) / across as f32) / SIDE as f32;
                let v = ((at / SIDE) as f32 + ((sub / across) as f32 + 0.5) / down as f32) / SIDE as f32;
                for (sum, value) in sum.iter_mut().zip(pixel(u, v)) {
                    *sum += f32::from(value);
                }
            }
            let [r, g, b] = sum.map(|sum| sum / (across * down) as f32 / 255.0);
            // BT.709, limited range: as program is.
            let y = 0.2126 * r + 0.7152 * g + 0.0722 * b;
            planes[0].push(16.0 + 219.0 * y);
            planes[1].push(128.0 + 224.0 * (b - y) / 1.8556);
            planes[2].push(128.0 + 224.0 * (r - y) / 1.5748);
        }
        let parts = |plane: &[f32], count: usize| -> Vec<f32> {
            let side = SIDE / count;
            (0..count * count)
                .map(|part| {
                    let (left, top) = (part % count * side, part / count * side);
                    let rows = (top..top + side).map(|y| &plane[y * SIDE + left..][..side]);
                    rows.flatten().sum::<f32>() / (side * side) as f32
                })
                .collect()
        };
        let (signs, steady) = signs(&parts(&planes[0], PARTS));
        let (u, v) = (parts(&planes[1], COLOURS), parts(&planes[2], COLOURS));
        Self {
            aspect,
            signs,
            steady,
            likeness: parts(&planes[0], POINTS).into_iter().map(|luma| luma as u8).collect(),
            colours: u.into_iter().zip(v).map(|(u, v)| [u as u8, v as u8]).collect(),
        }
    }

    /// How many signs it has.
    pub(super) fn count(&self) -> u32 {
        self.steady.iter().map(|steady| steady.count_ones()).sum()
    }

    /// How many signs differ in a row of parts: along it, and from the row above it to it.
    pub(super) fn differ_in_row(&self, row: usize, parts: &[f32; PARTS], above: &[f32; PARTS]) -> u32 {
        let bits = |steps: [f32; SIGNS]| (0..SIGNS).fold(0_u64, |bits, at| bits | u64::from(steps[at] > 0.0) << at);
        let row_of = |signs: u64, row: usize| signs >> (row * SIGNS) & 0xff;
        let mut differ = 0;
        if row < SIGNS {
            let along = bits(std::array::from_fn(|at| parts[at + 1] - parts[at]));
            differ += ((along ^ row_of(self.signs[0], row)) & row_of(self.steady[0], row)).count_ones();
        }
        if let Some(before) = row.checked_sub(1) {
            let down = bits(std::array::from_fn(|at| parts[at] - above[at]));
            differ += ((down ^ row_of(self.signs[1], before)) & row_of(self.steady[1], before)).count_ones();
        }
        differ
    }

    /// Whether what came over a process border has the sizes that it must have.
    pub(super) fn is_whole(&self) -> bool {
        self.likeness.len() == POINTS * POINTS
            && self.colours.len() == COLOURS * COLOURS
            && self.aspect.is_finite()
            && self.aspect > 0.0
            && self.count() >= FEWEST
    }
}

/// The signs of [`PARTS`] by as many parts, and which of them are steady.
fn signs(parts: &[f32]) -> ([u64; 2], [u64; 2]) {
    let (mut signs, mut steady) = ([0; 2], [0; 2]);
    for row in 0..SIGNS {
        for column in 0..SIGNS {
            let here = parts[row * PARTS + column];
            let next = [parts[row * PARTS + column + 1], parts[(row + 1) * PARTS + column]];
            for (at, next) in next.into_iter().enumerate() {
                let bit = row * SIGNS + column;
                signs[at] |= u64::from(next > here) << bit;
                steady[at] |= u64::from((next - here).abs() >= STEP) << bit;
            }
        }
    }
    (signs, steady)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_without_anything_in_it_is_refused() {
        let flat = vec![90; 64 * 64 * 3];
        assert_eq!(
            BlockedImage::of("flat", &flat, 64, 64),
            Err(CheckError::Plain { name: "flat".into() })
        );
        for (bytes, width, height) in [(100, 64, 64), (0, 0, 0), (12_288, u32::MAX, u32::MAX), (3 * 16, 4, 4)] {
            let error = BlockedImage::of("x", &vec![0; bytes], width, height).unwrap_err();
            assert!(matches!(error, CheckError::NoImage { .. }), "{error}");
        }
    }

    #[test]
    fn it_crosses_a_border() {
        let rgb: Vec<u8> = (0..90 * 60 * 3)
            .map(|at| ((at / 3 % 90 * 7) ^ (at / 270 * 5)) as u8)
            .collect();
        let image = BlockedImage::of("logo", &rgb, 90, 60).unwrap();
        let json = serde_json::to_string(&image).unwrap();
        assert!(json.len() < 8000, "{}", json.len());
        assert_eq!(serde_json::from_str::<BlockedImage>(&json).unwrap(), image);
        assert!(image.prints.iter().all(Print::is_whole));
    }

    #[test]
    fn signs_row_by_row_are_the_same_signs() {
        let rgb: Vec<u8> = (0..90 * 60 * 3)
            .map(|at| ((at / 3 % 90 * 7) ^ (at / 270 * 5)) as u8)
            .collect();
        let print = BlockedImage::of("logo", &rgb, 90, 60).unwrap().prints.remove(0);
        let parts: Vec<f32> = (0..PARTS * PARTS).map(|at| (at * 37 % 101) as f32).collect();
        let (signs, _) = signs(&parts);
        let plain: u32 = (0..2)
            .map(|at| ((signs[at] ^ print.signs[at]) & print.steady[at]).count_ones())
            .sum();
        let mut above = [0.0; PARTS];
        let mut differ = 0;
        for row in 0..PARTS {
            let row_of_parts: [f32; PARTS] = std::array::from_fn(|at| parts[row * PARTS + at]);
            differ += print.differ_in_row(row, &row_of_parts, &above);
            above = row_of_parts;
        }
        assert_eq!(differ, plain);
        assert!(plain > 10);
    }
}
