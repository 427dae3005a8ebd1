//! Recording: the show onto a disk, in fragments, so that a crash or a power cut loses a second and not the file.
//!
//! ```text
//! encoders → offer() → queue (bounded) → interleave → cutter → part: wire::fmp4, one write, flushed → FILE.mp4
//!                                                               one line each                      → FILE.mp4.index.ndjson
//! ```
//! A room of its own beside `publish`: a file has no peer, no handshake and no backoff, and a destination has no free space.
//! `queue`, `interleave`, `cutter` and `name` are logic without clock or disk; `recorder` is the thread that drives them.
//!
//! The show never waits: `offer` takes a lock that is held for the time of a push, and what the disk does not take in
//! twelve seconds is left out up to the next IDR, counted and told.

mod cutter;
mod disk;
mod error;
mod index;
mod interleave;
mod mend;
mod name;
mod part;
mod queue;
mod recorder;
mod settings;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub use crate::wire::fmp4::TrackConfig;
pub use disk::{Disk, DiskFile, SystemDisk};
pub use error::RecordError;
pub use mend::{Mended, mend};
pub use queue::Dropped;
pub use settings::{KEEP_FREE_BYTES, RecordSettings};

use crate::clock::Clock;
use crate::media::{Packet, TimeDelta};
use crate::wire::fmp4::WallClock;
use name::Template;
use queue::{Item, Queue};
use recorder::{Equipment, Recorder};

/// How many names are tried before a template counts as used up.
const MOST_NAMES: usize = 100;

/// How long [`RecorderHandle::stop`] waits for the disk.
const STOP_WITHIN: Duration = Duration::from_secs(5);

/// What a recorder tells its studio.
#[derive(Clone, Debug, PartialEq)]
pub enum RecordReport {
    /// A part was started, or a fragment of it is safe on the disk.
    State {
        /// The file.
        path: PathBuf,
        /// Which part of this recording it is, counted from 1.
        part: u32,
        /// What is safe.
        bytes: u64,
        /// How much show that is.
        duration: TimeDelta,
    },
    /// What is missing in the recording so far, because the disk was late or away.
    Dropped(Dropped),
    /// Space gets short: told once, before recording stops.
    SpaceLow {
        /// The file, or its folder before there is one.
        path: PathBuf,
        /// What is free.
        free_bytes: u64,
        /// What is to stay free: recording stops below.
        keep_free_bytes: u64,
    },
    /// Space is no longer short.
    SpaceBack,
    /// Nothing is being recorded. The show goes on.
    Failed {
        /// The file or folder.
        path: PathBuf,
        /// What happened, with the file's name.
        reason: String,
        /// Whether that is for want of space.
        is_full: bool,
        /// When it is tried again, at the next IDR after it; zero: at once, in the other place. `None`: never, the recorder
        /// itself has failed.
        retry_in: Option<TimeDelta>,
    },
    /// The index beside the file cannot be written. The file is not affected, and has all that the index would.
    IndexLost {
        /// The file whose index it is.
        path: PathBuf,
        /// What happened.
        reason: String,
    },
    /// A part is complete.
    Finished {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
        /// How much show is in it.
        duration: TimeDelta,
    },
}

/// A running recording. Dropping it ends it in its own time; [`stop`](Self::stop) waits until the end is written.
#[derive(Debug)]
pub struct RecorderHandle {
    shared: Arc<Shared>,
    ended: Receiver<()>,
}

/// Whether `path` is a file, or a template for the names of files, that a recording could be written to.
///
/// # Errors
/// What is wrong with it.
pub fn check_template(path: &Path) -> Result<(), RecordError> {
    Template::parse(path).map(drop)
}

/// What the template `path` becomes now for a show of that `name`, in order of preference: for files that are no recordings.
///
/// # Errors
/// What is wrong with it.
pub fn names(path: &Path, name: &str) -> Result<Vec<PathBuf>, RecordError> {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
    let template = Template::parse(path)?;
    Ok(template
        .candidates(name, 1, since_1970.unwrap_or_default())
        .take(MOST_NAMES)
        .collect())
}

/// Starts a recording of `tracks` on a thread of its own. The first part starts with the next IDR of the pictures.
///
/// `report` is called from that thread.
///
/// # Errors
/// If the settings make no sense. What the disk says comes as a report, since disks may take their time.
pub fn start(
    settings: RecordSettings,
    tracks: Vec<TrackConfig>,
    clock: Clock,
    report: impl Fn(RecordReport) + Send + Sync + 'static,
) -> Result<RecorderHandle, RecordError> {
    start_on(Box::new(SystemDisk), settings, tracks, clock, report)
}

