//! Rows of a screen (BGRX) to a picture of the studio (I420, limited-range BT.709), made smaller where the screen is larger than the
//! program.
//!
//! **Where it is made smaller** was measured (1920×1080 to 1280×720, medians on one core): here, as packed pixels and before the
//! conversion, 1.45 + 0.21 ms; as planes in the compositor, after a conversion of all pixels, 0.63 + 2.36 ms. So a screen of the
//! program's shape is made its size here, and the compositor then only copies. What that costs: a scene that cuts a part out
//! of the source cuts it out of the smaller picture. A source with that region of the screen has all its pixels.
//!
//! Of another shape it keeps its size, because only the scene knows how it will fit, and scaling letters twice blurs them; unless
//! it is more than twice as large as the program, or larger than pictures can be: then it is made just large enough to cover it.
//!
//! The filter is the compositor's own choice: two taps in each direction down to half the size, the wide filter beyond.

use std::ops::Range;

use fast_image_resize::images::{TypedCroppedImageMut, TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8x4;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};
use yuv::{BufferStoreMut, YuvConversionMode, YuvPlanarImageMut, YuvRange, YuvStandardMatrix, bgra_to_yuv420};

use super::rows::Rows;
use crate::media::{FrameMut, FramePool, MAX_DIMENSION, Timestamp, VideoFrame};

/// Makes pictures of one screen.
pub(super) struct Converter {
    from: (u32, u32),
    to: (u32, u32),
    /// The screen in the size of the picture, where that is another one.
    small: Vec<u8>,
    resizer: Resizer,
    /// The picture before, of which a new one takes what did not change.
    last: Option<VideoFrame>,
}

/// The size of the pictures of a screen of `from` for a program of `program`. Even, and never larger than the screen.
pub(super) fn fitted(from: (u32, u32), program: (u32, u32)) -> (u32, u32) {
    let (from, program) = ((from.0 & !1, from.1 & !1), (program.0 & !1, program.1 & !1));
    if from.0 <= program.0 && from.1 <= program.1 {
        return (from.0.max(2), from.1.max(2));
    }
    if within(from, program) == program {
        return program;
    }
    let covering = if is_wider(from, program) {
        (share(from.0, program.1, from.1), program.1)
    } else {
        (program.0, share(from.1, program.0, from.0))
    };
    let is_much_larger = from.0 > 2 * covering.0 || from.0.max(from.1) > MAX_DIMENSION;
    let size = if is_much_larger && covering.0 < from.0 {
        covering
    } else {
        from
    };
    within(size, (MAX_DIMENSION, MAX_DIMENSION))
}

/// Whether a picture of `size` is wider for its height than one of `other`.
fn is_wider(size: (u32, u32), other: (u32, u32)) -> bool {
    u64::from(size.0) * u64::from(other.1) >= u64::from(size.1) * u64::from(other.0)
}

/// The largest size of the shape of `size` that fits in `limit`, but no larger than it is.
fn within(size: (u32, u32), limit: (u32, u32)) -> (u32, u32) {
    if size.0 <= limit.0 && size.1 <= limit.1 {
        size
    } else if is_wider(size, limit) {
        (limit.0, share(size.1, limit.0, size.0).min(limit.1))
    } else {
        (share(size.0, limit.1, size.1).min(limit.0), limit.1)
    }
}

/// `side` times `to / from`, to the nearest even number that a picture can have.
fn share(side: u32, to: u32, from: u32) -> u32 {
    let halves = (u64::from(side) * u64::from(to) + u64::from(from)) / (2 * u64::from(from.max(1)));
    (halves as u32 * 2).max(2)
}

impl Converter {
    /// For a screen of `from`, rows of exactly that many pixels, and a program of `program`. `from` is even.
    pub(super) fn new(from: (u32, u32), program: (u32, u32)) -> Self {
        let to = fitted(from, program);
        let small = if to == from {
            0
        } else {
            to.0 as usize * to.1 as usize * 4
        };
        Self {
            from,
            to,
            small: vec![0; small],
            resizer: Resizer::new(),
            last: None,
        }
    }

