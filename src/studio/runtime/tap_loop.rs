//! The tap thread: small pictures of program, preview and sources for the clients that look.
//!
//! The picture thread only leaves references to its newest frames here, and only while somebody looks. Scaling and
//! conversion happen on this thread at the rates that clients asked for, and preview is composited at the size of its
//! monitor rather than at that of the program: what is looked at small costs little.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use super::easel::{Easel, Paints};
use super::graphics::Board;
use super::plan::{Plan, PlannedLayer};
use crate::clock::Clock;
use crate::control::protocol::{MonitorTarget, TapMonitor};
use crate::control::taps::{Picture, TapClient, Taps};
use crate::media::{FramePool, TimeDelta, Timestamp, VideoFrame};
use crate::picture::Thumbnailer;
use crate::studio::model::FaceMark;

/// The newest pictures, from the picture thread to the tap thread.
pub struct TapSlot {
    taps: Taps,
    newest: Mutex<Newest>,
    fresh: Condvar,
}

#[derive(Clone, Default)]
struct Newest {
    count: u64,
    plan: Option<Arc<Plan>>,
    program: Option<VideoFrame>,
    /// The faces in it.
    marks: Vec<FaceMark>,
    sources: Vec<Option<VideoFrame>>,
    /// What the sources are called, in the same order.
    names: Arc<Vec<String>>,
    board: Arc<Board>,
}

impl TapSlot {
    /// A slot for the clients among `taps`.
    #[must_use]
    pub fn new(taps: Taps) -> Self {
        Self {
            taps,
            newest: Mutex::default(),
            fresh: Condvar::new(),
        }
    }

    /// Leaves the newest pictures, if anybody looks. Takes a lock that is only ever held for as long as it takes to
    /// copy a handful of references.
    ///
    /// Without a `program` that stays as it is: it comes by [`put_program`](Self::put_program).
    pub fn put(
        &self,
        plan: &Arc<Plan>,
        program: Option<&VideoFrame>,
        sources: &[Option<VideoFrame>],
        board: &Arc<Board>,
    ) {
        if self.taps.is_empty() {
            return;
        }
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        newest.count += 1;
        newest.plan = Some(Arc::clone(plan));
        newest.board = Arc::clone(board);
        if let Some(program) = program {
            newest.program = Some(program.clone());
            newest.marks.clear();
        }
        newest.sources.clear();
        newest.sources.extend_from_slice(sources);
        drop(newest);
        self.fresh.notify_one();
    }

    /// Other sources have taken over. Their pictures come with the next [`put`](Self::put).
    pub fn rename(&self, names: &Arc<Vec<String>>) {
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        newest.names = Arc::clone(names);
        newest.sources.clear();
    }

    /// Leaves the newest program picture as it goes out, with the faces in it, if anybody looks.
    pub fn put_program(&self, program: &VideoFrame, marks: &[FaceMark]) {
        if self.taps.is_empty() {
            return;
        }
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        newest.count += 1;
        newest.program = Some(program.clone());
        newest.marks.clear();
        newest.marks.extend_from_slice(marks);
        drop(newest);
        self.fresh.notify_one();
    }