/// The same on another disk than this machine's file system.
///
/// # Errors
/// As [`start`].
pub fn start_on(
    disk: Box<dyn Disk>,
    settings: RecordSettings,
    tracks: Vec<TrackConfig>,
    clock: Clock,
    report: impl Fn(RecordReport) + Send + Sync + 'static,
) -> Result<RecorderHandle, RecordError> {
    if tracks.is_empty() {
        return Err(RecordError::NoTracks);
    }
    let places = std::iter::once(&settings.path).chain(&settings.fallback);
    let places = places
        .map(|path| Template::parse(path))
        .collect::<Result<Vec<_>, _>>()?;
    let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let shared = Arc::new(Shared::new(tracks.len()));
    let report: Arc<dyn Fn(RecordReport) + Send + Sync> = Arc::new(report);
    let gear = Equipment {
        wall: WallClock::new(clock.now(), unix),
        settings,
        places,
        tracks,
        clock,
        disk,
        report: Arc::clone(&report),
        shared: Arc::clone(&shared),
    };
    let (end, ended) = mpsc::channel();
    let path = gear.settings.path.clone();
    let queue = Arc::clone(&shared);
    let body = move || {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| Recorder::new(gear).run())) {
            // Nobody takes from the queue any more: what is offered is counted as dropped.
            queue.close();
            report(RecordReport::Failed {
                path,
                reason: format!("the recorder has failed: {}", text_of(&*panic)),
                is_full: false,
                retry_in: None,
            });
        }
        // Nobody may wait for it any more.
        let _ = end.send(());
    };
    std::thread::Builder::new()
        .name("record".to_owned())
        .spawn(body)
        .map_err(RecordError::Thread)?;
    Ok(RecorderHandle { shared, ended })
}

impl RecorderHandle {
    /// Queues a packet of `track`, an index into the tracks that the recording was started with. Never blocks: what does not
    /// fit is left out, to the next IDR, and that is counted and told.
    pub fn offer(&self, track: usize, packet: &Packet) {
        self.shared.queue().offer(track, packet);
        self.shared.woken.notify_one();
    }

    /// Says that `track` goes on in another form: an encoder was started anew with other parameters. If it is another, the
    /// part ends here and the next begins with the next IDR.
    pub fn set_track(&self, track: usize, config: TrackConfig) {
        self.ask(Item::Config { track, config });
    }

    /// Ends the part at the next IDR, which begins the next one. Nothing is lost in between.
    pub fn split_now(&self) {
        self.ask(Item::Split);
    }

    /// What the queue has refused so far because the disk was late. [`RecordReport::Dropped`] counts all that is missing.
    #[must_use]
    pub fn refused(&self) -> Dropped {
        self.shared.dropped()
    }

    /// Writes what has been offered until now and ends the file; waits at most five seconds for the disk.
    ///
    /// # Errors
    /// [`RecordError::StillWriting`] if the disk takes longer. It goes on being written then, as long as the process lives.
    pub fn stop(self) -> Result<(), RecordError> {
        self.shared.close();
        self.ended
            .recv_timeout(STOP_WITHIN)
            .map_err(|_| RecordError::StillWriting {
                seconds: STOP_WITHIN.as_secs(),
            })
    }

    fn ask(&self, item: Item) {
        self.shared.queue().ask(item);
        self.shared.woken.notify_one();
    }
}

impl Drop for RecorderHandle {
    fn drop(&mut self) {
        self.shared.close();
    }
}

/// What the show and the recorder share.
#[derive(Debug)]
struct Shared {
    queue: Mutex<Queue>,
    woken: Condvar,
}

impl Shared {
    fn new(tracks: usize) -> Self {
        Self {
            queue: Mutex::new(Queue::new(tracks)),
            woken: Condvar::new(),
        }
    }

    /// A queue is consistent between any two of its methods, none of which panics.
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for what comes next, with what was refused so far; `None` when the queue is closed and empty.
    fn next(&self) -> Option<(Item, Dropped)> {
        let mut queue = self.queue();
        loop {
            if let Some(item) = queue.pop() {
                return Some((item, queue.dropped()));
            }
            if queue.is_closed {
                return None;
            }
            queue = self.woken.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn dropped(&self) -> Dropped {
        self.queue().dropped()
    }

    fn close(&self) {
        self.queue().is_closed = true;
        self.woken.notify_all();
    }
}

/// What a panic said.
fn text_of(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("it did not say why")
}
