//! Recordings for `rigcast words`: WAV files of any rate, and sentences that a speech synthesiser says.

use std::io::Cursor;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::media::{AudioBlock, BLOCK_FRAMES, SAMPLE_RATE};

/// Longest recording in seconds.
const LONGEST: u32 = 1_800;
/// Samples to either side that one of another rate is made of.
const REACH: f64 = 24.0;

/// A WAV file as blocks from time zero.
pub(super) fn read(path: &Path) -> Result<Vec<AudioBlock>, String> {
    let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    decode(bytes).map_err(|error| format!("{}: {error}", path.display()))
}

fn decode(bytes: Vec<u8>) -> Result<Vec<AudioBlock>, String> {
    let reader = hound::WavReader::new(Cursor::new(bytes)).map_err(|error| error.to_string())?;
    let spec = reader.spec();
    if !(4_000..=384_000).contains(&spec.sample_rate) || spec.channels == 0 {
        return Err(format!("{} channels at {} Hz", spec.channels, spec.sample_rate));
    }
    let channels = usize::from(spec.channels);
    let most = LONGEST as usize * spec.sample_rate as usize * channels;
    if reader.len() as usize > most {
        return Err(format!("longer than {} minutes; split it", LONGEST / 60));
    }
    let samples: Result<Vec<f32>, hound::Error> = match spec.sample_format {
        hound::SampleFormat::Float => reader.into_samples::<f32>().collect(),
        hound::SampleFormat::Int => {
            let scale = 1.0 / (1_u64 << (spec.bits_per_sample.clamp(1, 32) - 1)) as f32;
            reader
                .into_samples::<i32>()
                .map(|sample| sample.map(|sample| sample as f32 * scale))
                .collect()
        }
    };
    let samples = samples.map_err(|error| error.to_string())?;
    let side = |at: usize| {
        samples
            .iter()
            .skip(at.min(channels - 1))
            .step_by(channels)
            .copied()
            .collect::<Vec<f32>>()
    };
    let [left, right] = [side(0), side(1)].map(|side| at_studio_rate(&side, spec.sample_rate));
    Ok(blocks(&left, &right))
}

fn blocks(left: &[f32], right: &[f32]) -> Vec<AudioBlock> {
    let pieces = left.chunks(BLOCK_FRAMES).zip(right.chunks(BLOCK_FRAMES)).enumerate();
    let block = |(index, (left, right)): (usize, (&[f32], &[f32]))| {
        let mut block = AudioBlock::silence(AudioBlock::time_of(index as i64));
        block.channels[0][..left.len()].copy_from_slice(left);
        block.channels[1][..right.len()].copy_from_slice(right);
        block
    };
    pieces.map(block).collect()
}

/// The same at 48 kHz, by a windowed sinc.
fn at_studio_rate(samples: &[f32], rate: u32) -> Vec<f32> {
    if rate == SAMPLE_RATE {
        return samples.to_vec();
    }
    let step = f64::from(rate) / f64::from(SAMPLE_RATE);
    // What a lower rate cannot carry is taken out on the way.
    let cut = (1.0 / step).min(1.0);
    let reach = REACH / cut;
    let sample = |index: usize| {
        let place = index as f64 * step;
        let first = (place - reach).ceil().max(0.0) as usize;
        let end = ((place + reach) as usize + 1).min(samples.len());
        let mut sum = 0.0;
        for (at, sample) in samples.iter().enumerate().take(end).skip(first) {
            let away = place - at as f64;
            let turn = std::f64::consts::PI * away * cut;
            let sinc = if turn.abs() < 1e-9 { 1.0 } else { turn.sin() / turn };
            let window = 0.5 + 0.5 * (std::f64::consts::PI * away / reach).cos();
            sum += f64::from(*sample) * sinc * window * cut;
        }
        sum as f32
    };
    (0..(samples.len() as f64 / step) as usize).map(sample).collect()
}

