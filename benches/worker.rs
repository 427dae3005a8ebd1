//! What the process border costs: the same encoder in this process and in a worker, in turns, at 1280×720 and 30 per second.
//!
//! ```sh
//! cargo bench --bench worker -- --seconds 10 --rounds 7
//! ```
//!
//! Moving pictures with grain are drawn into the memory that the program is composited into, handed over at the pace of a
//! show, and come back as access units. CPU is what the kernel counted around the hand-over: of this process, and of every
//! worker, the idle spare included; drawing is not in it. Rounds are interleaved and medians compared, for the machine
//! may be busy with other things. `docs/performance.md` has the results.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    missing_docs
)]

#[path = "../tests/common/content.rs"]
mod content;
#[path = "../tests/common/counting.rs"]
mod counting;
#[path = "pipeline/process.rs"]
#[allow(dead_code, reason = "shared with another bench")]
mod process;
#[path = "capture/rounds.rs"]
mod rounds;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use content::Content;
use counting::allocations;
use rigcast::clock::Clock;
use rigcast::encode::{H264Encoder, VideoEncoder, VideoSettings};
use rigcast::media::FrameRate;
use rigcast::worker::arena::Arena;
use rigcast::worker::{Program, RemoteEncoder, Report};
use rounds::Rounds;
use rustix::time::{ClockId, clock_gettime};

const RATE: FrameRate = FrameRate::whole(30);

/// As many as a studio gives its encoder.
const SLOTS: u32 = 24;

/// One of the two, and what was measured of it.
struct Candidate {
    name: &'static str,
    encoder: Box<dyn VideoEncoder>,
    /// Per round: ms of CPU per frame.
    cpu_ms: Vec<f64>,
    /// Per frame: ms from the hand-over to the access unit.
    latency_ms: Vec<f64>,
    allocations: u64,
    bytes: usize,
}

impl Candidate {
    fn new(name: &'static str, encoder: impl VideoEncoder + 'static) -> Self {
        Self {
            name,
            encoder: Box::new(encoder),
            cpu_ms: Vec::new(),
            latency_ms: Vec::new(),
            allocations: 0,
            bytes: 0,
        }
    }

    fn round(&mut self, content: &mut Content, from: i64, frames: i64, is_measured: bool) {
        let children = children_cpu_ms();
        let (mut own, begin) = (0.0, Instant::now());
        for index in 0..frames {
            let frame = content.frame(from + index, RATE);
            let due = begin + Duration::from_secs_f64(index as f64 / RATE.as_f64());
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            let (before, cpu, handed) = (allocations(), own_cpu_ms(), Instant::now());
            let packet = self.encoder.encode(&frame, false).unwrap().expect("an access unit");
            let latency = handed.elapsed();
            own += own_cpu_ms() - cpu;
            if is_measured {
                self.allocations += (allocations() - before) as u64;
                self.latency_ms.push(latency.as_secs_f64() * 1000.0);
                self.bytes += packet.data.len();
            }
        }
        if is_measured {
            self.cpu_ms.push((own + children_cpu_ms() - children) / frames as f64);
        }
    }
}

fn own_cpu_ms() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6
}

/// All of them live from the warm-up to the end.
fn children_cpu_ms() -> f64 {
    let seconds = process::children(std::process::id())
        .into_iter()
        .map(|pid| process::threads(pid).values().sum::<f64>());
    seconds.sum::<f64>() * 1000.0
}

/// Resident, of which shared with others by half or less counts so (PSS), peak; in MB.
fn memory_mb(pid: u32) -> (f64, f64, f64) {
    let (peak, resident) = process::memory_mb(pid).unwrap();
    let rollup = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    let proportional = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
    let kb = proportional.and_then(|rest| rest.split_whitespace().next()?.parse::<f64>().ok());
    (resident, kb.map_or(f64::NAN, |kb| kb * 1024.0 / 1e6), peak)
}

fn quantile(values: &[f64], share: f64) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values[((values.len() - 1) as f64 * share).round() as usize]
}

fn main() {
    let arguments = Rounds::parse(10, 7);
    let settings = VideoSettings {
        width: 1280,
        height: 720,
        frame_rate: RATE,
        bitrate_kbps: 2500,
        ..VideoSettings::default()
    };
    let arena = Arc::new(Arena::new(settings.width, settings.height, SLOTS).unwrap());
    let said = Arc::new(Mutex::new(BTreeSet::new()));
    let report = {
        let said = Arc::clone(&said);
        Arc::new(move |report: Report| {
            if !matches!(report, Report::State(..)) {
                said.lock().unwrap().insert(format!("{report:?}"));
            }
        })
    };
    let program = Program::at(env!("CARGO_BIN_EXE_rigcast"));
    let remote = RemoteEncoder::open(&settings, program, Arc::clone(&arena), Clock::start(), report).unwrap();
    let mut candidates = [
        Candidate::new("in process", H264Encoder::open(&settings).unwrap()),
        Candidate::new("in a worker", remote),
    ];
    // Both read from the same memory.
    let mut content = Content::new(settings.width, settings.height, arena.pool().clone());

    println!("load average before: {:.1}", process::load());
    let frames = i64::from(arguments.seconds) * 30;
    for round in 0..=arguments.rounds {
        // The first round warms up: caches, rate control, and the spare comes.
        let (length, is_measured) = if round == 0 { (90, false) } else { (frames, true) };
        // Neither is always the first.
        for turn in 0..candidates.len() {
            let candidate = &mut candidates[(turn + round) % 2];
            candidate.round(&mut content, round as i64 * frames, length, is_measured);
        }
        if is_measured {
            let cpu = candidates.each_ref().map(|it| *it.cpu_ms.last().unwrap());
            println!("round {round}: {:.3} and {:.3} ms of CPU per frame", cpu[0], cpu[1]);
        }
    }

    println!("\n| encoder | CPU ms per frame | latency ms, median | 95 % | longest | allocations per frame | kbit/s |");
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    for it in &candidates {
        let count = it.latency_ms.len() as f64;
        println!(
            "| {} | {:.3} | {:.2} | {:.2} | {:.1} | {:.2} | {:.0} |",
            it.name,
            quantile(&it.cpu_ms, 0.5),
            quantile(&it.latency_ms, 0.5),
            quantile(&it.latency_ms, 0.95),
            quantile(&it.latency_ms, 1.0),
            it.allocations as f64 / count,
            it.bytes as f64 * 0.008 * RATE.as_f64() / count,
        );
    }
    let [here, there] = &candidates;
    // Rounds beside each other saw the same machine.
    let ratios = here.cpu_ms.iter().zip(&there.cpu_ms).map(|(here, there)| there / here);
    let ratios = ratios.collect::<Vec<_>>();
    println!(
        "\nthe border: {:+.1} % CPU (rounds: {}), {:+.2} ms",
        (quantile(&ratios, 0.5) - 1.0) * 100.0,
        ratios
            .iter()
            .map(|it| format!("{:+.1}", (it - 1.0) * 100.0))
            .collect::<Vec<_>>()
            .join(", "),
        quantile(&there.latency_ms, 0.5) - quantile(&here.latency_ms, 0.5),
    );
    for pid in process::children(std::process::id()) {
        let (resident, proportional, peak) = memory_mb(pid);
        println!(
            "worker {pid}: {resident:.1} MB resident, {proportional:.1} MB of its own share (PSS), peak {peak:.1} MB"
        );
    }
    println!("load average after: {:.1}", process::load());
    for line in said.lock().unwrap().iter() {
        println!("MEASURED WITH A LOSS: {line}");
    }
}
