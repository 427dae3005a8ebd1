//! The loudness of program against an independent meter: ffmpeg's ebur128, within 0.2 LU.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::float_cmp,
    clippy::print_stderr,
    missing_docs
)]

use crate::sound_common;
use std::path::Path;
use std::process::Command;

use rigcast::media::{AudioBlock, BLOCK_FRAMES};
use rigcast::sound::{BusSettings, Loudness, Mixer, StripSettings};
use sound_common::*;

/// What ffmpeg's ebur128 filter says of a file.
#[derive(Debug)]
struct Peer {
    integrated: f32,
    range: f32,
    momentary_max: f32,
    short_term_max: f32,
    true_peak: f32,
}

fn peer_says(ffmpeg: &Path, signal: &Signal) -> Peer {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("program.wav");
    write_wav(&file, signal);
    let run = Command::new(ffmpeg)
        .args(["-nostdin", "-hide_banner", "-i"])
        .arg(&file)
        .args([
            "-af",
            "ebur128=peak=true:framelog=verbose:metadata=1,ametadata=print:file=-",
            "-f",
            "null",
            "-",
        ])
        .output()
        .unwrap();
    let log = String::from_utf8_lossy(&run.stderr);
    let summary = &log[log.rfind("Summary:").expect(&log)..];
    let value = |name: &str| -> f32 {
        let line = summary
            .lines()
            .find_map(|line| line.trim().strip_prefix(name))
            .expect(name);
        line.split_whitespace().next().unwrap().parse().unwrap()
    };
    // Every 100 ms, with three decimals.
    let metadata = String::from_utf8_lossy(&run.stdout);
    let highest = |key: &str| {
        let values = metadata
            .lines()
            .filter_map(|line| line.strip_prefix(key)?.parse::<f32>().ok());
        values.fold(-120.0, f32::max)
    };
    Peer {
        integrated: value("I:"),
        range: value("LRA:"),
        momentary_max: highest("lavfi.r128.M="),
        short_term_max: highest("lavfi.r128.S="),
        true_peak: value("Peak:"),
    }
}

/// A signal through the mixer: program as it leaves, what the meter shows at the end, and its highest momentary and
/// short-term readings.
fn measured(signal: &Signal) -> (Signal, Loudness, [f32; 2]) {
    let mut mixer = Mixer::new(&[StripSettings::default()], BusSettings::default());
    let mut program: Signal = [Vec::new(), Vec::new()];
    let mut highest = [-120.0_f32; 2];
    for index in 0..signal[0].len() / BLOCK_FRAMES {
        let input = block_of(signal, index);
        let mix = mixer.process(input.pts, &[Some(input)]);
        for (all, samples) in program.iter_mut().zip(&mix.program.channels) {
            all.extend_from_slice(samples);
        }
        // ffmpeg looks every 100 ms.
        if index % 10 != 9 {
            continue;
        }
        let shown = mixer.meters().loudness;
        for (highest, level) in highest.iter_mut().zip([shown.momentary_lufs, shown.short_term_lufs]) {
            *highest = highest.max(level.unwrap_or(-120.0));
        }
    }
    (program, mixer.meters().loudness, highest)
}

/// Words, room and silence, left and right not alike, 24 s.
fn talk() -> Option<Signal> {
    let (espeak, ffmpeg) = (peer("espeak-ng")?, peer("ffmpeg")?);
    let (words, _) = speech(&espeak, &ffmpeg);
    let mut left: Vec<f32> = words.iter().copied().cycle().take(24 * RATE).collect();
    // The second half is somebody who speaks more quietly.
    for x in &mut left[12 * RATE..] {
        *x *= 0.4;
    }
    let right = left
        .iter()
        .zip(pink(3, 24 * RATE, 0.002))
        .map(|(x, noise)| 0.8 * x + noise)
        .collect();
    Some([left, right])
}

/// Chords and beats with a loud and a quiet part, 30 s, hot enough for the limiter now and then.
fn music() -> Signal {
    let mut state = white(11, 30 * RATE);
    let mut low = 0.0;
    for (n, x) in state.iter_mut().enumerate() {
        let t = n as f64 / RATE as f64;
        let part = if (10.0..20.0).contains(&t) { 0.12 } else { 0.8 };
        let root = [110.0, 87.31, 130.81, 98.0][(t / 2.0) as usize % 4];
        let chord: f64 = [1.0, 1.26, 1.5, 2.0, 3.0, 4.0]
            .iter()
            .map(|h| (std::f64::consts::TAU * root * h * t).sin() / h)
            .sum();
        let beat = (t * 2.0).fract();
        let kick = (std::f64::consts::TAU * 55.0 * beat).sin() * (-beat * 12.0).exp();
        low += 0.3 * (f64::from(*x) - low);
        let hat = (f64::from(*x) - low) * (-(t * 4.0).fract() * 20.0).exp();
        *x = (part * (0.2 * chord + 0.8 * kick + 0.25 * hat)) as f32;
    }
    let right = state.iter().skip(480).chain(&state[..480]).map(|x| 0.9 * x).collect();
    [state, right]
}

