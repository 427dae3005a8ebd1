//! No switch clicks: during a steady 1 kHz tone at −20 dBFS everything that can be switched or moved on a strip is switched and
//! moved, and what is heard beside the tone is measured, window by window.
//!
//! The table of parameters is what is looped over: a switch that is added is tested by being there.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, missing_docs)]

use crate::sound_common;
use rigcast::media::TimeDelta;
use rigcast::sound::{
    Band, BusSettings, Compressor, DeEsser, Denoise, Eq, Gate, HighPass, Mixer, Param, ParamKind, Point, Ride,
    STRIP_PARAMS, Shelf, Stage, StripSettings, Value,
};
use sound_common::*;
use std::f64::consts::TAU;
use std::sync::LazyLock;

const TONE_HZ: f64 = 1000.0;

/// What the issue allows beside the tone.
const ALLOWED_DBFS: f64 = -60.0;

/// 21 ms: short enough that a click is not averaged away.
const WINDOW: usize = 1024;

/// A fade of 20 ms widens the tone by so much, and so does the window.
const TONE_WIDTH_HZ: f64 = 300.0;

/// Blackman-Harris, scaled so that the powers of a full-scale sine's bins add up to 1.
static WINDOWING: LazyLock<[f64; WINDOW]> = LazyLock::new(|| {
    let window: [f64; WINDOW] = std::array::from_fn(|n| {
        let t = TAU * n as f64 / WINDOW as f64;
        0.358_75 - 0.488_29 * t.cos() + 0.141_28 * (2.0 * t).cos() - 0.011_68 * (3.0 * t).cos()
    });
    let energy: f64 = window.iter().map(|w| w * w).sum();
    window.map(|w| w * 2.0 / (energy * WINDOW as f64).sqrt())
});

/// The turns of an FFT.
static TURNS: LazyLock<[(f64, f64); WINDOW / 2]> = LazyLock::new(|| {
    std::array::from_fn(|k| {
        let (sin, cos) = (-TAU * k as f64 / WINDOW as f64).sin_cos();
        (cos, sin)
    })
});

/// The power in each bin: an FFT with radix 2 of windowed samples.
fn spectrum(samples: &[f32]) -> Vec<f64> {
    let bits = WINDOW.trailing_zeros();
    let mut bins = [(0.0, 0.0); WINDOW];
    for (n, (sample, weight)) in samples.iter().zip(&*WINDOWING).enumerate() {
        bins[n.reverse_bits() >> (usize::BITS - bits)].0 = f64::from(*sample) * weight;
    }
    for stage in 0..bits {
        let half = 1 << stage;
        for group in bins.chunks_exact_mut(2 * half) {
            let (low, high) = group.split_at_mut(half);
            for (k, (a, b)) in low.iter_mut().zip(high).enumerate() {
                let (cos, sin) = TURNS[k * WINDOW / (2 * half)];
                let turned = (b.0 * cos - b.1 * sin, b.0 * sin + b.1 * cos);
                *b = (a.0 - turned.0, a.1 - turned.1);
                *a = (a.0 + turned.0, a.1 + turned.1);
            }
        }
    }
    bins[..WINDOW / 2].iter().map(|(re, im)| re * re + im * im).collect()
}

/// The loudest that any window holds beside the tone, in dBFS, and where.
fn beside_the_tone(samples: &[f32]) -> (f64, usize) {
    let bin = RATE as f64 / WINDOW as f64;
    (0..samples.len() - WINDOW)
        .step_by(WINDOW / 4)
        .map(|from| {
            let power: f64 = spectrum(&samples[from..from + WINDOW])
                .iter()
                .enumerate()
                .filter(|(k, _)| (*k as f64 * bin - TONE_HZ).abs() > TONE_WIDTH_HZ)
                .map(|(_, power)| power)
                .sum();
            (10.0 * power.max(1e-20).log10(), from)
        })
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .unwrap()
}

/// Settings with which every stage has something to do to the tone once it is on.
fn busy() -> StripSettings {
    StripSettings {
        high_pass: HighPass {
            is_on: false,
            hz: 400.0,
        },
        denoise: Denoise::default(),
        gate: Gate {
            threshold_db: -16.0,
            ratio: 2.0,
            range_db: 9.0,
            ..Gate::default()
        },
        eq: Eq {
            is_on: false,
            low: Shelf {
                hz: 300.0,
                gain_db: 6.0,
            },
            mid1: Band {
                hz: 900.0,
                gain_db: 9.0,
                q: 2.0,
            },
            mid2: Band {
                hz: 2000.0,
                gain_db: -9.0,
                q: 1.0,
            },
            high: Shelf {
                hz: 4000.0,
                gain_db: -6.0,
            },
        },
        compressor: Compressor {
            threshold_db: -24.0,
            makeup_db: 6.0,
            ..Compressor::default()
        },
        de_esser: DeEsser {
            hz: 2500.0,
            threshold_db: -60.0,
            range_db: 12.0,
            ..DeEsser::default()
        },
        ride: Ride::default(),
        send_a_db: Some(-3.0),
        send_b_db: Some(3.0),
        ..StripSettings::default()
    }
}

/// Blocks at which something is changed, and changed back: the tone's own start is long over, and both ends of a stage's
/// work are heard.
const CHANGE: usize = 160;
const CHANGE_BACK: usize = 240;
const END: usize = 320;

