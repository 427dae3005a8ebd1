//! The reel: slate pictures by the very encoder of a line, to be shown where its own pictures may not be.
//!
//! Being of the same encoder they need no other parameter sets, and a decoder goes from one to the other at an IDR without noticing.
//! A reel has two GOPs, because two IDRs in a row must differ in their `idr_pic_id` (H.264 §7.4.3), and is looped as long as needed.

use bytes::Bytes;

use crate::media::{Packet, Timestamp, TrackKind};

/// Slate pictures of one line.
#[derive(Clone, Debug)]
pub struct Reel {
    /// Whether it is an IDR, and its access unit.
    pictures: Vec<(bool, Bytes)>,
    at: usize,
}

impl Reel {
    /// A reel of `packets` in the order in which they were encoded; `None` where that does not begin with an IDR. What is
    /// behind the last IDR but lacks it would not be decodable, so the order matters.
    #[must_use]
    pub fn new(packets: &[Packet]) -> Option<Self> {
        // Of memory of its own: packets may be pieces of something much larger.
        let pictures = packets
            .iter()
            .map(|packet| (packet.is_idr, Bytes::copy_from_slice(&packet.data)))
            .collect::<Vec<_>>();
        let is_usable = pictures.first().is_some_and(|(is_idr, _)| *is_idr);
        is_usable.then_some(Self { pictures, at: 0 })
    }

    /// Bytes that it takes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.pictures.iter().map(|(_, data)| data.len() as u64).sum()
    }

    /// Goes to the next IDR: pictures after anything else begin there.
    pub fn begin(&mut self) {
        while !self.pictures[self.at].0 {
            self.advance();
        }
    }

    /// The next picture, to be shown at `pts`.
    pub fn next(&mut self, pts: Timestamp) -> Packet {
        let (is_idr, data) = self.pictures[self.at].clone();
        self.advance();
        Packet {
            track: TrackKind::Video,
            pts,
            dts: pts,
            is_idr,
            data,
        }
    }

    /// The picture that is next.
    #[must_use]
    pub fn front(&self) -> &[u8] {
        &self.pictures[self.at].1
    }

    /// Leaves the next picture out: to be followed by [`begin`](Self::begin).
    pub fn skip(&mut self) {
        self.advance();
    }

    fn advance(&mut self) {
        self.at = (self.at + 1) % self.pictures.len();
    }
}