/// A sweep from 30 Hz to 16 kHz, noise in steps of 10 dB, a tone: every part of the weighting and both gates, 40 s.
fn measure_signals() -> Signal {
    let mut samples: Vec<f32> = (0..10 * RATE)
        .map(|n| {
            let t = n as f64 / RATE as f64;
            let rate = (16_000.0_f64 / 30.0).ln() / 10.0;
            (0.25 * (std::f64::consts::TAU * 30.0 * ((rate * t).exp() - 1.0) / rate).sin()) as f32
        })
        .collect();
    for (seed, level) in [(1, 0.1), (2, 0.03), (3, 0.01), (4, 0.0003)] {
        samples.extend(pink(seed, 5 * RATE, level));
    }
    samples.extend(sine(997.0, 0.2, 0.0, 10.0));
    let right = samples
        .iter()
        .enumerate()
        .map(|(n, x)| if n % (8 * RATE) < 4 * RATE { *x } else { -0.5 * x })
        .collect();
    [samples, right]
}

#[test]
fn three_files_read_as_ffmpeg_reads_them() {
    let Some(ffmpeg) = peer("ffmpeg") else { return };
    let Some(talk) = talk() else { return };
    for (name, signal) in [
        ("talk", talk),
        ("music", music()),
        ("sweep, noise, tone", measure_signals()),
    ] {
        let (program, shown, [momentary_max, short_term_max]) = measured(&signal);
        let peer = peer_says(&ffmpeg, &program);
        eprintln!("{name}: {shown:.2?}, M max {momentary_max:.2}, S max {short_term_max:.2}; {peer:.2?}");
        for (what, found, expected) in [
            ("integrated", shown.integrated_lufs.unwrap(), peer.integrated),
            ("range", shown.range_lu.unwrap(), peer.range),
            ("highest momentary", momentary_max, peer.momentary_max),
            ("highest short-term", short_term_max, peer.short_term_max),
            ("true peak", shown.true_peak_dbtp.unwrap(), peer.true_peak),
        ] {
            assert!(
                (found - expected).abs() <= 0.2,
                "{name}, {what}: {found:.2}, ffmpeg {expected:.2}"
            );
        }
    }
}

#[test]
fn a_reset_measures_from_there_on() {
    // Out of nothing it would make the high-pass overshoot, and true peak is the highest of all.
    let mut loud = sine(997.0, 0.5, 0.0, 5.0);
    for (n, sample) in loud[..RATE / 20].iter_mut().enumerate() {
        *sample *= n as f32 / (RATE / 20) as f32;
    }
    let loud = mono(loud);
    let quiet = mono(sine(997.0, 0.05, 0.0, 5.0));
    let mut mixer = Mixer::new(&[StripSettings::default()], BusSettings::default());
    let run = |mixer: &mut Mixer, signal: &Signal, from: usize| {
        for index in 0..500 {
            let mut input = block_of(signal, index);
            input.pts = AudioBlock::time_of((from + index) as i64);
            mixer.process(input.pts, &[Some(input)]);
        }
        mixer.meters().loudness
    };
    let before = run(&mut mixer, &loud, 0);
    assert!((before.integrated_lufs.unwrap() + 6.02).abs() < 0.1, "{before:?}");
    assert!((before.true_peak_dbtp.unwrap() + 6.02).abs() < 0.1, "{before:?}");
    let both = run(&mut mixer, &quiet, 500);
    assert!(
        (both.integrated_lufs.unwrap() + 6.02).abs() < 0.4,
        "the quiet part is gated out: {both:?}"
    );
    mixer.reset_loudness();
    assert_eq!(mixer.meters().loudness.integrated_lufs, None);
    let after = run(&mut mixer, &quiet, 1000);
    assert!((after.integrated_lufs.unwrap() + 26.02).abs() < 0.1, "{after:?}");
    assert!((after.true_peak_dbtp.unwrap() + 26.02).abs() < 0.1, "{after:?}");
}

#[test]
fn silence_on_program_is_counted_and_ends_with_the_first_sound() {
    let tone = mono(sine(997.0, 0.1, 0.0, 1.0));
    let mut mixer = Mixer::new(&[StripSettings::default()], BusSettings::default());
    let mut shown = Vec::new();
    for index in 0..200 {
        let input = (50..100).contains(&index).then(|| block_of(&tone, index));
        mixer.process(AudioBlock::time_of(index as i64), &[input]);
        shown.push(mixer.meters().silent_ms);
    }
    assert_eq!(shown[49], 500);
    assert_eq!(shown[52..101], [0; 49]);
    // What the DC blocker has left rings below -60 dBFS.
    assert_eq!(shown[199], (199 - 101) * 10, "{shown:?}");
}
