//! What is needed to listen to a stream: signals to send, and measures of what came, taken by ffmpeg where it has them.
#![allow(dead_code, clippy::print_stderr)]

use std::f64::consts::TAU;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::common::media::Pull;
use super::common::{peer, skip};
use super::sound_common::{RATE, decode_with_ffmpeg, peak};

/// Samples of 10 ms, the grid of the levels.
const STEP: usize = 480;

/// Where Debian's asterisk-core-sounds-en-wav has its voice: recorded prompts of a person.
const PROMPTS: &str = "/usr/share/asterisk/sounds/en_US_f_Allison";

/// A speaking voice.
pub struct Speech {
    pub samples: Vec<f32>,
    /// Where nobody speaks, in samples.
    pub pauses: Vec<Range<usize>>,
}

impl Speech {
    /// Two prompts that somebody spoke, with a second and a half of silence behind each.
    pub fn recorded() -> Option<Self> {
        let ffmpeg = peer("ffmpeg")?;
        let (mut samples, mut pauses) = (Vec::new(), Vec::new());
        for words in ["agent-newlocation", "conf-onlyperson"] {
            let file = Path::new(PROMPTS).join(words).with_extension("wav");
            if !file.exists() {
                skip("the recorded prompts of asterisk-core-sounds-en-wav");
                return None;
            }
            let [spoken, _] = decode_with_ffmpeg(&ffmpeg, &file);
            let highest = peak(&spoken);
            samples.extend(spoken.iter().map(|x| x * 0.3 / highest));
            let from = samples.len();
            samples.resize(from + RATE * 3 / 2, 0.0);
            pauses.push(from..samples.len());
        }
        Some(Self { samples, pauses })
    }

    /// Whether `at` is in a pause, or at the edge of one.
    fn is_spoken(&self, at: usize) -> bool {
        !self.pauses.iter().any(|pause| pause.contains(&at))
    }

    fn power(&self) -> f64 {
        let spoken = (0..self.samples.len()).filter(|at| self.is_spoken(*at));
        mean_power(spoken.map(|at| self.samples[at]))
    }
}

fn mean_power(samples: impl Iterator<Item = f32>) -> f64 {
    let (sum, count) = samples.fold((0.0, 0.0), |(sum, count), x| (sum + f64::from(x).powi(2), count + 1.0));
    sum / f64::max(count, 1.0)
}

/// The voice with noise under it, `snr_db` below the mean power of what is spoken.
pub fn mix_at_snr(speech: &Speech, noise: &[f32], snr_db: f64) -> Vec<f32> {
    let wanted = speech.power() / 10_f64.powf(snr_db / 10.0);
    let factor = (wanted / mean_power(noise.iter().copied())).sqrt() as f32;
    let mixed = speech.samples.iter().zip(noise);
    mixed.map(|(voice, noise)| voice + noise * factor).collect()
}

/// Writes a scene with `text` and a picture without sound; gives its path.
pub fn scene(folder: &Path, text: &str) -> String {
    let path = folder.join("show.toml");
    let picture = "[video]\nwidth = 320\nheight = 180\nframe_rate = 30\nbitrate_kbps = 300\n\
                   [source.card]\nkind = \"pattern\"\ntone_hz = 0\nflash = false\n\
                   [scene.card]\nitems = [{ source = \"card\" }]\n";
    std::fs::write(&path, format!("{picture}{text}")).unwrap();
    path.to_str().unwrap().to_owned()
}

/// A stream that was pulled.
pub struct Heard {
    pull: Pull,
    pub samples: Vec<f32>,
}

/// Where a repeating signal lies in a stream.
pub struct Aligned<'a> {
    heard: &'a Heard,
    /// Samples of the stream before the first whole repetition.
    start: usize,
    period: usize,
}

impl Heard {
    pub fn of(pull: Pull) -> Self {
        let ffmpeg = peer("ffmpeg").expect("it has just pulled");
        let [samples, _] = decode_with_ffmpeg(&ffmpeg, &pull.path);
        Self { pull, samples }
    }

    fn file(&self) -> &PathBuf {
        &self.pull.path
    }

    /// RMS between two times of the sound in seconds, by ffmpeg's astats.
    pub fn rms_dbfs(&self, span: Range<f64>) -> f64 {
        let trim = format!(
            "atrim=start={:.4}:end={:.4},astats=measure_perchannel=RMS_level",
            span.start, span.end
        );
        // asetpts: counted from the first sample, as the samples here are.
        let said = self.filter(&format!("asetpts=N/SR/TB,{trim}:measure_overall=none"));
        number_after(&said, "RMS level dB:")
    }

    /// The true peak from `from` on, by ffmpeg's ebur128.
    pub fn true_peak_dbtp(&self, from: f64) -> f64 {
        let said = self.filter(&format!("asetpts=N/SR/TB,atrim=start={from},ebur128=peak=true"));
        let summary = said.rsplit("True peak:").next().unwrap_or_default();
        number_after(summary, "Peak:")
    }

