//! Each part on its own, by criterion.

use std::hint::black_box;

use criterion::{Criterion, criterion_group};
use rigcast::encode::{AacEncoder, AudioEncoder, AudioRate, AudioSettings, Channels, OpusEncoder, OpusSettings};
use rigcast::media::{AudioBlock, BLOCK_FRAMES};
use rigcast::sound::duck::Ducker;
use rigcast::sound::limiter::Limiter;
use rigcast::sound::loudness::LoudnessMeter;
use rigcast::sound::ride::Ride;
use rigcast::sound::{BusSettings, Denoise, Ducking, Mixer, Stereo, StripSettings, settings};

use crate::sounds::{everything, voice};

/// All of what is heard is denoised.
const DENOISE: Denoise = Denoise {
    is_on: true,
    percent: 100.0,
};

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
    mix(c, "1 strip with everything on, equal channels", 1, everything(), &equal);
    mix(c, "1 strip with everything on, stereo", 1, everything(), &stereo);

    for (name, amplitude) in [
        ("limiter at rest", 0.05),
        ("limiter listening", 0.6),
        ("limiter at work", 3.0),
    ] {
        let sound = voice(amplitude, true);
        let mut limiter = Limiter::new(-1.0);
        let mut index = 0;
        c.bench_function(name, |bencher| {
            bencher.iter(|| {
                index += 1;
                black_box(limiter.process(&sound[index % sound.len()]))
            });
        });
    }

    let sound = voice(0.5, true);
    let mut index = 0;
    let mut meter = LoudnessMeter::new();
    c.bench_function("loudness and true peak", |bencher| {
        bencher.iter(|| {
            index += 1;
            meter.feed(&sound[index % sound.len()]);
            black_box(meter.shown())
        });
    });
    let mut ride = Ride::new();
    ride.set(
        &settings::Ride {
            is_on: true,
            range_db: 9.0,
        },
        -16.0,
    );
    c.bench_function("ride", |bencher| {
        bencher.iter(|| {
            index += 1;
            let mut block = sound[index % sound.len()];
            ride.process(&mut block);
            black_box(block)
        });
    });
    let mut ducker = Ducker::new(Ducking::default());
    c.bench_function("ducker", |bencher| {
        bencher.iter(|| {
            index += 1;
            black_box(ducker.next_block(if index % 200 < 100 { -20.0 } else { -60.0 }))
        });
    });

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

criterion_group!(benches, blocks);
