//! Where pictures and sound come from: the test pattern, files, RTSP cameras; cameras, screens and sound inputs of this rig; what is
//! pushed or piped to it.
//!
//! Every source runs on a thread of its own and fails alone. It stamps everything on the studio clock and delivers
//! ahead of time, so that the program never waits: pictures through a [`VideoQueueReader`], sound as blocks on the
//! 10 ms grid through a lock-free ring.
//!
//! ```text
//! start ── thread ── supervise ── pattern | file | rtsp | … ── Outlet ─┬─ VideoQueue ── frame_at(tick)
//!                    (retry, catch)                                └─ SoundWriter (resample, grid) ── ring
//! ```

mod aac;
mod attempt;
pub mod camera;
mod devices;
pub mod drift;
mod error;
pub mod file;
mod h264;
mod inventory;
pub mod microphone;
mod outlet;
pub mod pattern;
pub mod pipe;
mod queue;
pub mod resample;
pub mod rtmp;
pub mod rtsp;
pub mod screen;
mod sound;
mod spec;
mod stream;
mod supervise;
mod timeline;

use std::sync::Arc;

pub use attempt::{Outcome, Paced, Progress, Source};
pub use devices::{
    CameraFormat, CameraSpec, IngestSpec, MicrophoneSpec, PipeSpec, ScreenArea, ScreenSpec, SoundSystem,
};
pub use error::SourceError;
pub use h264::describe_decoder;
pub use inventory::{Absent, Found, Inventory, look_around};
pub use outlet::{Intake, Outlet, Reporter};
pub use queue::{CAPACITY, VideoQueueReader, VideoQueueWriter, video_queue};
pub use sound::{MAX_CHANNELS, RING_BLOCKS, SoundReader, SoundWriter, sound_queue};
pub use spec::{
    ControlRange, FileSpec, PatternSpec, PatternStyle, RtspSpec, RtspTransport, SourceAudio, SourceContext,
    SourceControl, SourceFormat, SourceKind, SourceReport, SourceSpec, SourceState, SourceVideo,
};
pub use supervise::Backoff;
pub use timeline::ArrivalTimeline;

use crate::media::AudioBlock;
use outlet::Control;

/// Starts `spec` on a thread of its own, named `src-NAME`. `report` is called from that thread and must not block.
///
/// Whatever happens to the source is reported and tried again; nothing but dropping the handle ends the thread. Should
/// the system refuse a thread, that is reported as a failure of the source.
pub fn start(
    spec: SourceSpec,
    context: SourceContext,
    report: impl Fn(SourceReport) + Send + Sync + 'static,
) -> SourceHandle {
    spawn(spec, context, &(Arc::new(report) as Reporter), false)
}

/// The same for one that is not played before it is [restarted](SourceHandle::restart): until then it stands as if it had ended.
pub fn start_waiting(
    spec: SourceSpec,
    context: SourceContext,
    report: impl Fn(SourceReport) + Send + Sync + 'static,
) -> SourceHandle {
    spawn(spec, context, &(Arc::new(report) as Reporter), true)
}

fn spawn(spec: SourceSpec, context: SourceContext, report: &Reporter, is_waiting: bool) -> SourceHandle {
    let (mut outlet, intake) = Outlet::new(context, Arc::clone(report));
    let spawned = std::thread::Builder::new()
        .name(format!("src-{}", spec.name))
        .spawn(move || {
            if is_waiting {
                supervise::wait_for_order(&mut outlet);
            }
            supervise::supervise(&spec, &mut outlet);
        });
    if let Err(error) = spawned {
        report(SourceReport::State(SourceState::Failed {
            reason: format!("no thread for this source: {error}"),
        }));
    }
    SourceHandle { intake }
}

/// A running source. Dropping it stops the thread, which ends within moments.
pub struct SourceHandle {
    intake: Intake,
}

impl SourceHandle {
    /// The source's pictures.
    pub fn video(&mut self) -> &mut VideoQueueReader {
        &mut self.intake.video
    }

    /// The source's sound, once: blocks on the 10 ms grid, ascending, up to a second of them. There may be holes.
    pub fn take_audio(&mut self) -> Option<rtrb::Consumer<AudioBlock>> {
        self.intake.sound.take()
    }

    /// Starts the source again at once: a file from its beginning, a camera that is away without waiting.
    pub fn restart(&self) {
        self.control().restart();
    }

    /// Sets a control of the device to `value`; `None` for its default. What comes of it is reported.
    pub fn set_control(&self, name: &str, value: Option<i64>) {
        self.control().set(name, value);
    }

    fn control(&self) -> &Control {
        &self.intake.control
    }
}

impl Drop for SourceHandle {
    fn drop(&mut self) {
        self.control().stop();
    }
}
