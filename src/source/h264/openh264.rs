//! OpenH264's decoder, which is part of every build.
//!
//! The decoder reorders B-frames itself and carries a number with each picture from input to output. Through the
//! crate's own interface that number is lost (its timestamps are always zero), so this file calls the C interface: the
//! time of every picture is then exact even where pictures were damaged and left out. A picture is copied once, from the
//! decoder's memory into the pool's, within the cropping rectangle of its SPS.
#![allow(unsafe_code)]

use std::ptr::{from_mut, null_mut};

use openh264::decoder::{Decoder as Codec, DecoderRawAPI};
use openh264_sys2::{
    DECODER_OPTION_NUM_OF_FRAMES_REMAINING_IN_BUFFER, SBufferInfo, dsErrorFree, dsInvalidArgument, videoFormatI420,
};

use super::{DecodeError, TICKS, pooled};
use crate::media::{FramePool, Timestamp, VideoFrame};

/// Pictures that may be held back for reordering (the largest decoded picture buffer of H.264, A.3.1).
const MAX_HELD: usize = 16;

/// A decoder for one stream.
pub(super) struct Decoder {
    codec: Codec,
    pool: FramePool,
}

impl Decoder {
    /// A decoder that takes its pictures' memory from `pool`.
    pub(super) fn new(pool: &FramePool) -> Result<Self, DecodeError> {
        let codec = Codec::new().map_err(|error| DecodeError::NoDecoder(error.to_string()))?;
        Ok(Self {
            codec,
            pool: pool.clone(),
        })
    }

    /// Decodes one access unit in Annex B form, to be shown at `pts`. What is ready, which may be earlier pictures, goes to
    /// `sink` in the order of showing.
    pub(super) fn decode(
        &mut self,
        annex_b: &[u8],
        pts: Timestamp,
        mut sink: impl FnMut(VideoFrame),
    ) -> Result<(), DecodeError> {
        let length = i32::try_from(annex_b.len()).map_err(|_| damaged(dsInvalidArgument))?;
        let mut planes = [null_mut::<u8>(); 3];
        let mut info = SBufferInfo {
            uiInBsTimeStamp: pts.to_rate(TICKS) as u64,
            ..SBufferInfo::default()
        };
        // SAFETY: the slice is alive and `length` long during the call; `planes` has the three places that the decoder
        // fills; it keeps neither pointer.
        let state = unsafe {
            self.codec.raw_api().decode_frame_no_delay(
                annex_b.as_ptr(),
                length,
                from_mut(&mut planes).cast(),
                &raw mut info,
            )
        };
        if let Some(frame) = self.picture(planes, &info)? {
            sink(frame);
        } else if state != dsErrorFree {
            return Err(damaged(state));
        }
        Ok(())
    }

    /// Lets out the pictures that are held back for reordering. The decoder is of no use after that: OpenH264 does not give
    /// back the memory of pictures that were flushed, and soon has none left to decode into.
    pub(super) fn finish(&mut self, mut sink: impl FnMut(VideoFrame)) -> Result<(), DecodeError> {
        for _ in 0..MAX_HELD {
            let mut left = 0_i32;
            // SAFETY: this option is read as one `int`.
            unsafe {
                let api: &mut DecoderRawAPI = self.codec.raw_api();
                api.get_option(DECODER_OPTION_NUM_OF_FRAMES_REMAINING_IN_BUFFER, (&raw mut left).cast());
            }
            if left <= 0 {
                break;
            }
            let mut planes = [null_mut::<u8>(); 3];
            let mut info = SBufferInfo::default();
            // SAFETY: as in `decode`; there is no input.
            unsafe {
                self.codec
                    .raw_api()
                    .flush_frame(from_mut(&mut planes).cast(), &raw mut info);
            }
            if let Some(frame) = self.picture(planes, &info)? {
                sink(frame);
            }
        }
        Ok(())
    }

    /// Copies what the decoder has put out, if it has.
    fn picture(&self, planes: [*mut u8; 3], info: &SBufferInfo) -> Result<Option<VideoFrame>, DecodeError> {
        if info.iBufferStatus != 1 || planes.iter().any(|plane| plane.is_null()) {
            return Ok(None);
        }
        // SAFETY: the union has one member, which is plain integers.
        let memory = unsafe { info.UsrData.sSystemBuffer };
        let (width, height) = (i64::from(memory.iWidth), i64::from(memory.iHeight));
        if memory.iFormat != videoFormatI420 || width < 2 || height < 2 {
            return Ok(None);
        }
        let strides = [memory.iStride[0], memory.iStride[1], memory.iStride[1]];
        let pts = Timestamp::from_rate(info.uiOutYuvTimeStamp as i64, TICKS);
        pooled(&self.pool, width, height, pts, |at, rows, width| {
            let stride = usize::try_from(strides[at]).ok().filter(|stride| *stride >= width)?;
            // SAFETY: the decoder promises `rows` rows of `stride` bytes at each plane until its next call, which borrows
            // `self.codec` mutably; the last row is read only as far as the picture goes.
            let source = unsafe { std::slice::from_raw_parts(planes[at].cast_const(), stride * (rows - 1) + width) };
            Some((source, stride))
        })
    }
}

fn damaged(state: i32) -> DecodeError {
    DecodeError::Damaged {
        decoder: "OpenH264",
        code: state,
    }
}
