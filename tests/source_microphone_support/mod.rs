//! What the tests of sound inputs share: an input that is captured, and what is seen of its sound.
#![allow(dead_code, unused_imports, clippy::unwrap_used, clippy::print_stderr)]

pub mod fake;
#[path = "../common/extent.rs"]
mod length;
#[path = "../common/peers.rs"]
pub mod peers;
pub mod server;
#[path = "../common/waiting.rs"]
mod waiting;

use std::f64::consts::TAU;
use std::fmt;
use std::process::Command;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

pub use length::extent;
use rigcast::clock::Clock;
use rigcast::media::{AudioBlock, BLOCK_FRAMES, FramePool, FrameRate};
use rigcast::source::{
    MicrophoneSpec, SourceAudio, SourceContext, SourceHandle, SourceKind, SourceReport, SourceSpec, SourceState, start,
};
pub use waiting::{PATIENCE, wait_for};

type Reports = Arc<(Mutex<Vec<SourceReport>>, Condvar)>;

/// A sound input that is running.
pub struct Capture {
    clock: Clock,
    reports: Reports,
    /// Reports before this one have been waited for.
    seen: Mutex<usize>,
    ring: Mutex<rtrb::Consumer<AudioBlock>>,
    _handle: SourceHandle,
}

impl Capture {
    pub fn start(spec: MicrophoneSpec) -> Self {
        Self::start_on(Clock::start(), spec)
    }

    pub fn start_on(clock: Clock, spec: MicrophoneSpec) -> Self {
        let reports = Reports::default();
        let sink = Arc::clone(&reports);
        let context = SourceContext {
            clock,
            width: 1280,
            height: 720,
            frame_rate: FrameRate::new(30, 1).unwrap(),
            pool: FramePool::new(),
        };
        let spec = SourceSpec {
            name: "mic".to_owned(),
            kind: SourceKind::Microphone(spec),
        };
        let mut handle = start(spec, context, move |report| {
            sink.0.lock().unwrap().push(report);
            sink.1.notify_all();
        });
        let ring = Mutex::new(handle.take_audio().unwrap());
        Self {
            clock,
            reports,
            seen: Mutex::new(0),
            ring,
            _handle: handle,
        }
    }

    /// Waits for a report of which `wanted` makes something, among those that nobody has waited for yet.
    pub fn wait_some<T>(&self, what: &str, mut wanted: impl FnMut(&SourceReport) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        let mut seen = self.seen.lock().unwrap();
        let mut reports = self.reports.0.lock().unwrap();
        loop {
            while let Some(report) = reports.get(*seen) {
                *seen += 1;
                if let Some(found) = wanted(report) {
                    return found;
                }
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "waited in vain for {what}: {reports:?}");
            reports = self.reports.1.wait_timeout(reports, left).unwrap().0;
        }
    }

    pub fn wait_report(&self, what: &str, mut wanted: impl FnMut(&SourceReport) -> bool) {
        self.wait_some(what, |report| wanted(report).then_some(()));
    }

    pub fn wait_state<T>(&self, what: &str, mut wanted: impl FnMut(&SourceState) -> Option<T>) -> T {
        self.wait_some(what, |report| match report {
            SourceReport::State(state) => wanted(state),
            _ => None,
        })
    }

    pub fn wait_live(&self) {
        self.wait_state("sound", |state| (*state == SourceState::Live).then_some(()));
    }

    /// Waits until it is away, and says why.
    pub fn wait_away(&self) -> String {
        self.wait_state("its being away", |state| match state {
            SourceState::Away { reason } => Some(reason.clone()),
            _ => None,
        })
    }

    /// What comes in, as told last.
    pub fn format(&self) -> Option<SourceAudio> {
        let reports = self.reports.0.lock().unwrap();
        reports.iter().rev().find_map(|report| match report {
            SourceReport::Format(format) => format.audio,
            _ => None,
        })
    }

    /// What the operator was told.
    pub fn notices(&self) -> Vec<String> {
        let reports = self.reports.0.lock().unwrap();
        let notices = reports.iter().filter_map(|report| match report {
            SourceReport::Notice(text) => Some(text.clone()),
            _ => None,
        });
        notices.collect()
    }

