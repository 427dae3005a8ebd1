//! What a viewer hears: the sound of a pulled stream against what was played.

use std::path::Path;
use std::process::Command;

use crate::common::media::Pull;
use crate::spoken::{PIP, RATE};

/// Below this nothing is left of what was said, nor of the noise under it.
const SILENT_DBFS: f64 = -66.0;

/// A window that is looked at, in seconds.
const WINDOW_S: f64 = 0.01;

/// The sound of a stream.
pub struct Heard {
    pub samples: Vec<f32>,
    /// Seconds of the stream's own clock at the first sample.
    pub start: f64,
}

impl Heard {
    /// Of what was pulled.
    pub fn of(pull: &Pull) -> Self {
        let samples = Command::new("ffmpeg")
            .args(["-v", "error", "-nostdin", "-i"])
            .arg(&pull.path)
            .args(["-map", "0:a:0", "-ac", "1", "-ar", "48000", "-f", "f32le", "-"])
            .output()
            .unwrap();
        let samples = samples.stdout.chunks_exact(4);
        let samples = samples.map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap()));
        Self {
            samples: samples.collect(),
            start: first_sound(&pull.path),
        }
    }

    /// Seconds behind the first sample at which the pip ends.
    pub fn pip_end(&self) -> f64 {
        let window = RATE / 100;
        let level = |at: usize| {
            let (mut re, mut im) = (0.0, 0.0);
            for (n, sample) in self.samples[at..at + window].iter().enumerate() {
                let (sin, cos) = (std::f64::consts::TAU * PIP.1 * n as f64 / RATE as f64).sin_cos();
                re += f64::from(*sample) * cos;
                im += f64::from(*sample) * sin;
            }
            f64::hypot(re, im) * 2.0 / window as f64
        };
        let loud = (0..self.samples.len().saturating_sub(window))
            .step_by(RATE / 1000)
            .find(|at| level(*at) > 0.25)
            .expect("the pip is heard");
        // It is half there when the window is half in it.
        (loud + window / 2) as f64 / RATE as f64 + PIP.0
    }

    /// RMS in dBFS of so many seconds from there on.
    pub fn level(&self, from: f64, seconds: f64) -> f64 {
        let at = |time: f64| ((time * RATE as f64).max(0.0) as usize).min(self.samples.len());
        let part = &self.samples[at(from)..at(from + seconds)];
        let power = part.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>() / part.len().max(1) as f64;
        10.0 * power.max(1e-15).log10()
    }

    /// The share of the windows between two times that is silent.
    pub fn silent_share(&self, from: f64, until: f64) -> f64 {
        let count = ((until - from) / WINDOW_S).max(1.0) as usize;
        let is_silent = |at: &usize| self.level(from + *at as f64 * WINDOW_S, WINDOW_S) < SILENT_DBFS;
        (0..count).filter(is_silent).count() as f64 / count as f64
    }

    /// The longest silence between two times, in seconds.
    pub fn longest_silence(&self, from: f64, until: f64) -> f64 {
        let count = ((until - from) / WINDOW_S) as usize;
        let (mut longest, mut now) = (0, 0);
        for at in 0..count {
            let is_silent = self.level(from + at as f64 * WINDOW_S, WINDOW_S) < SILENT_DBFS;
            now = if is_silent { now + 1 } else { 0 };
            longest = longest.max(now);
        }
        longest as f64 * WINDOW_S
    }

    /// The largest sample between two times, as it is.
    pub fn peak(&self, from: f64, until: f64) -> f32 {
        let at = |time: f64| ((time * RATE as f64).max(0.0) as usize).min(self.samples.len());
        let part = &self.samples[at(from)..at(until.max(from))];
        part.iter().fold(0.0, |peak, sample| peak.max(sample.abs()))
    }
}

/// PTS of the first packet of sound, in seconds.
fn first_sound(path: &Path) -> f64 {
    let output = Command::new("ffprobe")
        .args([
            "-v",
            "error",
            "-select_streams",
            "a:0",
            "-show_entries",
            "packet=pts_time",
        ])
        .args(["-of", "csv=p=0", "-read_intervals", "%+1"])
        .arg(path)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let first = text.lines().next().expect("a packet of sound");
    first.trim_end_matches(',').parse().unwrap()
}
