//! The sound of the test pattern: a steady tone, and a beep that starts with the flash.

use std::f64::consts::TAU;

use super::frames_per_second;
use crate::media::{AudioBlock, BLOCK_FRAMES, FrameRate, SAMPLE_RATE};
use crate::source::PatternSpec;

/// Pitch of the beep in Hz: other than the tone, and a whole number of periods long.
const BEEP_HZ: f64 = 1_000.0;

/// Length of the beep in frames: 40 ms.
const BEEP_FRAMES: i64 = 1_920;

/// Peak of the beep, −6 dBFS.
const BEEP_PEAK: f64 = 0.501_187;

/// Makes any block of the pattern's sound, from its number alone.
pub(super) struct Tone {
    rate: FrameRate,
    hz: f64,
    peak: f64,
    has_beep: bool,
}

impl Tone {
    pub(super) fn new(spec: &PatternSpec, rate: FrameRate) -> Self {
        let hz = f64::from(spec.tone_hz.unwrap_or(0.0));
        let is_heard = hz > 0.0 && hz < f64::from(SAMPLE_RATE) / 2.0;
        Self {
            rate,
            hz,
            peak: if is_heard {
                10_f64.powf(f64::from(spec.level_dbfs.min(0.0)) / 20.0)
            } else {
                0.0
            },
            has_beep: spec.has_flash,
        }
    }

    /// Block `index` of the studio clock, the same on both channels.
    pub(super) fn block(&self, index: i64) -> AudioBlock {
        let mut block = AudioBlock::silence(AudioBlock::time_of(index));
        let first = index * BLOCK_FRAMES as i64;
        let beep = self.beep_before(first + BLOCK_FRAMES as i64 - 1);
        let rate = f64::from(SAMPLE_RATE);
        // Whole periods are taken away before multiplying, so that hours later the phase is as exact as at the start.
        let phase = (first as f64 * self.hz / rate).fract();
        for at in 0..BLOCK_FRAMES {
            let tone = if self.peak > 0.0 {
                self.peak * (TAU * (phase + at as f64 * self.hz / rate)).sin()
            } else {
                0.0
            };
            let into = first + at as i64 - beep;
            let beep = if self.has_beep && (0..BEEP_FRAMES).contains(&into) {
                BEEP_PEAK * (TAU * BEEP_HZ * into as f64 / rate).sin()
            } else {
                0.0
            };
            let sample = (tone + beep) as f32;
            block.channels[0][at] = sample;
            block.channels[1][at] = sample;
        }
        block
    }

    /// The first sample of the newest flash frame that is not after sample `at`.
    fn beep_before(&self, at: i64) -> i64 {
        let second = frames_per_second(self.rate);
        let start = |flash: i64| self.rate.frame_time(flash * second).to_48k();
        // One more than the frame at this time, because frames may begin between two samples.
        let flash = (self.rate.frame_at(crate::media::Timestamp::from_48k(at)) + 1).div_euclid(second);
        if start(flash) <= at {
            start(flash)
        } else {
            start(flash - 1)
        }
    }
}