    /// The pictures after number `seen`; `None` after a while without, so that the caller can look whether to stop.
    fn after(&self, seen: u64) -> Option<Newest> {
        let newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = Duration::from_millis(200);
        let waited = self
            .fresh
            .wait_timeout_while(newest, wait, |newest| newest.count == seen);
        let (mut newest, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if newest.count == seen {
            // Nobody looks any more, perhaps: do not keep frames from their pool.
            let (count, names) = (newest.count, Arc::clone(&newest.names));
            *newest = Newest {
                count,
                names,
                ..Newest::default()
            };
            return None;
        }
        Some(newest.clone())
    }
}

/// What was last sent for one monitor of one client.
struct Sent {
    due: Timestamp,
    picture: Option<VideoFrame>,
    marks: Vec<FaceMark>,
}

/// One easel per size of a monitor, for preview and for each scene that is looked at by its name.
type Easels = HashMap<(u32, u32, Option<String>), Easel>;

/// What the tap thread works with.
pub struct TapLoop {
    /// The studio clock.
    pub clock: Clock,
    /// Program size.
    pub size: (u32, u32),
    /// Where the pictures come from.
    pub slot: Arc<TapSlot>,
    /// Set when the show is over.
    pub stop: Arc<AtomicBool>,
}

impl TapLoop {
    /// Runs until `stop`.
    pub fn run(self) {
        let pool = FramePool::new();
        let mut thumbnailer = Thumbnailer::default();
        let mut easels = Easels::new();
        let mut sent: HashMap<(u64, u16, u16), Sent> = HashMap::new();
        let mut seen = 0;
        while !self.stop.load(Ordering::Relaxed) {
            let Some(newest) = self.slot.after(seen) else {
                sent.clear();
                easels.clear();
                continue;
            };
            seen = newest.count;
            let now = self.clock.now();
            let clients = self.slot.taps.clients();
            for client in &clients {
                let key = client.id();
                let (generation, monitors) = client.wanted();
                sent.retain(|(owner, of, _), _| *owner != key || *of == generation);
                for (at, monitor) in (0..).zip(&monitors) {
                    let last = sent.entry((key, generation, at)).or_insert(Sent {
                        due: now,
                        picture: None,
                        marks: Vec::new(),
                    });
                    if now < last.due {
                        continue;
                    }
                    let Some(frame) = self.frame(&newest, monitor, &pool, &mut easels, now) else {
                        continue;
                    };
                    // Only program is looked through for faces. A cover is the same picture while they move.
                    let marks = match monitor.what {
                        MonitorTarget::Program => newest.marks.as_slice(),
                        _ => &[],
                    };
                    if last.marks == marks && last.picture.as_ref().is_some_and(|old| old.is_same_picture(&frame)) {
                        continue;
                    }
                    let period = TimeDelta::from_secs_f64(1.0 / f64::from(monitor.per_second));
                    // On the grid of its own rate; one that fell behind starts a new grid.
                    last.due = if now - last.due > period {
                        now + period
                    } else {
                        last.due + period
                    };
                    send(client, (generation, at), monitor, &frame, marks, &mut thumbnailer);
                    last.picture = Some(frame);
                    last.marks.clear();
                    last.marks.extend_from_slice(marks);
                }
            }
            sent.retain(|(owner, ..), _| clients.iter().any(|client| client.id() == *owner));
        }
    }

    fn frame(
        &self,
        newest: &Newest,
        monitor: &TapMonitor,
        pool: &FramePool,
        easels: &mut Easels,
        now: Timestamp,
    ) -> Option<VideoFrame> {
        match &monitor.what {
            MonitorTarget::Program => newest.program.clone(),
            MonitorTarget::Source(name) => {
                let at = newest.names.iter().position(|known| known == name)?;
                newest.sources.get(at)?.clone()
            }
            MonitorTarget::Preview => {
                let plan = newest.plan.as_ref()?;
                let scene = plan.scenes.get(plan.preview)?;
                Some(self.scene(newest, monitor, None, &scene.layers, pool, easels, now))
            }
            MonitorTarget::Scene(name) => {
                let plan = newest.plan.as_ref()?;
                let scene = plan.scenes.iter().find(|scene| scene.name == *name)?;
                Some(self.scene(newest, monitor, Some(name.clone()), &scene.layers, pool, easels, now))
            }
        }
    }

    /// A scene at the size of its monitor.
    #[expect(clippy::too_many_arguments, reason = "what the loop has at hand, once")]
    fn scene(
        &self,
        newest: &Newest,
        monitor: &TapMonitor,
        name: Option<String>,
        layers: &[PlannedLayer],
        pool: &FramePool,
        easels: &mut Easels,
        now: Timestamp,
    ) -> VideoFrame {
        let size = (monitor.width.next_multiple_of(2), monitor.height.next_multiple_of(2));
        let easel = easels
            .entry((size.0, size.1, name))
            .or_insert_with(|| Easel::new(size, pool.clone()));
        let paints = Paints {
            frames: &newest.sources,
            board: &newest.board,
            size: self.size,
        };
        easel.compose(layers, paints, now)
    }
}

fn send(
    client: &TapClient,
    wish: (u16, u16),
    wanted: &TapMonitor,
    frame: &VideoFrame,
    marks: &[FaceMark],
    thumbnailer: &mut Thumbnailer,
) {
    let mut rgb = Vec::new();
    thumbnailer.rgb(frame, wanted.width, wanted.height, &mut rgb);
    let (width, height) = (wanted.width as u16, wanted.height as u16);
    client.offer(Picture::new(wish, (width, height), marks, rgb));
}
