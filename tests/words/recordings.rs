//! Sound for the engines: sentences said by espeak-ng, with noise.

use std::path::Path;
use std::process::Command;

use rigcast::media::{AudioBlock, BLOCK_FRAMES};

/// A sentence at 48 kHz with half a second of noise to either side, the noise `below_db` below it. The same for the same seed.
pub fn spoken(espeak: &Path, voice: &str, text: &str, below_db: f32, seed: u64) -> Vec<f32> {
    let folder = tempfile::tempdir().unwrap();
    let (file, studio) = (folder.path().join("said.wav"), folder.path().join("studio.wav"));
    let said = Command::new(espeak)
        .args(["-v", voice, "-s", "155", "-w"])
        .arg(&file)
        .arg(text)
        .status()
        .unwrap();
    assert!(said.success(), "espeak-ng as {voice}");
    let sox = Command::new("sox")
        .arg(&file)
        .args(["-r", "48000", "-c", "1", "-b", "16", "-e", "signed"])
        .arg(&studio)
        .status();
    assert!(sox.expect("sox; ./test installs it").success());
    let reader = hound::WavReader::open(&studio).unwrap();
    let said: Vec<f32> = reader
        .into_samples::<i16>()
        .map(|sample| f32::from(sample.unwrap()) / 32_768.0)
        .collect();
    with_noise(&said, below_db, seed)
}

fn with_noise(said: &[f32], below_db: f32, seed: u64) -> Vec<f32> {
    let loud: Vec<f32> = said.iter().copied().filter(|sample| sample.abs() > 0.006).collect();
    let rms = (loud.iter().map(|sample| sample * sample).sum::<f32>() / loud.len() as f32).sqrt();
    // −26 dBFS, as speech is usually mixed. The noise of the whole band: three times the power of that below 16 kHz's half.
    let gain = 10_f32.powf(-26.0 / 20.0) / rms;
    let level = rms * gain * 10_f32.powf(-below_db / 20.0) * 3_f32.sqrt() * 3_f32.sqrt();
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let silence = vec![0.0; 24_000];
    let padded = [&silence, said, &silence].concat();
    let noise = |sample: f32| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let random = (state >> 40) as f32 / (1 << 23) as f32 - 1.0;
        sample * gain + random * level
    };
    padded.into_iter().map(noise).collect()
}

/// As blocks, the first of them number `first`.
pub fn blocks(samples: &[f32], first: i64) -> impl Iterator<Item = AudioBlock> {
    samples.chunks(BLOCK_FRAMES).zip(first..).map(|(samples, index)| {
        let mut block = AudioBlock::silence(AudioBlock::time_of(index));
        block.channels[0][..samples.len()].copy_from_slice(samples);
        block.channels[1] = block.channels[0];
        block
    })
}
