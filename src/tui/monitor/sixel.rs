//! Sixels: pictures as DEC's VT240 and VT340 drew them, which xterm, foot, WezTerm, mlterm, tmux and others still do.
//!
//! A fixed palette of 6 × 7 × 6 colours with an ordered dither: no quantiser runs, still parts of a picture give the same
//! bytes in each frame, and the dither does not crawl. See DEC STD 070, section 9, and the VT330/VT340 manual, chapter 14.

use super::Picture;

/// Levels of red, green and blue: green has one more, the eye sees it best.
const LEVELS: [usize; 3] = [6, 7, 6];
const COLORS: usize = LEVELS[0] * LEVELS[1] * LEVELS[2];

/// The 4×4 Bayer matrix in sixteenths.
const BAYER: [[usize; 4]; 4] = [[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]];

/// A picture as the bytes that draw it at the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SixelPicture {
    /// Pixels.
    pub width: usize,
    /// Pixels.
    pub height: usize,
    /// From `DCS` to `ST`.
    pub bytes: Vec<u8>,
}

/// Writes sixels; keeps its tables and buffers from picture to picture.
pub struct SixelEncoder {
    /// Level of each value at each place of the matrix: `[channel][matrix][value]`.
    levels: [Box<[[u8; 256]; 16]>; 3],
    header: Vec<u8>,
    /// For the band at hand, per colour: one byte of six pixels per column.
    masks: Vec<u8>,
    /// Columns that a colour touches in the band at hand: first and one past the last; empty where it is absent.
    spans: [(usize, usize); COLORS],
}

impl Default for SixelEncoder {
    fn default() -> Self {
        Self::new()
    }
}

impl SixelEncoder {
    /// An encoder with its tables made.
    #[must_use]
    pub fn new() -> Self {
        Self {
            levels: LEVELS.map(dither_table),
            header: palette(),
            masks: Vec::new(),
            spans: [(usize::MAX, 0); COLORS],
        }
    }

    /// The picture as sixels.
    #[must_use]
    pub fn encode(&mut self, picture: &Picture) -> SixelPicture {
        let (width, height) = (picture.width(), picture.height());
        // Aspect 1:1, unset pixels keep what they showed (P2 = 1: no flash of background), then the raster size.
        let mut bytes = Vec::with_capacity(width * height);
        bytes.extend_from_slice(b"\x1bP0;1q");
        bytes.extend_from_slice(format!("\"1;1;{width};{height}").as_bytes());
        bytes.extend_from_slice(&self.header);
        self.masks.clear();
        self.masks.resize(COLORS * width, 0);
        for top in (0..height).step_by(6) {
            self.collect_band(picture, top);
            if top > 0 {
                bytes.push(b'-');
            }
            self.write_band(width, &mut bytes);
        }
        bytes.extend_from_slice(b"\x1b\\");
        SixelPicture { width, height, bytes }
    }

    fn collect_band(&mut self, picture: &Picture, top: usize) {
        let width = picture.width();
        for (bit, y) in (top..(top + 6).min(picture.height())).enumerate() {
            let row = &picture.rgb()[y * width * 3..(y + 1) * width * 3];
            let matrix = &BAYER[y % 4];
            for (x, pixel) in row.chunks_exact(3).enumerate() {
                let place = matrix[x % 4];
                let level = |channel: usize| usize::from(self.levels[channel][place][usize::from(pixel[channel])]);
                let color = (level(0) * LEVELS[1] + level(1)) * LEVELS[2] + level(2);
                self.masks[color * width + x] |= 1 << bit;
                let span = &mut self.spans[color];
                *span = (span.0.min(x), span.1.max(x + 1));
            }
        }
    }

    /// Writes each colour of the band and leaves the masks empty for the next one.
    fn write_band(&mut self, width: usize, bytes: &mut Vec<u8>) {
        let mut is_first = true;
        for color in 0..COLORS {
            let (first, end) = std::mem::replace(&mut self.spans[color], (usize::MAX, 0));
            if first >= end {
                continue;
            }
            if !std::mem::take(&mut is_first) {
                bytes.push(b'$');
            }
            bytes.push(b'#');
            write_number(color, bytes);
            let row = &mut self.masks[color * width..][..end];
            write_run(0, first, bytes);
            let mut at = first;
            while at < end {
                let mask = row[at];
                let run = row[at..].iter().take_while(|next| **next == mask).count();
                write_run(mask, run, bytes);
                at += run;
            }
            row[first..].fill(0);
        }
    }
}

