//! The send queue of a destination: bounded in time, and dropping what hurts least.
//!
//! A picture that is missing spoils every picture up to the next IDR, so pictures are dropped from the oldest up to the
//! next IDR, whole GOPs at a time; where none is queued, nothing is sent until one comes, and one is asked for. Sound is
//! small and its gaps are heard, so pictures go first, at three quarters of the limit: what that frees carries the sound.

use std::collections::VecDeque;

use crate::media::{Packet, TimeDelta, Timestamp, TrackKind};

/// How much media may wait.
pub const DEFAULT_LIMIT_MS: i64 = 3000;

/// Packets that may wait, whatever their timestamps claim.
const MAX_PACKETS: usize = 4096;

/// Bytes that may wait, whatever the bitrate.
const MAX_BYTES: usize = 64 << 20;

/// What has been left out so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DropCounts {
    /// Pictures, because the network was late.
    pub video: u64,
    /// Sound packets, because the network was very late.
    pub audio: u64,
    /// Pictures that came while the queue was closed or before its first IDR.
    pub missed_video: u64,
    /// Sound packets that came while the queue was closed or belong before its first IDR.
    pub missed_audio: u64,
}

/// What may enter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gate {
    /// There is no connection.
    Closed,
    /// A new connection waits for its first IDR, and sound waits with it.
    Fresh,
    /// Pictures have been dropped and wait for an IDR; sound goes on.
    WaitingForIdr,
    /// Everything.
    Open,
}

/// Packets on their way to one connection. Closed until [`open`](Self::open).
#[derive(Debug)]
pub struct SendQueue {
    limit: TimeDelta,
    has_video: bool,
    gate: Gate,
    is_keyframe_wanted: bool,
    /// Each with its place in the order of arrival.
    video: VecDeque<(u64, Packet)>,
    audio: VecDeque<(u64, Packet)>,
    arrivals: u64,
    bytes: usize,
    newest: Timestamp,
    /// Where the connection's pictures start; encoded sound may come later and belong before it.
    start: Option<Timestamp>,
    counts: DropCounts,
}

impl SendQueue {
    /// A closed queue for a stream with or without pictures, which holds at most `limit` of media.
    #[must_use]
    pub fn new(has_video: bool, limit: TimeDelta) -> Self {
        Self {
            limit,
            has_video,
            gate: Gate::Closed,
            is_keyframe_wanted: false,
            video: VecDeque::new(),
            audio: VecDeque::new(),
            arrivals: 0,
            bytes: 0,
            newest: Timestamp::ZERO,
            start: None,
            counts: DropCounts::default(),
        }
    }

    /// A connection is ready. It starts at the next IDR, so that it starts now and not in the past.
    pub fn open(&mut self) {
        self.close();
        self.gate = if self.has_video { Gate::Fresh } else { Gate::Open };
        self.is_keyframe_wanted = self.has_video;
    }

    /// The connection is gone: what waited for it is missed.
    pub fn close(&mut self) {
        self.counts.missed_video += self.video.len() as u64;
        self.counts.missed_audio += self.audio.len() as u64;
        self.start = None;
        self.video.clear();
        self.audio.clear();
        self.bytes = 0;
        self.gate = Gate::Closed;
        self.is_keyframe_wanted = false;
    }

    /// Takes a packet, and sheds what has waited too long.
    pub fn push(&mut self, packet: Packet) {
        if !self.admits(&packet) {
            return;
        }
        self.newest = if self.video.is_empty() && self.audio.is_empty() {
            packet.dts
        } else {
            self.newest.max(packet.dts)
        };
        self.bytes += packet.data.len();
        self.arrivals += 1;
        let lane = match packet.track {
            TrackKind::Video => &mut self.video,
            TrackKind::Audio => &mut self.audio,
        };
        lane.push_back((self.arrivals, packet));
        self.shed();
    }

    fn admits(&mut self, packet: &Packet) -> bool {
        let is_admitted = match (self.gate, packet.track) {
            (Gate::Closed, _) | (Gate::Fresh, TrackKind::Audio) => false,
            (Gate::Open, TrackKind::Video) => true,
            (Gate::Fresh | Gate::WaitingForIdr, TrackKind::Video) => packet.is_idr,
            (Gate::Open | Gate::WaitingForIdr, TrackKind::Audio) => self.start.is_none_or(|start| packet.dts >= start),
        };
        if !is_admitted {
            let count = match (self.gate, packet.track) {
                (Gate::WaitingForIdr, TrackKind::Video) => &mut self.counts.video,
                (_, TrackKind::Video) => &mut self.counts.missed_video,
                (_, TrackKind::Audio) => &mut self.counts.missed_audio,
            };
            *count += 1;
        } else if packet.track == TrackKind::Video && self.gate != Gate::Open {
            self.gate = Gate::Open;
            self.is_keyframe_wanted = false;
            self.start.get_or_insert(packet.dts);
        }
        is_admitted
    }

