//! Part of one plane scaled into part of another, by the SIMD kernels of `fast_image_resize`.

use fast_image_resize::images::{TypedCroppedImage, TypedCroppedImageMut, TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};

use super::geometry::{Area, SourceBox};
use crate::media::{FrameMut, Plane, VideoFrame};

/// Keeps the buffers between passes from one picture to the next.
pub(super) struct Scaler {
    resizer: Resizer,
    algorithm: ResizeAlg,
}

/// Where a scaled plane goes: a buffer of rows of `stride` bytes, and the part of it to write.
pub(super) struct Destination<'a> {
    pub bytes: &'a mut [u8],
    pub stride: u32,
    pub area: Area,
}

impl Scaler {
    /// For air: bilinear. Every source pixel counts, so that fine detail does not shimmer.
    pub(super) fn smooth() -> Self {
        Self::with(ResizeAlg::Convolution(FilterType::Bilinear))
    }

    /// For thumbnails: picks three pixels by three for each one wanted and averages those. Most of the source is not even
    /// read.
    pub(super) fn quick() -> Self {
        Self::with(ResizeAlg::SuperSampling(FilterType::Box, 3))
    }

    fn with(algorithm: ResizeAlg) -> Self {
        Self {
            resizer: Resizer::new(),
            algorithm,
        }
    }

    /// Down to half the size, two taps in each direction still read every source pixel: a little sharper than the wide
    /// filter, and 1.3 to 1.8 times as fast. Beyond that they would leave pixels out.
    fn algorithm_for(&self, source: &SourceBox, area: Area) -> ResizeAlg {
        let is_gentle = source.width <= 2.0 * f64::from(area.width) && source.height <= 2.0 * f64::from(area.height);
        match self.algorithm {
            ResizeAlg::Convolution(filter) if is_gentle => ResizeAlg::Interpolation(filter),
            other => other,
        }
    }

    /// Scales `source` of all planes of `frame` into `area` of `out`. Where sizes are equal and offsets whole, this copies.
    pub(super) fn scale(&mut self, frame: &VideoFrame, source: &SourceBox, out: &mut FrameMut, area: Area) {
        for plane in [Plane::Y, Plane::U, Plane::V] {
            let (read, write) = match plane {
                Plane::Y => (*source, area),
                Plane::U | Plane::V => halves(source, area),
            };
            let stride = out.stride(plane) as u32;
            let to = Destination {
                bytes: out.plane_mut(plane),
                stride,
                area: write,
            };
            self.scale_plane(frame, plane, &read, to);
        }
    }

    /// Scales `source`, counted in samples of this plane.
    pub(super) fn scale_plane(&mut self, frame: &VideoFrame, plane: Plane, source: &SourceBox, to: Destination<'_>) {
        let is_done = self.try_scale_plane(frame, plane, source, to).is_some();
        // Source boxes and areas come from `geometry`, which keeps both within their pictures.
        debug_assert!(is_done, "{source:?} does not lie within its picture");
    }

    fn try_scale_plane(
        &mut self,
        frame: &VideoFrame,
        plane: Plane,
        source: &SourceBox,
        to: Destination<'_>,
    ) -> Option<()> {
        // The filter sees whole pixels of the box and no others: what was cropped away must not bleed into the edge.
        let (left, top) = (source.left.floor(), source.top.floor());
        let right = (source.left + source.width).ceil();
        let bottom = (source.top + source.height).ceil();
        let all =
            TypedImageRef::<U8>::from_buffer(frame.stride(plane) as u32, frame.rows(plane) as u32, frame.plane(plane))
                .ok()?;
        let seen = TypedCroppedImage::from_ref(
            &all,
            left as u32,
            top as u32,
            (right - left) as u32,
            (bottom - top) as u32,
        )
        .ok()?;
        let Destination { bytes, stride, area } = to;
        let rows = bytes.len() as u32 / stride.max(1);
        let mut whole = TypedImage::<U8>::from_buffer(stride, rows, bytes).ok()?;
        let mut part = TypedCroppedImageMut::from_ref(&mut whole, area.x, area.y, area.width, area.height).ok()?;
        let options = ResizeOptions::new()
            .resize_alg(self.algorithm_for(source, area))
            .crop(source.left - left, source.top - top, source.width, source.height)
            .use_alpha(false);
        self.resizer.resize_typed(&seen, &mut part, &options).ok()
    }
}

/// The same places in chroma samples. Areas are even; boxes may be on half samples, which the filter takes care of.
pub(super) fn halves(source: &SourceBox, area: Area) -> (SourceBox, Area) {
    let read = SourceBox {
        left: source.left / 2.0,
        top: source.top / 2.0,
        width: source.width / 2.0,
        height: source.height / 2.0,
    };
    let write = Area {
        x: area.x / 2,
        y: area.y / 2,
        width: area.width / 2,
        height: area.height / 2,
    };
    (read, write)
}
