//! The JPEGs of cameras.
//!
//! They are JPEGs of ITU-T T.81 with two habits of their own. Most leave out the Huffman tables, since all use those of its annex K.3: they are put
//! in. And what comes over USB is now and then cut off or damaged: such a picture is not shown, since a half picture is worse than the one before
//! it. Decoding is `zune-jpeg`'s, into Y, U and V without going through RGB.

use std::panic::{AssertUnwindSafe, catch_unwind};

use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

use super::device::PictureFormat;
use super::picture::PictureError;
use super::tint::Recolour;
use super::unpack::{from_grey, from_triples};
use crate::media::{FrameMut, FramePool, MAX_DIMENSION};

/// So many pictures that are damaged by the letter, from the beginning, make the reader less strict.
const PATIENCE: u32 = 15;

/// Rows or columns that a JPEG may have beyond what the driver says: cameras round up to whole blocks.
const BLOCK: u32 = 16;

/// Bytes that the decoder has in hand at most before it needs them.
const READ_AHEAD: usize = 8;

/// Reads the JPEGs of one camera.
pub(super) struct JpegReader {
    /// Kept for its memory only: Y, U, V of each pixel.
    pixels: Vec<u8>,
    /// Likewise: the JPEG as the decoder gets it.
    whole: Vec<u8>,
    is_strict: bool,
    /// Pictures refused since the beginning; `None` once one was good.
    refused: Option<u32>,
}

impl JpegReader {
    pub(super) fn new() -> Self {
        Self {
            pixels: Vec::new(),
            whole: Vec::new(),
            is_strict: true,
            refused: Some(0),
        }
    }

    /// Decodes one. What is behind its end is not looked at.
    ///
    /// # Errors
    /// It is cut off, damaged, or not of the size that was agreed.
    pub(super) fn read(
        &mut self,
        bytes: &[u8],
        format: &PictureFormat,
        pool: &FramePool,
        recolour: &mut Recolour,
    ) -> Result<FrameMut, PictureError> {
        let result = self.decode(bytes, format, pool, recolour);
        match (&result, &mut self.refused) {
            (Ok(_), refused) => *refused = None,
            (Err(PictureError::Jpeg(_)), Some(refused)) => {
                *refused += 1;
                // A camera whose every picture offends against the letter is taken as it is.
                self.is_strict = *refused < PATIENCE;
            }
            _ => {}
        }
        result
    }

    fn decode(
        &mut self,
        bytes: &[u8],
        format: &PictureFormat,
        pool: &FramePool,
        recolour: &mut Recolour,
    ) -> Result<FrameMut, PictureError> {
        let picture = up_to_its_end(bytes).ok_or(PictureError::Cut(bytes.len()))?;
        let at = missing_tables(picture);
        let (head, rest) = picture.split_at(at.unwrap_or(0));
        self.whole.clear();
        self.whole.extend_from_slice(head);
        if at.is_some() {
            self.whole.extend_from_slice(&[0xff, DHT]);
            self.whole.extend_from_slice(&(TABLES.len() as u16 + 2).to_be_bytes());
            self.whole.extend_from_slice(&TABLES);
        }
        self.whole.extend_from_slice(rest);
        if self.is_strict {
            // A picture that lost a part ends too early. At an end of image the decoder would fill up what is missing and say nothing; at the
            // end of its input it complains. So it gets no end of image, only the few bytes that it reads ahead.
            self.whole.truncate(self.whole.len() - 2);
            self.whole.extend_from_slice(&[0; READ_AHEAD]);
        }
        let options = DecoderOptions::default()
            .set_strict_mode(self.is_strict)
            .set_max_width(MAX_DIMENSION as usize)
            .set_max_height(MAX_DIMENSION as usize);
        let (picture, pixels) = (&self.whole[..], &mut self.pixels);
        // A defect of the decoder costs a picture, not the camera.
        let decoded = catch_unwind(AssertUnwindSafe(|| decode_into(picture, format, options, pixels)));
        let (is_grey, width, height) =
            decoded.unwrap_or_else(|_| Err(PictureError::Jpeg("the decoder fails".into())))?;
        let mut frame = pool.frame(width.min(format.width), height.min(format.height));
        if is_grey {
            from_grey(&self.pixels, width as usize, &mut frame, recolour);
        } else {
            from_triples(&self.pixels, width as usize, &mut frame, recolour);
        }
        Ok(frame)
    }
}

