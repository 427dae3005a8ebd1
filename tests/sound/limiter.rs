//! The limiter against an independent meter: ffmpeg's ebur128 must never read more than −1 dBTP on program.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::float_cmp,
    clippy::print_stderr,
    missing_docs
)]

use crate::sound_common;
use std::path::Path;
use std::process::Command;

use rigcast::sound::{BusSettings, StripSettings};
use sound_common::*;

/// The true peak that ffmpeg's ebur128 filter reads, in dBTP.
fn true_peak(ffmpeg: &Path, signal: &Signal) -> f64 {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("program.wav");
    write_wav(&file, signal);
    let run = Command::new(ffmpeg)
        .args(["-nostdin", "-hide_banner", "-i"])
        .arg(&file)
        .args(["-af", "ebur128=peak=true", "-f", "null", "-"])
        .output()
        .unwrap();
    let log = String::from_utf8_lossy(&run.stderr);
    let summary = &log[log.rfind("True peak:").expect(&log)..];
    let peak = summary
        .lines()
        .find_map(|line| line.trim().strip_prefix("Peak:"))
        .unwrap();
    peak.trim().trim_end_matches("dBFS").trim().parse().unwrap()
}

fn times(signal: Vec<f32>, factor: f32) -> Vec<f32> {
    signal.into_iter().map(|x| x * factor).collect()
}

#[test]
fn nasty_signals_stay_below_minus_one_dbtp() {
    let Some(ffmpeg) = peer("ffmpeg") else { return };
    let square = |frequency: f64| -> Vec<f32> { sine(frequency, 1.0, 0.1, 3.0).iter().map(|x| x.signum()).collect() };
    let mut bursts = white(9, 3 * RATE);
    for (n, x) in bursts.iter_mut().enumerate() {
        // 20 ms of noise out of nothing, every 120 ms.
        *x *= if n % 5760 < 960 { 1.0 } else { 0.001 };
    }
    let mut clicks = vec![0.0; 3 * RATE];
    for (n, x) in clicks.iter_mut().enumerate() {
        *x = if n % 4801 == 0 {
            1.0
        } else if n % 4801 == 1 {
            -1.0
        } else {
            0.0
        };
    }
    let opposite = [sine(440.0, 1.0, 0.0, 3.0), sine(554.0, 1.0, 2.0, 3.0)];
    let sweep: Vec<f32> = (0..3 * RATE)
        .map(|n| {
            let t = n as f64 / RATE as f64;
            // 20 Hz to 20 kHz in 3 s.
            let phase = 20.0 * 3.0 / 1000.0_f64.ln() * ((1000.0_f64.ln() * t / 3.0).exp() - 1.0);
            (std::f64::consts::TAU * phase).sin() as f32
        })
        .collect();
    let cases = [
        ("tone 997 Hz +12 dB over", mono(sine(997.0, 1.0, 0.0, 3.0)), 12.0),
        ("tone 60 Hz +12 dB over", mono(sine(60.0, 1.0, 0.0, 3.0)), 12.0),
        (
            "fs/4 with 45 degrees",
            mono(sine(12_000.0, 1.0, std::f64::consts::FRAC_PI_4, 3.0)),
            12.0,
        ),
        (
            "fs/4 with 45 degrees, samples at full scale",
            mono(times(sine(12_000.0, 1.0, std::f64::consts::FRAC_PI_4, 3.0), 1.414)),
            0.0,
        ),
        ("tone 17 kHz", mono(sine(17_000.0, 1.0, 0.4, 3.0)), 12.0),
        ("square 100 Hz", mono(square(100.0)), 6.0),
        ("square 3 kHz", mono(square(3001.0)), 12.0),
        ("white noise", mono(white(1, 3 * RATE)), 12.0),
        (
            "noise bursts",
            [bursts.clone(), bursts.iter().rev().copied().collect()],
            18.0,
        ),
        ("clicks", mono(clicks), 20.0),
        ("two tones apart", opposite, 12.0),
        ("sweep", mono(sweep), 12.0),
    ];
    for (name, signal, gain_db) in cases {
        let out = through_mixer(
            &signal,
            StripSettings {
                gain_db,
                ..StripSettings::default()
            },
            |_, _| {},
        );
        let peak = true_peak(&ffmpeg, &out);
        eprintln!("{name}: {peak:.1} dBTP");
        assert!(peak <= -0.9, "{name}: {peak} dBTP");
        assert!(peak >= -3.5, "{name}: limited, not strangled: {peak} dBTP");
    }
}

#[test]
fn a_12_db_over_is_held_at_every_ceiling_by_ffmpegs_meter() {
    let Some(ffmpeg) = peer("ffmpeg") else { return };
    let tone = mono(sine(997.0, 1.0, 0.0, 3.0));
    for ceiling_dbtp in [-0.1_f32, -1.0, -2.0, -6.0, -12.0] {
        let bus = BusSettings {
            ceiling_dbtp,
            ..BusSettings::default()
        };
        let loud = StripSettings {
            gain_db: 12.0,
            ..StripSettings::default()
        };
        let out = through_mixer(&tone, loud, |index, mixer| {
            if index == 0 {
                mixer.set_bus(bus);
            }
        });
        let peak = true_peak(&ffmpeg, &out);
        // ffmpeg prints one decimal.
        let over = peak - f64::from(ceiling_dbtp);
        assert!((-0.15..0.051).contains(&over), "{ceiling_dbtp} dBTP: {peak} dBTP");
    }
}

#[test]
fn a_ceiling_that_moves_all_the_time_is_never_passed() {
    let Some(ffmpeg) = peer("ffmpeg") else { return };
    let noise = [times(white(5, 4 * RATE), 4.0), times(white(6, 4 * RATE), 4.0)];
    // Up and down between -12 and -1 dBTP, every 70 ms.
    let out = through_mixer(&noise, StripSettings::default(), |index, mixer| {
        if index % 7 == 0 {
            mixer.set_bus(BusSettings {
                ceiling_dbtp: -1.0 - ((index / 7) * 5 % 12) as f32,
                ..BusSettings::default()
            });
        }
    });
    let peak = true_peak(&ffmpeg, &out);
    assert!((-2.5..=-0.9).contains(&peak), "{peak} dBTP");
}

#[test]
fn a_program_below_the_ceiling_is_not_touched() {
    let tone = mono(sine(997.0, 0.85, 0.0, 1.0));
    let quiet = mono(sine(997.0, 0.085, 0.0, 1.0));
    let out = through_mixer(&tone, StripSettings::default(), |_, _| {});
    let expected = through_mixer(&quiet, StripSettings::default(), |_, _| {});
    for (a, b) in out[0].iter().zip(&expected[0]) {
        assert!((a - b * 10.0).abs() < 1e-5);
    }
}

#[test]
fn both_channels_are_turned_down_alike() {
    let signal = [sine(300.0, 1.0, 0.0, 1.0), sine(300.0, 0.01, 0.0, 1.0)];
    let out = through_mixer(
        &signal,
        StripSettings {
            gain_db: 12.0,
            ..StripSettings::default()
        },
        |_, _| {},
    );
    for (left, right) in out[0].iter().zip(&out[1]) {
        assert!((left - right * 100.0).abs() < 1e-4, "the stereo picture stays");
    }
}
