//! The ride: turns a voice up or down by itself, slowly, until it is as loud as the loudness target. What an operator does
//! with a finger on the fader while somebody speaks, and does not do while nobody does.
//!
//! **How loud a voice is.** The loudness of what comes in, measured as the program's is (ITU-R BS.1770-4: K-weighting,
//! 400 ms every 100 ms, both gates), over the last five seconds. The measure is taken before the gain that follows from
//! it, so nothing feeds back: the gain walks to where it belongs and stops there.
//!
//! **When nobody speaks** the gain rests, however long that is. Three things tell: what lies far below what the ride could
//! bring to the target is no voice (absolute gate), nor is what lies 10 LU below the voice of the last seconds (relative
//! gate), nor is what does not come and go as syllables do. The last one is for fans and hums: as loud as they may be,
//! they are not raised.
//!
//! **Slow.** At most 2 dB/s up and 4 dB/s down, softer near the goal: words keep their accents, and a voice that starts far
//! too loud is not borne for long.

use super::k_weighting::{KWeighting, lufs, power_of};
use super::level::db_to_factor;
use super::ramp::Ramp;
use super::settings;
use crate::media::BLOCK_FRAMES;

/// Blocks of 10 ms in a second, and in one step of the measure.
const BLOCKS_PER_SECOND: f32 = 100.0;
const STEP_BLOCKS: u32 = 10;

/// Steps in a gating block: 400 ms.
const WINDOW_STEPS: usize = 4;

/// Gating blocks that count: those of the last five seconds.
const MEMORY_STEPS: usize = 50;

/// So many of them must be a voice's before the gain sets out: less than a second of speech says little.
const ENOUGH: usize = 8;

/// A voice is not so far below what the ride could bring to the target, in LU, nor below −50 LUFS.
const REACH_LU: f64 = 12.0;
const QUIETEST_LUFS: f64 = -50.0;

/// The relative gate of BS.1770: 10 LU.
const RELATIVE_GATE: f64 = 0.1;

/// A voice's level rises by so much…
const SWING_DB: f64 = 6.0;

/// …at least twice within four seconds.
const SWING_STEPS: u32 = 40;

/// Nothing is quieter.
const FLOOR_LUFS: f64 = -70.0;

/// How fast the gain walks, in dB/s.
const UP_DB_PER_SECOND: f32 = 2.0;
const DOWN_DB_PER_SECOND: f32 = 4.0;

/// How fast it goes home when the ride is switched off or its range becomes smaller, in dB/s.
const HOME_DB_PER_SECOND: f32 = 40.0;

/// From so near, in dB, the gain goes all the way: what is left is not heard, and ends.
const NEARLY_DB: f32 = 0.001;

/// Rides one strip.
#[derive(Clone, Debug)]
pub struct Ride {
    settings: settings::Ride,
    target_lufs: f64,
    weighting: KWeighting,
    /// Power so far in the step that is being filled, and how many blocks are in it.
    filling: f64,
    filled: u32,
    /// Power in each of the last steps.
    steps: [f64; WINDOW_STEPS],
    /// Power of each of the last gating blocks, a ring.
    memory: [f64; MEMORY_STEPS],
    at: usize,
    swing: Swing,
    is_speaking: bool,
    /// Where the gain belongs.
    goal_db: f32,
    gain_db: f32,
    ramp: Ramp,
}

impl Ride {
    /// A ride that has heard nothing, at 0 dB.
    #[must_use]
    pub fn new() -> Self {
        Self {
            settings: settings::Ride::default(),
            target_lufs: FLOOR_LUFS,
            weighting: KWeighting::default(),
            filling: 0.0,
            filled: 0,
            steps: [0.0; WINDOW_STEPS],
            memory: [0.0; MEMORY_STEPS],
            at: 0,
            swing: Swing::new(),
            is_speaking: false,
            goal_db: 0.0,
            gain_db: 0.0,
            ramp: Ramp::new(1.0),
        }
    }

