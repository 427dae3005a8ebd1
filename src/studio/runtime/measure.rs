//! Counters into rates: what the pipeline did since it was last asked.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use super::outlet::{Counters, LINES, SOURCE};
use super::process::ProcessMeter;
use crate::studio::model::Stats;

/// Takes differences of counters that only grow.
pub struct Measure {
    process: ProcessMeter,
    last: Totals,
}

/// Counters at one moment.
#[derive(Clone, Copy)]
struct Totals {
    at: Instant,
    frames: u64,
    encoded_frames: u64,
    encode_us: u64,
    video_bytes: [u64; LINES],
}

impl Measure {
    /// Starts measuring, before anything has happened.
    #[must_use]
    pub fn start() -> Self {
        Self {
            process: ProcessMeter::start(),
            last: Totals {
                at: Instant::now(),
                frames: 0,
                encoded_frames: 0,
                encode_us: 0,
                video_bytes: [0; LINES],
            },
        }
    }

    /// What happened since the last call, and in all, while `clients` look; and the kbit/s of each line beside the source.
    pub fn take(&mut self, counters: &Counters, clients: u32) -> (Stats, Vec<u32>) {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let now = Totals {
            at: Instant::now(),
            frames: read(&counters.frames),
            encoded_frames: read(&counters.encoded_frames),
            encode_us: read(&counters.encode_us),
            video_bytes: std::array::from_fn(|line| read(&counters.video_bytes[line])),
        };
        let last = std::mem::replace(&mut self.last, now);
        let seconds = (now.at - last.at).as_secs_f64().max(0.001);
        let encoded = (now.encoded_frames - last.encoded_frames) as f64;
        let (cpu_percent, memory_mb) = self.process.measure();
        let kbps =
            |line: usize| ((now.video_bytes[line] - last.video_bytes[line]) as f64 * 0.008 / seconds).round() as u32;
        let stats = Stats {
            fps: (now.frames - last.frames) as f64 / seconds,
            frames: now.frames,
            skipped_frames: read(&counters.skipped_frames),
            skipped_in_renditions: read(&counters.ladder_skipped),
            late_ticks: read(&counters.late_ticks),
            late_blocks: read(&counters.late_blocks),
            covered_frames: read(&counters.covered_frames),
            silenced_blocks: read(&counters.silenced_blocks),
            unseen: read(&counters.unseen),
            video_kbps: kbps(SOURCE),
            encode_ms: if encoded > 0.0 {
                (now.encode_us - last.encode_us) as f64 / 1000.0 / encoded
            } else {
                0.0
            },
            cpu_percent,
            memory_mb,
            clients,
        };
        (stats, (SOURCE + 1..LINES).map(kbps).collect())
    }
}
