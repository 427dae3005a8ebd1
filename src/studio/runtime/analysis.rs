//! The way from program to the analysis worker and back: the newest picture, all of the sound, findings as events.
//!
//! ```text
//! picture thread ─ PictureFeed: some a second, the newest wins ─┐
//! sound thread ─ SoundFeed: a bounded ring ─────────────────────┴▶ analysis thread ─▶ worker
//!                                              events, stamps for the gate ◀─┘
//! ```
//!
//! The threads of picture and sound never wait here: a worker that is slow, hung or being replaced costs findings, and those
//! are counted, but no tick.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::gate::Gate;
use super::outlet::Outlet;
use crate::clock::Clock;
use crate::media::{AudioBlock, TimeDelta, Timestamp, Turn, VideoFrame};
use crate::studio::model::EventLevel;
use crate::worker::analyse::{AnalysisSettings, Condition, Finding, RemoteAnalysis};
use crate::worker::arena::Arena;
use crate::worker::{Program, Report, Reporter};

/// Sound that may wait for the worker: what comes while a lost one is replaced.
const BLOCKS_WAITING: usize = 200;

/// How long the thread waits for a picture before it looks for sound, and for the end of the show.
const WAIT: Duration = Duration::from_millis(100);

/// The first pause, in ms, before a worker that did not come up at all is tried again; doubled up to the longest.
const FIRST_PAUSE_MS: i64 = 500;

/// The longest such pause, in ms.
const LONGEST_PAUSE_MS: i64 = 5000;

/// Where findings are told: level, subject and words of an event.
pub type Teller = Arc<dyn Fn(EventLevel, String, String) + Send + Sync>;

/// What the analysis is made of.
pub struct Parts {
    /// What is watched.
    pub settings: AnalysisSettings,
    /// What workers are.
    pub program: Program,
    /// Where program pictures lie.
    pub arena: Arc<Arena>,
    /// The studio clock.
    pub clock: Clock,
    /// What stamps are for.
    pub gate: Arc<Gate>,
    /// Where what was not seen is counted.
    pub outlet: Arc<Outlet>,
    /// Where findings go.
    pub tell: Teller,
    /// Where the worker's fate goes.
    pub report: Reporter,
}

/// What the feeding threads and the analysis thread share.
struct Feed {
    pictures_per_second: AtomicU32,
    is_listening: AtomicBool,
    newest: Mutex<Option<VideoFrame>>,
    fresh: Condvar,
    outlet: Arc<Outlet>,
}

impl Feed {
    fn new(outlet: Arc<Outlet>) -> Self {
        Self {
            pictures_per_second: AtomicU32::new(0),
            is_listening: AtomicBool::new(false),
            newest: Mutex::new(None),
            fresh: Condvar::new(),
            outlet,
        }
    }

    /// Counts pictures that a newer one has replaced before the worker was free, blocks for which there was no room, and
    /// what nobody answered for.
    fn count_unseen(&self, count: usize) {
        self.outlet.counters.unseen.fetch_add(count as u64, Ordering::Relaxed);
    }

    /// Waits for a picture, though not for long.
    fn take(&self) -> Option<VideoFrame> {
        let waited = self
            .fresh
            .wait_timeout_while(self.newest(), WAIT, |newest| newest.is_none());
        let (mut newest, _) = waited.unwrap_or_else(PoisonError::into_inner);
        newest.take()
    }

