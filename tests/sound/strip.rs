//! What an operator hears of a strip: gain, mute, solo, denoise, and that none of them clicks or moves the sound.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::float_cmp,
    clippy::print_stderr,
    missing_docs
)]

use crate::sound_common;
use proptest::prelude::*;
use rigcast::media::{AudioBlock, BLOCK_FRAMES};
use rigcast::sound::{BusSettings, Denoise, Mixer, StripSettings};
use sound_common::*;

/// All of what is heard is denoised.
const DENOISE: Denoise = Denoise {
    is_on: true,
    percent: 100.0,
};

/// The largest change of slope: a click is a corner.
fn sharpest(samples: &[f32]) -> f32 {
    samples
        .windows(3)
        .map(|x| (x[2] - 2.0 * x[1] + x[0]).abs())
        .fold(0.0, f32::max)
}

#[test]
fn a_tone_at_minus_20_with_6_db_of_gain_is_at_minus_14() {
    // Four seconds: what the DC blocker makes of the tone's sudden start has left the peak hold by then.
    let tone = mono(sine(1000.0, 0.1, 0.0, 4.0));
    let mut mixer = Mixer::new(
        &[StripSettings {
            gain_db: 6.0,
            ..StripSettings::default()
        }],
        BusSettings::default(),
    );
    for index in 0..400 {
        let block = block_of(&tone, index);
        mixer.process(block.pts, &[Some(block)]);
    }
    let meters = mixer.meters().clone();
    for meter in [meters.strips[0], meters.program] {
        for channel in 0..2 {
            assert!((meter.peak_dbfs[channel] + 14.0).abs() < 0.1, "{meter:?}");
            assert!((meter.hold_dbfs[channel] + 14.0).abs() < 0.1, "{meter:?}");
            assert!((meter.rms_dbfs[channel] + 17.01).abs() < 0.1, "{meter:?}");
        }
    }
    let out = through_mixer(
        &tone,
        StripSettings {
            gain_db: 6.0,
            ..StripSettings::default()
        },
        |_, _| {},
    );
    let level = db(f64::from(peak(&out[0][RATE / 2..])));
    assert!((level + 14.0).abs() < 0.1, "{level}");
}

#[test]
fn mute_gain_and_unmute_do_not_click() {
    let tone = mono(sine(997.0, 0.5, 0.3, 2.0));
    let out = through_mixer(&tone, StripSettings::default(), |index, mixer| match index {
        60 => mixer.set(
            0,
            StripSettings {
                is_muted: true,
                ..StripSettings::default()
            },
        ),
        90 => mixer.set(0, StripSettings::default()),
        120 => mixer.set(
            0,
            StripSettings {
                gain_db: -40.0,
                ..StripSettings::default()
            },
        ),
        // A fader that is dragged: a new value in each block, each from where the last one had come to.
        150..=180 => mixer.set(
            0,
            StripSettings {
                gain_db: -40.0 + (index - 150) as f32,
                ..StripSettings::default()
            },
        ),
        _ => {}
    });
    let steady = sharpest(&out[0][RATE / 4..RATE / 2]);
    let all = sharpest(&out[0][RATE / 4..]);
    assert!(all < 1.3 * steady, "{all} against {steady}");
    assert_eq!(
        peak(&out[0][70 * BLOCK_FRAMES..85 * BLOCK_FRAMES]),
        0.0,
        "muted is silent"
    );
    let quiet = db(f64::from(peak(&out[0][125 * BLOCK_FRAMES..145 * BLOCK_FRAMES])));
    assert!((quiet + 46.02).abs() < 0.1, "{quiet}");
}

#[test]
fn a_source_that_vanishes_and_returns_does_not_click() {
    let tone = mono(sine(997.0, 0.5, 0.3, 2.0));
    let mut mixer = Mixer::new(&[StripSettings::default()], BusSettings::default());
    let mut out = Vec::new();
    for index in 0..200 {
        let block = block_of(&tone, index);
        let is_away = (100..130).contains(&index);
        out.extend(
            mixer
                .process(block.pts, &[(!is_away).then_some(block)])
                .program
                .channels[0],
        );
    }
    let steady = sharpest(&out[RATE / 4..RATE / 2]);
    let all = sharpest(&out[RATE / 4..]);
    // The fade takes 2 ms: steeper than the tone itself, a hundred times softer than a cut (0.5).
    assert!(all < 2.5 * steady, "{all} against {steady}");
    assert_eq!(peak(&out[103 * BLOCK_FRAMES..130 * BLOCK_FRAMES]), 0.0);
}

