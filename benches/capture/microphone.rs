//! What a sound input costs: one of a PulseAudio daemon, captured and held on the clock, beside ffmpeg and parec on the same input at the
//! same time.
//!
//! ```sh
//! cargo bench --bench capture_microphone -- --seconds 10 --rounds 5
//! ```
//!
//! Everything runs at once, so that all have the same machine; CPU is what the kernel counted for the threads of each, in
//! turns of `--seconds`, of which the medians count. ffmpeg only decodes to nothing, and does not hold the sound on a clock of its own;
//! parec only hands it on. The daemon's own work is the same for all and in none. `docs/microphone.md` has the results.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    missing_docs
)]

#[path = "../pipeline/process.rs"]
#[allow(dead_code, reason = "shared with another bench")]
mod process;
#[path = "rounds.rs"]
mod rounds;
#[path = "../../tests/source_microphone_support/mod.rs"]
mod support;

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rigcast::source::{MicrophoneSpec, SoundSystem};
use rounds::Rounds;
use support::server::{Player, Server};
use support::{Capture, peers};

/// Somebody else who records from the same input.
struct Other {
    name: &'static str,
    child: Child,
}

impl Other {
    fn start(name: &'static str, command: &mut Command) -> Option<Self> {
        peers::peer(command.get_program().to_str()?)?;
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Some(Self {
            name,
            child: command.spawn().ok()?,
        })
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// CPU seconds of all threads of a process.
fn cpu(pid: u32) -> f64 {
    process::threads(pid).values().sum()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() {
    let arguments = Rounds::parse(10, 5);
    let Some(server) = Server::start(&["module-null-sink sink_name=stage rate=48000"]) else {
        return;
    };
    let _player = Player::tones(&server, "stage", &[(440.0, -20.0), (1_000.0, -26.0)]);
    let capture = Capture::start(MicrophoneSpec {
        device: Some("stage.monitor".to_owned()),
        system: SoundSystem::Pulse,
        server: Some(server.address()),
        channels: Vec::new(),
    });
    capture.wait_live();
    let others: Vec<Other> = [
        Other::start(
            "ffmpeg -f pulse",
            server.client("ffmpeg").args([
                "-v",
                "error",
                "-f",
                "pulse",
                "-fragment_size",
                "3840",
                "-i",
                "stage.monitor",
                "-f",
                "null",
                "-",
            ]),
        ),
        Other::start(
            "parec",
            server.client("parec").args([
                "--device=stage.monitor",
                "--format=float32le",
                "--rate=48000",
                "--latency-msec=10",
            ]),
        ),
    ]
    .into_iter()
    .flatten()
    .collect();

    let own = || {
        process::threads(std::process::id())
            .get("src-mic")
            .copied()
            .unwrap_or_default()
    };
    let mut shares: Vec<Vec<f64>> = vec![Vec::new(); others.len() + 1];
    let mut missing = 0;
    for _ in 0..arguments.rounds {
        let before: Vec<f64> = std::iter::once(own())
            .chain(others.iter().map(|other| cpu(other.child.id())))
            .collect();
        let heard = capture.mix(arguments.seconds * 100);
        missing += heard.missing;
        let after = std::iter::once(own()).chain(others.iter().map(|other| cpu(other.child.id())));
        for ((shares, before), after) in shares.iter_mut().zip(before).zip(after) {
            shares.push((after - before) / Duration::from_secs(arguments.seconds.into()).as_secs_f64() * 100.0);
        }
    }
    let names = std::iter::once("rigcast, one input").chain(others.iter().map(|other| other.name));
    println!(
        "percent of a core, median of {} rounds of {} s (load {:.1}):",
        arguments.rounds,
        arguments.seconds,
        process::load()
    );
    for (name, shares) in names.zip(shares) {
        println!(
            "{name:20} {:.2} % (from {:.2} to {:.2})",
            median(shares.clone()),
            least(&shares),
            most(&shares)
        );
    }
    println!("blocks that the mixer missed: {missing}");
}

fn least(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::INFINITY, f64::min)
}

fn most(values: &[f64]) -> f64 {
    values.iter().copied().fold(0.0, f64::max)
}
