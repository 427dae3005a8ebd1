//! The gate: turns down what is quiet. At a low ratio it is an expander that lowers the room between words, at a high one
//! it shuts.
//!
//! The level is the highest of both channels over 10 ms ([`SlidingPeak`]), so a wave's way through zero is no pause, and a
//! word is heard as soon as it begins. Opening and closing go exponentially in decibels: attack and release are time
//! constants. While the level says "open wider" or "stay", the hold begins anew.

use super::curve::gating_db;
use super::envelope::{Glide, STEP, STEPS, SlidingPeak, StepGain, factor_of, level_db, share_per_step, step_peaks};
use super::settings;
use super::stage_meter::LowestGain;
use crate::media::{BLOCK_FRAMES, SAMPLE_RATE};

/// From so near, in dB, it is where it belongs.
const NEARLY: f32 = 1e-3;

/// The gate of one strip.
#[derive(Clone, Debug)]
pub struct Gate {
    settings: settings::Gate,
    /// How much of it is heard, threshold, ratio, range.
    glide: Glide<4>,
    attack: f32,
    release: f32,
    hold_steps: u32,
    hold_left: u32,
    level: SlidingPeak,
    gain_db: f32,
    gain: StepGain,
    shown: LowestGain,
}

impl Gate {
    /// A gate that has heard silence, and is therefore closed.
    #[must_use]
    pub fn new(settings: &settings::Gate) -> Self {
        let mut gate = Self {
            settings: *settings,
            glide: Glide::new(params(settings)),
            attack: 1.0,
            release: 1.0,
            hold_steps: 0,
            hold_left: 0,
            level: SlidingPeak::new(),
            gain_db: -settings.range_db,
            gain: StepGain::new(1.0),
            shown: LowestGain::default(),
        };
        gate.set(settings);
        gate.sleep();
        gate
    }

    /// Changes the settings (sanitised ones); what is heard follows within 20 ms.
    pub fn set(&mut self, settings: &settings::Gate) {
        if settings.is_on && !self.is_running() {
            // Nobody knows what was before: it starts open.
            *self = Self {
                level: SlidingPeak::new(),
                gain_db: 0.0,
                gain: StepGain::new(1.0),
                hold_left: 0,
                ..self.clone()
            };
        }
        self.settings = *settings;
        self.glide.aim(params(settings));
        self.attack = share_per_step(settings.attack_ms);
        self.release = share_per_step(settings.release_ms);
        self.hold_steps = (settings.hold_ms * (SAMPLE_RATE as usize / STEP) as f32 / 1000.0) as u32;
    }

    /// Whether it does anything, if only to end smoothly.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.settings.is_on || self.glide.now()[0] > 0.0
    }

    /// The next block, of one channel or two.
    pub fn process(&mut self, block: &mut [[f32; BLOCK_FRAMES]]) {
        if !self.is_running() {
            self.shown.feed(0.0);
            return;
        }
        let mut peaks = step_peaks(block);
        self.level.slide(&mut peaks);
        let mut factors = [1.0; STEPS];
        let mut lowest = 0.0_f32;
        for (peak, factor) in peaks.iter().zip(&mut factors) {
            let &[heard, threshold_db, ratio, range_db] = self.glide.step();
            let curve = settings::Gate {
                threshold_db,
                ratio,
                range_db,
                ..self.settings
            };
            let gain_db = heard * self.step(gating_db(&curve, level_db(*peak)));
            lowest = lowest.min(gain_db);
            if gain_db < 0.0 {
                *factor = factor_of(gain_db);
            }
        }
        self.gain.apply(&factors, block);
        self.shown.feed(lowest);
    }

    fn step(&mut self, wanted_db: f32) -> f32 {
        let way = wanted_db - self.gain_db;
        if way.abs() < NEARLY {
            self.gain_db = wanted_db;
            self.hold_left = self.hold_steps;
        } else if way > 0.0 {
            self.gain_db += way * self.attack;
            self.hold_left = self.hold_steps;
        } else if self.hold_left > 0 {
            self.hold_left -= 1;
        } else {
            self.gain_db += way * self.release;
        }
        self.gain_db
    }

    /// By how much it turns down, in dB: 0 or less, the lowest of the last blocks.
    #[must_use]
    pub fn shown_db(&self) -> f32 {
        self.shown.db()
    }

    /// It has been silent for long: closed.
    pub fn sleep(&mut self) {
        self.glide.settle();
        self.level = SlidingPeak::new();
        self.hold_left = 0;
        let wanted_db = gating_db(&self.settings, level_db(0.0));
        self.gain_db = if self.settings.is_on { wanted_db } else { 0.0 };
        self.gain = StepGain::new(factor_of(self.gain_db));
        self.shown.settle(self.gain_db);
    }
}

