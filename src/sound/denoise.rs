//! Takes noise out of speech: RNNoise beside a dry path that is as late as it is, and has the same phase.
//!
//! **One high-pass for both.** RNNoise begins with a high-pass of its own, 4 dB down at 20 Hz, which turns the phase of a deep
//! voice by 20 degrees. The dry path goes through the same filter: so a strength between nothing and everything mixes like
//! with like, and a toggle moves nothing. It also takes out the offset of cheap converters, which would eat headroom and
//! click at a mute, so it is there whether denoise is on or not.
//!
//! Whatever the strength, and whether it is on or off, what comes out is exactly one block older than what went in: sound
//! never moves against the picture. That block is also what lets the edges of a source fade: its end is known before it
//! is heard.

use fundsp::audionode::AudioNode;
use fundsp::biquad::{Biquad, BiquadCoefs};

use super::ramp::Ramp;
pub use super::rnnoise::warm_up_this_thread;
use super::rnnoise::{Denoiser, LEAD_BLOCKS};
use super::settings;
use super::stage_meter::{LevelChange, energy_of};
use super::{SILENCE, Stereo};
use crate::media::BLOCK_FRAMES;

/// On, off and strength are there after 20 ms.
const FADE_FRAMES: usize = 2 * BLOCK_FRAMES;

/// Sound that begins or ends in the middle of nowhere fades over 2 ms.
const EDGE_FRAMES: usize = 96;

/// The denoise stage of one strip.
pub struct Denoise {
    settings: settings::Denoise,
    denoiser: Denoiser,
    /// What RNNoise does first, for the dry path.
    high_pass: [Biquad<f64>; 2],
    /// Blocks that the denoiser has heard since it was switched on. What it remembers from before is old.
    heard: u32,
    /// How much of what is heard is denoised.
    wet: Ramp,
    /// The block before the current one: the dry path's delay.
    delayed: Stereo,
    /// Whether the source sent the block in `delayed`, and the one before it.
    is_delayed_sound: bool,
    was_sound: bool,
    change: LevelChange,
}

impl Denoise {
    /// A stage that has heard nothing yet. Allocates all that it will ever need.
    #[must_use]
    pub fn new(settings: &settings::Denoise) -> Self {
        Self {
            settings: *settings,
            denoiser: Denoiser::new(),
            high_pass: [high_pass(), high_pass()],
            heard: LEAD_BLOCKS,
            wet: Ramp::new(share(*settings)),
            delayed: SILENCE,
            is_delayed_sound: false,
            was_sound: false,
            change: LevelChange::default(),
        }
    }

    /// Changes the settings (sanitised ones); what is heard follows within 20 ms, and within 150 ms where it was off.
    pub const fn set(&mut self, settings: &settings::Denoise) {
        self.settings = *settings;
    }

    /// Takes `current`, of which `channels` channels count, and gives the block before it. `is_present`: the source sent
    /// `current`.
    pub fn process(&mut self, current: &Stereo, channels: usize, is_present: bool) -> Stereo {
        let mut out = self.delayed;
        self.mix(&mut out, current, channels);
        self.fade_edges(&mut out[..channels], is_present);
        self.delayed = self.filtered(current, channels, is_present);
        self.was_sound = self.is_delayed_sound;
        self.is_delayed_sound = is_present;
        out
    }

    /// `current` as RNNoise sees it.
    fn filtered(&mut self, current: &Stereo, channels: usize, is_present: bool) -> Stereo {
        if !is_present {
            self.high_pass.iter_mut().for_each(AudioNode::reset);
            return SILENCE;
        }
        let mut block = *current;
        for (samples, filter) in block.iter_mut().zip(&mut self.high_pass).take(channels) {
            for sample in samples {
                *sample = filter.tick(&[*sample].into())[0];
            }
        }
        block
    }

