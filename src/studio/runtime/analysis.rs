//! The way from program to the analysis workers and back: pictures, all of the sound, findings as events, verdicts.
//!
//! ```text
//! picture thread ─ PictureFeed: some a second, the newest wins; while faces are hidden, all of them ─┐
//! sound thread ─ SoundFeed: a bounded ring ──────────────────────────────────────────────────────────┴▶ analysis thread ─▶ worker
//!                                                     events, verdicts for air and hold, then stamps for a gate ◀─┘
//! ```
//!
//! There is one such way for each [`Duty`], with a thread and a worker of its own: a face is looked for within 200 ms, where a
//! recogniser of speech may think for a second.
//!
//! The threads of picture and sound never wait here: a worker that is slow, hung or being replaced costs findings, and those
//! are counted, but no tick.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::air::FaceWatch;
use super::gate::Gate;
use super::moderating::Moderator;
use super::outlet::Outlet;
use crate::clock::Clock;
use crate::media::{AudioBlock, TimeDelta, Timestamp, Turn, VideoFrame};
use crate::speech::WordsSettings;
use crate::studio::model::EventLevel;
use crate::vision::FinderSettings;
use crate::vision::check::CheckSettings;
use crate::worker::analyse::{AnalysisSettings, Condition, Finding, RemoteAnalysis, Wants};
use crate::worker::arena::Arena;
use crate::worker::{Program, Report, Reporter, WorkerState};

/// Sound that may wait for the worker: what comes while a lost one is replaced.
const BLOCKS_WAITING: usize = 200;

/// Pictures that may wait for the worker while each of them is to be seen. More would only be older: a worker that is so late
/// has their time on air pass.
pub const PICTURES_WAITING: usize = 6;

/// How long the thread waits for a picture before it looks for sound, and for the end of the show.
const WAIT: Duration = Duration::from_millis(100);

/// The first pause, in ms, before a worker that did not come up at all is tried again; doubled up to the longest.
const FIRST_PAUSE_MS: i64 = 500;

/// The longest such pause, in ms.
const LONGEST_PAUSE_MS: i64 = 5000;

/// Where conditions of program are told.
pub type Finder = Arc<dyn Fn(Condition, Turn) + Send + Sync>;

/// Where news are told: level, subject and words of an event.
pub type Teller = Arc<dyn Fn(EventLevel, String, String) + Send + Sync>;

/// What a worker is for.
pub enum Duty {
    /// It watches program always, and looks for faces in pictures like these while they are hidden.
    Watch(Box<AnalysisSettings>, FinderSettings),
    /// It listens for words while these are moderated.
    Words(WordsSettings),
    /// It looks at pictures for what they must not show.
    Pictures(CheckSettings),
}

impl Duty {
    /// Whether a worker that is open can be told to do something else: one that opens models and programs cannot.
    fn is_changed_live(&self) -> bool {
        matches!(self, Self::Watch(..))
    }
}

/// What the analysis is made of.
pub struct Parts {
    /// What it is for.
    pub duty: Duty,
    /// Whether faces are hidden, and where verdicts on them go.
    pub watch: Arc<FaceWatch>,
    /// Whether words are moderated, and where verdicts on them go.
    pub moderator: Arc<Moderator>,
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
    /// Where goes what is found out about program.
    pub found: Finder,
    /// Where other news go.
    pub tell: Teller,
    /// Where the worker's fate goes.
    pub report: Reporter,
}

/// What the feeding threads and the analysis thread share.
struct Feed {
    pictures_per_second: AtomicU32,
    is_listening: AtomicBool,
    is_every_wanted: AtomicBool,
    waiting: Mutex<VecDeque<VideoFrame>>,
    fresh: Condvar,
    outlet: Arc<Outlet>,
}

