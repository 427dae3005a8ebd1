//! What a minute of show costs, next to the same work by other tools: CPU seconds, peak memory, time to the first picture.
//!
//! ```sh
//! cargo bench --bench pipeline -- --seconds 60 --rounds 3
//! cargo bench --bench pipeline -- --input-kbps 8000    # the same pictures in twice as many bits
//! cargo bench --bench pipeline -- --hard              # a clip that is harder to encode
//! cargo bench --bench pipeline -- --alone             # without the peers
//! cargo bench --bench pipeline -- --soak 600          # memory every ten seconds, one studio with a client
//! ```
//!
//! 1280×720 at 30 frames per second out of a file, denoised where the tool can, H.264 at 2500 and AAC at 128 kbit/s, RTMP
//! to nginx on loopback, where ffmpeg pulls it without decoding. A process counts with its workers. Rounds are interleaved: on a machine that others use too,
//! ratios within one run mean more than any figure. CPU is what the kernel counted for the publishing process up to
//! `--seconds` after its start, so opening, connecting and index reading are in it. `docs/performance.md` explains the results.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    missing_docs
)]

mod clip;
#[path = "../../tests/common/mod.rs"]
mod common;
mod peers;
mod process;
mod show;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::nginx::Nginx;
use common::{Guard, peer};
use show::{Client, FirstPicture};

/// How many of the pipelines are rigcast; all others are peers.
const OURS: usize = 3;

/// What `--seconds` and the rest say.
struct Arguments {
    seconds: u64,
    rounds: usize,
    soak: Option<u64>,
    is_alone: bool,
    is_hard: bool,
    input_kbps: u64,
}

impl Arguments {
    fn parse() -> Self {
        let mut parsed = Self {
            seconds: 60,
            rounds: 3,
            soak: None,
            is_alone: false,
            is_hard: false,
            input_kbps: 4000,
        };
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            let mut number = || words.next().and_then(|text| text.parse().ok()).expect("a number");
            match word.as_str() {
                "--seconds" => parsed.seconds = number(),
                "--rounds" => parsed.rounds = number() as usize,
                "--soak" => parsed.soak = Some(number()),
                "--input-kbps" => parsed.input_kbps = number(),
                "--alone" => parsed.is_alone = true,
                "--hard" => parsed.is_hard = true,
                // What cargo adds.
                "--bench" => {}
                _ => panic!(
                    "unknown argument '{word}': --seconds N, --rounds N, --input-kbps N, --soak SECONDS, --alone, --hard"
                ),
            }
        }
        parsed
    }
}

/// One run of one pipeline.
#[derive(Default)]
struct Run {
    cpu: f64,
    memory_mb: f64,
    first_picture_ms: Option<f64>,
    /// Pictures and kilobits per second that the viewer received.
    frames_per_second: f64,
    kbps: f64,
    /// Per thread of the studio, in ms of CPU per second.
    threads: BTreeMap<String, f64>,
    client: Option<ClientRun>,
}

struct ClientRun {
    cpu: f64,
    memory_mb: f64,
    kilobytes_per_second: f64,
    /// Over the window that `kilobytes_per_second` was measured in.
    threads: BTreeMap<String, f64>,
}

/// A viewer: copies what nginx sends into a file, without decoding it.
struct Viewer {
    process: Guard,
    path: std::path::PathBuf,
}

impl Viewer {
    fn pull(ffmpeg: &Path, url: &str, folder: &Path) -> Self {
        let path = folder.join("pulled.flv");
        let mut command = Command::new(ffmpeg);
        command
            .args([
                "-v",
                "error",
                "-nostdin",
                "-y",
                "-rw_timeout",
                "30000000",
                "-i",
                url,
                "-c",
                "copy",
            ])
            .arg(&path);
        Self {
            process: Guard::spawn(command.stderr(Stdio::null())),
            path,
        }
    }

    /// Frames per second and kbit/s of video that came, from the times of its packets.
    fn received(self) -> (f64, f64) {
        show::end(self.process);
        let output = Command::new("ffprobe")
            .args([
                "-v",
                "quiet",
                "-select_streams",
                "v:0",
                "-show_entries",
                "packet=dts_time,size",
                "-of",
                "csv=p=0",
            ])
            .arg(&self.path)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        let packets = text.lines().filter_map(|line| {
            let mut fields = line.split(',').map(|field| field.trim().parse::<f64>().ok());
            Some((fields.next()??, fields.next()??))
        });
        let packets = packets.collect::<Vec<_>>();
        let (Some(first), Some(last)) = (packets.first(), packets.last()) else {
            return (0.0, 0.0);
        };
        let seconds = (last.0 - first.0).max(0.001);
        let bytes = packets.iter().map(|(_, size)| size).sum::<f64>();
        ((packets.len() - 1) as f64 / seconds, bytes * 0.008 / seconds)
    }
}