/// What is heard around both changes: on program, on the monitor, on both aux buses; both channels of each.
fn heard(start: StripSettings, changed: StripSettings, is_seen: bool, is_mono: bool) -> Vec<(String, Vec<f32>)> {
    let tone = |phase| sine(TONE_HZ, 0.1, phase, END as f64 / 100.0);
    let tone = [tone(0.4), tone(if is_mono { 0.4 } else { 1.7 })];
    // Another strip sounds as well, so that solo changes something.
    let other = mono(sine(TONE_HZ, 0.03, 2.0, END as f64 / 100.0));
    let mut mixer = Mixer::new(&[start, StripSettings::default()], BusSettings::default());
    mixer.set_on_program(0, is_seen, TimeDelta::ZERO);
    let mut out = vec![Vec::new(); 8];
    for index in 0..END {
        match index {
            CHANGE => mixer.set(0, changed),
            CHANGE_BACK => mixer.set(0, start),
            _ => {}
        }
        let block = block_of(&tone, index);
        mixer.process(block.pts, &[Some(block), Some(block_of(&other, index))]);
        if index >= CHANGE - 20 {
            let points = POINTS
                .iter()
                .flat_map(|(_, point)| mixer.output(*point).unwrap().channels);
            for (out, samples) in out.iter_mut().zip(points) {
                out.extend_from_slice(&samples);
            }
        }
    }
    let names = POINTS
        .iter()
        .flat_map(|(name, _)| ["left", "right"].map(|side| format!("{name} {side}")));
    names.zip(out).collect()
}

const POINTS: [(&str, Point); 4] = [
    ("program", Point::Program),
    ("monitor", Point::Monitor),
    ("aux A", Point::AuxA),
    ("aux B", Point::AuxB),
];

/// Whether the change was heard at all.
fn check(what: &str, start: StripSettings, changed: StripSettings, is_seen: bool, is_mono: bool) -> bool {
    let mut worst = (f64::MIN, String::new());
    let mut is_changed = false;
    let all = heard(start, changed, is_seen, is_mono);
    for (n, (place, samples)) in all.iter().enumerate() {
        if all[..n].iter().any(|(_, other)| other == samples) {
            continue;
        }
        let (level, at) = beside_the_tone(samples);
        let after_ms = at as f64 / 48.0 - 200.0;
        if level > worst.0 {
            worst = (level, format!("{place} {after_ms:.0} ms after the change"));
        }
        let middle = (CHANGE_BACK - CHANGE) * 480;
        let rms_of = |from: usize| rms(&samples[from..from + 4800]);
        is_changed |=
            (rms_of(4800) - rms_of(middle)).abs() > 1e-6 || samples[4800..9600] != samples[middle..middle + 4800];
    }
    eprintln!("{what:32} {:6.1} dBFS on {}", worst.0, worst.1);
    assert!(worst.0 < ALLOWED_DBFS, "{what}: {:.1} dBFS on {}", worst.0, worst.1);
    is_changed
}

fn with(param: &Param<StripSettings>, settings: StripSettings, value: Value) -> StripSettings {
    let mut settings = settings;
    (param.set)(&mut settings, value);
    settings
}

/// All stages on at once.
fn all_on() -> StripSettings {
    STRIP_PARAMS
        .iter()
        .filter(|param| !["bypass", "mute", "solo", "afv", "denoise"].contains(&param.name))
        .fold(busy(), |settings, param| with(param, settings, Value::Switch(true)))
}

#[test]
fn the_measure_sees_a_click_and_no_tone() {
    let steady = sine(TONE_HZ, 0.1, 0.0, 0.5);
    assert!(beside_the_tone(&steady).0 < -100.0);
    let mut cut = steady.clone();
    cut[12_000..].fill(0.0);
    assert!(beside_the_tone(&cut).0 > -60.0, "{:?}", beside_the_tone(&cut));
    let mut click = steady;
    click[12_000] += 0.1;
    assert!(beside_the_tone(&click).0 > -60.0, "{:?}", beside_the_tone(&click));
    // A sine of full scale reads 0 dB.
    let full = spectrum(&sine(3000.0, 1.0, 0.0, 0.1)[..WINDOW]).iter().sum::<f64>();
    assert!((10.0 * full.log10()).abs() < 0.1, "{full}");
}

#[test]
fn no_switch_clicks() {
    let mut switches = 0;
    for param in STRIP_PARAMS.iter().filter(|param| param.kind == ParamKind::Switch) {
        switches += 1;
        // What follows video has to be unseen for the switch to do anything.
        let is_seen = param.name != "afv";
        for is_mono in [true, false] {
            // Bypass needs something to leave out, everything else is also heard alone.
            if param.name != "bypass" {
                let [off, on] = [false, true].map(|is_on| with(param, busy(), Value::Switch(is_on)));
                let is_heard = check(param.name, off, on, is_seen, is_mono);
                assert!(is_heard || param.stage == Stage::Ride, "{} changes nothing", param.name);
            }
            let [off, on] = [false, true].map(|is_on| with(param, all_on(), Value::Switch(is_on)));
            check(&format!("{} among all", param.name), off, on, is_seen, is_mono);
        }
    }
    assert!(switches >= 11);
}

#[test]
fn no_number_clicks_when_it_moves() {
    for param in STRIP_PARAMS {
        let ParamKind::Number { low, high, .. } = param.kind else {
            continue;
        };
        let mut start = all_on();
        start.denoise.is_on = param.name.starts_with("denoise");
        // To the low end, and to where the tone is not louder than the ceiling; of a delay to where the wave is upside down.
        let mut is_heard = false;
        for share in [0.0, 0.401] {
            let value = (low + share * (high - low)) as f32;
            let changed = with(param, start, Value::Number(value));
            if changed != start {
                is_heard |= check(&format!("{} to {value}", param.name), start, changed, true, true);
            }
        }
        // Times matter only while something moves, and a ride has no voice to ride.
        let is_deaf = param.stage == Stage::Ride || param.name.ends_with("_ms") && param.name != "delay_ms";
        assert!(is_heard || is_deaf, "{} changes nothing", param.name);
    }
}
