//! The compressor: turns down what is loud, so that all of it can be louder. Feed-forward; both channels get the same
//! gain, which follows the louder one, so the picture between them stays.

use super::curve::compression_db;
use super::envelope::{Ballistics, Glide, STEPS, StepGain, factor_of, level_db, share_per_step, step_peaks};
use super::settings;
use super::stage_meter::LowestGain;
use crate::media::BLOCK_FRAMES;

/// The compressor of one strip.
#[derive(Clone, Debug)]
pub struct Compressor {
    settings: settings::Compressor,
    /// How much of it is heard, threshold, ratio, knee, make-up.
    glide: Glide<5>,
    attack: f32,
    release: f32,
    ballistics: Ballistics,
    gain: StepGain,
    shown: LowestGain,
}

impl Compressor {
    /// A compressor that has heard silence.
    #[must_use]
    pub fn new(settings: &settings::Compressor) -> Self {
        let mut compressor = Self {
            settings: *settings,
            glide: Glide::new(params(settings)),
            attack: 1.0,
            release: 1.0,
            ballistics: Ballistics::default(),
            gain: StepGain::new(1.0),
            shown: LowestGain::default(),
        };
        compressor.set(settings);
        compressor.sleep();
        compressor
    }

    /// Changes the settings (sanitised ones); what is heard follows within 20 ms.
    pub fn set(&mut self, settings: &settings::Compressor) {
        if settings.is_on && !self.is_running() {
            self.ballistics = Ballistics::default();
            self.gain = StepGain::new(1.0);
        }
        self.settings = *settings;
        self.glide.aim(params(settings));
        self.attack = share_per_step(settings.attack_ms);
        self.release = share_per_step(settings.release_ms);
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
        let peaks = step_peaks(block);
        let mut factors = [1.0; STEPS];
        let mut lowest = 0.0_f32;
        for (peak, factor) in peaks.iter().zip(&mut factors) {
            let &[heard, threshold_db, ratio, knee_db, makeup_db] = self.glide.step();
            let curve = settings::Compressor {
                threshold_db,
                ratio,
                knee_db,
                ..self.settings
            };
            let wanted_db = compression_db(&curve, level_db(*peak));
            let reduction_db = self.ballistics.step(wanted_db, self.attack, self.release);
            lowest = lowest.min(heard * reduction_db);
            *factor = factor_of(heard * (reduction_db + makeup_db));
        }
        self.gain.apply(&factors, block);
        self.shown.feed(lowest);
    }

    /// By how much it turns down, make-up left out, in dB: 0 or less, the lowest of the last blocks.
    #[must_use]
    pub fn shown_db(&self) -> f32 {
        self.shown.db()
    }

    /// It has been silent for long: nothing is turned down.
    pub fn sleep(&mut self) {
        self.glide.settle();
        self.ballistics = Ballistics::default();
        let &[heard, .., makeup_db] = self.glide.now();
        self.gain = StepGain::new(factor_of(heard * makeup_db));
        self.shown.settle(0.0);
    }
}

fn params(settings: &settings::Compressor) -> [f32; 5] {
    let heard = f32::from(u8::from(settings.is_on));
    [
        heard,
        settings.threshold_db,
        settings.ratio,
        settings.knee_db,
        settings.makeup_db,
    ]
}

#[cfg(test)]
mod tests {
    use super::super::curve::compressor_output_db;
    use super::super::level::peak;
    use super::*;

    fn tone(amplitude: f32) -> [[f32; BLOCK_FRAMES]; 1] {
        [std::array::from_fn(|n| {
            amplitude * (std::f32::consts::TAU * n as f32 / 48.0).sin()
        })]
    }

    #[test]
    fn steady_tones_come_out_where_the_curve_is_drawn() {
        for knee_db in [0.0, 6.0, 24.0] {
            for ratio in [1.0, 2.0, 4.0, 20.0] {
                let settings = settings::Compressor {
                    is_on: true,
                    threshold_db: -30.0,
                    ratio,
                    knee_db,
                    makeup_db: 6.0,
                    ..settings::Compressor::default()
                };
                let mut compressor = Compressor::new(&settings);
                for input_db in [-60.0, -35.0, -30.0, -25.0, -12.0, 0.0, 6.0] {
                    let mut out = [[0.0; BLOCK_FRAMES]];
                    for _ in 0..200 {
                        out = tone(factor_of(input_db));
                        compressor.process(&mut out);
                    }
                    let (found, drawn) = (level_db(peak(&out[0])), compressor_output_db(&settings, input_db));
                    assert!(
                        (found - drawn).abs() < 0.15,
                        "{ratio}:1 at {input_db}: {found}, drawn {drawn}"
                    );
                    let shown = compressor.shown_db();
                    assert!((shown - compression_db(&settings, input_db)).abs() < 0.15, "{shown}");
                }
            }
        }
    }

    #[test]
    fn off_it_touches_nothing_and_stops_after_its_fade() {
        let mut settings = settings::Compressor {
            threshold_db: -40.0,
            ..settings::Compressor::default()
        };
        let mut compressor = Compressor::new(&settings);
        let mut out = tone(0.5);
        compressor.process(&mut out);
        assert!(out == tone(0.5) && !compressor.is_running());
        settings.is_on = true;
        compressor.set(&settings);
        for _ in 0..20 {
            out = tone(0.5);
            compressor.process(&mut out);
        }
        assert!(compressor.shown_db() < -10.0);
        settings.is_on = false;
        compressor.set(&settings);
        for _ in 0..6 {
            assert!(compressor.is_running());
            compressor.process(&mut tone(0.5));
            if !compressor.is_running() {
                break;
            }
        }
        out = tone(0.5);
        compressor.process(&mut out);
        assert!(out == tone(0.5) && !compressor.is_running());
    }
}