#[test]
fn solo_moves_the_monitor_and_leaves_program_alone() {
    let signals = [mono(sine(500.0, 0.1, 0.0, 1.0)), mono(sine(3000.0, 0.1, 0.0, 1.0))];
    let mut plain = Mixer::new(
        &[StripSettings::default(), StripSettings::default()],
        BusSettings::default(),
    );
    let mut mixer = Mixer::new(
        &[StripSettings::default(), StripSettings::default()],
        BusSettings::default(),
    );
    for index in 0..100 {
        if index == 30 {
            mixer.set(
                1,
                StripSettings {
                    is_solo: true,
                    is_muted: true,
                    ..StripSettings::default()
                },
            );
            plain.set(
                1,
                StripSettings {
                    is_muted: true,
                    ..StripSettings::default()
                },
            );
        }
        if index == 60 {
            mixer.set(1, StripSettings::default());
            plain.set(1, StripSettings::default());
        }
        let inputs = [0, 1].map(|strip| Some(block_of(&signals[strip], index)));
        let now = AudioBlock::time_of(index as i64);
        let mix = mixer.process(now, &inputs);
        assert_eq!(mix.program, plain.process(now, &inputs).program, "block {index}");
        match index {
            0..30 | 65.. => assert_eq!(mix.monitor, mix.program, "block {index}"),
            35..60 => {
                // The other strip alone, though it is muted on program.
                let wanted = block_of(&signals[1], index - 2);
                for (heard, wanted) in mix.monitor.channels[0].iter().zip(&wanted.channels[0]) {
                    assert!((heard - wanted).abs() < 0.002, "block {index}");
                }
            }
            _ => {}
        }
    }
}

#[test]
fn strips_come_and_go() {
    let tone = mono(sine(1000.0, 0.1, 0.0, 1.0));
    let mut mixer = Mixer::new(&[], BusSettings::default());
    assert!(mixer.is_empty());
    let silent = mixer.process(AudioBlock::time_of(0), &[]);
    assert_eq!(
        silent.program.channels,
        AudioBlock::silence(silent.program.pts).channels
    );
    assert_eq!(
        mixer.add(StripSettings {
            is_muted: true,
            ..StripSettings::default()
        }),
        0
    );
    assert_eq!(mixer.add(StripSettings::default()), 1);
    assert!(mixer.remove(0) && !mixer.remove(1));
    assert_eq!((mixer.len(), mixer.meters().strips.len()), (1, 1));
    assert_eq!(mixer.settings(0), Some(StripSettings::default()));
    mixer.set(7, StripSettings::default());
    for index in 1..20 {
        let block = block_of(&tone, index);
        mixer.process(block.pts, &[Some(block), Some(block)]);
    }
    assert!(
        (mixer.meters().program.peak_dbfs[0] + 20.0).abs() < 0.1,
        "the second input is nobody's"
    );
}

#[test]
fn a_dc_offset_goes_away_and_a_beep_stays_where_it_is() {
    let mut samples = vec![0.25_f32; RATE];
    for (n, sample) in sine(1000.0, 0.5, 0.0, 0.1).into_iter().enumerate() {
        samples[RATE / 2 + n] += sample;
    }
    let out = through_mixer(&mono(samples), StripSettings::default(), |_, _| {});
    assert!(peak(&out[0][RATE / 4..RATE / 2]) < 1e-4, "the offset is gone");
    let first = out[0].iter().skip(RATE / 4).position(|x| x.abs() > 0.01).unwrap() + RATE / 4;
    assert!((first as i64 - (RATE / 2) as i64).abs() <= 1, "{first}");
}

#[test]
fn denoise_lowers_the_noise_in_pauses_and_moves_nothing() {
    let (Some(espeak), Some(ffmpeg)) = (peer("espeak-ng"), peer("ffmpeg")) else {
        return;
    };
    let (mut samples, pauses) = speech(&espeak, &ffmpeg);
    let spoken = samples.clone();
    let noise = pink(5, samples.len(), 0.006);
    samples.iter_mut().zip(&noise).for_each(|(x, n)| *x += n);
    let noisy = mono(samples);

    let dry = through_mixer(&noisy, StripSettings::default(), |_, _| {});
    let wet = through_mixer(
        &noisy,
        StripSettings {
            denoise: DENOISE,
            ..StripSettings::default()
        },
        |_, _| {},
    );
    for pause in &pauses[1..] {
        let inner = pause.start + RATE / 4..pause.end - RATE / 10;
        let drop = db(rms(&dry[0][inner.clone()])) - db(rms(&wet[0][inner]));
        eprintln!("noise floor in a pause: {drop:.1} dB lower");
        assert!(drop >= 10.0, "{drop:.1} dB");
    }
    let voice = pauses[0].end..pauses[1].start;
    assert_eq!(
        lag(&dry[0][voice.clone()], &wet[0][voice.clone()], 200),
        0,
        "denoised speech is where the dry is"
    );
    let level = db(rms(&wet[0][voice.clone()])) - db(rms(&spoken[voice]));
    assert!(level.abs() < 2.0, "the voice keeps its level: {level:.1} dB");
}