/// `count` columns of `mask`, with the repeat introducer where that is shorter.
fn write_run(mask: u8, count: usize, bytes: &mut Vec<u8>) {
    let character = b'?' + mask;
    if count > 3 {
        bytes.push(b'!');
        write_number(count, bytes);
        bytes.push(character);
    } else {
        bytes.extend(std::iter::repeat_n(character, count));
    }
}

fn write_number(value: usize, bytes: &mut Vec<u8>) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    let mut rest = value;
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    bytes.extend_from_slice(&digits[at..]);
}

/// For each place of the matrix and each value: the level below or above it, as the threshold decides.
fn dither_table(levels: usize) -> Box<[[u8; 256]; 16]> {
    let top = levels - 1;
    let mut table = Box::new([[0; 256]; 16]);
    for (place, row) in table.iter_mut().enumerate() {
        for (value, level) in row.iter_mut().enumerate() {
            // value·top/255 plus a threshold of (2·place + 1)/32, floored.
            *level = ((value * top * 32 + (2 * place + 1) * 255) / (255 * 32)).min(top) as u8;
        }
    }
    table
}

/// Defines the colours, in percent as the format wants them.
fn palette() -> Vec<u8> {
    let mut bytes = Vec::new();
    let percent = |level: usize, levels: usize| (level * 100 + (levels - 1) / 2) / (levels - 1);
    for color in 0..COLORS {
        let (r, g, b) = (
            color / (LEVELS[1] * LEVELS[2]),
            color / LEVELS[2] % LEVELS[1],
            color % LEVELS[2],
        );
        let [r, g, b] = [percent(r, LEVELS[0]), percent(g, LEVELS[1]), percent(b, LEVELS[2])];
        bytes.extend_from_slice(format!("#{color};2;{r};{g};{b}").as_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Reads sixels back with a decoder that shares nothing with the encoder.
    fn decode(sixel: &SixelPicture) -> (Vec<u8>, usize, usize) {
        let image = icy_sixel::SixelImage::decode(&sixel.bytes).unwrap();
        (image.pixels.clone(), image.width, image.height)
    }

    #[test]
    fn flat_colours_of_the_palette_come_back_exactly() {
        for pixel in [[0, 0, 0], [255, 255, 255], [255, 0, 0], [0, 255, 0], [51, 0, 204]] {
            let picture = Picture::new(9, 7, pixel.repeat(63)).unwrap();
            let (pixels, width, _) = decode(&SixelEncoder::new().encode(&picture));
            assert_eq!(width, 9);
            for y in 0..7 {
                for x in 0..9 {
                    let at = (y * width + x) * 4;
                    assert_eq!(&pixels[at..at + 3], &pixel, "{pixel:?} at {x},{y}");
                }
            }
        }
    }

    #[test]
    fn dither_keeps_the_mean() {
        for value in [10u8, 60, 100, 128, 190, 250] {
            let picture = Picture::new(48, 48, vec![value; 48 * 48 * 3]).unwrap();
            let (pixels, width, _) = decode(&SixelEncoder::new().encode(&picture));
            for channel in 0..3 {
                let sum: f64 = (0..48 * 48)
                    .map(|i| f64::from(pixels[((i / 48) * width + i % 48) * 4 + channel]))
                    .sum();
                let mean = sum / (48.0 * 48.0);
                assert!((mean - f64::from(value)).abs() < 4.0, "{value} became {mean}");
            }
        }
    }

    proptest! {
        #[test]
        fn every_pixel_is_set_to_a_near_colour(width in 1usize..40, height in 1usize..20, seed: u64) {
            let mut state = seed | 1;
            let rgb: Vec<u8> = (0..width * height * 3).map(|_| {
                state ^= state << 13; state ^= state >> 7; state ^= state << 17;
                state as u8
            }).collect();
            let picture = Picture::new(width, height, rgb).unwrap();
            let mut encoder = SixelEncoder::new();
            let first = encoder.encode(&picture);
            // Nothing of a picture is left behind in the encoder.
            prop_assert_eq!(&encoder.encode(&picture), &first);
            let (pixels, stride, _) = decode(&first);
            for y in 0..height {
                for x in 0..width {
                    let at = (y * stride + x) * 4;
                    for (channel, original) in picture.pixel(x, y).into_iter().enumerate() {
                        prop_assert!(pixels[at + channel].abs_diff(original) <= 52);
                    }
                }
            }
        }
    }
}
