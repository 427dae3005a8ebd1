//! What each stage of a strip does to the sound that goes through the mixer: tones in, levels out, held against the curves
//! that the page draws.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::float_cmp, missing_docs)]

use crate::sound_common;
use proptest::prelude::*;
use rigcast::media::{AudioBlock, BLOCK_FRAMES, TimeDelta};
use rigcast::sound::curve::{compressor_output_db, gating_db, tone_db};
use rigcast::sound::fader::Buses;
use rigcast::sound::strip::Strip;
use rigcast::sound::{
    Band, BusSettings, Compressor, DeEsser, Denoise, Eq, Gate, HighPass, Mixer, Role, STRIP_PARAMS, Shelf,
    StripSettings, Value,
};
use sound_common::*;

/// The level of a tone in a signal, in dB re full scale (peak), by correlation over its second half.
fn tone_level(samples: &[f32], hz: f64) -> f64 {
    // A whole number of waves.
    let wave = (RATE as f64 / hz * 100.0).round() as usize;
    let half = &samples[samples.len() / 2..];
    let used = &half[..(half.len() / wave).max(1) * wave.min(half.len())];
    let (mut sine, mut cosine) = (0.0, 0.0);
    for (n, sample) in used.iter().enumerate() {
        let angle = std::f64::consts::TAU * hz * n as f64 / RATE as f64;
        sine += f64::from(*sample) * angle.sin();
        cosine += f64::from(*sample) * angle.cos();
    }
    db(2.0 * f64::hypot(sine, cosine) / used.len() as f64)
}

/// What the mixer makes of the level of a tone with these settings, in dB, against the same strip with nothing on.
fn gain_of(settings: StripSettings, hz: f64, amplitude: f64) -> f64 {
    let tone = mono(sine(hz, amplitude, 0.0, 1.2));
    let level = |settings| tone_level(&through_mixer(&tone, settings, |_, _| {})[0], hz);
    level(settings) - level(StripSettings::default())
}

fn plain() -> StripSettings {
    StripSettings::default()
}

#[test]
fn high_pass_and_eq_sound_as_they_are_drawn() {
    let eq = Eq {
        is_on: true,
        low: Shelf {
            hz: 150.0,
            gain_db: -9.0,
        },
        mid1: Band {
            hz: 400.0,
            gain_db: 6.0,
            q: 2.0,
        },
        mid2: Band {
            hz: 3000.0,
            gain_db: -12.0,
            q: 0.7,
        },
        high: Shelf {
            hz: 9000.0,
            gain_db: 8.0,
        },
    };
    let high_pass = HighPass { is_on: true, hz: 150.0 };
    for settings in [
        StripSettings { high_pass, ..plain() },
        StripSettings { eq, ..plain() },
        StripSettings {
            high_pass,
            eq,
            ..plain()
        },
        StripSettings {
            high_pass,
            eq,
            is_bypassed: true,
            ..plain()
        },
    ] {
        for hz in [
            50.0, 100.0, 150.0, 250.0, 400.0, 1000.0, 3000.0, 6000.0, 9000.0, 16_000.0,
        ] {
            let (found, drawn) = (gain_of(settings, hz, 0.05), f64::from(tone_db(&settings, hz as f32)));
            assert!(
                (found - drawn).abs() < 0.1,
                "{hz} Hz: {found:.2} dB, drawn {drawn:.2} dB"
            );
        }
    }
}

#[test]
fn the_compressor_turns_down_by_its_curve() {
    let compressor = Compressor {
        is_on: true,
        threshold_db: -30.0,
        ratio: 4.0,
        makeup_db: 3.0,
        ..Compressor::default()
    };
    let settings = StripSettings { compressor, ..plain() };
    for level in [-50.0, -33.0, -30.0, -27.0, -20.0, -10.0, -3.0] {
        let found = level + gain_of(settings, 1000.0, 10.0_f64.powf(level / 20.0));
        let drawn = f64::from(compressor_output_db(&compressor, level as f32));
        assert!(
            (found - drawn).abs() < 0.2,
            "{level} dB: {found:.2} dB, drawn {drawn:.2} dB"
        );
    }
}

