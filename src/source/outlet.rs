//! Where a source puts what it makes, and where it learns that it should stop.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Instant;

use super::queue::{VideoQueueReader, VideoQueueWriter, video_queue};
use super::sound::{SoundReader, SoundWriter, sound_queue};
use super::spec::{SourceContext, SourceControl, SourceFormat, SourceReport, SourceState};
use crate::media::{FramePool, TimeDelta, Timestamp, VideoFrame};

/// Who is told about a source.
pub type Reporter = Arc<dyn Fn(SourceReport) + Send + Sync>;

/// Drops are reported at most this often.
const DROP_REPORT_MS: i64 = 1_000;

/// What the studio wants from a source's thread.
#[derive(Debug, Default)]
pub(super) struct Control {
    orders: Mutex<Orders>,
    changed: Condvar,
}

#[derive(Clone, Debug, Default)]
struct Orders {
    is_stopping: bool,
    is_restarting: bool,
    /// Controls that are to be set, the oldest first.
    controls: Vec<(String, Option<i64>)>,
}

/// Orders for controls that wait at most; later ones for the same control replace earlier ones.
const MAX_CONTROLS: usize = 64;

impl Control {
    pub(super) fn stop(&self) {
        self.order(|orders| orders.is_stopping = true);
    }

    pub(super) fn restart(&self) {
        self.order(|orders| orders.is_restarting = true);
    }

    pub(super) fn set(&self, name: &str, value: Option<i64>) {
        self.order(|orders| {
            orders.controls.retain(|(waiting, _)| waiting != name);
            if orders.controls.len() < MAX_CONTROLS {
                orders.controls.push((name.to_owned(), value));
            }
        });
    }

    fn order(&self, change: impl FnOnce(&mut Orders)) {
        change(&mut self.orders.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.notify_all();
    }

    fn is_over(&self) -> bool {
        let orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        orders.is_stopping || orders.is_restarting
    }
}

/// The source's side of everything: queues, reports, orders. Outlives the attempts to run the source.
pub struct Outlet {
    context: SourceContext,
    control: Arc<Control>,
    video: VideoQueueWriter,
    sound: SoundWriter,
    pool: FramePool,
    report: Reporter,
    state: SourceState,
    format: SourceFormat,
    dropped: (u64, u64),
    dropped_at: Timestamp,
}

/// The studio's side of an [`Outlet`].
pub struct Intake {
    /// Pictures.
    pub video: VideoQueueReader,
    /// Sound.
    pub sound: SoundReader,
    pub(super) control: Arc<Control>,
}

impl Outlet {
    /// An outlet and what comes out at its other end. Tests use it to drive a source by hand, faster than time passes.
    #[must_use]
    pub fn new(context: SourceContext, report: Reporter) -> (Self, Intake) {
        let (video, video_reader) = video_queue(context.frame_rate);
        let (sound, sound_reader) = sound_queue();
        let control = Arc::<Control>::default();
        let pool = context.pool.clone();
        let outlet = Self {
            context,
            control: Arc::clone(&control),
            video,
            sound,
            pool,
            report,
            state: SourceState::Starting,
            format: SourceFormat::default(),
            dropped: (0, 0),
            dropped_at: Timestamp::ZERO,
        };
        let intake = Intake {
            video: video_reader,
            sound: sound_reader,
            control,
        };
        (outlet, intake)
    }

    /// The program that is served.
    #[must_use]
    pub fn context(&self) -> &SourceContext {
        &self.context
    }

    /// The time on the studio clock. For drivers; logic is given it.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.context.clock.now()
    }

    /// Memory for pictures.
    #[must_use]
    pub fn pool(&self) -> &FramePool {
        &self.pool
    }

    /// Hands a picture over.
    pub fn push_video(&mut self, frame: VideoFrame) {
        self.video.push(frame);
    }

    /// Whether a paced source may add a picture without pushing out one that is still to be shown.
    #[must_use]
    pub fn has_video_room(&self, now: Timestamp) -> bool {
        self.video.has_room(now)
    }

    /// The way for sound.
    pub fn sound(&mut self) -> &mut SoundWriter {
        &mut self.sound
    }

    /// Tells the state, where it is a new one.
    pub fn set_state(&mut self, state: SourceState) {
        if self.state != state {
            self.state = state.clone();
            (self.report)(SourceReport::State(state));
        }
    }

    /// The state as last told.
    #[must_use]
    pub fn state(&self) -> &SourceState {
        &self.state
    }

    /// Tells what comes in, where that is new.
    pub fn set_format(&mut self, format: SourceFormat) {
        if self.format != format {
            self.format = format;
            (self.report)(SourceReport::Format(format));
        }
    }

    /// Tells the operator something that stops nothing.
    pub fn notice(&self, text: impl Into<String>) {
        (self.report)(SourceReport::Notice(text.into()));
    }

    /// Tells what was dropped, where there is more of it than last time and that was a while ago.
    pub fn report_drops(&mut self, now: Timestamp) {
        let dropped = (self.video.dropped(), self.sound.dropped());
        if dropped != self.dropped && now - self.dropped_at >= TimeDelta::from_millis(DROP_REPORT_MS) {
            self.dropped = dropped;
            self.dropped_at = now;
            (self.report)(SourceReport::Dropped {
                frames: dropped.0,
                blocks: dropped.1,
            });
        }
    }

    /// Whether this attempt should end: the source is to stop or to start again.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.control.is_over()
    }

    /// The same question for where the outlet is not at hand: within a wait for somebody else.
    pub(super) fn order_watch(&self) -> impl Fn() -> bool + Send + Sync + use<> {
        let control = Arc::clone(&self.control);
        move || control.is_over()
    }

    /// Controls that are to be set on the device, the oldest first: name and value, or `None` for the default. Each is given once.
    #[must_use]
    pub fn take_controls(&self) -> Vec<(String, Option<i64>)> {
        let mut orders = self.control.orders.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut orders.controls)
    }

    /// Tells what can be set on the device.
    pub fn set_controls(&self, controls: Vec<SourceControl>) {
        (self.report)(SourceReport::Controls(controls));
    }

    /// Waits until the clock reads `until` or an order comes in; `false` for an order.
    pub fn wait_until(&self, until: Timestamp) -> bool {
        let deadline = self.context.clock.instant_of(until);
        let mut orders = self.control.orders.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if orders.is_stopping || orders.is_restarting {
                return false;
            }
            let Some(left) = deadline.checked_duration_since(Instant::now()) else {
                return true;
            };
            orders = self
                .control
                .changed
                .wait_timeout(orders, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// Takes note of a restart that was ordered, so that the next attempt runs. `None`: stop for good.
    pub(super) fn take_restart(&self) -> Option<bool> {
        let mut orders = self.control.orders.lock().unwrap_or_else(PoisonError::into_inner);
        (!orders.is_stopping).then(|| std::mem::take(&mut orders.is_restarting))
    }
}