impl Feed {
    fn new(outlet: Arc<Outlet>) -> Self {
        Self {
            pictures_per_second: AtomicU32::new(0),
            is_listening: AtomicBool::new(false),
            is_every_wanted: AtomicBool::new(false),
            waiting: Mutex::new(VecDeque::with_capacity(PICTURES_WAITING)),
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
            .wait_timeout_while(self.waiting(), WAIT, |waiting| waiting.is_empty());
        let (mut waiting, _) = waited.unwrap_or_else(PoisonError::into_inner);
        waiting.pop_front()
    }

    /// Leaves a picture in the place of those for which there is no room, and says how many these were.
    fn leave(&self, frame: &VideoFrame) -> usize {
        let room = if self.is_every_wanted.load(Ordering::Relaxed) {
            PICTURES_WAITING
        } else {
            1
        };
        let mut waiting = self.waiting();
        let mut replaced = 0;
        while waiting.len() >= room {
            waiting.pop_front();
            replaced += 1;
        }
        waiting.push_back(frame.clone());
        drop(waiting);
        self.fresh.notify_one();
        replaced
    }

    /// The worker wants this from now on.
    fn want(&self, wants: Wants, is_every_wanted: bool) {
        self.is_every_wanted.store(is_every_wanted, Ordering::Relaxed);
        self.pictures_per_second
            .store(wants.pictures_per_second, Ordering::Relaxed);
        self.is_listening.store(wants.sound, Ordering::Relaxed);
    }

    /// Held for as long as it takes to copy a reference.
    fn waiting(&self) -> MutexGuard<'_, VecDeque<VideoFrame>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
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
        let replaced = self.feed.leave(frame);
        if replaced > 0 {
            self.feed.count_unseen(replaced);
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
        let mut blocks = Vec::with_capacity(BLOCKS_WAITING);
        let mut running = None;
        let mut is_wanted = self.is_wanted();
        let mut settings = self.settings(is_wanted);
        while !stop.load(Ordering::Relaxed) {
            if is_wanted != self.is_wanted() {
                is_wanted = !is_wanted;
                settings = self.settings(is_wanted);
                if !self.parts.duty.is_changed_live() {
                    self.close(&mut running);
                }
            }
            if running.is_none() && settings.is_off() {
                // Nobody is wanted yet: the feeds bring nothing, and this waits a little.
                let _ = self.feed.take();
                continue;
            }
            let analysis = match &mut running {
                Some(analysis) => analysis,
                none => {
                    let Some(opened) = self.open(&settings, stop) else {
                        continue;
                    };
                    self.feed.want(opened.wants(), settings.faces.is_some());
                    none.insert(opened)
                }
            };
            analysis.set(&settings);
            let is_changed = analysis.is_changed();
            let picture = if is_changed { None } else { self.feed.take() };
            blocks.clear();
            while let Ok(block) = self.ring.pop() {
                blocks.push(block);
            }
            let is_release = self.parts.duty.is_changed_live() && self.parts.watch.take_release();
            if picture.is_none() && blocks.is_empty() && !is_changed && !is_release {
                continue;
            }
            let reply = analysis.ask(picture.as_ref(), &blocks, is_release);
            if is_changed {
                self.feed.want(analysis.wants(), settings.faces.is_some());
            }
            let Some(reply) = reply else {
                self.feed.count_unseen(usize::from(picture.is_some()) + blocks.len());
                continue;
            };
            // What was found is done about before anything is let out for having been seen.
            let is_over = reply.findings.iter().any(|finding| match finding {
                Finding::Deaf { .. } => true,
                // What cannot be had behind the fence comes back with another worker.
                Finding::AnalyserLost { .. } => !self.parts.duty.is_changed_live(),
                _ => false,
            });
            for finding in reply.findings {
                self.act(finding);
            }
            for stamp in reply.stamps {
                let (name, track) = (&stamp.analyser, stamp.track);
                self.parts.gate.stamp(name, track, stamp.from, stamp.until);
                self.parts.moderator.stamped(name, stamp.from, stamp.until);
            }
            if is_over {
                self.close(&mut running);
                self.pause(FIRST_PAUSE_MS, stop);
            }
        }
    }

    fn pause(&self, ms: i64, stop: &AtomicBool) {
        let until = self.parts.clock.now() + TimeDelta::from_millis(ms);
        while self.parts.clock.now() < until && !stop.load(Ordering::Relaxed) {
            std::thread::park_timeout(WAIT);
        }
    }

    /// Ends the worker; the feeds bring nothing from now on.
    fn close(&self, analysis: &mut Option<RemoteAnalysis>) {
        if analysis.take().is_some() {
            self.feed.want(Wants::default(), false);
            (self.parts.report)(Report::State(WorkerState::Resting, None));
        }
    }

    fn act(&self, finding: Finding) {
        let moderator = &self.parts.moderator;
        match finding {
            Finding::Faces(verdict) => self.parts.watch.leave(verdict),
            Finding::Words { words, verdicts } => moderator.heard(words, verdicts),
            Finding::Listening { engine } => moderator.listening(engine),
            Finding::Deaf { reason } => moderator.deaf(&reason),
            Finding::Picture(verdict) => moderator.seen(&verdict),
            Finding::Program { condition, turn } => {
                (self.parts.found)(condition, turn);
            }
            Finding::AnalyserLost { analyser, reason } => {
                let text =
                    format!("the analyser \"{analyser}\" failed and is off until the worker is replaced: {reason}");
                (self.parts.tell)(EventLevel::Error, "worker analyse".to_owned(), text);
            }
        }
    }

    /// Whether that is wanted now which is not always.
    fn is_wanted(&self) -> bool {
        match self.parts.duty {
            Duty::Watch(..) => self.parts.watch.is_armed(),
            Duty::Words(_) => self.parts.moderator.is_listening(),
            Duty::Pictures(_) => true,
        }
    }

    /// What is to be done, with that which is not always wanted or without it.
    fn settings(&self, is_wanted: bool) -> AnalysisSettings {
        match &self.parts.duty {
            Duty::Watch(settings, faces) => AnalysisSettings {
                faces: is_wanted.then_some(*faces),
                ..AnalysisSettings::clone(settings)
            },
            Duty::Words(words) => AnalysisSettings {
                words: is_wanted.then(|| words.clone()),
                ..AnalysisSettings::default()
            },
            Duty::Pictures(checks) => AnalysisSettings {
                checks: Some(checks.clone()),
                ..AnalysisSettings::default()
            },
        }
    }

    /// Starts the worker, again and again with growing pauses: a show does without analysis rather than not at all.
    fn open(&self, settings: &AnalysisSettings, stop: &AtomicBool) -> Option<RemoteAnalysis> {
        let parts = &self.parts;
        let mut pause_ms = FIRST_PAUSE_MS;
        while !stop.load(Ordering::Relaxed) {
            let opened = RemoteAnalysis::open(
                settings.clone(),
                parts.program.clone(),
                Arc::clone(&parts.arena),
                parts.clock,
                Arc::clone(&parts.report),
            );
            let reason = match opened {
                Ok(analysis) => return Some(analysis),
                Err(reason) => reason,
            };
            (parts.report)(Report::Lost(reason, TimeDelta::from_millis(pause_ms)));
            self.pause(pause_ms, stop);
            if !self.is_wanted() && !parts.duty.is_changed_live() {
                return None;
            }
            pause_ms = (pause_ms * 2).min(LONGEST_PAUSE_MS);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::{FramePool, FrameRate};

    fn feeds() -> (Arc<Feed>, PictureFeed, SoundFeed, rtrb::Consumer<AudioBlock>) {
        let feed = Arc::new(Feed::new(Arc::new(Outlet::at_kbps(&[1000]))));
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
        assert!(feed.waiting().is_empty(), "nobody wants any");
        let wants = |pictures_per_second| Wants {
            pictures_per_second,
            sound: false,
        };
        feed.want(wants(5), false);
        let mut taken = Vec::new();
        for tick in 30..60 {
            pictures.put(&frame(rate, tick));
            if let Some(frame) = feed.waiting().pop_front() {
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
        assert!(!feed.waiting().is_empty());
    }

    #[test]
    fn while_faces_are_hidden_every_picture_waits_for_the_worker() {
        let (feed, mut pictures, ..) = feeds();
        let rate = FrameRate { num: 30000, den: 1001 };
        let wants = Wants {
            pictures_per_second: 30,
            sound: false,
        };
        feed.want(wants, true);
        let mut taken = Vec::new();
        for tick in 0..90 {
            pictures.put(&frame(rate, tick));
            // A worker that takes its time: two pictures for every two.
            if tick % 2 == 1 {
                taken.extend(feed.waiting().drain(..).map(|frame| rate.frame_at(frame.pts)));
            }
        }
        assert_eq!(taken, (0..90).collect::<Vec<_>>());
        for tick in 90..100 {
            pictures.put(&frame(rate, tick));
        }
        assert_eq!(feed.waiting().len(), PICTURES_WAITING);
        assert_eq!(feed.outlet.counters.unseen.load(Ordering::Relaxed), 4);
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
}
