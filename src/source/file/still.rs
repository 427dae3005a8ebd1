//! Stills: PNG and JPEG to I420. Transparent parts lie on black; EXIF is ignored.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use image::{DynamicImage, ImageReader, Limits, RgbImage};
use yuv::{BufferStoreMut, YuvConversionMode, YuvPlanarImageMut, YuvRange, YuvStandardMatrix, rgb_to_yuv420};

use super::error::Fault;
use crate::media::video::MAX_DIMENSION;
use crate::media::{FramePool, Plane, Timestamp, VideoFrame};

/// Most memory that decoding may take: the largest picture in 16-bit RGBA, and as much again for the decoder.
const MAX_MEMORY: u64 = 256 << 20;

/// Whether `head`, the first bytes of a file, start a picture.
pub(super) fn is_still(head: &[u8]) -> bool {
    head.starts_with(b"\x89PNG\r\n\x1a\n") || head.starts_with(&[0xff, 0xd8, 0xff])
}

/// The picture of `file`, as red, green and blue.
fn decode(file: File) -> Result<RgbImage, Fault> {
    let mut reader = ImageReader::new(BufReader::new(file)).with_guessed_format()?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_DIMENSION);
    limits.max_image_height = Some(MAX_DIMENSION);
    limits.max_alloc = Some(MAX_MEMORY);
    reader.limits(limits);
    let picture = reader
        .decode()
        .map_err(|error| Fault::Unrecognised(error.to_string()))?;
    Ok(on_black(picture))
}

/// The picture at `path`: rows of red, green and blue, its width and its height.
///
/// # Errors
/// Why there is none, in words.
pub fn read_rgb(path: &Path) -> Result<(Vec<u8>, u32, u32), String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let rgb = decode(file).map_err(|fault| fault.to_string())?;
    let (width, height) = rgb.dimensions();
    Ok((rgb.into_raw(), width, height))
}

/// Decodes `file`.
pub(super) fn read(file: File, pool: &FramePool) -> Result<VideoFrame, Fault> {
    let rgb = decode(file)?;
    if rgb.width() < 2 || rgb.height() < 2 {
        return Err(Fault::Unrecognised(format!(
            "a picture of {}×{} pixels is too small",
            rgb.width(),
            rgb.height()
        )));
    }
    let mut frame = pool.frame(rgb.width(), rgb.height());
    let (width, height) = (frame.width(), frame.height());
    let strides = [Plane::Y, Plane::U, Plane::V].map(|plane| frame.stride(plane) as u32);
    let (y, u, v) = frame.planes_mut();
    let mut planes = YuvPlanarImageMut {
        y_plane: BufferStoreMut::Borrowed(y),
        y_stride: strides[0],
        u_plane: BufferStoreMut::Borrowed(u),
        u_stride: strides[1],
        v_plane: BufferStoreMut::Borrowed(v),
        v_stride: strides[2],
        width,
        height,
    };
    // The last row of an odd picture is left out; the odd column by the stride.
    let rows = &rgb.as_raw()[..rgb.width() as usize * 3 * height as usize];
    rgb_to_yuv420(
        &mut planes,
        rows,
        rgb.width() * 3,
        YuvRange::Limited,
        YuvStandardMatrix::Bt709,
        YuvConversionMode::Balanced,
    )
    .map_err(|error| Fault::Unrecognised(error.to_string()))?;
    Ok(frame.freeze(Timestamp::ZERO))
}

fn on_black(picture: DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.into_rgb8();
    }
    let rgba = picture.into_rgba8();
    RgbImage::from_fn(rgba.width(), rgba.height(), |x, y| {
        let [r, g, b, a] = rgba.get_pixel(x, y).0;
        image::Rgb([r, g, b].map(|value| (u16::from(value) * u16::from(a) / 255) as u8))
    })
}