#[test]
fn the_gate_turns_down_by_its_curve_and_no_further() {
    let gate = Gate {
        is_on: true,
        threshold_db: -40.0,
        ratio: 3.0,
        range_db: 25.0,
        ..Gate::default()
    };
    let settings = StripSettings { gate, ..plain() };
    for level in [-20.0, -39.0, -42.0, -46.0, -60.0] {
        let found = gain_of(settings, 1000.0, 10.0_f64.powf(level / 20.0));
        let drawn = f64::from(gating_db(&gate, level as f32));
        assert!(
            (found - drawn).abs() < 0.2,
            "{level} dB: {found:.2} dB, drawn {drawn:.2} dB"
        );
    }
}

#[test]
fn a_word_opens_the_gate_within_its_attack_and_the_pause_closes_it() {
    let gate = Gate {
        is_on: true,
        threshold_db: -40.0,
        ratio: 20.0,
        range_db: 30.0,
        attack_ms: 2.0,
        hold_ms: 100.0,
        release_ms: 50.0,
    };
    let mut samples = sine(1000.0, 0.001, 0.0, 3.0);
    for (n, sample) in samples.iter_mut().enumerate() {
        if (RATE..2 * RATE).contains(&n) {
            *sample *= 100.0;
        }
    }
    let sent = mono(samples);
    let heard = through_mixer(&sent, StripSettings { gate, ..plain() }, |_, _| {});
    let gain = |ms: usize| db(rms(&heard[0][ms * 48..ms * 48 + 96]) / rms(&sent[0][ms * 48..ms * 48 + 96]));
    for (ms, low, high) in [
        (990, -30.2, -29.8),
        (1010, -0.5, 0.1),
        (1500, -0.1, 0.1),
        (1998, -0.1, 0.1),
        (2090, -0.1, 0.2),
        (2160, -22.0, -17.0),
        (2700, -30.2, -29.8),
    ] {
        assert!((low..high).contains(&gain(ms)), "at {ms} ms: {:.2} dB", gain(ms));
    }
}

#[test]
fn the_de_esser_takes_7_khz_down_and_leaves_1_khz() {
    let de_esser = DeEsser {
        is_on: true,
        hz: 6000.0,
        threshold_db: -40.0,
        range_db: 10.0,
    };
    let settings = StripSettings { de_esser, ..plain() };
    let sharp = gain_of(settings, 7000.0, 0.1);
    assert!((-10.1..-8.0).contains(&sharp), "{sharp:.2} dB");
    for hz in [100.0, 1000.0, 2000.0] {
        let low = gain_of(settings, hz, 0.05);
        assert!(low.abs() < 0.1, "{hz} Hz: {low:.2} dB");
    }
    let quiet = gain_of(settings, 7000.0, 0.004);
    assert!(quiet.abs() < 0.1, "{quiet:.2} dB");
}

#[test]
fn everything_on_at_rest_leaves_a_tone_alone_and_in_its_place() {
    // Thresholds out of reach, filters flat: what is left is that no stage moves the sound by a sample.
    let settings = StripSettings {
        gate: Gate {
            is_on: true,
            threshold_db: -80.0,
            ..Gate::default()
        },
        eq: Eq {
            is_on: true,
            ..Eq::default()
        },
        compressor: Compressor {
            is_on: true,
            threshold_db: 0.0,
            knee_db: 0.0,
            ..Compressor::default()
        },
        de_esser: DeEsser {
            is_on: true,
            threshold_db: 0.0,
            ..DeEsser::default()
        },
        denoise: Denoise {
            is_on: true,
            percent: 0.0,
        },
        ..plain()
    };
    let noise = [white(1, RATE), white(2, RATE)].map(|samples| samples.into_iter().map(|x| 0.1 * x).collect());
    let dry = through_mixer(&noise, plain(), |_, _| {});
    let wet = through_mixer(&noise, settings, |_, _| {});
    for channel in 0..2 {
        for (n, (a, b)) in dry[channel]
            .iter()
            .zip(&wet[channel])
            .enumerate()
            .skip(2 * BLOCK_FRAMES)
        {
            assert!((a - b).abs() < 1e-6, "sample {n}: {a} {b}");
        }
    }
}

