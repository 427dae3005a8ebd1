//! Sentences that are spoken by espeak-ng in several voices, with the places of their words, and noise under all of it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::common::{peer, skip};

/// Samples per second of what is played.
pub const RATE: usize = 48_000;

/// Seconds of silence around the pip at the beginning.
const PAUSE_S: f64 = 1.0;

/// The pip: seconds, frequency.
pub const PIP: (f64, f64) = (0.1, 2000.0);

/// Seconds between two sentences.
const GAP_S: f64 = 0.8;

/// How far the noise is below what is spoken.
const SNR_DB: f64 = 20.0;

/// What is to be said: voice, sentence, and the word in it that must not go out.
pub type Line = (&'static str, &'static str, Option<&'static str>);

/// A sentence that was spoken. Times are in seconds after the end of the pip.
#[derive(Clone, Debug)]
pub struct Sentence {
    pub voice: &'static str,
    pub text: &'static str,
    pub from: f64,
    pub until: f64,
    /// Where the word that must not go out sounds.
    pub word: Option<(f64, f64)>,
}

/// The sound of all sentences.
pub struct Spoken {
    pub path: PathBuf,
    pub sentences: Vec<Sentence>,
    /// Of the whole file.
    pub seconds: f64,
    _folder: tempfile::TempDir,
}

impl Spoken {
    /// Has `lines` spoken; `None` where nobody can.
    pub fn of(lines: &[Line]) -> Option<Self> {
        peer("python3")?;
        let folder = tempfile::tempdir().unwrap();
        let spoken = speak(folder.path(), lines)?;
        let mut sound = vec![0.0_f32; (PAUSE_S * RATE as f64) as usize];
        let pip = (0..(PIP.0 * RATE as f64) as usize).map(|at| {
            let turn = std::f64::consts::TAU * PIP.1 * at as f64 / RATE as f64;
            (0.5 * turn.sin()) as f32
        });
        sound.extend(pip);
        let zero = sound.len();
        sound.resize(zero + (PAUSE_S * RATE as f64) as usize, 0.0);
        let first = sound.len();
        let mut sentences = Vec::new();
        for ((voice, text, word), (samples, words)) in lines.iter().zip(spoken) {
            let start = (sound.len() - zero) as f64 / RATE as f64;
            let place = word.map(|word| {
                let is_it = |spoken: &&(String, f64, f64)| spoken.0.to_lowercase().starts_with(word);
                let found = words.iter().find(is_it);
                let (_, from, until) = found.unwrap_or_else(|| panic!("no {word} in {words:?}"));
                (start + from, start + until)
            });
            sound.extend(&samples);
            sentences.push(Sentence {
                voice,
                text,
                from: start,
                until: (sound.len() - zero) as f64 / RATE as f64,
                word: place,
            });
            sound.resize(sound.len() + (GAP_S * RATE as f64) as usize, 0.0);
        }
        add_noise(&mut sound[first..]);
        let path = folder.path().join("spoken.wav");
        write_wav(&path, &sound);
        Some(Self {
            path,
            sentences,
            seconds: sound.len() as f64 / RATE as f64,
            _folder: folder,
        })
    }
}

/// The samples of each line and when each of its words begins and ends.
#[allow(clippy::type_complexity)]
fn speak(folder: &Path, lines: &[Line]) -> Option<Vec<(Vec<f32>, Vec<(String, f64, f64)>)>> {
    let mut child = Command::new("python3")
        .arg("tests/peers/espeak_words.py")
        .arg(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    for (voice, text, _) in lines {
        writeln!(input, "{voice}\t165\t{text}").unwrap();
    }
    drop(input);
    let output = child.wait_with_output().unwrap();
    if !output.status.success() {
        skip("espeak-ng");
        return None;
    }
    let said = String::from_utf8(output.stdout).unwrap();
    let spoken = said.lines().map(|line| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let samples = decode(&folder.join(line["file"].as_str().unwrap()));
        let words = line["words"].as_array().unwrap().iter().map(|word| {
            let text = word[0].as_str().unwrap().to_owned();
            (text, word[1].as_f64().unwrap(), word[2].as_f64().unwrap())
        });
        (samples, words.collect())
    });
    Some(spoken.collect())
}

/// Mono, 48 kHz, by ffmpeg.
fn decode(path: &Path) -> Vec<f32> {
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-i"])
        .arg(path)
        .args(["-ac", "1", "-ar", "48000", "-f", "f32le", "-"])
        .output()
        .unwrap();
    let samples = output.stdout.chunks_exact(4);
    samples
        .map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap()))
        .collect()
}

/// White noise, so far below the mean power of what is not silent, and the same each time.
fn add_noise(sound: &mut [f32]) {
    let spoken = sound.iter().filter(|sample| sample.abs() > 1e-3);
    let (power, count) = spoken.fold((0.0, 0.0), |(power, count), sample| {
        (power + f64::from(*sample).powi(2), count + 1.0)
    });
    let wanted = power / f64::max(count, 1.0) / 10_f64.powf(SNR_DB / 10.0);
    // Uniform noise of amplitude a has the power a²/3.
    let amplitude = (3.0 * wanted).sqrt() as f32;
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for sample in sound {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        *sample += amplitude * ((state >> 40) as f32 / (1 << 23) as f32 - 1.0);
    }
}

/// 16 bit, mono.
pub fn write_wav(path: &Path, sound: &[f32]) {
    let data = sound.len() as u32 * 2;
    let mut bytes = Vec::with_capacity(44 + data as usize);
    bytes.extend(b"RIFF");
    bytes.extend((36 + data).to_le_bytes());
    bytes.extend(b"WAVEfmt ");
    bytes.extend(16_u32.to_le_bytes());
    bytes.extend([1, 0, 1, 0]);
    bytes.extend((RATE as u32).to_le_bytes());
    bytes.extend((RATE as u32 * 2).to_le_bytes());
    bytes.extend([2, 0, 16, 0]);
    bytes.extend(b"data");
    bytes.extend(data.to_le_bytes());
    for sample in sound {
        bytes.extend(((sample.clamp(-1.0, 1.0) * 32_767.0) as i16).to_le_bytes());
    }
    std::fs::write(path, bytes).unwrap();
}