/// Runs `command` for `seconds`; with a client attached where `tmux` is given.
fn measure(
    command: &mut Command,
    url: &str,
    seconds: u64,
    folder: &Path,
    tmux: Option<&Path>,
    is_rigcast: bool,
) -> Run {
    let viewer = Viewer::pull(&peer("ffmpeg").expect("checked"), url, folder);
    command.stdin(Stdio::null()).stdout(Stdio::null());
    command.stderr(if is_rigcast { Stdio::piped() } else { Stdio::null() });
    let begun = Instant::now();
    let mut process = Guard::spawn(command);
    let pid = process.pid();
    let log = is_rigcast.then(|| FirstPicture::watch(&mut process.0, begun));
    let client = tmux.map(|tmux| Client::attach(tmux, folder));
    let attached = Instant::now();
    let written = client.as_ref().and_then(Client::written_bytes);
    let until_end = Duration::from_secs(seconds).saturating_sub(begun.elapsed());
    std::thread::sleep(until_end);

    let per_second = |threads: BTreeMap<String, f64>, seconds: f64| {
        threads
            .into_iter()
            .map(|(name, cpu)| (name, cpu * 1000.0 / seconds))
            .collect::<BTreeMap<_, _>>()
    };
    let mut run = Run {
        cpu: process::family_cpu_seconds(pid).expect("the pipeline has ended too early"),
        memory_mb: process::family_memory_mb(pid).map_or(0.0, |(peak, _)| peak),
        threads: per_second(process::family_threads(pid), seconds as f64),
        ..Run::default()
    };
    if let Some(client) = &client {
        let watched = attached.elapsed().as_secs_f64();
        run.client = Some(ClientRun {
            cpu: process::cpu_seconds(client.pid).expect("the client has ended too early"),
            memory_mb: process::memory_mb(client.pid).map_or(0.0, |(peak, _)| peak),
            kilobytes_per_second: (client.written_bytes().unwrap_or(0.0) - written.unwrap_or(0.0)) / 1000.0 / watched,
            threads: per_second(process::threads(client.pid), watched),
        });
    }
    run.first_picture_ms = log.and_then(|log| log.milliseconds("first picture"));
    drop(client);
    (run.frames_per_second, run.kbps) = viewer.received();
    show::end(process);
    run
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values = values.collect::<Vec<_>>();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn list(values: impl Iterator<Item = f64>, decimals: usize) -> String {
    values
        .map(|value| format!("{value:.decimals$}"))
        .collect::<Vec<_>>()
        .join(", ")
}

fn main() {
    let arguments = Arguments::parse();
    let (Some(nginx), Some(ffmpeg)) = (Nginx::start(), peer("ffmpeg")) else {
        return;
    };
    let clip = clip::make(
        &ffmpeg,
        arguments.seconds.max(60),
        arguments.input_kbps,
        arguments.is_hard,
    );
    let folder = tempfile::tempdir().unwrap();
    let tmux = peer("tmux");
    if let Some(seconds) = arguments.soak {
        soak(&nginx, &clip, folder.path(), tmux.as_deref(), seconds);
        return;
    }
    let others = if arguments.is_alone {
        Vec::new()
    } else {
        peers::all(&clip)
    };
    let mut runs = BTreeMap::<usize, Vec<Run>>::new();
    let mut names = vec!["rigcast", "rigcast, client attached", "rigcast, OpenH264 decodes"];
    names.extend(others.iter().map(|peer| peer.name));

    println!("load average before: {:.1}", process::load());
    for round in 0..arguments.rounds {
        for (at, name) in names.iter().enumerate() {
            let url = nginx.url(&format!("show{round}{at}"));
            let tmux = tmux.as_deref().filter(|_| at == 1);
            if at == 1 && tmux.is_none() {
                continue;
            }
            let mut command = match at {
                0..OURS => {
                    let mut command = show::command(folder.path(), &show::scene(folder.path(), &clip, false), &url);
                    if at == 2 {
                        command.env("RIGCAST_DECODER", "openh264");
                    }
                    command
                }
                _ => (others[at - OURS].command)(&url),
            };
            let run = measure(&mut command, &url, arguments.seconds, folder.path(), tmux, at < OURS);
            println!(
                "round {} {name}: {:.2} s, load {:.1}",
                round + 1,
                run.cpu,
                process::load()
            );
            runs.entry(at).or_default().push(run);
        }
    }
    report(&names, &runs, arguments.seconds as f64);
    println!("load average after: {:.1}", process::load());
}

fn report(names: &[&str], runs: &BTreeMap<usize, Vec<Run>>, seconds: f64) {
    let reference = runs.iter().find(|(at, _)| names[**at].starts_with("GStreamer"));
    let reference = reference.map(|(_, runs)| median(runs.iter().map(|run| run.cpu)));
    println!("\n| pipeline | CPU s of {seconds:.0} s, rounds | median | × GStreamer | peak MB | fps | kbit/s |");
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    for (at, runs) in runs {
        let cpu = |run: &Run| run.cpu + run.client.as_ref().map_or(0.0, |client| client.cpu);
        let memory = |run: &Run| run.memory_mb + run.client.as_ref().map_or(0.0, |client| client.memory_mb);
        let median_cpu = median(runs.iter().map(cpu));
        println!(
            "| {} | {} | {median_cpu:.1} | {} | {:.0} | {:.1} | {:.0} |",
            names[*at],
            list(runs.iter().map(cpu), 1),
            reference.map_or("-".to_owned(), |reference| format!("{:.2}", median_cpu / reference)),
            median(runs.iter().map(memory)),
            median(runs.iter().map(|run| run.frames_per_second)),
            median(runs.iter().map(|run| run.kbps)),
        );
    }
    let first = runs
        .values()
        .flatten()
        .filter_map(|run| run.first_picture_ms)
        .collect::<Vec<_>>();
    println!(
        "\nfirst picture, ms after exec: median {:.0} of {}",
        median(first.iter().copied()),
        list(first.iter().copied(), 0)
    );
    threads(
        "studio without a client",
        runs.get(&0).into_iter().flatten().map(|run| &run.threads),
    );
    threads(
        "studio whose decoder is OpenH264",
        runs.get(&2).into_iter().flatten().map(|run| &run.threads),
    );
    if let Some(attached) = runs.get(&1) {
        threads("studio with a client", attached.iter().map(|run| &run.threads));
        let clients = || attached.iter().filter_map(|run| run.client.as_ref());
        threads("client", clients().map(|client| &client.threads));
        let alone = median(runs[&0].iter().map(|run| run.cpu));
        let with = median(attached.iter().map(|run| run.cpu));
        let client = median(clients().map(|client| client.cpu));
        println!(
            "\na client: {:.3} of a core in the client, {:+.3} in the studio (difference of medians); {:.0} kB/s to the terminal",
            client / seconds,
            (with - alone) / seconds,
            median(clients().map(|client| client.kilobytes_per_second)),
        );
    }
}

fn threads<'a>(of: &str, runs: impl Iterator<Item = &'a BTreeMap<String, f64>>) {
    let runs = runs.collect::<Vec<_>>();
    let names = runs
        .iter()
        .flat_map(|threads| threads.keys())
        .collect::<std::collections::BTreeSet<_>>();
    println!("\n| thread, {of} | CPU ms per second of show |\n| --- | --- |");
    for name in names {
        println!(
            "| {name} | {:.2} |",
            median(runs.iter().map(|threads| threads.get(name).copied().unwrap_or(0.0)))
        );
    }
}

