//! What waits for the disk: bounded in time and bytes, and dropping so that what is kept can be decoded.
//!
//! Unlike a destination's queue, which drops what is oldest to be live again, this one refuses what is newest: what waits is
//! the show up to here, and stays whole. A picture that is refused takes all up to the next IDR with it. Sound is small:
//! it is refused only when the last quarter of the room, which pictures may not use, is full as well.

use std::collections::VecDeque;

use crate::media::{Packet, TimeDelta, Timestamp, TrackKind};
use crate::wire::fmp4::TrackConfig;

/// How long a disk may stand still before the recording has a hole.
const LIMIT_MS: i64 = 12_000;

/// A longer way between two packets is a gap, and no media.
const MAX_STEP_MS: i64 = 1000;

/// Bytes that may wait, whatever the bitrate.
const MAX_BYTES: usize = 192 << 20;

/// Packets that may wait, whatever their times claim.
const MAX_ITEMS: usize = 1 << 15;

/// What the show asks of its recorder, in order.
#[derive(Debug)]
pub(super) enum Item {
    /// Media of a track, and how long after the packet before it.
    Packet {
        track: usize,
        packet: Packet,
        step: TimeDelta,
    },
    /// A track goes on in another form: the next part begins with it.
    Config { track: usize, config: TrackConfig },
    /// A new part at the next IDR.
    Split,
}

/// Packets that were left out, and why does not matter to who looks for them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dropped {
    /// Pictures.
    pub video: u64,
    /// Packets of sound, of all tracks.
    pub audio: u64,
}

impl Dropped {
    pub(super) fn count(&mut self, kind: TrackKind, packets: u64) {
        match kind {
            TrackKind::Video => self.video += packets,
            TrackKind::Audio => self.audio += packets,
        }
    }
}

/// What waits of one track.
#[derive(Clone, Copy, Debug, Default)]
struct Lane {
    last: Option<Timestamp>,
    waiting: TimeDelta,
}

#[derive(Debug)]
pub(super) struct Queue {
    items: VecDeque<Item>,
    bytes: usize,
    lanes: Vec<Lane>,
    is_waiting_for_idr: bool,
    dropped: Dropped,
    /// No more will be offered.
    pub(super) is_closed: bool,
}

impl Queue {
    /// For so many tracks.
    pub(super) fn new(tracks: usize) -> Self {
        Self {
            items: VecDeque::new(),
            bytes: 0,
            lanes: vec![Lane::default(); tracks],
            is_waiting_for_idr: false,
            dropped: Dropped::default(),
            is_closed: false,
        }
    }

    /// Takes a packet, or counts it as dropped.
    pub(super) fn offer(&mut self, track: usize, packet: &Packet) {
        let is_video = packet.track == TrackKind::Video;
        let is_refused = self.is_closed
            || track >= self.lanes.len()
            || !self.has_room(track, packet.data.len(), if is_video { 3 } else { 4 })
            || (is_video && self.is_waiting_for_idr && !packet.is_idr);
        if is_video {
            self.is_waiting_for_idr = is_refused;
        }
        if is_refused {
            self.dropped.count(packet.track, 1);
            return;
        }
        let lane = &mut self.lanes[track];
        let step = lane.last.map_or(TimeDelta::ZERO, |last| packet.dts - last);
        let step = step.clamp(TimeDelta::ZERO, TimeDelta::from_millis(MAX_STEP_MS));
        lane.last = Some(packet.dts);
        lane.waiting += step;
        self.bytes += packet.data.len();
        self.items.push_back(Item::Packet {
            track,
            packet: packet.clone(),
            step,
        });
    }

    /// Takes what is not media. There is always room for it, unless someone asks for nothing else.
    pub(super) fn ask(&mut self, item: Item) {
        if self.items.len() < 2 * MAX_ITEMS {
            self.items.push_back(item);
        }
    }

    /// Whether so many bytes of `track` fit into `quarters` of the room.
    fn has_room(&self, track: usize, bytes: usize, quarters: usize) -> bool {
        let limit = TimeDelta::from_millis(LIMIT_MS) * quarters as i64 / 4;
        self.lanes[track].waiting <= limit
            && self.bytes + bytes <= MAX_BYTES / 4 * quarters
            && self.items.len() < MAX_ITEMS / 4 * quarters
    }

    pub(super) fn pop(&mut self) -> Option<Item> {
        let item = self.items.pop_front()?;
        if let Item::Packet { track, packet, step } = &item {
            self.bytes -= packet.data.len();
            self.lanes[*track].waiting -= *step;
        }
        Some(item)
    }

    /// What was left out so far.
    pub(super) const fn dropped(&self) -> Dropped {
        self.dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use proptest::prelude::*;

    fn packet(track: TrackKind, ms: i64, is_idr: bool) -> Packet {
        let at = Timestamp::from_millis(ms);
        Packet {
            track,
            pts: at,
            dts: at,
            is_idr,
            data: Bytes::from_static(&[0; 100]),
        }
    }

    #[test]
    fn a_disk_that_stands_still_costs_pictures_up_to_an_idr_and_sound_last() {
        let mut queue = Queue::new(2);
        for ms in (0..30_000).step_by(20) {
            queue.offer(0, &packet(TrackKind::Video, ms, ms % 2000 == 0));
            queue.offer(1, &packet(TrackKind::Audio, ms, true));
        }
        // Nine seconds of pictures, twelve of sound.
        assert_eq!(
            queue.dropped(),
            Dropped {
                video: 1500 - 452,
                audio: 1500 - 602
            }
        );
        // The disk comes back: pictures go on at an IDR only.
        while queue.pop().is_some() {}
        queue.offer(0, &packet(TrackKind::Video, 30_000, false));
        assert!(queue.pop().is_none());
        queue.offer(0, &packet(TrackKind::Video, 30_020, true));
        queue.offer(0, &packet(TrackKind::Video, 30_040, false));
        assert_eq!(std::iter::from_fn(|| queue.pop()).count(), 2);
    }

    #[test]
    fn times_that_stand_still_and_endless_wishes_are_bounded() {
        let mut queue = Queue::new(2);
        for _ in 0..2 * MAX_ITEMS {
            queue.offer(0, &packet(TrackKind::Audio, 0, true));
            queue.ask(Item::Split);
        }
        assert!(queue.items.len() <= 2 * MAX_ITEMS && queue.dropped().audio > 0);
    }

    proptest! {
        /// Whatever comes in and whenever it is taken: every picture that goes out has those before it, nothing is lost
        /// uncounted, and the order stays.
        #[test]
        fn what_goes_out_can_be_decoded(script in prop::collection::vec((0_u8..10, 0_i64..900, 0_u8..4), 1..400)) {
            let mut queue = Queue::new(2);
            let (mut ms, mut number, mut out) = (0, 0_u64, Vec::new());
            for (action, step, pops) in script {
                ms += step;
                let mut packet = packet(TrackKind::Video, ms, action == 0);
                number += 1;
                packet.data = Bytes::copy_from_slice(&number.to_be_bytes());
                queue.offer(0, &packet);
                out.extend((0..pops / 3).filter_map(|_| queue.pop()));
            }
            out.extend(std::iter::from_fn(|| queue.pop()));
            prop_assert_eq!(out.len() as u64 + queue.dropped().video, number);
            let mut last = 0;
            for item in out {
                let Item::Packet { packet, .. } = item else { unreachable!() };
                let this = u64::from_be_bytes(packet.data[..].try_into().unwrap());
                prop_assert!(this == last + 1 || (packet.is_idr && this > last));
                last = this;
            }
            prop_assert_eq!(queue.bytes, 0);
        }
    }
}