#[test]
fn half_the_strength_is_half_of_the_way() {
    let noise: Signal = [white(1, 2 * RATE), white(2, 2 * RATE)].map(|x| x.into_iter().map(|x| 0.05 * x).collect());
    let of = |percent| {
        let denoise = Denoise { is_on: true, percent };
        through_mixer(&noise, StripSettings { denoise, ..plain() }, |_, _| {})
    };
    let (dry, half, wet) = (of(0.0), of(50.0), of(100.0));
    assert!(rms(&wet[0][RATE..]) < 0.3 * rms(&dry[0][RATE..]));
    for n in 0..2 * RATE {
        let middle = f32::midpoint(dry[0][n], wet[0][n]);
        assert!((half[0][n] - middle).abs() < 1e-5, "sample {n}");
    }
}

#[test]
fn pan_turns_one_side_down_and_zero_touches_nothing() {
    let noise: Signal = [white(1, RATE), white(2, RATE)].map(|x| x.into_iter().map(|x| 0.1 * x).collect());
    let of = |pan_percent| through_mixer(&noise, StripSettings { pan_percent, ..plain() }, |_, _| {});
    let middle = of(0.0);
    for (pan_percent, factors) in [
        (-100.0, [1.0, 0.0]),
        (-40.0, [1.0, 0.6]),
        (75.0, [0.25, 1.0]),
        (100.0, [0.0, 1.0]),
    ] {
        let out = of(pan_percent);
        for channel in 0..2 {
            for (a, b) in out[channel].iter().zip(&middle[channel]) {
                assert!((a - factors[channel] * b).abs() < 1e-6, "{pan_percent}");
            }
        }
    }
}

#[test]
fn delay_is_exact_to_the_sample() {
    let noise: Signal = [white(1, RATE), white(2, RATE)].map(|x| x.into_iter().map(|x| 0.1 * x).collect());
    let dry = through_mixer(&noise, plain(), |_, _| {});
    for (delay_ms, frames) in [(0.5, 24), (10.0, 480), (123.4, 5923), (500.0, 24_000)] {
        let late = through_mixer(&noise, StripSettings { delay_ms, ..plain() }, |_, _| {});
        assert_eq!(peak(&late[0][..frames - 1]), 0.0, "{delay_ms} ms");
        assert_eq!(late[0][frames..], dry[0][..RATE - frames], "{delay_ms} ms");
    }
}

/// Runs a strip alone over noise.
fn run(strip: &mut Strip, blocks: std::ops::Range<usize>, mut each: impl FnMut(usize, &Strip, &Buses)) {
    let noise: Signal = [white(1, 4 * RATE), white(2, 4 * RATE)].map(|x| x.into_iter().map(|x| 0.1 * x).collect());
    let mut buses = Buses::default();
    for index in blocks {
        buses.clear();
        strip.process(Some(&block_of(&noise, index).channels), &mut buses);
        each(index, strip, &buses);
    }
}

#[test]
fn sends_go_to_the_aux_buses_behind_everything() {
    let mut settings = StripSettings {
        gain_db: -6.0,
        send_a_db: Some(-12.0),
        ..plain()
    };
    let mut strip = Strip::new(settings);
    run(&mut strip, 0..10, |index, strip, buses| {
        let (program, aux) = (&buses.program[0], &buses.aux);
        for n in 0..BLOCK_FRAMES {
            assert!((aux[0][0][n] - program[n] * 0.251_188_6).abs() < 1e-6, "block {index}");
        }
        assert_eq!(peak(&aux[1][0]), 0.0);
        assert_eq!(strip.output()[0], *program);
    });
    settings.is_muted = true;
    settings.send_b_db = Some(0.0);
    strip.set(settings);
    run(&mut strip, 10..20, |index, strip, buses| {
        if index >= 13 {
            assert_eq!(peak(buses.aux.as_flattened().as_flattened()), 0.0, "post mute");
            assert_eq!(peak(&buses.program[0]), 0.0);
        }
        assert!(
            peak(&strip.output()[0]) > 0.01,
            "what leaves the strip leaves it muted or not"
        );
    });
    settings.is_muted = false;
    strip.set(settings);
    run(&mut strip, 20..30, |index, _, buses| {
        if index >= 23 {
            assert_eq!(buses.aux[1], buses.program);
        }
    });
}

