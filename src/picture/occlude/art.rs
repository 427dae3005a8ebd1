//! The art of a sticker: a PNG, made ready once to be drawn at any size and turn.

use std::io::Cursor;

use image::codecs::png::PngDecoder;
use image::{DynamicImage, ImageDecoder, Limits};

use super::super::colour::yuv_of_rgb;

/// The largest art, in either direction.
pub const MAX_ART: u32 = 1024;

/// The two bytes of a pair, each with room for a product with 256.
pub(super) const PAIR: u32 = 0x00ff_00ff;

/// Why a picture cannot be art.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArtError {
    /// It is not a PNG, or a broken one.
    #[error("not a PNG that can be read: {0}")]
    Png(String),
    /// It would cost more to draw than a sticker may.
    #[error("{width}×{height} pixels: {MAX_ART} at most in either direction")]
    TooLarge {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
    },
}

/// A drawing with transparent parts. Clone it by reference: it is large.
#[derive(Debug)]
pub struct Art {
    /// The drawing, then half its size, and so on down to a pixel.
    levels: Vec<Level>,
}

/// One size of the drawing, with a border of one transparent pixel.
#[derive(Debug)]
pub(super) struct Level {
    pub width: usize,
    pub height: usize,
    /// Rows of `width + 2`. From the lowest byte: Y, U, alpha, V; the colours times alpha, so that mixes of neighbours are right.
    pub pixels: Vec<u32>,
}

impl Art {
    /// Reads a PNG of any colour type, at most [`MAX_ART`] pixels wide and high.
    ///
    /// # Errors
    /// It is none, or larger.
    pub fn from_png(bytes: &[u8]) -> Result<Self, ArtError> {
        let failed = |error: image::ImageError| ArtError::Png(error.to_string());
        let mut limits = Limits::no_limits();
        // What the largest art takes in the deepest colour type, twice over.
        limits.max_alloc = Some(u64::from(MAX_ART) * u64::from(MAX_ART) * 16);
        let decoder = PngDecoder::with_limits(Cursor::new(bytes), limits).map_err(failed)?;
        let (width, height) = decoder.dimensions();
        if width > MAX_ART || height > MAX_ART {
            return Err(ArtError::TooLarge { width, height });
        }
        let picture = DynamicImage::from_decoder(decoder).map_err(failed)?.into_rgba8();
        let mut first = Level::empty(width as usize, height as usize);
        for (x, y, pixel) in picture.enumerate_pixels() {
            let [r, g, b, alpha] = pixel.0;
            let times = |code: u8| (u32::from(code) * u32::from(alpha) + 127) / 255;
            let [y_code, u, v] = yuv_of_rgb([r, g, b]).map(times);
            *first.at(x as usize, y as usize) = y_code | u << 8 | u32::from(alpha) << 16 | v << 24;
        }
        let mut levels = vec![first];
        while let Some(next) = levels.last().and_then(Level::halved) {
            levels.push(next);
        }
        Ok(Self { levels })
    }

    /// Pixels across.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.levels[0].width as u32
    }

    /// Pixels down.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.levels[0].height as u32
    }

    /// The size to draw from where one pixel of the picture is `step` of the drawing, and how often it is halved.
    pub(super) fn level(&self, step: f32) -> (&Level, i32) {
        let halvings = step.max(1.0).log2().round() as usize;
        let halvings = halvings.min(self.levels.len() - 1);
        (&self.levels[halvings], halvings as i32)
    }
}

impl Level {
    fn empty(width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            pixels: vec![0; (width + 2) * (height + 2)],
        }
    }

    /// A pixel of the drawing; its border is at -1.
    fn at(&mut self, x: usize, y: usize) -> &mut u32 {
        &mut self.pixels[(y + 1) * (self.width + 2) + x + 1]
    }

    /// The next smaller size, each pixel the mean of four. Beyond an odd edge lies the border.
    fn halved(&self) -> Option<Self> {
        if self.width.max(self.height) <= 1 {
            return None;
        }
        let mut half = Self::empty(self.width.div_ceil(2), self.height.div_ceil(2));
        let stride = self.width + 2;
        for y in 0..half.height {
            for x in 0..half.width {
                let at = (2 * y + 1) * stride + 2 * x + 1;
                let four = [at, at + 1, at + stride, at + stride + 1].map(|at| self.pixels[at]);
                let mean = |pairs: [u32; 4]| ((pairs.iter().sum::<u32>() + 0x0002_0002) >> 2) & PAIR;
                let (even, odd) = (mean(four.map(|p| p & PAIR)), mean(four.map(|p| p >> 8 & PAIR)));
                *half.at(x, y) = even | odd << 8;
            }
        }
        Some(half)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn png(width: u32, height: u32, pixel: [u8; 4]) -> Vec<u8> {
        let picture = image::RgbaImage::from_pixel(width, height, image::Rgba(pixel));
        let mut bytes = Vec::new();
        picture
            .write_to(&mut Cursor::new(&mut bytes), image::ImageFormat::Png)
            .unwrap();
        bytes
    }

    #[test]
    fn every_size_has_the_colour_and_a_clear_border() {
        let art = Art::from_png(&png(37, 5, [255, 0, 0, 255])).unwrap();
        assert_eq!((art.width(), art.height()), (37, 5));
        let red = 63 | 102 << 8 | 255 << 16 | 240 << 24;
        assert_eq!(art.levels.len(), 7, "37, 19, 10, 5, 3, 2, 1");
        for level in &art.levels {
            assert_eq!(level.pixels[0], 0);
            assert_eq!(level.pixels.len(), (level.width + 2) * (level.height + 2));
        }
        assert_eq!(art.levels[0].pixels[37 + 2 + 1], red);
        assert_eq!(art.levels[1].pixels[19 + 2 + 1], red);
        assert_eq!(art.level(0.2).1, 0);
        assert_eq!(art.level(2.1).1, 1);
        assert_eq!(art.level(f32::INFINITY).1, 6);
    }

    #[test]
    fn what_is_no_art_is_refused() {
        let error = Art::from_png(&png(1025, 2, [0; 4])).unwrap_err();
        assert_eq!(error.to_string(), "1025×2 pixels: 1024 at most in either direction");
        let broken = Art::from_png(&png(64, 64, [1, 2, 3, 4])[..60]).unwrap_err();
        assert!(matches!(broken, ArtError::Png(_)), "{broken}");
        // The header of a picture that claims more than there is memory.
        let mut vast = png(64, 64, [0; 4]);
        vast[16..24].copy_from_slice(&[0x7f, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff]);
        assert!(Art::from_png(&vast).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..200), at in 0usize..200, is_png in any::<bool>()) {
            if is_png {
                let whole = png(8, 8, [9, 8, 7, 6]);
                let flips = bytes;
                bytes = whole;
                for (byte, flip) in bytes.iter_mut().skip(at).zip(flips).take(3) {
                    *byte ^= flip;
                }
            }
            let _ = Art::from_png(&bytes);
        }
    }
}