    /// Held for as long as it takes to copy a reference.
    fn newest(&self) -> MutexGuard<'_, Option<VideoFrame>> {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The picture thread's end.
pub struct PictureFeed {
    feed: Arc<Feed>,
    due: Timestamp,
}

impl PictureFeed {
    /// Leaves `frame` for the worker if one is due.
    pub fn put(&mut self, frame: &VideoFrame) {
        let rate = self.feed.pictures_per_second.load(Ordering::Relaxed);
        if rate == 0 || frame.pts < self.due {
            return;
        }
        let period = TimeDelta::from_rate(1, rate);
        // On the grid of its own rate; one that fell behind starts a new grid.
        self.due = if frame.pts - self.due > period {
            frame.pts + period
        } else {
            self.due + period
        };
        let replaced = self.feed.newest().replace(frame.clone());
        self.feed.fresh.notify_one();
        if replaced.is_some() {
            self.feed.count_unseen(1);
        }
    }
}

/// The sound thread's end.
pub struct SoundFeed {
    feed: Arc<Feed>,
    ring: rtrb::Producer<AudioBlock>,
}

impl SoundFeed {
    /// Leaves `block` for the worker if it listens.
    pub fn put(&mut self, block: &AudioBlock) {
        if self.feed.is_listening.load(Ordering::Relaxed) && self.ring.push(*block).is_err() {
            self.feed.count_unseen(1);
        }
    }
}

/// The analysis thread, not yet running.
pub struct AnalysisLoop {
    parts: Parts,
    feed: Arc<Feed>,
    ring: rtrb::Consumer<AudioBlock>,
}

/// The loop and both of its feeds.
#[must_use]
pub fn prepare(parts: Parts) -> (AnalysisLoop, PictureFeed, SoundFeed) {
    let feed = Arc::new(Feed::new(Arc::clone(&parts.outlet)));
    let (producer, ring) = rtrb::RingBuffer::new(BLOCKS_WAITING);
    let pictures = PictureFeed {
        feed: Arc::clone(&feed),
        due: Timestamp::ZERO,
    };
    let sound = SoundFeed {
        feed: Arc::clone(&feed),
        ring: producer,
    };
    (AnalysisLoop { parts, feed, ring }, pictures, sound)
}

impl AnalysisLoop {
    /// Runs until `stop`. The worker lives and dies with this thread.
    pub fn run(mut self, stop: &AtomicBool) {
        let Some(mut analysis) = self.open(stop) else { return };
        let wants = analysis.wants();
        self.feed
            .pictures_per_second
            .store(wants.pictures_per_second, Ordering::Relaxed);
        self.feed.is_listening.store(wants.sound, Ordering::Relaxed);
        let mut blocks = Vec::with_capacity(BLOCKS_WAITING);
        while !stop.load(Ordering::Relaxed) {
            let picture = self.feed.take();
            blocks.clear();
            while let Ok(block) = self.ring.pop() {
                blocks.push(block);
            }
            if picture.is_none() && blocks.is_empty() {
                continue;
            }
            let Some(reply) = analysis.ask(picture.as_ref(), &blocks) else {
                self.feed.count_unseen(usize::from(picture.is_some()) + blocks.len());
                continue;
            };
            for stamp in reply.stamps {
                self.parts
                    .gate
                    .stamp(&stamp.analyser, stamp.track, stamp.from, stamp.until);
            }
            for finding in &reply.findings {
                let (level, subject, text) = words(finding);
                (self.parts.tell)(level, subject.to_owned(), text);
            }
        }
    }

