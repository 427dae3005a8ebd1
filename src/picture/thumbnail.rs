//! Small RGB pictures for monitors.
//!
//! Planes are scaled first and converted after: a monitor shows a hundredth of the pixels, and that hundredth is all
//! that is ever converted. Chroma is scaled to full size, so that small pictures keep their colours sharp.

use yuv::{YuvPlanarImage, YuvRange, YuvStandardMatrix, yuv444_to_rgb};

use super::geometry::{Area, SourceBox};
use super::scale::{Destination, Scaler};
use crate::media::video::MAX_DIMENSION;
use crate::media::{Plane, VideoFrame};

/// Makes small RGB pictures; keeps its buffers from one to the next.
pub struct Thumbnailer {
    scaler: Scaler,
    planes: [Vec<u8>; 3],
}

impl Default for Thumbnailer {
    fn default() -> Self {
        Self::new()
    }
}

impl Thumbnailer {
    /// Without buffers yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            scaler: Scaler::quick(),
            planes: Default::default(),
        }
    }

    /// Writes the whole of `frame`, stretched to `width` × `height`, as RGB24 rows without padding; `out` then has
    /// exactly `width × height × 3` bytes. Sizes are held within 1 and [`MAX_DIMENSION`].
    pub fn rgb(&mut self, frame: &VideoFrame, width: u32, height: u32, out: &mut Vec<u8>) {
        let (width, height) = (width.clamp(1, MAX_DIMENSION), height.clamp(1, MAX_DIMENSION));
        let pixels = width as usize * height as usize;
        for (plane, bytes) in [Plane::Y, Plane::U, Plane::V].into_iter().zip(&mut self.planes) {
            bytes.resize(pixels, 0);
            let source = SourceBox {
                left: 0.0,
                top: 0.0,
                width: frame.stride(plane) as f64,
                height: frame.rows(plane) as f64,
            };
            let to = Destination {
                bytes,
                stride: width,
                area: Area {
                    x: 0,
                    y: 0,
                    width,
                    height,
                },
            };
            self.scaler.scale_plane(frame, plane, &source, to);
        }
        out.resize(pixels * 3, 0);
        let image = YuvPlanarImage {
            y_plane: &self.planes[0],
            y_stride: width,
            u_plane: &self.planes[1],
            u_stride: width,
            v_plane: &self.planes[2],
            v_stride: width,
            width,
            height,
        };
        let converted = yuv444_to_rgb(&image, out, width * 3, YuvRange::Limited, YuvStandardMatrix::Bt709);
        // It refuses only buffers of other sizes than stated, and these were sized above.
        debug_assert!(converted.is_ok(), "{converted:?}");
    }
}