    /// The picture at `pts` when `rows` of the screen have changed to what is in `pixels`; all of it at the first time.
    pub(super) fn picture(&mut self, pixels: &[u8], rows: &Rows, pool: &FramePool, pts: Timestamp) -> VideoFrame {
        let mut frame = pool.frame(self.to.0, self.to.1);
        let rows = match &self.last {
            Some(last) if !rows.is_all(self.from.1) => {
                frame.copy_from(last);
                rows.scaled(self.from.1, self.to.1, self.reach())
            }
            _ => Rows::all(self.to.1),
        };
        for band in rows.bands() {
            if self.to == self.from {
                let row = self.from.0 as usize * 4;
                convert(
                    &pixels[band.start as usize * row..band.end as usize * row],
                    band,
                    &mut frame,
                );
            } else {
                self.scale(pixels, band);
                let row = self.to.0 as usize * 4;
                convert(
                    &self.small[band.start as usize * row..band.end as usize * row],
                    band,
                    &mut frame,
                );
            }
        }
        let frame = frame.freeze(pts);
        self.last = Some(frame.clone());
        frame
    }

    /// How many rows of the screen around a changed one have a part in what is made of it.
    fn reach(&self) -> u32 {
        if self.to == self.from {
            0
        } else {
            self.from.1.div_ceil(self.to.1.max(1)) + 1
        }
    }

    /// Fills `band` of the small picture.
    fn scale(&mut self, pixels: &[u8], band: &Range<u32>) {
        let is_done = self.try_scale(pixels, band).is_some();
        // The sizes are those that this was made with.
        debug_assert!(is_done, "{:?} to {:?}, {band:?}", self.from, self.to);
    }

    fn try_scale(&mut self, pixels: &[u8], band: &Range<u32>) -> Option<()> {
        let ((width, height), (to_width, to_height)) = (self.from, self.to);
        let all = TypedImageRef::<U8x4>::from_buffer(width, height, pixels).ok()?;
        let mut small = TypedImage::<U8x4>::from_buffer(to_width, to_height, &mut self.small).ok()?;
        let rows = band.end - band.start;
        let mut part = TypedCroppedImageMut::from_ref(&mut small, 0, band.start, to_width, rows).ok()?;
        // The filter may look beyond the part that a band is made of, so that bands fit together without a seam.
        let share = f64::from(height) / f64::from(to_height);
        let top = f64::from(band.start) * share;
        let tall = (f64::from(rows) * share).min(f64::from(height) - top);
        let is_gentle = width <= 2 * to_width && height <= 2 * to_height;
        let algorithm = if is_gentle {
            ResizeAlg::Interpolation(FilterType::Bilinear)
        } else {
            ResizeAlg::Convolution(FilterType::Bilinear)
        };
        let options = ResizeOptions::new()
            .resize_alg(algorithm)
            .crop(0.0, top, f64::from(width), tall)
            .use_alpha(false);
        self.resizer.resize_typed(&all, &mut part, &options).ok()
    }
}