    fn filter(&self, filter: &str) -> String {
        let run = Command::new("ffmpeg")
            .args(["-hide_banner", "-nostats", "-nostdin", "-i"])
            .arg(self.file())
            .args(["-map", "0:a:0", "-af", filter, "-f", "null", "-"])
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&run.stderr).into_owned();
        assert!(run.status.success(), "{said}");
        said
    }

    /// The level of one tone in each 10 ms, over 20 ms around it: correlation with the tone under a Hann window.
    pub fn band(&self, hz: f64) -> Vec<f64> {
        let turn = |n: usize| (TAU * hz * n as f64 / RATE as f64).sin_cos();
        let windows = self.samples.windows(2 * STEP).step_by(STEP);
        let level = |window: &[f32]| {
            let (mut re, mut im) = (0.0, 0.0);
            for (n, sample) in window.iter().enumerate() {
                let hann = 0.5 - 0.5 * (TAU * n as f64 / window.len() as f64).cos();
                let (sin, cos) = turn(n);
                re += f64::from(*sample) * hann * cos;
                im += f64::from(*sample) * hann * sin;
            }
            20.0 * (f64::hypot(re, im) * 4.0 / window.len() as f64).max(1e-9).log10()
        };
        windows.map(level).collect()
    }

    /// Finds `signal`, which the stream repeats without end, behind the first `skipped` seconds of the stream.
    pub fn aligned(&self, signal: &[f32], skipped: f64) -> Aligned<'_> {
        let first = (skipped * RATE as f64) as usize;
        // Roughly by the envelope, which noise does not hide; then to the sample.
        let envelope = |samples: &[f32]| -> Vec<f64> {
            let blocks = samples.chunks_exact(STEP);
            blocks.map(|block| mean_power(block.iter().copied()).sqrt()).collect()
        };
        let (whole, wanted) = (envelope(&self.samples[first..]), envelope(signal));
        let mean = wanted.iter().sum::<f64>() / wanted.len() as f64;
        let score = |shift: usize| -> f64 {
            let pairs = whole.iter().enumerate();
            // Without its mean, so that a place is not good for being loud.
            pairs
                .map(|(at, level)| level * (wanted[(at + wanted.len() - shift) % wanted.len()] - mean))
                .sum()
        };
        let rough = (0..wanted.len())
            .max_by(|a, b| score(*a).total_cmp(&score(*b)))
            .unwrap();
        let period = signal.len();
        let fine = |shift: i64| -> f64 {
            // A second of speech is unlike any other.
            let from = first as i64 + RATE as i64;
            (from..from + 3 * RATE as i64)
                .map(|at| {
                    let inside = (at - first as i64 - shift).rem_euclid(period as i64);
                    f64::from(self.samples[at as usize]) * f64::from(signal[inside as usize])
                })
                .sum()
        };
        let around = (rough * STEP) as i64;
        let shift = (around - 700..=around + 700)
            .max_by(|a, b| fine(*a).total_cmp(&fine(*b)))
            .unwrap();
        let start = first + shift.rem_euclid(period as i64) as usize;
        Aligned {
            heard: self,
            start,
            period,
        }
    }
}

impl Aligned<'_> {
    /// Where samples `from` to `to` of the signal are heard, in seconds of the stream.
    pub fn spans(&self, from: usize, to: usize) -> impl Iterator<Item = Range<f64>> {
        let (start, period, end) = (self.start, self.period, self.heard.samples.len());
        let starts = (0..)
            .map(move |n| start + n * period)
            .take_while(move |at| at + to <= end);
        let seconds = |at: usize| at as f64 / RATE as f64;
        starts.map(move |at| seconds(at + from)..seconds(at + to))
    }

    /// One whole repetition, as it was heard.
    pub fn samples(&self) -> &[f32] {
        &self.heard.samples[self.start..self.start + self.period]
    }
}

/// The mean over frames of 20 ms of speech (down to 40 dB below its mean power) of the ratio of the `clean` voice to what
/// differs from it in `heard`, each kept within −10 and 35 dB (Hansen & Pellom, 1998).
pub fn segmental_snr_db(speech: &Speech, clean: &[f32], heard: &[f32]) -> f64 {
    const FRAME: usize = 960;
    let quiet = speech.power() / 10_f64.powi(4);
    let (mut sum, mut count) = (0.0, 0.0);
    for at in (0..speech.samples.len() - FRAME).step_by(FRAME) {
        if !speech.is_spoken(at) || mean_power(speech.samples[at..at + FRAME].iter().copied()) < quiet {
            continue;
        }
        let clean = &clean[at..at + FRAME];
        let power = mean_power(clean.iter().copied());
        let error = mean_power(clean.iter().zip(&heard[at..]).map(|(clean, heard)| heard - clean));
        sum += (10.0 * (power / error.max(1e-12)).log10()).clamp(-10.0, 35.0);
        count += 1.0;
    }
    sum / count
}

/// The number behind `label`.
fn number_after(text: &str, label: &str) -> f64 {
    let rest = text
        .split(label)
        .nth(1)
        .unwrap_or_else(|| panic!("no '{label}' in:\n{text}"));
    let word = rest.split_whitespace().next().unwrap();
    word.parse().unwrap_or_else(|_| panic!("'{label} {word}' is no number"))
}