    fn shed(&mut self) {
        let for_video = self.limit * 3 / 4;
        while self.is_late(&self.video, for_video) {
            self.drop_to_next_idr();
        }
        while self.is_late(&self.audio, self.limit) {
            self.drop_sound();
        }
        while self.video.len() + self.audio.len() > MAX_PACKETS || self.bytes > MAX_BYTES {
            if self.video.is_empty() {
                self.drop_sound();
            } else {
                self.drop_to_next_idr();
            }
        }
    }

    fn is_late(&self, lane: &VecDeque<(u64, Packet)>, limit: TimeDelta) -> bool {
        lane.front().is_some_and(|(_, oldest)| self.newest - oldest.dts > limit)
    }

    fn drop_to_next_idr(&mut self) {
        let mut is_first = true;
        while let Some((_, packet)) = self.video.front() {
            if packet.is_idr && !is_first {
                return;
            }
            is_first = false;
            self.bytes -= packet.data.len();
            self.counts.video += 1;
            self.video.pop_front();
        }
        self.gate = Gate::WaitingForIdr;
        self.is_keyframe_wanted = true;
    }

    fn drop_sound(&mut self) {
        if let Some((_, packet)) = self.audio.pop_front() {
            self.bytes -= packet.data.len();
            self.counts.audio += 1;
        }
    }

    /// The next packet to send, in order of arrival.
    pub fn pop(&mut self) -> Option<Packet> {
        let lane = match (self.video.front(), self.audio.front()) {
            (Some((video, _)), Some((audio, _))) if audio < video => &mut self.audio,
            (Some(_), _) => &mut self.video,
            (None, _) => &mut self.audio,
        };
        let (_, packet) = lane.pop_front()?;
        self.bytes -= packet.data.len();
        Some(packet)
    }

    /// How much media waits: from the oldest packet to the newest.
    #[must_use]
    pub fn span(&self) -> TimeDelta {
        let oldest = |lane: &VecDeque<(u64, Packet)>| lane.front().map(|(_, packet)| packet.dts);
        match oldest(&self.video).into_iter().chain(oldest(&self.audio)).min() {
            Some(oldest) => self.newest - oldest,
            None => TimeDelta::ZERO,
        }
    }

    /// Bytes that wait.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether pictures wait for an IDR to come.
    #[must_use]
    pub fn is_waiting_for_idr(&self) -> bool {
        matches!(self.gate, Gate::Fresh | Gate::WaitingForIdr)
    }

    /// True once for every time that an IDR is needed to go on.
    pub fn take_keyframe_wanted(&mut self) -> bool {
        std::mem::take(&mut self.is_keyframe_wanted)
    }