    /// Mixes what is denoised into `out`, as far as that is wanted.
    fn mix(&mut self, out: &mut Stereo, current: &Stereo, channels: usize) {
        let share = share(self.settings);
        if share == 0.0 && self.wet.rests_at(0.0) {
            if self.heard > 0 {
                self.heard = 0;
                self.denoiser.pause();
            }
            self.change.rest();
            return;
        }
        let denoised = self.denoiser.process(current, &self.delayed, channels);
        if self.heard >= LEAD_BLOCKS || share == 0.0 {
            self.wet.aim(share, FADE_FRAMES);
        }
        self.heard = self.heard.saturating_add(1);
        let before = energy_of(&out[..channels]);
        self.wet.next_block().blend(&mut out[..channels], &denoised[..channels]);
        self.change.feed(before, energy_of(&out[..channels]));
    }

    /// `out` is the block before the one that is (or is not) there now: it fades in where the source had sent nothing
    /// before it and fades out where nothing follows.
    fn fade_edges(&self, out: &mut [[f32; BLOCK_FRAMES]], is_followed: bool) {
        for channel in out {
            if !self.is_delayed_sound {
                channel.fill(0.0);
                continue;
            }
            if !self.was_sound {
                for (n, sample) in channel[..EDGE_FRAMES].iter_mut().enumerate() {
                    *sample *= n as f32 / EDGE_FRAMES as f32;
                }
            }
            if !is_followed {
                for (n, sample) in channel[BLOCK_FRAMES - EDGE_FRAMES..].iter_mut().enumerate() {
                    *sample *= 1.0 - (n + 1) as f32 / EDGE_FRAMES as f32;
                }
            }
        }
    }

    /// By how much it changes the level, in dB.
    #[must_use]
    pub const fn shown_db(&self) -> f32 {
        self.change.db()
    }

    /// The second channel, which was like the first until now, goes on from there.
    pub fn widen(&mut self) {
        self.delayed[1] = self.delayed[0];
        self.high_pass[1] = self.high_pass[0].clone();
    }

    /// Nothing is heard and nothing still rings. A denoiser that was on has heard the silence and may go on as it is. One
    /// that was not holds old sound: it starts with its lead when sound comes back.
    pub fn sleep(&mut self, is_present: bool) {
        let share = share(self.settings);
        let goes_on = share > 0.0 && self.heard >= LEAD_BLOCKS;
        self.wet = Ramp::new(if goes_on { share } else { 0.0 });
        if !goes_on && self.heard > 0 {
            self.heard = 0;
            self.denoiser.pause();
        }
        self.high_pass.iter_mut().for_each(AudioNode::reset);
        self.delayed = SILENCE;
        self.was_sound = self.is_delayed_sound;
        self.is_delayed_sound = is_present;
        self.change.rest();
    }
}

/// RNNoise's own filter (rnnoise, denoise.c: `a_hp` and `b_hp`).
fn high_pass() -> Biquad<f64> {
    Biquad::with_coefs(BiquadCoefs::arbitrary(-1.995_99, 0.996, 1.0, -2.0, 1.0))
}

fn share(settings: settings::Denoise) -> f32 {
    if settings.is_on { settings.percent / 100.0 } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dry_path_has_the_phase_of_rnnoise() {
        // So quiet that RNNoise takes it for silence and lets it through: only its filter is left of it.
        let mut denoiser = Denoiser::new();
        let mut stage = Denoise::new(&settings::Denoise::default());
        let (mut difference, mut power) = (0.0_f64, 0.0_f64);
        for block in 0..100 {
            let sample = |n: usize| {
                let t = (block * BLOCK_FRAMES + n) as f32 / 48_000.0;
                let tone = |hz: f32| (std::f32::consts::TAU * hz * t).sin();
                1e-8 * (tone(90.0) + tone(25.0) + tone(700.0))
            };
            let input = [std::array::from_fn(sample); 2];
            let wet = denoiser.process(&input, &SILENCE, 1);
            let dry = stage.process(&input, 1, true);
            // The first blocks are RNNoise's window filling.
            for (wet, dry) in wet[0]
                .iter()
                .zip(&dry[0])
                .skip(if block < 4 { BLOCK_FRAMES } else { 0 })
            {
                difference += f64::from(wet - dry).powi(2);
                power += f64::from(*dry).powi(2);
            }
        }
        let error_db = 10.0 * (difference / power).log10();
        // What is left is the rounding of its memory.
        assert!(error_db < -50.0, "{error_db:.1} dB");
    }
}
