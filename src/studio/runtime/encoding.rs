//! The encoder threads: frames and blocks in through short bounded queues, packets out to the [`Outlet`].

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;
use std::time::Instant;

use super::outlet::Outlet;
use crate::encode::{AudioEncoder, EncodeError, VideoEncoder};
use crate::media::{AudioBlock, VideoFrame};

/// Frames that may wait for the encoder. A late picture is one that finds this many before it: it is skipped and counted,
/// since waiting longer would only turn a short stall into lasting delay.
///
/// A third of a second at 30 fps: what a busy machine takes away for a moment is made up for without a gap.
pub const FRAMES_WAITING: usize = 10;

/// Sound blocks that may wait: far more than ever should, a second of them.
pub const BLOCKS_WAITING: usize = 100;

/// Encodes pictures until the sender is gone.
pub fn encode_video(
    frames: &Receiver<VideoFrame>,
    encoder: &mut dyn VideoEncoder,
    outlet: &Arc<Outlet>,
    report: &dyn Fn(String),
) {
    let mut kbps = encoder.config().bitrate_kbps;
    let mut faults = Faults::default();
    for frame in frames {
        let wanted = outlet.video_kbps();
        if wanted != kbps {
            faults.note(encoder.set_bitrate(wanted), report);
            kbps = wanted;
        }
        let start = Instant::now();
        let encoded = encoder.encode(&frame, outlet.take_idr_wish());
        let counters = &outlet.counters;
        counters.encode_us.fetch_add(
            u64::try_from(start.elapsed().as_micros()).unwrap_or(0),
            Ordering::Relaxed,
        );
        match encoded {
            Ok(Some(packet)) => {
                counters.encoded_frames.fetch_add(1, Ordering::Relaxed);
                outlet.offer(&packet);
                faults.recover();
            }
            Ok(None) => {
                counters.skipped_frames.fetch_add(1, Ordering::Relaxed);
            }
            Err(error) => {
                counters.skipped_frames.fetch_add(1, Ordering::Relaxed);
                // What comes after a lost picture must not refer to it.
                outlet.want_idr();
                faults.note(Err(error), report);
            }
        }
    }
}

/// Encodes sound until the sender is gone.
pub fn encode_sound(
    blocks: &Receiver<AudioBlock>,
    encoder: &mut dyn AudioEncoder,
    outlet: &Arc<Outlet>,
    report: &dyn Fn(String),
) {
    let mut faults = Faults::default();
    for block in blocks {
        let result = encoder.encode(&block, &mut |packet| outlet.offer(&packet));
        if result.is_ok() {
            faults.recover();
        }
        faults.note(result, report);
    }
}

/// Says once that an encoder fails, not thirty times per second.
#[derive(Default)]
struct Faults {
    last: Option<EncodeError>,
}

impl Faults {
    fn note(&mut self, result: Result<(), EncodeError>, report: &dyn Fn(String)) {
        if let Err(error) = result
            && self.last.as_ref() != Some(&error)
        {
            report(error.to_string());
            self.last = Some(error);
        }
    }

    fn recover(&mut self) {
        self.last = None;
    }
}
