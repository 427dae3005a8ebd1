//! What the tests of the sound encoders share: signals at any rate, encoding by block, peers that decode.

#![allow(dead_code, reason = "each test binary uses its own part")]

use std::f64::consts::TAU;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use rigcast::encode::AudioEncoder;
use rigcast::media::{AudioBlock, BLOCK_FRAMES, Packet, Timestamp};

use super::sound_common::{RATE, Signal, block_of, db, peer, skip};

/// Encodes the blocks `indices` of a signal; block `n` is stamped `first + n`.
pub fn encode(
    encoder: &mut dyn AudioEncoder,
    signal: &Signal,
    first: i64,
    indices: impl IntoIterator<Item = usize>,
) -> Vec<Packet> {
    let mut packets = Vec::new();
    for index in indices {
        let mut block = block_of(signal, index);
        block.pts = AudioBlock::time_of(first + index as i64);
        encoder.encode(&block, &mut |packet| packets.push(packet)).unwrap();
    }
    packets
}

/// The whole signal, from zero to its end.
pub fn encode_all(encoder: &mut dyn AudioEncoder, signal: &Signal) -> Vec<Packet> {
    let mut packets = encode(encoder, signal, 0, 0..signal[0].len() / BLOCK_FRAMES);
    encoder.finish(&mut |packet| packets.push(packet)).unwrap();
    packets
}

/// Rounded bursts of 1 to 4 kHz, 10 ms each, centred on the given seconds, at any sample rate.
pub fn beeps(centres: &[f64], seconds: f64, rate: usize) -> Vec<f32> {
    (0..(seconds * rate as f64).round() as usize)
        .map(|n| {
            let at = n as f64 / rate as f64;
            let near = centres.iter().map(|centre| at - centre).find(|t| t.abs() < 0.005);
            near.map_or(0.0, |t| {
                let window = (TAU * t / 0.02).cos().powi(2);
                // A chirp: it fits itself in one place only.
                (0.6 * window * (TAU * (2500.0 * t + 150_000.0 * t * t)).cos()) as f32
            })
        })
        .collect()
}

/// Something between a piano, a bass drum and a hi-hat: sixteenths of chords with twelve partials, stereo.
pub fn music(seconds: f64) -> Signal {
    const CHORDS: [[f64; 4]; 4] = [
        [220.0, 277.18, 329.63, 440.0],
        [196.0, 246.94, 293.66, 392.0],
        [174.61, 220.0, 261.63, 349.23],
        [164.81, 207.65, 246.94, 329.63],
    ];
    let samples = (seconds * RATE as f64) as usize;
    let noise = super::sound_common::white(12_345, samples);
    let mut out: Signal = [vec![0.0; samples], vec![0.0; samples]];
    let mut add = |at: usize, [left, right]: [f64; 2]| {
        if at < samples {
            out[0][at] += left as f32;
            out[1][at] += right as f32;
        }
    };
    for (beat, start) in (0..samples).step_by(RATE / 2).enumerate() {
        for (voice, hz) in CHORDS[beat / 4 % 4].iter().enumerate() {
            let pan = voice as f64 / 3.0;
            for partial in 1..=12 {
                let hz = hz * f64::from(partial);
                let level = 0.09 / f64::from(partial).powf(1.1);
                let decay = 1.5 + 0.8 * f64::from(partial);
                for n in 0..RATE {
                    let t = n as f64 / RATE as f64;
                    let attack = (t * 200.0).min(1.0);
                    let x = level * attack * (-decay * t).exp() * (TAU * hz * t + f64::from(partial)).sin();
                    add(start + n, [x * (1.0 - 0.8 * pan), x * (0.2 + 0.8 * pan)]);
                }
            }
        }
        for half in [start, start + RATE / 4] {
            for n in 1..2400 {
                let at = (half + n).min(samples - 1);
                let hiss = f64::from(noise[at] - noise[at - 1]);
                let x = 0.06 * hiss * (-(n as f64) / 500.0).exp();
                add(half + n, [0.7 * x, x]);
            }
        }
        for n in 0..9600 {
            let t = n as f64 / RATE as f64;
            let x = 0.3 * (-12.0 * t).exp() * (TAU * (55.0 * t + 3.0 * (1.0 - (-40.0 * t).exp()))).sin();
            add(start + n, [x, x]);
        }
    }
    out
}