    /// Changes settings (sanitised ones) and target. Switched off, the gain goes back to 0 dB within half a second; switched
    /// on, it listens anew.
    pub fn set(&mut self, settings: &settings::Ride, target_lufs: f32) {
        if settings.is_on && !self.settings.is_on {
            let (gain_db, ramp) = (self.gain_db, self.ramp.clone());
            *self = Self {
                gain_db,
                goal_db: gain_db,
                ramp,
                ..Self::new()
            };
        }
        self.settings = *settings;
        self.target_lufs = f64::from(target_lufs);
    }

    /// Rides the next block, all channels alike; one channel stands for two that are the same. Without channels nothing
    /// happens.
    pub fn process(&mut self, block: &mut [[f32; BLOCK_FRAMES]]) {
        if self.rests() {
            return;
        }
        if let (true, [left, ..]) = (self.settings.is_on, &*block) {
            self.listen(left, block.get(1).unwrap_or(left));
        }
        self.walk();
        self.ramp.aim_straight(db_to_factor(self.gain_db), BLOCK_FRAMES);
        self.ramp.next_block().apply(block);
    }

    /// Where the gain stands, in dB.
    #[must_use]
    pub const fn gain_db(&self) -> f32 {
        self.gain_db
    }

    /// Whether it changes nothing: off, and back at 0 dB.
    fn rests(&self) -> bool {
        !self.settings.is_on && self.gain_db == 0.0 && self.ramp.rests_at(1.0)
    }

    fn listen(&mut self, left: &[f32; BLOCK_FRAMES], right: &[f32; BLOCK_FRAMES]) {
        self.filling += self.weighting.power(left, right);
        self.filled += 1;
        if self.filled < STEP_BLOCKS {
            return;
        }
        let step = self.filling / f64::from(STEP_BLOCKS);
        (self.filling, self.filled) = (0.0, 0);
        self.swing.note(lufs(step).max(FLOOR_LUFS));
        self.steps.rotate_left(1);
        self.steps[WINDOW_STEPS - 1] = step;
        let window = self.steps.iter().sum::<f64>() / WINDOW_STEPS as f64;
        self.memory[self.at] = window;
        self.at = (self.at + 1) % MEMORY_STEPS;

        let voice = self.voice();
        self.is_speaking = self.swing.is_voice() && voice.is_some_and(|voice| window > voice * RELATIVE_GATE);
        if let Some(voice) = voice.filter(|_| self.is_speaking) {
            let range = self.settings.range_db;
            self.goal_db = ((self.target_lufs - lufs(voice)) as f32).clamp(-range, range);
        }
    }

    /// The gated power of the last seconds, if there was enough of a voice in them.
    fn voice(&self) -> Option<f64> {
        let reach = self.target_lufs - f64::from(self.settings.range_db) - REACH_LU;
        let absolute = power_of(reach.max(QUIETEST_LUFS));
        let mean_above = |gate: f64| {
            let counting = self.memory.iter().filter(|power| **power > gate);
            let (sum, count) = counting.fold((0.0, 0_usize), |(sum, count), power| (sum + power, count + 1));
            (count > 0).then(|| (sum / count as f64, count))
        };
        let (ungated, count) = mean_above(absolute)?;
        if count < ENOUGH {
            return None;
        }
        mean_above(absolute.max(ungated * RELATIVE_GATE)).map(|(mean, _)| mean)
    }

    /// One block's part of the way to the goal.
    fn walk(&mut self) {
        let range = if self.settings.is_on {
            self.settings.range_db
        } else {
            0.0
        };
        let allowed = self.gain_db.clamp(-range, range);
        let step = if (allowed - self.gain_db).abs() > 0.0 {
            let most = HOME_DB_PER_SECOND / BLOCKS_PER_SECOND;
            (allowed - self.gain_db).clamp(-most, most)
        } else if self.is_speaking {
            let left = self.goal_db.clamp(-range, range) - self.gain_db;
            if left.abs() < NEARLY_DB {
                left
            } else {
                // Its time constant near the goal is a second.
                left.clamp(-DOWN_DB_PER_SECOND, UP_DB_PER_SECOND) / BLOCKS_PER_SECOND
            }
        } else {
            0.0
        };
        self.gain_db += step;
    }
}