#[test]
fn toggling_denoise_shifts_nothing_and_does_not_click() {
    let (Some(espeak), Some(ffmpeg)) = (peer("espeak-ng"), peer("ffmpeg")) else {
        return;
    };
    let (samples, _) = speech(&espeak, &ffmpeg);
    let signal = mono(samples);
    let dry = through_mixer(&signal, StripSettings::default(), |_, _| {});
    let toggled = through_mixer(&signal, StripSettings::default(), |index, mixer| {
        mixer.set(
            0,
            StripSettings {
                denoise: Denoise {
                    is_on: (index / 37) % 2 == 1,
                    ..Denoise::default()
                },
                ..StripSettings::default()
            },
        );
    });
    // Every stretch with speech in it: while on, while off, and across the toggles.
    let stretch = RATE / 5;
    let mut compared = 0;
    for from in (0..dry[0].len() - stretch).step_by(stretch / 2) {
        let (a, b) = (&dry[0][from..from + stretch], &toggled[0][from..from + stretch]);
        if db(rms(a)) > -30.0 && db(rms(b)) > -35.0 {
            assert_eq!(lag(a, b, 100), 0, "at sample {from}");
            compared += 1;
        }
    }
    assert!(compared > 20, "{compared} stretches");
    let (was, is) = (sharpest(&dry[0]), sharpest(&toggled[0]));
    assert!(is < 1.2 * was, "{is} against {was}");
}

#[test]
fn a_tone_keeps_its_phase_when_denoise_is_toggled_in_silence() {
    // Asleep strips take the toggle too: sound that comes later starts dry where it must, and is never old sound.
    let mut samples = vec![0.0; 3 * RATE];
    samples[..RATE].copy_from_slice(&white(3, RATE).iter().map(|x| x * 0.2).collect::<Vec<_>>());
    let out = through_mixer(
        &mono(samples),
        StripSettings {
            denoise: DENOISE,
            ..StripSettings::default()
        },
        |index, mixer| match index {
            80 => mixer.set(0, StripSettings::default()),
            200 => mixer.set(
                0,
                StripSettings {
                    denoise: DENOISE,
                    ..StripSettings::default()
                },
            ),
            _ => {}
        },
    );
    assert!(peak(&out[0][RATE + RATE / 2..]) < 1e-6, "nothing old comes back");
}

/// Samples of any bits: NaN, infinities and denormals among them.
fn any_samples() -> impl Strategy<Value = Vec<f32>> {
    prop::collection::vec(
        prop_oneof![3 => -2.0f32..2.0, 1 => any::<u32>().prop_map(f32::from_bits)],
        1..60,
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn whatever_is_set_and_sent_the_output_is_finite_and_below_the_ceiling(
        seed in any_samples(),
        gains in prop::collection::vec(any::<u32>(), 1..8),
        flags in any::<u8>(),
    ) {
        let mut mixer = Mixer::new(&[StripSettings::default(), StripSettings { denoise: DENOISE, ..StripSettings::default() }], BusSettings::default());
        for index in 0..40 {
            let gain = f32::from_bits(gains[index % gains.len()]);
            let flag = |bit: u8| (flags.rotate_left(index as u32) >> bit) & 1 == 1;
            mixer.set(index % 2, StripSettings {
                gain_db: gain,
                is_muted: flag(0),
                is_solo: flag(1),
                denoise: Denoise { is_on: flag(2), ..Denoise::default() },
                ..StripSettings::default()
            });
            let mut block = AudioBlock::silence(AudioBlock::time_of(index as i64));
            for (n, sample) in block.channels.iter_mut().flatten().enumerate() {
                *sample = seed[(n + index) % seed.len()];
            }
            let mix = mixer.process(block.pts, &[Some(block), flag(3).then_some(block)]);
            for sample in mix.program.channels.iter().chain(&mix.monitor.channels).flatten() {
                prop_assert!(sample.abs() <= 0.8913, "{sample}");
            }
            let meters = mixer.meters();
            for meter in meters.strips.iter().chain([&meters.program]) {
                prop_assert!(meter.peak_dbfs.iter().chain(&meter.rms_dbfs).all(|db| db.is_finite()), "{meter:?}");
            }
        }
    }
}