#[test]
fn audio_follows_video_over_the_time_of_the_transition() {
    let mut settings = StripSettings {
        is_afv: true,
        role: Role::Voice,
        ..plain()
    };
    let mut strip = Strip::new(settings);
    let mut levels = Vec::new();
    let mut note = |_: usize, strip: &Strip, buses: &Buses| levels.push((rms(&buses.program[0]), strip.voice_dbfs()));
    run(&mut strip, 0..20, &mut note);
    // A cut away, and a fade of 500 ms back.
    strip.set_on_program(false, 0);
    run(&mut strip, 20..40, &mut note);
    strip.set_on_program(true, RATE / 2);
    run(&mut strip, 40..100, &mut note);
    let loud = levels[15].0;
    assert!(levels[15].1.unwrap() > -21.0);
    assert_eq!((levels[23].0, levels[23].1), (0.0, None), "a cut is over in 20 ms");
    assert!(
        (0.3..0.7).contains(&(levels[65].0 / loud)),
        "half way: {}",
        levels[65].0 / loud
    );
    assert!((0.9..1.1).contains(&(levels[95].0 / loud)), "back");
    // A mute is quick even in the middle of a long fade, and a strip that does not follow stays.
    strip.set_on_program(false, 10 * RATE);
    settings.is_muted = true;
    strip.set(settings);
    run(&mut strip, 100..110, |index, _, buses| {
        assert_eq!(index >= 102, peak(&buses.program[0]) == 0.0, "block {index}");
    });
    settings.is_muted = false;
    settings.is_afv = false;
    strip.set(settings);
    run(&mut strip, 110..120, |index, _, buses| {
        assert!(index < 114 || rms(&buses.program[0]) > 0.9 * loud, "block {index}");
    });
}

#[test]
fn ducking_turns_program_down_and_leaves_the_strip_as_it_is() {
    let mut strip = Strip::new(StripSettings {
        role: Role::Music,
        is_solo: true,
        ..plain()
    });
    run(&mut strip, 0..10, |_, _, _| {});
    for index in 10..20 {
        strip.duck(-2.0 * (index - 9) as f32);
        run(&mut strip, index..index + 1, |_, _, _| {});
    }
    run(&mut strip, 20..25, |_, strip, buses| {
        assert!((rms(&buses.program[0]) / rms(&strip.output()[0]) - 0.1).abs() < 0.001);
        assert_eq!(buses.pfl, *strip.output(), "PFL is not ducked");
        assert_eq!(strip.voice_dbfs(), None);
    });
    assert!((strip.meter().stages.duck_db + 20.0).abs() < 0.01);
}

#[test]
fn bypass_leaves_out_all_stages_and_keeps_the_fader() {
    let settings = StripSettings {
        high_pass: HighPass { is_on: true, hz: 400.0 },
        denoise: Denoise {
            is_on: true,
            percent: 100.0,
        },
        gate: Gate {
            is_on: true,
            threshold_db: 0.0,
            ..Gate::default()
        },
        eq: Eq {
            is_on: true,
            mid1: Band {
                hz: 1000.0,
                gain_db: 18.0,
                q: 0.3,
            },
            ..Eq::default()
        },
        compressor: Compressor {
            is_on: true,
            threshold_db: -60.0,
            ..Compressor::default()
        },
        de_esser: DeEsser {
            is_on: true,
            threshold_db: -60.0,
            ..DeEsser::default()
        },
        gain_db: -6.0,
        is_bypassed: true,
        ..plain()
    };
    let noise: Signal = [white(1, RATE), white(2, RATE)].map(|x| x.into_iter().map(|x| 0.1 * x).collect());
    let bypassed = through_mixer(&noise, settings, |_, _| {});
    let bare = through_mixer(
        &noise,
        StripSettings {
            gain_db: -6.0,
            ..plain()
        },
        |_, _| {},
    );
    assert_eq!(bypassed, bare);
    // And live: half a second later nothing of the stages is left.
    let live = through_mixer(
        &noise,
        StripSettings {
            is_bypassed: false,
            ..settings
        },
        |index, mixer| {
            if index == 40 {
                mixer.set(0, settings);
            }
        },
    );
    for n in RATE * 9 / 10..RATE {
        assert!(
            (live[0][n] - bare[0][n]).abs() < 1e-5,
            "sample {n}: {} {}",
            live[0][n],
            bare[0][n]
        );
    }
}