impl Default for Ride {
    fn default() -> Self {
        Self::new()
    }
}

/// Tells by its rises whether a level is a voice's.
#[derive(Clone, Debug)]
struct Swing {
    /// The lowest level since it last fell, or the highest since it last rose.
    extreme: f64,
    is_up: bool,
    /// How many steps ago the last two rises were, the last one first.
    ages: [u32; 2],
}

impl Swing {
    const fn new() -> Self {
        Self {
            extreme: FLOOR_LUFS,
            is_up: false,
            ages: [SWING_STEPS; 2],
        }
    }

    fn note(&mut self, level: f64) {
        self.ages = self.ages.map(|age| age.saturating_add(1));
        if self.is_up {
            self.extreme = self.extreme.max(level);
            if level < self.extreme - SWING_DB {
                self.is_up = false;
                self.extreme = level;
            }
        } else {
            self.extreme = self.extreme.min(level);
            if level > self.extreme + SWING_DB {
                self.is_up = true;
                self.extreme = level;
                self.ages = [0, self.ages[0]];
            }
        }
    }

    const fn is_voice(&self) -> bool {
        self.ages[1] < SWING_STEPS
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp)]
mod tests {
    use super::*;
    use crate::sound::{SILENCE, Stereo};

    fn noise(state: &mut u32) -> f32 {
        *state ^= *state << 13;
        *state ^= *state >> 17;
        *state ^= *state << 5;
        *state as f32 / u32::MAX as f32 * 2.0 - 1.0
    }

    /// Four syllables a second, a pause of a second after every four; `amplitude` as of its loudest.
    fn syllables(block: usize, amplitude: f32, state: &mut u32) -> Stereo {
        let is_pausing = (block / 100) % 5 == 4;
        let channel = std::array::from_fn(|n| {
            let t = (block * BLOCK_FRAMES + n) as f32 / 48_000.0;
            let swell = (std::f32::consts::PI * 4.0 * t).sin().powi(2);
            let voice: f32 = (1..8)
                .map(|h| (std::f32::consts::TAU * 160.0 * h as f32 * t).sin() / h as f32)
                .sum();
            let level = if is_pausing { 0.0 } else { amplitude * swell };
            level * voice + 0.0003 * noise(state)
        });
        [channel, channel]
    }

    /// The amplitude at which [`syllables`] are so loud, by BS.1770 without gates over what is no pause.
    fn amplitude_of(wanted_lufs: f64) -> f32 {
        let mut weighting = KWeighting::default();
        let mut state = 1;
        let power: f64 = (0..400)
            .map(|block| {
                let [left, right] = syllables(block, 0.1, &mut state);
                weighting.power(&left, &right)
            })
            .sum();
        0.1 * 10.0_f64.powf((wanted_lufs - lufs(power / 400.0)) / 20.0) as f32
    }

    fn ride(range_db: f32, target_lufs: f32) -> Ride {
        let mut ride = Ride::new();
        ride.set(&settings::Ride { is_on: true, range_db }, target_lufs);
        ride
    }

    /// The gain after each second.
    fn gains(ride: &mut Ride, seconds: usize, mut sound: impl FnMut(usize) -> Stereo) -> Vec<f32> {
        (0..seconds * 100)
            .filter_map(|block| {
                ride.process(&mut sound(block));
                (block % 100 == 99).then_some(ride.gain_db())
            })
            .collect()
    }

    #[test]
    fn voices_come_to_the_target_and_never_pass_it() {
        for (level, range, expected) in [
            (-30.0, 20.0, 14.0),
            (-23.0, 9.0, 7.0),
            (-10.0, 9.0, -6.0),
            (-30.0, 9.0, 9.0),
            (-16.0, 9.0, 0.0),
        ] {
            let amplitude = amplitude_of(level);
            let mut state = 7;
            let gains = gains(&mut ride(range, -16.0), 20, |block| {
                syllables(block, amplitude, &mut state)
            });
            let last = gains[gains.len() - 1];
            assert!((last - expected).abs() < 0.8, "{level} LUFS: {gains:.1?}");
            for gain in &gains {
                assert!(
                    gain.abs() < f32::max(0.8, expected.abs() + 0.5),
                    "{level} LUFS: {gains:.1?}"
                );
            }
            for pair in gains.windows(2) {
                let step = pair[1] - pair[0];
                assert!((-4.01..2.01).contains(&step), "{level} LUFS: {gains:.1?}");
            }
        }
    }

