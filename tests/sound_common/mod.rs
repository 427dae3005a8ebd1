//! What the tests of sound share: signals, a mixer run over a whole signal, measures, peers.

#![allow(dead_code, reason = "each test binary uses its own part")]

#[path = "../common/peers.rs"]
#[allow(
    clippy::duplicate_mod,
    reason = "a test with a whole studio has it from there as well"
)]
mod peers;

use std::f64::consts::TAU;
use std::path::Path;
use std::process::Command;

use rigcast::media::{AudioBlock, BLOCK_FRAMES};
use rigcast::sound::{BusSettings, Mixer, StripSettings};

#[allow(unused_imports, reason = "each test binary uses its own part")]
pub use peers::{peer, skip};

pub const RATE: usize = 48_000;

/// A stereo signal, planar.
pub type Signal = [Vec<f32>; 2];

/// The same on both channels.
pub fn mono(samples: Vec<f32>) -> Signal {
    [samples.clone(), samples]
}

/// A sine of `seconds`.
pub fn sine(frequency: f64, amplitude: f64, phase: f64, seconds: f64) -> Vec<f32> {
    (0..(seconds * RATE as f64) as usize)
        .map(|n| (amplitude * (TAU * frequency * n as f64 / RATE as f64 + phase).sin()) as f32)
        .collect()
}

/// Uniform noise in ±1, the same for the same seed.
pub fn white(seed: u32, samples: usize) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9E37_79B9) | 1;
    (0..samples)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state as f32 / u32::MAX as f32 * 2.0 - 1.0
        })
        .collect()
}

/// Pink noise of the given RMS (Kellet's filter).
pub fn pink(seed: u32, samples: usize, rms_wanted: f64) -> Vec<f32> {
    let mut state = [0.0_f32; 3];
    let mut noise: Vec<f32> = white(seed, samples)
        .into_iter()
        .map(|x| {
            state[0] = 0.997_65 * state[0] + 0.099_046 * x;
            state[1] = 0.963 * state[1] + 0.296_516_4 * x;
            state[2] = 0.57 * state[2] + 1.052_691_3 * x;
            state.iter().sum::<f32>() + 0.184_8 * x
        })
        .collect();
    let factor = (rms_wanted / rms(&noise)) as f32;
    for x in &mut noise {
        *x *= factor;
    }
    noise
}

pub fn rms(samples: &[f32]) -> f64 {
    let energy: f64 = samples.iter().map(|x| f64::from(*x).powi(2)).sum();
    (energy / samples.len().max(1) as f64).sqrt()
}

pub fn peak(samples: &[f32]) -> f32 {
    samples.iter().fold(0.0, |peak, x| peak.max(x.abs()))
}

pub fn db(factor: f64) -> f64 {
    20.0 * factor.max(1e-12).log10()
}

/// Where `b` fits `a` best when shifted by up to `reach` samples: positive where `b` is late.
pub fn lag(a: &[f32], b: &[f32], reach: usize) -> i64 {
    let inner = reach..a.len().min(b.len()) - reach;
    let score = |shift: i64| -> f64 {
        inner
            .clone()
            .map(|n| f64::from(a[n]) * f64::from(b[(n as i64 + shift) as usize]))
            .sum()
    };
    let reach = reach as i64;
    (-reach..=reach)
        .max_by(|x, y| score(*x).total_cmp(&score(*y)))
        .unwrap_or(0)
}

pub fn block_of(signal: &Signal, index: usize) -> AudioBlock {
    let mut block = AudioBlock::silence(AudioBlock::time_of(index as i64));
    for (out, samples) in block.channels.iter_mut().zip(signal) {
        for (n, sample) in out.iter_mut().enumerate() {
            *sample = samples.get(index * BLOCK_FRAMES + n).copied().unwrap_or(0.0);
        }
    }
    block
}

