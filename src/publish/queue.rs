//! The send queue of a destination: bounded in time, and dropping what hurts least.
//!
//! A picture that is missing spoils every picture up to the next IDR, so pictures are dropped from the oldest up to the
//! next IDR, whole GOPs at a time; where none is queued, nothing is sent until one comes, and one is asked for. Sound is
//! small and its gaps are heard, so pictures go first, at three quarters of the limit: what that frees carries the sound.
//!
//! While a connection does not move at all it is *choked*: pictures that wait then would all be late by the length of the outage,
//! so none is kept, and none is asked for before bytes move again. The first one then is an IDR of that moment.
//!
//! What decoders must be told before a packet hangs on that packet, and passes to the next of its track when it is dropped.

use std::collections::VecDeque;

use crate::media::{Packet, TimeDelta, Timestamp, TrackKind};
use crate::wire::session::TrackChange;

/// How much media may wait.
pub const DEFAULT_LIMIT_MS: i64 = 3000;

/// Of these, how much sound is kept while nothing arrives: what is older is not live any more when it does.
const CHOKED_LIMIT_MS: i64 = 1000;

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
    /// The connection does not move: no pictures; the newest sound waits.
    Choked,
    /// Pictures have been dropped and wait for an IDR; sound goes on.
    WaitingForIdr,
    /// Everything.
    Open,
}

/// A packet in the queue.
#[derive(Debug)]
struct Waiting {
    /// Its place in the order of arrival.
    order: u64,
    offered: Timestamp,
    change: Option<Box<TrackChange>>,
    packet: Packet,
}

/// What is to be sent next.
#[derive(Debug, PartialEq)]
pub struct Outgoing {
    /// What decoders must be told before it.
    pub change: Option<Box<TrackChange>>,
    /// The packet.
    pub packet: Packet,
    /// When it came into the queue.
    pub offered: Timestamp,
}

/// The newest IDR: a burst that whoever measures the connection should know of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdrMark {
    /// Its size.
    pub bytes: u64,
    /// When it came into the queue.
    pub offered: Timestamp,
}

/// Packets of one track.
#[derive(Debug, Default)]
struct Lane {
    waiting: VecDeque<Waiting>,
    /// For the next packet that comes.
    change: Option<Box<TrackChange>>,
}

impl Lane {
    /// Takes the oldest packet out for good. What hangs on it passes to the next, unless that brings something newer.
    fn drop_front(&mut self) -> Option<Packet> {
        let dropped = self.waiting.pop_front()?;
        if let Some(change) = dropped.change {
            let heir = self
                .waiting
                .front_mut()
                .map_or(&mut self.change, |next| &mut next.change);
            heir.get_or_insert(change);
        }
        Some(dropped.packet)
    }

    fn oldest(&self) -> Option<&Waiting> {
        self.waiting.front()
    }
}

