//! The de-esser: turns sharp s-sounds down, and only them.
//!
//! **How.** A high-pass at the set frequency listens; what turns down is a high shelf whose corner lies half an octave
//! lower, so that at the set frequency most of its gain is reached. A shelf leaves everything two octaves below as it is (0.03 dB),
//! turns no phase while it rests, and needs no crossover that would.
//!
//! **Times** are fixed: an s is there within 1 ms and lasts 50 to 150 ms. Above the threshold 4 dB more become 1 dB more.

use super::curve::de_essing_db;
use super::envelope::{Ballistics, Glide, STEP, STEPS, level_db, share_per_step, step_peaks};
use super::filter::{Filter, Kernel, Shape, State, root, warped};
use super::settings::{self, HighPass};
use super::stage_meter::LowestGain;
use crate::media::BLOCK_FRAMES;

const ATTACK_MS: f32 = 1.0;
const RELEASE_MS: f32 = 60.0;

/// The de-esser of one strip.
#[derive(Clone, Debug)]
pub struct DeEsser {
    settings: settings::DeEsser,
    /// How much of it is heard, threshold, range, the shelf's corner (warped).
    glide: Glide<4>,
    attack: f32,
    release: f32,
    ear: Filter,
    ballistics: Ballistics,
    /// The shelf at the end of the last step; `None` while it changes nothing.
    shelf: Option<Shape>,
    states: [State; 2],
    shown: LowestGain,
}

impl DeEsser {
    /// A de-esser that has heard silence.
    #[must_use]
    pub fn new(settings: &settings::DeEsser) -> Self {
        Self {
            settings: *settings,
            glide: Glide::new(params(settings)),
            attack: share_per_step(ATTACK_MS),
            release: share_per_step(RELEASE_MS),
            ear: Filter::new(ear(settings)),
            ballistics: Ballistics::default(),
            shelf: None,
            states: [[0.0; 2]; 2],
            shown: LowestGain::default(),
        }
    }

    /// Changes the settings (sanitised ones); what is heard follows within 20 ms.
    pub fn set(&mut self, settings: &settings::DeEsser) {
        let was_running = self.is_running();
        self.settings = *settings;
        self.glide.aim(params(settings));
        self.ear.aim(ear(settings));
        if !was_running {
            self.ear.reset();
            self.ballistics = Ballistics::default();
        }
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
        let mut sharp = [[0.0; BLOCK_FRAMES]; 2];
        let sharp = &mut sharp[..block.len()];
        sharp.copy_from_slice(block);
        self.ear.process(sharp);

        let mut lowest = 0.0_f32;
        for (step, peak) in step_peaks(sharp).iter().enumerate() {
            let &[heard, threshold_db, range_db, corner] = self.glide.step();
            let curve = settings::DeEsser {
                threshold_db,
                range_db,
                ..self.settings
            };
            let wanted_db = de_essing_db(&curve, level_db(*peak));
            let gain_db = heard * self.ballistics.step(wanted_db, self.attack, self.release);
            lowest = lowest.min(gain_db);
            self.turn_down(block, step, corner, gain_db);
        }
        self.shown.feed(lowest);
    }

    /// Moves the shelf to `gain_db` over one step and filters with it.
    fn turn_down(&mut self, block: &mut [[f32; BLOCK_FRAMES]], step: usize, corner: f32, gain_db: f32) {
        if gain_db == 0.0 && self.shelf.is_none() {
            return;
        }
        let shape = |gain_db| Shape::high_shelf_at(f64::from(corner), root(gain_db));
        let from = self.shelf.unwrap_or_else(|| {
            self.states = [[0.0; 2]; 2];
            shape(0.0)
        });
        let to = shape(gain_db);
        for n in 0..STEP {
            let kernel = Kernel::new(from.towards(to, (n + 1) as f32 / STEP as f32));
            for (samples, state) in block.iter_mut().zip(&mut self.states) {
                let sample = &mut samples[step * STEP + n];
                *sample = kernel.tick(state, f64::from(*sample)) as f32;
            }
        }
        self.shelf = (gain_db != 0.0).then_some(to);
    }