#[test]
fn meters_say_what_each_stage_does() {
    let settings = StripSettings {
        high_pass: HighPass { is_on: true, hz: 400.0 },
        eq: Eq {
            is_on: true,
            mid1: Band {
                hz: 200.0,
                gain_db: 6.0,
                q: 1.0,
            },
            ..Eq::default()
        },
        compressor: Compressor {
            is_on: true,
            threshold_db: -30.0,
            ..Compressor::default()
        },
        ..plain()
    };
    let tone = mono(sine(200.0, 0.999_98, 0.0, 2.0));
    let mut mixer = Mixer::new(&[settings], BusSettings::default());
    let run = |mixer: &mut Mixer, blocks: std::ops::Range<usize>, amplitude: f32| {
        for index in blocks {
            let mut block = block_of(&tone, index);
            block
                .channels
                .as_flattened_mut()
                .iter_mut()
                .for_each(|x| *x *= amplitude);
            mixer.process(block.pts, &[Some(block)]);
        }
    };
    run(&mut mixer, 0..100, 1.0);
    let meter = mixer.meters().strips[0];
    assert!(meter.is_input_clipping);
    assert!((meter.stages.high_pass_db + 12.3).abs() < 0.2, "{meter:?}");
    assert!((meter.stages.eq_db - 6.0).abs() < 0.2, "{meter:?}");
    // −6.3 dB come in, 23.7 dB above the threshold, at 3:1.
    assert!((meter.stages.compressor_db + 15.8).abs() < 0.3, "{meter:?}");
    assert_eq!(
        (meter.stages.gate_db, meter.stages.de_esser_db, meter.stages.denoise_db),
        (0.0, 0.0, 0.0)
    );
    // 1.5 s later the lamp is out; what a stage did is no longer shown once it is off.
    mixer.set(0, plain());
    for index in 100..300 {
        run(&mut mixer, index % 200..index % 200 + 1, 0.1);
    }
    let meter = mixer.meters().strips[0];
    assert!(!meter.is_input_clipping);
    assert_eq!(meter.stages, rigcast::sound::StageMeters::default());
}

#[test]
fn a_gate_that_sleeps_shows_itself_closed() {
    let gate = Gate {
        is_on: true,
        ..Gate::default()
    };
    let mut mixer = Mixer::new(&[StripSettings { gate, ..plain() }], BusSettings::default());
    for index in 0..300 {
        let now = AudioBlock::time_of(index);
        mixer.process(now, &[Some(AudioBlock::silence(now))]);
    }
    assert!((mixer.meters().strips[0].stages.gate_db + gate.range_db).abs() < 0.1);
}

#[test]
fn what_rings_is_heard_to_its_end() {
    // A bell as narrow as can be rings for seconds; the strip must not fall asleep on it.
    let eq = Eq {
        is_on: true,
        mid1: Band {
            hz: 60.0,
            gain_db: 18.0,
            q: 10.0,
        },
        ..Eq::default()
    };
    let mut samples = sine(60.0, 0.1, 0.0, 1.0);
    samples.resize(6 * RATE, 0.0);
    let out = through_mixer(
        &mono(samples),
        StripSettings {
            eq,
            delay_ms: 500.0,
            ..plain()
        },
        |_, _| {},
    );
    let levels: Vec<f64> = out[0][RATE * 8 / 5..].chunks(RATE / 10).map(|x| db(rms(x))).collect();
    for pair in levels.windows(2) {
        assert!(pair[1] < -119.0 || pair[0] - pair[1] < 8.0, "{levels:.0?}");
    }
    assert!(levels.last().unwrap() < &-119.0);
}

