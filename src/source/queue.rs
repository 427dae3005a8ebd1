//! The way of a picture from the source's thread to the studio's: bounded, newest wins, references only.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::media::{FrameRate, TimeDelta, Timestamp, VideoFrame};

/// Pictures a queue holds at most.
pub const CAPACITY: usize = 8;

/// Bytes of pictures a queue holds at most, for those that are much larger than a program frame. Two always fit.
const CAPACITY_BYTES: usize = 96 << 20;

#[derive(Debug, Default)]
struct Shelf {
    frames: VecDeque<VideoFrame>,
    dropped: u64,
}

type Shared = Arc<Mutex<Shelf>>;

fn lock(shared: &Mutex<Shelf>) -> MutexGuard<'_, Shelf> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Both ends of a queue whose reader serves a program of `frame_rate`.
#[must_use]
pub fn video_queue(frame_rate: FrameRate) -> (VideoQueueWriter, VideoQueueReader) {
    let shared = Shared::default();
    let reader = VideoQueueReader {
        shared: Arc::clone(&shared),
        current: None,
        last_tick: None,
        is_repeating: false,
        tolerance: frame_rate.frame_duration() / 2,
    };
    (VideoQueueWriter { shared }, reader)
}

/// The source's end.
#[derive(Debug)]
pub struct VideoQueueWriter {
    shared: Shared,
}

impl VideoQueueWriter {
    /// Puts `frame` at the end. Queued frames that are not older than it are replaced by it, so that the queue always
    /// ascends; where it is full, the oldest frame is dropped and counted.
    pub fn push(&self, frame: VideoFrame) {
        let limit = capacity_for(&frame);
        let mut shelf = lock(&self.shared);
        while shelf.frames.back().is_some_and(|last| last.pts >= frame.pts) {
            shelf.frames.pop_back();
        }
        while shelf.frames.len() >= limit {
            shelf.frames.pop_front();
            shelf.dropped += 1;
        }
        shelf.frames.push_back(frame);
    }

    /// Whether a frame of a paced source can be added without dropping one that is still to be shown at `now`.
    #[must_use]
    pub fn has_room(&self, now: Timestamp) -> bool {
        let shelf = lock(&self.shared);
        let Some(last) = shelf.frames.back() else { return true };
        // Frames whose successor is due already are of no use to anybody.
        let stale = shelf.frames.iter().skip(1).take_while(|next| next.pts <= now).count();
        shelf.frames.len() - stale < capacity_for(last)
    }

    /// Frames dropped so far: nobody fetched them, or they came so late that their tick was over.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        lock(&self.shared).dropped
    }
}

fn capacity_for(frame: &VideoFrame) -> usize {
    let bytes = frame.width() as usize * frame.height() as usize * 3 / 2;
    (CAPACITY_BYTES / bytes.max(1)).clamp(2, CAPACITY)
}

/// The studio's end.
#[derive(Debug)]
pub struct VideoQueueReader {
    shared: Shared,
    current: Option<VideoFrame>,
    last_tick: Option<Timestamp>,
    /// Whether the last tick had to show a frame again.
    is_repeating: bool,
    /// Half a program frame.
    tolerance: TimeDelta,
}

impl VideoQueueReader {
    /// The picture to show at `tick`: the one nearest to it, so the newest that is due less than half a program frame
    /// from then. A source whose frames lie between the ticks is thus shown at most half a frame early or late against its
    /// sound. Older ones are let go; without a new one the last is shown again. `None` until the first is due.
    ///
    /// A camera may run in such a step with the program that its frames lie in the middle between two ticks. There their
    /// jitter, or the mere rounding of their times, would make now this tick and now that one the nearer, and show one
    /// frame twice and the next one never. So within a sixteenth of a program frame of the middle both are near enough, and
    /// the one is taken that makes it one new frame per tick. At 30 frames per second no picture is then more than 19 ms
    /// from its sound.
    ///
    /// Where a tick had nothing new and the next one finds more than it can show, its frame came too late: what is left out for that
    /// is counted as dropped. (A source that is slower than the program never has two for a tick, a faster one never none.)
    pub fn frame_at(&mut self, tick: Timestamp) -> Option<VideoFrame> {
        let slack = self.tolerance / 8;
        let (surely, perhaps) = (tick + self.tolerance - slack, tick + self.tolerance + slack);
        let wanted = usize::from(self.last_tick.is_none_or(|last| tick > last));
        self.last_tick = Some(tick);
        let mut shelf = lock(&self.shared);
        let mut taken = 0;
        while shelf
            .frames
            .front()
            .is_some_and(|frame| frame.pts < surely || (frame.pts < perhaps && taken < wanted))
        {
            self.current = shelf.frames.pop_front();
            taken += 1;
        }
        if self.is_repeating {
            shelf.dropped += taken.saturating_sub(1) as u64;
        }
        self.is_repeating = taken == 0 && self.current.is_some();
        self.current.clone()
    }

