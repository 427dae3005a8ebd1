//! libavcodec's decoder, found at run time: about half the work of OpenH264's.
//!
//! One thread, because threads shorten the wait and not the work, and those of libavcodec hold pictures back. It can be
//! drained and used again, so the last pictures of a round are shown before the next round begins.

use super::libavcodec_raw::{Context, Library, Received};
use super::{DecodeError, TICKS, pooled};
use crate::media::{FramePool, Timestamp, VideoFrame};

/// `AV_PIX_FMT_YUV420P` and `AV_PIX_FMT_YUVJ420P` of libavutil's pixfmt.h: 4:2:0 with 8 bits, the second with full range.
const PLANAR_420: [i32; 2] = [0, 12];

/// A decoder for one stream.
pub(super) struct Decoder {
    context: Context,
    pool: FramePool,
}

impl Decoder {
    /// As [`super::Decoder::new`].
    pub(super) fn new(library: &'static Library, pool: &FramePool, held_back: u32) -> Result<Self, DecodeError> {
        let context = Context::open(library, held_back).map_err(DecodeError::NoDecoder)?;
        Ok(Self {
            context,
            pool: pool.clone(),
        })
    }

    /// As [`super::Decoder::decode`].
    pub(super) fn decode(
        &mut self,
        annex_b: &[u8],
        pts: Timestamp,
        mut sink: impl FnMut(VideoFrame),
    ) -> Result<(), DecodeError> {
        let sent = self.context.send(annex_b, pts.to_rate(TICKS)).map_err(damaged);
        // Also after an error: what was decoded before it is as good as ever.
        let received = self.receive(&mut sink)?;
        if received == 0 { sent } else { Ok(()) }
    }

    /// Lets out the pictures that are held back for reordering; a new stream may follow.
    pub(super) fn drain(&mut self, mut sink: impl FnMut(VideoFrame)) -> Result<(), DecodeError> {
        self.context.send_end();
        let received = self.receive(&mut sink);
        self.context.flush();
        match received {
            // The last access unit may have been damaged; there is nothing after it.
            Ok(_) | Err(DecodeError::Damaged { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Hands over all pictures that are ready, and says how many there were.
    fn receive(&mut self, sink: &mut impl FnMut(VideoFrame)) -> Result<usize, DecodeError> {
        let mut count = 0;
        while let Some(picture) = self.context.receive().map_err(damaged)? {
            if let Some(frame) = copy(&self.pool, &picture)? {
                sink(frame);
            }
            count += 1;
        }
        Ok(count)
    }
}

fn copy(pool: &FramePool, picture: &Received<'_>) -> Result<Option<VideoFrame>, DecodeError> {
    if !PLANAR_420.contains(&picture.format()) {
        return Err(DecodeError::PixelFormat(picture.format()));
    }
    let (width, height) = picture.size();
    let pts = Timestamp::from_rate(picture.number(), TICKS);
    pooled(pool, width.into(), height.into(), pts, |at, rows, width| {
        picture.plane(at, rows, width)
    })
}

fn damaged(code: i32) -> DecodeError {
    DecodeError::Damaged {
        decoder: "libavcodec",
        code,
    }
}