/// Runs a one-strip mixer over a signal; `steer` may change settings before each block. The result is moved back by the
/// mixer's latency, so that sample n in is sample n out.
pub fn through_mixer(signal: &Signal, start: StripSettings, mut steer: impl FnMut(usize, &mut Mixer)) -> Signal {
    let mut mixer = Mixer::new(&[start], BusSettings::default());
    let blocks = signal[0].len().div_ceil(BLOCK_FRAMES);
    let mut out: Signal = [Vec::new(), Vec::new()];
    for index in 0..blocks + Mixer::LATENCY_BLOCKS as usize {
        steer(index, &mut mixer);
        let input = block_of(signal, index);
        let mix = mixer.process(input.pts, &[Some(input)]);
        assert_eq!(
            mix.program.pts,
            AudioBlock::time_of(index as i64 - Mixer::LATENCY_BLOCKS)
        );
        assert_eq!(mix.monitor.pts, mix.program.pts);
        if index >= Mixer::LATENCY_BLOCKS as usize {
            for (out, samples) in out.iter_mut().zip(&mix.program.channels) {
                out.extend_from_slice(samples);
            }
        }
    }
    out
}

/// Writes a stereo WAV file of 32-bit floats.
pub fn write_wav(path: &Path, signal: &Signal) {
    let data_len = (signal[0].len() * 8) as u32;
    let mut bytes = Vec::with_capacity(44 + data_len as usize);
    bytes.extend(b"RIFF");
    bytes.extend((36 + data_len).to_le_bytes());
    bytes.extend(b"WAVEfmt ");
    bytes.extend(16_u32.to_le_bytes());
    for half in [3_u16, 2] {
        bytes.extend(half.to_le_bytes());
    }
    bytes.extend((RATE as u32).to_le_bytes());
    bytes.extend((RATE as u32 * 8).to_le_bytes());
    for half in [8_u16, 32] {
        bytes.extend(half.to_le_bytes());
    }
    bytes.extend(b"data");
    bytes.extend(data_len.to_le_bytes());
    for (left, right) in signal[0].iter().zip(&signal[1]) {
        bytes.extend(left.to_le_bytes());
        bytes.extend(right.to_le_bytes());
    }
    std::fs::write(path, bytes).unwrap();
}

/// Decodes any sound file to 48 kHz stereo with ffmpeg.
pub fn decode_with_ffmpeg(ffmpeg: &Path, file: &Path) -> Signal {
    let run = Command::new(ffmpeg)
        .args(["-v", "error", "-nostdin", "-i"])
        .arg(file)
        .args(["-f", "f32le", "-ac", "2", "-ar", "48000", "-"])
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let floats: Vec<f32> = run
        .stdout
        .chunks_exact(4)
        .map(|x| f32::from_le_bytes([x[0], x[1], x[2], x[3]]))
        .collect();
    [0, 1].map(|channel| floats.iter().skip(channel).step_by(2).copied().collect())
}

/// Words by espeak-ng with a second of silence before, between and behind them, at 48 kHz, peak 0.3. With the places of
/// the pauses, in samples.
pub fn speech(espeak: &Path, ffmpeg: &Path) -> (Vec<f32>, Vec<std::ops::Range<usize>>) {
    let folder = tempfile::tempdir().unwrap();
    let mut samples = Vec::new();
    let mut pauses = Vec::new();
    let words = [
        "good evening and welcome to the show",
        "tonight we talk about the weather",
        "thank you for watching",
    ];
    for words in words {
        let file = folder.path().join("words.wav");
        let run = Command::new(espeak)
            .args(["-s", "150", "-w"])
            .arg(&file)
            .arg(words)
            .status()
            .unwrap();
        assert!(run.success());
        let from = samples.len();
        samples.resize(from + RATE, 0.0);
        pauses.push(from..samples.len());
        let [mut spoken, _] = decode_with_ffmpeg(ffmpeg, &file);
        let factor = 0.3 / peak(&spoken);
        for x in &mut spoken {
            *x *= factor;
        }
        samples.extend(spoken);
    }
    let from = samples.len();
    samples.resize(from + RATE, 0.0);
    pauses.push(from..samples.len());
    (samples, pauses)
}