    /// What has been left out since the queue was made.
    #[must_use]
    pub fn counts(&self) -> DropCounts {
        self.counts
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
            is_idr: is_idr || track == TrackKind::Audio,
            data: Bytes::from_static(&[0; 100]),
        }
    }

    fn queue() -> SendQueue {
        let mut queue = SendQueue::new(true, TimeDelta::from_millis(DEFAULT_LIMIT_MS));
        queue.open();
        queue
    }

    /// One second of pictures (25 per second, IDR first where `is_idr`) and of sound (50 packets).
    fn push_second(queue: &mut SendQueue, second: i64, is_idr: bool) {
        for index in 0..50 {
            let ms = second * 1000 + index * 20;
            if index % 2 == 0 {
                queue.push(packet(TrackKind::Video, ms, is_idr && index == 0));
            }
            queue.push(packet(TrackKind::Audio, ms, true));
        }
    }

    fn drain(queue: &mut SendQueue) -> Vec<Packet> {
        std::iter::from_fn(|| queue.pop()).collect()
    }

    #[test]
    fn a_connection_starts_at_an_idr_and_with_nothing_before_it() {
        let mut queue = SendQueue::new(true, TimeDelta::from_millis(3000));
        push_second(&mut queue, 0, true);
        assert_eq!(queue.pop(), None, "closed");
        queue.open();
        assert!(queue.take_keyframe_wanted() && !queue.take_keyframe_wanted());
        push_second(&mut queue, 1, false);
        assert_eq!(queue.pop(), None, "no IDR yet");
        push_second(&mut queue, 2, true);
        let first = queue.pop().unwrap();
        assert_eq!(
            (first.track, first.dts),
            (TrackKind::Video, Timestamp::from_millis(2000))
        );
        // 50 pictures and 100 sound packets were too early.
        let counts = queue.counts();
        assert_eq!((counts.missed_video, counts.missed_audio, counts.video), (50, 100, 0));
        // What was heard before the first picture does not go out, however late it comes.
        queue.push(packet(TrackKind::Audio, 1990, true));
        assert_eq!(queue.counts().missed_audio, 101);
    }

    #[test]
    fn sound_alone_starts_at_once() {
        let mut queue = SendQueue::new(false, TimeDelta::from_millis(3000));
        queue.open();
        assert!(!queue.take_keyframe_wanted());
        queue.push(packet(TrackKind::Audio, 5, true));
        assert!(queue.pop().is_some());
    }

    #[test]
    fn pictures_go_by_whole_gops_and_sound_stays() {
        let mut queue = queue();
        for second in 0..3 {
            push_second(&mut queue, second, true);
        }
        let counts = queue.counts();
        assert_eq!((counts.video, counts.audio), (25, 0));
        assert!(!queue.is_waiting_for_idr());
        let left = drain(&mut queue);
        let first = left.iter().find(|packet| packet.track == TrackKind::Video).unwrap();
        assert!(first.is_idr && first.dts == Timestamp::from_millis(1000));
        assert_eq!(
            left.iter().filter(|packet| packet.track == TrackKind::Audio).count(),
            150
        );
    }

    #[test]
    fn without_a_next_idr_pictures_wait_for_one() {
        let mut queue = queue();
        assert!(queue.take_keyframe_wanted());
        push_second(&mut queue, 0, true);
        for second in 1..4 {
            push_second(&mut queue, second, false);
        }
        assert!(queue.is_waiting_for_idr() && queue.take_keyframe_wanted());
        assert!(queue.counts().audio > 0, "beyond the limit sound goes too");
        assert!(queue.span() <= TimeDelta::from_millis(3000));
        push_second(&mut queue, 4, true);
        assert!(!queue.is_waiting_for_idr());
    }

    #[test]
    fn timestamps_that_stand_still_do_not_grow_the_queue() {
        let mut queue = queue();
        for index in 0..3 * MAX_PACKETS {
            queue.push(packet(TrackKind::Video, 0, index % 50 == 0));
        }
        assert!(queue.video.len() <= MAX_PACKETS);
        assert!(queue.counts().video > 0);
    }

    proptest! {
        /// Whatever comes in and whenever it is taken out: every picture that goes out has its references before it,
        /// the bound holds, and nothing is lost without being counted.
        #[test]
        fn no_decoder_is_left_with_missing_references(
            script in prop::collection::vec((0_u8..12, 0_i64..400, any::<bool>()), 1..300),
        ) {
            let mut queue = queue();
            let (mut ms, mut number, mut sent, mut offered) = (0, 0_u64, Vec::new(), 0_u64);
            for (action, step, is_pop) in script {
                ms += step;
                let track = if action < 6 { TrackKind::Video } else { TrackKind::Audio };
                let mut packet = packet(track, ms, action == 0);
                if track == TrackKind::Video {
                    number += 1;
                    offered += 1;
                    packet.data = Bytes::copy_from_slice(&number.to_be_bytes());
                }
                queue.push(packet);
                prop_assert!(queue.span() <= TimeDelta::from_millis(DEFAULT_LIMIT_MS));
                if is_pop {
                    sent.extend(queue.pop());
                }
            }
            sent.extend(drain(&mut queue));
            prop_assert_eq!(queue.bytes(), 0);
            let mut last = None;
            let pictures: Vec<_> = sent.iter().filter(|packet| packet.track == TrackKind::Video).collect();
            for picture in &pictures {
                let number = u64::from_be_bytes(picture.data[..].try_into().unwrap());
                prop_assert!(picture.is_idr || last == Some(number - 1), "picture {number} after {last:?}");
                last = Some(number);
            }
            let counts = queue.counts();
            prop_assert_eq!(pictures.len() as u64 + counts.video + counts.missed_video, offered);
        }
    }
}