#[test]
fn when_channels_part_every_stage_goes_on_where_it_was() {
    // One strip works on one channel until they part; the other is kept on two by a difference that nobody hears.
    let settings = StripSettings {
        high_pass: HighPass { is_on: true, hz: 200.0 },
        gate: Gate {
            is_on: true,
            threshold_db: -15.0,
            range_db: 10.0,
            ..Gate::default()
        },
        eq: Eq {
            is_on: true,
            mid1: Band {
                hz: 100.0,
                gain_db: 12.0,
                q: 8.0,
            },
            ..Eq::default()
        },
        compressor: Compressor {
            is_on: true,
            threshold_db: -30.0,
            ..Compressor::default()
        },
        de_esser: DeEsser {
            is_on: true,
            threshold_db: -45.0,
            ..DeEsser::default()
        },
        ..plain()
    };
    let mut left = white(1, 2 * RATE);
    for x in &mut left {
        *x *= 0.1;
    }
    let other = white(2, 2 * RATE);
    let signal = |difference: f32| -> Signal {
        let right = left.iter().zip(&other).enumerate().map(
            |(n, (x, y))| {
                if n < RATE { x + difference } else { 0.5 * x + 0.05 * y }
            },
        );
        [left.clone(), right.collect()]
    };
    let (one, two) = (signal(0.0), signal(1e-7));
    let one = through_mixer(&one, settings, |_, _| {});
    let two = through_mixer(&two, settings, |_, _| {});
    for channel in 0..2 {
        for (n, (a, b)) in one[channel].iter().zip(&two[channel]).enumerate() {
            assert!((a - b).abs() < 1e-4, "channel {channel}, sample {n}: {a} {b}");
        }
    }
}

/// Settings of any kind, out of range and no numbers among them.
fn any_settings() -> impl Strategy<Value = StripSettings> {
    prop::collection::vec((any::<bool>(), any::<u32>(), 0.0f32..1.0), STRIP_PARAMS.len()).prop_map(|values| {
        let mut settings = StripSettings::default();
        for (param, (is_on, bits, share)) in STRIP_PARAMS.iter().zip(values) {
            let number = match param.kind {
                rigcast::sound::ParamKind::Number { low, high, .. } if bits % 8 != 0 => {
                    low as f32 + share * (high - low) as f32
                }
                _ => f32::from_bits(bits),
            };
            for value in [
                Value::Switch(is_on),
                Value::Choice(bits as usize % 3),
                Value::Number(number),
            ] {
                (param.set)(&mut settings, value);
            }
        }
        settings
    })
}

fn any_samples() -> impl Strategy<Value = Vec<f32>> {
    prop::collection::vec(
        prop_oneof![3 => -2.0f32..2.0, 1 => any::<u32>().prop_map(f32::from_bits)],
        BLOCK_FRAMES,
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn any_settings_and_any_samples_leave_finite_sound(
        settings in prop::collection::vec(any_settings(), 1..6),
        blocks in prop::collection::vec((any_samples(), any_samples(), 0_u8..4), 1..6),
    ) {
        let mut strip = Strip::new(settings[0]);
        let mut buses = Buses::default();
        for index in 0..40 {
            let (left, right, kind) = &blocks[index % blocks.len()];
            strip.set(settings[index % settings.len()]);
            strip.set_on_program(index % 3 == 0, index * 100);
            strip.duck(-(index as f32));
            let mut block = [[0.0; BLOCK_FRAMES]; 2];
            block[0].copy_from_slice(left);
            block[1].copy_from_slice(if *kind == 0 { left } else { right });
            buses.clear();
            strip.process((*kind < 3).then_some(&block), &mut buses);
            let all = [&buses.program, &buses.pfl, &buses.aux[0], &buses.aux[1], strip.output()];
            for samples in all {
                prop_assert!(samples.as_flattened().iter().all(|x| x.is_finite()));
            }
            let meter = strip.meter();
            prop_assert!(serde_json::to_string(meter).unwrap().find("null").is_none(), "{:?}", meter);
        }
    }
}

#[test]
fn the_mixer_tells_its_strips_what_is_on_program() {
    let tone = mono(sine(1000.0, 0.1, 0.0, 1.0));
    let out = through_mixer(
        &tone,
        StripSettings {
            is_afv: true,
            ..plain()
        },
        |index, mixer| {
            if index == 30 {
                mixer.set_on_program(0, false, TimeDelta::from_millis(100));
            }
        },
    );
    assert!(peak(&out[0][RATE / 10..RATE / 4]) > 0.09);
    assert_eq!(peak(&out[0][RATE / 2..]), 0.0);
}
