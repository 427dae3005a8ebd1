//! Takes noise out of speech: RNNoise beside a dry path that is as late as it is.
//!
//! Whatever the strength, and whether it is on or off, what comes out is exactly one block older than what went in: sound
//! never moves against the picture. That block is also what lets the edges of a source fade: its end is known before it
//! is heard.

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
        self.delayed = *current;
        self.was_sound = self.is_delayed_sound;
        self.is_delayed_sound = is_present;
        out
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
    pub const fn widen(&mut self) {
        self.delayed[1] = self.delayed[0];
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
        self.delayed = SILENCE;
        self.was_sound = self.is_delayed_sound;
        self.is_delayed_sound = is_present;
        self.change.rest();
    }
}

fn share(settings: settings::Denoise) -> f32 {
    if settings.is_on { settings.percent / 100.0 } else { 0.0 }
}