    /// Forgets the last picture: `frame_at` gives `None` until a new one is due.
    pub fn forget(&mut self) {
        self.current = None;
        self.is_repeating = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::FramePool;
    use proptest::prelude::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(ms)
    }

    fn frame(ms: i64) -> VideoFrame {
        FramePool::new().frame(4, 4).freeze(at(ms))
    }

    #[test]
    fn the_newest_due_frame_is_shown_and_kept() {
        let (writer, mut reader) = video_queue(FrameRate::whole(25));
        assert!(reader.frame_at(at(0)).is_none());
        for ms in [0, 20, 40, 60] {
            writer.push(frame(ms));
        }
        // One per tick where the nearest is in doubt: at 20 ms both that of 20 and that of 40 may be shown.
        let ticks = [
            (0, 0),
            (20, 20),
            (20, 20),
            (26, 40),
            (30, 40),
            (40, 60),
            (200, 60),
            (300, 60),
        ];
        for (tick, shown) in ticks {
            assert_eq!(reader.frame_at(at(tick)).unwrap().pts, at(shown), "at {tick} ms");
        }
        assert_eq!(writer.dropped(), 0);
        reader.forget();
        assert!(reader.frame_at(at(400)).is_none());
    }

    #[test]
    fn a_full_queue_drops_the_oldest_and_counts() {
        let (writer, mut reader) = video_queue(FrameRate::whole(25));
        for n in 0..20 {
            writer.push(frame(n * 40));
        }
        assert_eq!(writer.dropped(), 20 - CAPACITY as u64);
        assert!(reader.frame_at(at(11 * 40)).is_none());
        assert_eq!(reader.frame_at(at(12 * 40)).unwrap().pts, at(12 * 40));
    }

    #[test]
    fn a_frame_that_misses_its_tick_is_counted_and_no_other() {
        let step = FrameRate::whole(25).frame_duration();
        let shown = |arrivals: &[&[i64]]| {
            let (writer, mut reader) = video_queue(FrameRate::whole(25));
            for (tick, arrived) in arrivals.iter().enumerate() {
                for ms in *arrived {
                    writer.push(frame(*ms));
                }
                reader.frame_at(Timestamp::ZERO + step * (tick as i64));
            }
            writer.dropped()
        };
        assert_eq!(shown(&[&[0], &[40], &[80], &[120]]), 0, "as fast as the program");
        assert_eq!(shown(&[&[0], &[40], &[], &[80, 120], &[160]]), 1, "late by a tick");
        assert_eq!(shown(&[&[0], &[40], &[], &[], &[80, 120, 160]]), 2, "late by two");
        assert_eq!(shown(&[&[0], &[], &[80], &[], &[160]]), 0, "half as fast");
        assert_eq!(shown(&[&[0, 20], &[40, 60], &[80, 100]]), 0, "twice as fast");
        assert_eq!(shown(&[&[], &[], &[60, 80]]), 0, "not there before");
    }

    #[test]
    fn a_writer_that_starts_again_replaces_what_lay_ahead() {
        let (writer, mut reader) = video_queue(FrameRate::whole(25));
        for ms in [0, 40, 80, 120] {
            writer.push(frame(ms));
        }
        writer.push(frame(60));
        assert_eq!(reader.frame_at(at(500)).unwrap().pts, at(60));
    }

    #[test]
    fn room_is_what_is_not_still_to_be_shown() {
        let (writer, _reader) = video_queue(FrameRate::whole(25));
        for n in 0..CAPACITY as i64 {
            assert!(writer.has_room(at(0)), "{n}");
            writer.push(frame(n * 40));
        }
        assert!(!writer.has_room(at(39)));
        assert!(writer.has_room(at(40)), "frame 0 is past");
    }

    proptest! {
        /// Whatever the phase, and though each time is off by up to 2 ms: no judder.
        #[test]
        fn a_camera_as_fast_as_the_program_is_shown_frame_by_frame(
            phase_us in 0..33_333_i64,
            jitter_us in proptest::collection::vec(-2_000..2_000_i64, 60),
        ) {
            let rate = FrameRate::whole(30);
            let (writer, mut reader) = video_queue(rate);
            let mut shown = Vec::new();
            let micros = |us: i64| TimeDelta::from_rate(us, 1_000_000);
            for (n, jitter) in jitter_us.iter().enumerate() {
                let tick = Timestamp::ZERO + rate.frame_duration() * (n as i64);
                writer.push(FramePool::new().frame(4, 4).freeze(tick + micros(phase_us + jitter)));
                if n >= 2 {
                    // The studio asks a little later, so that what a tick may show is there.
                    let frame = reader.frame_at(tick - rate.frame_duration() * 2);
                    shown.extend(frame.map(|frame| frame.pts));
                }
            }
            prop_assert!(shown.len() >= 56);
            let step = rate.frame_duration();
            let slips = shown.windows(2).filter(|pair| (pair[1] - pair[0] - step).abs() > step / 3);
            // One picture may be shown again, until it is known on which side of the middle the camera is.
            prop_assert!(slips.count() <= 1, "{:?}", shown);
        }
    }
}