fn params(settings: &settings::Gate) -> [f32; 4] {
    let heard = f32::from(u8::from(settings.is_on));
    [heard, settings.threshold_db, settings.ratio, settings.range_db]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gains after each ms for a tone of these amplitudes, each for so many ms.
    fn gains(settings: &settings::Gate, parts: &[(f32, usize)]) -> Vec<f32> {
        let mut gate = Gate::new(settings);
        let amplitudes: Vec<f32> = parts
            .iter()
            .flat_map(|&(amplitude, ms)| std::iter::repeat_n(amplitude, ms * 48))
            .collect();
        let mut gains = Vec::new();
        for amplitudes in amplitudes.as_chunks::<BLOCK_FRAMES>().0 {
            let tone: [f32; BLOCK_FRAMES] =
                std::array::from_fn(|n| amplitudes[n] * (std::f32::consts::TAU * (n as f32 + 0.5) / 48.0).sin());
            let mut out = [tone];
            gate.process(&mut out);
            // Each ms is a wave: the ratio of its last quarter's samples.
            for (before, after) in tone.as_chunks::<48>().0.iter().zip(out[0].as_chunks::<48>().0) {
                gains.push(20.0 * (after[47] / before[47]).abs().log10());
            }
        }
        gains
    }

    const GATE: settings::Gate = settings::Gate {
        is_on: true,
        threshold_db: -40.0,
        ratio: 20.0,
        range_db: 40.0,
        attack_ms: 5.0,
        hold_ms: 100.0,
        release_ms: 50.0,
    };

    #[test]
    fn opens_holds_and_closes_in_its_times() {
        let gains = gains(&GATE, &[(0.001, 100), (0.1, 200), (0.001, 700)]);
        assert!((gains[90] + 40.0).abs() < 0.1, "closed: {}", gains[90]);
        // One time constant after the start it is 63 % (in dB) of the way.
        assert!((gains[104] + 14.7).abs() < 1.5, "opening: {}", gains[104]);
        assert!(gains[140] > -0.1, "open: {}", gains[140]);
        // 10 ms of the level's window and 100 ms of hold.
        assert!(gains[405] > -0.1, "held: {}", gains[405]);
        assert!((gains[460] + 25.3).abs() < 2.0, "closing: {}", gains[460]);
        assert!((gains[900] + 40.0).abs() < 0.1, "closed again: {}", gains[900]);
    }

    #[test]
    fn an_expander_turns_down_by_its_curve() {
        for (ratio, level_db) in [(2.0, -50.0), (1.5, -60.0), (4.0, -45.0), (20.0, -70.0), (4.0, -39.0)] {
            let gate = settings::Gate { ratio, ..GATE };
            let found = *gains(&gate, &[(factor_of(level_db), 1500)]).last().unwrap();
            let drawn = gating_db(&gate, level_db);
            // Steps see the crest of a wave to 0.02 dB, and a ratio multiplies that.
            assert!(
                (found - drawn).abs() < 0.1 + 0.02 * ratio,
                "{ratio}:1 at {level_db}: {found}, drawn {drawn}"
            );
        }
    }

    #[test]
    fn one_channel_opens_both() {
        let mut gate = Gate::new(&GATE);
        let mut block = [[0.0; BLOCK_FRAMES]; 2];
        for _ in 0..20 {
            block[0].fill(0.3);
            block[1].fill(0.001);
            gate.process(&mut block);
        }
        assert!((block[1][479] - 0.001).abs() < 1e-6);
    }
}