/// One studio with a client for a long time: memory that grows shows here.
fn soak(nginx: &Nginx, clip: &Path, folder: &Path, tmux: Option<&Path>, seconds: u64) {
    let scene = show::scene(folder, clip, true);
    let mut command = show::command(folder, &scene, &nginx.url("soak"));
    let begun = Instant::now();
    let studio = Guard::spawn(command.stdin(Stdio::null()).stderr(Stdio::null()));
    let client = tmux.map(|tmux| Client::attach(tmux, folder));
    let now = |pid: u32| process::family_memory_mb(pid).map_or(0.0, |(_, now)| now);
    println!("seconds, studio MB, client MB");
    let mut total = Vec::new();
    while begun.elapsed().as_secs() < seconds {
        std::thread::sleep(Duration::from_secs(10));
        let (studio, client) = (now(studio.pid()), client.as_ref().map_or(0.0, |client| now(client.pid)));
        println!("{}, {studio:.1}, {client:.1}", begun.elapsed().as_secs());
        total.push(studio + client);
    }
    let part = total.len() / 5;
    // The first minute fills pools and queues.
    let settled = &total[total.len().min(6)..];
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
    println!(
        "from {:.1} MB (first fifth after a minute) to {:.1} MB (last fifth)",
        mean(&settled[..part.min(settled.len())]),
        mean(&settled[settled.len().saturating_sub(part)..])
    );
    drop(client);
    show::end(studio);
}