/// Packets on their way to one connection. Closed until [`open`](Self::open).
#[derive(Debug)]
pub struct SendQueue {
    limit: TimeDelta,
    has_video: bool,
    gate: Gate,
    is_keyframe_wanted: bool,
    video: Lane,
    audio: Lane,
    idr: Option<IdrMark>,
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
            video: Lane::default(),
            audio: Lane::default(),
            idr: None,
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
        self.counts.missed_video += self.video.waiting.len() as u64;
        self.counts.missed_audio += self.audio.waiting.len() as u64;
        self.start = None;
        self.video = Lane::default();
        self.audio = Lane::default();
        self.idr = None;
        self.bytes = 0;
        self.gate = Gate::Closed;
        self.is_keyframe_wanted = false;
    }

    /// Decoders must be told this before the next packet of that track; of several, the newest. A new connection is begun with
    /// it, so without one there is nothing to remember.
    pub fn change(&mut self, change: TrackChange) {
        let lane = match change {
            TrackChange::Video(_) => &mut self.video,
            TrackChange::Audio(_) => &mut self.audio,
        };
        if self.gate != Gate::Closed {
            lane.change = Some(Box::new(change));
        }
    }

    /// The connection does not move: the pictures that wait are given up, and of the sound what is old.
    pub fn choke(&mut self) {
        if self.has_video && matches!(self.gate, Gate::Open | Gate::WaitingForIdr) {
            while self.drop_picture() {}
            self.gate = Gate::Choked;
            self.is_keyframe_wanted = false;
            self.shed();
        }
    }

    /// It moves again: pictures go on with an IDR that is yet to be made.
    pub fn unchoke(&mut self) {
        if self.gate == Gate::Choked {
            self.gate = Gate::WaitingForIdr;
            self.is_keyframe_wanted = true;
        }
    }

    /// Takes a packet at the time `now`, and sheds what has waited too long.
    pub fn push(&mut self, packet: Packet, now: Timestamp) {
        if !self.admits(&packet) {
            return;
        }
        self.newest = if self.video.waiting.is_empty() && self.audio.waiting.is_empty() {
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
        if packet.track == TrackKind::Video && packet.is_idr {
            self.idr = Some(IdrMark {
                bytes: packet.data.len() as u64,
                offered: now,
            });
        }
        lane.waiting.push_back(Waiting {
            order: self.arrivals,
            offered: now,
            change: lane.change.take(),
            packet,
        });
        self.shed();
    }

    fn admits(&mut self, packet: &Packet) -> bool {
        if packet.track == TrackKind::Video && self.gate == Gate::Open && !packet.is_idr && self.video.change.is_some()
        {
            // Its references were coded by an encoder that is gone.
            self.wait_for_idr();
        }
        let is_admitted = match (self.gate, packet.track) {
            (Gate::Closed, _) | (Gate::Fresh, TrackKind::Audio) | (Gate::Choked, TrackKind::Video) => false,
            (Gate::Open, TrackKind::Video) => true,
            (Gate::Fresh | Gate::WaitingForIdr, TrackKind::Video) => packet.is_idr,
            (Gate::Open | Gate::Choked | Gate::WaitingForIdr, TrackKind::Audio) => {
                self.start.is_none_or(|start| packet.dts >= start)
            }
        };
        if !is_admitted {
            let count = match (self.gate, packet.track) {
                (Gate::Choked | Gate::WaitingForIdr, TrackKind::Video) => &mut self.counts.video,
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

    fn wait_for_idr(&mut self) {
        self.gate = Gate::WaitingForIdr;
        self.is_keyframe_wanted = true;
    }

    fn shed(&mut self) {
        let for_video = self.limit * 3 / 4;
        while self.is_late(&self.video, for_video) {
            self.drop_to_next_idr();
        }
        let for_audio = if self.gate == Gate::Choked {
            self.limit.min(TimeDelta::from_millis(CHOKED_LIMIT_MS))
        } else {
            self.limit
        };
        while self.is_late(&self.audio, for_audio) {
            self.drop_sound();
        }
        while self.video.waiting.len() + self.audio.waiting.len() > MAX_PACKETS || self.bytes > MAX_BYTES {
            if self.video.waiting.is_empty() {
                self.drop_sound();
            } else {
                self.drop_to_next_idr();
            }
        }
    }

    fn is_late(&self, lane: &Lane, limit: TimeDelta) -> bool {
        lane.oldest()
            .is_some_and(|oldest| self.newest - oldest.packet.dts > limit)
    }

    fn drop_to_next_idr(&mut self) {
        while self.drop_picture() {
            if self.video.oldest().is_some_and(|next| next.packet.is_idr) {
                return;
            }
        }
        self.wait_for_idr();
    }

    /// False if there is none.
    fn drop_picture(&mut self) -> bool {
        let dropped = self.video.drop_front();
        if let Some(packet) = &dropped {
            self.bytes -= packet.data.len();
            self.counts.video += 1;
        }
        dropped.is_some()
    }

    fn drop_sound(&mut self) {
        if let Some(packet) = self.audio.drop_front() {
            self.bytes -= packet.data.len();
            self.counts.audio += 1;
        }
    }

    /// The next packet to send, in order of arrival.
    pub fn pop(&mut self) -> Option<Outgoing> {
        let lane = match (self.video.oldest(), self.audio.oldest()) {
            (Some(video), Some(audio)) if audio.order < video.order => &mut self.audio,
            (Some(_), _) => &mut self.video,
            (None, _) => &mut self.audio,
        };
        let next = lane.waiting.pop_front()?;
        self.bytes -= next.packet.data.len();
        Some(Outgoing {
            change: next.change,
            packet: next.packet,
            offered: next.offered,
        })
    }

    /// How much media waits: from the oldest packet to the newest.
    #[must_use]
    pub fn span(&self) -> TimeDelta {
        let lanes = [&self.video, &self.audio];
        let oldest = lanes.into_iter().filter_map(Lane::oldest);
        match oldest.map(|oldest| oldest.packet.dts).min() {
            Some(oldest) => self.newest - oldest,
            None => TimeDelta::ZERO,
        }
    }

    /// When the packet came that has waited longest.
    #[must_use]
    pub fn oldest_offered(&self) -> Option<Timestamp> {
        let lanes = [&self.video, &self.audio];
        lanes
            .into_iter()
            .filter_map(Lane::oldest)
            .map(|oldest| oldest.offered)
            .min()
    }

    /// The newest IDR of this connection.
    #[must_use]
    pub fn newest_idr(&self) -> Option<IdrMark> {
        self.idr
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

    /// True once for every time that an IDR is needed to go on. While the connection is not `clear`, what is under way being late
    /// itself, the wish is kept for later: an IDR made now would be late as well.
    pub fn take_keyframe_wish(&mut self, is_clear: bool) -> bool {
        let is_due = self.gate == Gate::Fresh || is_clear;
        is_due && std::mem::take(&mut self.is_keyframe_wanted)
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
                push(queue, packet(TrackKind::Video, ms, is_idr && index == 0));
            }
            push(queue, packet(TrackKind::Audio, ms, true));
        }
    }

    /// Offered as soon as it is decoded, which no encoder can.
    fn push(queue: &mut SendQueue, packet: Packet) {
        let now = packet.dts;
        queue.push(packet, now);
    }

    fn pop(queue: &mut SendQueue) -> Option<Packet> {
        queue.pop().map(|next| next.packet)
    }

    fn drain(queue: &mut SendQueue) -> Vec<Packet> {
        std::iter::from_fn(|| pop(queue)).collect()
    }

    fn video_change(height: u32) -> TrackChange {
        TrackChange::Video(crate::media::VideoConfig {
            width: 16,
            height,
            frame_rate: crate::media::FrameRate::whole(25),
            sps: Bytes::new(),
            pps: Bytes::new(),
            bitrate_kbps: 1,
        })
    }

    fn height(next: &Outgoing) -> Option<u32> {
        next.change.as_deref().map(|change| match change {
            TrackChange::Video(config) => config.height,
            TrackChange::Audio(_) => 0,
        })
    }

    #[test]
    fn a_change_goes_before_the_first_picture_after_it() {
        let mut queue = queue();
        push(&mut queue, packet(TrackKind::Video, 0, true));
        queue.change(video_change(360));
        queue.change(video_change(480));
        push(&mut queue, packet(TrackKind::Audio, 10, true));
        // The encoder that is gone has one left: nobody could decode it.
        push(&mut queue, packet(TrackKind::Video, 40, false));
        assert!(queue.is_waiting_for_idr() && queue.take_keyframe_wish(true));
        push(&mut queue, packet(TrackKind::Video, 80, true));
        let told: Vec<_> = std::iter::from_fn(|| queue.pop())
            .map(|next| (next.packet.dts.to_millis(), height(&next)))
            .collect();
        assert_eq!(told, [(0, None), (10, None), (80, Some(480))]);
        assert_eq!(queue.counts().video, 1);
    }

    #[test]
    fn a_change_outlives_the_picture_that_it_hung_on() {
        let mut queue = queue();
        for (second, height) in [(0, 100), (1, 200), (2, 300)] {
            queue.change(video_change(height));
            push_second(&mut queue, second, true);
        }
        // The first GOP is gone, and the second has a change of its own.
        let first = queue.pop().unwrap();
        assert_eq!((first.packet.track, height(&first)), (TrackKind::Audio, None));
        let picture = std::iter::from_fn(|| queue.pop()).find(|next| next.packet.track == TrackKind::Video);
        assert_eq!(picture.as_ref().and_then(height), Some(200));
        // Where nothing is left to hang it on, it waits for the next.
        queue.choke();
        queue.unchoke();
        push(&mut queue, packet(TrackKind::Video, 3000, true));
        let picture = std::iter::from_fn(|| queue.pop()).find(|next| next.packet.track == TrackKind::Video);
        assert_eq!(picture.as_ref().and_then(height), Some(300));
        queue.close();
        queue.change(video_change(400));
        queue.open();
        push(&mut queue, packet(TrackKind::Video, 4000, true));
        assert_eq!(height(&queue.pop().unwrap()), None, "a new connection begins with it");
    }

    #[test]
    fn an_outage_ends_with_an_idr_that_is_made_then() {
        let mut queue = queue();
        assert!(queue.take_keyframe_wish(false), "a new connection does not wait");
        push_second(&mut queue, 0, true);
        queue.choke();
        for second in 1..10 {
            push_second(&mut queue, second, second % 2 == 0);
        }
        assert!(
            !queue.is_waiting_for_idr() && !queue.take_keyframe_wish(true),
            "not before bytes move"
        );
        assert_eq!((queue.counts().video, queue.counts().missed_video), (250, 0));
        queue.unchoke();
        assert!(!queue.take_keyframe_wish(false) && queue.take_keyframe_wish(true));
        push_second(&mut queue, 10, true);
        let left = drain(&mut queue);
        let first = left.iter().find(|packet| packet.track == TrackKind::Video).unwrap();
        assert!(first.is_idr && first.dts == Timestamp::from_millis(10_000));
        let sound: Vec<_> = left.iter().filter(|packet| packet.track == TrackKind::Audio).collect();
        assert!(sound.is_sorted_by_key(|packet| packet.dts));
        let oldest = Timestamp::from_millis(10_000 - CHOKED_LIMIT_MS - 20);
        assert!(sound[0].dts >= oldest && sound.last().unwrap().dts == Timestamp::from_millis(10_980));
    }

    #[test]
    fn says_how_long_what_waits_has_waited_and_which_idr_came_last() {
        let mut queue = queue();
        let late = |ms: i64| Timestamp::from_millis(ms + 500);
        queue.push(packet(TrackKind::Video, 0, true), late(0));
        queue.push(packet(TrackKind::Audio, 20, true), late(20));
        queue.push(packet(TrackKind::Video, 40, false), late(40));
        assert_eq!(queue.oldest_offered(), Some(late(0)));
        assert_eq!(queue.pop().unwrap().offered, late(0));
        assert_eq!(queue.oldest_offered(), Some(late(20)));
        let idr = queue.newest_idr().unwrap();
        assert_eq!((idr.bytes, idr.offered), (100, late(0)));
        drain(&mut queue);
        assert_eq!(queue.oldest_offered(), None);
    }

    #[test]
    fn a_connection_starts_at_an_idr_and_with_nothing_before_it() {
        let mut queue = SendQueue::new(true, TimeDelta::from_millis(3000));
        push_second(&mut queue, 0, true);
        assert_eq!(pop(&mut queue), None, "closed");
        queue.open();
        assert!(queue.take_keyframe_wish(true) && !queue.take_keyframe_wish(true));
        push_second(&mut queue, 1, false);
        assert_eq!(pop(&mut queue), None, "no IDR yet");
        push_second(&mut queue, 2, true);
        let first = pop(&mut queue).unwrap();
        assert_eq!(
            (first.track, first.dts),
            (TrackKind::Video, Timestamp::from_millis(2000))
        );
        // 50 pictures and 100 sound packets were too early.
        let counts = queue.counts();
        assert_eq!((counts.missed_video, counts.missed_audio, counts.video), (50, 100, 0));
        // What was heard before the first picture does not go out, however late it comes.
        push(&mut queue, packet(TrackKind::Audio, 1990, true));
        assert_eq!(queue.counts().missed_audio, 101);
    }

    #[test]
    fn sound_alone_starts_at_once() {
        let mut queue = SendQueue::new(false, TimeDelta::from_millis(3000));
        queue.open();
        assert!(!queue.take_keyframe_wish(true));
        push(&mut queue, packet(TrackKind::Audio, 5, true));
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
        assert!(queue.take_keyframe_wish(true));
        push_second(&mut queue, 0, true);
        for second in 1..4 {
            push_second(&mut queue, second, false);
        }
        assert!(queue.is_waiting_for_idr() && queue.take_keyframe_wish(true));
        assert!(queue.counts().audio > 0, "beyond the limit sound goes too");
        assert!(queue.span() <= TimeDelta::from_millis(3000));
        push_second(&mut queue, 4, true);
        assert!(!queue.is_waiting_for_idr());
    }

    #[test]
    fn timestamps_that_stand_still_do_not_grow_the_queue() {
        let mut queue = queue();
        for index in 0..3 * MAX_PACKETS {
            push(&mut queue, packet(TrackKind::Video, 0, index % 50 == 0));
        }
        assert!(queue.video.waiting.len() <= MAX_PACKETS);
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
                push(&mut queue, packet);
                prop_assert!(queue.span() <= TimeDelta::from_millis(DEFAULT_LIMIT_MS));
                if is_pop {
                    sent.extend(pop(&mut queue));
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
