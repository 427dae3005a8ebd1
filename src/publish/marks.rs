//! Where each packet lies in the bytes of a connection, so that what is heard of bytes tells how old media is.
//!
//! A packet becomes bytes of the session's output, those are taken by the socket, and later confirmed by the peer's system.
//! All three are counted from the start of the connection; a mark remembers at which count a packet ends, and when it was offered
//! to the destination. The first mark that is not confirmed says how old the oldest media is that may not have arrived.

use std::collections::VecDeque;

use crate::media::{Packet, Timestamp, TrackKind};

/// Packets under way that are told apart. 256 KiB of nothing but sound are some 1500; beyond that, neighbours are taken
/// together, and the older one's time is that of both.
const MAX_MARKS: usize = 2048;

/// The end of a packet.
#[derive(Clone, Copy, Debug)]
struct Mark {
    /// The count of bytes with its last.
    end: u64,
    offered: Timestamp,
    media: u32,
    audio: u32,
}

/// The packets of one connection that are under way.
#[derive(Debug)]
pub(super) struct Marks {
    /// Oldest first; those that are confirmed are gone.
    ends: VecDeque<Mark>,
    /// How many of them the socket has taken whole.
    taken: usize,
    media_bytes: u64,
    audio_bytes: u64,
}

impl Marks {
    /// None; and room for all there will ever be.
    pub(super) fn new() -> Self {
        Self {
            ends: VecDeque::with_capacity(MAX_MARKS),
            taken: 0,
            media_bytes: 0,
            audio_bytes: 0,
        }
    }

    /// `packet`, offered at `offered`, has become bytes, the last of which is number `end`.
    pub(super) fn packed(&mut self, packet: &Packet, offered: Timestamp, end: u64) {
        let media = u32::try_from(packet.data.len()).unwrap_or(u32::MAX);
        let audio = if packet.track == TrackKind::Audio { media } else { 0 };
        if self.ends.len() == MAX_MARKS
            && let Some(last) = self.ends.back_mut()
        {
            if self.taken == MAX_MARKS {
                // What the last had of media is counted already.
                self.taken -= 1;
                (last.media, last.audio) = (0, 0);
            }
            last.end = end;
            last.media = last.media.saturating_add(media);
            last.audio = last.audio.saturating_add(audio);
            return;
        }
        self.ends.push_back(Mark {
            end,
            offered,
            media,
            audio,
        });
    }

    /// The socket has taken so many bytes in all.
    pub(super) fn written(&mut self, total: u64) {
        while let Some(mark) = self.ends.get(self.taken).filter(|mark| mark.end <= total) {
            self.media_bytes += u64::from(mark.media);
            self.audio_bytes += u64::from(mark.audio);
            self.taken += 1;
        }
    }

    /// The peer's system has confirmed so many bytes in all, of those that were [`written`](Self::written).
    pub(super) fn confirmed(&mut self, total: u64) {
        while self.taken > 0 && self.ends.front().is_some_and(|mark| mark.end <= total) {
            self.ends.pop_front();
            self.taken -= 1;
        }
    }

    /// When the oldest packet was offered that the socket has not taken whole.
    pub(super) fn oldest_unwritten(&self) -> Option<Timestamp> {
        self.ends.get(self.taken).map(|mark| mark.offered)
    }

    /// When the oldest packet was offered that is not wholly confirmed.
    pub(super) fn oldest_unconfirmed(&self) -> Option<Timestamp> {
        self.ends.front().map(|mark| mark.offered)
    }

    /// Bytes of media in what the socket has taken, and of these the sound.
    pub(super) const fn media_bytes(&self) -> (u64, u64) {
        (self.media_bytes, self.audio_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use proptest::prelude::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(ms)
    }

    fn packet(track: TrackKind, len: usize) -> Packet {
        Packet {
            track,
            pts: at(0),
            dts: at(0),
            is_idr: false,
            data: Bytes::from(vec![0; len]),
        }
    }

    #[test]
    fn a_packet_is_as_old_as_its_last_byte() {
        let mut marks = Marks::new();
        assert_eq!((marks.oldest_unwritten(), marks.oldest_unconfirmed()), (None, None));
        // 50 bytes of greeting, then two packets with 10 bytes of headers each.
        marks.packed(&packet(TrackKind::Video, 100), at(1000), 160);
        marks.packed(&packet(TrackKind::Audio, 20), at(1010), 190);
        for (written, confirmed, unwritten, unconfirmed, media) in [
            (0, 0, Some(1000), Some(1000), (0, 0)),
            (159, 50, Some(1000), Some(1000), (0, 0)),
            (160, 50, Some(1010), Some(1000), (100, 0)),
            (189, 160, Some(1010), Some(1010), (100, 0)),
            (190, 189, None, Some(1010), (120, 20)),
            (190, 190, None, None, (120, 20)),
        ] {
            marks.written(written);
            marks.confirmed(confirmed);
            let seen = (marks.oldest_unwritten(), marks.oldest_unconfirmed());
            assert_eq!(seen, (unwritten.map(at), unconfirmed.map(at)), "{written} {confirmed}");
            assert_eq!(marks.media_bytes(), media);
        }
    }

    #[test]
    fn a_peer_that_confirms_nothing_costs_no_more_than_its_bound() {
        for is_written in [false, true] {
            let mut marks = Marks::new();
            let count = 3 * MAX_MARKS as u64;
            for index in 0..count {
                marks.packed(&packet(TrackKind::Audio, 1), at(index as i64), index + 1);
                if is_written {
                    marks.written(index + 1);
                }
            }
            assert_eq!((marks.ends.len(), marks.ends.capacity()), (MAX_MARKS, MAX_MARKS));
            marks.written(count);
            assert_eq!(
                marks.media_bytes(),
                (count, count),
                "nothing is counted twice or not at all"
            );
            assert_eq!(marks.oldest_unconfirmed(), Some(at(0)));
            marks.confirmed(count);
            assert_eq!(marks.oldest_unconfirmed(), None);
        }
    }

    proptest! {
        /// Against the plain way of keeping every packet for ever.
        #[test]
        fn agrees_with_a_full_account(steps in prop::collection::vec((1_u64..2000, 0.0_f64..1.0, 0.0_f64..1.0), 1..200)) {
            let mut marks = Marks::new();
            let mut all: Vec<(u64, Timestamp)> = Vec::new();
            let (mut end, mut written, mut confirmed) = (0, 0, 0);
            for (index, (len, more_written, more_confirmed)) in steps.into_iter().enumerate() {
                end += len + 5;
                marks.packed(&packet(TrackKind::Video, len as usize), at(index as i64), end);
                all.push((end, at(index as i64)));
                written += ((end - written) as f64 * more_written) as u64;
                confirmed += ((written - confirmed) as f64 * more_confirmed) as u64;
                marks.written(written);
                marks.confirmed(confirmed);
                let oldest = |count: u64| all.iter().find(|(end, _)| *end > count).map(|(_, offered)| *offered);
                prop_assert_eq!(marks.oldest_unwritten(), oldest(written));
                prop_assert_eq!(marks.oldest_unconfirmed(), oldest(confirmed));
            }
        }
    }
}