    /// Starts the worker, again and again with growing pauses: a show does without analysis rather than not at all.
    fn open(&self, stop: &AtomicBool) -> Option<RemoteAnalysis> {
        let parts = &self.parts;
        let mut pause_ms = FIRST_PAUSE_MS;
        while !stop.load(Ordering::Relaxed) {
            let opened = RemoteAnalysis::open(
                parts.settings,
                parts.program.clone(),
                Arc::clone(&parts.arena),
                parts.clock,
                Arc::clone(&parts.report),
            );
            let reason = match opened {
                Ok(analysis) => return Some(analysis),
                Err(reason) => reason,
            };
            let pause = TimeDelta::from_millis(pause_ms);
            (parts.report)(Report::Lost(reason, pause));
            let until = parts.clock.now() + pause;
            while parts.clock.now() < until && !stop.load(Ordering::Relaxed) {
                std::thread::park_timeout(WAIT);
            }
            pause_ms = (pause_ms * 2).min(LONGEST_PAUSE_MS);
        }
        None
    }
}

/// How a finding reads as an event.
fn words(finding: &Finding) -> (EventLevel, &'static str, String) {
    match finding {
        Finding::Program {
            condition,
            turn: Turn::Began { since },
        } => {
            let what = match condition {
                Condition::Black => "black",
                Condition::Frozen => "frozen",
                Condition::Silent => "silent",
            };
            (EventLevel::Warning, "program", format!("{what} since {since}"))
        }
        Finding::Program {
            condition,
            turn: Turn::Ended { since, until },
        } => {
            let what = match condition {
                Condition::Black => "to be seen again",
                Condition::Frozen => "moves again",
                Condition::Silent => "to be heard again",
            };
            let seconds = (*until - *since).as_secs_f64();
            (EventLevel::Info, "program", format!("{what} after {seconds:.1} s"))
        }
        Finding::AnalyserLost { analyser, reason } => {
            let text = format!("the analyser \"{analyser}\" failed and is off until the worker is replaced: {reason}");
            (EventLevel::Error, "worker analyse", text)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::{FramePool, FrameRate};

    fn feeds() -> (Arc<Feed>, PictureFeed, SoundFeed, rtrb::Consumer<AudioBlock>) {
        let feed = Arc::new(Feed::new(Arc::new(Outlet::new(1000))));
        let (producer, ring) = rtrb::RingBuffer::new(4);
        let pictures = PictureFeed {
            feed: Arc::clone(&feed),
            due: Timestamp::ZERO,
        };
        let sound = SoundFeed {
            feed: Arc::clone(&feed),
            ring: producer,
        };
        (feed, pictures, sound, ring)
    }

    fn frame(rate: FrameRate, tick: i64) -> VideoFrame {
        FramePool::new().frame(16, 16).freeze(rate.frame_time(tick))
    }

    #[test]
    fn the_worker_gets_as_many_pictures_as_it_wants_and_the_newest() {
        let (feed, mut pictures, ..) = feeds();
        let rate = FrameRate::whole(30);
        for tick in 0..30 {
            pictures.put(&frame(rate, tick));
        }
        assert!(feed.newest().is_none(), "nobody wants any");
        feed.pictures_per_second.store(5, Ordering::Relaxed);
        let mut taken = Vec::new();
        for tick in 30..60 {
            pictures.put(&frame(rate, tick));
            if let Some(frame) = feed.newest().take() {
                taken.push(rate.frame_at(frame.pts));
            }
        }
        assert_eq!(taken, [30, 36, 42, 48, 54]);
        assert_eq!(feed.outlet.counters.unseen.load(Ordering::Relaxed), 0);
        for tick in 60..90 {
            pictures.put(&frame(rate, tick));
        }
        assert_eq!(feed.take().map(|frame| rate.frame_at(frame.pts)), Some(84));
        assert_eq!(feed.outlet.counters.unseen.load(Ordering::Relaxed), 4);
        // After a time without ticks it goes on at once.
        pictures.put(&frame(rate, 1000));
        assert!(feed.newest().is_some());
    }

    #[test]
    fn sound_waits_in_a_bounded_queue_and_what_does_not_fit_is_counted() {
        let (feed, _, mut sound, mut ring) = feeds();
        let block = |index| AudioBlock::silence(AudioBlock::time_of(index));
        sound.put(&block(0));
        assert!(ring.pop().is_err(), "nobody listens");
        feed.is_listening.store(true, Ordering::Relaxed);
        for index in 1..8 {
            sound.put(&block(index));
        }
        assert_eq!(feed.outlet.counters.unseen.load(Ordering::Relaxed), 3);
        assert_eq!(ring.pop().unwrap().pts, AudioBlock::time_of(1));
    }

    #[test]
    fn findings_read_as_sentences() {
        let program = |condition, turn| words(&Finding::Program { condition, turn }).2;
        let (since, until) = (Timestamp::from_millis(12_000), Timestamp::from_millis(26_200));
        assert_eq!(
            program(Condition::Black, Turn::Began { since }),
            "black since 0:00:12.000"
        );
        assert_eq!(
            program(Condition::Silent, Turn::Began { since }),
            "silent since 0:00:12.000"
        );
        assert_eq!(
            program(Condition::Frozen, Turn::Ended { since, until }),
            "moves again after 14.2 s"
        );
    }
}