    #[test]
    fn silence_noise_and_hum_are_not_raised() {
        for amplitude in [0.0, 0.003, 0.01, 0.03] {
            let mut state = 3;
            let mut ride = ride(20.0, -16.0);
            let gains = gains(&mut ride, 15, |block| {
                // It begins in the middle of silence.
                let amplitude = if block < 300 { 0.0 } else { amplitude };
                std::array::from_fn(|_| {
                    std::array::from_fn(|n| {
                        let hum = (std::f32::consts::TAU * 100.0 * (block * BLOCK_FRAMES + n) as f32 / 48_000.0).sin();
                        amplitude * (noise(&mut state) + hum)
                    })
                })
            });
            assert!(gains.iter().all(|gain| *gain == 0.0), "{amplitude}: {gains:.2?}");
        }
    }

    #[test]
    fn pauses_do_not_pump() {
        let amplitude = amplitude_of(-23.0);
        let mut state = 5;
        let mut ride = ride(9.0, -16.0);
        gains(&mut ride, 14, |block| syllables(block, amplitude, &mut state));
        let before = ride.gain_db();
        // The tail of the last word still counts; a minute with nothing but the room in it does not.
        let gains = gains(&mut ride, 60, |_| {
            std::array::from_fn(|_| std::array::from_fn(|_| 0.002 * noise(&mut state)))
        });
        assert!((gains[59] - before).abs() < 0.3, "{before} {gains:.2?}");
        assert!(gains[1..].iter().all(|gain| *gain == gains[1]), "{gains:.2?}");
    }

    #[test]
    fn switched_off_it_goes_home_and_leaves_the_samples_alone() {
        let amplitude = amplitude_of(-23.0);
        let mut state = 5;
        let mut ride = ride(9.0, -16.0);
        gains(&mut ride, 14, |block| syllables(block, amplitude, &mut state));
        assert!(ride.gain_db() > 6.0 && !ride.rests());
        ride.set(&settings::Ride::default(), -16.0);
        for _ in 0..30 {
            ride.process(&mut SILENCE.clone());
        }
        assert!(ride.rests(), "{}", ride.gain_db());
        let sound = syllables(3, 0.5, &mut state);
        let mut out = sound;
        ride.process(&mut out);
        assert_eq!(out, sound);
    }

    #[test]
    fn one_channel_stands_for_two() {
        let amplitude = amplitude_of(-23.0);
        let mut state = 5;
        let (mut one, mut two) = (ride(9.0, -16.0), ride(9.0, -16.0));
        for block in 0..600 {
            let mut sound = syllables(block, amplitude, &mut state);
            // The channels part in the middle.
            if block < 300 {
                let mut first = sound;
                one.process(&mut first[..1]);
            } else {
                one.process(&mut sound.clone());
            }
            two.process(&mut sound);
        }
        assert!(one.gain_db() > 3.0);
        assert_eq!(one.gain_db(), two.gain_db());
    }

    #[test]
    fn a_smaller_range_holds_at_once_even_in_silence() {
        let amplitude = amplitude_of(-30.0);
        let mut state = 5;
        let mut ride = ride(20.0, -16.0);
        gains(&mut ride, 20, |block| syllables(block, amplitude, &mut state));
        assert!(ride.gain_db() > 12.0);
        ride.set(
            &settings::Ride {
                is_on: true,
                range_db: 3.0,
            },
            -16.0,
        );
        gains(&mut ride, 1, |_| SILENCE);
        assert_eq!(ride.gain_db(), 3.0);
    }
}
