//! Packets of several encoders in the order of their times.
//!
//! Sound and pictures come through encoders that are late by different times. Fragments are cut at IDRs, and the sound of a
//! fragment is to be the sound of its pictures, so packets are let out in order: each when every other track has come
//! as far, or has been silent for too long.

use std::collections::VecDeque;

use crate::media::{Packet, TimeDelta, Timestamp};

/// How far a track may be behind before the others go on without it.
const PATIENCE_MS: i64 = 1000;

/// Packets that may wait, whatever their times claim.
const MAX_WAITING: usize = 4096;

#[derive(Debug)]
pub(super) struct Interleaver {
    tracks: Vec<VecDeque<Packet>>,
    newest: Timestamp,
    waiting: usize,
}

impl Interleaver {
    pub(super) fn new(tracks: usize) -> Self {
        Self {
            tracks: vec![VecDeque::new(); tracks],
            newest: Timestamp::ZERO,
            waiting: 0,
        }
    }

    /// Takes a packet. One of a track that does not exist is given back.
    pub(super) fn push(&mut self, track: usize, packet: Packet) -> Option<Packet> {
        let Some(lane) = self.tracks.get_mut(track) else {
            return Some(packet);
        };
        let is_first = self.waiting == 0;
        self.newest = if is_first {
            packet.dts
        } else {
            self.newest.max(packet.dts)
        };
        lane.push_back(packet);
        self.waiting += 1;
        None
    }

    /// The next packet in order, when it is sure or has waited long enough.
    pub(super) fn pop(&mut self) -> Option<(usize, Packet)> {
        let oldest = self.oldest()?;
        let is_sure = self.tracks.iter().all(|lane| !lane.is_empty());
        let waited = self.tracks[oldest]
            .front()
            .map_or(TimeDelta::ZERO, |packet| self.newest - packet.dts);
        let is_overdue = waited > TimeDelta::from_millis(PATIENCE_MS) || self.waiting > MAX_WAITING;
        (is_sure || is_overdue).then(|| self.take(oldest)).flatten()
    }

    /// The next packet in order, sure or not: at the end of the show.
    pub(super) fn flush(&mut self) -> Option<(usize, Packet)> {
        let oldest = self.oldest()?;
        self.take(oldest)
    }

    fn take(&mut self, track: usize) -> Option<(usize, Packet)> {
        let packet = self.tracks[track].pop_front()?;
        self.waiting -= 1;
        Some((track, packet))
    }

    /// The track whose next packet is decoded first; of several the one that comes first, which is the picture.
    fn oldest(&self) -> Option<usize> {
        let fronts = self.tracks.iter().enumerate();
        fronts
            .filter_map(|(track, lane)| Some((lane.front()?.dts, track)))
            .min()
            .map(|(_, track)| track)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::TrackKind;
    use bytes::Bytes;
    use proptest::prelude::*;

    fn packet(ms: i64) -> Packet {
        let at = Timestamp::from_millis(ms);
        Packet {
            track: TrackKind::Audio,
            pts: at,
            dts: at,
            is_idr: true,
            data: Bytes::new(),
        }
    }

    fn drain(interleaver: &mut Interleaver) -> Vec<(usize, i64)> {
        std::iter::from_fn(|| interleaver.pop())
            .map(|(track, packet)| (track, packet.dts.to_millis()))
            .collect()
    }

    #[test]
    fn a_late_encoder_is_waited_for() {
        let mut interleaver = Interleaver::new(2);
        for ms in [0, 33, 67, 100] {
            interleaver.push(0, packet(ms));
        }
        assert_eq!(drain(&mut interleaver), []);
        interleaver.push(1, packet(5));
        assert_eq!(drain(&mut interleaver), [(0, 0), (1, 5)]);
        interleaver.push(1, packet(67));
        assert_eq!(drain(&mut interleaver), [(0, 33), (0, 67), (1, 67)]);
        assert_eq!(interleaver.flush(), Some((0, packet(100))));
        assert_eq!(interleaver.flush(), None);
    }

    #[test]
    fn a_track_that_has_gone_silent_holds_nobody_up_for_long() {
        let mut interleaver = Interleaver::new(2);
        for ms in (0..=1500).step_by(100) {
            interleaver.push(0, packet(ms));
        }
        assert_eq!(drain(&mut interleaver).last(), Some(&(0, 400)));
        assert!(interleaver.push(2, packet(0)).is_some());
        for _ in 0..2 * MAX_WAITING {
            interleaver.push(0, packet(1500));
        }
        drain(&mut interleaver);
        assert!(interleaver.waiting <= MAX_WAITING);
    }

    proptest! {
        #[test]
        fn tracks_that_are_not_late_come_out_in_order(steps in prop::collection::vec((0_usize..3, 0_i64..300), 1..200)) {
            let mut interleaver = Interleaver::new(3);
            let (mut times, mut out) = ([0_i64; 3], Vec::new());
            for (track, step) in &steps {
                // No track runs ahead of another by as much as is waited for.
                times[*track] = (times[*track] + step).min(times.iter().min().unwrap() + 900);
                interleaver.push(*track, packet(times[*track]));
                out.extend(drain(&mut interleaver));
            }
            out.extend(std::iter::from_fn(|| interleaver.flush()).map(|(track, packet)| (track, packet.dts.to_millis())));
            prop_assert_eq!(out.len(), steps.len());
            prop_assert!(out.windows(2).all(|pair| pair[0].1 <= pair[1].1), "{:?}", out);
        }
    }
}