/// How far `coded` is from `original`, in dB of `original`: the mean over stretches of 20 ms that are not silent, which is
/// what an ear follows.
pub fn segmental_error_db(original: &[f32], coded: &[f32]) -> f64 {
    let mut levels = Vec::new();
    for (a, b) in original.chunks_exact(960).zip(coded.chunks_exact(960)) {
        let energy: f64 = a.iter().map(|x| f64::from(*x).powi(2)).sum();
        let error: f64 = a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum();
        if energy > 1e-3 {
            levels.push(db((error / energy).sqrt()).max(-60.0));
        }
    }
    assert!(!levels.is_empty(), "nothing but silence");
    levels.iter().sum::<f64>() / levels.len() as f64
}

/// Each packet comes right after the one before it, `samples` of `rate` later.
pub fn assert_seamless(packets: &[Packet], samples: usize, rate: u32) {
    for pair in packets.windows(2) {
        let step = (pair[1].pts - pair[0].pts).to_rate(rate);
        assert_eq!(step, samples as i64, "{} after {}", pair[1].pts, pair[0].pts);
    }
}

pub fn assert_ascending(packets: &[Packet]) {
    for pair in packets.windows(2) {
        assert!(pair[1].pts > pair[0].pts, "{} after {}", pair[1].pts, pair[0].pts);
    }
}

/// What becomes of lost packets at the receiver.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// It conceals them.
    Conceal,
    /// It mends them from the packet that follows.
    Mend,
}

/// Has libopus itself decode packets, of which those with an index that `is_lost` never arrive. `None` where there is no
/// libopus.
pub fn decode_with_libopus(
    packets: &[Packet],
    channels: usize,
    loss: Loss,
    is_lost: impl Fn(usize) -> bool,
) -> Option<Vec<Vec<f32>>> {
    let python = peer("python3")?;
    let mut records = Vec::new();
    for (index, packet) in packets.iter().enumerate() {
        let data = if is_lost(index) { &[][..] } else { &packet.data[..] };
        records.extend((data.len() as u32).to_le_bytes());
        records.extend_from_slice(data);
    }
    let mut child = Command::new(python)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/opus_decode.py"))
        .arg(channels.to_string())
        .args((loss == Loss::Mend).then_some("fec"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    // The script reads all of it before it writes.
    child.stdin.take().unwrap().write_all(&records).unwrap();
    let output = child.wait_with_output().unwrap();
    if output.status.code() == Some(77) {
        skip("libopus");
        return None;
    }
    assert!(output.status.success(), "libopus refuses a packet");
    Some(deinterleave(&output.stdout, channels))
}

/// 32-bit floats, interleaved, as bytes.
pub fn deinterleave(bytes: &[u8], channels: usize) -> Vec<Vec<f32>> {
    let floats: Vec<f32> = bytes
        .chunks_exact(4)
        .map(|x| f32::from_le_bytes([x[0], x[1], x[2], x[3]]))
        .collect();
    (0..channels)
        .map(|channel| floats.iter().skip(channel).step_by(channels).copied().collect())
        .collect()
}

/// Has ffmpeg decode any file at its own rate and channels.
pub fn decode_natively(ffmpeg: &Path, decoder: &[&str], file: &Path, channels: usize) -> Vec<Vec<f32>> {
    let run = Command::new(ffmpeg)
        .args(["-v", "error", "-nostdin"])
        .args(decoder)
        .arg("-i")
        .arg(file)
        .args(["-f", "f32le", "-"])
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    assert!(run.stderr.is_empty(), "{}", String::from_utf8_lossy(&run.stderr));
    deinterleave(&run.stdout, channels)
}

/// Where a packet's content lies in a signal that starts at zero.
pub fn sample_of(pts: Timestamp, rate: u32) -> usize {
    usize::try_from(pts.to_rate(rate)).unwrap()
}