    /// The next `count` blocks from now on, without a hole between them.
    pub fn blocks(&self, count: usize) -> Vec<AudioBlock> {
        let mut ring = self.ring.lock().unwrap();
        while ring.pop().is_ok() {}
        let mut blocks: Vec<AudioBlock> = Vec::new();
        wait_for("sound", PATIENCE, || {
            while let Ok(block) = ring.pop() {
                if blocks
                    .last()
                    .is_some_and(|last| block.pts != last.pts + AudioBlock::duration())
                {
                    blocks.clear();
                }
                blocks.push(block);
            }
            (blocks.len() >= count).then_some(())
        });
        blocks.truncate(count);
        blocks
    }

    /// Takes `count` blocks as the mixer does: each at its time or never.
    pub fn mix(&self, count: u32) -> Heard {
        let mut ring = self.ring.lock().unwrap();
        wait_for("the first block", PATIENCE, || ring.peek().ok().map(|_| ()));
        let mut heard = Heard::default();
        let mut index = AudioBlock::index_at(self.clock.now()) + 10;
        for _ in 0..count {
            index += 1;
            let due = AudioBlock::time_of(index);
            self.clock.sleep_until(due);
            while ring.peek().is_ok_and(|block| block.pts < due) {
                let _ = ring.pop();
            }
            if ring.peek().is_ok_and(|block| block.pts == due) {
                heard.blocks.push(ring.pop().unwrap());
            } else {
                heard.missing += 1;
            }
        }
        heard
    }
}

/// What a mixer got.
#[derive(Default)]
pub struct Heard {
    pub blocks: Vec<AudioBlock>,
    pub missing: usize,
}

impl fmt::Display for Heard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} blocks, {} missing", self.blocks.len(), self.missing)
    }
}

impl Heard {
    /// How far the blocks of a [`fake::Fake`] are at most from the middle one, in ms; and how long that one took from when it was made.
    pub fn offsets_ms(&self) -> (f64, f64) {
        let at = BLOCK_FRAMES / 2;
        let delays = self.blocks.iter().filter_map(|block| {
            let made = f64::from(block.channels[0][at]);
            let due = (block.pts + at_rate(at)).as_secs_f64();
            // Away from where the ramp falls.
            let delay = (due.fract() - made).rem_euclid(1.0);
            ((0.05..0.9).contains(&made) && delay < 0.5).then_some(delay * 1_000.0)
        });
        let mut delays: Vec<f64> = delays.collect();
        delays.sort_by(f64::total_cmp);
        let middle = delays[delays.len() / 2];
        (
            delays
                .iter()
                .fold(0.0, |worst, delay| (delay - middle).abs().max(worst)),
            middle,
        )
    }
}

fn at_rate(frames: usize) -> rigcast::media::TimeDelta {
    rigcast::media::TimeDelta::from_rate(i64::try_from(frames).unwrap(), 48_000)
}

pub fn left(blocks: &[AudioBlock]) -> Vec<f32> {
    blocks.iter().flat_map(|block| block.channels[0]).collect()
}

pub fn right(blocks: &[AudioBlock]) -> Vec<f32> {
    blocks.iter().flat_map(|block| block.channels[1]).collect()
}

pub fn peak(samples: &[f32]) -> f32 {
    samples.iter().fold(0.0, |peak, sample| peak.max(sample.abs()))
}

/// The peak of the sine of `hz` in `samples`, in dBFS.
pub fn level_db(samples: &[f32], hz: f64) -> f64 {
    let (mut real, mut imaginary) = (0.0, 0.0);
    let count = samples.len() as f64;
    for (at, sample) in samples.iter().enumerate() {
        // Hann's window: neighbours do not leak in.
        let window = 1.0 - (TAU * at as f64 / count).cos();
        let angle = TAU * hz * at as f64 / 48_000.0;
        real += f64::from(*sample) * window * angle.cos();
        imaginary += f64::from(*sample) * window * angle.sin();
    }
    20.0 * (real.hypot(imaginary) * 2.0 / count).max(1e-9).log10()
}

/// Runs an ignored test of this program in a process with these variables, and gives what it printed.
pub fn in_a_child(test: &str, variables: &[(&str, &str)]) -> String {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--ignored", "--nocapture"])
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.success(),
        "{test}: {text}\n{}",
        String::from_utf8_lossy(&output.stdout)
    );
    text
}

/// Whether the loader of this machine knows a library.
pub fn has_library(name: &str) -> bool {
    let list = Command::new("ldconfig")
        .arg("-p")
        .output()
        .or_else(|_| Command::new("/sbin/ldconfig").arg("-p").output());
    list.is_ok_and(|list| String::from_utf8_lossy(&list.stdout).contains(name))
}