    /// By how much it turns the upper band down, in dB: 0 or less, the lowest of the last blocks.
    #[must_use]
    pub fn shown_db(&self) -> f32 {
        self.shown.db()
    }

    /// The second channel, which was like the first until now, goes on from there.
    pub fn widen(&mut self) {
        self.ear.widen();
        self.states[1] = self.states[0];
    }

    /// It has been silent for long.
    pub fn sleep(&mut self) {
        *self = Self::new(&self.settings);
    }
}

fn ear(settings: &settings::DeEsser) -> Shape {
    Shape::high_pass(&HighPass {
        is_on: true,
        hz: settings.hz,
    })
}

fn params(settings: &settings::DeEsser) -> [f32; 4] {
    let heard = f32::from(u8::from(settings.is_on));
    let corner = warped(settings.hz * std::f32::consts::FRAC_1_SQRT_2) as f32;
    [heard, settings.threshold_db, settings.range_db, corner]
}

const _: () = assert!(STEP * STEPS == BLOCK_FRAMES);

#[cfg(test)]
mod tests {
    use super::super::level::peak;
    use super::*;

    const DE_ESSER: settings::DeEsser = settings::DeEsser {
        is_on: true,
        hz: 6_000.0,
        threshold_db: -40.0,
        range_db: 12.0,
    };

    /// The gain that a tone gets, in dB, after half a second.
    fn gain(settings: &settings::DeEsser, hz: f32, amplitude: f32) -> f32 {
        let mut de_esser = DeEsser::new(settings);
        let mut loudest = 0.0_f32;
        for block in 0..60 {
            let mut samples = [std::array::from_fn(|n| {
                amplitude * (std::f32::consts::TAU * hz * (block * BLOCK_FRAMES + n) as f32 / 48_000.0).sin()
            })];
            de_esser.process(&mut samples);
            if block >= 50 {
                loudest = loudest.max(peak(&samples[0]));
            }
        }
        level_db(loudest) - level_db(amplitude)
    }

    #[test]
    fn turns_down_what_is_sharp_and_loud_and_leaves_the_rest() {
        let sharp = gain(&DE_ESSER, 9_000.0, 0.3);
        assert!((-12.5..-10.0).contains(&sharp), "9 kHz: {sharp} dB");
        for hz in [100.0, 1_000.0] {
            let low = gain(&DE_ESSER, hz, 0.1);
            assert!(low.abs() < 0.1, "{hz} Hz: {low} dB");
        }
        let quiet = gain(&DE_ESSER, 9_000.0, 0.005);
        assert!(quiet.abs() < 0.1, "quiet: {quiet} dB");
    }

    #[test]
    fn what_is_low_stays_while_what_is_sharp_goes_down() {
        let mut de_esser = DeEsser::new(&DE_ESSER);
        let (mut found, mut sent) = (0.0_f64, 0.0_f64);
        for block in 0..100 {
            let time = |n: usize| (block * BLOCK_FRAMES + n) as f32 / 48_000.0;
            let low = |n: usize| (std::f32::consts::TAU * 500.0 * time(n)).sin();
            let mut samples = [std::array::from_fn(|n| {
                0.2 * low(n) + 0.2 * (std::f32::consts::TAU * 8_000.0 * time(n)).sin()
            })];
            de_esser.process(&mut samples);
            if block >= 50 {
                for (n, sample) in samples[0].iter().enumerate() {
                    found += f64::from(sample * low(n));
                    sent += f64::from(0.2 * low(n) * low(n));
                }
            }
        }
        let low_db = 20.0 * (found / sent).log10();
        assert!(low_db.abs() < 0.1, "{low_db} dB");
        assert!(
            (-12.01..-10.0).contains(&de_esser.shown_db()),
            "{}",
            de_esser.shown_db()
        );
    }
}
