//! AAC in a PES packet: ADTS frames one after another. The last one may end in the next packet.

use crate::media::TimeDelta;
use crate::media::aac::{ADTS_HEADER_LEN, AdtsHeader};

/// Samples per channel of one frame.
const FRAME_SAMPLES: i64 = 1_024;

/// Cuts the frames of one track.
#[derive(Clone, Debug, Default)]
pub(super) struct AdtsFrames {
    /// A begun frame, or bytes in which none has been found yet: never more than a frame has.
    rest: Vec<u8>,
    /// When the next frame sounds, if no packet says otherwise.
    next: Option<TimeDelta>,
}

impl AdtsFrames {
    /// Takes the payload of a PES packet. Whole frames go to `sink`: header, raw data block, when it sounds. Gives the bytes that were
    /// passed over because they are no frame.
    pub(super) fn push(
        &mut self,
        payload: &[u8],
        pts: Option<TimeDelta>,
        mut sink: impl FnMut(AdtsHeader, &[u8], TimeDelta),
    ) -> usize {
        // The time is that of the first frame which begins in this packet (§2.4.3.7).
        let begin = self.rest.len();
        self.rest.extend_from_slice(payload);
        let bytes = std::mem::take(&mut self.rest);
        let (mut at, mut skipped, mut pts) = (0, 0, pts);
        while let Some(rest) = bytes.get(at..).filter(|rest| rest.len() >= ADTS_HEADER_LEN) {
            let Ok(header) = AdtsHeader::parse(rest) else {
                at += 1;
                skipped += 1;
                continue;
            };
            let Some(frame) = rest.get(..header.frame_len) else {
                break;
            };
            if at >= begin
                && let Some(pts) = pts.take()
            {
                self.next = Some(pts);
            }
            // Without any time yet it has no place.
            if let Some(sounds_at) = self.next {
                sink(header, &frame[header.header_len()..], sounds_at);
                self.next = Some(sounds_at + TimeDelta::from_rate(FRAME_SAMPLES, header.sample_rate));
            }
            at += header.frame_len;
        }
        self.rest = bytes;
        self.rest.drain(..at.min(self.rest.len()));
        skipped
    }

    /// After a loss: a begun frame will not be whole.
    pub(super) fn forget(&mut self) {
        self.rest.clear();
    }
}