/// Decodes into `pixels`; whether it is grey, width and height.
fn decode_into(
    picture: &[u8],
    format: &PictureFormat,
    options: DecoderOptions,
    pixels: &mut Vec<u8>,
) -> Result<(bool, u32, u32), PictureError> {
    let refused = |error: zune_jpeg::errors::DecodeErrors| PictureError::Jpeg(error.to_string());
    let options = options.jpeg_set_out_colorspace(ColorSpace::YCbCr);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(picture), options);
    decoder.decode_headers().map_err(refused)?;
    let is_grey = match decoder.input_colorspace() {
        Some(ColorSpace::YCbCr) => false,
        Some(ColorSpace::Luma) => {
            decoder.set_options(options.jpeg_set_out_colorspace(ColorSpace::Luma));
            true
        }
        other => return Err(PictureError::Jpeg(format!("colours of the kind {other:?}"))),
    };
    let (width, height) = decoder.dimensions().unwrap_or_default();
    let (width, height) = (width as u32, height as u32);
    // Memory is given by what was agreed with the driver, not by what a JPEG says of itself.
    let is_near = |has: u32, agreed: u32| has >= 2 && has.abs_diff(agreed) <= BLOCK;
    if !is_near(width, format.width) || !is_near(height, format.height) {
        return Err(PictureError::Size(width, height));
    }
    let size = decoder.output_buffer_size().unwrap_or_default();
    pixels.resize(size, 0);
    decoder.decode_into(pixels).map_err(refused)?;
    Ok((is_grey, width, height))
}

/// Start of image, end of image, start of scan, Huffman tables (T.81 table B.1).
const SOI: u8 = 0xd8;
const EOI: u8 = 0xd9;
const SOS: u8 = 0xda;
const DHT: u8 = 0xc4;

/// The JPEG at the beginning of a buffer, without the padding behind it; `None` where it does not begin or does not end.
fn up_to_its_end(bytes: &[u8]) -> Option<&[u8]> {
    let body = bytes.strip_prefix(&[0xff, SOI])?;
    let end = body.windows(2).rposition(|pair| pair == [0xff, EOI])?;
    Some(&bytes[..end + 4])
}

/// Where the Huffman tables are to be put in: before the first scan. `None` where there are some, or no scan.
fn missing_tables(picture: &[u8]) -> Option<usize> {
    let mut at = 2;
    loop {
        let marker = picture.get(at..at + 4)?;
        if marker[0] != 0xff {
            return None;
        }
        match marker[1] {
            // Fill bytes may stand before a marker.
            0xff => at += 1,
            DHT => return None,
            SOS => return Some(at),
            _ => at += 2 + usize::from(u16::from_be_bytes([marker[2], marker[3]])),
        }
    }
}

/// The Huffman tables of T.81, annex K.3: for each table its class and number, how many codes there are of each length from 1 to 16 bits, and
/// their values.
#[rustfmt::skip]
const TABLES: [u8; 416] = [
    // Luma, DC (table K.3).
    0x00,
    0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0,
    0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b,
    // Colours, DC (K.4).
    0x01,
    0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0,
    0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b,
    // Luma, AC (K.5).
    0x10,
    0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 125,
    0x01, 0x02, 0x03, 0x00, 0x04, 0x11, 0x05, 0x12, 0x21, 0x31, 0x41, 0x06, 0x13, 0x51, 0x61, 0x07, 0x22, 0x71,
    0x14, 0x32, 0x81, 0x91, 0xa1, 0x08, 0x23, 0x42, 0xb1, 0xc1, 0x15, 0x52, 0xd1, 0xf0, 0x24, 0x33, 0x62, 0x72,
    0x82, 0x09, 0x0a, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2a, 0x34, 0x35, 0x36, 0x37,
    0x38, 0x39, 0x3a, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4a, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59,
    0x5a, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7a, 0x83,
    0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9a, 0xa2, 0xa3,
    0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xb2, 0xb3, 0xb4, 0xb5, 0xb6, 0xb7, 0xb8, 0xb9, 0xba, 0xc2, 0xc3,
    0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xca, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda, 0xe1, 0xe2,
    0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9, 0xea, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa,
    // Colours, AC (K.6).
    0x11,
    0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 119,
    0x00, 0x01, 0x02, 0x03, 0x11, 0x04, 0x05, 0x21, 0x31, 0x06, 0x12, 0x41, 0x51, 0x07, 0x61, 0x71, 0x13, 0x22,
    0x32, 0x81, 0x08, 0x14, 0x42, 0x91, 0xa1, 0xb1, 0xc1, 0x09, 0x23, 0x33, 0x52, 0xf0, 0x15, 0x62, 0x72, 0xd1,
    0x0a, 0x16, 0x24, 0x34, 0xe1, 0x25, 0xf1, 0x17, 0x18, 0x19, 0x1a, 0x26, 0x27, 0x28, 0x29, 0x2a, 0x35, 0x36,
    0x37, 0x38, 0x39, 0x3a, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4a, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58,
    0x59, 0x5a, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7a,
    0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9a,
    0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xb2, 0xb3, 0xb4, 0xb5, 0xb6, 0xb7, 0xb8, 0xb9, 0xba,
    0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xca, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda,
    0xe2, 0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9, 0xea, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa,
];

#[cfg(test)]
#[path = "mjpeg_tests.rs"]
mod tests;
