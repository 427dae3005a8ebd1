//! The same minute through ffmpeg's filters and through our mixer: CPU seconds of whole processes that read a file, work,
//! and throw the result away, in turns.

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::process::Command;

use rigcast::media::{AudioBlock, BLOCK_FRAMES};
use rigcast::sound::{BusSettings, Mixer, StripSettings};

use crate::sounds::{everything, shared_chain};

/// Rounds, of which the medians are told.
const ROUNDS: usize = 5;

/// As [`shared_chain`] is set. `alimiter` looks at samples; a true-peak limiter costs more, as ours does.
const FFMPEG_CHAIN: &str = "highpass=f=80,arnndn=m=MODEL,\
    agate=threshold=0.0056:ratio=4:range=0.1:attack=2:release=250,\
    bass=f=120:g=-3,equalizer=f=400:t=q:w=1:g=-2,equalizer=f=3000:t=q:w=1:g=3,treble=f=8000:g=2,\
    acompressor=threshold=0.1:ratio=3:attack=8:release=150:makeup=2,volume=6dB,\
    alimiter=limit=0.891:attack=5:release=100:level=false";

/// Compares on `mono.wav` and `stereo.wav` of a folder that also holds `model.rnnn`; both a minute at 48 kHz, floats.
pub fn run(ffmpeg: &str, folder: &Path) {
    let model = folder.join("model.rnnn");
    let chain = FFMPEG_CHAIN.replace("MODEL", model.to_str().unwrap());
    println!("CPU seconds (user + system) for 60 s, medians of {ROUNDS} rounds");
    for (name, goal) in [("mono", 0.7), ("stereo", 0.7)] {
        let file = folder.join(name).with_extension("wav");
        let mut rounds: Vec<[f64; 6]> = (0..ROUNDS)
            .map(|_| {
                [
                    with_ffmpeg(ffmpeg, &file, "anull"),
                    with_ffmpeg(ffmpeg, &file, &chain),
                    with_ffmpeg(ffmpeg, &file, &format!("{chain},ebur128=peak=true")),
                    with_ours("nothing", &file),
                    with_ours("shared", &file),
                    with_ours("everything", &file),
                ]
            })
            .collect();
        let mut median = |column: usize| {
            rounds.sort_by(|a, b| a[column].total_cmp(&b[column]));
            rounds[ROUNDS / 2][column]
        };
        let [read, peer, metered, empty, ours, all] = [0, 1, 2, 3, 4, 5].map(&mut median);
        println!("{name}:");
        println!("  ffmpeg, reading alone                             {read:.3}");
        println!("  ffmpeg, the chain                                 {peer:.3}");
        println!("  ffmpeg, the chain and ebur128 with true peak      {metered:.3}");
        println!("  rigcast, a strip with all off, buses, meters      {empty:.3}");
        println!("  rigcast, the chain, buses, meters                 {ours:.3}");
        println!("  rigcast, also de-esser, ride, delay, pan, sends   {all:.3}");
        let ratio = ours / peer;
        let verdict = if ratio <= goal { "met" } else { "MISSED" };
        println!("  the chain: {ratio:.2} of ffmpeg's CPU, at most {goal}: {verdict}");
    }
}

/// What `ffmpeg -benchmark` says of itself.
fn with_ffmpeg(ffmpeg: &str, file: &Path, filters: &str) -> f64 {
    let run = Command::new(ffmpeg)
        .args([
            "-hide_banner",
            "-nostdin",
            "-benchmark",
            "-threads",
            "1",
            "-filter_threads",
            "1",
            "-i",
        ])
        .arg(file)
        .args(["-af", filters, "-f", "null", "-"])
        .output()
        .unwrap();
    let log = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{log}");
    let seconds = |name: &str| -> f64 {
        let (_, rest) = log.rsplit_once(name).expect(&log);
        rest.split('s').next().unwrap().parse().unwrap()
    };
    seconds("utime=") + seconds("stime=")
}

fn with_ours(chain: &str, file: &Path) -> f64 {
    let run = Command::new(std::env::current_exe().unwrap())
        .args(["through", chain])
        .arg(file)
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8_lossy(&run.stdout).trim().parse().unwrap()
}

/// Runs a file through a mixer and prints the CPU seconds of this process, which has one thread.
pub fn through(chain: &str, file: &Path) {
    let settings = match chain {
        "shared" => shared_chain(),
        "everything" => everything(),
        _ => StripSettings::default(),
    };
    let mut mixer = Mixer::new(&[settings], BusSettings::default());
    let bytes = fs::read(file).unwrap();
    let (channels, data) = floats_of(&bytes);
    let frames = data.chunks_exact(4 * channels * BLOCK_FRAMES);
    for (index, frames) in (0..).zip(frames) {
        let mut block = AudioBlock::silence(AudioBlock::time_of(index));
        for (n, sample) in frames.chunks_exact(4).enumerate() {
            let sample = f32::from_le_bytes([sample[0], sample[1], sample[2], sample[3]]);
            block.channels[n % channels][n / channels] = sample;
        }
        if channels == 1 {
            block.channels[1] = block.channels[0];
        }
        black_box(mixer.process(block.pts, &[Some(block)]));
    }
    print_cpu();
}

/// Number of channels and samples of a WAV file of floats. By hand: `hound` takes as long for a sample as a stage of a strip,
/// which would be held against the mixer.
fn floats_of(bytes: &[u8]) -> (usize, &[u8]) {
    let mut at = 12;
    let mut channels = 0;
    loop {
        let length = u32::from_le_bytes(bytes[at + 4..at + 8].try_into().unwrap()) as usize;
        let body = &bytes[at + 8..];
        match &bytes[at..at + 4] {
            b"fmt " => channels = usize::from(body[2]),
            b"data" => return (channels, &body[..length.min(body.len())]),
            _ => {}
        }
        at += 8 + length + length % 2;
    }
}

/// The first number of schedstat is the time on a processor, in nanoseconds.
fn print_cpu() {
    let stat = fs::read_to_string("/proc/self/schedstat").unwrap();
    let nanoseconds: f64 = stat.split_whitespace().next().unwrap().parse().unwrap();
    println!("{:.6}", nanoseconds / 1e9);
}