/// Converts `pixels` into the rows `band` of `frame`, which are even and as wide.
fn convert(pixels: &[u8], band: &Range<u32>, frame: &mut FrameMut) {
    let width = frame.width();
    let (y, u, v) = frame.planes_mut();
    let luma = band.start as usize * width as usize..band.end as usize * width as usize;
    let chroma = luma.start / 4..luma.end / 4;
    let mut planes = YuvPlanarImageMut {
        y_plane: BufferStoreMut::Borrowed(&mut y[luma]),
        y_stride: width,
        u_plane: BufferStoreMut::Borrowed(&mut u[chroma.clone()]),
        u_stride: width / 2,
        v_plane: BufferStoreMut::Borrowed(&mut v[chroma]),
        v_stride: width / 2,
        width,
        height: band.end - band.start,
    };
    let (range, matrix) = (YuvRange::Limited, YuvStandardMatrix::Bt709);
    let is_done = bgra_to_yuv420(
        &mut planes,
        pixels,
        width * 4,
        range,
        matrix,
        YuvConversionMode::Balanced,
    );
    debug_assert!(is_done.is_ok(), "{is_done:?}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::Plane;
    use crate::picture::colour::yuv_of_rgb;
    use proptest::prelude::*;

    fn noise(width: u32, height: u32, seed: u32) -> Vec<u8> {
        let mut state = seed | 1;
        let bytes = std::iter::repeat_with(|| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            (state >> 9) as u8
        });
        bytes.take((width * height * 4) as usize).collect()
    }

    #[test]
    fn a_screen_of_the_programs_shape_takes_its_size() {
        for (screen, program, fits) in [
            ((1920, 1080), (1280, 720), (1280, 720)),
            ((3840, 2160), (1280, 720), (1280, 720)),
            ((1366, 768), (1280, 720), (1280, 720)),
            ((1280, 720), (1920, 1080), (1280, 720)),
            ((1281, 721), (1280, 720), (1280, 720)),
            // Of another shape: as they are, whether they will be cut or have bars.
            ((1920, 1200), (1280, 720), (1920, 1200)),
            ((1920, 1080), (720, 1280), (1920, 1080)),
            // Much larger: enough to cover the program.
            ((3840, 2400), (1280, 720), (1280, 800)),
            ((7680, 2160), (1280, 720), (2560, 720)),
            ((801, 3001), (1280, 720), (800, 3000)),
            ((65_534, 2), (1280, 720), (4096, 2)),
            ((16_384, 1080), (1280, 720), (4096, 270)),
        ] {
            assert_eq!(fitted(screen, program), fits, "{screen:?}");
        }
    }

    #[test]
    fn colours_are_those_of_the_studio() {
        for rgb in [
            [255, 255, 255],
            [0, 0, 0],
            [255, 0, 0],
            [0, 255, 0],
            [0, 0, 255],
            [17, 130, 201],
        ] {
            for (from, program) in [((64, 32), (64, 32)), ((128, 64), (64, 32)), ((96, 48), (64, 32))] {
                let pixels = [rgb[2], rgb[1], rgb[0], 0x5a].repeat(from.0 as usize * from.1 as usize);
                let mut converter = Converter::new(from, program);
                let frame = converter.picture(&pixels, &Rows::all(from.1), &FramePool::new(), Timestamp::ZERO);
                assert_eq!((frame.width(), frame.height()), (64, 32));
                let wanted = yuv_of_rgb(rgb);
                for (plane, wanted) in [Plane::Y, Plane::U, Plane::V].into_iter().zip(wanted) {
                    let off = frame.plane(plane).iter().map(|code| code.abs_diff(wanted)).max();
                    assert!(off <= Some(1), "{rgb:?} {plane:?}: {off:?} from {wanted}");
                }
            }
        }
    }

    proptest! {
        /// Whatever the sizes: changing a band and telling so gives what converting all would give.
        #[test]
        fn a_part_is_as_good_as_the_whole(
            half in (8u32..60, 8u32..60), program in (8u32..60, 8u32..60),
            start in 0u32..100, len in 1u32..60, seed in any::<u32>()
        ) {
            let from = (half.0 * 2, half.1 * 2);
            let program = (program.0 * 2, program.1 * 2);
            let (pool, now) = (FramePool::new(), Timestamp::ZERO);
            let mut pixels = noise(from.0, from.1, seed);
            let mut converter = Converter::new(from, program);
            converter.picture(&pixels, &Rows::default(), &pool, now);
            let band = start.min(from.1 - 1)..(start + len).min(from.1);
            let row = from.0 as usize * 4;
            for byte in &mut pixels[band.start as usize * row..band.end.max(band.start) as usize * row] {
                *byte = !*byte;
            }
            let mut rows = Rows::default();
            rows.add(band);
            let part = converter.picture(&pixels, &rows, &pool, now);
            let whole = Converter::new(from, program).picture(&pixels, &rows, &pool, now);
            for plane in [Plane::Y, Plane::U, Plane::V] {
                let pairs = part.plane(plane).iter().zip(whole.plane(plane));
                let off = pairs.map(|(a, b)| a.abs_diff(*b)).max().unwrap();
                prop_assert!(off <= 2, "{:?} {}", plane, off);
            }
        }
    }
}
