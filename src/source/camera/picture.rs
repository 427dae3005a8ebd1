//! From a buffer of a camera to a picture of the studio, whatever form it comes in.

use super::device::{FourCc, PictureFormat};
use super::error::CameraError;
use super::mjpeg::JpegReader;
use super::mode::Form;
use super::tint::{Recolour, Tint};
use super::unpack::unpack;
use crate::media::{FramePool, Timestamp, VideoFrame};
use crate::source::devices::CameraFormat;
use crate::source::h264::{DecodeError, Decoder};

/// Why there is no picture in a buffer. The next one may be good.
#[derive(Debug, thiserror::Error)]
pub(super) enum PictureError {
    /// Fewer bytes than a picture has.
    #[error("{has} bytes where a picture has {needs}")]
    Short {
        /// What came.
        has: usize,
        /// What a picture of that form and size has.
        needs: usize,
    },
    /// A JPEG without beginning or end.
    #[error("a JPEG cut off ({0} bytes)")]
    Cut(usize),
    /// A JPEG of another size than was agreed.
    #[error("a JPEG of {0}×{1} pixels")]
    Size(u32, u32),
    /// A JPEG that the decoder refuses.
    #[error("a damaged JPEG: {0}")]
    Jpeg(String),
    /// A damaged access unit.
    #[error(transparent)]
    H264(#[from] DecodeError),
    /// The driver says so.
    #[error("the driver says so")]
    Marked,
}

/// Reads the pictures of one camera.
pub(super) struct Reader {
    form: Form,
    format: PictureFormat,
    pool: FramePool,
    recolour: Recolour,
    decoder: Inner,
}

enum Inner {
    None,
    Jpeg(JpegReader),
    H264(Decoder),
}

impl Reader {
    /// For pictures of `form`, as the driver says in `format`.
    pub(super) fn new(form: Form, format: PictureFormat, pool: &FramePool) -> Result<Self, CameraError> {
        let decoder = match form {
            Form::Mjpeg => Inner::Jpeg(JpegReader::new()),
            // Cameras do not reorder.
            Form::H264 => Inner::H264(Decoder::new(pool, 0).map_err(|error| CameraError::Decoder(error.to_string()))?),
            _ => Inner::None,
        };
        Ok(Self {
            form,
            format,
            pool: pool.clone(),
            recolour: Recolour::from(Tint::of(form, &format)),
            decoder,
        })
    }

    /// Whether a picture says nothing without those before it, so that none may be passed over.
    pub(super) fn is_chain(&self) -> bool {
        self.form == Form::H264
    }

    /// Reads a buffer; what is ready, which may be an earlier picture, goes to `sink`.
    ///
    /// # Errors
    /// It is damaged.
    pub(super) fn read(
        &mut self,
        bytes: &[u8],
        pts: Timestamp,
        mut sink: impl FnMut(VideoFrame),
    ) -> Result<(), PictureError> {
        let (format, pool, recolour) = (&self.format, &self.pool, &mut self.recolour);
        let frame = match &mut self.decoder {
            Inner::None => unpack(self.form, bytes, format, pool, recolour)?,
            Inner::Jpeg(reader) => reader.read(bytes, format, pool, recolour)?,
            Inner::H264(decoder) => return Ok(decoder.decode(bytes, pts, sink)?),
        };
        sink(frame.freeze(pts));
        Ok(())
    }
}

/// Pictures of one camera without the camera: buffers in, pictures out. For measurements.
pub struct Pictures(Reader);

impl Pictures {
    /// Reads what a camera sends as `format`, in a size that it would have agreed to. `None` where there is no decoder.
    #[must_use]
    pub fn new(format: CameraFormat, width: u32, height: u32, pool: &FramePool) -> Option<Self> {
        let (form, letters, pixel) = match format {
            CameraFormat::Yuyv => (Form::Yuyv, *b"YUYV", 2),
            CameraFormat::Nv12 => (Form::Nv12, *b"NV12", 1),
            CameraFormat::Mjpeg => (Form::Mjpeg, *b"MJPG", 0),
            CameraFormat::H264 => (Form::H264, *b"H264", 0),
        };
        let format = PictureFormat {
            format: FourCc(letters),
            width,
            height,
            stride: width * pixel,
            colorspace: 0,
            encoding: 0,
            quantization: 0,
        };
        Reader::new(form, format, pool).ok().map(Self)
    }

    /// Reads one buffer; what comes of it goes to `sink`.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn read(&mut self, bytes: &[u8], pts: Timestamp, sink: impl FnMut(VideoFrame)) -> Result<(), String> {
        self.0.read(bytes, pts, sink).map_err(|error| error.to_string())
    }
}
