//! What is measured with: somebody who speaks, and a strip on which everything is on.

use rigcast::media::BLOCK_FRAMES;
use rigcast::sound::{
    Band, Compressor, DeEsser, Denoise, Eq, Gate, HighPass, Ride, Role, Shelf, Stereo, StripSettings,
};

/// Ten seconds of a buzzing voice with syllables and pauses in a noisy room; the same on both channels or not.
pub fn voice(amplitude: f32, is_stereo: bool) -> Vec<Stereo> {
    let mut noise = 1_u32;
    (0..1000)
        .map(|block| {
            let mut channels = [[0.0; BLOCK_FRAMES]; 2];
            for n in 0..BLOCK_FRAMES {
                let t = (block * BLOCK_FRAMES + n) as f32 / 48_000.0;
                let tone: f32 = (1..9)
                    .map(|h| (std::f32::consts::TAU * 150.0 * h as f32 * t).sin() / h as f32)
                    .sum();
                let is_pausing = (t / 1.5).fract() > 0.7;
                let syllable = (std::f32::consts::PI * 4.0 * t).sin().powi(2);
                let swell = if is_pausing { 0.0 } else { syllable };
                for channel in &mut channels {
                    noise ^= noise << 13;
                    noise ^= noise >> 17;
                    noise ^= noise << 5;
                    let room = noise as f32 / u32::MAX as f32 - 0.5;
                    channel[n] = amplitude * (0.4 * swell * tone + 0.05 * room);
                }
                if !is_stereo {
                    channels[1][n] = channels[0][n];
                }
            }
            channels
        })
        .collect()
}

/// What ffmpeg has filters for as well, all of it at work.
pub fn shared_chain() -> StripSettings {
    StripSettings {
        high_pass: HighPass { is_on: true, hz: 80.0 },
        denoise: Denoise {
            is_on: true,
            percent: 100.0,
        },
        gate: Gate {
            is_on: true,
            ..Gate::default()
        },
        eq: Eq {
            is_on: true,
            low: Shelf {
                hz: 120.0,
                gain_db: -3.0,
            },
            mid1: Band {
                hz: 400.0,
                gain_db: -2.0,
                q: 1.0,
            },
            mid2: Band {
                hz: 3000.0,
                gain_db: 3.0,
                q: 1.0,
            },
            high: Shelf {
                hz: 8000.0,
                gain_db: 2.0,
            },
        },
        compressor: Compressor {
            is_on: true,
            makeup_db: 6.0,
            ..Compressor::default()
        },
        gain_db: 6.0,
        ..StripSettings::default()
    }
}

/// Everything on.
pub fn everything() -> StripSettings {
    StripSettings {
        role: Role::Voice,
        de_esser: DeEsser {
            is_on: true,
            ..DeEsser::default()
        },
        ride: Ride {
            is_on: true,
            ..Ride::default()
        },
        pan_percent: -20.0,
        delay_ms: 40.0,
        send_a_db: Some(-6.0),
        send_b_db: Some(-12.0),
        is_afv: true,
        ..shared_chain()
    }
}
