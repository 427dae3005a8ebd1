//! What 10 ms of sound cost. A block lasts 10,000 µs: 100 µs are 1 % of a core.
//!
//! `cargo bench --bench sound`; to compare with ffmpeg's filters on 60 s of the same work: `benches/peers/sound_ffmpeg.sh`,
//! which runs the `60 s` group of this file and ffmpeg one after the other.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::hint::black_box;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use rigcast::encode::{AacEncoder, AudioEncoder, AudioRate, AudioSettings, Channels, OpusEncoder, OpusSettings};
use rigcast::media::{AudioBlock, BLOCK_FRAMES};
use rigcast::sound::limiter::Limiter;
use rigcast::sound::{BusSettings, Denoise, Mixer, Stereo, StripSettings};

/// All of what is heard is denoised.
const DENOISE: Denoise = Denoise {
    is_on: true,
    percent: 100.0,
};

/// A second of a buzzing voice with noise; the same on both channels or not.
fn voice(amplitude: f32, is_stereo: bool) -> Vec<Stereo> {
    let mut noise = 1_u32;
    (0..100)
        .map(|block| {
            let mut channels = [[0.0; BLOCK_FRAMES]; 2];
            for n in 0..BLOCK_FRAMES {
                let t = (block * BLOCK_FRAMES + n) as f32 / 48_000.0;
                let tone: f32 = (1..9)
                    .map(|h| (std::f32::consts::TAU * 150.0 * h as f32 * t).sin() / h as f32)
                    .sum();
                for channel in &mut channels {
                    noise ^= noise << 13;
                    noise ^= noise >> 17;
                    noise ^= noise << 5;
                    channel[n] = amplitude * (0.4 * tone + 0.05 * (noise as f32 / u32::MAX as f32 - 0.5));
                }
                if !is_stereo {
                    channels[1][n] = channels[0][n];
                }
            }
            channels
        })
        .collect()
}

/// Mixes one block after the other with `strips` strips of `settings`.
fn mix(c: &mut Criterion, name: &str, strips: usize, settings: StripSettings, sound: &[Stereo]) {
    let mut mixer = Mixer::new(&vec![settings; strips], BusSettings::default());
    let mut inputs = vec![None; strips];
    let mut index = 0_usize;
    c.bench_function(name, |bencher| {
        bencher.iter(|| {
            let pts = AudioBlock::time_of(index as i64);
            let channels = sound[index % sound.len()];
            inputs.fill(Some(AudioBlock { pts, channels }));
            index += 1;
            black_box(mixer.process(pts, &inputs))
        });
    });
}

fn blocks(c: &mut Criterion) {
    let (equal, stereo) = (voice(0.25, false), voice(0.25, true));
    let denoised = StripSettings {
        denoise: DENOISE,
        ..StripSettings::default()
    };
    mix(c, "mixer without strips", 0, StripSettings::default(), &stereo);
    mix(c, "1 strip", 1, StripSettings::default(), &stereo);
    mix(
        c,
        "1 strip asleep",
        1,
        StripSettings::default(),
        &[[[0.0; BLOCK_FRAMES]; 2]],
    );
    mix(c, "1 strip denoised, equal channels", 1, denoised, &equal);
    mix(c, "1 strip denoised, stereo", 1, denoised, &stereo);
    mix(
        c,
        "8 strips",
        8,
        StripSettings {
            gain_db: -18.0,
            ..StripSettings::default()
        },
        &stereo,
    );
    mix(c, "8 strips, limiter at work", 8, StripSettings::default(), &stereo);

    for (name, amplitude) in [
        ("limiter at rest", 0.05),
        ("limiter listening", 0.6),
        ("limiter at work", 3.0),
    ] {
        let sound = voice(amplitude, true);
        let mut limiter = Limiter::new(BusSettings::default().ceiling_dbtp);
        let mut index = 0;
        c.bench_function(name, |bencher| {
            bencher.iter(|| {
                index += 1;
                black_box(limiter.process(&sound[index % sound.len()]))
            });
        });
    }

    let mono = AudioSettings {
        sample_rate: AudioRate::Hz44100,
        channels: Channels::Mono,
        ..AudioSettings::default()
    };
    let opus = |expected_loss_percent| OpusSettings {
        expected_loss_percent,
        ..OpusSettings::default()
    };
    let encoders: [(&str, Box<dyn AudioEncoder>); 4] = [
        (
            "AAC-LC 128 kbit/s",
            Box::new(AacEncoder::open(AudioSettings::default()).unwrap()),
        ),
        (
            "AAC-LC 128 kbit/s, 44.1 kHz mono",
            Box::new(AacEncoder::open(mono).unwrap()),
        ),
        ("Opus 96 kbit/s", Box::new(OpusEncoder::open(opus(0)).unwrap())),
        (
            "Opus 96 kbit/s with FEC",
            Box::new(OpusEncoder::open(opus(10)).unwrap()),
        ),
    ];
    for (name, mut encoder) in encoders {
        let mut index = 0;
        c.bench_function(name, |bencher| {
            bencher.iter(|| {
                let pts = AudioBlock::time_of(index);
                let channels = stereo[index as usize % stereo.len()];
                index += 1;
                encoder
                    .encode(&AudioBlock { pts, channels }, &mut |packet| drop(black_box(packet)))
                    .unwrap();
            });
        });
    }
}

/// What the peer script compares: a stereo source through denoise, gain and the limiter.
fn minute(c: &mut Criterion) {
    let sound = voice(0.25, true);
    let mut group = c.benchmark_group("60 s");
    group.sample_size(10);
    for (name, is_on) in [("denoise, gain, limiter", true), ("gain, limiter", false)] {
        group.bench_function(name, |bencher| {
            bencher.iter_batched(
                || {
                    Mixer::new(
                        &[StripSettings {
                            gain_db: 12.0,
                            denoise: Denoise { is_on, percent: 100.0 },
                            ..StripSettings::default()
                        }],
                        BusSettings::default(),
                    )
                },
                |mut mixer| {
                    for index in 0..6000 {
                        let pts = AudioBlock::time_of(index);
                        let channels = sound[index as usize % sound.len()];
                        black_box(mixer.process(pts, &[Some(AudioBlock { pts, channels })]));
                    }
                },
                BatchSize::LargeInput,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, blocks, minute);
criterion_main!(benches);
