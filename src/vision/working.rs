//! The picture as it is looked at: luma alone, always of about as many pixels, so that a look costs the same for a show of
//! any size and a face of 60 pixels at 1280×720 is one of 60 pixels here.

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};

use crate::media::{Plane, VideoFrame};

/// Pixels of a working picture.
const PIXELS: f32 = 1280.0 * 720.0;

/// Small pictures grow no further than that.
const LARGEST_GROWTH: f32 = 2.0;

/// Between these, a picture is taken as it is.
const AS_IT_IS: std::ops::RangeInclusive<f32> = 0.97..=1.03;

/// A size to look at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct WorkingSize {
    pub width: usize,
    pub height: usize,
    /// Pixels of the show's picture for each of the working picture.
    pub ratio: f32,
}

impl WorkingSize {
    /// For pictures of `width` × `height`.
    pub(crate) fn of(width: u32, height: u32) -> Self {
        let (width, height) = (width.max(2), height.max(2));
        let scale = (PIXELS / (width as f32 * height as f32)).sqrt().min(LARGEST_GROWTH);
        let scale = if AS_IT_IS.contains(&scale) { 1.0 } else { scale };
        let scaled = |side: u32| ((side as f32 * scale).round() as usize).max(2);
        Self {
            width: scaled(width),
            height: scaled(height),
            ratio: 1.0 / scale,
        }
    }

    /// Brings the luma of `frame` to this size.
    pub(crate) fn take(self, frame: &VideoFrame, resizer: &mut Resizer, luma: &mut Vec<u8>) {
        luma.resize(self.width * self.height, 0);
        let plane = frame.plane(Plane::Y);
        if (frame.width() as usize, frame.height() as usize) == (self.width, self.height) {
            luma.copy_from_slice(plane);
            return;
        }
        let is_done = self.scale(frame, plane, resizer, luma).is_some();
        // Sizes of frames are what their planes hold: there is nothing here that a picture could get wrong.
        debug_assert!(is_done, "a plane that is not as large as its picture");
    }

    fn scale(self, frame: &VideoFrame, plane: &[u8], resizer: &mut Resizer, luma: &mut [u8]) -> Option<()> {
        let source = TypedImageRef::<U8>::from_buffer(frame.width(), frame.height(), plane).ok()?;
        let mut target = TypedImage::<U8>::from_buffer(self.width as u32, self.height as u32, luma).ok()?;
        let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear));
        resizer.resize_typed(&source, &mut target, &options).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::{FramePool, Timestamp};

    #[test]
    fn every_show_is_looked_at_in_about_as_many_pixels() {
        for (show, working) in [
            ((1280, 720), (1280, 720)),
            ((1920, 1080), (1280, 720)),
            ((3840, 2160), (1280, 720)),
            ((720, 1280), (720, 1280)),
            ((640, 360), (1280, 720)),
            ((64, 36), (128, 72)),
        ] {
            let size = WorkingSize::of(show.0, show.1);
            assert_eq!((size.width, size.height), working, "{show:?}");
        }
    }

    #[test]
    fn what_lies_at_a_place_lies_there_in_the_working_picture_too() {
        let size = WorkingSize::of(1920, 1080);
        let mut frame = FramePool::new().frame(1920, 1080);
        frame.fill([16, 128, 128]);
        for y in 540..570 {
            frame.plane_mut(Plane::Y)[y * 1920 + 960..][..30].fill(235);
        }
        let mut luma = Vec::new();
        size.take(&frame.freeze(Timestamp::ZERO), &mut Resizer::new(), &mut luma);
        assert!(luma[365 * 1280 + 645] > 220 && luma[355 * 1280 + 645] < 20 && luma[365 * 1280 + 635] < 20);
    }
}