/// Has espeak-ng say `text`.
pub(super) fn speak(voice: &str, text: &str) -> Result<Vec<AudioBlock>, String> {
    let output = Command::new("espeak-ng")
        .args(["-v", voice, "--stdout", "--", text])
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("espeak-ng does not start: {error}; apt-get install espeak-ng"))?;
    let failed = || {
        format!(
            "espeak-ng does not speak as {voice}: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        )
    };
    if !output.status.success() || output.stdout.len() < 44 {
        return Err(failed());
    }
    let mut bytes = output.stdout.clone();
    // Into a pipe it cannot write how long it will be: both lengths of the header are set to what came.
    let length = u32::try_from(bytes.len()).map_err(|_| failed())?;
    bytes[4..8].copy_from_slice(&(length - 8).to_le_bytes());
    bytes[40..44].copy_from_slice(&((length - 44) & !1).to_le_bytes());
    decode(bytes)
}

/// Adds white noise so many dB below the sound, and half a second of it to either side. The same for the same `seed`.
pub(super) fn add_noise(sound: &[AudioBlock], below_db: f32, seed: u64) -> Vec<AudioBlock> {
    let samples = sound
        .iter()
        .flat_map(|block| block.channels[0])
        .filter(|sample| sample.abs() > 0.005);
    let (sum, count) = samples.fold((0.0_f64, 1.0), |(sum, count), sample| {
        (sum + f64::from(sample).powi(2), count + 1.0)
    });
    // Of an even spread from −1 to 1, the root of the mean square is 1/√3.
    let level = ((sum / count).sqrt() as f32) * 10_f32.powf(-below_db / 20.0) * 3_f32.sqrt();
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut noise = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    let quiet = AudioBlock::silence(crate::media::Timestamp::ZERO);
    let around = std::iter::repeat_n(&quiet, 50);
    let noisy = |(index, block): (usize, &AudioBlock)| {
        let mut block = *block;
        block.pts = AudioBlock::time_of(index as i64);
        for at in 0..BLOCK_FRAMES {
            let noise = noise() * level;
            block.channels[0][at] += noise;
            block.channels[1][at] += noise;
        }
        block
    };
    around
        .clone()
        .chain(sound)
        .chain(around)
        .enumerate()
        .map(noisy)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wav(rate: u32, channels: u16, hz: f32) -> Vec<u8> {
        let spec = hound::WavSpec {
            channels,
            sample_rate: rate,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut bytes = Cursor::new(Vec::new());
        let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
        for at in 0..rate {
            for _ in 0..channels {
                let sample = (2.0 * std::f32::consts::PI * hz * at as f32 / rate as f32).sin();
                writer.write_sample((sample * 16_000.0) as i16).unwrap();
            }
        }
        writer.finalize().unwrap();
        bytes.into_inner()
    }

    #[test]
    fn any_rate_becomes_the_studios() {
        for (rate, channels) in [(8_000, 1), (22_050, 1), (44_100, 2), (48_000, 2), (96_000, 1)] {
            let blocks = decode(wav(rate, channels, 1_000.0)).unwrap();
            assert!(blocks.len().abs_diff(100) <= 1, "{rate} Hz: {} blocks", blocks.len());
            let crossings = blocks.iter().flat_map(|block| block.channels[1]).collect::<Vec<_>>();
            let crossings = crossings
                .windows(2)
                .filter(|pair| pair[0] < 0.0 && pair[1] >= 0.0)
                .count();
            assert!(crossings.abs_diff(1_000) <= 2, "{rate} Hz: {crossings}");
            let peak = blocks[50].channels[0]
                .iter()
                .fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
            assert!((peak - 16_000.0 / 32_768.0).abs() < 0.01, "{rate} Hz: {peak}");
        }
        assert!(decode(b"RIFF".to_vec()).is_err());
    }

    #[test]
    fn noise_is_as_far_below_as_was_asked() {
        let blocks = decode(wav(48_000, 2, 1_000.0)).unwrap();
        let noisy = add_noise(&blocks, 20.0, 7);
        assert_eq!(noisy.len(), 200);
        let power = |block: &AudioBlock| block.channels[0].iter().map(|sample| sample * sample).sum::<f32>();
        let below = 10.0 * (power(&blocks[50]) / noisy[..50].iter().map(power).sum::<f32>() * 50.0).log10();
        assert!((below - 20.0).abs() < 0.5, "{below} dB");
        assert_eq!(noisy, add_noise(&blocks, 20.0, 7));
    }
}
